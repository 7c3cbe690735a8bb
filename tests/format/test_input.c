/* test_input.c -- inputs over files and over rows in memory: every line exactly once, however files are cut into pieces and blocks. */
#include "format/input.h"
#include "test.h"
#include <stdio.h>

static sp_world *world(void)
{
    sp_world *w = sp_world_sim_new(5);
    REQUIRE(w);
    DEFER(sp_world_sim_free, w);
    return w;
}

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

static uint64_t state = 88172645463325252ull;
static uint64_t random_below(uint64_t n)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % n;
}

static void put(sp_world *w, const char *path, const char *text, size_t n)
{
    sp_error err = { 0 };
    REQUIRE(sp_file_write_atomic(w, path, (sp_str){ text, n }, true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
}

typedef struct seen { sp_strmap lines; int count, splits; int64_t rows_read; } seen;

static void end_seen(seen *s) { sp_strmap_done(&s->lines); }

/* Reads all splits; columns of a row are joined by '|'. */
static sp_status read_all(sp_arena *a, const sp_input *in, const sp_decode_spec *spec, seen *s, sp_error *err)
{
    sp_reader *r;
    sp_status status = in->cls->open(in, spec, &r, err);
    sp_arena *batches = sp_arena_new("batch", 0);
    s->splits = in->split_count;
    if (status == SP_FAILED || !batches) {
        if (status != SP_FAILED)
            in->cls->close(r);
        sp_arena_free(batches);
        return SP_FAILED;
    }
    for (int i = 0; i < in->split_count && status != SP_FAILED; i++) {
        status = in->cls->start(r, i, err);
        while (status == SP_OK || status == SP_MORE) {
            sp_batch b;
            sp_arena_reset(batches);
            status = in->cls->next(r, batches, &b, err);
            for (uint32_t row = 0; status == SP_MORE && row < b.sel_count; row++) {
                sp_buf text = { 0 };
                for (int c = 0; c < b.column_count; c++) {
                    if (c)
                        sp_buf_putc(&text, '|');
                    sp_vec_text(&text, b.columns[c], SP_BATCH_ROW(&b, row), false, sp_zone_utc(), err);
                }
                sp_str key = { sp_buf_cstr(&text), text.len };
                uintptr_t times = (uintptr_t)sp_strmap_get(&s->lines, key);
                sp_status kept = sp_strmap_put(&s->lines, key, (void *)(times + 1), err);
                sp_buf_done(&text);
                if (kept == SP_FAILED)
                    status = SP_FAILED;
                s->count++;
            }
        }
    }
    s->rows_read = in->cls->rows_read(r);
    in->cls->close(r);
    sp_arena_free(batches);
    return status == SP_FAILED ? SP_FAILED : SP_OK;
}

static sp_decode_spec text_spec(sp_arena *a, const sp_expr_conf *conf)
{
    sp_decode_spec spec = { .arena = a, .conf = conf };
    sp_error err = { 0 };
    REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("value STRING"), &spec.schema, &err) == SP_OK);
    return spec;
}

