/* fn_format_text.c -- format_string (printf), format_number, to_number, try_to_number.
 *
 * format_string is java.util.Formatter: %[index$][flags][width][.precision]conversion, floats rounded HALF_UP on
 * their shortest decimal text. format_number is java.text.DecimalFormat with groups of three, HALF_EVEN. Behaviour:
 * FormatString, FormatNumber, ToNumberParser. */
#include "function/text_int.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- digits with groups ---- */

/* Appends "1234567.89" as "1,234,567.89"; the sign stays in front. */
static void put_grouped(sp_buf *out, sp_str digits)
{
    size_t start = digits.n && (digits.p[0] == '-' || digits.p[0] == '+'), whole = start;
    sp_buf_add(out, digits.p, start);
    while (whole < digits.n && isdigit((unsigned char)digits.p[whole])) whole++;
    for (size_t i = start; i < whole; i++) {
        sp_buf_putc(out, digits.p[i]);
        if (whole - i > 1 && (whole - i - 1) % 3 == 0) sp_buf_putc(out, ',');
    }
    sp_buf_add(out, digits.p + whole, digits.n - whole);
}

/* v with its scale to `places` places, HALF_EVEN (HALF_UP when up), as text */
static void put_rounded(sp_buf *out, sp_dec v, int scale, int places, bool up)
{
    if (scale > places) {
        int drop = scale - places;
        sp_dec unit = drop <= 38 ? sp_pow10_table[drop] : 0, q = unit ? v / unit : 0, r = unit ? v % unit : 0;
        sp_dec twice = (r < 0 ? -r : r) * 2;
        if (unit && (twice > unit || (twice == unit && (up || (q & 1))))) q += v < 0 ? -1 : 1;
        bool lost = q == 0 && v < 0 && up;
        if (lost) sp_buf_putc(out, '-');
        sp_dec_print(out, q, places);
        return;
    }
    sp_dec_print(out, v, scale < 0 ? 0 : scale);
    if (places > 0 && scale <= 0) sp_buf_putc(out, '.');
    for (int i = scale > 0 ? scale : 0; i < places; i++) sp_buf_putc(out, '0');
}

/* ---- format_number ---- */

static sp_status bind_format_number(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_STRING);
    if (!sp_kind_is_numeric(sp_bind_type(b, 0)->kind)) SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_DOUBLE), err));
    sp_kind f = sp_bind_type(b, 1)->kind;
    if (f == SP_STRING) return SP_OK;
    return sp_bind_want(b, 1, sp_type_of(SP_INT), err);
}

/* A DecimalFormat pattern of #, 0, comma and point: least and most fraction digits, least whole ones, whether grouped
 * */
typedef struct number_pattern { int least, most, whole; bool grouped, ok; sp_str before, after; } number_pattern;

static number_pattern read_pattern(sp_str s)
{
    number_pattern p = { .ok = true };
    size_t i = 0;
    bool point = false;
    while (i < s.n && !strchr("#0,.", s.p[i])) i++;
    p.before = (sp_str){ s.p, i };
    for (; i < s.n && strchr("#0,.", s.p[i]) && s.p[i]; i++) {
        if (s.p[i] == '.') point = true;
        else if (s.p[i] == ',') p.grouped = true;
        else if (point) { p.most++; if (s.p[i] == '0') p.least = p.most; }
        else if (s.p[i] == '0') p.whole++;
    }
    p.after = (sp_str){ s.p + i, s.n - i };
    return p;
}

static void number_text(sp_kernel *k, uint32_t i, int places, sp_buf *out)
{
    const sp_type *t = k->args[0]->type;
    if (t->kind == SP_DECIMAL) put_rounded(out, SP_GET(k, sp_dec, 0, i), t->scale, places, false);
    else if (t->kind == SP_FLOAT || t->kind == SP_DOUBLE) sp_buf_printf(out, "%.*f", places, sp_arg_f64(k, 0, i));
    else put_rounded(out, sp_arg_int(k, 0, i), 0, places, false);
}

