/* grpc.h -- a gRPC server on nghttp2: the transport under the Spark Connect service. It knows messages as bytes only.
 *
 * Order: sp_grpc_server_open starts one loop thread that owns every connection; calls arrive at the methods of a
 * table; sp_grpc_server_drain lets calls end; sp_grpc_server_close ends what is left and joins the thread.
 *
 * Threads: the callbacks of sp_grpc_method (but `released`) run on the loop thread and must not block. sp_grpc_send*,
 * sp_grpc_finish, sp_grpc_reply, sp_grpc_cancelled, sp_grpc_call_ref and _unref may be called from any thread, on the
 * loop thread too; sp_grpc_send_wait from any other thread. Everything else of a call is set before `start` and only
 * read.
 *
 * Ownership: a callback borrows its call; whoever keeps it (to answer from a worker) takes a reference and gives it
 * back. A referenced call outlives its connection and its server: sending into it then says SP_GRPC_OVER. The table
 * of methods, the service and the world outlive the last call. Messages are sp_buffers: borrowed by the callback,
 * kept by reference.
 *
 * Answers follow grpc-java as Spark's server has it: unknown method UNIMPLEMENTED, wrong or missing token
 * UNAUTHENTICATED, too large a message RESOURCE_EXHAUSTED, gzip and deflate requests are inflated, answers are never
 * compressed. */
#ifndef SP_CONNECT_GRPC_H
#define SP_CONNECT_GRPC_H

#include "world/world.h"

typedef struct sp_grpc_server sp_grpc_server;
typedef struct sp_grpc_call sp_grpc_call;

/* google.rpc.Code */
typedef enum sp_grpc_code {
    SP_GRPC_OK = 0, SP_GRPC_CANCELLED = 1, SP_GRPC_UNKNOWN = 2, SP_GRPC_INVALID_ARGUMENT = 3,
    SP_GRPC_DEADLINE_EXCEEDED = 4, SP_GRPC_NOT_FOUND = 5, SP_GRPC_ALREADY_EXISTS = 6, SP_GRPC_PERMISSION_DENIED = 7,
    SP_GRPC_RESOURCE_EXHAUSTED = 8, SP_GRPC_FAILED_PRECONDITION = 9, SP_GRPC_ABORTED = 10, SP_GRPC_OUT_OF_RANGE = 11,
    SP_GRPC_UNIMPLEMENTED = 12, SP_GRPC_INTERNAL = 13, SP_GRPC_UNAVAILABLE = 14, SP_GRPC_DATA_LOSS = 15,
    SP_GRPC_UNAUTHENTICATED = 16
} sp_grpc_code;

typedef enum sp_grpc_sent {
    SP_GRPC_SENT = 0,   /* queued; it will be delivered unless the call is cancelled */
    SP_GRPC_FULL = 1,   /* not queued: the queue is above its high-water mark; wait for `writable` */
    SP_GRPC_OVER = 2    /* not queued: the call is finished, cancelled or its client gone; stop working for it */
} sp_grpc_sent;

/* ---- what is served ---- */

typedef struct sp_grpc_method {
    const char *path;          /* "/spark.connect.SparkConnectService/ExecutePlan" */
    bool client_streaming;     /* false: `message` comes exactly once, after the client has half-closed */
    /* The request's headers are in and accepted. May be NULL, as may all but message. */
    void (*start)(sp_grpc_call *call, void *service);
    /* One whole request message, inflated. message->size bytes (0 is a valid, empty message); take a reference to
     * keep it. */
    void (*message)(sp_grpc_call *call, sp_buffer *message);
    /* client_streaming only: no more messages will come. */
    void (*half_closed)(sp_grpc_call *call);
    /* A queue that once answered SP_GRPC_FULL has drained to half of its high-water mark. */
    void (*writable)(sp_grpc_call *call);
    /* The client gave up, its connection died, the deadline passed or the server closes, before sp_grpc_finish was
     * called. Once at most, and only after start. */
    void (*cancelled)(sp_grpc_call *call);
    /* The last reference is gone: free what sp_grpc_call_set_user holds. Any thread. Only after start. */
    void (*released)(sp_grpc_call *call);
} sp_grpc_method;

