/* planner_stat.c -- missing values (df.na) and statistics (df.stat, describe, summary). */
#include "connect/planner_int.h"

static sp_status literals(sp_planner *p, size_t n, pb_literal *const *from, sp_expr ***out, int *count, sp_error *err)
{
    SP_NEW_ARRAY(*out, p->arena, n + 1, err);
    *count = (int)n;
    for (size_t i = 0; i < n; i++)
        SP_TRY(sp_planner_literal_expr(p, from[i], &(*out)[i], err));
    return SP_OK;
}

static sp_status two_lists(sp_planner *p, sp_plan *n, size_t items, sp_error *err)
{
    SP_NEW_ARRAY(n->lists, p->arena, 2, err);
    SP_NEW_ARRAY(n->list_counts, p->arena, 2, err);
    for (int i = 0; i < 2; i++) {
        SP_NEW_ARRAY(n->lists[i], p->arena, items + 1, err);
        n->list_counts[i] = (int)items;
    }
    n->list_count = 2;
    return SP_OK;
}

static sp_status number(sp_planner *p, double d, sp_expr **out, sp_error *err)
{
    sp_value v = sp_value_f64(d);
    *out = sp_expr_literal(p->arena, &v, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status na_fill(sp_planner *p, const Spark__Connect__NAFill *m, sp_plan **out, sp_error *err)
{
    if (m->n_values == 0)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NA_FILL_VALUES_EMPTY);
    if (m->n_values > 1 && m->n_values != m->n_cols)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NA_FILL_VALUES_LENGTH_MISMATCH);
    SP_TRY(sp_planner_unary(p, SP_P_NA_FILL, m->input, out, err));
    SP_TRY(sp_planner_strings(p, m->n_cols, m->cols, &(*out)->parts, &(*out)->part_count, err));
    return literals(p, m->n_values, m->values, &(*out)->exprs, &(*out)->expr_count, err);
}

static sp_status na_drop(sp_planner *p, const Spark__Connect__NADrop *m, sp_plan **out, sp_error *err)
{
    if (m->has_min_non_nulls && m->min_non_nulls <= 0)   /* every row has that many */
        return sp_planner_relation(p, m->input, out, err);
    SP_TRY(sp_planner_unary(p, SP_P_NA_DROP, m->input, out, err));
    (*out)->count = m->has_min_non_nulls ? m->min_non_nulls : 0;
    return sp_planner_strings(p, m->n_cols, m->cols, &(*out)->parts, &(*out)->part_count, err);
}

static sp_status na_replace(sp_planner *p, const Spark__Connect__NAReplace *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_NA_REPLACE, m->input, out, err));
    SP_TRY(sp_planner_strings(p, m->n_cols, m->cols, &(*out)->parts, &(*out)->part_count, err));
    SP_TRY(two_lists(p, *out, m->n_replacements, err));
    for (size_t i = 0; i < m->n_replacements; i++) {
        SP_TRY(sp_planner_literal_expr(p, m->replacements[i]->old_value, &(*out)->lists[0][i], err));
        SP_TRY(sp_planner_literal_expr(p, m->replacements[i]->new_value, &(*out)->lists[1][i], err));
    }
    return SP_OK;
}

static sp_status stat(sp_planner *p, const char *name, const pb_relation *input, size_t n, char *const *names, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_STAT, input, out, err));
    (*out)->name = sp_str_of(name);
    return sp_planner_strings(p, n, names, &(*out)->parts, &(*out)->part_count, err);
}

static sp_status corr(sp_planner *p, const Spark__Connect__StatCorr *m, sp_plan **out, sp_error *err)
{
    if (pb_has(m->method) && strcmp(m->method, "pearson") != 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                              "requirement failed: Currently only the calculation of the Pearson Correlation coefficient is supported.");
    return stat(p, "corr", m->input, 2, (char *const[]){ m->col1, m->col2 }, out, err);
}

static sp_status approx_quantile(sp_planner *p, const Spark__Connect__StatApproxQuantile *m, sp_plan **out, sp_error *err)
{
    SP_TRY(stat(p, "approxQuantile", m->input, m->n_cols, m->cols, out, err));
    sp_plan *n = *out;
    SP_TRY(two_lists(p, n, m->n_probabilities, err));
    n->list_count = 1;
    for (size_t i = 0; i < m->n_probabilities; i++)
        SP_TRY(number(p, m->probabilities[i], &n->lists[0][i], err));
    n->lower = m->relative_error;
    return SP_OK;
}

static sp_status freq_items(sp_planner *p, const Spark__Connect__StatFreqItems *m, sp_plan **out, sp_error *err)
{
    SP_TRY(stat(p, "freqItems", m->input, m->n_cols, m->cols, out, err));
    (*out)->lower = m->has_support ? m->support : 0.01;
    return SP_OK;
}

static sp_status sample_by(sp_planner *p, const Spark__Connect__StatSampleBy *m, sp_plan **out, sp_error *err)
{
    SP_TRY(stat(p, "sampleBy", m->input, 0, NULL, out, err));
    sp_plan *n = *out;
    SP_NEW_ARRAY(n->exprs, p->arena, 1, err);
    n->expr_count = 1;
    SP_TRY(sp_planner_expression(p, m->col, &n->exprs[0], err));
    SP_TRY(two_lists(p, n, m->n_fractions, err));
    for (size_t i = 0; i < m->n_fractions; i++) {
        SP_TRY(sp_planner_literal_expr(p, m->fractions[i]->stratum, &n->lists[0][i], err));
        SP_TRY(number(p, m->fractions[i]->fraction, &n->lists[1][i], err));
    }
    if (m->has_seed)
        n->seed = m->seed;
    else
        sp_random_bytes(sp_world_real(), &n->seed, sizeof n->seed);
    return SP_OK;
}

sp_status sp_planner_stat(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    switch ((int)m->rel_type_case) {
    case SPARK__CONNECT__RELATION__REL_TYPE_FILL_NA: return na_fill(p, m->fill_na, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_DROP_NA: return na_drop(p, m->drop_na, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_REPLACE: return na_replace(p, m->replace, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_SUMMARY:
        return stat(p, "summary", m->summary->input, m->summary->n_statistics, m->summary->statistics, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_DESCRIBE: return stat(p, "describe", m->describe->input, m->describe->n_cols, m->describe->cols, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_CROSSTAB:
        return stat(p, "crosstab", m->crosstab->input, 2, (char *const[]){ m->crosstab->col1, m->crosstab->col2 }, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_COV: return stat(p, "cov", m->cov->input, 2, (char *const[]){ m->cov->col1, m->cov->col2 }, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_CORR: return corr(p, m->corr, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_APPROX_QUANTILE: return approx_quantile(p, m->approx_quantile, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_FREQ_ITEMS: return freq_items(p, m->freq_items, out, err);
    default: return sample_by(p, m->sample_by, out, err);
    }
}
