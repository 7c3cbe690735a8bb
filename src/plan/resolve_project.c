/* resolve_project.c -- SELECT lists and filters, and what hides in them: time windows, generators, window functions,
 * lateral column aliases.
 *
 *   Project [a, explode(xs) AS x, sum(v) OVER w AS s, s + 1 AS t]
 *     -> Generate, Window and further Projects below, columns in their place (ExtractGenerator,
 * ExtractWindowExpressions, ResolveLateralColumnAliasReference); aggregate functions make it a global Aggregate
 * (GlobalAggregates). */
#include "plan/plan_int.h"

#include <stdio.h>

/* ---- generators ---- */

static const char *element_name(const sp_expr *call, int i)
{
    const char *f = call->function->name;
    bool pos = strncmp(f, "posexplode", 10) == 0;
    if (pos && i == 0)
        return "pos";
    if (call->args[0]->type->kind == SP_MAP)
        return i - pos == 0 ? "key" : "value";
    return "col";
}

static sp_status add_element(sp_ana *z, sp_attrs *l, sp_str name, const sp_type *t, bool nullable, sp_error *err)
{
    sp_attr at = { .id = sp_plan_new_id(), .name = name, .type = t, .nullable = nullable, .watermark_delay_us = -1 };
    return sp_attrs_add(z->arena, l, &at, err);
}

/* What a generator's rows consist of (Generator.elementSchema). */
static sp_status elements(sp_ana *z, const sp_expr *call, sp_attrs *l, sp_error *err)
{
    const char *f = call->function->name;
    const sp_type *t = call->arg_count ? call->args[0]->type : call->type;
    bool explode = strncmp(f, "explode", 7) == 0, pos = strncmp(f, "posexplode", 10) == 0;
    if (!explode && !pos) {
        const sp_type *row = call->type->kind == SP_ARRAY ? call->type->fields[0].type : call->type;
        if (row->kind != SP_STRUCT)
            return add_element(z, l, SP_LIT("col"), row, true, err);
        for (int i = 0; i < row->field_count; i++)
            SP_TRY(add_element(z, l, row->fields[i].name, row->fields[i].type, row->fields[i].nullable, err));
        return SP_OK;
    }
    if (t->kind != SP_ARRAY && t->kind != SP_MAP)
        return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_expr_sql_quoted(z->arena, call),
                       "paramIndex", "first", "requiredType", "(\"ARRAY\" or \"MAP\")", "inputSql",
                       sp_expr_sql_quoted(z->arena, call->args[0]), "inputType", sp_type_sql_quoted(z->arena, t));
    if (pos)
        SP_TRY(add_element(z, l, SP_LIT("pos"), sp_type_of(SP_INT), false, err));
    for (int i = 0; i < t->field_count; i++)
        SP_TRY(add_element(z, l, sp_str_of(element_name(call, l->n)), t->fields[i].type, t->fields[i].nullable, err));
    return SP_OK;
}

static sp_status fail_alias_count(const sp_attrs *l, const sp_str *names, int count, sp_error *err)
{
    sp_buf b = { 0 };
    for (int i = 0; i < count; i++)
        sp_buf_printf(&b, "%s%.*s", i ? "," : "", (int)names[i].n, names[i].p);
    char size[16];
    snprintf(size, sizeof size, "%d", l->n);
    SP_FAIL(err, UDTF_ALIAS_NUMBER_MISMATCH, "aliasesSize", size, "aliasesNames", sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

sp_status sp_make_generate(sp_ana *z, sp_expr *call, const sp_str *names, int name_count, sp_str qualifier, bool outer,
                           sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_plan *g = sp_plan_new(z->arena, SP_P_GENERATE, &child, 1, err);
    sp_attrs l = { 0 };
    sp_exprs kept = { 0 };
    if (!g)
        return SP_FAILED;
    SP_TRY(elements(z, call, &l, err));
    if (name_count && name_count != l.n)
        return fail_alias_count(&l, names, name_count, err);
    const char *f = call->function->name;
    size_t n = strlen(f);
    g->outer = outer || (n > 6 && strcmp(f + n - 6, "_outer") == 0);
    sp_str *q = NULL;
    if (qualifier.n) {
        SP_NEW_ARRAY(q, z->arena, 1, err);
        q[0] = qualifier;
    }
    for (int i = 0; i < l.n; i++) {
        if (name_count)
            l.v[i].name = names[i];
        l.v[i].qualifier = q;
        l.v[i].qualifier_count = q != NULL;
        l.v[i].nullable |= g->outer;
    }
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &child->output[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &kept, c, err));
    }
    g->condition = call;
    g->generator_output = l.v;
    g->generator_output_count = l.n;
    g->exprs = kept.v;
    g->expr_count = kept.n;
    SP_TRY(sp_plan_complete(z->arena, g, err));
    *out = g;
    return SP_OK;
}

