/* grpc_call.c -- one gRPC call: the bounded queue between a worker and the connection, how it ends, and the ready
 * list.
 *
 *   worker: send -> queue -> ready list -> wake
 *   loop:   ready list -> grpc_session_serve -> nghttp2 asks for bytes -> grpc_call_take
 *
 * A queue takes a message while it holds less than send_queue_bytes, so that it never holds more than that and one
 * message. */
#include "connect/grpc_int.h"

_Thread_local const grpc_core *grpc_loop_core;

enum {
    TRAILER_BYTES = 7680,      /* gRPC clients refuse metadata from 8 KB on; the fixed headers take the rest */
    MESSAGE_BYTES_MIN = 512
};

/* ---- core ---- */

grpc_core *grpc_core_new(const sp_grpc_options *o, sp_error *err)
{
    grpc_core *core = sp_calloc(sizeof *core);
    if (!core) {
        sp_error_memory(err, "the gRPC server");
        return NULL;
    }
    core->refs = 1;
    core->world = o->world ? o->world : sp_world_real();
    core->methods = o->methods;
    core->method_count = o->method_count;
    core->service = o->service;
    core->max_message_bytes = o->max_message_bytes ? o->max_message_bytes : (size_t)128 << 20;
    core->send_queue_bytes = o->send_queue_bytes ? o->send_queue_bytes : (size_t)4 << 20;
    core->max_streams = o->max_streams ? o->max_streams : 1024;
    core->next_deadline_ns = INT64_MAX;
    sp_mutex_init(&core->lock);
    sp_cond_init(&core->idle);
    if (o->token && *o->token) {
        core->bearer_n = strlen(o->token) + sizeof "Bearer " - 1;
        core->bearer = sp_malloc(core->bearer_n + 1);
        if (core->bearer) {
            memcpy(core->bearer, "Bearer ", sizeof "Bearer " - 1);
            memcpy(core->bearer + sizeof "Bearer " - 1, o->token, strlen(o->token) + 1);
        } else {
            sp_error_memory(err, "the gRPC server");
            goto failed;
        }
    }
    if (grpc_session_setup(core, err) == SP_OK)
        return core;
failed:
    grpc_core_unref(core);
    return NULL;
}

void grpc_core_unref(grpc_core *core)
{
    if (!core || --core->refs > 0)
        return;
    nghttp2_session_callbacks_del(core->callbacks);
    nghttp2_option_del(core->h2_option);
    sp_waker_free(core->waker);
    sp_cond_done(&core->idle);
    sp_mutex_done(&core->lock);
    sp_free(core->bearer);
    sp_free(core);
}

static sp_grpc_call *pop_ready(grpc_core *core)
{
    sp_mutex_lock(&core->lock);
    sp_grpc_call *call = core->ready_first;
    if (call) {
        core->ready_first = call->ready_next;
        if (!core->ready_first)
            core->ready_last = NULL;
        call->ready_next = NULL;
        call->listed = false;
    }
    sp_mutex_unlock(&core->lock);
    return call;
}

void grpc_core_run_ready(grpc_core *core)
{
    for (sp_grpc_call *call; (call = pop_ready(core)); sp_grpc_call_unref(call))
        grpc_session_serve(call);
}

bool grpc_core_has_ready(grpc_core *core)
{
    sp_mutex_lock(&core->lock);
    bool has = core->ready_first != NULL;
    sp_mutex_unlock(&core->lock);
    return has;
}

void grpc_call_mark_ready(sp_grpc_call *call)
{
    grpc_core *core = call->core;
    bool first = false;
    sp_mutex_lock(&core->lock);
    if (!call->listed) {
        call->listed = true;
        sp_grpc_call_ref(call);
        first = core->ready_first == NULL;
        if (core->ready_last)
            core->ready_last->ready_next = call;
        else
            core->ready_first = call;
        core->ready_last = call;
    }
    sp_mutex_unlock(&core->lock);
    /* Whoever made the list non-empty woke the loop already; the loop itself looks at the list before it sleeps. */
    if (first && grpc_loop_core != core && core->waker)
        sp_waker_wake(core->waker);
}

/* ---- life ---- */

sp_grpc_call *grpc_call_new(grpc_session *session, int32_t stream_id)
{
    sp_grpc_call *call = sp_calloc(sizeof *call);
    if (!call)
        return NULL;
    grpc_core *core = session->core;
    call->refs = 1;
    call->core = core;
    core->refs++;
    call->session = session;
    call->stream_id = stream_id;
    call->deadline_ns = INT64_MAX;
    sp_mutex_init(&call->lock);
    sp_cond_init(&call->room);
    sp_mutex_lock(&core->lock);
    core->open_calls++;
    sp_mutex_unlock(&core->lock);
    return call;
}

