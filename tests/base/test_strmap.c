/* test_strmap.c -- the map against a plain array, in order and folding case; settings. */
#include "base/base.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static sp_str key_of(int k, char *text)
{
    snprintf(text, 16, "key%d", k);
    return sp_str_of(text);
}

TEST(as_a_plain_array)
{
    enum { KEYS = 200 };
    static int values[KEYS];
    void *model[KEYS] = { 0 };
    char text[16];
    sp_strmap m = { 0 };
    DEFER(sp_strmap_done, &m);
    srand(3);
    for (int step = 0; step < 20000; step++) {
        int k = rand() % KEYS;
        sp_str key = key_of(k, text);
        if (rand() % 2) {
            void *value = &values[rand() % KEYS];
            CHECK_INT(sp_strmap_put(&m, key, value, NULL), SP_OK);
            model[k] = value;
        } else {
            CHECK(sp_strmap_remove(&m, key) == model[k]);
            model[k] = NULL;
        }
    }
    size_t size = 0;
    for (int k = 0; k < KEYS; k++) {
        CHECK(sp_strmap_get(&m, key_of(k, text)) == model[k]);
        size += model[k] != NULL;
    }
    CHECK_INT(sp_strmap_size(&m), size);
}

TEST_ALLOC(walks_in_order)
{
    sp_error err = { 0 };
    char text[16];
    sp_strmap m = { 0 };
    DEFER(sp_strmap_done, &m);
    for (int k = 0; k < 100; k++)
        REQUIRE(sp_strmap_put(&m, key_of(k, text), &m, &err) == SP_OK);
    for (int k = 0; k < 100; k += 2)
        sp_strmap_remove(&m, key_of(k, text));
    REQUIRE(sp_strmap_put(&m, SP_LIT("key1"), &m, &err) == SP_OK);   /* keeps its place */
    REQUIRE(sp_strmap_put(&m, SP_LIT("key0"), &m, &err) == SP_OK);   /* comes last */
    int expected = 1;
    sp_str key;
    for (size_t i = 0; sp_strmap_next(&m, &i, &key, NULL); expected += 2)
        CHECK(sp_str_eq(key, expected < 100 ? key_of(expected, text) : SP_LIT("key0")));
    CHECK_INT(expected, 103);
}

TEST(empty_map)
{
    sp_strmap m = { 0 };
    size_t i = 0;
    CHECK(sp_strmap_get(&m, SP_LIT("a")) == NULL);
    CHECK(sp_strmap_remove(&m, SP_LIT("a")) == NULL);
    CHECK(!sp_strmap_next(&m, &i, NULL, NULL));
    sp_strmap_done(&m);
}

TEST_ALLOC(options_fold_case)
{
    sp_error err = { 0 };
    sp_props p = { .map.fold_case = true }, copy = { 0 };
    DEFER(sp_props_done, &p);
    DEFER(sp_props_done, &copy);
    REQUIRE(sp_props_put(&p, SP_LIT("maxFilesPerTrigger"), SP_LIT("1"), &err) == SP_OK);
    REQUIRE(sp_props_put(&p, SP_LIT("MAXfilespertrigger"), SP_LIT("2"), &err) == SP_OK);
    CHECK_STR(sp_props_get(&p, "maxfilespertrigger"), "2");
    CHECK_INT(sp_strmap_size(&p.map), 1);
    sp_str key;
    size_t i = 0;
    REQUIRE(sp_strmap_next(&p.map, &i, &key, NULL));
    CHECK(sp_str_is(key, "MAXfilespertrigger"));
    REQUIRE(sp_props_copy(&copy, &p, &err) == SP_OK);
    sp_props_remove(&p, SP_LIT("MaxFilesPerTrigger"));
    CHECK_STR(sp_props_get(&p, "maxFilesPerTrigger"), NULL);
    CHECK_STR(sp_props_get(&copy, "MAXFILESPERTRIGGER"), "2");
}
