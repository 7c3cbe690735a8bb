/* lines.c -- the lines of a block of bytes, and the options that text formats share.
 *
 * The usual line ends are found 64 bytes at a time: a mask of where \n and \r stand, then one step per bit (a \n
 * right behind a \r ends the same line). Which width of register does it is chosen once. Behaviour: Hadoop's
 * LineReader (readDefaultLine, readCustomLine). */
#include "format/format_int.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- options ---- */

sp_status sp_option_bool(const sp_props *p, const char *key, bool fallback, bool *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, key) : NULL;
    *out = fallback;
    if (!s || sp_str_to_bool(sp_str_of(s), out))
        return SP_OK;
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "For input string: \"%s\"", s);
}

sp_status sp_option_line_sep(const sp_props *p, sp_str *out, sp_error *err)
{
    const char *s = p ? sp_props_get(p, "lineSep") : NULL;
    *out = sp_str_of(s);
    if (s && !*s)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: 'lineSep' cannot be an empty string.");
    return SP_OK;
}

sp_status sp_option_encoding(const sp_props *p, sp_error *err)
{
    const char *s = p ? sp_props_get(p, "encoding") : NULL;
    if (!s && p)
        s = sp_props_get(p, "charset");
    if (!s || sp_str_eq_nocase(sp_str_of(s), SP_LIT("UTF-8")) || sp_str_eq_nocase(sp_str_of(s), SP_LIT("UTF8")) ||
        sp_str_eq_nocase(sp_str_of(s), SP_LIT("US-ASCII")))
        return SP_OK;
    return SP_FAIL(err, INVALID_PARAMETER_VALUE__CHARSET, "functionName", "`encoding`", "parameter", "`charset`",
                   "charsets", "UTF-8", "charset", s);
}

/* ---- lines ---- */

/* BODY for one width: MASK(p) is a 64-bit mask of line-end bytes among the 64 at p. */
#define LINES_BODY(MASK)                                                                                               \
    uint32_t n = 0;                                                                                                    \
    const char *start = l->p, *at = l->p, *end = l->end;                                                               \
    while (at < end) {                                                                                                 \
        uint64_t m = MASK(at);                                                                                         \
        if (end - at < 64) m &= (1ull << (end - at)) - 1;                                                              \
        while (m) {                                                                                                    \
            const char *q = at + __builtin_ctzll(m);                                                                   \
            m &= m - 1;                                                                                                \
            if (q < start) continue;                                                                                   \
            sp_view_put(&out[n++], start, (size_t)(q - start));                                                        \
            start = *q == '\r' && q + 1 < end && q[1] == '\n' ? q + 2 : q + 1;                                         \
            if (n == max) {                                                                                            \
                l->p = start;                                                                                          \
                return n;                                                                                              \
            }                                                                                                          \
        }                                                                                                              \
        at += 64;                                                                                                      \
    }                                                                                                                  \
    if (start < end) sp_view_put(&out[n++], start, (size_t)(end - start));                                             \
    l->p = end;                                                                                                        \
    return n;

#if defined(__x86_64__)
#define MASK16(p, o) ((uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(                                              \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('\n')),                                \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('\r')))) << (o))
#define MASK64_SSE(p) (MASK16(p, 0) | MASK16(p, 16) | MASK16(p, 32) | MASK16(p, 48))
#define MASK32(p, o) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_or_si256(                                        \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('\n')),                       \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('\r')))) << (o))
#define MASK64_AVX2(p) (MASK32(p, 0) | MASK32(p, 32))
static uint32_t lines_sse(sp_lines *l, sp_view *out, uint32_t max) { LINES_BODY(MASK64_SSE) }
__attribute__((target("avx2")))
static uint32_t lines_avx2(sp_lines *l, sp_view *out, uint32_t max) { LINES_BODY(MASK64_AVX2) }
static uint32_t lines_usual(sp_lines *l, sp_view *out, uint32_t max)
{
    return __builtin_cpu_supports("avx2") ? lines_avx2(l, out, max) : lines_sse(l, out, max);
}
#else
static uint64_t mask64(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++)
        m |= (uint64_t)(p[i] == '\n' || p[i] == '\r') << i;
    return m;
}
static uint32_t lines_usual(sp_lines *l, sp_view *out, uint32_t max) { LINES_BODY(mask64) }
#endif

const char *sp_line_end(const sp_lines *l, const char *p, const char **next)
{
    if (l->separator.n) {
        const char *q = memmem(p, (size_t)(l->end - p), l->separator.p, l->separator.n);
        *next = q ? q + l->separator.n : l->end;
        return q ? q : l->end;
    }
    const char *q = p;
    while (q < l->end && *q != '\n' && *q != '\r') {
#if defined(__x86_64__)
        if (l->end - q >= 16) {
            uint64_t m = MASK16(q, 0);
            if (m) {
                q += __builtin_ctzll(m);
                break;
            }
            q += 16;
            continue;
        }
#endif
        q++;
    }
    if (q >= l->end)
        return *next = l->end;
    *next = *q == '\r' && q + 1 < l->end && q[1] == '\n' ? q + 2 : q + 1;
    return q;
}

uint32_t sp_lines_next(sp_lines *l, sp_view *out, uint32_t max)
{
    if (max == 0 || l->p >= l->end)
        return 0;
    if (!l->separator.n)
        return lines_usual(l, out, max);
    uint32_t n = 0;
    while (n < max && l->p < l->end) {
        const char *next, *q = sp_line_end(l, l->p, &next);
        sp_view_put(&out[n++], l->p, (size_t)(q - l->p));
        l->p = next;
    }
    return n;
}
