/* test_json.c -- JSON records to rows, as Spark 4.3 gives them: tolerance, bad records, nested values, pushed
 * predicates. The records marked (seen) were tried on Spark or stand in the conformance goldens; the others follow
 * Jackson's and JacksonParser's sources. */
#include "rows.h"

static rows_case json(const char *schema, const char *options)
{
    return (rows_case){ .format = "json", .schema = schema, .options = options };
}
#define ONE(schema, options, text, want) ROWS(json(schema, options), text, want)
#define AB "a INT, b STRING, _corrupt_record STRING"

/* Golden 035. */
static const char golden[] = "{\"a\":1,\"b\":\"x\",\"c\":[1,2]}\n{\"a\":\"oops\",\"b\":2}\n{bad "
    "json\n[]\n{\"a\":3,\"b\":{\"n\":1},\"c\":null}\n\n"
                             "{\"a\":4.0,\"b\":true}\n{\"A\":7}\n[{\"a\":5},{\"a\":6}]\n";

TEST(modes_as_recorded)
{
    const char *schema = "a int, b string, c array<int>, _corrupt_record string";
    ONE(schema, "mode=PERMISSIVE", golden,
        "1|x|[1, 2]|NULL\nNULL|2|NULL|{\"a\":\"oops\",\"b\":2}\nNULL|NULL|NULL|{bad json\n3|{\"n\":1}|NULL|NULL\n"
        "NULL|true|NULL|{\"a\":4.0,\"b\":true}\nNULL|NULL|NULL|NULL\n5|NULL|NULL|NULL\n6|NULL|NULL|NULL\n");
    ONE(schema, "mode=DropMalformed", golden,
        "1|x|[1, 2]|NULL\n3|{\"n\":1}|NULL|NULL\nNULL|NULL|NULL|NULL\n5|NULL|NULL|NULL\n6|NULL|NULL|NULL\n");
    ONE(schema, "mode=FAILFAST", golden,
        "! [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing: "
            "[null,2,null,{\"a\":\"oops\",\"b\":2}].\n"
        "Parse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as "
            "'PERMISSIVE'.  SQLSTATE: 22023");
    ONE("a int, b string", "multiLine=true", "[\n {\"a\": 1, \"b\": \"x\"},\n {\"a\": 2}\n]\n", "1|x\n2|NULL\n");
    ONE("a int, b string", "multiLine=true", "{\n \"a\": 3\n}\n", "3|NULL\n");
}

TEST(what_a_record_is)
{
    ONE(AB, NULL, "{\"a\":1} garbage", "1|NULL|NULL\n");            /* (seen) */
    ONE(AB, NULL, "{\"a\":2}}", "2|NULL|NULL\n");                   /* (seen) */
    ONE(AB, NULL, "{'a':1,'b':'it\"s'}", "1|it\"s|NULL\n");          /* (seen) */
    ONE(AB, NULL, "{\"a\":1,\"a\":2}", "2|NULL|NULL\n");            /* (seen) */
    ONE(AB, NULL, "{\"a\":8,}", "NULL|NULL|{\"a\":8,}\n");          /* (seen) */
    ONE(AB, NULL, "{\"a\":01}", "NULL|NULL|{\"a\":01}\n");          /* (seen) */
    ONE(AB, NULL, "{\"z\":tru}", "NULL|NULL|{\"z\":tru}\n");        /* (seen) */
    ONE(AB, NULL, "{\"z\":01,\"a\":1}", "NULL|NULL|{\"z\":01,\"a\":1}\n");
    ONE(AB, NULL, "{\"b\":\"\\ud83d\"}", "NULL|?|NULL\n");          /* (seen) */
    ONE(AB, NULL, "{\"b\":\"\\ud83d\\ude00\"}", "NULL|\xF0\x9F\x98\x80|NULL\n");
    ONE(AB, NULL, " \t \r\n\n", "");
    ONE(AB, NULL, "null", "NULL|NULL|null\n");
    ONE(AB, NULL, "1\n\"x\"\ntrue", "NULL|NULL|1\nNULL|NULL|\"x\"\nNULL|NULL|true\n");
    ONE(AB, NULL, "[]\n[[]]\n[{}]\n[null]\n[{\"a\":1},2]",
        "NULL|NULL|[[]]\nNULL|NULL|NULL\nNULL|NULL|[null]\nNULL|NULL|[{\"a\":1},2]\n");
    ONE(AB, NULL, "[{\"a\":1},{\"a\":\"x\",\"b\":\"y\"}]",
        "1|NULL|[{\"a\":1},{\"a\":\"x\",\"b\":\"y\"}]\nNULL|y|[{\"a\":1},{\"a\":\"x\",\"b\":\"y\"}]\n");
    ONE(AB, NULL, "\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF{\"a\":2}", "1|NULL|NULL\n2|NULL|NULL\n");
    ONE(AB, NULL, "{\"a\":1\n{\"a\":2}", "NULL|NULL|{\"a\":1\n2|NULL|NULL\n");
    ONE(AB, NULL, "{\"a\" : 1 , \"b\"\t:\"x\"  }  ", "1|x|NULL\n");
    ONE(AB, NULL, "{}", "NULL|NULL|NULL\n");
}

