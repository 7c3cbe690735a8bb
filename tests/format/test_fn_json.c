/* test_fn_json.c -- the JSON functions, called with constants. Those marked (golden) stand in conformance case 076. */
#include "calls.h"

TEST(from_json)
{
    const char *all = "a int, b struct<c:string,d:array<double>>, t timestamp, m map<string,int>";
    FROM("{\"a\":1,\"b\":{\"c\":\"x\",\"d\":[1,2.5]},\"t\":\"2024-01-01T00:00:00Z\",\"m\":{\"k\":1}}", all, NULL,
         "{1, {x, [1.0, 2.5]}, 2024-01-01 00:00:00, {k -> 1}}");                   /* (golden), and those below */
    FROM("{\"a\":\"no\"}", all, NULL, "{NULL, NULL, NULL, NULL}");
    FROM("garbage", all, NULL, "{NULL, NULL, NULL, NULL}");
    FROM("", all, NULL, "NULL");
    FROM("null", all, NULL, "{NULL, NULL, NULL, NULL}");
    FROM("{\"a\":2,\"b\":null}", all, NULL, "{2, NULL, NULL, NULL}");
    FROM("[{\"a\":9}]", all, NULL, "{NULL, NULL, NULL, NULL}");
    FROM("{\"a\":1}", "a INT, _corrupt_record STRING", NULL, "{1, NULL}");
    FROM("{\"a\":}", "a INT, _corrupt_record STRING", "columnNameOfCorruptRecord=_corrupt_record", "{NULL, {\"a\":}}");
    FROM("{\"a\":}", "a INT", "mode=FAILFAST",
         "! [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing: "
         "[null].\nParse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as "
             "'PERMISSIVE'.  SQLSTATE: 22023");
    FROM("[1,2]", "array<int>", NULL, "[1, 2]");
    FROM("{\"a\":1,\"b\":2}", "map<string,int>", NULL, "{a -> 1, b -> 2}");
    FROM("{\"d\":\"26/08/2015\"}", "d date", "dateFormat=dd/MM/yyyy", "{2015-08-26}");
    FROM("{\"A\":1}", "a int", NULL, "{NULL}");
    FROM("{\"a\":\"1\"}", "a int", NULL, "{NULL}");
    FROM("{\"a\":1}", "a string", NULL, "{1}");
    FROM("{\"a\":{\"b\":1}}", "a string", NULL, "{{\"b\":1}}");
    FROM("{a:1}", "a int", "allowUnquotedFieldNames=true", "{1}");
    FROM("{'a':1}", "a int", NULL, "{1}");
    FROM("{\"a\":1}", "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":false,"
    "\"metadata\":{}}]}", NULL, "{1}");
    FROM("{\"a\":1}", "array<struct<a:int>>", NULL, "[{1}]");
    FROM("[1,\"x\"]", "array<int>", NULL, "NULL");
    FROM("nonsense", "map<string,int>", NULL, "NULL");
    FROM("{\"a\":1,\"b\":\"x\"}", "a INT, b INT, _corrupt_record STRING", NULL, "{1, NULL, {\"a\":1,\"b\":\"x\"}}");
    FROM(NULL, "a int", NULL, "NULL");
    FROM("[{}]", "a int", "mode=FAILFAST",
         "! [MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS] Malformed records are detected in record "
         "parsing: [{}].\nParse Mode: FAILFAST. To process malformed records as null result, try setting the option "
             "'mode' as 'PERMISSIVE'. Parsing JSON "
         "arrays as structs is forbidden. SQLSTATE: 22023");
    FROM("{\"a\":1,\"b\":\"x\"}", "a INT, b INT", "mode=FAILFAST",
         "! [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in "
         "record parsing: [1,null].\nParse Mode: FAILFAST. To process malformed records as null result, try setting "
             "the option 'mode' as 'PERMISSIVE'.  "
         "SQLSTATE: 22023");
    FROM("{}", "a INT", "mode=DROPMALFORMED",
         "! [PARSE_MODE_UNSUPPORTED] The function `from_json` doesn't support the DROPMALFORMED mode. Acceptable modes "
         "are "
         "PERMISSIVE and FAILFAST. SQLSTATE: 42601");
    FROM("{}", "int", NULL, "! [DATATYPE_MISMATCH.INVALID_JSON_SCHEMA] Cannot resolve \"from_json({})\" due to data "
        "type mismatch: Input schema \"INT\" must be a "
         "struct, an array, a map or a variant. SQLSTATE: 42K09");
    FROM("{}", NULL, NULL, "! [INVALID_SCHEMA.NON_STRING_LITERAL] The input schema \"NULL\" is not a valid schema "
        "string. The input expression must be string "
         "literal and not null. SQLSTATE: 42K07");
}

