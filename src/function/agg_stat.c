/* agg_stat.c -- moments of one column and of pairs: stddev, variance, skewness, kurtosis, corr, covar_*, regr_*.
 *
 * One pass, updated row by row and merged by the same formulas in the same order of operations as Spark, so that the
 * last bit agrees.
 * Buffers: {n, avg, m2[, m3[, m4]]}; corr, regr_r2 {n, xAvg, yAvg, ck, xMk, yMk}; covar_*, regr_sxy the first four of
 * them; regr_slope and regr_intercept those four and the {n, avg, m2} of x, which counts every x that is not null, its
 * y or not. Behaviour: CentralMomentAgg.scala, Corr.scala, Covariance.scala, linearRegression.scala. */
#include "function/agg_int.h"

#include <math.h>

typedef enum stat_what {
    STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP, SKEWNESS, KURTOSIS, MOMENT2,
    CORR, COVAR_POP, COVAR_SAMP, REGR_R2, REGR_SXY, REGR_SLOPE, REGR_INTERCEPT
} stat_what;

typedef struct moments { double n, avg, m2, m3, m4; } moments;
typedef struct pairs { double n, x_avg, y_avg, ck, x_mk, y_mk; moments x; } pairs;
typedef struct stat_info { stat_what what; bool nan_for_zero; } stat_info;

static stat_what what_of(const sp_agg_call *c) { return ((const stat_info *)c->call->state)->what; }

/* a / b of a result: under ANSI nothing is divided by zero. */
static sp_status divide(const sp_agg_call *c, double a, double b, double *out, bool *null, sp_error *err)
{
    if (b == 0 && c->conf->ansi) return SP_FAIL(err, DIVIDE_BY_ZERO, "config", "\"spark.sql.ansi.enabled\"");
    *null = b == 0;
    *out = b == 0 ? 0 : a / b;
    return SP_OK;
}

/* ---- one column ---- */

static void moments_add(moments *s, double x)
{
    double n = s->n + 1.0, delta = x - s->avg, delta_n = delta / n;
    double m2 = s->m2 + delta * (delta - delta_n);
    double delta2 = delta * delta, delta_n2 = delta_n * delta_n;
    double m3 = s->m3 - 3.0 * delta_n * m2 + delta * (delta2 - delta_n2);
    double m4 = s->m4 - 4.0 * delta_n * m3 - 6.0 * delta_n2 * m2 + delta * (delta * delta2 - delta_n * delta_n2);
    *s = (moments){ n, s->avg + delta_n, m2, m3, m4 };
}

static void moments_merge(moments *s, const moments *o)
{
    double n1 = s->n, n2 = o->n, n = n1 + n2, delta = o->avg - s->avg, delta_n = n == 0 ? 0 : delta / n;
    double m2 = s->m2 + o->m2 + delta * delta_n * n1 * n2;
    double m3 =
        s->m3 + o->m3 + delta_n * delta_n * delta * n1 * n2 * (n1 - n2) + 3.0 * delta_n * (n1 * o->m2 - n2 * s->m2);
    double m4 = s->m4 + o->m4 + delta_n * delta_n * delta_n * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
                6.0 * delta_n * delta_n * (n1 * n1 * o->m2 + n2 * n2 * s->m2) +
                4.0 * delta_n * (n1 * o->m3 - n2 * s->m3);
    *s = (moments){ n, s->avg + delta_n * n2, m2, m3, m4 };
}

static sp_status moment_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                               const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (!sp_vec_is_null(v, row)) moments_add(AGG_STATE(moments, groups[n]), ((const double *)v->data)[SP_AT(v,
            row)]);
    }
    return SP_OK;
}

static sp_status moment_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                              size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) moments_merge(AGG_STATE(moments, to[n]), AGG_OTHER(moments, from[n]));
    return SP_OK;
}

