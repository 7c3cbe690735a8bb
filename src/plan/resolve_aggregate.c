/* resolve_aggregate.c -- GROUP BY, its output list, HAVING, and expressions that are added to an aggregate from above.
 *
 * The list is resolved over the child like any other; what is no aggregate function must be built of grouping
 * expressions (CheckAnalysis.checkValidAggregateExpression). Ordinals and aliases in GROUP BY stand for items of the
 * list (ResolveReferencesInAggregate). HAVING and ORDER BY see the child's columns inside aggregate functions and both
 * outputs elsewhere; what the aggregate does not compute yet is added to its list (ResolveAggregateFunctions). */
#include "plan/plan_int.h"

#include <stdio.h>

/* ---- checks ---- */

static bool is_grouping(const sp_exprs *grouping, const sp_expr *e)
{
    for (int i = 0; i < grouping->n; i++)
        if (sp_expr_eq(grouping->v[i], e))
            return true;
    return false;
}

static sp_status check_arguments(sp_ana *z, const sp_expr *agg, sp_error *err)
{
    for (int i = 0; i < agg->arg_count; i++) {
        const sp_expr *a = agg->args[i];
        if (sp_expr_has_agg(a)) {
            SP_FAIL(err, NESTED_AGGREGATE_FUNCTION);
            const sp_expr *inner = a;
            while (inner->kind != SP_E_AGG && inner->arg_count)
                inner = inner->args[0];
            sp_error_at(err, &inner->origin, z->arena);
            return SP_FAILED;
        }
        if (sp_expr_has_kind(a, SP_E_WINDOW))
            return SP_FAIL(err, _LEGACY_ERROR_TEMP_1031);
    }
    if (agg->filter && sp_expr_has_agg(agg->filter))
        return SP_FAIL(err, INVALID_AGGREGATE_FILTER__CONTAINS_AGGREGATE, "filterExpr",
                       sp_expr_sql_quoted(z->arena, agg->filter), "aggExpr", sp_expr_sql_quoted(z->arena, agg));
    return SP_OK;
}

static sp_status fail_missing(sp_ana *z, const sp_exprs *grouping, const sp_expr *e, sp_error *err)
{
    if (!grouping->n)
        SP_FAIL(err, MISSING_GROUP_BY);
    else
        SP_FAIL(err, MISSING_AGGREGATION, "expression", sp_expr_sql_quoted(z->arena, e), "expressionAnyValue",
                sp_arena_printf(z->arena, err, "\"any_value(%.*s)\"", (int)e->name.n, e->name.p));
    sp_error_at(err, &e->origin, z->arena);
    return SP_FAILED;
}

static sp_status check_item(sp_ana *z, const sp_exprs *grouping, const sp_expr *e, sp_error *err)
{
    if (e->kind == SP_E_AGG)
        return check_arguments(z, e, err);
    if (e->kind != SP_E_ALIAS && is_grouping(grouping, e))
        return SP_OK;
    if (e->kind == SP_E_COLUMN)
        return fail_missing(z, grouping, e, err);
    for (int i = 0; i < e->arg_count; i++)
        SP_TRY(check_item(z, grouping, e->args[i], err));
    return SP_OK;
}

static sp_status check_grouping(sp_ana *z, const sp_exprs *grouping, sp_error *err)
{
    for (int i = 0; i < grouping->n; i++) {
        const sp_expr *g = grouping->v[i];
        if (sp_expr_has_agg(g)) {
            SP_FAIL(err, GROUP_BY_AGGREGATE, "sqlExpr", sp_expr_sql_quoted(z->arena, g));
            sp_error_at(err, &g->origin, z->arena);
            return SP_FAILED;
        }
        if (!sp_type_is_orderable(g->type) && g->type->kind != SP_MAP)
            return SP_FAIL(err, GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE, "sqlExpr", sp_expr_sql_quoted(z->arena, g),
                           "dataType", sp_type_sql_quoted(z->arena, g->type));
    }
    return SP_OK;
}

/* ---- building ---- */

