/* aggregate_table.c -- groups and their states: making, merging, DISTINCT sets, result rows. */
#include "operator/aggregate.h"

static sp_agg_call call_of(sp_agg_table *t, const sp_agg_fn *f, sp_arena *scratch)
{
    return (sp_agg_call){ .call = f->call, .heap = t->heap, .conf = t->x->spec.conf, .arena = scratch };
}

sp_status sp_agg_table_open(sp_agg_table *t, sp_exec *x, const sp_agg_layout *l, sp_error *err)
{
    t->x = x;
    t->layout = l;
    if (!t->fixed && !(t->fixed = sp_exec_arena(x, "table", err)))
        return SP_FAILED;
    if (!t->arena && !(t->arena = sp_exec_arena(x, "groups", err)))
        return SP_FAILED;
    if (!(t->heap = sp_heap_new(t->arena, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(t->states, t->fixed, l->fn_count + 1, err);
    SP_TRY(sp_groups_init(&t->groups, x, t->heap, l->key_types, l->key_nullable, l->key_count, t->fixed, err));
    SP_NEW_ARRAY(t->sets, t->fixed, l->set_count + 1, err);
    for (int i = 0; i < l->set_count; i++)
        SP_TRY(sp_groups_init(&t->sets[i], x, t->heap, l->sets[i].types, NULL, l->sets[i].count, t->fixed, err));
    t->ready = true;
    return SP_OK;
}

void sp_agg_table_done(sp_agg_table *t)
{
    if (!t->x)
        return;
    for (int i = 0; i < t->layout->fn_count && t->states; i++)
        sp_grow_free(t->x, t->states[i], t->layout->fns[i].stride * t->state_cap);
    for (int i = 0; i < t->layout->set_count && t->sets; i++)
        sp_groups_done(&t->sets[i]);
    sp_groups_done(&t->groups);
    sp_arena_free(t->arena);
    sp_arena_free(t->fixed);
    t->x = NULL;
}

sp_status sp_agg_table_clear(sp_agg_table *t, sp_error *err)
{
    sp_arena_reset(t->arena);
    if (!(t->heap = sp_heap_new(t->arena, err)))
        return SP_FAILED;
    sp_groups_clear(&t->groups, t->heap);
    for (int i = 0; i < t->layout->set_count; i++)
        sp_groups_clear(&t->sets[i], t->heap);
    t->made = 0;
    return SP_OK;
}

sp_status sp_agg_table_states(sp_agg_table *t, sp_error *err)
{
    const sp_agg_layout *l = t->layout;
    uint32_t cap = t->groups.cap ? t->groups.cap : 1;
    if (cap > t->state_cap) {
        for (int i = 0; i < l->fn_count; i++)
            SP_TRY(sp_grow(t->x, &t->states[i], l->fns[i].stride * t->state_cap, l->fns[i].stride * cap, err));
        t->state_cap = cap;
    }
    uint32_t count = t->groups.count;
    for (int i = 0; i < l->fn_count; i++) {
        const sp_agg_fn *f = &l->fns[i];
        if (count > t->made)
            f->kernel->init(f->call, t->states[i], f->stride, t->made, count - t->made);
        for (uint32_t j = 0; j < t->groups.reused_count; j++)
            f->kernel->init(f->call, t->states[i], f->stride, t->groups.reused[j], 1);
    }
    t->made = count;
    return SP_OK;
}

/* A table without keys has the one group 0, without leaves and slots. */
sp_status sp_agg_table_sole(sp_agg_table *t, sp_error *err)
{
    if (t->groups.count == 0)
        t->groups.count = t->groups.live = 1;
    return sp_agg_table_states(t, err);
}

/* ---- merging ---- */

sp_status sp_agg_table_merge(sp_agg_table *to, const sp_agg_table *from, const uint32_t *ids, uint32_t count,
                             uint32_t *kept, sp_arena *scratch, sp_error *err)
{
    const sp_agg_layout *l = to->layout;
    if (l->key_count == 0) {
        for (uint32_t i = 0; i < count; i++)
            kept[i] = 0;
        SP_TRY(sp_agg_table_sole(to, err));
    } else {
        sp_leaf_in *in;
        SP_NEW_ARRAY(in, scratch, from->groups.leaf_count + 1, err);
        sp_groups_as_input(&from->groups, in);
        SP_TRY(sp_groups_find(&to->groups, in, ids, count, from->groups.hashes, kept, err));
        SP_TRY(sp_agg_table_states(to, err));
    }
    for (int i = 0; i < l->fn_count; i++) {
        const sp_agg_fn *f = &l->fns[i];
        if (f->set >= 0)
            continue;
        sp_agg_call c = call_of(to, f, scratch);
        SP_TRY(f->kernel->merge(&c, to->states[i], f->stride, kept, from->states[i], f->stride, ids, count, err));
    }
    return SP_OK;
}

/* ---- DISTINCT ---- */

sp_status sp_agg_table_sets(sp_agg_table *t, sp_arena *scratch, sp_error *err)
{
    const sp_agg_layout *l = t->layout;
    for (int s = 0; s < l->set_count; s++) {
        const sp_groups *g = &t->sets[s];
        for (uint32_t at = 0; at < g->count; at += SP_BATCH_ROWS) {
            uint32_t n = g->count - at < SP_BATCH_ROWS ? g->count - at : SP_BATCH_ROWS, ids[SP_BATCH_ROWS];
            sp_vec **columns;
            sp_leaf_in *in;
            sp_arena_reset(scratch);
            SP_NEW_ARRAY(columns, scratch, g->key_count + 1, err);
            SP_TRY(sp_groups_columns(g, NULL, at, n, scratch, columns, err));
            if (l->key_count) {
                SP_TRY(sp_groups_leaves(&t->groups, (const sp_vec *const *)columns, NULL, n, scratch, &in, err));
                SP_TRY(sp_groups_find(&t->groups, in, NULL, n, NULL, ids, err));
                SP_TRY(sp_agg_table_states(t, err));
            } else
                memset(ids, 0, sizeof ids);
            for (int i = 0; i < l->fn_count; i++) {
                const sp_agg_fn *f = &l->fns[i];
                if (f->set != s)
                    continue;
                sp_agg_call c = call_of(t, f, scratch);
                SP_TRY(f->kernel->update(&c, t->states[i], f->stride, ids,
                                         (const sp_vec *const *)columns + l->key_count, NULL, n, err));
            }
        }
    }
    return SP_OK;
}

/* ---- results ---- */

sp_status sp_agg_table_rows(sp_agg_table *t, sp_eval_context *eval, const uint32_t *ids, uint32_t n, sp_batch *out,
                            sp_error *err)
{
    const sp_agg_layout *l = t->layout;
    sp_arena *a = eval->arena;
    sp_batch b;
    SP_TRY(sp_batch_columns(&b, l->key_count + l->fn_count, n, a, err));
    SP_TRY(sp_groups_columns(&t->groups, ids, 0, n, a, b.columns, err));
    for (int i = 0; i < l->fn_count; i++) {
        const sp_agg_fn *f = &l->fns[i];
        sp_vec *v = b.columns[l->key_count + i] = sp_vec_new(a, f->call->type, n, err);
        if (!v)
            return SP_FAILED;
        sp_agg_call call = call_of(t, f, a);
        SP_TRY(f->kernel->finish(&call, t->states[i], f->stride, ids, n, v, err));
    }
    SP_TRY(sp_batch_columns(out, l->out_count, n, a, err));
    for (int i = 0; i < l->out_count; i++) {
        if (l->out[i]->kind == SP_E_COLUMN)
            out->columns[i] = b.columns[l->out[i]->ordinal];
        else
            SP_TRY(sp_eval(eval, l->out[i], &b, &out->columns[i], err));
    }
    return SP_OK;
}

static sp_status emit_some(sp_agg_table *t, sp_chain *c, const uint32_t *ids, uint32_t n, sp_error *err)
{
    sp_batch out;
    sp_chain_fresh(c);
    SP_TRY(sp_agg_table_rows(t, &c->eval, ids, n, &out, err));
    return sp_chain_push(c, &out, err);
}

sp_status sp_agg_table_emit(sp_agg_table *t, sp_chain *c, const uint32_t *ids, uint32_t count, sp_error *err)
{
    uint32_t own[SP_BATCH_ROWS];
    sp_status status = SP_OK;
    for (uint32_t at = 0; at < count && status == SP_OK; at += SP_BATCH_ROWS) {
        uint32_t n = count - at < SP_BATCH_ROWS ? count - at : SP_BATCH_ROWS;
        for (uint32_t i = 0; i < n && !ids; i++)
            own[i] = at + i;
        status = emit_some(t, c, ids ? ids + at : own, n, err);
    }
    return status;
}
