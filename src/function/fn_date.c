/* fn_date.c -- fields of dates and timestamps, date arithmetic, truncation, conversion between epochs.
 *
 * Fields are read off local time in the session's zone. Behaviour: datetimeExpressions.scala, DateTimeUtils.scala.
 * Parsing and printing by pattern are in fn_date_text.c, making from parts in fn_make_date.c. */
#include "function/date_int.h"
#include "world/world.h"
#include <math.h>

const int64_t sp_unit_us[] = { 0, 1, 1000, SP_US_PER_SECOND, 60 * SP_US_PER_SECOND, 3600 * SP_US_PER_SECOND,
    SP_US_PER_DAY, 7 * SP_US_PER_DAY };

sp_unit sp_unit_of(sp_str name)
{
    static const char *const names[] = { "", "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK",
        "MONTH", "QUARTER", "YEAR", "DAYOFYEAR" };
    for (int i = 1; i <= SP_UNIT_DAYOFYEAR; i++)
        if (sp_str_eq_nocase(name, sp_str_of(names[i]))) return (sp_unit)i;
    return SP_UNIT_NONE;
}

int sp_iso_week(int64_t days, int64_t *year)
{
    int64_t thursday = days - sp_floor_mod(days + 3, 7) + 3, y;
    int m, d;
    sp_civil_from_days(thursday, &y, &m, &d);
    *year = y;
    return (int)((thursday - sp_days_from_civil(y, 1, 1)) / 7) + 1;
}

/* ---- fields ---- */

typedef enum { YEAR, QUARTER, MONTH, DAY, DAYOFWEEK, WEEKDAY, DAYOFYEAR, WEEK, YEAROFWEEK, DAYOFWEEK_ISO, HOUR, MINUTE,
    SECOND, SECOND_FRACTION } field;

static int64_t date_field(field f, int64_t days)
{
    int64_t y;
    int m, d;
    switch (f) {
    case DAYOFWEEK: return sp_floor_mod(days + 4, 7) + 1;
    case WEEKDAY: return sp_floor_mod(days + 3, 7);
    case DAYOFWEEK_ISO: return sp_floor_mod(days + 3, 7) + 1;
    case WEEK: return sp_iso_week(days, &y);
    case YEAROFWEEK: sp_iso_week(days, &y); return y;
    default: break;
    }
    sp_civil_from_days(days, &y, &m, &d);
    switch (f) {
    case YEAR: return y;
    case QUARTER: return (m - 1) / 3 + 1;
    case MONTH: return m;
    case DAY: return d;
    default: return days - sp_days_from_civil(y, 1, 1) + 1;
    }
}

static int64_t time_field(field f, int64_t us_of_day)
{
    switch (f) {
    case HOUR: return us_of_day / sp_unit_us[SP_UNIT_HOUR];
    case MINUTE: return us_of_day / sp_unit_us[SP_UNIT_MINUTE] % 60;
    case SECOND: return us_of_day / SP_US_PER_SECOND % 60;
    default: return us_of_day % sp_unit_us[SP_UNIT_MINUTE];
    }
}

SP_SIG(bind_date_field, "D", SP_INT)

#define DATE_FIELD(kernel, f)                                                                                          \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)date_field(f, sp_arg_int(k, 0, i));                       \
        return SP_OK;                                                                                                  \
    }
DATE_FIELD(kernel_year, YEAR)
DATE_FIELD(kernel_quarter, QUARTER)
DATE_FIELD(kernel_month, MONTH)
DATE_FIELD(kernel_day, DAY)
DATE_FIELD(kernel_dayofweek, DAYOFWEEK)
DATE_FIELD(kernel_weekday, WEEKDAY)
DATE_FIELD(kernel_dayofyear, DAYOFYEAR)
DATE_FIELD(kernel_week, WEEK)

static sp_status bind_time_field(sp_bind *b, sp_error *err)
{
    if (sp_bind_type(b, 0)->kind == SP_TIME) { b->type = sp_type_of(SP_INT); return SP_OK; }
    return sp_bind_sig(b, "t", SP_INT, err);
}

