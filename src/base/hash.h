/* hash.h -- hashes: Spark's Murmur3_x86_32 (partitioning; its own tail handling), xxHash32/64, and a fast one for tables. */
#ifndef SP_BASE_HASH_H
#define SP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint32_t sp_murmur3_int(int32_t v, uint32_t seed);                       /* Murmur3_x86_32.hashInt */
uint32_t sp_murmur3_long(int64_t v, uint32_t seed);                      /* hashLong */
uint32_t sp_murmur3_bytes(const void *p, size_t n, uint32_t seed);       /* hashUnsafeBytes: byte-at-a-time tail */
uint32_t sp_xxhash32(const void *p, size_t n, uint32_t seed);
uint64_t sp_xxhash64(const void *p, size_t n, uint64_t seed);
uint64_t sp_xxhash64_long(int64_t v, uint64_t seed);                     /* Spark XXH64.hashLong */
uint64_t sp_xxhash64_int(int32_t v, uint64_t seed);
/* In-process only; never stored. */
uint64_t sp_hash_bytes(const void *p, size_t n);
static inline uint64_t sp_hash_mix(uint64_t h) { h ^= h >> 32; h *= 0xd6e8feb86659fd93ull; h ^= h >> 32; h *= 0xd6e8feb86659fd93ull; h ^= h >> 32; return h; }
static inline uint64_t sp_hash_combine(uint64_t h, uint64_t v) { return sp_hash_mix(h ^ (v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2))); }
static inline int32_t sp_pmod(int32_t a, int32_t n) { int32_t r = a % n; return r < 0 ? r + n : r; }

#endif
