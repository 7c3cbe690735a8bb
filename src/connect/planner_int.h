/* planner_int.h -- what the files of the planner share. */
#ifndef SP_CONNECT_PLANNER_INT_H
#define SP_CONNECT_PLANNER_INT_H

#include "connect/planner.h"

/* Of a message's string field, which is NULL when it was not sent. */
static inline sp_str pb_str(const char *s) { return s ? sp_str_of(s) : (sp_str){ "", 0 }; }
static inline bool pb_has(const char *s) { return s && *s; }

sp_status sp_planner_exprs(sp_planner *p, size_t n, pb_expr *const *from, sp_expr ***out, int *count, sp_error *err);
sp_status sp_planner_strings(sp_planner *p, size_t n, char *const *from, sp_str **out, int *count, sp_error *err);
sp_status sp_planner_literal_expr(sp_planner *p, const pb_literal *l, sp_expr **out, sp_error *err);
sp_status sp_planner_sort_order(sp_planner *p, const Spark__Connect__Expression__SortOrder *s, sp_expr **out, sp_error *err);
sp_status sp_planner_alias(sp_planner *p, const Spark__Connect__Expression__Alias *a, sp_expr **out, sp_error *err);
/* UnresolvedAttribute.parseAttributeName: "a.`b.c`" -> a, b.c */
sp_status sp_planner_attribute_parts(sp_arena *a, sp_str name, sp_str **parts, int *count, sp_error *err);
/* An unresolved attribute of one part, whatever characters are in it. */
sp_expr *sp_planner_column(sp_planner *p, sp_str name, sp_error *err);
void sp_planner_origin(const Spark__Connect__Origin *from, sp_origin *out);
/* Relation input is required; NULL gives INVALID_ONE_OF_FIELD_NOT_SET. Makes a node of one child. */
sp_status sp_planner_unary(sp_planner *p, sp_plan_kind kind, const pb_relation *input, sp_plan **out, sp_error *err);
sp_status sp_planner_not_supported(sp_error *err, const char *full_name, const char *name, int number);
sp_status sp_planner_python(sp_error *err, const char *what, const char *name);

/* Properties that end with the arena (case-insensitive keys): *out NULL when there are none. */
typedef struct sp_planner_pair { const char *key, *value; } sp_planner_pair;
sp_status sp_planner_options(sp_arena *a, size_t n, const sp_planner_pair *pairs, sp_props **out, sp_error *err);
/* The same from the entries of any of the protocol's string maps, which all are struct { base, key, value }. */
#define SP_PLANNER_OPTIONS(a, n, entries, out, err) \
    __extension__({ \
        sp_planner_pair *pairs_ = sp_arena_calloc((a), sizeof *pairs_ * ((n) + 1), (err)); \
        for (size_t i_ = 0; pairs_ && i_ < (n); i_++) \
            pairs_[i_] = (sp_planner_pair){ (entries)[i_]->key, (entries)[i_]->value }; \
        pairs_ ? sp_planner_options((a), (n), pairs_, (out), (err)) : SP_FAILED; \
    })

/* planner_sugar.c, planner_stat.c, planner_local.c, planner_catalog.c */
sp_status sp_planner_sugar(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err);
sp_status sp_planner_stat(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err);
sp_status sp_planner_local(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err);
sp_status sp_planner_catalog(sp_planner *p, const Spark__Connect__Catalog *c, sp_plan **out, sp_error *err);

#endif
