/* fn_string.c -- case, length, trimming, joining, cutting and searching of strings.
 *
 * Positions are in characters, one-based; results that are part of an argument are views into it. Behaviour:
 * stringExpressions.scala and UTF8String (collation UTF8_BINARY). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "function/text_int.h"

int64_t sp_text_find(sp_str s, sp_str t, size_t from)
{
    if (from > s.n) return -1;
    if (!t.n) return (int64_t)from;
    const char *p = memmem(s.p + from, s.n - from, t.p, t.n);
    return p ? p - s.p : -1;
}

int64_t sp_text_find_last(sp_str s, sp_str t, size_t before)
{
    if (t.n > s.n) return -1;
    for (int64_t i = (int64_t)(before < s.n - t.n ? before : s.n - t.n); i >= 0; i--)
        if (memcmp(s.p + i, t.p, t.n) == 0) return i;
    return -1;
}

/* ---- case ---- */

SP_SIG(bind_s_s, "s", SP_STRING)

static sp_status change_case(sp_kernel *k, bool upper, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status st = SP_OK;
    char lo = upper ? 'a' : 'A', hi = upper ? 'z' : 'Z';
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        if (sp_is_ascii(s)) {
            char small[SP_VIEW_INLINE], *p = s.n <= sizeof small ? small : sp_arena_alloc(k->arena, s.n, err);
            if (!p) { st = SP_FAILED; break; }
            for (size_t c = 0; c < s.n; c++) p[c] = (char)(s.p[c] ^ (s.p[c] >= lo && s.p[c] <= hi ? 32 : 0));
            sp_put_view(k, i, (sp_str){ p, s.n });
            continue;
        }
        sp_unicode_change_case(&b, s, upper);
        if ((st = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
    sp_buf_done(&b);
    return st;
}

static sp_status kernel_upper(sp_kernel *k, sp_error *err) { return change_case(k, true, err); }
static sp_status kernel_lower(sp_kernel *k, sp_error *err) { return change_case(k, false, err); }

/* The first letter of each word, words being what blanks stand between, over lower-case text. */
static sp_status kernel_initcap(sp_kernel *k, sp_error *err)
{
    sp_buf lower = { 0 }, out = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_buf_clear(&lower);
        sp_unicode_change_case(&lower, sp_arg_str(k, 0, i), false);
        bool start = true;
        for (const char *p = lower.data, *end = p + lower.len; p && p < end;) {
            size_t n = sp_char_bytes(p, end);
            uint32_t c;
            if (start && sp_utf8_decode(p, end, &c) > 0) {
                char u[4];
                sp_buf_add(&out, u, (size_t)sp_utf8_encode(sp_unicode_upper(c), u));
            } else sp_buf_add(&out, p, n);
            start = *p == ' ';
            p += n;
        }
        if ((st = sp_put_buf(k, i, &out, err)) == SP_FAILED) break;
    }
    sp_buf_done(&lower);
    sp_buf_done(&out);
    return st;
}

/* ---- length ---- */

SP_SIG(bind_x_i, "x", SP_INT)

static sp_status kernel_length(sp_kernel *k, sp_error *err)
{
    bool binary = k->args[0]->type->kind == SP_BINARY;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        SP_OUT(k, int32_t)[i] = binary ? (int32_t)s.n : (int32_t)sp_char_count(s);
    }
    return SP_OK;
}

static sp_status kernel_octet_length(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)sp_arg_str(k, 0, i).n;
    return SP_OK;
}

static sp_status kernel_bit_length(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)sp_arg_str(k, 0, i).n * 8;
    return SP_OK;
}

/* ---- trim ---- */

SP_SIG(bind_ss_s, "ss", SP_STRING)

static bool char_in(sp_str set, const char *p, size_t n)
{
    for (const char *c = set.p, *end = set.p + set.n; c < end; c += sp_char_bytes(c, end))
        if (sp_char_bytes(c, end) == n && memcmp(c, p, n) == 0) return true;
    return false;
}

static sp_str trim(sp_str s, sp_str set, bool left, bool right)
{
    const char *p = s.p, *end = s.p + s.n;
    while (left && p < end) {
        size_t n = sp_char_bytes(p, end);
        if (!char_in(set, p, n)) break;
        p += n;
    }
    while (right && end > p) {
        const char *last = end - 1;
        while (last > p && ((unsigned char)*last & 0xC0) == 0x80) last--;
        if (!char_in(set, last, (size_t)(end - last))) break;
        end = last;
    }
    return (sp_str){ p, (size_t)(end - p) };
}

