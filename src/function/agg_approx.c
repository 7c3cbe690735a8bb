/* agg_approx.c -- percentile_approx, by Greenwald and Khanna's quantile summaries, and histogram_numeric, by Ben-Haim
 * and Tom-Tov's bins.
 *
 *   percentile_approx  values wait in a head buffer of 50,000; full, it is sorted and merged into the samples (value,
 *                      g = ranks since the sample before, delta = uncertainty), which are compressed so that no g +
 *                      delta passes 2 * error * count
 *   histogram_numeric  a value is a bin of height 1; of too many bins the two closest become one, ties by
 *                      java.util.Random(31183)
 *
 * Both keep to Spark's order of operations, so that they approximate alike. Buffers: {buf binary}, big-endian:
 * {threshold int, error double, count long, n int, n * (value double, g long, delta long)}; {bins int, used int, used *
 * (x double, y double)}.
 * Behaviour: ApproximatePercentile.scala, QuantileSummaries.scala; HistogramNumeric.scala, NumericHistogram.java. */
#include "function/agg_int.h"

#include <math.h>
#include <stdlib.h>

enum { HEAD_MAX = 50000, COMPRESS_AT = 10000 };

/* ---- quantile summaries ---- */

typedef struct sample { double value; int64_t g, delta; } sample;
typedef struct summary {
    double *head; uint32_t head_count, head_cap;
    sample *samples; uint32_t count, cap;
    int64_t total;                      /* values in the samples */
    bool compressed;
} summary;
typedef struct approx_info {
    const sp_type *type;
    double *percents; int percent_count;
    bool array;
    double error;
} approx_info;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : (x != x) - (y != y);
}

/* Takes the samples' place: count of them, in new heap memory of cap. */
static void replace_samples(summary *s, sp_heap *h, sample *to, uint32_t count, uint32_t cap)
{
    if (s->cap) sp_heap_free(h, s->samples, sizeof *s->samples * s->cap);
    s->samples = to;
    s->count = count;
    s->cap = cap;
}

static sp_status insert_head(summary *s, sp_heap *h, double error, sp_error *err)
{
    if (!s->head_count) return SP_OK;
    uint32_t cap = s->count + s->head_count, n = 0, at = 0;
    int64_t total = s->total;
    sample *to = sp_heap_alloc(h, sizeof *to * cap, err);
    if (!to) return SP_FAILED;
    qsort(s->head, s->head_count, sizeof *s->head, by_value);
    for (uint32_t i = 0; i < s->head_count; i++) {
        double x = s->head[i];
        while (at < s->count && s->samples[at].value <= x) to[n++] = s->samples[at++];
        total++;
        bool edge = n == 0 || (at == s->count && i == s->head_count - 1);
        to[n++] = (sample){ x, 1, edge ? 0 : (int64_t)floor(2 * error * (double)total) };
    }
    while (at < s->count) to[n++] = s->samples[at++];
    replace_samples(s, h, to, n, cap);
    s->total = total;
    s->head_count = 0;
    return SP_OK;
}

/* From the last sample down: what fits is merged into the one after it; the first stays. In place: results gather at
 * the end. */
static void compress_samples(summary *s, double threshold)
{
    if (!s->count) return;
    uint32_t out = s->count;
    sample first = s->samples[0], head = s->samples[s->count - 1];
    for (uint32_t i = s->count - 1; i-- > 1;) {
        const sample x = s->samples[i];
        if ((double)(x.g + head.g + head.delta) < threshold) head.g += x.g;
        else {
            s->samples[--out] = head;
            head = x;
        }
    }
    s->samples[--out] = head;
    if (first.value <= head.value && s->count > 1) s->samples[--out] = first;
    memmove(s->samples, s->samples + out, sizeof *s->samples * (s->count - out));
    s->count -= out;
}

static sp_status compress(summary *s, sp_heap *h, double error, sp_error *err)
{
    if (s->compressed) return SP_OK;
    SP_TRY(insert_head(s, h, error, err));
    compress_samples(s, 2 * error * (double)s->total);
    s->compressed = true;
    return SP_OK;
}

