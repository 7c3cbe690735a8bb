/* type_text.c -- Spark's spellings of a type: simpleString, sql, json, DDL and the schema tree.
 *
 * From: DataType.{typeName, simpleString, sql}, StructField.{sql, toDDL, jsonValue}, StructType.{toDDL, treeString},
 * ArrayType and MapType.buildFormattedString, QuotingUtils.quoteIfNeeded. typeName is the word of JSON and of the tree,
 * simpleString that of catalogs; they differ for the integral kinds. A collated string is plain "string" in JSON,
 * with its collation in the metadata of the nearest field, under __COLLATIONS by path ("a", "a.element", "a.key"). */
#include "column/type.h"

static const char *const type_names[SP_KIND_COUNT] = {
    [SP_VOID] = "void", [SP_BOOLEAN] = "boolean", [SP_BYTE] = "byte", [SP_SHORT] = "short", [SP_INT] = "integer",
    [SP_LONG] = "long", [SP_FLOAT] = "float", [SP_DOUBLE] = "double", [SP_STRING] = "string", [SP_BINARY] = "binary",
    [SP_DATE] = "date", [SP_TIMESTAMP] = "timestamp", [SP_TIMESTAMP_NTZ] = "timestamp_ntz", [SP_CALENDAR] = "interval",
    [SP_ARRAY] = "array", [SP_MAP] = "map", [SP_STRUCT] = "struct", [SP_VARIANT] = "variant"
};
static const char *const year_month_fields[] = { "year", "month" };
static const char *const day_time_fields[] = { "day", "hour", "minute", "second" };

static void put_str(sp_buf *out, sp_str s) { sp_buf_add(out, s.p, s.n); }

static void put_interval(sp_buf *out, const sp_type *t)
{
    const char *const *names = t->kind == SP_YEAR_MONTH ? year_month_fields : day_time_fields;
    sp_buf_printf(out, "interval %s", names[t->start_field]);
    if (t->end_field != t->start_field) sp_buf_printf(out, " to %s", names[t->end_field]);
}

static void put_string(sp_buf *out, const sp_type *t, bool with_collation)
{
    if (t->length) sp_buf_printf(out, "%s(%d)", t->is_char ? "char" : "varchar", t->length);
    else sp_buf_puts(out, "string");
    if (with_collation && t->collation.n) {
        sp_buf_puts(out, " collate ");
        put_str(out, t->collation);
    }
}

/* DataType.typeName; nested kinds give their bare word. */
static void put_type_name(sp_buf *out, const sp_type *t, bool with_collation)
{
    switch (t->kind) {
    case SP_DECIMAL: sp_buf_printf(out, "decimal(%d,%d)", t->precision, t->scale); break;
    case SP_TIME: sp_buf_printf(out, "time(%d)", t->precision); break;
    case SP_YEAR_MONTH: case SP_DAY_TIME: put_interval(out, t); break;
    case SP_STRING: put_string(out, t, with_collation); break;
    default: sp_buf_puts(out, type_names[t->kind]);
    }
}

static const char *short_name(sp_kind k)
{
    switch (k) {
    case SP_BYTE: return "tinyint";
    case SP_SHORT: return "smallint";
    case SP_INT: return "int";
    case SP_LONG: return "bigint";
    default: return NULL;
    }
}

void sp_type_simple(sp_buf *out, const sp_type *t)
{
    if (short_name(t->kind)) {
        sp_buf_puts(out, short_name(t->kind));
        return;
    }
    if (!sp_kind_is_nested(t->kind)) {
        put_type_name(out, t, true);
        return;
    }
    sp_buf_printf(out, "%s<", type_names[t->kind]);
    for (int i = 0; i < t->field_count; i++) {
        if (i) sp_buf_putc(out, ',');
        if (t->kind == SP_STRUCT) {
            put_str(out, t->fields[i].name);
            sp_buf_putc(out, ':');
        }
        sp_type_simple(out, t->fields[i].type);
    }
    sp_buf_putc(out, '>');
}

/* ---- sql and DDL ---- */

static bool is_plain_name(sp_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool digit = c >= '0' && c <= '9' && i > 0;
        if (!digit && !(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
    }
    return s.n > 0;
}

/* QuotingUtils.quoteIfNeeded: bare when [a-zA-Z_][a-zA-Z0-9_]* (SPARK-47300). */
static void put_name(sp_buf *out, sp_str s)
{
    if (is_plain_name(s)) {
        put_str(out, s);
        return;
    }
    sp_buf_putc(out, '`');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '`') sp_buf_putc(out, '`');
        sp_buf_putc(out, s.p[i]);
    }
    sp_buf_putc(out, '`');
}

