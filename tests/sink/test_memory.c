/* test_memory.c -- memory tables and the memory sink: modes, batches offered twice, snapshots that stay. */
#include "build.h"
#include <stdio.h>

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

static const char *text_of(sp_arena *a, sp_memory_table *t)
{
    static char text[4000];
    sp_batch *batches;
    int count;
    sp_error err = { 0 };
    text[0] = 0;
    REQUIRE(sp_memory_table_snapshot(t, a, &batches, &count, &err) == SP_OK);
    for (int b = 0; b < count; b++)
        for (uint32_t i = 0; i < batches[b].rows; i++) {
            sp_buf cell = { 0 };
            for (int c = 0; c < batches[b].column_count; c++)
                sp_vec_text(&cell, batches[b].columns[c], i, true, sp_zone_utc(), &err);
            strcat(strcat(text, sp_buf_cstr(&cell)), " ");
            sp_buf_done(&cell);
        }
    return text;
}

TEST_ALLOC(table)
{
    sp_arena *a = arena(), *b = sp_arena_new("rows", 0);
    sp_error err = { 0 };
    REQUIRE(b);
    DEFER(sp_arena_free, b);
    const sp_type *schema = build_schema(a, "k STRING, n INT");
    sp_memory_table *t = sp_memory_table_new(schema, &err);
    REQUIRE(t);
    DEFER(sp_memory_table_unref, t);
    CHECK(sp_type_eq(sp_memory_table_schema(t), schema));
    CHECK_STR(text_of(a, t), "");
    sp_batch rows = build_batch(b, schema, "a string longer than twelve|1;NULL|2");
    REQUIRE(sp_memory_table_add(t, &rows, 1, false, &err) == SP_OK);
    uint32_t sel[1] = { 1 };
    rows.sel = sel;
    rows.sel_count = 1;
    REQUIRE(sp_memory_table_add(t, &rows, 1, false, &err) == SP_OK);
    sp_arena_reset(b);          /* the table keeps nothing of its input */
    CHECK_STR(text_of(a, t), "a string longer than twelve1 NULL2 NULL2 ");
    rows = build_batch(b, schema, "z|9");
    REQUIRE(sp_memory_table_add(t, &rows, 1, true, &err) == SP_OK);
    CHECK_STR(text_of(a, t), "z9 ");
    REQUIRE(sp_memory_table_add(t, NULL, 0, true, &err) == SP_OK);
    CHECK_STR(text_of(a, t), "");
}

/* Many small batches stay in order and do not make as many chunks. */
TEST(many_small_batches)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    const sp_type *schema = build_schema(a, "n INT");
    sp_memory_table *t = sp_memory_table_new(schema, &err);
    for (int i = 0; i < 5000; i++) {
        sp_value v = sp_value_i64(SP_INT, i);
        sp_vec *columns[1] = { sp_value_vec(&v, 1, a, &err) };
        sp_batch b = { .rows = 1, .sel_count = 1, .column_count = 1, .columns = columns };
        REQUIRE(sp_memory_table_add(t, &b, 1, false, &err) == SP_OK);
    }
    sp_batch *batches;
    int count, n = 0;
    sp_memory_table_snapshot(t, a, &batches, &count, &err);
    CHECK(count <= 4);
    for (int b = 0; b < count; b++)
        for (uint32_t i = 0; i < batches[b].rows; i++, n++)
            CHECK_INT(((int32_t *)batches[b].columns[0]->data)[i], n);
    CHECK_INT(n, 5000);
    sp_memory_table_unref(t);
}

static sp_sink *open_sink(sp_arena *a, const sp_type *schema, sp_memory_table *t, sp_sink_mode mode)
{
    sp_sink *s = NULL;
    sp_error err = { 0 };
    sp_sink_spec spec = { .arena = a, .schema = schema, .tables = t, .query_name = "t", .mode = mode };
    REQUIRE(sp_sink_find(SP_LIT("MEMORY"))->open(&spec, &s, &err) == SP_OK);
    return s;
}

static void offer(sp_sink *s, sp_arena *a, int64_t batch, const char *rows, const char *other_task)
{
    bool skip;
    sp_error err = { 0 };
    REQUIRE(s->cls->begin(s, batch, &skip, &err) == SP_OK);
    if (skip)
        return;
    sp_batch two = build_batch(a, s->spec.schema, other_task), one = build_batch(a, s->spec.schema, rows);
    REQUIRE(s->cls->consume(s, 1, &two, &err) == SP_OK);
    REQUIRE(s->cls->consume(s, 0, &one, &err) == SP_OK);
    REQUIRE(s->cls->commit(s, batch, 2, &err) == SP_OK);
}

TEST(sink)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    const sp_type *schema = build_schema(a, "k STRING");
    sp_memory_table *t = sp_memory_table_new(schema, &err);
    sp_sink *s = open_sink(a, schema, t, SP_SINK_APPEND);
    offer(s, a, 0, "a;b", "c");
    CHECK_INT(s->cls->rows_out(s), 3);
    offer(s, a, 0, "a;b", "c");             /* again: kept once */
    offer(s, a, 1, "d", "");
    CHECK_STR(text_of(a, t), "a b c d ");
    bool skip;
    CHECK(s->cls->begin(s, 2, &skip, &err) == SP_OK && !skip);
    sp_batch b = build_batch(a, schema, "lost");
    CHECK(s->cls->consume(s, 0, &b, &err) == SP_OK);
    s->cls->abort(s, 2);
    offer(s, a, 2, "e", "");
    CHECK_STR(text_of(a, t), "a b c d e ");
    s->cls->close(s);
    s = open_sink(a, schema, t, SP_SINK_COMPLETE);
    offer(s, a, 0, "x", "y");
    CHECK_STR(text_of(a, t), "x y ");
    offer(s, a, 1, "", "");
    CHECK_STR(text_of(a, t), "");
    s->cls->close(s);
    sp_memory_table_unref(t);
    sp_sink_spec unnamed = { .arena = a, .schema = schema };
    CHECK(sp_sink_find(SP_LIT("memory"))->open(&unnamed, &s, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND__LEGACY_ERROR_TEMP_1194);
}
