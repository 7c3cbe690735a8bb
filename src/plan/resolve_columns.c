/* resolve_columns.c -- Dataset's column sugar: withColumns, withColumnsRenamed, drop, toDF, to(schema), na.fill,
 * na.drop, na.replace. Each becomes a Project or Filter, as Dataset.scala, DataFrameNaFunctions.scala and
 * Project.matchSchema make them. */
#include "plan/plan_int.h"

static bool same_name(const sp_ana *z, sp_str a, sp_str b)
{
    return z->conf->case_sensitive ? sp_str_eq(a, b) : sp_str_eq_nocase(a, b);
}

static sp_expr *column(sp_ana *z, const sp_attr *at, sp_error *err)
{
    return sp_attr_column(z->arena, at, err);
}

static sp_status renamed(sp_ana *z, const sp_attr *at, sp_str name, sp_expr **out, sp_error *err)
{
    sp_expr *c = column(z, at, err), *as;
    if (!c || !(as = sp_expr_alias(z->arena, c, name, sp_plan_new_id(), err)))
        return SP_FAILED;
    as->metadata = c->metadata;
    as->watermark_delay_us = c->watermark_delay_us;
    as->is_time_window = c->is_time_window;
    *out = as;
    return SP_OK;
}

/* ---- withColumns, rename, drop, toDF ---- */

static sp_status check_duplicates(sp_ana *z, const sp_exprs *made, sp_error *err)
{
    for (int i = 0; i < made->n; i++)
        for (int k = 0; k < i; k++)
            if (same_name(z, made->v[i]->name, made->v[k]->name))
                return SP_FAIL(err, COLUMN_ALREADY_EXISTS, "columnName", sp_quote_id(z->arena, made->v[i]->name));
    return SP_OK;
}

sp_status sp_ana_with_columns(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_scope s;
    sp_exprs made = { 0 }, l = { 0 };
    bool *used;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &made, err));
    SP_TRY(check_duplicates(z, &made, err));
    SP_NEW_ARRAY(used, z->arena, made.n + 1, err);
    for (int i = 0; i < child->output_count; i++) {
        int hit = -1;
        for (int k = 0; k < made.n && hit < 0; k++)
            if (same_name(z, made.v[k]->name, child->output[i].name))
                hit = k;
        sp_expr *e = hit >= 0 ? made.v[hit] : column(z, &child->output[i], err);
        if (!e)
            return SP_FAILED;
        if (hit >= 0)
            used[hit] = true;
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    for (int k = 0; k < made.n; k++)
        if (!used[k])
            SP_TRY(sp_exprs_add(z->arena, &l, made.v[k], err));
    return sp_build_project(z, &l, child, -1, &p->origin, out, err);
}

