/* fuzz_wire.c -- what a stranger can send to the port: bytes into the HTTP/2 session, gRPC messages into a call,
 * protobuf into the check that stands before protobuf-c. No sockets, no threads. The first byte says which door; the
 * rest goes through it.
 *
 *   0 raw connection bytes          1 after the preface and SETTINGS
 *   2 DATA of a call that was accepted: second byte = method and flags, then pieces of "length, bytes"
 *   3 frames built around the input: type, flags, stream, length, payload     4 a Plan, 5 an ExecutePlanRequest
 *
 * What passes sp_proto_check must be unpacked (or refused) without a crash; every call is given back at the end.
 * LINK: connect proto */
#include "../connect/grpc_echo.h"
#include "connect/grpc_int.h"
#include "connect/protodepth.h"
#include "spark/connect/base.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* The preface and an empty SETTINGS, whose last byte is the NUL that ends the text. */
static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
static char out[128 * 1024];

static void settle(grpc_session *s)
{
    for (int i = 0; i < 64; i++) {
        grpc_core_run_ready(s->core);
        if (grpc_session_pull(s, out, sizeof out) == 0)
            return;
    }
}

static void feed_frame(grpc_session *s, int type, int flags, uint32_t stream, const uint8_t *payload, size_t n)
{
    uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)type, (uint8_t)flags,
                        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };
    grpc_session_feed(s, head, sizeof head);
    grpc_session_feed(s, payload, n);
}

#define TEXT(s) ((uint8_t *)(uintptr_t)(s))
#define HEADER(n, v) { TEXT(n), TEXT(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE }

static void open_call(grpc_session *s, unsigned method, const char *encoding)
{
    nghttp2_nv nv[] = { HEADER(":method", "POST"),
                        HEADER(":scheme", "http"),
                        HEADER(":path", echo_methods[method % ECHO_METHODS].path),
                        HEADER("content-type", "application/grpc"),
                        HEADER("grpc-timeout", "1S"),
                        HEADER("grpc-encoding", encoding) };
    uint8_t block[1024];
    nghttp2_hd_deflater *deflater;
    nghttp2_hd_deflate_new(&deflater, 0);
    ssize_t n = nghttp2_hd_deflate_hd(deflater, block, sizeof block, nv, sizeof nv / sizeof nv[0]);
    nghttp2_hd_deflate_del(deflater);
    feed_frame(s, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, block, (size_t)n);
}

static void data_of_a_call(grpc_session *s, const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return;
    open_call(s, bytes[0] & 15, bytes[0] & 16 ? "gzip" : "identity");
    for (bytes++, n--; n > 0;) {
        size_t step = bytes[0] < n - 1 ? bytes[0] : n - 1;
        feed_frame(s, NGHTTP2_DATA, step == n - 1 ? NGHTTP2_FLAG_END_STREAM : 0, 1, bytes + 1, step);
        settle(s);
        bytes += 1 + step;
        n -= 1 + step;
    }
}

static void frames(grpc_session *s, const uint8_t *bytes, size_t n)
{
    open_call(s, 2, "identity");
    while (n >= 4) {
        size_t length = bytes[3] < n - 4 ? bytes[3] : n - 4;
        feed_frame(s, bytes[0] % 11, bytes[1], bytes[2], bytes + 4, length);
        settle(s);
        bytes += 4 + length;
        n -= 4 + length;
    }
}

static void connection(int door, const uint8_t *bytes, size_t n)
{
    static echo service;
    sp_grpc_options o = { .methods = echo_methods,
                          .method_count = ECHO_METHODS,
                          .service = &service,
                          .max_message_bytes = 65536,
                          .send_queue_bytes = 65536 };
    sp_error err = { 0 };
    grpc_core *core = grpc_core_new(&o, &err);
    grpc_session *s = grpc_session_new(core, NULL, &err);
    int64_t next = INT64_MAX;
    if (door > 0)
        grpc_session_feed(s, PREFACE, sizeof PREFACE);
    settle(s);
    if (door == 2)
        data_of_a_call(s, bytes, n);
    else if (door == 3)
        frames(s, bytes, n);
    else
        grpc_session_feed(s, bytes, n);
    settle(s);
    grpc_session_expire(s, INT64_MAX / 2, &next);
    settle(s);
    grpc_session_goaway(s);
    settle(s);
    grpc_session_free(s);
    grpc_core_run_ready(core);
    SP_ASSERT(core->open_calls == 0 && core->dirty == NULL && core->refs == 1);
    grpc_core_unref(core);
}

static void message(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t n)
{
    static sp_arena *arena;
    sp_error err = { 0 };
    ProtobufCMessage *unpacked;
    if (!arena)
        arena = sp_arena_new("call", 64 << 20);
    if (sp_proto_unpack(type, bytes, n, NULL, arena, &unpacked, &err) == SP_OK)
        SP_ASSERT(unpacked->descriptor == type);
    else
        SP_ASSERT(sp_error_is_set(&err));
    sp_arena_reset(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    if (bytes[0] % 6 < 4)
        connection(bytes[0] % 6, bytes + 1, n - 1);
    else
        message(bytes[0] % 6 == 4 ? &spark__connect__plan__descriptor
                                  : &spark__connect__execute_plan_request__descriptor,
                bytes + 1, n - 1);
    return 0;
}
