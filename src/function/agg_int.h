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
/* FLAT or CONST v; replaces */
sp_status sp_slot_put(sp_slot *s, sp_heap *h, const sp_vec *v, uint32_t row, sp_arena *scratch, sp_error *err);
/* not nested */
sp_status sp_slot_get(const sp_slot *s, const sp_type *t, sp_vec *out, uint32_t row, sp_arena *a, sp_error *err);
sp_status sp_slot_copy(sp_slot *to, const sp_slot *from, sp_heap *h, sp_error *err);
void sp_slot_drop(sp_slot *s, sp_heap *h);
/* Slots of count groups as one vector of the type (nested too): out is filled. */
sp_status sp_slots_vec(const sp_slot *const *slots, uint32_t count, sp_vec *out, sp_arena *a, sp_error *err);

/* A value as bytes: for states that keep nested values and for sets of values. Native byte order; never stored. */
void sp_pack(sp_buf *out, const sp_vec *v, uint32_t row);
sp_status sp_unpack(sp_builder *b, const sp_type *t, const char **at, const char *end, sp_error *err);

/* Values that a group gathers, packed one behind the other in heap memory (agg_bag.c): a list of them all, or each
 * different one once with how often it came. The two are not mixed in one bag. Cleared memory is an empty bag. */
typedef struct sp_bag {
    char *data; uint32_t len, cap;          /* bytes */
    uint32_t count, room;
    uint32_t *ends;                         /* by index: end of its bytes */
    int64_t *times;                         /* different ones: how often */
    uint32_t *slots, slot_count;            /* different ones: index + 1 by hash */
} sp_bag;
sp_status sp_bag_add(sp_bag *b, sp_heap *h, sp_str packed, sp_error *err);
sp_status sp_bag_note(sp_bag *b, sp_heap *h, sp_str packed, int64_t times, sp_error *err);
void sp_bag_drop(sp_bag *b, sp_heap *h);
static inline sp_str sp_bag_at(const sp_bag *b, uint32_t i)
{
    uint32_t from = i ? b->ends[i - 1] : 0;
    return (sp_str){ b->data + from, b->ends[i] - from };
}
/* Item order[i] (or i) appended to a builder of the item's type. */
sp_status sp_bag_build(const sp_bag *b, const uint32_t *order, sp_builder *to, const sp_type *t, sp_error *err);
/* All items as a vector. */
sp_status sp_bag_vec(const sp_bag *b, const sp_type *t, sp_arena *a, sp_vec **out, sp_error *err);

/* hashCode of a value as a JVM row holds it; scala: ##, by which 1 and 1L and 1.0 are equal. False for kinds that
 * have none worth imitating. */
bool sp_jvm_hash(const sp_vec *v, uint32_t row, bool scala, int32_t *out);

/* Bytes as Java's DataOutputStream and ByteBuffer put them: big-endian. */
static inline void sp_put_be(sp_buf *out, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) sp_buf_putc(out, (char)(v >> (8 * i)));
}
static inline void sp_put_be_f64(sp_buf *out, double d)
{
    uint64_t u;
    memcpy(&u, &d, 8);
    sp_put_be(out, u, 8);
}
/* False at the end of the bytes. */
static inline bool sp_take_be(sp_str *s, int bytes, uint64_t *out)
{
    if (s->n < (size_t)bytes) return false;
    *out = 0;
    for (int i = 0; i < bytes; i++) *out = *out << 8 | (uint8_t)s->p[i];
    s->p += bytes;
    s->n -= (size_t)bytes;
    return true;
}
static inline bool sp_take_be_f64(sp_str *s, double *out)
{
    uint64_t u;
    if (!sp_take_be(s, 8, &u)) return false;
    memcpy(out, &u, 8);
    return true;
}

/* ---- binding ---- */
/* The call's arguments are these from now on. */
sp_status sp_agg_set_args(sp_bind *b, sp_expr *const *args, int count, sp_error *err);
/* The one expression of WITHIN GROUP (ORDER BY e); INVALID_WITHIN_GROUP_EXPRESSION.* without it, with more, or with
 * DISTINCT. */
sp_status sp_agg_one_order(sp_bind *b, const sp_expr **out, sp_error *err);
/* The call shows as name(arguments) WITHIN GROUP (ORDER BY ...), whatever becomes of its arguments; the order itself
 * is taken off it. full: with direction and nulls as they are; else descending says whether DESC is shown. */
sp_status sp_agg_show_order(sp_bind *b, bool full, bool descending, sp_error *err);
/* Argument i, a constant percentage or an array of them. */
sp_status sp_agg_percentages(sp_bind *b, int i, double **out, int *count, bool *array, sp_error *err);

/* The one buffer of TypedImperativeAggregate: {buf binary}. */
const sp_type *sp_agg_buf_type(const sp_expr *call, int i, bool *nullable);
const char *sp_agg_buf_name(const sp_expr *call, int i);
/* Row n of the BINARY vector out = a copy of b's bytes, which are cleared. */
sp_status sp_agg_put_buf(sp_agg_call *c, sp_vec *out, uint32_t n, sp_buf *b, sp_error *err);
sp_status sp_agg_bad_buf(const sp_agg_call *c, sp_error *err);     /* what was stored is no such buffer */

#endif
