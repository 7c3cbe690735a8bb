/* source_int.h -- shared by the sources: options, and the listing of files. */
#ifndef SP_SOURCE_INT_H
#define SP_SOURCE_INT_H

#include "source/source.h"

/* ---- options.c ---- */
/* The option as a number; absent: fallback. A text that is none, or a value below min: Spark's IllegalArgumentException. */
sp_status sp_source_option_i64(const sp_props *options, const char *key, int64_t fallback, int64_t min, int64_t *out, sp_error *err);
sp_status sp_source_option_bool(const sp_props *options, const char *key, bool fallback, bool *out, sp_error *err);
/* JavaUtils.timeStringAs: a number and us, ms, s, m, min, h or d; without a suffix it counts unit_us. */
bool sp_source_time_us(sp_str text, int64_t unit_us, int64_t *out);
/* {"logOffset":7} or 7 -> 7; -1 for {NULL,0}. */
sp_status sp_offset_number(sp_str json, const char *key, int64_t *out, sp_error *err);

/* ---- list.c: files below paths ---- */
typedef struct sp_found_file { sp_str path; int64_t size, mtime_us; sp_str root; } sp_found_file;   /* root: the given folder it was found below */
typedef struct sp_list_options {
    bool recursive;             /* recursiveFileLookup */
    sp_str name_glob;           /* pathGlobFilter; {NULL,0} none */
    int64_t modified_after_us, modified_before_us;   /* INT64_MIN / INT64_MAX: none */
    bool must_exist;            /* PATH_NOT_FOUND for a path without files */
} sp_list_options;
sp_status sp_list_options_read(const sp_props *options, const sp_zone *zone, sp_list_options *out, sp_error *err);
/* Every visible file below the paths, k=v and plain folders included; folders seen are given to on_dir when not NULL. */
sp_status sp_list_walk(sp_world *w, sp_arena *a, const sp_str *paths, int path_count, const sp_list_options *o,
                       void (*on_dir)(void *context, const char *dir), void *context, sp_found_file **out, int *count, sp_error *err);
/* The files that the log of a file sink lists below root; *has_log false when there is none. */
sp_status sp_list_by_log(sp_world *w, sp_arena *a, sp_str root, sp_found_file **out, int *count, bool *has_log, sp_error *err);
bool sp_list_is_hidden(const char *name);           /* "_x" (but "_a=b"), ".x", "x._COPYING_" */
bool sp_glob_match(const char *pattern, const char *text);
bool sp_glob_has_magic(sp_str path);
/* Drops files in plain subfolders, or says that k=v and plain folders are mixed; fills partition columns (names in *names) when there are any. */
sp_status sp_list_partitions(sp_arena *a, sp_found_file *files, int *count, const sp_list_options *o, const sp_type *user_schema, const sp_expr_conf *conf,
                             const sp_type **partition_type, sp_value ***values, sp_error *err);

extern const sp_source_class sp_source_socket, sp_source_rate, sp_source_rate_micro_batch;
extern const sp_source_class sp_source_text, sp_source_csv, sp_source_json;

#endif
