/* lexer.c -- SQL text to tokens, by the rules of Spark's SqlBaseLexer.g4 (4.x): longest match, earlier rule on a tie,
 * letters in any case.
 *
 * One pass from left to right; comments and blanks are dropped. Positions are counted in characters (code points), as
 * ANTLR does. Habits of Spark's lexer that are kept: `>>` is two tokens while more ARRAY, MAP and STRUCT words than
 * `>` have been seen; 1.5a is 1 and .5a taken apart (a decimal may not run into a name); an unclosed comment swallows
 * the rest and is complained of after parsing. */
#include "sql/sql_int.h"

typedef struct word { const char *text; uint16_t kind; } word;
static const word words[] = {
#define KEYWORD(token, text) { text, K_##token },
#define KEYWORD_ALIAS(token, text) { text, K_##token },
#include "sql/keywords.def"
#undef KEYWORD
#undef KEYWORD_ALIAS
};
enum { WORD_COUNT = sizeof words / sizeof *words, WORD_MAX = 20 };

typedef struct lexer {
    sp_sql_parser *p;
    const char *at, *end;
    uint32_t character, line, column;
    sp_sql_token *tokens; int count, cap;
    int complex_level;
    bool unclosed[2];               /* ' and ": one was found that nothing closes */
} lexer;

static int keyword_of(const char *s, size_t n)
{
    char upper[WORD_MAX];
    if (n >= WORD_MAX)
        return T_IDENT;
    for (size_t i = 0; i < n; i++)
        upper[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i];
    upper[n] = 0;
    int low = 0, high = WORD_COUNT - 1;
    while (low <= high) {
        int middle = (low + high) / 2, c = strcmp(upper, words[middle].text);
        if (c == 0) return words[middle].kind;
        if (c < 0) high = middle - 1;
        else low = middle + 1;
    }
    return T_IDENT;
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int peek(const lexer *l, size_t n) { return (size_t)(l->end - l->at) > n ? (unsigned char)l->at[n] : 0; }

/* Blanks beyond ASCII that the grammar names. */
static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0x0B || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* \p{L}, near enough: beyond ASCII everything but the blocks of punctuation, signs and private use. */
static bool is_unicode_letter(uint32_t c)
{
    if (c < 0x80) return is_letter((int)c);
    if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
    return c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x206F) && !(c >= 0x20A0 && c <= 0x20CF) &&
        !(c >= 0x2190 && c <= 0x2BFF) &&
           !(c >= 0x3000 && c <= 0x3004) && !(c >= 0x3007 && c <= 0x3030) && !(c >= 0xE000 && c <= 0xF8FF) &&
           !(c >= 0xFF00 && c <= 0xFF20) && !(c >= 0xFF3B && c <= 0xFF40) && !(c >= 0xFF5B && c <= 0xFF65) &&
           !(c >= 0x1F000 && c <= 0x1FAFF) && c < 0xE0000;
}

/* Length of the character at p (1 for a stray byte) and what it is. */
static size_t character_at(const lexer *l, const char *at, uint32_t *c)
{
    if ((unsigned char)*at < 0x80) { *c = (unsigned char)*at; return 1; }
    int n = sp_utf8_decode(at, l->end, c);
    if (n <= 0) { *c = 0xFFFD; return 1; }
    return (size_t)n;
}

/* Moves over n bytes. A byte that begins no character is one itself. */
static void advance(lexer *l, size_t n)
{
    const char *stop = l->at + n;
    while (l->at < stop) {
        uint32_t c;
        l->at += character_at(l, l->at, &c);
        l->character++;
        if (c == '\n') { l->line++; l->column = 0; }
        else l->column++;
    }
}

static sp_status add(lexer *l, int kind, size_t n)
{
    if (l->count == l->cap) {
        int cap = l->cap ? l->cap * 2 : 64;
        sp_sql_token *more = sp_arena_alloc(l->p->arena, sizeof *more * (size_t)cap, l->p->err);
        if (!more) return SP_FAILED;
        if (l->count) memcpy(more, l->tokens, sizeof *more * (size_t)l->count);
        l->tokens = more;
        l->cap = cap;
    }
    sp_sql_token *t = &l->tokens[l->count++];
    *t = (sp_sql_token){ .kind = (uint16_t)kind, .start = (uint32_t)(l->at - l->p->text.p), .first = l->character,
                         .line = l->line, .column = l->column };
    advance(l, n);
    t->end = (uint32_t)(l->at - l->p->text.p);
    t->last = n ? l->character - 1 : l->character;
    return SP_OK;
}

/* Bytes of a quoted text with backslash escapes and doubled quotes; 0: unclosed. A doubled quote that leads nowhere is a
 * closing one and another. What is unclosed holds no further quote but escaped ones: none needs to be tried again. */
static size_t quoted_length(lexer *l, char quote)
{
    bool *unclosed = &l->unclosed[quote == '"'];
    const char *p = l->at + 1;
    size_t closed = 0;
    while (p < l->end && !*unclosed) {
        if (*p == '\\') { p += 2; continue; }
        if (*p == quote) {
            closed = (size_t)(p + 1 - l->at);
            if (p + 1 >= l->end || p[1] != quote) return closed;
            p++;
        }
        p++;
    }
    if (!closed) *unclosed = true;
    return closed;
}

