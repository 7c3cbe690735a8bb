/* aggregate_state.c -- streaming aggregation: the partition's table is its state store, from batch to batch.
 *
 *   begin:   first run, or after an abort: load the committed version into the table (provider load, kernel load)
 *   merge:   groups of the partial tables that are late are dropped and counted; the others merged; what is touched is
 *            listed once a run; groups whose time the watermark has passed are listed as evicted (append emits them,
 *            update forgets them)
 *   commit:  touched groups are put, evicted ones removed; the store writes version batch + 1 in every partition
 *   abort:   the tables no longer hold a committed version; they are loaded again when the next run begins, so that a
 *            run that ends well pays nothing for the chance that it might not
 *
 * Behaviour: StateStoreSaveExec and StateStoreRestoreExec, StreamingAggregationStateManagerImplV2, WatermarkSupport:
 * late is time <= the late watermark, evicted is time <= the watermark, the time being window.end or the event-time
 * column; a null time is neither. */
#include "operator/aggregate.h"

enum { FREED = 0xffffffffu, EVICTED = 0xfffffffeu, LOAD_ROWS = 2048 };

static const sp_row_codec agg_rows = { sp_unsafe_encode, sp_unsafe_decode };

static const sp_state_provider *provider_of(const sp_node *n)
{
    const sp_aggregate_node *s = n->shared;
    return s->streaming && n->x->spec.state ? n->x->spec.state->provider : NULL;
}

static sp_status list_add(sp_exec *x, uint32_t **list, uint32_t *count, uint32_t *cap, uint32_t id, sp_error *err)
{
    if (*count == *cap) {
        uint32_t more = *cap ? *cap * 2 : 64;
        SP_TRY(sp_grow(x, list, sizeof **list * *cap, sizeof **list * more, err));
        *cap = more;
    }
    (*list)[(*count)++] = id;
    return SP_OK;
}

static sp_status room_for_epochs(sp_agg_part *p, sp_error *err)
{
    uint32_t cap = p->table.groups.cap ? p->table.groups.cap : 1;
    if (cap <= p->epoch_cap)
        return SP_OK;
    SP_TRY(sp_grow(p->table.x, &p->epochs, sizeof *p->epochs * p->epoch_cap, sizeof *p->epochs * cap, err));
    memset(p->epochs + p->epoch_cap, 0, sizeof *p->epochs * (cap - p->epoch_cap));
    p->epoch_cap = cap;
    return SP_OK;
}

static int time_leaf(const sp_agg_part *p)
{
    const sp_agg_layout *l = p->table.layout;
    return l->time_key < 0 ? -1 : sp_groups_time_leaf(&p->table.groups, l->time_key, l->time_field);
}

/* When the group goes; false: never. */
static bool time_of(const sp_agg_part *p, int leaf, uint32_t id, int64_t *time)
{
    if (p->time_state) {
        *time = ((const int64_t *)p->table.states[0])[id];
        return true;
    }
    return leaf >= 0 && sp_leaf_i64(&p->table.groups, leaf, id, time);
}

/* ---- the store's place ---- */

static sp_status store_spec(sp_node *n, int part, sp_arena *a, sp_state_spec *out, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    const sp_state_host *h = n->x->spec.state;
    *out = (sp_state_spec){ .world = n->x->spec.world,
                            .arena = a,
                            .name = "default",
                            .operator_id = n->operator_id,
                            .partition = part,
                            .key_schema = s->layout.key_schema,
                            .value_schema = s->layout.value_schema,
                            .codec = h->codec,
                            .durability = h->durability,
                            .min_versions_to_retain = h->min_versions_to_retain,
                            .min_deltas_for_snapshot = h->min_deltas_for_snapshot };
    out->dir = sp_arena_printf(a, err, "%s/%d/%d", h->state_dir, n->operator_id, part);
    return out->dir ? SP_OK : SP_FAILED;
}

