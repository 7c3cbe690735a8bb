/* service.c -- the service: its table of methods, from a call's bytes to a handler on a worker thread and back, and its life.
 *
 * The loop thread of grpc.h only passes messages on: every request is unpacked and handled by a worker. The janitor thread sleeps until a session
 * or an execution without a client may expire; without sessions it sleeps for good. */
#include "connect/connect_int.h"

enum {
    JANITOR_US = 60 * 1000 * 1000       /* how long it sleeps at most while there are sessions: executions lose their clients unnoticed */
};
static const int64_t DEFAULT_SESSION_IDLE_US = 3600ll * 1000 * 1000, DEFAULT_DETACHED_US = 300ll * 1000 * 1000;

typedef struct method {
    const char *name;
    const ProtobufCMessageDescriptor *request;
    sp_status (*handle)(sp_request *r, sp_error *err);     /* NULL: AddArtifacts */
} method;

static const method table[] = {
    { "ExecutePlan", &spark__connect__execute_plan_request__descriptor, sp_handle_execute },
    { "AnalyzePlan", &spark__connect__analyze_plan_request__descriptor, sp_handle_analyze },
    { "Config", &spark__connect__config_request__descriptor, sp_handle_config },
    { "AddArtifacts", &spark__connect__add_artifacts_request__descriptor, NULL },
    { "ArtifactStatus", &spark__connect__artifact_statuses_request__descriptor, sp_handle_artifact_status },
    { "Interrupt", &spark__connect__interrupt_request__descriptor, sp_handle_interrupt },
    { "ReattachExecute", &spark__connect__reattach_execute_request__descriptor, sp_handle_reattach },
    { "ReleaseExecute", &spark__connect__release_execute_request__descriptor, sp_handle_release_execute },
    { "ReleaseSession", &spark__connect__release_session_request__descriptor, sp_handle_release_session },
    { "FetchErrorDetails", &spark__connect__fetch_error_details_request__descriptor, sp_handle_error_details },
    { "CloneSession", &spark__connect__clone_session_request__descriptor, sp_handle_clone_session },
    { "GetStatus", &spark__connect__get_status_request__descriptor, sp_handle_status },
};
enum { METHODS = sizeof table / sizeof *table };

/* ---- one request on a worker ---- */

typedef struct job {
    sp_connect *service;
    sp_grpc_call *call;
    const method *method;
    sp_buffer *message;      /* NULL: AddArtifacts, whose messages are the call's uploads */
} job;

static void answer(sp_request *r)
{
    size_t n;
    sp_error err = { 0 };
    char *bytes = sp_connect_pack(r->response, 0, &n, &err);
    if (bytes)
        sp_grpc_reply(r->call, bytes, n);
    else
        sp_connect_fail(r->call, r->client, &err);
    sp_free(bytes);
}

static sp_status handle(job *j, sp_request *r, sp_error *err)
{
    sp_call *own = sp_grpc_call_user(j->call);
    if (!r->arena)
        return sp_error_memory(err, "a request");
    if (!own)
        return sp_error_memory(err, "a call");
    if (!j->method->handle)
        return sp_handle_add_artifacts(r, own->uploads, own->upload_count, err);
    SP_TRY(sp_proto_unpack(j->method->request, (const uint8_t *)j->message->data, j->message->size, NULL, r->arena, &r->message, err));
    return j->method->handle(r, err);
}

static void run(void *context)
{
    job *j = context;
    sp_request r = { .service = j->service, .call = j->call, .arena = sp_arena_new("call", CALL_ARENA_BYTES) };
    sp_arena *texts = sp_arena_new("error", 1 << 20);
    sp_error err = { .arena = texts };
    if (!sp_grpc_cancelled(j->call)) {
        if (handle(j, &r, &err) == SP_FAILED)
            sp_connect_fail(j->call, r.client, &err);
        else if (r.response)
            answer(&r);
    }
    sp_client_unref(r.client);
    sp_arena_free(r.arena);
    sp_arena_free(texts);
    sp_buffer_unref(j->message);
    sp_grpc_call_unref(j->call);
    sp_free(j);
}

static void submit(sp_grpc_call *call, sp_buffer *message)
{
    sp_connect *s = sp_grpc_call_service(call);
    const char *name = strrchr(sp_grpc_call_method(call)->path, '/') + 1;
    const method *m = table;
    while (strcmp(m->name, name) != 0)
        m++;
    job *j = sp_malloc(sizeof *j);
    if (j) {
        *j = (job){ s, sp_grpc_call_ref(call), m, message ? sp_buffer_ref(message) : NULL };
        if (sp_workers_run(s->workers, run, j))
            return;
        sp_buffer_unref(j->message);
        sp_grpc_call_unref(j->call);
        sp_free(j);
    }
    sp_grpc_finish(call, SP_GRPC_RESOURCE_EXHAUSTED, "The server has no thread for this call", NULL, 0);
}

