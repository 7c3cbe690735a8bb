/* plan.h -- logical plans: the one tree behind every DataFrame door (decision D1), its analysis and its optimization.
 *
 * Doors build unresolved plans (connect/ from Connect's relations, sql/ from text). sp_plan_analyze gives a resolved plan made of the core kinds
 * alone (each with its output attributes), sp_plan_optimize rewrites that, operator/ turns it into physical operators.
 * Trees are read-only once made and live in the query (or session) arena; rewriting makes new nodes. Threads: read-only trees are shared freely. */
#ifndef SP_PLAN_H
#define SP_PLAN_H

#include "function/function.h"
#include "format/format.h"

typedef enum sp_plan_kind {
    /* ---- core: what an analyzed plan is made of ---- */
    SP_P_SOURCE,          /* a resolved scan: scan */
    SP_P_LOCAL,           /* rows in memory: batches (child-less); empty relation when none */
    SP_P_ONE_ROW,         /* SELECT without FROM */
    SP_P_RANGE,           /* range_start, end, step, partitions; one column id bigint */
    SP_P_PROJECT,         /* exprs: COLUMN or ALIAS */
    SP_P_FILTER,          /* condition */
    SP_P_GENERATE,        /* condition: the generator call (explode, posexplode, inline, stack, json_tuple); outer; generator_output attributes; exprs = child
                             attributes kept. Output: exprs' then generator_output */
    SP_P_AGGREGATE,       /* grouping exprs; exprs = output list (ALIAS/COLUMN over grouping exprs and AGG calls) */
    SP_P_SORT,            /* exprs: SP_E_SORT; global */
    SP_P_LIMIT,           /* count */
    SP_P_OFFSET,          /* count */
    SP_P_TAIL,            /* count */
    SP_P_JOIN,            /* two children; join_type; condition */
    SP_P_UNION,           /* n children, by position, types already equal */
    SP_P_INTERSECT, SP_P_EXCEPT,  /* all */
    SP_P_DEDUPLICATE,     /* keys: exprs (COLUMN); within_watermark. Without streaming child it is rewritten to an Aggregate of first() by the optimizer */
    SP_P_WATERMARK,       /* event time column: exprs[0]; delay */
    SP_P_WINDOW,          /* window functions: exprs (ALIAS over SP_E_WINDOW); partition and order from their spec */
    SP_P_EXPAND,          /* lists: n projections (grouping sets, sliding windows); generator_output: the output attributes */
    SP_P_SAMPLE,          /* lower, upper bound, seed, with_replacement */
    SP_P_REPARTITION,     /* count, exprs (may be none), shuffle, by range */
    SP_P_COLLECT_METRICS, /* name, exprs (observe) */
    SP_P_SESSION_WINDOW,  /* reserved: rewritten aggregate on session_window */
    SP_P_COMMAND,         /* a resolved command: command (sql/ and doors know which) */
    SP_P_LAST_CORE = SP_P_COMMAND,
    /* ---- unresolved, or sugar the analyzer takes away ---- */
    SP_P_READ,            /* data source by name: format, schema_text, options, paths, is_streaming; or name parts of a table */
    SP_P_TABLE,           /* name parts; is_streaming */
    SP_P_TABLE_FUNCTION,  /* range(...), explode(...) in FROM: name, exprs */
    SP_P_ALIAS,           /* SubqueryAlias: name, qualifier parts, column aliases */
    SP_P_WITH,            /* CTEs: names + children[1..]; children[0] the query */
    SP_P_WITH_COLUMNS, SP_P_RENAME_COLUMNS, SP_P_DROP, SP_P_TO_DF, SP_P_TO_SCHEMA,
    SP_P_NA_FILL, SP_P_NA_DROP, SP_P_NA_REPLACE,
    SP_P_LATERAL_VIEW,    /* children[0]; generator in exprs[0]; name = table alias; column_names; outer */
    SP_P_PIVOT, SP_P_UNPIVOT, SP_P_TRANSPOSE,
    SP_P_GROUPING_SETS,   /* AGGREGATE with grouping_sets/rollup/cube before expansion */
    SP_P_HAVING,
    SP_P_UNION_BY_NAME,
    SP_P_SQL,             /* SQL text with arguments: text; parsed when analyzed */
    SP_P_HINT,
    SP_P_SHOW_STRING, SP_P_HTML_STRING,   /* Dataset.show: one row, one string */
    SP_P_STAT,            /* describe, summary, crosstab, freqItems, approxQuantile, cov, corr, sampleBy: name + exprs + options */
    SP_P_CACHED_REMOTE,   /* relation by id (foreachBatch) */
    SP_P_JOIN_USING,      /* JOIN with column_names or natural */
    SP_P_KIND_COUNT
} sp_plan_kind;

