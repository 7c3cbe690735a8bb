/* parser.c -- the parser's ground: tokens and their texts, names, how it fails, and the three doors of sql.h.
 *
 * Syntax errors name the token that could not be taken, as ANTLR's adaptive prediction does in Spark
 * (SparkParserErrorStrategy): 'token' or end of input, with the hint ": missing ')'" when taking a closing bracket
 * for granted would make sense of the rest, and ": extra input 'x'" when leaving one token out would. Keywords are
 * not reserved: whether one is a name or starts a clause is decided by what follows it (sp_sql_starts_clause), where
 * ANTLR tries both. */
#include "sql/sql_int.h"

#include <stdio.h>

/* ---- tokens ---- */

sp_str sp_sql_token_text(const sp_sql_parser *p, int index)
{
    const sp_sql_token *t = &p->tokens[index];
    return (sp_str){ p->text.p + t->start, t->end - t->start };
}

sp_str sp_sql_slice(const sp_sql_parser *p, int first, int last)
{
    if (last < first) return (sp_str){ "", 0 };
    return (sp_str){ p->text.p + p->tokens[first].start, p->tokens[last].end - p->tokens[first].start };
}

const char *sp_sql_cstr(sp_sql_parser *p, sp_str s)
{
    const char *copy = sp_arena_strndup(p->arena, s.p ? s.p : "", s.n, NULL);
    return copy ? copy : "";
}

void sp_sql_origin(const sp_sql_parser *p, sp_origin *o, int first)
{
    int last = p->i > first ? p->i - 1 : first;
    *o = (sp_origin){ .kind = 1, .sql = p->text, .start = (int)p->tokens[first].first,
        .stop = (int)p->tokens[last].last,
                      .line = (int)p->tokens[first].line, .column = (int)p->tokens[first].column };
}

sp_status sp_sql_enter(sp_sql_parser *p)
{
    if (p->depth >= SP_SQL_DEPTH_MAX)
        return sp_sql_too_complex(p);
    p->depth++;
    return SP_OK;
}

/* ---- failing ---- */

/* ANTLR's getTokenErrorDisplay. */
static const char *display(sp_sql_parser *p, int token)
{
    if (p->tokens[token].kind == T_EOF) return "end of input";
    sp_str s = sp_sql_token_text(p, token);
    char *out = sp_arena_alloc(p->arena, s.n * 2 + 3, NULL), *w = out;
    if (!out) return "";
    *w++ = '\'';
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        char escape = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : 0;
        if (escape) *w++ = '\\';
        *w++ = escape ? escape : c;
    }
    *w++ = '\'';
    *w = 0;
    return out;
}

/* "\n== SQL ==\n" + the lines up to the token's, dashes and ^^^ under it, the lines below
 * (ParseException.getMessage). */
static const char *whole_text_block(sp_sql_parser *p, const sp_sql_token *t)
{
    sp_str s = p->text;
    while (s.n && s.p[s.n - 1] == '\n') s.n--;   /* String.split drops what is empty at the end */
    char *out = sp_arena_alloc(p->arena, s.n + t->column + 32, NULL), *w = out;
    if (!out) return NULL;
    w = stpcpy(w, "\n== SQL ==\n");
    uint32_t line = 1;
    size_t i = 0;
    for (; i < s.n && line <= t->line; i++) {
        if (s.p[i] == '\n') line++;
        *w++ = s.p[i];
    }
    if (line <= t->line) *w++ = '\n';
    memset(w, '-', t->column);
    w = stpcpy(w + t->column, "^^^\n");
    if (i < s.n) {
        memcpy(w, s.p + i, s.n - i);
        w += s.n - i;
        *w++ = '\n';
    }
    *w = 0;
    return out;
}

static sp_status place_error(sp_sql_parser *p, const sp_sql_token *t)
{
    if (!p->err) return SP_FAILED;
    p->err->exc = SP_EXC_PARSE;
    p->err->line = (int)t->line;
    p->err->position = (int)t->column;
    p->err->context = (sp_query_context){ .summary = whole_text_block(p, t) };
    return SP_FAILED;
}

