/* aggregate_plan.c -- an Aggregate node to what the operator works by: bound keys and calls, DISTINCT sets, the output
 * over [keys, results], the store's schemas, the grouping key that carries the watermark.
 *
 * Behaviour: PhysicalAggregation (equal calls are one), AggUtils.planStreamingAggregation, WatermarkSupport. */
#include "operator/aggregate.h"

#include <stdio.h>

typedef struct rewriting {
    sp_exec *x;
    const sp_plan *p;
    sp_agg_layout *l;
    const sp_plan *child;
    sp_expr **calls;
} rewriting;

static sp_status find_call(rewriting *w, const sp_expr *e, int *index, sp_error *err)
{
    sp_agg_layout *l = w->l;
    for (int i = 0; i < l->fn_count; i++)
        if (sp_expr_eq(w->calls[i], e)) {
            *index = i;
            return SP_OK;
        }
    sp_agg_fn *fns;
    sp_expr **calls, *bound;
    SP_NEW_ARRAY(fns, w->x->arena, l->fn_count + 1, err);
    SP_NEW_ARRAY(calls, w->x->arena, l->fn_count + 1, err);
    if (l->fn_count) {
        memcpy(fns, l->fns, sizeof *fns * (size_t)l->fn_count);
        memcpy(calls, w->calls, sizeof *calls * (size_t)l->fn_count);
    }
    SP_TRY(sp_bind_expr(w->x, e, w->child->output, w->child->output_count, &bound, err));
    if (!bound->agg)
        return sp_error_internal(err, "the aggregate %.*s has no kernel", (int)e->name.n, e->name.p);
    fns[l->fn_count] =
        (sp_agg_fn){ .call = bound, .kernel = bound->agg, .stride = (bound->agg->size + 7) & ~(size_t)7, .set = -1 };
    calls[l->fn_count] = (sp_expr *)e;
    l->has_filter |= e->filter && !e->distinct;
    w->calls = calls;
    l->fns = fns;
    *index = l->fn_count++;
    return SP_OK;
}

/* Top-down: grouping expressions and aggregate calls become columns of [keys, results]. */
static sp_expr *rewrite(rewriting *w, const sp_expr *e, sp_error *err)
{
    for (int i = 0; i < w->l->key_count; i++)
        if (sp_expr_eq(w->p->grouping[i], e))
            return sp_bind_column(w->x->arena, i, e->type, w->l->key_nullable[i], e->name, err);
    if (e->kind == SP_E_AGG) {
        int i = -1;
        if (find_call(w, e, &i, err) == SP_FAILED)
            return NULL;
        return sp_bind_column(w->x->arena, w->l->key_count + i, e->type, e->nullable, e->name, err);
    }
    if (e->kind == SP_E_COLUMN) {
        sp_error_internal(err, "%.*s is neither grouped by nor aggregated", (int)e->name.n, e->name.p);
        return NULL;
    }
    sp_expr *n = sp_expr_copy(w->x->arena, e, err);
    for (int i = 0; n && i < n->arg_count; i++)
        if (!(n->args[i] = rewrite(w, e->args[i], err)))
            return NULL;
    return n;
}

static sp_status lay_keys(sp_exec *x, const sp_plan *p, sp_agg_layout *l, sp_error *err)
{
    const sp_plan *child = p->children[0];
    l->key_count = p->grouping_count;
    SP_TRY(sp_bind_exprs(x, p->grouping, p->grouping_count, child->output, child->output_count, &l->keys, err));
    SP_NEW_ARRAY(l->key_types, x->arena, l->key_count + 1, err);
    SP_NEW_ARRAY(l->key_nullable, x->arena, l->key_count + 1, err);
    l->time_key = -1;
    for (int i = 0; i < l->key_count; i++) {
        const sp_expr *k = p->grouping[i];
        l->keys[i] = (sp_expr *)sp_unalias(l->keys[i]);
        l->key_types[i] = k->type;
        l->key_nullable[i] = k->nullable;
        int at = k->kind == SP_E_COLUMN ? sp_attr_index(child->output, child->output_count, k->id) : -1;
        int64_t delay = at >= 0 ? child->output[at].watermark_delay_us : k->watermark_delay_us;
        if (delay >= 0) {
            if (l->time_key >= 0 && p->grouping[l->time_key]->id != k->id)
                l->second_time_key = i + 1;
        }
        if (delay >= 0 && l->time_key < 0) {
            l->time_key = i;
            l->time_field = k->type->kind == SP_STRUCT ? 1 : 0;     /* window.end */
        }
    }
    return SP_OK;
}

static bool same_set(const sp_agg_set *s, const sp_agg_fn *f, int keys)
{
    if (s->count != keys + f->call->arg_count || !sp_expr_eq(s->filter, f->call->filter))
        return false;
    for (int i = 0; i < f->call->arg_count; i++)
        if (!sp_expr_eq(s->columns[keys + i], f->call->args[i]))
            return false;
    return true;
}

