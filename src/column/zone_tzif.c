/* zone_tzif.c -- TZif files (RFC 8536/9636, version 2 and later) to a table of transitions.
 *
 * The 64-bit block gives the transitions; the footer's POSIX TZ rule is written out for 400 years after the last of
 * them, one whole cycle of the Gregorian calendar, so that any later time can be looked up by moving it back whole
 * cycles (zone.c). Local thresholds follow java.time: within a gap or an overlap the offset before the transition is
 * the one taken, so both end at transition + the larger offset. */
#include <stdlib.h>

#include "column/zone_int.h"

typedef struct reader { const unsigned char *p, *end; } reader;
/* One line of a POSIX rule: when a year's transition is, in seconds of local time before it. */
typedef struct rule { char kind; int month, week, day; int32_t time_s; } rule;
typedef struct posix { int32_t std, dst; bool has_dst; rule start, end; } posix;

enum { TRANSITIONS_MAX = 4000, CYCLE_YEARS = 400 };

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t v = (p[0] & 0x80) ? ~0ull : 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* ---- the footer ---- */

static bool skip_name(sp_str *s)
{
    size_t i = 0;
    if (s->n && s->p[0] == '<') {
        while (i < s->n && s->p[i] != '>')
            i++;
        if (i++ == s->n)
            return false;
    } else {
        while (i < s->n && ((s->p[i] | 32) >= 'a' && (s->p[i] | 32) <= 'z'))
            i++;
    }
    *s = (sp_str){ s->p + i, s->n - i };
    return i > 0;
}

static bool take(sp_str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = (sp_str){ s->p + 1, s->n - 1 };
    return true;
}

