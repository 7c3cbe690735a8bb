/* progress.c -- what a trigger did, as Spark's StreamingQueryProgress JSON, and the events that carry it.
 *
 * Keys and their order are ProgressReporter's and StreamingQueryProgress.jsonValue's (Spark 4.3): durationMs has a key for each
 * step that happened, rates that would be infinite or not a number are left out, a null name is written as null. */
#include "stream/stream_int.h"

static void key(sp_buf *out, const char *name, bool first)
{
    if (!first)
        sp_buf_putc(out, ',');
    sp_json_quote(out, sp_str_of(name));
    sp_buf_putc(out, ':');
}

static void text_or_null(sp_buf *out, const char *s)
{
    if (s)
        sp_json_quote(out, sp_str_of(s));
    else
        sp_buf_puts(out, "null");
}

static void rate(sp_buf *out, const char *name, int64_t rows, double seconds)
{
    double r = seconds > 0 ? (double)rows / seconds : 0.0;
    key(out, name, false);
    sp_print_f64(out, r);
}

static int64_t ms(int64_t us) { return us / 1000; }

static void durations(sp_buf *out, const sp_trigger_times *t)
{
    const struct { const char *name; int64_t us; } steps[] = {
        { "addBatch", t->add_batch }, { "commitOffsets", t->commit_offsets }, { "getBatch", t->get_batch },
        { "latestOffset", t->latest_offset }, { "queryPlanning", t->planning }, { "triggerExecution", t->total },
        { "walCommit", t->wal_commit },
    };
    bool first = true;
    sp_buf_putc(out, '{');
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].us < 0)
            continue;
        key(out, steps[i].name, first);
        sp_buf_printf(out, "%lld", (long long)ms(steps[i].us));
        first = false;
    }
    sp_buf_putc(out, '}');
}

static void iso(sp_buf *out, const char *name, int64_t at_ms, bool *first)
{
    key(out, name, *first);
    *first = false;
    sp_buf_putc(out, '"');
    sp_print_iso_ms(out, at_ms);
    sp_buf_putc(out, '"');
}

/* {"avg":..,"max":..,"min":..,"watermark":..}: the statistics when rows came, the watermark when the plan has one. */
static void event_time(sp_query *q, bool executed, sp_buf *out)
{
    const sp_watermark_stats *stats = NULL;
    int count = q->exec ? sp_exec_watermarks(q->exec, &stats) : 0;
    bool first = true;
    sp_buf_putc(out, '{');
    for (int i = 0; executed && !q->batch_skipped && i < count; i++) {
        if (stats[i].count <= 0)
            continue;
        iso(out, "avg", (int64_t)(stats[i].avg_us / 1000.0), &first);
        iso(out, "max", sp_floor_div(stats[i].max_us, 1000), &first);
        iso(out, "min", sp_floor_div(stats[i].min_us, 1000), &first);
        break;
    }
    if (count > 0)
        iso(out, "watermark", executed ? q->batch_watermark_ms : q->watermark_ms, &first);
    sp_buf_putc(out, '}');
}

static void state_metrics(sp_buf *out, const sp_state_op_stats *op)
{
    int64_t hits = 0, misses = 0, bytes = 0, forced = 0, repaired = 0;
    for (int p = 0; op->per_partition && p < op->partitions; p++) {
        hits += op->per_partition[p].cache_hits;
        misses += op->per_partition[p].cache_misses;
        bytes += op->per_partition[p].loaded_bytes;
        forced += op->per_partition[p].force_snapshots;
        repaired += op->per_partition[p].snapshots_repaired;
    }
    sp_buf_putc(out, '{');
    for (int p = 0; op->per_partition && p < op->partitions; p++)
        sp_buf_printf(out, "\"SnapshotLastUploaded.partition_%d_default\":%lld,", p,
                      (long long)op->per_partition[p].snapshot_last_uploaded);
    sp_buf_printf(out, "\"forceSnapshotCount\":%lld,\"loadedMapCacheHitCount\":%lld,\"loadedMapCacheMissCount\":%lld,"
                  "\"numSnapshotsAutoRepaired\":%lld,\"stateOnCurrentVersionSizeBytes\":%lld}", (long long)forced,
                  (long long)hits, (long long)misses, (long long)repaired, (long long)(bytes ? bytes : op->memory_bytes));
}

