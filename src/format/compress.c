/* compress.c -- whole files compressed as Hadoop's codecs do it: gzip, deflate (zlib's wrapping), zstd, lz4 and snappy.
 *
 * lz4 and snappy files are Hadoop's block streams, not those formats' own frames: repeated [plain length, 4 bytes
 * big-endian] and, until so many bytes are there, [packed length, 4 bytes][packed block]. Real lz4 frames are read
 * too (told by their magic). bzip2 is not there: its files are refused by name. Behaviour:
 * org.apache.hadoop.io.compress.*Codec, CompressionCodecs (names and extensions). */
#include "format/format_int.h"
#include <lz4.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

enum { BLOCK_BYTES = 256 * 1024 };      /* io.compression.codec.lz4.buffersize, ...snappy.buffersize */

typedef struct codec {
    const char *name, *extension;
    sp_status (*unpack)(sp_str in, sp_buf *out, sp_error *err);
    sp_status (*pack)(sp_str in, sp_buf *out, sp_error *err);
} codec;

static sp_status corrupt(sp_error *err, const char *name, const char *why)
{
    return sp_error_plain(err, SP_EXC_SPARK, "Could not decompress %s data: %s", name,
                          why ? why : "the file is cut short");
}

static bool grow(sp_buf *b) { return sp_buf_reserve(b, b->len < 64 * 1024 ? 64 * 1024 : b->len); }

/* ---- zlib ---- */

/* gzip files may be several members, one after the other. */
static sp_status inflate_all(sp_str in, sp_buf *out, sp_error *err)
{
    z_stream z = { 0 };
    if (inflateInit2(&z, 15 + 32) != Z_OK)
        return sp_error_memory(err, "zlib");
    size_t used = 0;
    int code = Z_OK;
    sp_status status = SP_OK;
    while (used < in.n || z.avail_in) {
        if (!grow(out)) {
            status = sp_error_memory(err, "a decompressed file");
            break;
        }
        size_t take = in.n - used < (1u << 30) ? in.n - used : 1u << 30;
        size_t room = out->cap - out->len < (1u << 30) ? out->cap - out->len : 1u << 30;
        z.next_in = (Bytef *)(uintptr_t)(in.p + used);
        z.avail_in = (uInt)take;
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)room;
        code = inflate(&z, Z_NO_FLUSH);
        used += take - z.avail_in;
        out->len += room - z.avail_out;
        z.avail_in = 0;
        if (code == Z_STREAM_END && used < in.n)
            inflateReset(&z);
        else if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
            status = corrupt(err, "gzip", z.msg);
            break;
        } else if (code == Z_BUF_ERROR && used == in.n)
            break;
    }
    /* What is still inside the stream when the input is used up. */
    while (status == SP_OK && code == Z_OK) {
        if (!grow(out)) {
            status = sp_error_memory(err, "a decompressed file");
            break;
        }
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)(out->cap - out->len < (1u << 30) ? out->cap - out->len : 1u << 30);
        uInt room = z.avail_out;
        code = inflate(&z, Z_FINISH);
        out->len += room - z.avail_out;
        if (code == Z_BUF_ERROR && z.avail_out == 0)
            code = Z_OK;
    }
    inflateEnd(&z);
    if (status == SP_OK && in.n && code != Z_STREAM_END)
        status = corrupt(err, "gzip", NULL);
    return status;
}

static sp_status deflate_all(sp_str in, sp_buf *out, int window, sp_error *err)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return sp_error_memory(err, "zlib");
    size_t used = 0;
    int code = Z_OK;
    while (code != Z_STREAM_END) {
        if (!grow(out)) {
            deflateEnd(&z);
            return sp_error_memory(err, "a compressed file");
        }
        size_t take = in.n - used < (1u << 30) ? in.n - used : 1u << 30;
        size_t room = out->cap - out->len < (1u << 30) ? out->cap - out->len : 1u << 30;
        z.next_in = (Bytef *)(uintptr_t)(in.p + used);
        z.avail_in = (uInt)take;
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)room;
        code = deflate(&z, used + take == in.n ? Z_FINISH : Z_NO_FLUSH);
        used += take - z.avail_in;
        out->len += room - z.avail_out;
    }
    deflateEnd(&z);
    return SP_OK;
}

