/* file_writer.c -- the part files of one batch or job: one a task, or one a task and partition folder.
 *
 * Names are Spark's: part-<task>-<uuid>-c000<.ext> for batch jobs and plain streaming writes, part-<task>-<uuid>.c000<.ext> in the partition folders of a
 * streaming write. Partition folders are k=v with ExternalCatalogUtils' escapes; null and empty values go to __HIVE_DEFAULT_PARTITION__.
 * Sources: FileFormatWriter, DynamicPartitionDataWriter, ManifestFileCommitProtocol (Spark 4.3). */
#include "sink/sink_int.h"

#define DEFAULT_PARTITION "__HIVE_DEFAULT_PARTITION__"
enum { FLUSH_BYTES = 1 << 20, OPEN_FILES_MAX = 256 };

typedef struct part {
    char *folder;               /* "" or "k=v/k2=v2" */
    char *dir, *path;
    sp_file *file;              /* open once it has been written to: a small part is opened, written and closed at the end */
    bool created;
    sp_encoder *encoder;
    sp_arena *arena;
    sp_buf pending;
    int64_t size;
    struct part *next;
} part;

typedef struct task_parts { part *parts; sp_strmap by_folder; sp_arena *scratch; int count, open; } task_parts;

struct sp_file_writer {
    sp_sink_spec spec;
    bool streaming;
    const char *codec;          /* NULL: none */
    const sp_type *file_schema; /* without partition columns */
    int *file_columns;          /* schema indexes of file_schema's columns */
    char uuid[37];
    sp_mutex lock;
    task_parts **tasks; int task_count;
    sp_arena *arena;            /* of the batch: results */
};

static sp_status split_schema(sp_file_writer *w, sp_error *err)
{
    const sp_type *schema = w->spec.schema;
    sp_arena *a = w->spec.arena;
    sp_field *fields;
    int n = 0;
    SP_NEW_ARRAY(fields, a, schema->field_count + 1, err);
    SP_NEW_ARRAY(w->file_columns, a, schema->field_count + 1, err);
    for (int i = 0; i < schema->field_count; i++) {
        bool partition = false;
        for (int p = 0; p < w->spec.partition_column_count; p++)
            partition |= w->spec.partition_columns[p] == i;
        if (partition)
            continue;
        w->file_columns[n] = i;
        fields[n++] = schema->fields[i];
    }
    if (n == 0)
        return SP_FAIL_AS(err, SP_EXC_ANALYSIS, ALL_PARTITION_COLUMNS_NOT_ALLOWED);
    w->file_schema = sp_type_struct(a, fields, n, err);
    return w->file_schema ? w->spec.file_format->check_schema(w->file_schema, true, err) : SP_FAILED;
}

sp_status sp_file_writer_new(const sp_sink_spec *spec, bool streaming, sp_file_writer **out, sp_error *err)
{
    sp_file_writer *w;
    SP_NEW(w, spec->arena, sizeof *w, err);
    w->spec = *spec;
    w->streaming = streaming;
    w->codec = spec->options ? sp_props_get(spec->options, "compression") : NULL;
    if (!w->codec && spec->options)
        w->codec = sp_props_get(spec->options, "codec");
    if (w->codec && (strcmp(w->codec, "none") == 0 || strcmp(w->codec, "uncompressed") == 0))
        w->codec = NULL;
    if (w->codec && !sp_codec_extension(w->codec))
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, CODEC_NOT_AVAILABLE__WITH_AVAILABLE_CODECS_SUGGESTION, "codecName", w->codec,
                          "availableCodecs", "bzip2, deflate, gzip, lz4, none, snappy, uncompressed, zstd");
    SP_TRY(split_schema(w, err));
    if (!(w->arena = sp_arena_new("file writer", 0)))
        return sp_error_memory(err, "a file writer");
    sp_mutex_init(&w->lock);
    *out = w;
    return SP_OK;
}

