/* test_unsafe.c -- UnsafeRow: bytes worked out by hand from Spark's layout, every type there and back, and bytes that lie. */
#include "state/state_int.h"
#include "test.h"
#include <stdio.h>

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

static const sp_type *schema(sp_arena *a, const char *ddl)
{
    const sp_type *t;
    sp_error err = { 0 };
    REQUIRE(sp_type_schema_from_ddl(a, sp_str_of(ddl), &t, &err) == SP_OK);
    return t;
}

typedef struct maker { sp_arena *a; const sp_type *t; sp_builder *b[80]; } maker;

static maker *make(sp_arena *a, const char *ddl)
{
    maker *m = sp_arena_calloc(a, sizeof *m, NULL);
    sp_error err = { 0 };
    REQUIRE(m);
    m->a = a;
    m->t = schema(a, ddl);
    for (int i = 0; i < m->t->field_count; i++)
        REQUIRE((m->b[i] = sp_builder_new(a, m->t->fields[i].type, false, &err)) != NULL);
    return m;
}

static void columns(maker *m, const sp_vec **out)
{
    sp_error err = { 0 };
    for (int i = 0; i < m->t->field_count; i++) {
        sp_vec *v;
        REQUIRE(sp_builder_take(m->b[i], &v, &err) == SP_OK);
        out[i] = v;
    }
}

/* Row 0 has the bytes written as hex (blanks between), and decodes to what it was. */
static void check_bytes(maker *m, const char *hex)
{
    const sp_vec *cols[80], *back[80];
    sp_buf row = { 0 }, text = { 0 };
    sp_error err = { 0 };
    DEFER(sp_buf_done, &row);
    DEFER(sp_buf_done, &text);
    columns(m, cols);
    sp_status status = sp_unsafe_encode(&row, cols, m->t->field_count, 0, &err);
    for (size_t i = 0; i < row.len; i++)
        sp_buf_printf(&text, "%s%02x", i && i % 8 == 0 ? " " : "", (unsigned char)row.data[i]);
    CHECK_STR(sp_buf_cstr(&text), hex);
    if (status == SP_OK)
        status = sp_unsafe_decode((sp_str){ row.data, row.len }, m->t, m->b, &err);
    if (status == SP_OK) {
        columns(m, back);
        for (int i = 0; i < m->t->field_count; i++)
            CHECK((sp_vec_null_at(cols[i], 0) && sp_vec_null_at(back[i], 0)) || sp_vec_rows_eq(cols[i], 0, back[i], 0));
    }
    sp_buf_done(&row);
    sp_buf_done(&text);
    row = text = (sp_buf){ 0 };
    REQUIRE(status == SP_OK);
}

TEST_ALLOC(fixed_sizes)
{
    maker *m = make(arena(), "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DATE, i TIMESTAMP, j DECIMAL(18,2)");
    sp_error err = { 0 };
    REQUIRE(sp_build_bool(m->b[0], true, &err) == SP_OK && sp_build_i64(m->b[1], -2, &err) == SP_OK && sp_build_i64(m->b[2], -3, &err) == SP_OK);
    REQUIRE(sp_build_i64(m->b[3], -4, &err) == SP_OK && sp_build_i64(m->b[4], -5, &err) == SP_OK && sp_build_f64(m->b[5], 1.5, &err) == SP_OK);
    REQUIRE(sp_build_f64(m->b[6], -1.5, &err) == SP_OK && sp_build_i64(m->b[7], 19723, &err) == SP_OK);
    REQUIRE(sp_build_i64(m->b[8], 1704067200000000, &err) == SP_OK && sp_build_decimal(m->b[9], -1235, &err) == SP_OK);
    check_bytes(m, "0000000000000000 0100000000000000 fe00000000000000 fdff000000000000 fcffffff00000000 fbffffffffffffff "
                "0000c03f00000000 000000000000f8bf 0b4d000000000000 00202110d70d0600 2dfbffffffffffff");
}

TEST(nulls_and_strings)
{
    maker *m = make(arena(), "a INT, b STRING, c STRING, d STRING, e BINARY, f VOID");
    sp_error err = { 0 };
    sp_build_null(m->b[0], &err), sp_build_str(m->b[1], SP_LIT("hello"), &err), sp_build_str(m->b[2], SP_LIT(""), &err);
    sp_build_null(m->b[3], &err), sp_build_str(m->b[4], SP_LIT("12345678"), &err), sp_build_null(m->b[5], &err);
    /* bits 0, 3 and 5; data starts at 56 */
    check_bytes(m, "2900000000000000 0000000000000000 0500000038000000 0000000040000000 0000000000000000 0800000040000000 0000000000000000 "
                "68656c6c6f000000 3132333435363738");
}

