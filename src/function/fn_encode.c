/* fn_encode.c -- text and bytes: base64, hex, character sets, digests, to_binary, URLs. Behaviour:
 * stringExpressions.scala (Encode, Decode, Base64, UnBase64), mathExpressions.scala (Hex, Unhex), hash.scala,
 * urlExpressions.scala. */
#include "function/digest_int.h"
#include "function/text_int.h"
#include <ctype.h>
#include <stdio.h>

SP_SIG(bind_B_s, "B", SP_STRING)
SP_SIG(bind_s_B, "s", SP_BINARY)
SP_SIG(bind_s_s, "s", SP_STRING)

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

/* ---- base64 ---- */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static sp_status base64(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    int line = 0;
    for (size_t at = 0; at < s.n;
         at += 3) { /* spark.sql.chunkBase64String.enabled: lines of 76 only when asked for */
        uint32_t v = (uint32_t)(uint8_t)s.p[at] << 16 | (at + 1 < s.n ? (uint32_t)(uint8_t)s.p[at + 1] << 8
            : 0) | (at + 2 < s.n ? (uint8_t)s.p[at + 2] : 0);
        char q[4] = { base64_digits[v >> 18], base64_digits[v >> 12 & 63], at + 1 < s.n ? base64_digits[v >> 6 & 63]
            : '=', at + 2 < s.n ? base64_digits[v & 63] : '=' };
        sp_buf_add(b, q, 4);
        line += 4;
    }
    (void)line;
    return SP_OK;
}

/* The MIME decoder: what is no digit is skipped, '=' ends. */
static sp_status unbase64(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    uint32_t v = 0;
    int bits = 0;
    for (size_t at = 0; at < s.n && s.p[at] != '='; at++) {
        const char *d = s.p[at] ? strchr(base64_digits, s.p[at]) : NULL;
        if (!d) continue;
        v = v << 6 | (uint32_t)(d - base64_digits);
        if ((bits += 6) >= 8) { bits -= 8; sp_buf_putc(b, (char)(v >> bits)); }
    }
    return SP_OK;
}

BUFFERED(kernel_base64, base64)
BUFFERED(kernel_unbase64, unbase64)

/* ---- hex ---- */

static sp_status bind_hex(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    b->type = sp_type_of(SP_STRING);
    if (t->kind == SP_LONG || t->kind == SP_BINARY || t->kind == SP_STRING) return SP_OK;
    if (sp_kind_is_numeric(t->kind)) return sp_bind_want(b, 0, sp_type_of(SP_LONG), err);
    return sp_bind_want(b, 0, sp_type_of(SP_STRING), err);
}

static sp_status hex(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    if (k->args[0]->type->kind == SP_LONG) { sp_buf_printf(b, "%llX", (unsigned long long)sp_arg_int(k, 0, i)); return SP_OK; }
    sp_str s = sp_arg_str(k, 0, i);
    for (size_t at = 0; at < s.n; at++) {
        sp_buf_putc(b, "0123456789ABCDEF"[(uint8_t)s.p[at] >> 4]);
        sp_buf_putc(b, "0123456789ABCDEF"[(uint8_t)s.p[at] & 15]);
    }
    return SP_OK;
}

BUFFERED(kernel_hex, hex)

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f'
    ? (c | 32) - 'a' + 10 : -1; }

/* An odd number of digits begins with a half byte; false: not hexadecimal */
static bool unhex_text(sp_str s, sp_buf *b)
{
    size_t at = s.n & 1;
    if (at) {
        int d = hex_digit(s.p[0]);
        if (d < 0) return false;
        sp_buf_putc(b, (char)d);
    }
    for (; at < s.n; at += 2) {
        int h = hex_digit(s.p[at]), l = hex_digit(s.p[at + 1]);
        if (h < 0 || l < 0) return false;
        sp_buf_putc(b, (char)(h << 4 | l));
    }
    return true;
}

