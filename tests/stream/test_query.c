/* test_query.c -- queries on their own threads in the real world: waiting, stopping, failing, names, listeners.
 *
 * LINK: session */
#include "query.h"
#include <stdatomic.h>

static machine m;

static void begin(const char *options)
{
    machine_begin(&m, sp_world_real(), test_folder());
    stream_view(&m, "lines", "text", NULL, options);
}

TEST(process_all_available)
{
    begin("");
    put_lines(&m, "a", "x\ny\n");
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "memory", "append", "t", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK(sp_query_process_all(q, NULL, &m.err) == SP_OK);
    CHECK_STR(sql_rows(&m, "SELECT value FROM t ORDER BY value"), "x|y");
    for (int i = 0; i < 20; i++) {
        put_lines(&m, sp_arena_printf(m.a, NULL, "f%d", i), "z\n");
        CHECK(sp_query_process_all(q, NULL, &m.err) == SP_OK);
        CHECK_STR(sql_rows(&m, "SELECT count(*) FROM t"), sp_arena_printf(m.a, NULL, "%d", i + 3));
    }
    sp_query_status status;
    CHECK(sp_query_get_status(q, m.a, &status, &m.err) == SP_OK && status.active && !status.data_available);
    CHECK_STR(status.message, "Waiting for data to arrive");
    bool terminated = true;
    CHECK(sp_query_await(q, 20, NULL, &terminated, &m.err) == SP_OK && !terminated);
    CHECK(sp_query_stop(q, &m.err) == SP_OK && sp_query_stop(q, &m.err) == SP_OK);
    CHECK(sp_query_await(q, -1, NULL, &terminated, &m.err) == SP_OK && terminated);
    CHECK(!sp_query_is_active(q));
    CHECK_STR(sql_rows(&m, "SELECT count(*) FROM t"), "22");       /* the table stays */
    sp_query_unref(q);
}

TEST(bounded_queries_end)
{
    begin("maxFilesPerTrigger=1");
    put_lines(&m, "a", "x\n");
    put_lines(&m, "b", "y\n");
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "memory", "append", "t", SP_TRIGGER_AVAILABLE_NOW);
    bool terminated = false;
    REQUIRE(q);
    CHECK(sp_query_await(q, 20000, NULL, &terminated, &m.err) == SP_OK && terminated);
    CHECK_STR(sql_rows(&m, "SELECT value FROM t ORDER BY value"), "x|y");
    sp_str *texts;
    int count;
    CHECK(sp_query_recent_progress(q, m.a, &texts, &count, &m.err) == SP_OK);
    CHECK_INT(count, 2);
    sp_query_unref(q);
}

TEST(failure)
{
    begin("");
    put_lines(&m, "a", "1\nnot a number\n");
    sp_query *q = start_sql(&m, "SELECT CAST(value AS INT) AS n FROM lines", "memory", "append", "t", SP_TRIGGER_DEFAULT);
    bool terminated = false;
    REQUIRE(q);
    CHECK(sp_query_await(q, 20000, NULL, &terminated, &m.err) == SP_FAILED);
    CHECK_INT(m.err.condition, SP_COND_STREAM_FAILED);
    CHECK_STR(m.err.cause_condition, "CAST_INVALID_INPUT");
    sp_error_reset(&m.err);
    CHECK(sp_query_process_all(q, NULL, &m.err) == SP_FAILED && m.err.condition == SP_COND_STREAM_FAILED);
    sp_query_status status;
    CHECK(sp_query_get_status(q, m.a, &status, &m.err) == SP_OK && !status.active);
    CHECK(strncmp(status.message, "Terminated with exception: [CAST_INVALID_INPUT]", 46) == 0);
    sp_query_unref(q);
}

