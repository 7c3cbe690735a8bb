/* vec.h -- vectors and batches: the form in which rows move.
 *
 * A vector has one type and `rows` rows. data is an array of the kind's C type (type.h); valid is an Arrow validity
 * bitmap (bit i, least significant first, set = not null) or NULL when nothing is null. Values under a null bit are
 * unspecified but readable.
 * Forms: FLAT (row i at data[i]), CONST (row 0 stands for every row), DICT (row i is child[0]'s row index[i]). Kernels
 * take FLAT and CONST only (SP_AT); sp_vec_flatten makes them so.
 * ARRAY and MAP: data is sp_list[], child[0] (and child[1]) the elements, shared by all rows. STRUCT: child per field,
 * same rows, no data.
 * Strings are 16-byte views; a view longer than 12 bytes points into memory that somebody else keeps alive (the
 * source's buffer or an arena). Unused inline bytes are zero, so two short views are equal exactly when their 16
 * bytes are. */
#ifndef SP_COLUMN_VEC_H
#define SP_COLUMN_VEC_H

#include "column/type.h"

enum { SP_BATCH_ROWS = 4096 };   /* rows of a full batch; operators may meet any count up to SP_BATCH_ROWS_MAX */
enum { SP_BATCH_ROWS_MAX = 65536 };
enum { SP_VIEW_INLINE = 12 };

typedef struct sp_view {
    uint32_t len;
    union {
        char inl[SP_VIEW_INLINE];
        struct { char prefix[4]; const char *ptr; } __attribute__((packed));
    };
} sp_view;
_Static_assert(sizeof(sp_view) == 16, "views are 16 bytes");

static inline const char *sp_view_data(const sp_view *v) { return v->len <= SP_VIEW_INLINE ? v->inl : v->ptr; }
static inline sp_str sp_view_str(const sp_view *v) { return (sp_str){ sp_view_data(v), v->len }; }
/* Borrows p when n > 12. */
static inline sp_view sp_view_make(const char *p, size_t n)
{
    sp_view v;
    memset(&v, 0, sizeof v);
    v.len = (uint32_t)n;
    if (n <= SP_VIEW_INLINE) { if (n) memcpy(v.inl, p, n); }
    else { memcpy(v.prefix, p, 4); v.ptr = p; }
    return v;
}
static inline bool sp_view_eq(const sp_view *a, const sp_view *b)
{
    uint64_t a0, b0;
    memcpy(&a0, a, 8); memcpy(&b0, b, 8);
    if (a0 != b0) return false;
    if (a->len <= SP_VIEW_INLINE) { memcpy(&a0, a->inl + 4, 8); memcpy(&b0, b->inl + 4, 8); return a0 == b0; }
    return a->ptr == b->ptr || memcmp(a->ptr, b->ptr, a->len) == 0;
}
int sp_view_cmp(const sp_view *a, const sp_view *b);              /* unsigned bytes */
/* The same bytes with the tail copied into the arena: what a view needs before it outlives its batch. ok false: out
 * of memory. */
sp_view sp_view_keep(const sp_view *v, sp_arena *a, bool *ok);

typedef struct sp_list { uint32_t offset, length; } sp_list;
typedef struct sp_calendar { int32_t months, days; int64_t us; } sp_calendar;

typedef enum sp_form { SP_FLAT, SP_CONST, SP_DICT } sp_form;
typedef struct sp_vec sp_vec;
struct sp_vec {
    const sp_type *type;
    uint32_t rows;
    sp_form form;
    uint64_t *valid;
    void *data;
    const uint32_t *index;      /* DICT */
    sp_vec **child;
    int child_count;
};
/* Where row i of a FLAT or CONST vector sits in data and valid. */
#define SP_AT(v, i) ((v)->form == SP_CONST ? 0u : (uint32_t)(i))

static inline bool sp_bit_get(const uint64_t *bits, uint32_t i) { return (bits[i >> 6] >> (i & 63)) & 1; }
static inline void sp_bit_set(uint64_t *bits, uint32_t i) { bits[i >> 6] |= 1ull << (i & 63); }
static inline void sp_bit_clear(uint64_t *bits, uint32_t i) { bits[i >> 6] &= ~(1ull << (i & 63)); }
static inline size_t sp_bit_words(uint32_t n) { return ((size_t)n + 63) / 64; }
static inline bool sp_vec_is_null(const sp_vec *v, uint32_t row)   /* FLAT and CONST */
{
    return v->valid && !sp_bit_get(v->valid, SP_AT(v, row));
}
/* Any form. */
bool sp_vec_null_at(const sp_vec *v, uint32_t row);