static void state_operators(sp_query *q, bool executed, sp_buf *out)
{
    const sp_state_op_stats *ops;
    int count = q->exec && executed && !q->batch_skipped ? sp_exec_state_ops(q->exec, &ops) : 0;
    sp_buf_putc(out, '[');
    for (int i = 0; i < count; i++) {
        const sp_state_op_stats *o = &ops[i];
        const int n = q->metric_passes;
        sp_buf_printf(out, "%s{\"operatorName\":\"%s\",\"numRowsTotal\":%lld,\"numRowsUpdated\":%lld,\"allUpdatesTimeMs\":%lld,"
                      "\"numRowsRemoved\":%lld,\"allRemovalsTimeMs\":%lld,\"commitTimeMs\":%lld,\"memoryUsedBytes\":%lld,"
                      "\"numRowsDroppedByWatermark\":%lld,\"numShufflePartitions\":%d,\"numStateStoreInstances\":%d,"
                      "\"customMetrics\":", i ? "," : "", o->name, (long long)o->rows_total * n, (long long)o->rows_updated * n,
                      (long long)o->updates_ms, (long long)o->rows_removed * n, (long long)o->removals_ms, (long long)o->commit_ms,
                      (long long)o->memory_bytes, (long long)o->rows_dropped_by_watermark * n, o->partitions, o->partitions);
        state_metrics(out, o);
        sp_buf_puts(out, ",\"snapshotCustomMetricNames\":[");
        for (int p = 0; p < o->partitions; p++)
            sp_buf_printf(out, "%s\"SnapshotLastUploaded.partition_%d_default\"", p ? "," : "", p);
        sp_buf_puts(out, "]}");
    }
    sp_buf_putc(out, ']');
}

static void one_source(sp_query *q, int i, double input_s, double busy_s, sp_buf *out)
{
    sp_source_slot *slot = &q->slots[i];
    sp_source *s = slot->source;
    sp_buf text = { 0 };
    sp_buf_puts(out, i ? ",{" : "{");
    key(out, "description", true);
    if (s)
        s->cls->describe(s, &text);
    sp_json_quote(out, (sp_str){ sp_buf_cstr(&text), text.len });
    key(out, "startOffset", false);
    text_or_null(out, slot->committed);
    key(out, "endOffset", false);
    text_or_null(out, slot->available);
    key(out, "latestOffset", false);
    sp_str latest = s && s->cls->reported_latest ? s->cls->reported_latest(s, q->batch_arena) : (sp_str){ 0 };
    if (latest.p)
        sp_json_quote(out, latest);
    else
        sp_buf_puts(out, "null");
    sp_buf_printf(out, ",\"numInputRows\":%lld", (long long)slot->rows);
    rate(out, "inputRowsPerSecond", slot->rows, input_s);
    rate(out, "processedRowsPerSecond", slot->rows, busy_s);
    sp_buf_puts(out, ",\"metrics\":{");
    sp_props metrics = { 0 };
    if (s && s->cls->metrics)
        s->cls->metrics(s, &metrics);
    sp_str name;
    void *value;
    bool first = true;
    for (size_t n = 0; sp_strmap_next(&metrics.map, &n, &name, &value); first = false) {
        key(out, name.p, first);
        sp_json_quote(out, sp_str_of(value));
    }
    sp_props_done(&metrics);
    sp_buf_puts(out, "}}");
    sp_buf_done(&text);
}

/* {"name":{"schema":<StructType JSON>,"values":[...]}} */
static void observed(sp_query *q, bool executed, sp_buf *out)
{
    const sp_observed *metrics;
    int count = q->exec && executed && !q->batch_skipped ? sp_exec_observed(q->exec, &metrics) : 0;
    sp_buf_putc(out, '{');
    for (int i = 0; i < count; i++) {
        if (i)
            sp_buf_putc(out, ',');
        sp_json_quote(out, metrics[i].name);
        sp_buf_puts(out, ":{\"schema\":");
        sp_type_json(out, metrics[i].schema);
        sp_buf_puts(out, ",\"values\":[");
        for (int f = 0; f < metrics[i].schema->field_count; f++) {
            const sp_value *v = &metrics[i].values[f];
            sp_buf text = { 0 };
            if (f)
                sp_buf_putc(out, ',');
            sp_value_text(&text, v, q->conf.zone);
            bool bare = v->is_null || sp_kind_is_numeric(v->type->kind) || v->type->kind == SP_BOOLEAN;
            if (v->is_null)
                sp_buf_puts(out, "null");
            else if (bare)
                sp_buf_add(out, text.data, text.len);
            else
                sp_json_quote(out, (sp_str){ sp_buf_cstr(&text), text.len });
            sp_buf_done(&text);
        }
        sp_buf_puts(out, "]}");
    }
    sp_buf_putc(out, '}');
}

