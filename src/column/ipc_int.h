/* ipc_int.h -- flatbuffers, as far as Arrow's messages need them, and what ipc's files share.
 *
 * Reading: positions are offsets into the metadata bytes, 0 = absent; every access is checked against the bytes, and
 * one that is out of them sets `bad` and gives 0. Writing: forwards, straight into the output; tables are laid out by
 * their caller, offsets to what follows are patched when it is written. Field numbers are those of Arrow's
 * Message.fbs and Schema.fbs. */
#ifndef SP_COLUMN_IPC_INT_H
#define SP_COLUMN_IPC_INT_H

#include "column/ipc.h"

/* MessageHeader, Type, units of Arrow's flatbuffers */
enum { SP_ARROW_SCHEMA = 1, SP_ARROW_DICTIONARY = 2, SP_ARROW_BATCH = 3 };
typedef enum sp_arrow_kind {
    SP_ARROW_NONE, SP_ARROW_NULL, SP_ARROW_INT, SP_ARROW_FLOAT, SP_ARROW_BINARY, SP_ARROW_UTF8, SP_ARROW_BOOL,
    SP_ARROW_DECIMAL, SP_ARROW_DATE, SP_ARROW_TIME, SP_ARROW_TIMESTAMP, SP_ARROW_INTERVAL, SP_ARROW_LIST,
    SP_ARROW_STRUCT,
    SP_ARROW_UNION, SP_ARROW_FIXED_BINARY, SP_ARROW_FIXED_LIST, SP_ARROW_MAP, SP_ARROW_DURATION, SP_ARROW_LARGE_BINARY,
    SP_ARROW_LARGE_UTF8, SP_ARROW_LARGE_LIST, SP_ARROW_RUN_END, SP_ARROW_BINARY_VIEW, SP_ARROW_UTF8_VIEW,
    SP_ARROW_LIST_VIEW, SP_ARROW_LARGE_LIST_VIEW, SP_ARROW_KIND_COUNT
} sp_arrow_kind;
enum { SP_ARROW_SECOND, SP_ARROW_MILLI, SP_ARROW_MICRO, SP_ARROW_NANO };
enum { SP_ARROW_YEAR_MONTH, SP_ARROW_DAY_TIME, SP_ARROW_MONTH_DAY_NANO };

/* A field of an Arrow schema that was read. */
typedef struct sp_arrow_field {
    sp_str name;
    bool nullable;
    sp_arrow_kind kind;
    int width;               /* INT, FLOAT, DECIMAL, TIME: bits; FIXED_BINARY: bytes; FIXED_LIST: elements */
    bool is_signed;
    int unit;                /* DATE, TIME, TIMESTAMP, DURATION, INTERVAL */
    bool has_dictionary;
    int64_t dictionary_id;
    int index_width;         /* bits */
    bool index_signed;
    int child_count;
    struct sp_arrow_field *child;
    const sp_type *type;     /* the Spark type of its (decoded) values */
} sp_arrow_field;

/* ---- reading ---- */

typedef struct sp_fb { const uint8_t *p; uint32_t n; bool bad; } sp_fb;

static inline bool sp_fb_has(sp_fb *f, uint64_t at, uint64_t size)
{
    if (at <= f->n && size <= f->n - at) return true;
    f->bad = true;
    return false;
}
#define SP_FB_GET(NAME, T) \
    static inline T NAME(sp_fb *f, uint64_t at) \
    { \
        T v = 0; \
        if (sp_fb_has(f, at, sizeof v)) memcpy(&v, f->p + at, sizeof v); \
        return v; \
    }
SP_FB_GET(sp_fb_u8, uint8_t)
SP_FB_GET(sp_fb_u16, uint16_t)
SP_FB_GET(sp_fb_u32, uint32_t)
SP_FB_GET(sp_fb_i64, int64_t)
#undef SP_FB_GET

/* Where field `id` of the table lies; 0 when it is not there. */
static inline uint32_t sp_fb_field(sp_fb *f, uint32_t table, int id)
{
    int64_t vtable = (int64_t)table - (int32_t)sp_fb_u32(f, table);
    if (f->bad || vtable < 0 || vtable > f->n) {
        f->bad = true;
        return 0;
    }
    uint16_t size = sp_fb_u16(f, (uint64_t)vtable), at = (uint16_t)(4 + 2 * id);
    if (at + 2 > size) return 0;
    uint16_t offset = sp_fb_u16(f, (uint64_t)vtable + at);
    return offset && !f->bad && sp_fb_has(f, table, offset) ? table + offset : 0;
}
/* What the offset in field `id` leads to: a table, string or vector; 0: absent. */
static inline uint32_t sp_fb_follow(sp_fb *f, uint32_t table, int id)
{
    uint32_t at = sp_fb_field(f, table, id);
    if (!at) return 0;
    uint32_t offset = sp_fb_u32(f, at);
    return sp_fb_has(f, (uint64_t)at + offset, 4) ? at + offset : 0;
}
/* The first element of a vector and their count, all of them within the bytes. */
static inline uint32_t sp_fb_vector(sp_fb *f, uint32_t table, int id, uint32_t element_size, uint32_t *count)
{
    uint32_t at = sp_fb_follow(f, table, id);
    *count = at ? sp_fb_u32(f, at) : 0;
    if (at && !sp_fb_has(f, (uint64_t)at + 4, (uint64_t)*count * element_size)) *count = 0;
    return at + 4;
}
static inline sp_str sp_fb_string(sp_fb *f, uint32_t table, int id)
{
    uint32_t n, at = sp_fb_vector(f, table, id, 1, &n);
    return n ? (sp_str){ (const char *)f->p + at, n } : (sp_str){ NULL, 0 };
}
static inline int sp_fb_int(sp_fb *f, uint32_t table, int id, int otherwise)
{
    uint32_t at = table ? sp_fb_field(f, table, id) : 0;
    return at ? (int)sp_fb_u32(f, at) : otherwise;
}
static inline int sp_fb_short(sp_fb *f, uint32_t table, int id, int otherwise)
{
    uint32_t at = table ? sp_fb_field(f, table, id) : 0;
    return at ? (int16_t)sp_fb_u16(f, at) : otherwise;
}
static inline bool sp_fb_bool(sp_fb *f, uint32_t table, int id)
{
    uint32_t at = table ? sp_fb_field(f, table, id) : 0;
    return at && sp_fb_u8(f, at) != 0;
}
static inline int64_t sp_fb_long(sp_fb *f, uint32_t table, int id)
{
    uint32_t at = sp_fb_field(f, table, id);
    return at ? sp_fb_i64(f, at) : 0;
}

