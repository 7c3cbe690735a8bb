/* resolve_join.c -- joins (ON, USING, NATURAL) and set operations by position and by name.
 * From Spark's ResolveNaturalAndUsingJoin, WidenSetOperationTypes, ResolveUnion and CheckAnalysis. */
#include "plan/plan_int.h"

#include <stdio.h>

static bool same_name(const sp_ana *z, sp_str a, sp_str b)
{
    return z->conf->case_sensitive ? sp_str_eq(a, b) : sp_str_eq_nocase(a, b);
}

static sp_status make_join(sp_ana *z, const sp_plan *p, sp_plan *l, sp_plan *r, sp_expr *condition, sp_plan **out,
                           sp_error *err)
{
    sp_plan *j = sp_plan_new(z->arena, SP_P_JOIN, (sp_plan *[]){ l, r }, 2, err);
    if (!j)
        return SP_FAILED;
    j->join_type = p->join_type;
    j->condition = condition;
    j->origin = p->origin;
    SP_TRY(sp_plan_complete(z->arena, j, err));
    *out = j;
    return SP_OK;
}

/* A right side that may name columns of the left (LATERAL). */
static sp_status lateral_right(sp_ana *z, const sp_plan *p, sp_plan *left, sp_plan **right, bool *correlated,
                               sp_error *err)
{
    sp_scope around;
    sp_scope *was = z->outer;
    sp_scope_init(&around, z, &left, 1, err);
    z->outer = &around;
    sp_status status = sp_ana_child(z, p, 1, right, err);
    z->outer = was;
    *correlated = around.used_outer;
    return status;
}

/* left JOIN LATERAL generator(...) is a lateral view. *out stays NULL when the right side is something else. */
static sp_status generator_join(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    const sp_plan *r = p->children[1], *alias = r->kind == SP_P_ALIAS ? r : NULL;
    r = alias ? alias->children[0] : r;
    const sp_function *f = r->kind == SP_P_TABLE_FUNCTION ? sp_function_find(r->name) : NULL;
    if (!f || !(f->flags & SP_FN_GENERATOR) ||
        (p->join_type != SP_JOIN_INNER && p->join_type != SP_JOIN_CROSS && p->join_type != SP_JOIN_LEFT))
        return SP_OK;
    sp_plan view = { .kind = SP_P_LATERAL_VIEW,
                     .plan_id = -1,
                     .children = p->children,
                     .child_count = 1,
                     .outer = p->join_type == SP_JOIN_LEFT,
                     .origin = r->origin };
    sp_expr *call = sp_expr_function(z->arena, f->name, r->exprs, r->expr_count, err);
    if (!call)
        return SP_FAILED;
    call->origin = r->origin;
    view.exprs = &call;
    view.expr_count = 1;
    view.name = alias ? alias->name : (sp_str){ 0 };
    view.new_names = alias ? alias->new_names : NULL;
    view.new_name_count = alias ? alias->new_name_count : 0;
    sp_plan *made,
        filter = { .kind = SP_P_FILTER, .plan_id = -1, .condition = p->condition, .child_count = 1, .children = &made };
    SP_TRY(sp_ana_plan(z, &view, &made, err));
    *out = made;
    return p->condition ? sp_ana_filter_resolved(z, &filter, out, err) : SP_OK;
}

sp_status sp_ana_join(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    *out = NULL;
    if (p->outer && !(p->join_type == SP_JOIN_LEFT && p->condition))
        SP_TRY(generator_join(z, p, out, err));
    if (*out)
        return SP_OK;
    sp_plan *sides[2];
    sp_expr *condition = NULL;
    bool correlated = false;
    SP_TRY(sp_ana_child(z, p, 0, &sides[0], err));
    if (p->outer)
        SP_TRY(lateral_right(z, p, sides[0], &sides[1], &correlated, err));
    else
        SP_TRY(sp_ana_child(z, p, 1, &sides[1], err));
    if (p->condition) {
        sp_scope s;
        sp_scope_init(&s, z, sides, 2, err);
        SP_TRY(sp_resolve_expr(&s, p->condition, false, &condition, err));
        condition = sp_expr_strip_alias(condition);
        if (condition->type->kind != SP_BOOLEAN && condition->type->kind != SP_VOID)
            return SP_FAIL(err, JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE, "joinCondition",
                           sp_expr_sql_quoted(z->arena, condition), "conditionType",
                           sp_type_sql_quoted(z->arena, condition->type));
    }
    SP_TRY(make_join(z, p, sides[0], sides[1], condition, out, err));
    return correlated ? sp_decorrelate_lateral(z, *out, out, err) : SP_OK;
}

