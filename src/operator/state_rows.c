/* state_rows.c -- deduplication and the global limit over a stream: state kept in aggregation's tables, rows handed on
 * as they came.
 *
 *   deduplicate: rows are gathered; late ones dropped and counted; by partition of the key (Spark's partitioning) the
 *                first row of a key that the store does not have passes; keys go when the watermark passes the event
 *                time they hold, or, within watermark, when it passes the first row's event time plus the delay
 *   limit:       one partition, one row of state: how many rows have passed so far
 *
 * Over a batch plan deduplication works alike on an empty store. Both are partitions of a sp_aggregate_node with one
 * function of their own, so that loading, committing, eviction and statistics are aggregate_state.c's.
 * Behaviour: StreamingDeduplicateExec, StreamingDeduplicateWithinWatermarkExec, StreamingGlobalLimitExec. */
#include "operator/aggregate.h"

typedef struct state_rows {
    sp_aggregate_node agg;              /* first: what aggregate_state.c sees */
    sp_gather gather;
    sp_batch all;
    sp_expr *time; int time_field;      /* event-time column of the child, bound; NULL none */
    int64_t delay_us;
    uint32_t *order, *starts, *out, *out_starts;     /* rows by partition; those that pass */
    int64_t late_rows;
    bool is_limit, within;
} state_rows;
typedef struct rows_op { sp_operator base; sp_kept *kept; } rows_op;

/* ---- the functions of the value rows ---- */

static void zero_init(const sp_expr *call, void *states, size_t stride, uint32_t first, uint32_t count)
{
    memset((char *)states + stride * first, 0, stride * count);
}

static const sp_type *void_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return sp_type_of(SP_VOID);
}
static const sp_type *long_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = false;
    return sp_type_of(SP_LONG);
}
static const sp_type *long_null_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return sp_type_of(SP_LONG);
}
static const char *dummy_name(const sp_expr *call, int i) { return "__dummy__"; }
static const char *expires_name(const sp_expr *call, int i) { return "expiresAtMicros"; }
static const char *value_name(const sp_expr *call, int i) { return "value"; }

static sp_status no_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                         sp_vec *const *out, sp_error *err)
{
    return SP_OK;
}

static sp_status no_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                         const sp_vec *const *in, sp_error *err)
{
    return SP_OK;
}

static sp_status long_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           sp_vec *const *out, sp_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        ((int64_t *)out[0]->data)[i] = ((const int64_t *)states)[groups[i]];
    return SP_OK;
}

static sp_status long_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_plain(in[0], c->arena, &v, err));
    for (uint32_t i = 0; i < count; i++)
        ((int64_t *)states)[groups[i]] = ((const int64_t *)v->data)[SP_AT(v, i)];
    return SP_OK;
}

static const sp_agg_kernel dummy_kernel = { .size = 8,
                                            .init = zero_init,
                                            .buffer_count = 1,
                                            .buffer_type = void_type,
                                            .buffer_name = dummy_name,
                                            .save = no_save,
                                            .load = no_load };
static const sp_agg_kernel expires_kernel = { .size = 8,
                                              .init = zero_init,
                                              .buffer_count = 1,
                                              .buffer_type = long_type,
                                              .buffer_name = expires_name,
                                              .save = long_save,
                                              .load = long_load };
static const sp_agg_kernel value_kernel = { .size = 8,
                                            .init = zero_init,
                                            .buffer_count = 1,
                                            .buffer_type = long_null_type,
                                            .buffer_name = value_name,
                                            .save = long_save,
                                            .load = long_load };

/* ---- making ---- */

static sp_status find_time(sp_exec *x, const sp_plan *child, state_rows *s, sp_error *err)
{
    for (int i = 0; i < child->output_count; i++) {
        const sp_attr *at = &child->output[i];
        if (at->watermark_delay_us < 0)
            continue;
        s->time = sp_bind_column(x->arena, i, at->type, at->nullable, at->name, err);
        s->time_field = at->type->kind == SP_STRUCT ? 1 : -1;
        s->delay_us = at->watermark_delay_us;
        return s->time ? SP_OK : SP_FAILED;
    }
    return SP_OK;
}

