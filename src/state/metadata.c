/* metadata.c -- what stands beside the stores: the schema file of partition 0 and the operator's description.
 *
 * _metadata/schema: Java's writeUTF("v2"), then key and value schema JSON, each as an int32 chunk count and writeUTF chunks. It is written with the first
 * batch and
 * compared at every start. Sources: StateSchemaCompatibilityChecker, SchemaHelper, OperatorStateMetadata (Spark 4.3). */
#include "state/state_int.h"

enum { UTF_CHUNK = 65535 };

static void put16(sp_buf *out, size_t v)
{
    sp_buf_putc(out, (char)(v >> 8));
    sp_buf_putc(out, (char)v);
}

static void put_int(sp_buf *out, size_t v)
{
    put16(out, v >> 16);
    put16(out, v & 0xffff);
}

/* In chunks of at most 65,535 bytes (JSON schemas are ASCII but for names, whose bytes are the same in modified UTF-8 up to U+FFFF). */
static void put_text(sp_buf *out, sp_str s)
{
    put_int(out, (s.n + UTF_CHUNK - 1) / UTF_CHUNK);
    for (size_t at = 0; at < s.n; at += UTF_CHUNK) {
        size_t n = s.n - at < UTF_CHUNK ? s.n - at : UTF_CHUNK;
        put16(out, n);
        sp_buf_add(out, s.p + at, n);
    }
}

/* writeUTF texts, one behind the other. */
static bool get_chunks(sp_str *rest, size_t count, sp_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *p = (const unsigned char *)rest->p;
        size_t n = rest->n >= 2 ? (size_t)p[0] << 8 | p[1] : SIZE_MAX;
        if (rest->n < 2 || n > rest->n - 2)
            return false;
        sp_buf_add(out, rest->p + 2, n);
        *rest = (sp_str){ rest->p + 2 + n, rest->n - 2 - n };
    }
    return !out->failed;
}

static bool get_text(sp_str *rest, sp_buf *out)
{
    if (rest->n < 4)
        return false;
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t chunks = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *rest = (sp_str){ rest->p + 4, rest->n - 4 };
    return get_chunks(rest, chunks, out);
}

static sp_status write_schema(const sp_state_spec *spec, const char *dir, const char *path, sp_error *err)
{
    sp_buf json = { 0 }, out = { 0 };
    put16(&out, 2);
    sp_buf_puts(&out, "v2");
    sp_type_json(&json, spec->key_schema);
    put_text(&out, (sp_str){ json.data, json.len });
    sp_buf_clear(&json);
    sp_type_json(&json, spec->value_schema);
    put_text(&out, (sp_str){ json.data, json.len });
    sp_status status = sp_buf_check(&out, err);
    if (status == SP_OK)
        status = sp_dir_make(spec->world, dir, err);
    if (status == SP_OK)
        status = sp_file_write_atomic(spec->world, path, (sp_str){ out.data, out.len }, true, spec->durability, NULL, err);
    sp_buf_done(&json);
    sp_buf_done(&out);
    return status;
}

/* Same types in the same places; names may differ, and a value that could not be null may become nullable. */
static bool compatible(const sp_type *stored, const sp_type *now)
{
    if (stored->kind != now->kind || stored->field_count != now->field_count)
        return false;
    if (stored->kind == SP_DECIMAL && (stored->precision != now->precision || stored->scale != now->scale))
        return false;
    for (int i = 0; i < stored->field_count; i++)
        if (!compatible(stored->fields[i].type, now->fields[i].type))
            return false;
    return true;
}

/* DataType.toString, as Spark's message shows a schema: StructType(StructField(k,StringType,true)). */
static void type_name(sp_buf *out, const sp_type *t)
{
    static const char *const names[SP_KIND_COUNT] = {
        [SP_VOID] = "NullType", [SP_BOOLEAN] = "BooleanType", [SP_BYTE] = "ByteType", [SP_SHORT] = "ShortType", [SP_INT] = "IntegerType",
        [SP_LONG] = "LongType", [SP_FLOAT] = "FloatType", [SP_DOUBLE] = "DoubleType", [SP_DECIMAL] = "DecimalType",
        [SP_STRING] = "StringType", [SP_BINARY] = "BinaryType", [SP_DATE] = "DateType", [SP_TIMESTAMP] = "TimestampType",
        [SP_TIMESTAMP_NTZ] = "TimestampNTZType", [SP_TIME] = "TimeType", [SP_YEAR_MONTH] = "YearMonthIntervalType",
        [SP_DAY_TIME] = "DayTimeIntervalType", [SP_CALENDAR] = "CalendarIntervalType", [SP_ARRAY] = "ArrayType", [SP_MAP] = "MapType",
        [SP_STRUCT] = "StructType", [SP_VARIANT] = "VariantType",
    };
    sp_buf_puts(out, names[t->kind]);
    if (t->kind == SP_DECIMAL)
        sp_buf_printf(out, "(%d,%d)", t->precision, t->scale);
    else if (t->kind == SP_TIME)
        sp_buf_printf(out, "(%d)", t->precision);
    else if (t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME)
        sp_buf_printf(out, "(%d,%d)", t->start_field, t->end_field);
    if (!sp_kind_is_nested(t->kind))
        return;
    sp_buf_putc(out, '(');
    for (int i = 0; i < t->field_count; i++) {
        const sp_field *f = &t->fields[i];
        if (i)
            sp_buf_putc(out, ',');
        if (t->kind == SP_STRUCT)
            sp_buf_printf(out, "StructField(%.*s,", (int)f->name.n, f->name.p);
        type_name(out, f->type);
        if (t->kind == SP_STRUCT)
            sp_buf_printf(out, ",%s)", f->nullable ? "true" : "false");
    }
    if (t->kind != SP_STRUCT)
        sp_buf_printf(out, ",%s", t->fields[t->field_count - 1].nullable ? "true" : "false");
    sp_buf_putc(out, ')');
}