sp_status sp_sql_at_token(sp_sql_parser *p, int token) { return place_error(p, &p->tokens[token]); }

static bool is_empty(sp_str s)
{
    return sp_str_trim(s).n == 0;
}

sp_status sp_sql_syntax(sp_sql_parser *p, int token, const char *hint)
{
    if (is_empty(p->text)) SP_FAIL(p->err, PARSE_EMPTY_STATEMENT);
    else SP_FAIL(p->err, PARSE_SYNTAX_ERROR, "error", display(p, token), "hint", hint);
    return sp_sql_at_token(p, token);
}

sp_status sp_sql_unexpected(sp_sql_parser *p) { return sp_sql_syntax(p, p->i, ""); }

/* Could the present token stand behind a `)` that was left out? A clause can; the end can when that was the only one
 * missing. */
static bool may_follow_bracket(const sp_sql_parser *p)
{
    int open = 0;
    switch (kind_now(p)) {
    case T_EOF: case T_SEMICOLON:
        for (int i = 0; i < p->i; i++) open += (p->tokens[i].kind == T_LPAREN) - (p->tokens[i].kind == T_RPAREN);
        return open == 1;
    case K_FROM: case K_WHERE: case K_GROUP: case K_ORDER: case K_HAVING: case K_LIMIT: case K_UNION: case K_AS:
        return true;
    default:
        return false;
    }
}

sp_status sp_sql_want(sp_sql_parser *p, int kind)
{
    if (take(p, kind)) return SP_OK;
    if (kind_at(p, 1) == kind && kind_now(p) != T_EOF) {
        char hint[160];
        snprintf(hint, sizeof hint, ": extra input %s", display(p, p->i));
        return sp_sql_syntax(p, p->i, hint);
    }
    if (kind == T_RPAREN && may_follow_bracket(p))
        return sp_sql_syntax(p, p->i, ": missing ')'");
    return sp_sql_unexpected(p);
}

sp_status sp_sql_too_complex(sp_sql_parser *p)
{
    SP_FAIL(p->err, FAILED_TO_PARSE_TOO_COMPLEX);
    if (p->err) p->err->exc = SP_EXC_PARSE;
    return SP_FAILED;
}

sp_status sp_sql_in_context(sp_sql_parser *p, int first, int last)
{
    if (!p->err) return SP_FAILED;
    sp_origin o;
    int here = p->i;
    p->i = last + 1;
    sp_sql_origin(p, &o, first);
    p->i = here;
    sp_buf summary = { 0 };
    sp_sql_context_summary(&summary, &o);
    p->err->exc = SP_EXC_PARSE;
    p->err->line = p->err->position = 0;
    p->err->context = (sp_query_context){
        .kind = 1, .object_type = "", .object_name = "", .start_index = o.start, .stop_index = o.stop,
        .fragment = sp_sql_cstr(p, sp_sql_slice(p, first, last)),
        .summary = sp_sql_cstr(p, (sp_str){ sp_buf_cstr(&summary), summary.len }) };
    sp_buf_done(&summary);
    return SP_FAILED;
}

/* Byte offset of each character is asked for one after the other: a cursor over the text. */
typedef struct cursor { sp_str s; size_t byte; int character; } cursor;
static size_t byte_of(cursor *c, int character)
{
    while (c->character < character && c->byte < c->s.n) {
        uint32_t code;
        int n = sp_utf8_decode(c->s.p + c->byte, c->s.p + c->s.n, &code);
        c->byte += n > 0 ? (size_t)n : 1;
        c->character++;
    }
    return c->byte;
}