/* ---- USING and NATURAL ---- */

static sp_status using_key(sp_ana *z, const sp_plan *side, const char *which, sp_str name, sp_expr **out, sp_error *err)
{
    sp_scope s;
    sp_plan *one = (sp_plan *)side;
    sp_scope_init(&s, z, &one, 1, err);
    SP_TRY(sp_resolve_parts(&s, &name, 1, side->output, side->output_count, false, NULL, out, err));
    if (*out)
        return SP_OK;
    sp_buf b = { 0 };
    for (int i = 0; i < side->output_count; i++)
        sp_buf_printf(&b, "%s%s", i ? ", " : "", sp_quote_id(z->arena, side->output[i].name));
    SP_FAIL(err, UNRESOLVED_USING_COLUMN_FOR_JOIN, "colName", sp_quote_id(z->arena, name), "side", which, "suggestion",
            sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

static sp_status common_names(sp_ana *z, const sp_plan *l, const sp_plan *r, sp_str **names, int *count, sp_error *err)
{
    SP_NEW_ARRAY(*names, z->arena, l->output_count + 1, err);
    *count = 0;
    for (int i = 0; i < l->output_count; i++)
        for (int k = 0; k < r->output_count; k++)
            if (same_name(z, l->output[i].name, r->output[k].name)) {
                (*names)[(*count)++] = l->output[i].name;
                break;
            }
    return SP_OK;
}

/* The join's output columns that are not among keys. The join knows which became nullable. */
static sp_status others(sp_ana *z, const sp_plan *join, const sp_plan *side, const sp_exprs *keys, sp_exprs *l,
                        sp_error *err)
{
    for (int i = 0; i < side->output_count; i++) {
        bool key = false;
        for (int k = 0; k < keys->n && !key; k++)
            key = keys->v[k]->id == side->output[i].id;
        const sp_attr *at = sp_attrs_find(join->output, join->output_count, side->output[i].id);
        if (key || !at)
            continue;
        sp_expr *c = sp_attr_column(z->arena, at, err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, l, c, err));
    }
    return SP_OK;
}

static sp_status joined_key(sp_ana *z, sp_join_type t, sp_expr *l, sp_expr *r, sp_expr **out, sp_error *err)
{
    *out = t == SP_JOIN_RIGHT ? r : l;
    if (t != SP_JOIN_FULL)
        return SP_OK;
    sp_expr *either;
    SP_TRY(sp_ana_call(z, "coalesce", (sp_expr *[]){ l, r }, 2, &either, err));
    *out = sp_expr_alias(z->arena, either, l->name, sp_plan_new_id(), err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_join_using(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *l, *r, *join;
    sp_str *names = p->parts;
    int count = p->part_count;
    SP_TRY(sp_ana_child(z, p, 0, &l, err));
    SP_TRY(sp_ana_child(z, p, 1, &r, err));
    if (p->natural)
        SP_TRY(common_names(z, l, r, &names, &count, err));
    sp_exprs lk = { 0 }, rk = { 0 }, list = { 0 };
    sp_expr *condition = NULL;
    for (int i = 0; i < count; i++) {
        sp_expr *a, *b, *eq;
        SP_TRY(using_key(z, l, "left", names[i], &a, err));
        SP_TRY(using_key(z, r, "right", names[i], &b, err));
        SP_TRY(sp_exprs_add(z->arena, &lk, a, err));
        SP_TRY(sp_exprs_add(z->arena, &rk, b, err));
        SP_TRY(sp_ana_call(z, "=", (sp_expr *[]){ a, b }, 2, &eq, err));
        if (condition)
            SP_TRY(sp_ana_call(z, "and", (sp_expr *[]){ condition, eq }, 2, &condition, err));
        else
            condition = eq;
    }
    SP_TRY(make_join(z, p, l, r, condition, &join, err));
    for (int i = 0; i < count; i++) {
        sp_expr *key;
        SP_TRY(joined_key(z, p->join_type, lk.v[i], rk.v[i], &key, err));
        SP_TRY(sp_exprs_add(z->arena, &list, key, err));
    }
    SP_TRY(others(z, join, l, &lk, &list, err));
    if (p->join_type != SP_JOIN_SEMI && p->join_type != SP_JOIN_ANTI)
        SP_TRY(others(z, join, r, &rk, &list, err));
    *out = sp_plan_project(z->arena, list.v, list.n, join, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- set operations ---- */

static const char *ordinal_word(sp_ana *z, int i, sp_error *err)
{
    static const char *const words[] = { "first", "second", "third" };
    const char *made = i < 3 ? words[i] : sp_arena_printf(z->arena, err, "%dth", i + 1);
    return made ? made : "";
}

static const char *operator_name(const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_INTERSECT: return p->all ? "INTERSECT ALL" : "INTERSECT";
    case SP_P_EXCEPT: return p->all ? "EXCEPT ALL" : "EXCEPT";
    default: return "UNION";
    }
}

static sp_status check_widths(sp_ana *z, const sp_plan *p, sp_plan *const *sides, sp_error *err)
{
    for (int i = 1; i < p->child_count; i++) {
        if (sides[i]->output_count == sides[0]->output_count)
            continue;
        char first[16], other[16];
        snprintf(first, sizeof first, "%d", sides[0]->output_count);
        snprintf(other, sizeof other, "%d", sides[i]->output_count);
        return SP_FAIL(err, NUM_COLUMNS_MISMATCH, "operator", operator_name(p), "firstNumColumns", first,
                       "invalidOrdinalNum", ordinal_word(z, i, err), "invalidNumColumns", other);
    }
    return SP_OK;
}

static sp_status widest(sp_ana *z, const sp_plan *p, sp_plan *const *sides, int column, const sp_type **out,
                        sp_error *err)
{
    const sp_type *t = sides[0]->output[column].type;
    for (int i = 1; i < p->child_count; i++) {
        const sp_type *u = sides[i]->output[column].type;
        sp_error ignored = { 0 };
        const sp_type *w = sp_type_same(t, u) ? t : sp_widest_type(z->arena, t, u, z->conf, &ignored);
        if (!w)
            return SP_FAIL(err, INCOMPATIBLE_COLUMN_TYPE, "operator", operator_name(p), "columnOrdinalNumber",
                           ordinal_word(z, column, err), "tableOrdinalNumber", ordinal_word(z, i, err), "dataType1",
                           sp_type_sql_quoted(z->arena, u), "dataType2", sp_type_sql_quoted(z->arena, t), "hint", "");
        t = w;
    }
    *out = t;
    return SP_OK;
}

/* The side with its columns cast where they must be. */
static sp_status cast_side(sp_ana *z, sp_plan *side, const sp_type *const *types, sp_plan **out, sp_error *err)
{
    bool change = false;
    sp_exprs l = { 0 };
    for (int i = 0; i < side->output_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &side->output[i], err), *cast;
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_ana_cast(z, c, types[i], &cast, err));
        if (cast != c) {
            change = true;
            if (!(c = sp_expr_alias(z->arena, cast, c->name, sp_plan_new_id(), err)))
                return SP_FAILED;
        }
        SP_TRY(sp_exprs_add(z->arena, &l, c, err));
    }
    *out = change ? sp_plan_project(z->arena, l.v, l.n, side, err) : side;
    return *out ? SP_OK : SP_FAILED;
}

static sp_status distinct(sp_ana *z, sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_plan *c = sp_plan_new(z->arena, SP_P_AGGREGATE, &child, 1, err);
    sp_exprs l = { 0 };
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *col = sp_attr_column(z->arena, &child->output[i], err);
        if (!col)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, col, err));
    }
    c->exprs = c->grouping = l.v;
    c->expr_count = c->grouping_count = l.n;
    c->distinct = true;
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