static void by_pattern(sp_kernel *k, uint32_t i, sp_buf *plain, sp_buf *out)
{
    number_pattern p = read_pattern(sp_arg_str(k, 1, i));
    number_text(k, i, p.most, plain);
    for (int cut = p.most; cut > p.least && plain->len && plain->data[plain->len - 1] == '0'; cut--) plain->len--;
    if (plain->len && plain->data[plain->len - 1] == '.') plain->len--;
    size_t sign = plain->len && plain->data[0] == '-';
    sp_buf padded = { 0 };
    if (sign) sp_buf_putc(&padded, '-');
    size_t whole = 0;
    while (sign + whole < plain->len && plain->data[sign + whole] != '.') whole++;
    bool bare = whole == 1 && plain->data[sign] == '0' && p.whole == 0;
    for (int z = (int)whole; z < p.whole; z++) sp_buf_putc(&padded, '0');
    sp_buf_add(&padded, plain->data + sign + bare, plain->len - sign - bare);
    sp_buf_add(out, p.before.p, p.before.n);
    if (p.grouped) put_grouped(out, (sp_str){ padded.data ? padded.data : "", padded.len });
    else sp_buf_add(out, padded.data ? padded.data : "", padded.len);
    sp_buf_add(out, p.after.p, p.after.n);
    sp_buf_done(&padded);
}

static sp_status kernel_format_number(sp_kernel *k, sp_error *err)
{
    sp_buf plain = { 0 }, out = { 0 };
    sp_status s = SP_OK;
    bool pattern = k->args[1]->type->kind == SP_STRING;
    for (SP_ROWS(k, i)) {
        sp_buf_clear(&plain);
        if (pattern) by_pattern(k, i, &plain, &out);
        else {
            int64_t places = sp_arg_int(k, 1, i);
            if (places < 0) { sp_kernel_null(k, i); continue; }
            number_text(k, i, places > 300 ? 300 : (int)places, &plain);
            put_grouped(&out, (sp_str){ plain.data ? plain.data : "", plain.len });
        }
        if ((s = sp_put_buf(k, i, &out, err)) == SP_FAILED) break;
    }
    sp_buf_done(&plain);
    sp_buf_done(&out);
    return s;
}

/* ---- format_string ---- */

typedef struct spec { bool minus, plus, blank, zero, comma, bracket, alternate; int width, precision; char conversion;
} spec;

static sp_status fail_format(sp_error *err, char conversion, const sp_type *t)
{
    static const char *const classes[] = { [SP_BOOLEAN] = "Boolean", [SP_BYTE] = "Byte", [SP_SHORT] = "Short",
        [SP_INT] = "Integer", [SP_LONG] = "Long",
                                           [SP_FLOAT] = "Float", [SP_DOUBLE] = "Double" };
    const char *c = t->kind <= SP_DOUBLE && classes[t->kind] ? classes[t->kind] : NULL;
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "%c != %s%s", conversion, c ? "java.lang." : "", c ? c
        : "org.apache.spark.unsafe.types.UTF8String");
}

static void pad_out(sp_buf *out, const spec *f, sp_str body)
{
    int64_t chars = sp_char_count(body);
    for (int64_t i = chars; !f->minus && i < f->width; i++) sp_buf_putc(out, ' ');
    sp_buf_add(out, body.p, body.n);
    for (int64_t i = chars; f->minus && i < f->width; i++) sp_buf_putc(out, ' ');
}

/* Sign, zeros and groups around digits (no sign in them). */
static void put_number(sp_buf *out, const spec *f, bool negative, sp_str digits)
{
    sp_buf b = { 0 }, grouped = { 0 };
    if (f->comma) {
        put_grouped(&grouped, digits);
        digits = (sp_str){ grouped.data ? grouped.data : "", grouped.len };
    }
    if (negative) sp_buf_putc(&b, f->bracket ? '(' : '-');
    else if (f->plus) sp_buf_putc(&b, '+');
    else if (f->blank) sp_buf_putc(&b, ' ');
    size_t tail = negative && f->bracket;
    if (f->zero)
        for (size_t n = b.len + digits.n + tail; n < (size_t)(f->width > 0 ? f->width : 0); n++) sp_buf_putc(&b, '0');
    sp_buf_add(&b, digits.p, digits.n);
    if (tail) sp_buf_putc(&b, ')');
    pad_out(out, f, (sp_str){ b.data ? b.data : "", b.len });
    sp_buf_done(&b);
    sp_buf_done(&grouped);
}