void sp_sql_context_summary(sp_buf *out, const sp_origin *o)
{
    enum { EXTRA = 32 };
    sp_str text = o->sql;
    cursor c = { text, 0, 0 };
    int start = o->start < 0 ? 0 : o->start, stop = o->stop;
    size_t start_byte = byte_of(&c, start), line_start = start_byte;
    int extra = 0, first_character = start;
    while (line_start > 0 && text.p[line_start - 1] != '\n' && extra < EXTRA) {
        do line_start--; while (line_start > 0 && ((unsigned char)text.p[line_start] & 0xC0) == 0x80);
        extra++;
        first_character--;
    }
    bool cut_before = line_start > 0 && text.p[line_start - 1] != '\n';
    size_t line_stop = byte_of(&c, stop);
    for (extra = 0; line_stop < text.n && text.p[line_stop] != '\n' && extra <= EXTRA; extra++)
        line_stop = byte_of(&c, c.character + 1);
    bool cut_after = extra > EXTRA;
    sp_buf_printf(out, "== SQL (line %d, position %d) ==\n", o->line, o->column + 1);
    int at = first_character - (cut_before ? 3 : 0);
    const char *p = text.p + line_start, *end = text.p + line_stop;
    while (p < end || cut_before) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        if (!line_end) line_end = end;
        bool last = line_end == end;
        sp_str line = { p, (size_t)(line_end - p) };
        sp_buf_printf(out, "%s%.*s%s\n", cut_before ? "..." : "", (int)line.n, line.p, last && cut_after ? "..." : "");
        int width = (int)sp_utf8_len(line) + (cut_before ? 3 : 0) + (last && cut_after ? 3 : 0);
        for (int i = 0; i < width; i++, at++) {
            if (at < start) sp_buf_putc(out, ' ');
            else if (at <= stop) sp_buf_putc(out, '^');
        }
        at++;
        sp_buf_putc(out, '\n');
        cut_before = false;
        p = last ? end : line_end + 1;
    }
}

/* ---- names ---- */

bool sp_sql_is_strict(int kind)
{
    switch (kind) {
    case K_ANTI: case K_CROSS: case K_EXCEPT: case K_FULL: case K_INNER: case K_INTERSECT: case K_JOIN: case K_LATERAL:
    case K_LEFT:
    case K_NATURAL: case K_ON: case K_RIGHT: case K_SEMI: case K_SETMINUS: case K_UNION: case K_USING:
        return true;
    default:
        return false;
    }
}

static bool double_quotes_names(const sp_sql_parser *p) { return p->conf && p->conf->double_quoted_identifiers; }

bool sp_sql_is_string(const sp_sql_parser *p, int n)
{
    int kind = kind_at(p, n);
    return kind == T_STRING || (kind == T_DQ_STRING && !double_quotes_names(p));
}

bool sp_sql_is_name(const sp_sql_parser *p, int n)
{
    int kind = kind_at(p, n);
    return kind == T_IDENT || kind == T_QUOTED_IDENT || kind > K_FIRST_KEYWORD ||
        (kind == T_DQ_STRING && double_quotes_names(p));
}

/* Is the token behind the present one an end, so that the present one can only be a name? */
static bool ends(int kind)
{
    return kind == T_EOF || kind == T_COMMA || kind == T_RPAREN || kind == T_SEMICOLON || kind == T_OP_PIPE;
}

bool sp_sql_starts_query(const sp_sql_parser *p, int n)
{
    int next = kind_at(p, n + 1);
    switch (kind_at(p, n)) {
    case K_SELECT: return !ends(next) && next != T_DOT && next != T_LBRACKET;
    case K_FROM: return sp_sql_is_name(p, n + 1) || next == T_LPAREN;
    case K_VALUES: return !ends(next) && next != T_DOT && !(next >= T_EQ && next <= T_USHR);
    case K_WITH: return sp_sql_is_name(p, n + 1);
    case K_TABLE: return sp_sql_is_name(p, n + 1);
    default: return false;
    }
}