static sp_status add_value(summary *s, sp_heap *h, double error, double x, sp_error *err)
{
    if (s->head_count == s->head_cap) {
        uint32_t cap = s->head_cap ? s->head_cap * 4 : 32;
        if (cap > HEAD_MAX) cap = HEAD_MAX;
        double *to = sp_heap_alloc(h, sizeof *to * cap, err);
        if (!to) return SP_FAILED;
        if (s->head_count) memcpy(to, s->head, sizeof *to * s->head_count);
        if (s->head_cap) sp_heap_free(h, s->head, sizeof *s->head * s->head_cap);
        s->head = to;
        s->head_cap = cap;
    }
    s->head[s->head_count++] = x;
    s->compressed = false;
    if (s->head_count < HEAD_MAX) return SP_OK;
    SP_TRY(insert_head(s, h, error, err));
    double most = 4.0 * floor(1 / error);       /* the digest compresses there too */
    return s->count >= COMPRESS_AT || s->count >= most ? compress(s, h, error, err) : SP_OK;
}

static sp_status copy_samples(summary *s, sp_heap *h, const summary *o, sp_error *err)
{
    sample *to = NULL;
    if (o->count && !(to = sp_heap_alloc(h, sizeof *to * o->count, err))) return SP_FAILED;
    if (o->count) memcpy(to, o->samples, sizeof *to * o->count);
    replace_samples(s, h, to, o->count, o->count);
    s->total = o->total;
    s->compressed = true;
    return SP_OK;
}

/* Both compressed. A sample between the other side's gains the other side's uncertainty. */
static sp_status merge_summary(summary *s, sp_heap *h, const summary *o, double error, sp_error *err)
{
    if (!o->total) return SP_OK;
    if (!s->total) return copy_samples(s, h, o, err);
    uint32_t cap = s->count + o->count, n = 0, i = 0, k = 0;
    int64_t own = (int64_t)floor(2 * error * (double)o->total), others = (int64_t)floor(2 * error * (double)s->total);
    sample *to = sp_heap_alloc(h, sizeof *to * cap, err);
    if (!to) return SP_FAILED;
    while (i < s->count && k < o->count) {
        bool mine = s->samples[i].value < o->samples[k].value;
        to[n] = mine ? s->samples[i] : o->samples[k];
        to[n++].delta += mine ? (k > 0 ? own : 0) : (i > 0 ? others : 0);
        if (mine) i++;
        else k++;
    }
    while (i < s->count) to[n++] = s->samples[i++];
    while (k < o->count) to[n++] = o->samples[k++];
    replace_samples(s, h, to, n, cap);
    s->total += o->total;
    compress_samples(s, 2 * error * (double)s->total);
    s->compressed = true;
    return SP_OK;
}

static double quantile(const summary *s, double error, double p)
{
    if (p <= error || s->count == 1) return s->samples[0].value;
    if (p >= 1 - error) return s->samples[s->count - 1].value;
    int64_t rank = (int64_t)ceil(p * (double)s->total), slack = INT64_MIN, least = 0;
    for (uint32_t i = 0; i < s->count; i++)
        if (s->samples[i].g + s->samples[i].delta > slack) slack = s->samples[i].g + s->samples[i].delta;
    slack /= 2;
    for (uint32_t i = 0; i + 1 < s->count; i++) {
        least += s->samples[i].g;
        if (least + s->samples[i].delta - slack <= rank && rank <= least + slack) return s->samples[i].value;
    }
    return s->samples[s->count - 1].value;
}

static void drop_summary(sp_heap *h, void *state)
{
    summary *s = state;
    if (s->head_cap) sp_heap_free(h, s->head, sizeof *s->head * s->head_cap);
    if (s->cap) sp_heap_free(h, s->samples, sizeof *s->samples * s->cap);
    memset(s, 0, sizeof *s);
}

/* ---- percentile_approx ---- */

static double number_at(const sp_vec *v, uint32_t row)
{
    if (v->type->kind == SP_DECIMAL) return sp_dec_to_f64(((const sp_dec *)v->data)[SP_AT(v, row)], v->type->scale);
    return sp_kind_is_numeric(v->type->kind) ? sp_vec_f64_at(v, row) : (double)sp_vec_int_at(v, row);
}

static sp_status approx_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                               const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const approx_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (!sp_vec_is_null(v, row)) SP_TRY(add_value(AGG_STATE(summary, groups[n]), c->heap, f->error, number_at(v,
            row), err));
    }
    return SP_OK;
}

