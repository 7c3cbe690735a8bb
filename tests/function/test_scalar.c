/* Mathematics, dates, hashes, miscellany. */
#include "cases.inc"

TEST(math)
{
    static const expr_case cases[] = {
        { "sqrt(-1)", "NaN" }, { "ln(0)", "NULL" }, { "log(2, 8)", "3.0" }, { "pow(2, 10)", "1024.0" },
        { "round(2.5)", "3" }, { "round(-2.5)", "-3" },
        { "bround(2.5)", "2" }, { "round(1234.567, -2)", "1200" }, { "floor(-1.5)", "-2" }, { "ceil(1.2)", "2" },
        { "round(2.675D, 2)", "2.68" },
        { "round(2.5D)", "3.0" }, { "floor(1.9D)", "1" }, { "bin(10)", "1010" }, { "conv('ff', 16, 10)", "255" },
        { "conv('-10', 16, -10)", "-16" },
        { "factorial(5)", "120" }, { "factorial(21)", "NULL" }, { "width_bucket(5.3, 0.2, 10.6, 5)", "3" },
        { "signum(-2)", "-1.0" },
        { "hypot(3, 4)", "5.0" }, { "pi()", "3.141592653589793" }, { "&(5, 3)", "1" }, { "^(5, 3)", "6" },
        { "~(5)", "-6" }, { "shiftleft(1, 4)", "16" },
        { "shiftrightunsigned(-1, 28)", "15" }, { "bit_count(7)", "3" }, { "typeof(round(1.25, 1))", "decimal(3,1)" },
        { "typeof(+(1, 1.5))", "decimal(3,1)" },
        { "typeof(*(1.5, 2.25))", "decimal(6,3)" }, { "typeof(/(1, 2))", "double" }, { "typeof(+(1, 1L))", "bigint" },
        { "typeof(/(1.0, 3))", "decimal(7,6)" },
        { "round(25, -1)", "30" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(dates)
{
    static const expr_case cases[] = {
        { "year(date'2024-02-29')", "2024" }, { "quarter(date'2024-05-01')", "2" },
        { "dayofweek(date'2024-01-07')", "1" }, { "weekday(date'2024-01-01')", "0" },
        { "weekofyear(date'2021-01-03')", "53" }, { "dayofyear(date'2024-12-31')", "366" },
        { "hour(ts'2024-01-01 10:05:07')", "10" },
        { "extract('second', ts'2024-01-01 10:00:05.25')", "5.250000" }, { "extract('month', ym'1-3')", "3" },
        { "extract('day', dt'3 04:00:00')", "3" },
        { "date_add(date'2024-01-31', 1)", "2024-02-01" }, { "date_sub(date'2024-01-01', 1)", "2023-12-31" },
        { "datediff(date'2024-03-01', date'2024-02-01')", "29" },
        { "add_months(date'2024-01-31', 1)", "2024-02-29" },
        { "months_between(ts'1997-02-28 10:30:00', ts'1996-10-30 00:00:00')", "3.94959677" },
        { "last_day(date'2024-02-10')", "2024-02-29" }, { "next_day(date'2015-01-14', 'TU')", "2015-01-20" },
        { "next_day(date'2015-01-14', 'xx')", "!ILLEGAL_DAY_OF_WEEK" },
        { "trunc(date'2024-05-15', 'quarter')", "2024-04-01" },
        { "date_trunc('week', ts'2024-01-05 13:05:09')", "2024-01-01 00:00:00" },
        { "date_trunc('quarter', ts'2024-05-05 13:05:09')", "2024-04-01 00:00:00" },
        { "to_date('31/12/2024')", "!CAST_INVALID_INPUT" },
        { "to_date('31/12/2024', 'dd/MM/yyyy')", "2024-12-31" },
        { "to_timestamp('2024/01/05 13:45', 'yyyy/MM/dd HH:mm')", "2024-01-05 13:45:00" },
        { "to_timestamp('05-Jan-2024', 'dd-MMM-yyyy')", "2024-01-05 00:00:00" }, { "try_to_timestamp('bad')", "NULL" },
        { "to_timestamp('bad', 'yyyy')", "!CANNOT_PARSE_TIMESTAMP" },
        { "unix_timestamp('2024-01-01', 'yyyy-MM-dd')", "1704067200" }, { "from_unixtime(0)", "1970-01-01 00:00:00" },
        { "date_format(ts'2024-01-05 13:05:09.012', 'yyyy-MM-dd HH:mm:ss.SSS EEE MMM a h D')",
            "2024-01-05 13:05:09.012 Fri Jan PM 1 5" },
        { "date_format(date'2024-12-31', 'YYYY')",
            "!INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION" },
        { "timestamp_seconds(1.5)", "1970-01-01 00:00:01.5" }, { "timestamp_millis(-1)", "1969-12-31 23:59:59.999" },
        { "unix_micros(ts'1970-01-01 00:00:01')", "1000000" },
        { "make_date(2024, 13, 1)", "!DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION" },
        { "make_timestamp(2024, 2, 29, 1, 2, 3.5)", "2024-02-29 01:02:03.5" },
        { "from_utc_timestamp('2024-07-01 12:00:00', 'Asia/Tokyo')", "2024-07-01 21:00:00" },
        { "to_utc_timestamp('2024-07-01 12:00:00', 'America/Los_Angeles')", "2024-07-01 19:00:00" },
        { "convert_timezone('Europe/Paris', 'UTC', ntz'2024-07-01 12:00:00')", "2024-07-01 10:00:00" },
        { "timestampdiff('MINUTE', ts'2024-01-01 00:00:00', ts'2024-01-01 01:30:59')", "90" },
        { "timestampadd('MONTH', 1, ts'2024-01-31 00:00:00')", "2024-02-29 00:00:00" },
        { "make_interval(1, 2, 0, 3)", "1 years 2 months 3 days" },
        { "make_dt_interval(1, 2, 3, 4.5)", "INTERVAL '1 02:03:04.5' DAY TO SECOND" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(hashes_and_misc)
{
    static const expr_case cases[] = {
        { "hash('a', 1)", "532252686" }, { "xxhash64('a', 1)", "-4810547614043336770" },
        { "raise_error('boom')", "!USER_RAISED_EXCEPTION" },
        { "assert_true(=(1, 2))", "!USER_RAISED_EXCEPTION" }, { "assert_true(true)", "NULL" },
        { "typeof(array(1))", "array<int>" }, { "rand(42)", "0.619189370225301" },
        { "current_user()", "tester" }, { "version()", "4.3.0" }, { "hash(null)", "42" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}
