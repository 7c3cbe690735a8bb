/* pattern_parse.c -- texts read by a compiled pattern, and what is read made a date or a timestamp.
 *
 * Behaviour: the parse methods of java.time.format.DateTimeFormatterBuilder's printer-parsers (JDK 17; strict,
 * whatever the letters' case), java.time.format.Parsed.resolve and IsoChronology.resolveDate under
 * ResolverStyle.STRICT, then Spark's DateTimeFormatterHelper.toLocalDate and toLocalTime, which fill what is missing:
 * 1970, January, the 1st, midnight.
 *
 * Three steps: nodes put numbers into fields (one number a field: a second, different one fails); fields are resolved
 * to a date and a time where they are whole, each within its range; the rest is defaulted. */
#include "column/pattern_int.h"

typedef struct fields {
    int64_t value[F_COUNT];
    uint32_t present;
    bool has_zone;
    sp_zone zone;              /* by value: offsets have no home elsewhere; its id is not looked at */
} fields;

typedef struct parsing {
    const pattern_node *nodes;
    sp_str s;
    fields f;
    bool thrown;               /* an exception: optional sections do not catch it */
} parsing;

enum { NO = -1 };

static bool has(const fields *f, pattern_field field) { return f->present >> field & 1; }
static void drop(fields *f, pattern_field field) { f->present &= ~(1u << field); }

/* False when the field already holds another number. */
static bool put(fields *f, pattern_field field, int64_t value)
{
    bool same = !has(f, field) || f->value[field] == value;
    f->value[field] = value;
    f->present |= 1u << field;
    return same;
}

static char fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c; }

static bool text_at(const parsing *p, size_t at, sp_str text)
{
    return p->s.n - at >= text.n && sp_str_eq_nocase((sp_str){ p->s.p + at, text.n }, text);
}

static int digit_at(const parsing *p, size_t at)
{
    uint32_t d = at < p->s.n ? (uint32_t)(unsigned char)p->s.p[at] - '0' : 10;
    return d <= 9 ? (int)d : NO;
}

/* ---- numbers ---- */

static int set_number(parsing *p, const pattern_node *node, int64_t value, size_t from, size_t to)
{
    if (node->reduced && to - from == (size_t)node->min && value >= 0)
        value += 2000;
    return put(&p->f, node->field, value) ? (int)to : NO;
}

/* The digits of a number from `from` on; `width` at most. *big: past 19 digits, the value is not in *total. */
static size_t take_digits(const parsing *p, size_t from, size_t width, unsigned __int128 *total)
{
    size_t at = from;
    int d;
    *total = 0;
    for (; at < from + width && (d = digit_at(p, at)) >= 0; at++)
        if (*total >> 100 == 0)
            *total = *total * 10 + (unsigned)d;
    return at;
}

static int parse_number(parsing *p, const pattern_node *node, size_t at)
{
    if (at == p->s.n)
        return NO;
    bool plus = p->s.p[at] == '+', minus = p->s.p[at] == '-';
    if ((plus && node->sign != SIGN_EXCEEDS_PAD) || (minus && node->sign == SIGN_NOT_NEGATIVE))
        return NO;
    at += plus || minus;
    if (at + (size_t)node->min > p->s.n)
        return NO;
    int subsequent = node->subsequent > 0 ? node->subsequent : 0;
    unsigned __int128 total;
    size_t end = take_digits(p, at, (size_t)(node->max + subsequent), &total);
    if (end < at + (size_t)node->min)
        return NO;
    if (subsequent) {   /* now that the run's length is known, leave the others theirs */
        size_t width = end - at > (size_t)(node->min + subsequent) ? end - at - (size_t)subsequent : (size_t)node->min;
        end = take_digits(p, at, width, &total);
    }
    if (minus && total == 0)
        return NO;
    if (!minus && node->sign == SIGN_EXCEEDS_PAD && (end - at > (size_t)node->min) != plus)
        return NO;
    if (total > INT64_MAX) {   /* one digit less */
        total /= 10;
        end--;
    }
    if (total > INT64_MAX)
        return NO;
    return set_number(p, node, minus ? -(int64_t)total : (int64_t)total, at, end);
}

