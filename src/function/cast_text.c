/* cast_text.c -- casts to and from text.
 *
 * To text: Spark's ToStringBase (sp_vec_text); integers have a loop of their own. From text: UTF8String.toInt and
 * its kin, Double.parseDouble, Decimal.fromString, DateTimeUtils.stringToDate/stringToTimestamp, each with the
 * exception class Spark throws CAST_INVALID_INPUT under. */
#include "function/cast_int.h"

/* ---- to text ---- */

static size_t print_i64(char out[24], int64_t v)
{
    char tmp[24];
    size_t n = 0, len = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do tmp[n++] = (char)('0' + u % 10); while (u /= 10);
    if (v < 0) out[len++] = '-';
    while (n) out[len++] = tmp[--n];
    return len;
}

static sp_status keep(cast_job *j, uint32_t row, const char *p, size_t n, sp_error *err)
{
    if (n > SP_VIEW_INLINE) {
        char *copy = sp_arena_alloc(j->c->arena, n, err);
        if (!copy) return SP_FAILED;
        memcpy(copy, p, n);
        p = copy;
    }
    ((sp_view *)j->out->data)[row] = sp_view_make(p, n);
    return SP_OK;
}

static sp_status integers_to_binary(cast_job *j, sp_error *err)
{
    size_t w = sp_kind_width(j->from->kind);
    for (CAST_ROWS(j, i)) {
        int64_t v = sp_vec_int_at(j->in, i);
        char bytes[8];
        for (size_t b = 0; b < w; b++) bytes[b] = (char)(v >> (8 * (w - 1 - b)));
        SP_TRY(keep(j, i, bytes, w, err));
    }
    return SP_OK;
}

