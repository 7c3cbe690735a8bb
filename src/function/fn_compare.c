/* fn_compare.c -- comparison: = <=> != < <= > >= in between.
 *
 * Operands are brought to one type by sp_bind_operands; plain kinds are compared by typed loops, nested ones by
 * sp_vec_rows_cmp. Floats follow Spark's order: NaN equals NaN and is greater than all else, -0.0 equals 0.0
 * (SQLOrderingUtil). IN: In.eval and InSet. */
#include "function/function_int.h"

typedef enum { EQ, NE, LT, LE, GT, GE } compare_op;

static inline bool holds(compare_op op, int c)
{
    switch (op) {
    case EQ: return c == 0;
    case NE: return c != 0;
    case LT: return c < 0;
    case LE: return c <= 0;
    case GT: return c > 0;
    default: return c >= 0;
    }
}

static inline int cmp_f64(double a, double b)
{
    if (a < b) return -1;
    if (a > b) return 1;
    if (a == b) return 0;
    return (a != a) - (b != b);
}

#define TYPED_LOOPS(T)                                                                                                 \
    static void loop_##T(sp_kernel *k, compare_op op)                                                                 \
    {                                                                                                                  \
        const T *x = k->args[0]->data, *y = k->args[1]->data;                                                         \
        uint32_t mx = k->args[0]->form == SP_CONST ? 0 : ~0u, my = k->args[1]->form == SP_CONST ? 0 : ~0u;           \
        uint8_t *o = k->out->data;                                                                                     \
        uint32_t n = k->rows;                                                                                          \
        switch (op) {                                                                                                  \
        case EQ: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] == y[i & my]; break;                               \
        case NE: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] != y[i & my]; break;                               \
        case LT: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] < y[i & my]; break;                                \
        case LE: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] <= y[i & my]; break;                               \
        case GT: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] > y[i & my]; break;                                \
        case GE: for (uint32_t i = 0; i < n; i++) o[i] = x[i & mx] >= y[i & my]; break;                               \
        }                                                                                                              \
    }
TYPED_LOOPS(uint8_t)
TYPED_LOOPS(int8_t)
TYPED_LOOPS(int16_t)
TYPED_LOOPS(int32_t)
TYPED_LOOPS(int64_t)
TYPED_LOOPS(sp_dec)

static void loop_views(sp_kernel *k, compare_op op)
{
    const sp_view *x = k->args[0]->data, *y = k->args[1]->data;
    uint8_t *o = k->out->data;
    bool equality = op == EQ || op == NE;
    for (SP_ROWS(k, i)) {
        const sp_view *a = &x[SP_AT(k->args[0], i)], *b = &y[SP_AT(k->args[1], i)];
        o[i] = equality ? sp_view_eq(a, b) == (op == EQ) : holds(op, sp_view_cmp(a, b));
    }
}

static void loop_floats(sp_kernel *k, compare_op op)
{
    for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = holds(op, cmp_f64(sp_arg_f64(k, 0, i), sp_arg_f64(k, 1, i)));
}

static void loop_nested(sp_kernel *k, compare_op op)
{
    for (SP_ROWS(k, i))
        SP_OUT(k, uint8_t)[i] = op == EQ || op == NE ? sp_vec_rows_eq(k->args[0], i, k->args[1], i) == (op == EQ)
                                                     : holds(op, sp_vec_rows_cmp(k->args[0], i, k->args[1], i));
}

/* Not failing: fixed-width kinds run over all rows, the others over the rows asked for. */
static void compare(sp_kernel *k, compare_op op)
{
    switch (k->args[0]->type->kind) {
    case SP_BOOLEAN: loop_uint8_t(k, op); break;
    case SP_BYTE: loop_int8_t(k, op); break;
    case SP_SHORT: loop_int16_t(k, op); break;
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: loop_int32_t(k, op); break;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME: loop_int64_t(k, op); break;
    case SP_DECIMAL: loop_sp_dec(k, op); break;
    case SP_FLOAT: case SP_DOUBLE: loop_floats(k, op); break;
    case SP_STRING: case SP_BINARY: loop_views(k, op); break;
    default: loop_nested(k, op);
    }
}

static sp_status kernel_eq(sp_kernel *k, sp_error *err) { compare(k, EQ); return SP_OK; }
static sp_status kernel_ne(sp_kernel *k, sp_error *err) { compare(k, NE); return SP_OK; }
static sp_status kernel_lt(sp_kernel *k, sp_error *err) { compare(k, LT); return SP_OK; }
static sp_status kernel_le(sp_kernel *k, sp_error *err) { compare(k, LE); return SP_OK; }
static sp_status kernel_gt(sp_kernel *k, sp_error *err) { compare(k, GT); return SP_OK; }
static sp_status kernel_ge(sp_kernel *k, sp_error *err) { compare(k, GE); return SP_OK; }

