/* json.c -- the format "json": records, one a line (or one a file with multiLine), to batches; the modes for records
 * that are bad.
 *
 * A record is an object (a row), an array of objects (a row each), or nothing but blanks (no row); everything else is
 * bad. Only its first value is read: what follows it is not looked at, as in Spark. An array's rows show what becomes
 * of the record only when it is over, so it is read twice: once to find that out, once for the rows, which may fill
 * several batches. PERMISSIVE keeps what a bad record gave and puts its text into the corrupt record column,
 * DROPMALFORMED drops it, FAILFAST ends the query. Behaviour: JsonFileFormat, TextInputJsonDataSource,
 * MultiLineJsonDataSource, JacksonParser.parse, FailureSafeParser. */
#include "format/json_int.h"

struct sp_decoder {
    const sp_decode_spec *spec;
    json_options o;
    json_converter c;
    json_rows x;
    json_fast *fast;            /* NULL: none */
    sp_lines lines;
    bool whole_pending;         /* multiLine: a fed file that was not read yet */
    sp_str record;              /* the one being read */
    bool in_array, array_bad;   /* second reading of an array of rows; array_bad: its rows carry the record's text */
    int64_t rows;
};

/* ---- opening ---- */

static sp_status verify_corrupt_column(const sp_type *schema, const json_options *o, sp_error *err)
{
    int i = sp_type_find(schema, o->corrupt_name, true);
    if (i < 0 || (schema->fields[i].type->kind == SP_STRING && schema->fields[i].nullable))
        return SP_OK;
    sp_arena *a = sp_arena_new("error", 0);
    if (!a)
        return sp_error_memory(err, "an error");
    sp_status status = SP_FAIL(err, INVALID_CORRUPT_RECORD_TYPE, "columnName",
                               sp_error_format(err, "`%.*s`", (int)o->corrupt_name.n, o->corrupt_name.p),
                               "actualType", sp_type_sql_quoted(a, schema->fields[i].type));
    sp_arena_free(a);
    return status;
}

static sp_status open_decoder(const sp_decode_spec *spec, sp_decoder **out, sp_error *err)
{
    sp_decoder *d;
    SP_NEW(d, spec->arena, sizeof *d, err);
    d->spec = spec;
    SP_TRY(sp_json_options_read(spec->arena, spec->options, spec->conf, &d->o, err));
    SP_TRY(verify_corrupt_column(spec->schema, &d->o, err));
    SP_TRY(sp_json_converter_init(&d->c, spec->arena, &d->o, err));
    SP_TRY(sp_json_rows_init(spec->arena, spec, &d->o, &d->x, err));
    for (int i = 0; i < d->x.column_count; i++)
        SP_TRY(sp_json_options_patterns(spec->arena, &d->o, d->x.columns[i].node->type, err));
    if (d->x.column_count == 1 && d->x.corrupt == 0)
        return SP_FAIL(err, UNSUPPORTED_FEATURE__QUERY_ONLY_CORRUPT_RECORD_COLUMN);
    SP_TRY(sp_json_fast_new(spec->arena, &d->o, &d->x, &d->fast, err));
    d->lines.separator = d->o.line_sep;
    *out = d;
    return SP_OK;
}

static sp_status feed(sp_decoder *d, const char *bytes, size_t n, bool is_first, sp_error *err)
{
    size_t mark = !d->o.multi_line && is_first && n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    d->lines.p = bytes + mark;
    d->lines.end = bytes + n;
    d->whole_pending = d->o.multi_line;
    d->in_array = false;
    return SP_OK;
}

/* ---- bad records ---- */

static sp_status fail_fast(sp_decoder *d, bool partial, sp_error *err)
{
    json_converter *c = &d->c;
    sp_buf text = { 0 };
    if (!partial)
        sp_json_rows_clear(&d->x);
    if (d->x.corrupt >= 0)
        SP_TRY(sp_json_rows_finish(&d->x, &d->record));
    sp_json_rows_text(&d->x, &text);
    if (c->cause == JSON_CAUSE_STRING_AS_TYPE) {
        sp_buf_clear(&text);
        sp_buf_add(&text, d->record.p, d->record.n);
        sp_buf name = { 0 }, value = { 0 };
        sp_buf_printf(&name, "`%.*s`", (int)c->cause_name.n, c->cause_name.p ? c->cause_name.p : "");
        sp_buf_printf(&value, "'%.*s'", (int)c->cause_value.n, c->cause_value.p);
        SP_FAIL(err, MALFORMED_RECORD_IN_PARSING__CANNOT_PARSE_STRING_AS_DATATYPE, "badRecord", sp_buf_cstr(&text),
                "failFastMode", "FAILFAST", "fieldName", sp_buf_cstr(&name), "fieldValue", sp_buf_cstr(&value),
                "inputType", "StringType", "targetType", c->cause_type->kind == SP_FLOAT ? "FloatType" : "DoubleType");
        sp_buf_done(&name);
        sp_buf_done(&value);
    } else {
        SP_FAIL(err, MALFORMED_RECORD_IN_PARSING__WITHOUT_SUGGESTION, "badRecord", sp_buf_cstr(&text), "failFastMode",
                "FAILFAST");
    }
    sp_buf_done(&text);
    return SP_FAILED;
}

