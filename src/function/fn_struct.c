/* fn_struct.c -- array(), map(), struct() and what takes them apart by position, key or name.
 *
 * Constructors share the arguments' vectors where they can (a struct is its arguments, flattened). Behaviour:
 * complexTypeCreator.scala, complexTypeExtractors.scala; duplicate keys of a map are refused
 * (spark.sql.mapKeyDedupPolicy = EXCEPTION). */
#include "function/array_int.h"
#include <stdio.h>

/* ---- struct ---- */

static sp_status kernel_struct(sp_kernel *k, sp_error *err)
{
    int step = k->call->state ? 2 : 1;      /* named_struct: names stand between */
    int n = k->arg_count / step;
    SP_NEW_ARRAY(k->out->child, k->arena, n + 1, err);
    k->out->child_count = n;
    for (int i = 0; i < n; i++) {
        const sp_vec *v = k->args[i * step + step - 1];
        if (v->rows != k->rows) {       /* constants seen as one row */
            sp_vec *one = sp_vec_const_copy(v, k->rows, k->arena, err);
            if (!one) return SP_FAILED;
            v = one;
        }
        if (!(k->out->child[i] = sp_vec_flatten(v, k->arena, false, err))) return SP_FAILED;
    }
    return SP_OK;
}

static sp_str field_name(const sp_expr *e, int i, sp_arena *a)
{
    if (e->kind == SP_E_COLUMN || e->kind == SP_E_ALIAS || e->kind == SP_E_FIELD ||
        e->kind == SP_E_LAMBDA_VAR) return e->name;
    char *s = sp_arena_printf(a, NULL, "col%d", i + 1);
    return sp_str_of(s ? s : "");
}

static sp_status bind_struct(sp_bind *b, sp_error *err)
{
    sp_field *f;
    SP_NEW_ARRAY(f, b->arena, b->arg_count + 1, err);
    for (int i = 0; i < b->arg_count; i++) {
        const sp_expr *e = b->call->args[i];
        f[i] = (sp_field){ field_name(e, i, b->arena), e->type, e->nullable, e->kind == SP_E_COLUMN ||
            e->kind == SP_E_ALIAS ? e->metadata : (sp_str){ 0 } };
    }
    b->nullable = false;
    return (b->type = sp_type_struct(b->arena, f, b->arg_count, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_named_struct(sp_bind *b, sp_error *err)
{
    static const int named = 1;
    sp_field *f;
    if (b->arg_count % 2) {
        const char *n = sp_arena_printf(b->arena, NULL, "%d", b->arg_count);
        return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", "`named_struct`", "expectedNum",
            "2n (n > 0)", "actualNum", n ? n : "",
                       "docroot", "https://spark.apache.org/docs/latest");
    }
    SP_NEW_ARRAY(f, b->arena, b->arg_count / 2 + 1, err);
    for (int i = 0; i < b->arg_count / 2; i++) {
        sp_value name;
        const sp_expr *e = b->call->args[2 * i + 1];
        if (!sp_bind_is_constant(b, 2 * i) || sp_bind_type(b, 2 * i)->kind != SP_STRING) {
            const char *list = sp_arena_printf(b->arena, NULL, "[%s]", sp_bind_arg_sql(b, 2 * i));
            return SP_FAIL(err, DATATYPE_MISMATCH__CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING, "sqlExpr",
                sp_bind_sql(b), "inputExprs", list ? list : "");
        }
        SP_TRY(sp_bind_constant(b, 2 * i, "name", &name, err));
        if (name.is_null)
            return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b), "exprName", "[NULL]");
        f[i] = (sp_field){ name.str, e->type, e->nullable, e->kind == SP_E_COLUMN || e->kind == SP_E_ALIAS
            ? e->metadata : (sp_str){ 0 } };
    }
    b->nullable = false;
    b->state = (void *)(uintptr_t)&named;
    return (b->type = sp_type_struct(b->arena, f, b->arg_count / 2, err)) ? SP_OK : SP_FAILED;
}

/* ---- array, map ---- */

