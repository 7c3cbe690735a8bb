/* json_write.c -- values to JSON text: the encoder's lines, to_json, and the compact copy of a piece of a record.
 *
 * Null fields of structs are left out unless ignoreNullFields is false; nulls in arrays and maps are written. Numbers
 * are Java's: Double.toString, BigDecimal.toString, NaN and infinities as strings. Timestamps have a fast way for the
 * default pattern and years of four digits. Behaviour: JacksonGenerator; com.fasterxml.jackson.core
 * WriterBasedJsonGenerator, DefaultPrettyPrinter, copyCurrentStructure. */
#include "format/json_int.h"

static sp_status write_value(const json_writer *w, const sp_vec *v, uint32_t row, int level, sp_buf *out,
                             sp_error *err);

sp_status sp_json_writer_new(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, json_writer **out, sp_error *err)
{
    json_writer *w;
    SP_NEW(w, a, sizeof *w, err);
    *out = w;
    SP_TRY(sp_json_options_read(a, p, conf, &w->o, err));
    SP_TRY(sp_json_options_all_patterns(a, &w->o, true, err));
    /* Years that the fast code leaves to the patterns. */
    if (!w->o.date)
        SP_TRY(sp_pattern_compile(a, SP_LIT("yyyy-MM-dd"), false, &w->o.date, err));
    if (!w->o.timestamp)
        SP_TRY(sp_pattern_compile(a, SP_LIT("yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]"), false, &w->o.timestamp, err));
    if (!w->o.timestamp_ntz)
        SP_TRY(sp_pattern_compile(a, SP_LIT("yyyy-MM-dd'T'HH:mm:ss[.SSS]"), false, &w->o.timestamp_ntz, err));
    return SP_OK;
}

/* The FLAT vector and row behind a row of any form; false: null. */
static bool seek(const sp_vec **v, uint32_t *row)
{
    while ((*v)->form == SP_DICT) {
        if ((*v)->valid && !sp_bit_get((*v)->valid, *row))
            return false;
        *row = (*v)->index[*row];
        *v = (*v)->child[0];
    }
    *row = SP_AT(*v, *row);
    return (*v)->type->kind != SP_VOID && !((*v)->valid && !sp_bit_get((*v)->valid, *row));
}

/* ---- strings ---- */

static void put_unit_escape(sp_buf *out, uint32_t u)
{
    static const char hex[] = "0123456789ABCDEF";
    char b[6] = { '\\', 'u', hex[u >> 12 & 15], hex[u >> 8 & 15], hex[u >> 4 & 15], hex[u & 15] };
    sp_buf_add(out, b, 6);
}

static void write_ascii(sp_str s, sp_buf *out)
{
    sp_buf quoted = { 0 };
    sp_json_quote(&quoted, s);
    out->failed |= quoted.failed;
    for (const char *p = quoted.data, *end = p + quoted.len; p < end;) {
        uint32_t c;
        int n = sp_utf8_decode(p, end, &c);
        if ((uint8_t)*p < 0x80 || n == 0) {
            sp_buf_putc(out, *p++);
            continue;
        }
        if (c > 0xffff) {
            put_unit_escape(out, 0xd800 + ((c - 0x10000) >> 10));
            put_unit_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            put_unit_escape(out, c);
        }
        p += n;
    }
    sp_buf_done(&quoted);
}

void sp_json_write_string(const json_writer *w, sp_str s, sp_buf *out)
{
    size_t i = 0;
    while (i < s.n && s.p[i] != '"' && s.p[i] != '\\' && (uint8_t)s.p[i] >= 0x20 && (uint8_t)s.p[i] < 0x80)
        i++;
    if (i == s.n) {
        sp_buf_putc(out, '"');
        sp_buf_add(out, s.p, s.n);
        sp_buf_putc(out, '"');
    } else if (w && w->o.escape_non_ascii) {
        write_ascii(s, out);
    } else {
        sp_json_quote(out, s);
    }
}

static void write_base64(sp_str s, sp_buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *)s.p;
    sp_buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t b = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0u);
        char four[4] = { letters[b >> 18], letters[b >> 12 & 63], left > 1 ? letters[b >> 6 & 63] : '=',
                         left > 2 ? letters[b & 63] : '=' };
        sp_buf_add(out, four, 4);
    }
    sp_buf_putc(out, '"');
}

/* ---- numbers and times ---- */

