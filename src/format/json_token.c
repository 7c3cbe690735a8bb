/* json_token.c -- the record scanner: which tokens a text is made of, exactly as Jackson's byte parser says.
 *
 * What matters to Spark is where an error comes up, for that decides which fields of a broken record survive: a
 * value's literal or number is read together with the name before it (so a bad one fails at the name), while a string
 * behind a name is looked at only when somebody asks for it or passes it. After an error the next call goes on right
 * behind the offending character, as Jackson's does. Strings become UTF-16 in Jackson and UTF-8 again in Spark: a
 * lone surrogate turns into '?', an overlong form into the character it stands for. Behaviour:
 * com.fasterxml.jackson.core.json.UTF8StreamJsonParser 2.18+, StreamReadConstraints. */
#include "format/json_int.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { IN_ROOT = 0, IN_ARRAY = 1, IN_OBJECT = 2, HAS_ENTRY = 4 };
enum { END_OF_TEXT = -1, BROKEN = -2 };
enum { ERROR_TOKEN_MAX = 256 };

sp_status sp_json_reader_init(json_reader *r, sp_arena *a, uint32_t features, int max_depth, int max_number,
                              sp_error *err)
{
    memset(r, 0, sizeof *r);
    r->features = features;
    r->max_depth = max_depth;
    r->max_number = max_number;
    SP_NEW_ARRAY(r->kind, a, max_depth + 2, err);
    SP_NEW_ARRAY(r->names, a, max_depth + 2, err);
    return SP_OK;
}

void sp_json_reader_start(json_reader *r, sp_str record, sp_arena *arena)
{
    if (record.n >= 4 && memcmp(record.p, "\xEF\xBB\xBF", 3) == 0) {
        record.p += 3;
        record.n -= 3;
    }
    r->p = r->start = record.p;
    r->end = record.p + record.n;
    r->token = JT_NONE;
    r->pending = JT_END;
    r->unfinished = false;
    r->depth = 0;
    r->kind[0] = IN_ROOT;
    r->names[0] = (sp_str){ NULL, 0 };
    r->arena = arena;
}

sp_str sp_json_current_name(const json_reader *r)
{
    int d = r->depth;
    if (d > 0 && (r->token == JT_OBJECT || r->token == JT_ARRAY))
        d--;
    return r->names[d];
}

/* ---- characters ---- */

static inline uint8_t at(const char *p) { return (uint8_t)*p; }
static inline bool is_digit(int c) { return c >= '0' && c <= '9'; }

/* Character.isJavaIdentifierPart; every character past ASCII counts as one (nothing that follows a token could be
 * another). */
static bool is_identifier(int c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
    return letter || is_digit(c) || c >= 0x7f || c < 9 || (c >= 0x0e && c <= 0x1b);
}

