/* type_json.c -- types out of Spark's schema JSON.
 *
 * From: DataType.{parseDataType, nameToType, parseStructField}. An object must have exactly the members of its kind,
 * in any order; a field may lack metadata, or metadata and nullable. A user-defined type is read as its sqlType.
 * Collations sit in the metadata of the nearest field under __COLLATIONS ({"a.element": "icu.UNICODE"}) and move from
 * there into the types. */
#include "column/type.h"
#include <stdio.h>

typedef struct reader {
    sp_arena *arena;
    sp_error *err;
    const sp_json *collations;   /* of the nearest field, or NULL */
    sp_buf path;                 /* where we are below that field */
} reader;

static const sp_type *invalid(reader *r, const sp_json *j)
{
    sp_buf text = { 0 };
    if (j->kind == SP_JSON_STRING) sp_buf_add(&text, j->text.p, j->text.n);   /* a name is told without its quotes */
    else sp_json_write(&text, j);
    SP_FAIL(r->err, INVALID_JSON_DATA_TYPE, "invalidType", sp_buf_cstr(&text));
    sp_buf_done(&text);
    return NULL;
}

/* ---- names ---- */

static const struct { const char *name; sp_kind kind; } plain_names[] = {
    { "void", SP_VOID }, { "null", SP_VOID }, { "boolean", SP_BOOLEAN }, { "byte", SP_BYTE }, { "short", SP_SHORT },
    { "integer", SP_INT }, { "long", SP_LONG }, { "float", SP_FLOAT }, { "double", SP_DOUBLE },
    { "decimal", SP_DECIMAL },
    { "string", SP_STRING }, { "binary", SP_BINARY }, { "date", SP_DATE }, { "timestamp", SP_TIMESTAMP },
    { "timestamp_ltz", SP_TIMESTAMP }, { "timestamp_ntz", SP_TIMESTAMP_NTZ }, { "interval", SP_CALENDAR },
    { "variant", SP_VARIANT }, { "interval year to month", SP_YEAR_MONTH }, { "interval day to second", SP_DAY_TIME }
};
static const char *const interval_fields[2][4] = { { "year", "month" }, { "day", "hour", "minute", "second" } };

/* One of "interval <field>" and "interval <field> to <field>". */
static const sp_type *interval_of(reader *r, sp_str name)
{
    for (int kind = 0; kind < 2; kind++)
        for (int s = 0; s < (kind ? 4 : 2); s++)
            for (int e = s; e < (kind ? 4 : 2); e++) {
                char text[48];
                int n = snprintf(text, sizeof text, "interval %s", interval_fields[kind][s]);
                if (e > s) snprintf(text + n, sizeof text - (size_t)n, " to %s", interval_fields[kind][e]);
                if (sp_str_is(name, text))
                    return sp_type_interval(r->arena, kind ? SP_DAY_TIME : SP_YEAR_MONTH, s, e, r->err);
            }
    return NULL;
}

/* "word(n)" or "word(n,m)", blanks allowed between; the number of arguments found, -1 when it is not of that form. */
static int call_of(sp_str s, const char *word, int args[2])
{
    size_t n = strlen(word);
    if (s.n < n + 3 || memcmp(s.p, word, n) != 0 || s.p[n] != '(' || s.p[s.n - 1] != ')') return -1;
    sp_str rest = { s.p + n + 1, s.n - n - 2 };
    const char *comma = memchr(rest.p, ',', rest.n);
    sp_str first = comma ? (sp_str){ rest.p, (size_t)(comma - rest.p) } : rest;
    int64_t v = 0, w = 0;
    if (!sp_str_to_i64(sp_str_trim(first), &v) || v < 0 || v > INT32_MAX) return -1;
    args[0] = (int)v;
    if (!comma) return 1;
    sp_str second = { comma + 1, rest.n - first.n - 1 };
    if (!sp_str_to_i64(sp_str_trim(second), &w) || w < -99 || w > INT32_MAX) return -1;
    args[1] = (int)w;
    return 2;
}

