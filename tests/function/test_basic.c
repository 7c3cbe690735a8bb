/* Arithmetic, comparison, logic, casts and split: the ground that the analyzer and the operators stand on. */
#include "cases.inc"

TEST(arithmetic)
{
    static const expr_case cases[] = {
        { "+(1, 2)", "3" }, { "+(2147483647, 1)", "!ARITHMETIC_OVERFLOW" },
        { "+(9223372036854775807L, 1)", "!ARITHMETIC_OVERFLOW" },
        { "+(127Y, 1Y)", "!BINARY_ARITHMETIC_OVERFLOW" }, { "/(1, 0)", "!DIVIDE_BY_ZERO" },
        { "%(5, 0)", "!REMAINDER_BY_ZERO" },
        { "div(5, 0)", "!DIVIDE_BY_ZERO" }, { "/(1.0, 0)", "!DIVIDE_BY_ZERO" }, { "/(10, 4)", "2.5" },
        { "div(10, 4)", "2" }, { "%(-7, 3)", "-1" },
        { "pmod(-7, 3)", "2" }, { "abs(-2147483648)", "!ARITHMETIC_OVERFLOW" }, { "-(-128Y)", "!ARITHMETIC_OVERFLOW" },
        { "+('1', 1)", "2" },
        { "+('x', 1)", "!CAST_INVALID_INPUT" }, { "+(null, 1)", "NULL" }, { "try_add(2147483647, 1)", "NULL" },
        { "try_divide(1, 0)", "NULL" },
        { "*(1.5, 2.25)", "3.375" }, { "/(1.0, 3)", "0.333333" }, { "+(1, 1.5)", "2.5" },
        { "-(date'2024-01-02', date'2024-01-01')", "INTERVAL '1' DAY" },
        { "+(date'2024-01-31', ym'0-1')", "2024-02-29" }, { "+(date'2024-01-31', 1)", "2024-02-01" },
        { "+(ts'2024-01-31 00:00:00', interval'1 month')", "2024-02-29 00:00:00" },
        { "*(dt'1 00:00:00', 1.5)", "INTERVAL '1 12:00:00' DAY TO SECOND" },
        { "/(dt'1 00:00:00', 0)", "!INTERVAL_DIVIDED_BY_ZERO" },
        { "-(ts'2024-01-02 00:00:00', ts'2024-01-01 00:00:00')", "INTERVAL '1 00:00:00' DAY TO SECOND" },
        { "+(true, 1)", "!DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES" }, { "+(1.5D, 1)", "2.5" }, { "+(1F, 1)", "2.0" },
            { NULL, NULL }
    };
    static const expr_case legacy[] = {
        { "+(2147483647, 1)", "-2147483648" }, { "/(1, 0)", "NULL" }, { "%(5, 0)", "NULL" }, { "+('x', 1)", "NULL" },
        { "-(-128Y)", "-128" },
        { "abs(-2147483648)", "-2147483648" }, { "+(127Y, 1Y)", "-128" }, { "/(1.0, 0)", "NULL" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
    check_cases(legacy, &test_conf_legacy);
}

TEST(comparison_and_logic)
{
    static const expr_case cases[] = {
        { "=(null, null)", "NULL" }, { "<=>(null, null)", "true" }, { "and(null, false)", "false" },
        { "or(null, true)", "true" }, { "not(null)", "NULL" },
        { "=(1, '1')", "true" }, { "=(true, 'true')", "true" }, { "=(date'2024-01-01', '2024-01-01')", "true" },
        { "in(1, 2, null)", "NULL" },
        { "not(in(1, 2, null))", "NULL" }, { "in(1, 1, null)", "true" }, { "greatest(1, null, 3)", "3" },
        { "least(null, null)", "NULL" },
        { "if(null, 1, 2)", "2" }, { "when(=(1, 2), 'a', 'b')", "b" }, { "when(false, 1)", "NULL" },
        { "when(null, 1)", "!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
        { "coalesce(null, null, 3)", "3" }, { "nullif(1, 1)", "NULL" }, { "nvl2(null, 1, 2)", "2" },
        { "nvl(null, 'd')", "d" },
        { "=(cast('NaN', 'double'), cast('NaN', 'double'))", "true" }, { "<(1.0D, cast('NaN', 'double'))", "true" },
        { "isnan(cast('NaN', 'double'))", "true" },
        { "if(true, 1, /(1, 0))", "1.0" }, { "and(false, =(/(1, 0), 1))", "false" }, { "coalesce(1, /(1, 0))", "1.0" },
        { "<('a', 'B')", "false" },
        { "between(2, 1, 3)", "true" }, { "=(1.0, 1)", "true" }, { ">('abc', 'ab')", "true" }, { "!=(1, 2)", "true" },
        { "in('a', 'b', 'a')", "true" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(casts)
{
    static const expr_case cases[] = {
        { "cast('x', 'int')", "!CAST_INVALID_INPUT" }, { "cast('12 ', 'int')", "12" },
        { "cast('1.5', 'int')", "!CAST_INVALID_INPUT" },
        { "cast(3000000000L, 'int')", "!CAST_OVERFLOW" }, { "cast('2024-02-30', 'date')", "!CAST_INVALID_INPUT" },
        { "cast(1e20, 'bigint')", "!CAST_OVERFLOW" },
        { "cast('maybe', 'boolean')", "!CAST_INVALID_INPUT" }, { "cast('yes', 'boolean')", "true" },
        { "cast(2, 'boolean')", "true" },
        { "try_cast('x', 'int')", "NULL" }, { "cast('inf', 'double')", "Infinity" },
        { "cast(0.1F, 'double')", "0.10000000149011612" },
        { "cast(1e-7, 'string')", "1.0E-7" }, { "cast(100000000.0D, 'string')", "1.0E8" },
        { "cast('1.999', 'decimal(3,2)')", "2.00" },
        { "cast(12345, 'decimal(3,0)')", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION" },
        { "cast(ts'2024-01-01 10:00:00', 'date')", "2024-01-01" },
        { "cast(date'2024-01-01', 'timestamp')", "2024-01-01 00:00:00" },
        { "cast(1.999999, 'timestamp')", "1970-01-01 00:00:01.999999" },
        { "cast('2024-1-5 3:4:5', 'timestamp')", "2024-01-05 03:04:05" },
        { "cast('12', 'interval day')", "INTERVAL '12' DAY" },
        { "cast(1, 'array<int>')", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION" },
        { "cast(date'2024-01-01', 'int')", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION" },
        { NULL, NULL }
    };
    static const expr_case legacy[] = {
        { "cast('x', 'int')", "NULL" }, { "cast('1.5', 'int')", "1" }, { "cast(3000000000L, 'int')", "-1294967296" },
        { "cast(1e20, 'bigint')", "9223372036854775807" },
        { "cast('abc', 'date')", "NULL" }, { "cast('maybe', 'boolean')", "NULL" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
    check_cases(legacy, &test_conf_legacy);
}

TEST(split_and_regex)
{
    static const expr_case cases[] = {
        { "split('a,b,,c,,', ',')", "[a, b, , c, , ]" }, { "split('a1b2c', '[0-9]')", "[a, b, c]" },
        { "split('a,b,c', ',', 2)", "[a, b,c]" },
        { "split('', ',')", "[]" }, { "split('abc', '')", "[a, b, c]" },
        { "split('one--two--three and some longer words', '--')", "[one, two, three and some longer words]" },
        { "split('a.b', '\\\\.')", "[a, b]" }, { "split('abc', '(?=b)')", "[a, bc]" },
        { "split('abc', 'x')", "[abc]" }, { "split(null, 'x')", "NULL" },
        { "regexp_extract('foo-123-bar', '(\\\\w+)-(\\\\d+)', 2)", "123" },
        { "regexp_extract_all('a1b22c333', '(\\\\d+)', 1)", "[1, 22, 333]" },
        { "regexp_replace('a  b   c', '\\\\s+', ' ')", "a b c" },
        { "regexp_replace('John Smith', '(\\\\w+) (\\\\w+)', '$2 $1')", "Smith John" },
        { "rlike('abc', '^a.c$')", "true" }, { "ilike('ABC', 'a%')", "true" }, { "like('a_c', 'a\\\\_c')", "true" },
        { "like('abc', 'a_c')", "true" },
        { "like('aXbXc', '%X%c')", "true" }, { "like('abc', '%b')", "false" }, { "regexp_count('banana', 'an')", "2" },
        { "regexp_instr('banana', 'n')", "3" },
        { "regexp_substr('abc123', '[0-9]+')", "123" }, { "regexp_like('a', '[')", "!INVALID_PARAMETER_VALUE.PATTERN" },
        { "regexp_replace('aXbYc', '[A-Z&&[^X]]', '-')", "aXb-c" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(strings)
{
    static const expr_case cases[] = {
        { "upper('straße')", "STRASSE" }, { "lower('İ')", "i̇" },
        { "initcap('hello wORLD-foo bar')", "Hello World-foo Bar" }, { "length('\xF0\x9F\x98\x80" "a')", "2" },
        { "substring('hello', 2, 3)", "ell" }, { "substring('hello', -3)", "llo" },
        { "substring('hello', 0, 2)", "he" }, { "substr('héllo', 2, 1)", "é" },
        { "substring_index('a.b.c.d', '.', 2)", "a.b" }, { "substring_index('a.b.c.d', '.', -1)", "d" },
        { "left('abc', 2)", "ab" }, { "right('abc', 2)", "bc" },
        { "trim('  x ')", "x" }, { "ltrim('xxay', 'x')", "" }, { "trim('x', 'xxaxx')", "a" }, { "btrim('  a ')", "a" },
        { "instr('banana', 'na')", "3" },
        { "locate('na', 'banana', 4)", "5" }, { "position('z', 'abc')", "0" }, { "concat(1, 'a', true)", "1atrue" },
        { "concat('a', null)", "NULL" },
        { "concat_ws('-', 'a', null, 'b')", "a-b" }, { "startswith('abc', 'ab')", "true" },
        { "contains('abc', 'bc')", "true" }, { "endswith('abc', 'x')", "false" },
        { "find_in_set('b', 'a,b,c')", "2" }, { "split_part('a-b-c', '-', 2)", "b" }, { "octet_length('é')", "2" },
            { NULL, NULL }
    };
    check_cases(cases, NULL);
}

static const char *pretty(sp_arena *a, const char *text)
{
    sp_error err = { .arena = a };
    static const char *const names[] = { "v", "k" };
    const sp_type *types[] = { sp_type_of(SP_LONG), sp_type_of(SP_STRING) };
    sp_expr *e = bind_text(a, text, &test_conf, names, types, 2, &err);
    if (!e) return "(failed)";
    sp_buf b = { 0 };
    sp_expr_sql(&b, e, true);
    const char *s = sp_arena_strdup(a, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s;
}

TEST(names)
{
    sp_arena *a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, a);
    CHECK_STR(pretty(a, "sum(v)"), "sum(v)");
    CHECK_STR(pretty(a, "+(v, 1)"), "(v + 1)");
    CHECK_STR(pretty(a, "and(>(v, 1.5), =(k, 'x'))"), "((v > 1.5) AND (k = x))");
    CHECK_STR(pretty(a, "cast(v, 'int')"), "CAST(v AS INT)");
    CHECK_STR(pretty(a, "isnull(v)"), "(v IS NULL)");
    CHECK_STR(pretty(a, "in(v, 1, 2)"), "(v IN (1, 2))");
    CHECK_STR(pretty(a, "when(>(v, 1), 'a', 'b')"), "CASE WHEN (v > 1) THEN a ELSE b END");
    CHECK_STR(pretty(a, "nullif(v, 1)"), "nullif(v, 1)");
    CHECK_STR(pretty(a, "like(k, 'a%')"), "k LIKE a%");
    CHECK_STR(pretty(a, "rlike(k, 'a')"), "RLIKE(k, a)");
    CHECK_STR(pretty(a, "!=(v, 1)"), "(NOT (v = 1))");
}
