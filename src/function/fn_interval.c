/* fn_interval.c -- + - * / where a date, a timestamp or an interval takes part, and the functions that make intervals.
 *
 * Which pair means what: BinaryArithmeticWithDatetimeResolver. Months are added on the calendar in the session's
 * zone, days as local days, the rest as microseconds (DateTimeUtils.timestampAddInterval). Multiplying and dividing
 * ANSI intervals rounds HALF_UP. */
#include "function/function_int.h"
#include <math.h>

sp_status sp_bind_interval_arith(sp_bind *b, const char *op, bool try_, bool *done, sp_error *err);

typedef enum {
    DATE_DAYS, DATE_MONTHS, DATE_CALENDAR, TS_MONTHS, TS_US, TS_CALENDAR, DATE_DATE, TS_TS, ANSI_ANSI, CAL_CAL,
        SCALE_MONTHS, SCALE_US, SCALE_CAL, TIME_US, TIME_TIME
} combo;
typedef struct datetime_op { combo kind; bool minus, swapped, divide, try_, ansi; } datetime_op;

static bool is_ts(sp_kind k) { return k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ; }

static const sp_zone *zone_of(const sp_kernel *k, sp_kind kind)
{
    return kind == SP_TIMESTAMP && k->conf->zone ? k->conf->zone : sp_zone_utc();
}

static sp_status fail_interval(sp_kernel *k, const datetime_op *o, uint32_t i, sp_error *err)
{
    if (o->try_) { sp_kernel_null(k, i); return SP_OK; }
    return SP_FAIL(err, INTERVAL_ARITHMETIC_OVERFLOW__WITHOUT_SUGGESTION);
}

/* date or timestamp with something added */
static sp_status add_to(sp_kernel *k, const datetime_op *o, sp_error *err)
{
    int l = o->swapped, r = !o->swapped;
    int64_t sign = o->minus ? -1 : 1;
    for (SP_ROWS(k, i)) {
        int64_t v = sp_arg_int(k, l, i), x = 0;
        sp_calendar c = { 0 };
        if (k->args[r]->type->kind == SP_CALENDAR) {
            c = SP_GET(k, sp_calendar, r, i);
            c = (sp_calendar){ (int32_t)(c.months * sign), (int32_t)(c.days * sign), c.us * sign };
        } else x = sp_arg_int(k, r, i) * sign;
        const sp_zone *z = zone_of(k, k->args[l]->type->kind);
        switch (o->kind) {
        case DATE_DAYS:
            if (k->args[r]->type->kind == SP_DAY_TIME) x /= SP_US_PER_DAY;
            if (v + x > INT32_MAX || v + x < INT32_MIN) return sp_fail_overflow(err, "integer overflow", NULL);
            v += x;
            break;
        case DATE_MONTHS: v = sp_date_add_months((int32_t)v, x); break;
        case DATE_CALENDAR:
            if (c.us && o->ansi)
                return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                    "requirement failed: Cannot add hours, minutes or seconds, milliseconds, microseconds to a date");
            v = sp_date_add_months((int32_t)v, c.months) + c.days;
            if (c.us) v = sp_floor_div(sp_timestamp_add(v * SP_US_PER_DAY, 0, 0, c.us, sp_zone_utc()), SP_US_PER_DAY);
            break;
        case TS_MONTHS: v = sp_timestamp_add(v, (int32_t)x, 0, 0, z); break;
        case TS_US: v = sp_timestamp_add(v, 0, (int32_t)(x / SP_US_PER_DAY), x % SP_US_PER_DAY, z); break;   /* whole days by the calendar */
        case TIME_US: v = sp_floor_mod(v + x * 1000, 86400000000000ll); break;
        default: v = sp_timestamp_add(v, c.months, c.days, c.us, z);
        }
        sp_vec_put_int(k->out, i, v);
    }
    return SP_OK;
}

