/* client.c -- sessions by user and session id (SparkConnectSessionManager, SessionHolder, Spark 4.3).
 *
 * A session is made by the first request that names it and ends when the client releases it or nothing used it for an hour; then its id stays
 * closed. Every answer carries the server's own id of the session; a client that saw another one is told SESSION_CHANGED. */
#include "connect/connect_int.h"

bool sp_is_uuid(const char *s)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (!s || strlen(s) != sizeof form - 1)
        return false;
    for (int i = 0; form[i]; i++) {
        bool hex = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f') || (s[i] >= 'A' && s[i] <= 'F');
        if (form[i] == '-' ? s[i] != '-' : !hex)
            return false;
    }
    return true;
}

static char *copy(const char *s)
{
    size_t n = strlen(s) + 1;
    char *out = sp_malloc(n);
    if (out)
        memcpy(out, s, n);
    return out;
}

static char *key_of(const char *user, const char *id)
{
    size_t u = strlen(user), n = strlen(id);
    char *key = sp_malloc(u + n + 2);
    if (!key)
        return NULL;
    memcpy(key, user, u);
    key[u] = '\n';
    memcpy(key + u + 1, id, n + 1);
    return key;
}

/* ---- life ---- */

sp_client *sp_client_ref(sp_client *c)
{
    c->refs++;
    return c;
}

static void free_maps(sp_client *c)
{
    sp_str key;
    void *value;
    for (size_t i = 0; sp_strmap_next(&c->artifacts, &i, &key, &value);)
        sp_buffer_unref(value);
    for (size_t i = 0; sp_strmap_next(&c->relations, &i, &key, &value);) {
        sp_arena_free(((sp_kept_relation *)value)->arena);
        sp_free(value);
    }
    for (size_t i = 0; sp_strmap_next(&c->levels, &i, &key, &value);)
        sp_free(value);
    sp_strmap_done(&c->levels);
    sp_strmap_done(&c->artifacts);
    sp_strmap_done(&c->relations);
    sp_strmap_done(&c->operations);
    sp_strmap_done(&c->abandoned);
    for (int i = 0; i < ERRORS_KEPT; i++)
        sp_free(c->errors[i].bytes);
}

void sp_client_unref(sp_client *c)
{
    if (!c || --c->refs > 0)
        return;
    sp_session_free(c->session);
    free_maps(c);
    sp_mutex_done(&c->lock);
    sp_free(c->user);
    sp_free(c->id);
    sp_free(c->key);
    sp_free(c);
}

static sp_client *blank_client(sp_connect *s, const char *user, const char *id)
{
    sp_client *c = sp_calloc(sizeof *c);
    if (!c)
        return NULL;
    c->refs = 1;
    c->service = s;
    sp_mutex_init(&c->lock);
    sp_uuid(s->world, c->server_id);
    c->user = copy(user);
    c->id = copy(id);
    c->key = key_of(user, id);
    c->used_ns = sp_mono_ns(s->world);
    if (c->user && c->id && c->key)
        return c;
    sp_client_unref(c);
    return NULL;
}

/* ---- finding ---- */

/* Under the service's lock; referenced. */
static sp_client *find(sp_connect *s, const char *key)
{
    sp_client *c = sp_strmap_get(&s->clients, sp_str_of(key));
    if (c) {
        c->used_ns = sp_mono_ns(s->world);
        sp_client_ref(c);
    }
    return c;
}

sp_client *sp_client_find(sp_connect *s, const char *user, const char *id)
{
    char *key = key_of(user ? user : "", id ? id : "");
    if (!key)
        return NULL;
    sp_mutex_lock(&s->lock);
    sp_client *c = find(s, key);
    sp_mutex_unlock(&s->lock);
    sp_free(key);
    return c;
}

/* Takes over c's reference when it goes into the map. Under the service's lock. */
static sp_status add(sp_connect *s, sp_client *c, sp_error *err)
{
    SP_TRY(sp_strmap_put(&s->clients, sp_str_of(c->key), c, err));
    sp_cond_signal(&s->wake);   /* the janitor has something to wait for */
    return SP_OK;
}

