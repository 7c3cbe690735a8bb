/* fn_map.c -- maps: keys, values, entries, making from arrays and entries, joining, str_to_map
 * (collectionOperations.scala). A map given twice the same key is refused: spark.sql.mapKeyDedupPolicy = EXCEPTION,
 * the default. */
#include "function/array_int.h"
#include "function/text_int.h"

static sp_status want_map(sp_bind *b, int i, const sp_type **t, sp_error *err)
{
    *t = sp_bind_type(b, i);
    if ((*t)->kind == SP_VOID) {
        *t = b->want[i] = sp_type_map(b->arena, sp_type_of(SP_VOID), sp_type_of(SP_VOID), true, err);
        return *t ? SP_OK : SP_FAILED;
    }
    return (*t)->kind == SP_MAP ? SP_OK : sp_bind_fail_type(b, i, "\"MAP\"", err);
}

/* ---- parts of a map ---- */

static sp_status bind_keys(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(want_map(b, 0, &t, err));
    return (b->type = sp_type_array(b->arena, t->fields[0].type, false, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_values(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(want_map(b, 0, &t, err));
    return (b->type = sp_type_array(b->arena, t->fields[1].type, t->fields[1].nullable, err)) ? SP_OK : SP_FAILED;
}

static sp_status side(sp_kernel *k, int child, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, child, &e, err));
    for (SP_ROWS(k, i)) SP_OUT(k, sp_list)[i] = sp_arg_list(k, 0, i);
    k->out->child[0] = sp_vec_flatten(e, k->arena, false, err);
    return k->out->child[0] ? SP_OK : SP_FAILED;
}

static sp_status kernel_keys(sp_kernel *k, sp_error *err) { return side(k, 0, err); }
static sp_status kernel_values(sp_kernel *k, sp_error *err) { return side(k, 1, err); }

static sp_status bind_entries(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(want_map(b, 0, &t, err));
    sp_field f[2] = { { SP_LIT("key"), t->fields[0].type, false, { 0 } },
        { SP_LIT("value"), t->fields[1].type, t->fields[1].nullable, { 0 } } };
    const sp_type *row = sp_type_struct(b->arena, f, 2, err);
    return row && (b->type = sp_type_array(b->arena, row, false, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_entries(sp_kernel *k, sp_error *err)
{
    const sp_vec *keys, *values;
    SP_TRY(sp_arg_elements(k, 0, 0, &keys, err));
    SP_TRY(sp_arg_elements(k, 0, 1, &values, err));
    sp_vec *rows = sp_vec_new(k->arena, k->out->type->fields[0].type, keys->rows, err);
    if (!rows) return SP_FAILED;
    if (!(rows->child[0] = sp_vec_flatten(keys, k->arena, false, err)) ||
        !(rows->child[1] = sp_vec_flatten(values, k->arena, false, err)))
        return SP_FAILED;
    for (SP_ROWS(k, i)) SP_OUT(k, sp_list)[i] = sp_arg_list(k, 0, i);
    k->out->child[0] = rows;
    return SP_OK;
}

static sp_status bind_contains_key(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(want_map(b, 0, &t, err));
    const sp_type *key = sp_widest_type(b->arena, t->fields[0].type, sp_bind_type(b, 1), b->conf, err);
    if (!key || sp_bind_type(b, 1)->kind == SP_VOID)
        return SP_FAIL(err, DATATYPE_MISMATCH__MAP_FUNCTION_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       "\"MAP\"", "leftType", sp_bind_arg_type(b, 0), "rightType", sp_bind_arg_type(b, 1));
    b->want[1] = key;
    if (!sp_type_eq(key, t->fields[0].type) && !(b->want[0] = sp_type_map(b->arena, key, t->fields[1].type,
        t->fields[1].nullable, err))) return SP_FAILED;
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

static sp_status kernel_contains_key(sp_kernel *k, sp_error *err)
{
    const sp_vec *keys;
    SP_TRY(sp_arg_elements(k, 0, 0, &keys, err));
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        bool found = false;
        for (uint32_t x = l.offset; x < l.offset + l.length && !found; x++) found = sp_vec_rows_eq(keys, x, k->args[1],
            SP_AT(k->args[1], i));
        SP_OUT(k, uint8_t)[i] = found;
    }
    return SP_OK;
}

/* ---- making maps ---- */

typedef struct maker { sp_builder *keys, *values; uint32_t first; } maker;

static sp_status maker_new(sp_kernel *k, maker *m, sp_error *err)
{
    m->keys = sp_child_builder(k, 0, err);
    m->values = sp_child_builder(k, 1, err);
    return m->keys && m->values ? SP_OK : SP_FAILED;
}

static sp_status maker_done(sp_kernel *k, maker *m, sp_error *err)
{
    SP_TRY(sp_child_done(k, m->keys, 0, err));
    return sp_child_done(k, m->values, 1, err);
}

static bool seen_before(const sp_vec *keys, uint32_t from, uint32_t at)
{
    for (uint32_t x = from; x < at; x++)
        if (sp_vec_rows_eq(keys, x, keys, at)) return true;
    return false;
}

static sp_status put_pairs(sp_kernel *k, maker *m, const sp_vec *keys, sp_list l, const sp_vec *values,
    uint32_t first_value, sp_error *err)
{
    for (uint32_t x = 0; x < l.length; x++) {
        uint32_t at = l.offset + x;
        if (sp_vec_null_at(keys, at)) return SP_FAIL(err, NULL_MAP_KEY);
        if (seen_before(keys, l.offset, at)) return sp_fail_duplicate_key(k, keys, at, err);
        SP_TRY(sp_build_row(m->keys, keys, at, err));
        SP_TRY(sp_build_row(m->values, values, first_value + x, err));
    }
    return SP_OK;
}

static sp_status bind_from_arrays(sp_bind *b, sp_error *err)
{
    const sp_type *key, *value;
    SP_TRY(sp_bind_array(b, 0, &key, err));
    SP_TRY(sp_bind_array(b, 1, &value, err));
    if (key->kind == SP_MAP)
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_MAP_KEY_TYPE, "sqlExpr", sp_bind_sql(b), "keyType",
            sp_type_sql_quoted(b->arena, key));
    const sp_type *v = b->want[1] ? b->want[1] : sp_bind_type(b, 1);
    return (b->type = sp_type_map(b->arena, key, value, v->fields[0].nullable, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_from_arrays(sp_kernel *k, sp_error *err)
{
    const sp_vec *keys, *values;
    maker m;
    SP_TRY(sp_arg_elements(k, 0, 0, &keys, err));
    SP_TRY(sp_arg_elements(k, 1, 0, &values, err));
    SP_TRY(maker_new(k, &m, err));
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i), v = sp_arg_list(k, 1, i);
        uint32_t first = sp_builder_rows(m.keys);
        if (l.length != v.length) return sp_error_plain(err, SP_EXC_RUNTIME,
            "The key array and value array of MapData must have the same length.");
        SP_TRY(put_pairs(k, &m, keys, l, values, v.offset, err));
        sp_put_list(k, i, first, sp_builder_rows(m.keys));
    }
    return maker_done(k, &m, err);
}

static sp_status bind_from_entries(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    if (t->kind != SP_STRUCT || t->field_count != 2) return sp_bind_fail_type(b, 0, "\"ARRAY\" of pair \"STRUCT\"",
        err);
    b->nullable |= sp_bind_type(b, 0)->fields[0].nullable;
    return (b->type = sp_type_map(b->arena, t->fields[0].type, t->fields[1].type, t->fields[1].nullable, err)) ? SP_OK
        : SP_FAILED;
}

static sp_status kernel_from_entries(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    sp_vec *keys, *values;
    maker m;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    SP_TRY(sp_eval_field(e, 0, e->type->fields[0].type, k->arena, &keys, err));
    SP_TRY(sp_eval_field(e, 1, e->type->fields[1].type, k->arena, &values, err));
    SP_TRY(maker_new(k, &m, err));
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t first = sp_builder_rows(m.keys);
        bool null = false;
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) null |= sp_vec_null_at(e, x);
        if (null) sp_kernel_null(k, i);
        else SP_TRY(put_pairs(k, &m, keys, l, values, l.offset, err));
        sp_put_list(k, i, first, sp_builder_rows(m.keys));
    }
    return maker_done(k, &m, err);
}

static sp_status bind_map_concat(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++) {
        const sp_type *t;
        SP_TRY(want_map(b, i, &t, err));
    }
    const sp_type *t = b->arg_count ? sp_widest_of(b->arena, b->call->args, b->arg_count, b->conf, err)
                                    : sp_type_map(b->arena, sp_type_of(SP_STRING), sp_type_of(SP_STRING), false, err);
    if (!t)
        return SP_FAIL(err, DATATYPE_MISMATCH__MAP_CONCAT_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            "`map_concat`", "dataType", sp_bind_arg_type(b, 0));
    for (int i = 0; i < b->arg_count; i++)
        if (!sp_type_eq(sp_bind_type(b, i), t)) b->want[i] = t;
    b->type = t;
    return SP_OK;
}

static sp_status kernel_map_concat(sp_kernel *k, sp_error *err)
{
    maker m;
    SP_TRY(maker_new(k, &m, err));
    for (SP_ROWS(k, i)) {
        uint32_t first = sp_builder_rows(m.keys);
        for (int a = 0; a < k->arg_count; a++) {
            const sp_vec *keys, *values;
            SP_TRY(sp_arg_elements(k, a, 0, &keys, err));
            SP_TRY(sp_arg_elements(k, a, 1, &values, err));
            sp_list l = sp_arg_list(k, a, i);
            for (int p = 0; p < a; p++) {
                const sp_vec *before;
                SP_TRY(sp_arg_elements(k, p, 0, &before, err));
                sp_list q = sp_arg_list(k, p, i);
                for (uint32_t x = l.offset; x < l.offset + l.length; x++)
                    for (uint32_t y = q.offset; y < q.offset + q.length; y++)
                        if (sp_vec_rows_eq(keys, x, before, y)) return sp_fail_duplicate_key(k, keys, x, err);
            }
            SP_TRY(put_pairs(k, &m, keys, l, values, l.offset, err));
        }
        sp_put_list(k, i, first, sp_builder_rows(m.keys));
    }
    return maker_done(k, &m, err);
}

/* str_to_map(text[, pair delimiter[, key-value delimiter]]): the delimiters are regular expressions */
static sp_status bind_str_to_map(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "sss", SP_STRING, err));
    return (b->type = sp_type_map(b->arena, sp_type_of(SP_STRING), sp_type_of(SP_STRING), true, err)) ? SP_OK
        : SP_FAILED;
}

