/* optimize_filter.c -- filters go down: through Project, Generate, Join, Union, Aggregate, Watermark and their like,
 * and into scans.
 *
 * Conjuncts are moved one by one (PushDownPredicates: CombineFilters, PushPredicateThroughNonJoin,
 * PushPredicateThroughJoin). Only deterministic ones move. What a scan gets are predicates that Spark translates for
 * its sources (DataSourceStrategy.translateFilter): a column against literals; with them the IS NOT NULLs that follow
 * from the filter (InferFiltersFromConstraints), which is what makes numInputRows of a streaming query leave out rows
 * with null keys. */
#include "plan/plan_int.h"

static sp_plan *push(sp_optimizer *o, sp_plan *p, sp_error *err);

/* A filter of the conjuncts over child, pushed further; child itself when there are none. */
static sp_plan *filter_over(sp_optimizer *o, const sp_exprs *conjuncts, sp_plan *child, sp_error *err)
{
    if (!conjuncts->n)
        return child;
    sp_expr *c = sp_join_and(o, conjuncts->v, conjuncts->n, err);
    sp_plan *f = c ? sp_plan_filter(o->arena, c, child, err) : NULL;
    return f ? push(o, f, err) : NULL;
}

static sp_plan *with_child(sp_optimizer *o, const sp_plan *p, sp_plan *child, sp_error *err)
{
    sp_plan *c = sp_plan_copy(o->arena, p, err);
    if (c)
        c->children[0] = child;
    return c;
}

static sp_plan *plain_filter(sp_optimizer *o, sp_plan *original, const sp_exprs *stay, int total, sp_plan *child,
                             sp_error *err)
{
    if (stay->n == total && child == original->children[0])
        return original;
    if (!stay->n)
        return child;
    sp_expr *c = sp_join_and(o, stay->v, stay->n, err);
    return c ? sp_plan_filter(o->arena, c, child, err) : NULL;
}

/* ---- what may pass which node ---- */

static bool project_is_deterministic(const sp_plan *p)
{
    for (int i = 0; i < p->expr_count; i++)
        if (!sp_expr_is_deterministic(p->exprs[i]))
            return false;
    return true;
}

/* Columns of an aggregate's output that are grouping expressions. */
static bool is_group_column(const sp_plan *agg, int64_t id)
{
    for (int i = 0; i < agg->expr_count; i++) {
        if (agg->exprs[i]->id != id)
            continue;
        for (int k = 0; k < agg->grouping_count; k++)
            if (sp_expr_eq(agg->grouping[k], agg->exprs[i]))
                return true;
        return false;
    }
    return false;
}

typedef struct { const sp_plan *p; bool ok; } passing;

static bool visit_group(void *context, const sp_expr *e)
{
    passing *s = context;
    if (e->kind == SP_E_COLUMN)
        s->ok &= is_group_column(s->p, e->id);
    return true;
}

static bool passes(const sp_plan *p, const sp_expr *e)
{
    const sp_plan *child = p->child_count ? p->children[0] : NULL;
    switch (p->kind) {
    case SP_P_PROJECT: case SP_P_UNION: case SP_P_SORT: case SP_P_REPARTITION:
        return true;
    case SP_P_GENERATE: case SP_P_EXPAND:
        return sp_expr_refs_within(e, child->output, child->output_count) &&
               !sp_expr_refs_any(e, p->generator_output, p->kind == SP_P_GENERATE ? p->generator_output_count : 1);
    case SP_P_WATERMARK:
        return !sp_expr_refs_any(e, &(sp_attr){ .id = p->exprs[0]->id }, 1);
    case SP_P_AGGREGATE: {
        passing s = { p, p->grouping_count > 0 };
        sp_expr_walk(e, visit_group, &s);
        return s.ok && project_is_deterministic(p);
    }
    default: return false;
    }
}

