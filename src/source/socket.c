/* socket.c -- lines of text from a TCP server (TextSocketMicroBatchStream, Spark 4.3). For teaching and trying: what was read and not yet
 * committed is lost with the process, and a restart says so.
 *
 * Offsets are the number of lines less one. Each latest() takes what the socket has and makes one chunk of it; chunks live until commit. */
#include "source/source_int.h"

enum { RECEIVE_BYTES = 1 << 18, PER_CALL_BYTES = 8 << 20 };

typedef struct chunk { struct chunk *next; sp_arena *arena; int64_t first, last; sp_batch batch; } chunk;

typedef struct socket_source {
    sp_source base;
    const char *host;
    int64_t port;
    bool timestamps, closed, positioned, frozen;
    sp_socket *socket;
    sp_buf partial;             /* bytes after the last line end */
    chunk *head, *tail;
    int64_t current;            /* last line's offset; -1 none */
} socket_source;

static sp_status socket_schema(sp_arena *a, const sp_props *options, const sp_type *user, const sp_type **out, sp_error *err)
{
    bool timestamps;
    if (!options || !sp_props_get(options, "host"))
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1295);
    if (!sp_props_get(options, "port"))
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1296);
    const char *include = sp_props_get(options, "includeTimestamp");
    if (include && !sp_str_to_bool(sp_str_of(include), &timestamps))
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1297);
    SP_TRY(sp_source_option_bool(options, "includeTimestamp", false, &timestamps, err));
    sp_field fields[2] = {
        { SP_LIT("value"), sp_type_of(SP_STRING), true, { 0 } },
        { SP_LIT("timestamp"), sp_type_of(SP_TIMESTAMP), true, { 0 } },
    };
    *out = sp_type_struct(a, fields, timestamps ? 2 : 1, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status socket_open(const sp_source_spec *spec, sp_source **out, sp_error *err)
{
    socket_source *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_source){ &sp_source_socket, *spec };
    s->host = sp_props_get(spec->options, "host");
    s->current = -1;
    SP_TRY(sp_source_option_i64(spec->options, "port", 0, 0, &s->port, err));
    SP_TRY(sp_source_option_bool(spec->options, "includeTimestamp", false, &s->timestamps, err));
    SP_TRY(sp_socket_connect(spec->world, s->host, (int)s->port, &s->socket, err));
    *out = &s->base;
    return SP_OK;
}

/* The end of the line at p, and where the next begins: behind \n, \r or \r\n, as BufferedReader.readLine has it. */
static const char *line_end(const char *p, const char *end, const char **next)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    *next = p < end ? p + 1 + (*p == '\r' && p + 1 < end && p[1] == '\n') : p;
    return p;
}

static sp_status fill_chunk(socket_source *s, chunk *c, const char **p, const char *end, sp_error *err)
{
    sp_arena *a = c->arena;
    sp_builder *lines = sp_builder_new(a, sp_type_of(SP_STRING), false, err);
    sp_builder *times = lines ? sp_builder_new(a, sp_type_of(SP_TIMESTAMP), false, err) : NULL;
    int64_t now = sp_now_us(s->base.spec.world);
    if (!times)
        return SP_FAILED;
    for (int i = 0; i < SP_BATCH_ROWS_MAX && *p < end; i++) {
        const char *next, *stop = line_end(*p, end, &next);
        SP_TRY(sp_build_str(lines, (sp_str){ *p, (size_t)(stop - *p) }, err));
        SP_TRY(sp_build_i64(times, now, err));
        *p = next;
    }
    uint32_t rows = sp_builder_rows(lines);
    c->first = s->current + 1;
    c->last = s->current + rows;
    c->batch = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = s->timestamps ? 2 : 1 };
    SP_NEW_ARRAY(c->batch.columns, a, 2, err);
    SP_TRY(sp_builder_take(lines, &c->batch.columns[0], err));
    return sp_builder_take(times, &c->batch.columns[1], err);
}

/* The first lines from *p on, as many as a batch may hold, become one chunk. */
static sp_status make_chunk(socket_source *s, const char **p, const char *end, sp_error *err)
{
    sp_arena *a = sp_arena_new("socket lines", 0);
    chunk *c = a ? sp_arena_calloc(a, sizeof *c, err) : NULL;
    if (!c) {
        sp_arena_free(a);
        return sp_error_memory(err, "lines of a socket");
    }
    c->arena = a;
    if (fill_chunk(s, c, p, end, err) == SP_FAILED) {
        sp_arena_free(a);
        return SP_FAILED;
    }
    s->current = c->last;
    if (s->tail)
        s->tail->next = c;
    else
        s->head = c;
    s->tail = c;
    return SP_OK;
}

