/* write.c -- where results go: files of a batch query, and streaming queries (DataFrameWriter, DataStreamWriter, Spark 4.3). */
#include "session/session_int.h"

static sp_status partition_indexes(sp_arena *a, const sp_type *schema, const sp_str *names, int count, bool case_sensitive, int **out, sp_error *err)
{
    SP_NEW_ARRAY(*out, a, count + 1, err);
    for (int i = 0; i < count; i++) {
        (*out)[i] = sp_type_find(schema, names[i], case_sensitive);
        if ((*out)[i] < 0) {
            sp_buf have = { 0 };
            sp_type_simple(&have, schema);
            const char *text = sp_arena_strndup(a, sp_buf_cstr(&have), have.len, err);
            sp_buf_done(&have);
            return SP_FAIL(err, PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA, "column", sp_error_format(err, "`%.*s`", (int)names[i].n, names[i].p), "schema",
                           text ? text : "");
        }
    }
    return SP_OK;
}

static sp_status not_found(sp_str name, sp_error *err)
{
    return SP_FAIL_AS(err, SP_EXC_UNKNOWN, DATA_SOURCE_NOT_FOUND, "provider", sp_error_format(err, "%.*s", (int)name.n, name.p));
}

static sp_status default_format(sp_session *s, sp_arena *a, sp_str *format)
{
    if (!format->n) {
        const char *def = sp_session_conf(s, "spark.sql.sources.default", a);
        *format = sp_str_of(def ? def : "parquet");
    }
    return SP_OK;
}

/* start(path) or save(path), else option("path"). */
static sp_status target_path(sp_session *s, sp_arena *a, sp_str path, const sp_props *options, const char **out, sp_error *err)
{
    const char *option = options ? sp_props_get(options, "path") : NULL;
    *out = NULL;
    if (!path.n && option)
        path = sp_str_of(option);
    if (!path.n)
        return SP_OK;
    sp_str local;
    SP_TRY(sp_session_path(s, a, path, &local, err));
    *out = local.p;
    return SP_OK;
}

/* ---- batch ---- */

static sp_status to_writer(void *context, int task, const sp_batch *b, sp_error *err) { return sp_batch_writer_consume(context, task, b, err); }
static sp_status to_nothing(void *context, int task, const sp_batch *b, sp_error *err) { return SP_OK; }

sp_status sp_session_write(sp_session *s, sp_arena *a, const sp_write_spec *w, const _Atomic bool *cancelled, sp_error *err)
{
    sp_plan *analyzed;
    const sp_expr_conf *conf;
    sp_sink_spec spec = { 0 };
    sp_str format = w->format;
    int *columns, tasks = 0;
    if (w->table.n)
        return SP_FAIL_AS(err, SP_EXC_UNSUPPORTED_OPERATION, UNSUPPORTED_FEATURE__TABLE_OPERATION, "tableName",
                          sp_error_format(err, "`%.*s`", (int)w->table.n, w->table.p), "operation", "saveAsTable");
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    SP_TRY(sp_session_analyze(s, a, w->input, &analyzed, err));
    if (analyzed->is_streaming)
        return SP_FAIL(err, CALL_ON_STREAMING_DATASET_UNSUPPORTED, "methodName", "`write`");
    SP_TRY(sp_plan_check_batch(analyzed, err));
    SP_TRY(default_format(s, a, &format));
    const sp_type *schema = sp_plan_schema(a, analyzed, err);
    if (!schema)
        return SP_FAILED;
    if (sp_str_eq_nocase(format, SP_LIT("noop"))) {
        sp_consumer drop = { NULL, to_nothing, (_Atomic bool *)(uintptr_t)cancelled };
        return sp_session_run_resolved(s, a, conf, analyzed, &drop, &tasks, NULL, err);
    }
    spec.file_format = sp_format_find(format);
    if (!spec.file_format)
        return not_found(format, err);
    SP_TRY(partition_indexes(a, schema, w->partition_columns, w->partition_column_count, conf->case_sensitive, &columns, err));
    SP_TRY(target_path(s, a, w->path, w->options, &spec.path, err));
    spec.world = s->runtime->world;
    spec.arena = a;
    spec.conf = conf;
    spec.options = w->options;
    spec.schema = schema;
    spec.partition_columns = columns;
    spec.partition_column_count = w->partition_column_count;
    bool skip;
    sp_batch_writer *writer;
    SP_TRY(sp_batch_writer_open(&spec, w->mode, &skip, &writer, err));
    if (skip)
        return SP_OK;
    sp_consumer consumer = { writer, to_writer, (_Atomic bool *)(uintptr_t)cancelled };
    sp_status status = sp_session_run_resolved(s, a, conf, analyzed, &consumer, &tasks, NULL, err);
    sp_error ignored = { 0 };
    sp_status closed = sp_batch_writer_close(writer, status != SP_FAILED, tasks, status == SP_FAILED ? &ignored : err);
    return status == SP_FAILED ? SP_FAILED : closed;
}

