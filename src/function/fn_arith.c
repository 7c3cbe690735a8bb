/* fn_arith.c -- + - * / % div pmod, unary minus and plus, abs, and their try_ forms, over numbers.
 *
 * Integers are computed by typed loops with overflow builtins; floats plainly; decimals by sp_dec_* with the
 * result's precision and scale (DecimalPrecision, adjustPrecisionScale). Dates, timestamps and intervals with + - *
 * / go to fn_interval.c (sp_bind_interval_arith). ANSI: overflow and division by zero fail; legacy: wrap, null.
 * Behaviour: catalyst's arithmetic.scala and MathUtils. */
#include "function/function_int.h"
#include <math.h>
#include <stdio.h>

typedef enum { ADD, SUB, MUL, DIV, REM, PMOD, IDIV, OP_COUNT } arith_op;
typedef struct arith { arith_op op; bool try_, ansi; const sp_type *left, *right; } arith;

static const char *const symbols[OP_COUNT] = { "+", "-", "*", "/", "%", "pmod", "div" };
static const char *const try_names[OP_COUNT] = { "try_add", "try_subtract", "try_multiply", "try_divide", "try_mod",
    "try_mod", "try_divide" };

/* fn_interval.c */
sp_status sp_bind_interval_arith(sp_bind *b, const char *op, bool try_, bool *done, sp_error *err);

sp_status sp_fail_overflow(sp_error *err, const char *message, const char *try_function)
{
    char alternative[96];
    alternative[0] = 0;
    if (try_function) snprintf(alternative, sizeof alternative,
        " Use `%s` to tolerate overflow and return NULL instead.", try_function);
    return SP_FAIL(err, ARITHMETIC_OVERFLOW, "message", message, "alternative", alternative, "config",
        "\"spark.sql.ansi.enabled\"");
}

/* Tiny integers say what overflowed, the others "integer overflow" and "long overflow" (Math.addExact). */
static sp_status overflow(sp_kernel *k, const arith *a, uint32_t i, sp_error *err)
{
    if (a->try_) { sp_kernel_null(k, i); return SP_OK; }
    sp_kind t = k->args[0]->type->kind;
    if (t == SP_BYTE || t == SP_SHORT) {
        char x[32], y[32];
        const char *suffix = t == SP_BYTE ? "Y" : "S";
        snprintf(x, sizeof x, "%lld%s", (long long)sp_arg_int(k, 0, i), suffix);
        snprintf(y, sizeof y, "%lld%s", (long long)sp_arg_int(k, 1, i), suffix);
        return SP_FAIL(err, BINARY_ARITHMETIC_OVERFLOW, "value1", x, "symbol", symbols[a->op], "value2", y,
            "functionName", try_names[a->op]);
    }
    return sp_fail_overflow(err, t == SP_LONG ? "long overflow" : "integer overflow", try_names[a->op]);
}

static sp_status by_zero(sp_kernel *k, const arith *a, uint32_t i, sp_error *err)
{
    if (a->try_ || !a->ansi) { sp_kernel_null(k, i); return SP_OK; }
    if (a->op == REM || a->op == PMOD) return SP_FAIL(err, REMAINDER_BY_ZERO, "config", "\"spark.sql.ansi.enabled\"");
    return SP_FAIL(err, DIVIDE_BY_ZERO, "config", "\"spark.sql.ansi.enabled\"");
}

/* One row: add, sub, mul of a type with an overflow builtin; wrap is what legacy mode gives. */
#define INTEGER_OP(NAME, T, U, BUILTIN)                                                                                \
    static sp_status NAME(sp_kernel *k, sp_error *err)                                                                 \
    {                                                                                                                  \
        const arith *a = k->call->state;                                                                               \
        const T *x = k->args[0]->data, *y = k->args[1]->data;                                                         \
        uint32_t mx = k->args[0]->form == SP_CONST ? 0 : ~0u, my = k->args[1]->form == SP_CONST ? 0 : ~0u;           \
        T *o = k->out->data;                                                                                           \
        bool checked = a->ansi || a->try_;                                                                            \
        if (!k->sel) {      /* without a branch a row; where something overflowed is looked for afterwards */          \
            unsigned bad = 0;                                                                                          \
            for (uint32_t i = 0; i < k->count; i++) bad |= (unsigned)BUILTIN(x[i & mx], y[i & my], &o[i]);            \
            if (!bad || !checked) return SP_OK;                                                                       \
        }                                                                                                              \
        for (SP_ROWS(k, i))                                                                                            \
            if (BUILTIN(x[i & mx], y[i & my], &o[i]) && checked) SP_TRY(overflow(k, a, i, err));                      \
        return SP_OK;                                                                                                  \
    }
