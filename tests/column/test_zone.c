/* Zone ids against Spark's getZoneId (golden/datetime.txt), conversions against java.time's rules, and files that are
 * not whole. */
#include "column/golden/table.h"
#include "column/zone_int.h"
#include "test.h"

TEST(ids_as_spark)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/datetime.txt", "r");
    REQUIRE(f != NULL);
    int rows = 0;
    while (table_next(f, &row)) {
        if (row.field[0].p[0] != 'Z')
            continue;
        sp_error err = { 0 };
        const sp_zone *z = sp_zone_get(row.field[1], &err);
        CHECK_STR(z ? sp_zone_id(z) : "-", row.field[2].p);
        CHECK(z != NULL || err.condition == SP_COND_INVALID_TIMEZONE);
        rows++;
    }
    fclose(f);
    CHECK(rows > 50);
    CHECK(sp_zone_get(SP_LIT("Europe/Berlin"), NULL) == sp_zone_get(SP_LIT("Europe/Berlin"), NULL));
}

static int64_t at(const char *text)
{
    int64_t us = 0;
    CHECK(sp_parse_timestamp_ntz(sp_str_of(text), false, &us));
    return us;
}

static void check_local(const char *zone, const char *local, const char *utc)
{
    const sp_zone *z = sp_zone_get(sp_str_of(zone), NULL);
    REQUIRE(z != NULL);
    CHECK_INT(sp_zone_local_to_utc(z, at(local)), at(utc));
}

TEST(gaps_and_overlaps)
{
    check_local("Europe/Berlin", "2024-03-31 01:59:59", "2024-03-31 00:59:59");
    check_local("Europe/Berlin", "2024-03-31 02:30:00", "2024-03-31 01:30:00");   /* gap: 03:30 summer time */
    check_local("Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00");
    check_local("Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27 00:30:00");   /* overlap: summer time */
    check_local("Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00");
    check_local("Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05 15:45:00");
    check_local("America/New_York", "1883-11-18 12:00:00", "1883-11-18 16:56:02");
    check_local("Asia/Kolkata", "2024-01-01 00:00:00.25", "2023-12-31 18:30:00.25");
}

/* Past the file's table the footer's rule goes on, for ever. */
TEST(far_years)
{
    check_local("Europe/Berlin", "2050-07-01 00:00:00", "2050-06-30 22:00:00");
    check_local("Europe/Berlin", "2500-01-01 00:00:00", "2499-12-31 23:00:00");
    check_local("America/New_York", "9999-07-01 00:00:00", "9999-07-01 04:00:00");
    check_local("America/New_York", "+200000-12-01 00:00:00", "+200000-12-01 05:00:00");
    check_local("America/New_York", "-5000-07-01 00:00:00", "-5000-07-01 04:56:02");
}

TEST(offsets_at_utc)
{
    const sp_zone *z = sp_zone_get(SP_LIT("America/Los_Angeles"), NULL);
    REQUIRE(z != NULL);
    CHECK_INT(sp_zone_offset_at_utc(z, at("2024-03-10 09:59:59.999999")), -8 * 3600);
    CHECK_INT(sp_zone_offset_at_utc(z, at("2024-03-10 10:00:00")), -7 * 3600);
    CHECK_INT(sp_zone_utc_to_local(z, at("2024-03-10 10:00:00")), at("2024-03-10 03:00:00"));
}

TEST_ALLOC(loading)
{
    sp_error err = { 0 };
    /* An id of its own each round: what was loaded stays. */
    static int round;
    char id[16];
    snprintf(id, sizeof id, "+%02d:%02d", round / 60 % 18, round % 60);
    round++;
    const sp_zone *z = sp_zone_get(sp_str_of(id), &err);
    CHECK(z != NULL);
    CHECK(z != NULL || err.condition != SP_COND_NONE || err.plain != NULL);
}

/* Every file cut at every length, and every byte changed: an error or a zone, never a crash. */
TEST(broken_files)
{
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    REQUIRE(f != NULL);
    static char bytes[8192], broken[8192];
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    sp_arena *a = sp_arena_new("test", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    sp_error err = { 0 };
    sp_zone *z;
    CHECK_INT(sp_zone_from_tzif(a, SP_LIT("x"), (sp_str){ bytes, n }, &z, &err), SP_OK);
    for (size_t i = 0; i < n; i++) {
        sp_arena_reset(a);
        char *cut = sp_arena_strndup(a, bytes, i, NULL);
        (void)!sp_zone_from_tzif(a, SP_LIT("x"), (sp_str){ cut, i }, &z, NULL);
        memcpy(broken, bytes, n);
        broken[i] ^= (char)(1 + i % 255);
        if (sp_zone_from_tzif(a, SP_LIT("x"), (sp_str){ broken, n }, &z, NULL) == SP_OK)
            (void)sp_zone_offset_at_utc_s(z, 1700000000), (void)sp_zone_local_to_utc_s(z, 99999999999);
    }
}
