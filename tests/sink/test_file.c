/* test_file.c -- the file sink and batch writes: names, partition folders, the log that makes a batch visible, what an abort leaves. */
#include "build.h"
#include <stdio.h>

typedef struct fixture { sp_world *w; sp_arena *a; sp_props options; sp_expr_conf conf; sp_sink_spec spec; sp_sink *s; } fixture;
static fixture f;

static void end(fixture *x)
{
    if (x->s)
        x->s->cls->close(x->s);
    sp_props_done(&x->options);
    sp_arena_free(x->a);
    sp_world_sim_free(x->w);
}

static void begin(const char *ddl, const int *partitions, int count)
{
    f = (fixture){ .w = sp_world_sim_new(11), .a = sp_arena_new("test", 0), .conf = { .zone = sp_zone_utc() } };
    DEFER(end, &f);
    REQUIRE(f.w && f.a);
    f.spec = (sp_sink_spec){ .world = f.w, .arena = f.a, .path = "/out", .schema = build_schema(f.a, ddl), .partition_columns = partitions,
                             .partition_column_count = count, .conf = &f.conf, .options = &f.options };
}

static void open_sink(const char *format)
{
    sp_error err = { 0 };
    if (f.s)
        f.s->cls->close(f.s);
    f.s = NULL;
    REQUIRE(sp_sink_find(sp_str_of(format))->open(&f.spec, &f.s, &err) == SP_OK);
}

/* false: skipped */
static bool batch(int64_t id, const char *task0, const char *task2)
{
    bool skip;
    sp_error err = { 0 };
    REQUIRE(f.s->cls->begin(f.s, id, &skip, &err) == SP_OK);
    if (skip)
        return false;
    sp_batch one = build_batch(f.a, f.spec.schema, task0), two = build_batch(f.a, f.spec.schema, task2);
    REQUIRE(f.s->cls->consume(f.s, 2, &two, &err) == SP_OK);
    REQUIRE(f.s->cls->consume(f.s, 0, &one, &err) == SP_OK);
    REQUIRE(f.s->cls->commit(f.s, id, 3, &err) == SP_OK);
    return true;
}

/* Files below dir as "path=content " with uuids as U and the log left out; sorted. */
static void walk(const char *dir, char *out)
{
    sp_dir_entry *entries;
    size_t count;
    sp_error err = { 0 };
    REQUIRE(sp_dir_list(f.w, dir, true, f.a, &entries, &count, &err) == SP_OK);
    for (size_t i = 0; i < count; i++) {
        char path[1000];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i].name);
        if (strcmp(entries[i].name, "_spark_metadata") == 0)
            continue;
        if (entries[i].st.is_dir) {
            walk(path, out);
            continue;
        }
        sp_str text;
        REQUIRE(sp_file_read_all(f.w, path, f.a, &text, NULL, &err) == SP_OK);
        char *to = out + strlen(out);
        for (char *p = path; *p;) {
            size_t n = strspn(p, "0123456789abcdef-");
            if (n >= 36 && p[8] == '-' && p[13] == '-') {
                *to++ = 'U';
                p += 36;
            } else if (n >= 37 && p[0] == '-' && p[9] == '-') {
                *to++ = '-', *to++ = 'U';
                p += 37;
            } else {
                *to++ = *p++;
            }
        }
        *to = 0;
        sprintf(to, "=%s ", text.p);
    }
}

static const char *files(void)
{
    static char out[20000];
    out[0] = 0;
    walk("/out", out);
    return out;
}

TEST(plain)
{
    begin("k STRING, n INT", NULL, 0);
    open_sink("json");
    CHECK(batch(0, "a|1;b|NULL", "c|3"));
    CHECK_STR(files(), "/out/part-00000-U-c000.json={\"k\":\"a\",\"n\":1}\n{\"k\":\"b\"}\n /out/part-00002-U-c000.json={\"k\":\"c\",\"n\":3}\n ");
    CHECK(!batch(0, "a|1", ""));
    open_sink("json");
    CHECK(!batch(0, "a|1", ""));
    CHECK_INT(f.s->cls->rows_out(f.s), -1);
    sp_sink_file *log;
    int count;
    sp_error err = { 0 };
    REQUIRE(sp_sink_log_all(f.w, "/out/_spark_metadata", f.a, &log, &count, &err) == SP_OK);
    REQUIRE(count == 2);
    CHECK(sp_str_starts(log[0].path, "file:///out/part-0000"));
    CHECK_INT(log[0].size + log[1].size, 42);
    CHECK_INT(log[0].block_size, 33554432);
    sp_buf text = { 0 };
    f.s->cls->describe(f.s, &text);
    CHECK_STR(sp_buf_cstr(&text), "FileSink[file:/out]");
    sp_buf_done(&text);
}