static size_t raw_length(const lexer *l)   /* r'...' and r"..." */
{
    const char *close = memchr(l->at + 2, l->at[1], (size_t)(l->end - l->at - 2));
    return close ? (size_t)(close + 1 - l->at) : 0;
}

static size_t back_quoted_length(const lexer *l)
{
    for (const char *p = l->at + 1; p < l->end; p++)
        if (*p == '`') {
            if (p + 1 < l->end && p[1] == '`') { p++; continue; }
            return (size_t)(p + 1 - l->at);
        }
    return 0;
}

/* Letters, digits and _ from here on; and whether a URI follows (letters only, then ://). */
static size_t name_length(const lexer *l)
{
    const char *p = l->at;
    bool letters = true;
    while (p < l->end) {
        uint32_t c;
        size_t n = character_at(l, p, &c);
        if (is_digit((int)c) || c == '_') letters = false;
        else if (!is_unicode_letter(c)) break;
        p += n;
    }
    if (letters && p > l->at && l->end - p > 3 && memcmp(p, "://", 3) == 0) {
        const char *q = p + 3;
        while (q < l->end) {
            uint32_t c;
            size_t n = character_at(l, q, &c);
            if (!is_unicode_letter(c) && !is_digit((int)c) && !(c < 0x80 && c && strchr("_/-.?=&#%", (int)c))) break;
            q += n;
        }
        if (q > p + 3) return (size_t)(q - l->at);
    }
    return (size_t)(p - l->at);
}

static size_t digits_at(const lexer *l, size_t from)
{
    size_t n = from;
    while (is_digit(peek(l, n))) n++;
    return n - from;
}

static size_t exponent_at(const lexer *l, size_t from)
{
    if ((peek(l, from) | 32) != 'e') return 0;
    size_t sign = peek(l, from + 1) == '+' || peek(l, from + 1) == '-';
    size_t n = digits_at(l, from + 1 + sign);
    return n ? 1 + sign + n : 0;
}

/* A letter right behind a number that says its type: kind, or 0. Bytes of the suffix in *n. */
static int suffix_at(const lexer *l, size_t from, bool whole, size_t *n)
{
    *n = 1;
    switch (peek(l, from) | 32) {
    case 'l': return whole ? T_BIGINT : 0;
    case 's': return whole ? T_SMALLINT : 0;
    case 'y': return whole ? T_TINYINT : 0;
    case 'f': return T_FLOAT;
    case 'd': return T_DOUBLE;
    case 'b':
        *n = 2;
        return (peek(l, from + 1) | 32) == 'd' ? T_BIGDECIMAL : 0;
    default: return 0;
    }
}

/* The longest number at the present place. A number with a point may not run into a name (isValidDecimal). */
static int number_at(const lexer *l, size_t *length)
{
    size_t whole = digits_at(l, 0), best = 0, suffix_bytes;
    int kind = 0;
    if (whole) {
        size_t exponent = exponent_at(l, whole);
        int suffix = suffix_at(l, whole, true, &suffix_bytes);
        best = whole; kind = T_INTEGER;
        if (suffix) { best = whole + suffix_bytes; kind = suffix; }
        if (exponent && whole + exponent > best) { best = whole + exponent; kind = T_EXPONENT; }
        if (exponent && (suffix = suffix_at(l, whole + exponent, false, &suffix_bytes))) {
            best = whole + exponent + suffix_bytes;
            kind = suffix;
        }
    }
    if (peek(l, whole) == '.') {
        size_t fraction = digits_at(l, whole + 1), n = whole + 1 + fraction;
        if (whole + fraction > 0) {
            size_t ends[4] = { n, n + exponent_at(l, n) };
            for (int i = 0; i < 2; i++) {
                int suffix = suffix_at(l, ends[i], false, &suffix_bytes);
                ends[i + 2] = suffix ? ends[i] + suffix_bytes : 0;
                int kinds[2] = { i == 0 || ends[1] == n ? T_DECIMAL : T_EXPONENT, suffix };
                for (int k = 0; k < 2; k++) {
                    size_t e = ends[i + 2 * k];
                    int next = e ? peek(l, e) : 'a';
                    if (e > best && !is_letter(next) && !is_digit(next) && next != '_') { best = e; kind = kinds[k]; }
                }
            }
        }
    }
    *length = best;
    return kind;
}

static void line_comment(lexer *l)
{
    const char *p = l->at + 2;
    while (p < l->end && *p != '\r' && *p != '\n')
        p += *p == '\\' && p + 1 < l->end && p[1] == '\n' ? 2 : 1;
    if (p < l->end && *p == '\r') p++;
    if (p < l->end && *p == '\n') p++;
    advance(l, (size_t)(p - l->at));
}