TEST(errors_keep_what_came_before_them_only_in_nested_values)
{
    ONE(AB, NULL, "{\"b\":\"x\",\"a\":tru}", "NULL|NULL|{\"b\":\"x\",\"a\":tru}\n");
    ONE(AB, NULL, "{\"b\":\"x\",\"a\":\"1\"}", "NULL|x|{\"b\":\"x\",\"a\":\"1\"}\n");
    ONE(AB, NULL, "{\"a\":1,\"b\":\"x\\qy\"}", "NULL|NULL|{\"a\":1,\"b\":\"x\\qy\"}\n");
    /* reading goes on right behind the bad escape */
    ONE(AB, NULL, "{\"b\":\"x\\q,\"a\":2}", "2|NULL|{\"b\":\"x\\q,\"a\":2}\n");
    ONE("a INT, s STRUCT<x:INT>, b INT, _corrupt_record STRING", NULL, "{\"a\":1,\"s\":{\"x\":tru},\"b\":2}",
        "1|NULL|NULL|{\"a\":1,\"s\":{\"x\":tru},\"b\":2}\n");
    ONE("a INT, s STRUCT<x:INT,y:INT>, b INT, _corrupt_record STRING", NULL,
        "{\"a\":1,\"s\":{\"x\":\"q\",\"y\":3},\"b\":2}",
            "1|{NULL, 3}|2|{\"a\":1,\"s\":{\"x\":\"q\",\"y\":3},\"b\":2}\n");
    ONE("c ARRAY<INT>, b INT, _corrupt_record STRING", NULL, "{\"c\":[1,\"x\",3,{\"b\":7}],\"b\":2}",
        "NULL|2|{\"c\":[1,\"x\",3,{\"b\":7}],\"b\":2}\n");
    ONE("c ARRAY<STRUCT<x:INT>>, b INT, _corrupt_record STRING", NULL, "{\"c\":[{\"x\":1},{\"x\":\"q\"}],\"b\":2}",
        "[{1}, {NULL}]|2|{\"c\":[{\"x\":1},{\"x\":\"q\"}],\"b\":2}\n");
    ONE("m MAP<STRING,INT>, b INT, _corrupt_record STRING", NULL, "{\"m\":{\"x\":1,\"y\":\"q\",\"z\":2},\"b\":2}",
        "NULL|2|{\"m\":{\"x\":1,\"y\":\"q\",\"z\":2},\"b\":2}\n");
    ONE("a INT", "mode=FAILFAST", "{\"a\":}",
        "! [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing: "
        "[null].\nParse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as "
            "'PERMISSIVE'.  SQLSTATE: 22023");
    ONE("a DOUBLE", "mode=FAILFAST", "{\"a\":\"x\"}",
        "! [MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE] Malformed records are detected in "
        "record parsing: {\"a\":\"x\"}.\nParse Mode: FAILFAST. To process malformed records as null result, try "
            "setting the option 'mode' as "
        "'PERMISSIVE'. Cannot parse the value 'x' of the field `a` as target spark data type DoubleType from the input "
            "type StringType. SQLSTATE: 22023");
}

