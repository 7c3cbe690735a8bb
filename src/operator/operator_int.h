/* operator_int.h -- the inside of physical plans, and the extension point "physical operator".
 *
 * The planner (planner.c) turns a plan into nodes and pipes. A node is one physical operator: what all its instances
 * share, made once a query. A pipe is a source node, a chain of operators and an end: the result, or a node that
 * gathers rows (aggregate, sort, join build ...). Pipes run one after the other in the order of x->steps, the tasks of
 * one pipe side by side. Every worker has its own chain of instances per pipe, made when it first gets a task of it and
 * kept for later tasks and later runs (a micro-batch makes nothing anew).
 *
 *   run:   begin_run of every node
 *          per step:  PIPE     for each task of the source: begin per operator, feed, finish per operator,
 *                              from the first to the last
 *                     GATHERED of a node: all pipes into it are over
 *   commit or abort of every node
 *
 * Memory: x->arena (the query's), chain->arena (instances), chain->batch_arena (reset by the feed before each batch it
 * pushes), a node's own. */
#ifndef SP_OPERATOR_INT_H
#define SP_OPERATOR_INT_H

#include "operator/operator.h"

#include <stdatomic.h>

typedef struct sp_operator sp_operator;
typedef struct sp_node sp_node;
typedef struct sp_chain sp_chain;
typedef struct sp_pipe sp_pipe;

/* All hooks may be NULL. Instance hooks take an sp_operator, node hooks the sp_node that all its instances share. */
typedef struct sp_operator_class {
    const char *name;                                                          /* "HashAggregate" */
    /* bytes of an instance; starts with sp_operator */
    size_t size;
    /* stateful: wants a batch when the watermark moved (not in complete mode) */
    bool no_data_batches;
    bool no_data_always;                                                       /* ... in complete mode too */
    /* wants its input even when nobody wants its output */
    bool sees_all;
    /* once an instance; memory from op->chain->arena */
    sp_status (*open)(sp_operator *op, sp_error *err);
    sp_status (*begin)(sp_operator *op, sp_error *err); /* a task starts */
    /* in is borrowed; emits through sp_emit */
    sp_status (*push)(sp_operator *op, const sp_batch *in, sp_error *err);
    /* no more input for this task; may emit */
    sp_status (*finish)(sp_operator *op, sp_error *err);
    void (*close)(sp_operator *op);
    /* the node as the start of a pipe */
    int       (*feed_tasks)(sp_node *n);
    /* pushes one task's rows with sp_chain_push */
    sp_status (*feed)(sp_node *n, sp_chain *c, int task, sp_error *err);
    void (*fed)(sp_node *n); /* the pipe it starts is over */
    /* the node through the life of the query */
    sp_status (*begin_run)(sp_node *n, sp_error *err);
    sp_status (*gathered)(sp_node *n, sp_error *err);
    sp_status (*commit)(sp_node *n, int64_t batch_id, sp_error *err);
    void (*abort)(sp_node *n);
    sp_status (*maintain)(sp_node *n, sp_error *err); /* any thread */
    void (*end)(sp_node *n);
} sp_operator_class;

struct sp_operator {
    const sp_operator_class *cls;
    sp_node *node;
    sp_chain *chain;
    sp_operator *next;
    bool done;                          /* wants no more rows */
};

struct sp_node {
    const sp_operator_class *cls;
    sp_exec *x;
    const sp_plan *plan;                /* read-only; NULL in the node of the result */
    bool small;                         /* what it feeds is little: its tasks run inline */
    /* below the static side of a streaming join: run in the first batch only, rows kept */
    bool once;
    int operator_id;                    /* of a stateful operator, else -1 */
    sp_state_op_stats *stats;           /* stateful operators */
    void *shared;                       /* the class's own */
    int index;                          /* scans, watermarks, observers: its place in the query's list */
};

/* One place in a chain: nodes may stand in several pipes (above a union), and a join's node has two faces. */
typedef struct sp_link { sp_node *node; const sp_operator_class *cls; const struct sp_link *next; } sp_link;

