/* parse_query.c -- queries: WITH, set operations, SELECT, FROM-first, VALUES, and what orders and limits them (rules
 * query, queryTerm, querySpecification, queryOrganization; AstBuilder.withSelectQuerySpecification,
 * withQueryResultClauses).
 *
 * Precedence of set operations: INTERSECT before UNION, EXCEPT and MINUS, and |> last; all from the left. */
#include "sql/sql_int.h"

sp_plan *sp_sql_plan(sp_sql_parser *p, sp_plan_kind kind, sp_plan *a, sp_plan *b, int first)
{
    sp_plan *children[2] = { a, b };
    sp_plan *plan = sp_plan_new(p->arena, kind, children, (a != NULL) + (b != NULL), p->err);
    if (!plan) return NULL;
    plan->plan_id = -1;
    sp_sql_origin(p, &plan->origin, first);
    return plan;
}

/* ---- ORDER BY ... LIMIT ... ---- */

static bool is_word(const sp_expr *e, const char *word)
{
    return e->kind == SP_E_ATTR && e->part_count == 1 && sp_str_eq_nocase(e->parts[0], sp_str_of(word));
}

static sp_plan *sort(sp_sql_parser *p, sp_plan *child, bool global, int first)
{
    sp_expr **items;
    int count;
    TRY_NULL(sp_sql_expr_seq(p, sp_sql_sort_item, &items, &count));
    sp_plan *plan = sp_sql_plan(p, SP_P_SORT, child, NULL, first);
    if (!plan) return NULL;
    plan->exprs = items;
    plan->expr_count = count;
    plan->global = global;
    plan->all = count == 1 && is_word(items[0]->args[0], "all");
    return plan;
}

static sp_plan *distribute(sp_sql_parser *p, sp_plan *child, sp_expr **exprs, int count, int first)
{
    sp_plan *plan = sp_sql_plan(p, SP_P_REPARTITION, child, NULL, first);
    if (!plan) return NULL;
    plan->exprs = exprs;
    plan->expr_count = count;
    plan->shuffle = true;
    return plan;
}

/* CLUSTER BY a, b: distribute by them, then sort by them within partitions. */
static sp_plan *cluster(sp_sql_parser *p, sp_plan *child, int first)
{
    sp_expr **exprs;
    int count;
    TRY_NULL(sp_sql_expr_seq(p, sp_sql_expr, &exprs, &count));
    sp_plan *plan = distribute(p, child, exprs, count, first);
    if (!plan) return NULL;
    sp_expr **items = sp_arena_alloc(p->arena, sizeof *items * (size_t)count, p->err);
    if (!items) return NULL;
    for (int i = 0; i < count; i++) {
        sp_expr *e = sp_expr_new(p->arena, SP_E_SORT, p->err);
        if (!e || !(e->args = sp_arena_alloc(p->arena, sizeof *e->args, p->err))) return NULL;
        e->args[0] = exprs[i];
        e->arg_count = 1;
        e->ascending = e->nulls_first = true;
        e->origin = exprs[i]->origin;
        items[i] = e;
    }
    plan = sp_sql_plan(p, SP_P_SORT, plan, NULL, first);
    if (!plan) return NULL;
    plan->exprs = items;
    plan->expr_count = count;
    return plan;
}

static sp_plan *limit(sp_sql_parser *p, sp_plan_kind kind, sp_expr *e, sp_plan *child, int first)
{
    sp_plan *plan = sp_sql_plan(p, kind, child, NULL, first);
    if (!plan) return NULL;
    if (e->kind == SP_E_LITERAL && e->type && sp_kind_is_integral(e->type->kind) && e->type->kind == SP_INT &&
        e->literal.i64 >= 0)
        plan->count = e->literal.i64;
    else plan->condition = e;
    return plan;
}

static bool by_clause(sp_sql_parser *p, int kind)
{
    if (kind_now(p) != kind || kind_at(p, 1) != K_BY) return false;
    p->i += 2;
    return true;
}

