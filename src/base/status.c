/* status.c -- the error table, and how an error is filled and worded (Spark 4.3: SparkThrowableHelper.getMessage,
 * ErrorClassesJsonReader.getErrorMessage, ParseException.getMessage).
 *
 * Texts are put into err->text one after the other; what does not fit goes to err->arena, and without one it is cut. Values
 * may point into err->text themselves (made by sp_error_format, or belonging to the error being wrapped). */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const sp_condition_row condition_rows[SP_COND_COUNT] = {
    [SP_COND_NONE] = { "", SP_EXC_UNKNOWN, "", "" },
#define CONDITION(ident, name, exc, sqlstate, text) [SP_COND_##ident] = { name, SP_EXC_##exc, sqlstate, text },
#include "base/conditions.def"
#undef CONDITION
};

const sp_condition_row *sp_condition_info(sp_condition condition)
{
    SP_ASSERT((unsigned)condition < SP_COND_COUNT);
    return &condition_rows[condition];
}

static bool is_inside(const sp_error *err, const char *p)
{
    return p >= err->text && p < err->text + sizeof err->text;
}

void sp_error_reset(sp_error *err)
{
    if (!err)
        return;
    err->condition = SP_COND_NONE;
    err->exc = SP_EXC_UNKNOWN;
    err->param_count = 0;
    err->plain = NULL;
    err->line = err->position = 0;
    err->context = (sp_query_context){ 0 };
    err->cause_condition = err->plan = NULL;
    err->text_used = 0;   /* text itself is left: clearing 3 KB a call would cost */
}

