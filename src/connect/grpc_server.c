/* grpc_server.c -- opening, draining and closing the gRPC server; who may be let in from where (decision D16).
 * Sockets outside of world/: see grpc_loop.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "connect/grpc_loop.h"

enum { BACKLOG = 512 };

typedef union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } address;

/* ---- addresses ---- */

static bool is_loopback(const address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr) && a->v6.sin6_addr.s6_addr[12] == 127);
}

static socklen_t address_size(const address *a) { return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6; }

/* Numbers are read as they are: asking the resolver costs a file or two at start. */
static sp_status resolve(const char *host, int port, address *out, sp_error *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    char bare[256];
    size_t n = strlen(host);
    if (n > 2 && host[0] == '[' && host[n - 1] == ']')
        snprintf(bare, sizeof bare, "%.*s", (int)(n - 2), host + 1);
    else
        snprintf(bare, sizeof bare, "%s", strcmp(host, "localhost") == 0 ? "127.0.0.1" : host);
    *out = (address){ 0 };
    if (inet_pton(AF_INET, bare, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, bare, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
    } else {
        int rc = getaddrinfo(bare, NULL, &hints, &found);
        if (rc != 0 || !found || found->ai_addrlen > sizeof *out) {
            if (found)
                freeaddrinfo(found);
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "cannot listen on %s: %s", host, gai_strerror(rc));
        }
        memcpy(out, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
    }
    if (out->any.sa_family == AF_INET)
        out->v4.sin_port = htons((uint16_t)port);
    else
        out->v6.sin6_port = htons((uint16_t)port);
    return SP_OK;
}

static sp_status listen_failed(int fd, const char *host, int port, sp_error *err)
{
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (why == EADDRINUSE)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "cannot listen on %s:%d: the port is already in use",
                              host, port);
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "cannot listen on %s:%d: %s", host, port, strerror(why));
}

static sp_status open_listener(sp_grpc_server *s, const sp_grpc_options *o, sp_error *err)
{
    const char *host = o->host && *o->host ? o->host : "127.0.0.1";
    address a;
    int one = 1;
    if (o->port < 0 || o->port > 65535)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "cannot listen on %s:%d: no such port", host, o->port);
    SP_TRY(resolve(host, o->port, &a, err));
    if (!is_loopback(&a) && !(o->token && *o->token) && !o->insecure)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                              "will not listen on %s without a token: whoever reaches the port can run code here; "
                              "set a token (SPARK_CONNECT_AUTHENTICATE_TOKEN) or ask for --insecure", host);
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);   /* world */
    if (fd < 0)
        return listen_failed(fd, host, o->port, err);
    /* A restart must not wait for the TIME_WAIT of the last run; a port somebody listens on is refused all the same. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t size = address_size(&a);
    if (bind(fd, &a.any, size) || listen(fd, BACKLOG) || getsockname(fd, &a.any, &size))
        return listen_failed(fd, host, o->port, err);
    s->listen_fd = fd;
    s->port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
    bool brackets = strchr(host, ':') && host[0] != '[';
    snprintf(s->address, sizeof s->address, brackets ? "[%.255s]:%d" : "%.255s:%d", host, s->port);
    return SP_OK;
}

/* ---- the server ---- */

static sp_status open_epoll(sp_grpc_server *s, sp_error *err)
{
    s->core->waker = sp_waker_new(s->core->world, err);
    if (!s->core->waker)
        return SP_FAILED;
    struct epoll_event wake = { .events = EPOLLIN, .data.ptr = s->core };
    struct epoll_event accept = { .events = EPOLLIN, .data.ptr = &s->listen_fd };
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, sp_waker_fd(s->core->waker), &wake) ||
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->listen_fd, &accept))
        return sp_error_os(err, errno, "epoll", s->address);
    return SP_OK;
}

/* Without a thread; the core goes with the last call that workers still hold. */
static void free_server(sp_grpc_server *s)
{
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    grpc_tls_free(s->tls);
    grpc_core_unref(s->core);
    sp_free(s->in);
    sp_free(s->out);
    sp_free(s);
}

static sp_status open_all(sp_grpc_server *s, const sp_grpc_options *o, sp_error *err)
{
    if (!o->tls_cert != !o->tls_key)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "TLS needs both a certificate and a key");
    s->core = grpc_core_new(o, err);
    if (!s->core)
        return SP_FAILED;
    if (o->tls_cert)
        SP_TRY(grpc_tls_new(o->tls_cert, o->tls_key, &s->tls, err));
    s->in = sp_malloc(LOOP_IN_BYTES);
    s->out = sp_malloc(LOOP_OUT_BYTES);
    if (!s->in || !s->out)
        return sp_error_memory(err, "the gRPC server");
    SP_TRY(open_listener(s, o, err));
    SP_TRY(open_epoll(s, err));
    return sp_thread_start(s->core->world, "spate-grpc", grpc_loop_run, s, &s->thread, err);
}

sp_status sp_grpc_server_open(const sp_grpc_options *o, sp_grpc_server **out, sp_error *err)
{
    sp_grpc_server *s = sp_calloc(sizeof *s);
    *out = NULL;
    if (!s)
        return sp_error_memory(err, "the gRPC server");
    s->listen_fd = s->epoll_fd = -1;
    s->max_connections = o->max_connections ? o->max_connections : 4096;
    s->idle_ns = o->idle_us * 1000;
    s->handshake_ns = (o->handshake_us ? o->handshake_us : 20 * 1000000ll) * 1000;
    s->keepalive_s = o->keepalive_s ? o->keepalive_s : 60;
    s->next_timer_ns = INT64_MAX;
    if (open_all(s, o, err) != SP_OK) {
        free_server(s);
        return SP_FAILED;
    }
    *out = s;
    return SP_OK;
}

int sp_grpc_server_port(const sp_grpc_server *s) { return s->port; }
const char *sp_grpc_server_address(const sp_grpc_server *s) { return s->address; }

size_t sp_grpc_server_calls(sp_grpc_server *s)
{
    sp_mutex_lock(&s->core->lock);
    size_t n = s->core->open_calls;
    sp_mutex_unlock(&s->core->lock);
    return n;
}

bool sp_grpc_server_drain(sp_grpc_server *s, int64_t timeout_us)
{
    grpc_core *core = s->core;
    int64_t until = sp_mono_ns(core->world) + timeout_us * 1000;
    SP_ASSERT(grpc_loop_core != core);
    s->drain = true;
    sp_waker_wake(core->waker);
    sp_mutex_lock(&core->lock);
    while (core->open_calls > 0) {
        int64_t left_us = (until - sp_mono_ns(core->world)) / 1000;
        if (left_us <= 0 || !sp_cond_wait_us(&core->idle, &core->lock, left_us))
            break;
    }
    bool empty = core->open_calls == 0;
    sp_mutex_unlock(&core->lock);
    return empty;
}

void sp_grpc_server_close(sp_grpc_server *s)
{
    if (!s)
        return;
    s->stop = true;
    sp_waker_wake(s->core->waker);
    sp_thread_join(s->thread);
    free_server(s);
}
