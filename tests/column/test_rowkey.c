/* Row hashes: Spark's Murmur3 by values that Spark's hash() gives, and the table hash's laws. */
#include "test.h"
#include "column/column.h"
#include <stdio.h>

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    return a;
}

static sp_vec *column(sp_arena *a, const char *ddl, void (*build)(sp_builder *))
{
    const sp_type *t = NULL;
    REQUIRE(sp_type_parse(a, sp_str_of(ddl), &t, NULL) == SP_OK);
    sp_builder *b = sp_builder_new(a, t, false, NULL);
    build(b);
    sp_vec *v = NULL;
    REQUIRE(sp_builder_take(b, &v, NULL) == SP_OK);
    return v;
}

static int32_t hash_of(const sp_vec *v, uint32_t row)
{
    uint32_t h;
    sp_rows_murmur3(&v, 1, &row, 1, &h);
    return (int32_t)h;
}

static void one_int(sp_builder *b) { sp_build_i64(b, 1, NULL); sp_build_null(b, NULL); }
static void one_f64(sp_builder *b) { sp_build_f64(b, -0.0, NULL); sp_build_f64(b, 0.0, NULL); }
static void one_bool(sp_builder *b) { sp_build_bool(b, true, NULL); }
static void one_text(sp_builder *b) { sp_build_str(b, SP_LIT("Spark"), NULL); sp_build_str(b, SP_LIT(""), NULL); }
static void one_list(sp_builder *b)
{
    sp_build_open(b, NULL);
    sp_build_i64(sp_builder_child(b, 0), 123, NULL);
    sp_build_null(sp_builder_child(b, 0), NULL);
    sp_build_close(b, NULL);
}
static void decimals(sp_builder *b)
{
    sp_build_decimal(b, 1, NULL);
    sp_build_decimal(b, -1, NULL);
    sp_build_decimal(b, 128, NULL);
    sp_build_decimal(b, -128, NULL);
    sp_build_decimal(b, (__int128)1 << 100, NULL);
}
static void one_calendar(sp_builder *b) { sp_build_calendar(b, (sp_calendar){ 1, 2, 3 }, NULL); }

TEST(murmur3)
{
    sp_arena *a = arena();
    /* hash(1), hash(1L), hash('Spark', array(123), 2), hash(true), hash(''): seen in Spark */
    CHECK_INT(hash_of(column(a, "int", one_int), 0), -559580957);
    CHECK_INT(hash_of(column(a, "tinyint", one_int), 0), -559580957);
    CHECK_INT(hash_of(column(a, "date", one_int), 0), -559580957);
    CHECK_INT(hash_of(column(a, "bigint", one_int), 0), -1712319331);
    CHECK_INT(hash_of(column(a, "timestamp", one_int), 0), -1712319331);
    CHECK_INT(hash_of(column(a, "int", one_int), 1), 42);
    CHECK_INT(hash_of(column(a, "boolean", one_bool), 0), -559580957);
    CHECK_INT(hash_of(column(a, "double", one_f64), 0), hash_of(column(a, "double", one_f64), 1));
    CHECK_INT(hash_of(column(a, "string", one_text), 1), 142593372);
    sp_vec *two = column(a, "int", one_int), *columns[3] = { column(a, "string", one_text),
                                                             column(a, "array<int>", one_list), two };
    ((int32_t *)two->data)[0] = 2;
    uint32_t h;
    sp_rows_murmur3((const sp_vec *const *)columns, 3, NULL, 1, &h);
    CHECK_INT((int32_t)h, -1321691492);    /* the example of hash()'s documentation */
    sp_vec *small = column(a, "decimal(18,0)", decimals), *large = column(a, "decimal(38,0)", decimals);
    CHECK_INT(hash_of(small, 0), -1712319331);
    static const struct { uint8_t bytes[16]; size_t n; } big[] = {
        { { 1 }, 1 }, { { 0xff }, 1 }, { { 0, 0x80 }, 2 }, { { 0x80 }, 1 }, { { 16 }, 13 }
    };
    for (uint32_t i = 0; i < 5; i++)
        CHECK_INT(hash_of(large, i), (int32_t)sp_murmur3_bytes(big[i].bytes, big[i].n, 42));
    CHECK_INT(hash_of(column(a, "interval", one_calendar), 0),
              (int32_t)sp_murmur3_int(1, sp_murmur3_int(2, sp_murmur3_long(3, 42))));
}

static void texts(sp_builder *b)
{
    char text[40];
    for (int i = 0; i < 1000; i++) {
        if (i % 9 == 0) sp_build_null(b, NULL);
        else {
            int n = snprintf(text, sizeof text, "%.*s%d", i % 23, "abcdefghijklmnopqrstuvwxyz", i % 100);
            sp_build_str(b, (sp_str){ text, (size_t)n }, NULL);
        }
    }
}
static void numbers(sp_builder *b)
{
    for (int i = 0; i < 1000; i++) {
        if (i % 7) sp_build_i64(b, i % 50, NULL);
        else sp_build_null(b, NULL);
    }
}

/* Equal rows hash alike whatever the form; a thousand rows of a few hundred distinct ones give as many hashes. */
TEST(table_hash)
{
    sp_arena *a = arena();
    sp_vec *v[2] = { column(a, "string", texts), column(a, "bigint", numbers) };
    static uint64_t flat[1000], other[1000];
    static uint32_t m[1000], n[1000], sel[1000];
    sp_rows_hash((const sp_vec *const *)v, 2, NULL, 1000, flat);
    sp_rows_murmur3((const sp_vec *const *)v, 2, NULL, 1000, m);
    for (uint32_t i = 0; i < 1000; i++) sel[i] = 999 - i;
    sp_vec dict[2];
    const sp_vec *forms[2] = { &dict[0], &dict[1] };
    for (int c = 0; c < 2; c++) dict[c] = (sp_vec){ .type = v[c]->type, .rows = 1000, .form = SP_DICT, .index = sel,
                                                    .child = &v[c], .child_count = 1 };
    sp_rows_hash(forms, 2, sel, 1000, other);
    CHECK_MEM(other, sizeof other, flat, sizeof flat);
    sp_rows_murmur3(forms, 2, sel, 1000, n);
    CHECK_MEM(n, sizeof n, m, sizeof m);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 1000; i++)
        for (uint32_t j = i + 1; j < 1000; j++) {
            bool same = sp_vec_rows_eq(v[0], i, v[0], j) && sp_vec_rows_eq(v[1], i, v[1], j);
            wrong += same != (flat[i] == flat[j]);
        }
    CHECK_INT(wrong, 0);
    /* sequential integers spread over the low bits */
    sp_vec *seq = sp_vec_new(a, sp_type_of(SP_LONG), 1000, NULL);
    const sp_vec *one = seq;
    for (int i = 0; i < 1000; i++) ((int64_t *)seq->data)[i] = i;
    sp_rows_hash(&one, 1, NULL, 1000, flat);
    static uint8_t seen[4096];
    int used = 0;
    for (int i = 0; i < 1000; i++) {
        used += !seen[flat[i] & 4095];
        seen[flat[i] & 4095] = 1;
    }
    CHECK(used > 820 && used < 960);    /* 887 expected of random ones */
}
