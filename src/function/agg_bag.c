/* agg_bag.c -- what an aggregate gathers: values packed as bytes in heap memory, all of them or each different one
 * once; the hash codes by which the JVM orders its hash tables (collect_set, mode); binding of WITHIN GROUP. */
#include "function/agg_int.h"

static sp_status grow(sp_heap *h, void *p, uint32_t used, uint32_t *cap, uint32_t width, uint32_t want, sp_error *err)
{
    void **slot = p;
    uint64_t more = *cap ? *cap : 16;
    while (more < want) more *= 2;
    if (more * width > UINT32_MAX) return sp_error_memory(err, "the values of one group");
    void *to = sp_heap_alloc(h, more * width, err);
    if (!to) return SP_FAILED;
    if (used) memcpy(to, *slot, (size_t)used * width);
    if (*cap) sp_heap_free(h, *slot, (size_t)*cap * width);
    *slot = to;
    *cap = (uint32_t)more;
    return SP_OK;
}

sp_status sp_bag_add(sp_bag *b, sp_heap *h, sp_str packed, sp_error *err)
{
    if (packed.n > UINT32_MAX / 2 - b->len) return sp_error_memory(err, "the values of one group");
    if (b->len + packed.n > b->cap) SP_TRY(grow(h, &b->data, b->len, &b->cap, 1, b->len + (uint32_t)packed.n, err));
    if (b->count == b->room) SP_TRY(grow(h, &b->ends, b->count, &b->room, sizeof *b->ends, b->count + 1, err));
    if (packed.n) memcpy(b->data + b->len, packed.p, packed.n);
    b->len += (uint32_t)packed.n;
    b->ends[b->count++] = b->len;
    return SP_OK;
}

/* The slot of the item, or the empty one for it. */
static uint32_t *find_slot(const sp_bag *b, sp_str packed)
{
    uint32_t mask = b->slot_count - 1, at = (uint32_t)sp_hash_bytes(packed.p, packed.n) & mask;
    while (b->slots[at] && !sp_str_eq(sp_bag_at(b, b->slots[at] - 1), packed)) at = (at + 1) & mask;
    return &b->slots[at];
}

static sp_status grow_slots(sp_bag *b, sp_heap *h, sp_error *err)
{
    if (b->count + 1 <= b->slot_count / 2) return SP_OK;
    uint32_t old = b->slot_count, count = old ? old * 2 : 16;
    uint32_t *slots = sp_heap_alloc(h, (size_t)count * sizeof *slots, err);
    if (!slots) return SP_FAILED;
    memset(slots, 0, (size_t)count * sizeof *slots);
    if (old) sp_heap_free(h, b->slots, (size_t)old * sizeof *slots);
    b->slots = slots;
    b->slot_count = count;
    for (uint32_t i = 0; i < b->count; i++) *find_slot(b, sp_bag_at(b, i)) = i + 1;
    return SP_OK;
}

sp_status sp_bag_note(sp_bag *b, sp_heap *h, sp_str packed, int64_t times, sp_error *err)
{
    SP_TRY(grow_slots(b, h, err));
    uint32_t *slot = find_slot(b, packed), room = b->room;
    if (!*slot) {
        SP_TRY(sp_bag_add(b, h, packed, err));
        if (b->room != room) SP_TRY(grow(h, &b->times, b->count - 1, &room, sizeof *b->times, b->room, err));
        b->times[b->count - 1] = 0;
        *slot = b->count;
    }
    b->times[*slot - 1] += times;
    return SP_OK;
}

void sp_bag_drop(sp_bag *b, sp_heap *h)
{
    if (b->cap) sp_heap_free(h, b->data, b->cap);
    if (b->room) sp_heap_free(h, b->ends, (size_t)b->room * sizeof *b->ends);
    if (b->times) sp_heap_free(h, b->times, (size_t)b->room * sizeof *b->times);
    if (b->slot_count) sp_heap_free(h, b->slots, (size_t)b->slot_count * sizeof *b->slots);
    memset(b, 0, sizeof *b);
}

