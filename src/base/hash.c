/* hash.c -- Murmur3 as Spark has it, xxHash32 and 64, and the fast hash of our own tables.
 *
 * From: org.apache.spark.unsafe.hash.Murmur3_x86_32 (hashUnsafeBytes: whole little-endian words, then every byte of the tail as
 * a sign-extended int through a full round -- not the standard tail), org.apache.spark.sql.catalyst.expressions.XXH64,
 * and the xxHash specification for the 32-bit one (LZ4 frames). */
#include "base/base.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they lie in memory");

static inline uint32_t rotl32(uint32_t x, int r) { return x << r | x >> (32 - r); }
static inline uint64_t rotl64(uint64_t x, int r) { return x << r | x >> (64 - r); }
static inline uint32_t read32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t read64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }

/* ---- Murmur3_x86_32 ---- */

static inline uint32_t murmur_round(uint32_t h, uint32_t k)
{
    k *= 0xcc9e2d51u;
    k = rotl32(k, 15);
    k *= 0x1b873593u;
    h ^= k;
    return rotl32(h, 13) * 5 + 0xe6546b64u;
}

static inline uint32_t murmur_end(uint32_t h, uint32_t n)
{
    h ^= n;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ h >> 16;
}

uint32_t sp_murmur3_int(int32_t v, uint32_t seed)
{
    return murmur_end(murmur_round(seed, (uint32_t)v), 4);
}

uint32_t sp_murmur3_long(int64_t v, uint32_t seed)
{
    uint32_t h = murmur_round(seed, (uint32_t)v);
    return murmur_end(murmur_round(h, (uint32_t)((uint64_t)v >> 32)), 8);
}

uint32_t sp_murmur3_bytes(const void *bytes, size_t n, uint32_t seed)
{
    const uint8_t *p = bytes;
    uint32_t h = seed;
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        h = murmur_round(h, read32(p + i));
    for (; i < n; i++)
        h = murmur_round(h, (uint32_t)(int32_t)(int8_t)p[i]);
    return murmur_end(h, (uint32_t)n);
}

/* ---- xxHash32 ---- */

#define P32_1 0x9E3779B1u
#define P32_2 0x85EBCA77u
#define P32_3 0xC2B2AE3Du
#define P32_4 0x27D4EB2Fu
#define P32_5 0x165667B1u

static inline uint32_t xxh32_round(uint32_t acc, uint32_t v) { return rotl32(acc + v * P32_2, 13) * P32_1; }

uint32_t sp_xxhash32(const void *bytes, size_t n, uint32_t seed)
{
    const uint8_t *p = bytes, *end = p + n;
    uint32_t h;
    if (n >= 16) {
        uint32_t a = seed + P32_1 + P32_2, b = seed + P32_2, c = seed, d = seed - P32_1;
        for (; end - p >= 16; p += 16) {
            a = xxh32_round(a, read32(p));
            b = xxh32_round(b, read32(p + 4));
            c = xxh32_round(c, read32(p + 8));
            d = xxh32_round(d, read32(p + 12));
        }
        h = rotl32(a, 1) + rotl32(b, 7) + rotl32(c, 12) + rotl32(d, 18);
    } else {
        h = seed + P32_5;
    }
    h += (uint32_t)n;
    for (; end - p >= 4; p += 4)
        h = rotl32(h + read32(p) * P32_3, 17) * P32_4;
    for (; p < end; p++)
        h = rotl32(h + *p * P32_5, 11) * P32_1;
    h ^= h >> 15;
    h *= P32_2;
    h ^= h >> 13;
    h *= P32_3;
    return h ^ h >> 16;
}

/* ---- xxHash64 ---- */

#define P64_1 0x9E3779B185EBCA87ull
#define P64_2 0xC2B2AE3D27D4EB4Full
#define P64_3 0x165667B19E3779F9ull
#define P64_4 0x85EBCA77C2B2AE63ull
#define P64_5 0x27D4EB2F165667C5ull

static inline uint64_t xxh64_round(uint64_t acc, uint64_t v) { return rotl64(acc + v * P64_2, 31) * P64_1; }
static inline uint64_t xxh64_merge(uint64_t h, uint64_t acc) { return (h ^ xxh64_round(0, acc)) * P64_1 + P64_4; }
static inline uint64_t xxh64_take8(uint64_t h, uint64_t v) { return rotl64(h ^ xxh64_round(0, v), 27) * P64_1 + P64_4; }
static inline uint64_t xxh64_take4(uint64_t h, uint32_t v) { return rotl64(h ^ v * P64_1, 23) * P64_2 + P64_3; }

static inline uint64_t xxh64_end(uint64_t h)
{
    h ^= h >> 33;
    h *= P64_2;
    h ^= h >> 29;
    h *= P64_3;
    return h ^ h >> 32;
}

uint64_t sp_xxhash64_int(int32_t v, uint64_t seed)
{
    return xxh64_end(xxh64_take4(seed + P64_5 + 4, (uint32_t)v));
}

uint64_t sp_xxhash64_long(int64_t v, uint64_t seed)
{
    return xxh64_end(xxh64_take8(seed + P64_5 + 8, (uint64_t)v));
}

uint64_t sp_xxhash64(const void *bytes, size_t n, uint64_t seed)
{
    const uint8_t *p = bytes, *end = p + n;
    uint64_t h;
    if (n >= 32) {
        uint64_t a = seed + P64_1 + P64_2, b = seed + P64_2, c = seed, d = seed - P64_1;
        for (; end - p >= 32; p += 32) {
            a = xxh64_round(a, read64(p));
            b = xxh64_round(b, read64(p + 8));
            c = xxh64_round(c, read64(p + 16));
            d = xxh64_round(d, read64(p + 24));
        }
        h = rotl64(a, 1) + rotl64(b, 7) + rotl64(c, 12) + rotl64(d, 18);
        h = xxh64_merge(xxh64_merge(xxh64_merge(xxh64_merge(h, a), b), c), d);
    } else {
        h = seed + P64_5;
    }
    h += n;
    for (; end - p >= 8; p += 8)
        h = xxh64_take8(h, read64(p));
    if (end - p >= 4) {
        h = xxh64_take4(h, read32(p));
        p += 4;
    }
    for (; p < end; p++)
        h = rotl64(h ^ *p * P64_5, 11) * P64_1;
    return xxh64_end(h);
}

/* ---- the hash of our own tables: multiply and fold 64 x 64 -> 128 bits, the idea of wyhash ---- */

#define K0 0xa0761d6478bd642full
#define K1 0xe7037ed1a0b428dbull
#define K2 0x8ebc6af09c88c6e3ull

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t sp_hash_bytes(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = K0 ^ n, a, b;
    size_t left = n;
    if (left > 32) {
        uint64_t second = h;   /* two chains, so that the multiplications overlap */
        for (; left > 32; left -= 32, p += 32) {
            h = fold(read64(p) ^ K1, read64(p + 8) ^ h);
            second = fold(read64(p + 16) ^ K2, read64(p + 24) ^ second);
        }
        h ^= second;
    }
    if (left > 16) {
        h = fold(read64(p) ^ K1, read64(p + 8) ^ h);
        p += 16;
        left -= 16;
    }
    if (left >= 8) {            /* the two reads may overlap: every byte is seen, none past the end */
        a = read64(p);
        b = read64(p + left - 8);
    } else if (left >= 4) {
        a = read32(p);
        b = read32(p + left - 4);
    } else if (left > 0) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[left >> 1] << 8 | p[left - 1];
        b = 0;
    } else {
        a = b = 0;
    }
    return fold(K1 ^ n, fold(a ^ K2, b ^ h));
}
