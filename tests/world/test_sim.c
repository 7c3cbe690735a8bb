/* test_sim.c -- what a crash leaves.
 *
 * Goal: an atomic write at the power level leaves the old or the new content whole, and once it has returned the new one,
 * through a crash at any call; at the rename level that holds for kill -9. And the simulated disk is not kinder than a disk:
 * what was not synced is sometimes lost.
 * Method: for every seed and every k, write, crash at the k-th call, restart, look. */
#include "test.h"
#include "world/world.h"

#include <stdio.h>

enum { SEEDS = 60 };

typedef struct outcome { int old_content, new_content, absent, other; } outcome;

static sp_world *world;
static sp_arena *arena;

static void begin(uint64_t seed)
{
    world = sp_world_sim_new(seed);
    arena = sp_arena_new("call", 0);
}

static void end(void)
{
    sp_arena_free(arena);
    sp_world_sim_free(world);
}

static void look(const char *path, outcome *o)
{
    sp_str text;
    bool exists;
    CHECK(sp_file_read_all(world, path, arena, &text, &exists, NULL) == SP_OK);
    if (!exists)
        o->absent++;
    else if (sp_str_is(text, "old content"))
        o->old_content++;
    else if (sp_str_is(text, "new content"))
        o->new_content++;
    else
        o->other++;
}

static sp_status prepare(sp_error *err)
{
    SP_TRY(sp_dir_make(world, "/c/offsets", err));
    return sp_file_write_atomic(world, "/c/offsets/0", SP_LIT("old content"), true, SP_DURABLE_POWER, NULL, err);
}

/* Writes with a crash at the k-th call; false when the write was over before. */
static bool crash_within_write(uint64_t seed, int64_t k, sp_durability d, bool keep_unsynced, outcome *unfinished, outcome *finished)
{
    sp_error err = { 0 };
    begin(seed * 1000 + (uint64_t)k);
    CHECK(prepare(&err) == SP_OK);
    sp_world_sim_crash_at(world, k);
    bool wrote = sp_file_write_atomic(world, "/c/offsets/0", SP_LIT("new content"), true, d, NULL, &err) == SP_OK;
    bool crashed = sp_world_crashed(world);
    CHECK(crashed != wrote);
    if (crashed)
        CHECK_STR(err.plain, "simulated crash");
    sp_world_sim_restart(world, keep_unsynced);
    CHECK(!sp_world_crashed(world));
    look("/c/offsets/0", wrote ? finished : unfinished);
    end();
    return crashed;
}

static void sweep(sp_durability d, bool keep_unsynced, outcome *unfinished, outcome *finished)
{
    *unfinished = *finished = (outcome){ 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (int64_t k = 1; crash_within_write(seed, k, d, keep_unsynced, unfinished, finished); k++) {
        }
}

TEST(atomic_write_through_power_loss)
{
    outcome unfinished, finished;
    sweep(SP_DURABLE_POWER, false, &unfinished, &finished);
    CHECK_INT(unfinished.absent + unfinished.other, 0);
    CHECK(unfinished.old_content > 0 && unfinished.new_content > 0);
    CHECK_INT(finished.new_content, SEEDS);
}

TEST(atomic_write_through_kill)
{
    outcome unfinished, finished;
    sweep(SP_DURABLE_RENAME, true, &unfinished, &finished);
    CHECK_INT(unfinished.absent + unfinished.other, 0);
    CHECK_INT(finished.new_content, SEEDS);
}

TEST(rename_level_does_not_stand_power_loss)
{
    outcome unfinished, finished;
    sweep(SP_DURABLE_RENAME, false, &unfinished, &finished);
    CHECK(finished.other > 0);         /* renamed, but its content was not on disk */
    CHECK(finished.old_content > 0);   /* the rename was not on disk */
    CHECK(finished.new_content > 0);
}

TEST(a_file_synced_in_a_folder_that_is_not)
{
    outcome o = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sp_file *f;
        begin(seed);
        CHECK(sp_dir_make(world, "d", NULL) == SP_OK);
        CHECK(sp_file_create(world, "d/f", &f, NULL) == SP_OK);
        CHECK(sp_file_write(f, "new content", 11, NULL) == SP_OK);
        CHECK(sp_file_sync(f, NULL) == SP_OK);
        CHECK(sp_file_close(f, NULL) == SP_OK);
        sp_world_sim_restart(world, false);
        look("d/f", &o);
        end();
    }
    CHECK(o.absent > 0 && o.new_content > 0);
    CHECK_INT(o.other + o.old_content, 0);
}

