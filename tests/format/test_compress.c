/* test_compress.c -- every codec there and back, other people's files, broken files. */
#include "format/format.h"
#include "test.h"
#include <stdlib.h>

static uint32_t state = 11;
static uint32_t next_random(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* n bytes, of a kind: zeros, a small alphabet, noise. */
static void fill(sp_buf *b, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++)
        sp_buf_putc(b, kind == 0 ? 0 : kind == 1 ? "abcd e\n"[next_random() % 7] : (char)next_random());
}

static void there_and_back(const char *codec, size_t n, int kind)
{
    sp_buf in = { 0 }, packed = { 0 };
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("test", 0);
    sp_str out = { NULL, 0 };
    fill(&in, n, kind);
    CHECK(sp_compress(codec, (sp_str){ in.data, in.len }, &packed, &err) == SP_OK);
    CHECK(sp_decompress(a, codec, (sp_str){ packed.data, packed.len }, &out, &err) == SP_OK);
    CHECK(out.n == n && (n == 0 || memcmp(out.p, in.data, n) == 0));
    if (kind == 0 && n > 10000) CHECK(packed.len < n / 10);
    sp_buf_done(&in);
    sp_buf_done(&packed);
    sp_arena_free(a);
}

TEST(there_and_back)
{
    static const char *const codecs[] = { "gzip", "deflate", "zstd", "lz4", "snappy" };
    static const size_t sizes[] = { 0, 1, 3, 60, 61, 1000, 65535, 65536, 300000 };
    for (size_t c = 0; c < sizeof codecs / sizeof *codecs; c++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int kind = 0; kind < 3; kind++)
                there_and_back(codecs[c], sizes[s], kind);
}

static void unpacks(const char *codec, const char *bytes, size_t n, const char *want)
{
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("test", 0);
    sp_str out = { NULL, 0 };
    sp_status status = sp_decompress(a, codec, (sp_str){ bytes, n }, &out, &err);
    if (want) CHECK(status == SP_OK && sp_str_is(out, want));
    else CHECK(status == SP_FAILED);
    sp_arena_free(a);
}
#define UNPACKS(codec, bytes, want) unpacks(codec, bytes, sizeof(bytes) - 1, want)

TEST(files_of_others)
{
    /* Two gzip members; Hadoop's snappy and lz4 block streams with two chunks in a block; an lz4 frame of the lz4
     * tool. */
    UNPACKS("gzip",
            "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4\x02\x00\x07\xa1\xea\xdd\x02\x00\x00\x00"
            "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe2\x02\x00\xc4\xf2\xc7\xf6\x02\x00\x00\x00",
            "a\nb\n");
    UNPACKS("snappy", "\0\0\0\x0a\0\0\0\x07\x05\x10hello\0\0\0\x07\x05\x10world", "helloworld");
    UNPACKS("snappy", "\0\0\0\x0c\0\0\0\x08\x0c\x08" "abc\x22\x03\x00", "abcabcabcabc");
    UNPACKS("lz4", "\0\0\0\x0a\0\0\0\x06\x50hello\0\0\0\x06\x50world", "helloworld");
}

TEST(broken_files)
{
    UNPACKS("gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4", NULL);
    UNPACKS("gzip", "not gzip", NULL);
    UNPACKS("zstd", "\x28\xb5\x2f\xfd\x04", NULL);
    UNPACKS("snappy", "\0\0\0\x0a\0\0\0\x07\x05\x10hell", NULL);
    UNPACKS("snappy", "\0\0\0\x05\0\0\0\x05\x05\x22\x03\x00\x00", NULL);       /* a copy from before the beginning */
    UNPACKS("snappy", "\0\0\0\x05\0\0\0\x06\x05\xf0\xff\xff\xff\xff", NULL);
    UNPACKS("lz4", "\0\0\0\x0a\0\0\0\x06\x60hello", NULL);
    UNPACKS("lz4", "\0\0\0", NULL);
    UNPACKS("bzip2", "BZh9", NULL);
}

TEST(random_bytes_break_nothing)
{
    static const char *const codecs[] = { "gzip", "deflate", "zstd", "lz4", "snappy" };
    for (int i = 0; i < 400; i++) {
        sp_buf in = { 0 }, packed = { 0 };
        sp_error err = { 0 };
        sp_arena *a = sp_arena_new("test", 64 << 20);
        sp_str out;
        const char *codec = codecs[i % 5];
        fill(&in, 1 + next_random() % 2000, 1);
        CHECK(sp_compress(codec, (sp_str){ in.data, in.len }, &packed, &err) == SP_OK);
        for (int k = 0; k < 3; k++)
            packed.data[8 + next_random() % (packed.len - 8)] ^= (char)(1 << next_random() % 8);
        sp_decompress(a, codec, (sp_str){ packed.data, packed.len }, &out, &err);
        sp_buf_done(&in);
        sp_buf_done(&packed);
        sp_arena_free(a);
    }
}

TEST(names)
{
    CHECK_STR(sp_codec_of_path("/a/part-0.json.gz"), "gzip");
    CHECK_STR(sp_codec_of_path("x.txt.zst"), "zstd");
    CHECK_STR(sp_codec_of_path("x.bz2"), "bzip2");
    CHECK_STR(sp_codec_of_path("x.json"), NULL);
    CHECK_STR(sp_codec_extension("GZIP"), ".gz");
    CHECK_STR(sp_codec_extension("brotli"), NULL);
}

TEST_ALLOC(missing_memory)
{
    sp_buf packed = { 0 };
    DEFER(sp_buf_done, &packed);
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, a);
    REQUIRE(a != NULL);
    sp_str out;
    CHECK_INT(sp_compress("lz4", SP_LIT("some text"), &packed, &err), SP_OK);
    CHECK_INT(sp_decompress(a, "lz4", (sp_str){ packed.data, packed.len }, &out, &err), SP_OK);
}
