/* zone.c -- zones by id, and the conversions between UTC and local time.
 *
 * Ids are taken as Spark's SparkDateTimeUtils.getZoneId takes them: "+1:00" and "+01:0" are widened, java.time's
 * SHORT_IDS ("PST", "CTT") replaced, and the rest read by ZoneId.of's rules: an offset, UTC/GMT/UT with an offset, or
 * a region of tzdata. Regions come from the system's TZif files and stay in a process-wide table: immutable entries
 * in chains whose heads are swapped atomically, so that readers never wait. Two threads that load a zone at once both
 * push it; the first is found from then on.
 *
 * Looking an offset up: one load from a table of 24-day pieces for 1970..2106, a binary search elsewhere. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "column/zone_int.h"
#include "world/world.h"

enum { CHAINS = 256, ID_MAX = 64, MAX_OFFSET_S = 18 * 3600 };
#define CYCLE_S (146097ll * 86400)   /* 400 Gregorian years */

static _Atomic(const sp_zone *) chains[CHAINS];

/* ZoneId.SHORT_IDS, JDK 17. */
static const struct { const char *alias, *id; } short_ids[] = {
    { "ACT", "Australia/Darwin" }, { "AET", "Australia/Sydney" }, { "AGT", "America/Argentina/Buenos_Aires" },
    { "ART", "Africa/Cairo" }, { "AST", "America/Anchorage" }, { "BET", "America/Sao_Paulo" }, { "BST", "Asia/Dhaka" },
    { "CAT", "Africa/Harare" }, { "CNT", "America/St_Johns" }, { "CST", "America/Chicago" }, { "CTT", "Asia/Shanghai" },
    { "EAT", "Africa/Addis_Ababa" }, { "ECT", "Europe/Paris" }, { "IET", "America/Indiana/Indianapolis" },
    { "IST", "Asia/Kolkata" }, { "JST", "Asia/Tokyo" }, { "MIT", "Pacific/Apia" }, { "NET", "Asia/Yerevan" },
    { "NST", "Pacific/Auckland" }, { "PLT", "Asia/Karachi" }, { "PNT", "America/Phoenix" },
    { "PRT", "America/Puerto_Rico" },
    { "PST", "America/Los_Angeles" }, { "SST", "Pacific/Guadalcanal" }, { "VST", "Asia/Ho_Chi_Minh" },
    { "EST", "-05:00" },
    { "MST", "-07:00" }, { "HST", "-10:00" },
};

/* Files of the tzdata package that java.time has no region for (TzdbZoneRulesCompiler leaves them out). */
static const char *const not_regions[] = { "EST", "HST", "MST", "ROC", "GMT+0", "GMT-0", "Factory", "localtime",
                                           "posixrules" };

/* ---- looking offsets up ---- */

