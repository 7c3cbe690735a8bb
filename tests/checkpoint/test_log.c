/* test_log.c -- numbered logs: each number once, the highest found among foreign names, the old ones removed. */
#include "checkpoint/checkpoint.h"
#include "test.h"

static sp_world *world(void)
{
    sp_world *w = sp_world_sim_new(7);
    REQUIRE(w);
    DEFER(sp_world_sim_free, w);
    return w;
}

static void put(sp_world *w, const char *path, const char *text)
{
    sp_error err = { 0 };
    REQUIRE(sp_file_write_atomic(w, path, sp_str_of(text), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
}

static bool there(sp_world *w, const char *path)
{
    sp_stat st;
    bool exists = false;
    sp_error err = { 0 };
    REQUIRE(sp_file_stat(w, path, &st, &exists, &err) == SP_OK);
    return exists;
}

TEST_ALLOC(add_and_latest)
{
    sp_world *w = world();
    sp_error err = { 0 };
    int64_t n = 5;
    REQUIRE(sp_dir_make(w, "/ck", &err) == SP_OK);
    REQUIRE(sp_log_latest(w, "/ck/offsets", &n, &err) == SP_OK);
    CHECK_INT(n, -1);
    REQUIRE(sp_log_add(w, "/ck/offsets", 0, SP_LIT("v1\nzero"), SP_DURABLE_RENAME, &err) == SP_OK);
    REQUIRE(sp_log_add(w, "/ck/offsets", 1, SP_LIT("v1\none"), SP_DURABLE_POWER, &err) == SP_OK);
    REQUIRE(sp_log_latest(w, "/ck/offsets", &n, &err) == SP_OK);
    CHECK_INT(n, 1);
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    sp_str text;
    bool exists = false;
    REQUIRE(sp_log_read(w, "/ck/offsets", 1, a, &text, &exists, &err) == SP_OK);
    CHECK(exists && sp_str_is(text, "v1\none"));
    REQUIRE(sp_log_read(w, "/ck/offsets", 2, a, &text, &exists, &err) == SP_OK);
    CHECK(!exists);
}

TEST(a_number_is_written_once)
{
    sp_world *w = world();
    sp_error err = { 0 };
    REQUIRE(sp_log_add(w, "/ck/commits", 0, SP_LIT("first"), SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK(sp_log_add(w, "/ck/commits", 0, SP_LIT("second"), SP_DURABLE_RENAME, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_CONCURRENT_STREAM_LOG_UPDATE);
    sp_arena *a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, a);
    sp_str text;
    bool exists;
    sp_error_reset(&err);
    REQUIRE(sp_log_read(w, "/ck/commits", 0, a, &text, &exists, &err) == SP_OK);
    CHECK(sp_str_is(text, "first"));
    sp_dir_entry *entries;
    size_t count;
    REQUIRE(sp_dir_list(w, "/ck/commits", false, a, &entries, &count, &err) == SP_OK);
    CHECK_INT(count, 1);      /* no temporary file stays */
}

/* The user removed the folder of commits to have everything run again: the first one written is not number 0. */
TEST(a_missing_folder_is_made_for_any_number)
{
    sp_world *w = world();
    sp_error err = { 0 };
    int64_t n;
    CHECK(sp_log_add(w, "/ck/commits", 5, SP_LIT("v1"), SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK(sp_log_latest(w, "/ck/commits", &n, &err) == SP_OK);
    CHECK_INT(n, 5);
}

TEST(foreign_names_are_passed_over)
{
    static const char *const names[] = { ".12.crc", "12.tmp", "x", "-3", "+7", "99999999999999999999", ".13.uuid.tmp", "8x", "compact", ".compact",
                                         "9 ", "7.compact.tmp" };
    sp_world *w = world();
    sp_error err = { 0 };
    int64_t n;
    REQUIRE(sp_dir_make(w, "/l", &err) == SP_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        strcpy(path, "/l/");
        strcat(path, names[i]);
        put(w, path, "");
    }
    CHECK(sp_log_latest(w, "/l", &n, &err) == SP_OK);
    CHECK_INT(n, -1);
    put(w, "/l/3", "");
    put(w, "/l/10", "");
    CHECK(sp_log_latest(w, "/l", &n, &err) == SP_OK);
    CHECK_INT(n, 10);
    put(w, "/l/19.compact", "");
    CHECK(sp_log_latest(w, "/l", &n, &err) == SP_OK);
    CHECK_INT(n, 19);
}

TEST(purge)
{
    sp_world *w = world();
    sp_error err = { 0 };
    for (int i = 0; i < 8; i++)
        REQUIRE(sp_log_add(w, "/l", i, SP_LIT("v1"), SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK(sp_log_purge(w, "/l", 5, &err) == SP_OK);
    CHECK(!there(w, "/l/0") && !there(w, "/l/4") && there(w, "/l/5") && there(w, "/l/7"));
    CHECK(sp_log_purge(w, "/l", -3, &err) == SP_OK);
    CHECK(sp_log_purge(w, "/none", 3, &err) == SP_OK);
    CHECK(there(w, "/l/5"));
}

TEST_ALLOC(checkpoint_id)
{
    sp_world *w = world();
    sp_error err = { 0 };
    char id[37] = "", again[37] = "";
    REQUIRE(sp_dir_make(w, "/ck", &err) == SP_OK);
    REQUIRE(sp_checkpoint_id(w, "/ck", SP_DURABLE_RENAME, id, &err) == SP_OK);
    CHECK_INT(strlen(id), 36);
    REQUIRE(sp_checkpoint_id(w, "/ck", SP_DURABLE_RENAME, again, &err) == SP_OK);
    CHECK_STR(again, id);
    put(w, "/ck/metadata", "{\"id\":\"3f7a\"}\n");
    REQUIRE(sp_checkpoint_id(w, "/ck", SP_DURABLE_RENAME, again, &err) == SP_OK);
    CHECK_STR(again, "3f7a");
    static const char *const bad[] = { "", "{}", "{\"id\":", "[]", "{\"id\":\"0123456789012345678901234567890123456\"}" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put(w, "/ck/metadata", bad[i]);
        sp_error_reset(&err);
        CHECK(sp_checkpoint_id(w, "/ck", SP_DURABLE_RENAME, again, &err) == SP_FAILED);
        if (!test_allocation_failed())
            CHECK(err.plain && strstr(err.plain, "/ck/metadata"));
    }
}
