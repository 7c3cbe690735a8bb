/* fn_math.c -- the mathematical functions: roots, logarithms, trigonometry, rounding, conv, bin, width_bucket ...
 *
 * Where Java's StrictMath and C's libm differ it is in the last bit of some transcendental functions. log(x) of x <=
 * 0 is null (nullable UnaryLogExpression); rounding is HALF_UP (bround: HALF_EVEN) on decimal values, doubles going
 * through their shortest text as BigDecimal. Behaviour: mathExpressions.scala. */
#include "function/text_int.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

SP_SIG(bind_d, "d", SP_DOUBLE)
SP_SIG(bind_dd, "dd", SP_DOUBLE)

#define UNARY(name, expression)                                                                                        \
    static sp_status kernel_##name(sp_kernel *k, sp_error *err)                                                        \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) {                                                                                          \
            double x = SP_GET(k, double, 0, i);                                                                        \
            SP_OUT(k, double)[i] = (expression);                                                                       \
        }                                                                                                              \
        return SP_OK;                                                                                                  \
    }
/* null at or below an asymptote */
#define LOGARITHM(name, asymptote, expression)                                                                         \
    static sp_status kernel_##name(sp_kernel *k, sp_error *err)                                                        \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) {                                                                                          \
            double x = SP_GET(k, double, 0, i);                                                                        \
            if (x <= asymptote) sp_kernel_null(k, i);                                                                  \
            else SP_OUT(k, double)[i] = (expression);                                                                  \
        }                                                                                                              \
        return SP_OK;                                                                                                  \
    }
UNARY(acos, acos(x))
UNARY(acosh, log(x + sqrt(x * x - 1.0)))
UNARY(asin, asin(x))
UNARY(asinh, isinf(x) && x < 0 ? x : log(x + sqrt(x * x + 1.0)))
UNARY(atan, atan(x))
UNARY(atanh, 0.5 * (log1p(x) - log1p(-x)))
UNARY(cbrt, cbrt(x))
UNARY(cos, cos(x))
UNARY(cosh, cosh(x))
UNARY(cot, 1 / tan(x))
UNARY(csc, 1 / sin(x))
UNARY(sec, 1 / cos(x))
UNARY(degrees, x *(180.0 / M_PI))
UNARY(radians, x *(M_PI / 180.0))
UNARY(exp, exp(x))
UNARY(expm1, expm1(x))
UNARY(rint, rint(x))
UNARY(signum, x > 0 ? 1.0 : x < 0 ? -1.0 : x)
UNARY(sin, sin(x))
UNARY(sinh, sinh(x))
UNARY(sqrt, sqrt(x))
UNARY(tan, tan(x))
UNARY(tanh, tanh(x))
LOGARITHM(ln, 0, log(x))
LOGARITHM(log2, 0, log(x) / log(2.0))
LOGARITHM(log10, 0, log10(x))
LOGARITHM(log1p, -1, log1p(x))

#define BINARY(name, expression)                                                                                       \
    static sp_status kernel_##name(sp_kernel *k, sp_error *err)                                                        \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) {                                                                                          \
            double x = SP_GET(k, double, 0, i), y = SP_GET(k, double, 1, i);                                          \
            SP_OUT(k, double)[i] = (expression);                                                                       \
        }                                                                                                              \
        return SP_OK;                                                                                                  \
    }
/* Java: pow(1, NaN) and pow(-1, inf) are NaN, where C says 1 */
BINARY(pow, isnan(y) || (isinf(y) && fabs(x) == 1) ? NAN : pow(x, y))
BINARY(atan2, atan2(x + 0.0, y + 0.0))
BINARY(hypot, hypot(x, y))

/* log(base, x) */
static sp_status kernel_log(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        double b = SP_GET(k, double, 0, i), x = SP_GET(k, double, 1, i);
        if (b <= 0 || x <= 0) sp_kernel_null(k, i);
        else SP_OUT(k, double)[i] = log(x) / log(b);
    }
    return SP_OK;
}

static sp_status bind_log(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 1) b->kernel = kernel_ln;
    return sp_bind_sig(b, "dd", SP_DOUBLE, err);
}

