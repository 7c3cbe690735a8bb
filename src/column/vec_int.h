/* vec_int.h -- what the files of column/ share about vectors and types. */
#ifndef SP_COLUMN_VEC_INT_H
#define SP_COLUMN_VEC_INT_H

#include "column/vec.h"

/* Children of a vector of the type: elements, key and value, fields, or a variant's value and metadata. */
int sp_type_child_count(const sp_type *t);
const sp_type *sp_type_child(const sp_type *t, int i);
/* A vector without data, its child array empty. */
sp_vec *sp_vec_shell(sp_arena *a, const sp_type *t, uint32_t rows, sp_form form, int child_count, sp_error *err);

/* Steps through DICT to the vector and row that hold row `row`'s value; false when the row is null. */
static inline bool sp_vec_seek(const sp_vec **v, uint32_t *row)
{
    while ((*v)->form == SP_DICT) {
        if ((*v)->valid && !sp_bit_get((*v)->valid, *row)) return false;
        *row = (*v)->index[*row];
        *v = (*v)->child[0];
    }
    if ((*v)->form == SP_CONST) *row = 0;
    if ((*v)->valid && !sp_bit_get((*v)->valid, *row)) return false;
    return (*v)->type->kind != SP_VOID;
}

#endif
