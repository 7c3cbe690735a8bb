/* file_log.c -- logs that say which files: sources/S (taken by a file source) and _spark_metadata (made visible by a file sink).
 *
 * Both are compactible: batch n with (n + 1) % interval == 0 is written as "n.compact" and holds every entry so far; reading starts at the
 * last compaction. Sources: CompactibleFileStreamLog, FileStreamSourceLog, FileStreamSinkLog (Spark 4.3). */
#include "checkpoint/checkpoint_int.h"

static bool is_compaction(int64_t n, int interval) { return interval > 0 && (n + 1) % interval == 0; }

typedef sp_status (*line_fn)(void *context, const sp_json *j, sp_error *err);

/* Every JSON line of one log file; *exists false when there is no such file. */
static sp_status read_lines(sp_world *w, const char *dir, int64_t n, const char *suffix, sp_arena *a, bool *exists, line_fn f, void *context,
                            sp_error *err)
{
    sp_buf path = { 0 };
    sp_str text, rest, line;
    sp_status status;
    SP_TRY_DONE(sp_log_path(&path, dir, n, suffix, err));
    SP_TRY_DONE(sp_file_read_all(w, path.data, a, &text, exists, err));
    if (!*exists)
        goto done;
    SP_TRY_DONE(sp_log_version(text, path.data, 1, &rest, err));
    for (int number = 2; sp_log_line(&rest, &line); number++) {
        if (line.n == 0)
            continue;
        sp_json *j;
        sp_error inner = { 0 };
        if (sp_json_parse(a, line, &j, &inner) == SP_FAILED || j->kind != SP_JSON_OBJECT) {
            status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The log file %s cannot be read: line %d is not a JSON object. Restore "
                                    "the file from a backup of the checkpoint.", path.data, number);
            goto done;
        }
        SP_TRY_DONE(f(context, j, err));
    }
done:
    sp_buf_done(&path);
    return status;
}

static sp_status missing(const char *dir, int64_t n, int64_t upto, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "%s/%lld doesn't exist (latestId: %lld, compactInterval: 10)", dir, (long long)n, (long long)upto);
}

/* The newest compaction at or below upto; -1: none. Names are few between two of them, so each is asked for, going down. */
static sp_status last_compaction(sp_world *w, const char *dir, int64_t upto, int64_t *out, sp_error *err)
{
    sp_buf path = { 0 };
    sp_status status = SP_OK;
    *out = -1;
    for (int64_t n = upto; n >= 0 && *out < 0 && status == SP_OK; n--) {
        sp_stat st;
        bool exists = false;
        status = sp_log_path(&path, dir, n, ".compact", err);
        if (status == SP_OK)
            status = sp_file_stat(w, path.data, &st, &exists, err);
        if (exists)
            *out = n;
    }
    sp_buf_done(&path);
    return status;
}

/* Files n of (after, upto], starting at the last compaction when after < 0. A missing file inside the range is an error that names it. */
static sp_status read_range(sp_world *w, const char *dir, int64_t after, int64_t upto, sp_arena *a, line_fn f, void *context, sp_error *err)
{
    int64_t from = after + 1, compaction = -1;
    bool exists;
    if (after < 0)
        SP_TRY(last_compaction(w, dir, upto, &compaction, err));
    if (compaction >= 0) {
        SP_TRY(read_lines(w, dir, compaction, ".compact", a, &exists, f, context, err));
        from = compaction + 1;
    }
    for (int64_t n = from; n <= upto; n++) {
        SP_TRY(read_lines(w, dir, n, "", a, &exists, f, context, err));
        if (!exists)
            return missing(dir, n, upto, err);
    }
    return SP_OK;
}

/* Appends the lines of one file as they stand. */
static sp_status copy_file(sp_world *w, const char *dir, int64_t n, int64_t upto, const char *suffix, sp_arena *a, sp_buf *out, sp_error *err)
{
    sp_buf path = { 0 };
    sp_str text, rest = { 0 };
    bool exists;
    sp_status status = sp_log_path(&path, dir, n, suffix, err);
    if (status == SP_OK)
        status = sp_file_read_all(w, path.data, a, &text, &exists, err);
    if (status == SP_OK)
        status = exists ? sp_log_version(text, path.data, 1, &rest, err) : missing(dir, n, upto, err);
    sp_buf_done(&path);
    while (rest.n && rest.p[rest.n - 1] == '\n')
        rest.n--;
    if (status == SP_OK && rest.n) {
        sp_buf_putc(out, '\n');
        sp_buf_add(out, rest.p, rest.n);
    }
    return status;
}