static sp_status difference(sp_kernel *k, const datetime_op *o, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t l = sp_arg_int(k, 0, i), r = sp_arg_int(k, 1, i), us;
        if (o->kind == TIME_TIME) { SP_OUT(k, int64_t)[i] = (l - r) / 1000; continue; }
        if (o->kind == DATE_DATE) {
            if (__builtin_mul_overflow(l - r, SP_US_PER_DAY, &us)) return sp_fail_overflow(err, "long overflow", NULL);
        } else {
            sp_kind t = k->args[0]->type->kind;
            if (t == SP_TIMESTAMP) {
                l = sp_zone_utc_to_local(zone_of(k, t), l);
                r = sp_zone_utc_to_local(zone_of(k, t), r);
            }
            if (__builtin_sub_overflow(l, r, &us)) return sp_fail_overflow(err, "long overflow", NULL);
        }
        SP_OUT(k, int64_t)[i] = us;
    }
    return SP_OK;
}

static sp_status sum_intervals(sp_kernel *k, const datetime_op *o, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        if (o->kind == CAL_CAL) {
            sp_calendar a = SP_GET(k, sp_calendar, 0, i), b = SP_GET(k, sp_calendar, 1, i), x;
            int sign = o->minus ? -1 : 1;
            bool bad = __builtin_add_overflow(a.months, b.months * sign, &x.months) | __builtin_add_overflow(a.days,
                b.days * sign, &x.days) |
                       __builtin_add_overflow(a.us, b.us * sign, &x.us);
            if (bad && o->ansi) SP_TRY(fail_interval(k, o, i, err));
            SP_OUT(k, sp_calendar)[i] = x;
            continue;
        }
        int64_t a = sp_arg_int(k, 0, i), b = sp_arg_int(k, 1, i), x;
        bool bad = o->minus ? __builtin_sub_overflow(a, b, &x) : __builtin_add_overflow(a, b, &x);
        bad |= k->out->type->kind == SP_YEAR_MONTH && (x > INT32_MAX || x < INT32_MIN);
        if (bad) SP_TRY(fail_interval(k, o, i, err));
        else sp_vec_put_int(k->out, i, x);
    }
    return SP_OK;
}

/* v times or by the number in argument n, HALF_UP; false: overflow (or division by zero, *zero) */
static bool scale(sp_kernel *k, const datetime_op *o, int64_t v, int n, uint32_t i, int64_t *out, bool *zero)
{
    const sp_type *t = k->args[n]->type;
    *zero = false;
    if (t->kind == SP_FLOAT || t->kind == SP_DOUBLE) {
        double d = sp_arg_f64(k, n, i);
        if (o->divide && d == 0) { *zero = true; return false; }
        double x = o->divide ? (double)v / d : (double)v * d;
        if (!isfinite(x) || fabs(x) >= 9223372036854775808.0) return false;
        double whole = floor(fabs(x) + 0.5);
        *out = (int64_t)(x < 0 ? -whole : whole);
        return true;
    }
    __int128 num = v, den = 1, m = t->kind == SP_DECIMAL ? SP_GET(k, sp_dec, n, i) : sp_arg_int(k, n, i);
    __int128 unit = t->kind == SP_DECIMAL ? sp_pow10_table[t->scale] : 1;
    if (o->divide) {
        if (m == 0) { *zero = true; return false; }
        if (__builtin_mul_overflow(num, unit, &num)) return false;
        den = m;
    } else {
        if (__builtin_mul_overflow(num, m, &num)) return false;
        den = unit;
    }
    if (den < 0) { den = -den; num = -num; }
    __int128 half = den / 2, x = num < 0 ? -((-num + half) / den) : (num + half) / den;
    if (x > INT64_MAX || x < INT64_MIN) return false;
    *out = (int64_t)x;
    return true;
}