static sp_status write_metadata(sp_node *n, sp_error *err)
{
    const sp_aggregate_node *s = n->shared;
    const sp_state_host *h = n->x->spec.state;
    sp_state_spec spec;
    sp_state_store_info info = { "default", 0, n->x->spec.shuffle_partitions };
    const char *dir = sp_arena_printf(n->x->arena, err, "%s/%d", h->state_dir, n->operator_id);
    if (!dir)
        return SP_FAILED;
    SP_TRY(store_spec(n, 0, n->x->arena, &spec, err));
    SP_TRY(sp_state_schema_guard(&spec, err));
    return sp_state_operator_metadata_write(n->x->spec.world, dir, n->operator_id, s->operator_name, &info, 1,
                                            h->durability, err);
}

static sp_status open_stores(sp_node *n, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    if (atomic_load(&s->stores_ready) || !provider_of(n))
        return SP_OK;
    SP_TRY(write_metadata(n, err));
    for (int i = 0; i < s->part_count; i++) {
        sp_agg_part *p = &s->parts[i];
        sp_state_spec spec;
        if (p->store)
            continue;
        if (!p->store_arena && !(p->store_arena = sp_exec_arena(n->x, "state store", err)))
            return SP_FAILED;
        SP_TRY(store_spec(n, i, p->store_arena, &spec, err));
        SP_TRY(provider_of(n)->open(&spec, &p->store, err));
    }
    atomic_store(&s->stores_ready, true);
    return SP_OK;
}

/* ---- loading ---- */

typedef struct loading {
    sp_node *n;
    sp_agg_part *p;
    sp_arena *arena;
    sp_builder **keys, **values;
    uint32_t rows;
} loading;

static sp_status start_rows(loading *g, sp_error *err)
{
    const sp_agg_layout *l = g->p->table.layout;
    sp_arena_reset(g->arena);
    g->rows = 0;
    SP_NEW_ARRAY(g->keys, g->arena, l->key_count + 1, err);
    SP_NEW_ARRAY(g->values, g->arena, l->buffer_count + 1, err);
    for (int i = 0; i < l->key_count; i++)
        if (!(g->keys[i] = sp_builder_new(g->arena, l->key_schema->fields[i].type, false, err)))
            return SP_FAILED;
    for (int i = 0; i < l->buffer_count; i++)
        if (!(g->values[i] = sp_builder_new(g->arena, l->value_schema->fields[i].type, false, err)))
            return SP_FAILED;
    return SP_OK;
}

static sp_status take_columns(sp_builder *const *from, int count, sp_arena *a, sp_vec ***out, sp_error *err)
{
    SP_NEW_ARRAY(*out, a, count + 1, err);
    for (int i = 0; i < count; i++)
        SP_TRY(sp_builder_take(from[i], &(*out)[i], err));
    return SP_OK;
}

static sp_status groups_of_keys(loading *g, bool make, uint32_t *ids, sp_error *err)
{
    sp_agg_table *t = &g->p->table;
    sp_vec **keys;
    sp_leaf_in *in;
    if (t->layout->key_count == 0) {
        memset(ids, 0, sizeof *ids * g->rows);
        return make ? sp_agg_table_sole(t, err) : SP_OK;
    }
    SP_TRY(take_columns(g->keys, t->layout->key_count, g->arena, &keys, err));
    SP_TRY(sp_groups_leaves(&t->groups, (const sp_vec *const *)keys, NULL, g->rows, g->arena, &in, err));
    if (!make) {
        sp_groups_look(&t->groups, in, NULL, g->rows, NULL, ids);
        return SP_OK;
    }
    SP_TRY(sp_groups_find(&t->groups, in, NULL, g->rows, NULL, ids, err));
    return sp_agg_table_states(t, err);
}

