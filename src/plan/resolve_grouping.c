/* resolve_grouping.c -- GROUPING SETS, ROLLUP and CUBE; PIVOT.
 *
 * Grouping sets (ResolveGroupingAnalytics): Expand gives each row once per set, with null for the grouping columns that
 * the set leaves out and the set's id (a bit per column, 1 = left out, first column highest); the Aggregate above
 * groups by those columns and the id. Pivot (ResolvePivot): first an Aggregate by grouping columns and pivot column,
 * then one by the grouping columns that picks a column per value; results that PivotFirst does not hold (strings,
 * arrays ...) are computed in one Aggregate over IF(pivot <=> value, argument, NULL). */
#include "plan/plan_int.h"

#include <stdio.h>

/* ---- the sets ---- */

typedef struct sets { sp_exprs all; uint64_t *masks; int count; } sets;   /* masks: bit i = all.v[i] is in the set */

static int find_expr(const sp_exprs *l, const sp_expr *e)
{
    for (int i = 0; i < l->n; i++)
        if (sp_expr_eq(l->v[i], e))
            return i;
    return -1;
}

static sp_status add_masks(sp_ana *z, sets *g, const sp_plan *p, sp_error *err)
{
    int n = g->all.n;
    if (n > 63)
        return SP_FAIL(err, GROUPING_SIZE_LIMIT_EXCEEDED, "maxSize", "64");
    uint64_t full = (1ull << n) - 1;
    if (p->is_cube && n > 16)
        return SP_FAIL(err, GROUPING_SIZE_LIMIT_EXCEEDED, "maxSize", "64");
    g->count = p->is_rollup ? n + 1 : p->is_cube ? 1 << n : p->list_count;
    SP_NEW_ARRAY(g->masks, z->arena, g->count + 1, err);
    for (int i = 0; p->is_rollup && i < g->count; i++)
        g->masks[i] = i == n ? 0 : full >> i;
    for (int i = 0; p->is_cube && i < g->count;
         i++) /* the order of Spark's powerset: all first, then what leaves later ones out */
        for (int k = 0; k < n; k++)
            if (!(i >> (n - 1 - k) & 1))
                g->masks[i] |= 1ull << k;
    return SP_OK;
}

static sp_status read_sets(sp_scope *s, const sp_plan *p, sets *g, sp_error *err)
{
    sp_ana *z = s->z;
    for (int i = 0; i < p->grouping_count; i++) {
        sp_exprs one = { 0 };
        SP_TRY(sp_resolve_group(s, p, p->grouping[i], &one, err));
        for (int k = 0; k < one.n; k++)
            if (find_expr(&g->all, one.v[k]) < 0)
                SP_TRY(sp_exprs_add(z->arena, &g->all, one.v[k], err));
    }
    if (p->is_rollup || p->is_cube)
        return add_masks(z, g, p, err);
    SP_NEW_ARRAY(g->masks, z->arena, p->list_count + 1, err);
    g->count = p->list_count;
    for (int i = 0; i < p->list_count; i++)
        for (int k = 0; k < p->list_counts[i]; k++) {
            sp_exprs one = { 0 };
            SP_TRY(sp_resolve_group(s, p, p->lists[i][k], &one, err));
            for (int e = 0; e < one.n; e++) {
                int at = find_expr(&g->all, one.v[e]);
                if (at < 0) {
                    at = g->all.n;
                    SP_TRY(sp_exprs_add(z->arena, &g->all, one.v[e], err));
                }
                if (at > 62)
                    return SP_FAIL(err, GROUPING_SIZE_LIMIT_EXCEEDED, "maxSize", "64");
                g->masks[i] |= 1ull << at;
            }
        }
    return SP_OK;
}

/* ---- expand ---- */

static int64_t set_id(const sets *g, int i)
{
    int64_t id = 0;
    for (int k = 0; k < g->all.n; k++)
        id = id * 2 + !(g->masks[i] >> k & 1);
    return id;
}

