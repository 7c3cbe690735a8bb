/* query.h -- a session in a world, streaming queries by SQL text over a folder of text files ("lines"), and their results as text. */
#ifndef SPATE_TESTS_STREAM_QUERY_H
#define SPATE_TESTS_STREAM_QUERY_H

#include "session/session.h"
#include "test.h"
#include <stdio.h>

typedef struct machine {
    sp_world *w;
    sp_arena *a;                /* of the test */
    sp_runtime *runtime;
    sp_session *session;
    const char *root;           /* folder of in/, ck/, out/ */
    sp_error err;
} machine;

static inline void machine_end(machine *m)
{
    sp_session_free(m->session);
    sp_runtime_free(m->runtime);
    m->session = NULL;
    m->runtime = NULL;
    sp_arena_free(m->a);
    m->a = NULL;
    if (m->w && sp_world_is_simulated(m->w))
        sp_world_sim_free(m->w);
}

/* A new process over the same disk. */
static inline void machine_boot(machine *m)
{
    sp_runtime_options o = { .world = m->w, .workers = 2 };
    sp_session_free(m->session);
    sp_runtime_free(m->runtime);
    m->session = NULL;
    m->runtime = NULL;
    sp_error_reset(&m->err);
    REQUIRE(sp_runtime_new(&o, &m->runtime, &m->err) == SP_OK);
    REQUIRE(sp_session_new(m->runtime, "test", &m->session, &m->err) == SP_OK);
}

static inline void machine_begin(machine *m, sp_world *w, const char *root)
{
    *m = (machine){ .w = w, .root = root, .a = sp_arena_new("test", 0) };
    DEFER(machine_end, m);
    REQUIRE(m->w && m->a);
    machine_boot(m);
    REQUIRE(sp_dir_make(w, sp_arena_printf(m->a, &m->err, "%s/in", root), &m->err) == SP_OK);
}

static inline const char *path_of(machine *m, const char *name) { return sp_arena_printf(m->a, NULL, "%s/%s", m->root, name); }

static inline void conf_put(machine *m, const char *key, const char *value)
{
    REQUIRE(sp_session_conf_set(m->session, sp_str_of(key), sp_str_of(value), &m->err) == SP_OK);
}

static inline void put_lines(machine *m, const char *name, const char *text)
{
    const char *path = sp_arena_printf(m->a, NULL, "%s/in/%s", m->root, name);
    if (sp_world_is_simulated(m->w))
        sp_world_sim_advance_us(m->w, 5000);
    REQUIRE(sp_file_write_atomic(m->w, path, sp_str_of(text), true, SP_DURABLE_RENAME, NULL, &m->err) == SP_OK);
}

/* A streaming view over root/in: format, schema (or NULL), options "k=v|k=v". */
static inline void stream_view(machine *m, const char *name, const char *format, const char *schema, const char *options)
{
    sp_arena *a = sp_arena_new("view", 0);
    REQUIRE(a);
    sp_plan *read = sp_plan_new(a, SP_P_READ, NULL, 0, &m->err);
    read->name = sp_str_of(format);
    read->parts = sp_arena_calloc(a, sizeof *read->parts, NULL);
    read->parts[0] = sp_str_of(sp_arena_printf(a, NULL, "%s/in", m->root));
    read->part_count = 1;
    read->read_streaming = true;
    if (schema)
        read->schema_text = sp_str_of(schema);
    read->options = sp_arena_calloc(a, sizeof *read->options, NULL);
    read->options->map.fold_case = true;
    sp_arena_defer(a, (void (*)(void *))sp_props_done, read->options, NULL);
    for (const char *p = options; p && *p;) {
        size_t key = strcspn(p, "="), value = strcspn(p + key + 1, "|");
        sp_props_put(read->options, (sp_str){ p, key }, (sp_str){ p + key + 1, value }, NULL);
        p += key + 1 + value + (p[key + 1 + value] == '|');
    }
    REQUIRE(sp_session_create_view(m->session, a, read, sp_str_of(name), false, true, &m->err) == SP_OK);
}