static int64_t us_of_day(sp_kernel *k, int a, uint32_t i)
{
    if (k->args[a]->type->kind == SP_TIME) return sp_arg_int(k, a, i) / 1000;
    return sp_floor_mod(sp_local_us(k, a, i), SP_US_PER_DAY);
}

#define TIME_FIELD(kernel, f)                                                                                          \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)time_field(f, us_of_day(k, 0, i));                        \
        return SP_OK;                                                                                                  \
    }
TIME_FIELD(kernel_hour, HOUR)
TIME_FIELD(kernel_minute, MINUTE)
TIME_FIELD(kernel_second, SECOND)

/* ---- extract(field, source) ---- */

static const struct { const char *names; field f; } field_names[] = {
    { " YEAR Y YEARS YR YRS ", YEAR }, { " YEAROFWEEK ", YEAROFWEEK }, { " QUARTER QTR ", QUARTER },
    { " MONTH MON MONS MONTHS ", MONTH },
    { " WEEK W WEEKS ", WEEK }, { " DAY D DAYS ", DAY }, { " DAYOFWEEK DOW ", DAYOFWEEK },
    { " DAYOFWEEK_ISO DOW_ISO ", DAYOFWEEK_ISO },
    { " DOY ", DAYOFYEAR }, { " HOUR H HOURS HR HRS ", HOUR }, { " MINUTE M MIN MINS MINUTES ", MINUTE },
    { " SECOND S SEC SECONDS SECS ", SECOND_FRACTION },
};

static int find_field(sp_str name)
{
    char text[24];
    if (name.n > 20 || !name.n) return -1;
    text[0] = ' ';
    for (size_t i = 0; i < name.n; i++) text[i + 1] = (char)(name.p[i] >= 'a' && name.p[i] <= 'z' ? name.p[i] - 32
        : name.p[i]);
    text[name.n + 1] = ' ';
    text[name.n + 2] = 0;
    for (size_t i = 0; i < sizeof field_names / sizeof *field_names; i++)
        if (strstr(field_names[i].names, text)) return (int)field_names[i].f;
    return -1;
}

static sp_status kernel_extract(sp_kernel *k, sp_error *err)
{
    field f = (field) * (const int *)k->call->state;
    for (SP_ROWS(k, i)) {
        int64_t v = f >= HOUR ? time_field(f, us_of_day(k, 1, i))
            : date_field(f, sp_floor_div(sp_local_us(k, 1, i), SP_US_PER_DAY));
        if (f == SECOND_FRACTION) SP_OUT(k, sp_dec)[i] = v;
        else SP_OUT(k, int32_t)[i] = (int32_t)v;
    }
    return SP_OK;
}

/* Fields of intervals: what stands in that place of the text form. */
static sp_status kernel_extract_interval(sp_kernel *k, sp_error *err)
{
    field f = (field) * (const int *)k->call->state;
    sp_kind t = k->args[1]->type->kind;
    for (SP_ROWS(k, i)) {
        int64_t months = 0, days = 0, us = 0;
        if (t == SP_CALENDAR) {
            sp_calendar c = SP_GET(k, sp_calendar, 1, i);
            months = c.months;
            days = c.days;
            us = c.us;
        } else if (t == SP_YEAR_MONTH) months = sp_arg_int(k, 1, i);
        else {
            us = sp_arg_int(k, 1, i);
            days = us / SP_US_PER_DAY;
            us %= SP_US_PER_DAY;
        }
        int64_t v = f == YEAR ? months / 12 : f == MONTH ? months % 12 : f == DAY ? days : f == HOUR
            ? us / sp_unit_us[SP_UNIT_HOUR]
                  : f == MINUTE ? us / sp_unit_us[SP_UNIT_MINUTE] % 60 : us % sp_unit_us[SP_UNIT_MINUTE];
        if (f == SECOND_FRACTION) SP_OUT(k, sp_dec)[i] = v;
        else sp_vec_put_int(k->out, i, v);
    }
    return SP_OK;
}

