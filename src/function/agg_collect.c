/* agg_collect.c -- collect_list, collect_set, listagg: aggregates whose result is all they were given.
 *
 * A group's values lie packed in a bag. collect_set gives its values in the order of scala.collection.mutable.HashSet:
 * by bucket (the hash's low bits), then by hash, as long as the hash codes are worth imitating (not of nested values;
 * Spark calls the order undefined). listagg keeps [value, sort values...] when it is ordered by something else than the
 * value. Buffer: {buf binary}, an UnsafeRow whose one field is the array of the values. Behaviour: collect.scala. */
#include "function/agg_int.h"

typedef struct collect_info {
    const sp_type *value;               /* of the argument */
    const sp_type *item;                /* of what is kept: the value, or a struct of it and what it is ordered by */
    const sp_type *array;               /* of items, in the stored row */
    const sp_type *row;                 /* struct of that array */
    bool set, text, nulls, reorder;     /* reorder: item is a struct */
    sp_str delimiter;
    int order_count;
    struct collect_order { bool descending, nulls_first; } *order;
} collect_info;

/* ---- gathering ---- */

static sp_status note(sp_agg_call *c, const collect_info *f, sp_bag *b, sp_str packed, sp_error *err)
{
    return f->set ? sp_bag_note(b, c->heap, packed, 1, err) : sp_bag_add(b, c->heap, packed, err);
}

static void pack_item(const collect_info *f, sp_buf *out, const sp_vec *const *args, uint32_t row)
{
    sp_buf_clear(out);
    if (f->reorder) sp_buf_putc(out, 1);
    sp_pack(out, args[0], row);
    for (int i = 0; f->reorder && i < f->order_count; i++) sp_pack(out, args[2 + i], row);
}

static sp_status collect_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                                const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const collect_info *f = c->call->state;
    const sp_vec *v;
    sp_buf b = { 0 };
    sp_status status = SP_OK;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (!f->nulls && (v->type->kind == SP_VOID || sp_vec_is_null(v, row))) continue;
        pack_item(f, &b, args, row);
        status = sp_buf_check(&b, err);
        if (status != SP_FAILED) status = note(c, f, AGG_STATE(sp_bag, groups[n]), (sp_str){ b.data, b.len }, err);
    }
    sp_buf_done(&b);
    return status;
}

static sp_status collect_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                               size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) {
        const sp_bag *o = AGG_OTHER(sp_bag, from[n]);
        for (uint32_t i = 0; i < o->count; i++) SP_TRY(note(c, c->call->state, AGG_STATE(sp_bag, to[n]), sp_bag_at(o,
            i), err));
    }
    return SP_OK;
}

static void collect_drop(sp_heap *h, void *state) { sp_bag_drop(state, h); }

/* ---- the order of a result ---- */

typedef struct sorting { const collect_info *f; const sp_vec *items; const uint32_t *bucket; const int32_t *hash;
} sorting;

static bool goes_after(const sorting *s, uint32_t a, uint32_t b)
{
    if (s->bucket) return s->bucket[a] != s->bucket[b] ? s->bucket[a] > s->bucket[b] : s->hash[a] > s->hash[b];
    for (int i = 0; i < s->f->order_count; i++) {
        const sp_vec *v = s->f->reorder ? s->items->child[1 + i] : s->items;
        const struct collect_order *o = &s->f->order[i];
        bool an = sp_vec_null_at(v, a), bn = sp_vec_null_at(v, b);
        int cmp = an || bn ? (an == bn ? 0 : an == o->nulls_first ? -1 : 1) : sp_vec_rows_cmp(v, a, v,
            b) * (o->descending ? -1 : 1);
        if (cmp) return cmp > 0;
    }
    return false;
}

