/* zone_int.h -- the inside of a zone, for the parsers and printers of this folder. */
#ifndef SP_COLUMN_ZONE_INT_H
#define SP_COLUMN_ZONE_INT_H

#include "column/datetime.h"

enum { SP_ZONE_BUCKET_BITS = 21, SP_ZONE_BUCKETS = 1 << (32 - SP_ZONE_BUCKET_BITS) };

/* Offset offsets[i] holds from at_utc[i - 1] (inclusive) to at_utc[i]; offsets[0] before everything. at_local[i] is
 * the first local second that takes offsets[i + 1] for good: the end of the gap or overlap that transition i makes.
 * */
struct sp_zone {
    const char *id;               /* as java.time.ZoneId.getId */
    uint64_t hash;
    const struct sp_zone *next;   /* in the cache's chain */
    sp_arena *arena;              /* what it lives in; never freed */
    bool fixed;
    int32_t offset;               /* when fixed */
    bool cyclic;                  /* the last 400 years of the table repeat for ever */
    int count;
    const int64_t *at_utc;
    const int64_t *at_local;
    const int32_t *offsets;       /* count + 1 */
    /* count + 1: is offsets[i] summer time; the larger offset is, whatever the file calls it */
    const bool *daylight;
    const uint16_t *utc_bucket;   /* transitions at or before the start of each 2^21-second piece of 1970..2106 */
    const uint16_t *local_bucket;
};

/* Seconds instead of microseconds, so that nothing overflows before it must. */
int32_t sp_zone_offset_at_utc_s(const sp_zone *z, int64_t utc_s);
bool sp_zone_is_daylight_s(const sp_zone *z, int64_t utc_s);
int64_t sp_zone_local_to_utc_s(const sp_zone *z, int64_t local_s);
/* As sp_zone_local_to_utc_s, but an overlap keeps `preferred` when that is one of its two offsets
 * (ZonedDateTime.ofLocal). */
int64_t sp_zone_local_to_utc_keep_s(const sp_zone *z, int64_t local_s, int32_t preferred);
/* ZoneOffset.of: "Z", "+h", "+hh", "+hhmm", "+hh:mm", "+hhmmss", "+hh:mm:ss". */
bool sp_zone_parse_offset(sp_str id, int32_t *seconds);
/* ZoneOffset.getId. out has room for 10 bytes; the length is returned. */
int sp_zone_offset_id(int32_t seconds, char *out);
/* The zone that Spark's getZoneId makes of the text. Offsets come in *scratch and are not cached. NULL: unknown. */
const sp_zone *sp_zone_resolve(sp_str id, sp_zone *scratch, char scratch_id[16], sp_error *err);

/* TZif bytes to a zone in the arena (zone_tzif.c). id is copied. Malformed bytes: an error. */
sp_status sp_zone_from_tzif(sp_arena *a, sp_str id, sp_str bytes, sp_zone **out, sp_error *err);

#endif