static sp_plan *limits(sp_sql_parser *p, sp_plan *plan, int first)
{
    sp_expr *count = NULL, *offset = NULL;
    if (kind_now(p) == K_LIMIT && sp_sql_starts_clause(p)) {
        skip(p);
        bool all = kind_now(p) == K_ALL && kind_at(p, 1) != T_DOT;
        if (all) skip(p);
        else if (!(count = sp_sql_expr(p))) return NULL;
    }
    if (kind_now(p) == K_OFFSET && sp_sql_starts_clause(p)) {
        skip(p);
        if (!(offset = sp_sql_expr(p))) return NULL;
    }
    if (offset && !(plan = limit(p, SP_P_OFFSET, offset, plan, first))) return NULL;
    return count ? limit(p, SP_P_LIMIT, count, plan, first) : plan;
}

sp_plan *sp_sql_organization(sp_sql_parser *p, sp_plan *plan, int first)
{
    int begin = p->i;
    int ordered = 0, clustered = 0, distributed = 0, sorted = 0;
    if (plan && by_clause(p, K_ORDER)) { ordered = 1; plan = sort(p, plan, true, first); }
    if (plan && by_clause(p, K_CLUSTER)) { clustered = 1; plan = cluster(p, plan, first); }
    if (plan && by_clause(p, K_DISTRIBUTE)) {
        sp_expr **exprs;
        int count;
        distributed = 1;
        TRY_NULL(sp_sql_expr_seq(p, sp_sql_expr, &exprs, &count));
        plan = distribute(p, plan, exprs, count, first);
    }
    if (plan && by_clause(p, K_SORT)) { sorted = 1; plan = sort(p, plan, false, first); }
    if (!plan) return NULL;
    if (ordered + clustered + (distributed || sorted) > 1) {
        FAIL_IN(p, begin, p->i - 1, UNSUPPORTED_FEATURE__COMBINATION_QUERY_RESULT_CLAUSES);
        return NULL;
    }
    TRY_NULL(sp_sql_window_clause(p, NULL));
    return limits(p, plan, first);
}

/* ---- VALUES ---- */

static sp_plan *values(sp_sql_parser *p)
{
    int first = p->i;
    skip(p);
    sp_sql_list rows = { 0 };
    do {
        sp_expr *e = sp_sql_expr(p);
        if (!e) return NULL;
        TRY_NULL(sp_sql_push(p, &rows, e));
    } while (take(p, T_COMMA));
    sp_plan *plan = sp_sql_plan(p, SP_P_LOCAL, NULL, NULL, first);
    if (!plan) return NULL;
    plan->list_count = rows.count;
    plan->lists = sp_arena_alloc(p->arena, sizeof *plan->lists * (size_t)rows.count, p->err);
    plan->list_counts = sp_arena_alloc(p->arena, sizeof *plan->list_counts * (size_t)rows.count, p->err);
    if (!plan->lists || !plan->list_counts) return NULL;
    for (int i = 0; i < rows.count; i++) {
        sp_expr *e = rows.items[i];
        bool row = e->kind == SP_E_FUNCTION && sp_str_eq_nocase(e->name, SP_LIT("struct"));
        plan->lists[i] = row ? e->args : (sp_expr **)&rows.items[i];
        plan->list_counts[i] = row ? e->arg_count : 1;
    }
    return plan;
}

/* VALUES ... [AS] t (a, b): the column names belong to the table itself. */
sp_plan *sp_sql_inline_table(sp_sql_parser *p)
{
    int first = p->i;
    sp_plan *plan = values(p);
    if (!plan) return NULL;
    bool as = take(p, K_AS);
    if (!as && (!sp_sql_is_name(p, 0) || sp_sql_is_strict(kind_now(p)) || sp_sql_starts_clause(p))) return plan;
    if (sp_sql_is_strict(kind_now(p))) { sp_sql_unexpected(p); return NULL; }
    sp_str name;
    TRY_NULL(sp_sql_plain_name(p, &name));
    if (kind_now(p) == T_LPAREN) TRY_NULL(sp_sql_name_list(p, &plan->new_names, &plan->new_name_count));
    return sp_sql_alias(p, plan, name, first);
}

