/* console.c -- the console sink: each batch as Dataset.show prints it, under a header (ConsoleWrite, Spark 4.3).
 *
 * Options: numRows (20), truncate (true). A batch may be printed again after a restart, as in Spark. */
#include "sink/sink_int.h"

typedef struct console_sink {
    sp_sink base;
    sp_collect *rows;
    int64_t rows_out, num_rows;
    bool truncate;
} console_sink;

static sp_status console_open(const sp_sink_spec *spec, sp_sink **out, sp_error *err)
{
    console_sink *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_sink){ &sp_sink_console, *spec };
    s->num_rows = 20;
    s->truncate = true;
    const char *rows = spec->options ? sp_props_get(spec->options, "numRows") : NULL;
    const char *truncate = spec->options ? sp_props_get(spec->options, "truncate") : NULL;
    if (rows && !sp_str_to_i64(sp_str_of(rows), &s->num_rows))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "For input string: \"%s\"", rows);
    if (truncate && !sp_str_to_bool(sp_str_of(truncate), &s->truncate))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "For input string: \"%s\"", truncate);
    if (s->num_rows < 0)
        s->num_rows = 0;
    SP_TRY(sp_collect_new(s->num_rows + 1, &s->rows, err));
    *out = &s->base;
    return SP_OK;
}

static sp_status console_begin(sp_sink *sink, int64_t batch_id, bool *skip, sp_error *err)
{
    *skip = false;
    sp_collect_reset(((console_sink *)sink)->rows);
    return SP_OK;
}

static sp_status console_consume(sp_sink *sink, int task, const sp_batch *b, sp_error *err)
{
    return sp_collect_add(((console_sink *)sink)->rows, task, b, err);
}

static sp_status console_commit(sp_sink *sink, int64_t batch_id, int task_count, sp_error *err)
{
    static const char line[] = "-------------------------------------------\n";
    console_sink *s = (console_sink *)sink;
    sp_arena *a = sp_arena_new("console batch", 0);
    sp_buf text = { 0 };
    sp_batch *batches;
    int count;
    sp_status status = a ? sp_collect_batches(s->rows, a, &batches, &count, err) : sp_error_memory(err, "a batch");
    if (status == SP_OK) {
        sp_buf_printf(&text, "%sBatch: %lld\n%s", line, (long long)batch_id, line);
        status = sp_show_rows(&text, sink->spec.schema, batches, count, (int)s->num_rows, s->truncate ? 20 : 0, false,
                              sink->spec.conf->zone, err);
        sp_buf_putc(&text, '\n');
    }
    if (status == SP_OK)
        status = sp_buf_check(&text, err);
    if (status == SP_OK && sink->spec.print)
        sink->spec.print(sink->spec.print_context, text.data, text.len);
    s->rows_out = sp_collect_rows(s->rows);
    sp_collect_reset(s->rows);
    sp_buf_done(&text);
    sp_arena_free(a);
    return status;
}

static void console_abort(sp_sink *sink, int64_t batch_id) { sp_collect_reset(((console_sink *)sink)->rows); }
static int64_t console_rows(const sp_sink *sink) { return ((const console_sink *)sink)->rows_out; }

static void console_describe(const sp_sink *sink, sp_buf *out)
{
    const console_sink *s = (const console_sink *)sink;
    sp_buf_printf(out, "org.apache.spark.sql.execution.streaming.sources.ConsoleTable$@0[numRows=%lld, truncate=%s]",
                  (long long)s->num_rows, s->truncate ? "true" : "false");
}

static void console_close(sp_sink *sink) { sp_collect_free(((console_sink *)sink)->rows); }

static const char *const console_options[] = { "numRows", "truncate", NULL };
const sp_sink_class sp_sink_console = {
    .name = "console", .options = console_options, .modes = SP_MODES_ALL, .open = console_open, .begin = console_begin,
    .consume = console_consume, .commit = console_commit, .abort = console_abort, .rows_out = console_rows,
    .describe = console_describe, .close = console_close,
};
