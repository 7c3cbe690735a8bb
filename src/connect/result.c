/* result.c -- the rows of a relation as responses: the schema, Arrow batches, metrics (SparkConnectPlanExecution, Spark 4.3).
 *
 * A response with rows is a few bytes of protobuf in front of an Arrow IPC stream that is not copied again. A batch whose stream grows past
 * BATCH_BYTES is sent by halves; one row that is larger goes in chunks when the client takes them. */
#include "connect/connect_int.h"

enum {
    BATCH_BYTES = 4 * 1024 * 1024,      /* spark.connect.grpc.arrow.maxBatchSize */
    CHUNK_BYTES_MIN = 1024,
    FIELD_ARROW_BATCH = 2, FIELD_ROW_COUNT = 1, FIELD_DATA = 2, FIELD_START_OFFSET = 3, FIELD_CHUNK_INDEX = 4, FIELD_CHUNKS = 5
};

typedef struct output {
    sp_operation *op;
    sp_arena *arena;            /* lives as long as the execution: the schema */
    sp_arena *scratch;          /* of one batch */
    const sp_type *schema;
    const char *zone;
    int64_t rows;
    int batches;
    Spark__Connect__ExecutePlanResponse__ObservedMetrics **observed; size_t observed_count;
} output;

/* ---- protobuf by hand: only what is around the data ---- */

typedef struct { uint8_t bytes[96]; size_t n; } wire;