/* The layout of an aggregate with these keys and this one function. */
static sp_status lay(sp_exec *x, const sp_plan *child, sp_expr *const *keys, int count, const sp_agg_kernel *kernel,
                     sp_agg_layout *l, sp_error *err)
{
    sp_plan *p = sp_plan_new(x->arena, SP_P_AGGREGATE, (sp_plan *const *)&child, 1, err);
    sp_expr *call = sp_expr_new(x->arena, SP_E_AGG, err);
    if (!p || !call)
        return SP_FAILED;
    static const sp_aggregate none = { .name = "state" };
    call->type = sp_type_of(SP_LONG);
    call->agg = kernel;
    call->aggregate = &none;
    p->grouping = (sp_expr **)keys;
    p->grouping_count = count;
    p->exprs = &call;
    p->expr_count = 1;
    p->is_streaming = true;
    return sp_agg_layout_make(x, p, l, err);
}

static sp_status finish_node(sp_exec *x, sp_node *n, const char *name, sp_error *err)
{
    state_rows *s = n->shared;
    sp_aggregate_node *g = &s->agg;
    g->streaming = x->spec.streaming && n->plan->is_streaming;
    g->part_count = s->is_limit || !g->streaming ? 1 : x->spec.shuffle_partitions;
    SP_NEW_ARRAY(g->parts, x->arena, g->part_count, err);
    SP_NEW_ARRAY(g->scratch, x->arena, x->workers, err);
    for (int i = 0; i < x->workers; i++)
        if (!(g->scratch[i] = sp_exec_arena(x, "merge", err)))
            return SP_FAILED;
    SP_TRY(sp_gather_init(&s->gather, x, err));
    SP_NEW(n->stats, x->arena, sizeof *n->stats, err);
    n->stats->name = g->operator_name = name;
    n->stats->partitions = x->spec.shuffle_partitions;
    SP_NEW_ARRAY(n->stats->per_partition, x->arena, x->spec.shuffle_partitions, err);
    atomic_store(&g->version, g->streaming && x->spec.state ? x->spec.state->version : 0);
    if (!g->streaming)
        n->stats = NULL;
    return SP_OK;
}

sp_status sp_node_dedup(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_dedup, p, sizeof(state_rows), err);
    if (!n)
        return SP_FAILED;
    state_rows *s = n->shared;
    const sp_plan *child = p->children[0];
    sp_expr **keys = p->exprs;
    int count = p->expr_count;
    if (!count) {
        count = child->output_count;
        SP_NEW_ARRAY(keys, x->arena, count + 1, err);
        for (int i = 0; i < count; i++) {
            const sp_attr *at = &child->output[i];
            if (!(keys[i] = sp_bind_column(x->arena, i, at->type, at->nullable, at->name, err)))
                return SP_FAILED;
            keys[i]->id = at->id;
            keys[i]->watermark_delay_us = at->watermark_delay_us;
        }
    }
    s->within = p->within_watermark;
    SP_TRY(find_time(x, child, s, err));
    if (s->within && !s->time)
        return sp_error_internal(err, "dropDuplicatesWithinWatermark without an event-time column");
    SP_TRY(lay(x, child, keys, count, s->within ? &expires_kernel : &dummy_kernel, &s->agg.layout, err));
    if (s->within)
        s->agg.layout.time_key = -1;
    s->agg.time_state = s->within;
    return finish_node(x, n, s->within ? "dedupeWithinWatermark" : "dedupe", err);
}

sp_status sp_node_state_limit(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_state_limit, p, sizeof(state_rows), err);
    if (!n)
        return SP_FAILED;
    state_rows *s = n->shared;
    s->is_limit = true;
    sp_value null = sp_value_null(sp_type_of(SP_VOID));
    sp_expr *key = sp_expr_literal(x->arena, &null, err);
    key = key ? sp_expr_alias(x->arena, key, SP_LIT("key"), -1, err) : NULL;
    if (!key)
        return SP_FAILED;
    key->type = sp_type_of(SP_VOID);
    key->nullable = true;
    sp_expr **keys;
    SP_NEW_ARRAY(keys, x->arena, 1, err);
    keys[0] = key;
    SP_TRY(lay(x, p->children[0], keys, 1, &value_kernel, &s->agg.layout, err));
    return finish_node(x, n, "globalLimit", err);
}

/* ---- a run ---- */

static sp_status rows_begin_run(sp_node *n, sp_error *err)
{
    state_rows *s = n->shared;
    sp_gather_reset(&s->gather);
    s->late_rows = 0;
    if (!s->agg.streaming)      /* a batch plan: an empty store every time */
        for (int i = 0; i < s->agg.part_count; i++)
            s->agg.parts[i].loaded = false;
    return sp_agg_state_begin(n, err);
}

static sp_status rows_begin(sp_operator *op, sp_error *err)
{
    state_rows *s = op->node->shared;
    return sp_gather_begin(&s->gather, op->chain, &((rows_op *)op)->kept, err);
}