sp_status sp_file_writer_begin(sp_file_writer *w, sp_error *err)
{
    sp_file_writer_abort(w);
    sp_arena_reset(w->arena);
    sp_uuid(w->spec.world, w->uuid);
    return SP_OK;
}

static task_parts *task_of(sp_file_writer *w, int task, sp_error *err)
{
    task_parts *t = NULL;
    sp_mutex_lock(&w->lock);
    if (task >= w->task_count) {
        task_parts **more = sp_realloc(w->tasks, sizeof *more * (size_t)(task + 1));
        if (more) {
            w->tasks = more;
            while (w->task_count <= task)
                w->tasks[w->task_count++] = NULL;
        }
    }
    if (task < w->task_count) {
        t = w->tasks[task];
        if (!t && (t = sp_calloc(sizeof *t)) != NULL) {
            w->tasks[task] = t;
            t->scratch = sp_arena_new("encode", 0);
        }
    }
    sp_mutex_unlock(&w->lock);
    if (t && t->scratch)
        return t;
    sp_error_memory(err, "a file writer's task");
    return NULL;
}

static sp_status create(sp_file_writer *w, task_parts *t, part *p, sp_error *err)
{
    if (p->file)
        return SP_OK;
    SP_TRY(sp_dir_make(w->spec.world, p->dir, err));
    p->created = true;
    SP_TRY(sp_file_create(w->spec.world, p->path, &p->file, err));
    t->open++;
    return SP_OK;
}

static sp_status flush(sp_file_writer *w, task_parts *t, part *p, sp_error *err)
{
    if (w->codec || p->pending.len == 0)
        return SP_OK;           /* a compressed file is written whole at its end */
    SP_TRY(create(w, t, p, err));
    SP_TRY(sp_file_write(p->file, p->pending.data, p->pending.len, err));
    p->size += (int64_t)p->pending.len;
    sp_buf_clear(&p->pending);
    return SP_OK;
}

static sp_status open_part(sp_file_writer *w, task_parts *t, int task, sp_str folder, part **out, sp_error *err)
{
    part *p = sp_calloc(sizeof *p);
    if (!p)
        return sp_error_memory(err, "a part file");
    p->next = t->parts;
    t->parts = p;
    t->count++;
    if (!(p->arena = sp_arena_new("part file", 0)))
        return sp_error_memory(err, "a part file");
    const char *ext = w->spec.file_format->extension;
    const char *codec_ext = w->codec ? sp_codec_extension(w->codec) : "";
    bool dots = w->streaming && w->spec.partition_column_count > 0;
    p->folder = sp_arena_strndup(p->arena, folder.p, folder.n, err);
    p->dir = !p->folder ? NULL : folder.n ? sp_arena_printf(p->arena, err, "%s/%s", w->spec.path, p->folder)
                                             : sp_arena_strdup(p->arena, w->spec.path, err);
    if (!p->dir)
        return SP_FAILED;
    p->path = sp_arena_printf(p->arena, err, "%s/part-%05d-%s%cc000%s%s", p->dir, task, w->uuid, dots ? '.' : '-', ext, codec_ext);
    if (!p->path)
        return SP_FAILED;
    SP_TRY(sp_strmap_put(&t->by_folder, folder, p, err));
    *out = p;
    return w->spec.file_format->open_encoder(p->arena, w->file_schema, w->spec.options, w->spec.conf, &p->encoder, err);
}

static sp_status part_of(sp_file_writer *w, task_parts *t, int task, sp_str folder, part **out, sp_error *err)
{
    if ((*out = sp_strmap_get(&t->by_folder, folder)) != NULL)
        return SP_OK;
    return open_part(w, t, task, folder, out, err);
}

static sp_status encode(sp_file_writer *w, task_parts *t, part *p, const sp_batch *b, const uint32_t *sel, uint32_t count, sp_error *err)
{
    sp_vec **columns;
    SP_NEW_ARRAY(columns, t->scratch, w->file_schema->field_count + 1, err);
    for (int i = 0; i < w->file_schema->field_count; i++)
        columns[i] = b->columns[w->file_columns[i]];
    sp_batch part_batch = { b->rows, count, sel, w->file_schema->field_count, columns };
    SP_TRY(w->spec.file_format->encode(p->encoder, &part_batch, t->scratch, &p->pending, err));
    bool can_open = p->file || t->open < OPEN_FILES_MAX;
    return p->pending.len >= FLUSH_BYTES && can_open ? flush(w, t, p, err) : SP_OK;
}