/* " COMMENT '...'" out of the metadata's comment, as StructField.getDDLComment escapes it. */
static void put_comment(sp_buf *out, const sp_field *f)
{
    if (!f->metadata.n) return;
    sp_arena *a = sp_arena_new("call", 0);
    sp_json *meta = NULL;
    if (!a || sp_json_parse(a, f->metadata, &meta, NULL) == SP_FAILED) {
        if (!a) out->failed = true;
        sp_arena_free(a);
        return;
    }
    const sp_json *comment = sp_json_get(meta, "comment");
    if (comment && comment->kind == SP_JSON_STRING) {
        sp_buf_puts(out, " COMMENT '");
        for (size_t i = 0; i < comment->text.n; i++) {
            char c = comment->text.p[i];
            if (c == '\'') sp_buf_putc(out, '\\');   /* escapeSingleQuotedString: quotes only */
            sp_buf_putc(out, c);
        }
        sp_buf_putc(out, '\'');
    }
    sp_arena_free(a);
}

static void put_sql_field(sp_buf *out, const sp_field *f, const char *between)
{
    put_name(out, f->name);
    sp_buf_puts(out, between);
    sp_type_sql(out, f->type);
    if (!f->nullable) sp_buf_puts(out, " NOT NULL");
    put_comment(out, f);
}

static void upper_from(sp_buf *out, size_t start)
{
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] >= 'a' && out->data[i] <= 'z') out->data[i] = (char)(out->data[i] - 32);
}

void sp_type_sql(sp_buf *out, const sp_type *t)
{
    size_t start = out->len;
    if (!sp_kind_is_nested(t->kind)) {
        sp_type_simple(out, t);
        if (!out->failed) upper_from(out, start);
        return;
    }
    sp_buf_puts(out, t->kind == SP_ARRAY ? "ARRAY<" : t->kind == SP_MAP ? "MAP<" : "STRUCT<");
    for (int i = 0; i < t->field_count; i++) {
        if (i) sp_buf_puts(out, ", ");
        if (t->kind == SP_STRUCT) put_sql_field(out, &t->fields[i], ": ");
        else sp_type_sql(out, t->fields[i].type);
    }
    sp_buf_putc(out, '>');
}

void sp_type_ddl(sp_buf *out, const sp_type *struct_type)
{
    for (int i = 0; i < struct_type->field_count; i++) {
        if (i) sp_buf_putc(out, ',');
        put_sql_field(out, &struct_type->fields[i], " ");
    }
}

const char *sp_type_sql_quoted(sp_arena *a, const sp_type *t)
{
    sp_buf b = { 0 };
    sp_buf_putc(&b, '"');
    sp_type_sql(&b, t);
    sp_buf_putc(&b, '"');
    const char *s = b.failed ? NULL : sp_arena_strndup(a, b.data, b.len, NULL);
    sp_buf_done(&b);
    return s ? s : "";
}

/* ---- JSON ---- */

/* Appends "path":"provider.collation" for every collated string under t that belongs to this field's metadata. */
static void put_collations(sp_buf *out, const sp_type *t, sp_buf *path, bool *any)
{
    if (t->kind == SP_STRING && t->collation.n) {
        sp_buf_puts(out, *any ? "," : "\"__COLLATIONS\":{");
        *any = true;
        sp_json_quote(out, (sp_str){ path->data, path->len });
        sp_buf_puts(out, sp_str_starts(t->collation, "UTF8_") ? ":\"spark." : ":\"icu.");
        put_str(out, t->collation);
        sp_buf_putc(out, '"');
    } else if (t->kind == SP_ARRAY || t->kind == SP_MAP) {
        for (int i = 0; i < t->field_count; i++) {
            size_t len = path->len;
            sp_buf_putc(path, '.');
            put_str(path, t->fields[i].name);
            put_collations(out, t->fields[i].type, path, any);
            path->len = len;
        }
    }
}

static bool has_collations(const sp_type *t)
{
    if (t->kind == SP_STRING) return t->collation.n != 0;
    if (t->kind != SP_ARRAY && t->kind != SP_MAP) return false;
    for (int i = 0; i < t->field_count; i++)
        if (has_collations(t->fields[i].type)) return true;
    return false;
}

static void put_metadata(sp_buf *out, const sp_field *f)
{
    sp_str meta = f->metadata.n ? sp_str_trim(f->metadata) : SP_LIT("{}");
    if (!has_collations(f->type)) {
        put_str(out, meta);
        return;
    }
    sp_buf path = { 0 };
    bool any = false;
    put_str(&path, f->name);
    put_str(out, (sp_str){ meta.p, meta.n - 1 });    /* all but the closing brace */
    if (meta.n > 2) sp_buf_putc(out, ',');
    put_collations(out, f->type, &path, &any);
    sp_buf_puts(out, "}}");
    if (path.failed) out->failed = true;
    sp_buf_done(&path);
}

