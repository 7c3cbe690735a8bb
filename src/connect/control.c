/* control.c -- calls about sessions and their operations: Interrupt, GetStatus, ReleaseSession, CloneSession (Spark 4.3's handlers of those names). */
#include "connect/connect_int.h"

/* ---- Interrupt ---- */

static bool has_tag(const sp_operation *op, const char *tag)
{
    for (size_t i = 0; i < op->tag_count; i++)
        if (strcmp(op->tags[i], tag) == 0)
            return true;
    return false;
}

static bool is_over(sp_operation *op)
{
    sp_mutex_lock(&op->lock);
    bool over = op->over;
    sp_mutex_unlock(&op->lock);
    return over;
}

/* All operations of the session, referenced, in the request's arena. */
static sp_status list_operations(sp_request *r, sp_operation ***out, size_t *count, sp_error *err)
{
    void *value;
    *count = 0;
    sp_mutex_lock(&r->client->lock);
    *out = sp_arena_calloc(r->arena, sizeof **out * (sp_strmap_size(&r->client->operations) + 1), err);
    for (size_t i = 0; *out && sp_strmap_next(&r->client->operations, &i, NULL, &value);)
        (*out)[(*count)++] = sp_operation_ref(value);
    sp_mutex_unlock(&r->client->lock);
    return *out ? SP_OK : SP_FAILED;
}

static bool is_meant(const Spark__Connect__InterruptRequest *m, const sp_operation *op)
{
    switch ((int)m->interrupt_type) {
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_TAG: return has_tag(op, m->operation_tag);
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_OPERATION_ID: return strcmp(op->id, m->operation_id) == 0;
    default: return true;
    }
}

static sp_status check_interrupt(const Spark__Connect__InterruptRequest *m, sp_error *err)
{
    switch ((int)m->interrupt_type) {
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_ALL: return SP_OK;
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_TAG:
        if (m->interrupt_case == SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_TAG && m->operation_tag)
            return SP_OK;
        return SP_FAIL(err, INVALID_PARAMETER_VALUE__INTERRUPT_TYPE_TAG_REQUIRES_TAG, "parameter", "operation_tag", "functionName", "`interrupt`");
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_OPERATION_ID:
        if (m->interrupt_case == SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_ID && m->operation_id)
            return SP_OK;
        return SP_FAIL(err, INVALID_PARAMETER_VALUE__INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID, "parameter", "operation_id", "functionName", "`interrupt`");
    default: return SP_FAIL(err, UNSUPPORTED_FEATURE__INTERRUPT_TYPE, "interruptType", "INTERRUPT_TYPE_UNSPECIFIED");
    }
}

