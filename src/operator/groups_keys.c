/* groups_keys.c -- key columns to leaves and back (see groups.h).
 *
 * Floats are normalised on the way in (NormalizeFloatingNumbers: one zero, one NaN). A null struct has null fields and
 * a leaf of its own that says so. */
#include "operator/groups.h"

#include <math.h>

enum { LEAVES_MAX = 256 };

static int count_leaves(const sp_type *t, bool nullable)
{
    if (t->kind != SP_STRUCT)
        return 1;
    int n = nullable;
    for (int i = 0; i < t->field_count; i++)
        n += count_leaves(t->fields[i].type, t->fields[i].nullable || nullable);
    return n;
}

static sp_status lay_key(sp_groups *g, sp_key *k, const sp_type *t, bool nullable, sp_arena *a, sp_error *err)
{
    k->type = t;
    k->nullable = nullable;
    if (t->kind == SP_STRUCT) {
        k->form = SP_KEY_STRUCT;
        k->leaf = -1;
        if (nullable) {
            k->leaf = g->leaf_count;
            g->leaves[g->leaf_count++] = (sp_leaf){ .kind = SP_LEAF_FIXED, .width = 1 };
        }
        SP_NEW_ARRAY(k->fields, a, t->field_count + 1, err);
        for (int i = 0; i < t->field_count; i++)
            SP_TRY(lay_key(g, &k->fields[i], t->fields[i].type, t->fields[i].nullable || nullable, a, err));
        return SP_OK;
    }
    sp_leaf l = { .kind = SP_LEAF_FIXED, .width = (uint32_t)sp_kind_width(t->kind) };
    k->form = SP_KEY_PLAIN;
    if (t->kind == SP_STRING || t->kind == SP_BINARY)
        l.kind = SP_LEAF_VIEW;
    else if (t->kind == SP_FLOAT || t->kind == SP_DOUBLE)
        l.kind = t->kind == SP_FLOAT ? SP_LEAF_F32 : SP_LEAF_F64;
    else if (t->kind == SP_VOID)
        l.width = 1;
    else if (t->kind == SP_ARRAY || t->kind == SP_MAP || t->kind == SP_VARIANT) {
        k->form = SP_KEY_BYTES;
        l = (sp_leaf){ .kind = SP_LEAF_VIEW, .width = sizeof(sp_view) };
        sp_field f = { .name = SP_LIT("k"), .type = t, .nullable = true };
        if (!(k->row_type = sp_type_struct(a, &f, 1, err)))
            return SP_FAILED;
    }
    k->leaf = g->leaf_count;
    g->leaves[g->leaf_count++] = l;
    return SP_OK;
}

sp_status sp_groups_init(sp_groups *g, sp_exec *x, sp_heap *heap, const sp_type *const *types, const bool *nullable,
                         int count, sp_arena *layout_arena, sp_error *err)
{
    memset(g, 0, sizeof *g);
    int leaves = 0;
    for (int i = 0; i < count; i++)
        leaves += count_leaves(types[i], !nullable || nullable[i]);
    if (leaves > LEAVES_MAX)
        return sp_error_internal(err, "a key of %d columns", leaves);
    SP_NEW_ARRAY(g->leaves, layout_arena, leaves + 1, err);
    SP_NEW_ARRAY(g->keys, layout_arena, count + 1, err);
    g->key_count = count;
    g->heap = heap;
    for (int i = 0; i < count; i++)
        SP_TRY(lay_key(g, &g->keys[i], types[i], !nullable || nullable[i], layout_arena, err));
    g->x = x;
    return SP_OK;
}

/* ---- columns to leaves ---- */

static sp_status normal_f64(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, const void **out,
                            sp_error *err)
{
    double *to = sp_arena_alloc(a, sizeof *to * ((size_t)v->rows + 1), err);
    if (!to)
        return SP_FAILED;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        double d = ((const double *)v->data)[row];
        to[row] = d == 0 ? 0.0 : d != d ? (double)NAN : d;
    }
    *out = to;
    return SP_OK;
}

