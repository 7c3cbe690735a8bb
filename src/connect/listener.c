/* listener.c -- the listener bus: one long stream of a session, on which the events of its queries travel to the client's listeners
 * (SparkConnectListenerBusListener, ServerSideListenerHolder, Spark 4.3).
 *
 * The stream has no thread: a query's own thread posts its events. QueryStarted is not among them: it comes with the answer to start(). */
#include "connect/connect_int.h"

static sp_status post(sp_operation *op, Spark__Connect__StreamingQueryListenerEventsResult *r, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_STREAMING_QUERY_LISTENER_EVENTS_RESULT;
    m.streaming_query_listener_events_result = r;
    return sp_operation_post(op, &m, err);
}

/* On the query's thread; an operation that is over takes nothing more. */
static void on_event(void *context, sp_event_kind kind, sp_str json)
{
    static const Spark__Connect__StreamingQueryEventType types[] = {
        [SP_EVENT_STARTED] = SPARK__CONNECT__STREAMING_QUERY_EVENT_TYPE__QUERY_PROGRESS_UNSPECIFIED,
        [SP_EVENT_PROGRESS] = SPARK__CONNECT__STREAMING_QUERY_EVENT_TYPE__QUERY_PROGRESS_EVENT,
        [SP_EVENT_IDLE] = SPARK__CONNECT__STREAMING_QUERY_EVENT_TYPE__QUERY_IDLE_EVENT,
        [SP_EVENT_TERMINATED] = SPARK__CONNECT__STREAMING_QUERY_EVENT_TYPE__QUERY_TERMINATED_EVENT,
    };
    Spark__Connect__StreamingQueryListenerEventsResult r = SPARK__CONNECT__STREAMING_QUERY_LISTENER_EVENTS_RESULT__INIT;
    Spark__Connect__StreamingQueryListenerEvent e = SPARK__CONNECT__STREAMING_QUERY_LISTENER_EVENT__INIT, *events[1] = { &e };
    sp_error err = { 0 };
    sp_buf text = { 0 };
    if (kind == SP_EVENT_STARTED)
        return;
    sp_buf_add(&text, json.p, json.n);
    e.event_json = (char *)sp_buf_cstr(&text);
    e.event_type = types[kind];
    r.events = events;
    r.n_events = 1;
    if (post(context, &r, &err) == SP_FAILED)
        sp_log(SP_LOG_DEBUG, "a listener's event was not sent");
    sp_buf_done(&text);
}

/* Takes the bus off the client; referenced, NULL: none. */
static sp_operation *take_bus(sp_client *c, int *handle)
{
    sp_mutex_lock(&c->lock);
    sp_operation *op = c->bus;
    *handle = c->bus_handle;
    c->bus = NULL;
    sp_mutex_unlock(&c->lock);
    return op;
}

void sp_bus_close(sp_client *c)
{
    int handle;
    sp_operation *op = take_bus(c, &handle);
    if (!op)
        return;
    sp_query_manager_unlisten(sp_session_queries(c->session), handle);
    sp_operation_complete(op);
    sp_operation_unref(op);
}

/* A bus whose stream has ended (interrupted, abandoned) makes room for a new one. */
static bool is_open(sp_client *c)
{
    sp_mutex_lock(&c->lock);
    bool open = c->bus != NULL, over = false;
    if (open) {
        sp_mutex_lock(&c->bus->lock);
        over = c->bus->over;
        sp_mutex_unlock(&c->bus->lock);
    }
    sp_mutex_unlock(&c->lock);
    if (over)
        sp_bus_close(c);
    return open && !over;
}

static sp_status add(sp_operation *op, bool *goes_on, sp_error *err)
{
    sp_client *c = op->client;
    Spark__Connect__StreamingQueryListenerEventsResult r = SPARK__CONNECT__STREAMING_QUERY_LISTENER_EVENTS_RESULT__INIT;
    r.has_listener_bus_listener_added = r.listener_bus_listener_added = true;
    SP_TRY(post(op, &r, err));
    if (is_open(c))
        return SP_OK;
    int handle = sp_query_manager_listen(sp_session_queries(c->session), on_event, op, err);
    if (!handle)
        return SP_FAILED;
    sp_mutex_lock(&op->lock);
    op->unattended = true;
    sp_mutex_unlock(&op->lock);
    sp_mutex_lock(&c->lock);
    bool taken = c->bus == NULL && !c->closed;
    if (taken) {
        c->bus = sp_operation_ref(op);
        c->bus_handle = handle;
    }
    sp_mutex_unlock(&c->lock);
    if (!taken)
        sp_query_manager_unlisten(sp_session_queries(c->session), handle);
    *goes_on = taken;
    if (taken && op->cancelled)   /* interrupted before it could be noticed */
        sp_operation_interrupt(op);
    return SP_OK;
}

sp_status sp_command_bus(sp_operation *op, const Spark__Connect__StreamingQueryListenerBusCommand *b, bool *goes_on, sp_error *err)
{
    switch ((int)b->command_case) {
    case SPARK__CONNECT__STREAMING_QUERY_LISTENER_BUS_COMMAND__COMMAND_ADD_LISTENER_BUS_LISTENER: return add(op, goes_on, err);
    case SPARK__CONNECT__STREAMING_QUERY_LISTENER_BUS_COMMAND__COMMAND_REMOVE_LISTENER_BUS_LISTENER: sp_bus_close(op->client); return SP_OK;
    default:
        return SP_FAIL(err, INVALID_PARAMETER_VALUE__STREAMING_LISTENER_COMMAND_MISSING, "parameter", "command", "functionName",
                       "`StreamingQueryListenerBusCommand`");
    }
}
