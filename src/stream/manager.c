/* manager.c -- the queries of one session and those who listen to them (StreamingQueryManager, StreamingQueryListenerBus).
 *
 * The manager holds a reference to each active query and to the last REMEMBERED ended ones, so that a client may still ask an ended
 * query for its progress or error. A listener's callback runs on the query's thread under the listeners' lock. */
#include "stream/stream_int.h"

enum { REMEMBERED = 100, LISTENERS_MAX = 64 };

typedef struct listener { int handle; sp_event_fn fn; void *context; } listener;

/* A query is known by its id across all sessions of the process (SharedState.activeStreamingQueries): its managers form a ring. */
struct sp_query_ring { sp_mutex lock; sp_query_manager *first; };

struct sp_query_manager {
    sp_world *world;
    sp_query_ring *ring;            /* NULL: alone */
    sp_query_manager *next;         /* under the ring's lock */
    sp_mutex lock;
    sp_cond changed;
    sp_query **active; int active_count, active_cap;
    sp_query *ended[REMEMBERED]; int ended_count;       /* oldest first */
    bool any_terminated;
    sp_error *last_error;                               /* of the last query that failed since the last reset; lives in `errors` */
    sp_arena *errors;
    sp_mutex listeners_lock;
    listener listeners[LISTENERS_MAX];
    _Atomic int listener_count;
    int next_handle;
};

sp_status sp_query_manager_new(sp_world *w, sp_query_manager **out, sp_error *err)
{
    sp_query_manager *m = sp_calloc(sizeof *m);
    if (!m || !(m->errors = sp_arena_new("query errors", 1 << 20))) {
        sp_free(m);
        return sp_error_memory(err, "a query manager");
    }
    m->world = w;
    m->next_handle = 1;
    sp_mutex_init(&m->lock);
    sp_mutex_init(&m->listeners_lock);
    sp_cond_init(&m->changed);
    *out = m;
    return SP_OK;
}

sp_status sp_query_ring_new(sp_query_ring **out, sp_error *err)
{
    if (!(*out = sp_calloc(sizeof **out)))
        return sp_error_memory(err, "the queries' ring");
    sp_mutex_init(&(*out)->lock);
    return SP_OK;
}

void sp_query_ring_free(sp_query_ring *r)
{
    if (r)
        sp_mutex_done(&r->lock);
    sp_free(r);
}

void sp_query_manager_join(sp_query_manager *m, sp_query_ring *r)
{
    sp_mutex_lock(&r->lock);
    m->ring = r;
    m->next = r->first;
    r->first = m;
    sp_mutex_unlock(&r->lock);
}

static void leave_ring(sp_query_manager *m)
{
    if (!m->ring)
        return;
    sp_mutex_lock(&m->ring->lock);
    for (sp_query_manager **p = &m->ring->first; *p; p = &(*p)->next)
        if (*p == m) {
            *p = m->next;
            break;
        }
    sp_mutex_unlock(&m->ring->lock);
    m->ring = NULL;
}

void sp_query_manager_free(sp_query_manager *m)
{
    if (!m)
        return;
    leave_ring(m);
    for (;;) {
        sp_mutex_lock(&m->lock);
        sp_query *q = m->active_count ? sp_query_ref(m->active[0]) : NULL;
        sp_mutex_unlock(&m->lock);
        if (!q)
            break;
        sp_query_stop(q, NULL);
        sp_query_unref(q);
    }
    for (int i = 0; i < m->ended_count; i++)
        sp_query_unref(m->ended[i]);
    sp_free(m->active);
    sp_arena_free(m->errors);
    sp_cond_done(&m->changed);
    sp_mutex_done(&m->lock);
    sp_mutex_done(&m->listeners_lock);
    sp_free(m);
}

static sp_query *find(sp_query **list, int count, const char *id, const char *run_id)
{
    for (int i = count - 1; i >= 0; i--)
        if (strcmp(list[i]->id, id) == 0 && (!run_id || strcmp(list[i]->run_id, run_id) == 0))
            return sp_query_ref(list[i]);
    return NULL;
}