#define INTEGER_OPS(T, U, S)                                                                                           \
    INTEGER_OP(add_##S, T, U, __builtin_add_overflow)                                                                 \
    INTEGER_OP(sub_##S, T, U, __builtin_sub_overflow)                                                                 \
    INTEGER_OP(mul_##S, T, U, __builtin_mul_overflow)
INTEGER_OPS(int8_t, uint8_t, i8)
INTEGER_OPS(int16_t, uint16_t, i16)
INTEGER_OPS(int32_t, uint32_t, i32)
INTEGER_OPS(int64_t, uint64_t, i64)

#define FLOAT_OP(NAME, T, EXPR)                                                                                        \
    static sp_status NAME(sp_kernel *k, sp_error *err)                                                                 \
    {                                                                                                                  \
        const T *x = k->args[0]->data, *y = k->args[1]->data;                                                         \
        uint32_t mx = k->args[0]->form == SP_CONST ? 0 : ~0u, my = k->args[1]->form == SP_CONST ? 0 : ~0u;           \
        T *o = k->out->data;                                                                                           \
        for (uint32_t i = 0; i < k->rows; i++) { T l = x[i & mx], r = y[i & my]; o[i] = EXPR; }                       \
        return SP_OK;                                                                                                  \
    }
FLOAT_OP(add_f32, float, l + r)
FLOAT_OP(sub_f32, float, l - r)
FLOAT_OP(mul_f32, float, l *r)
FLOAT_OP(add_f64, double, l + r)
FLOAT_OP(sub_f64, double, l - r)
FLOAT_OP(mul_f64, double, l *r)

static sp_status div_f64(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    for (SP_ROWS(k, i)) {
        double r = SP_GET(k, double, 1, i);
        if (r == 0) SP_TRY(by_zero(k, a, i, err));
        else SP_OUT(k, double)[i] = SP_GET(k, double, 0, i) / r;
    }
    return SP_OK;
}

static double rem_f64(double l, double r, arith_op op)
{
    double x = fmod(l, r);
    return op == PMOD && x < 0 ? fmod(x + r, r) : x;
}

static sp_status rem_float(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    for (SP_ROWS(k, i)) {
        double l = sp_arg_f64(k, 0, i), r = sp_arg_f64(k, 1, i);
        if (r == 0) { SP_TRY(by_zero(k, a, i, err)); continue; }
        double x = rem_f64(l, r, a->op);
        if (k->out->type->kind == SP_FLOAT) SP_OUT(k, float)[i] = (float)x;
        else SP_OUT(k, double)[i] = x;
    }
    return SP_OK;
}

static sp_status rem_integer(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    for (SP_ROWS(k, i)) {
        int64_t l = sp_arg_int(k, 0, i), r = sp_arg_int(k, 1, i);
        if (r == 0) { SP_TRY(by_zero(k, a, i, err)); continue; }
        int64_t x = r == -1 ? 0 : l % r;
        if (a->op == PMOD && x < 0) x = r == -1 ? 0 : (int64_t)(((__int128)x + r) % r);
        sp_vec_put_int(k->out, i, x);
    }
    return SP_OK;
}

/* div: BIGINT result whatever the operands */
static sp_status idiv_integer(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    for (SP_ROWS(k, i)) {
        int64_t l = sp_arg_int(k, 0, i), r = sp_arg_int(k, 1, i);
        if (r == 0) { SP_TRY(by_zero(k, a, i, err)); continue; }
        if (r == -1 && l == INT64_MIN && (a->ansi || a->try_)) { SP_TRY(a->try_ ? overflow(k, a, i, err)
            : sp_fail_overflow(err, "Overflow in integral divide", "try_divide")); continue; }
        SP_OUT(k, int64_t)[i] = r == -1 ? (int64_t)(0 - (uint64_t)l) : l / r;
    }
    return SP_OK;
}

static bool dec_compute(const arith *a, sp_dec l, sp_dec r, const sp_type *out, sp_dec *o)
{
    int p = out->precision, s = out->scale, ls = a->left->scale, rs = a->right->scale;
    switch (a->op) {
    case ADD: return sp_dec_add(l, r, ls, rs, p, s, o);
    case SUB: return sp_dec_add(l, -r, ls, rs, p, s, o);
    case MUL: return sp_dec_mul(l, r, ls, rs, p, s, o);
    case DIV: return sp_dec_div(l, r, ls, rs, p, s, o);
    default: return sp_dec_rem(l, r, ls, rs, p, s, o);
    }
}

static sp_status refuse_decimal(sp_kernel *k, const arith *a, uint32_t i, sp_dec l, sp_dec r, sp_error *err)
{
    if (a->try_ || !a->ansi) { sp_kernel_null(k, i); return SP_OK; }
    int wide = a->left->scale + a->right->scale, scale = wide;
    sp_dec v;
    const sp_type *t = k->out->type;
    bool known = dec_compute(a, l, r, &(sp_type){ .kind = SP_DECIMAL, .precision = 38,
        .scale = (uint8_t)(a->op == MUL ? wide : a->left->scale > a->right->scale ? a->left->scale
            : a->right->scale) }, &v);
    if (a->op != MUL) scale = a->left->scale > a->right->scale ? a->left->scale : a->right->scale;
    char p[8], s[8];
    snprintf(p, sizeof p, "%d", t->precision);
    snprintf(s, sizeof s, "%d", t->scale);
    sp_buf text = { 0 };
    if (known) sp_dec_print(&text, v, scale);
    else {      /* past 38 digits: said with as many as a double has */
        double d = sp_dec_to_f64(l, a->left->scale), e = sp_dec_to_f64(r, a->right->scale);
        sp_buf_printf(&text, "%.0f", a->op == ADD ? d + e : a->op == SUB ? d - e : a->op == MUL ? d * e : d / e);
    }
    SP_FAIL(err, NUMERIC_VALUE_OUT_OF_RANGE__WITH_SUGGESTION, "value", sp_buf_cstr(&text), "precision", p, "scale", s,
        "config",
            "\"spark.sql.ansi.enabled\"");
    sp_buf_done(&text);
    return SP_FAILED;
}

static sp_status decimal_op(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    bool divides = a->op == DIV || a->op == REM || a->op == PMOD;
    for (SP_ROWS(k, i)) {
        sp_dec l = SP_GET(k, sp_dec, 0, i), r = SP_GET(k, sp_dec, 1, i), x;
        if (divides && r == 0) { SP_TRY(by_zero(k, a, i, err)); continue; }
        if (!dec_compute(a, l, r, k->out->type, &x)) { SP_TRY(refuse_decimal(k, a, i, l, r, err)); continue; }
        if (a->op == PMOD && x < 0) {   /* both at the result's scale now */
            sp_dec m;
            if (sp_dec_rescale(r, a->right->scale, 38, k->out->type->scale, &m)) x = (x + m) % m;
        }
        SP_OUT(k, sp_dec)[i] = x;
    }
    return SP_OK;
}

static sp_status idiv_decimal(sp_kernel *k, sp_error *err)
{
    const arith *a = k->call->state;
    for (SP_ROWS(k, i)) {
        sp_dec l = SP_GET(k, sp_dec, 0, i), r = SP_GET(k, sp_dec, 1, i), ll, rr;
        if (r == 0) { SP_TRY(by_zero(k, a, i, err)); continue; }
        int s = a->left->scale > a->right->scale ? a->left->scale : a->right->scale;
        if (!sp_dec_rescale(l, a->left->scale, 38, s, &ll) || !sp_dec_rescale(r, a->right->scale, 38, s, &rr)) {
            SP_OUT(k, int64_t)[i] = (int64_t)(sp_dec_to_f64(l, a->left->scale) / sp_dec_to_f64(r, a->right->scale));
            continue;
        }
        SP_OUT(k, int64_t)[i] = (int64_t)(ll / rr);
    }
    return SP_OK;
}

/* ---- types ---- */

static const sp_type *decimal_result(sp_bind *b, arith_op op, const sp_type *x, const sp_type *y, sp_error *err)
{
    int p1 = x->precision, s1 = x->scale, p2 = y->precision, s2 = y->scale, s = s1 > s2 ? s1 : s2;
    int d1 = p1 - s1, d2 = p2 - s2;
    switch (op) {
    case ADD: case SUB: return sp_decimal_adjusted(b->arena, (d1 > d2 ? d1 : d2) + s + 1, s, err);
    case MUL: return sp_decimal_adjusted(b->arena, p1 + p2 + 1, s1 + s2, err);
    case DIV: s = s1 + p2 + 1 > 6 ? s1 + p2 + 1 : 6; return sp_decimal_adjusted(b->arena, d1 + s2 + s, s, err);
    default: return sp_decimal_adjusted(b->arena, (d1 < d2 ? d1 : d2) + s, s, err);
    }
}

typedef sp_status (*kernel_fn)(sp_kernel *k, sp_error *err);

static kernel_fn pick_kernel(arith_op op, sp_kind t)
{
    static const kernel_fn table[3][6] = { { add_i8, add_i16, add_i32, add_i64, add_f32, add_f64 },
                                           { sub_i8, sub_i16, sub_i32, sub_i64, sub_f32, sub_f64 },
                                           { mul_i8, mul_i16, mul_i32, mul_i64, mul_f32, mul_f64 } };
    int rank = sp_numeric_rank(t);
    if (op <= MUL) return table[op][rank];
    if (op == DIV) return div_f64;
    if (op == IDIV) return idiv_integer;
    return rank >= 4 ? rem_float : rem_integer;
}

static sp_status fail_operand(sp_bind *b, const sp_type *t, bool diff, sp_error *err)
{
    if (diff)
        return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "left",
            sp_bind_arg_type(b, 0), "right",
                       sp_bind_arg_type(b, 1));
    const char *name = b->call->function->name;
    bool div = !strcmp(name, "/") || !strcmp(name, "try_divide");
    const char *want = !strcmp(name, "+") || !strcmp(name, "-")
        ? "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")"
                       : div ? "(\"DOUBLE\" or \"DECIMAL\")" : !strcmp(name, "div")
                           ? "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")"
                       : "\"NUMERIC\"";
    return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_WRONG_TYPE, "sqlExpr", sp_bind_sql(b), "inputType", want,
        "actualDataType",
                   sp_type_sql_quoted(b->arena, t));
}

