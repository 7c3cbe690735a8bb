/* type_ddl.c -- types and table schemas out of DDL text: "array<int>", "a INT NOT NULL, b STRING COMMENT 'x'".
 *
 * From: Spark's SqlBaseParser grammar (singleDataType, singleTableSchema and what is below them) and
 * DataTypeAstBuilder. Any word may be a name: with Spark's default settings no keyword is reserved. Syntax errors
 * come before those of meaning ("no such type"), as Spark walks a tree that parsed; so the first error of meaning
 * waits until the text has been read to its end. Hints of syntax errors follow ANTLR's single-token recovery: a token
 * too many when the next one is the expected one, a token missing when the present one may follow it. */
#include "column/type_ddl_int.h"
#include <stdio.h>

/* What may follow the type being read: decides whether a missing token can be named. */
enum { F_EOF = 1, F_COMMA = 2, F_GT = 4, F_NOT = 8, F_COMMENT = 16 };
enum { DEPTH_MAX = 200 };

typedef struct parser {
    sp_arena *arena;
    sp_error *err;
    sp_ddl_lexer lex;
    sp_ddl_token tok, next;
    int depth;
    bool broken;    /* stop: a syntax error or out of memory */
    bool wrong;     /* an error of meaning is in err; go on for the syntax */
} parser;

static void advance(parser *p)
{
    p->tok = p->next;
    p->next = sp_ddl_lex(&p->lex);
}

static void place(parser *p, const sp_ddl_token *at)
{
    if (!p->err) return;
    p->err->line = at->line;
    p->err->position = at->column;
}

static void clear_error(parser *p)
{
    if (p->err) sp_error_reset(p->err);
}

/* ---- errors ---- */

static void show_token(sp_buf *out, const sp_ddl_token *t)
{
    if (t->kind == SP_DDL_EOF) {
        sp_buf_puts(out, "end of input");
        return;
    }
    sp_buf_putc(out, '\'');
    for (size_t i = 0; i < t->text.n; i++) {
        char c = t->text.p[i];
        if (c == '\n') sp_buf_puts(out, "\\n");
        else if (c == '\r') sp_buf_puts(out, "\\r");
        else if (c == '\t') sp_buf_puts(out, "\\t");
        else sp_buf_putc(out, c);
    }
    sp_buf_putc(out, '\'');
}

static void syntax_error(parser *p, const char *hint)
{
    if (p->broken) return;
    p->broken = true;
    clear_error(p);
    if (sp_str_trim(p->lex.text).n == 0) {
        SP_FAIL(p->err, PARSE_EMPTY_STATEMENT);
    } else {
        sp_buf shown = { 0 };
        show_token(&shown, &p->tok);
        SP_FAIL(p->err, PARSE_SYNTAX_ERROR, "error", sp_buf_cstr(&shown), "hint", hint);
        sp_buf_done(&shown);
    }
    place(p, &p->tok);
}

static void extra_token(parser *p)
{
    sp_buf hint = { 0 };
    sp_buf_puts(&hint, ": extra input ");
    show_token(&hint, &p->tok);
    syntax_error(p, sp_buf_cstr(&hint));
    sp_buf_done(&hint);
}

static void out_of_memory(parser *p)
{
    p->broken = true;    /* err was filled by whoever failed */
}

/* True when the caller may fill err with an error of meaning: none is there yet. */
static bool may_complain(parser *p)
{
    if (p->wrong || p->broken) return false;
    p->wrong = true;
    return true;
}

static bool token_may_follow(const parser *p, int follow)
{
    const sp_ddl_token *t = &p->tok;
    return ((follow & F_EOF) && t->kind == SP_DDL_EOF) || ((follow & F_COMMA) && sp_ddl_is_char(t, ',')) ||
           ((follow & F_GT) && sp_ddl_is_char(t, '>')) || ((follow & F_NOT) && sp_ddl_is_word(t, "not")) ||
           ((follow & F_COMMENT) && sp_ddl_is_word(t, "comment"));
}