static sp_status fail_field(sp_bind *b, sp_str name, sp_error *err)
{
    const char *f = sp_arena_printf(b->arena, NULL, "`%.*s`", (int)name.n, name.p);
    return SP_FAIL(err, INVALID_EXTRACT_FIELD, "field", f ? f : "", "expr", sp_bind_arg_sql(b, 1));
}

static sp_status bind_extract(sp_bind *b, sp_error *err)
{
    sp_value name;
    SP_TRY(sp_bind_constant(b, 0, "field", &name, err));
    const sp_type *t = sp_bind_type(b, 1);
    int f = name.is_null ? -1 : find_field(name.str), *kept;
    bool interval = t->kind == SP_CALENDAR || t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME;
    bool fits = f >= 0;
    if (interval) {
        bool months = f == YEAR || f == MONTH, rest = f == DAY || f == HOUR || f == MINUTE || f == SECOND_FRACTION;
        fits = (months && t->kind != SP_DAY_TIME) || (rest && t->kind != SP_YEAR_MONTH);
    }
    if (!fits) return fail_field(b, name.is_null ? SP_LIT("null") : name.str, err);
    SP_NEW(kept, b->arena, sizeof *kept, err);
    *kept = f;
    b->state = kept;
    b->kernel = interval ? kernel_extract_interval : kernel_extract;
    if (!interval && t->kind != SP_TIMESTAMP && t->kind != SP_TIMESTAMP_NTZ && t->kind != SP_DATE && t->kind != SP_TIME)
        SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_TIMESTAMP), err));
    if (f == SECOND_FRACTION) return (b->type = sp_type_decimal(b->arena, 8, 6, err)) ? SP_OK : SP_FAILED;
    bool byte = interval && (f == MONTH || f == HOUR || f == MINUTE) && !(f == HOUR && t->kind == SP_CALENDAR && false);
    b->type = sp_type_of(byte ? SP_BYTE : SP_INT);
    return SP_OK;
}

/* ---- arithmetic ---- */

static sp_status bind_date_add(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "D", SP_DATE, err));
    sp_kind n = sp_bind_type(b, 1)->kind;
    if (n == SP_INT || n == SP_SHORT || n == SP_BYTE) return SP_OK;
    if (n != SP_STRING && n != SP_VOID) return sp_bind_fail_type(b, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", err);
    b->want[1] = sp_type_of(SP_INT);
    return SP_OK;
}

static sp_status kernel_date_add(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)(sp_arg_int(k, 0, i) + sp_arg_int(k, 1, i));
    return SP_OK;
}

static sp_status kernel_date_sub(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)(sp_arg_int(k, 0, i) - sp_arg_int(k, 1, i));
    return SP_OK;
}

SP_SIG(bind_datediff, "DD", SP_INT)

static sp_status kernel_datediff(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)(sp_arg_int(k, 0, i) - sp_arg_int(k, 1, i));
    return SP_OK;
}

SP_SIG(bind_add_months, "Di", SP_DATE)

static sp_status kernel_add_months(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = sp_date_add_months((int32_t)sp_arg_int(k, 0, i), sp_arg_int(k, 1, i));
    return SP_OK;
}

SP_SIG(bind_months_between, "TTb", SP_DOUBLE)

static sp_status kernel_months_between(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t us[2] = { sp_local_us(k, 0, i), sp_local_us(k, 1, i) }, y[2], seconds[2];
        int m[2], d[2], left[2];
        for (int s = 0; s < 2; s++) {
            int64_t days = sp_floor_div(us[s], SP_US_PER_DAY);
            sp_civil_from_days(days, &y[s], &m[s], &d[s]);
            left[s] = sp_days_in_month(y[s], m[s]) - d[s];
            seconds[s] = (us[s] - days * SP_US_PER_DAY) / SP_US_PER_SECOND;
        }
        double months = (double)((y[0] * 12 + m[0]) - (y[1] * 12 + m[1]));
        if (d[0] != d[1] && (left[0] || left[1])) {
            int64_t diff = (int64_t)(d[0] - d[1]) * 86400 + seconds[0] - seconds[1];
            months += (double)diff / (31 * 86400.0);
            if (k->arg_count < 3 || sp_arg_int(k, 2, i)) months = floor(months * 1e8 + 0.5) / 1e8;
        }
        SP_OUT(k, double)[i] = months;
    }
    return SP_OK;
}

