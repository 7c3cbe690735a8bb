/* state.h -- the extension point "state store provider", and Spark's row, delta and snapshot formats.
 *
 * A store holds the keyed rows of one stateful operator in one partition (state/OP/PART, or state/OP/PART/NAME for a named store). In memory the rows
 * are the operator's own table; the provider makes them durable in Spark's bytes: load replays them, put and remove collect a batch's changes, commit writes
 * version batch_id + 1. Keys and values are UnsafeRow bytes. One store, one thread at a time; maintenance may run beside it on another thread.
 * Source: HDFSBackedStateStoreProvider, StateStoreWriter, UnsafeRow (Spark 4.3). */
#ifndef SP_STATE_H
#define SP_STATE_H

#include "column/column.h"
#include "world/world.h"

/* ---- UnsafeRow ---- */
/* Appends row `row` of the columns (any form; count = fields) as an UnsafeRow to out (8-byte aligned length). */
sp_status sp_unsafe_encode(sp_buf *out, const sp_vec *const *columns, int count, uint32_t row, sp_error *err);
/* Checks bounds and fills one field after the other into builders (one per field of the struct type). Malformed bytes: an error. */
sp_status sp_unsafe_decode(sp_str row, const sp_type *struct_type, sp_builder *const *fields, sp_error *err);

/* ---- providers ---- */
typedef struct sp_state_store sp_state_store;
typedef struct sp_state_spec {
    sp_world *world;
    sp_arena *arena;               /* lives as long as the store */
    const char *dir;               /* .../state/OP/PART */
    const char *name;              /* "default", or a join's "left-keyToNumValues" ... */
    int operator_id, partition;
    const sp_type *key_schema, *value_schema;
    const char *codec;             /* spark.sql.streaming.stateStore.compression.codec: lz4, zstd, snappy, lzf? */
    sp_durability durability;
    int min_versions_to_retain;    /* spark.sql.streaming.minBatchesToRetain, 100 */
    int min_deltas_for_snapshot;   /* spark.sql.streaming.stateStore.minDeltasForSnapshot, 10 */
} sp_state_spec;
typedef struct sp_state_metrics {
    int64_t loaded_bytes, cache_hits, cache_misses, snapshot_last_uploaded, force_snapshots, snapshots_repaired;
} sp_state_metrics;
typedef struct sp_state_provider {
    const char *class_name;        /* "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider" (as pinned in the offset log) */
    sp_status (*open)(const sp_state_spec *spec, sp_state_store **out, sp_error *err);
    /* Replays version (0 = empty): last snapshot at or below it, then deltas, oldest first; value.p NULL = removed. The same key may come again: the last wins.
     * A missing or corrupt file names itself (CANNOT_LOAD_STATE_STORE.* as Spark). */
    sp_status (*load)(sp_state_store *s, int64_t version,
                      sp_status (*row)(void *context, sp_str key, sp_str value, sp_error *err), void *context, sp_error *err);
    sp_status (*put)(sp_state_store *s, sp_str key, sp_str value, sp_error *err);
    sp_status (*remove)(sp_state_store *s, sp_str key, sp_error *err);
    /* Writes what was put and removed since the last commit or abort as version `version`; an empty change writes a file all the same. Overwrites a file
     * of that
     * version left by a batch that did not end. */
    sp_status (*commit)(sp_state_store *s, int64_t version, sp_error *err);
    void (*abort)(sp_state_store *s);
    /* Snapshots and clean-up, beside the running query; reads only committed files. */
    sp_status (*maintain)(sp_state_store *s, int64_t committed_version, sp_error *err);
    void (*metrics)(const sp_state_store *s, sp_state_metrics *out);
    void (*close)(sp_state_store *s);
} sp_state_provider;
const sp_state_provider *sp_state_provider_find(const char *class_name);   /* NULL when we have none of that name */

/* ---- metadata beside the stores ---- */
/* state/OP/PART/_metadata/schema of partition 0: written once, compared at restart: STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE / VALUE_SCHEMA... on an
 * incompatible change. */
sp_status sp_state_schema_guard(const sp_state_spec *spec, sp_error *err);
/* state/OP/_metadata/metadata */
typedef struct sp_state_store_info { const char *name; int num_cols_prefix_key; int num_partitions; } sp_state_store_info;
sp_status sp_state_operator_metadata_write(sp_world *w, const char *op_dir, int operator_id, const char *operator_name,
                                           const sp_state_store_info *stores, int store_count, sp_durability d, sp_error *err);

#endif
