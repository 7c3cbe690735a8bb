/* json_options.c -- the options of the JSON format, as JSONOptions reads them (names in any case; session settings
 * behind some). */
#include "format/json_int.h"
#include <stdlib.h>

static const char *setting(const sp_expr_conf *conf, const char *key)
{
    return conf && conf->conf_get ? conf->conf_get(conf->session, key) : NULL;
}

static bool setting_bool(const sp_expr_conf *conf, const char *key, bool fallback)
{
    const char *s = setting(conf, key);
    return s ? sp_str_eq_nocase(sp_str_of(s), SP_LIT("true")) : fallback;
}

static sp_status read_features(const sp_props *p, json_options *o, sp_error *err)
{
    static const struct { const char *key; uint32_t feature; bool fallback; } rows[] = {
        { "allowComments", JF_COMMENTS, false },
        { "allowUnquotedFieldNames", JF_BARE_NAMES, false },
        { "allowSingleQuotes", JF_SINGLE_QUOTES, true },
        { "allowNumericLeadingZeros", JF_LEADING_ZEROS, false },
        { "allowNonNumericNumbers", JF_NOT_A_NUMBER, true },
        { "allowBackslashEscapingAnyCharacter", JF_ANY_ESCAPE, false },
        { "allowUnquotedControlChars", JF_CONTROLS, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool on;
        SP_TRY(sp_option_bool(p, rows[i].key, rows[i].fallback, &on, err));
        o->features |= on ? rows[i].feature : 0;
    }
    return SP_OK;
}

static sp_status read_flags(const sp_props *p, const sp_expr_conf *conf, json_options *o, sp_error *err)
{
    bool ignored, keep_nulls = setting_bool(conf, "spark.sql.jsonGenerator.ignoreNullFields", true);
    SP_TRY(sp_option_bool(p, "multiLine", false, &o->multi_line, err));
    SP_TRY(sp_option_bool(p, "primitivesAsString", false, &o->primitives_as_string, err));
    SP_TRY(sp_option_bool(p, "prefersDecimal", false, &o->prefers_decimal, err));
    SP_TRY(sp_option_bool(p, "inferTimestamp", false, &o->infer_timestamp, err));
    SP_TRY(sp_option_bool(p, "dropFieldIfAllNull", false, &o->drop_all_null, err));
    SP_TRY(sp_option_bool(p, "ignoreNullFields", keep_nulls, &o->ignore_null_fields, err));
    SP_TRY(sp_option_bool(p, "useUnsafeRow", false, &ignored, err));
    SP_TRY(sp_option_bool(p, "pretty", false, &o->pretty, err));
    SP_TRY(sp_option_bool(p, "sortKeys", false, &o->sort_keys, err));
    return sp_option_bool(p, "writeNonAsciiCharacterAsCodePoint", false, &o->escape_non_ascii, err);
}

/* Java's toInt, and Jackson's own check. */
static sp_status read_int(const sp_props *p, const char *key, int fallback, int *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    int64_t v = fallback;
    if (s && (!sp_str_to_i64(sp_str_of(s), &v) || v != (int32_t)v))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "For input string: \"%s\"", s);
    if (v < 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Cannot set %s to a negative value", key);
    *out = (int)(v < INT32_MAX / 2 ? v : INT32_MAX / 2);
    return SP_OK;
}

static sp_status check_compression(const sp_props *p, sp_error *err)
{
    static const char *const names[] = { "none", "uncompressed", "bzip2", "deflate", "gzip", "lz4", "snappy", "zstd" };
    const char *s = p ? sp_props_get(p, "compression") : NULL;
    bool known = !s;
    for (size_t i = 0; i < sizeof names / sizeof *names && !known; i++)
        known = sp_str_eq_nocase(sp_str_of(s), sp_str_of(names[i]));
    return known ? SP_OK : SP_FAIL(err, CODEC_NOT_AVAILABLE__WITH_AVAILABLE_CODECS_SUGGESTION, "codecName", s,
                                   "availableCodecs", "bzip2, deflate, gzip, lz4, none, snappy, uncompressed, zstd");
}

/* ---- times ---- */

static sp_status copy_text(sp_arena *a, const sp_props *p, const char *key, sp_str *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    *out = (sp_str){ NULL, 0 };
    if (s)
        *out = sp_str_copy(a, sp_str_of(s), err);
    return !s || out->p ? SP_OK : SP_FAILED;
}

static sp_status compile(sp_arena *a, sp_str text, bool reading, const sp_pattern **out, sp_error *err)
{
    return text.p && !*out ? sp_pattern_compile(a, text, reading, out, err) : SP_OK;
}

sp_status sp_json_options_patterns(sp_arena *a, json_options *o, const sp_type *t, sp_error *err)
{
    for (int i = 0; i < t->field_count; i++)
        SP_TRY(sp_json_options_patterns(a, o, t->fields[i].type, err));
    switch (t->kind) {
    case SP_DATE: return compile(a, o->date_text, true, &o->date, err);
    case SP_TIMESTAMP: return compile(a, o->timestamp_text, true, &o->timestamp, err);
    case SP_TIMESTAMP_NTZ: return compile(a, o->timestamp_ntz_text, true, &o->timestamp_ntz, err);
    default: return SP_OK;
    }
}

sp_status sp_json_options_all_patterns(sp_arena *a, json_options *o, bool writing, sp_error *err)
{
    if (writing)
        SP_TRY(compile(a, o->date_text, false, &o->date, err));
    SP_TRY(compile(a, o->timestamp_text, !writing, &o->timestamp, err));
    return compile(a, o->timestamp_ntz_text, !writing, &o->timestamp_ntz, err);
}

static sp_status read_times(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, json_options *o, sp_error *err)
{
    const char *zone = p ? sp_props_get(p, "timeZone") : NULL;
    o->zone = conf && conf->zone ? conf->zone : sp_zone_utc();
    if (zone && !(o->zone = sp_zone_get(sp_str_of(zone), err)))
        return SP_FAILED;
    SP_TRY(copy_text(a, p, "dateFormat", &o->date_text, err));
    SP_TRY(copy_text(a, p, "timestampFormat", &o->timestamp_text, err));
    SP_TRY(copy_text(a, p, "timestampNTZFormat", &o->timestamp_ntz_text, err));
    const char *forced = p ? sp_props_get(p, "enableDateTimeParsingFallback") : NULL;
    if (!forced)
        forced = setting(conf, "spark.sql.legacy.json.enableDateTimeParsingFallback");
    bool on = false;
    if (forced && !sp_str_to_bool(sp_str_of(forced), &on))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "For input string: \"%s\"", forced);
    o->date_fallback = forced ? on : !o->date_text.p;
    o->timestamp_fallback = forced ? on : !o->timestamp_text.p;
    const char *type = setting(conf, "spark.sql.timestampType");
    o->timestamp_is_ntz = type && sp_str_eq_nocase(sp_str_of(type), SP_LIT("TIMESTAMP_NTZ"));
    return SP_OK;
}

