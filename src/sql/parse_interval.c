/* parse_interval.c -- INTERVAL literals (AstBuilder.visitInterval, IntervalUtils): number-unit pairs (INTERVAL 3 DAYS
 * 2 HOURS), from-to (INTERVAL '1-2' YEAR TO MONTH), and the text form's result. Without
 * spark.sql.legacy.interval.enabled each is a year-month or a day-time interval whose fields are those that were
 * named. */
#include "sql/sql_int.h"

#include <stdio.h>

typedef enum unit { NANOSECOND, MICROSECOND, MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, YEAR, NO_UNIT } unit;
static const char *const unit_names[] = { "nanosecond", "microsecond", "millisecond", "second", "minute", "hour",
    "day", "week", "month", "year" };

static unit unit_of(int kind)
{
    switch (kind) {
    case K_NANOSECOND: case K_NANOSECONDS: return NANOSECOND;
    case K_MICROSECOND: case K_MICROSECONDS: return MICROSECOND;
    case K_MILLISECOND: case K_MILLISECONDS: return MILLISECOND;
    case K_SECOND: case K_SECONDS: return SECOND;
    case K_MINUTE: case K_MINUTES: return MINUTE;
    case K_HOUR: case K_HOURS: return HOUR;
    case K_DAY: case K_DAYS: return DAY;
    case K_WEEK: case K_WEEKS: return WEEK;
    case K_MONTH: case K_MONTHS: return MONTH;
    case K_YEAR: case K_YEARS: return YEAR;
    default: return NO_UNIT;
    }
}

static bool is_value(const sp_sql_parser *p, int n)
{
    int kind = kind_at(p, n);
    return kind == T_INTEGER || kind == T_DECIMAL || sp_sql_is_string(p, n);
}

bool sp_sql_is_interval(const sp_sql_parser *p)
{
    int n = 1 + (kind_at(p, 1) == T_PLUS || kind_at(p, 1) == T_MINUS);
    if (kind_now(p) != K_INTERVAL || !is_value(p, n)) return false;
    while (sp_sql_is_string(p, n) && sp_sql_is_string(p, n + 1)) n++;
    return unit_of(kind_at(p, n + 1)) != NO_UNIT;
}

/* DAY_TIME: 0 day 1 hour 2 minute 3 second; YEAR_MONTH: 0 year 1 month. */
static int field_of(unit u)
{
    switch (u) {
    case YEAR: return 0;
    case MONTH: return 1;
    case WEEK: case DAY: return 0;
    case HOUR: return 1;
    case MINUTE: return 2;
    default: return 3;
    }
}

typedef struct fields { int year_month_low, year_month_high, day_time_low, day_time_high; } fields;
static const fields no_fields = { 9, -1, 9, -1 };

static void add_field(fields *f, unit u)
{
    int n = field_of(u);
    int *low = u >= MONTH ? &f->year_month_low : &f->day_time_low,
        *high = u >= MONTH ? &f->year_month_high : &f->day_time_high;
    if (n < *low) *low = n;
    if (n > *high) *high = n;
}

static sp_expr *interval_of(sp_sql_parser *p, sp_kind kind, int64_t value, int low, int high, int first)
{
    sp_value v = { .type = sp_type_interval(p->arena, kind, low, high, p->err), .i64 = value };
    return v.type ? sp_sql_literal(p, &v, first) : NULL;
}

static sp_expr *by_fields(sp_sql_parser *p, const sp_calendar *c, const fields *f, int first)
{
    const char *legacy = p->conf &&
        p->conf->conf_get ? p->conf->conf_get(p->conf->session, "spark.sql.legacy.interval.enabled") : NULL;
    if (legacy && strcmp(legacy, "true") == 0) {
        sp_value v = { .type = sp_type_of(SP_CALENDAR), .calendar = *c };
        return sp_sql_literal(p, &v, first);
    }
    if (f->year_month_high < 0) {
        int64_t us;
        if (__builtin_mul_overflow((int64_t)c->days, SP_US_PER_DAY, &us) || __builtin_add_overflow(us, c->us, &us)) {
            FAIL_IN(p, first, p->i - 1, INVALID_INTERVAL_FORMAT__ARITHMETIC_EXCEPTION, "input",
                    sp_sql_cstr(p, sp_sql_slice(p, first, p->i - 1)));
            return NULL;
        }
        int low = f->day_time_high < 0 ? 0 : f->day_time_low, high = f->day_time_high < 0 ? 3 : f->day_time_high;
        return interval_of(p, SP_DAY_TIME, us, low, high, first);
    }
    if (f->day_time_high >= 0) {
        FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0029, "literal",
            sp_sql_cstr(p, sp_sql_slice(p, first, p->i - 1)));
        return NULL;
    }
    return interval_of(p, SP_YEAR_MONTH, c->months, f->year_month_low, f->year_month_high, first);
}

