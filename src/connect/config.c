/* config.c -- the Config call: a session's settings (SparkConnectConfigHandler, Spark 4.3). */
#include "connect/connect_int.h"

typedef Spark__Connect__ConfigRequest__Operation operation;
typedef Spark__Connect__ConfigResponse response;

static sp_status add_pair(sp_request *r, response *out, const char *key, const char *value, sp_error *err)
{
    Spark__Connect__KeyValue *kv;
    SP_NEW(kv, r->arena, sizeof *kv, err);
    spark__connect__key_value__init(kv);
    kv->key = (char *)key;
    kv->value = (char *)value;
    out->pairs[out->n_pairs++] = kv;
    return SP_OK;
}

static sp_status add_warning(sp_request *r, response *out, size_t room, const sp_error *e, sp_error *err)
{
    sp_buf text = { 0 };
    if (!out->warnings)
        SP_NEW_ARRAY(out->warnings, r->arena, room + 1, err);
    sp_error_message(e, &text);
    char *copy = sp_arena_strdup(r->arena, sp_buf_cstr(&text), err);
    sp_buf_done(&text);
    out->warnings[out->n_warnings] = copy;
    out->n_warnings += copy != NULL;
    return copy ? SP_OK : SP_FAILED;
}

static sp_status set(sp_request *r, const operation *m, response *out, sp_error *err)
{
    for (size_t i = 0; i < m->set->n_pairs; i++) {
        const Spark__Connect__KeyValue *kv = m->set->pairs[i];
        sp_error own = { .arena = r->arena };
        if (!kv->value)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "value cannot be null for key: %s", kv->key ? kv->key : "");
        if (sp_session_conf_set(r->client->session, sp_str_of(kv->key ? kv->key : ""), sp_str_of(kv->value), &own) == SP_OK)
            continue;
        if (!m->set->silent) {
            sp_error_copy(err, &own);
            return SP_FAILED;
        }
        SP_TRY(add_warning(r, out, m->set->n_pairs, &own, err));
    }
    return SP_OK;
}

static sp_status get(sp_request *r, const operation *m, response *out, sp_error *err)
{
    SP_NEW_ARRAY(out->pairs, r->arena, m->get->n_keys + 1, err);
    for (size_t i = 0; i < m->get->n_keys; i++) {
        const char *value = sp_session_conf(r->client->session, m->get->keys[i], r->arena);
        if (!value)
            return SP_FAIL(err, SQL_CONF_NOT_FOUND, "sqlConf", sp_error_format(err, "\"%s\"", m->get->keys[i]));
        SP_TRY(add_pair(r, out, m->get->keys[i], value, err));
    }
    return SP_OK;
}

/* conf.get(key, default): the default wins over the table's own. */
static sp_status get_with_default(sp_request *r, const operation *m, response *out, sp_error *err)
{
    SP_NEW_ARRAY(out->pairs, r->arena, m->get_with_default->n_pairs + 1, err);
    for (size_t i = 0; i < m->get_with_default->n_pairs; i++) {
        const Spark__Connect__KeyValue *kv = m->get_with_default->pairs[i];
        const char *key = kv->key ? kv->key : "";
        bool is_set = sp_session_conf_is_set(r->client->session, key);
        SP_TRY(add_pair(r, out, key, is_set ? sp_session_conf(r->client->session, key, r->arena) : kv->value, err));
    }
    return SP_OK;
}

static sp_status get_option(sp_request *r, const operation *m, response *out, sp_error *err)
{
    SP_NEW_ARRAY(out->pairs, r->arena, m->get_option->n_keys + 1, err);
    for (size_t i = 0; i < m->get_option->n_keys; i++)
        SP_TRY(add_pair(r, out, m->get_option->keys[i], sp_session_conf(r->client->session, m->get_option->keys[i], r->arena), err));
    return SP_OK;
}

/* With a prefix, the keys come without it. */
static sp_status add_all(sp_request *r, const sp_props *all, const char *prefix, response *out, sp_error *err)
{
    sp_str key;
    void *value;
    SP_NEW_ARRAY(out->pairs, r->arena, sp_strmap_size(&all->map) + 1, err);
    for (size_t i = 0; sp_strmap_next(&all->map, &i, &key, &value);) {
        size_t skip = prefix ? strlen(prefix) : 0;
        char *k = sp_arena_strndup(r->arena, key.p + skip, key.n - skip, err), *v = sp_arena_strdup(r->arena, value, err);
        if (!k || !v)
            return SP_FAILED;
        SP_TRY(add_pair(r, out, k, v, err));
    }
    return SP_OK;
}

static sp_status get_all(sp_request *r, const operation *m, response *out, sp_error *err)
{
    const char *prefix = m->get_all->prefix && *m->get_all->prefix ? m->get_all->prefix : NULL;
    sp_props all = { 0 };
    sp_status status = sp_session_conf_all(r->client->session, prefix, &all, err);
    if (status == SP_OK)
        status = add_all(r, &all, prefix, out, err);
    sp_props_done(&all);
    return status;
}

static sp_status unset(sp_request *r, const operation *m, sp_error *err)
{
    for (size_t i = 0; i < m->unset->n_keys; i++)
        SP_TRY(sp_session_conf_unset(r->client->session, sp_str_of(m->unset->keys[i]), err));
    return SP_OK;
}

static sp_status is_modifiable(sp_request *r, const operation *m, response *out, sp_error *err)
{
    SP_NEW_ARRAY(out->pairs, r->arena, m->is_modifiable->n_keys + 1, err);
    for (size_t i = 0; i < m->is_modifiable->n_keys; i++) {
        const sp_conf_key *row = sp_conf_find(m->is_modifiable->keys[i]);
        SP_TRY(add_pair(r, out, m->is_modifiable->keys[i], row && !row->is_static ? "true" : "false", err));
    }
    return SP_OK;
}

static sp_status operate(sp_request *r, const operation *m, response *out, sp_error *err)
{
    switch (m ? (int)m->op_type_case : 0) {
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_SET: return set(r, m, out, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET: return get(r, m, out, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_WITH_DEFAULT: return get_with_default(r, m, out, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_OPTION: return get_option(r, m, out, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_ALL: return get_all(r, m, out, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_UNSET: return unset(r, m, err);
    case SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_IS_MODIFIABLE: return is_modifiable(r, m, out, err);
    default:
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "OPTYPE_NOT_SET not supported.");
    }
}

sp_status sp_handle_config(sp_request *r, sp_error *err)
{
    const Spark__Connect__ConfigRequest *m = (const void *)r->message;
    response *out;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, true,
                         &r->client, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__config_response__init(out);
    SP_TRY(operate(r, m->operation, out, err));
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    r->response = &out->base;
    return SP_OK;
}