/* trim(set, str): the set comes first; btrim(str, set): last. */
static sp_status trim_rows(sp_kernel *k, bool set_first, bool left, bool right)
{
    int text = k->arg_count == 2 && set_first;
    for (SP_ROWS(k, i))
        sp_put_view(k, i, trim(sp_arg_str(k, text, i), k->arg_count == 2 ? sp_arg_str(k, 1 - text, i) : SP_LIT(" "),
            left, right));
    return SP_OK;
}

static sp_status kernel_trim(sp_kernel *k, sp_error *err) { return trim_rows(k, true, true, true); }
static sp_status kernel_ltrim(sp_kernel *k, sp_error *err) { return trim_rows(k, true, true, false); }
static sp_status kernel_rtrim(sp_kernel *k, sp_error *err) { return trim_rows(k, true, false, true); }
static sp_status kernel_btrim(sp_kernel *k, sp_error *err) { return trim_rows(k, false, true, true); }

/* ---- concat ---- */

sp_status sp_bind_concat_arrays(sp_bind *b, sp_error *err);     /* fn_array_set.c */

static sp_status kernel_concat(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        size_t n = 0;
        for (int a = 0; a < k->arg_count; a++) n += sp_arg_str(k, a, i).n;
        char small[SP_VIEW_INLINE], *p = n <= sizeof small ? small : sp_arena_alloc(k->arena, n, err), *at = p;
        if (!p) return SP_FAILED;
        for (int a = 0; a < k->arg_count; a++) {
            sp_str s = sp_arg_str(k, a, i);
            if (s.n) memcpy(at, s.p, s.n);
            at += s.n;
        }
        sp_put_view(k, i, (sp_str){ p, n });
    }
    return SP_OK;
}

static sp_status bind_concat(sp_bind *b, sp_error *err)
{
    bool arrays = false, binary = b->arg_count > 0;
    for (int i = 0; i < b->arg_count; i++) {
        arrays |= sp_bind_type(b, i)->kind == SP_ARRAY;
        binary &= sp_bind_type(b, i)->kind == SP_BINARY;
    }
    if (arrays) return sp_bind_concat_arrays(b, err);
    b->kernel = kernel_concat;
    b->type = sp_type_of(binary ? SP_BINARY : SP_STRING);
    if (binary) return SP_OK;
    for (int i = 0; i < b->arg_count; i++)
        if (sp_bind_type(b, i)->kind != SP_STRING) {
            sp_kind t = sp_bind_type(b, i)->kind;
            if (sp_kind_is_nested(t)) return sp_bind_fail_type(b, i, "(\"STRING\" or \"BINARY\" or \"ARRAY\")", err);
            b->want[i] = sp_type_of(SP_STRING);
        }
    return SP_OK;
}

/* Nulls are left out; arrays give their elements. */
static sp_status kernel_concat_ws(sp_kernel *k, sp_error *err)
{
    sp_buf b = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); continue; }
        sp_str sep = sp_arg_str(k, 0, i);
        bool first = true;
        for (int a = 1; a < k->arg_count; a++) {
            if (sp_arg_null(k, a, i)) continue;
            const sp_vec *v = k->args[a];
            bool array = v->type->kind == SP_ARRAY;
            sp_list l = array ? SP_GET(k, sp_list, a, i) : (sp_list){ 0, 1 };
            const sp_vec *e = NULL;
            if (array && (st = sp_vec_plain(v->child[0], k->arena, &e, err)) == SP_FAILED) goto done;
            for (uint32_t x = l.offset; x < l.offset + l.length; x++) {
                if (array && sp_vec_is_null(e, x)) continue;
                sp_str s = array ? sp_view_str(&((const sp_view *)e->data)[SP_AT(e, x)]) : sp_arg_str(k, a, i);
                if (!first) sp_buf_add(&b, sep.p, sep.n);
                sp_buf_add(&b, s.p, s.n);
                first = false;
            }
        }
        if ((st = sp_put_buf(k, i, &b, err)) == SP_FAILED) break;
    }
