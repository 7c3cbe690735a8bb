/* stream.h -- streaming plans in tests: a state store that lives here, batches of text with watermarks, restarts.
 * Included once a test program. */
#ifndef SPATE_TESTS_OPERATOR_STREAM_H
#define SPATE_TESTS_OPERATOR_STREAM_H

#include "operator/build.h"
#include "test.h"

static ctx c;
static void end_ctx(void *unused) { sp_arena_free(c.a); }
static inline void begin(void)
{
    ctx_init(&c);
    test_defer(end_ctx, NULL);
}

/* ---- a state store in memory ---- */

typedef struct change { char *key, *value; size_t key_n, value_n; int64_t version; } change;
struct sp_state_store { int part; change *v; int count, cap; int pending; };
static struct sp_state_store stores[8];

static sp_status st_open(const sp_state_spec *spec, sp_state_store **out, sp_error *err)
{
    *out = &stores[spec->partition + spec->operator_id * 4];
    return SP_OK;
}
static sp_status st_add(sp_state_store *s, sp_str key, sp_str value)
{
    if (s->count == s->cap)
        s->v = realloc(s->v, sizeof *s->v * (size_t)(s->cap = s->cap * 2 + 16));
    change *e = &s->v[s->count++];
    *e = (change){ malloc(key.n + 1), value.p ? malloc(value.n + 1) : NULL, key.n, value.n, -1 };
    memcpy(e->key, key.p ? key.p : "", key.n);
    if (value.p)
        memcpy(e->value, value.p, value.n);
    return SP_OK;
}
static sp_status st_load(sp_state_store *s, int64_t version, sp_status (*row)(void *, sp_str, sp_str, sp_error *),
                         void *context, sp_error *err)
{
    for (int i = 0; i < s->count; i++)
        if (s->v[i].version >= 0 && s->v[i].version <= version)
            SP_TRY(
                row(context, (sp_str){ s->v[i].key, s->v[i].key_n }, (sp_str){ s->v[i].value, s->v[i].value_n }, err));
    return SP_OK;
}
static sp_status st_put(sp_state_store *s, sp_str key, sp_str value, sp_error *err) { return st_add(s, key, value); }
static sp_status st_remove(sp_state_store *s, sp_str key, sp_error *err) { return st_add(s, key, (sp_str){ 0 }); }
static sp_status st_commit(sp_state_store *s, int64_t version, sp_error *err)
{
    for (int i = 0; i < s->count; i++)
        if (s->v[i].version < 0)
            s->v[i].version = version;
    return SP_OK;
}
static void st_abort(sp_state_store *s)
{
    while (s->count && s->v[s->count - 1].version < 0) {
        s->count--;
        free(s->v[s->count].key);
        free(s->v[s->count].value);
    }
}
static sp_status st_maintain(sp_state_store *s, int64_t version, sp_error *err) { return SP_OK; }
static void st_metrics(const sp_state_store *s, sp_state_metrics *out) { *out = (sp_state_metrics){ 0 }; }
static void st_close(sp_state_store *s) {}
static const sp_state_provider memory_provider = { "memory",  st_open,  st_load,     st_put,     st_remove,
                                                   st_commit, st_abort, st_maintain, st_metrics, st_close };
static void forget_stores(void *unused)
{
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < stores[i].count; j++) {
            free(stores[i].v[j].key);
            free(stores[i].v[j].value);
        }
        free(stores[i].v);
        stores[i] = (struct sp_state_store){ 0 };
    }
}

typedef struct stream {
    sp_exec *x;
    sp_exec_spec spec;
    sp_state_host host;
    const sp_plan *plan;
    lines out;
    int64_t batch, late;
} stream;
static stream st;

static inline void open_stream(const sp_plan *plan, sp_output_mode mode)
{
    forget_stores(NULL);
    st = (stream){ .plan = plan };
    st.host = (sp_state_host){ .provider = &memory_provider,
                               .state_dir = sp_arena_printf(c.a, &c.err, "%s/state", test_folder()),
                               .codec = "lz4" };
    st.spec = (sp_exec_spec){ .streaming = true, .mode = mode, .state = &st.host, .shuffle_partitions = 3 };
    sp_mutex_init(&st.out.lock);
    st.x = open_exec(&c, &st.spec, plan);
    test_defer(forget_stores, NULL);
}

/* A batch with the watermark (seconds) that evicts; the late one is the previous batch's. */
static inline const char *batch(const char *text, int64_t watermark_s, bool commit)
{
    const char *texts[] = { text, NULL };
    sp_run run = { .batch_id = st.batch,
                   .watermark_us = watermark_s * 1000000,
                   .late_watermark_us = st.late * 1000000 };
    must(run_text(&c, st.x, &run, texts, &st.out) == SP_OK, &c, "run");
    if (commit) {
        must(sp_exec_commit(st.x, st.batch++, &c.err) == SP_OK, &c, "commit");
        st.late = watermark_s;
    } else
        sp_exec_abort(st.x);
    return joined(&c, &st.out, false);
}

static inline void restart(void)
{
    sp_exec_close(st.x);
    st.host.version = st.batch;
    st.x = open_exec(&c, &st.spec, st.plan);
}

static inline void check_stats(int64_t total, int64_t updated, int64_t removed, int64_t dropped)
{
    const sp_state_op_stats *s;
    REQUIRE(sp_exec_state_ops(st.x, &s) == 1);
    CHECK_INT(s->rows_total, total);
    CHECK_INT(s->rows_updated, updated);
    CHECK_INT(s->rows_removed, removed);
    CHECK_INT(s->rows_dropped_by_watermark, dropped);
}

#endif