static sp_status keep_row(sp_decoder *d, const sp_str *corrupt_text)
{
    SP_TRY(sp_json_rows_finish(&d->x, corrupt_text));
    d->x.row++;
    d->rows++;
    return SP_OK;
}

/* What becomes of an object's row. */
static sp_status settle(sp_decoder *d, json_result res, sp_error *err)
{
    switch (res) {
    case JSON_FATAL: return SP_FAILED;
    case JSON_SKIPPED: return SP_OK;
    case JSON_OK: return keep_row(d, NULL);
    default: break;
    }
    if (d->o.mode == JSON_DROP_MALFORMED)
        return SP_OK;
    if (d->o.mode == JSON_FAIL_FAST)
        return fail_fast(d, res == JSON_PARTIAL, err);
    if (res == JSON_FAIL)
        sp_json_rows_clear(&d->x);
    return keep_row(d, &d->record);
}

/* ---- arrays of rows ---- */

/* The element at the token. Only an object makes a row; null is a failure of the record. */
static json_result array_element(sp_decoder *d, json_token t)
{
    sp_json_rows_clear(&d->x);
    if (t != JT_OBJECT)
        return sp_json_note_failure(&d->c, JSON_CAUSE_OTHER, NULL);
    struct json_filter *filter = d->x.filter;     /* predicates are not looked at inside arrays */
    d->x.filter = NULL;
    json_result res = sp_json_rows_object(&d->x, &d->c);
    d->x.filter = filter;
    return res;
}

static json_result rehearse_array(sp_decoder *d)
{
    json_result all = JSON_OK;
    for (;;) {
        json_token t = sp_json_next(&d->c.r);
        if (t == JT_ARRAY_END || t == JT_END)
            return all;
        json_result res = t == JT_ERROR ? sp_json_note_failure(&d->c, JSON_CAUSE_OTHER, NULL) : array_element(d, t);
        if (res == JSON_FAIL || res == JSON_FATAL)
            return res;
        all = res == JSON_PARTIAL ? res : all;
    }
}

static void start_reading(sp_decoder *d, sp_str record)
{
    d->record = record;
    d->c.failed_before = false;
    d->c.cause = JSON_CAUSE_OTHER;
    sp_json_reader_start(&d->c.r, record, d->x.arena);
}

static sp_status begin_array(sp_decoder *d, sp_error *err)
{
    json_result res = rehearse_array(d);
    sp_json_rows_clear(&d->x);
    if (res == JSON_FATAL || res == JSON_FAIL)
        return settle(d, res, err);
    if (res == JSON_PARTIAL && d->o.mode != JSON_PERMISSIVE)
        return settle(d, res, err);
    start_reading(d, d->record);
    sp_json_next(&d->c.r);          /* the bracket */
    d->in_array = true;
    d->array_bad = res == JSON_PARTIAL;
    return SP_OK;
}

static sp_status next_of_array(sp_decoder *d, sp_error *err)
{
    d->c.r.arena = d->x.arena;      /* a later batch's, maybe */
    json_token t = sp_json_next(&d->c.r);
    if (t != JT_OBJECT) {
        d->in_array = false;
        return SP_OK;
    }
    if (array_element(d, t) == JSON_FATAL)
        return SP_FAILED;
    return keep_row(d, d->array_bad ? &d->record : NULL);
}

/* ---- records ---- */

static sp_status read_record(sp_decoder *d, sp_str record, sp_error *err)
{
    start_reading(d, record);
    sp_json_rows_clear(&d->x);
    switch (sp_json_next(&d->c.r)) {
    case JT_END: return SP_OK;
    case JT_OBJECT: return settle(d, sp_json_rows_object(&d->x, &d->c), err);
    case JT_ARRAY: return begin_array(d, err);
    default: return settle(d, sp_json_note_failure(&d->c, JSON_CAUSE_OTHER, NULL), err);
    }
}

static bool next_record(sp_decoder *d, sp_str *record)
{
    if (d->o.multi_line) {
        *record = (sp_str){ d->lines.p, (size_t)(d->lines.end - d->lines.p) };
        bool had = d->whole_pending;
        d->whole_pending = false;
        return had;
    }
    if (d->lines.p >= d->lines.end)
        return false;
    const char *start = d->lines.p, *stop = sp_line_end(&d->lines, start, &d->lines.p);
    *record = (sp_str){ start, (size_t)(stop - start) };
    return true;
}

