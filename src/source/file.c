/* file.c -- the streaming file source: each file is read once, in order of its modification time (FileStreamSource, Spark 4.3).
 *
 * latest: new files = those that events named or a listing found, less those seen; the limits take the first of them; they are written to sources/S/N
 * before the
 * driver writes its offsets. Events are hints, the listing is the truth: at the start, when events were lost, and at times that keep its cost
 * below a fiftieth. A folder of 100,000 old files costs a new one nothing: the events name it. */
#include "source/source_int.h"
#include <stdlib.h>

enum { RESCAN_MIN_US = 1000000, RESCAN_COST_FACTOR = 50, COMPACT_INTERVAL = 10 };

typedef struct pending { char *path; int64_t mtime_us, size; char *root; } pending;

typedef struct file_source {
    sp_source base;
    sp_list_options list;
    char *log_dir;
    int64_t max_files, max_bytes;           /* 0: none */
    bool latest_first, file_name_only, can_watch, all_at_once;
    bool by_log;                            /* a file sink's log says which files there are */
    enum { KEEP, DELETE, ARCHIVE } clean;
    const char *archive_dir;
    sp_strmap seen;                         /* path (or name) -> its time in ms, as a pointer, and one */
    size_t seen_after_purge;
    int64_t max_age_ms;                     /* maxFileAge, counted back from the newest file seen */
    int64_t newest_ms, oldest_ms;           /* of what was seen; files older than oldest_ms are passed over */
    pending *waiting_all; int waiting_cap;  /* not yet in a batch: those taken already are before `waiting` */
    pending *waiting; int waiting_count;
    bool sorted;                            /* waiting is in the order in which it is taken */
    sp_strmap waiting_set;
    sp_watch *watch;
    int64_t next_scan_us;                   /* monotonic; 0: now */
    bool stop_listing;                      /* availableNow: what was there at the start is all */
    int64_t log_offset;                     /* last entry of the log; -1 none */
    /* the last batch's entries, so that get_batch need not read its log file again */
    int64_t cached_offset;
    sp_arena *cache;
    sp_input_file *cached; char **cached_roots; int cached_count;
    sp_arena *scratch;
} file_source;

static char SEEN;       /* a value for set members */

/* ---- options ---- */

static sp_status limit_option(const sp_props *o, const char *key, int64_t *out, sp_error *err)
{
    const char *text = sp_props_get(o, key);
    *out = 0;
    if (text && (!sp_str_to_i64(sp_str_of(text), out) || *out <= 0))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid value '%s' for option '%s', must be a positive integer", text, key);
    return SP_OK;
}

static sp_status clean_option(file_source *s, sp_error *err)
{
    const char *how = sp_props_get(s->base.spec.options, "cleanSource");
    sp_str h = how ? sp_str_of(how) : SP_LIT("off");
    if (sp_str_eq_nocase(h, SP_LIT("off"))) {
        s->clean = KEEP;
    } else if (sp_str_eq_nocase(h, SP_LIT("delete"))) {
        s->clean = DELETE;
    } else if (sp_str_eq_nocase(h, SP_LIT("archive"))) {
        s->clean = ARCHIVE;
        s->archive_dir = sp_props_get(s->base.spec.options, "sourceArchiveDir");
        if (!s->archive_dir)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Archive mode must be used with 'sourceArchiveDir' option.");
    } else {
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid mode for clean source option %s. Must be one of archive, delete, off.", how);
    }
    return SP_OK;
}

/* A limit with latestFirst leaves the oldest files for last: they must not be too old then. */
static sp_status age_option(file_source *s, sp_error *err)
{
    const char *text = sp_props_get(s->base.spec.options, "maxFileAge");
    int64_t us;
    if (!sp_source_time_us(sp_str_of(text ? text : "7d"), 1000, &us))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "Failed to parse time string: %s", text);
    bool without_end = s->latest_first && (s->max_files || s->max_bytes);
    s->max_age_ms = without_end ? INT64_MAX : us / 1000;
    s->oldest_ms = INT64_MIN;
    return SP_OK;
}

