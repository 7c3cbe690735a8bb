/* decimal.h -- Spark's Decimal on a 128-bit unscaled value (precision <= 38), HALF_UP unless said. */
#ifndef SP_COLUMN_DECIMAL_H
#define SP_COLUMN_DECIMAL_H

#include "base/base.h"

typedef __int128 sp_dec;
enum { SP_DECIMAL_MAX = 38 };

extern const sp_dec sp_pow10_table[39];
int  sp_dec_digits(sp_dec v);                                      /* decimal digits of |v|; 1 for 0 */
/* v at from_scale to to_scale, HALF_UP; false when it needs more than `precision` digits. */
bool sp_dec_rescale(sp_dec v, int from_scale, int precision, int to_scale, sp_dec *out);
bool sp_dec_mul(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out);
bool sp_dec_div(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out);  /* b != 0 */
bool sp_dec_rem(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out);
bool sp_dec_add(sp_dec a, sp_dec b, int scale_a, int scale_b, int precision, int scale, sp_dec *out);
int  sp_dec_cmp(sp_dec a, int scale_a, sp_dec b, int scale_b);
/* by BigDecimal(Double.toString), as Scala does */
bool sp_dec_from_f64(double d, int precision, int scale, sp_dec *out);
double sp_dec_to_f64(sp_dec v, int scale);
/* Text as java.math.BigDecimal takes it ("1e2", "-0.50", blanks trimmed); gives the exact unscaled value and scale
 * before rounding. Of more than 38 digits the first 38 are given; rounding those HALF_UP to fewer is still right. The
 * scale may be negative. */
bool sp_dec_parse(sp_str s, sp_dec *unscaled, int *scale);
/* Decimal.fromString and changePrecision at once: exact whatever the number of digits; false when malformed or too
 * large. */
bool sp_dec_parse_to(sp_str s, int precision, int scale, sp_dec *out);
void sp_dec_print(sp_buf *out, sp_dec v, int scale);               /* toPlainString */

/* The shortest text that JDK 17's Double.toString / Float.toString gives ("1.0E10", "0.001", "NaN", "Infinity"). */
void sp_print_f64(sp_buf *out, double d);
void sp_print_f32(sp_buf *out, float f);

#endif