static sp_status inline_aliases(sp_ana *z, sp_exprs *list, sp_error *err)
{
    int64_t *ids;
    sp_expr **to;
    int n = 0;
    SP_NEW_ARRAY(ids, z->arena, list->n + 1, err);
    SP_NEW_ARRAY(to, z->arena, list->n + 1, err);
    for (int i = 0; i < list->n; i++) {
        if (n && !(list->v[i] = sp_expr_substitute(z->arena, list->v[i], ids, to, n, err)))
            return SP_FAILED;
        if (list->v[i]->kind == SP_E_ALIAS) {
            ids[n] = list->v[i]->id;
            to[n++] = list->v[i]->args[0];
        }
    }
    return SP_OK;
}

static sp_status named_column(sp_ana *z, const sp_expr *named, sp_expr **out, sp_error *err)
{
    sp_attr at = sp_expr_attr_of(named);
    *out = sp_attr_column(z->arena, &at, err);
    return *out ? SP_OK : SP_FAILED;
}

/* Takes the parts of e that an aggregate computes (aggregate functions, grouping expressions) into `inner`, columns in
 * their place. */
static sp_status pull_parts(sp_ana *z, const sp_exprs *grouping, sp_exprs *inner, sp_expr *e, bool window_function,
                            sp_expr **out, sp_error *err)
{
    bool part = (e->kind == SP_E_AGG && !window_function) ||
                (e->kind != SP_E_ALIAS && e->kind != SP_E_LITERAL && is_grouping(grouping, e));
    if (part) {
        for (int i = 0; i < inner->n; i++)
            if (sp_expr_eq(inner->v[i], e))
                return named_column(z, inner->v[i], out, err);
        if (e->kind == SP_E_AGG)
            SP_TRY(check_arguments(z, e, err));
        else if (sp_expr_has_kind(e, SP_E_WINDOW))
            return SP_FAIL(err, WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE, "clauseName", "GROUP BY");
        sp_expr *item = e;
        if (e->kind != SP_E_COLUMN) {
            char *name = sp_arena_printf(z->arena, err, "_w%d", inner->n);
            if (!name || !(item = sp_expr_alias(z->arena, e, sp_str_of(name), sp_plan_new_id(), err)))
                return SP_FAILED;
        }
        SP_TRY(sp_exprs_add(z->arena, inner, item, err));
        return named_column(z, item, out, err);
    }
    sp_expr *c = sp_expr_copy(z->arena, e, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < e->arg_count; i++)
        SP_TRY(pull_parts(z, grouping, inner, e->args[i], e->kind == SP_E_WINDOW, &c->args[i], err));
    if (e->kind == SP_E_WINDOW) {
        sp_window_spec *w;
        SP_NEW(w, z->arena, sizeof *w, err);
        *w = *e->window;
        SP_NEW_ARRAY(w->partition, z->arena, w->partition_count + 1, err);
        SP_NEW_ARRAY(w->order, z->arena, w->order_count + 1, err);
        for (int i = 0; i < w->partition_count; i++)
            SP_TRY(pull_parts(z, grouping, inner, e->window->partition[i], false, &w->partition[i], err));
        for (int i = 0; i < w->order_count; i++)
            SP_TRY(pull_parts(z, grouping, inner, e->window->order[i], false, &w->order[i], err));
        c->window = w;
    }
    *out = c;
    return SP_OK;
}

static bool visit_generator(void *context, const sp_expr *e)
{
    *(bool *)context |= sp_expr_is_generator(e);
    return true;
}

/* Window functions and generators stand above the aggregate: an Aggregate of their parts, then a Project with the rest.
 */
static sp_status split(sp_ana *z, sp_exprs *grouping, sp_exprs *list, sp_plan *child, const sp_origin *origin,
                       sp_plan **out, sp_error *err)
{
    sp_exprs inner = { 0 };
    for (int i = 0; i < list->n; i++)
        SP_TRY(pull_parts(z, grouping, &inner, list->v[i], false, &list->v[i], err));
    sp_plan *agg;
    SP_TRY(sp_build_aggregate(z, grouping, &inner, child, origin, &agg, err));
    return sp_build_project(z, list, agg, -1, origin, out, err);
}