static int parse_fraction(parsing *p, const pattern_node *node, size_t at)
{
    if (at == p->s.n)
        return node->min > 0 ? NO : (int)at;
    if (at + (size_t)node->min > p->s.n)
        return NO;
    size_t end = at;
    int64_t total = 0;
    for (int d; end < at + (size_t)node->max && (d = digit_at(p, end)) >= 0; end++)
        total = total * 10 + d;
    if (end < at + (size_t)node->min)
        return NO;
    for (size_t k = end - at; k < 9; k++)
        total *= 10;
    return put(&p->f, F_NANO, total) ? (int)end : NO;
}

static int parse_text(parsing *p, const pattern_node *node, size_t at)
{
    int first, count = sp_pattern_text_range(node->field, &first), best = NO;
    size_t length = 0;
    for (int v = first; v < first + count; v++) {
        sp_str text = sp_pattern_text(node->field, node->style, v);
        if (text.n > length && text_at(p, at, text)) {
            best = v;
            length = text.n;
        }
    }
    return best != NO && put(&p->f, node->field, best) ? (int)(at + length) : NO;
}

/* ---- offsets and zones ---- */

/* Two digits up to 59 at *at, after a colon where there must be one. */
static bool offset_part(const parsing *p, bool colon, size_t *at, int *out)
{
    size_t i = *at;
    if (colon) {
        if (i >= p->s.n || p->s.p[i] != ':')
            return false;
        i++;
    }
    int tens = digit_at(p, i), ones = tens >= 0 ? digit_at(p, i + 1) : NO;
    if (ones < 0 || tens * 10 + ones > 59)
        return false;
    *out = tens * 10 + ones;
    *at = i + 2;
    return true;
}

/* OffsetIdPrinterParser.parse; *seconds is set. */
static int offset_id(parsing *p, int type, sp_str zero, size_t at, int32_t *seconds)
{
    *seconds = 0;
    if (at >= p->s.n)
        return NO;
    if (text_at(p, at, zero))
        return (int)(at + zero.n);
    if (p->s.p[at] != '+' && p->s.p[at] != '-')
        return NO;
    bool colon = type > 0 && type % 2 == 0;
    int sign = p->s.p[at] == '-' ? -1 : 1, h = 0, m = 0, s = 0;
    at++;
    if (!offset_part(p, false, &at, &h))
        return NO;
    bool minutes = type >= 1 && offset_part(p, colon, &at, &m);
    if (type >= 3 && !minutes)
        return NO;
    if (type >= 5)
        (void)offset_part(p, colon, &at, &s);
    if (h > 23) {
        p->thrown = true;
        return NO;
    }
    *seconds = sign * (h * 3600 + m * 60 + s);
    return (int)at;
}

static int parse_offset(parsing *p, const pattern_node *node, size_t at)
{
    int32_t seconds;
    int end = offset_id(p, node->type, node->text, at, &seconds);
    return end >= 0 && put(&p->f, F_OFFSET, seconds) ? end : NO;
}

/* A digit that must be there: Java reads past the end of the text and throws. */
static int needed_digit(parsing *p, size_t at)
{
    p->thrown |= at >= p->s.n;
    return digit_at(p, at);
}

/* ":" and two digits, when they are there with something before the end. */
static int colon_part(const parsing *p, size_t *at)
{
    if (*at + 2 >= p->s.n || p->s.p[*at] != ':')
        return NO;
    int tens = digit_at(p, *at + 1), ones = digit_at(p, *at + 2);
    if (tens < 0 || ones < 0)
        return NO;
    *at += 3;
    return tens * 10 + ones;
}

