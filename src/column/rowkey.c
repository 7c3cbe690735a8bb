/* rowkey.c -- hashes of rows, a column at a time.
 *
 * From: org.apache.spark.sql.catalyst.expressions.Murmur3Hash (HashExpression, InterpretedHashFunction): the hash so
 * far is the seed of the next column; a null leaves it; arrays, maps and structs fold their elements; -0.0 counts as
 * 0.0 and every NaN as the canonical one; decimals of more than 18 digits are hashed as the bytes of their
 * BigInteger.
 * Our table hash multiplies 64 x 64 bits and folds the halves; a string of up to 12 bytes is its 16-byte
 * view, two words. */
#include "column/rowkey.h"

#include "column/vec_int.h"

/* Which row of the vector is the i-th to hash. */
#define ROW(i) (sel ? sel[i] : (i))

static inline uint32_t f32_bits(float f)
{
    uint32_t bits;
    if (f == 0) return 0;
    if (f != f) return 0x7fc00000u;
    memcpy(&bits, &f, 4);
    return bits;
}

static inline uint64_t f64_bits(double d)
{
    uint64_t bits;
    if (d == 0) return 0;
    if (d != d) return 0x7ff8000000000000ull;
    memcpy(&bits, &d, 8);
    return bits;
}

/* ---- Spark's Murmur3 ---- */

static inline uint32_t murmur_round(uint32_t h, uint32_t k)
{
    k *= 0xcc9e2d51u;
    k = k << 15 | k >> 17;
    h ^= k * 0x1b873593u;
    return (h << 13 | h >> 19) * 5 + 0xe6546b64u;
}

static inline uint32_t murmur_end(uint32_t h, uint32_t n)
{
    h ^= n;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

/* hashInt and hashLong of base/hash.h, inline: these run once for every row of every partitioning column. */
static inline uint32_t murmur_int(uint32_t v, uint32_t seed) { return murmur_end(murmur_round(seed, v), 4); }
static inline uint32_t murmur_long(uint64_t v, uint32_t seed)
{
    return murmur_end(murmur_round(murmur_round(seed, (uint32_t)v), (uint32_t)(v >> 32)), 8);
}

/* BigInteger.toByteArray: the shortest big-endian two's complement. */
static uint32_t murmur_big_integer(__int128 v, uint32_t seed)
{
    uint8_t bytes[16];
    for (int i = 0; i < 16; i++) bytes[i] = (uint8_t)((unsigned __int128)v >> (8 * (15 - i)));
    int skip = 0;
    uint8_t sign = v < 0 ? 0xff : 0;
    while (skip < 15 && bytes[skip] == sign && (bytes[skip + 1] & 0x80) == (sign & 0x80)) skip++;
    return sp_murmur3_bytes(bytes + skip, (size_t)(16 - skip), seed);
}

static uint32_t murmur_row(const sp_vec *v, uint32_t row, uint32_t seed);

static uint32_t murmur_list(const sp_vec *v, uint32_t row, uint32_t seed)
{
    sp_list list = ((const sp_list *)v->data)[row];
    for (uint32_t i = 0; i < list.length; i++)
        for (int c = 0; c < v->child_count; c++) seed = murmur_row(v->child[c], list.offset + i, seed);
    return seed;
}

static uint32_t murmur_row(const sp_vec *v, uint32_t row, uint32_t seed)
{
    if (!sp_vec_seek(&v, &row)) return seed;
    const void *d = v->data;
    switch (v->type->kind) {
    case SP_BOOLEAN: return murmur_int(((const uint8_t *)d)[row] != 0, seed);
    case SP_BYTE: return murmur_int((uint32_t)((const int8_t *)d)[row], seed);
    case SP_SHORT: return murmur_int((uint32_t)((const int16_t *)d)[row], seed);
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: return murmur_int(((const uint32_t *)d)[row], seed);
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        return murmur_long(((const uint64_t *)d)[row], seed);
    case SP_FLOAT: return murmur_int(f32_bits(((const float *)d)[row]), seed);
    case SP_DOUBLE: return murmur_long(f64_bits(((const double *)d)[row]), seed);
    case SP_DECIMAL:
        if (v->type->precision <= 18) return murmur_long((uint64_t)((const __int128 *)d)[row], seed);
        return murmur_big_integer(((const __int128 *)d)[row], seed);
    case SP_STRING: case SP_BINARY: {
        const sp_view *s = (const sp_view *)d + row;
        return sp_murmur3_bytes(sp_view_data(s), s->len, seed);
    }
    case SP_CALENDAR: {
        const sp_calendar *c = (const sp_calendar *)d + row;
        return murmur_int((uint32_t)c->months, murmur_int((uint32_t)c->days, murmur_long((uint64_t)c->us, seed)));
    }
    case SP_ARRAY: case SP_MAP: return murmur_list(v, row, seed);
    default:
        for (int c = 0; c < v->child_count; c++) seed = murmur_row(v->child[c], row, seed);
        return seed;
    }
}

#define FOLD(T, expression) do { \
        const T *d = v->data; \
        for (uint32_t i = 0; i < count; i++) { \
            uint32_t r = ROW(i); \
            if (v->valid && !sp_bit_get(v->valid, r)) continue; \
            T x = d[r]; \
            hashes[i] = expression; \
        } \
    } while (0)

static void murmur_column(const sp_vec *v, const uint32_t *sel, uint32_t count, uint32_t *hashes)
{
    sp_kind k = v->form == SP_FLAT ? v->type->kind : SP_KIND_COUNT;
    switch (k) {
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: FOLD(uint32_t, murmur_int(x, hashes[i])); break;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        FOLD(uint64_t, murmur_long(x, hashes[i]));
        break;
    case SP_DOUBLE: FOLD(double, murmur_long(f64_bits(x), hashes[i])); break;
    case SP_STRING: case SP_BINARY: FOLD(sp_view, sp_murmur3_bytes(sp_view_data(&x), x.len, hashes[i])); break;
    default:
        for (uint32_t i = 0; i < count; i++) hashes[i] = murmur_row(v, ROW(i), hashes[i]);
    }
}

