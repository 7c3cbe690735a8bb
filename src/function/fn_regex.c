/* fn_regex.c -- like, ilike, rlike and the regexp_ functions, split.
 *
 * LIKE is compiled to a small matcher of its own (literal pieces, _ and %), the rest goes through regex.c. Positions
 * and lengths are in characters. Behaviour: regexpExpressions.scala, StringUtils.escapeLikeRegex,
 * java.util.regex.Matcher.appendReplacement. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "function/function_int.h"
#include <ctype.h>
#include <stdio.h>

sp_status sp_bind_split(sp_bind *b, sp_error *err);     /* fn_split.c */

/* ---- like ---- */

typedef struct like_item { enum { LIKE_TEXT, LIKE_ONE, LIKE_MANY } kind; sp_str text; } like_item;
typedef struct like { like_item *items; int count; bool constant; char escape; } like;

static size_t char_bytes(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
    return n > (size_t)(end - p) ? (size_t)(end - p) : n;
}

static sp_status like_compile(sp_arena *a, sp_str p, char escape, like *out, sp_error *err)
{
    SP_NEW_ARRAY(out->items, a, p.n + 1, err);
    char *text = sp_arena_alloc(a, p.n + 1, err);
    if (!text) return SP_FAILED;
    size_t used = 0, start = 0;
    out->count = 0;
    for (size_t i = 0; i <= p.n; i++) {
        bool special = i == p.n || (p.p[i] != escape && (p.p[i] == '_' || p.p[i] == '%'));
        if (special && used > start) {
            out->items[out->count++] = (like_item){ LIKE_TEXT, { text + start, used - start } };
            start = used;
        }
        if (i == p.n) break;
        if (p.p[i] == escape) {
            bool good = i + 1 < p.n && (p.p[i + 1] == '_' || p.p[i + 1] == '%' || p.p[i + 1] == escape);
            if (!good) {
                const char *quoted = sp_arena_printf(a, NULL, "'%.*s'", (int)p.n, p.p),
                    *c = sp_arena_printf(a, NULL, "'%c'", i + 1 < p.n ? p.p[i + 1] : escape);
                if (i + 1 == p.n) return SP_FAIL(err, INVALID_FORMAT__ESC_AT_THE_END, "format", quoted ? quoted : "");
                return SP_FAIL(err, INVALID_FORMAT__ESC_IN_THE_MIDDLE, "format", quoted ? quoted : "", "char", c ? c
                    : "");
            }
            text[used++] = p.p[++i];
        } else if (special) out->items[out->count++] = (like_item){ p.p[i] == '_' ? LIKE_ONE : LIKE_MANY, { NULL, 0 } };
        else text[used++] = p.p[i];
    }
    return SP_OK;
}

/* Greedy with one point to come back to: the last % seen. */
static bool like_match(const like *l, sp_str s)
{
    const char *p = s.p, *end = s.p + s.n, *retry = NULL;
    int i = 0, many = -1;
    for (;;) {
        if (i < l->count && l->items[i].kind == LIKE_MANY) {
            many = i++;
            retry = p;
            if (i == l->count) return true;
            continue;
        }
        if (i == l->count && p == end) return true;
        bool ok = false;
        if (i < l->count && l->items[i].kind == LIKE_ONE && p < end) {
            p += char_bytes(p, end);
            ok = true;
        } else if (i < l->count && l->items[i].kind == LIKE_TEXT) {
            sp_str t = l->items[i].text;
            if ((size_t)(end - p) >= t.n && memcmp(p, t.p, t.n) == 0) { p += t.n; ok = true; }
            }
        if (ok) { i++; continue; }
        if (many < 0 || retry >= end) return false;
        retry += char_bytes(retry, end);
        if (l->items[many + 1].kind == LIKE_TEXT) { /* jump to the next place the text stands */
            retry = memmem(retry, (size_t)(end - retry), l->items[many + 1].text.p, l->items[many + 1].text.n);
            if (!retry) return false;
        }
        p = retry;
        i = many + 1;
    }
}

