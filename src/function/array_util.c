/* array_util.c -- the shared parts of the array and map functions (array_int.h). */
#include "function/array_int.h"
#include <stdio.h>

sp_status sp_arg_elements(const sp_kernel *k, int i, int child, const sp_vec **out, sp_error *err)
{
    const sp_vec *v = k->args[i];
    if (v->child_count > child && v->child[child]) return sp_vec_plain(v->child[child], k->arena, out, err);
    *out = sp_vec_new(k->arena, v->type->field_count > child ? v->type->fields[child].type : sp_type_of(SP_VOID), 0,
        err);
    return *out ? SP_OK : SP_FAILED;
}

sp_builder *sp_child_builder(sp_kernel *k, int c, sp_error *err)
{
    return sp_builder_new(k->arena, k->out->type->fields[c].type, true, err);
}

sp_status sp_child_done(sp_kernel *k, sp_builder *b, int c, sp_error *err)
{
    if (!k->out->child || k->out->child_count <= c) {
        SP_NEW_ARRAY(k->out->child, k->arena, 2, err);
        k->out->child_count = k->out->type->field_count;
    }
    return sp_builder_take(b, &k->out->child[c], err);
}

sp_status sp_bind_array(sp_bind *b, int i, const sp_type **element, sp_error *err)
{
    const sp_type *t = b->want[i] ? b->want[i] : sp_bind_type(b, i);
    if (t->kind == SP_VOID) {
        if (!(b->want[i] = t = sp_type_array(b->arena, sp_type_of(SP_VOID), true, err))) return SP_FAILED;
    }
    if (t->kind != SP_ARRAY) return sp_bind_fail_type(b, i, "\"ARRAY\"", err);
    *element = t->fields[0].type;
    return SP_OK;
}

sp_status sp_bind_array_value(sp_bind *b, int v, const sp_type **element, sp_error *err)
{
    const sp_type *e, *t = sp_bind_type(b, v);
    SP_TRY(sp_bind_array(b, 0, &e, err));
    const sp_type *common = t->kind == SP_VOID ? e : sp_widest_type(b->arena, e, t, b->conf, err);
    if (!common || (e->kind == SP_VOID && t->kind == SP_VOID && false))
        return SP_FAIL(err, DATATYPE_MISMATCH__ARRAY_FUNCTION_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b),
                       "dataType", "\"ARRAY\"", "leftType", sp_bind_arg_type(b, 0), "rightType",
                           sp_bind_arg_type(b, v));
    if (!sp_type_eq(t, common)) b->want[v] = common;
    if (!sp_type_eq(e, common)) {
        const sp_type *have = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
        if (!(b->want[0] = sp_type_array(b->arena, common, have->fields[0].nullable, err))) return SP_FAILED;
    }
    *element = common;
    return SP_OK;
}

sp_status sp_bind_orderable(sp_bind *b, const sp_type *t, sp_error *err)
{
    if (sp_type_is_orderable(t)) return SP_OK;
    return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
        sp_bind_function_id(b), "dataType",
                   sp_type_sql_quoted(b->arena, t));
}

sp_status sp_fail_array_size(sp_kernel *k, int64_t n, sp_error *err)
{
    char count[24], max[24];
    snprintf(count, sizeof count, "%lld", (long long)n);
    snprintf(max, sizeof max, "%d", SP_ARRAY_MAX);
    const char *name = sp_arena_printf(k->arena, NULL, "`%s`", k->call->function->name);
    return SP_FAIL(err, COLLECTION_SIZE_LIMIT_EXCEEDED__FUNCTION, "numberOfElements", count, "maxRoundedArrayLength",
        max, "functionName", name ? name : "");
}

/* ---- concat(array, ...) ---- */

static sp_status kernel_concat_arrays(sp_kernel *k, sp_error *err)
{
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        uint32_t first = sp_builder_rows(b);
        for (int a = 0; a < k->arg_count; a++) {
            const sp_vec *e;
            SP_TRY(sp_arg_elements(k, a, 0, &e, err));
            sp_list l = sp_arg_list(k, a, i);
            for (uint32_t x = l.offset; x < l.offset + l.length; x++) SP_TRY(sp_build_row(b, e, x, err));
        }
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

sp_status sp_bind_concat_arrays(sp_bind *b, sp_error *err)
{
    b->kernel = kernel_concat_arrays;
    return sp_bind_common(b, 0, b->arg_count, &b->type, err);
}

sp_status sp_fail_duplicate_key(sp_kernel *k, const sp_vec *keys, uint32_t row, sp_error *err)
{
    sp_buf b = { 0 };
    sp_vec_text(&b, keys, row, false, k->conf->zone ? k->conf->zone : sp_zone_utc(), NULL);
    const char *text = sp_arena_strdup(k->arena, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return SP_FAIL(err, DUPLICATED_MAP_KEY, "key", text ? text : "", "mapKeyDedupPolicy",
        "\"spark.sql.mapKeyDedupPolicy\"");
}
