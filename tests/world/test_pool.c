/* test_pool.c -- every task once, no worker twice at a time, failures, nesting, many callers at a time. */
#include "test.h"
#include "world/world.h"

#include <stdatomic.h>
#include <stdio.h>

enum { WORKERS = 4, TASKS_MAX = 1000 };

typedef struct run_state {
    _Atomic int done[TASKS_MAX];
    _Atomic int busy[WORKERS];
    _Atomic int total, wrong;
    int fail_at;
    sp_pool *pool;
    int64_t work;
} run_state;

static sp_pool *new_pool(int workers)
{
    sp_pool *p = NULL;
    REQUIRE(sp_pool_new(sp_world_real(), workers, &p, NULL) == SP_OK);
    return p;
}

static void spend(int64_t turns)
{
    for (volatile int64_t i = 0; i < turns; i++) {
    }
}

static sp_status note(void *context, int task, int worker, sp_error *err)
{
    run_state *s = context;
    if (worker < 0 || worker >= WORKERS || atomic_fetch_add(&s->busy[worker], 1) != 0)
        s->wrong++;
    spend(s->work);
    s->done[task]++;
    s->total++;
    s->busy[worker]--;
    return s->fail_at == task ? sp_error_plain(err, SP_EXC_SPARK, "task %d failed", task) : SP_OK;
}

static int check_once(run_state *s, int tasks)
{
    int wrong = s->wrong;
    for (int i = 0; i < tasks; i++)
        wrong += s->done[i] != 1;
    return wrong;
}

TEST(every_task_once)
{
    sp_pool *p = new_pool(WORKERS);
    DEFER(sp_pool_free, p);
    CHECK_INT(sp_pool_size(p), WORKERS);
    for (int round = 0; round < 300; round++) {
        static run_state s;
        memset(&s, 0, sizeof s);
        s.fail_at = -1;
        s.work = round % 3 * 200;
        int tasks = round % 50;
        CHECK_INT(sp_pool_run(p, tasks, note, &s, NULL), SP_OK);
        CHECK_INT(check_once(&s, tasks), 0);
        if (round % 100 == 99)
            sp_sleep_us(sp_world_real(), 2000);   /* now they sleep */
    }
}

TEST(failure_skips_the_rest)
{
    sp_pool *p = new_pool(WORKERS);
    DEFER(sp_pool_free, p);
    int skipped = 0;
    for (int round = 0; round < 100; round++) {
        sp_error err = { 0 };
        static run_state s;
        memset(&s, 0, sizeof s);
        s.fail_at = round;
        s.work = 100;
        CHECK_INT(sp_pool_run(p, TASKS_MAX, note, &s, &err), SP_FAILED);
        char want[32];
        snprintf(want, sizeof want, "task %d failed", round);
        CHECK_STR(err.plain, want);
        CHECK_INT(s.done[round], 1);
        skipped += s.total < TASKS_MAX;   /* not when the failing worker was long off its processor */
    }
    CHECK(skipped > 20);
}

static sp_status fail_long(void *context, int task, int worker, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_SPARK, "%05000d", 7);
}

TEST(long_error_texts_come_through)
{
    sp_pool *p = new_pool(WORKERS);
    DEFER(sp_pool_free, p);
    for (int round = 0; round < 50; round++) {
        sp_arena *a = sp_arena_new("query", 0);
        sp_error err = { .arena = a };
        CHECK_INT(sp_pool_run(p, 8, fail_long, NULL, &err), SP_FAILED);
        CHECK_INT(strlen(err.plain), 5000);
        sp_arena_free(a);
    }
}

static sp_status nested(void *context, int task, int worker, sp_error *err)
{
    run_state *outer = context;
    run_state s = { .fail_at = -1 };
    if (sp_pool_run(outer->pool, 20, note, &s, err) == SP_FAILED || check_once(&s, 20) != 0)
        outer->wrong++;
    outer->total++;
    return SP_OK;
}

TEST(calls_nest)
{
    run_state s = { .fail_at = -1, .pool = new_pool(WORKERS) };
    DEFER(sp_pool_free, s.pool);
    for (int round = 0; round < 20; round++)
        CHECK_INT(sp_pool_run(s.pool, 10, nested, &s, NULL), SP_OK);
    CHECK_INT(s.wrong, 0);
    CHECK_INT(s.total, 200);
}

static void call_often(void *context)
{
    run_state *all = context;
    for (int round = 0; round < 150; round++) {
        run_state s = { .fail_at = round % 10 == 0 ? 3 : -1, .work = 50 };
        int tasks = 2 + round % 30;
        sp_error err = { 0 };
        sp_status want = s.fail_at >= 0 && s.fail_at < tasks ? SP_FAILED : SP_OK;
        if (sp_pool_run(all->pool, tasks, note, &s, &err) != want || (want == SP_OK && check_once(&s, tasks) != 0))
            all->wrong++;
        all->total++;
    }
}

TEST(many_callers)
{
    enum { CALLERS = 6 };
    run_state s = { .pool = new_pool(WORKERS) };
    DEFER(sp_pool_free, s.pool);
    sp_thread *threads[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        REQUIRE(sp_thread_start(sp_world_real(), "caller", call_often, &s, &threads[i], NULL) == SP_OK);
    for (int i = 0; i < CALLERS; i++)
        sp_thread_join(threads[i]);
    CHECK_INT(s.wrong, 0);
    CHECK_INT(s.total, CALLERS * 150);
}

TEST(simulated_pool_keeps_order)
{
    static run_state s;
    s.fail_at = 7;
    sp_world *w = sp_world_sim_new(1);
    sp_pool *p;
    REQUIRE(sp_pool_new(w, WORKERS, &p, NULL) == SP_OK);
    CHECK_INT(sp_pool_size(p), WORKERS);
    sp_error err = { 0 };
    CHECK_INT(sp_pool_run(p, 20, note, &s, &err), SP_FAILED);
    CHECK_INT(s.total, 8);
    sp_pool_free(p);
    sp_world_sim_free(w);
}

TEST_ALLOC(made_with_failing_allocations)
{
    sp_pool *p = NULL;
    sp_error err = { 0 };
    if (sp_pool_new(sp_world_real(), 3, &p, &err) == SP_OK)
        sp_pool_free(p);
    CHECK(p != NULL);
}

TEST(condition_times_out)
{
    sp_mutex m;
    sp_cond c;
    sp_mutex_init(&m);
    sp_cond_init(&c);
    sp_mutex_lock(&m);
    int64_t start_ns = sp_mono_ns(sp_world_real());
    CHECK(!sp_cond_wait_us(&c, &m, 3000));
    CHECK(sp_mono_ns(sp_world_real()) - start_ns >= 3000000);
    sp_mutex_unlock(&m);
    sp_cond_done(&c);
    sp_mutex_done(&m);
}