static sp_status kernel_unhex(sp_kernel *k, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status s = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_buf_clear(&b);
        if (!unhex_text(sp_arg_str(k, 0, i), &b)) { sp_kernel_null(k, i); continue; }
        if ((s = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return s;
}

/* ---- digests ---- */

static void put_hex(sp_buf *b, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) sp_buf_printf(b, "%02x", p[i]);
}

static sp_status md5(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    uint8_t out[16];
    sp_md5(s.p, s.n, out);
    put_hex(b, out, 16);
    return SP_OK;
}

static sp_status sha1(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    uint8_t out[20];
    sp_sha1(s.p, s.n, out);
    put_hex(b, out, 20);
    return SP_OK;
}

BUFFERED(kernel_md5, md5)
BUFFERED(kernel_sha1, sha1)

SP_SIG(bind_sha2, "Bi", SP_STRING)

static sp_status kernel_sha2(sp_kernel *k, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        int64_t bits = sp_arg_int(k, 1, i);
        uint8_t out[64];
        if (bits == 0) bits = 256;
        if (bits != 224 && bits != 256 && bits != 384 && bits != 512) { sp_kernel_null(k, i); continue; }
        put_hex(&b, out, sp_sha2(s.p, s.n, (int)bits, out));
        if ((st = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return st;
}

SP_SIG(bind_crc32, "B", SP_LONG)

static sp_status kernel_crc32(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        SP_OUT(k, int64_t)[i] = sp_crc32(s.p, s.n);
    }
    return SP_OK;
}

/* ---- character sets: those Spark 4 admits ---- */

typedef enum { NO_CHARSET, UTF_8, ASCII, LATIN1, UTF_16BE, UTF_16LE, UTF_16, UTF_32 } charset;

static charset charset_of(sp_str s)
{
    static const struct { const char *name; charset c; } names[] = {
        { "UTF-8", UTF_8 }, { "US-ASCII", ASCII }, { "ISO-8859-1", LATIN1 }, { "UTF-16BE", UTF_16BE },
        { "UTF-16LE", UTF_16LE }, { "UTF-16", UTF_16 },
        { "UTF-32", UTF_32 }, { NULL, NO_CHARSET }
    };
    for (int i = 0; names[i].name; i++)
        if (sp_str_eq_nocase(s, sp_str_of(names[i].name))) return names[i].c;
    return NO_CHARSET;
}

static sp_status fail_charset(sp_kernel *k, sp_str name, sp_error *err)
{
    const char *f = sp_arena_printf(k->arena, NULL, "`%s`", k->call->function->name),
        *n = sp_arena_strndup(k->arena, name.p, name.n, NULL);
    return SP_FAIL(err, INVALID_PARAMETER_VALUE__CHARSET, "functionName", f ? f : "", "parameter", "`charset`",
        "charset", n ? n : "", "charsets",
                   "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8");
}

static void put16(sp_buf *b, uint32_t v, bool little)
{
    sp_buf_putc(b, (char)(little ? v : v >> 8));
    sp_buf_putc(b, (char)(little ? v >> 8 : v));
}

static sp_status fail_character(sp_kernel *k, sp_str name, sp_error *err)
{
    const char *f = sp_arena_printf(k->arena, NULL, "`%s`", k->call->function->name),
        *n = sp_arena_strndup(k->arena, name.p, name.n, NULL);
    return SP_FAIL(err, MALFORMED_CHARACTER_CODING, "function", f ? f : "", "charset", n ? n : "");
}

static sp_status encode(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i), name = sp_arg_str(k, 1, i);
    charset c = charset_of(name);
    if (c == NO_CHARSET) return fail_charset(k, name, err);
    if (c == UTF_8) { sp_buf_add(b, s.p, s.n); return SP_OK; }
    if (c == UTF_16 && s.n) sp_buf_add(b, "\xFE\xFF", 2);
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        uint32_t cp = 0xFFFD;
        int n = sp_utf8_decode(p, end, &cp);
        if (n <= 0) { n = 1; cp = 0xFFFD; }
        p += n;
        if (c == ASCII || c == LATIN1) {
            if (cp > (c == ASCII ? 0x7F : 0xFF)) return fail_character(k, name, err);
            sp_buf_putc(b, (char)cp);
        } else if (c == UTF_32) {
            put16(b, cp >> 16, false);
            put16(b, cp & 0xFFFF, false);
        } else if (cp >= 0x10000) {
            put16(b, 0xD800 + ((cp - 0x10000) >> 10), c == UTF_16LE);
            put16(b, 0xDC00 + ((cp - 0x10000) & 0x3FF), c == UTF_16LE);
        } else put16(b, cp, c == UTF_16LE);
    }
    return SP_OK;
}