/* Length of the UTF-8 sequence at q by its lead byte, as Jackson's table has it; 0: no lead byte. */
static int sequence_length(int c)
{
    return (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
}

/* Steps over the sequence at *q. false: malformed, *q behind the byte that told. *odd: not the form UTF-8 wants. */
static bool skip_sequence(const char **q, const char *end, bool *odd)
{
    const char *s = *q;
    int c = at(s), n = sequence_length(c);
    if (n == 0) {
        *q = s + 1;
        return false;
    }
    for (int i = 1; i < n; i++) {
        if (s + i >= end) {
            *q = end;
            return false;
        }
        if ((at(s + i) & 0xc0) != 0x80) {
            *q = s + i + 1;
            return false;
        }
    }
    int second = at(s + 1);
    if (n == 2 ? c < 0xc2 : n == 3 ? (c == 0xe0 && second < 0xa0) || (c == 0xed && second >= 0xa0)
                                   : (c == 0xf0 && second < 0x90) || (c == 0xf4 && second >= 0x90) || c > 0xf4)
        *odd = true;
    *q = s + n;
    return true;
}

static int hex_value(int c)
{
    if (is_digit(c)) return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* *q stands behind a backslash. */
static bool skip_escape(const json_reader *r, const char **q, bool *odd)
{
    if (*q >= r->end)
        return false;
    int c = at(*q);
    switch (c) {
    case 'b': case 't': case 'n': case 'f': case 'r': case '"': case '/': case '\\':
        ++*q;
        return true;
    case 'u':
        ++*q;
        for (int i = 0; i < 4; i++) {
            if (*q >= r->end)
                return false;
            if (hex_value(at((*q)++)) < 0)
                return false;
        }
        return true;
    }
    if (c >= 0x80) {
        if (!skip_sequence(q, r->end, odd))
            return false;
    } else {
        ++*q;
    }
    return (r->features & JF_ANY_ESCAPE) || (c == '\'' && (r->features & JF_SINGLE_QUOTES));
}

/* ---- strings ---- */

const char *sp_json_plain_end(const char *p, const char *end, char quote)
{
#if defined(__SSE2__)
    const __m128i q = _mm_set1_epi8(quote), b = _mm_set1_epi8('\\'), low = _mm_set1_epi8(0x20);
    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)p);    /* signed: bytes past ASCII are below 0x20 too */
        int m = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, q), _mm_cmpeq_epi8(x, b)),
                                               _mm_cmplt_epi8(x, low)));
        if (m)
            return p + __builtin_ctz((unsigned)m);
        p += 16;
    }
#endif
    while (p < end && *p != quote && *p != '\\' && at(p) >= 0x20 && at(p) < 0x80)
        p++;
    return p;
}

/* UTF-16 units to UTF-8, as String.getBytes does it. */
typedef struct units { char *to; uint32_t high; } units;

static void put_code(units *u, uint32_t c)
{
    char b[4];
    int n = sp_utf8_encode(c, b);
    memcpy(u->to, b, (size_t)n);
    u->to += n;
}

static void put_unit(units *u, uint32_t c)
{
    if (u->high) {
        if (c >= 0xdc00 && c <= 0xdfff) {
            put_code(u, 0x10000 + ((u->high - 0xd800) << 10) + (c - 0xdc00));
            u->high = 0;
            return;
        }
        *u->to++ = '?';
        u->high = 0;
    }
    if (c >= 0xd800 && c <= 0xdbff) u->high = c;
    else if (c >= 0xdc00 && c <= 0xdfff) *u->to++ = '?';
    else put_code(u, c);
}

static const char *put_sequence(units *u, const char *p)
{
    int c = at(p), n = sequence_length(c);
    uint32_t v = (uint32_t)c & (n == 2 ? 0x1f : n == 3 ? 0x0f : 0x07);
    for (int i = 1; i < n; i++)
        v = v << 6 | (at(p + i) & 0x3f);
    if (n < 4) {
        put_unit(u, v);
    } else {
        v -= 0x10000;       /* wraps for an overlong form, as Jackson's int arithmetic does */
        put_unit(u, (0xd800u | v >> 10) & 0xffff);
        put_unit(u, 0xdc00 | (v & 0x3ff));
    }
    return p + n;
}

static const char *put_escape(units *u, const char *p)
{
    uint32_t v = 0;
    switch (*p) {
    case 'b': put_unit(u, '\b'); return p + 1;
    case 't': put_unit(u, '\t'); return p + 1;
    case 'n': put_unit(u, '\n'); return p + 1;
    case 'f': put_unit(u, '\f'); return p + 1;
    case 'r': put_unit(u, '\r'); return p + 1;
    case 'u':
        for (int i = 1; i <= 4; i++)
            v = v << 4 | (uint32_t)hex_value(at(p + i));
        put_unit(u, v);
        return p + 5;
    }
    if (at(p) >= 0x80)
        return put_sequence(u, p);
    put_unit(u, at(p));
    return p + 1;
}

/* The characters of a checked string with escapes or odd forms in it. The result is never longer than what it is made
 * of. */
