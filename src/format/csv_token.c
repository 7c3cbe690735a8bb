/* csv_token.c -- records and values of CSV text, as univocity's CsvParser cuts them under Spark's settings.
 *
 * A value that begins with the quote runs to a quote followed by separator, line end or blanks. Inside, escape + quote is a quote and escape + escape before a
 * quote an escape. A quote followed by anything else was no closing quote: the value is then its raw text up to the next separator
 * (unescapedQuoteHandling STOP_AT_DELIMITER), outer quotes included. Values without quotes and escapes are views into the bytes.
 * Sources: UnivocityParser, CSVExprUtils (Spark 4.3); univocity-parsers 2.9.1 CsvParser. */
#include "format/csv_int.h"

static bool is_blank(char c) { return (unsigned char)c <= ' '; }

static bool at_sep(const csv_reader *r, const char *p, const char *end)
{
    const sp_str *s = &r->o->sep;
    return p < end && *p == s->p[0] && (s->n == 1 || ((size_t)(end - p) >= s->n && memcmp(p, s->p, s->n) == 0));
}

static bool at_line_end(const csv_reader *r, const char *p)
{
    return r->o->line_sep.p ? *p == r->o->line_sep.p[0] && (size_t)(r->end - p) >= r->o->line_sep.n
                              && memcmp(p, r->o->line_sep.p, r->o->line_sep.n) == 0
                            : *p == '\n' || *p == '\r';
}

static const char *line_end(const csv_reader *r, const char *p)
{
    if (!r->o->line_sep.p) {
        const char *nl = memchr(p, '\n', (size_t)(r->end - p));
        const char *limit = nl ? nl : r->end;
        const char *cr = memchr(p, '\r', (size_t)(limit - p));
        return cr ? cr : limit;
    }
    const char *e = memmem(p, (size_t)(r->end - p), r->o->line_sep.p, r->o->line_sep.n);
    return e ? e : r->end;
}

static const char *skip_line_end(const csv_reader *r, const char *p)
{
    if (p >= r->end)
        return p;
    if (r->o->line_sep.p)
        return p + r->o->line_sep.n;
    return *p == '\r' && p + 1 < r->end && p[1] == '\n' ? p + 2 : p + 1;
}

static bool add(csv_reader *r, csv_tokens *t, sp_str v, sp_error *err)
{
    if (t->count == t->cap) {
        int cap = t->cap ? t->cap * 2 : 32;
        sp_str *more = sp_arena_alloc(r->arena, sizeof *more * (size_t)cap, err);
        if (!more)
            return false;
        if (t->count)
            memcpy(more, t->values, sizeof *more * (size_t)t->count);
        t->values = more;
        t->cap = cap;
    }
    if (t->count >= r->o->max_columns) {
        sp_error_plain(err, SP_EXC_RUNTIME, "a CSV record has more than %d columns (option maxColumns)", r->o->max_columns);
        return false;
    }
    t->values[t->count++] = v;
    return true;
}

static sp_str trimmed(const csv_reader *r, sp_str v)
{
    while (r->o->trim_trailing && v.n && is_blank(v.p[v.n - 1]))
        v.n--;
    return v;
}

/* Up to the next separator or line end; *next behind what was read. */
static sp_str raw_value(const csv_reader *r, const char *p, const char *end, const char **next)
{
    const char *q = p;
    while (q < end && !at_sep(r, q, end))
        q++;
    *next = q;
    return (sp_str){ p, (size_t)(q - p) };
}

/* After an unescaped quote: what was read so far is put back between quotes, and the rest is taken as it stands. */
static bool broken_quotes(csv_reader *r, const char *p, const char *end, sp_str *out, const char **next, sp_error *err)
{
    sp_str rest = raw_value(r, p, end, next);
    char *text = sp_arena_alloc(r->arena, r->scratch.len + rest.n + 2, err);
    if (!text)
        return false;
    text[0] = r->o->quote;
    if (r->scratch.len)
        memcpy(text + 1, r->scratch.data, r->scratch.len);
    memcpy(text + 1 + r->scratch.len, rest.p, rest.n);
    *out = trimmed(r, (sp_str){ text, 1 + r->scratch.len + rest.n });
    return true;
}