static sp_status kernel_null_safe_eq(sp_kernel *k, sp_error *err)
{
    const sp_vec *a = k->args[0], *b = k->args[1];
    sp_vec *v = k->out;
    if (a->type->kind == SP_VOID) {
        for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = 1;
        return SP_OK;
    }
    compare(k, EQ);
    uint8_t *o = v->data;
    if (a->valid || b->valid)
        for (SP_ROWS(k, i)) {
            bool na = sp_vec_is_null(a, i), nb = sp_vec_is_null(b, i);
            if (na || nb) o[i] = na && nb;
        }
    return SP_OK;
}

/* ---- binds ---- */

static bool comparable(const sp_type *t, bool equality)
{
    if (t->kind == SP_MAP || t->kind == SP_VARIANT) return false;
    if (!equality && t->kind == SP_CALENDAR) return false;
    for (int i = 0; i < t->field_count; i++)
        if (!comparable(t->fields[i].type, equality)) return false;
    return true;
}

static sp_status bind_comparison(sp_bind *b, bool equality, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_operands(b, false, true, &t, err));
    if (!t)
        return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "left",
            sp_bind_arg_type(b, 0), "right",
                       sp_bind_arg_type(b, 1));
    if (!comparable(t, equality))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       sp_type_sql_quoted(b->arena, t));
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

static sp_status bind_equality(sp_bind *b, sp_error *err) { return bind_comparison(b, true, err); }
static sp_status bind_order(sp_bind *b, sp_error *err) { return bind_comparison(b, false, err); }

static sp_status bind_null_safe(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_comparison(b, true, err));
    b->nullable = false;
    return SP_OK;
}

/* ---- in ---- */

/* The set of a list of literals: open addressing over row hashes, values as one flat vector. */
typedef struct in_set {
    sp_vec *values;
    uint32_t *slots, mask;
    bool has_null;
} in_set;

static sp_status in_set_make(sp_bind *b, const sp_type *t, in_set **out, sp_error *err)
{
    in_set *s;
    SP_NEW(s, b->arena, sizeof *s, err);
    const sp_vec **parts;
    SP_NEW_ARRAY(parts, b->arena, b->arg_count, err);
    int n = 0;
    for (int i = 1; i < b->arg_count; i++) {
        sp_value v;
        sp_expr *e = b->call->args[i];
        if (!sp_type_eq(e->type, t)) SP_TRY(sp_expr_cast(b->arena, b->conf, e, t, b->conf->ansi ? SP_CAST_ANSI
            : SP_CAST_LEGACY, &e, err));
        SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
        if (v.is_null) { s->has_null = true; continue; }
        sp_vec *one = sp_value_vec(&v, 1, b->arena, err);
        if (!one || !(parts[n++] = sp_vec_flatten(one, b->arena, false, err))) return SP_FAILED;
    }
    if (!(s->values = sp_vec_concat(parts, n, t, b->arena, err))) return SP_FAILED;
    uint64_t *hashes;
    SP_NEW_ARRAY(hashes, b->arena, n + 1, err);
    const sp_vec *column = s->values;
    if (n) sp_rows_hash(&column, 1, NULL, (uint32_t)n, hashes);
    uint32_t cap = 8;
    while (cap < (uint32_t)n * 2 + 2) cap *= 2;
    s->mask = cap - 1;
    SP_NEW_ARRAY(s->slots, b->arena, cap, err);
    for (uint32_t i = 0; i < (uint32_t)n; i++) {
        uint32_t at = (uint32_t)hashes[i] & s->mask;
        while (s->slots[at]) at = (at + 1) & s->mask;
        s->slots[at] = i + 1;
    }
    *out = s;
    return SP_OK;
}

static sp_status kernel_in_set(sp_kernel *k, sp_error *err)
{
    const in_set *s = k->call->state;
    uint64_t *hashes;
    SP_NEW_ARRAY(hashes, k->arena, k->count + 1, err);
    sp_rows_hash(k->args, 1, k->sel, k->count, hashes);
    uint32_t n = 0;
    for (SP_ROWS(k, i)) {
        bool found = false;
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); n++; continue; }
        for (uint32_t at = (uint32_t)hashes[n] & s->mask; s->slots[at] && !found; at = (at + 1) & s->mask)
            found = sp_vec_rows_eq(k->args[0], i, s->values, s->slots[at] - 1);
        SP_OUT(k, uint8_t)[i] = found;
        if (!found && s->has_null) sp_kernel_null(k, i);
        n++;
    }
    return SP_OK;
}

