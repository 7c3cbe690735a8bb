/* fn_bits.c -- bitwise operators and functions (bitwiseExpressions.scala): & | ^ ~ shifts, bit_count, bit_get. */
#include "function/function_int.h"

typedef enum { AND, OR, XOR } bit_op;

static sp_status bind_bitwise(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_operands(b, false, false, &t, err));
    if (t && sp_kind_is_integral(t->kind)) { b->type = t; return SP_OK; }
    if (t && t->kind == SP_VOID) { b->type = b->want[0] = b->want[1] = sp_type_of(SP_INT); return SP_OK; }
    if (!t)
        return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "left",
            sp_bind_arg_type(b, 0), "right", sp_bind_arg_type(b, 1));
    return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_WRONG_TYPE, "sqlExpr", sp_bind_sql(b), "inputType",
        "\"INTEGRAL\"", "actualDataType",
                   sp_type_sql_quoted(b->arena, t));
}

static sp_status bitwise(sp_kernel *k, bit_op op)
{
    for (SP_ROWS(k, i)) {
        int64_t x = sp_arg_int(k, 0, i), y = sp_arg_int(k, 1, i);
        sp_vec_put_int(k->out, i, op == AND ? (x & y) : op == OR ? (x | y) : (x ^ y));
    }
    return SP_OK;
}

static sp_status kernel_and(sp_kernel *k, sp_error *err) { return bitwise(k, AND); }
static sp_status kernel_or(sp_kernel *k, sp_error *err) { return bitwise(k, OR); }
static sp_status kernel_xor(sp_kernel *k, sp_error *err) { return bitwise(k, XOR); }

static sp_status bind_not(sp_bind *b, sp_error *err)
{
    if (!sp_kind_is_integral(sp_bind_type(b, 0)->kind)) return sp_bind_fail_type(b, 0, "\"INTEGRAL\"", err);
    b->type = sp_bind_type(b, 0);
    return SP_OK;
}

static sp_status kernel_not(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) sp_vec_put_int(k->out, i, ~sp_arg_int(k, 0, i));
    return SP_OK;
}

static sp_status bind_shift(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "gi", SP_INT, err));
    if (sp_bind_type(b, 0)->kind == SP_LONG) b->type = sp_type_of(SP_LONG);
    return SP_OK;
}

/* Java's shifts: the distance modulo the width */
#define SHIFT(kernel, narrow, wide)                                                                                    \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        bool is_long = k->out->type->kind == SP_LONG;                                                                  \
        for (SP_ROWS(k, i)) {                                                                                          \
            int64_t x = sp_arg_int(k, 0, i);                                                                           \
            int n = (int)sp_arg_int(k, 1, i);                                                                          \
            if (is_long) { n &= 63; SP_OUT(k, int64_t)[i] = (int64_t)(wide); }                                         \
            else { n &= 31; SP_OUT(k, int32_t)[i] = (int32_t)(narrow); }                                               \
        }                                                                                                              \
        return SP_OK;                                                                                                  \
    }
SHIFT(kernel_left, (uint32_t)x << n, (uint64_t)x << n)
SHIFT(kernel_right, (int32_t)x >> n, x >> n)
SHIFT(kernel_right_unsigned, (uint32_t)x >> n, (uint64_t)x >> n)

static sp_status bind_count(sp_bind *b, sp_error *err)
{
    sp_kind t = sp_bind_type(b, 0)->kind;
    if (!sp_kind_is_integral(t) && t != SP_BOOLEAN && t != SP_VOID) return sp_bind_fail_type(b, 0,
        "(\"INTEGRAL\" or \"BOOLEAN\")", err);
    b->type = sp_type_of(SP_INT);
    return SP_OK;
}

static sp_status kernel_count(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = __builtin_popcountll((uint64_t)sp_arg_int(k, 0, i));
    return SP_OK;
}

static sp_status bind_get(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "Ii", SP_BYTE, err));
    return SP_OK;
}

static sp_status kernel_get(sp_kernel *k, sp_error *err)
{
    int bits = (int)sp_kind_width(k->args[0]->type->kind) * 8;
    for (SP_ROWS(k, i)) {
        int64_t n = sp_arg_int(k, 1, i);
        if (n < 0 || n >= bits) {
            return SP_FAIL(err, INVALID_PARAMETER_VALUE__BIT_POSITION_RANGE, "parameter", "`pos`", "functionName",
                "`bit_get`", "invalidValue",
                           sp_error_format(err, "%lld", (long long)n), "upper", sp_error_format(err, "%d", bits));
        }
        SP_OUT(k, int8_t)[i] = (int8_t)((sp_arg_int(k, 0, i) >> n) & 1);
    }
    return SP_OK;
}

extern const sp_function sp_family_bits[];
const sp_function sp_family_bits[] = {
    { "&", 2, 2, SP_FN_OPERATOR, bind_bitwise, kernel_and, "1.4.0", "a & b: bitwise AND" },
    { "|", 2, 2, SP_FN_OPERATOR, bind_bitwise, kernel_or, "1.4.0", "a | b: bitwise OR" },
    { "^", 2, 2, SP_FN_OPERATOR, bind_bitwise, kernel_xor, "1.4.0", "a ^ b: bitwise exclusive OR" },
    { "~", 1, 1, 0, bind_not, kernel_not, "1.4.0", "~a: bitwise NOT" },
    { "shiftleft", 2, 2, 0, bind_shift, kernel_left, "1.5.0", "shiftleft(a, n)" },
    { "shiftright", 2, 2, 0, bind_shift, kernel_right, "1.5.0", "shiftright(a, n): with sign" },
    { "shiftrightunsigned", 2, 2, 0, bind_shift, kernel_right_unsigned, "1.5.0", "shiftrightunsigned(a, n)" },
    { "<<", 2, 2, SP_FN_OPERATOR, bind_shift, kernel_left, "4.0.0", "a << n" },
    { ">>", 2, 2, SP_FN_OPERATOR, bind_shift, kernel_right, "4.0.0", "a >> n: with sign" },
    { ">>>", 2, 2, SP_FN_OPERATOR, bind_shift, kernel_right_unsigned, "4.0.0", "a >>> n" },
    { "bit_count", 1, 1, 0, bind_count, kernel_count, "3.0.0", "bit_count(a): bits that are set" },
    { "bit_get", 2, 2, 0, bind_get, kernel_get, "3.2.0", "bit_get(a, pos)" },
    { "getbit", 2, 2, 0, bind_get, kernel_get, "3.2.0", "getbit(a, pos)" },
    { 0 }
};
