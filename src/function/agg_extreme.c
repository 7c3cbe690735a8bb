/* agg_extreme.c -- aggregates that keep values of their input: min, max, first, last, any_value, bool_and, bool_or,
 * min_by, max_by.
 *
 * min and max of integer-like and floating kinds are typed loops over 16-byte states; everything else goes through
 * slots (agg_slot.c). Buffers: min {min}, max {max}, first {first, valueSet not null}, last {last, valueSet not
 * null}, min_by {valueWithExtremumOrdering, extremumOrdering}. Behaviour: Min.scala, Max.scala, First.scala,
 * Last.scala, MaxByAndMinBy.scala, UnevaluableAggs.scala. */
#include "function/agg_int.h"

typedef struct extreme_info { bool max; const sp_type *type; const char *name; } extreme_info;
typedef struct num_state { union { int64_t i; double f; }; int64_t set; } num_state;

static bool is_integer_like(sp_kind k)
{
    return k == SP_BOOLEAN || sp_kind_is_integral(k) || k == SP_DATE || k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ ||
        k == SP_TIME ||
           k == SP_YEAR_MONTH || k == SP_DAY_TIME;
}

/* ---- min, max of integers ---- */

#define EXTREME_LOOP(T)                                                                                                \
    static void extreme_##T(bool max, void *states, size_t stride, const uint32_t *groups, const sp_vec *v, const uint32_t *sel, uint32_t count) \
    {                                                                                                                  \
        const T *x = v->data;                                                                                          \
        uint32_t m = v->form == SP_CONST ? 0 : ~0u;                                                                   \
        for (uint32_t n = 0; n < count; n++) {                                                                        \
            uint32_t row = (sel ? sel[n] : n) & m;                                                                    \
            if (v->valid && !sp_bit_get(v->valid, row)) continue;                                                     \
            num_state *s = AGG_STATE(num_state, groups[n]);                                                           \
            if (!s->set || (max ? x[row] > s->i : x[row] < s->i)) s->i = x[row];                                      \
            s->set = 1;                                                                                                \
        }                                                                                                              \
    }
EXTREME_LOOP(int8_t)
EXTREME_LOOP(int16_t)
EXTREME_LOOP(int32_t)
EXTREME_LOOP(int64_t)

static sp_status int_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                            uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    switch (sp_kind_width(v->type->kind)) {
    case 1: extreme_int8_t(f->max, states, stride, groups, v, sel, count); break;
    case 2: extreme_int16_t(f->max, states, stride, groups, v, sel, count); break;
    case 4: extreme_int32_t(f->max, states, stride, groups, v, sel, count); break;
    default: extreme_int64_t(f->max, states, stride, groups, v, sel, count);
    }
    return SP_OK;
}

static int cmp_f64(double a, double b) { return a < b ? -1 : a > b ? 1 : a == b ? 0 : (a != a) - (b != b); }

static sp_status f64_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                            uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(v, row)) continue;
        double d = sp_vec_f64_at(v, row);
        num_state *s = AGG_STATE(num_state, groups[n]);
        int cmp = s->set ? cmp_f64(d, s->f) : 0;
        if (!s->set || (f->max ? cmp > 0 : cmp < 0)) s->f = d;
        s->set = 1;
    }
    return SP_OK;
}

static sp_status int_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                           const uint32_t *from, uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        num_state *s = AGG_STATE(num_state, to[n]);
        const num_state *o = AGG_OTHER(num_state, from[n]);
        if (o->set && (!s->set || (f->max ? o->i > s->i : o->i < s->i))) *s = *o;
    }
    return SP_OK;
}

static sp_status f64_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                           const uint32_t *from, uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        num_state *s = AGG_STATE(num_state, to[n]);
        const num_state *o = AGG_OTHER(num_state, from[n]);
        int cmp = o->set && s->set ? cmp_f64(o->f, s->f) : 0;
        if (o->set && (!s->set || (f->max ? cmp > 0 : cmp < 0))) *s = *o;
    }
    return SP_OK;
}

static sp_status num_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    sp_kind k = out->type->kind;
    for (uint32_t n = 0; n < count; n++) {
        const num_state *s = AGG_CONST(num_state, groups[n]);
        if (!s->set) SP_TRY(sp_agg_null(c, out, n, err));
        if (k == SP_DOUBLE) ((double *)out->data)[n] = s->f;
        else if (k == SP_FLOAT) ((float *)out->data)[n] = (float)s->f;
        else sp_vec_put_int(out, n, s->i);
    }
    return SP_OK;
}

static const sp_type *extreme_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return ((const extreme_info *)call->state)->type;
}

static const char *extreme_buffer_name(const sp_expr *call, int i) { return ((const extreme_info *)call->state)->name; }

