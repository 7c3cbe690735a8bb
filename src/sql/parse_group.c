/* parse_group.c -- GROUP BY with its analytics, PIVOT, UNPIVOT, TABLESAMPLE and hints
 * (AstBuilder.withAggregationClause, visitPivotClause, visitUnpivotClause, withSample, withHints).
 *
 * GROUPING SETS, ROLLUP and CUBE mixed with plain expressions are spelled out here: each element of GROUP BY is a
 * list of sets, and the sets of the whole are their product, as ResolveGroupingAnalytics does it. A lone ROLLUP or
 * CUBE over plain expressions stays one. */
#include "sql/sql_int.h"

typedef struct set { sp_expr **items; int count; } set;
typedef struct sets { set *items; int count; } sets;
enum { SETS_MAX = 65536, GROUPING_MAX = 1024 };   /* Spark stops at 64 grouping expressions itself */

static bool same(const sp_expr *a, const sp_expr *b)
{
    if (a == b) return true;
    if (a->kind != b->kind || a->arg_count != b->arg_count || a->part_count != b->part_count ||
        a->distinct != b->distinct) return false;
    if (a->kind == SP_E_SUBQUERY || a->kind == SP_E_WINDOW || a->filter || b->filter) return false;
    if (a->kind == SP_E_LITERAL) return sp_value_eq(&a->literal, &b->literal);
    if (a->kind == SP_E_CAST && !sp_type_eq(a->type, b->type)) return false;
    if (!sp_str_eq_nocase(a->name, b->name)) return false;
    for (int i = 0; i < a->part_count; i++)
        if (!sp_str_eq_nocase(a->parts[i], b->parts[i])) return false;
    for (int i = 0; i < a->arg_count; i++)
        if (!same(a->args[i], b->args[i])) return false;
    return true;
}

/* The same expression written twice is one grouping expression: the first node stands for all. */
static sp_status canonical(sp_sql_parser *p, sp_sql_list *grouping, sp_expr **e)
{
    for (int i = 0; i < grouping->count; i++)
        if (same(grouping->items[i], *e)) { *e = grouping->items[i]; return SP_OK; }
    if (grouping->count >= GROUPING_MAX) return sp_sql_too_complex(p);
    return sp_sql_push(p, grouping, *e);
}

/* ( a, b ) or a */
static sp_status grouping_set(sp_sql_parser *p, set *out)
{
    *out = (set){ 0 };
    if (kind_now(p) == T_LPAREN && kind_at(p, 1) == T_RPAREN) { p->i += 2; return SP_OK; }
    sp_expr *e = sp_sql_expr(p);
    if (!e) return SP_FAILED;
    if (sp_sql_is_row(e)) {   /* ( a, b ) was read as a row */
        *out = (set){ e->args, e->arg_count };
        return SP_OK;
    }
    sp_expr **one;
    SP_NEW(one, p->arena, sizeof *one, p->err);
    *one = e;
    *out = (set){ one, 1 };
    return SP_OK;
}

static sp_status set_list(sp_sql_parser *p, sets *out)
{
    sp_sql_list list = { 0 };
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        set *s;
        SP_NEW(s, p->arena, sizeof *s, p->err);
        SP_TRY(grouping_set(p, s));
        SP_TRY(sp_sql_push(p, &list, s));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    SP_NEW_ARRAY(out->items, p->arena, list.count, p->err);
    out->count = list.count;
    for (int i = 0; i < list.count; i++) out->items[i] = *(set *)list.items[i];
    return SP_OK;
}

/* The sets named by the bits of a mask, put together. */
static sp_status join_sets(sp_sql_parser *p, const sets *from, uint32_t mask, set *out)
{
    int count = 0;
    for (int i = 0; i < from->count; i++) count += mask >> i & 1 ? from->items[i].count : 0;
    *out = (set){ NULL, count };
    if (!count) return SP_OK;
    SP_NEW_ARRAY(out->items, p->arena, count, p->err);
    count = 0;
    for (int i = 0; i < from->count; i++)
        for (int k = 0; (mask >> i & 1) && k < from->items[i].count; k++) out->items[count++] = from->items[i].items[k];
    return SP_OK;
}

