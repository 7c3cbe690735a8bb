/* Datetime patterns against Spark 4.3.0's formatters on JDK 17 (golden/pattern.txt): refusals, printing, reading. */
#include "column/datetime.h"
#include "column/golden/table.h"
#include "test.h"

static const char *exception(sp_exc exc)
{
    return exc == SP_EXC_UNKNOWN ? "SparkUpgradeException" : exc == SP_EXC_RUNTIME ? "SparkRuntimeException"
                                                                                     : "SparkIllegalArgumentException";
}

/* The error as the table has it, parameters in the order of their names. */
static void describe(const sp_error *err, sp_buf *out)
{
    static const char *const keys[] = { "c", "config", "docroot", "pattern" };
    const char *comma = "";
    sp_buf_printf(out, "!%s %s {", exception(err->exc), sp_condition_info(err->condition)->name);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (int i = 0; i < err->param_count; i++)
            if (strcmp(keys[k], err->param_keys[i]) == 0) {
                sp_buf_printf(out, "%s%s=%s", comma, keys[k], err->param_values[i]);
                comma = ", ";
            }
    sp_buf_putc(out, '}');
}

static void check_compile(const sp_str *f, sp_arena *a)
{
    static sp_error err;
    const sp_pattern *p;
    sp_buf out = { 0 };
    sp_error_reset(&err);
    if (sp_pattern_compile(a, f[1], f[2].p[0] == '1', &p, &err) == SP_OK)
        sp_buf_puts(&out, "ok");
    else
        describe(&err, &out);
    CHECK_STR(sp_buf_cstr(&out), f[3].p);
    sp_buf_done(&out);
}

static void check_print(const sp_str *f, sp_arena *a)
{
    const sp_pattern *p;
    sp_buf out = { 0 };
    REQUIRE(sp_pattern_compile(a, f[1], false, &p, NULL) == SP_OK);
    for (int with_zone = 1; with_zone >= 0; with_zone--) {
        sp_buf_clear(&out);
        if (sp_pattern_print(p, &out, atoll(f[2].p), with_zone ? sp_zone_get(f[3], NULL) : NULL, NULL) == SP_FAILED)
            sp_buf_putc(&out, '-');
        if (!CHECK_STR(sp_buf_cstr(&out), f[with_zone ? 4 : 5].p))
            printf("    for %s\n", f[1].p);
    }
    sp_buf_done(&out);
}

static void check_number(bool ok, int64_t got, const sp_str *f, int column)
{
    char text[32] = "-";
    if (ok)
        snprintf(text, sizeof text, "%lld", (long long)got);
    if (!CHECK_STR(text, f[column].p))
        printf("    column %d of %s, %s\n", column, f[1].p, f[3].p);
}

static void check_read(const sp_str *f, sp_arena *a)
{
    const sp_pattern *p;
    const sp_zone *zone = sp_zone_get(f[2], NULL);
    int64_t us = 0;
    int32_t days = 0;
    REQUIRE(sp_pattern_compile(a, f[1], true, &p, NULL) == SP_OK);
    bool ok = sp_pattern_parse_timestamp(p, f[3], zone, &us);
    check_number(ok, us, f, 4);
    ok = sp_pattern_infer_timestamp(p, f[3], zone, &us);
    check_number(ok, us, f, 5);
    ok = sp_pattern_parse_timestamp_ntz(p, f[3], &us);
    check_number(ok, us, f, 6);
    ok = sp_pattern_parse_timestamp_ntz_only(p, f[3], &us);
    check_number(ok, us, f, 7);
    ok = sp_pattern_infer_timestamp_ntz(p, f[3], false, &us);
    check_number(ok, us, f, 8);
    ok = sp_pattern_parse_date(p, f[3], &days);
    check_number(ok, days, f, 9);
}

TEST(as_spark)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/pattern.txt", "r");
    REQUIRE(f != NULL);
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    int rows = 0;
    for (; table_next(f, &row); rows++) {
        sp_arena_reset(a);
        switch (row.field[0].p[0]) {
        case 'C': check_compile(row.field, a); break;
        case 'P': check_print(row.field, a); break;
        default: check_read(row.field, a); break;
        }
    }
    fclose(f);
    CHECK(rows > 1500);
}

/* A number of open width after a run of adjacent ones takes the run's reserved digits away. */
TEST(adjacent_values)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    const sp_pattern *p;
    int64_t us;
    REQUIRE(sp_pattern_compile(a, SP_LIT("yyyyMMddHHmmss"), true, &p, NULL) == SP_OK);
    CHECK(sp_pattern_parse_timestamp(p, SP_LIT("20240102030405"), sp_zone_utc(), &us));
    CHECK_INT(us, 1704164645 * SP_US_PER_SECOND);
    CHECK(!sp_pattern_parse_timestamp(p, SP_LIT("2024010203040"), sp_zone_utc(), &us));
    REQUIRE(sp_pattern_compile(a, SP_LIT("mmssy"), true, &p, NULL) == SP_OK);
    CHECK(sp_pattern_parse_timestamp(p, SP_LIT("01021970"), sp_zone_utc(), &us));
    CHECK_INT(us, 62 * SP_US_PER_SECOND);
}

TEST_ALLOC(compile)
{
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    sp_error err = { 0 };
    const sp_pattern *p = NULL;
    int64_t us;
    REQUIRE(sp_pattern_compile(a, SP_LIT("yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]"), true, &p, &err) == SP_OK);
    CHECK(sp_pattern_parse_timestamp(p, SP_LIT("2024-01-02T03:04:05.5+01:00"), sp_zone_utc(), &us));
    CHECK_INT(us, 1704161045500000);
}