static sp_status bind_decimal(sp_bind *b, arith *a, sp_error *err)
{
    a->left = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    a->right = b->want[1] ? b->want[1] : sp_bind_type(b, 1);
    if (a->op == IDIV) { b->type = sp_type_of(SP_LONG); b->kernel = idiv_decimal; return SP_OK; }
    b->kernel = decimal_op;
    b->nullable |= !a->ansi || a->try_;
    return (b->type = decimal_result(b, a->op, a->left, a->right, err)) ? SP_OK : SP_FAILED;
}

/* DivisionRule, IntegralDivisionRule: what is divided is DOUBLE (BIGINT for div) unless decimal. */
static void widen_division(sp_bind *b, arith_op op, const sp_type **t)
{
    if (op == DIV && sp_kind_is_numeric((*t)->kind)) b->want[0] = b->want[1] = *t = sp_type_of(SP_DOUBLE);
    if (op == IDIV && sp_kind_is_integral((*t)->kind)) b->want[0] = b->want[1] = *t = sp_type_of(SP_LONG);
}

static sp_status bind_arith(sp_bind *b, arith_op op, bool try_, sp_error *err)
{
    bool done = false;
    if (op != PMOD && op != REM) SP_TRY(sp_bind_interval_arith(b, symbols[op], try_, &done, err));
    if (done) return SP_OK;
    arith *a;
    SP_NEW(a, b->arena, sizeof *a, err);
    *a = (arith){ .op = op, .try_ = try_, .ansi = b->conf->ansi };
    b->state = a;
    const sp_type *t;
    SP_TRY(sp_bind_operands(b, true, false, &t, err));
    const sp_type *x = b->want[0] ? b->want[0] : sp_bind_type(b, 0), *y = b->want[1] ? b->want[1] : sp_bind_type(b, 1);
    if (x->kind == SP_DECIMAL && y->kind == SP_DECIMAL) return bind_decimal(b, a, err);
    if (t && t->kind == SP_VOID) {
        t = sp_type_of(op == IDIV ? SP_LONG : SP_DOUBLE);
        b->want[0] = b->want[1] = t;
    }
    if (!t) return fail_operand(b, x, true, err);
    if (!sp_kind_is_numeric(t->kind)) return fail_operand(b, t,
        !sp_type_same(sp_bind_type(b, 0), sp_bind_type(b, 1)) && sp_bind_type(b, 0)->kind != SP_STRING &&
            sp_bind_type(b, 1)->kind != SP_STRING, err);
    widen_division(b, op, &t);
    if (op == IDIV && t->kind != SP_LONG) return fail_operand(b, t, false, err);
    b->type = op == IDIV ? sp_type_of(SP_LONG) : t;
    b->kernel = pick_kernel(op, t->kind);
    bool may_null = try_ || (!a->ansi && op >= DIV);
    b->nullable |= may_null;
    return SP_OK;
}

