/* value_text.c -- values as text: cast to string, Dataset.show, Literal.sql, Literal.toString.
 *
 * From: ToStringBase (brackets, separators, nested nulls), ToPrettyString ("NULL", binary as [48 65]), Literal.sql and
 * Literal.toString, QueryErrorsBase.toSQLValue. A decimal cast to string is plain (ANSI mode); in a literal it is
 * BigDecimal.toString, which turns to an exponent below 10^-6. Nested values inside Literal.toString show Spark's
 * internal values: days and microseconds, not dates. */
#include "column/value.h"

#include "column/datetime.h"
#include "column/decimal.h"
#include "column/value_int.h"
#include "column/vec_int.h"

typedef struct printer {
    sp_buf *out;
    const sp_zone *zone;
    bool pretty;
    sp_error *err;
} printer;

static sp_status print_row(printer *p, const sp_vec *v, uint32_t row);

static const sp_zone *zone_or_utc(const sp_zone *z) { return z ? z : sp_zone_utc(); }

static void put_hex(sp_buf *out, sp_str s, const char *between)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        if (i) sp_buf_puts(out, between);
        sp_buf_putc(out, digits[(uint8_t)s.p[i] >> 4]);
        sp_buf_putc(out, digits[s.p[i] & 15]);
    }
}

static void put_i64(sp_buf *out, int64_t v)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do text[--at] = (char)('0' + u % 10); while (u /= 10);
    if (v < 0) text[--at] = '-';
    sp_buf_add(out, text + at, sizeof text - at);
}

/* ---- cast to string and show ---- */

static void put_separator(sp_buf *out, uint32_t i)
{
    if (i) sp_buf_puts(out, ", ");
}

static sp_status print_list(printer *p, const sp_vec *v, uint32_t row)
{
    sp_list list = ((const sp_list *)v->data)[row];
    bool map = v->type->kind == SP_MAP;
    sp_buf_putc(p->out, map ? '{' : '[');
    for (uint32_t i = 0; i < list.length; i++) {
        put_separator(p->out, i);
        SP_TRY(print_row(p, v->child[0], list.offset + i));
        if (!map) continue;
        sp_buf_puts(p->out, " -> ");
        SP_TRY(print_row(p, v->child[1], list.offset + i));
    }
    sp_buf_putc(p->out, map ? '}' : ']');
    return SP_OK;
}

static sp_status print_struct(printer *p, const sp_vec *v, uint32_t row)
{
    sp_buf_putc(p->out, '{');
    for (int c = 0; c < v->child_count; c++) {
        put_separator(p->out, (uint32_t)c);
        SP_TRY(print_row(p, v->child[c], row));
    }
    sp_buf_putc(p->out, '}');
    return SP_OK;
}

static void print_binary(printer *p, sp_str s)
{
    if (!p->pretty) {
        sp_buf_add(p->out, s.p, s.n);
        return;
    }
    sp_buf_putc(p->out, '[');
    put_hex(p->out, s, " ");
    sp_buf_putc(p->out, ']');
}