static int parse_localized_offset(parsing *p, const pattern_node *node, size_t at)
{
    if (!text_at(p, at, SP_LIT("GMT")))
        return NO;
    at += 3;
    int sign = at < p->s.n && p->s.p[at] == '+' ? 1 : at < p->s.n && p->s.p[at] == '-' ? -1 : 0, h, m = 0, s = 0;
    if (sign == 0)
        return put(&p->f, F_OFFSET, 0) ? (int)at : NO;
    at++;
    if (node->style == STYLE_FULL) {
        int d[5];
        for (int i = 0; i < 5; i++) {
            d[i] = needed_digit(p, at);
            if (i == 2 ? at >= p->s.n || p->s.p[at] != ':' : d[i] < 0)
                return NO;
            at++;
        }
        h = d[0] * 10 + d[1];
        m = d[3] * 10 + d[4];
        s = colon_part(p, &at);
    } else {
        if ((h = needed_digit(p, at)) < 0)
            return NO;
        at++;
        if (digit_at(p, at) >= 0)
            h = h * 10 + digit_at(p, at++);
        m = colon_part(p, &at);
        s = m >= 0 ? colon_part(p, &at) : NO;
        m = m < 0 ? 0 : m;
    }
    int64_t seconds = sign * (h * 3600ll + m * 60 + (s < 0 ? 0 : s));
    return put(&p->f, F_OFFSET, seconds) ? (int)at : NO;
}

static int set_zone(parsing *p, sp_str id, size_t end)
{
    char scratch_id[16];
    sp_zone scratch;
    const sp_zone *z = sp_zone_resolve(id, &scratch, scratch_id, NULL);
    if (!z) {
        p->thrown = true;
        return NO;
    }
    p->f.zone = *z;
    p->f.has_zone = true;
    return (int)end;
}

static int set_offset_zone(parsing *p, int32_t seconds, size_t end)
{
    p->f.zone = (sp_zone){ .id = "", .fixed = true, .offset = seconds };
    p->f.has_zone = true;
    return (int)end;
}

/* ZoneIdPrinterParser.parseOffsetBased: UTC, GMT, UT or nothing, and perhaps an offset. */
static int offset_zone(parsing *p, size_t from, size_t at)
{
    bool bare = from == at;
    int32_t seconds;
    if (at >= p->s.n || p->s.p[at] == '0' || fold(p->s.p[at]) == 'z')
        return set_offset_zone(p, 0, at);
    int end = offset_id(p, 6, bare ? SP_LIT("Z") : SP_LIT("0"), at, &seconds);
    if (p->thrown)
        return NO;
    if (end < 0)
        return bare ? NO : set_offset_zone(p, 0, at);
    if (seconds > 18 * 3600 || seconds < -18 * 3600)
        return NO;
    return set_offset_zone(p, seconds, (size_t)end);
}

static int parse_zone(parsing *p, const pattern_node *node, size_t at)
{
    if (at == p->s.n)
        return NO;
    char c = p->s.p[at], next = at + 3 < p->s.n ? p->s.p[at + 3] : '+';
    if (c == '+' || c == '-')
        return offset_zone(p, at, at);
    if (text_at(p, at, SP_LIT("UTC"))) {
        if (next == '+' || next == '-')
            return offset_zone(p, at, at + 3);
    } else if (text_at(p, at, SP_LIT("UT"))) {
        return offset_zone(p, at, at + 2);
    } else if (text_at(p, at, SP_LIT("GMT"))) {
        return text_at(p, at, SP_LIT("GMT0")) ? set_offset_zone(p, 0, at + 4) : offset_zone(p, at, at + 3);
    }
    sp_str id, rest = { p->s.p + at, p->s.n - at };
    size_t length = sp_pattern_match_zone(rest, node->kind == N_ZONE_TEXT, node->style, &id);
    if (length)
        return set_zone(p, id, at + length);
    return fold(c) == 'z' ? set_offset_zone(p, 0, at + 1) : NO;
}

/* ---- nodes ---- */

static int parse_node(parsing *p, const pattern_node *node, size_t at)
{
    switch (node->kind) {
    case N_LITERAL: return text_at(p, at, node->text) ? (int)(at + node->text.n) : NO;
    case N_NUMBER: return parse_number(p, node, at);
    case N_FRACTION: return parse_fraction(p, node, at);
    case N_TEXT: return parse_text(p, node, at);
    case N_OFFSET: return parse_offset(p, node, at);
    case N_LOCALIZED_OFFSET: return parse_localized_offset(p, node, at);
    default: return parse_zone(p, node, at);
    }
}

