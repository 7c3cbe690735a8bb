/* test_console.c -- what the console sink prints for a batch, and the sinks that keep nothing. */
#include "build.h"

static sp_buf printed;
static void print(void *context, const char *text, size_t n) { sp_buf_add(&printed, text, n); }
static void end_printed(sp_buf *b) { sp_buf_done(b); }

static void batch(sp_sink *s, sp_arena *a, int64_t id, const char *rows)
{
    bool skip;
    sp_error err = { 0 };
    REQUIRE(s->cls->begin(s, id, &skip, &err) == SP_OK && !skip);
    sp_batch b = build_batch(a, s->spec.schema, rows);
    REQUIRE(s->cls->consume(s, 0, &b, &err) == SP_OK);
    REQUIRE(s->cls->commit(s, id, 1, &err) == SP_OK);
}

#define LINE "-------------------------------------------\n"

TEST(console)
{
    sp_arena *a = sp_arena_new("test", 0);
    sp_error err = { 0 };
    sp_props options = { 0 };
    sp_expr_conf conf = { .zone = sp_zone_utc() };
    DEFER(sp_arena_free, a);
    DEFER(end_printed, &printed);
    sp_sink *s;
    sp_sink_spec spec = { .arena = a, .schema = build_schema(a, "k INT, count BIGINT"), .print = print, .conf = &conf, .options = &options };
    const sp_sink_class *cls = sp_sink_find(SP_LIT("console"));
    REQUIRE(cls->open(&spec, &s, &err) == SP_OK);
    batch(s, a, 0, "1|1");
    CHECK_STR(sp_buf_cstr(&printed), LINE "Batch: 0\n" LINE "+---+-----+\n|  k|count|\n+---+-----+\n|  1|    1|\n+---+-----+\n\n");
    sp_buf_clear(&printed);
    batch(s, a, 1, "");
    CHECK_STR(sp_buf_cstr(&printed), LINE "Batch: 1\n" LINE "+---+-----+\n|  k|count|\n+---+-----+\n+---+-----+\n\n");
    CHECK_INT(s->cls->rows_out(s), 0);
    s->cls->close(s);
    sp_buf_clear(&printed);
    REQUIRE(sp_props_put(&options, SP_LIT("numRows"), SP_LIT("1"), &err) == SP_OK &&
            sp_props_put(&options, SP_LIT("truncate"), SP_LIT("false"), &err) == SP_OK);
    REQUIRE(cls->open(&spec, &s, &err) == SP_OK);
    batch(s, a, 7, "1|1;2|2;3|3");
    CHECK_STR(sp_buf_cstr(&printed), LINE "Batch: 7\n" LINE "+---+-----+\n|k  |count|\n+---+-----+\n|1  |1    |\n+---+-----+\nonly showing top 1 row\n\n");
    CHECK_INT(s->cls->rows_out(s), 3);
    s->cls->close(s);
    sp_props_done(&options);
}

TEST(noop)
{
    sp_arena *a = sp_arena_new("test", 0);
    sp_error err = { 0 };
    DEFER(sp_arena_free, a);
    sp_sink *s;
    sp_sink_spec spec = { .arena = a, .schema = build_schema(a, "k INT") };
    REQUIRE(sp_sink_find(SP_LIT("noop"))->open(&spec, &s, &err) == SP_OK);
    batch(s, a, 0, "1;2");
    CHECK_INT(s->cls->rows_out(s), 2);
    s->cls->close(s);
    CHECK(sp_sink_find(SP_LIT("nowhere")) == NULL);
}