struct sp_chain {
    sp_pipe *pipe;
    sp_exec *x;
    int worker, task;                   /* task: within the pipe */
    bool fresh;                         /* instances are not open yet */
    sp_arena *arena, *batch_arena;
    sp_eval_context eval;
    int64_t row_counter;
    sp_operator **ops; int op_count;
};

struct sp_pipe {
    sp_node *source;
    const sp_link *links; int link_count;
    sp_chain **chains;                  /* by worker; NULL until needed */
    bool once, is_result;
    int order;                          /* among the pipes of the query */
    int first_task;                     /* of a result pipe: index of its task 0 among the result's */
};

typedef struct sp_step { sp_pipe *pipe; sp_node *gathered; bool once; } sp_step;   /* one of the two */

/* Call of current_timestamp() and its like: a literal that every run sets anew. */
typedef struct sp_run_constant { sp_expr *literal; struct sp_run_constant *next; } sp_run_constant;

struct sp_exec {
    sp_exec_spec spec;
    sp_arena *arena;
    int workers;
    sp_node **nodes; int node_count, node_cap;
    sp_step *steps; int step_count, step_cap;
    sp_node **scans; int scan_count, scan_cap;
    sp_node **watermarks; int watermark_count, watermark_cap;
    sp_watermark_stats *watermark_stats;
    sp_node **metrics; int metrics_count, metrics_cap;
    sp_observed *observed;
    int pipe_count;
    int state_op_count;                 /* so far: the next one's id */
    sp_state_op_stats *state_stats;     /* nearest the sink first */
    sp_node **state_nodes;              /* by operator id */
    int state_cap;
    sp_run_constant *constants;
    const sp_plan *top_sort; int64_t top_rows;      /* planner: the sort that a limit above wants so many rows of */
    sp_run *run;                        /* the run under way */
    int result_tasks;
    bool once_done, dirty;              /* dirty: state tables hold an uncommitted batch */
    _Atomic bool stopped;
    _Atomic size_t memory;              /* bytes of growable tables (sp_grow) */
};

/* ---- planner.c ---- */
sp_status sp_exec_plan(sp_exec *x, sp_error *err);
sp_node *sp_node_new(sp_exec *x, const sp_operator_class *cls, const sp_plan *plan, size_t shared_size, sp_error *err);

/* ---- exec.c ---- */
sp_status sp_emit(sp_operator *op, const sp_batch *out, sp_error *err);
/* For feeds: throw the last batch away; hand on a batch. SP_DONE: nobody wants more (or the run was stopped). */
void sp_chain_fresh(sp_chain *c);
sp_status sp_chain_push(sp_chain *c, const sp_batch *b, sp_error *err);
bool sp_exec_stopped(sp_exec *x);
/* run(task) for all tasks, inline when the work is small. */
sp_status sp_exec_each(sp_exec *x, int count, bool small, sp_task_fn run, void *context, sp_error *err);
/* Grows *p (sp_realloc) to new_bytes, counted against the query's limit; sp_grow_free gives it back. */
sp_status sp_grow(sp_exec *x, void *p, size_t old_bytes, size_t new_bytes, sp_error *err);
void sp_grow_free(sp_exec *x, void *p, size_t bytes);
extern const sp_operator_class sp_op_result;
/* A query arena of its own, limited as the query is. */
sp_arena *sp_exec_arena(sp_exec *x, const char *name, sp_error *err);

/* ---- bind.c ---- */
/* e with its columns' ordinals set to their places in attrs; per-run constants registered. */
sp_status sp_bind_expr(sp_exec *x, const sp_expr *e, const sp_attr *attrs, int count, sp_expr **out, sp_error *err);
sp_status sp_bind_exprs(sp_exec *x, sp_expr *const *e, int n, const sp_attr *attrs, int count, sp_expr ***out,
                        sp_error *err);
void sp_bind_set_run(sp_exec *x, int64_t timestamp_us);
sp_expr *sp_bind_column(sp_arena *a, int ordinal, const sp_type *type, bool nullable, sp_str name, sp_error *err);
int sp_attr_index(const sp_attr *attrs, int count, int64_t id);
static inline const sp_expr *sp_unalias(const sp_expr *e) { while (e->kind == SP_E_ALIAS) e = e->args[0]; return e; }

