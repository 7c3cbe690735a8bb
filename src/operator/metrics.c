/* metrics.c -- CollectMetrics (Dataset.observe): rows pass through, aggregates over them are kept beside.
 *
 * Every worker has a table without keys (aggregate.h); after the run they are merged and the one row of named results
 * is left for sp_exec_observed. Behaviour: CollectMetricsExec, AggregatingAccumulator. */
#include "operator/aggregate.h"

typedef struct metrics {
    sp_agg_layout layout;
    sp_agg_table *tables;               /* by worker */
    sp_arena *arena;                    /* of the answers */
    const sp_type *schema;
    const char **names;
} metrics;

sp_status sp_node_metrics(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_metrics, p, sizeof(metrics), err);
    if (!n)
        return SP_FAILED;
    metrics *s = n->shared;
    sp_plan as_aggregate = *p;          /* the same expressions, grouped by nothing */
    sp_field *fields;
    as_aggregate.grouping_count = 0;
    as_aggregate.is_streaming = false;
    SP_TRY(sp_agg_layout_make(x, &as_aggregate, &s->layout, err));
    if (s->layout.set_count)
        return sp_error_internal(err, "DISTINCT aggregates in observed metrics");
    SP_NEW_ARRAY(s->tables, x->arena, x->workers, err);
    SP_NEW_ARRAY(fields, x->arena, p->expr_count + 1, err);
    for (int i = 0; i < p->expr_count; i++)
        fields[i] = (sp_field){ .name = p->exprs[i]->name,
                                .type = sp_unalias(p->exprs[i])->type,
                                .nullable = sp_unalias(p->exprs[i])->nullable };
    s->arena = sp_exec_arena(x, "observed", err);
    s->schema = sp_type_struct(x->arena, fields, p->expr_count, err);
    return s->arena && s->schema ? SP_OK : SP_FAILED;
}

static sp_status metrics_begin_run(sp_node *n, sp_error *err)
{
    metrics *s = n->shared;
    for (int i = 0; i < n->x->workers; i++)
        if (s->tables[i].ready)
            SP_TRY(sp_agg_table_clear(&s->tables[i], err));
    return SP_OK;
}

static sp_status metrics_begin(sp_operator *op, sp_error *err)
{
    metrics *s = op->node->shared;
    sp_agg_table *t = &s->tables[op->chain->worker];
    if (!t->ready)
        SP_TRY(sp_agg_table_open(t, op->node->x, &s->layout, err));
    return sp_agg_table_sole(t, err);
}

static sp_status update_one(sp_operator *op, sp_agg_table *t, int i, const sp_batch *in, sp_error *err)
{
    const sp_agg_fn *f = &t->layout->fns[i];
    sp_arena *a = op->chain->batch_arena;
    sp_batch b = *in;
    uint32_t *sel, *ids;
    sp_vec **args;
    if (f->call->filter) {
        SP_NEW_ARRAY(sel, a, in->rows + 1, err);
        SP_TRY(sp_eval_filter(&op->chain->eval, f->call->filter, in, sel, &b.sel_count, err));
        b.sel = sel;
    }
    if (!sp_live(&b))
        return SP_OK;
    SP_NEW_ARRAY(ids, a, sp_live(&b), err);
    SP_NEW_ARRAY(args, a, f->call->arg_count + 1, err);
    for (int j = 0; j < f->call->arg_count; j++) {
        SP_TRY(sp_eval(&op->chain->eval, f->call->args[j], &b, &args[j], err));
        if (args[j]->form == SP_DICT && !(args[j] = sp_vec_flatten(args[j], a, true, err)))
            return SP_FAILED;
    }
    sp_agg_call call = { .call = f->call, .heap = t->heap, .conf = op->node->x->spec.conf, .arena = a };
    return f->kernel->update(&call, t->states[i], f->stride, ids, (const sp_vec *const *)args, b.sel, sp_live(&b), err);
}

static sp_status metrics_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    metrics *s = op->node->shared;
    for (int i = 0; i < s->layout.fn_count; i++)
        SP_TRY(update_one(op, &s->tables[op->chain->worker], i, in, err));
    return sp_emit(op, in, err);
}

/* Takes the result row for itself. */
static sp_status take_row(void *context, const sp_vec *const *columns, int count, sp_arena *a, sp_error *err)
{
    sp_observed *o = context;
    for (int i = 0; i < count; i++) {
        sp_value v;
        SP_TRY(sp_value_at(columns[i], 0, a, &v, err));
        SP_TRY(sp_value_copy(&v, a, &o->values[i], err));
    }
    return SP_OK;
}

sp_status sp_metrics_finish(sp_node *n, sp_observed *out, sp_error *err)
{
    metrics *s = n->shared;
    sp_agg_table *into = NULL;
    sp_arena_reset(s->arena);
    for (int w = 0; w < n->x->workers; w++) {
        sp_agg_table *t = &s->tables[w];
        uint32_t zero = 0, kept;
        if (!t->ready || !t->groups.count)
            continue;
        if (!into)
            into = t;
        else
            SP_TRY(sp_agg_table_merge(into, t, &zero, 1, &kept, s->arena, err));
    }
    if (!into) {
        into = &s->tables[0];
        if (!into->ready)
            SP_TRY(sp_agg_table_open(into, n->x, &s->layout, err));
        SP_TRY(sp_agg_table_sole(into, err));
    }
    *out = (sp_observed){ .name = n->plan->name, .schema = s->schema };
    SP_NEW_ARRAY(out->values, s->arena, s->schema->field_count + 1, err);
    uint32_t zero = 0;
    sp_batch b;
    sp_eval_context eval = { .arena = s->arena, .conf = n->x->spec.conf };
    SP_TRY(sp_agg_table_rows(into, &eval, &zero, 1, &b, err));
    return take_row(out, (const sp_vec *const *)b.columns, b.column_count, s->arena, err);
}

static void metrics_end(sp_node *n)
{
    metrics *s = n->shared;
    for (int i = 0; i < n->x->workers && s->tables; i++)
        sp_agg_table_done(&s->tables[i]);
    sp_arena_free(s->arena);
}

const sp_operator_class sp_op_metrics = {
    .name = "CollectMetrics",
    .size = sizeof(sp_operator),
    .sees_all = true,
    .begin_run = metrics_begin_run,
    .begin = metrics_begin,
    .push = metrics_push,
    .end = metrics_end,
};
