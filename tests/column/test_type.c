/* Types: spellings, JSON and DDL in both directions, errors with their places. */
#include "test.h"
#include "column/type.h"

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    return a;
}

static const char *text_of(sp_arena *a, const sp_type *t, void (*print)(sp_buf *, const sp_type *))
{
    sp_buf b = { 0 };
    print(&b, t);
    const char *s = sp_arena_strdup(a, sp_buf_cstr(&b), NULL);
    bool failed = b.failed;
    sp_buf_done(&b);
    REQUIRE(s != NULL && !failed);
    return s;
}

static const sp_type *parsed(sp_arena *a, const char *text)
{
    sp_error err = { 0 };
    const sp_type *t = NULL;
    CHECK_STR(sp_type_parse(a, sp_str_of(text), &t, &err) == SP_OK ? text : "not parsed", text);
    REQUIRE(t != NULL);
    return t;
}

static const char *message(sp_arena *a, const char *text, sp_status (*parse)(sp_arena *, sp_str, const sp_type **,
        sp_error *))
{
    sp_error err = { 0 };
    const sp_type *t = NULL;
    if (parse(a, sp_str_of(text), &t, &err) != SP_FAILED) return "parsed";
    sp_buf b = { 0 };
    sp_error_message(&err, &b);
    const char *s = sp_arena_strdup(a, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    REQUIRE(s != NULL);
    return s;
}

static const char all_ddl[] =
    "a INT NOT NULL, b STRING COMMENT 'it''s \\'x\\'', `c d` array<decimal(12,3)>, e map<string, "
    "struct<x:bigint,y:double>>, "
    "f timestamp_ntz, g interval day to second, h interval year, i binary, j void, k tinyint, l smallint, m float, "
    "n boolean, o date, p timestamp, q interval, r time(3), s variant, t char(3), u varchar(9), v struct<>";

TEST_ALLOC(spellings)
{
    sp_arena *a = arena();
    const sp_type *t = parsed(a, all_ddl);
    CHECK_STR(text_of(a, t, sp_type_simple),
              "struct<a:int,b:string,c d:array<decimal(12,3)>,e:map<string,struct<x:bigint,y:double>>,f:timestamp_ntz,"
              "g:interval day to second,h:interval year,i:binary,j:void,k:tinyint,l:smallint,m:float,n:boolean,o:date,"
              "p:timestamp,q:interval,r:time(3),s:variant,t:char(3),u:varchar(9),v:struct<>>");
    CHECK_STR(text_of(a, t, sp_type_ddl),
              "a INT NOT NULL,b STRING COMMENT 'it\\'s \\'x\\'',`c d` ARRAY<DECIMAL(12,3)>,"
              "e MAP<STRING, STRUCT<x: BIGINT, y: DOUBLE>>,f TIMESTAMP_NTZ,g INTERVAL DAY TO SECOND,h INTERVAL YEAR,i "
              "BINARY,"
              "j VOID,k TINYINT,l SMALLINT,m FLOAT,n BOOLEAN,o DATE,p TIMESTAMP,q INTERVAL,r TIME(3),s VARIANT,t "
              "CHAR(3),"
              "u VARCHAR(9),v STRUCT<>");
    CHECK_STR(sp_type_sql_quoted(a, t->fields[3].type), "\"MAP<STRING, STRUCT<x: BIGINT, y: DOUBLE>>\"");
    const sp_type *back = parsed(a, text_of(a, t, sp_type_ddl));
    CHECK(sp_type_eq(t, back));
    back = parsed(a, text_of(a, t, sp_type_json));
    CHECK(sp_type_eq(t, back));
    back = sp_type_copy(a, t, NULL);
    REQUIRE(back != NULL);
    CHECK(sp_type_eq(t, back));
    CHECK_STR(text_of(a, back, sp_type_json), text_of(a, t, sp_type_json));
}

TEST(json)
{
    sp_arena *a = arena();
    CHECK_STR(text_of(a, parsed(a, "a INT NOT NULL COMMENT 'x', b array<map<string,timestamp>>"), sp_type_json),
              "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":false,\"metadata\":"
              "{\"comment\":\"x\"}},{\"name\":\"b\",\"type\":{\"type\":\"array\",\"elementType\":{\"type\":\"map\","
              "\"keyType\":\"string\",\"valueType\":\"timestamp\",\"valueContainsNull\":true},\"containsNull\":true},"
              "\"nullable\":true,\"metadata\":{}}]}");
    const char *s = "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"array\",\"elementType\":"
                    "\"string\",\"containsNull\":false},\"nullable\":true,\"metadata\":{\"k\":[1,2],"
                    "\"__COLLATIONS\":{\"a.element\":"
                    "\"icu.UNICODE_CI\"}}}]}";
    const sp_type *t = parsed(a, s);
    CHECK_STR(text_of(a, t, sp_type_json), s);
    CHECK_STR(text_of(a, t, sp_type_simple), "struct<a:array<string collate UNICODE_CI>>");
    CHECK(sp_type_eq(parsed(a, "\"decimal(5, 2)\""), parsed(a, "decimal(5,2)")));
    CHECK_STR(message(a, "\"intt\"", sp_type_from_json),
              "[INVALID_JSON_DATA_TYPE] Failed to convert the JSON string 'intt' to a data type. Please enter a valid "
              "data "
              "type. SQLSTATE: 2203G");
    CHECK_STR(message(a, "{\"type\":\"array\"}", sp_type_from_json),
              "[INVALID_JSON_DATA_TYPE] Failed to convert the JSON string '{\"type\":\"array\"}' to a data type. "
              "Please enter a "
              "valid data type. SQLSTATE: 2203G");
}

TEST(tree)
{
    sp_arena *a = arena();
    const sp_type *t = parsed(a, "a int not null, b array<struct<x:map<string,array<int>>>>, `n\nl` decimal(3,1)");
    sp_buf b = { 0 };
    DEFER(sp_buf_done, &b);
    sp_type_tree(&b, t, 0);
    CHECK_STR(sp_buf_cstr(&b),
              "root\n"
              " |-- a: integer (nullable = false)\n"
              " |-- b: array (nullable = true)\n"
              " |    |-- element: struct (containsNull = true)\n"
              " |    |    |-- x: map (nullable = true)\n"
              " |    |    |    |-- key: string\n"
              " |    |    |    |-- value: array (valueContainsNull = true)\n"
              " |    |    |    |    |-- element: integer (containsNull = true)\n"
              " |-- n\\nl: decimal(3,1) (nullable = true)\n");
    sp_buf_clear(&b);
    sp_type_tree(&b, t, 2);
    CHECK_STR(sp_buf_cstr(&b),
              "root\n |-- a: integer (nullable = false)\n |-- b: array (nullable = true)\n"
              " |    |-- element: struct (containsNull = true)\n |-- n\\nl: decimal(3,1) (nullable = true)\n");
}

TEST(ddl_forms)
{
    sp_arena *a = arena();
    static const char *const same[][2] = {
        { "int", "INTEGER" }, { "bigint", "Long" }, { "struct<a:int,b string>", "STRUCT<a INT, `b`: STRING>" },
        { "timestamp without time zone", "timestamp_ntz" }, { "dec(5)", "decimal(5,0)" },
        { "numeric", "decimal(10,0)" },
        { "array<array<int>>", "array < array<int> >" }, { "interval day", "interval DAY" },
        { "a int -- note\n, b /* x /* y */ z */ int", "a int, b int" }, { "a: int, b: string", "a int, b string" },
        { "string collate utf8_binary", "string" }, { "time", "time(6)" }, { "a interval comment r'x'", "a interval" },
        { "select int, from string", "SELECT int, from string" }, { "1a int", "`1a` int" }
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_STR(same[i][0], sp_type_same(parsed(a, same[i][0]), parsed(a, same[i][1])) ? same[i][0] : "differs");
    const sp_type *t = parsed(a, "`a``b` int, `` string");
    CHECK_MEM(t->fields[0].name.p, t->fields[0].name.n, "a`b", 3);
    CHECK_INT(t->fields[1].name.n, 0);
    CHECK_INT(sp_type_find(parsed(a, "a int, A int"), SP_LIT("a"), false), -2);
    CHECK_INT(sp_type_find(parsed(a, "a int, A int"), SP_LIT("A"), true), 1);
    CHECK(!sp_type_is_orderable(parsed(a, "array<map<int,int>>")));
}

TEST(ddl_errors)
{
    sp_arena *a = arena();
    static const char *const schema[][2] = {
        { "a INTT", "[UNSUPPORTED_DATATYPE] Unsupported data type \"INTT\". SQLSTATE: 0A000 (line 1, pos 2)" },
        { "a int,\n b foo(3, 4)",
          "[UNSUPPORTED_DATATYPE] Unsupported data type \"FOO(3,4)\". SQLSTATE: 0A000 (line 2, pos 3)" },
        { "a", "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 1)" },
        { "a int b string", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'b'. SQLSTATE: 42601 (line 1, pos 6)" },
        { "a int b", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'b': extra input 'b'. SQLSTATE: 42601 (line 1, pos "
                     "6)" },
        { "a foo, +", "[PARSE_SYNTAX_ERROR] Syntax error at or near '+'. SQLSTATE: 42601 (line 1, pos 7)" },
        { " ", "[PARSE_EMPTY_STATEMENT] Syntax error, unexpected empty statement. SQLSTATE: 42617 (line 1, pos 1)" },
        { "a array<int", "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input: missing '>'. SQLSTATE: 42601 "
                         "(line 1, pos 11)" },
        { "a char", "[DATATYPE_MISSING_SIZE] DataType \"CHAR\" requires a length parameter, for example \"CHAR\"(10). "
                    "Please "
                    "specify the length. SQLSTATE: 42K01 (line 1, pos 2)" },
        { "a array", "[INCOMPLETE_TYPE_DEFINITION.ARRAY] Incomplete complex type: The definition of \"ARRAY\" type is "
                     "incomplete. "
                     "You must provide an element type. For example: \"ARRAY<INT>\". SQLSTATE: 42K01 (line 1, pos 2)" },
        { "a decimal(39,1)", "[DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION] Decimal precision 39 exceeds max precision "
                             "38. SQLSTATE: "
                             "22003" },
        { "a int not", "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 9)" }
    };
    for (size_t i = 0; i < sizeof schema / sizeof *schema; i++)
        CHECK_STR(message(a, schema[i][0], sp_type_schema_from_ddl), schema[i][1]);
    CHECK_STR(message(a, "a-b int", sp_type_parse),
              "[INVALID_IDENTIFIER] The unquoted identifier a-b is invalid and must be back quoted as: "
              "`a-b`.\nUnquoted identifiers "
              "can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar "
              "('_').\nUnquoted "
              "identifiers must also not start with a digit.\nDifferent data sources and meta stores may impose "
              "additional "
              "restrictions on valid identifiers. SQLSTATE: 42602 (line 1, pos 1)");
    CHECK_STR(message(a, "map<int>", sp_type_from_ddl),
              "[PARSE_SYNTAX_ERROR] Syntax error at or near '>'. SQLSTATE: 42601 (line 1, pos 7)");
    sp_buf deep = { 0 };
    DEFER(sp_buf_done, &deep);
    for (int i = 0; i < 100000; i++) sp_buf_puts(&deep, "array<");
    const sp_type *t;
    CHECK_INT(sp_type_parse(a, (sp_str){ deep.data, deep.len }, &t, NULL), SP_FAILED);
}
