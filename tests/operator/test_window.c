/* Window functions from SQL text to rows: ranking, offsets, frames, names of result columns, and what is refused.
 * LINK: session */
#include "session/session.h"
#include "test.h"

#include <stdio.h>

typedef struct answer { sp_buf text; const sp_type *schema; bool names; } answer;

static sp_status on_schema(void *context, const sp_type *t, sp_error *err)
{
    answer *a = context;
    a->schema = t;
    for (int i = 0; i < t->field_count && a->names; i++)
        sp_buf_printf(&a->text, "%s%.*s", i ? " | " : "", (int)t->fields[i].name.n, t->fields[i].name.p);
    return SP_OK;
}

static sp_status on_batch(void *context, const sp_batch *b, sp_error *err)
{
    answer *a = context;
    for (uint32_t i = 0; i < (b->sel ? b->sel_count : b->rows) && !a->names; i++) {
        if (a->text.len)
            sp_buf_puts(&a->text, " | ");
        for (int c = 0; c < b->column_count; c++) {
            sp_buf_puts(&a->text, c ? " " : "");
            SP_TRY(sp_vec_text(&a->text, b->columns[c], SP_BATCH_ROW(b, i), true, sp_zone_utc(), err));
        }
    }
    return SP_OK;
}

static sp_runtime *runtime;
static sp_session *session;
static void end_session(void *unused)
{
    sp_session_free(session);
    sp_runtime_free(runtime);
}

static void begin(void)
{
    sp_error err = { 0 };
    sp_runtime_options o = { .world = sp_world_real() };
    REQUIRE(sp_runtime_new(&o, &runtime, &err) == SP_OK);
    REQUIRE(sp_session_new(runtime, "tester", &session, &err) == SP_OK);
    test_defer(end_session, NULL);
}

/* Rows as text, or the names of the columns; a condition's name when it fails. */
static void ask(const char *sql, bool names, const char *want, const char *file, int line)
{
    sp_arena *arena = sp_arena_new("query", 0);
    sp_error err = { .arena = arena };
    answer a = { .names = names };
    sp_result_sink sink = { .context = &a, .schema = on_schema, .batch = on_batch };
    const sp_expr_conf *conf;
    sp_plan *p;
    if (sp_session_expr_conf(session, arena, &conf, &err) == SP_FAILED ||
        sp_sql_parse_statement(arena, conf, sp_str_of(sql), &p, &err) == SP_FAILED ||
        sp_session_execute(session, arena, p, &sink, &err) == SP_FAILED) {
        sp_buf_clear(&a.text);
        sp_buf_puts(&a.text, err.condition ? sp_condition_info(err.condition)->name : err.plain ? err.plain : "?");
    }
    test_check_str(sp_buf_cstr(&a.text), want, sql, file, line);
    sp_buf_done(&a.text);
    sp_arena_free(arena);
}
#define ROWS_OF(sql, want) ask(sql, false, want, __FILE__, __LINE__)
#define NAMES_OF(sql, want) ask(sql, true, want, __FILE__, __LINE__)
#define AB " from values ('A1', 2), ('A1', 1), ('A2', 3), ('A1', 1) t(a, b)"
#define OVER_AB " over (partition by a order by b)"

TEST(ranking)
{
    begin();
    ROWS_OF("select a, b, row_number()" OVER_AB ", rank()" OVER_AB ", dense_rank()" OVER_AB AB,
            "A1 1 1 1 1 | A1 1 2 1 1 | A1 2 3 3 2 | A2 3 1 1 1");
    ROWS_OF("select percent_rank()" OVER_AB ", cume_dist()" OVER_AB ", ntile(2)" OVER_AB ", ntile()" OVER_AB AB,
            "0.0 0.6666666666666666 1 1 | 0.0 0.6666666666666666 1 1 | 1.0 1.0 2 1 | 0.0 1.0 1 1");
    ROWS_OF("select b, rank() over (order by b desc) from values (1), (null), (3) t(b)", "3 1 | 1 2 | NULL 3");
    ROWS_OF("select sum(rank() over (order by b)) from values (1), (1) t(b)", "_LEGACY_ERROR_TEMP_1031");
}