static sp_status combine(sp_ana *z, const sp_plan *p, sp_plan **sides, sp_plan **out, sp_error *err)
{
    const sp_type **types;
    SP_TRY(check_widths(z, p, sides, err));
    int n = sides[0]->output_count;
    SP_NEW_ARRAY(types, z->arena, n + 1, err);
    for (int i = 0; i < n; i++)
        SP_TRY(widest(z, p, sides, i, &types[i], err));
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(cast_side(z, sides[i], types, &sides[i], err));
    sp_plan *u = sp_plan_new(z->arena, p->kind == SP_P_UNION_BY_NAME ? SP_P_UNION : p->kind, sides, p->child_count,
                             err);
    if (!u)
        return SP_FAILED;
    u->all = p->all;
    u->origin = p->origin;
    SP_TRY(sp_plan_complete(z->arena, u, err));
    *out = u;
    return u->kind == SP_P_UNION && !p->all ? distinct(z, u, out, err) : SP_OK;
}

static sp_status children(sp_ana *z, const sp_plan *p, sp_plan ***out, sp_error *err)
{
    SP_NEW_ARRAY(*out, z->arena, p->child_count + 1, err);
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(sp_ana_child(z, p, i, &(*out)[i], err));
    return SP_OK;
}

sp_status sp_ana_set_operation(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan **sides;
    SP_TRY(children(z, p, &sides, err));
    return combine(z, p, sides, out, err);
}

