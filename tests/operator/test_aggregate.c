/* Batch aggregation over all kinds of keys, and streaming aggregation in its three modes with a state store that lives in this file. */
#include "operator/build.h"
#include "operator/groups.h"
#include "test.h"

static ctx c;
static void end_ctx(void *unused) { sp_arena_free(c.a); }
static void begin(void)
{
    ctx_init(&c);
    test_defer(end_ctx, NULL);
}

static sp_expr *count_all(void) { return call(&c, "count", 1, lit_int(&c, 1)); }

TEST(one_string_key)
{
    begin();
    sp_plan *s = scan_of(&c, "k STRING, v BIGINT", false);
    sp_plan *p = group(&c, s, 1, (int[]){ 0 }, 2, count_all(), call(&c, "sum", 1, col(&c, s, 1)));
    CHECK_STR(rows_of(&c, p, false, "a 1\nb 2\na 3\n--\na_string_longer_than_twelve 5\na 10\n- 1\n--\na_string_longer_than_twelve -\n- 4\n"),
              "NULL 2 5 | a 3 14 | a_string_longer_than_twelve 2 5 | b 1 2");
}

TEST(keys_of_all_kinds)
{
    begin();
    sp_plan *s = scan_of(&c, "i INT, d DOUBLE, b BOOLEAN, l ARRAY<STRING>", false);
    const char *text = "1 0.0 t a,b\n1 -0.0 t a,b\n--\n- nan f -\n- nan f -\n1 0.0 t a,c\n- 2.5 - []\n";
    sp_plan *p = group(&c, s, 4, (int[]){ 0, 1, 2, 3 }, 1, count_all());
    CHECK_STR(rows_of(&c, p, false, text), "1 0.0 true [a, b] 2 | 1 0.0 true [a, c] 1 | NULL 2.5 NULL [] 1 | NULL NaN false NULL 2");
    p = group(&c, s, 1, (int[]){ 0 }, 1, count_all());
    CHECK_STR(rows_of(&c, p, false, text), "1 3 | NULL 3");
    p = group(&c, s, 1, (int[]){ 1 }, 1, count_all());
    CHECK_STR(rows_of(&c, p, false, text), "0.0 3 | 2.5 1 | NaN 2");
}

TEST(without_keys)
{
    begin();
    sp_plan *s = scan_of(&c, "v BIGINT", false);
    sp_plan *p = group(&c, s, 0, NULL, 2, count_all(), call(&c, "sum", 1, col(&c, s, 0)));
    CHECK_STR(rows_of(&c, p, false, "1\n2\n--\n-\n4\n"), "4 7");
    CHECK_STR(rows_of(&c, p, false, NULL), "0 NULL");
}

TEST(distinct_and_filter)
{
    begin();
    sp_plan *s = scan_of(&c, "k INT, v BIGINT", false);
    sp_expr *d = call(&c, "count", 1, col(&c, s, 1)), *f = call(&c, "sum", 1, col(&c, s, 1));
    d->distinct = true;
    f->filter = call(&c, ">", 2, col(&c, s, 1), col(&c, s, 1));
    f->filter = call(&c, "not", 1, f->filter);
    f->filter = call(&c, "and", 2, f->filter, call(&c, ">", 2, col(&c, s, 0), lit_int(&c, 1)));
    sp_plan *p = group(&c, s, 1, (int[]){ 0 }, 3, d, f, count_all());
    CHECK_STR(rows_of(&c, p, false, "1 5\n1 5\n2 7\n--\n1 5\n2 7\n2 8\n1 -\n"), "1 1 NULL 4 | 2 2 22 3");
    p = group(&c, s, 0, NULL, 1, d);
    CHECK_STR(rows_of(&c, p, false, "1 5\n1 5\n2 7\n--\n1 5\n2 7\n2 8\n1 -\n"), "3");
}

