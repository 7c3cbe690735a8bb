/* planner_type.c -- Spark's types to and from Connect's DataType messages (DataTypeProtoConverter). */
#include "connect/planner_int.h"

/* ---- message to type ---- */

static sp_status struct_from(sp_arena *a, const Spark__Connect__DataType__Struct *s, const sp_type **out, sp_error *err)
{
    sp_field *fields;
    SP_NEW_ARRAY(fields, a, s->n_fields + 1, err);
    for (size_t i = 0; i < s->n_fields; i++) {
        const Spark__Connect__DataType__StructField *f = s->fields[i];
        fields[i].name = pb_str(f->name);
        fields[i].nullable = f->nullable;
        if (pb_has(f->metadata) && strcmp(f->metadata, "{}") != 0)
            fields[i].metadata = sp_str_of(f->metadata);
        SP_TRY(sp_proto_to_type(a, f->data_type, &fields[i].type, err));
    }
    *out = sp_type_struct(a, fields, (int)s->n_fields, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status string_type(sp_arena *a, sp_str collation, int length, bool is_char, const sp_type **out, sp_error *err)
{
    sp_type *t;
    SP_NEW(t, a, sizeof *t, err);
    t->kind = SP_STRING;
    if (!sp_str_is(collation, "UTF8_BINARY"))
        t->collation = collation.n ? collation : (sp_str){ 0 };
    t->length = length;
    t->is_char = is_char;
    *out = t;
    return SP_OK;
}

static sp_status interval_from(sp_arena *a, sp_kind kind, bool has_start, int start, bool has_end, int end, const sp_type **out,
                               sp_error *err)
{
    int last = kind == SP_YEAR_MONTH ? 1 : 3;
    if (!has_start)
        start = 0;
    if (!has_end)
        end = has_start ? start : last;
    if (start < 0 || end > last || start > end)
        return sp_planner_not_supported(err, "spark.connect.DataType.kind", "INTERVAL", kind == SP_YEAR_MONTH ? 18 : 19);
    *out = sp_type_interval(a, kind, start, end, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status time_from(sp_arena *a, const Spark__Connect__DataType__Time *m, const sp_type **out, sp_error *err)
{
    sp_type *t;
    SP_NEW(t, a, sizeof *t, err);
    t->kind = SP_TIME;
    t->precision = (uint8_t)(m->has_precision && m->precision >= 0 && m->precision <= 6 ? m->precision : 6);
    *out = t;
    return SP_OK;
}

static sp_status nested_from(sp_arena *a, const pb_type *t, const sp_type **out, sp_error *err)
{
    const sp_type *key, *value;
    if (t->kind_case == SPARK__CONNECT__DATA_TYPE__KIND_ARRAY) {
        SP_TRY(sp_proto_to_type(a, t->array->element_type, &value, err));
        *out = sp_type_array(a, value, t->array->contains_null, err);
    } else {
        SP_TRY(sp_proto_to_type(a, t->map->key_type, &key, err));
        SP_TRY(sp_proto_to_type(a, t->map->value_type, &value, err));
        *out = sp_type_map(a, key, value, t->map->value_contains_null, err);
    }
    return *out ? SP_OK : SP_FAILED;
}

static sp_status decimal_from(sp_arena *a, const Spark__Connect__DataType__Decimal *d, const sp_type **out, sp_error *err)
{
    int precision = d->has_precision ? d->precision : 10, scale = d->has_scale ? d->scale : 0;
    if (precision < 1 || precision > SP_DECIMAL_MAX || scale < 0 || scale > precision) {
        sp_buf b = { 0 };
        sp_buf_printf(&b, "decimal(%d,%d)", precision, scale);
        SP_FAIL(err, CONNECT_INVALID_PLAN__DATA_TYPE_UNSUPPORTED_PROTO_TO_CATALYST, "kindCase", sp_buf_cstr(&b));
        sp_buf_done(&b);
        return SP_FAILED;
    }
    *out = sp_type_decimal(a, precision, scale, err);
    return *out ? SP_OK : SP_FAILED;
}

static const sp_kind plain_kinds[] = {
    [SPARK__CONNECT__DATA_TYPE__KIND_BINARY] = SP_BINARY, [SPARK__CONNECT__DATA_TYPE__KIND_BOOLEAN] = SP_BOOLEAN,
    [SPARK__CONNECT__DATA_TYPE__KIND_BYTE] = SP_BYTE, [SPARK__CONNECT__DATA_TYPE__KIND_SHORT] = SP_SHORT,
    [SPARK__CONNECT__DATA_TYPE__KIND_INTEGER] = SP_INT, [SPARK__CONNECT__DATA_TYPE__KIND_LONG] = SP_LONG,
    [SPARK__CONNECT__DATA_TYPE__KIND_FLOAT] = SP_FLOAT, [SPARK__CONNECT__DATA_TYPE__KIND_DOUBLE] = SP_DOUBLE,
    [SPARK__CONNECT__DATA_TYPE__KIND_DATE] = SP_DATE, [SPARK__CONNECT__DATA_TYPE__KIND_TIMESTAMP] = SP_TIMESTAMP,
    [SPARK__CONNECT__DATA_TYPE__KIND_TIMESTAMP_NTZ] = SP_TIMESTAMP_NTZ,
    [SPARK__CONNECT__DATA_TYPE__KIND_CALENDAR_INTERVAL] = SP_CALENDAR, [SPARK__CONNECT__DATA_TYPE__KIND_VARIANT] = SP_VARIANT,
};

sp_status sp_proto_to_type(sp_arena *a, const pb_type *t, const sp_type **out, sp_error *err)
{
    if (!t)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.DataType", "name", "kind");
    switch ((int)t->kind_case) {
    case SPARK__CONNECT__DATA_TYPE__KIND_NULL: *out = sp_type_of(SP_VOID); return SP_OK;
    case SPARK__CONNECT__DATA_TYPE__KIND_DECIMAL: return decimal_from(a, t->decimal, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_STRING:
        if (!pb_has(t->string->collation)) {
            *out = sp_type_of(SP_STRING);
            return SP_OK;
        }
        return string_type(a, sp_str_of(t->string->collation), 0, false, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_CHAR: return string_type(a, (sp_str){ 0 }, t->char_->length, true, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_VAR_CHAR: return string_type(a, (sp_str){ 0 }, t->var_char->length, false, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_YEAR_MONTH_INTERVAL: {
        const Spark__Connect__DataType__YearMonthInterval *i = t->year_month_interval;
        return interval_from(a, SP_YEAR_MONTH, i->has_start_field, i->start_field, i->has_end_field, i->end_field, out, err);
    }
    case SPARK__CONNECT__DATA_TYPE__KIND_DAY_TIME_INTERVAL: {
        const Spark__Connect__DataType__DayTimeInterval *i = t->day_time_interval;
        return interval_from(a, SP_DAY_TIME, i->has_start_field, i->start_field, i->has_end_field, i->end_field, out, err);
    }
    case SPARK__CONNECT__DATA_TYPE__KIND_ARRAY:
    case SPARK__CONNECT__DATA_TYPE__KIND_MAP: return nested_from(a, t, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_STRUCT: return struct_from(a, t->struct_, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_TIME: return time_from(a, t->time, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_UDT: return sp_proto_to_type(a, t->udt->sql_type, out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_UNPARSED: return sp_type_parse(a, pb_str(t->unparsed->data_type_string), out, err);
    case SPARK__CONNECT__DATA_TYPE__KIND_GEOMETRY:
    case SPARK__CONNECT__DATA_TYPE__KIND_GEOGRAPHY:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__DATA_TYPE_UNSUPPORTED_PROTO_TO_CATALYST, "kindCase",
                       t->kind_case == SPARK__CONNECT__DATA_TYPE__KIND_GEOMETRY ? "GEOMETRY" : "GEOGRAPHY");
    case SPARK__CONNECT__DATA_TYPE__KIND__NOT_SET:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__DATA_TYPE_UNSUPPORTED_PROTO_TO_CATALYST, "kindCase", "KIND_NOT_SET");
    default: *out = sp_type_of(plain_kinds[t->kind_case]); return SP_OK;
    }
}

/* ---- type to message ---- */

/* An arena-made message of a kind, initialised. */
#define MAKE(p, type, init) \
    do { \
        static const type blank = init; \
        if (!((p) = sp_arena_alloc(a, sizeof(type), err))) \
            return NULL; \
        memcpy((p), &blank, sizeof(type)); \
    } while (0)

static char *keep(sp_arena *a, sp_str s, sp_error *err)
{
    return sp_arena_strndup(a, s.p ? s.p : "", s.n, err);
}

static Spark__Connect__DataType__Struct *struct_to(sp_arena *a, const sp_type *t, sp_error *err)
{
    Spark__Connect__DataType__Struct *s;
    MAKE(s, Spark__Connect__DataType__Struct, SPARK__CONNECT__DATA_TYPE__STRUCT__INIT);
    s->fields = sp_arena_calloc(a, sizeof *s->fields * (size_t)(t->field_count + 1), err);
    if (!s->fields)
        return NULL;
    for (int i = 0; i < t->field_count; i++) {
        Spark__Connect__DataType__StructField *f;
        MAKE(f, Spark__Connect__DataType__StructField, SPARK__CONNECT__DATA_TYPE__STRUCT_FIELD__INIT);
        f->name = keep(a, t->fields[i].name, err);
        f->nullable = t->fields[i].nullable;
        f->data_type = sp_type_to_proto(a, t->fields[i].type, err);
        f->metadata = keep(a, t->fields[i].metadata.p ? t->fields[i].metadata : SP_LIT("{}"), err);
        if (!f->name || !f->data_type || !f->metadata)
            return NULL;
        s->fields[s->n_fields++] = f;
    }
    return s;
}

static bool nested_to(sp_arena *a, const sp_type *t, pb_type *out, sp_error *err);
static bool sized_to(sp_arena *a, const sp_type *t, pb_type *out, sp_error *err);

/* Kinds whose message has no fields that matter. */
#define PLAIN(sp, member, Name, UPPER) \
    case sp: \
        MAKE(out->member, Spark__Connect__DataType__##Name, SPARK__CONNECT__DATA_TYPE__##UPPER##__INIT); \
        break

pb_type *sp_type_to_proto(sp_arena *a, const sp_type *t, sp_error *err)
{
    static const int cases[SP_KIND_COUNT] = {
        [SP_VOID] = SPARK__CONNECT__DATA_TYPE__KIND_NULL, [SP_BOOLEAN] = SPARK__CONNECT__DATA_TYPE__KIND_BOOLEAN,
        [SP_BYTE] = SPARK__CONNECT__DATA_TYPE__KIND_BYTE, [SP_SHORT] = SPARK__CONNECT__DATA_TYPE__KIND_SHORT,
        [SP_INT] = SPARK__CONNECT__DATA_TYPE__KIND_INTEGER, [SP_LONG] = SPARK__CONNECT__DATA_TYPE__KIND_LONG,
        [SP_FLOAT] = SPARK__CONNECT__DATA_TYPE__KIND_FLOAT, [SP_DOUBLE] = SPARK__CONNECT__DATA_TYPE__KIND_DOUBLE,
        [SP_DECIMAL] = SPARK__CONNECT__DATA_TYPE__KIND_DECIMAL, [SP_STRING] = SPARK__CONNECT__DATA_TYPE__KIND_STRING,
        [SP_BINARY] = SPARK__CONNECT__DATA_TYPE__KIND_BINARY, [SP_DATE] = SPARK__CONNECT__DATA_TYPE__KIND_DATE,
        [SP_TIMESTAMP] = SPARK__CONNECT__DATA_TYPE__KIND_TIMESTAMP, [SP_TIMESTAMP_NTZ] = SPARK__CONNECT__DATA_TYPE__KIND_TIMESTAMP_NTZ,
        [SP_TIME] = SPARK__CONNECT__DATA_TYPE__KIND_TIME, [SP_YEAR_MONTH] = SPARK__CONNECT__DATA_TYPE__KIND_YEAR_MONTH_INTERVAL,
        [SP_DAY_TIME] = SPARK__CONNECT__DATA_TYPE__KIND_DAY_TIME_INTERVAL, [SP_CALENDAR] = SPARK__CONNECT__DATA_TYPE__KIND_CALENDAR_INTERVAL,
        [SP_ARRAY] = SPARK__CONNECT__DATA_TYPE__KIND_ARRAY, [SP_MAP] = SPARK__CONNECT__DATA_TYPE__KIND_MAP,
        [SP_STRUCT] = SPARK__CONNECT__DATA_TYPE__KIND_STRUCT, [SP_VARIANT] = SPARK__CONNECT__DATA_TYPE__KIND_VARIANT,
    };
    pb_type *out;
    MAKE(out, pb_type, SPARK__CONNECT__DATA_TYPE__INIT);
    out->kind_case = (Spark__Connect__DataType__KindCase)cases[t->kind];
    switch (t->kind) {
        PLAIN(SP_VOID, null, NULL, NULL);
        PLAIN(SP_BOOLEAN, boolean, Boolean, BOOLEAN);
        PLAIN(SP_BYTE, byte, Byte, BYTE);
        PLAIN(SP_SHORT, short_, Short, SHORT);
        PLAIN(SP_INT, integer, Integer, INTEGER);
        PLAIN(SP_LONG, long_, Long, LONG);
        PLAIN(SP_FLOAT, float_, Float, FLOAT);
        PLAIN(SP_DOUBLE, double_, Double, DOUBLE);
        PLAIN(SP_BINARY, binary, Binary, BINARY);
        PLAIN(SP_DATE, date, Date, DATE);
        PLAIN(SP_TIMESTAMP, timestamp, Timestamp, TIMESTAMP);
        PLAIN(SP_TIMESTAMP_NTZ, timestamp_ntz, TimestampNTZ, TIMESTAMP_NTZ);
        PLAIN(SP_CALENDAR, calendar_interval, CalendarInterval, CALENDAR_INTERVAL);
        PLAIN(SP_VARIANT, variant, Variant, VARIANT);
    case SP_ARRAY: case SP_MAP: return nested_to(a, t, out, err) ? out : NULL;
    case SP_STRUCT: return (out->struct_ = struct_to(a, t, err)) ? out : NULL;
    default: return sized_to(a, t, out, err) ? out : NULL;
    }
    return out;
}

#undef MAKE
#define MAKE(p, type, init) \
    do { \
        static const type blank = init; \
        if (!((p) = sp_arena_alloc(a, sizeof(type), err))) \
            return false; \
        memcpy((p), &blank, sizeof(type)); \
    } while (0)

static bool nested_to(sp_arena *a, const sp_type *t, pb_type *out, sp_error *err)
{
    if (t->kind == SP_ARRAY) {
        MAKE(out->array, Spark__Connect__DataType__Array, SPARK__CONNECT__DATA_TYPE__ARRAY__INIT);
        out->array->contains_null = t->fields[0].nullable;
        return (out->array->element_type = sp_type_to_proto(a, t->fields[0].type, err)) != NULL;
    }
    MAKE(out->map, Spark__Connect__DataType__Map, SPARK__CONNECT__DATA_TYPE__MAP__INIT);
    out->map->value_contains_null = t->fields[1].nullable;
    out->map->key_type = sp_type_to_proto(a, t->fields[0].type, err);
    out->map->value_type = out->map->key_type ? sp_type_to_proto(a, t->fields[1].type, err) : NULL;
    return out->map->value_type != NULL;
}

static bool string_to(sp_arena *a, const sp_type *t, pb_type *out, sp_error *err)
{
    if (t->length > 0 && t->is_char) {
        out->kind_case = SPARK__CONNECT__DATA_TYPE__KIND_CHAR;
        MAKE(out->char_, Spark__Connect__DataType__Char, SPARK__CONNECT__DATA_TYPE__CHAR__INIT);
        out->char_->length = t->length;
        return true;
    }
    if (t->length > 0) {
        out->kind_case = SPARK__CONNECT__DATA_TYPE__KIND_VAR_CHAR;
        MAKE(out->var_char, Spark__Connect__DataType__VarChar, SPARK__CONNECT__DATA_TYPE__VAR_CHAR__INIT);
        out->var_char->length = t->length;
        return true;
    }
    MAKE(out->string, Spark__Connect__DataType__String, SPARK__CONNECT__DATA_TYPE__STRING__INIT);
    out->string->collation = keep(a, t->collation.p ? t->collation : SP_LIT("UTF8_BINARY"), err);
    return out->string->collation != NULL;
}

static bool sized_to(sp_arena *a, const sp_type *t, pb_type *out, sp_error *err)
{
    switch (t->kind) {
    case SP_STRING: return string_to(a, t, out, err);
    case SP_DECIMAL:
        MAKE(out->decimal, Spark__Connect__DataType__Decimal, SPARK__CONNECT__DATA_TYPE__DECIMAL__INIT);
        out->decimal->has_precision = out->decimal->has_scale = true;
        out->decimal->precision = t->precision;
        out->decimal->scale = t->scale;
        return true;
    case SP_TIME:
        MAKE(out->time, Spark__Connect__DataType__Time, SPARK__CONNECT__DATA_TYPE__TIME__INIT);
        out->time->has_precision = true;
        out->time->precision = t->precision;
        return true;
    case SP_YEAR_MONTH:
        MAKE(out->year_month_interval, Spark__Connect__DataType__YearMonthInterval, SPARK__CONNECT__DATA_TYPE__YEAR_MONTH_INTERVAL__INIT);
        out->year_month_interval->has_start_field = out->year_month_interval->has_end_field = true;
        out->year_month_interval->start_field = t->start_field;
        out->year_month_interval->end_field = t->end_field;
        return true;
    default:
        MAKE(out->day_time_interval, Spark__Connect__DataType__DayTimeInterval, SPARK__CONNECT__DATA_TYPE__DAY_TIME_INTERVAL__INIT);
        out->day_time_interval->has_start_field = out->day_time_interval->has_end_field = true;
        out->day_time_interval->start_field = t->start_field;
        out->day_time_interval->end_field = t->end_field;
        return true;
    }
}
