/* operation.c -- one execution and its responses, apart from the call that carries them (ExecuteHolder, ExecuteResponseObserver and
 * ExecuteGrpcResponseSender, Spark 4.3).
 *
 *   producer   appends responses, each with an id; waits while UNSENT_MAX bytes have not been taken by a call
 *   pump       sends from next_index on, as far as the attached call takes; whoever has news calls it
 *   release    a reattachable operation keeps what it sent until the client releases it (or RETRY_BUFFER bytes came after it)
 *
 * A client that loses its connection attaches again after the last response it saw. A client that is gone ends an operation that is not
 * reattachable at once, the others when they have been detached for five minutes. */
#include "connect/connect_int.h"

enum {
    UNSENT_MAX = 8 * 1024 * 1024,
    POSTED_MAX = 64 * 1024 * 1024,     /* events for a client that does not read them */
    RETRY_BUFFER = 10 * 1024 * 1024,   /* spark.connect.execute.reattachable.observerRetryBufferSize */
    ABANDONED_KEPT = 1000
};

/* ---- life ---- */

static sp_status copy_request(sp_operation *op, const Spark__Connect__ExecutePlanRequest *r, sp_error *err)
{
    if (!(op->own = sp_arena_new("operation", 1 << 20)))
        return sp_error_memory(err, "an operation");
    SP_NEW_ARRAY(op->tags, op->own, r->n_tags + 1, err);
    for (; op->tag_count < r->n_tags; op->tag_count++)
        if (!(op->tags[op->tag_count] = sp_arena_strdup(op->own, r->tags[op->tag_count] ? r->tags[op->tag_count] : "", err)))
            return SP_FAILED;
    for (size_t i = 0; i < r->n_request_options; i++) {
        const Spark__Connect__ExecutePlanRequest__RequestOption *o = r->request_options[i];
        if (o->request_option_case == SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_REATTACH_OPTIONS)
            op->reattachable = o->reattach_options->reattachable;
        if (o->request_option_case != SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_RESULT_CHUNKING_OPTIONS)
            continue;
        op->chunked = o->result_chunking_options->allow_arrow_batch_chunking;
        op->chunk_bytes = o->result_chunking_options->has_preferred_arrow_chunk_size ? o->result_chunking_options->preferred_arrow_chunk_size : 0;
    }
    return SP_OK;
}

static sp_status register_operation(sp_client *c, sp_operation *op, sp_error *err)
{
    sp_status status;
    sp_mutex_lock(&c->lock);
    if (c->closed)
        status = SP_FAIL(err, INVALID_HANDLE__SESSION_CLOSED, "handle", c->id);
    else if (sp_strmap_has(&c->operations, sp_str_of(op->id)))
        status = SP_FAIL(err, INVALID_HANDLE__OPERATION_ALREADY_EXISTS, "handle", op->id);
    else if (sp_strmap_has(&c->abandoned, sp_str_of(op->id)))
        status = SP_FAIL(err, INVALID_HANDLE__OPERATION_ABANDONED, "handle", op->id);
    else if ((status = sp_strmap_put(&c->operations, sp_str_of(op->id), op, err)) == SP_OK)
        sp_operation_ref(op);
    sp_mutex_unlock(&c->lock);
    return status;
}

sp_status sp_operation_new(sp_client *c, sp_arena *arena, const Spark__Connect__ExecutePlanRequest *r, sp_operation **out, sp_error *err)
{
    const char *id = r->operation_id;
    if (id && *id && !sp_is_uuid(id))
        return SP_FAIL(err, INVALID_HANDLE__FORMAT, "handle", id);
    sp_operation *op = sp_calloc(sizeof *op);
    if (!op)
        return sp_error_memory(err, "an operation");
    op->refs = 1;
    op->client = sp_client_ref(c);
    op->arena = arena;
    op->request = r;
    op->detached_ns = sp_mono_ns(c->service->world);
    sp_mutex_init(&op->lock);
    sp_cond_init(&op->drained);
    if (id && *id)
        memcpy(op->id, id, sizeof op->id);
    else
        sp_uuid(c->service->world, op->id);
    sp_status status = copy_request(op, r, err);
    if (status == SP_OK)
        status = register_operation(c, op, err);
    if (status == SP_FAILED) {
        op->arena = NULL;   /* still the caller's */
        sp_operation_unref(op);
        return SP_FAILED;
    }
    *out = op;
    return SP_OK;
}

sp_operation *sp_operation_ref(sp_operation *op)
{
    op->refs++;
    return op;
}

