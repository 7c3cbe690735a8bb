/* csv_options.c -- the options of the CSV format as CSVOptions reads them (Spark 4.3). */
#include "format/csv_int.h"

/* A single character; "\t" and its like spelled out count as one. Longer texts: Spark's message. */
static sp_status one_char(const sp_props *p, const char *key, char fallback, char *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    *out = fallback;
    if (!s)
        return SP_OK;
    size_t n = strlen(s);
    if (n == 0)
        *out = '\0';
    else if (n == 1)
        *out = s[0];
    else if (strcmp(s, "\\u0000") == 0 || strcmp(s, "\\0") == 0)
        *out = '\0';
    else
        return SP_FAIL_AS(err, SP_EXC_RUNTIME, _LEGACY_ERROR_TEMP_2089, "paramName", key);
    return SP_OK;
}

/* CSVExprUtils.toDelimiterStr: \t \r \b \f \" \' \\ \u0000 spelled out; several characters as they are. */
static sp_status delimiter(sp_arena *a, const char *s, sp_str *out, sp_error *err)
{
    size_t n = strlen(s);
    char *to = sp_arena_alloc(a, n + 1, err);
    if (!to)
        return SP_FAILED;
    size_t m = 0;
    if (n == 0)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_DELIMITER_VALUE__EMPTY_STRING);
    if (strcmp(s, "\\") == 0)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_DELIMITER_VALUE__SINGLE_BACKSLASH);
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '\\' || i + 1 == n) {
            to[m++] = s[i];
            continue;
        }
        char c = s[++i];
        switch (c) {
        case 't': to[m++] = '\t'; break;
        case 'r': to[m++] = '\r'; break;
        case 'b': to[m++] = '\b'; break;
        case 'f': to[m++] = '\f'; break;
        case '"': case '\'': case '\\': to[m++] = c; break;
        case 'u':
            if (strncmp(s + i, "u0000", 5) == 0) {
                to[m++] = '\0';
                i += 4;
                break;
            }
            /* fall through */
        default:
            return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_DELIMITER_VALUE__UNSUPPORTED_SPECIAL_CHARACTER, "str", s);
        }
    }
    to[m] = '\0';
    *out = (sp_str){ to, m };
    return SP_OK;
}

static sp_status text(sp_arena *a, const sp_props *p, const char *key, const char *fallback, sp_str *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    *out = sp_str_copy(a, sp_str_of(s ? s : fallback), err);
    return out->p ? SP_OK : SP_FAILED;
}

static sp_status read_flags(const sp_props *p, bool writing, csv_options *o, sp_error *err)
{
    SP_TRY(sp_option_bool(p, "header", false, &o->header, err));
    SP_TRY(sp_option_bool(p, "multiLine", false, &o->multi_line, err));
    SP_TRY(sp_option_bool(p, "inferSchema", false, &o->infer, err));
    SP_TRY(sp_option_bool(p, "preferDate", true, &o->prefer_date, err));
    SP_TRY(sp_option_bool(p, "enforceSchema", true, &o->enforce_schema, err));
    SP_TRY(sp_option_bool(p, "ignoreLeadingWhiteSpace", false, &o->trim_leading, err));
    SP_TRY(sp_option_bool(p, "ignoreTrailingWhiteSpace", false, &o->trim_trailing, err));
    SP_TRY(sp_option_bool(p, "ignoreLeadingWhiteSpace", true, &o->write_trim_leading, err));
    SP_TRY(sp_option_bool(p, "ignoreTrailingWhiteSpace", true, &o->write_trim_trailing, err));
    SP_TRY(sp_option_bool(p, "quoteAll", false, &o->quote_all, err));
    return sp_option_bool(p, "escapeQuotes", true, &o->escape_quotes, err);
}

static sp_status read_chars(const sp_props *p, csv_options *o, sp_error *err)
{
    SP_TRY(one_char(p, "quote", '"', &o->quote, err));
    SP_TRY(one_char(p, "escape", '\\', &o->escape, err));
    SP_TRY(one_char(p, "comment", '\0', &o->comment, err));
    return one_char(p, "charToEscapeQuoteEscaping", o->escape == o->quote ? '\0' : o->escape, &o->escape_escape, err);
}