SP_SIG(bind_last_day, "D", SP_DATE)

static sp_status kernel_last_day(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        int64_t days = sp_arg_int(k, 0, i), y;
        int m, d;
        sp_civil_from_days(days, &y, &m, &d);
        SP_OUT(k, int32_t)[i] = (int32_t)(days + sp_days_in_month(y, m) - d);
    }
    return SP_OK;
}

SP_SIG(bind_next_day, "Ds", SP_DATE)

/* Days since Monday, -1: no such day. SU, SUN and SUNDAY are the same. */
static int day_of_week(sp_str s)
{
    static const char *const names[] = { "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY" };
    s = sp_str_trim(s);
    for (int i = 0; i < 7; i++) {
        size_t n = strlen(names[i]);
        if ((s.n == 2 || s.n == 3 || s.n == n) && s.n <= n && sp_str_eq_nocase(s, (sp_str){ names[i], s.n })) return i;
    }
    return -1;
}

static sp_status kernel_next_day(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str name = sp_arg_str(k, 1, i);
        int wanted = day_of_week(name);
        if (wanted < 0) {
            if (k->conf->ansi) return SP_FAIL(err, ILLEGAL_DAY_OF_WEEK, "string",
                sp_error_format(err, "%.*s", (int)name.n, name.p));
            sp_kernel_null(k, i);
            continue;
        }
        int64_t days = sp_arg_int(k, 0, i), now = sp_floor_mod(days + 3, 7);
        SP_OUT(k, int32_t)[i] = (int32_t)(days + 1 + sp_floor_mod(wanted - 1 - now, 7));
    }
    return SP_OK;
}

/* ---- truncation ---- */

static sp_unit trunc_unit(sp_str s)
{
    static const struct { const char *name; sp_unit u; } names[] = {
        { "YEAR", SP_UNIT_YEAR }, { "YYYY", SP_UNIT_YEAR }, { "YY", SP_UNIT_YEAR }, { "QUARTER", SP_UNIT_QUARTER },
        { "MONTH", SP_UNIT_MONTH },
        { "MM", SP_UNIT_MONTH }, { "MON", SP_UNIT_MONTH }, { "WEEK", SP_UNIT_WEEK }, { "DAY", SP_UNIT_DAY },
        { "DD", SP_UNIT_DAY },
        { "HOUR", SP_UNIT_HOUR }, { "MINUTE", SP_UNIT_MINUTE }, { "SECOND", SP_UNIT_SECOND },
        { "MILLISECOND", SP_UNIT_MILLISECOND },
        { "MICROSECOND", SP_UNIT_MICROSECOND }, { NULL, SP_UNIT_NONE }
    };
    for (int i = 0; names[i].name; i++)
        if (sp_str_eq_nocase(s, sp_str_of(names[i].name))) return names[i].u;
    return SP_UNIT_NONE;
}

static int64_t trunc_days(int64_t days, sp_unit u)
{
    int64_t y;
    int m, d;
    if (u == SP_UNIT_WEEK) return days - sp_floor_mod(days + 3, 7);
    sp_civil_from_days(days, &y, &m, &d);
    if (u == SP_UNIT_YEAR) m = 1;
    if (u == SP_UNIT_QUARTER) m = (m - 1) / 3 * 3 + 1;
    return sp_days_from_civil(y, m, 1);
}

SP_SIG(bind_trunc, "Ds", SP_DATE)

static sp_status kernel_trunc(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_unit u = trunc_unit(sp_arg_str(k, 1, i));
        if (u < SP_UNIT_WEEK || u > SP_UNIT_YEAR) sp_kernel_null(k, i);
        else SP_OUT(k, int32_t)[i] = (int32_t)trunc_days(sp_arg_int(k, 0, i), u);
    }
    return SP_OK;
}

