/* world.h -- the operating system as one struct: clock, files, sockets, random, waiting, threads (decision D9).
 *
 * Nothing outside world/ calls these things directly. sp_world_real() is the process's own; sp_world_sim_new() gives one
 * that lives in memory, is deterministic by seed, and can stop ("crash") at its k-th call, dropping unsynced writes.
 * Ownership: the world outlives everything opened in it. Threads: a real world may be used from any thread; a simulated one
 * runs everything on the caller's thread (sp_pool_run executes tasks in order, inline).
 * After a simulated crash every call fails with err->plain "simulated crash"; sp_world_crashed() tells. */
#ifndef SP_WORLD_H
#define SP_WORLD_H

#include "base/base.h"

typedef struct sp_world sp_world;
typedef struct sp_file sp_file;
typedef struct sp_socket sp_socket;

sp_world *sp_world_real(void);

/* ---- clock and random ---- */
int64_t sp_now_us(sp_world *w);                    /* wall clock, microseconds since 1970 */
int64_t sp_mono_ns(sp_world *w);                   /* monotonic, nanoseconds */
void    sp_sleep_us(sp_world *w, int64_t us);
void    sp_random_bytes(sp_world *w, void *out, size_t n);
void    sp_uuid(sp_world *w, char out[37]);        /* random (version 4), lower case, NUL-terminated */

/* ---- files; paths are absolute or relative to the process, NUL-terminated, without a scheme ---- */
typedef struct sp_stat { bool is_dir; int64_t size; int64_t mtime_us; uint64_t inode; } sp_stat;
typedef struct sp_dir_entry { const char *name; sp_stat st; } sp_dir_entry;

/* Tells what is at path. *exists false (and SP_OK) when nothing is there. */
sp_status sp_file_stat(sp_world *w, const char *path, sp_stat *out, bool *exists, sp_error *err);
/* Entries of a folder but . and .. , sorted by name, in arena. with_stat false: only name and st.is_dir are filled. */
sp_status sp_dir_list(sp_world *w, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count, sp_error *err);
sp_status sp_dir_make(sp_world *w, const char *path, sp_error *err);          /* with parents; fine when it exists */
sp_status sp_file_remove(sp_world *w, const char *path, sp_error *err);       /* file or empty folder; absent is fine */
sp_status sp_tree_remove(sp_world *w, const char *path, sp_error *err);       /* folder and all below; absent is fine */
/* overwrite false: fails when `to` exists (err->plain, and *existed true when given). Atomic. */
sp_status sp_file_rename(sp_world *w, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err);
sp_status sp_dir_sync(sp_world *w, const char *path, sp_error *err);

sp_status sp_file_open_read(sp_world *w, const char *path, sp_file **out, sp_error *err);
sp_status sp_file_create(sp_world *w, const char *path, sp_file **out, sp_error *err);    /* truncates what was there */
/* Reads up to n bytes at offset; *got < n only at the end of the file. */
sp_status sp_file_pread(sp_file *f, void *to, size_t n, int64_t offset, size_t *got, sp_error *err);
sp_status sp_file_write(sp_file *f, const void *from, size_t n, sp_error *err);
sp_status sp_file_sync(sp_file *f, sp_error *err);
int64_t   sp_file_size(sp_file *f);
sp_status sp_file_close(sp_file *f, sp_error *err);                           /* err may be NULL */

/* The whole file as a NUL-terminated text in arena. *exists NULL: a missing file is an error. */
sp_status sp_file_read_all(sp_world *w, const char *path, sp_arena *a, sp_str *out, bool *exists, sp_error *err);
/* How safe a durable step is (D5). RENAME = Spark's own: rename, no sync. POWER = file, rename, folder synced. */
typedef enum { SP_DURABLE_RENAME, SP_DURABLE_POWER } sp_durability;
/* Writes a hidden temporary file beside path (".<name>.<random>.tmp") and renames it there; removes a stale .<name>.crc. */
sp_status sp_file_write_atomic(sp_world *w, const char *path, sp_str data, bool overwrite, sp_durability d, bool *existed, sp_error *err);