sp_status sp_handle_interrupt(sp_request *r, sp_error *err)
{
    const Spark__Connect__InterruptRequest *m = (const void *)r->message;
    Spark__Connect__InterruptResponse *out;
    sp_operation **list;
    size_t count;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, true,
                         &r->client, err));
    SP_TRY(check_interrupt(m, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__interrupt_response__init(out);
    SP_TRY(list_operations(r, &list, &count, err));
    out->interrupted_ids = sp_arena_calloc(r->arena, sizeof *out->interrupted_ids * (count + 1), err);
    for (size_t i = 0; i < count; i++) {
        if (out->interrupted_ids && is_meant(m, list[i]) && !is_over(list[i]) && !list[i]->cancelled) {
            sp_operation_interrupt(list[i]);
            char *id = sp_arena_strdup(r->arena, list[i]->id, NULL);
            if (id)
                out->interrupted_ids[out->n_interrupted_ids++] = id;
        }
        sp_operation_unref(list[i]);
    }
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    r->response = &out->base;
    return out->interrupted_ids ? SP_OK : SP_FAILED;
}

/* ---- GetStatus ---- */

typedef Spark__Connect__GetStatusResponse__OperationStatus op_status;

static op_status *make_status(sp_arena *a, const char *id, int state, sp_error *err)
{
    op_status *s = sp_arena_alloc(a, sizeof *s, err);
    if (!s)
        return NULL;
    spark__connect__get_status_response__operation_status__init(s);
    s->operation_id = sp_arena_strdup(a, id, err);
    s->state = (Spark__Connect__GetStatusResponse__OperationStatus__OperationState)state;
    return s->operation_id ? s : NULL;
}

static int state_of(sp_operation *op)
{
    static const int states[] = {
        [OP_SUCCEEDED] = SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_SUCCEEDED,
        [OP_FAILED] = SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_FAILED,
        [OP_CANCELLED] = SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_CANCELLED,
    };
    sp_mutex_lock(&op->lock);
    int state = op->over        ? states[op->state]
                : op->cancelled ? SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_TERMINATING
                                : SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_RUNNING;
    sp_mutex_unlock(&op->lock);
    return state;
}

static sp_status named_statuses(sp_request *r, const Spark__Connect__GetStatusRequest__OperationStatusRequest *m, Spark__Connect__GetStatusResponse *out,
                                sp_error *err)
{
    SP_NEW_ARRAY(out->operation_statuses, r->arena, m->n_operation_ids + 1, err);
    for (size_t i = 0; i < m->n_operation_ids; i++) {
        sp_operation *op = sp_operation_find(r->client, m->operation_ids[i]);
        int state = op ? state_of(op) : SPARK__CONNECT__GET_STATUS_RESPONSE__OPERATION_STATUS__OPERATION_STATE__OPERATION_STATE_UNKNOWN;
        sp_operation_unref(op);
        if (!(out->operation_statuses[out->n_operation_statuses++] = make_status(r->arena, m->operation_ids[i], state, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

static sp_status all_statuses(sp_request *r, Spark__Connect__GetStatusResponse *out, sp_error *err)
{
    sp_operation **list;
    size_t count;
    SP_TRY(list_operations(r, &list, &count, err));
    out->operation_statuses = sp_arena_calloc(r->arena, sizeof *out->operation_statuses * (count + 1), err);
    sp_status status = out->operation_statuses ? SP_OK : SP_FAILED;
    for (size_t i = 0; i < count; i++) {
        if (status == SP_OK && !(out->operation_statuses[out->n_operation_statuses++] = make_status(r->arena, list[i]->id, state_of(list[i]), err)))
            status = SP_FAILED;
        sp_operation_unref(list[i]);
    }
    return status;
}

sp_status sp_handle_status(sp_request *r, sp_error *err)
{
    const Spark__Connect__GetStatusRequest *m = (const void *)r->message;
    Spark__Connect__GetStatusResponse *out;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, false,
                         &r->client, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__get_status_response__init(out);
    if (m->operation_status)
        SP_TRY(m->operation_status->n_operation_ids ? named_statuses(r, m->operation_status, out, err) : all_statuses(r, out, err));
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    r->response = &out->base;
    return SP_OK;
}

/* ---- sessions ---- */

sp_status sp_handle_release_session(sp_request *r, sp_error *err)
{
    const Spark__Connect__ReleaseSessionRequest *m = (const void *)r->message;
    Spark__Connect__ReleaseSessionResponse *out;
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__release_session_response__init(out);
    out->session_id = m->session_id;
    r->response = &out->base;
    sp_client *c = r->client = sp_client_find(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id);
    if (!c)
        return SP_OK;
    sp_client_close(c, m->allow_reconnect);
    out->server_side_session_id = c->server_id;
    return SP_OK;
}

sp_status sp_handle_clone_session(sp_request *r, sp_error *err)
{
    const Spark__Connect__CloneSessionRequest *m = (const void *)r->message;
    Spark__Connect__CloneSessionResponse *out;
    sp_client *copy;
    char made[37];
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, false,
                         &r->client, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__clone_session_response__init(out);
    sp_uuid(r->service->world, made);
    const char *id = m->new_session_id && *m->new_session_id ? m->new_session_id : made;
    SP_TRY(sp_client_clone(r->client, id, &copy, err));
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    out->new_session_id = sp_arena_strdup(r->arena, copy->id, err);
    out->new_server_side_session_id = sp_arena_strdup(r->arena, copy->server_id, err);
    sp_client_unref(copy);
    r->response = &out->base;
    return out->new_session_id && out->new_server_side_session_id ? SP_OK : SP_FAILED;
}
