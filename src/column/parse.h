/* parse.h -- text to values as UTF8String's casts do (blanks trimmed, no locale). All return false for "not one". */
#ifndef SP_COLUMN_PARSE_H
#define SP_COLUMN_PARSE_H

#include "column/value.h"

/* UTF8String.toLong/toInt..., with allow_decimal "12.9" -> 12 (non-ANSI casts). lo/hi bound the type. */
bool sp_parse_integral(sp_str s, bool allow_decimal, int64_t lo, int64_t hi, int64_t *out);
/* Cast.processFloatingPointSpecialLiterals and Java's Double.parseDouble ("1d", "Infinity", "1e3") */
bool sp_parse_f64(sp_str s, double *out);
bool sp_parse_f32(sp_str s, float *out);       /* the same for Float.parseFloat: rounded once */
bool sp_parse_boolean(sp_str s, bool *out);    /* t true y yes 1 / f false n no 0, any case */
/* One text as a value of the type, by cast's ANSI rules, for options, partition values and CSV-like readers. */
bool sp_parse_value(sp_str s, const sp_type *t, const struct sp_zone *session_zone, sp_arena *a, sp_value *out);

#endif
