/* input_files.c -- an input over files: which pieces a task reads, and the reader that feeds a decoder with blocks cut at line ends.
 *
 * Pieces follow FilePartition (Spark 4.3): files are cut at max(open cost, min(128 MB, bytes per core)), the pieces sorted by length, largest first, and
 * packed into partitions, an opening costing as much as 4 MB. A piece that does not begin its file starts after the first line end at or past its offset,
 * and reads on to the first line end at or past its end: each line belongs to the piece its first byte is in. */
#include "format/input.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 1 << 20, PADDING = 64 };
#define DEFAULT_MAX_BYTES (128ll << 20)
#define DEFAULT_OPEN_COST (4ll << 20)

typedef struct piece { int file; int64_t offset, length; } piece;
typedef struct files_data {
    sp_file_input_spec spec;
    piece *pieces; int piece_count;
    int *first;                 /* split s has pieces[first[s] .. first[s + 1]) */
    int split_count;
} files_data;

struct sp_reader {
    const files_data *data;
    const sp_decode_spec *outer;
    sp_decode_spec inner;       /* what the format's decoder is asked for: no partition columns */
    sp_decoder *decoder;
    int *from_decoder;          /* per wanted column: position in the decoder's batch, or -1 - partition index */
    int piece, piece_end;
    bool piece_open, at_end;
    sp_file *file;
    int64_t at, stop, size;     /* next byte to read, end of the piece, end of the file */
    bool first_block;
    sp_buffer *block;           /* bytes read; [used, have) is the tail of a line kept for the next feed */
    size_t have, used;
    const char *codec;
    sp_arena *whole;            /* a file read whole: compressed, or not splittable */
    bool feeding;
    int64_t rows;
};

/* ---- splits ---- */

