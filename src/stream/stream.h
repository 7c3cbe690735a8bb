/* stream.h -- streaming queries: the micro-batch driver, its progress, its manager and listeners.
 *
 * Life: sp_query_start makes the query and its thread; any thread may ask, stop or wait; the last sp_query_unref frees it after its thread has ended.
 * In a simulated world there is no thread: sp_query_step runs one trigger at a time on the caller's.
 * The order of the five durable steps is in driver.c; the rules of batches and watermarks are Spark's MicroBatchExecution (4.3). */
#ifndef SP_STREAM_H
#define SP_STREAM_H

#include "operator/operator.h"
#include "source/source.h"
#include "sink/sink.h"
#include "checkpoint/checkpoint.h"

typedef struct sp_query sp_query;
typedef struct sp_query_manager sp_query_manager;
typedef struct sp_query_ring sp_query_ring;

typedef enum sp_trigger_kind { SP_TRIGGER_DEFAULT, SP_TRIGGER_INTERVAL, SP_TRIGGER_ONCE, SP_TRIGGER_AVAILABLE_NOW } sp_trigger_kind;
typedef struct sp_trigger { sp_trigger_kind kind; int64_t interval_us; } sp_trigger;

typedef struct sp_query_spec {
    sp_world *world;
    sp_pool *pool;
    sp_query_manager *manager;
    const char *name;                     /* NULL: unnamed */
    const sp_plan *plan;                  /* analyzed; the query keeps its arena alive through arena_ref */
    sp_arena *arena;                      /* owned by the query from a successful start on: plan, options, everything */
    const sp_expr_conf *conf;             /* in arena */
    const sp_props *session_conf;         /* spark.* settings at start; copied */
    sp_output_mode mode;
    sp_trigger trigger;
    const sp_sink_class *sink;
    sp_sink_spec sink_spec;               /* options, path, partition columns...; schema is filled by start */
    const char *checkpoint;               /* checkpointLocation; NULL: a temporary folder, removed at a clean stop */
    bool temporary_checkpoint_forced;     /* spark.sql.streaming.forceDeleteTempCheckpointLocation */
    /* Called under no lock when a batch's rows are complete etc.; the memory sink's table is registered by the session before start. */
} sp_query_spec;

/* Checks (UnsupportedOperationChecker, sink modes, names in use), opens sources, sink and checkpoint on the query's own thread afterwards; Spark's errors
 * of start(). */
sp_status sp_query_start(const sp_query_spec *spec, sp_query **out, sp_error *err);
sp_query *sp_query_ref(sp_query *q);
void sp_query_unref(sp_query *q);

const char *sp_query_id(const sp_query *q);        /* from the checkpoint's metadata */
const char *sp_query_run_id(const sp_query *q);
const char *sp_query_name(const sp_query *q);      /* NULL: unnamed */
typedef struct sp_query_status { char *message; bool data_available, trigger_active, active; } sp_query_status;
sp_status sp_query_get_status(sp_query *q, sp_arena *a, sp_query_status *out, sp_error *err);
/* Progress JSON texts, oldest first, at most spark.sql.streaming.numRecentProgressUpdates (100). */
sp_status sp_query_recent_progress(sp_query *q, sp_arena *a, sp_str **out, int *count, sp_error *err);
sp_status sp_query_last_progress(sp_query *q, sp_arena *a, sp_str *out, sp_error *err);   /* {NULL,0}: none */
sp_status sp_query_stop(sp_query *q, sp_error *err);             /* waits for the thread; fine when already stopped */
/* Waits until what was there at the call is processed and committed. STREAM_FAILED when the query fails. cancelled may be NULL. */
sp_status sp_query_process_all(sp_query *q, const _Atomic bool *cancelled, sp_error *err);
/* *terminated; timeout_ms negative: for ever. A failed query gives its error (STREAM_FAILED). */
sp_status sp_query_await(sp_query *q, int64_t timeout_ms, const _Atomic bool *cancelled, bool *terminated, sp_error *err);
/* The error a query ended with: filled as STREAM_FAILED with cause; false when none. */
bool sp_query_exception(sp_query *q, sp_arena *a, sp_error *out);
bool sp_query_is_active(sp_query *q);
sp_status sp_query_explain(sp_query *q, bool extended, sp_buf *out, sp_error *err);
/* JSON of QueryStartedEvent, as the start answer carries it. */
void sp_query_started_event(const sp_query *q, sp_buf *out);
/* Simulated world: one trigger. SP_MORE: a batch ran; SP_DONE: nothing to do (or the query ended); SP_FAILED. */
sp_status sp_query_step(sp_query *q, sp_error *err);

/* ---- manager: the queries of one session ---- */
sp_status sp_query_manager_new(sp_world *w, sp_query_manager **out, sp_error *err);
void sp_query_manager_free(sp_query_manager *m);    /* stops what still runs */
/* All managers of a process: a second run of a query stops the first (spark.sql.streaming.stopActiveRunOnRestart), whichever session it is in. */
sp_status sp_query_ring_new(sp_query_ring **out, sp_error *err);
void sp_query_ring_free(sp_query_ring *r);          /* after all managers */
void sp_query_manager_join(sp_query_manager *m, sp_query_ring *r);
/* Active queries, each with a reference for the caller, in arena. */
sp_status sp_query_manager_active(sp_query_manager *m, sp_arena *a, sp_query ***out, int *count, sp_error *err);
sp_query *sp_query_manager_get(sp_query_manager *m, const char *id);                          /* active, by id; referenced; NULL */
sp_query *sp_query_manager_find(sp_query_manager *m, const char *id, const char *run_id);     /* also ended ones still remembered */
sp_status sp_query_manager_await_any(sp_query_manager *m, int64_t timeout_ms, const _Atomic bool *cancelled, bool *terminated, sp_error *err);
void sp_query_manager_reset_terminated(sp_query_manager *m);

/* ---- listeners: events as Spark's JSON; called on the query's thread, must not block ---- */
typedef enum sp_event_kind { SP_EVENT_STARTED, SP_EVENT_PROGRESS, SP_EVENT_IDLE, SP_EVENT_TERMINATED } sp_event_kind;
typedef void (*sp_event_fn)(void *context, sp_event_kind kind, sp_str json);
int  sp_query_manager_listen(sp_query_manager *m, sp_event_fn fn, void *context, sp_error *err);   /* handle > 0 */
void sp_query_manager_unlisten(sp_query_manager *m, int handle);

/* What a scan that is no stream reads now: a table's snapshot, or the files below its paths. The input lives in a. */
sp_status sp_scan_input(sp_world *w, int parallelism, const sp_scan *scan, const sp_expr_conf *conf, sp_arena *a, sp_input **out, sp_error *err);

#endif
