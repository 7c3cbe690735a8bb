/* agg_slot.c -- one value kept in an aggregate's state, whatever its type, and values as bytes. */
#include "function/agg_int.h"

void sp_agg_init_zero(const sp_expr *call, void *states, size_t stride, uint32_t first, uint32_t count)
{
    size_t size = call->agg ? call->agg->size : stride;
    if (size == stride) { memset((char *)states + (size_t)first * stride, 0, stride * count); return; }
    for (uint32_t g = first; g < first + count; g++) memset((char *)states + (size_t)g * stride, 0, size);
}

sp_status sp_agg_null(sp_agg_call *c, sp_vec *out, uint32_t row, sp_error *err)
{
    if (!out->valid) SP_TRY(sp_vec_need_valid(out, c->arena, err));
    sp_bit_clear(out->valid, row);
    return SP_OK;
}

/* ---- values as bytes ---- */

static void pack_u32(sp_buf *out, uint32_t v) { sp_buf_add(out, &v, 4); }

void sp_pack(sp_buf *out, const sp_vec *v, uint32_t row)
{
    if (v->form == SP_DICT && !(v->valid && !sp_bit_get(v->valid, row))) { sp_pack(out, v->child[0], v->index[row]); return; }
    bool null = v->type->kind == SP_VOID || (v->form == SP_DICT) || sp_vec_is_null(v, row);
    sp_buf_putc(out, null ? 0 : 1);
    if (null) return;
    row = SP_AT(v, row);
    size_t w = sp_kind_width(v->type->kind);
    switch (v->type->kind) {
    case SP_STRING: case SP_BINARY: {
        const sp_view *s = &((const sp_view *)v->data)[row];
        pack_u32(out, s->len);
        sp_buf_add(out, sp_view_data(s), s->len);
        return;
    }
    case SP_ARRAY: case SP_MAP: {
        sp_list l = ((const sp_list *)v->data)[row];
        pack_u32(out, l.length);
        for (uint32_t i = l.offset; i < l.offset + l.length; i++)
            for (int c = 0; c < v->type->field_count; c++) sp_pack(out, v->child[c], i);
        return;
    }
    case SP_STRUCT: case SP_VARIANT:
        for (int c = 0; c < v->child_count; c++) sp_pack(out, v->child[c], row);
        return;
    case SP_DOUBLE: {   /* one NaN, one zero: packed values are compared as bytes */
        double d = ((const double *)v->data)[row];
        if (d != d) d = __builtin_nan("");
        if (d == 0) d = 0;
        sp_buf_add(out, &d, 8);
        return;
    }
    case SP_FLOAT: {
        float f = ((const float *)v->data)[row];
        if (f != f) f = __builtin_nanf("");
        if (f == 0) f = 0;
        sp_buf_add(out, &f, 4);
        return;
    }
    default: sp_buf_add(out, (const char *)v->data + w * row, w);
    }
}

static bool take(const char **at, const char *end, void *to, size_t n)
{
    if ((size_t)(end - *at) < n) return false;
    memcpy(to, *at, n);
    *at += n;
    return true;
}

static sp_status unpack_nested(sp_builder *b, const sp_type *t, const char **at, const char *end, sp_error *err)
{
    uint32_t n = 1;
    if (t->kind != SP_STRUCT && !take(at, end, &n, 4)) return sp_error_internal(err, "short value");
    SP_TRY(sp_build_open(b, err));
    for (uint32_t i = 0; i < n; i++)
        for (int c = 0; c < t->field_count; c++) SP_TRY(sp_unpack(sp_builder_child(b, c), t->fields[c].type, at, end,
            err));
    return sp_build_close(b, err);
}

sp_status sp_unpack(sp_builder *b, const sp_type *t, const char **at, const char *end, sp_error *err)
{
    char set;
    uint32_t n;
    union { int8_t i1; int16_t i2; int32_t i4; int64_t i8; double d; float f; __int128 dec; sp_calendar cal; } x;
    size_t w = sp_kind_width(t->kind);
    if (!take(at, end, &set, 1)) return sp_error_internal(err, "short value");
    if (!set) return sp_build_null(b, err);
    if (sp_kind_is_nested(t->kind)) return unpack_nested(b, t, at, end, err);
    if (t->kind == SP_STRING || t->kind == SP_BINARY) {
        if (!take(at, end, &n, 4) || (size_t)(end - *at) < n) return sp_error_internal(err, "short value");
        *at += n;
        return sp_build_str(b, (sp_str){ *at - n, n }, err);
    }
    if (w > sizeof x || !take(at, end, &x, w)) return sp_error_internal(err, "short value");
    switch (t->kind) {
    case SP_BOOLEAN: return sp_build_bool(b, x.i1 != 0, err);
    case SP_DECIMAL: return sp_build_decimal(b, x.dec, err);
    case SP_DOUBLE: return sp_build_f64(b, x.d, err);
    case SP_FLOAT: return sp_build_f64(b, (double)x.f, err);
    case SP_CALENDAR: return sp_build_calendar(b, x.cal, err);
    default: return sp_build_i64(b, w == 1 ? x.i1 : w == 2 ? x.i2 : w == 4 ? x.i4 : x.i8, err);
    }
}