/* Group ids against a naive list, with removals. */
TEST(groups_against_a_list)
{
    begin();
    sp_exec x = { 0 };
    sp_groups g;
    enum { KEYS = 700, STEPS = 300 };
    static uint32_t id_of[KEYS];
    memset(id_of, 0xff, sizeof id_of);
    const sp_type *types[] = { sp_type_of(SP_STRING) };
    REQUIRE(sp_groups_init(&g, &x, sp_heap_new(c.a, NULL), types, NULL, 1, c.a, &c.err) == SP_OK);
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        uint32_t rows = 1 + (uint32_t)rand() % 64, ids[64];
        int keys[64];
        sp_vec *v = sp_vec_new(c.a, types[0], rows, &c.err);
        for (uint32_t i = 0; i < rows; i++) {
            keys[i] = rand() % KEYS;
            char *text = sp_arena_printf(c.a, &c.err, "%s%d", keys[i] % 2 ? "k" : "a key that is long ", keys[i]);
            ((sp_view *)v->data)[i] = sp_view_make(text, strlen(text));
        }
        sp_leaf_in *in;
        const sp_vec *columns[] = { v };
        REQUIRE(sp_groups_leaves(&g, columns, NULL, rows, c.a, &in, &c.err) == SP_OK);
        REQUIRE(sp_groups_find(&g, in, NULL, rows, NULL, ids, &c.err) == SP_OK);
        for (uint32_t i = 0; i < rows; i++) {
            CHECK(id_of[keys[i]] == SP_NO_GROUP || id_of[keys[i]] == ids[i]);
            id_of[keys[i]] = ids[i];
        }
        for (int n = rand() % 40; n; n--) {
            int k = rand() % KEYS;
            if (id_of[k] != SP_NO_GROUP)
                sp_groups_remove(&g, id_of[k]);
            id_of[k] = SP_NO_GROUP;
        }
        uint32_t live = 0;
        for (int k = 0; k < KEYS; k++)
            live += id_of[k] != SP_NO_GROUP;
        CHECK_INT(g.live, live);
    }
    sp_groups_done(&g);
    CHECK_INT(x.memory, 0);
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
static sp_status st_load(sp_state_store *s, int64_t version, sp_status (*row)(void *, sp_str, sp_str, sp_error *), void *context, sp_error *err)
{
    for (int i = 0; i < s->count; i++)
        if (s->v[i].version >= 0 && s->v[i].version <= version)
            SP_TRY(row(context, (sp_str){ s->v[i].key, s->v[i].key_n }, (sp_str){ s->v[i].value, s->v[i].value_n }, err));
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
static void st_close(sp_state_store *s) { }
static const sp_state_provider memory_provider = { "memory", st_open, st_load, st_put, st_remove, st_commit, st_abort, st_maintain, st_metrics, st_close };
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

typedef struct stream { sp_exec *x; sp_exec_spec spec; sp_state_host host; const sp_plan *plan; lines out; int64_t batch, late; } stream;
static stream st;

static void open_stream(const sp_plan *plan, sp_output_mode mode)
{
    forget_stores(NULL);
    st = (stream){ .plan = plan };
    st.host = (sp_state_host){ .provider = &memory_provider, .state_dir = sp_arena_printf(c.a, &c.err, "%s/state", test_folder()), .codec = "lz4" };
    st.spec = (sp_exec_spec){ .streaming = true, .mode = mode, .state = &st.host, .shuffle_partitions = 3 };
    sp_mutex_init(&st.out.lock);
    st.x = open_exec(&c, &st.spec, plan);
    test_defer(forget_stores, NULL);
}

/* A batch with the watermark (seconds) that evicts; the late one is the previous batch's. */
static const char *batch(const char *text, int64_t watermark_s, bool commit)
{
    const char *texts[] = { text, NULL };
    sp_run run = { .batch_id = st.batch, .watermark_us = watermark_s * 1000000, .late_watermark_us = st.late * 1000000 };
    must(run_text(&c, st.x, &run, texts, &st.out) == SP_OK, &c, "run");
    if (commit) {
        must(sp_exec_commit(st.x, st.batch++, &c.err) == SP_OK, &c, "commit");
        st.late = watermark_s;
    } else
        sp_exec_abort(st.x);
    return joined(&c, &st.out, false);
}

static void restart(void)
{
    sp_exec_close(st.x);
    st.host.version = st.batch;
    st.x = open_exec(&c, &st.spec, st.plan);
}

static void check_stats(int64_t total, int64_t updated, int64_t removed, int64_t dropped)
{
    const sp_state_op_stats *s;
    REQUIRE(sp_exec_state_ops(st.x, &s) == 1);
    CHECK_INT(s->rows_total, total);
    CHECK_INT(s->rows_updated, updated);
    CHECK_INT(s->rows_removed, removed);
    CHECK_INT(s->rows_dropped_by_watermark, dropped);
}

TEST(streaming_complete)
{
    begin();
    sp_plan *s = scan_of(&c, "k STRING, v BIGINT", true);
    sp_plan *p = group(&c, s, 1, (int[]){ 0 }, 2, count_all(), call(&c, "avg", 1, col(&c, s, 1)));
    open_stream(p, SP_COMPLETE);
    CHECK_STR(batch("a 1\nb 2\n--\na 2\n", 0, true), "a 2 1.5 | b 1 2.0");
    check_stats(2, 2, 0, 0);
    CHECK_STR(batch("zzzzzzzzzzzzzzzzzzzzzzzz 7\na 9\n", 0, false), "a 3 4.0 | b 1 2.0 | zzzzzzzzzzzzzzzzzzzzzzzz 1 7.0");
    CHECK_STR(batch("- 7\na 6\n", 0, true), "NULL 1 7.0 | a 3 3.0 | b 1 2.0");
    check_stats(3, 2, 0, 0);
    restart();
    CHECK_STR(batch(NULL, 0, true), "NULL 1 7.0 | a 3 3.0 | b 1 2.0");
    check_stats(3, 0, 0, 0);
    CHECK(!sp_exec_wants_no_data_batch(st.x, 2, 1));
    sp_exec_close(st.x);
}

TEST(streaming_update_without_keys)
{
    begin();
    sp_plan *s = scan_of(&c, "v BIGINT", true);
    sp_plan *p = group(&c, s, 0, NULL, 1, call(&c, "max", 1, col(&c, s, 0)));
    open_stream(p, SP_UPDATE);
    CHECK_STR(batch(NULL, 0, true), "NULL");
    check_stats(1, 1, 0, 0);
    CHECK_STR(batch("3\n9\n--\n4\n", 0, true), "9");
    restart();
    CHECK_STR(batch("5\n", 0, true), "9");
    check_stats(1, 1, 0, 0);
    sp_exec_close(st.x);
}

static sp_plan *timed(void)
{
    sp_plan *s = scan_of(&c, "t TIMESTAMP, k STRING", true);
    s->output[0].watermark_delay_us = 0;
    return group(&c, s, 2, (int[]){ 0, 1 }, 1, count_all());
}

TEST(streaming_append_evicts)
{
    begin();
    open_stream(timed(), SP_APPEND);
    CHECK_STR(batch("10 a\n10 a\n20 b\n- n\n", 0, true), "");
    check_stats(3, 3, 0, 0);
    CHECK_STR(batch(NULL, 10, true), "1970-01-01 00:00:10 a 2");
    check_stats(2, 0, 1, 0);
    /* late watermark 10: rows at 10 are late; a row older than this batch's watermark but not late is counted and comes out at once */
    CHECK_STR(batch("10 x\n10 x\n12 c\n--\n10 x\n5 y\n30 d\n", 15, true), "1970-01-01 00:00:12 c 1");
    check_stats(3, 2, 1, 2);
    restart();
    CHECK_STR(batch("20 b\n", 20, false), "1970-01-01 00:00:20 b 2");
    CHECK_STR(batch("20 b\n", 20, true), "1970-01-01 00:00:20 b 2");
    check_stats(2, 1, 1, 0);
    CHECK_STR(batch(NULL, 40, true), "1970-01-01 00:00:30 d 1");
    check_stats(1, 0, 1, 0);
    CHECK(sp_exec_wants_no_data_batch(st.x, 41, 40));
    CHECK(!sp_exec_wants_no_data_batch(st.x, 40, 40));
    sp_exec_close(st.x);
}

TEST(streaming_update_evicts_silently)
{
    begin();
    open_stream(timed(), SP_UPDATE);
    CHECK_STR(batch("10 a\n20 b\n", 0, true), "1970-01-01 00:00:10 a 1 | 1970-01-01 00:00:20 b 1");
    CHECK_STR(batch("20 b\n", 15, true), "1970-01-01 00:00:20 b 2");
    check_stats(1, 1, 1, 0);
    restart();
    CHECK_STR(batch("16 z\n20 b\n11 q\n", 25, true), "1970-01-01 00:00:16 z 1 | 1970-01-01 00:00:20 b 3");
    check_stats(0, 2, 2, 1);
    sp_exec_close(st.x);
}