/* What doors put into the unresolved kinds. Fields not named are left zero (ids and plan_id -1); children are in `children`. Expressions are
 * unresolved or resolved. A core kind with output == NULL is unresolved too and carries the same fields as after analysis, with these notes:
 *   PROJECT       exprs: any expressions: SP_E_STAR, generators, SP_E_ALIAS (id -1), SP_E_MULTI_ALIAS, window functions. Names are made up where missing.
 *   AGGREGATE     grouping; exprs = the whole output list (DataFrame doors put the grouping expressions first, as relationalGroupedDataset does).
 *                 all: GROUP BY ALL. Integer literals in grouping are ordinals. SELECT with aggregate functions and no GROUP BY may be a PROJECT too.
 *   SORT          exprs: SP_E_SORT (a bare expression is ascending, nulls first); global: ORDER BY / sort, else SORT BY / sortWithinPartitions. all: ORDER
 *   BY ALL.
 *                 Integer literals are ordinals.
 *   LIMIT, OFFSET, TAIL   count; or condition = the expression, when it is not a plain number (SQL LIMIT 1 + 1)
 *   JOIN          join_type, condition or NULL. outer: LATERAL join (the right child may name columns of the left).
 *   JOIN_USING    join_type; parts = column names, or natural
 *   UNION, INTERSECT, EXCEPT   all: keep duplicates. UNION without all is UNION DISTINCT. UNION_BY_NAME: the same with allow_missing.
 *   DEDUPLICATE   dropDuplicates: exprs = key columns, or none with all = every column (Dataset.distinct and dropDuplicates() too); within_watermark.
 *                 distinct: SQL's SELECT DISTINCT (an Aggregate over all columns, as in Spark).
 *   WATERMARK     exprs[0] the column (or SP_E_ALIAS of an expression); text2 = delay as written
 *   LOCAL         schema and batches (createDataFrame); or VALUES: lists/list_counts/list_count = rows of expressions, new_names = column names or none
 *   (col1..)
 *   RANGE         range_*; count = partitions (0: default)
 *   SAMPLE        lower, upper, seed, all = with replacement
 *   REPARTITION   count (0: default), exprs, shuffle (false: coalesce), by_name = by range
 *   COLLECT_METRICS  name, exprs
 *   ONE_ROW       nothing
 *   READ          name = format (may be empty: the session's default), schema_text or schema, options, parts = paths (with part_count), read_streaming
 *   TABLE         parts, options, read_streaming
 *   TABLE_FUNCTION  name, exprs (SP_E_ALIAS for named arguments); outer: LATERAL
 *   ALIAS         name = the alias, parts = qualifier before it (catalog, database; usually none), new_names = column aliases
 *   WITH          children[0] the query, children[1..] the CTEs, new_names[i] the name of children[i + 1] (an ALIAS child gives column aliases); all: RECURSIVE
 *   WITH_COLUMNS  exprs: SP_E_ALIAS (metadata kept)
 *   RENAME_COLUMNS  parts -> new_names (same count)
 *   DROP          parts = names, exprs = columns
 *   TO_DF         new_names
 *   TO_SCHEMA     schema
 *   NA_FILL       parts = columns (none: all fitting), exprs = literals, one for all or one a column
 *   NA_DROP       parts = columns (none: all); count = least non-null values (0: every one, `any`)
 *   NA_REPLACE    parts = columns; lists[0] = old literals, lists[1] = new literals
 *   LATERAL_VIEW  exprs[0] generator call; name = table alias; new_names = column aliases; outer
 *   PIVOT         grouping (none in SQL's PIVOT: what remains); exprs = aggregates; condition = the pivot column (struct(...) for several); lists[0] =
 *   values (literals,
 *                 SP_E_ALIAS for named ones), list_count 0: all distinct values. is_rollup false; all: SQL's PIVOT (grouping = columns not named elsewhere)
 *   UNPIVOT       exprs = id columns; lists[i] = the i-th set of value columns (one expression each unless several value columns); list_count 0: all but
 *   the ids;
 *                 new_names = [variable column name, value column names...]; lists' items SP_E_ALIAS for names; outer: INCLUDE NULLS; parts unused.
 *                 shuffle: SQL's form, where ids are the columns not named in lists.
 *   GROUPING_SETS grouping = the grouping expressions; exprs = output list; is_rollup or is_cube over `grouping`, else lists = the sets. (SQL's GROUP BY
 *   a, ROLLUP(b, c) is given
 *                 as lists, the product spelled out.)
 *   HAVING        children[0] an AGGREGATE, GROUPING_SETS or PROJECT; condition
 *   SQL           text = name; exprs = positional arguments; parts + lists[0] = named arguments
 *   HINT          name, exprs; ignored but for coalesce, repartition, repartition_by_range, rebalance
 *   SHOW_STRING   count = rows, count2 = truncate, vertical (HTML_STRING alike). Stays in the analyzed plan: one string column show_string (html_string),
 *   one row.
 *   STAT          name: "describe" parts = columns; "summary" parts = statistics; "crosstab" parts = 2 columns; "freqItems" parts, lower = support; "cov",
 *   "corr" parts = 2
 *                 columns; "approxQuantile" parts, lists[0] probabilities, lower = relative error; "sampleBy" exprs[0] column, lists[0] strata, lists[1]
 *                 fractions, seed
 * Time windows are the function calls window(time, duration[, slide[, start]]), session_window(time, gap), window_time(window). */
