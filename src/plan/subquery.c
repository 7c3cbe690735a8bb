/* subquery.c -- subqueries become joins.
 *
 *   EXISTS, IN in a conjunct of a filter    semi join; NOT EXISTS: anti join; NOT IN: anti join on (a = b OR (a = b) IS
 * NULL) EXISTS elsewhere                        left join with the distinct keys and a mark; the expression asks for
 * the mark scalar                                  left join; its rows are counted first unless it is known to give one
 * at most LATERAL                                 join with what was pulled up as condition What correlates a subquery
 * with its surroundings are conjuncts of its filters; they are pulled up through Project and Aggregate (whose grouping
 * they extend) into the join's condition, and a count over no rows is put right (RewritePredicateSubquery,
 * PullupCorrelatedPredicates, RewriteCorrelatedScalarSubquery, DecorrelateInnerQuery in their simpler forms). */
#include "plan/plan_int.h"

#include <stdio.h>

enum { SCALAR = 0, EXISTS = 1, IN = 2 };

/* ---- resolving ---- */

static sp_status check_scalar(const sp_plan *p, sp_error *err)
{
    char n[16];
    if (p->output_count == 1)
        return SP_OK;
    snprintf(n, sizeof n, "%d", p->output_count);
    return SP_FAIL(err, INVALID_SUBQUERY_EXPRESSION__SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN, "number", n);
}

static sp_status check_in(sp_ana *z, const sp_expr *e, const sp_plan *p, sp_error *err)
{
    if (e->arg_count == p->output_count)
        return SP_OK;
    char l[16], r[16];
    snprintf(l, sizeof l, "%d", e->arg_count);
    snprintf(r, sizeof r, "%d", p->output_count);
    sp_buf left = { 0 }, right = { 0 };
    for (int i = 0; i < e->arg_count; i++)
        sp_buf_printf(&left, "%s%s", i ? ", " : "", sp_expr_sql_quoted(z->arena, e->args[i]));
    for (int i = 0; i < p->output_count; i++)
        sp_buf_printf(&right, "%s\"%.*s\"", i ? ", " : "", (int)p->output[i].name.n, p->output[i].name.p);
    SP_FAIL(err, DATATYPE_MISMATCH__IN_SUBQUERY_LENGTH_MISMATCH, "sqlExpr", sp_expr_sql_quoted(z->arena, e->args[0]),
            "leftLength", l, "leftColumns", sp_buf_cstr(&left), "rightLength", r, "rightColumns", sp_buf_cstr(&right));
    sp_buf_done(&left);
    sp_buf_done(&right);
    return SP_FAILED;
}

sp_status sp_resolve_subquery(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_ana *z = s->z;
    *out = e;
    if (e->plan->output && e->type)
        return SP_OK;
    sp_expr *c = sp_expr_copy(z->arena, e, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < e->arg_count; i++) {
        SP_TRY(sp_resolve_expr(s, e->args[i], false, &c->args[i], err));
        c->args[i] = sp_expr_strip_alias(c->args[i]);
    }
    sp_scope *was = z->outer;
    s->outer = was;
    z->outer = s;
    sp_plan *p = NULL;
    sp_status status = sp_ana_plan(z, e->plan, &p, err);
    z->outer = was;
    SP_TRY(status);
    if (p->is_streaming)
        return SP_FAIL(err, INVALID_SUBQUERY_EXPRESSION__STREAMING_QUERY);
    if (e->subquery_kind == SCALAR)
        SP_TRY(check_scalar(p, err));
    if (e->subquery_kind == IN)
        SP_TRY(check_in(z, c, p, err));
    c->plan = p;
    c->type = e->subquery_kind == SCALAR ? p->output[0].type : sp_type_of(SP_BOOLEAN);
    c->nullable = e->subquery_kind != EXISTS;
    *out = c;
    return SP_OK;
}

/* ---- pulling correlated conjuncts up ---- */

typedef struct { sp_ana *z; const sp_plan *around; sp_exprs pulled; bool through_aggregate; } pull;

