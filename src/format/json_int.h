/* json_int.h -- the parts of the JSON format: the record scanner (json_token.c), options (json_options.c), tokens to
 * values (json_convert.c), pushed predicates (json_filter.c), the learned layout (json_fast.c), writing
 * (json_write.c), inference (json_infer.c). Nothing here is for other folders. */
#ifndef SP_FORMAT_JSON_INT_H
#define SP_FORMAT_JSON_INT_H

#include "format/format_int.h"

/* ---- the record scanner: Jackson's token stream over one record, errors and all ---- */
typedef enum json_token {
    JT_NONE, JT_END, JT_OBJECT, JT_OBJECT_END, JT_ARRAY, JT_ARRAY_END, JT_NAME, JT_STRING, JT_INT, JT_FLOAT, JT_TRUE,
    JT_FALSE, JT_NULL,
    JT_ERROR                /* returned, never the current token: a reader goes on behind an error as Jackson's does */
} json_token;

enum {                      /* JsonReadFeature */
    JF_COMMENTS = 1, JF_BARE_NAMES = 2, JF_SINGLE_QUOTES = 4, JF_LEADING_ZEROS = 8, JF_NOT_A_NUMBER = 16,
    JF_ANY_ESCAPE = 32, JF_CONTROLS = 64
};
enum { JSON_DEPTH_MAX = 1000, JSON_NUMBER_MAX = 1000 };     /* StreamReadConstraints */

typedef struct json_reader {
    const char *p, *end;        /* nothing from end on is read */
    const char *start;          /* first byte of the current (or pending) value */
    sp_str text;                /* finished STRING: its characters; INT, FLOAT: as written */
    json_token token, pending;  /* pending: behind a NAME, the value that follows */
    bool unfinished;            /* a "string" whose characters were not looked at yet */
    bool no_memory;
    uint32_t features;
    int depth, max_depth, max_number;
    uint8_t *kind;              /* by depth */
    sp_str *names;              /* by depth: the name read last in an object; p NULL: none */
    sp_arena *arena;            /* unescaped texts */
} json_reader;

sp_status sp_json_reader_init(json_reader *r, sp_arena *a, uint32_t features, int max_depth, int max_number,
                              sp_error *err);
/* Starts on a record; texts made by unescaping go to arena. */
void sp_json_reader_start(json_reader *r, sp_str record, sp_arena *arena);
json_token sp_json_next(json_reader *r);
bool sp_json_skip_children(json_reader *r);         /* false: an error on the way */
bool sp_json_finish_string(json_reader *r);         /* the current STRING's text; false: malformed */
sp_str sp_json_current_name(const json_reader *r);  /* JsonParser.currentName; p NULL: none */
/* Stands the reader behind a name inside a root object, before the value that begins at p; the value's token,
 * JT_ERROR if it is none. */
json_token sp_json_value_at(json_reader *r, const char *p, const char *end);
bool sp_json_pass_value(json_reader *r);            /* that value, unread but checked */
/* The first byte from p on that ends or breaks a plain run: the quote, a backslash, a control character, a byte past
 * ASCII; or end. */
const char *sp_json_plain_end(const char *p, const char *end, char quote);

/* ---- options ---- */
typedef enum json_mode { JSON_PERMISSIVE, JSON_DROP_MALFORMED, JSON_FAIL_FAST } json_mode;
typedef struct json_options {
    uint32_t features;
    int max_depth, max_number;
    json_mode mode;
    sp_str corrupt_name, line_sep;
    bool multi_line, primitives_as_string, prefers_decimal, infer_timestamp, drop_all_null, ignore_null_fields, pretty,
         escape_non_ascii, sort_keys;
    bool ansi;
    bool date_fallback, timestamp_fallback;     /* try the cast's lenient forms when the pattern does not fit */
    bool partial_results;
    bool timestamp_is_ntz;                      /* spark.sql.timestampType */
    double sampling_ratio;
    const sp_zone *zone;
    sp_str date_text, timestamp_text, timestamp_ntz_text;       /* patterns as given; p NULL: none */
    const sp_pattern *date, *timestamp, *timestamp_ntz;         /* compiled when wanted; NULL: the default forms */
} json_options;
sp_status sp_json_options_read(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, json_options *out,
                               sp_error *err);
/* Patterns are looked at where Spark first uses them: those that values of the type need to be read, and those that
 * inference or a writer makes at once. */
