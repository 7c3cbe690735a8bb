/* resolve_stat.c -- Dataset's statistics: describe, summary, crosstab, cov, corr, approxQuantile, sampleBy.
 *
 * describe and summary (StatFunctions.summary): one Aggregate of every statistic of every column as text, then an
 * Expand into one row per statistic. crosstab is a pivot (StatFunctions.crossTabulate); the others are single
 * aggregates, sampleBy a filter on rand(). */
#include "plan/plan_int.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- describe, summary ---- */

typedef struct { sp_exprs columns; sp_str *stats; int stat_count; } request;

static bool is_described(const sp_type *t)
{
    return sp_kind_is_numeric(t->kind) || t->kind == SP_STRING;
}

static sp_status read_request(sp_ana *z, const sp_plan *p, sp_plan *child, request *r, sp_error *err)
{
    static const char *const described[] = { "count", "mean", "stddev", "min", "max" };
    static const char *const summed[] = { "count", "mean", "stddev", "min", "25%", "50%", "75%", "max" };
    bool describe = sp_str_is(p->name, "describe"), given = !describe && p->part_count > 0;
    const char *const *names = describe ? described : summed;
    r->stat_count = given ? p->part_count : describe ? 5 : 8;
    SP_NEW_ARRAY(r->stats, z->arena, r->stat_count, err);
    for (int i = 0; i < r->stat_count; i++)
        r->stats[i] = given ? p->parts[i] : sp_str_of(names[i]);
    sp_scope s;
    sp_scope_init(&s, z, &child, 1, err);
    for (int i = 0; describe && i < p->part_count; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_parts(&s, &p->parts[i], 1, child->output, child->output_count, true, &p->origin, &e, err));
        if (!e)
            return sp_fail_unresolved(&s, &p->parts[i], 1, &p->origin, err);
        if (is_described(e->type))
            SP_TRY(sp_exprs_add(z->arena, &r->columns, e, err));
    }
    for (int i = 0; !(describe && p->part_count) && i < child->output_count; i++) {
        if (!is_described(child->output[i].type))
            continue;
        sp_expr *e = sp_attr_column(z->arena, &child->output[i], err);
        if (!e)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &r->columns, e, err));
    }
    return SP_OK;
}

static sp_status percentile(sp_ana *z, sp_str stat, sp_expr *number, sp_expr **out, sp_error *err)
{
    char text[32] = "";
    memcpy(text, stat.p, stat.n - 1 < sizeof text - 1 ? stat.n - 1 : sizeof text - 1);
    char *end;
    double p = strtod(text, &end) / 100;
    if (end == text || *end)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Unable to parse %.*s as a percentile", (int)stat.n,
                              stat.p);
    if (!(p >= 0 && p <= 1))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                              "requirement failed: Percentiles must be in the range [0, 1]");
    sp_value v = sp_value_f64(p);
    sp_expr *at = sp_expr_literal(z->arena, &v, err);
    return at ? sp_ana_call(z, "approx_percentile", (sp_expr *[]){ number, at }, 2, out, err) : SP_FAILED;
}

static sp_status one_statistic(sp_ana *z, sp_str stat, sp_expr *column, sp_expr **out, sp_error *err)
{
    static const char *const names[][2] = {
        { "count", "count" }, { "count_distinct", "count" }, { "approx_count_distinct", "approx_count_distinct" },
        { "mean", "avg" },    { "stddev", "stddev" },        { "min", "min" },
        { "max", "max" }
    };
    sp_expr *c = sp_expr_strip_alias(column), *number = c;
    if (c->type->kind == SP_STRING)
        SP_TRY(sp_expr_cast(z->arena, z->conf, c, sp_type_of(SP_DOUBLE), SP_CAST_TRY, &number, err));
    if (stat.n > 1 && stat.p[stat.n - 1] == '%')
        return percentile(z, stat, number, out, err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!sp_str_eq_nocase(stat, sp_str_of(names[i][0])))
            continue;
        sp_expr *call = sp_expr_function(z->arena, names[i][1], i == 3 || i == 4 ? &number : &c, 1, err);
        if (!call)
            return SP_FAILED;
        call->distinct = i == 1;
        sp_scope s;
        sp_scope_init(&s, z, NULL, 0, err);
        return sp_resolve_call(&s, call, out, err);
    }
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "%.*s is not a recognised statistic", (int)stat.n, stat.p);
}

