/* driver.c -- the micro-batch driver: which batch is next, and the five durable steps that run it.
 *
 * The order of the five durable steps is the whole of exactly-once; each line names what it leaves behind.
 *   1 offsets/<n>  what batch n will read, before anything is read     4 state/..  state after batch n
 *   2 read, run    nothing durable                                     5 commits/<n>  batch n is over
 *   3 sink         keeps batch n once, however often it is offered
 * Restart: n is the first batch without commits/<n>; offsets/<n>, if there, is obeyed, not recomputed.
 * Source: MicroBatchExecution, WatermarkTracker, OffsetSeqMetadata (Spark 4.3). */
#include "stream/stream_int.h"
#include <stdio.h>

#define PREFIX "spark.sql.streaming."
const sp_pin sp_pins[] = {
    { PREFIX "stateStore.providerClass", "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider" },
    { PREFIX "stateStore.compression.codec", "lz4" },
    { PREFIX "stateStore.encodingFormat", "unsaferow" },
    { PREFIX "stateStore.rowChecksum.enabled", "false" },
    { PREFIX "stateStore.rocksdb.formatVersion", "5" },
    { PREFIX "stateStore.rocksdb.mergeOperatorVersion", "2" },
    { PREFIX "multipleWatermarkPolicy", "min" },
    { PREFIX "aggregation.stateFormatVersion", "2" },
    { PREFIX "join.stateFormatVersion", "2" },
    { PREFIX "flatMapGroupsWithState.stateFormatVersion", "2" },
    { PREFIX "statefulOperator.useStrictDistribution", "true" },
    { PREFIX "statefulOperator.alwaysNullableOutput.enabled", "true" },
    { PREFIX "queryEvolution.enableSourceEvolution", "false" },
    { "spark.sql.dropDuplicates.deterministicKeyOrder.enabled", "true" },
    { "spark.sql.function.protobufExtensions.enabled", "true" },
    { "spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false" },
    { "spark.sql.shuffle.partitions", NULL },      /* NULL: the number of workers (decision D3) */
    { 0 }
};

const char *sp_query_conf(const sp_query *q, const char *key, const char *fallback)
{
    const char *v = sp_props_get(&q->pinned, key);
    if (!v)
        v = sp_props_get(q->spec.session_conf, key);
    return v ? v : fallback;
}

static int64_t conf_i64(const sp_query *q, const char *key, int64_t fallback)
{
    const char *v = sp_query_conf(q, key, NULL);
    int64_t n;
    return v && sp_str_to_i64(sp_str_trim(sp_str_of(v)), &n) ? n : fallback;
}

static bool conf_bool(const sp_query *q, const char *key, bool fallback)
{
    const char *v = sp_query_conf(q, key, NULL);
    bool b;
    return v && sp_str_to_bool(sp_str_trim(sp_str_of(v)), &b) ? b : fallback;
}

static sp_status set_text(char **to, sp_str from, sp_error *err)
{
    char *copy = NULL;
    if (from.p && !(copy = sp_text_dup(from.p, from.n)))
        return sp_error_memory(err, "an offset");
    sp_free(*to);
    *to = copy;
    return SP_OK;
}