static sp_status bind_constant(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_DOUBLE);
    b->nullable = false;
    return SP_OK;
}

static sp_status kernel_pi(sp_kernel *k, sp_error *err) { for (SP_ROWS(k, i)) SP_OUT(k, double)[i] = M_PI;
    return SP_OK; }
static sp_status kernel_e(sp_kernel *k, sp_error *err) { for (SP_ROWS(k, i)) SP_OUT(k, double)[i] = M_E; return SP_OK; }

static sp_status kernel_factorial(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t n = sp_arg_int(k, 0, i), x = 1;
        if (n < 0 || n > 20) { sp_kernel_null(k, i); continue; }
        for (int64_t f = 2; f <= n; f++) x *= f;
        SP_OUT(k, int64_t)[i] = x;
    }
    return SP_OK;
}

SP_SIG(bind_factorial, "i", SP_LONG)

/* ---- rounding ---- */

typedef enum { HALF_UP, HALF_EVEN, FLOOR, CEILING } rounding;
typedef struct round_info { rounding mode; int scale; } round_info;

static const __int128 one = 1;

/* v (at some scale) without its last `drop` digits, rounded; stays without them */
static sp_dec cut(sp_dec v, int drop, rounding mode)
{
    if (drop > 38) return mode == FLOOR && v < 0 ? -one : mode == CEILING && v > 0 ? one : 0;
    sp_dec unit = sp_pow10_table[drop], q = v / unit, r = v % unit;
    if (mode == FLOOR) return r < 0 ? q - 1 : q;
    if (mode == CEILING) return r > 0 ? q + 1 : q;
    sp_dec twice = (r < 0 ? -r : r) * 2;
    if (drop == 38) twice = (r < 0 ? -r : r) >= unit / 2 ? unit : 0;
    bool up = twice > unit || (twice == unit && (mode == HALF_UP || (q & 1)));
    return up ? q + (v < 0 ? -1 : 1) : q;
}

/* BigDecimal(d).setScale(scale, mode): by the shortest text, as Scala's BigDecimal.decimal */
static double round_f64(double d, const round_info *r, bool is_float)
{
    if (!isfinite(d) || d == 0) return d;
    if (r->mode == FLOOR && r->scale == 0) return floor(d);
    if (r->mode == CEILING && r->scale == 0) return ceil(d);
    sp_buf b = { 0 };
    sp_dec v;
    int scale;
    if (is_float) sp_print_f32(&b, (float)d);
    else sp_print_f64(&b, d);
    bool ok = sp_dec_parse((sp_str){ b.data ? b.data : "", b.len }, &v, &scale);
    sp_buf_done(&b);
    if (!ok || scale <= r->scale) return d;
    v = cut(v, scale - r->scale, r->mode);
    /* read back as text: correctly rounded, which v * 10^-scale is not */
    char text[80];
    sp_buf t = { 0 };
    sp_dec_print(&t, v, r->scale > 0 ? r->scale : 0);
    snprintf(text, sizeof text, "%s%s%d", sp_buf_cstr(&t), "e", r->scale < 0 ? -r->scale : 0);
    sp_buf_done(&t);
    return strtod(text, NULL);
}

static sp_status round_integer(sp_kernel *k, const round_info *r, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t v = sp_arg_int(k, 0, i);
        if (r->scale < 0) {
            sp_dec x = -r->scale > 38 ? 0 : cut(v, -r->scale, r->mode) * (-r->scale > 20 ? 0
                : sp_pow10_table[-r->scale]);
            int64_t lo, hi;
            sp_kind t = k->out->type->kind;
            lo = t == SP_BYTE ? INT8_MIN : t == SP_SHORT ? INT16_MIN : t == SP_INT ? INT32_MIN : INT64_MIN;
            hi = -(lo + 1);
            if ((x < lo || x > hi) && k->conf->ansi)
                return sp_fail_overflow(err, "Overflow", NULL);
            v = (int64_t)x;
        }
        sp_vec_put_int(k->out, i, v);
    }
    return SP_OK;
}