static sp_status lay_sets(sp_exec *x, sp_agg_layout *l, sp_error *err)
{
    SP_NEW_ARRAY(l->sets, x->arena, l->fn_count + 1, err);
    for (int i = 0; i < l->fn_count; i++) {
        sp_agg_fn *f = &l->fns[i];
        if (!f->call->distinct)
            continue;
        for (int s = 0; s < l->set_count && f->set < 0; s++)
            if (same_set(&l->sets[s], f, l->key_count))
                f->set = s;
        if (f->set >= 0)
            continue;
        sp_agg_set *s = &l->sets[f->set = l->set_count++];
        s->count = l->key_count + f->call->arg_count;
        s->filter = f->call->filter;
        SP_NEW_ARRAY(s->columns, x->arena, s->count + 1, err);
        SP_NEW_ARRAY(s->types, x->arena, s->count + 1, err);
        for (int c = 0; c < s->count; c++) {
            s->columns[c] = c < l->key_count ? l->keys[c] : f->call->args[c - l->key_count];
            s->types[c] = s->columns[c]->type;
        }
    }
    return SP_OK;
}

/* ---- the store's schemas ---- */

/* Field metadata as Spark's attributes carry it: {"spark.timeWindow":true,"spark.watermarkDelayMs":10000}. */
static sp_status key_metadata(sp_exec *x, const sp_attr *at, sp_str *out, sp_error *err)
{
    bool has_window = at->metadata.p && memmem(at->metadata.p, at->metadata.n, "spark.timeWindow", 16);
    bool has_delay = at->metadata.p && memmem(at->metadata.p, at->metadata.n, "spark.watermarkDelayMs", 22);
    *out = at->metadata;
    if ((has_window || !at->is_time_window) && (has_delay || at->watermark_delay_us < 0))
        return SP_OK;
    sp_buf b = { 0 };
    sp_buf_putc(&b, '{');
    if (at->metadata.n > 2) {
        sp_buf_add(&b, at->metadata.p + 1, at->metadata.n - 2);
        sp_buf_putc(&b, ',');
    }
    if (at->is_time_window && !has_window)
        sp_buf_puts(&b, "\"spark.timeWindow\":true,");
    if (at->watermark_delay_us >= 0 && !has_delay)
        sp_buf_printf(&b, "\"spark.watermarkDelayMs\":%lld,", (long long)(at->watermark_delay_us / 1000));
    if (b.len && b.data[b.len - 1] == ',')
        b.len--;
    sp_buf_putc(&b, '}');
    sp_status status = sp_buf_check(&b, err);
    *out = (sp_str){ status == SP_OK ? sp_arena_strndup(x->arena, b.data, b.len, err) : NULL, b.len };
    sp_buf_done(&b);
    return out->p ? SP_OK : SP_FAILED;
}

static sp_status lay_schemas(sp_exec *x, const sp_plan *p, sp_agg_layout *l, sp_error *err)
{
    const sp_plan *child = p->children[0];
    sp_field *k, *v;
    int n = 0;
    for (int i = 0; i < l->fn_count; i++)
        l->buffer_count += l->fns[i].kernel->buffer_count;
    SP_NEW_ARRAY(k, x->arena, l->key_count + 1, err);
    SP_NEW_ARRAY(v, x->arena, l->buffer_count + 1, err);
    for (int i = 0; i < l->key_count; i++) {
        const sp_expr *e = p->grouping[i];
        int at = e->kind == SP_E_COLUMN ? sp_attr_index(child->output, child->output_count, e->id) : -1;
        k[i] = (sp_field){ .name = SP_LIT("_groupingexpression"), .type = e->type, .nullable = e->nullable };
        if (e->kind == SP_E_ALIAS || e->kind == SP_E_COLUMN)
            k[i].name = e->name;
        if (at >= 0) {
            k[i].name = child->output[at].name;
            SP_TRY(key_metadata(x, &child->output[at], &k[i].metadata, err));
        }
    }
    for (int i = 0; i < l->fn_count; i++) {
        const sp_agg_fn *f = &l->fns[i];
        for (int b = 0; b < f->kernel->buffer_count; b++, n++) {
            bool nullable = true;
            v[n].type = f->kernel->buffer_type(f->call, b, &nullable);
            v[n].nullable = nullable;
            v[n].name = sp_str_of(f->kernel->buffer_name(f->call, b));
        }
    }
    l->key_schema = sp_type_struct(x->arena, k, l->key_count, err);
    l->value_schema = sp_type_struct(x->arena, v, l->buffer_count, err);
    return l->key_schema && l->value_schema ? SP_OK : SP_FAILED;
}

sp_status sp_agg_layout_make(sp_exec *x, const sp_plan *p, sp_agg_layout *l, sp_error *err)
{
    SP_TRY(lay_keys(x, p, l, err));
    rewriting w = { x, p, l, p->children[0], NULL };
    SP_NEW_ARRAY(l->out, x->arena, p->expr_count + 1, err);
    l->out_count = p->expr_count;
    for (int i = 0; i < p->expr_count; i++)
        if (!(l->out[i] = rewrite(&w, sp_unalias(p->exprs[i]), err)))
            return SP_FAILED;
    SP_TRY(lay_sets(x, l, err));
    return p->is_streaming ? lay_schemas(x, p, l, err) : SP_OK;
}
