/* LINK: sql
 * test_analyze.c -- names, functions, sugar and errors of the analyzer, by the trees and texts that Spark gives. */
#include "plan_test.h"

#define B "Relation [k, v, x, n, xs, m] parquet\n"
#define S "StreamingRelationV2 rate, [k, v, t]\n"

TEST(word_count)
{
    CHECK_STR(
        analyzed("select word, count(*) from (select explode(split(value, ' ')) as word from lines) group by word"),
        "Aggregate [word], [word, count(1) AS count(1)]\n"
        "+- Project [word]\n"
        "   +- Generate explode(split(value,  )), false, [word]\n"
        "      +- StreamingRelationV2 rate, [value]\n");
    CHECK_STR(
        columns("select word, count(*) from (select explode(split(value, ' ')) as word from lines) group by word"),
        "word:string, count(1):bigint");
}

TEST(tumbling_windows)
{
    CHECK_STR(analyzed("select window.start as s, k, count(*) as n from s group by window(t, '5 minutes'), k"),
              "Aggregate [window, k], [window.start AS s, k, count(1) AS n]\n"
              "+- Project [window(t) AS window, k, v, t]\n"
              "   +- Filter (t IS NOT NULL)\n"
              "      +- " S);
    CHECK_STR(columns("select window(t, '5 minutes'), count(*) from s group by 1"),
              "window:struct<start:timestamp,end:timestamp>, count(1):bigint");
}

TEST(sliding_windows)
{
    CHECK_STR(analyzed("select window(t, '10 minutes', '5 minutes') w, count(*) from s group by window(t, '10 "
                       "minutes', '5 minutes')"),
              "Aggregate [window], [window AS w, count(1) AS count(1)]\n"
              "+- Filter (t IS NOT NULL)\n"
              "   +- Expand [[window(t), k, v, t], [window(t), k, v, t]], [window, k, v, t]\n"
              "      +- " S);
    CHECK(strstr(analyzed("select window(t, '10 minutes', '3 minutes') w from s"),
                 "Filter ((t >= window.start) AND (t < window.end))") != NULL);
}

TEST(window_errors)
{
    CHECK(strstr(analyzed("select window(t, 'soon') from s"), "[CANNOT_PARSE_INTERVAL] Unable to parse 'soon'.") !=
          NULL);
    CHECK(strstr(analyzed("select window(t, '-5 minutes') from s"), "[DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE]") != NULL);
    CHECK(strstr(analyzed("select window(t, '5 minutes', '6 minutes') from s"),
                 "[DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION]") != NULL);
    CHECK(strstr(analyzed("select window(k, '5 minutes') from s"), "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE]") !=
          NULL);
    CHECK_STR(analyzed("select window(t, '5 minutes'), window(t, '6 minutes') from s"),
              "Multiple time/session window expressions would result in a cartesian product of rows, therefore they "
              "are currently not supported.; line 1 pos 0");
}

TEST(names)
{
    CHECK_STR(columns("select N.b.C, n.a + 1, xs[0], cast(v as string), b.k, v * 2 as d, d + 1 from b"),
              "C:string, (n.a + 1):int, xs[0]:string, v:string, k:string, d:int, (d + 1):int");
    CHECK_STR(columns("select n.*, b.* except (m, xs, n) from b"),
              "a:int, b:struct<c:string>, k:string, v:int, x:double");
    CHECK_STR(
        columns("select * from b q natural join c"),
        "k:string, v:int, x:double, n:struct<a:int,b:struct<c:string>>, xs:array<string>, m:map<string,int>, w:bigint");
    CHECK_STR(columns("with a as (select k, v + 1 as p from b), z as (select * from a where p > 1) select z.* from z"),
              "k:string, p:int");
    CHECK_STR(columns("select u.p from (select k, v from b) u(o, p)"), "p:int");
    CHECK_STR(columns("select explode(m), k from b"), "key:string!, value:int, k:string");
    CHECK_STR(columns("select posexplode_outer(xs) as (i, e) from b"), "i:int, e:string");
}

