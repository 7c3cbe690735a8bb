/* grpc_session.c -- one HTTP/2 connection: bytes of the wire in, calls of the method table, bytes of the wire out.
 *
 * No sockets here: the loop (grpc_loop.c), the unit tests and the fuzzer all drive it by feed and pull. Handlers
 * never reach nghttp2: they queue, and grpc_session_serve brings what they queued to nghttp2 outside of its
 * callbacks.
 *
 * A request is HEADERS, DATA..., END_STREAM; an answer HEADERS, DATA..., HEADERS with grpc-status, or one HEADERS
 * with the status alone ("trailers-only"). When the answer is over before the request is, RST_STREAM(NO_ERROR)
 * follows (RFC 9113, 8.1). */
#include <stdio.h>
#include "connect/grpc_int.h"

static grpc_session *session_of(void *user) { return user; }

void grpc_session_mark_dirty(grpc_session *s)
{
    if (s->is_dirty)
        return;
    s->is_dirty = true;
    s->dirty_next = s->core->dirty;
    s->core->dirty = s;
}

/* ---- answers ---- */

#define TEXT(s) ((uint8_t *)(uintptr_t)(s))
#define NV(name_, value_, n_) { TEXT(name_), TEXT(value_), sizeof(name_) - 1, (n_), NGHTTP2_NV_FLAG_NONE }
#define NV_LIT(name_, value_) NV(name_, value_, sizeof(value_) - 1)

static size_t trailers(const sp_grpc_call *call, nghttp2_nv *nv, char code[8])
{
    size_t n = 0;
    int digits = snprintf(code, 8, "%d", (int)call->code);
    nv[n++] = (nghttp2_nv)NV("grpc-status", code, (size_t)digits);
    if (call->message)
        nv[n++] = (nghttp2_nv)NV("grpc-message", call->message, strlen(call->message));
    if (call->details)
        nv[n++] = (nghttp2_nv)NV("grpc-status-details-bin", call->details, strlen(call->details));
    if (call->encoding == GRPC_UNKNOWN_ENCODING)
        nv[n++] = (nghttp2_nv)NV_LIT("grpc-accept-encoding", "identity,gzip,deflate");
    return n;
}

