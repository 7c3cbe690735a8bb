/* fn_generate.c -- generators, as far as types go: explode, posexplode, inline, stack. Rows are made by
 * operator/generate.c; a generator's own kernel hands its list on. Behaviour: generators.scala. */
#include "function/array_int.h"

static sp_status kernel_list(sp_kernel *k, sp_error *err)
{
    sp_vec *v = sp_vec_flatten(k->args[0], k->arena, false, err);
    if (!v) return SP_FAILED;
    *k->out = *v;
    return SP_OK;
}

static sp_status bind_explode(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind != SP_ARRAY && t->kind != SP_MAP) return sp_bind_fail_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
    b->type = t;
    return SP_OK;
}

static sp_status bind_inline(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind != SP_ARRAY || t->fields[0].type->kind != SP_STRUCT) return sp_bind_fail_type(b, 0,
        "\"ARRAY<STRUCT>\"", err);
    b->type = t;
    return SP_OK;
}

/* stack(n, v1, ...): n rows; column c's values must be of one type */
static sp_status bind_stack(sp_bind *b, sp_error *err)
{
    sp_value n;
    if (!sp_bind_is_constant(b, 0) || !sp_kind_is_integral(sp_bind_type(b, 0)->kind)) return sp_bind_fail_type(b, 0,
        "\"INT\"", err);
    SP_TRY(sp_bind_constant(b, 0, "n", &n, err));
    if (n.is_null) return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b), "exprName",
        "`n`");
    if (n.i64 < 1)
        return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_bind_sql(b), "exprName", "`n`",
            "valueRange", "(0, 2147483647]",
                       "currentValue", sp_bind_arg_sql(b, 0));
    int values = b->arg_count - 1, columns = (int)((values + n.i64 - 1) / n.i64);
    if (!(b->call->args[0] = sp_expr_literal(b->arena, &n, err))) return SP_FAILED;
    sp_field *f;
    SP_NEW_ARRAY(f, b->arena, columns + 1, err);
    for (int c = 0; c < columns; c++) {
        const sp_type *t = sp_type_of(SP_VOID);
        bool nulls = values % columns != 0;
        for (int i = c; i < values; i += columns) {
            const sp_type *w = sp_widest_type(b->arena, t, sp_bind_type(b, i + 1), b->conf, err);
            if (!w)
                return SP_FAIL(err, DATATYPE_MISMATCH__STACK_COLUMN_DIFF_TYPES, "sqlExpr", sp_bind_sql(b),
                    "columnIndex",
                               sp_arena_printf(b->arena, NULL, "%d", c), "leftParamIndex",
                                   sp_arena_printf(b->arena, NULL, "%d", c + 1), "leftType",
                               sp_type_sql_quoted(b->arena, t), "rightParamIndex",
                                   sp_arena_printf(b->arena, NULL, "%d", i + 1), "rightType",
                               sp_bind_arg_type(b, i + 1));
            t = w;
            nulls |= b->call->args[i + 1]->nullable;
        }
        for (int i = c; i < values; i += columns)
            if (!sp_type_eq(sp_bind_type(b, i + 1), t)) b->want[i + 1] = t;
        f[c] = (sp_field){ sp_str_of(sp_arena_printf(b->arena, err, "col%d", c)), t, nulls, { 0 } };
    }
    const sp_type *row = sp_type_struct(b->arena, f, columns, err);
    return row && (b->type = sp_type_array(b->arena, row, false, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_stack(sp_kernel *k, sp_error *err)
{
    return sp_error_internal(err, "stack outside a Generate");
}

extern const sp_function sp_family_generate[];
const sp_function sp_family_generate[] = {
    { "explode", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_explode, kernel_list, "1.0.0",
        "explode(a): a row for each element" },
    { "explode_outer", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_explode, kernel_list, "1.0.0",
        "explode_outer(a): the same, a null row for nothing" },
    { "posexplode", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_explode, kernel_list, "2.0.0",
        "posexplode(a): elements with their position" },
    { "posexplode_outer", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_explode, kernel_list, "2.0.0",
        "posexplode_outer(a): the same, a null row for nothing" },
    { "inline", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_inline, kernel_list, "2.0.0",
        "inline(a): structs of an array as rows" },
    { "inline_outer", 1, 1, SP_FN_GENERATOR | SP_FN_NULLS, bind_inline, kernel_list, "2.0.0",
        "inline_outer(a): the same, a null row for nothing" },
    { "stack", 2, -1, SP_FN_GENERATOR | SP_FN_NULLS, bind_stack, kernel_stack, "2.0.0",
        "stack(n, v, ...): the values in n rows" },
    { 0 }
};
