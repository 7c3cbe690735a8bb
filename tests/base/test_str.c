/* test_str.c -- numbers, case and UTF-8. */
#include "base/base.h"
#include "test.h"

TEST(compare_and_trim)
{
    CHECK(sp_str_eq_nocase(SP_LIT("aBc"), SP_LIT("AbC")));
    CHECK(!sp_str_eq_nocase(SP_LIT("ab"), SP_LIT("abc")));
    CHECK(sp_str_cmp(SP_LIT("a"), SP_LIT("b")) < 0);
    CHECK(sp_str_cmp(SP_LIT("a\x80"), SP_LIT("az")) > 0);
    CHECK(sp_str_cmp(SP_LIT("a"), SP_LIT("ab")) < 0);
    CHECK_INT(sp_str_cmp((sp_str){ 0 }, SP_LIT("")), 0);
    CHECK(sp_str_is(sp_str_trim(SP_LIT("\t x y\n ")), "x y"));
    CHECK_INT(sp_str_trim(SP_LIT("  ")).n, 0);
    CHECK(sp_str_starts(SP_LIT("spark.sql"), "spark."));
    CHECK(!sp_str_starts(SP_LIT("sp"), "spark."));
    CHECK(sp_str_ends(SP_LIT("a.tmp"), ".tmp"));
}

TEST(numbers)
{
    int64_t v = 0;
    CHECK(sp_str_to_i64(SP_LIT("-9223372036854775808"), &v) && v == INT64_MIN);
    CHECK(sp_str_to_i64(SP_LIT("+9223372036854775807"), &v) && v == INT64_MAX);
    CHECK(!sp_str_to_i64(SP_LIT("9223372036854775808"), &v));
    CHECK(!sp_str_to_i64(SP_LIT("-9223372036854775809"), &v));
    CHECK(!sp_str_to_i64(SP_LIT(""), &v));
    CHECK(!sp_str_to_i64(SP_LIT("-"), &v));
    CHECK(!sp_str_to_i64(SP_LIT(" 1"), &v));
    CHECK(!sp_str_to_i64(SP_LIT("1.0"), &v));
    CHECK(sp_str_to_i64(SP_LIT("007"), &v) && v == 7);
    bool b = false;
    CHECK(sp_str_to_bool(SP_LIT("TRUE"), &b) && b);
    CHECK(sp_str_to_bool(SP_LIT("false"), &b) && !b);
    CHECK(!sp_str_to_bool(SP_LIT("1"), &b));
}

TEST(utf8_round_trip)
{
    for (uint32_t c = 0; c < 0x110000; c += c < 0x900 ? 1 : 31) {
        char bytes[4];
        uint32_t back = 0;
        int n = sp_utf8_encode(c, bytes);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (sp_utf8_decode(bytes, bytes + n, &back) != (surrogate ? 0 : n) || (!surrogate && back != c))
            CHECK_INT(back, c);
        if (n > 1 && sp_utf8_decode(bytes, bytes + n - 1, &back) != 0)
            CHECK_INT(c, -1);
    }
}

TEST(utf8_malformed)
{
    static const char *const bad[] = { "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                                       "\xF5\x80\x80\x80", "\xFF", "\xE4\xB8", "abcdefgh\xE4" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!sp_utf8_valid(sp_str_of(bad[i])));
    CHECK(sp_utf8_valid(SP_LIT("abcdefghij\xE4\xB8\xAD\xF0\x9F\x98\x80z")));
}

TEST(utf8_counts)
{
    CHECK_INT(sp_utf8_len(SP_LIT("a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80")), 4);
    CHECK_INT(sp_utf8_len(SP_LIT("\x80\xFFz")), 3);
    CHECK_INT(sp_utf8_half_width(SP_LIT("ab\xE4\xB8\xAD")), 4);
    CHECK_INT(sp_utf8_half_width(SP_LIT("\xC3\xA9\xF0\x9F\x98\x80\xFF")), 4);
}
