/* Arrow IPC: our own round trip, pyarrow's reading of what we write and our reading of what it writes, broken
 * streams. */
#include "test.h"
#include "column/column.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    return a;
}

static const sp_type *type_of(sp_arena *a, const char *ddl)
{
    const sp_type *t = NULL;
    REQUIRE(sp_type_parse(a, sp_str_of(ddl), &t, NULL) == SP_OK);
    return t;
}

static const char all_types[] =
    "a boolean, b tinyint, c smallint, d int, e bigint, f float, g double, h decimal(38,4), i string, j binary, "
    "k date, l timestamp, m timestamp_ntz, n time(6), o interval year to month, p interval day to second, "
    "q interval, r void, s array<int>, t map<string,array<bigint>>, u struct<x:int,y:array<struct<z:string>>>, "
    "v array<boolean> not null, w variant";

/* Row i of every type; each fifth value null. */
static sp_status build(sp_builder *b, const sp_type *t, uint32_t i, bool nullable)
{
    char text[48];
    sp_status s = SP_OK;
    if ((nullable && i % 5 == 4) || t->kind == SP_VOID) return sp_build_null(b, NULL);
    switch (t->kind) {
    case SP_BOOLEAN: return sp_build_bool(b, i % 3 == 0, NULL);
    case SP_FLOAT: case SP_DOUBLE: return sp_build_f64(b, (double)i / 4, NULL);
    case SP_DECIMAL: return sp_build_decimal(b, (__int128)i * 123456789012345678 - 5, NULL);
    case SP_STRING:
        snprintf(text, sizeof text, "%.*s%u", (int)(i % 20), "a longer string than 12", i);
        return sp_build_str(b, sp_str_of(text), NULL);
    case SP_BINARY: return sp_build_str(b, (sp_str){ "\0\1\2\377", i % 5 }, NULL);
    case SP_CALENDAR: return sp_build_calendar(b, (sp_calendar){ (int32_t)i, -2, 3000000 }, NULL);
    case SP_TIME: return sp_build_i64(b, (int64_t)i * 1000000000 + 5000, NULL);
    case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: return sp_build_i64(b, 1700000000000000 + i, NULL);
    case SP_ARRAY: case SP_MAP: case SP_STRUCT: case SP_VARIANT:
        s = sp_build_open(b, NULL);
        uint32_t n = t->kind == SP_STRUCT || t->kind == SP_VARIANT ? 1 : i % 3;
        for (uint32_t k = 0; s == SP_OK && k < n; k++) {
            for (int c = 0; s == SP_OK && c < t->field_count; c++)
                s = build(sp_builder_child(b, c), t->fields[c].type, i + k + (uint32_t)c, t->fields[c].nullable);
            if (t->kind == SP_VARIANT) {
                s = sp_build_str(sp_builder_child(b, 0), (sp_str){ "\x0c\x07", 2 }, NULL);   /* int8 7 */
                if (s == SP_OK) s = sp_build_str(sp_builder_child(b, 1), (sp_str){ "\1\0\0", 3 }, NULL);
            }
        }
        return s == SP_OK ? sp_build_close(b, NULL) : s;
    default: return sp_build_i64(b, (int64_t)i - 3, NULL);
    }
}

static sp_batch *make_batch(sp_arena *a, const sp_type *schema, uint32_t rows)
{
    sp_batch *b = sp_arena_calloc(a, sizeof *b, NULL);
    REQUIRE(b != NULL);
    *b = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = schema->field_count };
    b->columns = sp_arena_calloc(a, sizeof *b->columns * (size_t)(schema->field_count + 1), NULL);
    REQUIRE(b->columns != NULL);
    for (int c = 0; c < schema->field_count; c++) {
        sp_builder *builder = sp_builder_new(a, schema->fields[c].type, false, NULL);
        REQUIRE(builder != NULL);
        for (uint32_t i = 0; i < rows; i++)
            REQUIRE(build(builder, schema->fields[c].type, i, schema->fields[c].nullable) == SP_OK);
        REQUIRE(sp_builder_take(builder, &b->columns[c], NULL) == SP_OK);
    }
    return b;
}