static sp_status scale_interval(sp_kernel *k, const datetime_op *o, sp_error *err)
{
    int l = o->swapped, r = !o->swapped;
    for (SP_ROWS(k, i)) {
        bool zero = false;
        if (o->kind == SCALE_CAL) {
            sp_calendar c = SP_GET(k, sp_calendar, l, i);
            double n = sp_arg_f64(k, r, i);
            if (o->divide && n == 0) {
                if (o->ansi && !o->try_) return SP_FAIL(err, INTERVAL_DIVIDED_BY_ZERO);
                sp_kernel_null(k, i);
                continue;
            }
            double f = o->divide ? 1 / n : n, months = o->divide ? c.months / n : c.months * n, days = o->divide
                ? c.days / n : c.days * n;
            double us = o->divide ? (double)c.us / n : (double)c.us * f;
            double whole_days = trunc(days);
            SP_OUT(k, sp_calendar)[i] = (sp_calendar){ (int32_t)months, (int32_t)whole_days,
                                                       (int64_t)round(us + (days - whole_days) * (double)SP_US_PER_DAY) };
            continue;
        }
        int64_t x;
        bool ok = scale(k, o, sp_arg_int(k, l, i), r, i, &x, &zero);
        if (ok && o->kind == SCALE_MONTHS) ok = x <= INT32_MAX && x >= INT32_MIN;
        if (zero && !o->try_) return SP_FAIL(err, INTERVAL_DIVIDED_BY_ZERO);
        if (!ok) SP_TRY(fail_interval(k, o, i, err));
        else sp_vec_put_int(k->out, i, x);
    }
    return SP_OK;
}

static sp_status kernel_datetime(sp_kernel *k, sp_error *err)
{
    const datetime_op *o = k->call->state;
    switch (o->kind) {
    case DATE_DATE: case TS_TS: case TIME_TIME: return difference(k, o, err);
    case ANSI_ANSI: case CAL_CAL: return sum_intervals(k, o, err);
    case SCALE_MONTHS: case SCALE_US: case SCALE_CAL: return scale_interval(k, o, err);
    default: return add_to(k, o, err);
    }
}

/* ---- which combination ---- */

static sp_status answer(sp_bind *b, datetime_op o, const sp_type *t, bool *done, sp_error *err)
{
    datetime_op *kept;
    SP_NEW(kept, b->arena, sizeof *kept, err);
    *kept = o;
    b->state = kept;
    b->kernel = kernel_datetime;
    b->type = t;
    if (o.try_) b->nullable = true;
    *done = true;
    return SP_OK;
}

/* x (argument 0, or 1 when swapped) op y */
static sp_status bind_add(sp_bind *b, datetime_op o, const sp_type *x, const sp_type *y, int xi, bool *done,
    sp_error *err)
{
    sp_kind k = y->kind;
    if (x->kind == SP_DATE) {
        if (k == SP_DAY_TIME && y->end_field == 0) { o.kind = DATE_DAYS; return answer(b, o, x, done, err); }
        if (k == SP_DAY_TIME) {
            b->want[xi] = sp_type_of(SP_TIMESTAMP);
            o.kind = TS_US;
            return answer(b, o, b->want[xi], done, err);
        }
        if (k == SP_YEAR_MONTH) { o.kind = DATE_MONTHS; return answer(b, o, x, done, err); }
        if (k == SP_CALENDAR) { o.kind = DATE_CALENDAR; return answer(b, o, x, done, err); }
        if (k == SP_INT || k == SP_SHORT || k == SP_BYTE || k == SP_VOID) {
            o.kind = DATE_DAYS;
            b->want[1 - xi] = sp_type_of(SP_INT);
            return answer(b, o, x, done, err);
        }
        return SP_OK;
    }
    if (is_ts(x->kind)) {
        if (k == SP_YEAR_MONTH) { o.kind = TS_MONTHS; return answer(b, o, x, done, err); }
        if (k == SP_DAY_TIME) { o.kind = TS_US; return answer(b, o, x, done, err); }
        if (k == SP_CALENDAR) { o.kind = TS_CALENDAR; return answer(b, o, x, done, err); }
        }
    if (x->kind == SP_TIME && k == SP_DAY_TIME) { o.kind = TIME_US; return answer(b, o, x, done, err); }
    return SP_OK;
}

