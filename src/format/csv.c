/* csv.c -- the CSV decoder: records to typed columns, with the three modes and the corrupt record column.
 *
 * A record with another number of values than the schema has fields is malformed (checked when all fields are read; a pruned read takes what it needs, as
 * Spark's parser does); a value that does not fit its type makes its record malformed too. PERMISSIVE keeps what did fit and nulls the rest; DROPMALFORMED
 * leaves the record out; FAILFAST ends the query. Source: UnivocityParser, FailureSafeParser (Spark 4.3). */
#include "format/csv_int.h"
#include <math.h>

struct sp_decoder {
    sp_decode_spec spec;
    csv_options o;
    csv_reader reader;
    csv_tokens tokens;
    const int *columns; int column_count;
    int *all;                       /* 0, 1, 2 ... when every column is wanted */
    int corrupt;                    /* schema index, -1 none */
    int field_count;                /* without the corrupt record column */
    int *token_of;                  /* per schema field: position of its value in a record; -1: the corrupt record column */
    bool check_count;
    sp_builder **builders;
    int64_t rows;
};

static sp_status csv_open(const sp_decode_spec *spec, sp_decoder **out, sp_error *err)
{
    sp_decoder *d;
    SP_NEW(d, spec->arena, sizeof *d, err);
    d->spec = *spec;
    SP_TRY(sp_csv_options_read(spec->arena, spec->options, spec->conf, false, &d->o, err));
    int n = spec->schema->field_count;
    d->corrupt = sp_type_find(spec->schema, d->o.corrupt_name, false);
    SP_NEW_ARRAY(d->all, spec->arena, n + 1, err);
    SP_NEW_ARRAY(d->token_of, spec->arena, n + 1, err);
    for (int i = 0; i < n; i++) {
        d->all[i] = i;
        d->token_of[i] = i == d->corrupt ? -1 : d->field_count++;
    }
    d->columns = spec->columns ? spec->columns : d->all;
    d->column_count = spec->columns ? spec->column_count : n;
    int wanted = 0;
    bool wants_corrupt = false;
    for (int i = 0; i < d->column_count; i++) {
        wants_corrupt |= d->columns[i] == d->corrupt;
        wanted += d->columns[i] != d->corrupt;
    }
    d->check_count = wanted == d->field_count || wants_corrupt;
    SP_NEW_ARRAY(d->builders, spec->arena, d->column_count + 1, err);
    d->reader.o = &d->o;
    *out = d;
    return SP_OK;
}