#define BIND(fn, op, try_) static sp_status fn(sp_bind *b, sp_error *err) { return bind_arith(b, op, try_, err); }
BIND(bind_add, ADD, false)
BIND(bind_mul, MUL, false)
BIND(bind_div, DIV, false)
BIND(bind_rem, REM, false)
BIND(bind_pmod, PMOD, false)
BIND(bind_idiv, IDIV, false)
BIND(bind_try_add, ADD, true)
BIND(bind_try_sub, SUB, true)
BIND(bind_try_mul, MUL, true)
BIND(bind_try_div, DIV, true)
BIND(bind_try_rem, REM, true)

/* ---- one operand ---- */

typedef enum { NEGATE, PLUS, ABS } unary_op;

static sp_status unary(sp_kernel *k, bool only_negative, sp_error *err)
{
    bool ansi = k->conf->ansi;
    sp_kind t = k->out->type->kind;
    int64_t lo = t == SP_BYTE ? INT8_MIN : t == SP_SHORT ? INT16_MIN : t == SP_INT || t == SP_YEAR_MONTH ? INT32_MIN
        : INT64_MIN;
    bool interval = t == SP_YEAR_MONTH || t == SP_DAY_TIME;
    for (SP_ROWS(k, i)) {
        if (t == SP_DOUBLE) { double d = SP_GET(k, double, 0, i); SP_OUT(k, double)[i] = only_negative ? fabs(d) : -d; continue; }
        if (t == SP_FLOAT) { float f = SP_GET(k, float, 0, i); SP_OUT(k, float)[i] = only_negative ? fabsf(f) : -f; continue; }
        if (t == SP_DECIMAL) { sp_dec d = SP_GET(k, sp_dec, 0, i); SP_OUT(k, sp_dec)[i] = only_negative && d >= 0 ? d
            : -d; continue; }
        if (t == SP_CALENDAR) {
            sp_calendar c = SP_GET(k, sp_calendar, 0, i);
            SP_OUT(k, sp_calendar)[i] = (sp_calendar){ -c.months, -c.days, -c.us };
            continue;
        }
        int64_t v = sp_arg_int(k, 0, i);
        if (v == lo && interval) return SP_FAIL(err, INTERVAL_ARITHMETIC_OVERFLOW__WITHOUT_SUGGESTION);
        if (v == lo && ansi) {
            if (t == SP_BYTE || t == SP_SHORT) {
                char message[64];
                snprintf(message, sizeof message, "%s caused overflow.",
                    sp_vec_sql_at(k->args[0], i, k->conf, k->arena));
                return sp_fail_overflow(err, message, NULL);
            }
            return sp_fail_overflow(err, t == SP_LONG ? "long overflow" : "integer overflow", NULL);
        }
        sp_vec_put_int(k->out, i, only_negative && v >= 0 ? v : (int64_t)(0 - (uint64_t)v));
    }
    return SP_OK;
}