/* Property: random files of lines (each with a number of its own), any piece size, any mix of line ends: each line once. */
TEST(every_line_once)
{
    static const sp_expr_conf conf = { 0 };
    for (int round = 0; round < 300; round++) {
        sp_world *w = sp_world_sim_new((uint64_t)round);
        sp_arena *a = sp_arena_new("test", 0);
        sp_error err = { 0 };
        sp_input_file files[5];
        int count = 1 + (int)random_below(5), lines = 0, ends = (int)random_below(4);
        for (int f = 0; f < count; f++) {
            sp_buf text = { 0 };
            char path[32];
            int n = (int)random_below(40);
            for (int i = 0; i < n; i++) {
                int pad = (int)random_below(random_below(4) ? 10 : 200);
                sp_buf_printf(&text, "line%d", lines++);
                for (int k = 0; k < pad; k++)
                    sp_buf_putc(&text, 'x');
                bool last = i == n - 1 && random_below(2);
                if (!last)
                    sp_buf_puts(&text, ends == 0 ? "\n" : ends == 1 ? "\r\n" : ends == 2 ? "\r" : random_below(2) ? "\n" : "\r\n");
            }
            sprintf(path, "/f%d", f);
            put(w, path, text.len ? text.data : "", text.len);
            files[f] = (sp_input_file){ sp_str_of(sp_arena_strdup(a, path, NULL)), (int64_t)text.len, 0, NULL };
            sp_buf_done(&text);
        }
        sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("text")), .files = files, .file_count = count,
                                    .parallelism = 1 + (int)random_below(4), .max_partition_bytes = 1 + (int64_t)random_below(300),
                                    .open_cost_bytes = 1 + (int64_t)random_below(30) };
        sp_decode_spec decode = text_spec(a, &conf);
        sp_input *in;
        seen s = { 0 };
        REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
        REQUIRE(read_all(a, in, &decode, &s, &err) == SP_OK);
        CHECK_INT(s.count, lines);
        CHECK_INT(sp_strmap_size(&s.lines), lines);
        CHECK_INT(s.rows_read, lines);
        sp_str key;
        void *times;
        for (size_t i = 0; sp_strmap_next(&s.lines, &i, &key, &times);)
            if (!CHECK((uintptr_t)times == 1 && strncmp(key.p, "line", 4) == 0))
                CHECK_STR(sp_arena_strndup(a, key.p, key.n, NULL), "a line once");
        end_seen(&s);
        sp_arena_free(a);
        sp_world_sim_free(w);
    }
}

/* Files larger than a block, with lines longer than one. */
TEST(big_files)
{
    static const sp_expr_conf conf = { 0 };
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_buf text = { 0 };
    int lines = 0;
    while (text.len < (7u << 20)) {
        size_t pad = lines == 3 ? (size_t)5 << 19 : random_below(3000);
        sp_buf_printf(&text, "line%d", lines++);
        if (sp_buf_reserve(&text, pad)) {
            memset(text.data + text.len, 'y', pad);
            text.len += pad;
        }
        sp_buf_putc(&text, '\n');
    }
    put(w, "/big", text.data, text.len);
    for (int64_t cut = 300000; cut < (8 << 20); cut = cut * 3 / 2) {
        sp_input_file file = { SP_LIT("/big"), (int64_t)text.len, 0, NULL };
        sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("text")), .files = &file, .file_count = 1, .parallelism = 4,
                                    .max_partition_bytes = cut, .open_cost_bytes = 1 };
        sp_decode_spec decode = text_spec(a, &conf);
        sp_input *in;
        seen s = { 0 };
        REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
        CHECK(read_all(a, in, &decode, &s, &err) == SP_OK);
        CHECK_INT(s.count, lines);
        CHECK_INT(sp_strmap_size(&s.lines), lines);
        end_seen(&s);
    }
    sp_buf_done(&text);
}

TEST(splits_as_spark_packs_them)
{
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_input *in;
    sp_input_file files[4] = { { SP_LIT("/a"), 100, 0, NULL }, { SP_LIT("/b"), 10, 0, NULL }, { SP_LIT("/c"), 10, 0, NULL },
                               { SP_LIT("/d.gz"), 250, 0, NULL } };
    sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("text")), .files = files, .file_count = 3, .parallelism = 1,
                                .max_partition_bytes = 40, .open_cost_bytes = 4 };
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 4);      /* 40 | 40 | 20 + 10 | 10: with the costs of opening another 10 would pass 40 */
    spec.file_count = 4;
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 5);      /* a compressed file is not cut */
    spec.whole_files = true;
    spec.max_partition_bytes = 1;
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 4);
    spec.file_count = 0;
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 0);
    spec = (sp_file_input_spec){ .world = w, .format = spec.format, .files = files, .file_count = 3, .parallelism = 8 };
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 3);      /* opening a file costs as much as a whole task may have */
    spec.parallelism = 1;
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 1);      /* small files share a task */
}

