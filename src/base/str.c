/* str.c -- questions asked of text: ASCII case, numbers, UTF-8.
 *
 * Counting follows org.apache.spark.unsafe.types.UTF8String (numChars, binaryCompare) and SparkStringUtils.stringHalfWidth. */
#include "base/base.h"

static inline unsigned char lower(unsigned char c) { return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c; }

bool sp_str_eq_nocase(sp_str a, sp_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower((unsigned char)a.p[i]) != lower((unsigned char)b.p[i]))
            return false;
    return true;
}

int sp_str_cmp(sp_str a, sp_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

sp_str sp_str_trim(sp_str s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
        s.p++, s.n--;
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    return s;
}

bool sp_str_starts(sp_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool sp_str_ends(sp_str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

sp_str sp_str_copy(sp_arena *a, sp_str s, sp_error *err)
{
    char *copy = sp_arena_strndup(a, s.p, s.n, err);
    return (sp_str){ copy, copy ? s.n : 0 };
}

bool sp_str_to_i64(sp_str s, int64_t *out)
{
    size_t i = 0;
    bool negative = s.n > 0 && s.p[0] == '-';
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
        i++;
    if (i == s.n)
        return false;
    int64_t v = 0;   /* built downwards, for the range below zero is the larger one */
    for (; i < s.n; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, (int64_t)digit, &v))
            return false;
    }
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

bool sp_str_to_bool(sp_str s, bool *out)
{
    bool yes = sp_str_eq_nocase(s, SP_LIT("true"));
    if (!yes && !sp_str_eq_nocase(s, SP_LIT("false")))
        return false;
    *out = yes;
    return true;
}

/* ---- UTF-8 ---- */

/* UTF8String.numBytesForFirstByte: bytes that can not lead count as one. */
static inline size_t bytes_by_lead(unsigned char c)
{
    if (c < 0xC2)
        return 1;
    if (c < 0xE0)
        return 2;
    if (c < 0xF0)
        return 3;
    return c < 0xF5 ? 4 : 1;
}

size_t sp_utf8_len(sp_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i += bytes_by_lead((unsigned char)s.p[i]))
        count++;
    return count;
}

static inline bool is_tail(unsigned char c) { return (c & 0xC0) == 0x80; }

int sp_utf8_decode(const char *text, const char *end, uint32_t *code_point)
{
    const unsigned char *p = (const unsigned char *)text;
    ptrdiff_t left = end - text;
    if (left <= 0)
        return 0;
    if (p[0] < 0x80) {
        *code_point = p[0];
        return 1;
    }
    int n = p[0] < 0xC2 || p[0] > 0xF4 ? 0 : (int)bytes_by_lead(p[0]);
    if (n == 0 || left < n)
        return 0;
    uint32_t c = p[0] & (0xFFu >> (n + 1));
    for (int i = 1; i < n; i++) {
        if (!is_tail(p[i]))
            return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    /* overlong forms, surrogates and what is past the last plane */
    if ((n == 3 && (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))) || (n == 4 && (c < 0x10000 || c > 0x10FFFF)))
        return 0;
    *code_point = c;
    return n;
}

int sp_utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool sp_utf8_valid(sp_str s)
{
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        uint64_t word;
        if (end - p >= 8 && (memcpy(&word, p, 8), (word & 0x8080808080808080ull) == 0)) {
            p += 8;
            continue;
        }
        uint32_t code_point;
        int n = sp_utf8_decode(p, end, &code_point);
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

/* SparkStringUtils.fullWidthRegex; it knows the basic plane only. */
static bool is_full_width(uint32_t c)
{
    static const struct { uint32_t first, last; } ranges[] = {
        { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
        { 0xFE10, 0xFE19 }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

int sp_utf8_half_width(sp_str s)
{
    const char *p = s.p, *end = s.p + s.n;
    int cells = 0;
    while (p < end) {
        uint32_t c = 0xFFFD;
        int n = sp_utf8_decode(p, end, &c);
        p += n ? n : 1;
        /* Java counts UTF-16 units: two above the basic plane */
        cells += c > 0xFFFF || is_full_width(c) ? 2 : 1;
    }
    return cells;
}
