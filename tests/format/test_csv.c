/* test_csv.c -- CSV to rows and back as Spark with univocity has it: quoting, options, modes, header, inference, writing. */
#include "format/format.h"
#include "test.h"
#include <stdio.h>

typedef struct fixture { sp_arena *a; sp_props options; sp_expr_conf conf; } fixture;

static void done(fixture *f)
{
    sp_props_done(&f->options);
    sp_arena_free(f->a);
}

/* options: "key=value|key=value"; a value may hold anything but |. */
static fixture *begin(const char *options)
{
    sp_arena *a = sp_arena_new("test", 0);
    fixture *f = a ? sp_arena_calloc(a, sizeof *f, NULL) : NULL;
    if (!f)
        sp_arena_free(a);
    REQUIRE(f);
    f->a = a;
    f->conf.zone = sp_zone_utc();
    f->conf.ansi = true;
    DEFER(done, f);
    f->options.map.fold_case = true;
    sp_error err = { 0 };
    for (const char *p = options; *p;) {
        const char *eq = strchr(p, '='), *end = strchr(p, '|');
        if (!end)
            end = p + strlen(p);
        REQUIRE(sp_props_put(&f->options, (sp_str){ p, (size_t)(eq - p) }, (sp_str){ eq + 1, (size_t)(end - eq - 1) }, &err) == SP_OK);
        p = *end ? end + 1 : end;
    }
    return f;
}

static char *padded(fixture *f, const char *text)
{
    size_t n = strlen(text);
    char *bytes = sp_arena_calloc(f->a, n + 64, NULL);
    REQUIRE(bytes);
    memcpy(bytes, text, n);
    return bytes;
}

/* The rows as "[a, b][NULL, c]"; the error's message when there was one. columns: "0 2", or NULL for all. */
static const char *read_columns(const char *options, const char *ddl, const char *columns, const char *text)
{
    fixture *f = begin(options);
    const sp_type *schema;
    sp_decoder *d = NULL;
    sp_error err = { 0 };
    sp_buf out = { 0 };
    int wanted[20], n = 0;
    REQUIRE(sp_type_schema_from_ddl(f->a, sp_str_of(ddl), &schema, &err) == SP_OK);
    for (const char *p = columns; p && *p; p++)
        if (*p >= '0' && *p <= '9')
            wanted[n++] = *p - '0';
    sp_decode_spec spec = { .arena = f->a, .schema = schema, .columns = columns ? wanted : NULL, .column_count = n, .options = &f->options, .conf = &f->conf };
    const sp_format *csv = sp_format_find(SP_LIT("csv"));
    sp_status status = csv->open(&spec, &d, &err);
    if (status == SP_OK)
        status = csv->feed(d, padded(f, text), strlen(text), true, &err);
    while (status == SP_OK || status == SP_MORE) {
        sp_batch b;
        status = csv->next(d, f->a, &b, &err);
        for (uint32_t i = 0; status == SP_MORE && i < b.rows; i++) {
            sp_buf_putc(&out, '[');
            for (int c = 0; c < b.column_count; c++) {
                if (c)
                    sp_buf_puts(&out, ", ");
                sp_vec_text(&out, b.columns[c], i, true, sp_zone_utc(), &err);
            }
            sp_buf_putc(&out, ']');
        }
    }
    if (status == SP_FAILED) {
        sp_buf_clear(&out);
        sp_error_message(&err, &out);
    }
    if (d)
        csv->close(d);
    const char *result = sp_arena_strdup(f->a, sp_buf_cstr(&out), NULL);
    sp_buf_done(&out);
    REQUIRE(result);
    return result;
}

static const char *read(const char *options, const char *ddl, const char *text) { return read_columns(options, ddl, NULL, text); }

/* conformance case 033, as recorded from Spark. */
TEST(recorded_case)
{
    const char *options = "header=true|sep=;|nullValue=NA|dateFormat=dd/MM/yyyy|timestampFormat=yyyy-MM-dd HH:mm|ignoreLeadingWhiteSpace=true";
    const char *ddl = "id int, name string, born date, at timestamp, amt decimal(10,2), ok boolean";
    CHECK_STR(read(options, ddl, "id;name;born;at;amt;ok\n1;\"Smith; John\";31/01/2020;2024-01-01 10:30;12.345;true\n2;NA;;;NA;FALSE\n"),
              "[1, Smith; John, 2020-01-31, 2024-01-01 10:30:00, 12.35, true][2, NULL, NULL, NULL, NULL, false]");
    CHECK_STR(read(options, ddl, "id;name;born;at;amt;ok\n3;\"say \"\"hi\"\"\";29/02/2024;2024-12-31 23:59;-0.5;false\n4;  lead;01/01/1970;NA;1e2;true\n"),
              "[3, \"say \"\"hi\"\"\", 2024-02-29, 2024-12-31 23:59:00, -0.50, false][4, lead, 1970-01-01, NULL, 100.00, true]");
}