static bool text_same(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* ---- start: settings, sources, logs, operators ---- */

static sp_status pin_settings(sp_query *q, sp_error *err)
{
    for (const sp_pin *p = sp_pins; p->key; p++) {
        char number[16];
        const char *v = sp_props_get(q->spec.session_conf, p->key);
        if (!v)
            v = p->value;
        if (!v) {
            snprintf(number, sizeof number, "%d", q->parallelism);
            v = number;
        }
        SP_TRY(sp_props_put(&q->pinned, sp_str_of(p->key), sp_str_of(v), err));
    }
    return SP_OK;
}

static void collect_scans(const sp_plan *p, const sp_scan **scans, int *count, int cap)
{
    if (p->kind == SP_P_SOURCE && p->scan->is_streaming && *count < cap)
        scans[(*count)++] = p->scan;
    for (int i = 0; i < p->child_count; i++)
        collect_scans(p->children[i], scans, count, cap);
}

static sp_status open_source(sp_query *q, int index, sp_error *err)
{
    sp_source_slot *slot = &q->slots[index];
    const sp_scan *scan = slot->scan;
    sp_source_spec spec = { 0 };
    spec.world = q->spec.world;
    spec.arena = q->spec.arena;
    spec.conf = &q->conf;
    spec.options = scan->options;
    spec.schema = scan->schema;
    spec.partition_column_count = scan->partition_count;
    spec.file_format = scan->file_format;
    spec.paths = scan->paths;
    spec.path_count = scan->path_count;
    spec.durability = q->durability;
    spec.parallelism = q->parallelism;
    spec.checkpoint_dir = sp_arena_printf(q->spec.arena, err, "%s/sources/%d", q->checkpoint, index);
    if (!spec.checkpoint_dir)
        return SP_FAILED;
    return scan->source->open(&spec, &slot->source, err);
}

enum { SOURCES_MAX = 256 };

static sp_status open_sources(sp_query *q, sp_error *err)
{
    const sp_scan *scans[SOURCES_MAX];
    int count = 0;
    collect_scans(q->spec.plan, scans, &count, SOURCES_MAX);
    SP_NEW_ARRAY(q->slots, q->spec.arena, count ? count : 1, err);
    for (int i = 0; i < count; i++) {
        q->slots[i].scan = scans[i];
        q->slot_count = i + 1;
        SP_TRY(open_source(q, i, err));
    }
    return SP_OK;
}

/* offsets/n as an entry; a missing one is an error that names it. */
static sp_status read_offsets(sp_query *q, int64_t n, sp_offset_entry *entry, bool *exists, sp_error *err)
{
    sp_str text;
    SP_TRY(sp_log_read(q->spec.world, q->offsets_dir, n, q->batch_arena, &text, exists, err));
    if (!*exists)
        return SP_OK;
    const char *path = sp_arena_printf(q->batch_arena, err, "%s/%lld", q->offsets_dir, (long long)n);
    if (!path)
        return SP_FAILED;
    SP_TRY(sp_offset_entry_read(q->batch_arena, text, path, entry, err));
    if (entry->offset_count != q->slot_count)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE,
                              "assertion failed: There are [%d] sources in the checkpoint offsets and now there are [%d] "
                              "sources requested by the query. Cannot continue.", entry->offset_count, q->slot_count);
    return SP_OK;
}

static sp_status take_offsets(sp_query *q, const sp_offset_entry *e, bool as_committed, sp_error *err)
{
    for (int i = 0; i < q->slot_count; i++)
        SP_TRY(set_text(as_committed ? &q->slots[i].committed : &q->slots[i].available, e->offsets[i], err));
    return SP_OK;
}