/* Takes the character, or fails as ANTLR's recoverInline does. */
static bool expect_char(parser *p, char c, bool may_be_missing)
{
    if (p->broken) return false;
    if (sp_ddl_is_char(&p->tok, c)) {
        advance(p);
        return true;
    }
    if (sp_ddl_is_char(&p->next, c)) {
        extra_token(p);
    } else if (may_be_missing) {
        char hint[] = ": missing '?'";
        hint[sizeof hint - 3] = c;
        syntax_error(p, hint);
    } else {
        syntax_error(p, "");
    }
    return false;
}

static bool expect_word(parser *p, const char *word)
{
    if (p->broken) return false;
    if (!sp_ddl_is_word(&p->tok, word)) {
        syntax_error(p, "");
        return false;
    }
    advance(p);
    return true;
}

static void expect_eof(parser *p)
{
    if (p->broken || p->tok.kind == SP_DDL_EOF) return;
    if (p->next.kind == SP_DDL_EOF) extra_token(p);
    else syntax_error(p, "");
}

/* ---- pieces ---- */

static bool is_name(const sp_ddl_token *t) { return t->kind == SP_DDL_WORD || t->kind == SP_DDL_QUOTED; }

/* `a``b` -> a`b; words as they are. */
static sp_str name_text(parser *p, const sp_ddl_token *t)
{
    sp_str s = t->text;
    if (t->kind == SP_DDL_QUOTED) s = (sp_str){ s.p + 1, s.n - 2 };
    sp_str out = sp_str_copy(p->arena, s, p->err);
    if (!out.p) {
        out_of_memory(p);
        return SP_LIT("");
    }
    if (t->kind == SP_DDL_QUOTED) {
        char *to = (char *)out.p;
        size_t n = 0;
        for (size_t i = 0; i < s.n; i++) {
            to[n++] = s.p[i];
            if (s.p[i] == '`') i++;
        }
        out.n = n;
    }
    return out;
}

/* errorCapturingIdentifier: a name; name-name is an error of its own. */
static sp_str field_name(parser *p)
{
    if (p->broken) return SP_LIT("");
    if (!is_name(&p->tok)) {
        syntax_error(p, "");
        return SP_LIT("");
    }
    sp_ddl_token first = p->tok;
    sp_str name = name_text(p, &first);
    advance(p);
    if (p->broken || !sp_ddl_is_char(&p->tok, '-') || !is_name(&p->next)) return name;
    sp_ddl_token minus = p->tok, last = p->tok;
    while (sp_ddl_is_char(&p->tok, '-') && is_name(&p->next)) {
        advance(p);
        last = p->tok;
        advance(p);
    }
    const char *from = first.text.p, *to = last.text.p + last.text.n;
    const char *ident = sp_arena_strndup(p->arena, from, (size_t)(to - from), p->err);
    p->broken = true;
    if (!ident) return name;
    clear_error(p);
    SP_FAIL(p->err, INVALID_IDENTIFIER, "ident", ident);
    place(p, &minus);
    return name;
}

static int integer(parser *p)
{
    int64_t v = 0;
    if (p->broken) return 0;
    if (p->tok.kind != SP_DDL_INTEGER) {
        syntax_error(p, "");
        return 0;
    }
    if (!sp_str_to_i64(p->tok.text, &v) || v > INT32_MAX) v = INT32_MAX;
    advance(p);
    return (int)v;
}

/* "(n)" when it is there. */
static bool sized(parser *p, int follow, int *out)
{
    if (p->broken || !sp_ddl_is_char(&p->tok, '(')) return false;
    advance(p);
    *out = integer(p);
    expect_char(p, ')', token_may_follow(p, follow));
    return true;
}

/* ---- primitive types ---- */

static const sp_type *void_type(void) { return sp_type_of(SP_VOID); }