static bool is_outer(const pull *u, const sp_expr *e)
{
    return sp_expr_refs_any(e, u->around->output, u->around->output_count);
}

typedef struct { const pull *u; const sp_plan *have; sp_exprs add; sp_status status; sp_error *err; } lacking;

static bool visit_lacking(void *context, const sp_expr *e)
{
    lacking *k = context;
    if (e->kind != SP_E_COLUMN || sp_attrs_has(k->u->around->output, k->u->around->output_count, e->id) ||
        sp_attrs_has(k->have->output, k->have->output_count, e->id))
        return true;
    for (int i = 0; i < k->add.n; i++)
        if (k->add.v[i]->id == e->id)
            return true;
    if (sp_exprs_add(k->u->z->arena, &k->add, (sp_expr *)e, k->err) != SP_OK)
        k->status = SP_FAILED;
    return true;
}

static sp_status appended(sp_ana *z, sp_expr ***list, int *count, const sp_exprs *more, sp_error *err)
{
    sp_exprs l = { 0 };
    for (int i = 0; i < *count; i++)
        SP_TRY(sp_exprs_add(z->arena, &l, (*list)[i], err));
    for (int i = 0; i < more->n; i++)
        SP_TRY(sp_exprs_add(z->arena, &l, more->v[i], err));
    *list = l.v;
    *count = l.n;
    return SP_OK;
}

/* Columns that pulled conjuncts name are let through a list. */
static sp_status let_through(pull *u, sp_plan *c, sp_error *err)
{
    lacking k = { .u = u, .have = c, .err = err };
    for (int i = 0; i < u->pulled.n; i++)
        sp_expr_walk(u->pulled.v[i], visit_lacking, &k);
    SP_TRY(k.status);
    if (!k.add.n)
        return SP_OK;
    if (c->kind == SP_P_AGGREGATE) {
        SP_TRY(appended(u->z, &c->grouping, &c->grouping_count, &k.add, err));
        u->through_aggregate = true;
    }
    SP_TRY(appended(u->z, &c->exprs, &c->expr_count, &k.add, err));
    return sp_plan_complete(u->z->arena, c, err);
}

static sp_status pull_filter(pull *u, sp_plan *c, sp_plan **out, sp_error *err)
{
    sp_exprs all = { 0 }, stay = { 0 };
    SP_TRY(sp_split_and(u->z->arena, c->condition, &all, err));
    for (int i = 0; i < all.n; i++)
        SP_TRY(sp_exprs_add(u->z->arena, is_outer(u, all.v[i]) ? &u->pulled : &stay, all.v[i], err));
    *out = c->children[0];
    if (!stay.n)
        return SP_OK;
    sp_optimizer o = { u->z->arena, u->z->conf };
    sp_expr *e = sp_join_and(&o, stay.v, stay.n, err);
    *out = e ? sp_plan_filter(u->z->arena, e, c->children[0], err) : NULL;
    return *out ? SP_OK : SP_FAILED;
}

static void look_outer(void *context, const sp_expr *e)
{
    pull *u = context;
    if (is_outer(u, e))
        u->z = NULL;
}

