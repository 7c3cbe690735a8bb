/* json.c -- small JSON documents: a recursive-descent reader into an arena, and a writer with Jackson's escapes.
 *
 * Strict, as Jackson is by default: no comments, no bare words, no control characters in strings. A lone surrogate escape
 * becomes U+FFFD, for UTF-8 has no form for it. */
#include "base/base.h"

typedef struct reader {
    sp_arena *arena;
    const char *start, *p, *end;
    sp_error *err;
} reader;

static sp_status parse_value(reader *r, int depth, sp_json **out);

static sp_status malformed(reader *r, const char *at, const char *what)
{
    return sp_error_plain(r->err, SP_EXC_ILLEGAL_ARGUMENT, "Malformed JSON at offset %zu: %s", (size_t)(at - r->start), what);
}

static void skip_blanks(reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static sp_status read_hex4(reader *r, uint32_t *out)
{
    if (r->end - r->p < 4)
        return malformed(r, r->p, "a \\u escape is cut short");
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)r->p[i];
        unsigned char low = c | 32;
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (uint32_t)(low - 'a' + 10);
        else
            return malformed(r, r->p + i, "not a hexadecimal digit");
    }
    r->p += 4;
    *out = v;
    return SP_OK;
}

/* p stands behind "\u". A pair of surrogates makes one code point. */
static sp_status read_code_point(reader *r, uint32_t *out)
{
    uint32_t c, low;
    SP_TRY(read_hex4(r, &c));
    if (c >= 0xD800 && c <= 0xDBFF && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
        const char *back = r->p;
        r->p += 2;
        SP_TRY(read_hex4(r, &low));
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *out = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            return SP_OK;
        }
        r->p = back;
    }
    *out = c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c;
    return SP_OK;
}

/* p stands behind a backslash; appends what the escape means at *to. */
static sp_status read_escape(reader *r, char **to)
{
    static const char from_letters[] = "\"\\/bfnrt", to_bytes[] = "\"\\/\b\f\n\r\t";
    if (r->p == r->end)
        return malformed(r, r->p, "a string is not closed");
    char c = *r->p++;
    if (c == 'u') {
        uint32_t code_point;
        SP_TRY(read_code_point(r, &code_point));
        *to += sp_utf8_encode(code_point, *to);
        return SP_OK;
    }
    const char *at = c ? strchr(from_letters, c) : NULL;
    if (!at)
        return malformed(r, r->p - 1, "not an escape");
    *(*to)++ = to_bytes[at - from_letters];
    return SP_OK;
}

/* p stands behind the opening quote. */
static sp_status parse_string(reader *r, sp_str *out)
{
    const char *start = r->p, *close = start;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return malformed(r, start - 1, "a string is not closed");
    if (!sp_utf8_valid((sp_str){ start, (size_t)(close - start) }))
        return malformed(r, start, "not valid UTF-8");
    /* no escape is shorter than the bytes it stands for */
    char *copy = sp_arena_alloc(r->arena, (size_t)(close - start) + 1, r->err);
    if (!copy)
        return SP_FAILED;
    char *to = copy;
    while (*r->p != '"') {
        unsigned char c = (unsigned char)*r->p++;
        if (c == '\\')
            SP_TRY(read_escape(r, &to));
        else if (c < ' ')
            return malformed(r, r->p - 1, "a control character in a string");
        else
            *to++ = (char)c;
    }
    r->p++;
    *to = 0;
    *out = (sp_str){ copy, (size_t)(to - copy) };
    return SP_OK;
}

static bool skip_digits(reader *r)
{
    const char *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > start;
}

static sp_status parse_number(reader *r, sp_json *j)
{
    const char *start = r->p;
    if (*r->p == '-')
        r->p++;
    const char *digits = r->p;
    bool good = skip_digits(r) && (*digits != '0' || r->p == digits + 1);
    if (good && r->p < r->end && *r->p == '.') {
        r->p++;
        good = skip_digits(r);
    }
    if (good && r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        good = skip_digits(r);
    }
    if (!good)
        return malformed(r, start, "not a number");
    j->kind = SP_JSON_NUMBER;
    j->text = sp_str_copy(r->arena, (sp_str){ start, (size_t)(r->p - start) }, r->err);
    return j->text.p ? SP_OK : SP_FAILED;
}

static sp_status parse_word(reader *r, sp_json *j)
{
    static const struct { const char *word; sp_json_kind kind; bool value; } words[] = {
        { "true", SP_JSON_BOOL, true }, { "false", SP_JSON_BOOL, false }, { "null", SP_JSON_NULL, false },
    };
    sp_str rest = { r->p, (size_t)(r->end - r->p) };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!sp_str_starts(rest, words[i].word))
            continue;
        r->p += strlen(words[i].word);
        j->kind = words[i].kind;
        j->boolean = words[i].value;
        return SP_OK;
    }
    return malformed(r, r->p, "a value was expected");
}