static sp_status num_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *const *out, sp_error *err)
{
    return num_finish(c, states, stride, groups, count, out[0], err);
}

static sp_status num_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    bool f64 = v->type->kind == SP_DOUBLE || v->type->kind == SP_FLOAT;
    for (uint32_t n = 0; n < count; n++) {
        num_state *s = AGG_STATE(num_state, groups[n]);
        *s = (num_state){ .set = !sp_vec_is_null(v, n) };
        if (!s->set) continue;
        if (f64) s->f = sp_vec_f64_at(v, n);
        else s->i = sp_vec_int_at(v, n);
    }
    return SP_OK;
}

static const sp_agg_kernel int_kernel = { sizeof(num_state), sp_agg_init_zero, int_update, int_merge, num_finish, 1,
    extreme_buffer_type,
                                          extreme_buffer_name, num_save, num_load, NULL };
static const sp_agg_kernel f64_kernel = { sizeof(num_state), sp_agg_init_zero, f64_update, f64_merge, num_finish, 1,
    extreme_buffer_type,
                                          extreme_buffer_name, num_save, num_load, NULL };

/* ---- min, max of anything ---- */

/* Order of row `row` against what the slot holds. */
static sp_status cmp_slot(const sp_slot *s, const sp_vec *v, uint32_t row, sp_arena *a, int *out, sp_error *err)
{
    sp_kind k = v->type->kind;
    if (k == SP_STRING || k == SP_BINARY) {
        *out = sp_str_cmp(sp_view_str(&((const sp_view *)v->data)[SP_AT(v, row)]), (sp_str){ s->ptr, s->bytes });
        return SP_OK;
    }
    if (k == SP_DECIMAL) {
        sp_dec x = ((const sp_dec *)v->data)[SP_AT(v, row)];
        *out = x < s->i ? -1 : x > s->i;
        return SP_OK;
    }
    sp_vec *kept = sp_vec_new(a, v->type, 1, err);
    if (!kept) return SP_FAILED;
    SP_TRY(sp_slots_vec(&s, 1, kept, a, err));
    *out = sp_vec_rows_cmp(v, row, kept, 0);
    return SP_OK;
}

static sp_status slot_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                             uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(v, row)) continue;
        sp_slot *s = AGG_STATE(sp_slot, groups[n]);
        int cmp = 0;
        if (s->set) SP_TRY(cmp_slot(s, v, row, c->arena, &cmp, err));
        if (!s->set || (f->max ? cmp > 0 : cmp < 0)) SP_TRY(sp_slot_put(s, c->heap, v, row, c->arena, err));
    }
    return SP_OK;
}

static sp_status slot_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    const sp_slot **list;
    SP_NEW_ARRAY(list, c->arena, count + 1, err);
    for (uint32_t n = 0; n < count; n++) list[n] = AGG_CONST(sp_slot, groups[n]);
    return sp_slots_vec(list, count, out, c->arena, err);
}

static sp_status slot_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                            const uint32_t *from, uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    const sp_slot **list;
    SP_NEW_ARRAY(list, c->arena, count + 1, err);
    for (uint32_t n = 0; n < count; n++) list[n] = AGG_OTHER(sp_slot, from[n]);
    sp_vec *v = sp_vec_new(c->arena, f->type, count, err);
    if (!v) return SP_FAILED;
    SP_TRY(sp_slots_vec(list, count, v, c->arena, err));
    const sp_vec *args[1] = { v };
    return slot_update(c, states, stride, to, args, NULL, count, err);
}

static sp_status slot_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *const *out, sp_error *err)
{
    return slot_finish(c, states, stride, groups, count, out[0], err);
}

static sp_status slot_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++)
        if (!sp_vec_is_null(v, n) && v->type->kind != SP_VOID) SP_TRY(sp_slot_put(AGG_STATE(sp_slot, groups[n]),
            c->heap, v, n, c->arena, err));
    return SP_OK;
}

static void slot_drop(sp_heap *h, void *state) { sp_slot_drop(state, h); }

static const sp_agg_kernel slot_kernel = { sizeof(sp_slot), sp_agg_init_zero, slot_update, slot_merge, slot_finish, 1,
    extreme_buffer_type,
                                           extreme_buffer_name, slot_save, slot_load, slot_drop };

static sp_status bind_extreme(sp_bind *b, bool max, const char *name, sp_error *err)
{
    extreme_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    *f = (extreme_info){ max, b->type, name };
    b->state = f;
    if (!sp_type_is_orderable(b->type))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       sp_type_sql_quoted(b->arena, b->type));
    sp_kind k = b->type->kind;
    b->agg = is_integer_like(k) ? &int_kernel : k == SP_DOUBLE || k == SP_FLOAT ? &f64_kernel : &slot_kernel;
    return SP_OK;
}

