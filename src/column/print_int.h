/* print_int.h -- the digits of a floating-point number, for printing and for making decimals of them. */
#ifndef SP_COLUMN_PRINT_INT_H
#define SP_COLUMN_PRINT_INT_H

#include "base/base.h"

enum { SP_FLOAT_DIGITS_MAX = 24 };

/* value = 0.d1d2d3... * 10^exponent, the sign apart. What JDK 17's FloatingDecimal takes for a finite value but 0. */
typedef struct sp_float_digits { char digit[SP_FLOAT_DIGITS_MAX]; int count, exponent; } sp_float_digits;
void sp_f64_digits(double d, sp_float_digits *out);
void sp_f32_digits(float f, sp_float_digits *out);

#endif