static sp_buf *written(const sp_type *schema, const sp_batch *const *batches, int count)
{
    static sp_buf out;
    out = (sp_buf){ 0 };
    DEFER(sp_buf_done, &out);
    sp_error err = { 0 };
    REQUIRE(sp_ipc_write(schema, batches, count, "Europe/Berlin", true, &out, &err) == SP_OK);
    return &out;
}

TEST_ALLOC(round_trip)
{
    sp_arena *a = arena();
    const sp_type *schema = type_of(a, all_types), *back = NULL;
    sp_batch *b = make_batch(a, schema, 77), *read = NULL;
    uint32_t sel[30];
    for (uint32_t i = 0; i < 30; i++) sel[i] = i * 2 + 1;
    sp_batch chosen = *b;
    chosen.sel = sel;
    chosen.sel_count = 30;
    sp_batch empty = *b;
    empty.sel = sel;
    empty.sel_count = 0;
    const sp_batch *batches[] = { b, &chosen, &empty };
    sp_buf *out = written(schema, batches, 3);
    int count = 0;
    sp_error err = { 0 };
    REQUIRE(sp_ipc_read((sp_str){ out->data, out->len }, a, &back, &read, &count, &err) == SP_OK);
    CHECK(sp_type_same(schema, back));
    REQUIRE(count == 3);
    CHECK_INT(read[0].rows, 77);
    CHECK_INT(read[1].rows, 30);
    CHECK_INT(read[2].rows, 0);
    for (int c = 0; c < schema->field_count; c++) {
        uint32_t same = 0;
        for (uint32_t i = 0; i < 77; i++) same += sp_vec_rows_eq(b->columns[c], i, read[0].columns[c], i);
        for (uint32_t i = 0; i < 30; i++) same += sp_vec_rows_eq(b->columns[c], sel[i], read[1].columns[c], i);
        CHECK_STR(same == 107 ? schema->fields[c].name.p : "rows differ", schema->fields[c].name.p);
    }
}

TEST(forms)
{
    sp_arena *a = arena();
    const sp_type *schema = type_of(a, "a string, b array<int>, c struct<x:string>"), *back;
    sp_batch *b = make_batch(a, schema, 20), *read;
    uint32_t index[9] = { 1, 1, 5, 4, 19, 0, 2, 2, 3 };
    sp_vec *columns[3], dict[3];
    for (int c = 0; c < 3; c++) {
        dict[c] = (sp_vec){ .type = schema->fields[c].type, .rows = 9, .form = SP_DICT, .index = index, .child =
                            &b->columns[c], .child_count = 1 };
        columns[c] = &dict[c];
    }
    sp_vec *konst = sp_vec_copy(b->columns[2], index, 1, a, NULL);
    konst->form = SP_CONST;
    konst->rows = 9;
    columns[2] = konst;
    sp_batch in = { .rows = 9, .sel_count = 9, .column_count = 3, .columns = columns };
    const sp_batch *batches[] = { &in };
    sp_buf *out = written(schema, batches, 1);
    int count;
    REQUIRE(sp_ipc_read((sp_str){ out->data, out->len }, a, &back, &read, &count, NULL) == SP_OK);
    for (int c = 0; c < 3; c++)
        for (uint32_t i = 0; i < 9; i++) CHECK(sp_vec_rows_eq(columns[c], i, read[0].columns[c], i));
}

TEST(large_batches_come_in_pieces)
{
    sp_arena *a = arena();
    const sp_type *schema = type_of(a, "a bigint, b string, c array<int>, d void"), *back;
    uint32_t rows = SP_BATCH_ROWS_MAX * 2 + 100;
    sp_batch *b = make_batch(a, schema, rows), *read;
    const sp_batch *batches[] = { b };
    sp_buf *out = written(schema, batches, 1);
    int count;
    REQUIRE(sp_ipc_read((sp_str){ out->data, out->len }, a, &back, &read, &count, NULL) == SP_OK);
    CHECK_INT(count, 3);
    uint32_t at = 0, same = 0;
    for (int k = 0; k < count; k++)
        for (uint32_t i = 0; i < read[k].rows; i++, at++)
            for (int c = 0; c < 4; c++) same += sp_vec_rows_eq(b->columns[c], at, read[k].columns[c], i);
    CHECK_INT(at, rows);
    CHECK_INT(same, 4 * rows);
}