/* Transitions at or before s: the index into offsets. */
static int count_until(const int64_t *at, int count, const uint16_t *bucket, int64_t s)
{
    if ((uint64_t)s < (1ull << 32)) {
        int i = bucket[s >> SP_ZONE_BUCKET_BITS];
        while (i < count && at[i] <= s)
            i++;
        return i;
    }
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (at[middle] <= s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A time past the table is moved back by whole cycles of the calendar: its rule says the same there. */
static int64_t cycles_past(const sp_zone *z, const int64_t *at, int64_t s)
{
    if (!z->cyclic || s <= at[z->count - 1])
        return 0;
    return ((s - at[z->count - 1]) / CYCLE_S + 1) * CYCLE_S;
}

int32_t sp_zone_offset_at_utc_s(const sp_zone *z, int64_t utc_s)
{
    if (z->fixed)
        return z->offset;
    utc_s -= cycles_past(z, z->at_utc, utc_s);
    return z->offsets[count_until(z->at_utc, z->count, z->utc_bucket, utc_s)];
}

bool sp_zone_is_daylight_s(const sp_zone *z, int64_t utc_s)
{
    if (z->fixed)
        return false;
    utc_s -= cycles_past(z, z->at_utc, utc_s);
    return z->daylight[count_until(z->at_utc, z->count, z->utc_bucket, utc_s)];
}

int64_t sp_zone_local_to_utc_s(const sp_zone *z, int64_t local_s)
{
    if (z->fixed)
        return local_s - z->offset;
    int64_t near = local_s - cycles_past(z, z->at_local, local_s);
    return local_s - z->offsets[count_until(z->at_local, z->count, z->local_bucket, near)];
}

int64_t sp_zone_local_to_utc_keep_s(const sp_zone *z, int64_t local_s, int32_t preferred)
{
    int64_t kept = local_s - preferred;
    if (sp_zone_offset_at_utc_s(z, kept) == preferred)
        return kept;
    return sp_zone_local_to_utc_s(z, local_s);
}

int sp_zone_offset_at_utc(const sp_zone *z, int64_t utc_us)
{
    return z->fixed ? z->offset : sp_zone_offset_at_utc_s(z, sp_floor_div(utc_us, SP_US_PER_SECOND));
}

int64_t sp_zone_local_to_utc(const sp_zone *z, int64_t local_us)
{
    if (z->fixed)
        return local_us - z->offset * SP_US_PER_SECOND;
    int64_t local_s = sp_floor_div(local_us, SP_US_PER_SECOND);
    return local_us - (local_s - sp_zone_local_to_utc_s(z, local_s)) * SP_US_PER_SECOND;
}

/* ---- offsets as text ---- */

static bool two_digits(sp_str s, size_t at, int *out)
{
    unsigned tens = (unsigned)(s.p[at] - '0'), ones = (unsigned)(s.p[at + 1] - '0');
    *out = (int)(tens * 10 + ones);
    return tens <= 9 && ones <= 9;
}

bool sp_zone_parse_offset(sp_str id, int32_t *seconds)
{
    if (id.n == 1 && id.p[0] == 'Z') {
        *seconds = 0;
        return true;
    }
    if (id.n < 2 || (id.p[0] != '+' && id.p[0] != '-'))
        return false;
    int h = 0, m = 0, s = 0;
    switch (id.n) {
    case 2:
        h = id.p[1] - '0';
        if (h < 0 || h > 9)
            return false;
        break;
    case 3:
        if (!two_digits(id, 1, &h))
            return false;
        break;
    case 5:
        if (!two_digits(id, 1, &h) || !two_digits(id, 3, &m))
            return false;
        break;
    case 6:
        if (!two_digits(id, 1, &h) || id.p[3] != ':' || !two_digits(id, 4, &m))
            return false;
        break;
    case 7:
        if (!two_digits(id, 1, &h) || !two_digits(id, 3, &m) || !two_digits(id, 5, &s))
            return false;
        break;
    case 9:
        if (!two_digits(id, 1, &h) || id.p[3] != ':' || !two_digits(id, 4, &m) || id.p[6] != ':' ||
            !two_digits(id, 7, &s))
            return false;
        break;
    default:
        return false;
    }
    if (m > 59 || s > 59 || h * 3600 + m * 60 + s > MAX_OFFSET_S)
        return false;
    *seconds = (id.p[0] == '-' ? -1 : 1) * (h * 3600 + m * 60 + s);
    return true;
}

int sp_zone_offset_id(int32_t seconds, char *out)
{
    if (seconds == 0) {
        out[0] = 'Z';
        return 1;
    }
    int s = abs(seconds), n = 6;
    const int parts[3] = { s / 3600, s / 60 % 60, s % 60 };
    out[0] = seconds < 0 ? '-' : '+';
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            out[3 * i] = ':';
        out[3 * i + 1] = (char)('0' + parts[i] / 10);
        out[3 * i + 2] = (char)('0' + parts[i] % 10);
        if (i == 2)
            n = 9;
        if (i == 1 && parts[2] == 0)
            break;
    }
    return n;
}

/* ---- regions ---- */

static const sp_zone *cached(sp_str id, uint64_t hash)
{
    const sp_zone *z = atomic_load_explicit(&chains[hash % CHAINS], memory_order_acquire);
    for (; z; z = z->next)
        if (z->hash == hash && sp_str_is(id, z->id))
            return z;
    return NULL;
}

static void push(sp_zone *z)
{
    _Atomic(const sp_zone *) *head = &chains[z->hash % CHAINS];
    const sp_zone *first = atomic_load_explicit(head, memory_order_relaxed);
    do
        z->next = first;
    while (!atomic_compare_exchange_weak_explicit(head, &first, z, memory_order_release, memory_order_relaxed));
}

static sp_status unknown(sp_str id, sp_error *err)
{
    /* A long text would not be shown whole anyway. */
    return SP_FAIL(err, INVALID_TIMEZONE, "timeZone", sp_error_format(err, "%.*s", (int)(id.n > 512 ? 512 : id.n),
                                                                      id.p));
}

/* ZoneRegion.checkId's letters, and no file of tzdata that is not a region. */
static bool may_be_region(sp_str id)
{
    if (id.n < 2 || id.n >= ID_MAX)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || c == '\0' || !strchr("/0123456789~._+-", c)))
            return false;
        if (c == '.' && (id.p[i - 1] == '.' || id.p[i - 1] == '/'))
            return false;
    }
    for (size_t i = 0; i < sizeof not_regions / sizeof *not_regions; i++)
        if (sp_str_is(id, not_regions[i]))
            return false;
    return !sp_str_starts(id, "posix/") && !sp_str_starts(id, "right/");
}

static sp_status read_region(sp_arena *a, sp_str id, sp_str asked, sp_zone **out, sp_error *err)
{
    const char *folder = getenv("TZDIR");
    if (!folder || !*folder)
        folder = "/usr/share/zoneinfo";
    const char *path = sp_arena_printf(a, err, "%s/%.*s", folder, (int)id.n, id.p);
    if (!path)
        return SP_FAILED;
    sp_stat st;
    bool exists;
    SP_TRY(sp_file_stat(sp_world_real(), path, &st, &exists, err));
    if (!exists || st.is_dir || st.size > (1 << 20))
        return unknown(asked, err);
    sp_str bytes;
    SP_TRY(sp_file_read_all(sp_world_real(), path, a, &bytes, &exists, err));
    if (!exists || bytes.n < 4 || memcmp(bytes.p, "TZif", 4) != 0)   /* zone.tab and its like */
        return unknown(asked, err);
    return sp_zone_from_tzif(a, id, bytes, out, err);
}