static sp_status kernel_in(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        bool found = false, null = sp_arg_null(k, 0, i);
        if (null) { sp_kernel_null(k, i); continue; }
        for (int a = 1; a < k->arg_count && !found; a++) {
            if (sp_arg_null(k, a, i)) null = true;
            else found = sp_vec_rows_eq(k->args[0], i, k->args[a], i);
        }
        SP_OUT(k, uint8_t)[i] = found;
        if (!found && null) sp_kernel_null(k, i);
    }
    return SP_OK;
}

static sp_status bind_in(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_widest_of(b->arena, b->call->args, b->arg_count, b->conf, err);
    if (!t) {
        sp_buf list = { 0 };
        for (int i = 0; i < b->arg_count; i++) sp_buf_printf(&list, "%s%s", i ? ", " : "", sp_bind_arg_type(b, i));
        const char *types = sp_arena_printf(b->arena, NULL, "[%s]", sp_buf_cstr(&list));
        sp_buf_done(&list);
        return SP_FAIL(err, DATATYPE_MISMATCH__DATA_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName", "`in`",
            "dataType", types ? types : "");
    }
    bool constants = true;
    for (int i = 0; i < b->arg_count; i++) {
        if (!sp_type_eq(sp_bind_type(b, i), t)) b->want[i] = t;
        if (i) constants &= b->call->args[i]->kind == SP_E_LITERAL;
    }
    if (t->kind == SP_VOID) constants = false;
    if (!comparable(t, true))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            "`in`", "dataType",
                       sp_type_sql_quoted(b->arena, t));
    if (constants) {
        in_set *s;
        SP_TRY(in_set_make(b, t, &s, err));
        b->state = s;
        b->kernel = kernel_in_set;
    }
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

/* between(a, low, high) = a >= low and a <= high */
static sp_status bind_between(sp_bind *b, sp_error *err)
{
    sp_expr **a = b->call->args, *args[2];
    if (!(args[0] = sp_expr_call2(b->arena, ">=", a[0], a[1], err)) ||
        !(args[1] = sp_expr_call2(b->arena, "<=", a[0], a[2], err)))
        return SP_FAILED;
    b->replacement = sp_expr_function(b->arena, "and", args, 2, err);
    return b->replacement ? SP_OK : SP_FAILED;
}

extern const sp_function sp_family_compare[];
const sp_function sp_family_compare[] = {
    { "=", 2, 2, SP_FN_OPERATOR, bind_equality, kernel_eq, "1.0.0", "a = b: true if a equals b" },
    { "==", 2, 2, SP_FN_OPERATOR, bind_equality, kernel_eq, "1.0.0", "a == b: true if a equals b" },
    { "!=", 2, 2, SP_FN_OPERATOR, bind_equality, kernel_ne, "1.0.0", "a != b: true if a does not equal b" },
    { "<>", 2, 2, SP_FN_OPERATOR, bind_equality, kernel_ne, "1.0.0", "a <> b: true if a does not equal b" },
    { "<=>", 2, 2, SP_FN_OPERATOR | SP_FN_NULLS, bind_null_safe, kernel_null_safe_eq, "1.1.0",
        "a <=> b: equal, null being equal to null" },
    { "equal_null", 2, 2, SP_FN_NULLS, bind_null_safe, kernel_null_safe_eq, "3.4.0",
        "equal_null(a, b): equal, null being equal to null" },
    { "<", 2, 2, SP_FN_OPERATOR, bind_order, kernel_lt, "1.0.0", "a < b: true if a is less than b" },
    { "<=", 2, 2, SP_FN_OPERATOR, bind_order, kernel_le, "1.0.0", "a <= b: true if a is less than or equal to b" },
    { ">", 2, 2, SP_FN_OPERATOR, bind_order, kernel_gt, "1.0.0", "a > b: true if a is greater than b" },
    { ">=", 2, 2, SP_FN_OPERATOR, bind_order, kernel_ge, "1.0.0", "a >= b: true if a is greater than or equal to b" },
    { "in", 1, -1, SP_FN_NULLS, bind_in, kernel_in, "1.0.0", "a in (b, ...): true if a equals one of the values" },
    { "between", 3, 3, 0, bind_between, NULL, "4.0.0", "a between b and c: true if b <= a <= c" },
    { 0 }
};
