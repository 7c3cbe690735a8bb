/* threads.c -- mutexes, conditions and threads, over pthreads. In a simulated world a thread's whole run happens when it is
 * started, on the caller's thread. */
#include "world/world_int.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(sp_mutex), "sp_mutex is too small");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(sp_cond), "sp_cond is too small");

static pthread_mutex_t *mutex_of(sp_mutex *m) { return (pthread_mutex_t *)m->impl; }
static pthread_cond_t *cond_of(sp_cond *c) { return (pthread_cond_t *)c->impl; }

void sp_mutex_init(sp_mutex *m) { SP_ASSERT(pthread_mutex_init(mutex_of(m), NULL) == 0); }
void sp_mutex_done(sp_mutex *m) { SP_ASSERT(pthread_mutex_destroy(mutex_of(m)) == 0); }
void sp_mutex_lock(sp_mutex *m) { SP_ASSERT(pthread_mutex_lock(mutex_of(m)) == 0); }
void sp_mutex_unlock(sp_mutex *m) { SP_ASSERT(pthread_mutex_unlock(mutex_of(m)) == 0); }

void sp_cond_init(sp_cond *c)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    SP_ASSERT(pthread_cond_init(cond_of(c), &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void sp_cond_done(sp_cond *c) { pthread_cond_destroy(cond_of(c)); }
void sp_cond_wait(sp_cond *c, sp_mutex *m) { SP_ASSERT(pthread_cond_wait(cond_of(c), mutex_of(m)) == 0); }
void sp_cond_signal(sp_cond *c) { pthread_cond_signal(cond_of(c)); }
void sp_cond_broadcast(sp_cond *c) { pthread_cond_broadcast(cond_of(c)); }

bool sp_cond_wait_us(sp_cond *c, sp_mutex *m, int64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (us < 0)
        us = 0;
    int64_t ns = t.tv_nsec + us % 1000000 * 1000;
    t.tv_sec += us / 1000000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    return pthread_cond_timedwait(cond_of(c), mutex_of(m), &t) != ETIMEDOUT;
}

struct sp_thread {
    pthread_t handle;
    bool inlined;
    char name[16];     /* what the kernel keeps */
    void (*run)(void *context);
    void *context;
};

static void *thread_main(void *thread)
{
    sp_thread *t = thread;
    pthread_setname_np(pthread_self(), t->name);
    t->run(t->context);
    return NULL;
}

sp_status sp_thread_start(sp_world *w, const char *name, void (*run)(void *context), void *context, sp_thread **out, sp_error *err)
{
    *out = NULL;
    sp_thread *t = sp_calloc(sizeof *t);
    if (!t)
        return sp_error_memory(err, "a thread");
    t->run = run;
    t->context = context;
    t->inlined = w->cls->is_sim;
    snprintf(t->name, sizeof t->name, "%s", name);
    *out = t;
    if (t->inlined) {
        run(context);
        return SP_OK;
    }
    /* Signals are the first thread's business. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&t->handle, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        *out = NULL;
        sp_free(t);
        return sp_error_os(err, code, "Cannot start the thread", name);
    }
    return SP_OK;
}

void sp_thread_join(sp_thread *t)
{
    if (!t)
        return;
    if (!t->inlined)
        pthread_join(t->handle, NULL);
    sp_free(t);
}