static sp_status bind_like(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "sss", SP_BOOLEAN, err));
    like *l;
    SP_NEW(l, b->arena, sizeof *l, err);
    b->state = l;
    l->escape = '\\';
    sp_value v;
    if (b->arg_count == 3) {
        SP_TRY(sp_bind_constant(b, 2, "escape", &v, err));
        if (v.is_null || v.str.n != 1)
            return SP_FAIL(err, INVALID_ESCAPE_CHAR, "sqlExpr", v.is_null ? "\"NULL\""
                : sp_arena_printf(b->arena, NULL, "\"%.*s\"", (int)v.str.n, v.str.p));
        l->escape = v.str.p[0];
    }
    if (!sp_bind_is_constant(b, 1)) return SP_OK;
    SP_TRY(sp_bind_constant(b, 1, "pattern", &v, err));
    if (v.is_null) return SP_OK;
    l->constant = true;
    return like_compile(b->arena, v.str, l->escape, l, err);
}

static sp_status kernel_like(sp_kernel *k, sp_error *err)
{
    const like *l = k->call->state;
    for (SP_ROWS(k, i)) {
        like here = *l;
        if (!l->constant) SP_TRY(like_compile(k->arena, sp_arg_str(k, 1, i), l->escape, &here, err));
        SP_OUT(k, uint8_t)[i] = like_match(&here, sp_arg_str(k, 0, i));
    }
    return SP_OK;
}