/* An active query of that id in any session. */
static sp_query *find_anywhere(sp_query_manager *m, const char *id)
{
    if (!m->ring)
        return sp_query_manager_get(m, id);
    sp_query *found = NULL;
    sp_mutex_lock(&m->ring->lock);
    for (sp_query_manager *other = m->ring->first; other && !found; other = other->next)
        found = sp_query_manager_get(other, id);
    sp_mutex_unlock(&m->ring->lock);
    return found;
}

static sp_status check_name(sp_query_manager *m, const sp_query *q, sp_error *err)
{
    for (int i = 0; q->spec.name && i < m->active_count; i++)
        if (m->active[i]->spec.name && strcmp(q->spec.name, m->active[i]->spec.name) == 0)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Cannot start query with name %s as a query with that name is "
                                  "already active in this SparkSession", q->spec.name);
    return SP_OK;
}

/* A run of the same query that goes on is stopped first, or refuses this one (StreamingQueryManager.startQuery). */
static sp_status end_other_run(sp_query_manager *m, const sp_query *q, sp_error *err)
{
    const char *stop = sp_props_get(q->spec.session_conf, "spark.sql.streaming.stopActiveRunOnRestart");
    sp_query *other;
    while ((other = find_anywhere(m, q->id))) {
        sp_status status = SP_OK;
        if (stop && sp_str_eq_nocase(sp_str_of(stop), SP_LIT("false"))) {
            status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "Cannot start query with id %s as another query with same id is "
                                    "already active. Perhaps you are attempting to restart a query from checkpoint that is "
                                    "already active. You may stop the old query by setting the SQL configuration: "
                                    "spark.conf.set(\"spark.sql.streaming.stopActiveRunOnRestart\", true) and retry.", q->id);
        } else {
            sp_log(SP_LOG_WARN, "Stopping existing streaming query [id=%s, runId=%s], as a new run is being started.", other->id,
                   other->run_id);
            status = sp_query_stop(other, err);
        }
        sp_query_unref(other);
        SP_TRY(status);
    }
    return SP_OK;
}

sp_status sp_manager_add(sp_query_manager *m, sp_query *q, sp_error *err)
{
    sp_mutex_lock(&m->lock);
    sp_status status = check_name(m, q, err);
    sp_mutex_unlock(&m->lock);
    SP_TRY(status);
    SP_TRY(end_other_run(m, q, err));
    sp_mutex_lock(&m->lock);
    status = check_name(m, q, err);
    if (status == SP_OK && m->active_count == m->active_cap) {
        int cap = m->active_cap ? m->active_cap * 2 : 8;
        sp_query **more = sp_realloc(m->active, sizeof *more * (size_t)cap);
        if (more) {
            m->active = more;
            m->active_cap = cap;
        } else {
            status = sp_error_memory(err, "a query");
        }
    }
    if (status == SP_OK)
        m->active[m->active_count++] = sp_query_ref(q);
    sp_mutex_unlock(&m->lock);
    return status;
}

void sp_manager_ended(sp_query_manager *m, sp_query *q)
{
    sp_query *forgotten = NULL;
    sp_mutex_lock(&m->lock);
    for (int i = 0; i < m->active_count; i++) {
        if (m->active[i] != q)
            continue;
        m->active[i] = m->active[--m->active_count];
        if (m->ended_count == REMEMBERED) {
            forgotten = m->ended[0];
            memmove(m->ended, m->ended + 1, sizeof m->ended[0] * (REMEMBERED - 1));
            m->ended_count--;
        }
        m->ended[m->ended_count++] = q;     /* takes over the reference */
        break;
    }
    m->any_terminated = true;
    if (q->error && !m->last_error) {
        m->last_error = sp_arena_calloc(m->errors, sizeof *m->last_error, NULL);
        if (m->last_error) {
            m->last_error->arena = m->errors;
            sp_error_copy(m->last_error, q->error);
        }
    }
    sp_cond_broadcast(&m->changed);
    sp_mutex_unlock(&m->lock);
    sp_query_unref(forgotten);
}

