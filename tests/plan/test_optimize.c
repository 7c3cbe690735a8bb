/* LINK: sql
 * test_optimize.c -- what the optimizer makes of plans: filters down, columns away, constants folded. */
#include "plan_test.h"

#include <stdio.h>
#include <time.h>

TEST(word_count)
{
    CHECK_STR(
        optimized("select word, count(*) from (select explode(split(value, ' ')) as word from lines) group by word"),
        "Aggregate [word], [word, count(1) AS count(1)]\n"
        "+- Generate explode(split(value,  )), false, [word]\n"
        "   +- StreamingRelationV2 rate, [value]\n");
}

TEST(windowed_counts)
{
    CHECK_STR(
        optimized("select window.start, k, count(*) from s where v > 2 group by window(t, '5 minutes'), k"),
        "Aggregate [window, k], [window.start AS start, k, count(1) AS count(1)]\n"
        "+- Project [window(t) AS window, k]\n"
        "   +- Filter ((v > 2) AND (t IS NOT NULL))\n"
        "      +- StreamingRelationV2 rate, [k, v, t], PushedFilters: [(v IS NOT NULL), (v > 2), (t IS NOT NULL)]\n");
}

TEST(filters_go_down)
{
    CHECK_STR(optimized("select a.k, w from b a left join c on a.k = c.k where a.v > 3"),
              "Project [k, w]\n"
              "+- Join LeftOuter, (k = k)\n"
              "   :- Project [k]\n"
              "   :  +- Filter (v > 3)\n"
              "   :     +- Relation [k, v] parquet, PushedFilters: [(v IS NOT NULL), (v > 3)]\n"
              "   +- Filter (k IS NOT NULL)\n"
              "      +- Relation [k, w] parquet, PushedFilters: [(k IS NOT NULL)]\n");
    /* what refuses the nulls of an outer join makes it an inner one */
    CHECK(strstr(optimized("select a.v, w from b a left join c on a.k = c.k where w > 1"), "Join Inner, (k = k)") !=
          NULL);
    CHECK(strstr(optimized("select a.v, w from b a left join c on a.k = c.k where w is null"),
                 "Join LeftOuter, (k = k)") != NULL);
    CHECK_STR(optimized("select * from (select upper(k) u, sum(v) s from b group by upper(k)) where u = 'A' and s > 1"),
              "Filter (s > 1)\n"
              "+- Aggregate [upper(k)], [upper(k) AS u, sum(v) AS s]\n"
              "   +- Filter (upper(k) = A)\n"
              "      +- Relation [k, v] parquet, PushedFilters: [(k IS NOT NULL)]\n");
    CHECK_STR(optimized("select k from (select k, v from b union all select k, w from c) where v > 1"),
              "Union false, false\n"
              ":- Project [k]\n"
              ":  +- Filter (cast(v as bigint) > 1)\n"
              ":     +- Relation [k, v] parquet, PushedFilters: [(v IS NOT NULL)]\n"
              "+- Project [k]\n"
              "   +- Filter (w > 1)\n"
              "      +- Relation [k, w] parquet, PushedFilters: [(w IS NOT NULL), (w > 1)]\n");
}

TEST(constants_fold)
{
    CHECK_STR(optimized("select v + (1 + 2) as s, 1 / 0 as z from b where true and 1 < 2"),
              "Project [(v + 3) AS s, (1.0 / 0.0) AS z]\n+- Relation [v] parquet\n");
    CHECK_STR(optimized("select k from c where 1 = 2"), "LocalRelation <empty>, [k]\n");
}

TEST(limits)
{
    CHECK_STR(optimized("select k from (select k, w from c order by w limit 10) limit 3"),
              "Project [k]\n+- GlobalLimit 3\n   +- LocalLimit 3\n      +- Sort [w ASC NULLS FIRST], true\n         +- "
              "Relation [k, w] parquet\n");
}

TEST(a_word_count_takes_microseconds)
{
    sp_analyzer z = start();
    sp_error err = { 0 };
    sp_plan *p = NULL, *out;
    REQUIRE(analyze(&z,
                    "select word, count(*) from (select explode(split(value, ' ')) as word from lines) group by word",
                    &p, &err) == SP_OK);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 10; i++)
        CHECK_INT(sp_plan_optimize(&z, p, &out, &err), SP_OK);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double us = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e4;
    printf("optimizing takes %.0f us\n", us);
    CHECK(us < 1000);
}