void sp_rows_murmur3(const sp_vec *const *columns, int column_count, const uint32_t *sel, uint32_t count,
                     uint32_t *hashes)
{
    for (uint32_t i = 0; i < count; i++) hashes[i] = 42;
    for (int c = 0; c < column_count; c++) murmur_column(columns[c], sel, count, hashes);
}

/* ---- our own ---- */

#define K1 0xa0761d6478bd642full
#define K2 0xe7037ed1a0b428dbull
#define NULL_WORD 0x8ebc6af09c88c6e3ull

static inline uint64_t fold_mul(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t mix_word(uint64_t h, uint64_t x) { return fold_mul(h ^ K1, x ^ K2 ^ (h << 1)); }
static inline uint64_t mix_words(uint64_t h, uint64_t x, uint64_t y) { return fold_mul(x ^ h ^ K1, y ^ K2) ^ h; }

static inline uint64_t mix_view(uint64_t h, const sp_view *s)
{
    uint64_t w[2];
    if (s->len > SP_VIEW_INLINE) return mix_words(h, sp_hash_bytes(s->ptr, s->len), s->len);
    memcpy(w, s, 16);
    return mix_words(h, w[0], w[1]);
}

static inline uint64_t mix_decimal(uint64_t h, __int128 v)
{
    return mix_words(h, (uint64_t)v, (uint64_t)((unsigned __int128)v >> 64));
}

static uint64_t hash_row(const sp_vec *v, uint32_t row, uint64_t h)
{
    if (!sp_vec_seek(&v, &row)) return mix_word(h, NULL_WORD);
    const void *d = v->data;
    switch (v->type->kind) {
    case SP_BOOLEAN: return mix_word(h, ((const uint8_t *)d)[row] != 0);
    case SP_BYTE: return mix_word(h, (uint64_t)((const int8_t *)d)[row]);
    case SP_SHORT: return mix_word(h, (uint64_t)((const int16_t *)d)[row]);
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: return mix_word(h, (uint64_t)((const int32_t *)d)[row]);
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        return mix_word(h, ((const uint64_t *)d)[row]);
    case SP_FLOAT: return mix_word(h, f32_bits(((const float *)d)[row]));
    case SP_DOUBLE: return mix_word(h, f64_bits(((const double *)d)[row]));
    case SP_DECIMAL: return mix_decimal(h, ((const __int128 *)d)[row]);
    case SP_STRING: case SP_BINARY: return mix_view(h, (const sp_view *)d + row);
    case SP_CALENDAR: {
        const sp_calendar *c = (const sp_calendar *)d + row;
        return mix_words(h, (uint64_t)(uint32_t)c->months << 32 | (uint32_t)c->days, (uint64_t)c->us);
    }
    case SP_ARRAY: case SP_MAP: {
        sp_list list = ((const sp_list *)d)[row];
        h = mix_word(h, list.length);
        for (uint32_t i = 0; i < list.length; i++)
            for (int c = 0; c < v->child_count; c++) h = hash_row(v->child[c], list.offset + i, h);
        return h;
    }
    default:
        for (int c = 0; c < v->child_count; c++) h = hash_row(v->child[c], row, h);
        return h;
    }
}

#define MIX(T, expression) do { \
        const T *d = v->data; \
        if (!v->valid) for (uint32_t i = 0; i < count; i++) { \
            uint64_t h = hashes[i]; \
            T x = d[ROW(i)]; \
            hashes[i] = expression; \
        } \
        else for (uint32_t i = 0; i < count; i++) { \
            uint32_t r = ROW(i); \
            uint64_t h = hashes[i]; \
            T x = d[r]; \
            hashes[i] = sp_bit_get(v->valid, r) ? expression : mix_word(h, NULL_WORD); \
        } \
    } while (0)

/* A view under a null bit must not be followed. */
static void mix_views(const sp_vec *v, const uint32_t *sel, uint32_t count, uint64_t *hashes)
{
    const sp_view *d = v->data;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t r = ROW(i);
        bool live = !v->valid || sp_bit_get(v->valid, r);
        hashes[i] = live ? mix_view(hashes[i], &d[r]) : mix_word(hashes[i], NULL_WORD);
    }
}

static void hash_column(const sp_vec *v, const uint32_t *sel, uint32_t count, uint64_t *hashes)
{
    sp_kind k = v->form == SP_FLAT ? v->type->kind : SP_KIND_COUNT;
    switch (k) {
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: MIX(int32_t, mix_word(h, (uint64_t)x)); break;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        MIX(uint64_t, mix_word(h, x));
        break;
    case SP_DOUBLE: MIX(double, mix_word(h, f64_bits(x))); break;
    case SP_DECIMAL: MIX(__int128, mix_decimal(h, x)); break;
    case SP_STRING: case SP_BINARY: mix_views(v, sel, count, hashes); break;
    default:
        for (uint32_t i = 0; i < count; i++) hashes[i] = hash_row(v, ROW(i), hashes[i]);
    }
}

void sp_rows_hash(const sp_vec *const *columns, int column_count, const uint32_t *sel, uint32_t count, uint64_t *hashes)
{
    for (uint32_t i = 0; i < count; i++) hashes[i] = (uint64_t)column_count;
    for (int c = 0; c < column_count; c++) hash_column(columns[c], sel, count, hashes);
}