bool sp_sql_starts_clause(const sp_sql_parser *p)
{
    int next = kind_at(p, 1);
    switch (kind_now(p)) {
    case K_FROM: case K_AS:
        return !ends(next);
    case K_WHERE: case K_HAVING: case K_LIMIT: case K_OFFSET:
        return !ends(next) && next != K_FROM;
    case K_TABLESAMPLE: case K_PIVOT:
        return next == T_LPAREN;
    case K_WHEN: case K_SET: case K_WATERMARK: case K_UNPIVOT:
        return !ends(next);
    case K_GROUP: case K_ORDER: case K_CLUSTER: case K_DISTRIBUTE: case K_SORT:
        return next == K_BY;
    case K_WINDOW: return sp_sql_is_name(p, 1) && kind_at(p, 2) == K_AS;
    case K_UNION: case K_INTERSECT: case K_EXCEPT: case K_SETMINUS:
        return next == K_ALL || next == K_DISTINCT || next == T_LPAREN || sp_sql_starts_query(p, 1);
    case K_LATERAL: return next == K_VIEW;
    case K_SELECT: return sp_sql_starts_query(p, 0);
    case K_INSERT: return next == K_INTO || next == K_OVERWRITE;
    case K_WITH: return next == T_LPAREN || next == K_ROLLUP || next == K_CUBE;
    case K_GROUPING: return next == K_SETS;
    case K_FOR: return !ends(next);
    case K_VERSION: case K_TIMESTAMP: case K_SYSTEM_TIME: case K_SYSTEM_VERSION:
        return next == K_AS && kind_at(p, 2) == K_OF;
    default:
        return false;
    }
}

static bool is_ascii_name(sp_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

static sp_status invalid_identifier(sp_sql_parser *p, sp_str text, int token)
{
    SP_FAIL(p->err, INVALID_IDENTIFIER, "ident", sp_sql_cstr(p, text));
    return sp_sql_at_token(p, token);
}

/* The text between quotes, doubled quotes made single. */
static sp_status unquote(sp_sql_parser *p, sp_str s, sp_str *out)
{
    char quote = s.p[0];
    s.p++;
    s.n -= 2;
    if (!memchr(s.p, quote, s.n)) { *out = s; return SP_OK; }
    char *copy = sp_arena_alloc(p->arena, s.n, p->err);
    if (!copy) return SP_FAILED;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        copy[n++] = s.p[i];
        if (s.p[i] == quote) i++;
    }
    *out = (sp_str){ copy, n };
    return SP_OK;
}

sp_status sp_sql_plain_name(sp_sql_parser *p, sp_str *out)
{
    if (!sp_sql_is_name(p, 0)) return sp_sql_unexpected(p);
    int kind = kind_now(p), at = p->i;
    if (kind == K_IDENTIFIER_KW && kind_at(p, 1) == T_LPAREN && sp_sql_is_string(p, 2) && kind_at(p, 3) == T_RPAREN) {
        p->i += 3;
        SP_TRY(sp_sql_string_token(p, at + 2, out));
        skip(p);
        return SP_OK;
    }
    sp_str text = sp_sql_token_text(p, at);
    skip(p);
    if (kind == T_QUOTED_IDENT || kind == T_DQ_STRING) return unquote(p, text, out);
    if (kind == T_IDENT && !is_ascii_name(text)) return invalid_identifier(p, text, at);
    *out = text;
    return SP_OK;
}

sp_status sp_sql_name(sp_sql_parser *p, sp_str *out)
{
    int first = p->i;
    SP_TRY(sp_sql_plain_name(p, out));
    if (kind_now(p) != T_MINUS || !sp_sql_is_name(p, 1)) return SP_OK;
    int minus = p->i;
    sp_str part;
    while (kind_now(p) == T_MINUS && sp_sql_is_name(p, 1)) {
        skip(p);
        SP_TRY(sp_sql_plain_name(p, &part));
    }
    sp_buf text = { 0 };
    for (int t = first; t < p->i; t++) {
        sp_str s = sp_sql_token_text(p, t);
        sp_buf_add(&text, s.p, s.n);
    }
    sp_status failed = invalid_identifier(p, (sp_str){ text.data, text.len }, minus);
    sp_buf_done(&text);
    return failed;
}