static sp_status kernel_round(sp_kernel *k, sp_error *err)
{
    const round_info *r = k->call->state;
    const sp_type *t = k->args[0]->type;
    if (sp_kind_is_integral(t->kind)) return round_integer(k, r, err);
    for (SP_ROWS(k, i)) {
        if (t->kind == SP_DOUBLE) {
            double d = round_f64(SP_GET(k, double, 0, i), r, false);
            if (k->out->type->kind == SP_LONG) SP_OUT(k, int64_t)[i] = d >= 9223372036854775807.0 ? INT64_MAX
                : d <= -9223372036854775808.0 ? INT64_MIN : d != d ? 0 : (int64_t)d;
            else SP_OUT(k, double)[i] = d;
        } else if (t->kind == SP_FLOAT) SP_OUT(k, float)[i] = (float)round_f64((double)SP_GET(k, float, 0, i), r, true);
        else {
            sp_dec v = SP_GET(k, sp_dec, 0, i);
            int to = k->out->type->scale;
            if (t->scale > r->scale) {
                v = cut(v, t->scale - r->scale, r->mode);
                if (r->scale < 0) v = -r->scale > 38 ? 0 : v * sp_pow10_table[-r->scale];
            } else if (!sp_dec_rescale(v, t->scale, 38, to, &v)) v = 0;
            if (sp_dec_digits(v) > k->out->type->precision) {
                if (k->conf->ansi) return sp_fail_overflow(err, "Overflow", NULL);
                sp_kernel_null(k, i);
            }
            SP_OUT(k, sp_dec)[i] = v;
        }
    }
    return SP_OK;
}

static int min_int(int a, int b) { return a < b ? a : b; }
static int max_int(int a, int b) { return a > b ? a : b; }

/* RoundBase.dataType for decimals */
static sp_status round_decimal_type(sp_bind *b, const sp_type *t, int scale, sp_error *err)
{
    int digits = t->precision - t->scale + 1, s = scale < 0 ? 0 : min_int(t->scale, scale);
    int p = scale < 0 ? max_int(digits, -scale + 1) : digits + s;
    return (b->type = sp_type_decimal(b->arena, min_int(p, 38), s, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_rounding(sp_bind *b, rounding mode, sp_error *err)
{
    round_info *r;
    SP_NEW(r, b->arena, sizeof *r, err);
    r->mode = mode;
    b->state = r;
    const sp_type *t = sp_bind_type(b, 0);
    if (!sp_kind_is_numeric(t->kind)) {
        SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_DOUBLE), err));
        t = sp_type_of(SP_DOUBLE);
    }
    if (b->arg_count > 1) {
        sp_value v;
        SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
        SP_TRY(sp_bind_constant(b, 1, "scale", &v, err));
        if (v.is_null) b->nullable = true;
        r->scale = v.is_null ? 0 : (int)v.i64;
    }
    if (t->kind == SP_DECIMAL) return round_decimal_type(b, t, r->scale, err);
    b->type = t;
    if (mode < FLOOR) return SP_OK;
    /* floor and ceil of what is no decimal give BIGINT; with a scale they go through decimal */
    if (b->arg_count == 1) {
        if (t->kind != SP_DOUBLE && t->kind != SP_LONG) b->want[0] = sp_kind_is_integral(t->kind) ? sp_type_of(SP_LONG)
            : sp_type_of(SP_DOUBLE);
        b->type = sp_type_of(SP_LONG);
        return SP_OK;
    }
    const sp_type *d = sp_decimal_for(t);
    b->want[0] = d;
    return round_decimal_type(b, d, r->scale, err);
}

static sp_status bind_round(sp_bind *b, sp_error *err) { return bind_rounding(b, HALF_UP, err); }
static sp_status bind_bround(sp_bind *b, sp_error *err) { return bind_rounding(b, HALF_EVEN, err); }
static sp_status bind_floor(sp_bind *b, sp_error *err) { return bind_rounding(b, FLOOR, err); }
static sp_status bind_ceil(sp_bind *b, sp_error *err) { return bind_rounding(b, CEILING, err); }

/* ---- bin, conv, width_bucket ---- */

