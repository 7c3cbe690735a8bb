/* Values: in and out of vectors, and their texts. Expected texts are Spark's (ToPrettyString, Cast, Literal.sql). */
#include "test.h"
#include "column/column.h"

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

typedef void (*printer)(sp_buf *, const sp_value *, const struct sp_zone *);

static void check(printer print, const sp_value *v, const char *want)
{
    sp_buf b = { 0 };
    print(&b, v, NULL);
    CHECK_STR(sp_buf_cstr(&b), want);
    sp_buf_done(&b);
}

static void check_all(sp_value v, const char *sql, const char *text, const char *pretty)
{
    check(sp_value_sql, &v, sql);
    check(sp_value_text, &v, text);
    check(sp_value_pretty, &v, pretty);
}

static sp_value decimal(sp_arena *a, const char *ddl, __int128 d)
{
    sp_value v = sp_value_null(type_of(a, ddl));
    v.is_null = false;
    v.decimal = d;
    return v;
}

static sp_value typed(sp_arena *a, const char *ddl, int64_t i)
{
    sp_value v = sp_value_null(type_of(a, ddl));
    v.is_null = false;
    v.i64 = i;
    return v;
}

TEST(literals)
{
    sp_arena *a = arena();
    check_all(sp_value_str(SP_LIT("it's \\ x")), "'it\\'s \\\\ x'", "it's \\ x", "it's \\ x");
    check_all(sp_value_i64(SP_INT, -7), "-7", "-7", "-7");
    check_all(sp_value_i64(SP_LONG, INT64_MIN), "-9223372036854775808L", "-9223372036854775808",
              "-9223372036854775808");
    check_all(sp_value_i64(SP_BYTE, 1), "1Y", "1", "1");
    check_all(sp_value_i64(SP_SHORT, 1), "1S", "1", "1");
    check_all(sp_value_f64(1.5), "1.5D", "1.5", "1.5");
    check_all(sp_value_f64(0.0 / 0.0), "NaN", "NaN", "NaN");
    check_all(sp_value_bool(true), "true", "true", "true");
    check_all(sp_value_null(sp_type_of(SP_INT)), "NULL", "NULL", "NULL");
    check_all(sp_value_i64(SP_DATE, 19723), "DATE '2024-01-01'", "2024-01-01", "DATE '2024-01-01'");
    check_all(sp_value_i64(SP_TIMESTAMP, 1704067200500000), "TIMESTAMP '2024-01-01 00:00:00.5'",
              "2024-01-01 00:00:00.5",
              "TIMESTAMP '2024-01-01 00:00:00.5'");
    check_all(sp_value_i64(SP_TIMESTAMP_NTZ, 0), "TIMESTAMP_NTZ '1970-01-01 00:00:00'", "1970-01-01 00:00:00",
              "TIMESTAMP_NTZ '1970-01-01 00:00:00'");
    check_all(decimal(a, "decimal(5,2)", -150), "-1.50BD", "-1.50", "-1.50");
    check_all(decimal(a, "decimal(10,9)", 15), "1.5E-8BD", "1.5E-8", "1.5E-8");
    check_all(decimal(a, "decimal(7,7)", 0), "0E-7BD", "0E-7", "0E-7");
    check_all(decimal(a, "decimal(6,6)", 1), "0.000001BD", "0.000001", "0.000001");
    check_all(typed(a, "interval day to second", 93784000000), "INTERVAL '1 02:03:04' DAY TO SECOND",
              "INTERVAL '1 02:03:04' DAY TO SECOND", "INTERVAL '1 02:03:04' DAY TO SECOND");
    sp_value f = sp_value_f64(1.5);
    f.type = sp_type_of(SP_FLOAT);
    check_all(f, "1.5", "1.5", "1.5");
    sp_value b = sp_value_str((sp_str){ "\x48\x65\xff", 3 });
    b.type = sp_type_of(SP_BINARY);
    check_all(b, "X'4865FF'", "0x4865FF", "X'4865FF'");
}