sp_status sp_bag_build(const sp_bag *b, const uint32_t *order, sp_builder *to, const sp_type *t, sp_error *err)
{
    for (uint32_t i = 0; i < b->count; i++) {
        sp_str s = sp_bag_at(b, order ? order[i] : i);
        const char *at = s.p;
        SP_TRY(sp_unpack(to, t, &at, s.p + s.n, err));
    }
    return SP_OK;
}

sp_status sp_bag_vec(const sp_bag *b, const sp_type *t, sp_arena *a, sp_vec **out, sp_error *err)
{
    sp_builder *to = sp_builder_new(a, t, true, err);
    if (!to) return SP_FAILED;
    SP_TRY(sp_bag_build(b, NULL, to, t, err));
    return sp_builder_take(to, out, err);
}

/* ---- the JVM's hash codes ---- */

static int32_t hash_i64(int64_t v, bool scala)
{
    if (scala && v == (int32_t)v) return (int32_t)v;
    return (int32_t)(v ^ (int64_t)((uint64_t)v >> 32));
}

static int32_t hash_f32(float f)
{
    int32_t bits;
    if (f != f) return 0x7fc00000;
    memcpy(&bits, &f, 4);
    return bits;
}

static int32_t hash_f64(double d, bool scala)
{
    int64_t bits = 0x7ff8000000000000;
    if (scala && d > -9.2e18 && d < 9.2e18 && d == (double)(int64_t)d) return hash_i64((int64_t)d, true);
    if (scala && d == (double)(float)d) return hash_f32((float)d);
    if (d == d) memcpy(&bits, &d, 8);
    return (int32_t)(bits ^ (int64_t)((uint64_t)bits >> 32));
}

/* scala.math.BigDecimal: a whole one hashes as its integer, one that is a double as that. */
static int32_t hash_dec(sp_dec v, int scale)
{
    while (scale > 0 && v % 10 == 0) {
        v /= 10;
        scale--;
    }
    if (scale == 0 && v == (int64_t)v) return hash_i64((int64_t)v, true);
    return hash_f64(sp_dec_to_f64(v, scale), true);
}

/* UnsafeArrayData of bytes: the element count, the null bits, the bytes padded to a word. */
static bool hash_bytes(sp_str s, int32_t *out)
{
    sp_buf b = { 0 };
    uint64_t n = s.n, zero = 0;
    sp_buf_add(&b, &n, 8);
    for (size_t i = 0; i < (s.n + 63) / 64; i++) sp_buf_add(&b, &zero, 8);
    sp_buf_add(&b, s.p, s.n);
    sp_buf_add(&b, &zero, (8 - s.n % 8) % 8);
    *out = (int32_t)sp_murmur3_bytes(b.data, b.len, 42);
    bool ok = !b.failed;
    sp_buf_done(&b);
    return ok;
}

bool sp_jvm_hash(const sp_vec *v, uint32_t row, bool scala, int32_t *out)
{
    *out = 0;
    if (v->type->kind == SP_VOID || sp_vec_is_null(v, row)) return true;
    switch (v->type->kind) {
    case SP_BOOLEAN: *out = sp_vec_int_at(v, row) ? 1231 : 1237; return true;
    case SP_BYTE: case SP_SHORT: case SP_INT: case SP_DATE: case SP_YEAR_MONTH: *out = (int32_t)sp_vec_int_at(v, row);
        return true;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        *out = hash_i64(sp_vec_int_at(v, row), scala);
        return true;
    case SP_FLOAT: {
        float f = ((const float *)v->data)[SP_AT(v, row)];
        *out = scala ? hash_f64((double)f, true) : hash_f32(f);
        return true;
    }
    case SP_DOUBLE: *out = hash_f64(((const double *)v->data)[SP_AT(v, row)], scala); return true;
    case SP_DECIMAL: *out = hash_dec(((const sp_dec *)v->data)[SP_AT(v, row)], v->type->scale); return true;
    case SP_STRING: {
        sp_str s = sp_view_str(&((const sp_view *)v->data)[SP_AT(v, row)]);
        *out = (int32_t)sp_murmur3_bytes(s.p, s.n, 42);
        return true;
    }
    case SP_BINARY: return hash_bytes(sp_view_str(&((const sp_view *)v->data)[SP_AT(v, row)]), out);
    default: return false;
    }
}

