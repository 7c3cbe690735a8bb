/* date_int.h -- what the date functions share: the zone, local days, units and field names. */
#ifndef SP_FUNCTION_DATE_INT_H
#define SP_FUNCTION_DATE_INT_H

#include "function/function_int.h"

static inline const sp_zone *sp_kernel_zone(const sp_kernel *k) { return k->conf->zone ? k->conf->zone : sp_zone_utc();
}
/* Local microseconds of a TIMESTAMP, TIMESTAMP_NTZ or DATE value. */
static inline int64_t sp_local_us(const sp_kernel *k, int i, uint32_t row)
{
    int64_t v = sp_arg_int(k, i, row);
    switch (k->args[i]->type->kind) {
    case SP_TIMESTAMP: return sp_zone_utc_to_local(sp_kernel_zone(k), v);
    case SP_DATE: return v * SP_US_PER_DAY;
    default: return v;
    }
}
typedef enum sp_unit {
    SP_UNIT_NONE, SP_UNIT_MICROSECOND, SP_UNIT_MILLISECOND, SP_UNIT_SECOND, SP_UNIT_MINUTE, SP_UNIT_HOUR, SP_UNIT_DAY,
        SP_UNIT_WEEK,
    SP_UNIT_MONTH, SP_UNIT_QUARTER, SP_UNIT_YEAR, SP_UNIT_DAYOFYEAR
} sp_unit;
sp_unit sp_unit_of(sp_str name);                    /* MICROSECOND ... YEAR, any case */
extern const int64_t sp_unit_us[];                  /* of the units up to WEEK */
int sp_iso_week(int64_t days, int64_t *year);       /* week of the ISO week-based year */

#endif
