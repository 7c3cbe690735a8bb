/* format_int.h -- what the files of format/ share: the formats themselves, options, lines and views of text.
 * Nothing here is for other folders. */
#ifndef SP_FORMAT_INT_H
#define SP_FORMAT_INT_H

#include "format/format.h"

extern const sp_format sp_format_csv, sp_format_json, sp_format_text;

/* ---- options ---- */
/* Scala's String.toBoolean: true or false in any case; else IllegalArgumentException. */
sp_status sp_option_bool(const sp_props *p, const char *key, bool fallback, bool *out, sp_error *err);
/* lineSep: {NULL, 0} when not set; refuses the empty one. */
sp_status sp_option_line_sep(const sp_props *p, sp_str *out, sp_error *err);
/* UTF-8 is what we read and write: other names of it pass, known other encodings are refused by name. */
sp_status sp_option_encoding(const sp_props *p, sp_error *err);

/* ---- lines (lines.c): cut at \n, \r\n and \r, or at a separator ---- */
typedef struct sp_lines {
    const char *p, *end;        /* what is left; for sp_lines_next 64 readable bytes follow end */
    sp_str separator;           /* {NULL, 0}: the three usual ones */
} sp_lines;
/* Up to max lines, without their ends, as views into the bytes; the last one needs no end. Returns how many. */
uint32_t sp_lines_next(sp_lines *l, sp_view *out, uint32_t max);
/* The end of the line that begins at p (its separator, or end), and where the next one begins. */
const char *sp_line_end(const sp_lines *l, const char *p, const char **next);

/* ---- functions: what their binds share (fn_options.c) ---- */
/* The literal map of options at argument i, if there is one; INVALID_OPTIONS.* else. The props are the caller's to
 * end. */
sp_status sp_bind_options(sp_bind *b, int i, sp_props *out, sp_error *err);
/* The schema a foldable string argument holds (DDL or JSON), nullable throughout; INVALID_SCHEMA.* else. */
sp_status sp_bind_schema(sp_bind *b, int i, const sp_type **out, sp_error *err);
const sp_type *sp_type_nullable(sp_arena *a, const sp_type *t, sp_error *err);

/* ---- snappy blocks (compress_snappy.c) ---- */
sp_status sp_snappy_decode(sp_str in, sp_buf *out, sp_error *err);      /* appends one block's bytes */
void sp_snappy_encode(sp_str in, sp_buf *out);                          /* appends a block; in is at most 2^31 bytes */

/* A view of n bytes at p, of which 16 may be read whatever n is. */
static inline void sp_view_put(sp_view *v, const char *p, size_t n)
{
    if (n > SP_VIEW_INLINE) {
        v->len = (uint32_t)n;
        memcpy(v->prefix, p, 4);
        v->ptr = p;
        return;
    }
    uint64_t a;
    uint32_t b;
    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 4);
    a &= n >= 8 ? ~0ull : ((1ull << (8 * n)) - 1);
    b &= n >= 12 ? ~0u : n <= 8 ? 0 : ((1u << (8 * (n - 8))) - 1);
    v->len = (uint32_t)n;
    memcpy(v->inl, &a, 8);
    memcpy(v->inl + 8, &b, 4);
}

#endif
