/* regex.c -- java.util.regex's dialect over PCRE2.
 *
 * Patterns go to PCRE2 with the few differences rewritten: \Z, \h \v \R are alike; Java's possessive and atomic
 * groups, lookaround and named groups are PCRE's own; [a&&b] intersections become lookaheads; \p{javaX}, \p{Alpha}
 * and \p{IsLatin} forms map to POSIX classes and scripts; . stops at Java's line ends. What differs and is not
 * rewritten: case-insensitive matching is ASCII without (?u) in Java and Unicode here. Code lives in the arena (so
 * no JIT: its memory would outlive it). Matching runs in UTF-8; text that is not UTF-8 is matched by bytes. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "function/function_int.h"
#include <ctype.h>
#include <pcre2.h>

struct sp_regex { pcre2_code *utf, *bytes; int groups; };

static void *arena_malloc(PCRE2_SIZE n, void *a) { return sp_arena_alloc(a, n, NULL); }
static void arena_free(void *p, void *a) {}
static void *heap_malloc(PCRE2_SIZE n, void *a) { return sp_malloc(n); }
static void heap_free(void *p, void *a) { sp_free(p); }

/* ---- Java's spelling to PCRE's ---- */

static const struct { const char *java, *pcre; } properties[] = {
    { "Lower", "[:lower:]" }, { "Upper", "[:upper:]" }, { "ASCII", "\\x00-\\x7F" }, { "Alpha", "[:alpha:]" },
    { "Digit", "[:digit:]" },
    { "Alnum", "[:alnum:]" }, { "Punct", "[:punct:]" }, { "Graph", "[:graph:]" }, { "Print", "[:print:]" },
    { "Blank", "[:blank:]" },
    { "Cntrl", "[:cntrl:]" }, { "XDigit", "[:xdigit:]" }, { "Space", "[:space:]" }, { "IsAlphabetic", "\\p{L}\\p{Nl}" },
    { "IsLetter", "\\p{L}" }, { "IsDigit", "\\p{Nd}" }, { "IsLowercase", "\\p{Ll}" }, { "IsUppercase", "\\p{Lu}" },
    { "IsPunctuation", "\\p{P}" },
    { "IsWhite_Space", "\\s" }, { "javaLowerCase", "\\p{Ll}" }, { "javaUpperCase", "\\p{Lu}" },
    { "javaWhitespace", "\\s" },
    { "javaLetter", "\\p{L}" }, { "javaDigit", "\\p{Nd}" }, { NULL, NULL }
};

/* \p{...} or \P{...} at s[i] (the backslash); appends its PCRE form and returns how many bytes it took, 0: not one
 * we rewrite. */
static size_t rewrite_property(sp_buf *out, sp_str s, size_t i, bool in_class)
{
    const char *end = i + 3 < s.n ? memchr(s.p + i + 3, '}', s.n - i - 3) : NULL;
    if (!end || s.p[i + 2] != '{') return 0;
    sp_str name = { s.p + i + 3, (size_t)(end - s.p - i - 3) };
    bool negated = s.p[i + 1] == 'P';
    size_t used = (size_t)(end - s.p) - i + 1;
    for (int p = 0; properties[p].java; p++)
        if (sp_str_is(name, properties[p].java)) {
            const char *pcre = properties[p].pcre;
            if (in_class && negated && pcre[0] == '[') sp_buf_printf(out, "[:^%s", pcre + 2);
            else if (in_class) sp_buf_puts(out, pcre);
            else sp_buf_printf(out, "[%s%s]", negated ? "^" : "", pcre);
            return used;
        }
    if (sp_str_starts(name, "Is") && name.n > 2) {
        sp_buf_printf(out, "\\%c{%.*s}", negated ? 'P' : 'p', (int)name.n - 2, name.p + 2);
        return used;
    }
    return 0;
}

static void rewrite_escape(sp_buf *out, sp_str s, size_t *i, bool in_class)
{
    char c = s.p[*i + 1];
    if (c == 'p' || c == 'P') {
        size_t used = rewrite_property(out, s, *i, in_class);
        if (used) { *i += used; return; }
        }
    if (c == 'u' && *i + 5 < s.n) { sp_buf_printf(out, "\\x{%.4s}", s.p + *i + 2); *i += 6; return; }
    if (c == 'h' || c == 'v') {}
    sp_buf_add(out, s.p + *i, 2);
    *i += 2;
}