static void put_code_point(sp_buf *b, uint32_t cp)
{
    char c[4];
    sp_buf_add(b, c, (size_t)sp_utf8_encode(cp, c));
}

static sp_status decode_wide(sp_kernel *k, sp_str s, charset c, sp_str name, sp_buf *b, sp_error *err)
{
    bool little = c == UTF_16LE;
    size_t at = 0;
    if (c == UTF_16 && s.n >= 2 && ((s.p[0] == '\xFE' && s.p[1] == '\xFF') || (s.p[0] == '\xFF' && s.p[1] == '\xFE'))) {
        little = s.p[0] == '\xFF';
        at = 2;
    }
    while (at < s.n) {
        size_t w = c == UTF_32 ? 4 : 2;
        if (at + w > s.n) return fail_character(k, name, err);
        uint32_t v = 0;
        for (size_t x = 0; x < w; x++) v = v << 8 | (uint8_t)s.p[at + (little ? w - 1 - x : x)];
        at += w;
        if (c != UTF_32 && v >= 0xD800 && v < 0xDC00 && at + 2 <= s.n) {
            uint32_t low = (uint32_t)(uint8_t)s.p[at + (little ? 1 : 0)] << 8 | (uint8_t)s.p[at + (little ? 0 : 1)];
            v = 0x10000 + ((v - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        }
        put_code_point(b, v);
    }
    return SP_OK;
}

static sp_status decode(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i), name = sp_arg_str(k, 1, i);
    charset c = charset_of(name);
    if (c == NO_CHARSET) return fail_charset(k, name, err);
    if (c == UTF_8) {
        if (!sp_utf8_valid(s)) return fail_character(k, name, err);
        sp_buf_add(b, s.p, s.n);
        return SP_OK;
    }
    if (c > LATIN1) return decode_wide(k, s, c, name, b, err);
    for (size_t at = 0; at < s.n; at++) {
        if (c == ASCII && (s.p[at] & 0x80)) return fail_character(k, name, err);
        put_code_point(b, (uint8_t)s.p[at]);
    }
    return SP_OK;
}

BUFFERED(kernel_encode, encode)
BUFFERED(kernel_decode, decode)

SP_SIG(bind_encode, "ss", SP_BINARY)

/* decode(bin, charset), or decode(v, a, x, b, y ..., else): equality with nulls equal, as Oracle's */
static sp_status bind_decode(sp_bind *b, sp_error *err)
{
    if (b->arg_count == 2) return sp_bind_sig(b, "Bs", SP_STRING, err);
    sp_expr **args;
    SP_NEW_ARRAY(args, b->arena, b->arg_count + 1, err);
    int n = 0;
    for (int i = 1; i + 1 < b->arg_count; i += 2) {
        if (!(args[n++] = sp_expr_call2(b->arena, "<=>", b->call->args[0], b->call->args[i], err))) return SP_FAILED;
        args[n++] = b->call->args[i + 1];
    }
    if (b->arg_count % 2 == 0) args[n++] = b->call->args[b->arg_count - 1];
    return (b->replacement = sp_expr_function(b->arena, "when", args, n, err)) ? SP_OK : SP_FAILED;
}

/* ---- to_binary ---- */

static sp_status bind_to_binary(sp_bind *b, bool try_, sp_error *err)
{
    sp_value v = sp_value_str(SP_LIT("hex"));
    SP_TRY(sp_bind_sig(b, "ss", SP_BINARY, err));
    if (b->arg_count > 1) SP_TRY(sp_bind_constant(b, 1, "fmt", &v, err));
    static const char *const formats[] = { "hex", "utf-8", "utf8", "base64" };
    int f = -1;
    for (int i = 0; i < 4 && !v.is_null; i++)
        if (sp_str_eq_nocase(v.str, sp_str_of(formats[i]))) f = i;
    if (f < 0)
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ARG_VALUE, "sqlExpr", sp_bind_sql(b), "inputName", "`fmt`",
            "requireType",
                       "case-insensitive \"STRING\"", "validValues", "'hex', 'utf-8', 'utf8', or 'base64'",
                           "inputValue", sp_bind_arg_sql(b, 1));
    int *kept;
    SP_NEW(kept, b->arena, sizeof *kept, err);
    *kept = f + (try_ ? 8 : 0);
    b->state = kept;
    b->nullable = true;
    return SP_OK;
}

