/* aggregate.h -- the inside of hash aggregation, shared by aggregate_plan.c (layout), aggregate.c (the operator) and
 * aggregate_state.c (streaming).
 *
 * A table is a group table and, per aggregate function, an array of states by group id. Every worker fills a partial
 * table of its own over all its tasks; partitions are tables too: in a streaming query the store's content itself, kept
 * from batch to batch. */
#ifndef SP_OPERATOR_AGGREGATE_H
#define SP_OPERATOR_AGGREGATE_H

#include "operator/groups.h"

typedef struct sp_agg_fn {
    const sp_expr *call;                /* SP_E_AGG, arguments bound to the child */
    const sp_agg_kernel *kernel;
    size_t stride;                      /* of its states */
    int set;                            /* DISTINCT: index of its set, else -1 */
} sp_agg_fn;

/* DISTINCT: the distinct rows (grouping keys, arguments) among those that pass the filter. */
typedef struct sp_agg_set { sp_expr **columns; int count; sp_expr *filter; const sp_type **types; } sp_agg_set;

typedef struct sp_agg_layout {
    sp_expr **keys; int key_count;      /* bound to the child */
    const sp_type **key_types; bool *key_nullable;
    sp_agg_fn *fns; int fn_count;
    sp_agg_set *sets; int set_count;
    sp_expr **out; int out_count;       /* bound to [keys, results of fns] */
    bool has_filter;
    /* grouping key that carries the watermark (-1 none); its field when it is a window */
    int time_key, time_field;
    int second_time_key;                /* index + 1 of another one: an error when the query runs; 0 none */
    const sp_type *key_schema, *value_schema;   /* streaming: rows of the store */
    int buffer_count;
} sp_agg_layout;

typedef struct sp_agg_table {
    sp_exec *x;
    const sp_agg_layout *layout;
    sp_arena *fixed;                    /* the table's own descriptions: tables are opened by tasks */
    sp_arena *arena;                    /* heap of strings and states */
    sp_heap *heap;
    sp_groups groups;
    void **states; uint32_t state_cap;
    uint32_t made;                      /* groups with states */
    sp_groups *sets;
    bool ready;
} sp_agg_table;

/* Groups of a partition by the time that evicts them: chains by exact time, the times in a heap. */
typedef struct sp_times {
    struct sp_time_slot { int64_t time; uint32_t head1; } *slots; uint32_t slot_count, used;
    int64_t *heap; uint32_t heap_count, heap_cap;
    uint32_t *next1; uint32_t next_cap; /* by group id: next in the chain + 1 */
} sp_times;

typedef struct sp_agg_part {            /* one partition */
    sp_agg_table table;
    /* streaming */
    sp_state_store *store;
    sp_arena *store_arena;
    bool loaded, time_state;
    uint32_t *epochs; uint32_t epoch_cap;
    uint32_t *touched; uint32_t touched_count, touched_cap;
    uint32_t *evicted; uint32_t evicted_count, evicted_cap;
    uint32_t *all; uint32_t all_count, all_cap;     /* complete mode, when ids have gaps: those in use */
    sp_times times;
    sp_groups late; sp_arena *late_arena; bool late_ready;
    int64_t dropped, update_ns, remove_ns;
    sp_buf key_bytes, value_bytes;
} sp_agg_part;

typedef struct sp_aggregate_node {
    sp_agg_layout layout;
    sp_agg_table *partials;             /* by worker */
    /* by worker: its groups, by partition */
    struct sp_agg_order { uint32_t *ids, *starts, *parts; uint32_t cap; } *orders;
    sp_agg_part *parts; int part_count;
    sp_arena **scratch;                 /* by worker */
    sp_agg_table *only;                 /* batch: the one partial table that has everything; nothing was exchanged */
    bool streaming;
    const char *operator_name;          /* as in metadata and progress */
    bool time_state;                    /* evicted by the time in the first function's state instead of a key's */
    uint32_t epoch;
    _Atomic int64_t version;            /* committed */
    _Atomic bool stores_ready;
    uint64_t incoming;                  /* partial groups of this run */
    int64_t late_us, evict_us;
    bool drops_late, evicts;
} sp_aggregate_node;

/* aggregate_plan.c */
sp_status sp_agg_layout_make(sp_exec *x, const sp_plan *p, sp_agg_layout *l, sp_error *err);
/* aggregate_table.c */
sp_status sp_agg_table_open(sp_agg_table *t, sp_exec *x, const sp_agg_layout *l, sp_error *err);
void sp_agg_table_done(sp_agg_table *t);
sp_status sp_agg_table_clear(sp_agg_table *t, sp_error *err);
sp_status sp_agg_table_states(sp_agg_table *t, sp_error *err);       /* states for groups made since the last call */
sp_status sp_agg_table_sole(sp_agg_table *t, sp_error *err);         /* without keys: group 0 is there */
/* Groups ids of from (count of them) into to: kept[i] = the group there. */
sp_status sp_agg_table_merge(sp_agg_table *to, const sp_agg_table *from, const uint32_t *ids, uint32_t count,
                             uint32_t *kept, sp_arena *scratch, sp_error *err);
/* DISTINCT functions: update from the sets */
sp_status sp_agg_table_sets(sp_agg_table *t, sp_arena *scratch, sp_error *err);
/* Output rows of the groups, in eval's arena; the same pushed into a chain (ids NULL: the first count groups). */
sp_status sp_agg_table_rows(sp_agg_table *t, sp_eval_context *eval, const uint32_t *ids, uint32_t count, sp_batch *out,
                            sp_error *err);
sp_status sp_agg_table_emit(sp_agg_table *t, sp_chain *c, const uint32_t *ids, uint32_t count, sp_error *err);
/* aggregate_state.c */
sp_status sp_agg_state_begin(sp_node *n, sp_error *err);
sp_status sp_agg_state_merge(sp_node *n, int part, sp_arena *scratch, sp_error *err);
void sp_agg_state_count(sp_node *n);
/* they go to the store */
sp_status sp_agg_state_touch(sp_node *n, sp_agg_part *p, const uint32_t *ids, uint32_t count, sp_error *err);
/* times of groups made since there were `first` */
sp_status sp_agg_state_index(sp_agg_part *p, uint32_t first, sp_error *err);
sp_status sp_agg_state_evict(sp_node *n, sp_agg_part *p, sp_error *err);
sp_status sp_agg_state_commit(sp_node *n, int64_t batch_id, sp_error *err);
void sp_agg_state_abort(sp_node *n);
sp_status sp_agg_state_maintain(sp_node *n, sp_error *err);
void sp_agg_state_end(sp_node *n);
/* times.c */
sp_status sp_times_add(sp_times *t, sp_exec *x, int64_t time, uint32_t id, sp_error *err);
/* Takes out every group with time <= upto: calls take for each. */
sp_status sp_times_pop(sp_times *t, int64_t upto, sp_status (*take)(void *context, uint32_t id, sp_error *err),
                       void *context, sp_error *err);
void sp_times_clear(sp_times *t);
void sp_times_done(sp_times *t, sp_exec *x);

#endif
