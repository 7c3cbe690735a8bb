/* pool.c -- worker threads that share in whatever calls of sp_pool_run are under way.
 *
 *   caller:  put the job in the list, wake two sleepers; claim tasks (an atomic counter) until none is left;
 *            wait until the helpers have left; take the job out of the list
 *   worker:  take the first job with unclaimed tasks, wake two more sleepers if there is enough for them,
 *            claim tasks until none is left, leave; with no job: watch for SPIN_NS, then sleep
 *
 * The caller never waits for a task that nobody has begun, so calls may nest and any number of callers may share the pool. It
 * is worker 0 of its own call; the threads are 1..size-1. Sleepers wake sleepers, so that a call costs its caller two
 * system calls at most, however many workers there are. */
#include "world/world_int.h"

#include <stdatomic.h>
#include <sched.h>
#include <stdio.h>

enum {
    SPIN_NS = 20000,            /* about what a sleep and a wake-up cost */
    WAKE_EACH = 2,
    ERROR_ARENA_BYTES = 1 << 20 /* a long text of a helper's error, until the caller has it */
};

typedef struct job {
    struct job *next;
    sp_task_fn run;
    void *context;
    int task_count;
    _Atomic int next_task;      /* the first unclaimed one; past task_count when all are */
    _Atomic int helpers;        /* workers inside; changed under the lock */
    atomic_bool failed;
    bool caller_waits;          /* under the lock */
    sp_cond left;               /* the last helper left; made when caller_waits */
    bool helper_failed;         /* first_error is filled */
    sp_arena *error_arena;
    sp_error first_error;       /* not cleared before it is needed */
} job;

typedef struct worker {
    struct sp_pool *pool;
    sp_thread *thread;
    int index;
    sp_arena *error_arena;      /* NULL: long texts are cut */
} worker;

