/* resolve_unpivot.c -- UNPIVOT and Dataset.unpivot (melt): one row per value column, by Expand (ResolveUnpivot,
 * UnpivotTransformer). */
#include "plan/plan_int.h"

#include <stdio.h>

typedef struct { sp_exprs *sets; sp_str *names; int count, width; } value_sets;

static sp_status read_set(sp_scope *s, sp_expr *const *exprs, int n, sp_exprs *set, sp_str *name, sp_error *err)
{
    sp_buf b = { 0 };
    for (int i = 0; i < n; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_expr(s, exprs[i], true, &e, err));
        if (exprs[i]->kind == SP_E_ALIAS)
            *name = exprs[i]->name;
        sp_buf_printf(&b, "%s%.*s", i ? "_" : "", (int)e->name.n, e->name.p ? e->name.p : "");
        SP_TRY(sp_exprs_add(s->z->arena, set, sp_expr_strip_alias(e), err));
    }
    if (!name->p)
        *name = sp_str_copy(s->z->arena, sp_str_of(sp_buf_cstr(&b)), err);
    sp_buf_done(&b);
    return name->p ? SP_OK : SP_FAILED;
}

static bool is_among(const sp_exprs *l, int64_t id)
{
    for (int i = 0; i < l->n; i++)
        if (l->v[i]->kind == SP_E_COLUMN && l->v[i]->id == id)
            return true;
    return false;
}

static sp_status read_sets(sp_scope *s, const sp_plan *p, const sp_exprs *ids, value_sets *v, sp_error *err)
{
    sp_ana *z = s->z;
    v->count = p->list_count ? p->list_count : s->attr_count;
    SP_NEW_ARRAY(v->sets, z->arena, v->count + 1, err);
    SP_NEW_ARRAY(v->names, z->arena, v->count + 1, err);
    if (p->list_count) {
        for (int i = 0; i < p->list_count; i++)
            SP_TRY(read_set(s, p->lists[i], p->list_counts[i], &v->sets[i], &v->names[i], err));
        v->width = p->list_counts[0];
        return SP_OK;
    }
    int n = 0;
    for (int i = 0; i < s->attr_count; i++) {
        if (is_among(ids, s->attrs[i].id))
            continue;
        sp_expr *c = sp_attr_column(z->arena, &s->attrs[i], err);
        if (!c)
            return SP_FAILED;
        v->names[n] = s->attrs[i].name;
        SP_TRY(sp_exprs_add(z->arena, &v->sets[n++], c, err));
    }
    v->count = n;
    v->width = 1;
    return SP_OK;
}

