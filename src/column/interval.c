/* interval.c -- "10 minutes" to a calendar interval, and the texts of the three interval kinds.
 *
 * Behaviour: Spark 4.x SparkIntervalUtils.stringToInterval (the same states and errors), toDayTimeIntervalString and
 * toYearMonthIntervalString in the ANSI style, CalendarInterval.toString. */
#include <stdio.h>

#include "column/datetime.h"
#include "column/vec.h"

#define US_PER_MINUTE (60 * SP_US_PER_SECOND)
#define US_PER_HOUR (60 * US_PER_MINUTE)

static const char *const day_time_fields[] = { "DAY", "HOUR", "MINUTE", "SECOND" };

/* ---- reading ---- */

typedef enum state {
    PREFIX, TRIM_BEFORE_SIGN, SIGN, TRIM_BEFORE_VALUE, VALUE, VALUE_FRACTION, TRIM_BEFORE_UNIT, UNIT_BEGIN, UNIT_SUFFIX,
    UNIT_END
} state;

enum { FIRST_FRACTION_SCALE = 100000000 };   /* nanoseconds in a tenth of a second */

typedef struct machine {
    sp_str input;              /* as given, for errors */
    sp_str s;                  /* trimmed; letters are compared without case */
    size_t i;
    state state;
    bool negative, point_first;
    int64_t value;
    int32_t fraction, fraction_scale;   /* scale -1: no point seen; 0: nine digits seen */
    sp_calendar out;
    sp_error *err;
} machine;

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c; }

/* Character.isWhitespace of a byte. */
static bool is_space(char c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }

/* Regex \s, which parts words in errors. */
static bool parts_words(char c) { return c == ' ' || (c >= 9 && c <= 13); }

static size_t count_words(sp_str s)
{
    size_t count = 1;
    for (size_t i = 0; i < s.n; i++)
        if (parts_words(s.p[i]) && i + 1 < s.n && !parts_words(s.p[i + 1]))
            count++;
    return count;
}

/* The word at i, in lower case, as String.split finds it: counted from the end. */
static const char *current_word(const machine *m)
{
    size_t from_end = count_words((sp_str){ m->s.p + m->i, m->s.n - m->i }), skip = count_words(m->s) - from_end, i = 0;
    while (skip > 0 && i < m->s.n) {
        if (parts_words(m->s.p[i]) && i + 1 < m->s.n && !parts_words(m->s.p[i + 1]))
            skip--;
        i++;
    }
    size_t end = i;
    while (end < m->s.n && !parts_words(m->s.p[end]))
        end++;
    char word[512];
    size_t n = end - i < sizeof word ? end - i : sizeof word - 1;
    for (size_t k = 0; k < n; k++)
        word[k] = lower(m->s.p[i + k]);
    word[n] = '\0';
    return m->err ? sp_error_format(m->err, "%s", word) : "";
}

static const char *input_text(const machine *m)
{
    return m->err ? sp_error_format(m->err, "%.*s", (int)(m->input.n > 2048 ? 2048 : m->input.n), m->input.p) : "";
}

