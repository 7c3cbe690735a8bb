/* test_file_log.c -- the file source's and the file sink's logs: lines as Spark writes them, compaction, damage. */
#include "checkpoint/checkpoint.h"
#include "test.h"
#include <stdio.h>

static sp_world *world(void)
{
    sp_world *w = sp_world_sim_new(7);
    REQUIRE(w);
    DEFER(sp_world_sim_free, w);
    return w;
}

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

static const char *content(sp_world *w, sp_arena *a, const char *path)
{
    sp_str text;
    bool exists;
    sp_error err = { 0 };
    REQUIRE(sp_file_read_all(w, path, a, &text, &exists, &err) == SP_OK);
    return exists ? text.p : NULL;
}

static void add(sp_world *w, int64_t n, const char *path)
{
    sp_error err = { 0 };
    sp_file_entry e = { sp_str_of(path), 1704067200000 + n, n };
    REQUIRE(sp_file_log_add(w, "/ck/sources/0", n, &e, 1, 10, SP_DURABLE_RENAME, &err) == SP_OK);
}

static sp_str name_of(sp_arena *a, int i)
{
    return sp_str_of(sp_arena_printf(a, NULL, "file:///in/f%03d", i));
}

TEST_ALLOC(source_lines)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_file_entry e[2] = { { SP_LIT("file:///dir/in/f%20\"0.json"), 1704067200000, 0 }, { SP_LIT("file:///b"), 5, 0 } };
    REQUIRE(sp_file_log_add(w, "/ck/sources/0", 0, e, 2, 10, SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK_STR(content(w, a, "/ck/sources/0/0"), "v1\n{\"path\":\"file:///dir/in/f%20\\\"0.json\",\"timestamp\":1704067200000,\"batchId\":0}\n"
              "{\"path\":\"file:///b\",\"timestamp\":5,\"batchId\":0}");
    sp_file_entry *got;
    int count = 0;
    REQUIRE(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_OK);
    REQUIRE(count == 2);
    CHECK(sp_str_eq(got[0].path, e[0].path));
    CHECK_INT(got[0].timestamp_ms, 1704067200000);
    CHECK_INT(got[1].batch_id, 0);
}

TEST(source_compaction)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_file_entry *got;
    int count;
    CHECK(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_OK);
    CHECK_INT(count, 0);
    for (int n = 0; n < 25; n++) {
        add(w, n, name_of(a, n).p);
        CHECK(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_OK);
        REQUIRE(count == n + 1);
        for (int i = 0; i <= n; i++)
            CHECK(sp_str_eq(got[i].path, name_of(a, i)) && got[i].batch_id == i);
    }
    CHECK(content(w, a, "/ck/sources/0/9") == NULL && content(w, a, "/ck/sources/0/9.compact") != NULL);
    CHECK(content(w, a, "/ck/sources/0/19.compact") != NULL && content(w, a, "/ck/sources/0/18") != NULL);
    for (int from = -1; from < 25; from++)
        for (int to = from; to < 25; to++) {
            REQUIRE(sp_file_log_range(w, "/ck/sources/0", from, to, a, &got, &count, &err) == SP_OK);
            REQUIRE(count == to - from);
            for (int i = 0; i < count; i++)
                CHECK_INT(got[i].batch_id, from + 1 + i);
        }
}

/* Spark removes what a compaction made superfluous; what is left must do. */
TEST(source_log_with_the_old_files_gone)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_file_entry *got;
    int count;
    for (int n = 0; n < 12; n++)
        add(w, n, name_of(a, n).p);
    for (int n = 0; n < 9; n++)
        REQUIRE(sp_file_remove(w, sp_arena_printf(a, &err, "/ck/sources/0/%d", n), &err) == SP_OK);
    CHECK(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_OK);
    CHECK_INT(count, 12);
    CHECK(sp_file_log_range(w, "/ck/sources/0", 8, 11, a, &got, &count, &err) == SP_OK);
    CHECK_INT(count, 3);
}

TEST(source_log_damaged)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_file_entry *got;
    int count;
    for (int n = 0; n < 4; n++)
        add(w, n, name_of(a, n).p);
    REQUIRE(sp_file_remove(w, "/ck/sources/0/2", &err) == SP_OK);
    CHECK(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_FAILED);
    CHECK(err.plain && strstr(err.plain, "/ck/sources/0/2 doesn't exist (latestId: 3"));
    static const struct { const char *text, *says; } bad[] = {
        { "", "is empty" }, { "v9\n", "UnsupportedLogVersion" }, { "v1\n{\"path\":", "line 2" }, { "v1\n\n[]", "line 3" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_error_reset(&err);
        REQUIRE(sp_file_write_atomic(w, "/ck/sources/0/2", sp_str_of(bad[i].text), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
        CHECK(sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err) == SP_FAILED);
        CHECK(err.plain && strstr(err.plain, bad[i].says) && strstr(err.plain, "/ck/sources/0/2"));
    }
    sp_error_reset(&err);
    REQUIRE(sp_file_write_atomic(w, "/ck/sources/0/2", SP_LIT("v1\n{}\n{\"path\":7,\"timestamp\":\"x\"}"), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
    sp_file_log_all(w, "/ck/sources/0", a, &got, &count, &err);      /* either way, without harm */
}

static sp_sink_file sink_file(const char *path, const char *action)
{
    return (sp_sink_file){ sp_str_of(path), 12, false, 1704067200000, 1, 33554432, sp_str_of(action) };
}

TEST_ALLOC(sink_lines)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_sink_file f = sink_file("file:///out/part-00000-x-c000.json", "add");
    sp_sink_file *got;
    int count = 0;
    REQUIRE(sp_sink_log_add(w, "/out/_spark_metadata", 0, &f, 1, 10, SP_DURABLE_POWER, &err) == SP_OK);
    REQUIRE(sp_sink_log_add(w, "/out/_spark_metadata", 1, NULL, 0, 10, SP_DURABLE_POWER, &err) == SP_OK);
    CHECK_STR(content(w, a, "/out/_spark_metadata/0"),
              "v1\n{\"path\":\"file:///out/part-00000-x-c000.json\",\"size\":12,\"isDir\":false,\"modificationTime\":1704067200000,"
              "\"blockReplication\":1,\"blockSize\":33554432,\"action\":\"add\"}");
    CHECK_STR(content(w, a, "/out/_spark_metadata/1"), "v1");
    REQUIRE(sp_sink_log_all(w, "/out/_spark_metadata", a, &got, &count, &err) == SP_OK);
    REQUIRE(count == 1);
    CHECK(sp_str_eq(got[0].path, f.path));
    CHECK_INT(got[0].size, 12);
    CHECK_INT(got[0].block_size, 33554432);
    CHECK(!got[0].is_dir && sp_str_is(got[0].action, "add"));
}

TEST(sink_compaction_and_deletes)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_sink_file *got;
    int count;
    for (int n = 0; n < 12; n++) {
        sp_sink_file f[2] = { sink_file(name_of(a, n).p, "add"), sink_file(name_of(a, n - 3).p, "delete") };
        REQUIRE(sp_sink_log_add(w, "/o", n, f, n == 5 ? 2 : 1, 10, SP_DURABLE_RENAME, &err) == SP_OK);
    }
    CHECK(content(w, a, "/o/9.compact") != NULL);
    CHECK(sp_sink_log_all(w, "/o", a, &got, &count, &err) == SP_OK);
    CHECK_INT(count, 11);
    for (int i = 0; i < count; i++)
        CHECK(!sp_str_eq(got[i].path, name_of(a, 2)));
}