TEST(only_wanted_columns_can_be_bad)
{
    rows_case k = json(AB, NULL);
    k.columns = "12";
    ROWS(k, "{\"a\":\"oops\",\"b\":2}\n{\"b\":1,\"z\":\"\\q\"}", "2|NULL\nNULL|{\"b\":1,\"z\":\"\\q\"}\n");
    k.columns = "";
    ROWS(k, "{\"a\":1}\n{bad\n\n[{},{}]\n", "\n\n\n\n");
    k.columns = "2";
    ROWS(k, "{}", "! [UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN] The feature is not supported: Queries from "
        "raw JSON/CSV/XML files are disallowed "
                  "when the\nreferenced columns only include the internal corrupt record column\n(named "
                      "`_corrupt_record` by default). "
                  "For example:\n"
                  "`spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()`\n"
                  "and `spark.read.schema("
                  "schema).json(file).select(\"_corrupt_record\").show()`.\nInstead, you can cache or save the parsed "
                      "results and then send the same "
                  "query.\nFor example, `val df = spark.read.schema(schema).json(file).cache()` and "
                      "then\n`df.filter($\"_corrupt_record\".isNotNull)."
                  "count()`. SQLSTATE: 0A000");
}

TEST(strings)
{
    ONE("b STRING", NULL, "{\"b\":12.50}\n{\"b\":1e5}\n{\"b\":true}\n{\"b\":null}\n{\"b\":[1, 2 ]}\n{\"b\":{\"x\" : "
        "'y'} }\n{\"b\":-0}", "12.50\n1e5\ntrue\nNULL\n[1, 2 ]\n{\"x\" : 'y'}\n-0\n");
    ONE("b STRING", NULL, "{\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\"}",
        "\"\\/\b\f\n\r\t\xC3\xA4\xE2\x82\xAC\n");
    ONE("b STRING", NULL, "{\"b\":\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 and more\"}",
        "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 and more\n");
    ONE("b STRING, _corrupt_record STRING", NULL, "{\"b\":\"\xFF\"}", "NULL|{\"b\":\"\xFF\"}\n");
    ONE("b STRING, _corrupt_record STRING", NULL, "{\"b\":\"\xC1\x81|\xED\xA0\x80|\xED\xA0\xBD\xED\xB8\x80\"}",
        "A|?|\xF0\x9F\x98\x80|NULL\n");
    ONE("b STRING, _corrupt_record STRING", NULL, "{\"b\":\"a\tb\"}", "NULL|{\"b\":\"a\tb\"}\n");
    ONE("b STRING", "allowUnquotedControlChars=true", "{\"b\":\"a\tb\"}", "a\tb\n");
    ONE("b STRING, _corrupt_record STRING", NULL, "{\"b\":\"a\\'b\"}\n{\"b\":\"a\\xb\"}",
        "a'b|NULL\nNULL|{\"b\":\"a\\xb\"}\n");
    ONE("b STRING", "allowBackslashEscapingAnyCharacter=true", "{\"b\":\"a\\xb\"}", "axb\n");
    ONE("b STRING", NULL, "{'b':'a\\'b'}", "a'b\n");
    ONE("b STRING, _corrupt_record STRING", "allowSingleQuotes=false", "{'b':'a'}", "NULL|{'b':'a'}\n");
    ONE("`x\"y` STRING", NULL, "{\"x\\\"y\":\"k\"}\n{\"\\u0078\\\"y\":\"l\"}", "k\nl\n");
}

TEST(leniency_by_option)
{
    ONE(AB, "allowUnquotedFieldNames=true", "{a:1,b:'x'}\n{ a-b : 2, b:3}", "1|x|NULL\nNULL|3|NULL\n");
    ONE(AB, NULL, "{a:1}", "NULL|NULL|{a:1}\n");
    ONE(AB, "allowNumericLeadingZeros=true", "{\"a\":007,\"b\":00}", "7|00|NULL\n");
    ONE(AB, "allowComments=true", "/* c */{\"a\"/**/:1,// x", "NULL|NULL|/* c */{\"a\"/**/:1,// x\n");
    ONE(AB, "allowComments=true", "/* c */{\"a\"/*:*/:1/**/}", "1|NULL|NULL\n");
    ONE(AB, NULL, "/* c */{\"a\":1}", "NULL|NULL|/* c */{\"a\":1}\n");
    ONE("d DOUBLE, _corrupt_record STRING", NULL,
        "{\"d\":NaN}\n{\"d\":\"NaN\"}\n{\"d\":-INF}\n{\"d\":\"+INF\"}\n{\"d\":Infinity}\n{\"d\":+Infinity}\n"
        "{\"d\":\"x\"}", "NaN|NULL\nNaN|NULL\n-Infinity|NULL\nInfinity|NULL\nInfinity|NULL\nInfinity|NULL\n"
        "NULL|{\"d\":\"x\"}\n");
    ONE("d DOUBLE, _corrupt_record STRING", "allowNonNumericNumbers=false", "{\"d\":NaN}\n{\"d\":\"NaN\"}",
        "NULL|{\"d\":NaN}\nNULL|{\"d\":\"NaN\"}\n");
    ONE("a INT", "lineSep=~", "{\"a\":1}~{\"a\":\n2}~", "1\n2\n");
    ONE("a INT, bad STRING", "columnNameOfCorruptRecord=bad", "{\"a\":{}}", "NULL|{\"a\":{}}\n");
    ONE("a INT, _corrupt_record INT", NULL, "{}",
        "! [INVALID_CORRUPT_RECORD_TYPE] The column `_corrupt_record` for corrupt records must have the "
        "nullable STRING type, but got \"INT\". SQLSTATE: 42804");
    ONE("a INT", "allowComments=maybe", "{}", "! For input string: \"maybe\"");
}

