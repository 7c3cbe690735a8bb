/* base.h -- the ground every folder stands on: status and conditions, memory, buffers, strings, hashes, JSON, log.
 *
 * Ownership: whatever takes an sp_arena lives until that arena is reset or freed; sp_buf and sp_strmap own malloc'd
 * memory and are ended by their _done. Nothing here does I/O: the log writes through a callback.
 * Threads: no object here is shared between threads without the caller's lock, but sp_buffer's reference count. */
#ifndef SP_BASE_H
#define SP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/hash.h"
#include "base/strmap.h"
#include "base/json.h"
#include "base/log.h"

#endif
