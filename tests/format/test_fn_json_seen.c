/* test_fn_json_seen.c -- answers that were measured on Spark 4.1 and 4.2, case by case: from_json, schema_of_json and
 * their options. Source of the measurements: lakehq/sail, python/pysail/tests/spark/function/features/json. */
#include "calls.h"

typedef struct seen { const char *json, *schema, *options, *want; } seen;

TEST(from_json_seen)
{
    static const seen rows[] = {
        { "{\"a\":1, \"b\":{\"c\":3}}", "a INT, b STRUCT<c: INT>", NULL, "{1, {3}}" },
        { "not valid json", "a INT", NULL, "{NULL}" },
        { "{\"time\":\"26/08/2015\"}", "time Timestamp", "timestampFormat=dd/MM/yyyy", "{2015-08-26 00:00:00}" },
        { "{\"a\":1, \"b\":2, \"c\":3.5}", "a TINYINT, b SMALLINT, c FLOAT", NULL, "{1, 2, 3.5}" },
        { "[]", "ARRAY<INT>", NULL, "[]" },
        { "not json", "ARRAY<INT>", NULL, "NULL" },
        { "{\"v\":\"3.14\"}", "v DECIMAL(10,2)", NULL, "{3.14}" },
        { "{\"v\":3.141}", "v DECIMAL(10,2)", NULL, "{3.14}" },
        { "{\"v\":\"1.5e2\"}", "v DECIMAL(10,2)", NULL, "{150.00}" },
        { "{\"v\":\"+3.14\"}", "v DECIMAL(10,2)", NULL, "{3.14}" },
        { "{\"v\":\"3.145\"}", "v DECIMAL(10,2)", NULL, "{3.15}" },
        { "{\"v\":true}", "v DECIMAL(10,2)", NULL, "{NULL}" },
        { "{\"v\":\"1.5e-1\"}", "v DECIMAL(10,4)", NULL, "{0.1500}" },
        { "{\"flag\":1}", "flag BOOLEAN", NULL, "{NULL}" },
        { "{\"f\":\"text\"}", "f DOUBLE", NULL, "{NULL}" },
        { "{\"d\":20240115}", "d DATE", NULL, "{NULL}" },
        { "{\"s\":\"not_object\"}", "STRUCT<s: STRUCT<x: INT>>", NULL, "{NULL}" },
        { "{\"m\":\"not_map\"}", "STRUCT<m: MAP<STRING, INT>>", NULL, "{NULL}" },
        { "[[1,2],[3,4]]", "ARRAY<ARRAY<INT>>", NULL, "[[1, 2], [3, 4]]" },
        { "[1, null, 3]", "ARRAY<INT>", NULL, "[1, NULL, 3]" },
        { "[{\"a\":1}, null, {\"a\":3}]", "ARRAY<STRUCT<a: INT>>", NULL, "[{1}, NULL, {3}]" },
        { "[1,2,3]", "MAP<STRING, INT>", NULL, "NULL" },
        { "{\"ts\":\"2024-06-15 10:30:00\"}", "ts TIMESTAMP_NTZ", NULL, "{2024-06-15 10:30:00}" },
        { "{\"ts\":\"15/06/2024 10:30\"}", "ts TIMESTAMP_NTZ", "timestampFormat=dd/MM/yyyy HH:mm", "{NULL}" },
        { "{\"ts\":\"2024-06-15\"}", "ts TIMESTAMP_NTZ", "timestampFormat=yyyy-MM-dd", "{2024-06-15 00:00:00}" },
        { "{\"ts\":true}", "ts TIMESTAMP_NTZ", NULL, "{NULL}" },
        { "{\"ts\":12345}", "ts TIMESTAMP", NULL, "{1970-01-01 03:25:45}" },
        { "{}", "MAP<STRING, INT>", NULL, "{}" },
        { "{\"b\":2,\"a\":1}", "a INT, b INT", NULL, "{1, 2}" },
        { "{\"t\":\"12:00:00\"}", "t TIME", NULL, "{12:00:00}" },
        { "{\"t\":\"12:00:00\"}", "t TIME(0)", NULL, "{12:00:00}" },
        { "{\"b\":\"hello\"}", "b BINARY", NULL, "{NULL}" },
        { "{\"b\":\"aGVsbG8=\"}", "b BINARY", NULL, "{[68 65 6C 6C 6F]}" },
        { "{\"name\":\"h\xC3\xA9llo w\xC3\xB6rld\"}", "name STRING", NULL, "{h\xC3\xA9llo w\xC3\xB6rld}" },
        { "42", "a INT", NULL, "{NULL}" },
        { "\"hello\"", "a INT", NULL, "{NULL}" },
        { "42", "ARRAY<INT>", NULL, "NULL" },
        { "{\"a\":1 /*c*/}", "a INT", NULL, "{NULL}" },
        { "{\"a\":1 /*c*/}", "a INT", "ALLOWCOMMENTS=FaLsE", "{NULL}" },
        { "{\"a\":1 /*c*/}", "a INT", "ALLOWCOMMENTS=TRUE", "{1}" },
        { "{\"a\":01}", "a INT", "allowNumericLeadingZeros=true", "{1}" },
        { "{\"a\":\"\x01\"}", "a STRING", NULL, "{NULL}" },
        { "{\"a\":\"\x01\"}", "a STRING", "allowUnquotedControlChars=true", "{\x01}" },
        { "{\"a\":\"2024-01-15\"}", "a DATE", "dateFormat=yyyy/MM/dd", "{NULL}" },
        { "{\"a\":\"2024-01-15\"}", "a DATE", "dateFormat=yyyy/MM/dd;enableDateTimeParsingFallback=true",
            "{2024-01-15}" },
        { "{\"a\":1}", "a INT", "unknownOption=garbage", "{1}" },
        { "{\"a\":1}", "a INT", "mode=garbage", "{1}" },
        { "{\"a\":1}", "a INT", "maxNestingDepth=10", "{1}" },
        { "{\"a\":1}", "a INT", "timestampNTZFormat=garbage", "{1}" },
        { "{\"a\":1}", "a INT", "timestampFormat=garbage", "{1}" },
        { "{\"a\":1}", "a INT", "dateFormat=garbage", "{1}" },
        { "{\"a\":1}", "a INT", "allowComments= true", "! For input string: \" true\"" },
        { "{\"a\":1}", "a INT", "allowComments=", "! For input string: \"\"" },
        { "{\"a\":1}", "a INT", "useUnsafeRow=1", "! For input string: \"1\"" },
        { "{\"a\":1}", "a INT", "samplingRatio=garbage", "! For input string: \"garbage\"" },
        { "{\"a\":1}", "a INT", "maxStringLen=garbage", "! For input string: \"garbage\"" },
        { "{\"a\":1}", "a INT", "maxNestingDepth=-1", "! Cannot set maxNestingDepth to a negative value" },
        { "{\"a\":1}", "a INT", "lineSep=", "! requirement failed: 'lineSep' cannot be an empty string." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        from_json_is(rows[i].json, rows[i].schema, rows[i].options, rows[i].want, __FILE__, __LINE__);
}

static void fails_with(const char *name, const char *json, const char *schema, const char *opts, const char *condition)
{
    calls c = start();
    sp_expr *args[] = { text(&c, json), schema ? text(&c, schema) : options(&c, opts), options(&c, opts) };
    CHECK(call(&c, name, schema ? opts ? 3 : 2 : 2, args) == NULL);
    CHECK_STR(sp_condition_info(c.err.condition)->name, condition);
    sp_arena_free(c.a);
}

TEST(what_is_refused)
{
    static const char week[] = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN";
    fails_with("from_json", "{}", "a INT", "encoding=garbage", "INVALID_PARAMETER_VALUE.CHARSET");
    fails_with("from_json", "{}", "a INT", "timeZone=garbage", "INVALID_TIMEZONE");
    fails_with("from_json", "{}", "a INT", "compression=garbage",
               "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION");
    fails_with("from_json", "{}", "a CHAR(3)", NULL, "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING");
    fails_with("from_json", "{}", "a ARRAY<VARCHAR(5)>", NULL, "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING");
    fails_with("from_json", "{}", "a DATE", "dateFormat=garbage", week);
    fails_with("schema_of_json", "{}", NULL, "timestampFormat=garbage", week);
    fails_with("schema_of_json", "{\"a\": 1.5E2}", NULL, "prefersDecimal=true", "NEGATIVE_SCALE_DISALLOWED");
}

TEST(schema_of_json_seen)
{
    static const struct { const char *json, *options, *want; } rows[] = {
        { "{\"name\":\"Alice\",\"age\":30,\"active\":true}", NULL,
            "STRUCT<active: BOOLEAN, age: BIGINT, name: STRING>" },
        { "{\"v\":[1, \"two\", true]}", NULL, "STRUCT<v: ARRAY<STRING>>" },
        { "{\"v\":[[1],[\"a\"]]}", NULL, "STRUCT<v: ARRAY<ARRAY<STRING>>>" },
        { "{\"v\":[{\"a\":1}, null]}", NULL, "STRUCT<v: ARRAY<STRUCT<a: BIGINT>>>" },
        { "null", NULL, "STRING" },
        { "", NULL, "STRING" },
        { "   ", NULL, "STRING" },
        { "\"hello\"", NULL, "STRING" },
        { "3.14", NULL, "DOUBLE" },
        { "{\"v\":[{},{\"a\":1}]}", NULL, "STRUCT<v: ARRAY<STRUCT<a: BIGINT>>>" },
        { "{\"v\":[1,[2]]}", NULL, "STRUCT<v: ARRAY<STRING>>" },
        { "{\"a\":1,\"a\":\"x\"}", NULL, "STRUCT<a: BIGINT, a: STRING>" },
        { "{\"v\":9223372036854775808}", NULL, "STRUCT<v: DECIMAL(19,0)>" },
        { "{\"a\": -99999999999999999999999999}", NULL, "STRUCT<a: DECIMAL(26,0)>" },
        { "{\"v\":99999999999999999999999999999999999999}", NULL, "STRUCT<v: DECIMAL(38,0)>" },
        { "{\"v\":999999999999999999999999999999999999999}", NULL, "STRUCT<v: DOUBLE>" },
        { "[1, 9223372036854775808]", NULL, "ARRAY<DECIMAL(20,0)>" },
        { "[9223372036854775808, 9999999999999999999]", NULL, "ARRAY<DECIMAL(19,0)>" },
        { "[9223372036854775808, 1.5]", NULL, "ARRAY<DOUBLE>" },
        { "[{\"a\":1}, null, {\"b\":2}]", NULL, "ARRAY<STRUCT<a: BIGINT, b: BIGINT>>" },
        { "{\"a`b\":1}", NULL, "STRUCT<`a``b`: BIGINT>" },
        { "{\"\":1}", NULL, "STRUCT<>" },
        { "{\"a\": {}}", NULL, "STRUCT<>" },
        { "{\"a\": 1, \"b\": 1.5, \"c\": true}", "primitivesAsString=true", "STRUCT<a: STRING, b: STRING, c: STRING>" },
        { "{\"a\": \"2021-01-01\"}", "inferTimestamp=true", "STRUCT<a: TIMESTAMP>" },
        { "{\"a\": \"03:04:05\"}", "inferTimestamp=true", "STRUCT<a: TIMESTAMP>" },
        { "{\"a\": \"2024/01/02\"}", "inferTimestamp=true", "STRUCT<a: STRING>" },
        { "{\"a\": \"2024-13-02\"}", "inferTimestamp=true", "STRUCT<a: STRING>" },
        { "{\"a\": NaN}", NULL, "STRUCT<a: DOUBLE>" },
        { "[{\"a\":{\"x\":1}},{\"a\":1}]", NULL, "ARRAY<STRUCT<a: STRING>>" },
        { "{'a': 'it\\'s'}", NULL, "STRUCT<a: STRING>" },
        { "{\"a\": 1.5}", "prefersDecimal=true", "STRUCT<a: DECIMAL(2,1)>" },
        { "{\"a\": 1.55E1}", "prefersDecimal=true", "STRUCT<a: DECIMAL(3,1)>" },
        { "{\"a\": 1.5E-2}", "prefersDecimal=true", "STRUCT<a: DECIMAL(3,3)>" },
        { "{\"a\": 1E-2}", "prefersDecimal=true", "STRUCT<a: DECIMAL(2,2)>" },
        { "{\"a\": 1.500E1}", "prefersDecimal=true", "STRUCT<a: DECIMAL(4,2)>" },
        { "{\"a\": 00.50}", "prefersDecimal=true;allowNumericLeadingZeros=true", "STRUCT<a: DECIMAL(2,2)>" },
        { "{\"a\": 009223372036854775808}", "allowNumericLeadingZeros=true", "STRUCT<a: DECIMAL(19,0)>" },
        { "{\"a\": -00}", "allowNumericLeadingZeros=true", "STRUCT<a: BIGINT>" },
        { "{\"a\": 1E309}", NULL, "STRUCT<a: DOUBLE>" },
        { "{+a: 1}", "allowUnquotedFieldNames=true", "STRUCT<`+a`: BIGINT>" },
        { "{a@b: 1}", "allowUnquotedFieldNames=true", "STRUCT<`a@b`: BIGINT>" },
        { "{9a: 1}", "allowUnquotedFieldNames=true", "STRUCT<`9a`: BIGINT>" },
        { "{\xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87: 1}", "allowUnquotedFieldNames=true",
            "STRUCT<`\xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87`: BIGINT>" },
        { "{a: {\"b\": [1.5], c: \"x: {y: 1}\"}}", "ALLOWUNQUOTEDFIELDNAMES=True",
            "STRUCT<a: STRUCT<b: ARRAY<DOUBLE>, c: STRING>>" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        calls c = start();
        sp_expr *args[] = { text(&c, rows[i].json), rows[i].options ? options(&c, rows[i].options) : NULL };
        check_result(&c, call(&c, "schema_of_json", args[1] ? 2 : 1, args), rows[i].want, __FILE__, __LINE__,
                     rows[i].json);
        sp_arena_free(c.a);
    }
    static const char *const bad[] = { "{.a: 1}", "{`a: 1}", "{a`b: 1}", "{<a: 1}", "{a<b: 1}", "{>a: 1}", "{\\a: 1}",
        "not json", "{\"a\":1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        calls c = start();
        sp_expr *args[] = { text(&c, bad[i]), options(&c, "allowUnquotedFieldNames=true") };
        CHECK(call(&c, "schema_of_json", 2, args) == NULL);
        sp_arena_free(c.a);
    }
}

TEST(names_of_results)
{
    calls c = start();
    sp_expr *args[] = { sp_expr_new(c.a, SP_E_COLUMN, &c.err), text(&c, "a INT"), options(&c, "mode=FAILFAST") };
    args[0]->name = SP_LIT("value");
    args[0]->type = sp_type_of(SP_STRING);
    sp_buf out = { 0 };
    sp_expr_sql(&out, call(&c, "from_json", 3, args), true);
    CHECK_STR(sp_buf_cstr(&out), "from_json(value)");
    sp_buf_clear(&out);
    args[1] = text(&c, "MAP<STRING, INT>");
    sp_expr_sql(&out, call(&c, "from_json", 2, args), true);
    CHECK_STR(sp_buf_cstr(&out), "entries");
    sp_buf_done(&out);
    sp_arena_free(c.a);
}