/* ---- slots ---- */

static bool in_heap(sp_kind k) { return k == SP_STRING || k == SP_BINARY || sp_kind_is_nested(k) || k == SP_VARIANT; }

void sp_slot_drop(sp_slot *s, sp_heap *h)
{
    if (s->bytes) sp_heap_free(h, s->ptr, s->bytes);
    memset(s, 0, sizeof *s);
}

static sp_status put_bytes(sp_slot *s, sp_heap *h, const void *p, size_t n, sp_error *err)
{
    void *to = NULL;
    if (s->bytes == n && n) to = s->ptr;
    else {
        if (n && !(to = sp_heap_alloc(h, n, err))) return SP_FAILED;
        if (s->bytes) sp_heap_free(h, s->ptr, s->bytes);
    }
    if (n) memcpy(to, p, n);
    s->ptr = to;
    s->bytes = (uint32_t)n;
    return SP_OK;
}

sp_status sp_slot_put(sp_slot *s, sp_heap *h, const sp_vec *v, uint32_t row, sp_arena *scratch, sp_error *err)
{
    s->set = true;
    s->null = v->type->kind == SP_VOID || sp_vec_is_null(v, row);
    if (s->null) return put_bytes(s, h, NULL, 0, err);
    row = SP_AT(v, row);
    sp_kind k = v->type->kind;
    if (k == SP_STRING || k == SP_BINARY) {
        sp_str t = sp_view_str(&((const sp_view *)v->data)[row]);
        return put_bytes(s, h, t.p, t.n, err);
    }
    if (in_heap(k)) {
        sp_buf b = { 0 };
        sp_pack(&b, v, row);
        sp_status st = sp_buf_check(&b, err);
        if (st != SP_FAILED) st = put_bytes(s, h, b.data, b.len, err);
        sp_buf_done(&b);
        return st;
    }
    size_t w = sp_kind_width(k);
    memcpy(s->raw, (const char *)v->data + w * row, w);
    return SP_OK;
}

sp_status sp_slot_copy(sp_slot *to, const sp_slot *from, sp_heap *h, sp_error *err)
{
    SP_TRY(put_bytes(to, h, from->ptr, from->bytes, err));
    to->set = from->set;
    to->null = from->null;
    to->i = from->i;
    return SP_OK;
}

sp_status sp_slot_get(const sp_slot *s, const sp_type *t, sp_vec *out, uint32_t row, sp_arena *a, sp_error *err)
{
    if (!s->set || s->null) {
        if (!out->valid) SP_TRY(sp_vec_need_valid(out, a, err));
        sp_bit_clear(out->valid, row);
        return SP_OK;
    }
    size_t w = sp_kind_width(t->kind);
    if (t->kind == SP_STRING || t->kind == SP_BINARY) {
        sp_view v = sp_view_make(s->ptr, s->bytes);
        bool ok = true;
        ((sp_view *)out->data)[row] = sp_view_keep(&v, a, &ok);
        return ok ? SP_OK : sp_error_memory(err, "text");
    }
    memcpy((char *)out->data + w * row, s->raw, w);
    return SP_OK;
}

sp_status sp_slots_vec(const sp_slot *const *slots, uint32_t count, sp_vec *out, sp_arena *a, sp_error *err)
{
    const sp_type *t = out->type;
    if (t->kind == SP_VOID) return SP_OK;
    if (!in_heap(t->kind) || t->kind == SP_STRING || t->kind == SP_BINARY) {
        for (uint32_t n = 0; n < count; n++) SP_TRY(sp_slot_get(slots[n], t, out, n, a, err));
        return SP_OK;
    }
    sp_builder *b = sp_builder_new(a, t, false, err);
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) {
        const sp_slot *s = slots[n];
        const char *at = s->ptr;
        if (!s->set || s->null) SP_TRY(sp_build_null(b, err));
        else SP_TRY(sp_unpack(b, t, &at, at + s->bytes, err));
    }
    sp_vec *v;
    SP_TRY(sp_builder_take(b, &v, err));
    *out = *v;
    return SP_OK;
}