typedef enum sp_join_type { SP_JOIN_INNER, SP_JOIN_LEFT, SP_JOIN_RIGHT, SP_JOIN_FULL, SP_JOIN_SEMI, SP_JOIN_ANTI, SP_JOIN_CROSS } sp_join_type;

/* An output column of a resolved plan. */
typedef struct sp_attr {
    int64_t id;                   /* Spark's exprId; unique in the process (sp_plan_new_id) */
    sp_str name;
    const sp_type *type;
    bool nullable;
    sp_str metadata;              /* JSON object text or {NULL,0} */
    sp_str *qualifier; int qualifier_count;
    int64_t watermark_delay_us;   /* -1: none */
    bool is_time_window;          /* made by window() or session_window() */
} sp_attr;

/* A data source as the plan sees it. Made by the session's catalog/data-source table when a READ or TABLE is resolved; stream/ and operator/ give it life. */
typedef struct sp_scan {
    const char *format;           /* "json", "socket", "rate", "memory", ... lower case short name */
    const struct sp_source_class *source;   /* streaming: see source/source.h; NULL for batch files */
    const sp_format *file_format; /* file sources: see format/format.h; NULL for others */
    const sp_type *schema;        /* data columns then partition columns */
    int partition_count;          /* how many of the last columns come from k=v folders */
    sp_props *options;            /* as the user gave them, case-insensitive */
    sp_str *paths; int path_count;  /* qualified to local paths, scheme taken off */
    bool is_streaming;
    int64_t *column_ids;          /* attribute ids, one per schema column, in the order of output */
    /* filled by the optimizer */
    int *columns; int column_count;       /* schema indexes really needed, in output order (pruning); NULL: all */
    /* predicates over the source's columns that the scan may apply early (they stay in the Filter too unless exact) */
    struct sp_expr **pushed; int pushed_count;
    void *table;                  /* memory tables and views: the provider's own */
    const struct sp_table_class *table_class;
} sp_scan;

/* What a table in the session's catalog can do besides being scanned (memory sink tables ...). */
typedef struct sp_table_class {
    const char *name;
    /* Snapshot of the rows for a batch scan: batches in arena, which stays valid while the query runs. */
    sp_status (*snapshot)(void *table, sp_arena *a, sp_batch **batches, int *count, sp_error *err);
} sp_table_class;

typedef struct sp_command sp_command;   /* sql/command.h */

typedef struct sp_plan sp_plan;
struct sp_plan {
    sp_plan_kind kind;
    int64_t plan_id;              /* Connect's RelationCommon.plan_id, -1 none */
    sp_plan **children; int child_count;
    sp_attr *output; int output_count;     /* resolved plans */
    bool is_streaming;                     /* resolved plans: a streaming source is below */
    sp_origin origin;
    sp_expr **exprs; int expr_count;
    sp_expr **grouping; int grouping_count;
    sp_expr *condition;
    sp_expr ***lists; int *list_counts; int list_count;   /* EXPAND, GROUPING_SETS, local VALUES */
    sp_attr *generator_output; int generator_output_count;
    sp_str name;                           /* ALIAS, READ format, STAT kind, COLLECT_METRICS name, TABLE_FUNCTION, SQL text ... */
    sp_str *parts; int part_count;         /* TABLE name, ALIAS qualifier, column_names of USING/DROP/TO_DF/RENAME ... */
    sp_str *new_names; int new_name_count; /* RENAME_COLUMNS, ALIAS column aliases */
    sp_join_type join_type;
    bool outer, global, all, within_watermark, by_name, allow_missing, shuffle, natural, is_local_sort, vertical, is_rollup, is_cube, distinct;
    int64_t count;                         /* LIMIT, OFFSET, TAIL, REPARTITION, SHOW_STRING rows */
    int64_t count2;                        /* SHOW_STRING truncate */
    int64_t range_start, range_end, range_step;
    double lower, upper; int64_t seed;
    int64_t delay_us; int32_t delay_months;  /* WATERMARK */
    sp_str text2;                          /* WATERMARK: delay as written */
    sp_scan *scan;                         /* SOURCE */
    sp_batch *batches; int batch_count;    /* LOCAL: columns in output order */
    const sp_type *schema;                 /* READ/LOCAL/TO_SCHEMA: schema when known */
    sp_str schema_text;                    /* READ: DDL or JSON */
    sp_props *options;                     /* READ, HINT, SQL named args... */
    bool read_streaming;                   /* READ, TABLE: is_streaming asked for */
    sp_command *command;
    void *extra;                           /* kinds with more: their own struct, said at their analyzer rule */
};