static bool decode(json_reader *r, const char *p, const char *end)
{
    char *own = sp_arena_alloc(r->arena, (size_t)(end - p) + 16, NULL);
    if (!own) {
        r->no_memory = true;
        return false;
    }
    units u = { own, 0 };
    while (p < end) {
        if (*p == '\\') p = put_escape(&u, p + 1);
        else if (at(p) < 0x80) put_unit(&u, at(p++));
        else p = put_sequence(&u, p);
    }
    if (u.high)
        *u.to++ = '?';
    r->text = (sp_str){ own, (size_t)(u.to - own) };
    return true;
}

/* p stands behind the opening quote. */
static bool read_string(json_reader *r, char quote, bool keep)
{
    const char *s = r->p, *q = s;
    bool odd = false;
    for (;;) {
        q = sp_json_plain_end(q, r->end, quote);
        if (q >= r->end) {
            r->p = r->end;
            return false;
        }
        int c = at(q);
        if (c == quote)
            break;
        bool good;
        if (c == '\\') {
            odd = true;
            q++;
            good = skip_escape(r, &q, &odd);
        } else if (c < 0x20) {
            q++;
            good = r->features & JF_CONTROLS;
        } else {
            good = skip_sequence(&q, r->end, &odd);
        }
        if (!good) {
            r->p = q;
            return false;
        }
    }
    r->p = q + 1;
    if (!keep)
        return true;
    r->text = (sp_str){ s, (size_t)(q - s) };
    return !odd || decode(r, s, q);
}

bool sp_json_finish_string(json_reader *r)
{
    if (!r->unfinished)
        return true;
    r->unfinished = false;
    return read_string(r, '"', true);
}

/* ---- between tokens ---- */

/* *p stands behind a slash. */
static bool skip_comment(json_reader *r)
{
    if (!(r->features & JF_COMMENTS) || r->p >= r->end)
        return false;
    int c = at(r->p++);
    if (c == '/') {
        while (r->p < r->end && *r->p != '\n' && *r->p != '\r')
            r->p++;
        return true;
    }
    if (c != '*')
        return false;
    while (r->p + 1 < r->end) {
        if (r->p[0] == '*' && r->p[1] == '/') {
            r->p += 2;
            return true;
        }
        r->p++;
    }
    r->p = r->end;
    return false;
}

/* The next character that is not blank, taken; END_OF_TEXT, BROKEN. */
static inline int skip_blanks(json_reader *r)
{
    while (r->p < r->end) {
        int c = at(r->p++);
        if (c > ' ') {
            if (c != '/' || !skip_comment(r)) {
                if (c == '/')
                    return BROKEN;
                return c;
            }
        } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            return BROKEN;
        }
    }
    return END_OF_TEXT;
}

/* ---- literals and numbers ---- */

/* What Jackson reads to quote a bad token: identifier characters, and one more. */
static json_token bad_token(json_reader *r)
{
    for (int i = 0; r->p < r->end && i < ERROR_TOKEN_MAX; i++) {
        bool odd;
        int c = at(r->p);
        if (c >= 0x80) {
            if (!skip_sequence(&r->p, r->end, &odd))
                break;
        } else {
            r->p++;
        }
        if (!is_identifier(c))
            break;
    }
    return JT_ERROR;
}

/* p stands behind the first `from` characters of the word. */
static bool match(json_reader *r, const char *word, int from)
{
    for (const char *w = word + from; *w; w++, r->p++)
        if (r->p >= r->end || *r->p != *w) {
            bad_token(r);
            return false;
        }
    if (r->p >= r->end)
        return true;
    int c = at(r->p);
    if (c < '0' || c == ']' || c == '}' || !is_identifier(c))
        return true;
    bad_token(r);
    return false;
}

static json_token not_a_number(json_reader *r, const char *word, int from)
{
    if (!match(r, word, from) || !(r->features & JF_NOT_A_NUMBER))
        return JT_ERROR;
    r->text = (sp_str){ r->start, (size_t)(r->p - r->start) };
    return JT_FLOAT;
}