static int parse_nodes(parsing *p, int from, int to, size_t at)
{
    for (int i = from; i < to;) {
        const pattern_node *node = &p->nodes[i];
        int end;
        if (node->kind == N_OPTIONAL) {
            fields before = p->f;
            end = parse_nodes(p, i + 1, node->end, at);
            if (end < 0 && !p->thrown) {
                p->f = before;
                end = (int)at;
            }
            i = node->end;
        } else {
            end = parse_node(p, node, at);
            i++;
        }
        if (end < 0 || p->thrown)
            return NO;
        at = (size_t)end;
    }
    return (int)at;
}

/* ---- resolving ---- */

typedef struct moment {
    bool has_date, has_time;
    int64_t days;
    int32_t second;
    int32_t nano;
} moment;

static const struct { int64_t least, most; } ranges[F_COUNT] = {
    [F_ERA] = { 0, 1 }, [F_YEAR_OF_ERA] = { 1, 1000000000 }, [F_YEAR] = { -999999999, 999999999 },
    [F_MONTH] = { 1, 12 },
    [F_DAY_OF_MONTH] = { 1, 31 }, [F_DAY_OF_YEAR] = { 1, 366 }, [F_AMPM] = { 0, 1 }, [F_HOUR] = { 0, 23 },
    [F_CLOCK_HOUR] = { 1, 24 }, [F_HOUR_OF_AMPM] = { 0, 11 }, [F_CLOCK_HOUR_OF_AMPM] = { 1, 12 },
    [F_MINUTE] = { 0, 59 },
    [F_SECOND] = { 0, 59 }, [F_NANO] = { 0, 999999999 },
};

static bool in_range(const fields *f, pattern_field field)
{
    return !has(f, field) || (f->value[field] >= ranges[field].least && f->value[field] <= ranges[field].most);
}

static bool resolve_era(fields *f)
{
    if (!has(f, F_YEAR_OF_ERA))
        return in_range(f, F_ERA);
    int64_t of_era = f->value[F_YEAR_OF_ERA];
    if (!in_range(f, F_YEAR_OF_ERA))
        return false;
    if (has(f, F_ERA)) {
        bool before = f->value[F_ERA] == 0;
        drop(f, F_YEAR_OF_ERA);
        drop(f, F_ERA);
        return put(f, F_YEAR, before ? 1 - of_era : of_era);
    }
    if (!has(f, F_YEAR))
        return true;   /* an era is not invented */
    drop(f, F_YEAR_OF_ERA);
    return put(f, F_YEAR, f->value[F_YEAR] > 0 ? of_era : 1 - of_era);
}

static bool date_of(int64_t year, int64_t month, int64_t day, int64_t *days)
{
    if (month < 1 || month > 12 || day < 1 || day > sp_days_in_month(year, (int)month))
        return false;
    *days = sp_days_from_civil(year, (int)month, (int)day);
    return true;
}

static bool year_day(int64_t year, int64_t day, int64_t *days)
{
    if (day < 1 || day > 365 + sp_is_leap(year))
        return false;
    *days = sp_days_from_civil(year, 1, 1) + day - 1;
    return true;
}

/* What is left of the date's fields must agree with the date. */
static bool check_date(const fields *f, int64_t days)
{
    int64_t year;
    int month, day;
    sp_civil_from_days(days, &year, &month, &day);
    return (!has(f, F_YEAR) || f->value[F_YEAR] == year) && (!has(f, F_MONTH) || f->value[F_MONTH] == month) &&
           (!has(f, F_DAY_OF_MONTH) || f->value[F_DAY_OF_MONTH] == day) &&
           (!has(f, F_DAY_OF_YEAR) || f->value[F_DAY_OF_YEAR] == days - sp_days_from_civil(year, 1, 1) + 1) &&
           (!has(f, F_ERA) || f->value[F_ERA] == (year > 0)) &&
           (!has(f, F_YEAR_OF_ERA) || f->value[F_YEAR_OF_ERA] == (year > 0 ? year : 1 - year));
}

