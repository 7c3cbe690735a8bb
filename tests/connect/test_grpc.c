/* test_grpc.c -- the gRPC session against a client session of nghttp2, over memory: no sockets, no threads, one step
 * at a time. Sockets, TLS and grpcio come in test_grpc_client.c. */
#include <zlib.h>
#include "test.h"
#include "connect/grpc_echo.h"
#include "connect/grpc_int.h"

/* ---- the client ---- */

enum { PIPE_BYTES = 256 * 1024 };

typedef struct answer {
    int32_t stream_id;
    char http[8], status[8], message[9000], details[9000];
    char body[1 << 16];
    size_t body_n, total;             /* total counts what body has no room for */
    uint32_t reset;
    bool closed, headers_only;
} answer;

typedef struct client {
    grpc_core *core;
    grpc_session *server;
    nghttp2_session *h2;
    echo service;
    char pipe[PIPE_BYTES];
    size_t step;                      /* bytes fed at a time; 0: all */
} client;

typedef struct outgoing { const uint8_t *bytes; size_t n; bool stay_open; } outgoing;

static int client_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                         const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    answer *a = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    struct { const char *name; char *to; size_t cap; } wanted[] = {
        { ":status", a->http, sizeof a->http }, { "grpc-status", a->status, sizeof a->status },
        { "grpc-message", a->message, sizeof a->message },
        { "grpc-status-details-bin", a->details, sizeof a->details } };
    for (size_t i = 0; a && i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strlen(wanted[i].name) == name_n && memcmp(wanted[i].name, name, name_n) == 0)
            snprintf(wanted[i].to, wanted[i].cap, "%.*s", (int)value_n, (const char *)value);
    }
    return 0;
}

static int client_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    answer *a = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (a && frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_RESPONSE)
        a->headers_only = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    return 0;
}

static int client_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n, void *user)
{
    answer *a = nghttp2_session_get_stream_user_data(h2, id);
    if (!a)
        return 0;
    size_t room = sizeof a->body - a->body_n;
    memcpy(a->body + a->body_n, bytes, n < room ? n : room);
    a->body_n += n < room ? n : room;
    a->total += n;
    return 0;
}

static int client_close(nghttp2_session *h2, int32_t id, uint32_t code, void *user)
{
    answer *a = nghttp2_session_get_stream_user_data(h2, id);
    if (a) {
        a->closed = true;
        a->reset = code;
    }
    return 0;
}

static ssize_t client_read(nghttp2_session *h2, int32_t id, uint8_t *to, size_t n, uint32_t *flags,
                           nghttp2_data_source *source, void *user)
{
    outgoing *o = source->ptr;
    size_t step = o->n < n ? o->n : n;
    if (o->n == 0 && o->stay_open)
        return NGHTTP2_ERR_DEFERRED;
    memcpy(to, o->bytes, step);
    o->bytes += step;
    o->n -= step;
    if (o->n == 0 && !o->stay_open)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)step;
}

static void client_free(client *c)
{
    nghttp2_session_del(c->h2);
    grpc_session_free(c->server);
    grpc_core_unref(c->core);
    free(c);
}

/* NULL only while allocations fail. window 0: the default of 64 KB. */
static client *client_new(sp_grpc_options o, uint32_t window)
{
    client *c = calloc(1, sizeof *c);
    nghttp2_session_callbacks *callbacks;
    nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window } };
    sp_error err = { 0 };
    DEFER(client_free, c);
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, client_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, client_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, client_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, client_close);
    nghttp2_session_client_new(&c->h2, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, settings, window ? 1 : 0);
    o.methods = echo_methods;
    o.method_count = ECHO_METHODS;
    o.service = &c->service;
    c->core = grpc_core_new(&o, &err);
    if (!c->core)
        return NULL;
    c->server = grpc_session_new(c->core, NULL, &err);
    return c->server ? c : NULL;
}

/* Carries bytes both ways until there are none, as the loop does. */
static void pump(client *c)
{
    for (bool moved = true; moved;) {
        const uint8_t *piece;
        ssize_t n;
        size_t got;
        moved = false;
        while ((n = nghttp2_session_mem_send(c->h2, &piece)) > 0) {
            size_t step = c->step ? c->step : (size_t)n;
            for (size_t at = 0; at < (size_t)n; at += step)
                grpc_session_feed(c->server, piece + at, (size_t)n - at < step ? (size_t)n - at : step);
            moved = true;
        }
        grpc_core_run_ready(c->core);
        while ((got = grpc_session_pull(c->server, c->pipe, sizeof c->pipe)) > 0) {
            CHECK(nghttp2_session_mem_recv(c->h2, (uint8_t *)c->pipe, got) == (ssize_t)got);
            grpc_core_run_ready(c->core);
            moved = true;
        }
    }
}

