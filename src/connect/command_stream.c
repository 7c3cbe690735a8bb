/* command_stream.c -- writeStream.start(), the commands of one streaming query and of the query manager (SparkConnectPlanner's
 * handleWriteStreamOperationStart, handleStreamingQueryCommand and handleStreamingQueryManagerCommand, Spark 4.3). */
#include "connect/connect_int.h"
#include "connect/planner_int.h"

/* ---- start ---- */

static sp_status trigger(const Spark__Connect__WriteStreamOperationStart *m, sp_stream_spec *w, sp_error *err)
{
    switch ((int)m->trigger_case) {
    case SPARK__CONNECT__WRITE_STREAM_OPERATION_START__TRIGGER_PROCESSING_TIME_INTERVAL:
        w->trigger = SP_TRIGGER_INTERVAL;
        w->interval = pb_str(m->processing_time_interval);
        return SP_OK;
    case SPARK__CONNECT__WRITE_STREAM_OPERATION_START__TRIGGER_AVAILABLE_NOW: w->trigger = SP_TRIGGER_AVAILABLE_NOW; return SP_OK;
    case SPARK__CONNECT__WRITE_STREAM_OPERATION_START__TRIGGER_ONCE: w->trigger = SP_TRIGGER_ONCE; return SP_OK;
    case SPARK__CONNECT__WRITE_STREAM_OPERATION_START__TRIGGER_CONTINUOUS_CHECKPOINT_INTERVAL:
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Continuous processing is not supported by Spate; its micro-batches take about a millisecond");
    case SPARK__CONNECT__WRITE_STREAM_OPERATION_START__TRIGGER_REAL_TIME_BATCH_DURATION:
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Real-time mode is not supported by Spate; its micro-batches take about a millisecond");
    default: w->trigger = SP_TRIGGER_DEFAULT; return SP_OK;
    }
}

static sp_str optional(const char *s) { return pb_has(s) ? sp_str_of(s) : (sp_str){ 0 }; }

static sp_status stream_spec(sp_operation *op, const Spark__Connect__WriteStreamOperationStart *m, sp_stream_spec *w, sp_error *err)
{
    sp_planner p = { .arena = op->arena };
    sp_plan *plan;
    sp_str *columns;
    if (m->foreach_writer)
        return sp_planner_python(err, "foreach", NULL);
    if (m->foreach_batch)
        return sp_planner_python(err, "foreachBatch", NULL);
    SP_TRY(sp_operation_plan(op, op->arena, m->input, &plan, err));
    *w = (sp_stream_spec){ .input = plan, .format = optional(m->format), .query_name = optional(m->query_name), .output_mode = optional(m->output_mode) };
    if (m->sink_destination_case == SPARK__CONNECT__WRITE_STREAM_OPERATION_START__SINK_DESTINATION_PATH)
        w->path = pb_str(m->path);
    else if (m->sink_destination_case == SPARK__CONNECT__WRITE_STREAM_OPERATION_START__SINK_DESTINATION_TABLE_NAME)
        w->table = pb_str(m->table_name);
    if (m->n_clustering_column_names)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "clusterBy is not supported by Spate's streaming sinks");
    SP_TRY(sp_planner_strings(&p, m->n_partitioning_column_names, m->partitioning_column_names, &columns, &w->partition_column_count, err));
    w->partition_columns = columns;
    SP_TRY(SP_PLANNER_OPTIONS(op->arena, m->n_options, m->options, &w->options, err));
    return trigger(m, w, err);
}

static sp_status answer_started(sp_operation *op, const sp_query *q, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__WriteStreamOperationStartResult r = SPARK__CONNECT__WRITE_STREAM_OPERATION_START_RESULT__INIT;
    Spark__Connect__StreamingQueryInstanceId id = SPARK__CONNECT__STREAMING_QUERY_INSTANCE_ID__INIT;
    sp_buf event = { 0 };
    sp_query_started_event(q, &event);
    id.id = (char *)sp_query_id(q);
    id.run_id = (char *)sp_query_run_id(q);
    r.query_id = &id;
    r.name = (char *)(sp_query_name(q) ? sp_query_name(q) : "");
    r.query_started_event_json = (char *)sp_buf_cstr(&event);
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_WRITE_STREAM_OPERATION_START_RESULT;
    m.write_stream_operation_start_result = &r;
    sp_status status = sp_operation_send(op, &m, NULL, 0, NULL, err);
    sp_buf_done(&event);
    return status;
}