static bool resolve_date(fields *f, moment *out)
{
    if (!resolve_era(f))
        return false;
    if (has(f, F_YEAR) && has(f, F_MONTH) && has(f, F_DAY_OF_MONTH)) {
        if (!in_range(f, F_YEAR) || !date_of(f->value[F_YEAR], f->value[F_MONTH], f->value[F_DAY_OF_MONTH], &out->days))
            return false;
        out->has_date = true;
    } else if (has(f, F_YEAR) && has(f, F_DAY_OF_YEAR)) {
        if (!in_range(f, F_YEAR) || !year_day(f->value[F_YEAR], f->value[F_DAY_OF_YEAR], &out->days))
            return false;
        out->has_date = true;
    }
    if (has(f, F_MODIFIED_JULIAN_DAY)) {
        int64_t days = f->value[F_MODIFIED_JULIAN_DAY] - 40587;
        if (out->has_date && out->days != days)
            return false;
        if (days < -365243219162ll || days > 365241780471ll)   /* LocalDate.MIN, MAX */
            return false;
        out->days = days;
        out->has_date = true;
    }
    return !out->has_date || check_date(f, out->days);
}

static bool resolve_hours(fields *f)
{
    if (has(f, F_CLOCK_HOUR)) {
        if (!in_range(f, F_CLOCK_HOUR))
            return false;
        drop(f, F_CLOCK_HOUR);
        if (!put(f, F_HOUR, f->value[F_CLOCK_HOUR] % 24))
            return false;
    }
    if (has(f, F_CLOCK_HOUR_OF_AMPM)) {
        if (!in_range(f, F_CLOCK_HOUR_OF_AMPM))
            return false;
        drop(f, F_CLOCK_HOUR_OF_AMPM);
        if (!put(f, F_HOUR_OF_AMPM, f->value[F_CLOCK_HOUR_OF_AMPM] % 12))
            return false;
    }
    if (has(f, F_AMPM) && has(f, F_HOUR_OF_AMPM)) {
        if (!in_range(f, F_AMPM) || !in_range(f, F_HOUR_OF_AMPM))
            return false;
        drop(f, F_AMPM);
        drop(f, F_HOUR_OF_AMPM);
        return put(f, F_HOUR, f->value[F_AMPM] * 12 + f->value[F_HOUR_OF_AMPM]);
    }
    return true;
}

static int64_t value_or(const fields *f, pattern_field field, int64_t other)
{
    return has(f, field) ? f->value[field] : other;
}

static bool resolve_time(fields *f, moment *out)
{
    if (!resolve_hours(f) || !in_range(f, F_NANO))
        return false;
    bool minute = has(f, F_MINUTE), second = has(f, F_SECOND), nano = has(f, F_NANO);
    if (has(f, F_HOUR) && ((!minute && (second || nano)) || (!second && nano)))
        return true;   /* no time, and nothing more is looked at */
    for (int field = F_AMPM; field <= F_SECOND; field++)
        if (!in_range(f, (pattern_field)field))
            return false;
    if (!has(f, F_HOUR))
        return true;
    out->second = (int32_t)(f->value[F_HOUR] * 3600 + value_or(f, F_MINUTE, 0) * 60 + value_or(f, F_SECOND, 0));
    out->nano = (int32_t)value_or(f, F_NANO, 0);
    out->has_time = true;
    /* Half-day fields that had no partner are checked against the time. */
    int hour = (int)f->value[F_HOUR];
    return (!has(f, F_AMPM) || f->value[F_AMPM] == hour / 12) &&
        (!has(f, F_HOUR_OF_AMPM) || f->value[F_HOUR_OF_AMPM] == hour % 12);
}

/* ---- Spark's defaults ---- */

static bool default_date(const fields *f, moment *m)
{
    if (m->has_date)
        return true;
    int64_t year = value_or(f, F_YEAR, 1970), month = value_or(f, F_MONTH, 1), day = value_or(f, F_DAY_OF_MONTH, 1);
    if (!in_range(f, F_YEAR))
        return false;
    if (has(f, F_DAY_OF_YEAR)) {
        int64_t y;
        int mo, d;
        if (!year_day(year, f->value[F_DAY_OF_YEAR], &m->days))
            return false;
        sp_civil_from_days(m->days, &y, &mo, &d);
        return (!has(f, F_MONTH) || month == mo) && (!has(f, F_DAY_OF_MONTH) || day == d);
    }
    return date_of(year, month, day, &m->days);
}