static sp_status fail_correlated(sp_ana *z, const sp_plan *p, sp_error *err)
{
    sp_buf b = { 0 };
    sp_plan_string(&b, p);
    SP_FAIL(err, UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY__ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED, "treeNode",
            sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

static sp_status pull_up(pull *u, sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *c = sp_plan_copy(u->z->arena, p, err);
    if (!c)
        return SP_FAILED;
    int before = u->pulled.n;
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(pull_up(u, p->children[i], &c->children[i], err));
    if (c->kind == SP_P_FILTER)
        return pull_filter(u, c, out, err);
    *out = c;
    pull probe = *u;
    sp_plan_each_expr(c, look_outer, &probe);
    if (!probe.z)
        return fail_correlated(u->z, c, err);
    if (u->pulled.n == before)
        return SP_OK;
    if (c->kind == SP_P_LIMIT || c->kind == SP_P_OFFSET || c->kind == SP_P_UNION || c->kind == SP_P_INTERSECT ||
        c->kind == SP_P_EXCEPT)
        return fail_correlated(u->z, c, err);
    if (c->kind == SP_P_PROJECT || c->kind == SP_P_AGGREGATE || c->kind == SP_P_GENERATE)
        return let_through(u, c, err);
    if (c->kind == SP_P_ALIAS) {
        c->output = c->children[0]->output;
        c->output_count = c->children[0]->output_count;
    }
    return sp_plan_complete(u->z->arena, c, err);
}

/* ---- joins ---- */

static sp_status join_to(sp_ana *z, sp_plan **left, sp_plan *right, sp_join_type t, sp_exprs *conjuncts, sp_error *err)
{
    sp_optimizer o = { z->arena, z->conf };
    sp_plan *j = sp_plan_new(z->arena, SP_P_JOIN, (sp_plan *[]){ *left, right }, 2, err);
    if (!j)
        return SP_FAILED;
    j->join_type = t;
    if (conjuncts->n && !(j->condition = sp_join_and(&o, conjuncts->v, conjuncts->n, err)))
        return SP_FAILED;
    SP_TRY(sp_plan_complete(z->arena, j, err));
    *left = j;
    return SP_OK;
}

/* a = b for each value and column of IN; with nulls taken as maybe for NOT IN. */
static sp_status in_conditions(sp_ana *z, const sp_expr *e, const sp_plan *p, bool negated, sp_exprs *out,
                               sp_error *err)
{
    for (int i = 0; i < e->arg_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &p->output[i], err), *eq;
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_ana_call(z, "=", (sp_expr *[]){ e->args[i], c }, 2, &eq, err));
        if (negated && eq->nullable) {
            sp_expr *null;
            SP_TRY(sp_ana_call(z, "isnull", &eq, 1, &null, err));
            SP_TRY(sp_ana_call(z, "or", (sp_expr *[]){ eq, null }, 2, &eq, err));
        }
        SP_TRY(sp_exprs_add(z->arena, out, eq, err));
    }
    return SP_OK;
}

static sp_status predicate_join(sp_ana *z, const sp_expr *e, bool negated, sp_plan **child, sp_error *err)
{
    pull u = { .z = z, .around = *child };
    sp_plan *p;
    SP_TRY(pull_up(&u, e->plan, &p, err));
    if (e->subquery_kind == IN)
        SP_TRY(in_conditions(z, e, p, negated, &u.pulled, err));
    return join_to(z, child, p, negated ? SP_JOIN_ANTI : SP_JOIN_SEMI, &u.pulled, err);
}

/* Takes EXISTS and IN out of the conjuncts of a filter; what is left stays in the list. */
sp_status sp_take_predicates(sp_ana *z, sp_exprs *conjuncts, sp_plan **child, sp_error *err)
{
    int n = 0;
    for (int i = 0; i < conjuncts->n; i++) {
        sp_expr *e = conjuncts->v[i];
        bool negated = false;
        while (sp_is_call(e, "not") || sp_is_call(e, "!")) {
            negated = !negated;
            e = e->args[0];
        }
        if (e->kind == SP_E_SUBQUERY && e->subquery_kind != SCALAR)
            SP_TRY(predicate_join(z, e, negated, child, err));
        else
            conjuncts->v[n++] = conjuncts->v[i];
    }
    conjuncts->n = n;
    return SP_OK;
}

/* ---- one row at most ---- */

static sp_status single_kernel(sp_kernel *k, sp_error *err)
{
    const int64_t *count = k->args[0]->data;
    for (SP_ROWS(k, i))
        if (count[SP_AT(k->args[0], i)] > 1)
            return SP_FAIL(err, SCALAR_SUBQUERY_TOO_MANY_ROWS);
    bool *ok = k->out->data;
    for (SP_ROWS(k, i))
        ok[i] = true;
    return SP_OK;
}

