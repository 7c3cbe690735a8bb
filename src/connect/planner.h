/* planner.h -- Spark Connect's relations and expressions to unresolved plans (plan.h), and types and literals both ways.
 *
 * Ownership: everything made lives in the planner's arena and borrows texts of the message, which lives in the same arena. Nothing of a
 * message is changed. Threads: one planner is used by one thread.
 * Behaviour: SparkConnectPlanner, DataTypeProtoConverter and LiteralValueProtoConverter (Spark 4.3); a kind that has no meaning here yet is
 * answered with Spark's own CONNECT_INVALID_PLAN condition for unknown kinds. */
#ifndef SP_CONNECT_PLANNER_H
#define SP_CONNECT_PLANNER_H

#include "session/session.h"
#include "spark/connect/base.pb-c.h"

/* Fields that the protocol calls deprecated are what the 4.2 client sends. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

typedef Spark__Connect__Relation pb_relation;
typedef Spark__Connect__Expression pb_expr;
typedef Spark__Connect__Expression__Literal pb_literal;
typedef Spark__Connect__DataType pb_type;

/* Relations that subqueries and SQL text refer to by plan id (WithRelations), innermost first. */
typedef struct sp_planner_refs {
    pb_relation *const *refs;
    size_t count;
    const struct sp_planner_refs *outer;
} sp_planner_refs;

typedef struct sp_planner {
    sp_arena *arena;
    const sp_expr_conf *conf;
    sp_session *session;         /* for catalog relations, which run when they are planned; NULL in tests */
    void *context;               /* handed to the two below */
    /* Bytes of a cached artifact ("cache/<hash>"), as a copy in the arena; false: not there. NULL: no artifacts at all. */
    bool (*artifact)(void *context, const char *hash, sp_arena *a, sp_str *out, sp_error *err);
    /* A relation kept on the server (checkpoint); *out NULL: none of that id. */
    sp_status (*cached)(void *context, const char *id, sp_arena *a, sp_plan **out, sp_error *err);
    const sp_planner_refs *refs;
    int depth;
} sp_planner;

sp_status sp_planner_relation(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err);
sp_status sp_planner_expression(sp_planner *p, const pb_expr *e, sp_expr **out, sp_error *err);
sp_status sp_planner_literal(sp_planner *p, const pb_literal *l, sp_value *out, sp_error *err);
/* A SQL text with its arguments, as Relation.sql and SqlCommand have them. */
sp_status sp_planner_sql(sp_planner *p, const Spark__Connect__SQL *sql, sp_plan **out, sp_error *err);

sp_status sp_proto_to_type(sp_arena *a, const pb_type *t, const sp_type **out, sp_error *err);
/* NULL with err filled: out of memory. */
pb_type *sp_type_to_proto(sp_arena *a, const sp_type *t, sp_error *err);
pb_literal *sp_value_to_proto(sp_arena *a, const sp_value *v, sp_error *err);

#endif
