/* execute.c -- a batch plan from unresolved to rows: analyze, check, optimize, run; and what the analyzer asks of the session meanwhile. */
#include "session/session_int.h"

static sp_status parse_sql(void *session, sp_arena *a, sp_str text, sp_plan **out, sp_error *err)
{
    const sp_expr_conf *conf;
    SP_TRY(sp_session_expr_conf(session, a, &conf, err));
    return sp_sql_parse_statement(a, conf, text, out, err);
}

static sp_status parse_expr(void *session, sp_arena *a, sp_str text, sp_expr **out, sp_error *err)
{
    const sp_expr_conf *conf;
    SP_TRY(sp_session_expr_conf(session, a, &conf, err));
    return sp_sql_parse_expression(a, conf, text, out, err);
}

typedef struct catalog_session { sp_session *session; sp_arena *arena; } catalog_session;

static const char *conf_of(void *session, const char *key)
{
    catalog_session *c = session;
    return sp_session_conf(c->session, key, c->arena);
}

static sp_status catalog_lookup(void *session, sp_arena *a, const sp_str *parts, int count, bool streaming, sp_plan **out, sp_error *err)
{
    return sp_views_lookup(((catalog_session *)session)->session, a, parts, count, streaming, out, err);
}

static sp_status catalog_read(void *session, sp_arena *a, const sp_plan *read, sp_scan **out, sp_error *err)
{
    return sp_read_resolve(((catalog_session *)session)->session, a, read, out, err);
}

static sp_status catalog_sql(void *session, sp_arena *a, sp_str text, sp_plan **out, sp_error *err)
{
    return parse_sql(((catalog_session *)session)->session, a, text, out, err);
}

static sp_status catalog_expr(void *session, sp_arena *a, sp_str text, sp_expr **out, sp_error *err)
{
    return parse_expr(((catalog_session *)session)->session, a, text, out, err);
}

/* ---- rows for rules that need data ---- */

typedef struct rows_kept { sp_collect *rows; } rows_kept;

static sp_status keep(void *context, int task, const sp_batch *b, sp_error *err) { return sp_collect_add(context, task, b, err); }
static void end_collect(void *context) { sp_collect_free(context); }

static sp_status catalog_run(void *session, sp_arena *a, const sp_plan *resolved, sp_batch **batches, int *count, sp_error *err)
{
    catalog_session *c = session;
    const sp_expr_conf *conf;
    sp_collect *rows;
    int tasks;
    SP_TRY(sp_session_expr_conf(c->session, a, &conf, err));
    SP_TRY(sp_collect_new(0, &rows, err));
    if (sp_arena_defer(a, end_collect, rows, err) == SP_FAILED) {
        sp_collect_free(rows);
        return SP_FAILED;
    }
    sp_consumer consumer = { rows, keep, NULL };
    SP_TRY(sp_session_run_resolved(c->session, a, conf, resolved, &consumer, &tasks, NULL, err));
    return sp_collect_batches(rows, a, batches, count, err);
}

sp_status sp_session_catalog(sp_session *s, sp_arena *a, sp_catalog *out, sp_error *err)
{
    catalog_session *c;
    SP_NEW(c, a, sizeof *c, err);
    c->session = s;
    c->arena = a;
    *out = (sp_catalog){ c, catalog_lookup, catalog_read, catalog_sql, catalog_expr, conf_of, catalog_run };
    return SP_OK;
}

sp_status sp_session_analyze(sp_session *s, sp_arena *a, const sp_plan *unresolved, sp_plan **out, sp_error *err)
{
    sp_catalog *catalog;
    const sp_expr_conf *conf;
    SP_NEW(catalog, a, sizeof *catalog, err);
    SP_TRY(sp_session_catalog(s, a, catalog, err));
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    sp_analyzer z = { a, conf, catalog };
    return sp_plan_analyze(&z, unresolved, out, err);
}

/* ---- running ---- */