/* ---- SELECT ---- */

static sp_plan *where(sp_sql_parser *p, sp_plan *child)
{
    int first = p->i;
    if (kind_now(p) != K_WHERE || !sp_sql_starts_clause(p)) return child;
    skip(p);
    sp_expr *condition = sp_sql_expr(p);
    sp_plan *plan = condition ? sp_sql_plan(p, SP_P_FILTER, child, NULL, first) : NULL;
    if (plan) plan->condition = condition;
    return plan;
}

/* HAVING condition, or NULL in *out when there is none. */
static sp_status having(sp_sql_parser *p, sp_expr **out, int *first)
{
    *out = NULL;
    *first = p->i;
    if (kind_now(p) != K_HAVING || !sp_sql_starts_clause(p)) return SP_OK;
    skip(p);
    *out = sp_sql_expr(p);
    return *out ? SP_OK : SP_FAILED;
}

/* GROUP BY and HAVING over the select list; HAVING alone groups everything into one. */
static sp_plan *aggregate(sp_sql_parser *p, sp_plan *child, sp_expr **exprs, int count, int first)
{
    sp_plan *plan;
    bool grouped = kind_now(p) == K_GROUP && kind_at(p, 1) == K_BY;
    if (grouped && !(child = sp_sql_group_by(p, child, exprs, count))) return NULL;
    int at;
    sp_expr *condition;
    TRY_NULL(having(p, &condition, &at));
    if (!grouped) {
        plan = sp_sql_plan(p, condition ? SP_P_AGGREGATE : SP_P_PROJECT, child, NULL, first);
        if (!plan) return NULL;
        plan->exprs = exprs;
        plan->expr_count = count;
        child = plan;
    }
    if (!condition) return child;
    plan = sp_sql_plan(p, SP_P_HAVING, child, NULL, at);
    if (plan) plan->condition = condition;
    return plan;
}

static void skip_hints(sp_sql_parser *p)
{
    while (kind_now(p) == T_HINT_START) {
        while (kind_now(p) != T_HINT_END && kind_now(p) != T_EOF) skip(p);
        take(p, T_HINT_END);
    }
}

sp_plan *sp_sql_select(sp_sql_parser *p, sp_plan *from)
{
    int first = p->i, count;
    sp_sql_window_ref *outer = p->windows;
    sp_expr **exprs;
    TRY_NULL(sp_sql_want(p, K_SELECT));
    int hints = p->i;
    skip_hints(p);
    int hints_end = p->i;
    bool distinct = false;
    int next = kind_at(p, 1);
    if ((kind_now(p) == K_DISTINCT || kind_now(p) == K_ALL) && next != T_COMMA && next != K_FROM && next != T_EOF &&
        next != T_RPAREN &&
        next != T_DOT) {
        distinct = kind_now(p) == K_DISTINCT;
        skip(p);
    }
    TRY_NULL(sp_sql_expr_seq(p, sp_sql_named_expr, &exprs, &count));
    sp_plan *plan = from;
    if (!plan && kind_now(p) == K_FROM && !(plan = sp_sql_from(p))) return NULL;
    if (!plan && !(plan = sp_sql_plan(p, SP_P_ONE_ROW, NULL, NULL, first))) return NULL;
    if (!(plan = sp_sql_lateral_views(p, plan))) return NULL;
    if (!(plan = where(p, plan))) return NULL;
    if (!(plan = aggregate(p, plan, exprs, count, first))) return NULL;
    if (distinct) {
        if (!(plan = sp_sql_plan(p, SP_P_DEDUPLICATE, plan, NULL, first))) return NULL;
        plan->distinct = true;
        plan->all = true;
    }
    TRY_NULL(sp_sql_window_clause(p, outer));
    return hints_end > hints ? sp_sql_hints(p, plan, hints, hints_end) : plan;
}

