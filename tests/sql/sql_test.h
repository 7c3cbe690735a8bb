/* sql_test.h -- rows of text and expected tree (or message), and how they are checked. */
#ifndef SPATE_TESTS_SQL_TEST_H
#define SPATE_TESTS_SQL_TEST_H

#include "lib/test.h"
#include "sql/sql.h"

typedef struct sql_row { const char *text, *want; } sql_row;

/* The tree of a text, or the message of its error; false when memory was out. */
static inline bool sql_answer(const char *text, bool expression, sp_buf *out)
{
    sp_arena *a = sp_arena_new("query", 0);
    if (!a) return false;
    sp_error err = { .arena = a };
    sp_expr_conf conf = { .ansi = true, .zone = sp_zone_utc() };
    sp_expr *e;
    sp_plan *plan;
    sp_str s = sp_str_of(text);
    sp_status status = expression ? sp_sql_parse_expression(a, &conf, s, &e, &err)
        : sp_sql_parse_statement(a, &conf, s, &plan, &err);
    if (status == SP_FAILED) sp_error_message(&err, out);
    else if (expression) sp_sql_dump_expr(out, e);
    else sp_sql_dump_plan(out, plan);
    sp_arena_free(a);
    return true;
}

static inline void check_rows(const sql_row *rows, bool expression)
{
    for (; rows->text; rows++) {
        sp_buf out = { 0 };
        sql_answer(rows->text, expression, &out);
        test_check_str(sp_buf_cstr(&out), rows->want, rows->text, __FILE__, __LINE__);
        sp_buf_done(&out);
    }
}

/* With failing allocations: the right tree, or an error, and nothing lost. */
static inline void check_rows_with_failures(const sql_row *rows, bool expression)
{
    for (; rows->text; rows++) {
        sp_buf out = { 0 };
        sql_answer(rows->text, expression, &out);
        if (!test_allocation_failed()) test_check_str(sp_buf_cstr(&out), rows->want, rows->text, __FILE__, __LINE__);
        sp_buf_done(&out);
        if (test_allocation_failed()) return;
    }
}

#endif
