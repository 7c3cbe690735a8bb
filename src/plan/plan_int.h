/* plan_int.h -- what the files of plan/ share: building blocks of analysis and optimization. Nothing here is for other
 * folders. */
#ifndef SP_PLAN_INT_H
#define SP_PLAN_INT_H

#include "plan/plan.h"

enum { SP_PLAN_DEPTH_MAX = 500, SP_EXPR_DEPTH_MAX = 1000 };

/* ---- growable arrays in the arena ---- */
typedef struct sp_exprs { sp_expr **v; int n, cap; } sp_exprs;
sp_status sp_exprs_add(sp_arena *a, sp_exprs *l, sp_expr *e, sp_error *err);
typedef struct sp_attrs { sp_attr *v; int n, cap; } sp_attrs;
sp_status sp_attrs_add(sp_arena *a, sp_attrs *l, const sp_attr *e, sp_error *err);

/* ---- analysis: one run ---- */
typedef struct sp_cte {
    sp_str name;
    const sp_plan *plan;          /* unresolved; analyzed anew at every reference, with new attribute ids */
    const struct sp_cte *scope;   /* CTEs that it may name itself */
    const struct sp_cte *next;
    bool is_rows;                 /* plan is a resolved LOCAL, a step of a recursive CTE */
} sp_cte;

/* AGGREGATE.extra of one over grouping sets: the grouping expressions, and the columns of Expand for them, the id after
 * them. */
typedef struct sp_grouping_info { const sp_exprs *groups, *columns; } sp_grouping_info;

struct sp_scope;
typedef struct sp_ana {
    sp_arena *arena;
    const sp_expr_conf *conf;
    const sp_catalog *catalog;
    const sp_cte *ctes;
    struct sp_scope *outer;       /* of the query around this subquery; NULL at the top */
    int plan_depth, expr_depth;
} sp_ana;

/* What names mean at one place of the plan. */
typedef struct sp_lambda_vars { sp_expr **vars; int count; const struct sp_lambda_vars *next; } sp_lambda_vars;
typedef struct sp_scope {
    sp_ana *z;
    sp_plan *const *inputs; int input_count;   /* resolved plans below: found by plan_id */
    const sp_attr *attrs; int attr_count;      /* their outputs, one after the other */
    sp_exprs *aliases; /* lateral column aliases to the left (resolved SP_E_ALIAS); NULL: none allowed */
    const sp_lambda_vars *lambdas;
    bool in_aggregate_function;
    /* Tried before attrs, for the names of a HAVING or ORDER BY over an aggregate; NULL: none. Leaves *out NULL when it
     * knows nothing. */
    sp_status (*first)(struct sp_scope *s, const sp_expr *attr, sp_expr **out, sp_error *err);
    void *context;
    bool used_outer;
    const sp_exprs *groups; sp_expr *grouping_id;   /* over grouping sets: what grouping() and grouping_id() mean */
    const sp_exprs *group_columns;             /* the columns that stand for groups above the aggregate, or NULL */
    const char *no_star;                       /* stars in arguments are refused, in the name of this */
    struct sp_scope *outer;                    /* of the query around, while a subquery is being resolved */
} sp_scope;

/* plan.c */
sp_expr *sp_attr_column(sp_arena *a, const sp_attr *at, sp_error *err);        /* SP_E_COLUMN of the attribute */
sp_attr sp_expr_attr_of(const sp_expr *named);                                  /* ALIAS or COLUMN as attribute */
sp_status sp_plan_complete(sp_arena *a, sp_plan *p,
                           sp_error *err); /* fills output and is_streaming from the children */
sp_plan *sp_plan_project(sp_arena *a, sp_expr *const *exprs, int count, sp_plan *child, sp_error *err); /* completed */
sp_plan *sp_plan_project_attrs(sp_arena *a, const sp_attr *attrs, int count, sp_plan *child, sp_error *err);
sp_plan *sp_plan_filter(sp_arena *a, sp_expr *condition, sp_plan *child, sp_error *err);
/* Resolved copy of the tree with new attribute ids throughout. */
sp_plan *sp_plan_fresh(sp_arena *a, sp_plan *p, sp_error *err);
/* New node with every top-level expression e replaced by f(e). */
typedef sp_expr *(*sp_expr_map)(void *context, sp_expr *e, sp_error *err);
sp_status sp_plan_map_exprs(sp_arena *a, const sp_plan *p, sp_expr_map f, void *context, sp_plan **out, sp_error *err);
/* Calls visit for every top-level expression. */
void sp_plan_each_expr(const sp_plan *p, void (*visit)(void *context, const sp_expr *e), void *context);
bool sp_attrs_has(const sp_attr *attrs, int count, int64_t id);
const sp_attr *sp_attrs_find(const sp_attr *attrs, int count, int64_t id);
bool sp_expr_refs_within(const sp_expr *e, const sp_attr *attrs, int count);    /* every COLUMN is among attrs */
bool sp_expr_refs_any(const sp_expr *e, const sp_attr *attrs, int count);
bool sp_expr_has_kind(const sp_expr *e, sp_expr_kind kind);
bool sp_expr_is_generator(const sp_expr *e);                                    /* a bound generator call */
/* e with every COLUMN whose id is from[i]'s replaced by to[i] */
sp_expr *sp_expr_substitute(sp_arena *a, sp_expr *e, const int64_t *ids, sp_expr *const *to, int count, sp_error *err);
sp_expr *sp_expr_strip_alias(sp_expr *e);
sp_str sp_metadata_set(sp_arena *a, sp_str metadata, const char *key, const char *value,
                       sp_error *err); /* value NULL removes */
