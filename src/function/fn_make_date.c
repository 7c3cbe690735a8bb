/* fn_make_date.c -- dates and timestamps from their parts: make_date, make_timestamp and its _ntz, _ltz and try_ forms.
 * Out of range: DATETIME_FIELD_OUT_OF_BOUNDS under ANSI, null else. Behaviour: MakeDate, MakeTimestamp. */
#include "function/date_int.h"

static sp_status refuse(sp_kernel *k, uint32_t i, bool try_, const char *why, sp_error *err)
{
    if (try_ || !k->conf->ansi) { sp_kernel_null(k, i); return SP_OK; }
    return SP_FAIL(err, DATETIME_FIELD_OUT_OF_BOUNDS__WITHOUT_SUGGESTION, "rangeMessage", why);
}

/* java.time.LocalDate.of's words */
static const char *date_fault(sp_error *err, int64_t y, int64_t m, int64_t d)
{
    static const char *const months[] = { "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST",
        "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER" };
    if (y < -999999999 || y > 999999999) return sp_error_format(err,
        "Invalid value for Year (valid values -999999999 - 999999999): %lld", (long long)y);
    if (m < 1 || m > 12) return sp_error_format(err, "Invalid value for MonthOfYear (valid values 1 - 12): %lld",
        (long long)m);
    if (d < 1 || d > 31) return sp_error_format(err, "Invalid value for DayOfMonth (valid values 1 - 28/31): %lld",
        (long long)d);
    if (d <= sp_days_in_month(y, (int)m)) return NULL;
    if (d == 29) return sp_error_format(err, "Invalid date 'February 29' as '%lld' is not a leap year", (long long)y);
    return sp_error_format(err, "Invalid date '%s %lld'", months[m - 1], (long long)d);
}

SP_SIG(bind_make_date, "iii", SP_DATE)

static sp_status kernel_make_date(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t y = sp_arg_int(k, 0, i), m = sp_arg_int(k, 1, i), d = sp_arg_int(k, 2, i);
        const char *fault = date_fault(err, y, m, d);
        if (fault) SP_TRY(refuse(k, i, false, fault, err));
        else SP_OUT(k, int32_t)[i] = (int32_t)sp_days_from_civil(y, (int)m, (int)d);
    }
    return SP_OK;
}

typedef struct make_info { sp_kind to; bool try_; } make_info;

static sp_status bind_make(sp_bind *b, sp_kind to, bool try_, sp_error *err)
{
    make_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    *f = (make_info){ to, try_ };
    b->state = f;
    SP_TRY(sp_bind_sig(b, "iiiii", to, err));
    const sp_type *seconds = sp_type_decimal(b->arena, 16, 6, err);
    if (!seconds) return SP_FAILED;
    SP_TRY(sp_bind_want(b, 5, seconds, err));
    if (b->arg_count > 6) SP_TRY(sp_bind_want(b, 6, sp_type_of(SP_STRING), err));
    return SP_OK;
}

static sp_status bind_make_ts(sp_bind *b, sp_error *err) { return bind_make(b, SP_TIMESTAMP, false, err); }
static sp_status bind_try_make_ts(sp_bind *b, sp_error *err) { return bind_make(b, SP_TIMESTAMP, true, err); }
static sp_status bind_make_ntz(sp_bind *b, sp_error *err) { return bind_make(b, SP_TIMESTAMP_NTZ, false, err); }
static sp_status bind_try_make_ntz(sp_bind *b, sp_error *err) { return bind_make(b, SP_TIMESTAMP_NTZ, true, err); }

static const char *time_fault(sp_error *err, int64_t h, int64_t m, int64_t us)
{
    if (h < 0 || h > 23) return sp_error_format(err, "Invalid value for HourOfDay (valid values 0 - 23): %lld",
        (long long)h);
    if (m < 0 || m > 59) return sp_error_format(err, "Invalid value for MinuteOfHour (valid values 0 - 59): %lld",
        (long long)m);
    if (us > 60 * SP_US_PER_SECOND || us < 0)
        return sp_error_format(err, "Invalid value for SecondOfMinute (valid values 0 - 59): %lld",
            (long long)(us / SP_US_PER_SECOND));
    return NULL;
}

static sp_status kernel_make_ts(sp_kernel *k, sp_error *err)
{
    const make_info *f = k->call->state;
    for (SP_ROWS(k, i)) {
        int64_t v[5], us = (int64_t)SP_GET(k, sp_dec, 5, i);
        for (int a = 0; a < 5; a++) v[a] = sp_arg_int(k, a, i);
        const char *fault = date_fault(err, v[0], v[1], v[2]);
        if (!fault) fault = time_fault(err, v[3], v[4], us);
        if (fault) { SP_TRY(refuse(k, i, f->try_, fault, err)); continue; }
        const sp_zone *z = sp_kernel_zone(k);
        if (k->arg_count > 6 && !(z = sp_zone_get(sp_arg_str(k, 6, i), err))) return SP_FAILED;
        int64_t local = sp_days_from_civil(v[0], (int)v[1],
            (int)v[2]) * SP_US_PER_DAY + v[3] * sp_unit_us[SP_UNIT_HOUR] + v[4] * sp_unit_us[SP_UNIT_MINUTE] + us;
        SP_OUT(k, int64_t)[i] = f->to == SP_TIMESTAMP ? sp_zone_local_to_utc(z, local) : local;
    }
    return SP_OK;
}

extern const sp_function sp_family_make_date[];
const sp_function sp_family_make_date[] = {
    { "make_date", 3, 3, SP_FN_MAY_BE_NULL, bind_make_date, kernel_make_date, "3.0.0", "make_date(year, month, day)" },
    { "make_timestamp", 6, 7, SP_FN_MAY_BE_NULL, bind_make_ts, kernel_make_ts, "3.0.0",
        "make_timestamp(year, month, day, hour, min, sec[, zone])" },
    { "make_timestamp_ltz", 6, 7, SP_FN_MAY_BE_NULL, bind_make_ts, kernel_make_ts, "3.4.0",
        "make_timestamp_ltz(year, month, day, hour, min, sec[, zone])" },
    { "make_timestamp_ntz", 6, 6, SP_FN_MAY_BE_NULL, bind_make_ntz, kernel_make_ts, "3.4.0",
        "make_timestamp_ntz(year, month, day, hour, min, sec)" },
    { "try_make_timestamp", 6, 7, SP_FN_MAY_BE_NULL, bind_try_make_ts, kernel_make_ts, "4.0.0",
        "try_make_timestamp(...): null if out of range" },
    { "try_make_timestamp_ltz", 6, 7, SP_FN_MAY_BE_NULL, bind_try_make_ts, kernel_make_ts, "4.0.0",
        "try_make_timestamp_ltz(...): null if out of range" },
    { "try_make_timestamp_ntz", 6, 6, SP_FN_MAY_BE_NULL, bind_try_make_ntz, kernel_make_ts, "4.0.0",
        "try_make_timestamp_ntz(...): null if out of range" },
    { 0 }
};