static bool number(sp_str *s, int *out)
{
    int v = 0;
    size_t i = 0;
    for (; i < s->n && i < 4 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
        v = v * 10 + (s->p[i] - '0');
    *s = (sp_str){ s->p + i, s->n - i };
    *out = v;
    return i > 0;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool clock_time(sp_str *s, int32_t *seconds)
{
    int h, m = 0, sec = 0;
    bool negative = take(s, '-');
    if (!negative)
        take(s, '+');
    if (!number(s, &h) || (take(s, ':') && (!number(s, &m) || (take(s, ':') && !number(s, &sec)))))
        return false;
    *seconds = (negative ? -1 : 1) * (h * 3600 + m * 60 + sec);
    return h <= 167 && m < 60 && sec < 60;
}

static bool read_rule(sp_str *s, rule *r)
{
    *r = (rule){ .kind = 'N', .time_s = 7200 };
    if (!take(s, ','))
        return false;
    if (take(s, 'M')) {
        r->kind = 'M';
        if (!number(s, &r->month) || !take(s, '.') || !number(s, &r->week) || !take(s, '.') || !number(s, &r->day))
            return false;
        if (r->month < 1 || r->month > 12 || r->week < 1 || r->week > 5 || r->day > 6)
            return false;
    } else {
        if (take(s, 'J'))
            r->kind = 'J';
        if (!number(s, &r->day) || r->day > 365)
            return false;
    }
    return !take(s, '/') || clock_time(s, &r->time_s);
}

static bool read_posix(sp_str s, posix *out)
{
    *out = (posix){ 0 };
    if (!skip_name(&s) || !clock_time(&s, &out->std))
        return false;
    out->std = -out->std;
    if (!s.n)
        return true;
    out->has_dst = true;
    out->dst = out->std + 3600;
    if (!skip_name(&s))
        return false;
    if (s.n && s.p[0] != ',') {
        if (!clock_time(&s, &out->dst))
            return false;
        out->dst = -out->dst;
    }
    return read_rule(&s, &out->start) && read_rule(&s, &out->end) && !s.n;
}

/* The rule's moment in the year, in local seconds since 1970. */
static int64_t rule_at(const rule *r, int64_t year)
{
    int64_t days;
    if (r->kind == 'M') {
        int64_t first = sp_days_from_civil(year, r->month, 1);
        int weekday = (int)sp_floor_mod(first + 4, 7);   /* 1970-01-01 was a Thursday */
        days = first + (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
        if (days >= first + sp_days_in_month(year, r->month))
            days -= 7;
    } else if (r->kind == 'J') {
        days = sp_days_from_civil(year, 1, 1) + r->day - 1 + (r->day >= 60 && sp_is_leap(year));
    } else {
        days = sp_days_from_civil(year, 1, 1) + r->day;
    }
    return days * 86400 + r->time_s;
}

/* ---- the table ---- */

typedef struct table { int64_t *at; int32_t *offsets; bool *daylight; int count; } table;

static void add(table *t, int64_t at, int32_t offset, bool daylight)
{
    /* A change of name only is none of ours; of two transitions at one moment the later wins. */
    if (offset == t->offsets[t->count] || (t->count && at < t->at[t->count - 1]))
        return;
    if (t->count && at == t->at[t->count - 1]) {
        t->offsets[t->count] = offset;
        t->daylight[t->count] = daylight;
        return;
    }
    t->at[t->count] = at;
    t->offsets[++t->count] = offset;
    t->daylight[t->count] = daylight;
}

static void extend(table *t, const posix *p)
{
    int64_t year = 1970;
    int month, day;
    if (t->count)
        sp_civil_from_days(sp_floor_div(t->at[t->count - 1], 86400), &year, &month, &day);
    for (int64_t last = year + CYCLE_YEARS + 1; year <= last; year++) {
        int64_t on = rule_at(&p->start, year) - p->std, off = rule_at(&p->end, year) - p->dst;
        if (on < off) {
            add(t, on, p->dst, true);
            add(t, off, p->std, false);
        } else {
            add(t, off, p->std, false);
            add(t, on, p->dst, true);
        }
    }
}

/* Where the file has winter time as the exception (Dublin, Casablanca), java.time has summer time. */
static void turn_negative_daylight(table *t)
{
    for (int i = 1; i <= t->count; i++)
        if (t->daylight[i] && t->offsets[i] < t->offsets[i - 1]) {
            t->daylight[i] = false;
            t->daylight[i - 1] = true;
            if (i < t->count && t->offsets[i + 1] == t->offsets[i - 1])
                t->daylight[i + 1] = true;
        }
}

static sp_status buckets(sp_arena *a, const int64_t *at, int count, const uint16_t **out, sp_error *err)
{
    uint16_t *b;
    SP_NEW_ARRAY(b, a, SP_ZONE_BUCKETS, err);
    int i = 0;
    for (int64_t k = 0; k < SP_ZONE_BUCKETS; k++) {
        while (i < count && at[i] <= k << SP_ZONE_BUCKET_BITS)
            i++;
        b[k] = (uint16_t)i;
    }
    *out = b;
    return SP_OK;
}

static sp_status finish(sp_arena *a, sp_zone *z, table *t, bool cyclic, sp_error *err)
{
    if (t->count == 0) {
        z->fixed = true;
        z->offset = t->offsets[0];
        return SP_OK;
    }
    int64_t *local;
    SP_NEW_ARRAY(local, a, t->count, err);
    for (int i = 0; i < t->count; i++) {
        int32_t larger = t->offsets[i] > t->offsets[i + 1] ? t->offsets[i] : t->offsets[i + 1];
        local[i] = t->at[i] + larger;
        if (i && local[i] < local[i - 1])
            local[i] = local[i - 1];
    }
    z->count = t->count;
    z->cyclic = cyclic;
    z->at_utc = t->at;
    z->at_local = local;
    z->offsets = t->offsets;
    turn_negative_daylight(t);
    z->daylight = t->daylight;
    SP_TRY(buckets(a, z->at_utc, z->count, &z->utc_bucket, err));
    return buckets(a, z->at_local, z->count, &z->local_bucket, err);
}

/* ---- the file ---- */

typedef struct header { int64_t isut, isstd, leap, time, type, chars; } header;

static bool read_header(reader *r, header *h, int time_bytes, const unsigned char **body)
{
    if (r->end - r->p < 44 || memcmp(r->p, "TZif", 4) != 0)
        return false;
    const unsigned char *c = r->p + 20;
    *h = (header){ big_endian(c, 4), big_endian(c + 4, 4), big_endian(c + 8, 4), big_endian(c + 12, 4),
                   big_endian(c + 16, 4),
                   big_endian(c + 20, 4) };
    if (h->isut < 0 || h->isstd < 0 || h->leap < 0 || h->time < 0 || h->time > TRANSITIONS_MAX || h->type < 0 ||
        h->type > 256 ||
        h->chars < 0)
        return false;
    int64_t size = h->time * (time_bytes + 1) + h->type * 6 + h->chars + h->leap * (time_bytes + 4) + h->isstd;
    size += h->isut;
    *body = r->p + 44;
    if (size > r->end - *body)
        return false;
    r->p = *body + size;
    return true;
}

static sp_status malformed(sp_str id, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_RUNTIME, "The time zone file of %.*s is malformed", (int)id.n, id.p);
}

sp_status sp_zone_from_tzif(sp_arena *a, sp_str id, sp_str bytes, sp_zone **out, sp_error *err)
{
    reader r = { (const unsigned char *)bytes.p, (const unsigned char *)bytes.p + bytes.n };
    const unsigned char *body;
    header h;
    if (!read_header(&r, &h, 4, &body) || body[-44 + 4] < '2' || !read_header(&r, &h, 8, &body) || h.type == 0)
        return malformed(id, err);
    const unsigned char *index = body + h.time * 8, *types = index + h.time;
    table t = { 0 };
    int64_t room = h.time + 2 * (CYCLE_YEARS + 2);
    SP_NEW_ARRAY(t.at, a, room, err);
    SP_NEW_ARRAY(t.offsets, a, room + 1, err);
    SP_NEW_ARRAY(t.daylight, a, room + 1, err);
    t.offsets[0] = (int32_t)big_endian(types, 4);
    for (int64_t i = 0; i < h.time; i++) {
        if (index[i] >= h.type)
            return malformed(id, err);
        const unsigned char *type = types + index[i] * 6;
        add(&t, big_endian(body + i * 8, 8), (int32_t)big_endian(type, 4), type[4] != 0);
    }
    posix p = { 0 };
    const unsigned char *line = r.p + 1, *newline = r.p < r.end ? memchr(line, '\n', (size_t)(r.end - line)) : NULL;
    if (newline && newline > line && !read_posix((sp_str){ (const char *)line, (size_t)(newline - line) }, &p))
        return malformed(id, err);
    if (p.has_dst)
        extend(&t, &p);
    sp_zone *z;
    SP_NEW(z, a, sizeof *z, err);
    if (!(z->id = sp_arena_strndup(a, id.p, id.n, err)))
        return SP_FAILED;
    SP_TRY(finish(a, z, &t, p.has_dst, err));
    *out = z;
    return SP_OK;
}
