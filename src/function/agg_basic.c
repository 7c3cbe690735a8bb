/* agg_basic.c -- count, count_if, sum, try_sum, avg: the aggregates every query has, as plain typed loops over
 * groups[].
 *
 * States are 8 to 48 bytes; buffers are Spark's aggBufferAttributes: count {count bigint not null}, sum {sum}
 * (decimal: {sum, isEmpty not null}), avg {sum double|decimal, count bigint}. Sums of BIGINT overflow by error under
 * ANSI. Behaviour: Count.scala, Sum.scala, Average.scala. */
#include "function/agg_int.h"

/* ---- count ---- */

static sp_status count_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                              uint32_t count, sp_error *err)
{
    const sp_vec *v[AGG_ARGS_MAX];
    int nullable = 0, n_args = c->call->arg_count;
    bool none = false;
    for (int a = 0; a < n_args; a++) {
        const sp_vec *p;
        SP_TRY(sp_vec_plain(args[a], c->arena, &p, err));
        if (p->type->kind == SP_VOID || (p->form == SP_CONST && sp_vec_is_null(p, 0))) none = true;
        if (p->valid && p->form != SP_CONST && nullable < AGG_ARGS_MAX) v[nullable++] = p;
    }
    if (none) return SP_OK;
    if (!nullable) {
        if (stride == sizeof(int64_t)) {
            int64_t *s = states;
            for (uint32_t n = 0; n < count; n++) s[groups[n]]++;
        } else for (uint32_t n = 0; n < count; n++) (*AGG_STATE(int64_t, groups[n]))++;
        return SP_OK;
    }
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        bool all = true;
        for (int a = 0; a < nullable; a++) all &= sp_bit_get(v[a]->valid, row);
        *AGG_STATE(int64_t, groups[n]) += all;
    }
    return SP_OK;
}

static sp_status count_if_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args,
                                 const uint32_t *sel, uint32_t count, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    const uint8_t *x = v->data;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        *AGG_STATE(int64_t, groups[n]) += !sp_vec_is_null(v, row) && x[SP_AT(v, row)];
    }
    return SP_OK;
}

static sp_status count_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                             const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) *AGG_STATE(int64_t, to[n]) += *AGG_OTHER(int64_t, from[n]);
    return SP_OK;
}

static sp_status count_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
    uint32_t count, sp_vec *out, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) ((int64_t *)out->data)[n] = *AGG_CONST(int64_t, groups[n]);
    return SP_OK;
}

static const sp_type *count_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = false;
    return sp_type_of(SP_LONG);
}

static const char *count_name(const sp_expr *call, int i) { return "count"; }

static sp_status count_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *const *out,
                            sp_error *err)
{
    return count_finish(c, states, stride, groups, count, out[0], err);
}

static sp_status count_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in,
                            sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++) *AGG_STATE(int64_t, groups[n]) = sp_vec_is_null(v, n) ? 0
        : ((const int64_t *)v->data)[SP_AT(v, n)];
    return SP_OK;
}

static const sp_agg_kernel count_kernel = { sizeof(int64_t), sp_agg_init_zero, count_update, count_merge, count_finish,
    1, count_type, count_name,
                                            count_save, count_load, NULL };
static const sp_agg_kernel count_if_kernel = { sizeof(int64_t), sp_agg_init_zero, count_if_update, count_merge,
    count_finish, 1, count_type,
                                               count_name, count_save, count_load, NULL };

static sp_status bind_count(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 0)
        return SP_FAIL(err, WRONG_NUM_ARGS__WITH_SUGGESTION, "functionName", "`count`", "expectedNum", "> 0",
            "actualNum", "0", "legacyNum", "0",
                       "legacyConfKey", "\"spark.sql.legacy.allowParameterlessCount\"", "legacyConfValue", "\"true\"");
    if (b->arg_count > AGG_ARGS_MAX) return sp_error_internal(err, "count of more than %d columns", AGG_ARGS_MAX);
    b->type = sp_type_of(SP_LONG);
    b->nullable = false;
    return SP_OK;
}

static sp_status bind_count_if(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "b", SP_LONG, err));
    b->nullable = false;
    return SP_OK;
}

/* ---- sums and averages: one state shape ---- */

typedef struct sum_i64 { int64_t sum; int64_t some; } sum_i64;      /* some: values seen (sum), count (avg) */
typedef struct sum_f64 { double sum; int64_t some; } sum_f64;
typedef struct sum_dec { sp_dec sum; int64_t some; int64_t overflown; } sum_dec;

typedef struct sum_info { bool avg, try_, ansi; const sp_type *arg, *sum_type; } sum_info;

