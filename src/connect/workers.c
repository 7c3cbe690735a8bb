/* workers.c -- an elastic pool, as java.util.concurrent's cached thread pool: a job goes to a thread that waits for one, else to a new thread; a
 * thread that waits in vain for IDLE_US ends. Ended threads are joined by whoever comes next. */
#include "connect/workers.h"

enum { IDLE_US = 10 * 1000 * 1000 };

typedef struct job { void (*run)(void *context); void *context; struct job *next; } job;
typedef struct worker { sp_workers *pool; sp_thread *thread; struct worker *next; } worker;

struct sp_workers {
    sp_world *world;
    sp_mutex lock;
    sp_cond work, ended;
    job *first, **last;      /* jobs that nobody has taken yet */
    int queued;              /* how many; a job goes to the queue alone when an idle thread is there for each */
    int waiting;             /* idle threads */
    int threads;
    worker *dead;
    bool closing;
};

sp_status sp_workers_new(sp_world *w, sp_workers **out, sp_error *err)
{
    sp_workers *k = sp_calloc(sizeof *k);
    if (!k)
        return sp_error_memory(err, "worker threads");
    k->world = w;
    k->last = &k->first;
    sp_mutex_init(&k->lock);
    sp_cond_init(&k->work);
    sp_cond_init(&k->ended);
    *out = k;
    return SP_OK;
}

/* The next job; NULL when there was none for so long that the thread should end. Under the lock. */
static job *next_job(sp_workers *k)
{
    int64_t until = sp_mono_ns(k->world) / 1000 + IDLE_US;
    k->waiting++;
    while (!k->first && !k->closing) {
        int64_t left = until - sp_mono_ns(k->world) / 1000;
        if (left <= 0 || !sp_cond_wait_us(&k->work, &k->lock, left))
            break;
    }
    k->waiting--;
    job *j = k->first;
    if (!j)
        return NULL;
    if (!(k->first = j->next))
        k->last = &k->first;
    k->queued--;
    return j;
}

static void work(void *context)
{
    worker *me = context;
    sp_workers *k = me->pool;
    sp_mutex_lock(&k->lock);
    for (job *j; (j = next_job(k)) != NULL;) {
        sp_mutex_unlock(&k->lock);
        j->run(j->context);
        sp_free(j);
        sp_mutex_lock(&k->lock);
    }
    me->next = k->dead;
    k->dead = me;
    k->threads--;
    sp_cond_signal(&k->ended);
    sp_mutex_unlock(&k->lock);
}

static void bury(worker *w)
{
    while (w) {
        worker *next = w->next;
        sp_thread_join(w->thread);
        sp_free(w);
        w = next;
    }
}

/* A thread for the job just queued. The lock is held, so that the new thread sees `thread` set before it can die. */
static bool add_thread(sp_workers *k)
{
    sp_error err = { 0 };
    worker *w = k->threads < SP_WORKERS_MAX ? sp_calloc(sizeof *w) : NULL;
    if (!w)
        return false;
    w->pool = k;
    k->threads++;
    if (sp_thread_start(k->world, "spate-connect", work, w, &w->thread, &err) == SP_OK)
        return true;
    k->threads--;
    sp_free(w);
    return false;
}

bool sp_workers_run(sp_workers *k, void (*run)(void *context), void *context)
{
    job *j = sp_malloc(sizeof *j);
    if (!j)
        return false;
    *j = (job){ run, context, NULL };
    sp_mutex_lock(&k->lock);
    worker *dead = k->dead;
    k->dead = NULL;
    job **was = k->last;
    *k->last = j;
    k->last = &j->next;
    k->queued++;
    bool ok = true;
    if (k->waiting >= k->queued) {
        sp_cond_signal(&k->work);
    } else if (!add_thread(k)) {
        *was = NULL;
        k->last = was;
        k->queued--;
        ok = false;
    }
    sp_mutex_unlock(&k->lock);
    bury(dead);
    if (!ok)
        sp_free(j);
    return ok;
}

void sp_workers_free(sp_workers *k)
{
    if (!k)
        return;
    sp_mutex_lock(&k->lock);
    k->closing = true;
    sp_cond_broadcast(&k->work);
    while (k->threads > 0)
        sp_cond_wait(&k->ended, &k->lock);
    worker *dead = k->dead;
    sp_mutex_unlock(&k->lock);
    bury(dead);
    sp_cond_done(&k->work);
    sp_cond_done(&k->ended);
    sp_mutex_done(&k->lock);
    sp_free(k);
}