/* Collected rows into the table; a key that came twice keeps its last value. */
static sp_status flush_rows(loading *g, sp_error *err)
{
    sp_agg_table *t = &g->p->table;
    uint32_t ids[LOAD_ROWS];
    sp_vec **values;
    if (!g->rows)
        return SP_OK;
    SP_TRY(groups_of_keys(g, true, ids, err));
    SP_TRY(take_columns(g->values, t->layout->buffer_count, g->arena, &values, err));
    for (int i = 0; i < t->layout->fn_count; i++) {
        const sp_agg_fn *f = &t->layout->fns[i];
        sp_agg_call c = {
            .call = f->call, .rows = &agg_rows, .heap = t->heap, .conf = t->x->spec.conf, .arena = g->arena
        };
        SP_TRY(f->kernel->load(&c, t->states[i], f->stride, ids, g->rows, (const sp_vec *const *)values, err));
        values += f->kernel->buffer_count;
    }
    t->groups.reused_count = 0;
    return start_rows(g, err);
}

static void drop_group(sp_agg_table *t, uint32_t id)
{
    for (int i = 0; i < t->layout->fn_count; i++) {
        const sp_agg_fn *f = &t->layout->fns[i];
        if (f->kernel->drop)
            f->kernel->drop(t->heap, (char *)t->states[i] + f->stride * id);
    }
    sp_groups_remove(&t->groups, id);
}

static sp_status load_row(void *context, sp_str key, sp_str value, sp_error *err)
{
    loading *g = context;
    const sp_agg_layout *l = g->p->table.layout;
    if (!value.p)
        SP_TRY(flush_rows(g, err));
    SP_TRY(sp_unsafe_decode(key, l->key_schema, g->keys, err));
    g->rows++;
    if (value.p) {
        SP_TRY(sp_unsafe_decode(value, l->value_schema, g->values, err));
        return g->rows == LOAD_ROWS ? flush_rows(g, err) : SP_OK;
    }
    uint32_t id;
    SP_TRY(groups_of_keys(g, false, &id, err));
    if (id != SP_NO_GROUP && l->key_count)
        drop_group(&g->p->table, id);
    return start_rows(g, err);
}

/* Times of all groups in use into the index. */
static sp_status index_times(sp_agg_part *p, sp_error *err)
{
    int leaf = time_leaf(p);
    const sp_groups *g = &p->table.groups;
    SP_TRY(room_for_epochs(p, err));
    memset(p->epochs, 0, sizeof *p->epochs * p->epoch_cap);
    for (uint32_t i = 0; i < g->free_count; i++)
        p->epochs[g->free_ids[i]] = FREED;
    sp_times_clear(&p->times);
    int64_t time;
    for (uint32_t id = 0; (leaf >= 0 || p->time_state) && id < g->count; id++)
        if (p->epochs[id] != FREED && time_of(p, leaf, id, &time))
            SP_TRY(sp_times_add(&p->times, p->table.x, time, id, err));
    return SP_OK;
}

static sp_status load_part(void *context, int task, int worker, sp_error *err)
{
    sp_node *n = context;
    sp_aggregate_node *s = n->shared;
    sp_agg_part *p = &s->parts[task];
    int64_t version = atomic_load(&s->version);
    if (p->loaded)
        return SP_OK;
    p->time_state = s->time_state;
    if (!p->table.ready)
        SP_TRY(sp_agg_table_open(&p->table, n->x, &s->layout, err));
    else
        SP_TRY(sp_agg_table_clear(&p->table, err));
    if (p->store && version > 0) {
        loading g = { .n = n, .p = p, .arena = s->scratch[worker] };
        SP_TRY(start_rows(&g, err));
        SP_TRY(provider_of(n)->load(p->store, version, load_row, &g, err));
        SP_TRY(flush_rows(&g, err));
    }
    SP_TRY(index_times(p, err));
    p->loaded = true;
    return SP_OK;
}

/* ---- a run ---- */