static sp_status read_options(file_source *s, sp_error *err)
{
    const sp_props *o = s->base.spec.options;
    SP_TRY(limit_option(o, "maxFilesPerTrigger", &s->max_files, err));
    SP_TRY(limit_option(o, "maxBytesPerTrigger", &s->max_bytes, err));
    if (s->max_files && s->max_bytes)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Options maxFilesPerTrigger & maxBytesPerTrigger can't be both set at the same time");
    SP_TRY(sp_source_option_bool(o, "latestFirst", false, &s->latest_first, err));
    SP_TRY(sp_source_option_bool(o, "fileNameOnly", false, &s->file_name_only, err));
    SP_TRY(clean_option(s, err));
    SP_TRY(age_option(s, err));
    return sp_list_options_read(o, s->base.spec.conf->zone, &s->list, err);
}

/* ---- what has been seen ---- */

static sp_str identity(const file_source *s, sp_str path)
{
    if (!s->file_name_only)
        return path;
    const char *slash = memrchr(path.p, '/', path.n);
    return slash ? (sp_str){ slash + 1, path.n - (size_t)(slash - path.p) - 1 } : path;
}

static sp_status mark_seen(file_source *s, sp_str path, int64_t mtime_ms, sp_error *err)
{
    if (mtime_ms > s->newest_ms)
        s->newest_ms = mtime_ms;
    return sp_strmap_put(&s->seen, identity(s, path), (void *)(uintptr_t)(mtime_ms + 1), err);
}

/* SeenFilesMap.purge: files too old are not looked at again, and need not be remembered; they are forgotten when half of all may be. */
static void purge_seen(file_source *s)
{
    sp_str key;
    void *value;
    if (s->max_age_ms == INT64_MAX || s->newest_ms == 0)
        return;
    s->oldest_ms = s->newest_ms - s->max_age_ms;
    if (s->seen.count < 2 * s->seen_after_purge + 1024)
        return;
    for (size_t i = 0; sp_strmap_next(&s->seen, &i, &key, &value);)
        if ((int64_t)(uintptr_t)value - 1 < s->oldest_ms)
            sp_strmap_remove(&s->seen, key);
    s->seen_after_purge = s->seen.count;
}

/* One more place behind the waiting ones; the places of files taken long ago are used again. */
static sp_status make_room(file_source *s, sp_error *err)
{
    int taken = (int)(s->waiting - s->waiting_all);
    if (taken + s->waiting_count < s->waiting_cap)
        return SP_OK;
    if (taken > s->waiting_count) {
        memmove(s->waiting_all, s->waiting, sizeof *s->waiting * (size_t)s->waiting_count);
        s->waiting = s->waiting_all;
        return SP_OK;
    }
    int cap = s->waiting_cap ? s->waiting_cap * 2 : 64;
    pending *more = sp_realloc(s->waiting_all, sizeof *more * (size_t)cap);
    if (!more)
        return sp_error_memory(err, "the list of new files");
    s->waiting_all = more;
    s->waiting = more + taken;
    s->waiting_cap = cap;
    return SP_OK;
}

static sp_status add_waiting(file_source *s, sp_str path, int64_t mtime_us, int64_t size, sp_str root, sp_error *err)
{
    sp_str id = identity(s, path);
    if (sp_strmap_has(&s->seen, id) || sp_strmap_has(&s->waiting_set, id) || mtime_us / 1000 < s->oldest_ms)
        return SP_OK;
    SP_TRY(make_room(s, err));
    pending *p = &s->waiting[s->waiting_count];
    *p = (pending){ sp_malloc(path.n + 1), mtime_us, size, sp_malloc(root.n + 1) };
    if (!p->path || !p->root) {
        sp_free(p->path);
        sp_free(p->root);
        return sp_error_memory(err, "the list of new files");
    }
    memcpy(p->path, path.p, path.n);
    p->path[path.n] = '\0';
    memcpy(p->root, root.p, root.n);
    p->root[root.n] = '\0';
    s->waiting_count++;
    s->sorted = false;
    return sp_strmap_put(&s->waiting_set, id, &SEEN, err);
}

/* ---- finding files ---- */

/* Every listing watches its folders again: one that was removed and made anew has lost its watch, for the others it is a call without effect. */
static void watch_dir(void *context, const char *dir)
{
    file_source *s = context;
    if (s->watch)
        sp_watch_add(s->watch, dir);
}

/* What a file sink wrote is there once its log says so. */
static void watch_log(file_source *s)
{
    char *dir = sp_arena_printf(s->scratch, NULL, "%s/_spark_metadata", s->base.spec.paths[0].p);
    if (dir)
        watch_dir(s, dir);
}

