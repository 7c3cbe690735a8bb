/* fn_split.c -- split(str, regex[, limit]): pieces as views into the input, nothing is copied.
 *
 * Three roads, chosen when the call is bound: a pattern that stands for one byte (split_scan.c), one that stands for
 * a literal text (memmem), any other through PCRE2. Semantics: UTF8String.split, that is java.lang.String.split with
 * limit 0 taken as -1 (trailing empty pieces stay); a match of no width at the start makes no empty piece; the empty
 * pattern gives characters. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "function/split_int.h"

sp_status sp_bind_split(sp_bind *b, sp_error *err);

typedef struct split {
    sp_str literal;             /* {NULL,0}: not a literal */
    const sp_regex *regex;      /* constant pattern that is no literal */
    bool empty;                 /* the empty pattern */
} split;

/* Elements as they come, in one growing array of the batch arena. */
typedef struct pieces { sp_view *v; uint32_t n, cap; } pieces;

static sp_status push(pieces *p, const char *s, size_t n, sp_arena *a, sp_error *err)
{
    if (p->n == p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 256;
        sp_view *v = sp_arena_alloc(a, sizeof *v * cap, err);
        if (!v) return SP_FAILED;
        if (p->n) memcpy(v, p->v, sizeof *v * p->n);
        p->v = v;
        p->cap = cap;
    }
    p->v[p->n++] = sp_view_make(s, n);
    return SP_OK;
}

/* Text of a row whose bytes stay where they are: short views hold theirs inside the (FLAT or CONST) argument vector
 * itself. */
static inline sp_str row_text(const sp_kernel *k, uint32_t i) { return sp_arg_str(k, 0, i); }

static sp_status set_elements(sp_kernel *k, sp_view *v, uint32_t n, sp_error *err)
{
    sp_vec *e = sp_vec_new(k->arena, k->out->type->fields[0].type, 0, err);
    if (!e) return SP_FAILED;
    e->rows = n;
    e->data = v;
    if (!k->out->child || !k->out->child_count) SP_NEW_ARRAY(k->out->child, k->arena, 1, err);
    k->out->child[0] = e;
    k->out->child_count = 1;
    return SP_OK;
}

/* ---- one byte ---- */

static sp_status kernel_byte(sp_kernel *k, sp_error *err)
{
    const split *s = k->call->state;
    char c = s->literal.p[0];
    sp_count_byte_fn count = sp_split_counter();
    sp_cut_byte_fn cut = sp_split_cutter();
    sp_list *o = k->out->data;
    uint64_t total = 0;
    for (SP_ROWS(k, i)) {
        sp_str t = row_text(k, i);
        o[i].offset = (uint32_t)total;
        o[i].length = count(t.p, t.n, c) + 1;
        total += o[i].length;
    }
    if (total > UINT32_MAX / 2) return sp_error_memory(err, "split");
    sp_view *v = sp_arena_alloc(k->arena, sizeof *v * (total + 1), err);
    if (!v) return SP_FAILED;
    for (SP_ROWS(k, j)) {
        sp_str t = row_text(k, j);
        cut(t.p, t.n, c, v + o[j].offset);
    }
    return set_elements(k, v, (uint32_t)total, err);
}

/* ---- literal text ---- */

static sp_status cut_literal(sp_str t, sp_str by, int64_t limit, pieces *p, sp_arena *a, sp_error *err)
{
    const char *at = t.p, *end = t.p + t.n, *hit;
    for (int64_t n = 1; (limit <= 0 || n < limit) && (hit = memmem(at, (size_t)(end - at), by.p, by.n)) != NULL; n++) {
        SP_TRY(push(p, at, (size_t)(hit - at), a, err));
        at = hit + by.n;
    }
    return push(p, at, (size_t)(end - at), a, err);
}

/* ---- characters, regular expressions ---- */

static size_t char_bytes(unsigned char c) { return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1; }

static sp_status cut_chars(sp_str t, int64_t limit, pieces *p, sp_arena *a, sp_error *err)
{
    size_t at = 0;
    for (int64_t n = 1; at < t.n && (limit <= 0 || n < limit); n++) {
        size_t w = char_bytes((unsigned char)t.p[at]);
        if (at + w > t.n) w = t.n - at;
        if (at + w == t.n) break;
        SP_TRY(push(p, t.p + at, w, a, err));
        at += w;
    }
    return push(p, t.p + at, t.n - at, a, err);
}

static sp_status cut_regex(const sp_regex *r, sp_str t, int64_t limit, pieces *p, sp_arena *a, sp_error *err)
{
    sp_regex_match m = { 0 };
    size_t from = 0, index = 0;
    int64_t n = 1;
    sp_status s = SP_OK;
    while (s == SP_OK && (limit <= 0 || n < limit) && from <= t.n && sp_regex_find(r, t, from, &m)) {
        size_t start = m.start[0], end = m.end[0];
        from = end > start ? end : end + (end < t.n ? char_bytes((unsigned char)t.p[end]) : 1);
        if (index == 0 && start == 0 && end == 0) continue;
        s = push(p, t.p + index, start - index, a, err);
        index = end;
        n++;
    }
    sp_regex_match_done(&m);
    if (s == SP_FAILED) return s;
    return push(p, t.p + index, t.n - index, a, err);
}

static sp_status kernel_any(sp_kernel *k, sp_error *err)
{
    const split *s = k->call->state;
    pieces p = { 0 };
    sp_list *o = k->out->data;
    for (SP_ROWS(k, i)) {
        sp_str t = row_text(k, i), pattern = sp_arg_str(k, 1, i);
        int64_t limit = k->arg_count > 2 ? sp_arg_int(k, 2, i) : -1;
        const sp_regex *r = s->regex;
        uint32_t before = p.n;
        if (pattern.n == 0 && t.n) SP_TRY(cut_chars(t, limit, &p, k->arena, err));
        else if (s->literal.p) SP_TRY(cut_literal(t, s->literal, limit, &p, k->arena, err));
        else if (t.n == 0) SP_TRY(push(&p, t.p, 0, k->arena, err));
        else {
            if (!r) SP_TRY(sp_regex_compile(k->arena, pattern, "split", &r, err));
            SP_TRY(cut_regex(r, t, limit, &p, k->arena, err));
        }
        o[i] = (sp_list){ before, p.n - before };
    }
    return set_elements(k, p.v, p.n, err);
}

/* ---- bind ---- */

sp_status sp_bind_split(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "ssi", SP_STRING, err));
    if (!(b->type = sp_type_array(b->arena, sp_type_of(SP_STRING), false, err))) return SP_FAILED;
    split *s;
    SP_NEW(s, b->arena, sizeof *s, err);
    b->state = s;
    b->kernel = kernel_any;
    if (!sp_bind_is_constant(b, 1)) return SP_OK;
    sp_value pattern;
    SP_TRY(sp_bind_constant(b, 1, "regex", &pattern, err));
    if (pattern.is_null || pattern.str.n == 0) return SP_OK;
    s->literal = sp_regex_literal(b->arena, pattern.str, err);
    if (s->literal.p && s->literal.n == 1 && b->arg_count == 2) b->kernel = kernel_byte;
    /* a bad pattern fails when a row is split, as in Spark: compiling is tried here, the error is kept for then */
    if (!s->literal.p && sp_regex_compile(b->arena, pattern.str, "split", &s->regex,
        NULL) == SP_FAILED) s->regex = NULL;
    return SP_OK;
}
