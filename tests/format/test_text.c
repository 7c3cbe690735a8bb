/* test_text.c -- the text format: line ends, whole files, writing. */
#include "rows.h"

static const rows_case text = { .format = "text", .schema = "value STRING" };

TEST(lines_end_as_hadoop_says)
{
    ROWS(text, "", "");
    ROWS(text, "a\nb\n", "a\nb\n");
    ROWS(text, "a\nb", "a\nb\n");
    ROWS(text, "a\r\nb\rc\n\nd", "a\nb\nc\n\nd\n");
    ROWS(text, "\r\r\n\n", "\n\n\n");
    ROWS(text, "\xEF\xBB\xBF" "a\n\xEF\xBB\xBF" "b", "a\n\xEF\xBB\xBF" "b\n");
}

TEST(lines_of_every_length)
{
    sp_buf in = { 0 }, want = { 0 };
    for (int n = 0; n < 200; n++) {
        for (int i = 0; i < n; i++) {
            sp_buf_putc(&in, (char)('a' + i % 26));
            sp_buf_putc(&want, (char)('a' + i % 26));
        }
        sp_buf_puts(&in, n % 3 == 0 ? "\r\n" : "\n");
        sp_buf_puts(&want, "\n");
    }
    ROWS(text, sp_buf_cstr(&in), sp_buf_cstr(&want));
    sp_buf_done(&in);
    sp_buf_done(&want);
}

TEST(more_lines_than_a_batch_holds)
{
    sp_buf in = { 0 };
    for (int i = 0; i < 10000; i++) sp_buf_printf(&in, "%d\n", i);
    ROWS(text, sp_buf_cstr(&in), sp_buf_cstr(&in));
    sp_buf_done(&in);
}

TEST(options)
{
    rows_case k = text;
    k.options = "lineSep=||";
    ROWS(k, "a||b\n|c||", "a\nb\n|c\n");
    k.options = "lineSep=\n";
    ROWS(k, "a\r\nb\n", "a\r\nb\n");
    k.options = "WholeText=true";
    ROWS(k, "a\nb\n", "a\nb\n\n");
    k.options = "lineSep=";
    ROWS(k, "a", "! requirement failed: 'lineSep' cannot be an empty string.");
    k.options = "encoding=UTF-16";
    ROWS(k, "a", "! [INVALID_PARAMETER_VALUE.CHARSET] The value of parameter(s) `charset` in `encoding` is invalid: "
        "expects one of the UTF-8, but "
                 "got UTF-16. SQLSTATE: 22023");
    k.options = NULL;
    k.columns = "";
    ROWS(k, "a\nb\n", "\n\n");
}

TEST_ALLOC(decoding_survives_missing_memory)
{
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    sp_error err = { 0 };
    rows_case k = text;
    CHECK_INT(rows_decode(&k, "a\nb\n", 4, &out, &err), SP_OK);
    CHECK_STR(sp_buf_cstr(&out), "a\nb\n");
}

TEST(writing)
{
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("test", 0);
    sp_encoder *e;
    const sp_type *t;
    sp_builder *b = sp_builder_new(a, sp_type_of(SP_STRING), true, &err);
    sp_build_str(b, SP_LIT("one"), &err);
    sp_build_null(b, &err);
    sp_build_str(b, SP_LIT(""), &err);
    sp_build_str(b, SP_LIT("four and more than twelve"), &err);
    sp_vec *v;
    REQUIRE(sp_builder_take(b, &v, &err) == SP_OK);
    REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("x STRING"), &t, &err) == SP_OK);
    const sp_format *f = sp_format_find(SP_LIT("TEXT"));
    REQUIRE(f->open_encoder(a, t, NULL, NULL, &e, &err) == SP_OK);
    sp_batch in = { .rows = 4, .sel_count = 4, .column_count = 1, .columns = &v };
    sp_buf out = { 0 };
    CHECK(f->encode(e, &in, a, &out, &err) == SP_OK);
    CHECK_STR(sp_buf_cstr(&out), "one\n\n\nfour and more than twelve\n");
    sp_buf_done(&out);
    REQUIRE(sp_type_schema_from_ddl(a, SP_LIT("x INT"), &t, &err) == SP_OK);
    CHECK(f->check_schema(t, false, &err) == SP_FAILED);
    sp_error_message(&err, &out);
    CHECK_STR(sp_buf_cstr(&out),
              "[UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] The Text datasource doesn't support the column `x` of the type "
              "\"INT\". "
                                 "SQLSTATE: 0A000");
    sp_buf_done(&out);
    sp_arena_free(a);
}