static sp_status bind_min(sp_bind *b, sp_error *err) { return bind_extreme(b, false, "min", err); }
static sp_status bind_max(sp_bind *b, sp_error *err) { return bind_extreme(b, true, "max", err); }

/* every = min, some = max of booleans */
static sp_status bind_bool_and(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "b", SP_BOOLEAN, err));
    b->want[0] = sp_type_of(SP_BOOLEAN);
    return bind_extreme(b, false, "min", err);
}

static sp_status bind_bool_or(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "b", SP_BOOLEAN, err));
    b->want[0] = sp_type_of(SP_BOOLEAN);
    return bind_extreme(b, true, "max", err);
}

/* ---- first, last ---- */

typedef struct position_info { bool last, skip_nulls; const sp_type *type; } position_info;

static sp_status position_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                                 uint32_t count, sp_error *err)
{
    const position_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        sp_slot *s = AGG_STATE(sp_slot, groups[n]);
        if (s->set && !f->last) continue;
        if (f->skip_nulls && (v->type->kind == SP_VOID || sp_vec_is_null(v, row))) continue;
        SP_TRY(sp_slot_put(s, c->heap, v, row, c->arena, err));
    }
    return SP_OK;
}

static sp_status position_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                                const uint32_t *from, uint32_t count, sp_error *err)
{
    const position_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        sp_slot *s = AGG_STATE(sp_slot, to[n]);
        const sp_slot *o = AGG_OTHER(sp_slot, from[n]);
        if (o->set && (f->last || !s->set)) SP_TRY(sp_slot_copy(s, o, c->heap, err));
    }
    return SP_OK;
}

static const sp_type *position_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = i == 0;
    return i == 0 ? ((const position_info *)call->state)->type : sp_type_of(SP_BOOLEAN);
}

static const char *position_buffer_name(const sp_expr *call, int i)
{
    return i ? "valueSet" : ((const position_info *)call->state)->last ? "last" : "first";
}

static sp_status position_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
    uint32_t count, sp_vec *const *out,
                               sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) ((uint8_t *)out[1]->data)[n] = AGG_CONST(sp_slot, groups[n])->set;
    return slot_finish(c, states, stride, groups, count, out[0], err);
}

static sp_status position_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in,
                               sp_error *err)
{
    const sp_vec *v, *set;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    SP_TRY(sp_vec_plain(in[1], c->arena, &set, err));
    for (uint32_t n = 0; n < count; n++)
        if (sp_vec_int_at(set, n)) SP_TRY(sp_slot_put(AGG_STATE(sp_slot, groups[n]), c->heap, v, n, c->arena, err));
    return SP_OK;
}

static const sp_agg_kernel position_kernel = { sizeof(sp_slot), sp_agg_init_zero, position_update, position_merge,
    slot_finish, 2,
                                               position_buffer_type, position_buffer_name, position_save,
                                                   position_load, slot_drop };

static sp_status bind_position(sp_bind *b, bool last, sp_error *err)
{
    position_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    b->type = sp_bind_type(b, 0);
    *f = (position_info){ last, false, b->type };
    if (b->arg_count > 1) {
        sp_value v;
        if (sp_bind_type(b, 1)->kind != SP_BOOLEAN) return sp_bind_fail_type(b, 1, "\"BOOLEAN\"", err);
        SP_TRY(sp_bind_constant(b, 1, "ignoreNulls", &v, err));
        f->skip_nulls = !v.is_null && v.boolean;
        b->call->arg_count = b->arg_count = 1;      /* shown as first(v), whatever the flag */
    }
    b->call->ordinal = f->skip_nulls;               /* but not the same function */
    b->state = f;
    return SP_OK;
}

static sp_status bind_first(sp_bind *b, sp_error *err) { return bind_position(b, false, err); }
static sp_status bind_last(sp_bind *b, sp_error *err) { return bind_position(b, true, err); }

/* ---- min_by, max_by ---- */

typedef struct by_state { sp_slot value, order; } by_state;

static sp_status by_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                           uint32_t count, sp_error *err)
{
    const extreme_info *f = c->call->state;
    const sp_vec *v, *o;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    SP_TRY(sp_vec_plain(args[1], c->arena, &o, err));
    if (o->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(o, row)) continue;
        by_state *s = AGG_STATE(by_state, groups[n]);
        int cmp = 0;
        if (s->order.set) SP_TRY(cmp_slot(&s->order, o, row, c->arena, &cmp, err));
        /* ties: the later one wins, as in Spark's update expression */
        if (s->order.set && (f->max ? cmp < 0 : cmp > 0)) continue;
        SP_TRY(sp_slot_put(&s->order, c->heap, o, row, c->arena, err));
        SP_TRY(sp_slot_put(&s->value, c->heap, v, row, c->arena, err));
    }
    return SP_OK;
}