sp_status sp_build_aggregate(sp_ana *z, sp_exprs *grouping, sp_exprs *list, sp_plan *child, const sp_origin *origin,
                             sp_plan **out, sp_error *err)
{
    bool above = false;
    for (int i = 0; i < grouping->n; i++)
        grouping->v[i] = sp_expr_strip_alias(grouping->v[i]);
    SP_TRY(inline_aliases(z, list, err));
    sp_exprs *lists[] = { grouping, list };
    SP_TRY(sp_take_time_windows(z, lists, 2, &child, NULL, err));
    for (int i = 0; i < list->n; i++) {
        above |= sp_expr_has_kind(list->v[i], SP_E_WINDOW);
        sp_expr_walk(list->v[i], visit_generator, &above);
    }
    SP_TRY(sp_take_subqueries(z, list, &child, err));
    if (above)
        return split(z, grouping, list, child, origin, out, err);
    SP_TRY(check_grouping(z, grouping, err));
    for (int i = 0; i < list->n; i++)
        SP_TRY(check_item(z, grouping, list->v[i], err));
    sp_plan *p = sp_plan_new(z->arena, SP_P_AGGREGATE, &child, 1, err);
    if (!p)
        return SP_FAILED;
    p->grouping = grouping->v;
    p->grouping_count = grouping->n;
    p->exprs = list->v;
    p->expr_count = list->n;
    if (origin)
        p->origin = *origin;
    SP_TRY(sp_plan_complete(z->arena, p, err));
    *out = p;
    return SP_OK;
}

/* ---- GROUP BY ---- */

static sp_status group_ordinal(sp_ana *z, const sp_plan *p, const sp_expr *e, sp_expr **out, sp_error *err)
{
    int64_t n = e->literal.i64;
    char index[24], size[16];
    snprintf(index, sizeof index, "%lld", (long long)n);
    snprintf(size, sizeof size, "%d", p->expr_count);
    for (int i = 0; i < p->expr_count; i++)
        if (p->exprs[i]->kind == SP_E_STAR)
            return SP_FAIL(err, STAR_GROUP_BY_POS);
    if (n < 1 || n > p->expr_count) {
        SP_FAIL(err, GROUP_BY_POS_OUT_OF_RANGE, "index", index, "size", size);
        sp_error_at(err, &e->origin, z->arena);
        return SP_FAILED;
    }
    *out = p->exprs[n - 1];
    while ((*out)->kind == SP_E_ALIAS)
        *out = (*out)->args[0];
    return SP_OK;
}

/* The list's expression under this alias, or NULL. */
static sp_expr *list_alias(const sp_ana *z, const sp_plan *p, const sp_expr *attr)
{
    for (int i = 0; attr->kind == SP_E_ATTR && attr->part_count == 1 && i < p->expr_count; i++) {
        sp_expr *e = p->exprs[i];
        if (e->kind == SP_E_ALIAS &&
            (z->conf->case_sensitive ? sp_str_eq(e->name, attr->parts[0]) : sp_str_eq_nocase(e->name, attr->parts[0])))
            return sp_expr_strip_alias(e);
    }
    return NULL;
}

sp_status sp_resolve_group(sp_scope *s, const sp_plan *p, sp_expr *e, sp_exprs *out, sp_error *err)
{
    sp_ana *z = s->z;
    while (e->kind == SP_E_EXPR_STRING)
        SP_TRY(z->catalog->parse_expr(z->catalog->session, z->arena, e->name, &e, err));
    bool by_position = false;
    if (e->kind == SP_E_LITERAL && e->literal.type && e->literal.type->kind == SP_INT && !e->literal.is_null) {
        sp_expr *lit = e;
        SP_TRY(group_ordinal(z, p, e, &e, err));
        by_position = lit != e;
    }
    sp_exprs l = { 0 };
    sp_error first = { .arena = err->arena };
    if (sp_resolve_list(s, &e, 1, &l, &first) == SP_FAILED) {
        sp_expr *alias = first.condition == SP_COND_UNRESOLVED_COLUMN__WITH_SUGGESTION ||
                                 first.condition == SP_COND_UNRESOLVED_COLUMN__WITHOUT_SUGGESTION
                             ? list_alias(z, p, e)
                             : NULL;
        if (!alias) {
            sp_error_copy(err, &first);
            return SP_FAILED;
        }
        l.n = 0;
        SP_TRY(sp_resolve_list(s, &alias, 1, &l, err));
    }
    for (int i = 0; i < l.n; i++) {
        sp_expr *g = sp_expr_strip_alias(l.v[i]);
        if (by_position && sp_expr_has_agg(g))
            return SP_FAIL(err, GROUP_BY_POS_AGGREGATE, "index", sp_error_format(err, "%d", out->n + 1), "aggExpr",
                           sp_expr_sql_quoted(z->arena, g));
        SP_TRY(sp_exprs_add(z->arena, out, g, err));
    }
    return SP_OK;
}

