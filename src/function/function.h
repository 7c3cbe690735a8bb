/* function.h -- expressions and what evaluates them: the extension points "function", "aggregate" and "generator".
 *
 * An expression tree (expr.h) is made unresolved by a door, resolved by plan/'s analyzer with the tables here (each function's
 * bind says which types it takes and gives), and evaluated a batch at a time by sp_eval. Trees are read-only once resolved, live in the query
 * arena and may be evaluated by several threads, each with its own sp_eval_context.
 * Registration: one array per family at the bottom of its file, listed in registry.c. */
#ifndef SP_FUNCTION_H
#define SP_FUNCTION_H

#include "column/column.h"
#include "function/expr.h"

/* ---- settings an expression needs; filled by the session, copied into the query ---- */
typedef struct sp_expr_conf {
    bool ansi;                      /* spark.sql.ansi.enabled, default true */
    bool case_sensitive;            /* spark.sql.caseSensitive, default false */
    const sp_zone *zone;            /* spark.sql.session.timeZone */
    const char *user;               /* current_user() */
    const char *catalog, *database;
    bool double_quoted_identifiers;
    const char *(*conf_get)(const void *session, const char *key);  /* any other key; NULL when unset */
    const void *session;
} sp_expr_conf;

/* ---- what a bind sees and answers ---- */
typedef struct sp_bind {
    sp_arena *arena;                /* query arena */
    const sp_expr_conf *conf;
    struct sp_expr *call;           /* the call being bound; its args are resolved (types, nullable, literals after folding) */
    int arg_count;
    /* answers */
    const sp_type *type;            /* of the result (aggregate: of the final value) */
    bool nullable;                  /* preset: any argument nullable */
    const sp_type **want;           /* per argument: the type it must be cast to; preset NULL = as it is */
    sp_status (*kernel)(struct sp_kernel *k, sp_error *err);   /* preset: the function's */
    void *state;                    /* read-only constant data for the kernel (compiled regex, pattern ...) */
    bool foldable;                  /* preset: deterministic and all arguments foldable */
    struct sp_expr *replacement;    /* set: the call is replaced by this (unresolved or resolved) tree, which is analyzed in its place (RuntimeReplaceable) */
    const struct sp_agg_kernel *agg;   /* aggregates: set by bind when it depends on the types; preset: the aggregate's */
} sp_bind;
static inline const sp_type *sp_bind_type(const sp_bind *b, int i) { return b->call->args[i]->type; }

/* ---- one call of a kernel ---- */
typedef struct sp_kernel {
    const struct sp_expr *call;     /* call->state is what bind left; call->args[i]->literal for constants */
    const sp_vec **args;            /* FLAT or CONST, rows rows each */
    int arg_count;
    uint32_t rows;                  /* of the batch */
    const uint32_t *sel;            /* rows to compute, ascending; NULL: 0..count-1 (count == rows) */
    uint32_t count;
    sp_vec *out;                    /* FLAT, data for `rows` rows allocated (nested kinds: children to be set by the kernel); valid NULL or as below */
    sp_arena *arena;                /* batch arena: results' strings and scratch */
    const sp_expr_conf *conf;
    struct sp_eval_context *eval;   /* lambdas */
    const sp_batch *batch;          /* what is being evaluated: higher-order functions carry its columns into their lambda */
    bool failed;                    /* set by sp_kernel_null when out of memory */
} sp_kernel;
/* for (SP_ROWS(k, i)) { uses uint32_t i, a row of the batch } */
#define SP_ROWS(k, i) uint32_t n_##i = 0, i; n_##i < (k)->count && ((i = (k)->sel ? (k)->sel[n_##i] : n_##i), true); n_##i++