/* Every line so far, last compaction first: what a compaction begins with. Entries are only ever added, so nothing is parsed. */
static sp_status copy_all(sp_world *w, const char *dir, int64_t upto, sp_buf *out, sp_error *err)
{
    int64_t compaction;
    SP_TRY(last_compaction(w, dir, upto, &compaction, err));
    sp_arena *a = sp_arena_new("log compaction", 0);
    sp_status status = a ? SP_OK : sp_error_memory(err, "a log compaction");
    if (status == SP_OK && compaction >= 0)
        status = copy_file(w, dir, compaction, upto, ".compact", a, out, err);
    for (int64_t n = compaction + 1; n <= upto && status == SP_OK; n++) {
        sp_arena_reset(a);
        status = copy_file(w, dir, n, upto, "", a, out, err);
    }
    sp_arena_free(a);
    return status;
}

/* Growing arrays in an arena. */
static void *grow(sp_arena *a, void *old, int count, int *cap, size_t size, sp_error *err)
{
    if (count < *cap)
        return old;
    int more = *cap ? *cap * 2 : 16;
    void *p = sp_arena_alloc(a, size * (size_t)more, err);
    if (p && count)
        memcpy(p, old, size * (size_t)count);
    *cap = more;
    return p;
}

/* What both logs do around the lines of a batch: the version line and, in a compaction, everything before; then the file. */
static sp_status begin_batch(sp_world *w, const char *dir, int64_t n, int interval, sp_buf *text, sp_error *err)
{
    sp_buf_puts(text, "v1");
    return is_compaction(n, interval) ? copy_all(w, dir, n - 1, text, err) : SP_OK;
}

static sp_status end_batch(sp_world *w, const char *dir, int64_t n, int interval, sp_buf *text, sp_status status, sp_durability d, sp_error *err)
{
    if (status == SP_OK)
        status = sp_buf_check(text, err);
    if (status == SP_OK)
        status = sp_log_put(w, dir, n, is_compaction(n, interval) ? ".compact" : "", (sp_str){ text->data, text->len }, d, err);
    sp_buf_done(text);
    return status;
}

/* ---- file source ---- */

typedef struct source_reader { sp_arena *arena; sp_file_entry *entries; int count, cap; int64_t after; } source_reader;

static sp_status take_source(void *context, const sp_json *j, sp_error *err)
{
    source_reader *r = context;
    sp_file_entry e = { 0 };
    e.path = sp_json_text(sp_json_get(j, "path"));
    sp_json_i64(sp_json_get(j, "timestamp"), &e.timestamp_ms);
    sp_json_i64(sp_json_get(j, "batchId"), &e.batch_id);
    if (e.batch_id <= r->after)
        return SP_OK;
    if (!(r->entries = grow(r->arena, r->entries, r->count, &r->cap, sizeof e, err)))
        return SP_FAILED;
    r->entries[r->count++] = e;
    return SP_OK;
}

sp_status sp_file_log_range(sp_world *w, const char *dir, int64_t after, int64_t upto, sp_arena *a, sp_file_entry **out, int *count, sp_error *err)
{
    source_reader r = { a, NULL, 0, 0, after };
    for (int64_t n = after + 1; n <= upto; n++) {
        bool exists;
        SP_TRY(read_lines(w, dir, n, "", a, &exists, take_source, &r, err));
        if (exists)
            continue;
        /* Only its compaction is left, which holds all earlier entries too: keep those of batch n. */
        int before = r.count;
        SP_TRY(read_lines(w, dir, n, ".compact", a, &exists, take_source, &r, err));
        int kept = before;
        for (int i = before; i < r.count; i++)
            if (r.entries[i].batch_id == n)
                r.entries[kept++] = r.entries[i];
        r.count = kept;
        if (!exists)
            return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "%s/%lld doesn't exist (latestId: %lld, compactInterval: 10)", dir,
                                  (long long)n, (long long)upto);
    }
    *out = r.entries;
    *count = r.count;
    return SP_OK;
}

