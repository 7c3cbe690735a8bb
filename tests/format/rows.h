/* rows.h -- format tests: a text fed to a decoder in one piece, and the rows that come out, as text: columns with |,
 * rows with newlines. */
#ifndef SPATE_TESTS_FORMAT_ROWS_H
#define SPATE_TESTS_FORMAT_ROWS_H

#include "format/format.h"
#ifndef SPATE_FUZZING
#include "test.h"
#endif
#include <stdlib.h>

typedef struct rows_case {
    const char *format, *schema, *options;      /* options: "a=b;c=d" or NULL */
    const char *columns;                        /* wanted columns by number, "" none, NULL all */
    struct sp_expr *const *pushed; int pushed_count;
    int64_t rows_read;                          /* out */
} rows_case;

static sp_status rows_options(sp_props *p, const char *text, sp_error *err)
{
    while (text && *text) {
        const char *eq = strchr(text, '='), *stop = strchr(eq, ';');
        stop = stop ? stop : text + strlen(text);
        SP_TRY(sp_props_put(p, (sp_str){ text, (size_t)(eq - text) }, (sp_str){ eq + 1, (size_t)(stop - eq - 1) },
                            err));
        text = *stop ? stop + 1 : stop;
    }
    return SP_OK;
}

static sp_status rows_print(const sp_batch *b, sp_buf *out, sp_error *err)
{
    for (uint32_t i = 0; i < b->sel_count; i++) {
        for (int c = 0; c < b->column_count; c++) {
            if (c) sp_buf_putc(out, '|');
            SP_TRY(sp_vec_text(out, b->columns[c], SP_BATCH_ROW(b, i), true, sp_zone_utc(), err));
        }
        sp_buf_putc(out, '\n');
    }
    return SP_OK;
}

static sp_status rows_run(rows_case *k, sp_decoder *d, const sp_format *f, const char *text, size_t n, sp_arena *a,
                          sp_buf *out, sp_error *err)
{
    sp_status status;
    sp_batch b;
    SP_TRY(f->feed(d, text, n, true, err));
    while ((status = f->next(d, a, &b, err)) == SP_MORE) {
        status = rows_print(&b, out, err);
        sp_arena_reset(a);      /* what the batch borrowed must not be needed again */
        if (status == SP_FAILED)
            break;
    }
    k->rows_read = f->rows_read(d);
    return status == SP_DONE ? SP_OK : SP_FAILED;
}

/* The rows, or "! message" behind them. The caller frees the text with rows_free. */
static sp_status rows_decode(rows_case *k, const char *text, size_t n, sp_buf *out, sp_error *err)
{
    sp_arena *a = sp_arena_new("test", 0), *batch = sp_arena_new("batch", 0);
    sp_props options = { .map = { .fold_case = true } };
    sp_expr_conf conf = { .ansi = true, .zone = sp_zone_utc() };
    sp_decode_spec spec = { .arena = a, .options = &options, .conf = &conf, .pushed = k->pushed,
        .pushed_count = k->pushed_count };
    int columns[32];
    const sp_format *f = sp_format_find(sp_str_of(k->format));
    sp_decoder *d = NULL;
    sp_status status = a && batch ? SP_OK : sp_error_memory(err, "a test");
    /* exactly the room that is promised, for the sanitizer */
    char *bytes = status == SP_OK ? sp_malloc(n + 64) : NULL;
    if (!bytes && status == SP_OK) status = sp_error_memory(err, "a test");
    if (bytes) {
        memcpy(bytes, text, n);
        memset(bytes + n, '"', 64);
    }
    if (status == SP_OK) status = rows_options(&options, k->options, err);
    if (status == SP_OK) status = sp_type_schema_from_ddl(a, sp_str_of(k->schema), &spec.schema, err);
    if (k->columns) {
        spec.columns = columns;
        for (const char *c = k->columns; *c; c++)
            if (*c >= '0' && *c <= '9') columns[spec.column_count++] = *c - '0';
    }
    if (status == SP_OK) status = f->open(&spec, &d, err);
    if (status == SP_OK) status = rows_run(k, d, f, bytes, n, batch, out, err);
    if (d) f->close(d);
    sp_free(bytes);
    sp_props_done(&options);
    sp_arena_free(batch);
    sp_arena_free(a);
    return status;
}

#ifndef SPATE_FUZZING
/* Checks one case; prints what came otherwise. */
static void rows_check_n(rows_case k, const char *text, size_t n, const char *want, const char *file, int line)
{
    sp_buf out = { 0 };
    sp_error err = { 0 };
    sp_status status = rows_decode(&k, text, n, &out, &err);
    if (status == SP_FAILED) {
        sp_buf m = { 0 };
        sp_error_message(&err, &m);
        sp_buf_printf(&out, "! %s", sp_buf_cstr(&m));
        sp_buf_done(&m);
    }
    const char *got = sp_buf_cstr(&out);
    test_check_str(got, want, text, file, line);
    sp_buf_done(&out);
}
#define ROWS(k, text, want) rows_check_n(k, text, strlen(text), want, __FILE__, __LINE__)

#endif

#endif
