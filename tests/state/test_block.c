/* test_block.c -- the compressed streams of state files: lz4-java's block format byte for byte, zstd, and damage. */
#include "state/state_int.h"
#include "test.h"

/* As lz4-java writes "abcabc...!spark": one compressed block; then a raw one; then the end. Sums are xxHash32's, made apart. */
#define BLOCK_LZ4 "LZ4Block\x25\x0e\0\0\0\x1e\0\0\0\x0c\x3a\xd2\x0c\x3f" "abc\x03\0\x02\x60!spark"
#define BLOCK_RAW "LZ4Block\x15\x04\0\0\0\x04\0\0\0\xdb\x80\x4d\x08\xff\xff\xff\xff"
#define BLOCK_END "LZ4Block\x15\0\0\0\0\0\0\0\0\0\0\0\0"

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    return a;
}

TEST(an_empty_delta)
{
    sp_buf out = { 0 };
    sp_error err = { 0 };
    REQUIRE(sp_state_pack("lz4", SP_LIT("\xff\xff\xff\xff"), &out, &err) == SP_OK);
    CHECK_MEM(out.data, out.len, BLOCK_RAW BLOCK_END, sizeof(BLOCK_RAW BLOCK_END) - 1);
    sp_buf_done(&out);
}

TEST_ALLOC(blocks_read)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_str out;
    REQUIRE(sp_state_unpack("lz4", SP_LIT(BLOCK_LZ4 BLOCK_RAW BLOCK_END), "f", a, &out, &err) == SP_OK);
    CHECK_MEM(out.p, out.n, "abcabcabcabcabcabcabcabc!spark\xff\xff\xff\xff", 34);
    REQUIRE(sp_state_unpack("lz4", SP_LIT(BLOCK_END), "f", a, &out, &err) == SP_OK);
    CHECK_INT(out.n, 0);
}

static char *noise(size_t n, bool repeats)
{
    char *p = sp_malloc(n + 1);
    uint64_t x = 88172645463325252ull;
    for (size_t i = 0; i < n; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        p[i] = repeats ? (char)('a' + (i / 7) % 5) : (char)x;
    }
    return p;
}

TEST(there_and_back)
{
    static const size_t sizes[] = { 0, 1, 4, 100, 32767, 32768, 32769, 65536, 200001 };
    static const char *const codecs[] = { "lz4", "zstd" };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int c = 0; c < 2; c++)
            for (int repeats = 0; repeats < 2; repeats++) {
                sp_arena *a = sp_arena_new("test", 0);
                sp_buf packed = { 0 };
                sp_error err = { 0 };
                sp_str back = { 0 };
                char *plain = noise(sizes[i], repeats);
                CHECK(sp_state_pack(codecs[c], (sp_str){ plain, sizes[i] }, &packed, &err) == SP_OK);
                CHECK(sp_state_unpack(codecs[c], (sp_str){ packed.data, packed.len }, "f", a, &back, &err) == SP_OK);
                CHECK(sp_str_eq(back, (sp_str){ plain, sizes[i] }));
                sp_free(plain);
                sp_buf_done(&packed);
                sp_arena_free(a);
            }
}

TEST(damage)
{
    char good[] = BLOCK_LZ4 BLOCK_RAW BLOCK_END;
    size_t n = sizeof good - 1;
    for (size_t cut = 0; cut < n; cut++) {
        sp_arena *a = sp_arena_new("test", 0);
        sp_error err = { 0 };
        sp_str out;
        char *copy = sp_malloc(cut + 1);        /* so that a read past the end is seen */
        memcpy(copy, good, cut);
        if (!CHECK(sp_state_unpack("lz4", (sp_str){ copy, cut }, "/ck/state/0/0/1.delta", a, &out, &err) == SP_FAILED))
            CHECK_INT(cut, -1);
        else
            CHECK(err.plain && strstr(err.plain, "/ck/state/0/0/1.delta"));
        sp_free(copy);
        sp_arena_free(a);
    }
    for (size_t at = 0; at < n; at++) {
        sp_arena *a = sp_arena_new("test", 0);
        sp_error err = { 0 };
        sp_str out;
        char *copy = sp_malloc(n);
        memcpy(copy, good, n);
        copy[at] ^= 0x40;
        sp_status status = sp_state_unpack("lz4", (sp_str){ copy, n }, "f", a, &out, &err);
        if (status == SP_OK)       /* the level and the last block's sum carry nothing */
            CHECK_MEM(out.p, out.n, "abcabcabcabcabcabcabcabc!spark\xff\xff\xff\xff", 34);
        sp_free(copy);
        sp_arena_free(a);
    }
    sp_arena *a = arena();
    sp_buf packed = { 0 };
    sp_error err = { 0 };
    sp_str out;
    REQUIRE(sp_state_pack("zstd", SP_LIT("some plain bytes, and then some more of them"), &packed, &err) == SP_OK);
    for (size_t cut = 0; cut < packed.len; cut++)
        CHECK(sp_state_unpack("zstd", (sp_str){ packed.data, cut }, "f", a, &out, &err) == SP_FAILED);
    sp_buf_done(&packed);
}

TEST(unknown_codecs_are_refused)
{
    sp_arena *a = arena();
    sp_error err = { 0 };
    sp_str out;
    sp_buf packed = { 0 };
    CHECK(!sp_state_codec_known("lzf"));
    CHECK(sp_state_pack("lzf", SP_LIT("x"), &packed, &err) == SP_FAILED);
    CHECK(strstr(err.plain, "'lzf'") != NULL);
    sp_error_reset(&err);
    CHECK(sp_state_unpack("snappy", SP_LIT("x"), "f", a, &out, &err) == SP_FAILED);
}