static const sp_zone *region(sp_str id, sp_str asked, sp_error *err)
{
    if (!may_be_region(id)) {
        unknown(asked, err);
        return NULL;
    }
    uint64_t hash = sp_hash_bytes(id.p, id.n);
    const sp_zone *z = cached(id, hash);
    if (z)
        return z;
    /* with the file's bytes in it: kept for the process, some kilobytes a zone */
    sp_arena *a = sp_arena_new("zone", 0);
    if (!a) {
        sp_error_memory(err, "a time zone");
        return NULL;
    }
    sp_zone *made = NULL;
    if (read_region(a, id, asked, &made, err) == SP_FAILED) {
        sp_arena_free(a);
        return NULL;
    }
    made->hash = hash;
    made->arena = a;
    push(made);
    return made;
}

/* ---- ids ---- */

/* getZoneId's two widenings: the first "+h:" becomes "+0h:", a final "+hh:m" becomes "+hh:0m". out has room for two
 * more. */
static sp_str widen(sp_str id, char *out)
{
    size_t n = id.n;
    memcpy(out, id.p, n);
    for (size_t i = 0; i + 2 < n; i++)
        if ((out[i] == '+' || out[i] == '-') && out[i + 1] >= '0' && out[i + 1] <= '9' && out[i + 2] == ':') {
            memmove(out + i + 2, out + i + 1, n - i - 1);
            out[i + 1] = '0';
            n++;
            break;
        }
    int hour;
    if (n >= 5 && (out[n - 5] == '+' || out[n - 5] == '-') && two_digits((sp_str){ out, n }, n - 4, &hour) &&
        out[n - 2] == ':' && out[n - 1] >= '0' && out[n - 1] <= '9') {
        out[n] = out[n - 1];
        out[n - 1] = '0';
        n++;
    }
    return (sp_str){ out, n };
}

static const sp_zone *of_offset(const char *prefix, int32_t seconds, sp_zone *scratch, char scratch_id[16])
{
    size_t n = strlen(prefix);
    memcpy(scratch_id, prefix, n);
    if (n == 0 || seconds != 0)
        n += (size_t)sp_zone_offset_id(seconds, scratch_id + n);
    scratch_id[n] = '\0';
    *scratch = (sp_zone){ .id = scratch_id, .fixed = true, .offset = seconds };
    return scratch;
}

const sp_zone *sp_zone_resolve(sp_str id, sp_zone *scratch, char scratch_id[16], sp_error *err)
{
    char wide[ID_MAX + 2];
    sp_str asked = id;
    if (id.n >= ID_MAX) {
        unknown(asked, err);
        return NULL;
    }
    id = widen(id, wide);
    for (size_t i = 0; i < sizeof short_ids / sizeof *short_ids; i++)
        if (sp_str_is(id, short_ids[i].alias)) {
            id = sp_str_of(short_ids[i].id);
            break;
        }
    static const char *const prefixes[] = { "", "UTC", "GMT", "UT" };
    int32_t seconds = 0;
    for (int k = 0; k < 4; k++) {
        size_t n = strlen(prefixes[k]);
        bool offset = k == 0 ? id.n <= 1 || id.p[0] == '+' || id.p[0] == '-'
                             : sp_str_starts(id, prefixes[k]) && (id.n == n || id.p[n] == '+' || id.p[n] == '-');
        if (!offset)
            continue;
        if ((k == 0 || id.n > n) && !sp_zone_parse_offset((sp_str){ id.p + n, id.n - n }, &seconds))
            break;
        return of_offset(prefixes[k], seconds, scratch, scratch_id);
    }
    return region(id, asked, err);
}

const sp_zone *sp_zone_get(sp_str id, sp_error *err)
{
    sp_zone scratch;
    char scratch_id[16];
    const sp_zone *found = sp_zone_resolve(id, &scratch, scratch_id, err);
    if (found != &scratch)
        return found;
    sp_str name = sp_str_of(scratch_id);
    uint64_t hash = sp_hash_bytes(name.p, name.n);
    const sp_zone *z = cached(name, hash);
    if (z)
        return z;
    sp_arena *a = sp_arena_new("zone", 0);
    sp_zone *made = a ? sp_arena_calloc(a, sizeof *made, err) : NULL;
    if (made)
        *made = (sp_zone){ .id = sp_arena_strdup(a, scratch_id, err), .hash = hash, .arena = a, .fixed = true,
                           .offset = scratch.offset };
    if (!made || !made->id) {
        sp_arena_free(a);
        sp_error_memory(err, "a time zone");
        return NULL;
    }
    push(made);
    return made;
}

const sp_zone *sp_zone_utc(void)
{
    static const sp_zone utc = { .id = "UTC", .fixed = true };
    return &utc;
}

const char *sp_zone_id(const sp_zone *z) { return z->id; }
