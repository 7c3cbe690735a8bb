/* fuzz_sql.c -- SQL parser: any text gives a tree or an error, which can be printed. LINK: sql */
#include "sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const sp_error *err)
{
    sp_buf out = { 0 };
    sp_error_message(err, &out);
    sp_buf_done(&out);
}

/* The first byte says what is parsed, and whether double quotes make names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    sp_arena *a = sp_arena_new("query", 64 << 20);
    if (!a) return 0;
    sp_error err = { .arena = a };
    sp_expr_conf conf = { .ansi = true, .zone = sp_zone_utc(), .double_quoted_identifiers = data[0] & 4 };
    sp_buf out = { 0 };
    /* an allocation of the exact size: reading past the end is seen */
    char *copy = sp_malloc(size);
    if (!copy) goto done;
    memcpy(copy, data + 1, size - 1);
    sp_str text = { copy, size - 1 };
    sp_plan *plan;
    sp_expr *e;
    sp_str *parts;
    int count;
    sp_status status;
    switch (data[0] & 3) {
    case 0: case 1:
        status = sp_sql_parse_statement(a, &conf, text, &plan, &err);
        if (status == SP_OK) sp_sql_dump_plan(&out, plan);
        break;
    case 2:
        status = sp_sql_parse_expression(a, &conf, text, &e, &err);
        if (status == SP_OK) sp_sql_dump_expr(&out, e);
        break;
    default: status = sp_sql_parse_identifier(a, &conf, text, &parts, &count, &err);
    }
    if (status == SP_FAILED) print(&err);
done:
    sp_buf_done(&out);
    sp_free(copy);
    sp_arena_free(a);
    return 0;
}
