/* locate.c -- where in the user's program an error sits: Spark's QueryContext out of an expression's origin. The "==
 * SQL (line l, position p) ==" block is SQLQueryContext.summary, "== DataFrame ==" DataFrameQueryContext.summary. */
#include "function/function_int.h"

enum { EXTRA_CONTEXT_MAX = 32 };    /* SQLQueryContext.maxExtraContextLength */

/* The lines around [start, stop], cut to EXTRA_CONTEXT_MAX characters on either side, each underlined with carets. */
static void sql_summary(sp_buf *out, const sp_origin *o)
{
    const char *t = o->sql.p;
    int n = (int)o->sql.n, start = o->start < 0 ? 0 : o->start, stop = o->stop < n - 1 ? o->stop : n - 1;
    sp_buf_printf(out, "== SQL (line %d, position %d) ==\n", o->line, o->column + 1);
    int from = start, to = stop;
    while (from >= 0 && start - from <= EXTRA_CONTEXT_MAX && t[from] != '\n') from--;
    bool cut_before = start - from > EXTRA_CONTEXT_MAX;
    int at = cut_before ? from - 3 : from;
    while (to < n && to - stop <= EXTRA_CONTEXT_MAX && t[to] != '\n') to++;
    bool cut_after = to - stop > EXTRA_CONTEXT_MAX;
    sp_buf text = { 0 };
    if (cut_before) sp_buf_puts(&text, "...");
    sp_buf_add(&text, t + from + 1, (size_t)(to > from ? to - from - 1 : 0));
    if (cut_after) sp_buf_puts(&text, "...");
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.data[end] != '\n') end++;
        sp_buf_add(out, text.data + i, end - i);
        sp_buf_putc(out, '\n');
        at++;
        for (; i < end; i++, at++) {
            if (at < start) sp_buf_putc(out, ' ');
            else if (at <= stop) sp_buf_putc(out, '^');
        }
        sp_buf_putc(out, '\n');
        i = end + 1;
    }
    sp_buf_done(&text);
}

static const char *keep(sp_error *err, sp_buf *b)
{
    const char *s = err->arena ? sp_arena_strndup(err->arena, b->data ? b->data : "", b->len, NULL)
        : sp_error_format(err, "%s", sp_buf_cstr(b));
    sp_buf_done(b);
    return s ? s : "";
}

static const char *keep_str(sp_error *err, sp_str s)
{
    const char *t = err->arena ? sp_arena_strndup(err->arena, s.p ? s.p : "", s.n, NULL)
        : sp_error_format(err, "%.*s", (int)s.n, s.p ? s.p : "");
    return t ? t : "";
}

void sp_error_locate(sp_error *err, const sp_expr *e)
{
    if (!err || err->context.kind || err->line || !sp_error_is_set(err)) return;
    const sp_origin *o = &e->origin;
    if (!o->kind) return;
    /* the analyzer says where, by line and position */
    if (err->exc == SP_EXC_ANALYSIS || err->exc == SP_EXC_PARSE) return;
    sp_buf b = { 0 };
    if (o->kind == 1) {
        if (o->start < 0 || o->stop < o->start || (size_t)o->stop >= o->sql.n) return;
        err->context.start_index = o->start;
        err->context.stop_index = o->stop;
        err->context.fragment = keep_str(err, (sp_str){ o->sql.p + o->start, (size_t)(o->stop - o->start + 1) });
        sql_summary(&b, o);
        err->context.summary = keep(err, &b);
    } else {
        if (!o->fragment.p) return;
        err->context.fragment = keep_str(err, o->fragment);
        err->context.call_site = keep_str(err, o->call_site);
        sp_buf_puts(&b, "== DataFrame ==\n\"");
        sp_buf_add(&b, o->fragment.p, o->fragment.n);
        sp_buf_puts(&b, "\" was called from\n");
        if (o->call_site.n) sp_buf_add(&b, o->call_site.p, o->call_site.n);
        sp_buf_putc(&b, '\n');
        err->context.summary = keep(err, &b);
    }
    err->context.kind = o->kind;
    err->context.object_type = err->context.object_name = "";
}
