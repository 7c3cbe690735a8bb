/* ipc_read.c -- an Arrow IPC stream to batches. The bytes come from outside: nothing in them is believed.
 *
 * A record batch is a list of nodes (length, nulls) and one of buffers (offset, length), both in the order of a walk
 * through the schema's fields; every buffer is checked to lie in the body and to be large enough for its node's
 * length before it is read, offsets to be ascending and within what they point into. Fixed-width data is copied (it
 * may lie unaligned), strings are views into `data`. Dictionary-encoded columns are decoded through a DICT vector.
 * Lengths that no buffer backs (null columns) make no allocation. From: Arrow columnar format 1.5. */
#include "column/ipc_int.h"

#include "column/vec_int.h"

typedef struct dictionary { int64_t id; const sp_vec *values; struct dictionary *next; } dictionary;

typedef struct reader {
    sp_arena *arena;
    sp_error *err;
    const uint8_t *at, *end;      /* what is left of the stream */
    sp_arrow_field root;
    dictionary *dictionaries;
    /* the record batch being read */
    sp_fb fb;
    const uint8_t *body;
    int64_t body_bytes;
    /* positions in fb, and how many are left */
    uint32_t node, node_count, buffer, buffer_count, variadic, variadic_count;
    bool compressed;
    sp_batch *batches;
    int batch_count, batch_cap;
} reader;

typedef struct span { const uint8_t *p; int64_t n; } span;

static sp_status bad(reader *r, const char *what) { return sp_ipc_malformed(r->err, what); }

/* ---- nodes and buffers, in order ---- */

static sp_status next_node(reader *r, uint32_t *length, bool *has_nulls)
{
    if (!r->node_count) return bad(r, "too few nodes");
    int64_t n = sp_fb_i64(&r->fb, r->node);
    *has_nulls = sp_fb_i64(&r->fb, r->node + 8) != 0;
    r->node += 16;
    r->node_count--;
    if (n < 0 || n > INT32_MAX) return bad(r, "a length out of range");
    *length = (uint32_t)n;
    return SP_OK;
}

static sp_status next_buffer(reader *r, span *out)
{
    if (!r->buffer_count) return bad(r, "too few buffers");
    int64_t offset = sp_fb_i64(&r->fb, r->buffer), length = sp_fb_i64(&r->fb, r->buffer + 8);
    r->buffer += 16;
    r->buffer_count--;
    if (length < 0 || offset < 0 || offset > r->body_bytes || length > r->body_bytes - offset)
        return bad(r, "a buffer outside its body");
    *out = (span){ r->body + offset, length };
    if (!r->compressed || !length) return SP_OK;
    int64_t plain;
    if (length < 8) return bad(r, "a compressed buffer without its size");
    memcpy(&plain, out->p, 8);
    if (plain != -1)
        return sp_error_plain(r->err, SP_EXC_UNSUPPORTED_OPERATION,
                              "Compressed Arrow record batches are not supported");
    *out = (span){ out->p + 8, length - 8 };
    return SP_OK;
}

/* A buffer of at least `bytes` bytes. */
static sp_status sized_buffer(reader *r, uint64_t bytes, span *out)
{
    SP_TRY(next_buffer(r, out));
    return (uint64_t)out->n < bytes ? bad(r, "a buffer too short for its length") : SP_OK;
}

/* ---- validity ---- */

static sp_status read_valid(reader *r, sp_vec *v, bool has_nulls)
{
    span s;
    SP_TRY(next_buffer(r, &s));
    if (!has_nulls || !s.n || !v->rows) return SP_OK;
    size_t bytes = ((size_t)v->rows + 7) / 8;
    if ((uint64_t)s.n < bytes) return bad(r, "a validity buffer too short");
    SP_TRY(sp_vec_need_valid(v, r->arena, r->err));
    memcpy(v->valid, s.p, bytes);
    return SP_OK;
}

/* ---- fixed-width data ---- */