/* ---- writing; positions are offsets from the flatbuffer's first byte, which lies at out->data + start ---- */

typedef struct sp_fbw { sp_buf *out; size_t start; } sp_fbw;

static inline uint32_t sp_fbw_at(const sp_fbw *w) { return (uint32_t)(w->out->len - w->start); }
static inline void sp_fbw_zeros(sp_fbw *w, size_t n)
{
    static const char zeros[64];
    for (; n > sizeof zeros; n -= sizeof zeros) sp_buf_add(w->out, zeros, sizeof zeros);
    sp_buf_add(w->out, zeros, n);
}
/* So that `extra` bytes further on it is aligned. */
static inline void sp_fbw_align(sp_fbw *w, uint32_t to, uint32_t extra)
{
    sp_fbw_zeros(w, (to - (sp_fbw_at(w) + extra) % to) % to);
}
static inline void sp_fbw_set(sp_fbw *w, uint32_t at, const void *v, size_t n)
{
    if (!w->out->failed) memcpy(w->out->data + w->start + at, v, n);
}
static inline void sp_fbw_u8(sp_fbw *w, uint32_t at, uint8_t v) { sp_fbw_set(w, at, &v, 1); }
static inline void sp_fbw_u16(sp_fbw *w, uint32_t at, uint16_t v) { sp_fbw_set(w, at, &v, 2); }
static inline void sp_fbw_u32(sp_fbw *w, uint32_t at, uint32_t v) { sp_fbw_set(w, at, &v, 4); }
static inline void sp_fbw_i64(sp_fbw *w, uint32_t at, int64_t v) { sp_fbw_set(w, at, &v, 8); }
/* The offset at `at` leads to where we are. */
static inline void sp_fbw_here(sp_fbw *w, uint32_t at) { sp_fbw_u32(w, at, sp_fbw_at(w) - at); }
/* A zeroed table of `size` bytes (8-aligned, its first four the way to the vtable), field i at offsets[i], 0 =
 * absent. */
static inline uint32_t sp_fbw_table(sp_fbw *w, uint16_t size, int count, const uint16_t *offsets)
{
    uint16_t head[2] = { (uint16_t)(4 + 2 * count), size };
    sp_fbw_align(w, 8, head[0]);
    uint32_t vtable = sp_fbw_at(w);
    sp_buf_add(w->out, head, 4);
    sp_buf_add(w->out, offsets, 2 * (size_t)count);
    uint32_t table = sp_fbw_at(w);
    sp_fbw_zeros(w, size);
    sp_fbw_u32(w, table, table - vtable);
    return table;
}
static inline void sp_fbw_string(sp_fbw *w, uint32_t at, sp_str s)
{
    uint32_t n = (uint32_t)s.n;
    sp_fbw_align(w, 4, 0);
    sp_fbw_here(w, at);
    sp_buf_add(w->out, &n, 4);
    sp_buf_add(w->out, s.p, s.n);
    sp_buf_putc(w->out, 0);
}
/* A vector of zeroed elements; returns where the first lies. */
static inline uint32_t sp_fbw_vector(sp_fbw *w, uint32_t at, uint32_t count, uint32_t element_size)
{
    sp_fbw_align(w, element_size > 4 ? 8 : 4, 4);
    sp_fbw_here(w, at);
    sp_buf_add(w->out, &count, 4);
    uint32_t first = sp_fbw_at(w);
    sp_fbw_zeros(w, (size_t)count * element_size);
    return first;
}

/* ---- ipc_schema.c ---- */

/* Opens an encapsulated message whose header table (kind: SP_ARROW_...) is written next; *body_length is where its
 * length goes. */
sp_fbw sp_ipc_message_open(sp_buf *out, int kind, uint32_t *body_length);
void   sp_ipc_message_close(sp_fbw *w);
sp_status sp_ipc_write_schema(sp_buf *out, const sp_type *schema, const char *session_zone, sp_error *err);
/* The fields of a Schema table, as children of one struct field. */
sp_status sp_ipc_read_schema(sp_fb *f, uint32_t table, sp_arena *a, sp_arrow_field *root, sp_error *err);
sp_status sp_ipc_malformed(sp_error *err, const char *what);

#endif