static const sp_function single_row = {
    "scalarsubquery", 1, 1, SP_FN_NULLS, NULL, single_kernel, "", "true; fails when the count is above one"
};

static bool gives_one_row(const sp_plan *p)
{
    while (p->kind == SP_P_PROJECT || p->kind == SP_P_ALIAS || p->kind == SP_P_SORT)
        p = p->children[0];
    return (p->kind == SP_P_AGGREGATE && !p->grouping_count) || p->kind == SP_P_ONE_ROW ||
           (p->kind == SP_P_LIMIT && p->count == 1);
}

/* first(column) of each column, keys apart, and a column that is true, or fails when a group had more than one row. */
static sp_status one_row(sp_ana *z, sp_plan **p, const sp_exprs *keys, sp_error *err)
{
    sp_exprs list = { 0 }, grouping = { 0 };
    sp_expr *one = sp_ana_int(z, SP_INT, 1, err), *count, *check, *t;
    if (!one)
        return SP_FAILED;
    for (int i = 0; i < (*p)->output_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &(*p)->output[i], err), *f;
        bool key = false;
        if (!c)
            return SP_FAILED;
        for (int k = 0; k < keys->n && !key; k++)
            key = sp_expr_refs_any(keys->v[k], &(*p)->output[i], 1);
        if (key) {
            SP_TRY(sp_exprs_add(z->arena, &grouping, c, err));
            SP_TRY(sp_exprs_add(z->arena, &list, c, err));
            continue;
        }
        SP_TRY(sp_ana_call(z, "first", &c, 1, &f, err));
        if (!(f = sp_expr_alias(z->arena, f, c->name, c->id, err)))
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &list, f, err));
    }
    SP_TRY(sp_ana_call(z, "count", &one, 1, &count, err));
    if (!(count = sp_expr_alias(z->arena, count, SP_LIT("_rows"), sp_plan_new_id(), err)))
        return SP_FAILED;
    SP_TRY(sp_exprs_add(z->arena, &list, count, err));
    SP_TRY(sp_build_aggregate(z, &grouping, &list, *p, NULL, p, err));
    sp_attr at = sp_expr_attr_of(count);
    if (!(check = sp_expr_new(z->arena, SP_E_CALL, err)) || !(t = sp_attr_column(z->arena, &at, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(check->args, z->arena, 1, err);
    check->args[0] = t;
    check->arg_count = 1;
    check->function = &single_row;
    check->kernel = single_kernel;
    check->name = sp_str_of(single_row.name);
    check->type = sp_type_of(SP_BOOLEAN);
    *p = sp_plan_filter(z->arena, check, *p, err);
    return *p ? SP_OK : SP_FAILED;
}

/* ---- scalar subqueries and EXISTS as values ---- */

typedef struct { sp_ana *z; sp_plan **child; sp_error *err; } taking;

static sp_expr *empty_count(void *context, sp_expr *e, sp_error *err)
{
    sp_ana *z = context;
    if (e->kind != SP_E_AGG)
        return e;
    sp_value v = sp_value_null(e->type);
    if (strncmp(e->aggregate->name, "count", 5) == 0)
        v = sp_value_i64(SP_LONG, 0);
    return sp_expr_literal(z->arena, &v, err);
}

/* What the subquery's column is when its aggregate sees no rows; *out NULL: null, or no aggregate. */
static sp_status value_of_empty(sp_ana *z, const sp_plan *p, int64_t id, sp_expr **out, sp_error *err)
{
    *out = NULL;
    for (; p->kind == SP_P_PROJECT || p->kind == SP_P_ALIAS || p->kind == SP_P_AGGREGATE; p = p->children[0]) {
        const sp_expr *item = NULL;
        for (int i = 0; p->kind != SP_P_ALIAS && i < p->expr_count; i++)
            if (p->exprs[i]->id == id)
                item = p->exprs[i];
        if (p->kind == SP_P_ALIAS)
            continue;
        if (!item)
            return SP_OK;
        if (p->kind == SP_P_AGGREGATE) {
            sp_expr *e = sp_expr_transform(z->arena, (sp_expr *)item, empty_count, z, err);
            sp_value v;
            if (!e)
                return SP_FAILED;
            e = sp_expr_strip_alias(e);
            sp_error ignored = { 0 };
            if (!sp_expr_refs_within(e, NULL, 0) || sp_expr_fold(z->arena, z->conf, e, &v, &ignored) != SP_OK ||
                v.is_null)
                return SP_OK;
            v.type = e->type;
            *out = sp_expr_literal(z->arena, &v, err);
            return *out ? SP_OK : SP_FAILED;
        }
        const sp_expr *inner = item->kind == SP_E_ALIAS ? item->args[0] : item;
        if (inner->kind != SP_E_COLUMN)
            return SP_OK;
        id = inner->id;
    }
    return SP_OK;
}

/* A column that is true in every row of p. */
static sp_status add_mark(sp_ana *z, sp_plan **p, sp_expr **mark, sp_error *err)
{
    sp_exprs l = { 0 };
    sp_value yes = sp_value_bool(true);
    sp_expr *t = sp_expr_literal(z->arena, &yes, err), *alias;
    for (int i = 0; i < (*p)->output_count; i++)
        SP_TRY(sp_exprs_add(z->arena, &l, sp_attr_column(z->arena, &(*p)->output[i], err), err));
    if (!t || !(alias = sp_expr_alias(z->arena, t, SP_LIT("_mark"), sp_plan_new_id(), err)))
        return SP_FAILED;
    SP_TRY(sp_exprs_add(z->arena, &l, alias, err));
    if (!(*p = sp_plan_project(z->arena, l.v, l.n, *p, err)))
        return SP_FAILED;
    *mark = sp_attr_column(z->arena, &(*p)->output[l.n - 1], err);
    if (!*mark)
        return SP_FAILED;
    (*mark)->nullable = true;
    return SP_OK;
}

static sp_status take_scalar(sp_ana *z, sp_expr *e, sp_plan **child, sp_expr **out, sp_error *err)
{
    pull u = { .z = z, .around = *child };
    sp_plan *p;
    bool one = gives_one_row(e->plan);
    int64_t id = e->plan->output[0].id;
    sp_expr *empty = NULL, *mark = NULL, *value;
    SP_TRY(pull_up(&u, e->plan, &p, err));
    if (!one)
        SP_TRY(one_row(z, &p, &u.pulled, err));
    if (u.through_aggregate)
        SP_TRY(value_of_empty(z, e->plan, id, &empty, err));
    if (empty)
        SP_TRY(add_mark(z, &p, &mark, err));
    SP_TRY(join_to(z, child, p, SP_JOIN_LEFT, &u.pulled, err));
    const sp_attr *at = sp_attrs_find((*child)->output, (*child)->output_count, id);
    if (!at || !(value = sp_attr_column(z->arena, at, err)))
        return sp_error_internal(err, "a subquery lost its column");
    if (empty) {
        sp_expr *none;
        SP_TRY(sp_ana_call(z, "isnull", &mark, 1, &none, err));
        SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ none, empty, value }, 3, &value, err));
    }
    *out = value;
    return SP_OK;
}

