/* ipc_write.c -- batches to an Arrow IPC stream, written forwards in one pass.
 *
 * A record batch's metadata has a size that the schema alone decides: a node for every field and two or three buffers
 * each. So room for it is made first, the buffers are written behind it straight from the vectors, and their places
 * and lengths are patched. Buffers start at multiples of eight, as Arrow Java pads them. A column without nulls has
 * an empty validity buffer. From: Arrow columnar format 1.5, IPC; ArrowWriter of Spark for what each type becomes. */
#include "column/ipc_int.h"

#include "column/vec_int.h"

typedef struct writer {
    sp_buf *out;
    sp_error *err;
    sp_arena *scratch;          /* for what has to be rewritten first; made when needed */
    size_t nodes, buffers;      /* where the next FieldNode and Buffer go, in out */
    size_t body;                /* where the body begins, in out */
} writer;

/* The output may begin anywhere: stores into it are not aligned. */
typedef int32_t loose_i32 __attribute__((aligned(1), may_alias));
typedef uint64_t loose_u64 __attribute__((aligned(1), may_alias));
typedef uint32_t loose_u32 __attribute__((aligned(1), may_alias));
typedef uint16_t loose_u16 __attribute__((aligned(1), may_alias));

static sp_status write_vec(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count);

static sp_arena *scratch(writer *w)
{
    if (!w->scratch && !(w->scratch = sp_arena_new("call", 0))) sp_error_memory(w->err, "Arrow data");
    return w->scratch;
}

/* ---- counting what the metadata holds ---- */

static void count_parts(const sp_type *t, uint32_t *nodes, uint32_t *buffers)
{
    ++*nodes;
    switch (t->kind) {
    case SP_VOID: return;
    case SP_STRUCT: case SP_VARIANT: *buffers += 1; break;
    case SP_STRING: case SP_BINARY: *buffers += 3; break;
    case SP_MAP:
        *buffers += 3;    /* validity, offsets; validity of entries */
        ++*nodes;
        break;
    default: *buffers += 2;
    }
    for (int i = 0; i < sp_type_child_count(t); i++) count_parts(sp_type_child(t, i), nodes, buffers);
}

static void put_node(writer *w, uint32_t length, uint32_t null_count)
{
    int64_t node[2] = { length, null_count };
    memcpy(w->out->data + w->nodes, node, sizeof node);
    w->nodes += sizeof node;
}

static void put_buffer(writer *w, size_t begin)
{
    int64_t buffer[2] = { (int64_t)(begin - w->body), (int64_t)(w->out->len - begin) };
    memcpy(w->out->data + w->buffers, buffer, sizeof buffer);
    w->buffers += sizeof buffer;
    static const char zeros[8];
    sp_buf_add(w->out, zeros, (8 - (w->out->len - w->body) % 8) % 8);
}

/* Room for n bytes at the end of out; NULL when there is no memory. The bytes count as written. */
static void *room(writer *w, size_t n)
{
    if (!sp_buf_reserve(w->out, n + 8)) return NULL;
    void *p = w->out->data + w->out->len;
    w->out->len += n;
    return p;
}

static sp_status no_room(writer *w) { return sp_error_memory(w->err, "Arrow data"); }

/* ---- validity ---- */

/* The selected bits, packed; how many of them are 0. */
static uint32_t pack_bits(uint8_t *to, const uint64_t *from, const uint32_t *index, uint32_t count)
{
    uint32_t dead = 0;
    for (uint32_t at = 0; at < count; at += 64) {
        uint32_t n = count - at < 64 ? count - at : 64;
        uint64_t bits = 0, all = n == 64 ? ~0ull : (1ull << n) - 1;
        if (!index) bits = from[at / 64] & all;
        else for (uint32_t i = 0; i < n; i++) bits |= (uint64_t)sp_bit_get(from, index[at + i]) << i;
        dead += n - (uint32_t)__builtin_popcountll(bits);
        memcpy(to + at / 8, &bits, (n + 7) / 8);
    }
    return dead;
}

/* The node and the validity buffer; none of the latter when no selected row is null. */
static sp_status write_head(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    size_t begin = w->out->len;
    uint32_t dead = 0;
    if (v->valid && count) {
        uint8_t *to = room(w, ((size_t)count + 7) / 8);
        if (!to) return no_room(w);
        dead = pack_bits(to, v->valid, index, count);
        if (!dead) w->out->len = begin;
    }
    put_node(w, count, dead);
    put_buffer(w, begin);
    return SP_OK;
}

