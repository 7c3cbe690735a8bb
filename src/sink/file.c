/* file.c -- the file sink: part files that become visible, all of a batch at once, when _spark_metadata/N lists them (FileStreamSink, Spark 4.3).
 *
 * A batch that the log has already is skipped: that makes the sink exactly-once. Files written by a batch that did not get so far stay
 * unlisted, and so unseen by readers; an orderly abort removes them. */
#include "sink/sink_int.h"

enum { COMPACT_INTERVAL = 10 };

typedef struct file_sink { sp_sink base; sp_file_writer *writer; const char *log_dir; int64_t latest; } file_sink;

static sp_status file_open(const sp_sink_spec *spec, const sp_sink_class *cls, sp_sink **out, sp_error *err)
{
    file_sink *s;
    if (!spec->path)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, _LEGACY_ERROR_TEMP_2047);
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_sink){ cls, *spec };
    s->log_dir = sp_arena_printf(spec->arena, err, "%s/_spark_metadata", spec->path);
    if (!s->log_dir)
        return SP_FAILED;
    SP_TRY(sp_file_writer_new(spec, true, &s->writer, err));
    s->latest = -2;
    *out = &s->base;
    return SP_OK;
}

static sp_status file_begin(sp_sink *sink, int64_t batch_id, bool *skip, sp_error *err)
{
    file_sink *s = (file_sink *)sink;
    if (s->latest == -2)
        SP_TRY(sp_log_latest(sink->spec.world, s->log_dir, &s->latest, err));
    *skip = batch_id <= s->latest;
    if (*skip)
        return SP_OK;
    SP_TRY(sp_dir_make(sink->spec.world, sink->spec.path, err));
    return sp_file_writer_begin(s->writer, err);
}

static sp_status file_consume(sp_sink *sink, int task, const sp_batch *b, sp_error *err)
{
    return sp_file_writer_add(((file_sink *)sink)->writer, task, b, err);
}

static sp_status file_commit(sp_sink *sink, int64_t batch_id, int task_count, sp_error *err)
{
    file_sink *s = (file_sink *)sink;
    const sp_written *files;
    int count;
    SP_TRY(sp_file_writer_finish(s->writer, &files, &count, err));
    sp_arena *a = sp_arena_new("sink log", 0);
    sp_status status = a ? SP_OK : sp_error_memory(err, "a sink log entry");
    sp_sink_file *entries = a ? sp_arena_calloc(a, sizeof *entries * (size_t)(count + 1), err) : NULL;
    if (!entries)
        status = SP_FAILED;
    for (int i = 0; i < count && status == SP_OK; i++) {
        sp_buf uri = { 0 };
        sp_path_to_uri(&uri, sp_str_of(files[i].path), true);
        sp_str path = sp_str_copy(a, (sp_str){ sp_buf_cstr(&uri), uri.len }, err);
        sp_buf_done(&uri);
        if (!path.p)
            status = SP_FAILED;
        entries[i] = (sp_sink_file){ path, files[i].size, false, files[i].mtime_ms, 1, 33554432, SP_LIT("add") };
    }
    if (status == SP_OK)
        status = sp_sink_log_add(sink->spec.world, s->log_dir, batch_id, entries, count, COMPACT_INTERVAL, sink->spec.durability, err);
    if (status == SP_OK)
        s->latest = batch_id;
    sp_arena_free(a);
    return status;
}

static void file_abort(sp_sink *sink, int64_t batch_id) { sp_file_writer_abort(((file_sink *)sink)->writer); }
static int64_t file_rows(const sp_sink *sink) { return -1; }

static void file_describe(const sp_sink *sink, sp_buf *out)
{
    sp_buf_printf(out, "FileSink[file:%s]", sink->spec.path);
}

static void file_close(sp_sink *sink)
{
    file_sink *s = (file_sink *)sink;
    sp_file_writer_free(s->writer);
    s->writer = NULL;
}

/* One row a format: the format itself is found by the sink's name. */
#define FILE_SINK(ident, text) \
    static sp_status open_##ident(const sp_sink_spec *spec, sp_sink **out, sp_error *err) \
    { \
        sp_sink_spec with_format = *spec; \
        with_format.file_format = sp_format_find(SP_LIT(text)); \
        return file_open(&with_format, &sp_sink_##ident, out, err); \
    } \
    const sp_sink_class sp_sink_##ident = { \
        .name = text, .modes = SP_MODE_BIT(SP_SINK_APPEND), .needs_checkpoint = true, .min_batch_gap_us = 100000, .open = open_##ident, .begin = file_begin, \
        .consume = file_consume, .commit = file_commit, .abort = file_abort, .rows_out = file_rows, .describe = file_describe, \
        .close = file_close, \
    };
FILE_SINK(json, "json")
FILE_SINK(csv, "csv")
FILE_SINK(text, "text")
