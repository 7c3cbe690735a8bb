/* test_session.c -- settings, views, statements, reading and writing files through a session.
 *
 * LINK: session */
#include "../stream/query.h"

static machine m;

static void begin(void) { machine_begin(&m, sp_world_sim_new(4), "/t"); }

static const char *conf(const char *key)
{
    const char *v = sp_session_conf(m.session, key, m.a);
    return v ? v : "(none)";
}

static sp_status set(const char *key, const char *value)
{
    sp_error_reset(&m.err);
    return sp_session_conf_set(m.session, sp_str_of(key), sp_str_of(value), &m.err);
}

TEST(settings)
{
    begin();
    CHECK_STR(conf("spark.sql.shuffle.partitions"), "200");
    CHECK(!sp_session_conf_is_set(m.session, "spark.sql.shuffle.partitions"));
    CHECK(set("spark.sql.shuffle.partitions", "7") == SP_OK);
    CHECK_STR(conf("spark.sql.shuffle.partitions"), "7");
    CHECK(sp_session_conf_is_set(m.session, "spark.sql.shuffle.partitions"));
    CHECK(sp_session_conf_unset(m.session, SP_LIT("spark.sql.shuffle.partitions"), &m.err) == SP_OK);
    CHECK_STR(conf("spark.sql.shuffle.partitions"), "200");
    CHECK(set("some.key.of.mine", "x") == SP_OK);
    CHECK_STR(conf("some.key.of.mine"), "x");
    CHECK_STR(conf("never.heard.of"), "(none)");
    CHECK(set("spark.sql.shuffle.partitions", "many") == SP_FAILED && m.err.exc == SP_EXC_ILLEGAL_ARGUMENT);
    CHECK(set("spark.sql.shuffle.partitions", "0") == SP_FAILED);
    CHECK(set("spark.sql.ansi.enabled", "perhaps") == SP_FAILED);
    CHECK(set("spark.sql.session.timeZone", "Mars/Olympus") == SP_FAILED);
    CHECK(set("spark.sql.session.timeZone", "Asia/Tokyo") == SP_OK);
    CHECK(set("spark.sql.warehouse.dir", "/x") == SP_FAILED);       /* static */
    CHECK_STR(sql_rows(&m, "SELECT CAST(TIMESTAMP '2024-01-01 00:00:00Z' AS STRING)"), "2024-01-01 09:00:00");
    sp_session *copy;
    REQUIRE(sp_session_clone(m.session, &copy, &m.err) == SP_OK);
    CHECK_STR(sp_session_conf(copy, "some.key.of.mine", m.a), "x");
    sp_session_free(copy);
}

TEST(set_statements)
{
    begin();
    CHECK_STR(sql_rows(&m, "SET spark.sql.shuffle.partitions=3"), "spark.sql.shuffle.partitions 3");
    CHECK_STR(sql_rows(&m, "SET spark.sql.shuffle.partitions"), "spark.sql.shuffle.partitions 3");
    CHECK_STR(sql_rows(&m, "SET nothing.such"), "nothing.such <undefined>");
    CHECK_STR(sql_rows(&m, "SET TIME ZONE 'UTC'"), "spark.sql.session.timeZone UTC");
    sql_rows(&m, "RESET spark.sql.shuffle.partitions");
    CHECK_STR(conf("spark.sql.shuffle.partitions"), "200");
    set("a.b", "c");
    sql_rows(&m, "RESET");
    CHECK_STR(conf("a.b"), "(none)");
}

TEST(views)
{
    begin();
    CHECK_STR(sql_rows(&m, "CREATE TEMPORARY VIEW v AS SELECT 1 AS a, 'x' AS b"), "");
    CHECK_STR(sql_rows(&m, "SELECT b, a FROM V"), "x 1");
    CHECK(strstr(sql_rows(&m, "CREATE TEMPORARY VIEW v AS SELECT 2"), "ALREADY_EXISTS]") != NULL);
    CHECK_STR(sql_rows(&m, "CREATE OR REPLACE TEMPORARY VIEW v (c) AS SELECT 2"), "");
    CHECK_STR(sql_rows(&m, "SELECT c FROM v"), "2");
    CHECK_STR(sql_rows(&m, "CREATE GLOBAL TEMPORARY VIEW g AS SELECT 3 AS x"), "");
    CHECK_STR(sql_rows(&m, "SELECT x FROM global_temp.g"), "3");
    CHECK(strstr(sql_rows(&m, "SELECT x FROM g"), "[TABLE_OR_VIEW_NOT_FOUND]") != NULL);
    CHECK_STR(sql_rows(&m, "DROP VIEW v"), "");
    CHECK(strstr(sql_rows(&m, "SELECT * FROM v"), "[TABLE_OR_VIEW_NOT_FOUND]") != NULL);
    CHECK(strncmp(sql_rows(&m, "DROP VIEW v"), "! ", 2) == 0);
    CHECK_STR(sql_rows(&m, "DROP VIEW IF EXISTS v"), "");
}