static int by_length(const void *x, const void *y)
{
    const piece *a = x, *b = y;
    if (a->length != b->length)
        return a->length > b->length ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static bool can_cut(const files_data *d, int file)
{
    return d->spec.format->splittable && !d->spec.whole_files && !sp_codec_of_path(d->spec.files[file].path.p);
}

static sp_status plan_splits(sp_arena *a, files_data *d, sp_error *err)
{
    int64_t open_cost = d->spec.open_cost_bytes > 0 ? d->spec.open_cost_bytes : DEFAULT_OPEN_COST;
    int64_t max_bytes = d->spec.max_partition_bytes > 0 ? d->spec.max_partition_bytes : DEFAULT_MAX_BYTES;
    int64_t total = 0;
    for (int i = 0; i < d->spec.file_count; i++)
        total += d->spec.files[i].size + open_cost;
    int64_t per_core = total / (d->spec.parallelism > 0 ? d->spec.parallelism : 1);
    int64_t split = per_core > open_cost ? per_core : open_cost;
    split = split < max_bytes ? split : max_bytes;

    int64_t count = 0;
    for (int i = 0; i < d->spec.file_count; i++)
        count += can_cut(d, i) ? (d->spec.files[i].size + split - 1) / split : 1;
    SP_NEW_ARRAY(d->pieces, a, count + 1, err);
    SP_NEW_ARRAY(d->first, a, count + 2, err);
    for (int i = 0; i < d->spec.file_count; i++) {
        int64_t size = d->spec.files[i].size;
        if (!can_cut(d, i)) {
            d->pieces[d->piece_count++] = (piece){ i, 0, size };
            continue;
        }
        for (int64_t at = 0; at < size; at += split)
            d->pieces[d->piece_count++] = (piece){ i, at, size - at < split ? size - at : split };
    }
    qsort(d->pieces, (size_t)d->piece_count, sizeof *d->pieces, by_length);
    int64_t filled = 0;
    for (int i = 0; i < d->piece_count; i++) {
        if (i == 0 || filled + d->pieces[i].length > split) {
            d->first[d->split_count++] = i;
            filled = 0;
        }
        filled += d->pieces[i].length + open_cost;
    }
    d->first[d->split_count] = d->piece_count;
    return SP_OK;
}

/* ---- the reader ---- */

/* The columns asked for, less those that come from the path. */
static sp_status split_columns(sp_reader *r, const sp_decode_spec *spec, sp_error *err)
{
    int all = spec->schema->field_count, parts = r->data->spec.partition_column_count;
    int count = spec->columns ? spec->column_count : all;
    int *columns;
    SP_NEW_ARRAY(columns, spec->arena, count + 1, err);
    SP_NEW_ARRAY(r->from_decoder, spec->arena, count + 1, err);
    r->inner = *spec;
    r->inner.schema = sp_type_struct(spec->arena, spec->schema->fields, all - parts, err);
    if (!r->inner.schema)
        return SP_FAILED;
    int n = 0;
    for (int i = 0; i < count; i++) {
        int c = spec->columns ? spec->columns[i] : i;
        if (c >= all - parts) {
            r->from_decoder[i] = -1 - (c - (all - parts));
            continue;
        }
        r->from_decoder[i] = n;
        columns[n++] = c;
    }
    r->inner.columns = columns;
    r->inner.column_count = n;
    if (n != count)
        r->inner.pushed_count = 0;      /* their ordinals count partition columns too */
    return SP_OK;
}

static sp_status open_reader(const sp_input *in, const sp_decode_spec *spec, sp_reader **out, sp_error *err)
{
    const files_data *d = in->data;
    SP_NEW(*out, spec->arena, sizeof **out, err);
    sp_reader *r = *out;
    r->data = d;
    r->outer = spec;
    SP_TRY(split_columns(r, spec, err));
    return d->spec.format->open(&r->inner, &r->decoder, err);
}

static sp_status start(sp_reader *r, int split, sp_error *err)
{
    r->piece = r->data->first[split];
    r->piece_end = r->data->first[split + 1];
    return SP_OK;
}

static void close_piece(sp_reader *r)
{
    if (r->file)
        sp_file_close(r->file, NULL);
    r->file = NULL;
    r->piece_open = false;
}

static sp_status grow_block(sp_reader *r, size_t size, sp_error *err)
{
    if (r->block && r->block->size >= size)
        return SP_OK;
    sp_buffer *more = sp_buffer_new(size, err);
    if (!more)
        return SP_FAILED;
    if (r->block)
        memcpy(more->data, r->block->data, r->have);
    sp_buffer_unref(r->block);
    r->block = more;
    return SP_OK;
}

/* Reads more bytes behind what is there; *got 0 at the end of the file. */
static sp_status fill(sp_reader *r, size_t *got, sp_error *err)
{
    SP_TRY(grow_block(r, r->have + BLOCK_BYTES < 2 * BLOCK_BYTES ? 2 * BLOCK_BYTES : 2 * r->have + BLOCK_BYTES, err));
    size_t room = BLOCK_BYTES;
    SP_TRY(sp_file_pread(r->file, r->block->data + r->have, room, r->at, got, err));
    r->have += *got;
    r->at += (int64_t)*got;
    return SP_OK;
}

/* A piece in the middle of a file starts behind the line that the piece before it reads to its end. */
static sp_status skip_first_line(sp_reader *r, sp_error *err)
{
    for (;;) {
        char *nl = r->have > r->used ? memchr(r->block->data + r->used, '\n', r->have - r->used) : NULL;
        if (nl) {
            r->used = (size_t)(nl - r->block->data) + 1;
            return SP_OK;
        }
        r->used = r->have = 0;
        size_t got;
        SP_TRY(fill(r, &got, err));
        if (got == 0)
            return SP_OK;
    }
}

static sp_status open_whole(sp_reader *r, const sp_input_file *f, sp_error *err)
{
    sp_str bytes, plain;
    if (!r->whole && !(r->whole = sp_arena_new("whole file", 0)))
        return sp_error_memory(err, "a file");
    sp_arena_reset(r->whole);
    SP_TRY(sp_file_read_all(r->data->spec.world, f->path.p, r->whole, &bytes, NULL, err));
    plain = bytes;
    if (r->codec)
        SP_TRY(sp_decompress(r->whole, r->codec, bytes, &plain, err));
    r->used = 0;
    r->have = 0;
    SP_TRY(grow_block(r, plain.n + PADDING, err));
    memcpy(r->block->data, plain.p, plain.n);
    r->have = plain.n;
    r->at = r->stop = r->size = 0;
    return SP_OK;
}

static sp_status open_piece(sp_reader *r, sp_error *err)
{
    const piece *p = &r->data->pieces[r->piece];
    const sp_input_file *f = &r->data->spec.files[p->file];
    r->codec = sp_codec_of_path(f->path.p);
    r->first_block = p->offset == 0;
    r->at_end = false;
    r->piece_open = true;
    if (r->codec || r->data->spec.whole_files || !r->data->spec.format->splittable) {
        sp_status status = open_whole(r, f, err);
        r->at_end = true;
        return status;
    }
    SP_TRY(sp_file_open_read(r->data->spec.world, f->path.p, &r->file, err));
    r->size = sp_file_size(r->file);
    r->stop = p->offset + p->length;
    r->have = r->used = 0;
    r->at = p->offset;
    if (p->offset > 0) {
        r->at = p->offset - 1;          /* the byte before: a line that starts right at the offset is ours */
        SP_TRY(skip_first_line(r, err));
    }
    return SP_OK;
}

/* Gives the decoder the next run of whole lines; *fed false: the piece is over. */
static sp_status feed(sp_reader *r, bool *fed, sp_error *err)
{
    *fed = false;
    if (r->at_end && r->used == r->have)
        return SP_OK;
    if (!r->at_end) {
        if (r->used > 0) {
            memmove(r->block->data, r->block->data + r->used, r->have - r->used);
            r->have -= r->used;
            r->used = 0;
        }
        /* Where the first byte of the block stands in the file; a line that begins at or past stop is the next piece's. */
        int64_t base = r->at - (int64_t)r->have;
        if (base >= r->stop)
            return SP_OK;
        char *last = NULL;
        for (;;) {
            if (r->have > 0 && r->at >= r->stop) {
                int64_t from = r->stop - 1 - base;      /* the line that holds byte stop - 1 is the last of ours */
                last = memchr(r->block->data + from, '\n', r->have - (size_t)from);
                if (last) {
                    r->at_end = true;
                    r->have = (size_t)(last - r->block->data) + 1;
                    break;
                }
            } else if (r->have > 0 && (last = memrchr(r->block->data, '\n', r->have)) != NULL) {
                break;
            }
            size_t got;
            SP_TRY(fill(r, &got, err));
            if (got == 0) {
                r->at_end = true;
                break;
            }
        }
        if (!r->at_end) {
            r->used = (size_t)(last - r->block->data) + 1;
            *fed = true;
        } else {
            *fed = r->have > 0;
            r->used = r->have;
        }
        if (!*fed)
            return SP_OK;
        memset(r->block->data + r->have, 0, r->block->size - r->have < PADDING ? r->block->size - r->have : PADDING);
        SP_TRY(r->data->spec.format->feed(r->decoder, r->block->data, r->used, r->first_block, err));
    } else {
        SP_TRY(r->data->spec.format->feed(r->decoder, r->block->data, r->have, r->first_block, err));
        r->used = r->have;
        *fed = true;
    }
    r->first_block = false;
    return SP_OK;
}

/* Adds the path's columns to what the decoder gave. */
static sp_status arrange(sp_reader *r, sp_arena *a, sp_batch *out, sp_error *err)
{
    int count = r->outer->columns ? r->outer->column_count : r->outer->schema->field_count;
    if (count == out->column_count)
        return SP_OK;
    const sp_input_file *f = &r->data->spec.files[r->data->pieces[r->piece].file];
    sp_vec **columns;
    SP_NEW_ARRAY(columns, a, count + 1, err);
    for (int i = 0; i < count; i++) {
        int from = r->from_decoder[i];
        columns[i] = from >= 0 ? out->columns[from] : sp_value_vec(&f->partition_values[-1 - from], out->rows, a, err);
        if (!columns[i])
            return SP_FAILED;
    }
    out->columns = columns;
    out->column_count = count;
    return SP_OK;
}

/* FileScanRDD's words for a file that cannot be read: a missing one, or records that FAILFAST refuses. Other failures speak for themselves. */
static sp_status failed_file(sp_reader *r, sp_status status, sp_error *err)
{
    if (status != SP_FAILED || !err)
        return status;
    bool gone = err->exc == SP_EXC_FILE_NOT_FOUND;
    const sp_condition_row *row = err->condition ? sp_condition_info(err->condition) : NULL;
    if (!gone && !(row && sp_str_starts(sp_str_of(row->name), "MALFORMED_RECORD_IN_PARSING")))
        return status;
    char path[1024];
    snprintf(path, sizeof path, "file://%s", r->data->spec.files[r->data->pieces[r->piece].file].path.p);
    sp_error_reset(err);
    return gone ? SP_FAIL(err, FAILED_READ_FILE__FILE_NOT_EXIST, "path", path) : SP_FAIL(err, FAILED_READ_FILE__NO_HINT, "path", path);
}

static sp_status next(sp_reader *r, sp_arena *batch_arena, sp_batch *out, sp_error *err)
{
    for (;;) {
        if (r->feeding) {
            sp_status status = r->data->spec.format->next(r->decoder, batch_arena, out, err);
            if (status == SP_FAILED)
                return failed_file(r, status, err);
            if (status == SP_MORE) {
                SP_TRY(arrange(r, batch_arena, out, err));
                return SP_MORE;
            }
            r->feeding = false;
        }
        if (!r->piece_open) {
            if (r->piece >= r->piece_end)
                return SP_DONE;
            sp_status status = open_piece(r, err);
            if (status == SP_FAILED && err && err->exc == SP_EXC_FILE_NOT_FOUND && r->data->spec.ignore_missing) {
                sp_error_reset(err);
                close_piece(r);
                r->piece++;
                continue;
            }
            SP_TRY(failed_file(r, status, err));
        }
        SP_TRY(feed(r, &r->feeding, err));
        if (!r->feeding) {
            close_piece(r);
            r->piece++;
        }
    }
}

static int64_t rows_read(const sp_reader *r) { return r->data->spec.format->rows_read(r->decoder); }

static void close_reader(sp_reader *r)
{
    close_piece(r);
    if (r->decoder)
        r->data->spec.format->close(r->decoder);
    sp_buffer_unref(r->block);
    r->block = NULL;
    sp_arena_free(r->whole);
    r->whole = NULL;
}

static const sp_input_class files_class = { "files", open_reader, start, next, rows_read, close_reader };

bool sp_files_are_whole(const sp_props *options)
{
    static const char *const flags[] = { "multiLine", "wholetext" };
    for (size_t i = 0; options && i < sizeof flags / sizeof flags[0]; i++) {
        const char *text = sp_props_get(options, flags[i]);
        bool on;
        if (text && sp_str_to_bool(sp_str_of(text), &on) && on)
            return true;
    }
    const char *sep = options ? sp_props_get(options, "lineSep") : NULL;
    return sep && strcmp(sep, "\n") != 0;
}

/* JavaUtils.byteStringAsBytes: a number and b, k, kb, m, mb, g, gb, t, tb in any case. */
static int64_t byte_count(const char *text)
{
    static const char units[] = "kmgt";
    sp_str s = sp_str_trim(sp_str_of(text));
    int shift = 0;
    int64_t n;
    if (s.n && (s.p[s.n - 1] | 32) == 'b')
        s.n--;
    const char *unit = s.n ? strchr(units, s.p[s.n - 1] | 32) : NULL;
    if (unit && *unit) {
        shift = 10 * (int)(unit - units + 1);
        s.n--;
    }
    return sp_str_to_i64(s, &n) && n > 0 && n < (INT64_MAX >> shift) ? n << shift : 0;
}

void sp_file_input_settings(sp_file_input_spec *spec, const sp_expr_conf *conf)
{
    if (!conf || !conf->conf_get)
        return;
    const char *max = conf->conf_get(conf->session, "spark.sql.files.maxPartitionBytes");
    const char *cost = conf->conf_get(conf->session, "spark.sql.files.openCostInBytes");
    const char *missing = conf->conf_get(conf->session, "spark.sql.files.ignoreMissingFiles");
    spec->max_partition_bytes = max ? byte_count(max) : 0;
    spec->open_cost_bytes = cost ? byte_count(cost) : 0;
    if (missing)
        sp_str_to_bool(sp_str_of(missing), &spec->ignore_missing);
}

sp_status sp_input_of_files(sp_arena *a, const sp_file_input_spec *spec, sp_input **out, sp_error *err)
{
    files_data *d;
    SP_NEW(d, a, sizeof *d, err);
    SP_NEW(*out, a, sizeof **out, err);
    d->spec = *spec;
    if (spec->file_count > 0)
        SP_TRY(plan_splits(a, d, err));
    **out = (sp_input){ &files_class, d->split_count, d };
    return SP_OK;
}
