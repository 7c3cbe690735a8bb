/* parse_datetime.c -- dates, timestamps and times as casts from strings and the default formatters read them.
 *
 * Behaviour: Spark 4.x SparkDateTimeUtils.stringToDate, parseTimestampString (and stringToTimestamp,
 * stringToTimestampWithoutTimeZone, stringToTime over it). Texts of the two layouts that files hold, "yyyy-MM-dd
 * HH:mm:ss[.f..]" and the same with T and perhaps Z, are read eight bytes at a time; everything else goes through the
 * segment machine, which gives the same answer for those, too.
 *
 * The segment machine: digits gather in segment i (0 year, 1 month, 2 day, 3 hour, 4 minute, 5 second, 6
 * microsecond), a separator that fits ends it; after seconds or fraction the rest of the text is a zone. */
#include "column/zone_int.h"
#include "world/world.h"

typedef struct parts {
    int32_t segment[9];
    int32_t nanos;                /* fraction digits 7 to 9, below segment 6's microseconds */
    bool just_time;
    bool has_zone;
    const sp_zone *zone;
    sp_zone scratch;
    char scratch_id[16];
} parts;

/* UTF8String.isWhitespaceOrISOControl of a byte. */
static bool is_blank(char c) { return (unsigned char)c <= ' ' || c == 0x7f; }