TEST(a_removed_file_may_come_back)
{
    outcome o = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(seed);
        CHECK(prepare(NULL) == SP_OK);
        CHECK(sp_file_remove(world, "/c/offsets/0", NULL) == SP_OK);
        sp_world_sim_restart(world, false);
        look("/c/offsets/0", &o);
        CHECK(prepare(NULL) == SP_OK);
        CHECK(sp_file_remove(world, "/c/offsets/0", NULL) == SP_OK);
        CHECK(sp_dir_sync(world, "/c/offsets", NULL) == SP_OK);
        sp_world_sim_restart(world, false);
        outcome synced = { 0 };
        look("/c/offsets/0", &synced);
        CHECK_INT(synced.absent, 1);
        end();
    }
    CHECK(o.absent > 0 && o.old_content > 0);
}

/* A later change that is synced takes along what it stands on, so nothing comes back from the past. */
TEST(synced_renames_stay)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        outcome at_a = { 0 }, at_b = { 0 };
        begin(seed);
        CHECK(sp_dir_make(world, "a", NULL) == SP_OK && sp_dir_make(world, "b", NULL) == SP_OK);
        CHECK(sp_file_write_atomic(world, "a/f", SP_LIT("old content"), true, SP_DURABLE_RENAME, NULL, NULL) == SP_OK);
        sp_file *f;
        CHECK(sp_file_create(world, "a/g", &f, NULL) == SP_OK);
        CHECK(sp_file_write(f, "new content", 11, NULL) == SP_OK && sp_file_sync(f, NULL) == SP_OK && sp_file_close(f, NULL) == SP_OK);
        CHECK(sp_file_rename(world, "a/g", "b/f", true, NULL, NULL) == SP_OK);
        CHECK(sp_dir_sync(world, "b", NULL) == SP_OK);
        sp_world_sim_restart(world, false);
        look("a/g", &at_a);
        look("b/f", &at_b);
        CHECK(at_a.absent == 1 && at_b.new_content == 1);
        end();
    }
}

TEST(dead_until_restart)
{
    sp_error err = { 0 };
    sp_file *f, *other;
    sp_stat st;
    bool exists;
    begin(9);
    CHECK(prepare(&err) == SP_OK);
    CHECK(sp_file_open_read(world, "/c/offsets/0", &f, &err) == SP_OK);
    int64_t calls = sp_world_sim_calls(world);
    sp_world_sim_crash_at(world, 2);
    CHECK(sp_file_stat(world, "/c", &st, &exists, &err) == SP_OK);
    CHECK(sp_file_stat(world, "/c", &st, &exists, &err) == SP_FAILED);
    CHECK_INT(sp_world_sim_calls(world), calls + 2);
    CHECK(sp_world_crashed(world));
    CHECK(sp_dir_make(world, "/d", &err) == SP_FAILED);
    CHECK(sp_file_create(world, "/f", &other, &err) == SP_FAILED);
    CHECK_STR(err.plain, "simulated crash");
    sp_world_sim_restart(world, true);
    char byte;
    size_t got;
    CHECK(sp_file_pread(f, &byte, 1, 0, &got, &err) == SP_FAILED);   /* a handle of the dead process */
    CHECK(sp_file_close(f, &err) == SP_FAILED);
    CHECK(sp_file_stat(world, "/c", &st, &exists, &err) == SP_OK && exists);
    CHECK(sp_file_stat(world, "/d", &st, &exists, &err) == SP_OK && !exists);
    end();
}

