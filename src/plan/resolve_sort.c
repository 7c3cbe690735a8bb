/* resolve_sort.c -- ORDER BY: ordinals, ORDER BY ALL, columns that the select list dropped, aggregate functions that it
 * does not have.
 *
 * Names are looked up in the child's output first, then in what lies below it; columns found there are added to the
 * nodes in between and projected away above the Sort (ResolveReferencesInSort,
 * ColumnResolutionHelper.resolveExprsAndAddMissingAttrs). */
#include "plan/plan_int.h"

#include <stdio.h>

/* ---- columns below ---- */

static bool passes_names(const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_ALIAS: return !p->name.n;
    case SP_P_AGGREGATE: return !p->distinct;
    case SP_P_PROJECT:
    case SP_P_FILTER:
    case SP_P_SORT:
    case SP_P_GENERATE:
    case SP_P_WINDOW:
    case SP_P_WATERMARK:
    case SP_P_REPARTITION:
    case SP_P_SAMPLE: case SP_P_LIMIT: case SP_P_OFFSET: case SP_P_COLLECT_METRICS:
        return true;
    default:
        return false;
    }
}

/* Tries the outputs of the nodes below, top-down. */
static sp_status look_below(sp_scope *s, const sp_expr *attr, sp_expr **out, sp_error *err)
{
    sp_plan *p = s->context;
    *out = NULL;
    for (;;) {
        SP_TRY(sp_resolve_parts(s, attr->parts, attr->part_count, p->output, p->output_count, false, &attr->origin, out,
                                err));
        if (*out || !passes_names(p) || !p->child_count)
            return SP_OK;
        p = p->children[0];
    }
}

typedef struct {
    sp_arena *arena;
    const sp_scope *outer;
    const sp_plan *have;
    sp_exprs missing;
    sp_status status;
    sp_error *err;
} gathering;

static bool visit_missing(void *context, const sp_expr *e)
{
    gathering *g = context;
    if (e->kind != SP_E_COLUMN || sp_attrs_has(g->have->output, g->have->output_count, e->id))
        return true;
    for (int i = 0; i < g->missing.n; i++)
        if (g->missing.v[i]->id == e->id)
            return true;
    for (const sp_scope *o = g->outer; o; o = o->outer)      /* a column of the query around */
        if (sp_attrs_has(o->attrs, o->attr_count, e->id))
            return true;
    if (sp_exprs_add(g->arena, &g->missing, (sp_expr *)e, g->err) != SP_OK)
        g->status = SP_FAILED;
    return true;
}

/* A copy of p whose output also has the columns. */
static sp_status widen(sp_ana *z, sp_plan *p, const sp_exprs *columns, sp_plan **out, sp_error *err)
{
    sp_exprs needed = { 0 };
    for (int i = 0; i < columns->n; i++)
        if (!sp_attrs_has(p->output, p->output_count, columns->v[i]->id))
            SP_TRY(sp_exprs_add(z->arena, &needed, columns->v[i], err));
    *out = p;
    if (!needed.n)
        return SP_OK;
    if (!passes_names(p) || !p->child_count)
        return sp_error_internal(err, "a sort column is not reachable");
    sp_plan *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    SP_TRY(widen(z, p->children[0], &needed, &c->children[0], err));
    if (p->kind == SP_P_PROJECT || p->kind == SP_P_AGGREGATE || p->kind == SP_P_GENERATE) {
        sp_exprs l = { 0 };
        for (int i = 0; i < p->expr_count; i++)
            SP_TRY(sp_exprs_add(z->arena, &l, p->exprs[i], err));
        for (int i = 0; i < needed.n; i++)
            SP_TRY(sp_exprs_add(z->arena, &l, needed.v[i], err));
        c->exprs = l.v;
        c->expr_count = l.n;
    }
    if (p->kind == SP_P_ALIAS) {
        c->output = c->children[0]->output;
        c->output_count = c->children[0]->output_count;
    }
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

/* The columns must be grouping columns where they cross an aggregate. */
static bool crosses_well(const sp_plan *p, const sp_expr *column)
{
    for (; !sp_attrs_has(p->output, p->output_count, column->id); p = p->children[0]) {
        if (!passes_names(p) || !p->child_count)
            return false;
        bool grouped = p->kind != SP_P_AGGREGATE;
        for (int i = 0; i < p->grouping_count && !grouped; i++)
            grouped = sp_expr_eq(p->grouping[i], column);
        if (!grouped)
            return false;
    }
    return true;
}

sp_status sp_resolve_with_hidden(sp_ana *z, sp_plan **child, sp_expr *const *exprs, int count, sp_exprs *out,
                                 sp_error *err)
{
    sp_scope s;
    gathering g = { .arena = z->arena, .outer = z->outer, .have = *child, .err = err };
    sp_scope_init(&s, z, child, 1, err);
    s.first = look_below;
    s.context = *child;
    for (int i = 0; i < count; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_expr(&s, exprs[i], false, &e, err));
        sp_expr_walk(e, visit_missing, &g);
        SP_TRY(g.status);
        for (int k = 0; k < g.missing.n; k++)
            if (!crosses_well(*child, g.missing.v[k]))
                return sp_fail_unresolved(&s, &g.missing.v[k]->name, 1, &g.missing.v[k]->origin, err);
        SP_TRY(sp_exprs_add(z->arena, out, e, err));
    }
    return g.missing.n ? widen(z, *child, &g.missing, child, err) : SP_OK;
}