static bool repeats(const sets *g)
{
    for (int i = 0; i < g->count; i++)
        for (int k = 0; k < i; k++)
            if (g->masks[i] == g->masks[k])
                return true;
    return false;
}

static sp_status group_attr(sp_ana *z, const sets *g, int i, sp_attr *at, sp_error *err)
{
    sp_expr *e = g->all.v[i], *named;
    SP_TRY(sp_name_expr(z, NULL, e, &named, err));
    *at = sp_expr_attr_of(named);
    at->id = sp_plan_new_id();
    at->qualifier = NULL;
    at->qualifier_count = 0;
    for (int k = 0; k < g->count; k++)
        at->nullable |= !(g->masks[k] >> i & 1);
    return SP_OK;
}

static sp_status expand_list(sp_ana *z, const sets *g, int set, const sp_plan *child, bool position, sp_exprs *l,
                             sp_error *err)
{
    for (int i = 0; i < child->output_count; i++)
        SP_TRY(sp_exprs_add(z->arena, l, sp_attr_column(z->arena, &child->output[i], err), err));
    for (int i = 0; i < g->all.n; i++) {
        sp_expr *e = g->all.v[i];
        if (!(g->masks[set] >> i & 1)) {
            sp_value none = sp_value_null(e->type);
            if (!(e = sp_expr_literal(z->arena, &none, err)))
                return SP_FAILED;
        }
        SP_TRY(sp_exprs_add(z->arena, l, e, err));
    }
    sp_expr *id = sp_ana_int(z, SP_LONG, set_id(g, set), err);
    if (!id)
        return SP_FAILED;
    SP_TRY(sp_exprs_add(z->arena, l, id, err));
    if (!position)
        return SP_OK;
    sp_expr *pos = sp_ana_int(z, SP_INT, set, err);
    return pos ? sp_exprs_add(z->arena, l, pos, err) : SP_FAILED;
}

/* Expand over child; *columns get the grouping columns, the id and, when sets repeat, their number. */
static sp_status expand(sp_ana *z, const sets *g, sp_plan *child, sp_exprs *columns, sp_plan **out, sp_error *err)
{
    sp_plan *x = sp_plan_new(z->arena, SP_P_EXPAND, &child, 1, err);
    sp_attrs output = { 0 };
    bool position = repeats(g);
    if (!x)
        return SP_FAILED;
    for (int i = 0; i < child->output_count; i++)
        SP_TRY(sp_attrs_add(z->arena, &output, &child->output[i], err));
    for (int i = 0; i < g->all.n + 1 + position; i++) {
        sp_attr at = { .id = sp_plan_new_id(),
                       .name = i == g->all.n ? SP_LIT("spark_grouping_id") : SP_LIT("_gen_grouping_pos"),
                       .type = sp_type_of(i == g->all.n ? SP_LONG : SP_INT),
                       .watermark_delay_us = -1 };
        if (i < g->all.n)
            SP_TRY(group_attr(z, g, i, &at, err));
        SP_TRY(sp_attrs_add(z->arena, &output, &at, err));
        sp_expr *c = sp_attr_column(z->arena, &at, err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, columns, c, err));
    }
    SP_NEW_ARRAY(x->lists, z->arena, g->count + 1, err);
    SP_NEW_ARRAY(x->list_counts, z->arena, g->count + 1, err);
    x->list_count = g->count;
    for (int i = 0; i < g->count; i++) {
        sp_exprs l = { 0 };
        SP_TRY(expand_list(z, g, i, child, position, &l, err));
        x->lists[i] = l.v;
        x->list_counts[i] = l.n;
    }
    x->generator_output = output.v;
    x->generator_output_count = output.n;
    *out = x;
    return sp_plan_complete(z->arena, x, err);
}

/* ---- the output list ---- */

static int find_group(const sp_scope *s, const sp_expr *e)
{
    int at = find_expr(s->groups, e);
    if (at < 0 && s->group_columns && (at = find_expr(s->group_columns, e)) >= s->groups->n)
        at = -1;
    return at;
}