/* ROLLUP(a, b): (a, b), (a), (). CUBE(a, b): (a, b), (a), (b), (), in Spark's order. */
static sp_status expand(sp_sql_parser *p, const sets *from, bool cube, sets *out)
{
    int n = from->count;
    if (cube ? n > 16 : n > 31) return sp_sql_too_complex(p);
    out->count = cube ? 1 << n : n + 1;
    SP_NEW_ARRAY(out->items, p->arena, out->count, p->err);
    for (int i = 0; i < out->count; i++) {
        uint32_t mask = cube ? 0 : (uint32_t)((1ull << (n - i)) - 1);
        for (int bit = 0; cube && bit < n; bit++)   /* counting down with the first element as the highest digit */
            if ((out->count - 1 - i) >> (n - 1 - bit) & 1) mask |= 1u << bit;
        SP_TRY(join_sets(p, from, mask, &out->items[i]));
    }
    return SP_OK;
}

static bool is_analytics(const sp_sql_parser *p)
{
    int kind = kind_now(p);
    if (kind == K_GROUPING) return kind_at(p, 1) == K_SETS && kind_at(p, 2) == T_LPAREN;
    return (kind == K_ROLLUP || kind == K_CUBE) && kind_at(p, 1) == T_LPAREN;
}

static sp_status analytics(sp_sql_parser *p, sets *out, sets *plain);

static sp_status append(sp_sql_parser *p, sp_sql_list *list, const sets *more)
{
    for (int i = 0; i < more->count; i++) SP_TRY(sp_sql_push(p, list, &more->items[i]));
    return list->count > SETS_MAX ? sp_sql_too_complex(p) : SP_OK;
}

/* GROUPING SETS ( a, (a, b), ROLLUP(...), GROUPING SETS (...) ) */
static sp_status grouping_sets(sp_sql_parser *p, sets *out)
{
    sp_sql_list list = { 0 };
    SP_TRY(sp_sql_enter(p));
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        sets more = { 0 }, plain;
        if (is_analytics(p)) SP_TRY(analytics(p, &more, &plain));
        else {
            SP_NEW(more.items, p->arena, sizeof *more.items, p->err);
            more.count = 1;
            SP_TRY(grouping_set(p, more.items));
        }
        SP_TRY(append(p, &list, &more));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    sp_sql_leave(p);
    SP_NEW_ARRAY(out->items, p->arena, list.count, p->err);
    out->count = list.count;
    for (int i = 0; i < list.count; i++) out->items[i] = *(set *)list.items[i];
    return SP_OK;
}

/* *out: the sets; *plain: for ROLLUP and CUBE, what they are over. */
static sp_status analytics(sp_sql_parser *p, sets *out, sets *plain)
{
    int kind = kind_now(p), first = p->i;
    *plain = (sets){ 0 };
    skip(p);
    if (kind == K_GROUPING) {
        skip(p);
        return grouping_sets(p, out);
    }
    SP_TRY(set_list(p, plain));
    for (int i = 0; i < plain->count; i++)
        if (!plain->items[i].count)
            return FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0051, "element", kind == K_CUBE ? "CUBE" : "ROLLUP");
    return expand(p, plain, kind == K_CUBE, out);
}

static sp_status product(sp_sql_parser *p, sets *left, const sets *right)
{
    if (!left->count) { *left = *right; return SP_OK; }
    int64_t count = (int64_t)left->count * right->count;
    if (count > SETS_MAX) return sp_sql_too_complex(p);
    set *all;
    SP_NEW_ARRAY(all, p->arena, count, p->err);
    for (int i = 0; i < left->count; i++)
        for (int k = 0; k < right->count; k++) {
            sets both = { (set[]){ left->items[i], right->items[k] }, 2 };
            SP_TRY(join_sets(p, &both, 3, &all[i * right->count + k]));
        }
    *left = (sets){ all, (int)count };
    return SP_OK;
}