static sp_status summarize(sp_ana *z, const sp_plan *p, sp_plan *child, sp_plan **out, sp_error *err)
{
    request r = { 0 };
    sp_exprs list = { 0 }, none = { 0 };
    sp_attrs output = { 0 };
    SP_TRY(read_request(z, p, child, &r, err));
    for (int s = 0; s < r.stat_count; s++)
        for (int c = 0; c < r.columns.n; c++) {
            sp_expr *e;
            SP_TRY(one_statistic(z, r.stats[s], r.columns.v[c], &e, err));
            SP_TRY(sp_ana_cast(z, e, sp_type_of(SP_STRING), &e, err));
            if (!(e = sp_expr_alias(z->arena, e, r.columns.v[c]->name, sp_plan_new_id(), err)))
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, &list, e, err));
        }
    sp_plan *agg, *x;
    SP_TRY(sp_build_aggregate(z, &none, &list, child, &p->origin, &agg, err));
    if (!(x = sp_plan_new(z->arena, SP_P_EXPAND, &agg, 1, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(x->lists, z->arena, r.stat_count, err);
    SP_NEW_ARRAY(x->list_counts, z->arena, r.stat_count, err);
    x->list_count = r.stat_count;
    for (int c = -1; c < r.columns.n; c++) {
        sp_attr at = { .id = sp_plan_new_id(),
                       .name = c < 0 ? SP_LIT("summary") : r.columns.v[c]->name,
                       .type = sp_type_of(SP_STRING),
                       .nullable = true,
                       .watermark_delay_us = -1 };
        SP_TRY(sp_attrs_add(z->arena, &output, &at, err));
    }
    for (int s = 0; s < r.stat_count; s++) {
        sp_exprs l = { 0 };
        sp_expr *name = sp_ana_string(z, sp_cstr(z->arena, r.stats[s]), err);
        if (!name)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, &l, name, err));
        for (int c = 0; c < r.columns.n; c++)
            SP_TRY(sp_exprs_add(z->arena, &l, sp_attr_column(z->arena, &agg->output[s * r.columns.n + c], err), err));
        x->lists[s] = l.v;
        x->list_counts[s] = l.n;
    }
    x->generator_output = output.v;
    x->generator_output_count = output.n;
    *out = x;
    return sp_plan_complete(z->arena, x, err);
}

/* ---- single numbers ---- */

static sp_status number_column(sp_ana *z, const sp_plan *p, sp_plan *child, int i, sp_expr **out, sp_error *err)
{
    sp_scope s;
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_parts(&s, &p->parts[i], 1, child->output, child->output_count, false, &p->origin, out, err));
    if (!*out)
        return sp_fail_unresolved(&s, &p->parts[i], 1, &p->origin, err);
    if (!sp_kind_is_numeric((*out)->type->kind))
        return sp_error_plain(
            err, SP_EXC_ILLEGAL_ARGUMENT,
            "requirement failed: Currently %s calculation for columns with dataType %s not supported.",
            sp_str_is(p->name, "cov")    ? "covariance"
            : sp_str_is(p->name, "corr") ? "correlation"
                                         : "quantile",
            sp_type_sql_quoted(z->arena, (*out)->type));
    return sp_ana_cast(z, *out, sp_type_of(SP_DOUBLE), out, err);
}

static sp_status global(sp_ana *z, sp_expr *e, const char *name, sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_exprs list = { 0 }, none = { 0 };
    if (!(e = sp_expr_alias(z->arena, e, sp_str_of(name), sp_plan_new_id(), err)))
        return SP_FAILED;
    SP_TRY(sp_exprs_add(z->arena, &list, e, err));
    return sp_build_aggregate(z, &none, &list, child, NULL, out, err);
}

static sp_status of_two(sp_ana *z, const sp_plan *p, const char *function, const char *name, sp_plan *child,
                        sp_plan **out, sp_error *err)
{
    sp_expr *xy[2], *e;
    for (int i = 0; i < 2; i++)
        SP_TRY(number_column(z, p, child, i, &xy[i], err));
    SP_TRY(sp_ana_call(z, function, xy, 2, &e, err));
    return global(z, e, name, child, out, err);
}