sp_status sp_cast_to_string(cast_job *j, sp_error *err)
{
    sp_kind f = j->from->kind;
    if (f == SP_STRING || f == SP_BINARY) {
        memcpy(j->out->data, j->in->data, sizeof(sp_view) * j->in->rows);
        return SP_OK;
    }
    if (j->to->kind == SP_BINARY) return integers_to_binary(j, err);
    if (sp_kind_is_integral(f)) {
        char text[24];
        for (CAST_ROWS(j, i)) SP_TRY(keep(j, i, text, print_i64(text, sp_vec_int_at(j->in, i)), err));
        return SP_OK;
    }
    sp_buf b = { 0 };
    sp_status s = SP_OK;
    for (CAST_ROWS(j, i)) {
        sp_buf_clear(&b);
        if ((s = sp_vec_text(&b, j->in, i, false, j->zone, err)) == SP_FAILED ||
            (s = sp_buf_check(&b, err)) == SP_FAILED) break;
        if ((s = keep(j, i, b.data ? b.data : "", b.len, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return s;
}

/* ---- from text ---- */

static inline sp_str text_at(const cast_job *j, uint32_t i) { return sp_view_str(&((const sp_view *)j->in->data)[i]); }

static sp_status to_integers(cast_job *j, sp_error *err)
{
    int64_t lo = INT64_MIN, hi = INT64_MAX, v;
    if (j->to->kind == SP_BYTE) { lo = INT8_MIN; hi = INT8_MAX; }
    if (j->to->kind == SP_SHORT) { lo = INT16_MIN; hi = INT16_MAX; }
    if (j->to->kind == SP_INT) { lo = INT32_MIN; hi = INT32_MAX; }
    bool legacy = j->mode == SP_CAST_LEGACY;
    for (CAST_ROWS(j, i)) {
        if (!sp_parse_integral(text_at(j, i), legacy, lo, hi, &v)) SP_TRY(sp_cast_refuse(j, i, false,
            SP_EXC_NUMBER_FORMAT, err));
        else sp_vec_put_int(j->out, i, v);
    }
    return SP_OK;
}

static sp_status to_floats(cast_job *j, sp_error *err)
{
    for (CAST_ROWS(j, i)) {
        bool ok = j->to->kind == SP_FLOAT ? sp_parse_f32(text_at(j, i), (float *)j->out->data + i)
                                          : sp_parse_f64(text_at(j, i), (double *)j->out->data + i);
        if (!ok) SP_TRY(sp_cast_refuse(j, i, false, SP_EXC_NUMBER_FORMAT, err));
    }
    return SP_OK;
}

static sp_status to_decimals(cast_job *j, sp_error *err)
{
    for (CAST_ROWS(j, i)) {
        sp_str s = sp_str_trim(text_at(j, i));
        sp_dec v;
        int scale;
        if (!sp_dec_parse(s, &v, &scale)) { SP_TRY(sp_cast_refuse(j, i, false, SP_EXC_NUMBER_FORMAT, err)); continue; }
        if (sp_dec_parse_to(s, j->to->precision, j->to->scale, &((sp_dec *)j->out->data)[i])) continue;
        sp_buf b = { 0 };
        sp_dec_print(&b, v, scale);
        sp_status st = sp_cast_refuse_decimal(j, i, sp_buf_cstr(&b), err);
        sp_buf_done(&b);
        SP_TRY(st);
    }
    return SP_OK;
}

static bool parse_one(cast_job *j, sp_str s, uint32_t i)
{
    void *o = j->out->data;
    int64_t nanos;
    sp_calendar cal;
    switch (j->to->kind) {
    case SP_BOOLEAN: return sp_parse_boolean(s, (bool *)o + i);
    case SP_DATE: return sp_parse_date(s, (int32_t *)o + i);
    case SP_TIMESTAMP: return sp_parse_timestamp(s, j->zone, (int64_t *)o + i);
    case SP_TIMESTAMP_NTZ: return sp_parse_timestamp_ntz(s, true, (int64_t *)o + i);
    case SP_TIME:
        if (!sp_parse_time(s, &nanos)) return false;
        ((int64_t *)o)[i] = nanos - nanos % (int64_t)sp_pow10_table[9 - j->to->precision];
        return true;
    case SP_CALENDAR:
        if (sp_parse_interval(s, &cal, NULL) == SP_FAILED) return false;
        ((sp_calendar *)o)[i] = cal;
        return true;
    case SP_YEAR_MONTH: return sp_parse_year_month(s, j->to, (int32_t *)o + i, NULL) != SP_FAILED;
    case SP_DAY_TIME: return sp_parse_day_time(s, j->to, (int64_t *)o + i, NULL) != SP_FAILED;
    default: return false;
    }
}

/* Intervals have messages of their own, saying what is wrong with the text. */
static sp_status refuse_interval(cast_job *j, uint32_t i, sp_error *err)
{
    sp_calendar cal;
    int64_t us;
    int32_t months;
    if (j->mode != SP_CAST_ANSI) return sp_cast_refuse(j, i, false, SP_EXC_ILLEGAL_ARGUMENT, err);
    if (j->to->kind == SP_CALENDAR) return sp_parse_interval(text_at(j, i), &cal, err);
    if (j->to->kind == SP_DAY_TIME) return sp_parse_day_time(text_at(j, i), j->to, &us, err);
    return sp_parse_year_month(text_at(j, i), j->to, &months, err);
}

sp_status sp_cast_from_string(cast_job *j, sp_error *err)
{
    sp_kind t = j->to->kind;
    if (sp_kind_is_integral(t)) return to_integers(j, err);
    if (t == SP_FLOAT || t == SP_DOUBLE) return to_floats(j, err);
    if (t == SP_DECIMAL) return to_decimals(j, err);
    if (t == SP_BINARY) return sp_cast_to_string(j, err);
    bool interval = t == SP_CALENDAR || t == SP_YEAR_MONTH || t == SP_DAY_TIME;
    for (CAST_ROWS(j, i)) {
        if (parse_one(j, text_at(j, i), i)) continue;
        if (interval) SP_TRY(refuse_interval(j, i, err));
        else SP_TRY(sp_cast_refuse(j, i, false, t == SP_BOOLEAN ? SP_EXC_RUNTIME : SP_EXC_DATETIME, err));
    }
    return SP_OK;
}