static sp_status put_integer(sp_kernel *k, int a, uint32_t i, const spec *f, sp_buf *out, sp_error *err)
{
    const sp_type *t = k->args[a]->type;
    char digits[64];
    if (!sp_kind_is_integral(t->kind)) return fail_format(err, f->conversion, t);
    int64_t v = sp_arg_int(k, a, i);
    if (f->conversion == 'd') {
        snprintf(digits, sizeof digits, "%llu", v < 0 ? (unsigned long long)(0 - (uint64_t)v) : (unsigned long long)v);
        put_number(out, f, v < 0, sp_str_of(digits));
        return SP_OK;
    }
    uint64_t u = (uint64_t)v;
    if (t->kind != SP_LONG) u &= t->kind == SP_INT ? 0xFFFFFFFFu : t->kind == SP_SHORT ? 0xFFFFu : 0xFFu;
    const char *form = f->conversion == 'o' ? (f->alternate ? "0%llo" : "%llo") : f->conversion == 'X'
        ? (f->alternate ? "0X%llX" : "%llX") : f->alternate ? "0x%llx" : "%llx";
    snprintf(digits, sizeof digits, form, (unsigned long long)u);
    put_number(out, f, false, sp_str_of(digits));
    return SP_OK;
}

static sp_status put_float(sp_kernel *k, int a, uint32_t i, const spec *f, sp_buf *out, sp_error *err)
{
    const sp_type *t = k->args[a]->type;
    if (t->kind != SP_FLOAT && t->kind != SP_DOUBLE && t->kind != SP_DECIMAL) return fail_format(err, f->conversion, t);
    double d = t->kind == SP_DECIMAL ? 0 : sp_arg_f64(k, a, i);
    if (!isfinite(d)) {
        spec plain = *f;
        plain.zero = plain.comma = false;
        put_number(out, &plain, d < 0, d != d ? SP_LIT("NaN") : SP_LIT("Infinity"));
        return SP_OK;
    }
    int places = f->precision >= 0 ? f->precision : 6, scale;
    sp_dec v;
    sp_buf text = { 0 }, digits = { 0 };
    if (t->kind == SP_DECIMAL) {
        v = SP_GET(k, sp_dec, a, i);
        scale = t->scale;
    } else {
        if (t->kind == SP_FLOAT) sp_print_f32(&text, (float)d);
        else sp_print_f64(&text, d);
        if (!sp_dec_parse((sp_str){ text.data, text.len }, &v, &scale)) { v = 0; scale = 400; }
    }
    bool negative = v < 0 || (t->kind != SP_DECIMAL && signbit(d));
    if (f->conversion == 'f' && scale >= 0 && scale <= 38) put_rounded(&digits, v < 0 ? -v : v, scale, places, true);
    else if (f->conversion == 'f') sp_buf_printf(&digits, "%.*f", places, fabs(d));
    else {
        double x = t->kind == SP_DECIMAL ? sp_dec_to_f64(v, scale) : d;
        if (f->conversion == 'e' || f->conversion == 'E') sp_buf_printf(&digits, "%.*e", places, fabs(x));
        else {      /* Java's %g keeps trailing zeros, and goes scientific below 10^-4 and from 10^precision */
            int p = places ? places : 1;
            if (x != 0 && (fabs(x) < 1e-4 || fabs(x) >= pow(10, p))) sp_buf_printf(&digits, "%.*e", p - 1, fabs(x));
            else sp_buf_printf(&digits, "%.*f", x == 0 ? p - 1 : p - 1 - (int)floor(log10(fabs(x))), fabs(x));
        }
    }
    if (isupper((unsigned char)f->conversion))
        for (size_t c = 0; c < digits.len; c++) digits.data[c] = (char)toupper((unsigned char)digits.data[c]);
    put_number(out, f, negative, (sp_str){ digits.data ? digits.data : "", digits.len });
    sp_buf_done(&text);
    sp_buf_done(&digits);
    return SP_OK;
}