sp_status sp_json_options_patterns(sp_arena *a, json_options *o, const sp_type *t, sp_error *err);
sp_status sp_json_options_all_patterns(sp_arena *a, json_options *o, bool writing, sp_error *err);

/* ---- tokens to values ---- */
typedef struct json_names {         /* field names of a struct, found by hash */
    int count;
    const sp_str *name;
    const int *field;               /* what each name stands for */
    uint16_t *slots;                /* name index + 1 */
    uint32_t mask;
} json_names;
typedef struct json_node {          /* a type, made ready */
    const sp_type *type;
    int child_count;
    struct json_node **child;
    json_names names;               /* STRUCT */
} json_node;
/* hidden: index of a field that records cannot fill (the corrupt record column), or -1. */
sp_status sp_json_node_new(sp_arena *a, const sp_type *t, int hidden, json_node **out, sp_error *err);
sp_status sp_json_names_init(sp_arena *a, json_names *n, const sp_str *names, const int *fields, int count,
                             sp_error *err);
/* Position in the table, or -1; hint is tried first. */
int sp_json_names_find(const json_names *n, sp_str name, int hint);

typedef enum json_cause { JSON_CAUSE_OTHER, JSON_CAUSE_ARRAY_AS_STRUCT, JSON_CAUSE_STRING_AS_TYPE } json_cause;
typedef struct json_converter {
    json_reader r;
    const json_options *o;
    sp_arena *scratch;              /* what a conversion needs for a moment */
    bool failed_before;             /* a field of this record failed: cause, and its texts, are the first one's */
    json_cause cause;
    sp_str cause_name, cause_value;
    const sp_type *cause_type;
    sp_error *err;                  /* for JSON_FATAL */
} json_converter;
/* OK: a value (or null). PARTIAL: a value some of whose parts failed. FAIL: no value, the reader stands where
 * Jackson's would. FATAL: out of memory, err is set. SKIPPED: by a predicate. */
typedef enum json_result { JSON_OK, JSON_PARTIAL, JSON_FAIL, JSON_FATAL, JSON_SKIPPED } json_result;
typedef struct json_scalar {
    bool is_null;
    union { int64_t i64; double f64; __int128 decimal; sp_str str; sp_calendar calendar; };
} json_scalar;
sp_status sp_json_converter_init(json_converter *c, sp_arena *a, const json_options *o, sp_error *err);
/* Of the value at the current token or behind the name. */
json_result sp_json_scalar(json_converter *c, const json_node *n, json_scalar *out);
/* Appends one value; none when FAIL. */
json_result sp_json_build(json_converter *c, const json_node *n, sp_builder *b);
/* The fields of the object the reader stands in, into the open row `row` of b; the caller closes it. */
json_result sp_json_build_fields(json_converter *c, const json_node *n, sp_builder *b);
json_result sp_json_note_failure(json_converter *c, json_cause cause, const json_node *n);  /* gives JSON_FAIL */
bool sp_json_text_i64(sp_str s, int64_t *out);      /* digits of an INT token; false: does not fit */

/* ---- columns of the rows being decoded ---- */
typedef struct json_column {
    const json_node *node;
    sp_kind kind;
    uint8_t width;
    bool is_null;               /* of the row under way, once filled */
    uint64_t filled;            /* serial of the record that gave the last value */
    void *data;                 /* vec's */
    sp_vec *vec;
    sp_builder *builder;        /* nested kinds */
} json_column;

/* The batch under construction. A row is written in place at `row` and exists once `row` moves on. */
typedef struct json_rows {
    json_column *columns; int column_count;
    int corrupt;                /* index of the column for corrupt records, or -1 */
    json_names names;           /* of all others */
    struct json_filter *filter;
    uint32_t row;
    uint64_t serial;            /* of the record under way; a new one forgets what its columns were given */
    sp_arena *arena;            /* the batch's */
    sp_error *err;
} json_rows;
sp_status sp_json_rows_init(sp_arena *a, const sp_decode_spec *spec, const json_options *o, json_rows *x,
                            sp_error *err);