static const char *schema_name(sp_arena *a, const sp_type *t)
{
    sp_buf text = { 0 };
    type_name(&text, t);
    char *copy = sp_arena_strndup(a, sp_buf_cstr(&text), text.len, NULL);
    sp_buf_done(&text);
    return copy ? copy : "";
}

/* Key and value JSON of a schema file: "v1" has one chunk each, "v2" any number. */
static bool get_schemas(sp_str file, sp_buf *key, sp_buf *value)
{
    sp_buf version = { 0 };
    bool good = get_chunks(&file, 1, &version);
    int v = !good ? 0 : sp_str_is((sp_str){ version.data, version.len }, "v1") ? 1 : sp_str_is((sp_str){ version.data, version.len }, "v2") ? 2 : 0;
    sp_buf_done(&version);
    if (v == 1)
        return get_chunks(&file, 1, key) && get_chunks(&file, 1, value);
    return v == 2 && get_text(&file, key) && get_text(&file, value);
}

static sp_status compare(const sp_state_spec *spec, sp_arena *a, const char *path, sp_str stored, sp_error *err)
{
    sp_buf key = { 0 }, value = { 0 };
    const sp_type *key_type, *value_type;
    sp_error inner = { 0 };
    bool good = get_schemas(stored, &key, &value)
                && sp_type_from_json(a, (sp_str){ key.data, key.len }, &key_type, &inner) == SP_OK
                && sp_type_from_json(a, (sp_str){ value.data, value.len }, &value_type, &inner) == SP_OK;
    sp_status status = SP_OK;
    if (!good)
        status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The state schema file %s cannot be read. Restore it from a copy of the checkpoint, or "
                                "delete it to have it written again from the running query.", path);
    else if (!compatible(key_type, spec->key_schema))
        status = SP_FAIL(err, STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE, "storedKeySchema", schema_name(a, key_type),
                         "newKeySchema", schema_name(a, spec->key_schema));
    else if (!compatible(value_type, spec->value_schema))
        status = SP_FAIL(err, STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE, "storedValueSchema", schema_name(a, value_type), "newValueSchema",
                         schema_name(a, spec->value_schema));
    sp_buf_done(&key);
    sp_buf_done(&value);
    return status;
}

sp_status sp_state_schema_guard(const sp_state_spec *spec, sp_error *err)
{
    sp_arena *a = sp_arena_new("state schema", 0);
    sp_status status = SP_OK;
    if (!a)
        return sp_error_memory(err, "a state schema");
    bool named = spec->name && strcmp(spec->name, "default") != 0;
    char *dir = sp_arena_printf(a, err, "%s%s%s/_metadata", spec->dir, named ? "/" : "", named ? spec->name : "");
    char *path = dir ? sp_arena_printf(a, err, "%s/schema", dir) : NULL;
    sp_str stored;
    bool exists;
    if (!path)
        status = SP_FAILED;
    else if ((status = sp_file_read_all(spec->world, path, a, &stored, &exists, err)) == SP_OK)
        status = exists ? compare(spec, a, path, stored, err) : write_schema(spec, dir, path, err);
    sp_arena_free(a);
    return status;
}

sp_status sp_state_operator_metadata_write(sp_world *w, const char *op_dir, int operator_id, const char *operator_name,
                                           const sp_state_store_info *stores, int store_count, sp_durability d, sp_error *err)
{
    sp_buf path = { 0 }, text = { 0 };
    sp_status status;
    sp_buf_printf(&path, "%s/_metadata", op_dir);
    SP_TRY_DONE(sp_dir_make(w, sp_buf_cstr(&path), err));
    sp_buf_puts(&path, "/metadata");
    sp_buf_printf(&text, "v1\n{\"operatorInfo\":{\"operatorId\":%d,\"operatorName\":\"%s\"},\"stateStoreInfo\":[", operator_id, operator_name);
    for (int i = 0; i < store_count; i++)
        sp_buf_printf(&text, "%s{\"storeName\":\"%s\",\"numColsPrefixKey\":%d,\"numPartitions\":%d}", i ? "," : "", stores[i].name,
                      stores[i].num_cols_prefix_key, stores[i].num_partitions);
    sp_buf_puts(&text, "]}");
    SP_TRY_DONE(sp_buf_check(&text, err));
    sp_stat st;
    bool exists;
    SP_TRY_DONE(sp_file_stat(w, sp_buf_cstr(&path), &st, &exists, err));
    if (!exists)
        status = sp_file_write_atomic(w, sp_buf_cstr(&path), (sp_str){ text.data, text.len }, true, d, NULL, err);
done:
    sp_buf_done(&path);
    sp_buf_done(&text);
    return status;
}
