/* world_int.h -- a world as a class struct, and what the files of this folder share.
 *
 * Handles (sp_file, sp_socket, sp_waker, sp_watch) begin with the struct given here; the world that made one adds its own
 * fields behind it. The functions mean what world.h says of their namesakes. */
#ifndef SP_WORLD_INT_H
#define SP_WORLD_INT_H

#include "world/world.h"

struct sp_file { sp_world *world; };
struct sp_socket { sp_world *world; int fd; };
struct sp_waker { sp_world *world; int fd; };
struct sp_watch { sp_world *world; int fd; };

typedef enum sp_removal { SP_REMOVAL_DONE, SP_REMOVAL_ABSENT, SP_REMOVAL_NOT_EMPTY } sp_removal;

typedef struct sp_world_class {
    bool is_sim;    /* everything runs on the caller's thread */
    int64_t (*now_us)(sp_world *w);
    int64_t (*mono_ns)(sp_world *w);
    void (*sleep_us)(sp_world *w, int64_t us);
    void (*random_bytes)(sp_world *w, void *out, size_t n);

    sp_status (*stat)(sp_world *w, const char *path, sp_stat *out, bool *exists, sp_error *err);
    sp_status (*dir_list)(sp_world *w, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count, sp_error *err);
    sp_status (*dir_make)(sp_world *w, const char *path, sp_error *err);
    /* A folder that is not empty is SP_OK and SP_REMOVAL_NOT_EMPTY; a symbolic link is removed, not followed. */
    sp_status (*remove)(sp_world *w, const char *path, sp_removal *how, sp_error *err);
    sp_status (*rename)(sp_world *w, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err);
    sp_status (*dir_sync)(sp_world *w, const char *path, sp_error *err);

    /* exists NULL: a missing file is an error; else *out is NULL, *exists false. */
    sp_status (*open_read)(sp_world *w, const char *path, sp_file **out, bool *exists, sp_error *err);
    sp_status (*create)(sp_world *w, const char *path, sp_file **out, sp_error *err);
    sp_status (*pread)(sp_file *f, void *to, size_t n, int64_t offset, size_t *got, sp_error *err);
    sp_status (*write)(sp_file *f, const void *from, size_t n, sp_error *err);
    sp_status (*sync)(sp_file *f, sp_error *err);
    int64_t (*size)(sp_file *f);
    sp_status (*close)(sp_file *f, sp_error *err);

    sp_status (*wait_readable)(sp_world *w, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err);
    sp_waker *(*waker_new)(sp_world *w, sp_error *err);
    void (*waker_wake)(sp_waker *k);
    void (*waker_drain)(sp_waker *k);
    void (*waker_free)(sp_waker *k);
    sp_watch *(*watch_new)(sp_world *w, sp_error *err);
    void (*watch_add)(sp_watch *k, const char *dir);
    bool (*watch_drain)(sp_watch *k);
    bool (*watch_events)(sp_watch *k, void (*event)(void *context, const char *dir, const char *name), void *context,
                         bool *lost);   /* NULL: names are not known */
    void (*watch_free)(sp_watch *k);

    sp_status (*connect)(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err);
    sp_status (*recv)(sp_socket *s, void *to, size_t n, size_t *got, bool *closed, sp_error *err);
    void (*socket_close)(sp_socket *s);
} sp_world_class;

struct sp_world { const sp_world_class *cls; };

/* real_net.c: the rows of the real world's class that wait and talk. */
sp_status sp_real_wait_readable(sp_world *w, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err);
sp_waker *sp_real_waker_new(sp_world *w, sp_error *err);
void sp_real_waker_wake(sp_waker *k);
void sp_real_waker_drain(sp_waker *k);
void sp_real_waker_free(sp_waker *k);
sp_watch *sp_real_watch_new(sp_world *w, sp_error *err);
void sp_real_watch_add(sp_watch *k, const char *dir);
bool sp_real_watch_drain(sp_watch *k);
bool sp_real_watch_events(sp_watch *k, void (*event)(void *context, const char *dir, const char *name), void *context,
                          bool *lost);
void sp_real_watch_free(sp_watch *k);
sp_status sp_real_connect(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err);
sp_status sp_real_recv(sp_socket *s, void *to, size_t n, size_t *got, bool *closed, sp_error *err);
void sp_real_socket_close(sp_socket *s);

#endif