static sp_status scan(file_source *s, sp_error *err)
{
    const sp_source_spec *spec = &s->base.spec;
    int64_t began = sp_mono_ns(spec->world) / 1000;
    sp_found_file *files;
    int count;
    sp_arena_reset(s->scratch);
    s->by_log = false;
    if (spec->path_count == 1 && !sp_glob_has_magic(spec->paths[0]))
        SP_TRY(sp_list_by_log(spec->world, s->scratch, spec->paths[0], &files, &count, &s->by_log, err));
    if (s->by_log)
        watch_log(s);
    else
        SP_TRY(sp_list_walk(spec->world, s->scratch, spec->paths, spec->path_count, &s->list, watch_dir, s, &files, &count, err));
    const sp_type *partitions;
    sp_value **values;
    SP_TRY(sp_list_partitions(s->scratch, files, &count, &s->list, spec->schema, spec->conf, &partitions, &values, err));
    for (int i = 0; i < count; i++)
        SP_TRY(add_waiting(s, files[i].path, files[i].mtime_us, files[i].size, files[i].root, err));
    int64_t now = sp_mono_ns(spec->world) / 1000;
    int64_t pause = (now - began) * RESCAN_COST_FACTOR;
    s->next_scan_us = now + (pause > RESCAN_MIN_US ? pause : RESCAN_MIN_US);
    sp_arena_reset(s->scratch);
    return SP_OK;
}

typedef struct event_reader { file_source *source; bool must_scan; sp_status status; sp_error *err; } event_reader;

/* A named file right below one of the source's plain folders is taken as it is; anything else asks for a listing. */
static void on_event(void *context, const char *dir, const char *name)
{
    event_reader *e = context;
    file_source *s = e->source;
    const sp_source_spec *spec = &s->base.spec;
    if (e->must_scan || e->status == SP_FAILED)
        return;
    if (strcmp(name, "_spark_metadata") == 0)
        e->must_scan = true;
    if (sp_list_is_hidden(name))
        return;
    bool plain = !s->by_log && spec->path_count == 1 && spec->partition_column_count == 0 && sp_str_is(spec->paths[0], dir);
    if (!plain || (s->list.name_glob.p && !sp_glob_match(s->list.name_glob.p, name))) {
        e->must_scan |= !plain;
        return;
    }
    char *path = sp_arena_printf(s->scratch, e->err, "%s/%s", dir, name);
    sp_stat st;
    bool exists = false;
    if (!path) {
        e->status = SP_FAILED;
        return;
    }
    if (sp_strmap_has(&s->seen, identity(s, sp_str_of(path))))
        return;
    e->status = sp_file_stat(spec->world, path, &st, &exists, e->err);
    bool wanted = exists && !st.is_dir && st.mtime_us > s->list.modified_after_us && st.mtime_us < s->list.modified_before_us;
    if (e->status == SP_OK && wanted)
        e->status = add_waiting(s, sp_str_of(path), st.mtime_us, st.size, spec->paths[0], e->err);
}

static sp_status find_new(file_source *s, sp_error *err)
{
    if (s->stop_listing)
        return SP_OK;
    event_reader e = { s, s->next_scan_us == 0 || !s->can_watch, SP_OK, err };
    bool lost = false;
    sp_arena_reset(s->scratch);
    if (s->watch)
        sp_watch_events(s->watch, on_event, &e, &lost);
    SP_TRY(e.status);
    if (e.must_scan || lost || sp_mono_ns(s->base.spec.world) / 1000 >= s->next_scan_us)
        return scan(s, err);
    return SP_OK;
}

/* ---- open ---- */

static sp_status load_log(file_source *s, sp_error *err)
{
    sp_file_entry *entries;
    int count;
    sp_world *w = s->base.spec.world;
    SP_TRY(sp_log_latest(w, s->log_dir, &s->log_offset, err));
    sp_arena_reset(s->scratch);
    SP_TRY(sp_file_log_all(w, s->log_dir, s->scratch, &entries, &count, err));
    for (int i = 0; i < count; i++) {
        sp_str path;
        SP_TRY(sp_path_from_uri(s->scratch, entries[i].path, &path, err));
        SP_TRY(mark_seen(s, path, entries[i].timestamp_ms, err));
    }
    purge_seen(s);
    sp_arena_reset(s->scratch);
    return SP_OK;
}

static void file_close(sp_source *source)
{
    file_source *s = (file_source *)source;
    for (int i = 0; i < s->waiting_count; i++) {
        sp_free(s->waiting[i].path);
        sp_free(s->waiting[i].root);
    }
    sp_free(s->waiting_all);
    sp_strmap_done(&s->seen);
    sp_strmap_done(&s->waiting_set);
    sp_watch_free(s->watch);
    sp_arena_free(s->cache);
    sp_arena_free(s->scratch);
}