static bool visit_generator(void *context, const sp_expr *e)
{
    *(int *)context += sp_expr_is_generator(e);
    return true;
}

static int count_generators(const sp_expr *e)
{
    int n = 0;
    sp_expr_walk(e, visit_generator, &n);
    return n;
}

/* The generator at the top of a list item, or NULL. */
static sp_expr *generator_of(sp_expr *e)
{
    sp_expr *x = e->kind == SP_E_MULTI_ALIAS || e->kind == SP_E_ALIAS ? e->args[0] : e;
    return sp_expr_is_generator(x) ? x : NULL;
}

static sp_status check_generators(sp_ana *z, const sp_exprs *list, int *where, sp_error *err)
{
    int found = 0;
    sp_buf all = { 0 };
    *where = -1;
    for (int i = 0; i < list->n; i++) {
        sp_expr *g = generator_of(list->v[i]);
        int n = count_generators(list->v[i]);
        if (list->v[i]->kind == SP_E_MULTI_ALIAS && !g) {
            sp_buf_done(&all);
            sp_buf names = { 0 };
            for (int k = 0; k < list->v[i]->part_count; k++)
                sp_buf_printf(&names, "%s%s", k ? ", " : "", sp_cstr(z->arena, list->v[i]->parts[k]));
            SP_FAIL(err, MULTI_ALIAS_WITHOUT_GENERATOR, "names", sp_buf_cstr(&names), "expr",
                    sp_expr_sql_quoted(z->arena, list->v[i]->args[0]));
            sp_buf_done(&names);
            return SP_FAILED;
        }
        if (n > (g ? 1 : 0)) {
            sp_buf_done(&all);
            return SP_FAIL(err, UNSUPPORTED_GENERATOR__NESTED_IN_EXPRESSIONS, "expression",
                           sp_expr_sql_quoted(z->arena, sp_expr_strip_alias(list->v[i])));
        }
        if (!g)
            continue;
        sp_buf_printf(&all, "%s%s", found++ ? ", " : "", sp_expr_sql_quoted(z->arena, g));
        *where = i;
    }
    if (found > 1) {
        char n[16];
        snprintf(n, sizeof n, "%d", found);
        SP_FAIL(err, UNSUPPORTED_GENERATOR__MULTI_GENERATOR, "num", n, "generators", sp_buf_cstr(&all));
    }
    sp_buf_done(&all);
    return found > 1 ? SP_FAILED : SP_OK;
}

static sp_status take_generator(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err)
{
    int at;
    SP_TRY(check_generators(z, list, &at, err));
    if (at < 0)
        return SP_OK;
    sp_expr *item = list->v[at], *call = generator_of(item);
    const sp_str *names = item->kind == SP_E_MULTI_ALIAS ? item->parts : item->kind == SP_E_ALIAS ? &item->name : NULL;
    int name_count = item->kind == SP_E_MULTI_ALIAS ? item->part_count : item->kind == SP_E_ALIAS;
    sp_plan *g;
    SP_TRY(sp_make_generate(z, call, names, name_count, (sp_str){ 0 }, false, *child, &g, err));
    sp_exprs l = { 0 };
    for (int i = 0; i < list->n; i++) {
        if (i != at) {
            SP_TRY(sp_exprs_add(z->arena, &l, list->v[i], err));
            continue;
        }
        for (int k = 0; k < g->generator_output_count; k++) {
            sp_expr *c = sp_attr_column(z->arena, &g->generator_output[k], err);
            if (!c)
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, &l, c, err));
        }
    }
    *list = l;
    *child = g;
    return SP_OK;
}

sp_status sp_ana_lateral_view(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_expr *call;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_expr(&s, p->exprs[0], false, &call, err));
    if (!sp_expr_is_generator(call)) {
        const char *name = sp_quote_id(z->arena, p->exprs[0]->name);
        return SP_FAIL(err, UNSUPPORTED_GENERATOR__NOT_GENERATOR, "functionName", name, "classCanonicalName",
                       "a function");
    }
    return sp_make_generate(z, call, p->new_names, p->new_name_count, p->name, p->outer, child, out, err);
}

/* ---- window functions ---- */

typedef struct { sp_ana *z; sp_exprs *made; } extraction;

