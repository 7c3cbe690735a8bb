/* real_net.c -- the real world's waiting (poll, eventfd, inotify) and its client sockets. */
#include "world/world_int.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    POLL_ON_STACK = 32,
    CONNECT_TIMEOUT_US = 30000000   /* the kernel's own would be minutes */
};

/* ---- waiting ---- */

/* The number of descriptors with events, 0 when the time ran out, -1 with errno. */
static int poll_until(struct pollfd *polls, int count, int64_t timeout_us)
{
    int64_t end_ns = sp_mono_ns(sp_world_real()) + timeout_us * 1000;
    for (;;) {
        struct timespec left = { .tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000 };
        int n = ppoll(polls, (nfds_t)count, timeout_us < 0 ? NULL : &left, NULL);
        if (n >= 0 || errno != EINTR)
            return n;
        if (timeout_us >= 0) {
            int64_t left_ns = end_ns - sp_mono_ns(sp_world_real());
            timeout_us = left_ns > 0 ? left_ns / 1000 : 0;
        }
    }
}

sp_status sp_real_wait_readable(sp_world *w, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err)
{
    struct pollfd on_stack[POLL_ON_STACK], *polls = on_stack;
    if (count > POLL_ON_STACK && !(polls = sp_malloc((size_t)count * sizeof *polls)))
        return sp_error_memory(err, "a list of descriptors");
    for (int i = 0; i < count; i++)
        polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };   /* poll skips those below zero */
    int n = poll_until(polls, count, timeout_us);
    int code = errno;
    for (int i = 0; i < count && n > 0; i++)
        ready[i] = polls[i].revents != 0;   /* hang-up and error too: reading tells */
    if (polls != on_stack)
        sp_free(polls);
    return n < 0 ? sp_error_os(err, code, "Cannot wait for", "events") : SP_OK;
}

sp_waker *sp_real_waker_new(sp_world *w, sp_error *err)
{
    sp_waker *k = sp_malloc(sizeof *k);
    if (!k) {
        sp_error_memory(err, "a waker");
        return NULL;
    }
    k->world = w;
    k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->fd < 0) {
        sp_error_os(err, errno, "Cannot make", "an eventfd");
        sp_free(k);
        return NULL;
    }
    return k;
}

void sp_real_waker_wake(sp_waker *k)
{
    uint64_t one = 1;
    while (write(k->fd, &one, sizeof one) < 0 && errno == EINTR) {   /* EAGAIN: the count is full, it is awake */
    }
}