/* EXISTS as a value: left join with one marked row per combination of keys. */
static sp_status take_exists(sp_ana *z, sp_expr *e, sp_plan **child, sp_expr **out, sp_error *err)
{
    pull u = { .z = z, .around = *child };
    sp_plan *p;
    sp_exprs keys = { 0 };
    sp_expr *mark;
    SP_TRY(pull_up(&u, e->plan, &p, err));
    for (int i = 0; i < p->output_count; i++) {
        bool used = false;
        for (int k = 0; k < u.pulled.n && !used; k++)
            used = sp_expr_refs_any(u.pulled.v[k], &p->output[i], 1);
        if (used)
            SP_TRY(sp_exprs_add(z->arena, &keys, sp_attr_column(z->arena, &p->output[i], err), err));
    }
    if (keys.n) {
        sp_exprs grouping = keys;
        SP_TRY(sp_build_aggregate(z, &grouping, &keys, p, NULL, &p, err));
    } else {
        sp_plan *l = sp_plan_new(z->arena, SP_P_LIMIT, &p, 1, err);
        if (!l)
            return SP_FAILED;
        l->count = 1;
        SP_TRY(sp_plan_complete(z->arena, l, err));
        p = l;
    }
    SP_TRY(add_mark(z, &p, &mark, err));
    SP_TRY(join_to(z, child, p, SP_JOIN_LEFT, &u.pulled, err));
    return sp_ana_call(z, "isnotnull", &mark, 1, out, err);
}