/* Where the checkpoint says that the query stands (populateStartOffsets). */
static sp_status recover(sp_query *q, sp_error *err)
{
    int64_t last_offset, last_commit;
    SP_TRY(sp_log_latest(q->spec.world, q->offsets_dir, &last_offset, err));
    SP_TRY(sp_log_latest(q->spec.world, q->commits_dir, &last_commit, err));
    q->watermark_ms = 0;
    q->late_watermark_ms = 0;
    if (last_offset < 0)
        return SP_OK;
    sp_offset_entry last, before;
    bool exists;
    SP_TRY(read_offsets(q, last_offset, &last, &exists, err));
    if (!exists)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "batch %lld doesn't exist", (long long)last_offset);
    sp_str key;
    void *value;
    sp_status pinned = SP_OK;
    for (size_t i = 0; pinned == SP_OK && sp_strmap_next(&last.conf.map, &i, &key, &value);)
        pinned = sp_props_put(&q->pinned, key, sp_str_of(value), err);
    sp_props_done(&last.conf);
    SP_TRY(pinned);
    q->batch_id = last_offset;
    q->constructed = true;
    q->watermark_ms = q->batch_watermark_ms = last.watermark_ms;
    q->batch_timestamp_ms = last.timestamp_ms;
    SP_TRY(take_offsets(q, &last, false, err));
    if (last_offset > 0) {
        SP_TRY(read_offsets(q, last_offset - 1, &before, &exists, err));
        if (exists) {
            sp_props_done(&before.conf);
            SP_TRY(take_offsets(q, &before, true, err));
            q->late_watermark_ms = before.watermark_ms;
        }
    }
    if (last_commit == last_offset) {
        sp_str text;
        SP_TRY(sp_log_read(q->spec.world, q->commits_dir, last_commit, q->batch_arena, &text, &exists, err));
        const char *path = sp_arena_printf(q->batch_arena, err, "%s/%lld", q->commits_dir, (long long)last_commit);
        if (!path)
            return SP_FAILED;
        int64_t next;
        SP_TRY(sp_commit_entry_read(q->batch_arena, text, path, &next, err));
        if (next > q->watermark_ms)
            q->watermark_ms = next;
        SP_TRY(take_offsets(q, &last, true, err));
        q->batch_id = last_offset + 1;
        q->constructed = false;
        q->late_watermark_ms = last.watermark_ms;
        q->last_run_watermark_ms = last.watermark_ms;
    } else if (last_commit < last_offset - 1) {
        sp_log(SP_LOG_WARN, "batch completion log latest batch id is %lld, which is not trailing batchid %lld by one",
               (long long)last_commit, (long long)last_offset);
    }
    return SP_OK;
}

/* Spark's global sort partitions by ranges and samples its input for them: what is below runs twice, but for what an exchange keeps, and the metrics of
 * stateful operators (which are above the exchange) count both runs. A single partition needs no ranges; a limit above makes it a top-N without them. */
static int stateful_passes(const sp_plan *p, int partitions)
{
    int passes = 1;
    for (bool limited = false; p->child_count == 1; p = p->children[0]) {
        if (p->kind == SP_P_AGGREGATE || p->kind == SP_P_DEDUPLICATE)
            break;
        if (p->kind == SP_P_SORT && p->global && !limited && partitions > 1)
            passes *= 2;
        limited = p->kind == SP_P_LIMIT;
    }
    return passes;
}

static sp_status open_exec(sp_query *q, sp_error *err)
{
    sp_analyzer z = { q->spec.arena, &q->conf, NULL };
    sp_plan *optimized;
    SP_TRY(sp_plan_optimize(&z, q->spec.plan, &optimized, err));
    sp_buf text = { 0 };
    sp_plan_string(&text, optimized);
    char *copy = sp_text_dup(sp_buf_cstr(&text), text.len);
    sp_buf_clear(&text);

    q->state.provider = sp_state_provider_find(sp_query_conf(q, PREFIX "stateStore.providerClass", ""));
    if (!q->state.provider) {
        sp_free(copy);
        sp_buf_done(&text);
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "The state store provider %s, which this query's checkpoint or "
                              "session names, is not one Spate has.", sp_query_conf(q, PREFIX "stateStore.providerClass", ""));
    }
    q->state.codec = sp_query_conf(q, PREFIX "stateStore.compression.codec", "lz4");
    q->state.durability = q->durability;
    q->state.min_versions_to_retain = (int)conf_i64(q, PREFIX "minBatchesToRetain", 100);
    q->state.min_deltas_for_snapshot = (int)conf_i64(q, PREFIX "stateStore.minDeltasForSnapshot", 10);
    q->state.version = q->batch_id;
    q->state.state_dir = sp_arena_printf(q->spec.arena, err, "%s/state", q->checkpoint);
    sp_exec_spec spec = { 0 };
    spec.world = q->spec.world;
    spec.pool = q->spec.pool;
    spec.arena = q->spec.arena;
    spec.conf = &q->conf;
    spec.plan = optimized;
    spec.shuffle_partitions = (int)conf_i64(q, "spark.sql.shuffle.partitions", q->parallelism);
    spec.streaming = true;
    q->metric_passes = stateful_passes(q->spec.plan, spec.shuffle_partitions);
    spec.mode = q->spec.mode;
    spec.state = &q->state;
    sp_status status = q->state.state_dir ? sp_exec_open(&spec, &q->exec, err) : SP_FAILED;
    if (status == SP_OK)
        sp_exec_explain(&text, q->exec);
    sp_mutex_lock(&q->lock);
    sp_free(q->optimized_text);
    sp_free(q->physical_text);
    q->optimized_text = copy;
    q->physical_text = status == SP_OK ? sp_text_dup(sp_buf_cstr(&text), text.len) : NULL;
    sp_mutex_unlock(&q->lock);
    sp_buf_done(&text);
    SP_TRY(status);

    int scans = sp_exec_scan_count(q->exec);
    SP_NEW_ARRAY(q->inputs, q->spec.arena, scans + 1, err);
    SP_NEW_ARRAY(q->scan_rows, q->spec.arena, scans + 1, err);
    const sp_watermark_stats *stats;
    q->watermark_count = sp_exec_watermarks(q->exec, &stats);
    SP_NEW_ARRAY(q->operator_watermark_ms, q->spec.arena, q->watermark_count + 1, err);
    for (int i = 0; i < q->watermark_count; i++)
        q->operator_watermark_ms[i] = -1;
    return SP_OK;
}

