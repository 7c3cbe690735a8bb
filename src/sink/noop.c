/* noop.c -- the sink that keeps nothing: for measuring (NoopDataSource). Counts rows all the same. */
#include "sink/sink_int.h"

typedef struct noop_sink { sp_sink base; _Atomic int64_t rows; } noop_sink;

static sp_status noop_open(const sp_sink_spec *spec, sp_sink **out, sp_error *err)
{
    noop_sink *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_sink){ &sp_sink_noop, *spec };
    *out = &s->base;
    return SP_OK;
}

static sp_status noop_begin(sp_sink *sink, int64_t batch_id, bool *skip, sp_error *err)
{
    *skip = false;
    ((noop_sink *)sink)->rows = 0;
    return SP_OK;
}

static sp_status noop_consume(sp_sink *sink, int task, const sp_batch *b, sp_error *err)
{
    ((noop_sink *)sink)->rows += b->sel_count;
    return SP_OK;
}

static sp_status noop_commit(sp_sink *sink, int64_t batch_id, int task_count, sp_error *err) { return SP_OK; }
static void noop_abort(sp_sink *sink, int64_t batch_id) {}
static int64_t noop_rows(const sp_sink *sink) { return ((const noop_sink *)sink)->rows; }
static void noop_describe(const sp_sink *sink, sp_buf *out)
{
    sp_buf_puts(out, "org.apache.spark.sql.execution.datasources.noop.NoopTable$@0");
}
static void noop_close(sp_sink *sink) {}

const sp_sink_class sp_sink_noop = {
    .name = "noop", .modes = SP_MODES_ALL, .open = noop_open, .begin = noop_begin, .consume = noop_consume, .commit = noop_commit,
    .abort = noop_abort, .rows_out = noop_rows, .describe = noop_describe, .close = noop_close,
};