static void free_response(sp_response *r)
{
    sp_free(r->head);
    sp_buffer_unref(r->body);
}

void sp_operation_unref(sp_operation *op)
{
    if (!op || --op->refs > 0)
        return;
    for (size_t i = 0; i < op->count; i++)
        free_response(&op->responses[(op->first + i) % op->cap]);
    sp_free(op->responses);
    sp_free(op->message);
    sp_free(op->details);
    sp_grpc_call_unref(op->call);
    sp_arena_free(op->arena);
    sp_arena_free(op->own);
    sp_cond_done(&op->drained);
    sp_mutex_done(&op->lock);
    sp_client_unref(op->client);
    sp_free(op);
}

sp_operation *sp_operation_find(sp_client *c, const char *id)
{
    sp_mutex_lock(&c->lock);
    sp_operation *op = sp_strmap_get(&c->operations, sp_str_of(id ? id : ""));
    if (op)
        sp_operation_ref(op);
    sp_mutex_unlock(&c->lock);
    return op;
}

void sp_operation_remove(sp_operation *op, bool abandoned)
{
    sp_error err = { 0 };
    sp_client *c = op->client;
    sp_operation_interrupt(op);
    sp_mutex_lock(&c->lock);
    bool mine = sp_strmap_get(&c->operations, sp_str_of(op->id)) == op;
    if (mine)
        sp_strmap_remove(&c->operations, sp_str_of(op->id));
    if (mine && abandoned) {
        sp_str oldest;
        size_t i = 0;
        if (sp_strmap_size(&c->abandoned) >= ABANDONED_KEPT && sp_strmap_next(&c->abandoned, &i, &oldest, NULL))
            sp_strmap_remove(&c->abandoned, oldest);
        (void)sp_strmap_put(&c->abandoned, sp_str_of(op->id), c, &err);
    }
    sp_mutex_unlock(&c->lock);
    if (mine)
        sp_operation_unref(op);
}

/* ---- the ring; under the operation's lock ---- */

static sp_response *at(sp_operation *op, int64_t index)
{
    return &op->responses[(op->first + (size_t)(index - op->first_index)) % op->cap];
}

static size_t response_bytes(const sp_response *r) { return r->head_n + (r->body ? r->body->size : 0); }

static void drop_first(sp_operation *op)
{
    sp_response *r = &op->responses[op->first];
    if (op->first_index < op->next_index)
        op->kept_bytes -= response_bytes(r);
    else
        op->unsent_bytes -= response_bytes(r);
    memcpy(op->dropped_id, r->id, sizeof r->id);
    free_response(r);
    op->first = (op->first + 1) % op->cap;
    op->count--;
    op->first_index++;
    if (op->next_index < op->first_index)
        op->next_index = op->first_index;
}

static bool grow(sp_operation *op)
{
    if (op->count < op->cap)
        return true;
    size_t cap = op->cap ? op->cap * 2 : 8;
    sp_response *list = sp_malloc(sizeof *list * cap);
    if (!list)
        return false;
    SP_ASSERT(op->count == 0 || op->cap > 0);
    for (size_t i = 0; i < op->count; i++)
        list[i] = op->responses[(op->first + i) % op->cap];
    sp_free(op->responses);
    op->responses = list;
    op->first = 0;
    op->cap = cap;
    return true;
}

/* ---- sending ---- */

static void sent_one(sp_operation *op, sp_response *r)
{
    size_t n = response_bytes(r);
    op->unsent_bytes -= n;
    op->kept_bytes += n;
    op->next_index++;
    while (op->first_index < op->next_index && (!op->reattachable || op->kept_bytes > RETRY_BUFFER))
        drop_first(op);
}

/* Takes the call away; the caller gives its reference back when the lock is off. */
static sp_grpc_call *take_call(sp_operation *op)
{
    sp_grpc_call *call = op->call;
    op->call = NULL;
    op->detached_ns = sp_mono_ns(op->client->service->world);
    sp_cond_broadcast(&op->drained);
    return call;
}

/* Sends what can be sent; the call to be given back when it is done with, else NULL. */
static sp_grpc_call *pump(sp_operation *op)
{
    while (op->call && op->next_index < op->first_index + (int64_t)op->count) {
        sp_response *r = at(op, op->next_index);
        sp_grpc_sent sent = sp_grpc_send_buffer(op->call, r->head, r->head_n, r->body);
        if (sent == SP_GRPC_OVER)
            return take_call(op);
        if (sent == SP_GRPC_FULL)
            return NULL;
        sent_one(op, r);
        sp_cond_broadcast(&op->drained);
    }
    if (!op->call || !op->over)
        return NULL;
    op->finished = true;
    sp_grpc_finish(op->call, op->code, op->message, op->details, op->details_n);
    return take_call(op);
}