TEST(offsets)
{
    begin();
    ROWS_OF("select lag(b)" OVER_AB ", lead(b, 1, -1)" OVER_AB ", nth_value(b, 2)" OVER_AB AB,
            "NULL 1 1 | 1 2 1 | 1 -1 1 | NULL -1 NULL");
#define NULLS " from values (1, null), (2, 'x'), (3, null), (4, null), (5, 'y'), (6, null), (7, 'z') t(i, x)"
    ROWS_OF("select lag(x) ignore nulls over (order by i), lead(x) ignore nulls over (order by i)" NULLS,
            "NULL x | NULL y | x y | x y | x z | y z | y NULL");
    ROWS_OF("select lead(x, 2) ignore nulls over (order by i), lead(x, 2) over (order by i)" NULLS,
            "y NULL | z NULL | z y | z NULL | NULL z | NULL NULL | NULL NULL");
    ROWS_OF("select nth_value(x, 2) ignore nulls over (order by i rows between 3 preceding and current row)" NULLS,
            "NULL | NULL | NULL | NULL | y | NULL | z");
    ROWS_OF("select lag(x, 0) over (order by i), lead(x, -1, 'none') over (order by i)" NULLS,
            "NULL none | x NULL | NULL x | NULL NULL | y NULL | NULL y | z NULL");
}

TEST(frames)
{
    begin();
#define B " from values (1), (2), (4), (5), (5) t(b)"
    ROWS_OF("select sum(b) over (order by b), sum(b) over (order by b rows unbounded preceding), sum(b) over ()" B,
            "1 1 17 | 3 3 17 | 7 7 17 | 17 12 17 | 17 17 17");
    ROWS_OF("select sum(b) over (order by b range between 2 preceding and current row), "
            "first(b) over (order by b rows between unbounded preceding and 1 preceding), "
            "collect_list(b) over (order by b rows 1 preceding)" B,
            "1 NULL [1] | 3 1 [1, 2] | 6 1 [2, 4] | 14 1 [4, 5] | 14 1 [5, 5]");
    ROWS_OF("select max(b) over (order by b desc range between 1 preceding and 1 following), "
            "count(b) filter (where b > 1) over (order by b desc)" B,
            "5 2 | 5 2 | 5 3 | 2 4 | 2 4");
    ROWS_OF("select sum(b) over (order by b rows between 1 following and 2 following)" B, "6 | 9 | 10 | 5 | NULL");
    ROWS_OF("select count(*) over (order by t range between 0.5 preceding and 1 following) "
            "from values (1.25), (1.5), (1.75), (null), (3) x(t)", "1 | 3 | 3 | 3 | 1");
    ROWS_OF("select sum(t) over (order by t range between 1 preceding and current row) "
            "from values (1.5D), (2D), (cast('NaN' as double)) x(t)", "1.5 | 3.5 | NaN");
}

TEST(frames_in_time)
{
    begin();
    ROWS_OF("select count(*) over (order by t range between interval 1 hour preceding and current row) from values "
            "(timestamp'2024-01-01 00:00:00'), (timestamp'2024-01-01 00:30:00'), (timestamp'2024-01-01 01:15:00') x(t)",
            "1 | 2 | 2");
#define DAYS " from values (date'2024-01-31'), (date'2024-02-29'), (date'2024-03-30') x(t)"
    ROWS_OF("select count(*) over (order by t range between interval 1 month preceding and current row)" DAYS,
        "1 | 2 | 2");
    ROWS_OF("select count(*) over (order by t desc range between 1 preceding and 30 following)" DAYS, "2 | 2 | 1");
    ROWS_OF("select count(*) over (order by t range between interval 29 days preceding and current row)" DAYS,
        "1 | 2 | 1");
}

