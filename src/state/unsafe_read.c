/* unsafe_read.c -- UnsafeRow bytes back into builders, every offset and size checked: the bytes come from a file. Layout: unsafe_write.c. */
#include "state/state_int.h"

static sp_status bad(sp_error *err, const char *what)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "a state row does not have the layout of its schema: %s", what);
}

static uint64_t get64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static bool bit(const char *p, uint32_t i) { return (p[i / 8] >> (i % 8)) & 1; }

static sp_status read_row(sp_str row, const sp_type *t, sp_builder *const *fields, sp_builder *parent, sp_error *err);
static sp_status read_array(sp_str bytes, const sp_type *element, sp_builder *to, sp_error *err);

/* The bytes that a word offset << 32 | size names inside `whole`. */
static sp_status slice(sp_str whole, uint64_t word, sp_str *out, sp_error *err)
{
    uint64_t offset = word >> 32, size = word & 0xffffffffu;
    if (offset > whole.n || size > whole.n - offset)
        return bad(err, "an offset points outside the row");
    *out = (sp_str){ whole.p + offset, size };
    return SP_OK;
}

static sp_status read_map(sp_str bytes, const sp_type *t, sp_builder *to, sp_error *err)
{
    if (bytes.n < 8 || get64(bytes.p) > bytes.n - 8)
        return bad(err, "a map is cut short");
    size_t keys = get64(bytes.p);
    if (keys < 8 || bytes.n - 8 - keys < 8 || get64(bytes.p + 8) != get64(bytes.p + 8 + keys))
        return bad(err, "a map has not as many values as keys");
    SP_TRY(sp_build_open(to, err));
    SP_TRY(read_array((sp_str){ bytes.p + 8, keys }, t->fields[0].type, sp_builder_child(to, 0), err));
    SP_TRY(read_array((sp_str){ bytes.p + 8 + keys, bytes.n - 8 - keys }, t->fields[1].type, sp_builder_child(to, 1), err));
    return sp_build_close(to, err);
}

static sp_status read_struct(sp_str bytes, const sp_type *t, sp_builder *to, sp_error *err)
{
    SP_TRY(sp_build_open(to, err));
    SP_TRY(read_row(bytes, t, NULL, to, err));
    return sp_build_close(to, err);
}

static sp_status read_variant(sp_str bytes, sp_builder *to, sp_error *err)
{
    uint32_t value;
    if (bytes.n < 4 || (memcpy(&value, bytes.p, 4), value) > bytes.n - 4)
        return bad(err, "a variant is cut short");
    SP_TRY(sp_build_open(to, err));
    SP_TRY(sp_build_str(sp_builder_child(to, 0), (sp_str){ bytes.p + 4, value }, err));
    SP_TRY(sp_build_str(sp_builder_child(to, 1), (sp_str){ bytes.p + 4 + value, bytes.n - 4 - value }, err));
    return sp_build_close(to, err);
}

static sp_status read_variable(sp_str bytes, const sp_type *t, sp_builder *to, sp_error *err)
{
    switch (t->kind) {
    case SP_STRING: case SP_BINARY:
        return sp_build_str(to, bytes, err);
    case SP_DECIMAL: {
        if (bytes.n < 1 || bytes.n > 16)
            return bad(err, "a decimal has more than 16 bytes");
        __int128 v = bytes.p[0] < 0 ? -1 : 0;
        for (size_t i = 0; i < bytes.n; i++)
            v = (__int128)((unsigned __int128)v << 8 | (unsigned char)bytes.p[i]);
        if (sp_dec_digits(v) > t->precision)
            return bad(err, "a decimal has more digits than its type");
        return sp_build_decimal(to, v, err);
    }
    case SP_CALENDAR: {
        sp_calendar c;
        if (bytes.n != sizeof c)
            return bad(err, "an interval is cut short");
        memcpy(&c, bytes.p, sizeof c);
        return sp_build_calendar(to, c, err);
    }
    case SP_ARRAY:
        SP_TRY(sp_build_open(to, err));
        SP_TRY(read_array(bytes, t->fields[0].type, sp_builder_child(to, 0), err));
        return sp_build_close(to, err);
    case SP_MAP:
        return read_map(bytes, t, to, err);
    case SP_VARIANT:
        return read_variant(bytes, to, err);
    default:
        return read_struct(bytes, t, to, err);
    }
}