/* After the lock is off: a finished operation nobody can attach to again leaves the map; a client that left ends it. */
static void settle(sp_operation *op, sp_grpc_call *gone)
{
    if (!gone)
        return;
    sp_grpc_call_unref(gone);
    if (!op->reattachable)
        sp_operation_remove(op, false);
}

void sp_operation_pump(sp_operation *op)
{
    sp_mutex_lock(&op->lock);
    sp_grpc_call *gone = pump(op);
    sp_mutex_unlock(&op->lock);
    settle(op, gone);
}

sp_status sp_operation_attach(sp_operation *op, sp_grpc_call *call, const char *last_id, sp_error *err)
{
    sp_grpc_call *old = NULL, *gone = NULL;
    sp_status status = SP_OK;
    sp_mutex_lock(&op->lock);
    int64_t next = op->first_index;
    if (last_id && *last_id) {
        next = strcmp(op->dropped_id, last_id) == 0 ? op->first_index : -1;
        for (size_t i = 0; i < op->count && next < 0; i++)
            if (strcmp(op->responses[(op->first + i) % op->cap].id, last_id) == 0)
                next = op->first_index + (int64_t)i + 1;
        if (next < 0)
            status = SP_FAIL(err, INVALID_CURSOR__POSITION_NOT_FOUND, "responseId", last_id);
    } else if (op->first_index > 0) {
        status = SP_FAIL(err, INVALID_CURSOR__POSITION_NOT_AVAILABLE, "responseId", "", "index", "0");
    }
    if (status == SP_OK) {
        old = op->call;
        op->call = sp_grpc_call_ref(call);
        for (; op->next_index > next; op->next_index--) {   /* sent again */
            size_t n = response_bytes(at(op, op->next_index - 1));
            op->kept_bytes -= n;
            op->unsent_bytes += n;
        }
        while (op->next_index < next)   /* seen although we never sent it on this connection */
            sent_one(op, at(op, op->next_index));
        gone = pump(op);
    }
    sp_mutex_unlock(&op->lock);
    if (old) {
        sp_error moved = { 0 };
        SP_FAIL(&moved, INVALID_CURSOR__DISCONNECTED);
        sp_connect_fail(old, NULL, &moved);
        sp_grpc_call_unref(old);
    }
    settle(op, gone);
    return status;
}

void sp_operation_detach(sp_operation *op, sp_grpc_call *call)
{
    sp_mutex_lock(&op->lock);
    sp_grpc_call *gone = op->call == call ? take_call(op) : NULL;
    sp_mutex_unlock(&op->lock);
    settle(op, gone);
}

/* ---- producing ---- */

static sp_status canceled(sp_error *err) { return SP_FAIL(err, OPERATION_CANCELED); }

/* Waits until there is room for another response. Under the lock. */
static sp_status wait_for_room(sp_operation *op, sp_error *err)
{
    while (op->unsent_bytes > UNSENT_MAX && !op->cancelled)
        sp_cond_wait(&op->drained, &op->lock);
    return op->cancelled ? canceled(err) : SP_OK;
}

static sp_status make_response(sp_operation *op, Spark__Connect__ExecutePlanResponse *m, const char *tail, size_t tail_n, sp_buffer *body,
                               sp_response *out, sp_error *err)
{
    *out = (sp_response){ 0 };
    sp_uuid(op->client->service->world, out->id);
    m->session_id = op->client->id;
    m->server_side_session_id = op->client->server_id;
    m->operation_id = op->id;
    m->response_id = out->id;
    size_t n;
    if (!(out->head = sp_connect_pack(&m->base, tail_n, &n, err)))
        return SP_FAILED;
    if (tail_n)
        memcpy(out->head + n, tail, tail_n);
    out->head_n = n + tail_n;
    out->body = body ? sp_buffer_ref(body) : NULL;
    return SP_OK;
}

