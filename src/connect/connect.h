/* connect.h -- the Spark Connect service: Spark's own clients talk to Spate's sessions through it.
 *
 * Ownership: sp_connect_open takes a runtime that outlives the service. Order: open, (drain), close. Threads: any thread may call; the service
 * has one loop thread (grpc.h), worker threads that come with work and go when idle, and a janitor that sleeps until something expires.
 * Behaviour: SparkConnectService and what is around it (Spark 4.3), for the client pyspark-client 4.2 and later. */
#ifndef SP_CONNECT_H
#define SP_CONNECT_H

#include "session/session.h"

typedef struct sp_connect sp_connect;

typedef struct sp_connect_options {
    sp_runtime *runtime;
    const char *host;                  /* NULL: "127.0.0.1" */
    int port;                          /* 0: any free one */
    const char *token;                 /* NULL: none asked */
    const char *tls_cert, *tls_key;    /* PEM files, both or neither */
    bool insecure;                     /* an address that is not loopback may go without a token */
    int64_t session_idle_us;           /* 0: an hour, as in Spark; a session with running queries does not expire */
    int64_t detached_us;               /* 0: 5 minutes: how long an execution without a client is kept */
} sp_connect_options;

/* Accepts when it returns. Errors are plain, one line. */
sp_status sp_connect_open(const sp_connect_options *o, sp_connect **out, sp_error *err);
const char *sp_connect_address(const sp_connect *c);     /* "HOST:PORT" */
/* No new calls; streaming queries are stopped, running calls get `timeout_us` to end. */
void sp_connect_drain(sp_connect *c, int64_t timeout_us);
void sp_connect_close(sp_connect *c);                    /* NULL is fine */

#endif
