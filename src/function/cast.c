/* cast.c -- Cast, ANSI (fails), legacy (nulls, wraps) and try (nulls): numbers, booleans, dates, nested types. Text
 * is in cast_text.c.
 *
 * Vectors at a time: a constant is cast once; rows under a null are not looked at. Behaviour: catalyst's Cast.scala;
 * overflow messages QueryExecutionErrors.castingCauseOverflowError and cannotChangeDecimalPrecisionError. */
#include "function/cast_int.h"
#include <math.h>
#include <stdio.h>

void sp_cast_null(cast_job *j, uint32_t row)
{
    if (!j->out->valid && sp_vec_need_valid(j->out, j->c->arena, NULL) == SP_FAILED) { j->failed_alloc = true; return; }
    sp_bit_clear(j->out->valid, row);
}

sp_status sp_cast_refuse(cast_job *j, uint32_t row, bool overflow, sp_exc exc, sp_error *err)
{
    if (j->mode != SP_CAST_ANSI) { sp_cast_null(j, row); return SP_OK; }
    sp_arena *a = err && err->arena ? err->arena : j->c->arena;
    const char *value = sp_vec_sql_at(j->in, row, j->c->conf, a);
    const char *from = sp_type_sql_quoted(a, j->from), *to = sp_type_sql_quoted(a, j->to);
    if (overflow) SP_FAIL(err, CAST_OVERFLOW, "value", value, "sourceType", from, "targetType", to);
    else SP_FAIL_AS(err, exc, CAST_INVALID_INPUT, "expression", value, "sourceType", from, "targetType", to);
    return SP_FAILED;
}

sp_status sp_cast_refuse_decimal(cast_job *j, uint32_t row, const char *value, sp_error *err)
{
    if (j->mode != SP_CAST_ANSI) { sp_cast_null(j, row); return SP_OK; }
    char precision[8], scale[8];
    snprintf(precision, sizeof precision, "%d", j->to->precision);
    snprintf(scale, sizeof scale, "%d", j->to->scale);
    return SP_FAIL(err, NUMERIC_VALUE_OUT_OF_RANGE__WITH_SUGGESTION, "value", value, "precision", precision, "scale",
        scale, "config",
                   "\"spark.sql.ansi.enabled\"");
}

/* ---- to integers ---- */

static void limits(sp_kind k, int64_t *lo, int64_t *hi)
{
    switch (k) {
    case SP_BYTE: *lo = INT8_MIN; *hi = INT8_MAX; break;
    case SP_SHORT: *lo = INT16_MIN; *hi = INT16_MAX; break;
    case SP_INT: *lo = INT32_MIN; *hi = INT32_MAX; break;
    default: *lo = INT64_MIN; *hi = INT64_MAX;
    }
}

static sp_status put_integer(cast_job *j, uint32_t row, int64_t x, sp_error *err)
{
    int64_t lo, hi;
    limits(j->to->kind, &lo, &hi);
    if (j->mode != SP_CAST_LEGACY && (x < lo || x > hi)) return sp_cast_refuse(j, row, true, SP_EXC_ARITHMETIC, err);
    sp_vec_put_int(j->out, row, x);
    return SP_OK;
}

/* Java's (long) d and (int) d: NaN is 0, beyond the ends saturates; byte and short go through int. */
static int64_t java_f64_to_int(double d, sp_kind to)
{
    if (d != d) return 0;
    if (to == SP_LONG) return d >= 9223372036854775807.0 ? INT64_MAX : d <= -9223372036854775808.0 ? INT64_MIN
        : (int64_t)d;
    return d >= 2147483647.0 ? INT32_MAX : d <= -2147483648.0 ? INT32_MIN : (int32_t)d;
}