static sp_status parse_key(reader *r, sp_str *key)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != '"')
        return malformed(r, r->p, "a member's name was expected");
    r->p++;
    SP_TRY(parse_string(r, key));
    skip_blanks(r);
    if (r->p == r->end || *r->p != ':')
        return malformed(r, r->p, "':' was expected");
    r->p++;
    return SP_OK;
}

/* p stands behind the opening bracket. */
static sp_status parse_children(reader *r, int depth, sp_json *j, char close)
{
    if (depth > SP_JSON_DEPTH_MAX)
        return malformed(r, r->p - 1, "nested too deep");
    sp_json **tail = &j->child;
    skip_blanks(r);
    if (r->p < r->end && *r->p == close) {
        r->p++;
        return SP_OK;
    }
    for (;;) {
        sp_str key = { 0 };
        if (close == '}')
            SP_TRY(parse_key(r, &key));
        SP_TRY(parse_value(r, depth, tail));
        (*tail)->key = key;
        tail = &(*tail)->next;
        j->count++;
        skip_blanks(r);
        char c = r->p < r->end ? *r->p : 0;
        if (c != ',' && c != close)
            return malformed(r, r->p, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        r->p++;
        if (c == close)
            return SP_OK;
    }
}

static sp_status parse_value(reader *r, int depth, sp_json **out)
{
    sp_json *j;
    SP_NEW(j, r->arena, sizeof *j, r->err);
    *out = j;
    skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    if (c == '{' || c == '[') {
        r->p++;
        j->kind = c == '{' ? SP_JSON_OBJECT : SP_JSON_ARRAY;
        return parse_children(r, depth + 1, j, c == '{' ? '}' : ']');
    }
    if (c == '"') {
        r->p++;
        j->kind = SP_JSON_STRING;
        return parse_string(r, &j->text);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return parse_number(r, j);
    return parse_word(r, j);
}

sp_status sp_json_parse(sp_arena *a, sp_str text, sp_json **out, sp_error *err)
{
    reader r = { .arena = a, .start = text.p, .p = text.p, .end = text.p + text.n, .err = err };
    SP_TRY(parse_value(&r, 0, out));
    skip_blanks(&r);
    return r.p == r.end ? SP_OK : malformed(&r, r.p, "text after the value");
}

/* ---- asking ---- */

const sp_json *sp_json_get(const sp_json *object, const char *key)
{
    const sp_json *found = NULL;
    if (!object || object->kind != SP_JSON_OBJECT)
        return NULL;
    for (const sp_json *j = object->child; j; j = j->next)
        if (sp_str_is(j->key, key))
            found = j;   /* of several the last counts, as with Jackson */
    return found;
}

bool sp_json_i64(const sp_json *j, int64_t *out)
{
    return j && j->kind == SP_JSON_NUMBER && sp_str_to_i64(j->text, out);
}

sp_str sp_json_text(const sp_json *j)
{
    return j && (j->kind == SP_JSON_STRING || j->kind == SP_JSON_NUMBER) ? j->text : (sp_str){ NULL, 0 };
}

/* ---- writing ---- */

static void put_escape(sp_buf *out, unsigned char c)
{
    static const char letters[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };
    if (c < sizeof letters && letters[c]) {
        sp_buf_putc(out, '\\');
        sp_buf_putc(out, letters[c]);
    } else {
        sp_buf_printf(out, "\\u%04X", c);
    }
}

void sp_json_quote(sp_buf *out, sp_str s)
{
    const char *p = s.p, *end = s.p + s.n, *run = p;   /* run: start of what goes out as it is */
    sp_buf_putc(out, '"');
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        uint32_t code_point;
        int n = c < 0x80 ? 1 : sp_utf8_decode(p, end, &code_point);
        if (n > 0 && c >= ' ' && c != '"' && c != '\\') {
            p += n;
            continue;
        }
        sp_buf_add(out, run, (size_t)(p - run));
        if (n == 0)
            sp_buf_puts(out, "\xEF\xBF\xBD");   /* what Java's decoder makes of a malformed byte */
        else
            put_escape(out, c);
        run = ++p;
    }
    sp_buf_add(out, run, (size_t)(p - run));
    sp_buf_putc(out, '"');
}

void sp_json_write(sp_buf *out, const sp_json *j)
{
    switch (j->kind) {
    case SP_JSON_NULL:
        sp_buf_puts(out, "null");
        return;
    case SP_JSON_BOOL:
        sp_buf_puts(out, j->boolean ? "true" : "false");
        return;
    case SP_JSON_NUMBER:
        sp_buf_add(out, j->text.p, j->text.n);
        return;
    case SP_JSON_STRING:
        sp_json_quote(out, j->text);
        return;
    case SP_JSON_ARRAY:
    case SP_JSON_OBJECT:
        break;
    }
    bool object = j->kind == SP_JSON_OBJECT;
    sp_buf_putc(out, object ? '{' : '[');
    for (const sp_json *c = j->child; c; c = c->next) {
        if (c != j->child)
            sp_buf_putc(out, ',');
        if (object) {
            sp_json_quote(out, c->key);
            sp_buf_putc(out, ':');
        }
        sp_json_write(out, c);
    }
    sp_buf_putc(out, object ? '}' : ']');
}