static sp_status as_lists(sp_sql_parser *p, const sets *all, sp_plan *plan, sp_sql_list *grouping)
{
    SP_NEW_ARRAY(plan->lists, p->arena, all->count, p->err);
    SP_NEW_ARRAY(plan->list_counts, p->arena, all->count, p->err);
    plan->list_count = all->count;
    for (int i = 0; i < all->count; i++) {
        const set *s = &all->items[i];
        sp_sql_list once = { 0 };
        for (int k = 0; k < s->count; k++) {
            sp_expr *e = s->items[k];
            SP_TRY(canonical(p, grouping, &e));
            SP_TRY(canonical(p, &once, &e));
        }
        plan->lists[i] = (sp_expr **)once.items;
        plan->list_counts[i] = once.count;
    }
    return SP_OK;
}

typedef struct group_by {
    sp_sql_list plain;        /* expressions as written, when nothing else is */
    sets product;
    bool analytics, rollup, cube, all;
} group_by;

/* One element of GROUP BY; a second kind of element turns the whole into a product. */
static sp_status element(sp_sql_parser *p, group_by *g, int index)
{
    sets more = { 0 }, plain;
    if (is_analytics(p)) {
        int kind = kind_now(p);
        SP_TRY(analytics(p, &more, &plain));
        g->analytics = true;
        bool single = index == 0 && kind_now(p) != T_COMMA && kind != K_GROUPING;
        for (int i = 0; single && i < plain.count; i++) single = plain.items[i].count == 1;
        if (single) {
            g->rollup = kind == K_ROLLUP;
            g->cube = kind == K_CUBE;
            for (int i = 0; i < plain.count; i++) SP_TRY(sp_sql_push(p, &g->plain, plain.items[i].items[0]));
            return SP_OK;
        }
        return product(p, &g->product, &more);
    }
    sp_expr *e = sp_sql_named_expr(p);
    if (!e) return SP_FAILED;
    SP_TRY(sp_sql_push(p, &g->plain, e));
    SP_NEW(more.items, p->arena, sizeof *more.items, p->err);
    more.count = 1;
    SP_NEW(more.items->items, p->arena, sizeof e, p->err);
    more.items->items[0] = e;
    more.items->count = 1;
    return product(p, &g->product, &more);
}

static bool is_all(const sp_expr *e)
{
    return e->kind == SP_E_ATTR && e->part_count == 1 && sp_str_eq_nocase(e->parts[0], SP_LIT("all"));
}

static sp_status elements(sp_sql_parser *p, group_by *g)
{
    int index = 0;
    do SP_TRY(element(p, g, index++)); while (take(p, T_COMMA));
    int kind = kind_now(p), next = kind_at(p, 1);
    if (!g->analytics && kind == K_WITH && (next == K_ROLLUP || next == K_CUBE)) {
        p->i += 2;
        g->analytics = true;
        g->rollup = next == K_ROLLUP;
        g->cube = next == K_CUBE;
    /* GROUP BY a, b GROUPING SETS (...): the list only names */
    } else if (!g->analytics && kind == K_GROUPING && next == K_SETS) {
        p->i += 2;
        g->analytics = true;
        return grouping_sets(p, &g->product);
    }
    g->all = !g->analytics && g->plain.count == 1 && is_all(g->plain.items[0]);
    return SP_OK;
}