static bool default_time(const fields *f, moment *m)
{
    if (m->has_time)
        return true;
    int64_t hour = has(f, F_HOUR) ? f->value[F_HOUR] : has(f, F_HOUR_OF_AMPM) ? f->value[F_HOUR_OF_AMPM]
                   : value_or(f, F_AMPM, 0) == 1 ? 12 : 0;
    pattern_field of_hour = has(f, F_HOUR) ? F_HOUR : has(f, F_HOUR_OF_AMPM) ? F_HOUR_OF_AMPM : F_AMPM;
    if (!in_range(f, of_hour) || !in_range(f, F_MINUTE) || !in_range(f, F_SECOND) || !in_range(f, F_NANO))
        return false;
    m->second = (int32_t)(hour * 3600 + value_or(f, F_MINUTE, 0) * 60 + value_or(f, F_SECOND, 0));
    m->nano = (int32_t)value_or(f, F_NANO, 0);
    return true;
}

/* ---- what others call ---- */

static bool offset_in_range(const fields *f)
{
    return !has(f, F_OFFSET) || (f->value[F_OFFSET] >= -18 * 3600 && f->value[F_OFFSET] <= 18 * 3600);
}

static bool read(const sp_pattern *pattern, sp_str s, bool resolve, fields *f, moment *m)
{
    parsing p = { .nodes = pattern->nodes, .s = s };
    if (s.n > INT32_MAX || parse_nodes(&p, 0, pattern->node_count, 0) != (int)s.n)
        return false;
    *m = (moment){ 0 };
    *f = p.f;
    if (!resolve)
        return true;
    return resolve_date(f, m) && resolve_time(f, m) && !(m->has_date && m->has_time && !offset_in_range(f));
}

static bool to_us(int64_t s, int32_t nano, int64_t *us)
{
    __int128 whole = (__int128)s * SP_US_PER_SECOND + nano / 1000;
    *us = (int64_t)whole;
    return whole == *us;
}

static bool timestamp(const sp_pattern *pattern, sp_str s, bool resolve, const sp_zone *session_zone, int64_t *us)
{
    fields f;
    moment m;
    if (!read(pattern, s, resolve, &f, &m) || (!f.has_zone && !offset_in_range(&f)) || !default_date(&f, &m) ||
        !default_time(&f, &m))
        return false;
    int64_t local_s = m.days * 86400 + m.second, utc_s;
    if (f.has_zone)
        utc_s = sp_zone_local_to_utc_s(&f.zone, local_s);
    else if (has(&f, F_OFFSET))
        utc_s = local_s - f.value[F_OFFSET];
    else
        utc_s = sp_zone_local_to_utc_s(session_zone, local_s);
    return to_us(utc_s, m.nano, us);
}

static bool timestamp_ntz(const sp_pattern *pattern, sp_str s, bool resolve, bool allow_zone, int64_t *us)
{
    fields f;
    moment m;
    if (!read(pattern, s, resolve, &f, &m) || (!allow_zone && (f.has_zone || has(&f, F_OFFSET))))
        return false;
    return default_date(&f, &m) && default_time(&f, &m) && to_us(m.days * 86400 + m.second, m.nano, us);
}

bool sp_pattern_parse_timestamp(const sp_pattern *p, sp_str s, const sp_zone *session_zone, int64_t *us)
{
    return timestamp(p, s, true, session_zone, us);
}

bool sp_pattern_parse_timestamp_ntz(const sp_pattern *p, sp_str s, int64_t *us)
{
    return timestamp_ntz(p, s, true, true, us);
}

bool sp_pattern_parse_timestamp_ntz_only(const sp_pattern *p, sp_str s, int64_t *us)
{
    return timestamp_ntz(p, s, true, false, us);
}

bool sp_pattern_infer_timestamp(const sp_pattern *p, sp_str s, const sp_zone *session_zone, int64_t *us)
{
    return timestamp(p, s, false, session_zone, us);
}

bool sp_pattern_infer_timestamp_ntz(const sp_pattern *p, sp_str s, bool allow_zone, int64_t *us)
{
    return timestamp_ntz(p, s, false, allow_zone, us);
}

bool sp_pattern_parse_date(const sp_pattern *p, sp_str s, int32_t *days)
{
    fields f;
    moment m;
    if (!read(p, s, true, &f, &m) || !default_date(&f, &m))
        return false;
    *days = (int32_t)m.days;
    return *days == m.days;
}
