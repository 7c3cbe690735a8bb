/* test_files.c -- the file calls, the same on the real disk and on the simulated one. */
#include "test.h"
#include "world/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sp_world *world;
static sp_arena *arena;
static char root[300];

static const char *at(const char *name)
{
    static char paths[4][400];
    static int turn;
    char *path = paths[turn++ & 3];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void begin(sp_world *w, const char *folder)
{
    REQUIRE(w != NULL);
    world = w;
    snprintf(root, sizeof root, "%s", folder);
    arena = sp_arena_new("call", 0);
    REQUIRE(arena != NULL);
    DEFER(sp_arena_free, arena);
}

static void begin_sim(uint64_t seed)
{
    sp_world *w = sp_world_sim_new(seed);
    REQUIRE(w != NULL);
    DEFER(sp_world_sim_free, w);
    begin(w, "/disk");
    REQUIRE(sp_dir_make(w, root, NULL) == SP_OK);
}

static void put(const char *name, const char *text)
{
    REQUIRE(sp_file_write_atomic(world, at(name), sp_str_of(text), true, SP_DURABLE_RENAME, NULL, NULL) == SP_OK);
}

static const char *text_of(const char *name)
{
    sp_str text;
    bool exists;
    REQUIRE(sp_file_read_all(world, at(name), arena, &text, &exists, NULL) == SP_OK);
    return exists ? text.p : NULL;
}

static const char *names_of(const char *folder)
{
    sp_dir_entry *entries;
    size_t count;
    static char names[1000];
    REQUIRE(sp_dir_list(world, folder, true, arena, &entries, &count, NULL) == SP_OK);
    names[0] = 0;
    for (size_t i = 0; i < count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s ", entries[i].name, entries[i].st.is_dir ? "/" : "");
    return names;
}

static void folders(void)
{
    sp_error err = { 0 };
    sp_stat st;
    bool exists;
    REQUIRE(sp_dir_make(world, at("a/b//c/"), &err) == SP_OK);
    REQUIRE(sp_dir_make(world, at("a/b"), &err) == SP_OK);
    put("a/f", "12345");
    CHECK_STR(names_of(at("a")), "b/ f ");
    CHECK(sp_file_stat(world, at("a/f"), &st, &exists, &err) == SP_OK && exists && !st.is_dir && st.size == 5);
    int64_t age_us = sp_now_us(world) - st.mtime_us;
    CHECK(age_us > -1000000 && age_us < 60000000);
    CHECK(sp_file_stat(world, at("a/b"), &st, &exists, &err) == SP_OK && exists && st.is_dir);
    CHECK(sp_file_stat(world, at("a/x/y"), &st, &exists, &err) == SP_OK && !exists);
    CHECK(sp_file_stat(world, at("a/f/y"), &st, &exists, &err) == SP_OK && !exists);
    CHECK(sp_dir_make(world, at("a/f/y"), &err) == SP_FAILED);
    CHECK(sp_file_remove(world, at("a"), &err) == SP_FAILED);   /* not empty */
    CHECK(sp_file_remove(world, at("a/b/c"), &err) == SP_OK);
    CHECK(sp_file_remove(world, at("a/b/c"), &err) == SP_OK);   /* absent is fine */
    CHECK(sp_dir_sync(world, at("a"), &err) == SP_OK);
    CHECK(sp_tree_remove(world, at("a"), &err) == SP_OK);
    CHECK(sp_tree_remove(world, at("a"), &err) == SP_OK);
    CHECK_STR(names_of(root), "");
    sp_dir_entry *entries;
    size_t count;
    CHECK(sp_dir_list(world, at("a"), false, arena, &entries, &count, &err) == SP_FAILED);
    CHECK_INT(err.exc, SP_EXC_FILE_NOT_FOUND);
}

static void reading_and_writing(void)
{
    sp_error err = { 0 };
    sp_file *f;
    char bytes[16];
    size_t got;
    REQUIRE(sp_file_create(world, at("f"), &f, &err) == SP_OK);
    CHECK(sp_file_write(f, "hello ", 6, &err) == SP_OK);
    CHECK(sp_file_sync(f, &err) == SP_OK);
    CHECK(sp_file_write(f, "world", 5, &err) == SP_OK);
    CHECK_INT(sp_file_size(f), 11);
    CHECK(sp_file_close(f, &err) == SP_OK);
    REQUIRE(sp_file_open_read(world, at("f"), &f, &err) == SP_OK);
    CHECK(sp_file_pread(f, bytes, sizeof bytes, 6, &got, &err) == SP_OK);
    CHECK_MEM(bytes, got, "world", 5);
    CHECK(sp_file_pread(f, bytes, 2, 0, &got, &err) == SP_OK && got == 2);
    CHECK(sp_file_pread(f, bytes, 2, 100, &got, &err) == SP_OK && got == 0);
    CHECK_INT(sp_file_size(f), 11);
    CHECK(sp_file_close(f, NULL) == SP_OK);
    CHECK(sp_file_open_read(world, at("none"), &f, &err) == SP_FAILED);
    CHECK_INT(err.exc, SP_EXC_FILE_NOT_FOUND);
    CHECK(sp_file_create(world, at("none/x"), &f, &err) == SP_FAILED);
    CHECK_STR(text_of("f"), "hello world");
    CHECK_STR(text_of("none"), NULL);
    sp_str text;
    CHECK(sp_file_read_all(world, at("none"), arena, &text, NULL, &err) == SP_FAILED);
}

static void renames(void)
{
    sp_error err = { 0 };
    bool existed = true;
    put("a", "1");
    put("b", "2");
    CHECK(sp_file_rename(world, at("a"), at("b"), false, &existed, &err) == SP_FAILED && existed);
    CHECK_STR(text_of("b"), "2");
    CHECK(sp_file_rename(world, at("a"), at("c"), false, &existed, &err) == SP_OK && !existed);
    CHECK(sp_file_rename(world, at("c"), at("b"), true, &existed, &err) == SP_OK && !existed);
    CHECK_STR(text_of("b"), "1");
    CHECK(sp_file_rename(world, at("none"), at("d"), true, NULL, &err) == SP_FAILED);
    CHECK(sp_file_rename(world, at("none"), at("d"), false, &existed, &err) == SP_FAILED && !existed);
    REQUIRE(sp_dir_make(world, at("dir"), &err) == SP_OK);
    CHECK(sp_file_rename(world, at("dir"), at("moved"), false, &existed, &err) == SP_OK);
    CHECK_STR(names_of(root), "b moved/ ");
}

static void atomic_writes(void)
{
    sp_error err = { 0 };
    bool existed;
    put(".f.crc", "stale");
    CHECK(sp_file_write_atomic(world, at("f"), SP_LIT("one"), false, SP_DURABLE_POWER, &existed, &err) == SP_OK && !existed);
    CHECK(sp_file_write_atomic(world, at("f"), SP_LIT("two"), false, SP_DURABLE_RENAME, &existed, &err) == SP_FAILED && existed);
    CHECK_STR(text_of("f"), "one");
    CHECK(sp_file_write_atomic(world, at("f"), SP_LIT(""), true, SP_DURABLE_POWER, &existed, &err) == SP_OK);
    CHECK_STR(text_of("f"), "");
    CHECK(sp_file_write_atomic(world, at("no/f"), SP_LIT("x"), true, SP_DURABLE_RENAME, NULL, &err) == SP_FAILED);
    CHECK_STR(names_of(root), "f ");
}

#define ON_BOTH(test)                                                                                                  \
    TEST(test##_real) { begin(sp_world_real(), test_folder()); test(); }                                               \
    TEST(test##_sim) { begin_sim(1); test(); }
ON_BOTH(folders)
ON_BOTH(reading_and_writing)
ON_BOTH(renames)
ON_BOTH(atomic_writes)

TEST_ALLOC(atomic_write_with_failing_allocations)
{
    sp_error err = { 0 };
    begin(sp_world_real(), test_folder());
    bool wrote = sp_file_write_atomic(world, at("f"), SP_LIT("one"), false, SP_DURABLE_RENAME, NULL, &err) == SP_OK;
    sp_stat st;
    bool exists;
    REQUIRE(sp_file_stat(world, at("f"), &st, &exists, &err) == SP_OK);
    CHECK(exists == wrote);
    REQUIRE(sp_tree_remove(world, root, &err) == SP_OK);
}

TEST(links_are_not_followed_when_removing)
{
    sp_error err = { 0 };
    begin(sp_world_real(), test_folder());
    REQUIRE(sp_dir_make(world, at("kept"), &err) == SP_OK && sp_dir_make(world, at("gone"), &err) == SP_OK);
    put("kept/f", "x");
    REQUIRE(symlink(at("kept"), at("gone/link")) == 0);
    CHECK(sp_tree_remove(world, at("gone"), &err) == SP_OK);
    CHECK_STR(text_of("kept/f"), "x");
}

TEST(full_disk)
{
    sp_error err = { 0 };
    begin_sim(1);
    put("f", "old");
    sp_world_sim_fail_writes(world, ENOSPC);
    CHECK(sp_file_write_atomic(world, at("f"), SP_LIT("new"), true, SP_DURABLE_POWER, NULL, &err) == SP_FAILED);
    CHECK(strstr(err.plain, "No space left on device") != NULL);
    CHECK(sp_dir_make(world, at("d"), &err) == SP_FAILED);
    sp_world_sim_fail_writes(world, 0);
    CHECK_STR(text_of("f"), "old");
    CHECK_STR(names_of(root), "f ");
}

TEST(uuid_form)
{
    for (int sim = 0; sim < 2; sim++) {
        sp_world *w = sim ? sp_world_sim_new(5) : sp_world_real();
        char a[37], b[37];
        sp_uuid(w, a);
        sp_uuid(w, b);
        CHECK_INT(strlen(a), 36);
        CHECK(strcmp(a, b) != 0);
        CHECK(a[8] == '-' && a[13] == '-' && a[14] == '4' && a[18] == '-' && strchr("89ab", a[19]) && a[23] == '-');
        if (sim)
            sp_world_sim_free(w);
    }
}