static sp_status csv_feed(sp_decoder *d, const char *bytes, size_t n, bool is_first, sp_error *err)
{
    d->reader.p = bytes;
    d->reader.end = bytes + n;
    if (is_first && n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        d->reader.p += 3;
    if (!is_first || !d->o.header)
        return SP_OK;
    bool failed;
    sp_arena *a = sp_arena_new("csv header", 0);
    if (!a)
        return sp_error_memory(err, "a CSV header");
    csv_tokens header = { 0 };
    d->reader.arena = a;
    sp_csv_next(&d->reader, &header, &failed, err);
    sp_arena_free(a);
    d->reader.arena = NULL;
    return failed ? SP_FAILED : SP_OK;
}

/* ---- one value ---- */

/* Java's Integer.parseInt: an optional sign, digits, nothing else. */
static bool parse_long(sp_str s, int64_t lo, int64_t hi, int64_t *out)
{
    return s.n && sp_str_to_i64(s, out) && *out >= lo && *out <= hi;
}

typedef enum { VALUE_OK, VALUE_BAD, VALUE_FATAL } value_result;

/* Double.parseDouble knows "NaN" and "Infinity" in this spelling; cast's "inf" and "nan" are not numbers here. */
static bool is_java_word(sp_str s)
{
    s = sp_str_trim(s);
    if (s.n && (s.p[0] == '+' || s.p[0] == '-'))
        s = (sp_str){ s.p + 1, s.n - 1 };
    return sp_str_is(s, "NaN") || sp_str_is(s, "Infinity") || (s.n && (s.p[0] == '.' || (s.p[0] >= '0' && s.p[0] <= '9')));
}

static value_result put_float(sp_decoder *d, sp_builder *b, sp_str s, sp_error *err)
{
    double v;
    if (sp_str_eq(s, d->o.nan))
        v = NAN;
    else if (sp_str_eq(s, d->o.positive_inf))
        v = INFINITY;
    else if (sp_str_eq(s, d->o.negative_inf))
        v = -INFINITY;
    else if (!sp_parse_f64(s, &v) || (!isfinite(v) && !is_java_word(s)))
        return VALUE_BAD;
    return sp_build_f64(b, v, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
}

/* new BigDecimal(text without commas): no blanks around; one that does not fit its type is malformed. */
static value_result put_decimal(const sp_type *t, sp_builder *b, sp_str s, sp_error *err)
{
    char digits[128];
    sp_dec v;
    size_t n = 0;
    if (s.n == 0 || s.n > sizeof digits || (unsigned char)s.p[0] <= ' ' || (unsigned char)s.p[s.n - 1] <= ' ')
        return VALUE_BAD;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ',')
            digits[n++] = s.p[i];
    if (!sp_dec_parse_to((sp_str){ digits, n }, t->precision, t->scale, &v))
        return VALUE_BAD;
    return sp_build_decimal(b, v, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
}

static bool parse_time_value(sp_decoder *d, sp_kind kind, sp_str s, int64_t *out)
{
    int32_t days;
    bool ok;
    switch (kind) {
    case SP_DATE:
        ok = d->o.date && sp_pattern_parse_date(d->o.date, s, &days);
        if (!ok && (!d->o.date || d->o.date_fallback))
            ok = sp_parse_date(s, &days);
        *out = ok ? days : 0;
        return ok;
    case SP_TIMESTAMP:
        if (d->o.timestamp && sp_pattern_parse_timestamp(d->o.timestamp, s, d->o.zone, out))
            return true;
        return (!d->o.timestamp || d->o.timestamp_fallback) && sp_parse_timestamp(s, d->o.zone, out);
    default:
        if (d->o.timestamp_ntz)
            return sp_pattern_parse_timestamp_ntz(d->o.timestamp_ntz, s, out);
        return sp_parse_timestamp_ntz(s, false, out);
    }
}

static value_result put_value(sp_decoder *d, const sp_type *t, sp_builder *b, sp_str s, sp_error *err)
{
    static const int64_t lows[] = { INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN }, highs[] = { INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX };
    int64_t i;
    bool flag;
    if (!s.p || sp_str_eq(s, d->o.null_value))
        return sp_build_null(b, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    switch (t->kind) {
    case SP_BYTE: case SP_SHORT: case SP_INT: case SP_LONG:
        if (!parse_long(s, lows[t->kind - SP_BYTE], highs[t->kind - SP_BYTE], &i))
            return VALUE_BAD;
        return sp_build_i64(b, i, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    case SP_FLOAT: case SP_DOUBLE:
        return put_float(d, b, s, err);
    case SP_BOOLEAN:
        if (!sp_str_to_bool(s, &flag))
            return VALUE_BAD;
        return sp_build_bool(b, flag, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    case SP_DECIMAL:
        return put_decimal(t, b, s, err);
    case SP_DATE: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ:
        if (!parse_time_value(d, t->kind, s, &i))
            return VALUE_BAD;
        return sp_build_i64(b, i, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    case SP_STRING: case SP_BINARY:
        return sp_build_str(b, s, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    default: {
        sp_value v;
        if (!sp_parse_value(s, t, d->o.zone, d->reader.arena, &v))
            return VALUE_BAD;
        sp_vec *one = sp_value_vec(&v, 1, d->reader.arena, err);
        return one && sp_build_row(b, one, 0, err) == SP_OK ? VALUE_OK : VALUE_FATAL;
    }
    }
}

/* ---- records ---- */

static sp_status fail_fast(sp_decoder *d, sp_error *err)
{
    sp_str r = d->tokens.record;
    return SP_FAIL_AS(err, SP_EXC_SPARK, MALFORMED_RECORD_IN_PARSING__WITHOUT_SUGGESTION, "badRecord",
                      sp_error_format(err, "%.*s", (int)(r.n > 500 ? 500 : r.n), r.p), "failFastMode", "FAILFAST");
}

static sp_status put_record(sp_decoder *d, bool *kept, sp_error *err)
{
    const sp_type *schema = d->spec.schema;
    bool bad = d->check_count && d->tokens.count != d->field_count;
    uint32_t before = d->column_count ? sp_builder_rows(d->builders[0]) : 0;
    for (int c = 0; c < d->column_count; c++) {
        int field = d->columns[c], token = d->token_of[field];
        if (token < 0)
            continue;
        if (token >= d->tokens.count) {
            SP_TRY(sp_build_null(d->builders[c], err));
            bad |= d->check_count;
            continue;
        }
        value_result r = put_value(d, schema->fields[field].type, d->builders[c], d->tokens.values[token], err);
        if (r == VALUE_FATAL)
            return SP_FAILED;
        if (r == VALUE_BAD) {
            bad = true;
            SP_TRY(sp_build_null(d->builders[c], err));
        }
    }
    if (bad && d->o.mode == CSV_FAIL_FAST)
        return fail_fast(d, err);
    *kept = !(bad && d->o.mode == CSV_DROP_MALFORMED);
    for (int c = 0; c < d->column_count; c++) {
        if (!*kept)
            sp_builder_truncate(d->builders[c], before);
        else if (d->columns[c] == d->corrupt)
            SP_TRY(bad ? sp_build_str(d->builders[c], d->tokens.record, err) : sp_build_null(d->builders[c], err));
    }
    return SP_OK;
}

static sp_status csv_next(sp_decoder *d, sp_arena *batch_arena, sp_batch *out, sp_error *err)
{
    uint32_t rows = 0;
    bool failed = false, kept;
    d->reader.arena = batch_arena;
    d->tokens = (csv_tokens){ 0 };
    for (int c = 0; c < d->column_count; c++)
        if (!(d->builders[c] = sp_builder_new(batch_arena, d->spec.schema->fields[d->columns[c]].type, true, err)))
            return SP_FAILED;
    while (rows < SP_BATCH_ROWS && sp_csv_next(&d->reader, &d->tokens, &failed, err)) {
        SP_TRY(put_record(d, &kept, err));
        rows += kept;
    }
    if (failed)
        return SP_FAILED;
    d->rows += rows;
    if (rows == 0)
        return SP_DONE;
    *out = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = d->column_count };
    SP_NEW_ARRAY(out->columns, batch_arena, d->column_count + 1, err);
    for (int c = 0; c < d->column_count; c++)
        SP_TRY(sp_builder_take(d->builders[c], &out->columns[c], err));
    return SP_MORE;
}

static void csv_close(sp_decoder *d) { sp_buf_done(&d->reader.scratch); }
static int64_t csv_rows(const sp_decoder *d) { return d->rows; }

static sp_status csv_check_schema(const sp_type *schema, bool writing, sp_error *err)
{
    for (int i = 0; i < schema->field_count; i++) {
        const sp_type *t = schema->fields[i].type;
        if (!sp_kind_is_nested(t->kind) && t->kind != SP_VARIANT && !(t->kind == SP_VOID && !writing) && t->kind != SP_CALENDAR)
            continue;
        if (t->kind == SP_VOID)
            continue;
        sp_buf sql = { 0 };
        sp_type_sql(&sql, t);
        const char *type = sp_error_format(err, "\"%s\"", sp_buf_cstr(&sql));
        sp_buf_done(&sql);
        return SP_FAIL(err, UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE, "columnName",
                       sp_error_format(err, "`%.*s`", (int)schema->fields[i].name.n, schema->fields[i].name.p), "columnType", type, "format", "CSV");
    }
    return SP_OK;
}

static const char *const option_names[] = {
    "sep", "delimiter", "encoding", "charset", "quote", "escape", "charToEscapeQuoteEscaping", "comment", "header", "inferSchema", "preferDate",
    "enforceSchema", "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace", "nullValue", "emptyValue", "nanValue", "positiveInf", "negativeInf",
    "dateFormat", "timestampFormat", "timestampNTZFormat", "enableDateTimeParsingFallback", "maxColumns", "maxCharsPerColumn",
    "unescapedQuoteHandling", "mode", "columnNameOfCorruptRecord", "multiLine", "lineSep", "samplingRatio", "quoteAll", "escapeQuotes",
    "compression", "timeZone", "locale", NULL
};

const sp_format sp_format_csv = {
    .name = "csv", .display = "CSV", .extension = ".csv", .options = option_names, .splittable = true, .check_schema = csv_check_schema,
    .infer = sp_csv_infer, .open = csv_open, .feed = csv_feed, .next = csv_next, .close = csv_close, .rows_read = csv_rows,
    .open_encoder = sp_csv_open_encoder, .encode = sp_csv_encode, .finish = sp_csv_finish,
};