/* grouping(c): the column's bit of the id. grouping_id(...): the id. */
sp_status sp_resolve_grouping_call(sp_scope *s, const sp_expr *call, sp_expr **out, sp_error *err)
{
    sp_ana *z = s->z;
    const sp_exprs *all = s->groups;
    sp_expr *id = s->grouping_id;
    if (sp_str_eq_nocase(call->name, SP_LIT("grouping_id"))) {
        bool same = call->arg_count == 0 || call->arg_count == all->n;
        for (int i = 0; same && i < call->arg_count; i++)
            same = find_group(s, call->args[i]) == i;
        if (same) {
            *out = id;
            return SP_OK;
        }
        return SP_FAIL(err, GROUPING_ID_COLUMN_MISMATCH, "groupingIdColumn",
                       call->arg_count ? sp_expr_sql_quoted(z->arena, call->args[0]) : "", "groupByColumns",
                       all->n ? sp_expr_sql_quoted(z->arena, all->v[0]) : "");
    }
    int at = call->arg_count == 1 ? find_group(s, call->args[0]) : -1;
    if (at < 0)
        return SP_FAIL(err, GROUPING_COLUMN_MISMATCH, "grouping",
                       call->arg_count ? sp_expr_sql_quoted(z->arena, call->args[0]) : "", "groupingColumns",
                       all->n ? sp_expr_sql_quoted(z->arena, all->v[0]) : "");
    sp_expr *weight = sp_ana_int(z, SP_LONG, 1ll << (all->n - 1 - at), err), *two = sp_ana_int(z, SP_LONG, 2, err),
            *bit;
    if (!weight || !two)
        return SP_FAILED;
    SP_TRY(sp_ana_call(z, "div", (sp_expr *[]){ id, weight }, 2, &bit, err));
    SP_TRY(sp_ana_call(z, "%", (sp_expr *[]){ bit, two }, 2, &bit, err));
    return sp_ana_cast(z, bit, sp_type_of(SP_BYTE), out, err);
}

static bool visit_grouping_call(void *context, const sp_expr *e)
{
    *(bool *)context |= e->kind == SP_E_FUNCTION && (sp_str_eq_nocase(e->name, SP_LIT("grouping")) ||
                                                     sp_str_eq_nocase(e->name, SP_LIT("grouping_id")));
    return true;
}