static double moment_value(stat_what what, const moments *s)
{
    switch (what) {
    case STDDEV_POP: return sqrt(s->m2 / s->n);
    case STDDEV_SAMP: return sqrt(s->m2 / (s->n - 1.0));
    case VAR_POP: return s->m2 / s->n;
    case VAR_SAMP: return s->m2 / (s->n - 1.0);
    case MOMENT2: return s->m2;
    case SKEWNESS: return sqrt(s->n) * s->m3 / sqrt(s->m2 * s->m2 * s->m2);
    default: return s->n * s->m4 / (s->m2 * s->m2) - 3.0;
    }
}

static sp_status moment_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                               uint32_t count, sp_vec *out, sp_error *err)
{
    const stat_info *f = c->call->state;
    bool sample = f->what == STDDEV_SAMP || f->what == VAR_SAMP, shape = f->what == SKEWNESS || f->what == KURTOSIS;
    for (uint32_t n = 0; n < count; n++) {
        const moments *s = AGG_CONST(moments, groups[n]);
        double *to = &((double *)out->data)[n];
        bool zero = (sample && s->n == 1) || (shape && s->m2 == 0);
        if (s->n == 0 || (zero && !f->nan_for_zero)) SP_TRY(sp_agg_null(c, out, n, err));
        *to = s->n == 0 ? 0 : zero ? (double)NAN : moment_value(f->what, s);
    }
    return SP_OK;
}

/* ---- pairs ---- */

static void pairs_add(pairs *s, double x, double y)
{
    double n = s->n + 1.0, dx = x - s->x_avg, dy = y - s->y_avg;
    double x_avg = s->x_avg + dx / n, y_avg = s->y_avg + dy / n;
    s->ck += dx * (y - y_avg);
    s->x_mk += dx * (x - x_avg);
    s->y_mk += dy * (y - y_avg);
    s->n = n;
    s->x_avg = x_avg;
    s->y_avg = y_avg;
}

static void pairs_merge(pairs *s, const pairs *o)
{
    double n1 = s->n, n2 = o->n, n = n1 + n2, dx = o->x_avg - s->x_avg, dy = o->y_avg - s->y_avg;
    double dx_n = n == 0 ? 0 : dx / n, dy_n = n == 0 ? 0 : dy / n;
    s->ck = s->ck + o->ck + dx * dy_n * n1 * n2;
    s->x_mk = s->x_mk + o->x_mk + dx * dx_n * n1 * n2;
    s->y_mk = s->y_mk + o->y_mk + dy * dy_n * n1 * n2;
    s->x_avg += dx_n * n2;
    s->y_avg += dy_n * n2;
    s->n = n;
    moments_merge(&s->x, &o->x);
}

static bool is_line(stat_what what) { return what == REGR_SLOPE || what == REGR_INTERCEPT; }

/* A line's arguments are (y, x). */
static sp_status pair_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                             const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const sp_vec *x, *y;
    bool line = is_line(what_of(c));
    SP_TRY(sp_vec_plain(args[line], c->arena, &x, err));
    SP_TRY(sp_vec_plain(args[!line], c->arena, &y, err));
    if (x->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (sp_vec_is_null(x, row)) continue;
        pairs *s = AGG_STATE(pairs, groups[n]);
        double xv = ((const double *)x->data)[SP_AT(x, row)];
        if (y->type->kind != SP_VOID && !sp_vec_is_null(y, row)) pairs_add(s, xv, ((const double *)y->data)[SP_AT(y,
            row)]);
        if (line) moments_add(&s->x, xv);
    }
    return SP_OK;
}

static sp_status pair_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                            size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) pairs_merge(AGG_STATE(pairs, to[n]), AGG_OTHER(pairs, from[n]));
    return SP_OK;
}