/* ---- a call's callbacks, on the loop thread ---- */

static void on_start(sp_grpc_call *call, void *service)
{
    sp_call *own = sp_calloc(sizeof *own);
    if (own)
        sp_mutex_init(&own->lock);
    sp_grpc_call_set_user(call, own);
}

static void on_message(sp_grpc_call *call, sp_buffer *message) { submit(call, message); }

static void on_upload(sp_grpc_call *call, sp_buffer *message)
{
    sp_call *own = sp_grpc_call_user(call);
    if (own && own->upload_count == own->upload_cap) {
        size_t cap = own->upload_cap ? own->upload_cap * 2 : 16;
        sp_buffer **list = sp_realloc(own->uploads, sizeof *list * cap);
        if (list) {
            own->uploads = list;
            own->upload_cap = cap;
        }
    }
    if (!own || own->upload_count == own->upload_cap || own->upload_bytes + message->size > UPLOAD_BYTES_MAX) {
        sp_grpc_finish(call, SP_GRPC_RESOURCE_EXHAUSTED, "The artifacts of one call are too large", NULL, 0);
        return;
    }
    own->uploads[own->upload_count++] = sp_buffer_ref(message);
    own->upload_bytes += message->size;
}

static void on_half_closed(sp_grpc_call *call) { submit(call, NULL); }

/* The operation of a call, referenced; NULL when it has none (yet). */
static sp_operation *operation_of(sp_grpc_call *call)
{
    sp_call *own = sp_grpc_call_user(call);
    if (!own)
        return NULL;
    sp_mutex_lock(&own->lock);
    sp_operation *op = own->op ? sp_operation_ref(own->op) : NULL;
    sp_mutex_unlock(&own->lock);
    return op;
}

static void on_writable(sp_grpc_call *call)
{
    sp_operation *op = operation_of(call);
    if (op)
        sp_operation_pump(op);
    sp_operation_unref(op);
}

static void on_cancelled(sp_grpc_call *call)
{
    sp_operation *op = operation_of(call);
    if (op)
        sp_operation_detach(op, call);
    sp_operation_unref(op);
}

static void on_released(sp_grpc_call *call)
{
    sp_call *own = sp_grpc_call_user(call);
    if (!own)
        return;
    for (size_t i = 0; i < own->upload_count; i++)
        sp_buffer_unref(own->uploads[i]);
    sp_free(own->uploads);
    sp_operation_unref(own->op);
    sp_mutex_done(&own->lock);
    sp_free(own);
}

#define METHOD(name, streaming, on) \
    { "/spark.connect.SparkConnectService/" name, streaming, on_start, on, streaming ? on_half_closed : NULL, on_writable, on_cancelled, on_released }

static const sp_grpc_method methods[METHODS] = {
    METHOD("ExecutePlan", false, on_message), METHOD("AnalyzePlan", false, on_message), METHOD("Config", false, on_message),
    METHOD("AddArtifacts", true, on_upload), METHOD("ArtifactStatus", false, on_message), METHOD("Interrupt", false, on_message),
    METHOD("ReattachExecute", false, on_message), METHOD("ReleaseExecute", false, on_message), METHOD("ReleaseSession", false, on_message),
    METHOD("FetchErrorDetails", false, on_message), METHOD("CloneSession", false, on_message), METHOD("GetStatus", false, on_message),
};

/* ---- the janitor ---- */

static void keep_house(void *context)
{
    sp_connect *s = context;
    sp_mutex_lock(&s->lock);
    while (!s->closing) {
        if (sp_strmap_size(&s->clients) == 0) {
            sp_cond_wait(&s->wake, &s->lock);
            continue;
        }
        sp_mutex_unlock(&s->lock);
        int64_t left_ns = sp_connect_expire(s, sp_mono_ns(s->world));
        int64_t most = s->detached_ns / 2000 < JANITOR_US ? s->detached_ns / 2000 : JANITOR_US;
        int64_t us = left_ns < 0 || left_ns / 1000 > most ? most : left_ns / 1000 + 1000;
        sp_mutex_lock(&s->lock);
        if (!s->closing)
            sp_cond_wait_us(&s->wake, &s->lock, us);
    }
    sp_mutex_unlock(&s->lock);
}

/* ---- life ---- */

