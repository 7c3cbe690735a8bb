/* vec.c -- making vectors and bringing them into other forms: gather, copy, flatten, concat.
 *
 * Every form is first resolved to a base (a FLAT or one-row CONST vector) and an index of rows into it; NULL stands
 * for the identity. Fixed-width data then moves in loops typed by width, validity a word at a time. Elements of
 * arrays and maps are shared by sp_vec_gather and sp_vec_flatten and rewritten, densely, by sp_vec_copy and
 * sp_vec_concat. */
#include "column/vec_int.h"

size_t sp_kind_width(sp_kind k)
{
    switch (k) {
    case SP_BOOLEAN: case SP_BYTE: return 1;
    case SP_SHORT: return 2;
    case SP_INT: case SP_FLOAT: case SP_DATE: case SP_YEAR_MONTH: return 4;
    case SP_LONG: case SP_DOUBLE: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME: return 8;
    case SP_ARRAY: case SP_MAP: return sizeof(sp_list);
    case SP_DECIMAL: case SP_STRING: case SP_BINARY: case SP_CALENDAR: return 16;
    default: return 0;
    }
}

int sp_type_child_count(const sp_type *t)
{
    switch (t->kind) {
    case SP_ARRAY: return 1;
    case SP_MAP: case SP_VARIANT: return 2;
    case SP_STRUCT: return t->field_count;
    default: return 0;
    }
}

const sp_type *sp_type_child(const sp_type *t, int i)
{
    return t->kind == SP_VARIANT ? sp_type_of(SP_BINARY) : t->fields[i].type;
}

int sp_view_cmp(const sp_view *a, const sp_view *b)
{
    uint32_t pa, pb;   /* the first four bytes sit in the same place in both layouts; unused ones are zero */
    memcpy(&pa, a->inl, 4);
    memcpy(&pb, b->inl, 4);
    if (pa != pb) {
        pa = __builtin_bswap32(pa);
        pb = __builtin_bswap32(pb);
        return pa < pb ? -1 : 1;
    }
    return sp_str_cmp(sp_view_str(a), sp_view_str(b));
}

sp_view sp_view_keep(const sp_view *v, sp_arena *a, bool *ok)
{
    sp_view out = *v;
    if (v->len > SP_VIEW_INLINE) {
        char *p = sp_arena_alloc(a, v->len, NULL);
        if (!p) {
            *ok = false;
            return sp_view_make(NULL, 0);
        }
        memcpy(p, v->ptr, v->len);
        out.ptr = p;
    }
    *ok = true;
    return out;
}

bool sp_vec_null_at(const sp_vec *v, uint32_t row)
{
    for (;;) {
        if (sp_vec_is_null(v, row)) return true;
        if (v->form != SP_DICT) return v->type->kind == SP_VOID;
        row = v->index[row];
        v = v->child[0];
    }
}

/* ---- making ---- */

static uint64_t *bits_new(sp_arena *a, uint32_t rows, int fill, sp_error *err)
{
    size_t n = sp_bit_words(rows ? rows : 1) * sizeof(uint64_t);
    uint64_t *bits = sp_arena_alloc(a, n, err);
    if (bits) memset(bits, fill, n);
    return bits;
}

sp_vec *sp_vec_shell(sp_arena *a, const sp_type *t, uint32_t rows, sp_form form, int child_count, sp_error *err)
{
    sp_vec *v = sp_arena_calloc(a, sizeof *v, err);
    if (!v) return NULL;
    v->type = t;
    v->rows = rows;
    v->form = form;
    v->child_count = child_count;
    if (child_count && !(v->child = sp_arena_calloc(a, sizeof *v->child * (size_t)child_count, err))) return NULL;
    return v;
}

/* Data that is safe to read when nobody has written it: booleans, views and lists start as zeros. */
static void *data_new(sp_arena *a, sp_kind k, uint32_t rows, sp_error *err)
{
    size_t n = sp_kind_width(k) * (rows ? rows : 1);
    bool clear = k == SP_BOOLEAN || k == SP_STRING || k == SP_BINARY || k == SP_ARRAY || k == SP_MAP;
    return clear ? sp_arena_calloc(a, n, err) : sp_arena_alloc(a, n, err);
}

/* As sp_vec_new, but children are left NULL. */
static sp_vec *vec_bare(sp_arena *a, const sp_type *t, uint32_t rows, sp_error *err)
{
    sp_vec *v = sp_vec_shell(a, t, rows, SP_FLAT, sp_type_child_count(t), err);
    if (!v) return NULL;
    if (sp_kind_width(t->kind) && !(v->data = data_new(a, t->kind, rows, err))) return NULL;
    if (t->kind == SP_VOID && !(v->valid = bits_new(a, rows, 0, err))) return NULL;
    return v;
}