static sp_status rows_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    state_rows *s = op->node->shared;
    rows_op *o = (rows_op *)op;
    if (s->is_limit && o->kept->rows >= op->node->plan->count)
        op->done = true;
    return op->done ? SP_OK : sp_keep(o->kept, in, err);
}

/* Event times of all rows; *out NULL when there is no such column. */
static sp_status event_times(const state_rows *s, sp_arena *a, const sp_vec **out, sp_error *err)
{
    *out = NULL;
    if (!s->time)
        return SP_OK;
    const sp_vec *v = s->all.columns[s->time->ordinal];
    return sp_plain(s->time_field >= 0 ? v->child[s->time_field] : v, a, out, err);
}

/* Live rows ordered by partition; late ones are left out. */
static sp_status order_rows(sp_node *n, const sp_vec *const *keys, const sp_vec *time, sp_error *err)
{
    state_rows *s = n->shared;
    sp_arena *a = s->gather.arena;
    uint32_t rows = s->all.rows, *part, parts = (uint32_t)s->agg.part_count;
    SP_NEW_ARRAY(part, a, rows + 1, err);
    SP_NEW_ARRAY(s->order, a, rows + 1, err);
    SP_NEW_ARRAY(s->out, a, rows + 1, err);
    SP_NEW_ARRAY(s->starts, a, parts + 3, err);
    SP_NEW_ARRAY(s->out_starts, a, parts + 3, err);
    if (parts > 1)
        sp_rows_murmur3(keys, s->agg.layout.key_count, NULL, rows, part);
    for (uint32_t i = 0; i < rows; i++) {
        part[i] = parts > 1 ? (uint32_t)sp_pmod((int32_t)part[i], (int)parts) : 0;
        bool late = s->agg.streaming && time && !sp_vec_is_null(time, i) &&
            ((const int64_t *)time->data)[SP_AT(time, i)] <= s->agg.late_us;
        s->late_rows += late;
        if (late)
            part[i] = UINT32_MAX;
        else
            s->starts[part[i] + 2]++;
    }
    for (uint32_t p = 2; p < parts + 2; p++)
        s->starts[p] += s->starts[p - 1];
    for (uint32_t i = 0; i < rows; i++)
        if (part[i] != UINT32_MAX)
            s->order[s->starts[part[i] + 1]++] = i;
    return SP_OK;
}

/* One partition's rows: those whose key is new pass. */
static sp_status pass_new(sp_node *n, int part, const sp_vec *const *keys, const sp_vec *time, sp_error *err)
{
    state_rows *s = n->shared;
    sp_agg_part *p = &s->agg.parts[part];
    sp_agg_table *t = &p->table;
    sp_arena *a = s->gather.arena;
    uint32_t from = s->starts[part], count = s->starts[part + 1] - from, *ids, passed = 0;
    uint32_t *out = s->out + from;
    sp_leaf_in *in;
    SP_NEW_ARRAY(ids, a, count + 1, err);
    SP_TRY(sp_groups_leaves(&t->groups, keys, s->order + from, count, a, &in, err));
    uint32_t before = t->groups.count;
    for (uint32_t i = 0; i < count; i++) {      /* one row after the other: the first of a key passes */
        uint32_t live = t->groups.live, row = s->order[from + i];
        SP_TRY(sp_groups_find(&t->groups, in, &row, 1, NULL, &ids[passed], err));
        if (t->groups.live > live)
            out[passed++] = row;
    }
    SP_TRY(sp_agg_table_states(t, err));
    for (uint32_t i = 0; i < passed && s->within; i++)
        ((int64_t *)t->states[0])[ids[i]] =
            (sp_vec_is_null(time, out[i]) ? 0 : ((const int64_t *)time->data)[SP_AT(time, out[i])]) + s->delay_us;
    s->out_starts[part] = passed;
    SP_TRY(sp_agg_state_touch(n, p, ids, passed, err));
    SP_TRY(sp_agg_state_index(p, before, err));
    return sp_agg_state_evict(n, p, err);
}