/* Partition columns stand where the scan asks for them. */
TEST(partition_columns)
{
    static const sp_expr_conf conf = { 0 };
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    put(w, "/f1", "x,1\ny,2\n", 8);
    put(w, "/f2", "z,3\n", 4);
    sp_value one[1] = { sp_value_i64(SP_INT, 7) }, two[1] = { sp_value_null(sp_type_of(SP_INT)) };
    sp_input_file files[2] = { { SP_LIT("/f1"), 8, 0, one }, { SP_LIT("/f2"), 4, 0, two } };
    sp_props options = { 0 };
    sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("csv")), .files = files, .file_count = 2,
                                .partition_column_count = 1, .parallelism = 1 };
    int orders[3][3] = { { 2, 0, 1 }, { 1, 2, 0 }, { 2, 2, 2 } };
    const char *rows[3] = { "7|y|2", "2|7|y", "7|7|7" };
    const char *other[3] = { "null|z|3", "3|null|z", "null|null|null" };
    for (int i = 0; i < 3; i++) {
        sp_decode_spec decode = { .arena = a, .options = &options, .conf = &conf, .columns = orders[i], .column_count = i == 2 ? 1 : 3 };
        sp_input *in;
        seen s = { 0 };
        REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("a STRING, b INT, p INT"), &decode.schema, &err) == SP_OK);
        REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
        REQUIRE(read_all(a, in, &decode, &s, &err) == SP_OK);
        CHECK_INT(s.count, 3);
        if (i < 2) {
            CHECK(sp_strmap_has(&s.lines, sp_str_of(rows[i])));
            CHECK(sp_strmap_has(&s.lines, sp_str_of(other[i])));
        } else {
            CHECK_INT((uintptr_t)sp_strmap_get(&s.lines, SP_LIT("7")), 2);
        }
        end_seen(&s);
    }
    /* a count needs no column at all */
    sp_decode_spec decode = { .arena = a, .options = &options, .conf = &conf, .columns = orders[0], .column_count = 0 };
    sp_input *in;
    seen s = { 0 };
    REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("a STRING, b INT, p INT"), &decode.schema, &err) == SP_OK);
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    REQUIRE(read_all(a, in, &decode, &s, &err) == SP_OK);
    CHECK_INT(s.count, 3);
    end_seen(&s);
}

/* A header belongs to the file, not to each of its pieces. */
TEST(header_of_a_cut_file)
{
    static const sp_expr_conf conf = { 0 };
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_buf text = { 0 };
    sp_buf_puts(&text, "name,number\n");
    for (int i = 0; i < 50; i++)
        sp_buf_printf(&text, "n%d,%d\n", i, i);
    put(w, "/f", text.data, text.len);
    sp_props options = { 0 };
    REQUIRE(sp_props_put(&options, SP_LIT("header"), SP_LIT("true"), &err) == SP_OK);
    sp_input_file file = { SP_LIT("/f"), (int64_t)text.len, 0, NULL };
    for (int cut = 1; cut < 60; cut++) {
        sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("csv")), .files = &file, .file_count = 1, .parallelism = 1,
                                    .max_partition_bytes = cut, .open_cost_bytes = 1 };
        sp_decode_spec decode = { .arena = a, .options = &options, .conf = &conf };
        sp_input *in;
        seen s = { 0 };
        REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("a STRING, b INT"), &decode.schema, &err) == SP_OK);
        REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
        REQUIRE(read_all(a, in, &decode, &s, &err) == SP_OK);
        CHECK_INT(s.count, 50);
        CHECK_INT(sp_strmap_size(&s.lines), 50);
        end_seen(&s);
    }
    sp_buf_done(&text);
    sp_props_done(&options);
}

