/* fn_hash.c -- hash() and xxhash64(): Spark's Murmur3Hash and XxHash64 over rows, seed 42, nulls skipped, nested
 * values element by element (hash.scala, HashExpression). */
#include "function/function_int.h"

static uint32_t murmur_dec(sp_dec v, const sp_type *t, uint32_t seed)
{
    if (t->precision <= 18) return sp_murmur3_long((int64_t)v, seed);
    /* BigInteger.toByteArray: shortest two's complement, big-endian */
    uint8_t bytes[16];
    int n = 16;
    for (int i = 0; i < 16; i++) bytes[i] = (uint8_t)((unsigned __int128)v >> (8 * (15 - i)));
    int from = 0;
    while (n - from > 1 && ((bytes[from] == 0 && bytes[from + 1] < 128) ||
        (bytes[from] == 255 && bytes[from + 1] >= 128))) from++;
    return sp_murmur3_bytes(bytes + from, (size_t)(n - from), seed);
}

static uint64_t xx_dec(sp_dec v, const sp_type *t, uint64_t seed)
{
    if (t->precision <= 18) return sp_xxhash64_long((int64_t)v, seed);
    uint8_t bytes[16];
    for (int i = 0; i < 16; i++) bytes[i] = (uint8_t)((unsigned __int128)v >> (8 * (15 - i)));
    int from = 0;
    while (15 - from > 0 && ((bytes[from] == 0 && bytes[from + 1] < 128) ||
        (bytes[from] == 255 && bytes[from + 1] >= 128))) from++;
    return sp_xxhash64(bytes + from, (size_t)(16 - from), seed);
}

static int32_t float_bits(float f)
{
    int32_t b;
    if (f == 0) f = 0.0f;
    if (f != f) f = __builtin_nanf("");
    memcpy(&b, &f, 4);
    return b;
}

static int64_t double_bits(double d)
{
    int64_t b;
    if (d == 0) d = 0.0;
    if (d != d) d = __builtin_nan("");
    memcpy(&b, &d, 8);
    return b;
}

#define HASH_VALUE(NAME, H, INT, LONG, BYTES, DEC)                                                                     \
    H NAME(const sp_vec *v, uint32_t row, H seed)                                                                      \
    {                                                                                                                  \
        if (v->form == SP_DICT) {                                                                                      \
            if (v->valid && !sp_bit_get(v->valid, row)) return seed;                                                   \
            return NAME(v->child[0], v->index[row], seed);                                                             \
        }                                                                                                              \
        if (v->type->kind == SP_VOID || sp_vec_is_null(v, row)) return seed;                                           \
        row = SP_AT(v, row);                                                                                           \
        switch (v->type->kind) {                                                                                       \
        case SP_BOOLEAN: case SP_BYTE: case SP_SHORT: case SP_INT: case SP_DATE: case SP_YEAR_MONTH:                   \
            return INT((int32_t)sp_vec_int_at(v, row), seed);                                                          \
        case SP_FLOAT: return INT(float_bits(((const float *)v->data)[row]), seed);                                    \
        case SP_DOUBLE: return LONG(double_bits(((const double *)v->data)[row]), seed);                                \
        case SP_DECIMAL: return DEC(((const sp_dec *)v->data)[row], v->type, seed);                                    \
        case SP_STRING: case SP_BINARY: {                                                                              \
            sp_str s = sp_view_str(&((const sp_view *)v->data)[row]);                                                  \
            return BYTES(s.p, s.n, seed);                                                                              \
        }                                                                                                              \
        case SP_CALENDAR: {                                                                                            \
            sp_calendar c = ((const sp_calendar *)v->data)[row];                                                       \
            return INT(c.months, INT(c.days, LONG(c.us, seed)));                                                       \
        }                                                                                                              \
        case SP_ARRAY: case SP_MAP: {                                                                                  \
            sp_list l = ((const sp_list *)v->data)[row];                                                               \
            for (uint32_t i = l.offset; i < l.offset + l.length; i++)                                                  \
                for (int c = 0; c < v->type->field_count; c++) seed = NAME(v->child[c], i, seed);                      \
            return seed;                                                                                               \
        }                                                                                                              \
        case SP_STRUCT: case SP_VARIANT:                                                                               \
            for (int c = 0; c < v->child_count; c++) seed = NAME(v->child[c], row, seed);                              \
            return seed;                                                                                               \
        default: return LONG(sp_vec_int_at(v, row), seed);                                                             \
        }                                                                                                              \
    }
HASH_VALUE(sp_spark_murmur3, uint32_t, sp_murmur3_int, sp_murmur3_long, sp_murmur3_bytes, murmur_dec)
HASH_VALUE(sp_spark_xxhash64, uint64_t, sp_xxhash64_int, sp_xxhash64_long, sp_xxhash64, xx_dec)

static bool has_map(const sp_type *t)
{
    if (t->kind == SP_MAP) return true;
    for (int i = 0; i < t->field_count; i++)
        if (has_map(t->fields[i].type)) return true;
    return false;
}

static sp_status bind_hash(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++)
        if (has_map(sp_bind_type(b, i)))
            return SP_FAIL(err, DATATYPE_MISMATCH__HASH_MAP_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
                sp_bind_function_id(b));
    b->type = sp_type_of(b->call->function->name[0] == 'x' ? SP_LONG : SP_INT);
    b->nullable = false;
    return SP_OK;
}

static sp_status kernel_hash(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        uint32_t h = 42;
        for (int a = 0; a < k->arg_count; a++) h = sp_spark_murmur3(k->args[a], i, h);
        SP_OUT(k, int32_t)[i] = (int32_t)h;
    }
    return SP_OK;
}

static sp_status kernel_xxhash64(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        uint64_t h = 42;
        for (int a = 0; a < k->arg_count; a++) h = sp_spark_xxhash64(k->args[a], i, h);
        SP_OUT(k, int64_t)[i] = (int64_t)h;
    }
    return SP_OK;
}

extern const sp_function sp_family_hash[];
const sp_function sp_family_hash[] = {
    { "hash", 1, -1, SP_FN_NULLS, bind_hash, kernel_hash, "2.0.0", "hash(a, ...): Murmur3, seed 42" },
    { "xxhash64", 1, -1, SP_FN_NULLS, bind_hash, kernel_xxhash64, "3.0.0", "xxhash64(a, ...): seed 42" },
    { 0 }
};