static sp_status open_plan(sp_session *s, sp_arena *a, const sp_expr_conf *conf, const sp_plan *analyzed, sp_exec **out, sp_error *err)
{
    sp_analyzer z = { a, conf, NULL };
    sp_plan *optimized;
    int64_t partitions = sp_pool_size(s->runtime->pool);
    const char *set = sp_session_conf_is_set(s, "spark.sql.shuffle.partitions") ? sp_session_conf(s, "spark.sql.shuffle.partitions", a) : NULL;
    if (set)
        sp_str_to_i64(sp_str_of(set), &partitions);
    SP_TRY(sp_plan_optimize(&z, analyzed, &optimized, err));
    sp_exec_spec spec = { 0 };
    spec.world = s->runtime->world;
    spec.pool = s->runtime->pool;
    spec.arena = a;
    spec.conf = conf;
    spec.plan = optimized;
    spec.shuffle_partitions = (int)partitions;
    spec.mode = SP_APPEND;
    return sp_exec_open(&spec, out, err);
}

sp_status sp_session_run_resolved(sp_session *s, sp_arena *a, const sp_expr_conf *conf, const sp_plan *analyzed, const sp_consumer *consumer, int *task_count,
                                  const sp_result_sink *sink, sp_error *err)
{
    sp_exec *x = NULL;
    SP_TRY(sp_plan_check_batch(analyzed, err));
    SP_TRY(open_plan(s, a, conf, analyzed, &x, err));
    int scans = sp_exec_scan_count(x);
    const sp_input **inputs = sp_arena_calloc(a, sizeof *inputs * (size_t)(scans + 1), err);
    int64_t *rows = inputs ? sp_arena_calloc(a, sizeof *rows * (size_t)(scans + 1), err) : NULL;
    sp_status status = rows ? SP_OK : SP_FAILED;
    for (int i = 0; i < scans && status == SP_OK; i++) {
        sp_input *in;
        status = sp_scan_input(s->runtime->world, sp_pool_size(s->runtime->pool), sp_exec_scan(x, i), conf, a, &in, err);
        inputs[i] = in;
    }
    if (status == SP_OK) {
        sp_run run = { 0 };
        run.inputs = inputs;
        run.scan_rows = rows;
        run.timestamp_us = sp_now_us(s->runtime->world);
        run.consumer = *consumer;
        status = sp_exec_run(x, &run, err);
        *task_count = run.result_task_count;
    }
    if (status != SP_FAILED && sink && sink->observed) {
        const sp_observed *metrics;
        int count = sp_exec_observed(x, &metrics);
        if (count)
            status = sink->observed(sink->context, metrics, count, err);
    }
    sp_exec_close(x);
    return status == SP_FAILED ? SP_FAILED : SP_OK;
}

/* Dataset.show: the child's first rows, one more than shown, as text. */
static sp_status show(sp_session *s, sp_arena *a, const sp_expr_conf *conf, const sp_plan *p, const sp_result_sink *sink, sp_error *err)
{
    sp_plan *limit = sp_plan_new(a, SP_P_LIMIT, p->children, 1, err);
    sp_collect *rows = NULL;
    sp_buf text = { 0 };
    int tasks, count;
    sp_batch *batches;
    const sp_plan *child = p->children[0];
    if (!limit)
        return SP_FAILED;
    limit->count = p->count + 1;
    limit->output = child->output;
    limit->output_count = child->output_count;
    limit->is_streaming = child->is_streaming;
    SP_TRY(sp_collect_new(0, &rows, err));
    sp_consumer consumer = { rows, keep, (_Atomic bool *)(uintptr_t)sink->cancelled };
    const sp_type *shown = sp_plan_schema(a, child, err);
    sp_status status = shown ? sp_session_run_resolved(s, a, conf, limit, &consumer, &tasks, sink, err) : SP_FAILED;
    SP_TRY_DONE(status);
    SP_TRY_DONE(sp_collect_batches(rows, a, &batches, &count, err));
    SP_TRY_DONE(sp_show_rows(&text, shown, batches, count, (int)p->count, (int)p->count2, p->vertical, conf->zone, err));
    const sp_type *schema = sp_plan_schema(a, p, err);
    sp_value v = sp_value_str((sp_str){ text.data, text.len });
    sp_vec *column = schema ? sp_value_vec(&v, 1, a, err) : NULL;
    if (!column) {
        status = SP_FAILED;
        goto done;
    }
    sp_batch out = { .rows = 1, .sel_count = 1, .column_count = 1, .columns = &column };
    SP_TRY_DONE(sink->schema(sink->context, schema, err));
    SP_TRY_DONE(sink->batch(sink->context, &out, err));
done:
    sp_collect_free(rows);
    sp_buf_done(&text);
    return status;
}