static void varint(wire *w, uint64_t v)
{
    do {
        w->bytes[w->n++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
        v >>= 7;
    } while (v);
}

static void field(wire *w, int number, int type) { varint(w, (uint64_t)(number << 3 | type)); }

/* ExecutePlanResponse.arrow_batch up to the data's first byte; the data is data_n bytes and comes last. */
static void arrow_head(wire *w, int64_t rows, int64_t start, int64_t chunk, int64_t chunks, size_t data_n)
{
    wire in = { .n = 0 };
    field(&in, FIELD_ROW_COUNT, 0);
    varint(&in, (uint64_t)rows);
    field(&in, FIELD_START_OFFSET, 0);
    varint(&in, (uint64_t)start);
    if (chunks > 1) {
        field(&in, FIELD_CHUNK_INDEX, 0);
        varint(&in, (uint64_t)chunk);
        field(&in, FIELD_CHUNKS, 0);
        varint(&in, (uint64_t)chunks);
    }
    field(&in, FIELD_DATA, 2);
    varint(&in, data_n);
    field(w, FIELD_ARROW_BATCH, 2);
    varint(w, in.n + data_n);
    memcpy(w->bytes + w->n, in.bytes, in.n);
    w->n += in.n;
}

/* ---- batches ---- */

static void free_bytes(sp_buffer *b, void *context) { sp_free(context); }

/* The bytes of ipc as a buffer; ipc is empty afterwards. */
static sp_buffer *take_bytes(sp_buf *ipc, sp_error *err)
{
    if (!sp_buf_reserve(ipc, 64)) {   /* readable bytes behind the data */
        sp_error_memory(err, "an Arrow batch");
        return NULL;
    }
    sp_buffer *b = sp_buffer_wrap(ipc->data, ipc->len, free_bytes, ipc->data, err);
    if (b)
        *ipc = (sp_buf){ 0 };
    return b;
}

static sp_status send_part(output *o, int64_t rows, int64_t chunk, int64_t chunks, sp_buffer *part, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    wire w = { .n = 0 };
    arrow_head(&w, rows, o->rows, chunk, chunks, part->size);
    return sp_operation_send(o->op, &m, (const char *)w.bytes, w.n, part, err);
}

static sp_status send_chunks(output *o, int64_t rows, sp_buffer *whole, size_t chunk_bytes, sp_error *err)
{
    size_t chunks = (whole->size + chunk_bytes - 1) / chunk_bytes;
    for (size_t i = 0; i < chunks; i++) {
        size_t n = i + 1 < chunks ? chunk_bytes : whole->size - i * chunk_bytes;
        sp_buffer *part = sp_buffer_new(n, err);
        if (!part)
            return SP_FAILED;
        memcpy(part->data, whole->data + i * chunk_bytes, n);
        sp_status status = send_part(o, rows, (int64_t)i, (int64_t)chunks, part, err);
        sp_buffer_unref(part);
        SP_TRY(status);
    }
    return SP_OK;
}

static size_t chunk_bytes(const sp_operation *op)
{
    int64_t n = op->chunk_bytes;
    return n >= CHUNK_BYTES_MIN && n <= BATCH_BYTES ? (size_t)n : BATCH_BYTES;
}

static sp_status send_stream(output *o, const sp_batch *b, sp_buf *ipc, sp_error *err)
{
    sp_buffer *bytes = take_bytes(ipc, err);
    if (!bytes)
        return SP_FAILED;
    bool in_chunks = o->op->chunked && bytes->size > chunk_bytes(o->op);
    sp_status status = in_chunks ? send_chunks(o, b->sel_count, bytes, chunk_bytes(o->op), err) : send_part(o, b->sel_count, 0, 1, bytes, err);
    sp_buffer_unref(bytes);
    o->rows += b->sel_count;
    o->batches++;
    return status;
}

static sp_status send_batch(output *o, const sp_batch *b, sp_error *err);

/* Rows [from, from + n) of b's selection. */
static sp_status send_rows(output *o, const sp_batch *b, uint32_t from, uint32_t n, sp_error *err)
{
    sp_batch part = *b;
    uint32_t *sel = sp_arena_alloc(o->scratch, sizeof *sel * (n + 1u), err);
    if (!sel)
        return SP_FAILED;
    for (uint32_t i = 0; i < n; i++)
        sel[i] = SP_BATCH_ROW(b, from + i);
    part.sel = sel;
    part.sel_count = n;
    return send_batch(o, &part, err);
}

static sp_status send_batch(output *o, const sp_batch *b, sp_error *err)
{
    sp_buf ipc = { 0 };
    sp_status status = sp_ipc_write(o->schema, &b, 1, o->zone, true, &ipc, err);
    bool too_large = ipc.len > BATCH_BYTES && b->sel_count > 1;
    if (status == SP_OK && !too_large)
        status = send_stream(o, b, &ipc, err);
    sp_buf_done(&ipc);
    if (status == SP_FAILED || !too_large)
        return status;
    uint32_t half = b->sel_count / 2;
    SP_TRY(send_rows(o, b, 0, half, err));
    return send_rows(o, b, half, b->sel_count - half, err);
}

/* ---- what the session calls ---- */

static sp_status on_schema(void *context, const sp_type *schema, sp_error *err)
{
    output *o = context;
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    o->schema = sp_type_copy(o->arena, schema, err);
    if (!o->schema || !(m.schema = sp_type_to_proto(o->arena, schema, err)))
        return SP_FAILED;
    return sp_operation_send(o->op, &m, NULL, 0, NULL, err);
}

static sp_status on_batch(void *context, const sp_batch *b, sp_error *err)
{
    output *o = context;
    if (b->sel_count == 0)
        return SP_OK;
    sp_arena_reset(o->scratch);
    return send_batch(o, b, err);
}

/* Clients want a batch even when there are no rows. */
static sp_status send_empty(output *o, sp_error *err)
{
    int n = o->schema ? o->schema->field_count : 0;
    sp_batch b = { .column_count = n };
    SP_NEW_ARRAY(b.columns, o->scratch, n + 1, err);
    for (int i = 0; i < n; i++)
        if (!(b.columns[i] = sp_vec_new(o->scratch, o->schema->fields[i].type, 0, err)))
            return SP_FAILED;
    return send_batch(o, &b, err);
}

/* Numbers of rows, as Spark's SQL metrics come; the client shows them in ExecutionInfo. */
static sp_status send_metrics(output *o, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__ExecutePlanResponse__Metrics metrics = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__METRICS__INIT;
    Spark__Connect__ExecutePlanResponse__Metrics__MetricObject root = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__METRICS__METRIC_OBJECT__INIT;
    Spark__Connect__ExecutePlanResponse__Metrics__MetricObject *roots[] = { &root };
    Spark__Connect__ExecutePlanResponse__Metrics__MetricValue value = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__METRICS__METRIC_VALUE__INIT;
    Spark__Connect__ExecutePlanResponse__Metrics__MetricObject__ExecutionMetricsEntry entry =
        SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__METRICS__METRIC_OBJECT__EXECUTION_METRICS_ENTRY__INIT;
    Spark__Connect__ExecutePlanResponse__Metrics__MetricObject__ExecutionMetricsEntry *entries[] = { &entry };
    value.name = "number of output rows";
    value.value = o->rows;
    value.metric_type = "sum";
    entry.key = "numOutputRows";
    entry.value = &value;
    root.name = "Result";
    root.execution_metrics = entries;
    root.n_execution_metrics = 1;
    metrics.metrics = roots;
    metrics.n_metrics = 1;
    m.metrics = &metrics;
    return sp_operation_send(o->op, &m, NULL, 0, NULL, err);
}

/* ---- observe() ---- */

static sp_status keep_metrics(output *o, const sp_observed *m, Spark__Connect__ExecutePlanResponse__ObservedMetrics **out, sp_error *err)
{
    sp_arena *a = o->arena;
    int n = m->schema->field_count;
    SP_NEW(*out, a, sizeof **out, err);
    spark__connect__execute_plan_response__observed_metrics__init(*out);
    (*out)->name = sp_arena_strndup(a, m->name.p, m->name.n, err);
    (*out)->keys = sp_arena_calloc(a, sizeof *(*out)->keys * (size_t)(n + 1), err);
    (*out)->values = sp_arena_calloc(a, sizeof *(*out)->values * (size_t)(n + 1), err);
    if (!(*out)->name || !(*out)->keys || !(*out)->values)
        return SP_FAILED;
    for (int i = 0; i < n; i++) {
        (*out)->keys[i] = sp_arena_strndup(a, m->schema->fields[i].name.p, m->schema->fields[i].name.n, err);
        (*out)->values[i] = sp_value_to_proto(a, &m->values[i], err);
        if (!(*out)->keys[i] || !(*out)->values[i])
            return SP_FAILED;
    }
    (*out)->n_keys = (*out)->n_values = (size_t)n;
    return SP_OK;
}

static sp_status on_observed(void *context, const sp_observed *metrics, int count, sp_error *err)
{
    output *o = context;
    SP_NEW_ARRAY(o->observed, o->arena, count, err);
    for (; o->observed_count < (size_t)count; o->observed_count++)
        SP_TRY(keep_metrics(o, &metrics[o->observed_count], &o->observed[o->observed_count], err));
    return SP_OK;
}

static sp_status send_observed(output *o, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    m.observed_metrics = o->observed;
    m.n_observed_metrics = o->observed_count;
    return o->observed_count ? sp_operation_send(o->op, &m, NULL, 0, NULL, err) : SP_OK;
}

static sp_status execute(output *o, const sp_plan *plan, sp_error *err)
{
    sp_session *s = o->op->client->session;
    sp_result_sink sink = { .context = o, .schema = on_schema, .batch = on_batch, .cancelled = &o->op->cancelled, .observed = on_observed };
    o->zone = sp_session_conf(s, "spark.sql.session.timeZone", o->arena);
    if (!o->zone)
        o->zone = "UTC";
    SP_TRY(sp_session_execute(s, o->arena, plan, &sink, err));
    if (o->batches == 0)
        SP_TRY(send_empty(o, err));
    SP_TRY(send_metrics(o, err));
    return send_observed(o, err);
}

sp_status sp_execute_relation(sp_operation *op, const pb_relation *relation, sp_error *err)
{
    sp_plan *plan;
    output o = { .op = op, .arena = op->arena, .scratch = sp_arena_new("result batch", 0) };
    sp_status status = o.scratch ? sp_operation_plan(op, op->arena, relation, &plan, err) : sp_error_memory(err, "a result");
    if (status == SP_OK)
        status = execute(&o, plan, err);
    sp_arena_free(o.scratch);
    return status;
}

/* ---- rows kept on the server ---- */

typedef struct keeper { sp_arena *arena; const sp_type *schema; sp_batch *batches; int count, cap; } keeper;

static sp_status keep_schema(void *context, const sp_type *schema, sp_error *err)
{
    keeper *k = context;
    k->schema = sp_type_copy(k->arena, schema, err);
    return k->schema ? SP_OK : SP_FAILED;
}

static sp_status keep_batch(void *context, const sp_batch *b, sp_error *err)
{
    keeper *k = context;
    if (k->count == k->cap) {
        int cap = k->cap ? k->cap * 2 : 8;
        sp_batch *list;
        SP_NEW_ARRAY(list, k->arena, cap, err);
        if (k->count)
            memcpy(list, k->batches, sizeof *list * (size_t)k->count);
        k->batches = list;
        k->cap = cap;
    }
    sp_batch *n = &k->batches[k->count];
    *n = (sp_batch){ .rows = b->sel_count, .sel_count = b->sel_count, .column_count = b->column_count };
    SP_NEW_ARRAY(n->columns, k->arena, b->column_count + 1, err);
    for (int i = 0; i < b->column_count; i++)
        if (!(n->columns[i] = sp_vec_copy(b->columns[i], b->sel, b->sel_count, k->arena, err)))
            return SP_FAILED;
    k->count++;
    return SP_OK;
}

sp_status sp_execute_collect(sp_session *s, sp_arena *a, const sp_plan *plan, const _Atomic bool *cancelled, const sp_type **schema, sp_batch **batches,
                             int *count, sp_error *err)
{
    keeper k = { .arena = a };
    sp_result_sink sink = { .context = &k, .schema = keep_schema, .batch = keep_batch, .cancelled = cancelled };
    SP_TRY(sp_session_execute(s, a, plan, &sink, err));
    *schema = k.schema;
    *batches = k.batches;
    *count = k.count;
    return SP_OK;
}