sp_status sp_driver_init(sp_query *q, sp_error *err)
{
    q->parallelism = sp_pool_size(q->spec.pool);
    q->last_run_watermark_ms = -1;
    q->previous_trigger_us = -1;
    q->last_idle_us = INT64_MIN;
    q->keep_batches = conf_i64(q, PREFIX "minBatchesToRetain", 100);
    q->no_data_batches = conf_bool(q, PREFIX "noDataMicroBatches.enabled", true);
    SP_TRY(pin_settings(q, err));
    SP_TRY(open_sources(q, err));
    SP_TRY(recover(q, err));
    SP_TRY(open_exec(q, err));
    for (int i = 0; i < q->slot_count; i++) {
        sp_source *s = q->slots[i].source;
        bool bounded = q->spec.trigger.kind == SP_TRIGGER_ONCE || q->spec.trigger.kind == SP_TRIGGER_AVAILABLE_NOW;
        if (bounded)
            SP_TRY(s->cls->prepare_available_now(s, q->spec.trigger.kind == SP_TRIGGER_ONCE, err));
    }
    q->initialized = true;
    return SP_OK;
}

/* ---- the next batch ---- */

static int64_t micros_since(sp_query *q, int64_t mono_ns) { return (sp_mono_ns(q->spec.world) - mono_ns) / 1000; }

/* Asks every source for its end; *new_data when one has moved. */
static sp_status ask_sources(sp_query *q, bool *new_data, sp_error *err)
{
    int64_t t = sp_mono_ns(q->spec.world);
    *new_data = false;
    for (int i = 0; i < q->slot_count; i++) {
        sp_source_slot *slot = &q->slots[i];
        sp_source *s = slot->source;
        sp_str end = { 0 };
        sp_str start = slot->committed ? sp_str_of(slot->committed) : (sp_str){ 0 };
        SP_TRY(s->cls->latest(s, start, q->batch_arena, &end, err));
        if (!end.p)
            end = start;
        SP_TRY(set_text(&slot->available, end, err));
        if (!text_same(slot->available, slot->committed))
            *new_data = true;
    }
    q->times.latest_offset = micros_since(q, t);
    return SP_OK;
}