static sp_status normal_f32(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, const void **out,
                            sp_error *err)
{
    float *to = sp_arena_alloc(a, sizeof *to * ((size_t)v->rows + 1), err);
    if (!to)
        return SP_FAILED;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        float d = ((const float *)v->data)[row];
        to[row] = d == 0 ? 0.0f : d != d ? NAN : d;
    }
    *out = to;
    return SP_OK;
}

static sp_status as_bytes(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, const void **out,
                          sp_error *err)
{
    sp_view *to;
    SP_NEW_ARRAY(to, a, v->rows + 1, err);
    sp_buf row_bytes = { 0 };
    sp_status status = SP_OK;
    for (uint32_t i = 0; i < count && status == SP_OK; i++) {
        uint32_t row = sel ? sel[i] : i;
        sp_buf_clear(&row_bytes);
        status = sp_unsafe_encode(&row_bytes, &v, 1, row, err);
        char *p = status == SP_OK ? sp_arena_strndup(a, row_bytes.data, row_bytes.len, err) : NULL;
        if (!p)
            status = SP_FAILED;
        else
            to[row] = sp_view_make(p, row_bytes.len);
    }
    sp_buf_done(&row_bytes);
    *out = to;
    return status;
}

/* AND of the two bitmaps; either may be NULL. */
static sp_status both_valid(const uint64_t *x, const uint64_t *y, uint32_t rows, sp_arena *a, const uint64_t **out,
                            sp_error *err)
{
    *out = x ? x : y;
    if (!x || !y)
        return SP_OK;
    uint64_t *v = sp_arena_alloc(a, sp_bit_words(rows + 1) * sizeof *v, err);
    if (!v)
        return SP_FAILED;
    for (size_t w = 0; w < sp_bit_words(rows); w++)
        v[w] = x[w] & y[w];
    *out = v;
    return SP_OK;
}

static sp_status take_apart(const sp_groups *g, const sp_key *k, const sp_vec *v, const uint64_t *parent,
                            const uint32_t *sel, uint32_t count, sp_arena *a, sp_leaf_in *out, sp_error *err)
{
    if (v->form != SP_FLAT && !(v = sp_vec_flatten(v, a, false, err)))
        return SP_FAILED;
    const uint64_t *valid;
    SP_TRY(both_valid(parent, v->valid, v->rows, a, &valid, err));
    if (k->form == SP_KEY_STRUCT) {
        if (k->leaf >= 0) {
            uint8_t *zeros;
            SP_NEW_ARRAY(zeros, a, v->rows + 1, err);
            out[k->leaf] = (sp_leaf_in){ zeros, valid };
        } else
            valid = v->valid ? parent : valid;      /* a bitmap on what is never null says nothing */
        for (int i = 0; i < k->type->field_count; i++)
            SP_TRY(take_apart(g, &k->fields[i], v->child[i], valid, sel, count, a, out, err));
        return SP_OK;
    }
    sp_leaf_in *to = &out[k->leaf];
    *to = (sp_leaf_in){ v->data, valid };
    if (k->form == SP_KEY_BYTES)
        return as_bytes(v, sel, count, a, &to->data, err);
    switch (g->leaves[k->leaf].kind) {
    case SP_LEAF_F64: return normal_f64(v, sel, count, a, &to->data, err);
    case SP_LEAF_F32: return normal_f32(v, sel, count, a, &to->data, err);
    default: break;
    }
    if (k->type->kind == SP_VOID) {
        uint8_t *zeros;
        SP_NEW_ARRAY(zeros, a, v->rows + 1, err);
        to->data = zeros;
    }
    return SP_OK;
}

