/* Intervals from and to text against Spark 4.3.0 (golden/interval.txt), errors and their parameters too. */
#include "column/column.h"
#include "column/golden/table.h"
#include "test.h"

/* The error as the table has it: parameters in the order of their names, `input` left out. */
static void describe(const sp_error *err, sp_buf *out)
{
    static const char *const keys[] = { "interval", "intervalStr", "number", "prefix", "supportedFormat", "typeName",
                                        "unit", "value", "word" };
    if (err->condition == SP_COND_NONE) {
        const char *exception = err->exc == SP_EXC_ARITHMETIC ? "Arithmetic" : "IllegalArgument";
        sp_buf_printf(out, "!java.lang.%sException %s", exception, err->plain);
        return;
    }
    const char *comma = "";
    sp_buf_printf(out, "!%s {", sp_condition_info(err->condition)->name);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (int i = 0; i < err->param_count; i++)
            if (strcmp(keys[k], err->param_keys[i]) == 0) {
                sp_buf_printf(out, "%s%s=%s", comma, keys[k], err->param_values[i]);
                comma = ", ";
            }
    sp_buf_putc(out, '}');
}

static void check_row(const sp_str *f)
{
    static sp_error err;
    sp_buf out = { 0 };
    char kind = f[0].p[0];
    sp_type t = { .kind = kind == 'Y' || kind == 'y' ? SP_YEAR_MONTH : SP_DAY_TIME };
    const char *want = f[4].p;
    int64_t us;
    int32_t months;
    sp_calendar c;
    sp_status status = SP_OK;
    sp_error_reset(&err);
    if (strchr("DYdy", kind)) {
        t.start_field = (uint8_t)atoi(f[2].p);
        t.end_field = (uint8_t)atoi(f[3].p);
    }
    switch (kind) {
    case 'I':
        want = f[2].p;
        if ((status = sp_parse_interval(f[1], &c, &err)) == SP_OK)
            sp_buf_printf(&out, "%d %d %lld", c.months, c.days, (long long)c.us);
        break;
    case 'd':
        if ((status = sp_parse_day_time(f[1], &t, &us, &err)) == SP_OK)
            sp_buf_printf(&out, "%lld", (long long)us);
        break;
    case 'y':
        if ((status = sp_parse_year_month(f[1], &t, &months, &err)) == SP_OK)
            sp_buf_printf(&out, "%d", months);
        break;
    case 'C': sp_print_calendar(&out, atoi(f[1].p), atoi(f[2].p), atoll(f[3].p)); break;
    case 'D': sp_print_day_time(&out, atoll(f[1].p), &t); break;
    default: sp_print_year_month(&out, atoi(f[1].p), &t); break;
    }
    if (status == SP_FAILED)
        describe(&err, &out);
    if (!CHECK_STR(sp_buf_cstr(&out), want))
        printf("    for %c %s\n", kind, f[1].p);
    sp_buf_done(&out);
}

TEST(as_spark)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/interval.txt", "r");
    REQUIRE(f != NULL);
    int rows = 0;
    for (; table_next(f, &row); rows++)
        check_row(row.field);
    fclose(f);
    CHECK(rows > 1000);
}

TEST(without_error)
{
    sp_calendar c;
    CHECK_INT(sp_parse_interval(SP_LIT("10 minutes"), &c, NULL), SP_OK);
    CHECK_INT(c.us, 600 * SP_US_PER_SECOND);
    CHECK_INT(sp_parse_interval(SP_LIT("ten minutes"), &c, NULL), SP_FAILED);
    CHECK_INT(sp_parse_interval(SP_LIT("1 \xc3\xa9"), &c, NULL), SP_FAILED);
}

TEST(error_says_input)
{
    sp_error err = { 0 };
    sp_calendar c;
    CHECK_INT(sp_parse_interval(SP_LIT("10 Foos"), &c, &err), SP_FAILED);
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    sp_error_message(&err, &out);
    CHECK(strstr(sp_buf_cstr(&out), "[INVALID_INTERVAL_FORMAT.INVALID_UNIT] Error parsing '10 Foos' to") != NULL);
    CHECK(strstr(sp_buf_cstr(&out), "Invalid unit foos. SQLSTATE: 22006") != NULL);
}
