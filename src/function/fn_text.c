/* fn_text.c -- strings changed as a whole: replace, translate, padding, repeat, reverse, overlay, codes, distances,
 * masks. Behaviour: stringExpressions.scala, UTF8String, maskExpressions.scala. */
#include "function/text_int.h"
#include <ctype.h>

SP_SIG(bind_sss, "sss", SP_STRING)
SP_SIG(bind_s_i, "s", SP_INT)
SP_SIG(bind_l_s, "l", SP_STRING)
SP_SIG(bind_i_s, "i", SP_STRING)
SP_SIG(bind_si_s, "si", SP_STRING)
SP_SIG(bind_s_s, "s", SP_STRING)
SP_SIG(bind_s_b, "s", SP_BOOLEAN)

/* A kernel that writes each row's text into a buffer. */
#define BUFFERED(kernel, body)                                                                                         \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        sp_buf b = { 0 };                                                                                              \
        sp_status s = SP_OK;                                                                                           \
        for (SP_ROWS(k, i)) {                                                                                          \
            if ((s = body(k, i, &b, err)) == SP_FAILED || (s = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;         \
        }                                                                                                              \
        sp_buf_done(&b);                                                                                               \
        return s;                                                                                                      \
    }

/* ---- replace, translate ---- */

static sp_status replace(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i), what = sp_arg_str(k, 1, i), with = k->arg_count > 2 ? sp_arg_str(k, 2, i)
        : SP_LIT("");
    size_t from = 0;
    if (what.n)
        for (int64_t at; (at = sp_text_find(s, what, from)) >= 0; from = (size_t)at + what.n) {
            sp_buf_add(b, s.p + from, (size_t)at - from);
            sp_buf_add(b, with.p, with.n);
        }
    sp_buf_add(b, s.p + from, s.n - from);
    return SP_OK;
}

/* Characters of `from` become those at the same place of `to`; what has no counterpart goes. The first of equal ones
 * counts. */
static sp_status translate(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i), from = sp_arg_str(k, 1, i), to = sp_arg_str(k, 2, i);
    const char *end = s.p + s.n, *from_end = from.p + from.n, *to_end = to.p + to.n;
    for (const char *p = s.p; p < end;) {
        size_t n = sp_char_bytes(p, end);
        const char *t = to.p;
        bool found = false;
        for (const char *f = from.p; f < from_end && !found;) {
            size_t fn = sp_char_bytes(f, from_end);
            found = fn == n && memcmp(f, p, n) == 0;
            if (found) break;
            f += fn;
            if (t < to_end) t += sp_char_bytes(t, to_end);
        }
        if (!found) sp_buf_add(b, p, n);
        else if (t < to_end) sp_buf_add(b, t, sp_char_bytes(t, to_end));
        p += n;
    }
    return SP_OK;
}

BUFFERED(kernel_replace, replace)
BUFFERED(kernel_translate, translate)

/* ---- padding ---- */

static sp_status bind_pad(sp_bind *b, sp_error *err)
{
    bool binary = sp_bind_type(b, 0)->kind == SP_BINARY && (b->arg_count < 3 || sp_bind_type(b, 2)->kind == SP_BINARY);
    if (binary) { b->type = sp_type_of(SP_BINARY); return sp_bind_want(b, 1, sp_type_of(SP_INT), err); }
    return sp_bind_sig(b, "sis", SP_STRING, err);
}

static void put_padding(sp_buf *b, sp_str pad, int64_t chars, bool binary)
{
    int64_t per = binary ? (int64_t)pad.n : sp_char_count(pad);
    for (; chars >= per; chars -= per) sp_buf_add(b, pad.p, pad.n);
    sp_buf_add(b, pad.p, binary ? (size_t)chars : sp_char_offset(pad, chars));
}