/* ---- batches.c: helpers over batches, and kept rows ---- */
/* FLAT or CONST. */
static inline sp_status sp_plain(const sp_vec *v, sp_arena *a, const sp_vec **out, sp_error *err)
{
    if (v->form != SP_DICT) { *out = v; return SP_OK; }
    *out = sp_vec_flatten(v, a, true, err);
    return *out ? SP_OK : SP_FAILED;
}
static inline uint32_t sp_live(const sp_batch *b) { return b->sel ? b->sel_count : b->rows; }
/* DICT over v: row i is v's row index[i]; CONST stays CONST. */
sp_vec *sp_vec_index(const sp_vec *v, const uint32_t *index, uint32_t rows, sp_arena *a, sp_error *err);
/* Rows [from, from + count) of a FLAT or CONST vector without copying; from is a multiple of 64. */
sp_vec *sp_vec_slice(const sp_vec *v, uint32_t from, uint32_t count, sp_arena *a, sp_error *err);
/* no selection; columns NULL */
sp_status sp_batch_columns(sp_batch *b, int column_count, uint32_t rows, sp_arena *a, sp_error *err);
/* Rows kept past their batch: copies, by task, in the order pushed. */
typedef struct sp_kept { sp_batch *batches; int count, cap; int64_t rows; sp_arena *arena; } sp_kept;
sp_status sp_keep(sp_kept *k, const sp_batch *b, sp_error *err);
/* Rows of a gathering node, by pipe and task of the pipes into it; each task writes its own entry. */
typedef struct sp_gather_part { sp_kept kept; int pipe, task; int64_t finished_rows; } sp_gather_part;
typedef struct sp_gather {
    sp_exec *x;
    sp_mutex lock;
    sp_gather_part **parts; int count, cap;
    sp_arena **arenas;                  /* by worker */
    sp_arena *arena;                    /* the query thread's */
} sp_gather;
sp_status sp_gather_init(sp_gather *g, sp_exec *x, sp_error *err);
void sp_gather_done(sp_gather *g);
void sp_gather_reset(sp_gather *g);
sp_status sp_gather_begin(sp_gather *g, sp_chain *c, sp_kept **out, sp_error *err);   /* at the start of a task */
void sp_gather_sort(sp_gather *g);      /* parts into the order of pipes and tasks */
int64_t sp_gather_rows(const sp_gather *g);
/* All rows as one batch of FLAT columns in g->arena (sorted first). */
sp_status sp_gather_join(sp_gather *g, const sp_attr *attrs, int column_count, sp_batch *out, sp_error *err);
/* Pushes a big batch of FLAT columns in pieces of a full batch, or in the order given by index. */
sp_status sp_push_pieces(sp_chain *c, const sp_batch *b, const uint32_t *index, uint32_t count, sp_error *err);

/* ---- the operators ---- */
extern const sp_operator_class sp_op_scan, sp_op_local, sp_op_range, sp_op_one_row;
extern const sp_operator_class sp_op_project, sp_op_filter, sp_op_generate, sp_op_expand, sp_op_watermark, sp_op_sample,
    sp_op_metrics;
extern const sp_operator_class sp_op_aggregate, sp_op_sort, sp_op_task_sort, sp_op_limit, sp_op_tail, sp_op_repartition;
extern const sp_operator_class sp_op_join, sp_op_join_build, sp_op_window, sp_op_set, sp_op_set_right, sp_op_dedup,
    sp_op_state_limit;
sp_status sp_node_scan(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_local(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_range(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_one_row(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_project(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_filter(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_generate(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_limit(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);      /* LIMIT, OFFSET */
sp_status sp_node_tail(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_repartition(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_expand(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_watermark(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_sample(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_join(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
int sp_join_build_side(const sp_exec *x, const sp_plan *p);       /* which child is hashed */
bool sp_join_has_rest_pipe(const sp_node *n);                     /* unmatched build rows come out */
sp_status sp_node_dedup(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_state_limit(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_set(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_window(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_node_metrics(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
sp_status sp_metrics_finish(sp_node *n, sp_observed *out, sp_error *err);        /* after a run */
sp_status sp_node_aggregate(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);

#endif
