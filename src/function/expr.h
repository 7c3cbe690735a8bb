/* expr.h -- the expression tree, from a door's unresolved text to a bound, typed tree (Spark's Expression).
 *
 * One struct for all kinds: kinds up to SP_E_LAST_RESOLVED can be evaluated or have a place in a resolved plan; the others are what doors
 * make and the analyzer replaces. Trees live in the query arena; rewriting makes new nodes (sp_expr_copy) and never changes shared ones. */
#ifndef SP_FUNCTION_EXPR_H
#define SP_FUNCTION_EXPR_H

#include "column/column.h"

struct sp_kernel;
struct sp_agg_kernel;

typedef enum sp_cast_mode { SP_CAST_LEGACY, SP_CAST_ANSI, SP_CAST_TRY } sp_cast_mode;

typedef enum sp_expr_kind {
    SP_E_LITERAL,       /* literal */
    SP_E_COLUMN,        /* an attribute of the child plan: id (Spark's exprId), name, qualifier; ordinal once bound to a batch */
    SP_E_CALL,          /* function, args, state */
    SP_E_CAST,          /* args[0] to type, by cast_mode */
    SP_E_ALIAS,         /* args[0] as name; id is the new attribute's; metadata (may be {NULL,0}) */
    SP_E_AGG,           /* aggregate, args; distinct; filter; only inside an Aggregate (or as a window function) */
    SP_E_FIELD,         /* struct field: args[0], ordinal = field index, name */
    SP_E_SORT,          /* args[0], ascending, nulls_first */
    SP_E_LAMBDA,        /* args[0] body, args[1..] SP_E_LAMBDA_VAR */
    SP_E_LAMBDA_VAR,    /* name; ordinal = variable index */
    SP_E_WINDOW,        /* args[0] function, window */
    SP_E_LAST_RESOLVED = SP_E_WINDOW,
    SP_E_ATTR,          /* unresolved attribute: parts; plan_id (-1 none); metadata_column */
    SP_E_FUNCTION,      /* unresolved call: name (lower case as written kept in `name`), args, distinct, filter, is_internal */
    SP_E_STAR,          /* * or parts.* ; plan_id; except list in args */
    SP_E_REGEX,         /* columns by regular expression: name; plan_id */
    SP_E_EXTRACT,       /* args[0] [ args[1] ]: array element, map value, struct field */
    SP_E_UPDATE_FIELDS, /* args[0] struct, name field path, args[1] value or absent to drop */
    SP_E_EXPR_STRING,   /* name: SQL text of an expression, to be parsed (Connect's ExpressionString) */
    SP_E_SUBQUERY,      /* scalar, exists, in; plan */
    SP_E_MULTI_ALIAS,   /* args[0] as (parts...) for generators */
    SP_E_PARAMETER,     /* :name or ? */
    SP_E_DEFAULT        /* DEFAULT */
} sp_expr_kind;

/* Where in the program the expression stands: for error contexts. All may be absent (kind 0). */
typedef struct sp_origin {
    int kind;                       /* 1: SQL text, 2: DataFrame call */
    sp_str sql;                     /* whole text */
    int start, stop;                /* characters, stop inclusive */
    int line, column;
    sp_str fragment, call_site;     /* DataFrame: function name as the client gives it, "file:line" */
} sp_origin;

struct sp_plan;
struct sp_function;
struct sp_aggregate;
typedef struct sp_window_spec {
    struct sp_expr **partition; int partition_count;
    struct sp_expr **order; int order_count;                /* SP_E_SORT */
    int frame;                                              /* 0 default, 1 rows, 2 range */
    int lower_kind, upper_kind;                             /* 0 unbounded, 1 current row, 2 value */
    struct sp_expr *lower, *upper;
} sp_window_spec;

typedef struct sp_expr sp_expr;
struct sp_expr {
    sp_expr_kind kind;
    const sp_type *type;            /* resolved kinds */
    bool nullable;
    bool foldable;                  /* deterministic and without columns */
    bool distinct, is_internal, ascending, nulls_first, metadata_column;
    uint8_t subquery_kind;          /* 0 scalar, 1 exists, 2 in (args = values) */
    sp_cast_mode cast_mode;
    bool cast_is_implicit;          /* inserted by the analyzer: not shown in names */
    sp_expr **args;
    int arg_count;
    sp_str name;
    sp_str *parts;
    int part_count;
    int64_t plan_id;                /* ATTR, STAR, REGEX: -1 none */
    int64_t id;                     /* COLUMN, ALIAS */
    int ordinal;
    sp_value literal;
    sp_str metadata;                /* ALIAS, COLUMN: JSON object text or {NULL,0} */
    int64_t watermark_delay_us;     /* COLUMN, ALIAS: >= 0 when the attribute carries a watermark, else -1 */
    bool is_time_window;            /* ALIAS, COLUMN: result of window(): spark.timeWindow */
    const struct sp_function *function;
    const struct sp_aggregate *aggregate;
    const struct sp_agg_kernel *agg;
    sp_status (*kernel)(struct sp_kernel *k, sp_error *err);
    void *state;
    sp_expr *filter;                /* AGG: FILTER (WHERE ...) */
    sp_window_spec *window;
    struct sp_plan *plan;           /* SUBQUERY */
    sp_str sql_name;                /* CALL: name as it shows in column names when it differs (prettyName), else {NULL,0} */
    sp_origin origin;
};

/* All return NULL with err filled when out of memory. */
sp_expr *sp_expr_new(sp_arena *a, sp_expr_kind kind, sp_error *err);               /* cleared; ids -1 */
sp_expr *sp_expr_literal(sp_arena *a, const sp_value *v, sp_error *err);
sp_expr *sp_expr_attr(sp_arena *a, sp_str name, sp_error *err);                    /* one-part unresolved attribute */
sp_expr *sp_expr_function(sp_arena *a, const char *name, sp_expr *const *args, int count, sp_error *err);  /* unresolved call */
sp_expr *sp_expr_alias(sp_arena *a, sp_expr *e, sp_str name, int64_t id, sp_error *err);
sp_expr *sp_expr_copy(sp_arena *a, const sp_expr *e, sp_error *err);               /* shallow: args array is copied, not what it points to */
bool sp_expr_eq(const sp_expr *a, const sp_expr *b);                               /* semanticEquals on resolved trees */
bool sp_expr_is_resolved(const sp_expr *e);
bool sp_expr_is_deterministic(const sp_expr *e);
bool sp_expr_has_agg(const sp_expr *e);
/* visit returns false to stop going below a node. */
void sp_expr_walk(const sp_expr *e, bool (*visit)(void *context, const sp_expr *e), void *context);
/* Bottom-up rewrite; f returns the node to put in place (the same one, or a new one), NULL = failed. */
sp_expr *sp_expr_transform(sp_arena *a, sp_expr *e, sp_expr *(*f)(void *context, sp_expr *e, sp_error *err), void *context, sp_error *err);

/* Spark's texts. pretty: toPrettySQL, as auto-generated column names are ("sum(v)", "(a + 1)", "CAST(a AS INT)"), without qualifiers and implicit casts;
 * else Expression.sql with back-quoted/qualified names as errors show ("\"(a + 1)\""). */
void sp_expr_sql(sp_buf *out, const sp_expr *e, bool pretty);
const char *sp_expr_sql_quoted(sp_arena *a, const sp_expr *e);   /* toSQLExpr: "\"...\"" for error parameters; never NULL */
void sp_expr_string(sp_buf *out, const sp_expr *e);              /* toString with #ids, as explain prints */

#endif