/* Behind a sign: INF or Infinity, else an error. */
static json_token signed_word(json_reader *r, bool negative)
{
    if (r->p >= r->end || *r->p++ != 'I' || r->p >= r->end)
        return JT_ERROR;
    int c = at(r->p++);
    if (c == 'N')
        return not_a_number(r, negative ? "-INF" : "+INF", 3);
    if (c == 'n')
        return not_a_number(r, negative ? "-Infinity" : "+Infinity", 3);
    return JT_ERROR;
}

static json_token root_space(json_reader *r, json_token t)
{
    if (r->depth == 0 && r->p < r->end) {
        int c = at(r->p);
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            r->p++;
            return JT_ERROR;
        }
    }
    r->text = (sp_str){ r->start, (size_t)(r->p - r->start) };
    return t;
}

static int skip_digits(json_reader *r)
{
    const char *s = r->p;
    while (r->p < r->end && is_digit(at(r->p)))
        r->p++;
    return (int)(r->p - s < INT32_MAX / 4 ? r->p - s : INT32_MAX / 4);
}

/* start stands at the sign or first digit, p behind it. */
static json_token read_number(json_reader *r, int c)
{
    if (c == '-') {
        if (r->p >= r->end)
            return JT_ERROR;
        c = at(r->p);
        if (!is_digit(c)) {
            if (c == 'I')
                return signed_word(r, true);
            r->p++;
            return JT_ERROR;
        }
        r->p++;
    }
    int length = 1;
    if (c == '0' && r->p < r->end && is_digit(at(r->p))) {
        if (!(r->features & JF_LEADING_ZEROS))
            return JT_ERROR;
        while (r->p < r->end && *r->p == '0')
            r->p++;
    }
    length += skip_digits(r);
    json_token t = JT_INT;
    if (r->p < r->end && *r->p == '.') {
        r->p++;
        int n = skip_digits(r);
        if (n == 0) {
            r->p += r->p < r->end;
            return JT_ERROR;
        }
        length += n;
        t = JT_FLOAT;
    }
    if (r->p < r->end && (*r->p | 32) == 'e') {
        r->p++;
        if (r->p < r->end && (*r->p == '-' || *r->p == '+'))
            r->p++;
        int n = skip_digits(r);
        if (n == 0) {
            r->p += r->p < r->end;
            return JT_ERROR;
        }
        length += n;
        t = JT_FLOAT;
    }
    return length > r->max_number ? JT_ERROR : root_space(r, t);
}

/* ---- tokens ---- */

static json_token unexpected(json_reader *r, int c)
{
    if (c == '\'' && (r->features & JF_SINGLE_QUOTES))
        return read_string(r, '\'', true) ? JT_STRING : JT_ERROR;
    if (c == 'N')
        return not_a_number(r, "NaN", 1);
    if (c == 'I')
        return not_a_number(r, "Infinity", 1);
    if (c == '+')
        return signed_word(r, false);
    if (c != ']' && c != '}' && c != ',' && !is_digit(c) && is_identifier(c))
        return bad_token(r);
    return JT_ERROR;
}

/* The token that begins with c; objects and arrays are not entered here. A "string" stays unfinished. */
static json_token read_value(json_reader *r, int c)
{
    switch (c) {
    case '"': r->unfinished = true; return JT_STRING;
    case '{': return JT_OBJECT;
    case '[': return JT_ARRAY;
    case 't': return match(r, "true", 1) ? JT_TRUE : JT_ERROR;
    case 'f': return match(r, "false", 1) ? JT_FALSE : JT_ERROR;
    case 'n': return match(r, "null", 1) ? JT_NULL : JT_ERROR;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return read_number(r, c);
    }
    return unexpected(r, c);
}

static bool read_name(json_reader *r, int c)
{
    if (c == '"')
        return read_string(r, '"', true);
    if (c == '\'' && (r->features & JF_SINGLE_QUOTES))
        return read_string(r, '\'', true);
    bool special = c == '@' || c == '#' || c == '*' || c == '-' || c == '+';
    if (!(r->features & JF_BARE_NAMES) || !(is_identifier(c) || special))
        return false;
    const char *s = r->p - 1;
    bool odd = false;
    if (at(s) >= 0x80) {
        r->p = s;
        if (!skip_sequence(&r->p, r->end, &odd))
            return false;
    }
    while (r->p < r->end) {
        c = at(r->p);
        if (c < 33 || !(is_identifier(c) || c == '@' || c == '#' || c == '*' || c == '-' || c == '+'))
            break;
        if (c < 0x80) r->p++;
        else if (!skip_sequence(&r->p, r->end, &odd)) return false;
    }
    if (r->p >= r->end)
        return false;
    r->text = (sp_str){ s, (size_t)(r->p - s) };
    return !odd || decode(r, s, r->p);
}

