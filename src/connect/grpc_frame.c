/* grpc_frame.c -- gRPC's framing on top of HTTP/2: five bytes (compressed flag, big-endian length) before each
 * message, and the encodings of its headers. From the gRPC over HTTP/2 protocol document; texts are grpc-java's
 * (MessageDeframer). No I/O. */
#include <zlib.h>
#include "connect/grpc_int.h"

enum { FIRST_CAPACITY = 256 * 1024 };   /* a length is only announced: memory follows the bytes that really come */

void grpc_inbox_done(grpc_inbox *in)
{
    sp_buffer_unref(in->body);
    *in = (grpc_inbox){ 0 };
}

static sp_buffer *buffer_of(size_t size)
{
    sp_error ignored = { 0 };
    return sp_buffer_new(size, &ignored);
}

/* Room for `need` bytes in *b, of which `have` are used; never more than `max` are asked for. */
static bool buffer_grow(sp_buffer **b, size_t have, size_t need, size_t max)
{
    if (*b && (*b)->size >= need)
        return true;
    size_t size = *b ? (*b)->size * 2 : FIRST_CAPACITY;
    size = size < need ? need : size;
    sp_buffer *bigger = buffer_of(size > max ? max : size);
    if (!bigger)
        return false;
    if (have)
        memcpy(bigger->data, (*b)->data, have);
    sp_buffer_unref(*b);
    *b = bigger;
    return true;
}

static grpc_taken failed(grpc_taken t, sp_grpc_code code, const char *text)
{
    t.code = code;
    t.text = text;
    return t;
}

static void *inflate_alloc(void *context, unsigned items, unsigned size) { return sp_malloc((size_t)items * size); }
static void inflate_free(void *context, void *p) { sp_free(p); }

