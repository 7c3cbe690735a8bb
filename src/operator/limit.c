/* limit.c -- Limit, Offset, Tail and Repartition: operators that gather rows as they come and hand on some, or all in
 * another division.
 *
 * Limit keeps the first rows in the order of pipes and tasks. A task stops at the limit; one whose predecessors have
 * finished with enough rows does not begin. Repartition deals rows out: hashed by Spark's partitioning, round robin, by
 * range (sorted and cut), or coalesced.
 * Behaviour: CollectLimitExec, GlobalLimitExec, CollectTailExec, ShuffleExchangeExec, CoalesceExec. */
#include "operator/sort.h"

typedef struct limit {
    sp_gather gather;
    int64_t most;               /* rows a task need keep */
    sp_batch all;               /* REPARTITION */
    uint32_t *index, *starts;
    sp_expr **keys;
    sp_sort_order order;
    int parts;
} limit;
typedef struct limit_op { sp_operator base; sp_kept *kept; } limit_op;

static sp_status make(sp_exec *x, const sp_plan *p, const sp_operator_class *cls, int64_t most, sp_node **out,
                      sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, cls, p, sizeof(limit), err);
    if (!n)
        return SP_FAILED;
    limit *s = n->shared;
    s->most = most;
    return sp_gather_init(&s->gather, x, err);
}

sp_status sp_node_limit(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    return make(x, p, &sp_op_limit, p->kind == SP_P_LIMIT ? p->count : INT64_MAX, out, err);
}

sp_status sp_node_tail(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    return make(x, p, &sp_op_tail, INT64_MAX, out, err);
}

static sp_status limit_begin_run(sp_node *n, sp_error *err)
{
    sp_gather_reset(&((limit *)n->shared)->gather);
    return SP_OK;
}

/* Rows that finished tasks before this one have kept. */
static int64_t rows_before(sp_gather *g, const sp_chain *c)
{
    int64_t rows = 0;
    sp_mutex_lock(&g->lock);
    for (int i = 0; i < g->count; i++) {
        const sp_gather_part *p = g->parts[i];
        if (p->pipe < c->pipe->order || (p->pipe == c->pipe->order && p->task < c->task))
            rows += p->finished_rows;
    }
    sp_mutex_unlock(&g->lock);
    return rows;
}

static sp_status limit_begin(sp_operator *op, sp_error *err)
{
    limit *s = op->node->shared;
    if (s->most != INT64_MAX && rows_before(&s->gather, op->chain) >= s->most)
        op->done = true;
    return sp_gather_begin(&s->gather, op->chain, &((limit_op *)op)->kept, err);
}

static sp_status limit_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    limit *s = op->node->shared;
    sp_kept *k = ((limit_op *)op)->kept;
    sp_batch b = *in;
    if (k->rows + (int64_t)sp_live(&b) > s->most) {
        uint32_t n = (uint32_t)(s->most - k->rows);
        if (b.sel)
            b.sel_count = n;
        else
            b.rows = b.sel_count = n;       /* the vectors have more rows: only the first n are copied */
    }
    if (sp_live(&b))
        SP_TRY(sp_keep(k, &b, err));
    op->done = k->rows >= s->most;
    return SP_OK;
}

static sp_status limit_finish(sp_operator *op, sp_error *err)
{
    limit *s = op->node->shared;
    sp_mutex_lock(&s->gather.lock);
    sp_gather_part *p = (sp_gather_part *)((limit_op *)op)->kept;   /* kept is the part's first member */
    p->finished_rows = p->kept.rows;
    sp_mutex_unlock(&s->gather.lock);
    return SP_OK;
}

static sp_status limit_gathered(sp_node *n, sp_error *err)
{
    limit *s = n->shared;
    sp_gather_sort(&s->gather);
    n->small = true;
    return SP_OK;
}

static int limit_tasks(sp_node *n) { return 1; }

/* Rows [from, to) of what was gathered. */
static sp_status push_range(limit *s, sp_chain *c, int64_t from, int64_t to, sp_error *err)
{
    int64_t at = 0;
    sp_status status = SP_OK;
    for (int i = 0; i < s->gather.count; i++) {
        const sp_kept *k = &s->gather.parts[i]->kept;
        for (int j = 0; j < k->count && status == SP_OK && at < to; j++) {
            sp_batch b = k->batches[j];
            int64_t first = from > at ? from - at : 0, last = to - at < b.rows ? to - at : b.rows;
            at += b.rows;
            if (first >= last)
                continue;
            sp_chain_fresh(c);
            uint32_t *sel, n = 0;
            SP_NEW_ARRAY(sel, c->batch_arena, b.rows + 1, err);
            for (int64_t r = first; r < last; r++)
                sel[n++] = (uint32_t)r;
            if (n < b.rows) {
                b.sel = sel;
                b.sel_count = n;
            }
            status = sp_chain_push(c, &b, err);
        }
    }
    return status;
}

static sp_status limit_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    limit *s = n->shared;
    bool offset = n->plan->kind == SP_P_OFFSET;
    return push_range(s, c, offset ? n->plan->count : 0, offset ? INT64_MAX : n->plan->count, err);
}

static sp_status tail_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    limit *s = n->shared;
    int64_t rows = sp_gather_rows(&s->gather);
    return push_range(s, c, rows > n->plan->count ? rows - n->plan->count : 0, INT64_MAX, err);
}

