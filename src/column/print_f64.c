/* print_f64.c -- doubles and floats as JDK 17's Double.toString and Float.toString print them.
 *
 * Behaviour: jdk.internal.math.FloatingDecimal.BinaryToASCIIBuffer of JDK 17 (before JDK 19's Raffaello Giulietti
 * printer). It is Steele and White's fixed-up dragon4 with habits of its own that show in texts, so the habits are
 * kept:
 *   - a whole number below 2^63 is printed by integer division, digits below its precision rounded away first;
 *   - otherwise value = B/S, half a unit in the last place = M/S: digits of B/S come until what is left is below M or
 *     within M of the next digit. Done in 32-bit ints when B and 10 S fit, in 64-bit ones when those do, in big
 *     integers else; "within M" is strict in the first two and not in the last, and M may wrap round in the first two;
 *   - where the text will have an exponent, digits go on past the first even when it would be enough.
 * Text form: plain for 10^-3 <= |value| < 10^7, else one digit, point, digits, E, exponent. */
#include "column/decimal.h"
#include "column/print_int.h"

enum { FRACTION_BITS = 52, LIMBS = 40, POW5_SMALL = 27 };
#define HIDDEN_BIT (1ull << FRACTION_BITS)

static const uint8_t pow5_bits[POW5_SMALL] = { 0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
                                               33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61 };

static uint64_t pow5(int n)
{
    uint64_t v = 1;
    while (n-- > 0)
        v *= 5;
    return v;
}

/* B = mantissa * 5^b5 * 2^b2, S = 5^s5 * 2^s2, M = 5^m5 * 2^m2; the value is B/S * 10^decimal_exponent with B/S < 10.
 * */
typedef struct scaled { uint64_t mantissa; int b5, b2, s5, s2, m5, m2; int decimal_exponent; } scaled;

/* Why the digits ended, and so which way the last is rounded. */
typedef struct ending { bool low, high; int difference; } ending;

static void round_up(sp_float_digits *out)
{
    int i = out->count - 1;
    while (i > 0 && out->digit[i] == '9')
        out->digit[i--] = '0';
    if (out->digit[i] == '9') {
        out->digit[0] = '1';
        out->exponent++;
    } else {
        out->digit[i]++;
    }
}

/* Takes the first digit, or drops it when it is a zero that nothing rounds up. Whether more digits must come whatever
 * `e` says. */
static void first_digit(sp_float_digits *out, int q, ending *e, int *decimal_exponent)
{
    out->count = 0;
    if (q == 0 && !e->high)
        --*decimal_exponent;
    else
        out->digit[out->count++] = (char)('0' + q);
    if (*decimal_exponent < -3 || *decimal_exponent >= 8)
        e->high = e->low = false;
}

/* ---- machine integers, with Java's wrap-around of their width ---- */

static inline int64_t wrap(bool narrow, uint64_t v) { return narrow ? (int32_t)(uint32_t)v : (int64_t)v; }

static ending machine_digits(const scaled *v, bool narrow, int *decimal_exponent, sp_float_digits *out)
{
    int64_t b = wrap(narrow, (v->mantissa * pow5(v->b5)) << v->b2);
    int64_t s = wrap(narrow, pow5(v->s5) << v->s2);
    int64_t m = wrap(narrow, pow5(v->m5) << v->m2);
    int64_t tens = wrap(narrow, (uint64_t)s * 10);
    int q = (int)(b / s);
    b = wrap(narrow, 10 * (uint64_t)(b % s));
    m = wrap(narrow, (uint64_t)m * 10);
    ending e = { .low = b<m, .high = wrap(narrow, (uint64_t)b + (uint64_t)m)> tens };
    first_digit(out, q, &e, decimal_exponent);
    while (!e.low && !e.high) {
        q = (int)(b / s);
        b = wrap(narrow, 10 * (uint64_t)(b % s));
        m = wrap(narrow, (uint64_t)m * 10);
        if (m > 0) {
            e.low = b < m;
            e.high = wrap(narrow, (uint64_t)b + (uint64_t)m) > tens;
        } else {
            e.low = e.high = true;
        }
        out->digit[out->count++] = (char)('0' + q);
    }
    int64_t difference = wrap(narrow, ((uint64_t)b << 1) - (uint64_t)tens);
    e.difference = (difference > 0) - (difference < 0);
    return e;
}

/* ---- big integers: 40 little-endian limbs are more than 5^325 * 2^400 needs ---- */

typedef struct big { uint32_t limb[LIMBS]; int count; } big;