static sp_status pad(sp_kernel *k, uint32_t i, sp_buf *b, bool left)
{
    bool binary = k->out->type->kind == SP_BINARY;
    sp_str s = sp_arg_str(k, 0, i), with = k->arg_count > 2 ? sp_arg_str(k, 2, i) : binary ? (sp_str){ "\0", 1 }
                                                                                           : SP_LIT(" ");
    int64_t want = sp_arg_int(k, 1, i), have = binary ? (int64_t)s.n : sp_char_count(s);
    if (want <= 0) return SP_OK;
    if (want <= have || !with.n) {
        size_t n = want >= have ? s.n : binary ? (size_t)want : sp_char_offset(s, want);
        sp_buf_add(b, s.p, n);
        return SP_OK;
    }
    if (left) put_padding(b, with, want - have, binary);
    sp_buf_add(b, s.p, s.n);
    if (!left) put_padding(b, with, want - have, binary);
    return SP_OK;
}

static sp_status lpad(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err) { return pad(k, i, b, true); }
static sp_status rpad(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err) { return pad(k, i, b, false); }
BUFFERED(kernel_lpad, lpad)
BUFFERED(kernel_rpad, rpad)

/* ---- repeat, space, reverse, overlay ---- */

static sp_status repeat(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    for (int64_t n = sp_arg_int(k, 1, i); n > 0 && s.n && !b->failed; n--) sp_buf_add(b, s.p, s.n);
    return SP_OK;
}

static sp_status space(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    for (int64_t n = sp_arg_int(k, 0, i); n > 0 && !b->failed; n--) sp_buf_putc(b, ' ');
    return SP_OK;
}

static sp_status reverse(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    if (!sp_buf_reserve(b, s.n)) return SP_OK;
    size_t at = s.n;
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        size_t n = sp_char_bytes(p, end);
        at -= n;
        memcpy(b->data + at, p, n);
        p += n;
    }
    b->len = s.n;
    return SP_OK;
}

BUFFERED(kernel_repeat, repeat)
BUFFERED(kernel_space, space)
BUFFERED(kernel_reverse, reverse)

sp_status sp_bind_reverse_array(sp_bind *b, sp_error *err);    /* fn_array.c */

static sp_status bind_reverse(sp_bind *b, sp_error *err)
{
    if (sp_bind_type(b, 0)->kind == SP_ARRAY) return sp_bind_reverse_array(b, err);
    return bind_s_s(b, err);
}

static sp_status bind_overlay(sp_bind *b, sp_error *err)
{
    if (sp_bind_type(b, 0)->kind == SP_BINARY && sp_bind_type(b, 1)->kind == SP_BINARY) {
        b->type = sp_type_of(SP_BINARY);
        for (int i = 2; i < b->arg_count; i++) SP_TRY(sp_bind_want(b, i, sp_type_of(SP_INT), err));
        return SP_OK;
    }
    return sp_bind_sig(b, "ssii", SP_STRING, err);
}

static sp_status overlay(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    bool binary = k->out->type->kind == SP_BINARY;
    sp_str s = sp_arg_str(k, 0, i), with = sp_arg_str(k, 1, i);
    int64_t pos = sp_arg_int(k, 2, i), len = k->arg_count > 3 ? sp_arg_int(k, 3, i) : -1;
    if (len < 0) len = binary ? (int64_t)with.n : sp_char_count(with);
    sp_str head, tail;
    if (binary) {
        size_t h = pos - 1 < 0 ? 0 : pos - 1 > (int64_t)s.n ? s.n : (size_t)(pos - 1), t = pos + len - 1 < 0 ? 0
            : pos + len - 1 > (int64_t)s.n ? s.n : (size_t)(pos + len - 1);
        head = (sp_str){ s.p, h };
        tail = (sp_str){ s.p + t, s.n - t };
    } else {
        head = sp_substring_sql(s, 1, pos - 1);
        tail = sp_substring_sql(s, pos + len, INT32_MAX);
    }
    sp_buf_add(b, head.p, head.n);
    sp_buf_add(b, with.p, with.n);
    sp_buf_add(b, tail.p, tail.n);
    return SP_OK;
}

BUFFERED(kernel_overlay, overlay)

/* ---- codes ---- */

static sp_status kernel_ascii(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        uint32_t c = 0;
        if (s.n && sp_utf8_decode(s.p, s.p + s.n, &c) <= 0) c = (unsigned char)s.p[0];
        SP_OUT(k, int32_t)[i] = (int32_t)c;
    }
    return SP_OK;
}

