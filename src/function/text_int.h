/* text_int.h -- characters of UTF-8 text, for the string functions. */
#ifndef SP_FUNCTION_TEXT_INT_H
#define SP_FUNCTION_TEXT_INT_H

#include "function/function_int.h"

uint32_t sp_unicode_upper(uint32_t c);
uint32_t sp_unicode_lower(uint32_t c);
bool sp_unicode_is_letter(uint32_t c);
void sp_unicode_change_case(sp_buf *out, sp_str s, bool upper);

/* Bytes of the character that begins at p, by its first byte (UTF8String.numBytesForFirstByte), not past end. */
static inline size_t sp_char_bytes(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? (c < 0xC0 ? 1 : 2) : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
    return n > (size_t)(end - p) ? (size_t)(end - p) : n;
}
static inline bool sp_is_ascii(sp_str s)
{
    unsigned char all = 0;
    for (size_t i = 0; i < s.n; i++) all |= (unsigned char)s.p[i];
    return all < 0x80;
}
/* Byte offset of character n (s.n when there are fewer). */
static inline size_t sp_char_offset(sp_str s, int64_t n)
{
    const char *p = s.p, *end = s.p + s.n;
    while (n-- > 0 && p < end) p += sp_char_bytes(p, end);
    return (size_t)(p - s.p);
}
static inline int64_t sp_char_count(sp_str s)
{
    int64_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end; p += sp_char_bytes(p, end)) n++;
    return n;
}
/* UTF8String.substring: characters [from, to), from may be negative. */
static inline sp_str sp_substring(sp_str s, int64_t from, int64_t to)
{
    if (to <= from || from >= (int64_t)s.n) return (sp_str){ s.p, 0 };
    size_t a = sp_char_offset(s, from < 0 ? 0 : from);
    sp_str rest = { s.p + a, s.n - a };
    return (sp_str){ rest.p, sp_char_offset(rest, to - (from < 0 ? 0 : from)) };
}
/* UTF8String.substringSQL */
static inline sp_str sp_substring_sql(sp_str s, int64_t pos, int64_t length)
{
    int64_t start = pos > 0 ? pos - 1 : pos < 0 ? sp_char_count(s) + pos : 0;
    return sp_substring(s, start, start + length);
}
/* First occurrence of t in s at or after byte `from`; -1. */
int64_t sp_text_find(sp_str s, sp_str t, size_t from);
int64_t sp_text_find_last(sp_str s, sp_str t, size_t before);

#endif