/* BigDecimal.toString: plain unless the exponent is below -6. */
static void write_decimal(__int128 v, int scale, sp_buf *out)
{
    int adjusted = sp_dec_digits(v) - 1 - scale;
    if (adjusted >= -6) {
        sp_dec_print(out, v, scale);
        return;
    }
    sp_buf digits = { 0 };
    sp_dec_print(&digits, v, 0);
    const char *p = sp_buf_cstr(&digits);
    if (*p == '-')
        sp_buf_putc(out, *p++);
    sp_buf_putc(out, *p++);
    if (*p) {
        sp_buf_putc(out, '.');
        sp_buf_puts(out, p);
    }
    sp_buf_printf(out, "E%d", adjusted);
    sp_buf_done(&digits);
}

static void write_float(double d, bool single, sp_buf *out)
{
    bool finite = d - d == 0;
    if (!finite) sp_buf_putc(out, '"');
    if (single) sp_print_f32(out, (float)d);
    else sp_print_f64(out, d);
    if (!finite) sp_buf_putc(out, '"');
}

static char *put_digits(char *p, int v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + n;
}

/* yyyy-MM-dd'T'HH:mm:ss.SSS, with an offset when zone is given. false: a year that needs the pattern. */
static bool write_iso(int64_t us, const sp_zone *zone, bool date_only, sp_buf *out)
{
    char b[40], *p = b;
    int offset = zone ? sp_zone_offset_at_utc(zone, us) : 0, month, day;
    int64_t local = us + offset * SP_US_PER_SECOND, year;
    int64_t days = sp_floor_div(local, SP_US_PER_DAY), rest = local - days * SP_US_PER_DAY;
    sp_civil_from_days(days, &year, &month, &day);
    if (year < 1 || year > 9999 || offset % 60)
        return false;
    *p++ = '"';
    p = put_digits(p, (int)year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, day, 2);
    if (!date_only) {
        int ms = (int)(rest / 1000);
        *p++ = 'T';
        p = put_digits(p, ms / 3600000, 2);
        *p++ = ':';
        p = put_digits(p, ms / 60000 % 60, 2);
        *p++ = ':';
        p = put_digits(p, ms / 1000 % 60, 2);
        *p++ = '.';
        p = put_digits(p, ms % 1000, 3);
    }
    if (zone && !offset) *p++ = 'Z';
    else if (zone) {
        int minutes = (offset < 0 ? -offset : offset) / 60;
        *p++ = offset < 0 ? '-' : '+';
        p = put_digits(p, minutes / 60, 2);
        *p++ = ':';
        p = put_digits(p, minutes % 60, 2);
    }
    *p++ = '"';
    sp_buf_add(out, b, (size_t)(p - b));
    return true;
}

static sp_status write_time(const json_writer *w, sp_kind kind, int64_t v, sp_buf *out, sp_error *err)
{
    const sp_zone *zone = kind == SP_TIMESTAMP ? w->o.zone : NULL;
    sp_str given = kind == SP_DATE ? w->o.date_text : kind == SP_TIMESTAMP ? w->o.timestamp_text
                                                                                : w->o.timestamp_ntz_text;
    int64_t us = kind == SP_DATE ? v * SP_US_PER_DAY : v;
    if (!given.p && write_iso(us, zone, kind == SP_DATE, out))
        return SP_OK;
    const sp_pattern *p = kind == SP_DATE ? w->o.date : kind == SP_TIMESTAMP ? w->o.timestamp : w->o.timestamp_ntz;
    sp_buf text = { 0 };
    sp_status status = sp_pattern_print(p, &text, us, zone ? zone : sp_zone_utc(), err);
    if (status == SP_OK)
        sp_json_write_string(w, (sp_str){ text.data, text.len }, out);
    sp_buf_done(&text);
    return status;
}

/* ---- values ---- */

static int64_t int_at(const sp_vec *v, uint32_t i)
{
    switch (sp_kind_width(v->type->kind)) {
    case 1: return ((const int8_t *)v->data)[i];
    case 2: return ((const int16_t *)v->data)[i];
    case 4: return ((const int32_t *)v->data)[i];
    default: return ((const int64_t *)v->data)[i];
    }
}

/* Text between quotes made by a printing function. */
#define QUOTED(out, call) do { sp_buf_putc(out, '"'); call; sp_buf_putc(out, '"'); } while (0)