static sp_status bind_date_trunc(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "sT", SP_TIMESTAMP, err));
    return SP_OK;
}

static sp_status kernel_date_trunc(sp_kernel *k, sp_error *err)
{
    const sp_zone *z = sp_kernel_zone(k);
    for (SP_ROWS(k, i)) {
        sp_unit u = trunc_unit(sp_arg_str(k, 0, i));
        int64_t v = sp_arg_int(k, 1, i);
        if (u == SP_UNIT_NONE) { sp_kernel_null(k, i); continue; }
        if (u <= SP_UNIT_SECOND) { SP_OUT(k, int64_t)[i] = sp_floor_div(v, sp_unit_us[u]) * sp_unit_us[u]; continue; }
        int64_t local = sp_zone_utc_to_local(z, v);
        if (u <= SP_UNIT_HOUR) {    /* keeps the offset: truncUnit on the offset's local time */
            SP_OUT(k, int64_t)[i] = v - sp_floor_mod(local, sp_unit_us[u]);
            continue;
        }
        int64_t days = sp_floor_div(local, SP_US_PER_DAY);
        if (u != SP_UNIT_DAY) days = trunc_days(days, u);
        SP_OUT(k, int64_t)[i] = sp_zone_local_to_utc(z, days * SP_US_PER_DAY);
    }
    return SP_OK;
}

/* ---- timestampadd, timestampdiff ---- */

static sp_status bind_unit(sp_bind *b, sp_unit *u, sp_error *err)
{
    sp_value name;
    sp_unit *kept;
    SP_TRY(sp_bind_constant(b, 0, "unit", &name, err));
    *u = name.is_null ? SP_UNIT_NONE : sp_unit_of(name.str);
    if (*u == SP_UNIT_NONE) {
        const char *v = sp_arena_printf(b->arena, NULL, "'%.*s'", (int)name.str.n, name.str.p);
        return SP_FAIL(err, INVALID_PARAMETER_VALUE__DATETIME_UNIT, "parameter", "`unit`", "functionName",
            sp_bind_function_id(b), "invalidValue", v ? v : "");
    }
    SP_NEW(kept, b->arena, sizeof *kept, err);
    *kept = *u == SP_UNIT_DAYOFYEAR ? SP_UNIT_DAY : *u;
    b->state = kept;
    return SP_OK;
}

static sp_status bind_timestampadd(sp_bind *b, sp_error *err)
{
    sp_unit u;
    SP_TRY(bind_unit(b, &u, err));
    SP_TRY(sp_bind_sig(b, "slt", SP_TIMESTAMP, err));
    if (sp_bind_type(b, 2)->kind == SP_TIMESTAMP_NTZ) b->type = sp_type_of(SP_TIMESTAMP_NTZ);
    return SP_OK;
}

static sp_status kernel_timestampadd(sp_kernel *k, sp_error *err)
{
    sp_unit u = *(const sp_unit *)k->call->state;
    const sp_zone *z = k->out->type->kind == SP_TIMESTAMP ? sp_kernel_zone(k) : sp_zone_utc();
    for (SP_ROWS(k, i)) {
        int64_t n = sp_arg_int(k, 1, i), v = sp_arg_int(k, 2, i), us = 0;
        bool bad = false;
        if (u <= SP_UNIT_HOUR) bad = __builtin_mul_overflow(n, sp_unit_us[u], &us) || __builtin_add_overflow(v, us, &v);
        else if (u <= SP_UNIT_WEEK) {
            bad = n > INT32_MAX / 7 || n < INT32_MIN / 7;
            if (!bad) v = sp_timestamp_add(v, 0, (int32_t)(u == SP_UNIT_WEEK ? n * 7 : n), 0, z);
        } else {
            bad = n > INT32_MAX / 12 || n < INT32_MIN / 12;
            if (!bad) v = sp_timestamp_add(v, (int32_t)(n * (u == SP_UNIT_MONTH ? 1 : u == SP_UNIT_QUARTER ? 3 : 12)),
                0, 0, z);
        }
        if (bad) return SP_FAIL(err, DATETIME_OVERFLOW, "operation",
            sp_error_format(err, "add %lld to a timestamp", (long long)n));
        SP_OUT(k, int64_t)[i] = v;
    }
    return SP_OK;
}