static sp_status run_query(sp_session *s, sp_arena *a, const sp_expr_conf *conf, const sp_plan *analyzed, const sp_result_sink *sink, sp_error *err)
{
    const sp_type *schema = sp_plan_schema(a, analyzed, err);
    sp_collect *rows = NULL;
    sp_batch *batches;
    int count, tasks;
    sp_status status;
    if (!schema)
        return SP_FAILED;
    SP_TRY(sp_plan_check_batch(analyzed, err));
    SP_TRY(sp_collect_new(0, &rows, err));
    sp_consumer consumer = { rows, keep, (_Atomic bool *)(uintptr_t)sink->cancelled };
    SP_TRY_DONE(sink->schema(sink->context, schema, err));
    SP_TRY_DONE(sp_session_run_resolved(s, a, conf, analyzed, &consumer, &tasks, sink, err));
    SP_TRY_DONE(sp_collect_batches(rows, a, &batches, &count, err));
    for (int i = 0; i < count; i++)
        SP_TRY_DONE(sink->batch(sink->context, &batches[i], err));
done:
    sp_collect_free(rows);
    return status;
}

sp_status sp_session_execute(sp_session *s, sp_arena *a, const sp_plan *unresolved, const sp_result_sink *sink, sp_error *err)
{
    sp_plan *analyzed;
    const sp_expr_conf *conf;
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    SP_TRY(sp_session_analyze(s, a, unresolved, &analyzed, err));
    const sp_plan *root = analyzed;
    while (root->kind == SP_P_ALIAS && root->child_count == 1)
        root = root->children[0];
    if (root->kind == SP_P_COMMAND)
        return sp_session_command(s, a, root->command, sink, err);
    if (root->kind == SP_P_SHOW_STRING)
        return show(s, a, conf, root, sink, err);
    return run_query(s, a, conf, analyzed, sink, err);
}

/* ---- explain ---- */

sp_status sp_session_explain(sp_session *s, sp_arena *a, const sp_plan *unresolved, const char *mode, sp_buf *out, sp_error *err)
{
    sp_plan *analyzed, *optimized;
    const sp_expr_conf *conf;
    sp_exec *x = NULL;
    SP_TRY(sp_session_expr_conf(s, a, &conf, err));
    SP_TRY(sp_session_analyze(s, a, unresolved, &analyzed, err));
    sp_analyzer z = { a, conf, NULL };
    SP_TRY(sp_plan_optimize(&z, analyzed, &optimized, err));
    bool extended = strcmp(mode, "extended") == 0, cost = strcmp(mode, "cost") == 0;
    if (extended) {
        sp_buf_puts(out, "== Parsed Logical Plan ==\n");
        sp_plan_string(out, unresolved);
        sp_buf_puts(out, "\n\n== Analyzed Logical Plan ==\n");
        const sp_type *schema = sp_plan_schema(a, analyzed, err);
        for (int i = 0; schema && i < schema->field_count; i++) {
            sp_buf_printf(out, "%s%.*s: ", i ? ", " : "", (int)schema->fields[i].name.n, schema->fields[i].name.p);
            sp_type_simple(out, schema->fields[i].type);
        }
        sp_buf_putc(out, '\n');
        sp_plan_string(out, analyzed);
        sp_buf_puts(out, "\n\n");
    }
    if (extended || cost) {
        sp_buf_puts(out, "== Optimized Logical Plan ==\n");
        sp_plan_string(out, optimized);
        sp_buf_puts(out, "\n\n");
    }
    sp_buf_puts(out, "== Physical Plan ==\n");
    sp_error inner = { 0 };
    bool streams = analyzed->is_streaming;
    if (!streams && open_plan(s, a, conf, analyzed, &x, &inner) == SP_OK) {
        sp_exec_explain(out, x);
        sp_exec_close(x);
    } else {
        sp_plan_string(out, optimized);
    }
    return sp_buf_check(out, err);
}
