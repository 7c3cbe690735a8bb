/* fn_options.c -- what from_json, to_json and their like take as constants: a map of options, and a schema as text.
 * Behaviour: ExprUtils.convertToMapData, ExprUtils.evalTypeExpr, DataType.asNullable. */
#include "format/format_int.h"

sp_status sp_bind_options(sp_bind *b, int i, sp_props *out, sp_error *err)
{
    *out = (sp_props){ .map = { .fold_case = true } };
    if (i >= b->arg_count)
        return SP_OK;
    const sp_expr *e = b->call->args[i];
    const sp_type *t = e->type;
    bool is_map = t->kind == SP_MAP && e->foldable;
    if (!is_map)
        return SP_FAIL(err, INVALID_OPTIONS__NON_MAP_FUNCTION);
    if (t->fields[0].type->kind != SP_STRING || t->fields[1].type->kind != SP_STRING)
        return SP_FAIL(err, INVALID_OPTIONS__NON_STRING_TYPE, "mapType", sp_type_sql_quoted(b->arena, t));
    sp_value v;
    SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
    if (v.is_null)
        return SP_OK;
    sp_list list = ((const sp_list *)v.vec->data)[0];
    for (uint32_t k = list.offset; k < list.offset + list.length; k++) {
        sp_value key, value;
        SP_TRY(sp_value_at(v.vec->child[0], k, b->arena, &key, err));
        SP_TRY(sp_value_at(v.vec->child[1], k, b->arena, &value, err));
        if (!key.is_null)       /* a null value is no boolean and no number, and says so; elsewhere nobody asks */
            SP_TRY(sp_props_put(out, key.str, value.is_null ? SP_LIT("null") : value.str, err));
    }
    return SP_OK;
}

const sp_type *sp_type_nullable(sp_arena *a, const sp_type *t, sp_error *err)
{
    if (!sp_kind_is_nested(t->kind))
        return t;
    sp_field *f = sp_arena_calloc(a, sizeof *f * (size_t)(t->field_count + 1), err);
    if (!f)
        return NULL;
    for (int i = 0; i < t->field_count; i++) {
        f[i] = t->fields[i];
        f[i].nullable = !(t->kind == SP_MAP && i == 0);
        if (!(f[i].type = sp_type_nullable(a, f[i].type, err)))
            return NULL;
    }
    if (t->kind == SP_ARRAY)
        return sp_type_array(a, f[0].type, true, err);
    return t->kind == SP_MAP ? sp_type_map(a, f[0].type, f[1].type, true, err)
                             : sp_type_struct(a, f, t->field_count, err);
}

static bool has_char(const sp_type *t)
{
    bool found = t->kind == SP_STRING && t->length > 0;
    for (int i = 0; i < t->field_count && !found; i++)
        found = has_char(t->fields[i].type);
    return found;
}

sp_status sp_bind_schema(sp_bind *b, int i, const sp_type **out, sp_error *err)
{
    sp_expr *e = b->call->args[i];
    sp_value v = sp_value_null(e->type);
    if (e->foldable && e->type->kind == SP_STRING)
        SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
    if (v.is_null)
        return SP_FAIL(err, INVALID_SCHEMA__NON_STRING_LITERAL, "inputSchema", sp_expr_sql_quoted(b->arena, e));
    const sp_type *t;
    SP_TRY(sp_type_parse(b->arena, v.str, &t, err));
    if (has_char(t))
        return SP_FAIL(err, UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING);
    if (!(b->call->args[i] = sp_expr_literal(b->arena, &v, err)))
        return SP_FAILED;
    return (*out = sp_type_nullable(b->arena, t, err)) ? SP_OK : SP_FAILED;
}
