/* session.c -- the process and its sessions: what they own, how they begin and end. */
#include "session/session_int.h"
#include <stdlib.h>
#include <unistd.h>

/* ---- runtime ---- */

/* TZ, else what the machine says, else UTC; a zone nobody knows is UTC too. */
static void find_zone(sp_runtime *r)
{
    const char *tz = getenv("TZ");
    sp_str id = tz && *tz ? sp_str_of(*tz == ':' ? tz + 1 : tz) : (sp_str){ 0 };
    sp_arena *a = sp_arena_new("zone", 1 << 16);
    sp_error err = { 0 };
    bool exists;
    if (!id.n && a && sp_file_read_all(r->world, "/etc/timezone", a, &id, &exists, &err) == SP_OK)
        id = exists ? sp_str_trim(id) : (sp_str){ 0 };
    if (!id.n || id.n >= sizeof r->zone_id || !sp_zone_get(id, &err))
        id = SP_LIT("UTC");
    memcpy(r->zone_id, id.p, id.n);
    r->zone_id[id.n] = '\0';
    sp_arena_free(a);
}

/* local, local[*], local[N], local[N,F]: the number of workers; 0 when the text does not say. */
static int workers_of(const char *master)
{
    int64_t n;
    if (!master || strncmp(master, "local", 5) != 0)
        return 0;
    if (master[5] == '\0')
        return 1;
    const char *end = master + strcspn(master, ",]");
    return sp_str_to_i64((sp_str){ master + 6, (size_t)(end - master - 6) }, &n) && n > 0 && n <= 1024 ? (int)n : 0;
}

sp_status sp_runtime_new(const sp_runtime_options *o, sp_runtime **out, sp_error *err)
{
    sp_runtime *r = sp_calloc(sizeof *r);
    if (!r)
        return sp_error_memory(err, "the process");
    r->world = o->world;
    r->print = o->print;
    r->print_context = o->print_context;
    char *cwd = getcwd(NULL, 0);
    r->cwd = cwd;
    sp_status status = o->conf ? sp_props_copy(&r->conf, o->conf, err) : SP_OK;
    int workers = o->workers > 0 ? o->workers : workers_of(sp_props_get(&r->conf, "spark.master"));
    if (workers <= 0)
        workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
    find_zone(r);
    sp_function_register_family(sp_family_json);     /* format/ stands above function/, so its functions come in here */
    if (status == SP_OK)
        status = sp_pool_new(o->world, workers > 0 ? workers : 1, &r->pool, err);
    if (status == SP_OK)
        status = sp_query_ring_new(&r->queries, err);
    if (status == SP_FAILED) {
        sp_runtime_free(r);
        return SP_FAILED;
    }
    *out = r;
    return SP_OK;
}

void sp_runtime_free(sp_runtime *r)
{
    if (!r)
        return;
    if (r->pool)
        sp_pool_free(r->pool);
    sp_query_ring_free(r->queries);
    sp_props_done(&r->conf);
    free(r->cwd);
    sp_free(r);
}

sp_world *sp_runtime_world(sp_runtime *r) { return r->world; }

/* ---- sessions ---- */

static char *copy_text(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = sp_malloc(n);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

sp_status sp_session_new(sp_runtime *r, const char *user, sp_session **out, sp_error *err)
{
    sp_session *s = sp_calloc(sizeof *s);
    if (!s)
        return sp_error_memory(err, "a session");
    s->runtime = r;
    sp_mutex_init(&s->lock);
    s->user = copy_text(user ? user : "");
    s->database = copy_text("default");
    sp_status status = s->user && s->database ? SP_OK : sp_error_memory(err, "a session");
    if (status == SP_OK)
        status = sp_query_manager_new(r->world, &s->queries, err);
    if (status == SP_FAILED) {
        sp_session_free(s);
        return SP_FAILED;
    }
    sp_query_manager_join(s->queries, r->queries);
    *out = s;
    return SP_OK;
}

sp_status sp_session_clone(sp_session *s, sp_session **out, sp_error *err)
{
    SP_TRY(sp_session_new(s->runtime, s->user, out, err));
    sp_session *copy = *out;
    sp_mutex_lock(&s->lock);
    sp_status status = sp_props_copy(&copy->conf, &s->conf, err);
    sp_str key;
    void *value;
    for (size_t i = 0; status == SP_OK && sp_strmap_next(&s->views, &i, &key, &value);) {
        sp_view_entry *v = value;
        v->refs++;
        status = sp_strmap_put(&copy->views, key, v, err);
        if (status == SP_FAILED)
            sp_view_unref(v);
    }
    sp_mutex_unlock(&s->lock);
    if (status == SP_FAILED)
        sp_session_free(copy);
    return status;
}

void sp_session_free(sp_session *s)
{
    if (!s)
        return;
    sp_query_manager_free(s->queries);
    sp_str key;
    void *value;
    for (size_t i = 0; sp_strmap_next(&s->views, &i, &key, &value);)
        sp_view_unref(value);
    sp_strmap_done(&s->views);
    sp_props_done(&s->conf);
    sp_free(s->user);
    sp_free(s->database);
    sp_mutex_done(&s->lock);
    sp_free(s);
}

sp_query_manager *sp_session_queries(sp_session *s) { return s->queries; }
