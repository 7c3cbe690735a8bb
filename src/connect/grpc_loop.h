/* grpc_loop.h -- the server as its two files see it: grpc_server.c opens and closes, grpc_loop.c runs; and the TLS
 * calls. Fields without a note are set by open before the loop thread starts, and only read after. */
#ifndef SP_CONNECT_GRPC_LOOP_H
#define SP_CONNECT_GRPC_LOOP_H

#include "connect/grpc_int.h"

enum { LOOP_IN_BYTES = 64 * 1024, LOOP_OUT_BYTES = 128 * 1024 };

typedef struct grpc_tls grpc_tls;              /* a certificate and its key; shared by connections */
typedef struct grpc_tls_link grpc_tls_link;    /* one connection's encryption */
typedef struct grpc_connection grpc_connection;

struct sp_grpc_server {
    grpc_core *core;
    grpc_tls *tls;                    /* NULL: plain */
    sp_thread *thread;
    char address[300];                /* "HOST:PORT" */
    int port;
    int listen_fd, epoll_fd;
    uint32_t max_connections;
    int64_t idle_ns, handshake_ns;
    int keepalive_s;
    _Atomic bool drain, stop;         /* set by any thread, then the waker is woken */
    /* loop thread */
    grpc_connection *connections;
    uint32_t connection_count;
    int64_t next_timer_ns;            /* earliest handshake, idle or accept-again time; INT64_MAX: none */
    int64_t accept_again_ns;          /* > 0: out of descriptors, do not listen before */
    bool draining;
    char *in, *out;                   /* scratch of LOOP_IN_BYTES and LOOP_OUT_BYTES, shared by all connections */
};

void grpc_loop_run(void *server);     /* the loop thread's body */

/* Loads the PEM files; the error names the file. */
sp_status grpc_tls_new(const char *cert_path, const char *key_path, grpc_tls **out, sp_error *err);
void grpc_tls_free(grpc_tls *t);
grpc_tls_link *grpc_tls_accept(grpc_tls *t, int fd);           /* NULL: out of memory */
void grpc_tls_link_free(grpc_tls_link *l);
/* As recv and send: bytes moved, 0 = the peer closed, -1 with errno; EAGAIN = wait for the socket (*want_write: to
 * write). */
ssize_t grpc_tls_read(grpc_tls_link *l, void *to, size_t n, bool *want_write);
bool grpc_tls_pending(const grpc_tls_link *l);     /* decrypted bytes that epoll does not know of */
ssize_t grpc_tls_write(grpc_tls_link *l, const void *from, size_t n);

#endif