static sp_expr *take_one(void *context, sp_expr *e, sp_error *err)
{
    taking *t = context;
    sp_expr *out = NULL;
    if (e->kind != SP_E_SUBQUERY)
        return e;
    if (e->subquery_kind == IN) {
        SP_FAIL(err, UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY__UNSUPPORTED_IN_EXISTS_SUBQUERY, "treeNode",
                sp_expr_sql_quoted(t->z->arena, e));
        return NULL;
    }
    sp_status status = e->subquery_kind == SCALAR ? take_scalar(t->z, e, t->child, &out, err)
                                                  : take_exists(t->z, e, t->child, &out, err);
    return status == SP_OK ? out : NULL;
}

sp_status sp_take_subqueries(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err)
{
    taking t = { z, child, err };
    for (int i = 0; i < list->n; i++)
        if (sp_expr_has_kind(list->v[i], SP_E_SUBQUERY) &&
            !(list->v[i] = sp_expr_transform(z->arena, list->v[i], take_one, &t, err)))
            return SP_FAILED;
    return SP_OK;
}

/* ---- LATERAL ---- */

sp_status sp_decorrelate_lateral(sp_ana *z, sp_plan *join, sp_plan **out, sp_error *err)
{
    sp_plan *left = join->children[0], *right = join->children[1], *p;
    pull u = { .z = z, .around = left };
    sp_expr *mark = NULL;
    SP_TRY(pull_up(&u, right, &p, err));
    sp_join_type t = join->join_type;
    /* an aggregate over no rows gives a row too: the join must be outer, and its counts zero */
    bool always = u.through_aggregate && gives_one_row(right);
    if (always) {
        t = SP_JOIN_LEFT;
        SP_TRY(add_mark(z, &p, &mark, err));
    }
    if (join->condition)
        SP_TRY(sp_exprs_add(z->arena, &u.pulled, join->condition, err));
    sp_plan *j = left;
    SP_TRY(join_to(z, &j, p, t, &u.pulled, err));
    sp_exprs l = { 0 };
    for (int i = 0; i < join->output_count; i++) {
        const sp_attr *at = sp_attrs_find(j->output, j->output_count, join->output[i].id);
        sp_expr *c = at ? sp_attr_column(z->arena, at, err) : NULL, *empty = NULL, *none;
        if (!c)
            return at ? SP_FAILED : sp_error_internal(err, "a lateral join lost a column");
        c->parts = join->output[i].qualifier;
        c->part_count = join->output[i].qualifier_count;
        if (always && i >= left->output_count)
            SP_TRY(value_of_empty(z, right, c->id, &empty, err));
        if (empty) {
            sp_str name = c->name;
            SP_TRY(sp_ana_call(z, "isnull", &mark, 1, &none, err));
            SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ none, empty, c }, 3, &c, err));
            if (!(c = sp_expr_alias(z->arena, c, name, sp_plan_new_id(), err)))
                return SP_FAILED;
        }
        SP_TRY(sp_exprs_add(z->arena, &l, c, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, j, err);
    for (int i = 0; *out && i < join->output_count; i++) {
        (*out)->output[i].qualifier = join->output[i].qualifier;
        (*out)->output[i].qualifier_count = join->output[i].qualifier_count;
    }
    return *out ? SP_OK : SP_FAILED;
}