/* A class from '[' to its ']'. Java allows classes inside classes (union) and && (intersection). */
static size_t rewrite_class(sp_buf *out, sp_str s, size_t i, int depth)
{
    sp_buf body = { 0 };
    sp_buf ahead = { 0 };
    bool negated = i + 1 < s.n && s.p[i + 1] == '^';
    size_t at = i + 1 + negated;
    bool first = true;
    while (at < s.n && (s.p[at] != ']' || first)) {
        first = false;
        if (s.p[at] == '\\' && at + 1 < s.n) { rewrite_escape(&body, s, &at, true); continue; }
        if (s.p[at] == '[' && depth < 8) {
            if (at + 1 < s.n && s.p[at + 1] == ':') { sp_buf_puts(&body, "\\["); at++; continue; }
            sp_buf inner = { 0 };
            at = rewrite_class(&inner, s, at, depth + 1);
            if (inner.len > 2 && inner.data[0] == '[' && inner.data[1] != '^') sp_buf_add(&body, inner.data + 1,
                inner.len - 2);
            else if (inner.len) { sp_buf_puts(&ahead, "|"); sp_buf_add(&ahead, inner.data, inner.len); }
            sp_buf_done(&inner);
            continue;
        }
        if (s.p[at] == '&' && at + 1 < s.n && s.p[at + 1] == '&') {
            /* [x&&y] = (?=[y])[x] */
            sp_buf right = { 0 };
            sp_str rest = { s.p + at + 2, s.n - at - 2 };
            size_t used;
            if (rest.n && rest.p[0] == '[') {
                used = rewrite_class(&right, rest, 0, depth + 1);
            } else {
                size_t close = 0;
                while (close < rest.n && rest.p[close] != ']') close += rest.p[close] == '\\' ? 2 : 1;
                sp_buf_putc(&right, '[');
                sp_buf_add(&right, rest.p, close < rest.n ? close : rest.n);
                sp_buf_putc(&right, ']');
                used = close;
            }
            at += 2 + used;
            sp_buf_puts(out, negated ? "(?!" : "(?=");
            sp_buf_add(out, right.data, right.len);
            sp_buf_putc(out, ')');
            sp_buf_done(&right);
            continue;
        }
        sp_buf_putc(&body, s.p[at++]);
    }
    if (ahead.len) sp_buf_printf(out, "(?:[%s", negated ? "^" : "");
    else sp_buf_printf(out, "[%s", negated ? "^" : "");
    sp_buf_add(out, body.data ? body.data : "", body.len);
    sp_buf_putc(out, ']');
    if (ahead.len) {
        sp_buf_add(out, ahead.data, ahead.len);
        sp_buf_putc(out, ')');
    }
    sp_buf_done(&body);
    sp_buf_done(&ahead);
    return at < s.n ? at + 1 : at;
}

static void rewrite(sp_buf *out, sp_str s)
{
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            if (s.p[i + 1] == 'Q') {    /* quoted text is the same in both */
                const char *e = NULL;
                for (size_t j = i + 2; j + 1 < s.n && !e; j++)
                    if (s.p[j] == '\\' && s.p[j + 1] == 'E') e = s.p + j + 2;
                size_t n = e ? (size_t)(e - s.p) - i : s.n - i;
                sp_buf_add(out, s.p + i, n);
                i += n;
                continue;
            }
            rewrite_escape(out, s, &i, false);
        } else if (s.p[i] == '[') i = rewrite_class(out, s, i, 0);
        else sp_buf_putc(out, s.p[i++]);
    }
}

/* ---- compiling, matching ---- */

