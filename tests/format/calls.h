/* calls.h -- format tests: functions bound and folded over constants, and what comes of it as text. */
#ifndef SPATE_TESTS_FORMAT_CALLS_H
#define SPATE_TESTS_FORMAT_CALLS_H

#include "format/json_int.h"
#include "test.h"

typedef struct calls { sp_arena *a; sp_expr_conf conf; sp_error err; } calls;

static sp_expr *text(calls *c, const char *s)
{
    sp_value v = s ? sp_value_str(sp_str_of(s)) : sp_value_null(sp_type_of(SP_STRING));
    sp_expr *e = sp_expr_literal(c->a, &v, &c->err);
    if (e) e->foldable = true;
    return e;
}

static sp_expr *call(calls *c, const char *name, int count, sp_expr **args)
{
    sp_expr *e = sp_expr_function(c->a, name, args, count, &c->err), *bound;
    return e && sp_expr_bind(c->a, &c->conf, e, &bound, &c->err) == SP_OK ? bound : NULL;
}

/* "k=v;k=v" as a map of options. */
__attribute__((unused)) static sp_expr *options(calls *c, const char *s)
{
    sp_expr *args[8];
    int n = 0;
    while (s && *s && n < 8) {
        const char *eq = strchr(s, '='), *stop = strchr(eq, ';');
        stop = stop ? stop : s + strlen(s);
        args[n++] = text(c, sp_arena_strndup(c->a, s, (size_t)(eq - s), &c->err));
        args[n++] = text(c, sp_arena_strndup(c->a, eq + 1, (size_t)(stop - eq - 1), &c->err));
        s = *stop ? stop + 1 : stop;
    }
    return call(c, "map", n, args);
}

static void check_result(calls *c, const sp_expr *e, const char *want, const char *file, int line, const char *what)
{
    sp_value v;
    sp_buf out = { 0 };
    sp_vec *one;
    if (!e || sp_expr_fold(c->a, &c->conf, e, &v, &c->err) == SP_FAILED) {
        sp_buf_puts(&out, "! ");
        sp_error_message(&c->err, &out);
    } else if (!(one = sp_value_vec(&v, 1, c->a, &c->err)) || sp_vec_text(&out, one, 0, true, sp_zone_utc(),
        &c->err) == SP_FAILED) {
        sp_buf_puts(&out, "! no text");
    }
    test_check_str(sp_buf_cstr(&out), want, what, file, line);
    sp_buf_done(&out);
}

static calls start(void)
{
    calls c = { .a = sp_arena_new("calls", 0), .conf = { .ansi = true, .zone = sp_zone_utc() } };
    sp_function_register_family(sp_family_json);
    return c;
}

__attribute__((unused)) static void from_json_is(const char *json, const char *schema, const char *opts,
                                                 const char *want, const char *file, int line)
{
    calls c = start();
    sp_expr *args[] = { text(&c, json), text(&c, schema), opts ? options(&c, opts) : NULL };
    check_result(&c, call(&c, "from_json", opts ? 3 : 2, args), want, file, line, json);
    sp_arena_free(c.a);
}
#define FROM(json, schema, opts, want) from_json_is(json, schema, opts, want, __FILE__, __LINE__)

__attribute__((unused)) static void function_is(const char *name, const char *x, const char *y, const char *want,
                                                const char *file, int line)
{
    calls c = start();
    sp_expr *args[] = { text(&c, x), text(&c, y) };
    check_result(&c, call(&c, name, y ? 2 : 1, args), want, file, line, y ? y : x);
    sp_arena_free(c.a);
}
#define PATH(json, path, want) function_is("get_json_object", json, path, want, __FILE__, __LINE__)
#define ONE(name, json, want) function_is(name, json, NULL, want, __FILE__, __LINE__)

#endif
