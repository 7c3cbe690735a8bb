/* Numbers, booleans and values from text against JDK 17 and Spark 4.3.0 (golden/parse.txt). */
#include "column/column.h"
#include "column/golden/table.h"
#include "test.h"

static void check_integral(const sp_str *f, int column, bool allow_decimal, int64_t lo, int64_t hi)
{
    char text[32] = "-";
    int64_t v;
    if (sp_parse_integral(f[1], allow_decimal, lo, hi, &v))
        snprintf(text, sizeof text, "%lld", (long long)v);
    if (!CHECK_STR(text, f[column].p))
        printf("    for '%s'\n", f[1].p);
}

static void check_float(const sp_str *f)
{
    char text[32] = "-";
    double d;
    float x;
    uint64_t bits;
    uint32_t half;
    if (sp_parse_f64(f[1], &d)) {
        memcpy(&bits, &d, 8);
        snprintf(text, sizeof text, "%llx", (unsigned long long)bits);
    }
    if (!CHECK_STR(text, f[2].p))
        printf("    for '%s'\n", f[1].p);
    strcpy(text, "-");
    if (sp_parse_f32(f[1], &x)) {
        memcpy(&half, &x, 4);
        snprintf(text, sizeof text, "%x", half);
    }
    if (!CHECK_STR(text, f[3].p))
        printf("    for '%s'\n", f[1].p);
}

TEST(as_spark)
{
    static table_row row;
    const sp_str *f = row.field;
    FILE *file = fopen("tests/column/golden/parse.txt", "r");
    REQUIRE(file != NULL);
    int rows = 0;
    for (; table_next(file, &row); rows++) {
        bool b;
        switch (f[0].p[0]) {
        case 'F':
            check_float(f);
            break;
        case 'I':
            check_integral(f, 2, true, INT64_MIN, INT64_MAX);
            check_integral(f, 3, true, INT32_MIN, INT32_MAX);
            check_integral(f, 4, true, INT16_MIN, INT16_MAX);
            check_integral(f, 5, false, INT64_MIN, INT64_MAX);
            check_integral(f, 6, false, INT8_MIN, INT8_MAX);
            break;
        default:
            CHECK_STR(sp_parse_boolean(f[1], &b) ? b ? "1" : "0" : "-", f[2].p);
        }
    }
    fclose(file);
    CHECK(rows > 1000);
}

/* What the table's short lines leave out: halves that only a late digit decides, and more digits than any buffer. */
TEST(long_numbers)
{
    static char text[5000];
    double d;
    size_t n = (size_t)snprintf(text, sizeof text, "9007199254740993.");
    memset(text + n, '0', 3000);
    CHECK(sp_parse_f64((sp_str){ text, n + 3000 }, &d) && d == 9007199254740992.0);
    text[n + 2999] = '1';
    CHECK(sp_parse_f64((sp_str){ text, n + 3000 }, &d) && d == 9007199254740994.0);
    memset(text, '0', sizeof text);
    text[4000] = '7';
    CHECK(sp_parse_f64((sp_str){ text, 4001 }, &d) && d == 7);
    text[0] = '1';
    text[300] = 'e', text[301] = '-', text[302] = '2', text[303] = '9', text[304] = '9';
    CHECK(sp_parse_f64((sp_str){ text, 305 }, &d) && d == 1);
}

static void check_value(const char *text, const sp_type *t, int64_t want)
{
    sp_value v;
    CHECK(sp_parse_value(sp_str_of(text), t, sp_zone_utc(), NULL, &v));
    CHECK(v.type == t && !v.is_null);
    CHECK_INT(v.i64, want);
}

TEST(values)
{
    sp_type t = { .kind = SP_INT };
    sp_value v;
    check_value(" 42 ", &t, 42);
    CHECK(!sp_parse_value(SP_LIT("4.2"), &t, sp_zone_utc(), NULL, &v));
    CHECK(!sp_parse_value(SP_LIT("2147483648"), &t, sp_zone_utc(), NULL, &v));
    t.kind = SP_DATE;
    check_value("1970-01-03", &t, 2);
    t.kind = SP_TIMESTAMP;
    check_value("1970-01-01 00:00:01", &t, 1000000);
    t.kind = SP_TIME;
    t.precision = 3;
    check_value("00:00:01.234567", &t, 1234000000);
    t = (sp_type){ .kind = SP_DAY_TIME, .start_field = 0, .end_field = 3 };
    check_value("1 00:00:00", &t, SP_US_PER_DAY);
    t = (sp_type){ .kind = SP_YEAR_MONTH, .start_field = 0, .end_field = 1 };
    check_value("1-2", &t, 14);
    t = (sp_type){ .kind = SP_DECIMAL, .precision = 5, .scale = 2 };
    CHECK(sp_parse_value(SP_LIT("1.005"), &t, sp_zone_utc(), NULL, &v));
    CHECK_INT(v.decimal, 101);
    t = (sp_type){ .kind = SP_FLOAT };
    CHECK(sp_parse_value(SP_LIT("0.1"), &t, sp_zone_utc(), NULL, &v));
    CHECK_DBL(v.f64, 0.1f);
    t = (sp_type){ .kind = SP_ARRAY };
    CHECK(!sp_parse_value(SP_LIT("[1]"), &t, sp_zone_utc(), NULL, &v));
}

TEST_ALLOC(strings)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    sp_type t = { .kind = SP_STRING };
    sp_value v;
    char text[] = "some text of its own";
    CHECK(sp_parse_value(sp_str_of(text), &t, sp_zone_utc(), a, &v));
    text[0] = 'x';
    CHECK(sp_str_is(v.str, "some text of its own"));
}
