/* csv_write.c -- rows to CSV text, as univocity's CsvWriter quotes under Spark's settings (UnivocityGenerator, Spark 4.3).
 *
 * A value is quoted when it holds the separator, a line end or (escapeQuotes) the quote, or begins with the comment character; quotes inside are escaped.
 * Strings are trimmed unless ignoreLeading/TrailingWhiteSpace is false. Null is nullValue, the empty string emptyValue (""). */
#include "format/csv_int.h"

struct sp_encoder { csv_options o; const sp_type *schema; bool header_written; };

sp_status sp_csv_open_encoder(sp_arena *a, const sp_type *schema, const sp_props *options, const sp_expr_conf *conf, sp_encoder **out, sp_error *err)
{
    SP_NEW(*out, a, sizeof **out, err);
    (*out)->schema = schema;
    return sp_csv_options_read(a, options, conf, true, &(*out)->o, err);
}

static bool needs_quotes(const csv_options *o, sp_str s, bool first)
{
    if (o->quote_all)
        return true;
    if (first && o->comment && s.n && s.p[0] == o->comment)
        return true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\n' || c == '\r' || (c == o->sep.p[0] && s.n - i >= o->sep.n && memcmp(s.p + i, o->sep.p, o->sep.n) == 0))
            return true;
        if (o->escape_quotes && o->quote && c == o->quote)
            return true;
    }
    return false;
}

static void put_quoted(const csv_options *o, sp_str s, sp_buf *out)
{
    sp_buf_putc(out, o->quote);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == o->quote)
            sp_buf_putc(out, o->escape ? o->escape : o->quote);
        else if (s.p[i] == o->escape && o->escape_escape)
            sp_buf_putc(out, o->escape_escape);
        sp_buf_putc(out, s.p[i]);
    }
    sp_buf_putc(out, o->quote);
}

/* nullValue and emptyValue: taken as they are when they bring their own quotes. */
static void put_special(const csv_options *o, sp_str s, bool first, sp_buf *out)
{
    bool has_quotes = s.n >= 2 && s.p[0] == o->quote && s.p[s.n - 1] == o->quote;
    if (!o->quote || has_quotes || !needs_quotes(o, s, first))
        sp_buf_add(out, s.p, s.n);
    else
        put_quoted(o, s, out);
}

static void put_text(const csv_options *o, sp_str s, bool first, sp_buf *out)
{
    while (o->write_trim_leading && s.n && (unsigned char)s.p[0] <= ' ')
        s = (sp_str){ s.p + 1, s.n - 1 };
    while (o->write_trim_trailing && s.n && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    if (s.n == 0)
        put_special(o, o->write_empty_value, first, out);
    else if (!o->quote || !needs_quotes(o, s, first))
        sp_buf_add(out, s.p, s.n);
    else
        put_quoted(o, s, out);
}

static sp_status put_value(sp_encoder *e, const sp_vec *v, uint32_t row, bool first, sp_buf *value, sp_buf *out, sp_error *err)
{
    uint32_t at = SP_AT(v, row);
    sp_buf_clear(value);
    switch (v->type->kind) {
    case SP_DATE:
        SP_TRY(sp_pattern_print(e->o.date, value, ((const int32_t *)v->data)[at] * SP_US_PER_DAY, sp_zone_utc(), err));
        break;
    case SP_TIMESTAMP:
        SP_TRY(sp_pattern_print(e->o.timestamp, value, ((const int64_t *)v->data)[at], e->o.zone, err));
        break;
    case SP_TIMESTAMP_NTZ:
        SP_TRY(sp_pattern_print(e->o.timestamp_ntz, value, ((const int64_t *)v->data)[at], sp_zone_utc(), err));
        break;
    case SP_STRING: case SP_BINARY:
        put_text(&e->o, sp_view_str(&((const sp_view *)v->data)[at]), first, out);
        return SP_OK;
    default:
        SP_TRY(sp_vec_text(value, v, row, false, e->o.zone, err));
    }
    put_text(&e->o, (sp_str){ value->data, value->len }, first, out);
    return SP_OK;
}

static void end_line(sp_encoder *e, sp_buf *out)
{
    if (e->o.line_sep.p)
        sp_buf_add(out, e->o.line_sep.p, e->o.line_sep.n);
    else
        sp_buf_putc(out, '\n');
}

static void put_header(sp_encoder *e, sp_buf *out)
{
    if (e->header_written || !e->o.header)
        return;
    e->header_written = true;
    for (int c = 0; c < e->schema->field_count; c++) {
        if (c)
            sp_buf_add(out, e->o.sep.p, e->o.sep.n);
        put_text(&e->o, e->schema->fields[c].name, c == 0, out);
    }
    end_line(e, out);
}

sp_status sp_csv_encode(sp_encoder *e, const sp_batch *in, sp_arena *scratch, sp_buf *out, sp_error *err)
{
    sp_buf value = { 0 };
    sp_status status = SP_OK;
    const sp_vec **columns;
    SP_NEW_ARRAY(columns, scratch, in->column_count + 1, err);
    for (int c = 0; c < in->column_count; c++)
        if (!(columns[c] = sp_vec_flatten(in->columns[c], scratch, true, err)))
            return SP_FAILED;
    put_header(e, out);
    for (uint32_t i = 0; i < in->sel_count && status == SP_OK; i++) {
        uint32_t row = SP_BATCH_ROW(in, i);
        for (int c = 0; c < in->column_count && status == SP_OK; c++) {
            if (c)
                sp_buf_add(out, e->o.sep.p, e->o.sep.n);
            if (sp_vec_is_null(columns[c], row))
                put_special(&e->o, e->o.null_value, c == 0, out);
            else
                status = put_value(e, columns[c], row, c == 0, &value, out, err);
        }
        end_line(e, out);
    }
    sp_buf_done(&value);
    return status == SP_OK ? sp_buf_check(out, err) : status;
}

sp_status sp_csv_finish(sp_encoder *e, sp_buf *out, sp_error *err)
{
    put_header(e, out);     /* a file without rows has its header all the same */
    return sp_buf_check(out, err);
}
