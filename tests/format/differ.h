/* differ.h -- one text decoded with the layouts of every width and by the scanner alone: rows, counts and errors must
 * be the same. */
#ifndef SPATE_TESTS_FORMAT_DIFFER_H
#define SPATE_TESTS_FORMAT_DIFFER_H

#include "format/json_int.h"
#include "rows.h"

typedef struct differ_setup { const char *schema, *options, *columns; int predicates; } differ_setup;
static const differ_setup differ_setups[] = {
    { "a INT, b STRING, t TIMESTAMP, c ARRAY<INT>, s STRUCT<x:INT,y:STRING>, _corrupt_record STRING", NULL, NULL, 0 },
    { "a LONG, b STRING, t STRING, d DOUBLE", NULL, "10", 1 },
    { "a DECIMAL(10,2), b STRING, t DATE", "mode=DROPMALFORMED", NULL, 2 },
    { "b STRING, m MAP<STRING,STRING>, a STRING, _corrupt_record STRING",
        "allowUnquotedFieldNames=true;allowComments=true;allowNumericLeadingZeros=true", NULL, 0 },
    { "b STRING, a BOOLEAN", NULL, "", 0 },
};
enum { DIFFER_SETUPS = sizeof differ_setups / sizeof *differ_setups };

static void differ_decode(const differ_setup *s, int width, const char *text, size_t n, sp_arena *a, sp_buf *out,
                          int64_t *rows)
{
    static const sp_function eq = { .name = "=" }, not_null = { .name = "isnotnull" }, either = { .name = "or" };
    rows_case k = { .format = "json", .schema = s->schema, .options = s->options, .columns = s->columns };
    sp_error err = { 0 };
    sp_value view = sp_value_str(SP_LIT("view"));
    sp_expr *e[8], *list[2];
    for (int i = 0; i < 8; i++) {
        e[i] = sp_expr_new(a, SP_E_CALL, NULL);
        e[i]->args = sp_arena_calloc(a, 2 * sizeof *e[i]->args, NULL);
    }
    int b = s->columns ? 0 : 1;     /* where b stands in the batch */
    e[0]->kind = e[1]->kind = SP_E_COLUMN;
    e[0]->ordinal = b;
    e[1]->ordinal = 1 - b;
    e[0]->type = e[1]->type = sp_type_of(SP_STRING);
    e[2]->kind = SP_E_LITERAL;
    e[2]->literal = view;
    e[3]->function = &eq;
    e[3]->args[0] = e[0], e[3]->args[1] = e[2], e[3]->arg_count = 2;
    e[4]->function = &not_null;
    e[4]->args[0] = e[1], e[4]->arg_count = 1;
    e[5]->function = &either;
    e[5]->args[0] = e[3], e[5]->args[1] = e[4], e[5]->arg_count = 2;
    list[0] = s->predicates == 2 ? e[5] : e[3];
    list[1] = e[4];
    k.pushed = list;
    k.pushed_count = s->predicates;
    sp_json_fast_width = width;
    if (rows_decode(&k, text, n, out, &err) == SP_FAILED)
        sp_error_message(&err, out);
    sp_json_fast_width = 512;
    *rows = k.rows_read;
}

/* 0: all the same; else the setup's number + 1. */
static int differ_check(const char *text, size_t n)
{
    static const int widths[] = { 512, 256, 128 };
    for (int s = 0; s < DIFFER_SETUPS; s++) {
        sp_arena *a = sp_arena_new("differ", 0);
        sp_buf want = { 0 };
        int64_t rows, got_rows;
        differ_decode(&differ_setups[s], 0, text, n, a, &want, &rows);
        bool same = true;
        for (size_t w = 0; w < sizeof widths / sizeof *widths && same; w++) {
            sp_buf got = { 0 };
            differ_decode(&differ_setups[s], widths[w], text, n, a, &got, &got_rows);
            same = got_rows == rows && got.len == want.len && (got.len == 0
                                                               || memcmp(got.data, want.data, got.len) == 0);
            sp_buf_done(&got);
        }
        sp_buf_done(&want);
        sp_arena_free(a);
        if (!same)
            return s + 1;
    }
    return 0;
}

#endif
