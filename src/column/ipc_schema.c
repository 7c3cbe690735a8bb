/* ipc_schema.c -- Arrow schema messages: Spark's types to Arrow's and back.
 *
 * From: org.apache.spark.sql.util.ArrowUtils (toArrowSchema, toArrowField, fromArrowType), Arrow's Schema.fbs. What
 * Spark never sends but pandas may is read as the nearest type: unsigned integers as the next wider signed one (64
 * bits: decimal(20,0)), half floats as float, date64 and all units of time as Spark's own unit. A struct of value and
 * metadata whose metadata field says variant=true is a variant. */
#include "column/ipc_int.h"

enum { DEPTH_MAX = 64, FIELDS_MAX = 100000 };

sp_status sp_ipc_malformed(sp_error *err, const char *what)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Malformed Arrow IPC stream: %s", what);
}

/* ---- messages ---- */

sp_fbw sp_ipc_message_open(sp_buf *out, int kind, uint32_t *body_length)
{
    /* Message: version short, header_type ubyte, header offset, bodyLength long */
    static const uint16_t layout[] = { 4, 6, 8, 16 };
    static const uint32_t prefix[2] = { 0xffffffffu, 0 };
    sp_buf_add(out, prefix, 8);
    sp_fbw w = { out, out->len };
    sp_fbw_zeros(&w, 4);    /* the way to the root table */
    uint32_t message = sp_fbw_table(&w, 24, 4, layout);
    sp_fbw_u32(&w, 0, message);
    sp_fbw_u16(&w, message + 4, 4);    /* MetadataVersion.V5 */
    sp_fbw_u8(&w, message + 6, (uint8_t)kind);
    *body_length = message + 16;
    return w;
}

/* The header table must have been opened by sp_fbw_table right after; its offset is filled here by its maker. */
static uint32_t header_table(sp_fbw *w, uint32_t body_length, uint16_t size, int count, const uint16_t *layout)
{
    uint32_t table = sp_fbw_table(w, size, count, layout), at = body_length - 8;
    sp_fbw_u32(w, at, table - at);
    return table;
}

void sp_ipc_message_close(sp_fbw *w)
{
    sp_fbw_align(w, 8, 0);
    uint32_t size = sp_fbw_at(w);
    if (!w->out->failed) memcpy(w->out->data + w->start - 4, &size, 4);
}

/* ---- writing fields ---- */

typedef struct writer { sp_fbw w; sp_str zone; } writer;

static void write_field(writer *s, uint32_t slot, sp_str name, const sp_type *t, bool nullable, const char *meta_key);

static sp_arrow_kind arrow_kind(const sp_type *t)
{
    switch (t->kind) {
    case SP_VOID: return SP_ARROW_NULL;
    case SP_BOOLEAN: return SP_ARROW_BOOL;
    case SP_BYTE: case SP_SHORT: case SP_INT: case SP_LONG: return SP_ARROW_INT;
    case SP_FLOAT: case SP_DOUBLE: return SP_ARROW_FLOAT;
    case SP_DECIMAL: return SP_ARROW_DECIMAL;
    case SP_STRING: return SP_ARROW_UTF8;
    case SP_BINARY: return SP_ARROW_BINARY;
    case SP_DATE: return SP_ARROW_DATE;
    case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: return SP_ARROW_TIMESTAMP;
    case SP_TIME: return SP_ARROW_TIME;
    case SP_YEAR_MONTH: case SP_CALENDAR: return SP_ARROW_INTERVAL;
    case SP_DAY_TIME: return SP_ARROW_DURATION;
    case SP_ARRAY: return SP_ARROW_LIST;
    case SP_MAP: return SP_ARROW_MAP;
    default: return SP_ARROW_STRUCT;
    }
}