/* Rows of an integer of any width, as int64. */
static int64_t load_int(const uint8_t *p, uint32_t i, int bits, bool is_signed)
{
    int64_t v = 0;
    size_t n = (size_t)bits / 8;
    memcpy(&v, p + n * i, n);
    if (!is_signed || bits == 64) return v;
    return (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
}

static void store_int(sp_vec *v, uint32_t i, int64_t x)
{
    switch (sp_kind_width(v->type->kind)) {
    case 1: ((int8_t *)v->data)[i] = (int8_t)x; break;
    case 2: ((int16_t *)v->data)[i] = (int16_t)x; break;
    case 4: ((int32_t *)v->data)[i] = (int32_t)x; break;
    case 8: ((int64_t *)v->data)[i] = x; break;
    default: ((__int128 *)v->data)[i] = (__int128)(uint64_t)x; break;    /* uint64 as decimal(20,0) */
    }
}

static void unpack_booleans(uint8_t *to, const uint8_t *bits, uint32_t count)
{
    uint32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t x = (bits[i / 8] * 0x0101010101010101ull) & 0x8040201008040201ull;
        x = (x + 0x7f7f7f7f7f7f7f7full) >> 7 & 0x0101010101010101ull;
        memcpy(to + i, &x, 8);
    }
    for (; i < count; i++) to[i] = bits[i / 8] >> (i % 8) & 1;
}

static float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff, bits;
    float f;
    if (exponent == 0) {
        f = (float)fraction * 0x1p-24f;
        return sign ? -f : f;
    }
    bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
    memcpy(&f, &bits, 4);
    return f;
}

/* What one unit of the field is in Spark's own (days, micro- or nanoseconds): x * mul / div. */
static void unit_scale(const sp_arrow_field *f, int64_t *mul, int64_t *div)
{
    static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };
    int64_t own = f->kind == SP_ARROW_TIME ? per_second[SP_ARROW_NANO] : per_second[SP_ARROW_MICRO];
    int64_t its = per_second[f->unit];
    *mul = own > its ? own / its : 1;
    *div = its > own ? its / own : 1;
    if (f->kind == SP_ARROW_DATE) {
        *mul = 1;
        *div = f->unit == 0 ? 1 : 86400000;
    }
}

static int64_t floor_div(int64_t a, int64_t b) { int64_t q = a / b; return a % b < 0 ? q - 1 : q; }

static sp_status read_scaled(reader *r, const sp_arrow_field *f, sp_vec *v, const uint8_t *p, int bits)
{
    int64_t mul, div;
    unit_scale(f, &mul, &div);
    for (uint32_t i = 0; i < v->rows; i++) {
        int64_t x = load_int(p, i, bits, true);
        if (mul != 1 && __builtin_mul_overflow(x, mul, &x)) {
            if (!sp_vec_is_null(v, i)) return sp_error_plain(r->err, SP_EXC_ARITHMETIC, "long overflow");
            x = 0;
        }
        store_int(v, i, div == 1 ? x : floor_div(x, div));
    }
    return SP_OK;
}

static sp_status read_decimals(reader *r, const sp_arrow_field *f, sp_vec *v, const uint8_t *p)
{
    __int128 *to = v->data;
    if (f->width <= 64) {
        for (uint32_t i = 0; i < v->rows; i++) to[i] = load_int(p, i, f->width, true);
        return SP_OK;
    }
    size_t width = (size_t)f->width / 8;
    for (uint32_t i = 0; i < v->rows; i++) {
        memcpy(&to[i], p + width * i, 16);
        if (width == 16 || sp_vec_is_null(v, i)) continue;
        __int128 high;
        memcpy(&high, p + width * i + 16, 16);
        if (high != (to[i] < 0 ? -1 : 0)) return bad(r, "a decimal of more than 38 digits");
    }
    return SP_OK;
}

/* Interval DAY_TIME: two int32, days and milliseconds. MONTH_DAY_NANO: months, days, nanoseconds. */
static sp_status read_intervals(reader *r, const sp_arrow_field *f, sp_vec *v, const uint8_t *p)
{
    for (uint32_t i = 0; i < v->rows; i++) {
        if (f->unit == SP_ARROW_DAY_TIME) {
            int64_t days = load_int(p, 2 * i, 32, true), ms = load_int(p, 2 * i + 1, 32, true);
            int64_t us;
            if (__builtin_mul_overflow(days, 86400000000ll, &us) || __builtin_add_overflow(us, ms * 1000, &us)) {
                if (!sp_vec_is_null(v, i)) return sp_error_plain(r->err, SP_EXC_ARITHMETIC, "long overflow");
                us = 0;
            }
            ((int64_t *)v->data)[i] = us;
        } else {
            sp_calendar *c = (sp_calendar *)v->data + i;
            memcpy(c, p + 16 * (size_t)i, 16);
            c->us /= 1000;
        }
    }
    return SP_OK;
}