static sp_status write_scalar(const json_writer *w, const sp_vec *v, uint32_t i, sp_buf *out, sp_error *err)
{
    sp_kind kind = v->type->kind;
    switch (kind) {
    case SP_VOID: sp_buf_puts(out, "null"); return SP_OK;
    case SP_BOOLEAN: sp_buf_puts(out, ((const uint8_t *)v->data)[i] ? "true" : "false"); return SP_OK;
    case SP_BYTE: case SP_SHORT: case SP_INT: case SP_LONG:
        sp_buf_printf(out, "%lld", (long long)int_at(v, i));
        return SP_OK;
    case SP_FLOAT: write_float(((const float *)v->data)[i], true, out); return SP_OK;
    case SP_DOUBLE: write_float(((const double *)v->data)[i], false, out); return SP_OK;
    case SP_DECIMAL: write_decimal(((const __int128 *)v->data)[i], v->type->scale, out); return SP_OK;
    case SP_STRING: sp_json_write_string(w, sp_view_str((const sp_view *)v->data + i), out); return SP_OK;
    case SP_BINARY: write_base64(sp_view_str((const sp_view *)v->data + i), out); return SP_OK;
    case SP_DATE: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: return write_time(w, kind, int_at(v, i), out, err);
    case SP_TIME: QUOTED(out, sp_print_time(out, int_at(v, i))); return SP_OK;
    case SP_YEAR_MONTH: QUOTED(out, sp_print_year_month(out, (int32_t)int_at(v, i), v->type)); return SP_OK;
    case SP_DAY_TIME: QUOTED(out, sp_print_day_time(out, int_at(v, i), v->type)); return SP_OK;
    case SP_CALENDAR: {
        sp_calendar c = ((const sp_calendar *)v->data)[i];
        QUOTED(out, sp_print_calendar(out, c.months, c.days, c.us));
        return SP_OK;
    }
    default: return sp_error_internal(err, "no JSON for values of kind %d", (int)kind);
    }
}

static void new_line(const json_writer *w, int level, sp_buf *out)
{
    if (!w->o.pretty)
        return;
    sp_buf_putc(out, '\n');
    for (int i = 0; i < level; i++)
        sp_buf_puts(out, "  ");
}

static void write_key(const json_writer *w, sp_str name, bool first, int level, sp_buf *out)
{
    if (!first)
        sp_buf_putc(out, ',');
    new_line(w, level, out);
    sp_json_write_string(w, name, out);
    sp_buf_puts(out, w->o.pretty ? " : " : ":");
}

static void end_object(const json_writer *w, bool empty, int level, sp_buf *out)
{
    if (!empty) new_line(w, level, out);
    else if (w->o.pretty) sp_buf_putc(out, ' ');
    sp_buf_putc(out, '}');
}

/* columns are the fields' vectors (FLAT or CONST). */
static sp_status write_fields(const json_writer *w, const sp_type *t, sp_vec *const *columns, uint32_t row, int level,
                              sp_buf *out, sp_error *err)
{
    bool first = true;
    sp_buf_putc(out, '{');
    for (int i = 0; i < t->field_count; i++) {
        bool null = sp_vec_null_at(columns[i], row);
        if (null && w->o.ignore_null_fields)
            continue;
        write_key(w, t->fields[i].name, first, level + 1, out);
        first = false;
        SP_TRY(write_value(w, columns[i], row, level + 1, out, err));
    }
    end_object(w, first, level, out);
    return SP_OK;
}

static sp_status write_array(const json_writer *w, const sp_vec *v, sp_list list, int level, sp_buf *out, sp_error *err)
{
    const char *space = w->o.pretty ? " " : "";
    sp_buf_putc(out, '[');
    for (uint32_t i = 0; i < list.length; i++) {
        if (i)
            sp_buf_putc(out, ',');
        sp_buf_puts(out, space);
        SP_TRY(write_value(w, v->child[0], list.offset + i, level + 1, out, err));
    }
    sp_buf_puts(out, space);
    sp_buf_putc(out, ']');
    return SP_OK;
}

/* A map's key as its value's toString says it: dates and timestamps are numbers, a struct is [a,b]. */
static sp_status key_text(const sp_vec *v, uint32_t row, sp_buf *out, sp_error *err)
{
    if (!seek(&v, &row)) {
        sp_buf_puts(out, "null");
        return SP_OK;
    }
    switch (v->type->kind) {
    case SP_DATE: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_YEAR_MONTH: case SP_DAY_TIME:
        sp_buf_printf(out, "%lld", (long long)int_at(v, row));
        return SP_OK;
    case SP_STRUCT:
        sp_buf_putc(out, '[');
        for (int i = 0; i < v->child_count; i++) {
            if (i)
                sp_buf_putc(out, ',');
            SP_TRY(key_text(v->child[i], row, out, err));
        }
        sp_buf_putc(out, ']');
        return SP_OK;
    default: return sp_vec_text(out, v, row, false, sp_zone_utc(), err);
    }
}