const char *sp_quote_id(sp_arena *a, sp_str name);                              /* toSQLId of one part; never NULL */
const char *sp_quote_parts(sp_arena *a, const sp_str *parts, int count);
const char *sp_cstr(sp_arena *a, sp_str s);                                     /* never NULL */

/* analyze.c */
sp_status sp_ana_plan(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_child(sp_ana *z, const sp_plan *p, int i, sp_plan **out, sp_error *err);
void sp_scope_init(sp_scope *s, sp_ana *z, sp_plan *const *inputs, int input_count, sp_error *err);
void sp_error_at(sp_error *err, const sp_origin *o, sp_arena *a); /* says where, unless that is known already */

/* resolve_name.c */
/* AttributeSeq.resolve: *out NULL when nothing matches. An extracted field comes as ALIAS named as its last part when
 * top is set. */
sp_status sp_resolve_parts(sp_scope *s, const sp_str *parts, int count, const sp_attr *attrs, int attr_count, bool top,
                           const sp_origin *origin, sp_expr **out, sp_error *err);
sp_status sp_resolve_by_plan_id(sp_scope *s, const sp_expr *attr, bool top, sp_expr **out, sp_error *err);
sp_status sp_extract_value(sp_scope *s, sp_expr *base, sp_expr *key, sp_expr **out, sp_error *err);
sp_status sp_fail_unresolved(sp_scope *s, const sp_str *parts, int count, const sp_origin *origin, sp_error *err);
sp_plan *sp_find_plan_id(sp_plan *p, int64_t id);

/* resolve_expr.c */
/* top: the expression stands in a list of named expressions; SP_E_ALIAS and COLUMN may come back. */
sp_status sp_resolve_expr(sp_scope *s, sp_expr *e, bool top, sp_expr **out, sp_error *err);
sp_status sp_resolve_call(sp_scope *s, sp_expr *call, sp_expr **out,
                          sp_error *err); /* SP_E_FUNCTION whose args are resolved */
/* The resolved expression with a name: itself when it has one, else an ALIAS by Spark's rules. */
sp_status sp_name_expr(sp_ana *z, const sp_expr *unresolved, sp_expr *resolved, sp_expr **out, sp_error *err);
sp_status sp_ana_call(sp_ana *z, const char *name, sp_expr *const *args, int count, sp_expr **out,
                      sp_error *err); /* builds and binds */
sp_status sp_ana_cast(sp_ana *z, sp_expr *e, const sp_type *to, sp_expr **out, sp_error *err);     /* implicit cast */
sp_expr *sp_ana_int(sp_ana *z, sp_kind kind, int64_t v, sp_error *err);
sp_expr *sp_ana_string(sp_ana *z, const char *v, sp_error *err);

/* resolve_lambda.c */
bool sp_is_higher_order(const sp_expr *function);
sp_status sp_resolve_higher_order(sp_scope *s, sp_expr *call, sp_expr **out, sp_error *err);

/* resolve_star.c */
/* Expands stars and regexes in a list and resolves everything else; names are given. */
sp_status sp_resolve_list(sp_scope *s, sp_expr *const *exprs, int count, sp_exprs *out, sp_error *err);
sp_status sp_expand_star(sp_scope *s, const sp_expr *star, sp_exprs *out, sp_error *err);

/* resolve_project.c */
/* Output list over a resolved child: time windows, generators, window functions, lateral aliases are taken out. */
sp_status sp_build_project(sp_ana *z, sp_exprs *list, sp_plan *child, int64_t plan_id, const sp_origin *origin,
                           sp_plan **out, sp_error *err);
sp_status sp_ana_project(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_filter(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_filter_resolved(sp_ana *z, const sp_plan *p, sp_plan **out,
                                 sp_error *err); /* p->children[0] is resolved */
sp_status sp_filter_over(sp_ana *z, sp_expr *condition, sp_plan **child, sp_error *err);
sp_status sp_extract_windows(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err);
sp_status sp_make_generate(sp_ana *z, sp_expr *call, const sp_str *names, int name_count, sp_str qualifier, bool outer,
                           sp_plan *child, sp_plan **out, sp_error *err);
sp_status sp_ana_lateral_view(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_aggregate.c */
sp_status sp_ana_aggregate(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_having(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
/* Aggregate over a resolved child from resolved parts; checks it. */
sp_status sp_build_aggregate(sp_ana *z, sp_exprs *grouping, sp_exprs *list, sp_plan *child, const sp_origin *origin,
                             sp_plan **out, sp_error *err);
sp_status sp_resolve_over_aggregate(sp_ana *z, sp_plan *agg, bool output_first, sp_expr *const *exprs, int count,
                                    sp_exprs *out, sp_plan **new_agg, sp_error *err);
/* One expression of GROUP BY: ordinals and aliases of p's list are looked through. */
sp_status sp_resolve_group(sp_scope *s, const sp_plan *p, sp_expr *e, sp_exprs *out, sp_error *err);

/* resolve_grouping.c, resolve_unpivot.c */
sp_status sp_resolve_grouping_call(sp_scope *s, const sp_expr *call, sp_expr **out, sp_error *err);
sp_status sp_ana_grouping_sets(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_pivot(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_unpivot(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_sort.c */
sp_status sp_ana_sort(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
/* Resolves over a plan; names that it does not give are looked for below and added to *child, whose output then has
 * more columns. */
sp_status sp_resolve_with_hidden(sp_ana *z, sp_plan **child, sp_expr *const *exprs, int count, sp_exprs *out,
                                 sp_error *err);

/* resolve_join.c */
sp_status sp_ana_join(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_join_using(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_set_operation(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_union_by_name(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_columns.c */
sp_status sp_ana_with_columns(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_rename(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_drop(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_to_df(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_to_schema(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_na_fill(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_na_drop(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_na_replace(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_relation.c */
sp_status sp_ana_read(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_table(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_source(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_local(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_range(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_alias(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_recursive(sp_ana *z, sp_str name, const sp_plan *body, sp_plan **out, sp_error *err); /* recursion.c */
bool sp_is_recursive(sp_str name, const sp_plan *body);
sp_status sp_ana_with(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_sql(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_table_function(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_unary.c: limits, deduplicate, watermark, sample, repartition ... */
sp_status sp_ana_unary(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_deduplicate(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_watermark(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_hint(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);
sp_status sp_ana_show(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* resolve_stat.c */
sp_status sp_ana_stat(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

/* time_window.c */
bool sp_is_time_window_name(sp_str name);
/* Makes of a resolved call of window, session_window or window_time a marker (SP_E_CALL without function) that
 * sp_take_time_windows takes away. */
sp_status sp_resolve_time_window(sp_scope *s, sp_expr *call, sp_expr **out, sp_error *err);
/* Replaces the markers in the lists by columns that a new plan over *child computes. taken (may be NULL) gets marker,
 * column, marker, column ... for sp_reuse_time_windows to put the same columns into a list that is resolved later. */
sp_status sp_take_time_windows(sp_ana *z, sp_exprs *const *lists, int list_count, sp_plan **child, sp_exprs *taken,
                               sp_error *err);
sp_status sp_reuse_time_windows(sp_ana *z, const sp_exprs *taken, sp_exprs *list, sp_error *err);
bool sp_is_window_marker(const sp_expr *e);

/* subquery.c */
sp_status sp_decorrelate_lateral(sp_ana *z, sp_plan *join, sp_plan **out, sp_error *err);
/* resolve_window.c: the frame of w (SP_E_WINDOW with a spec of its own, all resolved) made explicit where the function has one, and checked. */
sp_status sp_resolve_window_frame(sp_ana *z, sp_expr *w, sp_error *err);
sp_status sp_resolve_subquery(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err);
/* EXISTS and IN among a filter's conjuncts become semi and anti joins over *child and leave the list. */
sp_status sp_take_predicates(sp_ana *z, sp_exprs *conjuncts, sp_plan **child, sp_error *err);
/* Every other subquery in the list becomes a column of a join over *child. */
sp_status sp_take_subqueries(sp_ana *z, sp_exprs *list, sp_plan **child, sp_error *err);

/* check_plan.c */
sp_status sp_check_plan(sp_ana *z, const sp_plan *p, sp_error *err);

/* optimize_*.c: one rule each, over a whole plan; returns the same pointer when nothing changed, NULL when it failed */
typedef struct sp_optimizer { sp_arena *arena; const sp_expr_conf *conf; } sp_optimizer;
sp_plan *sp_rule_simplify(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_push_filters(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_push_into_scans(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_prune_columns(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_collapse_projects(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_rewrite_sets(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_plan *sp_rule_push_limits(sp_optimizer *o, sp_plan *p, sp_error *err);
sp_status sp_split_and(sp_arena *a, sp_expr *e, sp_exprs *out, sp_error *err);
sp_expr *sp_join_and(sp_optimizer *o, sp_expr *const *v, int n, sp_error *err);   /* NULL, err clean, when n is 0 */
bool sp_is_call(const sp_expr *e, const char *function);

#endif
