/* unsafe_write.c -- a row of vectors as UnsafeRow bytes, as Spark's state files hold it.
 *
 * Row: null bits (8-byte words), 8 bytes a field, then variable-size data padded to 8; a variable field's word is offset << 32 | size, the offset from the
 * row's
 * start. Arrays: element count, null bits, elements at their own width, variable data. Maps: size of the key array, key array, value array.
 * Source: UnsafeRow, UnsafeRowWriter, UnsafeArrayData, UnsafeArrayWriter, UnsafeMapData (Spark 4.3). */
#include "state/state_int.h"

static bool zeros(sp_buf *out, size_t n)
{
    if (n == 0)
        return !out->failed;
    if (!sp_buf_reserve(out, n))
        return false;
    memset(out->data + out->len, 0, n);
    out->len += n;
    return true;
}

static void put64(sp_buf *out, size_t at, uint64_t v) { memcpy(out->data + at, &v, 8); }
static void set_bit(sp_buf *out, size_t at, uint32_t i) { out->data[at + i / 8] |= (char)(1 << (i % 8)); }

/* DICT and CONST looked through: the vector and row that hold the value. */
static const sp_vec *resolve(const sp_vec *v, uint32_t *row)
{
    while (v->form == SP_DICT) {
        *row = v->index[*row];
        v = v->child[0];
    }
    *row = SP_AT(v, *row);
    return v;
}

bool sp_unsafe_is_variable(const sp_type *t)
{
    return t->kind == SP_STRING || t->kind == SP_BINARY || sp_kind_is_nested(t->kind) || t->kind == SP_VARIANT || t->kind == SP_CALENDAR
           || (t->kind == SP_DECIMAL && t->precision > 18);
}

/* Bytes of an element in UnsafeArrayData. */
size_t sp_unsafe_element_size(const sp_type *t)
{
    switch (t->kind) {
    case SP_BOOLEAN: case SP_BYTE: return 1;
    case SP_SHORT: return 2;
    case SP_INT: case SP_FLOAT: case SP_DATE: case SP_YEAR_MONTH: return 4;
    default: return 8;
    }
}

/* Two's complement, big endian, as few bytes as BigInteger.toByteArray gives. */
static size_t big_integer(__int128 v, unsigned char out[16])
{
    unsigned char all[16];
    for (int i = 0; i < 16; i++)
        all[i] = (unsigned char)((unsigned __int128)v >> (8 * (15 - i)));
    int from = 0;
    while (from < 15 && ((all[from] == 0 && !(all[from + 1] & 0x80)) || (all[from] == 0xff && (all[from + 1] & 0x80))))
        from++;
    memcpy(out, all + from, (size_t)(16 - from));
    return (size_t)(16 - from);
}

static void put_fixed(char *to, const sp_vec *v, uint32_t row)
{
    switch (v->type->kind) {
    case SP_DECIMAL: {
        int64_t small = (int64_t)((const __int128 *)v->data)[row];
        memcpy(to, &small, 8);
        break;
    }
    case SP_FLOAT: case SP_DOUBLE:      /* one NaN, as Spark normalises them */
        if (v->type->kind == SP_FLOAT) {
            float f = ((const float *)v->data)[row];
            f = f != f ? __builtin_nanf("") : f;
            memcpy(to, &f, 4);
        } else {
            double d = ((const double *)v->data)[row];
            d = d != d ? __builtin_nan("") : d;
            memcpy(to, &d, 8);
        }
        break;
    default: {
        size_t width = sp_kind_width(v->type->kind);
        memcpy(to, (const char *)v->data + row * width, width);
    }
    }
}

static bool put_row(sp_buf *out, const sp_vec *const *columns, int count, uint32_t row);
static bool put_array(sp_buf *out, const sp_vec *elements, sp_list list);

/* Length of the value, value, metadata (VariantVal). */
static void put_variant(sp_buf *out, const sp_vec *v, uint32_t row)
{
    for (int i = 0; i < 2; i++) {
        uint32_t r = row;
        const sp_vec *part = resolve(v->child[i], &r);
        sp_str s = sp_view_str((const sp_view *)part->data + r);
        uint32_t size = (uint32_t)s.n;
        if (i == 0)
            sp_buf_add(out, &size, 4);
        sp_buf_add(out, s.p, s.n);
    }
}