/* e in terms of the child's columns. */
static sp_expr *below_list(sp_optimizer *o, const sp_plan *p, sp_expr *e, sp_error *err)
{
    int64_t *ids = sp_arena_alloc(o->arena, sizeof *ids * (size_t)(p->expr_count + 1), err);
    sp_expr **to = sp_arena_alloc(o->arena, sizeof *to * (size_t)(p->expr_count + 1), err);
    if (!ids || !to)
        return NULL;
    int n = 0;
    for (int i = 0; i < p->expr_count; i++) {
        if (p->exprs[i]->kind != SP_E_ALIAS)
            continue;
        ids[n] = p->exprs[i]->id;
        to[n++] = p->exprs[i]->args[0];
    }
    return n ? sp_expr_substitute(o->arena, e, ids, to, n, err) : e;
}

/* ---- what follows from a condition ---- */

static bool says_not_null(const sp_expr *condition, const sp_expr *column)
{
    if (sp_is_call(condition, "and"))
        return says_not_null(condition->args[0], column) || says_not_null(condition->args[1], column);
    return sp_is_call(condition, "isnotnull") && sp_expr_eq(condition->args[0], column);
}

static bool has_not_null(const sp_plan *p, const sp_expr *column);

/* The column as a Project or Aggregate takes it from below. */
static bool list_has_not_null(const sp_plan *p, const sp_expr *column)
{
    for (int i = 0; i < p->expr_count; i++) {
        const sp_expr *e = p->exprs[i];
        if (e->id != column->id)
            continue;
        e = e->kind == SP_E_ALIAS ? e->args[0] : e;
        return e->kind == SP_E_COLUMN && has_not_null(p->children[0], e);
    }
    return false;
}

static bool union_has_not_null(const sp_plan *p, const sp_expr *column)
{
    for (int i = 0; i < p->output_count; i++) {
        bool all = p->output[i].id == column->id;
        for (int k = 0; all && k < p->child_count; k++) {
            sp_expr c = { .kind = SP_E_COLUMN, .id = p->children[k]->output[i].id, .type = column->type };
            all = has_not_null(p->children[k], &c);
        }
        if (all)
            return true;
    }
    return false;
}

/* Is there a filter below that leaves no null in the column? */
static bool has_not_null(const sp_plan *p, const sp_expr *column)
{
    if (!p->child_count)
        return false;
    if (p->kind == SP_P_FILTER && says_not_null(p->condition, column))
        return true;
    if (p->kind == SP_P_PROJECT || p->kind == SP_P_AGGREGATE)
        return list_has_not_null(p, column);
    if (p->kind == SP_P_UNION)
        return union_has_not_null(p, column);
    if (p->kind == SP_P_JOIN && (p->join_type == SP_JOIN_FULL || p->join_type == SP_JOIN_RIGHT))
        return false;
    int side = p->kind == SP_P_JOIN && p->join_type != SP_JOIN_LEFT &&
               !sp_attrs_has(p->children[0]->output, p->children[0]->output_count, column->id);
    return sp_attrs_has(p->children[side]->output, p->children[side]->output_count, column->id) &&
           has_not_null(p->children[side], column);
}

typedef struct { sp_optimizer *o; const sp_plan *side; sp_exprs *out; sp_error *err; sp_status status; } inference;

static sp_status add_not_null(inference *n, sp_expr *column)
{
    if (!column->nullable || has_not_null(n->side, column))
        return SP_OK;
    for (int i = 0; i < n->out->n; i++)
        if (sp_is_call(n->out->v[i], "isnotnull") && sp_expr_eq(n->out->v[i]->args[0], column))
            return SP_OK;
    sp_expr *f = sp_expr_function(n->o->arena, "isnotnull", &column, 1, n->err), *bound;
    if (!f)
        return SP_FAILED;
    SP_TRY(sp_expr_bind(n->o->arena, n->o->conf, f, &bound, n->err));
    return sp_exprs_add(n->o->arena, n->out, bound, n->err);
}

/* Null in means null out: the columns below cannot be null where e is true. */
static bool is_null_intolerant(const sp_expr *e)
{
    if (e->kind == SP_E_CAST)
        return true;
    return e->kind == SP_E_CALL && e->function &&
           !(e->function->flags & (SP_FN_NULLS | SP_FN_LAZY | SP_FN_NONDETERMINISTIC));
}

static void infer(inference *n, sp_expr *e)
{
    if (e->kind == SP_E_COLUMN) {
        if (n->status == SP_OK && sp_attrs_has(n->side->output, n->side->output_count, e->id))
            n->status = add_not_null(n, e);
        return;
    }
    if (is_null_intolerant(e))
        for (int i = 0; i < e->arg_count; i++)
            infer(n, e->args[i]);
}

