/* value_variant.c -- the JSON of a variant value.
 *
 * From: org.apache.spark.types.variant.{Variant.toJson, VariantUtil}, and the Parquet variant encoding. A value
 * starts with a byte of basic type (2 bits) and type info (6 bits); objects and arrays hold offsets into what follows
 * them, names are numbers in the metadata's dictionary. The bytes may come from outside: every read is checked, and
 * no more values are visited than the variant has bytes, so that offsets which share or cycle come to an end. */
#include <stdio.h>

#include "column/datetime.h"
#include "column/decimal.h"
#include "column/value_int.h"
#include "column/vec_int.h"

enum { PRIMITIVE, SHORT_STRING, OBJECT, ARRAY };
enum {
    V_NULL, V_TRUE, V_FALSE, V_INT1, V_INT2, V_INT4, V_INT8, V_DOUBLE, V_DECIMAL4, V_DECIMAL8, V_DECIMAL16, V_DATE,
    V_TIMESTAMP, V_TIMESTAMP_NTZ, V_FLOAT, V_BINARY, V_STRING, V_TIMESTAMP_NANOS = 18, V_TIMESTAMP_NANOS_NTZ, V_UUID
};
enum { DEPTH_MAX = 500 };

typedef struct printer {
    sp_buf *out;
    sp_str value, meta;
    const sp_zone *zone;
    size_t visits;
    int depth;
    sp_error *err;
} printer;

static sp_status malformed(printer *p) { return SP_FAIL(p->err, MALFORMED_VARIANT); }

static bool has(sp_str s, uint64_t at, uint64_t n) { return at <= s.n && n <= s.n - at; }

/* A little-endian unsigned number of 1..4 bytes; false when it is not there. */
static bool number(sp_str s, uint64_t at, int bytes, uint32_t *out)
{
    *out = 0;
    if (!has(s, at, (uint64_t)bytes)) return false;
    memcpy(out, s.p + at, (size_t)bytes);
    return *out <= INT32_MAX;
}

static sp_status print_at(printer *p, uint64_t at);

/* ---- objects and arrays ---- */

static sp_status print_name(printer *p, uint32_t id)
{
    int width = ((uint8_t)p->meta.p[0] >> 6) + 1;
    uint32_t count, from, to;
    uint64_t w = (uint64_t)width;
    if (!number(p->meta, 1, width, &count) || id >= count) return malformed(p);
    uint64_t text = 1 + ((uint64_t)count + 2) * w;
    if (!number(p->meta, 1 + (id + 1ull) * w, width, &from) || !number(p->meta, 1 + (id + 2ull) * w, width, &to))
        return malformed(p);
    if (from > to || !has(p->meta, text + from, to - from))
        return malformed(p);
    sp_json_quote(p->out, (sp_str){ p->meta.p + text + from, to - from });
    sp_buf_putc(p->out, ':');
    return SP_OK;
}

static sp_status print_container(printer *p, uint64_t at, bool object, int info)
{
    int size_width = (info >> (object ? 4 : 2)) & 1 ? 4 : 1, id_width = object ? ((info >> 2) & 3) + 1 : 0;
    int offset_width = (info & 3) + 1;
    uint32_t count, id, offset;
    if (!number(p->value, at + 1, size_width, &count)) return malformed(p);
    uint64_t ids = at + 1 + (uint64_t)size_width, offsets = ids + (uint64_t)count * (uint64_t)id_width;
    uint64_t data = offsets + ((uint64_t)count + 1) * (uint64_t)offset_width;
    if (data > p->value.n || ++p->depth > DEPTH_MAX) return malformed(p);
    sp_buf_putc(p->out, object ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i) sp_buf_putc(p->out, ',');
        if (object) {
            if (!number(p->value, ids + (uint64_t)i * (uint64_t)id_width, id_width, &id)) return malformed(p);
            SP_TRY(print_name(p, id));
        }
        uint64_t at_offset = offsets + (uint64_t)i * (uint64_t)offset_width;
        if (!number(p->value, at_offset, offset_width, &offset)) return malformed(p);
        SP_TRY(print_at(p, data + offset));
    }
    sp_buf_putc(p->out, object ? '}' : ']');
    p->depth--;
    return SP_OK;
}

/* ---- primitives ---- */

static void print_base64(sp_buf *out, sp_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16;
        if (left > 1) v |= (uint32_t)(uint8_t)s.p[i + 1] << 8;
        if (left > 2) v |= (uint8_t)s.p[i + 2];
        sp_buf_putc(out, digits[v >> 18]);
        sp_buf_putc(out, digits[v >> 12 & 63]);
        sp_buf_putc(out, left > 1 ? digits[v >> 6 & 63] : '=');
        sp_buf_putc(out, left > 2 ? digits[v & 63] : '=');
    }
}

static void print_uuid(sp_buf *out, const char *p)
{
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) sp_buf_putc(out, '-');
        sp_buf_printf(out, "%02x", (uint8_t)p[i]);
    }
}

/* "2024-01-02 03:04:05.12", with +01:00 behind it when there is a zone; nanos: the unit is not microseconds. */
static void print_time(sp_buf *out, int64_t t, bool nanos, const sp_zone *zone)
{
    int64_t us = nanos ? sp_floor_div(t, 1000) : t, rest = nanos ? sp_floor_mod(t, 1000) : 0;
    int offset = zone ? sp_zone_offset_at_utc(zone, us) : 0;
    us += offset * SP_US_PER_SECOND;
    if (!rest) {
        sp_print_timestamp_ntz(out, us);
    } else {
        int64_t micros = sp_floor_mod(us, SP_US_PER_SECOND), fraction = micros * 1000 + rest;
        int digits = 9;
        for (; fraction % 10 == 0; digits--) fraction /= 10;
        sp_print_timestamp_ntz(out, us - micros);
        sp_buf_printf(out, ".%0*lld", digits, (long long)fraction);
    }
    if (!zone) return;
    int seconds = offset < 0 ? -offset : offset;
    sp_buf_printf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
}