static sp_status write_offsets(sp_query *q, sp_error *err)
{
    int64_t t = sp_mono_ns(q->spec.world);
    sp_offset_entry e = { 0 };
    e.watermark_ms = q->watermark_ms;
    e.timestamp_ms = q->batch_timestamp_ms;
    e.conf = q->pinned;
    e.offset_count = q->slot_count;
    SP_NEW_ARRAY(e.offsets, q->batch_arena, q->slot_count + 1, err);
    for (int i = 0; i < q->slot_count; i++)
        if (q->slots[i].available)
            e.offsets[i] = sp_str_of(q->slots[i].available);
    sp_buf text = { 0 };
    sp_offset_entry_write(&text, &e);
    sp_status status = sp_buf_check(&text, err);
    if (status == SP_OK)
        status = sp_log_add(q->spec.world, q->offsets_dir, q->batch_id, (sp_str){ text.data, text.len }, q->durability, err);
    sp_buf_done(&text);
    q->times.wal_commit = micros_since(q, t);
    return status;
}

/* Tells the sources that batch_id - 1 is over, and drops logs nobody needs any more. */
static sp_status end_previous(sp_query *q, sp_error *err)
{
    for (int i = 0; i < q->slot_count; i++) {
        sp_source *s = q->slots[i].source;
        if (q->slots[i].committed && q->batch_id > 0)
            SP_TRY(s->cls->commit(s, sp_str_of(q->slots[i].committed), err));
    }
    if (q->batch_id > q->keep_batches) {
        SP_TRY(sp_log_purge(q->spec.world, q->offsets_dir, q->batch_id - q->keep_batches, err));
        SP_TRY(sp_log_purge(q->spec.world, q->commits_dir, q->batch_id - q->keep_batches, err));
    }
    return SP_OK;
}

static sp_status construct(sp_query *q, bool *new_data, sp_error *err)
{
    SP_TRY(ask_sources(q, new_data, err));
    int64_t now_ms = sp_now_us(q->spec.world) / 1000;
    bool another = q->no_data_batches && q->last_run_watermark_ms >= 0
                   && sp_exec_wants_no_data_batch(q->exec, q->watermark_ms * 1000, q->last_run_watermark_ms * 1000);
    if (!*new_data && !another)
        return SP_OK;
    if (now_ms < q->batch_timestamp_ms)
        now_ms = q->batch_timestamp_ms;     /* never goes back (D4) */
    q->batch_timestamp_ms = now_ms;
    q->batch_watermark_ms = q->watermark_ms;
    SP_TRY(write_offsets(q, err));          /* durable step 1 */
    q->constructed = true;
    return end_previous(q, err);
}

/* ---- running it ---- */

static sp_source_slot *slot_of(sp_query *q, const sp_scan *scan)
{
    for (int i = 0; i < q->slot_count; i++)
        if (q->slots[i].scan == scan || q->slots[i].scan->column_ids == scan->column_ids)
            return &q->slots[i];
    return NULL;
}

static sp_status get_inputs(sp_query *q, sp_error *err)
{
    int64_t t = sp_mono_ns(q->spec.world);
    int scans = sp_exec_scan_count(q->exec);
    for (int i = 0; i < scans; i++) {
        const sp_scan *scan = sp_exec_scan(q->exec, i);
        sp_input *in = NULL;
        if (!scan->is_streaming) {
            SP_TRY(sp_scan_input(q->spec.world, q->parallelism, scan, &q->conf, q->batch_arena, &in, err));
        } else {
            sp_source_slot *slot = slot_of(q, scan);
            SP_ASSERT(slot);
            if (slot->available && !text_same(slot->available, slot->committed)) {
                sp_str start = slot->committed ? sp_str_of(slot->committed) : (sp_str){ 0 };
                SP_TRY(slot->source->cls->get_batch(slot->source, start, sp_str_of(slot->available), q->batch_arena, &in, err));
            }
        }
        q->inputs[i] = in;
        q->scan_rows[i] = 0;
    }
    q->times.get_batch = micros_since(q, t);
    return SP_OK;
}

static sp_status to_sink(void *context, int task, const sp_batch *b, sp_error *err)
{
    sp_sink *s = context;
    return s->cls->consume(s, task, b, err);
}