typedef struct sp_grpc_options {
    sp_world *world;                  /* NULL: the real one */
    const sp_grpc_method *methods;    /* method_count rows */
    size_t method_count;
    void *service;                    /* handed to start; sp_grpc_call_service */
    const char *host;                 /* NULL: "127.0.0.1", which "localhost" is, too; names: their first address */
    int port;                         /* 0: any free one, see sp_grpc_server_port */
    const char *token;                /* NULL or "": none asked */
    const char *tls_cert, *tls_key;   /* PEM files, both or neither */
    bool insecure;                    /* an address other than loopback without a token is fine */
    size_t max_message_bytes;         /* 0: 128 MiB, Spark's spark.connect.grpc.maxInboundMessageSize */
    size_t send_queue_bytes;          /* 0: 4 MiB; a call's high-water mark; one message may stand above it */
    uint32_t max_streams;             /* 0: 1024 concurrent calls a connection */
    uint32_t max_connections;         /* 0: 4096; more are closed as they come */
    int64_t idle_us;                  /* 0: never; a connection without calls is said goodbye after so long */
    int64_t handshake_us;             /* 0: 20 s to send the HTTP/2 preface, and a TLS handshake before it */
    int keepalive_s;                  /* 0: 60; TCP keep-alive finds clients whose machine is gone */
} sp_grpc_options;

/* ---- the server ---- */

/* Copies the strings of o. Listens when it returns. Errors are plain, one line, and name the address: an address that
 * is not loopback without token or insecure; a port in use; an unreadable certificate. */
sp_status sp_grpc_server_open(const sp_grpc_options *o, sp_grpc_server **out, sp_error *err);
int       sp_grpc_server_port(const sp_grpc_server *s);     /* the bound port */
/* "HOST:PORT", a literal IPv6 address in brackets; lives as long as the server. */
const char *sp_grpc_server_address(const sp_grpc_server *s);
/* Stops listening and sends GOAWAY: new calls are refused, running ones go on. Returns when the last call ended
 * (true) or timeout_us passed (false). Not on the loop thread. */
bool      sp_grpc_server_drain(sp_grpc_server *s, int64_t timeout_us);
/* Cancels the calls that are left (status UNAVAILABLE), flushes what sockets take at once, joins the loop thread.
 * NULL is fine. */
void      sp_grpc_server_close(sp_grpc_server *s);
size_t    sp_grpc_server_calls(sp_grpc_server *s);          /* open calls; a moment's view */

/* ---- a call ---- */

sp_grpc_call *sp_grpc_call_ref(sp_grpc_call *call);
void          sp_grpc_call_unref(sp_grpc_call *call);       /* NULL is fine */
/* The handler's own; set in start, freed in released. */
void          sp_grpc_call_set_user(sp_grpc_call *call, void *user);
void         *sp_grpc_call_user(const sp_grpc_call *call);
void         *sp_grpc_call_service(const sp_grpc_call *call);
const sp_grpc_method *sp_grpc_call_method(const sp_grpc_call *call);
/* First value of a request header, name in lower case ("user-agent"); NULL when absent. Lives as long as the call. */
const char   *sp_grpc_metadata(const sp_grpc_call *call, const char *name);
/* True from the moment nothing sent can reach the client any more: cancelled, dead connection, deadline, server
 * closed. */
bool          sp_grpc_cancelled(const sp_grpc_call *call);

/* Queues one message, copied. Never waits. Out of memory ends the call with RESOURCE_EXHAUSTED and says OVER. */
sp_grpc_sent  sp_grpc_send(sp_grpc_call *call, const void *message, size_t n);
/* One message made of head (copied) and body (kept by reference, not copied): for Arrow batches behind a few protobuf
 * bytes. body may be NULL. */
sp_grpc_sent  sp_grpc_send_buffer(sp_grpc_call *call, const void *head, size_t head_n, sp_buffer *body);
/* The same, waiting while the queue is full; SENT or OVER. Not on the loop thread. */
sp_grpc_sent  sp_grpc_send_wait(sp_grpc_call *call, const void *head, size_t head_n, sp_buffer *body);
size_t        sp_grpc_queued(sp_grpc_call *call);           /* bytes not yet taken by the connection */

/* Ends the call after what is queued; finished on the loop thread, it gets no further `message`. message (UTF-8, may
 * be NULL) is percent-encoded; details is a serialized google.rpc.Status for grpc-status-details-bin, or NULL.
 * Clients refuse trailers beyond 8 KB: longer messages are cut, details of more than SP_GRPC_DETAILS_MAX bytes are
 * left out. Later calls change nothing. */
enum { SP_GRPC_DETAILS_MAX = 5120 };
void sp_grpc_finish(sp_grpc_call *call, sp_grpc_code code, const char *message, const void *details, size_t details_n);
/* One message and status OK, in one step: the whole answer of a unary call. */
void          sp_grpc_reply(sp_grpc_call *call, const void *message, size_t n);

#endif