static sp_status float_to_integer(cast_job *j, sp_error *err)
{
    int64_t lo, hi;
    limits(j->to->kind, &lo, &hi);
    for (CAST_ROWS(j, i)) {
        double d = sp_vec_f64_at(j->in, i);
        if (j->mode == SP_CAST_LEGACY) { sp_vec_put_int(j->out, i, java_f64_to_int(d, j->to->kind)); continue; }
        bool fits = j->to->kind == SP_LONG ? d >= -9223372036854775808.0 && d < 9223372036854775808.0
                                           : floor(d) <= (double)hi && ceil(d) >= (double)lo;
        if (!fits) SP_TRY(sp_cast_refuse(j, i, true, SP_EXC_ARITHMETIC, err));
        else sp_vec_put_int(j->out, i, (int64_t)d);
    }
    return SP_OK;
}

static sp_status decimal_to_integer(cast_job *j, sp_error *err)
{
    sp_dec one = sp_pow10_table[j->from->scale];
    for (CAST_ROWS(j, i)) {
        sp_dec v = ((const sp_dec *)j->in->data)[i] / one;
        if (v < INT64_MIN || v > INT64_MAX) {
            if (j->mode == SP_CAST_LEGACY) sp_vec_put_int(j->out, i, (int64_t)v);
            else SP_TRY(sp_cast_refuse(j, i, true, SP_EXC_ARITHMETIC, err));
        } else SP_TRY(put_integer(j, i, (int64_t)v, err));
    }
    return SP_OK;
}

#define WIDEN(F, T) do { const F *s_ = j->in->data; T *d_ = j->out->data; for (uint32_t i_ = 0; i_ < j->in->rows; i_++) d_[i_] = (T)s_[i_]; } while (0)

/* Widening casts of integers cannot fail: whole arrays at once. */
static bool widen_integer(cast_job *j)
{
    switch ((int)j->from->kind * 100 + (int)j->to->kind) {
    case SP_BYTE * 100 + SP_SHORT: WIDEN(int8_t, int16_t); return true;
    case SP_BYTE * 100 + SP_INT: WIDEN(int8_t, int32_t); return true;
    case SP_BYTE * 100 + SP_LONG: WIDEN(int8_t, int64_t); return true;
    case SP_SHORT * 100 + SP_INT: WIDEN(int16_t, int32_t); return true;
    case SP_SHORT * 100 + SP_LONG: WIDEN(int16_t, int64_t); return true;
    case SP_INT * 100 + SP_LONG: WIDEN(int32_t, int64_t); return true;
    case SP_BYTE * 100 + SP_DOUBLE: WIDEN(int8_t, double); return true;
    case SP_SHORT * 100 + SP_DOUBLE: WIDEN(int16_t, double); return true;
    case SP_INT * 100 + SP_DOUBLE: WIDEN(int32_t, double); return true;
    case SP_LONG * 100 + SP_DOUBLE: WIDEN(int64_t, double); return true;
    case SP_BYTE * 100 + SP_FLOAT: WIDEN(int8_t, float); return true;
    case SP_SHORT * 100 + SP_FLOAT: WIDEN(int16_t, float); return true;
    case SP_INT * 100 + SP_FLOAT: WIDEN(int32_t, float); return true;
    case SP_LONG * 100 + SP_FLOAT: WIDEN(int64_t, float); return true;
    case SP_FLOAT * 100 + SP_DOUBLE: WIDEN(float, double); return true;
    case SP_DOUBLE * 100 + SP_FLOAT: WIDEN(double, float); return true;
    default: return false;
    }
}

static sp_status to_integer(cast_job *j, sp_error *err)
{
    switch (j->from->kind) {
    case SP_FLOAT: case SP_DOUBLE: return float_to_integer(j, err);
    case SP_DECIMAL: return decimal_to_integer(j, err);
    case SP_TIMESTAMP:
        for (CAST_ROWS(j, i)) SP_TRY(put_integer(j, i, sp_floor_div(sp_vec_int_at(j->in, i), SP_US_PER_SECOND), err));
        return SP_OK;
    case SP_DATE:   /* legacy only */
        for (CAST_ROWS(j, i)) sp_cast_null(j, i);
        return SP_OK;
    default:
        for (CAST_ROWS(j, i)) SP_TRY(put_integer(j, i, sp_vec_int_at(j->in, i), err));
        return SP_OK;
    }
}

/* ---- to floats, decimals, booleans ---- */

