/* datetime.h -- days, microseconds, zones and patterns as java.time and Spark's DateTimeUtils/DateFormatter have
 * them. */
#ifndef SP_COLUMN_DATETIME_H
#define SP_COLUMN_DATETIME_H

#include "column/type.h"

struct sp_calendar;

#define SP_US_PER_SECOND 1000000ll
#define SP_US_PER_DAY 86400000000ll

void    sp_civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int64_t sp_days_from_civil(int64_t year, int month, int day);
bool    sp_is_leap(int64_t year);
int     sp_days_in_month(int64_t year, int month);
static inline int64_t sp_floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static inline int64_t sp_floor_mod(int64_t a, int64_t b) { return a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0); }

/* Zones come from the system's tzdata (TZif), are cached for the process and never freed. Ids as java.time.ZoneId.of
 * with Spark's DateTimeUtils.getZoneId takes them: "UTC", "Z", "+01:00", "GMT+1", "Europe/Berlin". NULL and err
 * (INVALID_TIMEZONE-like) when unknown. */
typedef struct sp_zone sp_zone;
const sp_zone *sp_zone_get(sp_str id, sp_error *err);
const sp_zone *sp_zone_utc(void);
const char *sp_zone_id(const sp_zone *z);
int  sp_zone_offset_at_utc(const sp_zone *z, int64_t utc_us);            /* seconds east */
/* Local to UTC with java.time's rules: a gap moves forward by its length, an overlap takes the earlier offset. */
int64_t sp_zone_local_to_utc(const sp_zone *z, int64_t local_us);
static inline int64_t sp_zone_utc_to_local(const sp_zone *z, int64_t utc_us)
{
    return utc_us + (int64_t)sp_zone_offset_at_utc(z, utc_us) * SP_US_PER_SECOND;
}

/* stringToDate / stringToTimestamp: Spark's lenient ISO forms ("2024-1-2", "2024-01-02T03:04:05.123456Z",
 * "epoch"-less). */
bool sp_parse_date(sp_str s, int32_t *days);
bool sp_parse_timestamp(sp_str s, const sp_zone *session_zone, int64_t *us);
bool sp_parse_timestamp_ntz(sp_str s, bool allow_zone, int64_t *us);
bool sp_parse_time(sp_str s, int64_t *nanos);
/* "2024-01-02", "2024-01-02 03:04:05.1234" (trailing zeros cut, no fraction when zero), "+10000-01-01" past year
 * 9999. */
void sp_print_date(sp_buf *out, int32_t days);
void sp_print_timestamp(sp_buf *out, int64_t us, const sp_zone *zone);
void sp_print_timestamp_ntz(sp_buf *out, int64_t us);
void sp_print_time(sp_buf *out, int64_t nanos);
/* java.time.Instant style with milliseconds, as progress and watermarks print: 2024-01-01T10:00:01.000Z */
void sp_print_iso_ms(sp_buf *out, int64_t ms);

/* Compiled DateTimeFormatter patterns (letters y M L d D H h K k m s S a E F G q Q g V v z O x X Z, quotes, optional
 * sections), with Spark's refusals (INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION etc.). */
typedef struct sp_pattern sp_pattern;
sp_status sp_pattern_compile(sp_arena *a, sp_str pattern, bool for_parsing, const sp_pattern **out, sp_error *err);
bool sp_pattern_parse_timestamp(const sp_pattern *p, sp_str s, const sp_zone *session_zone, int64_t *us);
/* a zone in the text is read over */
bool sp_pattern_parse_timestamp_ntz(const sp_pattern *p, sp_str s, int64_t *us);
bool sp_pattern_parse_timestamp_ntz_only(const sp_pattern *p, sp_str s, int64_t *us);   /* false when there is one */
/* parseOptional and parseWithoutTimeZoneOptional, which schema inference asks: fields that need resolving, such as
 * "h a", are ignored. */
bool sp_pattern_infer_timestamp(const sp_pattern *p, sp_str s, const sp_zone *session_zone, int64_t *us);
bool sp_pattern_infer_timestamp_ntz(const sp_pattern *p, sp_str s, bool allow_zone, int64_t *us);
bool sp_pattern_parse_date(const sp_pattern *p, sp_str s, int32_t *days);
/* zone NULL: us is local time (NTZ, dates); zone letters then fail, or leave out the optional section they are in. */
sp_status sp_pattern_print(const sp_pattern *p, sp_buf *out, int64_t us, const sp_zone *zone, sp_error *err);

/* Calendar arithmetic */
/* timestampAddInterval; saturates */
int64_t sp_timestamp_add(int64_t us, int32_t months, int32_t days, int64_t add_us, const sp_zone *zone);
/* false: overflow */
bool sp_timestamp_add_exact(int64_t us, int32_t months, int32_t days, int64_t add_us, const sp_zone *zone,
                            int64_t *out);
int32_t sp_date_add_months(int32_t days, int64_t months);
/* "10 minutes", "interval 1 day -2 hours", "1 week": IntervalUtils.stringToInterval. INVALID_INTERVAL_FORMAT.* on
 * error. */
sp_status sp_parse_interval(sp_str s, struct sp_calendar *out, sp_error *err);
/* Casts of strings to the ANSI interval types ("1-2", "INTERVAL '1 02:03:04.5' DAY TO SECOND"):
 * IntervalUtils.castStringToYMInterval and castStringToDTInterval with their errors. */
sp_status sp_parse_year_month(sp_str s, const sp_type *t, int32_t *months, sp_error *err);
sp_status sp_parse_day_time(sp_str s, const sp_type *t, int64_t *us, sp_error *err);
/* Spark's text of the interval kinds: INTERVAL '1 02:03:04' DAY TO SECOND (ansi), and CalendarInterval.toString "1
 * months 2 days 3 seconds". */
void sp_print_day_time(sp_buf *out, int64_t us, const sp_type *t);
void sp_print_year_month(sp_buf *out, int32_t months, const sp_type *t);
void sp_print_calendar(sp_buf *out, int32_t months, int32_t days, int64_t us);

#endif