sp_status sp_command_write_stream(sp_operation *op, const Spark__Connect__WriteStreamOperationStart *m, sp_error *err)
{
    sp_stream_spec w;
    sp_query *q;
    SP_TRY(stream_spec(op, m, &w, err));
    SP_TRY(sp_session_start_stream(op->client->session, op->arena, &w, &q, err));
    op->arena = NULL;   /* the query's now, with the request in it */
    op->request = NULL;
    sp_status status = answer_started(op, q, err);
    sp_query_unref(q);
    return status;
}

/* ---- one query ---- */

static sp_status find_query(sp_operation *op, const Spark__Connect__StreamingQueryInstanceId *id, sp_query **out, sp_error *err)
{
    sp_query_manager *m = sp_session_queries(op->client->session);
    const char *query = id && id->id ? id->id : "", *run = id && id->run_id ? id->run_id : "";
    *out = sp_query_manager_find(m, query, run);
    if (*out)
        return SP_OK;
    sp_query *other = sp_query_manager_get(m, query);
    if (!other)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__STREAMING_QUERY_NOT_FOUND, "id", query);
    SP_FAIL(err, CONNECT_INVALID_PLAN__STREAMING_QUERY_RUN_ID_MISMATCH, "id", query, "runId", run, "serverRunId", sp_query_run_id(other));
    sp_query_unref(other);
    return SP_FAILED;
}

/* An answer being made: the parts that results point to. */
typedef struct query_answer {
    Spark__Connect__StreamingQueryCommandResult r;
    Spark__Connect__StreamingQueryCommandResult__StatusResult status;
    Spark__Connect__StreamingQueryCommandResult__RecentProgressResult progress;
    Spark__Connect__StreamingQueryCommandResult__ExplainResult explain;
    Spark__Connect__StreamingQueryCommandResult__ExceptionResult exception;
    Spark__Connect__StreamingQueryCommandResult__AwaitTerminationResult await;
} query_answer;

static sp_status ask_status(sp_operation *op, sp_query *q, query_answer *a, sp_error *err)
{
    sp_query_status s;
    SP_TRY(sp_query_get_status(q, op->arena, &s, err));
    spark__connect__streaming_query_command_result__status_result__init(&a->status);
    a->status.status_message = s.message;
    a->status.is_data_available = s.data_available;
    a->status.is_trigger_active = s.trigger_active;
    a->status.is_active = s.active;
    a->r.result_type_case = SPARK__CONNECT__STREAMING_QUERY_COMMAND_RESULT__RESULT_TYPE_STATUS;
    a->r.status = &a->status;
    return SP_OK;
}

static sp_status ask_progress(sp_operation *op, sp_query *q, bool last, query_answer *a, sp_error *err)
{
    sp_str one, *list = &one;
    int count = 1;
    if (last)
        SP_TRY(sp_query_last_progress(q, op->arena, &one, err));
    else
        SP_TRY(sp_query_recent_progress(q, op->arena, &list, &count, err));
    if (last && !one.p)
        count = 0;
    spark__connect__streaming_query_command_result__recent_progress_result__init(&a->progress);
    SP_NEW_ARRAY(a->progress.recent_progress_json, op->arena, count + 1, err);
    for (int i = 0; i < count; i++)
        if (!(a->progress.recent_progress_json[a->progress.n_recent_progress_json++] = sp_arena_strndup(op->arena, list[i].p, list[i].n, err)))
            return SP_FAILED;
    a->r.result_type_case = SPARK__CONNECT__STREAMING_QUERY_COMMAND_RESULT__RESULT_TYPE_RECENT_PROGRESS;
    a->r.recent_progress = &a->progress;
    return SP_OK;
}

static sp_status ask_explain(sp_operation *op, sp_query *q, bool extended, query_answer *a, sp_error *err)
{
    sp_buf text = { 0 };
    sp_status status = sp_query_explain(q, extended, &text, err);
    spark__connect__streaming_query_command_result__explain_result__init(&a->explain);
    if (status == SP_OK && !(a->explain.result = sp_arena_strdup(op->arena, sp_buf_cstr(&text), err)))
        status = SP_FAILED;
    sp_buf_done(&text);
    a->r.result_type_case = SPARK__CONNECT__STREAMING_QUERY_COMMAND_RESULT__RESULT_TYPE_EXPLAIN;
    a->r.explain = &a->explain;
    return status;
}