static sp_status bind_timestampdiff(sp_bind *b, sp_error *err)
{
    sp_unit u;
    SP_TRY(bind_unit(b, &u, err));
    return sp_bind_sig(b, "sTT", SP_LONG, err);
}

/* ChronoUnit.MONTHS.between of local times: whole months only */
static int64_t months_between(int64_t from, int64_t to)
{
    int64_t y[2], v[2] = { from, to }, rest[2];
    int m[2], d[2];
    for (int s = 0; s < 2; s++) {
        int64_t days = sp_floor_div(v[s], SP_US_PER_DAY);
        sp_civil_from_days(days, &y[s], &m[s], &d[s]);
        rest[s] = (int64_t)d[s] * SP_US_PER_DAY + sp_floor_mod(v[s], SP_US_PER_DAY);
    }
    int64_t n = (y[1] * 12 + m[1]) - (y[0] * 12 + m[0]);
    if (n > 0 && rest[1] < rest[0]) n--;
    if (n < 0 && rest[1] > rest[0]) n++;
    return n;
}

static sp_status kernel_timestampdiff(sp_kernel *k, sp_error *err)
{
    sp_unit u = *(const sp_unit *)k->call->state;
    for (SP_ROWS(k, i)) {
        int64_t from = sp_local_us(k, 1, i), to = sp_local_us(k, 2, i);
        SP_OUT(k, int64_t)[i] = u <= SP_UNIT_WEEK ? (to - from) / sp_unit_us[u]
                                                  : months_between(from, to) / (u == SP_UNIT_MONTH ? 1
                                                      : u == SP_UNIT_QUARTER ? 3 : 12);
    }
    return SP_OK;
}

/* ---- epochs ---- */

SP_SIG(bind_ts_long, "T", SP_LONG)
SP_SIG(bind_date_int, "D", SP_INT)
SP_SIG(bind_int_date, "i", SP_DATE)

#define EPOCH(kernel, divisor)                                                                                         \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        for (SP_ROWS(k, i)) SP_OUT(k, int64_t)[i] = sp_floor_div(sp_arg_int(k, 0, i), divisor);                        \
        return SP_OK;                                                                                                  \
    }
EPOCH(kernel_unix_seconds, SP_US_PER_SECOND)
EPOCH(kernel_unix_millis, 1000)
EPOCH(kernel_unix_micros, 1)

static sp_status kernel_same_int(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) sp_vec_put_int(k->out, i, sp_arg_int(k, 0, i));
    return SP_OK;
}

static sp_status bind_seconds(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "n", SP_TIMESTAMP, err));
    if (sp_kind_is_fractional(sp_bind_type(b, 0)->kind)) b->nullable = true;
    return SP_OK;
}

SP_SIG(bind_integral_ts, "I", SP_TIMESTAMP)

static sp_status kernel_timestamp_seconds(sp_kernel *k, sp_error *err)
{
    const sp_type *t = k->args[0]->type;
    for (SP_ROWS(k, i)) {
        int64_t us;
        if (t->kind == SP_DECIMAL) {
            sp_dec v = SP_GET(k, sp_dec, 0, i), x;
            if (t->scale > 6 && v % sp_pow10_table[t->scale - 6]) return sp_error_plain(err, SP_EXC_ARITHMETIC,
                "Rounding necessary");
            if (!sp_dec_rescale(v, t->scale, 38, 6, &x) || x > INT64_MAX || x < INT64_MIN) return sp_error_plain(err,
                SP_EXC_ARITHMETIC, "Overflow");
            us = (int64_t)x;
        } else if (t->kind == SP_FLOAT || t->kind == SP_DOUBLE) {
            double d = sp_arg_f64(k, 0, i);
            if (!isfinite(d)) { sp_kernel_null(k, i); continue; }
            us = fabs(d * 1e6) >= 9223372036854775807.0 ? (d > 0 ? INT64_MAX : INT64_MIN) : (int64_t)(d * 1e6);
        } else if (__builtin_mul_overflow(sp_arg_int(k, 0, i), SP_US_PER_SECOND, &us)) return sp_fail_overflow(err,
            "long overflow", NULL);
        SP_OUT(k, int64_t)[i] = us;
    }
    return SP_OK;
}

