/* connect_int.h -- the inside of the service, shared by its files.
 *
 * Locks, outer to inner: service, client, operation. None is held while a session works. References: a client is held by the service's map, by each
 * of its operations and by each call that works on it; an operation by its client's map, by its call and by whoever runs it. */
#ifndef SP_CONNECT_INT_H
#define SP_CONNECT_INT_H

#include "connect/connect.h"
#include "connect/grpc.h"
#include "connect/planner.h"
#include "connect/protodepth.h"
#include "connect/workers.h"

enum {
    CALL_ARENA_BYTES = 1 << 30,          /* one request: its message, its plan */
    ERRORS_KEPT = 20,                    /* SessionHolder.ERROR_CACHE_SIZE */
    CLOSED_KEPT = 1000,                  /* closed sessions remembered (spark.connect.session.manager.closedSessionsTombstonesSize) */
    ARTIFACT_BYTES_MAX = 2000 * 1024 * 1024,   /* of one session */
    UPLOAD_BYTES_MAX = 512 * 1024 * 1024       /* of one AddArtifacts call, not yet looked at */
};

typedef struct sp_client sp_client;
typedef struct sp_operation sp_operation;

struct sp_connect {
    sp_runtime *runtime;
    sp_world *world;
    sp_grpc_server *server;
    sp_workers *workers;
    int64_t session_idle_ns, detached_ns;
    sp_mutex lock;
    sp_strmap clients;                   /* "user\nid" -> sp_client, a reference each */
    sp_strmap closed;                    /* the same keys of sessions that were closed; values unused */
    sp_cond wake;                        /* the janitor's */
    sp_thread *janitor;
    bool closing;
};

/* ---- client.c: SessionHolder ---- */
typedef struct sp_kept_error { char id[37]; char *bytes; size_t n; } sp_kept_error;   /* bytes: a packed FetchErrorDetailsResponse without ids */
typedef struct sp_kept_relation { sp_arena *arena; const sp_plan *plan; } sp_kept_relation;   /* SP_P_LOCAL */

struct sp_client {
    _Atomic int refs;
    sp_connect *service;
    char *user, *id, *key;
    char server_id[37];
    sp_session *session;
    _Atomic int64_t used_ns;             /* monotonic */
    sp_mutex lock;
    bool closed;
    sp_strmap operations;                /* id -> sp_operation, a reference each */
    sp_strmap abandoned;                 /* ids of operations that were given up; values unused */
    sp_strmap artifacts;                 /* name -> sp_buffer */
    size_t artifact_bytes;
    sp_strmap relations;                 /* id -> sp_kept_relation */
    sp_strmap levels;                    /* storage levels of persisted plans, by the plans' semantic text -> malloc'd StorageLevel */
    sp_kept_error errors[ERRORS_KEPT];
    int next_error;
    sp_operation *bus;                   /* the listener bus's long stream, a reference */
    int bus_handle;
};

sp_client *sp_client_ref(sp_client *c);
void sp_client_unref(sp_client *c);
/* The session of a request; made when it is not there and `create`. seen: client_observed_server_side_session_id, or NULL. */
sp_status sp_client_get(sp_connect *s, const char *user, const char *id, const char *seen, bool create, sp_client **out, sp_error *err);
sp_client *sp_client_find(sp_connect *s, const char *user, const char *id);      /* referenced; NULL: none */
sp_status sp_client_clone(sp_client *c, const char *new_id, sp_client **out, sp_error *err);
/* Ends the session: operations are interrupted, queries stopped. allow_reconnect: the same id may come again. */
void sp_client_close(sp_client *c, bool allow_reconnect);
void sp_connect_close_all(sp_connect *s);
/* Removes what expired; nanoseconds until something may expire next, -1: nothing can. */
int64_t sp_connect_expire(sp_connect *s, int64_t now_ns);
bool sp_is_uuid(const char *s);