/* Stable merge sort of 0..count-1. */
static sp_status sort_items(const sorting *s, uint32_t count, sp_arena *a, uint32_t **out, sp_error *err)
{
    uint32_t *from, *to;
    SP_NEW_ARRAY(from, a, count + 1, err);
    SP_NEW_ARRAY(to, a, count + 1, err);
    for (uint32_t i = 0; i < count; i++) from[i] = i;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t lo = 0; lo < count; lo += 2 * width) {
            uint64_t mid = lo + width < count ? lo + width : count, hi = lo + 2 * width < count ? lo + 2 * width
                : count;
            for (uint64_t x = lo, y = mid, n = lo; n < hi; n++)
                to[n] = y >= hi || (x < mid && !goes_after(s, from[x], from[y])) ? from[x++] : from[y++];
        }
        uint32_t *t = from;
        from = to;
        to = t;
    }
    *out = from;
    return SP_OK;
}

/* Order of the set's items: buckets of a table that holds them with a load of at most three quarters. NULL: as they
 * came. */
static sp_status set_order(const collect_info *f, const sp_bag *b, sp_arena *a, uint32_t **out, sp_error *err)
{
    uint32_t *bucket, size = 16;
    int32_t *hash;
    sp_vec *items;
    *out = NULL;
    SP_TRY(sp_bag_vec(b, f->item, a, &items, err));
    SP_NEW_ARRAY(bucket, a, b->count + 1, err);
    SP_NEW_ARRAY(hash, a, b->count + 1, err);
    while (b->count >= size / 4 * 3) size *= 2;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!sp_jvm_hash(items, i, true, &hash[i])) return SP_OK;
        hash[i] ^= (int32_t)((uint32_t)hash[i] >> 16);
        bucket[i] = (uint32_t)hash[i] & (size - 1);
    }
    return sort_items(&(sorting){ f, items, bucket, hash }, b->count, a, out, err);
}

/* ---- results ---- */

static sp_status collect_arrays(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                                uint32_t count, bool ordered, sp_vec **out, sp_error *err)
{
    const collect_info *f = c->call->state;
    sp_builder *b = sp_builder_new(c->arena, f->array, true, err);
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) {
        const sp_bag *s = AGG_CONST(sp_bag, groups[n]);
        uint32_t *order = NULL;
        if (ordered && f->set && s->count > 1) SP_TRY(set_order(f, s, c->arena, &order, err));
        SP_TRY(sp_build_open(b, err));
        SP_TRY(sp_bag_build(s, order, sp_builder_child(b, 0), f->item, err));
        SP_TRY(sp_build_close(b, err));
    }
    return sp_builder_take(b, out, err);
}

/* The elements' text may lie in the states: it is copied. */
static sp_status collect_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                                uint32_t count, sp_vec *out, sp_error *err)
{
    sp_vec *v;
    SP_TRY(collect_arrays(c, states, stride, groups, count, true, &v, err));
    if (!(v = sp_vec_copy(v, NULL, count, c->arena, err))) return SP_FAILED;
    *out = *v;
    return SP_OK;
}

static sp_status join_text(sp_agg_call *c, const sp_bag *s, sp_buf *out, sp_error *err)
{
    const collect_info *f = c->call->state;
    sp_vec *items;
    uint32_t *order = NULL;
    SP_TRY(sp_bag_vec(s, f->item, c->arena, &items, err));
    if (f->order_count) SP_TRY(sort_items(&(sorting){ .f = f, .items = items }, s->count, c->arena, &order, err));
    const sp_vec *v = f->reorder ? items->child[0] : items;
    for (uint32_t i = 0; i < s->count; i++) {
        sp_str t = sp_view_str(&((const sp_view *)v->data)[order ? order[i] : i]);
        if (i) sp_buf_add(out, f->delimiter.p, f->delimiter.n);
        sp_buf_add(out, t.p, t.n);
    }
    return SP_OK;
}

static sp_status text_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             sp_vec *out, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status status = SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        const sp_bag *s = AGG_CONST(sp_bag, groups[n]);
        if (!s->count) status = sp_agg_null(c, out, n, err);
        else if ((status = join_text(c, s, &b, err)) != SP_FAILED) status = sp_agg_put_buf(c, out, n, &b, err);
    }
    sp_buf_done(&b);
    return status;
}