static sp_status kernel_timestamp_millis(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i))
        if (__builtin_mul_overflow(sp_arg_int(k, 0, i), 1000, &SP_OUT(k, int64_t)[i])) return sp_fail_overflow(err,
            "long overflow", NULL);
    return SP_OK;
}

/* ---- now ---- */

static sp_status bind_now(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_TIMESTAMP); b->nullable = false;
return SP_OK; }
static sp_status bind_today(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_DATE); b->nullable = false;
return SP_OK; }
static sp_status bind_local_now(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_TIMESTAMP_NTZ);
b->nullable = false; return SP_OK; }

/* Only met where nobody put the query's or batch's time in their place. */
static sp_status kernel_now(sp_kernel *k, sp_error *err)
{
    int64_t now = sp_now_us(sp_world_real()), local = sp_zone_utc_to_local(sp_kernel_zone(k), now);
    sp_kind t = k->out->type->kind;
    for (SP_ROWS(k, i)) sp_vec_put_int(k->out, i, t == SP_TIMESTAMP ? now : t == SP_DATE
        ? sp_floor_div(local, SP_US_PER_DAY) : local);
    return SP_OK;
}

/* ---- names ---- */

SP_SIG(bind_date_name, "D", SP_STRING)

static sp_status kernel_dayname(sp_kernel *k, sp_error *err)
{
    static const char names[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    for (SP_ROWS(k, i)) sp_put_view(k, i, sp_str_of(names[date_field(WEEKDAY, sp_arg_int(k, 0, i))]));
    return SP_OK;
}

static sp_status kernel_monthname(sp_kernel *k, sp_error *err)
{
    static const char names[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
        "Dec" };
    for (SP_ROWS(k, i)) sp_put_view(k, i, sp_str_of(names[date_field(MONTH, sp_arg_int(k, 0, i)) - 1]));
    return SP_OK;
}

extern const sp_function sp_family_date[];
const sp_function sp_family_date[] = {
    { "year", 1, 1, 0, bind_date_field, kernel_year, "1.5.0", "year(date)" },
    { "quarter", 1, 1, 0, bind_date_field, kernel_quarter, "1.5.0", "quarter(date): 1 to 4" },
    { "month", 1, 1, 0, bind_date_field, kernel_month, "1.5.0", "month(date): 1 to 12" },
    { "day", 1, 1, 0, bind_date_field, kernel_day, "1.5.0", "day(date): 1 to 31" },
    { "dayofmonth", 1, 1, 0, bind_date_field, kernel_day, "1.5.0", "dayofmonth(date): 1 to 31" },
    { "dayofweek", 1, 1, 0, bind_date_field, kernel_dayofweek, "2.3.0", "dayofweek(date): 1 = Sunday" },
    { "weekday", 1, 1, 0, bind_date_field, kernel_weekday, "2.4.0", "weekday(date): 0 = Monday" },
    { "dayofyear", 1, 1, 0, bind_date_field, kernel_dayofyear, "1.5.0", "dayofyear(date): 1 to 366" },
    { "weekofyear", 1, 1, 0, bind_date_field, kernel_week, "1.5.0", "weekofyear(date): ISO week" },
    { "hour", 1, 1, 0, bind_time_field, kernel_hour, "1.5.0", "hour(timestamp)" },
    { "minute", 1, 1, 0, bind_time_field, kernel_minute, "1.5.0", "minute(timestamp)" },
    { "second", 1, 1, 0, bind_time_field, kernel_second, "1.5.0", "second(timestamp)" },
    { "extract", 2, 2, 0, bind_extract, kernel_extract, "3.0.0", "extract(field FROM source)" },
    { "date_part", 2, 2, 0, bind_extract, kernel_extract, "3.0.0", "date_part(field, source)" },
    { "datepart", 2, 2, 0, bind_extract, kernel_extract, "3.4.0", "datepart(field, source)" },
    { "date_add", 2, 2, 0, bind_date_add, kernel_date_add, "1.5.0", "date_add(date, days)" },
    { "dateadd", 2, 2, 0, bind_date_add, kernel_date_add, "3.4.0", "dateadd(date, days)" },
    { "date_sub", 2, 2, 0, bind_date_add, kernel_date_sub, "1.5.0", "date_sub(date, days)" },
    { "datediff", 2, 2, 0, bind_datediff, kernel_datediff, "1.5.0", "datediff(end, start): days" },
    { "date_diff", 2, 2, 0, bind_datediff, kernel_datediff, "3.4.0", "date_diff(end, start): days" },
    { "add_months", 2, 2, 0, bind_add_months, kernel_add_months, "1.5.0", "add_months(date, months)" },
    { "months_between", 2, 3, 0, bind_months_between, kernel_months_between, "1.5.0",
        "months_between(a, b[, round off])" },
    { "last_day", 1, 1, 0, bind_last_day, kernel_last_day, "1.5.0", "last_day(date): of its month" },
    { "next_day", 2, 2, SP_FN_MAY_BE_NULL, bind_next_day, kernel_next_day, "1.5.0", "next_day(date, day of week)" },
    { "trunc", 2, 2, SP_FN_MAY_BE_NULL, bind_trunc, kernel_trunc, "1.5.0", "trunc(date, unit)" },
    { "date_trunc", 2, 2, SP_FN_MAY_BE_NULL, bind_date_trunc, kernel_date_trunc, "2.3.0",
        "date_trunc(unit, timestamp)" },
    { "timestampadd", 3, 3, 0, bind_timestampadd, kernel_timestampadd, "3.3.0", "timestampadd(unit, n, timestamp)" },
    { "timestampdiff", 3, 3, 0, bind_timestampdiff, kernel_timestampdiff, "3.3.0", "timestampdiff(unit, start, end)" },
    { "unix_seconds", 1, 1, 0, bind_ts_long, kernel_unix_seconds, "3.1.0", "unix_seconds(timestamp)" },
    { "unix_millis", 1, 1, 0, bind_ts_long, kernel_unix_millis, "3.1.0", "unix_millis(timestamp)" },
    { "unix_micros", 1, 1, 0, bind_ts_long, kernel_unix_micros, "3.1.0", "unix_micros(timestamp)" },
    { "unix_date", 1, 1, 0, bind_date_int, kernel_same_int, "3.1.0", "unix_date(date): days since 1970-01-01" },
    { "date_from_unix_date", 1, 1, 0, bind_int_date, kernel_same_int, "3.1.0", "date_from_unix_date(days)" },
    { "timestamp_seconds", 1, 1, SP_FN_MAY_BE_NULL, bind_seconds, kernel_timestamp_seconds, "3.1.0",
        "timestamp_seconds(seconds)" },
    { "timestamp_millis", 1, 1, 0, bind_integral_ts, kernel_timestamp_millis, "3.1.0",
        "timestamp_millis(milliseconds)" },
    { "timestamp_micros", 1, 1, 0, bind_integral_ts, kernel_same_int, "3.1.0", "timestamp_micros(microseconds)" },
    { "current_timestamp", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_now, kernel_now, "1.5.0",
        "current_timestamp(): when the query or batch began" },
    { "now", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_now, kernel_now, "1.6.0", "now(): when the query or batch began" },
    { "current_date", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_today, kernel_now, "1.5.0", "current_date()" },
    { "curdate", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_today, kernel_now, "3.4.0", "curdate()" },
    { "localtimestamp", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_local_now, kernel_now, "3.4.0",
        "localtimestamp(): without time zone" },
    { "dayname", 1, 1, 0, bind_date_name, kernel_dayname, "4.0.0", "dayname(date): Mon ... Sun" },
    { "monthname", 1, 1, 0, bind_date_name, kernel_monthname, "4.0.0", "monthname(date): Jan ... Dec" },
    { 0 }
};
