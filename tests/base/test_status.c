/* test_status.c -- filling, cutting, copying and wording of errors. */
#include "base/base.h"
#include "test.h"

static const char *message_of(const sp_error *err, sp_buf *b)
{
    sp_buf_clear(b);
    sp_error_message(err, b);
    return sp_buf_cstr(b);
}

static sp_status fail_inside(sp_error *err)
{
    SP_TRY(SP_FAIL(err, INTERNAL_ERROR, "message", "inside"));
    return SP_OK;
}

TEST_ALLOC(message_as_spark)
{
    sp_error err = { 0 };
    sp_buf b = { 0 };
    DEFER(sp_buf_done, &b);
    CHECK_INT(SP_FAIL(&err, INTERNAL_ERROR, "message", "it broke"), SP_FAILED);
    CHECK(sp_error_is_set(&err));
    CHECK_INT(err.exc, SP_EXC_SPARK);
    CHECK_STR(message_of(&err, &b), "[INTERNAL_ERROR] it broke SQLSTATE: XX000");
    err.exc = SP_EXC_PARSE;
    err.line = 3;
    err.position = 7;
    err.context.summary = "\n== SQL ==\nx";
    CHECK_STR(message_of(&err, &b), "[INTERNAL_ERROR] it broke SQLSTATE: XX000 (line 3, pos 7)\n\n== SQL ==\nx");
    sp_error_plain(&err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: %d", 5);
    CHECK_STR(message_of(&err, &b), "requirement failed: 5");
    CHECK_INT(err.condition, SP_COND_NONE);
    CHECK_INT(err.line, 0);
    CHECK_INT(fail_inside(&err), SP_FAILED);
    CHECK_STR(err.param_values[0], "inside");
}

TEST_ALLOC(unset_parameters_stay)
{
    sp_error err = { 0 };
    sp_buf b = { 0 };
    DEFER(sp_buf_done, &b);
    SP_FAIL(&err, UNABLE_TO_ACQUIRE_MEMORY, "requestedBytes", "<receivedBytes>");
    CHECK_STR(message_of(&err, &b), "[UNABLE_TO_ACQUIRE_MEMORY] Unable to acquire <receivedBytes> bytes of memory, got <receivedBytes>. SQLSTATE: 53200");
    SP_FAIL(&err, INTERNAL_ERROR);
    CHECK_STR(message_of(&err, &b), "[INTERNAL_ERROR] <message> SQLSTATE: XX000");
}

TEST(other_class_than_the_rows)
{
    sp_error err = { 0 };
    CHECK_INT(SP_FAIL_AS(&err, SP_EXC_RUNTIME, INTERNAL_ERROR, "message", "x"), SP_FAILED);
    CHECK_INT(err.exc, SP_EXC_RUNTIME);
    CHECK_INT(SP_FAIL((sp_error *)NULL, INTERNAL_ERROR, "message", "x"), SP_FAILED);
    CHECK_INT(sp_error_os(NULL, 2, "Cannot open", "x"), SP_FAILED);
}

TEST(values_may_be_inside_the_error)
{
    sp_error err = { 0 };
    /* again and again: an error nobody reads must not use up its text space */
    for (int i = 0; i < 1000; i++) {
        const char *value = sp_error_format(&err, "value %d", i);
        SP_FAIL(&err, INTERNAL_ERROR, "message", value);
    }
    CHECK_STR(err.param_values[0], "value 999");
    SP_FAIL(&err, UNABLE_TO_ACQUIRE_MEMORY, "requestedBytes", "1", "receivedBytes", err.param_values[0]);
    CHECK_STR(err.param_values[0], "1");
    CHECK_STR(err.param_values[1], "value 999");
    for (int i = 0; i < 1000; i++)
        sp_error_plain(&err, SP_EXC_SPARK, "plain %d", i);
    CHECK_STR(err.plain, "plain 999");
    sp_error_plain(&err, SP_EXC_SPARK, "again: %s", err.plain);
    CHECK_STR(err.plain, "again: plain 999");
    sp_error_internal(&err, "%s!", err.plain);
    CHECK_STR(err.param_values[0], "again: plain 999!");
}

static void long_text(char *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = "\xE4\xB8\xAD"[i % 3];   /* three bytes each */
    to[n] = 0;
}

TEST(long_texts_are_cut_without_an_arena)
{
    char text[9001];
    sp_error err = { 0 };
    long_text(text, 9000);
    SP_FAIL(&err, INTERNAL_ERROR, "message", text);
    CHECK(strlen(err.param_values[0]) > SP_ERROR_TEXT_BYTES - 8);
    CHECK(sp_utf8_valid(sp_str_of(err.param_values[0])));
    sp_error_plain(&err, SP_EXC_SPARK, "a%s", text);
    CHECK(sp_utf8_valid(sp_str_of(err.plain)));
    CHECK_STR(sp_error_format(&err, "no room"), "");
    sp_error_reset(&err);
    CHECK(!sp_error_is_set(&err));
    CHECK_STR(sp_error_format(&err, "%s", "room"), "room");
}

TEST_ALLOC(long_texts_go_to_the_arena)
{
    char text[9001];
    sp_arena *a = sp_arena_new("query", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    sp_error err = { .arena = a }, copy = { 0 };
    long_text(text, 9000);
    SP_FAIL(&err, INTERNAL_ERROR, "message", text);
    CHECK_STR(err.param_values[0], text);
    sp_error_copy(&copy, &err);
    CHECK(strlen(copy.param_values[0]) < SP_ERROR_TEXT_BYTES);
    sp_error_plain(&err, SP_EXC_SPARK, "%s", text);
    CHECK_STR(err.plain, text);
}

TEST(copies_stand_alone)
{
    sp_error from = { 0 }, to = { 0 };
    SP_FAIL(&from, INTERNAL_ERROR, "message", "m");
    from.context.fragment = sp_error_format(&from, "frag");
    from.line = 4;
    sp_error_copy(&to, &from);
    memset(from.text, 'x', sizeof from.text);
    CHECK_STR(to.param_values[0], "m");
    CHECK_STR(to.context.fragment, "frag");
    CHECK_INT(to.line, 4);
}

TEST(system_errors)
{
    sp_error err = { 0 };
    sp_error_os(&err, 2, "Cannot open", "/x");
    CHECK_STR(err.plain, "Cannot open /x: No such file or directory");
    CHECK_INT(err.exc, SP_EXC_FILE_NOT_FOUND);
    sp_error_memory(&err, "a thing");
    CHECK_STR(err.plain, "Out of memory: a thing");
}
