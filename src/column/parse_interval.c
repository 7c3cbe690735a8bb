/* parse_interval.c -- strings cast to year-month and day-time intervals.
 *
 * Behaviour: Spark 4.x IntervalUtils.castStringToYMInterval and castStringToDTInterval, written there as one regular
 * expression a type. Either the bare value, "[+|-]d h:m:s.n", or the literal, "INTERVAL [+|-]'[+|-]d h:m:s.n' DAY TO
 * SECOND"; the fields must be exactly those of the type. (The sign's class was meant as "+ or -" and takes a bar,
 * too.) */
#include <stdio.h>

#include "column/datetime.h"

enum { PARTS_MAX = 5 };

/* What a text holds between its signs: parts of digits, separators before each but the first; `units` empty for a
 * bare value. */
typedef struct interval_text {
    int sign;
    int count;
    sp_str digits[PARTS_MAX];
    char before[PARTS_MAX];
    sp_str units;
} interval_text;

typedef struct cursor { const char *p, *end; } cursor;

static const char *const field_names[2][4] = { { "YEAR", "MONTH" }, { "DAY", "HOUR", "MINUTE", "SECOND" } };
static const char *const field_types[2][4] = { { "year", "month" }, { "day", "hour", "minute", "second" } };
/* By start and end field, as Spark lists them in its errors. */
static const char *const month_formats[2][2] = { { "y", "y-m" }, { NULL, "m" } };
static const char *const day_formats[4][4] = {
    { "d", "d h", "d h:m", "d h:m:s.n" }, { NULL, "h", "h:m", "h:m:s.n" }, { NULL, NULL, "m", "m:s.n" },
    { NULL, NULL, NULL, "s.n" },
};

static bool is_digit(const cursor *c) { return c->p < c->end && *c->p >= '0' && *c->p <= '9'; }

static int take_sign(cursor *c)
{
    if (c->p == c->end || (*c->p != '+' && *c->p != '-' && *c->p != '|'))
        return 1;
    return *c->p++ == '-' ? -1 : 1;
}

/* \s+ */
static bool take_blanks(cursor *c)
{
    const char *from = c->p;
    while (c->p < c->end && (*c->p == ' ' || (*c->p >= 9 && *c->p <= 13)))
        c->p++;
    return c->p > from;
}

static bool take_word(cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || !sp_str_eq_nocase((sp_str){ c->p, n }, (sp_str){ word, n }))
        return false;
    c->p += n;
    return true;
}

static bool take_parts(cursor *c, interval_text *out)
{
    out->sign *= take_sign(c);
    while (is_digit(c)) {
        if (out->count == PARTS_MAX)
            return false;
        sp_str *part = &out->digits[out->count++];
        for (part->p = c->p; is_digit(c); c->p++)
            part->n++;
        if (out->count == PARTS_MAX || c->p == c->end || !strchr(" :.-", *c->p))
            return true;
        out->before[out->count] = *c->p++;
        if (!is_digit(c))
            return false;
    }
    return out->count > 0;
}

static bool split(sp_str s, interval_text *out)
{
    while (s.n && ((unsigned char)s.p[0] <= ' ' || s.p[0] == 0x7f))
        s.p++, s.n--;
    while (s.n && ((unsigned char)s.p[s.n - 1] <= ' ' || s.p[s.n - 1] == 0x7f))
        s.n--;
    cursor c = { s.p, s.p + s.n };
    *out = (interval_text){ .sign = 1 };
    if (!take_word(&c, "INTERVAL"))
        return take_parts(&c, out) && c.p == c.end;
    if (!take_blanks(&c))
        return false;
    out->sign = take_sign(&c);
    if (c.p == c.end || *c.p++ != '\'' || !take_parts(&c, out) || c.p == c.end || *c.p++ != '\'' || !take_blanks(&c))
        return false;
    out->units = (sp_str){ c.p, (size_t)(c.end - c.p) };
    return out->units.n > 0;
}

/* "DAY TO SECOND" and its like, for exactly these fields. */
static bool units_are(sp_str units, const char *const *names, int start, int end)
{
    cursor c = { units.p, units.p + units.n };
    if (!take_word(&c, names[start]))
        return false;
    if (end > start && (!take_blanks(&c) || !take_word(&c, "TO") || !take_blanks(&c) || !take_word(&c, names[end])))
        return false;
    return c.p == c.end;
}

static const char *shown(sp_error *err, sp_str s)
{
    return err ? sp_error_format(err, "%.*s", (int)(s.n > 2048 ? 2048 : s.n), s.p) : "";
}

static sp_status mismatch(sp_str input, const sp_type *t, sp_error *err)
{
    if (!err)
        return SP_FAILED;
    bool day_time = t->kind == SP_DAY_TIME;
    int start = t->start_field, end = t->end_field;
    const char *format = day_time ? day_formats[start][end] : month_formats[start][end];
    const char *const *names = field_names[day_time], *const *types = field_types[day_time];
    const char *to = end > start ? " TO " : "", *to_small = end > start ? " to " : "";
    const char *formats = sp_error_format(err, "`[+|-]%s`, `INTERVAL [+|-]'[+|-]%s' %s%s%s`", format, format,
                                          names[start], to,
                                          end > start ? names[end] : "");
    const char *type = sp_error_format(err, "interval %s%s%s", types[start], to_small, end > start ? types[end] : "");
    if (day_time)
        return SP_FAIL(err, INVALID_INTERVAL_FORMAT__UNMATCHED_FORMAT_STRING_WITH_NOTICE, "typeName", type,
                       "intervalStr", "day-time",
                       "supportedFormat", formats, "input", shown(err, input));
    return SP_FAIL(err, INVALID_INTERVAL_FORMAT__UNMATCHED_FORMAT_STRING, "typeName", type, "intervalStr", "year-month",
                   "supportedFormat", formats, "input", shown(err, input));
}

