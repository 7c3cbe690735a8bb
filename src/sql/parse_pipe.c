/* parse_pipe.c -- the |> operators (rule operatorPipeRightSide; AstBuilder.visitOperatorPipeRightSide): each is the
 * plan of an ordinary clause over what stands left of it.
 *
 * EXTEND and SET become a projection: * with more columns, or WITH_COLUMNS; AGGREGATE puts the grouping expressions
 * before the aggregates. */
#include "sql/sql_int.h"

static sp_plan *project(sp_sql_parser *p, sp_plan *left, sp_expr **exprs, int count, int first)
{
    sp_plan *plan = sp_sql_plan(p, SP_P_PROJECT, left, NULL, first);
    if (!plan) return NULL;
    plan->exprs = exprs;
    plan->expr_count = count;
    return plan;
}

static sp_plan *extend(sp_sql_parser *p, sp_plan *left, int first)
{
    skip(p);
    sp_sql_list list = { 0 };
    sp_expr *all = sp_expr_new(p->arena, SP_E_STAR, p->err);
    if (!all) return NULL;
    all->plan_id = -1;
    sp_sql_origin(p, &all->origin, p->i - 1);
    TRY_NULL(sp_sql_push(p, &list, all));
    do {
        sp_expr *e = sp_sql_named_expr(p);
        if (!e) return NULL;
        TRY_NULL(sp_sql_push(p, &list, e));
    } while (take(p, T_COMMA));
    return project(p, left, (sp_expr **)list.items, list.count, first);
}

/* SET a = e, b = f: each sees what the ones before it made. */
static sp_plan *set(sp_sql_parser *p, sp_plan *left, int first)
{
    skip(p);
    do {
        int at = p->i;
        sp_str name;
        TRY_NULL(sp_sql_name(p, &name));
        if (kind_now(p) == T_DOT) {
            FAIL_IN(p, at, p->i + 1, UNSUPPORTED_FEATURE__CLAUSE_WITH_PIPE_OPERATORS, "clauses",
                "SET operator with multi-part assignment key");
            return NULL;
        }
        TRY_NULL(sp_sql_want(p, T_EQ));
        sp_expr *value = sp_sql_expr(p);
        sp_expr *alias = value ? sp_expr_alias(p->arena, value, name, -1, p->err) : NULL;
        if (!alias) return NULL;
        sp_sql_origin(p, &alias->origin, at);
        if (!(left = sp_sql_plan(p, SP_P_WITH_COLUMNS, left, NULL, first))) return NULL;
        if (!(left->exprs = sp_arena_alloc(p->arena, sizeof *left->exprs, p->err))) return NULL;
        left->exprs[0] = alias;
        left->expr_count = 1;
    } while (take(p, T_COMMA));
    return left;
}

static sp_plan *drop(sp_sql_parser *p, sp_plan *left, int first)
{
    skip(p);
    sp_expr *all = sp_expr_new(p->arena, SP_E_STAR, p->err), **exprs = sp_arena_alloc(p->arena, sizeof *exprs, p->err);
    if (!all || !exprs) return NULL;
    all->plan_id = -1;
    sp_sql_list columns = { 0 };
    do {   /* as SELECT * EXCEPT (...): a name that is not there is an error */
        int at = p->i;
        sp_str *name = sp_arena_alloc(p->arena, sizeof *name, p->err);
        if (!name) return NULL;
        TRY_NULL(sp_sql_name(p, name));
        sp_expr *column = sp_sql_attr(p, name, 1, at);
        if (!column) return NULL;
        TRY_NULL(sp_sql_push(p, &columns, column));
    } while (take(p, T_COMMA));
    all->args = (sp_expr **)columns.items;
    all->arg_count = columns.count;
    sp_sql_origin(p, &all->origin, first);
    exprs[0] = all;
    return project(p, left, exprs, 1, first);
}

static sp_plan *where(sp_sql_parser *p, sp_plan *left, int first)
{
    skip(p);
    sp_expr *condition = sp_sql_expr(p);
    if (!condition) return NULL;
    if (kind_now(p) == K_WINDOW && sp_sql_starts_clause(p)) {
        FAIL_IN(p, p->i, p->i, UNSUPPORTED_FEATURE__CLAUSE_WITH_PIPE_OPERATORS, "clauses",
                "the WHERE clause with the WINDOW clause");
        return NULL;
    }
    sp_plan *plan = sp_sql_plan(p, SP_P_FILTER, left, NULL, first);
    if (plan) plan->condition = condition;
    return plan;
}