static sp_status bind_array(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_type_of(SP_VOID);
    bool nulls = false;
    if (b->arg_count) SP_TRY(sp_bind_common(b, 0, b->arg_count, &t, err));
    for (int i = 0; i < b->arg_count; i++) nulls |= b->call->args[i]->nullable;
    b->nullable = false;
    return (b->type = sp_type_array(b->arena, t, nulls, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_array(sp_kernel *k, sp_error *err)
{
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        uint32_t first = sp_builder_rows(b);
        for (int a = 0; a < k->arg_count; a++) SP_TRY(sp_build_row(b, k->args[a], SP_AT(k->args[a], i), err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status bind_map(sp_bind *b, sp_error *err)
{
    if (b->arg_count % 2) {
        const char *n = sp_arena_printf(b->arena, NULL, "%d", b->arg_count);
        return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", "`map`", "expectedNum", "2n (n > 0)",
            "actualNum", n ? n : "", "docroot",
                       "https://spark.apache.org/docs/latest");
    }
    sp_expr *side[2][256];
    const sp_type *t[2];
    int n = b->arg_count / 2;
    bool nulls = false;
    if (n > 256) return sp_error_internal(err, "map() of more than 256 pairs");
    for (int i = 0; i < b->arg_count; i++) {
        side[i % 2][i / 2] = b->call->args[i];
        if (i % 2) nulls |= b->call->args[i]->nullable;
    }
    for (int s = 0; s < 2; s++) {
        t[s] = n ? sp_widest_of(b->arena, side[s], n, b->conf, err) : sp_type_of(s ? SP_VOID : SP_VOID);
        if (!t[s]) {
            sp_buf list = { 0 };
            for (int i = 0; i < n; i++) sp_buf_printf(&list, "%s%s", i ? ", " : "",
                sp_type_sql_quoted(b->arena, side[s][i]->type));
            const char *types = sp_arena_printf(b->arena, NULL, "[%s]", sp_buf_cstr(&list));
            sp_buf_done(&list);
            if (s == 0) return SP_FAIL(err, DATATYPE_MISMATCH__CREATE_MAP_KEY_DIFF_TYPES, "sqlExpr", sp_bind_sql(b),
                "functionName", "`map`", "dataType", types ? types : "");
            return SP_FAIL(err, DATATYPE_MISMATCH__CREATE_MAP_VALUE_DIFF_TYPES, "sqlExpr", sp_bind_sql(b),
                "functionName", "`map`", "dataType", types ? types : "");
        }
    }
    for (int i = 0; i < b->arg_count; i++)
        if (!sp_type_eq(sp_bind_type(b, i), t[i % 2])) b->want[i] = t[i % 2];
    b->nullable = false;
    if (!(b->type = sp_type_map(b->arena, t[0], t[1], nulls, err))) return SP_FAILED;
    if (t[0]->kind == SP_MAP)
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_MAP_KEY_TYPE, "sqlExpr", sp_bind_sql(b), "keyType",
            sp_type_sql_quoted(b->arena, t[0]));
    return SP_OK;
}

static sp_status kernel_map(sp_kernel *k, sp_error *err)
{
    sp_builder *keys = sp_child_builder(k, 0, err), *values = sp_child_builder(k, 1, err);
    if (!keys || !values) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        uint32_t first = sp_builder_rows(keys);
        for (int a = 0; a < k->arg_count; a += 2) {
            const sp_vec *kv = k->args[a];
            if (sp_vec_is_null(kv, i)) return SP_FAIL(err, NULL_MAP_KEY);
            for (int p = 0; p < a; p += 2)
                if (sp_vec_rows_eq(kv, SP_AT(kv, i), k->args[p], SP_AT(k->args[p], i))) return sp_fail_duplicate_key(k,
                    kv, i, err);
            SP_TRY(sp_build_row(keys, kv, SP_AT(kv, i), err));
            SP_TRY(sp_build_row(values, k->args[a + 1], SP_AT(k->args[a + 1], i), err));
        }
        sp_put_list(k, i, first, sp_builder_rows(keys));
    }
    SP_TRY(sp_child_done(k, keys, 0, err));
    return sp_child_done(k, values, 1, err);
}

/* ---- element access ---- */

static sp_status fail_index(sp_kernel *k, int64_t index, uint32_t size, bool element_at, sp_error *err)
{
    char i[24], n[24];
    snprintf(i, sizeof i, "%lld", (long long)index);
    snprintf(n, sizeof n, "%u", size);
    if (element_at) return SP_FAIL(err, INVALID_ARRAY_INDEX_IN_ELEMENT_AT, "indexValue", i, "arraySize", n);
    return SP_FAIL(err, INVALID_ARRAY_INDEX, "indexValue", i, "arraySize", n);
}

/* out row i = element index[i] of the elements (UINT32_MAX: null), by one gather. */
static sp_status pick_elements(sp_kernel *k, const sp_vec *elements, const uint32_t *index, sp_error *err)
{
    uint32_t *sel;
    SP_NEW_ARRAY(sel, k->arena, k->rows + 1, err);
    bool nulls = false;
    for (SP_ROWS(k, i)) {
        sel[i] = index[i] == UINT32_MAX ? 0 : index[i];
        nulls |= index[i] == UINT32_MAX;
    }
    const uint64_t *valid = k->out->valid;
    if (elements->rows == 0) {
        sp_vec *null = sp_vec_new_null(k->arena, k->out->type, k->rows, err);
        if (!null || !(null = sp_vec_flatten(null, k->arena, false, err))) return SP_FAILED;
        *k->out = *null;
        return SP_OK;
    }
    sp_vec *v = sp_vec_gather(elements, sel, k->rows, k->arena, err);
    if (!v) return SP_FAILED;
    if (valid || nulls) SP_TRY(v->valid ? SP_OK : sp_vec_need_valid(v, k->arena, err));
    if (valid)
        for (size_t w = 0; w < sp_bit_words(k->rows); w++) v->valid[w] &= valid[w];
    if (nulls)
        for (SP_ROWS(k, j))
            if (index[j] == UINT32_MAX) sp_bit_clear(v->valid, j);
    *k->out = *v;
    return SP_OK;
}

typedef enum { ITEM, GET, ELEMENT_AT, TRY_ELEMENT_AT } access;

static sp_status array_access(sp_kernel *k, access how, sp_error *err)
{
    const sp_vec *e;
    uint32_t *index;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    SP_NEW_ARRAY(index, k->arena, k->rows + 1, err);
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        int64_t at = sp_arg_int(k, 1, i), zero = at;
        bool one_based = how == ELEMENT_AT || how == TRY_ELEMENT_AT;
        if (one_based) {
            if (at == 0) return SP_FAIL(err, INVALID_INDEX_OF_ZERO);
            zero = at > 0 ? at - 1 : at + (int64_t)l.length;
        }
        bool outside = zero < 0 || zero >= (int64_t)l.length;
        if (outside && k->conf->ansi && (how == ITEM || how == ELEMENT_AT)) return fail_index(k, at, l.length,
            one_based, err);
        index[i] = outside ? UINT32_MAX : l.offset + (uint32_t)zero;
    }
    return pick_elements(k, e, index, err);
}

static sp_status kernel_item(sp_kernel *k, sp_error *err) { return array_access(k, ITEM, err); }
static sp_status kernel_get(sp_kernel *k, sp_error *err) { return array_access(k, GET, err); }

static sp_status kernel_map_value(sp_kernel *k, sp_error *err)
{
    const sp_vec *keys, *values;
    uint32_t *index;
    SP_TRY(sp_arg_elements(k, 0, 0, &keys, err));
    SP_TRY(sp_arg_elements(k, 0, 1, &values, err));
    SP_NEW_ARRAY(index, k->arena, k->rows + 1, err);
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        index[i] = UINT32_MAX;
        for (uint32_t x = l.offset; x < l.offset + l.length && index[i] == UINT32_MAX; x++)
            if (sp_vec_rows_eq(keys, x, k->args[1], SP_AT(k->args[1], i))) index[i] = x;
    }
    return pick_elements(k, values, index, err);
}

static sp_status kernel_element_at(sp_kernel *k, sp_error *err)
{
    if (k->args[0]->type->kind == SP_MAP) return kernel_map_value(k, err);
    return array_access(k, k->call->function->name[0] == 't' ? TRY_ELEMENT_AT : ELEMENT_AT, err);
}

static sp_status bind_item(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    if (!sp_kind_is_integral(sp_bind_type(b, 1)->kind)) {
        if (sp_bind_type(b, 1)->kind != SP_VOID && sp_bind_type(b, 1)->kind != SP_STRING) return sp_bind_fail_type(b,
            1, "\"INTEGRAL\"", err);
        b->want[1] = sp_type_of(SP_INT);
    }
    b->type = t;
    b->nullable = true;
    return SP_OK;
}

static sp_status bind_map_value(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind != SP_MAP) return sp_bind_fail_type(b, 0, "\"MAP\"", err);
    SP_TRY(sp_bind_want(b, 1, t->fields[0].type, err));
    b->type = t->fields[1].type;
    b->nullable = true;
    return SP_OK;
}