static sp_status quantiles(sp_ana *z, const sp_plan *p, sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_exprs each = { 0 };
    sp_expr *probabilities, *e;
    int64_t accuracy = p->lower > 0 && 1 / p->lower < 2147483647.0 ? (int64_t)(1 / p->lower) : 2147483647;
    sp_expr *acc = sp_ana_int(z, SP_INT, accuracy < 1 ? 1 : accuracy, err);
    SP_TRY(sp_ana_call(z, "array", p->lists[0], p->list_counts[0], &probabilities, err));
    for (int i = 0; acc && i < p->part_count; i++) {
        SP_TRY(number_column(z, p, child, i, &e, err));
        SP_TRY(sp_ana_call(z, "approx_percentile", (sp_expr *[]){ e, probabilities, acc }, 3, &e, err));
        SP_TRY(sp_exprs_add(z->arena, &each, e, err));
    }
    if (!acc)
        return SP_FAILED;
    SP_TRY(sp_ana_call(z, "array", each.v, each.n, &e, err));
    return global(z, e, "approx_quantile", child, out, err);
}

/* rand(seed) < the row's fraction */
static sp_status sample_by(sp_ana *z, const sp_plan *p, sp_plan *child, sp_plan **out, sp_error *err)
{
    sp_scope s;
    sp_value zero = sp_value_f64(0);
    sp_expr *col, *fraction = sp_expr_literal(z->arena, &zero, err), *seed = sp_ana_int(z, SP_LONG, p->seed, err), *r;
    if (!fraction || !seed)
        return SP_FAILED;
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_expr(&s, p->exprs[0], false, &col, err));
    for (int i = p->list_count > 1 ? p->list_counts[0] - 1 : -1; i >= 0; i--) {
        sp_expr *same;
        SP_TRY(sp_ana_call(z, "=", (sp_expr *[]){ col, p->lists[0][i] }, 2, &same, err));
        SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ same, p->lists[1][i], fraction }, 3, &fraction, err));
    }
    SP_TRY(sp_ana_call(z, "rand", &seed, 1, &r, err));
    SP_TRY(sp_ana_call(z, "<", (sp_expr *[]){ r, fraction }, 2, &r, err));
    *out = sp_plan_filter(z->arena, r, child, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- crosstab ---- */

static sp_expr *text_of(sp_ana *z, sp_str column, sp_error *err)
{
    sp_expr *e = sp_expr_new(z->arena, SP_E_CAST, err), *a = e ? sp_expr_attr(z->arena, column, err) : NULL;
    if (!a || !(e->args = sp_arena_alloc(z->arena, sizeof *e->args, err)))
        return NULL;
    e->args[0] = a;
    e->arg_count = 1;
    e->type = sp_type_of(SP_STRING);
    e->cast_mode = SP_CAST_TRY;
    return e;
}

/* A pivot of counts, zeros for what does not occur. */
static sp_status crosstab(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *pivot = sp_plan_new(z->arena, SP_P_PIVOT, p->children, 1, err), *fill = NULL;
    char *name = sp_arena_printf(z->arena, err, "%.*s_%.*s", (int)p->parts[0].n, p->parts[0].p, (int)p->parts[1].n,
                                 p->parts[1].p);
    sp_expr *one = sp_ana_int(z, SP_INT, 1, err), *zero = sp_ana_int(z, SP_LONG, 0, err), *key, *as, *other, *count;
    if (!pivot || !name || !one || !zero || !(key = text_of(z, p->parts[0], err)) ||
        !(as = sp_expr_alias(z->arena, key, sp_str_of(name), -1, err)) || !(other = text_of(z, p->parts[1], err)) ||
        !(count = sp_expr_function(z->arena, "count", &one, 1, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(pivot->grouping, z->arena, 1, err);
    SP_NEW_ARRAY(pivot->exprs, z->arena, 1, err);
    pivot->grouping[0] = as;
    pivot->grouping_count = 1;
    pivot->exprs[0] = count;
    pivot->expr_count = 1;
    pivot->condition = other;
    if (!(fill = sp_plan_new(z->arena, SP_P_NA_FILL, &pivot, 1, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(fill->exprs, z->arena, 1, err);
    fill->exprs[0] = zero;
    fill->expr_count = 1;
    return sp_ana_plan(z, fill, out, err);
}

sp_status sp_ana_stat(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    if (sp_str_is(p->name, "crosstab"))
        return crosstab(z, p, out, err);
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    if (sp_str_is(p->name, "describe") || sp_str_is(p->name, "summary"))
        return summarize(z, p, child, out, err);
    if (sp_str_is(p->name, "cov"))
        return of_two(z, p, "covar_samp", "cov", child, out, err);
    if (sp_str_is(p->name, "corr"))
        return of_two(z, p, "corr", "corr", child, out, err);
    if (sp_str_is(p->name, "approxQuantile"))
        return quantiles(z, p, child, out, err);
    if (sp_str_is(p->name, "sampleBy"))
        return sample_by(z, p, child, out, err);
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "%.*s is not supported", (int)p->name.n, p->name.p);
}
