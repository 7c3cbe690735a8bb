/* test_entries.c -- offsets/N and commits/N: the bytes Spark writes, and what cannot be read says so and names its file. */
#include "checkpoint/checkpoint.h"
#include "test.h"

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

static sp_buf *buf(void)
{
    static sp_buf b[4];
    static int next;
    sp_buf *out = &b[next++ % 4];
    memset(out, 0, sizeof *out);
    DEFER(sp_buf_done, out);
    return out;
}

/* As Spark 4.3 left it in a file (settings shortened). */
static const char WHOLE[] =
    "v1\n{\"batchWatermarkMs\":5000,\"batchTimestampMs\":1795237367856,\"conf\":"
    "{\"spark.sql.shuffle.partitions\":\"2\",\"spark.sql.streaming.multipleWatermarkPolicy\":\"min\"}}\n"
    "{\"logOffset\":0}\n-\n7";

static void done_entry(sp_offset_entry *e) { sp_props_done(&e->conf); }

TEST_ALLOC(offsets_written)
{
    sp_offset_entry e = { .watermark_ms = 5000, .timestamp_ms = 1795237367856 };
    sp_error err = { 0 };
    DEFER(done_entry, &e);
    REQUIRE(sp_props_put(&e.conf, SP_LIT("spark.sql.shuffle.partitions"), SP_LIT("2"), &err) == SP_OK);
    REQUIRE(sp_props_put(&e.conf, SP_LIT("spark.sql.streaming.multipleWatermarkPolicy"), SP_LIT("min"), &err) == SP_OK);
    sp_str offsets[3] = { SP_LIT("{\"logOffset\":0}"), { NULL, 0 }, SP_LIT("7") };
    e.offsets = offsets;
    e.offset_count = 3;
    sp_buf *out = buf();
    sp_offset_entry_write(out, &e);
    REQUIRE(sp_buf_check(out, &err) == SP_OK);
    CHECK_STR(sp_buf_cstr(out), WHOLE);
}

TEST_ALLOC(offsets_read)
{
    sp_arena *a = arena();
    sp_offset_entry e = { 0 };
    sp_error err = { 0 };
    DEFER(done_entry, &e);
    REQUIRE(sp_offset_entry_read(a, sp_str_of(WHOLE), "/ck/offsets/3", &e, &err) == SP_OK);
    CHECK_INT(e.watermark_ms, 5000);
    CHECK_INT(e.timestamp_ms, 1795237367856);
    CHECK_INT(sp_strmap_size(&e.conf.map), 2);
    CHECK_STR(sp_props_get(&e.conf, "spark.sql.shuffle.partitions"), "2");
    REQUIRE(e.offset_count == 3);
    CHECK(sp_str_is(e.offsets[0], "{\"logOffset\":0}"));
    CHECK(e.offsets[1].p == NULL);
    CHECK(sp_str_is(e.offsets[2], "7"));
    sp_buf *out = buf();
    sp_offset_entry_write(out, &e);
    REQUIRE(sp_buf_check(out, &err) == SP_OK);
    CHECK_STR(sp_buf_cstr(out), WHOLE);
}

/* The file was opened in an editor that ends lines its own way. */
TEST(offsets_read_with_other_line_ends)
{
    sp_arena *a = arena();
    sp_offset_entry e;
    sp_error err = { 0 };
    REQUIRE(sp_offset_entry_read(a, SP_LIT("v1\r\n{\"batchWatermarkMs\":1,\"batchTimestampMs\":2}\r\n{\"logOffset\":4}\n"), "f", &e, &err) == SP_OK);
    REQUIRE(e.offset_count == 1);
    CHECK(sp_str_is(e.offsets[0], "{\"logOffset\":4}"));
    sp_props_done(&e.conf);
}

TEST(offsets_malformed)
{
    static const struct { const char *text, *says; } cases[] = {
        { "", "Incomplete log file: /ck/offsets/3 is empty" },
        { "v0\n{}\n-", "failed to read correct log version from v0" },
        { "vx\n{}\n-", "failed to read correct log version from vx" },
        { "v\n{}\n-", "failed to read correct log version from v" },
        { "\n{}\n-", "failed to read correct log version" },
        { "{}", "failed to read correct log version from {}" },
        { "v2\n{}\n-", "UnsupportedLogVersion: maximum supported log version is v1, but encountered v2" },
        { "v99999999999999999999\n{}\n-", "failed to read correct log version" },
        { "v1", "/ck/offsets/3" },
        { "v1\n", "/ck/offsets/3" },
        { "v1\n{", "not a JSON object" },
        { "v1\n[]\n-", "not a JSON object" },
        { "v1\n{}", "names no source's offset" },
        { "v1\n{}\n", "names no source's offset" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_arena *a = sp_arena_new("test", 0);
        sp_offset_entry e;
        sp_error err = { 0 };
        sp_buf text = { 0 };
        CHECK(sp_offset_entry_read(a, sp_str_of(cases[i].text), "/ck/offsets/3", &e, &err) == SP_FAILED);
        sp_error_message(&err, &text);
        if (!CHECK(strstr(sp_buf_cstr(&text), cases[i].says) != NULL))
            CHECK_STR(sp_buf_cstr(&text), cases[i].says);
        sp_buf_done(&text);
        sp_props_done(&e.conf);
        sp_arena_free(a);
    }
}

TEST(commits)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_buf *out = buf();
    int64_t ms = -1;
    sp_commit_entry_write(out, 1704103201000);
    CHECK_STR(sp_buf_cstr(out), "v1\n{\"nextBatchWatermarkMs\":1704103201000}");
    CHECK(sp_commit_entry_read(a, (sp_str){ out->data, out->len }, "f", &ms, &err) == SP_OK);
    CHECK_INT(ms, 1704103201000);
    CHECK(sp_commit_entry_read(a, SP_LIT("v1"), "f", &ms, &err) == SP_OK);
    CHECK_INT(ms, 0);
    CHECK(sp_commit_entry_read(a, SP_LIT("v1\n{\"nextBatchWatermarkMs\":0,\"stateUniqueIds\":{}}"), "f", &ms, &err) == SP_OK);
    CHECK(sp_commit_entry_read(a, SP_LIT("v1\nx"), "f", &ms, &err) == SP_FAILED);
    sp_error_reset(&err);
    CHECK(sp_commit_entry_read(a, SP_LIT("v2\n{}"), "f", &ms, &err) == SP_FAILED);
    sp_error_reset(&err);
    CHECK(sp_commit_entry_read(a, SP_LIT(""), "f", &ms, &err) == SP_FAILED);
}