static sp_status file_open(const sp_source_spec *spec, sp_source **out, sp_error *err, const sp_source_class *cls)
{
    file_source *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_source){ cls, *spec };
    s->cached_offset = -1;
    s->cache = sp_arena_new("file batch", 0);
    s->scratch = sp_arena_new("file listing", 0);
    sp_status status = s->cache && s->scratch ? SP_OK : sp_error_memory(err, "a file source");
    s->log_dir = (char *)(uintptr_t)spec->checkpoint_dir;
    if (status == SP_OK)
        status = read_options(s, err);
    if (status == SP_OK && !(s->watch = sp_watch_new(spec->world, err)))
        status = SP_FAILED;
    s->can_watch = s->watch && sp_watch_fd(s->watch) >= 0;
    if (status == SP_OK)
        status = load_log(s, err);
    if (status == SP_FAILED) {
        file_close(&s->base);
        return SP_FAILED;
    }
    *out = &s->base;
    return SP_OK;
}

/* ---- batches ---- */

static int older_first(const void *x, const void *y)
{
    const pending *a = x, *b = y;
    int64_t p = a->mtime_us / 1000, q = b->mtime_us / 1000;
    return p != q ? (p < q ? -1 : 1) : strcmp(a->path, b->path);
}

static int newer_first(const void *x, const void *y)
{
    const pending *a = x, *b = y;
    int64_t p = a->mtime_us / 1000, q = b->mtime_us / 1000;
    return p != q ? (p > q ? -1 : 1) : strcmp(a->path, b->path);
}

static int how_many(const file_source *s)
{
    if (s->all_at_once)
        return s->waiting_count;
    if (s->max_files)
        return s->waiting_count < s->max_files ? s->waiting_count : (int)s->max_files;
    if (!s->max_bytes)
        return s->waiting_count;
    int n = 0;
    int64_t bytes = 0;
    for (; n < s->waiting_count; n++) {
        if (n > 0 && bytes + s->waiting[n].size > s->max_bytes)
            break;
        bytes += s->waiting[n].size;
    }
    return n;
}

/* The first n waiting files become log entry log_offset + 1. */
static sp_status take(file_source *s, int n, sp_error *err)
{
    const sp_source_spec *spec = &s->base.spec;
    int64_t offset = s->log_offset + 1;
    sp_file_entry *entries;
    sp_arena_reset(s->cache);
    SP_NEW_ARRAY(entries, s->cache, n, err);
    SP_NEW_ARRAY(s->cached, s->cache, n, err);
    SP_NEW_ARRAY(s->cached_roots, s->cache, n, err);
    sp_buf uri = { 0 };
    sp_status status = SP_OK;
    for (int i = 0; i < n && status == SP_OK; i++) {
        const pending *p = &s->waiting[i];
        sp_buf_clear(&uri);
        sp_path_to_uri(&uri, sp_str_of(p->path), true);
        entries[i] = (sp_file_entry){ sp_str_copy(s->cache, (sp_str){ uri.data, uri.len }, err), p->mtime_us / 1000, offset };
        s->cached[i] = (sp_input_file){ sp_str_copy(s->cache, sp_str_of(p->path), err), p->size, p->mtime_us, NULL };
        s->cached_roots[i] = sp_arena_strdup(s->cache, p->root, err);
        if (!entries[i].path.p || !s->cached[i].path.p || !s->cached_roots[i])
            status = SP_FAILED;
    }
    sp_buf_done(&uri);
    SP_TRY(status);
    SP_TRY(sp_file_log_add(spec->world, s->log_dir, offset, entries, n, COMPACT_INTERVAL, spec->durability, err));
    s->cached_offset = s->log_offset = offset;
    s->cached_count = n;
    for (int i = 0; i < n; i++) {
        sp_str id = identity(s, sp_str_of(s->waiting[i].path));
        SP_TRY(mark_seen(s, sp_str_of(s->waiting[i].path), s->waiting[i].mtime_us / 1000, err));
        sp_strmap_remove(&s->waiting_set, id);
        sp_free(s->waiting[i].path);
        sp_free(s->waiting[i].root);
    }
    s->waiting += n;
    s->waiting_count -= n;
    purge_seen(s);
    return SP_OK;
}

