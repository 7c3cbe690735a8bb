/* parse_f64.c -- doubles and floats from text as casts read them.
 *
 * Behaviour: Double.parseDouble and Float.parseFloat of JDK 17 (blanks trimmed, "1.", ".5", "1e3", "1d", "0x1.8p1",
 * "NaN", "Infinity"), then Cast.processFloatingPointSpecialLiterals for what they refuse ("inf", "+Infinity", "nan"
 * in any case).
 *
 * A mantissa below 2^53 (2^24) with a power of ten that is itself exact takes one exact division or multiplication
 * (Clinger). Everything else is written out again, its digits limited to more than can matter, for strtod, which
 * rounds exactly. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE   /* strtod_l */
#endif
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "column/parse.h"

enum { DIGITS_MAX = 800, HEX_DIGITS_MAX = 40, EXPONENT_MAX = 100000 };   /* 767 digits decide between any two doubles */

/* mantissa * base^exponent, digits beyond 19 not in it. */
typedef struct number {
    bool negative, hexadecimal, cut;   /* cut: more digits than the mantissa holds */
    uint64_t mantissa;
    int digits;                        /* significant ones, in text[0..digits) */
    int64_t exponent;                  /* of ten after the last digit in text; of two for hexadecimal */
    char text[DIGITS_MAX + 2];
} number;

static locale_t c_locale(void)
{
    static _Atomic(locale_t) cached;
    locale_t l = atomic_load(&cached), none = (locale_t)0;
    if (l)
        return l;
    l = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!atomic_compare_exchange_strong(&cached, &none, l)) {
        freelocale(l);
        return none;
    }
    return l;
}

static int digit_value(char c, bool hexadecimal)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char low = (char)(c | 32);
    return hexadecimal && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Digits with a point or none; the place after them, NULL when there is no digit. */
static const char *read_digits(const char *p, const char *end, number *out)
{
    int limit = out->hexadecimal ? HEX_DIGITS_MAX : DIGITS_MAX, step = out->hexadecimal ? 4 : 1;
    bool point = false, any = false, dropped = false;
    for (; p < end; p++) {
        int v = digit_value(*p, out->hexadecimal);
        if (v < 0) {
            if (*p != '.' || point)
                break;
            point = true;
            continue;
        }
        any = true;
        if (out->digits < limit) {
            out->exponent -= point ? step : 0;
            if (out->digits == 0 && v == 0)
                continue;
            out->text[out->digits++] = *p;
            if (out->digits <= 19 && !out->hexadecimal)
                out->mantissa = out->mantissa * 10 + (uint64_t)v;
            else
                out->cut = true;
        } else {
            out->exponent += point ? 0 : step;
            dropped |= v != 0;
        }
    }
    if (dropped) {   /* stands for all that is left out */
        out->text[out->digits++] = '1';
        out->exponent -= step;
    }
    return any ? p : NULL;
}

/* What follows e or p. */
static const char *read_exponent(const char *p, const char *end, number *out)
{
    bool negative = p < end && *p == '-';
    int64_t v = 0;
    p += p < end && (*p == '-' || *p == '+');
    if (p == end || *p < '0' || *p > '9')
        return NULL;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        v = v < EXPONENT_MAX * 100ll ? v * 10 + (*p - '0') : v;
    out->exponent += negative ? -v : v;
    return p;
}

/* s is not empty, trimmed, without sign. */
static bool read_number(sp_str s, number *out)
{
    const char *p = s.p, *end = s.p + s.n;
    if (s.n > 2 && p[0] == '0' && (p[1] | 32) == 'x') {
        out->hexadecimal = true;
        p = read_digits(p + 2, end, out);
        if (!p || p == end || (*p | 32) != 'p' || !(p = read_exponent(p + 1, end, out)))
            return false;
    } else {
        p = read_digits(p, end, out);
        if (!p || (p < end && (*p | 32) == 'e' && !(p = read_exponent(p + 1, end, out))))
            return false;
    }
    if (p < end && ((*p | 32) == 'f' || (*p | 32) == 'd'))
        p++;
    return p == end;
}