static sp_status read_texts(sp_arena *a, const sp_props *p, csv_options *o, sp_error *err)
{
    SP_TRY(text(a, p, "nullValue", "", &o->null_value, err));
    SP_TRY(text(a, p, "emptyValue", "", &o->empty_value, err));
    SP_TRY(text(a, p, "emptyValue", "\"\"", &o->write_empty_value, err));
    SP_TRY(text(a, p, "nanValue", "NaN", &o->nan, err));
    SP_TRY(text(a, p, "positiveInf", "Inf", &o->positive_inf, err));
    SP_TRY(text(a, p, "negativeInf", "-Inf", &o->negative_inf, err));
    SP_TRY(sp_option_line_sep(p, &o->line_sep, err));
    if (o->line_sep.p && !(o->line_sep = sp_str_copy(a, o->line_sep, err)).p)
        return SP_FAILED;
    return SP_OK;
}

static sp_status pattern(sp_arena *a, const sp_props *p, const char *key, const char *fallback, bool writing, const sp_pattern **out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    if (!s)
        s = writing ? fallback : NULL;
    *out = NULL;
    return s ? sp_pattern_compile(a, sp_str_of(s), !writing, out, err) : SP_OK;
}

static sp_status read_times(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, bool writing, csv_options *o, sp_error *err)
{
    const char *zone = p ? sp_props_get(p, "timeZone") : NULL;
    o->zone = conf && conf->zone ? conf->zone : sp_zone_utc();
    if (zone && !(o->zone = sp_zone_get(sp_str_of(zone), err)))
        return SP_FAILED;
    SP_TRY(pattern(a, p, "dateFormat", "yyyy-MM-dd", writing, &o->date, err));
    SP_TRY(pattern(a, p, "timestampFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", writing, &o->timestamp, err));
    SP_TRY(pattern(a, p, "timestampNTZFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS]", writing, &o->timestamp_ntz, err));
    bool on = false, said = p && sp_props_get(p, "enableDateTimeParsingFallback");
    SP_TRY(sp_option_bool(p, "enableDateTimeParsingFallback", false, &on, err));
    o->date_fallback = said ? on : !o->date;
    o->timestamp_fallback = said ? on : !o->timestamp;
    return SP_OK;
}

static sp_status read_int(const sp_props *p, const char *key, int fallback, int *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    int64_t n = fallback;
    if (s && (!sp_str_to_i64(sp_str_of(s), &n) || n < -1 || n > INT32_MAX))
        return sp_error_plain(err, SP_EXC_RUNTIME, "%s should be an integer. Found %s.", key, s);
    *out = (int)n;
    return SP_OK;
}

sp_status sp_csv_options_read(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, bool writing, csv_options *o, sp_error *err)
{
    memset(o, 0, sizeof *o);
    const char *sep = p ? sp_props_get(p, "sep") : NULL;
    if (!sep && p)
        sep = sp_props_get(p, "delimiter");
    SP_TRY(delimiter(a, sep ? sep : ",", &o->sep, err));
    SP_TRY(read_flags(p, writing, o, err));
    SP_TRY(read_chars(p, o, err));
    SP_TRY(read_texts(a, p, o, err));
    SP_TRY(read_times(a, p, conf, writing, o, err));
    SP_TRY(sp_option_encoding(p, err));
    SP_TRY(read_int(p, "maxColumns", 20480, &o->max_columns, err));
    SP_TRY(read_int(p, "maxCharsPerColumn", -1, &o->max_chars, err));
    const char *mode = p ? sp_props_get(p, "mode") : NULL;      /* ParseMode.fromString: what it does not know is PERMISSIVE */
    o->mode = !mode ? CSV_PERMISSIVE : sp_str_eq_nocase(sp_str_of(mode), SP_LIT("FAILFAST")) ? CSV_FAIL_FAST
              : sp_str_eq_nocase(sp_str_of(mode), SP_LIT("DROPMALFORMED")) ? CSV_DROP_MALFORMED : CSV_PERMISSIVE;
    const char *corrupt = p ? sp_props_get(p, "columnNameOfCorruptRecord") : NULL;
    if (!corrupt && conf && conf->conf_get)
        corrupt = conf->conf_get(conf->session, "spark.sql.columnNameOfCorruptRecord");
    o->corrupt_name = sp_str_copy(a, sp_str_of(corrupt ? corrupt : "_corrupt_record"), err);
    const char *ratio = p ? sp_props_get(p, "samplingRatio") : NULL;
    o->sampling_ratio = 1;
    if (ratio && !sp_parse_f64(sp_str_of(ratio), &o->sampling_ratio))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "For input string: \"%s\"", ratio);
    return o->corrupt_name.p ? SP_OK : SP_FAILED;
}