void sp_real_waker_drain(sp_waker *k)
{
    uint64_t count;
    while (read(k->fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

void sp_real_waker_free(sp_waker *k)
{
    close(k->fd);
    sp_free(k);
}

/* ---- watches ---- */

/* Folders by watch descriptor, which inotify counts from 1. */
typedef struct real_watch { sp_watch base; char **dirs; int dir_cap; } real_watch;

/* Out of inotify instances is no error: the listing is the truth, events only make it faster. */
sp_watch *sp_real_watch_new(sp_world *w, sp_error *err)
{
    real_watch *k = sp_calloc(sizeof *k);
    if (!k) {
        sp_error_memory(err, "a watch");
        return NULL;
    }
    k->base.world = w;
    k->base.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return &k->base;
}

void sp_real_watch_add(sp_watch *watch, const char *dir)
{
    real_watch *k = (real_watch *)watch;
    if (watch->fd < 0)
        return;
    int wd = inotify_add_watch(watch->fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE);
    if (wd < 0) {
        sp_log(SP_LOG_DEBUG, "no events for %s: errno %d", dir, errno);
        return;
    }
    if (wd >= k->dir_cap) {
        char **more = sp_realloc(k->dirs, sizeof *more * (size_t)(wd + 16));
        if (!more)
            return;
        memset(more + k->dir_cap, 0, sizeof *more * (size_t)(wd + 16 - k->dir_cap));
        k->dirs = more;
        k->dir_cap = wd + 16;
    }
    if (k->dirs[wd] && strcmp(k->dirs[wd], dir) == 0)
        return;
    size_t n = strlen(dir) + 1;
    char *copy = sp_malloc(n);
    if (copy)
        memcpy(copy, dir, n);
    sp_free(k->dirs[wd]);
    k->dirs[wd] = copy;
}

/* A file just created is not told: it is told when it is closed or moved in. A new folder is lost = true: it must be listed and watched. */
bool sp_real_watch_events(sp_watch *watch, void (*event)(void *context, const char *dir, const char *name), void *context, bool *lost)
{
    real_watch *k = (real_watch *)watch;
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool any = false;
    *lost = false;
    while (watch->fd >= 0) {
        ssize_t n = read(watch->fd, events, sizeof events);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        any = true;
        for (char *p = events; p < events + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)p;
            p += sizeof *e + e->len;
            const char *dir = e->wd >= 0 && e->wd < k->dir_cap ? k->dirs[e->wd] : NULL;
            if (e->mask & (IN_Q_OVERFLOW | IN_ISDIR | IN_IGNORED) || !dir)
                *lost = true;
            else if (event && e->len && (e->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)))
                event(context, dir, e->name);
        }
    }
    return any;
}

bool sp_real_watch_drain(sp_watch *watch)
{
    bool lost;
    return sp_real_watch_events(watch, NULL, NULL, &lost);
}

void sp_real_watch_free(sp_watch *watch)
{
    real_watch *k = (real_watch *)watch;
    if (watch->fd >= 0)
        close(watch->fd);
    for (int i = 0; i < k->dir_cap; i++)
        sp_free(k->dirs[i]);
    sp_free(k->dirs);
    sp_free(k);
}

/* ---- sockets ---- */

/* 0 or errno. The socket stays non-blocking. */
static int connect_within(int fd, const struct addrinfo *to, int64_t timeout_us)
{
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int n = poll_until(&p, 1, timeout_us);
    if (n <= 0)
        return n == 0 ? ETIMEDOUT : errno;
    int code = 0;
    socklen_t size = sizeof code;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

/* The first of the host's addresses that answers: its descriptor, or -1 and *code. */
static int connect_any(const struct addrinfo *list, int *code)
{
    *code = EHOSTUNREACH;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        if (fd < 0) {
            *code = errno;
            continue;
        }
        *code = connect_within(fd, a, CONNECT_TIMEOUT_US);
        if (*code == 0) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        close(fd);
    }
    return -1;
}

sp_status sp_real_connect(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err)
{
    char service[16], address[300];
    snprintf(service, sizeof service, "%d", port);
    snprintf(address, sizeof address, "%s:%d", host, port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *list = NULL;
    int code = getaddrinfo(host, service, &hints, &list);
    if (code != 0)
        return sp_error_plain(err, SP_EXC_SPARK, "Cannot connect to %s: %s", address, gai_strerror(code));
    int fd = connect_any(list, &code);
    freeaddrinfo(list);
    if (fd < 0)
        return sp_error_os(err, code, "Cannot connect to", address);
    sp_socket *s = sp_malloc(sizeof *s);
    if (!s) {
        close(fd);
        return sp_error_memory(err, "a socket");
    }
    *s = (sp_socket){ .world = w, .fd = fd };
    *out = s;
    return SP_OK;
}

sp_status sp_real_recv(sp_socket *s, void *to, size_t n, size_t *got, bool *closed, sp_error *err)
{
    if (n == 0)
        return SP_OK;
    for (;;) {
        ssize_t part = recv(s->fd, to, n, 0);
        if (part > 0) {
            *got = (size_t)part;
            return SP_OK;
        }
        if (part == 0) {
            *closed = true;
            return SP_OK;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return SP_OK;
        if (errno != EINTR)
            return sp_error_os(err, errno, "Cannot read from", "the socket");
    }
}

void sp_real_socket_close(sp_socket *s)
{
    close(s->fd);
    sp_free(s);
}
