/* recursion.c -- WITH RECURSIVE r AS (anchor UNION [ALL] step): the step runs over the rows of the step before until
 * there are none.
 *
 * Spark runs it as UnionLoopExec while the query runs; here it runs when the query is analyzed, through the session
 * (catalog->run), and the rows stand in the plan. Limits as Spark's: spark.sql.cteRecursionLevelLimit (100 steps),
 * cteRecursionRowLimit (1000000 rows). */
#include "plan/plan_int.h"

#include <stdio.h>
#include <stdlib.h>

static bool names_itself(sp_str name, const sp_plan *p)
{
    if (p->kind == SP_P_TABLE && p->part_count == 1 && sp_str_eq_nocase(p->parts[0], name))
        return true;
    for (int i = 0; i < p->child_count; i++)
        if (names_itself(name, p->children[i]))
            return true;
    return false;
}

static const sp_plan *union_of(const sp_plan *body)
{
    while (body->kind == SP_P_ALIAS)
        body = body->children[0];
    return body->kind == SP_P_UNION && body->child_count == 2 ? body : NULL;
}

bool sp_is_recursive(sp_str name, const sp_plan *body)
{
    return names_itself(name, body);
}

/* Runs a resolved plan; its rows become a LOCAL with the names and types of `like`. */
static sp_status rows_of(sp_ana *z, sp_plan *p, const sp_plan *like, sp_plan **out, sp_error *err)
{
    sp_plan *l = sp_plan_new(z->arena, SP_P_LOCAL, NULL, 0, err);
    if (!l)
        return SP_FAILED;
    SP_TRY(z->catalog->run(z->catalog->session, z->arena, p, &l->batches, &l->batch_count, err));
    l->output = like->output;
    l->output_count = like->output_count;
    l->schema = sp_plan_schema(z->arena, like, err);
    *out = l;
    return l->schema ? SP_OK : SP_FAILED;
}

static int64_t count_rows(const sp_plan *local)
{
    int64_t n = 0;
    for (int i = 0; i < local->batch_count; i++)
        n += local->batches[i].sel_count;
    return n;
}

static int64_t limit_of(sp_ana *z, const char *key, int64_t by_default)
{
    const char *v = z->catalog->conf ? z->catalog->conf(z->catalog->session, key) : NULL;
    return v ? strtoll(v, NULL, 10) : by_default;
}

static sp_status append(sp_ana *z, sp_plan *all, const sp_plan *more, sp_error *err)
{
    sp_batch *v;
    SP_NEW_ARRAY(v, z->arena, all->batch_count + more->batch_count + 1, err);
    if (all->batch_count)
        memcpy(v, all->batches, sizeof *v * (size_t)all->batch_count);
    if (more->batch_count)
        memcpy(v + all->batch_count, more->batches, sizeof *v * (size_t)more->batch_count);
    all->batches = v;
    all->batch_count += more->batch_count;
    return SP_OK;
}

/* The step's columns as the anchor's types. */
static sp_status as_anchor(sp_ana *z, sp_plan *step, const sp_plan *anchor, sp_plan **out, sp_error *err)
{
    sp_exprs l = { 0 };
    if (step->output_count != anchor->output_count) {
        char a[16], b[16];
        snprintf(a, sizeof a, "%d", anchor->output_count);
        snprintf(b, sizeof b, "%d", step->output_count);
        return SP_FAIL(err, NUM_COLUMNS_MISMATCH, "operator", "UNION", "firstNumColumns", a, "invalidOrdinalNum",
                       "second", "invalidNumColumns", b);
    }
    for (int i = 0; i < step->output_count; i++) {
        sp_expr *e = sp_attr_column(z->arena, &step->output[i], err);
        if (!e)
            return SP_FAILED;
        SP_TRY(sp_ana_cast(z, e, anchor->output[i].type, &e, err));
        if (!(e = sp_expr_alias(z->arena, e, anchor->output[i].name, sp_plan_new_id(), err)))
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, step, err);
    return *out ? SP_OK : SP_FAILED;
}

/* Column aliases of the CTE hold inside it too. */
static sp_status with_names(sp_ana *z, const sp_plan *body, sp_plan **rows, sp_error *err)
{
    if (body->kind != SP_P_ALIAS || !body->new_name_count)
        return SP_OK;
    if (body->new_name_count != (*rows)->output_count)
        return SP_FAIL(err, ASSIGNMENT_ARITY_MISMATCH, "numTarget", sp_error_format(err, "%d", body->new_name_count),
                       "numExpr", sp_error_format(err, "%d", (*rows)->output_count));
    sp_plan *c = sp_plan_copy(z->arena, *rows, err);
    if (!c)
        return SP_FAILED;
    SP_NEW_ARRAY(c->output, z->arena, c->output_count + 1, err);
    for (int i = 0; i < c->output_count; i++) {
        c->output[i] = (*rows)->output[i];
        c->output[i].name = body->new_names[i];
        c->output[i].nullable = true;
    }
    c->schema = sp_plan_schema(z->arena, c, err);
    *rows = c;
    return c->schema ? SP_OK : SP_FAILED;
}

static sp_status one_step(sp_ana *z, sp_str name, const sp_plan *step, sp_plan *rows, sp_plan **out, sp_error *err)
{
    const sp_cte *was = z->ctes;
    sp_cte self = { .name = name, .plan = rows, .scope = was, .next = was };
    sp_plan *p = NULL;
    z->ctes = &self;
    sp_status status = sp_ana_plan(z, step, &p, err);
    z->ctes = was;
    SP_TRY(status);
    SP_TRY(as_anchor(z, p, rows, &p, err));
    return rows_of(z, p, rows, out, err);
}

sp_status sp_ana_recursive(sp_ana *z, sp_str name, const sp_plan *body, sp_plan **out, sp_error *err)
{
    const sp_plan *u = union_of(body);
    if (!u || !z->catalog->run)
        return SP_FAIL(err, INVALID_RECURSIVE_CTE);
    if (!u->all)
        return SP_FAIL(err, UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE);
    sp_plan *anchor, *all, *step;
    SP_TRY(sp_ana_plan(z, u->children[0], &anchor, err));
    if (anchor->is_streaming)
        return SP_FAIL(err, INVALID_RECURSIVE_CTE);
    SP_TRY(rows_of(z, anchor, anchor, &all, err));
    SP_TRY(with_names(z, body, &all, err));
    int64_t levels = limit_of(z, "spark.sql.cteRecursionLevelLimit", 100),
            rows = limit_of(z, "spark.sql.cteRecursionRowLimit", 1000000);
    sp_plan *latest = sp_plan_copy(z->arena, all, err);
    if (!latest)
        return SP_FAILED;
    for (int64_t level = 1; count_rows(latest); level++, latest = step) {
        if (levels >= 0 && level > levels)
            return SP_FAIL(err, RECURSION_LEVEL_LIMIT_EXCEEDED, "levelLimit",
                           sp_error_format(err, "%lld", (long long)levels));
        SP_TRY(one_step(z, name, u->children[1], latest, &step, err));
        SP_TRY(append(z, all, step, err));
        if (rows >= 0 && count_rows(all) > rows)
            return SP_FAIL(err, RECURSION_ROW_LIMIT_EXCEEDED, "rowLimit",
                           sp_error_format(err, "%lld", (long long)rows));
    }
    *out = all;
    return SP_OK;
}