static sp_status to_float(cast_job *j, sp_error *err)
{
    for (CAST_ROWS(j, i)) {
        double d = j->from->kind == SP_TIMESTAMP ? (double)sp_vec_int_at(j->in, i) / 1e6 : 0;
        if (j->from->kind == SP_DATE) { sp_cast_null(j, i); continue; }
        if (j->from->kind != SP_TIMESTAMP)
            d = j->from->kind == SP_DECIMAL ? sp_dec_to_f64(((const sp_dec *)j->in->data)[i], j->from->scale)
                : sp_vec_f64_at(j->in, i);
        if (j->to->kind == SP_FLOAT) ((float *)j->out->data)[i] = (float)d;
        else ((double *)j->out->data)[i] = d;
    }
    return SP_OK;
}

static sp_status refuse_decimal_value(cast_job *j, uint32_t i, sp_dec v, int scale, sp_error *err)
{
    sp_buf b = { 0 };
    sp_dec_print(&b, v, scale);
    sp_status s = sp_cast_refuse_decimal(j, i, sp_buf_cstr(&b), err);
    sp_buf_done(&b);
    return s;
}

static sp_status to_decimal(cast_job *j, sp_error *err)
{
    int p = j->to->precision, s = j->to->scale;
    sp_dec *o = j->out->data;
    for (CAST_ROWS(j, i)) {
        if (j->from->kind == SP_DECIMAL) {
            sp_dec v = ((const sp_dec *)j->in->data)[i];
            if (!sp_dec_rescale(v, j->from->scale, p, s, &o[i])) SP_TRY(refuse_decimal_value(j, i, v, j->from->scale,
                err));
        } else if (j->from->kind == SP_FLOAT || j->from->kind == SP_DOUBLE) {
            double d = sp_vec_f64_at(j->in, i);
            sp_buf b = { 0 };
            if (j->from->kind == SP_FLOAT) sp_print_f32(&b, (float)d);
            else sp_print_f64(&b, d);
            sp_dec exact;
            int scale;
            bool parsed = isfinite(d) && sp_dec_parse((sp_str){ b.data, b.len }, &exact, &scale);
            bool fits = parsed ? sp_dec_rescale(exact, scale, p, s, &o[i]) : isfinite(d) &&
                sp_dec_from_f64(d, p, s, &o[i]);
            sp_status st = SP_OK;
            if (!isfinite(d)) sp_cast_null(j, i);
            else if (!fits) st = sp_cast_refuse_decimal(j, i, sp_buf_cstr(&b), err);
            sp_buf_done(&b);
            SP_TRY(st);
        } else {
            int64_t v = sp_vec_int_at(j->in, i);
            int scale = j->from->kind == SP_TIMESTAMP ? 6 : 0;
            if (j->from->kind == SP_DATE) { sp_cast_null(j, i); continue; }
            if (!sp_dec_rescale(v, scale, p, s, &o[i])) SP_TRY(refuse_decimal_value(j, i, v, scale, err));
        }
    }
    return SP_OK;
}

static sp_status to_boolean(cast_job *j, sp_error *err)
{
    uint8_t *o = j->out->data;
    for (CAST_ROWS(j, i)) {
        if (j->from->kind == SP_DATE) sp_cast_null(j, i);
        else if (j->from->kind == SP_DECIMAL) o[i] = ((const sp_dec *)j->in->data)[i] != 0;
        else if (j->from->kind == SP_FLOAT || j->from->kind == SP_DOUBLE) o[i] = sp_vec_f64_at(j->in, i) != 0;
        else o[i] = sp_vec_int_at(j->in, i) != 0;
    }
    return SP_OK;
}

/* ---- dates and timestamps ---- */

static int64_t seconds_to_us(int64_t s)
{
    int64_t us;
    return __builtin_mul_overflow(s, SP_US_PER_SECOND, &us) ? (s < 0 ? INT64_MIN : INT64_MAX) : us;
}