static sp_status bind_to_bin(sp_bind *b, sp_error *err) { return bind_to_binary(b, false, err); }
static sp_status bind_try_to_bin(sp_bind *b, sp_error *err) { return bind_to_binary(b, true, err); }

static bool strict_base64(sp_str s)
{
    size_t digits = 0, pads = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (isspace((unsigned char)s.p[i])) continue;
        if (s.p[i] == '=') pads++;
        else if (pads || !strchr(base64_digits, s.p[i]) || !s.p[i]) return false;
        else digits++;
    }
    return (digits + pads) % 4 == 0 && pads <= 2;
}

static sp_status kernel_to_binary(sp_kernel *k, sp_error *err)
{
    int f = *(const int *)k->call->state & 7;
    bool try_ = *(const int *)k->call->state & 8;
    static const char *const shown[] = { "'HEX'", "'UTF-8'", "'UTF-8'", "'BASE64'" };
    sp_buf b = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        bool ok = true;
        sp_buf_clear(&b);
        if (f == 0) ok = unhex_text(s, &b);
        else if (f == 3) { ok = strict_base64(s); if (ok) st = unbase64(k, i, &b, err); }
        else sp_buf_add(&b, s.p, s.n);
        if (ok) st = sp_put_buf(k, i, &b, err);
        else if (try_) sp_kernel_null(k, i);
        else {
            const char *text = sp_arena_printf(k->arena, NULL, "'%.*s'", (int)s.n, s.p);
            st = SP_FAIL(err, CONVERSION_INVALID_INPUT, "str", text ? text : "", "fmt", shown[f], "targetType",
                "\"BINARY\"", "suggestion", "`try_to_binary`");
        }
        if (st == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return st;
}

/* ---- URLs ---- */

/* java.net.URLEncoder */
static sp_status url_encode(sp_kernel *k, uint32_t i, sp_buf *b, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i);
    for (size_t at = 0; at < s.n; at++) {
        unsigned char c = (unsigned char)s.p[at];
        if (isalnum(c) || strchr("-_.*", c)) sp_buf_putc(b, (char)c);
        else if (c == ' ') sp_buf_putc(b, '+');
        else sp_buf_printf(b, "%%%02X", c);
    }
    return SP_OK;
}

BUFFERED(kernel_url_encode, url_encode)

static bool url_decode_text(sp_str s, sp_buf *b)
{
    for (size_t at = 0; at < s.n; at++) {
        if (s.p[at] == '+') sp_buf_putc(b, ' ');
        else if (s.p[at] == '%') {
            int h = at + 2 < s.n ? hex_digit(s.p[at + 1]) : -1, l = at + 2 < s.n ? hex_digit(s.p[at + 2]) : -1;
            if (h < 0 || l < 0) return false;
            sp_buf_putc(b, (char)(h << 4 | l));
            at += 2;
        } else sp_buf_putc(b, s.p[at]);
    }
    return true;
}