sp_status sp_query_manager_active(sp_query_manager *m, sp_arena *a, sp_query ***out, int *count, sp_error *err)
{
    sp_mutex_lock(&m->lock);
    sp_query **list = sp_arena_alloc(a, sizeof *list * (size_t)(m->active_count + 1), err);
    *count = list ? m->active_count : 0;
    for (int i = 0; i < *count; i++)
        list[i] = sp_query_ref(m->active[i]);
    sp_mutex_unlock(&m->lock);
    *out = list;
    return list ? SP_OK : SP_FAILED;
}

sp_query *sp_query_manager_get(sp_query_manager *m, const char *id)
{
    sp_mutex_lock(&m->lock);
    sp_query *q = find(m->active, m->active_count, id, NULL);
    sp_mutex_unlock(&m->lock);
    return q;
}

sp_query *sp_query_manager_find(sp_query_manager *m, const char *id, const char *run_id)
{
    sp_mutex_lock(&m->lock);
    sp_query *q = find(m->active, m->active_count, id, run_id);
    if (!q)
        q = find(m->ended, m->ended_count, id, run_id);
    sp_mutex_unlock(&m->lock);
    return q;
}

sp_status sp_query_manager_await_any(sp_query_manager *m, int64_t timeout_ms, const _Atomic bool *cancelled, bool *terminated,
                                     sp_error *err)
{
    int64_t end = timeout_ms < 0 ? INT64_MAX : sp_mono_ns(m->world) / 1000 + timeout_ms * 1000;
    sp_status status = SP_OK;
    sp_mutex_lock(&m->lock);
    while (!m->any_terminated && !(cancelled && *cancelled)) {
        int64_t left = end - sp_mono_ns(m->world) / 1000;
        if (left <= 0)
            break;
        sp_cond_wait_us(&m->changed, &m->lock, left < 100000 ? left : 100000);
    }
    *terminated = m->any_terminated;
    if (m->last_error) {
        sp_error_copy(err, m->last_error);
        status = SP_FAILED;
    }
    sp_mutex_unlock(&m->lock);
    return status;
}

void sp_query_manager_reset_terminated(sp_query_manager *m)
{
    sp_mutex_lock(&m->lock);
    m->any_terminated = false;
    m->last_error = NULL;
    sp_arena_reset(m->errors);
    sp_mutex_unlock(&m->lock);
}

/* ---- listeners ---- */

int sp_query_manager_listen(sp_query_manager *m, sp_event_fn fn, void *context, sp_error *err)
{
    int handle = 0;
    sp_mutex_lock(&m->listeners_lock);
    if (m->listener_count < LISTENERS_MAX) {
        handle = m->next_handle++;
        m->listeners[m->listener_count] = (listener){ handle, fn, context };
        m->listener_count++;
    } else {
        sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "too many streaming query listeners (%d)", LISTENERS_MAX);
    }
    sp_mutex_unlock(&m->listeners_lock);
    return handle;
}

void sp_query_manager_unlisten(sp_query_manager *m, int handle)
{
    sp_mutex_lock(&m->listeners_lock);
    for (int i = 0; i < m->listener_count; i++) {
        if (m->listeners[i].handle != handle)
            continue;
        m->listeners[i] = m->listeners[m->listener_count - 1];
        m->listener_count--;
        break;
    }
    sp_mutex_unlock(&m->listeners_lock);
}

bool sp_manager_has_listener(sp_query_manager *m) { return m->listener_count > 0; }

void sp_manager_post(sp_query_manager *m, sp_event_kind kind, sp_str json)
{
    sp_mutex_lock(&m->listeners_lock);
    for (int i = 0; i < m->listener_count; i++)
        m->listeners[i].fn(m->listeners[i].context, kind, json);
    sp_mutex_unlock(&m->listeners_lock);
}