static sp_status read_fixed(const char *p, const sp_type *t, sp_builder *to, sp_error *err)
{
    int64_t l;
    int32_t i;
    int16_t h;
    float f;
    double d;
    switch (t->kind) {
    case SP_BOOLEAN: return sp_build_bool(to, *p != 0, err);
    case SP_BYTE: return sp_build_i64(to, (signed char)*p, err);
    case SP_SHORT: memcpy(&h, p, 2); return sp_build_i64(to, h, err);
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: memcpy(&i, p, 4); return sp_build_i64(to, i, err);
    case SP_FLOAT: memcpy(&f, p, 4); return sp_build_f64(to, f, err);
    case SP_DOUBLE: memcpy(&d, p, 8); return sp_build_f64(to, d, err);
    case SP_DECIMAL:
        memcpy(&l, p, 8);
        return sp_dec_digits(l) > t->precision ? bad(err, "a decimal has more digits than its type") : sp_build_decimal(to, l, err);
    default: memcpy(&l, p, 8); return sp_build_i64(to, l, err);
    }
}

static sp_status read_array(sp_str bytes, const sp_type *element, sp_builder *to, sp_error *err)
{
    if (bytes.n < 8)
        return bad(err, "an array is cut short");
    uint64_t count = get64(bytes.p);
    size_t width = sp_unsafe_element_size(element);
    if (count > bytes.n)
        return bad(err, "an array claims more elements than its bytes hold");
    size_t bits = (count + 63) / 64 * 8;
    if (8 + bits + count * width > bytes.n)
        return bad(err, "an array claims more elements than its bytes hold");
    for (uint64_t i = 0; i < count; i++) {
        const char *p = bytes.p + 8 + bits + i * width;
        sp_str value;
        if (element->kind == SP_VOID || bit(bytes.p + 8, (uint32_t)i)) {
            SP_TRY(sp_build_null(to, err));
        } else if (sp_unsafe_is_variable(element)) {
            SP_TRY(slice(bytes, get64(p), &value, err));
            SP_TRY(read_variable(value, element, to, err));
        } else {
            SP_TRY(read_fixed(p, element, to, err));
        }
    }
    return SP_OK;
}

/* The fields' builders are given, or are the children of parent. */
static sp_status read_row(sp_str row, const sp_type *t, sp_builder *const *fields, sp_builder *parent, sp_error *err)
{
    size_t bits = sp_bit_words((uint32_t)t->field_count) * 8;
    if (row.n < bits + 8 * (size_t)t->field_count)
        return bad(err, "it is shorter than its fields");
    for (int i = 0; i < t->field_count; i++) {
        const sp_type *type = t->fields[i].type;
        const char *p = row.p + bits + 8 * (size_t)i;
        sp_builder *to = fields ? fields[i] : sp_builder_child(parent, i);
        sp_str value;
        if (type->kind == SP_VOID || bit(row.p, (uint32_t)i)) {
            SP_TRY(sp_build_null(to, err));
        } else if (sp_unsafe_is_variable(type)) {
            SP_TRY(slice(row, get64(p), &value, err));
            SP_TRY(read_variable(value, type, to, err));
        } else {
            SP_TRY(read_fixed(p, type, to, err));
        }
    }
    return SP_OK;
}

sp_status sp_unsafe_decode(sp_str row, const sp_type *struct_type, sp_builder *const *fields, sp_error *err)
{
    return read_row(row, struct_type, fields, NULL, err);
}