/* p stands behind the opening quote. end: of the record's line, or of all bytes when a value may span lines. */
static bool quoted_value(csv_reader *r, const char *p, const char *end, sp_str *out, const char **next, sp_error *err)
{
    char quote = r->o->quote, escape = r->o->escape, escape_escape = r->o->escape_escape;
    const char *close = memchr(p, quote, (size_t)(end - p));
    bool plain = close && !(escape != quote && escape && memchr(p, escape, (size_t)(close - p)));
    if (plain && (close + 1 >= end || at_sep(r, close + 1, end) || (r->o->multi_line && at_line_end(r, close + 1)))) {
        *out = close == p ? r->o->empty_value : (sp_str){ p, (size_t)(close - p) };
        *next = close + 1;
        return true;
    }
    sp_buf *b = &r->scratch;
    sp_buf_clear(b);
    for (; p < end; p++) {
        char c = *p, n = p + 1 < end ? p[1] : '\0';
        if (c == escape && escape != quote && escape && p + 1 < end && n == quote) {
            sp_buf_putc(b, quote);
            p++;
        } else if (c == escape && escape != quote && escape_escape && n == escape && p + 1 < end && escape_escape == escape) {
            sp_buf_putc(b, escape);
            p++;
        } else if (c == quote && escape == quote && n == quote && p + 1 < end) {
            sp_buf_putc(b, quote);
            p++;
        } else if (c == quote) {
            const char *q = p + 1;
            while (q < end && is_blank(*q) && !at_sep(r, q, end) && !(r->o->multi_line && at_line_end(r, q)))
                q++;
            if (q >= end || at_sep(r, q, end) || (r->o->multi_line && at_line_end(r, q))) {
                *out = sp_str_copy(r->arena, (sp_str){ b->len ? b->data : "", b->len }, err);
                if (b->len == 0)
                    *out = r->o->empty_value;
                *next = q;
                return out->p != NULL;
            }
            return broken_quotes(r, p, end, out, next, err);
        } else {
            sp_buf_putc(b, c);
        }
    }
    /* The text ended inside quotes: what there is, without the opening quote when nothing else was wrong. */
    *out = sp_str_copy(r->arena, (sp_str){ b->len ? b->data : "", b->len }, err);
    *next = end;
    return out->p != NULL && !b->failed;
}

static bool one_value(csv_reader *r, csv_tokens *t, const char **p, const char *end, sp_error *err)
{
    const char *s = *p;
    sp_str v;
    if (r->o->trim_leading)
        while (s < end && is_blank(*s) && !at_sep(r, s, end) && !(r->o->multi_line && at_line_end(r, s)))
            s++;
    if (r->o->quote && s < end && *s == r->o->quote) {
        if (!quoted_value(r, s + 1, end, &v, p, err))
            return false;
        return add(r, t, v, err);
    }
    const char *stop = end;
    if (r->o->multi_line)
        stop = line_end(r, s);
    v = trimmed(r, raw_value(r, s, stop, p));
    return add(r, t, v.n ? v : (sp_str){ NULL, 0 }, err);
}

bool sp_csv_next(csv_reader *r, csv_tokens *t, bool *failed, sp_error *err)
{
    *failed = false;
    for (;;) {
        if (r->p >= r->end)
            return false;
        const char *begin = r->p, *eol = line_end(r, begin);
        bool blank = true;
        for (const char *q = begin; q < eol && blank; q++)
            blank = is_blank(*q);
        if (blank || (r->o->comment && *begin == r->o->comment)) {
            r->p = skip_line_end(r, eol);
            continue;
        }
        const char *p = begin, *end = r->o->multi_line ? r->end : eol;
        t->count = 0;
        for (;;) {
            if (!one_value(r, t, &p, end, err)) {
                *failed = true;
                return false;
            }
            if (!at_sep(r, p, end))
                break;
            p += r->o->sep.n;
            if (p >= end || (r->o->multi_line && at_line_end(r, p))) {
                if (!add(r, t, (sp_str){ NULL, 0 }, err)) {     /* a separator at the end: one more empty value */
                    *failed = true;
                    return false;
                }
                break;
            }
        }
        if (r->o->multi_line && p < r->end && !at_line_end(r, p))
            p = line_end(r, p);
        t->record = (sp_str){ begin, (size_t)((r->o->multi_line ? p : eol) - begin) };
        r->p = skip_line_end(r, r->o->multi_line ? p : eol);
        return true;
    }
}