/* ---- Spark's buffer ---- */

/* collect_set keeps BINARY as arrays of bytes. */
static bool as_byte_arrays(const collect_info *f) { return f->set && f->value->kind == SP_BINARY; }

static sp_status bytes_to_arrays(const collect_info *f, const sp_vec *lists, sp_arena *a, sp_vec **out, sp_error *err)
{
    sp_builder *b = sp_builder_new(a, f->row->fields[0].type, true, err);
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < lists->rows; n++) {
        sp_list l = ((const sp_list *)lists->data)[n];
        SP_TRY(sp_build_open(b, err));
        for (uint32_t i = l.offset; i < l.offset + l.length; i++) {
            sp_builder *bytes = sp_builder_child(b, 0);
            sp_str s = sp_view_str(&((const sp_view *)lists->child[0]->data)[i]);
            SP_TRY(sp_build_open(bytes, err));
            for (size_t k = 0; k < s.n; k++) SP_TRY(sp_build_i64(sp_builder_child(bytes, 0), (int8_t)s.p[k], err));
            SP_TRY(sp_build_close(bytes, err));
        }
        SP_TRY(sp_build_close(b, err));
    }
    return sp_builder_take(b, out, err);
}

static sp_status collect_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                              sp_vec *const *out, sp_error *err)
{
    const collect_info *f = c->call->state;
    sp_vec *v;
    sp_buf b = { 0 };
    if (!c->rows) return sp_error_internal(err, "no row format to save by");
    SP_TRY(collect_arrays(c, states, stride, groups, count, false, &v, err));
    if (as_byte_arrays(f)) SP_TRY(bytes_to_arrays(f, v, c->arena, &v, err));
    sp_status status = SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        status = c->rows->encode(&b, (const sp_vec *const *)&v, 1, n, err);
        if (status != SP_FAILED) status = sp_agg_put_buf(c, out[0], n, &b, err);
    }
    sp_buf_done(&b);
    return status;
}

/* Element i of the loaded arrays, packed as the bag has it. */
static void pack_loaded(const collect_info *f, sp_buf *out, const sp_vec *elements, uint32_t i)
{
    sp_buf_clear(out);
    if (!as_byte_arrays(f) || sp_vec_null_at(elements, i)) { sp_pack(out, elements, i); return; }
    sp_list l = ((const sp_list *)elements->data)[i];
    sp_buf_putc(out, 1);
    sp_buf_add(out, &l.length, 4);
    sp_buf_add(out, (const char *)elements->child[0]->data + l.offset, l.length);
}

static sp_status load_one(sp_agg_call *c, sp_bag *to, sp_str row, sp_buf *scratch, sp_error *err)
{
    const collect_info *f = c->call->state;
    sp_builder *b = sp_builder_new(c->arena, f->row->fields[0].type, true, err);
    sp_vec *v;
    if (!b) return SP_FAILED;
    SP_TRY(c->rows->decode(row, f->row, &b, err));
    SP_TRY(sp_builder_take(b, &v, err));
    if (sp_vec_null_at(v, 0)) return SP_OK;
    sp_list l = ((const sp_list *)v->data)[0];
    for (uint32_t i = l.offset; i < l.offset + l.length; i++) {
        pack_loaded(f, scratch, v->child[0], i);
        SP_TRY(sp_buf_check(scratch, err));
        SP_TRY(note(c, f, to, (sp_str){ scratch->data, scratch->len }, err));
    }
    return SP_OK;
}

static sp_status collect_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                              const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    sp_buf b = { 0 };
    if (!c->rows) return sp_error_internal(err, "no row format to load by");
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    sp_status status = SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        sp_bag *s = AGG_STATE(sp_bag, groups[n]);
        sp_bag_drop(s, c->heap);
        if (!sp_vec_is_null(v, n)) status = load_one(c, s, sp_view_str(&((const sp_view *)v->data)[SP_AT(v, n)]), &b,
            err);
    }
    sp_buf_done(&b);
    return status;
}