struct sp_pool {
    sp_world *world;
    int size, thread_count;
    bool spins;
    sp_mutex lock;
    sp_cond work;               /* there is a job, or the end */
    job *first, *last;          /* in the order they came */
    int sleeping;
    bool stopping;
    _Atomic unsigned news;      /* counts jobs put into the list: what spinners look at */
    worker *workers;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int unclaimed(job *j)
{
    return j->task_count - atomic_load_explicit(&j->next_task, memory_order_relaxed);   /* below zero: nothing left */
}

/* Under the lock: how many sleepers to wake for so many tasks. */
static int wake_count(const sp_pool *p, int tasks)
{
    int n = p->sleeping < WAKE_EACH ? p->sleeping : WAKE_EACH;
    return n < tasks ? n : tasks;
}

/* Under the lock. */
static job *find_job(sp_pool *p)
{
    job *j = p->first;
    while (j && unclaimed(j) <= 0)
        j = j->next;
    return j;
}

static void run_tasks(job *j, int worker_index, sp_error *err, bool *first_failure)
{
    int task;
    *first_failure = false;
    while ((task = atomic_fetch_add_explicit(&j->next_task, 1, memory_order_relaxed)) < j->task_count) {
        if (j->run(j->context, task, worker_index, err) != SP_FAILED)
            continue;
        atomic_store_explicit(&j->next_task, j->task_count, memory_order_relaxed);   /* the others are skipped */
        *first_failure = !atomic_exchange(&j->failed, true);
        return;
    }
}

/* ---- workers ---- */

/* Under the lock. The caller's arena is not the helper's to use, so the job gets one of its own. */
static void hand_over_error(job *j, const sp_error *err)
{
    j->error_arena = sp_arena_new("error", ERROR_ARENA_BYTES);
    j->first_error.arena = j->error_arena;
    sp_error_copy(&j->first_error, err);
    j->helper_failed = true;
}

/* Called and left with the lock. After the last line nothing of j may be touched: it is on the caller's stack. */
static void help(sp_pool *p, worker *me, job *j)
{
    sp_error err;
    bool first_failure;
    atomic_fetch_add_explicit(&j->helpers, 1, memory_order_relaxed);
    int wake = wake_count(p, unclaimed(j) - 1);
    sp_mutex_unlock(&p->lock);
    while (wake-- > 0)
        sp_cond_signal(&p->work);
    if (me->error_arena)
        sp_arena_reset(me->error_arena);
    err.arena = me->error_arena;
    sp_error_reset(&err);
    run_tasks(j, me->index, &err, &first_failure);
    sp_mutex_lock(&p->lock);
    if (first_failure)
        hand_over_error(j, &err);
    bool wanted = j->caller_waits;
    if (atomic_fetch_sub_explicit(&j->helpers, 1, memory_order_release) == 1 && wanted)
        sp_cond_signal(&j->left);
}

/* Called and left with the lock: looks out for news, then sleeps. */
static void rest(sp_pool *p)
{
    unsigned seen = atomic_load_explicit(&p->news, memory_order_relaxed);
    if (p->spins) {
        sp_mutex_unlock(&p->lock);
        int64_t until = sp_mono_ns(p->world) + SPIN_NS;
        do {
            for (int i = 0; i < 32 && atomic_load_explicit(&p->news, memory_order_relaxed) == seen; i++)
                cpu_relax();
        } while (atomic_load_explicit(&p->news, memory_order_relaxed) == seen && sp_mono_ns(p->world) < until);
        sp_mutex_lock(&p->lock);
    }
    if (atomic_load_explicit(&p->news, memory_order_relaxed) != seen || p->stopping)
        return;
    p->sleeping++;
    sp_cond_wait(&p->work, &p->lock);
    p->sleeping--;
}

static void worker_main(void *context)
{
    worker *me = context;
    sp_pool *p = me->pool;
    sp_mutex_lock(&p->lock);
    while (!p->stopping) {
        job *j = find_job(p);
        if (j)
            help(p, me, j);
        else
            rest(p);
    }
    sp_mutex_unlock(&p->lock);
}

/* ---- callers ---- */

static void publish(sp_pool *p, job *j)
{
    sp_mutex_lock(&p->lock);
    if (p->last)
        p->last->next = j;
    else
        p->first = j;
    p->last = j;
    int wake = wake_count(p, j->task_count - 1);
    atomic_fetch_add_explicit(&p->news, 1, memory_order_relaxed);
    sp_mutex_unlock(&p->lock);
    while (wake-- > 0)
        sp_cond_signal(&p->work);
}

/* All tasks are claimed: nobody new comes in. */
static void retire(sp_pool *p, job *j)
{
    if (p->spins && atomic_load_explicit(&j->helpers, memory_order_acquire) > 0) {
        int64_t until = sp_mono_ns(p->world) + SPIN_NS;
        while (atomic_load_explicit(&j->helpers, memory_order_acquire) > 0 && sp_mono_ns(p->world) < until)
            cpu_relax();
    }
    sp_mutex_lock(&p->lock);
    job **at = &p->first, *before = NULL;
    for (; *at != j; at = &(*at)->next)
        before = *at;
    *at = j->next;
    if (p->last == j)
        p->last = before;
    if (atomic_load_explicit(&j->helpers, memory_order_acquire) > 0) {
        sp_cond_init(&j->left);
        j->caller_waits = true;
        while (atomic_load_explicit(&j->helpers, memory_order_acquire) > 0)
            sp_cond_wait(&j->left, &p->lock);
        sp_cond_done(&j->left);
    }
    sp_mutex_unlock(&p->lock);
}

static sp_status run_shared(sp_pool *p, int task_count, sp_task_fn run, void *context, sp_error *err)
{
    job j;
    bool first_failure;
    j.next = NULL;
    j.run = run;
    j.context = context;
    j.task_count = task_count;
    j.caller_waits = j.helper_failed = false;
    j.error_arena = NULL;
    atomic_init(&j.next_task, 0);
    atomic_init(&j.helpers, 0);
    atomic_init(&j.failed, false);
    publish(p, &j);
    run_tasks(&j, 0, err, &first_failure);
    retire(p, &j);
    if (j.helper_failed) {
        sp_error_copy(err, &j.first_error);
        sp_arena_free(j.error_arena);
    }
    return atomic_load(&j.failed) ? SP_FAILED : SP_OK;
}

sp_status sp_pool_run(sp_pool *p, int task_count, sp_task_fn run, void *context, sp_error *err)
{
    if (task_count > 1 && p->thread_count > 0)
        return run_shared(p, task_count, run, context, err);
    for (int task = 0; task < task_count; task++)
        if (run(context, task, 0, err) == SP_FAILED)
            return SP_FAILED;
    return SP_OK;
}

int sp_pool_size(const sp_pool *p)
{
    return p->size;
}

void sp_pool_free(sp_pool *p)
{
    if (!p)
        return;
    sp_mutex_lock(&p->lock);
    SP_ASSERT(!p->first);
    p->stopping = true;
    atomic_fetch_add_explicit(&p->news, 1, memory_order_relaxed);
    sp_cond_broadcast(&p->work);
    sp_mutex_unlock(&p->lock);
    for (int i = 0; i < p->thread_count; i++) {
        sp_thread_join(p->workers[i].thread);
        sp_arena_free(p->workers[i].error_arena);
    }
    sp_cond_done(&p->work);
    sp_mutex_done(&p->lock);
    sp_free(p->workers);
    sp_free(p);
}

sp_status sp_pool_new(sp_world *w, int workers, sp_pool **out, sp_error *err)
{
    *out = NULL;
    sp_pool *p = sp_calloc(sizeof *p);
    if (!p)
        return sp_error_memory(err, "the pool of workers");
    p->world = w;
    p->size = workers > 1 ? workers : 1;
    cpu_set_t cpus;
    /* with more workers than processors a spinner would only be in the way of one that works */
    p->spins = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1 && p->size <= CPU_COUNT(&cpus);
    sp_mutex_init(&p->lock);
    sp_cond_init(&p->work);
    int threads = w->cls->is_sim ? 0 : p->size - 1;
    if (threads > 0 && !(p->workers = sp_calloc((size_t)threads * sizeof *p->workers))) {
        sp_pool_free(p);
        return sp_error_memory(err, "the pool of workers");
    }
    for (int i = 0; i < threads; i++) {
        worker *me = &p->workers[i];
        char name[24];
        *me = (worker){ .pool = p, .index = i + 1, .error_arena = sp_arena_new("error", ERROR_ARENA_BYTES) };
        snprintf(name, sizeof name, "worker-%d", i + 1);
        if (sp_thread_start(w, name, worker_main, me, &me->thread, err) == SP_FAILED) {
            sp_arena_free(me->error_arena);
            sp_pool_free(p);
            return SP_FAILED;
        }
        p->thread_count++;
    }
    *out = p;
    return SP_OK;
}
