/* test_file.c -- the streaming file source: each file once, in order of its time, limits, restarts, cleaning. */
#include "source/source_int.h"
#include "test.h"
#include <stdio.h>

typedef struct fixture {
    sp_world *w;
    sp_arena *a, *own;
    sp_props options;
    sp_expr_conf conf;
    sp_str path;
    sp_source_spec spec;
    sp_source *s;
    char *offset;
} fixture;
static fixture f;

static void close_source(fixture *x)
{
    if (x->s)
        x->s->cls->close(x->s);
    x->s = NULL;
}

static void end(fixture *x)
{
    close_source(x);
    sp_props_done(&x->options);
    sp_arena_free(x->own);
    sp_arena_free(x->a);
    sp_world_sim_free(x->w);
}

static void option(const char *key, const char *value)
{
    sp_error err = { 0 };
    REQUIRE(sp_props_put(&f.options, sp_str_of(key), sp_str_of(value), &err) == SP_OK);
}

static void begin(void)
{
    f = (fixture){ .w = sp_world_sim_new(9), .a = sp_arena_new("test", 0), .conf = { .zone = sp_zone_utc() }, .path = SP_LIT("/in") };
    DEFER(end, &f);
    REQUIRE(f.w && f.a);
    f.options.map.fold_case = true;
    sp_error err = { 0 };
    REQUIRE(sp_dir_make(f.w, "/in", &err) == SP_OK);
    f.spec = (sp_source_spec){ .world = f.w, .conf = &f.conf, .options = &f.options, .file_format = sp_format_find(SP_LIT("text")), .paths = &f.path,
                               .path_count = 1, .checkpoint_dir = "/ck/sources/0", .parallelism = 2 };
    REQUIRE(sp_type_schema_from_ddl(f.a, SP_LIT("value STRING"), &f.spec.schema, &err) == SP_OK);
}

/* A process of its own: what was in memory is gone. */
static sp_status reopen(sp_error *err)
{
    close_source(&f);
    sp_arena_free(f.own);
    f.own = sp_arena_new("source", 0);
    REQUIRE(f.own);
    f.spec.arena = f.own;
    return sp_source_find(SP_LIT("text"))->open(&f.spec, &f.s, err);
}

static void start(void)
{
    sp_error err = { 0 };
    REQUIRE(reopen(&err) == SP_OK);
}

