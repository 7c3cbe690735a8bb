/* test_grpc_client.c -- the gRPC server over real sockets: opening and binding rules, drain and close, workers, TLS;
 * a small blocking client of nghttp2 for what a call costs; and grpcio, the client that PySpark uses, by
 * grpc_echo_check.py. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"
#include "connect/grpc_echo.h"

static echo service = { .threads = true };

static sp_grpc_server *serve(sp_grpc_options o, sp_error *err)
{
    sp_grpc_server *s;
    o.methods = echo_methods;
    o.method_count = ECHO_METHODS;
    o.service = &service;
    sp_error_reset(err);
    return sp_grpc_server_open(&o, &s, err) == SP_OK ? s : NULL;
}

static int64_t clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

/* ---- opening ---- */

static bool refuses(sp_grpc_options o, const char *why)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve(o, &err);
    sp_grpc_server_close(s);
    if (CHECK(s == NULL) && CHECK(err.plain && strstr(err.plain, why) && !strchr(err.plain, '\n')))
        return true;
    printf("  said: %s\n", err.plain ? err.plain : "nothing");
    return false;
}

static void accepts(sp_grpc_options o, const char *address)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve(o, &err);
    if (CHECK(s != NULL))
        CHECK(strncmp(sp_grpc_server_address(s), address, strlen(address)) == 0 && sp_grpc_server_port(s) > 0);
    else
        printf("  said: %s\n", err.plain ? err.plain : "nothing");
    sp_grpc_server_close(s);
}

TEST(who_may_listen_where)
{
    accepts((sp_grpc_options){ 0 }, "127.0.0.1:");
    accepts((sp_grpc_options){ .host = "localhost" }, "localhost:");
    accepts((sp_grpc_options){ .host = "127.8.9.1" }, "127.8.9.1:");
    accepts((sp_grpc_options){ .host = "0.0.0.0", .token = "t" }, "0.0.0.0:");
    accepts((sp_grpc_options){ .host = "0.0.0.0", .insecure = true }, "0.0.0.0:");
    refuses((sp_grpc_options){ .host = "0.0.0.0" }, "without a token");
    refuses((sp_grpc_options){ .host = "0.0.0.0", .token = "" }, "without a token");
    refuses((sp_grpc_options){ .host = "::" }, "without a token");
    refuses((sp_grpc_options){ .host = "::ffff:10.0.0.1" }, "without a token");
    refuses((sp_grpc_options){ .host = "no.such.host.invalid" }, "cannot listen on no.such.host.invalid");
    refuses((sp_grpc_options){ .port = 65536 }, "no such port");
    refuses((sp_grpc_options){ .host = "192.0.2.1", .insecure = true }, "cannot listen on 192.0.2.1:0: Cannot assign");
    refuses((sp_grpc_options){ .tls_cert = "/nowhere/cert.pem" }, "both a certificate and a key");
    refuses((sp_grpc_options){ .tls_cert = "/nowhere/cert.pem", .tls_key = "/nowhere/key.pem" },
            "TLS certificate /nowhere/cert.pem");
}

TEST(port_in_use)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    REQUIRE(s != NULL);
    int port = sp_grpc_server_port(s);
    refuses((sp_grpc_options){ .port = port }, "the port is already in use");
    sp_grpc_server_close(s);
    accepts((sp_grpc_options){ .port = port }, "127.0.0.1:");       /* at once, TIME_WAIT or not */
}

TEST_ALLOC(opening_without_memory)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ .token = "t" }, &err);
    if (s)
        DEFER(sp_grpc_server_close, s);
    else
        REQUIRE(sp_error_is_set(&err));
}

TEST(opens_quickly_and_idles)
{
    sp_error err = { 0 };
    int64_t before = clock_us(CLOCK_MONOTONIC), best = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        before = clock_us(CLOCK_MONOTONIC);
        sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
        int64_t took = clock_us(CLOCK_MONOTONIC) - before;
        best = took < best ? took : best;
        sp_grpc_server_close(s);
    }
    CHECK(best < 2000);
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    usleep(200000);
    cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    CHECK(cpu < 2000);
    printf("  open %lld us, %lld us of CPU in 200 ms of idling\n", (long long)best, (long long)cpu);
    sp_grpc_server_close(s);
}

/* ---- a blocking client, one call at a time ---- */

typedef struct wire { int fd; nghttp2_session *h2; bool closed, lost; size_t body_n; char status[8], body[256]; } wire;
typedef struct body { char bytes[256]; size_t n; } body;

static int wire_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                       const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    wire *l = user;
    if (name_n == 11 && memcmp(name, "grpc-status", 11) == 0)
        snprintf(l->status, sizeof l->status, "%.*s", (int)value_n, (const char *)value);
    return 0;
}

static int wire_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n, void *user)
{
    wire *l = user;
    size_t room = l->body_n < sizeof l->body ? sizeof l->body - l->body_n : 0;
    memcpy(l->body + (room ? l->body_n : 0), bytes, n < room ? n : room);
    l->body_n += n;
    return 0;
}

static int wire_close(nghttp2_session *h2, int32_t id, uint32_t code, void *user)
{
    ((wire *)user)->closed = true;
    return 0;
}