/* ilike(a, b) = like(lower(a), lower(b)) */
static sp_status bind_ilike(sp_bind *b, sp_error *err)
{
    sp_expr *args[3] = { sp_expr_call2(b->arena, "lower", b->call->args[0], NULL, err),
        sp_expr_call2(b->arena, "lower", b->call->args[1], NULL, err),
                         b->arg_count > 2 ? b->call->args[2] : NULL };
    b->replacement = args[0] && args[1] ? sp_expr_function(b->arena, "like", args, b->arg_count, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

/* like any / like all: more patterns; Spark's multiLikeExpressions */
static sp_status bind_like_many(sp_bind *b, const char *join, bool negated, sp_error *err)
{
    sp_expr *all = NULL;
    for (int i = 1; i < b->arg_count; i++) {
        sp_expr *one = sp_expr_call2(b->arena, "like", b->call->args[0], b->call->args[i], err);
        if (one && negated) one = sp_expr_call2(b->arena, "not", one, NULL, err);
        if (!one) return SP_FAILED;
        all = all ? sp_expr_call2(b->arena, join, all, one, err) : one;
        if (!all) return SP_FAILED;
    }
    b->replacement = all;
    return SP_OK;
}

static sp_status bind_like_all(sp_bind *b, sp_error *err) { return bind_like_many(b, "and", false, err); }
static sp_status bind_like_any(sp_bind *b, sp_error *err) { return bind_like_many(b, "or", false, err); }
static sp_status bind_not_like_all(sp_bind *b, sp_error *err) { return bind_like_many(b, "and", true, err); }
static sp_status bind_not_like_any(sp_bind *b, sp_error *err) { return bind_like_many(b, "or", true, err); }

/* ---- a pattern argument: compiled when bound if constant, else for every row whose pattern is another ---- */

typedef struct pattern { const sp_regex *compiled; } pattern;
typedef struct cursor { const sp_regex *r; sp_str text; sp_regex_match m; } cursor;

static sp_status keep_pattern(sp_bind *b, sp_error *err)
{
    pattern *p;
    SP_NEW(p, b->arena, sizeof *p, err);
    b->state = p;
    if (!sp_bind_is_constant(b, 1)) return SP_OK;
    sp_value v;
    SP_TRY(sp_bind_constant(b, 1, "regexp", &v, err));
    if (v.is_null) return SP_OK;
    /* fails at run time */
    if (sp_regex_compile(b->arena, v.str, b->call->function->name, &p->compiled, NULL) == SP_FAILED) p->compiled = NULL;
    return SP_OK;
}

static sp_status row_pattern(sp_kernel *k, uint32_t i, cursor *c, sp_error *err)
{
    const pattern *p = k->call->state;
    sp_str text = sp_arg_str(k, 1, i);
    if (p->compiled) { c->r = p->compiled; return SP_OK; }
    if (c->r && sp_str_eq(c->text, text)) return SP_OK;
    sp_regex_match_done(&c->m);
    c->text = text;
    return sp_regex_compile(k->arena, text, k->call->function->name, &c->r, err);
}

static size_t step(sp_str s, const sp_regex_match *m)
{
    if (m->end[0] > m->start[0]) return m->end[0];
    return m->end[0] < s.n ? m->end[0] + char_bytes(s.p + m->end[0], s.p + s.n) : s.n + 1;
}

static sp_status bind_rlike(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ss", SP_BOOLEAN, err));
    return keep_pattern(b, err);
}

static sp_status rlike(sp_kernel *k, cursor *c, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        SP_OUT(k, uint8_t)[i] = sp_regex_find(c->r, sp_arg_str(k, 0, i), 0, &c->m);
    }
    return SP_OK;
}

static sp_status fail_group(sp_kernel *k, int64_t group, int groups, sp_error *err)
{
    char g[24], n[24];
    snprintf(g, sizeof g, "%lld", (long long)group);
    snprintf(n, sizeof n, "%d", groups);
    const char *name = sp_arena_printf(k->arena, NULL, "`%s`", k->call->function->name);
    return SP_FAIL(err, INVALID_PARAMETER_VALUE__REGEX_GROUP_INDEX, "parameter", "`idx`", "functionName", name ? name
        : "", "groupCount", n, "groupIndex", g);
}

static int64_t group_of(const sp_kernel *k, uint32_t i) { return k->arg_count > 2 ? sp_arg_int(k, 2, i) : 1; }

static sp_str matched(sp_str s, const sp_regex_match *m, int64_t g)
{
    if (g >= 64 || m->start[g] == SIZE_MAX) return (sp_str){ "", 0 };
    return (sp_str){ s.p + m->start[g], m->end[g] - m->start[g] };
}

static sp_status bind_extract(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ssi", SP_STRING, err));
    return keep_pattern(b, err);
}

static sp_status extract(sp_kernel *k, cursor *c, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        sp_str s = sp_arg_str(k, 0, i);
        int64_t g = group_of(k, i);
        if (!sp_regex_find(c->r, s, 0, &c->m)) { sp_put_view(k, i, (sp_str){ "", 0 }); continue; }
        if (g < 0 || g > sp_regex_groups(c->r)) return fail_group(k, g, sp_regex_groups(c->r), err);
        sp_put_view(k, i, matched(s, &c->m, g));
    }
    return SP_OK;
}

static sp_status bind_extract_all(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_extract(b, err));
    return (b->type = sp_type_array(b->arena, sp_type_of(SP_STRING), true, err)) ? SP_OK : SP_FAILED;
}

static sp_status extract_all(sp_kernel *k, cursor *c, sp_error *err)
{
    sp_builder *e = sp_builder_new(k->arena, sp_type_of(SP_STRING), true, err);
    if (!e) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        sp_str s = sp_arg_str(k, 0, i);
        int64_t g = group_of(k, i);
        uint32_t first = sp_builder_rows(e);
        for (size_t at = 0; sp_regex_find(c->r, s, at, &c->m); at = step(s, &c->m)) {
            if (g < 0 || g > sp_regex_groups(c->r)) return fail_group(k, g, sp_regex_groups(c->r), err);
            SP_TRY(sp_build_str(e, matched(s, &c->m, g), err));
        }
        SP_OUT(k, sp_list)[i] = (sp_list){ first, sp_builder_rows(e) - first };
    }
    return sp_builder_take(e, &k->out->child[0], err);
}

/* ---- replace ---- */

/* Matcher.appendReplacement: $n and ${name} are groups (as many digits as still name a group), backslash takes the
 * next as it is. */