/* A plan that uses a view keeps it while it runs, whatever becomes of the name. */
TEST(a_view_replaced_in_use)
{
    begin();
    for (int i = 0; i < 50; i++) {
        const char *sql = sp_arena_printf(m.a, NULL, "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT %d AS a", i);
        CHECK_STR(sql_rows(&m, sql), "");
        CHECK_STR(sql_rows(&m, "SELECT a FROM v"), sp_arena_printf(m.a, NULL, "%d", i));
    }
}

static sp_status write_to(const char *sql, const char *format, const char *path, int mode, const char *partition, const char *option, const char *value)
{
    sp_arena *a = sp_arena_new("write", 0);
    const sp_expr_conf *c;
    sp_plan *plan;
    sp_props options = { .map.fold_case = true };
    sp_str by = sp_str_of(partition);
    sp_error_reset(&m.err);
    if (option)
        sp_props_put(&options, sp_str_of(option), sp_str_of(value), &m.err);
    sp_status status = sp_session_expr_conf(m.session, a, &c, &m.err);
    if (status == SP_OK)
        status = sp_sql_parse_statement(a, c, sp_str_of(sql), &plan, &m.err);
    sp_write_spec w = { .input = plan, .format = sp_str_of(format), .path = sp_str_of(path), .mode = mode, .options = &options,
                        .partition_columns = &by, .partition_column_count = partition ? 1 : 0 };
    if (status == SP_OK)
        status = sp_session_write(m.session, a, &w, NULL, &m.err);
    sp_props_done(&options);
    sp_arena_free(a);
    return status;
}

TEST(writing_and_reading)
{
    begin();
    const char *sql = "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, NULL) AS t(n, k)";
    CHECK(write_to(sql, "json", "/t/j", 2, NULL, NULL, NULL) == SP_OK);
    CHECK_STR(sql_rows(&m, "SELECT n, k FROM json.`/t/j` ORDER BY n"), "1 a|2 b|3 NULL");
    CHECK(write_to(sql, "json", "/t/j", 2, NULL, NULL, NULL) == SP_FAILED && m.err.condition == SP_COND_PATH_ALREADY_EXISTS);
    CHECK(write_to(sql, "json", "/t/j", 0, NULL, NULL, NULL) == SP_OK);
    CHECK_STR(sql_rows(&m, "SELECT count(*) FROM json.`/t/j`"), "6");
    CHECK(write_to(sql, "csv", "/t/c", 2, NULL, "header", "true") == SP_OK);
    CHECK_STR(sql_rows(&m, "CREATE TEMPORARY VIEW c USING csv OPTIONS (path '/t/c', header true, inferSchema true)"), "");
    CHECK_STR(sql_rows(&m, "SELECT n + 1, k FROM c ORDER BY n"), "2 a|3 b|4 NULL");
    CHECK(write_to(sql, "csv", "/t/p", 2, "k", NULL, NULL) == SP_OK);
    CHECK_STR(sql_rows(&m, "SELECT _c0, k FROM csv.`file:///t/p` ORDER BY _c0"), "1 a|2 b|3 NULL");
    CHECK_STR(sql_rows(&m, "SELECT count(*) FROM csv.`/t/p` WHERE k = 'a'"), "1");
    CHECK(write_to(sql, "csv", "/t/q", 2, "nope", NULL, NULL) == SP_FAILED);
    CHECK(write_to(sql, "pigeon", "/t/q", 2, NULL, NULL, NULL) == SP_FAILED && m.err.condition == SP_COND_DATA_SOURCE_NOT_FOUND);
    CHECK(write_to(sql, "noop", NULL, 1, NULL, NULL, NULL) == SP_OK);
    CHECK(strstr(sql_rows(&m, "SELECT * FROM json.`/t/none`"), "[PATH_NOT_FOUND]") != NULL);
}

TEST(inference_reads_compressed_files)
{
    begin();
    CHECK(write_to("SELECT 1 AS a, 2.5D AS b", "json", "/t/z", 2, NULL, "compression", "gzip") == SP_OK);
    CHECK_STR(sql_rows(&m, "SELECT a, b FROM json.`/t/z`"), "1 2.5");
    CHECK_STR(sql_rows(&m, "SELECT typeof(a), typeof(b) FROM json.`/t/z`"), "bigint double");
}

TEST(a_view_over_a_stream_is_not_shown)
{
    begin();
    stream_view(&m, "lines", "text", NULL, "");
    CHECK(strstr(sql_rows(&m, "SELECT * FROM lines"), "writeStream.start()") != NULL);
}
