/* sim_int.h -- what sim.c (clock, random, crash, wake-ups) and sim_disk.c (files) share. One thread. */
#ifndef SP_WORLD_SIM_INT_H
#define SP_WORLD_SIM_INT_H

#include "world/world_int.h"

#include <stdio.h>

struct sim_node;
struct sim_change;
struct sim_signal;

typedef struct sim_world {
    sp_world base;
    uint64_t random;
    int64_t mono_ns;
    int64_t calls, crash_call;       /* crash_call -1: never */
    bool crashed;
    int epoch;                       /* restarts so far: a handle of an earlier one is dead */
    int write_errno;
    int fd_count;
    struct sim_signal *signals;
    struct sim_node *root;
    uint64_t node_count;
    size_t change_count;
    struct sim_change *first_change, *last_change;   /* changes of folders that are not durable, in order */
} sim_world;

static inline sim_world *sp_sim_of(sp_world *w) { return (sim_world *)w; }

/* What becomes of this call. */
typedef enum sim_fate { SIM_ALIVE, SIM_DEAD, SIM_DIES_AFTER } sim_fate;
sim_fate sp_sim_tick(sim_world *w);
sp_status sp_sim_dead(sp_error *err);
uint64_t sp_sim_random(sim_world *w);
int64_t sp_sim_time_us(const sim_world *w);   /* the wall clock, without moving it */
/* Something happened at path: watches of its folder are raised. */
void sp_sim_changed(sim_world *w, const char *path);

bool sp_sim_disk_init(sim_world *w);
void sp_sim_disk_done(sim_world *w);
void sp_sim_disk_restart(sim_world *w, bool keep_unsynced);

sp_status sp_sim_stat(sp_world *w, const char *path, sp_stat *out, bool *exists, sp_error *err);
sp_status sp_sim_dir_list(sp_world *w, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count, sp_error *err);
sp_status sp_sim_dir_make(sp_world *w, const char *path, sp_error *err);
sp_status sp_sim_remove(sp_world *w, const char *path, sp_removal *how, sp_error *err);
sp_status sp_sim_rename(sp_world *w, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err);
sp_status sp_sim_dir_sync(sp_world *w, const char *path, sp_error *err);
sp_status sp_sim_open_read(sp_world *w, const char *path, sp_file **out, bool *exists, sp_error *err);
sp_status sp_sim_create(sp_world *w, const char *path, sp_file **out, sp_error *err);
sp_status sp_sim_pread(sp_file *f, void *to, size_t n, int64_t offset, size_t *got, sp_error *err);
sp_status sp_sim_write(sp_file *f, const void *from, size_t n, sp_error *err);
sp_status sp_sim_sync(sp_file *f, sp_error *err);
int64_t sp_sim_size(sp_file *f);
sp_status sp_sim_close(sp_file *f, sp_error *err);

#endif