#define TEXT(s) ((uint8_t *)(uintptr_t)(s))
#define HEADER(n, v) { TEXT(n), TEXT(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE }

/* extra: "name", "value" pairs, NULL-ended; may replace the usual ones. */
static void request(client *c, answer *a, const char *path, outgoing *body, const char *const *extra)
{
    nghttp2_nv nv[16] = { HEADER(":method", "POST"), HEADER(":scheme", "http"), HEADER(":path", path),
                          HEADER(":authority", "x"), HEADER("content-type", "application/grpc"),
                          HEADER("te", "trailers"), HEADER("user-agent", "test/1") };
    nghttp2_data_provider provider = { .source = { .ptr = body }, .read_callback = client_read };
    size_t n = 7;
    for (; extra && *extra; extra += 2) {
        size_t at = 0;
        while (at < n && strncmp((char *)nv[at].name, extra[0], nv[at].namelen) != 0)
            at++;
        nv[at] = (nghttp2_nv)HEADER(extra[0], extra[1]);
        n = at == n ? n + 1 : n;
    }
    memset(a, 0, sizeof *a);
    a->stream_id = nghttp2_submit_request(c->h2, NULL, nv, n, body ? &provider : NULL, a);
}

/* A framed message in `to`; returns its size. */
static size_t frame(uint8_t *to, const void *message, size_t n, int compressed)
{
    to[0] = (uint8_t)compressed;
    for (int i = 0; i < 4; i++)
        to[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    memmove(to + 5, message, n);
    return n + 5;
}

static void call(client *c, answer *a, const char *path, const char *text, const char *const *extra)
{
    static uint8_t bytes[4096];
    outgoing body = { bytes, frame(bytes, text, strlen(text), 0), false };
    request(c, a, path, &body, extra);
    pump(c);
}

static answer a, b;

static bool ended(const answer *x, const char *status, const char *message)
{
    bool held = CHECK_STR(x->status, status) && CHECK_STR(x->message, message);
    return CHECK_STR(x->http, "200") && held;
}

static bool said(const answer *x, const char *text)
{
    return CHECK(x->body_n >= 5) && CHECK_MEM(x->body + 5, x->body_n - 5, text, strlen(text));
}

/* ---- calls that go well ---- */

TEST(unary)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Unary", "hello", NULL);
    said(&a, "hello");
    ended(&a, "0", "");
    CHECK(a.closed && a.reset == 0 && !a.headers_only);
    call(c, &a, "/test.Echo/Unary", "", NULL);
    said(&a, "");
    ended(&a, "0", "");
    call(c, &a, "/test.Echo/Agent", "", NULL);
    said(&a, "test/1");
    CHECK_INT(c->service.released, 3);
    CHECK_INT(c->service.cancelled, 0);
    CHECK_INT(c->core->open_calls, 0);
}

TEST(byte_by_byte)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    c->step = 1;
    call(c, &a, "/test.Echo/Unary", "hello", NULL);
    said(&a, "hello");
    ended(&a, "0", "");
}

TEST(streams_interleave)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    uint8_t x[64], y[64];
    outgoing first = { x, frame(x, "3 100000", 8, 0), false }, second = { y, frame(y, "hi", 2, 0), false };
    request(c, &a, "/test.Echo/Stream", &first, NULL);
    request(c, &b, "/test.Echo/Unary", &second, NULL);
    pump(c);
    CHECK_INT(a.total, 3 * (5 + 2 + 100000));
    ended(&a, "0", "");
    said(&b, "hi");
}

TEST(upload)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    static uint8_t bytes[400000];
    size_t n = frame(bytes, "abc", 3, 0);
    n += frame(bytes + n, "", 0, 0);
    n += frame(bytes + n, bytes, 300000, 0);
    outgoing body = { bytes, n, false };
    request(c, &a, "/test.Echo/Upload", &body, NULL);
    pump(c);
    said(&a, "3 300003");
    ended(&a, "0", "");
}

TEST(upload_ended_early)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    uint8_t bytes[64];
    outgoing body = { bytes, frame(bytes, "abc", 3, 0), true };
    request(c, &a, "/test.Echo/Early", &body, NULL);
    pump(c);
    said(&a, "enough");
    ended(&a, "0", "");
    CHECK(a.closed);
    CHECK_INT(a.reset, NGHTTP2_NO_ERROR);
    CHECK_INT(c->service.cancelled, 0);
}