/* ---- union by name ---- */

static const sp_attr *by_name(const sp_ana *z, const sp_plan *p, sp_str name)
{
    for (int i = 0; i < p->output_count; i++)
        if (same_name(z, p->output[i].name, name))
            return &p->output[i];
    return NULL;
}

static sp_status check_unique(sp_ana *z, const sp_plan *p, sp_error *err)
{
    for (int i = 0; i < p->output_count; i++)
        if (by_name(z, p, p->output[i].name) != &p->output[i])
            return SP_FAIL(err, COLUMN_ALREADY_EXISTS, "columnName", sp_quote_id(z->arena, p->output[i].name));
    return SP_OK;
}

static sp_status null_column(sp_ana *z, const sp_attr *like, sp_exprs *l, sp_error *err)
{
    sp_value v = sp_value_null(like->type);
    sp_expr *e = sp_expr_literal(z->arena, &v, err);
    if (!e || !(e = sp_expr_alias(z->arena, e, like->name, sp_plan_new_id(), err)))
        return SP_FAILED;
    return sp_exprs_add(z->arena, l, e, err);
}

static sp_status arrange(sp_ana *z, const sp_plan *p, const sp_plan *left, sp_plan *right, sp_plan **out, sp_error *err)
{
    sp_exprs l = { 0 };
    for (int i = 0; i < left->output_count; i++) {
        const sp_attr *at = by_name(z, right, left->output[i].name);
        if (!at && p->allow_missing) {
            SP_TRY(null_column(z, &left->output[i], &l, err));
            continue;
        }
        if (!at) {
            sp_buf b = { 0 };
            for (int k = 0; k < right->output_count; k++)
                sp_buf_printf(&b, "%s%.*s", k ? ", " : "", (int)right->output[k].name.n, right->output[k].name.p);
            SP_FAIL(err, UNRESOLVED_COLUMN_AMONG_FIELD_NAMES, "colName", sp_cstr(z->arena, left->output[i].name),
                    "fieldNames", sp_buf_cstr(&b));
            sp_buf_done(&b);
            return SP_FAILED;
        }
        sp_expr *c = sp_attr_column(z->arena, at, err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, c, err));
    }
    for (int i = 0; p->allow_missing && i < right->output_count; i++)
        if (!by_name(z, left, right->output[i].name)) {
            sp_expr *c = sp_attr_column(z->arena, &right->output[i], err);
            if (!c)
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, &l, c, err));
        }
    *out = sp_plan_project(z->arena, l.v, l.n, right, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status widen_left(sp_ana *z, const sp_plan *right, sp_plan **left, sp_error *err)
{
    sp_exprs l = { 0 };
    int before = (*left)->output_count;
    for (int i = 0; i < before; i++) {
        sp_expr *c = sp_attr_column(z->arena, &(*left)->output[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, c, err));
    }
    for (int i = 0; i < right->output_count; i++)
        if (!by_name(z, *left, right->output[i].name))
            SP_TRY(null_column(z, &right->output[i], &l, err));
    if (l.n > before && !(*left = sp_plan_project(z->arena, l.v, l.n, *left, err)))
        return SP_FAILED;
    return SP_OK;
}

sp_status sp_ana_union_by_name(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan **sides, *both;
    SP_TRY(children(z, p, &sides, err));
    sp_plan pair = *p;
    pair.child_count = 2;
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(check_unique(z, sides[i], err));
    both = sides[0];
    for (int i = 1; i < p->child_count; i++) {
        sp_plan *right;
        SP_TRY(arrange(z, p, both, sides[i], &right, err));
        if (p->allow_missing)
            SP_TRY(widen_left(z, sides[i], &both, err));
        SP_TRY(combine(z, &pair, (sp_plan *[]){ both, right }, &both, err));
    }
    *out = both;
    return SP_OK;
}
