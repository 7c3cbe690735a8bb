/* grpc_int.h -- what the files of the gRPC transport share: the core, a session, a call, message framing.
 *
 *   grpc_server.c   opening, binding rules, drain, close               (threads meet here)
 *   grpc_loop.c     the loop thread: epoll, sockets, timers
 *   grpc_tls.c      OpenSSL behind three calls
 *   grpc_session.c  one HTTP/2 connection as bytes in, bytes out: no sockets; tests and the fuzzer drive it alone
 *   grpc_call.c     one call: its queue, its end, and the list by which workers hand calls to the loop
 *   grpc_frame.c    length-prefixed messages, inflate, percent-encoding, base64, grpc-timeout
 *
 * Who touches what: a session and the "loop" fields of a call belong to the loop thread; the queue is under
 * call->lock; the ready list under core->lock. Neither is taken while the other is held. */
#ifndef SP_CONNECT_GRPC_INT_H
#define SP_CONNECT_GRPC_INT_H

#include <nghttp2/nghttp2.h>
#include "connect/grpc.h"

enum {
    GRPC_METADATA_MAX = 32 * 1024,     /* request headers of a call, names and values; grpc-java allows 8 KB */
    GRPC_MESSAGE_HEAD = 5,             /* compressed flag and length */
    GRPC_PULL_MIN = 40 * 1024,         /* room for what nghttp2 hands out at once: a 16 KB frame, with a margin */
    GRPC_STREAM_WINDOW = 4 << 20,      /* what a client may send ahead; nothing is reserved for it */
    GRPC_CONNECTION_WINDOW = 16 << 20
};

typedef struct grpc_session grpc_session;

/* ---- core: what all sessions share; lives until the server and its last call are gone ---- */
typedef struct grpc_core {
    _Atomic int refs;
    sp_world *world;
    const sp_grpc_method *methods;
    size_t method_count;
    void *service;
    char *bearer;                      /* "Bearer TOKEN" or NULL */
    size_t bearer_n;
    size_t max_message_bytes, send_queue_bytes;
    uint32_t max_streams;
    sp_waker *waker;                   /* NULL when nobody sleeps (tests, fuzzer) */
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *h2_option;
    /* loop thread */
    int64_t next_deadline_ns;          /* earliest deadline of any call, INT64_MAX when there is none */
    grpc_session *dirty;               /* sessions that may have bytes to send */
    /* under lock */
    sp_mutex lock;
    sp_cond idle;                      /* open_calls fell to 0 */
    sp_grpc_call *ready_first, *ready_last;
    size_t open_calls;
} grpc_core;

grpc_core *grpc_core_new(const sp_grpc_options *o, sp_error *err);
void grpc_core_unref(grpc_core *core);
/* Serves every call on the ready list (answers of workers and handlers). Loop thread. */
void grpc_core_run_ready(grpc_core *core);
bool grpc_core_has_ready(grpc_core *core);
/* The core whose loop runs on this thread, or NULL. */
extern _Thread_local const grpc_core *grpc_loop_core;

/* ---- frame: pure functions ---- */
typedef enum { GRPC_IDENTITY, GRPC_GZIP, GRPC_DEFLATE, GRPC_UNKNOWN_ENCODING } grpc_encoding;
typedef struct grpc_inbox {            /* a message being put together */
    uint8_t head[GRPC_MESSAGE_HEAD];
    uint32_t head_n, want;             /* want: body length as announced, once head_n is 5 */
    size_t have;
    sp_buffer *body;
} grpc_inbox;
/* What happened: NULL in *message and code OK: more bytes are needed. text is static or in err. */
typedef struct grpc_taken { sp_buffer *message; sp_grpc_code code; const char *text; size_t used; } grpc_taken;
grpc_taken grpc_inbox_take(grpc_inbox *in, const uint8_t *bytes, size_t n, size_t max, grpc_encoding encoding,
                           sp_error *err);