static void put(const char *name, const char *text)
{
    char path[100];
    sp_error err = { 0 };
    snprintf(path, sizeof path, "/in/%s", name);
    sp_world_sim_advance_us(f.w, 5000);
    REQUIRE(sp_file_write_atomic(f.w, path, sp_str_of(text), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
}

/* Words of (start, end], sorted as they come out of the splits. */
static const char *rows(const char *from, const char *to)
{
    static char text[2000];
    sp_input *in;
    sp_reader *r;
    sp_error err = { 0 };
    text[0] = 0;
    REQUIRE(f.s->cls->get_batch(f.s, from ? sp_str_of(from) : (sp_str){ 0 }, sp_str_of(to), f.a, &in, &err) == SP_OK);
    sp_decode_spec spec = { .arena = f.a, .schema = f.spec.schema, .options = &f.options, .conf = &f.conf };
    if (in->split_count == 0)
        return text;
    REQUIRE(in->cls->open(in, &spec, &r, &err) == SP_OK);
    for (int i = 0; i < in->split_count; i++) {
        REQUIRE(in->cls->start(r, i, &err) == SP_OK);
        sp_batch b;
        while (in->cls->next(r, f.a, &b, &err) == SP_MORE)
            for (uint32_t k = 0; k < b.rows; k++)
                for (int c = 0; c < b.column_count; c++) {
                    sp_buf cell = { 0 };
                    sp_vec_text(&cell, b.columns[c], k, true, sp_zone_utc(), &err);
                    strcat(strcat(text, *text ? (c ? "/" : " ") : ""), sp_buf_cstr(&cell));
                    sp_buf_done(&cell);
                }
    }
    in->cls->close(r);
    return text;
}

/* The next batch's rows after `from`; "-" when there is nothing new. *to: its end. */
static const char *next(const char *from, const char **to)
{
    sp_str out;
    sp_error err = { 0 };
    sp_world_sim_advance_us(f.w, 2000000);
    REQUIRE(f.s->cls->latest(f.s, from ? sp_str_of(from) : (sp_str){ 0 }, f.a, &out, &err) == SP_OK);
    if (!out.p || (from && sp_str_is(out, from)))
        return "-";
    *to = sp_arena_strndup(f.a, out.p, out.n, NULL);
    return rows(from, *to);
}

TEST(in_order_of_time)
{
    begin();
    put("b", "1"), put("a", "2"), put("c", "3"), put("_hidden", "x");
    option("maxFilesPerTrigger", "1");
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "1");
    CHECK_STR(at, "{\"logOffset\":0}");
    CHECK_STR(next(at, &at), "2");
    put("0", "4");
    CHECK_STR(next(at, &at), "3");
    CHECK_STR(next(at, &at), "4");
    CHECK_STR(next(at, &at), "-");
    CHECK_STR(rows("{\"logOffset\":0}", "{\"logOffset\":3}"), "2 3 4");
    put("a", "again");      /* overwritten: not read a second time */
    CHECK_STR(next(at, &at), "-");
    sp_buf text = { 0 };
    f.s->cls->describe(f.s, &text);
    CHECK_STR(sp_buf_cstr(&text), "FileStreamSource[file:/in]");
    sp_buf_done(&text);
}

TEST(restart)
{
    begin();
    put("a", "1");
    start();
    const char *at = NULL, *before;
    CHECK_STR(next(at, &at), "1");
    before = at;
    put("b", "2");
    CHECK_STR(next(at, &at), "2");
    /* the batch that took b did not end: it reads the same again */
    start();
    CHECK_STR(rows(before, at), "2");
    CHECK_STR(next(at, &at), "-");
    put("c", "3");
    CHECK_STR(next(at, &at), "3");
    /* its log entry was written, its offset was not: the next batch has all of it, and what came since */
    put("d", "4");
    start();
    CHECK_STR(next(before, &at), "2 3 4");
}

TEST(many_batches_and_restarts)
{
    begin();
    char name[16];
    const char *at = NULL;
    for (int i = 0; i < 35; i++) {
        if (i % 7 == 0)
            start();
        sprintf(name, "%d", i);
        put(name, name);
        CHECK_STR(next(at, &at), name);
    }
    start();
    CHECK_STR(next(at, &at), "-");
    CHECK_STR(rows("{\"logOffset\":27}", "{\"logOffset\":30}"), "28 29 30");
}

TEST(limits)
{
    begin();
    for (int i = 0; i < 4; i++) {
        char name[2] = { (char)('a' + i), 0 };
        put(name, "12345");
    }
    option("maxBytesPerTrigger", "11");
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "12345 12345");
    option("maxBytesPerTrigger", "1");
    start();
    CHECK_STR(next(at, &at), "12345");      /* at least one */
    option("maxFilesPerTrigger", "1");
    sp_error err = { 0 };
    CHECK(reopen(&err) == SP_FAILED);
    static const char *const bad[][2] = { { "maxFilesPerTrigger", "0" }, { "maxFilesPerTrigger", "x" }, { "cleanSource", "burn" }, { "cleanSource", "archive" },
                                          { "latestFirst", "maybe" } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_props_done(&f.options);
        f.options = (sp_props){ .map.fold_case = true };
        option(bad[i][0], bad[i][1]);
        sp_error_reset(&err);
        CHECK(reopen(&err) == SP_FAILED && err.plain && err.exc == SP_EXC_ILLEGAL_ARGUMENT);
    }
}

TEST(latest_first)
{
    begin();
    put("a", "1"), put("b", "2"), put("c", "3");
    option("latestFirst", "true"), option("maxFilesPerTrigger", "2");
    start();
    const char *at = NULL;
    CHECK(strchr(next(at, &at), '1') == NULL);
    CHECK_STR(next(at, &at), "1");
}

/* Once a file was read, those a maxFileAge older than the newest are not. */
TEST(old_files)
{
    begin();
    put("old", "1");
    sp_error err = { 0 };
    REQUIRE(sp_dir_make(f.w, "/aside", &err) == SP_OK && sp_file_rename(f.w, "/in/old", "/aside/old", false, NULL, &err) == SP_OK);
    sp_world_sim_advance_us(f.w, 3600000000ll);
    put("new", "2");
    option("maxFileAge", "30m");
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "2");
    REQUIRE(sp_file_rename(f.w, "/aside/old", "/in/old", false, NULL, &err) == SP_OK);
    CHECK_STR(next(at, &at), "-");
    start();
    CHECK_STR(next(at, &at), "-");
    option("maxFileAge", "2h");
    start();
    CHECK_STR(next(at, &at), "1");
}

