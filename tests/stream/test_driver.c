/* test_driver.c -- micro-batches step by step in a simulated world: what the checkpoint holds, restarts, watermarks.
 *
 * LINK: session */
#include "query.h"

static machine m;
#define COUNTS "SELECT value AS k, count(*) AS n FROM lines GROUP BY value"

static void begin(void)
{
    machine_begin(&m, sp_world_sim_new(4), "/t");
    stream_view(&m, "lines", "text", NULL, "maxFilesPerTrigger=1");
}

TEST(a_batch_and_its_checkpoint)
{
    begin();
    conf_put(&m, "spark.sql.shuffle.partitions", "3");
    put_lines(&m, "a", "x\ny\nx\n");
    sp_query *q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(sp_query_step(q, &m.err), SP_MORE);
    CHECK_STR(sql_rows(&m, "SELECT * FROM ck ORDER BY k"), "x 2|y 1");
    CHECK_INT(sp_query_step(q, &m.err), SP_DONE);
    CHECK_STR(file_text(&m, "ck/commits/0"), "v1\n{\"nextBatchWatermarkMs\":0}");
    const char *offsets = file_text(&m, "ck/offsets/0");
    CHECK(strstr(offsets, "\"spark.sql.shuffle.partitions\":\"3\"") && strstr(offsets, "}}\n{\"logOffset\":0}"));
    CHECK(strncmp(offsets, "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":", 44) == 0);
    CHECK(strstr(file_text(&m, "ck/sources/0/0"), "{\"path\":\"file:///t/in/a\",") != NULL);
    for (int p = 0; p < 3; p++)
        CHECK(file_text(&m, sp_arena_printf(m.a, NULL, "ck/state/0/%d/1.delta", p)) != NULL);
    CHECK(file_text(&m, "ck/state/0/_metadata/metadata") && file_text(&m, "ck/state/0/0/_metadata/schema"));
    CHECK(strstr(file_text(&m, "ck/metadata"), sp_query_id(q)) != NULL);
    const sp_json *p = progress_of(&m, q);
    int64_t n = -1;
    REQUIRE(p);
    CHECK(sp_json_i64(sp_json_get(p, "batchId"), &n) && n == 0);
    CHECK(sp_json_i64(sp_json_get(sp_json_get(p, "sources")->child, "numInputRows"), &n) && n == 3);
    CHECK(sp_json_i64(sp_json_get(sp_json_get(p, "stateOperators")->child, "numRowsTotal"), &n) && n == 2);
    CHECK(sp_str_is(sp_json_text(sp_json_get(sp_json_get(p, "sink"), "description")), "MemorySink"));
    CHECK(sp_json_get(p, "numInputRows") == NULL);
    stop_query(q);
}

TEST(restart_goes_on_with_the_pinned_settings)
{
    begin();
    conf_put(&m, "spark.sql.shuffle.partitions", "2");
    put_lines(&m, "a", "x\ny\n");
    sp_query *q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    const char *id = sp_arena_strdup(m.a, sp_query_id(q), NULL), *run = sp_arena_strdup(m.a, sp_query_run_id(q), NULL);
    CHECK_INT(step_all(&m, q), 1);
    stop_query(q);
    machine_boot(&m);
    stream_view(&m, "lines", "text", NULL, "maxFilesPerTrigger=1");
    conf_put(&m, "spark.sql.shuffle.partitions", "5");
    put_lines(&m, "b", "x\n");
    q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(step_all(&m, q), 1);
    CHECK_STR(sp_query_id(q), id);
    CHECK(strcmp(sp_query_run_id(q), run) != 0);
    CHECK_STR(sql_rows(&m, "SELECT * FROM ck ORDER BY k"), "x 2|y 1");
    CHECK(strstr(file_text(&m, "ck/offsets/1"), "\"spark.sql.shuffle.partitions\":\"2\"") != NULL);
    CHECK(file_text(&m, "ck/state/0/2/2.delta") == NULL && file_text(&m, "ck/state/0/1/2.delta") != NULL);
    stop_query(q);
}

/* As the guide tells its readers to do: without the last commit the batch runs again, on the same offsets. */
TEST(without_the_last_commit)
{
    begin();
    put_lines(&m, "a", "x\n");
    put_lines(&m, "b", "y\n");
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "text", "append", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(step_all(&m, q), 2);
    stop_query(q);
    REQUIRE(sp_file_remove(m.w, "/t/ck/commits/1", &m.err) == SP_OK);
    put_lines(&m, "c", "z\n");
    q = start_sql(&m, "SELECT value FROM lines", "text", "append", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    int64_t n = -1;
    CHECK_INT(sp_query_step(q, &m.err), SP_MORE);
    CHECK(sp_json_i64(sp_json_get(progress_of(&m, q), "batchId"), &n) && n == 1);
    CHECK(sp_json_i64(sp_json_get(sp_json_get(progress_of(&m, q), "sources")->child, "numInputRows"), &n) && n == 0);
    CHECK_INT(step_all(&m, q), 1);
    stop_query(q);
    CHECK_STR(sql_rows(&m, "SELECT value FROM text.`/t/out` ORDER BY value"), "x|y|z");
}

TEST(watermark_and_batches_without_data)
{
    machine_begin(&m, sp_world_sim_new(4), "/t");
    stream_view(&m, "events", "json", "ts TIMESTAMP, k STRING", "maxFilesPerTrigger=1");
    put_lines(&m, "a", "{\"ts\":\"2024-01-01T00:00:01Z\",\"k\":\"a\"}\n{\"ts\":\"2024-01-01T00:00:04Z\",\"k\":\"b\"}\n");
    const char *sql = "SELECT window.start AS s, k, count(*) AS n FROM events WATERMARK ts DELAY OF INTERVAL 10 SECONDS GROUP BY window(ts, '5 seconds'), k";
    sp_query *q = start_sql(&m, sql, "memory", "append", "ck", SP_TRIGGER_DEFAULT);
    if (!q) {
        sp_buf text = { 0 };
        sp_error_message(&m.err, &text);
        CHECK_STR(sp_buf_cstr(&text), "");
        sp_buf_done(&text);
        return;
    }
    CHECK_INT(step_all(&m, q), 2);          /* the watermark moved: one batch without data follows */
    CHECK_STR(sql_rows(&m, "SELECT * FROM ck"), "");
    CHECK_STR(file_text(&m, "ck/commits/0"), "v1\n{\"nextBatchWatermarkMs\":1704067194000}");
    put_lines(&m, "b", "{\"ts\":\"2024-01-01T00:00:16Z\",\"k\":\"c\"}\n");
    CHECK_INT(step_all(&m, q), 2);
    CHECK_STR(sql_rows(&m, "SELECT k, n FROM ck ORDER BY k"), "a 1|b 1");
    CHECK_STR(file_text(&m, "ck/commits/3"), "v1\n{\"nextBatchWatermarkMs\":1704067206000}");
    stop_query(q);
    q = start_sql(&m, sql, "noop", "append", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(step_all(&m, q), 0);          /* nothing new, and the watermark of the last batch was used */
    put_lines(&m, "c", "{\"ts\":\"2024-01-01T00:00:01Z\",\"k\":\"late\"}\n");
    CHECK_INT(step_all(&m, q), 1);
    int64_t n = -1;
    CHECK(sp_json_i64(sp_json_get(sp_json_get(progress_of(&m, q), "stateOperators")->child, "numRowsDroppedByWatermark"), &n) && n == 1);
    stop_query(q);
}

TEST(old_batches_go)
{
    begin();
    conf_put(&m, "spark.sql.streaming.minBatchesToRetain", "2");
    sp_query *q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    for (int i = 0; i < 6; i++) {
        put_lines(&m, sp_arena_printf(m.a, NULL, "f%d", i), "x\n");
        CHECK_INT(step_all(&m, q), 1);
    }
    CHECK_STR(sql_rows(&m, "SELECT n FROM ck"), "6");
    CHECK(!file_text(&m, "ck/offsets/2") && !file_text(&m, "ck/commits/2") && file_text(&m, "ck/offsets/4") && file_text(&m, "ck/commits/5"));
    stop_query(q);
}

TEST(available_now_and_once)
{
    begin();
    put_lines(&m, "a", "x\n");
    put_lines(&m, "b", "y\n");
    sp_query *q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_AVAILABLE_NOW);
    REQUIRE(q);
    CHECK_INT(sp_query_step(q, &m.err), SP_MORE);
    put_lines(&m, "c", "z\n");
    CHECK_INT(step_all(&m, q), 1);
    stop_query(q);
    put_lines(&m, "d", "w\n");
    q = start_sql(&m, COUNTS, "memory", "complete", "ck", SP_TRIGGER_ONCE);
    REQUIRE(q);
    CHECK_INT(step_all(&m, q), 1);
    CHECK_STR(sql_rows(&m, "SELECT * FROM ck ORDER BY k"), "w 1|x 1|y 1|z 1");
    stop_query(q);
}

TEST(another_query_in_the_same_checkpoint)
{
    begin();
    put_lines(&m, "a", "x\n");
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "noop", "append", "ck", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(step_all(&m, q), 1);
    REQUIRE(sp_file_write_atomic(m.w, "/t/ck/offsets/1", SP_LIT("v1\n{}\n-"), false, SP_DURABLE_RENAME, NULL, &m.err) == SP_OK);
    put_lines(&m, "b", "y\n");
    CHECK_INT(step_all(&m, q), -1);
    CHECK_INT(m.err.condition, SP_COND_CONCURRENT_STREAM_LOG_UPDATE);
    CHECK(!sp_query_is_active(q));
    sp_error failed = { 0 };
    CHECK(sp_query_exception(q, m.a, &failed));
    CHECK_INT(failed.condition, SP_COND_STREAM_FAILED);
    CHECK_STR(failed.cause_condition, "CONCURRENT_STREAM_LOG_UPDATE");
    stop_query(q);
}

TEST(damaged_checkpoints_say_which_file)
{
    static const struct { const char *file, *text, *says; } cases[] = {
        { "/t/ck/offsets/1", "v1\n{", "/t/ck/offsets/1" }, { "/t/ck/offsets/1", "v2\n{}\n-", "UnsupportedLogVersion" },
        { "/t/ck/offsets/1", "v1\n{}\n{\"logOffset\":0}\n-", "There are [2] sources" }, { "/t/ck/commits/1", "v1\n[", "/t/ck/commits/1" },
        { "/t/ck/metadata", "{}", "/t/ck/metadata" }, { "/t/ck/sources/0/1", "v1\nx", "/t/ck/sources/0/1" },
        { "/t/ck/state/0/0/2.delta", "x", "/t/ck/state/0/0/2.delta" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        machine own, *x = &own;
        *x = (machine){ .w = sp_world_sim_new(4), .root = "/t", .a = sp_arena_new("test", 0) };
        machine_boot(x);
        REQUIRE(sp_dir_make(x->w, "/t/in", &x->err) == SP_OK);
        stream_view(x, "lines", "text", NULL, "maxFilesPerTrigger=1");
        conf_put(x, "spark.sql.shuffle.partitions", "1");
        put_lines(x, "a", "x\n");
        put_lines(x, "b", "x\n");
        sp_query *q = start_sql(x, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
        CHECK(q && step_all(x, q) == 2);
        stop_query(q);
        CHECK(sp_file_write_atomic(x->w, cases[i].file, sp_str_of(cases[i].text), true, SP_DURABLE_RENAME, NULL, &x->err) == SP_OK);
        put_lines(x, "c", "x\n");
        q = start_sql(x, COUNTS, "memory", "complete", "ck", SP_TRIGGER_DEFAULT);
        int ran = q ? step_all(x, q) : -1;
        sp_buf text = { 0 };
        sp_error_message(&x->err, &text);
        if (!CHECK(ran == -1 && strstr(sp_buf_cstr(&text), cases[i].says)))
            CHECK_STR(sp_buf_cstr(&text), cases[i].says);
        sp_buf_done(&text);
        if (q)
            stop_query(q);
        machine_end(x);
    }
}