static sp_status str_to_map(sp_kernel *k, const sp_regex *pair, const sp_regex *colon, maker *m, uint32_t i,
    sp_regex_match *match, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    uint32_t first = sp_builder_rows(m->keys);
    sp_str seen[256];
    int seen_count = 0;
    for (size_t from = 0; from <= s.n;) {
        bool more = sp_regex_find(pair, s, from, match) && match->end[0] > match->start[0];
        size_t end = more ? match->start[0] : s.n, next = more ? match->end[0] : s.n + 1;
        sp_str part = { s.p + from, end - from }, key = part, value = { NULL, 0 };
        if (sp_regex_find(colon, part, 0, match) && match->end[0] > match->start[0]) {
            key.n = match->start[0];
            value = (sp_str){ part.p + match->end[0], part.n - match->end[0] };
        }
        for (int x = 0; x < seen_count; x++)
            if (sp_str_eq(seen[x], key)) {
                const char *text = sp_arena_strndup(k->arena, key.p, key.n, NULL);
                return SP_FAIL(err, DUPLICATED_MAP_KEY, "key", text ? text : "", "mapKeyDedupPolicy",
                    "\"spark.sql.mapKeyDedupPolicy\"");
            }
        if (seen_count < 256) seen[seen_count++] = key;
        SP_TRY(sp_build_str(m->keys, key, err));
        if (value.p) SP_TRY(sp_build_str(m->values, value, err));
        else SP_TRY(sp_build_null(m->values, err));
        from = next;
    }
    sp_put_list(k, i, first, sp_builder_rows(m->keys));
    return SP_OK;
}

