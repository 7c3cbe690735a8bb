/* parse_literal.c -- strings, numbers and typed literals (AstBuilder.visitStringLit, visitIntegerLiteral ...,
 * visitTypeConstructor). */
#include "sql/sql_int.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

sp_expr *sp_sql_literal(sp_sql_parser *p, const sp_value *v, int first)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_LITERAL, p->err);
    if (!e) return NULL;
    e->literal = *v;
    e->type = v->type;
    e->nullable = v->is_null;
    e->foldable = true;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *literal_i64(sp_sql_parser *p, sp_kind kind, int64_t i, int first)
{
    sp_value v = { .type = sp_type_of(kind), .i64 = i };
    return sp_sql_literal(p, &v, first);
}

sp_expr *sp_sql_literal_int(sp_sql_parser *p, int32_t i, int first) { return literal_i64(p, SP_INT, i, first); }

sp_expr *sp_sql_literal_str(sp_sql_parser *p, sp_str s, int first)
{
    sp_value v = { .type = sp_type_of(SP_STRING), .str = s };
    return sp_sql_literal(p, &v, first);
}

/* ---- strings (SparkParserUtils.unescapeSQLString) ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits at s; -1: they are not. */
static int64_t hex_run(const char *s, const char *end, int n)
{
    int64_t v = 0;
    if (end - s < n) return -1;
    for (int i = 0; i < n; i++) {
        int d = hex_digit(s[i]);
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

static bool is_octal(const char *s, const char *end)
{
    return end - s >= 3 && (s[0] == '0' || s[0] == '1') && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

static void put_code(char **out, int64_t c)
{
    char utf8[4];
    int n = sp_utf8_encode((uint32_t)c, utf8);
    memcpy(*out, utf8, n > 0 ? (size_t)n : 0);
    *out += n > 0 ? n : 0;
}

/* One escape behind the backslash at s; writes what it means, gives the bytes used after the backslash. */
static size_t unescape_one(const char *s, const char *end, char **out)
{
    int64_t c;
    if (*s == 'u' && (c = hex_run(s + 1, end, 4)) >= 0) {
        int64_t low;   /* a surrogate pair spelt as two escapes is one character */
        if (c >= 0xD800 && c < 0xDC00 && end - s > 6 && s[5] == '\\' && s[6] == 'u' &&
            (low = hex_run(s + 7, end, 4)) >= 0xDC00 &&
            low < 0xE000) {
            put_code(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
            return 11;
        }
        put_code(out, c >= 0xD800 && c < 0xE000 ? '?' : c);
        return 5;
    }
    if (*s == 'U' && (c = hex_run(s + 1, end, 8)) >= 0 && c <= 0x10FFFF) {
        put_code(out, c);
        return 9;
    }
    if (is_octal(s, end)) {
        put_code(out, (s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
        return 3;
    }
    switch (*s) {
    case '0': *(*out)++ = 0; break;
    case 'b': *(*out)++ = '\b'; break;
    case 'n': *(*out)++ = '\n'; break;
    case 'r': *(*out)++ = '\r'; break;
    case 't': *(*out)++ = '\t'; break;
    case 'Z': *(*out)++ = 0x1A; break;
    case '%': case '_':   /* stay escaped, for LIKE */
        *(*out)++ = '\\';
        *(*out)++ = *s;
        break;
    default: *(*out)++ = *s;
    }
    return 1;
}

sp_status sp_sql_string_token(sp_sql_parser *p, int token, sp_str *out)
{
    sp_str s = sp_sql_token_text(p, token);
    if ((s.p[0] | 32) == 'r') {
        *out = (sp_str){ s.p + 2, s.n - 3 };
        return SP_OK;
    }
    char quote = s.p[0];
    const char *at = s.p + 1, *end = s.p + s.n - 1;
    const char *legacy = p->conf &&
        p->conf->conf_get ? p->conf->conf_get(p->conf->session, "spark.sql.parser.escapedStringLiterals") : NULL;
    bool escapes = !legacy || strcmp(legacy, "true") != 0;
    if (!memchr(at, '\\', (size_t)(end - at)) && !memchr(at, quote, (size_t)(end - at))) {
        *out = (sp_str){ at, (size_t)(end - at) };
        return SP_OK;
    }
    char *text = sp_arena_alloc(p->arena, s.n + 8, p->err), *w = text;
    if (!text) return SP_FAILED;
    while (at < end) {
        if (*at == '\\' && escapes && end - at > 1) at += 1 + unescape_one(at + 1, end, &w);
        else if (*at == quote && end - at > 1 && at[1] == quote) { *w++ = quote; at += 2; }
        else *w++ = *at++;
    }
    *out = (sp_str){ text, (size_t)(w - text) };
    return SP_OK;
}

sp_status sp_sql_string(sp_sql_parser *p, sp_str *out)
{
    if (kind_now(p) == T_QUESTION || kind_now(p) == T_COLON) {   /* a marker whose value is a text */
        int first = p->i;
        sp_expr *e = sp_sql_marker(p);
        if (!e) return SP_FAILED;
        if (e->kind != SP_E_LITERAL || !e->literal.type || e->literal.type->kind != SP_STRING || e->literal.is_null)
            return sp_sql_syntax(p, first, "");
        *out = e->literal.str;
        return SP_OK;
    }
    if (!sp_sql_is_string(p, 0)) return sp_sql_unexpected(p);
    SP_TRY(sp_sql_string_token(p, p->i, out));
    skip(p);
    if (!sp_sql_is_string(p, 0)) return SP_OK;
    sp_buf joined = { 0 };
    sp_buf_add(&joined, out->p, out->n);
    while (sp_sql_is_string(p, 0)) {
        sp_str more;
        if (sp_sql_string_token(p, p->i, &more) == SP_FAILED) { sp_buf_done(&joined); return SP_FAILED; }
        sp_buf_add(&joined, more.p, more.n);
        skip(p);
    }
    sp_status status = sp_buf_check(&joined, p->err);
    if (status == SP_OK) {
        *out = sp_str_copy(p->arena, (sp_str){ joined.data ? joined.data : "", joined.len }, p->err);
        if (!out->p) status = SP_FAILED;
    }
    sp_buf_done(&joined);
    return status;
}

/* ---- numbers ---- */

bool sp_sql_is_number(int kind) { return kind >= T_BIGINT && kind <= T_BIGDECIMAL; }

static sp_expr *out_of_range(sp_sql_parser *p, int first, const char *raw, const char *low, const char *high,
    const char *type)
{
    FAIL_IN(p, first, p->i - 1, INVALID_NUMERIC_LITERAL_RANGE, "rawStrippedQualifier", raw, "minValue", low,
        "maxValue", high,
            "typeName", type);
    return NULL;
}

static sp_expr *decimal_literal(sp_sql_parser *p, sp_str raw, int first)
{
    sp_dec unscaled;
    int scale;
    char too_long[96];
    snprintf(too_long, sizeof too_long, "%.*s", (int)(raw.n < 90 ? raw.n : 90), raw.p);
    bool fits = sp_dec_parse(raw, &unscaled, &scale);
    if (fits && scale < 0) {
        fits = sp_dec_rescale(unscaled, scale, SP_DECIMAL_MAX, 0, &unscaled);
        scale = 0;
    }
    int digits = fits ? sp_dec_digits(unscaled) : 0;
    int precision = digits > scale ? digits : scale;
    if (!fits || precision > SP_DECIMAL_MAX) {
        char count[16];
        size_t given = 0;
        for (size_t i = 0; i < raw.n && (raw.p[i] | 32) != 'e'; i++) given += raw.p[i] >= '0' && raw.p[i] <= '9';
        snprintf(count, sizeof count, "%d", fits ? precision : (int)given);
        FAIL_IN(p, first, p->i - 1, DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision", count, "maxPrecision", "38");
        return NULL;
    }
    sp_value v = { .type = sp_type_decimal(p->arena, precision ? precision : 1, scale, p->err), .decimal = unscaled };
    return v.type ? sp_sql_literal(p, &v, first) : NULL;
}

static sp_expr *integer_literal(sp_sql_parser *p, sp_str raw, int first)
{
    int64_t i;
    if (!sp_str_to_i64(raw, &i)) return decimal_literal(p, raw, first);
    return literal_i64(p, i >= INT32_MIN && i <= INT32_MAX ? SP_INT : SP_LONG, i, first);
}

static sp_expr *ranged_literal(sp_sql_parser *p, sp_str raw, sp_kind kind, int first)
{
    static const struct { int64_t low, high; const char *low_text, *high_text, *name; } ranges[] = {
        { INT8_MIN, INT8_MAX, "-128", "127", "tinyint" },
        { INT16_MIN, INT16_MAX, "-32768", "32767", "smallint" },
        { INT64_MIN, INT64_MAX, "-9223372036854775808", "9223372036854775807", "bigint" },
    };
    int r = kind == SP_BYTE ? 0 : kind == SP_SHORT ? 1 : 2;
    int64_t i;
    if (!sp_str_to_i64(raw, &i) || i < ranges[r].low || i > ranges[r].high)
        return out_of_range(p, first, sp_sql_cstr(p, raw), ranges[r].low_text, ranges[r].high_text, ranges[r].name);
    return literal_i64(p, kind, i, first);
}

static sp_expr *floating_literal(sp_sql_parser *p, sp_str raw, bool is_float, int first)
{
    double d;
    bool parsed = sp_parse_f64(raw, &d);
    double bound = is_float ? (double)FLT_MAX : DBL_MAX;
    if (!parsed || !isfinite(d) || fabs(d) > bound) {
        if (is_float)
            return out_of_range(p, first, sp_sql_cstr(p, raw), "-3.4028234663852886E+38", "3.4028234663852886E+38",
                "float");
        return out_of_range(p, first, sp_sql_cstr(p, raw), "-1.7976931348623157E+308", "1.7976931348623157E+308",
            "double");
    }
    sp_value v = { .type = sp_type_of(is_float ? SP_FLOAT : SP_DOUBLE), .f64 = is_float ? (double)(float)d : d };
    return sp_sql_literal(p, &v, first);
}

sp_expr *sp_sql_number(sp_sql_parser *p)
{
    int first = p->i;
    bool minus = take(p, T_MINUS);
    int kind = kind_now(p);
    if (!sp_sql_is_number(kind)) { sp_sql_unexpected(p); return NULL; }
    sp_str text = sp_sql_token_text(p, p->i);
    skip(p);
    text.n -= kind == T_BIGDECIMAL ? 2 : kind == T_INTEGER || kind == T_DECIMAL || kind == T_EXPONENT ? 0 : 1;
    if (minus) {
        char *copy = sp_arena_alloc(p->arena, text.n + 1, p->err);
        if (!copy) return NULL;
        copy[0] = '-';
        memcpy(copy + 1, text.p, text.n);
        text = (sp_str){ copy, text.n + 1 };
    }
    switch (kind) {
    case T_INTEGER: return integer_literal(p, text, first);
    case T_BIGINT: return ranged_literal(p, text, SP_LONG, first);
    case T_SMALLINT: return ranged_literal(p, text, SP_SHORT, first);
    case T_TINYINT: return ranged_literal(p, text, SP_BYTE, first);
    case T_FLOAT: return floating_literal(p, text, true, first);
    case T_DOUBLE: case T_EXPONENT: return floating_literal(p, text, false, first);
    default: return decimal_literal(p, text, first);
    }
}

sp_status sp_sql_integer(sp_sql_parser *p, int64_t *out)
{
    int first = p->i;
    if (kind_now(p) != T_INTEGER && kind_now(p) != T_QUESTION && kind_now(p) != T_COLON) return sp_sql_unexpected(p);
    sp_expr *e = kind_now(p) == T_INTEGER ? sp_sql_number(p) : sp_sql_marker(p);
    if (!e) return SP_FAILED;
    if (e->kind != SP_E_LITERAL || !e->type || !sp_kind_is_integral(e->type->kind)) return sp_sql_syntax(p, first, "");
    *out = e->literal.i64;
    return SP_OK;
}

/* ---- typed literals ---- */

static sp_expr *invalid_typed(sp_sql_parser *p, const char *type, sp_str value, int first)
{
    const char *shown = sp_arena_printf(p->arena, p->err, "'%.*s'", (int)value.n, value.p);
    if (!shown) return NULL;
    FAIL_IN(p, first, p->i - 1, INVALID_TYPED_LITERAL, "valueType", type, "value", shown);
    return NULL;
}

static sp_expr *hex_literal(sp_sql_parser *p, sp_str value, int first)
{
    size_t n = (value.n + 1) / 2;
    char *bytes = sp_arena_alloc(p->arena, n + 1, p->err);
    if (!bytes) return NULL;
    size_t odd = value.n & 1;
    for (size_t i = 0; i < n; i++) {
        int high = i == 0 && odd ? 0 : hex_digit(value.p[2 * i - odd]), low = hex_digit(value.p[2 * i + 1 - odd]);
        if (high < 0 || low < 0) return invalid_typed(p, "\"X\"", value, first);
        bytes[i] = (char)(high * 16 + low);
    }
    sp_value v = { .type = sp_type_of(SP_BINARY), .str = { bytes, n } };
    return sp_sql_literal(p, &v, first);
}

static bool word_is(sp_str s, const char *word) { return sp_str_eq_nocase(sp_str_trim(s), sp_str_of(word)); }

/* 'epoch' is a value, 'today' and its like depend on when the query runs (convertSpecialDate,
 * convertSpecialTimestamp). */
static sp_expr *special_date(sp_sql_parser *p, sp_str value, int first)
{
    if (word_is(value, "epoch")) return literal_i64(p, SP_DATE, 0, first);
    int shift = word_is(value, "tomorrow") ? 1 : word_is(value, "yesterday") ? -1 : 0;
    if (!shift && !word_is(value, "today") && !word_is(value, "now")) return NULL;
    sp_expr *today = sp_sql_call(p, "current_date", NULL, 0, first);
    if (!today || !shift) return today;
    sp_expr *one = sp_sql_literal_int(p, shift, first);
    return one ? sp_sql_call2(p, "date_add", today, one, first) : NULL;
}

static sp_expr *date_literal(sp_sql_parser *p, sp_str value, int first)
{
    int32_t days;
    if (sp_parse_date(value, &days)) return literal_i64(p, SP_DATE, days, first);
    sp_expr *special = special_date(p, value, first);
    return special ? special : invalid_typed(p, "\"DATE\"", value, first);
}

static sp_expr *timestamp_literal(sp_sql_parser *p, sp_kind kind, const char *shown, sp_str value, int first)
{
    int64_t us;
    const sp_zone *zone = p->conf && p->conf->zone ? p->conf->zone : sp_zone_utc();
    bool good = kind == SP_TIMESTAMP ? sp_parse_timestamp(value, zone, &us) : sp_parse_timestamp_ntz(value, true, &us);
    if (good) return literal_i64(p, kind, us, first);
    if (word_is(value, "epoch")) return literal_i64(p, kind, 0, first);
    if (word_is(value, "now"))
        return sp_sql_call(p, kind == SP_TIMESTAMP ? "current_timestamp" : "localtimestamp", NULL, 0, first);
    return invalid_typed(p, shown, value, first);
}

/* TIMESTAMP 'x' under spark.sql.timestampType: with TIMESTAMP_NTZ, a text that names a zone is still a TIMESTAMP. */
static sp_expr *plain_timestamp(sp_sql_parser *p, sp_str value, int first)
{
    const char *setting = p->conf &&
        p->conf->conf_get ? p->conf->conf_get(p->conf->session, "spark.sql.timestampType") : NULL;
    int64_t us;
    bool ntz = setting && sp_str_eq_nocase(sp_str_of(setting), SP_LIT("TIMESTAMP_NTZ")) &&
        sp_parse_timestamp_ntz(value, false, &us);
    return timestamp_literal(p, ntz ? SP_TIMESTAMP_NTZ : SP_TIMESTAMP, "\"TIMESTAMP\"", value, first);
}

static sp_expr *interval_text(sp_sql_parser *p, sp_str value, int first)
{
    sp_calendar c;
    if (sp_parse_interval(value, &c, NULL) == SP_FAILED) return invalid_typed(p, "\"INTERVAL\"", value, first);
    return sp_sql_interval_literal(p, &c, value, first);
}

sp_expr *sp_sql_typed_literal(sp_sql_parser *p)
{
    int first = p->i, kind = kind_now(p);
    sp_str name = sp_sql_token_text(p, first), value;
    skip(p);
    TRY_NULL(sp_sql_string_token(p, p->i, &value));
    skip(p);
    int64_t nanos;
    sp_value v;
    switch (kind) {
    case K_DATE: return date_literal(p, value, first);
    case K_TIMESTAMP: return plain_timestamp(p, value, first);
    case K_TIMESTAMP_LTZ: return timestamp_literal(p, SP_TIMESTAMP, "\"TIMESTAMP_LTZ\"", value, first);
    case K_TIMESTAMP_NTZ: return timestamp_literal(p, SP_TIMESTAMP_NTZ, "\"TIMESTAMP_NTZ\"", value, first);
    case K_INTERVAL: return interval_text(p, value, first);
    case K_BINARY_HEX: return hex_literal(p, value, first);
    case K_TIME:
        if (!sp_parse_time(value, &nanos)) return invalid_typed(p, "\"TIME\"", value, first);
        v = (sp_value){ .type = sp_type_of(SP_TIME), .i64 = nanos };
        return sp_sql_literal(p, &v, first);
    default: break;
    }
    const char *shown = sp_arena_printf(p->arena, p->err, "\"%.*s\"", (int)name.n, name.p);
    if (!shown) return NULL;
    for (char *c = (char *)shown; *c; c++) *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    FAIL_IN(p, first, p->i - 1, UNSUPPORTED_TYPED_LITERAL, "unsupportedType", shown, "supportedTypes",
            "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"");
    return NULL;
}