TEST(unresolved)
{
    CHECK_STR(analyzed("select zz from b"), "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function "
                                            "parameter with name `zz` cannot be resolved. Did you mean one of the "
                                            "following? [`k`, `m`, `n`, `v`, `x`]. SQLSTATE: 42703; line 1 pos 7;\n");
    CHECK_STR(analyzed("select k from b join c on b.k = c.k"),
              "[AMBIGUOUS_REFERENCE] Reference `k` is ambiguous, could be: [`b`.`k`, `c`.`k`]. SQLSTATE: 42704; line 1 "
              "pos 7");
    CHECK_STR(analyzed("select frobnicate(1)"),
              "[UNRESOLVED_ROUTINE] Cannot resolve routine `frobnicate` on search path [`system`.`builtin`, "
              "`system`.`session`, `spark_catalog`.`default`]. "
              "SQLSTATE: 42883; line 1 pos 7");
    CHECK(strncmp(analyzed("select * from nope"), "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nope` cannot be found.",
                  67) == 0);
    CHECK(strstr(analyzed("select n.zz from b"), "[FIELD_NOT_FOUND] No such struct field `zz` in `a`, `b`.") != NULL);
}

TEST(aggregates)
{
    CHECK_STR(analyzed("select k, sum(v) s from b group by k having sum(v) > 5 order by max(x)"),
              "Project [k, s]\n"
              "+- Sort [max(x) ASC NULLS FIRST], true\n"
              "   +- Filter (s > cast(5 as bigint))\n"
              "      +- Aggregate [k], [k, sum(v) AS s, max(x) AS max(x)]\n"
              "         +- " B);
    CHECK_STR(columns("select upper(k) as u, count(*) from b group by u order by 2 desc, 1"),
              "u:string, count(1):bigint!");
    CHECK_STR(columns("select k, sum(v) from b group by all order by all"), "k:string, sum(v):bigint");
    CHECK(strstr(analyzed("select k, v from b group by k"),
                 "[MISSING_AGGREGATION] The non-aggregating expression \"v\" is based on") != NULL);
    CHECK(strstr(analyzed("select k, count(*) from b"), "[MISSING_GROUP_BY]") != NULL);
    CHECK(strstr(analyzed("select sum(count(*)) from b"), "sub-query. SQLSTATE: 42607; line 1 pos 11;") != NULL);
    CHECK(strstr(analyzed("select k from b group by 3"), "[GROUP_BY_POS_OUT_OF_RANGE]") != NULL);
    CHECK(strstr(analyzed("select k from b order by 3"), "[ORDER_BY_POS_OUT_OF_RANGE]") != NULL);
    CHECK(strstr(analyzed("select k from b where sum(v) > 1"), "[INVALID_WHERE_CONDITION]") != NULL);
    CHECK(strstr(analyzed("select k from b where v"), "[DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN]") != NULL);
}

TEST(grouping_sets)
{
    CHECK_STR(
        columns("select k, v, sum(x), grouping(k), grouping_id() from b group by rollup(k, v) having grouping(v) = 0"),
        "k:string, v:int, sum(x):double, grouping(k):tinyint!, grouping_id():bigint!");
    CHECK(strstr(
              analyzed("select k, v, count(*) from b group by cube(k, v)"),
              "Expand [[k, v, x, n, xs, m, k, v, 0], [k, v, x, n, xs, m, k, null, 1], [k, v, x, n, xs, m, null, v, 2], "
              "[k, v, x, n, xs, m, null, null, 3]]") != NULL);
    CHECK(strstr(analyzed("select grouping(k) from b group by k"), "[UNSUPPORTED_GROUPING_EXPRESSION]") != NULL);
}

TEST(pivots)
{
    CHECK_STR(columns("select * from (select k, v, x from b) pivot (sum(v) for k in ('x' as X, 'y'))"),
              "x:double, X:bigint, y:bigint");
    CHECK_STR(columns("select * from (select k, v, x from b) pivot (sum(v) as a, max(v) as b for k in ('x'))"),
              "x:double, x_a:bigint, x_b:int");
    CHECK_STR(columns("select * from (select k, v, x from b) unpivot (val for name in (v, x))"),
              "k:string, name:string!, val:double");
}