static void bracketed_comment(lexer *l)
{
    int level = 0;
    const char *p = l->at;
    sp_sql_token begin = { .start = (uint32_t)(l->at - l->p->text.p), .first = l->character, .line = l->line,
        .column = l->column };
    while (p < l->end) {
        if (l->end - p >= 2 && p[0] == '/' && p[1] == '*' && !(l->end - p > 2 && p[2] == '+' && level)) {
            level++;
            p += 2;
        }
        else if (l->end - p >= 2 && p[0] == '*' && p[1] == '/') {
            p += 2;
            if (--level == 0) break;
        } else p++;
    }
    if (level) {
        l->p->comment_open = true;
        l->p->comment = begin;
    }
    advance(l, (size_t)(p - l->at));
}

typedef struct symbol { char text[4]; uint8_t kind; } symbol;
static const symbol symbols[] = {   /* longer ones first */
    { "<=>", T_NSEQ }, { ">>>", T_USHR }, { "/*+", T_HINT_START },
    { "==", T_EQ }, { "<>", T_NEQ }, { "!=", T_NEQJ }, { "<=", T_LTE }, { "!>", T_LTE }, { ">=", T_GTE },
        { "!<", T_GTE }, { "<<", T_SHL },
    { ">>", T_SHR }, { "||", T_CONCAT }, { "|>", T_OP_PIPE }, { "::", T_DCOLON }, { "->", T_ARROW },
        { "=>", T_FAT_ARROW }, { "*/", T_HINT_END },
    { ";", T_SEMICOLON }, { "(", T_LPAREN }, { ")", T_RPAREN }, { ",", T_COMMA }, { ".", T_DOT }, { "[", T_LBRACKET },
        { "]", T_RBRACKET },
    { "!", T_BANG }, { "=", T_EQ }, { "<", T_LT }, { ">", T_GT }, { "+", T_PLUS }, { "-", T_MINUS }, { "*", T_STAR },
        { "/", T_SLASH },
    { "%", T_PERCENT }, { "~", T_TILDE }, { "&", T_AMP }, { "|", T_PIPE }, { "^", T_HAT }, { ":", T_COLON },
        { "?", T_QUESTION },
};

static sp_status add_symbol(lexer *l)
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        const symbol *s = &symbols[i];
        size_t n = strlen(s->text);
        if ((size_t)(l->end - l->at) < n || memcmp(l->at, s->text, n) != 0) continue;
        if ((s->kind == T_SHR || s->kind == T_USHR) && l->complex_level) continue;
        if (s->kind == T_GT && l->complex_level) l->complex_level--;
        return add(l, s->kind, n);
    }
    uint32_t c;
    return add(l, T_UNKNOWN, character_at(l, l->at, &c));
}

static sp_status add_quoted(lexer *l, int kind, size_t n)
{
    return n ? add(l, kind, n) : add(l, T_UNKNOWN, 1);
}

static sp_status add_word(lexer *l)
{
    size_t name = name_length(l), number;
    int kind = number_at(l, &number);
    if (number && number >= name)
        return add(l, kind, number);
    if (!name)
        return add_symbol(l);
    kind = keyword_of(l->at, name);
    if (kind == K_ARRAY || kind == K_MAP || kind == K_STRUCT) l->complex_level++;
    return add(l, kind, name);
}

static sp_status next_token(lexer *l)
{
    uint32_t c;
    size_t n = character_at(l, l->at, &c);
    if (is_blank(c)) { advance(l, n); return SP_OK; }
    if (c == '-' && peek(l, 1) == '-') { line_comment(l); return SP_OK; }
    if (c == '/' && peek(l, 1) == '*' && peek(l, 2) != '+') { bracketed_comment(l); return SP_OK; }
    if (c == '\'') return add_quoted(l, T_STRING, quoted_length(l, '\''));
    if (c == '"') return add_quoted(l, T_DQ_STRING, quoted_length(l, '"'));
    if (c == '`') return add_quoted(l, T_QUOTED_IDENT, back_quoted_length(l));
    if ((c | 32) == 'r' && (peek(l, 1) == '\'' || peek(l, 1) == '"')) {
        n = raw_length(l);
        if (n) return add(l, T_STRING, n);
    }
    return add_word(l);
}

sp_status sp_sql_lex(sp_sql_parser *p)
{
    lexer l = { .p = p, .at = p->text.p, .end = p->text.p + p->text.n, .line = 1 };
    if (p->text.n >= UINT32_MAX / 2)
        return sp_sql_too_complex(p);
    while (l.at < l.end)
        SP_TRY(next_token(&l));
    SP_TRY(add(&l, T_EOF, 0));
    p->tokens = l.tokens;
    p->count = l.count;
    return SP_OK;
}

const char *sp_sql_kind_text(int kind)
{
    switch (kind) {
    case T_EOF: return "<EOF>";
    case T_STRING: return "STRING_LITERAL";
    case T_INTEGER: return "INTEGER_VALUE";
    case T_IDENT: return "IDENTIFIER";
    default: break;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (symbols[i].kind == kind) return symbols[i].text;
    for (int i = 0; i < WORD_COUNT; i++)
        if (words[i].kind == kind) return words[i].text;
    return "";
}