sp_grpc_call *sp_grpc_call_ref(sp_grpc_call *call)
{
    call->refs++;
    return call;
}

static void drop_queue(sp_grpc_call *call)
{
    for (grpc_piece *p; (p = call->first);) {
        call->first = p->next;
        sp_buffer_unref(p->body);
        sp_free(p);
    }
    call->last = NULL;
    call->queued = 0;
}

void sp_grpc_call_unref(sp_grpc_call *call)
{
    if (!call || --call->refs > 0)
        return;
    if (call->started && call->method->released)
        call->method->released(call);
    drop_queue(call);
    grpc_inbox_done(&call->inbox);
    sp_buffer_unref(call->unary);
    sp_buf_done(&call->metadata);
    sp_free(call->message);
    sp_free(call->details);
    sp_cond_done(&call->room);
    sp_mutex_done(&call->lock);
    grpc_core_unref(call->core);
    sp_free(call);
}

void sp_grpc_call_set_user(sp_grpc_call *call, void *user) { call->user = user; }
void *sp_grpc_call_user(const sp_grpc_call *call) { return call->user; }
void *sp_grpc_call_service(const sp_grpc_call *call) { return call->core->service; }
const sp_grpc_method *sp_grpc_call_method(const sp_grpc_call *call) { return call->method; }
bool sp_grpc_cancelled(const sp_grpc_call *call) { return call->cancelled; }

/* ---- metadata ---- */

bool grpc_call_add_metadata(sp_grpc_call *call, const uint8_t *name, size_t name_n, const uint8_t *value,
                            size_t value_n)
{
    if (call->metadata.len + name_n + value_n + 2 > GRPC_METADATA_MAX)
        return false;
    sp_buf_add(&call->metadata, name, name_n);
    sp_buf_putc(&call->metadata, 0);
    sp_buf_add(&call->metadata, value, value_n);
    sp_buf_putc(&call->metadata, 0);
    return !call->metadata.failed;
}

const char *sp_grpc_metadata(const sp_grpc_call *call, const char *name)
{
    const char *p = call->metadata.data, *end = p ? p + call->metadata.len : p;
    while (p < end) {
        const char *value = p + strlen(p) + 1;
        if (strcmp(p, name) == 0)
            return value;
        p = value + strlen(value) + 1;
    }
    return NULL;
}

/* ---- sending ---- */

static grpc_piece *piece_new(const void *head, size_t head_n, sp_buffer *body)
{
    size_t size = head_n + (body ? body->size : 0);
    grpc_piece *p = size <= UINT32_MAX ? sp_malloc(sizeof *p + GRPC_MESSAGE_HEAD + head_n) : NULL;
    if (!p)
        return NULL;
    *p = (grpc_piece){ .body = body && body->size ? sp_buffer_ref(body) : NULL, .head_n = GRPC_MESSAGE_HEAD + head_n,
                       .size = GRPC_MESSAGE_HEAD + size };
    p->head[0] = 0;
    for (int i = 0; i < 4; i++)
        p->head[1 + i] = (char)(size >> (24 - 8 * i) & 0xff);
    if (head_n)
        memcpy(p->head + GRPC_MESSAGE_HEAD, head, head_n);
    return p;
}

typedef enum { WHEN_FULL_REFUSE, WHEN_FULL_WAIT, WHEN_FULL_TAKE } when_full;

/* call->lock is held. Takes the piece unless the answer is FULL or OVER. */
static sp_grpc_sent enqueue(sp_grpc_call *call, grpc_piece *p, when_full full)
{
    for (;;) {
        if (call->finished || call->cancelled || call->out_of_memory)
            return SP_GRPC_OVER;
        if (call->queued < call->core->send_queue_bytes || full == WHEN_FULL_TAKE)
            break;
        if (full == WHEN_FULL_REFUSE) {
            call->was_full = true;
            return SP_GRPC_FULL;
        }
        sp_cond_wait(&call->room, &call->lock);
    }
    if (!p) {
        call->out_of_memory = true;      /* the loop ends the call */
        return SP_GRPC_OVER;
    }
    if (call->last)
        call->last->next = p;
    else
        call->first = p;
    call->last = p;
    call->queued += p->size;
    return SP_GRPC_SENT;
}

static sp_grpc_sent send_piece(sp_grpc_call *call, const void *head, size_t head_n, sp_buffer *body, when_full full)
{
    grpc_piece *p = piece_new(head, head_n, body);
    sp_mutex_lock(&call->lock);
    sp_grpc_sent sent = enqueue(call, p, full);
    bool ready = sent == SP_GRPC_SENT || call->out_of_memory;
    sp_mutex_unlock(&call->lock);
    if (ready)
        grpc_call_mark_ready(call);
    if (sent != SP_GRPC_SENT && p) {
        sp_buffer_unref(p->body);
        sp_free(p);
    }
    return sent;
}

