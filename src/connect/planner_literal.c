/* planner_literal.c -- Connect's Literal messages to and from values (LiteralValueProtoConverter).
 *
 * A scalar's type is its case in the message, refined by data_type where one is sent; arrays, maps and structs are built row by row with a
 * builder of their type, so that a literal inside must be of the type around it (INCOMPATIBLE_LITERAL_DATA_TYPE). */
#include "connect/planner_int.h"

/* Names of the cases, as protobuf's Java enum spells them. */
static const char *case_name(const pb_literal *l)
{
    static const struct { int number; const char *name; } names[] = {
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL, "NULL" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BINARY, "BINARY" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BOOLEAN, "BOOLEAN" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BYTE, "BYTE" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SHORT, "SHORT" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_INTEGER, "INTEGER" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_LONG, "LONG" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_FLOAT, "FLOAT" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DOUBLE, "DOUBLE" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL, "DECIMAL" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING, "STRING" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DATE, "DATE" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP, "TIMESTAMP" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP_NTZ, "TIMESTAMP_NTZ" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY, "ARRAY" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP, "MAP" },
        { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT, "STRUCT" }, { SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIME, "TIME" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == (int)l->literal_type_case)
            return names[i].name;
    return "LITERALTYPE_NOT_SET";
}

static sp_status incompatible(const pb_literal *l, const sp_type *t, sp_error *err)
{
    sp_buf b = { 0 };
    sp_type_sql(&b, t);
    SP_FAIL(err, CONNECT_INVALID_PLAN__INCOMPATIBLE_LITERAL_DATA_TYPE, "dataTypeKindCase", sp_buf_cstr(&b), "literalTypeCase", case_name(l));
    sp_buf_done(&b);
    return SP_FAILED;
}

/* ---- what type a literal has ---- */

static sp_status decimal_type(sp_planner *p, const Spark__Connect__Expression__Literal__Decimal *d, const sp_type **out, sp_error *err)
{
    sp_dec unscaled;
    int scale;
    if (!sp_dec_parse(pb_str(d->value), &unscaled, &scale))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "Character array is missing \"exponent\" mark 'e' or 'E': %s", d->value ? d->value : "");
    int digits = sp_dec_digits(unscaled);
    if (scale < 0) {
        digits -= scale;
        scale = 0;
    }
    int precision = digits;
    if (d->has_precision && d->precision > precision)   /* clients send DecimalType()'s 10 and 0 beside "1.10" */
        precision = d->precision;
    if (d->has_scale && d->scale > scale)
        scale = d->scale;
    if (precision < scale)
        precision = scale;
    if (precision > SP_DECIMAL_MAX || scale < 0 || scale > precision)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__UNSUPPORTED_LITERAL_TYPE, "typeInfo", "DECIMAL");
    *out = sp_type_decimal(p->arena, precision, scale, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status nested_type(sp_planner *p, const pb_literal *l, const sp_type **out, sp_error *err)
{
    const sp_type *key, *value;
    if (l->data_type)
        return sp_proto_to_type(p->arena, l->data_type, out, err);
    switch ((int)l->literal_type_case) {
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY:
        if (!l->array->element_type)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__ARRAY_LITERAL_MISSING_DATA_TYPE);
        SP_TRY(sp_proto_to_type(p->arena, l->array->element_type, &value, err));
        *out = sp_type_array(p->arena, value, true, err);
        break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP:
        if (!l->map->key_type || !l->map->value_type)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__MAP_LITERAL_MISSING_DATA_TYPE);
        SP_TRY(sp_proto_to_type(p->arena, l->map->key_type, &key, err));
        SP_TRY(sp_proto_to_type(p->arena, l->map->value_type, &value, err));
        *out = sp_type_map(p->arena, key, value, true, err);
        break;
    default:
        if (!l->struct_->struct_type)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__STRUCT_LITERAL_MISSING_DATA_TYPE);
        return sp_proto_to_type(p->arena, l->struct_->struct_type, out, err);
    }
    return *out ? SP_OK : SP_FAILED;
}

