/* check_plan.c -- last look at an analyzed plan (CheckAnalysis): no unresolved expression, no column that the child
 * does not give, generators and aggregate functions only where they may stand. What earlier rules refuse with better
 * words never gets here. */
#include "plan/plan_int.h"

typedef struct { sp_ana *z; const sp_plan *p; sp_attrs input; sp_error *err; sp_status status; } look;

static sp_status fail_missing(look *k, const sp_expr *e)
{
    sp_scope s;
    sp_scope_init(&s, k->z, NULL, 0, k->err);
    s.attrs = k->input.v;
    s.attr_count = k->input.n;
    return sp_fail_unresolved(&s, &e->name, 1, &e->origin, k->err);
}

/* An argument that only OVER can give a meaning to. */
static const sp_expr *bare_window_function(const sp_expr *e)
{
    for (int i = 0; i < e->arg_count && e->kind != SP_E_WINDOW; i++)
        if (e->args[i]->kind == SP_E_CALL && e->args[i]->function && (e->args[i]->function->flags & SP_FN_WINDOW))
            return e->args[i];
    return NULL;
}

static bool visit(void *context, const sp_expr *e)
{
    look *k = context;
    if (k->status != SP_OK)
        return false;
    const sp_expr *bare = bare_window_function(e);
    if (bare)
        k->status = SP_FAIL(k->err, WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE, "funcName", sp_expr_sql_quoted(k->z->arena, bare));
    else if (e->kind > SP_E_LAST_RESOLVED && e->kind != SP_E_SUBQUERY)
        k->status = sp_error_internal(k->err, "an expression was left unresolved: %s",
                                      sp_expr_sql_quoted(k->z->arena, e));
    else if (e->kind == SP_E_COLUMN && !sp_attrs_has(k->input.v, k->input.n, e->id))
        k->status = fail_missing(k, e);
    else if (e->kind == SP_E_AGG && k->p->kind != SP_P_AGGREGATE && k->p->kind != SP_P_WINDOW &&
             k->p->kind != SP_P_COLLECT_METRICS)
        k->status = SP_FAIL(k->err, UNSUPPORTED_EXPR_FOR_OPERATOR, "operator", sp_plan_kind_name(k->p->kind),
                            "invalidExprSqls", sp_expr_sql_quoted(k->z->arena, e));
    else if (sp_expr_is_generator(e) && k->p->kind != SP_P_GENERATE)
        k->status = SP_FAIL(k->err, UNSUPPORTED_GENERATOR__OUTSIDE_SELECT, "plan", sp_plan_kind_name(k->p->kind));
    return k->status == SP_OK;
}

static void check_expr(void *context, const sp_expr *e)
{
    sp_expr_walk(e, visit, context);
}

sp_status sp_check_plan(sp_ana *z, const sp_plan *p, sp_error *err)
{
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(sp_check_plan(z, p->children[i], err));
    look k = { .z = z, .p = p, .err = err };
    for (int i = 0; i < p->child_count; i++)
        for (int c = 0; c < p->children[i]->output_count; c++)
            SP_TRY(sp_attrs_add(z->arena, &k.input, &p->children[i]->output[c], err));
    sp_plan_each_expr(p, check_expr, &k);
    if (k.status == SP_FAILED)
        sp_error_at(err, &p->origin, z->arena);
    return k.status;
}
