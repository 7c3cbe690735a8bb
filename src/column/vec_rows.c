/* vec_rows.c -- equality and order of two rows of any kind and form.
 *
 * From: Spark's ordering of internal rows (InterpretedOrdering, SQLOrderingUtil): NaN equals NaN and is the largest,
 * -0.0 equals 0.0, strings by unsigned bytes, arrays element by element and then by length, structs field by field,
 * null smallest. Intervals with months order by months, days, microseconds (CalendarInterval has no order in Spark;
 * any will do here as long as it is one). Maps compare as arrays of entries: Spark compares none, but state keys and
 * tests do. */
#include "column/vec_int.h"

#define CMP(x, y) ((x) < (y) ? -1 : (x) > (y))

static int cmp_f64(double x, double y)
{
    bool nx = x != x, ny = y != y;
    if (nx || ny) return (int)nx - (int)ny;
    return CMP(x, y);
}

static int cmp_calendar(const sp_calendar *x, const sp_calendar *y)
{
    if (x->months != y->months) return CMP(x->months, y->months);
    if (x->days != y->days) return CMP(x->days, y->days);
    return CMP(x->us, y->us);
}

static int cmp_lists(const sp_vec *a, uint32_t i, const sp_vec *b, uint32_t j)
{
    const sp_list x = ((const sp_list *)a->data)[i], y = ((const sp_list *)b->data)[j];
    uint32_t n = x.length < y.length ? x.length : y.length;
    for (uint32_t k = 0; k < n; k++)
        for (int c = 0; c < a->child_count; c++) {
            int r = sp_vec_rows_cmp(a->child[c], x.offset + k, b->child[c], y.offset + k);
            if (r) return r;
        }
    return CMP(x.length, y.length);
}

#define CMP_AS(T) CMP(((const T *)a->data)[i], ((const T *)b->data)[j])
int sp_vec_rows_cmp(const sp_vec *a, uint32_t i, const sp_vec *b, uint32_t j)
{
    bool la = sp_vec_seek(&a, &i), lb = sp_vec_seek(&b, &j);
    if (!la || !lb) return (int)la - (int)lb;
    switch (a->type->kind) {
    case SP_BOOLEAN: return CMP_AS(uint8_t);
    case SP_BYTE: return CMP_AS(int8_t);
    case SP_SHORT: return CMP_AS(int16_t);
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: return CMP_AS(int32_t);
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME: return CMP_AS(int64_t);
    case SP_FLOAT: return cmp_f64(((const float *)a->data)[i], ((const float *)b->data)[j]);
    case SP_DOUBLE: return cmp_f64(((const double *)a->data)[i], ((const double *)b->data)[j]);
    case SP_DECIMAL: return CMP_AS(__int128);
    case SP_STRING: case SP_BINARY: return sp_view_cmp((const sp_view *)a->data + i, (const sp_view *)b->data + j);
    case SP_CALENDAR: return cmp_calendar((const sp_calendar *)a->data + i, (const sp_calendar *)b->data + j);
    case SP_ARRAY: case SP_MAP: return cmp_lists(a, i, b, j);
    default:    /* STRUCT, VARIANT */
        for (int c = 0; c < a->child_count; c++) {
            int r = sp_vec_rows_cmp(a->child[c], i, b->child[c], j);
            if (r) return r;
        }
        return 0;
    }
}
#undef CMP_AS

bool sp_vec_rows_eq(const sp_vec *a, uint32_t i, const sp_vec *b, uint32_t j)
{
    bool la = sp_vec_seek(&a, &i), lb = sp_vec_seek(&b, &j);
    if (!la || !lb) return la == lb;
    switch (a->type->kind) {
    case SP_STRING: case SP_BINARY: return sp_view_eq((const sp_view *)a->data + i, (const sp_view *)b->data + j);
    case SP_ARRAY: case SP_MAP: {
        const sp_list x = ((const sp_list *)a->data)[i], y = ((const sp_list *)b->data)[j];
        if (x.length != y.length) return false;
        for (uint32_t k = 0; k < x.length; k++)
            for (int c = 0; c < a->child_count; c++)
                if (!sp_vec_rows_eq(a->child[c], x.offset + k, b->child[c], y.offset + k)) return false;
        return true;
    }
    case SP_STRUCT: case SP_VARIANT:
        for (int c = 0; c < a->child_count; c++)
            if (!sp_vec_rows_eq(a->child[c], i, b->child[c], j)) return false;
        return true;
    default:
        return sp_vec_rows_cmp(a, i, b, j) == 0;
    }
}
