/* optimize.c -- the optimizer: a table of rules, run in order, and the rule that simplifies expressions.
 *
 * A rule takes a resolved plan and gives one with the same rows. The table runs until nothing changes, a few rounds at
 * most; the rules after it run once. (Spark's Optimizer.scala has the same rules in batches to a fixed point.) */
#include "plan/plan_int.h"

typedef struct { const char *name; sp_plan *(*run)(sp_optimizer *o, sp_plan *p, sp_error *err); } named_rule;

static const named_rule repeated[] = {
    { "Simplify",
      sp_rule_simplify }, /* ConstantFolding, BooleanSimplification, SimplifyCasts, PruneFilters, ReplaceExpressions */
    { "PushFilters", sp_rule_push_filters }, /* PushDownPredicates, PushPredicateThroughJoin */
    { "CollapseProjects", sp_rule_collapse_projects }, /* CollapseProject, RemoveNoopOperators */
    { "PushLimits", sp_rule_push_limits }, /* LimitPushDown, EliminateLimits */
};
static const named_rule last[] = {
    { "RewriteSets", sp_rule_rewrite_sets },          /* ReplaceDeduplicateWithAggregate */
    { "PruneColumns", sp_rule_prune_columns },        /* ColumnPruning */
    { "CollapseProjects", sp_rule_collapse_projects },
    { "PushIntoScans", sp_rule_push_into_scans },     /* what data sources get as pushed filters */
};
enum { ROUNDS_MAX = 8 };

sp_status sp_plan_optimize(sp_analyzer *z, const sp_plan *analyzed, sp_plan **out, sp_error *err)
{
    sp_optimizer o = { z->arena, z->conf };
    sp_plan *p = (sp_plan *)analyzed;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        const sp_plan *before = p;
        for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++)
            if (!(p = repeated[i].run(&o, p, err)))
                return SP_FAILED;
        if (p == before)
            break;
    }
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        if (!(p = last[i].run(&o, p, err)))
            return SP_FAILED;
    *out = p;
    return SP_OK;
}

/* ---- helpers of the rules ---- */

bool sp_is_call(const sp_expr *e, const char *function)
{
    return e->kind == SP_E_CALL && e->function && strcmp(e->function->name, function) == 0;
}

sp_status sp_split_and(sp_arena *a, sp_expr *e, sp_exprs *out, sp_error *err)
{
    if (!sp_is_call(e, "and"))
        return sp_exprs_add(a, out, e, err);
    SP_TRY(sp_split_and(a, e->args[0], out, err));
    return sp_split_and(a, e->args[1], out, err);
}

sp_expr *sp_join_and(sp_optimizer *o, sp_expr *const *v, int n, sp_error *err)
{
    sp_expr *all = NULL;
    for (int i = 0; i < n; i++) {
        if (!all) {
            all = v[i];
            continue;
        }
        sp_expr *both = sp_expr_function(o->arena, "and", (sp_expr *[]){ all, v[i] }, 2, err);
        if (!both || sp_expr_bind(o->arena, o->conf, both, &all, err) == SP_FAILED)
            return NULL;
    }
    return all;
}

/* ---- simplification ---- */

static bool visit_unfoldable(void *context, const sp_expr *e)
{
    bool bad = e->kind == SP_E_COLUMN || e->kind == SP_E_AGG || e->kind == SP_E_WINDOW || e->kind == SP_E_LAMBDA ||
               e->kind == SP_E_LAMBDA_VAR || e->kind == SP_E_SUBQUERY || e->kind > SP_E_LAST_RESOLVED;
    if (e->kind == SP_E_CALL && e->function)
        bad |= (e->function->flags & (SP_FN_NONDETERMINISTIC | SP_FN_CONSTANT_PER_QUERY | SP_FN_GENERATOR)) != 0 ||
               sp_plan_time_window(e) != NULL;
    *(bool *)context |= bad;
    return !bad;
}

static bool is_literal_bool(const sp_expr *e, bool value)
{
    return e->kind == SP_E_LITERAL && e->type->kind == SP_BOOLEAN && !e->literal.is_null && e->literal.boolean == value;
}