/* ---- data ---- */

#define COPY_AS(T) do { \
        const loose_##T *f = v->data; \
        loose_##T *t = to; \
        for (uint32_t i = 0; i < count; i++) t[i] = f[index[i]]; \
    } while (0)
static sp_status write_fixed(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    size_t width = sp_kind_width(v->type->kind), begin = w->out->len;
    void *to = room(w, width * count);
    if (!to) return no_room(w);
    if (!index) {
        if (count) memcpy(to, v->data, width * count);
    } else if (width == 16) {    /* no 16-byte moves into what is not aligned */
        const char *from = v->data;
        for (uint32_t i = 0; i < count; i++) memcpy((char *)to + 16 * (size_t)i, from + 16 * (size_t)index[i], 16);
    } else if (width == 8) COPY_AS(u64);
    else if (width == 4) COPY_AS(u32);
    else if (width == 2) COPY_AS(u16);
    else for (uint32_t i = 0; i < count; i++) ((uint8_t *)to)[i] = ((const uint8_t *)v->data)[index[i]];
    put_buffer(w, begin);
    return SP_OK;
}
#undef COPY_AS

static sp_status write_booleans(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    size_t begin = w->out->len;
    uint8_t *to = room(w, ((size_t)count + 7) / 8);
    if (!to) return no_room(w);
    const uint8_t *from = v->data;
    for (uint32_t at = 0; at < count; at += 8) {
        uint32_t n = count - at < 8 ? count - at : 8, bits = 0;
        for (uint32_t i = 0; i < n; i++) bits |= (uint32_t)(from[index ? index[at + i] : at + i] != 0) << i;
        to[at / 8] = (uint8_t)bits;
    }
    put_buffer(w, begin);
    return SP_OK;
}

static sp_status write_calendars(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    size_t begin = w->out->len;
    char *to = room(w, 16 * (size_t)count);
    if (!to) return no_room(w);
    const sp_calendar *from = v->data;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = index ? index[i] : i;
        sp_calendar c = from[row];
        bool live = !v->valid || sp_bit_get(v->valid, row);
        if (__builtin_mul_overflow(c.us, 1000, &c.us) && live)
            return sp_error_plain(w->err, SP_EXC_ARITHMETIC, "long overflow");    /* Math.multiplyExact */
        memcpy(to + 16 * (size_t)i, &c, 16);
    }
    put_buffer(w, begin);
    return SP_OK;
}

static sp_status write_strings(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    const sp_view *views = v->data;
    size_t begin = w->out->len, total = 0;
    loose_i32 *offsets = room(w, 4 * ((size_t)count + 1));
    if (!offsets) return no_room(w);
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = index ? index[i] : i;
        if (!v->valid || sp_bit_get(v->valid, row)) total += views[row].len;
        if (total > INT32_MAX) return sp_error_memory(w->err, "more than 2 GiB of strings in one Arrow batch");
        offsets[i + 1] = (int32_t)total;
    }
    put_buffer(w, begin);
    size_t offsets_at = begin;
    begin = w->out->len;
    char *to = room(w, total);
    if (!to) return no_room(w);
    offsets = (loose_i32 *)(w->out->data + offsets_at);    /* out may have moved */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = (uint32_t)(offsets[i + 1] - offsets[i]);
        if (n) memcpy(to + offsets[i], sp_view_data(&views[index ? index[i] : i]), n);
    }
    put_buffer(w, begin);
    return SP_OK;
}

