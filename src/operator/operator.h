/* operator.h -- physical plans: operators, pipelines over workers, exchange by Spark's partitioning, stateful operators.
 *
 * Outside view: sp_exec. A resolved, optimized plan is opened once (planning happens once a query, D4) and run once for a batch query or once a micro-batch.
 * Inside view (operator_int.h): sp_operator_class, the extension point "physical operator". Push model: batches are pushed from the scan through a chain of
 * operators on one worker; pipeline breakers (final aggregate, sort, join build, limit) keep rows, and the stage behind them runs when the one before
 * is over.
 * Threads: an sp_exec belongs to one query thread, which calls it; tasks run on the pool; an operator instance is used by one task at a time. */
#ifndef SP_OPERATOR_H
#define SP_OPERATOR_H

#include "plan/plan.h"
#include "format/input.h"
#include "state/state.h"

typedef struct sp_exec sp_exec;

/* How stateful operators get their stores; NULL in batch queries. */
typedef struct sp_state_host {
    const sp_state_provider *provider;
    const char *state_dir;              /* CK/state */
    const char *codec;
    sp_durability durability;
    int min_versions_to_retain, min_deltas_for_snapshot;
    int64_t version;                    /* of the batch before the first one to run (= first batch id) */
} sp_state_host;

typedef struct sp_exec_spec {
    sp_world *world;
    sp_pool *pool;
    sp_arena *arena;                    /* query arena */
    const sp_expr_conf *conf;
    const sp_plan *plan;                /* optimized */
    int shuffle_partitions;             /* of stateful operators and exchanges */
    bool streaming;
    sp_output_mode mode;
    const sp_state_host *state;
    size_t memory_limit;                /* bytes for this query; 0 none */
} sp_exec_spec;
sp_status sp_exec_open(const sp_exec_spec *spec, sp_exec **out, sp_error *err);
void sp_exec_close(sp_exec *x);

/* Scans in plan order (left to right): inputs[i] of a run feeds scan i. Local relations and ranges are not among them. */
int sp_exec_scan_count(const sp_exec *x);
const sp_scan *sp_exec_scan(const sp_exec *x, int i);

/* Where result batches go. consume may be called from several tasks at once, each with its own task index (0..); order within a task is the result's order, and
 * tasks in index order are the partitions in order. The batch is borrowed. */
typedef struct sp_consumer {
    void *context;
    sp_status (*consume)(void *context, int task, const sp_batch *b, sp_error *err);
    _Atomic bool *stop;                 /* set by anyone to end the run early (cancel); may be NULL */
} sp_consumer;

typedef struct sp_run {
    const sp_input *const *inputs;      /* one per scan; NULL entry or split_count 0: no rows */
    int64_t batch_id;
    int64_t timestamp_us;               /* current_timestamp() of this batch */
    int64_t watermark_us;               /* evicts state: offsets/N's batchWatermarkMs * 1000; 0 = none yet */
    int64_t late_watermark_us;          /* drops late rows: the previous batch's (SPARK_FACTS section 4) */
    sp_consumer consumer;
    /* answers */
    int result_task_count;              /* how many tasks (partitions) the last stage had */
    int64_t *scan_rows;                 /* per scan: rows read; array given by the caller (scan_count entries) */
} sp_run;
/* Runs the plan over the inputs. Stateful operators change their tables but keep nothing durable until sp_exec_commit. */
sp_status sp_exec_run(sp_exec *x, sp_run *run, sp_error *err);
/* Durable step 4: state of this batch (version batch_id + 1) in every partition of every stateful operator, in parallel. */
sp_status sp_exec_commit(sp_exec *x, int64_t batch_id, sp_error *err);
/* Forgets the changes since the last commit (the batch will be run again, or the query ends). */
void sp_exec_abort(sp_exec *x);
/* Background snapshots and clean-up of state; may be called from another thread while batches run. */
sp_status sp_exec_maintain(sp_exec *x, sp_error *err);

/* Event-time statistics of each WATERMARK node in the last run (plan order). */
typedef struct sp_watermark_stats { int64_t delay_us; int64_t count, min_us, max_us; double avg_us; } sp_watermark_stats;
int sp_exec_watermarks(const sp_exec *x, const sp_watermark_stats **out);
/* Would a run without input emit or evict something at this watermark (shouldRunAnotherBatch)? Given the watermark the last run had. */
bool sp_exec_wants_no_data_batch(const sp_exec *x, int64_t new_watermark_us, int64_t last_watermark_us);

/* Stateful operators, as progress shows them (the operator nearest the sink first). */
typedef struct sp_state_op_stats {
    const char *name;                   /* "stateStoreSave" ... */
    int64_t rows_total, rows_updated, rows_removed, rows_dropped_by_watermark, memory_bytes;
    int64_t updates_ms, removals_ms, commit_ms;
    int partitions;
    sp_state_metrics *per_partition;    /* `partitions` entries */
} sp_state_op_stats;
int sp_exec_state_ops(const sp_exec *x, const sp_state_op_stats **out);
/* observe(): metrics of the last run: name, schema, one row. */
typedef struct sp_observed { sp_str name; const sp_type *schema; sp_value *values; } sp_observed;
int sp_exec_observed(const sp_exec *x, const sp_observed **out);
/* "== Physical Plan ==" body as Spark words it. */
void sp_exec_explain(sp_buf *out, const sp_exec *x);

#endif