/* Names of items with grouping() come from the text as written. */
static sp_status name_items(sp_ana *z, const sp_plan *p, sp_expr ***out, sp_error *err)
{
    SP_NEW_ARRAY(*out, z->arena, p->expr_count + 1, err);
    for (int i = 0; i < p->expr_count; i++) {
        bool has = false;
        (*out)[i] = p->exprs[i];
        sp_expr_walk(p->exprs[i], visit_grouping_call, &has);
        if (!has || p->exprs[i]->kind == SP_E_ALIAS)
            continue;
        sp_buf b = { 0 };
        sp_expr_sql(&b, p->exprs[i], true);
        sp_str name = sp_str_copy(z->arena, sp_str_of(sp_buf_cstr(&b)), err);
        sp_buf_done(&b);
        if (!name.p || !((*out)[i] = sp_expr_alias(z->arena, p->exprs[i], name, -1, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

/* Grouping expressions outside aggregate functions become the columns of Expand. */
static sp_status to_columns(sp_ana *z, const sets *g, const sp_exprs *columns, sp_expr *e, sp_expr **out, sp_error *err)
{
    int at = e->kind == SP_E_ALIAS ? -1 : find_expr(&g->all, e);
    *out = at >= 0 ? columns->v[at] : e;
    if (at >= 0 || e->kind == SP_E_AGG || (!e->arg_count && !e->window))
        return SP_OK;
    sp_expr *c = sp_expr_copy(z->arena, e, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < e->arg_count; i++)
        SP_TRY(to_columns(z, g, columns, e->args[i], &c->args[i], err));
    if (e->window) {
        sp_window_spec *w;
        SP_NEW(w, z->arena, sizeof *w, err);
        *w = *e->window;
        SP_NEW_ARRAY(w->partition, z->arena, w->partition_count + 1, err);
        SP_NEW_ARRAY(w->order, z->arena, w->order_count + 1, err);
        for (int i = 0; i < w->partition_count; i++)
            SP_TRY(to_columns(z, g, columns, e->window->partition[i], &w->partition[i], err));
        for (int i = 0; i < w->order_count; i++)
            SP_TRY(to_columns(z, g, columns, e->window->order[i], &w->order[i], err));
        c->window = w;
    }
    if (c->kind == SP_E_ALIAS) {
        c->nullable = c->args[0]->nullable;
        c->type = c->args[0]->type;
    }
    *out = c;
    return SP_OK;
}

sp_status sp_ana_grouping_sets(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child, *x;
    sp_scope s;
    sets g = { 0 };
    sp_exprs columns = { 0 }, list = { 0 }, taken = { 0 }, *lists[] = { &g.all };
    sp_expr **items;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(read_sets(&s, p, &g, err));
    SP_TRY(sp_take_time_windows(z, lists, 1, &child, &taken, err));
    SP_TRY(expand(z, &g, child, &columns, &x, err));
    sp_scope_init(&s, z, &child, 1, err);
    s.groups = &g.all;
    s.grouping_id = columns.v[g.all.n];
    s.aliases = &list;
    SP_TRY(name_items(z, p, &items, err));
    SP_TRY(sp_resolve_list(&s, items, p->expr_count, &list, err));
    SP_TRY(sp_reuse_time_windows(z, &taken, &list, err));
    for (int i = 0; i < list.n; i++)
        SP_TRY(to_columns(z, &g, &columns, list.v[i], &list.v[i], err));
    SP_TRY(sp_build_aggregate(z, &columns, &list, x, &p->origin, out, err));
    if ((*out)->kind == SP_P_AGGREGATE) {
        sp_grouping_info *info;
        sp_exprs *keep;
        SP_NEW(info, z->arena, sizeof *info, err);
        SP_NEW_ARRAY(keep, z->arena, 2, err);
        keep[0] = g.all;
        keep[1] = columns;
        info->groups = &keep[0];
        info->columns = &keep[1];
        (*out)->extra = info;
    }
    return SP_OK;
}

/* ---- pivot ---- */

typedef struct { sp_expr *value; sp_str name; } pivot_value;

static bool fits_pivot_first(const sp_type *t)
{
    return t->kind == SP_BOOLEAN || sp_kind_is_numeric(t->kind);
}

/* The distinct values that are there, in order, nulls first. */
static sp_status find_values(sp_ana *z, sp_plan *child, sp_expr *pivot, pivot_value **out, int *count, sp_error *err)
{
    enum { MAX_VALUES = 10000 };
    if (child->is_streaming)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_3063);
    if (!z->catalog->run)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION,
                              "pivot without values needs a session that runs queries");
    sp_exprs one = { 0 };
    sp_expr *named;
    SP_TRY(sp_name_expr(z, NULL, pivot, &named, err));
    SP_TRY(sp_exprs_add(z->arena, &one, named, err));
    sp_plan *p = sp_plan_fresh(z->arena, sp_plan_project(z->arena, one.v, 1, child, err), err);
    sp_plan d = { .kind = SP_P_DEDUPLICATE, .plan_id = -1, .children = &p, .child_count = 1, .distinct = true };
    sp_expr *sort = p ? sp_expr_new(z->arena, SP_E_SORT, err) : NULL;
    if (!sort)
        return SP_FAILED;
    sp_plan *distinct;
    SP_TRY(sp_ana_plan(z, &d, &distinct, err));
    SP_NEW_ARRAY(sort->args, z->arena, 1, err);
    if (!(sort->args[0] = sp_attr_column(z->arena, &distinct->output[0], err)))
        return SP_FAILED;
    sort->arg_count = 1;
    sort->ascending = sort->nulls_first = true;
    sort->type = sort->args[0]->type;
    sp_plan *sorted = sp_plan_new(z->arena, SP_P_SORT, &distinct, 1, err);
    if (!sorted)
        return SP_FAILED;
    sorted->exprs = &sort;
    sorted->expr_count = 1;
    sorted->global = true;
    SP_TRY(sp_plan_complete(z->arena, sorted, err));
    sp_batch *batches;
    int batch_count, n = 0;
    SP_TRY(z->catalog->run(z->catalog->session, z->arena, sorted, &batches, &batch_count, err));
    SP_NEW_ARRAY(*out, z->arena, MAX_VALUES + 1, err);
    for (int b = 0; b < batch_count; b++)
        for (uint32_t r = 0; r < batches[b].sel_count; r++) {
            if (n == MAX_VALUES)
                return SP_FAIL(err, _LEGACY_ERROR_TEMP_1324, "pivotColumn", sp_cstr(z->arena, named->name), "maxValues",
                               "10000", "config", "spark.sql.pivotMaxValues");
            sp_value v;
            SP_TRY(sp_value_at(batches[b].columns[0], SP_BATCH_ROW(&batches[b], r), z->arena, &v, err));
            v.type = pivot->type;
            if (!((*out)[n++].value = sp_expr_literal(z->arena, &v, err)))
                return SP_FAILED;
        }
    *count = n;
    return SP_OK;
}

static sp_status given_values(sp_scope *s, const sp_plan *p, const sp_expr *pivot, pivot_value **out, int *count,
                              sp_error *err)
{
    sp_ana *z = s->z;
    *count = p->list_counts[0];
    SP_NEW_ARRAY(*out, z->arena, *count + 1, err);
    for (int i = 0; i < *count; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_expr(s, p->lists[0][i], false, &e, err));
        if (e->kind == SP_E_ALIAS)
            (*out)[i].name = e->name;
        e = sp_expr_strip_alias(e);
        if (!e->foldable)
            return SP_FAIL(err, NON_LITERAL_PIVOT_VALUES, "expression", sp_expr_sql_quoted(z->arena, e));
        if (!sp_type_same(e->type, pivot->type) && !sp_can_implicit_cast(e->type, pivot->type, z->conf) &&
            !sp_can_cast(e->type, pivot->type, true)) {
            sp_buf b = { 0 }, v = { 0 }, q = { 0 };
            sp_expr_sql(&b, e, true);
            sp_type_simple(&v, e->type);
            sp_type_simple(&q, pivot->type);
            SP_FAIL(err, PIVOT_VALUE_DATA_TYPE_MISMATCH, "value", sp_buf_cstr(&b), "valueType", sp_buf_cstr(&v),
                    "pivotType", sp_buf_cstr(&q));
            sp_buf_done(&b);
            sp_buf_done(&v);
            sp_buf_done(&q);
            return SP_FAILED;
        }
        SP_TRY(sp_ana_cast(z, e, pivot->type, &(*out)[i].value, err));
    }
    return SP_OK;
}

static sp_status name_values(sp_ana *z, pivot_value *v, int n, sp_error *err)
{
    for (int i = 0; i < n; i++) {
        if (v[i].name.p)
            continue;
        sp_value x;
        SP_TRY(sp_expr_fold(z->arena, z->conf, v[i].value, &x, err));
        sp_buf b = { 0 };
        sp_status status = SP_OK;
        if (x.is_null) {
            sp_buf_puts(&b, "null");
        } else {
            sp_vec *one = sp_value_vec(&x, 1, z->arena, err);
            status = one ? sp_vec_text(&b, one, 0, false, z->conf->zone, err) : SP_FAILED;
        }
        v[i].name = sp_str_copy(z->arena, sp_str_of(sp_buf_cstr(&b)), err);
        sp_buf_done(&b);
        if (status != SP_OK || !v[i].name.p)
            return SP_FAILED;
    }
    return SP_OK;
}

static sp_status output_name(sp_ana *z, const pivot_value *v, const sp_expr *agg, int agg_count, sp_str *out,
                             sp_error *err)
{
    *out = v->name;
    if (agg_count == 1)
        return SP_OK;
    char *name = sp_arena_printf(z->arena, err, "%.*s_%.*s", (int)v->name.n, v->name.p, (int)agg->name.n, agg->name.p);
    *out = sp_str_of(name);
    return name ? SP_OK : SP_FAILED;
}

/* if(pivot <=> value, e, null) */
static sp_status when_value(sp_ana *z, sp_expr *pivot, sp_expr *value, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_value none = sp_value_null(e->type);
    sp_expr *null = sp_expr_literal(z->arena, &none, err), *same;
    if (!null)
        return SP_FAILED;
    SP_TRY(sp_ana_call(z, "<=>", (sp_expr *[]){ pivot, value }, 2, &same, err));
    return sp_ana_call(z, "if", (sp_expr *[]){ same, e, null }, 3, out, err);
}

typedef struct { sp_ana *z; sp_expr *pivot, *value; } conditional;

static sp_expr *condition_arguments(void *context, sp_expr *e, sp_error *err)
{
    conditional *x = context;
    if (e->kind != SP_E_AGG || !e->arg_count)
        return e;
    sp_expr *c = sp_expr_copy(x->z->arena, e, err);
    if (!c || when_value(x->z, x->pivot, x->value, e->args[0], &c->args[0], err) != SP_OK)
        return NULL;
    return c;
}

static sp_status add_named(sp_ana *z, sp_exprs *l, sp_expr *e, sp_str name, sp_error *err)
{
    sp_expr *alias = sp_expr_alias(z->arena, e, name, sp_plan_new_id(), err);
    return alias ? sp_exprs_add(z->arena, l, alias, err) : SP_FAILED;
}

static sp_status pivot_once(sp_ana *z, sp_exprs *grouping, sp_exprs *named, sp_expr *pivot, const sp_exprs *aggs,
                            const pivot_value *v, int n, sp_plan *child, sp_plan **out, sp_error *err)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < aggs->n; k++) {
            conditional x = { z, pivot, v[i].value };
            sp_str name;
            SP_TRY(output_name(z, &v[i], aggs->v[k], aggs->n, &name, err));
            sp_expr *e = sp_expr_transform(z->arena, sp_expr_strip_alias(aggs->v[k]), condition_arguments, &x, err);
            if (!e)
                return SP_FAILED;
            SP_TRY(add_named(z, named, e, name, err));
        }
    return sp_build_aggregate(z, grouping, named, child, NULL, out, err);
}