#define AT(T) (((const T *)v->data)[row])
static sp_status print_row(printer *p, const sp_vec *v, uint32_t row)
{
    sp_buf *out = p->out;
    if (!sp_vec_seek(&v, &row)) {
        sp_buf_puts(out, p->pretty ? "NULL" : "null");
        return SP_OK;
    }
    switch (v->type->kind) {
    case SP_BOOLEAN: sp_buf_puts(out, AT(uint8_t) ? "true" : "false"); break;
    case SP_BYTE: put_i64(out, AT(int8_t)); break;
    case SP_SHORT: put_i64(out, AT(int16_t)); break;
    case SP_INT: put_i64(out, AT(int32_t)); break;
    case SP_LONG: put_i64(out, AT(int64_t)); break;
    case SP_FLOAT: sp_print_f32(out, AT(float)); break;
    case SP_DOUBLE: sp_print_f64(out, AT(double)); break;
    case SP_DECIMAL: sp_dec_print(out, AT(__int128), v->type->scale); break;
    case SP_STRING: {
        sp_str s = sp_view_str(&AT(sp_view));
        sp_buf_add(out, s.p, s.n);
        break;
    }
    case SP_BINARY: print_binary(p, sp_view_str(&AT(sp_view))); break;
    case SP_DATE: sp_print_date(out, AT(int32_t)); break;
    case SP_TIMESTAMP: sp_print_timestamp(out, AT(int64_t), p->zone); break;
    case SP_TIMESTAMP_NTZ: sp_print_timestamp_ntz(out, AT(int64_t)); break;
    case SP_TIME: sp_print_time(out, AT(int64_t)); break;
    case SP_YEAR_MONTH: sp_print_year_month(out, AT(int32_t), v->type); break;
    case SP_DAY_TIME: sp_print_day_time(out, AT(int64_t), v->type); break;
    case SP_CALENDAR: sp_print_calendar(out, AT(sp_calendar).months, AT(sp_calendar).days, AT(sp_calendar).us); break;
    case SP_ARRAY: case SP_MAP: return print_list(p, v, row);
    case SP_STRUCT: return print_struct(p, v, row);
    case SP_VARIANT: return sp_variant_json(out, v, row, p->zone, p->err);
    default: break;
    }
    return SP_OK;
}
#undef AT

sp_status sp_vec_text(sp_buf *out, const sp_vec *v, uint32_t row, bool pretty, const struct sp_zone *session_zone,
                      sp_error *err)
{
    printer p = { out, zone_or_utc(session_zone), pretty, err };
    SP_TRY(print_row(&p, v, row));
    return sp_buf_check(out, err);
}

/* ---- Literal.toString and Literal.sql ---- */

/* java.math.BigDecimal.toString */
static void put_big_decimal(sp_buf *out, __int128 v, int scale)
{
    int digits = sp_dec_digits(v), exponent = digits - 1 - scale;
    if (exponent >= -6) {
        sp_dec_print(out, v, scale);
        return;
    }
    sp_buf plain = { 0 };
    sp_dec_print(&plain, v < 0 ? -v : v, 0);
    if (plain.failed || !plain.len) {
        out->failed = true;
    } else {
        if (v < 0) sp_buf_putc(out, '-');
        sp_buf_putc(out, plain.data[0]);
        if (plain.len > 1) sp_buf_putc(out, '.');
        sp_buf_add(out, plain.data + 1, plain.len - 1);
        sp_buf_printf(out, "E%d", exponent);
    }
    sp_buf_done(&plain);
}

static void put_internal(sp_buf *out, const sp_vec *v, uint32_t row);

static void put_internal_list(sp_buf *out, const sp_vec *elements, sp_list list)
{
    sp_buf_putc(out, '[');
    for (uint32_t i = 0; i < list.length; i++) {
        if (i) sp_buf_putc(out, ',');
        put_internal(out, elements, list.offset + i);
    }
    sp_buf_putc(out, ']');
}

static void put_scalar(sp_buf *out, const sp_value *v, const sp_zone *zone, bool internal);

/* GenericArrayData, InternalRow and ArrayBasedMapData.toString */
static void put_internal(sp_buf *out, const sp_vec *v, uint32_t row)
{
    if (!sp_vec_seek(&v, &row)) {
        sp_buf_puts(out, "null");
        return;
    }
    const sp_list *lists = v->data;
    sp_value scalar;
    switch (v->type->kind) {
    case SP_ARRAY: put_internal_list(out, v->child[0], lists[row]); break;
    case SP_MAP:
        sp_buf_puts(out, "keys: ");
        put_internal_list(out, v->child[0], lists[row]);
        sp_buf_puts(out, ", values: ");
        put_internal_list(out, v->child[1], lists[row]);
        break;
    case SP_STRUCT:
        sp_buf_puts(out, v->child_count ? "[" : "[empty row");
        for (int c = 0; c < v->child_count; c++) {
            if (c) sp_buf_putc(out, ',');
            put_internal(out, v->child[c], row);
        }
        sp_buf_putc(out, ']');
        break;
    case SP_VARIANT:
        if (sp_variant_json(out, v, row, sp_zone_utc(), NULL) == SP_FAILED) sp_buf_puts(out, "null");
        break;
    default:
        if (sp_value_at(v, row, NULL, &scalar, NULL) == SP_OK) put_scalar(out, &scalar, sp_zone_utc(), true);
    }
}