TEST(queue_is_bounded)
{
    /* 64 KB windows, a queue of 100 KB: the handler is stopped by FULL and goes on by `writable` */
    client *c = client_new((sp_grpc_options){ .send_queue_bytes = 100000 }, 0);
    call(c, &a, "/test.Echo/Pump", "1000 1000", NULL);
    CHECK_INT(a.total, 1000 * 1005);
    ended(&a, "0", "");
    call(c, &a, "/test.Echo/Stream", "1000 1000", NULL);    /* without threads it is cut short */
    CHECK_INT(c->service.cut_short, 1);
    CHECK(a.total > 100000 && a.total < 110000);
}

TEST(compressed)
{
    client *c = client_new((sp_grpc_options){ .max_message_bytes = 100000 }, 0);
    const char *gzip[] = { "grpc-encoding", "gzip", NULL }, *brotli[] = { "grpc-encoding", "br", NULL };
    static uint8_t plain[100001], packed[4096], bytes[8192];
    for (int size = 0; size <= 100001; size += size == 0 ? 99999 : 1) {
        z_stream z = { .next_in = plain, .avail_in = (uInt)size, .next_out = packed, .avail_out = sizeof packed };
        memset(plain, 'p', sizeof plain);
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
        CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
        outgoing body = { bytes, frame(bytes, packed, sizeof packed - z.avail_out, 1), false };
        deflateEnd(&z);
        request(c, &a, "/test.Echo/Unary", &body, gzip);
        pump(c);
        if (size <= 100000 && ended(&a, "0", ""))
            CHECK_INT(a.total, size + 5);
        else
            ended(&a, "8", "Decompressed gRPC message exceeds maximum size 100000");
    }
    call(c, &a, "/test.Echo/Unary", "not compressed although it could be", gzip);
    ended(&a, "0", "");
    outgoing junk = { bytes, frame(bytes, "junk that is no gzip", 20, 1), false };
    request(c, &a, "/test.Echo/Unary", &junk, gzip);
    pump(c);
    ended(&a, "13", "Failed to inflate the compressed gRPC message");
    outgoing unannounced = { bytes, frame(bytes, "x", 1, 1), false };
    request(c, &a, "/test.Echo/Unary", &unannounced, NULL);
    pump(c);
    ended(&a, "13", "Can't decode compressed gRPC message as compression not configured");
    call(c, &a, "/test.Echo/Unary", "x", brotli);
    ended(&a, "12", "Can't find decompressor for br");
}

/* ---- calls that are refused ---- */

TEST(refusals)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Nothing", "x", NULL);
    ended(&a, "12", "Method not found: test.Echo/Nothing");
    CHECK(a.headers_only && a.closed);
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "content-type", "text/html", NULL });
    CHECK_STR(a.http, "415");
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "content-type", "application/grpc+proto", NULL });
    ended(&a, "0", "");
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ ":method", "GET", NULL });
    CHECK_STR(a.http, "405");
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "grpc-timeout", "soon", NULL });
    ended(&a, "13", "malformed grpc-timeout");
    static char big[40000];
    memset(big, 'b', sizeof big - 1);
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "x-big", big, NULL });
    ended(&a, "8", "request metadata is too large");
    CHECK_INT(c->service.released, 1);
}

TEST(tokens)
{
    client *c = client_new((sp_grpc_options){ .token = "secret" }, 0);
    call(c, &a, "/test.Echo/Unary", "x", NULL);
    ended(&a, "16", "No authentication token provided");
    const char *wrong[] = { "Bearer secre", "Bearer secret1", "Bearer Secret", "secret", "bearer secret", "" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "authorization", wrong[i], NULL });
        ended(&a, "16", "Invalid authentication token");
    }
    call(c, &a, "/test.Echo/Unary", "x", (const char *[]){ "authorization", "Bearer secret", NULL });
    said(&a, "x");
    CHECK_INT(c->service.released, 1);
}

static void send_raw(client *c, const char *path, const uint8_t *bytes, size_t n)
{
    outgoing body = { bytes, n, false };
    request(c, &a, path, &body, NULL);
    pump(c);
}

