/* print_datetime.c -- dates, timestamps and times as casts to string print them.
 *
 * Behaviour: Spark's DateFormatter and FractionTimestampFormatter: yyyy-MM-dd HH:mm:ss, then the fraction without
 * trailing zeros; years past 9999 with a plus sign, before 0 with a minus, of at least four digits
 * (SignStyle.EXCEEDS_PAD). */
#include "column/zone_int.h"

static char *two(char *p, int v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

static char *put_year(char *p, int64_t year)
{
    char digits[20];
    int n = 0;
    uint64_t v = year < 0 ? 0 - (uint64_t)year : (uint64_t)year;
    if (year >= 0 && year <= 9999)
        return two(two(p, (int)year / 100), (int)year % 100);
    *p++ = year < 0 ? '-' : '+';
    for (; v || n < 4; v /= 10)
        digits[n++] = (char)('0' + v % 10);
    while (n)
        *p++ = digits[--n];
    return p;
}

static char *put_date(char *p, int64_t days)
{
    int64_t year;
    int month, day;
    sp_civil_from_days(days, &year, &month, &day);
    p = put_year(p, year);
    *p++ = '-';
    p = two(p, month);
    *p++ = '-';
    return two(p, day);
}

static char *put_time(char *p, int32_t second_of_day)
{
    p = two(p, second_of_day / 3600);
    *p++ = ':';
    p = two(p, second_of_day / 60 % 60);
    *p++ = ':';
    return two(p, second_of_day % 60);
}

/* `digits` digits of fraction, without its trailing zeros; nothing at all for zero. */
static char *put_fraction(char *p, int32_t fraction, int digits)
{
    if (fraction == 0)
        return p;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    *p = '.';
    for (int i = digits; i > 0; i--, fraction /= 10)
        p[i] = (char)('0' + fraction % 10);
    return p + 1 + digits;
}

/* The second and its local offset, so that the ends of the range do not overflow. */
static char *put_timestamp(char *p, int64_t us, const sp_zone *zone)
{
    int64_t s = sp_floor_div(us, SP_US_PER_SECOND);
    int32_t fraction = (int32_t)sp_floor_mod(us, SP_US_PER_SECOND);
    if (zone)
        s += sp_zone_offset_at_utc_s(zone, s);
    int64_t days = sp_floor_div(s, 86400);
    p = put_date(p, days);
    *p++ = ' ';
    p = put_time(p, (int32_t)(s - days * 86400));
    return put_fraction(p, fraction, 6);
}

void sp_print_date(sp_buf *out, int32_t days)
{
    char text[40];
    sp_buf_add(out, text, (size_t)(put_date(text, days) - text));
}

void sp_print_timestamp(sp_buf *out, int64_t us, const sp_zone *zone)
{
    char text[64];
    sp_buf_add(out, text, (size_t)(put_timestamp(text, us, zone) - text));
}

void sp_print_timestamp_ntz(sp_buf *out, int64_t us) { sp_print_timestamp(out, us, NULL); }

void sp_print_time(sp_buf *out, int64_t nanos)
{
    char text[40], *p = put_time(text, (int32_t)(nanos / 1000000000));
    sp_buf_add(out, text, (size_t)(put_fraction(p, (int32_t)(nanos % 1000000000), 9) - text));
}

void sp_print_iso_ms(sp_buf *out, int64_t ms)
{
    char text[64], *p = text;
    int64_t s = sp_floor_div(ms, 1000), days = sp_floor_div(s, 86400);
    int millis = (int)sp_floor_mod(ms, 1000);
    p = put_date(p, days);
    *p++ = 'T';
    p = put_time(p, (int32_t)(s - days * 86400));
    *p++ = '.';
    *p++ = (char)('0' + millis / 100);
    p = two(p, millis % 100);
    *p++ = 'Z';
    sp_buf_add(out, text, (size_t)(p - text));
}