static const sp_agg_kernel list_kernel = { sizeof(sp_bag), sp_agg_init_zero, collect_update, collect_merge,
                                           collect_finish, 1, sp_agg_buf_type, sp_agg_buf_name, collect_save,
                                           collect_load, collect_drop };
static const sp_agg_kernel text_kernel = { sizeof(sp_bag), sp_agg_init_zero, collect_update, collect_merge, text_finish,
                                           1, sp_agg_buf_type, sp_agg_buf_name, collect_save, collect_load,
                                           collect_drop };

/* ---- binding ---- */

static sp_status lay_out(sp_bind *b, collect_info *f, sp_error *err)
{
    const sp_type *stored = f->item;
    if (as_byte_arrays(f) && !(stored = sp_type_array(b->arena, sp_type_of(SP_BYTE), true, err))) return SP_FAILED;
    if (!(f->array = sp_type_array(b->arena, f->item, f->nulls, err)) || !(stored = sp_type_array(b->arena, stored,
        f->nulls, err)))
        return SP_FAILED;
    sp_field field = { .name = SP_LIT("buf"), .type = stored, .nullable = true };
    b->state = f;
    return (f->row = sp_type_struct(b->arena, &field, 1, err)) ? SP_OK : SP_FAILED;
}

static bool has_map(const sp_type *t)
{
    bool found = t->kind == SP_MAP;
    for (int i = 0; i < t->field_count; i++) found |= has_map(t->fields[i].type);
    return found;
}

static sp_status bind_collect(sp_bind *b, bool set, sp_error *err)
{
    collect_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    const sp_type *t = sp_bind_type(b, 0);
    if (set && has_map(t))
        return SP_FAIL(err, DATATYPE_MISMATCH__UNSUPPORTED_INPUT_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            "`collect_set`", "dataType",
                       "\"MAP\" or \"COLLATED STRING\"");
    *f = (collect_info){ .value = t, .item = t, .set = set, .nulls = b->call->ordinal == 2 };    /* RESPECT NULLS */
    SP_TRY(lay_out(b, f, err));
    b->type = f->array;
    b->nullable = false;
    return SP_OK;
}

static sp_status bind_list(sp_bind *b, sp_error *err) { return bind_collect(b, false, err); }
static sp_status bind_set(sp_bind *b, sp_error *err) { return bind_collect(b, true, err); }

/* The arguments become [value, delimiter, what it is ordered by...]. */
static sp_status listagg_args(sp_bind *b, sp_error *err)
{
    sp_expr **args, *call = b->call;
    int orders = call->window ? call->window->order_count : 0;
    SP_NEW_ARRAY(args, b->arena, 3 + orders, err);
    args[0] = call->args[0];
    sp_value none = sp_value_null(sp_type_of(SP_VOID));
    if (!(args[1] = call->arg_count > 1 ? call->args[1] : sp_expr_literal(b->arena, &none, err))) return SP_FAILED;
    SP_TRY(sp_agg_set_args(b, args, 2, err));
    for (int i = 0; i < orders; i++) {
        sp_expr *o = call->window->order[i];
        args[2 + i] = o->kind == SP_E_SORT ? o->args[0] : o;
    }
    if (orders) SP_TRY(sp_agg_show_order(b, true, false, err));
    return sp_agg_set_args(b, args, 2 + orders, err);
}