sp_status sp_json_rows_begin(json_rows *x, sp_arena *batch_arena, sp_error *err);
sp_status sp_json_rows_end(json_rows *x, sp_batch *out, sp_error *err);
/* The object the reader has just entered, into the row. */
json_result sp_json_rows_object(json_rows *x, json_converter *c);
/* The row is done: columns without a value are null; text NULL: a good record. */
sp_status sp_json_rows_finish(json_rows *x, const sp_str *corrupt_text);
static inline void sp_json_rows_clear(json_rows *x) { x->serial++; }
/* InternalRow.toString of the row; the batch is of no use afterwards */
void sp_json_rows_text(const json_rows *x, sp_buf *out);
void sp_json_value_text(const sp_vec *v, uint32_t row, sp_buf *out);    /* the same of one value */
static inline void sp_json_column_good(const json_rows *x, json_column *c)
{
    c->is_null = false;
    c->filled = x->serial;
    if (c->vec->valid)
        sp_bit_set(c->vec->valid, x->row);
}
sp_status sp_json_column_null(json_rows *x, json_column *c);
json_result sp_json_column_convert(json_rows *x, json_column *c, json_converter *cv);

/* ---- pushed predicates (JsonFilters) ---- */
typedef struct json_filter json_filter;
struct sp_expr;
/* Takes those of the predicates that a source filter can stand for; *out NULL when none. columns: of the batch;
 * hidden: the corrupt record column. */
sp_status sp_json_filter_new(sp_arena *a, struct sp_expr *const *pushed, int count, const json_column *columns,
                             int column_count, int hidden, json_filter **out, sp_error *err);
void sp_json_filter_reset(json_filter *f);                                      /* a record begins */
/* The column was just set. */
bool sp_json_filter_skips(json_filter *f, int column, const json_column *columns, uint32_t row);
bool sp_json_filter_has(const json_filter *f, int column);                      /* does any predicate look at it? */

/* With nothing but `column IS NOT NULL` and `column = 'text'` looking at a column, and at it alone: that text, and
 * whether there is one. */
bool sp_json_filter_simple(const json_filter *f, int column, bool *has_text, sp_str *text);

/* ---- the learned layout ---- */
typedef struct json_fast json_fast;
extern int sp_json_fast_width;      /* widest registers to use, in bits; 0: no layouts. For tests */
/* *out NULL: the options rule it out. */
sp_status sp_json_fast_new(sp_arena *a, const json_options *o, const json_rows *x, json_fast **out, sp_error *err);
/* Reads records from lines->p on as long as they look as the layout says, into rows; stops before the first that does
 * not, at the end or when the batch is full. The rows that Spark would count are added to *counted. */
sp_status sp_json_fast_run(json_fast *f, json_rows *x, json_converter *c, sp_lines *lines, int64_t *counted);
/* A record that was not read here: perhaps the layout to look for. */
void sp_json_fast_missed(json_fast *f, const json_rows *x, json_reader *r, sp_str record);

/* ---- writing ---- */
typedef struct json_writer {
    json_options o;
} json_writer;
sp_status sp_json_writer_new(sp_arena *a, const sp_props *p, const sp_expr_conf *conf, json_writer **out,
                             sp_error *err);
/* STRUCT, ARRAY, MAP ... */
sp_status sp_json_write_value(const json_writer *w, const sp_vec *v, uint32_t row, sp_buf *out, sp_error *err);
void sp_json_write_string(const json_writer *w, sp_str s, sp_buf *out);
sp_status sp_json_write_columns(const json_writer *w, const sp_type *schema, sp_vec *const *columns, uint32_t row,
                                sp_buf *out, sp_error *err);
/* JsonGenerator.copyCurrentStructure: the value at the current token, compact. false: malformed. */
bool sp_json_copy_structure(json_reader *r, sp_buf *out);

/* ---- inference ---- */
typedef struct json_infer json_infer;
sp_status sp_json_infer_record(sp_arena *a, const json_options *o, json_reader *r, const sp_type **out, bool *malformed,
                               sp_error *err);
const sp_type *sp_json_merge_types(sp_arena *a, const sp_type *x, const sp_type *y, sp_error *err);
/* NULL with err untouched: the type vanishes. */
const sp_type *sp_json_canonical_type(sp_arena *a, const sp_type *t, const json_options *o, bool *vanished,
                                      sp_error *err);
sp_status sp_json_infer_files(sp_arena *a, const sp_str *files, int file_count, const sp_props *options,
                              const sp_expr_conf *conf, const sp_type **out, sp_error *err);
sp_status sp_json_check_schema(const sp_type *schema, bool writing, sp_error *err);

#endif