/* The offsets of ARRAY and MAP; *below is the index of the elements to write (NULL: the first *total of them). */
static sp_status write_lists(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count,
                             const uint32_t **below, uint32_t *total)
{
    const sp_list *lists = v->data;
    size_t begin = w->out->len, sum = 0;
    loose_i32 *offsets = room(w, 4 * ((size_t)count + 1));
    bool dense = true;
    if (!offsets) return no_room(w);
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = index ? index[i] : i;
        if ((!v->valid || sp_bit_get(v->valid, row)) && lists[row].length) {
            dense &= lists[row].offset == sum;
            sum += lists[row].length;
        }
        if (sum > INT32_MAX) return sp_error_memory(w->err, "more than 2^31 elements in one Arrow batch");
        offsets[i + 1] = (int32_t)sum;
    }
    *total = (uint32_t)sum;
    *below = NULL;
    if (!dense) {
        uint32_t *rows = scratch(w) ? sp_arena_alloc(w->scratch, sizeof *rows * sum, w->err) : NULL;
        if (!rows) return SP_FAILED;
        *below = rows;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t n = (uint32_t)(offsets[i + 1] - offsets[i]), first = lists[index ? index[i] : i].offset;
            for (uint32_t k = 0; k < n; k++) *rows++ = first + k;
        }
    }
    put_buffer(w, begin);
    return SP_OK;
}

static sp_status write_data(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    const uint32_t *below = index;
    uint32_t total = count;
    switch (v->type->kind) {
    case SP_BOOLEAN: return write_booleans(w, v, index, count);
    case SP_STRING: case SP_BINARY: return write_strings(w, v, index, count);
    case SP_CALENDAR: return write_calendars(w, v, index, count);
    case SP_ARRAY: case SP_MAP:
        SP_TRY(write_lists(w, v, index, count, &below, &total));
        if (v->type->kind == SP_MAP) {
            put_node(w, total, 0);
            put_buffer(w, w->out->len);
        }
        break;
    case SP_STRUCT: case SP_VARIANT: break;
    default: return write_fixed(w, v, index, count);
    }
    for (int c = 0; c < v->child_count; c++) SP_TRY(write_vec(w, v->child[c], below, total));
    return SP_OK;
}

static sp_status write_vec(writer *w, const sp_vec *v, const uint32_t *index, uint32_t count)
{
    if (v->type->kind == SP_VOID) {
        put_node(w, count, count);
        return SP_OK;
    }
    if (v->form != SP_FLAT) {
        if (!scratch(w) || !(v = sp_vec_gather(v, index, count, w->scratch, w->err))) return SP_FAILED;
        index = NULL;
    }
    SP_TRY(write_head(w, v, index, count));
    return write_data(w, v, index, count);
}

/* ---- messages ---- */

static sp_status write_batch(writer *w, const sp_type *schema, const sp_batch *b)
{
    static const uint16_t layout[] = { 8, 16, 20 };    /* length, nodes, buffers */
    uint32_t nodes = 0, buffers = 0, body_length;
    for (int i = 0; i < schema->field_count; i++) count_parts(schema->fields[i].type, &nodes, &buffers);
    uint32_t count = b->sel ? b->sel_count : b->rows;
    sp_fbw m = sp_ipc_message_open(w->out, SP_ARROW_BATCH, &body_length);
    uint32_t table = sp_fbw_table(&m, 24, 3, layout), header = body_length - 8;
    sp_fbw_u32(&m, header, table - header);
    sp_fbw_i64(&m, table + 8, count);
    w->nodes = m.start + sp_fbw_vector(&m, table + 16, nodes, 16);
    w->buffers = m.start + sp_fbw_vector(&m, table + 20, buffers, 16);
    sp_ipc_message_close(&m);
    SP_TRY(sp_buf_check(w->out, w->err));
    w->body = w->out->len;
    for (int i = 0; i < schema->field_count; i++) SP_TRY(write_vec(w, b->columns[i], b->sel, count));
    SP_TRY(sp_buf_check(w->out, w->err));
    sp_fbw_i64(&m, body_length, (int64_t)(w->out->len - w->body));
    return SP_OK;
}

sp_status sp_ipc_write(const sp_type *schema, const sp_batch *const *batches, int batch_count,
                       const char *session_zone, bool with_eos, sp_buf *out, sp_error *err)
{
    static const uint32_t eos[2] = { 0xffffffffu, 0 };
    writer w = { .out = out, .err = err };
    sp_status s = sp_ipc_write_schema(out, schema, session_zone, err);
    for (int i = 0; s == SP_OK && i < batch_count; i++) {
        SP_ASSERT(batches[i]->column_count == schema->field_count);
        s = write_batch(&w, schema, batches[i]);
        if (w.scratch) sp_arena_reset(w.scratch);
    }
    sp_arena_free(w.scratch);
    if (s != SP_OK) return s;
    if (with_eos) sp_buf_add(out, eos, sizeof eos);
    return sp_buf_check(out, err);
}