/* More than 64 fields take a second word of null bits. */
TEST(many_fields)
{
    sp_arena *a = arena();
    sp_buf ddl = { 0 };
    for (int i = 0; i < 66; i++)
        sp_buf_printf(&ddl, "%sc%d INT", i ? "," : "", i);
    maker *m = make(a, sp_buf_cstr(&ddl));
    sp_error err = { 0 };
    sp_buf hex = { 0 };
    for (int i = 0; i < 66; i++)
        i % 64 == 1 ? sp_build_null(m->b[i], &err) : sp_build_i64(m->b[i], i, &err);
    sp_buf_puts(&hex, "0200000000000000 0200000000000000");
    for (int i = 0; i < 66; i++)
        sp_buf_printf(&hex, " %02x00000000000000", i % 64 == 1 ? 0 : i);
    check_bytes(m, sp_buf_cstr(&hex));
    sp_buf_clear(&hex);
    sp_buf_printf(&hex, "s STRUCT<%s>", sp_buf_cstr(&ddl));     /* and as a field */
    for (size_t i = 0; i < hex.len - 1; i++)
        if (strncmp(hex.data + i, " INT", 4) == 0)
            hex.data[i] = ':';
    m = make(a, sp_buf_cstr(&hex));
    sp_build_open(m->b[0], &err);
    for (int i = 0; i < 66; i++)
        sp_build_i64(sp_builder_child(m->b[0], i), i, &err);
    sp_build_close(m->b[0], &err);
    sp_buf_clear(&hex);
    sp_buf_puts(&hex, "0000000000000000 2002000010000000 0000000000000000 0000000000000000");
    for (int i = 0; i < 66; i++)
        sp_buf_printf(&hex, " %02x00000000000000", i);
    check_bytes(m, sp_buf_cstr(&hex));
    sp_buf_done(&hex);
    sp_buf_done(&ddl);
}

/* The key of a count per window and word, as seen in Spark's state: struct inlined, offsets from the row's start. */
TEST(window_key)
{
    maker *m = make(arena(), "window STRUCT<start: TIMESTAMP, end: TIMESTAMP>, value STRING");
    sp_error err = { 0 };
    sp_build_open(m->b[0], &err);
    sp_build_i64(sp_builder_child(m->b[0], 0), 1, &err);
    sp_build_i64(sp_builder_child(m->b[0], 1), 2, &err);
    sp_build_close(m->b[0], &err);
    sp_build_str(m->b[1], SP_LIT("a"), &err);
    check_bytes(m, "0000000000000000 1800000018000000 0100000030000000 0000000000000000 0100000000000000 0200000000000000 6100000000000000");
}

/* A wide decimal has 16 bytes in a row, null too; a calendar interval likewise. */
TEST(wide_decimals_and_intervals)
{
    maker *m = make(arena(), "a DECIMAL(38,0), b DECIMAL(20,0), c DECIMAL(38,2), d INTERVAL, e INTERVAL, f INTERVAL DAY TO SECOND, g INTERVAL YEAR TO MONTH");
    sp_error err = { 0 };
    sp_build_decimal(m->b[0], (__int128)0x0102030405060708 << 64 | 0x090a0b0c0d0e0f10, &err);
    sp_build_decimal(m->b[1], -1, &err);
    sp_build_null(m->b[2], &err);
    sp_build_calendar(m->b[3], (sp_calendar){ 1, -2, 3 }, &err);
    sp_build_null(m->b[4], &err);
    sp_build_i64(m->b[5], 7, &err);
    sp_build_i64(m->b[6], 14, &err);
    check_bytes(m, "1400000000000000 1000000040000000 0100000050000000 0000000060000000 1000000070000000 1000000080000000 0700000000000000 0e00000000000000 "
                "0102030405060708 090a0b0c0d0e0f10 ff00000000000000 0000000000000000 0000000000000000 0000000000000000 "
                "01000000feffffff 0300000000000000 0000000000000000 0000000000000000");
}

TEST(decimal_lengths)
{
    static const struct { __int128 v; const char *bytes; } cases[] = {
        { 0, "00" }, { 127, "7f" }, { 128, "0080" }, { -128, "80" }, { -129, "ff7f" }, { 255, "00ff" }, { 256, "0100" }, { -256, "ff00" },
        { (__int128)1 << 63, "008000000000000000" }, { -((__int128)1 << 63), "8000000000000000" },
    };
    sp_arena *a = arena();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        maker *m = make(a, "a DECIMAL(38,0)");
        sp_error err = { 0 };
        char hex[80], *p = hex;
        size_t n = strlen(cases[i].bytes);
        sp_build_decimal(m->b[0], cases[i].v, &err);
        p += sprintf(p, "0000000000000000 %02x00000010000000 ", (unsigned)(n / 2));
        for (size_t k = 0; k < 32; k++) {
            if (k == 16)
                *p++ = ' ';
            *p++ = k < n ? cases[i].bytes[k] : '0';
        }
        *p = 0;
        check_bytes(m, hex);
    }
}