static sp_status pack_gzip(sp_str in, sp_buf *out, sp_error *err) { return deflate_all(in, out, 15 + 16, err); }
static sp_status pack_deflate(sp_str in, sp_buf *out, sp_error *err) { return deflate_all(in, out, 15, err); }

/* ---- zstd ---- */

static sp_status unpack_zstd(sp_str in, sp_buf *out, sp_error *err)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    if (!z)
        return sp_error_memory(err, "zstd");
    ZSTD_inBuffer from = { in.p, in.n, 0 };
    size_t left = 0;
    sp_status status = SP_OK;
    for (;;) {
        if (!grow(out)) {
            status = sp_error_memory(err, "a decompressed file");
            break;
        }
        ZSTD_outBuffer to = { out->data + out->len, out->cap - out->len, 0 };
        left = ZSTD_decompressStream(z, &to, &from);
        out->len += to.pos;
        if (ZSTD_isError(left)) {
            status = corrupt(err, "zstd", ZSTD_getErrorName(left));
            break;
        }
        if (from.pos == from.size && (left == 0 || to.pos < to.size))
            break;
    }
    ZSTD_freeDStream(z);
    return status == SP_OK && left ? corrupt(err, "zstd", NULL) : status;
}

static sp_status pack_zstd(sp_str in, sp_buf *out, sp_error *err)
{
    size_t bound = ZSTD_compressBound(in.n);
    if (!sp_buf_reserve(out, bound))
        return sp_error_memory(err, "a compressed file");
    size_t n = ZSTD_compress(out->data + out->len, bound, in.p, in.n, 3);
    if (ZSTD_isError(n))
        return sp_error_memory(err, "zstd");
    out->len += n;
    return SP_OK;
}

/* ---- Hadoop's block streams ---- */

static bool take_u32(sp_str *in, uint32_t *v)
{
    if (in->n < 4)
        return false;
    const uint8_t *p = (const uint8_t *)in->p;
    *v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    in->p += 4;
    in->n -= 4;
    return true;
}

static void put_u32(sp_buf *out, uint32_t v)
{
    char b[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };
    sp_buf_add(out, b, 4);
}

static sp_status lz4_block(sp_str in, size_t plain, sp_buf *out, sp_error *err)
{
    if (!sp_buf_reserve(out, plain))
        return sp_error_memory(err, "a decompressed file");
    int n = LZ4_decompress_safe(in.p, out->data + out->len, (int)in.n, (int)plain);
    if (n < 0)
        return corrupt(err, "lz4", "a block is malformed");
    out->len += (size_t)n;
    return SP_OK;
}

static sp_status snappy_block(sp_str in, size_t plain, sp_buf *out, sp_error *err)
{
    return sp_snappy_decode(in, out, err);
}

static sp_status unpack_blocks(sp_str in, sp_buf *out, const char *name,
                               sp_status (*block)(sp_str, size_t, sp_buf *, sp_error *), sp_error *err)
{
    while (in.n) {
        uint32_t plain, packed;
        if (!take_u32(&in, &plain) || plain > INT32_MAX)
            return corrupt(err, name, NULL);
        size_t stop = out->len + plain;
        while (out->len < stop) {
            if (!take_u32(&in, &packed) || packed > in.n || packed > INT32_MAX)
                return corrupt(err, name, NULL);
            size_t before = out->len;
            SP_TRY(block((sp_str){ in.p, packed }, stop - out->len, out, err));
            if (out->len == before)
                return corrupt(err, name, "a block is empty");
            in.p += packed;
            in.n -= packed;
        }
    }
    return SP_OK;
}

static sp_status unpack_lz4_frame(sp_str in, sp_buf *out, sp_error *err)
{
    LZ4F_dctx *z;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&z, LZ4F_VERSION)))
        return sp_error_memory(err, "lz4");
    sp_status status = SP_OK;
    size_t left = 1;
    while (in.n && status == SP_OK) {
        if (!grow(out)) {
            status = sp_error_memory(err, "a decompressed file");
            break;
        }
        size_t take = in.n, room = out->cap - out->len;
        left = LZ4F_decompress(z, out->data + out->len, &room, in.p, &take, NULL);
        if (LZ4F_isError(left))
            status = corrupt(err, "lz4", LZ4F_getErrorName(left));
        out->len += room;
        in.p += take;
        in.n -= take;
    }
    LZ4F_freeDecompressionContext(z);
    return status == SP_OK && left ? corrupt(err, "lz4", NULL) : status;
}

