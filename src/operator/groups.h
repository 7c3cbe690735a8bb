/* groups.h -- keys to dense group ids: the hash table under aggregation, deduplication, joins and set operations.
 *
 * Key columns are taken apart into leaves (a struct into its fields; arrays, maps and variants into one leaf of
 * UnsafeRow bytes), kept in columnar arrays by group id. Null equals null, NaN equals NaN, -0.0 equals 0.0, as Spark's
 * grouping has it. Slots hold 32 bits of hash and the id; probing is linear, a chunk of rows is hashed first and its
 * slots prefetched. A table's own leaves can be the input of a find in another.
 * Ownership: arrays are counted against the query's limit (sp_grow) and freed by sp_groups_done; long strings live in
 * the heap. One thread at a time. */
#ifndef SP_OPERATOR_GROUPS_H
#define SP_OPERATOR_GROUPS_H

#include "operator/operator_int.h"

enum { SP_NO_GROUP = 0xffffffffu };

typedef enum sp_leaf_kind { SP_LEAF_FIXED, SP_LEAF_F32, SP_LEAF_F64, SP_LEAF_VIEW } sp_leaf_kind;
/* A column of leaf values: row i at data[i * width]; valid NULL: no nulls. */
typedef struct sp_leaf_in { const void *data; const uint64_t *valid; } sp_leaf_in;
typedef struct sp_leaf { sp_leaf_kind kind; uint32_t width; char *data; uint64_t *valid; } sp_leaf;
typedef struct sp_key {
    const sp_type *type;
    bool nullable;
    enum { SP_KEY_PLAIN, SP_KEY_STRUCT, SP_KEY_BYTES } form;
    /* PLAIN, BYTES: its leaf; STRUCT: the leaf telling null structs (-1: never null) */
    int leaf;
    struct sp_key *fields;              /* STRUCT */
    const sp_type *row_type;            /* BYTES: struct of the one field */
} sp_key;

typedef struct sp_slot { uint32_t hash, id1; } sp_slot;   /* id1: group id + 1; 0 empty */
typedef struct sp_groups {
    sp_exec *x;
    sp_heap *heap;
    sp_key *keys; int key_count;
    sp_leaf *leaves; int leaf_count;
    sp_slot *slots; uint32_t slot_count;
    uint32_t *hashes;                   /* by group id */
    uint32_t count, cap;                /* ids handed out so far; room */
    uint32_t live;                      /* count less the freed ones */
    uint32_t *free_ids; uint32_t free_count, free_cap;
    /* ids of freed groups given out again since the caller last set the count to 0 */
    uint32_t *reused; uint32_t reused_count, reused_cap;
} sp_groups;

/* Key layout lives in layout_arena. nullable may be NULL: all are. */
sp_status sp_groups_init(sp_groups *g, sp_exec *x, sp_heap *heap, const sp_type *const *types, const bool *nullable,
                         int count, sp_arena *layout_arena, sp_error *err);
void sp_groups_done(sp_groups *g);
/* Forgets all groups; the heap is the caller's to renew. */
void sp_groups_clear(sp_groups *g, sp_heap *heap);

/* Input columns as leaves, in scratch. */
sp_status sp_groups_leaves(const sp_groups *g, const sp_vec *const *columns, const uint32_t *sel, uint32_t count,
                           sp_arena *scratch, sp_leaf_in **out, sp_error *err);
/* ids[i] = group of row sel[i] (or i); missing groups are made. hashes: by row, or NULL to compute them. */
sp_status sp_groups_find(sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                         const uint32_t *hashes, uint32_t *ids, sp_error *err);
/* The same without making any: SP_NO_GROUP where there is none. */
void sp_groups_look(const sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                    const uint32_t *hashes, uint32_t *ids);
/* g's own groups as input of a find in a table of the same layout (hashes: g->hashes). */
void sp_groups_as_input(const sp_groups *g, sp_leaf_in *out);
void sp_groups_remove(sp_groups *g, uint32_t id);
/* Keys of the named groups (or of first..first+count when ids is NULL) as FLAT columns; strings borrowed from the
 * table. */
sp_status sp_groups_columns(const sp_groups *g, const uint32_t *ids, uint32_t first, uint32_t count, sp_arena *a,
                            sp_vec **columns, sp_error *err);
/* The FIXED 8-byte leaf of a timestamp key, or of field `field` of a struct key; -1 none. */
int sp_groups_time_leaf(const sp_groups *g, int key, int field);
static inline bool sp_leaf_i64(const sp_groups *g, int leaf, uint32_t id, int64_t *out)
{
    const sp_leaf *l = &g->leaves[leaf];
    *out = ((const int64_t *)(const void *)l->data)[id];
    return !l->valid || sp_bit_get(l->valid, id);
}
size_t sp_groups_bytes(const sp_groups *g);

#endif
