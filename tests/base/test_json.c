/* test_json.c -- round trips, Jackson's escapes, what is refused and where. */
#include "base/base.h"
#include "test.h"

static sp_arena *arena;
static sp_buf out;

static sp_json *parse(const char *text, sp_error *err)
{
    sp_json *j = NULL;
    return sp_json_parse(arena, sp_str_of(text), &j, err) == SP_OK ? j : NULL;
}

static void begin(void)
{
    arena = sp_arena_new("call", 0);
    REQUIRE(arena != NULL);
    DEFER(sp_arena_free, arena);
    DEFER(sp_buf_done, &out);
}

static void round_trip(const char *text, const char *want)
{
    sp_error err = { 0 };
    sp_json *j = parse(text, &err);
    REQUIRE(j != NULL);
    sp_buf_clear(&out);
    sp_json_write(&out, j);
    const char *got = sp_buf_cstr(&out);
    REQUIRE(!out.failed);
    CHECK_STR(got, want ? want : text);
}

TEST_ALLOC(round_trips)
{
    begin();
    round_trip("{\"a\":[1,-2.5e+10,true,false,null,\"x\"],\"b\":{},\"c\":[]}", NULL);
    round_trip(" [ 0 , 1.50 ,\n\t-0 ] ", "[0,1.50,-0]");
    round_trip("\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"A/\\b\\f\\n\\r\\t\\\\\\\"\"");
    round_trip("\"\\u4e2d\\ud83d\\ude00\\u0000\\u001f\"", "\"\xE4\xB8\xAD\xF0\x9F\x98\x80\\u0000\\u001F\"");
    round_trip("\"\\ud800x\\udc00\\ud800\\u0041\"", "\"\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD" "A\"");
    round_trip("null", NULL);
    round_trip("12345678901234567890123", NULL);
}

TEST(questions)
{
    begin();
    sp_error err = { 0 };
    int64_t v = 0;
    sp_json *j = parse("{\"n\":-42,\"d\":1.0,\"s\":\"t\",\"n2\":{\"k\":1},\"k\":1,\"k\":2}", &err);
    REQUIRE(j != NULL);
    CHECK_INT(j->count, 6);
    CHECK(sp_json_i64(sp_json_get(j, "n"), &v) && v == -42);
    CHECK(!sp_json_i64(sp_json_get(j, "d"), &v));
    CHECK(!sp_json_i64(sp_json_get(j, "s"), &v));
    CHECK(!sp_json_i64(sp_json_get(j, "absent"), &v));
    CHECK(sp_str_is(sp_json_text(sp_json_get(j, "s")), "t"));
    CHECK(sp_json_text(j).p == NULL);
    CHECK(sp_json_get(sp_json_get(j, "s"), "x") == NULL);
    CHECK(sp_json_i64(sp_json_get(j, "k"), &v) && v == 2);
}

TEST(refused)
{
    static const char *const bad[] = { "", " ", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "01", "-", "1.", "1e", ".5", "+1", "tru", "nulll", "\"a",
                                       "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "1 2", "]", "\"\\", "\"\xC0\x80\"", "NaN", "'a'" };
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sp_error err = { 0 };
        if (parse(bad[i], &err))
            CHECK_STR(bad[i], "refused");
        CHECK(err.plain != NULL);
    }
    sp_error err = { 0 };
    parse("[1, x]", &err);
    CHECK_STR(err.plain, "Malformed JSON at offset 4: a value was expected");
}

TEST(depth_limit)
{
    begin();
    sp_error err = { 0 };
    char text[2 * SP_JSON_DEPTH_MAX + 3];
    for (int depth = SP_JSON_DEPTH_MAX; depth <= SP_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = 0;
        CHECK((parse(text, &err) != NULL) == (depth == SP_JSON_DEPTH_MAX));
    }
    CHECK_STR(err.plain, "Malformed JSON at offset 200: nested too deep");
}

TEST(quotes_what_is_not_utf8)
{
    begin();
    sp_json_quote(&out, SP_LIT("a\xFF\"/\x7F"));
    CHECK_STR(sp_buf_cstr(&out), "\"a\xEF\xBF\xBD\\\"/\x7F\"");
}