/* The table of the type's parameters. Every one of them fits the same three slots. */
static void write_parameters(writer *s, uint32_t at, const sp_type *t)
{
    static const uint16_t three_ints[] = { 4, 8, 12 };
    sp_fbw *w = &s->w;
    bool zoned = t->kind == SP_TIMESTAMP;
    int count = t->kind == SP_DECIMAL ? 3 : t->kind == SP_TIME || sp_kind_is_integral(t->kind) || zoned ? 2 : 1;
    uint32_t table = sp_fbw_table(w, 16, count, three_ints);
    sp_fbw_u32(w, at, table - at);
    switch (t->kind) {
    case SP_BYTE: case SP_SHORT: case SP_INT: case SP_LONG:
        sp_fbw_u32(w, table + 4, 8 * (uint32_t)sp_kind_width(t->kind));
        sp_fbw_u8(w, table + 8, 1);
        break;
    case SP_FLOAT: sp_fbw_u16(w, table + 4, 1); break;
    case SP_DOUBLE: sp_fbw_u16(w, table + 4, 2); break;
    case SP_DECIMAL:
        sp_fbw_u32(w, table + 4, t->precision);
        sp_fbw_u32(w, table + 8, t->scale);
        sp_fbw_u32(w, table + 12, 128);
        break;
    case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_DAY_TIME: sp_fbw_u16(w, table + 4, SP_ARROW_MICRO); break;
    case SP_TIME:
        sp_fbw_u16(w, table + 4, SP_ARROW_NANO);
        sp_fbw_u32(w, table + 8, 64);
        break;
    case SP_CALENDAR: sp_fbw_u16(w, table + 4, SP_ARROW_MONTH_DAY_NANO); break;
    default: break;    /* DATE: DAY is 0; YEAR_MONTH: 0; MAP: keysSorted false */
    }
    if (zoned) sp_fbw_string(w, table + 8, s->zone);
}

static uint32_t child_slots(writer *s, uint32_t field, uint32_t count)
{
    return sp_fbw_vector(&s->w, field + 20, count, 4);
}

static void write_children(writer *s, uint32_t field, const sp_type *t)
{
    uint32_t slots;
    if (t->kind == SP_VARIANT) {
        slots = child_slots(s, field, 2);
        write_field(s, slots, SP_LIT("value"), sp_type_of(SP_BINARY), false, NULL);
        write_field(s, slots + 4, SP_LIT("metadata"), sp_type_of(SP_BINARY), false, "variant");
    } else if (t->kind == SP_MAP) {
        sp_type entries = { .kind = SP_STRUCT, .field_count = 2, .fields = t->fields };
        slots = child_slots(s, field, 1);
        write_field(s, slots, SP_LIT("entries"), &entries, false, NULL);
    } else {
        slots = child_slots(s, field, (uint32_t)t->field_count);
        for (int i = 0; i < t->field_count; i++)
            write_field(s, slots + 4 * (uint32_t)i, t->fields[i].name, t->fields[i].type, t->fields[i].nullable, NULL);
    }
}

static void write_true(writer *s, uint32_t at, const char *key)
{
    static const uint16_t layout[] = { 4, 8 };
    uint32_t slot = sp_fbw_vector(&s->w, at, 1, 4);
    uint32_t pair = sp_fbw_table(&s->w, 12, 2, layout);
    sp_fbw_u32(&s->w, slot, pair - slot);
    sp_fbw_string(&s->w, pair + 4, sp_str_of(key));
    sp_fbw_string(&s->w, pair + 8, SP_LIT("true"));
}

/* Field: name, nullable, type_type, type, dictionary (never), children, custom_metadata. */
static void write_field(writer *s, uint32_t slot, sp_str name, const sp_type *t, bool nullable, const char *meta_key)
{
    static const uint16_t plain[] = { 4, 8, 9, 12, 0, 20 }, noted[] = { 4, 8, 9, 12, 0, 20, 24 };
    sp_fbw *w = &s->w;
    uint32_t field = meta_key ? sp_fbw_table(w, 28, 7, noted) : sp_fbw_table(w, 24, 6, plain);
    sp_fbw_u32(w, slot, field - slot);
    sp_fbw_u8(w, field + 8, nullable);
    sp_fbw_u8(w, field + 9, (uint8_t)arrow_kind(t));
    sp_fbw_string(w, field + 4, name);
    write_parameters(s, field + 12, t);
    write_children(s, field, t);
    if (meta_key) write_true(s, field + 24, meta_key);
}

