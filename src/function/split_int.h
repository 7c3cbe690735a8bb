/* split_int.h -- cutting text at a literal: the hot path of split() (fn_split.c, split_scan.c). */
#ifndef SP_FUNCTION_SPLIT_INT_H
#define SP_FUNCTION_SPLIT_INT_H

#include "function/function_int.h"

/* How often byte c stands in p[0, n). */
typedef uint32_t (*sp_count_byte_fn)(const char *p, size_t n, char c);
/* Cuts p[0, n) at every c; writes one view a piece (count of c + 1 of them), borrowing p for those longer than a
 * view holds. */
typedef sp_view *(*sp_cut_byte_fn)(const char *p, size_t n, char c, sp_view *out);
sp_count_byte_fn sp_split_counter(void);    /* the fastest this machine has */
sp_cut_byte_fn   sp_split_cutter(void);

#endif
