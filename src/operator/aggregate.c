/* aggregate.c -- hash aggregation: partial tables by worker, exchange by Spark's partitioning, merging by partition.
 *
 *   push:      keys of the batch -> group ids in the worker's partial table; each function updates its states by them
 *   gathered:  per worker: murmur3(keys, 42) pmod partitions, for distinct groups alone; groups ordered by partition
 *              per partition, in parallel: groups and states of every worker merged into the partition's table
 *   feed:      a task a partition: result rows
 *
 * A batch query in which one worker saw everything skips the exchange. With DISTINCT aggregates there is one partition:
 * the sets of distinct rows are merged and then counted. Without keys there is one partition and one group, which is
 * there even without input (batch or stream, as in Spark). A streaming query's partitions are its state store;
 * aggregate_state.c has what is special to them.
 * Behaviour: HashAggregateExec, ShuffleExchangeExec, HashPartitioning. */
#include "operator/aggregate.h"

enum { SMALL_GROUPS = 4096 };

typedef struct aggregate_op { sp_operator base; uint32_t *ids, *by_row; uint32_t ids_cap; } aggregate_op;

sp_status sp_node_aggregate(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_aggregate, p, sizeof(sp_aggregate_node), err);
    if (!n)
        return SP_FAILED;
    sp_aggregate_node *s = n->shared;
    SP_TRY(sp_agg_layout_make(x, p, &s->layout, err));
    s->streaming = x->spec.streaming && p->is_streaming;
    if (s->streaming && s->layout.set_count)
        return sp_error_internal(err, "DISTINCT aggregates over a stream");
    SP_NEW_ARRAY(s->partials, x->arena, x->workers, err);
    SP_NEW_ARRAY(s->orders, x->arena, x->workers, err);
    SP_NEW_ARRAY(s->scratch, x->arena, x->workers, err);
    for (int i = 0; i < x->workers; i++)
        if (!(s->scratch[i] = sp_exec_arena(x, "merge", err)))
            return SP_FAILED;
    s->part_count = s->layout.key_count == 0 || s->layout.set_count ? 1
        : s->streaming                                              ? x->spec.shuffle_partitions
                                                                    : x->workers;
    SP_NEW_ARRAY(s->parts, x->arena, s->part_count, err);
    for (int i = 0; i < x->workers; i++)
        SP_NEW_ARRAY(s->orders[i].starts, x->arena, s->part_count + 2, err);
    if (!s->streaming)
        return SP_OK;
    SP_NEW(n->stats, x->arena, sizeof *n->stats, err);
    n->stats->name = s->operator_name = "stateStoreSave";
    n->stats->partitions = x->spec.shuffle_partitions;
    SP_NEW_ARRAY(n->stats->per_partition, x->arena, x->spec.shuffle_partitions, err);
    atomic_store(&s->version, x->spec.state ? x->spec.state->version : 0);
    return SP_OK;
}

/* WatermarkSupport.findEventTimeColumn, asked when the first batch runs. */
static sp_status check_times(const sp_node *n, sp_error *err)
{
    const sp_agg_layout *l = &((const sp_aggregate_node *)n->shared)->layout;
    if (!l->second_time_key)
        return SP_OK;
    const sp_expr *a = n->plan->grouping[l->time_key], *b = n->plan->grouping[l->second_time_key - 1];
    return SP_FAIL(err, MULTIPLE_EVENT_TIME_COLUMNS, "eventTimeCols",
                   sp_error_format(err, "(%.*s#%lld,%.*s#%lld)", (int)a->name.n, a->name.p, (long long)a->id,
                                   (int)b->name.n, b->name.p, (long long)b->id));
}

static sp_status aggregate_begin_run(sp_node *n, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    if (s->streaming)
        SP_TRY(check_times(n, err));
    s->only = NULL;
    s->incoming = 0;
    for (int i = 0; i < n->x->workers; i++)
        if (s->partials[i].ready)
            SP_TRY(sp_agg_table_clear(&s->partials[i], err));
    if (s->streaming)
        return sp_agg_state_begin(n, err);
    for (int i = 0; i < s->part_count; i++)
        if (s->parts[i].table.ready)
            SP_TRY(sp_agg_table_clear(&s->parts[i].table, err));
    return SP_OK;
}

/* ---- partial ---- */

static sp_status aggregate_begin(sp_operator *op, sp_error *err)
{
    sp_aggregate_node *s = op->node->shared;
    sp_agg_table *t = &s->partials[op->chain->worker];
    if (!t->ready)
        SP_TRY(sp_agg_table_open(t, op->node->x, &s->layout, err));
    return s->layout.key_count ? SP_OK : sp_agg_table_sole(t, err);
}