static json_token enter(json_reader *r, json_token t)
{
    if (t == JT_OBJECT || t == JT_ARRAY) {
        if (r->depth >= r->max_depth)
            return JT_ERROR;
        r->depth++;
        r->kind[r->depth] = t == JT_OBJECT ? IN_OBJECT : IN_ARRAY;
        r->names[r->depth] = (sp_str){ NULL, 0 };
    }
    return r->token = t;
}

static json_token close_scope(json_reader *r, int c)
{
    int kind = r->kind[r->depth] & ~HAS_ENTRY;
    if (kind != (c == '}' ? IN_OBJECT : IN_ARRAY))
        return JT_ERROR;
    r->depth--;
    return r->token = c == '}' ? JT_OBJECT_END : JT_ARRAY_END;
}

json_token sp_json_next(json_reader *r)
{
    if (r->token == JT_NAME) {
        json_token t = r->pending;
        r->pending = JT_END;
        return enter(r, t);
    }
    if (r->unfinished) {
        r->unfinished = false;
        if (!read_string(r, '"', false))
            return JT_ERROR;
    }
    int c = skip_blanks(r);
    if (c < 0) {
        if (c == BROKEN || r->depth > 0)
            return JT_ERROR;
        return r->token = JT_END;
    }
    r->start = r->p - 1;
    if (c == ']' || c == '}')
        return close_scope(r, c);
    uint8_t *kind = &r->kind[r->depth];
    if (r->depth > 0 && (*kind & HAS_ENTRY)) {
        if (c != ',' || (c = skip_blanks(r)) < 0)
            return JT_ERROR;
        r->start = r->p - 1;
    }
    *kind |= HAS_ENTRY;
    if (!(*kind & IN_OBJECT)) {
        json_token t = read_value(r, c);
        return t == JT_ERROR ? t : enter(r, t);
    }
    if (!read_name(r, c))
        return JT_ERROR;
    r->names[r->depth] = r->text;
    r->token = JT_NAME;
    r->pending = JT_END;
    if (skip_blanks(r) != ':' || (c = skip_blanks(r)) < 0)
        return JT_ERROR;
    r->start = r->p - 1;
    json_token t = read_value(r, c);
    if (t == JT_ERROR)
        return t;
    r->pending = t;
    return JT_NAME;
}

json_token sp_json_value_at(json_reader *r, const char *p, const char *end)
{
    r->start = p;
    r->p = p + 1;
    r->end = end;
    r->depth = 1;
    r->kind[1] = IN_OBJECT | HAS_ENTRY;
    r->names[1] = SP_LIT("");
    r->token = JT_NAME;
    r->unfinished = false;
    return r->pending = read_value(r, at(p));
}

bool sp_json_pass_value(json_reader *r)
{
    if (r->pending == JT_OBJECT || r->pending == JT_ARRAY)
        return sp_json_next(r) != JT_ERROR && sp_json_skip_children(r);
    bool unfinished = r->unfinished;
    r->unfinished = false;
    return !unfinished || read_string(r, '"', false);
}

bool sp_json_skip_children(json_reader *r)
{
    if (r->token != JT_OBJECT && r->token != JT_ARRAY)
        return true;
    for (int open = 1; open > 0;) {
        switch (sp_json_next(r)) {
        case JT_OBJECT: case JT_ARRAY: open++; break;
        case JT_OBJECT_END: case JT_ARRAY_END: open--; break;
        case JT_END: case JT_ERROR: return false;
        default: break;
        }
    }
    return true;
}
