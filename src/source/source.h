/* source.h -- the extension point "streaming source" (Spark's Source / MicroBatchStream with admission control).
 *
 * Offsets are JSON texts, as they stand in the offset log. Sources never see plans or operators: they give inputs (format/input.h).
 * Order: schema (at analysis), open, then per batch { latest, log offsets (driver), get_batch, commit }, close. One thread at a time. */
#ifndef SP_SOURCE_H
#define SP_SOURCE_H

#include "format/input.h"
#include "checkpoint/checkpoint.h"

typedef struct sp_source sp_source;
typedef struct sp_source_spec {
    sp_world *world;
    sp_arena *arena;                   /* lives as long as the source */
    const sp_expr_conf *conf;
    const sp_props *options;
    const sp_type *schema;             /* data columns then partition columns */
    int partition_column_count;
    const sp_format *file_format;      /* file sources */
    const sp_str *paths; int path_count;
    const char *checkpoint_dir;        /* CK/sources/S */
    sp_durability durability;
    int parallelism;
} sp_source_spec;

typedef struct sp_source_class {
    const char *name;                  /* short name: "socket" */
    const char *const *options;        /* known options, NULL-ended */
    int64_t settle_us;                 /* how long a query's first batch waits for what its program does right after start(): files dropped then are in
                                          Spark's first batch too, since its start takes longer than that. Waiting for process_all ends it. */
    bool needs_schema, takes_schema;   /* file sources need one; socket refuses a user's (UNSUPPORTED_..., as Spark) */
    /* Schema and option checks at analysis. user_schema may be NULL. Errors as Spark's at load(). */
    sp_status (*schema)(sp_arena *a, const sp_props *options, const sp_type *user_schema, const sp_type **out, sp_error *err);
    sp_status (*open)(const sp_source_spec *spec, sp_source **out, sp_error *err);


    /* The end of the next batch given its start (a batch's end; {NULL,0}: nothing read yet), limits applied. Equal to start (or {NULL,0}): no new
     * data. A source that can say where it stands before any data came (socket, rate) does: Spark runs an empty batch 0 on it. Durable side
     * effects of its own (file-source log) are kept here, before the driver writes offsets/N. */
    sp_status (*latest)(sp_source *s, sp_str start, sp_arena *a, sp_str *out, sp_error *err);
    /* Trigger.AvailableNow / Once: what there is now is the end; later calls of latest stop there. once: limits are ignored. */
    sp_status (*prepare_available_now)(sp_source *s, bool once, sp_error *err);
    /* Rows of (start, end]; after a restart also for a range decided by an earlier run. The input lives in batch_arena. */
    sp_status (*get_batch)(sp_source *s, sp_str start, sp_str end, sp_arena *batch_arena, sp_input **out, sp_error *err);
    sp_status (*commit)(sp_source *s, sp_str end, sp_error *err);   /* batch with this end is over: cleanSource, drop buffered rows */
    int (*wait_fd)(sp_source *s);      /* readable when new data may be there; -1: ask every so often (poll_us) */
    int64_t (*next_data_us)(sp_source *s);  /* wall time at which latest may change by itself (rate, file rescan); -1: unknown */
    void (*describe)(const sp_source *s, sp_buf *out);              /* "FileStreamSource[file:/dir]" */
    sp_str (*reported_latest)(sp_source *s, sp_arena *a);           /* progress latestOffset; {NULL,0} = null */
    void (*metrics)(sp_source *s, sp_props *out);                   /* progress metrics; may be NULL */
    void (*close)(sp_source *s);
} sp_source_class;
struct sp_source { const sp_source_class *cls; sp_source_spec spec; };

const sp_source_class *sp_source_find(sp_str name);   /* any case; NULL when there is none */

/* Lists a batch read's files: paths may be files, folders, globs; k=v folders become partition columns; honours _spark_metadata; hidden names passed over.
 * PATH_NOT_FOUND when a path without glob is absent. partition_fields: inferred (or NULL when the user's schema has them). */
typedef struct sp_file_listing { sp_input_file *files; int file_count; const sp_type *partition_type; /* struct, or NULL */ } sp_file_listing;
sp_status sp_file_list(sp_world *w, sp_arena *a, const sp_str *paths, int path_count, const sp_props *options,
                       const sp_type *user_schema, const sp_expr_conf *conf,
                       sp_file_listing *out, sp_error *err);

#endif