enum {
    SP_FN_PURE = 0,
    SP_FN_NULLS = 1,          /* the kernel handles nulls itself and sets out->valid. Without it (null-intolerant, the default) the evaluator sets
                                 out->valid to the AND of the arguments' and the kernel sees only rows where no argument is null */
    SP_FN_NONDETERMINISTIC = 2,
    SP_FN_LAZY = 4,           /* special form (and, or, if, case, coalesce, nvl...): eval.c evaluates its arguments by its own rule; no kernel */
    SP_FN_DENSE = 8,          /* cannot fail and is cheap: may be run over all rows whatever the selection and nulls (SIMD loops) */
    SP_FN_GENERATOR = 16,     /* only in a Generate: result is ARRAY or MAP typed; see sp_function.generator_schema */
    SP_FN_CONSTANT_PER_QUERY = 32,  /* current_timestamp(), current_date(), now(): replaced by a literal per query or per micro-batch */
    SP_FN_MAY_BE_NULL = 64,   /* kernel may clear bits of out->valid itself (call sp_kernel_null(k, row)); implies nullable unless bind says otherwise */
    SP_FN_OPERATOR = 128,     /* printed infix: (a + b); name is the symbol */
    SP_FN_FIRST_SHOWN = 256,  /* only the first argument shows in names: from_json(x), whatever the schema and options */
    SP_FN_WINDOW = 512        /* only as the function of an SP_E_WINDOW; its ordinal is 1 when it skips nulls */
};

typedef struct sp_function {
    const char *name;               /* lower case, as registered in Spark; operators by symbol: "+", "=", "and" */
    int min_args, max_args;         /* max -1: any */
    uint32_t flags;
    sp_status (*bind)(sp_bind *b, sp_error *err);   /* NULL: takes anything, gives its first argument's type */
    sp_status (*kernel)(sp_kernel *k, sp_error *err);
    const char *since, *doc;        /* "1.5.0", "pmod(a, b): a modulo b, never negative for b > 0" */
} sp_function;

/* makes out's row null (valid bitmap is allocated on first use; out of memory is reported by the evaluator) */
void sp_kernel_null(sp_kernel *k, uint32_t row);

/* ---- aggregates ----
 * State of one group: `size` bytes, in an array indexed by group id (states + group * stride). Strings and lists inside a state are
 * allocated from the table's heap, so that an evicted group gives them back. */
typedef struct sp_row_codec {      /* UnsafeRow bytes, which live above this folder: sp_unsafe_encode and sp_unsafe_decode */
    sp_status (*encode)(sp_buf *out, const sp_vec *const *columns, int count, uint32_t row, sp_error *err);
    sp_status (*decode)(sp_str row, const sp_type *struct_type, sp_builder *const *fields, sp_error *err);
} sp_row_codec;
typedef struct sp_agg_call {
    const struct sp_expr *call;
    const sp_row_codec *rows;       /* in save and load: some functions' buffers hold rows */
    sp_heap *heap;                  /* for state-owned memory */
    const sp_expr_conf *conf;
    sp_arena *arena;                /* batch arena: scratch */
} sp_agg_call;
typedef struct sp_agg_kernel {
    uint32_t size;                  /* bytes of one state; 8-aligned */
    void (*init)(const struct sp_expr *call, void *states, size_t stride, uint32_t first, uint32_t count);
    /* Row sel[n] (or n) of args belongs to group groups[n]: groups is indexed by position in the selection. FILTER and DISTINCT are applied before. */
    sp_status (*update)(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, const sp_vec *const *args,
                        const uint32_t *sel, uint32_t count, sp_error *err);
    /* states[to[n]] absorbs other[from[n]]; from's memory is borrowed: copy what is kept. */
    sp_status (*merge)(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other, size_t other_stride,
                       const uint32_t *from, uint32_t count, sp_error *err);
    /* out: FLAT of call->type, count rows: row n is the result for group groups[n]. */
    sp_status (*finish)(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count, sp_vec *out, sp_error *err);
    /* Spark's aggregation buffer of this function: what the state store holds (count: bigint; avg: sum double, count bigint). */
    int buffer_count;
    const sp_type *(*buffer_type)(const struct sp_expr *call, int i, bool *nullable);
    const char *(*buffer_name)(const struct sp_expr *call, int i);            /* "count", "sum" ... as Spark's aggBufferAttributes are named */
    sp_status (*save)(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count, sp_vec *const *out, sp_error *err);
    sp_status (*load)(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count, const sp_vec *const *in, sp_error *err);
    void (*drop)(sp_heap *heap, void *state);       /* gives back heap memory; NULL: has none */
} sp_agg_kernel;
typedef struct sp_aggregate {
    const char *name;
    int min_args, max_args;
    uint32_t flags;
    sp_status (*bind)(sp_bind *b, sp_error *err);
    const sp_agg_kernel *kernel;
    const char *since, *doc;
} sp_aggregate;