/* A value of struct<l:array<bigint>,m:map<string,float>,d:date,n:int,b:binary>. */
static sp_vec *nested(sp_arena *a)
{
    sp_builder *s = sp_builder_new(a, type_of(a, "struct<l:array<bigint>,m:map<string,float>,d:date,n:int,b:binary>"),
                                   false, NULL);
    REQUIRE(s != NULL);
    sp_builder *l = sp_builder_child(s, 0), *m = sp_builder_child(s, 1);
    bool ok = sp_build_open(s, NULL) == SP_OK && sp_build_open(l, NULL) == SP_OK &&
              sp_build_i64(sp_builder_child(l, 0), 1, NULL) == SP_OK &&
              sp_build_null(sp_builder_child(l, 0), NULL) == SP_OK &&
              sp_build_close(l, NULL) == SP_OK && sp_build_open(m, NULL) == SP_OK;
    ok = ok && sp_build_str(sp_builder_child(m, 0), SP_LIT("a key that is long"), NULL) == SP_OK &&
         sp_build_f64(sp_builder_child(m, 1), 2.5, NULL) == SP_OK && sp_build_close(m, NULL) == SP_OK;
    ok = ok && sp_build_i64(sp_builder_child(s, 2), 19723, NULL) == SP_OK &&
         sp_build_null(sp_builder_child(s, 3), NULL) == SP_OK &&
         sp_build_str(sp_builder_child(s, 4), SP_LIT("Hi"), NULL) == SP_OK && sp_build_close(s, NULL) == SP_OK &&
         sp_build_null(s, NULL) == SP_OK;
    sp_vec *v = NULL;
    REQUIRE(ok && sp_builder_take(s, &v, NULL) == SP_OK);
    return v;
}

TEST(nested_texts)
{
    sp_arena *a = arena();
    sp_vec *v = nested(a);
    sp_value value;
    REQUIRE(sp_value_at(v, 0, a, &value, NULL) == SP_OK);
    check_all(value,
              "NAMED_STRUCT('l', ARRAY(1L, CAST(NULL AS BIGINT)), 'm', MAP('a key that is long', CAST(2.5 AS FLOAT)), "
              "'d', DATE '2024-01-01', 'n', CAST(NULL AS INT), 'b', X'4869')",
              "[[1,null],keys: [a key that is long], values: [2.5],19723,null,0x4869]",
              "NAMED_STRUCT('l', ARRAY(1L, CAST(NULL AS BIGINT)), 'm', MAP('a key that is long', CAST(2.5 AS FLOAT)), "
              "'d', DATE '2024-01-01', 'n', CAST(NULL AS INT), 'b', X'4869')");
    sp_buf b = { 0 };
    DEFER(sp_buf_done, &b);
    REQUIRE(sp_vec_text(&b, v, 0, true, NULL, NULL) == SP_OK);
    CHECK_STR(sp_buf_cstr(&b), "{[1, NULL], {a key that is long -> 2.5}, 2024-01-01, NULL, [48 69]}");
    sp_buf_clear(&b);
    REQUIRE(sp_vec_text(&b, v, 0, false, NULL, NULL) == SP_OK);
    CHECK_STR(sp_buf_cstr(&b), "{[1, null], {a key that is long -> 2.5}, 2024-01-01, null, Hi}");
    sp_buf_clear(&b);
    REQUIRE(sp_vec_text(&b, v, 1, true, NULL, NULL) == SP_OK);
    CHECK_STR(sp_buf_cstr(&b), "NULL");
}

