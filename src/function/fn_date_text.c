/* fn_date_text.c -- dates and timestamps from and to text by pattern, and time zones: to_date, to_timestamp,
 * date_format, unix_timestamp, from_unixtime, from_utc_timestamp, to_utc_timestamp, convert_timezone.
 *
 * Patterns are compiled when bound if constant. A text that does not fit its pattern fails with
 * CANNOT_PARSE_TIMESTAMP under ANSI, gives null else. Behaviour: ParseToDate, ParseToTimestamp, UnixTimestamp,
 * FromUnixTime, DateFormatClass, UTCTimestamp. */
#include "function/date_int.h"
#include "world/world.h"

static const char default_pattern[] = "yyyy-MM-dd HH:mm:ss";

typedef struct parse_info { const sp_pattern *pattern; bool try_; sp_kind to; } parse_info;

static sp_status keep_pattern(sp_bind *b, int i, bool for_parsing, bool try_, sp_kind to, sp_error *err)
{
    parse_info *p;
    SP_NEW(p, b->arena, sizeof *p, err);
    *p = (parse_info){ NULL, try_, to };
    b->state = p;
    if (i >= b->arg_count) return sp_pattern_compile(b->arena, sp_str_of(default_pattern), for_parsing, &p->pattern,
        err);
    if (!sp_bind_is_constant(b, i)) return SP_OK;
    sp_value v;
    SP_TRY(sp_bind_constant(b, i, "format", &v, err));
    if (v.is_null) return SP_OK;
    /* fails when a row comes */
    if (sp_pattern_compile(b->arena, v.str, for_parsing, &p->pattern, NULL) == SP_FAILED) p->pattern = NULL;
    return SP_OK;
}

static sp_status row_pattern(sp_kernel *k, int i, uint32_t row, bool for_parsing, const sp_pattern **out, sp_error *err)
{
    const parse_info *p = k->call->state;
    if ((*out = p->pattern)) return SP_OK;
    return sp_pattern_compile(k->arena, sp_arg_str(k, i, row), for_parsing, out, err);
}

static sp_status refuse(sp_kernel *k, const parse_info *p, uint32_t row, sp_str text, sp_error *err)
{
    if (p->try_ || !k->conf->ansi) { sp_kernel_null(k, row); return SP_OK; }
    return SP_FAIL(err, CANNOT_PARSE_TIMESTAMP, "message",
        sp_error_format(err, "Text '%.*s' could not be parsed at index 0", (int)text.n, text.p), "func",
                   "`try_to_timestamp`");
}

/* ---- to_timestamp, to_date, unix_timestamp with a pattern ---- */

static sp_status kernel_parse(sp_kernel *k, sp_error *err)
{
    const parse_info *p = k->call->state;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        const sp_pattern *pattern;
        int64_t us = 0;
        int32_t days = 0;
        SP_TRY(row_pattern(k, 1, i, true, &pattern, err));
        bool ok = p->to == SP_DATE ? sp_pattern_parse_date(pattern, s, &days)
                : p->to == SP_TIMESTAMP_NTZ ? sp_pattern_parse_timestamp_ntz(pattern, s, &us)
                    : sp_pattern_parse_timestamp(pattern, s, sp_kernel_zone(k), &us);
        if (!ok) SP_TRY(refuse(k, p, i, s, err));
        else sp_vec_put_int(k->out, i, p->to == SP_DATE ? days : k->out->type->kind == SP_LONG
            ? sp_floor_div(us, SP_US_PER_SECOND) : us);
    }
    return SP_OK;
}

/* Seconds of a date or timestamp */
static sp_status kernel_seconds(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int64_t)[i] = sp_floor_div(sp_arg_int(k, 0, i), SP_US_PER_SECOND);
    return SP_OK;
}

static sp_status kernel_now_seconds(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int64_t)[i] = sp_floor_div(sp_now_us(sp_world_real()), SP_US_PER_SECOND);
    return SP_OK;
}

static bool is_datetime(sp_kind k) { return k == SP_DATE || k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ; }

/* Without a pattern, or not from text: a cast. */
static sp_status as_cast(sp_bind *b, sp_kind to, bool try_, sp_error *err)
{
    sp_cast_mode mode = try_ ? SP_CAST_TRY : b->conf->ansi ? SP_CAST_ANSI : SP_CAST_LEGACY;
    sp_expr *e = b->call->args[0], *c;
    SP_TRY(sp_expr_cast(b->arena, b->conf, e, sp_type_of(to), mode, &c, err));
    if (try_ && c->kind == SP_E_CAST) c->nullable = true;
    b->replacement = c;
    return SP_OK;
}

