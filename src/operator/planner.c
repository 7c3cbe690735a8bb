/* planner.c -- from an optimized plan to nodes, pipes and steps.
 *
 *   compile(plan, chain above it):
 *     row-at-a-time kinds   a node in front of the chain, then compile(child)
 *     sources               a pipe: this node, the chain
 *     gathering kinds       compile(child, chain of this node alone); step GATHERED; a pipe: this node, the chain
 *     union                 compile(each child, the same chain)
 *     join                  compile(build side, chain of the build face); step GATHERED; compile(probe side, join in front of the chain);
 *                           a pipe of unmatched build rows when the join type asks for them
 * Every pipe ends in the result or in a gathering node. Steps come out in an order in which inputs are ready. Operator ids of stateful
 * operators count from the leaf up. */
#include "operator/operator_int.h"

typedef enum role { NONE, SOURCE, CHAIN, GATHER, SAME, MANY, JOIN } role;
typedef sp_status (*make_node)(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
typedef struct rule { make_node make; role role; } rule;

static const rule rules[SP_P_KIND_COUNT] = {
    [SP_P_SOURCE] = { sp_node_scan, SOURCE },       [SP_P_LOCAL] = { sp_node_local, SOURCE },
    [SP_P_ONE_ROW] = { sp_node_one_row, SOURCE },   [SP_P_RANGE] = { sp_node_range, SOURCE },
    [SP_P_PROJECT] = { sp_node_project, CHAIN },    [SP_P_FILTER] = { sp_node_filter, CHAIN },
    [SP_P_GENERATE] = { sp_node_generate, CHAIN },  [SP_P_AGGREGATE] = { sp_node_aggregate, GATHER },
    [SP_P_ALIAS] = { NULL, SAME },                  [SP_P_UNION] = { NULL, MANY },
};

#define GROW(list, count, cap, x, err)                                                           \
    do {                                                                                         \
        if ((count) == (cap)) {                                                                  \
            int more_ = (cap) ? (cap) * 2 : 8;                                                   \
            void *v_ = sp_arena_calloc((x)->arena, sizeof *(list) * (size_t)more_, err);         \
            if (!v_)                                                                             \
                return SP_FAILED;                                                                \
            if (count)                                                                           \
                memcpy(v_, (list), sizeof *(list) * (size_t)(count));                            \
            (list) = v_;                                                                         \
            (cap) = more_;                                                                       \
        }                                                                                        \
    } while (0)

static sp_status add_node(sp_exec *x, sp_node *n, sp_error *err)
{
    GROW(x->nodes, x->node_count, x->node_cap, x, err);
    x->nodes[x->node_count++] = n;
    return SP_OK;
}

sp_node *sp_node_new(sp_exec *x, const sp_operator_class *cls, const sp_plan *plan, size_t shared_size, sp_error *err)
{
    sp_node *n = sp_arena_calloc(x->arena, sizeof *n, err);
    if (!n)
        return NULL;
    n->x = x;
    n->cls = cls;
    n->plan = plan;
    n->operator_id = -1;
    if (shared_size && !(n->shared = sp_arena_calloc(x->arena, shared_size, err)))
        return NULL;
    return add_node(x, n, err) == SP_FAILED ? NULL : n;
}

static sp_status add_step(sp_exec *x, sp_pipe *pipe, sp_node *gathered, bool once, sp_error *err)
{
    GROW(x->steps, x->step_count, x->step_cap, x, err);
    x->steps[x->step_count++] = (sp_step){ pipe, gathered, once };
    return SP_OK;
}

static sp_status link_new(sp_exec *x, sp_node *n, const sp_operator_class *cls, const sp_link *next, const sp_link **out, sp_error *err)
{
    sp_link *l;
    SP_NEW(l, x->arena, sizeof *l, err);
    *l = (sp_link){ n, cls, next };
    *out = l;
    return SP_OK;
}

static sp_status add_pipe(sp_exec *x, sp_node *source, const sp_link *links, bool once, sp_error *err)
{
    sp_pipe *p;
    SP_NEW(p, x->arena, sizeof *p, err);
    SP_NEW_ARRAY(p->chains, x->arena, x->workers, err);
    p->source = source;
    p->links = links;
    p->once = once;
    p->order = x->pipe_count++;
    for (const sp_link *l = links; l; l = l->next) {
        p->link_count++;
        p->is_result |= l->cls == &sp_op_result;
    }
    return add_step(x, p, NULL, once, err);
}

/* What the exec keeps lists of. */
static sp_status enlist(sp_exec *x, sp_node *n, sp_error *err)
{
    switch (n->plan->kind) {
    case SP_P_SOURCE:
        GROW(x->scans, x->scan_count, x->scan_cap, x, err);
        x->scans[x->scan_count++] = n;
        return SP_OK;
    case SP_P_WATERMARK:
        GROW(x->watermarks, x->watermark_count, x->watermark_cap, x, err);
        x->watermarks[x->watermark_count++] = n;
        return SP_OK;
    case SP_P_COLLECT_METRICS:
        GROW(x->metrics, x->metrics_count, x->metrics_cap, x, err);
        x->metrics[x->metrics_count++] = n;
        return SP_OK;
    default:
        return SP_OK;
    }
}

static sp_status enlist_state(sp_exec *x, sp_node *n, sp_error *err)
{
    if (!n->stats)
        return SP_OK;
    GROW(x->state_nodes, x->state_op_count, x->state_cap, x, err);
    n->operator_id = x->state_op_count;
    x->state_nodes[x->state_op_count++] = n;
    return SP_OK;
}

static sp_status compile(sp_exec *x, const sp_plan *p, const sp_link *above, bool once, sp_error *err);

static sp_status compile_gather(sp_exec *x, const sp_plan *p, sp_node *n, const sp_link *above, bool once, sp_error *err)
{
    const sp_link *end;
    SP_TRY(link_new(x, n, n->cls, NULL, &end, err));
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(compile(x, p->children[i], end, once, err));
    SP_TRY(enlist_state(x, n, err));
    SP_TRY(add_step(x, NULL, n, once, err));
    return add_pipe(x, n, above, once, err);
}

static sp_status compile(sp_exec *x, const sp_plan *p, const sp_link *above, bool once, sp_error *err)
{
    const rule *r = &rules[p->kind];
    if (r->role == NONE)
        return sp_error_internal(err, "No plan for %s", sp_plan_kind_name(p->kind));
    sp_node *n = NULL;
    if (r->make) {
        SP_TRY(r->make(x, p, &n, err));
        n->once = once;
        SP_TRY(enlist(x, n, err));
    }
    switch (r->role) {
    case SOURCE:
        return add_pipe(x, n, above, once, err);
    case CHAIN: {
        const sp_link *l;
        SP_TRY(link_new(x, n, n->cls, above, &l, err));
        return compile(x, p->children[0], l, once, err);
    }
    case GATHER:
        return compile_gather(x, p, n, above, once, err);
    default:
        for (int i = 0; i < p->child_count; i++)
            SP_TRY(compile(x, p->children[i], above, once, err));
        return SP_OK;
    }
}

sp_status sp_exec_plan(sp_exec *x, sp_error *err)
{
    sp_node *end = sp_node_new(x, &sp_op_result, NULL, 0, err);
    const sp_link *l;
    if (!end)
        return SP_FAILED;
    SP_TRY(link_new(x, end, end->cls, NULL, &l, err));
    return compile(x, x->spec.plan, l, false, err);
}
