/* block.c -- the compressed streams Spark's state files are: lz4-java's block format, and zstd frames.
 *
 * LZ4Block: "LZ4Block", a token (method << 4 | level), compressed size, plain size, checksum (xxHash32 seeded 0x9747b28c, 28 bits; all little
 * endian), data; a block of sizes 0 ends the stream. Source: net.jpountz.lz4.LZ4BlockOutputStream as Spark's LZ4CompressionCodec opens it (32 KB: level 5). */
#include "state/state_int.h"
#include <lz4.h>
#include <zstd.h>

enum { BLOCK = 32 << 10, LEVEL = 5, RAW = 0x10, LZ4 = 0x20, HEADER = 21, PLAIN_MAX = 1 << 25 };
#define MAGIC "LZ4Block"
#define SEED 0x9747b28cu

static void put32(unsigned char *p, uint32_t v) { memcpy(p, &v, 4); }
static uint32_t get32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static void header(unsigned char *h, int method, uint32_t packed, uint32_t plain, uint32_t sum)
{
    memcpy(h, MAGIC, 8);
    h[8] = (unsigned char)(method | LEVEL);
    put32(h + 9, packed);
    put32(h + 13, plain);
    put32(h + 17, sum);
}

static uint32_t checksum(const char *p, size_t n) { return sp_xxhash32(p, n, SEED) & 0x0fffffff; }

static void pack_lz4(sp_str plain, sp_buf *out)
{
    unsigned char h[HEADER];
    for (size_t at = 0; at < plain.n; at += BLOCK) {
        int n = (int)(plain.n - at < BLOCK ? plain.n - at : BLOCK);
        int room = LZ4_compressBound(n);
        if (!sp_buf_reserve(out, HEADER + (size_t)room))
            return;
        int packed = LZ4_compress_default(plain.p + at, out->data + out->len + HEADER, n, room);
        bool raw = packed <= 0 || packed >= n;
        if (raw)
            memcpy(out->data + out->len + HEADER, plain.p + at, (size_t)(packed = n));
        header(h, raw ? RAW : LZ4, (uint32_t)packed, (uint32_t)n, checksum(plain.p + at, (size_t)n));
        memcpy(out->data + out->len, h, HEADER);
        out->len += HEADER + (size_t)packed;
    }
    header(h, RAW, 0, 0, 0);
    sp_buf_add(out, h, HEADER);
}

bool sp_state_codec_known(const char *codec) { return strcmp(codec, "lz4") == 0 || strcmp(codec, "zstd") == 0; }

static sp_status unknown(const char *codec, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "state files compressed with '%s' are not supported: "
                          "spark.sql.streaming.stateStore.compression.codec takes lz4 or zstd", codec);
}

sp_status sp_state_pack(const char *codec, sp_str plain, sp_buf *out, sp_error *err)
{
    if (!sp_state_codec_known(codec))
        return unknown(codec, err);
    if (strcmp(codec, "lz4") == 0) {
        pack_lz4(plain, out);
    } else {
        size_t room = ZSTD_compressBound(plain.n);
        if (sp_buf_reserve(out, room)) {
            size_t n = ZSTD_compress(out->data + out->len, room, plain.p, plain.n, 1);
            if (ZSTD_isError(n))
                return sp_error_internal(err, "zstd: %s", ZSTD_getErrorName(n));
            out->len += n;
        }
    }
    return sp_buf_check(out, err);
}

static sp_status corrupt(const char *path, const char *what, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_SPARK, "Error reading state file %s: %s. Restore the file from a copy of the checkpoint, or restart from an "
                          "earlier batch by deleting the newest offsets and commits.", path, what);
}

/* Checks one block's header; *packed and *plain are its sizes. */
static sp_status block_header(sp_str s, const char *path, int *method, size_t *packed, size_t *plain, sp_error *err)
{
    if (s.n < HEADER || memcmp(s.p, MAGIC, 8) != 0)
        return corrupt(path, "Stream is corrupted (no LZ4Block where one should begin)", err);
    *method = s.p[8] & 0xf0;
    *packed = get32(s.p + 9);
    *plain = get32(s.p + 13);
    if ((*method != RAW && *method != LZ4) || *plain > PLAIN_MAX || *packed > s.n - HEADER || (*method == RAW && *packed != *plain))
        return corrupt(path, "Stream is corrupted (a block's sizes cannot be)", err);
    return SP_OK;
}

static sp_status unpack_lz4(sp_str s, const char *path, sp_arena *a, sp_str *out, sp_error *err)
{
    size_t total = 0, packed, plain;
    int method;
    for (sp_str rest = s;; rest = (sp_str){ rest.p + HEADER + packed, rest.n - HEADER - packed }) {
        SP_TRY(block_header(rest, path, &method, &packed, &plain, err));
        if (plain == 0)
            break;
        total += plain;
    }
    char *to = sp_arena_alloc(a, total + 1, err);
    if (!to)
        return SP_FAILED;
    size_t at = 0;
    for (sp_str rest = s;; rest = (sp_str){ rest.p + HEADER + packed, rest.n - HEADER - packed }) {
        SP_TRY(block_header(rest, path, &method, &packed, &plain, err));
        if (plain == 0)
            break;
        if (method == RAW)
            memcpy(to + at, rest.p + HEADER, plain);
        else if (LZ4_decompress_safe(rest.p + HEADER, to + at, (int)packed, (int)plain) != (int)plain)
            return corrupt(path, "Stream is corrupted (a block does not decompress)", err);
        if (checksum(to + at, plain) != get32(rest.p + 17))
            return corrupt(path, "Stream is corrupted (a checksum does not match)", err);
        at += plain;
    }
    *out = (sp_str){ to, total };
    return SP_OK;
}

static sp_status unpack_zstd(sp_str s, const char *path, sp_arena *a, sp_str *out, sp_error *err)
{
    sp_buf plain = { 0 };
    sp_status status = SP_OK;
    ZSTD_DStream *d = ZSTD_createDStream();
    ZSTD_inBuffer in = { s.p, s.n, 0 };
    size_t more = 1;
    while (d && more != 0 && status == SP_OK) {
        if (!sp_buf_reserve(&plain, BLOCK * 4)) {
            status = sp_error_memory(err, "a state file");
            break;
        }
        ZSTD_outBuffer to = { plain.data + plain.len, BLOCK * 4, 0 };
        more = ZSTD_decompressStream(d, &to, &in);
        plain.len += to.pos;
        if (ZSTD_isError(more))
            status = corrupt(path, ZSTD_getErrorName(more), err);
        else if (more != 0 && in.pos == in.size && to.pos < to.size)
            status = corrupt(path, "it is cut short", err);
    }
    ZSTD_freeDStream(d);
    if (!d)
        status = sp_error_memory(err, "a state file");
    if (status == SP_OK && !(*out = sp_str_copy(a, (sp_str){ plain.data ? plain.data : "", plain.len }, err)).p)
        status = SP_FAILED;
    sp_buf_done(&plain);
    return status;
}

sp_status sp_state_unpack(const char *codec, sp_str packed, const char *path, sp_arena *a, sp_str *out, sp_error *err)
{
    if (!sp_state_codec_known(codec))
        return unknown(codec, err);
    return strcmp(codec, "lz4") == 0 ? unpack_lz4(packed, path, a, out, err) : unpack_zstd(packed, path, a, out, err);
}