static sp_status sum_overflow(const sum_info *f, int64_t *slot_some, sp_error *err)
{
    if (f->try_) { *slot_some = INT64_MIN / 2; return SP_OK; }   /* null from now on */
    return sp_fail_overflow(err, "long overflow", "try_sum");
}

#define SUM_I64(T)                                                                                                     \
    static sp_status sum_##T(const sum_info *f, void *states, size_t stride, const uint32_t *groups, const sp_vec *v, const uint32_t *sel, \
                             uint32_t count, sp_error *err)                                                            \
    {                                                                                                                  \
        const T *x = v->data;                                                                                          \
        uint32_t m = v->form == SP_CONST ? 0 : ~0u;                                                                   \
        bool checked = f->ansi || f->try_;                                                                            \
        for (uint32_t n = 0; n < count; n++) {                                                                        \
            uint32_t row = sel ? sel[n] : n;                                                                          \
            if (v->valid && !sp_bit_get(v->valid, row & m)) continue;                                                 \
            sum_i64 *s = AGG_STATE(sum_i64, groups[n]);                                                               \
            s->some++;                                                                                                 \
            if (__builtin_add_overflow(s->sum, (int64_t)x[row & m], &s->sum) && checked) SP_TRY(sum_overflow(f, &s->some, err)); \
        }                                                                                                              \
        return SP_OK;                                                                                                  \
    }
SUM_I64(int8_t)
SUM_I64(int16_t)
SUM_I64(int32_t)
SUM_I64(int64_t)

static sp_status update_i64(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                            uint32_t count, sp_error *err)
{
    const sum_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    switch (v->type->kind) {
    case SP_VOID: return SP_OK;
    case SP_BYTE: return sum_int8_t(f, states, stride, groups, v, sel, count, err);
    case SP_SHORT: return sum_int16_t(f, states, stride, groups, v, sel, count, err);
    case SP_INT: case SP_YEAR_MONTH: return sum_int32_t(f, states, stride, groups, v, sel, count, err);
    default: return sum_int64_t(f, states, stride, groups, v, sel, count, err);
    }
}

static sp_status update_f64(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                            uint32_t count, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    bool plain = v->type->kind == SP_DOUBLE;
    const double *x = v->data;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(v, row)) continue;
        sum_f64 *s = AGG_STATE(sum_f64, groups[n]);
        s->sum += plain ? x[SP_AT(v, row)] : sp_vec_f64_at(v, row);
        s->some++;
    }
    return SP_OK;
}

static void add_dec(sum_dec *s, sp_dec x, const sp_type *t)
{
    if (!s->overflown && (__builtin_add_overflow(s->sum, x, &s->sum) ||
        sp_dec_digits(s->sum) > t->precision)) s->overflown = 1;
}

static sp_status update_dec(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
    const sp_vec *const *args, const uint32_t *sel,
                            uint32_t count, sp_error *err)
{
    const sum_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    sp_dec scale = sp_pow10_table[f->sum_type->scale - v->type->scale];
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(v, row)) continue;
        sum_dec *s = AGG_STATE(sum_dec, groups[n]);
        add_dec(s, ((const sp_dec *)v->data)[SP_AT(v, row)] * scale, f->sum_type);
        s->some++;
    }
    return SP_OK;
}

static sp_status merge_i64(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                           const uint32_t *from, uint32_t count, sp_error *err)
{
    const sum_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        sum_i64 *s = AGG_STATE(sum_i64, to[n]);
        const sum_i64 *o = AGG_OTHER(sum_i64, from[n]);
        s->some += o->some;
        if (__builtin_add_overflow(s->sum, o->sum, &s->sum) &&
            (f->ansi || f->try_)) SP_TRY(sum_overflow(f, &s->some, err));
    }
    return SP_OK;
}

static sp_status merge_f64(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                           const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) {
        sum_f64 *s = AGG_STATE(sum_f64, to[n]);
        const sum_f64 *o = AGG_OTHER(sum_f64, from[n]);
        s->some += o->some;
        s->sum += o->sum;
    }
    return SP_OK;
}

static sp_status merge_dec(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
    size_t other_stride,
                           const uint32_t *from, uint32_t count, sp_error *err)
{
    const sum_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        sum_dec *s = AGG_STATE(sum_dec, to[n]);
        const sum_dec *o = AGG_OTHER(sum_dec, from[n]);
        s->some += o->some;
        s->overflown |= o->overflown;
        add_dec(s, o->sum, f->sum_type);
    }
    return SP_OK;
}

