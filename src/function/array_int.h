/* array_int.h -- arrays and maps inside kernels: elements of a row, results built element by element. */
#ifndef SP_FUNCTION_ARRAY_INT_H
#define SP_FUNCTION_ARRAY_INT_H

#include "function/function_int.h"

/* The row of argument i: its list and the (FLAT or CONST) vectors of its elements. */
static inline sp_list sp_arg_list(const sp_kernel *k, int i, uint32_t row) { return SP_GET(k, sp_list, i, row); }
sp_status sp_arg_elements(const sp_kernel *k, int i, int child, const sp_vec **out, sp_error *err);
/* A builder for the result's child c, borrowing strings. */
sp_builder *sp_child_builder(sp_kernel *k, int c, sp_error *err);
/* Takes the built elements into out->child[c]. */
sp_status sp_child_done(sp_kernel *k, sp_builder *b, int c, sp_error *err);
static inline void sp_put_list(sp_kernel *k, uint32_t row, uint32_t first, uint32_t end)
{
    SP_OUT(k, sp_list)[row] = (sp_list){ first, end - first };
}
/* Argument i must be an array; answers its element type. */
sp_status sp_bind_array(sp_bind *b, int i, const sp_type **element, sp_error *err);
/* Array (argument 0) and value (argument v) of one common element type; answers it.
 * DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES. */
sp_status sp_bind_array_value(sp_bind *b, int v, const sp_type **element, sp_error *err);
sp_status sp_bind_concat_arrays(sp_bind *b, sp_error *err);
/* Refuses map element types etc. that have no order. */
sp_status sp_bind_orderable(sp_bind *b, const sp_type *t, sp_error *err);
sp_status sp_fail_array_size(sp_kernel *k, int64_t n, sp_error *err);
sp_status sp_fail_duplicate_key(sp_kernel *k, const sp_vec *keys, uint32_t row, sp_error *err);
enum { SP_ARRAY_MAX = 2147483632 };     /* ByteArrayMethods.MAX_ROUNDED_ARRAY_LENGTH */

#endif
