/* session_int.h -- the inside of a session, shared by the files of this folder. */
#ifndef SP_SESSION_INT_H
#define SP_SESSION_INT_H

#include "session/session.h"

struct sp_runtime {
    sp_world *world;
    sp_pool *pool;
    sp_query_ring *queries;     /* of all sessions */
    sp_props conf;
    char zone_id[64];
    char *cwd;
    void (*print)(void *context, const char *text, size_t n); void *print_context;
};

/* A temp view: an unresolved plan with the arena it lives in, or a memory table. Ref-counted: plans that use it keep it. */
typedef struct sp_view_entry {
    _Atomic int refs;
    char *name;
    sp_arena *arena;            /* NULL for a memory table */
    const sp_plan *plan;
    sp_memory_table *table;
} sp_view_entry;

struct sp_session {
    sp_runtime *runtime;
    sp_mutex lock;              /* conf, views */
    char *user;
    sp_props conf;              /* what was set */
    sp_strmap views;            /* lower-case name -> sp_view_entry */
    sp_strmap *global_views;
    char *database;
    sp_query_manager *queries;
};

/* views.c */
sp_view_entry *sp_view_new(sp_str name, sp_error *err);
void sp_view_unref(sp_view_entry *v);
sp_status sp_views_put(sp_session *s, sp_view_entry *v, bool replace, sp_error *err);
sp_status sp_views_lookup(void *session, sp_arena *a, const sp_str *parts, int part_count, bool streaming, sp_plan **out, sp_error *err);
sp_status sp_views_names(sp_session *s, sp_arena *a, sp_str **out, int *count, sp_error *err);   /* sorted */

/* read.c */
sp_status sp_read_resolve(void *session, sp_arena *a, const sp_plan *read, sp_scan **out, sp_error *err);
/* A path or URI as an absolute local path. */
sp_status sp_session_path(sp_session *s, sp_arena *a, sp_str path, sp_str *out, sp_error *err);

/* execute.c */
sp_status sp_session_catalog(sp_session *s, sp_arena *a, sp_catalog *out, sp_error *err);
/* sink: for its `observed`; may be NULL. */
sp_status sp_session_run_resolved(sp_session *s, sp_arena *a, const sp_expr_conf *conf, const sp_plan *analyzed, const sp_consumer *consumer, int *task_count,
                                  const sp_result_sink *sink, sp_error *err);

/* command.c */
sp_status sp_session_command(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err);
/* command_rows.c: tables of strings as results */
typedef struct sp_rows { sp_arena *arena; const sp_type *schema; sp_builder **columns; uint32_t count; } sp_rows;
/* columns: "name", or "name!" for not nullable; all strings unless ":boolean" follows ("isTemporary:boolean!"). */
sp_status sp_rows_new(sp_arena *a, const char *const *columns, sp_rows *out, sp_error *err);
sp_status sp_rows_add(sp_rows *r, const sp_str *cells, sp_error *err);      /* p NULL: null; booleans as "true"/"false" */
sp_status sp_rows_send(sp_rows *r, const sp_result_sink *sink, sp_error *err);

#endif