/* Where a sliding window's filter stays above its Expand, the time must still not be null below (as constraints tell
 * Spark). */
static sp_status infer_below(sp_optimizer *o, const sp_plan *p, const sp_exprs *stay, sp_exprs *go, sp_error *err)
{
    if (p->kind != SP_P_EXPAND)
        return SP_OK;
    inference n = { o, p->children[0], go, err, SP_OK };
    for (int i = 0; i < stay->n; i++)
        if (sp_expr_is_deterministic(stay->v[i]))
            infer(&n, stay->v[i]);
    return n.status;
}

static sp_plan *push_unary(sp_optimizer *o, sp_plan *f, sp_exprs *conjuncts, sp_error *err)
{
    sp_plan *p = f->children[0];
    sp_exprs go = { 0 }, stay = { 0 };
    bool list = p->kind == SP_P_PROJECT || p->kind == SP_P_AGGREGATE,
         allowed = p->kind != SP_P_PROJECT || project_is_deterministic(p);
    for (int i = 0; i < conjuncts->n; i++) {
        sp_expr *e = conjuncts->v[i];
        bool moves = allowed && sp_expr_is_deterministic(e) && passes(p, e);
        allowed &= sp_expr_is_deterministic(e);          /* what stands right of a nondeterministic one stays */
        if (moves && list && !(e = below_list(o, p, e, err)))
            return NULL;
        if (sp_exprs_add(o->arena, moves ? &go : &stay, e, err) != SP_OK)
            return NULL;
    }
    if (infer_below(o, p, &stay, &go, err) != SP_OK)
        return NULL;
    if (!go.n)
        return plain_filter(o, f, &stay, conjuncts->n, p, err);
    sp_plan *child = filter_over(o, &go, p->children[0], err);
    sp_plan *c = child ? with_child(o, p, child, err) : NULL;
    return c ? plain_filter(o, f, &stay, conjuncts->n, c, err) : NULL;
}

static sp_plan *push_union(sp_optimizer *o, sp_plan *f, sp_exprs *conjuncts, sp_error *err)
{
    sp_plan *u = f->children[0];
    sp_plan *c = sp_plan_copy(o->arena, u, err);
    sp_exprs go = { 0 }, stay = { 0 };
    if (!c)
        return NULL;
    for (int i = 0; i < conjuncts->n; i++)
        if (sp_exprs_add(o->arena, sp_expr_is_deterministic(conjuncts->v[i]) ? &go : &stay, conjuncts->v[i], err) !=
            SP_OK)
            return NULL;
    if (!go.n)
        return f;
    int n = u->output_count;
    int64_t *ids = sp_arena_alloc(o->arena, sizeof *ids * (size_t)(n + 1), err);
    sp_expr **to = sp_arena_alloc(o->arena, sizeof *to * (size_t)(n + 1), err);
    if (!ids || !to)
        return NULL;
    for (int k = 0; k < u->child_count; k++) {
        sp_exprs mine = { 0 };
        for (int i = 0; i < n; i++) {
            ids[i] = u->output[i].id;
            if (!(to[i] = sp_attr_column(o->arena, &u->children[k]->output[i], err)))
                return NULL;
        }
        for (int i = 0; i < go.n; i++) {
            sp_expr *e = sp_expr_substitute(o->arena, go.v[i], ids, to, n, err);
            if (!e || sp_exprs_add(o->arena, &mine, e, err) != SP_OK)
                return NULL;
        }
        if (!(c->children[k] = filter_over(o, &mine, u->children[k], err)))
            return NULL;
    }
    return plain_filter(o, f, &stay, conjuncts->n, c, err);
}

/* ---- joins ---- */

typedef struct { bool left, right, keep; } sides;

/* Where a filter above the join may go. */
static sides above(sp_join_type t)
{
    switch (t) {
    case SP_JOIN_INNER: case SP_JOIN_CROSS: return (sides){ true, true, false };
    case SP_JOIN_LEFT: case SP_JOIN_SEMI: case SP_JOIN_ANTI: return (sides){ true, false, true };
    case SP_JOIN_RIGHT: return (sides){ false, true, true };
    default: return (sides){ false, false, true };
    }
}