static sp_status dedup_gathered(sp_node *n, sp_error *err)
{
    state_rows *s = n->shared;
    sp_arena *a = s->gather.arena;
    const sp_plan *child = n->plan->children[0];
    sp_eval_context eval = { .arena = a, .conf = n->x->spec.conf };
    const sp_vec **keys, *time;
    int64_t start = sp_mono_ns(n->x->spec.world);
    SP_TRY(sp_gather_join(&s->gather, child->output, child->output_count, &s->all, err));
    SP_NEW_ARRAY(keys, a, s->agg.layout.key_count + 1, err);
    for (int i = 0; i < s->agg.layout.key_count; i++) {
        sp_vec *v;
        SP_TRY(sp_eval(&eval, s->agg.layout.keys[i], &s->all, &v, err));
        SP_TRY(sp_plain(v, a, &keys[i], err));
    }
    SP_TRY(event_times(s, a, &time, err));
    SP_TRY(order_rows(n, keys, time, err));
    for (int p = 0; p < s->agg.part_count; p++)
        SP_TRY(pass_new(n, p, keys, time, err));
    s->agg.parts[0].update_ns = sp_mono_ns(n->x->spec.world) - start;
    n->small = s->all.rows < SP_BATCH_ROWS;
    if (!n->stats)
        return SP_OK;
    sp_agg_state_count(n);
    n->stats->rows_dropped_by_watermark = s->late_rows;
    return SP_OK;
}

static int dedup_tasks(sp_node *n) { return ((state_rows *)n->shared)->agg.part_count; }

static sp_status dedup_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    state_rows *s = n->shared;
    return sp_push_pieces(c, &s->all, s->out + s->starts[task], s->out_starts[task], err);
}

/* ---- limit ---- */

static sp_status limit_gathered(sp_node *n, sp_error *err)
{
    state_rows *s = n->shared;
    sp_agg_part *p = &s->agg.parts[0];
    const sp_plan *child = n->plan->children[0];
    sp_arena *a = s->gather.arena;
    SP_TRY(sp_gather_join(&s->gather, child->output, child->output_count, &s->all, err));
    sp_vec *key = sp_vec_new_null(a, sp_type_of(SP_VOID), 1, err);
    sp_leaf_in *in;
    uint32_t id;
    if (!key)
        return SP_FAILED;
    SP_TRY(sp_groups_leaves(&p->table.groups, (const sp_vec *const *)&key, NULL, 1, a, &in, err));
    sp_groups_look(&p->table.groups, in, NULL, 1, NULL, &id);
    int64_t before = id == SP_NO_GROUP ? 0 : ((const int64_t *)p->table.states[0])[id];
    int64_t passed = n->plan->count - before < s->all.rows ? n->plan->count - before : s->all.rows;
    SP_NEW_ARRAY(s->out_starts, a, 1, err);
    s->out_starts[0] = passed > 0 ? (uint32_t)passed : 0;
    if (passed > 0) {
        SP_TRY(sp_groups_find(&p->table.groups, in, NULL, 1, NULL, &id, err));
        SP_TRY(sp_agg_table_states(&p->table, err));
        ((int64_t *)p->table.states[0])[id] = before + passed;
        SP_TRY(sp_agg_state_touch(n, p, &id, 1, err));
    }
    sp_agg_state_count(n);
    n->small = true;
    return SP_OK;
}

static sp_status limit_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    state_rows *s = n->shared;
    return sp_push_pieces(c, &s->all, NULL, s->out_starts[0], err);
}

static void rows_end(sp_node *n)
{
    state_rows *s = n->shared;
    sp_agg_state_end(n);
    for (int i = 0; i < s->agg.part_count && s->agg.parts; i++)
        sp_agg_table_done(&s->agg.parts[i].table);
    for (int i = 0; i < n->x->workers && s->agg.scratch; i++)
        sp_arena_free(s->agg.scratch[i]);
    sp_gather_done(&s->gather);
}

const sp_operator_class sp_op_dedup = {
    .name = "StreamingDeduplicate",
    .size = sizeof(rows_op),
    .sees_all = true,
    .no_data_always = true,
    .begin_run = rows_begin_run,
    .begin = rows_begin,
    .push = rows_push,
    .gathered = dedup_gathered,
    .feed_tasks = dedup_tasks,
    .feed = dedup_feed,
    .commit = sp_agg_state_commit,
    .abort = sp_agg_state_abort,
    .maintain = sp_agg_state_maintain,
    .end = rows_end,
};
const sp_operator_class sp_op_state_limit = {
    .name = "StreamingGlobalLimit",
    .size = sizeof(rows_op),
    .begin_run = rows_begin_run,
    .begin = rows_begin,
    .push = rows_push,
    .gathered = limit_gathered,
    .feed_tasks = dedup_tasks,
    .feed = limit_feed,
    .commit = sp_agg_state_commit,
    .abort = sp_agg_state_abort,
    .maintain = sp_agg_state_maintain,
    .end = rows_end,
};
