/* json_infer.c -- the schema of JSON records: the type of each record, merged.
 *
 * Objects become structs with their fields sorted by name; types merge to the narrowest that holds both (bigint and
 * double to double, anything else that differs to string); null and "" decide nothing. At the end what stayed null
 * becomes string, or vanishes with dropFieldIfAllNull, and structs without fields vanish. Behaviour:
 * JsonInferSchema.inferField, compatibleType, compatibleRootType, canonicalizeType. */
#include "format/json_int.h"
#include <stdlib.h>

typedef struct inferrer {
    sp_arena *arena;
    const json_options *o;
    json_reader *r;
    bool malformed;
    sp_error *err;
} inferrer;

/* NULL: malformed (set), or out of memory (err filled). */
static const sp_type *infer_value(inferrer *f);

static const sp_type *malformed(inferrer *f)
{
    if (f->r->no_memory)
        sp_error_memory(f->err, "a JSON text");
    else
        f->malformed = true;
    return NULL;
}

/* ---- merging ---- */

static const sp_type *decimal_or_double(sp_arena *a, int precision, int scale, sp_error *err)
{
    if (scale < 0) {
        SP_FAIL(err, NEGATIVE_SCALE_DISALLOWED, "scale", sp_error_format(err, "%d", scale), "sqlConf",
                "\"spark.sql.legacy.allowNegativeScaleOfDecimal\"");
        return NULL;
    }
    return precision > SP_DECIMAL_MAX || scale > SP_DECIMAL_MAX
               ? sp_type_of(SP_DOUBLE) : sp_type_decimal(a, precision, scale, err);
}

static const sp_type *merge_decimals(sp_arena *a, int p1, int s1, int p2, int s2, sp_error *err)
{
    int scale = s1 > s2 ? s1 : s2, range = p1 - s1 > p2 - s2 ? p1 - s1 : p2 - s2;
    return range + scale > SP_DECIMAL_MAX ? sp_type_of(SP_DOUBLE) : sp_type_decimal(a, range + scale, scale, err);
}

static const sp_type *merge_structs(sp_arena *a, const sp_type *x, const sp_type *y, sp_error *err)
{
    sp_field *fields = sp_arena_calloc(a, sizeof *fields * (size_t)(x->field_count + y->field_count + 1), err);
    if (!fields)
        return NULL;
    int n = 0, i = 0, j = 0;
    while (i < x->field_count || j < y->field_count) {
        int d = i == x->field_count ? 1 : j == y->field_count ? -1 : sp_str_cmp(x->fields[i].name, y->fields[j].name);
        if (d != 0) {
            fields[n++] = d < 0 ? x->fields[i++] : y->fields[j++];
            continue;
        }
        fields[n] = x->fields[i];
        if (!(fields[n].type = sp_json_merge_types(a, x->fields[i].type, y->fields[j].type, err)))
            return NULL;
        n++, i++, j++;
    }
    return sp_type_struct(a, fields, n, err);
}

const sp_type *sp_json_merge_types(sp_arena *a, const sp_type *x, const sp_type *y, sp_error *err)
{
    if (x->kind == SP_VOID) return y;
    if (y->kind == SP_VOID) return x;
    if (x->kind == SP_STRUCT && y->kind == SP_STRUCT) return merge_structs(a, x, y, err);
    if (x->kind == SP_ARRAY && y->kind == SP_ARRAY) {
        const sp_type *e = sp_json_merge_types(a, x->fields[0].type, y->fields[0].type, err);
        return e ? sp_type_array(a, e, x->fields[0].nullable || y->fields[0].nullable, err) : NULL;
    }
    if (sp_type_eq(x, y)) return x;
    if (x->kind > y->kind) {
        const sp_type *t = x;
        x = y;
        y = t;
    }
    if (x->kind == SP_LONG && y->kind == SP_DOUBLE) return y;
    if (x->kind == SP_LONG && y->kind == SP_DECIMAL) return merge_decimals(a, 20, 0, y->precision, y->scale, err);
    if (x->kind == SP_DOUBLE && y->kind == SP_DECIMAL) return x;
    if (x->kind == SP_DECIMAL && y->kind == SP_DECIMAL)
        return merge_decimals(a, x->precision, x->scale, y->precision, y->scale, err);
    if (x->kind == SP_TIMESTAMP && y->kind == SP_TIMESTAMP_NTZ) return x;
    return sp_type_of(SP_STRING);
}