static sp_status append_replacement(sp_buf *out, sp_str with, sp_str s, const cursor *c, sp_error *err)
{
    for (size_t i = 0; i < with.n; i++) {
        char ch = with.p[i];
        if (ch == '\\') {
            if (++i == with.n) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                "character to be escaped is missing");
            sp_buf_putc(out, with.p[i]);
        } else if (ch == '$') {
            int g;
            if (++i == with.n) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                "Illegal group reference: group index is missing");
            if (with.p[i] == '{') {
                const char *end = memchr(with.p + i, '}', with.n - i);
                if (!end) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                    "named capturing group is missing trailing '}'");
                sp_str name = { with.p + i + 1, (size_t)(end - with.p) - i - 1 };
                if ((g = sp_regex_named(c->r, name)) < 0)
                    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "No group with name {%.*s}", (int)name.n,
                        name.p);
                i = (size_t)(end - with.p);
            } else {
                if (!isdigit((unsigned char)with.p[i])) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                    "Illegal group reference");
                g = with.p[i] - '0';
                if (g > sp_regex_groups(c->r)) return sp_error_plain(err, SP_EXC_ARRAY_INDEX, "No group %d", g);
                while (i + 1 < with.n && isdigit((unsigned char)with.p[i + 1]) &&
                    g * 10 + (with.p[i + 1] - '0') <= sp_regex_groups(c->r))
                    g = g * 10 + (with.p[++i] - '0');
            }
            sp_str t = matched(s, &c->m, g);
            sp_buf_add(out, t.p, t.n);
        } else sp_buf_putc(out, ch);
    }
    return SP_OK;
}

/* Byte offset of the character with this zero-based number. */
static size_t char_offset(sp_str s, int64_t n)
{
    const char *p = s.p, *end = s.p + s.n;
    while (n-- > 0 && p < end) p += char_bytes(p, end);
    return (size_t)(p - s.p);
}

static sp_status bind_replace(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "sssi", SP_STRING, err));
    return keep_pattern(b, err);
}

static sp_status replace_row(sp_kernel *k, uint32_t i, cursor *c, sp_buf *out, sp_error *err)
{
    sp_str s = sp_arg_str(k, 0, i), with = sp_arg_str(k, 2, i);
    int64_t pos = k->arg_count > 3 ? sp_arg_int(k, 3, i) : 1;
    if (pos < 1) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
        "requirement failed: The position must be greater than 0");
    size_t at = char_offset(s, pos - 1), copied = 0;
    bool any = false;
    if (pos > 1 && at >= s.n) at = s.n + 1;
    while (at <= s.n && sp_regex_find(c->r, s, at, &c->m)) {
        any = true;
        sp_buf_add(out, s.p + copied, c->m.start[0] - copied);
        SP_TRY(append_replacement(out, with, s, c, err));
        copied = c->m.end[0];
        at = step(s, &c->m);
    }
    if (!any) { sp_put_view(k, i, s); return SP_OK; }
    sp_buf_add(out, s.p + copied, s.n - copied);
    return sp_put_buf(k, i, out, err);
}

static sp_status replace(sp_kernel *k, cursor *c, sp_error *err)
{
    sp_buf out = { 0 };
    sp_status s = SP_OK;
    for (SP_ROWS(k, i)) {
        if ((s = row_pattern(k, i, c, err)) == SP_FAILED || (s = replace_row(k, i, c, &out, err)) == SP_FAILED) break;
        sp_buf_clear(&out);
    }
    sp_buf_done(&out);
    return s;
}

/* ---- count, instr, substr ---- */

static sp_status bind_count(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ssi", SP_INT, err));
    return keep_pattern(b, err);
}

static sp_status bind_substr(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ss", SP_STRING, err));
    return keep_pattern(b, err);
}

static sp_status count_matches(sp_kernel *k, cursor *c, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        sp_str s = sp_arg_str(k, 0, i);
        int32_t n = 0;
        for (size_t at = 0; sp_regex_find(c->r, s, at, &c->m); at = step(s, &c->m)) n++;
        SP_OUT(k, int32_t)[i] = n;
    }
    return SP_OK;
}