sp_status sp_sql_push(sp_sql_parser *p, sp_sql_list *list, void *item)
{
    if (list->count == list->cap) {
        int cap = list->cap ? list->cap * 2 : 4;
        void **more = sp_arena_alloc(p->arena, sizeof *more * (size_t)cap, p->err);
        if (!more) return SP_FAILED;
        if (list->count) memcpy(more, list->items, sizeof *more * (size_t)list->count);
        list->items = more;
        list->cap = cap;
    }
    list->items[list->count++] = item;
    return SP_OK;
}

sp_status sp_sql_push_name(sp_sql_parser *p, sp_sql_names *list, sp_str name)
{
    if (list->count == list->cap) {
        int cap = list->cap ? list->cap * 2 : 2;
        sp_str *more = sp_arena_alloc(p->arena, sizeof *more * (size_t)cap, p->err);
        if (!more) return SP_FAILED;
        if (list->count) memcpy(more, list->items, sizeof *more * (size_t)list->count);
        list->items = more;
        list->cap = cap;
    }
    list->items[list->count++] = name;
    return SP_OK;
}

static sp_status names_by(sp_sql_parser *p, int separator, sp_str **out, int *count)
{
    sp_sql_names list = { 0 };
    sp_str name;
    do {
        SP_TRY(sp_sql_name(p, &name));
        SP_TRY(sp_sql_push_name(p, &list, name));
    } while (take(p, separator));
    *out = list.items;
    *count = list.count;
    return SP_OK;
}

sp_status sp_sql_parts(sp_sql_parser *p, sp_str **parts, int *count) { return names_by(p, T_DOT, parts, count); }
sp_status sp_sql_names_seq(sp_sql_parser *p, sp_str **names, int *count) { return names_by(p, T_COMMA, names, count); }

sp_status sp_sql_name_list(sp_sql_parser *p, sp_str **names, int *count)
{
    SP_TRY(sp_sql_want(p, T_LPAREN));
    SP_TRY(sp_sql_names_seq(p, names, count));
    return sp_sql_want(p, T_RPAREN);
}

/* A text that IDENTIFIER(...) can stand on: string literals, and || of them. */
static bool constant_text(const sp_expr *e, sp_buf *out)
{
    if (e->kind == SP_E_LITERAL && e->literal.type && e->literal.type->kind == SP_STRING && !e->literal.is_null) {
        sp_buf_add(out, e->literal.str.p, e->literal.str.n);
        return true;
    }
    if (e->kind != SP_E_FUNCTION || (!sp_str_is(e->name, "||") && !sp_str_eq_nocase(e->name, SP_LIT("concat"))))
        return false;
    for (int i = 0; i < e->arg_count; i++)
        if (!constant_text(e->args[i], out)) return false;
    return true;
}

static sp_status identifier_clause(sp_sql_parser *p, sp_str **parts, int *count)
{
    int first = p->i;
    p->i += 2;
    sp_expr *e = sp_sql_expr(p);
    if (!e) return SP_FAILED;
    SP_TRY(sp_sql_want(p, T_RPAREN));
    sp_buf text = { 0 };
    if (!constant_text(e, &text)) {
        sp_buf_done(&text);
        return FAIL_IN(p, first, p->i - 1, NOT_A_CONSTANT_STRING__NOT_CONSTANT, "name", "IDENTIFIER", "expr",
                       sp_sql_cstr(p, sp_sql_slice(p, first + 2, p->i - 2)));
    }
    sp_str copy = sp_str_copy(p->arena, (sp_str){ text.data ? text.data : "", text.len }, p->err);
    sp_buf_done(&text);
    if (!copy.p) return SP_FAILED;
    return sp_sql_parse_identifier(p->arena, p->conf, copy, parts, count, p->err);
}