static sp_status pivot_twice(sp_ana *z, sp_exprs *grouping, sp_exprs *named, sp_expr *pivot, const sp_exprs *aggs,
                             const pivot_value *v, int n, sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_exprs g1 = { 0 }, l1 = { 0 }, g2 = { 0 }, l2 = { 0 };
    sp_expr *named_pivot;
    sp_plan *first;
    SP_TRY(sp_name_expr(z, NULL, pivot, &named_pivot, err));
    for (int i = 0; i < grouping->n; i++)
        SP_TRY(sp_exprs_add(z->arena, &g1, grouping->v[i], err));
    SP_TRY(sp_exprs_add(z->arena, &g1, pivot, err));
    for (int i = 0; i < named->n; i++)
        SP_TRY(sp_exprs_add(z->arena, &l1, named->v[i], err));
    SP_TRY(sp_exprs_add(z->arena, &l1, named_pivot, err));
    for (int i = 0; i < aggs->n; i++)
        SP_TRY(sp_exprs_add(z->arena, &l1, aggs->v[i], err));
    SP_TRY(sp_build_aggregate(z, &g1, &l1, child, NULL, &first, err));
    for (int i = 0; i < grouping->n; i++) {
        sp_expr *c = sp_attr_column(z->arena, &first->output[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &g2, c, err));
        SP_TRY(sp_exprs_add(z->arena, &l2, c, err));
    }
    sp_expr *p2 = sp_attr_column(z->arena, &first->output[grouping->n], err);
    sp_value yes = sp_value_bool(true);
    sp_expr *skip_nulls = sp_expr_literal(z->arena, &yes, err);
    if (!p2 || !skip_nulls)
        return SP_FAILED;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < aggs->n; k++) {
            sp_expr *a = sp_attr_column(z->arena, &first->output[grouping->n + 1 + k], err), *e;
            sp_str name;
            if (!a)
                return SP_FAILED;
            SP_TRY(output_name(z, &v[i], aggs->v[k], aggs->n, &name, err));
            SP_TRY(when_value(z, p2, v[i].value, a, &e, err));
            SP_TRY(sp_ana_call(z, "first", (sp_expr *[]){ e, skip_nulls }, 2, &e, err));
            SP_TRY(add_named(z, &l2, e, name, err));
        }
    return sp_build_aggregate(z, &g2, &l2, first, NULL, out, err);
}