static sp_status pair_value(const sp_agg_call *c, const pairs *s, double *out, bool *null, sp_error *err)
{
    const stat_info *f = c->call->state;
    *null = is_line(f->what) || f->what == REGR_R2 ? false : s->n == 0;
    *out = 0;
    if (*null) return SP_OK;
    switch (f->what) {
    case COVAR_POP: *out = s->ck / s->n; return SP_OK;
    case REGR_SXY: *out = s->ck; return SP_OK;
    case COVAR_SAMP: case CORR:
        if (s->n == 1) {
            *null = !f->nan_for_zero;
            *out = (double)NAN;
            return SP_OK;
        }
        if (f->what == CORR) return divide(c, s->ck, sqrt(s->x_mk * s->y_mk), out, null, err);
        *out = s->ck / (s->n - 1.0);
        return SP_OK;
    case REGR_R2:
        *null = s->x_mk == 0;
        *out = 1.0;
        if (*null || s->y_mk == 0) return SP_OK;
        SP_TRY(divide(c, s->ck, sqrt(s->x_mk * s->y_mk), out, null, err));
        *out *= *out;
        return SP_OK;
    default:
        *null = s->x.m2 == 0;
        if (!*null) *out = f->what == REGR_SLOPE ? s->ck / s->x.m2 : s->y_avg - s->ck / s->x.m2 * s->x_avg;
        return SP_OK;
    }
}

static sp_status pair_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             sp_vec *out, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) {
        bool null;
        SP_TRY(pair_value(c, AGG_CONST(pairs, groups[n]), &((double *)out->data)[n], &null, err));
        if (null) SP_TRY(sp_agg_null(c, out, n, err));
    }
    return SP_OK;
}

/* ---- Spark's buffers: doubles, none of them null ---- */

static const sp_type *stat_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = false;
    return sp_type_of(SP_DOUBLE);
}

static const char *moment_buffer_name(const sp_expr *call, int i)
{
    static const char *const names[] = { "n", "avg", "m2", "m3", "m4" };
    return names[i];
}

static const char *pair_buffer_name(const sp_expr *call, int i)
{
    static const char *const names[] = { "n", "xAvg", "yAvg", "ck", "xMk", "yMk" };
    bool line = is_line(((const stat_info *)call->state)->what);
    return line && i >= 4 ? moment_buffer_name(call, i - 4) : names[i];
}

/* Double i of the state as the buffer has it. */
static double *buffered(const sp_agg_call *c, void *state, int i)
{
    stat_what what = what_of(c);
    if (is_line(what) && i >= 4) return &((double *)&((pairs *)state)->x)[i - 4];
    return &((double *)state)[i];
}

static sp_status stat_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           sp_vec *const *out, sp_error *err)
{
    for (int i = 0; i < c->call->agg->buffer_count; i++)
        for (uint32_t n = 0; n < count; n++)
            ((double *)out[i]->data)[n] = *buffered(c, (void *)((const char *)states + (size_t)groups[n] * stride), i);
    return SP_OK;
}

static sp_status stat_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           const sp_vec *const *in, sp_error *err)
{
    for (int i = 0; i < c->call->agg->buffer_count; i++) {
        const sp_vec *v;
        SP_TRY(sp_vec_plain(in[i], c->arena, &v, err));
        for (uint32_t n = 0; n < count; n++)
            *buffered(c, (char *)states + (size_t)groups[n] * stride, i) = ((const double *)v->data)[SP_AT(v, n)];
    }
    return SP_OK;
}

#define MOMENTS(name, buffers)                                                                                         \
    static const sp_agg_kernel name = { sizeof(moments), sp_agg_init_zero, moment_update, moment_merge,               \
                                        moment_finish, buffers,                                                        \
                                        stat_buffer_type, moment_buffer_name, stat_save, stat_load, NULL };
#define PAIRS(name, buffers)                                                                                           \
    static const sp_agg_kernel name = { sizeof(pairs), sp_agg_init_zero, pair_update, pair_merge, pair_finish,        \
                                        buffers, stat_buffer_type,                                                     \
                                        pair_buffer_name, stat_save, stat_load, NULL };
MOMENTS(moments2, 3)
MOMENTS(moments3, 4)
MOMENTS(moments4, 5)
PAIRS(pairs_covar, 4)
PAIRS(pairs_corr, 6)
PAIRS(pairs_line, 7)

