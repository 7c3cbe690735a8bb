/* cast_interval.c -- casts of the ANSI intervals: between their field ranges, to and from exact numbers
 * (IntervalUtils.intToYearMonthInterval ...). */
#include "function/cast_int.h"
#include <stdio.h>

static const int64_t unit_us[4] = { SP_US_PER_DAY, 3600 * SP_US_PER_SECOND, 60 * SP_US_PER_SECOND, SP_US_PER_SECOND };

/* Cuts what the target's last field cannot hold. */
static int64_t truncated(int64_t v, const sp_type *to)
{
    if (to->kind == SP_YEAR_MONTH) return to->end_field == 0 ? v - v % 12 : v;
    return to->end_field < 3 ? v - v % unit_us[to->end_field] : v;
}

static int64_t unit_of(const sp_type *t)
{
    if (t->kind == SP_YEAR_MONTH) return t->start_field == 0 ? 12 : 1;
    return unit_us[t->start_field];
}

static sp_status from_number(cast_job *j, sp_error *err)
{
    sp_dec unit = unit_of(j->to), lo = j->to->kind == SP_YEAR_MONTH ? INT32_MIN : INT64_MIN,
        hi = j->to->kind == SP_YEAR_MONTH ? INT32_MAX : INT64_MAX;
    for (CAST_ROWS(j, i)) {
        sp_dec v;
        if (j->from->kind == SP_DECIMAL) {
            sp_dec x = ((const sp_dec *)j->in->data)[i];
            bool ok = sp_dec_mul(x, unit, j->from->scale, 0, 38, 0, &v);
            if (!ok) v = hi + 1;
        } else v = (sp_dec)sp_vec_int_at(j->in, i) * unit;
        if (v < lo || v > hi) SP_TRY(sp_cast_refuse(j, i, true, SP_EXC_ARITHMETIC, err));
        else sp_vec_put_int(j->out, i, (int64_t)v);
    }
    return SP_OK;
}

static sp_status to_number(cast_job *j, sp_error *err)
{
    int64_t unit = unit_of(j->from);
    for (CAST_ROWS(j, i)) {
        int64_t v = sp_vec_int_at(j->in, i);
        if (j->to->kind == SP_DECIMAL) {
            bool seconds = j->from->kind == SP_DAY_TIME && j->from->start_field == 3;
            if (!sp_dec_rescale(seconds ? v : v / unit, seconds ? 6 : 0, j->to->precision, j->to->scale,
                &((sp_dec *)j->out->data)[i])) {
                char text[32];
                snprintf(text, sizeof text, "%lld", (long long)(v / unit));
                SP_TRY(sp_cast_refuse_decimal(j, i, text, err));
            }
            continue;
        }
        int64_t x = v / unit, lo = j->to->kind == SP_BYTE ? INT8_MIN : j->to->kind == SP_SHORT ? INT16_MIN
            : j->to->kind == SP_INT ? INT32_MIN : INT64_MIN;
        if (x < lo || x > -(lo + 1)) SP_TRY(sp_cast_refuse(j, i, true, SP_EXC_ARITHMETIC, err));
        else sp_vec_put_int(j->out, i, x);
    }
    return SP_OK;
}

sp_status sp_cast_interval(cast_job *j, sp_error *err)
{
    if (j->from->kind == j->to->kind) {
        for (CAST_ROWS(j, i)) sp_vec_put_int(j->out, i, truncated(sp_vec_int_at(j->in, i), j->to));
        return SP_OK;
    }
    return sp_kind_is_numeric(j->from->kind) ? from_number(j, err) : to_number(j, err);
}
