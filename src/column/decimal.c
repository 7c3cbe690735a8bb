/* decimal.c -- arithmetic on 128-bit decimals with exact 256-bit intermediates.
 *
 * Behaviour: Spark 4.x org.apache.spark.sql.types.Decimal. Its * cuts to 39 digits and its / to scale 39 (both
 * rounding down) before the result type rounds HALF_UP; what is cut lies below the digit that decides, so one exact
 * HALF_UP gives the same. % fails when the whole quotient has more than 39 significant digits, as
 * BigDecimal.remainder does under that MathContext.
 *
 * Signs are kept apart from magnitudes. Magnitudes wider than 128 bits are eight 32-bit limbs, divided by Knuth's
 * algorithm D. */
#include "column/decimal.h"

typedef unsigned __int128 u128;
enum { LIMBS = 8 };
typedef struct wide { uint32_t limb[LIMBS]; } wide;

#define TEN19 10000000000000000000ull
#define P(high, low) ((sp_dec)(high) * TEN19 + (low))
const sp_dec sp_pow10_table[39] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
    TEN19,
    P(10, 0), P(100, 0), P(1000, 0), P(10000, 0), P(100000, 0), P(1000000, 0), P(10000000, 0), P(100000000, 0),
    P(1000000000, 0), P(10000000000, 0), P(100000000000, 0), P(1000000000000, 0), P(10000000000000, 0),
    P(100000000000000, 0),
    P(1000000000000000, 0), P(10000000000000000, 0), P(100000000000000000, 0), P(1000000000000000000, 0), P(TEN19, 0),
};

static inline u128 magnitude(sp_dec v) { return v < 0 ? -(u128)v : (u128)v; }

int sp_dec_digits(sp_dec v)
{
    u128 m = magnitude(v);
    uint64_t high = (uint64_t)(m >> 64), low = (uint64_t)m;
    int bits = high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 1;
    int digits = bits * 1233 >> 12;   /* bits * log10(2): the count, or one less */
    return digits >= 39 || m < (u128)sp_pow10_table[digits] ? (digits ? digits : 1) : digits + 1;
}

/* ---- 256 bits ---- */

static wide wide_of(u128 v)
{
    wide w = { { (uint32_t)v, (uint32_t)(v >> 32), (uint32_t)(v >> 64), (uint32_t)(v >> 96) } };
    return w;
}

static int limbs_used(const wide *w)
{
    int n = LIMBS;
    while (n > 0 && w->limb[n - 1] == 0)
        n--;
    return n;
}

static bool to_u128(const wide *w, u128 *out)
{
    *out = (u128)w->limb[3] << 96 | (u128)w->limb[2] << 64 | (u128)w->limb[1] << 32 | w->limb[0];
    return limbs_used(w) <= 4;
}