/* Where a conjunct of the join's own condition may go. */
static sides inside(sp_join_type t)
{
    switch (t) {
    case SP_JOIN_INNER: case SP_JOIN_CROSS: case SP_JOIN_SEMI: return (sides){ true, true, false };
    case SP_JOIN_LEFT: case SP_JOIN_ANTI: return (sides){ false, true, true };
    case SP_JOIN_RIGHT: return (sides){ true, false, true };
    default: return (sides){ false, false, true };
    }
}

static sp_status sort_out(sp_optimizer *o, const sp_plan *join, const sp_exprs *conjuncts, sides s, sp_exprs *left,
                          sp_exprs *right, sp_exprs *rest, sp_error *err)
{
    const sp_plan *l = join->children[0], *r = join->children[1];
    for (int i = 0; i < conjuncts->n; i++) {
        sp_expr *e = conjuncts->v[i];
        bool det = sp_expr_is_deterministic(e);
        if (det && s.left && sp_expr_refs_within(e, l->output, l->output_count))
            SP_TRY(sp_exprs_add(o->arena, left, e, err));
        else if (det && s.right && sp_expr_refs_within(e, r->output, r->output_count))
            SP_TRY(sp_exprs_add(o->arena, right, e, err));
        else
            SP_TRY(sp_exprs_add(o->arena, rest, e, err));
    }
    return SP_OK;
}

/* IS NOT NULL of the columns that a join's condition needs, for the sides whose rows cannot survive without a match. */
static sp_status infer_for_join(sp_optimizer *o, const sp_plan *join, const sp_exprs *condition, sp_exprs *left,
                                sp_exprs *right, sp_error *err)
{
    sp_join_type t = join->join_type;
    bool l = t == SP_JOIN_INNER || t == SP_JOIN_CROSS || t == SP_JOIN_SEMI || t == SP_JOIN_RIGHT;
    bool r = t == SP_JOIN_INNER || t == SP_JOIN_CROSS || t == SP_JOIN_SEMI || t == SP_JOIN_LEFT || t == SP_JOIN_ANTI;
    for (int i = 0; i < condition->n; i++) {
        inference a = { o, join->children[0], left, err, SP_OK }, b = { o, join->children[1], right, err, SP_OK };
        if (!sp_expr_is_deterministic(condition->v[i]))
            continue;
        if (l)
            infer(&a, condition->v[i]);
        if (r)
            infer(&b, condition->v[i]);
        if (a.status != SP_OK || b.status != SP_OK)
            return SP_FAILED;
    }
    return SP_OK;
}

static sp_plan *rebuild_join(sp_optimizer *o, sp_plan *join, const sp_exprs *condition, sp_exprs *left, sp_exprs *right,
                             bool condition_changed, sp_error *err)
{
    if (infer_for_join(o, join, condition, left, right, err) != SP_OK)
        return NULL;
    if (!left->n && !right->n && !condition_changed)
        return join;
    sp_plan *c = sp_plan_copy(o->arena, join, err);
    if (!c || !(c->children[0] = filter_over(o, left, join->children[0], err)) ||
        !(c->children[1] = filter_over(o, right, join->children[1], err)))
        return NULL;
    c->condition = NULL;
    if (condition->n && !(c->condition = sp_join_and(o, condition->v, condition->n, err)))
        return NULL;
    if (c->join_type == SP_JOIN_CROSS && c->condition)
        c->join_type = SP_JOIN_INNER;
    return c;
}

static sp_plan *push_join_condition(sp_optimizer *o, sp_plan *join, sp_error *err)
{
    sp_exprs own = { 0 }, left = { 0 }, right = { 0 }, rest = { 0 };
    if (join->condition && sp_split_and(o->arena, join->condition, &own, err) != SP_OK)
        return NULL;
    if (sort_out(o, join, &own, inside(join->join_type), &left, &right, &rest, err) != SP_OK)
        return NULL;
    return rebuild_join(o, join, &rest, &left, &right, rest.n != own.n, err);
}

