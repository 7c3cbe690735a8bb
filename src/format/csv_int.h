/* csv_int.h -- the parts of the CSV format: options, the tokenizer, values, writing, inference. Nothing here is for other folders. */
#ifndef SP_FORMAT_CSV_INT_H
#define SP_FORMAT_CSV_INT_H

#include "format/format_int.h"

typedef enum csv_mode { CSV_PERMISSIVE, CSV_DROP_MALFORMED, CSV_FAIL_FAST } csv_mode;
typedef struct csv_options {
    sp_str sep;                     /* one or more characters */
    char quote, escape, escape_escape, comment;     /* '\0': none */
    bool header, multi_line, trim_leading, trim_trailing, enforce_schema, infer, prefer_date;
    bool write_trim_leading, write_trim_trailing, quote_all, escape_quotes;
    sp_str null_value, empty_value, write_empty_value, nan, positive_inf, negative_inf, line_sep, corrupt_name;
    csv_mode mode;
    int max_columns, max_chars;
    const sp_zone *zone;
    const sp_pattern *date, *timestamp, *timestamp_ntz;   /* reading: NULL = the lenient forms; writing: always set */
    bool date_fallback, timestamp_fallback;
    double sampling_ratio;
} csv_options;
sp_status sp_csv_options_read(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, bool writing, csv_options *out, sp_error *err);

/* ---- the tokenizer: one record after the other ---- */
typedef struct csv_tokens {
    sp_str *values;                 /* p NULL: an empty unquoted value (becomes null_value); views into the bytes or the arena */
    int count, cap;
    sp_str record;                  /* the record's bytes, without its end */
} csv_tokens;
typedef struct csv_reader {
    const csv_options *o;
    const char *p, *end;            /* what is left; 64 readable bytes follow end */
    sp_arena *arena;                /* unescaped values, token arrays */
    sp_buf scratch;
} csv_reader;
/* Next record that is neither blank nor a comment; false: no more. err is set and *failed true when a limit was passed. */
bool sp_csv_next(csv_reader *r, csv_tokens *t, bool *failed, sp_error *err);

sp_status sp_csv_infer(sp_arena *a, const sp_str *files, int file_count, const sp_props *options, const sp_expr_conf *conf, const sp_type **out, sp_error *err);
sp_status sp_csv_open_encoder(sp_arena *a, const sp_type *schema, const sp_props *options, const sp_expr_conf *conf, sp_encoder **out, sp_error *err);
sp_status sp_csv_encode(sp_encoder *e, const sp_batch *in, sp_arena *scratch, sp_buf *out, sp_error *err);
sp_status sp_csv_finish(sp_encoder *e, sp_buf *out, sp_error *err);

#endif
