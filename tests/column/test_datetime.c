/* Dates, timestamps, times and adding to them against what Spark 4.3.0 answers (golden/datetime.txt). */
#include "column/datetime.h"
#include "column/golden/table.h"
#include "test.h"

static const sp_zone *zone(sp_str id) { return sp_zone_get(id, NULL); }

static void check_number(bool ok, int64_t got, sp_str want, const char *what)
{
    char text[32];
    snprintf(text, sizeof text, ok ? "%lld" : "-", (long long)got);
    if (!CHECK_STR(text, want.p))
        printf("    for %s\n", what);
}

static void check_row(const table_row *r)
{
    int64_t us = 0;
    int32_t days = 0;
    bool ok;
    sp_buf out = { 0 };
    const sp_str *f = r->field;
    switch (f[0].p[0]) {
    case 'D':
        ok = sp_parse_date(f[1], &days);
        check_number(ok, days, f[2], f[1].p);
        break;
    case 'T':
        ok = sp_parse_timestamp(f[1], zone(f[2]), &us);
        check_number(ok, us, f[3], f[1].p);
        ok = sp_parse_timestamp_ntz(f[1], true, &us);
        check_number(ok, us, f[4], f[1].p);
        ok = sp_parse_timestamp_ntz(f[1], false, &us);
        check_number(ok, us, f[5], f[1].p);
        break;
    case 'H':
        ok = sp_parse_time(f[1], &us);
        check_number(ok, us, f[2], f[1].p);
        break;
    case 'P':
        sp_print_timestamp(&out, atoll(f[1].p), zone(f[2]));
        CHECK_STR(sp_buf_cstr(&out), f[3].p);
        sp_buf_clear(&out);
        sp_print_date(&out, atoi(f[4].p));
        CHECK_STR(sp_buf_cstr(&out), f[5].p);
        break;
    case 'A':
        ok = sp_timestamp_add_exact(atoll(f[1].p), atoi(f[2].p), atoi(f[3].p), atoll(f[4].p), zone(f[5]), &us);
        check_number(ok, us, f[6], f[1].p);
        break;
    default:
        break;
    }
    sp_buf_done(&out);
}

TEST(as_spark)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/datetime.txt", "r");
    REQUIRE(f != NULL);
    int rows = 0;
    for (; table_next(f, &row); rows++)
        check_row(&row);
    fclose(f);
    CHECK(rows > 1000);
}

TEST(civil_days_and_back)
{
    for (int64_t days = -800000; days < 3000000; days += 13) {
        int64_t year;
        int month, day;
        sp_civil_from_days(days, &year, &month, &day);
        CHECK_INT(sp_days_from_civil(year, month, day), days);
    }
    CHECK_INT(sp_days_from_civil(1970, 1, 1), 0);
    CHECK_INT(sp_days_from_civil(0, 3, 1), -719468);
}

/* The two ways of reading must agree: every day of 0000..9999 through the fast path is the civil day. */
TEST(fast_layout_reads_every_day)
{
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    for (int32_t days = -719528; days <= 2932896; days += 3) {
        int32_t back = 0;
        sp_buf_clear(&out);
        sp_print_date(&out, days);
        if (out.len != 10 || !sp_parse_date((sp_str){ out.data, 10 }, &back) || back != days) {
            CHECK_INT(back, days);
            break;
        }
    }
    int64_t us;
    CHECK(!sp_parse_timestamp(SP_LIT("2023-02-29 00:00:00"), sp_zone_utc(), &us));
    CHECK(!sp_parse_timestamp(SP_LIT("2024-02-29 24:00:00"), sp_zone_utc(), &us));
    CHECK(sp_parse_timestamp(SP_LIT("2024-02-29T23:59:59.999999999Z"), sp_zone_utc(), &us));
    CHECK_INT(us, 1709251199999999);
}

TEST(time_only_is_today)
{
    int64_t us, midnight;
    CHECK(sp_parse_timestamp(SP_LIT("T00:00:00"), sp_zone_utc(), &midnight));
    CHECK(sp_parse_timestamp(SP_LIT("12:34"), sp_zone_utc(), &us));
    CHECK_INT(sp_floor_mod(us - midnight, SP_US_PER_DAY), (12 * 60 + 34) * 60 * SP_US_PER_SECOND);
}

TEST(print_others)
{
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    sp_print_iso_ms(&out, 1704103201000);
    sp_buf_putc(&out, ' ');
    sp_print_iso_ms(&out, -1);
    sp_buf_putc(&out, ' ');
    sp_print_time(&out, 3661000000000);
    sp_buf_putc(&out, ' ');
    sp_print_time(&out, 86399120000000);
    sp_buf_putc(&out, ' ');
    sp_print_timestamp_ntz(&out, -1);
    CHECK_STR(sp_buf_cstr(&out), "2024-01-01T10:00:01.000Z 1969-12-31T23:59:59.999Z 01:01:01 23:59:59.12 "
                                 "1969-12-31 23:59:59.999999");
}

TEST(months)
{
    CHECK_INT(sp_date_add_months((int32_t)sp_days_from_civil(2024, 1, 31), 1), sp_days_from_civil(2024, 2, 29));
    CHECK_INT(sp_date_add_months((int32_t)sp_days_from_civil(2024, 3, 31), -13), sp_days_from_civil(2023, 2, 28));
    CHECK_INT(sp_timestamp_add(INT64_MAX, 1, 0, 0, sp_zone_utc()), INT64_MAX);
}
