/* grpc_loop.c -- the loop thread: one epoll over the listening socket, the waker's eventfd and every connection.
 *
 * Decision D9 keeps sockets, clock and threads in world/; listening sockets are the stated exception and live here
 * and in grpc_server.c, because nothing simulated is gained by them: the session below (grpc_session.c) runs without
 * any.
 *
 *   forever: wait (no timeout unless a deadline or timer is set: idle costs nothing)
 *            for each ready connection: read, feed its session   (handlers run here and queue their answers)
 *            serve the ready list                                (answers of handlers and of workers)
 *            for each dirty session: pull and write              (one write carries all answers of this round)
 * Scratch buffers are shared; a connection owns memory for unsent bytes only while its socket is full. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "connect/grpc_loop.h"

enum {
    LOOP_EVENTS = 64,
    ROUNDS = 8,                       /* buffers moved for one connection before the others get their turn */
    GOODBYE_MS = 250                  /* how long close waits for sockets to take what is left */
};
static const int64_t ACCEPT_PAUSE_NS = 100 * 1000000ll;

struct grpc_connection {
    int fd;
    grpc_tls_link *tls;
    grpc_session *session;
    grpc_connection *prev, *next;
    char *left;                       /* bytes the socket did not take */
    size_t left_n, left_at;
    int64_t timer_ns;                 /* handshake or idle deadline; INT64_MAX: none */
    bool wants_out, tls_wants_out;    /* EPOLLOUT is armed; TLS needs it to go on reading */
};

/* ---- connections ---- */

static void close_connection(sp_grpc_server *s, grpc_connection *c)
{
    grpc_session_free(c->session);
    grpc_tls_link_free(c->tls);
    close(c->fd);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->connection_count--;
    sp_free(c->left);
    sp_free(c);
}

static void arm(sp_grpc_server *s, grpc_connection *c)
{
    bool out = c->left_n > 0 || c->tls_wants_out;
    if (out == c->wants_out)
        return;
    struct epoll_event e = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c };
    if (epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) == 0)
        c->wants_out = out;
}

static void set_timer(sp_grpc_server *s, grpc_connection *c, int64_t at_ns)
{
    c->timer_ns = at_ns;
    if (at_ns < s->next_timer_ns)
        s->next_timer_ns = at_ns;
}

static ssize_t socket_write(grpc_connection *c, const char *from, size_t n)
{
    return c->tls ? grpc_tls_write(c->tls, from, n) : send(c->fd, from, n, MSG_NOSIGNAL);
}

/* Writes what it can; *done tells how much. False: the connection is broken. */
static bool write_some(grpc_connection *c, const char *from, size_t n, size_t *done)
{
    *done = 0;
    while (*done < n) {
        ssize_t sent = socket_write(c, from + *done, n - *done);
        if (sent > 0)
            *done += (size_t)sent;
        else
            return sent < 0 && (errno == EAGAIN || errno == EINTR);
    }
    return true;
}

/* Keeps the unsent rest; the socket's readiness brings us back. */
static bool keep_rest(grpc_connection *c, const char *rest, size_t n)
{
    c->left = sp_malloc(n);
    if (!c->left)
        return false;
    memcpy(c->left, rest, n);
    c->left_n = n;
    c->left_at = 0;
    return true;
}

static bool write_left(grpc_connection *c)
{
    size_t done;
    if (c->left_n == 0)
        return true;
    if (!write_some(c, c->left + c->left_at, c->left_n, &done))
        return false;
    c->left_at += done;
    c->left_n -= done;
    if (c->left_n == 0) {
        sp_free(c->left);
        c->left = NULL;
    }
    return true;
}

/* Sends what the session has. False: close it, because it is broken or over. */
static bool flush(sp_grpc_server *s, grpc_connection *c)
{
    if (!write_left(c))
        return false;
    for (int i = 0; i < ROUNDS && c->left_n == 0; i++) {
        size_t done, n = grpc_session_pull(c->session, s->out, LOOP_OUT_BYTES);
        if (n == 0)
            break;
        if (!write_some(c, s->out, n, &done) || (done < n && !keep_rest(c, s->out + done, n - done)))
            return false;
        if (i == ROUNDS - 1)
            grpc_session_mark_dirty(c->session);
    }
    arm(s, c);
    if (c->left_n == 0 && grpc_session_over(c->session))
        return false;
    if (s->idle_ns && c->session->settings_seen) {
        if (c->session->calls)
            c->timer_ns = INT64_MAX;
        else
            set_timer(s, c, sp_mono_ns(s->core->world) + s->idle_ns);
    }
    return true;
}

