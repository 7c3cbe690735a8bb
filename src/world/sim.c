/* sim.c -- the simulated world: clocks that move a little with each call, random by seed, wake-ups, and the crash. Its disk is
 * sim_disk.c.
 *
 * Every call that can see or change the disk is counted. The k-th may be made to crash: by seed it has then happened, partly
 * happened or not happened, and it and all later ones fail until the restart. Waiting takes no time: the clocks jump. */
#include "world/sim_int.h"

#include <errno.h>

enum {
    STEP_NS = 1000,               /* a call takes a microsecond */
    FOREVER_US = 1000000,         /* nothing can come while this thread waits: what "forever" is taken for */
    FIRST_FD = 1 << 20            /* apart from real descriptors */
};
static const int64_t START_US = 1700000000000000;   /* 2023-11-14T22:13:20Z */

/* ---- random: splitmix64 ---- */

uint64_t sp_sim_random(sim_world *w)
{
    uint64_t z = w->random += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void sim_random_bytes(sp_world *base, void *out, size_t n)
{
    unsigned char *to = out;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)(sp_sim_random(sp_sim_of(base)) >> 32);
}

/* ---- clock ---- */

static int64_t sim_mono_ns(sp_world *base)
{
    return sp_sim_of(base)->mono_ns += STEP_NS;
}

int64_t sp_sim_time_us(const sim_world *w)
{
    return START_US + w->mono_ns / 1000;
}

static int64_t sim_now_us(sp_world *base)
{
    sim_mono_ns(base);
    return sp_sim_time_us(sp_sim_of(base));
}

static void sim_sleep_us(sp_world *base, int64_t us)
{
    if (us > 0)
        sp_sim_of(base)->mono_ns += us * 1000;
}

/* ---- the crash ---- */

sp_status sp_sim_dead(sp_error *err)
{
    return sp_error_plain(err, SP_EXC_SPARK, "simulated crash");
}

sim_fate sp_sim_tick(sim_world *w)
{
    w->mono_ns += STEP_NS;
    if (w->crashed)
        return SIM_DEAD;
    w->calls++;
    if (w->crash_call < 0 || w->calls < w->crash_call)
        return SIM_ALIVE;
    w->crashed = true;
    w->crash_call = -1;
    return sp_sim_random(w) & 1 ? SIM_DIES_AFTER : SIM_DEAD;
}

void sp_world_sim_crash_at(sp_world *base, int64_t k)
{
    sim_world *w = sp_sim_of(base);
    w->crash_call = k < 0 ? -1 : w->calls + (k > 0 ? k : 1);
}

int64_t sp_world_sim_calls(const sp_world *w) { return ((const sim_world *)w)->calls; }
bool sp_world_is_simulated(const sp_world *w) { return w->cls->is_sim; }
bool sp_world_crashed(const sp_world *w) { return w->cls->is_sim && ((const sim_world *)w)->crashed; }
void sp_world_sim_fail_writes(sp_world *w, int os_errno) { sp_sim_of(w)->write_errno = os_errno; }
void sp_world_sim_advance_us(sp_world *w, int64_t us) { sp_sim_of(w)->mono_ns += us * 1000; }

void sp_world_sim_restart(sp_world *base, bool keep_unsynced)
{
    sim_world *w = sp_sim_of(base);
    sp_sim_disk_restart(w, keep_unsynced);
    w->crashed = false;
    w->crash_call = -1;
    w->epoch++;
}

/* ---- waiting: descriptors are numbers with a flag ---- */

typedef struct sim_signal {
    union { sp_waker waker; sp_watch watch; } u;   /* first: the handle given out */
    struct sim_signal *next;
    bool raised;
    sp_strmap dirs;                                /* watches: the folders watched */
} sim_signal;

static sim_signal *signal_new(sp_world *base, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_signal *s = sp_calloc(sizeof *s);
    if (!s) {
        sp_error_memory(err, "a waker");
        return NULL;
    }
    s->u.waker.world = base;
    s->u.waker.fd = FIRST_FD + w->fd_count++;
    s->next = w->signals;
    w->signals = s;
    return s;
}

static void signal_free(sim_signal *s)
{
    sim_signal **at = &sp_sim_of(s->u.waker.world)->signals;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    sp_strmap_done(&s->dirs);
    sp_free(s);
}