static sp_status put_text(sp_kernel *k, int a, uint32_t i, const spec *f, sp_buf *out, sp_error *err)
{
    sp_buf b = { 0 }, upper = { 0 };
    char lower = (char)tolower((unsigned char)f->conversion);
    bool null = sp_arg_null(k, a, i) || k->args[a]->type->kind == SP_VOID;
    sp_kind t = k->args[a]->type->kind;
    if (lower == 'b') sp_buf_puts(&b, null ? "false" : t != SP_BOOLEAN || sp_arg_int(k, a, i) ? "true" : "false");
    else if (null) sp_buf_puts(&b, "null");
    else if (lower == 'c') {
        char c[4];
        if (sp_kind_is_integral(t)) sp_buf_add(&b, c, (size_t)sp_utf8_encode((uint32_t)sp_arg_int(k, a, i), c));
        else { sp_buf_done(&b); return fail_format(err, f->conversion, k->args[a]->type); }
    } else SP_TRY(sp_vec_text(&b, k->args[a], i, false, k->conf->zone ? k->conf->zone : sp_zone_utc(), err));
    sp_str s = { b.data ? b.data : "", b.len };
    if (f->precision >= 0) s.n = sp_char_offset(s, f->precision);
    if (isupper((unsigned char)f->conversion)) {
        sp_unicode_change_case(&upper, s, true);
        s = (sp_str){ upper.data ? upper.data : "", upper.len };
    }
    pad_out(out, f, s);
    sp_buf_done(&b);
    sp_buf_done(&upper);
    return SP_OK;
}

static int read_int(sp_str s, size_t *at)
{
    int v = 0;
    for (; *at < s.n && isdigit((unsigned char)s.p[*at]) && v < 100000; (*at)++) v = v * 10 + (s.p[*at] - '0');
    return v;
}

/* One %...; *next is the argument that comes next without an index. */
static sp_status put_spec(sp_kernel *k, uint32_t i, sp_str s, size_t *at, int *next, int *last, sp_buf *out,
    sp_error *err)
{
    spec f = { .width = -1, .precision = -1 };
    int index = 0;
    size_t p = *at + 1, mark = p;
    int number = read_int(s, &p);
    if (p < s.n && s.p[p] == '$' && p > mark) { index = number; p++; }
    else p = mark;
    bool same = p < s.n && s.p[p] == '<';
    if (same) p++;
    for (; p < s.n && strchr("-#+ 0,(", s.p[p]); p++) {
        bool *flag = s.p[p] == '-' ? &f.minus : s.p[p] == '#' ? &f.alternate : s.p[p] == '+' ? &f.plus : s.p[p] == ' '
            ? &f.blank : s.p[p] == '0' ? &f.zero
                   : s.p[p] == ',' ? &f.comma : &f.bracket;
        *flag = true;
    }
    if (p < s.n && isdigit((unsigned char)s.p[p])) f.width = read_int(s, &p);
    if (p < s.n && s.p[p] == '.') { p++; f.precision = read_int(s, &p); }
    if (p >= s.n) return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Conversion = '%%'");
    f.conversion = s.p[p];
    *at = p + 1;
    if (f.conversion == '%') { pad_out(out, &f, SP_LIT("%")); return SP_OK; }
    if (f.conversion == 'n') { sp_buf_putc(out, '\n'); return SP_OK; }
    int a = same ? *last : index ? index : (*next)++;
    if (a < 1 || a >= k->arg_count) {
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Format specifier '%.*s'", (int)(p + 1 - (mark - 1)),
            s.p + mark - 1);
    }
    *last = a;
    bool null = sp_arg_null(k, a, i) || k->args[a]->type->kind == SP_VOID;
    switch (f.conversion) {
    case 'd': case 'o': case 'x': case 'X': if (!null) return put_integer(k, a, i, &f, out, err); break;
    case 'e': case 'E': case 'f': case 'g': case 'G': if (!null) return put_float(k, a, i, &f, out, err); break;
    case 's': case 'S': case 'b': case 'B': case 'c': case 'C': return put_text(k, a, i, &f, out, err);
    default: return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Conversion = '%c'", f.conversion);
    }
    pad_out(out, &f, isupper((unsigned char)f.conversion) ? SP_LIT("NULL") : SP_LIT("null"));
    return SP_OK;
}