TEST(bad_messages)
{
    client *c = client_new((sp_grpc_options){ .max_message_bytes = 1000 }, 0);
    uint8_t bytes[4096];
    static const uint8_t huge[] = { 0, 0xff, 0xff, 0xff, 0xff, 1 }, reserved[] = { 2, 0, 0, 0, 0 };
    send_raw(c, "/test.Echo/Unary", huge, sizeof huge);
    ended(&a, "8", "gRPC message exceeds maximum size 1000: 4294967295");
    send_raw(c, "/test.Echo/Unary", reserved, sizeof reserved);
    ended(&a, "13", "gRPC frame header malformed: reserved bits not zero");
    send_raw(c, "/test.Echo/Unary", huge, 3);
    ended(&a, "13", "Encountered end-of-stream mid-frame");
    send_raw(c, "/test.Echo/Unary", bytes, frame(bytes, bytes, 1000, 0) - 1);
    ended(&a, "13", "Encountered end-of-stream mid-frame");
    send_raw(c, "/test.Echo/Unary", bytes, 0);
    ended(&a, "13", "Half-closed without a request");
    size_t n = frame(bytes, "a", 1, 0);
    send_raw(c, "/test.Echo/Unary", bytes, n + frame(bytes + n, "b", 1, 0));
    ended(&a, "13", "Too many requests");
    CHECK_INT(c->service.cancelled, 6);
    call(c, &a, "/test.Echo/Unary", "the connection lives", NULL);
    ended(&a, "0", "");
}

TEST(statuses)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Fail", "13 caf\xc3\xa9 50%\n", NULL);
    ended(&a, "13", "caf%C3%A9 50%25%0A");
    CHECK_STR(a.details, "MTMgY2Fmw6kgNTAlCg");
    CHECK(a.headers_only);
}

TEST(rejected_by_handler)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Reject", "x", NULL);
    ended(&a, "7", "not you");
    CHECK(a.headers_only && a.closed);
    CHECK_INT(c->service.cancelled, 0);
    CHECK_INT(c->service.released, 1);
}

/* ---- calls that end before their time ---- */

TEST(cancelled_by_client)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Hang", "x", NULL);
    CHECK(!a.closed);
    CHECK_INT(c->core->open_calls, 1);
    sp_grpc_call *held = sp_grpc_call_ref(c->server->calls);
    CHECK(!sp_grpc_cancelled(held));
    nghttp2_submit_rst_stream(c->h2, NGHTTP2_FLAG_NONE, a.stream_id, NGHTTP2_CANCEL);
    pump(c);
    CHECK(sp_grpc_cancelled(held));
    CHECK_INT(c->service.cancelled, 1);
    CHECK_INT(sp_grpc_send(held, "x", 1), SP_GRPC_OVER);
    CHECK_INT(c->service.released, 0);
    sp_grpc_finish(held, SP_GRPC_OK, NULL, NULL, 0);
    sp_grpc_call_unref(held);
    CHECK_INT(c->service.released, 1);
}

TEST(connection_dies)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Hang", "x", NULL);
    call(c, &b, "/test.Echo/Pump", "100 60000", NULL);     /* stopped by the windows: its queue is full */
    grpc_session_feed(c->server, "\0\0\1\0\0\0\0\0\0", 9);    /* DATA of one byte on stream 0 */
    pump(c);
    CHECK(grpc_session_over(c->server));
    grpc_session_free(c->server);
    c->server = NULL;
    CHECK_INT(c->core->open_calls, 0);
    CHECK(c->service.cancelled >= 1);
    CHECK_INT(c->service.released, 2);
    CHECK(c->core->dirty == NULL);
}

TEST(deadline)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    int64_t next = INT64_MAX, now = sp_mono_ns(c->core->world);
    call(c, &a, "/test.Echo/Hang", "x", (const char *[]){ "grpc-timeout", "5S", NULL });
    CHECK(c->core->next_deadline_ns >= now + 5000000000 && c->core->next_deadline_ns < now + 6000000000);
    grpc_session_expire(c->server, now + 4000000000, &next);
    CHECK_INT(next, c->core->next_deadline_ns);
    CHECK_INT(c->service.cancelled, 0);
    next = INT64_MAX;
    grpc_session_expire(c->server, now + 7000000000, &next);
    pump(c);
    CHECK_INT(next, INT64_MAX);
    ended(&a, "4", "Deadline Exceeded");
    CHECK_INT(c->service.cancelled, 1);
    /* An answer that has begun and whose data waits for the client's window cannot end with trailers. */
    nghttp2_session_set_local_window_size(c->h2, NGHTTP2_FLAG_NONE, 0, 1 << 20);
    static uint8_t bytes[64];
    outgoing body = { bytes, frame(bytes, "100 60000", 9, 0), false };
    request(c, &b, "/test.Echo/Pump", &body, (const char *[]){ "grpc-timeout", "1S", NULL });
    const uint8_t *piece;
    for (ssize_t n; (n = nghttp2_session_mem_send(c->h2, &piece)) > 0;)
        grpc_session_feed(c->server, piece, (size_t)n);
    grpc_core_run_ready(c->core);
    while (grpc_session_pull(c->server, c->pipe, sizeof c->pipe) > 0)
        ;
    grpc_session_expire(c->server, now + 20000000000, &next);
    size_t n = grpc_session_pull(c->server, c->pipe, sizeof c->pipe);
    CHECK(n == 13 && c->pipe[3] == NGHTTP2_RST_STREAM);
    CHECK_INT(c->service.cancelled, 2);
    CHECK_INT(c->core->open_calls, 0);
}