sp_status sp_ipc_write_schema(sp_buf *out, const sp_type *schema, const char *session_zone, sp_error *err)
{
    static const uint16_t layout[] = { 4, 8 };    /* endianness, fields */
    uint32_t body_length;
    writer s = { .zone = sp_str_of(session_zone ? session_zone : "UTC") };
    s.w = sp_ipc_message_open(out, SP_ARROW_SCHEMA, &body_length);
    uint32_t table = header_table(&s.w, body_length, 12, 2, layout);
    uint32_t slots = sp_fbw_vector(&s.w, table + 8, (uint32_t)schema->field_count, 4);
    for (int i = 0; i < schema->field_count; i++) {
        const sp_field *f = &schema->fields[i];
        write_field(&s, slots + 4 * (uint32_t)i, f->name, f->type, f->nullable, NULL);
    }
    sp_ipc_message_close(&s.w);
    return sp_buf_check(out, err);
}

/* ---- reading fields ---- */

typedef struct reader { sp_fb *f; sp_arena *arena; sp_error *err; int fields; } reader;

static sp_status unsupported(reader *r, const char *name)
{
    return SP_FAIL(r->err, UNSUPPORTED_ARROWTYPE, "typeName", name);
}

static const sp_type *int_type(reader *r, const sp_arrow_field *f)
{
    switch (f->is_signed || f->width < 0 || f->width > 64 ? f->width : f->width * 2) {
    case 8: return sp_type_of(SP_BYTE);
    case 16: return sp_type_of(SP_SHORT);
    case 32: return sp_type_of(SP_INT);
    case 64: return sp_type_of(SP_LONG);
    case 128:
        if (f->width == 64) return sp_type_decimal(r->arena, 20, 0, r->err);
        /* fall through */
    default: sp_ipc_malformed(r->err, "an integer of unknown width"); return NULL;
    }
}

static const sp_type *nested_type(reader *r, sp_arrow_field *f, bool variant)
{
    if (f->kind == SP_ARROW_STRUCT) {
        if (variant) return sp_type_of(SP_VARIANT);
        sp_field *fields = sp_arena_calloc(r->arena, sizeof *fields * ((size_t)f->child_count + 1), r->err);
        if (!fields) return NULL;
        for (int i = 0; i < f->child_count; i++)
            fields[i] = (sp_field){ f->child[i].name, f->child[i].type, f->child[i].nullable, { NULL, 0 } };
        return sp_type_struct(r->arena, fields, f->child_count, r->err);
    }
    sp_arrow_field *c = &f->child[0];
    if (f->kind != SP_ARROW_MAP) return sp_type_array(r->arena, c->type, c->nullable, r->err);
    if (c->kind != SP_ARROW_STRUCT || c->child_count != 2 || c->has_dictionary) {
        sp_ipc_malformed(r->err, "a map without key and value");
        return NULL;
    }
    return sp_type_map(r->arena, c->child[0].type, c->child[1].type, c->child[1].nullable, r->err);
}

static const sp_type *decimal_type(reader *r, sp_arrow_field *f, uint32_t table)
{
    int precision = sp_fb_int(r->f, table, 0, 0), scale = sp_fb_int(r->f, table, 1, 0);
    f->width = sp_fb_int(r->f, table, 2, 128);
    if (precision < 1 || scale < 0 || (f->width != 32 && f->width != 64 && f->width != 128 && f->width != 256)) {
        sp_ipc_malformed(r->err, "a decimal of unknown shape");
        return NULL;
    }
    return sp_type_decimal(r->arena, precision, scale, r->err);
}

static const sp_type *time_type(reader *r, sp_arrow_field *f, uint32_t table)
{
    f->unit = sp_fb_short(r->f, table, 0, SP_ARROW_MILLI);
    f->width = f->unit >= SP_ARROW_MICRO ? 64 : 32;
    if (f->unit < 0 || f->unit > SP_ARROW_NANO || sp_fb_int(r->f, table, 1, 32) != f->width) {
        sp_ipc_malformed(r->err, "a time of unknown unit");
        return NULL;
    }
    return sp_type_of(SP_TIME);
}

static const sp_type *unit_type(reader *r, sp_arrow_field *f, uint32_t table, int otherwise, int most, sp_kind kind)
{
    f->unit = sp_fb_short(r->f, table, 0, otherwise);
    if (f->unit < 0 || f->unit > most) {
        sp_ipc_malformed(r->err, "an unknown unit of time");
        return NULL;
    }
    return sp_type_of(kind);
}