static inline bool grpc_inbox_empty(const grpc_inbox *in) { return in->head_n == 0; }
void grpc_inbox_done(grpc_inbox *in);
grpc_encoding grpc_encoding_of(const char *name);
/* malloc'd; NULL when out of memory. At most max bytes, cut between characters. */
char *grpc_percent_encode(const char *text, size_t max);
char *grpc_base64(const void *bytes, size_t n);
/* Nanoseconds of a grpc-timeout value ("20S"), -1 when malformed. */
int64_t grpc_timeout_ns(const char *value);

/* ---- call ---- */
typedef struct grpc_piece {            /* a framed message on its way out: head bytes, then the body's */
    struct grpc_piece *next;
    sp_buffer *body;
    size_t head_n, size, taken;
    char head[];
} grpc_piece;

struct sp_grpc_call {
    _Atomic int refs;
    _Atomic bool cancelled;
    grpc_core *core;
    const sp_grpc_method *method;
    void *user;
    sp_buf metadata;                   /* name NUL value NUL ...; read-only after start */
    /* loop thread */
    grpc_session *session;             /* NULL once the stream is closed */
    struct sp_grpc_call *prev, *next;  /* of the session */
    int32_t stream_id;
    grpc_encoding encoding;
    grpc_inbox inbox;
    sp_buffer *unary;                  /* the one message of a unary request, until half-close */
    int64_t deadline_ns;               /* INT64_MAX: none */
    bool started, metadata_full, remote_closed, response_begun, data_deferred, trailers_submitted;
    /* lock */
    sp_mutex lock;
    sp_cond room;
    grpc_piece *first, *last;
    size_t queued;
    bool was_full, out_of_memory, finished;
    sp_grpc_code code;
    char *message, *details;           /* percent-encoded; base64; either may be NULL */
    /* core->lock */
    bool listed;
    struct sp_grpc_call *ready_next;
};

sp_grpc_call *grpc_call_new(grpc_session *session, int32_t stream_id);
void grpc_call_mark_ready(sp_grpc_call *call);
bool grpc_call_add_metadata(sp_grpc_call *call, const uint8_t *name, size_t name_n, const uint8_t *value,
                            size_t value_n);
/* Ends it from the transport's side: drops the queue, marks it cancelled, tells the handler. Loop thread. */
void grpc_call_abandon(sp_grpc_call *call, sp_grpc_code code, const char *text);
/* Moves up to n queued bytes to `to` (NULL: only forgets them). Returns how many. */
size_t grpc_call_take(sp_grpc_call *call, char *to, size_t n);

/* ---- session ---- */
struct grpc_session {
    grpc_core *core;
    void *owner;                       /* the loop's connection */
    nghttp2_session *h2;
    sp_grpc_call *calls;
    grpc_session *dirty_next;
    bool is_dirty, dead, settings_seen;
    char *out;                         /* during a pull */
    size_t out_n, out_cap;
};

grpc_session *grpc_session_new(grpc_core *core, void *owner, sp_error *err);
void grpc_session_free(grpc_session *s);                       /* cancels its calls */
/* Takes bytes off the wire. After malformed ones the session is over as soon as its GOAWAY is pulled. */
void grpc_session_feed(grpc_session *s, const void *bytes, size_t n);
/* Writes what is to be sent to `out`, cap >= GRPC_PULL_MIN; 0: nothing now. */
size_t grpc_session_pull(grpc_session *s, char *out, size_t cap);
bool grpc_session_over(const grpc_session *s);                 /* nothing to read nor to send any more: close */
void grpc_session_goaway(grpc_session *s);                     /* no new calls */
void grpc_session_serve(sp_grpc_call *call);                   /* brings what the handler did to nghttp2 */
/* Ends a call with an error of the transport; by RST_STREAM when trailers cannot get past the data before them. */
void grpc_session_fail(sp_grpc_call *call, sp_grpc_code code, const char *text);
/* Ends calls whose deadline has passed; lowers *next to the earliest one left. */
void grpc_session_expire(grpc_session *s, int64_t now_ns, int64_t *next);
void grpc_session_mark_dirty(grpc_session *s);
/* For grpc_core_new. */
sp_status grpc_session_setup(grpc_core *core, sp_error *err);

#endif