TEST(goaway)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    call(c, &a, "/test.Echo/Hang", "x", NULL);
    grpc_session_goaway(c->server);
    pump(c);
    CHECK(!grpc_session_over(c->server));
    CHECK(nghttp2_session_check_request_allowed(c->h2) == 0);
    sp_grpc_finish(c->server->calls, SP_GRPC_OK, NULL, NULL, 0);
    pump(c);
    ended(&a, "0", "");
    CHECK(grpc_session_over(c->server));
}

TEST(garbage)
{
    static const char *const bad[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03",
                                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxxxxxxxxxxxx" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        client *c = client_new((sp_grpc_options){ 0 }, 0);
        grpc_session_feed(c->server, bad[i], strlen(bad[i]) ? strlen(bad[i]) : 10);
        while (grpc_session_pull(c->server, c->pipe, sizeof c->pipe) > 0)
            ;
        CHECK(grpc_session_over(c->server));
    }
}

/* ---- allocations that fail end the call or the connection, never the process ---- */

TEST_ALLOC(without_memory)
{
    client *c = client_new((sp_grpc_options){ .token = "secret" }, 0);
    const char *extra[] = { "authorization", "Bearer secret", NULL };
    if (!c)
        return;
    call(c, &a, "/test.Echo/Pump", "4 60000", extra);
    call(c, &b, "/test.Echo/Fail", "3 no", extra);
    if (!test_allocations_fail()) {
        CHECK_INT(a.total, 4 * 60005);
        ended(&b, "3", "no");
    }
    /* Nothing half is taken for whole. */
    if (strcmp(a.status, "0") == 0)
        CHECK_INT(a.total, 4 * 60005);
}

/* ---- grpc_frame.c alone ---- */

TEST(encodings)
{
    static const struct { const char *value; int64_t ns; } timeouts[] = {
        { "1H", 3600000000000 }, { "2M", 120000000000 }, { "3S", 3000000000 }, { "4m", 4000000 }, { "5u", 5000 },
        { "6n", 6 }, { "99999999H", INT64_MAX / 4 }, { "", -1 }, { "5", -1 }, { "S", -1 }, { "5SS", -1 },
        { "123456789S", -1 }, { "-1S", -1 }, { "5x", -1 } };
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
        CHECK_INT(grpc_timeout_ns(timeouts[i].value), timeouts[i].ns);
    static const struct { const char *text, *base64; } base64[] = {
        { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg" },
        { "\xff\xfe\xfd", "//79" } };
    for (size_t i = 0; i < sizeof base64 / sizeof base64[0]; i++) {
        char *got = grpc_base64(base64[i].text, strlen(base64[i].text));
        CHECK_STR(got, base64[i].base64);
        sp_free(got);
    }
    char *cut = grpc_percent_encode("ab\xc3\xa9", 7);       /* half a character would not decode */
    CHECK_STR(cut, "ab");
    sp_free(cut);
    cut = grpc_percent_encode("ab\xc3\xa9", 8);
    CHECK_STR(cut, "ab%C3%A9");
    sp_free(cut);
}

TEST(trailers_stay_small)
{
    client *c = client_new((sp_grpc_options){ 0 }, 0);
    static char text[20000], details[SP_GRPC_DETAILS_MAX + 1];
    memset(text, '%', sizeof text - 1);
    call(c, &a, "/test.Echo/Hang", "x", NULL);
    sp_grpc_finish(c->server->calls, SP_GRPC_INTERNAL, text, details, SP_GRPC_DETAILS_MAX);
    pump(c);
    CHECK_INT(strlen(a.details), (SP_GRPC_DETAILS_MAX * 4 + 2) / 3);
    CHECK(strlen(a.message) >= 512 - 3 && strlen(a.message) + strlen(a.details) < 7700);
    call(c, &a, "/test.Echo/Hang", "x", NULL);
    sp_grpc_finish(c->server->calls, SP_GRPC_INTERNAL, "short", details, sizeof details);
    pump(c);
    ended(&a, "13", "short");
    CHECK_STR(a.details, "");
}
