/* memory.c -- the memory sink, and the table that it fills and the session's queries read.
 *
 * A table is a list of chunks, each with an arena of its own; a small last chunk is rebuilt with the new rows, so that many tiny batches
 * do not make many tiny chunks. Source: MemorySink (Spark 4.3): append and update add rows, complete replaces them all. */
#include "sink/sink_int.h"

typedef struct chunk { sp_arena *arena; sp_batch batch; } chunk;

struct sp_memory_table {
    _Atomic int refs;
    sp_mutex lock;
    sp_arena *arena;            /* schema */
    const sp_type *schema;
    chunk *chunks; int count, cap;
};

sp_memory_table *sp_memory_table_new(const sp_type *schema, sp_error *err)
{
    sp_memory_table *t = sp_calloc(sizeof *t);
    if (t && (t->arena = sp_arena_new("memory table", 0)) != NULL) {
        t->refs = 1;
        sp_mutex_init(&t->lock);
        if ((t->schema = sp_type_copy(t->arena, schema, err)) != NULL)
            return t;
        sp_memory_table_unref(t);
        return NULL;
    }
    sp_free(t);
    sp_error_memory(err, "a memory table");
    return NULL;
}

sp_memory_table *sp_memory_table_ref(sp_memory_table *t)
{
    t->refs++;
    return t;
}

static void clear(sp_memory_table *t)
{
    for (int i = 0; i < t->count; i++)
        sp_arena_free(t->chunks[i].arena);
    t->count = 0;
}

void sp_memory_table_unref(sp_memory_table *t)
{
    if (!t || --t->refs > 0)
        return;
    clear(t);
    sp_free(t->chunks);
    sp_arena_free(t->arena);
    sp_mutex_done(&t->lock);
    sp_free(t);
}

const sp_type *sp_memory_table_schema(const sp_memory_table *t) { return t->schema; }

/* One chunk out of the rows of `old` (may be NULL) and b. */
static sp_status make_chunk(const chunk *old, const sp_batch *b, chunk *out, sp_error *err)
{
    sp_arena *a = sp_arena_new("memory chunk", 0);
    sp_arena *scratch = sp_arena_new("memory chunk scratch", 0);
    sp_status status = SP_OK;
    if (!a || !scratch) {
        status = sp_error_memory(err, "a memory table's rows");
        goto done;
    }
    uint32_t before = old ? old->batch.rows : 0;
    *out = (chunk){ a, { .rows = before + b->sel_count, .sel_count = before + b->sel_count, .column_count = b->column_count } };
    out->batch.columns = sp_arena_calloc(a, sizeof(sp_vec *) * (size_t)(b->column_count + 1), err);
    if (!out->batch.columns)
        status = SP_FAILED;
    for (int i = 0; i < b->column_count && status == SP_OK; i++) {
        const sp_vec *v = b->columns[i];
        if (old) {
            const sp_vec *parts[2] = { old->batch.columns[i], sp_vec_gather(v, b->sel, b->sel_count, scratch, err) };
            v = parts[1] ? sp_vec_concat(parts, 2, v->type, scratch, err) : NULL;
        }
        out->batch.columns[i] = !v ? NULL : sp_vec_copy(v, old ? NULL : b->sel, out->batch.rows, a, err);
        if (!out->batch.columns[i])
            status = SP_FAILED;
    }
done:
    sp_arena_free(scratch);
    if (status == SP_FAILED)
        sp_arena_free(a);
    return status;
}

static sp_status add_one(sp_memory_table *t, const sp_batch *b, sp_error *err)
{
    if (b->sel_count == 0)
        return SP_OK;
    chunk made;
    chunk *last = t->count ? &t->chunks[t->count - 1] : NULL;
    if (last && last->batch.rows + b->sel_count <= SP_BATCH_ROWS) {
        SP_TRY(make_chunk(last, b, &made, err));
        sp_arena_free(last->arena);
        *last = made;
        return SP_OK;
    }
    if (t->count == t->cap) {
        int cap = t->cap ? t->cap * 2 : 8;
        chunk *more = sp_realloc(t->chunks, sizeof *more * (size_t)cap);
        if (!more)
            return sp_error_memory(err, "a memory table's rows");
        t->chunks = more;
        t->cap = cap;
    }
    SP_TRY(make_chunk(NULL, b, &made, err));
    t->chunks[t->count++] = made;
    return SP_OK;
}