TEST(numbers)
{
    ONE("a INT, _corrupt_record STRING", NULL,
        "{\"a\":2147483647}\n{\"a\":2147483648}\n{\"a\":-2147483648}\n{\"a\":-0}\n{\"a\":1.0}\n{\"a\":\"\"}",
            "2147483647|NULL\nNULL|{\"a\":2147483648}\n-2147483648|NULL\n0|NULL\nNULL|{\"a\":1.0}\n"
            "NULL|{\"a\":\"\"}\n");
    ONE("a LONG, _corrupt_record STRING", NULL,
        "{\"a\":9223372036854775807}\n{\"a\":9223372036854775808}\n{\"a\":-9223372036854775808}",
            "9223372036854775807|NULL\nNULL|{\"a\":9223372036854775808}\n-9223372036854775808|NULL\n");
    ONE("a BYTE, b SHORT", NULL, "{\"a\":127,\"b\":32767}\n{\"a\":200,\"b\":32768}\n{\"a\":256}",
        "127|32767\n-56|NULL\nNULL|NULL\n");
    ONE("a FLOAT, b DOUBLE", NULL,
        "{\"a\":1,\"b\":2}\n{\"a\":1.1,\"b\":1e400}\n{\"a\":16777217,\"b\":9007199254740993}\n"
        "{\"b\":12345678901234567890123}", "1.0|2.0\n1.1|Infinity\n1.6777216E7|9.007199254740992E15\n"
        "NULL|1.2345678901234568E22\n");
    ONE("a DECIMAL(5,2), _corrupt_record STRING", NULL,
        "{\"a\":1}\n{\"a\":12.345}\n{\"a\":\"1,234.5\"}\n{\"a\":1234.5}\n{\"a\":\"1 2\"}\n{\"a\":1e1}",
            "1.00|NULL\n12.35|NULL\nNULL|{\"a\":\"1,234.5\"}\nNULL|{\"a\":1234.5}\nNULL|{\"a\":\"1 2\"}\n10.00|NULL\n");
    ONE("a BOOLEAN", NULL, "{\"a\":true}\n{\"a\":false}\n{\"a\":1}\n{\"a\":\"true\"}", "true\nfalse\nNULL\nNULL\n");
    ONE(AB, NULL, "{\"a\":1.}\n{\"a\":.5}\n{\"a\":1e}\n{\"a\":-}\n{\"a\":+1}\n{\"a\":1x}",
        "NULL|NULL|{\"a\":1.}\nNULL|NULL|{\"a\":.5}\nNULL|NULL|{\"a\":1e}\nNULL|NULL|{\"a\":-}\n"
        "NULL|NULL|{\"a\":+1}\nNULL|NULL|{\"a\":1x}\n");
}