TEST(empty_batches_leave_an_empty_file)
{
    begin("k STRING", NULL, 0);
    open_sink("json");
    CHECK(batch(0, "", ""));
    CHECK_STR(files(), "/out/part-00000-U-c000.json= ");
    sp_sink_file *log;
    int count;
    sp_error err = { 0 };
    REQUIRE(sp_sink_log_all(f.w, "/out/_spark_metadata", f.a, &log, &count, &err) == SP_OK);
    CHECK(count == 1 && log[0].size == 0);
}

TEST(partitions)
{
    static const int by[] = { 1, 0 };
    begin("a STRING, b INT, c STRING", by, 2);
    open_sink("csv");
    CHECK(batch(0, "x=y/z|1|r1;NULL|NULL|r2;|2|r3;sp ace|1|r4;x=y/z|1|r5", ""));
    CHECK_STR(files(), "/out/b=1/a=sp ace/part-00000-U.c000.csv=r4\n /out/b=1/a=x%3Dy%2Fz/part-00000-U.c000.csv=r1\nr5\n "
              "/out/b=2/a=__HIVE_DEFAULT_PARTITION__/part-00000-U.c000.csv=r3\n "
              "/out/b=__HIVE_DEFAULT_PARTITION__/a=__HIVE_DEFAULT_PARTITION__/part-00000-U.c000.csv=r2\n ");
    CHECK(batch(1, "", ""));
    sp_sink_file *log;
    int count;
    sp_error err = { 0 };
    REQUIRE(sp_sink_log_all(f.w, "/out/_spark_metadata", f.a, &log, &count, &err) == SP_OK);
    CHECK_INT(count, 4);
    bool escaped = false;
    for (int i = 0; i < count; i++)
        escaped |= strstr(log[i].path.p, "/b=1/a=x%253Dy%252Fz/") != NULL;
    CHECK(escaped);
}

/* More folders than files may be open at once. */
TEST(many_partitions)
{
    static const int by[] = { 0 };
    begin("a INT, b STRING", by, 1);
    open_sink("text");
    sp_buf rows = { 0 };
    for (int i = 0; i < 1500; i++)
        sp_buf_printf(&rows, "%s%d|v%d", i ? ";" : "", i % 700, i);
    CHECK(batch(0, sp_buf_cstr(&rows), ""));
    sp_buf_done(&rows);
    sp_sink_file *log;
    int count;
    sp_error err = { 0 };
    sp_str text;
    REQUIRE(sp_sink_log_all(f.w, "/out/_spark_metadata", f.a, &log, &count, &err) == SP_OK);
    CHECK_INT(count, 700);
    for (int i = 0; i < count; i++)
        if (strstr(log[i].path.p, "/a=57/")) {
            sp_str path;
            REQUIRE(sp_path_from_uri(f.a, log[i].path, &path, &err) == SP_OK);
            REQUIRE(sp_file_read_all(f.w, path.p, f.a, &text, NULL, &err) == SP_OK);
            CHECK_STR(text.p, "v57\nv757\nv1457\n");
        }
}

TEST(abort_removes_what_the_batch_wrote)
{
    begin("k STRING", NULL, 0);
    open_sink("text");
    bool skip;
    sp_error err = { 0 };
    REQUIRE(f.s->cls->begin(f.s, 0, &skip, &err) == SP_OK);
    char *big = sp_arena_alloc(f.a, 3 << 20, NULL);
    memset(big, 'x', 3 << 20);
    big[(3 << 20) - 1] = 0;
    sp_batch b = build_batch(f.a, f.spec.schema, big);
    REQUIRE(f.s->cls->consume(f.s, 0, &b, &err) == SP_OK);
    f.s->cls->abort(f.s, 0);
    char out[100] = "";
    walk("/out", out);
    CHECK_STR(out, "");
    CHECK(batch(0, "again", ""));
    CHECK_STR(files(), "/out/part-00000-U-c000.txt=again\n ");
}