static sp_status receive(socket_source *s, sp_error *err)
{
    size_t taken = 0;
    while (!s->closed && taken < PER_CALL_BYTES) {
        size_t got = 0;
        bool closed = false;
        if (!sp_buf_reserve(&s->partial, RECEIVE_BYTES))
            return sp_error_memory(err, "lines of a socket");
        /* A connection that breaks is over, as one that was closed is: TextSocketMicroBatchStream's reader swallows the IOException. */
        if (sp_socket_recv(s->socket, s->partial.data + s->partial.len, RECEIVE_BYTES, &got, &closed, err) == SP_FAILED) {
            if (sp_world_crashed(s->base.spec.world))
                return SP_FAILED;
            sp_error_reset(err);
            closed = true;
        }
        s->partial.len += got;
        taken += got;
        if (closed) {
            s->closed = true;
            sp_log(SP_LOG_WARN, "Stream closed by %s:%lld", s->host, (long long)s->port);
        }
        if (got == 0)
            break;
    }
    size_t whole = 0;
    char *last = s->partial.len ? memrchr(s->partial.data, '\n', s->partial.len) : NULL;
    if (last)
        whole = (size_t)(last - s->partial.data) + 1;
    if (s->closed)
        whole = s->partial.len;     /* the last line may lack its end */
    if (whole == 0)
        return SP_OK;
    const char *p = s->partial.data, *end = p + whole;
    while (p < end)
        SP_TRY(make_chunk(s, &p, end, err));
    memmove(s->partial.data, s->partial.data + whole, s->partial.len - whole);
    s->partial.len -= whole;
    return SP_OK;
}

/* After a restart lines are counted on from the checkpoint's last one. */
static sp_status position(socket_source *s, sp_str at, sp_error *err)
{
    int64_t n;
    if (s->positioned)
        return SP_OK;
    s->positioned = true;
    SP_TRY(sp_offset_number(at, "", &n, err));
    if (n >= 0) {
        s->current = n;
        sp_log(SP_LOG_WARN, "the socket source at %s:%lld cannot replay: lines that were not yet committed when the query stopped are lost", s->host,
               (long long)s->port);
    }
    return SP_OK;
}

static sp_status socket_latest(sp_source *source, sp_str start, sp_arena *a, sp_str *out, sp_error *err)
{
    socket_source *s = (socket_source *)source;
    SP_TRY(position(s, start, err));
    if (!s->frozen)
        SP_TRY(receive(s, err));
    char *text = sp_arena_printf(a, err, "%lld", (long long)s->current);
    *out = sp_str_of(text);
    return text ? SP_OK : SP_FAILED;
}

static sp_status socket_available_now(sp_source *source, bool once, sp_error *err)
{
    socket_source *s = (socket_source *)source;
    SP_TRY(receive(s, err));
    s->frozen = true;
    return SP_OK;
}

static sp_status socket_get_batch(sp_source *source, sp_str start, sp_str end, sp_arena *a, sp_input **out, sp_error *err)
{
    socket_source *s = (socket_source *)source;
    int64_t from, to;
    SP_TRY(position(s, end, err));
    SP_TRY(sp_offset_number(start, "", &from, err));
    SP_TRY(sp_offset_number(end, "", &to, err));
    int n = 0;
    for (chunk *c = s->head; c; c = c->next)
        n += c->first > from && c->last <= to;
    sp_batch *batches;
    SP_NEW_ARRAY(batches, a, n + 1, err);
    n = 0;
    for (chunk *c = s->head; c; c = c->next)
        if (c->first > from && c->last <= to)
            batches[n++] = c->batch;
    return sp_input_of_batches(a, batches, n, n ? n : 1, out, err);
}

static sp_status socket_commit(sp_source *source, sp_str end, sp_error *err)
{
    socket_source *s = (socket_source *)source;
    int64_t to;
    SP_TRY(sp_offset_number(end, "", &to, err));
    while (s->head && s->head->last <= to) {
        chunk *c = s->head;
        s->head = c->next;
        if (!s->head)
            s->tail = NULL;
        sp_arena_free(c->arena);
    }
    return SP_OK;
}

static int socket_wait_fd(sp_source *source)
{
    socket_source *s = (socket_source *)source;
    return s->closed || s->frozen ? -1 : sp_socket_fd(s->socket);
}

static void socket_describe(const sp_source *source, sp_buf *out)
{
    const socket_source *s = (const socket_source *)source;
    sp_buf_printf(out, "TextSocketV2[host: %s, port: %lld]", s->host, (long long)s->port);
}

static sp_str socket_reported(sp_source *source, sp_arena *a)
{
    char *text = sp_arena_printf(a, NULL, "%lld", (long long)((socket_source *)source)->current);
    return sp_str_of(text);
}

static void socket_close(sp_source *source)
{
    socket_source *s = (socket_source *)source;
    for (chunk *c = s->head, *next; c; c = next) {
        next = c->next;
        sp_arena_free(c->arena);
    }
    s->head = NULL;
    sp_socket_close(s->socket);
    sp_buf_done(&s->partial);
}

static const char *const socket_options[] = { "host", "port", "includeTimestamp", "numPartitions", NULL };
const sp_source_class sp_source_socket = {
    .name = "socket", .options = socket_options, .schema = socket_schema, .open = socket_open, .latest = socket_latest,
    .prepare_available_now = socket_available_now, .get_batch = socket_get_batch, .commit = socket_commit, .wait_fd = socket_wait_fd,
    .describe = socket_describe, .reported_latest = socket_reported, .close = socket_close,
};
