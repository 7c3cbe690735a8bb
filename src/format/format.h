/* format.h -- the extension point "file format": bytes of a file to batches and back; also from_json and its like, as functions.
 *
 * A decoder is opened once per query with the wanted columns and options, then fed one file (or one socket buffer) after the other; each worker
 * opens its own. Strings of the batches it gives are views into the caller's bytes (or the batch arena when unescaping made new ones).
 * Encoders append to a buffer. Threads: one object, one thread. */
#ifndef SP_FORMAT_H
#define SP_FORMAT_H

#include "function/function.h"
#include "world/world.h"

typedef struct sp_decoder sp_decoder;
typedef struct sp_encoder sp_encoder;

typedef struct sp_decode_spec {
    sp_arena *arena;                  /* lives as long as the decoder */
    const sp_type *schema;            /* data columns, as the user gave them */
    const int *columns; int column_count;   /* schema indexes to give, in this order; NULL: all */
    const sp_props *options;
    const sp_expr_conf *conf;
    /* Predicates over given columns (SP_E_COLUMN ordinal = position in `columns`) that rows must pass; the decoder may drop rows early by them
     * (late materialisation) or ignore them: the caller filters again. */
    struct sp_expr *const *pushed; int pushed_count;
} sp_decode_spec;

typedef struct sp_format {
    const char *name;                 /* "json" */
    const char *display;              /* "JSON", as in error messages */
    const char *extension;            /* ".json" */
    const char *const *options;       /* names it knows beyond the common ones, for documentation and checks; NULL-ended */
    bool splittable;                  /* a file may be cut at line ends and decoded in pieces */
    sp_status (*check_schema)(const sp_type *schema, bool writing, sp_error *err);   /* UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE ... */
    /* Schema from samples of the files (spark.read without schema). NULL: the format has a fixed schema (text: value STRING). */
    sp_status (*infer)(sp_arena *a, const sp_str *files, int file_count, const sp_props *options, const sp_expr_conf *conf, const sp_type **out, sp_error *err);
    sp_status (*open)(const sp_decode_spec *spec, sp_decoder **out, sp_error *err);
    /* Bytes [0, n) of a file or piece; 64 bytes past n are readable. is_first: the piece begins the file (CSV header). They stay valid until the
     * batches made of them are done with. */
    sp_status (*feed)(sp_decoder *d, const char *bytes, size_t n, bool is_first, sp_error *err);
    /* Next batch (up to SP_BATCH_ROWS rows; columns in order of spec->columns, built in batch_arena). SP_MORE, SP_DONE or SP_FAILED (FAILFAST errors). */
    sp_status (*next)(sp_decoder *d, sp_arena *batch_arena, sp_batch *out, sp_error *err);
    void (*close)(sp_decoder *d);
    /* Rows decoded so far, those dropped by pushed predicates or DROPMALFORMED before being counted excepted/included as numInputRows counts in Spark. */
    int64_t (*rows_read)(const sp_decoder *d);
    sp_status (*open_encoder)(sp_arena *a, const sp_type *schema, const sp_props *options, const sp_expr_conf *conf, sp_encoder **out, sp_error *err);
    sp_status (*encode)(sp_encoder *e, const sp_batch *in, sp_arena *scratch, sp_buf *out, sp_error *err);   /* header lines come with the first call */
    sp_status (*finish)(sp_encoder *e, sp_buf *out, sp_error *err);
    /* With these options a file must be fed in one piece though the format is splittable (multiLine, wholetext, a lineSep of one's own).
     * NULL: never. */
    bool (*needs_whole)(const sp_props *options);
} sp_format;
static inline bool sp_format_splits(const sp_format *f, const sp_props *options)
{
    return f->splittable && !(f->needs_whole && options && f->needs_whole(options));
}

extern const sp_function sp_family_json[];         /* from_json, to_json, get_json_object ...: registered when the runtime starts */

const sp_format *sp_format_find(sp_str name);      /* any case; NULL when unknown */
const sp_format *const *sp_format_all(int *count);

/* Whole-file compression by extension or option: gzip, bzip2?, deflate, zstd, lz4?, snappy?; see compress.c. */
sp_status sp_decompress(sp_arena *a, const char *codec, sp_str in, sp_str *out, sp_error *err);
sp_status sp_compress(const char *codec, sp_str in, sp_buf *out, sp_error *err);
const char *sp_codec_of_path(const char *path);    /* "gzip" for .gz ...; NULL none */
const char *sp_codec_extension(const char *codec); /* ".gz"; NULL unknown */

#endif