static sim_signal *of_waker(sp_waker *k) { return (sim_signal *)k; }
static sim_signal *of_watch(sp_watch *k) { return (sim_signal *)k; }
static sp_waker *sim_waker_new(sp_world *w, sp_error *err) { return (sp_waker *)signal_new(w, err); }
static void sim_waker_wake(sp_waker *k) { of_waker(k)->raised = true; }
static void sim_waker_drain(sp_waker *k) { of_waker(k)->raised = false; }
static void sim_waker_free(sp_waker *k) { signal_free(of_waker(k)); }
static sp_watch *sim_watch_new(sp_world *w, sp_error *err) { return (sp_watch *)signal_new(w, err); }
static void sim_watch_free(sp_watch *k) { signal_free(of_watch(k)); }

/* Hints only: one lost for want of memory is allowed. */
static void sim_watch_add(sp_watch *k, const char *dir)
{
    sp_str path = sp_str_of(dir);
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    (void)sp_strmap_put(&of_watch(k)->dirs, path, k, NULL);
}

static bool sim_watch_drain(sp_watch *k)
{
    bool any = of_watch(k)->raised;
    of_watch(k)->raised = false;
    return any;
}

void sp_sim_changed(sim_world *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    sp_str dir = !slash ? SP_LIT(".") : (sp_str){ path, slash > path ? (size_t)(slash - path) : 1 };
    for (sim_signal *s = w->signals; s; s = s->next)
        if (sp_strmap_has(&s->dirs, dir))
            s->raised = true;
}

static sp_status sim_wait_readable(sp_world *base, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    bool any = false;
    if (w->crashed)
        return sp_sim_dead(err);
    for (int i = 0; i < count; i++)
        for (sim_signal *s = w->signals; s; s = s->next)
            if (s->raised && s->u.waker.fd == fds[i])
                any = ready[i] = true;
    if (!any)
        w->mono_ns += (timeout_us < 0 ? FOREVER_US : timeout_us) * 1000;
    return SP_OK;
}

/* ---- sockets: nobody is there ---- */

static sp_status sim_connect(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err)
{
    char address[300];
    snprintf(address, sizeof address, "%s:%d", host, port);
    return sp_error_os(err, ECONNREFUSED, "Cannot connect to", address);
}

/* ---- the class ---- */

static const sp_world_class sim_class = {
    .is_sim = true,
    .now_us = sim_now_us,
    .mono_ns = sim_mono_ns,
    .sleep_us = sim_sleep_us,
    .random_bytes = sim_random_bytes,
    .stat = sp_sim_stat,
    .dir_list = sp_sim_dir_list,
    .dir_make = sp_sim_dir_make,
    .remove = sp_sim_remove,
    .rename = sp_sim_rename,
    .dir_sync = sp_sim_dir_sync,
    .open_read = sp_sim_open_read,
    .create = sp_sim_create,
    .pread = sp_sim_pread,
    .write = sp_sim_write,
    .sync = sp_sim_sync,
    .size = sp_sim_size,
    .close = sp_sim_close,
    .wait_readable = sim_wait_readable,
    .waker_new = sim_waker_new,
    .waker_wake = sim_waker_wake,
    .waker_drain = sim_waker_drain,
    .waker_free = sim_waker_free,
    .watch_new = sim_watch_new,
    .watch_add = sim_watch_add,
    .watch_drain = sim_watch_drain,
    .watch_free = sim_watch_free,
    .connect = sim_connect,
    .recv = NULL,          /* no socket exists to be called on */
    .socket_close = NULL,
};

sp_world *sp_world_sim_new(uint64_t seed)
{
    sim_world *w = sp_calloc(sizeof *w);
    if (!w)
        return NULL;
    w->base.cls = &sim_class;
    w->random = seed * 0x9e3779b97f4a7c15ull + 1;
    w->crash_call = -1;
    if (!sp_sim_disk_init(w)) {
        sp_free(w);
        return NULL;
    }
    return &w->base;
}

void sp_world_sim_free(sp_world *base)
{
    if (!base)
        return;
    sim_world *w = sp_sim_of(base);
    sp_sim_disk_done(w);
    SP_ASSERT(!w->signals);   /* the world outlives what is opened in it */
    sp_free(w);
}
