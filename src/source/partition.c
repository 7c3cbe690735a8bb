/* partition.c -- columns that come from k=v folders (PartitioningUtils, PartitioningAwareFileIndex, Spark 4.3), and the listing of a batch read.
 *
 * A user's schema gives a partition column its type; else the type is the narrowest of int, bigint, double, date, timestamp, string that takes every value.
 * Without any k=v folder only files right below the given paths are read, unless recursiveFileLookup is on. */
#include "source/source_int.h"

#define DEFAULT_PARTITION "__HIVE_DEFAULT_PARTITION__"
enum { COLUMNS_MAX = 64 };

/* Small, because a listing has one of them a file: the texts are made for k=v folders only. */
typedef struct path_parts { sp_str *names, *values; int count; bool plain; } path_parts;

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static sp_status unescape(sp_arena *a, sp_str s, sp_str *out, sp_error *err)
{
    char *p = sp_arena_alloc(a, s.n + 1, err);
    if (!p)
        return SP_FAILED;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool escaped = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        p[n++] = escaped ? (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])) : s.p[i];
        i += escaped ? 2 : 0;
    }
    p[n] = '\0';
    *out = (sp_str){ p, n };
    return SP_OK;
}

/* The folders between root and file. */
static sp_status split_path(sp_arena *a, const sp_found_file *f, path_parts *out, sp_error *err)
{
    *out = (path_parts){ 0 };
    const char *p = f->path.p + f->root.n, *end = f->path.p + f->path.n;
    for (;;) {
        while (p < end && *p == '/')
            p++;
        const char *slash = memchr(p, '/', (size_t)(end - p));
        if (!slash)
            return SP_OK;
        const char *eq = memchr(p, '=', (size_t)(slash - p));
        if (!eq || eq == p) {
            out->plain = true;
        } else if (out->count < COLUMNS_MAX) {
            if (!out->names) {
                int most = 0;
                for (const char *q = p; q < end; q++)
                    most += *q == '/';
                SP_NEW_ARRAY(out->names, a, 2 * most, err);
                out->values = out->names + most;
            }
            SP_TRY(unescape(a, (sp_str){ p, (size_t)(eq - p) }, &out->names[out->count], err));
            SP_TRY(unescape(a, (sp_str){ eq + 1, (size_t)(slash - eq - 1) }, &out->values[out->count], err));
            out->count++;
        }
        p = slash;
    }
}

static bool is_null_value(sp_str v) { return sp_str_is(v, DEFAULT_PARTITION); }

/* Narrowest kind that takes the text. */
static sp_kind kind_of(sp_str v, const sp_zone *zone)
{
    int64_t i;
    double d;
    int32_t days;
    if (sp_str_to_i64(v, &i))
        return i >= INT32_MIN && i <= INT32_MAX ? SP_INT : SP_LONG;
    if (sp_parse_f64(v, &d) && v.n && (v.p[0] == '-' || v.p[0] == '.' || (v.p[0] >= '0' && v.p[0] <= '9')))
        return SP_DOUBLE;
    if (v.n == 10 && sp_parse_date(v, &days))
        return SP_DATE;
    if (v.n >= 19 && sp_parse_timestamp(v, zone, &i))
        return SP_TIMESTAMP;
    return SP_STRING;
}

static sp_kind wider(sp_kind a, sp_kind b)
{
    if (a == b || b == SP_VOID)
        return a;
    if (a == SP_VOID)
        return b;
    if (sp_kind_is_numeric(a) && sp_kind_is_numeric(b))
        return a > b ? a : b;
    if ((a == SP_DATE && b == SP_TIMESTAMP) || (a == SP_TIMESTAMP && b == SP_DATE))
        return SP_TIMESTAMP;
    return SP_STRING;
}