typedef struct { sp_exprs *refs; sp_arena *arena; sp_error *err; } using;

static bool visit_use(void *context, const sp_expr *e)
{
    using *u = context;
    if (e->kind == SP_E_COLUMN)
        sp_exprs_add(u->arena, u->refs, (sp_expr *)e, u->err);
    return true;
}

/* SQL's PIVOT groups by the columns that it does not name. */
static sp_status implied_grouping(sp_ana *z, const sp_plan *child, const sp_expr *pivot, const sp_exprs *aggs,
                                  sp_exprs *named, sp_error *err)
{
    sp_exprs used = { 0 };
    using u = { &used, z->arena, err };
    sp_expr_walk(pivot, visit_use, &u);
    for (int i = 0; i < aggs->n; i++)
        sp_expr_walk(aggs->v[i], visit_use, &u);
    for (int i = 0; i < child->output_count; i++) {
        bool hit = false;
        for (int k = 0; k < used.n && !hit; k++)
            hit = used.v[k]->id == child->output[i].id;
        if (hit)
            continue;
        sp_expr *c = sp_attr_column(z->arena, &child->output[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, named, c, err));
    }
    return SP_OK;
}

sp_status sp_ana_pivot(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_expr *pivot;
    sp_exprs aggs = { 0 }, named = { 0 }, grouping = { 0 };
    pivot_value *values;
    int n;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    s.no_star = "Pivot";
    SP_TRY(sp_resolve_expr(&s, p->condition, false, &pivot, err));
    pivot = sp_expr_strip_alias(pivot);
    if (!sp_type_is_orderable(pivot->type))
        return SP_FAIL(err, INCOMPARABLE_PIVOT_COLUMN, "columnName", sp_expr_sql_quoted(z->arena, pivot));
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &aggs, err));
    bool twice = true;
    for (int i = 0; i < aggs.n; i++) {
        if (!sp_expr_has_agg(aggs.v[i]))
            return SP_FAIL(err, _LEGACY_ERROR_TEMP_1006, "sql", sp_expr_sql_quoted(z->arena, aggs.v[i]));
        twice &= fits_pivot_first(aggs.v[i]->type);
    }
    if (p->all || !p->grouping_count)
        SP_TRY(p->all ? implied_grouping(z, child, pivot, &aggs, &named, err) : SP_OK);
    else
        SP_TRY(sp_resolve_list(&s, p->grouping, p->grouping_count, &named, err));
    sp_exprs *lists[] = { &named };
    SP_TRY(sp_take_time_windows(z, lists, 1, &child, NULL, err));
    for (int i = 0; i < named.n; i++)
        SP_TRY(sp_exprs_add(z->arena, &grouping, sp_expr_strip_alias(named.v[i]), err));
    SP_TRY(p->list_count ? given_values(&s, p, pivot, &values, &n, err)
                         : find_values(z, child, pivot, &values, &n, err));
    SP_TRY(name_values(z, values, n, err));
    return twice ? pivot_twice(z, &grouping, &named, pivot, &aggs, values, n, child, out, err)
                 : pivot_once(z, &grouping, &named, pivot, &aggs, values, n, child, out, err);
}
