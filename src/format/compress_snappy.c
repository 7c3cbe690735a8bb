/* compress_snappy.c -- one block in Snappy's raw format, both ways.
 *
 * A block is the plain length as a varint, then elements: literals (tag & 3 == 0) and copies of what came before,
 * with offsets of 11, 16 or 32 bits. The encoder takes 64 KB at a time, finds matches by a hash of four bytes and
 * writes 16-bit offsets only. Source: the format document, google/snappy format_description.txt. */
#include "format/format_int.h"

static sp_status corrupt(sp_error *err)
{
    return sp_error_plain(err, SP_EXC_SPARK, "Could not decompress data. Input is invalid.");
}

static bool read_varint(const uint8_t **p, const uint8_t *end, uint32_t *out)
{
    uint64_t v = 0;
    for (int shift = 0; *p < end && shift < 35; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *out = (uint32_t)v;
            return v <= UINT32_MAX;
        }
    }
    return false;
}

static uint32_t read_little(const uint8_t *p, int n)
{
    uint32_t v = 0;
    for (int i = 0; i < n; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

sp_status sp_snappy_decode(sp_str in, sp_buf *out, sp_error *err)
{
    const uint8_t *p = (const uint8_t *)in.p, *end = p + in.n;
    uint32_t length;
    if (!read_varint(&p, end, &length) || !sp_buf_reserve(out, length))
        return corrupt(err);
    char *base = out->data + out->len, *to = base, *stop = base + length;
    while (p < end) {
        uint8_t tag = *p++;
        if ((tag & 3) == 0) {
            uint64_t n = (uint64_t)(tag >> 2) + 1;
            if (n > 60) {
                int more = (int)n - 60;
                if (end - p < more)
                    return corrupt(err);
                n = (uint64_t)read_little(p, more) + 1;
                p += more;
            }
            if (n > (uint64_t)(end - p) || n > (uint64_t)(stop - to))
                return corrupt(err);
            memcpy(to, p, n);
            to += n;
            p += n;
            continue;
        }
        int bytes = (tag & 3) == 1 ? 1 : (tag & 3) == 2 ? 2 : 4;
        if (end - p < bytes)
            return corrupt(err);
        uint32_t n = (tag & 3) == 1 ? ((tag >> 2) & 7u) + 4 : (tag >> 2) + 1u;
        uint32_t offset = read_little(p, bytes) | ((tag & 3) == 1 ? (uint32_t)(tag >> 5) << 8 : 0);
        p += bytes;
        if (offset == 0 || offset > (size_t)(to - base) || n > (size_t)(stop - to))
            return corrupt(err);
        for (uint32_t i = 0; i < n; i++, to++)      /* byte by byte: source and target may overlap */
            *to = to[-(ptrdiff_t)offset];
    }
    if (to != stop)
        return corrupt(err);
    out->len += length;
    return SP_OK;
}

static void put_literal(sp_buf *out, const char *p, size_t n)
{
    while (n) {
        size_t k = n < 65536 ? n : 65536;
        if (k <= 60) {
            sp_buf_putc(out, (char)((k - 1) << 2));
        } else {
            char head[3] = { (char)(61 << 2), (char)(k - 1), (char)((k - 1) >> 8) };
            sp_buf_add(out, head, 3);
        }
        sp_buf_add(out, p, k);
        p += k;
        n -= k;
    }
}

static void put_copy(sp_buf *out, size_t offset, size_t n)
{
    while (n) {
        size_t k = n <= 64 ? n : n < 68 ? n - 4 : 64;   /* never leave less than four */
        char head[3] = { (char)((k - 1) << 2 | 2), (char)offset, (char)(offset >> 8) };
        sp_buf_add(out, head, 3);
        n -= k;
    }
}

enum { HASH_BITS = 13 };

static void encode_piece(const char *in, size_t n, sp_buf *out)
{
    uint16_t table[1 << HASH_BITS] = { 0 };     /* position + 1 of the last place with this hash */
    size_t from = 0, at = 0;
    while (n >= 4 && at + 4 <= n) {
        uint32_t word, other;
        memcpy(&word, in + at, 4);
        uint16_t *slot = &table[(word * 0x1e35a7bdu) >> (32 - HASH_BITS)];
        size_t seen = *slot;
        *slot = (uint16_t)(at + 1);
        if (seen == 0 || (memcpy(&other, in + seen - 1, 4), other != word)) {
            at++;
            continue;
        }
        size_t match = seen - 1, k = 4;
        while (at + k < n && in[match + k] == in[at + k])
            k++;
        put_literal(out, in + from, at - from);
        put_copy(out, at - match, k);
        from = at += k;
    }
    put_literal(out, in + from, n - from);
}

void sp_snappy_encode(sp_str in, sp_buf *out)
{
    uint32_t n = (uint32_t)in.n;
    for (; n >= 0x80; n >>= 7)
        sp_buf_putc(out, (char)(n | 0x80));
    sp_buf_putc(out, (char)n);
    for (size_t at = 0; at < in.n; at += 65535)     /* positions + 1 fit 16 bits */
        encode_piece(in.p + at, in.n - at < 65535 ? in.n - at : 65535, out);
}
