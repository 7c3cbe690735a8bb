/* parse.c -- texts to integers, booleans, and values of any flat type, as Spark's casts from strings read them.
 *
 * Behaviour: Spark 4.x UTF8String.toLong and toLongExact, StringUtils.isTrueString/isFalseString, and Cast under ANSI
 * for the choice of reader per type. */
#include "column/parse.h"

#include "column/datetime.h"
#include "column/decimal.h"

static bool is_blank(char c) { return (unsigned char)c <= ' ' || c == 0x7f; }

/* UTF8String.trimAll: blanks and control characters. */
static sp_str trim_all(sp_str s)
{
    while (s.n && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool sp_parse_integral(sp_str s, bool allow_decimal, int64_t lo, int64_t hi, int64_t *out)
{
    s = trim_all(s);
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative || (s.n && s.p[0] == '+');
    if (i == s.n)
        return false;
    int64_t v = 0;   /* kept negative: the least long has no positive twin */
    for (; i < s.n; i++) {
        uint32_t digit = (uint32_t)(unsigned char)s.p[i] - '0';
        if (digit > 9)
            break;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, (int64_t)digit, &v))
            return false;
    }
    if (i < s.n) {
        if (s.p[i++] != '.' || !allow_decimal)
            return false;
        for (; i < s.n; i++)   /* cut off, but digits they must be */
            if ((uint32_t)(unsigned char)s.p[i] - '0' > 9)
                return false;
    }
    if (!negative) {
        if (v == INT64_MIN)
            return false;
        v = -v;
    }
    *out = v;
    return v >= lo && v <= hi;
}

bool sp_parse_boolean(sp_str s, bool *out)
{
    static const struct { const char *word; bool value; } words[] = {
        { "t", true }, { "true", true }, { "y", true }, { "yes", true }, { "1", true },
        { "f", false }, { "false", false }, { "n", false }, { "no", false }, { "0", false },
    };
    s = trim_all(s);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (sp_str_eq_nocase(s, sp_str_of(words[i].word))) {
            *out = words[i].value;
            return true;
        }
    return false;
}

static bool integral(sp_str s, sp_kind kind, int64_t *out)
{
    static const int64_t least[] = { INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN };
    static const int64_t most[] = { INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX };
    return sp_parse_integral(s, false, least[kind - SP_BYTE], most[kind - SP_BYTE], out);
}

static bool date(sp_str s, int64_t *out)
{
    int32_t days;
    if (!sp_parse_date(s, &days))
        return false;
    *out = days;
    return true;
}

static bool time_of_day(sp_str s, int precision, int64_t *out)
{
    static const int64_t unit[] = { 1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1 };
    if (!sp_parse_time(s, out))
        return false;
    if (precision >= 0 && precision <= 9)
        *out -= *out % unit[precision];
    return true;
}

static bool months(sp_str s, const sp_type *t, int64_t *out)
{
    int32_t v;
    if (sp_parse_year_month(s, t, &v, NULL) == SP_FAILED)
        return false;
    *out = v;
    return true;
}

static bool copy_text(sp_str s, sp_arena *a, sp_str *out)
{
    if (s.n == 0) {
        *out = (sp_str){ "", 0 };
        return true;
    }
    *out = sp_str_copy(a, s, NULL);
    return out->p != NULL;
}

bool sp_parse_value(sp_str s, const sp_type *t, const sp_zone *session_zone, sp_arena *a, sp_value *out)
{
    float f;
    memset(out, 0, sizeof *out);
    out->type = t;
    switch (t->kind) {
    case SP_BOOLEAN: return sp_parse_boolean(s, &out->boolean);
    case SP_BYTE:
    case SP_SHORT:
    case SP_INT:
    case SP_LONG: return integral(s, t->kind, &out->i64);
    case SP_FLOAT:
        if (!sp_parse_f32(s, &f))
            return false;
        out->f64 = f;
        return true;
    case SP_DOUBLE: return sp_parse_f64(s, &out->f64);
    case SP_DECIMAL: return sp_dec_parse_to(s, t->precision, t->scale, &out->decimal);
    case SP_STRING:
    case SP_BINARY: return copy_text(s, a, &out->str);
    case SP_DATE: return date(s, &out->i64);
    case SP_TIMESTAMP: return sp_parse_timestamp(s, session_zone, &out->i64);
    case SP_TIMESTAMP_NTZ: return sp_parse_timestamp_ntz(s, true, &out->i64);
    case SP_TIME: return time_of_day(s, t->precision, &out->i64);
    case SP_YEAR_MONTH: return months(s, t, &out->i64);
    case SP_DAY_TIME: return sp_parse_day_time(s, t, &out->i64, NULL) == SP_OK;
    case SP_CALENDAR: return sp_parse_interval(s, &out->calendar, NULL) == SP_OK;
    default: return false;
    }
}