SP_SIG(bind_bin, "l", SP_STRING)

static sp_status kernel_bin(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        uint64_t v = (uint64_t)sp_arg_int(k, 0, i);
        char text[64];
        int n = 64;
        do text[--n] = (char)('0' + (v & 1)); while (v >>= 1);
        SP_TRY(sp_put_copy(k, i, text + n, (size_t)(64 - n), err));
    }
    return SP_OK;
}

SP_SIG(bind_conv, "sii", SP_STRING)

/* NumberConverter.convert: unsigned 64 bits, saturating (failing under ANSI); a negative to-base prints a signed
 * number */
static sp_status kernel_conv(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_str_trim(sp_arg_str(k, 0, i));
        int64_t from = sp_arg_int(k, 1, i), to = sp_arg_int(k, 2, i), to_abs = to < 0 ? -to : to;
        if (from < 2 || from > 36 || to_abs < 2 || to_abs > 36 || s.n == 0) { sp_kernel_null(k, i); continue; }
        bool negative = s.p[0] == '-', over = false;
        uint64_t v = 0;
        for (size_t c = negative; c < s.n; c++) {
            int d = s.p[c] >= '0' && s.p[c] <= '9' ? s.p[c] - '0' : (s.p[c] | 32) >= 'a' && (s.p[c] | 32) <= 'z'
                ? (s.p[c] | 32) - 'a' + 10 : 99;
            if (d >= from) break;
            if (__builtin_mul_overflow(v, (uint64_t)from, &v) ||
                __builtin_add_overflow(v, (uint64_t)d, &v)) over = true;
            if (over) break;
        }
        if (over) {
            if (k->conf->ansi) return sp_fail_overflow(err, "Overflow in function conv()", NULL);
            v = UINT64_MAX;
        }
        if (negative && to > 0) v = (int64_t)v < 0 ? UINT64_MAX : 0 - v;
        if (to < 0 && (int64_t)v < 0 && !negative) { v = 0 - v; negative = true; }
        char text[72];
        int n = 72;
        do text[--n] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[v % (uint64_t)to_abs]; while (v /= (uint64_t)to_abs);
        if (negative && to < 0) text[--n] = '-';
        SP_TRY(sp_put_copy(k, i, text + n, (size_t)(72 - n), err));
    }
    return SP_OK;
}

static sp_status bind_width_bucket(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME) {
        for (int i = 1; i < 3; i++) b->want[i] = t;
        SP_TRY(sp_bind_want(b, 3, sp_type_of(SP_LONG), err));
        b->type = sp_type_of(SP_LONG);
        return SP_OK;
    }
    return sp_bind_sig(b, "dddl", SP_LONG, err);
}

static sp_status kernel_width_bucket(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        double v = sp_arg_f64(k, 0, i), lo = sp_arg_f64(k, 1, i), hi = sp_arg_f64(k, 2, i);
        int64_t n = sp_arg_int(k, 3, i);
        if (n <= 0 || n == INT64_MAX || v != v || lo == hi || !isfinite(lo) || !isfinite(hi)) { sp_kernel_null(k, i); continue; }
        double lower = lo < hi ? lo : hi, upper = lo < hi ? hi : lo;
        int64_t x;
        if (lo < hi) x = v < lower ? 0 : v >= upper ? n + 1 : (int64_t)(n * (v - lower) / (upper - lower)) + 1;
        else x = v > upper ? 0 : v <= lower ? n + 1 : (int64_t)(n * (upper - v) / (upper - lower)) + 1;
        SP_OUT(k, int64_t)[i] = x;
    }
    return SP_OK;
}