static sp_status eval_plain(sp_operator *op, const sp_expr *e, const sp_batch *in, sp_vec **out, sp_error *err)
{
    if (e->kind == SP_E_COLUMN)
        *out = in->columns[e->ordinal];
    else
        SP_TRY(sp_eval(&op->chain->eval, e, in, out, err));
    if ((*out)->form == SP_DICT)
        *out = sp_vec_flatten(*out, op->chain->batch_arena, true, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status group_rows(aggregate_op *op, sp_agg_table *t, const sp_batch *in, sp_error *err)
{
    const sp_agg_layout *l = t->layout;
    sp_arena *a = op->base.chain->batch_arena;
    uint32_t live = sp_live(in);
    if (in->rows > op->ids_cap) {
        uint32_t cap = in->rows < SP_BATCH_ROWS ? SP_BATCH_ROWS
            : in->rows < SP_BATCH_ROWS_MAX      ? SP_BATCH_ROWS_MAX
                                                : in->rows;
        SP_NEW_ARRAY(op->ids, op->base.chain->arena, cap, err);
        if (l->has_filter)
            SP_NEW_ARRAY(op->by_row, op->base.chain->arena, cap, err);
        op->ids_cap = cap;
    }
    if (l->key_count == 0) {
        memset(op->ids, 0, sizeof *op->ids * live);
        return SP_OK;
    }
    sp_vec **keys;
    sp_leaf_in *leaves;
    SP_NEW_ARRAY(keys, a, l->key_count + 1, err);
    for (int i = 0; i < l->key_count; i++)
        SP_TRY(eval_plain(&op->base, l->keys[i], in, &keys[i], err));
    SP_TRY(sp_groups_leaves(&t->groups, (const sp_vec *const *)keys, in->sel, live, a, &leaves, err));
    SP_TRY(sp_groups_find(&t->groups, leaves, in->sel, live, NULL, op->ids, err));
    return sp_agg_table_states(t, err);
}

static sp_status add_to_sets(sp_operator *op, sp_agg_table *t, const sp_batch *in, sp_error *err)
{
    sp_arena *a = op->chain->batch_arena;
    for (int s = 0; s < t->layout->set_count; s++) {
        const sp_agg_set *set = &t->layout->sets[s];
        sp_batch b = *in;
        uint32_t *sel, *ids;
        sp_vec **columns;
        sp_leaf_in *leaves;
        if (set->filter) {
            SP_NEW_ARRAY(sel, a, in->rows + 1, err);
            SP_TRY(sp_eval_filter(&op->chain->eval, set->filter, in, sel, &b.sel_count, err));
            b.sel = sel;
        }
        SP_NEW_ARRAY(columns, a, set->count + 1, err);
        for (int c = 0; c < set->count; c++)
            SP_TRY(eval_plain(op, set->columns[c], &b, &columns[c], err));
        SP_NEW_ARRAY(ids, a, sp_live(&b) + 1, err);
        SP_TRY(sp_groups_leaves(&t->sets[s], (const sp_vec *const *)columns, b.sel, sp_live(&b), a, &leaves, err));
        SP_TRY(sp_groups_find(&t->sets[s], leaves, b.sel, sp_live(&b), NULL, ids, err));
        t->sets[s].reused_count = 0;
    }
    return SP_OK;
}

/* The rows of a FILTER and their groups, found by row. */
static sp_status filtered(aggregate_op *op, const sp_agg_fn *f, const sp_batch *in, sp_batch *b, uint32_t **ids,
                          sp_error *err)
{
    sp_arena *a = op->base.chain->batch_arena;
    uint32_t *sel;
    SP_NEW_ARRAY(sel, a, in->rows + 1, err);
    SP_NEW_ARRAY(*ids, a, in->rows + 1, err);
    SP_TRY(sp_eval_filter(&op->base.chain->eval, f->call->filter, in, sel, &b->sel_count, err));
    b->sel = sel;
    for (uint32_t i = 0; i < b->sel_count; i++)
        (*ids)[i] = op->by_row[sel[i]];
    return SP_OK;
}

static sp_status aggregate_push(sp_operator *base, const sp_batch *in, sp_error *err)
{
    aggregate_op *op = (aggregate_op *)base;
    sp_aggregate_node *s = base->node->shared;
    sp_agg_table *t = &s->partials[base->chain->worker];
    sp_arena *a = base->chain->batch_arena;
    SP_TRY(group_rows(op, t, in, err));
    if (s->layout.has_filter)
        for (uint32_t i = 0; i < sp_live(in); i++)
            op->by_row[SP_BATCH_ROW(in, i)] = op->ids[i];
    for (int i = 0; i < s->layout.fn_count; i++) {
        const sp_agg_fn *f = &s->layout.fns[i];
        if (f->set >= 0)
            continue;
        sp_batch b = *in;
        uint32_t *ids = op->ids;
        if (f->call->filter)
            SP_TRY(filtered(op, f, in, &b, &ids, err));
        if (sp_live(&b) == 0)
            continue;
        sp_vec **args;
        SP_NEW_ARRAY(args, a, f->call->arg_count + 1, err);
        for (int j = 0; j < f->call->arg_count; j++)
            SP_TRY(eval_plain(base, f->call->args[j], &b, &args[j], err));
        sp_agg_call call = { .call = f->call, .heap = t->heap, .conf = base->node->x->spec.conf, .arena = a };
        SP_TRY(f->kernel->update(&call, t->states[i], f->stride, ids, (const sp_vec *const *)args, b.sel, sp_live(&b),
                                 err));
    }
    return add_to_sets(base, t, in, err);
}

/* ---- exchange ---- */

static sp_status room_for_order(sp_node *n, struct sp_agg_order *o, uint32_t count, sp_error *err)
{
    if (count <= o->cap)
        return SP_OK;
    uint32_t cap = o->cap ? o->cap : 1024;
    while (cap < count)
        cap *= 2;
    SP_TRY(sp_grow(n->x, &o->ids, sizeof *o->ids * o->cap, sizeof *o->ids * cap, err));
    SP_TRY(sp_grow(n->x, &o->parts, sizeof *o->parts * o->cap, sizeof *o->parts * cap, err));
    o->cap = cap;
    return SP_OK;
}

/* Partition of every group of the partial table. */
static sp_status partition_groups(sp_node *n, const sp_agg_table *t, struct sp_agg_order *o, sp_arena *scratch,
                                  sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    uint32_t count = t->groups.count;
    if (s->part_count == 1) {
        memset(o->parts, 0, sizeof *o->parts * count);
        return SP_OK;
    }
    for (uint32_t at = 0; at < count; at += SP_BATCH_ROWS) {
        uint32_t rows = count - at < SP_BATCH_ROWS ? count - at : SP_BATCH_ROWS;
        sp_vec **keys;
        sp_arena_reset(scratch);
        SP_NEW_ARRAY(keys, scratch, s->layout.key_count + 1, err);
        SP_TRY(sp_groups_columns(&t->groups, NULL, at, rows, scratch, keys, err));
        sp_rows_murmur3((const sp_vec *const *)keys, s->layout.key_count, NULL, rows, o->parts + at);
    }
    for (uint32_t i = 0; i < count; i++)
        o->parts[i] = (uint32_t)sp_pmod((int32_t)o->parts[i], s->part_count);
    return SP_OK;
}

/* Task: the groups of one worker's table, ordered by partition. */
static sp_status order_groups(void *context, int task, int worker, sp_error *err)
{
    sp_node *n = context;
    sp_aggregate_node *s = n->shared;
    const sp_agg_table *t = &s->partials[task];
    struct sp_agg_order *o = &s->orders[task];
    uint32_t count = t->ready ? t->groups.count : 0;
    SP_TRY(room_for_order(n, o, count, err));
    memset(o->starts, 0, sizeof *o->starts * (size_t)(s->part_count + 2));
    if (!count)
        return SP_OK;
    SP_TRY(partition_groups(n, t, o, s->scratch[worker], err));
    for (uint32_t i = 0; i < count; i++)
        o->starts[o->parts[i] + 2]++;
    for (int p = 2; p < s->part_count + 2; p++)
        o->starts[p] += o->starts[p - 1];
    for (uint32_t i = 0; i < count; i++)
        o->ids[o->starts[o->parts[i] + 1]++] = i;
    return SP_OK;
}

/* One table's sets into another's (DISTINCT: there is one partition). */
static sp_status merge_sets(sp_agg_table *to, const sp_agg_table *from, sp_arena *scratch, sp_error *err)
{
    for (int i = 0; i < to->layout->set_count; i++) {
        const sp_groups *g = &from->sets[i];
        uint32_t *ids;
        sp_leaf_in *in;
        if (!g->count)
            continue;
        SP_NEW_ARRAY(ids, scratch, g->count, err);
        SP_NEW_ARRAY(in, scratch, g->leaf_count + 1, err);
        sp_groups_as_input(g, in);
        SP_TRY(sp_groups_find(&to->sets[i], in, NULL, g->count, g->hashes, ids, err));
    }
    return SP_OK;
}

static sp_status merge_part(void *context, int task, int worker, sp_error *err)
{
    sp_node *n = context;
    sp_aggregate_node *s = n->shared;
    sp_agg_part *part = &s->parts[task];
    sp_arena *scratch = s->scratch[worker];
    if (s->streaming)
        return sp_agg_state_merge(n, task, scratch, err);
    if (!part->table.ready)
        SP_TRY(sp_agg_table_open(&part->table, n->x, &s->layout, err));
    if (s->layout.key_count == 0)
        SP_TRY(sp_agg_table_sole(&part->table, err));
    for (int w = 0; w < n->x->workers; w++) {
        const struct sp_agg_order *o = &s->orders[w];
        uint32_t count = o->starts[task + 1] - o->starts[task], *kept;
        if (!s->partials[w].ready)
            continue;
        sp_arena_reset(scratch);
        SP_NEW_ARRAY(kept, scratch, count + 1, err);
        SP_TRY(sp_agg_table_merge(&part->table, &s->partials[w], o->ids + o->starts[task], count, kept, scratch, err));
        SP_TRY(merge_sets(&part->table, &s->partials[w], scratch, err));
    }
    return SP_OK;
}

static sp_status aggregate_gathered(sp_node *n, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    int used = 0;
    sp_agg_table *last = NULL;
    for (int w = 0; w < n->x->workers; w++) {
        sp_agg_table *t = &s->partials[w];
        uint64_t rows = t->ready ? t->groups.count : 0;
        for (int i = 0; t->ready && i < s->layout.set_count; i++)
            rows += t->sets[i].count;
        s->incoming += rows;
        if (rows) {
            used++;
            last = t;
        }
    }
    n->small = s->incoming < SMALL_GROUPS && n->x->spec.mode != SP_COMPLETE;
    if (!s->streaming && used == 1)
        s->only = last;
    else {
        bool small = s->incoming < SMALL_GROUPS;
        SP_TRY(sp_exec_each(n->x, n->x->workers, small, order_groups, n, err));
        SP_TRY(sp_exec_each(n->x, s->part_count, small, merge_part, n, err));
    }
    if (s->streaming)
        sp_agg_state_count(n);
    if (s->layout.set_count)
        return sp_agg_table_sets(s->only ? s->only : &s->parts[0].table, s->scratch[0], err);
    return SP_OK;
}

/* ---- results ---- */

static int aggregate_tasks(sp_node *n)
{
    sp_aggregate_node *s = n->shared;
    return s->only ? 1 : s->part_count;
}

static sp_status aggregate_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    if (s->only)
        return sp_agg_table_emit(s->only, c, NULL, s->only->groups.count, err);
    sp_agg_part *p = &s->parts[task];
    if (!s->streaming)
        return p->table.ready ? sp_agg_table_emit(&p->table, c, NULL, p->table.groups.count, err) : SP_OK;
    switch (n->x->spec.mode) {
    case SP_APPEND: return sp_agg_table_emit(&p->table, c, p->evicted, p->evicted_count, err);
    case SP_UPDATE: return sp_agg_table_emit(&p->table, c, p->touched, p->touched_count, err);
    default: break;
    }
    if (p->table.groups.free_count)
        return sp_agg_table_emit(&p->table, c, p->all, p->all_count, err);
    return sp_agg_table_emit(&p->table, c, NULL, p->table.groups.count, err);
}

static void aggregate_end(sp_node *n)
{
    sp_aggregate_node *s = n->shared;
    sp_exec *x = n->x;
    if (s->streaming)
        sp_agg_state_end(n);
    for (int i = 0; i < s->part_count && s->parts; i++)
        sp_agg_table_done(&s->parts[i].table);
    for (int i = 0; i < x->workers && s->partials; i++)
        sp_agg_table_done(&s->partials[i]);
    for (int i = 0; i < x->workers && s->orders; i++) {
        sp_grow_free(x, s->orders[i].ids, sizeof(uint32_t) * s->orders[i].cap);
        sp_grow_free(x, s->orders[i].parts, sizeof(uint32_t) * s->orders[i].cap);
    }
    for (int i = 0; i < x->workers && s->scratch; i++)
        sp_arena_free(s->scratch[i]);
}

const sp_operator_class sp_op_aggregate = {
    .name = "HashAggregate",
    .size = sizeof(aggregate_op),
    .sees_all = true,
    .no_data_batches = true,
    .begin = aggregate_begin,
    .push = aggregate_push,
    .feed_tasks = aggregate_tasks,
    .feed = aggregate_feed,
    .begin_run = aggregate_begin_run,
    .gathered = aggregate_gathered,
    .commit = sp_agg_state_commit,
    .abort = sp_agg_state_abort,
    .maintain = sp_agg_state_maintain,
    .end = aggregate_end,
};