/* ---- query terms ---- */

static sp_plan *union_of(sp_sql_parser *p, sp_plan *a, sp_plan *b, int first)
{
    sp_plan *plan = sp_sql_plan(p, SP_P_UNION, a, b, first);
    if (plan) plan->all = true;
    return plan;
}

sp_plan *sp_sql_query_body(sp_sql_parser *p, sp_plan *from, int first)
{
    sp_plan *plan = sp_sql_select(p, from);
    return plan ? sp_sql_organization(p, plan, first) : NULL;
}

/* FROM t SELECT a SELECT b: one query a SELECT, put together; FROM t alone is the table. */
static sp_plan *from_bodies(sp_sql_parser *p, sp_plan *from, int first)
{
    sp_plan *plan = NULL;
    int length = 0;
    while (kind_now(p) == K_SELECT) {
        if (++length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        sp_plan *body = sp_sql_query_body(p, from, first);
        if (!body) return NULL;
        if (!(plan = plan ? union_of(p, plan, body, first) : body)) return NULL;
    }
    return plan ? plan : from;
}

static sp_plan *from_statement(sp_sql_parser *p)
{
    int first = p->i;
    sp_plan *from = sp_sql_from(p);
    return from ? from_bodies(p, from, first) : NULL;
}

/* A statement may also go FROM t INSERT INTO a SELECT ... INSERT INTO b SELECT ... */
sp_plan *sp_sql_from_or_multi_insert(sp_sql_parser *p)
{
    int first = p->i;
    sp_plan *from = sp_sql_from(p);
    if (!from) return NULL;
    return kind_now(p) == K_INSERT ? sp_sql_multi_insert(p, from, first) : from_bodies(p, from, first);
}

static sp_plan *table(sp_sql_parser *p)
{
    int first = p->i, count;
    sp_str *parts;
    skip(p);
    TRY_NULL(sp_sql_reference(p, &parts, &count));
    sp_plan *plan = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, first);
    if (!plan) return NULL;
    plan->parts = parts;
    plan->part_count = count;
    return plan;
}

sp_plan *sp_sql_query_primary(sp_sql_parser *p)
{
    switch (kind_now(p)) {
    case K_SELECT: return sp_sql_select(p, NULL);
    case K_FROM: return from_statement(p);
    case K_TABLE: return table(p);
    case K_VALUES: return sp_sql_inline_table(p);
    case T_LPAREN: {
        skip(p);
        sp_plan *plan = sp_sql_query(p);
        if (!plan) return NULL;
        TRY_NULL(sp_sql_want(p, T_RPAREN));
        return plan;
    }
    default:
        sp_sql_unexpected(p);
        return NULL;
    }
}

static int set_precedence(int kind)
{
    return kind == K_INTERSECT ? 2 : kind == K_UNION || kind == K_EXCEPT || kind == K_SETMINUS ? 1 : 0;
}