static sp_expr *fold(sp_optimizer *o, sp_expr *e, sp_error *err)
{
    bool unfoldable = !e->foldable;
    if (!unfoldable)
        sp_expr_walk(e, visit_unfoldable, &unfoldable);
    if (unfoldable)
        return e;
    sp_value v;
    sp_error ignored = { 0 };
    if (sp_expr_fold(o->arena, o->conf, e, &v, &ignored) != SP_OK)
        return e;                                  /* fails when it is run, as in Spark */
    v.type = e->type;
    sp_expr *l = sp_expr_literal(o->arena, &v, err);
    if (l)
        l->origin = e->origin;
    return l;
}

static sp_expr *simplify_boolean(sp_expr *e)
{
    if (sp_is_call(e, "and")) {
        for (int i = 0; i < 2; i++) {
            if (is_literal_bool(e->args[i], true))
                return e->args[1 - i];
            if (is_literal_bool(e->args[i], false))
                return e->args[i];
        }
        if (sp_expr_eq(e->args[0], e->args[1]))
            return e->args[0];
    } else if (sp_is_call(e, "or")) {
        for (int i = 0; i < 2; i++) {
            if (is_literal_bool(e->args[i], false))
                return e->args[1 - i];
            if (is_literal_bool(e->args[i], true))
                return e->args[i];
        }
    } else if (sp_is_call(e, "not") && sp_is_call(e->args[0], "not")) {
        return e->args[0]->args[0];
    }
    return e;
}

static sp_expr *simplify_one(void *context, sp_expr *e, sp_error *err)
{
    sp_optimizer *o = context;
    if (sp_is_call(e, "$replaced"))
        return e->args[0];
    if (e->kind == SP_E_CAST && sp_type_eq(e->type, e->args[0]->type))
        return e->args[0];
    if (e->kind == SP_E_CAST || e->kind == SP_E_CALL || e->kind == SP_E_FIELD)
        return simplify_boolean(fold(o, e, err));
    return e;
}

static sp_expr *simplify_tree(void *context, sp_expr *e, sp_error *err)
{
    sp_optimizer *o = context;
    return sp_expr_transform(o->arena, e, simplify_one, o, err);
}

static bool same_exprs(const sp_plan *a, const sp_plan *b)
{
    if (a->condition != b->condition)
        return false;
    for (int i = 0; i < a->expr_count; i++)
        if (a->exprs[i] != b->exprs[i])
            return false;
    for (int i = 0; i < a->grouping_count; i++)
        if (a->grouping[i] != b->grouping[i])
            return false;
    for (int i = 0; i < a->list_count; i++)
        for (int k = 0; k < a->list_counts[i]; k++)
            if (a->lists[i][k] != b->lists[i][k])
                return false;
    return true;
}

/* No rows, with p's attributes. */
static sp_plan *empty(sp_optimizer *o, const sp_plan *p, sp_error *err)
{
    sp_plan *e = sp_plan_new(o->arena, SP_P_LOCAL, NULL, 0, err);
    if (!e)
        return NULL;
    e->output = p->output;
    e->output_count = p->output_count;
    e->schema = sp_plan_schema(o->arena, p, err);
    return e->schema ? e : NULL;
}

static sp_plan *simplify_node(void *context, sp_plan *p, sp_error *err)
{
    sp_optimizer *o = context;
    sp_plan *c = p;
    if (p->kind != SP_P_COMMAND && p->kind != SP_P_LOCAL) {
        if (sp_plan_map_exprs(o->arena, p, simplify_tree, o, &c, err) != SP_OK)
            return NULL;
        if (same_exprs(p, c))
            c = p;
    }
    if (c->kind == SP_P_FILTER) {
        if (is_literal_bool(c->condition, true))
            return c->children[0];
        bool never = is_literal_bool(c->condition, false) ||
                     (c->condition->kind == SP_E_LITERAL && c->condition->literal.is_null);
        if (never && !c->is_streaming)
            return empty(o, c, err);
    }
    return c;
}

sp_plan *sp_rule_simplify(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, simplify_node, o, err);
}