/* StreamingQueryException.toString: the class, the cause's message, which query it was. */
static void exception_text(const sp_error *e, const sp_query *q, sp_buf *out)
{
    const char *cause = NULL;
    for (int i = 0; i < e->param_count; i++)
        if (strcmp(e->param_keys[i], "message") == 0)
            cause = e->param_values[i];
    sp_buf_printf(out, "%s: ", sp_error_class(e));
    if (cause)
        sp_buf_puts(out, cause);
    else
        sp_error_message(e, out);
    sp_buf_printf(out, "\n=== Streaming Query ===\nIdentifier: %s%s[id = %s, runId = %s]", sp_query_name(q) ? sp_query_name(q) : "",
                  sp_query_name(q) ? " " : "", sp_query_id(q), sp_query_run_id(q));
}

static sp_status ask_exception(sp_operation *op, sp_query *q, query_answer *a, sp_error *err)
{
    sp_error e = { .arena = op->arena };
    if (!sp_query_exception(q, op->arena, &e))
        return SP_OK;
    sp_buf text = { 0 };
    exception_text(&e, q, &text);
    spark__connect__streaming_query_command_result__exception_result__init(&a->exception);
    a->exception.exception_message = sp_arena_strdup(op->arena, sp_buf_cstr(&text), err);
    a->exception.error_class = e.condition != SP_COND_NONE ? (char *)sp_condition_info(e.condition)->name : NULL;
    sp_buf_done(&text);
    a->r.result_type_case = SPARK__CONNECT__STREAMING_QUERY_COMMAND_RESULT__RESULT_TYPE_EXCEPTION;
    a->r.exception = &a->exception;
    return a->exception.exception_message ? SP_OK : SP_FAILED;
}

static sp_status ask_await(sp_operation *op, sp_query *q, const Spark__Connect__StreamingQueryCommand__AwaitTerminationCommand *c, query_answer *a,
                           sp_error *err)
{
    bool terminated = false;
    SP_TRY(sp_query_await(q, c->has_timeout_ms ? c->timeout_ms : -1, &op->cancelled, &terminated, err));
    spark__connect__streaming_query_command_result__await_termination_result__init(&a->await);
    a->await.terminated = terminated;
    a->r.result_type_case = SPARK__CONNECT__STREAMING_QUERY_COMMAND_RESULT__RESULT_TYPE_AWAIT_TERMINATION;
    a->r.await_termination = &a->await;
    return SP_OK;
}