/* A compressed copy of what another owns, in memory of this call. */
static sp_status compressed_copy(sp_agg_call *c, const summary *s, summary *out, sp_error *err)
{
    *out = *s;
    if (s->compressed || !s->head_count) {
        out->compressed = s->compressed || !s->count;
        if (out->compressed) return SP_OK;
    }
    sp_heap *h = sp_heap_new(c->arena, err);
    if (!h) return SP_FAILED;
    *out = (summary){ .total = s->total, .head_count = s->head_count, .head_cap = s->head_count };
    if (s->head_count) {
        if (!(out->head = sp_heap_alloc(h, sizeof *out->head * s->head_count, err))) return SP_FAILED;
        memcpy(out->head, s->head, sizeof *out->head * s->head_count);
    }
    if (s->count) {
        if (!(out->samples = sp_heap_alloc(h, sizeof *out->samples * s->count, err))) return SP_FAILED;
        memcpy(out->samples, s->samples, sizeof *out->samples * s->count);
        out->count = out->cap = s->count;
    }
    return compress(out, h, ((const approx_info *)c->call->state)->error, err);
}

static sp_status approx_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                              size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    const approx_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        summary *s = AGG_STATE(summary, to[n]), o;
        SP_TRY(compressed_copy(c, AGG_OTHER(summary, from[n]), &o, err));
        SP_TRY(compress(s, c->heap, f->error, err));
        SP_TRY(merge_summary(s, c->heap, &o, f->error, err));
    }
    return SP_OK;
}

static sp_status build_as(sp_builder *b, const sp_type *t, double d, sp_error *err)
{
    sp_dec dec;
    switch (t->kind) {
    case SP_FLOAT: case SP_DOUBLE: return sp_build_f64(b, d, err);
    case SP_DECIMAL: return sp_dec_from_f64(d, t->precision, t->scale, &dec) ? sp_build_decimal(b, dec, err)
        : sp_build_null(b, err);
    default: return sp_build_i64(b, d >= 0x1p63 ? INT64_MAX : d <= -0x1p63 ? INT64_MIN : (int64_t)d, err);
    }
}

static sp_status approx_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                               uint32_t count, sp_vec *out, sp_error *err)
{
    const approx_info *f = c->call->state;
    sp_builder *b = sp_builder_new(c->arena, out->type, false, err);
    sp_vec *v;
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) {
        summary s;
        SP_TRY(compressed_copy(c, AGG_CONST(summary, groups[n]), &s, err));
        if (!s.total || !f->percent_count) { SP_TRY(sp_build_null(b, err)); continue; }
        if (f->array) SP_TRY(sp_build_open(b, err));
        for (int i = 0; i < f->percent_count; i++)
            SP_TRY(build_as(f->array ? sp_builder_child(b, 0) : b, f->type, quantile(&s, f->error, f->percents[i]),
                err));
        if (f->array) SP_TRY(sp_build_close(b, err));
    }
    SP_TRY(sp_builder_take(b, &v, err));
    *out = *v;
    return SP_OK;
}

static sp_status approx_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             sp_vec *const *out, sp_error *err)
{
    const approx_info *f = c->call->state;
    sp_buf b = { 0 };
    sp_status status = SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        summary s;
        if ((status = compressed_copy(c, AGG_CONST(summary, groups[n]), &s, err)) == SP_FAILED) break;
        sp_put_be(&b, COMPRESS_AT, 4);
        sp_put_be_f64(&b, f->error);
        sp_put_be(&b, (uint64_t)s.total, 8);
        sp_put_be(&b, s.count, 4);
        for (uint32_t i = 0; i < s.count; i++) {
            sp_put_be_f64(&b, s.samples[i].value);
            sp_put_be(&b, (uint64_t)s.samples[i].g, 8);
            sp_put_be(&b, (uint64_t)s.samples[i].delta, 8);
        }
        status = sp_agg_put_buf(c, out[0], n, &b, err);
    }
    sp_buf_done(&b);
    return status;
}