sp_plan *sp_sql_group_by(sp_sql_parser *p, sp_plan *child, sp_expr **exprs, int count)
{
    int first = p->i;
    p->i += 2;
    group_by g = { 0 };
    TRY_NULL(elements(p, &g));
    sp_plan *plan = sp_sql_plan(p, g.analytics ? SP_P_GROUPING_SETS : SP_P_AGGREGATE, child, NULL, first);
    if (!plan) return NULL;
    plan->exprs = exprs;
    plan->expr_count = count;
    plan->is_rollup = g.rollup;
    plan->is_cube = g.cube;
    sp_sql_list grouping = { 0 };
    if (g.analytics && !g.rollup && !g.cube) {
        for (int i = 0; i < g.plain.count; i++) {   /* keep the order of the list before GROUPING SETS */
            sp_expr *e = g.plain.items[i];
            TRY_NULL(canonical(p, &grouping, &e));
        }
        TRY_NULL(as_lists(p, &g.product, plan, &grouping));
    } else grouping = g.plain;
    plan->all = g.all;
    plan->grouping = (sp_expr **)grouping.items;
    plan->grouping_count = g.all ? 0 : grouping.count;
    return plan;
}

/* ---- PIVOT, UNPIVOT ---- */

static sp_expr *pivot_column(sp_sql_parser *p)
{
    int first = p->i, count = 1;
    sp_str *names;
    bool several = kind_now(p) == T_LPAREN;
    if (several) TRY_NULL(sp_sql_name_list(p, &names, &count));
    else {
        if (!(names = sp_arena_alloc(p->arena, sizeof *names, p->err))) return NULL;
        TRY_NULL(sp_sql_name(p, names));
    }
    if (count == 1) return sp_sql_attr(p, names, 1, first);
    sp_sql_list list = { 0 };
    for (int i = 0; i < count; i++) {
        sp_expr *e = sp_sql_attr(p, &names[i], 1, first);
        if (!e) return NULL;
        TRY_NULL(sp_sql_push(p, &list, e));
    }
    return sp_sql_call(p, "struct", (sp_expr **)list.items, list.count, first);
}

static sp_status one_list(sp_sql_parser *p, sp_plan *plan)
{
    SP_NEW(plan->lists, p->arena, sizeof *plan->lists, p->err);
    SP_NEW(plan->list_counts, p->arena, sizeof *plan->list_counts, p->err);
    plan->list_count = 1;
    return sp_sql_expr_seq(p, sp_sql_named_expr, &plan->lists[0], &plan->list_counts[0]);
}

sp_plan *sp_sql_pivot(sp_sql_parser *p, sp_plan *child, int first)
{
    p->i += 2;
    sp_plan *plan = sp_sql_plan(p, SP_P_PIVOT, child, NULL, first);
    if (!plan) return NULL;
    plan->all = true;
    TRY_NULL(sp_sql_expr_seq(p, sp_sql_named_expr, &plan->exprs, &plan->expr_count));
    TRY_NULL(sp_sql_want(p, K_FOR));
    if (!(plan->condition = pivot_column(p))) return NULL;
    TRY_NULL(sp_sql_want(p, K_IN));
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    TRY_NULL(one_list(p, plan));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_sql_origin(p, &plan->origin, first);
    TRY_NULL(sp_sql_table_alias(p, &plan, first));
    return plan;
}

/* column [AS name], or (c1, c2) [AS name] when there are several value columns. */
static sp_status unpivot_set(sp_sql_parser *p, bool several, sp_sql_list *list)
{
    set *s;
    SP_NEW(s, p->arena, sizeof *s, p->err);
    sp_sql_list items = { 0 };
    if (several) SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        int at = p->i, count;
        sp_str *parts;
        SP_TRY(sp_sql_parts(p, &parts, &count));
        sp_expr *e = sp_sql_attr(p, parts, count, at);
        if (!e) return SP_FAILED;
        SP_TRY(sp_sql_push(p, &items, e));
    } while (several && take(p, T_COMMA));
    if (several) SP_TRY(sp_sql_want(p, T_RPAREN));
    if (take(p, K_AS) || sp_sql_is_name(p, 0)) {
        sp_str name;
        SP_TRY(sp_sql_name(p, &name));
        for (int i = 0; i < items.count; i++) {
            items.items[i] = sp_expr_alias(p->arena, items.items[i], name, -1, p->err);
            if (!items.items[i]) return SP_FAILED;
        }
    }
    *s = (set){ (sp_expr **)items.items, items.count };
    return sp_sql_push(p, list, s);
}

