/* workers.h -- threads that come with work and go when idle: calls may wait for hours (awaitTermination), and none of them may hold up another.
 *
 * Each job gets an idle thread, or a new one. Threads: any thread may submit. */
#ifndef SP_CONNECT_WORKERS_H
#define SP_CONNECT_WORKERS_H

#include "world/world.h"

enum { SP_WORKERS_MAX = 2048 };

typedef struct sp_workers sp_workers;
sp_status sp_workers_new(sp_world *w, sp_workers **out, sp_error *err);
/* false: no thread could be had; run was not and will not be called. */
bool sp_workers_run(sp_workers *k, void (*run)(void *context), void *context);
/* Waits until every job has ended. NULL is fine. */
void sp_workers_free(sp_workers *k);

#endif
