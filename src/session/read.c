/* read.c -- READ nodes to scans: which format, which paths, which schema (DataSource.resolveRelation, DataStreamReader.load,
 * Spark 4.3). */
#include "session/session_int.h"

sp_status sp_session_path(sp_session *s, sp_arena *a, sp_str path, sp_str *out, sp_error *err)
{
    SP_TRY(sp_path_from_uri(a, path, out, err));
    if (out->n && out->p[0] == '/')
        return SP_OK;
    char *full = sp_arena_printf(a, err, "%s%s%s", s->runtime->cwd ? s->runtime->cwd : "", out->n ? "/" : "", out->p);
    *out = sp_str_of(full);
    return full ? SP_OK : SP_FAILED;
}

static void end_props(void *context) { sp_props_done(context); }

/* The node's options, case-insensitive, with the session's settings that readers heed underneath. */
static sp_status copy_options(sp_session *s, sp_arena *a, const sp_props *from, sp_props **out, sp_error *err)
{
    static const char *const inherited[] = { "columnNameOfCorruptRecord" };
    SP_NEW(*out, a, sizeof **out, err);
    (*out)->map.fold_case = true;
    SP_TRY(sp_arena_defer(a, end_props, *out, err));
    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        char *key = sp_arena_printf(a, err, "spark.sql.%s", inherited[i]);
        const char *v = key ? sp_session_conf(s, key, a) : NULL;
        if (v)
            SP_TRY(sp_props_put(*out, sp_str_of(inherited[i]), sp_str_of(v), err));
    }
    sp_str key;
    void *value;
    for (size_t i = 0; from && sp_strmap_next(&from->map, &i, &key, &value);)
        SP_TRY(sp_props_put(*out, key, sp_str_of(value), err));
    return SP_OK;
}

static sp_status collect_paths(sp_session *s, sp_arena *a, const sp_plan *read, sp_scan *scan, sp_error *err)
{
    const char *option = sp_props_get(scan->options, "path");
    int n = read->part_count + (option ? 1 : 0);
    SP_NEW_ARRAY(scan->paths, a, n + 1, err);
    for (int i = 0; i < n; i++) {
        sp_str given = i < read->part_count ? read->parts[i] : sp_str_of(option);
        SP_TRY(sp_session_path(s, a, given, &scan->paths[i], err));
    }
    scan->path_count = n;
    return SP_OK;
}

/* asNullable: files promise nothing. char(n) and varchar(n) are read as strings. */
static sp_status loosen(sp_arena *a, const sp_type *t, const sp_type **out, sp_error *err)
{
    if (t->kind == SP_STRING) {
        *out = sp_type_of(SP_STRING);
        return SP_OK;
    }
    *out = t;
    if (!sp_kind_is_nested(t->kind))
        return SP_OK;
    sp_type *copy;
    sp_field *fields;
    SP_NEW(copy, a, sizeof *copy, err);
    SP_NEW_ARRAY(fields, a, t->field_count + 1, err);
    *copy = *t;
    for (int i = 0; i < t->field_count; i++) {
        fields[i] = t->fields[i];
        fields[i].nullable = !(t->kind == SP_MAP && i == 0);
        SP_TRY(loosen(a, t->fields[i].type, &fields[i].type, err));
    }
    copy->fields = fields;
    *out = copy;
    return SP_OK;
}

static sp_status given_schema(sp_arena *a, const sp_plan *read, const sp_type **out, sp_error *err)
{
    *out = read->schema;
    if (!*out && read->schema_text.n)
        SP_TRY(sp_type_parse(a, read->schema_text, out, err));
    return *out ? loosen(a, *out, out, err) : SP_OK;
}

/* A file's text, decompressed, with the readable bytes behind it that decoders want. */
static sp_status read_content(sp_world *w, sp_arena *a, const char *path, sp_str *out, sp_error *err)
{
    enum { PADDING = 64 };
    const char *codec = sp_codec_of_path(path);
    sp_str raw;
    SP_TRY(sp_file_read_all(w, path, a, &raw, NULL, err));
    if (codec)
        SP_TRY(sp_decompress(a, codec, raw, &raw, err));
    char *padded;
    SP_NEW(padded, a, raw.n + PADDING, err);
    if (raw.n)
        memcpy(padded, raw.p, raw.n);
    *out = (sp_str){ padded, raw.n };
    return SP_OK;
}