TEST(compression)
{
    begin("k STRING", NULL, 0);
    sp_error err = { 0 };
    REQUIRE(sp_props_put(&f.options, SP_LIT("compression"), SP_LIT("gzip"), &err) == SP_OK);
    open_sink("text");
    CHECK(batch(0, "hello;world", ""));
    sp_sink_file *log;
    int count;
    sp_str path, packed, text;
    REQUIRE(sp_sink_log_all(f.w, "/out/_spark_metadata", f.a, &log, &count, &err) == SP_OK && count == 1);
    CHECK(sp_str_ends(log[0].path, "-c000.txt.gz"));
    REQUIRE(sp_path_from_uri(f.a, log[0].path, &path, &err) == SP_OK);
    REQUIRE(sp_file_read_all(f.w, path.p, f.a, &packed, NULL, &err) == SP_OK);
    CHECK_INT(packed.n, log[0].size);
    REQUIRE(sp_decompress(f.a, "gzip", packed, &text, &err) == SP_OK);
    CHECK(sp_str_is(text, "hello\nworld\n"));
    REQUIRE(sp_props_put(&f.options, SP_LIT("compression"), SP_LIT("rar"), &err) == SP_OK);
    sp_sink *s;
    CHECK(sp_sink_find(SP_LIT("text"))->open(&f.spec, &s, &err) == SP_FAILED);
}

TEST(what_cannot_be_written)
{
    static const int all[] = { 0 };
    sp_error err = { 0 };
    sp_sink *s;
    begin("k STRING", all, 1);
    CHECK(sp_sink_find(SP_LIT("text"))->open(&f.spec, &s, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_ALL_PARTITION_COLUMNS_NOT_ALLOWED);
}

TEST(what_is_refused_for_want_of_a_type_or_a_path)
{
    sp_error err = { 0 };
    sp_sink *s;
    begin("k INT", NULL, 0);
    CHECK(sp_sink_find(SP_LIT("text"))->open(&f.spec, &s, &err) == SP_FAILED);
    sp_error_reset(&err);
    f.spec.path = NULL;
    CHECK(sp_sink_find(SP_LIT("json"))->open(&f.spec, &s, &err) == SP_FAILED);
    CHECK(!(sp_sink_find(SP_LIT("json"))->modes & SP_MODE_BIT(SP_SINK_COMPLETE)));
}

/* ---- batch writes ---- */

static sp_status save(int mode, const char *rows, bool *skip, sp_error *err)
{
    sp_batch_writer *w;
    f.spec.file_format = sp_format_find(SP_LIT("text"));
    SP_TRY(sp_batch_writer_open(&f.spec, mode, skip, &w, err));
    if (*skip)
        return SP_OK;
    sp_batch b = build_batch(f.a, f.spec.schema, rows);
    sp_status status = sp_batch_writer_consume(w, 0, &b, err);
    return sp_batch_writer_close(w, status == SP_OK, 1, err);
}

TEST(save_modes)
{
    begin("k STRING", NULL, 0);
    bool skip;
    sp_error err = { 0 };
    CHECK(save(2, "one", &skip, &err) == SP_OK);
    CHECK_STR(files(), "/out/_SUCCESS= /out/part-00000-U-c000.txt=one\n ");
    CHECK(save(2, "two", &skip, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_PATH_ALREADY_EXISTS);
    sp_error_reset(&err);
    CHECK(save(3, "two", &skip, &err) == SP_OK && skip);
    CHECK(save(0, "two", &skip, &err) == SP_OK && !skip);
    CHECK_INT(strlen(files()), strlen("/out/_SUCCESS= /out/part-00000-U-c000.txt=one\n /out/part-00000-U-c000.txt=two\n "));
    CHECK(save(1, "three", &skip, &err) == SP_OK);
    CHECK_STR(files(), "/out/_SUCCESS= /out/part-00000-U-c000.txt=three\n ");
    sp_batch_writer *w;
    REQUIRE(sp_batch_writer_open(&f.spec, 0, &skip, &w, &err) == SP_OK);
    sp_batch b = build_batch(f.a, f.spec.schema, "half");
    REQUIRE(sp_batch_writer_consume(w, 0, &b, &err) == SP_OK);
    CHECK(sp_batch_writer_close(w, false, 1, &err) == SP_OK);
    CHECK_STR(files(), "/out/_SUCCESS= /out/part-00000-U-c000.txt=three\n ");
}