sp_status sp_agg_state_begin(sp_node *n, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    const sp_run *r = n->x->run;
    SP_TRY(open_stores(n, err));
    bool all = true;
    for (int i = 0; i < s->part_count; i++)
        all &= s->parts[i].loaded;
    if (!all)
        SP_TRY(sp_exec_each(n->x, s->part_count, !provider_of(n) || atomic_load(&s->version) == 0, load_part, n, err));
    s->epoch = s->epoch >= EVICTED - 1 ? 1 : s->epoch + 1;
    s->late_us = r->late_watermark_us;
    s->evict_us = r->watermark_us;
    bool aggregates = n->cls == &sp_op_aggregate;
    s->evicts =
        s->streaming && (s->layout.time_key >= 0 || s->time_state) && !(aggregates && n->x->spec.mode == SP_COMPLETE);
    s->drops_late = s->evicts && aggregates;
    for (int i = 0; i < s->part_count; i++) {
        sp_agg_part *p = &s->parts[i];
        p->touched_count = p->evicted_count = p->all_count = 0;
        p->dropped = p->update_ns = p->remove_ns = 0;
    }
    return SP_OK;
}

/* The ids whose time is not late; the late ones are counted once a key. */
static sp_status without_late(sp_node *n, sp_agg_part *p, const sp_groups *from, const uint32_t *ids, uint32_t *count,
                              uint32_t *out, sp_arena *scratch, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    int leaf = time_leaf(p);
    uint32_t kept = 0, late = 0, *late_ids;
    SP_NEW_ARRAY(late_ids, scratch, *count + 1, err);
    for (uint32_t i = 0; i < *count; i++) {
        int64_t time;
        if (leaf >= 0 && sp_leaf_i64(from, leaf, ids[i], &time) && time <= s->late_us)
            late_ids[late++] = ids[i];
        else
            out[kept++] = ids[i];
    }
    *count = kept;
    if (!late)
        return SP_OK;
    if (!p->late_ready) {
        if (!p->late_arena && !(p->late_arena = sp_exec_arena(n->x, "late groups", err)))
            return SP_FAILED;
        SP_TRY(sp_groups_init(&p->late, n->x, sp_heap_new(p->late_arena, err), s->layout.key_types,
                              s->layout.key_nullable, s->layout.key_count, p->late_arena, err));
        if (!p->late.heap)
            return SP_FAILED;
        p->late_ready = true;
    }
    sp_leaf_in *in;
    uint32_t *to;
    SP_NEW_ARRAY(in, scratch, from->leaf_count + 1, err);
    SP_NEW_ARRAY(to, scratch, late + 1, err);
    sp_groups_as_input(from, in);
    return sp_groups_find(&p->late, in, late_ids, late, from->hashes, to, err);
}

static void end_late(sp_agg_part *p)
{
    if (!p->late_ready)
        return;
    p->dropped = p->late.live;
    sp_groups_done(&p->late);
    sp_arena_reset(p->late_arena);
    p->late_ready = false;
}

sp_status sp_agg_state_touch(sp_node *n, sp_agg_part *p, const uint32_t *ids, uint32_t count, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    SP_TRY(room_for_epochs(p, err));
    for (uint32_t i = 0; i < count; i++) {
        if (p->epochs[ids[i]] == s->epoch)
            continue;
        p->epochs[ids[i]] = s->epoch;
        SP_TRY(list_add(n->x, &p->touched, &p->touched_count, &p->touched_cap, ids[i], err));
    }
    return SP_OK;
}

sp_status sp_agg_state_index(sp_agg_part *p, uint32_t first, sp_error *err)
{
    sp_groups *g = &p->table.groups;
    int leaf = time_leaf(p);
    bool timed = leaf >= 0 || p->time_state;
    int64_t time;
    for (uint32_t id = first; timed && id < g->count; id++)
        if (time_of(p, leaf, id, &time))
            SP_TRY(sp_times_add(&p->times, p->table.x, time, id, err));
    for (uint32_t i = 0; timed && i < g->reused_count; i++)
        if (time_of(p, leaf, g->reused[i], &time))
            SP_TRY(sp_times_add(&p->times, p->table.x, time, g->reused[i], err));
    g->reused_count = 0;
    return SP_OK;
}

