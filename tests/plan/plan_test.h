/* plan_test.h -- plans from SQL text over a catalog of three made-up tables, and their trees without ids for comparing.
 *   s: a stream (k STRING, v INT, t TIMESTAMP)   lines: a stream (value STRING)   b: batch (k STRING, v INT, x DOUBLE,
 * n STRUCT<a INT, b: STRUCT<c STRING>>, xs ARRAY<STRING>, m MAP<STRING, INT>)   c: batch (k STRING, w BIGINT) */
#ifndef SPATE_TESTS_PLAN_TEST_H
#define SPATE_TESTS_PLAN_TEST_H

#include "plan/plan.h"
#include "sql/sql.h"
#include "test.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct table { const char *name, *schema; bool streaming; } table;
static const table tables[] = {
    { "s", "k STRING, v INT, t TIMESTAMP", true },
    { "s2", "k STRING, w INT, u TIMESTAMP", true },
    { "lines", "value STRING", true },
    { "b", "k STRING, v INT, x DOUBLE, n STRUCT<a: INT, b: STRUCT<c: STRING>>, xs ARRAY<STRING>, m MAP<STRING, INT>",
      false },
    { "c", "k STRING, w BIGINT", false },
};

static sp_arena *arena;
static sp_expr_conf conf;

static inline sp_status fake_lookup(void *session, sp_arena *a, const sp_str *parts, int n, bool streaming,
                                    sp_plan **out, sp_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (n != 1 || !sp_str_is(parts[0], tables[i].name))
            continue;
        sp_scan *scan;
        SP_NEW(scan, a, sizeof *scan, err);
        scan->format = tables[i].streaming ? "rate" : "parquet";
        scan->is_streaming = tables[i].streaming;
        SP_TRY(sp_type_schema_from_ddl(a, sp_str_of(tables[i].schema), &scan->schema, err));
        if (!(*out = sp_plan_new(a, SP_P_SOURCE, NULL, 0, err)))
            return SP_FAILED;
        (*out)->scan = scan;
    }
    return SP_OK;
}

static inline sp_status fake_parse_sql(void *session, sp_arena *a, sp_str text, sp_plan **out, sp_error *err)
{
    return sp_sql_parse_statement(a, &conf, text, out, err);
}

static inline sp_status fake_parse_expr(void *session, sp_arena *a, sp_str text, sp_expr **out, sp_error *err)
{
    return sp_sql_parse_expression(a, &conf, text, out, err);
}

static const sp_catalog catalog = { .lookup = fake_lookup, .parse_sql = fake_parse_sql, .parse_expr = fake_parse_expr };

static inline void free_arena(void *a)
{
    sp_arena_free(a);
}

static inline sp_analyzer start(void)
{
    arena = sp_arena_new("query", 0);
    REQUIRE(arena != NULL);
    test_defer(free_arena, arena);
    conf = (sp_expr_conf){
        .ansi = true, .zone = sp_zone_utc(), .user = "me", .catalog = "spark_catalog", .database = "default"
    };
    return (sp_analyzer){ arena, &conf, &catalog };
}

/* The tree with "#12" and "L" after it taken out. */
static inline const char *tree(const sp_plan *p)
{
    sp_buf b = { 0 };
    sp_plan_string(&b, p);
    char *out = malloc(b.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] != '#') {
            out[n++] = b.data[i];
            continue;
        }
        while (i + 1 < b.len && isdigit((unsigned char)b.data[i + 1]))
            i++;
        if (i + 1 < b.len && b.data[i + 1] == 'L')
            i++;
    }
    out[n] = '\0';
    sp_buf_done(&b);
    DEFER(free, out);
    return out;
}

static inline const char *message(const sp_error *err)
{
    sp_buf b = { 0 };
    sp_error_message(err, &b);
    char *out = strdup(sp_buf_cstr(&b));
    sp_buf_done(&b);
    DEFER(free, out);
    return out;
}

static inline sp_status analyze(sp_analyzer *z, const char *sql, sp_plan **out, sp_error *err)
{
    sp_plan *p;
    SP_TRY(sp_sql_parse_statement(arena, &conf, sp_str_of(sql), &p, err));
    return sp_plan_analyze(z, p, out, err);
}

/* Analyzes and gives the tree, or the message of what went wrong. */
static inline const char *analyzed(const char *sql)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL;
    return analyze(&z, sql, &p, &err) == SP_OK ? tree(p) : message(&err);
}

static inline const char *optimized(const char *sql)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL;
    if (analyze(&z, sql, &p, &err) != SP_OK || sp_plan_optimize(&z, p, &p, &err) != SP_OK)
        return message(&err);
    return tree(p);
}

/* Result columns: "k:string v:int not null ...". */
static inline const char *columns(const char *sql)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL;
    if (analyze(&z, sql, &p, &err) != SP_OK)
        return message(&err);
    sp_buf b = { 0 };
    for (int i = 0; i < p->output_count; i++) {
        sp_buf_printf(&b, "%s%.*s:", i ? ", " : "", (int)p->output[i].name.n, p->output[i].name.p);
        sp_type_simple(&b, p->output[i].type);
        sp_buf_puts(&b, p->output[i].nullable ? "" : "!");
    }
    char *out = strdup(sp_buf_cstr(&b));
    sp_buf_done(&b);
    DEFER(free, out);
    return out;
}

#endif