/* Bits of one value in the buffer; 0: not of fixed width. */
static int bits_of(const sp_arrow_field *f)
{
    switch (f->kind) {
    case SP_ARROW_BOOL: return 1;
    case SP_ARROW_INT: case SP_ARROW_FLOAT: case SP_ARROW_DECIMAL: case SP_ARROW_TIME: return f->width;
    case SP_ARROW_DATE: return f->unit == 0 ? 32 : 64;
    case SP_ARROW_TIMESTAMP: case SP_ARROW_DURATION: return 64;
    case SP_ARROW_INTERVAL: return f->unit == SP_ARROW_YEAR_MONTH ? 32 : f->unit == SP_ARROW_DAY_TIME ? 64 : 128;
    default: return 0;
    }
}

static sp_status read_fixed(reader *r, const sp_arrow_field *f, sp_vec *v)
{
    span s;
    int bits = bits_of(f);
    uint64_t bytes = ((uint64_t)v->rows * (uint64_t)bits + 7) / 8;
    SP_TRY(sized_buffer(r, bytes, &s));
    if (!v->rows) return SP_OK;
    switch (f->kind) {
    case SP_ARROW_BOOL: unpack_booleans(v->data, s.p, v->rows); return SP_OK;
    case SP_ARROW_DECIMAL: return read_decimals(r, f, v, s.p);
    case SP_ARROW_INTERVAL:
        if (f->unit != SP_ARROW_YEAR_MONTH) return read_intervals(r, f, v, s.p);
        break;
    case SP_ARROW_FLOAT:
        if (f->width != 16) break;
        for (uint32_t i = 0; i < v->rows; i++)
            ((float *)v->data)[i] = half_to_float((uint16_t)load_int(s.p, i, 16, false));
        return SP_OK;
    case SP_ARROW_INT:
        if (f->is_signed) break;
        for (uint32_t i = 0; i < v->rows; i++) store_int(v, i, load_int(s.p, i, bits, false));
        return SP_OK;
    default: {
        int64_t mul, div;
        unit_scale(f, &mul, &div);
        bool same = mul == 1 && div == 1 && bits == 8 * (int)sp_kind_width(v->type->kind);
        if (!same) return read_scaled(r, f, v, s.p, bits);
    }
    }
    memcpy(v->data, s.p, bytes);
    return SP_OK;
}

/* ---- strings ---- */

/* Strings by offsets of 32 or 64 bits, from wide. */
static sp_status read_offset_strings(reader *r, sp_vec *v, bool wide)
{
    span offsets, text;
    int bits = wide ? 64 : 32;
    SP_TRY(sized_buffer(r, v->rows ? ((uint64_t)v->rows + 1) * (uint64_t)bits / 8 : 0, &offsets));
    SP_TRY(next_buffer(r, &text));
    sp_view *views = v->data;
    int64_t at = v->rows ? load_int(offsets.p, 0, bits, true) : 0;
    if (at < 0) return bad(r, "a negative offset");
    for (uint32_t i = 0; i < v->rows; i++) {
        int64_t end = load_int(offsets.p, i + 1, bits, true);
        if (end < at || end > text.n || end - at > UINT32_MAX)
            return bad(r, "offsets that do not ascend within their buffer");
        views[i] = sp_view_make((const char *)text.p + at, (size_t)(end - at));
        at = end;
    }
    return SP_OK;
}

static sp_status read_fixed_strings(reader *r, const sp_arrow_field *f, sp_vec *v)
{
    span s;
    size_t width = (size_t)f->width;
    SP_TRY(sized_buffer(r, width * (uint64_t)v->rows, &s));
    for (uint32_t i = 0; i < v->rows; i++) ((sp_view *)v->data)[i] = sp_view_make((const char *)s.p + width * i, width);
    return SP_OK;
}