TEST(manager)
{
    begin("");
    sp_query_manager *manager = sp_session_queries(m.session);
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "memory", "append", "t", SP_TRIGGER_DEFAULT), **list;
    int count;
    REQUIRE(q);
    CHECK(start_sql(&m, "SELECT value FROM lines", "memory", "append", "t", SP_TRIGGER_DEFAULT) == NULL);
    CHECK_INT(m.err.exc, SP_EXC_ILLEGAL_ARGUMENT);
    CHECK(sp_query_manager_active(manager, m.a, &list, &count, &m.err) == SP_OK);
    REQUIRE(count == 1);
    CHECK(list[0] == q);
    sp_query_unref(list[0]);
    sp_query *same = sp_query_manager_get(manager, sp_query_id(q));
    CHECK(same == q);
    sp_query_unref(same);
    CHECK(sp_query_manager_get(manager, "none") == NULL);
    bool terminated = true;
    CHECK(sp_query_manager_await_any(manager, 10, NULL, &terminated, &m.err) == SP_OK && !terminated);
    sp_query_stop(q, NULL);
    CHECK(sp_query_manager_await_any(manager, 10000, NULL, &terminated, &m.err) == SP_OK && terminated);
    CHECK(sp_query_manager_await_any(manager, 10000, NULL, &terminated, &m.err) == SP_OK && terminated);
    sp_query_manager_reset_terminated(manager);
    CHECK(sp_query_manager_await_any(manager, 10, NULL, &terminated, &m.err) == SP_OK && !terminated);
    CHECK(sp_query_manager_get(manager, sp_query_id(q)) == NULL);
    same = sp_query_manager_find(manager, sp_query_id(q), sp_query_run_id(q));
    CHECK(same == q);
    sp_query_unref(same);
    sp_query_unref(q);
    /* the name is free again */
    q = start_sql(&m, "SELECT value FROM lines", "noop", "append", "t", SP_TRIGGER_DEFAULT);
    CHECK(q != NULL);
    if (q)
        stop_query(q);
}

static _Atomic int events[4];
static void on_event(void *context, sp_event_kind kind, sp_str json)
{
    sp_arena *a = sp_arena_new("event", 0);
    sp_json *j;
    sp_error err = { 0 };
    if (sp_json_parse(a, json, &j, &err) == SP_OK)
        events[kind]++;
    sp_arena_free(a);
}

TEST(listeners)
{
    begin("");
    memset(events, 0, sizeof events);
    sp_query_manager *manager = sp_session_queries(m.session);
    int handle = sp_query_manager_listen(manager, on_event, NULL, &m.err);
    CHECK(handle > 0);
    put_lines(&m, "a", "x\n");
    sp_query *q = start_sql(&m, "SELECT value FROM lines", "memory", "append", "t", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    CHECK_INT(events[SP_EVENT_STARTED], 1);
    CHECK(sp_query_process_all(q, NULL, &m.err) == SP_OK);
    CHECK_INT(events[SP_EVENT_PROGRESS], 1);
    stop_query(q);
    CHECK_INT(events[SP_EVENT_TERMINATED], 1);
    sp_query_manager_unlisten(manager, handle);
    q = start_sql(&m, "SELECT value FROM lines", "noop", "append", "u", SP_TRIGGER_DEFAULT);
    REQUIRE(q);
    stop_query(q);
    CHECK_INT(events[SP_EVENT_STARTED], 1);
}

/* Sessions that end stop their queries; nothing is left behind. */
TEST(a_session_that_ends)
{
    begin("");
    for (int i = 0; i < 5; i++) {
        const char *name = sp_arena_printf(m.a, NULL, "q%d", i);
        sp_query *q = start_sql(&m, "SELECT value, count(*) AS n FROM lines GROUP BY value", "memory", "complete", name, SP_TRIGGER_DEFAULT);
        REQUIRE(q);
        sp_query_unref(q);
    }
    put_lines(&m, "a", "x\n");
    machine_boot(&m);
    CHECK(strstr(sql_rows(&m, "SELECT * FROM q1"), "[TABLE_OR_VIEW_NOT_FOUND]") != NULL);
}

TEST(refused)
{
    begin("");
    static const struct { const char *sql, *format, *mode; sp_condition condition; } cases[] = {
        { "SELECT value FROM lines", "text", "complete", SP_COND_STREAMING_OUTPUT_MODE__UNSUPPORTED_DATASOURCE },
        { "SELECT value FROM lines", "noop", "complete", SP_COND_STREAMING_OUTPUT_MODE__UNSUPPORTED_OPERATION },
        { "SELECT value FROM lines", "text", "update", SP_COND_STREAMING_OUTPUT_MODE__UNSUPPORTED_DATASOURCE },
        { "SELECT value FROM lines", "noop", "sideways", SP_COND_STREAMING_OUTPUT_MODE__INVALID },
        { "SELECT value FROM lines", "pigeon", "append", SP_COND_DATA_SOURCE_NOT_FOUND },
        { "SELECT 1", "noop", "append", SP_COND_WRITE_STREAM_NOT_ALLOWED },
        { "SELECT value, count(*) FROM lines GROUP BY value", "noop", "append", SP_COND_STREAMING_OUTPUT_MODE__UNSUPPORTED_OPERATION },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_query *q = start_sql(&m, cases[i].sql, cases[i].format, cases[i].mode, "t", SP_TRIGGER_DEFAULT);
        if (!CHECK(q == NULL && m.err.condition == cases[i].condition))
            CHECK_STR(q ? "started" : sp_condition_info(m.err.condition)->name, cases[i].sql);
        if (q)
            stop_query(q);
    }
}
