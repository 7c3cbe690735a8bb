/* Batch aggregation over all kinds of keys, and streaming aggregation in its three modes with a state store that lives
 * in this file. */
#include "operator/groups.h"
#include "operator/stream.h"

static sp_expr *count_all(void) { return call(&c, "count", 1, lit_int(&c, 1)); }

TEST(one_string_key)
{
    begin();
    sp_plan *s = scan_of(&c, "k STRING, v BIGINT", false);
    sp_plan *p = group(&c, s, 1, (int[]){ 0 }, 2, count_all(), call(&c, "sum", 1, col(&c, s, 1)));
    CHECK_STR(
        rows_of(
            &c, p, false,
            "a 1\nb 2\na 3\n--\na_string_longer_than_twelve 5\na 10\n- 1\n--\na_string_longer_than_twelve -\n- 4\n"),
        "NULL 2 5 | a 3 14 | a_string_longer_than_twelve 2 5 | b 1 2");
}

TEST(keys_of_all_kinds)
{
    begin();
    sp_plan *s = scan_of(&c, "i INT, d DOUBLE, b BOOLEAN, l ARRAY<STRING>", false);
    const char *text = "1 0.0 t a,b\n1 -0.0 t a,b\n--\n- nan f -\n- nan f -\n1 0.0 t a,c\n- 2.5 - []\n";
    sp_plan *p = group(&c, s, 4, (int[]){ 0, 1, 2, 3 }, 1, count_all());
    CHECK_STR(rows_of(&c, p, false, text),
              "1 0.0 true [a, b] 2 | 1 0.0 true [a, c] 1 | NULL 2.5 NULL [] 1 | NULL NaN false NULL 2");
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

/* ---- streaming ---- */

TEST(streaming_complete)
{
    begin();
    sp_plan *s = scan_of(&c, "k STRING, v BIGINT", true);
    sp_plan *p = group(&c, s, 1, (int[]){ 0 }, 2, count_all(), call(&c, "avg", 1, col(&c, s, 1)));
    open_stream(p, SP_COMPLETE);
    CHECK_STR(batch("a 1\nb 2\n--\na 2\n", 0, true), "a 2 1.5 | b 1 2.0");
    check_stats(2, 2, 0, 0);
    CHECK_STR(batch("zzzzzzzzzzzzzzzzzzzzzzzz 7\na 9\n", 0, false),
              "a 3 4.0 | b 1 2.0 | zzzzzzzzzzzzzzzzzzzzzzzz 1 7.0");
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
    /* late watermark 10: rows at 10 are late; a row older than this batch's watermark but not late is counted and comes
     * out at once */
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