/* A non-null value that is not nested. internal: as Spark holds it, dates as days and so on. */
static void put_scalar(sp_buf *out, const sp_value *v, const sp_zone *zone, bool internal)
{
    switch (v->type->kind) {
    case SP_BOOLEAN: sp_buf_puts(out, v->boolean ? "true" : "false"); return;
    case SP_FLOAT: sp_print_f32(out, (float)v->f64); return;
    case SP_DOUBLE: sp_print_f64(out, v->f64); return;
    case SP_DECIMAL: put_big_decimal(out, v->decimal, v->type->scale); return;
    case SP_STRING: sp_buf_add(out, v->str.p, v->str.n); return;
    case SP_BINARY:
        sp_buf_puts(out, "0x");
        put_hex(out, v->str, "");
        return;
    case SP_CALENDAR: sp_print_calendar(out, v->calendar.months, v->calendar.days, v->calendar.us); return;
    default: break;
    }
    switch (internal ? SP_LONG : v->type->kind) {
    case SP_DATE: sp_print_date(out, (int32_t)v->i64); break;
    case SP_TIMESTAMP: sp_print_timestamp(out, v->i64, zone); break;
    case SP_TIMESTAMP_NTZ: sp_print_timestamp_ntz(out, v->i64); break;
    case SP_TIME: sp_print_time(out, v->i64); break;
    case SP_YEAR_MONTH: sp_print_year_month(out, (int32_t)v->i64, v->type); break;
    case SP_DAY_TIME: sp_print_day_time(out, v->i64, v->type); break;
    default: put_i64(out, v->i64);
    }
}

static bool is_nested(const sp_type *t) { return sp_kind_is_nested(t->kind) || t->kind == SP_VARIANT; }

void sp_value_text(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone)
{
    if (v->is_null) {
        sp_buf_puts(out, "NULL");
    } else if (is_nested(v->type)) {
        if (v->type->kind == SP_MAP) sp_buf_puts(out, "map(");
        put_internal(out, v->vec, 0);
        if (v->type->kind == SP_MAP) sp_buf_putc(out, ')');
    } else {
        put_scalar(out, v, zone_or_utc(session_zone), false);
    }
}

static void put_sql(sp_buf *out, const sp_value *v, const sp_zone *zone);

static void put_sql_row(sp_buf *out, const sp_vec *v, uint32_t row, const sp_zone *zone)
{
    sp_value value;
    const sp_vec *at = v;
    sp_vec one;
    if (!sp_vec_seek(&at, &row)) {
        value = sp_value_null(v->type);
    } else if (!is_nested(at->type)) {
        if (sp_value_at(at, row, NULL, &value, NULL) == SP_FAILED) return;
    } else {
        /* row `row` seen as row 0: a DICT of one row */
        sp_vec *below = (sp_vec *)at;
        one = (sp_vec){ .type = at->type, .rows = 1, .form = SP_DICT, .index = &row, .child = &below };
        value = sp_value_null(at->type);
        value.is_null = false;
        value.vec = &one;
        put_sql(out, &value, zone);
        return;
    }
    put_sql(out, &value, zone);
}

static void put_sql_string(sp_buf *out, sp_str s)
{
    sp_buf_putc(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' || s.p[i] == '\'') sp_buf_putc(out, '\\');
        sp_buf_putc(out, s.p[i]);
    }
    sp_buf_putc(out, '\'');
}

static void put_sql_nested(sp_buf *out, const sp_value *v, const sp_zone *zone)
{
    const sp_vec *at = v->vec;
    uint32_t row = 0;
    if (!sp_vec_seek(&at, &row)) return;
    if (v->type->kind == SP_STRUCT) {
        sp_buf_puts(out, "NAMED_STRUCT(");
        for (int c = 0; c < at->child_count; c++) {
            if (c) sp_buf_puts(out, ", ");
            sp_buf_putc(out, '\'');
            sp_buf_add(out, v->type->fields[c].name.p, v->type->fields[c].name.n);
            sp_buf_puts(out, "', ");
            put_sql_row(out, at->child[c], row, zone);
        }
    } else {
        sp_list list = ((const sp_list *)at->data)[row];
        sp_buf_puts(out, v->type->kind == SP_MAP ? "MAP(" : "ARRAY(");
        for (uint32_t i = 0; i < list.length; i++)
            for (int c = 0; c < at->child_count; c++) {
                if (i || c) sp_buf_puts(out, ", ");
                put_sql_row(out, at->child[c], list.offset + i, zone);
            }
    }
    sp_buf_putc(out, ')');
}