static sp_status number_to_timestamp(cast_job *j, sp_error *err)
{
    int64_t *o = j->out->data;
    for (CAST_ROWS(j, i)) {
        if (j->from->kind == SP_FLOAT || j->from->kind == SP_DOUBLE) {
            double d = sp_vec_f64_at(j->in, i);
            if (!isfinite(d)) SP_TRY(sp_cast_refuse(j, i, false, SP_EXC_DATETIME, err));
            else o[i] = java_f64_to_int(d * 1e6, SP_LONG);
        } else if (j->from->kind == SP_DECIMAL) {
            sp_dec us;
            if (!sp_dec_rescale(((const sp_dec *)j->in->data)[i], j->from->scale, 38, 6, &us)) us = 0;
            o[i] = (int64_t)us;
        } else if (j->from->kind == SP_BOOLEAN) o[i] = sp_vec_int_at(j->in, i);
        else o[i] = seconds_to_us(sp_vec_int_at(j->in, i));
    }
    return SP_OK;
}

static sp_status to_datetime(cast_job *j, sp_error *err)
{
    sp_kind f = j->from->kind, t = j->to->kind;
    for (CAST_ROWS(j, i)) {
        int64_t v = sp_vec_int_at(j->in, i), x;
        if (f == SP_DATE) x = t == SP_TIMESTAMP ? sp_zone_local_to_utc(j->zone, v * SP_US_PER_DAY) : v * SP_US_PER_DAY;
        else if (t == SP_DATE) x = sp_floor_div(f == SP_TIMESTAMP ? sp_zone_utc_to_local(j->zone, v) : v,
            SP_US_PER_DAY);
        else if (f == SP_TIMESTAMP && t == SP_TIMESTAMP_NTZ) x = sp_zone_utc_to_local(j->zone, v);
        else if (f == SP_TIMESTAMP_NTZ && t == SP_TIMESTAMP) x = sp_zone_local_to_utc(j->zone, v);
        else x = v;
        sp_vec_put_int(j->out, i, x);
    }
    return SP_OK;
}

/* ---- nested types ---- */

/* The elements that rows of the selection reach. */
static sp_status live_elements(cast_job *j, uint32_t **sel, uint32_t *count, sp_error *err)
{
    const sp_list *l = j->in->data;
    uint32_t total = j->in->child_count && j->in->child[0] ? j->in->child[0]->rows : 0, n = 0;
    uint64_t *seen;
    SP_NEW_ARRAY(seen, j->c->arena, sp_bit_words(total) + 1, err);
    SP_NEW_ARRAY(*sel, j->c->arena, total + 1, err);
    for (CAST_ROWS(j, i))
        for (uint32_t e = l[i].offset; e < l[i].offset + l[i].length; e++) sp_bit_set(seen, e);
    for (uint32_t e = 0; e < total; e++)
        if (sp_bit_get(seen, e)) (*sel)[n++] = e;
    *count = n;
    return SP_OK;
}

static sp_status cast_child(cast_job *j, int from_child, int to_child, const uint32_t *sel, uint32_t count,
    sp_error *err)
{
    sp_vec *v;
    SP_TRY(sp_cast_vec(j->c, j->in->child[from_child], sel, count, j->to->fields[to_child].type, j->mode, j->origin,
        &v, err));
    j->out->child[to_child] = sp_vec_flatten(v, j->c->arena, false, err);
    return j->out->child[to_child] ? SP_OK : SP_FAILED;
}

static sp_status to_nested(cast_job *j, sp_error *err)
{
    int n = j->to->field_count;
    if (!j->out->child || j->out->child_count < n) {
        SP_NEW_ARRAY(j->out->child, j->c->arena, n + 1, err);
        j->out->child_count = n;
    }
    if (j->to->kind == SP_STRUCT) {
        for (int i = 0; i < n; i++) SP_TRY(cast_child(j, i, i, j->sel, j->count, err));
        return SP_OK;
    }
    uint32_t *sel, count;
    SP_TRY(live_elements(j, &sel, &count, err));
    memcpy(j->out->data, j->in->data, sizeof(sp_list) * j->in->rows);
    for (int i = 0; i < n; i++) SP_TRY(cast_child(j, i, i, sel, count, err));
    return SP_OK;
}

/* ---- the whole ---- */