/* ExternalCatalogUtils.escapePathName. */
static void escape(sp_buf *out, sp_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f || strchr("\"#%'*/:=?\\{[]^", c))
            sp_buf_printf(out, "%%%02X", c);
        else
            sp_buf_putc(out, (char)c);
    }
}

static sp_status folder_of(sp_file_writer *w, const sp_batch *b, uint32_t row, sp_buf *out, sp_error *err)
{
    sp_buf value = { 0 };
    sp_status status = SP_OK;
    sp_buf_clear(out);
    for (int i = 0; i < w->spec.partition_column_count && status == SP_OK; i++) {
        int c = w->spec.partition_columns[i];
        if (i)
            sp_buf_putc(out, '/');
        escape(out, w->spec.schema->fields[c].name);
        sp_buf_putc(out, '=');
        sp_buf_clear(&value);
        if (!sp_vec_null_at(b->columns[c], row))
            status = sp_vec_text(&value, b->columns[c], row, false, w->spec.conf->zone, err);
        if (value.len)
            escape(out, (sp_str){ value.data, value.len });
        else
            sp_buf_puts(out, DEFAULT_PARTITION);
    }
    sp_buf_done(&value);
    return status == SP_OK ? sp_buf_check(out, err) : status;
}

static bool same_partition(sp_file_writer *w, const sp_batch *b, uint32_t x, uint32_t y)
{
    for (int i = 0; i < w->spec.partition_column_count; i++) {
        const sp_vec *v = b->columns[w->spec.partition_columns[i]];
        if (!sp_vec_rows_eq(v, x, v, y))
            return false;
    }
    return true;
}

/* Runs of rows of one partition go to its file; rows keep their order within a file. */
static sp_status add_partitioned(sp_file_writer *w, task_parts *t, int task, const sp_batch *b, sp_error *err)
{
    sp_buf folder = { 0 };
    sp_status status = SP_OK;
    uint32_t *rows = sp_arena_alloc(t->scratch, sizeof *rows * (b->sel_count + 1), err);
    if (!rows)
        return SP_FAILED;
    for (uint32_t i = 0; i < b->sel_count && status == SP_OK;) {
        uint32_t first = SP_BATCH_ROW(b, i), n = 0;
        while (i < b->sel_count && same_partition(w, b, first, SP_BATCH_ROW(b, i)))
            rows[n++] = SP_BATCH_ROW(b, i++);
        part *p = NULL;
        status = folder_of(w, b, first, &folder, err);
        if (status == SP_OK)
            status = part_of(w, t, task, (sp_str){ folder.data, folder.len }, &p, err);
        if (status == SP_OK)
            status = encode(w, t, p, b, rows, n, err);
    }
    sp_buf_done(&folder);
    return status;
}

sp_status sp_file_writer_add(sp_file_writer *w, int task, const sp_batch *b, sp_error *err)
{
    if (b->sel_count == 0)
        return SP_OK;
    task_parts *t = task_of(w, task, err);
    if (!t)
        return SP_FAILED;
    sp_arena_reset(t->scratch);
    if (w->spec.partition_column_count > 0)
        return add_partitioned(w, t, task, b, err);
    part *p;
    SP_TRY(part_of(w, t, task, SP_LIT(""), &p, err));
    return encode(w, t, p, b, b->sel, b->sel_count, err);
}