/* What a maker returned; an error it gave becomes the text's. */
static const sp_type *made(parser *p, const sp_type *t)
{
    if (t) return t;
    p->wrong = true;
    return void_type();
}

static sp_type *own_type(parser *p, sp_kind kind)
{
    sp_type *t = sp_arena_calloc(p->arena, sizeof *t, p->err);
    if (!t) out_of_memory(p);
    else t->kind = kind;
    return t;
}

static const char *upper_text(parser *p, const char *s, size_t n)
{
    char *q = sp_arena_alloc(p->arena, n + 3, p->err);
    if (!q) {
        out_of_memory(p);
        return "";
    }
    q[0] = q[n + 1] = '"';
    q[n + 2] = 0;
    for (size_t i = 0; i < n; i++) q[i + 1] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i];
    return q;
}

static const sp_type *decimal_type(parser *p)
{
    if (!sp_ddl_is_char(&p->tok, '(')) return sp_type_of(SP_DECIMAL);
    advance(p);
    int precision = integer(p), scale = 0;
    if (!p->broken && sp_ddl_is_char(&p->tok, ',')) {
        advance(p);
        scale = integer(p);
    }
    expect_char(p, ')', false);
    if (p->broken || p->wrong) return void_type();
    return made(p, sp_type_decimal(p->arena, precision, scale, p->err));
}

static const sp_type *char_type(parser *p, const sp_ddl_token *word, int follow)
{
    int length = 0;
    if (!sized(p, follow, &length)) {
        const char *name = upper_text(p, word->text.p, word->text.n);
        if (may_complain(p)) {
            SP_FAIL(p->err, DATATYPE_MISSING_SIZE, "type", name);
            place(p, word);
        }
        return void_type();
    }
    sp_type *t = own_type(p, SP_STRING);
    if (!t) return void_type();
    t->length = length;
    t->is_char = length && !sp_ddl_is_word(word, "varchar");
    return t;
}

static int interval_field(const sp_ddl_token *t, sp_kind kind)
{
    static const char *const day_time[] = { "day", "hour", "minute", "second" };
    if (kind == SP_YEAR_MONTH) return sp_ddl_is_word(t, "year") ? 0 : sp_ddl_is_word(t, "month") ? 1 : -1;
    for (int i = 0; i < 4; i++)
        if (sp_ddl_is_word(t, day_time[i])) return i;
    return -1;
}

static const sp_type *interval_type(parser *p)
{
    sp_kind kind = interval_field(&p->tok, SP_YEAR_MONTH) >= 0 ? SP_YEAR_MONTH : SP_DAY_TIME;
    int start = interval_field(&p->tok, kind);
    if (start < 0) return sp_type_of(SP_CALENDAR);
    sp_ddl_token from = p->tok;
    advance(p);
    int end = start;
    if (sp_ddl_is_word(&p->tok, "to")) {
        advance(p);
        end = interval_field(&p->tok, kind);
        if (end < 0 || (end == 0)) {    /* TO YEAR and TO DAY are not in the grammar */
            syntax_error(p, "");
            return void_type();
        }
        if (end <= start && may_complain(p)) {
            const char *f = sp_arena_strndup(p->arena, from.text.p, from.text.n, p->err);
            const char *t = sp_arena_strndup(p->arena, p->tok.text.p, p->tok.text.n, p->err);
            SP_FAIL(p->err, INVALID_INTERVAL_FORMAT__UNSUPPORTED_FROM_TO_EXPRESSION, "input", "", "from", f, "to", t);
            place(p, &from);
        }
        advance(p);
    }
    if (p->wrong || p->broken) return void_type();
    return made(p, sp_type_interval(p->arena, kind, start, end, p->err));
}