/* Durable steps 2 to 4. */
static sp_status run_batch(sp_query *q, sp_error *err)
{
    SP_TRY(get_inputs(q, err));
    int64_t t = sp_mono_ns(q->spec.world);
    q->times.planning = 0;
    SP_TRY(q->sink->cls->begin(q->sink, q->batch_id, &q->batch_skipped, err));
    for (int i = 0; i < q->slot_count; i++)
        q->slots[i].rows = 0;
    if (q->batch_skipped && sp_exec_state_ops(q->exec, &(const sp_state_op_stats *){ NULL }) == 0) {
        q->times.add_batch = micros_since(q, t);
        return SP_OK;
    }
    sp_run run = { 0 };
    run.inputs = q->inputs;
    run.scan_rows = q->scan_rows;
    run.batch_id = q->batch_id;
    run.timestamp_us = q->batch_timestamp_ms * 1000;
    run.watermark_us = q->batch_watermark_ms * 1000;
    run.late_watermark_us = q->late_watermark_ms * 1000;
    run.consumer.context = q->sink;
    run.consumer.consume = q->batch_skipped ? NULL : to_sink;    /* NULL: rows are dropped; state is still brought forward */
    run.consumer.stop = &q->stop;
    sp_status status = sp_exec_run(q->exec, &run, err);
    if (status != SP_FAILED && q->stop)
        status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "the query was stopped");
    if (status != SP_FAILED && !q->batch_skipped)
        status = q->sink->cls->commit(q->sink, q->batch_id, run.result_task_count, err);   /* durable step 3 */
    if (status == SP_FAILED) {
        q->sink->cls->abort(q->sink, q->batch_id);
        sp_exec_abort(q->exec);
        return SP_FAILED;
    }
    SP_TRY(sp_exec_commit(q->exec, q->batch_id, err));                                     /* durable step 4 */
    for (int i = 0; i < sp_exec_scan_count(q->exec); i++) {
        const sp_scan *scan = sp_exec_scan(q->exec, i);
        sp_source_slot *slot = scan->is_streaming ? slot_of(q, scan) : NULL;
        if (slot && !q->batch_skipped)
            slot->rows += q->scan_rows[i];
    }
    q->times.add_batch = micros_since(q, t);
    return SP_OK;
}

/* WatermarkTracker.updateWatermark: per operator the latest event time less the delay, then min (or max) of all; never back. */
static void move_watermark(sp_query *q)
{
    const sp_watermark_stats *stats;
    int count = sp_exec_watermarks(q->exec, &stats);
    bool use_max = strcmp(sp_query_conf(q, PREFIX "multipleWatermarkPolicy", "min"), "max") == 0;
    int64_t chosen = -1;
    for (int i = 0; i < count && i < q->watermark_count; i++) {
        int64_t *w = &q->operator_watermark_ms[i];
        if (stats[i].count > 0 && !q->batch_skipped) {
            int64_t at = sp_floor_div(stats[i].max_us, 1000) - stats[i].delay_us / 1000;
            if (*w < 0 || at > *w)
                *w = at;
        }
        int64_t value = *w < 0 ? 0 : *w;
        if (chosen < 0 || (use_max ? value > chosen : value < chosen))
            chosen = value;
    }
    if (chosen > q->watermark_ms)
        q->watermark_ms = chosen;
}

static sp_status write_commit(sp_query *q, sp_error *err)
{
    int64_t t = sp_mono_ns(q->spec.world);
    sp_buf text = { 0 };
    sp_commit_entry_write(&text, q->watermark_ms);
    sp_status status = sp_buf_check(&text, err);
    if (status == SP_OK)
        status = sp_log_add(q->spec.world, q->commits_dir, q->batch_id, (sp_str){ text.data, text.len }, q->durability, err);
    sp_buf_done(&text);
    q->times.commit_offsets = micros_since(q, t);
    return status;
}

