/* planner.c -- from an optimized plan to nodes, pipes and steps.
 *
 *   compile(plan, chain above it):
 *     row-at-a-time kinds   a node in front of the chain, then compile(child)
 *     sources               a pipe: this node, the chain
 *     gathering kinds       compile(child, chain of this node alone); step GATHERED; a pipe: this node, the chain
 *     union                 compile(each child, the same chain)
 *     join                  compile(build side, chain of the build face); step GATHERED; compile(probe side,
 *                           join in front of the chain); a pipe of unmatched build rows when the type asks for it
 * Every pipe ends in the result or in a gathering node. Steps come out in an order in which inputs are ready. Operator
 * ids of stateful operators count from the leaf up. */
#include "operator/sort.h"

typedef enum role { NONE, SOURCE, CHAIN, GATHER, SAME, MANY, JOIN } role;
typedef sp_status (*make_node)(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
typedef struct rule { make_node make; role role; } rule;

static const rule rules[SP_P_KIND_COUNT] = {
    [SP_P_SOURCE] = { sp_node_scan, SOURCE },       [SP_P_LOCAL] = { sp_node_local, SOURCE },
    [SP_P_ONE_ROW] = { sp_node_one_row, SOURCE },   [SP_P_RANGE] = { sp_node_range, SOURCE },
    [SP_P_PROJECT] = { sp_node_project, CHAIN },    [SP_P_FILTER] = { sp_node_filter, CHAIN },
    [SP_P_GENERATE] = { sp_node_generate, CHAIN },  [SP_P_AGGREGATE] = { sp_node_aggregate, GATHER },
    [SP_P_ALIAS] = { NULL, SAME },                  [SP_P_UNION] = { NULL, MANY },
    [SP_P_EXPAND] = { sp_node_expand, CHAIN },      [SP_P_WATERMARK] = { sp_node_watermark, CHAIN },
    [SP_P_SAMPLE] = { sp_node_sample, CHAIN },      [SP_P_SORT] = { sp_node_sort, GATHER },
    [SP_P_LIMIT] = { sp_node_limit, GATHER },       [SP_P_OFFSET] = { sp_node_limit, GATHER },
    [SP_P_TAIL] = { sp_node_tail, GATHER },         [SP_P_REPARTITION] = { sp_node_repartition, GATHER },
    [SP_P_INTERSECT] = { sp_node_set, JOIN },       [SP_P_EXCEPT] = { sp_node_set, JOIN },
    [SP_P_COLLECT_METRICS] = { sp_node_metrics, CHAIN }, [SP_P_WINDOW] = { sp_node_window, GATHER },
    [SP_P_DEDUPLICATE] = { sp_node_dedup, GATHER }, [SP_P_JOIN] = { sp_node_join, JOIN },
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

static sp_status link_new(sp_exec *x, sp_node *n, const sp_operator_class *cls, const sp_link *next,
                          const sp_link **out, sp_error *err)
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

static sp_status compile_gather(sp_exec *x, const sp_plan *p, sp_node *n, const sp_link *above, bool once,
                                sp_error *err)
{
    const sp_link *end;
    SP_TRY(link_new(x, n, n->cls, NULL, &end, err));
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(compile(x, p->children[i], end, once, err));
    SP_TRY(enlist_state(x, n, err));
    SP_TRY(add_step(x, NULL, n, once, err));
    return add_pipe(x, n, above, once, err);
}

/* Build side first, then the pipes past it, then what nobody matched. */
static sp_status compile_join(sp_exec *x, const sp_plan *p, sp_node *n, const sp_link *above, bool once, sp_error *err)
{
    const sp_link *build, *probe;
    int side = sp_join_build_side(x, p);
    bool build_once =
        once || (x->spec.streaming && !p->children[side]->is_streaming && p->children[!side]->is_streaming);
    SP_TRY(link_new(x, n, &sp_op_join_build, NULL, &build, err));
    SP_TRY(link_new(x, n, n->cls, above, &probe, err));
    SP_TRY(compile(x, p->children[side], build, build_once, err));
    SP_TRY(add_step(x, NULL, n, build_once, err));
    SP_TRY(compile(x, p->children[!side], probe, once, err));
    return sp_join_has_rest_pipe(n) ? add_pipe(x, n, above, once, err) : SP_OK;
}

static sp_status compile_set(sp_exec *x, const sp_plan *p, sp_node *n, const sp_link *above, bool once, sp_error *err)
{
    const sp_link *left, *right;
    SP_TRY(link_new(x, n, n->cls, NULL, &left, err));
    SP_TRY(link_new(x, n, &sp_op_set_right, NULL, &right, err));
    SP_TRY(compile(x, p->children[0], left, once, err));
    SP_TRY(compile(x, p->children[1], right, once, err));
    SP_TRY(add_step(x, NULL, n, once, err));
    return add_pipe(x, n, above, once, err);
}

/* StreamingGlobalLimitStrategy: a limit over what a stream appends counts across batches. */
static bool is_state_limit(const sp_exec *x, const sp_plan *p)
{
    if (p->kind != SP_P_LIMIT || !x->spec.streaming || !p->is_streaming || x->spec.mode == SP_UPDATE)
        return false;
    if (x->spec.mode == SP_APPEND)
        return true;
    for (const sp_plan *c = p->children[0];; c = c->children[0]) {
        if (c->kind == SP_P_AGGREGATE && c->is_streaming)
            return false;
        if (!c->child_count)
            return true;
    }
}

/* A limit tells the sort below it how many rows it wants. */
static void hint_limit(sp_exec *x, const sp_plan *p)
{
    int64_t rows = p->count;
    const sp_plan *c = p->children[0];
    for (; c->kind == SP_P_PROJECT || c->kind == SP_P_ALIAS || c->kind == SP_P_OFFSET; c = c->children[0])
        if (c->kind == SP_P_OFFSET)
            rows = rows > INT64_MAX - c->count ? INT64_MAX : rows + c->count;
    if (c->kind == SP_P_SORT && c->global) {
        x->top_sort = c;
        x->top_rows = rows;
    }
}

static sp_status make(sp_exec *x, const sp_plan *p, const rule *r, sp_node **out, sp_error *err)
{
    if (is_state_limit(x, p))
        return sp_node_state_limit(x, p, out, err);
    if (p->kind == SP_P_LIMIT)
        hint_limit(x, p);
    SP_TRY(r->make(x, p, out, err));
    if (x->top_sort == p)
        sp_sort_set_limit(*out, x->top_rows);
    return SP_OK;
}

static sp_status compile(sp_exec *x, const sp_plan *p, const sp_link *above, bool once, sp_error *err)
{
    const rule *r = &rules[p->kind];
    if (r->role == NONE)
        return sp_error_internal(err, "No plan for %s", sp_plan_kind_name(p->kind));
    sp_node *n = NULL;
    if (r->make) {
        SP_TRY(make(x, p, r, &n, err));
        n->once = once;
        SP_TRY(enlist(x, n, err));
    }
    if (n && n->cls == &sp_op_task_sort)
        r = &rules[SP_P_PROJECT];       /* a sort within tasks is a link of the chain */
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
    case JOIN:
        return p->kind == SP_P_JOIN ? compile_join(x, p, n, above, once, err) : compile_set(x, p, n, above, once, err);
    default:
        for (int i = 0; i < p->child_count; i++)
            SP_TRY(compile(x, p->children[i], above, once, err));
        return SP_OK;
    }
}

/* The lists in the order in which the plan is read, left to right: joins were compiled build side first. */
static void put_in_order(sp_node **list, int count, const sp_plan *p, int *next)
{
    for (int i = *next; i < count; i++)
        if (list[i]->plan == p) {
            sp_node *n = list[i];
            memmove(&list[*next + 1], &list[*next], sizeof *list * (size_t)(i - *next));
            n->index = *next;
            list[(*next)++] = n;
            break;
        }
    for (int i = 0; i < p->child_count; i++)
        put_in_order(list, count, p->children[i], next);
}

sp_status sp_exec_plan(sp_exec *x, sp_error *err)
{
    sp_node *end = sp_node_new(x, &sp_op_result, NULL, 0, err);
    const sp_link *l;
    if (!end)
        return SP_FAILED;
    SP_TRY(link_new(x, end, end->cls, NULL, &l, err));
    SP_TRY(compile(x, x->spec.plan, l, false, err));
    put_in_order(x->scans, x->scan_count, x->spec.plan, &(int){ 0 });
    put_in_order(x->watermarks, x->watermark_count, x->spec.plan, &(int){ 0 });
    put_in_order(x->metrics, x->metrics_count, x->spec.plan, &(int){ 0 });
    return SP_OK;
}
