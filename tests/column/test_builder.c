/* Builders: growth, nulls, nesting, truncation, copied strings. */
#include "test.h"
#include "column/vec.h"

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    return a;
}

static sp_builder *builder(sp_arena *a, const char *ddl)
{
    const sp_type *t = NULL;
    REQUIRE(sp_type_parse(a, sp_str_of(ddl), &t, NULL) == SP_OK);
    sp_builder *b = sp_builder_new(a, t, false, NULL);
    REQUIRE(b != NULL);
    return b;
}

static sp_vec *take(sp_builder *b)
{
    sp_vec *v = NULL;
    REQUIRE(sp_builder_take(b, &v, NULL) == SP_OK);
    return v;
}

TEST_ALLOC(grows)
{
    sp_arena *a = arena();
    sp_builder *b = builder(a, "int");
    for (int i = 0; i < 5000; i++) REQUIRE((i == 3000 ? sp_build_null(b, NULL) : sp_build_i64(b, i, NULL)) == SP_OK);
    sp_vec *v = take(b);
    CHECK_INT(v->rows, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        CHECK_INT(sp_vec_is_null(v, i), i == 3000);
        CHECK_INT(((int32_t *)v->data)[i], i == 3000 ? 0 : i);
    }
    CHECK_INT(take(b)->rows, 0);
}

TEST(strings)
{
    sp_arena *a = arena();
    sp_builder *b = builder(a, "string");
    char text[300];
    for (int i = 0; i < 300; i++) {
        memset(text, 'a' + i % 26, sizeof text);
        REQUIRE(sp_build_str(b, (sp_str){ text, (size_t)i }, NULL) == SP_OK);
    }
    sp_vec *v = take(b);
    for (int i = 0; i < 300; i++) {
        sp_str s = sp_view_str((sp_view *)v->data + i);
        CHECK_INT(s.n, i);
        for (size_t k = 0; k < s.n; k++) REQUIRE(s.p[k] == 'a' + i % 26);
    }
}

TEST(nested)
{
    sp_arena *a = arena();
    sp_builder *b = builder(a, "struct<a:int,b:array<struct<k:string>>>");
    sp_builder *list = sp_builder_child(b, 1), *element = sp_builder_child(list, 0);
    for (int i = 0; i < 4; i++) {
        sp_build_open(b, NULL);
        if (i != 2) sp_build_i64(sp_builder_child(b, 0), i, NULL);   /* row 2's a is left out: null */
        sp_build_open(list, NULL);
        for (int k = 0; k < i; k++) {
            sp_build_open(element, NULL);
            sp_build_str(sp_builder_child(element, 0), SP_LIT("x"), NULL);
            sp_build_close(element, NULL);
        }
        sp_build_close(list, NULL);
        sp_build_close(b, NULL);
    }
    sp_build_null(b, NULL);
    CHECK_INT(sp_builder_rows(b), 5);
    CHECK_INT(sp_builder_rows(element), 6);
    /* an abandoned row */
    sp_build_open(b, NULL);
    sp_build_i64(sp_builder_child(b, 0), 99, NULL);
    sp_build_open(list, NULL);
    sp_build_null(element, NULL);
    sp_builder_truncate(b, 5);
    CHECK_INT(sp_builder_rows(element), 6);
    sp_build_null(b, NULL);
    sp_vec *v = take(b);
    CHECK_INT(v->rows, 6);
    CHECK(sp_vec_is_null(v, 4) && sp_vec_is_null(v, 5) && !sp_vec_is_null(v, 3));
    CHECK(sp_vec_is_null(v->child[0], 2));
    CHECK_INT(v->child[1]->rows, 6);
    const sp_list *lists = v->child[1]->data;
    CHECK_INT(lists[3].offset, 3);
    CHECK_INT(lists[3].length, 3);
    CHECK_INT(v->child[1]->child[0]->rows, 6);
}

TEST(rows_of_others)
{
    sp_arena *a = arena();
    sp_builder *b = builder(a, "map<string,array<int>>"), *c = builder(a, "map<string,array<int>>");
    sp_build_open(b, NULL);
    sp_build_str(sp_builder_child(b, 0), SP_LIT("a key of some length"), NULL);
    sp_build_open(sp_builder_child(b, 1), NULL);
    sp_build_i64(sp_builder_child(sp_builder_child(b, 1), 0), 7, NULL);
    sp_build_close(sp_builder_child(b, 1), NULL);
    sp_build_close(b, NULL);
    sp_build_null(b, NULL);
    sp_vec *v = take(b);
    for (uint32_t i = 0; i < 6; i++) REQUIRE(sp_build_row(c, v, i % 2, NULL) == SP_OK);
    sp_vec *w = take(c);
    for (uint32_t i = 0; i < 6; i++) CHECK(sp_vec_rows_eq(v, i % 2, w, i));
}

TEST(void_rows)
{
    sp_arena *a = arena();
    sp_builder *b = builder(a, "void");
    CHECK_INT(take(b)->rows, 0);
    sp_build_null(b, NULL);
    sp_vec *v = take(b);
    CHECK(sp_vec_null_at(v, 0));
}