static const sp_type *interval_type(reader *r, sp_arrow_field *f, uint32_t table)
{
    static const sp_kind kinds[] = { SP_YEAR_MONTH, SP_DAY_TIME, SP_CALENDAR };
    const sp_type *t = unit_type(r, f, table, 0, SP_ARROW_MONTH_DAY_NANO, SP_YEAR_MONTH);
    return t ? sp_type_of(kinds[f->unit]) : NULL;
}

static bool is_list(sp_arrow_kind k)
{
    return k == SP_ARROW_LIST || k == SP_ARROW_LARGE_LIST || k == SP_ARROW_FIXED_LIST || k == SP_ARROW_LIST_VIEW ||
           k == SP_ARROW_LARGE_LIST_VIEW || k == SP_ARROW_MAP;
}

/* Fills the field's parameters out of its type table and gives the Spark type. */
static const sp_type *read_parameters(reader *r, sp_arrow_field *f, uint32_t table, bool variant)
{
    switch (f->kind) {
    case SP_ARROW_NULL: return sp_type_of(SP_VOID);
    case SP_ARROW_BOOL: return sp_type_of(SP_BOOLEAN);
    case SP_ARROW_UTF8: case SP_ARROW_LARGE_UTF8: case SP_ARROW_UTF8_VIEW: return sp_type_of(SP_STRING);
    case SP_ARROW_BINARY: case SP_ARROW_LARGE_BINARY: case SP_ARROW_BINARY_VIEW: return sp_type_of(SP_BINARY);
    case SP_ARROW_FIXED_BINARY:
        f->width = sp_fb_int(r->f, table, 0, 0);
        if (f->width >= 0) return sp_type_of(SP_BINARY);
        sp_ipc_malformed(r->err, "a negative width");
        return NULL;
    case SP_ARROW_INT:
        f->width = sp_fb_int(r->f, table, 0, 0);
        f->is_signed = sp_fb_bool(r->f, table, 1);
        return int_type(r, f);
    case SP_ARROW_FLOAT:
        f->width = 16 << (sp_fb_short(r->f, table, 0, 0) & 3);
        return f->width > 64 ? (sp_ipc_malformed(r->err, "an unknown floating-point width"), NULL)
                             : sp_type_of(f->width == 64 ? SP_DOUBLE : SP_FLOAT);
    case SP_ARROW_DECIMAL: return decimal_type(r, f, table);
    case SP_ARROW_DATE: return unit_type(r, f, table, 1, 1, SP_DATE);
    case SP_ARROW_TIME: return time_type(r, f, table);
    case SP_ARROW_TIMESTAMP:
        return unit_type(r, f, table, 0, SP_ARROW_NANO,
                         table && sp_fb_string(r->f, table, 1).n ? SP_TIMESTAMP : SP_TIMESTAMP_NTZ);
    case SP_ARROW_DURATION: return unit_type(r, f, table, SP_ARROW_MILLI, SP_ARROW_NANO, SP_DAY_TIME);
    case SP_ARROW_INTERVAL: return interval_type(r, f, table);
    case SP_ARROW_FIXED_LIST:
        f->width = sp_fb_int(r->f, table, 0, 0);
        if (f->width > 0) return nested_type(r, f, false);
        sp_ipc_malformed(r->err, "a list of no elements");
        return NULL;
    case SP_ARROW_LIST: case SP_ARROW_LARGE_LIST: case SP_ARROW_LIST_VIEW: case SP_ARROW_LARGE_LIST_VIEW:
    case SP_ARROW_MAP: case SP_ARROW_STRUCT: return nested_type(r, f, variant);
    case SP_ARROW_UNION: unsupported(r, "Union"); return NULL;
    case SP_ARROW_RUN_END: unsupported(r, "RunEndEncoded"); return NULL;
    default: unsupported(r, "unknown"); return NULL;
    }
}

/* Whether the field's custom metadata has variant=true. */
static bool says_variant(sp_fb *f, uint32_t field)
{
    uint32_t count, at = sp_fb_vector(f, field, 6, 4, &count);
    for (uint32_t i = 0; i < count && i < 1000; i++) {
        uint32_t slot = at + 4 * i, pair = slot + sp_fb_u32(f, slot);
        if (!sp_fb_has(f, pair, 4)) return false;
        if (sp_str_is(sp_fb_string(f, pair, 0), "variant")) return sp_str_is(sp_fb_string(f, pair, 1), "true");
    }
    return false;
}