sp_grpc_sent sp_grpc_send(sp_grpc_call *call, const void *message, size_t n)
{
    return send_piece(call, message, n, NULL, WHEN_FULL_REFUSE);
}

sp_grpc_sent sp_grpc_send_buffer(sp_grpc_call *call, const void *head, size_t head_n, sp_buffer *body)
{
    return send_piece(call, head, head_n, body, WHEN_FULL_REFUSE);
}

sp_grpc_sent sp_grpc_send_wait(sp_grpc_call *call, const void *head, size_t head_n, sp_buffer *body)
{
    SP_ASSERT(grpc_loop_core != call->core);
    return send_piece(call, head, head_n, body, WHEN_FULL_WAIT);
}

size_t sp_grpc_queued(sp_grpc_call *call)
{
    sp_mutex_lock(&call->lock);
    size_t n = call->queued;
    sp_mutex_unlock(&call->lock);
    return n;
}

size_t grpc_call_take(sp_grpc_call *call, char *to, size_t n)
{
    size_t done = 0;
    sp_mutex_lock(&call->lock);
    while (done < n && call->first) {
        grpc_piece *p = call->first;
        bool in_head = p->taken < p->head_n;
        const char *from = in_head ? p->head + p->taken : p->body->data + (p->taken - p->head_n);
        size_t left = (in_head ? p->head_n : p->size) - p->taken;
        size_t step = left < n - done ? left : n - done;
        memcpy(to + done, from, step);
        done += step;
        p->taken += step;
        if (p->taken == p->size) {
            call->first = p->next;
            if (!call->first)
                call->last = NULL;
            sp_buffer_unref(p->body);
            sp_free(p);
        }
    }
    size_t before = call->queued, half = call->core->send_queue_bytes / 2;
    call->queued -= done;
    if (before > half && call->queued <= half)
        sp_cond_broadcast(&call->room);
    bool tell = call->was_full && call->queued <= half;
    sp_mutex_unlock(&call->lock);
    if (tell)
        grpc_call_mark_ready(call);     /* serve calls `writable`: not here, inside nghttp2 */
    return done;
}

/* ---- the end ---- */

/* call->lock is held. */
static void set_end(sp_grpc_call *call, sp_grpc_code code, const char *message, const void *details, size_t details_n)
{
    call->finished = true;
    call->code = code;
    if (details && details_n && details_n <= SP_GRPC_DETAILS_MAX)
        call->details = grpc_base64(details, details_n);
    size_t left = TRAILER_BYTES - (call->details ? strlen(call->details) : 0);
    if (message && *message)
        call->message = grpc_percent_encode(message, left > MESSAGE_BYTES_MIN ? left : MESSAGE_BYTES_MIN);
}

void sp_grpc_finish(sp_grpc_call *call, sp_grpc_code code, const char *message, const void *details, size_t details_n)
{
    sp_mutex_lock(&call->lock);
    bool now = !call->finished && !call->cancelled;
    if (now) {
        set_end(call, code, message, details, details_n);
        sp_cond_broadcast(&call->room);
    }
    sp_mutex_unlock(&call->lock);
    if (now)
        grpc_call_mark_ready(call);
}

void sp_grpc_reply(sp_grpc_call *call, const void *message, size_t n)
{
    grpc_piece *p = piece_new(message, n, NULL);
    sp_mutex_lock(&call->lock);
    sp_grpc_sent sent = enqueue(call, p, WHEN_FULL_TAKE);
    if (sent == SP_GRPC_SENT)
        set_end(call, SP_GRPC_OK, NULL, NULL, 0);
    bool ready = sent == SP_GRPC_SENT || call->out_of_memory;
    sp_mutex_unlock(&call->lock);
    if (ready)
        grpc_call_mark_ready(call);
    if (sent != SP_GRPC_SENT)
        sp_free(p);
}

void grpc_call_abandon(sp_grpc_call *call, sp_grpc_code code, const char *text)
{
    sp_mutex_lock(&call->lock);
    bool tell = !call->finished && !call->cancelled && call->started;
    /* An answer that lost its messages must not end with the status the handler gave it. */
    if (!call->finished || call->first) {
        sp_free(call->message);
        sp_free(call->details);
        call->message = call->details = NULL;
        set_end(call, code, text, NULL, 0);
    }
    drop_queue(call);
    call->cancelled = true;
    sp_cond_broadcast(&call->room);
    sp_mutex_unlock(&call->lock);
    if (tell && call->method->cancelled)
        call->method->cancelled(call);
}