static sp_status kernel_negate(sp_kernel *k, sp_error *err) { return unary(k, false, err); }
static sp_status kernel_abs(sp_kernel *k, sp_error *err) { return unary(k, true, err); }

static sp_status kernel_positive(sp_kernel *k, sp_error *err)
{
    memcpy(k->out->data, k->args[0]->data, sp_kind_width(k->out->type->kind) * (k->args[0]->form == SP_CONST ? 1
        : k->rows));
    return SP_OK;
}

static sp_status bind_unary(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    bool abs = !strcmp(b->call->function->name, "abs");
    bool interval = t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME || (t->kind == SP_CALENDAR && !abs);
    if (!sp_kind_is_numeric(t->kind) && !interval) {
        if (t->kind != SP_STRING && t->kind != SP_VOID)
            return sp_bind_fail_type(b, 0, abs
                ? "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")"
                                               : "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")",
                                                   err);
        b->want[0] = t = sp_type_of(SP_DOUBLE);
    }
    b->type = t;
    return SP_OK;
}

/* "-" with one argument is the sign */
static sp_status bind_minus(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 2) return bind_arith(b, SUB, false, err);
    b->kernel = kernel_negate;
    return bind_unary(b, err);
}

static sp_status bind_plus(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 2) return bind_add(b, err);
    b->kernel = kernel_positive;
    return bind_unary(b, err);
}