static const sp_type *sized_string(reader *r, int length, bool is_char)
{
    sp_type *t = sp_arena_calloc(r->arena, sizeof *t, r->err);
    if (!t) return NULL;
    t->kind = SP_STRING;
    t->length = length;
    t->is_char = length && is_char;
    return t;
}

static const sp_type *collated(reader *r, sp_str collation)
{
    sp_type *t = sp_arena_calloc(r->arena, sizeof *t, r->err);
    if (!t) return NULL;
    t->kind = SP_STRING;
    if (sp_str_is(collation, "UTF8_BINARY")) return t;
    t->collation = sp_str_copy(r->arena, collation, r->err);
    return t->collation.p ? t : NULL;
}

/* The collation that the field's metadata says for the current path, without its provider; {NULL,0}: none. */
static sp_str collation_here(reader *r)
{
    for (const sp_json *m = r->collations ? r->collations->child : NULL; m; m = m->next) {
        if (m->kind != SP_JSON_STRING || !sp_str_eq(m->key, (sp_str){ r->path.data, r->path.len })) continue;
        const char *dot = memchr(m->text.p, '.', m->text.n);
        return dot ? (sp_str){ dot + 1, m->text.n - (size_t)(dot + 1 - m->text.p) } : m->text;
    }
    return (sp_str){ NULL, 0 };
}

static const sp_type *named_type(reader *r, const sp_json *j)
{
    sp_str name = j->text;
    int args[2] = { 0, 0 };
    if (sp_str_is(name, "string") && collation_here(r).p) return collated(r, collation_here(r));
    for (size_t i = 0; i < sizeof plain_names / sizeof *plain_names; i++)
        if (sp_str_is(name, plain_names[i].name)) return sp_type_of(plain_names[i].kind);
    if (call_of(name, "decimal", args) == 2) return sp_type_decimal(r->arena, args[0], args[1], r->err);
    if (call_of(name, "char", args) == 1) return sized_string(r, args[0], true);
    if (call_of(name, "varchar", args) == 1) return sized_string(r, args[0], false);
    if (call_of(name, "time", args) == 1 && args[0] <= 9) {
        sp_type *t = sp_arena_calloc(r->arena, sizeof *t, r->err);
        if (!t) return NULL;
        t->kind = SP_TIME;
        t->precision = (uint8_t)args[0];
        return t;
    }
    if (sp_str_starts(name, "string collate ")) return collated(r, sp_str_trim((sp_str){ name.p + 15, name.n - 15 }));
    if (sp_str_starts(name, "interval ")) {
        const sp_type *t = interval_of(r, name);
        if (t) return t;
    }
    return invalid(r, j);
}

/* ---- objects ---- */

static const sp_type *read_type(reader *r, const sp_json *j);

static const sp_type *read_below(reader *r, const sp_json *j, const char *step)
{
    size_t len = r->path.len;
    sp_buf_putc(&r->path, '.');
    sp_buf_puts(&r->path, step);
    const sp_type *t = r->path.failed ? NULL : read_type(r, j);
    if (r->path.failed) sp_error_memory(r->err, "a schema");
    r->path.len = len;
    return t;
}

static bool is_bool(const sp_json *j) { return j && j->kind == SP_JSON_BOOL; }

/* The metadata as text, but for __COLLATIONS, which goes to r. {NULL,0} for {}. */
static sp_status read_metadata(reader *r, const sp_json *meta, sp_str *out)
{
    *out = (sp_str){ NULL, 0 };
    if (!meta) return SP_OK;
    sp_buf text = { 0 };
    for (const sp_json *m = meta->child; m; m = m->next) {
        if (sp_str_is(m->key, "__COLLATIONS") && m->kind == SP_JSON_OBJECT) {
            r->collations = m;
            continue;
        }
        sp_buf_putc(&text, text.len ? ',' : '{');
        sp_json_quote(&text, m->key);
        sp_buf_putc(&text, ':');
        sp_json_write(&text, m);
    }
    sp_status s = SP_OK;
    if (text.len) {
        sp_buf_putc(&text, '}');
        s = sp_buf_check(&text, r->err);
        if (s == SP_OK && !(*out = sp_str_copy(r->arena, (sp_str){ text.data, text.len }, r->err)).p) s = SP_FAILED;
    }
    sp_buf_done(&text);
    return s;
}

