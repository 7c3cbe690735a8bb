/* test_error.c -- what refused statements say, whole messages: Spark's condition, where, and the text with marks
 * under it. Besides: texts that would overflow a stack or take quadratic time, where expressions and relations say
 * they stand, parameters, identifiers. */
#include "sql_test.h"

static const sql_row errors[] = {
    { "selec 1",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'. SQLSTATE: 42601 (line 1, pos 0)\n\n== SQL ==\nselec "
      "1\n^^^\n" },
    { "SELECT",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 6)\n\n== SQL "
      "==\nSELECT\n------^^^\n" },
    { "SELECT 1 2",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '2': extra input '2'. SQLSTATE: 42601 (line 1, pos 9)\n\n== "
      "SQL ==\nSELECT 1 2\n---------^^^\n" },
    { "SELECT a b c FROM t",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'c'. SQLSTATE: 42601 (line 1, pos 11)\n\n== SQL ==\nSELECT a "
      "b c FROM t\n-----------^^^\n" },
    { "SELECT (1",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 9)\n\n== SQL "
      "==\nSELECT (1\n---------^^^\n" },
    { "SELECT f(1",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input: missing ')'. SQLSTATE: 42601 (line 1, pos "
      "10)\n\n== SQL ==\nSELECT f(1\n----------^^^\n" },
    { "SELECT f(1 2)",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '2': extra input '2'. SQLSTATE: 42601 (line 1, pos 11)\n\n== "
      "SQL ==\nSELECT f(1 2)\n-----------^^^\n" },
    { "SELECT f(1 FROM t",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FROM': missing ')'. SQLSTATE: 42601 (line 1, pos 11)\n\n== "
      "SQL ==\nSELECT f(1 FROM t\n-----------^^^\n" },
    { "SELECT CAST(a AS INT FROM t",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FROM': missing ')'. SQLSTATE: 42601 (line 1, pos 21)\n\n== "
      "SQL ==\nSELECT CAST(a AS INT FROM t\n---------------------^^^\n" },
    { "SELECT * FROM test-table",
      "[INVALID_IDENTIFIER] The unquoted identifier test-table is invalid and must be back quoted as: "
      "`test-table`.\nUnquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - "
      "'9'), and underbar ('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources "
      "and meta stores may impose additional restrictions on valid identifiers. SQLSTATE: 42602 (line 1, pos "
      "18)\n\n== SQL ==\nSELECT * FROM test-table\n------------------^^^\n" },
    { "SELECT * FROM tä",
      "[INVALID_IDENTIFIER] The unquoted identifier tä is invalid and must be back quoted as: `tä`.\nUnquoted "
      "identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar "
      "('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources and meta stores may "
      "impose additional restrictions on valid identifiers. SQLSTATE: 42602 (line 1, pos 14)\n\n== SQL ==\nSELECT "
      "* FROM tä\n--------------^^^\n" },
    { "SELECT 'abc",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '''. SQLSTATE: 42601 (line 1, pos 7)\n\n== SQL ==\nSELECT "
      "'abc\n-------^^^\n" },
    { "SELECT 1; SELECT 2",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELECT': extra input 'SELECT'. SQLSTATE: 42601 (line 1, pos "
      "10)\n\n== SQL ==\nSELECT 1; SELECT 2\n----------^^^\n" },
    { "SELECT 1 /* open",
      "[UNCLOSED_BRACKETED_COMMENT] Found an unclosed bracketed comment. Please, append */ at the end of the "
      "comment. SQLSTATE: 42601 (line 1, pos 9)\n\n== SQL ==\nSELECT 1 /* open\n---------^^^\n" },
    { "SELECT DATE '2024-13-01'",
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"DATE\" is invalid: '2024-13-01'. SQLSTATE: "
      "42604\n== SQL (line 1, position 8) ==\nSELECT DATE '2024-13-01'\n       ^^^^^^^^^^^^^^^^^\n" },
    { "SELECT a, TIMESTAMP 'x' FROM t",
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"TIMESTAMP\" is invalid: 'x'. SQLSTATE: 42604\n== "
      "SQL (line 1, position 11) ==\nSELECT a, TIMESTAMP 'x' FROM t\n          ^^^^^^^^^^^^^\n" },
    { "SELECT foo 'abc'",
      "[UNSUPPORTED_TYPED_LITERAL] Literals of the type \"FOO\" are not supported. Supported types are \"DATE\", "
      "\"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\". SQLSTATE: 0A000\n== "
      "SQL (line 1, position 8) ==\nSELECT foo 'abc'\n       ^^^^^^^^^\n" },
    { "SELECT X'zz'",
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"X\" is invalid: 'zz'. SQLSTATE: 42604\n== SQL "
      "(line 1, position 8) ==\nSELECT X'zz'\n       ^^^^^\n" },
    { "SELECT 128Y",
      "[INVALID_NUMERIC_LITERAL_RANGE] Numeric literal 128 is outside the valid range for tinyint with minimum "
      "value of -128 and maximum value of 127. Please adjust the value accordingly. SQLSTATE: 22003\n== SQL (line "
      "1, position 8) ==\nSELECT 128Y\n       ^^^^\n" },
    { "SELECT 1e400",
      "[INVALID_NUMERIC_LITERAL_RANGE] Numeric literal 1e400 is outside the valid range for double with minimum "
      "value of -1.7976931348623157E+308 and maximum value of 1.7976931348623157E+308. Please adjust the value "
      "accordingly. SQLSTATE: 22003\n== SQL (line 1, position 8) ==\nSELECT 1e400\n       ^^^^^\n" },
    { "SELECT 1e400D, 3",
      "[INVALID_NUMERIC_LITERAL_RANGE] Numeric literal 1e400 is outside the valid range for double with minimum "
      "value of -1.7976931348623157E+308 and maximum value of 1.7976931348623157E+308. Please adjust the value "
      "accordingly. SQLSTATE: 22003\n== SQL (line 1, position 8) ==\nSELECT 1e400D, 3\n       ^^^^^^\n" },
    { "SELECT a ! IN (1)",
      "[SYNTAX_DISCONTINUED.BANG_EQUALS_NOT] Support of the clause or keyword: ! has been discontinued in this "
      "context. The '!' keyword is only supported as an alias for the prefix operator 'NOT'.\nUse the 'NOT' "
      "keyword instead for infix clauses such as `NOT LIKE`, `NOT IN`, `NOT BETWEEN`, etc.\nTo re-enable the '!' "
      "keyword, set \"spark.sql.legacy.bangEqualsNot\" to \"true\". SQLSTATE: 42601\n== SQL (line 1, position 8) "
      "==\nSELECT a ! IN (1)\n       ^^^\n" },
    { "SELECT a IN ()",
      "[INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE] Invalid SQL syntax: IN predicate requires at least one value. "
      "Empty IN clauses like 'IN ()' are not allowed. Consider using 'WHERE FALSE' if you need an always-false "
      "condition, or provide at least one value in the IN list. SQLSTATE: 42000\n== SQL (line 1, position 8) "
      "==\nSELECT a IN ()\n       ^^^^^^^\n" },
    { "SELECT a LIKE 'x' ESCAPE 'ab'",
      "[INVALID_ESC] Found an invalid escape string: \"ab\". The escape string must contain only one character. "
      "SQLSTATE: 42604\n== SQL (line 1, position 8) ==\nSELECT a LIKE 'x' ESCAPE 'ab'\n       "
      "^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT INTERVAL '1' DAY TO YEAR",
      "[INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION] Error parsing '1' to interval. Please ensure that "
      "the value provided is in a valid format for defining an interval. You can reference the documentation for "
      "the correct format. Cannot support (interval '1' DAY to YEAR) expression. SQLSTATE: 22006\n== SQL (line 1, "
      "position 8) ==\nSELECT INTERVAL '1' DAY TO YEAR\n       ^^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT INTERVAL '1-13' YEAR TO MONTH",
      "[INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING] Error parsing '1-13' to interval. Please ensure that the "
      "value provided is in a valid format for defining an interval. You can reference the documentation for the "
      "correct format. Interval string does not match year-month format of `[+|-]y-m`, `INTERVAL [+|-]'[+|-]y-m' "
      "YEAR TO MONTH` when cast to interval year to month: 1-13. SQLSTATE: 22006\n== SQL (line 1, position 8) "
      "==\nSELECT INTERVAL '1-13' YEAR TO MONTH\n       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT INTERVAL 1 YEAR 2 DAYS",
      "Cannot mix year-month and day-time fields: INTERVAL 1 YEAR 2 DAYS.\n== SQL (line 1, position 8) ==\nSELECT "
      "INTERVAL 1 YEAR 2 DAYS\n       ^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT rank() OVER w FROM t",
      "[MISSING_WINDOW_SPECIFICATION] Window specification is not defined in the WINDOW clause for `w`. For more "
      "information about WINDOW clauses, please refer to "
      "'https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-window.html'. SQLSTATE: 42P20\n== SQL "
      "(line 1, position 20) ==\nSELECT rank() OVER w FROM t\n                   ^\n" },
    { "SELECT * FROM a NATURAL CROSS JOIN b",
      "[INCOMPATIBLE_JOIN_TYPES] The join types NATURAL and CROSS are incompatible. SQLSTATE: 42613\n== SQL (line "
      "1, position 17) ==\nSELECT * FROM a NATURAL CROSS JOIN b\n                ^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT * FROM t ORDER BY a CLUSTER BY b",
      "[UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES] The feature is not supported: Combination of ORDER "
      "BY/SORT BY/DISTRIBUTE BY/CLUSTER BY. SQLSTATE: 0A000\n== SQL (line 1, position 17) ==\nSELECT * FROM t "
      "ORDER BY a CLUSTER BY b\n                ^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x",
      "[DUPLICATED_CTE_NAMES] CTE definition can't have duplicate names: `x`. SQLSTATE: 42602\n== SQL (line 1, "
      "position 1) ==\nWITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM "
      "x\n^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SHOW FOO",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FOO'. SQLSTATE: 42601 (line 1, pos 5)\n\n== SQL ==\nSHOW "
      "FOO\n-----^^^\n" },
    { "CREATE FOO x",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FOO'. SQLSTATE: 42601 (line 1, pos 7)\n\n== SQL ==\nCREATE "
      "FOO x\n-------^^^\n" },
    { "GRANT SELECT ON t TO u",
      "Operation not allowed: GRANT.\n== SQL (line 1, position 1) ==\nGRANT SELECT ON t TO "
      "u\n^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT CAST(a AS foo)",
      "[UNSUPPORTED_DATATYPE] Unsupported data type \"FOO\". SQLSTATE: 0A000 (line 1, pos 17)\n\n== SQL "
      "==\nSELECT CAST(a AS foo)\n-----------------^^^\n" },
    { "SELECT CAST(a AS DECIMAL(50, 2))",
      "[DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION] Decimal precision 50 exceeds max precision 38. SQLSTATE: "
      "22003\n== SQL (line 1, position 18) ==\nSELECT CAST(a AS DECIMAL(50, 2))\n                 ^^^^^^^^^^^^^^\n" },
    { "SELECT CAST(a AS ARRAY<INT)",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near ')'. SQLSTATE: 42601 (line 1, pos 26)\n\n== SQL ==\nSELECT "
      "CAST(a AS ARRAY<INT)\n--------------------------^^^\n" },
    { "SELECT * FROM t VERSION AS OF 1",
      "[UNSUPPORTED_FEATURE.TIME_TRAVEL] The feature is not supported: Time travel on the relation: `t`. "
      "SQLSTATE: 0A000\n== SQL (line 1, position 15) ==\nSELECT * FROM t VERSION AS OF 1\n              "
      "^^^^^^^^^^^^^^^\n" },
    { "SELECT 1 FROM t GROUP BY ROLLUP(())",
      "Empty set in ROLLUP grouping sets is not supported.\n== SQL (line 1, position 26) ==\nSELECT 1 FROM t "
      "GROUP BY ROLLUP(())\n                         ^^^^^^^^^^\n" },
    { "SELECT * FROM a JOIN LATERAL b",
      "[INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC] Invalid SQL syntax: LATERAL can only be "
      "used with subquery and table-valued functions. SQLSTATE: 42000\n== SQL (line 1, position 30) ==\nSELECT * "
      "FROM a JOIN LATERAL b\n                             ^\n" },
    { "SELECT IDENTIFIER(a)",
      "[NOT_A_CONSTANT_STRING.NOT_CONSTANT] The expression a used for the routine or clause IDENTIFIER must be a "
      "constant STRING which is NOT NULL. To be considered constant the expression must not depend on any "
      "columns, contain a subquery, or invoke a non deterministic function such as rand(). SQLSTATE: 42601\n== "
      "SQL (line 1, position 8) ==\nSELECT IDENTIFIER(a)\n       ^^^^^^^^^^^^^\n" },
    { "SELECT CASE WHEN a THEN 1",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 25)\n\n== SQL "
      "==\nSELECT CASE WHEN a THEN 1\n-------------------------^^^\n" },
    { "SELECT 123456789012345678901234567890123456789",
      "[DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION] Decimal precision 39 exceeds max precision 38. SQLSTATE: "
      "22003\n== SQL (line 1, position 8) ==\nSELECT 123456789012345678901234567890123456789\n       "
      "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "CREATE TEMP TABLE t USING json",
      "[INVALID_SQL_SYNTAX.CREATE_TEMP_TABLE_USING_PROVIDER] Invalid SQL syntax: CREATE TEMPORARY TABLE ... USING "
      "... is a deprecated syntax. To overcome the issue, please use CREATE TEMPORARY VIEW instead. SQLSTATE: "
      "42000\n== SQL (line 1, position 1) ==\nCREATE TEMP TABLE t USING json\n^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n" },
    { "CREATE TABLE t (a INT) USING a USING b COMMENT 'x' COMMENT 'y'",
      "[DUPLICATE_CLAUSES] Found duplicate clauses: COMMENT. Please, remove one of them. SQLSTATE: 42614\n== SQL "
      "(line 1, position 52) ==\n...NT) USING a USING b COMMENT 'x' COMMENT 'y'\n                                 "
      "  ^^^^^^^\n" },
    { "DROP",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 4)\n\n== SQL "
      "==\nDROP\n----^^^\n" },
    { "INSERT INTO",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 11)\n\n== SQL "
      "==\nINSERT INTO\n-----------^^^\n" },
    { "SELECT a FROM t |> SELECT b |> FOO",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FOO'. SQLSTATE: 42601 (line 1, pos 31)\n\n== SQL ==\nSELECT "
      "a FROM t |> SELECT b |> FOO\n-------------------------------^^^\n" },
    { "SELECT * FROM (SELECT 1",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input: missing ')'. SQLSTATE: 42601 (line 1, pos "
      "23)\n\n== SQL ==\nSELECT * FROM (SELECT 1\n-----------------------^^^\n" },
    { "SELECT * FROM t TABLESAMPLE (10 BYTES)",
      "TABLESAMPLE(byteLengthLiteral) is not supported.\n== SQL (line 1, position 30) ==\nSELECT * FROM t "
      "TABLESAMPLE (10 BYTES)\n                             ^^\n" },
    { "SELECT @",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '@'. SQLSTATE: 42601 (line 1, pos 7)\n\n== SQL ==\nSELECT "
      "@\n-------^^^\n" },
    { "SELECT a.",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 9)\n\n== SQL "
      "==\nSELECT a.\n---------^^^\n" },
    { "SELECT * FROM t WHERE a = 'x",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '''. SQLSTATE: 42601 (line 1, pos 26)\n\n== SQL ==\nSELECT * "
      "FROM t WHERE a = 'x\n--------------------------^^^\n" },
    { "SELECT \"a",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '\"'. SQLSTATE: 42601 (line 1, pos 7)\n\n== SQL ==\nSELECT "
      "\"a\n-------^^^\n" },
    { "SELECT `a",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '`'. SQLSTATE: 42601 (line 1, pos 7)\n\n== SQL ==\nSELECT "
      "`a\n-------^^^\n" },
    { "SELECT 1 AS 'x'",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near ''x''. SQLSTATE: 42601 (line 1, pos 12)\n\n== SQL ==\nSELECT "
      "1 AS 'x'\n------------^^^\n" },
    { "SET a b",
      "[INVALID_SET_SYNTAX] Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include "
      "special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`. "
      "SQLSTATE: 42000\n== SQL (line 1, position 1) ==\nSET a b\n^^^^^^^\n" },
    { "DECLARE x",
      "[INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED] Invalid SQL syntax: The definition of a SQL "
      "variable requires either a datatype or a DEFAULT clause.\nFor example, use `DECLARE name STRING` or "
      "`DECLARE name = 'SQL'` instead of `DECLARE name`. SQLSTATE: 42000\n== SQL (line 1, position 1) ==\nDECLARE "
      "x\n^^^^^^^^^\n" },
    { "SELECT sum(x) OVER (ORDER BY a ROWS BETWEEN a PRECEDING AND CURRENT ROW)",
      "[INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND] Invalid SQL syntax: Frame bound value must be a literal. "
      "SQLSTATE: 42000\n== SQL (line 1, position 45) ==\n...) OVER (ORDER BY a ROWS BETWEEN a PRECEDING AND "
      "CURRENT ROW)\n                                   ^\n" },
    { "SELECT a[1 FROM t",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FROM'. SQLSTATE: 42601 (line 1, pos 11)\n\n== SQL ==\nSELECT "
      "a[1 FROM t\n-----------^^^\n" },
    { "SELECT * FROM t LEFT t2",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 't2'. SQLSTATE: 42601 (line 1, pos 21)\n\n== SQL ==\nSELECT * "
      "FROM t LEFT t2\n---------------------^^^\n" },
    { "   ",
      "[PARSE_EMPTY_STATEMENT] Syntax error, unexpected empty statement. SQLSTATE: 42617 (line 1, pos 3)\n\n== "
      "SQL ==\n   \n---^^^\n" },
    { "SET a b=1",
      "[INVALID_SET_SYNTAX] Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include "
      "special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`. "
      "SQLSTATE: 42000\n== SQL (line 1, position 1) ==\nSET a b=1\n^^^^^^^^^\n" },
    { "SET a b=`1`",
      "[INVALID_PROPERTY_KEY] \"a b\" is an invalid property key, please use quotes, e.g. SET \"a b\"=\"1\". "
      "SQLSTATE: 42602\n== SQL (line 1, position 1) ==\nSET a b=`1`\n^^^^^^^^^^^\n" },
    { "SET TIME ZONE foo",
      "Invalid time zone displacement value.\n== SQL (line 1, position 1) ==\nSET TIME ZONE "
      "foo\n^^^^^^^^^^^^^^^^^\n" },
    { "   ",
      "[PARSE_EMPTY_STATEMENT] Syntax error, unexpected empty statement. SQLSTATE: 42617 (line 1, pos 3)\n\n== "
      "SQL ==\n   \n---^^^\n" },
    { "SELECT a,\n       b +\n  * 2 FROM t\nWHERE c",
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '2'. SQLSTATE: 42601 (line 3, pos 4)\n\n== SQL ==\nSELECT "
      "a,\n       b +\n  * 2 FROM t\n----^^^\nWHERE c\n" },
    { "SELECT é, 1 +* 2",
      "[INVALID_IDENTIFIER] The unquoted identifier é is invalid and must be back quoted as: `é`.\nUnquoted "
      "identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar "
      "('_').\nUnquoted identifiers must also not start with a digit.\nDifferent data sources and meta stores may "
      "impose additional restrictions on valid identifiers. SQLSTATE: 42602 (line 1, pos 7)\n\n== SQL ==\nSELECT "
      "é, 1 +* 2\n-------^^^\n" },
    { "RESET a b",
      "[INVALID_RESET_COMMAND_FORMAT] Expected format is 'RESET' or 'RESET key'. If you want to include special "
      "characters in key, please use quotes, e.g., RESET `key`. SQLSTATE: 42000\n== SQL (line 1, position 1) "
      "==\nRESET a b\n^^^^^^^^^\n" },
    { "SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, DATE 'x' AS dddddddddddddddddddddddddddddddddddddddd",
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"DATE\" is invalid: 'x'. SQLSTATE: 42604\n== SQL "
      "(line 1, position 57) ==\n...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, DATE 'x' AS dddddddddddddddddddddddddddd...\n "
      "                                  ^^^^^^^^\n" },
    { 0 }
};