/* Every prefix, and every byte changed in some ways: an error or an answer, never a crash (ASan looks on). */
TEST(broken_streams)
{
    sp_arena *a = arena(), *call = arena();
    const sp_type *schema = type_of(a, all_types), *back;
    const sp_batch *batches[] = { make_batch(a, schema, 9) };
    sp_buf *out = written(schema, batches, 1);
    char *copy = sp_arena_alloc(a, out->len, NULL);
    sp_batch *read;
    int count;
    for (size_t n = 0; n < out->len; n += 3) {
        char *tight = malloc(n ? n : 1);
        memcpy(tight, out->data, n);
        sp_ipc_read((sp_str){ tight, n }, call, &back, &read, &count, NULL);
        free(tight);
        sp_arena_reset(call);
    }
    static const unsigned char changes[] = { 0x01, 0x80, 0xff };
    for (size_t i = 0; i < out->len; i++)
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(copy, out->data, out->len);
            copy[i] = (char)(copy[i] ^ changes[k]);
            if (sp_ipc_read((sp_str){ copy, out->len }, call, &back, &read, &count, NULL) == SP_OK) {
                sp_buf text = { 0 };
                for (int c = 0; count && c < read[0].column_count; c++)
                    for (uint32_t r = 0; r < read[0].rows && r < 100; r++) {
                        sp_vec_text(&text, read[0].columns[c], r, true, NULL, NULL);
                        sp_buf_clear(&text);
                    }
                sp_buf_done(&text);
            }
            sp_arena_reset(call);
        }
}

/* ---- against pyarrow ---- */

static void write_file(const char *folder, const char *name, const char *p, size_t n)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    REQUIRE(fwrite(p, 1, n, f) == n);
    fclose(f);
}

static sp_str read_file(sp_arena *a, const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) return (sp_str){ NULL, 0 };
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *p = sp_arena_alloc(a, (size_t)n + 1, NULL);
    size_t got = fread(p, 1, (size_t)n, f);
    fclose(f);
    p[got] = 0;
    return (sp_str){ p, got };
}

/* The rows of a stream as text: the schema, then a line a row. */
static void describe(sp_arena *a, sp_str stream, sp_buf *out)
{
    const sp_type *schema;
    sp_batch *batches;
    int count;
    sp_error err = { .arena = a };
    if (sp_ipc_read(stream, a, &schema, &batches, &count, &err) == SP_FAILED) {
        sp_error_message(&err, out);
        sp_buf_putc(out, '\n');
        return;
    }
    sp_type_simple(out, schema);
    sp_buf_putc(out, '\n');
    for (int k = 0; k < count; k++)
        for (uint32_t i = 0; i < batches[k].rows; i++) {
            for (int c = 0; c < batches[k].column_count; c++) {
                if (c) sp_buf_puts(out, " | ");
                sp_vec_text(out, batches[k].columns[c], i, true, NULL, NULL);
            }
            sp_buf_putc(out, '\n');
        }
}

TEST(pyarrow)
{
    static const char python[] = "build/venv/bin/python";
    if (access(python, X_OK) != 0) return;    /* no environment here: ./run setup makes it */
    sp_arena *a = arena();
    const char *folder = test_folder();
    const sp_type *schema = type_of(a, all_types);
    const sp_batch *batches[] = { make_batch(a, schema, 6), make_batch(a, schema, 3) };
    sp_buf *out = written(schema, batches, 2);
    write_file(folder, "ours.arrow", out->data, out->len);
    char command[700];
    snprintf(command, sizeof command, "%s tests/column/ipc_check.py %s", python, folder);
    CHECK_INT(system(command), 0);
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof name, "%d.arrow", i);
        sp_str stream = read_file(a, folder, name);
        if (!stream.p) {
            CHECK(i > 20);
            break;
        }
        snprintf(name, sizeof name, "%d.txt", i);
        sp_str want = read_file(a, folder, name);
        sp_buf got = { 0 };
        describe(a, stream, &got);
        CHECK_STR(sp_buf_cstr(&got), want.p ? want.p : "");
        sp_buf_done(&got);
    }
}