#define D1(name, fn, since, doc) { name, 1, 1, 0, bind_d, kernel_##fn, since, doc }
extern const sp_function sp_family_math[];
const sp_function sp_family_math[] = {
    D1("acos", acos, "1.4.0", "acos(x)"), D1("acosh", acosh, "3.0.0", "acosh(x)"), D1("asin", asin, "1.4.0", "asin(x)"),
    D1("asinh", asinh, "3.0.0", "asinh(x)"), D1("atan", atan, "1.4.0", "atan(x)"),
        D1("atanh", atanh, "3.0.0", "atanh(x)"),
    D1("cbrt", cbrt, "1.4.0", "cbrt(x): cube root"), D1("cos", cos, "1.4.0", "cos(x)"),
        D1("cosh", cosh, "1.4.0", "cosh(x)"),
    D1("cot", cot, "2.3.0", "cot(x)"), D1("csc", csc, "3.3.0", "csc(x)"), D1("sec", sec, "3.3.0", "sec(x)"),
    D1("degrees", degrees, "1.4.0", "degrees(x)"), D1("radians", radians, "1.4.0", "radians(x)"),
        D1("exp", exp, "1.4.0", "exp(x)"),
    D1("expm1", expm1, "1.4.0", "expm1(x): exp(x) - 1"),
        D1("rint", rint, "1.4.0", "rint(x): the nearest integer, ties to even"),
    D1("signum", signum, "1.4.0", "signum(x)"), D1("sign", signum, "1.4.0", "sign(x)"),
        D1("sin", sin, "1.4.0", "sin(x)"),
    D1("sinh", sinh, "1.4.0", "sinh(x)"), D1("sqrt", sqrt, "1.1.1", "sqrt(x)"), D1("tan", tan, "1.4.0", "tan(x)"),
        D1("tanh", tanh, "1.4.0", "tanh(x)"),
    { "ln", 1, 1, SP_FN_MAY_BE_NULL, bind_d, kernel_ln, "1.4.0", "ln(x)" },
    { "log2", 1, 1, SP_FN_MAY_BE_NULL, bind_d, kernel_log2, "1.4.0", "log2(x)" },
    { "log10", 1, 1, SP_FN_MAY_BE_NULL, bind_d, kernel_log10, "1.4.0", "log10(x)" },
    { "log1p", 1, 1, SP_FN_MAY_BE_NULL, bind_d, kernel_log1p, "1.4.0", "log1p(x): ln(1 + x)" },
    { "log", 1, 2, SP_FN_MAY_BE_NULL, bind_log, kernel_log, "1.5.0", "log([base, ]x)" },
    { "pow", 2, 2, 0, bind_dd, kernel_pow, "1.4.0", "pow(x, y)" },
    { "power", 2, 2, 0, bind_dd, kernel_pow, "1.4.0", "power(x, y)" },
    { "atan2", 2, 2, 0, bind_dd, kernel_atan2, "1.4.0", "atan2(y, x)" },
    { "hypot", 2, 2, 0, bind_dd, kernel_hypot, "1.4.0", "hypot(x, y)" },
    { "pi", 0, 0, 0, bind_constant, kernel_pi, "1.5.0", "pi()" },
    { "e", 0, 0, 0, bind_constant, kernel_e, "1.5.0", "e()" },
    { "factorial", 1, 1, SP_FN_MAY_BE_NULL, bind_factorial, kernel_factorial, "1.5.0", "factorial(n), n from 0 to 20" },
    { "round", 1, 2, 0, bind_round, kernel_round, "1.5.0", "round(x[, scale]): HALF_UP" },
    { "bround", 1, 2, 0, bind_bround, kernel_round, "2.0.0", "bround(x[, scale]): HALF_EVEN" },
    { "floor", 1, 2, 0, bind_floor, kernel_round, "1.4.0", "floor(x[, scale])" },
    { "ceil", 1, 2, 0, bind_ceil, kernel_round, "1.4.0", "ceil(x[, scale])" },
    { "ceiling", 1, 2, 0, bind_ceil, kernel_round, "1.4.0", "ceiling(x[, scale])" },
    { "bin", 1, 1, 0, bind_bin, kernel_bin, "1.5.0", "bin(n): in binary digits" },
    { "conv", 3, 3, SP_FN_MAY_BE_NULL, bind_conv, kernel_conv, "1.5.0", "conv(number, from base, to base)" },
    { "width_bucket", 4, 4, SP_FN_MAY_BE_NULL, bind_width_bucket, kernel_width_bucket, "3.1.0",
        "width_bucket(v, min, max, buckets)" },
    { 0 }
};