/* An aggregate without name in AGGREGATE keeps its made-up one; grouping expressions come first in the output. */
static sp_plan *aggregate(sp_sql_parser *p, sp_plan *left, int first)
{
    skip(p);
    sp_expr **aggregates = NULL;
    int count = 0;
    bool by = kind_now(p) == K_GROUP && kind_at(p, 1) == K_BY;
    if (!by) TRY_NULL(sp_sql_expr_seq(p, sp_sql_named_expr, &aggregates, &count));
    by = kind_now(p) == K_GROUP && kind_at(p, 1) == K_BY;
    sp_plan *plan;
    if (!by) {
        if (!(plan = sp_sql_plan(p, SP_P_AGGREGATE, left, NULL, first))) return NULL;
        plan->exprs = aggregates;
        plan->expr_count = count;
        return plan;
    }
    int at = p->i;
    if (!(plan = sp_sql_group_by(p, left, NULL, 0))) return NULL;
    if (plan->kind == SP_P_GROUPING_SETS || plan->all) {
        FAIL_IN(p, at, p->i - 1, UNSUPPORTED_FEATURE__PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE, "case",
                plan->all ? "GROUP BY ALL" : plan->is_rollup ? "WITH ROLLUP" : plan->is_cube ? "WITH CUBE"
                    : "GROUPING SETS");
        return NULL;
    }
    int total = plan->grouping_count + count;
    plan->exprs = sp_arena_alloc(p->arena, sizeof *plan->exprs * (size_t)(total ? total : 1), p->err);
    if (!plan->exprs) return NULL;
    sp_expr **grouping = sp_arena_alloc(p->arena, sizeof *grouping * (size_t)(plan->grouping_count + 1), p->err);
    if (!grouping) return NULL;
    for (int i = 0; i < plan->grouping_count; i++) {
        plan->exprs[i] = plan->grouping[i];
        grouping[i] = plan->grouping[i]->kind == SP_E_ALIAS ? plan->grouping[i]->args[0] : plan->grouping[i];
    }
    for (int i = 0; i < count; i++) plan->exprs[plan->grouping_count + i] = aggregates[i];
    plan->grouping = grouping;
    plan->expr_count = total;
    return plan;
}

static sp_plan *set_operation(sp_sql_parser *p, sp_plan *left, int first)
{
    int kind = kind_now(p);
    skip(p);
    bool all = take(p, K_ALL);
    if (!all) take(p, K_DISTINCT);
    sp_plan *right;
    if (take(p, T_LPAREN)) {
        if (!(right = sp_sql_query(p))) return NULL;
        TRY_NULL(sp_sql_want(p, T_RPAREN));
    } else if (kind_now(p) == K_TABLE) {
        int at = p->i;
        skip(p);
        if (!(right = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, at))) return NULL;
        TRY_NULL(sp_sql_reference(p, &right->parts, &right->part_count));
    } else if (kind_now(p) == K_VALUES) right = sp_sql_inline_table(p);
    else if (kind_now(p) == K_SELECT) right = sp_sql_select(p, NULL);
    else { sp_sql_unexpected(p); return NULL; }
    if (!right) return NULL;
    sp_plan *plan = sp_sql_plan(p, kind == K_UNION ? SP_P_UNION : kind == K_INTERSECT ? SP_P_INTERSECT : SP_P_EXCEPT,
        left, right, first);
    if (plan) plan->all = all;
    return plan;
}

/* Clauses that one operator may not have together: the second needs a |> of its own. */
static sp_plan *organized(sp_sql_parser *p, sp_plan *left, int first)
{
    int at = p->i;
    const char *one = kind_now(p) == K_ORDER ? "ORDER BY" : kind_now(p) == K_CLUSTER ? "CLUSTER BY"
        : kind_now(p) == K_DISTRIBUTE ? "DISTRIBUTE BY"
                    : kind_now(p) == K_SORT ? "SORT BY" : NULL;
    sp_plan *plan = sp_sql_organization(p, left, first);
    if (!plan) return NULL;
    bool limited = plan->kind == SP_P_LIMIT || plan->kind == SP_P_OFFSET;
    if (one && limited) {
        FAIL_IN(p, at, p->i - 1, MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS, "clause1", one, "clause2",
                plan->kind == SP_P_LIMIT ? "LIMIT" : "OFFSET");
        return NULL;
    }
    return plan;
}

sp_plan *sp_sql_pipe(sp_sql_parser *p, sp_plan *left, int first)
{
    bool any;
    sp_str name;
    switch (kind_now(p)) {
    case K_SELECT: return sp_sql_select(p, left);
    case K_EXTEND: return extend(p, left, first);
    case K_SET: return set(p, left, first);
    case K_DROP: return drop(p, left, first);
    case K_AS:
        skip(p);
        TRY_NULL(sp_sql_name(p, &name));
        return sp_sql_alias(p, left, name, first);
    case K_WHERE: return where(p, left, first);
    case K_TABLESAMPLE:
        if (kind_at(p, 1) == T_LPAREN) return sp_sql_sample(p, left, first);
        break;
    case K_AGGREGATE: return aggregate(p, left, first);
    case K_UNION: case K_EXCEPT: case K_SETMINUS: case K_INTERSECT: return set_operation(p, left, first);
    case K_ORDER: case K_CLUSTER: case K_DISTRIBUTE: case K_SORT: case K_LIMIT: case K_OFFSET:
        return organized(p, left, first);
    default: {
        sp_plan *plan = sp_sql_join_rest(p, left, first, &any);
        if (!plan || any) return plan;
        break;
    }
    }
    sp_sql_unexpected(p);
    return NULL;
}