/* Under the service's lock. The session itself is made there too: it costs microseconds. */
static sp_status make(sp_connect *s, const char *user, const char *id, const char *key, sp_client **out, sp_error *err)
{
    if (!sp_is_uuid(id))
        return SP_FAIL(err, INVALID_HANDLE__FORMAT, "handle", id);
    if (sp_strmap_has(&s->closed, sp_str_of(key)))
        return SP_FAIL(err, INVALID_HANDLE__SESSION_CLOSED, "handle", id);
    if (s->closing)
        return SP_FAIL(err, INVALID_HANDLE__SESSION_NOT_FOUND, "handle", id);
    sp_client *c = blank_client(s, user, id);
    if (!c)
        return sp_error_memory(err, "a session");
    sp_status status = sp_session_new(s->runtime, user, &c->session, err);
    if (status == SP_OK)
        status = add(s, c, err);
    if (status == SP_FAILED) {
        sp_client_unref(c);
        return SP_FAILED;
    }
    *out = sp_client_ref(c);
    return SP_OK;
}

static sp_status missing(sp_connect *s, const char *id, const char *key, sp_error *err)
{
    if (sp_strmap_has(&s->closed, sp_str_of(key)))
        return SP_FAIL(err, INVALID_HANDLE__SESSION_CLOSED, "handle", id);
    return SP_FAIL(err, INVALID_HANDLE__SESSION_NOT_FOUND, "handle", id);
}

sp_status sp_client_get(sp_connect *s, const char *user, const char *id, const char *seen, bool create, sp_client **out, sp_error *err)
{
    user = user ? user : "";
    id = id ? id : "";
    char *key = key_of(user, id);
    if (!key)
        return sp_error_memory(err, "a session's key");
    sp_status status = SP_OK;
    sp_mutex_lock(&s->lock);
    *out = find(s, key);
    if (!*out)
        status = create ? make(s, user, id, key, out, err) : missing(s, id, key, err);
    sp_mutex_unlock(&s->lock);
    sp_free(key);
    if (status == SP_OK && seen && *seen && strcmp(seen, (*out)->server_id) != 0)
        return SP_FAIL(err, INVALID_HANDLE__SESSION_CHANGED, "handle", id);
    return status;
}

sp_status sp_client_clone(sp_client *c, const char *new_id, sp_client **out, sp_error *err)
{
    sp_connect *s = c->service;
    if (!sp_is_uuid(new_id))
        return SP_FAIL(err, INVALID_CLONE_SESSION_REQUEST__TARGET_SESSION_ID_FORMAT, "targetSessionId", new_id);
    sp_client *n = blank_client(s, c->user, new_id);
    if (!n)
        return sp_error_memory(err, "a session");
    sp_status status = sp_session_clone(c->session, &n->session, err);
    if (status == SP_OK) {
        sp_mutex_lock(&s->lock);
        if (sp_strmap_has(&s->closed, sp_str_of(n->key)))
            status = SP_FAIL(err, INVALID_CLONE_SESSION_REQUEST__TARGET_SESSION_ID_ALREADY_CLOSED, "targetSessionId", new_id);
        else if (sp_strmap_has(&s->clients, sp_str_of(n->key)))
            status = SP_FAIL(err, INVALID_CLONE_SESSION_REQUEST__TARGET_SESSION_ID_ALREADY_EXISTS, "targetSessionId", new_id);
        else if ((status = add(s, n, err)) == SP_OK)
            *out = sp_client_ref(n);
        sp_mutex_unlock(&s->lock);
    }
    if (status == SP_FAILED)
        sp_client_unref(n);
    return status;
}

/* ---- closing ---- */

/* Remembers that the session is closed; the oldest are forgotten. Under the service's lock. */
static void remember_closed(sp_connect *s, const char *key)
{
    sp_error err = { 0 };
    sp_str oldest;
    size_t i = 0;
    if (sp_strmap_size(&s->closed) >= CLOSED_KEPT && sp_strmap_next(&s->closed, &i, &oldest, NULL))
        sp_strmap_remove(&s->closed, oldest);
    (void)sp_strmap_put(&s->closed, sp_str_of(key), s, &err);
}

/* All operations of the client, referenced, in malloc'd memory. */
static sp_operation **operations_of(sp_client *c, size_t *count)
{
    sp_str key;
    void *value;
    *count = 0;
    sp_mutex_lock(&c->lock);
    c->closed = true;
    sp_operation **list = sp_malloc(sizeof *list * (sp_strmap_size(&c->operations) + 1));
    for (size_t i = 0; list && sp_strmap_next(&c->operations, &i, &key, &value);)
        list[(*count)++] = sp_operation_ref(value);
    sp_mutex_unlock(&c->lock);
    return list;
}

