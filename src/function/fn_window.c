/* fn_window.c -- functions that only a window has: row_number, rank, dense_rank, percent_rank, cume_dist, ntile, lag,
 * lead, nth_value.
 *
 * Binding alone: Window (operator/window.c) computes them by name from the sorted rows, what frame each wants is
 * plan/resolve_window.c's. A call's ordinal is 1 when it skips nulls (IGNORE NULLS).
 * Behaviour: windowExpressions.scala. */
#include "function/function_int.h"

static sp_status set_args(sp_bind *b, sp_expr *const *args, int count, sp_error *err)
{
    sp_expr **mine;
    SP_NEW_ARRAY(mine, b->arena, count + 1, err);
    SP_NEW_ARRAY(b->want, b->arena, count + 1, err);
    for (int i = 0; i < count; i++) mine[i] = args[i];
    b->call->args = mine;
    b->call->arg_count = b->arg_count = count;
    return SP_OK;
}

static sp_expr *int_literal(sp_bind *b, int64_t i, sp_error *err)
{
    sp_value v = sp_value_i64(SP_INT, i);
    return sp_expr_literal(b->arena, &v, err);
}

static sp_status bind_number(sp_bind *b, sp_kind kind, const char *shown)
{
    b->type = sp_type_of(kind);
    b->nullable = b->foldable = false;
    if (shown) b->call->sql_name = sp_str_of(shown);
    return SP_OK;
}

/* Ranks show in capitals. */
static sp_status bind_row_number(sp_bind *b, sp_error *err) { return bind_number(b, SP_INT, NULL); }
static sp_status bind_rank(sp_bind *b, sp_error *err) { return bind_number(b, SP_INT, "RANK"); }
static sp_status bind_dense_rank(sp_bind *b, sp_error *err) { return bind_number(b, SP_INT, "DENSE_RANK"); }
static sp_status bind_percent_rank(sp_bind *b, sp_error *err) { return bind_number(b, SP_DOUBLE, "PERCENT_RANK"); }
static sp_status bind_cume_dist(sp_bind *b, sp_error *err) { return bind_number(b, SP_DOUBLE, NULL); }

/* A constant that must be positive. */
static sp_status positive(sp_bind *b, int i, const char *name, const char *range, const char *unit, sp_error *err)
{
    sp_value v;
    SP_TRY(sp_bind_constant(b, i, name, &v, err));
    if (!v.is_null && v.i64 > 0) return SP_OK;
    const char *now = v.is_null ? "NULL" : sp_arena_printf(b->arena, NULL, "%lld%s", (long long)v.i64, unit);
    return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_bind_sql(b), "exprName", name,
        "valueRange", range, "currentValue",
                   now ? now : "");
}

static sp_status bind_ntile(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 0) {
        sp_expr *one = int_literal(b, 1, err);
        if (!one) return SP_FAILED;
        SP_TRY(set_args(b, &one, 1, err));
    }
    if (!b->call->args[0]->foldable) return sp_bind_constant(b, 0, "buckets", &(sp_value){ 0 }, err);
    if (sp_bind_type(b, 0)->kind != SP_INT) return sp_bind_fail_type(b, 0, "\"INT\"", err);
    SP_TRY(positive(b, 0, "buckets", "(0, 2147483647]", "", err));
    return bind_number(b, SP_INT, NULL);
}

/* The flag at argument i, if it is there: taken off, the ordinal says it. */
static sp_status take_skip_nulls(sp_bind *b, int i, sp_error *err)
{
    sp_value v = { 0 };
    if (b->arg_count > i) {
        if (sp_bind_type(b, i)->kind != SP_BOOLEAN) return sp_bind_fail_type(b, i, "\"BOOLEAN\"", err);
        SP_TRY(sp_bind_constant(b, i, "ignoreNulls", &v, err));
        SP_TRY(set_args(b, b->call->args, i, err));
    }
    b->call->ordinal = b->call->ordinal == 1 || (v.type && !v.is_null && v.boolean);
    return SP_OK;
}

/* lag(a[, offset[, default]]) shows all three. */
static sp_status bind_shift(sp_bind *b, sp_error *err)
{
    sp_value none = sp_value_null(sp_type_of(SP_VOID));
    SP_TRY(take_skip_nulls(b, 3, err));
    sp_expr **old = b->call->args, *offset = b->arg_count > 1 ? old[1] : int_literal(b, 1, err);
    sp_expr *otherwise = b->arg_count > 2 ? old[2] : sp_expr_literal(b->arena, &none, err);
    if (!offset || !otherwise) return SP_FAILED;
    SP_TRY(set_args(b, (sp_expr *[]){ old[0], offset, otherwise }, 3, err));
    const sp_type *t = sp_bind_type(b, 0);
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    if (otherwise->type->kind != SP_VOID) SP_TRY(sp_bind_want(b, 2, t, err));
    SP_TRY(sp_bind_constant(b, 1, "offset", &(sp_value){ 0 }, err));
    b->type = t;
    b->nullable = old[0]->nullable || otherwise->nullable;
    b->foldable = false;
    return SP_OK;
}

static sp_status bind_nth_value(sp_bind *b, sp_error *err)
{
    SP_TRY(take_skip_nulls(b, 2, err));
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    SP_TRY(positive(b, 1, "offset", "(0, 9223372036854775807]", "L", err));
    b->type = sp_bind_type(b, 0);
    b->nullable = true;
    b->foldable = false;
    return SP_OK;
}

/* The analyzer lets none get here. */
static sp_status kernel_nowhere(sp_kernel *k, sp_error *err)
{
    return SP_FAIL(err, WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE, "funcName", sp_expr_sql_quoted(k->arena, k->call));
}

enum { W = SP_FN_WINDOW | SP_FN_NULLS };
extern const sp_function sp_family_window[];
const sp_function sp_family_window[] = {
    { "row_number", 0, 0, W, bind_row_number, kernel_nowhere, "2.0.0",
        "row_number(): 1, 2, 3 ... in the order of the window" },
    { "rank", 0, 0, W, bind_rank, kernel_nowhere, "2.0.0",
        "rank(): one more than the rows before the peers of this one" },
    { "dense_rank", 0, 0, W, bind_dense_rank, kernel_nowhere, "2.0.0", "dense_rank(): the rank without gaps" },
    { "percent_rank", 0, 0, W, bind_percent_rank, kernel_nowhere, "2.0.0", "percent_rank(): (rank - 1) / (rows - 1)" },
    { "cume_dist", 0, 0, W, bind_cume_dist, kernel_nowhere, "2.0.0",
        "cume_dist(): rows up to the peers of this one, of all rows" },
    { "ntile", 0, 1, W, bind_ntile, kernel_nowhere, "2.0.0", "ntile(n): the rows in n parts as equal as can be" },
    { "lag", 1, 4, W, bind_shift, kernel_nowhere, "2.0.0", "lag(a[, n[, default]]): a of n rows before" },
    { "lead", 1, 4, W, bind_shift, kernel_nowhere, "2.0.0", "lead(a[, n[, default]]): a of n rows after" },
    { "nth_value", 2, 3, W, bind_nth_value, kernel_nowhere, "3.1.0",
        "nth_value(a, n): a of the n-th row of the frame" },
    { 0 }
};