/* ---- sort ---- */

static sp_expr *ascending(sp_ana *z, sp_expr *e, sp_error *err)
{
    if (e->kind == SP_E_SORT)
        return e;
    sp_expr *s = sp_expr_new(z->arena, SP_E_SORT, err);
    if (!s || !(s->args = sp_arena_alloc(z->arena, sizeof *s->args, err)))
        return NULL;
    s->args[0] = e;
    s->arg_count = 1;
    s->ascending = s->nulls_first = true;
    s->origin = e->origin;
    return s;
}

static sp_status ordinal(sp_ana *z, const sp_plan *child, sp_expr *sort, sp_expr **out, sp_error *err)
{
    const sp_expr *e = sort->args[0];
    *out = sort;
    if (e->kind != SP_E_LITERAL || !e->literal.type || e->literal.type->kind != SP_INT || e->literal.is_null)
        return SP_OK;
    int64_t n = e->literal.i64;
    if (n < 1 || n > child->output_count) {
        char index[24], size[16];
        snprintf(index, sizeof index, "%lld", (long long)n);
        snprintf(size, sizeof size, "%d", child->output_count);
        SP_FAIL(err, ORDER_BY_POS_OUT_OF_RANGE, "index", index, "size", size);
        sp_error_at(err, &e->origin, z->arena);
        return SP_FAILED;
    }
    sp_expr *c = sp_expr_copy(z->arena, sort, err);
    if (!c || !(c->args[0] = sp_attr_column(z->arena, &child->output[n - 1], err)))
        return SP_FAILED;
    *out = c;
    return SP_OK;
}

static sp_status sort_list(sp_ana *z, const sp_plan *p, const sp_plan *child, sp_exprs *l, sp_error *err)
{
    sp_expr *model = p->expr_count && p->exprs[0]->kind == SP_E_SORT ? p->exprs[0] : NULL;
    for (int i = 0; p->all && i < child->output_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &child->output[i], err), *s;
        if (!c || !(s = ascending(z, c, err)))
            return SP_FAILED;
        if (model) {
            s->ascending = model->ascending;
            s->nulls_first = model->nulls_first;
        }
        SP_TRY(sp_exprs_add(z->arena, l, s, err));
    }
    for (int i = 0; !p->all && i < p->expr_count; i++) {
        sp_expr *e = p->exprs[i];
        while (e->kind == SP_E_EXPR_STRING)
            SP_TRY(z->catalog->parse_expr(z->catalog->session, z->arena, e->name, &e, err));
        if (e->kind == SP_E_STAR) {
            sp_scope s;
            sp_exprs columns = { 0 };
            sp_scope_init(&s, z, (sp_plan *const[]){ (sp_plan *)child }, 1, err);
            SP_TRY(sp_expand_star(&s, e, &columns, err));
            for (int k = 0; k < columns.n; k++)
                SP_TRY(sp_exprs_add(z->arena, l, ascending(z, columns.v[k], err), err));
            continue;
        }
        if (!(e = ascending(z, e, err)))
            return SP_FAILED;
        SP_TRY(ordinal(z, child, e, &e, err));
        SP_TRY(sp_exprs_add(z->arena, l, e, err));
    }
    return SP_OK;
}

