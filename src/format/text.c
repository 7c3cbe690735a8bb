/* text.c -- the format "text": every line a row of one string column; or every file (wholetext).
 *
 * Lines are views into the fed bytes; nothing is copied and nothing is decoded, so bytes that are not UTF-8 pass
 * through, as in Spark. A byte order mark at the start of a file is left out. Writing: the value and a line end; null
 * is an empty line. Behaviour: TextFileFormat, TextOptions, HadoopFileLinesReader, HadoopFileWholeTextReader. */
#include "format/format_int.h"

struct sp_decoder {
    const sp_decode_spec *spec;
    int column_count;
    bool whole, pending;
    sp_lines lines;
    sp_str text;
    int64_t rows;
};

struct sp_encoder {
    sp_str line_sep;
};

static const char *const option_names[] = { "wholetext", "lineSep", "compression", "encoding", NULL };

static sp_status check_schema(const sp_type *schema, bool writing, sp_error *err)
{
    if (writing && schema->field_count != 1)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1290, "schemaSize", sp_error_format(err, "%d", schema->field_count));
    for (int i = 0; i < schema->field_count; i++) {
        const sp_field *f = &schema->fields[i];
        if (f->type->kind == SP_STRING)
            continue;
        sp_arena *a = sp_arena_new("error", 0);
        if (!a)
            return sp_error_memory(err, "an error");
        SP_FAIL(err, UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, "format", "Text", "columnName",
                sp_error_format(err, "`%.*s`", (int)f->name.n, f->name.p), "columnType",
                sp_type_sql_quoted(a, f->type));
        sp_arena_free(a);
        return SP_FAILED;
    }
    return SP_OK;
}

static bool needs_whole(const sp_props *options)
{
    bool whole = false;
    sp_option_bool(options, "wholetext", false, &whole, NULL);
    const char *sep = sp_props_get(options, "lineSep");
    return whole || (sep && strcmp(sep, "\n") != 0);
}

static sp_status open_decoder(const sp_decode_spec *spec, sp_decoder **out, sp_error *err)
{
    sp_decoder *d;
    SP_NEW(d, spec->arena, sizeof *d, err);
    d->spec = spec;
    d->column_count = spec->columns ? spec->column_count : spec->schema->field_count;
    if (d->column_count > 1)
        return sp_error_plain(err, SP_EXC_SPARK,
                              "assertion failed: Text data source only produces a single data column named \"value\".");
    SP_TRY(sp_option_bool(spec->options, "wholetext", false, &d->whole, err));
    SP_TRY(sp_option_line_sep(spec->options, &d->lines.separator, err));
    SP_TRY(sp_option_encoding(spec->options, err));
    *out = d;
    return SP_OK;
}

static sp_status feed(sp_decoder *d, const char *bytes, size_t n, bool is_first, sp_error *err)
{
    if (d->whole) {
        d->text = (sp_str){ bytes, n };
        d->pending = true;
        return SP_OK;
    }
    size_t mark = is_first && n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    d->lines.p = bytes + mark;
    d->lines.end = bytes + n;
    return SP_OK;
}

static sp_status next(sp_decoder *d, sp_arena *a, sp_batch *out, sp_error *err)
{
    if (d->whole ? !d->pending : d->lines.p >= d->lines.end)
        return SP_DONE;
    uint32_t room = d->whole ? 1 : SP_BATCH_ROWS, rows;
    sp_vec *v = sp_vec_new(a, sp_type_of(SP_STRING), room, err);
    if (!v)
        return SP_FAILED;
    if (d->whole) {
        if (d->text.n > UINT32_MAX)
            return sp_error_memory(err, "a text of more than 4 GiB");
        *(sp_view *)v->data = sp_view_make(d->text.p, d->text.n);
        d->pending = false;
        rows = 1;
    } else {
        rows = sp_lines_next(&d->lines, v->data, room);
    }
    v->rows = rows;
    d->rows += rows;
    *out = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = d->column_count };
    SP_NEW_ARRAY(out->columns, a, 1, err);
    if (d->column_count) {
        v->type = d->spec->schema->fields[d->spec->columns ? d->spec->columns[0] : 0].type;
        out->columns[0] = v;
    }
    return SP_MORE;
}

static void close_decoder(sp_decoder *d) {}
static int64_t rows_read(const sp_decoder *d) { return d->rows; }

static sp_status open_encoder(sp_arena *a, const sp_type *schema, const sp_props *options, const sp_expr_conf *conf,
                              sp_encoder **out, sp_error *err)
{
    SP_NEW(*out, a, sizeof **out, err);
    SP_TRY(check_schema(schema, true, err));
    sp_str sep;
    SP_TRY(sp_option_line_sep(options, &sep, err));
    (*out)->line_sep = sp_str_copy(a, sep.n ? sep : SP_LIT("\n"), err);
    return (*out)->line_sep.p ? SP_OK : SP_FAILED;
}

static sp_status encode(sp_encoder *e, const sp_batch *in, sp_arena *scratch, sp_buf *out, sp_error *err)
{
    const sp_vec *v = sp_vec_flatten(in->columns[0], scratch, true, err);
    if (!v)
        return SP_FAILED;
    for (uint32_t i = 0; i < in->sel_count; i++) {
        uint32_t row = SP_BATCH_ROW(in, i);
        if (!sp_vec_is_null(v, row)) {
            sp_str s = sp_view_str((const sp_view *)v->data + SP_AT(v, row));
            sp_buf_add(out, s.p, s.n);
        }
        sp_buf_add(out, e->line_sep.p, e->line_sep.n);
    }
    return sp_buf_check(out, err);
}

static sp_status finish(sp_encoder *e, sp_buf *out, sp_error *err) { return SP_OK; }

const sp_format sp_format_text = {
    .name = "text", .display = "Text", .extension = ".txt", .options = option_names, .splittable = true,
    .check_schema = check_schema, .infer = NULL, .open = open_decoder, .feed = feed, .next = next,
    .close = close_decoder, .rows_read = rows_read, .open_encoder = open_encoder, .encode = encode, .finish = finish,
    .needs_whole = needs_whole,
};