TEST_ALLOC(compressed_and_whole_files)
{
    static const sp_expr_conf conf = { 0 };
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_buf packed = { 0 };
    DEFER(sp_buf_done, &packed);
    sp_status status = sp_compress("gzip", SP_LIT("one\ntwo\nthree"), &packed, &err);
    if (status == SP_OK)
        put(w, "/f.gz", packed.data, packed.len);
    int64_t size = (int64_t)packed.len;
    sp_buf_done(&packed);
    packed = (sp_buf){ 0 };
    REQUIRE(status == SP_OK);
    sp_input_file file = { SP_LIT("/f.gz"), size, 0, NULL };
    sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("text")), .files = &file, .file_count = 1, .parallelism = 1 };
    sp_decode_spec decode = text_spec(a, &conf);
    sp_input *in;
    seen s = { 0 };
    DEFER(end_seen, &s);
    status = sp_input_of_files(a, &spec, &in, &err);
    if (status == SP_OK)
        status = read_all(a, in, &decode, &s, &err);
    if (status == SP_OK) {
        CHECK_INT(s.count, 3);
        CHECK(sp_strmap_has(&s.lines, SP_LIT("three")));
    }
    end_seen(&s);
    s = (seen){ 0 };
    REQUIRE(status == SP_OK);
}

TEST(missing_files)
{
    static const sp_expr_conf conf = { 0 };
    sp_world *w = world();
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_input_file file = { SP_LIT("/none"), 10, 0, NULL };
    sp_file_input_spec spec = { .world = w, .format = sp_format_find(SP_LIT("text")), .files = &file, .file_count = 1, .parallelism = 1 };
    sp_decode_spec decode = text_spec(a, &conf);
    sp_input *in;
    seen s = { 0 };
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK(read_all(a, in, &decode, &s, &err) == SP_FAILED);
    sp_error_reset(&err);
    spec.ignore_missing = true;
    REQUIRE(sp_input_of_files(a, &spec, &in, &err) == SP_OK);
    CHECK(read_all(a, in, &decode, &s, &err) == SP_OK);
    CHECK_INT(s.count, 0);
    end_seen(&s);
}

static const char *setting(const void *session, const char *key)
{
    return strstr(key, "maxPartition") ? "2MB" : strstr(key, "openCost") ? " 512k" : strstr(key, "ignoreMissing") ? "true" : NULL;
}

TEST(settings)
{
    sp_expr_conf conf = { .conf_get = setting };
    sp_file_input_spec spec = { 0 };
    sp_file_input_settings(&spec, &conf);
    CHECK_INT(spec.max_partition_bytes, 2 << 20);
    CHECK_INT(spec.open_cost_bytes, 512 << 10);
    CHECK(spec.ignore_missing);
}

TEST(batches_in_memory)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_batch batches[5];
    for (int i = 0; i < 5; i++) {
        sp_value v = sp_value_i64(SP_LONG, i), t = sp_value_str(SP_LIT("t"));
        batches[i] = (sp_batch){ .rows = 2, .sel_count = 2, .column_count = 2, .columns = sp_arena_calloc(a, 2 * sizeof(sp_vec *), &err) };
        batches[i].columns[0] = sp_value_vec(&v, 2, a, &err);
        batches[i].columns[1] = sp_value_vec(&t, 2, a, &err);
    }
    int pick[2] = { 1, 0 };
    for (int splits = 0; splits < 8; splits++) {
        sp_decode_spec decode = { .arena = a, .columns = pick, .column_count = 2 };
        sp_input *in;
        seen s = { 0 };
        REQUIRE(sp_input_of_batches(a, batches, 5, splits, &in, &err) == SP_OK);
        REQUIRE(read_all(a, in, &decode, &s, &err) == SP_OK);
        CHECK_INT(s.count, 10);
        CHECK_INT(s.rows_read, 10);
        CHECK_INT((uintptr_t)sp_strmap_get(&s.lines, SP_LIT("t|4")), 2);
        CHECK_INT(s.splits, splits < 1 ? 1 : splits);
        end_seen(&s);
    }
    sp_input *in;
    REQUIRE(sp_input_of_batches(a, NULL, 0, 3, &in, &err) == SP_OK);
    CHECK_INT(in->split_count, 0);
}