sp_expr *sp_sql_interval_literal(sp_sql_parser *p, const sp_calendar *c, sp_str units, int first)
{
    fields f = no_fields;
    for (size_t i = 0; i < units.n;) {
        size_t start = i;
        while (i < units.n && ((units.p[i] | 32) >= 'a' && (units.p[i] | 32) <= 'z')) i++;
        sp_str word = { units.p + start, i - start };
        if (word.n > 1 && (word.p[word.n - 1] | 32) == 's') word.n--;
        for (unit u = NANOSECOND; u < NO_UNIT; u++)
            if (sp_str_eq_nocase(word, sp_str_of(unit_names[u]))) add_field(&f, u);
        if (i == start) i++;
    }
    return by_fields(p, c, &f, first);
}

static sp_status take_value(sp_sql_parser *p, sp_str *out, bool *negative, bool *is_text)
{
    *negative = false;
    *is_text = false;
    if (!take(p, T_PLUS) && take(p, T_MINUS)) *negative = true;
    if (sp_sql_is_string(p, 0)) {
        *is_text = true;
        return sp_sql_string(p, out);
    }
    if (!is_value(p, 0)) return sp_sql_unexpected(p);
    *out = sp_sql_token_text(p, p->i);
    skip(p);
    return SP_OK;
}

/* "-5 days" for every pair, so that IntervalUtils' rules for numbers and units are met in one place (column/'s
 * sp_parse_interval). */
static sp_expr *multi_units(sp_sql_parser *p, int first)
{
    sp_buf text = { 0 };
    fields f = no_fields;
    sp_expr *e = NULL;
    do {
        sp_str value;
        bool negative, is_text;
        if (take_value(p, &value, &negative, &is_text) == SP_FAILED) goto done;
        unit u = unit_of(kind_now(p));
        if (u == NO_UNIT) { sp_sql_unexpected(p); goto done; }
        skip(p);
        add_field(&f, u);
        value = sp_str_trim(value);
        if (value.n && value.p[0] == '-' && negative) { negative = false; value.p++; value.n--; }
        else if (value.n && value.p[0] == '+') { value.p++; value.n--; }
        sp_buf_printf(&text, "%s%s%.*s %s", text.len ? " " : "", negative ? "-" : "", (int)value.n, value.p,
            unit_names[u]);
    } while (is_value(p, 0) ||
        ((kind_now(p) == T_PLUS || kind_now(p) == T_MINUS) && is_value(p, 1) && unit_of(kind_at(p, 2)) != NO_UNIT));
    sp_calendar c;
    sp_error why = { 0 };
    if (sp_buf_check(&text, p->err) == SP_FAILED) goto done;
    if (sp_parse_interval((sp_str){ text.data, text.len }, &c, &why) == SP_FAILED) {
        sp_error_copy(p->err, &why);
        sp_sql_in_context(p, first, p->i - 1);
        goto done;
    }
    e = by_fields(p, &c, &f, first);
done:
    sp_buf_done(&text);
    return e;
}

/* ---- from - to ---- */

typedef struct reader { const char *p, *end; bool bad; } reader;

static int64_t digits(reader *r, int at_most)
{
    int64_t v = 0;
    int n = 0;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && n < at_most) { v = v * 10 + (*r->p++ - '0'); n++; }
    if (n == 0) r->bad = true;
    return v;
}

static void one_of(reader *r, const char *separators)
{
    if (r->p < r->end && strchr(separators, *r->p)) r->p++;
    else r->bad = true;
}

static int64_t fraction_us(reader *r)
{
    if (r->p >= r->end || *r->p != '.') return 0;
    r->p++;
    int64_t us = 0;
    int n = 0;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, n++)
        if (n < 6) us = us * 10 + (*r->p - '0');
    if (n == 0 || n > 9) r->bad = true;
    for (; n < 6; n++) us *= 10;
    return us;
}

static bool below(reader *r, int64_t v, int64_t limit)
{
    if (v >= limit) r->bad = true;
    return !r->bad;
}

/* "[+|-]d h:m:s.f" from field `low` to field `high`; the first field may be large, the others are clock numbers. */
static bool day_time_of(sp_str s, int low, int high, int64_t *out)
{
    static const int64_t scale[] = { SP_US_PER_DAY, 3600 * SP_US_PER_SECOND, 60 * SP_US_PER_SECOND, SP_US_PER_SECOND };
    static const int64_t limit[] = { INT64_MAX, 24, 60, 60 };
    s = sp_str_trim(s);
    reader r = { s.p, s.p + s.n, false };
    bool negative = r.p < r.end && *r.p == '-';
    if (r.p < r.end && (*r.p == '-' || *r.p == '+')) r.p++;
    __int128 sum = 0;
    for (int f = low; f <= high && !r.bad; f++) {
        if (f > low) one_of(&r, f == 1 ? " T" : ":");
        if (f == 1 && f > low) while (r.p < r.end && *r.p == ' ') r.p++;
        int64_t v = digits(&r, f == low ? 18 : 2);
        if (f > low) below(&r, v, limit[f]);
        sum += (__int128)v * scale[f];
        if (f == 3) sum += fraction_us(&r);
    }
    if (r.bad || r.p != r.end || sum > INT64_MAX) return false;
    *out = negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}