static sp_status partition_type_of(sp_arena *a, const path_parts *parts, int file_count, const sp_type *user, const sp_expr_conf *conf,
                                   const sp_type **out, sp_error *err)
{
    sp_field *fields;
    int columns = parts[0].count;
    SP_NEW_ARRAY(fields, a, columns + 1, err);
    for (int c = 0; c < columns; c++) {
        int at = user ? sp_type_find(user, parts[0].names[c], conf->case_sensitive) : -1;
        fields[c].name = parts[0].names[c];
        fields[c].nullable = true;
        if (at >= 0) {
            fields[c].name = user->fields[at].name;
            fields[c].type = user->fields[at].type;
            continue;
        }
        sp_kind kind = SP_VOID;
        for (int f = 0; f < file_count; f++)
            if (!is_null_value(parts[f].values[c]))
                kind = wider(kind, kind_of(parts[f].values[c], conf->zone));
        fields[c].type = sp_type_of(kind == SP_VOID ? SP_STRING : kind);
    }
    *out = sp_type_struct(a, fields, columns, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status check_same_columns(const sp_found_file *files, const path_parts *parts, int count, sp_error *err)
{
    for (int f = 0; f < count; f++) {
        if (parts[f].plain || parts[f].count == 0)
            return SP_FAIL(err, CONFLICTING_DIRECTORY_STRUCTURES, "discoveredBasePaths",
                           sp_error_format(err, "\n\tfile:%s", files[f].root.p));
        bool same = parts[f].count == parts[0].count;
        for (int c = 0; same && c < parts[0].count; c++)
            same = sp_str_eq(parts[f].names[c], parts[0].names[c]);
        if (!same)
            return SP_FAIL(err, CONFLICTING_PARTITION_COLUMN_NAMES, "distinctPartColLists",
                           sp_error_format(err, "\n\tPartition column name list #0: %.*s", (int)parts[0].names[0].n, parts[0].names[0].p),
                           "suspiciousPaths", sp_error_format(err, "\n\tfile:%s", files[f].path.p));
    }
    return SP_OK;
}

sp_status sp_list_partitions(sp_arena *a, sp_found_file *files, int *count, const sp_list_options *o, const sp_type *user_schema,
                             const sp_expr_conf *conf, const sp_type **partition_type, sp_value ***values, sp_error *err)
{
    *partition_type = NULL;
    *values = NULL;
    if (o->recursive || *count == 0)
        return SP_OK;
    path_parts *parts;
    SP_NEW_ARRAY(parts, a, *count, err);
    bool any = false;
    for (int f = 0; f < *count; f++) {
        SP_TRY(split_path(a, &files[f], &parts[f], err));
        any |= parts[f].count > 0;
    }
    if (!any) {
        int kept = 0;
        for (int f = 0; f < *count; f++)
            if (!parts[f].plain)
                files[kept++] = files[f];
        *count = kept;
        return SP_OK;
    }
    SP_TRY(check_same_columns(files, parts, *count, err));
    SP_TRY(partition_type_of(a, parts, *count, user_schema, conf, partition_type, err));
    SP_NEW_ARRAY(*values, a, *count, err);
    for (int f = 0; f < *count; f++) {
        SP_NEW_ARRAY((*values)[f], a, parts[f].count, err);
        for (int c = 0; c < parts[f].count; c++) {
            const sp_type *t = (*partition_type)->fields[c].type;
            sp_value *v = &(*values)[f][c];
            *v = sp_value_null(t);
            if (!is_null_value(parts[f].values[c]) && !sp_parse_value(parts[f].values[c], t, conf->zone, a, v))
                return sp_error_plain(err, SP_EXC_RUNTIME, "Failed to cast value `%.*s` to `%s` for partition column `%.*s`",
                                      (int)parts[f].values[c].n, parts[f].values[c].p, sp_type_sql_quoted(a, t),
                                      (int)parts[f].names[c].n, parts[f].names[c].p);
        }
    }
    return SP_OK;
}

/* ---- a folder that a file sink wrote: its log says which files there are (MetadataLogFileIndex) ---- */

sp_status sp_list_by_log(sp_world *w, sp_arena *a, sp_str root, sp_found_file **out, int *count, bool *has_log, sp_error *err)
{
    sp_stat st;
    char *dir = sp_arena_printf(a, err, "%.*s/_spark_metadata", (int)root.n, root.p);
    if (!dir)
        return SP_FAILED;
    SP_TRY(sp_file_stat(w, dir, &st, has_log, err));
    if (!*has_log)
        return SP_OK;
    sp_sink_file *entries;
    int n;
    SP_TRY(sp_sink_log_all(w, dir, a, &entries, &n, err));
    SP_NEW_ARRAY(*out, a, n + 1, err);
    *count = 0;
    for (int i = 0; i < n; i++) {
        sp_found_file f = { .size = entries[i].size, .mtime_us = entries[i].mtime_ms * 1000, .root = root };
        SP_TRY(sp_path_from_uri(a, entries[i].path, &f.path, err));
        if (f.path.n > root.n && memcmp(f.path.p, root.p, root.n) == 0)
            (*out)[(*count)++] = f;
    }
    return SP_OK;
}

sp_status sp_file_list(sp_world *w, sp_arena *a, const sp_str *paths, int path_count, const sp_props *options, const sp_type *user_schema,
                       const sp_expr_conf *conf, sp_file_listing *out, sp_error *err)
{
    sp_list_options o;
    sp_found_file *files = NULL;
    int count = 0;
    bool by_log = false;
    *out = (sp_file_listing){ 0 };
    SP_TRY(sp_list_options_read(options, conf->zone, &o, err));
    o.must_exist = true;
    if (path_count == 1 && !sp_glob_has_magic(paths[0]))
        SP_TRY(sp_list_by_log(w, a, paths[0], &files, &count, &by_log, err));
    if (!by_log)
        SP_TRY(sp_list_walk(w, a, paths, path_count, &o, NULL, NULL, &files, &count, err));
    sp_value **values;
    SP_TRY(sp_list_partitions(a, files, &count, &o, user_schema, conf, &out->partition_type, &values, err));
    SP_NEW_ARRAY(out->files, a, count + 1, err);
    for (int i = 0; i < count; i++)
        out->files[i] = (sp_input_file){ files[i].path, files[i].size, files[i].mtime_us, values ? values[i] : NULL };
    out->file_count = count;
    return SP_OK;
}