extern const sp_function sp_family_arith[];
const sp_function sp_family_arith[] = {
    { "+", 1, 2, SP_FN_OPERATOR, bind_plus, NULL, "1.0.0", "a + b: the sum" },
    { "-", 1, 2, SP_FN_OPERATOR, bind_minus, NULL, "1.0.0", "a - b: the difference" },
    { "*", 2, 2, SP_FN_OPERATOR, bind_mul, NULL, "1.0.0", "a * b: the product" },
    { "/", 2, 2, SP_FN_OPERATOR, bind_div, NULL, "1.0.0", "a / b: the quotient, always fractional" },
    { "%", 2, 2, SP_FN_OPERATOR, bind_rem, NULL, "1.0.0", "a % b: the remainder" },
    { "mod", 2, 2, SP_FN_OPERATOR, bind_rem, NULL, "2.3.0", "mod(a, b): the remainder" },
    { "div", 2, 2, SP_FN_OPERATOR, bind_idiv, NULL, "3.0.0", "a div b: the integral part of the quotient" },
    { "pmod", 2, 2, 0, bind_pmod, NULL, "1.5.0", "pmod(a, b): a modulo b, never negative for b > 0" },
    { "negative", 1, 1, 0, bind_unary, kernel_negate, "1.0.0", "negative(a): -a" },
    { "positive", 1, 1, 0, bind_unary, kernel_positive, "1.5.0", "positive(a): a" },
    { "abs", 1, 1, 0, bind_unary, kernel_abs, "1.2.0", "abs(a): the absolute value" },
    { "try_add", 2, 2, SP_FN_MAY_BE_NULL, bind_try_add, NULL, "3.2.0", "try_add(a, b): the sum, null on overflow" },
    { "try_subtract", 2, 2, SP_FN_MAY_BE_NULL, bind_try_sub, NULL, "3.3.0",
        "try_subtract(a, b): the difference, null on overflow" },
    { "try_multiply", 2, 2, SP_FN_MAY_BE_NULL, bind_try_mul, NULL, "3.3.0",
        "try_multiply(a, b): the product, null on overflow" },
    { "try_divide", 2, 2, SP_FN_MAY_BE_NULL, bind_try_div, NULL, "3.2.0",
        "try_divide(a, b): the quotient, null on division by zero" },
    { "try_mod", 2, 2, SP_FN_MAY_BE_NULL, bind_try_rem, NULL, "4.0.0",
        "try_mod(a, b): the remainder, null on division by zero" },
    { 0 }
};