/* nghttp2 asks how many bytes of this stream it may send now; send_data copies them. */
static ssize_t read_queue(nghttp2_session *h2, int32_t stream_id, uint8_t *buffer, size_t length, uint32_t *flags,
                          nghttp2_data_source *source, void *user)
{
    sp_grpc_call *call = source->ptr;
    sp_mutex_lock(&call->lock);
    size_t queued = call->queued;
    bool finished = call->finished;
    sp_mutex_unlock(&call->lock);
    if (queued == 0 && !finished) {
        call->data_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (finished && queued <= length) {
        nghttp2_nv nv[4];
        char code[8];
        size_t n = trailers(call, nv, code);
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        call->trailers_submitted = true;
        if (nghttp2_submit_trailer(h2, stream_id, nv, n))
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return (ssize_t)(queued < length ? queued : length);
}

static int on_send_data(nghttp2_session *h2, nghttp2_frame *frame, const uint8_t *head, size_t length,
                        nghttp2_data_source *source, void *user)
{
    grpc_session *s = session_of(user);
    sp_grpc_call *call = source->ptr;
    SP_ASSERT(s->out_cap - s->out_n >= 9 + length);    /* no padding is ever asked for */
    memcpy(s->out + s->out_n, head, 9);
    size_t got = grpc_call_take(call, s->out + s->out_n + 9, length);
    SP_ASSERT(got == length);
    s->out_n += 9 + length;
    /* nghttp2 goes on with the next frame by itself; whatever it is must find room. */
    return s->out_cap - s->out_n < GRPC_PULL_MIN ? NGHTTP2_ERR_PAUSE : 0;
}

static void submit_response(sp_grpc_call *call, bool with_data)
{
    grpc_session *s = call->session;
    nghttp2_nv nv[6] = { NV_LIT(":status", "200"), NV_LIT("content-type", "application/grpc") };
    nghttp2_data_provider provider = { .source = { .ptr = call }, .read_callback = read_queue };
    char code[8];
    size_t n = 2;
    if (!with_data)
        n += trailers(call, nv + n, code);
    call->response_begun = true;
    call->trailers_submitted = !with_data;
    if (nghttp2_submit_response(s->h2, call->stream_id, nv, n, with_data ? &provider : NULL))
        s->dead = true;
}

void grpc_session_fail(sp_grpc_call *call, sp_grpc_code code, const char *text)
{
    grpc_session *s = call->session;
    grpc_call_abandon(call, code, text);
    if (!s || call->trailers_submitted)
        return;
    grpc_session_mark_dirty(s);
    if (!call->response_begun) {
        submit_response(call, false);
    } else if (call->data_deferred) {
        call->data_deferred = false;
        if (nghttp2_session_resume_data(s->h2, call->stream_id))
            s->dead = true;
    } else {
        uint32_t why = code == SP_GRPC_RESOURCE_EXHAUSTED ? NGHTTP2_ENHANCE_YOUR_CALM
                     : code == SP_GRPC_INTERNAL ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL;
        call->trailers_submitted = true;
        if (nghttp2_submit_rst_stream(s->h2, NGHTTP2_FLAG_NONE, call->stream_id, why))
            s->dead = true;
    }
}

void grpc_session_serve(sp_grpc_call *call)
{
    grpc_session *s = call->session;
    if (!s)
        return;
    sp_mutex_lock(&call->lock);
    bool has_data = call->first != NULL, finished = call->finished, out_of_memory = call->out_of_memory;
    bool writable = call->was_full && call->queued <= call->core->send_queue_bytes / 2 && !finished;
    if (writable)
        call->was_full = false;
    sp_mutex_unlock(&call->lock);
    if (out_of_memory) {
        grpc_session_fail(call, SP_GRPC_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    if (!call->response_begun && (has_data || finished)) {
        submit_response(call, has_data);
        grpc_session_mark_dirty(s);
    } else if (call->data_deferred && (has_data || finished)) {
        call->data_deferred = false;
        if (nghttp2_session_resume_data(s->h2, call->stream_id))
            s->dead = true;
        grpc_session_mark_dirty(s);
    }
    if (writable && call->method->writable)
        call->method->writable(call);
}

/* ---- requests ---- */

/* The time taken tells the token's length at most. */
static bool authorized(const grpc_core *core, const char *value)
{
    size_t n = strlen(value);
    unsigned char difference = n != core->bearer_n;
    for (size_t i = 0; i < core->bearer_n; i++)
        difference |= (unsigned char)(core->bearer[i] ^ value[i < n ? i : n]);
    return difference == 0;
}

static const sp_grpc_method *find_method(const grpc_core *core, const char *path)
{
    for (size_t i = 0; i < core->method_count; i++) {
        if (strcmp(core->methods[i].path, path) == 0)
            return &core->methods[i];
    }
    return NULL;
}

static void set_deadline(sp_grpc_call *call, int64_t timeout_ns)
{
    grpc_core *core = call->core;
    call->deadline_ns = sp_mono_ns(core->world) + timeout_ns;
    if (call->deadline_ns < core->next_deadline_ns)
        core->next_deadline_ns = call->deadline_ns;
}

/* A request that is not gRPC at all is answered in HTTP's words. */
static void refuse_http(sp_grpc_call *call, const char *status)
{
    nghttp2_nv nv[] = { NV(":status", status, 3) };
    call->response_begun = call->trailers_submitted = true;
    grpc_call_abandon(call, SP_GRPC_INTERNAL, NULL);
    if (nghttp2_submit_response(call->session->h2, call->stream_id, nv, 1, NULL))
        call->session->dead = true;
}

/* The request's headers are complete: accept it or answer at once. */
static void begin_call(sp_grpc_call *call)
{
    grpc_core *core = call->core;
    const char *method = sp_grpc_metadata(call, ":method"), *path = sp_grpc_metadata(call, ":path");
    const char *type = sp_grpc_metadata(call, "content-type"), *token = sp_grpc_metadata(call, "authorization");
    const char *timeout = sp_grpc_metadata(call, "grpc-timeout");
    char text[256];
    if (call->metadata_full) {
        grpc_session_fail(call, SP_GRPC_RESOURCE_EXHAUSTED, "request metadata is too large");
    } else if (!method || strcmp(method, "POST") != 0) {
        refuse_http(call, "405");
    } else if (!type || strncmp(type, "application/grpc", 16) != 0 || (type[16] && !strchr("+;", type[16]))) {
        refuse_http(call, "415");
    } else if (core->bearer && !token) {
        grpc_session_fail(call, SP_GRPC_UNAUTHENTICATED, "No authentication token provided");
    } else if (core->bearer && !authorized(core, token)) {
        grpc_session_fail(call, SP_GRPC_UNAUTHENTICATED, "Invalid authentication token");
    } else if (!(call->method = find_method(core, path ? path : ""))) {
        snprintf(text, sizeof text, "Method not found: %.200s", path && *path == '/' ? path + 1 : "");
        grpc_session_fail(call, SP_GRPC_UNIMPLEMENTED, text);
    } else if ((call->encoding = grpc_encoding_of(sp_grpc_metadata(call, "grpc-encoding"))) == GRPC_UNKNOWN_ENCODING) {
        snprintf(text, sizeof text, "Can't find decompressor for %.200s", sp_grpc_metadata(call, "grpc-encoding"));
        grpc_session_fail(call, SP_GRPC_UNIMPLEMENTED, text);
    } else if (timeout && grpc_timeout_ns(timeout) < 0) {
        grpc_session_fail(call, SP_GRPC_INTERNAL, "malformed grpc-timeout");
    } else {
        if (timeout)
            set_deadline(call, grpc_timeout_ns(timeout));
        call->started = true;
        if (call->method->start)
            call->method->start(call, core->service);
    }
}

/* A handler that has finished its call is left in peace. */
static bool takes_messages(sp_grpc_call *call)
{
    if (!call->started || call->cancelled || call->trailers_submitted)
        return false;
    sp_mutex_lock(&call->lock);
    bool finished = call->finished;
    sp_mutex_unlock(&call->lock);
    return !finished;
}

static void deliver(sp_grpc_call *call, sp_buffer *message)
{
    if (call->method->client_streaming) {
        call->method->message(call, message);
        sp_buffer_unref(message);
    } else if (call->unary) {
        sp_buffer_unref(message);
        grpc_session_fail(call, SP_GRPC_INTERNAL, "Too many requests");
    } else {
        call->unary = message;
    }
}

static void take_data(sp_grpc_call *call, const uint8_t *bytes, size_t n)
{
    sp_error err = { 0 };
    while (n > 0 && takes_messages(call)) {
        grpc_taken t = grpc_inbox_take(&call->inbox, bytes, n, call->core->max_message_bytes, call->encoding, &err);
        bytes += t.used;
        n -= t.used;
        if (t.code != SP_GRPC_OK)
            grpc_session_fail(call, t.code, t.text);
        else if (t.message)
            deliver(call, t.message);
    }
}

static void end_of_request(sp_grpc_call *call)
{
    call->remote_closed = true;
    if (!takes_messages(call))
        return;
    if (!grpc_inbox_empty(&call->inbox)) {
        grpc_session_fail(call, SP_GRPC_INTERNAL, "Encountered end-of-stream mid-frame");
    } else if (call->method->client_streaming) {
        if (call->method->half_closed)
            call->method->half_closed(call);
    } else if (!call->unary) {
        grpc_session_fail(call, SP_GRPC_INTERNAL, "Half-closed without a request");
    } else {
        sp_buffer *message = call->unary;
        call->unary = NULL;
        call->method->message(call, message);
        sp_buffer_unref(message);
    }
}

/* ---- nghttp2's callbacks ---- */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    grpc_session *s = session_of(user);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    sp_grpc_call *call = grpc_call_new(s, frame->hd.stream_id);
    if (!call)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    call->next = s->calls;
    if (s->calls)
        s->calls->prev = call;
    s->calls = call;
    nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, call);
    return 0;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    sp_grpc_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST || !call || call->metadata_full)
        return 0;                        /* trailers of a request mean nothing in gRPC */
    if (!grpc_call_add_metadata(call, name, name_n, value, value_n))
        call->metadata_full = true;
    return 0;
}

static int on_frame_recv(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type == NGHTTP2_SETTINGS)
        session_of(user)->settings_seen = true;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    sp_grpc_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (!call)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        begin_call(call);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        end_of_request(call);
    return 0;
}