/* "WORD 'text'" */
static void put_typed(sp_buf *out, const char *word, const sp_value *v, const sp_zone *zone)
{
    sp_buf_printf(out, "%s '", word);
    put_scalar(out, v, zone, false);
    sp_buf_putc(out, '\'');
}

/* NaN and the infinities have no literal: their name in quotes, cast. */
static bool put_sql_special(sp_buf *out, const sp_value *v)
{
    if (v->f64 - v->f64 == 0) return false;
    sp_buf_printf(out, "CAST('%s' AS %s)", v->f64 != v->f64 ? "NaN" : v->f64 > 0 ? "Infinity" : "-Infinity",
                  v->type->kind == SP_FLOAT ? "FLOAT" : "DOUBLE");
    return true;
}

static void put_sql(sp_buf *out, const sp_value *v, const sp_zone *zone)
{
    const char *suffix = "";
    sp_kind k = v->type->kind;
    if (v->is_null) {
        bool bare = k == SP_VOID || sp_kind_is_nested(k);
        sp_buf_puts(out, bare ? "NULL" : "CAST(NULL AS ");
        if (bare) return;
        sp_type_sql(out, v->type);
        sp_buf_putc(out, ')');
        return;
    }
    switch (k) {
    case SP_STRING:
        put_sql_string(out, v->str);
        if (v->type->collation.n) sp_buf_printf(out, " collate %.*s", (int)v->type->collation.n, v->type->collation.p);
        return;
    case SP_BINARY:
        sp_buf_puts(out, "X'");
        put_hex(out, v->str, "");
        sp_buf_putc(out, '\'');
        return;
    case SP_FLOAT:
        if (put_sql_special(out, v)) return;
        sp_buf_puts(out, "CAST(");
        suffix = " AS FLOAT)";
        break;
    case SP_DOUBLE:
        if (put_sql_special(out, v)) return;
        suffix = "D";
        break;
    case SP_BYTE: suffix = "Y"; break;
    case SP_SHORT: suffix = "S"; break;
    case SP_LONG: suffix = "L"; break;
    case SP_DECIMAL: suffix = "BD"; break;
    case SP_DATE: put_typed(out, "DATE", v, zone); return;
    case SP_TIMESTAMP: put_typed(out, "TIMESTAMP", v, zone); return;
    case SP_TIMESTAMP_NTZ: put_typed(out, "TIMESTAMP_NTZ", v, zone); return;
    case SP_TIME: put_typed(out, "TIME", v, zone); return;
    case SP_CALENDAR: put_typed(out, "INTERVAL", v, zone); return;
    case SP_ARRAY: case SP_MAP: case SP_STRUCT: put_sql_nested(out, v, zone); return;
    case SP_VARIANT: sp_value_text(out, v, zone); return;
    default: break;
    }
    put_scalar(out, v, zone, false);
    sp_buf_puts(out, suffix);
}

void sp_value_sql(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone)
{
    bool special = !v->is_null && (v->type->kind == SP_FLOAT || (v->type->kind == SP_DOUBLE && v->f64 - v->f64 != 0));
    if (v->is_null) sp_buf_puts(out, "NULL");
    else if (special) put_scalar(out, v, zone_or_utc(session_zone), false);   /* toSQLValue: no CAST around these */
    else put_sql(out, v, zone_or_utc(session_zone));
}

void sp_value_pretty(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone)
{
    bool plain = v->is_null || v->type->kind == SP_STRING || sp_kind_is_numeric(v->type->kind);
    if (plain) sp_value_text(out, v, session_zone);
    else put_sql(out, v, zone_or_utc(session_zone));
}