sp_status sp_ana_rename(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *e = column(z, &child->output[i], err);
        if (!e)
            return SP_FAILED;
        for (int k = p->part_count - 1; k >= 0; k--)
            if (same_name(z, p->parts[k], child->output[i].name)) {
                SP_TRY(renamed(z, &child->output[i], p->new_names[k], &e, err));
                break;
            }
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

/* Columns to drop that do not exist are no error (ResolveDataFrameDropColumns). */
static sp_status drop_ids(sp_ana *z, const sp_plan *p, sp_plan *child, sp_exprs *l, sp_error *err)
{
    sp_scope s;
    sp_scope_init(&s, z, &child, 1, err);
    for (int i = 0; i < p->expr_count; i++) {
        sp_expr *e = NULL;
        sp_error first = { .arena = err->arena };
        if (sp_resolve_expr(&s, p->exprs[i], false, &e, &first) == SP_OK) {
            SP_TRY(sp_exprs_add(z->arena, l, e, err));
            continue;
        }
        if (first.condition != SP_COND_UNRESOLVED_COLUMN__WITH_SUGGESTION &&
            first.condition != SP_COND_UNRESOLVED_COLUMN__WITHOUT_SUGGESTION &&
            first.condition != SP_COND_CANNOT_RESOLVE_DATAFRAME_COLUMN) {
            sp_error_copy(err, &first);
            return SP_FAILED;
        }
    }
    return SP_OK;
}

sp_status sp_ana_drop(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 }, gone = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    SP_TRY(drop_ids(z, p, child, &gone, err));
    for (int i = 0; i < child->output_count; i++) {
        const sp_attr *at = &child->output[i];
        bool drop = false;
        for (int k = 0; k < p->part_count && !drop; k++)
            drop = same_name(z, p->parts[k], at->name);
        for (int k = 0; k < gone.n && !drop; k++)
            drop = gone.v[k]->kind == SP_E_COLUMN && gone.v[k]->id == at->id;
        if (drop)
            continue;
        sp_expr *e = column(z, at, err);
        if (!e)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

static void put_names(sp_buf *b, const sp_attr *v, int n)
{
    for (int i = 0; i < n; i++)
        sp_buf_printf(b, "%s%.*s", i ? ", " : "", (int)v[i].name.n, v[i].name.p);
}

sp_status sp_ana_to_df(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    if (p->new_name_count != child->output_count) {
        sp_buf old = { 0 }, new = { 0 };
        put_names(&old, child->output, child->output_count);
        for (int i = 0; i < p->new_name_count; i++)
            sp_buf_printf(&new, "%s%.*s", i ? ", " : "", (int)p->new_names[i].n, p->new_names[i].p);
        sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                       "requirement failed: The number of columns doesn't match.\nOld column names (%d): %s\n"
                       "New column names (%d): %s",
                       child->output_count, sp_buf_cstr(&old), p->new_name_count, sp_buf_cstr(&new));
        sp_buf_done(&old);
        sp_buf_done(&new);
        return SP_FAILED;
    }
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *e;
        SP_TRY(renamed(z, &child->output[i], p->new_names[i], &e, err));
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- to(schema) ---- */

static sp_status match_field(sp_ana *z, const sp_plan *child, const sp_field *f, sp_expr **out, sp_error *err)
{
    const sp_attr *at = NULL;
    for (int i = 0; i < child->output_count && !at; i++)
        if (same_name(z, child->output[i].name, f->name))
            at = &child->output[i];
    sp_expr *e;
    if (!at) {
        if (!f->nullable) {
            sp_scope s;
            sp_scope_init(&s, z, (sp_plan *const[]){ (sp_plan *)child }, 1, err);
            return sp_fail_unresolved(&s, &f->name, 1, NULL, err);
        }
        sp_value v = sp_value_null(f->type);
        e = sp_expr_literal(z->arena, &v, err);
    } else {
        if (at->nullable && !f->nullable)
            return SP_FAIL(err, NULLABLE_COLUMN_OR_FIELD, "name", sp_quote_id(z->arena, f->name));
        if (!sp_can_cast(at->type, f->type, true))
            return SP_FAIL(err, INVALID_COLUMN_OR_FIELD_DATA_TYPE, "name", sp_quote_id(z->arena, f->name), "type",
                           sp_type_sql_quoted(z->arena, at->type), "expectedType",
                           sp_type_sql_quoted(z->arena, f->type));
        e = column(z, at, err);
        if (e)
            SP_TRY(sp_ana_cast(z, e, f->type, &e, err));
    }
    if (!e || !(*out = sp_expr_alias(z->arena, e, f->name, sp_plan_new_id(), err)))
        return SP_FAILED;
    (*out)->metadata = f->metadata;
    return SP_OK;
}

sp_status sp_ana_to_schema(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    for (int i = 0; i < p->schema->field_count; i++) {
        sp_expr *e = NULL;
        SP_TRY(match_field(z, child, &p->schema->fields[i], &e, err));
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- na ---- */

/* Which of p->parts an attribute is, 0 when all columns are meant, -1 when it is none of them. */
static int subset_index(const sp_ana *z, const sp_plan *p, sp_str name)
{
    for (int i = 0; i < p->part_count; i++)
        if (same_name(z, p->parts[i], name))
            return i;
    return p->part_count ? -1 : 0;
}

static sp_status check_subset(sp_ana *z, const sp_plan *p, sp_plan *child, sp_error *err)
{
    sp_scope s;
    sp_scope_init(&s, z, &child, 1, err);
    for (int i = 0; i < p->part_count; i++) {
        bool found = false;
        for (int k = 0; k < child->output_count && !found; k++)
            found = same_name(z, p->parts[i], child->output[k].name);
        if (!found)
            return sp_fail_unresolved(&s, &p->parts[i], 1, &p->origin, err);
    }
    return SP_OK;
}

static bool fits(const sp_type *column_type, const sp_type *value)
{
    if (sp_kind_is_numeric(value->kind))
        return sp_kind_is_numeric(column_type->kind);
    return value->kind == column_type->kind;
}

static bool is_floating(const sp_type *t)
{
    return t->kind == SP_FLOAT || t->kind == SP_DOUBLE;
}

static sp_status filled(sp_ana *z, const sp_attr *at, sp_expr *value, sp_expr **out, sp_error *err)
{
    sp_expr *c = column(z, at, err), *v;
    if (!c)
        return SP_FAILED;
    SP_TRY(sp_ana_cast(z, value, at->type, &v, err));
    if (is_floating(at->type)) {
        sp_value none = sp_value_null(at->type);
        sp_expr *null = sp_expr_literal(z->arena, &none, err);
        if (!null)
            return SP_FAILED;
        SP_TRY(sp_ana_call(z, "nanvl", (sp_expr *[]){ c, null }, 2, &c, err));
    }
    SP_TRY(sp_ana_call(z, "coalesce", (sp_expr *[]){ c, v }, 2, &c, err));
    *out = sp_expr_alias(z->arena, c, at->name, sp_plan_new_id(), err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_na_fill(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    SP_TRY(check_subset(z, p, child, err));
    for (int i = 0; i < child->output_count; i++) {
        const sp_attr *at = &child->output[i];
        int k = subset_index(z, p, at->name);
        sp_expr *value = k < 0 ? NULL : p->exprs[p->expr_count == 1 ? 0 : k], *e;
        if (value && fits(at->type, value->literal.type))
            SP_TRY(filled(z, at, value, &e, err));
        else if (!(e = column(z, at, err)))
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

/* The column is neither null nor NaN. */
static sp_status is_present(sp_ana *z, const sp_attr *at, sp_expr **out, sp_error *err)
{
    sp_expr *c = column(z, at, err), *nan;
    if (!c)
        return SP_FAILED;
    SP_TRY(sp_ana_call(z, "isnotnull", &c, 1, out, err));
    if (!is_floating(at->type))
        return SP_OK;
    SP_TRY(sp_ana_call(z, "isnan", &c, 1, &nan, err));
    SP_TRY(sp_ana_call(z, "not", &nan, 1, &nan, err));
    return sp_ana_call(z, "and", (sp_expr *[]){ *out, nan }, 2, out, err);
}

static sp_status at_least(sp_ana *z, const sp_exprs *present, int64_t least, sp_expr **out, sp_error *err)
{
    if (least >= present->n || least <= 0) {
        *out = NULL;
        for (int i = 0; i < present->n; i++)
            if (!*out)
                *out = present->v[i];
            else
                SP_TRY(sp_ana_call(z, "and", (sp_expr *[]){ *out, present->v[i] }, 2, out, err));
        return SP_OK;
    }
    sp_expr *sum = NULL, *one = sp_ana_int(z, SP_INT, 1, err), *zero = sp_ana_int(z, SP_INT, 0, err),
            *n = sp_ana_int(z, SP_INT, least, err);
    if (!one || !zero || !n)
        return SP_FAILED;
    for (int i = 0; i < present->n; i++) {
        sp_expr *each;
        SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ present->v[i], one, zero }, 3, &each, err));
        if (sum)
            SP_TRY(sp_ana_call(z, "+", (sp_expr *[]){ sum, each }, 2, &sum, err));
        else
            sum = each;
    }
    return sp_ana_call(z, ">=", (sp_expr *[]){ sum, n }, 2, out, err);
}

sp_status sp_ana_na_drop(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs present = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    SP_TRY(check_subset(z, p, child, err));
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *e;
        if (subset_index(z, p, child->output[i].name) < 0)
            continue;
        SP_TRY(is_present(z, &child->output[i], &e, err));
        SP_TRY(sp_exprs_add(z->arena, &present, e, err));
    }
    *out = child;
    if (!present.n)
        return SP_OK;
    sp_expr *condition;
    if (p->count > present.n) {          /* more than there are: nothing passes */
        sp_value no = sp_value_bool(false);
        if (!(condition = sp_expr_literal(z->arena, &no, err)))
            return SP_FAILED;
    } else {
        SP_TRY(at_least(z, &present, p->count, &condition, err));
    }
    *out = sp_plan_filter(z->arena, condition, child, err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_na_replace(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs l = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    SP_TRY(check_subset(z, p, child, err));
    int n = p->list_count > 1 ? p->list_counts[0] : 0;
    for (int i = 0; i < child->output_count; i++) {
        const sp_attr *at = &child->output[i];
        sp_expr *c = column(z, at, err), *e = c;
        if (!c)
            return SP_FAILED;
        for (int k = n - 1; k >= 0 && subset_index(z, p, at->name) >= 0; k--) {
            sp_expr *from = p->lists[0][k], *to = p->lists[1][k], *same;
            const sp_type *kind = from->literal.type->kind == SP_VOID ? to->literal.type : from->literal.type;
            if (!fits(at->type, kind))
                continue;
            if (from->literal.is_null) {
                SP_TRY(sp_ana_call(z, "isnull", &c, 1, &same, err));
            } else {
                SP_TRY(sp_ana_cast(z, from, at->type, &from, err));
                SP_TRY(sp_ana_call(z, "=", (sp_expr *[]){ c, from }, 2, &same, err));
            }
            SP_TRY(sp_ana_cast(z, to, at->type, &to, err));
            SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ same, to, e }, 3, &e, err));
        }
        if (e != c && !(e = sp_expr_alias(z->arena, e, at->name, sp_plan_new_id(), err)))
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}