static sp_status write_map(const json_writer *w, const sp_vec *v, sp_list list, int level, sp_buf *out, sp_error *err)
{
    sp_buf key = { 0 };
    sp_status status = SP_OK;
    sp_buf_putc(out, '{');
    for (uint32_t i = 0; i < list.length && status == SP_OK; i++) {
        sp_buf_clear(&key);
        if ((status = key_text(v->child[0], list.offset + i, &key, err)) != SP_OK)
            break;
        write_key(w, (sp_str){ key.data, key.len }, i == 0, level + 1, out);
        status = write_value(w, v->child[1], list.offset + i, level + 1, out, err);
    }
    end_object(w, list.length == 0, level, out);
    sp_buf_done(&key);
    return status;
}

static sp_status write_value(const json_writer *w, const sp_vec *v, uint32_t row, int level, sp_buf *out, sp_error *err)
{
    if (!seek(&v, &row)) {
        sp_buf_puts(out, "null");
        return SP_OK;
    }
    switch (v->type->kind) {
    case SP_STRUCT: return write_fields(w, v->type, v->child, row, level, out, err);
    case SP_ARRAY: return write_array(w, v, ((const sp_list *)v->data)[row], level, out, err);
    case SP_MAP: return write_map(w, v, ((const sp_list *)v->data)[row], level, out, err);
    case SP_VARIANT: return sp_vec_text(out, v, row, false, w->o.zone, err);
    default: return write_scalar(w, v, row, out, err);
    }
}

sp_status sp_json_write_value(const json_writer *w, const sp_vec *v, uint32_t row, sp_buf *out, sp_error *err)
{
    SP_TRY(write_value(w, v, row, 0, out, err));
    return sp_buf_check(out, err);
}

sp_status sp_json_write_columns(const json_writer *w, const sp_type *schema, sp_vec *const *columns, uint32_t row,
                                sp_buf *out, sp_error *err)
{
    return write_fields(w, schema, columns, row, 0, out, err);
}

/* ---- copies ---- */

static void copy_number(json_token t, sp_str s, sp_buf *out)
{
    if (t == JT_FLOAT) {
        double d = 0;
        char last = s.p[s.n - 1];
        if (last == 'N' || last == 'F' || last == 'y')
            d = last == 'N' ? __builtin_nan("") : *s.p == '-' ? -__builtin_inf() : __builtin_inf();
        else
            sp_parse_f64(s, &d);
        write_float(d, false, out);
        return;
    }
    bool negative = *s.p == '-';
    s.p += negative;
    s.n -= negative;
    while (s.n > 1 && *s.p == '0') {
        s.p++;
        s.n--;
    }
    if (negative && !(s.n == 1 && *s.p == '0'))
        sp_buf_putc(out, '-');
    sp_buf_add(out, s.p, s.n);
}

static bool copy_token(json_reader *r, json_token t, sp_buf *out)
{
    switch (t) {
    case JT_STRING:
        if (!sp_json_finish_string(r))
            return false;
        sp_json_quote(out, r->text);
        return true;
    case JT_INT: case JT_FLOAT: copy_number(t, r->text, out); return true;
    case JT_TRUE: sp_buf_puts(out, "true"); return true;
    case JT_FALSE: sp_buf_puts(out, "false"); return true;
    case JT_NULL: sp_buf_puts(out, "null"); return true;
    default: return false;
    }
}

bool sp_json_copy_structure(json_reader *r, sp_buf *out)
{
    json_token t = r->token;
    bool fresh = true, named = false;       /* fresh: no comma before the next entry */
    for (int depth = 0;; t = sp_json_next(r)) {
        if (t == JT_ERROR || t == JT_END)
            return false;
        if (t == JT_OBJECT_END || t == JT_ARRAY_END) {
            sp_buf_putc(out, t == JT_OBJECT_END ? '}' : ']');
            depth--;
            fresh = false;
        } else {
            if (!fresh && !named)
                sp_buf_putc(out, ',');
            fresh = named = false;
            if (t == JT_NAME) {
                sp_json_quote(out, sp_json_current_name(r));
                sp_buf_putc(out, ':');
                named = true;
            } else if (t == JT_OBJECT || t == JT_ARRAY) {
                sp_buf_putc(out, t == JT_OBJECT ? '{' : '[');
                depth++;
                fresh = true;
            } else if (!copy_token(r, t, out)) {
                return false;
            }
        }
        if (depth == 0 && t != JT_NAME)
            return true;
    }
}