/* Is e false or null when every column of the side is null? */
static bool refuses_nulls(sp_optimizer *o, const sp_expr *e, const sp_plan *side)
{
    sp_error ignored = { 0 };
    int n = side->output_count;
    if (!sp_expr_is_deterministic(e) || sp_expr_has_kind(e, SP_E_SUBQUERY) || !sp_expr_refs_any(e, side->output, n) ||
        !sp_expr_refs_within(e, side->output, n))
        return false;
    int64_t *ids = sp_arena_alloc(o->arena, sizeof *ids * (size_t)n, &ignored);
    sp_expr **nulls = sp_arena_alloc(o->arena, sizeof *nulls * (size_t)n, &ignored);
    for (int i = 0; ids && nulls && i < n; i++) {
        sp_value none = sp_value_null(side->output[i].type);
        ids[i] = side->output[i].id;
        nulls[i] = sp_expr_literal(o->arena, &none, &ignored);
        if (!nulls[i])
            return false;
    }
    sp_value v;
    sp_expr *with = ids && nulls ? sp_expr_substitute(o->arena, (sp_expr *)e, ids, nulls, n, &ignored) : NULL;
    return with && sp_expr_fold(o->arena, o->conf, with, &v, &ignored) == SP_OK && (v.is_null || !v.boolean);
}

/* An outer join whose added rows the filter refuses is none (EliminateOuterJoin). */
static sp_status narrow_join(sp_optimizer *o, sp_plan **join, const sp_exprs *conjuncts, sp_error *err)
{
    sp_plan *j = *join;
    bool left = false, right = false;
    sp_join_type t = j->join_type;
    if (t != SP_JOIN_LEFT && t != SP_JOIN_RIGHT && t != SP_JOIN_FULL)
        return SP_OK;
    for (int i = 0; i < conjuncts->n; i++) {
        left |= refuses_nulls(o, conjuncts->v[i], j->children[0]);
        right |= refuses_nulls(o, conjuncts->v[i], j->children[1]);
    }
    if (t == SP_JOIN_FULL)
        t = left && right ? SP_JOIN_INNER : left ? SP_JOIN_LEFT : right ? SP_JOIN_RIGHT : t;
    else if (t == SP_JOIN_LEFT ? right : left)
        t = SP_JOIN_INNER;
    if (t == j->join_type)
        return SP_OK;
    if (!(*join = sp_plan_copy(o->arena, j, err)))
        return SP_FAILED;
    (*join)->join_type = t;
    return sp_plan_complete(o->arena, *join, err);
}

static sp_plan *push_join(sp_optimizer *o, sp_plan *f, sp_exprs *conjuncts, sp_error *err)
{
    sp_plan *join = f->children[0];
    if (narrow_join(o, &join, conjuncts, err) != SP_OK)
        return NULL;
    sides s = above(join->join_type);
    sp_exprs left = { 0 }, right = { 0 }, rest = { 0 }, own = { 0 }, stay = { 0 };
    if (sort_out(o, join, conjuncts, s, &left, &right, &rest, err) != SP_OK)
        return NULL;
    if (join->condition && sp_split_and(o->arena, join->condition, &own, err) != SP_OK)
        return NULL;
    for (int i = 0; i < rest.n; i++)           /* an inner join takes the rest into its condition */
        if (sp_exprs_add(o->arena, !s.keep && sp_expr_is_deterministic(rest.v[i]) ? &own : &stay, rest.v[i], err) !=
            SP_OK)
            return NULL;
    if (stay.n == conjuncts->n && join == f->children[0])
        return f;
    sp_plan *c = rebuild_join(o, join, &own, &left, &right, true, err);
    return c ? plain_filter(o, f, &stay, conjuncts->n, c, err) : NULL;
}

/* ---- the rule ---- */

static sp_plan *push_filter(sp_optimizer *o, sp_plan *f, sp_error *err)
{
    sp_plan *p = f->children[0];
    sp_exprs conjuncts = { 0 };
    if (sp_split_and(o->arena, f->condition, &conjuncts, err) != SP_OK)
        return NULL;
    switch (p->kind) {
    case SP_P_FILTER: {
        sp_exprs both = { 0 };
        if (sp_split_and(o->arena, p->condition, &both, err) != SP_OK)
            return NULL;
        for (int i = 0; i < conjuncts.n; i++) {
            bool have = false;
            for (int k = 0; k < both.n && !have; k++)
                have = sp_expr_eq(both.v[k], conjuncts.v[i]);
            if (!have && sp_exprs_add(o->arena, &both, conjuncts.v[i], err) != SP_OK)
                return NULL;
        }
        return filter_over(o, &both, p->children[0], err);
    }
    case SP_P_JOIN: return push_join(o, f, &conjuncts, err);
    case SP_P_UNION: return push_union(o, f, &conjuncts, err);
    default: return push_unary(o, f, &conjuncts, err);
    }
}