static sp_status next(sp_decoder *d, sp_arena *batch_arena, sp_batch *out, sp_error *err)
{
    sp_str record;
    bool more = d->in_array || d->whole_pending || (!d->o.multi_line && d->lines.p < d->lines.end);
    if (!more)
        return SP_DONE;
    SP_TRY(sp_json_rows_begin(&d->x, batch_arena, err));
    d->c.err = err;
    while (d->x.row < SP_BATCH_ROWS) {
        if (d->in_array) {
            SP_TRY(next_of_array(d, err));
            continue;
        }
        if (d->fast) {
            d->c.r.arena = batch_arena;
            SP_TRY(sp_json_fast_run(d->fast, &d->x, &d->c, &d->lines, &d->rows));
            if (d->x.row == SP_BATCH_ROWS)
                break;
        }
        if (!next_record(d, &record))
            break;
        SP_TRY(read_record(d, record, err));
        if (d->fast && !d->in_array && !d->c.failed_before)
            sp_json_fast_missed(d->fast, &d->x, &d->c.r, record);
    }
    if (d->x.row == 0)
        return SP_DONE;
    SP_TRY(sp_json_rows_end(&d->x, out, err));
    return SP_MORE;
}

static void close_decoder(sp_decoder *d) {}
static int64_t rows_read(const sp_decoder *d) { return d->rows; }

static bool needs_whole(const sp_props *options)
{
    bool multi = false;
    sp_option_bool(options, "multiLine", false, &multi, NULL);
    const char *sep = sp_props_get(options, "lineSep");
    return multi || (sep && strcmp(sep, "\n") != 0);
}

/* Variants can be written; reading them is not there yet and is told by name. */
static bool supported(const sp_type *t, bool writing)
{
    if (!sp_kind_is_nested(t->kind))
        return t->kind != SP_VARIANT || writing;
    for (int i = 0; i < t->field_count; i++)
        if (!supported(t->fields[i].type, writing))
            return false;
    return true;
}

sp_status sp_json_check_schema(const sp_type *schema, bool writing, sp_error *err)
{
    for (int i = 0; i < schema->field_count; i++) {
        const sp_field *f = &schema->fields[i];
        if (supported(f->type, writing))
            continue;
        sp_arena *a = sp_arena_new("error", 0);
        if (!a)
            return sp_error_memory(err, "an error");
        SP_FAIL(err, UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, "format", "JSON", "columnName",
                sp_error_format(err, "`%.*s`", (int)f->name.n, f->name.p), "columnType",
                sp_type_sql_quoted(a, f->type));
        sp_arena_free(a);
        return SP_FAILED;
    }
    return SP_OK;
}

/* ---- writing: a line a row ---- */

struct sp_encoder {
    const sp_type *schema;
    json_writer *w;
    sp_str line_sep;
};

static sp_status open_encoder(sp_arena *a, const sp_type *schema, const sp_props *options, const sp_expr_conf *conf,
                              sp_encoder **out, sp_error *err)
{
    SP_NEW(*out, a, sizeof **out, err);
    (*out)->schema = schema;
    SP_TRY(sp_json_writer_new(a, options, conf, &(*out)->w, err));
    (*out)->line_sep = (*out)->w->o.line_sep.n ? (*out)->w->o.line_sep : SP_LIT("\n");
    return SP_OK;
}

static sp_status encode(sp_encoder *e, const sp_batch *in, sp_arena *scratch, sp_buf *out, sp_error *err)
{
    sp_vec **columns;
    SP_NEW_ARRAY(columns, scratch, in->column_count + 1, err);
    for (int i = 0; i < in->column_count; i++)
        if (!(columns[i] = sp_vec_flatten(in->columns[i], scratch, true, err)))
            return SP_FAILED;
    for (uint32_t i = 0; i < in->sel_count; i++) {
        SP_TRY(sp_json_write_columns(e->w, e->schema, columns, SP_BATCH_ROW(in, i), out, err));
        sp_buf_add(out, e->line_sep.p, e->line_sep.n);
    }
    return sp_buf_check(out, err);
}

static sp_status finish(sp_encoder *e, sp_buf *out, sp_error *err) { return SP_OK; }

static const char *const option_names[] = {
    "samplingRatio", "primitivesAsString", "prefersDecimal", "allowComments", "allowUnquotedFieldNames",
    "allowSingleQuotes", "allowNumericLeadingZeros", "allowNonNumericNumbers", "allowBackslashEscapingAnyCharacter",
    "allowUnquotedControlChars", "compression", "mode", "dropFieldIfAllNull", "ignoreNullFields", "locale",
    "dateFormat", "timestampFormat", "timestampNTZFormat", "enableDateTimeParsingFallback",
    "multiLine", "lineSep", "pretty", "inferTimestamp", "columnNameOfCorruptRecord", "timeZone",
    "writeNonAsciiCharacterAsCodePoint", "maxNestingDepth", "maxNumLen", "encoding", "charset", "sortKeys", NULL
};

const sp_format sp_format_json = {
    .name = "json", .display = "JSON", .extension = ".json", .options = option_names, .splittable = true,
    .check_schema = sp_json_check_schema, .infer = sp_json_infer_files, .open = open_decoder, .feed = feed,
    .next = next, .close = close_decoder, .rows_read = rows_read, .open_encoder = open_encoder, .encode = encode,
    .finish = finish, .needs_whole = needs_whole,
};