TEST_ALLOC(copies)
{
    sp_arena *a = arena(), *b = arena();
    sp_vec *v = nested(a);
    sp_value x, y, null, z;
    REQUIRE(sp_value_at(v, 0, a, &x, NULL) == SP_OK && sp_value_at(v, 1, a, &null, NULL) == SP_OK);
    REQUIRE(sp_value_copy(&x, b, &y, NULL) == SP_OK);
    CHECK(null.is_null && sp_value_eq(&x, &y) && !sp_value_eq(&x, &null));
    sp_vec *konst = sp_value_vec(&y, 5, b, NULL);
    REQUIRE(konst != NULL);
    CHECK(sp_vec_rows_eq(konst, 4, v, 0));
    REQUIRE(sp_value_at(konst, 3, b, &z, NULL) == SP_OK);
    CHECK(sp_value_eq(&x, &z));
    sp_value s = sp_value_str(SP_LIT("some text of some length"));
    konst = sp_value_vec(&s, 3, b, NULL);
    REQUIRE(konst != NULL && sp_value_at(konst, 2, b, &z, NULL) == SP_OK);
    CHECK(sp_value_eq(&s, &z));
    konst = sp_value_vec(&null, 3, b, NULL);
    REQUIRE(konst != NULL);
    CHECK(sp_vec_null_at(konst, 2));
}

static void check_variant(sp_arena *a, const char *value, size_t value_n, const char *meta, size_t meta_n,
                          const char *want)
{
    sp_builder *b = sp_builder_new(a, sp_type_of(SP_VARIANT), false, NULL);
    sp_build_open(b, NULL);
    sp_build_str(sp_builder_child(b, 0), (sp_str){ value, value_n }, NULL);
    sp_build_str(sp_builder_child(b, 1), (sp_str){ meta, meta_n }, NULL);
    sp_build_close(b, NULL);
    sp_vec *v;
    REQUIRE(sp_builder_take(b, &v, NULL) == SP_OK);
    sp_buf out = { 0 };
    sp_error err = { 0 };
    if (sp_vec_text(&out, v, 0, true, NULL, &err) == SP_FAILED) {
        sp_buf_clear(&out);
        sp_buf_puts(&out, sp_condition_info(err.condition)->name);
    }
    CHECK_STR(sp_buf_cstr(&out), want);
    sp_buf_done(&out);
}
#define VARIANT(value, want) check_variant(a, value, sizeof(value) - 1, meta, sizeof(meta) - 1, want)

TEST(variants)
{
    sp_arena *a = arena();
    static const char meta[] = "\x01\x02\x00\x01\x03" "abc";   /* names: a, bc */
    VARIANT("\x00", "null");
    VARIANT("\x04", "true");
    VARIANT("\x0c\xff", "-1");
    VARIANT("\x10\x00\x80", "-32768");
    VARIANT("\x18\x01\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775807");
    VARIANT("\x1c\x00\x00\x00\x00\x00\x00\xf8\x3f", "1.5");
    VARIANT("\x1c\x00\x00\x00\x00\x00\x00\xf8\x7f", "\"NaN\"");
    VARIANT("\x20\x02\x6a\xff\xff\xff", "-1.5");
    VARIANT("\x2c\x0b\x4d\x00\x00", "\"2024-01-01\"");
    VARIANT("\x30\x20\xa1\x07\x00\x00\x00\x00\x00", "\"1970-01-01 00:00:00.5+00:00\"");
    VARIANT("\x34\x20\xa1\x07\x00\x00\x00\x00\x00", "\"1970-01-01 00:00:00.5\"");
    VARIANT("\x4c\x01\x00\x00\x00\x00\x00\x00\x00", "\"1970-01-01 00:00:00.000000001\"");
    VARIANT("\x3c\x02\x00\x00\x00Hi", "\"SGk=\"");
    VARIANT("\x0d" "a\"b", "\"a\\\"b\"");
    /* {"a":[1,null],"bc":"x"} */
    VARIANT("\x02\x02\x00\x01\x00\x08\x0a" "\x03\x02\x00\x02\x03\x0c\x01\x00" "\x05x", "{\"a\":[1,null],\"bc\":\"x\"}");
    VARIANT("\x03\x01\x00\x01", "MALFORMED_VARIANT");
    VARIANT("\x02\x01\x07\x00\x01\x00", "MALFORMED_VARIANT");
    VARIANT("\x0d" "ab", "MALFORMED_VARIANT");
    VARIANT("\x44", "UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT");
}
