/* stream_int.h -- the inside of a streaming query, shared by the files of this folder.
 *
 * Two owners: the fields under `lock` may be read and written by any thread; everything under `driver` belongs to the query's own thread (in a
 * simulated world: to whoever calls sp_query_step). */
#ifndef SP_STREAM_INT_H
#define SP_STREAM_INT_H

#include "stream/stream.h"

/* One streaming scan of the plan and how far it has been read. Offsets are JSON texts of their own; NULL = none yet. */
typedef struct sp_source_slot {
    const sp_scan *scan;
    sp_source *source;
    char *committed;      /* end of the last batch that is over */
    char *available;      /* end of the batch being made or run */
    char *reported_latest;
    int64_t rows;
} sp_source_slot;

/* What the progress of one trigger is made of; times in microseconds, -1 = that step did not happen. */
typedef struct sp_trigger_times {
    int64_t start_wall_us, start_mono_ns;
    int64_t latest_offset, wal_commit, get_batch, planning, add_batch, commit_offsets, total;
} sp_trigger_times;

typedef struct sp_progress_ring { char **texts; int count, cap, first; } sp_progress_ring;

struct sp_query {
    _Atomic int refs;
    sp_query_spec spec;               /* texts live in spec.arena, which is the query's */
    char id[37], run_id[37];
    const char *checkpoint;
    bool checkpoint_is_temporary;
    sp_mutex lock;
    sp_cond changed;                  /* anything under the lock changed */
    sp_waker *waker;
    sp_thread *thread;
    _Atomic bool stop;                /* also ends a running batch early */
    /* ---- under lock ---- */
    bool active, started_event_sent;
    bool data_available, trigger_active;
    char *message;
    uint64_t asked, answered;         /* process_all: requests made, requests the driver has seen through */
    sp_progress_ring ring;
    sp_error *error;                  /* set once, before active turns false; NULL: ended well */
    char *parsed_text, *optimized_text, *physical_text;   /* for explain */
    /* ---- driver ---- */
    sp_arena *batch_arena;
    sp_arena *error_arena;
    sp_props pinned;                  /* settings of the checkpoint, in force for this query */
    sp_expr_conf conf;
    sp_source_slot *slots; int slot_count;
    sp_sink *sink;
    sp_exec *exec;
    const sp_input **inputs;          /* one per scan of exec */
    int64_t *scan_rows;
    sp_state_host state;
    char *offsets_dir, *commits_dir;
    int64_t batch_id;
    bool constructed;                 /* offsets/batch_id is written (or found) and the batch has not ended */
    bool initialized;
    int64_t watermark_ms;             /* global, as known now */
    int64_t batch_watermark_ms;       /* of the batch being run */
    int64_t late_watermark_ms;        /* of the batch before it */
    int64_t last_run_watermark_ms;    /* of the last batch that ran in this process; -1 none */
    int64_t batch_timestamp_ms;
    int64_t *operator_watermark_ms;   /* per watermark node; -1 = nothing seen */
    int watermark_count;
    bool no_data_batches;
    sp_trigger_times times;
    int64_t previous_trigger_us;      /* wall start of the trigger before; -1 none */
    int64_t last_idle_us;             /* when an idle report went out; INT64_MIN never */
    int64_t last_batch_end_us;        /* monotonic */
    bool batch_skipped;               /* the sink had this batch already */
    int64_t keep_batches;
    sp_durability durability;
    int parallelism;
    int metric_passes;                /* how often Spark would run the stateful part of a batch: see stateful_passes */
    sp_thread *maintainer; sp_waker *maintainer_wake; _Atomic bool maintainer_stop;
};

/* driver.c */
sp_status sp_driver_init(sp_query *q, sp_error *err);            /* sources, logs, exec: the "Initializing sources" part */
sp_status sp_driver_trigger(sp_query *q, bool *ran, sp_error *err);   /* one trigger; *ran: a batch ran */
void sp_driver_close(sp_query *q);
/* The pinned settings: one row each; value from the session or the default. */
typedef struct sp_pin { const char *key, *value; } sp_pin;
extern const sp_pin sp_pins[];
const char *sp_query_conf(const sp_query *q, const char *key, const char *fallback);

/* progress.c */
sp_status sp_progress_batch(sp_query *q, bool executed, sp_buf *out, sp_error *err);   /* the JSON text */
void sp_progress_keep(sp_query *q, sp_buf *text);        /* into the ring, under the lock */
void sp_progress_event(sp_query *q, sp_event_kind kind, sp_buf *progress);  /* makes the event and posts it */

/* manager.c */
sp_status sp_manager_add(sp_query_manager *m, sp_query *q, sp_error *err);   /* refuses a name or id in use */
void sp_manager_ended(sp_query_manager *m, sp_query *q);
void sp_manager_post(sp_query_manager *m, sp_event_kind kind, sp_str json);
bool sp_manager_has_listener(sp_query_manager *m);

/* query.c */
void sp_query_set_status(sp_query *q, const char *message, int data_available, int trigger_active);   /* -1: as it was; NULL: as it was */
char *sp_text_dup(const char *p, size_t n);              /* sp_malloc'd, NULL when out of memory or p NULL */

#endif