static sp_status instr(sp_kernel *k, cursor *c, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        sp_str s = sp_arg_str(k, 0, i);
        bool found = sp_regex_find(c->r, s, 0, &c->m);
        SP_OUT(k, int32_t)[i] = found ? (int32_t)sp_utf8_len((sp_str){ s.p, c->m.start[0] }) + 1 : 0;
    }
    return SP_OK;
}

static sp_status substr(sp_kernel *k, cursor *c, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        SP_TRY(row_pattern(k, i, c, err));
        sp_str s = sp_arg_str(k, 0, i);
        if (sp_regex_find(c->r, s, 0, &c->m)) sp_put_view(k, i, matched(s, &c->m, 0));
        else sp_kernel_null(k, i);
    }
    return SP_OK;
}

#define WITH_CURSOR(kernel, body)                                                                                      \
    static sp_status kernel(sp_kernel *k, sp_error *err)                                                               \
    {                                                                                                                  \
        cursor c = { 0 };                                                                                              \
        sp_status s = body(k, &c, err);                                                                                \
        sp_regex_match_done(&c.m);                                                                                     \
        return s;                                                                                                      \
    }
WITH_CURSOR(kernel_rlike, rlike)
WITH_CURSOR(kernel_extract, extract)
WITH_CURSOR(kernel_extract_all, extract_all)
WITH_CURSOR(kernel_replace, replace)
WITH_CURSOR(kernel_count, count_matches)
WITH_CURSOR(kernel_instr, instr)
WITH_CURSOR(kernel_substr, substr)

extern const sp_function sp_family_regex[];
const sp_function sp_family_regex[] = {
    { "split", 2, 3, 0, sp_bind_split, NULL, "1.5.0", "split(str, regex[, limit]): the pieces of str around matches" },
    { "like", 2, 3, 0, bind_like, kernel_like, "1.0.0", "str like pattern[, escape]: % any text, _ one character" },
    { "ilike", 2, 3, 0, bind_ilike, NULL, "3.3.0", "str ilike pattern[, escape]: like without case" },
    { "like_all", 2, -1, 0, bind_like_all, NULL, "", "str like all (patterns)" },
    { "like_any", 2, -1, 0, bind_like_any, NULL, "", "str like any (patterns)" },
    { "not_like_all", 2, -1, 0, bind_not_like_all, NULL, "", "str not like all (patterns)" },
    { "not_like_any", 2, -1, 0, bind_not_like_any, NULL, "", "str not like any (patterns)" },
    { "rlike", 2, 2, 0, bind_rlike, kernel_rlike, "1.0.0", "rlike(str, regexp): true if some part matches" },
    { "regexp_like", 2, 2, 0, bind_rlike, kernel_rlike, "3.2.0",
        "regexp_like(str, regexp): true if some part matches" },
    { "regexp", 2, 2, 0, bind_rlike, kernel_rlike, "3.2.0", "regexp(str, regexp): true if some part matches" },
    { "regexp_extract", 2, 3, 0, bind_extract, kernel_extract, "1.5.0",
        "regexp_extract(str, regexp[, idx]): a group of the first match" },
    { "regexp_extract_all", 2, 3, 0, bind_extract_all, kernel_extract_all, "3.1.0",
        "regexp_extract_all(str, regexp[, idx]): a group of all matches" },
    { "regexp_replace", 3, 4, 0, bind_replace, kernel_replace, "1.5.0",
        "regexp_replace(str, regexp, rep[, position])" },
    { "regexp_count", 2, 2, 0, bind_count, kernel_count, "3.4.0", "regexp_count(str, regexp): how many matches" },
    { "regexp_instr", 2, 3, 0, bind_count, kernel_instr, "3.4.0",
        "regexp_instr(str, regexp): where the first match is, 0 if none" },
    { "regexp_substr", 2, 2, SP_FN_MAY_BE_NULL, bind_substr, kernel_substr, "3.4.0",
        "regexp_substr(str, regexp): the first match or null" },
    { 0 }
};