/* ---- year to month ---- */

static sp_status month_overflow(sp_str input, sp_error *err)
{
    return SP_FAIL(err, INVALID_INTERVAL_FORMAT__INTERVAL_PARSING, "input", shown(err, input), "interval",
                   "year-month");
}

sp_status sp_parse_year_month(sp_str s, const sp_type *t, int32_t *months, sp_error *err)
{
    interval_text x;
    int64_t first, second = 0, whole;
    if (!split(s, &x))
        return mismatch(s, t, err);
    bool both = t->start_field == 0 && t->end_field == 1, literal = x.units.n > 0;
    if (both) {
        if (x.count != 2 || x.before[1] != '-' || (literal && !units_are(x.units, field_names[0], 0, 1)))
            return mismatch(s, t, err);
    } else if (x.count != 1 || (literal && !units_are(x.units, field_names[0], t->start_field, t->end_field))) {
        return mismatch(s, t, err);
    }
    if (!sp_str_to_i64(x.digits[0], &first) || (both && !sp_str_to_i64(x.digits[1], &second)))
        return month_overflow(s, err);
    if (both && (first > INT32_MAX / 12 || second > 11))
        return month_overflow(s, err);
    /* A lone year is multiplied without a check and the product checked without its sign. */
    whole = t->start_field == 1 ? first : (int64_t)((uint64_t)first * 12) + second;
    if (!both && t->end_field == 0) {
        if (whole > INT32_MAX || whole < INT32_MIN)
            return month_overflow(s, err);
        *months = (int32_t)(x.sign * whole);
        return SP_OK;
    }
    whole *= x.sign;
    if (whole > INT32_MAX || whole < INT32_MIN)
        return month_overflow(s, err);
    *months = (int32_t)whole;
    return SP_OK;
}

/* ---- day to second ---- */

static const struct { const char *name; int digits_max; int64_t unit_us, first_max; } day_parts[4] = {
    { "day", 9, SP_US_PER_DAY, INT64_MAX / SP_US_PER_DAY },
    { "hour", 10, 3600 * SP_US_PER_SECOND, INT64_MAX / (3600 * SP_US_PER_SECOND) },
    { "minute", 12, 60 * SP_US_PER_SECOND, INT64_MAX / (60 * SP_US_PER_SECOND) },
    { "second", 13, SP_US_PER_SECOND, INT64_MAX / SP_US_PER_SECOND },
};

/* The parts are the type's fields, in count, separators and lengths; a fraction may follow seconds. */
static bool has_shape(const interval_text *x, const sp_type *t)
{
    int fields = t->end_field - t->start_field + 1;
    bool fraction = t->end_field == 3 && x->count == fields + 1 && x->before[fields] == '.' && x->digits[fields].n <= 9;
    if (x->count != fields && !fraction)
        return false;
    if (x->units.n && !units_are(x->units, field_names[1], t->start_field, t->end_field))
        return false;
    for (int i = 0; i < fields; i++) {
        size_t limit = i == 0 ? (size_t)day_parts[t->start_field].digits_max : 2;
        if (x->digits[i].n > limit || (i > 0 && x->before[i] != (t->start_field + i == 1 ? ' ' : ':')))
            return false;
    }
    return true;
}

static int64_t fraction_us(const interval_text *x, int fields)
{
    int64_t us = 0;
    if (x->count > fields)
        for (size_t i = 0; i < 6; i++)
            us = us * 10 + (i < x->digits[fields].n ? x->digits[fields].p[i] - '0' : 0);
    return us;
}

static sp_status add_field(const sp_type *t, int field, int64_t value, int sign, int64_t *sum, sp_error *err)
{
    bool first = field == t->start_field;
    int64_t limit = first ? day_parts[field].first_max : field == 1 ? 23 : 59, us;
    if (value > limit)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: %s %lld outside range [0, %lld]",
                              day_parts[field].name, (long long)value, (long long)limit);
    if (__builtin_mul_overflow(value, sign * day_parts[field].unit_us, &us) || __builtin_add_overflow(*sum, us, sum))
        return sp_error_plain(err, SP_EXC_ARITHMETIC, "long overflow");
    return SP_OK;
}

sp_status sp_parse_day_time(sp_str s, const sp_type *t, int64_t *us, sp_error *err)
{
    interval_text x;
    if (!split(s, &x) || !has_shape(&x, t))
        return mismatch(s, t, err);
    int fields = t->end_field - t->start_field + 1;
    int64_t sum = 0, value;
    for (int i = 0; i < fields; i++) {
        int field = t->start_field + i;
        (void)sp_str_to_i64(x.digits[i], &value);
        if (fields == 1 && field < 3) {   /* a lone field is multiplied without a check */
            *us = (int64_t)((uint64_t)(x.sign * value) * (uint64_t)day_parts[field].unit_us);
            return SP_OK;
        }
        SP_TRY(add_field(t, field, value, x.sign, &sum, err));
    }
    if (fields == 1 && sum == 0)
        x.sign = 1;   /* Spark reads a lone "-0.5" as seconds "-0", whose sign is lost, and a fraction */
    if (__builtin_add_overflow(sum, x.sign * fraction_us(&x, fields), us))
        return sp_error_plain(err, SP_EXC_ARITHMETIC, "long overflow");
    return SP_OK;
}