static ssize_t wire_read(nghttp2_session *h2, int32_t id, uint8_t *to, size_t n, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
    body *b = source->ptr;
    memcpy(to, b->bytes, b->n);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)b->n;
}

static void wire_free(wire *l)
{
    nghttp2_session_del(l->h2);
    close(l->fd);
    free(l);
}

static wire *wire_new(int port)
{
    wire *l = calloc(1, sizeof *l);
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    nghttp2_session_callbacks *callbacks;
    int one = 1;
    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    CHECK(connect(l->fd, (struct sockaddr *)&a, sizeof a) == 0);
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, wire_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, wire_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, wire_close);
    nghttp2_session_client_new(&l->h2, callbacks, l);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(l->h2, NGHTTP2_FLAG_NONE, NULL, 0);
    return l;
}

/* All frames in one write, as gRPC clients do. */
static bool wire_flush(wire *l)
{
    char out[4096];
    const uint8_t *piece;
    size_t used = 0;
    for (ssize_t n; (n = nghttp2_session_mem_send(l->h2, &piece)) > 0; used += (size_t)n)
        memcpy(out + used, piece, (size_t)n);
    return used == 0 || send(l->fd, out, used, MSG_NOSIGNAL) == (ssize_t)used;
}

/* Sends and receives until the call ended or the connection is lost. */
static void wire_run(wire *l)
{
    uint8_t bytes[65536];
    while (wire_flush(l) && !l->closed && !l->lost) {
        ssize_t n = recv(l->fd, bytes, sizeof bytes, 0);
        if (n <= 0 || nghttp2_session_mem_recv(l->h2, bytes, (size_t)n) < 0)
            l->lost = true;
    }
}

#define TEXT(s) ((uint8_t *)(uintptr_t)(s))
#define HEADER(n, v) { TEXT(n), TEXT(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE }

static void wire_submit(wire *l, const char *path, const char *text)
{
    static body b;
    nghttp2_nv nv[] = { HEADER(":method", "POST"), HEADER(":scheme", "http"), HEADER(":path", path),
                        HEADER(":authority", "x"), HEADER("content-type", "application/grpc"),
                        HEADER("te", "trailers") };
    nghttp2_data_provider provider = { .source = { .ptr = &b }, .read_callback = wire_read };
    b.n = 5 + strlen(text);
    memcpy(b.bytes, "\0\0\0\0", 4);
    b.bytes[4] = (char)strlen(text);
    memcpy(b.bytes + 5, text, strlen(text));
    l->closed = false;
    l->body_n = 0;
    l->status[0] = 0;
    nghttp2_submit_request(l->h2, NULL, nv, sizeof nv / sizeof nv[0], &provider, NULL);
}

static bool wire_call(wire *l, const char *path, const char *text)
{
    wire_submit(l, path, text);
    wire_run(l);
    return strcmp(l->status, "0") == 0;
}

static void measure(wire *l, const char *path, int calls)
{
    for (int i = 0; i < 200; i++)
        wire_call(l, path, "warm");
    int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - clock_us(CLOCK_THREAD_CPUTIME_ID),
            wall = clock_us(CLOCK_MONOTONIC);
    int good = 0;
    for (int i = 0; i < calls; i++)
        good += wire_call(l, path, "hello") && l->body_n == 10;
    cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - clock_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
    wall = clock_us(CLOCK_MONOTONIC) - wall;
    CHECK_INT(good, calls);
    CHECK(cpu / calls < 1000);       /* sanitizers and busy machines included; `./run bench` judges the figure */
    printf("  %s: %.1f us of the server's CPU, %.1f us round trip\n", path, (double)cpu / calls, (double)wall / calls);
}

TEST(what_a_call_costs)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    REQUIRE(s != NULL);
    DEFER(sp_grpc_server_close, s);
    wire *l = wire_new(sp_grpc_server_port(s));
    DEFER(wire_free, l);
    measure(l, "/test.Echo/Unary", 2000);
    measure(l, "/test.Echo/Worker", 500);     /* with a thread of its own for each call: dear */
}

/* ---- many connections, and their end ---- */

static void wait_calls(sp_grpc_server *s, size_t n)
{
    for (int i = 0; i < 2000 && sp_grpc_server_calls(s) != n; i++)
        usleep(1000);
    CHECK_INT(sp_grpc_server_calls(s), n);
}

TEST(dead_client)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    DEFER(sp_grpc_server_close, s);
    wire *l = wire_new(sp_grpc_server_port(s));
    int cancelled = service.cancelled, cut = service.cut_short;
    wire_submit(l, "/test.Echo/Hang", "x");
    wire_flush(l);
    wait_calls(s, 1);
    wire_submit(l, "/test.Echo/Stream", "1000 1000000");      /* a gigabyte that nobody reads: the worker waits */
    wire_flush(l);
    wait_calls(s, 2);
    wire_free(l);
    wait_calls(s, 0);
    for (int i = 0; i < 2000 && service.cut_short == cut; i++)
        usleep(1000);
    CHECK_INT(service.cancelled, cancelled + 2);
    CHECK_INT(service.cut_short, cut + 1);
}

