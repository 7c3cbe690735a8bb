/* checkpoint_int.h -- shared by the logs of this folder. */
#ifndef SP_CHECKPOINT_INT_H
#define SP_CHECKPOINT_INT_H

#include "checkpoint/checkpoint.h"

/* path = dir/n<suffix>, NUL-terminated. */
sp_status sp_log_path(sp_buf *path, const char *dir, int64_t n, const char *suffix, sp_error *err);
/* As sp_log_add, under "n<suffix>". */
sp_status sp_log_put(sp_world *w, const char *dir, int64_t n, const char *suffix, sp_str text, sp_durability d, sp_error *err);
/* The first line is "v1" (up to max_version); *rest is what follows it. Spark's message for a missing or newer version names the file. */
sp_status sp_log_version(sp_str text, const char *path, int max_version, sp_str *rest, sp_error *err);
/* Next line of *rest without its end; false when there is none. */
bool sp_log_line(sp_str *rest, sp_str *line);

#endif