/* Arrow's views: length, then 12 bytes inline, or prefix, buffer number and offset. */
static sp_status read_views(reader *r, sp_vec *v)
{
    span s, *texts = NULL;
    SP_TRY(sized_buffer(r, 16 * (uint64_t)v->rows, &s));
    if (!r->variadic_count) return bad(r, "too few variadic counts");
    int64_t count = sp_fb_i64(&r->fb, r->variadic);
    r->variadic += 8;
    r->variadic_count--;
    if (count < 0 || count > r->buffer_count) return bad(r, "more variadic buffers than there are");
    SP_NEW_ARRAY(texts, r->arena, count + 1, r->err);
    for (int64_t i = 0; i < count; i++) SP_TRY(next_buffer(r, &texts[i]));
    for (uint32_t i = 0; i < v->rows; i++) {
        const uint8_t *p = s.p + 16 * (size_t)i;
        int64_t n = load_int(p, 0, 32, true), buffer = load_int(p, 2, 32, true), offset = load_int(p, 3, 32, true);
        if (sp_vec_is_null(v, i)) n = 0;
        if (n >= 0 && n <= SP_VIEW_INLINE) {
            ((sp_view *)v->data)[i] = sp_view_make((const char *)p + 4, (size_t)n);
            continue;
        }
        if (n < 0 || buffer < 0 || buffer >= count || offset < 0 || offset + n > texts[buffer].n)
            return bad(r, "a view outside its buffer");
        ((sp_view *)v->data)[i] = sp_view_make((const char *)texts[buffer].p + offset, (size_t)n);
    }
    return SP_OK;
}

/* ---- nested ---- */

static sp_status read_values(reader *r, const sp_arrow_field *f, sp_vec **out);

/* Offsets, or offsets and sizes; *least is how many elements the child must have. */
static sp_status read_list_offsets(reader *r, const sp_arrow_field *f, sp_vec *v, uint64_t *least)
{
    bool wide = f->kind == SP_ARROW_LARGE_LIST || f->kind == SP_ARROW_LARGE_LIST_VIEW;
    bool view = f->kind == SP_ARROW_LIST_VIEW || f->kind == SP_ARROW_LARGE_LIST_VIEW;
    int bits = wide ? 64 : 32;
    span offsets, sizes = { NULL, 0 };
    uint64_t rows = v->rows, need = (rows + (rows && !view)) * (uint64_t)bits / 8;
    SP_TRY(sized_buffer(r, need, &offsets));
    if (view) SP_TRY(sized_buffer(r, need, &sizes));
    for (uint32_t i = 0; i < v->rows; i++) {
        int64_t at = load_int(offsets.p, i, bits, true), n;
        if (view) n = sp_vec_is_null(v, i) ? 0 : load_int(sizes.p, i, bits, true);
        else if (__builtin_sub_overflow(load_int(offsets.p, i + 1, bits, true), at, &n)) n = -1;
        if (n == 0 && view) at = 0;
        if (at < 0 || n < 0 || at > INT32_MAX || n > INT32_MAX) return bad(r, "a list outside its elements");
        ((sp_list *)v->data)[i] = (sp_list){ (uint32_t)at, (uint32_t)n };
        if ((uint64_t)(at + n) > *least) *least = (uint64_t)(at + n);
    }
    return SP_OK;
}

static sp_status read_list(reader *r, const sp_arrow_field *f, sp_vec *v)
{
    uint64_t least = 0;
    if (f->kind == SP_ARROW_FIXED_LIST) {
        least = (uint64_t)v->rows * (uint64_t)f->width;
        if (least > INT32_MAX) return bad(r, "a list outside its elements");
        for (uint32_t i = 0; i < v->rows; i++)
            ((sp_list *)v->data)[i] = (sp_list){ i * (uint32_t)f->width, (uint32_t)f->width };
    } else {
        SP_TRY(read_list_offsets(r, f, v, &least));
    }
    if (f->kind != SP_ARROW_MAP) {
        SP_TRY(read_values(r, &f->child[0], &v->child[0]));
        return v->child[0]->rows < least ? bad(r, "a list outside its elements") : SP_OK;
    }
    uint32_t entries;
    bool has_nulls;
    span valid;
    SP_TRY(next_node(r, &entries, &has_nulls));
    SP_TRY(next_buffer(r, &valid));
    for (int c = 0; c < 2; c++) {
        SP_TRY(read_values(r, &f->child[0].child[c], &v->child[c]));
        if (v->child[c]->rows < least || v->child[c]->rows < entries) return bad(r, "a map outside its entries");
    }
    return SP_OK;
}