static sp_status finish_i64(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    const sum_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        const sum_i64 *s = AGG_CONST(sum_i64, groups[n]);
        if (s->some <= 0) { SP_TRY(sp_agg_null(c, out, n, err)); continue; }
        int64_t v = s->sum;
        if (f->avg) {   /* intervals: HALF_UP */
            __int128 twice = ((__int128)v * 2 + (v < 0 ? -s->some : s->some)) / (2 * s->some);
            v = (int64_t)twice;
        }
        if (out->type->kind == SP_YEAR_MONTH && (v > INT32_MAX || v < INT32_MIN)) return SP_FAIL(err,
            INTERVAL_ARITHMETIC_OVERFLOW__WITHOUT_SUGGESTION);
        sp_vec_put_int(out, n, v);
    }
    return SP_OK;
}

static sp_status finish_f64(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    const sum_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        const sum_f64 *s = AGG_CONST(sum_f64, groups[n]);
        if (s->some <= 0) { SP_TRY(sp_agg_null(c, out, n, err)); continue; }
        ((double *)out->data)[n] = f->avg ? s->sum / (double)s->some : s->sum;
    }
    return SP_OK;
}

static sp_status finish_dec(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *out, sp_error *err)
{
    const sum_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        const sum_dec *s = AGG_CONST(sum_dec, groups[n]);
        sp_dec *o = &((sp_dec *)out->data)[n];
        if (s->some <= 0) { SP_TRY(sp_agg_null(c, out, n, err)); continue; }
        bool fits = !s->overflown;
        if (fits && f->avg) fits = sp_dec_div(s->sum, s->some, f->sum_type->scale, 0, out->type->precision,
            out->type->scale, o);
        else if (fits) *o = s->sum;
        if (fits) continue;
        if (f->ansi && !f->try_) {
            const char *precision = sp_arena_printf(c->arena, NULL, "%d", out->type->precision),
                *scale = sp_arena_printf(c->arena, NULL, "%d", out->type->scale);
            return SP_FAIL(err, NUMERIC_VALUE_OUT_OF_RANGE__WITH_SUGGESTION, "value", "the sum", "precision", precision
                ? precision : "", "scale",
                           scale ? scale : "", "config", "\"spark.sql.ansi.enabled\"");
        }
        SP_TRY(sp_agg_null(c, out, n, err));
    }
    return SP_OK;
}

/* ---- Spark's buffers ---- */

static const sp_type *sum_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    const sum_info *f = call->state;
    *nullable = i == 0;
    if (f->avg) {
        *nullable = true;
        return i == 0 ? f->sum_type : sp_type_of(SP_LONG);
    }
    return i == 0 ? f->sum_type : sp_type_of(SP_BOOLEAN);
}

static const char *sum_buffer_name(const sp_expr *call, int i)
{
    const sum_info *f = call->state;
    return i == 0 ? "sum" : f->avg ? "count" : "isEmpty";
}

/* avg's sum starts at zero and is never null; sum's is null until a value came (decimals: zero with isEmpty, null
 * once overflown). */
static sp_status sum_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
    sp_vec *const *out, sp_error *err)
{
    const sum_info *f = c->call->state;
    sp_kind k = f->sum_type->kind;
    for (uint32_t n = 0; n < count; n++) {
        int64_t some;
        if (k == SP_DECIMAL) {
            const sum_dec *s = AGG_CONST(sum_dec, groups[n]);
            some = s->some;
            ((sp_dec *)out[0]->data)[n] = s->sum;
            if (s->overflown) SP_TRY(sp_agg_null(c, out[0], n, err));
        } else if (k == SP_DOUBLE) {
            const sum_f64 *s = AGG_CONST(sum_f64, groups[n]);
            some = s->some;
            ((double *)out[0]->data)[n] = s->sum;
        } else {
            const sum_i64 *s = AGG_CONST(sum_i64, groups[n]);
            some = s->some;
            sp_vec_put_int(out[0], n, s->sum);
        }
        if (f->avg) ((int64_t *)out[1]->data)[n] = some;
        else if (k == SP_DECIMAL) ((uint8_t *)out[1]->data)[n] = some == 0;
        else if (some <= 0) SP_TRY(sp_agg_null(c, out[0], n, err));
    }
    return SP_OK;
}

static sp_status sum_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
    const sp_vec *const *in, sp_error *err)
{
    const sum_info *f = c->call->state;
    sp_kind k = f->sum_type->kind;
    const sp_vec *v, *w = NULL;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    if (f->avg || k == SP_DECIMAL) SP_TRY(sp_vec_plain(in[1], c->arena, &w, err));
    for (uint32_t n = 0; n < count; n++) {
        bool null = sp_vec_is_null(v, n);
        int64_t some = f->avg ? sp_vec_int_at(w, n) : k == SP_DECIMAL ? !sp_vec_int_at(w, n) : !null;
        if (k == SP_DECIMAL) *AGG_STATE(sum_dec, groups[n]) = (sum_dec){ null ? 0
            : ((const sp_dec *)v->data)[SP_AT(v, n)], some, null };
        else if (k == SP_DOUBLE) *AGG_STATE(sum_f64, groups[n]) = (sum_f64){ null ? 0
            : ((const double *)v->data)[SP_AT(v, n)], some };
        else *AGG_STATE(sum_i64, groups[n]) = (sum_i64){ null ? 0 : sp_vec_int_at(v, n), some };
    }
    return SP_OK;
}

