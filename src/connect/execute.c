/* execute.c -- ExecutePlan, ReattachExecute and ReleaseExecute: an operation begins, is found again, and ends.
 *
 * ExecutePlan's worker makes the operation, attaches the call and works on it until it is over; the call may come and go meanwhile. The
 * plan may arrive compressed (zstd, spark.connect.session.planCompression). */
#include "connect/connect_int.h"
#include <zstd.h>

enum { PLAN_BYTES_MAX = 512 * 1024 * 1024 };   /* spark.connect.maxPlanSize */

/* ---- the plan ---- */

static sp_status cannot_parse(sp_error *err, const char *why)
{
    return SP_FAIL(err, CONNECT_INVALID_PLAN__CANNOT_PARSE, "errorMsg", why);
}

sp_status sp_plain_plan(sp_arena *a, Spark__Connect__Plan *plan, sp_error *err)
{
    if (!plan || plan->op_type_case != SPARK__CONNECT__PLAN__OP_TYPE_COMPRESSED_OPERATION)
        return SP_OK;
    const Spark__Connect__Plan__CompressedOperation *c = plan->compressed_operation;
    if (c->compression_codec != SPARK__CONNECT__COMPRESSION_CODEC__COMPRESSION_CODEC_ZSTD)
        return cannot_parse(err, "Unsupported compression codec");
    unsigned long long size = ZSTD_getFrameContentSize(c->data.data, c->data.len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return cannot_parse(err, "Failed to decompress the plan");
    if (size > PLAN_BYTES_MAX)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__PLAN_SIZE_LARGER_THAN_MAX, "planSize", "unknown", "maxPlanSize", "536870912");
    uint8_t *bytes = sp_arena_alloc(a, (size_t)size + 1, err);
    if (!bytes)
        return SP_FAILED;
    size_t got = ZSTD_decompress(bytes, (size_t)size, c->data.data, c->data.len);
    if (ZSTD_isError(got))
        return cannot_parse(err, ZSTD_getErrorName(got));
    bool relation = c->op_type == SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_RELATION;
    ProtobufCMessage *m;
    SP_TRY(sp_proto_unpack(relation ? &spark__connect__relation__descriptor : &spark__connect__command__descriptor, bytes, got, NULL, a, &m, err));
    plan->op_type_case = relation ? SPARK__CONNECT__PLAN__OP_TYPE_ROOT : SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
    if (relation)
        plan->root = (Spark__Connect__Relation *)m;
    else
        plan->command = (Spark__Connect__Command *)m;
    return SP_OK;
}

sp_status sp_operation_plan(sp_operation *op, sp_arena *a, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const sp_expr_conf *conf;
    sp_planner p;
    SP_TRY(sp_session_expr_conf(op->client->session, a, &conf, err));
    sp_planner_for(&p, op->client, a, conf);
    return sp_planner_relation(&p, r, out, err);
}

/* ---- running ---- */

static sp_status run_plan(sp_operation *op, bool *goes_on, sp_error *err)
{
    Spark__Connect__Plan *plan = op->request->plan;
    SP_TRY(sp_plain_plan(op->arena, plan, err));
    switch (plan ? (int)plan->op_type_case : 0) {
    case SPARK__CONNECT__PLAN__OP_TYPE_ROOT: return sp_execute_relation(op, plan->root, err);
    case SPARK__CONNECT__PLAN__OP_TYPE_COMMAND: return sp_execute_command(op, plan->command, goes_on, err);
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Plan", "name", "op_type");
    }
}

void sp_execute_run(sp_operation *op)
{
    sp_arena *texts = sp_arena_new("error", 1 << 20);
    sp_error err = { .arena = texts };
    bool goes_on = false;
    sp_status status = run_plan(op, &goes_on, &err);
    sp_arena *work = op->arena;   /* goes now, for the operation may wait long for its client; but the error may point into it */
    op->arena = NULL;
    op->request = NULL;
    if (status == SP_FAILED)
        sp_operation_fail(op, &err);
    else if (!goes_on)
        sp_operation_complete(op);
    sp_arena_free(work);
    sp_arena_free(texts);
}

/* The call's callbacks find the operation from now on. */
static void bind_call(sp_grpc_call *call, sp_operation *op)
{
    sp_call *own = sp_grpc_call_user(call);
    sp_mutex_lock(&own->lock);
    own->op = sp_operation_ref(op);
    sp_mutex_unlock(&own->lock);
}

/* A client that left before the callbacks knew of the operation. */
static void check_left(sp_grpc_call *call, sp_operation *op)
{
    if (sp_grpc_cancelled(call))
        sp_operation_detach(op, call);
}

sp_status sp_handle_execute(sp_request *r, sp_error *err)
{
    const Spark__Connect__ExecutePlanRequest *m = (const void *)r->message;
    sp_operation *op;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, true,
                         &r->client, err));
    SP_TRY(sp_operation_new(r->client, r->arena, m, &op, err));
    r->arena = NULL;   /* the operation's now */
    bind_call(r->call, op);
    if (sp_operation_attach(op, r->call, NULL, err) == SP_FAILED) {
        sp_operation_remove(op, false);
        sp_operation_unref(op);
        return SP_FAILED;
    }
    check_left(r->call, op);
    sp_execute_run(op);
    sp_operation_unref(op);
    return SP_OK;
}

/* ---- coming back ---- */

sp_status sp_handle_reattach(sp_request *r, sp_error *err)
{
    const Spark__Connect__ReattachExecuteRequest *m = (const void *)r->message;
    const char *id = m->operation_id ? m->operation_id : "";
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, false,
                         &r->client, err));
    sp_client *c = r->client;
    sp_operation *op = sp_operation_find(c, id);
    if (!op) {
        sp_mutex_lock(&c->lock);
        bool abandoned = sp_strmap_has(&c->abandoned, sp_str_of(id));
        sp_mutex_unlock(&c->lock);
        return abandoned ? SP_FAIL(err, INVALID_HANDLE__OPERATION_ABANDONED, "handle", id) : SP_FAIL(err, INVALID_HANDLE__OPERATION_NOT_FOUND, "handle", id);
    }
    sp_status status;
    if (!op->reattachable) {
        status = SP_FAIL(err, INVALID_CURSOR__NOT_REATTACHABLE);
    } else {
        bind_call(r->call, op);
        status = sp_operation_attach(op, r->call, m->last_response_id, err);
        check_left(r->call, op);
    }
    sp_operation_unref(op);
    return status;
}

sp_status sp_handle_release_execute(sp_request *r, sp_error *err)
{
    const Spark__Connect__ReleaseExecuteRequest *m = (const void *)r->message;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, false,
                         &r->client, err));
    Spark__Connect__ReleaseExecuteResponse *out;
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__release_execute_response__init(out);
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    r->response = &out->base;
    sp_operation *op = sp_operation_find(r->client, m->operation_id);
    if (!op)   /* fine: it was released before, or never came */
        return SP_OK;
    out->operation_id = m->operation_id;
    bool until = m->release_case == SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_RELEASE_UNTIL;
    if (m->release_case == SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE__NOT_SET)
        SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.ReleaseExecuteRequest", "name", "release");
    else if (!op->reattachable)
        SP_FAIL(err, INVALID_CURSOR__NOT_REATTACHABLE);
    else if (sp_operation_release(op, until ? m->release_until->response_id : NULL))
        sp_operation_remove(op, false);
    sp_operation_unref(op);
    return sp_error_is_set(err) ? SP_FAILED : SP_OK;
}