TEST(set_operations)
{
    CHECK_STR(columns("select k, v from b union all select k, w from c"), "k:string, v:bigint");
    CHECK_STR(analyzed("select k from b union select v, k from b"),
              "[NUM_COLUMNS_MISMATCH] UNION can only be performed on inputs with the same number of columns, but the "
              "first input has 1 columns and the second "
              "input has 2 columns. SQLSTATE: 42826; line 1 pos 0;\n");
    CHECK(
        strstr(
            analyzed("select xs from b union all select k from b"),
            "The first column of the second table is \"STRING\" type which is not compatible with \"ARRAY<STRING>\"") !=
        NULL);
}

TEST(subqueries)
{
    CHECK(strstr(analyzed("select * from c where exists (select 1 from b where b.k = c.k)"),
                 "Join LeftSemi, (k = k)") != NULL);
    CHECK(strstr(analyzed("select * from c where k not in (select k from b)"),
                 "Join LeftAnti, ((k = k) OR ((k = k) IS NULL))") != NULL);
    CHECK_STR(
        columns(
            "select k, (select max(v) from b where b.k = c.k) m, (select count(*) from b where b.k = c.k) n from c"),
        "k:string, m:int, n:bigint");
    CHECK(strstr(analyzed("select (select k, w from c)"),
                 "[INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN]") != NULL);
}

TEST(lateral_generators)
{
    CHECK_STR(columns("select c.k, e from c, lateral explode(split(k, ',')) as x(e)"), "k:string, e:string!");
    CHECK_STR(columns("select k, tag from s lateral view outer explode(split(k, ',')) x as tag"),
              "k:string, tag:string");
    CHECK(strstr(analyzed("select explode(xs), explode(xs) from b"), "[UNSUPPORTED_GENERATOR.MULTI_GENERATOR]") !=
          NULL);
    CHECK(strstr(analyzed("select 1 + explode(xs) from b"), "[UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS]") != NULL);
}

TEST(values_and_ranges)
{
    CHECK_STR(columns("values (1, 'a'), (2, null)"), "col1:int!, col2:string");
    CHECK_STR(columns("select * from values (1, 2.5), (3L, null) as t(a, b)"), "a:bigint!, b:decimal(2,1)");
    CHECK_STR(columns("select id, id % 2 from range(10) limit 5"), "id:bigint!, (id % 2):bigint!");
}

/* ---- plans as a DataFrame door builds them ---- */

static sp_plan *node(sp_plan_kind kind, sp_plan *a, sp_plan *b, int64_t id)
{
    sp_error err = { 0 };
    sp_plan *p = sp_plan_new(arena, kind, (sp_plan *[]){ a, b }, a ? b ? 2 : 1 : 0, &err);
    REQUIRE(p != NULL);
    p->plan_id = id;
    return p;
}

static sp_expr *attr(const char *name, int64_t plan_id)
{
    sp_error err = { 0 };
    sp_expr *e = sp_expr_attr(arena, sp_str_of(name), &err);
    REQUIRE(e != NULL);
    e->plan_id = plan_id;
    return e;
}

static sp_plan *table_node(const char *name, int64_t id)
{
    sp_plan *p = node(SP_P_TABLE, NULL, NULL, id);
    p->parts = sp_arena_calloc(arena, sizeof *p->parts, NULL);
    REQUIRE(p->parts != NULL);
    p->parts[0] = sp_str_of(name);
    p->part_count = 1;
    return p;
}

static sp_plan *select_one(sp_plan *child, sp_expr *e, int64_t id)
{
    sp_plan *p = node(SP_P_PROJECT, child, NULL, id);
    p->exprs = sp_arena_calloc(arena, sizeof *p->exprs, NULL);
    REQUIRE(p->exprs != NULL);
    p->exprs[0] = e;
    p->expr_count = 1;
    return p;
}

