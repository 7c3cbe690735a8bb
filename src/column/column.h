/* column.h -- what data is: types, vectors, batches, single values, dates and decimals, row keys, Arrow IPC.
 *
 * Ownership: types, vectors and values live in the arena they were made in and never move. A batch is borrowed for the call it
 * is handed to; whoever keeps data past that call copies it (sp_vec_copy). Threads: types are read-only once made. */
#ifndef SP_COLUMN_H
#define SP_COLUMN_H

#include "base/base.h"
#include "column/type.h"
#include "column/vec.h"
#include "column/value.h"
#include "column/datetime.h"
#include "column/decimal.h"
#include "column/parse.h"
#include "column/rowkey.h"
#include "column/ipc.h"

#endif
