/* Vectors: forms, gather, copy, concat, equality and order. */
#include "test.h"
#include "column/vec.h"
#include <stdio.h>

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

/* Deterministic rows of any type, about one in five null. */
static sp_status build_random(sp_builder *b, const sp_type *t, uint64_t *seed, bool nulls)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    uint32_t r = (uint32_t)(*seed >> 33);
    if (nulls && r % 5 == 0) return sp_build_null(b, NULL);
    char text[40];
    int n;
    sp_status s = SP_OK;
    switch (t->kind) {
    case SP_VOID: return sp_build_null(b, NULL);
    case SP_BOOLEAN: return sp_build_bool(b, r & 1, NULL);
    case SP_FLOAT: case SP_DOUBLE: return sp_build_f64(b, r % 7 == 0 ? -0.0 : r % 7 == 1 ? 0.0 / 0.0 : (double)r / 3,
                                                       NULL);
    case SP_DECIMAL: return sp_build_decimal(b, (__int128)r * r * r, NULL);
    case SP_STRING: case SP_BINARY:
        n = snprintf(text, sizeof text, "%.*s%u", (int)(r % 20), "abcdefghijklmnopqrstuvwxyz", r % 10);
        return sp_build_str(b, (sp_str){ text, (size_t)n }, NULL);
    case SP_CALENDAR: return sp_build_calendar(b, (sp_calendar){ (int32_t)r % 3, (int32_t)r % 5, r }, NULL);
    case SP_ARRAY: case SP_MAP:
        s = sp_build_open(b, NULL);
        for (uint32_t i = 0; s == SP_OK && i < r % 4; i++)
            for (int c = 0; s == SP_OK && c < t->field_count; c++)
                s = build_random(sp_builder_child(b, c), t->fields[c].type, seed, t->kind == SP_ARRAY || c == 1);
        return s == SP_OK ? sp_build_close(b, NULL) : s;
    case SP_STRUCT:
        s = sp_build_open(b, NULL);
        for (int c = 0; s == SP_OK && c < t->field_count; c++)
            s = build_random(sp_builder_child(b, c), t->fields[c].type, seed, true);
        return s == SP_OK ? sp_build_close(b, NULL) : s;
    default: return sp_build_i64(b, (int64_t)r % 100, NULL);
    }
}

static sp_vec *random_vec(sp_arena *a, const sp_type *t, uint32_t rows, uint64_t seed)
{
    sp_builder *b = sp_builder_new(a, t, false, NULL);
    REQUIRE(b != NULL);
    for (uint32_t i = 0; i < rows; i++) REQUIRE(build_random(b, t, &seed, true) == SP_OK);
    sp_vec *v = NULL;
    REQUIRE(sp_builder_take(b, &v, NULL) == SP_OK);
    return v;
}

static const char *const kinds[] = {
    "void", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(38,2)", "string", "binary",
    "date",
    "timestamp", "interval", "array<int>", "array<string>", "map<string,array<bigint>>", "struct<a:int,b:string>",
    "struct<a:array<struct<x:string,y:map<int,string>>>,b:struct<c:boolean>>"
};
enum { KINDS = sizeof kinds / sizeof *kinds, ROWS = 100 };

static void check_rows(const sp_vec *got, const sp_vec *want, const uint32_t *sel, uint32_t count, const char *what)
{
    REQUIRE(got != NULL);
    CHECK_INT(got->form, SP_FLAT);
    CHECK_INT(got->rows, count);
    uint32_t same = 0;
    for (uint32_t i = 0; i < count; i++) same += sp_vec_rows_eq(got, i, want, sel ? sel[i] : i);
    CHECK_STR(same == count ? what : "rows differ", what);
}