/* ---- operation.c: ExecuteHolder ---- */
typedef enum sp_operation_state { OP_RUNNING, OP_SUCCEEDED, OP_FAILED, OP_CANCELLED } sp_operation_state;
typedef struct sp_response { char id[37]; char *head; size_t head_n; sp_buffer *body; } sp_response;   /* the message is head, then body */

struct sp_operation {
    _Atomic int refs;
    sp_client *client;
    char id[37];
    sp_arena *own;                       /* tags */
    char **tags; size_t tag_count;
    bool reattachable;
    bool chunked; int64_t chunk_bytes;   /* Arrow batches may be sent in pieces of so many bytes */
    sp_arena *arena;                     /* request and plan; NULL once a view or a query has taken it over */
    bool linger;                /* its end waits a moment behind its last response: see sp_operation_complete */
    const Spark__Connect__ExecutePlanRequest *request;
    _Atomic bool cancelled;
    sp_mutex lock;
    sp_cond drained;
    sp_response *responses;              /* ring */
    size_t first, count, cap;
    int64_t first_index, next_index;     /* of responses[first]; of the next one to send */
    char dropped_id[37];                 /* of the response before responses[first]: a client may name it when it comes back */
    size_t unsent_bytes, kept_bytes;     /* kept: sent, not yet released */
    sp_grpc_call *call;                  /* attached; a reference */
    int64_t detached_ns;                 /* since when none is */
    bool over, finished;                 /* no more responses will come; a call got the end */
    bool unattended;                     /* no thread works on it: an interruption ends it at once */
    sp_operation_state state;
    sp_grpc_code code;
    char *message; char *details; size_t details_n;     /* of the end, when it failed */
};

/* A call's own: what its callbacks find. */
typedef struct sp_call {
    sp_mutex lock;
    sp_operation *op;                    /* a reference; set by the worker that attached it */
    sp_buffer **uploads; size_t upload_count, upload_cap, upload_bytes;
} sp_call;

sp_status sp_operation_new(sp_client *c, sp_arena *arena, const Spark__Connect__ExecutePlanRequest *r, sp_operation **out, sp_error *err);
sp_operation *sp_operation_ref(sp_operation *op);
void sp_operation_unref(sp_operation *op);
sp_operation *sp_operation_find(sp_client *c, const char *id);            /* referenced; NULL: none */
/* The call gets the responses from now on, after the one with last_id (NULL: from the first kept one). */
sp_status sp_operation_attach(sp_operation *op, sp_grpc_call *call, const char *last_id, sp_error *err);
void sp_operation_detach(sp_operation *op, sp_grpc_call *call);
void sp_operation_pump(sp_operation *op);                                 /* sends what the call takes */
/* Packs r with the operation's ids, then body's bytes. Waits while too much is unsent; OPERATION_CANCELED when the operation was ended. */
sp_status sp_operation_send(sp_operation *op, Spark__Connect__ExecutePlanResponse *r, const char *tail, size_t tail_n, sp_buffer *body,
                            sp_error *err);
/* The same without ever waiting, for events. */
sp_status sp_operation_post(sp_operation *op, Spark__Connect__ExecutePlanResponse *r, sp_error *err);
void sp_operation_complete(sp_operation *op);                             /* ResultComplete (when reattachable) and the end */
void sp_operation_fail(sp_operation *op, const sp_error *err);
void sp_operation_interrupt(sp_operation *op);
bool sp_operation_release(sp_operation *op, const char *until);           /* NULL: all; true: the operation itself may go */
void sp_operation_remove(sp_operation *op, bool abandoned);               /* interrupts it and takes it out of its client's map */

/* ---- errors.c: ErrorUtils ---- */
/* The call ends with the error as Spark's clients take it; c (may be NULL) keeps the details for FetchErrorDetails. */
void sp_connect_fail(sp_grpc_call *call, sp_client *c, const sp_error *err);
/* The same in pieces, malloc'd: message and a serialized google.rpc.Status. */
void sp_connect_status(sp_client *c, const sp_error *err, char **message, char **details, size_t *details_n);
/* "org.apache.spark.sql.AnalysisException" ... the error's Java class. */
const char *sp_error_class(const sp_error *err);