TEST(columns_of_a_dataframe)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *out;
    sp_plan *join = node(SP_P_JOIN, table_node("b", 1), table_node("c", 2), 3);
    CHECK_INT(sp_plan_analyze(&z, select_one(join, attr("k", 2), 4), &out, &err), SP_OK);
    CHECK_STR(tree(out), "Project [k]\n+- Join Inner\n   :- " B "   +- Relation [k, w] parquet\n");
    CHECK_INT(out->exprs[0]->id, out->children[0]->children[1]->output[0].id);
    /* a column of a DataFrame that is not below */
    CHECK_INT(sp_plan_analyze(&z, select_one(table_node("c", 1), attr("k", 9), 2), &out, &err), SP_FAILED);
    CHECK_INT(err.condition, SP_COND_CANNOT_RESOLVE_DATAFRAME_COLUMN);
    /* the same DataFrame on both sides */
    sp_plan *self = node(SP_P_JOIN, table_node("c", 1), table_node("c", 1), 3);
    CHECK_INT(sp_plan_analyze(&z, select_one(self, attr("k", 1), 4), &out, &err), SP_FAILED);
    CHECK_INT(err.condition, SP_COND_AMBIGUOUS_COLUMN_REFERENCE);
}

TEST(describe)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *out, *p = node(SP_P_STAT, table_node("c", 1), NULL, 2);
    sp_str stats[] = { SP_LIT("count"), SP_LIT("max") };
    p->name = SP_LIT("summary");
    p->parts = stats;
    p->part_count = 2;
    REQUIRE(sp_plan_analyze(&z, p, &out, &err) == SP_OK);
    CHECK_STR(tree(out), "Expand [[count, k, w], [max, k, w]], [summary, k, w]\n"
                         "+- Aggregate [], [cast(count(k) as string) AS k, cast(count(w) as string) AS w, max(k) AS k, "
                         "cast(max(w) as string) AS w]\n"
                         "   +- Relation [k, w] parquet\n");
}

static sp_status watermark(sp_analyzer *z, const char *column, const char *delay, sp_plan **out, sp_error *err)
{
    sp_plan *w = node(SP_P_WATERMARK, table_node("s", 1), NULL, 2);
    w->exprs = sp_arena_calloc(arena, sizeof *w->exprs, NULL);
    REQUIRE(w->exprs != NULL);
    w->exprs[0] = attr(column, -1);
    w->expr_count = 1;
    w->text2 = sp_str_of(delay);
    sp_error_reset(err);
    return sp_plan_analyze(z, w, out, err);
}

TEST(watermarks)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *out;
    REQUIRE(watermark(&z, "t", "90 seconds", &out, &err) == SP_OK);
    CHECK_INT(out->output[2].watermark_delay_us, 90000000);
    CHECK(sp_str_is(out->output[2].metadata, "{\"spark.watermarkDelayMs\":90000}"));
    CHECK_INT(watermark(&z, "k", "1 minute", &out, &err), SP_FAILED);
    CHECK_STR(message(&err), "[EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE] The event time `k` has the invalid type "
                             "\"STRING\", but expected \"TIMESTAMP\". "
                             "SQLSTATE: 42K09;\n");
    CHECK_INT(watermark(&z, "t", "soon", &out, &err), SP_FAILED);
    CHECK_INT(err.condition, SP_COND_CANNOT_PARSE_INTERVAL);
    CHECK_INT(watermark(&z, "t", "-1 minute", &out, &err), SP_FAILED);
    CHECK_STR(message(&err), "requirement failed: delay threshold (-1 minute) should not be negative.");
    CHECK_INT(watermark(&z, "zz", "1 minute", &out, &err), SP_FAILED);
    CHECK_INT(err.condition, SP_COND_UNRESOLVED_COLUMN__WITH_SUGGESTION);
}

TEST_ALLOC(memory_runs_out)
{
    sp_error err = { 0 };
    sp_analyzer z = start();
    sp_plan *p;
    if (analyze(&z, "select window(t, '5 minutes') w, k, count(*) from s where v > 1 group by 1, 2 order by 3", &p,
                &err) == SP_OK)
        CHECK(sp_plan_optimize(&z, p, &p, &err) == SP_OK || test_allocation_failed());
    else
        CHECK(test_allocation_failed());
}