sp_status sp_memory_table_add(sp_memory_table *t, const sp_batch *batches, int count, bool replace, sp_error *err)
{
    sp_status status = SP_OK;
    sp_mutex_lock(&t->lock);
    if (replace)
        clear(t);
    for (int i = 0; i < count && status == SP_OK; i++)
        status = add_one(t, &batches[i], err);
    sp_mutex_unlock(&t->lock);
    return status;
}

sp_status sp_memory_table_snapshot(sp_memory_table *t, sp_arena *a, sp_batch **batches, int *count, sp_error *err)
{
    sp_status status = SP_OK;
    sp_mutex_lock(&t->lock);
    sp_batch *out = sp_arena_calloc(a, sizeof *out * (size_t)(t->count + 1), err);
    if (!out)
        status = SP_FAILED;
    for (int i = 0; i < t->count && status == SP_OK; i++) {
        const sp_batch *from = &t->chunks[i].batch;
        out[i] = (sp_batch){ .rows = from->rows, .sel_count = from->rows, .column_count = from->column_count };
        out[i].columns = sp_arena_calloc(a, sizeof(sp_vec *) * (size_t)(from->column_count + 1), err);
        status = out[i].columns ? SP_OK : SP_FAILED;
        for (int c = 0; c < from->column_count && status == SP_OK; c++)
            if (!(out[i].columns[c] = sp_vec_copy(from->columns[c], NULL, from->rows, a, err)))
                status = SP_FAILED;
    }
    *batches = out;
    *count = t->count;
    sp_mutex_unlock(&t->lock);
    return status;
}

/* ---- the sink ---- */

typedef struct memory_sink {
    sp_sink base;
    sp_memory_table *table;
    sp_collect *rows;
    int64_t last_batch, rows_out;
} memory_sink;

static sp_status memory_open(const sp_sink_spec *spec, sp_sink **out, sp_error *err)
{
    memory_sink *s;
    if (!spec->query_name)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1194);
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_sink){ &sp_sink_memory, *spec };
    s->table = sp_memory_table_ref(spec->tables);
    s->last_batch = -1;
    SP_TRY(sp_collect_new(0, &s->rows, err));
    *out = &s->base;
    return SP_OK;
}

static sp_status memory_begin(sp_sink *sink, int64_t batch_id, bool *skip, sp_error *err)
{
    memory_sink *s = (memory_sink *)sink;
    *skip = batch_id <= s->last_batch;
    sp_collect_reset(s->rows);
    return SP_OK;
}

static sp_status memory_consume(sp_sink *sink, int task, const sp_batch *b, sp_error *err)
{
    return sp_collect_add(((memory_sink *)sink)->rows, task, b, err);
}

static sp_status memory_commit(sp_sink *sink, int64_t batch_id, int task_count, sp_error *err)
{
    memory_sink *s = (memory_sink *)sink;
    sp_arena *a = sp_arena_new("memory batch", 0);
    sp_batch *batches;
    int count;
    sp_status status = a ? sp_collect_batches(s->rows, a, &batches, &count, err) : sp_error_memory(err, "a batch");
    if (status == SP_OK)
        status = sp_memory_table_add(s->table, batches, count, sink->spec.mode == SP_SINK_COMPLETE, err);
    s->rows_out = sp_collect_rows(s->rows);
    s->last_batch = batch_id;
    sp_collect_reset(s->rows);
    sp_arena_free(a);
    return status;
}

static void memory_abort(sp_sink *sink, int64_t batch_id) { sp_collect_reset(((memory_sink *)sink)->rows); }
static int64_t memory_rows(const sp_sink *sink) { return ((const memory_sink *)sink)->rows_out; }
static void memory_describe(const sp_sink *sink, sp_buf *out) { sp_buf_puts(out, "MemorySink"); }

static void memory_close(sp_sink *sink)
{
    memory_sink *s = (memory_sink *)sink;
    sp_collect_free(s->rows);
    sp_memory_table_unref(s->table);
}

const sp_sink_class sp_sink_memory = {
    .name = "memory", .modes = SP_MODES_ALL, .open = memory_open, .begin = memory_begin, .consume = memory_consume,
    .commit = memory_commit, .abort = memory_abort, .rows_out = memory_rows, .describe = memory_describe, .close = memory_close,
};