/* The inflated message, or why there is none. max bounds what a few bytes can blow up to. */
static grpc_taken inflate_message(grpc_taken t, const sp_buffer *packed, size_t max, sp_error *err)
{
    z_stream z = {
        .next_in = (Bytef *)packed->data, .avail_in = (uInt)packed->size, .zalloc = inflate_alloc, .zfree = inflate_free
    };
    sp_buffer *out = NULL;
    size_t have = 0;
    int rc;
    if (inflateInit2(&z, 15 + 32) != Z_OK)      /* 32: gzip or zlib by its header */
        return failed(t, SP_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    do {
        /* One byte beyond max is asked for, to tell "exactly max" from "more". */
        if (!buffer_grow(&out, have, have + 1, max + 1)) {
            t = failed(t, SP_GRPC_RESOURCE_EXHAUSTED, "out of memory");
            goto done;
        }
        size_t room = out->size - have;
        z.next_out = (Bytef *)out->data + have;
        z.avail_out = (uInt)room;
        rc = inflate(&z, Z_NO_FLUSH);
        have += room - z.avail_out;
        if (have > max) {
            t = failed(t, SP_GRPC_RESOURCE_EXHAUSTED,
                       sp_error_format(err, "Decompressed gRPC message exceeds maximum size %zu", max));
            goto done;
        }
    } while (rc == Z_OK && (z.avail_out == 0 || z.avail_in > 0));
    if (rc != Z_STREAM_END) {
        t = failed(t, SP_GRPC_INTERNAL, "Failed to inflate the compressed gRPC message");
        goto done;
    }
    out->size = have;
    t.message = out;
    out = NULL;
done:
    inflateEnd(&z);
    sp_buffer_unref(out);
    return t;
}

/* Reads the five bytes; false when they are refused (t says why). */
static bool head_ok(grpc_inbox *in, size_t max, grpc_encoding encoding, grpc_taken *t, sp_error *err)
{
    in->want = (uint32_t)in->head[1] << 24 | (uint32_t)in->head[2] << 16 | (uint32_t)in->head[3] << 8 | in->head[4];
    if (in->head[0] > 1)
        *t = failed(*t, SP_GRPC_INTERNAL, "gRPC frame header malformed: reserved bits not zero");
    else if (in->head[0] == 1 && encoding == GRPC_IDENTITY)
        *t = failed(*t, SP_GRPC_INTERNAL, "Can't decode compressed gRPC message as compression not configured");
    else if (in->want > max)
        *t = failed(*t, SP_GRPC_RESOURCE_EXHAUSTED,
                    sp_error_format(err, "gRPC message exceeds maximum size %zu: %u", max, in->want));
    else
        return true;
    return false;
}

grpc_taken grpc_inbox_take(grpc_inbox *in, const uint8_t *bytes, size_t n, size_t max, grpc_encoding encoding,
                           sp_error *err)
{
    grpc_taken t = { 0 };
    while (in->head_n < GRPC_MESSAGE_HEAD && t.used < n) {
        in->head[in->head_n++] = bytes[t.used++];
        if (in->head_n == GRPC_MESSAGE_HEAD && !head_ok(in, max, encoding, &t, err))
            return t;
    }
    if (in->head_n < GRPC_MESSAGE_HEAD)
        return t;
    size_t more = n - t.used < in->want - in->have ? n - t.used : in->want - in->have;
    /* The first piece asks for what is announced, up to FIRST_CAPACITY: small messages fit exactly. */
    if (!in->body)
        in->body = buffer_of(in->want < FIRST_CAPACITY ? in->want : FIRST_CAPACITY);
    if (!in->body || !buffer_grow(&in->body, in->have, in->have + more, in->want))
        return failed(t, SP_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    if (more)
        memcpy(in->body->data + in->have, bytes + t.used, more);
    in->have += more;
    t.used += more;
    if (in->have < in->want)
        return t;
    in->body->size = in->want;
    if (in->head[0] == 1) {
        t = inflate_message(t, in->body, max, err);
    } else {
        t.message = in->body;
        in->body = NULL;
    }
    grpc_inbox_done(in);
    return t;
}

grpc_encoding grpc_encoding_of(const char *name)
{
    if (!name || strcmp(name, "identity") == 0)
        return GRPC_IDENTITY;
    if (strcmp(name, "gzip") == 0)
        return GRPC_GZIP;
    return strcmp(name, "deflate") == 0 ? GRPC_DEFLATE : GRPC_UNKNOWN_ENCODING;
}

char *grpc_percent_encode(const char *text, size_t max)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = strlen(text), used = 0, whole = 0;
    char *out = sp_malloc((n < max / 3 ? n * 3 : max) + 1);
    if (!out)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t need = c < 0x20 || c > 0x7e || c == '%' ? 3 : 1;
        if ((c & 0xc0) != 0x80)
            whole = used;                      /* a character begins here: the place to cut */
        if (used + need > max) {
            used = whole;
            break;
        }
        if (need == 1) {
            out[used++] = (char)c;
        } else {
            out[used++] = '%';
            out[used++] = hex[c >> 4];
            out[used++] = hex[c & 15];
        }
    }
    out[used] = 0;
    return out;
}

/* Unpadded, as the protocol asks writers to. */
char *grpc_base64(const void *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = bytes;
    char *out = sp_malloc(n / 3 * 4 + 5), *o = out;
    if (!out)
        return NULL;
    for (; n >= 3; n -= 3, p += 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *o++ = digits[v >> 18];
        *o++ = digits[v >> 12 & 63];
        *o++ = digits[v >> 6 & 63];
        *o++ = digits[v & 63];
    }
    if (n) {
        uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *o++ = digits[v >> 18];
        *o++ = digits[v >> 12 & 63];
        if (n == 2)
            *o++ = digits[v >> 6 & 63];
    }
    *o = 0;
    return out;
}

int64_t grpc_timeout_ns(const char *value)
{
    static const struct { char unit; int64_t ns; } units[] = {
        { 'H', 3600000000000 }, { 'M', 60000000000 }, { 'S', 1000000000 },
        { 'm', 1000000 }, { 'u', 1000 }, { 'n', 1 } };
    int64_t v = 0;
    int digits = 0;
    for (; *value >= '0' && *value <= '9' && digits < 9; value++, digits++)
        v = v * 10 + (*value - '0');
    if (digits < 1 || digits > 8 || !value[0] || value[1])
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == *value)           /* 99999999 hours overflow: as good as never */
            return v > INT64_MAX / 4 / units[i].ns ? INT64_MAX / 4 : v * units[i].ns;
    }
    return -1;
}
