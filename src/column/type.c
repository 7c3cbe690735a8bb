/* type.c -- making, comparing and copying types.
 *
 * From: org.apache.spark.sql.types (DecimalType, StructType, DataType.sameType: equalsIgnoreCaseAndNullability). */
#include "column/type.h"
#include <stdio.h>

#define PLAIN(k, ...) [k] = { .kind = k, __VA_ARGS__ }
static const sp_type plain_types[SP_KIND_COUNT] = {
    PLAIN(SP_VOID), PLAIN(SP_BOOLEAN), PLAIN(SP_BYTE), PLAIN(SP_SHORT), PLAIN(SP_INT), PLAIN(SP_LONG), PLAIN(SP_FLOAT),
    PLAIN(SP_DOUBLE), PLAIN(SP_DECIMAL, .precision = 10), PLAIN(SP_STRING), PLAIN(SP_BINARY), PLAIN(SP_DATE),
    PLAIN(SP_TIMESTAMP), PLAIN(SP_TIMESTAMP_NTZ), PLAIN(SP_TIME, .precision = 6),
    PLAIN(SP_YEAR_MONTH, .start_field = 0, .end_field = 1), PLAIN(SP_DAY_TIME, .start_field = 0, .end_field = 3),
    PLAIN(SP_CALENDAR), PLAIN(SP_VARIANT)
};
#undef PLAIN

const sp_type *sp_type_of(sp_kind kind)
{
    return sp_kind_is_nested(kind) || (unsigned)kind >= SP_KIND_COUNT ? NULL : &plain_types[kind];
}

static sp_type *type_new(sp_arena *a, sp_kind kind, int field_count, sp_error *err)
{
    sp_type *t = sp_arena_calloc(a, sizeof *t, err);
    if (!t) return NULL;
    t->kind = kind;
    t->field_count = field_count;
    if (field_count && !(t->fields = sp_arena_calloc(a, sizeof *t->fields * (size_t)field_count, err))) return NULL;
    return t;
}

/* fields is const to readers only. */
static inline sp_field *fields_of(sp_type *t) { return (sp_field *)t->fields; }

const sp_type *sp_type_decimal(sp_arena *a, int precision, int scale, sp_error *err)
{
    char p[16], s[16];
    snprintf(p, sizeof p, "%d", precision);
    snprintf(s, sizeof s, "%d", scale);
    if (scale > precision) {
        SP_FAIL(err, DECIMAL_SCALE_EXCEEDS_PRECISION, "scale", s, "precision", p);
        return NULL;
    }
    if (precision > 38) {
        SP_FAIL(err, DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision", p, "maxPrecision", "38");
        return NULL;
    }
    if (scale < 0 || precision < 0) {
        sp_error_internal(err, "Negative scale is not allowed: %d. Set the config "
                          "\"spark.sql.legacy.allowNegativeScaleOfDecimal\" to \"true\" to allow it.", scale);
        return NULL;
    }
    if (precision == 10 && scale == 0) return sp_type_of(SP_DECIMAL);
    sp_type *t = type_new(a, SP_DECIMAL, 0, err);
    if (!t) return NULL;
    t->precision = (uint8_t)precision;
    t->scale = (uint8_t)scale;
    return t;
}

const sp_type *sp_type_array(sp_arena *a, const sp_type *element, bool contains_null, sp_error *err)
{
    sp_type *t = type_new(a, SP_ARRAY, 1, err);
    if (t) fields_of(t)[0] = (sp_field){ SP_LIT("element"), element, contains_null, { NULL, 0 } };
    return t;
}

const sp_type *sp_type_map(sp_arena *a, const sp_type *key, const sp_type *value, bool contains_null, sp_error *err)
{
    sp_type *t = type_new(a, SP_MAP, 2, err);
    if (!t) return NULL;
    fields_of(t)[0] = (sp_field){ SP_LIT("key"), key, false, { NULL, 0 } };
    fields_of(t)[1] = (sp_field){ SP_LIT("value"), value, contains_null, { NULL, 0 } };
    return t;
}

const sp_type *sp_type_struct(sp_arena *a, const sp_field *fields, int count, sp_error *err)
{
    sp_type *t = type_new(a, SP_STRUCT, count, err);
    if (t && count) memcpy(fields_of(t), fields, sizeof *fields * (size_t)count);
    return t;
}

const sp_type *sp_type_interval(sp_arena *a, sp_kind kind, int start_field, int end_field, sp_error *err)
{
    SP_ASSERT(kind == SP_YEAR_MONTH || kind == SP_DAY_TIME);
    SP_ASSERT(start_field >= 0 && start_field <= end_field && end_field <= (kind == SP_YEAR_MONTH ? 1 : 3));
    sp_type *t = type_new(a, kind, 0, err);
    if (!t) return NULL;
    t->start_field = (uint8_t)start_field;
    t->end_field = (uint8_t)end_field;
    return t;
}

const sp_type *sp_type_copy(sp_arena *a, const sp_type *t, sp_error *err)
{
    if (t >= plain_types && t < plain_types + SP_KIND_COUNT) return t;
    sp_type *out = type_new(a, t->kind, t->field_count, err);
    if (!out) return NULL;
    sp_field *fields = fields_of(out);
    *out = *t;
    out->fields = fields;
    if (t->collation.p && !(out->collation = sp_str_copy(a, t->collation, err)).p) return NULL;
    for (int i = 0; i < t->field_count; i++) {
        const sp_field *f = &t->fields[i];
        fields[i] = *f;
        if (!(fields[i].name = sp_str_copy(a, f->name, err)).p) return NULL;
        if (f->metadata.p && !(fields[i].metadata = sp_str_copy(a, f->metadata, err)).p) return NULL;
        if (!(fields[i].type = sp_type_copy(a, f->type, err))) return NULL;
    }
    return out;
}

static bool type_same(const sp_type *a, const sp_type *b, bool strict)
{
    if (a == b) return true;
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->start_field != b->start_field ||
        a->end_field != b->end_field || a->field_count != b->field_count || a->length != b->length ||
        a->is_char != b->is_char || !sp_str_eq(a->collation, b->collation))
        return false;
    for (int i = 0; i < a->field_count; i++) {
        const sp_field *x = &a->fields[i], *y = &b->fields[i];
        if (strict && x->nullable != y->nullable) return false;
        if (!(strict ? sp_str_eq(x->name, y->name) : sp_str_eq_nocase(x->name, y->name))) return false;
        if (!type_same(x->type, y->type, strict)) return false;
    }
    return true;
}

bool sp_type_eq(const sp_type *a, const sp_type *b) { return type_same(a, b, true); }
bool sp_type_same(const sp_type *a, const sp_type *b) { return type_same(a, b, false); }

bool sp_type_is_orderable(const sp_type *t)
{
    if (t->kind == SP_MAP || t->kind == SP_VARIANT || t->kind == SP_CALENDAR) return false;
    for (int i = 0; i < t->field_count; i++)
        if (!sp_type_is_orderable(t->fields[i].type)) return false;
    return true;
}

int sp_type_find(const sp_type *struct_type, sp_str name, bool case_sensitive)
{
    int found = -1;
    for (int i = 0; i < struct_type->field_count; i++) {
        sp_str f = struct_type->fields[i].name;
        if (!(case_sensitive ? sp_str_eq(f, name) : sp_str_eq_nocase(f, name))) continue;
        if (found >= 0) return -2;
        found = i;
    }
    return found;
}