static sp_status finish_part(sp_file_writer *w, task_parts *t, part *p, sp_error *err)
{
    SP_TRY(w->spec.file_format->finish(p->encoder, &p->pending, err));
    SP_TRY(sp_buf_check(&p->pending, err));
    SP_TRY(create(w, t, p, err));
    if (w->codec) {
        sp_buf packed = { 0 };
        sp_status status = sp_compress(w->codec, (sp_str){ p->pending.data, p->pending.len }, &packed, err);
        if (status == SP_OK && packed.len)
            status = sp_file_write(p->file, packed.data, packed.len, err);
        p->size = (int64_t)packed.len;
        sp_buf_done(&packed);
        SP_TRY(status);
    } else {
        SP_TRY(flush(w, t, p, err));
    }
    if (w->spec.durability == SP_DURABLE_POWER)
        SP_TRY(sp_file_sync(p->file, err));
    sp_file *f = p->file;
    p->file = NULL;
    t->open--;
    sp_buf_done(&p->pending);
    return sp_file_close(f, err);
}

/* The files' names must survive a loss of power before a log may list them. */
static sp_status sync_folders(sp_file_writer *w, sp_error *err)
{
    if (w->spec.durability != SP_DURABLE_POWER)
        return SP_OK;
    for (int i = 0; i < w->task_count; i++)
        for (part *p = w->tasks[i] ? w->tasks[i]->parts : NULL; p; p = p->next)
            if (p->folder[0]) {
                char *dir = sp_arena_printf(w->arena, err, "%s/%s", w->spec.path, p->folder);
                if (!dir)
                    return SP_FAILED;
                SP_TRY(sp_dir_sync(w->spec.world, dir, err));
            }
    return sp_dir_sync(w->spec.world, w->spec.path, err);
}

static void drop_parts(sp_file_writer *w, bool remove)
{
    for (int i = 0; i < w->task_count; i++) {
        task_parts *t = w->tasks[i];
        if (!t)
            continue;
        for (part *p = t->parts, *next; p; p = next) {
            next = p->next;
            if (p->file)
                sp_file_close(p->file, NULL);
            if (remove && p->created)
                sp_file_remove(w->spec.world, p->path, NULL);
            sp_buf_done(&p->pending);
            sp_arena_free(p->arena);
            sp_free(p);
        }
        sp_strmap_done(&t->by_folder);
        sp_arena_free(t->scratch);
        sp_free(t);
    }
    sp_free(w->tasks);
    w->tasks = NULL;
    w->task_count = 0;
}

sp_status sp_file_writer_finish(sp_file_writer *w, const sp_written **files, int *count, sp_error *err)
{
    int n = 0;
    for (int i = 0; i < w->task_count; i++)
        n += w->tasks[i] ? w->tasks[i]->count : 0;
    if (n == 0 && w->spec.partition_column_count == 0) {
        part *p;
        task_parts *t = task_of(w, 0, err);
        if (!t)
            return SP_FAILED;
        SP_TRY(open_part(w, t, 0, SP_LIT(""), &p, err));
        n = 1;
    }
    sp_written *out;
    SP_NEW_ARRAY(out, w->arena, n + 1, err);
    *count = 0;
    for (int i = 0; i < w->task_count; i++) {
        for (part *p = w->tasks[i] ? w->tasks[i]->parts : NULL; p; p = p->next) {
            SP_TRY(finish_part(w, w->tasks[i], p, err));
            sp_stat st;
            bool exists;
            SP_TRY(sp_file_stat(w->spec.world, p->path, &st, &exists, err));
            sp_written *f = &out[(*count)++];
            f->path = sp_arena_strdup(w->arena, p->path, err);
            f->size = p->size;
            f->mtime_ms = exists ? st.mtime_us / 1000 : 0;
            if (!f->path)
                return SP_FAILED;
        }
    }
    SP_TRY(sync_folders(w, err));
    drop_parts(w, false);
    *files = out;
    return SP_OK;
}

void sp_file_writer_abort(sp_file_writer *w) { drop_parts(w, true); }

void sp_file_writer_free(sp_file_writer *w)
{
    if (!w)
        return;
    drop_parts(w, true);
    sp_arena_free(w->arena);
    sp_mutex_done(&w->lock);
}