/* A closed connection is shut down towards the peer first and its unread bytes are dropped: a plain close with unread
 * bytes sends RST, which can overtake the GOAWAY or the trailers just written. */
static void part(sp_grpc_server *s, grpc_connection *c)
{
    shutdown(c->fd, SHUT_WR);
    for (int i = 0; i < ROUNDS && recv(c->fd, s->in, LOOP_IN_BYTES, MSG_DONTWAIT) > 0; i++)
        ;
    close_connection(s, c);
}

static void flush_dirty(sp_grpc_server *s)
{
    grpc_session *list = s->core->dirty;
    s->core->dirty = NULL;
    /* Sessions marked again meanwhile go to the new list: a fast reader cannot keep the loop from the others. */
    while (list) {
        grpc_session *session = list;
        list = session->dirty_next;
        session->is_dirty = false;
        if (!flush(s, session->owner))
            part(s, session->owner);
    }
}

/* ---- events ---- */

static ssize_t socket_read(grpc_connection *c, char *to, size_t n)
{
    c->tls_wants_out = false;
    return c->tls ? grpc_tls_read(c->tls, to, n, &c->tls_wants_out) : recv(c->fd, to, n, 0);
}

/* False: the connection is broken or closed by the peer. */
static bool read_connection(sp_grpc_server *s, grpc_connection *c)
{
    for (int i = 0;; i++) {
        ssize_t n = socket_read(c, s->in, LOOP_IN_BYTES);
        if (n > 0) {
            grpc_session_feed(c->session, s->in, (size_t)n);
            /* A short read emptied a plain socket, and epoll tells of more. OpenSSL hands out a record of 16 KB at
             * most, and may hold bytes that epoll does not see. */
            if (c->tls ? i >= 4 * ROUNDS && !grpc_tls_pending(c->tls) : i >= ROUNDS || n < LOOP_IN_BYTES)
                return true;
        } else if (n == 0) {
            return false;
        } else if (errno == EAGAIN) {
            arm(s, c);
            return true;
        } else if (errno != EINTR) {
            return false;
        }
    }
}

static void on_connection(sp_grpc_server *s, grpc_connection *c, uint32_t events)
{
    bool alive = true;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || c->tls_wants_out)
        alive = read_connection(s, c);
    if (!alive) {
        close_connection(s, c);
        return;
    }
    if (c->session->settings_seen && c->timer_ns != INT64_MAX && !s->idle_ns)
        c->timer_ns = INT64_MAX;      /* the handshake is over */
    if (events & EPOLLOUT)
        grpc_session_mark_dirty(c->session);
}

static void socket_options(const sp_grpc_server *s, int fd)
{
    int one = 1, idle = s->keepalive_s, interval = idle / 4 > 0 ? idle / 4 : 1, count = 4;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static void add_connection(sp_grpc_server *s, int fd)
{
    grpc_connection *c = s->connection_count < s->max_connections ? sp_calloc(sizeof *c) : NULL;
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    sp_error err = { 0 };
    if (!c)
        goto failed;
    c->fd = fd;
    if (s->tls && !(c->tls = grpc_tls_accept(s->tls, fd)))
        goto failed;
    socket_options(s, fd);
    if (!(c->session = grpc_session_new(s->core, c, &err)) || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e))
        goto failed;
    set_timer(s, c, sp_mono_ns(s->core->world) + s->handshake_ns);
    c->next = s->connections;
    if (s->connections)
        s->connections->prev = c;
    s->connections = c;
    s->connection_count++;
    return;
failed:
    if (c) {
        grpc_session_free(c->session);
        grpc_tls_link_free(c->tls);
    }
    sp_free(c);
    close(fd);
}

static void listen_again(sp_grpc_server *s, bool on)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = &s->listen_fd };
    epoll_ctl(s->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listen_fd, &e);
}