static int on_data_chunk(nghttp2_session *h2, uint8_t flags, int32_t stream_id, const uint8_t *bytes, size_t n,
                         void *user)
{
    sp_grpc_call *call = nghttp2_session_get_stream_user_data(h2, stream_id);
    if (call)
        take_data(call, bytes, n);
    return 0;
}

static int on_frame_send(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    sp_grpc_call *call = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (call && !call->remote_closed &&
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return 0;
}

/* The call leaves its session; what workers still send into it is OVER. */
static void detach(sp_grpc_call *call)
{
    grpc_core *core = call->core;
    grpc_session *s = call->session;
    if (call->prev)
        call->prev->next = call->next;
    else
        s->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    call->session = NULL;
    grpc_call_abandon(call, SP_GRPC_CANCELLED, NULL);
    sp_mutex_lock(&core->lock);
    if (--core->open_calls == 0)
        sp_cond_broadcast(&core->idle);
    sp_mutex_unlock(&core->lock);
    sp_grpc_call_unref(call);
}

static int on_stream_close(nghttp2_session *h2, int32_t stream_id, uint32_t error_code, void *user)
{
    sp_grpc_call *call = nghttp2_session_get_stream_user_data(h2, stream_id);
    if (call)
        detach(call);
    return 0;
}

static void *h2_malloc(size_t n, void *user) { return sp_malloc(n); }
static void h2_free(void *p, void *user) { sp_free(p); }
static void *h2_calloc(size_t count, size_t n, void *user)
{
    return n && count > SIZE_MAX / n ? NULL : sp_calloc(count * n);
}
static void *h2_realloc(void *p, size_t n, void *user) { return sp_realloc(p, n); }

sp_status grpc_session_setup(grpc_core *core, sp_error *err)
{
    if (nghttp2_session_callbacks_new(&core->callbacks) || nghttp2_option_new(&core->h2_option))
        return sp_error_memory(err, "the gRPC server");
    nghttp2_session_callbacks *c = core->callbacks;
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(c, on_send_data);
    nghttp2_option_set_no_closed_streams(core->h2_option, 1);      /* gRPC has no use for their priorities */
    return SP_OK;
}

/* ---- what the loop calls ---- */

grpc_session *grpc_session_new(grpc_core *core, void *owner, sp_error *err)
{
    nghttp2_mem memory = { NULL, h2_malloc, h2_free, h2_calloc, h2_realloc };
    nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, core->max_streams },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, GRPC_STREAM_WINDOW },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_METADATA_MAX },
    };
    grpc_session *s = sp_calloc(sizeof *s);
    if (!s)
        goto failed;
    s->core = core;
    s->owner = owner;
    if (nghttp2_session_server_new3(&s->h2, core->callbacks, s, core->h2_option, &memory) ||
        nghttp2_submit_settings(s->h2, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof settings[0]) ||
        nghttp2_session_set_local_window_size(s->h2, NGHTTP2_FLAG_NONE, 0, GRPC_CONNECTION_WINDOW))
        goto failed;
    grpc_session_mark_dirty(s);
    return s;
