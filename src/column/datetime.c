/* datetime.c -- the proleptic Gregorian calendar, and adding months, days and microseconds to dates and timestamps.
 *
 * Civil days are counted by Howard Hinnant's algorithm ("chrono-compatible low-level date algorithms"): years begin
 * in March, so that the leap day comes last. Adding follows java.time as Spark's DateTimeUtils.timestampAddInterval
 * uses it: months, then days on the local time line (ends of months clipped, the offset kept in an overlap), then
 * microseconds on the UTC line. */
#include "column/zone_int.h"

bool sp_is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int sp_days_in_month(int64_t year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && sp_is_leap(year) ? 29 : days[month - 1];
}

int64_t sp_days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void sp_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    uint32_t day_of_era = (uint32_t)(days - era * 146097);
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

/* LocalDate.plusMonths. months is within +-2^40, so nothing overflows. */
static int64_t add_months(int64_t days, int64_t months)
{
    int64_t year;
    int month, day;
    sp_civil_from_days(days, &year, &month, &day);
    int64_t count = year * 12 + (month - 1) + months;
    year = sp_floor_div(count, 12);
    month = (int)sp_floor_mod(count, 12) + 1;
    int last = sp_days_in_month(year, month);
    return sp_days_from_civil(year, month, day < last ? day : last);
}

int32_t sp_date_add_months(int32_t days, int64_t months)
{
    const int64_t limit = 1ll << 40;
    int64_t sum = add_months(days, months > limit ? limit : months < -limit ? -limit : months);
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

bool sp_timestamp_add_exact(int64_t us, int32_t months, int32_t days, int64_t add_us, const sp_zone *zone, int64_t *out)
{
    if (months != 0 || days != 0) {
        int64_t utc_s = sp_floor_div(us, SP_US_PER_SECOND), fraction = sp_floor_mod(us, SP_US_PER_SECOND);
        int32_t offset = sp_zone_offset_at_utc_s(zone, utc_s);
        int64_t day = sp_floor_div(utc_s + offset, 86400), second = sp_floor_mod(utc_s + offset, 86400);
        if (months != 0) {
            utc_s = sp_zone_local_to_utc_keep_s(zone, add_months(day, months) * 86400 + second, offset);
            offset = sp_zone_offset_at_utc_s(zone, utc_s);
            day = sp_floor_div(utc_s + offset, 86400);   /* a gap may have moved the time of day */
            second = sp_floor_mod(utc_s + offset, 86400);
        }
        if (days != 0)
            utc_s = sp_zone_local_to_utc_keep_s(zone, (day + days) * 86400 + second, offset);
        __int128 whole = (__int128)utc_s * SP_US_PER_SECOND + fraction + add_us;
        *out = (int64_t)whole;
        return whole == *out;
    }
    return !__builtin_add_overflow(us, add_us, out);
}

int64_t sp_timestamp_add(int64_t us, int32_t months, int32_t days, int64_t add_us, const sp_zone *zone)
{
    int64_t sum;
    if (sp_timestamp_add_exact(us, months, days, add_us, zone, &sum))
        return sum;
    return (months != 0 ? months > 0 : days != 0 ? days > 0 : add_us > 0) ? INT64_MAX : INT64_MIN;
}
