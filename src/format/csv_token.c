/* csv_token.c -- records and values of CSV text, as univocity's CsvParser cuts them under Spark's settings.
 *
 * A value that begins with the quote runs to a quote followed by separator, line end or blanks. Inside, escape + quote is a quote and escape + escape an
 * escape. A quote followed by anything else was no closing quote: the value is then a quote, the text so far and the raw text up to the next separator
 * (unescapedQuoteHandling STOP_AT_DELIMITER). Two quotes are one only where the value ends behind them. Values without quotes and escapes
 * are views into the bytes. Sources: UnivocityParser, CSVExprUtils (Spark 4.3); univocity-parsers 2.9.1 CsvParser. */
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

/* What univocity's state machine knows of a quoted value while it reads it. */
typedef struct quoted { csv_reader *r; const char *p, *end; char c, prev; bool broken; } quoted;

static bool ends_here(const quoted *q)
{
    const char *at = q->p - 1;
    return at_sep(q->r, at, q->end) || (q->r->o->multi_line && at_line_end(q->r, at));
}

static bool more(quoted *q)
{
    if (q->p >= q->end)
        return false;
    q->c = *q->p++;
    return true;
}

/* STOP_AT_DELIMITER: the text so far goes behind a quote again, and the rest is taken as it stands. */
static void take_rest(quoted *q)
{
    const char *stop = q->r->o->multi_line ? line_end(q->r, q->p) : q->end, *next;
    sp_str rest = raw_value(q->r, q->p, stop, &next);
    sp_buf_add(&q->r->scratch, rest.p, rest.n);
    q->p = next;
    q->broken = true;
}

static void quote_or_escape(quoted *q)
{
    const csv_options *o = q->r->o;
    sp_buf *b = &q->r->scratch;
    if (q->c == o->escape && q->prev == o->escape_escape && o->escape_escape) {
        sp_buf_putc(b, o->escape);
        q->c = '\0';
    } else if (q->prev == o->escape) {
        sp_buf_putc(b, q->c == o->quote ? o->quote : q->prev);
        if (q->c == o->quote)
            q->c = '\0';
    } else if (q->c == o->quote && q->prev == o->quote) {
        sp_buf_putc(b, o->quote);
    }
}

/* Blanks behind a closing quote are left out, unless something follows them: then the quote was none. */
static void after_quote(quoted *q)
{
    const char *blanks = q->p - 1;
    do {
        if (!more(q))
            return;
        if (ends_here(q)) {
            q->p--;
            return;
        }
    } while (is_blank(q->c));
    sp_buf_putc(&q->r->scratch, q->r->o->quote);
    sp_buf_add(&q->r->scratch, blanks, (size_t)(q->p - blanks));
    take_rest(q);
}

/* CsvParser.parseQuotedValue. On return p stands at the separator, the line end or the end. */
static void scan_quoted(quoted *q)
{
    const csv_options *o = q->r->o;
    sp_buf *b = &q->r->scratch;
    bool got = more(q);
    while (got) {
        if (q->prev == o->quote && (is_blank(q->c) || ends_here(q))) {
            if (ends_here(q))
                q->p--;
            else
                after_quote(q);
            return;
        }
        if (q->c == o->quote || q->c == o->escape) {
            quote_or_escape(q);
        } else if (q->prev == o->quote) {
            sp_buf_putc(b, o->quote);
            sp_buf_putc(b, q->c);
            take_rest(q);
            return;
        } else {
            if (q->prev == o->escape && o->escape)
                sp_buf_putc(b, o->escape);
            while (got && q->c != o->quote && q->c != o->escape && q->c != o->escape_escape) {
                sp_buf_putc(b, q->c);
                got = more(q);
            }
            if (!got)
                return;
        }
        q->prev = q->c;
        got = more(q);
    }
    /* The text ended: a quote that is not the closing one belongs to the value. */
    if (q->c == o->quote && q->prev != o->quote)
        sp_buf_putc(b, o->quote);
}

/* p stands behind the opening quote. end: of the record's line, or of all bytes when a value may span lines. */
static bool quoted_value(csv_reader *r, const char *p, const char *end, sp_str *out, const char **next, sp_error *err)
{
    char quote = r->o->quote, escape = r->o->escape;
    const char *close = memchr(p, quote, (size_t)(end - p));
    bool plain = close && (escape == quote || !escape || !memchr(p, escape, (size_t)(close - p)));
    if (plain && (close + 1 >= end ? escape != '\0' : at_sep(r, close + 1, end) || (r->o->multi_line && at_line_end(r, close + 1)))) {
        *out = close == p ? r->o->empty_value : (sp_str){ p, (size_t)(close - p) };
        *next = close + 1;
        return true;
    }
    quoted q = { r, p, end, quote, '\0', false };
    sp_buf_clear(&r->scratch);
    scan_quoted(&q);
    size_t n = r->scratch.len;
    char *text = r->scratch.failed ? NULL : sp_arena_alloc(r->arena, n + 2, err);
    if (!text)
        return r->scratch.failed ? sp_error_memory(err, "a CSV value") == SP_OK : false;
    text[0] = quote;
    if (n)
        memcpy(text + 1, r->scratch.data, n);
    *next = q.p;
    *out = q.broken ? trimmed(r, (sp_str){ text, n + 1 }) : n ? (sp_str){ text + 1, n } : r->o->empty_value;
    return true;
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
        bool blank = true;      /* Spark drops lines of blanks; univocity, which cuts lines itself for multiLine, empty ones only */
        for (const char *q = begin; q < eol && blank; q++)
            blank = is_blank(*q) && !r->o->multi_line;
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