failed:
    if (s)
        nghttp2_session_del(s->h2);
    sp_free(s);
    sp_error_memory(err, "a connection");
    return NULL;
}

void grpc_session_free(grpc_session *s)
{
    if (!s)
        return;
    while (s->calls)
        detach(s->calls);
    nghttp2_session_del(s->h2);
    for (grpc_session **at = &s->core->dirty; s->is_dirty && *at; at = &(*at)->dirty_next) {
        if (*at == s) {
            *at = s->dirty_next;
            break;
        }
    }
    sp_free(s);
}

void grpc_session_feed(grpc_session *s, const void *bytes, size_t n)
{
    if (s->dead)
        return;
    ssize_t rc = nghttp2_session_mem_recv(s->h2, bytes, n);
    if (rc < 0) {
        sp_log(SP_LOG_DEBUG, "connect: a connection was closed: %s", nghttp2_strerror((int)rc));
        s->dead = true;      /* no preface, a flood, or out of memory; after other errors nghttp2 sends a GOAWAY */
    }
    grpc_session_mark_dirty(s);
}

size_t grpc_session_pull(grpc_session *s, char *out, size_t cap)
{
    SP_ASSERT(cap >= GRPC_PULL_MIN);
    s->out = out;
    s->out_n = 0;
    s->out_cap = cap;
    while (!s->dead && cap - s->out_n >= GRPC_PULL_MIN) {
        const uint8_t *piece;
        size_t before = s->out_n;
        ssize_t n = nghttp2_session_mem_send(s->h2, &piece);     /* DATA goes to out by on_send_data */
        if (n < 0 || (size_t)n > cap - s->out_n) {
            s->dead = true;
        } else if (n > 0) {
            memcpy(out + s->out_n, piece, (size_t)n);
            s->out_n += (size_t)n;
        } else if (s->out_n == before) {
            break;
        }
    }
    s->out = NULL;
    return s->out_n;
}

bool grpc_session_over(const grpc_session *s)
{
    return s->dead || (!nghttp2_session_want_read(s->h2) && !nghttp2_session_want_write(s->h2));
}

void grpc_session_goaway(grpc_session *s)
{
    if (!s->dead && nghttp2_submit_goaway(s->h2, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(s->h2),
                                          NGHTTP2_NO_ERROR, NULL, 0))
        s->dead = true;
    grpc_session_mark_dirty(s);
}

void grpc_session_expire(grpc_session *s, int64_t now_ns, int64_t *next)
{
    for (sp_grpc_call *call = s->calls; call; call = call->next) {
        if (call->deadline_ns <= now_ns) {
            call->deadline_ns = INT64_MAX;
            grpc_session_fail(call, SP_GRPC_DEADLINE_EXCEEDED, "Deadline Exceeded");
        } else if (call->deadline_ns < *next) {
            *next = call->deadline_ns;
        }
    }
}