static void put_bool(sp_buf *out, bool b) { sp_buf_puts(out, b ? "true" : "false"); }

static void put_json_field(sp_buf *out, const sp_field *f)
{
    sp_buf_puts(out, "{\"name\":");
    sp_json_quote(out, f->name);
    sp_buf_puts(out, ",\"type\":");
    sp_type_json(out, f->type);
    sp_buf_puts(out, ",\"nullable\":");
    put_bool(out, f->nullable);
    sp_buf_puts(out, ",\"metadata\":");
    put_metadata(out, f);
    sp_buf_putc(out, '}');
}

void sp_type_json(sp_buf *out, const sp_type *t)
{
    switch (t->kind) {
    case SP_ARRAY:
        sp_buf_puts(out, "{\"type\":\"array\",\"elementType\":");
        sp_type_json(out, t->fields[0].type);
        sp_buf_puts(out, ",\"containsNull\":");
        put_bool(out, t->fields[0].nullable);
        sp_buf_putc(out, '}');
        break;
    case SP_MAP:
        sp_buf_puts(out, "{\"type\":\"map\",\"keyType\":");
        sp_type_json(out, t->fields[0].type);
        sp_buf_puts(out, ",\"valueType\":");
        sp_type_json(out, t->fields[1].type);
        sp_buf_puts(out, ",\"valueContainsNull\":");
        put_bool(out, t->fields[1].nullable);
        sp_buf_putc(out, '}');
        break;
    case SP_STRUCT:
        sp_buf_puts(out, "{\"type\":\"struct\",\"fields\":[");
        for (int i = 0; i < t->field_count; i++) {
            if (i) sp_buf_putc(out, ',');
            put_json_field(out, &t->fields[i]);
        }
        sp_buf_puts(out, "]}");
        break;
    default:
        sp_buf_putc(out, '"');
        put_type_name(out, t, false);
        sp_buf_putc(out, '"');
    }
}

/* ---- the tree ---- */

/* SparkSchemaUtils.escapeMetaCharacters: names with line breaks stay on their line. */
static void put_escaped(sp_buf *out, sp_str s)
{
    static const char from[] = "\n\r\t\f\b\v\a", to[] = "nrtfbva";
    for (size_t i = 0; i < s.n; i++) {
        const char *at = s.p[i] ? strchr(from, s.p[i]) : NULL;
        if (at) {
            sp_buf_putc(out, '\\');
            sp_buf_putc(out, to[at - from]);
        } else {
            sp_buf_putc(out, s.p[i]);
        }
    }
}

static void put_tree(sp_buf *out, const sp_type *t, sp_buf *prefix, int depth);

static void put_tree_line(sp_buf *out, const sp_field *f, const char *null_word, sp_buf *prefix, int depth)
{
    if (depth <= 0) return;
    sp_buf_add(out, prefix->data, prefix->len);
    sp_buf_puts(out, "-- ");
    put_escaped(out, f->name);
    sp_buf_puts(out, ": ");
    put_type_name(out, f->type, true);
    if (null_word) sp_buf_printf(out, " (%s = %s)", null_word, f->nullable ? "true" : "false");
    sp_buf_putc(out, '\n');
    size_t len = prefix->len;
    sp_buf_puts(prefix, "    |");
    put_tree(out, f->type, prefix, depth - 1);
    prefix->len = len;
}

/* depth counts the lines' levels still wanted, as Spark's maxDepth after its decrement. */
static void put_tree(sp_buf *out, const sp_type *t, sp_buf *prefix, int depth)
{
    if (t->kind == SP_ARRAY) put_tree_line(out, &t->fields[0], "containsNull", prefix, depth);
    if (t->kind == SP_MAP) {
        put_tree_line(out, &t->fields[0], NULL, prefix, depth);
        put_tree_line(out, &t->fields[1], "valueContainsNull", prefix, depth);
    }
    if (t->kind == SP_STRUCT)
        for (int i = 0; i < t->field_count; i++) put_tree_line(out, &t->fields[i], "nullable", prefix, depth);
}

void sp_type_tree(sp_buf *out, const sp_type *struct_type, int max_level)
{
    sp_buf prefix = { 0 };
    sp_buf_puts(out, "root\n");
    sp_buf_puts(&prefix, " |");
    put_tree(out, struct_type, &prefix, max_level > 0 ? max_level : INT32_MAX);
    if (prefix.failed) out->failed = true;
    sp_buf_done(&prefix);
}