static sp_status by_vec(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    bool order, sp_vec *out,
                        sp_error *err)
{
    const sp_slot **list;
    SP_NEW_ARRAY(list, c->arena, count + 1, err);
    for (uint32_t n = 0; n < count; n++) {
        const by_state *s = AGG_CONST(by_state, groups[n]);
        list[n] = order ? &s->order : &s->value;
    }
    return sp_slots_vec(list, count, out, c->arena, err);
}

static sp_status by_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    return by_vec(c, states, stride, groups, count, false, out, err);
}

static sp_status by_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *const *out, sp_error *err)
{
    SP_TRY(by_vec(c, states, stride, groups, count, false, out[0], err));
    return by_vec(c, states, stride, groups, count, true, out[1], err);
}

static sp_status by_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in, sp_error *err)
{
    return by_update(c, states, stride, groups, in, NULL, count, err);
}

static sp_status by_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                          const uint32_t *from, uint32_t count, sp_error *err)
{
    sp_vec *v = sp_vec_new(c->arena, c->call->args[0]->type, count, err),
        *o = sp_vec_new(c->arena, c->call->args[1]->type, count, err);
    if (!v || !o) return SP_FAILED;
    SP_TRY(by_vec(c, other, other_stride, from, count, false, v, err));
    SP_TRY(by_vec(c, other, other_stride, from, count, true, o, err));
    const sp_vec *args[2] = { v, o };
    return by_update(c, states, stride, to, args, NULL, count, err);
}

static const sp_type *by_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return call->args[i]->type;
}

static const char *by_buffer_name(const sp_expr *call, int i) { return i ? "extremumOrdering"
    : "valueWithExtremumOrdering"; }

static void by_drop(sp_heap *h, void *state)
{
    by_state *s = state;
    sp_slot_drop(&s->value, h);
    sp_slot_drop(&s->order, h);
}

static const sp_agg_kernel by_kernel = { sizeof(by_state), sp_agg_init_zero, by_update, by_merge, by_finish, 2,
    by_buffer_type, by_buffer_name,
                                         by_save, by_load, by_drop };

static sp_status bind_by(sp_bind *b, bool max, sp_error *err)
{
    extreme_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    *f = (extreme_info){ max, sp_bind_type(b, 1), NULL };
    b->state = f;
    b->type = sp_bind_type(b, 0);
    if (!sp_type_is_orderable(f->type))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       sp_type_sql_quoted(b->arena, f->type));
    return SP_OK;
}

static sp_status bind_min_by(sp_bind *b, sp_error *err) { return bind_by(b, false, err); }
static sp_status bind_max_by(sp_bind *b, sp_error *err) { return bind_by(b, true, err); }

extern const sp_aggregate sp_aggregates_extreme[];
const sp_aggregate sp_aggregates_extreme[] = {
    { "min", 1, 1, 0, bind_min, &slot_kernel, "1.0.0", "min(a): the smallest value" },
    { "max", 1, 1, 0, bind_max, &slot_kernel, "1.0.0", "max(a): the greatest value" },
    { "bool_and", 1, 1, 0, bind_bool_and, &int_kernel, "3.0.0", "bool_and(a): true if all values are true" },
    { "every", 1, 1, 0, bind_bool_and, &int_kernel, "3.0.0", "every(a): true if all values are true" },
    { "bool_or", 1, 1, 0, bind_bool_or, &int_kernel, "3.0.0", "bool_or(a): true if one value is true" },
    { "some", 1, 1, 0, bind_bool_or, &int_kernel, "3.0.0", "some(a): true if one value is true" },
    { "any", 1, 1, 0, bind_bool_or, &int_kernel, "3.0.0", "any(a): true if one value is true" },
    { "first", 1, 2, 0, bind_first, &position_kernel, "2.0.0", "first(a[, ignoreNulls]): the first value" },
    { "first_value", 1, 2, 0, bind_first, &position_kernel, "2.0.0", "first_value(a[, ignoreNulls]): the first value" },
    { "any_value", 1, 2, 0, bind_first, &position_kernel, "3.4.0", "any_value(a[, ignoreNulls]): some value" },
    { "last", 1, 2, 0, bind_last, &position_kernel, "2.0.0", "last(a[, ignoreNulls]): the last value" },
    { "last_value", 1, 2, 0, bind_last, &position_kernel, "2.0.0", "last_value(a[, ignoreNulls]): the last value" },
    { "min_by", 2, 2, 0, bind_min_by, &by_kernel, "3.0.0", "min_by(a, b): the a of the row whose b is smallest" },
    { "max_by", 2, 2, 0, bind_max_by, &by_kernel, "3.0.0", "max_by(a, b): the a of the row whose b is greatest" },
    { 0 }
};