static sp_status bind_to(sp_bind *b, sp_kind to, bool try_, sp_error *err)
{
    sp_kind from = sp_bind_type(b, 0)->kind;
    if (from != SP_STRING && from != SP_VOID && !is_datetime(from) &&
        !(to == SP_TIMESTAMP && (sp_kind_is_numeric(from) || from == SP_BOOLEAN)))
        return sp_bind_fail_type(b, 0, to == SP_DATE ? "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")"
            : "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")", err);
    if (b->arg_count == 1 || from != SP_STRING) return as_cast(b, to, try_, err);
    SP_TRY(sp_bind_sig(b, "ss", to, err));
    b->nullable = true;
    return keep_pattern(b, 1, true, try_, to, err);
}

static sp_status bind_to_date(sp_bind *b, sp_error *err) { return bind_to(b, SP_DATE, false, err); }
static sp_status bind_try_to_date(sp_bind *b, sp_error *err) { return bind_to(b, SP_DATE, true, err); }
static sp_status bind_to_timestamp(sp_bind *b, sp_error *err) { return bind_to(b, SP_TIMESTAMP, false, err); }
static sp_status bind_try_to_timestamp(sp_bind *b, sp_error *err) { return bind_to(b, SP_TIMESTAMP, true, err); }
static sp_status bind_to_timestamp_ntz(sp_bind *b, sp_error *err) { return bind_to(b, SP_TIMESTAMP_NTZ, false, err); }

static sp_status bind_unix_timestamp(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_LONG);
    if (b->arg_count == 0) {
        b->kernel = kernel_now_seconds;
        b->foldable = false;
        b->nullable = false;
        return SP_OK;
    }
    sp_kind from = sp_bind_type(b, 0)->kind;
    if (is_datetime(from)) {
        if (from != SP_TIMESTAMP) b->want[0] = sp_type_of(SP_TIMESTAMP);
        b->kernel = kernel_seconds;
        return SP_OK;
    }
    SP_TRY(sp_bind_sig(b, "ss", SP_LONG, err));
    b->kernel = kernel_parse;
    b->nullable = true;
    return keep_pattern(b, 1, true, false, SP_TIMESTAMP, err);
}

/* ---- printing ---- */

static sp_status print_rows(sp_kernel *k, int pattern_arg, bool seconds, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status s = SP_OK;
    for (SP_ROWS(k, i)) {
        const sp_pattern *p;
        int64_t us = sp_arg_int(k, 0, i);
        if (seconds) us *= SP_US_PER_SECOND;
        if ((s = row_pattern(k, pattern_arg, i, false, &p, err)) == SP_FAILED) break;
        if ((s = sp_pattern_print(p, &b, us, sp_kernel_zone(k), err)) == SP_FAILED ||
            (s = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return s;
}

static sp_status bind_date_format(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "Ts", SP_STRING, err));
    return keep_pattern(b, 1, false, false, SP_STRING, err);
}

static sp_status kernel_date_format(sp_kernel *k, sp_error *err) { return print_rows(k, 1, false, err); }

static sp_status bind_from_unixtime(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ls", SP_STRING, err));
    return keep_pattern(b, 1, false, false, SP_STRING, err);
}

static sp_status kernel_from_unixtime(sp_kernel *k, sp_error *err) { return print_rows(k, 1, true, err); }

/* ---- zones ---- */

static sp_status zone_of(sp_kernel *k, int i, uint32_t row, const sp_zone **last, sp_str *last_name, sp_error *err)
{
    sp_str name = sp_arg_str(k, i, row);
    if (*last && sp_str_eq(*last_name, name)) return SP_OK;
    *last_name = name;
    return (*last = sp_zone_get(name, err)) ? SP_OK : SP_FAILED;
}

SP_SIG(bind_utc, "Ts", SP_TIMESTAMP)

static sp_status shift_zone(sp_kernel *k, bool from_utc, sp_error *err)
{
    const sp_zone *z = NULL;
    sp_str name = { 0 };
    for (SP_ROWS(k, i)) {
        SP_TRY(zone_of(k, 1, i, &z, &name, err));
        int64_t v = sp_arg_int(k, 0, i);
        /* convertTz(micros, UTC, zone) or (micros, zone, UTC): the local time of one, read as the other's */
        SP_OUT(k, int64_t)[i] = from_utc ? sp_zone_utc_to_local(z, v) : sp_zone_local_to_utc(z, v);
    }
    return SP_OK;
}

static sp_status kernel_from_utc(sp_kernel *k, sp_error *err) { return shift_zone(k, true, err); }
static sp_status kernel_to_utc(sp_kernel *k, sp_error *err) { return shift_zone(k, false, err); }

/* convert_timezone([source, ]target, timestamp_ntz) */
static sp_status bind_convert(sp_bind *b, sp_error *err)
{
    return b->arg_count == 3 ? sp_bind_sig(b, "ssN", SP_TIMESTAMP_NTZ, err)
        : sp_bind_sig(b, "sN", SP_TIMESTAMP_NTZ, err);
}

static sp_status kernel_convert(sp_kernel *k, sp_error *err)
{
    const sp_zone *from = NULL, *to = NULL;
    sp_str from_name = { 0 }, to_name = { 0 };
    bool three = k->arg_count == 3;
    for (SP_ROWS(k, i)) {
        if (three) SP_TRY(zone_of(k, 0, i, &from, &from_name, err));
        else from = sp_kernel_zone(k);
        SP_TRY(zone_of(k, three, i, &to, &to_name, err));
        SP_OUT(k, int64_t)[i] = sp_zone_utc_to_local(to, sp_zone_local_to_utc(from, sp_arg_int(k, three ? 2 : 1, i)));
    }
    return SP_OK;
}

static sp_status bind_current_timezone(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_STRING);
    b->nullable = false;
    return SP_OK;
}