static void accept_all(sp_grpc_server *s)
{
    for (;;) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            add_connection(s, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The backlog stays readable: without a pause this would spin. */
            sp_log(SP_LOG_WARN, "connect: cannot accept a connection for now: %s", strerror(errno));
            listen_again(s, false);
            s->accept_again_ns = sp_mono_ns(s->core->world) + ACCEPT_PAUSE_NS;
            if (s->accept_again_ns < s->next_timer_ns)
                s->next_timer_ns = s->accept_again_ns;
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* ---- timers ---- */

static void run_timers(sp_grpc_server *s)
{
    grpc_core *core = s->core;
    int64_t now = sp_mono_ns(core->world);
    if (now < core->next_deadline_ns && now < s->next_timer_ns)
        return;
    core->next_deadline_ns = s->next_timer_ns = INT64_MAX;
    if (s->accept_again_ns && s->accept_again_ns <= now) {
        s->accept_again_ns = 0;
        if (s->listen_fd >= 0)
            listen_again(s, true);
    } else if (s->accept_again_ns) {
        s->next_timer_ns = s->accept_again_ns;
    }
    for (grpc_connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        grpc_session_expire(c->session, now, &core->next_deadline_ns);
        if (c->timer_ns > now) {
            if (c->timer_ns < s->next_timer_ns)
                s->next_timer_ns = c->timer_ns;
        } else if (c->session->settings_seen) {
            c->timer_ns = INT64_MAX;
            grpc_session_goaway(c->session);       /* idle: the session is over once this is sent */
        } else {
            close_connection(s, c);                /* nothing sensible came since it was accepted */
        }
    }
}

/* -1: nothing to wait for but events. */
static int wait_ms(const sp_grpc_server *s)
{
    int64_t at = s->core->next_deadline_ns < s->next_timer_ns ? s->core->next_deadline_ns : s->next_timer_ns;
    if (s->core->dirty || grpc_core_has_ready(s->core))
        return 0;
    if (at == INT64_MAX)
        return -1;
    int64_t ms = (at - sp_mono_ns(s->core->world)) / 1000000 + 1;
    return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

/* ---- start and end ---- */

static void start_drain(sp_grpc_server *s)
{
    if (s->draining)
        return;
    s->draining = true;
    close(s->listen_fd);              /* leaves the epoll set by itself */
    s->listen_fd = -1;
    for (grpc_connection *c = s->connections; c; c = c->next)
        grpc_session_goaway(c->session);
}

static void finish_all(sp_grpc_server *s)
{
    for (grpc_connection *c = s->connections; c; c = c->next) {
        for (sp_grpc_call *call = c->session->calls; call; call = call->next)
            grpc_session_fail(call, SP_GRPC_UNAVAILABLE, "The server is shutting down");
    }
    grpc_core_run_ready(s->core);
    flush_dirty(s);
    int64_t until = sp_mono_ns(s->core->world) + GOODBYE_MS * 1000000ll;
    while (s->connections) {
        grpc_connection *c = s->connections;
        int ms = (int)((until - sp_mono_ns(s->core->world)) / 1000000);
        struct pollfd p = { .fd = c->fd, .events = POLLOUT };
        if (c->left_n > 0 && ms > 0 && poll(&p, 1, ms) > 0 && flush(s, c))
            continue;
        part(s, c);
    }
}

void grpc_loop_run(void *server)
{
    sp_grpc_server *s = server;
    struct epoll_event events[LOOP_EVENTS];
    grpc_loop_core = s->core;
    while (!s->stop) {
        int n = epoll_wait(s->epoll_fd, events, LOOP_EVENTS, wait_ms(s));
        /* A connection closed by one event is never named by a later one: epoll reports each descriptor once a round,
         * and only flush and timers, after the events, close others. */
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == s->core)
                sp_waker_drain(s->core->waker);
            else if (what == &s->listen_fd)
                accept_all(s);
            else
                on_connection(s, what, events[i].events);
        }
        if (s->drain)
            start_drain(s);
        run_timers(s);
        grpc_core_run_ready(s->core);
        flush_dirty(s);
    }
    start_drain(s);
    finish_all(s);
    grpc_loop_core = NULL;
}
