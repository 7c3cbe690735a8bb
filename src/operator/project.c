/* project.c -- Project and Filter: expressions over a batch, selections instead of copies.
 *
 * A column that is passed through is the child's vector itself. A filter leaves the columns alone and narrows the
 * selection. */
#include "operator/operator_int.h"

typedef struct project { sp_expr **exprs; int count; } project;

sp_status sp_node_project(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_project, p, sizeof(project), err);
    if (!n)
        return SP_FAILED;
    project *s = n->shared;
    const sp_plan *child = p->children[0];
    SP_TRY(sp_bind_exprs(x, p->exprs, p->expr_count, child->output, child->output_count, &s->exprs, err));
    s->count = p->expr_count;
    for (int i = 0; i < s->count; i++)
        s->exprs[i] = (sp_expr *)sp_unalias(s->exprs[i]);
    return SP_OK;
}

static sp_status project_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    const project *s = op->node->shared;
    sp_batch out = *in;
    out.column_count = s->count;
    SP_NEW_ARRAY(out.columns, op->chain->batch_arena, s->count + 1, err);
    for (int i = 0; i < s->count; i++) {
        if (s->exprs[i]->kind == SP_E_COLUMN)
            out.columns[i] = in->columns[s->exprs[i]->ordinal];
        else
            SP_TRY(sp_eval(&op->chain->eval, s->exprs[i], in, &out.columns[i], err));
    }
    return sp_emit(op, &out, err);
}

sp_status sp_node_filter(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_filter, p, 0, err);
    if (!n)
        return SP_FAILED;
    sp_expr *condition;
    const sp_plan *child = p->children[0];
    SP_TRY(sp_bind_expr(x, p->condition, child->output, child->output_count, &condition, err));
    n->shared = condition;
    return SP_OK;
}

static sp_status filter_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    sp_batch out = *in;
    uint32_t *sel;
    SP_NEW_ARRAY(sel, op->chain->batch_arena, in->rows + 1, err);
    SP_TRY(sp_eval_filter(&op->chain->eval, op->node->shared, in, sel, &out.sel_count, err));
    if (out.sel_count < in->rows)
        out.sel = sel;
    else
        out.sel = NULL;
    return sp_emit(op, &out, err);
}

const sp_operator_class sp_op_project = { .name = "Project", .size = sizeof(sp_operator), .push = project_push };
const sp_operator_class sp_op_filter = { .name = "Filter", .size = sizeof(sp_operator), .push = filter_push };