static sp_status file_latest(sp_source *source, sp_str start, sp_arena *a, sp_str *out, sp_error *err)
{
    file_source *s = (file_source *)source;
    SP_TRY(find_new(s, err));
    if (s->waiting_count > 0) {
        if (!s->sorted)
            qsort(s->waiting, (size_t)s->waiting_count, sizeof *s->waiting, s->latest_first ? newer_first : older_first);
        s->sorted = true;
        SP_TRY(take(s, how_many(s), err));
    }
    *out = (sp_str){ 0 };
    if (s->log_offset < 0)
        return SP_OK;
    char *text = sp_arena_printf(a, err, "{\"logOffset\":%lld}", (long long)s->log_offset);
    *out = sp_str_of(text);
    return text ? SP_OK : SP_FAILED;
}

static sp_status file_available_now(sp_source *source, bool once, sp_error *err)
{
    file_source *s = (file_source *)source;
    SP_TRY(find_new(s, err));
    s->stop_listing = true;
    s->all_at_once = once;
    return SP_OK;
}

/* Files of log entries (from, to] that are not the one just written. */
static sp_status read_entries(file_source *s, int64_t from, int64_t to, sp_arena *a, sp_input_file **files, char ***roots, int *count, sp_error *err)
{
    const sp_source_spec *spec = &s->base.spec;
    if (from + 1 == to && to == s->cached_offset) {
        SP_NEW_ARRAY(*files, a, s->cached_count, err);
        memcpy(*files, s->cached, sizeof **files * (size_t)s->cached_count);
        *roots = s->cached_roots;
        *count = s->cached_count;
        return SP_OK;
    }
    sp_file_entry *entries;
    int n;
    SP_TRY(sp_file_log_range(spec->world, s->log_dir, from, to, a, &entries, &n, err));
    SP_NEW_ARRAY(*files, a, n + 1, err);
    SP_NEW_ARRAY(*roots, a, n + 1, err);
    *count = 0;
    for (int i = 0; i < n; i++) {
        sp_input_file *f = &(*files)[*count];
        sp_stat st;
        bool exists;
        SP_TRY(sp_path_from_uri(a, entries[i].path, &f->path, err));
        SP_TRY(sp_file_stat(spec->world, f->path.p, &st, &exists, err));
        if (!exists) {
            sp_log(SP_LOG_WARN, "%s was taken by batch %lld of a file source and is gone now", f->path.p, (long long)entries[i].batch_id);
            continue;
        }
        f->size = st.size;
        f->mtime_us = st.mtime_us;
        for (int p = 0; p < spec->path_count; p++)
            if (f->path.n > spec->paths[p].n && memcmp(f->path.p, spec->paths[p].p, spec->paths[p].n) == 0)
                (*roots)[*count] = sp_arena_strndup(a, spec->paths[p].p, spec->paths[p].n, err);
        (*count)++;
    }
    return SP_OK;
}

static sp_status fill_partition_values(file_source *s, sp_input_file *files, char **roots, int count, sp_arena *a, sp_error *err)
{
    const sp_source_spec *spec = &s->base.spec;
    int columns = spec->partition_column_count;
    if (columns == 0)
        return SP_OK;
    sp_found_file *found;
    SP_NEW_ARRAY(found, a, count + 1, err);
    for (int i = 0; i < count; i++)
        found[i] = (sp_found_file){ files[i].path, files[i].size, files[i].mtime_us, sp_str_of(roots[i] ? roots[i] : "/") };
    const sp_type *type;
    sp_value **values;
    int kept = count;
    SP_TRY(sp_list_partitions(a, found, &kept, &s->list, spec->schema, spec->conf, &type, &values, err));
    int first = spec->schema->field_count - columns;
    for (int i = 0; i < count; i++) {
        SP_NEW_ARRAY(files[i].partition_values, a, columns, err);
        for (int c = 0; c < columns; c++) {
            const sp_field *field = &spec->schema->fields[first + c];
            int at = type && values ? sp_type_find(type, field->name, spec->conf->case_sensitive) : -1;
            files[i].partition_values[c] = at >= 0 ? values[i][at] : sp_value_null(field->type);
        }
    }
    return SP_OK;
}

