/* rowwise.c -- Expand, EventTimeWatermark, Sample and CollectMetrics: operators that see each batch once and keep no
 * rows.
 *
 * Expand emits the batch once per projection (sliding windows, grouping sets). The watermark node counts event times,
 * in milliseconds as Spark does (a null time counts as 0, which is what Spark reads there). Sampling draws from Spark's
 * XORShiftRandom seeded by seed + partition, so the same rows are taken; with replacement the counts are Poisson by
 * Knuth's method (Spark's generator differs).
 * Behaviour: ExpandExec, EventTimeWatermarkExec and EventTimeStats, SampleExec with BernoulliCellSampler,
 * XORShiftRandom. */
#include "operator/operator_int.h"

#include <math.h>

/* ---- expand ---- */

typedef struct expand { sp_expr ***lists; int count; } expand;

sp_status sp_node_expand(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_expand, p, sizeof(expand), err);
    if (!n)
        return SP_FAILED;
    expand *s = n->shared;
    const sp_plan *child = p->children[0];
    s->count = p->list_count;
    SP_NEW_ARRAY(s->lists, x->arena, p->list_count + 1, err);
    for (int i = 0; i < p->list_count; i++) {
        SP_TRY(sp_bind_exprs(x, p->lists[i], p->list_counts[i], child->output, child->output_count, &s->lists[i], err));
        for (int j = 0; j < p->list_counts[i]; j++)
            s->lists[i][j] = (sp_expr *)sp_unalias(s->lists[i][j]);
    }
    return SP_OK;
}

static sp_status expand_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    const expand *s = op->node->shared;
    for (int i = 0; i < s->count && !op->done; i++) {
        sp_batch out = *in;
        out.column_count = op->node->plan->output_count;
        SP_NEW_ARRAY(out.columns, op->chain->batch_arena, out.column_count + 1, err);
        for (int j = 0; j < out.column_count; j++) {
            const sp_expr *e = s->lists[i][j];
            if (e->kind == SP_E_COLUMN)
                out.columns[j] = in->columns[e->ordinal];
            else
                SP_TRY(sp_eval(&op->chain->eval, e, in, &out.columns[j], err));
        }
        SP_TRY(sp_emit(op, &out, err));
    }
    return SP_OK;
}

/* ---- watermark ---- */

typedef struct watermark { int column; sp_mutex lock; } watermark;
typedef struct watermark_op { sp_operator base; int64_t count, min_ms, max_ms; double sum_ms; } watermark_op;

sp_status sp_node_watermark(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_watermark, p, sizeof(watermark), err);
    if (!n)
        return SP_FAILED;
    watermark *s = n->shared;
    const sp_plan *child = p->children[0];
    s->column = sp_attr_index(child->output, child->output_count, p->exprs[0]->id);
    sp_mutex_init(&s->lock);
    return s->column >= 0 ? SP_OK : sp_error_internal(err, "no event-time column");
}

static sp_status watermark_begin(sp_operator *base, sp_error *err)
{
    watermark_op *op = (watermark_op *)base;
    op->count = 0;
    op->min_ms = INT64_MAX;
    op->max_ms = INT64_MIN;
    op->sum_ms = 0;
    return SP_OK;
}