#define FAIL_WORD(m, condition, key)                                                                                   \
    SP_FAIL((m)->err, INVALID_INTERVAL_FORMAT__##condition, "input", input_text(m), key, current_word(m))

static sp_status overflow(machine *m)
{
    return SP_FAIL(m->err, INVALID_INTERVAL_FORMAT__ARITHMETIC_EXCEPTION, "input", input_text(m));
}

static bool word_at(const machine *m, const char *word)
{
    size_t n = strlen(word);
    return m->s.n - m->i >= n && sp_str_eq_nocase((sp_str){ m->s.p + m->i, n }, (sp_str){ word, n });
}

static sp_status read_prefix(machine *m)
{
    static const char word[] = "interval";
    const size_t n = sizeof word - 1;
    m->state = TRIM_BEFORE_SIGN;
    if (!word_at(m, word))
        return SP_OK;
    if (m->s.n == n)
        return SP_FAIL(m->err, INVALID_INTERVAL_FORMAT__INPUT_IS_EMPTY, "input", input_text(m));
    if (!is_space(m->s.p[n]))
        return FAIL_WORD(m, INVALID_PREFIX, "prefix");
    m->i += n + 1;
    return SP_OK;
}

static sp_status read_sign(machine *m, char c)
{
    m->value = 0;
    m->fraction = 0;
    m->fraction_scale = -1;
    m->point_first = false;
    m->negative = c == '-';
    m->state = TRIM_BEFORE_VALUE;
    if (c >= '0' && c <= '9')
        return SP_OK;
    if (c == '.') {
        m->fraction_scale = FIRST_FRACTION_SCALE;
        m->point_first = true;
        m->state = VALUE_FRACTION;
    } else if (c != '-' && c != '+') {
        return FAIL_WORD(m, UNRECOGNIZED_NUMBER, "number");
    }
    m->i++;
    return SP_OK;
}

static sp_status read_value(machine *m, char c)
{
    if (c >= '0' && c <= '9') {
        if (__builtin_mul_overflow(m->value, 10, &m->value) || __builtin_add_overflow(m->value, c - '0', &m->value))
            return overflow(m);
    } else if (is_space(c)) {
        m->state = TRIM_BEFORE_UNIT;
    } else if (c == '.') {
        m->fraction_scale = FIRST_FRACTION_SCALE;
        m->state = VALUE_FRACTION;
    } else {
        return FAIL_WORD(m, INVALID_VALUE, "value");
    }
    m->i++;
    return SP_OK;
}

static sp_status read_fraction(machine *m, char c)
{
    bool digit = c >= '0' && c <= '9';
    if (digit && m->fraction_scale > 0) {
        m->fraction += (c - '0') * m->fraction_scale;
        m->fraction_scale /= 10;
    } else if (is_space(c) && (!m->point_first || m->fraction_scale < FIRST_FRACTION_SCALE)) {
        m->fraction /= 1000;
        m->state = TRIM_BEFORE_UNIT;
    } else if (digit) {
        return FAIL_WORD(m, INVALID_PRECISION, "value");
    } else {
        return FAIL_WORD(m, INVALID_VALUE, "value");
    }
    m->i++;
    return SP_OK;
}

static bool add32(int32_t *to, int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX && !__builtin_add_overflow(*to, (int32_t)value, to);
}

static bool add_us(machine *m, int64_t unit_us)
{
    int64_t us;
    return !__builtin_mul_overflow(m->value, unit_us, &us) && !__builtin_add_overflow(m->out.us, us, &m->out.us);
}

static bool add_year(machine *m)
{
    int64_t months;
    if (__builtin_mul_overflow(m->value, 12, &months) || __builtin_add_overflow(months, m->out.months, &months))
        return false;
    m->out.months = (int32_t)months;
    return m->out.months == months;
}

static bool add_week(machine *m)
{
    int64_t days;
    if (__builtin_mul_overflow(m->value, 7, &days) || __builtin_add_overflow(days, m->out.days, &days))
        return false;
    m->out.days = (int32_t)days;
    return m->out.days == days;
}

static bool add_month(machine *m) { return add32(&m->out.months, m->value); }
static bool add_day(machine *m) { return add32(&m->out.days, m->value); }
static bool add_hour(machine *m) { return add_us(m, US_PER_HOUR); }
static bool add_minute(machine *m) { return add_us(m, US_PER_MINUTE); }
static bool add_millisecond(machine *m) { return add_us(m, 1000); }
static bool add_microsecond(machine *m) { return add_us(m, 1); }
static bool add_second(machine *m)
{
    return add_us(m, SP_US_PER_SECOND) && !__builtin_add_overflow(m->out.us, (int64_t)m->fraction, &m->out.us);
}

static const struct { const char *name; bool (*add)(machine *m); } units[] = {
    { "year", add_year }, { "week", add_week }, { "day", add_day }, { "hour", add_hour }, { "second", add_second },
    { "month", add_month }, { "minute", add_minute }, { "millisecond", add_millisecond },
    { "microsecond", add_microsecond },
};

static sp_status read_unit(machine *m, char c)
{
    if (lower(c) != 's' && m->fraction_scale >= 0)
        return FAIL_WORD(m, INVALID_FRACTION, "unit");
    if (m->negative) {
        m->value = -m->value;
        m->fraction = -m->fraction;
    }
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (word_at(m, units[k].name)) {
            if (!units[k].add(m))
                return overflow(m);
            m->i += strlen(units[k].name);
            m->state = UNIT_SUFFIX;
            return SP_OK;
        }
    return FAIL_WORD(m, INVALID_UNIT, "unit");
}

static sp_status read_suffix(machine *m, char c)
{
    if (is_space(c))
        m->state = TRIM_BEFORE_SIGN;
    else if (m->state == UNIT_SUFFIX && lower(c) == 's')
        m->state = UNIT_END;
    else
        return FAIL_WORD(m, INVALID_UNIT, "unit");
    m->i++;
    return SP_OK;
}

static sp_status step(machine *m)
{
    char c = m->s.p[m->i];
    switch (m->state) {
    case PREFIX: return read_prefix(m);
    case SIGN: return read_sign(m, c);
    case VALUE: return read_value(m, c);
    case VALUE_FRACTION: return read_fraction(m, c);
    case UNIT_BEGIN: return read_unit(m, c);
    case UNIT_SUFFIX:
    case UNIT_END: return read_suffix(m, c);
    default:   /* the three that skip blanks are each followed by the state they skip to */
        if (is_space(c))
            m->i++;
        else
            m->state++;
        return SP_OK;
    }
}

static sp_str trim_all(sp_str s)
{
    while (s.n && ((unsigned char)s.p[0] <= ' ' || s.p[0] == 0x7f))
        s.p++, s.n--;
    while (s.n && ((unsigned char)s.p[s.n - 1] <= ' ' || s.p[s.n - 1] == 0x7f))
        s.n--;
    return s;
}

sp_status sp_parse_interval(sp_str s, sp_calendar *out, sp_error *err)
{
    machine m = { .input = s, .s = trim_all(s), .err = err };
    if (!m.s.n)
        return SP_FAIL(err, INVALID_INTERVAL_FORMAT__INPUT_IS_EMPTY, "input", input_text(&m));
    while (m.i < m.s.n)
        SP_TRY(step(&m));
    switch (m.state) {
    case UNIT_SUFFIX:
    case UNIT_END:
    case TRIM_BEFORE_SIGN:
        *out = m.out;
        return SP_OK;
    case TRIM_BEFORE_VALUE: return FAIL_WORD(&m, MISSING_NUMBER, "word");
    case VALUE:
    case VALUE_FRACTION: return FAIL_WORD(&m, MISSING_UNIT, "word");
    default: return FAIL_WORD(&m, UNKNOWN_PARSING_ERROR, "word");
    }
}

/* ---- writing ---- */

/* Seconds with their fraction, trailing zeros cut. */
static void print_seconds(sp_buf *out, uint64_t us, bool two_digits)
{
    uint64_t s = us / (uint64_t)SP_US_PER_SECOND, fraction = us % (uint64_t)SP_US_PER_SECOND;
    sp_buf_printf(out, two_digits ? "%02llu" : "%llu", (unsigned long long)s);
    if (fraction == 0)
        return;
    char digits[8];
    int n = snprintf(digits, sizeof digits, "%06llu", (unsigned long long)fraction);
    while (n > 0 && digits[n - 1] == '0')
        n--;
    sp_buf_putc(out, '.');
    sp_buf_add(out, digits, (size_t)n);
}

void sp_print_day_time(sp_buf *out, int64_t us, const sp_type *t)
{
    static const uint64_t unit_us[] = { (uint64_t)SP_US_PER_DAY, (uint64_t)US_PER_HOUR, (uint64_t)US_PER_MINUTE };
    static const char between[] = " ::";
    uint64_t rest = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    sp_buf_puts(out, us < 0 ? "INTERVAL '-" : "INTERVAL '");
    for (int field = t->start_field; field <= t->end_field; field++) {
        if (field > t->start_field)
            sp_buf_putc(out, between[field - 1]);
        if (field == 3) {
            print_seconds(out, rest, true);
            break;
        }
        sp_buf_printf(out, field == 0 ? "%llu" : "%02llu", (unsigned long long)(rest / unit_us[field]));
        rest %= unit_us[field];
    }
    sp_buf_puts(out, "' ");
    sp_buf_puts(out, day_time_fields[t->start_field]);
    if (t->end_field > t->start_field) {
        sp_buf_puts(out, " TO ");
        sp_buf_puts(out, day_time_fields[t->end_field]);
    }
}

void sp_print_year_month(sp_buf *out, int32_t months, const sp_type *t)
{
    int64_t count = months < 0 ? -(int64_t)months : months;
    const char *sign = months < 0 ? "-" : "";
    if (t->start_field == 1)
        sp_buf_printf(out, "INTERVAL '%d' MONTH", months);
    else if (t->end_field == 0)
        sp_buf_printf(out, "INTERVAL '%s%lld' YEAR", sign, (long long)(count / 12));
    else
        sp_buf_printf(out, "INTERVAL '%s%lld-%lld' YEAR TO MONTH", sign, (long long)(count / 12),
                      (long long)(count % 12));
}

static void print_unit(sp_buf *out, int64_t value, const char *unit)
{
    if (value != 0)
        sp_buf_printf(out, "%lld %s ", (long long)value, unit);
}

void sp_print_calendar(sp_buf *out, int32_t months, int32_t days, int64_t us)
{
    if (months == 0 && days == 0 && us == 0) {
        sp_buf_puts(out, "0 seconds");
        return;
    }
    print_unit(out, months / 12, "years");
    print_unit(out, months % 12, "months");
    print_unit(out, days, "days");
    print_unit(out, us / US_PER_HOUR, "hours");
    print_unit(out, us % US_PER_HOUR / US_PER_MINUTE, "minutes");
    int64_t rest = us % US_PER_MINUTE;
    if (rest != 0) {
        if (rest < 0)
            sp_buf_putc(out, '-');
        print_seconds(out, (uint64_t)(rest < 0 ? -rest : rest), false);
        sp_buf_puts(out, " seconds ");
    }
    if (!out->failed)
        out->len--;   /* the last blank */
}