TEST(quotes_and_escapes)
{
    static const struct { const char *options, *text, *rows; } cases[] = {
        { "", "x,y\n", "[x, y]" },
        { "", "\"a,b\",c", "[a,b, c]" },
        { "", "\"a\",\"b\"", "[a, b]" },
        { "", "\"a\\\"b\",c", "[a\"b, c]" },
        { "", "\"a\\\\\",c", "[a\\, c]" },
        { "", "\"a\\xb\",c", "[a\\xb, c]" },
        { "", "a\\\"b,c", "[a\\\"b, c]" },
        { "", "a\"b\",c", "[a\"b\", c]" },
        { "", "\"a\" ,c", "[a, c]" },
        { "", "\"a\" b,c", "[\"a\" b, c]" },
        { "", "\"a\"b,c", "[\"a\"b, c]" },
        { "", "\"a\"\"b\",c", "[\"a\"\"b\", c]" },
        { "", "\"a\"\"\",c", "[a\"\", c]" },
        { "", "\"a\"\"", "[a\", NULL]" },
        { "", "\"abc", "[abc, NULL]" },
        { "", "\"abc,d", "[abc,d, NULL]" },
        { "", "x,\"", "[x, \"]" },
        { "escape=\"", "\"a\"\"b\",c", "[a\"b, c]" },
        { "escape=\"", "\"say \"\"hi\"\"\",c", "[say \"hi\", c]" },
        { "escape=\"", "\"a\\\",c", "[a\\, c]" },
        { "quote='", "'a,b',\"c\"", "[a,b, \"c\"]" },
        { "quote=", "\"a\",b", "[\"a\", b]" },
        { "sep=||", "a||b", "[a, b]" },
        { "sep=\\t", "a\tb", "[a, b]" },
        { "delimiter=;", "a;b", "[a, b]" },
        { "sep=ab", "xabyab", "[x, y]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char options[64];
        snprintf(options, sizeof options, "%s", cases[i].options);
        if (strcmp(options, "sep=||") == 0) {        /* | separates options here */
            strcpy(options, "sep=::");
            CHECK_STR(read(options, "a STRING, b STRING", "a::b"), cases[i].rows);
            continue;
        }
        const char *got = read(options, "a STRING, b STRING", cases[i].text);
        if (!CHECK(strcmp(got, cases[i].rows) == 0))
            CHECK_STR(got, cases[i].rows);
    }
}

TEST(nulls_and_blanks)
{
    CHECK_STR(read("", "a STRING, b STRING", ",\n\"\",x\n \ty, z \n"), "[NULL, NULL][NULL, x][ \ty,  z ]");
    CHECK_STR(read("nullValue=-", "a STRING, b STRING", "-,\"-\"\n\"\",\n"), "[NULL, NULL][, NULL]");
    CHECK_STR(read("ignoreLeadingWhiteSpace=true|ignoreTrailingWhiteSpace=true", "a STRING, b STRING", "  x ,\t y\t\n  ,  \n"), "[x, y][NULL, NULL]");
    CHECK_STR(read("emptyValue=E|nullValue=N", "a STRING, b STRING", "\"\",N\n"), "[E, NULL]");
    /* blank lines and comments are no records */
    CHECK_STR(read("comment=#", "a STRING, b STRING", "\n#x,y\n  \n1,2\r\n\r\n3,#4"), "[1, 2][3, #4]");
    CHECK_STR(read("", "a STRING", ""), "");
    CHECK_STR(read("", "a STRING", "\xef\xbb\xbfx\n"), "[x]");
    CHECK_STR(read("header=true", "a STRING", "\n\nname\nx\n"), "[x]");
    CHECK_STR(read("header=true", "a STRING", "name"), "");
}

TEST(types)
{
    CHECK_STR(read("", "a TINYINT, b SMALLINT, c INT, d BIGINT", "127,-32768,+7,9223372036854775807\n128,1,1,1\n 1,1.0,1x,9223372036854775808\n"),
              "[127, -32768, 7, 9223372036854775807][NULL, 1, 1, 1][NULL, NULL, NULL, NULL]");
    CHECK_STR(read("", "a DOUBLE, b FLOAT", "1e3,1.5\nNaN,Inf\n-Inf,-Infinity\ninf,nan\n 2 ,1d\n"),
              "[1000.0, 1.5][NaN, Infinity][-Infinity, -Infinity][NULL, NULL][2.0, 1.0]");
    CHECK_STR(read("nanValue=-|positiveInf=P", "a DOUBLE", "-\nP\n"), "[NaN][Infinity]");
    CHECK_STR(read("sep=;", "a DECIMAL(10,2)", "1,234.565\n99999999.994\n99999999.995\nx\n 1\n1E-3\n"), "[1234.57][99999999.99][NULL][NULL][NULL][0.00]");
    CHECK_STR(read("", "a BOOLEAN", "true\nFalse\nyes\n1\n"), "[true][false][NULL][NULL]");
    CHECK_STR(read("", "a DATE, b TIMESTAMP", "2024-02-29,2024-02-29 01:02:03\n2023-02-29,2024-02-29T01:02:03Z\n"),
              "[2024-02-29, 2024-02-29 01:02:03][NULL, 2024-02-29 01:02:03]");
    CHECK_STR(read("timeZone=Asia/Tokyo", "b TIMESTAMP", "2024-01-01 09:00:00\n"), "[2024-01-01 00:00:00]");
    CHECK_STR(read("", "b TIMESTAMP_NTZ", "2024-01-01 09:00:00\n"), "[2024-01-01 09:00:00]");
    CHECK_STR(read("dateFormat=dd/MM/yyyy", "a DATE", "31/12/2023\n2023-12-31\n"), "[2023-12-31][NULL]");
    CHECK_STR(read("dateFormat=dd/MM/yyyy|enableDateTimeParsingFallback=true", "a DATE", "2023-12-31\n"), "[2023-12-31]");
}

TEST(modes)
{
    const char *ddl = "a INT, b STRING, _corrupt_record STRING", *text = "1,x\nz,y\n2\n3,u,v\n";
    CHECK_STR(read("", ddl, text), "[1, x, NULL][NULL, y, z,y][2, NULL, 2][3, u, 3,u,v]");
    CHECK_STR(read("columnNameOfCorruptRecord=bad", "a INT, bad STRING, b STRING", text), "[1, NULL, x][NULL, z,y, y][2, 2, NULL][3, 3,u,v, u]");
    CHECK_STR(read("mode=DROPMALFORMED", "a INT, b STRING", text), "[1, x]");
    CHECK_STR(read("mode=dropmalformed", "a INT, b STRING", "x,1\ny,2\n"), "");
    CHECK_STR(read("mode=nonsense", "a INT, b STRING", "2\n"), "[2, NULL]");
    CHECK(strstr(read("mode=FAILFAST", "a INT, b STRING", text), "[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] ") != NULL);
    CHECK(strstr(read("mode=FAILFAST", "a DECIMAL(3,1)", "1000\n"), "[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] ") != NULL);
}

/* A read of some columns looks at no others. */
TEST(pruned_columns)
{
    CHECK_STR(read_columns("", "a INT, b STRING, c INT", "2 0", "1,x,3\n4,y\nz,q,9,10\n"), "[3, 1][NULL, 4][9, NULL]");
    CHECK_STR(read_columns("mode=DROPMALFORMED", "a INT, b STRING, c INT", "1", "1,x,3\n4,y\nz,q,9,10\n"), "[x][y][q]");
    CHECK_STR(read_columns("", "a INT, b STRING", "", "1,x\n2,y\n"), "[][]");
}

TEST(multi_line)
{
    CHECK_STR(read("multiLine=true", "a STRING, b STRING", "\"x\ny\",1\n\"p\r\nq\",2\r\nr,3\n"), "[x\ny, 1][p\r\nq, 2][r, 3]");
    CHECK_STR(read("", "a STRING, b STRING", "\"x\ny\",1\n"), "[x, NULL][y\", 1]");
    CHECK_STR(read("multiLine=true", "a STRING, b STRING", "x,\n\ny,2\n"), "[x, NULL][y, 2]");
    CHECK_STR(read("multiLine=true", "a STRING, b STRING", "\"x\" ,\" y \"\n\"a\"b\nz,w\n"), "[x,  y ][\"a\"b, NULL][z, w]");
    CHECK_STR(read("lineSep=;", "a STRING, b STRING", "x,1;y,2;"), "[x, 1][y, 2]");
}

TEST(bad_options)
{
    static const char *const bad[] = { "sep=", "sep=\\", "sep=\\q", "quote=ab", "header=maybe", "maxColumns=x", "encoding=EBCDIC" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fixture *f = begin(bad[i]);
        sp_error err = { 0 };
        const sp_type *schema;
        sp_decoder *d;
        REQUIRE(sp_type_schema_from_ddl(f->a, SP_LIT("a INT"), &schema, &err) == SP_OK);
        sp_decode_spec spec = { .arena = f->a, .schema = schema, .options = &f->options, .conf = &f->conf };
        if (!CHECK(sp_format_find(SP_LIT("csv"))->open(&spec, &d, &err) == SP_FAILED && sp_error_is_set(&err)))
            CHECK_STR(bad[i], "refused");
    }
    CHECK(strstr(read("maxColumns=2", "a STRING", "1,2,3\n"), "maxColumns") != NULL);
}

TEST_ALLOC(failing_allocations)
{
    CHECK_STR(read("header=true", "a INT, b STRING, c DECIMAL(5,2)", "a,b,c\n1,\"x\\\"y\",2.345\nz,\"q\",\n"), "[1, x\"y, 2.35][NULL, q, NULL]");
}

/* ---- inference ---- */

static const char *infer(const char *options, const char *text)
{
    fixture *f = begin(options);
    const sp_type *t;
    sp_error err = { 0 };
    sp_str file = { padded(f, text), strlen(text) };
    sp_buf out = { 0 };
    if (sp_format_find(SP_LIT("csv"))->infer(f->a, &file, 1, &f->options, &f->conf, &t, &err) == SP_OK)
        sp_type_simple(&out, t);
    else
        sp_error_message(&err, &out);
    const char *result = sp_arena_strdup(f->a, sp_buf_cstr(&out), NULL);
    sp_buf_done(&out);
    REQUIRE(result);
    return result;
}

TEST(inference)
{
    CHECK_STR(infer("", "a,b\n1,2\n"), "struct<_c0:string,_c1:string>");
    CHECK_STR(infer("header=true", "a,,a,b\n1,2,3,4\n"), "struct<a0:string,_c1:string,a2:string,b:string>");
    CHECK_STR(infer("header=true|inferSchema=true", "i,l,d,b,s,t,n,da,dec\n1,1,1.5,true,x,2024-01-01 00:00:00,,2024-01-01,1\n"
                    "2,3000000000,2,false,1,2024-01-02 00:00:00,,2024-01-02,99999999999999999999\n"),
              "struct<i:int,l:bigint,d:double,b:boolean,s:string,t:timestamp,n:string,da:date,dec:decimal(20,0)>");
    CHECK_STR(infer("inferSchema=true", "2024-01-01\n2024-01-01 10:00:00\n"), "struct<_c0:timestamp>");
    CHECK_STR(infer("inferSchema=true", "1\ntrue\n"), "struct<_c0:string>");
    CHECK_STR(infer("inferSchema=true|nullValue=NA", "1,NA\nNA,2.5\n"), "struct<_c0:int,_c1:double>");
    CHECK_STR(infer("", ""), "struct<>");
}

/* ---- writing ---- */

static const char *write_rows(const char *options, const char *ddl, const char *json_like, void (*fill)(sp_builder *const *b))
{
    fixture *f = begin(options);
    const sp_type *schema;
    sp_encoder *e;
    sp_error err = { 0 };
    sp_buf out = { 0 };
    sp_builder *b[10];
    sp_vec *cols[10];
    REQUIRE(sp_type_schema_from_ddl(f->a, sp_str_of(ddl), &schema, &err) == SP_OK);
    for (int i = 0; i < schema->field_count; i++)
        REQUIRE((b[i] = sp_builder_new(f->a, schema->fields[i].type, false, &err)) != NULL);
    if (fill)
        fill(b);
    uint32_t rows = sp_builder_rows(b[0]);
    for (int i = 0; i < schema->field_count; i++)
        REQUIRE(sp_builder_take(b[i], &cols[i], &err) == SP_OK);
    sp_batch batch = { .rows = rows, .sel_count = rows, .column_count = schema->field_count, .columns = cols };
    const sp_format *csv = sp_format_find(SP_LIT("csv"));
    sp_status status = csv->open_encoder(f->a, schema, &f->options, &f->conf, &e, &err);
    if (status == SP_OK && rows)
        status = csv->encode(e, &batch, f->a, &out, &err);
    if (status == SP_OK)
        status = csv->finish(e, &out, &err);
    if (status == SP_FAILED) {
        sp_buf_clear(&out);
        sp_error_message(&err, &out);
    }
    const char *result = sp_arena_strdup(f->a, sp_buf_cstr(&out), NULL);
    sp_buf_done(&out);
    REQUIRE(result);
    return result;
}

static const char *const *texts;

static void fill_texts(sp_builder *const *b)
{
    sp_error err = { 0 };
    for (int i = 0; texts[i]; i++)
        strcmp(texts[i], "NULL") == 0 ? sp_build_null(b[0], &err) : sp_build_str(b[0], sp_str_of(texts[i]), &err);
}

static const char *write_texts(const char *options, const char *const *values)
{
    texts = values;
    return write_rows(options, "a STRING", "", fill_texts);
}

TEST(writing_texts)
{
    static const char *const values[] = { "plain", "a,b", "say \"hi\"", "two\nlines", " trim\t", "", "NULL", "back\\slash", "b\\,c", "\"", NULL };
    CHECK_STR(write_texts("", values), "plain\n\"a,b\"\n\"say \\\"hi\\\"\"\n\"two\nlines\"\ntrim\n\"\"\n\nback\\slash\n\"b\\\\,c\"\n\"\\\"\"\n");
    CHECK_STR(write_texts("nullValue=NA|emptyValue=E|escape=\"|ignoreLeadingWhiteSpace=false|ignoreTrailingWhiteSpace=false", values),
              "plain\n\"a,b\"\n\"say \"\"hi\"\"\"\n\"two\nlines\"\n trim\t\nE\nNA\nback\\slash\n\"b\\,c\"\n\"\"\"\"\n");
    static const char *const two[] = { "x", "NULL", NULL };
    CHECK_STR(write_texts("quoteAll=true|header=true", two), "\"a\"\n\"x\"\n\"\"\n");
    static const char *const blank[] = { "", "NULL", "  ", NULL };
    CHECK_STR(write_texts("quoteAll=true|emptyValue=E|nullValue=N", blank), "\"E\"\n\"N\"\n\"E\"\n");
    CHECK_STR(write_texts("header=true|sep=;|lineSep=;;", two), "a;;x;;;;");
    CHECK_STR(write_rows("header=true", "a STRING, `b c` INT", "", NULL), "a,b c\n");
}

static void fill_types(sp_builder *const *b)
{
    sp_error err = { 0 };
    sp_build_i64(b[0], -5, &err), sp_build_f64(b[1], 1e10, &err), sp_build_decimal(b[2], 1250, &err), sp_build_bool(b[3], true, &err);
    sp_build_i64(b[4], 19723, &err), sp_build_i64(b[5], 1704103200123000, &err), sp_build_i64(b[6], 1704103200000000, &err);
}

TEST(writing_types)
{
    const char *ddl = "a INT, b DOUBLE, c DECIMAL(10,2), d BOOLEAN, e DATE, f TIMESTAMP, g TIMESTAMP_NTZ";
    CHECK_STR(write_rows("", ddl, "", fill_types), "-5,1.0E10,12.50,true,2024-01-01,2024-01-01T10:00:00.123Z,2024-01-01T10:00:00.000\n");
    CHECK_STR(write_rows("dateFormat=dd.MM.yy|timestampFormat=HH:mm|timeZone=Europe/Berlin", ddl, "", fill_types),
              "-5,1.0E10,12.50,true,01.01.24,11:00,2024-01-01T10:00:00.000\n");
}

/* What is written is read again as it was. */
TEST(there_and_back)
{
    static const char *const values[] = { "a\"b\\c", "\\", "x\\\"", ",", "\"\"", "a\\\\b,", "q'\"", NULL };
    sp_buf want = { 0 };
    for (int i = 0; values[i]; i++)
        sp_buf_printf(&want, "[%s]", values[i]);
    CHECK_STR(read("", "a STRING", write_texts("", values)), sp_buf_cstr(&want));
    CHECK_STR(read("escape=\"", "a STRING", write_texts("escape=\"", values)), sp_buf_cstr(&want));
    sp_buf_done(&want);
}
