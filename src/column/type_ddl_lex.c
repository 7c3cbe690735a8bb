/* type_ddl_lex.c -- the tokens of DDL text, as Spark's SqlBaseLexer cuts them.
 *
 * Words are letters, digits and _ (a digit may come first as long as not all are digits and it is no number literal
 * such as 10L); anything outside ASCII counts as a letter. Blanks, -- and nested C comments are skipped. Columns
 * count code points. */
#include "column/type_ddl_int.h"

static char peek(const sp_ddl_lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.n ? l->text.p[l->at + ahead] : 0;
}

static void step(sp_ddl_lexer *l, size_t n)
{
    for (; n && l->at < l->text.n; n--) {
        char c = l->text.p[l->at++];
        if (c == '\n') {
            l->line++;
            l->column = 0;
        } else if ((c & 0xc0) != 0x80) {
            l->column++;
        }
    }
}

static bool at_end(const sp_ddl_lexer *l) { return l->at >= l->text.n; }

static void skip_block_comment(sp_ddl_lexer *l)
{
    int depth = 0;
    do {
        if (peek(l, 0) == '/' && peek(l, 1) == '*') {
            depth++;
            step(l, 2);
        } else if (peek(l, 0) == '*' && peek(l, 1) == '/') {
            depth--;
            step(l, 2);
        } else {
            step(l, 1);
        }
    } while (depth && !at_end(l));
}

static void skip_blanks(sp_ddl_lexer *l)
{
    while (!at_end(l)) {
        char c = peek(l, 0);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') step(l, 1);
        else if (c == '-' && peek(l, 1) == '-') while (!at_end(l) && peek(l, 0) != '\n') step(l, 1);
        else if (c == '/' && peek(l, 1) == '*') skip_block_comment(l);
        else return;
    }
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_word_char(char c)
{
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

/* A token that starts with a digit: an integer, another number, or a word such as 2nd. */
static sp_ddl_kind lex_number(sp_ddl_lexer *l)
{
    size_t digits = 0, n = 0;
    while (is_digit(peek(l, digits))) digits++;
    for (n = digits; is_word_char(peek(l, n));) n++;
    if (n == digits && peek(l, n) == '.' && is_digit(peek(l, n + 1))) {
        for (n++; is_digit(peek(l, n));) n++;
        step(l, n);
        return SP_DDL_OTHER;
    }
    const char *tail = l->text.p + l->at + digits;
    sp_str suffix = { tail, n - digits };
    step(l, n);
    if (!suffix.n) return SP_DDL_INTEGER;
    static const char *const suffixes[] = { "l", "s", "y", "d", "f", "bd" };
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (sp_str_eq_nocase(suffix, sp_str_of(suffixes[i]))) return SP_DDL_OTHER;
    bool exponent = suffix.n > 1 && (suffix.p[0] == 'e' || suffix.p[0] == 'E');
    for (size_t i = 1; i < suffix.n; i++) exponent &= is_digit(suffix.p[i]);
    return exponent ? SP_DDL_OTHER : SP_DDL_WORD;
}

/* Up to the closing quote; quotes double or, in strings, stand behind a backslash. OTHER when it never closes. */
static sp_ddl_kind lex_quoted(sp_ddl_lexer *l, char quote, bool raw, sp_ddl_kind kind)
{
    size_t n = raw ? 2 : 1;
    for (; l->at + n < l->text.n; n++) {
        char c = peek(l, n);
        if (c == '\\' && quote != '`' && !raw) n++;
        else if (c == quote && !raw && peek(l, n + 1) == quote) n++;
        else if (c == quote) {
            step(l, n + 1);
            return kind;
        }
    }
    step(l, 1);
    return SP_DDL_OTHER;
}

static sp_ddl_kind lex_one(sp_ddl_lexer *l)
{
    char c = peek(l, 0);
    if (at_end(l)) return SP_DDL_EOF;
    if (is_digit(c)) return lex_number(l);
    if (c == '`') return lex_quoted(l, c, false, SP_DDL_QUOTED);
    if (c == '\'' || c == '"') return lex_quoted(l, c, false, SP_DDL_STRING);
    char next = peek(l, 1);
    if ((c == 'r' || c == 'R') && (next == '\'' || next == '"')) return lex_quoted(l, next, true, SP_DDL_STRING);
    if (is_word_char(c)) {
        size_t n = 1;
        while (is_word_char(peek(l, n))) n++;
        step(l, n);
        return SP_DDL_WORD;
    }
    if (c == '<' && peek(l, 1) == '>') {
        step(l, 2);
        return SP_DDL_NEQ;
    }
    step(l, 1);
    return SP_DDL_CHAR;
}

sp_ddl_token sp_ddl_lex(sp_ddl_lexer *l)
{
    skip_blanks(l);
    sp_ddl_token t = { SP_DDL_EOF, { l->text.p + l->at, 0 }, l->line, l->column };
    size_t start = l->at;
    t.kind = lex_one(l);
    t.text.n = l->at - start;
    return t;
}

/* ---- string values ---- */

static int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four or eight hexadecimal digits at s[i..]; false when they are not there. */
static bool read_hex(sp_str s, size_t i, size_t digits, uint32_t *out)
{
    uint32_t v = 0;
    if (i + digits > s.n) return false;
    for (size_t k = 0; k < digits; k++) {
        int h = hex_value(s.p[i + k]);
        if (h < 0) return false;
        v = v << 4 | (uint32_t)h;
    }
    *out = v;
    return true;
}

static void put_code_point(sp_buf *out, uint32_t c)
{
    char utf8[4];
    int n = sp_utf8_encode(c, utf8);
    if (n > 0) sp_buf_add(out, utf8, (size_t)n);
    else sp_buf_putc(out, '?');    /* a lone surrogate, as String.getBytes writes it */
}

/* The escape at s[i] (behind the backslash); returns how many bytes it took. */
static size_t unescape(sp_buf *out, sp_str s, size_t i)
{
    uint32_t v;
    char c = s.p[i];
    if (c == 'u' && read_hex(s, i + 1, 4, &v)) {
        put_code_point(out, v);
        return 5;
    }
    if (c == 'U' && read_hex(s, i + 1, 8, &v)) {
        put_code_point(out, v);
        return 9;
    }
    if ((c == '0' || c == '1') && i + 2 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '7' && s.p[i + 2] >= '0' &&
        s.p[i + 2] <= '7') {
        put_code_point(out, (uint32_t)((c - '0') * 64 + (s.p[i + 1] - '0') * 8 + s.p[i + 2] - '0'));
        return 3;
    }
    static const char from[] = "0bnrtZ", to[] = "\0\b\n\r\t\x1a";
    const char *at = c ? strchr(from, c) : NULL;
    if (c == '%' || c == '_') sp_buf_putc(out, '\\');    /* kept for LIKE */
    sp_buf_putc(out, at ? to[at - from] : c);
    return 1;
}

void sp_ddl_unquote(sp_buf *out, sp_str token)
{
    if (token.p[0] == 'r' || token.p[0] == 'R') {
        sp_buf_add(out, token.p + 2, token.n - 3);
        return;
    }
    char quote = token.p[0];
    sp_str s = { token.p + 1, token.n - 2 };
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i += 1 + unescape(out, s, i + 1);
        } else {
            sp_buf_putc(out, s.p[i]);
            i += s.p[i] == quote && i + 1 < s.n && s.p[i + 1] == quote ? 2 : 1;
        }
    }
}