/* ---- binding ---- */

static sp_status bind_stat(sp_bind *b, stat_what what, sp_error *err)
{
    stat_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    const char *legacy = b->conf->conf_get ? b->conf->conf_get(b->conf->session,
        "spark.sql.legacy.statisticalAggregate") : NULL;
    *f = (stat_info){ what, legacy && strcmp(legacy, "true") == 0 && what != REGR_R2 };
    SP_TRY(sp_bind_sig(b, what < CORR ? "d" : "dd", SP_DOUBLE, err));
    b->state = f;
    return SP_OK;
}

static sp_status bind_stddev_pop(sp_bind *b, sp_error *err) { return bind_stat(b, STDDEV_POP, err); }
static sp_status bind_stddev_samp(sp_bind *b, sp_error *err) { return bind_stat(b, STDDEV_SAMP, err); }
static sp_status bind_var_pop(sp_bind *b, sp_error *err) { return bind_stat(b, VAR_POP, err); }
static sp_status bind_var_samp(sp_bind *b, sp_error *err) { return bind_stat(b, VAR_SAMP, err); }
static sp_status bind_skewness(sp_bind *b, sp_error *err) { return bind_stat(b, SKEWNESS, err); }
static sp_status bind_kurtosis(sp_bind *b, sp_error *err) { return bind_stat(b, KURTOSIS, err); }
static sp_status bind_moment2(sp_bind *b, sp_error *err) { return bind_stat(b, MOMENT2, err); }
static sp_status bind_corr(sp_bind *b, sp_error *err) { return bind_stat(b, CORR, err); }
static sp_status bind_covar_pop(sp_bind *b, sp_error *err) { return bind_stat(b, COVAR_POP, err); }
static sp_status bind_covar_samp(sp_bind *b, sp_error *err) { return bind_stat(b, COVAR_SAMP, err); }
static sp_status bind_regr_r2(sp_bind *b, sp_error *err) { return bind_stat(b, REGR_R2, err); }
static sp_status bind_regr_sxy(sp_bind *b, sp_error *err) { return bind_stat(b, REGR_SXY, err); }
static sp_status bind_regr_slope(sp_bind *b, sp_error *err) { return bind_stat(b, REGR_SLOPE, err); }
static sp_status bind_regr_intercept(sp_bind *b, sp_error *err) { return bind_stat(b, REGR_INTERCEPT, err); }

/* name(if(isnotnull(y) and isnotnull(x), argument `pick`, null)): the pairs that are whole. */
static sp_status replace_by_whole_pairs(sp_bind *b, const char *name, int pick, sp_error *err)
{
    sp_arena *a = b->arena;
    sp_expr **args = b->call->args, *null;
    sp_value none = sp_value_null(sp_bind_type(b, pick));
    sp_expr *y = sp_expr_function(a, "isnotnull", &args[0], 1, err), *x = sp_expr_function(a, "isnotnull", &args[1], 1,
        err);
    if (!x || !y || !(null = sp_expr_literal(a, &none, err))) return SP_FAILED;
    sp_expr *whole = sp_expr_call2(a, "and", y, x, err);
    sp_expr *value = whole ? sp_expr_function(a, "if", (sp_expr *[]){ whole, args[pick], null }, 3, err) : NULL;
    b->replacement = value ? sp_expr_function(a, name, &value, 1, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

static sp_status bind_regr_avg(sp_bind *b, int pick, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "nn", SP_DOUBLE, err));
    return replace_by_whole_pairs(b, "avg", pick, err);
}

static sp_status bind_regr_sum2(sp_bind *b, int pick, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "dd", SP_DOUBLE, err));
    return replace_by_whole_pairs(b, "$moment2", pick, err);
}

static sp_status bind_regr_avgx(sp_bind *b, sp_error *err) { return bind_regr_avg(b, 1, err); }
static sp_status bind_regr_avgy(sp_bind *b, sp_error *err) { return bind_regr_avg(b, 0, err); }
static sp_status bind_regr_sxx(sp_bind *b, sp_error *err) { return bind_regr_sum2(b, 1, err); }
static sp_status bind_regr_syy(sp_bind *b, sp_error *err) { return bind_regr_sum2(b, 0, err); }