#define SUM_KERNEL(name, T, S, buffers) \
    static const sp_agg_kernel name = { sizeof(T), sp_agg_init_zero, update_##S, merge_##S, finish_##S, buffers, sum_buffer_type, sum_buffer_name, \
                                        sum_save, sum_load, NULL };
SUM_KERNEL(sum_i64_kernel, sum_i64, i64, 1)
SUM_KERNEL(sum_f64_kernel, sum_f64, f64, 1)
SUM_KERNEL(sum_dec_kernel, sum_dec, dec, 2)
SUM_KERNEL(avg_i64_kernel, sum_i64, i64, 2)
SUM_KERNEL(avg_f64_kernel, sum_f64, f64, 2)
SUM_KERNEL(avg_dec_kernel, sum_dec, dec, 2)

static const char *const sum_takes = "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";

static sp_status bind_sum_like(sp_bind *b, bool avg, bool try_, sp_error *err)
{
    sum_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    b->state = f;
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind == SP_STRING || t->kind == SP_VOID) {
        b->want[0] = t = sp_type_of(SP_DOUBLE);
    }
    *f = (sum_info){ avg, try_, b->conf->ansi, t, NULL };
    if (t->kind == SP_DECIMAL) {
        int more = t->precision + 10 < 38 ? t->precision + 10 : 38;
        if (!(f->sum_type = sp_type_decimal(b->arena, more, t->scale, err))) return SP_FAILED;
        b->type = f->sum_type;
        if (avg) {  /* DecimalType.adjustPrecisionScale(p + 4, s + 4) */
            int p = t->precision + 4, s = t->scale + 4;
            if (p > 38) p = 38;
            if (s > 38) s = 38;
            if (!(b->type = sp_type_decimal(b->arena, p, s, err))) return SP_FAILED;
        }
        b->agg = avg ? &avg_dec_kernel : &sum_dec_kernel;
    } else if (t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME) {
        f->sum_type = b->type = sp_type_of(t->kind);
        b->agg = avg ? &avg_i64_kernel : &sum_i64_kernel;
    } else if (!sp_kind_is_numeric(t->kind)) return sp_bind_fail_type(b, 0, sum_takes, err);
    else if (avg || sp_kind_is_fractional(t->kind)) {
        f->sum_type = b->type = sp_type_of(SP_DOUBLE);
        b->agg = avg ? &avg_f64_kernel : &sum_f64_kernel;
    } else {
        f->sum_type = b->type = sp_type_of(SP_LONG);
        b->agg = &sum_i64_kernel;
    }
    return SP_OK;
}

static sp_status bind_sum(sp_bind *b, sp_error *err) { return bind_sum_like(b, false, false, err); }
static sp_status bind_try_sum(sp_bind *b, sp_error *err) { return bind_sum_like(b, false, true, err); }
static sp_status bind_avg(sp_bind *b, sp_error *err) { return bind_sum_like(b, true, false, err); }
static sp_status bind_try_avg(sp_bind *b, sp_error *err) { return bind_sum_like(b, true, true, err); }

extern const sp_aggregate sp_aggregates_basic[];
const sp_aggregate sp_aggregates_basic[] = {
    { "count", 0, -1, 0, bind_count, &count_kernel, "1.0.0",
        "count(*), count(a, ...): rows, rows where no argument is null" },
    { "count_if", 1, 1, 0, bind_count_if, &count_if_kernel, "3.0.0", "count_if(a): rows where a is true" },
    { "sum", 1, 1, 0, bind_sum, &sum_i64_kernel, "1.0.0", "sum(a): the sum" },
    { "try_sum", 1, 1, 0, bind_try_sum, &sum_i64_kernel, "3.3.0", "try_sum(a): the sum, null on overflow" },
    { "avg", 1, 1, 0, bind_avg, &avg_f64_kernel, "1.0.0", "avg(a): the mean" },
    { "mean", 1, 1, 0, bind_avg, &avg_f64_kernel, "1.0.0", "mean(a): the mean" },
    { "try_avg", 1, 1, 0, bind_try_avg, &avg_f64_kernel, "3.3.0", "try_avg(a): the mean, null on overflow" },
    { 0 }
};