/* GROUP BY ALL: what of the list has no aggregate function. */
static sp_status group_all(sp_ana *z, const sp_exprs *list, sp_exprs *grouping, sp_error *err)
{
    for (int i = 0; i < list->n; i++)
        if (!sp_expr_has_agg(list->v[i]))
            SP_TRY(sp_exprs_add(z->arena, grouping, sp_expr_strip_alias(list->v[i]), err));
    return SP_OK;
}

sp_status sp_ana_aggregate(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_exprs grouping = { 0 }, list = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    for (int i = 0; i < p->grouping_count && !p->all; i++)
        SP_TRY(sp_resolve_group(&s, p, p->grouping[i], &grouping, err));
    /* the list may name the window column of the grouping: window.start */
    sp_exprs *lists[] = { &grouping }, taken = { 0 };
    SP_TRY(sp_take_time_windows(z, lists, 1, &child, &taken, err));
    sp_scope_init(&s, z, &child, 1, err);
    s.aliases = &list;
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &list, err));
    SP_TRY(sp_reuse_time_windows(z, &taken, &list, err));
    if (p->all)
        SP_TRY(group_all(z, &list, &grouping, err));
    return sp_build_aggregate(z, &grouping, &list, child, &p->origin, out, err);
}

/* ---- HAVING and ORDER BY over an aggregate ---- */

typedef struct { sp_plan *agg; bool output_first; } over;

static bool from_grouping(const sp_plan *agg, const sp_expr *e)
{
    sp_exprs g = { agg->grouping, agg->grouping_count, 0 };
    while (e->kind == SP_E_FIELD && !is_grouping(&g, e))
        e = e->args[0];
    return is_grouping(&g, e);
}

static sp_status lookup_over(sp_scope *s, const sp_expr *attr, sp_expr **out, sp_error *err)
{
    const over *o = s->context;
    const sp_plan *child = o->agg->children[0];
    *out = NULL;
    if (s->in_aggregate_function)
        return sp_resolve_parts(s, attr->parts, attr->part_count, child->output, child->output_count, false,
                                &attr->origin, out, err);
    if (o->output_first)
        SP_TRY(sp_resolve_parts(s, attr->parts, attr->part_count, o->agg->output, o->agg->output_count, false,
                                &attr->origin, out, err));
    if (*out)
        return SP_OK;
    sp_error ignored = { 0 };
    sp_expr *below = NULL;
    if (sp_resolve_parts(s, attr->parts, attr->part_count, child->output, child->output_count, false, &attr->origin,
                         &below, &ignored) == SP_OK &&
        below && (o->output_first || from_grouping(o->agg, below)))
        *out = below;
    return SP_OK;
}