static void big_mul(big *v, uint32_t by)
{
    uint64_t carry = 0;
    for (int i = 0; i < v->count; i++) {
        carry += (uint64_t)v->limb[i] * by;
        v->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        v->limb[v->count++] = (uint32_t)carry;
}

static void big_shift(big *v, int bits)
{
    int whole = bits / 32, part = bits % 32;
    if (whole) {
        memmove(v->limb + whole, v->limb, sizeof(uint32_t) * (size_t)v->count);
        memset(v->limb, 0, sizeof(uint32_t) * (size_t)whole);
        v->count += whole;
    }
    if (part)
        big_mul(v, 1u << part);
}

static void big_set(big *v, uint64_t value, int fives, int twos)
{
    v->limb[0] = (uint32_t)value;
    v->limb[1] = (uint32_t)(value >> 32);
    v->count = v->limb[1] ? 2 : 1;
    for (; fives >= 13; fives -= 13)
        big_mul(v, 1220703125u);
    big_mul(v, (uint32_t)pow5(fives));
    big_shift(v, twos);
}

static int big_cmp(const big *a, const big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void trim_limbs(big *v)
{
    while (v->count > 1 && v->limb[v->count - 1] == 0)
        v->count--;
}

/* a + b <=> c */
static int big_sum_cmp(const big *a, const big *b, const big *c)
{
    big sum;
    int n = a->count > b->count ? a->count : b->count;
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        carry += (i < a->count ? a->limb[i] : 0ull) + (i < b->count ? b->limb[i] : 0ull);
        sum.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum.count = n;
    if (carry)
        sum.limb[sum.count++] = (uint32_t)carry;
    trim_limbs(&sum);
    return big_cmp(&sum, c);
}

/* a / s, which is below 10; a becomes 10 * (a mod s). The quotient is guessed from the leading limbs, never too
 * large. */
static int big_digit(big *a, const big *s)
{
    int q = 0;
    while (big_cmp(a, s) >= 0) {
        uint64_t top = a->limb[a->count - 1];
        if (a->count > s->count)
            top = top << 32 | a->limb[a->count - 2];
        uint64_t guess = top / ((uint64_t)s->limb[s->count - 1] + 1);
        if (guess == 0)
            guess = 1;
        uint64_t borrow = 0, carry = 0;
        for (int i = 0; i < a->count; i++) {
            carry += i < s->count ? guess * s->limb[i] : 0;
            uint64_t minus = (uint32_t)carry + borrow;
            borrow = a->limb[i] < minus;
            a->limb[i] -= (uint32_t)minus;
            carry >>= 32;
        }
        trim_limbs(a);
        q += (int)guess;
    }
    big_mul(a, 10);
    return q;
}

static ending big_digits(const scaled *v, int *decimal_exponent, sp_float_digits *out)
{
    big b, s, m, tens;
    big_set(&s, 1, v->s5, v->s2);
    big_set(&b, v->mantissa, v->b5, v->b2);
    big_set(&m, 1, v->m5 + 1, v->m2 + 1);
    big_set(&tens, 1, v->s5 + 1, v->s2 + 1);
    int q = big_digit(&b, &s);
    ending e = { .low = big_cmp(&b, &m) < 0, .high = big_sum_cmp(&b, &m, &tens) >= 0 };
    first_digit(out, q, &e, decimal_exponent);
    while (!e.low && !e.high) {
        q = big_digit(&b, &s);
        big_mul(&m, 10);
        e.low = big_cmp(&b, &m) < 0;
        e.high = big_sum_cmp(&b, &m, &tens) >= 0;
        out->digit[out->count++] = (char)('0' + q);
    }
    big_mul(&b, 2);
    trim_limbs(&b);
    e.difference = big_cmp(&b, &tens);
    return e;
}

/* ---- which way ---- */

/* Digits of a whole number; the last `insignificant` of them are below the precision and rounded off. */
static void whole_digits(uint64_t v, int insignificant, sp_float_digits *out)
{
    char reversed[24];
    int n = 0, dropped = insignificant;
    if (insignificant) {
        uint64_t ten = pow5(insignificant) << insignificant, rest = v % ten;
        v = v / ten + (rest >= ten >> 1);
    }
    for (; v % 10 == 0; v /= 10)
        dropped++;
    for (; v; v /= 10)
        reversed[n++] = (char)('0' + v % 10);
    out->count = n;
    out->exponent = n + dropped;
    for (int i = 0; i < n; i++)
        out->digit[i] = reversed[n - 1 - i];
}

/* The decimal exponent, perhaps one too high, by a linear guess at the logarithm. */
static int estimate_exponent(uint64_t fraction, int exponent)
{
    uint64_t bits = 0x3ff0000000000000ull | (fraction & (HIDDEN_BIT - 1));
    double d;
    memcpy(&d, &bits, 8);
    d = (d - 1.5) * 0.289529654 + 0.176091259 + (double)exponent * 0.301029995663981;
    int whole = (int)d;
    return whole - (d < whole);
}

/* fraction has its highest bit at 2^52; the value is fraction * 2^(exponent - 52), of which significant_bits are
 * known. */
static void find_digits(uint64_t fraction, int exponent, int significant_bits, sp_float_digits *out)
{
    int tail_zeros = __builtin_ctzll(fraction), bits = FRACTION_BITS + 1 - tail_zeros;
    int tiny = bits - exponent - 1 > 0 ? bits - exponent - 1 : 0;
    if (exponent <= 62 && tiny == 0) {
        /* floor(log10(2^p)) digits lie below the last known bit. */
        int p = exponent > significant_bits ? exponent - significant_bits - 1 : 0;
        int shift = exponent - FRACTION_BITS;
        uint64_t whole = shift >= 0 ? fraction << shift : fraction >> -shift;
        whole_digits(whole, p > 1 ? p * 30103 / 100000 : 0, out);
        return;
    }
    scaled v = { .decimal_exponent = estimate_exponent(fraction, exponent) };
    int e = v.decimal_exponent;
    v.b5 = v.m5 = e < 0 ? -e : 0;
    v.s5 = e > 0 ? e : 0;
    v.b2 = v.b5 + tiny + exponent;
    v.s2 = v.s5 + tiny;
    v.m2 = v.b2 - significant_bits;
    v.mantissa = fraction >> tail_zeros;
    v.b2 -= bits - 1;
    int common = v.b2 < v.s2 ? v.b2 : v.s2;
    v.b2 -= common;
    v.s2 -= common;
    v.m2 -= common;
    if (bits == 1)
        v.m2--;   /* below a power of two the neighbour is half as far */
    if (v.m2 < 0) {
        v.b2 -= v.m2;
        v.s2 -= v.m2;
        v.m2 = 0;
    }
    int b_bits = bits + v.b2 + (v.b5 < POW5_SMALL ? pow5_bits[v.b5] : v.b5 * 3);
    int tens_bits = v.s2 + 1 + (v.s5 + 1 < POW5_SMALL ? pow5_bits[v.s5 + 1] : (v.s5 + 1) * 3);
    ending end = b_bits < 64 && tens_bits < 64 ? machine_digits(&v, b_bits < 32 && tens_bits < 32, &e, out)
                                               : big_digits(&v, &e, out);
    out->exponent = e + 1;
    if (end.high && (!end.low || end.difference > 0 || (end.difference == 0 && (out->digit[out->count - 1] & 1))))
        round_up(out);
}

void sp_f64_digits(double d, sp_float_digits *out)
{
    uint64_t bits, fraction;
    memcpy(&bits, &d, 8);
    int exponent = (int)(bits >> FRACTION_BITS & 0x7ff), significant = FRACTION_BITS + 1;
    fraction = bits & (HIDDEN_BIT - 1);
    if (exponent == 0) {
        int zeros = __builtin_clzll(fraction);
        fraction <<= zeros - (63 - FRACTION_BITS);
        exponent = 1 - (zeros - (63 - FRACTION_BITS));
        significant = 64 - zeros;
    } else {
        fraction |= HIDDEN_BIT;
    }
    find_digits(fraction, exponent - 1023, significant, out);
}

void sp_f32_digits(float f, sp_float_digits *out)
{
    uint32_t bits, fraction;
    memcpy(&bits, &f, 4);
    int exponent = (int)(bits >> 23 & 0xff), significant = 24;
    fraction = bits & 0x7fffff;
    if (exponent == 0) {
        int zeros = __builtin_clz(fraction);
        fraction <<= zeros - 8;
        exponent = 1 - (zeros - 8);
        significant = 32 - zeros;
    } else {
        fraction |= 0x800000;
    }
    find_digits((uint64_t)fraction << 29, exponent - 127, significant, out);
}

/* ---- text ---- */

static char *put(char *p, const char *from, int n)
{
    memcpy(p, from, (size_t)n);
    return p + n;
}

static void print_digits(sp_buf *out, bool negative, const sp_float_digits *d)
{
    char text[64], *p = text;
    int n = d->count, e = d->exponent;
    if (negative)
        *p++ = '-';
    if (e > 0 && e < 8) {
        for (int i = 0; i < e; i++)
            *p++ = i < n ? d->digit[i] : '0';
        *p++ = '.';
        p = n > e ? put(p, d->digit + e, n - e) : put(p, "0", 1);
    } else if (e <= 0 && e > -3) {
        p = put(p, "0.", 2);
        p = put(p, "00", -e);
        p = put(p, d->digit, n);
    } else {
        *p++ = d->digit[0];
        *p++ = '.';
        p = n > 1 ? put(p, d->digit + 1, n - 1) : put(p, "0", 1);
        *p++ = 'E';
        if (--e < 0) {
            *p++ = '-';
            e = -e;
        }
        if (e >= 100)
            *p++ = (char)('0' + e / 100);
        if (e >= 10)
            *p++ = (char)('0' + e / 10 % 10);
        *p++ = (char)('0' + e % 10);
    }
    sp_buf_add(out, text, (size_t)(p - text));
}

void sp_print_f64(sp_buf *out, double d)
{
    sp_float_digits digits;
    if (d != d) {
        sp_buf_puts(out, "NaN");
    } else if (d == 0) {
        sp_buf_puts(out, __builtin_signbit(d) ? "-0.0" : "0.0");
    } else if (__builtin_isinf(d)) {
        sp_buf_puts(out, d < 0 ? "-Infinity" : "Infinity");
    } else {
        sp_f64_digits(d, &digits);
        print_digits(out, d < 0, &digits);
    }
}

void sp_print_f32(sp_buf *out, float f)
{
    sp_float_digits digits;
    if (f != f || f == 0 || __builtin_isinf(f)) {
        sp_print_f64(out, f);
        return;
    }
    sp_f32_digits(f, &digits);
    print_digits(out, f < 0, &digits);
}