TEST(errors) { check_rows(errors, false); }

/* ---- depth and time ---- */

static sp_status parse_repeated(const char *head, const char *unit, int times, const char *tail, sp_error *err)
{
    sp_buf text = { 0 };
    sp_buf_puts(&text, head);
    for (int i = 0; i < times; i++) sp_buf_puts(&text, unit);
    sp_buf_puts(&text, tail);
    sp_arena *a = sp_arena_new("query", 0);
    sp_plan *plan;
    sp_expr_conf conf = { .ansi = true };
    sp_status status = sp_sql_parse_statement(a, &conf, (sp_str){ text.data, text.len }, &plan, err);
    sp_arena_free(a);
    sp_buf_done(&text);
    return status;
}

static const char *condition_of(const char *head, const char *unit, int times, const char *tail)
{
    static sp_error err;
    sp_error_reset(&err);
    return parse_repeated(head, unit, times, tail, &err) == SP_OK ? "ok" : sp_condition_info(err.condition)->name;
}

TEST(nesting_is_refused_not_overflown)
{
    static const char *const units[] = { "(", "f(", "NOT ", "- ", "~", "CASE WHEN ", "a[", "CAST(", "(SELECT ", "x -> ",
                                         "a IN (", "EXISTS (SELECT ", "struct(", "trim(", "a + (" };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        CHECK_STR(condition_of("SELECT ", units[i], 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("SELECT * FROM ", "(", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("", "(", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("", "EXPLAIN ", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("", "WITH a AS (", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("SELECT a FROM t GROUP BY ", "GROUPING SETS (", 100000, ""),
              "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("SELECT 1", " + 1", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("SELECT 1", " UNION ALL SELECT 1", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
    CHECK_STR(condition_of("SELECT CAST(a AS ", "ARRAY<", 100000, ""), "FAILED_TO_PARSE_TOO_COMPLEX");
}

TEST(what_is_wide_is_fine)
{
    CHECK_STR(condition_of("SELECT 1", ", 1", 100000, ""), "ok");
    CHECK_STR(condition_of("SELECT a", " AND a", 100000, ""), "ok");
    CHECK_STR(condition_of("SELECT a IN (1", ", 1", 100000, ")"), "ok");
    CHECK_STR(condition_of("VALUES (1)", ", (1, 'x')", 100000, ""), "ok");
    CHECK_STR(condition_of("SELECT 1", " + 1", 1000, ""), "ok");
    CHECK_STR(condition_of("SELECT a", " + (b)", 1000, ""), "ok");
    CHECK_STR(condition_of("SELECT 1", " /* x */", 100000, ""), "ok");
    CHECK_STR(condition_of("SELECT 'a'", " 'b'", 100000, ""), "ok");
}

/* ---- origins ---- */

TEST(expressions_say_where_they_stand)
{
    sp_arena *a = sp_arena_new("query", 0);
    DEFER(sp_arena_free, a);
    sp_error err = { .arena = a };
    sp_expr_conf conf = { .ansi = true };
    sp_plan *plan;
    sp_str text = SP_LIT("SELECT 'é',\n  (a + 1) * f(b) AS c FROM t");
    REQUIRE(sp_sql_parse_statement(a, &conf, text, &plan, &err) == SP_OK);
    const sp_expr *alias = plan->exprs[1], *product = alias->args[0], *sum = product->args[0], *call = product->args[1];
    CHECK_INT(alias->origin.start, 14);
    CHECK_INT(product->origin.start, 14);
    CHECK_INT(product->origin.stop, 27);
    CHECK_INT(product->origin.line, 2);
    CHECK_INT(product->origin.column, 2);
    CHECK_INT(sum->origin.start, 15);
    CHECK_INT(sum->origin.stop, 19);
    CHECK_INT(call->origin.start, 24);
    CHECK_INT(call->origin.stop, 27);
    CHECK_INT(plan->children[0]->origin.start, 39);
}

TEST(parameters_take_values)
{
    sp_arena *a = sp_arena_new("query", 0);
    DEFER(sp_arena_free, a);
    sp_error err = { .arena = a };
    sp_expr_conf conf = { .ansi = true };
    sp_plan *plan;
    sp_value five = sp_value_i64(SP_INT, 5), name = sp_value_str(SP_LIT("db.t"));
    sp_expr *values[] = { sp_expr_literal(a, &five, &err), sp_expr_literal(a, &name, &err) };
    sp_str names[] = { SP_LIT("n"), SP_LIT("t") };
    sp_sql_params params = { .names = names, .named = values, .named_count = 2, .positional = values,
                              .positional_count = 1 };
    sp_str text = SP_LIT("SELECT :n, ? FROM IDENTIFIER(:t) LIMIT :n");
    REQUIRE(sp_sql_parse_with(a, &conf, text, &params, &plan, &err) == SP_OK);
    sp_buf out = { 0 };
    sp_sql_dump_plan(&out, plan);
    CHECK_STR(sp_buf_cstr(&out), "(limit 5 (project (5 5) (table db.t)))");
    sp_buf_done(&out);
    CHECK(sp_sql_parse_with(a, &conf, SP_LIT("SELECT :x"), &params, &plan, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_UNBOUND_SQL_PARAMETER);
}

TEST(identifiers)
{
    sp_arena *a = sp_arena_new("query", 0);
    DEFER(sp_arena_free, a);
    sp_error err = { .arena = a };
    sp_str *parts;
    int count;
    REQUIRE(sp_sql_parse_identifier(a, NULL, SP_LIT("a.`b.c`.select"), &parts, &count, &err) == SP_OK);
    CHECK_INT(count, 3);
    CHECK(sp_str_is(parts[1], "b.c"));
    CHECK(sp_str_is(parts[2], "select"));
    CHECK(sp_sql_parse_identifier(a, NULL, SP_LIT("a b"), &parts, &count, &err) == SP_FAILED);
    CHECK(sp_sql_parse_identifier(a, NULL, SP_LIT("a-b"), &parts, &count, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_INVALID_IDENTIFIER);
}