/* ---- the binary buffer ---- */

const sp_type *sp_agg_buf_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return sp_type_of(SP_BINARY);
}

const char *sp_agg_buf_name(const sp_expr *call, int i) { return "buf"; }

sp_status sp_agg_put_buf(sp_agg_call *c, sp_vec *out, uint32_t n, sp_buf *b, sp_error *err)
{
    SP_TRY(sp_buf_check(b, err));
    char *p = sp_arena_strndup(c->arena, b->data ? b->data : "", b->len, err);
    if (!p) return SP_FAILED;
    ((sp_view *)out->data)[n] = sp_view_make(p, b->len);
    sp_buf_clear(b);
    return SP_OK;
}

sp_status sp_agg_bad_buf(const sp_agg_call *c, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "the stored buffer of %.*s is malformed", (int)c->call->name.n,
        c->call->name.p);
}

/* ---- binding of what is ordered ---- */

sp_status sp_agg_set_args(sp_bind *b, sp_expr *const *args, int count, sp_error *err)
{
    sp_expr **mine;
    SP_NEW_ARRAY(mine, b->arena, count + 1, err);
    SP_NEW_ARRAY(b->want, b->arena, count + 1, err);
    for (int i = 0; i < count; i++) mine[i] = args[i];
    b->call->args = mine;
    b->call->arg_count = b->arg_count = count;
    return SP_OK;
}

sp_status sp_agg_one_order(sp_bind *b, const sp_expr **out, sp_error *err)
{
    const sp_window_spec *w = b->call->window;
    if (!w || !w->order_count)
        return SP_FAIL(err, INVALID_WITHIN_GROUP_EXPRESSION__WITHIN_GROUP_MISSING, "funcName", sp_bind_function_id(b));
    if (b->call->distinct)
        return SP_FAIL(err, INVALID_WITHIN_GROUP_EXPRESSION__DISTINCT_UNSUPPORTED, "funcName", sp_bind_function_id(b));
    if (w->order_count != 1) {
        const char *n = sp_arena_printf(b->arena, NULL, "%d", w->order_count);
        return SP_FAIL(err, INVALID_WITHIN_GROUP_EXPRESSION__WRONG_NUM_ORDERINGS, "funcName", sp_bind_function_id(b),
            "expectedNum", "1",
                       "actualNum", n ? n : "");
    }
    *out = w->order[0];
    return SP_OK;
}

sp_status sp_agg_show_order(sp_bind *b, bool full, bool descending, sp_error *err)
{
    sp_expr *call = b->call;
    const sp_window_spec *w = call->window;
    sp_buf text = { 0 };
    sp_buf_printf(&text, "%.*s(%s", (int)call->name.n, call->name.p, call->distinct ? "DISTINCT " : "");
    for (int i = 0; i < call->arg_count; i++) {
        if (i) sp_buf_puts(&text, ", ");
        sp_expr_sql(&text, call->args[i], true);
    }
    sp_buf_puts(&text, ") WITHIN GROUP (ORDER BY ");
    for (int i = 0; i < w->order_count; i++) {
        const sp_expr *o = w->order[i];
        if (i) sp_buf_puts(&text, ", ");
        sp_expr_sql(&text, !full && o->kind == SP_E_SORT ? o->args[0] : o, true);
    }
    sp_buf_puts(&text, !full && descending ? " DESC)" : ")");
    sp_status status = sp_buf_check(&text, err);
    if (status != SP_FAILED && !(call->sql_name.p = sp_arena_strndup(b->arena, text.data, text.len, err))) status =
        SP_FAILED;
    call->sql_name.n = text.len;
    sp_buf_done(&text);
    call->window = NULL;
    return status;
}