static sp_expr *take_window(void *context, sp_expr *e, sp_error *err)
{
    extraction *x = context;
    if (e->kind != SP_E_WINDOW)
        return e;
    for (int i = 0; i < x->made->n; i++)
        if (sp_expr_eq(x->made->v[i], e))
            return sp_attr_column(x->z->arena,
                                  &(sp_attr){ .id = x->made->v[i]->id,
                                              .name = x->made->v[i]->name,
                                              .type = e->type,
                                              .nullable = e->nullable,
                                              .watermark_delay_us = -1 },
                                  err);
    char *name = sp_arena_printf(x->z->arena, err, "_we%d", x->made->n);
    sp_expr *alias = name ? sp_expr_alias(x->z->arena, e, sp_str_of(name), sp_plan_new_id(), err) : NULL;
    if (!alias || sp_exprs_add(x->z->arena, x->made, alias, err) != SP_OK)
        return NULL;
    sp_attr at = sp_expr_attr_of(alias);
    return sp_attr_column(x->z->arena, &at, err);
}

static bool same_spec(const sp_window_spec *a, const sp_window_spec *b)
{
    if (a->partition_count != b->partition_count || a->order_count != b->order_count)
        return false;
    for (int i = 0; i < a->partition_count; i++)
        if (!sp_expr_eq(a->partition[i], b->partition[i]))
            return false;
    for (int i = 0; i < a->order_count; i++)
        if (!sp_expr_eq(a->order[i], b->order[i]))
            return false;
    return true;
}

sp_status sp_extract_windows(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err)
{
    sp_exprs made = { 0 };
    extraction x = { z, &made };
    for (int i = 0; i < list->n; i++) {
        sp_expr *e = list->v[i];
        if (!sp_expr_has_kind(e, SP_E_WINDOW))
            continue;
        if (e->kind == SP_E_ALIAS && e->args[0]->kind == SP_E_WINDOW) {    /* keeps its own name and id */
            SP_TRY(sp_exprs_add(z->arena, &made, e, err));
            sp_attr at = sp_expr_attr_of(e);
            if (!(list->v[i] = sp_attr_column(z->arena, &at, err)))
                return SP_FAILED;
        } else if (!(list->v[i] = sp_expr_transform(z->arena, e, take_window, &x, err))) {
            return SP_FAILED;
        }
    }
    bool *done;
    SP_NEW_ARRAY(done, z->arena, made.n + 1, err);
    for (int i = 0; i < made.n; i++) {
        if (done[i])
            continue;
        sp_plan *w = sp_plan_new(z->arena, SP_P_WINDOW, child, 1, err);
        sp_exprs same = { 0 };
        if (!w)
            return SP_FAILED;
        for (int k = i; k < made.n; k++)
            if (!done[k] && same_spec(made.v[i]->args[0]->window, made.v[k]->args[0]->window)) {
                done[k] = true;
                SP_TRY(sp_exprs_add(z->arena, &same, made.v[k], err));
            }
        w->exprs = same.v;
        w->expr_count = same.n;
        SP_TRY(sp_plan_complete(z->arena, w, err));
        *child = w;
    }
    return SP_OK;
}

/* ---- lateral column aliases ---- */

typedef struct { const sp_exprs *list; const int *level; int upto, max; } leveling;

static bool visit_level(void *context, const sp_expr *e)
{
    leveling *v = context;
    if (e->kind == SP_E_COLUMN)
        for (int i = 0; i < v->upto; i++)
            if (v->list->v[i]->kind == SP_E_ALIAS && v->list->v[i]->id == e->id && v->level[i] + 1 > v->max)
                v->max = v->level[i] + 1;
    return true;
}

