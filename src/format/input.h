/* input.h -- what one run of a plan reads from one scan: a list of splits and the reader that opens them.
 *
 * Sources (streaming: one input a micro-batch) and the file tables (batch) make inputs; operator/'s scan reads them, a split a task.
 * Ownership: an input lives in the arena it was made in (the batch's); readers are opened per worker and closed by the scan. */
#ifndef SP_FORMAT_INPUT_H
#define SP_FORMAT_INPUT_H

#include "format/format.h"

typedef struct sp_input sp_input;
typedef struct sp_reader sp_reader;

typedef struct sp_input_class {
    const char *name;
    /* A reader for one worker; spec tells wanted columns and pushed predicates (spec->arena lives as long as the reader). */
    sp_status (*open)(const sp_input *in, const sp_decode_spec *spec, sp_reader **out, sp_error *err);
    sp_status (*start)(sp_reader *r, int split, sp_error *err);
    /* SP_MORE: out holds a batch whose strings live until the next call of next or start. SP_DONE: the split is over. */
    sp_status (*next)(sp_reader *r, sp_arena *batch_arena, sp_batch *out, sp_error *err);
    int64_t (*rows_read)(const sp_reader *r);       /* input rows so far, as numInputRows counts them */
    void (*close)(sp_reader *r);
} sp_input_class;

struct sp_input {
    const sp_input_class *cls;
    int split_count;              /* tasks; 0 = nothing to read */
    void *data;                   /* the class's own */
};

/* Rows that are already in memory (memory tables, createDataFrame, socket and rate batches): one split per batch group. Batches hold
 * schema columns in schema order; spec->columns picks. split_of may be NULL: one split. */
sp_status sp_input_of_batches(sp_arena *a, const sp_batch *batches, int count, int split_count, sp_input **out, sp_error *err);

/* Files: the pieces FilePartition.getFilePartitions makes (128 MB, 4 MB open cost, parallelism), read in big blocks and cut at line ends. */
typedef struct sp_input_file {
    sp_str path;                  /* local path */
    int64_t size, mtime_us;
    sp_value *partition_values;   /* one per partition column of the scan; NULL when none */
} sp_input_file;
typedef struct sp_file_input_spec {
    sp_world *world;
    const sp_format *format;
    const sp_input_file *files; int file_count;
    int partition_column_count;   /* the last columns of the schema */
    int parallelism;
    int64_t max_partition_bytes, open_cost_bytes;   /* 0: Spark's defaults */
    bool ignore_missing;          /* spark.sql.files.ignoreMissingFiles */
    bool whole_files;             /* records may span lines: a file is one piece, fed whole (sp_files_are_whole) */
} sp_file_input_spec;
/* Fills in spark.sql.files.maxPartitionBytes, openCostInBytes and ignoreMissingFiles. */
void sp_file_input_settings(sp_file_input_spec *spec, const sp_expr_conf *conf);
/* Do these options (multiLine, wholetext, lineSep) forbid cutting a file at line ends? */
bool sp_files_are_whole(const sp_props *options);
sp_status sp_input_of_files(sp_arena *a, const sp_file_input_spec *spec, sp_input **out, sp_error *err);

#endif