sp_status sp_file_log_all(sp_world *w, const char *dir, sp_arena *a, sp_file_entry **out, int *count, sp_error *err)
{
    int64_t latest;
    source_reader r = { a, NULL, 0, 0, INT64_MIN };
    SP_TRY(sp_log_latest(w, dir, &latest, err));
    SP_TRY(read_range(w, dir, -1, latest, a, take_source, &r, err));
    *out = r.entries;
    *count = r.count;
    return SP_OK;
}

static void write_source(sp_buf *out, const sp_file_entry *e)
{
    sp_buf_puts(out, "\n{\"path\":");
    sp_json_quote(out, e->path);
    sp_buf_printf(out, ",\"timestamp\":%lld,\"batchId\":%lld}", (long long)e->timestamp_ms, (long long)e->batch_id);
}

sp_status sp_file_log_add(sp_world *w, const char *dir, int64_t n, const sp_file_entry *entries, int count, int compact_interval,
                          sp_durability d, sp_error *err)
{
    sp_buf text = { 0 };
    sp_status status = begin_batch(w, dir, n, compact_interval, &text, err);
    for (int i = 0; i < count && status == SP_OK; i++)
        write_source(&text, &entries[i]);
    return end_batch(w, dir, n, compact_interval, &text, status, d, err);
}

/* ---- file sink ---- */

typedef struct sink_reader { sp_arena *arena; sp_sink_file *files; int count, cap; } sink_reader;

static sp_status take_sink(void *context, const sp_json *j, sp_error *err)
{
    sink_reader *r = context;
    sp_sink_file f = { 0 };
    const sp_json *dir = sp_json_get(j, "isDir");
    f.path = sp_json_text(sp_json_get(j, "path"));
    f.action = sp_json_text(sp_json_get(j, "action"));
    f.is_dir = dir && dir->boolean;
    sp_json_i64(sp_json_get(j, "size"), &f.size);
    sp_json_i64(sp_json_get(j, "modificationTime"), &f.mtime_ms);
    sp_json_i64(sp_json_get(j, "blockReplication"), &f.block_replication);
    sp_json_i64(sp_json_get(j, "blockSize"), &f.block_size);
    if (!(r->files = grow(r->arena, r->files, r->count, &r->cap, sizeof f, err)))
        return SP_FAILED;
    r->files[r->count++] = f;
    return SP_OK;
}

sp_status sp_sink_log_all(sp_world *w, const char *dir, sp_arena *a, sp_sink_file **out, int *count, sp_error *err)
{
    int64_t latest;
    sink_reader r = { a, NULL, 0, 0 };
    SP_TRY(sp_log_latest(w, dir, &latest, err));
    SP_TRY(read_range(w, dir, -1, latest, a, take_sink, &r, err));
    /* A file with a later "delete" is gone. */
    int kept = 0;
    for (int i = 0; i < r.count; i++) {
        bool deleted = sp_str_is(r.files[i].action, "delete");
        for (int k = i + 1; !deleted && k < r.count; k++)
            deleted = sp_str_is(r.files[k].action, "delete") && sp_str_eq(r.files[k].path, r.files[i].path);
        if (!deleted)
            r.files[kept++] = r.files[i];
    }
    *out = r.files;
    *count = kept;
    return SP_OK;
}

static void write_sink(sp_buf *out, const sp_sink_file *f)
{
    sp_buf_puts(out, "\n{\"path\":");
    sp_json_quote(out, f->path);
    sp_buf_printf(out, ",\"size\":%lld,\"isDir\":%s,\"modificationTime\":%lld,\"blockReplication\":%lld,\"blockSize\":%lld,\"action\":",
                  (long long)f->size, f->is_dir ? "true" : "false", (long long)f->mtime_ms, (long long)f->block_replication,
                  (long long)f->block_size);
    sp_json_quote(out, f->action);
    sp_buf_putc(out, '}');
}

sp_status sp_sink_log_add(sp_world *w, const char *dir, int64_t n, const sp_sink_file *files, int count, int compact_interval,
                          sp_durability d, sp_error *err)
{
    sp_buf text = { 0 };
    sp_status status = begin_batch(w, dir, n, compact_interval, &text, err);
    for (int i = 0; i < count && status == SP_OK; i++)
        write_sink(&text, &files[i]);
    return end_batch(w, dir, n, compact_interval, &text, status, d, err);
}