static sp_status report(sp_query *q, bool executed, sp_error *err)
{
    int64_t now = sp_now_us(q->spec.world);
    int64_t interval = conf_i64(q, PREFIX "noDataProgressEventInterval", 10000) * 1000;
    if (!executed && q->last_idle_us != INT64_MIN && now - interval < q->last_idle_us)
        return SP_OK;
    sp_buf text = { 0 };
    sp_status status = sp_progress_batch(q, executed, &text, err);
    if (status == SP_OK && executed)
        sp_progress_event(q, SP_EVENT_PROGRESS, &text);
    else if (status == SP_OK && q->last_idle_us != INT64_MIN)
        sp_progress_event(q, SP_EVENT_IDLE, NULL);
    if (status == SP_OK)
        sp_progress_keep(q, &text);
    q->last_idle_us = now;
    sp_buf_done(&text);
    return status;
}

static sp_status finish_batch(sp_query *q, sp_error *err)
{
    move_watermark(q);
    SP_TRY(write_commit(q, err));           /* durable step 5 */
    q->times.total = micros_since(q, q->times.start_mono_ns);
    SP_TRY(report(q, true, err));
    for (int i = 0; i < q->slot_count; i++) {
        sp_str end = q->slots[i].available ? sp_str_of(q->slots[i].available) : (sp_str){ 0 };
        SP_TRY(set_text(&q->slots[i].committed, end, err));
    }
    q->last_run_watermark_ms = q->late_watermark_ms = q->batch_watermark_ms;
    q->batch_id++;
    q->constructed = false;
    q->last_batch_end_us = sp_mono_ns(q->spec.world) / 1000;
    if (q->maintainer_wake && q->batch_id % (q->state.min_deltas_for_snapshot > 0 ? q->state.min_deltas_for_snapshot : 10) == 0)
        sp_waker_wake(q->maintainer_wake);
    return SP_OK;
}

static void start_clock(sp_query *q)
{
    sp_trigger_times *t = &q->times;
    t->start_wall_us = sp_now_us(q->spec.world);
    t->start_mono_ns = sp_mono_ns(q->spec.world);
    t->latest_offset = t->wal_commit = t->get_batch = t->planning = t->add_batch = t->commit_offsets = t->total = -1;
    for (int i = 0; i < q->slot_count; i++)
        q->slots[i].rows = 0;
}

sp_status sp_driver_trigger(sp_query *q, bool *ran, sp_error *err)
{
    *ran = false;
    sp_arena_reset(q->batch_arena);
    start_clock(q);
    bool new_data = true;
    if (!q->constructed) {
        SP_TRY(construct(q, &new_data, err));
    } else {
        /* An interrupted batch: what it reads was decided before; its sources still learn where they stand. */
        new_data = false;
        for (int i = 0; i < q->slot_count; i++)
            new_data |= !text_same(q->slots[i].available, q->slots[i].committed);
    }
    if (q->constructed) {
        sp_query_set_status(q, new_data ? "Processing new data" : "No new data but cleaning up state", new_data, 1);
        SP_TRY(run_batch(q, err));
        SP_TRY(finish_batch(q, err));
        *ran = true;
    } else {
        q->times.total = micros_since(q, q->times.start_mono_ns);
        SP_TRY(report(q, false, err));
        sp_query_set_status(q, "Waiting for data to arrive", 0, 0);
    }
    q->previous_trigger_us = q->times.start_wall_us;
    return SP_OK;
}

void sp_driver_close(sp_query *q)
{
    for (int i = 0; i < q->slot_count; i++) {
        if (q->slots[i].source)
            q->slots[i].source->cls->close(q->slots[i].source);
        q->slots[i].source = NULL;
        sp_free(q->slots[i].committed);
        sp_free(q->slots[i].available);
        q->slots[i].committed = q->slots[i].available = NULL;
    }
    if (q->exec)
        sp_exec_close(q->exec);
    q->exec = NULL;
    if (q->sink)
        q->sink->cls->close(q->sink);
    q->sink = NULL;
    sp_props_done(&q->pinned);
}