static sp_status read_field(reader *r, const sp_json *j, sp_field *out)
{
    const sp_json *name = sp_json_get(j, "name"), *type = sp_json_get(j, "type");
    const sp_json *nullable = sp_json_get(j, "nullable"), *meta = sp_json_get(j, "metadata");
    size_t members = 2 + (size_t)(nullable != NULL) + (size_t)(meta != NULL);
    if (j->kind != SP_JSON_OBJECT || j->count != members || !name || name->kind != SP_JSON_STRING || !type ||
        (nullable && !is_bool(nullable)) || (meta && (meta->kind != SP_JSON_OBJECT || !nullable))) {
        invalid(r, j);
        return SP_FAILED;
    }
    const sp_json *collations = r->collations;
    sp_buf path = r->path;
    r->collations = NULL;
    r->path = (sp_buf){ 0 };
    sp_status s = read_metadata(r, meta, &out->metadata);
    sp_buf_add(&r->path, name->text.p, name->text.n);
    out->nullable = nullable ? nullable->boolean : true;
    out->name = sp_str_copy(r->arena, name->text, r->err);
    out->type = s == SP_OK && out->name.p ? read_type(r, type) : NULL;
    sp_buf_done(&r->path);
    r->path = path;
    r->collations = collations;
    return out->type ? SP_OK : SP_FAILED;
}

static const sp_type *read_struct(reader *r, const sp_json *j, const sp_json *list)
{
    sp_field *fields = sp_arena_calloc(r->arena, sizeof *fields * (list->count ? list->count : 1), r->err);
    if (!fields) return NULL;
    int n = 0;
    for (const sp_json *f = list->child; f; f = f->next)
        if (read_field(r, f, &fields[n++]) == SP_FAILED) return NULL;
    return sp_type_struct(r->arena, fields, n, r->err);
}

static const sp_type *read_type(reader *r, const sp_json *j)
{
    if (j->kind == SP_JSON_STRING) return named_type(r, j);
    sp_str kind = sp_json_text(sp_json_get(j, "type"));
    const sp_json *x, *y, *n;
    if (sp_str_is(kind, "array") && j->count == 3 && (x = sp_json_get(j, "elementType")) &&
        is_bool(n = sp_json_get(j, "containsNull"))) {
        const sp_type *e = read_below(r, x, "element");
        return e ? sp_type_array(r->arena, e, n->boolean, r->err) : NULL;
    }
    if (sp_str_is(kind, "map") && j->count == 4 && (x = sp_json_get(j, "keyType")) &&
        (y = sp_json_get(j, "valueType")) &&
        is_bool(n = sp_json_get(j, "valueContainsNull"))) {
        const sp_type *k = read_below(r, x, "key"), *v = k ? read_below(r, y, "value") : NULL;
        return v ? sp_type_map(r->arena, k, v, n->boolean, r->err) : NULL;
    }
    if (sp_str_is(kind, "struct") && j->count == 2 && (x = sp_json_get(j, "fields")) && x->kind == SP_JSON_ARRAY)
        return read_struct(r, j, x);
    if (sp_str_is(kind, "udt") && (x = sp_json_get(j, "sqlType"))) return read_type(r, x);
    return invalid(r, j);
}

sp_status sp_type_from_json(sp_arena *a, sp_str json, const sp_type **out, sp_error *err)
{
    sp_json *tree = NULL;
    if (sp_json_parse(a, json, &tree, NULL) == SP_FAILED) {
        const char *text = sp_arena_strndup(a, json.p, json.n, err);
        if (!text) return SP_FAILED;
        return SP_FAIL(err, INVALID_JSON_DATA_TYPE, "invalidType", text);
    }
    reader r = { .arena = a, .err = err };
    *out = read_type(&r, tree);
    sp_buf_done(&r.path);
    return *out ? SP_OK : SP_FAILED;
}