static void limit_end(sp_node *n) { sp_gather_done(&((limit *)n->shared)->gather); }

/* ---- repartition ---- */

sp_status sp_node_repartition(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    SP_TRY(make(x, p, &sp_op_repartition, INT64_MAX, out, err));
    limit *s = (*out)->shared;
    const sp_plan *child = p->children[0];
    s->parts = p->count > 0 ? (int)p->count : x->spec.shuffle_partitions;
    if (p->by_name)
        return sp_sort_bind(x, p->exprs, p->expr_count, child, &s->order, err);
    return sp_bind_exprs(x, p->exprs, p->expr_count, child->output, child->output_count, &s->keys, err);
}

/* Part of every row, by hash or in turn; then rows ordered by part. */
static sp_status deal(sp_node *n, uint32_t *part, sp_error *err)
{
    limit *s = n->shared;
    sp_arena *a = s->gather.arena;
    uint32_t rows = s->all.rows, keys = (uint32_t)n->plan->expr_count;
    sp_eval_context eval = { .arena = a, .conf = n->x->spec.conf };
    const sp_vec **columns;
    SP_NEW_ARRAY(columns, a, keys + 1, err);
    for (uint32_t i = 0; i < keys; i++) {
        sp_vec *v;
        SP_TRY(sp_eval(&eval, s->keys[i], &s->all, &v, err));
        if (!(columns[i] = sp_vec_flatten(v, a, true, err)))
            return SP_FAILED;
    }
    if (keys)
        sp_rows_murmur3(columns, (int)keys, NULL, rows, part);
    for (uint32_t i = 0; i < rows; i++)
        part[i] = keys ? (uint32_t)sp_pmod((int32_t)part[i], s->parts) : i % (uint32_t)s->parts;
    SP_NEW_ARRAY(s->index, a, rows + 1, err);
    for (uint32_t i = 0; i < rows; i++)
        s->starts[part[i] + 2]++;
    for (int i = 2; i < s->parts + 2; i++)
        s->starts[i] += s->starts[i - 1];
    for (uint32_t i = 0; i < rows; i++)
        s->index[s->starts[part[i] + 1]++] = i;
    return SP_OK;
}

static sp_status repartition_gathered(sp_node *n, sp_error *err)
{
    limit *s = n->shared;
    const sp_plan *child = n->plan->children[0];
    sp_arena *a = s->gather.arena;
    uint32_t *part;
    SP_TRY(sp_gather_join(&s->gather, child->output, child->output_count, &s->all, err));
    SP_NEW_ARRAY(s->starts, a, s->parts + 3, err);
    if (n->plan->shuffle && !n->plan->by_name) {
        SP_NEW_ARRAY(part, a, s->all.rows + 1, err);
        return deal(n, part, err);
    }
    s->index = NULL;
    if (n->plan->by_name)
        SP_TRY(sp_sort_batch(&s->order, &s->all, n->x->spec.conf, a, &s->index, err));
    for (int i = 0; i <= s->parts; i++)
        /* slices begin at multiples of 64 */
        s->starts[i] = (uint32_t)((uint64_t)s->all.rows * (unsigned)i / (unsigned)s->parts / 64 * 64);
    s->starts[s->parts] = s->all.rows;
    return SP_OK;
}

static int repartition_tasks(sp_node *n)
{
    limit *s = n->shared;
    n->small = s->all.rows < SP_BATCH_ROWS;
    return s->parts;
}

static sp_status repartition_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    limit *s = n->shared;
    uint32_t from = s->starts[task], count = s->starts[task + 1] - from;
    if (s->index)
        return sp_push_pieces(c, &s->all, s->index + from, count, err);
    sp_batch b;
    SP_TRY(sp_batch_columns(&b, s->all.column_count, count, c->arena, err));
    for (int i = 0; i < b.column_count; i++)
        if (!(b.columns[i] = sp_vec_slice(s->all.columns[i], from, count, c->arena, err)))
            return SP_FAILED;
    return sp_push_pieces(c, &b, NULL, count, err);
}

const sp_operator_class sp_op_limit = {
    .name = "GlobalLimit",
    .size = sizeof(limit_op),
    .begin_run = limit_begin_run,
    .begin = limit_begin,
    .push = limit_push,
    .finish = limit_finish,
    .gathered = limit_gathered,
    .feed_tasks = limit_tasks,
    .feed = limit_feed,
    .end = limit_end,
};
const sp_operator_class sp_op_tail = {
    .name = "CollectTail",
    .size = sizeof(limit_op),
    .begin_run = limit_begin_run,
    .begin = limit_begin,
    .push = limit_push,
    .finish = limit_finish,
    .gathered = limit_gathered,
    .feed_tasks = limit_tasks,
    .feed = tail_feed,
    .end = limit_end,
};
const sp_operator_class sp_op_repartition = {
    .name = "Exchange",
    .size = sizeof(limit_op),
    .begin_run = limit_begin_run,
    .begin = limit_begin,
    .push = limit_push,
    .finish = limit_finish,
    .gathered = repartition_gathered,
    .feed_tasks = repartition_tasks,
    .feed = repartition_feed,
    .end = limit_end,
};