static sp_status read_fields(reader *r, uint32_t at, uint32_t count, int depth, sp_arrow_field *parent, bool *variant);

static sp_status read_field(reader *r, uint32_t table, int depth, sp_arrow_field *f)
{
    sp_str name = sp_fb_string(r->f, table, 0);
    f->name = sp_str_copy(r->arena, name.p ? name : SP_LIT(""), r->err);
    if (!f->name.p) return SP_FAILED;
    f->nullable = sp_fb_bool(r->f, table, 1);
    uint32_t kind_at = sp_fb_field(r->f, table, 2), type = sp_fb_follow(r->f, table, 3);
    f->kind = kind_at ? sp_fb_u8(r->f, kind_at) : SP_ARROW_NONE;
    uint32_t dictionary = sp_fb_follow(r->f, table, 4);
    if (dictionary) {
        uint32_t index = sp_fb_follow(r->f, dictionary, 1);
        f->has_dictionary = true;
        f->dictionary_id = sp_fb_long(r->f, dictionary, 0);
        f->index_width = index ? sp_fb_int(r->f, index, 0, 0) : 32;
        f->index_signed = index ? sp_fb_bool(r->f, index, 1) : true;
        if (f->index_width != 8 && f->index_width != 16 && f->index_width != 32 && f->index_width != 64)
            return sp_ipc_malformed(r->err, "a dictionary index of unknown width");
    }
    uint32_t count, children = sp_fb_vector(r->f, table, 5, 4, &count);
    bool variant = false;
    SP_TRY(read_fields(r, children, count, depth + 1, f, &variant));
    if (r->f->bad) return sp_ipc_malformed(r->err, "a field outside its message");
    if (is_list(f->kind) && f->child_count != 1) return sp_ipc_malformed(r->err, "a list without one child");
    f->type = read_parameters(r, f, type, variant);
    if (r->f->bad) return sp_ipc_malformed(r->err, "a type outside its message");
    return f->type ? SP_OK : SP_FAILED;
}

static bool is_variant(const sp_arrow_field *child)
{
    return sp_str_is(child[0].name, "value") && sp_str_is(child[1].name, "metadata") &&
           child[0].type->kind == SP_BINARY && child[1].type->kind == SP_BINARY;
}

static sp_status read_fields(reader *r, uint32_t at, uint32_t count, int depth, sp_arrow_field *parent, bool *variant)
{
    if (depth > DEPTH_MAX) return sp_ipc_malformed(r->err, "types nested too deep");
    r->fields += (int)(count < FIELDS_MAX ? count : FIELDS_MAX);
    if (r->fields >= FIELDS_MAX) return sp_ipc_malformed(r->err, "too many fields");
    parent->child_count = (int)count;
    SP_NEW_ARRAY(parent->child, r->arena, count + 1, r->err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = at + 4 * i, offset = sp_fb_u32(r->f, slot);
        if (!sp_fb_has(r->f, (uint64_t)slot + offset, 4))
            return sp_ipc_malformed(r->err, "a field outside its message");
        SP_TRY(read_field(r, slot + offset, depth, &parent->child[i]));
        if (i == 1 && count == 2) *variant = is_variant(parent->child) && says_variant(r->f, slot + offset);
    }
    return SP_OK;
}

sp_status sp_ipc_read_schema(sp_fb *f, uint32_t table, sp_arena *a, sp_arrow_field *root, sp_error *err)
{
    reader r = { f, a, err, 0 };
    bool variant = false;
    memset(root, 0, sizeof *root);
    if (sp_fb_short(f, table, 0, 0) != 0) return sp_ipc_malformed(err, "big-endian data");
    uint32_t count, at = sp_fb_vector(f, table, 1, 4, &count);
    SP_TRY(read_fields(&r, at, count, 0, root, &variant));
    if (f->bad) return sp_ipc_malformed(err, "a schema outside its message");
    root->kind = SP_ARROW_STRUCT;
    root->type = nested_type(&r, root, false);
    return root->type ? SP_OK : SP_FAILED;
}