/* NULL when it was refused: m->err says why. trigger: interval text or NULL. */
static inline sp_query *start_sql(machine *m, const char *sql, const char *format, const char *mode, const char *name, sp_trigger_kind trigger)
{
    sp_arena *a = sp_arena_new("query", 0);
    const sp_expr_conf *conf;
    sp_plan *plan = NULL;
    sp_query *q = NULL;
    sp_props *options = sp_arena_calloc(a, sizeof *options, NULL);
    options->map.fold_case = true;
    sp_error_reset(&m->err);
    sp_arena_defer(a, (void (*)(void *))sp_props_done, options, NULL);
    sp_status status = sp_session_expr_conf(m->session, a, &conf, &m->err);
    if (status == SP_OK)
        status = sp_sql_parse_statement(a, conf, sp_str_of(sp_arena_strdup(a, sql, NULL)), &plan, &m->err);
    sp_props_put(options, SP_LIT("checkpointLocation"), sp_str_of(path_of(m, name ? name : "ck")), NULL);
    sp_stream_spec s = { .input = plan, .format = sp_str_of(format), .output_mode = sp_str_of(mode), .query_name = sp_str_of(name), .options = options,
                         .trigger = trigger };
    if (strcmp(format, "memory") != 0 && strcmp(format, "noop") != 0)
        s.path = sp_str_of(path_of(m, "out"));
    if (status == SP_OK)
        status = sp_session_start_stream(m->session, a, &s, &q, &m->err);
    if (status == SP_FAILED)
        sp_arena_free(a);
    return status == SP_FAILED ? NULL : q;
}

/* Steps until nothing is left to do; how many batches ran, -1 when it failed. */
static inline int step_all(machine *m, sp_query *q)
{
    int n = 0;
    for (;; n++) {
        sp_status status = sp_query_step(q, &m->err);
        if (status != SP_MORE)
            return status == SP_DONE ? n : -1;
    }
}

static inline void stop_query(sp_query *q)
{
    sp_query_stop(q, NULL);
    sp_query_unref(q);
}

/* ---- results ---- */

typedef struct rows_text { char text[8000]; } rows_text;

static inline sp_status rows_schema(void *context, const sp_type *schema, sp_error *err) { return SP_OK; }

static inline sp_status rows_take(void *context, const sp_batch *b, sp_error *err)
{
    rows_text *r = context;
    for (uint32_t i = 0; i < b->sel_count; i++) {
        sp_buf text = { 0 };
        for (int c = 0; c < b->column_count; c++) {
            if (c)
                sp_buf_putc(&text, ' ');
            sp_vec_text(&text, b->columns[c], SP_BATCH_ROW(b, i), true, sp_zone_utc(), err);
        }
        if (strlen(r->text) + text.len + 2 < sizeof r->text)
            strcat(strcat(r->text, *r->text ? "|" : ""), sp_buf_cstr(&text));
        sp_buf_done(&text);
    }
    return SP_OK;
}

/* Rows of a statement as "a 1|b 2"; "! message" when it fails. */
static inline const char *sql_rows(machine *m, const char *sql)
{
    rows_text *r = sp_arena_calloc(m->a, sizeof *r, NULL);
    sp_arena *a = sp_arena_new("sql", 0);
    const sp_expr_conf *conf;
    sp_plan *plan;
    sp_result_sink sink = { .context = r, .schema = rows_schema, .batch = rows_take };
    REQUIRE(a && r);
    sp_error_reset(&m->err);
    sp_status status = sp_session_expr_conf(m->session, a, &conf, &m->err);
    if (status == SP_OK)
        status = sp_sql_parse_statement(a, conf, sp_str_of(sp_arena_strdup(a, sql, NULL)), &plan, &m->err);
    if (status == SP_OK)
        status = sp_session_execute(m->session, a, plan, &sink, &m->err);
    if (status == SP_FAILED) {
        sp_buf message = { 0 };
        sp_error_message(&m->err, &message);
        snprintf(r->text, sizeof r->text, "! %s", sp_buf_cstr(&message));
        sp_buf_done(&message);
    }
    sp_arena_free(a);
    return r->text;
}

static inline const char *file_text(machine *m, const char *name)
{
    sp_str text;
    bool exists;
    REQUIRE(sp_file_read_all(m->w, path_of(m, name), m->a, &text, &exists, &m->err) == SP_OK);
    return exists ? text.p : NULL;
}

static inline const sp_json *progress_of(machine *m, sp_query *q)
{
    sp_str text;
    sp_json *j = NULL;
    REQUIRE(sp_query_last_progress(q, m->a, &text, &m->err) == SP_OK);
    if (!text.p)
        return NULL;
    REQUIRE(sp_json_parse(m->a, text, &j, &m->err) == SP_OK);
    return j;
}

#endif