static sp_status kernel_url_decode(sp_kernel *k, sp_error *err)
{
    bool try_ = k->call->function->name[0] == 't';
    sp_buf b = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        sp_buf_clear(&b);
        if (url_decode_text(s, &b)) st = sp_put_buf(k, i, &b, err);
        else if (try_) sp_kernel_null(k, i);
        else st = SP_FAIL(err, CANNOT_DECODE_URL, "url", sp_error_format(err, "%.*s", (int)s.n, s.p));
        if (st == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return st;
}

/* parse_url(url, part[, key]): java.net.URI's parts */
typedef struct url { sp_str scheme, authority, user, host, path, query, fragment; bool has_query, has_fragment, ok;
} url;

static url url_parse(sp_str s)
{
    url u = { .ok = true };
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || strchr("<>\"{}|\\^`", s.p[i])) u.ok = false;
    const char *hash = memchr(s.p, '#', s.n);
    if (hash) {
        u.fragment = (sp_str){ hash + 1, s.n - (size_t)(hash - s.p) - 1 };
        u.has_fragment = true;
        s.n = (size_t)(hash - s.p);
    }
    const char *q = memchr(s.p, '?', s.n);
    if (q) {
        u.query = (sp_str){ q + 1, s.n - (size_t)(q - s.p) - 1 };
        u.has_query = true;
        s.n = (size_t)(q - s.p);
    }
    const char *colon = memchr(s.p, ':', s.n), *slash = memchr(s.p, '/', s.n);
    if (colon && (!slash || colon < slash)) {
        u.scheme = (sp_str){ s.p, (size_t)(colon - s.p) };
        s = (sp_str){ colon + 1, s.n - u.scheme.n - 1 };
    }
    if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
        s = (sp_str){ s.p + 2, s.n - 2 };
        const char *end = memchr(s.p, '/', s.n);
        u.authority = (sp_str){ s.p, end ? (size_t)(end - s.p) : s.n };
        s = (sp_str){ s.p + u.authority.n, s.n - u.authority.n };
        u.host = u.authority;
        const char *at = memchr(u.host.p, '@', u.host.n);
        if (at) {
            u.user = (sp_str){ u.host.p, (size_t)(at - u.host.p) };
            u.host = (sp_str){ at + 1, u.host.n - u.user.n - 1 };
        }
        for (size_t i = u.host.n; i > 0 && (isdigit((unsigned char)u.host.p[i - 1]) || u.host.p[i - 1] == ':'); i--)
            if (u.host.p[i - 1] == ':') { u.host.n = i - 1; break; }
    }
    u.path = s;
    return u;
}

SP_SIG(bind_parse_url, "sss", SP_STRING)

static bool query_value(sp_str q, sp_str key, sp_str *out)
{
    for (size_t at = 0; at <= q.n;) {
        const char *amp = memchr(q.p + at, '&', q.n - at);
        sp_str pair = { q.p + at, amp ? (size_t)(amp - q.p) - at : q.n - at };
        if (pair.n > key.n && memcmp(pair.p, key.p, key.n) == 0 && pair.p[key.n] == '=') {
            *out = (sp_str){ pair.p + key.n + 1, pair.n - key.n - 1 };
            return true;
        }
        if (!amp) return false;
        at = (size_t)(amp - q.p) + 1;
    }
    return false;
}

static bool url_part(const url *u, sp_str part, sp_str *out)
{
    *out = (sp_str){ NULL, 0 };
    if (sp_str_is(part, "HOST")) *out = u->host;
    else if (sp_str_is(part, "PATH")) { *out = u->path.p ? u->path : SP_LIT(""); return true; }
    else if (sp_str_is(part, "QUERY")) { *out = u->query; return u->has_query; }
    else if (sp_str_is(part, "REF")) { *out = u->fragment; return u->has_fragment; }
    else if (sp_str_is(part, "PROTOCOL")) *out = u->scheme;
    else if (sp_str_is(part, "AUTHORITY")) *out = u->authority;
    else if (sp_str_is(part, "USERINFO")) *out = u->user;
    return out->n > 0;
}