sp_status sp_regex_compile(sp_arena *a, sp_str pattern, const char *function, const sp_regex **out, sp_error *err)
{
    sp_regex *r;
    SP_NEW(r, a, sizeof *r, err);
    sp_buf text = { 0 };
    rewrite(&text, pattern);
    sp_status s = sp_buf_check(&text, err);
    int code;
    PCRE2_SIZE at;
    pcre2_general_context *g = pcre2_general_context_create(arena_malloc, arena_free, a);
    pcre2_compile_context *cc = g ? pcre2_compile_context_create(g) : NULL;
    if (s != SP_FAILED && !cc) s = sp_error_memory(err, "regular expression");
    if (s != SP_FAILED) {
        pcre2_set_newline(cc, PCRE2_NEWLINE_ANY);
        uint32_t options = PCRE2_ALLOW_EMPTY_CLASS * 0 | PCRE2_DOLLAR_ENDONLY * 0;
        r->utf = pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.len, options | PCRE2_UTF, &code, &at, cc);
        if (r->utf) {
            uint32_t groups;
            pcre2_pattern_info(r->utf, PCRE2_INFO_CAPTURECOUNT, &groups);
            r->groups = (int)groups;
            r->bytes = pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.len, options, &code, &at, cc);
        } else {
            const char *value = sp_arena_strndup(a, pattern.p ? pattern.p : "", pattern.n, NULL);
            const char *name = sp_arena_printf(a, NULL, "`%s`", function),
                *quoted = sp_arena_printf(a, NULL, "'%s'", value ? value : "");
            s = SP_FAIL(err, INVALID_PARAMETER_VALUE__PATTERN, "parameter", "`regexp`", "functionName", name ? name
                : "", "value", quoted ? quoted : "");
        }
    }
    sp_buf_done(&text);
    *out = r;
    return s;
}

bool sp_regex_find(const sp_regex *r, sp_str subject, size_t from, sp_regex_match *m)
{
    if (from > subject.n) return false;
    if (!m->data) {
        pcre2_general_context *g = pcre2_general_context_create(heap_malloc, heap_free, NULL);
        m->data = g ? pcre2_match_data_create(64, g) : NULL;
        if (g) pcre2_general_context_free(g);
        if (!m->data) return false;
    }
    int n = pcre2_match(r->utf, (PCRE2_SPTR)subject.p, subject.n, from, 0, m->data, NULL);
    bool not_utf8 = n <= PCRE2_ERROR_UTF8_ERR1 && n >= PCRE2_ERROR_UTF8_ERR21;
    if ((not_utf8 || n == PCRE2_ERROR_BADUTFOFFSET) && r->bytes) n = pcre2_match(r->bytes, (PCRE2_SPTR)subject.p,
        subject.n, from, 0, m->data, NULL);
    if (n < 0) return false;
    PCRE2_SIZE *o = pcre2_get_ovector_pointer(m->data);
    int groups = r->groups + 1 < 64 ? r->groups + 1 : 64;
    for (int i = 0; i < groups; i++) {
        bool set = i < n && o[2 * i] != PCRE2_UNSET;
        m->start[i] = set ? o[2 * i] : SIZE_MAX;
        m->end[i] = set ? o[2 * i + 1] : SIZE_MAX;
    }
    if (m->end[0] < m->start[0]) m->end[0] = m->start[0];
    m->count = groups;
    return true;
}

void sp_regex_match_done(sp_regex_match *m)
{
    if (m->data) pcre2_match_data_free(m->data);
    m->data = NULL;
}

int sp_regex_groups(const sp_regex *r) { return r->groups; }

int sp_regex_named(const sp_regex *r, sp_str name)
{
    char text[64];
    if (name.n >= sizeof text) return -1;
    memcpy(text, name.p, name.n);
    text[name.n] = 0;
    int n = pcre2_substring_number_from_name(r->utf, (PCRE2_SPTR)text);
    return n < 0 ? -1 : n;
}

/* Plain characters, escaped punctuation and the control escapes \t \n \r \f \a \e stand for themselves. */
sp_str sp_regex_literal(sp_arena *a, sp_str pattern, sp_error *err)
{
    sp_str none = { NULL, 0 };
    char *text = sp_arena_alloc(a, pattern.n + 1, err);
    size_t n = 0;
    if (!text || !pattern.n) return none;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '\\') {
            static const char from[] = "tnrfae", to[] = "\t\n\r\f\a\033";
            if (++i == pattern.n) return none;
            const char *escape = strchr(from, pattern.p[i]);
            if (escape && pattern.p[i]) c = to[escape - from];
            else if (isalnum((unsigned char)pattern.p[i]) || (pattern.p[i] & 0x80)) return none;
            else c = pattern.p[i];
        } else if (strchr(".$|()[{^?*+", c) && c) return none;
        text[n++] = c;
    }
    return (sp_str){ text, n };
}