/* ---- waiting: everything that can wake a query is a file descriptor ---- */
/* Waits until one of the descriptors is readable or timeout_us passes (negative = forever). ready[i] is set for each. */
sp_status sp_wait_readable(sp_world *w, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err);
typedef struct sp_waker sp_waker;                   /* an eventfd: any thread wakes, one thread waits on its fd */
sp_waker *sp_waker_new(sp_world *w, sp_error *err);
int  sp_waker_fd(const sp_waker *k);
void sp_waker_wake(sp_waker *k);
void sp_waker_drain(sp_waker *k);
void sp_waker_free(sp_waker *k);
/* Watches folders for new files; hints only. fd is readable when something changed; -1 when the world cannot watch. */
typedef struct sp_watch sp_watch;
sp_watch *sp_watch_new(sp_world *w, sp_error *err);
int  sp_watch_fd(const sp_watch *k);
void sp_watch_add(sp_watch *k, const char *dir);
bool sp_watch_drain(sp_watch *k);                   /* true when there was an event */
/* The same, telling folder and name of each event (the texts are valid during the call). *lost: events were dropped, or the world cannot tell
 * names: the folders must be listed again. */
bool sp_watch_events(sp_watch *k, void (*event)(void *context, const char *dir, const char *name), void *context, bool *lost);
void sp_watch_free(sp_watch *k);

/* ---- sockets: client side ---- */
sp_status sp_socket_connect(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err);
int  sp_socket_fd(const sp_socket *s);
/* Non-blocking. *got 0 and *closed false: nothing there now. */
sp_status sp_socket_recv(sp_socket *s, void *to, size_t n, size_t *got, bool *closed, sp_error *err);
void sp_socket_close(sp_socket *s);

/* ---- threads ---- */
typedef struct sp_mutex { void *impl[8]; } sp_mutex;
typedef struct sp_cond { void *impl[8]; } sp_cond;
void sp_mutex_init(sp_mutex *m);
void sp_mutex_done(sp_mutex *m);
void sp_mutex_lock(sp_mutex *m);
void sp_mutex_unlock(sp_mutex *m);
void sp_cond_init(sp_cond *c);                      /* waits on the monotonic clock */
void sp_cond_done(sp_cond *c);
void sp_cond_wait(sp_cond *c, sp_mutex *m);
bool sp_cond_wait_us(sp_cond *c, sp_mutex *m, int64_t us);   /* false when the time ran out */
void sp_cond_signal(sp_cond *c);
void sp_cond_broadcast(sp_cond *c);
typedef struct sp_thread sp_thread;
sp_status sp_thread_start(sp_world *w, const char *name, void (*run)(void *context), void *context, sp_thread **out, sp_error *err);
void sp_thread_join(sp_thread *t);                  /* frees it */

/* Workers shared by all queries. run() is called once for each task index 0..task_count-1, on the caller's thread and on idle
 * workers; worker is 0..sp_pool_size-1 and no two running tasks of one call share it. Returns when all are done; the first failure is in
 * err and later tasks of that call are skipped. task_count 1 runs on the caller with no hand-over. */
typedef struct sp_pool sp_pool;
typedef sp_status (*sp_task_fn)(void *context, int task, int worker, sp_error *err);
sp_status sp_pool_new(sp_world *w, int workers, sp_pool **out, sp_error *err);
int  sp_pool_size(const sp_pool *p);
sp_status sp_pool_run(sp_pool *p, int task_count, sp_task_fn run, void *context, sp_error *err);
void sp_pool_free(sp_pool *p);

/* ---- the simulated world (world/sim.c) ---- */
sp_world *sp_world_sim_new(uint64_t seed);
void sp_world_sim_free(sp_world *w);
bool sp_world_is_simulated(const sp_world *w);     /* no threads of its own: queries are stepped */
/* Crash at the k-th call that can change or see the disk, counted from now; -1 = never. */
void sp_world_sim_crash_at(sp_world *w, int64_t k);
int64_t sp_world_sim_calls(const sp_world *w);      /* such calls so far */
bool sp_world_crashed(const sp_world *w);
/* The machine comes up again: what was not synced is dropped, torn or kept by seed (keep_unsynced true: kill -9, not power loss:
 * all completed writes and renames stay). */
void sp_world_sim_restart(sp_world *w, bool keep_unsynced);
void sp_world_sim_fail_writes(sp_world *w, int os_errno);   /* 0 = off; ENOSPC for a full disk */
void sp_world_sim_advance_us(sp_world *w, int64_t us);      /* moves both clocks */

#endif
