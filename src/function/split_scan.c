/* split_scan.c -- counting and cutting at one byte, 32 bytes at a time with AVX2, 16 with SSE2, by memchr elsewhere.
 *
 * Blocks may reach past the text's end, but never into another page than its last byte's: such reads cannot fault,
 * and what they bring is masked out. (Hence no_sanitize: the address sanitizer counts bytes, not pages.) Short
 * pieces become inline views by one load, one mask and one shift instead of a copy of variable length. */
#include "function/split_int.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define UNSANITIZED __attribute__((no_sanitize("address", "undefined")))

static inline bool page_safe(const void *p, size_t n) { return ((uintptr_t)p & 4095) <= 4096 - n; }

/* 16 bytes at window + 12 - n are a mask of n leading bytes, n <= 12 */
static const uint8_t window[28] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0 };

UNSANITIZED static inline void put_view(sp_view *out, const char *p, size_t n)
{
    if (n > SP_VIEW_INLINE) {
        out->len = (uint32_t)n;
        memcpy(out->prefix, p, 4);
        out->ptr = p;
    } else if (page_safe(p, 16)) {
        __m128i v = _mm_and_si128(_mm_loadu_si128((const __m128i *)p),
            _mm_loadu_si128((const __m128i *)(window + 12 - n)));
        v = _mm_or_si128(_mm_slli_si128(v, 4), _mm_cvtsi32_si128((int)n));
        _mm_storeu_si128((__m128i *)out, v);
    } else *out = sp_view_make(p, n);
}

/* The block at p as a bitmap of where c stands, for the n bytes that belong to the text. */
UNSANITIZED static inline uint32_t block16(const char *p, size_t n, __m128i needle)
{
    char copy[16] = { 0 };
    if (n < 16 && !page_safe(p, 16)) { memcpy(copy, p, n); p = copy; }
    uint32_t bits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), needle));
    return n < 16 ? bits & ((1u << n) - 1) : bits;
}

UNSANITIZED __attribute__((target("avx2"))) static inline uint32_t block32(const char *p, size_t n, __m256i needle)
{
    char copy[32] = { 0 };
    if (n < 32 && !page_safe(p, 32)) { memcpy(copy, p, n); p = copy; }
    uint32_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), needle));
    return n < 32 ? bits & ((1u << n) - 1) : bits;
}

UNSANITIZED static uint32_t count_sse2(const char *p, size_t n, char c)
{
    __m128i needle = _mm_set1_epi8(c);
    uint32_t count = 0;
    for (size_t i = 0; i < n; i += 16) count += (uint32_t)__builtin_popcount(block16(p + i, n - i, needle));
    return count;
}

UNSANITIZED __attribute__((target("avx2,popcnt"))) static uint32_t count_avx2(const char *p, size_t n, char c)
{
    __m256i needle = _mm256_set1_epi8(c);
    uint32_t count = 0;
    for (size_t i = 0; i < n; i += 32) count += (uint32_t)__builtin_popcount(block32(p + i, n - i, needle));
    return count;
}

UNSANITIZED static sp_view *cut_sse2(const char *p, size_t n, char c, sp_view *out)
{
    __m128i needle = _mm_set1_epi8(c);
    const char *start = p;
    for (size_t i = 0; i < n; i += 16)
        for (uint32_t bits = block16(p + i, n - i, needle); bits; bits &= bits - 1) {
            const char *at = p + i + __builtin_ctz(bits);
            put_view(out++, start, (size_t)(at - start));
            start = at + 1;
        }
    put_view(out++, start, (size_t)(p + n - start));
    return out;
}

UNSANITIZED __attribute__((target("avx2,bmi"))) static sp_view *cut_avx2(const char *p, size_t n, char c, sp_view *out)
{
    __m256i needle = _mm256_set1_epi8(c);
    const char *start = p;
    for (size_t i = 0; i < n; i += 32)
        for (uint32_t bits = block32(p + i, n - i, needle); bits; bits &= bits - 1) {
            const char *at = p + i + __builtin_ctz(bits);
            put_view(out++, start, (size_t)(at - start));
            start = at + 1;
        }
    put_view(out++, start, (size_t)(p + n - start));
    return out;
}

sp_count_byte_fn sp_split_counter(void) { return __builtin_cpu_supports("avx2") ? count_avx2 : count_sse2; }
sp_cut_byte_fn sp_split_cutter(void) { return __builtin_cpu_supports("avx2") ? cut_avx2 : cut_sse2; }

#else

static uint32_t count_plain(const char *p, size_t n, char c)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) count += p[i] == c;
    return count;
}

static sp_view *cut_plain(const char *p, size_t n, char c, sp_view *out)
{
    const char *end = p + n;
    for (const char *at; (at = memchr(p, c, (size_t)(end - p))) != NULL; p = at + 1) *out++ = sp_view_make(p,
        (size_t)(at - p));
    *out++ = sp_view_make(p, (size_t)(end - p));
    return out;
}

sp_count_byte_fn sp_split_counter(void) { return count_plain; }
sp_cut_byte_fn sp_split_cutter(void) { return cut_plain; }
#endif