static sp_status bind_element_at(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind == SP_MAP) {
        const sp_type *key = sp_widest_type(b->arena, t->fields[0].type, sp_bind_type(b, 1), b->conf, err);
        if (!key)
            return SP_FAIL(err, DATATYPE_MISMATCH__MAP_FUNCTION_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
                sp_bind_function_id(b), "dataType",
                           "\"MAP\"", "leftType", sp_bind_arg_type(b, 0), "rightType", sp_bind_arg_type(b, 1));
        b->want[1] = key;
        if (!sp_type_eq(key, t->fields[0].type) && !(b->want[0] = sp_type_map(b->arena, key, t->fields[1].type,
            t->fields[1].nullable, err))) return SP_FAILED;
        b->type = t->fields[1].type;
    } else {
        if (t->kind != SP_ARRAY) return sp_bind_fail_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
        if (sp_bind_type(b, 1)->kind == SP_LONG) return sp_bind_fail_type(b, 1, "\"INT\"", err);
        SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
        b->type = t->fields[0].type;
    }
    b->nullable = true;
    return SP_OK;
}

/* array<struct>.field: the array of one field */
static sp_status bind_array_fields(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    sp_value name;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    SP_TRY(sp_bind_constant(b, 1, "field", &name, err));
    int *at, f = t->kind == SP_STRUCT ? sp_type_find(t, name.str, b->conf->case_sensitive) : -1;
    if (f < 0) return sp_error_internal(err, "no field %.*s", (int)name.str.n, name.str.p);
    SP_NEW(at, b->arena, sizeof *at, err);
    *at = f;
    b->state = at;
    bool nulls = sp_bind_type(b, 0)->fields[0].nullable || t->fields[f].nullable;
    return (b->type = sp_type_array(b->arena, t->fields[f].type, nulls, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_array_fields(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    sp_vec *f;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    SP_TRY(sp_eval_field(e, *(const int *)k->call->state, k->out->type->fields[0].type, k->arena, &f, err));
    for (SP_ROWS(k, i)) SP_OUT(k, sp_list)[i] = sp_arg_list(k, 0, i);
    k->out->child[0] = sp_vec_flatten(f, k->arena, false, err);
    return k->out->child[0] ? SP_OK : SP_FAILED;
}

extern const sp_function sp_family_struct[];
const sp_function sp_family_struct[] = {
    { "struct", 0, -1, SP_FN_NULLS, bind_struct, kernel_struct, "1.4.0", "struct(a, ...): a struct of the values" },
    { "named_struct", 0, -1, SP_FN_NULLS, bind_named_struct, kernel_struct, "1.5.0", "named_struct(name, value, ...)" },
    { "array", 0, -1, SP_FN_NULLS, bind_array, kernel_array, "1.1.0", "array(a, ...): an array of the values" },
    { "map", 0, -1, SP_FN_NULLS, bind_map, kernel_map, "2.0.0", "map(key, value, ...)" },
    { "getarrayitem", 2, 2, SP_FN_MAY_BE_NULL, bind_item, kernel_item, "", "a[i]: element i, from 0" },
    { "getmapvalue", 2, 2, SP_FN_MAY_BE_NULL, bind_map_value, kernel_map_value, "", "m[k]: the value of key k" },
    { "getarraystructfields", 2, 2, 0, bind_array_fields, kernel_array_fields, "", "a.f: the field of each element" },
    { "get", 2, 2, SP_FN_MAY_BE_NULL, bind_item, kernel_get, "3.4.0", "get(array, i): element i from 0, null outside" },
    { "element_at", 2, 2, SP_FN_MAY_BE_NULL, bind_element_at, kernel_element_at, "2.4.0",
        "element_at(array, i) from 1; element_at(map, key)" },
    { "try_element_at", 2, 2, SP_FN_MAY_BE_NULL, bind_element_at, kernel_element_at, "3.5.0",
        "try_element_at(array, i) from 1, null outside; (map, key)" },
    { 0 }
};
