/* ipc.h -- batches to and from Arrow IPC streams, with Spark's mapping (ArrowUtils.toArrowSchema):
 * TIMESTAMP = timestamp(us, session zone), NTZ = timestamp(us), STRING = utf8, BINARY = binary, DECIMAL = decimal128,
 * YEAR_MONTH = interval(months), DAY_TIME = duration(us), CALENDAR = interval(month_day_nano), VOID = null, MAP keys
 * sorted false, entries "entries{key,value}". */
#ifndef SP_COLUMN_IPC_H
#define SP_COLUMN_IPC_H

#include "column/vec.h"

/* Appends a whole IPC stream to out: schema message, one record batch for each given (selection applied),
 * end-of-stream when with_eos. Zero batches give the schema only. session_zone is the zone's id for TIMESTAMP
 * columns. */
sp_status sp_ipc_write(const sp_type *schema, const sp_batch *const *batches, int batch_count,
                       const char *session_zone, bool with_eos, sp_buf *out, sp_error *err);
/* Reads a whole IPC stream (also dictionary-encoded strings, large_utf8, utf8_view, string views, ns/ms/s timestamps
 * and date64 as pandas sends them). Schema comes as a struct type; batches are in the arena, of at most
 * SP_BATCH_ROWS_MAX rows each (a larger record batch comes in several); strings borrow `data` where they can.
 * Malformed bytes: an error, never a crash. Compressed bodies are refused. */
sp_status sp_ipc_read(sp_str data, sp_arena *a, const sp_type **schema, sp_batch **batches, int *batch_count,
                      sp_error *err);

#endif