static inline bool is_list(const sp_type *t) { return t->kind == SP_ARRAY || t->kind == SP_MAP; }

sp_vec *sp_vec_new(sp_arena *a, const sp_type *t, uint32_t rows, sp_error *err)
{
    sp_vec *v = vec_bare(a, t, rows, err);
    if (!v) return NULL;
    for (int i = 0; i < v->child_count; i++)
        if (!(v->child[i] = sp_vec_new(a, sp_type_child(t, i), is_list(t) ? 0 : rows, err))) return NULL;
    return v;
}

sp_status sp_vec_need_valid(sp_vec *v, sp_arena *a, sp_error *err)
{
    if (!v->valid && !(v->valid = bits_new(a, v->rows, 0xff, err))) return SP_FAILED;
    return SP_OK;
}

void sp_vec_set_null(sp_vec *v, uint32_t row)
{
    sp_bit_clear(v->valid, row);
}

sp_vec *sp_vec_new_null(sp_arena *a, const sp_type *t, uint32_t rows, sp_error *err)
{
    sp_vec *v = sp_vec_shell(a, t, rows, SP_CONST, sp_type_child_count(t), err);
    if (!v || !(v->valid = bits_new(a, 1, 0, err))) return NULL;
    if (sp_kind_width(t->kind) && !(v->data = sp_arena_calloc(a, sp_kind_width(t->kind), err))) return NULL;
    for (int i = 0; i < v->child_count; i++) {
        const sp_type *c = sp_type_child(t, i);
        v->child[i] = is_list(t) ? sp_vec_new(a, c, 0, err) : sp_vec_new_null(a, c, rows, err);
        if (!v->child[i]) return NULL;
    }
    return v;
}

/* ---- resolving a form to base rows ---- */

/* Composes index (NULL = identity over count rows) through DICT and CONST forms down to a base that is not DICT. A
 * CONST base comes with an index of zeros. *valid is the bitmap over the count rows that DICT layers themselves
 * carry, or NULL. */
typedef struct sp_resolved { const sp_vec *base; const uint32_t *index; uint64_t *valid; } sp_resolved;

static sp_status resolve(const sp_vec *v, const uint32_t *index, uint32_t count, sp_arena *a, sp_resolved *out,
                         sp_error *err)
{
    *out = (sp_resolved){ v, index, NULL };
    while (out->base->form == SP_DICT) {
        const sp_vec *d = out->base;
        uint32_t *next = sp_arena_alloc(a, sizeof *next * (count ? count : 1), err);
        if (!next) return SP_FAILED;
        if (d->valid && !out->valid && !(out->valid = bits_new(a, count, 0xff, err))) return SP_FAILED;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = out->index ? out->index[i] : i;
            bool dead = d->valid && !sp_bit_get(d->valid, row);
            if (dead) sp_bit_clear(out->valid, i);
            next[i] = dead ? 0 : d->index[row];
        }
        out->index = next;
        out->base = d->child[0];
    }
    if (out->base->form == SP_CONST) {
        uint32_t *zeros = sp_arena_calloc(a, sizeof *zeros * (count ? count : 1), err);
        if (!zeros) return SP_FAILED;
        out->index = zeros;
    }
    return SP_OK;
}

/* ---- moving validity and data ---- */

static sp_status gather_valid(const sp_resolved *r, uint32_t count, sp_arena *a, uint64_t **out, sp_error *err)
{
    const uint64_t *from = r->base->valid;
    *out = r->valid;
    if (!from) return SP_OK;
    if (!*out && !(*out = bits_new(a, count, 0xff, err))) return SP_FAILED;
    uint64_t *to = *out;
    if (!r->index) {
        memcpy(to, from, sp_bit_words(count) * sizeof *to);
        return SP_OK;
    }
    for (uint32_t w = 0; w * 64 < count; w++) {
        uint32_t n = count - w * 64 < 64 ? count - w * 64 : 64;
        const uint32_t *index = r->index + w * 64;
        uint64_t bits = 0;
        for (uint32_t i = 0; i < n; i++) bits |= (uint64_t)sp_bit_get(from, index[i]) << i;
        to[w] &= bits;
    }
    return SP_OK;
}