/* Items that name aliases to their left are computed in a Project above those. */
static sp_status stack_projects(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err)
{
    int *level, top = 0;
    SP_NEW_ARRAY(level, z->arena, list->n + 1, err);
    for (int i = 0; i < list->n; i++) {
        leveling v = { list, level, i, 0 };
        sp_expr_walk(list->v[i], visit_level, &v);
        level[i] = v.max;
        top = v.max > top ? v.max : top;
    }
    for (int l = 0; l < top; l++) {
        sp_exprs inner = { 0 };
        for (int i = 0; i < (*child)->output_count; i++) {
            sp_expr *c = sp_attr_column(z->arena, &(*child)->output[i], err);
            if (!c)
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, &inner, c, err));
        }
        for (int i = 0; i < list->n; i++) {
            if (level[i] != l || list->v[i]->kind != SP_E_ALIAS)
                continue;
            SP_TRY(sp_exprs_add(z->arena, &inner, list->v[i], err));
            sp_attr at = sp_expr_attr_of(list->v[i]);
            if (!(list->v[i] = sp_attr_column(z->arena, &at, err)))
                return SP_FAILED;
        }
        if (!(*child = sp_plan_project(z->arena, inner.v, inner.n, *child, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

/* ---- nodes ---- */

static sp_status cut_alias(sp_ana *z, sp_exprs *list, sp_error *err)
{
    for (int i = 0; i < list->n; i++)
        if (sp_is_window_marker(list->v[i]))
            return sp_error_internal(err, "a time window was left in the select list");
    return SP_OK;
}

sp_status sp_build_project(sp_ana *z, sp_exprs *list, sp_plan *child, int64_t plan_id, const sp_origin *origin,
                           sp_plan **out, sp_error *err)
{
    bool aggregates = false;
    for (int i = 0; i < list->n; i++)
        aggregates |= sp_expr_has_agg(list->v[i]);
    if (aggregates) {
        sp_exprs none = { 0 };
        return sp_build_aggregate(z, &none, list, child, origin, out, err);
    }
    SP_TRY(sp_take_time_windows(z, &list, 1, &child, NULL, err));
    SP_TRY(cut_alias(z, list, err));
    SP_TRY(sp_take_subqueries(z, list, &child, err));
    SP_TRY(take_generator(z, list, &child, err));
    SP_TRY(stack_projects(z, list, &child, err));
    SP_TRY(sp_extract_windows(z, list, &child, err));
    *out = sp_plan_project(z->arena, list->v, list->n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_project(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_exprs list = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    s.aliases = &list;
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &list, err));
    return sp_build_project(z, &list, child, p->plan_id, &p->origin, out, err);
}

static sp_status check_condition(sp_ana *z, const sp_expr *c, sp_error *err)
{
    const char *text = sp_expr_sql_quoted(z->arena, c);
    if (c->type->kind != SP_BOOLEAN && c->type->kind != SP_VOID) {
        SP_FAIL(err, DATATYPE_MISMATCH__FILTER_NOT_BOOLEAN, "sqlExpr", text, "filter", text, "type",
                sp_type_sql_quoted(z->arena, c->type));
        sp_error_at(err, &c->origin, z->arena);
        return SP_FAILED;
    }
    if (sp_expr_has_agg(c) || sp_expr_has_kind(c, SP_E_WINDOW) || count_generators(c))
        return SP_FAIL(err, INVALID_WHERE_CONDITION, "condition", text, "expressionList", text);
    return SP_OK;
}

/* Filter over *child; subqueries in the condition become joins below it. */
sp_status sp_filter_over(sp_ana *z, sp_expr *condition, sp_plan **child, sp_error *err)
{
    if (sp_expr_has_kind(condition, SP_E_SUBQUERY)) {
        sp_optimizer o = { z->arena, z->conf };
        sp_exprs conjuncts = { 0 };
        SP_TRY(sp_split_and(z->arena, condition, &conjuncts, err));
        SP_TRY(sp_take_predicates(z, &conjuncts, child, err));
        SP_TRY(sp_take_subqueries(z, &conjuncts, child, err));
        if (!conjuncts.n)
            return SP_OK;
        if (!(condition = sp_join_and(&o, conjuncts.v, conjuncts.n, err)))
            return SP_FAILED;
    }
    *child = sp_plan_filter(z->arena, condition, *child, err);
    return *child ? SP_OK : SP_FAILED;
}

/* The filter p over its child, which is resolved already. */
sp_status sp_ana_filter_resolved(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_exprs l = { 0 };
    sp_plan *child = p->children[0], *wide = child;
    SP_TRY(sp_resolve_with_hidden(z, &wide, &p->condition, 1, &l, err));
    sp_exprs *lists[] = { &l };
    sp_plan *below = wide;
    SP_TRY(sp_take_time_windows(z, lists, 1, &below, NULL, err));
    sp_expr *c = sp_expr_strip_alias(l.v[0]);
    SP_TRY(check_condition(z, c, err));
    SP_TRY(sp_filter_over(z, c, &below, err));
    *out = below;
    bool same = below->output_count == child->output_count;
    for (int i = 0; same && i < child->output_count; i++)
        same = below->output[i].id == child->output[i].id;
    if (!same)
        *out = sp_plan_project_attrs(z->arena, child->output, child->output_count, below, err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_filter(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child, over = *p;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    over.children = &child;
    return sp_ana_filter_resolved(z, &over, out, err);
}
