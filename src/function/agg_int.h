/* agg_int.h -- what the aggregates' files share. */
#ifndef SP_FUNCTION_AGG_INT_H
#define SP_FUNCTION_AGG_INT_H

#include "function/function_int.h"

enum { AGG_ARGS_MAX = 64 };
#define AGG_STATE(T, g) ((T *)((char *)states + (size_t)(g) * stride))
#define AGG_CONST(T, g) ((const T *)((const char *)states + (size_t)(g) * stride))
#define AGG_OTHER(T, g) ((const T *)((const char *)other + (size_t)(g) * other_stride))

void sp_agg_init_zero(const sp_expr *call, void *states, size_t stride, uint32_t first, uint32_t count);
sp_status sp_agg_null(sp_agg_call *c, sp_vec *out, uint32_t row, sp_error *err);   /* out's row is null */

/* One kept value of any type: fixed-width kinds inside, text and nested values in the heap. */
typedef struct sp_slot {
    bool set;               /* something was put */
    bool null;
    uint32_t bytes;         /* heap bytes behind ptr */
    union { __int128 i; double f; char raw[16]; };
    void *ptr;              /* STRING, BINARY: the bytes; nested: the value in sp_pack's form */
} sp_slot;
sp_status sp_slot_put(sp_slot *s, sp_heap *h, const sp_vec *v, uint32_t row, sp_arena *scratch, sp_error *err);  /* FLAT or CONST v; replaces */
sp_status sp_slot_get(const sp_slot *s, const sp_type *t, sp_vec *out, uint32_t row, sp_arena *a, sp_error *err);    /* not nested */
sp_status sp_slot_copy(sp_slot *to, const sp_slot *from, sp_heap *h, sp_error *err);
void sp_slot_drop(sp_slot *s, sp_heap *h);
/* Slots of count groups as one vector of the type (nested too): out is filled. */
sp_status sp_slots_vec(const sp_slot *const *slots, uint32_t count, sp_vec *out, sp_arena *a, sp_error *err);

/* A value as bytes: for states that keep nested values and for sets of values. Native byte order; never stored. */
void sp_pack(sp_buf *out, const sp_vec *v, uint32_t row);
sp_status sp_unpack(sp_builder *b, const sp_type *t, const char **at, const char *end, sp_error *err);

#endif