/* ---- registry ---- */
const sp_function *sp_function_find(sp_str name);       /* any case; NULL when unknown */
const sp_aggregate *sp_aggregate_find(sp_str name);
/* A family of a folder above function/ (format/'s from_json ...). Once, before other threads run; again does nothing. */
void sp_function_register_family(const sp_function *family);
/* All names, sorted, for SHOW FUNCTIONS and suggestions. */
const char *const *sp_function_names(int *count);

/* ---- binding helpers (coerce.c) ---- */
/* ANSI implicit cast (AnsiTypeCoercion.implicitCast) of a type to a wanted one; false when refused. With ansi false: TypeCoercion. */
bool sp_can_implicit_cast(const sp_type *from, const sp_type *to, const sp_expr_conf *conf);
/* findWidestTypeForTwo / findTightestCommonType...; NULL when there is none. is_literal_string marks foldable string operands (ANSI special case). */
const sp_type *sp_widest_type(sp_arena *a, const sp_type *x, const sp_type *y, const sp_expr_conf *conf, sp_error *err);
const sp_type *sp_widest_of(sp_arena *a, struct sp_expr *const *args, int count, const sp_expr_conf *conf, sp_error *err);
bool sp_can_cast(const sp_type *from, const sp_type *to, bool ansi);            /* explicit cast; Cast.canAnsiCast / canCast */
/* Wants argument i as type t; DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE when it cannot be. t's kind alone is looked at when any_of is given. */
sp_status sp_bind_want(sp_bind *b, int i, const sp_type *t, sp_error *err);
sp_status sp_bind_fail_type(sp_bind *b, int i, const char *required_sql, sp_error *err);   /* DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE */

/* Finds function or aggregate by call->name, checks the argument count (WRONG_NUM_ARGS...), binds, wraps arguments in casts; the call becomes
 * SP_E_CALL or SP_E_AGG with type, nullable, kernel and state set. *result is the call or its (unanalyzed) replacement. */
sp_status sp_expr_bind(sp_arena *a, const sp_expr_conf *conf, struct sp_expr *call, struct sp_expr **result, sp_error *err);
/* A resolved SP_E_CAST around e (e itself when the type is the same). */
sp_status sp_expr_cast(sp_arena *a, const sp_expr_conf *conf, struct sp_expr *e, const sp_type *to, sp_cast_mode mode, struct sp_expr **out, sp_error *err);
/* Value of a foldable, resolved tree. */
sp_status sp_expr_fold(sp_arena *a, const sp_expr_conf *conf, const struct sp_expr *e, sp_value *out, sp_error *err);

/* ---- evaluation ---- */
typedef struct sp_eval_context {
    sp_arena *arena;                /* batch arena */
    const sp_expr_conf *conf;
    int64_t partition_index;        /* spark_partition_id(), rand() seeds */
    int64_t *row_counter;           /* monotonically_increasing_id() */
    uint64_t random[2];
    const sp_vec **lambda_args;     /* lambda variables of the running higher-order function, by variable index */
    const char *input_file;         /* input_file_name() */
} sp_eval_context;
/* *out has in->rows rows (any form); only rows of the selection are meaningful. Columns are SP_E_COLUMN with ordinal set. */
sp_status sp_eval(sp_eval_context *c, const struct sp_expr *e, const sp_batch *in, sp_vec **out, sp_error *err);
/* The same for the rows named by sel alone. */
sp_status sp_eval_sel(sp_eval_context *c, const struct sp_expr *e, const sp_batch *in, const uint32_t *sel, uint32_t count, sp_vec **out, sp_error *err);
/* Boolean e as a selection: rows of in's selection where e is true (null is not). out_sel has room for in->rows entries. */
sp_status sp_eval_filter(sp_eval_context *c, const struct sp_expr *e, const sp_batch *in, uint32_t *out_sel, uint32_t *out_count, sp_error *err);
/* Cast of a whole vector by Spark's rules. */
sp_status sp_cast_vec(sp_eval_context *c, const sp_vec *in, const uint32_t *sel, uint32_t count, const sp_type *to, sp_cast_mode mode,
                      const struct sp_expr *origin, sp_vec **out, sp_error *err);

#endif