/* chr(n): n % 256 as a character of Latin-1; negative: empty */
static sp_status chr(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    int64_t n = sp_arg_int(k, 0, i);
    char c[4];
    if (n >= 0) sp_buf_add(b, c, (size_t)sp_utf8_encode((uint32_t)(n & 0xFF), c));
    return SP_OK;
}

BUFFERED(kernel_chr, chr)

/* ---- elt ---- */

static sp_status bind_elt(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_INT), err));
    bool binary = true;
    for (int i = 1; i < b->arg_count; i++) binary &= sp_bind_type(b, i)->kind == SP_BINARY;
    for (int i = 1; i < b->arg_count && !binary; i++) SP_TRY(sp_bind_want(b, i, sp_type_of(SP_STRING), err));
    b->type = sp_type_of(binary ? SP_BINARY : SP_STRING);
    b->nullable = true;
    return SP_OK;
}

static sp_status kernel_elt(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); continue; }
        int64_t n = sp_arg_int(k, 0, i);
        if (n < 1 || n >= k->arg_count) {
            if (k->conf->ansi)
                return SP_FAIL(err, INVALID_ARRAY_INDEX, "indexValue", sp_error_format(err, "%lld", (long long)n),
                    "arraySize",
                               sp_error_format(err, "%d", k->arg_count - 1));
            sp_kernel_null(k, i);
        } else if (sp_arg_null(k, (int)n, i)) sp_kernel_null(k, i);
        else sp_put_view(k, i, sp_arg_str(k, (int)n, i));
    }
    return SP_OK;
}

/* ---- levenshtein, soundex ---- */

static sp_status code_points(sp_kernel *k, sp_str s, uint32_t **out, uint32_t *n, sp_error *err)
{
    SP_NEW_ARRAY(*out, k->arena, s.n + 1, err);
    *n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        uint32_t c;
        int used = sp_utf8_decode(p, end, &c);
        if (used <= 0) { c = (unsigned char)*p; used = 1; }
        (*out)[(*n)++] = c;
        p += used;
    }
    return SP_OK;
}

static sp_status bind_levenshtein(sp_bind *b, sp_error *err) { return sp_bind_sig(b, "ssi", SP_INT, err); }

static sp_status kernel_levenshtein(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        uint32_t *a, *b, n, m;
        int32_t *row;
        SP_TRY(code_points(k, sp_arg_str(k, 0, i), &a, &n, err));
        SP_TRY(code_points(k, sp_arg_str(k, 1, i), &b, &m, err));
        SP_NEW_ARRAY(row, k->arena, m + 1, err);
        for (uint32_t y = 0; y <= m; y++) row[y] = (int32_t)y;
        for (uint32_t x = 1; x <= n; x++) {
            int32_t diagonal = row[0];
            row[0] = (int32_t)x;
            for (uint32_t y = 1; y <= m; y++) {
                int32_t up = row[y], least = up < row[y - 1] ? up : row[y - 1];
                int32_t change = diagonal + (a[x - 1] != b[y - 1]);
                row[y] = least + 1 < change ? least + 1 : change;
                diagonal = up;
            }
        }
        int32_t d = row[m];
        if (k->arg_count > 2 && d > sp_arg_int(k, 2, i)) d = -1;
        SP_OUT(k, int32_t)[i] = d;
    }
    return SP_OK;
}

static sp_status soundex(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    static const char codes[] = "01230127022455012623017202";     /* 7: H and W, which do not part equal codes */
    sp_str s = sp_arg_str(k, 0, i);
    if (!s.n) return SP_OK;
    char first = (char)toupper((unsigned char)s.p[0]);
    if (first < 'A' || first > 'Z') { sp_buf_add(b, s.p, s.n); return SP_OK; }
    char out[4] = { first, '0', '0', '0' }, last = codes[first - 'A'];
    int n = 1;
    for (size_t c = 1; c < s.n && n < 4; c++) {
        char l = (char)toupper((unsigned char)s.p[c]);
        if (l < 'A' || l > 'Z') { last = '0'; continue; }
        char code = codes[l - 'A'];
        if (code == '7') continue;
        if (code != '0' && code != last) out[n++] = code;
        last = code;
    }
    sp_buf_add(b, out, 4);
    return SP_OK;
}

BUFFERED(kernel_soundex, soundex)