#define GATHER(T) do { \
        const T *f = from; \
        T *t = to; \
        for (uint32_t i = 0; i < count; i++) t[i] = f[index[i]]; \
    } while (0)
static void gather_data(void *to, const void *from, size_t width, const uint32_t *index, uint32_t count)
{
    if (!index) {
        if (width && count) memcpy(to, from, width * count);
        return;
    }
    switch (width) {
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    case 16: GATHER(__int128); break;
    default: break;
    }
}
#undef GATHER

/* The tails of all live long strings go into one block of the arena; dead rows become empty views. */
static sp_status own_strings(sp_vec *v, sp_arena *a, sp_error *err)
{
    sp_view *views = v->data;
    size_t total = 0;
    for (uint32_t i = 0; i < v->rows; i++) {
        if (v->valid && !sp_bit_get(v->valid, i)) memset(&views[i], 0, sizeof views[i]);
        else if (views[i].len > SP_VIEW_INLINE) total += views[i].len;
    }
    if (!total) return SP_OK;
    char *p = sp_arena_alloc(a, total, err);
    if (!p) return SP_FAILED;
    for (uint32_t i = 0; i < v->rows; i++) {
        uint32_t n = views[i].len;
        if (n <= SP_VIEW_INLINE) continue;
        memcpy(p, views[i].ptr, n);
        views[i].ptr = p;
        p += n;
    }
    return SP_OK;
}

static sp_vec *gather(const sp_vec *v, const uint32_t *index, uint32_t count, bool own, sp_arena *a, sp_error *err);

/* Lays the elements of v's live lists one after the other and copies them. */
static sp_status own_elements(sp_vec *v, const sp_vec *base, sp_arena *a, sp_error *err)
{
    sp_list *lists = v->data;
    uint64_t total = 0;
    bool dense = true;    /* already the elements 0..total of the base, in order */
    for (uint32_t i = 0; i < v->rows; i++) {
        if (v->valid && !sp_bit_get(v->valid, i)) lists[i].length = 0;
        if (lists[i].length && lists[i].offset != total) dense = false;
        total += lists[i].length;
    }
    if (total > UINT32_MAX) return sp_error_memory(err, "more than 2^32 elements in one vector");
    uint32_t *index = NULL;
    if (!dense && !(index = sp_arena_alloc(a, sizeof *index * total, err))) return SP_FAILED;
    uint32_t at = 0;
    for (uint32_t i = 0; i < v->rows; i++) {
        if (index) for (uint32_t k = 0; k < lists[i].length; k++) index[at + k] = lists[i].offset + k;
        lists[i].offset = at;
        at += lists[i].length;
    }
    for (int c = 0; c < v->child_count; c++)
        if (!(v->child[c] = gather(base->child[c], index, (uint32_t)total, true, a, err))) return SP_FAILED;
    return SP_OK;
}

static sp_vec *gather(const sp_vec *v, const uint32_t *index, uint32_t count, bool own, sp_arena *a, sp_error *err)
{
    sp_resolved r;
    if (resolve(v, index, count, a, &r, err) == SP_FAILED) return NULL;
    const sp_type *t = v->type;
    sp_vec *out = sp_vec_shell(a, t, count, SP_FLAT, sp_type_child_count(t), err);
    if (!out || gather_valid(&r, count, a, &out->valid, err) == SP_FAILED) return NULL;
    if (t->kind == SP_VOID && !out->valid && !(out->valid = bits_new(a, count, 0, err))) return NULL;
    size_t width = sp_kind_width(t->kind);
    if (width) {
        if (!(out->data = sp_arena_alloc(a, width * (count ? count : 1), err))) return NULL;
        gather_data(out->data, r.base->data, width, r.index, count);
    }
    if (is_list(t)) {
        if (!own) memcpy(out->child, r.base->child, sizeof *out->child * (size_t)out->child_count);
        else if (own_elements(out, r.base, a, err) == SP_FAILED) return NULL;
    } else if (out->child_count) {
        for (int c = 0; c < out->child_count; c++)
            if (!(out->child[c] = gather(r.base->child[c], r.index, count, own, a, err))) return NULL;
    } else if (own && (t->kind == SP_STRING || t->kind == SP_BINARY)) {
        if (own_strings(out, a, err) == SP_FAILED) return NULL;
    }
    return out;
}

sp_vec *sp_vec_gather(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, sp_error *err)
{
    return gather(v, sel, count, false, a, err);
}

sp_vec *sp_vec_copy(const sp_vec *v, const uint32_t *sel, uint32_t count, sp_arena *a, sp_error *err)
{
    return gather(v, sel, count, true, a, err);
}