static sp_status read_struct(reader *r, const sp_arrow_field *f, sp_vec *v)
{
    for (int c = 0; c < f->child_count; c++) {
        SP_TRY(read_values(r, &f->child[c], &v->child[c]));
        if (v->child[c]->rows < v->rows) return bad(r, "a struct longer than its fields");
        v->child[c]->rows = v->rows;
    }
    return SP_OK;
}

/* ---- one field ---- */

/* An upper bound of the rows that the rest of the body can back, so that no length is taken at its word. */
static sp_status check_length(reader *r, const sp_arrow_field *f, uint32_t rows)
{
    if (f->kind == SP_ARROW_STRUCT) return SP_OK;    /* takes no room of its own */
    return rows > (uint64_t)r->body_bytes * 8 ? bad(r, "a length that no buffer backs") : SP_OK;
}

/* The type whose data the vector holds; children come when they are read. */
static sp_vec *new_values(reader *r, const sp_type *t, uint32_t rows)
{
    sp_vec *v = sp_vec_shell(r->arena, t, rows, SP_FLAT, sp_type_child_count(t), r->err);
    size_t width = sp_kind_width(t->kind);
    if (v && width && !(v->data = sp_arena_alloc(r->arena, width * (rows ? rows : 1), r->err))) return NULL;
    return v;
}

static sp_status read_plain(reader *r, const sp_arrow_field *f, sp_vec **out)
{
    uint32_t rows;
    bool has_nulls;
    SP_TRY(next_node(r, &rows, &has_nulls));
    if (f->kind == SP_ARROW_NULL) return (*out = sp_vec_new_null(r->arena, f->type, rows, r->err)) ? SP_OK : SP_FAILED;
    SP_TRY(check_length(r, f, rows));
    sp_vec *v = new_values(r, f->type, rows);
    if (!v) return SP_FAILED;
    *out = v;
    SP_TRY(read_valid(r, v, has_nulls));
    switch (f->kind) {
    case SP_ARROW_UTF8: case SP_ARROW_BINARY: return read_offset_strings(r, v, false);
    case SP_ARROW_LARGE_UTF8: case SP_ARROW_LARGE_BINARY: return read_offset_strings(r, v, true);
    case SP_ARROW_UTF8_VIEW: case SP_ARROW_BINARY_VIEW: return read_views(r, v);
    case SP_ARROW_FIXED_BINARY: return read_fixed_strings(r, f, v);
    case SP_ARROW_STRUCT: return read_struct(r, f, v);
    case SP_ARROW_LIST: case SP_ARROW_LARGE_LIST: case SP_ARROW_FIXED_LIST: case SP_ARROW_LIST_VIEW:
    case SP_ARROW_LARGE_LIST_VIEW: case SP_ARROW_MAP: return read_list(r, f, v);
    default: return read_fixed(r, f, v);
    }
}