static sp_status unpivot_operator(sp_sql_parser *p, sp_plan *plan)
{
    sp_sql_names names = { 0 };
    sp_str name;
    SP_TRY(sp_sql_push_name(p, &names, (sp_str){ 0 }));
    bool several = take(p, T_LPAREN);
    do {
        SP_TRY(sp_sql_plain_name(p, &name));
        SP_TRY(sp_sql_push_name(p, &names, name));
    } while (several && take(p, T_COMMA));
    if (several) SP_TRY(sp_sql_want(p, T_RPAREN));
    SP_TRY(sp_sql_want(p, K_FOR));
    SP_TRY(sp_sql_plain_name(p, &names.items[0]));
    SP_TRY(sp_sql_want(p, K_IN));
    SP_TRY(sp_sql_want(p, T_LPAREN));
    sp_sql_list list = { 0 };
    do SP_TRY(unpivot_set(p, several, &list)); while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    plan->new_names = names.items;
    plan->new_name_count = names.count;
    sets all = { NULL, list.count };
    SP_NEW_ARRAY(all.items, p->arena, all.count, p->err);
    SP_NEW_ARRAY(plan->lists, p->arena, all.count, p->err);
    SP_NEW_ARRAY(plan->list_counts, p->arena, all.count, p->err);
    plan->list_count = all.count;
    for (int i = 0; i < list.count; i++) {
        const set *s = list.items[i];
        plan->lists[i] = s->items;
        plan->list_counts[i] = s->count;
    }
    return SP_OK;
}

sp_plan *sp_sql_unpivot(sp_sql_parser *p, sp_plan *child, int first)
{
    skip(p);
    sp_plan *plan = sp_sql_plan(p, SP_P_UNPIVOT, child, NULL, first);
    if (!plan) return NULL;
    plan->shuffle = true;
    if ((kind_now(p) == K_INCLUDE || kind_now(p) == K_EXCLUDE) && kind_at(p, 1) == K_NULLS) {
        plan->outer = kind_now(p) == K_INCLUDE;
        p->i += 2;
    }
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    TRY_NULL(unpivot_operator(p, plan));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_sql_origin(p, &plan->origin, first);
    TRY_NULL(sp_sql_table_alias(p, &plan, first));
    return plan;
}

/* ---- TABLESAMPLE ---- */

static sp_plan *sample_of(sp_sql_parser *p, sp_plan *child, double fraction, int first)
{
    sp_plan *plan = sp_sql_plan(p, SP_P_SAMPLE, child, NULL, first);
    if (plan) plan->upper = fraction;
    return plan;
}

static sp_plan *sample_bucket(sp_sql_parser *p, sp_plan *child, int first)
{
    int64_t numerator, denominator;
    skip(p);
    TRY_NULL(sp_sql_integer(p, &numerator));
    TRY_NULL(sp_sql_want(p, K_OUT));
    TRY_NULL(sp_sql_want(p, K_OF));
    TRY_NULL(sp_sql_integer(p, &denominator));
    if (kind_now(p) == K_ON) {
        FAIL_IN(p, first, p->i, _LEGACY_ERROR_TEMP_0015, "msg",
                kind_at(p, 2) == T_LPAREN ? "BUCKET x OUT OF y ON function" : "BUCKET x OUT OF y ON colname");
        return NULL;
    }
    return sample_of(p, child, denominator ? (double)numerator / (double)denominator : 0, first);
}