static sp_plan *push(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    if (p->kind == SP_P_FILTER)
        return push_filter(o, p, err);
    return p->kind == SP_P_JOIN ? push_join_condition(o, p, err) : p;
}

static sp_plan *push_node(void *context, sp_plan *p, sp_error *err)
{
    return push(context, p, err);
}

sp_plan *sp_rule_push_filters(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, push_node, o, err);
}

/* ---- scans ---- */

static bool is_source_column(const sp_expr *e, const sp_plan *source)
{
    return e->kind == SP_E_COLUMN && sp_attrs_has(source->output, source->output_count, e->id) &&
           !sp_kind_is_nested(e->type->kind);
}

/* Would Spark hand this to a data source? */
static bool is_translatable(const sp_expr *e, const sp_plan *source)
{
    static const char *const compare[] = { "=",  "==",         "<=>",      "<",        "<=", ">",
                                           ">=", "startswith", "endswith", "contains", "in" };
    if (sp_is_call(e, "and") || sp_is_call(e, "or"))
        return is_translatable(e->args[0], source) && is_translatable(e->args[1], source);
    if (sp_is_call(e, "not"))
        return is_translatable(e->args[0], source);
    if (sp_is_call(e, "isnull") || sp_is_call(e, "isnotnull"))
        return is_source_column(e->args[0], source);
    if (e->kind == SP_E_COLUMN)
        return is_source_column(e, source) && e->type->kind == SP_BOOLEAN;
    for (size_t i = 0; i < sizeof compare / sizeof *compare; i++) {
        if (!sp_is_call(e, compare[i]))
            continue;
        bool columns = is_source_column(e->args[0], source),
             flipped = i < 7 && e->arg_count == 2 && is_source_column(e->args[1], source);
        for (int k = 1; k < e->arg_count; k++)
            columns &= e->args[k]->kind == SP_E_LITERAL;
        return columns || (flipped && e->args[0]->kind == SP_E_LITERAL);
    }
    return false;
}

static sp_plan *push_scan(void *context, sp_plan *f, sp_error *err)
{
    sp_optimizer *o = context;
    if (f->kind != SP_P_FILTER || f->children[0]->kind != SP_P_SOURCE)
        return f;
    sp_plan *source = f->children[0];
    sp_exprs conjuncts = { 0 }, pushed = { 0 };
    if (sp_split_and(o->arena, f->condition, &conjuncts, err) != SP_OK)
        return NULL;
    for (int i = 0; i < conjuncts.n; i++) {
        inference n = { o, source, &pushed, err, SP_OK };
        if (!sp_expr_is_deterministic(conjuncts.v[i]))
            break;
        infer(&n, conjuncts.v[i]);
        if (n.status != SP_OK)
            return NULL;
        if (!is_translatable(conjuncts.v[i], source))
            continue;
        bool have = false;
        for (int k = 0; k < pushed.n && !have; k++)
            have = sp_expr_eq(pushed.v[k], conjuncts.v[i]);
        if (!have && sp_exprs_add(o->arena, &pushed, conjuncts.v[i], err) != SP_OK)
            return NULL;
    }
    if (!pushed.n)
        return f;
    sp_plan *c = sp_plan_copy(o->arena, f, err), *s = sp_plan_copy(o->arena, source, err);
    sp_scan *scan = sp_arena_alloc(o->arena, sizeof *scan, err);
    if (!c || !s || !scan)
        return NULL;
    *scan = *source->scan;
    scan->pushed = pushed.v;
    scan->pushed_count = pushed.n;
    s->scan = scan;
    c->children[0] = s;
    return c;
}

sp_plan *sp_rule_push_into_scans(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, push_scan, o, err);
}