static sp_status unpack_lz4(sp_str in, sp_buf *out, sp_error *err)
{
    if (in.n >= 4 && memcmp(in.p, "\x04\x22\x4D\x18", 4) == 0)
        return unpack_lz4_frame(in, out, err);
    return unpack_blocks(in, out, "lz4", lz4_block, err);
}

static sp_status unpack_snappy(sp_str in, sp_buf *out, sp_error *err)
{
    return unpack_blocks(in, out, "snappy", snappy_block, err);
}

static sp_status pack_lz4(sp_str in, sp_buf *out, sp_error *err)
{
    for (size_t at = 0; at < in.n; at += BLOCK_BYTES) {
        int n = (int)(in.n - at < BLOCK_BYTES ? in.n - at : BLOCK_BYTES), bound = LZ4_compressBound(n);
        put_u32(out, (uint32_t)n);
        if (!sp_buf_reserve(out, (size_t)bound + 4))
            return sp_error_memory(err, "a compressed file");
        int packed = LZ4_compress_default(in.p + at, out->data + out->len + 4, n, bound);
        put_u32(out, (uint32_t)packed);
        out->len += (size_t)packed;
    }
    return SP_OK;
}

static sp_status pack_snappy(sp_str in, sp_buf *out, sp_error *err)
{
    for (size_t at = 0; at < in.n; at += BLOCK_BYTES) {
        size_t n = in.n - at < BLOCK_BYTES ? in.n - at : BLOCK_BYTES;
        put_u32(out, (uint32_t)n);
        size_t head = out->len;
        put_u32(out, 0);
        sp_snappy_encode((sp_str){ in.p + at, n }, out);
        SP_TRY(sp_buf_check(out, err));
        uint32_t packed = (uint32_t)(out->len - head - 4);
        for (int i = 0; i < 4; i++)
            out->data[head + (size_t)i] = (char)(packed >> (24 - 8 * i));
    }
    return SP_OK;
}

/* ---- the table ---- */

static const codec codecs[] = {
    { "gzip", ".gz", inflate_all, pack_gzip },
    { "deflate", ".deflate", inflate_all, pack_deflate },
    { "zstd", ".zst", unpack_zstd, pack_zstd },
    { "lz4", ".lz4", unpack_lz4, pack_lz4 },
    { "snappy", ".snappy", unpack_snappy, pack_snappy },
};

static const codec *find(const char *name)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (sp_str_eq_nocase(sp_str_of(name), sp_str_of(codecs[i].name)))
            return &codecs[i];
    return NULL;
}

static sp_status unknown(const char *name, sp_error *err)
{
    return SP_FAIL(err, CODEC_NOT_AVAILABLE__WITH_AVAILABLE_CODECS_SUGGESTION, "codecName", name, "availableCodecs",
                   "deflate, gzip, lz4, none, snappy, uncompressed, zstd");
}

sp_status sp_decompress(sp_arena *a, const char *name, sp_str in, sp_str *out, sp_error *err)
{
    const codec *c = find(name);
    if (!c)
        return unknown(name, err);
    sp_buf b = { 0 };
    sp_status status = c->unpack(in, &b, err);
    if (status == SP_OK) {
        char *p = sp_arena_alloc(a, b.len + 64, err);   /* room for those who read past the end */
        if (p) {
            if (b.len)
                memcpy(p, b.data, b.len);
            memset(p + b.len, 0, 64);
        } else {
            status = SP_FAILED;
        }
        *out = (sp_str){ p, b.len };
    }
    sp_buf_done(&b);
    return status;
}

sp_status sp_compress(const char *name, sp_str in, sp_buf *out, sp_error *err)
{
    const codec *c = find(name);
    if (!c)
        return unknown(name, err);
    SP_TRY(c->pack(in, out, err));
    return sp_buf_check(out, err);
}

const char *sp_codec_of_path(const char *path)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (sp_str_ends(sp_str_of(path), codecs[i].extension))
            return codecs[i].name;
    return sp_str_ends(sp_str_of(path), ".bz2") ? "bzip2" : NULL;
}

const char *sp_codec_extension(const char *name)
{
    const codec *c = find(name);
    return c ? c->extension : NULL;
}