TEST(drain)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    wire *l = wire_new(sp_grpc_server_port(s));
    DEFER(wire_free, l);
    int port = sp_grpc_server_port(s);
    CHECK(wire_call(l, "/test.Echo/Unary", "x"));
    wire_submit(l, "/test.Echo/Hang", "x");
    wire_flush(l);
    wait_calls(s, 1);
    CHECK(!sp_grpc_server_drain(s, 20000));
    refuses((sp_grpc_options){ .port = 65536 }, "no such port");
    accepts((sp_grpc_options){ .port = port }, "127.0.0.1:");    /* nobody listens there any more */
    sp_grpc_server_close(s);
    wire_run(l);
    CHECK_STR(l->status, "14");
    s = serve((sp_grpc_options){ 0 }, &err);
    wire *other = wire_new(sp_grpc_server_port(s));
    DEFER(wire_free, other);
    CHECK(wire_call(other, "/test.Echo/Unary", "x"));
    CHECK(sp_grpc_server_drain(s, 1000000));
    sp_grpc_server_close(s);
}

TEST(a_call_outlives_its_server)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ 0 }, &err);
    wire *l = wire_new(sp_grpc_server_port(s));
    DEFER(wire_free, l);
    int running = service.running;
    wire_submit(l, "/test.Echo/Stream", "1000 1000000");
    wire_flush(l);
    wait_calls(s, 1);
    sp_grpc_server_close(s);              /* while the worker waits for room */
    for (int i = 0; i < 2000 && service.running != running; i++)
        usleep(1000);
    CHECK_INT(service.running, running);
}

TEST(silent_and_idle_connections_are_closed)
{
    sp_error err = { 0 };
    sp_grpc_server *s = serve((sp_grpc_options){ .handshake_us = 30000, .idle_us = 60000, .max_connections = 3 }, &err);
    DEFER(sp_grpc_server_close, s);
    wire *silent = wire_new(sp_grpc_server_port(s)), *idle = wire_new(sp_grpc_server_port(s));
    DEFER(wire_free, silent);
    DEFER(wire_free, idle);
    int64_t before = clock_us(CLOCK_MONOTONIC);
    CHECK(wire_call(idle, "/test.Echo/Unary", "x"));
    char bytes[4096];
    while (recv(silent->fd, bytes, sizeof bytes, 0) > 0)      /* the server's SETTINGS, then the end */
        ;
    int64_t took = clock_us(CLOCK_MONOTONIC) - before;
    CHECK(took >= 25000 && took < 2000000);
    while (recv(idle->fd, bytes, sizeof bytes, 0) > 0)
        ;
    CHECK(clock_us(CLOCK_MONOTONIC) - before >= 55000);
}

/* ---- TLS and grpcio ---- */

static bool write_pem(const char *path, EVP_PKEY *key, X509 *certificate)
{
    FILE *f = fopen(path, "w");
    bool good = f &&
        (certificate ? PEM_write_X509(f, certificate) : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)) == 1;
    return f && fclose(f) == 0 && good;
}

/* A self-signed certificate for localhost and 127.0.0.1. */
static bool make_certificate(const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *c = X509_new();
    X509_NAME *name = X509_get_subject_name(c);
    X509V3_CTX context;
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_set_version(c, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 86400);
    X509_set_pubkey(c, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(c, name);
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, c, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
    bool good = X509_sign(c, key, EVP_sha256()) > 0 && write_pem(cert_path, NULL, c) && write_pem(key_path, key, NULL);
    X509_free(c);
    EVP_PKEY_free(key);
    return good;
}

static int run_python(const char *python, char *const argv[])
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        execv(python, argv);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(grpcio)
{
    const char *python = getenv("SPATE_PYTHON") ? getenv("SPATE_PYTHON") : "build/venv/bin/python";
    char cert[512], key[512], ports[3][16];
    sp_error err = { 0 };
    if (access(python, X_OK) != 0) {
        printf("  not run: no %s\n", python);
        return;
    }
    snprintf(cert, sizeof cert, "%s/cert.pem", test_folder());
    snprintf(key, sizeof key, "%s/key.pem", test_folder());
    REQUIRE(make_certificate(cert, key));
    sp_grpc_options o[3] = { { .max_message_bytes = 0 }, { .token = "s3cret", .max_message_bytes = 1 << 20 },
                             { .tls_cert = cert, .tls_key = key } };
    for (int i = 0; i < 3; i++) {
        sp_grpc_server *s = serve(o[i], &err);
        REQUIRE(s != NULL);
        DEFER(sp_grpc_server_close, s);
        snprintf(ports[i], sizeof ports[i], "%d", sp_grpc_server_port(s));
    }
    char *argv[] = {
        (char *)(uintptr_t)python, "tests/connect/grpc_echo_check.py", ports[0], ports[1], ports[2], cert, NULL
    };
    CHECK_INT(run_python(python, argv), 0);
    /* What is left when all clients are gone. */
    for (int i = 0; i < 3000 && service.running; i++)
        usleep(1000);
    CHECK_INT(service.running, 0);
}