static const sp_type *string_type(parser *p)
{
    if (!sp_ddl_is_word(&p->tok, "collate")) return sp_type_of(SP_STRING);
    advance(p);
    sp_str name = field_name(p);
    while (!p->broken && sp_ddl_is_char(&p->tok, '.')) {    /* system.builtin.UNICODE */
        advance(p);
        name = field_name(p);
    }
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] >= 'a' && name.p[i] <= 'z') ((char *)name.p)[i] = (char)(name.p[i] - 32);
    if (p->broken || sp_str_is(name, "UTF8_BINARY")) return sp_type_of(SP_STRING);
    sp_type *t = own_type(p, SP_STRING);
    if (!t) return void_type();
    t->collation = name;
    return t;
}

/* After TIMESTAMP or TIME: [WITHOUT TIME ZONE]. */
static bool without_zone(parser *p)
{
    if (p->broken || !sp_ddl_is_word(&p->tok, "without")) return false;
    advance(p);
    return expect_word(p, "time") && expect_word(p, "zone");
}

static const sp_type *time_type(parser *p, const sp_ddl_token *word, int follow)
{
    int precision = 6;
    sized(p, follow, &precision);
    without_zone(p);
    if (precision == 6 || p->broken) return sp_type_of(SP_TIME);
    if (precision > 9) {
        char text[16];
        snprintf(text, sizeof text, "%d", precision);
        if (may_complain(p)) SP_FAIL(p->err, UNSUPPORTED_TIME_PRECISION, "precision", text);
        return void_type();
    }
    sp_type *t = own_type(p, SP_TIME);
    if (!t) return void_type();
    t->precision = (uint8_t)precision;
    return t;
}

/* unsupportedType: any name, with integers in brackets. */
static const sp_type *unknown_type(parser *p, const sp_ddl_token *word, int follow)
{
    sp_buf text = { 0 };
    sp_str name = name_text(p, word);
    sp_buf_add(&text, name.p, name.n);
    if (!p->broken && sp_ddl_is_char(&p->tok, '(')) {
        do {
            sp_buf_putc(&text, sp_ddl_is_char(&p->tok, '(') ? '(' : ',');
            advance(p);
            sp_buf_printf(&text, "%d", integer(p));
        } while (!p->broken && sp_ddl_is_char(&p->tok, ','));
        sp_buf_putc(&text, ')');
        expect_char(p, ')', false);
    }
    const char *shown = upper_text(p, text.failed ? "" : text.data, text.failed ? 0 : text.len);
    if (may_complain(p)) {
        SP_FAIL(p->err, UNSUPPORTED_DATATYPE, "typeName", shown);
        place(p, word);
    }
    sp_buf_done(&text);
    return void_type();
}

static const struct { const char *name; sp_kind kind; } trivial_types[] = {
    { "boolean", SP_BOOLEAN }, { "tinyint", SP_BYTE }, { "byte", SP_BYTE }, { "smallint", SP_SHORT },
    { "short", SP_SHORT },
    { "int", SP_INT }, { "integer", SP_INT }, { "bigint", SP_LONG }, { "long", SP_LONG }, { "float", SP_FLOAT },
    { "real", SP_FLOAT }, { "double", SP_DOUBLE }, { "date", SP_DATE }, { "timestamp_ltz", SP_TIMESTAMP },
    { "timestamp_ntz", SP_TIMESTAMP_NTZ }, { "binary", SP_BINARY }, { "void", SP_VOID }, { "variant", SP_VARIANT }
};

static const sp_type *primitive_type(parser *p, int follow)
{
    sp_ddl_token word = p->tok;
    if (!is_name(&word)) {
        syntax_error(p, "");
        return void_type();
    }
    advance(p);
    for (size_t i = 0; i < sizeof trivial_types / sizeof *trivial_types; i++)
        if (sp_ddl_is_word(&word, trivial_types[i].name)) return sp_type_of(trivial_types[i].kind);
    if (sp_ddl_is_word(&word, "string")) return string_type(p);
    if (sp_ddl_is_word(&word, "decimal") || sp_ddl_is_word(&word, "dec") || sp_ddl_is_word(&word, "numeric"))
        return decimal_type(p);
    if (sp_ddl_is_word(&word, "char") || sp_ddl_is_word(&word, "character") || sp_ddl_is_word(&word, "varchar"))
        return char_type(p, &word, follow);
    if (sp_ddl_is_word(&word, "interval")) return interval_type(p);
    if (sp_ddl_is_word(&word, "timestamp")) return sp_type_of(without_zone(p) ? SP_TIMESTAMP_NTZ : SP_TIMESTAMP);
    if (sp_ddl_is_word(&word, "time")) return time_type(p, &word, follow);
    return unknown_type(p, &word, follow);
}