/* ---- service.c ---- */
typedef struct sp_request {
    sp_connect *service;
    sp_grpc_call *call;
    sp_arena *arena;
    ProtobufCMessage *message;           /* as the method's table row says */
    sp_client *client;                   /* set by the handler as soon as it knows; unreferenced by the dispatcher */
    ProtobufCMessage *response;          /* unary: what to answer; NULL with SP_OK: the handler answered itself */
} sp_request;
/* pack.c: sp_malloc'd, with room for `more` bytes behind the *n. Numbers that are not zero count as set. */
char *sp_connect_pack(ProtobufCMessage *m, size_t more, size_t *n, sp_error *err);
void sp_planner_for(sp_planner *p, sp_client *c, sp_arena *a, const sp_expr_conf *conf);

/* Handlers: one file per concern. */
sp_status sp_handle_execute(sp_request *r, sp_error *err);
sp_status sp_handle_reattach(sp_request *r, sp_error *err);
sp_status sp_handle_release_execute(sp_request *r, sp_error *err);
sp_status sp_handle_analyze(sp_request *r, sp_error *err);
sp_status sp_handle_config(sp_request *r, sp_error *err);
sp_status sp_handle_interrupt(sp_request *r, sp_error *err);
sp_status sp_handle_status(sp_request *r, sp_error *err);
sp_status sp_handle_release_session(sp_request *r, sp_error *err);
sp_status sp_handle_clone_session(sp_request *r, sp_error *err);
sp_status sp_handle_error_details(sp_request *r, sp_error *err);
sp_status sp_handle_artifact_status(sp_request *r, sp_error *err);
/* uploads: the call's messages, in order. */
sp_status sp_handle_add_artifacts(sp_request *r, sp_buffer *const *uploads, size_t count, sp_error *err);

/* ---- execute.c, result.c, command.c, command_stream.c, listener.c ---- */
void sp_execute_run(sp_operation *op);
/* goes_on: the operation is not over when its command returns (listener bus). */
sp_status sp_execute_relation(sp_operation *op, const pb_relation *relation, sp_error *err);
sp_status sp_execute_command(sp_operation *op, const Spark__Connect__Command *c, bool *goes_on, sp_error *err);
sp_status sp_command_write_stream(sp_operation *op, const Spark__Connect__WriteStreamOperationStart *w, sp_error *err);
sp_status sp_command_query(sp_operation *op, const Spark__Connect__StreamingQueryCommand *q, sp_error *err);
sp_status sp_command_manager(sp_operation *op, const Spark__Connect__StreamingQueryManagerCommand *m, sp_error *err);
sp_status sp_command_bus(sp_operation *op, const Spark__Connect__StreamingQueryListenerBusCommand *b, bool *goes_on, sp_error *err);
void sp_bus_close(sp_client *c);
sp_status sp_command_sql(sp_operation *op, const Spark__Connect__SqlCommand *s, sp_error *err);
sp_status sp_command_checkpoint(sp_operation *op, const Spark__Connect__CheckpointCommand *k, sp_error *err);
/* The plan with its compressed operation, if it has one, unpacked in its place. */
sp_status sp_plain_plan(sp_arena *a, Spark__Connect__Plan *plan, sp_error *err);
/* A plan of the operation's session out of a relation, in the arena. */
sp_status sp_operation_plan(sp_operation *op, sp_arena *a, const pb_relation *r, sp_plan **out, sp_error *err);
/* Runs a plan and keeps its rows in the arena. */
sp_status sp_execute_collect(sp_session *s, sp_arena *a, const sp_plan *plan, const _Atomic bool *cancelled, const sp_type **schema, sp_batch **batches,
                          int *count, sp_error *err);

#endif