static sp_status bind_sub(sp_bind *b, datetime_op o, const sp_type *x, const sp_type *y, bool *done, sp_error *err)
{
    SP_TRY(bind_add(b, o, x, y, 0, done, err));
    if (*done) return SP_OK;
    if (x->kind == SP_TIME && y->kind == SP_TIME) { o.kind = TIME_TIME; return answer(b, o, sp_type_interval(b->arena, SP_DAY_TIME, 1, 3, err), done, err); }
    if (is_ts(x->kind) || is_ts(y->kind)) {
        const sp_type *t = is_ts(x->kind) && is_ts(y->kind) && x->kind != y->kind ? sp_type_of(SP_TIMESTAMP)
            : is_ts(x->kind) ? x : y;
        if (!sp_can_implicit_cast(x, t, b->conf) || !sp_can_implicit_cast(y, t, b->conf)) return SP_OK;
        b->want[0] = b->want[1] = t;
        o.kind = TS_TS;
        return answer(b, o, sp_type_of(SP_DAY_TIME), done, err);
    }
    if (y->kind == SP_DATE || (x->kind == SP_DATE && y->kind == SP_STRING)) {
        const sp_type *d = sp_type_of(SP_DATE);
        if (!sp_can_implicit_cast(x, d, b->conf) || !sp_can_implicit_cast(y, d, b->conf)) return SP_OK;
        b->want[0] = b->want[1] = d;
        o.kind = DATE_DATE;
        return answer(b, o, sp_type_interval(b->arena, SP_DAY_TIME, 0, 0, err), done, err);
    }
    return SP_OK;
}

static sp_status bind_same(sp_bind *b, datetime_op o, const sp_type *x, const sp_type *y, bool *done, sp_error *err)
{
    if (x->kind == SP_VOID) x = y;
    if (y->kind == SP_VOID) y = x;
    if (x->kind != y->kind || (x->kind != SP_CALENDAR && x->kind != SP_DAY_TIME &&
        x->kind != SP_YEAR_MONTH)) return SP_OK;
    const sp_type *t = sp_widest_type(b->arena, x, y, b->conf, err);
    if (!t) return SP_FAILED;
    b->want[0] = b->want[1] = t;
    o.kind = x->kind == SP_CALENDAR ? CAL_CAL : ANSI_ANSI;
    return answer(b, o, t, done, err);
}

static sp_status bind_scale(sp_bind *b, datetime_op o, const sp_type *x, const sp_type *y, int xi, bool *done,
    sp_error *err)
{
    if (y->kind == SP_STRING || y->kind == SP_VOID) b->want[1 - xi] = y = sp_type_of(SP_DOUBLE);
    if (!sp_kind_is_numeric(y->kind)) return SP_OK;
    o.kind = x->kind == SP_CALENDAR ? SCALE_CAL : x->kind == SP_YEAR_MONTH ? SCALE_MONTHS : SCALE_US;
    if (x->kind == SP_CALENDAR) b->want[1 - xi] = sp_type_of(SP_DOUBLE);
    return answer(b, o, sp_type_of(x->kind), done, err);
}

static bool is_interval(sp_kind k) { return k == SP_CALENDAR || k == SP_DAY_TIME || k == SP_YEAR_MONTH; }

sp_status sp_bind_interval_arith(sp_bind *b, const char *op, bool try_, bool *done, sp_error *err)
{
    const sp_type *x = sp_bind_type(b, 0), *y = sp_bind_type(b, 1);
    datetime_op o = { .try_ = try_, .ansi = b->conf->ansi, .minus = op[0] == '-', .divide = op[0] == '/' };
    *done = false;
    if (op[0] == '+' || op[0] == '-') {
        SP_TRY(bind_same(b, o, x, y, done, err));
        if (*done) return SP_OK;
        if (o.minus) return bind_sub(b, o, x, y, done, err);
        SP_TRY(bind_add(b, o, x, y, 0, done, err));
        if (*done) return SP_OK;
        o.swapped = true;
        return bind_add(b, o, y, x, 1, done, err);
    }
    if (op[0] != '*' && op[0] != '/') return SP_OK;
    if (is_interval(x->kind) && !is_interval(y->kind)) return bind_scale(b, o, x, y, 0, done, err);
    if (op[0] == '*' && is_interval(y->kind) && !is_interval(x->kind)) {
        o.swapped = true;
        return bind_scale(b, o, y, x, 1, done, err);
    }
    return SP_OK;
}

/* ---- make_interval and its kin ---- */