/* Products here have at most 77 digits, 256 bits; false when one has more. */
static bool wide_mul(const wide *a, const wide *b, wide *out)
{
    wide r = { { 0 } };
    int na = limbs_used(a), nb = limbs_used(b);
    for (int i = 0; i < na; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < nb || carry; j++) {
            if (i + j >= LIMBS)
                return false;
            carry += (uint64_t)a->limb[i] * (j < nb ? b->limb[j] : 0) + r.limb[i + j];
            r.limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    *out = r;
    return true;
}

static bool wide_times_pow10(wide *w, int power)
{
    for (; power > 38; power -= 38) {
        wide ten = wide_of((u128)sp_pow10_table[38]);
        if (!wide_mul(w, &ten, w))
            return false;
    }
    wide ten = wide_of((u128)sp_pow10_table[power]);
    return wide_mul(w, &ten, w);
}

static int wide_cmp(const wide *a, const wide *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a + b, or a - b for a >= b. */
static void wide_add(wide *a, const wide *b, bool subtract)
{
    int64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += subtract ? (int64_t)a->limb[i] - b->limb[i] : (int64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void divide_by_limb(const wide *a, uint32_t by, wide *quotient, wide *rest)
{
    uint64_t carry = 0;
    SP_ASSERT(by != 0);
    for (int i = LIMBS - 1; i >= 0; i--) {
        carry = carry << 32 | a->limb[i];
        quotient->limb[i] = (uint32_t)(carry / by);
        carry %= by;
    }
    *rest = wide_of(carry);
}

/* One step of algorithm D: the quotient digit of u[j..j+n] by v[0..n), taken off u. */
static uint32_t divide_step(uint32_t *u, const uint32_t *v, int n)
{
    uint64_t top = (uint64_t)u[n] << 32 | u[n - 1], guess = top / v[n - 1], left = top % v[n - 1];
    while (guess >> 32 || guess * v[n - 2] > (left << 32 | u[n - 2])) {
        guess--;
        left += v[n - 1];
        if (left >> 32)
            break;
    }
    uint64_t carry = 0;
    int64_t borrow = 0;
    for (int i = 0; i <= n; i++) {
        carry += i < n ? guess * v[i] : 0;
        borrow += (int64_t)u[i] - (uint32_t)carry;
        u[i] = (uint32_t)borrow;
        borrow >>= 32;
        carry >>= 32;
    }
    if (borrow < 0) {   /* one too many: put the divisor back */
        guess--;
        carry = 0;
        for (int i = 0; i <= n; i++) {
            carry += (uint64_t)u[i] + (i < n ? v[i] : 0);
            u[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    return (uint32_t)guess;
}

static void wide_divide(const wide *a, const wide *b, wide *quotient, wide *rest)
{
    int n = limbs_used(b), m = limbs_used(a);
    if (n == 1) {
        divide_by_limb(a, b->limb[0], quotient, rest);
        return;
    }
    wide q = { { 0 } }, r = { { 0 } };
    if (m < n) {
        r = *a;
    } else {
        uint32_t u[LIMBS + 1] = { 0 }, v[LIMBS] = { 0 };
        int shift = __builtin_clz(b->limb[n - 1]);
        for (int i = 0; i < n; i++)
            v[i] = (uint32_t)(((uint64_t)b->limb[i] << 32 | (i ? b->limb[i - 1] : 0)) << shift >> 32);
        for (int i = 0; i <= m; i++)
            u[i] = (uint32_t)(((uint64_t)(i < m ? a->limb[i] : 0) << 32 | (i ? a->limb[i - 1] : 0)) << shift >> 32);
        for (int j = m - n; j >= 0; j--)
            q.limb[j] = divide_step(u + j, v, n);
        for (int i = 0; i < n; i++)
            r.limb[i] = (uint32_t)(((uint64_t)u[i + 1] << 32 | u[i]) >> shift);
    }
    *quotient = q;
    *rest = r;
}

/* a / b HALF_UP: the quotient goes up when twice the rest reaches b. */
static void divide_half_up(const wide *a, const wide *b, wide *quotient)
{
    static const wide one = { { 1 } };
    wide rest, left = *b;
    wide_divide(a, b, quotient, &rest);
    wide_add(&left, &rest, true);
    if (wide_cmp(&rest, &left) >= 0)
        wide_add(quotient, &one, false);
}

/* ---- results ---- */

static bool fits(u128 m, bool negative, int precision, sp_dec *out)
{
    if (m >= (u128)sp_pow10_table[precision])
        return false;
    *out = negative ? -(sp_dec)m : (sp_dec)m;
    return true;
}

static bool finish(wide *m, bool negative, int from_scale, int precision, int to_scale, sp_dec *out)
{
    u128 narrow;
    if (to_scale > from_scale) {
        if (!wide_times_pow10(m, to_scale - from_scale))
            return false;
    } else if (to_scale < from_scale) {
        wide ten = { { 1 } };
        if (from_scale - to_scale > 76 || !wide_times_pow10(&ten, from_scale - to_scale))
            *m = (wide){ { 0 } };
        else
            divide_half_up(m, &ten, m);
    }
    return to_u128(m, &narrow) && fits(narrow, negative, precision, out);
}

bool sp_dec_rescale(sp_dec v, int from_scale, int precision, int to_scale, sp_dec *out)
{
    u128 m = magnitude(v);
    int64_t power = (int64_t)to_scale - from_scale;
    if (power > 0) {
        if (m == 0 || power > precision)
            return m == 0 && (*out = 0, true);
        if (m >= (u128)sp_pow10_table[precision - power])
            return false;
        m *= (u128)sp_pow10_table[power];
    } else if (power < 0) {
        if (power < -38) {
            m = 0;
        } else {
            u128 ten = (u128)sp_pow10_table[-power], rest;
            if (m >> 64 == 0 && ten >> 64 == 0) {
                rest = (uint64_t)m % (uint64_t)ten;
                m = (uint64_t)m / (uint64_t)ten;
            } else {
                rest = m % ten;
                m /= ten;
            }
            m += rest >= ten - rest;
        }
    }
    return fits(m, v < 0, precision, out);
}

bool sp_dec_add(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out)
{
    sp_dec sum;
    if (scale_a == scale_b && !__builtin_add_overflow(a, b, &sum))
        return sp_dec_rescale(sum, scale_a, precision, scale, out);
    wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
    int common = scale_a > scale_b ? scale_a : scale_b;
    bool negative = a < 0;
    if (!wide_times_pow10(&x, common - scale_a) || !wide_times_pow10(&y, common - scale_b))
        return false;
    if ((a < 0) == (b < 0)) {
        wide_add(&x, &y, false);
    } else if (wide_cmp(&x, &y) >= 0) {
        wide_add(&x, &y, true);
    } else {
        wide_add(&y, &x, true);
        x = y;
        negative = b < 0;
    }
    return finish(&x, negative, common, precision, scale, out);
}

bool sp_dec_mul(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out)
{
    sp_dec product;
    if (!__builtin_mul_overflow(a, b, &product))
        return sp_dec_rescale(product, scale_a + scale_b, precision, scale, out);
    wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
    return wide_mul(&x, &y, &x) && finish(&x, (a < 0) != (b < 0), scale_a + scale_b, precision, scale, out);
}

bool sp_dec_div(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out)
{
    /* a/10^sa / (b/10^sb) * 10^s = a * 10^(s - sa + sb) / b */
    int power = scale - scale_a + scale_b;
    wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
    u128 narrow;
    if (!wide_times_pow10(power < 0 ? &y : &x, power < 0 ? -power : power))
        return false;
    divide_half_up(&x, &y, &x);
    return to_u128(&x, &narrow) && fits(narrow, (a < 0) != (b < 0), precision, out);
}

/* Whether v has at most 39 digits when the zeros at its end are taken off. */
static bool is_39_digits(const wide *v)
{
    wide limit = { { 1 } }, w = *v, rest;
    wide_times_pow10(&limit, 39);
    while (wide_cmp(&w, &limit) >= 0) {
        divide_by_limb(&w, 10, &w, &rest);
        if (rest.limb[0])
            return false;
    }
    return true;
}

bool sp_dec_rem(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out)
{
    if (scale_a == scale_b)
        return sp_dec_rescale(a % b, scale_a, precision, scale, out);
    wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b)), quotient;
    int common = scale_a > scale_b ? scale_a : scale_b;
    if (!wide_times_pow10(&x, common - scale_a) || !wide_times_pow10(&y, common - scale_b))
        return false;
    wide_divide(&x, &y, &quotient, &x);
    return is_39_digits(&quotient) && finish(&x, a < 0, common, precision, scale, out);
}

int sp_dec_cmp(sp_dec a, int scale_a, sp_dec b, int scale_b)
{
    sp_dec ten, scaled;
    if (scale_a != scale_b && (a < 0) == (b < 0)) {
        bool widen_a = scale_a < scale_b;
        int power = widen_a ? scale_b - scale_a : scale_a - scale_b;
        ten = power <= 38 ? sp_pow10_table[power] : 0;
        if (ten == 0 || __builtin_mul_overflow(widen_a ? a : b, ten, &scaled)) {
            if ((widen_a ? a : b) == 0)
                scaled = 0;
            else   /* the widened one is past all 128-bit values */
                return (widen_a ? 1 : -1) * (a < 0 ? -1 : 1);
        }
        if (widen_a)
            a = scaled;
        else
            b = scaled;
    }
    return (a > b) - (a < b);
}