TEST(arrays)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    maker *m = make(a, "a ARRAY<INT>, b ARRAY<STRING>, c ARRAY<BOOLEAN>, d ARRAY<INT>");
    sp_build_open(m->b[0], &err);
    sp_build_i64(sp_builder_child(m->b[0], 0), 1, &err), sp_build_null(sp_builder_child(m->b[0], 0), &err),
        sp_build_i64(sp_builder_child(m->b[0], 0), -1, &err);
    sp_build_close(m->b[0], &err);
    sp_build_open(m->b[1], &err);
    sp_build_str(sp_builder_child(m->b[1], 0), SP_LIT("ab"), &err), sp_build_str(sp_builder_child(m->b[1], 0), SP_LIT("012345678"), &err);
    sp_build_close(m->b[1], &err);
    sp_build_open(m->b[2], &err);
    sp_build_bool(sp_builder_child(m->b[2], 0), true, &err), sp_build_bool(sp_builder_child(m->b[2], 0), false, &err);
    sp_build_close(m->b[2], &err);
    sp_build_open(m->b[3], &err), sp_build_close(m->b[3], &err);
    check_bytes(m, "0000000000000000 2000000028000000 3800000048000000 1800000080000000 0800000098000000 "
                "0300000000000000 0200000000000000 0100000000000000 ffffffff00000000 "
                "0200000000000000 0000000000000000 0200000020000000 0900000028000000 6162000000000000 3031323334353637 3800000000000000 "
                "0200000000000000 0000000000000000 0100000000000000 "
                "0000000000000000");
    /* Wide decimals in an array take what they need. */
    m = make(a, "a ARRAY<DECIMAL(20,0)>, b INT");
    sp_build_open(m->b[0], &err);
    sp_build_decimal(sp_builder_child(m->b[0], 0), 5, &err), sp_build_null(sp_builder_child(m->b[0], 0), &err);
    sp_build_decimal(sp_builder_child(m->b[0], 0), (__int128)1 << 64, &err);
    sp_build_close(m->b[0], &err);
    sp_build_i64(m->b[1], 9, &err);
    check_bytes(m, "0000000000000000 4000000018000000 0900000000000000 0300000000000000 0200000000000000 0100000028000000 0000000000000000 "
                "0900000030000000 0500000000000000 0100000000000000 0000000000000000");
}

TEST(maps_and_nesting)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    maker *m = make(a, "m MAP<STRING, INT>, e MAP<INT, INT>, s ARRAY<STRUCT<x: SMALLINT, y: STRING>>");
    sp_build_open(m->b[0], &err);
    sp_build_str(sp_builder_child(m->b[0], 0), SP_LIT("k"), &err);
    sp_build_null(sp_builder_child(m->b[0], 1), &err);
    sp_build_close(m->b[0], &err);
    sp_build_open(m->b[1], &err), sp_build_close(m->b[1], &err);
    sp_build_open(m->b[2], &err);
    sp_builder *s = sp_builder_child(m->b[2], 0);
    sp_build_open(s, &err);
    sp_build_i64(sp_builder_child(s, 0), 7, &err), sp_build_str(sp_builder_child(s, 1), SP_LIT("z"), &err);
    sp_build_close(s, &err);
    sp_build_null(s, &err);
    sp_build_close(m->b[2], &err);
    check_bytes(m, "0000000000000000 4000000020000000 1800000060000000 4000000078000000 "
                /* map: 32 bytes of keys, keys, values */
                "2000000000000000 0100000000000000 0000000000000000 0100000018000000 6b00000000000000 "
                "0100000000000000 0100000000000000 0000000000000000 "
                /* empty map: keys of 8 bytes */
                "0800000000000000 0000000000000000 0000000000000000 "
                /* array of two structs, the second null */
                "0200000000000000 0200000000000000 2000000020000000 0000000000000000 "
                "0000000000000000 0700000000000000 0100000018000000 7a00000000000000");
}

TEST(variants)
{
    maker *m = make(arena(), "v VARIANT");
    sp_error err = { 0 };
    sp_build_open(m->b[0], &err);
    sp_build_str(sp_builder_child(m->b[0], 0), SP_LIT("\x0c\x05"), &err);
    sp_build_str(sp_builder_child(m->b[0], 1), SP_LIT("\x01\0\0"), &err);
    sp_build_close(m->b[0], &err);
    check_bytes(m, "0000000000000000 0900000010000000 020000000c050100 0000000000000000");
}