TEST(times)
{
    ONE("t TIMESTAMP, d DATE, n TIMESTAMP_NTZ", NULL,
        "{\"t\":\"2024-01-01T00:00:00Z\",\"d\":\"2024-02-29\",\"n\":\"2024-01-01 10:00:00.5\"}",
            "2024-01-01 00:00:00|2024-02-29|2024-01-01 10:00:00.5\n");
    ONE("t TIMESTAMP, d DATE", NULL,
        "{\"t\":1704067200,\"d\":\"365\"}\n{\"t\":\"2024-01-01T00:00:00GMT+01:00\",\"d\":1}",
            "2024-01-01 00:00:00|1971-01-01\n2023-12-31 23:00:00|NULL\n");
    ONE("d DATE, t TIMESTAMP", "dateFormat=dd/MM/yyyy;timestampFormat=dd.MM.yyyy HH:mm",
        "{\"d\":\"26/08/2015\",\"t\":\"01.02.2024 03:04\"}\n{\"d\":\"2015-08-26\"}",
            "2015-08-26|2024-02-01 03:04:00\nNULL|NULL\n");
    ONE("t TIMESTAMP", "timeZone=Europe/Berlin", "{\"t\":\"2024-01-01T00:00:00\"}", "2023-12-31 23:00:00\n");
    ONE("n TIMESTAMP_NTZ", NULL, "{\"n\":\"2024-01-01T00:00:00Z\"}", "NULL\n");
    ONE("b BINARY, _corrupt_record STRING", NULL, "{\"b\":\"SGVsbG8=\"}\n{\"b\":\"SGVsbG8\"}\n{\"b\":\"\"}",
        "[48 65 6C 6C 6F]|NULL\nNULL|{\"b\":\"SGVsbG8\"}\n[]|NULL\n");
}

TEST(nested)
{
    ONE("s STRUCT<x:INT,t:STRUCT<y:STRING>>", NULL,
        "{\"s\":{\"t\":{\"y\":\"q\"},\"z\":[{}],\"x\":1}}\n{\"s\":null}\n{\"s\":{}}\n{\"s\":[1]}",
            "{1, {q}}\nNULL\n{NULL, NULL}\nNULL\n");
    ONE("m MAP<STRING,ARRAY<INT>>", NULL, "{\"m\":{\"a\":[1,null],\"b\":[],\"c\":null}}\n{\"m\":{}}",
        "{a -> [1, NULL], b -> [], c -> NULL}\n{}\n");
    ONE("c ARRAY<ARRAY<STRUCT<x:INT>>>", NULL, "{\"c\":[[{\"x\":1},{}],[],null]}", "[[{1}, {NULL}], [], NULL]\n");
    ONE("m MAP<STRING,INT>", NULL, "{\"m\":{\"a\":1,\"a\":2}}", "{a -> 1, a -> 2}\n");
    ONE("s STRUCT<x:INT>, a INT", NULL, "{\"s\":{\"x\":1},\"a\":1,\"s\":{\"x\":2}}\n{\"s\":{\"x\":1,\"x\":3},\"a\":2}",
        "{2}|1\n{3}|2\n");
    ONE("_corrupt_record STRING, v VOID", NULL, "{\"v\":1}", "NULL|NULL\n");
}

TEST(depth_is_limited)
{
    sp_buf in = { 0 };
    sp_buf_puts(&in, "{\"z\":");
    for (int i = 0; i < 999; i++) sp_buf_putc(&in, '[');
    for (int i = 0; i < 999; i++) sp_buf_putc(&in, ']');
    sp_buf_puts(&in, ",\"a\":1}\n{\"z\":");
    for (int i = 0; i < 1000; i++) sp_buf_putc(&in, '[');
    for (int i = 0; i < 1000; i++) sp_buf_putc(&in, ']');
    sp_buf_puts(&in, ",\"a\":1}");
    ONE("a INT", NULL, sp_buf_cstr(&in), "1\nNULL\n");
    sp_buf_clear(&in);
    sp_buf_puts(&in, "{\"z\":");
    for (int i = 0; i < 1001; i++) sp_buf_putc(&in, '7');
    sp_buf_puts(&in, ",\"a\":1}");
    ONE("a INT", NULL, sp_buf_cstr(&in), "NULL\n");
    sp_buf_done(&in);
}

TEST(big_arrays_fill_several_batches)
{
    sp_buf in = { 0 }, want = { 0 };
    sp_buf_puts(&in, "[");
    for (int i = 0; i < 9000; i++) {
        sp_buf_printf(&in, "%s{\"a\":%d,\"b\":\"long text with \\\"quotes\\\" %d\"}", i ? "," : "", i, i);
        sp_buf_printf(&want, "%d|long text with \"quotes\" %d\n", i, i);
    }
    sp_buf_puts(&in, "]\n{\"a\":-1}");
    sp_buf_puts(&want, "-1|NULL\n");
    ONE("a INT, b STRING", NULL, sp_buf_cstr(&in), sp_buf_cstr(&want));
    sp_buf_done(&in);
    sp_buf_done(&want);
}