TEST(every_kind_and_form)
{
    sp_arena *a = arena();
    uint32_t sel[37], index[64], dict_sel[20];
    for (uint32_t i = 0; i < 37; i++) sel[i] = i * 53 % ROWS;
    for (uint32_t i = 0; i < 64; i++) index[i] = i * 7 % ROWS;
    for (uint32_t i = 0; i < 20; i++) dict_sel[i] = i * 3;
    for (int k = 0; k < KINDS; k++) {
        const sp_type *t = type_of(a, kinds[k]);
        sp_vec *v = random_vec(a, t, ROWS, (uint64_t)k);
        check_rows(sp_vec_gather(v, sel, 37, a, NULL), v, sel, 37, kinds[k]);
        check_rows(sp_vec_gather(v, NULL, 70, a, NULL), v, NULL, 70, kinds[k]);
        check_rows(sp_vec_copy(v, sel, 37, a, NULL), v, sel, 37, kinds[k]);
        check_rows(sp_vec_copy(v, NULL, ROWS, a, NULL), v, NULL, ROWS, kinds[k]);
        CHECK(sp_vec_flatten(v, a, false, NULL) == v);

        uint64_t dict_valid = ~(1ull << 5);
        sp_vec dict = { .type = t, .rows = 64, .form = SP_DICT, .valid = &dict_valid, .index = index, .child = &v,
                        .child_count = 1 };
        check_rows(sp_vec_gather(&dict, dict_sel, 20, a, NULL), &dict, dict_sel, 20, kinds[k]);
        check_rows(sp_vec_copy(&dict, NULL, 64, a, NULL), &dict, NULL, 64, kinds[k]);
        check_rows(sp_vec_flatten(&dict, a, true, NULL), &dict, NULL, 64, kinds[k]);
        CHECK(sp_vec_null_at(&dict, 5));

        sp_vec konst = *v;
        konst.form = SP_CONST;
        konst.rows = 11;
        check_rows(sp_vec_flatten(&konst, a, false, NULL), &konst, NULL, 11, kinds[k]);
        check_rows(sp_vec_copy(&konst, sel, 3, a, NULL), &konst, NULL, 3, kinds[k]);
        CHECK(sp_vec_flatten(&konst, a, true, NULL) == &konst);

        sp_vec *null = sp_vec_new_null(a, t, 9, NULL);
        REQUIRE(null != NULL);
        const sp_vec *parts[] = { v, &dict, null, &konst, v };
        sp_vec *all = sp_vec_concat(parts, 5, t, a, NULL);
        REQUIRE(all != NULL);
        CHECK_INT(all->rows, ROWS + 64 + 9 + 11 + ROWS);
        uint32_t at = 0, same = 0;
        for (int p = 0; p < 5; p++)
            for (uint32_t i = 0; i < parts[p]->rows; i++) same += sp_vec_rows_eq(all, at++, parts[p], i);
        CHECK_INT(same, all->rows);
    }
}

TEST(copy_stands_alone)
{
    sp_arena *a = arena();
    char text[] = "a string longer than the view";
    sp_builder *b = sp_builder_new(a, type_of(a, "array<string>"), true, NULL);
    sp_build_open(b, NULL);
    sp_build_str(sp_builder_child(b, 0), sp_str_of(text), NULL);
    sp_build_close(b, NULL);
    sp_vec *v;
    REQUIRE(sp_builder_take(b, &v, NULL) == SP_OK);
    sp_vec *copy = sp_vec_copy(v, NULL, 1, a, NULL), *shared = sp_vec_gather(v, NULL, 1, a, NULL);
    text[0] = 'X';
    CHECK_MEM(sp_view_data(copy->child[0]->data), 1, "a", 1);
    CHECK_MEM(sp_view_data(shared->child[0]->data), 1, "X", 1);
}

TEST(order)
{
    sp_arena *a = arena();
    double d[] = { 0.0 / 0.0, -0.0, 0.0, 1e300, -1 };
    sp_vec *v = sp_vec_new(a, sp_type_of(SP_DOUBLE), 5, NULL);
    memcpy(v->data, d, sizeof d);
    CHECK_INT(sp_vec_rows_cmp(v, 0, v, 3), 1);
    CHECK_INT(sp_vec_rows_cmp(v, 0, v, 0), 0);
    CHECK_INT(sp_vec_rows_cmp(v, 1, v, 2), 0);
    CHECK(sp_vec_rows_eq(v, 1, v, 2) && sp_vec_rows_eq(v, 0, v, 0));
    sp_vec *null = sp_vec_new_null(a, sp_type_of(SP_DOUBLE), 1, NULL);
    CHECK_INT(sp_vec_rows_cmp(null, 0, v, 4), -1);
    CHECK_INT(sp_vec_rows_cmp(null, 0, null, 0), 0);
    static const char *const sorted[] = { "", "a", "a\1", "ab", "abcd", "abcdefghijkl", "abcdefghijklm",
                                          "abcdefghijklmn", "b", "\xff" };
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            sp_view x = sp_view_make(sorted[i], strlen(sorted[i])), y = sp_view_make(sorted[j], strlen(sorted[j]));
            CHECK_INT(sp_view_cmp(&x, &y), i < j ? -1 : i > j);
        }
    /* "a" and "a\0" share their four bytes and zero filling */
    sp_view x = sp_view_make("a", 1), y = sp_view_make("a\0", 2);
    CHECK_INT(sp_view_cmp(&x, &y), -1);
}

TEST_ALLOC(out_of_memory)
{
    sp_arena *a = arena();
    const sp_type *t = type_of(a, kinds[KINDS - 1]);
    sp_vec *v = random_vec(a, t, 20, 3);
    const sp_vec *parts[] = { v, v };
    REQUIRE(sp_vec_copy(v, NULL, 20, a, NULL) != NULL);
    REQUIRE(sp_vec_concat(parts, 2, t, a, NULL) != NULL);
}
