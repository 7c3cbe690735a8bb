/* value.c -- single values: in and out of vectors, copies, equality.
 *
 * A nested value is row 0 of a one-row FLAT vector; all others sit in the sp_value itself. */
#include "column/value.h"

#include "column/vec_int.h"

sp_value sp_value_i64(sp_kind kind, int64_t i)
{
    sp_value v = sp_value_null(sp_type_of(kind));
    v.is_null = false;
    v.i64 = i;
    return v;
}

sp_value sp_value_f64(double d)
{
    sp_value v = sp_value_null(sp_type_of(SP_DOUBLE));
    v.is_null = false;
    v.f64 = d;
    return v;
}

sp_value sp_value_bool(bool b)
{
    sp_value v = sp_value_null(sp_type_of(SP_BOOLEAN));
    v.is_null = false;
    v.boolean = b;
    return v;
}

sp_value sp_value_str(sp_str s)
{
    sp_value v = sp_value_null(sp_type_of(SP_STRING));
    v.is_null = false;
    v.str = s;
    return v;
}

sp_status sp_value_at(const sp_vec *v, uint32_t row, sp_arena *a, sp_value *out, sp_error *err)
{
    *out = sp_value_null(v->type);
    if (!sp_vec_seek(&v, &row)) return SP_OK;
    out->is_null = false;
    switch (v->type->kind) {
    case SP_BOOLEAN: out->boolean = ((const uint8_t *)v->data)[row] != 0; break;
    case SP_BYTE: out->i64 = ((const int8_t *)v->data)[row]; break;
    case SP_SHORT: out->i64 = ((const int16_t *)v->data)[row]; break;
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: out->i64 = ((const int32_t *)v->data)[row]; break;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        out->i64 = ((const int64_t *)v->data)[row];
        break;
    case SP_FLOAT: out->f64 = ((const float *)v->data)[row]; break;
    case SP_DOUBLE: out->f64 = ((const double *)v->data)[row]; break;
    case SP_DECIMAL: out->decimal = ((const __int128 *)v->data)[row]; break;
    case SP_STRING: case SP_BINARY: {
        /* a short view holds its bytes inside itself, so the text stays where the vector is */
        const sp_view *view = (const sp_view *)v->data + row;
        out->str = sp_view_str(view);
        break;
    }
    case SP_CALENDAR: out->calendar = ((const sp_calendar *)v->data)[row]; break;
    default:
        if (!(out->vec = sp_vec_gather(v, &row, 1, a, err))) return SP_FAILED;
    }
    return SP_OK;
}

static void store(void *to, const sp_value *v)
{
    switch (v->type->kind) {
    case SP_BOOLEAN: *(uint8_t *)to = v->boolean; break;
    case SP_BYTE: *(int8_t *)to = (int8_t)v->i64; break;
    case SP_SHORT: *(int16_t *)to = (int16_t)v->i64; break;
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: *(int32_t *)to = (int32_t)v->i64; break;
    case SP_LONG: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        *(int64_t *)to = v->i64;
        break;
    case SP_FLOAT: *(float *)to = (float)v->f64; break;
    case SP_DOUBLE: *(double *)to = v->f64; break;
    case SP_DECIMAL: *(__int128 *)to = v->decimal; break;
    case SP_STRING: case SP_BINARY: *(sp_view *)to = sp_view_make(v->str.p, v->str.n); break;
    case SP_CALENDAR: *(sp_calendar *)to = v->calendar; break;
    default: break;
    }
}

sp_vec *sp_value_vec(const sp_value *v, uint32_t rows, sp_arena *a, sp_error *err)
{
    if (v->is_null) return sp_vec_new_null(a, v->type, rows, err);
    bool nested = sp_kind_is_nested(v->type->kind) || v->type->kind == SP_VARIANT;
    sp_vec *out = sp_vec_shell(a, v->type, rows, SP_CONST, 0, err);
    if (!out) return NULL;
    if (nested) {
        out->data = v->vec->data;
        out->child = v->vec->child;
        out->child_count = v->vec->child_count;
        return out;
    }
    if (!(out->data = sp_arena_calloc(a, 16, err))) return NULL;
    store(out->data, v);
    return out;
}

sp_status sp_value_copy(const sp_value *v, sp_arena *a, sp_value *out, sp_error *err)
{
    sp_value copy = *v;
    sp_kind k = v->type->kind;
    if (!(copy.type = sp_type_copy(a, v->type, err))) return SP_FAILED;
    if (!v->is_null) {
        if (k == SP_STRING || k == SP_BINARY) {
            copy.str = sp_str_copy(a, v->str, err);
            if (!copy.str.p) return SP_FAILED;
        } else if (sp_kind_is_nested(k) || k == SP_VARIANT) {
            sp_vec *vec = sp_vec_copy(v->vec, NULL, 1, a, err);
            if (!vec) return SP_FAILED;
            vec->type = copy.type;
            copy.vec = vec;
        }
    }
    *out = copy;
    return SP_OK;
}

bool sp_value_eq(const sp_value *a, const sp_value *b)
{
    if (!sp_type_same(a->type, b->type) || a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    switch (a->type->kind) {
    case SP_BOOLEAN: return a->boolean == b->boolean;
    case SP_FLOAT: case SP_DOUBLE: return a->f64 == b->f64 || (a->f64 != a->f64 && b->f64 != b->f64);
    case SP_DECIMAL: return a->decimal == b->decimal;
    case SP_STRING: case SP_BINARY: return sp_str_eq(a->str, b->str);
    case SP_CALENDAR:
        return a->calendar.months == b->calendar.months && a->calendar.days == b->calendar.days &&
               a->calendar.us == b->calendar.us;
    case SP_ARRAY: case SP_MAP: case SP_STRUCT: case SP_VARIANT: return sp_vec_rows_eq(a->vec, 0, b->vec, 0);
    default: return a->i64 == b->i64;
    }
}