static sp_status load_summary(sp_agg_call *c, summary *s, sp_str bytes, sp_error *err)
{
    uint64_t threshold, total, count, g, delta;
    double error;
    if (!sp_take_be(&bytes, 4, &threshold) || !sp_take_be_f64(&bytes, &error) || !sp_take_be(&bytes, 8, &total)
        || !sp_take_be(&bytes, 4, &count) ||
        count > bytes.n / 24)
        return sp_agg_bad_buf(c, err);
    sample *to = NULL;
    if (count && !(to = sp_heap_alloc(c->heap, sizeof *to * count, err))) return SP_FAILED;
    replace_samples(s, c->heap, to, (uint32_t)count, (uint32_t)count);
    for (uint32_t i = 0; i < count; i++) {
        double x;
        if (!sp_take_be_f64(&bytes, &x) || !sp_take_be(&bytes, 8, &g) || !sp_take_be(&bytes, 8,
            &delta)) return sp_agg_bad_buf(c, err);
        to[i] = (sample){ x, (int64_t)g, (int64_t)delta };
    }
    s->total = (int64_t)total;
    s->compressed = true;
    return SP_OK;
}

static sp_status approx_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++) {
        summary *s = AGG_STATE(summary, groups[n]);
        drop_summary(c->heap, s);
        if (!sp_vec_is_null(v, n)) SP_TRY(load_summary(c, s, sp_view_str(&((const sp_view *)v->data)[SP_AT(v, n)]),
            err));
    }
    return SP_OK;
}

static const sp_agg_kernel approx_kernel = { sizeof(summary), sp_agg_init_zero, approx_update, approx_merge,
                                             approx_finish, 1, sp_agg_buf_type, sp_agg_buf_name, approx_save,
                                             approx_load, drop_summary };

static bool is_measure(sp_kind k)
{
    return sp_kind_is_numeric(k) || k == SP_DATE || k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ || k == SP_YEAR_MONTH
        || k == SP_DAY_TIME;
}

static sp_status want_measure(sp_bind *b, const sp_type **out, sp_error *err)
{
    *out = sp_bind_type(b, 0);
    if ((*out)->kind == SP_STRING || (*out)->kind == SP_VOID) b->want[0] = *out = sp_type_of(SP_DOUBLE);
    if (is_measure((*out)->kind)) return SP_OK;
    return sp_bind_fail_type(b, 0,
        "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"INTERVAL YEAR TO MONTH\" or "
                                   "\"INTERVAL DAY TO SECOND\")", err);
}

/* percentile_approx(a, p[, accuracy]) shows its accuracy, 10000 unless given. */
static sp_status bind_approx(sp_bind *b, sp_error *err)
{
    approx_info *f;
    sp_value accuracy;
    SP_NEW(f, b->arena, sizeof *f, err);
    if (b->arg_count < 3) {
        sp_value v = sp_value_i64(SP_INT, 10000);
        sp_expr *e = sp_expr_literal(b->arena, &v, err);
        if (!e) return SP_FAILED;
        SP_TRY(sp_agg_set_args(b, (sp_expr *[]){ b->call->args[0], b->call->args[1], e }, 3, err));
    }
    SP_TRY(want_measure(b, &f->type, err));
    if (!sp_kind_is_integral(sp_bind_type(b, 2)->kind)) SP_TRY(sp_bind_want(b, 2, sp_type_of(SP_LONG), err));
    SP_TRY(sp_bind_constant(b, 2, "accuracy", &accuracy, err));
    if (accuracy.is_null) return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b),
        "exprName", "accuracy");
    if (accuracy.i64 <= 0 || accuracy.i64 > INT32_MAX) {
        const char *now = sp_arena_printf(b->arena, NULL, "%lldL", (long long)accuracy.i64);
        return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_bind_sql(b), "exprName", "accuracy",
            "valueRange",
                       "(0, 2147483647]", "currentValue", now ? now : "");
    }
    f->error = 1.0 / (double)accuracy.i64;
    SP_TRY(sp_agg_percentages(b, 1, &f->percents, &f->percent_count, &f->array, err));
    b->type = f->array ? sp_type_array(b->arena, f->type, false, err) : f->type;
    b->state = f;
    return b->type ? SP_OK : SP_FAILED;
}

/* ---- histogram_numeric ---- */

typedef struct bin { double x, y; } bin;
typedef struct histogram { bin *bins; uint32_t used, cap; uint64_t random; } histogram;
typedef struct histogram_info { uint32_t most; const sp_type *type; } histogram_info;

static uint64_t random_bits(uint64_t *seed, int bits)
{
    *seed = (*seed * 0x5DEECE66Dull + 0xB) & ((1ull << 48) - 1);
    return *seed >> (48 - bits);
}