sp_vec *sp_vec_flatten(const sp_vec *v, sp_arena *a, bool keep_const, sp_error *err)
{
    if (v->form == SP_FLAT || (keep_const && v->form == SP_CONST)) return (sp_vec *)v;
    return gather(v, NULL, v->rows, false, a, err);
}

/* ---- concat ---- */

static sp_status concat_valid(sp_vec *out, const sp_resolved *r, uint32_t at, uint32_t count, sp_arena *a,
                              sp_error *err)
{
    if (!r->base->valid && !r->valid) return SP_OK;
    SP_TRY(sp_vec_need_valid(out, a, err));
    for (uint32_t i = 0; i < count; i++) {
        bool dead = (r->valid && !sp_bit_get(r->valid, i)) ||
                    (r->base->valid && !sp_bit_get(r->base->valid, r->index ? r->index[i] : i));
        if (dead) sp_bit_clear(out->valid, at + i);
    }
    return SP_OK;
}

/* Children of arrays and maps: the parts' element vectors one after the other, lists shifted by where theirs begin. */
static sp_status concat_lists(sp_vec *out, const sp_resolved *r, const sp_vec *const *parts, int part_count,
                              sp_arena *a, sp_error *err)
{
    const sp_vec **elements = sp_arena_calloc(a, sizeof *elements * (size_t)(part_count ? part_count : 1), err);
    if (!elements) return SP_FAILED;
    sp_list *lists = out->data;
    uint64_t base = 0;
    for (int p = 0; p < part_count; p++) {
        for (uint32_t i = 0; i < parts[p]->rows; i++) lists[i].offset += (uint32_t)base;
        lists += parts[p]->rows;
        base += r[p].base->child[0]->rows;
        if (base > UINT32_MAX) return sp_error_memory(err, "more than 2^32 elements in one vector");
    }
    for (int c = 0; c < out->child_count; c++) {
        for (int p = 0; p < part_count; p++) elements[p] = r[p].base->child[c];
        out->child[c] = sp_vec_concat(elements, part_count, sp_type_child(out->type, c), a, err);
        if (!out->child[c]) return SP_FAILED;
    }
    return SP_OK;
}

static sp_status concat_structs(sp_vec *out, const sp_resolved *r, const sp_vec *const *parts, int part_count,
                                sp_arena *a, sp_error *err)
{
    const sp_vec **fields = sp_arena_calloc(a, sizeof *fields * (size_t)(part_count ? part_count : 1), err);
    if (!fields) return SP_FAILED;
    for (int c = 0; c < out->child_count; c++) {
        for (int p = 0; p < part_count; p++) {
            const sp_vec *f = r[p].base->child[c];
            bool whole = !r[p].index && f->rows == parts[p]->rows;
            fields[p] = whole ? f : gather(f, r[p].index, parts[p]->rows, false, a, err);
            if (!fields[p]) return SP_FAILED;
        }
        if (!(out->child[c] = sp_vec_concat(fields, part_count, sp_type_child(out->type, c), a, err))) return SP_FAILED;
    }
    return SP_OK;
}

sp_vec *sp_vec_concat(const sp_vec *const *parts, int part_count, const sp_type *t, sp_arena *a, sp_error *err)
{
    uint64_t rows = 0;
    for (int p = 0; p < part_count; p++) rows += parts[p]->rows;
    if (rows > UINT32_MAX) {
        sp_error_memory(err, "more than 2^32 rows in one vector");
        return NULL;
    }
    sp_vec *out = vec_bare(a, t, (uint32_t)rows, err);
    sp_resolved *r = sp_arena_calloc(a, sizeof *r * (size_t)(part_count ? part_count : 1), err);
    if (!out || !r) return NULL;
    size_t width = sp_kind_width(t->kind);
    uint32_t at = 0;
    for (int p = 0; p < part_count; p++) {
        uint32_t count = parts[p]->rows;
        if (resolve(parts[p], NULL, count, a, &r[p], err) == SP_FAILED) return NULL;
        if (width) gather_data((char *)out->data + width * at, r[p].base->data, width, r[p].index, count);
        if (concat_valid(out, &r[p], at, count, a, err) == SP_FAILED) return NULL;
        at += count;
    }
    sp_status s = SP_OK;
    if (is_list(t)) s = concat_lists(out, r, parts, part_count, a, err);
    else if (out->child_count) s = concat_structs(out, r, parts, part_count, a, err);
    return s == SP_FAILED ? NULL : out;
}