sp_status sp_sql_reference(sp_sql_parser *p, sp_str **parts, int *count)
{
    if (kind_now(p) == K_IDENTIFIER_KW && kind_at(p, 1) == T_LPAREN) {
        SP_TRY(identifier_clause(p, parts, count));
        if (kind_now(p) != T_DOT) return SP_OK;
        sp_sql_names list = { 0 };
        sp_str name;
        for (int i = 0; i < *count; i++) SP_TRY(sp_sql_push_name(p, &list, (*parts)[i]));
        while (take(p, T_DOT)) {
            SP_TRY(sp_sql_name(p, &name));
            SP_TRY(sp_sql_push_name(p, &list, name));
        }
        *parts = list.items;
        *count = list.count;
        return SP_OK;
    }
    return sp_sql_parts(p, parts, count);
}

const char *sp_sql_quoted(sp_sql_parser *p, const sp_str *parts, int count)
{
    sp_buf out = { 0 };
    for (int i = 0; i < count; i++) {
        if (i) sp_buf_putc(&out, '.');
        sp_buf_putc(&out, '`');
        for (size_t k = 0; k < parts[i].n; k++) {
            if (parts[i].p[k] == '`') sp_buf_putc(&out, '`');
            sp_buf_putc(&out, parts[i].p[k]);
        }
        sp_buf_putc(&out, '`');
    }
    const char *text = sp_sql_cstr(p, (sp_str){ out.data, out.len });
    sp_buf_done(&out);
    return text;
}

/* ---- doors ---- */

static sp_status start(sp_sql_parser *p, sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_error *err)
{
    *p = (sp_sql_parser){ .arena = a, .conf = conf, .err = err, .text = text };
    if (!text.p) p->text = SP_LIT("");
    return sp_sql_lex(p);
}

/* Behind what was parsed there must be nothing; semicolons may end a statement. */
static sp_status finish(sp_sql_parser *p, bool semicolons)
{
    bool any = false;
    while (semicolons && take(p, T_SEMICOLON)) any = true;
    if (kind_now(p) == T_EOF) {
        if (!p->comment_open) return SP_OK;
        SP_FAIL(p->err, UNCLOSED_BRACKETED_COMMENT);
        return place_error(p, &p->comment);
    }
    bool one_too_many = any || kind_at(p, 1) == T_EOF || (semicolons && kind_at(p, 1) == T_SEMICOLON);
    if (!one_too_many) return sp_sql_unexpected(p);
    const char *hint = sp_arena_printf(p->arena, NULL, ": extra input %s", display(p, p->i));
    return sp_sql_syntax(p, p->i, hint ? hint : "");
}

sp_status sp_sql_parse_with(sp_arena *a, const sp_expr_conf *conf, sp_str text, const sp_sql_params *params,
    sp_plan **out,
                            sp_error *err)
{
    sp_sql_parser p;
    SP_TRY(start(&p, a, conf, text, err));
    p.params = params;
    *out = sp_sql_statement(&p);
    if (!*out) return SP_FAILED;
    SP_TRY(finish(&p, true));
    return sp_sql_windows_settled(&p);
}

sp_status sp_sql_parse_statement(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_plan **out, sp_error *err)
{
    return sp_sql_parse_with(a, conf, text, NULL, out, err);
}

sp_status sp_sql_parse_expression(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_expr **out, sp_error *err)
{
    sp_sql_parser p;
    SP_TRY(start(&p, a, conf, text, err));
    *out = sp_sql_named_expr(&p);
    if (!*out) return SP_FAILED;
    SP_TRY(finish(&p, false));
    return sp_sql_windows_settled(&p);
}

sp_status sp_sql_parse_identifier(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_str **parts, int *part_count,
    sp_error *err)
{
    sp_sql_parser p;
    SP_TRY(start(&p, a, conf, text, err));
    SP_TRY(sp_sql_parts(&p, parts, part_count));
    return finish(&p, false);
}
