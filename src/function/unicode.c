/* unicode.c -- case mapping of UTF-8 text as Java's String.toUpperCase/toLowerCase(Locale.ROOT): simple mappings
 * from libc's C.UTF-8 locale, the unconditional ones of SpecialCasing.txt from a table, and the final sigma. ASCII
 * text never gets here. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "function/text_int.h"
#include <locale.h>
#include <stdatomic.h>
#include <wctype.h>

static locale_t utf8_locale(void)
{
    static _Atomic(locale_t) made;
    locale_t l = atomic_load(&made);
    if (l) return l;
    l = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!l) return (locale_t)0;
    locale_t none = (locale_t)0;
    if (!atomic_compare_exchange_strong(&made, &none, l)) { freelocale(l); l = none; }
    return l;
}

/* One character whose capital is more than one. */
static const struct { uint32_t from; uint32_t to[3]; } special_upper[] = {
    { 0xDF, { 'S', 'S' } }, { 0x149, { 0x2BC, 'N' } }, { 0x1F0, { 'J', 0x30C } }, { 0x390, { 0x399, 0x308, 0x301 } },
    { 0x3B0, { 0x3A5, 0x308, 0x301 } }, { 0x587, { 0x535, 0x552 } }, { 0x1E96, { 'H', 0x331 } },
        { 0x1E97, { 'T', 0x308 } },
    { 0x1E98, { 'W', 0x30A } }, { 0x1E99, { 'Y', 0x30A } }, { 0x1E9A, { 'A', 0x2BE } }, { 0x1F50, { 0x3A5, 0x313 } },
    { 0xFB00, { 'F', 'F' } }, { 0xFB01, { 'F', 'I' } }, { 0xFB02, { 'F', 'L' } }, { 0xFB03, { 'F', 'F', 'I' } },
    { 0xFB04, { 'F', 'F', 'L' } }, { 0xFB05, { 'S', 'T' } }, { 0xFB06, { 'S', 'T' } }, { 0xFB13, { 0x544, 0x546 } },
    { 0xFB14, { 0x544, 0x535 } }, { 0xFB15, { 0x544, 0x53B } }, { 0xFB16, { 0x54E, 0x546 } },
        { 0xFB17, { 0x544, 0x53D } },
    { 0x1FB6, { 0x391, 0x342 } }, { 0x1FC6, { 0x397, 0x342 } }, { 0x1FD6, { 0x399, 0x342 } },
        { 0x1FE6, { 0x3A5, 0x342 } },
    { 0x1FF6, { 0x3A9, 0x342 } }, { 0x1FB3, { 0x391, 0x399 } }, { 0x1FC3, { 0x397, 0x399 } },
        { 0x1FF3, { 0x3A9, 0x399 } },
};

static void put(sp_buf *out, uint32_t c)
{
    char b[4];
    int n = sp_utf8_encode(c, b);
    sp_buf_add(out, b, (size_t)n);
}

uint32_t sp_unicode_upper(uint32_t c)
{
    locale_t l = utf8_locale();
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    return l ? (uint32_t)towupper_l((wint_t)c, l) : c;
}

uint32_t sp_unicode_lower(uint32_t c)
{
    locale_t l = utf8_locale();
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return l ? (uint32_t)towlower_l((wint_t)c, l) : c;
}

bool sp_unicode_is_letter(uint32_t c)
{
    locale_t l = utf8_locale();
    return l ? iswalpha_l((wint_t)c, l) != 0 : (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* A capital sigma is final when a letter goes before it and none comes after. */
static bool final_sigma(const char *start, const char *at, const char *after, const char *end)
{
    uint32_t c;
    const char *p = at;
    if (p == start) return false;
    do p--; while (p > start && ((unsigned char)*p & 0xC0) == 0x80);
    if (!sp_utf8_decode(p, end, &c) || !sp_unicode_is_letter(c)) return false;
    return after >= end || !sp_utf8_decode(after, end, &c) || !sp_unicode_is_letter(c);
}

void sp_unicode_change_case(sp_buf *out, sp_str s, bool upper)
{
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        uint32_t c;
        int n = sp_utf8_decode(p, end, &c);
        if (n <= 0) { sp_buf_puts(out, "\xEF\xBF\xBD"); p++; continue; }
        bool done = false;
        for (size_t i = 0; upper && c >= 0xDF && i < sizeof special_upper / sizeof *special_upper && !done; i++)
            if (special_upper[i].from == c) {
                for (int j = 0; j < 3 && special_upper[i].to[j]; j++) put(out, special_upper[i].to[j]);
                done = true;
            }
        if (!upper && c == 0x130) { put(out, 'i'); put(out, 0x307); done = true; }
        if (!upper && c == 0x3A3) { put(out, final_sigma(s.p, p, p + n, end) ? 0x3C2 : 0x3C3); done = true; }
        if (!done) put(out, upper ? sp_unicode_upper(c) : sp_unicode_lower(c));
        p += n;
    }
}