/* ---- one record ---- */

static const sp_type *number_type(inferrer *f, json_token t)
{
    sp_str s = f->r->text;
    int64_t v;
    if (f->o->primitives_as_string)
        return sp_type_of(SP_STRING);
    if (t == JT_INT && sp_json_text_i64(s, &v))
        return sp_type_of(SP_LONG);
    char last = s.p[s.n - 1];
    if (last == 'N' || last == 'F' || last == 'y' || (t == JT_FLOAT && !f->o->prefers_decimal))
        return sp_type_of(SP_DOUBLE);
    /* BigDecimal's precision and scale, from the digits as written. */
    int digits = 0, scale = 0;
    int64_t exponent = 0;
    bool point = false;
    for (size_t i = *s.p == '-'; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '.') {
            point = true;
        } else if ((ch | 32) == 'e') {
            sp_str e = { s.p + i + 1 + (s.p[i + 1] == '+'), s.n - i - 1 - (s.p[i + 1] == '+') };
            if (!sp_str_to_i64(e, &exponent) || exponent > 10000 || exponent < -10000)
                return sp_type_of(SP_DOUBLE);
            break;
        } else {
            scale += point;
            digits += digits > 0 || ch != '0';
        }
    }
    scale -= (int)exponent;
    digits = digits ? digits : 1;
    return decimal_or_double(f->arena, digits > scale ? digits : scale, scale, f->err);
}

static const sp_type *string_type(inferrer *f)
{
    const json_options *o = f->o;
    if (!sp_json_finish_string(f->r))
        return malformed(f);
    sp_str s = f->r->text;
    if (s.n == 0)
        return sp_type_of(SP_VOID);
    if (o->prefers_decimal) {
        sp_dec v;
        int scale;
        bool plain = true;
        for (size_t i = 0; i < s.n; i++)
            plain &= (uint8_t)s.p[i] > ' ';
        if (plain && sp_dec_parse(s, &v, &scale)) {
            int digits = sp_dec_digits(v);
            if (digits <= SP_DECIMAL_MAX && scale >= 0 && scale <= digits)
                return sp_type_decimal(f->arena, digits, scale, f->err);
        }
    }
    if (!o->infer_timestamp)
        return sp_type_of(SP_STRING);
    int64_t us;
    bool ntz = o->timestamp_is_ntz && (o->timestamp_ntz ? sp_pattern_parse_timestamp_ntz(o->timestamp_ntz, s, &us)
                                                        : sp_parse_timestamp_ntz(s, false, &us));
    if (ntz)
        return sp_type_of(SP_TIMESTAMP_NTZ);
    if (o->timestamp ? sp_pattern_parse_timestamp(o->timestamp, s, o->zone, &us) : sp_parse_timestamp(s, o->zone, &us))
        return sp_type_of(SP_TIMESTAMP);
    return sp_type_of(SP_STRING);
}

typedef struct named { sp_field field; int order; } named;

static int by_name(const void *x, const void *y)
{
    const named *a = x, *b = y;
    int d = sp_str_cmp(a->field.name, b->field.name);
    return d ? d : a->order - b->order;
}

static const sp_type *object_type(inferrer *f)
{
    named *list = NULL;
    int count = 0, cap = 0;
    for (;;) {
        json_token t = sp_json_next(f->r);
        if (t == JT_ERROR)
            return malformed(f);
        if (t == JT_OBJECT_END || t == JT_END)
            break;
        if (count == cap) {
            cap = cap ? cap * 2 : 8;
            named *more = sp_arena_alloc(f->arena, sizeof *more * (size_t)cap, f->err);
            if (!more)
                return NULL;
            if (count)
                memcpy(more, list, sizeof *more * (size_t)count);
            list = more;
        }
        sp_str name = sp_str_copy(f->arena, sp_json_current_name(f->r), f->err);
        if (!name.p)
            return NULL;
        int at = count++;
        list[at] = (named){ .field = { .name = name, .nullable = true }, .order = at };
        if (!(list[at].field.type = infer_value(f)))
            return NULL;
    }
    if (count > 1)
        qsort(list, (size_t)count, sizeof *list, by_name);
    sp_field *fields = sp_arena_calloc(f->arena, sizeof *fields * (size_t)(count + 1), f->err);
    if (!fields)
        return NULL;
    for (int i = 0; i < count; i++)
        fields[i] = list[i].field;
    return sp_type_struct(f->arena, fields, count, f->err);
}