static sp_status merge_worker(sp_node *n, int part, int w, sp_arena *scratch, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    sp_agg_part *p = &s->parts[part];
    const struct sp_agg_order *o = &s->orders[w];
    const uint32_t *ids = o->ids + o->starts[part];
    uint32_t count = o->starts[part + 1] - o->starts[part], *kept, *in_time;
    if (!s->partials[w].ready || !count)
        return SP_OK;
    sp_arena_reset(scratch);
    SP_NEW_ARRAY(kept, scratch, count + 1, err);
    if (s->drops_late) {
        SP_NEW_ARRAY(in_time, scratch, count + 1, err);
        SP_TRY(without_late(n, p, &s->partials[w].groups, ids, &count, in_time, scratch, err));
        ids = in_time;
    }
    uint32_t before = p->table.groups.count;
    SP_TRY(sp_agg_table_merge(&p->table, &s->partials[w], ids, count, kept, scratch, err));
    SP_TRY(sp_agg_state_touch(n, p, kept, count, err));
    return sp_agg_state_index(p, before, err);
}

typedef struct evicting { sp_node *n; sp_agg_part *p; } evicting;

static sp_status take_evicted(void *context, uint32_t id, sp_error *err)
{
    evicting *e = context;
    e->p->epochs[id] = EVICTED;
    return list_add(e->n->x, &e->p->evicted, &e->p->evicted_count, &e->p->evicted_cap, id, err);
}

sp_status sp_agg_state_evict(sp_node *n, sp_agg_part *p, sp_error *err)
{
    const sp_aggregate_node *s = n->shared;
    return s->evicts ? sp_times_pop(&p->times, s->evict_us, take_evicted, &(evicting){ n, p }, err) : SP_OK;
}

static sp_status list_all(sp_node *n, sp_agg_part *p, sp_arena *scratch, sp_error *err)
{
    const sp_groups *g = &p->table.groups;
    uint8_t *free_now;
    sp_arena_reset(scratch);
    SP_NEW_ARRAY(free_now, scratch, g->count + 1, err);
    for (uint32_t i = 0; i < g->free_count; i++)
        free_now[g->free_ids[i]] = 1;
    for (uint32_t id = 0; id < g->count; id++)
        if (!free_now[id])
            SP_TRY(list_add(n->x, &p->all, &p->all_count, &p->all_cap, id, err));
    return SP_OK;
}

sp_status sp_agg_state_merge(sp_node *n, int part, sp_arena *scratch, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    sp_agg_part *p = &s->parts[part];
    int64_t start = sp_mono_ns(n->x->spec.world);
    for (int w = 0; w < n->x->workers; w++)
        SP_TRY(merge_worker(n, part, w, scratch, err));
    if (s->layout.key_count == 0) {     /* the one group is written in every batch, with or without input */
        uint32_t sole = 0;
        SP_TRY(sp_agg_table_sole(&p->table, err));
        SP_TRY(sp_agg_state_touch(n, p, &sole, 1, err));
    }
    end_late(p);
    int64_t merged = sp_mono_ns(n->x->spec.world);
    SP_TRY(sp_agg_state_evict(n, p, err));
    if (n->x->spec.mode == SP_COMPLETE && p->table.groups.free_count)
        SP_TRY(list_all(n, p, scratch, err));
    p->update_ns = merged - start;
    p->remove_ns = sp_mono_ns(n->x->spec.world) - merged;
    return SP_OK;
}