static sp_status start(sp_connect *s, const sp_connect_options *o, sp_error *err)
{
    SP_TRY(sp_workers_new(s->world, &s->workers, err));
    SP_TRY(sp_thread_start(s->world, "spate-janitor", keep_house, s, &s->janitor, err));
    sp_grpc_options g = {
        .world = s->world, .methods = methods, .method_count = METHODS, .service = s, .host = o->host, .port = o->port, .token = o->token,
        .tls_cert = o->tls_cert, .tls_key = o->tls_key, .insecure = o->insecure,
    };
    return sp_grpc_server_open(&g, &s->server, err);
}

sp_status sp_connect_open(const sp_connect_options *o, sp_connect **out, sp_error *err)
{
    sp_connect *s = sp_calloc(sizeof *s);
    if (!s)
        return sp_error_memory(err, "the service");
    s->runtime = o->runtime;
    s->world = sp_runtime_world(o->runtime);
    s->session_idle_ns = 1000 * (o->session_idle_us ? o->session_idle_us : DEFAULT_SESSION_IDLE_US);
    s->detached_ns = 1000 * (o->detached_us ? o->detached_us : DEFAULT_DETACHED_US);
    sp_mutex_init(&s->lock);
    sp_cond_init(&s->wake);
    if (start(s, o, err) == SP_FAILED) {
        sp_connect_close(s);
        return SP_FAILED;
    }
    *out = s;
    return SP_OK;
}

const char *sp_connect_address(const sp_connect *c) { return sp_grpc_server_address(c->server); }

/* No session is made any more, and the janitor goes home. */
static void stop_taking(sp_connect *c)
{
    sp_mutex_lock(&c->lock);
    c->closing = true;
    sp_cond_broadcast(&c->wake);
    sp_mutex_unlock(&c->lock);
}

void sp_connect_drain(sp_connect *c, int64_t timeout_us)
{
    stop_taking(c);
    sp_connect_close_all(c);
    sp_grpc_server_drain(c->server, timeout_us);
}

void sp_connect_close(sp_connect *c)
{
    if (!c)
        return;
    stop_taking(c);
    if (c->janitor)
        sp_thread_join(c->janitor);
    sp_connect_close_all(c);
    sp_grpc_server_close(c->server);
    sp_workers_free(c->workers);
    sp_connect_close_all(c);
    sp_strmap_done(&c->clients);
    sp_strmap_done(&c->closed);
    sp_cond_done(&c->wake);
    sp_mutex_done(&c->lock);
    sp_free(c);
}

/* ---- what handlers share ---- */

static bool artifact(void *context, const char *hash, sp_arena *a, sp_str *out, sp_error *err)
{
    sp_client *c = context;
    char *name = sp_arena_printf(a, err, "cache/%s", hash);
    bool found = false;
    sp_mutex_lock(&c->lock);
    sp_buffer *b = name ? sp_strmap_get(&c->artifacts, sp_str_of(name)) : NULL;
    if (b) {
        *out = sp_str_copy(a, (sp_str){ b->data, b->size }, err);
        found = out->p != NULL;
    }
    sp_mutex_unlock(&c->lock);
    return found;
}

/* The rows are copied: the relation may be removed while the plan that uses them lives on. */
static sp_status copy_local(const sp_plan *from, sp_arena *a, sp_plan **out, sp_error *err)
{
    sp_plan *p = sp_plan_new(a, SP_P_LOCAL, NULL, 0, err);
    if (!p || !(p->schema = sp_type_copy(a, from->schema, err)))
        return SP_FAILED;
    SP_NEW_ARRAY(p->batches, a, from->batch_count + 1, err);
    for (int i = 0; i < from->batch_count; i++) {
        const sp_batch *b = &from->batches[i];
        sp_batch *n = &p->batches[p->batch_count++];
        *n = (sp_batch){ .rows = b->sel_count, .sel_count = b->sel_count, .column_count = b->column_count };
        SP_NEW_ARRAY(n->columns, a, b->column_count + 1, err);
        for (int k = 0; k < b->column_count; k++)
            if (!(n->columns[k] = sp_vec_copy(b->columns[k], b->sel, b->sel_count, a, err)))
                return SP_FAILED;
    }
    *out = p;
    return SP_OK;
}

static sp_status cached(void *context, const char *id, sp_arena *a, sp_plan **out, sp_error *err)
{
    sp_client *c = context;
    sp_status status = SP_OK;
    sp_mutex_lock(&c->lock);
    const sp_kept_relation *r = sp_strmap_get(&c->relations, sp_str_of(id));
    if (r)
        status = copy_local(r->plan, a, out, err);
    sp_mutex_unlock(&c->lock);
    return status;
}

void sp_planner_for(sp_planner *p, sp_client *c, sp_arena *a, const sp_expr_conf *conf)
{
    *p = (sp_planner){ .arena = a, .conf = conf, .session = c->session, .context = c, .artifact = artifact, .cached = cached };
}
