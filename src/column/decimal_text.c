/* decimal_text.c -- decimals from and to text and doubles.
 *
 * Behaviour: java.math.BigDecimal(String), toPlainString and doubleValue; Spark's Decimal.fromString (which trims,
 * and refuses more than 38 digits before the point) and Decimal(Double), which goes by the digits of Double.toString.
 * */
#include <stdio.h>

#include "column/decimal.h"
#include "column/parse.h"
#include "column/print_int.h"

/* sign, digits with one point somewhere or nowhere, exponent: digits[0..count) are the text's, `point` of them before
 * the point. */
typedef struct literal { bool negative; const char *digits; size_t length; int64_t fraction, exponent; } literal;

static bool read_exponent(sp_str s, int64_t *out)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    int64_t v = 0;
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || v > INT32_MAX)
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = s.p[0] == '-' ? -v : v;
    return v <= INT32_MAX;
}

static bool read_literal(sp_str s, literal *out)
{
    *out = (literal){ 0 };
    s = sp_str_trim(s);
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        out->negative = s.p[0] == '-';
        s = (sp_str){ s.p + 1, s.n - 1 };
    }
    size_t i = 0, points = 0, digits = 0;
    for (; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            digits++;
            out->fraction += (int64_t)points;
        } else if (s.p[i] != '.' || points++) {
            break;
        }
    }
    out->digits = s.p;
    out->length = i;
    if (!digits || points > 1)
        return false;
    if (i < s.n && ((s.p[i] | 32) != 'e' || !read_exponent((sp_str){ s.p + i + 1, s.n - i - 1 }, &out->exponent)))
        return false;
    int64_t scale = out->fraction - out->exponent;
    return scale <= INT32_MAX && scale >= INT32_MIN;
}

/* The first `limit` significant digits, the one after them (0 when there is none), and how many there are in all. */
static sp_dec gather(const literal *l, int64_t limit, int *next, int64_t *count)
{
    sp_dec v = 0;
    int64_t n = 0;
    *next = 0;
    for (size_t i = 0; i < l->length; i++) {
        if (l->digits[i] == '.' || (n == 0 && l->digits[i] == '0'))
            continue;
        if (n < limit)
            v = v * 10 + (l->digits[i] - '0');
        else if (n == limit)
            *next = l->digits[i] - '0';
        n++;
    }
    *count = n;
    return v;
}

bool sp_dec_parse(sp_str s, sp_dec *unscaled, int *scale)
{
    literal l;
    int next;
    int64_t count;
    if (!read_literal(s, &l))
        return false;
    sp_dec v = gather(&l, SP_DECIMAL_MAX, &next, &count);
    int64_t at = l.fraction - l.exponent - (count > SP_DECIMAL_MAX ? count - SP_DECIMAL_MAX : 0);
    if (at < INT32_MIN)
        return false;
    *unscaled = l.negative ? -v : v;
    *scale = (int)at;
    return true;
}

bool sp_dec_parse_to(sp_str s, int precision, int scale, sp_dec *out)
{
    literal l;
    int next;
    int64_t count;
    if (!read_literal(s, &l))
        return false;
    int64_t from = l.fraction - l.exponent;
    sp_dec v = gather(&l, SP_DECIMAL_MAX, &next, &count);
    if (count > 0 && count - from > SP_DECIMAL_MAX)
        return false;
    if (count > SP_DECIMAL_MAX) {
        /* Of the significant digits, `kept` are at or before the last place asked for; all cannot be, they would be
         * too many. */
        int64_t kept = count - from + scale;
        if (kept > precision)
            return false;
        v = kept >= 0 ? gather(&l, kept, &next, &count) : 0;
        v += kept >= 0 && next >= 5;
        from = scale;
    }
    return sp_dec_rescale(l.negative ? -v : v, from > 1000 ? 1000 : from < -1000 ? -1000 : (int)from, precision, scale,
                          out);
}

bool sp_dec_from_f64(double d, int precision, int scale, sp_dec *out)
{
    sp_float_digits digits;
    if (d == 0) {
        *out = 0;
        return true;
    }
    if (d != d || __builtin_isinf(d))
        return false;
    sp_f64_digits(d, &digits);
    sp_dec v = 0;
    for (int i = 0; i < digits.count; i++)
        v = v * 10 + (digits.digit[i] - '0');
    return sp_dec_rescale(d < 0 ? -v : v, digits.count - digits.exponent, precision, scale, out);
}

double sp_dec_to_f64(sp_dec v, int scale)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    if (v > -(1ll << 52) && v < 1ll << 52 && scale >= 0 && scale < (int)(sizeof ten / sizeof *ten))
        return (double)(int64_t)v / ten[scale];
    char text[64], *p = text + sizeof text - 20;
    unsigned __int128 m = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    int n = snprintf(p, 20, "E%d", -scale);
    char *end = p + n;
    do
        *--p = (char)('0' + (int)(m % 10));
    while (m /= 10);
    if (v < 0)
        *--p = '-';
    double d = 0;
    sp_parse_f64((sp_str){ p, (size_t)(end - p) }, &d);
    return d;
}

void sp_dec_print(sp_buf *out, sp_dec v, int scale)
{
    char text[48], *end = text + sizeof text, *p = end;
    unsigned __int128 m = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    while (m >> 64) {
        *--p = (char)('0' + (int)(m % 10));
        m /= 10;
    }
    for (uint64_t low = (uint64_t)m; low || p == end; low /= 10)
        *--p = (char)('0' + low % 10);
    int n = (int)(end - p);
    if (v < 0)
        sp_buf_putc(out, '-');
    if (scale <= 0) {
        sp_buf_add(out, p, (size_t)n);
        for (int i = 0; i < -scale && v != 0; i++)
            sp_buf_putc(out, '0');
        return;
    }
    if (n > scale) {
        sp_buf_add(out, p, (size_t)(n - scale));
        p += n - scale;
        n = scale;
    } else {
        sp_buf_putc(out, '0');
    }
    sp_buf_putc(out, '.');
    for (int i = n; i < scale; i++)
        sp_buf_putc(out, '0');
    sp_buf_add(out, p, (size_t)n);
}