static sp_status bind_format_string(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_STRING), err));
    b->type = sp_type_of(SP_STRING);
    b->nullable = b->call->args[0]->nullable;
    if (!sp_bind_is_constant(b, 0)) return SP_OK;
    sp_value v;
    SP_TRY(sp_bind_constant(b, 0, "strfmt", &v, err));
    for (size_t i = 0; !v.is_null && i + 2 < v.str.n; i++)     /* checkZeroArgumentIndex */
        if (v.str.p[i] == '%' && v.str.p[i + 1] == '0' && v.str.p[i + 2] == '$')
            return SP_FAIL(err, INVALID_PARAMETER_VALUE__ZERO_INDEX, "parameter", "`strfmt`", "functionName",
                "`format_string`");
    return SP_OK;
}

static sp_status kernel_format_string(sp_kernel *k, sp_error *err)
{
    sp_buf out = { 0 };
    sp_status st = SP_OK;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); continue; }
        sp_str s = sp_arg_str(k, 0, i);
        int next = 1, last = 0;
        for (size_t at = 0; at < s.n && st != SP_FAILED;) {
            if (s.p[at] == '%') st = put_spec(k, i, s, &at, &next, &last, &out, err);
            else sp_buf_putc(&out, s.p[at++]);
        }
        if (st == SP_FAILED || (st = sp_put_buf(k, i, &out, err)) == SP_FAILED) break;
    }
    sp_buf_done(&out);
    return st;
}

/* ---- to_number ---- */

typedef struct to_number { sp_str format; int precision, scale; bool try_, dollar, sign, minus, brackets; } to_number;

/* Format characters: 0 9 digits, . D point, , G group, $ currency, S MI sign, PR <negative> */
static bool read_format(sp_str s, to_number *f)
{
    bool point = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)toupper((unsigned char)s.p[i]), n = i + 1 < s.n ? (char)toupper((unsigned char)s.p[i + 1]) : 0;
        if (c == '0' || c == '9') { f->precision++; f->scale += point; }
        else if (c == '.' || c == 'D') { if (point) return false; point = true; }
        else if (c == ',' || c == 'G') { if (point) return false; }
        else if (c == '$') f->dollar = true;
        else if (c == 'S') f->sign = true;
        else if (c == 'M' && n == 'I') { f->minus = true; i++; }
        else if (c == 'P' && n == 'R') { f->brackets = true; i++; }
        else return false;
    }
    f->format = s;
    return f->precision > 0 && f->precision <= SP_DECIMAL_MAX;
}