/* ---- nested types and fields ---- */

static const sp_type *any_type(parser *p, int follow);

/* One field: name, ':' when in a struct and wanted, type, NOT NULL, COMMENT. */
static void one_field(parser *p, bool in_struct, int follow, sp_field *f)
{
    f->name = field_name(p);
    if (in_struct && !p->broken && sp_ddl_is_char(&p->tok, ':')) advance(p);
    f->type = any_type(p, follow | F_NOT | F_COMMENT);
    f->nullable = true;
    if (!p->broken && sp_ddl_is_word(&p->tok, "not")) {
        advance(p);
        f->nullable = !expect_word(p, "null");
    }
    if (p->broken || !sp_ddl_is_word(&p->tok, "comment")) return;
    advance(p);
    if (p->tok.kind != SP_DDL_STRING) {
        syntax_error(p, "");
        return;
    }
    sp_buf text = { 0 }, meta = { 0 };
    for (; p->tok.kind == SP_DDL_STRING; advance(p)) sp_ddl_unquote(&text, p->tok.text);
    sp_buf_puts(&meta, "{\"comment\":");
    sp_json_quote(&meta, (sp_str){ text.data ? text.data : "", text.len });
    sp_buf_putc(&meta, '}');
    if (text.failed || meta.failed) sp_error_memory(p->err, "a comment");
    else f->metadata = sp_str_copy(p->arena, (sp_str){ meta.data, meta.len }, p->err);
    if (!f->metadata.p) out_of_memory(p);
    sp_buf_done(&text);
    sp_buf_done(&meta);
}

static const sp_type *field_list(parser *p, bool in_struct, int follow)
{
    sp_field *fields = NULL;
    int n = 0, cap = 0;
    for (;;) {
        if (n == cap) {
            sp_field *more = sp_arena_calloc(p->arena, sizeof *more * (size_t)(cap ? cap * 2 : 8), p->err);
            if (!more) {
                out_of_memory(p);
                return void_type();
            }
            if (n) memcpy(more, fields, sizeof *more * (size_t)n);
            fields = more;
            cap = cap ? cap * 2 : 8;
        }
        one_field(p, in_struct, follow | F_COMMA, &fields[n++]);
        if (p->broken || !sp_ddl_is_char(&p->tok, ',')) break;
        advance(p);
    }
    if (p->broken) return void_type();
    const sp_type *t = sp_type_struct(p->arena, fields, n, p->err);
    if (!t) out_of_memory(p);
    return t ? t : void_type();
}

static const sp_type *struct_type(parser *p, int follow)
{
    const sp_type *t = NULL;
    if (p->tok.kind == SP_DDL_NEQ) {
        advance(p);
    } else {
        advance(p);
        if (!sp_ddl_is_char(&p->tok, '>')) t = field_list(p, true, F_GT);
        expect_char(p, '>', token_may_follow(p, follow));
    }
    if (!t && !p->broken && !(t = sp_type_struct(p->arena, NULL, 0, p->err))) out_of_memory(p);
    return t ? t : void_type();
}