/* e over the aggregate's output; what it does not give is added to `list`. */
static sp_status lift(sp_ana *z, const sp_plan *agg, sp_exprs *list, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_exprs grouping = { agg->grouping, agg->grouping_count, 0 };
    if (e->kind == SP_E_COLUMN && sp_attrs_has(agg->output, agg->output_count, e->id)) {
        *out = e;
        return SP_OK;
    }
    if (e->kind == SP_E_AGG || (e->kind != SP_E_LITERAL && is_grouping(&grouping, e))) {
        for (int i = 0; i < list->n; i++)
            if (sp_expr_eq(list->v[i], e))
                return named_column(z, list->v[i], out, err);
        sp_expr *item;
        SP_TRY(sp_name_expr(z, NULL, e, &item, err));
        SP_TRY(sp_exprs_add(z->arena, list, item, err));
        return named_column(z, item, out, err);
    }
    if (e->kind == SP_E_COLUMN) {
        sp_scope s;
        sp_scope_init(&s, z, NULL, 0, err);
        s.attrs = agg->output;
        s.attr_count = agg->output_count;
        return sp_fail_unresolved(&s, &e->name, 1, &e->origin, err);
    }
    sp_expr *c = sp_expr_copy(z->arena, e, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < e->arg_count; i++)
        SP_TRY(lift(z, agg, list, e->args[i], &c->args[i], err));
    *out = c;
    return SP_OK;
}

sp_status sp_resolve_over_aggregate(sp_ana *z, sp_plan *agg, bool output_first, sp_expr *const *exprs, int count,
                                    sp_exprs *out, sp_plan **new_agg, sp_error *err)
{
    sp_scope s;
    over o = { agg, output_first };
    sp_exprs list = { 0 };
    sp_scope_init(&s, z, &agg, 1, err);
    s.first = lookup_over;
    s.context = &o;
    if (agg->extra) {                             /* grouping sets: grouping() and grouping_id() */
        const sp_grouping_info *info = agg->extra;
        s.groups = info->groups;
        s.grouping_id = info->columns->v[info->groups->n];
        s.group_columns = info->columns;
    }
    for (int i = 0; i < agg->expr_count; i++)
        SP_TRY(sp_exprs_add(z->arena, &list, agg->exprs[i], err));
    for (int i = 0; i < count; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_expr(&s, exprs[i], false, &e, err));
        SP_TRY(lift(z, agg, &list, e, &e, err));
        SP_TRY(sp_exprs_add(z->arena, out, e, err));
    }
    *new_agg = agg;
    if (list.n == agg->expr_count)
        return SP_OK;
    sp_exprs grouping = { agg->grouping, agg->grouping_count, 0 };
    for (int i = agg->expr_count; i < list.n; i++)
        SP_TRY(check_item(z, &grouping, list.v[i], err));
    sp_plan *c = sp_plan_copy(z->arena, agg, err);
    if (!c)
        return SP_FAILED;
    c->exprs = list.v;
    c->expr_count = list.n;
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *new_agg = c;
    return SP_OK;
}

sp_status sp_ana_having(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_plan *agg = child;
    while (agg->kind == SP_P_ALIAS && !agg->name.n)
        agg = agg->children[0];
    if (agg->kind != SP_P_AGGREGATE) {
        sp_exprs l = { 0 };
        sp_plan *wide = child;
        SP_TRY(sp_resolve_with_hidden(z, &wide, &p->condition, 1, &l, err));
        *out = wide;
        SP_TRY(sp_filter_over(z, sp_expr_strip_alias(l.v[0]), out, err));
        if ((*out)->output_count != child->output_count)
            *out = sp_plan_project_attrs(z->arena, child->output, child->output_count, *out, err);
        return *out ? SP_OK : SP_FAILED;
    }
    sp_exprs l = { 0 };
    sp_plan *wider;
    SP_TRY(sp_resolve_over_aggregate(z, agg, false, &p->condition, 1, &l, &wider, err));
    sp_expr *c = sp_expr_strip_alias(l.v[0]);
    const char *text = sp_expr_sql_quoted(z->arena, p->condition);
    if (c->type->kind != SP_BOOLEAN && c->type->kind != SP_VOID)
        return SP_FAIL(err, DATATYPE_MISMATCH__FILTER_NOT_BOOLEAN, "sqlExpr", text, "filter", text, "type",
                       sp_type_sql_quoted(z->arena, c->type));
    *out = wider;
    SP_TRY(sp_filter_over(z, c, out, err));
    if ((*out)->output_count != agg->output_count)
        *out = sp_plan_project_attrs(z->arena, child->output, child->output_count, *out, err);
    return *out ? SP_OK : SP_FAILED;
}