sp_plan *sp_plan_new(sp_arena *a, sp_plan_kind kind, sp_plan *const *children, int child_count, sp_error *err);
sp_plan *sp_plan_copy(sp_arena *a, const sp_plan *p, sp_error *err);     /* shallow; children array is copied */
int64_t  sp_plan_new_id(void);                                           /* attribute ids; thread-safe */
sp_plan *sp_plan_transform(sp_arena *a, sp_plan *p, sp_plan *(*f)(void *context, sp_plan *p, sp_error *err), void *context, sp_error *err); /* bottom-up */
const char *sp_plan_kind_name(sp_plan_kind kind);                        /* "Project" ... */
const sp_type *sp_plan_schema(sp_arena *a, const sp_plan *resolved, sp_error *err);   /* output as a struct type with metadata */
/* Spark's treeString of a plan ("Project [a#1, ...]\n+- ..."), for explain. */
void sp_plan_string(sp_buf *out, const sp_plan *p);

/* What window() becomes: a CALL of the function named "window", args[0] the time, with this as state; its value is struct<start, end> of the
 * index-th window (0: the latest) that may hold the time. Tumbling windows are computed in a Project, sliding ones by an Expand whose i-th list
 * begins with index i; an operator that wants panes finds the numbers here (sp_plan_time_window). session_window() likewise, with gap_us >= 0. */
typedef struct sp_time_window {
    int64_t window_us, slide_us, start_us;
    int index;
    int64_t gap_us;               /* session_window: constant gap; -1: window() */
} sp_time_window;
const sp_time_window *sp_plan_time_window(const sp_expr *call);          /* NULL: not such a call */

/* ---- what the analyzer asks of the session ---- */
typedef struct sp_catalog {
    void *session;
    /* A temp view, memory table or catalog table by name. *out: a plan (unresolved or resolved), or NULL when there is none. */
    sp_status (*lookup)(void *session, sp_arena *a, const sp_str *parts, int part_count, bool streaming, sp_plan **out, sp_error *err);
    /* A READ node to its scan: format known? schema, paths, options checked. DATA_SOURCE_NOT_FOUND, PATH_NOT_FOUND, schema errors... */
    sp_status (*resolve_read)(void *session, sp_arena *a, const sp_plan *read, sp_scan **out, sp_error *err);
    /* SQL text to an unresolved plan / expression (wired to sql/ by session/, since plan/ may not include sql/). */
    sp_status (*parse_sql)(void *session, sp_arena *a, sp_str text, sp_plan **out, sp_error *err);
    sp_status (*parse_expr)(void *session, sp_arena *a, sp_str text, sp_expr **out, sp_error *err);
    const char *(*conf)(void *session, const char *key);                 /* NULL when unset */
    /* Rows of a resolved batch plan, for analyzer rules that need data (pivot values, transpose): may be NULL. */
    sp_status (*run)(void *session, sp_arena *a, const sp_plan *resolved, sp_batch **batches, int *count, sp_error *err);
} sp_catalog;

typedef struct sp_analyzer {
    sp_arena *arena;
    const sp_expr_conf *conf;
    const sp_catalog *catalog;
} sp_analyzer;

/* Resolves names, stars, functions, types, sugar; checks the plan (CheckAnalysis). Errors as Spark's, with origins. */
sp_status sp_plan_analyze(sp_analyzer *z, const sp_plan *unresolved, sp_plan **out, sp_error *err);
/* UnsupportedOperationChecker. mode as below; batch: refuses streaming sources ("Queries with streaming sources must be executed with writeStream.start()"). */
typedef enum sp_output_mode { SP_APPEND, SP_UPDATE, SP_COMPLETE } sp_output_mode;
sp_status sp_plan_check_streaming(const sp_plan *analyzed, sp_output_mode mode, sp_error *err);
sp_status sp_plan_check_batch(const sp_plan *analyzed, sp_error *err);
/* Constant folding, boolean and filter simplification, filter push-down (through project, generate, join, union, watermark, into scans), column pruning, limit
 * push-down, join condition splitting, distinct/deduplicate and set-operation rewrites, current_timestamp stays until run time (streaming). */
sp_status sp_plan_optimize(sp_analyzer *z, const sp_plan *analyzed, sp_plan **out, sp_error *err);

#endif