static bool only_columns(const sp_plan *p)
{
    for (int i = 0; i < p->expr_count; i++)
        if (p->exprs[i]->kind != SP_E_COLUMN)
            return false;
    return true;
}

/* The aggregate right below, through what HAVING put above it. */
static sp_plan *aggregate_below(sp_plan *p)
{
    while (p->kind == SP_P_FILTER || (p->kind == SP_P_PROJECT && only_columns(p)) ||
           (p->kind == SP_P_ALIAS && !p->name.n))
        p = p->children[0];
    return p->kind == SP_P_AGGREGATE && !p->distinct ? p : NULL;
}

/* The chain from p down to old, over new, with the added columns let through. */
static sp_status rebuild(sp_ana *z, sp_plan *p, const sp_plan *old, sp_plan *new, sp_plan **out, sp_error *err)
{
    if (p == old) {
        *out = new;
        return SP_OK;
    }
    sp_plan *below;
    SP_TRY(rebuild(z, p->children[0], old, new, &below, err));
    sp_plan *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    c->children[0] = below;
    if (p->kind == SP_P_PROJECT) {
        sp_exprs l = { 0 };
        for (int i = 0; i < p->expr_count; i++)
            SP_TRY(sp_exprs_add(z->arena, &l, p->exprs[i], err));
        for (int i = old->output_count; i < new->output_count; i++) {
            sp_expr *e = sp_attr_column(z->arena, &new->output[i], err);
            if (!e)
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, &l, e, err));
        }
        c->exprs = l.v;
        c->expr_count = l.n;
    }
    if (p->kind == SP_P_ALIAS) {
        c->output = below->output;
        c->output_count = below->output_count;
    }
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

static sp_status check_sort(sp_ana *z, const sp_exprs *l, sp_error *err)
{
    for (int i = 0; i < l->n; i++)
        if (!sp_type_is_orderable(l->v[i]->args[0]->type))
            return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr",
                           sp_expr_sql_quoted(z->arena, l->v[i]), "functionName", "`sortorder`", "dataType",
                           sp_type_sql_quoted(z->arena, l->v[i]->args[0]->type));
    return SP_OK;
}

sp_status sp_ana_sort(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs wanted = { 0 }, l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    SP_TRY(sort_list(z, p, child, &wanted, err));
    sp_plan *below = child, *agg = aggregate_below(child);
    if (agg) {
        sp_plan *wider;
        SP_TRY(sp_resolve_over_aggregate(z, agg, true, wanted.v, wanted.n, &l, &wider, err));
        if (wider != agg)
            SP_TRY(rebuild(z, child, agg, wider, &below, err));
    } else {
        SP_TRY(sp_resolve_with_hidden(z, &below, wanted.v, wanted.n, &l, err));
    }
    sp_exprs *lists[] = { &l };
    SP_TRY(sp_take_time_windows(z, lists, 1, &below, NULL, err));
    SP_TRY(sp_extract_windows(z, &l, &below, err));
    SP_TRY(check_sort(z, &l, err));
    sp_plan *s = sp_plan_new(z->arena, SP_P_SORT, &below, 1, err);
    if (!s)
        return SP_FAILED;
    s->exprs = l.v;
    s->expr_count = l.n;
    s->global = p->global;
    SP_TRY(sp_plan_complete(z->arena, s, err));
    s->origin = p->origin;
    *out = s;
    if (below != child)
        *out = sp_plan_project_attrs(z->arena, child->output, child->output_count, s, err);
    return *out ? SP_OK : SP_FAILED;
}
