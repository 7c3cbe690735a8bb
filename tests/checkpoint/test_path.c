/* test_path.c -- local paths as the URIs that logs show, and back. */
#include "checkpoint/checkpoint.h"
#include "test.h"

TEST(to_uri)
{
    static const struct { const char *path, *uri; } cases[] = {
        { "/dir/in/f000.json", "file:///dir/in/f000.json" },
        { "/a b/c%d", "file:///a%20b/c%25d" },
        { "/k=v/x:y@z&+$,;", "file:///k=v/x:y@z&+$,;" },
        { "/-_.!~*'()", "file:///-_.!~*'()" },
        { "/a#b?c[d]{e}|f\\g^h`i\"j<k>", "file:///a%23b%3Fc%5Bd%5D%7Be%7D%7Cf%5Cg%5Eh%60i%22j%3Ck%3E" },
        { "/\xc3\xa4\xe6\x97\xa5", "file:///\xc3\xa4\xe6\x97\xa5" },
        { "/tab\there", "file:///tab%09here" },
        { "/x%3Dy", "file:///x%253Dy" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_buf out = { 0 };
        sp_error err = { 0 };
        sp_arena *a = sp_arena_new("test", 0);
        sp_str back = { 0 };
        sp_path_to_uri(&out, sp_str_of(cases[i].path), true);
        CHECK_STR(sp_buf_cstr(&out), cases[i].uri);
        CHECK(sp_path_from_uri(a, (sp_str){ out.data, out.len }, &back, &err) == SP_OK);
        CHECK_STR(back.p, cases[i].path);
        sp_buf_clear(&out);
        sp_path_to_uri(&out, sp_str_of(cases[i].path), false);
        CHECK(strncmp(sp_buf_cstr(&out), "file:/", 6) == 0 && strcmp(out.data + 5, cases[i].uri + 7) == 0);
        sp_buf_done(&out);
        sp_arena_free(a);
    }
}

TEST(from_uri)
{
    static const struct { const char *uri, *path; } cases[] = {
        { "file:/x/y", "/x/y" }, { "file:///x/y", "/x/y" }, { "file://localhost/x", "/x" }, { "/x%20y", "/x%20y" },
        { "rel/x", "rel/x" }, { "/x/", "/x" }, { "file:/x%2", "/x%2" }, { "file:/x%zz", "/x%zz" }, { "/", "/" }, { "file:///", "/" },
        { "a:b", "a:b" }, { "", "" }, { "file:/x%41", "/xA" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_error err = { 0 };
        sp_arena *a = sp_arena_new("test", 0);
        sp_str back = { 0 };
        CHECK(sp_path_from_uri(a, sp_str_of(cases[i].uri), &back, &err) == SP_OK);
        CHECK_STR(back.p, cases[i].path);
        sp_arena_free(a);
    }
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("test", 0);
    sp_str back;
    CHECK(sp_path_from_uri(a, SP_LIT("hdfs://host/x"), &back, &err) == SP_FAILED);
    CHECK_STR(err.plain, "No FileSystem for scheme \"hdfs\"");
    sp_arena_free(a);
}