static sp_status infer_schema(sp_world *w, sp_arena *a, const sp_scan *scan, const sp_file_listing *files,
                              const sp_expr_conf *conf, const sp_type **out, sp_error *err)
{
    if (!scan->file_format->infer) {
        sp_field value = { SP_LIT("value"), sp_type_of(SP_STRING), true, { 0 } };
        *out = sp_type_struct(a, &value, 1, err);
        return *out ? SP_OK : SP_FAILED;
    }
    if (files->file_count == 0)
        return SP_FAIL(err, UNABLE_TO_INFER_SCHEMA, "format", scan->file_format->display);
    sp_arena *scratch = sp_arena_new("schema inference", 0);
    sp_str *contents = scratch ? sp_arena_calloc(scratch, sizeof *contents * (size_t)files->file_count, err) : NULL;
    sp_status status = contents ? SP_OK : sp_error_memory(err, "a schema inference");
    for (int i = 0; i < files->file_count && status == SP_OK; i++)
        status = read_content(w, scratch, files->files[i].path.p, &contents[i], err);
    if (status == SP_OK)
        status = scan->file_format->infer(a, contents, files->file_count, scan->options, conf, out, err);
    if (status == SP_OK)
        status = (*out = sp_type_copy(a, *out, err)) ? SP_OK : SP_FAILED;     /* names may be views into the files */
    sp_arena_free(scratch);
    return status;
}

/* Data columns less the partition columns, then the partition columns. */
static sp_status join_schema(sp_arena *a, const sp_type *data, const sp_type *partitions, bool case_sensitive, sp_scan *scan, sp_error *err)
{
    sp_field *fields;
    int extra = partitions ? partitions->field_count : 0, n = 0;
    SP_NEW_ARRAY(fields, a, data->field_count + extra + 1, err);
    for (int i = 0; i < data->field_count; i++)
        if (!partitions || sp_type_find(partitions, data->fields[i].name, case_sensitive) < 0)
            fields[n++] = data->fields[i];
    for (int i = 0; i < extra; i++)
        fields[n++] = partitions->fields[i];
    scan->schema = sp_type_struct(a, fields, n, err);
    scan->partition_count = extra;
    return scan->schema ? SP_OK : SP_FAILED;
}

static sp_status resolve_files(sp_session *s, sp_arena *a, const sp_plan *read, sp_scan *scan, const sp_expr_conf *conf, sp_error *err)
{
    const sp_type *user;
    sp_file_listing files;
    SP_TRY(given_schema(a, read, &user, err));
    SP_TRY(collect_paths(s, a, read, scan, err));
    bool fixed = !scan->file_format->infer;
    const char *infer = sp_session_conf(s, "spark.sql.streaming.schemaInference", a);
    if (scan->is_streaming && !user && !fixed && !(infer && strcmp(infer, "true") == 0))
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, _LEGACY_ERROR_TEMP_2048);
    if (scan->path_count == 0)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, _LEGACY_ERROR_TEMP_2047);
    SP_TRY(sp_file_list(s->runtime->world, a, scan->paths, scan->path_count, scan->options, user, conf, &files, err));
    const sp_type *data = user;
    if (!data || (fixed && !scan->is_streaming && !user))
        SP_TRY(infer_schema(s->runtime->world, a, scan, &files, conf, &data, err));
    SP_TRY(join_schema(a, data, files.partition_type, conf->case_sensitive, scan, err));
    sp_field *fields = (sp_field *)(uintptr_t)scan->schema->fields;
    sp_type data_only = *scan->schema;
    data_only.field_count -= scan->partition_count;
    data_only.fields = fields;
    return scan->file_format->check_schema ? scan->file_format->check_schema(&data_only, false, err) : SP_OK;
}

static sp_status not_found(sp_str name, sp_error *err)
{
    return SP_FAIL_AS(err, SP_EXC_UNKNOWN, DATA_SOURCE_NOT_FOUND, "provider", sp_error_format(err, "%.*s", (int)name.n, name.p));
}

sp_status sp_read_resolve(void *session, sp_arena *a, const sp_plan *read, sp_scan **out, sp_error *err)
{
    sp_session *s = session;
    sp_scan *scan;
    const sp_expr_conf *conf;
    sp_str name = read->name;
    if (!name.n) {
        const char *def = sp_session_conf(s, "spark.sql.sources.default", a);
        name = sp_str_of(def ? def : "parquet");
    }
    SP_NEW(scan, a, sizeof *scan, err);
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    SP_TRY(copy_options(s, a, read->options, &scan->options, err));
    scan->is_streaming = read->read_streaming;
    scan->file_format = sp_format_find(name);
    scan->source = scan->is_streaming ? sp_source_find(name) : NULL;
    scan->format = scan->file_format ? scan->file_format->name : scan->source ? scan->source->name : NULL;
    *out = scan;
    if (scan->file_format)
        return resolve_files(s, a, read, scan, conf, err);
    if (!scan->source) {
        const sp_source_class *streaming_only = sp_source_find(name);
        if (!streaming_only)
            return not_found(name, err);
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1132, "className", sp_error_format(err, "%s", streaming_only->name));
    }
    const sp_type *user;
    SP_TRY(given_schema(a, read, &user, err));
    if (user && !scan->source->takes_schema)
        return SP_FAIL_AS(err, SP_EXC_UNSUPPORTED_OPERATION, _LEGACY_ERROR_TEMP_2242, "provider", scan->source->name);
    return scan->source->schema(a, scan->options, user, &scan->schema, err);
}