static double random_f64(histogram *s)
{
    if (!s->random) s->random = (31183ull ^ 0x5DEECE66Dull) & ((1ull << 48) - 1);
    uint64_t high = random_bits(&s->random, 26);
    return (double)((high << 27) + random_bits(&s->random, 27)) * 0x1.0p-53;
}

static void trim(histogram *s, uint32_t most)
{
    while (s->used > most) {
        double least = s->bins[1].x - s->bins[0].x;
        uint32_t at = 0, ties = 1;
        for (uint32_t i = 1; i + 1 < s->used; i++) {
            double d = s->bins[i + 1].x - s->bins[i].x;
            if (d < least) {
                least = d;
                at = i;
                ties = 1;
            } else if (d == least && random_f64(s) <= 1.0 / ++ties) at = i;
        }
        bin *l = &s->bins[at], r = s->bins[at + 1];
        double sum = l->y + r.y;
        l->x *= l->y / sum;
        l->x += r.x / sum * r.y;
        l->y = sum;
        memmove(l + 1, l + 2, sizeof *l * (s->used - at - 2));
        s->used--;
    }
}

static sp_status room_for_bins(histogram *s, sp_heap *h, uint32_t want, sp_error *err)
{
    if (want <= s->cap) return SP_OK;
    uint32_t cap = s->cap * 2 > want ? s->cap * 2 : want;
    bin *to = sp_heap_alloc(h, sizeof *to * cap, err);
    if (!to) return SP_FAILED;
    if (s->used) memcpy(to, s->bins, sizeof *to * s->used);
    if (s->cap) sp_heap_free(h, s->bins, sizeof *s->bins * s->cap);
    s->bins = to;
    s->cap = cap;
    return SP_OK;
}

static sp_status add_bin(histogram *s, sp_heap *h, uint32_t most, double x, sp_error *err)
{
    uint32_t at = 0;
    for (uint32_t l = 0, r = s->used; l < r;) {
        at = (l + r) / 2;
        if (s->bins[at].x > x) r = at;
        else if (s->bins[at].x < x) l = ++at;
        else break;
    }
    if (at < s->used && s->bins[at].x == x) {
        s->bins[at].y++;
        return SP_OK;
    }
    SP_TRY(room_for_bins(s, h, s->used + 1, err));
    memmove(s->bins + at + 1, s->bins + at, sizeof *s->bins * (s->used - at));
    s->bins[at] = (bin){ x, 1 };
    s->used++;
    trim(s, most);
    return SP_OK;
}

static sp_status histogram_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                                  const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const histogram_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (!sp_vec_is_null(v, row)) SP_TRY(add_bin(AGG_STATE(histogram, groups[n]), c->heap, f->most, number_at(v,
            row), err));
    }
    return SP_OK;
}

/* All bins of both, in order (its own before equal ones), then trimmed. */
static sp_status histogram_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                                 size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    const histogram_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        histogram *s = AGG_STATE(histogram, to[n]);
        const histogram *o = AGG_OTHER(histogram, from[n]);
        SP_TRY(room_for_bins(s, c->heap, s->used + o->used, err));
        uint32_t i = s->used, k = o->used, at = s->used + o->used;
        while (k) s->bins[--at] = i && s->bins[i - 1].x > o->bins[k - 1].x ? s->bins[--i] : o->bins[--k];
        s->used += o->used;
        trim(s, f->most);
    }
    return SP_OK;
}

static sp_status histogram_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                                  uint32_t count, sp_vec *out, sp_error *err)
{
    const histogram_info *f = c->call->state;
    sp_builder *b = sp_builder_new(c->arena, out->type, false, err);
    sp_vec *v;
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) {
        const histogram *s = AGG_CONST(histogram, groups[n]);
        if (!s->used) { SP_TRY(sp_build_null(b, err)); continue; }
        SP_TRY(sp_build_open(b, err));
        for (uint32_t i = 0; i < s->used; i++) {
            sp_builder *pair = sp_builder_child(b, 0);
            SP_TRY(sp_build_open(pair, err));
            SP_TRY(build_as(sp_builder_child(pair, 0), f->type, s->bins[i].x, err));
            SP_TRY(sp_build_f64(sp_builder_child(pair, 1), s->bins[i].y, err));
            SP_TRY(sp_build_close(pair, err));
        }
        SP_TRY(sp_build_close(b, err));
    }
    SP_TRY(sp_builder_take(b, &v, err));
    *out = *v;
    return SP_OK;
}