/* ---- mask, luhn_check ---- */

static sp_status bind_mask(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "sssss", SP_STRING, err));
    b->nullable = b->call->args[0]->nullable;
    return SP_OK;
}

/* Capital, small letter, digit, other: each replaced by its argument, kept where that is null */
static sp_status kernel_mask(sp_kernel *k, sp_error *err)
{
    static const char *const standard[4] = { "X", "x", "n", NULL };
    sp_buf b = { 0 };
    sp_status s = SP_OK;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); continue; }
        sp_str t = sp_arg_str(k, 0, i);
        for (const char *p = t.p, *end = t.p + t.n; p < end;) {
            uint32_t c = 0;
            int n = sp_utf8_decode(p, end, &c);
            if (n <= 0) n = 1;
            int kind = c >= '0' && c <= '9' ? 2 : sp_unicode_is_letter(c) && sp_unicode_lower(c) != c ? 0
                : sp_unicode_is_letter(c) && sp_unicode_upper(c) != c ? 1 : 3;
            bool given = k->arg_count > kind + 1, keep = given ? sp_arg_null(k, kind + 1, i) : !standard[kind];
            sp_str with = keep ? (sp_str){ p, (size_t)n } : given ? sp_arg_str(k, kind + 1, i)
                : sp_str_of(standard[kind]);
            sp_buf_add(&b, with.p, with.n);
            p += n;
        }
        if ((s = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return s;
}

static sp_status kernel_luhn(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        int sum = 0;
        bool ok = s.n > 0, twice = false;
        for (size_t c = s.n; c > 0 && ok; c--, twice = !twice) {
            int d = s.p[c - 1] - '0';
            ok = d >= 0 && d <= 9;
            if (twice && (d *= 2) > 9) d -= 9;
            sum += d;
        }
        SP_OUT(k, uint8_t)[i] = ok && sum % 10 == 0;
    }
    return SP_OK;
}

extern const sp_function sp_family_text[];
const sp_function sp_family_text[] = {
    { "replace", 2, 3, 0, bind_sss, kernel_replace, "2.3.0", "replace(str, search[, replacement])" },
    { "translate", 3, 3, 0, bind_sss, kernel_translate, "1.5.0", "translate(str, from, to): character by character" },
    { "lpad", 2, 3, 0, bind_pad, kernel_lpad, "1.5.0", "lpad(str, len[, pad])" },
    { "rpad", 2, 3, 0, bind_pad, kernel_rpad, "1.5.0", "rpad(str, len[, pad])" },
    { "repeat", 2, 2, 0, bind_si_s, kernel_repeat, "1.5.0", "repeat(str, n)" },
    { "space", 1, 1, 0, bind_i_s, kernel_space, "1.5.0", "space(n)" },
    { "reverse", 1, 1, 0, bind_reverse, kernel_reverse, "1.5.0", "reverse(a): a string or an array" },
    { "overlay", 3, 4, 0, bind_overlay, kernel_overlay, "3.0.0", "overlay(str, replacement, pos[, len])" },
    { "ascii", 1, 1, 0, bind_s_i, kernel_ascii, "1.5.0", "ascii(str): the number of its first character" },
    { "chr", 1, 1, 0, bind_l_s, kernel_chr, "2.3.0", "chr(n): the character of that number" },
    { "char", 1, 1, 0, bind_l_s, kernel_chr, "2.3.0", "char(n): the character of that number" },
    { "elt", 2, -1, SP_FN_NULLS, bind_elt, kernel_elt, "2.0.0", "elt(n, a, b, ...): the n-th of them" },
    { "levenshtein", 2, 3, 0, bind_levenshtein, kernel_levenshtein, "1.5.0", "levenshtein(a, b[, limit])" },
    { "soundex", 1, 1, 0, bind_s_s, kernel_soundex, "1.5.0", "soundex(str)" },
    { "mask", 1, 5, SP_FN_NULLS, bind_mask, kernel_mask, "3.4.0", "mask(str[, upper[, lower[, digit[, other]]]])" },
    { "luhn_check", 1, 1, 0, bind_s_b, kernel_luhn, "3.5.0", "luhn_check(str): a number by Luhn's algorithm?" },
    { 0 }
};
