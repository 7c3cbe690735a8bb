/* LINK: sql
 * test_check_streaming.c -- every refusal of the UnsupportedOperationChecker, word for word. */
#include "plan_test.h"

static const char *refusal(const char *sql, sp_output_mode mode)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL;
    if (analyze(&z, sql, &p, &err) != SP_OK)
        return message(&err);
    return sp_plan_check_streaming(p, mode, &err) == SP_OK ? "fine" : message(&err);
}

TEST(output_modes)
{
    CHECK_STR(refusal("select k, count(*) from s group by k", SP_APPEND),
              "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: append. This output mode "
              "is not supported for streaming "
              "aggregations without watermark on streaming DataFrames/DataSets. SQLSTATE: 42KDE");
    CHECK_STR(refusal("select k from s", SP_COMPLETE),
              "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: complete. This output mode "
              "is not supported for no streaming "
              "aggregations on streaming DataFrames/DataSets. SQLSTATE: 42KDE");
    CHECK_STR(refusal("select k, count(*) from s group by k", SP_COMPLETE), "fine");
    CHECK_STR(refusal("select k, count(*) from s group by k", SP_UPDATE), "fine");
    CHECK_STR(refusal("select window(t, '1 minute'), count(*) from (select * from s watermark t delay of interval 1 "
                      "minute) group by 1",
                      SP_APPEND),
              "fine");
    CHECK_STR(refusal("select k, count(*) from (select * from s watermark t delay of interval 1 minute) group by k",
                      SP_APPEND),
              refusal("select k, count(*) from s group by k", SP_APPEND));
    CHECK_STR(refusal("select k, session_window(t, '1 minute'), count(*) from s group by 1, 2", SP_UPDATE),
              "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: update. This output mode "
              "is not supported for session window "
              "streaming aggregations on streaming DataFrames/DataSets. SQLSTATE: 42KDE");
}

TEST(operations)
{
    const char *sorting = "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
                          "DataFrame/Dataset in Complete output mode;\n";
    CHECK_STR(refusal("select * from s order by v", SP_APPEND), sorting);
    CHECK_STR(refusal("select k, count(*) c from s group by k order by c", SP_UPDATE), sorting);
    CHECK_STR(refusal("select k, count(*) c from s group by k order by c", SP_COMPLETE), "fine");
    CHECK_STR(refusal("select * from s limit 2", SP_UPDATE),
              "Limits are not supported on streaming DataFrames/Datasets in Update output mode;\n");
    CHECK_STR(refusal("select * from s limit 2", SP_APPEND), "fine");
    CHECK_STR(refusal("select * from s offset 1", SP_APPEND),
              "Offset is not supported on streaming DataFrames/Datasets;\n");
    CHECK_STR(refusal("select k, count(distinct v) from s group by k", SP_COMPLETE),
              "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
              "approx_count_distinct() instead.;\n");
    CHECK_STR(refusal("select k, v from s intersect select k, v from s", SP_APPEND),
              "Intersect of streaming DataFrames/Datasets is not supported;\n");
    CHECK_STR(refusal("select k, v from b except select k, v from s", SP_APPEND),
              "Except on a streaming DataFrame/Dataset on the right is not supported;\n");
    CHECK_STR(refusal("select k from s union all select k from c", SP_APPEND),
              "Union between streaming and batch DataFrames/Datasets is not supported;\n");
    CHECK_STR(refusal("select k from c", SP_APPEND),
              "Queries without streaming sources cannot be executed with writeStream.start();\n");
    CHECK(
        strncmp(refusal("select k, count(*) from (select k, v, count(*) from s group by k, v) group by k", SP_COMPLETE),
                "Detected pattern of possible 'correctness' issue due to global watermark.", 73) == 0);
}

#define WM "(select * from s watermark t delay of interval 1 minute) a"
#define WM2 "(select * from s2 watermark u delay of interval 1 minute) b"

TEST(joins)
{
    CHECK_STR(refusal("select * from s left join c on s.k = c.k", SP_APPEND), "fine");
    CHECK_STR(refusal("select * from c left join s on s.k = c.k", SP_APPEND),
              "LeftOuter join with a streaming DataFrame/Dataset on the right and a static DataFrame/Dataset on the "
              "left is not supported;\n");
    CHECK_STR(refusal("select * from s right join c on s.k = c.k", SP_APPEND),
              "RightOuter join with a streaming DataFrame/Dataset on the left and a static DataFrame/DataSet on the "
              "right not supported;\n");
    CHECK_STR(refusal("select * from s full join c on s.k = c.k", SP_APPEND),
              "FullOuter joins with streaming DataFrames/Datasets on the left and a static DataFrame/Dataset on the "
              "right is not supported;\n");
    CHECK_STR(refusal("select * from s join s2 on s.k = s2.k", SP_APPEND), "fine");
    CHECK_STR(refusal("select * from s left join s2 on s.k = s2.k", SP_APPEND),
              "Stream-stream LeftOuter join between two streaming DataFrame/Datasets is not supported without a "
              "watermark in the join keys, or a watermark on "
              "the nullable side and an appropriate range condition;\n");
    CHECK_STR(refusal("select * from " WM " left join " WM2
                      " on a.k = b.k and t >= u - interval 1 minute and t <= u + interval 1 minute",
                      SP_APPEND),
              "fine");
    CHECK_STR(refusal("select * from " WM " left join " WM2 " on a.k = b.k and a.t = b.u", SP_APPEND), "fine");
    CHECK(strncmp(refusal("select * from " WM " left join " WM2 " on a.k = b.k and t <= u", SP_APPEND),
                  "Stream-stream LeftOuter", 23) == 0);
    CHECK_STR(refusal("select * from s join s2 on s.k = s2.k", SP_UPDATE),
              "Join between two streaming DataFrames/Datasets is not supported in Update output mode, only in Append "
              "output mode;\n");
}

TEST(batch)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL;
    REQUIRE(analyze(&z, "select k from s", &p, &err) == SP_OK);
    CHECK_INT(sp_plan_check_batch(p, &err), SP_FAILED);
    CHECK_STR(message(&err), "Queries with streaming sources must be executed with writeStream.start(), or from a "
                             "streaming table or flow definition within a "
                             "Spark Declarative Pipeline.;\n");
    REQUIRE(analyze(&z, "select k from c", &p, &err) == SP_OK);
    CHECK_INT(sp_plan_check_batch(p, &err), SP_OK);
}