TEST(to_json)
{
    calls c = start();
    static const struct { const char *json, *schema, *options, *want; } rows[] = {
        { "{\"a\":1}", "a INT, b STRING", NULL, "{\"a\":1}" },
        { "{\"a\":1}", "a INT, b STRING", "ignoreNullFields=false", "{\"a\":1,\"b\":null}" },
        { "{\"k\":[1,null]}", "map<string,array<int>>", NULL, "{\"k\":[1,null]}" },
        { "[{\"x\":\"2024-01-01\"}]", "array<struct<x:date>>", NULL, "[{\"x\":\"2024-01-01\"}]" },
        { "{\"d\":1.50,\"f\":1,\"n\":NaN,\"g\":1e-7}", "d DECIMAL(3,2), f DOUBLE, n DOUBLE, g DECIMAL(10,7)", NULL,
            "{\"d\":1.50,\"f\":1.0,\"n\":\"NaN\",\"g\":1E-7}" },
        { "{\"t\":\"2024-01-01T00:00:00Z\",\"n\":\"2024-06-01 12:00:00.1234\"}", "t TIMESTAMP, n TIMESTAMP_NTZ", NULL,
          "{\"t\":\"2024-01-01T00:00:00.000Z\",\"n\":\"2024-06-01T12:00:00.123\"}" },
        { "{\"t\":\"2024-07-01T00:00:00Z\"}", "t TIMESTAMP", "timeZone=Europe/Berlin",
            "{\"t\":\"2024-07-01T02:00:00.000+02:00\"}" },
        { "{\"t\":\"2024-07-01T00:00:00Z\",\"d\":\"2024-07-01\"}", "t TIMESTAMP, d DATE",
            "timestampFormat=dd/MM/yyyy HH;dateFormat=yy", "{\"t\":\"01/07/2024 00\",\"d\":\"24\"}" },
        { "{\"b\":\"SGVsbG8=\",\"s\":\"a\\\"\\\\\\u0001\\n/\xC3\xA4\xF0\x9F\x98\x80\"}", "b BINARY, s STRING", NULL,
          "{\"b\":\"SGVsbG8=\",\"s\":\"a\\\"\\\\\\u0001\\n/\xC3\xA4\xF0\x9F\x98\x80\"}" },
        { "{\"s\":\"\xC3\xA4\xF0\x9F\x98\x80\"}", "s STRING", "writeNonAsciiCharacterAsCodePoint=true",
            "{\"s\":\"\\u00E4\\uD83D\\uDE00\"}" },
        { "{\"a\":[1,{}],\"m\":{},\"x\":2}", "a ARRAY<STRING>, e ARRAY<INT>, m MAP<STRING,INT>, x INT", "pretty=true",
          "{\n  \"a\" : [ \"1\", \"{}\" ],\n  \"m\" : { },\n  \"x\" : 2\n}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sp_expr *in[] = { text(&c, rows[i].json), text(&c, rows[i].schema) };
        sp_expr *out[] = { call(&c, "from_json", 2, in), rows[i].options ? options(&c, rows[i].options) : NULL };
        check_result(&c, out[0] ? call(&c, "to_json", out[1] ? 2 : 1, out) : NULL, rows[i].want, __FILE__, __LINE__,
                     rows[i].json);
    }
    sp_expr *bad[] = { text(&c, "x") };
    check_result(&c, call(&c, "to_json", 1,
                          bad), "! [DATATYPE_MISMATCH.INVALID_JSON_SCHEMA] Cannot resolve \"to_json(x)\" due to data "
                          "type mismatch: Input schema "
                 "\"STRING\" must be a struct, an array, a map or a variant. SQLSTATE: 42K09", __FILE__, __LINE__,
                     "to_json of a string");
    sp_arena_free(c.a);
}

TEST(get_json_object)
{
    PATH("{\"a\":{\"b\":[1,2]}}", "$.a.b[1]", "2");           /* (golden), and the next three */
    PATH("{\"a\":1}", "$.z", "NULL");
    PATH("{\"a\":\"q\"}", "$.a", "q");
    PATH("{\"a\":{\"b\":1}}", "$.a", "{\"b\":1}");
    PATH("{\"a\": {\"b\" : [1.10, 1e2, \"x\\u0041\", null, true] } }", "$['a']['b']", "[1.1,100.0,\"xA\",null,true]");
    PATH("{\"a\":null}", "$.a", "NULL");
    PATH("[[1,2],[3]]", "$[0][1]", "2");
    PATH("[{\"a\":1},{\"a\":2},{\"b\":3}]", "$[*].a", "[1,2]");
    PATH("[{\"a\":1},{\"b\":3}]", "$[*].a", "1");
    PATH("[{\"a\":\"x\"},{\"b\":3}]", "$[*].a", "\"x\"");
    PATH("[{\"b\":3}]", "$[*].a", "NULL");
    PATH("[[{\"a\":1}],[{\"a\":3}]]", "$[*][*].a", "NULL");      /* the second wildcard only flattens */
    PATH("[[1,[2]],[3]]", "$[*][*]", "[1,2,3]");
    PATH("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "$.a[*].b[0]", "[1,3]");
    PATH("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "$.a[0].b[*]", "[1,2]");
    PATH("{\"a\":1,\"a\":2}", "$.a", "1");
    PATH("{\"a\":1}", "$", "{\"a\":1}");
    PATH("\"s\"", "$", "s");
    PATH("{\"a\":1", "$.a", "NULL");
    PATH("{\"a\":1}x", "$.a", "1");
    PATH("{\"a\":1}", "a", "NULL");
    PATH("{\"a\":1}", "$.a[", "NULL");
    PATH("{\"a b\":1}", "$.a b", "1");
    PATH("{\"a\":1}", " $ . a", "1");
    PATH("{'a':'x\ty'}", "$.a", "x\ty");
    PATH("[1,2]", "$[5]", "NULL");
    PATH("", "$.a", "NULL");
    PATH("{\"a\":-0,\"b\":12345678901234567890}", "$", "{\"a\":0,\"b\":12345678901234567890}");
}

TEST(lengths_keys_and_schemas)
{
    ONE("json_array_length", "[1,2,3]", "3");
    ONE("json_array_length", "[1,2,3,{\"f1\":1,\"f2\":[5,6]},4]", "5");
    ONE("json_array_length", "[]", "0");
    ONE("json_array_length", "[1,2", "NULL");
    ONE("json_array_length", "{}", "NULL");
    ONE("json_array_length", "", "NULL");
    ONE("json_object_keys", "{\"a\":1,\"b\":2}", "[a, b]");
    ONE("json_object_keys", "{\"f1\":\"abc\",\"f2\":{\"f3\":\"a\", \"f4\":\"b\"}}", "[f1, f2]");
    ONE("json_object_keys", "{}", "[]");
    ONE("json_object_keys", "[1]", "NULL");
    ONE("json_object_keys", "{\"a\":", "NULL");
    ONE("schema_of_json", "{\"a\":[1.5],\"b\":null}", "STRUCT<a: ARRAY<DOUBLE>, b: STRING>");
    ONE("schema_of_json", "[{\"col\":0}]", "ARRAY<STRUCT<col: BIGINT>>");
    ONE("schema_of_json", "1", "BIGINT");
    ONE("schema_of_json", "[]", "ARRAY<STRING>");
    ONE("schema_of_json", "{}", "STRUCT<>");
    ONE("schema_of_json", "{\"z\":1,\"a\":[1,2.5,{\"x\":true}],\"b\":12345678901234567890}",
        "STRUCT<a: ARRAY<STRING>, b: DECIMAL(20,0), z: BIGINT>");
    ONE("schema_of_json", NULL,
        "! [DATATYPE_MISMATCH.UNEXPECTED_NULL] Cannot resolve \"schema_of_json(NULL)\" due to data type mismatch: The "
        "`json` must not be null. "
                                "SQLSTATE: 42K09");
}

TEST(json_tuple)
{
    calls c = start();
    sp_expr *args[] = { text(&c, "{\"a\":1,\"b\":\"x\",\"d\":[1, 2],\"n\":null}"), text(&c, "a"), text(&c, "b"),
        text(&c, "c"), text(&c, "d"), text(&c, "a"), text(&c, "n") };
    check_result(&c, call(&c, "json_tuple", 7, args), "[{1, x, NULL, [1,2], 1, NULL}]", __FILE__, __LINE__,
                 "json_tuple");
    args[0] = text(&c, "{\"a\":1,");
    check_result(&c, call(&c, "json_tuple", 2, args), "[{NULL}]", __FILE__, __LINE__, "json_tuple, malformed");
    args[0] = text(&c, NULL);
    check_result(&c, call(&c, "json_tuple", 2, args), "[{NULL}]", __FILE__, __LINE__, "json_tuple, null");
    sp_arena_free(c.a);
}

/* ---- inference over files ---- */

static void infer_is(const char *file_text, const char *opts, const char *want, const char *file, int line)
{
    sp_arena *a = sp_arena_new("infer", 0);
    sp_props p = { .map = { .fold_case = true } };
    sp_error err = { 0 };
    sp_buf out = { 0 };
    const sp_type *t;
    if (opts) {
        const char *eq = strchr(opts, '=');
        REQUIRE(sp_props_put(&p, (sp_str){ opts, (size_t)(eq - opts) }, sp_str_of(eq + 1), &err) == SP_OK);
    }
    sp_expr_conf conf = { .ansi = true, .zone = sp_zone_utc() };
    sp_str one = sp_str_of(file_text);
    if (sp_json_infer_files(a, &one, 1, &p, &conf, &t, &err) == SP_OK) sp_type_simple(&out, t);
    else sp_error_message(&err, &out);
    test_check_str(sp_buf_cstr(&out), want, file_text, file, line);
    sp_buf_done(&out);
    sp_props_done(&p);
    sp_arena_free(a);
}
#define INFER(text, opts, want) infer_is(text, opts, want, __FILE__, __LINE__)

TEST(schemas_of_files)
{
    /* golden 042 */
    INFER("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"c\":1.5}\n", NULL, "struct<a:bigint,b:string,c:double>");
    INFER("{\"a\":1}\n{\"a\":1.5}\n{\"b\":true}\n{\"b\":1}\n{\"n\":null,\"e\":\"\"}", NULL,
          "struct<a:double,b:string,e:string,n:string>");
    INFER("{\"a\":1}\n{bad", NULL, "struct<_corrupt_record:string,a:bigint>");
    INFER("{\"a\":1}\n{bad", "mode=DROPMALFORMED", "struct<a:bigint>");
    INFER("{\"a\":1}\n{bad", "mode=FAILFAST",
          "Malformed records are detected in schema inference. Parse Mode: FAILFAST.");
    INFER("[{\"a\":1},{\"b\":2}]\n\n3", NULL, "struct<_corrupt_record:string,a:bigint,b:bigint>");
    INFER("{\"a\":{\"x\":1}}\n{\"a\":{\"y\":[{\"z\":1}]}}", NULL,
          "struct<a:struct<x:bigint,y:array<struct<z:bigint>>>>");
    INFER("{\"a\":null,\"b\":{},\"c\":[]}", "dropFieldIfAllNull=true", "struct<>");
    INFER("{\"a\":1,\"b\":true,\"c\":[1.5]}", "primitivesAsString=true", "struct<a:string,b:string,c:array<string>>");
    INFER("{\"a\":1.25,\"b\":\"12.5\"}\n{\"a\":100}", "prefersDecimal=true", "struct<a:decimal(22,2),b:decimal(3,1)>");
    INFER("{\"t\":\"2024-01-01T00:00:00\"}", "inferTimestamp=true", "struct<t:timestamp>");
    INFER("{\"t\":\"2024-01-01T00:00:00\"}", NULL, "struct<t:string>");
    INFER("{\"a\":\n1}", "multiLine=true", "struct<a:bigint>");
    INFER("", NULL, "struct<>");
}
