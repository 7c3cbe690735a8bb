/* value_int.h -- what value's files share. */
#ifndef SP_COLUMN_VALUE_INT_H
#define SP_COLUMN_VALUE_INT_H

#include "column/value.h"

/* The JSON of a variant (Variant.toJson), appended. MALFORMED_VARIANT when its bytes are not one. v FLAT or CONST,
 * not null there. */
sp_status sp_variant_json(sp_buf *out, const sp_vec *v, uint32_t row, const struct sp_zone *zone, sp_error *err);

#endif