static sp_status listagg_types(sp_bind *b, sp_error *err)
{
    int all = b->arg_count;
    b->arg_count = 1;
    SP_TRY(sp_bind_sig(b, "x", SP_STRING, err));
    b->arg_count = all;
    const sp_type *value = b->want[0] ? b->want[0] : sp_bind_type(b, 0), *delimiter = sp_bind_type(b, 1);
    if (delimiter->kind != SP_VOID && delimiter->kind != SP_STRING && delimiter->kind != SP_BINARY)
        return sp_bind_fail_type(b, 1, "(\"STRING\" or \"BINARY\" or \"VOID\")", err);
    if (delimiter->kind != SP_VOID && delimiter->kind != value->kind) {
        const char *types = sp_arena_printf(b->arena, NULL, "(%s or %s)", sp_type_sql_quoted(b->arena, value),
            sp_bind_arg_type(b, 1));
        return SP_FAIL(err, DATATYPE_MISMATCH__DATA_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       types ? types : "");
    }
    b->type = value;
    return SP_OK;
}

static sp_status listagg_order(sp_bind *b, collect_info *f, const sp_window_spec *w, sp_error *err)
{
    const sp_expr *call = b->call;
    f->order_count = b->arg_count - 2;
    f->reorder = f->order_count > 1 || (f->order_count == 1 && !sp_expr_eq(call->args[2], call->args[0]));
    SP_NEW_ARRAY(f->order, b->arena, f->order_count + 1, err);
    for (int i = 0; i < f->order_count; i++) {
        const sp_expr *o = w->order[i];
        bool sort = o->kind == SP_E_SORT;
        f->order[i] = (struct collect_order){ sort && !o->ascending, sort ? o->nulls_first : true };
    }
    if (f->reorder && call->distinct)
        return SP_FAIL(err, INVALID_WITHIN_GROUP_EXPRESSION__MISMATCH_WITH_DISTINCT_INPUT, "funcName",
            sp_bind_function_id(b), "funcArg",
                       sp_bind_arg_sql(b, 0), "orderingExpr", sp_bind_arg_sql(b, 2));
    if (!f->reorder) return SP_OK;
    sp_field *fields;
    SP_NEW_ARRAY(fields, b->arena, f->order_count + 1, err);
    fields[0] = (sp_field){ .name = SP_LIT("value"), .type = f->value, .nullable = true };
    for (int i = 0; i < f->order_count; i++) {
        char *name = sp_arena_printf(b->arena, err, "sortOrderValue[%d]", i);
        if (!name) return SP_FAILED;
        fields[1 + i] = (sp_field){ .name = sp_str_of(name), .type = sp_bind_type(b, 2 + i), .nullable = true };
    }
    return (f->item = sp_type_struct(b->arena, fields, f->order_count + 1, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_listagg(sp_bind *b, sp_error *err)
{
    collect_info *f;
    sp_value delimiter;
    SP_NEW(f, b->arena, sizeof *f, err);
    const sp_window_spec *order = b->call->window;
    SP_TRY(listagg_args(b, err));
    SP_TRY(listagg_types(b, err));
    SP_TRY(sp_bind_constant(b, 1, "delimiter", &delimiter, err));
    *f = (collect_info){ .value = b->type, .item = b->type, .text = true };
    if (!delimiter.is_null) f->delimiter = delimiter.str;
    SP_TRY(listagg_order(b, f, order, err));
    SP_TRY(lay_out(b, f, err));
    return SP_OK;
}

extern const sp_aggregate sp_aggregates_collect[];
const sp_aggregate sp_aggregates_collect[] = {
    { "collect_list", 1, 1, 0, bind_list, &list_kernel, "2.0.0", "collect_list(a): an array of all values" },
    { "array_agg", 1, 1, 0, bind_list, &list_kernel, "3.3.0", "array_agg(a): an array of all values" },
    { "collect_set", 1, 1, 0, bind_set, &list_kernel, "2.0.0", "collect_set(a): an array of the different values" },
    { "listagg", 1, 2, 0, bind_listagg, &text_kernel, "4.0.0",
        "listagg(a[, delimiter]) [WITHIN GROUP (ORDER BY k)]: all texts in one" },
    { "string_agg", 1, 2, 0, bind_listagg, &text_kernel, "4.0.0",
        "string_agg(a[, delimiter]) [WITHIN GROUP (ORDER BY k)]: all texts in one" },
    { 0 }
};