/* Bytes of the tables, in the operator's statistics. */
void sp_agg_state_count(sp_node *n)
{
    sp_aggregate_node *s = n->shared;
    sp_state_op_stats *out = n->stats;
    int64_t update = 0, remove = 0;
    out->rows_total = out->rows_updated = out->rows_removed = out->rows_dropped_by_watermark = out->memory_bytes = 0;
    for (int i = 0; i < s->part_count; i++) {
        const sp_agg_part *p = &s->parts[i];
        out->rows_total += p->table.groups.live - p->evicted_count;
        out->rows_updated += p->touched_count;
        out->rows_removed += p->evicted_count;
        out->rows_dropped_by_watermark += p->dropped;
        out->memory_bytes += (int64_t)(sp_groups_bytes(&p->table.groups) + sp_heap_used(p->table.heap));
        for (int f = 0; f < s->layout.fn_count; f++)
            out->memory_bytes += (int64_t)(s->layout.fns[f].stride * p->table.state_cap);
        update += p->update_ns;
        remove += p->remove_ns;
    }
    out->updates_ms = update / 1000000;
    out->removals_ms = remove / 1000000;
}

/* ---- commit ---- */

static sp_status encode_row(sp_buf *out, sp_vec *const *columns, int count, uint32_t row, sp_error *err)
{
    sp_buf_clear(out);
    SP_TRY(sp_unsafe_encode(out, (const sp_vec *const *)columns, count, row, err));
    return sp_buf_check(out, err);
}

static sp_status put_groups(sp_node *n, sp_agg_part *p, const uint32_t *ids, uint32_t count, sp_arena *scratch,
                            sp_error *err)
{
    sp_agg_table *t = &p->table;
    const sp_agg_layout *l = t->layout;
    sp_vec **keys, **values;
    int v = 0;
    sp_arena_reset(scratch);
    SP_NEW_ARRAY(keys, scratch, l->key_count + 1, err);
    SP_NEW_ARRAY(values, scratch, l->buffer_count + 1, err);
    SP_TRY(sp_groups_columns(&t->groups, ids, 0, count, scratch, keys, err));
    for (int i = 0; i < l->fn_count; i++) {
        const sp_agg_fn *f = &l->fns[i];
        sp_agg_call c = {
            .call = f->call, .rows = &agg_rows, .heap = t->heap, .conf = t->x->spec.conf, .arena = scratch
        };
        for (int b = 0; b < f->kernel->buffer_count; b++)
            if (!(values[v + b] = sp_vec_new(scratch, l->value_schema->fields[v + b].type, count, err)))
                return SP_FAILED;
        SP_TRY(f->kernel->save(&c, t->states[i], f->stride, ids, count, values + v, err));
        v += f->kernel->buffer_count;
    }
    for (uint32_t i = 0; i < count; i++) {
        SP_TRY(encode_row(&p->key_bytes, keys, l->key_count, i, err));
        SP_TRY(encode_row(&p->value_bytes, values, l->buffer_count, i, err));
        SP_TRY(provider_of(n)->put(p->store, (sp_str){ p->key_bytes.data, p->key_bytes.len },
                                   (sp_str){ p->value_bytes.data, p->value_bytes.len }, err));
    }
    return SP_OK;
}

static sp_status remove_groups(sp_node *n, sp_agg_part *p, const uint32_t *ids, uint32_t count, sp_arena *scratch,
                               sp_error *err)
{
    sp_vec **keys;
    sp_arena_reset(scratch);
    SP_NEW_ARRAY(keys, scratch, p->table.layout->key_count + 1, err);
    SP_TRY(sp_groups_columns(&p->table.groups, ids, 0, count, scratch, keys, err));
    for (uint32_t i = 0; i < count; i++) {
        SP_TRY(encode_row(&p->key_bytes, keys, p->table.layout->key_count, i, err));
        SP_TRY(provider_of(n)->remove(p->store, (sp_str){ p->key_bytes.data, p->key_bytes.len }, err));
    }
    return SP_OK;
}