/* Appends the variable part of a value; *size is its unpadded length. */
static bool put_variable(sp_buf *out, const sp_vec *v, uint32_t row, size_t *size)
{
    size_t start = out->len;
    switch (v->type->kind) {
    case SP_STRING: case SP_BINARY: {
        sp_str s = sp_view_str(&((const sp_view *)v->data)[row]);
        sp_buf_add(out, s.p, s.n);
        break;
    }
    case SP_DECIMAL: {
        unsigned char bytes[16];
        sp_buf_add(out, bytes, big_integer(((const __int128 *)v->data)[row], bytes));
        break;
    }
    case SP_CALENDAR:
        sp_buf_add(out, &((const sp_calendar *)v->data)[row], 16);
        break;
    case SP_VARIANT:
        put_variant(out, v, row);
        break;
    case SP_ARRAY:
        if (!put_array(out, v->child[0], ((const sp_list *)v->data)[row]))
            return false;
        break;
    case SP_MAP: {
        sp_list list = ((const sp_list *)v->data)[row];
        if (!zeros(out, 8) || !put_array(out, v->child[0], list))
            return false;
        put64(out, start, out->len - start - 8);
        if (!put_array(out, v->child[1], list))
            return false;
        break;
    }
    default:
        if (!put_row(out, (const sp_vec *const *)v->child, v->child_count, row))
            return false;
    }
    *size = out->len - start;
    return zeros(out, (8 - *size % 8) % 8) && !out->failed;
}

static bool put_array(sp_buf *out, const sp_vec *elements, sp_list list)
{
    size_t start = out->len, width = sp_unsafe_element_size(elements->type);
    size_t bits = sp_bit_words(list.length) * 8;
    size_t fixed = (width * list.length + 7) / 8 * 8;
    if (!zeros(out, 8 + bits + fixed))
        return false;
    put64(out, start, list.length);
    for (uint32_t i = 0; i < list.length; i++) {
        uint32_t row = list.offset + i;
        const sp_vec *v = resolve(elements, &row);
        size_t at = start + 8 + bits + width * i;
        if (v->type->kind == SP_VOID || (v->valid && !sp_bit_get(v->valid, row))) {
            set_bit(out, start + 8, i);
        } else if (sp_unsafe_is_variable(v->type)) {
            size_t offset = out->len - start, size;
            if (!put_variable(out, v, row, &size))
                return false;
            put64(out, at, (uint64_t)offset << 32 | size);
        } else {
            put_fixed(out->data + at, v, row);
        }
    }
    return true;
}

static bool put_row(sp_buf *out, const sp_vec *const *columns, int count, uint32_t row)
{
    size_t start = out->len, bits = sp_bit_words((uint32_t)count) * 8;
    if (!zeros(out, bits + 8 * (size_t)count))
        return false;
    for (int i = 0; i < count; i++) {
        uint32_t r = row;
        const sp_vec *v = resolve(columns[i], &r);
        size_t at = start + bits + 8 * (size_t)i;
        bool null = v->type->kind == SP_VOID || (v->valid && !sp_bit_get(v->valid, r));
        /* A null of these kinds keeps its 16 bytes, so that it can be set in place. */
        bool wide = v->type->kind == SP_CALENDAR || (v->type->kind == SP_DECIMAL && v->type->precision > 18);
        if (null) {
            set_bit(out, start, (uint32_t)i);
            if (wide) {
                put64(out, at, (uint64_t)(out->len - start) << 32 | (v->type->kind == SP_CALENDAR ? 16 : 0));
                if (!zeros(out, 16))
                    return false;
            }
        } else if (sp_unsafe_is_variable(v->type)) {
            size_t offset = out->len - start, size;
            if (!put_variable(out, v, r, &size))
                return false;
            put64(out, at, (uint64_t)offset << 32 | size);
            /* ... and so has any other value of a wide decimal in a row (not in an array) 16. */
            if (wide && !zeros(out, offset + 16 - (out->len - start)))
                return false;
        } else {
            put_fixed(out->data + at, v, r);
        }
    }
    return true;
}

sp_status sp_unsafe_encode(sp_buf *out, const sp_vec *const *columns, int count, uint32_t row, sp_error *err)
{
    return put_row(out, columns, count, row) && !out->failed ? SP_OK : sp_error_memory(err, "a state row");
}