sp_status sp_json_options_read(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, json_options *o, sp_error *err)
{
    memset(o, 0, sizeof *o);
    SP_TRY(read_features(p, o, err));
    SP_TRY(read_flags(p, conf, o, err));
    SP_TRY(read_int(p, "maxNestingDepth", JSON_DEPTH_MAX, &o->max_depth, err));
    SP_TRY(read_int(p, "maxNumLen", JSON_NUMBER_MAX, &o->max_number, err));
    int ignored;
    SP_TRY(read_int(p, "maxStringLen", INT32_MAX, &ignored, err));
    SP_TRY(check_compression(p, err));
    SP_TRY(read_times(a, p, conf, o, err));
    SP_TRY(sp_option_encoding(p, err));
    SP_TRY(sp_option_line_sep(p, &o->line_sep, err));
    o->ansi = !conf || conf->ansi;
    o->partial_results = setting_bool(conf, "spark.sql.json.enablePartialResults", true);
    /* ParseMode.fromString: what it does not know is PERMISSIVE */
    const char *mode = p ? sp_props_get(p, "mode") : NULL;
    o->mode = !mode ? JSON_PERMISSIVE : sp_str_eq_nocase(sp_str_of(mode), SP_LIT("FAILFAST")) ? JSON_FAIL_FAST
              : sp_str_eq_nocase(sp_str_of(mode), SP_LIT("DROPMALFORMED")) ? JSON_DROP_MALFORMED : JSON_PERMISSIVE;
    const char *corrupt = p ? sp_props_get(p, "columnNameOfCorruptRecord") : NULL;
    if (!corrupt)
        corrupt = setting(conf, "spark.sql.columnNameOfCorruptRecord");
    o->corrupt_name = sp_str_copy(a, corrupt ? sp_str_of(corrupt) : SP_LIT("_corrupt_record"), err);
    const char *ratio = p ? sp_props_get(p, "samplingRatio") : NULL;
    o->sampling_ratio = 1;
    if (ratio && !sp_parse_f64(sp_str_of(ratio), &o->sampling_ratio))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "For input string: \"%s\"", ratio);
    if (o->line_sep.p)
        o->line_sep = sp_str_copy(a, o->line_sep, err);
    return o->corrupt_name.p ? SP_OK : SP_FAILED;
}
