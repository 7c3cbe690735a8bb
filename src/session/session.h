/* session.h -- a Spark session: settings, temp views, memory tables, queries; from an unresolved plan to rows.
 *
 * The doors (connect/, cli/, capi/) own sessions through the sp_runtime. A session may be used by many threads at once; each call takes what it needs under
 * the session's lock and runs without it. Results are pushed to a consumer while the plan runs. */
#ifndef SP_SESSION_H
#define SP_SESSION_H

#include "plan/plan.h"
#include "sql/sql.h"
#include "stream/stream.h"

#define SP_SPARK_VERSION "4.3.0"

/* ---- the process: world, workers, static settings ---- */
typedef struct sp_runtime sp_runtime;
typedef struct sp_runtime_options {
    sp_world *world;
    int workers;                          /* 0: number of cores */
    const sp_props *conf;                 /* --conf settings: defaults of every session */
    void (*print)(void *context, const char *text, size_t n); void *print_context;   /* console sink's text */
} sp_runtime_options;
sp_status sp_runtime_new(const sp_runtime_options *o, sp_runtime **out, sp_error *err);
void sp_runtime_free(sp_runtime *r);      /* after all sessions */
sp_world *sp_runtime_world(sp_runtime *r);

/* ---- configuration keys: one table (session/conf.def) ---- */
typedef struct sp_conf_key {
    const char *key, *type, *default_value, *since, *doc;
    bool is_static, pinned;               /* pinned: written into offsets/N */
} sp_conf_key;
const sp_conf_key *sp_conf_find(const char *key);       /* NULL: not one of ours (still settable, as in Spark) */

typedef struct sp_session sp_session;
sp_status sp_session_new(sp_runtime *r, const char *user, sp_session **out, sp_error *err);
sp_status sp_session_clone(sp_session *s, sp_session **out, sp_error *err);
void sp_session_free(sp_session *s);      /* stops its queries */

const char *sp_session_conf(sp_session *s, const char *key, sp_arena *a);          /* value, default, or NULL */
bool sp_session_conf_is_set(sp_session *s, const char *key);
/* checks type and range; CANNOT_MODIFY_CONFIG / INVALID_CONF_VALUE... */
sp_status sp_session_conf_set(sp_session *s, sp_str key, sp_str value, sp_error *err);
sp_status sp_session_conf_unset(sp_session *s, sp_str key, sp_error *err);
/* All settings with a given prefix (NULL: all that are set), copied into out. */
sp_status sp_session_conf_all(sp_session *s, const char *prefix, sp_props *out, sp_error *err);
/* A consistent snapshot for one plan, in arena. */
sp_status sp_session_expr_conf(sp_session *s, sp_arena *a, const sp_expr_conf **out, sp_error *err);

sp_query_manager *sp_session_queries(sp_session *s);

/* ---- plans ---- */
sp_status sp_session_analyze(sp_session *s, sp_arena *a, const sp_plan *unresolved, sp_plan **out, sp_error *err);
/* Runs a batch plan; consumer as in operator.h. *schema: the result's. Commands inside (SP_P_COMMAND) are executed and give their rows. */
typedef struct sp_result_sink {
    void *context;
    sp_status (*schema)(void *context, const sp_type *schema, sp_error *err);      /* once, first */
    sp_status (*batch)(void *context, const sp_batch *b, sp_error *err);           /* in the result's order, one at a time */
    const _Atomic bool *cancelled;
    /* observe(): the metrics of the run, when it is over; borrowed. NULL: nobody asks. */
    sp_status (*observed)(void *context, const sp_observed *metrics, int count, sp_error *err);
} sp_result_sink;
sp_status sp_session_execute(sp_session *s, sp_arena *a, const sp_plan *unresolved, const sp_result_sink *sink, sp_error *err);
sp_status sp_session_explain(sp_session *s, sp_arena *a, const sp_plan *unresolved, const char *mode, sp_buf *out, sp_error *err);
/* Temp view over a plan: keeps its own copy of nothing: `plan_bytes`-free design: the plan's arena is handed over to the view. The plan must be
 * unresolved-or-analyzed in arena. */
sp_status sp_session_create_view(sp_session *s, sp_arena *owned, const sp_plan *analyzed, sp_str name, bool global, bool replace, sp_error *err);
sp_status sp_session_drop_view(sp_session *s, sp_str name, bool global, bool *existed, sp_error *err);

/* ---- writers ---- */
typedef struct sp_write_spec {
    const sp_plan *input;                 /* unresolved */
    sp_str format, path, table;
    int mode;                             /* 0 append 1 overwrite 2 error 3 ignore */
    sp_props *options;
    const sp_str *partition_columns; int partition_column_count;
} sp_write_spec;
sp_status sp_session_write(sp_session *s, sp_arena *a, const sp_write_spec *w, const _Atomic bool *cancelled, sp_error *err);

/* writeStream.start(): arena holds the plan and is owned by the query when this succeeds. */
typedef struct sp_stream_spec {
    const sp_plan *input;                 /* unresolved */
    sp_str format, path, table, query_name, output_mode;   /* {NULL,0} absent */
    sp_props *options;
    const sp_str *partition_columns; int partition_column_count;
    sp_trigger_kind trigger; sp_str interval;   /* interval text as the client sent it */
} sp_stream_spec;
sp_status sp_session_start_stream(sp_session *s, sp_arena *owned, const sp_stream_spec *w, sp_query **out, sp_error *err);

#endif