static sp_status kernel_current_timezone(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) sp_put_view(k, i, sp_str_of(sp_zone_id(sp_kernel_zone(k))));
    return SP_OK;
}

extern const sp_function sp_family_date_text[];
const sp_function sp_family_date_text[] = {
    { "to_date", 1, 2, SP_FN_MAY_BE_NULL, bind_to_date, kernel_parse, "1.5.0", "to_date(text[, pattern])" },
    { "try_to_date", 1, 2, SP_FN_MAY_BE_NULL, bind_try_to_date, kernel_parse, "4.0.0",
        "try_to_date(text[, pattern]): null if it is none" },
    { "to_timestamp", 1, 2, SP_FN_MAY_BE_NULL, bind_to_timestamp, kernel_parse, "2.2.0",
        "to_timestamp(text[, pattern])" },
    { "try_to_timestamp", 1, 2, SP_FN_MAY_BE_NULL, bind_try_to_timestamp, kernel_parse, "3.5.0",
        "try_to_timestamp(text[, pattern]): null if it is none" },
    { "to_timestamp_ltz", 1, 2, SP_FN_MAY_BE_NULL, bind_to_timestamp, kernel_parse, "3.4.0",
        "to_timestamp_ltz(text[, pattern])" },
    { "to_timestamp_ntz", 1, 2, SP_FN_MAY_BE_NULL, bind_to_timestamp_ntz, kernel_parse, "3.4.0",
        "to_timestamp_ntz(text[, pattern])" },
    { "unix_timestamp", 0, 2, SP_FN_MAY_BE_NULL, bind_unix_timestamp, kernel_seconds, "1.5.0",
        "unix_timestamp([time[, pattern]]): seconds" },
    { "to_unix_timestamp", 1, 2, SP_FN_MAY_BE_NULL, bind_unix_timestamp, kernel_seconds, "1.6.0",
        "to_unix_timestamp(time[, pattern]): seconds" },
    { "from_unixtime", 1, 2, 0, bind_from_unixtime, kernel_from_unixtime, "1.5.0",
        "from_unixtime(seconds[, pattern])" },
    { "date_format", 2, 2, 0, bind_date_format, kernel_date_format, "1.5.0", "date_format(timestamp, pattern)" },
    { "from_utc_timestamp", 2, 2, 0, bind_utc, kernel_from_utc, "1.5.0", "from_utc_timestamp(timestamp, zone)" },
    { "to_utc_timestamp", 2, 2, 0, bind_utc, kernel_to_utc, "1.5.0", "to_utc_timestamp(timestamp, zone)" },
    { "convert_timezone", 2, 3, 0, bind_convert, kernel_convert, "3.4.0",
        "convert_timezone([source, ]target, timestamp_ntz)" },
    { "current_timezone", 0, 0, SP_FN_CONSTANT_PER_QUERY, bind_current_timezone, kernel_current_timezone, "3.1.0",
        "current_timezone()" },
    { 0 }
};