/* The same seed tells the same story. */
static uint64_t story(uint64_t seed)
{
    char text[8];
    begin(seed);
    sp_world_sim_crash_at(world, 20);
    for (int i = 0; i < 30; i++) {
        snprintf(text, sizeof text, "f%d", i % 7);
        (void)sp_file_write_atomic(world, text, sp_str_of(text), true, i % 2 ? SP_DURABLE_POWER : SP_DURABLE_RENAME, NULL, NULL);
    }
    sp_world_sim_restart(world, false);
    sp_dir_entry *entries;
    size_t count;
    CHECK(sp_dir_list(world, "/", true, arena, &entries, &count, NULL) == SP_OK);
    uint64_t hash = (uint64_t)sp_now_us(world);
    for (size_t i = 0; i < count; i++)
        hash = sp_hash_combine(hash, sp_hash_bytes(entries[i].name, strlen(entries[i].name)) ^ (uint64_t)entries[i].st.size);
    end();
    return hash;
}

TEST(deterministic)
{
    int differing = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t first = story(seed);
        CHECK(first == story(seed));
        differing += first != story(seed + 1);
    }
    CHECK(differing > 5);
}

TEST(clock_and_waiting)
{
    sp_error err = { 0 };
    begin(1);
    int64_t start_us = sp_now_us(world), start_ns = sp_mono_ns(world);
    sp_sleep_us(world, 5000000);
    sp_world_sim_advance_us(world, 1000000);
    int64_t passed_us = sp_now_us(world) - start_us;
    CHECK(passed_us >= 6000000 && passed_us < 6000100);
    CHECK(sp_mono_ns(world) - start_ns >= 6000000000);

    sp_waker *waker = sp_waker_new(world, &err);
    sp_watch *watch = sp_watch_new(world, &err);
    CHECK(sp_dir_make(world, "/in", &err) == SP_OK);
    sp_watch_add(watch, "/in/");
    int fds[] = { sp_waker_fd(waker), sp_watch_fd(watch) };
    bool ready[2];
    start_us = sp_now_us(world);
    CHECK(sp_wait_readable(world, fds, 2, 700000, ready, &err) == SP_OK);
    CHECK(!ready[0] && !ready[1]);
    CHECK(sp_now_us(world) - start_us >= 700000);
    sp_waker_wake(waker);
    CHECK(sp_file_write_atomic(world, "/in/x", SP_LIT("x"), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
    CHECK(sp_wait_readable(world, fds, 2, -1, ready, &err) == SP_OK);
    CHECK(ready[0] && ready[1]);
    sp_waker_drain(waker);
    CHECK(sp_watch_drain(watch));
    CHECK(!sp_watch_drain(watch));
    CHECK(sp_wait_readable(world, fds, 2, 0, ready, &err) == SP_OK);
    CHECK(!ready[0] && !ready[1]);
    sp_waker_free(waker);
    sp_watch_free(watch);
    sp_socket *s;
    CHECK(sp_socket_connect(world, "localhost", 1, &s, &err) == SP_FAILED);
    end();
}

static void note_run(void *context) { *(int *)context += 1; }

TEST(threads_run_inline)
{
    int runs = 0;
    sp_thread *t;
    begin(1);
    CHECK(sp_thread_start(world, "driver", note_run, &runs, &t, NULL) == SP_OK);
    CHECK_INT(runs, 1);
    sp_thread_join(t);
    end();
}

TEST_ALLOC(failing_allocations)
{
    sp_error err = { 0 };
    world = sp_world_sim_new(4);
    REQUIRE(world != NULL);
    DEFER(sp_world_sim_free, world);
    REQUIRE(prepare(&err) == SP_OK);
    REQUIRE(sp_file_rename(world, "/c/offsets", "/c/o", false, NULL, &err) == SP_OK);
    sp_world_sim_restart(world, false);
    REQUIRE(sp_tree_remove(world, "/c", &err) == SP_OK);
}