static sp_status ask(sp_operation *op, sp_query *q, const Spark__Connect__StreamingQueryCommand *c, query_answer *a, sp_error *err)
{
    switch ((int)c->command_case) {
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_STATUS: return ask_status(op, q, a, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_LAST_PROGRESS: return ask_progress(op, q, true, a, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_RECENT_PROGRESS: return ask_progress(op, q, false, a, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_STOP: return sp_query_stop(q, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_PROCESS_ALL_AVAILABLE: return sp_query_process_all(q, &op->cancelled, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_EXPLAIN: return ask_explain(op, q, c->explain->extended, a, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_EXCEPTION: return ask_exception(op, q, a, err);
    case SPARK__CONNECT__STREAMING_QUERY_COMMAND__COMMAND_AWAIT_TERMINATION: return ask_await(op, q, c->await_termination, a, err);
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.StreamingQueryCommand", "name", "command");
    }
}

sp_status sp_command_query(sp_operation *op, const Spark__Connect__StreamingQueryCommand *c, sp_error *err)
{
    sp_query *q;
    SP_TRY(find_query(op, c->query_id, &q, err));
    query_answer a;
    spark__connect__streaming_query_command_result__init(&a.r);
    a.r.query_id = c->query_id;
    sp_status status = ask(op, q, c, &a, err);
    if (status == SP_OK) {
        Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
        m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_STREAMING_QUERY_COMMAND_RESULT;
        m.streaming_query_command_result = &a.r;
        status = sp_operation_send(op, &m, NULL, 0, NULL, err);
    }
    sp_query_unref(q);
    return status;
}

/* ---- the manager ---- */

typedef Spark__Connect__StreamingQueryManagerCommandResult manager_result;
typedef Spark__Connect__StreamingQueryManagerCommandResult__StreamingQueryInstance instance;

static sp_status make_instance(sp_arena *a, const sp_query *q, instance **out, sp_error *err)
{
    SP_NEW(*out, a, sizeof **out, err);
    spark__connect__streaming_query_manager_command_result__streaming_query_instance__init(*out);
    SP_NEW((*out)->id, a, sizeof *(*out)->id, err);
    spark__connect__streaming_query_instance_id__init((*out)->id);
    (*out)->id->id = sp_arena_strdup(a, sp_query_id(q), err);
    (*out)->id->run_id = sp_arena_strdup(a, sp_query_run_id(q), err);
    (*out)->name = sp_query_name(q) ? sp_arena_strdup(a, sp_query_name(q), err) : NULL;
    return (*out)->id->id && (*out)->id->run_id ? SP_OK : SP_FAILED;
}

static sp_status active(sp_operation *op, sp_query_manager *m, manager_result *r, sp_error *err)
{
    sp_query **queries;
    int count;
    Spark__Connect__StreamingQueryManagerCommandResult__ActiveResult *list;
    SP_TRY(sp_query_manager_active(m, op->arena, &queries, &count, err));
    list = sp_arena_calloc(op->arena, sizeof *list, err);
    instance **items = sp_arena_calloc(op->arena, sizeof *items * (size_t)(count + 1), err);
    sp_status status = list && items ? SP_OK : SP_FAILED;
    if (status == SP_OK) {
        spark__connect__streaming_query_manager_command_result__active_result__init(list);
        list->active_queries = items;
        r->result_type_case = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__RESULT_TYPE_ACTIVE;
        r->active = list;
    }
    for (int i = 0; i < count; i++) {
        if (status == SP_OK)
            status = make_instance(op->arena, queries[i], &items[list->n_active_queries++], err);
        sp_query_unref(queries[i]);
    }
    return status;
}

static sp_status get_query(sp_operation *op, sp_query_manager *m, const char *id, manager_result *r, sp_error *err)
{
    if (!sp_is_uuid(id))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid UUID string: %s", id ? id : "");
    sp_query *q = sp_query_manager_get(m, id);
    if (!q)
        return SP_OK;
    r->result_type_case = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__RESULT_TYPE_QUERY;
    sp_status status = make_instance(op->arena, q, &r->query, err);
    sp_query_unref(q);
    return status;
}

static sp_status await_any(sp_operation *op, sp_query_manager *m, const Spark__Connect__StreamingQueryManagerCommand__AwaitAnyTerminationCommand *c,
                           manager_result *r, sp_error *err)
{
    bool terminated = false;
    SP_TRY(sp_query_manager_await_any(m, c->has_timeout_ms ? c->timeout_ms : -1, &op->cancelled, &terminated, err));
    SP_NEW(r->await_any_termination, op->arena, sizeof *r->await_any_termination, err);
    spark__connect__streaming_query_manager_command_result__await_any_termination_result__init(r->await_any_termination);
    r->await_any_termination->terminated = terminated;
    r->result_type_case = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__RESULT_TYPE_AWAIT_ANY_TERMINATION;
    return SP_OK;
}

static sp_status manage(sp_operation *op, const Spark__Connect__StreamingQueryManagerCommand *c, manager_result *r, sp_error *err)
{
    sp_query_manager *m = sp_session_queries(op->client->session);
    switch ((int)c->command_case) {
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_ACTIVE: return active(op, m, r, err);
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_GET_QUERY: return get_query(op, m, c->get_query, r, err);
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_AWAIT_ANY_TERMINATION: return await_any(op, m, c->await_any_termination, r, err);
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_RESET_TERMINATED:
        sp_query_manager_reset_terminated(m);
        r->result_type_case = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__RESULT_TYPE_RESET_TERMINATED;
        r->reset_terminated = true;
        return SP_OK;
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_LIST_LISTENERS:
        SP_NEW(r->list_listeners, op->arena, sizeof *r->list_listeners, err);
        spark__connect__streaming_query_manager_command_result__list_streaming_query_listener_result__init(r->list_listeners);
        r->result_type_case = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__RESULT_TYPE_LIST_LISTENERS;
        return SP_OK;
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_ADD_LISTENER:
    case SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND__COMMAND_REMOVE_LISTENER:
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "A listener of the Java virtual machine cannot run in Spate");
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.StreamingQueryManagerCommand", "name", "command");
    }
}

sp_status sp_command_manager(sp_operation *op, const Spark__Connect__StreamingQueryManagerCommand *c, sp_error *err)
{
    manager_result r = SPARK__CONNECT__STREAMING_QUERY_MANAGER_COMMAND_RESULT__INIT;
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    SP_TRY(manage(op, c, &r, err));
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_STREAMING_QUERY_MANAGER_COMMAND_RESULT;
    m.streaming_query_manager_command_result = &r;
    return sp_operation_send(op, &m, NULL, 0, NULL, err);
}
