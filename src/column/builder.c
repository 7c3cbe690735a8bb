/* builder.c -- vectors built one row after the other.
 *
 * Room doubles when it runs out; the validity bitmap is made at the first null. Strings that are copied go into
 * chunks of the arena, shared by no one, so that a short row costs no allocation of its own. A struct's row is
 * complete when it is closed: children that were given nothing for it get a null. */
#include "column/vec_int.h"

struct sp_builder {
    sp_arena *arena;
    const sp_type *type;
    size_t width;
    bool borrow_strings;
    uint32_t rows, cap;
    uint32_t open_at;          /* ARRAY, MAP: where the open row's elements begin */
    uint64_t *valid;
    void *data;
    char *chunk;               /* room for copied strings */
    size_t chunk_left, chunk_size;
    sp_builder **child;
    int child_count;
};

enum { FIRST_CAP = 16, FIRST_CHUNK = 256, LAST_CHUNK = 64 * 1024 };

sp_builder *sp_builder_new(sp_arena *a, const sp_type *t, bool borrow_strings, sp_error *err)
{
    sp_builder *b = sp_arena_calloc(a, sizeof *b, err);
    if (!b) return NULL;
    b->arena = a;
    b->type = t;
    b->width = sp_kind_width(t->kind);
    b->borrow_strings = borrow_strings;
    b->child_count = sp_type_child_count(t);
    if (b->child_count && !(b->child = sp_arena_calloc(a, sizeof *b->child * (size_t)b->child_count, err))) return NULL;
    for (int i = 0; i < b->child_count; i++)
        if (!(b->child[i] = sp_builder_new(a, sp_type_child(t, i), borrow_strings, err))) return NULL;
    return b;
}

static sp_status grow(sp_builder *b, sp_error *err)
{
    if (b->rows > UINT32_MAX / 2) return sp_error_memory(err, "more than 2^31 rows in one vector");
    uint32_t cap = b->cap ? b->cap * 2 : FIRST_CAP;
    if (b->width) {
        void *data = sp_arena_alloc(b->arena, b->width * cap, err);
        if (!data) return SP_FAILED;
        if (b->rows) memcpy(data, b->data, b->width * b->rows);
        b->data = data;
    }
    if (b->valid) {
        uint64_t *valid = sp_arena_alloc(b->arena, sp_bit_words(cap) * sizeof *valid, err);
        if (!valid) return SP_FAILED;
        memset(valid, 0xff, sp_bit_words(cap) * sizeof *valid);
        memcpy(valid, b->valid, sp_bit_words(b->rows) * sizeof *valid);
        b->valid = valid;
    }
    b->cap = cap;
    return SP_OK;
}

/* Room for one row more; its validity bit is set when there are bits. */
static inline sp_status reserve(sp_builder *b, sp_error *err)
{
    if (b->rows == b->cap) SP_TRY(grow(b, err));
    if (b->valid) sp_bit_set(b->valid, b->rows);
    return SP_OK;
}

static sp_status mark_null(sp_builder *b, sp_error *err)
{
    if (!b->valid) {
        size_t n = sp_bit_words(b->cap) * sizeof *b->valid;
        if (!(b->valid = sp_arena_alloc(b->arena, n, err))) return SP_FAILED;
        memset(b->valid, 0xff, n);
    }
    sp_bit_clear(b->valid, b->rows);
    return SP_OK;
}

static inline bool has_lists(const sp_builder *b) { return b->type->kind == SP_ARRAY || b->type->kind == SP_MAP; }

sp_status sp_build_null(sp_builder *b, sp_error *err)
{
    SP_TRY(reserve(b, err));
    SP_TRY(mark_null(b, err));
    if (b->width) memset((char *)b->data + b->width * b->rows, 0, b->width);
    if (has_lists(b)) ((sp_list *)b->data)[b->rows].offset = b->child[0]->rows;
    for (int i = 0; i < b->child_count && !has_lists(b); i++) {
        sp_builder_truncate(b->child[i], b->rows);   /* what an abandoned row left */
        SP_TRY(sp_build_null(b->child[i], err));
    }
    b->rows++;
    return SP_OK;
}

sp_status sp_build_bool(sp_builder *b, bool v, sp_error *err)
{
    SP_ASSERT(b->type->kind == SP_BOOLEAN);
    SP_TRY(reserve(b, err));
    ((uint8_t *)b->data)[b->rows++] = v;
    return SP_OK;
}

sp_status sp_build_i64(sp_builder *b, int64_t v, sp_error *err)
{
    SP_TRY(reserve(b, err));
    switch (b->width) {
    case 1: ((int8_t *)b->data)[b->rows] = (int8_t)v; break;
    case 2: ((int16_t *)b->data)[b->rows] = (int16_t)v; break;
    case 4: ((int32_t *)b->data)[b->rows] = (int32_t)v; break;
    case 8: ((int64_t *)b->data)[b->rows] = v; break;
    default: SP_ASSERT(!"an integer-like kind");
    }
    b->rows++;
    return SP_OK;
}

sp_status sp_build_f64(sp_builder *b, double v, sp_error *err)
{
    SP_TRY(reserve(b, err));
    if (b->type->kind == SP_FLOAT) ((float *)b->data)[b->rows++] = (float)v;
    else {
        SP_ASSERT(b->type->kind == SP_DOUBLE);
        ((double *)b->data)[b->rows++] = v;
    }
    return SP_OK;
}

sp_status sp_build_decimal(sp_builder *b, __int128 unscaled, sp_error *err)
{
    SP_ASSERT(b->type->kind == SP_DECIMAL);
    SP_TRY(reserve(b, err));
    ((__int128 *)b->data)[b->rows++] = unscaled;
    return SP_OK;
}