done:
    sp_buf_done(&b);
    return st;
}

static sp_status bind_concat_ws(sp_bind *b, sp_error *err)
{
    const sp_type *text = sp_type_of(SP_STRING);
    for (int i = 0; i < b->arg_count; i++) {
        const sp_type *t = sp_bind_type(b, i);
        if (t->kind == SP_ARRAY && i) {
            if (t->fields[0].type->kind == SP_STRING) continue;
            if (!sp_can_implicit_cast(t->fields[0].type, text, b->conf)) return sp_bind_fail_type(b, i,
                "(\"ARRAY<STRING>\" or \"STRING\")", err);
            if (!(b->want[i] = sp_type_array(b->arena, text, true, err))) return SP_FAILED;
        } else if (t->kind != SP_STRING) SP_TRY(sp_bind_want(b, i, text, err));
    }
    b->type = text;
    b->nullable = b->call->args[0]->nullable;
    return SP_OK;
}

/* ---- parts ---- */

static sp_status bind_substring(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "xii", SP_STRING, err));
    if (sp_bind_type(b, 0)->kind == SP_BINARY) b->type = sp_type_of(SP_BINARY);
    return SP_OK;
}

/* ByteArray.subStringSQL */
static sp_str sub_binary(sp_str s, int64_t pos, int64_t length)
{
    int64_t start = pos > 0 ? pos - 1 : pos < 0 ? (int64_t)s.n + pos : 0, end = start + length;
    if (start < 0) start = 0;
    if (end > (int64_t)s.n) end = (int64_t)s.n;
    return start >= end ? (sp_str){ s.p, 0 } : (sp_str){ s.p + start, (size_t)(end - start) };
}

static sp_status kernel_substring(sp_kernel *k, sp_error *err)
{
    bool binary = k->out->type->kind == SP_BINARY;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        int64_t pos = sp_arg_int(k, 1, i), len = k->arg_count > 2 ? sp_arg_int(k, 2, i) : INT32_MAX;
        sp_put_view(k, i, binary ? sub_binary(s, pos, len) : sp_substring_sql(s, pos, len));
    }
    return SP_OK;
}

static sp_status bind_left_right(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "xi", SP_STRING, err));
    if (sp_bind_type(b, 0)->kind == SP_BINARY) b->type = sp_type_of(SP_BINARY);
    return SP_OK;
}

static sp_status kernel_left(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        int64_t n = sp_arg_int(k, 1, i);
        sp_put_view(k, i, k->out->type->kind == SP_BINARY ? sub_binary(s, 1, n) : sp_substring_sql(s, 1, n));
    }
    return SP_OK;
}

static sp_status kernel_right(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        int64_t n = sp_arg_int(k, 1, i);
        if (n <= 0) sp_put_view(k, i, (sp_str){ "", 0 });
        else sp_put_view(k, i, k->out->type->kind == SP_BINARY ? sub_binary(s, -n, INT32_MAX)
            : sp_substring_sql(s, -n, INT32_MAX));
    }
    return SP_OK;
}

SP_SIG(bind_ssi_s, "ssi", SP_STRING)

/* Everything before the count-th delimiter from the left, or after it from the right. */
static sp_str substring_index(sp_str s, sp_str by, int64_t count)
{
    if (!by.n || !count) return (sp_str){ s.p, 0 };
    int64_t at = -1;
    if (count > 0) {
        for (; count > 0; count--) {
            at = sp_text_find(s, by, (size_t)(at + 1));
            if (at < 0) return s;
        }
        return (sp_str){ s.p, (size_t)at };
    }
    at = (int64_t)s.n - (int64_t)by.n + 1;
    for (; count < 0; count++) {
        if (at <= 0) return s;
        at = sp_text_find_last(s, by, (size_t)(at - 1));
        if (at < 0) return s;
    }
    return (sp_str){ s.p + at + by.n, s.n - (size_t)at - by.n };
}

static sp_status kernel_substring_index(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) sp_put_view(k, i, substring_index(sp_arg_str(k, 0, i), sp_arg_str(k, 1, i),
        sp_arg_int(k, 2, i)));
    return SP_OK;
}