static sp_status append(sp_operation *op, Spark__Connect__ExecutePlanResponse *m, const char *tail, size_t tail_n, sp_buffer *body, bool wait, bool last,
                        sp_error *err)
{
    sp_response r;
    SP_TRY(make_response(op, m, tail, tail_n, body, &r, err));
    sp_mutex_lock(&op->lock);
    sp_grpc_call *gone = NULL;
    sp_status status = wait ? wait_for_room(op, err) : SP_OK;
    if (status == SP_OK && (op->over || op->unsent_bytes > POSTED_MAX))
        status = canceled(err);
    if (status == SP_OK && !grow(op))
        status = sp_error_memory(err, "a response");
    if (status == SP_OK) {
        op->responses[(op->first + op->count++) % op->cap] = r;
        op->unsent_bytes += response_bytes(&r);
        if (last) {
            op->over = true;
            op->state = OP_SUCCEEDED;
        }
        gone = pump(op);
    }
    sp_mutex_unlock(&op->lock);
    if (status == SP_FAILED)
        free_response(&r);
    settle(op, gone);
    return status;
}

sp_status sp_operation_send(sp_operation *op, Spark__Connect__ExecutePlanResponse *m, const char *tail, size_t tail_n, sp_buffer *body,
                            sp_error *err)
{
    return append(op, m, tail, tail_n, body, true, false, err);
}

sp_status sp_operation_post(sp_operation *op, Spark__Connect__ExecutePlanResponse *m, sp_error *err)
{
    return append(op, m, NULL, 0, NULL, false, false, err);
}

/* ---- ending ---- */

static void end(sp_operation *op, sp_operation_state state, sp_grpc_code code, char *message, char *details, size_t details_n)
{
    sp_mutex_lock(&op->lock);
    sp_grpc_call *gone = NULL;
    bool taken = !op->over;
    if (taken) {
        op->over = true;
        op->state = state;
        op->code = code;
        op->message = message;
        op->details = details;
        op->details_n = details_n;
        gone = pump(op);
    }
    sp_mutex_unlock(&op->lock);
    if (!taken) {
        sp_free(message);
        sp_free(details);
    }
    settle(op, gone);
}

/* The last call of a Python client that leaves without stop() is made while its interpreter ends. It does not wait for the trailers behind the last
 * response; when they come at that very moment, the thread of grpcio that handles them is frozen holding the lock of the call, and the exit
 * waits for it for ever. So they come later, mostly
 * to nobody. */
static void linger(sp_operation *op)
{
    enum { LINGER_US = 500000, STEP_US = 50000 };
    sp_mutex_lock(&op->lock);
    for (int us = 0; us < LINGER_US && op->call && !op->cancelled; us += STEP_US)
        sp_cond_wait_us(&op->drained, &op->lock, STEP_US);
    sp_mutex_unlock(&op->lock);
    end(op, OP_SUCCEEDED, SP_GRPC_OK, NULL, NULL, 0);
}

void sp_operation_complete(sp_operation *op)
{
    sp_error err = { 0 };
    if (!op->reattachable) {
        end(op, OP_SUCCEEDED, SP_GRPC_OK, NULL, NULL, 0);
        return;
    }
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__ExecutePlanResponse__ResultComplete done = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESULT_COMPLETE__INIT;
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_RESULT_COMPLETE;
    m.result_complete = &done;
    if (append(op, &m, NULL, 0, NULL, false, !op->linger, &err) == SP_FAILED)
        sp_operation_fail(op, &err);
    else if (op->linger)
        linger(op);
}

void sp_operation_fail(sp_operation *op, const sp_error *err)
{
    char *message, *details;
    size_t n;
    sp_error interrupted = { 0 };
    if (op->cancelled) {   /* whatever it stumbled over, it was interrupted */
        SP_FAIL(&interrupted, OPERATION_CANCELED);
        err = &interrupted;
    }
    sp_connect_status(op->client, err, &message, &details, &n);
    end(op, op->cancelled ? OP_CANCELLED : OP_FAILED, SP_GRPC_INTERNAL, message, details, n);
}

void sp_operation_interrupt(sp_operation *op)
{
    sp_mutex_lock(&op->lock);
    op->cancelled = true;
    bool unattended = op->unattended && !op->over;
    sp_cond_broadcast(&op->drained);
    sp_mutex_unlock(&op->lock);
    sp_error err = { 0 };
    if (unattended)
        sp_operation_fail(op, &err);
}

bool sp_operation_release(sp_operation *op, const char *until)
{
    sp_mutex_lock(&op->lock);
    if (until) {
        size_t n = 0;
        for (size_t i = 0; i < op->count && !n; i++)
            if (strcmp(op->responses[(op->first + i) % op->cap].id, until) == 0)
                n = i + 1;
        while (n--)
            drop_first(op);
    }
    sp_mutex_unlock(&op->lock);
    return !until;
}