TEST(names)
{
    begin();
    NAMES_OF("select rank()" OVER_AB ", lag(b)" OVER_AB ", lead(b, 2, 0)" OVER_AB AB,
             "RANK() OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) "
                 "| "
             "lag(b, 1, NULL) OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST ROWS BETWEEN -1 FOLLOWING AND -1 "
                 "FOLLOWING) | "
             "lead(b, 2, 0) OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST ROWS BETWEEN 2 FOLLOWING AND 2 FOLLOWING)");
    NAMES_OF("select sum(b) over (order by b rows 2 preceding), ntile(3) over (order by b)" B,
             "sum(b) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) | "
             "ntile(3) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
}

TEST(refusals)
{
    begin();
    ROWS_OF("select row_number() over ()" B, "WINDOW_FUNCTION_FRAME_NOT_ORDERED");
    ROWS_OF("select row_number()" B, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE");
    ROWS_OF("select 1 + lag(b)" B, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE");
    ROWS_OF("select count(distinct b) over ()" B, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED");
    ROWS_OF("select abs(b) over ()" B, "UNSUPPORTED_EXPR_FOR_WINDOW");
    ROWS_OF("select lag(b) over (order by b rows 1 preceding)" B, "_LEGACY_ERROR_TEMP_1035");
    ROWS_OF("select rank() over (order by b rows 1 preceding)" B, "_LEGACY_ERROR_TEMP_1036");
    ROWS_OF("select lag(b, b) over (order by b)" B, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    ROWS_OF("select ntile(0) over (order by b)" B, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE");
    ROWS_OF("select nth_value(b, 0) over (order by b)" B, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE");
    ROWS_OF("select sum(b) over (range 1 preceding)" B, "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER");
    ROWS_OF("select sum(b) over (order by b, -b range 1 preceding)" B, "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER");
    ROWS_OF("select sum(b) over (order by b range interval 1 day preceding)" B,
        "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE");
    ROWS_OF("select sum(b) over (order by b rows 1.5 preceding)" B,
            "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE");
    ROWS_OF("select sum(b) over (order by b rows between 1 following and 1 preceding)" B,
            "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON");
}

/* WITHIN GROUP, whose order is an argument of the aggregate. */
TEST(within_group)
{
    begin();
#define CD " from values ('a', 2), ('b', 1), ('c', 1), (null, 0) t(c, d)"
    ROWS_OF("select listagg(c, '-') within group (order by d, c desc), listagg(c) within group (order by c desc), "
            "listagg(distinct c) within group (order by c)" CD, "c-b-a cba abc");
    ROWS_OF("select percentile_cont(0.25) within group (order by d), percentile_disc(0.25) within group (order by d "
        "desc), "
            "mode() within group (order by d), mode() within group (order by c desc)" CD, "0.75 2.0 1 c");
    ROWS_OF("select percentile_cont(0.25)" CD, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING");
    ROWS_OF("select mode() within group (order by c, d)" CD, "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS");
    ROWS_OF("select listagg(distinct c) within group (order by d)" CD,
            "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT");
    NAMES_OF("select listagg(c) within group (order by d), percentile_cont(0.5) within group (order by d desc), "
        "median(d), "
             "percentile(d, 0.5), percentile_approx(d, 0.5), regr_count(d, d) filter (where d > 0)" CD,
             "listagg(c, NULL) WITHIN GROUP (ORDER BY d ASC NULLS FIRST) | "
             "percentile_cont(0.5) WITHIN GROUP (ORDER BY d DESC) | median(d) | percentile(d, 0.5, 1) | "
             "percentile_approx(d, 0.5, 10000) | regr_count(d, d) FILTER (WHERE (d > 0))");
    ROWS_OF("select first(c), first(c, true), approx_count_distinct(d), approx_count_distinct(d, 0.3) from values "
        "(null, 1), ('x', 2) t(c, d)",
            "NULL x 2 2");
}