/* The word alone, without its <...>. */
static const sp_type *incomplete(parser *p, const sp_ddl_token *word)
{
    if (!may_complain(p)) return void_type();
    if (sp_ddl_is_word(word, "array")) SP_FAIL(p->err, INCOMPLETE_TYPE_DEFINITION__ARRAY, "elementType", "<INT>");
    else if (sp_ddl_is_word(word, "map")) SP_FAIL(p->err, INCOMPLETE_TYPE_DEFINITION__MAP);
    else SP_FAIL(p->err, INCOMPLETE_TYPE_DEFINITION__STRUCT);
    place(p, word);
    return void_type();
}

static const sp_type *nested_type(parser *p, int follow)
{
    sp_ddl_token word = p->tok;
    advance(p);
    bool is_struct = sp_ddl_is_word(&word, "struct");
    if (!sp_ddl_is_char(&p->tok, '<') && !(is_struct && p->tok.kind == SP_DDL_NEQ)) return incomplete(p, &word);
    if (is_struct) return struct_type(p, follow);
    advance(p);
    const sp_type *t;
    if (sp_ddl_is_word(&word, "array")) {
        const sp_type *element = any_type(p, F_GT);
        expect_char(p, '>', token_may_follow(p, follow));
        t = p->broken ? NULL : sp_type_array(p->arena, element, true, p->err);
    } else {
        const sp_type *key = any_type(p, F_COMMA);
        expect_char(p, ',', is_name(&p->tok));
        const sp_type *value = any_type(p, F_GT);
        expect_char(p, '>', token_may_follow(p, follow));
        t = p->broken ? NULL : sp_type_map(p->arena, key, value, true, p->err);
    }
    if (!t) out_of_memory(p);
    return t ? t : void_type();
}

static const sp_type *any_type(parser *p, int follow)
{
    if (p->broken) return void_type();
    if (!sp_ddl_is_word(&p->tok, "array") && !sp_ddl_is_word(&p->tok, "map") && !sp_ddl_is_word(&p->tok, "struct"))
        return primitive_type(p, follow);
    if (++p->depth > DEPTH_MAX) {
        p->broken = true;
        clear_error(p);
        SP_FAIL(p->err, FAILED_TO_PARSE_TOO_COMPLEX);
        place(p, &p->tok);
        return void_type();
    }
    const sp_type *t = nested_type(p, follow);
    p->depth--;
    return t;
}

/* ---- doors ---- */

static sp_status parse(sp_arena *a, sp_str text, bool schema, const sp_type **out, sp_error *err)
{
    parser p = { .arena = a, .err = err, .lex = { text, 0, 1, 0 } };
    advance(&p);
    advance(&p);
    *out = schema ? field_list(&p, false, F_EOF) : any_type(&p, F_EOF);
    expect_eof(&p);
    return p.broken || p.wrong ? SP_FAILED : SP_OK;
}

sp_status sp_type_from_ddl(sp_arena *a, sp_str ddl, const sp_type **out, sp_error *err)
{
    return parse(a, ddl, false, out, err);
}

sp_status sp_type_schema_from_ddl(sp_arena *a, sp_str ddl, const sp_type **out, sp_error *err)
{
    return parse(a, ddl, true, out, err);
}

/* The order of Connect's parseDatatypeString: a table schema, a type, the fields of a struct; JSON is told by its first
 * character. The error is the table schema's, as in Spark. */
sp_status sp_type_parse(sp_arena *a, sp_str text, const sp_type **out, sp_error *err)
{
    sp_str trimmed = sp_str_trim(text);
    if (trimmed.n && (trimmed.p[0] == '{' || trimmed.p[0] == '"')) return sp_type_from_json(a, text, out, err);
    if (parse(a, text, true, out, err) == SP_OK) return SP_OK;
    const char *wrapped = sp_arena_printf(a, NULL, "struct<%.*s>", (int)trimmed.n, trimmed.p);
    if (parse(a, text, false, out, NULL) == SP_OK ||
        (wrapped && trimmed.n && parse(a, sp_str_of(wrapped), false, out, NULL) == SP_OK)) {
        clear_error(&(parser){ .err = err });
        return SP_OK;
    }
    return SP_FAILED;
}