/* ---- streams ---- */

static sp_status output_mode(sp_str text, sp_output_mode *out, sp_error *err)
{
    static const char *const names[] = { "append", "update", "complete" };
    *out = SP_APPEND;
    if (!text.n)
        return SP_OK;
    for (int i = 0; i < 3; i++) {
        if (sp_str_eq_nocase(text, sp_str_of(names[i]))) {
            *out = (sp_output_mode)i;
            return SP_OK;
        }
    }
    return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, STREAMING_OUTPUT_MODE__INVALID, "outputMode", sp_error_format(err, "%.*s", (int)text.n, text.p));
}

static sp_status trigger_of(const sp_stream_spec *w, sp_trigger *out, sp_error *err)
{
    *out = (sp_trigger){ w->trigger, 0 };
    if (w->trigger != SP_TRIGGER_INTERVAL)
        return SP_OK;
    sp_calendar c;
    SP_TRY(sp_parse_interval(w->interval, &c, err));
    if (c.months)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Doesn't support month or year interval: %.*s", (int)w->interval.n, w->interval.p);
    out->interval_us = c.days * SP_US_PER_DAY + c.us;
    if (out->interval_us < 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: the interval of trigger should not be negative");
    if (out->interval_us == 0)
        out->kind = SP_TRIGGER_DEFAULT;
    return SP_OK;
}

/* option checkpointLocation, else the session's folder and the query's name (or a random one), else none. */
static sp_status checkpoint_of(sp_session *s, sp_arena *a, const sp_stream_spec *w, const char **out, sp_error *err)
{
    const char *given = w->options ? sp_props_get(w->options, "checkpointLocation") : NULL;
    const char *base = given ? NULL : sp_session_conf(s, "spark.sql.streaming.checkpointLocation", a);
    *out = NULL;
    if (!given && !base)
        return SP_OK;
    if (base) {
        char id[37];
        sp_uuid(s->runtime->world, id);
        given = w->query_name.n ? sp_arena_printf(a, err, "%s/%.*s", base, (int)w->query_name.n, w->query_name.p) : sp_arena_printf(a, err, "%s/%s", base, id);
        if (!given)
            return SP_FAILED;
    }
    sp_str local;
    SP_TRY(sp_session_path(s, a, sp_str_of(given), &local, err));
    *out = local.p;
    return SP_OK;
}

/* The memory sink forgets with the process, so only complete mode may go on from an old checkpoint. */
static sp_status check_memory_recovery(sp_session *s, sp_arena *a, sp_output_mode mode, const char *checkpoint, sp_error *err)
{
    sp_stat st;
    bool exists = false;
    if (!checkpoint || mode == SP_COMPLETE)
        return SP_OK;
    char *offsets = sp_arena_printf(a, err, "%s/offsets", checkpoint);
    if (!offsets)
        return SP_FAILED;
    SP_TRY(sp_file_stat(s->runtime->world, offsets, &st, &exists, err));
    return exists ? SP_FAIL(err, _LEGACY_ERROR_TEMP_1299, "checkpointPath", sp_error_format(err, "file:%s/offsets", checkpoint)) : SP_OK;
}

static void end_props(void *context) { sp_props_done(context); }

static sp_status fill_query(sp_session *s, sp_arena *a, const sp_stream_spec *w, sp_query_spec *q, sp_view_entry **table, sp_error *err)
{
    sp_plan *analyzed;
    const sp_expr_conf *conf;
    sp_props *all;
    sp_str format = w->format;
    int *columns;
    if (w->table.n)
        return SP_FAIL_AS(err, SP_EXC_UNSUPPORTED_OPERATION, UNSUPPORTED_FEATURE__TABLE_OPERATION, "tableName",
                          sp_error_format(err, "`%.*s`", (int)w->table.n, w->table.p), "operation", "writeStream.toTable");
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    SP_TRY(output_mode(w->output_mode, &q->mode, err));
    SP_TRY(trigger_of(w, &q->trigger, err));
    SP_TRY(sp_session_analyze(s, a, w->input, &analyzed, err));
    if (!analyzed->is_streaming)
        return SP_FAIL(err, WRITE_STREAM_NOT_ALLOWED);
    SP_TRY(default_format(s, a, &format));
    q->sink = sp_sink_find(format);
    if (!q->sink)
        return not_found(format, err);
    const sp_type *schema = sp_plan_schema(a, analyzed, err);
    if (!schema)
        return SP_FAILED;
    SP_NEW(all, a, sizeof *all, err);
    SP_TRY(sp_arena_defer(a, end_props, all, err));
    SP_TRY(sp_session_conf_all(s, NULL, all, err));
    SP_TRY(partition_indexes(a, schema, w->partition_columns, w->partition_column_count, conf->case_sensitive, &columns, err));
    SP_TRY(target_path(s, a, w->path, w->options, &q->sink_spec.path, err));
    SP_TRY(checkpoint_of(s, a, w, &q->checkpoint, err));
    q->world = s->runtime->world;
    q->pool = s->runtime->pool;
    q->manager = s->queries;
    q->name = w->query_name.n ? sp_arena_strndup(a, w->query_name.p, w->query_name.n, err) : NULL;
    q->plan = analyzed;
    q->arena = a;
    q->conf = conf;
    q->session_conf = all;
    const char *force = sp_session_conf(s, "spark.sql.streaming.forceDeleteTempCheckpointLocation", a);
    q->temporary_checkpoint_forced = force && strcmp(force, "true") == 0;
    q->sink_spec.options = w->options;
    q->sink_spec.partition_columns = columns;
    q->sink_spec.partition_column_count = w->partition_column_count;
    q->sink_spec.print = s->runtime->print;
    q->sink_spec.print_context = s->runtime->print_context;
    if (strcmp(q->sink->name, "memory") == 0 && q->name) {
        SP_TRY(check_memory_recovery(s, a, q->mode, q->checkpoint, err));
        if (!(*table = sp_view_new(sp_str_of(q->name), err)) || !((*table)->table = sp_memory_table_new(schema, err)))
            return SP_FAILED;
        q->sink_spec.tables = (*table)->table;
    }
    return SP_OK;
}

sp_status sp_session_start_stream(sp_session *s, sp_arena *owned, const sp_stream_spec *w, sp_query **out, sp_error *err)
{
    sp_query_spec q = { 0 };
    sp_view_entry *table = NULL;
    sp_status status = fill_query(s, owned, w, &q, &table, err);
    if (status == SP_OK)
        status = sp_query_start(&q, out, err);
    if (status == SP_OK && table) {
        status = sp_views_put(s, table, true, err);
        if (status == SP_FAILED) {
            sp_query_stop(*out, NULL);      /* owned is the query's by now: it ends with it */
            sp_view_unref(table);
            return SP_FAILED;
        }
        return SP_OK;
    }
    sp_view_unref(table);
    return status;
}