static sp_status file_get_batch(sp_source *source, sp_str start, sp_str end, sp_arena *a, sp_input **out, sp_error *err)
{
    file_source *s = (file_source *)source;
    const sp_source_spec *spec = &s->base.spec;
    int64_t from, to;
    sp_file_input_spec in = { 0 };
    sp_input_file *files;
    char **roots;
    SP_TRY(sp_offset_number(start, "logOffset", &from, err));
    SP_TRY(sp_offset_number(end, "logOffset", &to, err));
    SP_TRY(read_entries(s, from, to, a, &files, &roots, &in.file_count, err));
    SP_TRY(fill_partition_values(s, files, roots, in.file_count, a, err));
    in.world = spec->world;
    in.format = spec->file_format;
    in.files = files;
    in.partition_column_count = spec->partition_column_count;
    in.parallelism = spec->parallelism;
    in.whole_files = sp_files_are_whole(spec->options);
    sp_file_input_settings(&in, spec->conf);
    return sp_input_of_files(a, &in, out, err);
}

/* ---- cleanSource ---- */

static sp_status clean_one(file_source *s, const char *path, sp_error *err)
{
    sp_world *w = s->base.spec.world;
    if (s->clean == DELETE)
        return sp_file_remove(w, path, err);
    char *to = sp_arena_printf(s->scratch, err, "%s%s", s->archive_dir, path);
    char *slash = to ? strrchr(to, '/') : NULL;
    if (!slash)
        return SP_FAILED;
    *slash = '\0';
    SP_TRY(sp_dir_make(w, to, err));
    *slash = '/';
    sp_stat st;
    bool exists;
    SP_TRY(sp_file_stat(w, path, &st, &exists, err));
    return exists ? sp_file_rename(w, path, to, true, NULL, err) : SP_OK;
}

/* Files of the batch that ends here; a file that cannot be cleaned is logged and left, as in Spark. */
static sp_status file_commit(sp_source *source, sp_str end, sp_error *err)
{
    file_source *s = (file_source *)source;
    int64_t at;
    if (s->clean == KEEP)
        return SP_OK;
    SP_TRY(sp_offset_number(end, "logOffset", &at, err));
    sp_arena_reset(s->scratch);
    sp_file_entry *entries;
    int n;
    SP_TRY(sp_file_log_range(s->base.spec.world, s->log_dir, at - 1, at, s->scratch, &entries, &n, err));
    for (int i = 0; i < n; i++) {
        sp_str path;
        sp_error ignored = { 0 };
        SP_TRY(sp_path_from_uri(s->scratch, entries[i].path, &path, err));
        if (clean_one(s, path.p, &ignored) == SP_FAILED)
            sp_log(SP_LOG_WARN, "Fail to remove %s / skip removing file.", path.p);
    }
    return SP_OK;
}

static int file_wait_fd(sp_source *source)
{
    file_source *s = (file_source *)source;
    return s->watch ? sp_watch_fd(s->watch) : -1;
}

static int64_t file_next_data(sp_source *source)
{
    file_source *s = (file_source *)source;
    sp_world *w = s->base.spec.world;
    if (s->waiting_count > 0)
        return 0;
    return sp_now_us(w) + s->next_scan_us - sp_mono_ns(w) / 1000;
}

static void file_describe(const sp_source *source, sp_buf *out)
{
    const sp_source_spec *spec = &source->spec;
    sp_buf_printf(out, "FileStreamSource[file:%.*s]", (int)spec->paths[0].n, spec->paths[0].p);
}

static sp_str file_reported(sp_source *source, sp_arena *a) { return (sp_str){ 0 }; }

static const char *const file_options[] = {
    "maxFilesPerTrigger", "maxBytesPerTrigger", "latestFirst", "maxFileAge", "fileNameOnly", "cleanSource", "sourceArchiveDir",
    "pathGlobFilter", "recursiveFileLookup", "modifiedBefore", "modifiedAfter", NULL
};

/* One row a format: all share the source, the format itself comes with the scan. */
#define FILE_SOURCE(ident, text, needs) \
    static sp_status open_##ident(const sp_source_spec *spec, sp_source **out, sp_error *err) \
    { \
        return file_open(spec, out, err, &sp_source_##ident); \
    } \
    const sp_source_class sp_source_##ident = { \
        .name = text, .options = file_options, .settle_us = 15000, .needs_schema = needs, .takes_schema = true, .open = open_##ident, \
        .latest = file_latest, .prepare_available_now = file_available_now, .get_batch = file_get_batch, .commit = file_commit, \
        .wait_fd = file_wait_fd, .next_data_us = file_next_data, .describe = file_describe, .reported_latest = file_reported, \
        .close = file_close, \
    };
FILE_SOURCE(text, "text", false)
FILE_SOURCE(csv, "csv", true)
FILE_SOURCE(json, "json", true)