static const sp_type *array_type(inferrer *f)
{
    const sp_type *element = sp_type_of(SP_VOID);
    for (;;) {
        json_token t = sp_json_next(f->r);
        if (t == JT_ERROR)
            return malformed(f);
        if (t == JT_ARRAY_END || t == JT_END)
            return sp_type_array(f->arena, element, true, f->err);
        const sp_type *e = infer_value(f);
        if (!e || !(element = sp_json_merge_types(f->arena, element, e, f->err)))
            return NULL;
    }
}

static const sp_type *infer_value(inferrer *f)
{
    json_token t = f->r->token;
    while (t == JT_NAME)
        t = sp_json_next(f->r);
    switch (t) {
    case JT_END: case JT_NULL: return sp_type_of(SP_VOID);
    case JT_STRING: return string_type(f);
    case JT_OBJECT: return object_type(f);
    case JT_ARRAY: return array_type(f);
    case JT_INT: case JT_FLOAT: return number_type(f, t);
    case JT_TRUE: case JT_FALSE: return sp_type_of(f->o->primitives_as_string ? SP_STRING : SP_BOOLEAN);
    default: return malformed(f);
    }
}

sp_status sp_json_infer_record(sp_arena *a, const json_options *o, json_reader *r, const sp_type **out, bool *bad,
                               sp_error *err)
{
    inferrer f = { a, o, r, false, err };
    *out = sp_json_next(r) == JT_ERROR ? malformed(&f) : infer_value(&f);
    *bad = f.malformed;
    return *out || f.malformed ? SP_OK : SP_FAILED;
}

/* ---- the whole ---- */

const sp_type *sp_json_canonical_type(sp_arena *a, const sp_type *t, const json_options *o, bool *vanished,
                                      sp_error *err)
{
    *vanished = false;
    if (t->kind == SP_VOID) {
        *vanished = o->drop_all_null;
        return *vanished ? NULL : sp_type_of(SP_STRING);
    }
    if (t->kind == SP_ARRAY) {
        const sp_type *e = sp_json_canonical_type(a, t->fields[0].type, o, vanished, err);
        return e ? sp_type_array(a, e, t->fields[0].nullable, err) : NULL;
    }
    if (t->kind != SP_STRUCT)
        return t;
    sp_field *fields = sp_arena_calloc(a, sizeof *fields * (size_t)(t->field_count + 1), err);
    if (!fields)
        return NULL;
    int n = 0;
    for (int i = 0; i < t->field_count; i++) {
        bool gone = t->fields[i].name.n == 0;
        fields[n] = t->fields[i];
        if (!gone && !(fields[n].type = sp_json_canonical_type(a, t->fields[i].type, o, &gone, err)) && !gone)
            return NULL;
        n += !gone;
    }
    *vanished = n == 0;
    return n ? sp_type_struct(a, fields, n, err) : NULL;
}

static const sp_type *with_corrupt_field(sp_arena *a, const sp_type *t, const json_options *o, sp_error *err)
{
    if (o->mode == JSON_DROP_MALFORMED)
        return t;
    if (o->mode == JSON_FAIL_FAST) {
        sp_error_plain(err, SP_EXC_SPARK, "Malformed records are detected in schema inference. Parse Mode: FAILFAST.");
        return NULL;
    }
    if (sp_type_find(t, o->corrupt_name, true) >= 0)
        return t;
    sp_field one = { .name = o->corrupt_name, .type = sp_type_of(SP_STRING), .nullable = true };
    const sp_type *alone = sp_type_struct(a, &one, 1, err);
    return alone ? merge_structs(a, t, alone, err) : NULL;
}