static sp_status bind_to_number_as(sp_bind *b, bool try_, sp_error *err)
{
    to_number *f;
    sp_value v;
    SP_NEW(f, b->arena, sizeof *f, err);
    SP_TRY(sp_bind_sig(b, "ss", SP_STRING, err));
    SP_TRY(sp_bind_constant(b, 1, "format", &v, err));
    b->state = f;
    f->try_ = try_;
    if (v.is_null) { b->type = sp_type_of(SP_DECIMAL); return SP_OK; }
    if (!read_format(v.str, f))
        return SP_FAIL(err, INVALID_FORMAT__UNEXPECTED_TOKEN, "format",
            sp_arena_printf(b->arena, NULL, "'%.*s'", (int)v.str.n, v.str.p), "token",
                       sp_arena_printf(b->arena, NULL, "'%.*s'", (int)v.str.n, v.str.p));
    return (b->type = sp_type_decimal(b->arena, f->precision, f->scale, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_to_number(sp_bind *b, sp_error *err) { return bind_to_number_as(b, false, err); }
static sp_status bind_try_to_number(sp_bind *b, sp_error *err) { return bind_to_number_as(b, true, err); }

/* Whole digits of the format from its point leftwards, matched with those of the text: a text may have fewer, its
 * groups must stand as the format's do. */
static bool match_whole(sp_str format, sp_str text)
{
    size_t f = format.n, t = text.n;
    while (t > 0) {
        if (f == 0) return false;
        char c = format.p[--f], x = text.p[t - 1];
        bool group = c == ',' || c == 'G' || c == 'g';
        if (c != '0' && c != '9' && !group) return false;
        if (group != (x == ',')) return false;
        t--;
    }
    return true;
}

static bool parse_number(const to_number *f, sp_str s, sp_dec *out)
{
    s = sp_str_trim(s);
    bool negative = false;
    if (f->brackets && s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>') { negative = true; s = (sp_str){ s.p + 1, s.n - 2 }; }
    if ((f->sign || f->minus) && s.n) {
        if (s.p[0] == '-' || (f->sign && s.p[0] == '+')) { negative = s.p[0] == '-'; s.p++; s.n--; }
        else if (s.p[s.n - 1] == '-' || (f->sign && s.p[s.n - 1] == '+')) { negative = s.p[s.n - 1] == '-'; s.n--; }
    }
    if (f->dollar) {
        if (!s.n || s.p[0] != '$') return false;
        s.p++;
        s.n--;
    }
    sp_str format = f->format;
    while (format.n && !strchr("09.,DGdg", format.p[0])) { format.p++; format.n--; }
    while (format.n && !strchr("09.,DGdg", format.p[format.n - 1])) format.n--;
    size_t fp = 0, tp = 0;
    while (fp < format.n && !strchr(".Dd", format.p[fp])) fp++;
    while (tp < s.n && s.p[tp] != '.') tp++;
    if (!s.n || !match_whole((sp_str){ format.p, fp }, (sp_str){ s.p, tp })) return false;
    sp_dec v = 0;
    int places = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',' || i == tp) continue;
        if (!isdigit((unsigned char)s.p[i])) return false;
        v = v * 10 + (s.p[i] - '0');
        places += i > tp;
    }
    if (places > f->scale) return false;
    v *= sp_pow10_table[f->scale - places];
    *out = negative ? -v : v;
    return true;
}

static sp_status kernel_to_number(sp_kernel *k, sp_error *err)
{
    const to_number *f = k->call->state;
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_str(k, 0, i);
        if (parse_number(f, s, &SP_OUT(k, sp_dec)[i])) continue;
        if (f->try_ || !k->conf->ansi) { sp_kernel_null(k, i); continue; }
        const char *text = sp_arena_printf(k->arena, NULL, "'%.*s'", (int)s.n, s.p),
            *format = sp_arena_strndup(k->arena, f->format.p, f->format.n, NULL);
        return SP_FAIL(err, INVALID_FORMAT__MISMATCH_INPUT, "inputType", "\"STRING\"", "input", text ? text : "",
            "format", format ? format : "");
    }
    return SP_OK;
}

extern const sp_function sp_family_format_text[];
const sp_function sp_family_format_text[] = {
    { "format_string", 1, -1, SP_FN_NULLS, bind_format_string, kernel_format_string, "1.5.0",
        "format_string(format, ...): as printf" },
    { "printf", 1, -1, SP_FN_NULLS, bind_format_string, kernel_format_string, "1.5.0", "printf(format, ...)" },
    { "format_number", 2, 2, SP_FN_MAY_BE_NULL, bind_format_number, kernel_format_number, "1.5.0",
        "format_number(n, places or pattern)" },
    { "to_number", 2, 2, SP_FN_MAY_BE_NULL, bind_to_number, kernel_to_number, "3.3.0", "to_number(text, format)" },
    { "try_to_number", 2, 2, SP_FN_MAY_BE_NULL, bind_try_to_number, kernel_to_number, "3.3.0",
        "try_to_number(text, format)" },
    { 0 }
};
