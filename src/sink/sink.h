/* sink.h -- the extension point "streaming sink" (and the writers of batch queries).
 *
 * Order: open; per batch { begin, consume* (from several tasks at once), commit or abort }, close. begin answers skip when the sink has batch_id already:
 * exactly once
 * is begin + commit being idempotent in batch_id. Sinks never see plans or operators. */
#ifndef SP_SINK_H
#define SP_SINK_H

#include "format/format.h"
#include "checkpoint/checkpoint.h"

typedef struct sp_sink sp_sink;
typedef enum sp_sink_mode { SP_SINK_APPEND, SP_SINK_UPDATE, SP_SINK_COMPLETE } sp_sink_mode;
typedef struct sp_sink_spec {
    sp_world *world;
    sp_arena *arena;
    const sp_expr_conf *conf;
    const sp_props *options;
    const char *path;                  /* start(path) or option path; NULL */
    const char *query_name;            /* memory table's name; NULL */
    const sp_type *schema;             /* result columns */
    const int *partition_columns; int partition_column_count;   /* partitionBy: indexes into schema */
    sp_sink_mode mode;
    sp_durability durability;
    const sp_format *file_format;      /* file sinks */
    void *tables;                      /* session's memory tables (sink/memory.h) */
    void (*print)(void *context, const char *text, size_t n); void *print_context;   /* console: where its text goes (server's stdout and followers) */
} sp_sink_spec;
typedef struct sp_sink_class {
    const char *name;                  /* "console" */
    const char *const *options;
    unsigned modes;                    /* bit per sp_sink_mode it takes; else STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE */
    int64_t min_batch_gap_us;          /* D4: smallest gap between batches under load */
    bool needs_checkpoint;             /* its rows outlive the query: no temporary checkpoint will do */
    sp_status (*open)(const sp_sink_spec *spec, sp_sink **out, sp_error *err);
    sp_status (*begin)(sp_sink *s, int64_t batch_id, bool *skip, sp_error *err);
    sp_status (*consume)(sp_sink *s, int task, const sp_batch *b, sp_error *err);     /* thread-safe across tasks */
    sp_status (*commit)(sp_sink *s, int64_t batch_id, int task_count, sp_error *err);
    void (*abort)(sp_sink *s, int64_t batch_id);
    int64_t (*rows_out)(const sp_sink *s);            /* of the last batch; -1: unknown (file sink) */
    void (*describe)(const sp_sink *s, sp_buf *out);  /* "MemorySink", "FileSink[file:/dir]" */
    void (*close)(sp_sink *s);
} sp_sink_class;
struct sp_sink { const sp_sink_class *cls; sp_sink_spec spec; };
const sp_sink_class *sp_sink_find(sp_str name);       /* NULL when there is none */

/* ---- memory tables: what the memory sink fills and a table of that name reads ---- */
typedef struct sp_memory_table sp_memory_table;
sp_memory_table *sp_memory_table_new(const sp_type *schema, sp_error *err);       /* ref-counted, thread-safe */
sp_memory_table *sp_memory_table_ref(sp_memory_table *t);
void sp_memory_table_unref(sp_memory_table *t);
const sp_type *sp_memory_table_schema(const sp_memory_table *t);
/* Adds copies of rows (append/update), or replaces all (complete). */
sp_status sp_memory_table_add(sp_memory_table *t, const sp_batch *batches, int count, bool replace, sp_error *err);
/* The rows as they are now: shared, read-only batches kept alive until release. */
sp_status sp_memory_table_snapshot(sp_memory_table *t, sp_arena *a, sp_batch **batches, int *count, sp_error *err);

/* ---- collect.c: copies of a batch's rows, in task order; consume side is thread-safe ---- */
typedef struct sp_collect sp_collect;
sp_status sp_collect_new(int64_t max_rows_per_task, sp_collect **out, sp_error *err);   /* max 0: all rows are kept */
void sp_collect_free(sp_collect *c);
void sp_collect_reset(sp_collect *c);
sp_status sp_collect_add(sp_collect *c, int task, const sp_batch *b, sp_error *err);
int64_t sp_collect_rows(const sp_collect *c);      /* all that came, kept or not */
/* The kept batches in task order; the array lives in a, the rows in c until reset. */
sp_status sp_collect_batches(sp_collect *c, sp_arena *a, sp_batch **out, int *count, sp_error *err);

/* Dataset.showString / console text of rows, exactly Spark's: used by show() and the console sink. */
sp_status sp_show_rows(sp_buf *out, const sp_type *schema, const sp_batch *batches, int count, int num_rows, int truncate, bool vertical,
                       const sp_zone *zone, sp_error *err);

/* Batch writers: DataFrameWriter.save for file formats; mode 0 append 1 overwrite 2 error 3 ignore. One call a task as above. */
typedef struct sp_batch_writer sp_batch_writer;
sp_status sp_batch_writer_open(const sp_sink_spec *spec, int mode, bool *skip, sp_batch_writer **out, sp_error *err);
sp_status sp_batch_writer_consume(sp_batch_writer *w, int task, const sp_batch *b, sp_error *err);
sp_status sp_batch_writer_close(sp_batch_writer *w, bool success, int task_count, sp_error *err);

#endif