static sp_plan *set_operations(sp_sql_parser *p, sp_plan *left, int at_least, int first)
{
    for (int length = 0; left; length++) {
        int kind = kind_now(p), precedence = set_precedence(kind);
        if (!precedence || precedence < at_least) return left;
        if (length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        skip(p);
        bool all = take(p, K_ALL);
        if (!all) take(p, K_DISTINCT);
        int at = p->i;
        sp_plan *right = sp_sql_query_primary(p);
        if (right && precedence < 2) right = set_operations(p, right, precedence + 1, at);
        if (!right) return NULL;
        left = sp_sql_plan(p, kind == K_UNION ? SP_P_UNION : kind == K_INTERSECT ? SP_P_INTERSECT : SP_P_EXCEPT, left,
            right, first);
        if (left) left->all = all;
    }
    return NULL;
}

sp_plan *sp_sql_query_from(sp_sql_parser *p, sp_plan *left, int first)
{
    left = set_operations(p, left, 1, first);
    for (int length = 0; left && take(p, T_OP_PIPE); length++) {
        if (length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        left = sp_sql_pipe(p, left, first);
    }
    return left ? sp_sql_organization(p, left, first) : NULL;
}

bool sp_sql_continues_query(const sp_sql_parser *p)
{
    switch (kind_now(p)) {
    case K_UNION: case K_INTERSECT: case K_EXCEPT: case K_SETMINUS: case T_OP_PIPE: return true;
    case K_ORDER: case K_CLUSTER: case K_DISTRIBUTE: case K_SORT: return kind_at(p, 1) == K_BY;
    case K_LIMIT: case K_OFFSET: return sp_sql_starts_clause(p);
    default: return false;
    }
}

static sp_plan *plain_query(sp_sql_parser *p)
{
    int first = p->i;
    sp_plan *plan = sp_sql_query_primary(p);
    return plan ? sp_sql_query_from(p, plan, first) : NULL;
}

sp_plan *sp_sql_query(sp_sql_parser *p)
{
    TRY_NULL(sp_sql_enter(p));
    sp_plan *plan = sp_sql_with(p, plain_query);
    sp_sql_leave(p);
    return plan;
}

/* ---- WITH ---- */

static sp_plan *named_query(sp_sql_parser *p, sp_str *name)
{
    int first = p->i, column_count = 0;
    sp_str *columns = NULL;
    int64_t level;
    TRY_NULL(sp_sql_name(p, name));
    if (kind_now(p) == T_LPAREN && !sp_sql_starts_query(p, 1)) TRY_NULL(sp_sql_name_list(p, &columns, &column_count));
    if (kind_now(p) == K_MAX && kind_at(p, 1) == K_RECURSION && kind_at(p, 2) == K_LEVEL) {
        p->i += 3;
        TRY_NULL(sp_sql_integer(p, &level));
    }
    take(p, K_AS);
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    sp_plan *query = sp_sql_query(p);
    if (!query) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_plan *alias = sp_sql_alias(p, query, *name, first);
    if (!alias) return NULL;
    alias->new_names = columns;
    alias->new_name_count = column_count;
    return alias;
}

static sp_status distinct_names(sp_sql_parser *p, const sp_sql_names *names, int first)
{
    for (int i = 0; i < names->count && names->count < 1000; i++)
        for (int j = 0; j < i; j++)
            if (sp_str_eq(names->items[i], names->items[j]))
                return FAIL_IN(p, first, p->i - 1, DUPLICATED_CTE_NAMES, "duplicateNames",
                    sp_sql_quoted(p, &names->items[i], 1));
    return SP_OK;
}

sp_plan *sp_sql_with(sp_sql_parser *p, sp_plan *(*rule)(sp_sql_parser *))
{
    int first = p->i;
    if (kind_now(p) != K_WITH || !sp_sql_is_name(p, 1)) return rule(p);
    skip(p);
    bool recursive = kind_now(p) == K_RECURSIVE && sp_sql_is_name(p, 1) && kind_at(p, 1) != K_AS;
    if (recursive) skip(p);
    sp_sql_list children = { 0 };
    sp_sql_names names = { 0 };
    TRY_NULL(sp_sql_push(p, &children, NULL));
    do {
        sp_str name;
        sp_plan *cte = named_query(p, &name);
        if (!cte) return NULL;
        TRY_NULL(sp_sql_push(p, &children, cte));
        TRY_NULL(sp_sql_push_name(p, &names, name));
    } while (take(p, T_COMMA));
    TRY_NULL(distinct_names(p, &names, first));
    if (!(children.items[0] = rule(p))) return NULL;
    sp_plan *plan = sp_plan_new(p->arena, SP_P_WITH, (sp_plan **)children.items, children.count, p->err);
    if (!plan) return NULL;
    plan->plan_id = -1;
    plan->new_names = names.items;
    plan->new_name_count = names.count;
    plan->all = recursive;
    sp_sql_origin(p, &plan->origin, first);
    return plan;
}