/* ---- predicates ---- */

static sp_expr *column_expr(sp_arena *a, int ordinal, const sp_type *t)
{
    sp_expr *e = sp_expr_new(a, SP_E_COLUMN, NULL);
    e->ordinal = ordinal;
    e->type = t;
    return e;
}

static sp_expr *call_expr(sp_arena *a, const sp_function *f, sp_expr *x, sp_expr *y)
{
    sp_expr *e = sp_expr_new(a, SP_E_CALL, NULL);
    e->function = f;
    e->args = sp_arena_calloc(a, 2 * sizeof *e->args, NULL);
    e->args[0] = x;
    e->args[1] = y;
    e->arg_count = y ? 2 : 1;
    return e;
}

TEST(predicates_drop_rows_while_reading)
{
    static const sp_function eq = { .name = "=" }, lt = { .name = "<" }, any = { .name = "or" },
        not_null = { .name = "isnotnull" };
    sp_arena *a = sp_arena_new("test", 0);
    sp_value view = sp_value_str(SP_LIT("view")), two = sp_value_i64(SP_INT, 2);
    const sp_type *text = sp_type_of(SP_STRING), *i32 = sp_type_of(SP_INT);
    sp_expr *is_view = call_expr(a, &eq, column_expr(a, 1, text), sp_expr_literal(a, &view, NULL));
    sp_expr *small = call_expr(a, &lt, column_expr(a, 0, i32), sp_expr_literal(a, &two, NULL));
    sp_expr *b_there = call_expr(a, &not_null, column_expr(a, 1, text), NULL);
    sp_expr *either = call_expr(a, &any, is_view, small);
    sp_error err = { 0 };
    sp_buf out = { 0 };
    rows_case k = json(AB, NULL);
    const char *in = "{\"a\":1,\"b\":\"view\"}\n{\"a\":2,\"b\":\"click\", "
        "garbage\n{\"a\":3}\n{\"a\":\"x\",\"b\":\"view\"}\n{\"b\":null,\"a\":1}\n";
    k.pushed = &is_view;
    k.pushed_count = 1;
    /* a record without b is not judged here */
    ROWS(k, in, "1|view|NULL\n3|NULL|NULL\nNULL|view|{\"a\":\"x\",\"b\":\"view\"}\n");
    k.pushed = &b_there;
    ROWS(k, in, "1|view|NULL\nNULL|NULL|{\"a\":2,\"b\":\"click\", "
        "garbage\n3|NULL|NULL\nNULL|view|{\"a\":\"x\",\"b\":\"view\"}\n");
    k.pushed = &either;
    ROWS(k, in, "1|view|NULL\n3|NULL|NULL\nNULL|view|{\"a\":\"x\",\"b\":\"view\"}\n1|NULL|NULL\n");
    CHECK(rows_decode(&k, in, strlen(in), &out, &err) == SP_OK);
    CHECK_INT(k.rows_read, 4);
    sp_buf_done(&out);
    sp_arena_free(a);
}

TEST_ALLOC(decoding_survives_missing_memory)
{
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    sp_error err = { 0 };
    rows_case k = json("a INT, b STRING, s STRUCT<x:INT>, c ARRAY<STRING>, m MAP<STRING,DECIMAL(5,1)>, _corrupt_record "
        "STRING", NULL);
    const char *in = "{\"a\":1,\"b\":\"long string with "
        "\\\"escapes\\\"\",\"s\":{\"x\":1},\"c\":[\"p\\n\",null],\"m\":{\"k\":\"1.5\"}}\n{bad\n"
        "[{\"a\":1},{\"a\":\"x\"}]\n";
    CHECK_INT(rows_decode(&k, in, strlen(in), &out, &err), SP_OK);
    CHECK_STR(sp_buf_cstr(&out),
              "1|long string with \"escapes\"|{1}|[p\n, NULL]|{k -> 1.5}|NULL\nNULL|NULL|NULL|NULL|NULL|{bad\n"
              "1|NULL|NULL|NULL|NULL|[{\"a\":1},{\"a\":\"x\"}]\nNULL|NULL|NULL|NULL|NULL|[{\"a\":1},{\"a\":\"x\"}]\n");
}