static bool add_us(int64_t *total, int64_t n, int64_t unit)
{
    int64_t v;
    return !__builtin_mul_overflow(n, unit, &v) && !__builtin_add_overflow(*total, v, total);
}

/* Arguments from `first` as hours, minutes, seconds (decimal(18,6)) */
static bool time_part(sp_kernel *k, int first, uint32_t i, int64_t *us)
{
    bool ok = true;
    *us = 0;
    if (k->arg_count > first) ok &= add_us(us, sp_arg_int(k, first, i), 3600 * SP_US_PER_SECOND);
    if (k->arg_count > first + 1) ok &= add_us(us, sp_arg_int(k, first + 1, i), 60 * SP_US_PER_SECOND);
    if (k->arg_count > first + 2) ok &= add_us(us, (int64_t)SP_GET(k, sp_dec, first + 2, i), 1);
    return ok;
}

static sp_status bind_parts(sp_bind *b, int seconds_at, const sp_type *t, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++) {
        SP_TRY(sp_bind_want(b, i, sp_type_of(SP_INT), err));
        if (i != seconds_at) continue;
        if (!(b->want[i] = sp_type_decimal(b->arena, 18, 6, err))) return SP_FAILED;
    }
    b->type = t;
    return SP_OK;
}

static sp_status bind_make_interval(sp_bind *b, sp_error *err) { return bind_parts(b, 6, sp_type_of(SP_CALENDAR), err);
}
static sp_status bind_make_dt(sp_bind *b, sp_error *err) { return bind_parts(b, 3, sp_type_of(SP_DAY_TIME), err); }
static sp_status bind_make_ym(sp_bind *b, sp_error *err) { return bind_parts(b, -1, sp_type_of(SP_YEAR_MONTH), err); }

static sp_status kernel_make_interval(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t v[4] = { 0 }, us;
        for (int a = 0; a < 4 && a < k->arg_count; a++) v[a] = sp_arg_int(k, a, i);
        int64_t months = v[0] * 12 + v[1], days = v[2] * 7 + v[3];
        bool ok = time_part(k, 4, i, &us) && months == (int32_t)months && days == (int32_t)days;
        if (!ok && k->conf->ansi) return sp_fail_overflow(err, "integer overflow", NULL);
        if (!ok) sp_kernel_null(k, i);
        SP_OUT(k, sp_calendar)[i] = (sp_calendar){ (int32_t)months, (int32_t)days, us };
    }
    return SP_OK;
}

static sp_status kernel_make_dt(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t us;
        bool ok = time_part(k, 1, i, &us);
        if (k->arg_count) ok &= add_us(&us, sp_arg_int(k, 0, i), SP_US_PER_DAY);
        if (!ok) return SP_FAIL(err, INTERVAL_ARITHMETIC_OVERFLOW__WITHOUT_SUGGESTION);
        SP_OUT(k, int64_t)[i] = us;
    }
    return SP_OK;
}

static sp_status kernel_make_ym(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t m = (k->arg_count ? sp_arg_int(k, 0, i) * 12 : 0) + (k->arg_count > 1 ? sp_arg_int(k, 1, i) : 0);
        if (m != (int32_t)m) return SP_FAIL(err, INTERVAL_ARITHMETIC_OVERFLOW__WITHOUT_SUGGESTION);
        SP_OUT(k, int32_t)[i] = (int32_t)m;
    }
    return SP_OK;
}

extern const sp_function sp_family_interval[];
const sp_function sp_family_interval[] = {
    { "make_interval", 0, 7, SP_FN_MAY_BE_NULL, bind_make_interval, kernel_make_interval, "3.0.0",
        "make_interval([years[, months[, weeks[, days[, hours[, mins[, secs]]]]]]])" },
    { "make_dt_interval", 0, 4, 0, bind_make_dt, kernel_make_dt, "3.2.0",
        "make_dt_interval([days[, hours[, mins[, secs]]]])" },
    { "make_ym_interval", 0, 2, 0, bind_make_ym, kernel_make_ym, "3.2.0", "make_ym_interval([years[, months]])" },
    { 0 }
};