/* Arrays at the top stand for their elements. */
static const sp_type *merge_roots(sp_arena *a, const sp_type *x, const sp_type *y, const json_options *o, sp_error *err)
{
    while (x->kind == SP_ARRAY)
        x = x->fields[0].type;
    while (y->kind == SP_ARRAY)
        y = y->fields[0].type;
    if (x->kind == SP_STRUCT && y->kind == SP_VOID) return x;
    if (x->kind == SP_VOID && y->kind == SP_STRUCT) return y;
    if (x->kind == SP_STRUCT && y->kind != SP_STRUCT) return with_corrupt_field(a, x, o, err);
    if (y->kind == SP_STRUCT && x->kind != SP_STRUCT) return with_corrupt_field(a, y, o, err);
    return sp_json_merge_types(a, x, y, err);
}

typedef struct sampler { double ratio; uint64_t state; } sampler;

static bool sampled(sampler *s)
{
    if (s->ratio >= 1)
        return true;
    s->state += 0x9e3779b97f4a7c15ull;
    return (double)(sp_hash_mix(s->state) >> 11) * 0x1p-53 < s->ratio;
}

/* One more record; the merged type is kept in a only when it says something new. */
static sp_status infer_one(sp_arena *a, sp_arena *scratch, const json_options *o, json_reader *r, sp_str record,
                           const sp_type **root, sp_error *err)
{
    const sp_type *t, *merged;
    bool bad;
    sp_arena_reset(scratch);
    sp_json_reader_start(r, record, scratch);
    SP_TRY(sp_json_infer_record(scratch, o, r, &t, &bad, err));
    merged = !bad ? merge_roots(scratch, *root, t, o, err) : with_corrupt_field(scratch, *root, o, err);
    if (!merged)
        return SP_FAILED;
    if (!sp_type_eq(merged, *root) && !(*root = sp_type_copy(a, merged, err)))
        return SP_FAILED;
    return SP_OK;
}

static sp_status infer_lines(sp_arena *a, sp_arena *scratch, const json_options *o, json_reader *r, sp_str file,
                             sampler *s, const sp_type **root, sp_error *err)
{
    if (o->multi_line)
        return file.n && sampled(s) ? infer_one(a, scratch, o, r, file, root, err) : SP_OK;
    sp_lines lines = { file.p, file.p + file.n, o->line_sep };
    while (lines.p < lines.end) {
        const char *start = lines.p, *stop = sp_line_end(&lines, start, &lines.p);
        if (sampled(s))
            SP_TRY(infer_one(a, scratch, o, r, (sp_str){ start, (size_t)(stop - start) }, root, err));
    }
    return SP_OK;
}

sp_status sp_json_infer_files(sp_arena *a, const sp_str *files, int file_count, const sp_props *options,
                              const sp_expr_conf *conf, const sp_type **out, sp_error *err)
{
    json_options o;
    json_reader r;
    sampler s = { 1, 1 };
    SP_TRY(sp_json_options_read(a, options, conf, &o, err));
    SP_TRY(sp_json_options_all_patterns(a, &o, false, err));
    SP_TRY(sp_json_reader_init(&r, a, o.features, o.max_depth, o.max_number, err));
    s.ratio = o.sampling_ratio;
    const sp_type *root = sp_type_struct(a, NULL, 0, err);
    sp_arena *scratch = sp_arena_new("infer", 0);
    sp_status status = root && scratch ? SP_OK : sp_error_memory(err, "a schema");
    for (int i = 0; status == SP_OK && i < file_count; i++)
        status = infer_lines(a, scratch, &o, &r, files[i], &s, &root, err);
    sp_arena_free(scratch);
    SP_TRY(status);
    bool vanished = false;
    root = sp_json_canonical_type(a, root, &o, &vanished, err);
    if (root && root->kind == SP_STRUCT)
        *out = root;
    else if (root || vanished)
        *out = sp_type_struct(a, NULL, 0, err);
    else
        return SP_FAILED;
    return *out ? SP_OK : SP_FAILED;
}