static sp_status kernel_split_part(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i), by = sp_arg_str(k, 1, i), part = { "", 0 };
        int64_t n = sp_arg_int(k, 2, i), total = 1, at = 0;
        if (n == 0) return SP_FAIL(err, INVALID_INDEX_OF_ZERO);
        if (by.n) for (at = sp_text_find(s, by, 0); at >= 0; at = sp_text_find(s, by, (size_t)at + by.n)) total++;
        if (n < 0) n = total + n + 1;
        if (n >= 1 && n <= total) {
            size_t from = 0;
            for (int64_t p = 1; p < n; p++) from = (size_t)sp_text_find(s, by, from) + by.n;
            int64_t end = by.n ? sp_text_find(s, by, from) : -1;
            part = (sp_str){ s.p + from, (end < 0 ? s.n : (size_t)end) - from };
        }
        sp_put_view(k, i, part);
    }
    return SP_OK;
}

/* ---- searching ---- */

SP_SIG(bind_ss_i, "ss", SP_INT)
SP_SIG(bind_ssi_i, "ssi", SP_INT)

static int32_t char_position(sp_str s, int64_t byte) { return byte < 0 ? 0
    : (int32_t)sp_char_count((sp_str){ s.p, (size_t)byte }) + 1; }

static sp_status kernel_instr(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        SP_OUT(k, int32_t)[i] = char_position(s, sp_text_find(s, sp_arg_str(k, 1, i), 0));
    }
    return SP_OK;
}

/* locate(sub, str[, pos]): pos < 1 finds nothing; a null pos is 0 in Spark's eval, and so is what it finds. */
static sp_status kernel_locate(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        if (k->arg_count > 2 && sp_arg_null(k, 2, i)) { SP_OUT(k, int32_t)[i] = 0; continue; }
        if (sp_arg_null(k, 0, i) || sp_arg_null(k, 1, i)) { sp_kernel_null(k, i); continue; }
        sp_str t = sp_arg_str(k, 0, i), s = sp_arg_str(k, 1, i);
        int64_t pos = k->arg_count > 2 ? sp_arg_int(k, 2, i) : 1;
        if (pos < 1) { SP_OUT(k, int32_t)[i] = 0; continue; }
        int64_t chars = sp_char_count(s);
        int64_t at = t.n == 0 ? 0 : pos - 1 > chars ? -1 : sp_text_find(s, t, sp_char_offset(s, pos - 1));
        SP_OUT(k, int32_t)[i] = char_position(s, at);
    }
    return SP_OK;
}

static sp_status bind_contains(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "xx", SP_BOOLEAN, err));
    return SP_OK;
}

static sp_status kernel_startswith(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i), t = sp_arg_str(k, 1, i);
        SP_OUT(k, uint8_t)[i] = t.n <= s.n && memcmp(s.p, t.p, t.n) == 0;
    }
    return SP_OK;
}

static sp_status kernel_endswith(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i), t = sp_arg_str(k, 1, i);
        SP_OUT(k, uint8_t)[i] = t.n <= s.n && memcmp(s.p + s.n - t.n, t.p, t.n) == 0;
    }
    return SP_OK;
}

static sp_status kernel_contains(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = sp_text_find(sp_arg_str(k, 0, i), sp_arg_str(k, 1, i), 0) >= 0;
    return SP_OK;
}

static sp_status kernel_find_in_set(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str t = sp_arg_str(k, 0, i), s = sp_arg_str(k, 1, i);
        int32_t n = 1, found = 0;
        if (!memchr(t.p, ',', t.n))
            for (size_t from = 0; !found; n++) {
                int64_t end = sp_text_find(s, SP_LIT(","), from);
                size_t to = end < 0 ? s.n : (size_t)end;
                if (sp_str_eq(t, (sp_str){ s.p + from, to - from })) found = n;
                if (end < 0) break;
                from = to + 1;
            }
        SP_OUT(k, int32_t)[i] = found;
    }
    return SP_OK;
}