/* The bytes of a string too long for its view, in memory that lives as long as the vector. */
static const char *keep_bytes(sp_builder *b, sp_str v, sp_error *err)
{
    if (b->borrow_strings) return v.p;
    if (v.n > b->chunk_left) {
        size_t size = b->chunk_size ? b->chunk_size * 2 : FIRST_CHUNK;
        if (size > LAST_CHUNK) size = LAST_CHUNK;
        b->chunk_size = size;
        if (v.n > size / 4) {
            char *own = sp_arena_alloc(b->arena, v.n, err);
            return own ? memcpy(own, v.p, v.n) : NULL;
        }
        if (!(b->chunk = sp_arena_alloc(b->arena, size, err))) {
            b->chunk_left = 0;
            return NULL;
        }
        b->chunk_left = size;
    }
    char *p = memcpy(b->chunk, v.p, v.n);
    b->chunk += v.n;
    b->chunk_left -= v.n;
    return p;
}

sp_status sp_build_str(sp_builder *b, sp_str v, sp_error *err)
{
    SP_ASSERT(b->type->kind == SP_STRING || b->type->kind == SP_BINARY);
    if (v.n > UINT32_MAX) return sp_error_memory(err, "a string of more than 4 GiB");
    SP_TRY(reserve(b, err));
    const char *p = v.p;
    if (v.n > SP_VIEW_INLINE && !(p = keep_bytes(b, v, err))) return SP_FAILED;
    ((sp_view *)b->data)[b->rows++] = sp_view_make(p, v.n);
    return SP_OK;
}

sp_status sp_build_calendar(sp_builder *b, sp_calendar v, sp_error *err)
{
    SP_ASSERT(b->type->kind == SP_CALENDAR);
    SP_TRY(reserve(b, err));
    ((sp_calendar *)b->data)[b->rows++] = v;
    return SP_OK;
}

sp_builder *sp_builder_child(sp_builder *b, int i)
{
    SP_ASSERT(i >= 0 && i < b->child_count);
    return b->child[i];
}

sp_status sp_build_open(sp_builder *b, sp_error *err)
{
    SP_ASSERT(b->child || b->type->kind == SP_STRUCT);
    if (has_lists(b)) b->open_at = b->child[0]->rows;
    return SP_OK;
}

sp_status sp_build_close(sp_builder *b, sp_error *err)
{
    SP_TRY(reserve(b, err));
    if (has_lists(b)) {
        uint32_t end = b->child[0]->rows;
        SP_ASSERT(end >= b->open_at && (b->child_count == 1 || b->child[1]->rows == end));
        ((sp_list *)b->data)[b->rows] = (sp_list){ b->open_at, end - b->open_at };
    } else {
        for (int i = 0; i < b->child_count; i++) {
            SP_ASSERT(b->child[i]->rows <= b->rows + 1);
            while (b->child[i]->rows <= b->rows) SP_TRY(sp_build_null(b->child[i], err));
        }
    }
    b->rows++;
    return SP_OK;
}

static sp_status build_children(sp_builder *b, const sp_vec *from, uint32_t row, sp_error *err)
{
    SP_TRY(sp_build_open(b, err));
    if (has_lists(b)) {
        sp_list list = ((const sp_list *)from->data)[row];
        for (int c = 0; c < b->child_count; c++)
            for (uint32_t i = 0; i < list.length; i++)
                SP_TRY(sp_build_row(b->child[c], from->child[c], list.offset + i, err));
    } else {
        for (int c = 0; c < b->child_count; c++) SP_TRY(sp_build_row(b->child[c], from->child[c], row, err));
    }
    return sp_build_close(b, err);
}

sp_status sp_build_row(sp_builder *b, const sp_vec *from, uint32_t row, sp_error *err)
{
    if (!sp_vec_seek(&from, &row)) return sp_build_null(b, err);
    SP_ASSERT(from->type->kind == b->type->kind);
    if (b->type->kind == SP_STRING || b->type->kind == SP_BINARY)
        return sp_build_str(b, sp_view_str((const sp_view *)from->data + row), err);
    if (b->child || b->type->kind == SP_STRUCT) return build_children(b, from, row, err);
    SP_TRY(reserve(b, err));
    memcpy((char *)b->data + b->width * b->rows, (const char *)from->data + b->width * row, b->width);
    b->rows++;
    return SP_OK;
}

void sp_builder_truncate(sp_builder *b, uint32_t rows)
{
    if (rows > b->rows) rows = b->rows;
    b->rows = rows;
    uint32_t below = rows;
    if (has_lists(b)) {
        const sp_list *last = rows ? (const sp_list *)b->data + rows - 1 : NULL;
        below = last ? last->offset + last->length : 0;
        b->open_at = below;
    }
    for (int i = 0; i < b->child_count; i++) sp_builder_truncate(b->child[i], below);
}

uint32_t sp_builder_rows(const sp_builder *b)
{
    return b->rows;
}

sp_status sp_builder_take(sp_builder *b, sp_vec **out, sp_error *err)
{
    if (!b->cap) SP_TRY(grow(b, err));    /* an empty vector has data and, if VOID, validity too */
    if (b->type->kind == SP_VOID && !b->valid) SP_TRY(mark_null(b, err));
    sp_vec *v = sp_vec_shell(b->arena, b->type, b->rows, SP_FLAT, b->child_count, err);
    if (!v) return SP_FAILED;
    for (int i = 0; i < b->child_count; i++) SP_TRY(sp_builder_take(b->child[i], &v->child[i], err));
    v->valid = b->valid;
    v->data = b->data;
    b->valid = NULL;
    b->data = NULL;
    b->rows = b->cap = 0;
    *out = v;
    return SP_OK;
}