/* The longest cut <= n that does not split a UTF-8 sequence. */
static size_t cut_length(const char *s, size_t n)
{
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* vsnprintf cuts anywhere: the length of text without a character that was cut in two. */
static size_t whole_characters(const char *text)
{
    size_t n = strlen(text), lead = n;
    while (lead > 0 && n - lead < 3 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80)
        lead--;
    uint32_t code_point;
    bool cut = lead > 0 && (unsigned char)text[lead - 1] >= 0xC0 && sp_utf8_decode(text + lead - 1, text + n, &code_point) == 0;
    return cut ? lead - 1 : n;
}

/* Keeps a copy of s as long as the error lives. */
static const char *keep(sp_error *err, const char *s, size_t n)
{
    size_t left = sizeof err->text - err->text_used;
    if (n + 1 > left && err->arena) {
        char *copy = sp_arena_strndup(err->arena, s, n, NULL);
        if (copy)
            return copy;
    }
    if (left == 0)
        return "";
    if (n + 1 > left)
        n = cut_length(s, left - 1);
    char *to = err->text + err->text_used;
    memmove(to, s, n);
    to[n] = 0;
    err->text_used += (uint32_t)n + 1;
    return to;
}

const char *sp_error_format(sp_error *err, const char *format, ...)
{
    if (!err)
        return "";
    char text[SP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return "";
    char *large = n >= (int)sizeof text && err->arena ? sp_arena_alloc(err->arena, (size_t)n + 1, NULL) : NULL;
    if (!large)
        return keep(err, text, whole_characters(text));
    va_start(args, format);
    vsnprintf(large, (size_t)n + 1, format, args);
    va_end(args);
    return large;
}

sp_status sp_error_set(sp_error *err, sp_condition condition, ...)
{
    if (!err)
        return SP_FAILED;
    const char *keys[SP_ERROR_PARAMS_MAX], *values[SP_ERROR_PARAMS_MAX];
    int count = 0;
    char old_text[SP_ERROR_TEXT_BYTES];   /* errors that nobody reads are set again and again: start from the front each time */
    memcpy(old_text, err->text, err->text_used);
    va_list args;
    va_start(args, condition);
    for (const char *key; count < SP_ERROR_PARAMS_MAX && (key = va_arg(args, const char *)) != NULL; count++) {
        const char *value = va_arg(args, const char *);
        keys[count] = key;
        values[count] = !value ? "null" : is_inside(err, value) ? old_text + (value - err->text) : value;
    }
    va_end(args);

    sp_error_reset(err);
    err->condition = condition;
    err->exc = sp_condition_info(condition)->exc;
    err->param_count = count;
    for (int i = 0; i < count; i++) {
        err->param_keys[i] = keys[i];
        err->param_values[i] = keep(err, values[i], strlen(values[i]));
    }
    return SP_FAILED;
}

/* The format's arguments may point into err->text, so it is left alone until the new text is made. */
static const char *keep_plain(sp_error *err, const char *format, va_list args)
{
    char text[SP_ERROR_TEXT_BYTES];
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, format, args);
    char *large = n >= (int)sizeof text && err->arena ? sp_arena_alloc(err->arena, (size_t)n + 1, NULL) : NULL;
    if (large)
        vsnprintf(large, (size_t)n + 1, format, again);
    va_end(again);
    sp_error_reset(err);
    return large ? large : keep(err, text, n < 0 ? 0 : whole_characters(text));
}

sp_status sp_error_plain(sp_error *err, sp_exc exc, const char *format, ...)
{
    if (!err)
        return SP_FAILED;
    va_list args;
    va_start(args, format);
    const char *text = keep_plain(err, format, args);
    va_end(args);
    err->plain = text;
    err->exc = exc;
    return SP_FAILED;
}

sp_status sp_error_internal(sp_error *err, const char *format, ...)
{
    if (!err)
        return SP_FAILED;
    va_list args;
    va_start(args, format);
    const char *text = keep_plain(err, format, args);
    va_end(args);
    return SP_FAIL(err, INTERNAL_ERROR, "message", text);
}

sp_status sp_error_memory(sp_error *err, const char *what)
{
    if (!err)
        return SP_FAILED;
    struct sp_arena *arena = err->arena;
    err->arena = NULL;   /* the arena may be what is full */
    sp_error_plain(err, SP_EXC_SPARK, "Out of memory: %s", what);
    err->arena = arena;
    return SP_FAILED;
}

sp_status sp_error_os(sp_error *err, int os_errno, const char *what, const char *path)
{
    const char *reason = strerrordesc_np(os_errno);   /* strerror is not thread-safe */
    return sp_error_plain(err, os_errno == ENOENT ? SP_EXC_FILE_NOT_FOUND : SP_EXC_SPARK, "%s %s: %s", what, path ? path : "",
                          reason ? reason : "unknown error");
}

static const char *copy_text(sp_error *to, const char *s)
{
    return s ? keep(to, s, strlen(s)) : NULL;
}

void sp_error_copy(sp_error *to, const sp_error *from)
{
    if (!to || to == from)
        return;
    sp_error_reset(to);
    to->condition = from->condition;
    to->exc = from->exc;
    to->line = from->line;
    to->position = from->position;
    to->plain = copy_text(to, from->plain);
    to->param_count = from->param_count;
    for (int i = 0; i < from->param_count; i++) {
        to->param_keys[i] = from->param_keys[i];
        to->param_values[i] = copy_text(to, from->param_values[i]);
    }
    to->plan = copy_text(to, from->plan);
    to->cause_condition = copy_text(to, from->cause_condition);
    to->context = from->context;
    to->context.object_type = copy_text(to, from->context.object_type);
    to->context.object_name = copy_text(to, from->context.object_name);
    to->context.fragment = copy_text(to, from->context.fragment);
    to->context.call_site = copy_text(to, from->context.call_site);
    to->context.summary = copy_text(to, from->context.summary);
}

/* ---- wording ---- */

static const char *find_param(const sp_error *err, const char *name, size_t n)
{
    for (int i = 0; i < err->param_count; i++)
        if (strlen(err->param_keys[i]) == n && memcmp(err->param_keys[i], name, n) == 0)
            return err->param_values[i];
    return NULL;
}

/* Values are put in as they are: a <name> inside a value is not replaced again. */
static void fill_template(const sp_error *err, const char *text, sp_buf *out)
{
    while (*text) {
        const char *open = strchr(text, '<');
        const char *close = open ? strchr(open, '>') : NULL;
        if (!close) {
            sp_buf_puts(out, text);
            return;
        }
        const char *value = find_param(err, open + 1, (size_t)(close - open - 1));
        if (value) {
            sp_buf_add(out, text, (size_t)(open - text));
            sp_buf_puts(out, value);
            text = close + 1;
        } else {
            sp_buf_add(out, text, (size_t)(open + 1 - text));
            text = open + 1;
        }
    }
}

void sp_error_message(const sp_error *err, sp_buf *out)
{
    if (err->condition == SP_COND_NONE) {
        sp_buf_puts(out, err->plain ? err->plain : "");
    } else {
        const sp_condition_row *row = sp_condition_info(err->condition);
        bool legacy = strncmp(row->name, "_LEGACY_ERROR_", 14) == 0;
        if (!legacy)
            sp_buf_printf(out, "[%s] ", row->name);
        fill_template(err, row->text, out);
        if (!legacy && row->sqlstate[0])
            sp_buf_printf(out, " SQLSTATE: %s", row->sqlstate);
    }
    if (err->line > 0)
        sp_buf_printf(out, err->exc == SP_EXC_PARSE ? " (line %d, pos %d)" : "; line %d pos %d", err->line, err->position);
    if (err->plan) {
        sp_buf_puts(out, ";\n");
        sp_buf_puts(out, err->plan);
    }
    if (err->context.summary && err->context.summary[0]) {
        sp_buf_putc(out, '\n');
        sp_buf_puts(out, err->context.summary);
    }
}

void sp_assert_failed(const char *cond, const char *file, int line)
{
    sp_log(SP_LOG_ERROR, "assertion failed: %s at %s:%d", cond, file, line);
    fprintf(stderr, "spate: assertion failed: %s at %s:%d\n", cond, file, line);
    abort();
}