sp_status sp_progress_batch(sp_query *q, bool executed, sp_buf *out, sp_error *err)
{
    const sp_trigger_times *t = &q->times;
    double busy_s = (double)(t->total > 0 ? t->total : 1) / 1e6;
    double input_s = q->previous_trigger_us < 0 ? 0.0 : (double)(t->start_wall_us - q->previous_trigger_us) / 1e6;
    sp_buf_printf(out, "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":", q->id, q->run_id);
    text_or_null(out, q->spec.name);
    sp_buf_puts(out, ",\"timestamp\":\"");
    sp_print_iso_ms(out, sp_floor_div(t->start_wall_us, 1000));
    sp_buf_printf(out, "\",\"batchId\":%lld,\"batchDuration\":%lld,\"durationMs\":", (long long)q->batch_id,
                  (long long)ms(t->total > 0 ? t->total : 0));
    durations(out, t);
    sp_buf_puts(out, ",\"eventTime\":");
    event_time(q, executed, out);
    sp_buf_puts(out, ",\"stateOperators\":");
    state_operators(q, executed, out);
    sp_buf_puts(out, ",\"sources\":[");
    for (int i = 0; i < q->slot_count; i++)
        one_source(q, i, input_s, busy_s, out);
    sp_buf_puts(out, "],\"sink\":{\"description\":");
    sp_buf text = { 0 };
    q->sink->cls->describe(q->sink, &text);
    sp_json_quote(out, (sp_str){ sp_buf_cstr(&text), text.len });
    sp_buf_done(&text);
    int64_t rows = executed && !q->batch_skipped ? q->sink->cls->rows_out(q->sink) : q->sink->cls->rows_out(q->sink) < 0 ? -1 : 0;
    sp_buf_printf(out, ",\"numOutputRows\":%lld,\"metrics\":{}},\"observedMetrics\":", (long long)rows);
    observed(q, executed, out);
    sp_buf_putc(out, '}');
    return sp_buf_check(out, err);
}

void sp_progress_keep(sp_query *q, sp_buf *text)
{
    char *copy = sp_text_dup(text->data, text->len);
    if (!copy)
        return;
    sp_mutex_lock(&q->lock);
    sp_progress_ring *r = &q->ring;
    if (r->cap == 0) {
        sp_free(copy);
    } else if (r->count < r->cap) {
        r->texts[(r->first + r->count++) % r->cap] = copy;
    } else {
        sp_free(r->texts[r->first]);
        r->texts[r->first] = copy;
        r->first = (r->first + 1) % r->cap;
    }
    sp_mutex_unlock(&q->lock);
}

void sp_query_started_event(const sp_query *q, sp_buf *out)
{
    sp_buf_printf(out, "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":", q->id, q->run_id);
    text_or_null(out, q->spec.name);
    sp_buf_puts(out, ",\"timestamp\":\"");
    sp_print_iso_ms(out, sp_floor_div(sp_now_us(q->spec.world), 1000));
    sp_buf_puts(out, "\",\"jobTags\":[]}");
}

static void terminated_event(const sp_query *q, sp_buf *out)
{
    sp_buf_printf(out, "{\"id\":\"%s\",\"runId\":\"%s\",\"exception\":", q->id, q->run_id);
    if (!q->error) {
        sp_buf_puts(out, "null,\"errorClassOnException\":null}");
        return;
    }
    sp_buf text = { 0 };
    sp_error_message(q->error, &text);
    sp_json_quote(out, (sp_str){ sp_buf_cstr(&text), text.len });
    sp_buf_done(&text);
    key(out, "errorClassOnException", false);
    text_or_null(out, q->error->cause_condition);
    sp_buf_putc(out, '}');
}

void sp_progress_event(sp_query *q, sp_event_kind kind, sp_buf *progress)
{
    if (!q->spec.manager || !sp_manager_has_listener(q->spec.manager))
        return;
    sp_buf text = { 0 };
    switch (kind) {
    case SP_EVENT_STARTED:
        sp_query_started_event(q, &text);
        break;
    case SP_EVENT_PROGRESS:
        sp_buf_puts(&text, "{\"progress\":");
        sp_buf_add(&text, progress->data, progress->len);
        sp_buf_putc(&text, '}');
        break;
    case SP_EVENT_IDLE:
        sp_buf_printf(&text, "{\"id\":\"%s\",\"runId\":\"%s\",\"timestamp\":\"", q->id, q->run_id);
        sp_print_iso_ms(&text, sp_floor_div(q->times.start_wall_us, 1000));
        sp_buf_puts(&text, "\"}");
        break;
    case SP_EVENT_TERMINATED:
        terminated_event(q, &text);
        break;
    }
    if (!text.failed)
        sp_manager_post(q->spec.manager, kind, (sp_str){ text.data, text.len });
    sp_buf_done(&text);
}