static sp_status kernel_str_to_map(sp_kernel *k, sp_error *err)
{
    maker m;
    sp_regex_match match = { 0 };
    const sp_regex *pair = NULL, *colon = NULL;
    sp_str p = { 0 }, c = { 0 };
    sp_status s = SP_OK;
    SP_TRY(maker_new(k, &m, err));
    for (SP_ROWS(k, i)) {
        sp_str np = k->arg_count > 1 ? sp_arg_str(k, 1, i) : SP_LIT(","), nc = k->arg_count > 2 ? sp_arg_str(k, 2, i)
            : SP_LIT(":");
        if (!pair || !sp_str_eq(p, np)) s = sp_regex_compile(k->arena, np, "str_to_map", &pair, err);
        if (s != SP_FAILED && (!colon || !sp_str_eq(c, nc))) s = sp_regex_compile(k->arena, nc, "str_to_map", &colon,
            err);
        p = np;
        c = nc;
        if (s == SP_FAILED || (s = str_to_map(k, pair, colon, &m, i, &match, err)) == SP_FAILED) break;
    }
    sp_regex_match_done(&match);
    return s == SP_FAILED ? s : maker_done(k, &m, err);
}

extern const sp_function sp_family_map[];
const sp_function sp_family_map[] = {
    { "map_keys", 1, 1, 0, bind_keys, kernel_keys, "2.0.0", "map_keys(m): the keys" },
    { "map_values", 1, 1, 0, bind_values, kernel_values, "2.0.0", "map_values(m): the values" },
    { "map_entries", 1, 1, 0, bind_entries, kernel_entries, "3.0.0", "map_entries(m): the entries as structs" },
    { "map_contains_key", 2, 2, 0, bind_contains_key, kernel_contains_key, "3.3.0", "map_contains_key(m, k)" },
    { "map_from_arrays", 2, 2, 0, bind_from_arrays, kernel_from_arrays, "2.4.0", "map_from_arrays(keys, values)" },
    { "map_from_entries", 1, 1, SP_FN_MAY_BE_NULL, bind_from_entries, kernel_from_entries, "2.4.0",
        "map_from_entries(structs)" },
    { "map_concat", 0, -1, 0, bind_map_concat, kernel_map_concat, "2.4.0", "map_concat(m, ...): all entries" },
    { "str_to_map", 1, 3, 0, bind_str_to_map, kernel_str_to_map, "2.0.1",
        "str_to_map(text[, pairs by[, key and value by]])" },
    { 0 }
};