sp_status sp_groups_leaves(const sp_groups *g, const sp_vec *const *columns, const uint32_t *sel, uint32_t count,
                           sp_arena *scratch, sp_leaf_in **out, sp_error *err)
{
    SP_NEW_ARRAY(*out, scratch, g->leaf_count + 1, err);
    for (int i = 0; i < g->key_count; i++)
        SP_TRY(take_apart(g, &g->keys[i], columns[i], NULL, sel, count, scratch, *out, err));
    return SP_OK;
}

/* ---- leaves to columns ---- */

#define GATHER(T)                                                                                \
    do {                                                                                         \
        T *to = v->data;                                                                         \
        const T *from = (const T *)(const void *)l->data;                                        \
        for (uint32_t i = 0; i < count; i++)                                                     \
            to[i] = from[ids ? ids[i] : first + i];                                              \
    } while (0)

static void gather_leaf(const sp_leaf *l, const uint32_t *ids, uint32_t first, uint32_t count, sp_vec *v)
{
    switch (l->width) {
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    default: GATHER(sp_view); break;
    }
}

static sp_status valid_of(const sp_leaf *l, const uint32_t *ids, uint32_t first, uint32_t count, sp_arena *a, sp_vec *v,
                          sp_error *err)
{
    if (!l->valid)
        return SP_OK;
    SP_TRY(sp_vec_need_valid(v, a, err));
    for (uint32_t i = 0; i < count; i++)
        if (!sp_bit_get(l->valid, ids ? ids[i] : first + i))
            sp_bit_clear(v->valid, i);
    return SP_OK;
}

static sp_status from_bytes(const sp_key *k, const sp_leaf *l, const uint32_t *ids, uint32_t first, uint32_t count,
                            sp_arena *a, sp_vec **out, sp_error *err)
{
    sp_builder *b = sp_builder_new(a, k->type, true, err);
    if (!b)
        return SP_FAILED;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = ids ? ids[i] : first + i;
        if (l->valid && !sp_bit_get(l->valid, id))
            SP_TRY(sp_build_null(b, err));
        else
            SP_TRY(sp_unsafe_decode(sp_view_str((const sp_view *)(const void *)l->data + id), k->row_type, &b, err));
    }
    return sp_builder_take(b, out, err);
}

static sp_status put_together(const sp_groups *g, const sp_key *k, const uint32_t *ids, uint32_t first, uint32_t count,
                              sp_arena *a, sp_vec **out, sp_error *err)
{
    const sp_leaf *l = k->leaf >= 0 ? &g->leaves[k->leaf] : NULL;
    if (k->form == SP_KEY_BYTES)
        return from_bytes(k, l, ids, first, count, a, out, err);
    sp_vec *v = *out = sp_vec_new(a, k->type, count, err);
    if (!v)
        return SP_FAILED;
    if (k->type->kind == SP_VOID)
        return SP_OK;
    if (l)
        SP_TRY(valid_of(l, ids, first, count, a, v, err));
    if (k->form == SP_KEY_PLAIN) {
        gather_leaf(l, ids, first, count, v);
        return SP_OK;
    }
    for (int i = 0; i < k->type->field_count; i++)
        SP_TRY(put_together(g, &k->fields[i], ids, first, count, a, &v->child[i], err));
    return SP_OK;
}

sp_status sp_groups_columns(const sp_groups *g, const uint32_t *ids, uint32_t first, uint32_t count, sp_arena *a,
                            sp_vec **columns, sp_error *err)
{
    for (int i = 0; i < g->key_count; i++)
        SP_TRY(put_together(g, &g->keys[i], ids, first, count, a, &columns[i], err));
    return SP_OK;
}

int sp_groups_time_leaf(const sp_groups *g, int key, int field)
{
    const sp_key *k = &g->keys[key];
    if (k->form == SP_KEY_STRUCT) {
        if (field >= k->type->field_count)
            return -1;
        k = &k->fields[field];
    }
    return k->form == SP_KEY_PLAIN && g->leaves[k->leaf].kind == SP_LEAF_FIXED && g->leaves[k->leaf].width == 8
        ? k->leaf
        : -1;
}