extern const sp_function sp_family_string[];
const sp_function sp_family_string[] = {
    { "upper", 1, 1, 0, bind_s_s, kernel_upper, "1.0.1", "upper(str): in capitals" },
    { "ucase", 1, 1, 0, bind_s_s, kernel_upper, "1.0.1", "ucase(str): in capitals" },
    { "lower", 1, 1, 0, bind_s_s, kernel_lower, "1.0.1", "lower(str): in small letters" },
    { "lcase", 1, 1, 0, bind_s_s, kernel_lower, "1.0.1", "lcase(str): in small letters" },
    { "initcap", 1, 1, 0, bind_s_s, kernel_initcap, "1.5.0",
        "initcap(str): the first letter of each word in capitals" },
    { "length", 1, 1, 0, bind_x_i, kernel_length, "1.5.0", "length(str): characters, or bytes of binary" },
    { "len", 1, 1, 0, bind_x_i, kernel_length, "3.4.0", "len(str): characters, or bytes of binary" },
    { "char_length", 1, 1, 0, bind_x_i, kernel_length, "2.3.0", "char_length(str): characters, or bytes of binary" },
    { "character_length", 1, 1, 0, bind_x_i, kernel_length, "2.3.0",
        "character_length(str): characters, or bytes of binary" },
    { "octet_length", 1, 1, 0, bind_x_i, kernel_octet_length, "2.3.0", "octet_length(str): bytes" },
    { "bit_length", 1, 1, 0, bind_x_i, kernel_bit_length, "2.3.0", "bit_length(str): bits" },
    { "trim", 1, 2, 0, bind_ss_s, kernel_trim, "1.5.0",
        "trim([set, ]str): without blanks (characters of set) at both ends" },
    { "ltrim", 1, 2, 0, bind_ss_s, kernel_ltrim, "1.5.0", "ltrim([set, ]str): without blanks at the start" },
    { "rtrim", 1, 2, 0, bind_ss_s, kernel_rtrim, "1.5.0", "rtrim([set, ]str): without blanks at the end" },
    { "btrim", 1, 2, 0, bind_ss_s, kernel_btrim, "3.2.0", "btrim(str[, set]): without blanks at both ends" },
    { "concat", 0, -1, 0, bind_concat, NULL, "1.5.0", "concat(a, ...): one after the other" },
    { "||", 2, 2, 0, bind_concat, NULL, "1.5.0", "a || b: one after the other" },
    { "concat_ws", 1, -1, SP_FN_NULLS, bind_concat_ws, kernel_concat_ws, "1.5.0",
        "concat_ws(sep, ...): joined by sep, nulls left out" },
    { "substring", 2, 3, 0, bind_substring, kernel_substring, "1.5.0", "substring(str, pos[, len])" },
    { "substr", 2, 3, 0, bind_substring, kernel_substring, "1.5.0", "substr(str, pos[, len])" },
    { "mid", 2, 3, 0, bind_substring, kernel_substring, "", "mid(str, pos[, len])" },
    { "left", 2, 2, 0, bind_left_right, kernel_left, "2.3.0", "left(str, len): the first len characters" },
    { "right", 2, 2, 0, bind_left_right, kernel_right, "2.3.0", "right(str, len): the last len characters" },
    { "substring_index", 3, 3, 0, bind_ssi_s, kernel_substring_index, "1.5.0", "substring_index(str, delim, count)" },
    { "split_part", 3, 3, 0, bind_ssi_s, kernel_split_part, "3.3.0", "split_part(str, delim, n): the n-th piece" },
    { "instr", 2, 2, 0, bind_ss_i, kernel_instr, "1.5.0", "instr(str, sub): where sub first stands, 0 if nowhere" },
    { "locate", 2, 3, SP_FN_NULLS, bind_ssi_i, kernel_locate, "1.5.0", "locate(sub, str[, pos])" },
    { "position", 2, 3, SP_FN_NULLS, bind_ssi_i, kernel_locate, "2.3.0", "position(sub, str[, pos])" },
    { "charindex", 2, 3, SP_FN_NULLS, bind_ssi_i, kernel_locate, "3.4.0", "charindex(sub, str[, pos])" },
    { "startswith", 2, 2, 0, bind_contains, kernel_startswith, "3.3.0", "startswith(a, b): true if a begins with b" },
    { "endswith", 2, 2, 0, bind_contains, kernel_endswith, "3.3.0", "endswith(a, b): true if a ends with b" },
    { "contains", 2, 2, 0, bind_contains, kernel_contains, "3.3.0", "contains(a, b): true if b stands in a" },
    { "find_in_set", 2, 2, 0, bind_ss_i, kernel_find_in_set, "1.5.0",
        "find_in_set(str, list): its place in the comma-separated list" },
    { 0 }
};