static sp_status watermark_push(sp_operator *base, const sp_batch *in, sp_error *err)
{
    watermark_op *op = (watermark_op *)base;
    const watermark *s = base->node->shared;
    const sp_vec *v = in->columns[s->column], *whole;
    SP_TRY(sp_plain(v, base->chain->batch_arena, &v, err));
    whole = v;
    if (v->type->kind == SP_STRUCT)
        SP_TRY(sp_plain(v->child[1], base->chain->batch_arena, &v, err));
    const int64_t *t = v->data;
    int64_t least = op->min_ms, most = op->max_ms;
    for (uint32_t i = 0; i < sp_live(in); i++) {
        uint32_t row = SP_BATCH_ROW(in, i);
        bool null = sp_vec_is_null(v, row) || sp_vec_is_null(whole, row);
        int64_t ms = null ? 0 : sp_floor_div(t[SP_AT(v, row)], 1000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
        op->sum_ms += (double)ms;
    }
    op->min_ms = least;
    op->max_ms = most;
    op->count += sp_live(in);
    return sp_emit(base, in, err);
}

static sp_status watermark_finish(sp_operator *base, sp_error *err)
{
    watermark_op *op = (watermark_op *)base;
    watermark *s = base->node->shared;
    sp_watermark_stats *w = &base->node->x->watermark_stats[base->node->index];
    if (!op->count)
        return SP_OK;
    sp_mutex_lock(&s->lock);
    double sum = w->avg_us / 1000 * (double)w->count + op->sum_ms;
    if (!w->count || op->min_ms * 1000 < w->min_us)
        w->min_us = op->min_ms * 1000;
    if (!w->count || op->max_ms * 1000 > w->max_us)
        w->max_us = op->max_ms * 1000;
    w->count += op->count;
    w->avg_us = sum / (double)w->count * 1000;
    sp_mutex_unlock(&s->lock);
    return SP_OK;
}

static void watermark_end(sp_node *n) { sp_mutex_done(&((watermark *)n->shared)->lock); }

/* ---- sample ---- */

typedef struct sample_op { sp_operator base; uint64_t state; } sample_op;

sp_status sp_node_sample(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    return (*out = sp_node_new(x, &sp_op_sample, p, 0, err)) ? SP_OK : SP_FAILED;
}

static uint32_t rotl32(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* scala.util.hashing.MurmurHash3.bytesHash of the eight big-endian bytes. */
static uint32_t hash_seed_half(uint64_t seed, uint32_t h)
{
    for (int half = 0; half < 2; half++) {
        uint32_t k = __builtin_bswap32((uint32_t)(half ? seed : seed >> 32));
        h ^= rotl32(k * 0xcc9e2d51u, 15) * 0x1b873593u;
        h = rotl32(h, 13) * 5 + 0xe6546b64u;
    }
    h ^= 8;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

static uint32_t next_bits(uint64_t *state, int bits)
{
    uint64_t s = *state;
    s ^= s << 21;
    s ^= s >> 35;
    s ^= s << 4;
    *state = s;
    return (uint32_t)(s & ((1ull << bits) - 1));
}

static double next_double(uint64_t *state)
{
    uint64_t high = next_bits(state, 26);
    return (double)((high << 27) + next_bits(state, 27)) * 0x1.0p-53;
}

static sp_status sample_begin(sp_operator *base, sp_error *err)
{
    uint64_t seed = (uint64_t)(base->node->plan->seed + base->chain->task);
    uint32_t low = hash_seed_half(seed, 0x3c074a61u), high = hash_seed_half(seed, low);
    ((sample_op *)base)->state = (uint64_t)high << 32 | low;
    return SP_OK;
}

static uint32_t times(sample_op *op, const sp_plan *p)
{
    if (!p->all) {
        double d = next_double(&op->state);
        return d >= p->lower && d < p->upper;
    }
    double least = exp(-(p->upper - p->lower)), product = next_double(&op->state);
    uint32_t n = 0;
    for (; product > least; n++)
        product *= next_double(&op->state);
    return n;
}

static sp_status sample_push(sp_operator *base, const sp_batch *in, sp_error *err)
{
    sp_arena *a = base->chain->batch_arena;
    uint32_t live = sp_live(in), n = 0, cap = live + 16, *index;
    bool repeated = false;
    SP_NEW_ARRAY(index, a, cap, err);
    for (uint32_t i = 0; i < live; i++) {
        uint32_t k = times((sample_op *)base, base->node->plan);
        repeated |= k > 1;
        if (n + k > cap) {
            uint32_t *more;
            SP_NEW_ARRAY(more, a, (cap + k) * 2, err);
            memcpy(more, index, sizeof *index * n);
            index = more;
            cap = (cap + k) * 2;
        }
        while (k--)
            index[n++] = SP_BATCH_ROW(in, i);
    }
    sp_batch out = *in;
    out.sel = index;
    out.sel_count = n;
    if (!repeated)
        return sp_emit(base, &out, err);
    SP_TRY(sp_batch_columns(&out, in->column_count, n, a, err));
    for (int i = 0; i < in->column_count; i++)
        if (!(out.columns[i] = sp_vec_index(in->columns[i], index, n, a, err)))
            return SP_FAILED;
    return sp_emit(base, &out, err);
}

const sp_operator_class sp_op_expand = { .name = "Expand", .size = sizeof(sp_operator), .push = expand_push };
const sp_operator_class sp_op_watermark = {
    .name = "EventTimeWatermark",
    .size = sizeof(watermark_op),
    .sees_all = true,
    .begin = watermark_begin,
    .push = watermark_push,
    .finish = watermark_finish,
    .end = watermark_end,
};
const sp_operator_class sp_op_sample = {
    .name = "Sample", .size = sizeof(sample_op), .begin = sample_begin, .push = sample_push
};