static sp_status cast_rows(cast_job *j, sp_error *err)
{
    sp_kind f = j->from->kind, t = j->to->kind;
    if (t == SP_STRING) return sp_cast_to_string(j, err);
    if (f == SP_STRING) return sp_cast_from_string(j, err);
    if (f == SP_YEAR_MONTH || f == SP_DAY_TIME || t == SP_YEAR_MONTH || t == SP_DAY_TIME) return sp_cast_interval(j,
        err);
    if (sp_kind_is_nested(t)) return to_nested(j, err);
    if (widen_integer(j)) return SP_OK;
    if (sp_kind_is_integral(t)) return to_integer(j, err);
    switch (t) {
    case SP_FLOAT: case SP_DOUBLE: return to_float(j, err);
    case SP_DECIMAL: return to_decimal(j, err);
    case SP_BOOLEAN: return to_boolean(j, err);
    case SP_BINARY: return sp_cast_to_string(j, err);

    case SP_TIMESTAMP:
        if (sp_kind_is_numeric(f) || f == SP_BOOLEAN) return number_to_timestamp(j, err);
        return to_datetime(j, err);
    case SP_DATE: case SP_TIMESTAMP_NTZ: return to_datetime(j, err);
    case SP_TIME:
        for (CAST_ROWS(j, i)) {     /* fewer digits: the rest is cut */
            int64_t unit = (int64_t)sp_pow10_table[9 - j->to->precision], v = sp_vec_int_at(j->in, i);
            ((int64_t *)j->out->data)[i] = v - v % unit;
        }
        return SP_OK;
    default: return sp_error_internal(err, "no cast from kind %d to kind %d", (int)f, (int)t);
    }
}

static sp_status live_rows(cast_job *j, const uint32_t *sel, uint32_t count, sp_error *err)
{
    j->sel = sel;
    j->count = count;
    if (!j->in->valid) return SP_OK;
    uint32_t *live, n = 0;
    SP_NEW_ARRAY(live, j->c->arena, count + 1, err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        live[n] = row;
        n += sp_bit_get(j->in->valid, row);
    }
    if (n == count) return SP_OK;
    j->sel = live;
    j->count = n;
    return SP_OK;
}

sp_status sp_cast_vec(sp_eval_context *c, const sp_vec *in, const uint32_t *sel, uint32_t count, const sp_type *to,
    sp_cast_mode mode,
                      const sp_expr *origin, sp_vec **out, sp_error *err)
{
    const sp_vec *plain;
    SP_TRY(sp_vec_plain(in, c->arena, &plain, err));
    bool constant = plain->form == SP_CONST;
    if (plain->type->kind == SP_VOID || count == 0 || (constant && sp_vec_is_null(plain, 0)))
        return (*out = sp_vec_new_null(c->arena, to, in->rows, err)) ? SP_OK : SP_FAILED;
    if (sp_type_same(plain->type, to)) { *out = (sp_vec *)(uintptr_t)in; return SP_OK; }
    cast_job j = { .c = c, .in = plain, .from = plain->type, .to = to, .mode = mode, .origin = origin,
                   .zone = c->conf && c->conf->zone ? c->conf->zone : sp_zone_utc() };
    sp_vec one;
    if (constant) {
        one = *plain;
        one.form = SP_FLAT;
        one.rows = 1;
        j.in = &one;
        SP_TRY(live_rows(&j, NULL, 1, err));
    } else SP_TRY(live_rows(&j, sel, count, err));
    if (!(j.out = sp_vec_new(c->arena, to, j.in->rows, err))) return SP_FAILED;
    if (j.in->valid) {
        SP_TRY(sp_vec_need_valid(j.out, c->arena, err));
        memcpy(j.out->valid, j.in->valid, sp_bit_words(j.in->rows) * 8);
    }
    sp_status s = cast_rows(&j, err);
    if (s != SP_FAILED && j.failed_alloc) s = sp_error_memory(err, "null bitmap");
    if (s == SP_FAILED) {
        if (origin) sp_error_locate(err, origin);
        return s;
    }
    if (constant) j.out->form = SP_CONST;
    j.out->rows = in->rows;
    *out = j.out;
    return SP_OK;
}