static void print_decimal(sp_buf *out, __int128 v, int scale)
{
    for (; scale > 0 && v % 10 == 0; scale--) v /= 10;    /* stripTrailingZeros */
    sp_dec_print(out, v, scale);
}

static void print_floating(sp_buf *out, double d, bool single)
{
    bool quoted = d - d != 0;
    if (quoted) sp_buf_putc(out, '"');
    if (single) sp_print_f32(out, (float)d);
    else sp_print_f64(out, d);
    if (quoted) sp_buf_putc(out, '"');
}

static int content_bytes(int info)
{
    static const int8_t bytes[] = { 0, 0, 0, 1, 2, 4, 8, 8, 5, 9, 17, 4, 8, 8, 4, 4, 4, -1, 8, 8, 16 };
    return info < (int)sizeof bytes ? bytes[info] : -1;
}

static sp_status print_text(printer *p, uint64_t at, int info)
{
    uint32_t n;
    if (!number(p->value, at, 4, &n) || !has(p->value, at + 4, n)) return malformed(p);
    sp_str s = { p->value.p + at + 4, n };
    if (info == V_STRING) {
        sp_json_quote(p->out, s);
        return SP_OK;
    }
    sp_buf_putc(p->out, '"');
    print_base64(p->out, s);
    sp_buf_putc(p->out, '"');
    return SP_OK;
}

static sp_status print_number(printer *p, const char *c, int info, int bytes)
{
    int64_t i = 0;
    __int128 wide = 0;
    bool zoned = info == V_TIMESTAMP || info == V_TIMESTAMP_NANOS;
    double d;
    float f;
    if (info >= V_DECIMAL4 && info <= V_DECIMAL16) {
        int scale = (uint8_t)*c;
        memcpy((char *)&wide + 17 - bytes, c + 1, (size_t)bytes - 1);
        if (scale > SP_DECIMAL_MAX) return malformed(p);
        print_decimal(p->out, wide >> (8 * (17 - bytes)), scale);
        return SP_OK;
    }
    memcpy((char *)&i + 8 - bytes, c, (size_t)bytes);
    i >>= 8 * (8 - bytes);    /* sign-extends */
    switch (info) {
    case V_DOUBLE:
        memcpy(&d, c, 8);
        print_floating(p->out, d, false);
        return SP_OK;
    case V_FLOAT:
        memcpy(&f, c, 4);
        print_floating(p->out, f, true);
        return SP_OK;
    case V_INT1: case V_INT2: case V_INT4: case V_INT8: sp_buf_printf(p->out, "%lld", (long long)i); return SP_OK;
    default: break;
    }
    sp_buf_putc(p->out, '"');
    if (info == V_DATE) sp_print_date(p->out, (int32_t)i);
    else print_time(p->out, i, info >= V_TIMESTAMP_NANOS, zoned ? p->zone : NULL);
    sp_buf_putc(p->out, '"');
    return SP_OK;
}

static sp_status print_primitive(printer *p, uint64_t at, int info)
{
    int bytes = content_bytes(info);
    if (bytes < 0) {
        char id[16];
        snprintf(id, sizeof id, "%d", info);
        return SP_FAIL(p->err, UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT, "id", id);
    }
    if (!has(p->value, at, (uint64_t)bytes)) return malformed(p);
    const char *c = p->value.p + at;
    switch (info) {
    case V_NULL: sp_buf_puts(p->out, "null"); return SP_OK;
    case V_TRUE: sp_buf_puts(p->out, "true"); return SP_OK;
    case V_FALSE: sp_buf_puts(p->out, "false"); return SP_OK;
    case V_BINARY: case V_STRING: return print_text(p, at, info);
    case V_UUID:
        sp_buf_putc(p->out, '"');
        print_uuid(p->out, c);
        sp_buf_putc(p->out, '"');
        return SP_OK;
    default: return print_number(p, c, info, bytes);
    }
}

static sp_status print_at(printer *p, uint64_t at)
{
    if (at >= p->value.n || ++p->visits > p->value.n) return malformed(p);
    int head = (uint8_t)p->value.p[at], info = head >> 2;
    switch (head & 3) {
    case PRIMITIVE: return print_primitive(p, at + 1, info);
    case SHORT_STRING:
        if (!has(p->value, at + 1, (uint64_t)info)) return malformed(p);
        sp_json_quote(p->out, (sp_str){ p->value.p + at + 1, (size_t)info });
        return SP_OK;
    default: return print_container(p, at, (head & 3) == OBJECT, info);
    }
}

static bool child_text(const sp_vec *v, uint32_t row, sp_str *out)
{
    if (!sp_vec_seek(&v, &row)) return false;
    *out = sp_view_str((const sp_view *)v->data + row);
    return true;
}

sp_status sp_variant_json(sp_buf *out, const sp_vec *v, uint32_t row, const struct sp_zone *zone, sp_error *err)
{
    printer p = { .out = out, .zone = zone, .err = err };
    if (!child_text(v->child[0], row, &p.value) || !child_text(v->child[1], row, &p.meta) || p.meta.n < 1 ||
        (p.meta.p[0] & 15) != 1)
        return malformed(&p);
    return print_at(&p, 0);
}