static sp_status write_part(sp_node *n, sp_agg_part *p, int64_t version, sp_arena *scratch, sp_error *err)
{
    uint32_t ids[LOAD_ROWS];
    for (uint32_t at = 0; at < p->touched_count;) {
        uint32_t count = 0;
        for (; at < p->touched_count && count < LOAD_ROWS; at++)
            if (p->epochs[p->touched[at]] != EVICTED)
                ids[count++] = p->touched[at];
        if (count)
            SP_TRY(put_groups(n, p, ids, count, scratch, err));
    }
    for (uint32_t at = 0; at < p->evicted_count; at += LOAD_ROWS) {
        uint32_t left = p->evicted_count - at;
        SP_TRY(remove_groups(n, p, p->evicted + at, left < LOAD_ROWS ? left : LOAD_ROWS, scratch, err));
    }
    return provider_of(n)->commit(p->store, version, err);
}

typedef struct committing { sp_node *n; int64_t version; } committing;

static sp_status commit_part(void *context, int task, int worker, sp_error *err)
{
    committing *k = context;
    sp_aggregate_node *s = k->n->shared;
    sp_agg_part *p = &s->parts[task];
    if (p->store)
        SP_TRY(write_part(k->n, p, k->version, s->scratch[worker], err));
    for (uint32_t i = 0; i < p->evicted_count; i++)
        drop_group(&p->table, p->evicted[i]);
    p->evicted_count = p->touched_count = 0;
    return SP_OK;
}

sp_status sp_agg_state_commit(sp_node *n, int64_t batch_id, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    if (!s->streaming)
        return SP_OK;
    int64_t start = sp_mono_ns(n->x->spec.world);
    committing k = { n, batch_id + 1 };
    SP_TRY(sp_exec_each(n->x, s->part_count, !provider_of(n), commit_part, &k, err));
    atomic_store(&s->version, k.version);
    n->stats->commit_ms = (sp_mono_ns(n->x->spec.world) - start) / 1000000;
    for (int i = 0; i < s->part_count && i < n->stats->partitions; i++)
        if (s->parts[i].store)
            provider_of(n)->metrics(s->parts[i].store, &n->stats->per_partition[i]);
    return SP_OK;
}

void sp_agg_state_abort(sp_node *n)
{
    sp_aggregate_node *s = n->shared;
    for (int i = 0; i < s->part_count && s->streaming; i++) {
        sp_agg_part *p = &s->parts[i];
        if (p->store)
            provider_of(n)->abort(p->store);
        p->loaded = false;
        p->touched_count = p->evicted_count = 0;
    }
}

sp_status sp_agg_state_maintain(sp_node *n, sp_error *err)
{
    sp_aggregate_node *s = n->shared;
    if (!s->streaming || !atomic_load(&s->stores_ready))
        return SP_OK;
    for (int i = 0; i < s->part_count; i++)
        SP_TRY(provider_of(n)->maintain(s->parts[i].store, atomic_load(&s->version), err));
    return SP_OK;
}

void sp_agg_state_end(sp_node *n)
{
    sp_aggregate_node *s = n->shared;
    sp_exec *x = n->x;
    for (int i = 0; i < s->part_count && s->parts; i++) {
        sp_agg_part *p = &s->parts[i];
        if (p->store)
            provider_of(n)->close(p->store);
        sp_arena_free(p->store_arena);
        sp_groups_done(&p->late);
        sp_arena_free(p->late_arena);
        sp_times_done(&p->times, x);
        sp_grow_free(x, p->epochs, sizeof *p->epochs * p->epoch_cap);
        sp_grow_free(x, p->touched, sizeof *p->touched * p->touched_cap);
        sp_grow_free(x, p->evicted, sizeof *p->evicted * p->evicted_cap);
        sp_grow_free(x, p->all, sizeof *p->all * p->all_cap);
        sp_buf_done(&p->key_bytes);
        sp_buf_done(&p->value_bytes);
    }
}