static sp_str trim(sp_str s)
{
    while (s.n && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool date_is_valid(int64_t year, int month, int day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= sp_days_in_month(year, month);
}

/* ---- the fast layouts ---- */

static inline uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* text ^ layout has 0..9 in the bytes of digits and 0 in those of separators; limits has 0x76 (at most 9) and 0x7f
 * (at most 0). */
static inline bool fits(uint64_t x, uint64_t limits) { return ((x | (x + limits)) & 0x8080808080808080ull) == 0; }

#define BYTES8(a, b, c, d, e, f, g, h)                                                                                 \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 |            \
     (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)
#define D_ 0x76
#define S_ 0x7f

/* "yyyy-MM-dd" at p (10 bytes) of years 0000 to 9999. */
static inline bool fast_date(const char *p, int64_t *days)
{
    static const uint16_t before[13] = { 0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    uint64_t x = load8(p) ^ BYTES8('0', '0', '0', '0', '-', '0', '0', '-');
    if (!fits(x, BYTES8(D_, D_, D_, D_, S_, D_, D_, S_)))
        return false;
    uint64_t pairs = x * 10 + (x >> 8);
    uint32_t year = (uint32_t)(pairs & 0xff) * 100 + (uint32_t)(pairs >> 16 & 0xff);
    uint32_t month = (uint32_t)(pairs >> 40 & 0xff);
    uint32_t tens = (uint32_t)(unsigned char)p[8] - '0', ones = (uint32_t)(unsigned char)p[9] - '0';
    uint32_t day = tens * 10 + ones;
    if (tens > 9 || ones > 9 || month - 1 > 11 || day == 0 ||
        (day > 28 && day > (uint32_t)sp_days_in_month(year, (int)month)))
        return false;
    uint32_t y = year - (month <= 2);   /* leap days up to the February before; wraps to -1 in year 0 */
    int32_t leaps = (int32_t)y >= 0 ? (int32_t)(y / 4 - y / 100 + y / 400) : -1;
    *days = (int64_t)year * 365 + leaps + before[month] + day - 719528;
    return true;
}

/* "HH:mm:ss" at p. */
static inline bool fast_time(const char *p, int32_t *seconds)
{
    uint64_t x = load8(p) ^ BYTES8('0', '0', ':', '0', '0', ':', '0', '0');
    if (!fits(x, BYTES8(D_, D_, S_, D_, D_, S_, D_, D_)))
        return false;
    uint64_t pairs = x * 10 + (x >> 8);
    uint32_t h = (uint32_t)(pairs & 0xff), m = (uint32_t)(pairs >> 24 & 0xff), s = (uint32_t)(pairs >> 48 & 0xff);
    *seconds = (int32_t)(h * 3600 + m * 60 + s);
    return h < 24 && m < 60 && s < 60;
}

/* The whole text in one of the fast layouts: local seconds and microseconds, and whether a Z ends it. */
static inline bool fast_timestamp(sp_str s, int64_t *local_s, int32_t *us, bool *utc)
{
    int64_t days;
    int32_t seconds;
    if (s.n < 19 || s.n > 30 || (s.p[10] != ' ' && s.p[10] != 'T') || !fast_date(s.p, &days) ||
        !fast_time(s.p + 11, &seconds))
        return false;
    *local_s = days * 86400 + seconds;
    size_t n = s.n - (s.p[s.n - 1] == 'Z');
    *utc = n != s.n;
    *us = 0;
    if (n == 19)
        return true;
    if (s.p[19] != '.')
        return false;
    uint32_t fraction = 0, digit;
    size_t i = 20, kept = n < 26 ? n : 26;
    for (; i < kept; i++) {
        if ((digit = (uint32_t)(unsigned char)s.p[i] - '0') > 9)
            return false;
        fraction = fraction * 10 + digit;
    }
    for (size_t k = i; k < 26; k++)
        fraction *= 10;
    for (; i < n; i++)
        if ((uint32_t)(unsigned char)s.p[i] - '0' > 9)
            return false;
    *us = (int32_t)fraction;
    return true;
}

/* ---- the segment machine ---- */

static bool digits_fit(int segment, int digits)
{
    switch (segment) {
    case 0: return digits >= 4 && digits <= 6;   /* a long of microseconds holds some 292000 years */
    case 6: return true;
    case 7: return digits <= 2;
    default: return digits > 0 && digits <= 2;
    }
}

/* What a byte that is no digit does to segment i: the segment it must be a valid end of (-1: a malformed text), the
 * next one. */
static int separator(int i, char b, bool signed_year, parts *out, int *next)
{
    *next = i + 1;
    switch (i) {
    case 0:
        if (b == ':' && !signed_year) {
            out->just_time = true;
            *next = 4;
            return 3;
        }
        return b == '-' ? 0 : -1;
    case 1: return b == '-' ? 1 : -1;
    case 2: return b == ' ' || b == 'T' ? 2 : -1;
    case 3:
    case 4: return b == ':' ? i : -1;
    case 5:
        if (b == '.')
            return 5;
        out->has_zone = true;
        *next = 7;
        return 5;
    case 6:
        out->has_zone = true;
        return 6;
    default: return -1;
    }
}

static bool parse_segments(sp_str text, parts *out)
{
    static const int32_t defaults[9] = { 1, 1, 1 };
    sp_str s = trim(text), zone = { 0 };
    memcpy(out->segment, defaults, sizeof defaults);
    out->just_time = out->has_zone = false;
    if (!s.n)
        return false;
    int i = 0, digits = 0, fraction_digits = 0, next;
    uint32_t value = 0, below = 0;
    size_t j = 0;
    bool signed_year = s.p[0] == '-' || s.p[0] == '+';
    j += signed_year;
    for (; j < s.n && !out->has_zone; j++) {
        uint32_t digit = (uint32_t)(unsigned char)s.p[j] - '0';
        if (digit <= 9) {
            if (i != 6 || digits < 6)
                value = value * 10 + digit;
            else if (digits < 9)
                below = below * 10 + digit;
            fraction_digits += i == 6;
            digits++;
        } else if (s.p + j == text.p && s.p[j] == 'T') {   /* Spark looks at the untrimmed text's first byte */
            out->just_time = true;
            i += 3;
        } else {
            int ended = separator(i, s.p[j], signed_year, out, &next);
            if (ended < 0 || !digits_fit(ended, digits))
                return false;
            out->segment[ended] = (int32_t)value;
            value = 0;
            digits = 0;
            i = next;
            if (out->has_zone)
                zone = (sp_str){ s.p + j, s.n - j };
        }
    }
    if (!digits_fit(i, digits))
        return false;
    out->segment[i] = (int32_t)value;
    for (int k = fraction_digits; k < 6; k++)
        out->segment[6] *= 10;
    out->nanos = (int32_t)below;
    for (int k = fraction_digits > 6 ? fraction_digits : 6; k < 9; k++)
        out->nanos *= 10;
    if (signed_year && s.p[0] == '-')
        out->segment[0] = -out->segment[0];
    if (out->has_zone && !(out->zone = sp_zone_resolve(sp_str_trim(zone), &out->scratch, out->scratch_id, NULL)))
        return false;
    return true;
}

static bool time_of(const parts *p, int32_t *seconds)
{
    *seconds = p->segment[3] * 3600 + p->segment[4] * 60 + p->segment[5];
    return p->segment[3] < 24 && p->segment[4] < 60 && p->segment[5] < 60;
}

static bool join(int64_t s, int32_t us, int64_t *out)
{
    __int128 whole = (__int128)s * SP_US_PER_SECOND + us;
    *out = (int64_t)whole;
    return whole == *out;
}

static bool slow_timestamp(sp_str s, const sp_zone *session_zone, int64_t *us)
{
    parts p;
    int32_t seconds;
    int64_t days;
    if (!parse_segments(s, &p) || !time_of(&p, &seconds))
        return false;
    const sp_zone *zone = p.has_zone ? p.zone : session_zone;
    if (p.just_time) {
        int64_t now_s = sp_floor_div(sp_now_us(sp_world_real()), SP_US_PER_SECOND);
        days = sp_floor_div(now_s + sp_zone_offset_at_utc_s(zone, now_s), 86400);
    } else {
        if (!date_is_valid(p.segment[0], p.segment[1], p.segment[2]))
            return false;
        days = sp_days_from_civil(p.segment[0], p.segment[1], p.segment[2]);
    }
    return join(sp_zone_local_to_utc_s(zone, days * 86400 + seconds), p.segment[6], us);
}

/* ---- what others call ---- */

bool sp_parse_timestamp(sp_str s, const sp_zone *session_zone, int64_t *us)
{
    int64_t local_s;
    int32_t fraction;
    bool utc;
    if (!fast_timestamp(s, &local_s, &fraction, &utc))
        return slow_timestamp(s, session_zone, us);
    *us = (utc ? local_s : sp_zone_local_to_utc_s(session_zone, local_s)) * SP_US_PER_SECOND + fraction;
    return true;
}

bool sp_parse_timestamp_ntz(sp_str s, bool allow_zone, int64_t *us)
{
    parts p;
    int32_t seconds, fraction;
    int64_t local_s;
    bool utc;
    if (fast_timestamp(s, &local_s, &fraction, &utc)) {
        *us = local_s * SP_US_PER_SECOND + fraction;
        return !utc || allow_zone;
    }
    if (!parse_segments(s, &p) || p.just_time || (p.has_zone && !allow_zone) || !time_of(&p, &seconds) ||
        !date_is_valid(p.segment[0], p.segment[1], p.segment[2]))
        return false;
    return join(sp_days_from_civil(p.segment[0], p.segment[1], p.segment[2]) * 86400 + seconds, p.segment[6], us);
}

/* A 12-hour clock's mark at the end: 'A', 'P', or 0. */
static char half_of_day(sp_str *s)
{
    while (s->n && s->p[s->n - 1] == ' ')
        s->n--;
    if (s->n <= 2 || (s->p[s->n - 1] | 32) != 'm')
        return 0;
    char half = (char)(s->p[s->n - 2] & ~32);
    if (half != 'A' && half != 'P')
        return 0;
    s->n -= 2;
    return half;
}

bool sp_parse_time(sp_str s, int64_t *nanos)
{
    parts p;
    int32_t seconds;
    char half = half_of_day(&s);
    if (!parse_segments(s, &p) || !p.just_time || p.has_zone)
        return false;
    if (half) {
        if (p.segment[3] < 1 || p.segment[3] > 12)
            return false;
        p.segment[3] = p.segment[3] % 12 + (half == 'P' ? 12 : 0);
    }
    if (!time_of(&p, &seconds))
        return false;
    *nanos = seconds * 1000000000ll + p.segment[6] * 1000ll + p.nanos;
    return true;
}

static bool date_digits_fit(int segment, int digits)
{
    return segment == 0 ? digits >= 4 && digits <= 7 : digits > 0 && digits <= 2;
}

static bool slow_date(sp_str s, int32_t *days)
{
    int32_t segment[3] = { 1, 1, 1 };
    int i = 0, digits = 0;
    uint32_t value = 0;
    s = trim(s);
    if (!s.n)
        return false;
    size_t j = s.p[0] == '-' || s.p[0] == '+';
    for (; j < s.n && s.p[j] != ' ' && s.p[j] != 'T'; j++) {
        uint32_t digit = (uint32_t)(unsigned char)s.p[j] - '0';
        if (i < 2 && s.p[j] == '-') {
            if (!date_digits_fit(i, digits))
                return false;
            segment[i++] = (int32_t)value;
            value = 0;
            digits = 0;
        } else if (digit > 9) {
            return false;
        } else {
            value = value * 10 + digit;
            digits++;
        }
    }
    if (!date_digits_fit(i, digits) || (i < 2 && j < s.n))
        return false;
    segment[i] = (int32_t)value;
    if (s.p[0] == '-')
        segment[0] = -segment[0];
    if (!date_is_valid(segment[0], segment[1], segment[2]))
        return false;
    int64_t count = sp_days_from_civil(segment[0], segment[1], segment[2]);
    *days = (int32_t)count;
    return *days == count;
}

bool sp_parse_date(sp_str s, int32_t *days)
{
    int64_t count;
    if (s.n == 10 && fast_date(s.p, &count)) {
        *days = (int32_t)count;
        return true;
    }
    return slow_date(s, days);
}