static sp_status kernel_parse_url(sp_kernel *k, sp_error *err)
{
    bool try_ = k->call->function->name[0] == 't';
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i), part = sp_arg_str(k, 1, i), out;
        url u = url_parse(s);
        if (!u.ok) {
            if (k->conf->ansi && !try_) return SP_FAIL(err, INVALID_URL, "url",
                sp_error_format(err, "%.*s", (int)s.n, s.p));
            sp_kernel_null(k, i);
            continue;
        }
        bool found;
        if (sp_str_is(part, "FILE")) {
            out = (sp_str){ u.path.p, u.has_query ? (size_t)(u.query.p + u.query.n - u.path.p) : u.path.n };
            found = true;
        } else found = url_part(&u, part, &out);
        if (k->arg_count > 2) found = sp_str_is(part, "QUERY") && found && query_value(out, sp_arg_str(k, 2, i), &out);
        if (found) sp_put_view(k, i, out);
        else sp_kernel_null(k, i);
    }
    return SP_OK;
}

/* ---- UTF-8 checks ---- */

SP_SIG(bind_s_b, "s", SP_BOOLEAN)

static sp_status kernel_is_valid(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = sp_utf8_valid(sp_arg_str(k, 0, i));
    return SP_OK;
}

extern const sp_function sp_family_encode[];
const sp_function sp_family_encode[] = {
    { "base64", 1, 1, 0, bind_B_s, kernel_base64, "1.5.0", "base64(bytes)" },
    { "unbase64", 1, 1, 0, bind_s_B, kernel_unbase64, "1.5.0", "unbase64(text)" },
    { "hex", 1, 1, 0, bind_hex, kernel_hex, "1.5.0", "hex(number, text or bytes)" },
    { "unhex", 1, 1, SP_FN_MAY_BE_NULL, bind_s_B, kernel_unhex, "1.5.0", "unhex(text)" },
    { "md5", 1, 1, 0, bind_B_s, kernel_md5, "1.5.0", "md5(bytes)" },
    { "sha", 1, 1, 0, bind_B_s, kernel_sha1, "1.5.0", "sha(bytes)" },
    { "sha1", 1, 1, 0, bind_B_s, kernel_sha1, "1.5.0", "sha1(bytes)" },
    { "sha2", 2, 2, SP_FN_MAY_BE_NULL, bind_sha2, kernel_sha2, "1.5.0", "sha2(bytes, bits)" },
    { "crc32", 1, 1, 0, bind_crc32, kernel_crc32, "1.5.0", "crc32(bytes)" },
    { "encode", 2, 2, 0, bind_encode, kernel_encode, "1.5.0", "encode(text, charset)" },
    { "decode", 2, -1, 0, bind_decode, kernel_decode, "1.5.0",
        "decode(bytes, charset), or decode(v, a, x, ... [, else])" },
    { "to_binary", 1, 2, SP_FN_MAY_BE_NULL, bind_to_bin, kernel_to_binary, "3.3.0", "to_binary(text[, format])" },
    { "try_to_binary", 1, 2, SP_FN_MAY_BE_NULL, bind_try_to_bin, kernel_to_binary, "3.3.0",
        "try_to_binary(text[, format])" },
    { "url_encode", 1, 1, 0, bind_s_s, kernel_url_encode, "3.4.0", "url_encode(text)" },
    { "url_decode", 1, 1, 0, bind_s_s, kernel_url_decode, "3.4.0", "url_decode(text)" },
    { "try_url_decode", 1, 1, SP_FN_MAY_BE_NULL, bind_s_s, kernel_url_decode, "4.0.0", "try_url_decode(text)" },
    { "parse_url", 2, 3, SP_FN_MAY_BE_NULL, bind_parse_url, kernel_parse_url, "2.0.0", "parse_url(url, part[, key])" },
    { "try_parse_url", 2, 3, SP_FN_MAY_BE_NULL, bind_parse_url, kernel_parse_url, "4.0.0",
        "try_parse_url(url, part[, key])" },
    { "is_valid_utf8", 1, 1, 0, bind_s_b, kernel_is_valid, "4.0.0", "is_valid_utf8(str)" },
    { 0 }
};
