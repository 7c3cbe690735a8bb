/* test_show.c -- Dataset.showString, character for character. */
#include "build.h"

static const char *show(const char *ddl, const char *rows, int num_rows, int truncate, bool vertical)
{
    static char text[4000];
    sp_arena *a = sp_arena_new("test", 0);
    sp_error err = { 0 };
    sp_buf out = { 0 };
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    const sp_type *schema = build_schema(a, ddl);
    sp_batch b = build_batch(a, schema, rows);
    sp_status status = sp_show_rows(&out, schema, &b, b.rows ? 1 : 0, num_rows, truncate, vertical, sp_zone_utc(), &err);
    strcpy(text, sp_buf_cstr(&out));
    sp_buf_done(&out);
    REQUIRE(status == SP_OK);
    return text;
}

TEST_ALLOC(box)
{
    CHECK_STR(show("k INT, count BIGINT", "1|1", 20, 20, false),
              "+---+-----+\n|  k|count|\n+---+-----+\n|  1|    1|\n+---+-----+\n");
    CHECK_STR(show("k STRING, v INT", "a|1;NULL|NULL", 20, 0, false),
              "+----+----+\n|k   |v   |\n+----+----+\n|a   |1   |\n|NULL|NULL|\n+----+----+\n");
}

TEST(empty)
{
    CHECK_STR(show("k INT, count BIGINT", "", 20, 20, false), "+---+-----+\n|  k|count|\n+---+-----+\n+---+-----+\n");
    CHECK_STR(show("k INT", "", 20, 20, true), "(0 rows)\n");
}

TEST(more_rows_than_shown)
{
    CHECK_STR(show("k INT", "1;2;3", 1, 20, false), "+---+\n|  k|\n+---+\n|  1|\n+---+\nonly showing top 1 row\n");
    CHECK_STR(show("k INT", "1;2;3", 2, 20, false), "+---+\n|  k|\n+---+\n|  1|\n|  2|\n+---+\nonly showing top 2 rows\n");
    CHECK_STR(show("k INT", "1;2;3", 3, 20, false), "+---+\n|  k|\n+---+\n|  1|\n|  2|\n|  3|\n+---+\n");
    CHECK_STR(show("k INT", "1", 0, 20, false), "+---+\n|  k|\n+---+\n+---+\nonly showing top 0 rows\n");
}

TEST(truncation)
{
    CHECK_STR(show("a_long_column_name_of_32_letters STRING", "123456789012345678901", 20, 20, false),
              "+--------------------------------+\n|a_long_column_name_of_32_letters|\n+--------------------------------+\n"
              "|            12345678901234567...|\n+--------------------------------+\n");
    CHECK_STR(show("k STRING", "12345678901234567890", 20, 20, false),
              "+--------------------+\n|                   k|\n+--------------------+\n|12345678901234567890|\n+--------------------+\n");
    CHECK_STR(show("k STRING", "abcdef", 20, 3, false), "+---+\n|  k|\n+---+\n|abc|\n+---+\n");
    CHECK_STR(show("k STRING", "abcdef", 20, 4, false), "+----+\n|   k|\n+----+\n|a...|\n+----+\n");
    CHECK_STR(show("k STRING", "abcdef", 20, 0, false), "+------+\n|k     |\n+------+\n|abcdef|\n+------+\n");
}

TEST(wide_and_control_characters)
{
    /* two cells each; escapes count as what they show */
    CHECK_STR(show("k STRING", "\xe6\x97\xa5\xe6\x9c\xac;ab", 20, 20, false), "+----+\n|   k|\n+----+\n|\xe6\x97\xa5\xe6\x9c\xac|\n|  ab|\n+----+\n");
    CHECK_STR(show("k STRING", "a\nb\tc\rd", 20, 20, false), "+----------+\n|         k|\n+----------+\n|a\\nb\\tc\\rd|\n+----------+\n");
    CHECK_STR(show("k STRING", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\x65", 20, 4, false), "+----+\n|   k|\n+----+\n|\xc3\xa4...|\n+----+\n");
}

TEST(vertical)
{
    CHECK_STR(show("k INT, name STRING", "1|x;22|NULL", 20, 20, true),
              "-RECORD 0----\n k    | 1    \n name | x    \n-RECORD 1----\n k    | 22   \n name | NULL \n");
    CHECK_STR(show("k INT", "1;2", 1, 20, true), "-RECORD 0--\n k   | 1   \nonly showing top 1 row\n");
}

TEST(selection_and_several_batches)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    sp_error err = { 0 };
    sp_buf out = { 0 };
    const sp_type *schema = build_schema(a, "k INT");
    sp_batch b[2] = { build_batch(a, schema, "1;2;3"), build_batch(a, schema, "4;5") };
    uint32_t sel[2] = { 0, 2 };
    b[0].sel = sel;
    b[0].sel_count = 2;
    CHECK(sp_show_rows(&out, schema, b, 2, 3, 20, false, sp_zone_utc(), &err) == SP_OK);
    CHECK_STR(sp_buf_cstr(&out), "+---+\n|  k|\n+---+\n|  1|\n|  3|\n|  4|\n+---+\nonly showing top 3 rows\n");
    sp_buf_clear(&out);
    const sp_type *none = sp_type_struct(a, NULL, 0, &err);
    sp_batch empty = { .rows = 1, .sel_count = 1 };
    CHECK(sp_show_rows(&out, none, &empty, 1, 20, 20, false, sp_zone_utc(), &err) == SP_OK);
    CHECK_STR(sp_buf_cstr(&out), "++\n||\n++\n||\n++\n");
    sp_buf_done(&out);
}