/* The number written for strtod: prefix, digits, exponent. */
static bool write_number(const number *n, char *text, size_t room)
{
    int64_t e = n->exponent > EXPONENT_MAX ? EXPONENT_MAX : n->exponent < -EXPONENT_MAX ? -EXPONENT_MAX : n->exponent;
    int length = snprintf(text, room, "%s%.*s%c%lld", n->hexadecimal ? "0x" : "", n->digits, n->text,
                          n->hexadecimal ? 'p' : 'e',
                          (long long)e);
    return length > 0 && (size_t)length < room;
}

static bool literal_is(sp_str s, const char *word) { return sp_str_eq_nocase(s, sp_str_of(word)); }

/* Java's two words (as written) or Spark's (any case; no sign before nan). */
static bool special(sp_str s, bool has_sign, bool negative, double *out)
{
    if (sp_str_is(s, "NaN") || (!has_sign && literal_is(s, "nan")))
        *out = __builtin_nan("");
    else if (literal_is(s, "inf") || literal_is(s, "infinity"))
        *out = negative ? -__builtin_inf() : __builtin_inf();
    else
        return false;
    return true;
}

static bool unsigned_part(sp_str *s, bool *has_sign, bool *negative)
{
    *s = sp_str_trim(*s);
    *negative = s->n && s->p[0] == '-';
    *has_sign = *negative || (s->n && s->p[0] == '+');
    *s = (sp_str){ s->p + *has_sign, s->n - *has_sign };
    return s->n > 0;
}

/* Whether text starts a number at all, and that number. n is filled whole only when needed. */
static bool parse(sp_str s, number *n, double *word, bool *is_word)
{
    bool has_sign, negative;
    *is_word = false;
    if (!unsigned_part(&s, &has_sign, &negative))
        return false;
    n->negative = negative;
    n->hexadecimal = n->cut = false;
    n->mantissa = 0;
    n->digits = 0;
    n->exponent = 0;
    if ((s.p[0] >= '0' && s.p[0] <= '9') || s.p[0] == '.')
        return read_number(s, n);
    *is_word = true;
    return special(s, has_sign, negative, word);
}

bool sp_parse_f64(sp_str s, double *out)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    number n;
    bool is_word;
    if (!parse(s, &n, out, &is_word))
        return false;
    if (is_word)
        return true;
    double d;
    if (n.digits == 0) {
        d = 0;
    } else if (!n.cut && n.mantissa < 1ull << 53 && n.exponent >= -22 && n.exponent <= 22) {
        d = n.exponent < 0 ? (double)n.mantissa / ten[-n.exponent] : (double)n.mantissa * ten[n.exponent];
    } else {
        char text[DIGITS_MAX + 32];
        if (!write_number(&n, text, sizeof text))
            return false;
        d = strtod_l(text, NULL, c_locale());
    }
    *out = n.negative ? -d : d;
    return true;
}

bool sp_parse_f32(sp_str s, float *out)
{
    static const float ten[] = { 1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f };
    number n;
    bool is_word;
    double word;
    if (!parse(s, &n, &word, &is_word))
        return false;
    if (is_word) {
        *out = (float)word;
        return true;
    }
    float f;
    if (n.digits == 0) {
        f = 0;
    } else if (!n.cut && n.mantissa < 1u << 24 && n.exponent >= -10 && n.exponent <= 10) {
        f = n.exponent < 0 ? (float)n.mantissa / ten[-n.exponent] : (float)n.mantissa * ten[n.exponent];
    } else {
        char text[DIGITS_MAX + 32];
        if (!write_number(&n, text, sizeof text))
            return false;
        f = strtof_l(text, NULL, c_locale());
    }
    *out = n.negative ? -f : f;
    return true;
}