TEST(const_and_dictionary_vectors)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_value v = sp_value_i64(SP_LONG, 5);
    sp_value words[2] = { sp_value_str(SP_LIT("ab")), sp_value_null(sp_type_of(SP_STRING)) };
    sp_builder *b = sp_builder_new(a, sp_type_of(SP_STRING), false, &err);
    sp_vec *dictionary, dict = { 0 };
    sp_build_str(b, words[0].str, &err), sp_build_null(b, &err);
    REQUIRE(sp_builder_take(b, &dictionary, &err) == SP_OK);
    uint32_t index[3] = { 1, 0, 1 };
    sp_vec *child[1] = { dictionary };
    dict = (sp_vec){ .type = sp_type_of(SP_STRING), .rows = 3, .form = SP_DICT, .index = index, .child = child, .child_count = 1 };
    const sp_vec *cols[2] = { sp_value_vec(&v, 3, a, &err), &dict };
    sp_buf row = { 0 };
    REQUIRE(sp_unsafe_encode(&row, cols, 2, 1, &err) == SP_OK);
    static const char want[] = "\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\2\0\0\0\x18\0\0\0" "ab\0\0\0\0\0\0";
    CHECK_MEM(row.data, row.len, want, sizeof want - 1);
    sp_buf_clear(&row);
    REQUIRE(sp_unsafe_encode(&row, cols, 2, 2, &err) == SP_OK);
    CHECK_INT(row.data[0], 2);
    CHECK_INT(row.len, 24);
    sp_buf_clear(&row);
    REQUIRE(sp_unsafe_encode(&row, cols, 0, 0, &err) == SP_OK);
    CHECK_INT(row.len, 0);
    sp_buf_done(&row);
}

/* Any change of a byte and any cut: refused or decoded, never read outside. */
TEST(lying_bytes)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    maker *m = make(a, "a DECIMAL(20,0), b ARRAY<STRING>, c MAP<STRING, ARRAY<DOUBLE>>, d STRUCT<x: INTERVAL, y: STRING>, v VARIANT, e DECIMAL(5,1), n VOID");
    const sp_vec *cols[80];
    sp_buf row = { 0 };
    sp_build_decimal(m->b[0], 12345, &err);
    sp_build_open(m->b[1], &err), sp_build_str(sp_builder_child(m->b[1], 0), SP_LIT("word"), &err), sp_build_close(m->b[1], &err);
    sp_build_open(m->b[2], &err), sp_build_str(sp_builder_child(m->b[2], 0), SP_LIT("k"), &err);
    sp_builder *list = sp_builder_child(m->b[2], 1);
    sp_build_open(list, &err), sp_build_f64(sp_builder_child(list, 0), 0.5, &err), sp_build_close(list, &err);
    sp_build_close(m->b[2], &err);
    sp_build_open(m->b[3], &err), sp_build_calendar(sp_builder_child(m->b[3], 0), (sp_calendar){ 1, 2, 3 }, &err);
    sp_build_str(sp_builder_child(m->b[3], 1), SP_LIT("y"), &err), sp_build_close(m->b[3], &err);
    sp_build_open(m->b[4], &err), sp_build_str(sp_builder_child(m->b[4], 0), SP_LIT("\x0c\x05"), &err);
    sp_build_str(sp_builder_child(m->b[4], 1), SP_LIT("\x01\0\0"), &err), sp_build_close(m->b[4], &err);
    sp_build_decimal(m->b[5], 1, &err), sp_build_null(m->b[6], &err);
    columns(m, cols);
    REQUIRE(sp_unsafe_encode(&row, cols, m->t->field_count, 0, &err) == SP_OK);
    for (size_t n = 0; n <= row.len; n++)
        for (int flip = 0; flip < 3 && (n == row.len || flip == 0); flip++)
            for (size_t at = 0; at < (n == row.len ? n : 1); at++) {
                static const char masks[] = { 0x01, (char)0x80, (char)0xff };
                sp_arena *own = sp_arena_new("test", 0);
                sp_builder *b[8];
                char *copy = sp_malloc(n + 1);
                memcpy(copy, row.data, n);
                if (n == row.len)
                    copy[at] ^= masks[flip];
                for (int i = 0; i < m->t->field_count; i++)
                    b[i] = sp_builder_new(own, m->t->fields[i].type, true, &err);
                sp_error_reset(&err);
                sp_status status = sp_unsafe_decode((sp_str){ copy, n }, m->t, b, &err);
                if (n < row.len && n < 64)
                    CHECK(status == SP_FAILED && err.plain);
                sp_free(copy);
                sp_arena_free(own);
            }
    sp_buf_done(&row);
}