static bool year_month_of(sp_str s, int64_t *out)
{
    s = sp_str_trim(s);
    reader r = { s.p, s.p + s.n, false };
    bool negative = r.p < r.end && *r.p == '-';
    if (r.p < r.end && (*r.p == '-' || *r.p == '+')) r.p++;
    int64_t years = digits(&r, 9);
    one_of(&r, "-");
    int64_t months = r.bad ? 0 : digits(&r, 2);
    if (r.bad || r.p != r.end || !below(&r, months, 12)) return false;
    int64_t sum = years * 12 + months;
    if (sum > INT32_MAX) return false;
    *out = negative ? -sum : sum;
    return true;
}

static sp_expr *bad_from_to(sp_sql_parser *p, sp_str value, unit from, unit to, int first)
{
    static const char *const formats[4][4] = {
        { "", "`[+|-]d h`", "`[+|-]d h:m`", "`[+|-]d h:m:s.n`" }, { "", "", "`[+|-]h:m`", "`[+|-]h:m:s.n`" },
            { "", "", "", "`[+|-]m:s.n`" } };
    char upper[2][16], type[48];
    unit both[2] = { from, to };
    for (int k = 0; k < 2; k++) {
        int i = 0;
        for (; unit_names[both[k]][i]; i++) upper[k][i] = (char)(unit_names[both[k]][i] - 32);
        upper[k][i] = 0;
    }
    snprintf(type, sizeof type, "interval %s to %s", unit_names[from], unit_names[to]);
    if (from == YEAR)
        FAIL_IN(p, first, p->i - 1, INVALID_INTERVAL_FORMAT__UNMATCHED_FORMAT_STRING, "input", sp_sql_cstr(p, value),
            "intervalStr", "year-month",
                "supportedFormat", "`[+|-]y-m`, `INTERVAL [+|-]'[+|-]y-m' YEAR TO MONTH`", "typeName", type);
    else
        FAIL_IN(p, first, p->i - 1, INVALID_INTERVAL_FORMAT__UNMATCHED_FORMAT_STRING_WITH_NOTICE, "input",
            sp_sql_cstr(p, value),
                "intervalStr", "day-time", "supportedFormat",
                sp_arena_printf(p->arena, NULL, "%s, `INTERVAL [+|-]'%.*s' %s TO %s`",
                    formats[field_of(from)][field_of(to)],
                                (int)strlen(formats[field_of(from)][field_of(to)]) - 2,
                                    formats[field_of(from)][field_of(to)] + 1, upper[0], upper[1]),
                "typeName", type);
    return NULL;
}

static sp_expr *from_to(sp_sql_parser *p, int first)
{
    sp_str value;
    bool negative, is_text;
    int at = p->i;
    TRY_NULL(take_value(p, &value, &negative, &is_text));
    if (!is_text) { FAIL_IN(p, at, p->i - 1, _LEGACY_ERROR_TEMP_0027); return NULL; }
    sp_str from_text = sp_sql_token_text(p, p->i), to_text;
    unit from = unit_of(kind_now(p));
    skip(p);
    skip(p);   /* TO */
    unit to = unit_of(kind_now(p));
    to_text = sp_sql_token_text(p, p->i);
    if (to == NO_UNIT) { sp_sql_unexpected(p); return NULL; }
    skip(p);
    bool year_month = from == YEAR && to == MONTH;
    bool day_time = from <= DAY && from >= SECOND && to <= DAY && to >= SECOND && field_of(from) < field_of(to);
    if (!year_month && !day_time) {
        FAIL_IN(p, first, p->i - 1, INVALID_INTERVAL_FORMAT__UNSUPPORTED_FROM_TO_EXPRESSION, "input",
            sp_sql_cstr(p, value), "from",
                sp_sql_cstr(p, from_text), "to", sp_sql_cstr(p, to_text));
        return NULL;
    }
    if (is_value(p, 0)) { FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0024); return NULL; }
    int64_t v = 0;
    if (!(year_month ? year_month_of(value, &v) : day_time_of(value, field_of(from), field_of(to), &v)))
        return bad_from_to(p, value, from, to, first);
    sp_kind kind = year_month ? SP_YEAR_MONTH : SP_DAY_TIME;
    return interval_of(p, kind, negative ? -v : v, field_of(from), field_of(to), first);
}

sp_expr *sp_sql_interval(sp_sql_parser *p)
{
    int first = p->i, n = 1;
    if (kind_at(p, n) == T_PLUS || kind_at(p, n) == T_MINUS) n++;
    while (sp_sql_is_string(p, n) && sp_sql_is_string(p, n + 1)) n++;
    skip(p);
    return kind_at(p, n + 1) == K_TO ? from_to(p, first) : multi_units(p, first);
}