/* SQL's UNPIVOT: ids are the columns that are no values. */
static sp_status other_columns(sp_scope *s, const value_sets *v, sp_exprs *ids, sp_error *err)
{
    for (int i = 0; i < s->attr_count; i++) {
        bool value = false;
        for (int k = 0; k < v->count && !value; k++)
            value = is_among(&v->sets[k], s->attrs[i].id);
        if (value)
            continue;
        sp_expr *c = sp_attr_column(s->z->arena, &s->attrs[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(s->z->arena, ids, c, err));
    }
    return SP_OK;
}

static sp_status fail_types(sp_ana *z, const value_sets *v, int column, sp_error *err)
{
    sp_buf b = { 0 };
    for (int i = 0; i < v->count; i++)
        sp_buf_printf(&b, "%s%s (%s)", i ? ", " : "", sp_type_sql_quoted(z->arena, v->sets[i].v[column]->type),
                      sp_quote_id(z->arena, v->sets[i].v[column]->name));
    SP_FAIL(err, UNPIVOT_VALUE_DATA_TYPE_MISMATCH, "types", sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

static sp_status widen(sp_ana *z, value_sets *v, sp_error *err)
{
    for (int c = 0; c < v->width; c++) {
        sp_expr **all;
        SP_NEW_ARRAY(all, z->arena, v->count, err);
        for (int i = 0; i < v->count; i++) {
            if (v->sets[i].n != v->width)
                return SP_FAIL(err, UNPIVOT_VALUE_SIZE_MISMATCH, "names", sp_error_format(err, "%d", v->width));
            all[i] = v->sets[i].v[c];
        }
        sp_error ignored = { 0 };
        const sp_type *t = v->count == 1 ? all[0]->type : sp_widest_of(z->arena, all, v->count, z->conf, &ignored);
        if (!t)
            return fail_types(z, v, c, err);
        for (int i = 0; i < v->count; i++)
            SP_TRY(sp_ana_cast(z, all[i], t, &v->sets[i].v[c], err));
    }
    return SP_OK;
}

static sp_status outputs(sp_ana *z, const sp_plan *p, const sp_exprs *ids, const value_sets *v, sp_attrs *out,
                         sp_error *err)
{
    for (int i = 0; i < ids->n; i++) {
        sp_attr at = sp_expr_attr_of(ids->v[i]);
        at.id = sp_plan_new_id();
        SP_TRY(sp_attrs_add(z->arena, out, &at, err));
    }
    for (int i = 0; i <= v->width; i++) {
        sp_attr at = { .id = sp_plan_new_id(),
                       .name = p->new_name_count > i ? p->new_names[i]
                               : i                   ? SP_LIT("value")
                                                     : SP_LIT("variable"),
                       .type = i ? v->sets[0].v[i - 1]->type : sp_type_of(SP_STRING),
                       .nullable = i > 0,
                       .watermark_delay_us = -1 };
        SP_TRY(sp_attrs_add(z->arena, out, &at, err));
    }
    return SP_OK;
}

/* Rows whose values are all null are left out. */
static sp_status drop_nulls(sp_ana *z, const value_sets *v, int first, sp_plan **p, sp_error *err)
{
    sp_expr *any = NULL;
    for (int i = 0; i < v->width; i++) {
        sp_expr *c = sp_attr_column(z->arena, &(*p)->output[first + i], err), *there;
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_ana_call(z, "isnotnull", &c, 1, &there, err));
        if (any)
            SP_TRY(sp_ana_call(z, "or", (sp_expr *[]){ any, there }, 2, &any, err));
        else
            any = there;
    }
    *p = sp_plan_filter(z->arena, any, *p, err);
    return *p ? SP_OK : SP_FAILED;
}

sp_status sp_ana_unpivot(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_exprs ids = { 0 };
    value_sets v = { 0 };
    sp_attrs output = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &ids, err));
    SP_TRY(read_sets(&s, p, &ids, &v, err));
    if (!v.count)
        return SP_FAIL(err, UNPIVOT_REQUIRES_VALUE_COLUMNS);
    if (p->shuffle)
        SP_TRY(other_columns(&s, &v, &ids, err));
    SP_TRY(widen(z, &v, err));
    SP_TRY(outputs(z, p, &ids, &v, &output, err));
    sp_plan *x = sp_plan_new(z->arena, SP_P_EXPAND, &child, 1, err);
    if (!x)
        return SP_FAILED;
    SP_NEW_ARRAY(x->lists, z->arena, v.count, err);
    SP_NEW_ARRAY(x->list_counts, z->arena, v.count, err);
    x->list_count = v.count;
    for (int i = 0; i < v.count; i++) {
        sp_exprs l = { 0 };
        sp_value name = sp_value_str(v.names[i]);
        sp_expr *text = sp_expr_literal(z->arena, &name, err);
        for (int k = 0; k < ids.n; k++)
            SP_TRY(sp_exprs_add(z->arena, &l, sp_expr_strip_alias(ids.v[k]), err));
        if (!text)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, text, err));
        for (int k = 0; k < v.width; k++)
            SP_TRY(sp_exprs_add(z->arena, &l, v.sets[i].v[k], err));
        x->lists[i] = l.v;
        x->list_counts[i] = l.n;
    }
    x->generator_output = output.v;
    x->generator_output_count = output.n;
    SP_TRY(sp_plan_complete(z->arena, x, err));
    *out = x;
    return p->outer ? SP_OK : drop_nulls(z, &v, ids.n + 1, out, err);
}