static void drop_histogram(sp_heap *h, void *state)
{
    histogram *s = state;
    if (s->cap) sp_heap_free(h, s->bins, sizeof *s->bins * s->cap);
    memset(s, 0, sizeof *s);
}

static sp_status histogram_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                                uint32_t count, sp_vec *const *out, sp_error *err)
{
    const histogram_info *f = c->call->state;
    sp_buf b = { 0 };
    sp_status status = SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        const histogram *s = AGG_CONST(histogram, groups[n]);
        sp_put_be(&b, f->most, 4);
        sp_put_be(&b, s->used, 4);
        for (uint32_t i = 0; i < s->used; i++) {
            sp_put_be_f64(&b, s->bins[i].x);
            sp_put_be_f64(&b, s->bins[i].y);
        }
        status = sp_agg_put_buf(c, out[0], n, &b, err);
    }
    sp_buf_done(&b);
    return status;
}

static sp_status load_histogram(sp_agg_call *c, histogram *s, sp_str bytes, sp_error *err)
{
    uint64_t most, used;
    if (!sp_take_be(&bytes, 4, &most) || !sp_take_be(&bytes, 4, &used) || used > bytes.n / 16) return sp_agg_bad_buf(c,
        err);
    SP_TRY(room_for_bins(s, c->heap, (uint32_t)used, err));
    for (; s->used < used; s->used++)
        if (!sp_take_be_f64(&bytes, &s->bins[s->used].x) || !sp_take_be_f64(&bytes,
            &s->bins[s->used].y)) return sp_agg_bad_buf(c, err);
    return SP_OK;
}

static sp_status histogram_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                                const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++) {
        histogram *s = AGG_STATE(histogram, groups[n]);
        drop_histogram(c->heap, s);
        if (!sp_vec_is_null(v, n)) SP_TRY(load_histogram(c, s, sp_view_str(&((const sp_view *)v->data)[SP_AT(v, n)]),
            err));
    }
    return SP_OK;
}

static const sp_agg_kernel histogram_kernel = { sizeof(histogram), sp_agg_init_zero, histogram_update, histogram_merge,
                                                histogram_finish, 1, sp_agg_buf_type, sp_agg_buf_name, histogram_save,
                                                histogram_load, drop_histogram };

static sp_status bind_histogram(sp_bind *b, sp_error *err)
{
    histogram_info *f;
    sp_value bins;
    SP_NEW(f, b->arena, sizeof *f, err);
    SP_TRY(want_measure(b, &f->type, err));
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    SP_TRY(sp_bind_constant(b, 1, "nb", &bins, err));
    if (bins.is_null) return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b), "exprName",
        "nb");
    if (bins.i64 < 2) {
        const char *now = sp_arena_printf(b->arena, NULL, "%lld", (long long)bins.i64);
        return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_bind_sql(b), "exprName", "nb",
            "valueRange", "[2, 2147483647]",
                       "currentValue", now ? now : "");
    }
    f->most = (uint32_t)bins.i64;
    sp_field fields[2] = { { .name = SP_LIT("x"), .type = f->type, .nullable = true }, { .name = SP_LIT("y"), .type =
        sp_type_of(SP_DOUBLE), .nullable = true } };
    const sp_type *pair = sp_type_struct(b->arena, fields, 2, err);
    b->type = pair ? sp_type_array(b->arena, pair, true, err) : NULL;
    b->state = f;
    return b->type ? SP_OK : SP_FAILED;
}

extern const sp_aggregate sp_aggregates_approx[];
const sp_aggregate sp_aggregates_approx[] = {
    { "percentile_approx", 2, 3, 0, bind_approx, &approx_kernel, "2.1.0",
        "percentile_approx(a, p[, accuracy]): a value near the percentile" },
    { "approx_percentile", 2, 3, 0, bind_approx, &approx_kernel, "2.1.0",
        "approx_percentile(a, p[, accuracy]): a value near the percentile" },
    { "histogram_numeric", 2, 2, 0, bind_histogram, &histogram_kernel, "3.3.0",
        "histogram_numeric(a, bins): centres and heights of bins" },
    { 0 }
};