static sp_status specialized_type(sp_planner *p, const Spark__Connect__Expression__Literal__SpecializedArray *s, const sp_type **out,
                                  sp_error *err)
{
    static const sp_kind kinds[] = { SP_VOID, SP_BOOLEAN, SP_INT, SP_LONG, SP_FLOAT, SP_DOUBLE, SP_STRING };
    sp_kind kind = (unsigned)s->value_type_case < 7 ? kinds[s->value_type_case] : SP_VOID;
    *out = sp_type_array(p->arena, sp_type_of(kind), kind == SP_STRING, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status literal_type(sp_planner *p, const pb_literal *l, const sp_type **out, sp_error *err)
{
    sp_type *t;
    switch ((int)l->literal_type_case) {
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL: return sp_proto_to_type(p->arena, l->null, out, err);
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BINARY: *out = sp_type_of(SP_BINARY); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BOOLEAN: *out = sp_type_of(SP_BOOLEAN); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BYTE: *out = sp_type_of(SP_BYTE); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SHORT: *out = sp_type_of(SP_SHORT); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_INTEGER: *out = sp_type_of(SP_INT); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_LONG: *out = sp_type_of(SP_LONG); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_FLOAT: *out = sp_type_of(SP_FLOAT); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DOUBLE: *out = sp_type_of(SP_DOUBLE); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL: return decimal_type(p, l->decimal, out, err);
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING: *out = sp_type_of(SP_STRING); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DATE: *out = sp_type_of(SP_DATE); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP: *out = sp_type_of(SP_TIMESTAMP); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP_NTZ: *out = sp_type_of(SP_TIMESTAMP_NTZ); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_CALENDAR_INTERVAL: *out = sp_type_of(SP_CALENDAR); return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_YEAR_MONTH_INTERVAL:
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DAY_TIME_INTERVAL:
        if (l->data_type)
            return sp_proto_to_type(p->arena, l->data_type, out, err);
        *out = sp_type_of(l->literal_type_case == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_YEAR_MONTH_INTERVAL ? SP_YEAR_MONTH
                                                                                                                        : SP_DAY_TIME);
        return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIME:
        SP_NEW(t, p->arena, sizeof *t, err);
        t->kind = SP_TIME;
        t->precision = (uint8_t)(l->time->has_precision && l->time->precision >= 0 && l->time->precision <= 6 ? l->time->precision : 6);
        *out = t;
        return SP_OK;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY:
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP:
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT: return nested_type(p, l, out, err);
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SPECIALIZED_ARRAY: return specialized_type(p, l->specialized_array, out, err);
    default: return SP_FAIL(err, CONNECT_INVALID_PLAN__UNSUPPORTED_LITERAL_TYPE, "typeInfo", case_name(l));
    }
}

/* ---- values ---- */

static bool is_nested_case(const pb_literal *l)
{
    int c = (int)l->literal_type_case;
    return c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY || c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP ||
           c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT || c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SPECIALIZED_ARRAY;
}

/* A literal that is neither null nor nested, of type t (its own). */
static sp_status scalar(const pb_literal *l, const sp_type *t, sp_value *out, sp_error *err)
{
    *out = sp_value_null(t);
    out->is_null = false;
    switch ((int)l->literal_type_case) {
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BINARY: out->str = (sp_str){ (const char *)l->binary.data, l->binary.len }; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BOOLEAN: out->boolean = l->boolean; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BYTE: out->i64 = (int8_t)l->byte; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SHORT: out->i64 = (int16_t)l->short_; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_INTEGER: out->i64 = l->integer; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_LONG: out->i64 = l->long_; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_FLOAT: out->f64 = l->float_; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DOUBLE: out->f64 = l->double_; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING: out->str = pb_str(l->string); break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DATE: out->i64 = l->date; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP: out->i64 = l->timestamp; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIMESTAMP_NTZ: out->i64 = l->timestamp_ntz; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_YEAR_MONTH_INTERVAL: out->i64 = l->year_month_interval; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DAY_TIME_INTERVAL: out->i64 = l->day_time_interval; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIME: out->i64 = l->time->nano; break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_CALENDAR_INTERVAL:
        out->calendar = (sp_calendar){ l->calendar_interval->months, l->calendar_interval->days, l->calendar_interval->microseconds };
        break;
    case SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL: {
        sp_dec v;
        if (!sp_dec_parse_to(pb_str(l->decimal->value), t->precision, t->scale, &v))
            return incompatible(l, t, err);
        out->decimal = v;
        break;
    }
    default: return SP_FAIL(err, CONNECT_INVALID_PLAN__UNSUPPORTED_LITERAL_TYPE, "typeInfo", case_name(l));
    }
    return SP_OK;
}

static sp_status append_value(sp_builder *b, const sp_value *v, sp_error *err)
{
    switch (v->type->kind) {
    case SP_BOOLEAN: return sp_build_bool(b, v->boolean, err);
    case SP_FLOAT: case SP_DOUBLE: return sp_build_f64(b, v->f64, err);
    case SP_DECIMAL: return sp_build_decimal(b, v->decimal, err);
    case SP_STRING: case SP_BINARY: return sp_build_str(b, v->str, err);
    case SP_CALENDAR: return sp_build_calendar(b, v->calendar, err);
    default: return sp_build_i64(b, v->i64, err);
    }
}

static sp_status append(sp_planner *p, sp_builder *b, const pb_literal *l, const sp_type *t, sp_error *err);

static sp_status append_each(sp_planner *p, sp_builder *b, pb_literal *const *items, size_t n, const sp_type *t, sp_error *err)
{
    for (size_t i = 0; i < n; i++)
        SP_TRY(append(p, b, items[i], t, err));
    return SP_OK;
}

static sp_status append_specialized(sp_builder *b, const Spark__Connect__Expression__Literal__SpecializedArray *s, sp_error *err)
{
    sp_builder *child = sp_builder_child(b, 0);
    switch ((int)s->value_type_case) {
    case 1: for (size_t i = 0; i < s->bools->n_values; i++) SP_TRY(sp_build_bool(child, s->bools->values[i], err)); break;
    case 2: for (size_t i = 0; i < s->ints->n_values; i++) SP_TRY(sp_build_i64(child, s->ints->values[i], err)); break;
    case 3: for (size_t i = 0; i < s->longs->n_values; i++) SP_TRY(sp_build_i64(child, s->longs->values[i], err)); break;
    case 4: for (size_t i = 0; i < s->floats->n_values; i++) SP_TRY(sp_build_f64(child, (double)s->floats->values[i], err)); break;
    case 5: for (size_t i = 0; i < s->doubles->n_values; i++) SP_TRY(sp_build_f64(child, s->doubles->values[i], err)); break;
    case 6: for (size_t i = 0; i < s->strings->n_values; i++) SP_TRY(sp_build_str(child, pb_str(s->strings->values[i]), err)); break;
    default: return SP_FAIL(err, CONNECT_INVALID_PLAN__ARRAY_LITERAL_NOT_SET);
    }
    return SP_OK;
}

static sp_status append_nested(sp_planner *p, sp_builder *b, const pb_literal *l, const sp_type *t, sp_error *err)
{
    int c = (int)l->literal_type_case;
    bool array = c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY, map = c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP;
    bool special = c == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_SPECIALIZED_ARRAY;
    if (t->kind != (array || special ? SP_ARRAY : map ? SP_MAP : SP_STRUCT))
        return incompatible(l, t, err);
    SP_TRY(sp_build_open(b, err));
    if (special) {
        SP_TRY(append_specialized(b, l->specialized_array, err));
    } else if (array) {
        SP_TRY(append_each(p, sp_builder_child(b, 0), l->array->elements, l->array->n_elements, t->fields[0].type, err));
    } else if (map) {
        if (l->map->n_keys != l->map->n_values)
            return incompatible(l, t, err);
        SP_TRY(append_each(p, sp_builder_child(b, 0), l->map->keys, l->map->n_keys, t->fields[0].type, err));
        SP_TRY(append_each(p, sp_builder_child(b, 1), l->map->values, l->map->n_values, t->fields[1].type, err));
    } else {
        if (l->struct_->n_elements != (size_t)t->field_count)
            return incompatible(l, t, err);
        for (int i = 0; i < t->field_count; i++)
            SP_TRY(append(p, sp_builder_child(b, i), l->struct_->elements[i], t->fields[i].type, err));
    }
    return sp_build_close(b, err);
}

static sp_status append(sp_planner *p, sp_builder *b, const pb_literal *l, const sp_type *t, sp_error *err)
{
    if (l->literal_type_case == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL)
        return sp_build_null(b, err);
    if (is_nested_case(l))
        return append_nested(p, b, l, t, err);
    const sp_type *own;
    sp_value v;
    SP_TRY(literal_type(p, l, &own, err));
    if (own->kind != t->kind)
        return incompatible(l, t, err);
    SP_TRY(scalar(l, own->kind == SP_DECIMAL ? t : own, &v, err));
    return append_value(b, &v, err);
}

sp_status sp_planner_literal(sp_planner *p, const pb_literal *l, sp_value *out, sp_error *err)
{
    const sp_type *t;
    SP_TRY(literal_type(p, l, &t, err));
    if (l->literal_type_case == SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL) {
        *out = sp_value_null(t);
        return SP_OK;
    }
    if (!is_nested_case(l))
        return scalar(l, t, out, err);
    sp_builder *b = sp_builder_new(p->arena, t, true, err);
    sp_vec *v;
    if (!b)
        return SP_FAILED;
    SP_TRY(append_nested(p, b, l, t, err));
    SP_TRY(sp_builder_take(b, &v, err));
    *out = sp_value_null(t);
    out->is_null = false;
    out->vec = v;
    return SP_OK;
}

sp_status sp_planner_literal_expr(sp_planner *p, const pb_literal *l, sp_expr **out, sp_error *err)
{
    sp_value v;
    if (!l)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__UNSUPPORTED_LITERAL_TYPE, "typeInfo", "LITERALTYPE_NOT_SET");
    SP_TRY(sp_planner_literal(p, l, &v, err));
    *out = sp_expr_literal(p->arena, &v, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- value to message (observed metrics) ---- */

#define MAKE(p, type, init) \
    do { \
        static const type blank = init; \
        if (!((p) = sp_arena_alloc(a, sizeof(type), err))) \
            return NULL; \
        memcpy((p), &blank, sizeof(type)); \
    } while (0)

static pb_literal *array_to(sp_arena *a, const sp_value *v, pb_literal *l, sp_error *err)
{
    const sp_list *list = v->vec->data;
    MAKE(l->array, Spark__Connect__Expression__Literal__Array, SPARK__CONNECT__EXPRESSION__LITERAL__ARRAY__INIT);
    l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_ARRAY;
    l->array->element_type = sp_type_to_proto(a, v->type->fields[0].type, err);
    l->array->elements = sp_arena_calloc(a, sizeof *l->array->elements * (list->length + 1u), err);
    if (!l->array->element_type || !l->array->elements)
        return NULL;
    for (uint32_t i = 0; i < list->length; i++) {
        sp_value item;
        if (sp_value_at(v->vec->child[0], list->offset + i, a, &item, err) == SP_FAILED ||
            !(l->array->elements[i] = sp_value_to_proto(a, &item, err)))
            return NULL;
        l->array->n_elements++;
    }
    return l;
}

static pb_literal *map_to(sp_arena *a, const sp_value *v, pb_literal *l, sp_error *err)
{
    const sp_list *list = v->vec->data;
    Spark__Connect__Expression__Literal__Map *m;
    MAKE(m, Spark__Connect__Expression__Literal__Map, SPARK__CONNECT__EXPRESSION__LITERAL__MAP__INIT);
    l->map = m;
    l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_MAP;
    m->key_type = sp_type_to_proto(a, v->type->fields[0].type, err);
    m->value_type = sp_type_to_proto(a, v->type->fields[1].type, err);
    m->keys = sp_arena_calloc(a, sizeof *m->keys * (list->length + 1u), err);
    m->values = sp_arena_calloc(a, sizeof *m->values * (list->length + 1u), err);
    if (!m->key_type || !m->value_type || !m->keys || !m->values)
        return NULL;
    for (uint32_t i = 0; i < list->length; i++) {
        sp_value key, value;
        if (sp_value_at(v->vec->child[0], list->offset + i, a, &key, err) == SP_FAILED ||
            sp_value_at(v->vec->child[1], list->offset + i, a, &value, err) == SP_FAILED)
            return NULL;
        if (!(m->keys[i] = sp_value_to_proto(a, &key, err)) || !(m->values[i] = sp_value_to_proto(a, &value, err)))
            return NULL;
    }
    m->n_keys = m->n_values = list->length;
    return l;
}

static pb_literal *struct_to(sp_arena *a, const sp_value *v, pb_literal *l, sp_error *err)
{
    MAKE(l->struct_, Spark__Connect__Expression__Literal__Struct, SPARK__CONNECT__EXPRESSION__LITERAL__STRUCT__INIT);
    l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRUCT;
    l->struct_->struct_type = sp_type_to_proto(a, v->type, err);
    l->struct_->elements = sp_arena_calloc(a, sizeof *l->struct_->elements * (size_t)(v->type->field_count + 1), err);
    if (!l->struct_->struct_type || !l->struct_->elements)
        return NULL;
    for (int i = 0; i < v->type->field_count; i++) {
        sp_value item;
        if (sp_value_at(v->vec->child[i], 0, a, &item, err) == SP_FAILED || !(l->struct_->elements[i] = sp_value_to_proto(a, &item, err)))
            return NULL;
        l->struct_->n_elements++;
    }
    return l;
}

static pb_literal *sized_to(sp_arena *a, const sp_value *v, pb_literal *l, sp_error *err)
{
    sp_buf b = { 0 };
    switch (v->type->kind) {
    case SP_DECIMAL:
        MAKE(l->decimal, Spark__Connect__Expression__Literal__Decimal, SPARK__CONNECT__EXPRESSION__LITERAL__DECIMAL__INIT);
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL;
        l->decimal->has_precision = l->decimal->has_scale = true;
        l->decimal->precision = v->type->precision;
        l->decimal->scale = v->type->scale;
        sp_dec_print(&b, v->decimal, v->type->scale);
        l->decimal->value = sp_arena_strdup(a, sp_buf_cstr(&b), err);
        sp_buf_done(&b);
        return l->decimal->value ? l : NULL;
    case SP_TIME:
        MAKE(l->time, Spark__Connect__Expression__Literal__Time, SPARK__CONNECT__EXPRESSION__LITERAL__TIME__INIT);
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_TIME;
        l->time->nano = v->i64;
        l->time->has_precision = true;
        l->time->precision = v->type->precision;
        return l;
    case SP_CALENDAR:
        MAKE(l->calendar_interval, Spark__Connect__Expression__Literal__CalendarInterval, SPARK__CONNECT__EXPRESSION__LITERAL__CALENDAR_INTERVAL__INIT);
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_CALENDAR_INTERVAL;
        l->calendar_interval->months = v->calendar.months;
        l->calendar_interval->days = v->calendar.days;
        l->calendar_interval->microseconds = v->calendar.us;
        return l;
    case SP_STRING:
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_STRING;
        l->string = sp_arena_strndup(a, v->str.p ? v->str.p : "", v->str.n, err);
        return l->string ? l : NULL;
    default:
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_BINARY;
        l->binary.len = v->str.n;
        l->binary.data = (uint8_t *)sp_arena_strndup(a, v->str.p ? v->str.p : "", v->str.n, err);
        return l->binary.data ? l : NULL;
    }
}

#define SCALAR(sp, member, from, UPPER) \
    case sp: \
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_##UPPER; \
        l->member = from; \
        return l

pb_literal *sp_value_to_proto(sp_arena *a, const sp_value *v, sp_error *err)
{
    pb_literal *l;
    MAKE(l, pb_literal, SPARK__CONNECT__EXPRESSION__LITERAL__INIT);
    if (v->is_null || v->type->kind == SP_VOID) {
        l->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL;
        l->null = sp_type_to_proto(a, v->type, err);
        return l->null ? l : NULL;
    }
    switch (v->type->kind) {
        SCALAR(SP_BOOLEAN, boolean, v->boolean, BOOLEAN);
        SCALAR(SP_BYTE, byte, (int32_t)v->i64, BYTE);
        SCALAR(SP_SHORT, short_, (int32_t)v->i64, SHORT);
        SCALAR(SP_INT, integer, (int32_t)v->i64, INTEGER);
        SCALAR(SP_LONG, long_, v->i64, LONG);
        SCALAR(SP_FLOAT, float_, (float)v->f64, FLOAT);
        SCALAR(SP_DOUBLE, double_, v->f64, DOUBLE);
        SCALAR(SP_DATE, date, (int32_t)v->i64, DATE);
        SCALAR(SP_TIMESTAMP, timestamp, v->i64, TIMESTAMP);
        SCALAR(SP_TIMESTAMP_NTZ, timestamp_ntz, v->i64, TIMESTAMP_NTZ);
        SCALAR(SP_YEAR_MONTH, year_month_interval, (int32_t)v->i64, YEAR_MONTH_INTERVAL);
        SCALAR(SP_DAY_TIME, day_time_interval, v->i64, DAY_TIME_INTERVAL);
    case SP_ARRAY: return array_to(a, v, l, err);
    case SP_MAP: return map_to(a, v, l, err);
    case SP_STRUCT: return struct_to(a, v, l, err);
    default: return sized_to(a, v, l, err);
    }
}