/* A FLAT vector with data for `rows` rows (children of structs too; arrays' and maps' elements are added later by
 * sp_vec_set_elements or a builder). valid is NULL; sp_vec_need_valid makes an all-set bitmap. */
sp_vec *sp_vec_new(sp_arena *a, const sp_type *t, uint32_t rows, sp_error *err);
sp_status sp_vec_need_valid(sp_vec *v, sp_arena *a, sp_error *err);
/* ARRAY and MAP: what the lists in data point into; i 0: elements or keys, 1: values. */
static inline void sp_vec_set_elements(sp_vec *v, int i, sp_vec *elements) { v->child[i] = elements; }
void sp_vec_set_null(sp_vec *v, uint32_t row);                      /* valid must be there */
/* A CONST null of the type. */
sp_vec *sp_vec_new_null(sp_arena *a, const sp_type *t, uint32_t rows, sp_error *err);
/* FLAT with the same rows; returns v itself when it is FLAT already. keep_const: CONST is returned as it is. */
sp_vec *sp_vec_flatten(const sp_vec *v, sp_arena *a, bool keep_const, sp_error *err);
/* FLAT vector of the rows named by sel (count of them), strings borrowed, elements of arrays and maps shared with v.
 * sel NULL: the first count rows. */
sp_vec *sp_vec_gather(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, sp_error *err);
/* The same with every string's bytes copied into a: independent of any source buffer. */
sp_vec *sp_vec_copy(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, sp_error *err);
/* Appends b's rows after a's into one FLAT vector (strings borrowed). */
sp_vec *sp_vec_concat(const sp_vec *const *parts, int part_count, const sp_type *t, sp_arena *a, sp_error *err);

/* Equality and order of two rows, nested ones included; any form. Nulls: eq_nulls says null = null. Floats as Spark:
 * NaN = NaN and largest, -0.0 = 0.0. cmp: nulls are smallest. */
bool sp_vec_rows_eq(const sp_vec *a, uint32_t i, const sp_vec *b, uint32_t j);
int  sp_vec_rows_cmp(const sp_vec *a, uint32_t i, const sp_vec *b, uint32_t j);

/* A batch: columns of the same row count and an optional selection. Live rows are sel[0..sel_count) in ascending
 * order, or all rows when sel is NULL (sel_count is then rows). */
typedef struct sp_batch {
    uint32_t rows;
    uint32_t sel_count;
    const uint32_t *sel;
    int column_count;
    sp_vec **columns;
} sp_batch;
#define SP_BATCH_ROW(b, i) ((b)->sel ? (b)->sel[i] : (uint32_t)(i))

/* ---- builders: one row after the other, for decoders, generators and tests; growable ---- */
typedef struct sp_builder sp_builder;
/* borrow_strings: views point where the caller's text is; else the bytes are copied into the arena. */
sp_builder *sp_builder_new(sp_arena *a, const sp_type *t, bool borrow_strings, sp_error *err);
sp_status sp_build_null(sp_builder *b, sp_error *err);
sp_status sp_build_bool(sp_builder *b, bool v, sp_error *err);
/* every integer-like kind: BYTE..LONG, DATE, TIMESTAMP.. */
sp_status sp_build_i64(sp_builder *b, int64_t v, sp_error *err);
sp_status sp_build_f64(sp_builder *b, double v, sp_error *err);     /* FLOAT, DOUBLE */
sp_status sp_build_decimal(sp_builder *b, __int128 unscaled, sp_error *err);
sp_status sp_build_str(sp_builder *b, sp_str v, sp_error *err);
sp_status sp_build_calendar(sp_builder *b, sp_calendar v, sp_error *err);
/* ARRAY, MAP: open a row, append to sp_builder_child(b, 0) (and 1), close it. STRUCT: append to each child once, then
 * close; a child given nothing gets a null. VARIANT: as a struct of value and metadata. */
sp_builder *sp_builder_child(sp_builder *b, int i);
sp_status sp_build_open(sp_builder *b, sp_error *err);
sp_status sp_build_close(sp_builder *b, sp_error *err);
/* same type; copies per borrow_strings */
sp_status sp_build_row(sp_builder *b, const sp_vec *from, uint32_t row, sp_error *err);
/* Undoes what was appended past row count `rows` (children too). */
void sp_builder_truncate(sp_builder *b, uint32_t rows);
uint32_t sp_builder_rows(const sp_builder *b);
/* The vector built so far (FLAT, in the arena); the builder starts again from zero rows with fresh memory. */
sp_status sp_builder_take(sp_builder *b, sp_vec **out, sp_error *err);

#endif