static void stop_queries(sp_client *c)
{
    sp_error err = { 0 };
    sp_query **queries;
    int count;
    sp_arena *a = sp_arena_new("closing session", 0);
    sp_query_manager *m = sp_session_queries(c->session);
    if (a && m && sp_query_manager_active(m, a, &queries, &count, &err) == SP_OK)
        for (int i = 0; i < count; i++) {
            (void)sp_query_stop(queries[i], &err);
            sp_query_unref(queries[i]);
        }
    sp_arena_free(a);
}

void sp_client_close(sp_client *c, bool allow_reconnect)
{
    sp_connect *s = c->service;
    sp_mutex_lock(&s->lock);
    bool mine = sp_strmap_get(&s->clients, sp_str_of(c->key)) == c;
    if (mine && !allow_reconnect)
        remember_closed(s, c->key);
    if (mine)
        sp_strmap_remove(&s->clients, sp_str_of(c->key));
    sp_mutex_unlock(&s->lock);
    if (!mine)
        return;
    size_t count;
    sp_operation **list = operations_of(c, &count);
    for (size_t i = 0; i < count; i++) {
        sp_operation_remove(list[i], true);
        sp_operation_unref(list[i]);
    }
    sp_free(list);
    stop_queries(c);
    sp_bus_close(c);
    sp_client_unref(c);
}

void sp_connect_close_all(sp_connect *s)
{
    for (;;) {
        void *value = NULL;
        size_t i = 0;
        sp_mutex_lock(&s->lock);
        sp_client *c = sp_strmap_next(&s->clients, &i, NULL, &value) ? sp_client_ref(value) : NULL;
        sp_mutex_unlock(&s->lock);
        if (!c)
            return;
        sp_client_close(c, true);
        sp_client_unref(c);
    }
}

/* ---- what expires ---- */

static bool has_queries(sp_client *c)
{
    sp_error err = { 0 };
    sp_query **queries;
    int count = 0;
    sp_arena *a = sp_arena_new("active queries", 0);
    sp_query_manager *m = sp_session_queries(c->session);
    if (a && m && sp_query_manager_active(m, a, &queries, &count, &err) == SP_OK)
        for (int i = 0; i < count; i++)
            sp_query_unref(queries[i]);
    sp_arena_free(a);
    return count > 0;
}

/* Removes the client's abandoned operations; nanoseconds to the next, -1: none. *busy: some are attached or run. */
static int64_t expire_operations(sp_client *c, int64_t now_ns, bool *busy)
{
    sp_connect *s = c->service;
    int64_t next = -1;
    sp_operation *dead[16];
    size_t count = 0;
    sp_str key;
    void *value;
    sp_mutex_lock(&c->lock);
    for (size_t i = 0; sp_strmap_next(&c->operations, &i, &key, &value);) {
        sp_operation *op = value;
        sp_mutex_lock(&op->lock);
        bool attached = op->call != NULL;
        int64_t left = op->detached_ns + s->detached_ns - now_ns;
        *busy |= attached || !op->over;
        sp_mutex_unlock(&op->lock);
        if (attached)
            continue;
        if (left <= 0 && count < sizeof dead / sizeof *dead)
            dead[count++] = sp_operation_ref(op);
        else if (next < 0 || left < next)
            next = left > 0 ? left : 0;
    }
    sp_mutex_unlock(&c->lock);
    for (size_t i = 0; i < count; i++) {
        sp_operation_remove(dead[i], true);
        sp_operation_unref(dead[i]);
    }
    return next;
}

static int64_t expire_client(sp_client *c, int64_t now_ns)
{
    bool busy = false;
    int64_t next = expire_operations(c, now_ns, &busy);
    if (busy || has_queries(c))
        c->used_ns = now_ns;
    int64_t left = c->used_ns + c->service->session_idle_ns - now_ns;
    if (left > 0)
        return next < 0 || left < next ? left : next;
    sp_client_close(c, false);
    return next;
}

int64_t sp_connect_expire(sp_connect *s, int64_t now_ns)
{
    int64_t next = -1;
    void *value;
    size_t count = 0;
    sp_mutex_lock(&s->lock);
    sp_client **list = sp_malloc(sizeof *list * (sp_strmap_size(&s->clients) + 1));
    for (size_t i = 0; list && sp_strmap_next(&s->clients, &i, NULL, &value);)
        list[count++] = sp_client_ref(value);
    sp_mutex_unlock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        int64_t left = expire_client(list[i], now_ns);
        sp_client_unref(list[i]);
        if (left >= 0 && (next < 0 || left < next))
            next = left;
    }
    sp_free(list);
    return next;
}