static sp_status bind_regr_count(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "nn", SP_LONG, err));
    b->replacement = sp_expr_function(b->arena, "count", b->call->args, 2, err);
    return b->replacement ? SP_OK : SP_FAILED;
}

extern const sp_aggregate sp_aggregates_stat[];
const sp_aggregate sp_aggregates_stat[] = {
    { "stddev_pop", 1, 1, 0, bind_stddev_pop, &moments2, "1.6.0",
        "stddev_pop(a): the population's standard deviation" },
    { "stddev_samp", 1, 1, 0, bind_stddev_samp, &moments2, "1.6.0", "stddev_samp(a): the sample's standard deviation" },
    { "stddev", 1, 1, 0, bind_stddev_samp, &moments2, "1.6.0", "stddev(a): the sample's standard deviation" },
    { "std", 1, 1, 0, bind_stddev_samp, &moments2, "1.6.0", "std(a): the sample's standard deviation" },
    { "var_pop", 1, 1, 0, bind_var_pop, &moments2, "1.6.0", "var_pop(a): the population's variance" },
    { "var_samp", 1, 1, 0, bind_var_samp, &moments2, "1.6.0", "var_samp(a): the sample's variance" },
    { "variance", 1, 1, 0, bind_var_samp, &moments2, "1.6.0", "variance(a): the sample's variance" },
    { "skewness", 1, 1, 0, bind_skewness, &moments3, "1.6.0", "skewness(a): how lopsided the values lie" },
    { "kurtosis", 1, 1, 0, bind_kurtosis, &moments4, "1.6.0",
        "kurtosis(a): how heavy the tails are, 0 for a normal distribution" },
    { "corr", 2, 2, 0, bind_corr, &pairs_corr, "1.6.0", "corr(a, b): Pearson's correlation" },
    { "covar_pop", 2, 2, 0, bind_covar_pop, &pairs_covar, "2.0.0", "covar_pop(a, b): the population's covariance" },
    { "covar_samp", 2, 2, 0, bind_covar_samp, &pairs_covar, "2.0.0", "covar_samp(a, b): the sample's covariance" },
    { "regr_count", 2, 2, 0, bind_regr_count, &moments2, "3.3.0", "regr_count(y, x): pairs without null" },
    { "regr_avgx", 2, 2, 0, bind_regr_avgx, &moments2, "3.3.0", "regr_avgx(y, x): mean of x over pairs without null" },
    { "regr_avgy", 2, 2, 0, bind_regr_avgy, &moments2, "3.3.0", "regr_avgy(y, x): mean of y over pairs without null" },
    { "regr_r2", 2, 2, 0, bind_regr_r2, &pairs_corr, "3.3.0", "regr_r2(y, x): coefficient of determination" },
    { "regr_sxx", 2, 2, 0, bind_regr_sxx, &moments2, "3.4.0", "regr_sxx(y, x): regr_count(y, x) * var_pop(x)" },
    { "regr_syy", 2, 2, 0, bind_regr_syy, &moments2, "3.4.0", "regr_syy(y, x): regr_count(y, x) * var_pop(y)" },
    { "regr_sxy", 2, 2, 0, bind_regr_sxy, &pairs_covar, "3.4.0", "regr_sxy(y, x): regr_count(y, x) * covar_pop(y, x)" },
    { "regr_slope", 2, 2, 0, bind_regr_slope, &pairs_line, "3.4.0", "regr_slope(y, x): slope of the regression line" },
    { "regr_intercept", 2, 2, 0, bind_regr_intercept, &pairs_line, "3.4.0",
        "regr_intercept(y, x): y where the regression line has x = 0" },
    { "$moment2", 1, 1, 0, bind_moment2, &moments2, "3.4.0", "the second central moment times the count" },
    { 0 }
};