TEST(available_now)
{
    begin();
    put("a", "1"), put("b", "2");
    option("maxFilesPerTrigger", "1");
    start();
    sp_error err = { 0 };
    const char *at = NULL;
    REQUIRE(f.s->cls->prepare_available_now(f.s, false, &err) == SP_OK);
    put("c", "3");
    CHECK_STR(next(at, &at), "1");
    CHECK_STR(next(at, &at), "2");
    CHECK_STR(next(at, &at), "-");
    put("d", "4");
    start();
    REQUIRE(f.s->cls->prepare_available_now(f.s, true, &err) == SP_OK);
    CHECK_STR(next(at, &at), "3 4");        /* once: the limits do not count */
}

TEST(file_names_only)
{
    begin();
    f.path = SP_LIT("/in/*");
    sp_error err = { 0 };
    REQUIRE(sp_dir_make(f.w, "/in/x", &err) == SP_OK && sp_dir_make(f.w, "/in/y", &err) == SP_OK);
    option("fileNameOnly", "true");
    put("x/f", "1");
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "1");
    put("y/f", "2");
    CHECK_STR(next(at, &at), "-");
    put("y/g", "3");
    CHECK_STR(next(at, &at), "3");
    start();
    CHECK_STR(next(at, &at), "-");
}

TEST(partition_columns)
{
    begin();
    sp_error err = { 0 };
    REQUIRE(sp_dir_make(f.w, "/in/k=1", &err) == SP_OK && sp_dir_make(f.w, "/in/k=2", &err) == SP_OK);
    REQUIRE(sp_type_schema_from_ddl(f.a, SP_LIT("value STRING, k INT"), &f.spec.schema, &err) == SP_OK);
    f.spec.partition_column_count = 1;
    put("k=1/a", "x");
    start();
    const char *at = NULL, *first;
    CHECK_STR(next(at, &at), "x/1");
    first = at;
    put("k=2/a", "y");
    CHECK_STR(next(at, &at), "y/2");
    start();
    CHECK_STR(rows(first, at), "y/2");
}

static bool there(const char *path)
{
    sp_stat st;
    bool exists;
    sp_error err = { 0 };
    REQUIRE(sp_file_stat(f.w, path, &st, &exists, &err) == SP_OK);
    return exists;
}

TEST(cleaning)
{
    begin();
    sp_error err = { 0 };
    put("a", "1");
    option("cleanSource", "delete");
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "1");
    CHECK(there("/in/a"));
    CHECK(f.s->cls->commit(f.s, sp_str_of(at), &err) == SP_OK);
    CHECK(!there("/in/a"));
    CHECK_STR(rows(NULL, at), "");          /* gone files are passed over */
    option("cleanSource", "archive"), option("sourceArchiveDir", "/old");
    start();
    put("b", "2");
    CHECK_STR(next(at, &at), "2");
    CHECK(f.s->cls->commit(f.s, sp_str_of(at), &err) == SP_OK);
    CHECK(!there("/in/b") && there("/old/in/b"));
}

/* A folder that a file sink writes: its log says what is there. */
TEST(reading_a_file_sink)
{
    begin();
    sp_error err = { 0 };
    put("part-0", "1"), put("stray", "x");
    sp_sink_file e = { SP_LIT("file:///in/part-0"), 1, false, 5, 1, 1, SP_LIT("add") };
    REQUIRE(sp_sink_log_add(f.w, "/in/_spark_metadata", 0, &e, 1, 10, SP_DURABLE_RENAME, &err) == SP_OK);
    start();
    const char *at = NULL;
    CHECK_STR(next(at, &at), "1");
    put("part-1", "2");
    CHECK_STR(next(at, &at), "-");
    e.path = SP_LIT("file:///in/part-1");
    REQUIRE(sp_sink_log_add(f.w, "/in/_spark_metadata", 1, &e, 1, 10, SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK_STR(next(at, &at), "2");
}

TEST_ALLOC(failing_allocations)
{
    begin();
    put("a", "1");
    sp_error err = { 0 };
    REQUIRE(reopen(&err) == SP_OK);
    sp_str out;
    REQUIRE(f.s->cls->latest(f.s, (sp_str){ 0 }, f.a, &out, &err) == SP_OK);
    CHECK(sp_str_is(out, "{\"logOffset\":0}"));
}