/* The column of a dictionary-encoded field: its buffers are those of the index. */
static sp_status read_encoded(reader *r, const sp_arrow_field *f, sp_vec **out)
{
    uint32_t rows;
    bool has_nulls;
    span s;
    SP_TRY(next_node(r, &rows, &has_nulls));
    if (rows > (uint64_t)r->body_bytes) return bad(r, "a length that no buffer backs");
    const dictionary *d = r->dictionaries;
    while (d && d->id != f->dictionary_id) d = d->next;
    sp_vec *v = sp_vec_shell(r->arena, f->type, rows, SP_DICT, 1, r->err);
    if (!v) return SP_FAILED;
    SP_TRY(read_valid(r, v, has_nulls));
    SP_TRY(sized_buffer(r, (uint64_t)rows * (uint64_t)f->index_width / 8, &s));
    uint32_t *index;
    SP_NEW_ARRAY(index, r->arena, rows + 1, r->err);
    v->index = index;
    uint32_t live = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (v->valid && !sp_bit_get(v->valid, i)) continue;
        int64_t x = load_int(s.p, i, f->index_width, f->index_signed);
        if (!d || x < 0 || x >= d->values->rows) return bad(r, "an index outside its dictionary");
        index[i] = (uint32_t)x;
        live++;
    }
    if (!live) {
        *out = sp_vec_new_null(r->arena, f->type, rows, r->err);
        return *out ? SP_OK : SP_FAILED;
    }
    if (!sp_type_same(d->values->type, f->type)) return bad(r, "a dictionary of another type");
    v->child[0] = (sp_vec *)d->values;
    *out = sp_vec_flatten(v, r->arena, false, r->err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status read_values(reader *r, const sp_arrow_field *f, sp_vec **out)
{
    return f->has_dictionary ? read_encoded(r, f, out) : read_plain(r, f, out);
}

/* ---- messages ---- */

/* Points the reader at a RecordBatch table and its body. */
static sp_status open_batch(reader *r, uint32_t table, int64_t *length)
{
    sp_fb *f = &r->fb;
    *length = sp_fb_long(f, table, 0);
    r->node = sp_fb_vector(f, table, 1, 16, &r->node_count);
    r->buffer = sp_fb_vector(f, table, 2, 16, &r->buffer_count);
    r->compressed = sp_fb_follow(f, table, 3) != 0;
    r->variadic = sp_fb_vector(f, table, 4, 8, &r->variadic_count);
    if (f->bad) return bad(r, "a record batch outside its message");
    return *length < 0 || *length > INT32_MAX ? bad(r, "a length out of range") : SP_OK;
}

/* Rows [from, from + count) of a vector; from is a multiple of 64, so that bitmaps can be cut by words. */
static sp_vec *slice(reader *r, const sp_vec *v, uint32_t from, uint32_t count)
{
    if (from == 0 && count == v->rows) return (sp_vec *)v;
    sp_vec *out = sp_vec_shell(r->arena, v->type, count, v->form, v->child_count, r->err);
    if (!out) return NULL;
    bool flat = v->form == SP_FLAT, list = v->type->kind == SP_ARRAY || v->type->kind == SP_MAP;
    out->data = flat && v->data ? (char *)v->data + sp_kind_width(v->type->kind) * from : v->data;
    out->valid = flat && v->valid ? v->valid + from / 64 : v->valid;
    for (int c = 0; c < v->child_count; c++)
        if (!(out->child[c] = list ? v->child[c] : slice(r, v->child[c], from, count))) return NULL;
    return out;
}

static sp_status add_batch(reader *r, sp_vec *const *columns, uint32_t from, uint32_t count)
{
    if (r->batch_count == r->batch_cap) {
        int cap = r->batch_cap ? r->batch_cap * 2 : 4;
        sp_batch *more;
        SP_NEW_ARRAY(more, r->arena, cap, r->err);
        if (r->batch_count) memcpy(more, r->batches, sizeof *more * (size_t)r->batch_count);
        r->batches = more;
        r->batch_cap = cap;
    }
    sp_batch *b = &r->batches[r->batch_count];
    *b = (sp_batch){ .rows = count, .sel_count = count, .column_count = r->root.child_count };
    SP_NEW_ARRAY(b->columns, r->arena, r->root.child_count + 1, r->err);
    for (int c = 0; c < r->root.child_count; c++)
        if (!(b->columns[c] = slice(r, columns[c], from, count))) return SP_FAILED;
    r->batch_count++;
    return SP_OK;
}

static sp_status read_batch(reader *r, uint32_t table)
{
    int64_t length;
    sp_vec **columns;
    SP_TRY(open_batch(r, table, &length));
    SP_NEW_ARRAY(columns, r->arena, r->root.child_count + 1, r->err);
    bool backed = false;    /* some column takes room for its rows */
    for (int c = 0; c < r->root.child_count; c++) {
        SP_TRY(read_values(r, &r->root.child[c], &columns[c]));
        if (columns[c]->rows != length) return bad(r, "columns of different lengths");
        backed |= columns[c]->form == SP_FLAT && columns[c]->data;
    }
    if (!backed && length > 1000 * (int64_t)SP_BATCH_ROWS_MAX) return bad(r, "a length that no buffer backs");
    uint32_t from = 0;
    do {
        uint32_t count = (uint32_t)length - from < SP_BATCH_ROWS_MAX ? (uint32_t)length - from : SP_BATCH_ROWS_MAX;
        SP_TRY(add_batch(r, columns, from, count));
        from += count;
    } while (from < length);
    return SP_OK;
}

/* The field that defines a dictionary id, wherever it is. */
static const sp_arrow_field *find_encoded(const sp_arrow_field *f, int64_t id)
{
    if (f->has_dictionary && f->dictionary_id == id) return f;
    for (int c = 0; c < f->child_count; c++) {
        const sp_arrow_field *found = find_encoded(&f->child[c], id);
        if (found) return found;
    }
    return NULL;
}

static sp_status read_dictionary(reader *r, uint32_t table)
{
    int64_t id = sp_fb_long(&r->fb, table, 0), length;
    uint32_t data = sp_fb_follow(&r->fb, table, 1);
    const sp_arrow_field *f = find_encoded(&r->root, id);
    if (!f || !data) return bad(r, "a dictionary that no field has");
    SP_TRY(open_batch(r, data, &length));
    sp_vec *values;
    SP_TRY(read_plain(r, f, &values));
    dictionary *d = r->dictionaries;
    while (d && d->id != id) d = d->next;
    if (d && sp_fb_bool(&r->fb, table, 2)) {
        const sp_vec *parts[] = { d->values, values };
        if (!(values = sp_vec_concat(parts, 2, f->type, r->arena, r->err))) return SP_FAILED;
    }
    if (!d) {
        SP_NEW(d, r->arena, sizeof *d, r->err);
        d->id = id;
        d->next = r->dictionaries;
        r->dictionaries = d;
    }
    d->values = values;
    return SP_OK;
}

/* The next message's metadata, its flatbuffer in r->fb; *root 0 at the end of the stream. */
static sp_status next_message(reader *r, uint32_t *root)
{
    uint32_t size, have = 4;
    *root = 0;
    if (r->end - r->at < 4) return r->at == r->end ? SP_OK : bad(r, "a message cut short");
    memcpy(&size, r->at, 4);
    if (size == 0xffffffffu) {
        if (r->end - r->at < 8) return bad(r, "a message cut short");
        memcpy(&size, r->at + 4, 4);
        have = 8;
    }
    if (size == 0) return SP_OK;
    if (size > (uint64_t)(r->end - r->at) - have) return bad(r, "a message cut short");
    r->fb = (sp_fb){ r->at + have, size, false };
    r->at += have + size;
    *root = sp_fb_u32(&r->fb, 0);
    if (r->fb.bad || !sp_fb_has(&r->fb, *root, 4) || *root == 0) return bad(r, "a message without its root");
    return SP_OK;
}

static sp_status read_message(reader *r, uint32_t root, bool *has_schema)
{
    uint32_t kind_at = sp_fb_field(&r->fb, root, 1), table = sp_fb_follow(&r->fb, root, 2);
    int kind = kind_at ? sp_fb_u8(&r->fb, kind_at) : 0;
    r->body = r->at;
    r->body_bytes = sp_fb_long(&r->fb, root, 3);
    if (r->fb.bad || !table) return bad(r, "a message without its header");
    if (r->body_bytes < 0 || r->body_bytes > r->end - r->at) return bad(r, "a body cut short");
    r->at += r->body_bytes;
    if (!*has_schema) {
        if (kind != SP_ARROW_SCHEMA) return bad(r, "no schema at its start");
        *has_schema = true;
        return sp_ipc_read_schema(&r->fb, table, r->arena, &r->root, r->err);
    }
    sp_status s = kind == SP_ARROW_BATCH ? read_batch(r, table) :
                  kind == SP_ARROW_DICTIONARY ? read_dictionary(r, table) : bad(r, "an unexpected message");
    return s == SP_OK && r->fb.bad ? bad(r, "data outside its message") : s;
}

sp_status sp_ipc_read(sp_str data, sp_arena *a, const sp_type **schema, sp_batch **batches, int *batch_count,
                      sp_error *err)
{
    reader r = { .arena = a, .err = err, .at = (const uint8_t *)data.p, .end = (const uint8_t *)data.p + data.n };
    bool has_schema = false;
    for (;;) {
        uint32_t root;
        SP_TRY(next_message(&r, &root));
        if (!root) break;
        SP_TRY(read_message(&r, root, &has_schema));
    }
    if (!has_schema) return bad(&r, "no schema at its start");
    *schema = r.root.type;
    *batches = r.batches;
    *batch_count = r.batch_count;
    return SP_OK;
}