static sp_plan *sample_method(sp_sql_parser *p, sp_plan *child, int first)
{
    if (kind_now(p) == T_RPAREN) { FAIL_IN(p, p->i - 1, p->i, _LEGACY_ERROR_TEMP_0014); return NULL; }
    if (kind_now(p) == K_BUCKET && (kind_at(p, 1) == T_INTEGER || kind_at(p, 1) == T_COLON))
        return sample_bucket(p, child, first);
    int minus = kind_now(p) == T_MINUS, number = kind_at(p, minus);
    if ((number == T_INTEGER || number == T_DECIMAL) && kind_at(p, minus + 1) == K_PERCENTLIT) {
        double percent;
        if (!sp_parse_f64(sp_sql_token_text(p, p->i + minus), &percent)) percent = 0;
        p->i += minus + 2;
        return sample_of(p, child, (minus ? -percent : percent) / 100, first);
    }
    int at = p->i;
    sp_expr *e = sp_sql_expr(p);
    if (!e) return NULL;
    if (!take(p, K_ROWS)) {
        FAIL_IN(p, at, p->i - 1, _LEGACY_ERROR_TEMP_0015, "msg", "byteLengthLiteral");
        return NULL;
    }
    sp_plan *plan = sp_sql_plan(p, SP_P_LIMIT, child, NULL, first);
    if (!plan) return NULL;
    if (e->kind == SP_E_LITERAL && e->type && e->type->kind == SP_INT && e->literal.i64 >= 0)
        plan->count = e->literal.i64;
    else plan->condition = e;
    return plan;
}

sp_plan *sp_sql_sample(sp_sql_parser *p, sp_plan *child, int first)
{
    p->i += 2;
    sp_plan *plan = sample_method(p, child, first);
    if (!plan) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    if (kind_now(p) == K_REPEATABLE && kind_at(p, 1) == T_LPAREN) {
        p->i += 2;
        TRY_NULL(sp_sql_integer(p, &plan->seed));
        TRY_NULL(sp_sql_want(p, T_RPAREN));
    }
    return plan;
}

/* ---- hints ---- */

static sp_plan *hint(sp_sql_parser *p, sp_plan *child)
{
    int first = p->i;
    sp_str name;
    sp_sql_list params = { 0 };
    TRY_NULL(sp_sql_plain_name(p, &name));
    if (take(p, T_LPAREN)) {
        do {
            sp_expr *e = sp_sql_primary(p);
            if (!e) return NULL;
            TRY_NULL(sp_sql_push(p, &params, e));
        } while (take(p, T_COMMA));
        TRY_NULL(sp_sql_want(p, T_RPAREN));
    }
    sp_plan *plan = sp_sql_plan(p, SP_P_HINT, child, NULL, first);
    if (!plan) return NULL;
    plan->name = name;
    plan->exprs = (sp_expr **)params.items;
    plan->expr_count = params.count;
    return plan;
}

/* The hints between two tokens, read after the query they stand in front of; the first one ends up outermost. */
sp_plan *sp_sql_hints(sp_sql_parser *p, sp_plan *plan, int first_hint, int last_hint)
{
    int here = p->i;
    sp_sql_list list = { 0 };
    p->i = first_hint;
    while (plan && p->i < last_hint) {
        TRY_NULL(sp_sql_want(p, T_HINT_START));
        do {
            sp_plan *h = hint(p, NULL);
            if (!h) return NULL;
            TRY_NULL(sp_sql_push(p, &list, h));
            take(p, T_COMMA);
        } while (kind_now(p) != T_HINT_END && kind_now(p) != T_EOF);
        TRY_NULL(sp_sql_want(p, T_HINT_END));
    }
    p->i = here;
    for (int i = list.count - 1; i >= 0; i--) {
        sp_plan *h = list.items[i], *made = sp_plan_new(p->arena, SP_P_HINT, &plan, 1, p->err);
        if (!made) return NULL;
        made->plan_id = -1;
        made->origin = h->origin;
        made->name = h->name;
        made->exprs = h->exprs;
        made->expr_count = h->expr_count;
        plan = made;
    }
    return plan;
}
