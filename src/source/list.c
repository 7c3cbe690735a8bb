/* list.c -- which files are below some paths: globs, hidden names, filters by name and time (InMemoryFileIndex, HadoopFSUtils, Spark 4.3). */
#include "source/source_int.h"

enum { DEPTH_MAX = 64 };

/* HadoopFSUtils.shouldFilterOutPathName */
bool sp_list_is_hidden(const char *name)
{
    sp_str s = sp_str_of(name);
    if (sp_str_starts(s, "_common_metadata") || sp_str_starts(s, "_metadata"))
        return false;
    return name[0] == '.' || (name[0] == '_' && !strchr(name, '=')) || sp_str_ends(s, "._COPYING_");
}

/* ---- Hadoop's GlobPattern on one path component: * ? [abc] [^a-z] {x,y} and \ ---- */

static const char *match_set(const char *p, char c, bool *ok)
{
    bool negate = *p == '^' || *p == '!', hit = false;
    if (negate)
        p++;
    while (*p && *p != ']') {
        char lo = *p++;
        char hi = lo;
        if (*p == '-' && p[1] && p[1] != ']') {
            hi = p[1];
            p += 2;
        }
        hit |= c >= lo && c <= hi;
    }
    *ok = hit != negate;
    return *p ? p + 1 : p;
}

static bool match(const char *p, const char *s, int depth);

/* {a,b}rest: each alternative followed by the rest. */
static bool match_group(const char *p, const char *s, int depth)
{
    char joined[1024];
    const char *end = p;
    for (int open = 1; *end; end++) {
        open += (*end == '{') - (*end == '}');
        if (open == 0)
            break;
    }
    if (!*end)
        return false;
    for (const char *from = p; from <= end;) {
        const char *to = from;
        for (int open = 0; to < end && (open || *to != ','); to++)
            open += (*to == '{') - (*to == '}');
        size_t n = (size_t)(to - from), rest = strlen(end + 1);
        if (n + rest < sizeof joined) {
            memcpy(joined, from, n);
            memcpy(joined + n, end + 1, rest + 1);
            if (match(joined, s, depth + 1))
                return true;
        }
        from = to + 1;
    }
    return false;
}

static bool match(const char *p, const char *s, int depth)
{
    if (depth > DEPTH_MAX)
        return false;
    for (; *p; p++) {
        bool ok;
        switch (*p) {
        case '*':
            while (p[1] == '*')
                p++;
            for (const char *t = s;; t++) {
                if (match(p + 1, t, depth + 1))
                    return true;
                if (!*t)
                    return false;
            }
        case '?':
            if (!*s)
                return false;
            s++;
            break;
        case '[':
            if (!*s)
                return false;
            p = match_set(p + 1, *s++, &ok) - 1;
            if (!ok)
                return false;
            break;
        case '{':
            return match_group(p + 1, s, depth);
        case '\\':
            if (p[1])
                p++;
            /* fall through */
        default:
            if (*s++ != *p)
                return false;
        }
    }
    return !*s;
}

bool sp_glob_match(const char *pattern, const char *text) { return match(pattern, text, 0); }

bool sp_glob_has_magic(sp_str path)
{
    for (size_t i = 0; i < path.n; i++)
        if (strchr("*?[{", path.p[i]))
            return true;
    return false;
}

/* ---- options ---- */

sp_status sp_list_options_read(const sp_props *options, const sp_zone *zone, sp_list_options *out, sp_error *err)
{
    *out = (sp_list_options){ .modified_after_us = INT64_MIN, .modified_before_us = INT64_MAX };
    SP_TRY(sp_source_option_bool(options, "recursiveFileLookup", false, &out->recursive, err));
    const char *glob = options ? sp_props_get(options, "pathGlobFilter") : NULL;
    if (glob)
        out->name_glob = sp_str_of(glob);
    const char *const keys[] = { "modifiedAfter", "modifiedBefore" };
    for (int i = 0; i < 2; i++) {
        const char *text = options ? sp_props_get(options, keys[i]) : NULL;
        if (text && !sp_parse_timestamp(sp_str_of(text), zone ? zone : sp_zone_utc(), i ? &out->modified_before_us : &out->modified_after_us))
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "The timestamp provided for the '%s' option is invalid. The expected format is "
                                  "'YYYY-MM-DDTHH:mm:ss', but the provided timestamp: %s", keys[i], text);
    }
    return SP_OK;
}

/* ---- walking ---- */

typedef struct walk {
    sp_world *world;
    sp_arena *arena;
    const sp_list_options *options;
    void (*on_dir)(void *context, const char *dir);
    void *context;
    sp_found_file *files;
    int count, cap;
    sp_str root;
} walk;

static sp_status add_file(walk *k, const char *path, const char *name, const sp_stat *st, sp_error *err)
{
    const sp_list_options *o = k->options;
    if (o->name_glob.p && !sp_glob_match(o->name_glob.p, name))
        return SP_OK;
    if (st->mtime_us <= o->modified_after_us || st->mtime_us >= o->modified_before_us)
        return SP_OK;
    if (k->count == k->cap) {
        int cap = k->cap ? k->cap * 2 : 64;
        sp_found_file *more = sp_arena_alloc(k->arena, sizeof *more * (size_t)cap, err);
        if (!more)
            return SP_FAILED;
        if (k->count)
            memcpy(more, k->files, sizeof *more * (size_t)k->count);
        k->files = more;
        k->cap = cap;
    }
    k->files[k->count++] = (sp_found_file){ sp_str_of(path), st->size, st->mtime_us, k->root };
    return SP_OK;
}

static sp_status walk_dir(walk *k, const char *dir, int depth, sp_error *err)
{
    sp_dir_entry *entries;
    size_t count;
    if (depth > DEPTH_MAX)
        return sp_error_plain(err, SP_EXC_SPARK, "folders are nested more than %d deep at %s", DEPTH_MAX, dir);
    if (k->on_dir)
        k->on_dir(k->context, dir);
    SP_TRY(sp_dir_list(k->world, dir, true, k->arena, &entries, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (sp_list_is_hidden(entries[i].name))
            continue;
        char *path = sp_arena_printf(k->arena, err, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, entries[i].name);
        if (!path)
            return SP_FAILED;
        SP_TRY(entries[i].st.is_dir ? walk_dir(k, path, depth + 1, err) : add_file(k, path, entries[i].name, &entries[i].st, err));
    }
    return SP_OK;
}

static sp_status walk_path(walk *k, const char *path, bool *found, sp_error *err)
{
    sp_stat st;
    bool exists;
    SP_TRY(sp_file_stat(k->world, path, &st, &exists, err));
    if (!exists)
        return SP_OK;
    *found = true;
    k->root = sp_str_of(path);
    if (st.is_dir)
        return walk_dir(k, path, 0, err);
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    char *folder = sp_arena_strndup(k->arena, path, n ? n : 1, err);
    if (!folder)
        return SP_FAILED;
    k->root = sp_str_of(folder);
    return add_file(k, path, slash ? slash + 1 : path, &st, err);
}

/* Expands the first component with a wild card below `fixed`, then the rest. */
static sp_status walk_glob(walk *k, const char *fixed, const char *rest, int depth, bool *found, sp_error *err)
{
    while (*rest == '/')
        rest++;
    if (!*rest)
        return walk_path(k, fixed, found, err);
    if (depth > DEPTH_MAX)
        return SP_OK;
    const char *end = strchr(rest, '/');
    size_t n = end ? (size_t)(end - rest) : strlen(rest);
    char *part = sp_arena_strndup(k->arena, rest, n, err);
    if (!part)
        return SP_FAILED;
    if (!sp_glob_has_magic(sp_str_of(part))) {
        char *next = sp_arena_printf(k->arena, err, "%s/%s", strcmp(fixed, "/") == 0 ? "" : fixed, part);
        return next ? walk_glob(k, next, rest + n, depth + 1, found, err) : SP_FAILED;
    }
    sp_stat st;
    bool exists;
    sp_dir_entry *entries;
    size_t count;
    SP_TRY(sp_file_stat(k->world, fixed, &st, &exists, err));
    if (!exists || !st.is_dir)
        return SP_OK;
    if (k->on_dir)
        k->on_dir(k->context, fixed);
    SP_TRY(sp_dir_list(k->world, fixed, false, k->arena, &entries, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (!sp_glob_match(part, entries[i].name) || sp_list_is_hidden(entries[i].name))
            continue;
        char *next = sp_arena_printf(k->arena, err, "%s/%s", strcmp(fixed, "/") == 0 ? "" : fixed, entries[i].name);
        if (!next)
            return SP_FAILED;
        SP_TRY(walk_glob(k, next, rest + n, depth + 1, found, err));
    }
    return SP_OK;
}

sp_status sp_list_walk(sp_world *w, sp_arena *a, const sp_str *paths, int path_count, const sp_list_options *o,
                       void (*on_dir)(void *context, const char *dir), void *context, sp_found_file **out, int *count, sp_error *err)
{
    walk k = { .world = w, .arena = a, .options = o, .on_dir = on_dir, .context = context };
    for (int i = 0; i < path_count; i++) {
        bool found = false;
        char *path = sp_arena_strndup(a, paths[i].p, paths[i].n, err);
        if (!path)
            return SP_FAILED;
        if (sp_glob_has_magic(paths[i]))
            SP_TRY(walk_glob(&k, path[0] == '/' ? "/" : ".", path, 0, &found, err));
        else
            SP_TRY(walk_path(&k, path, &found, err));
        if (!found && o->must_exist)
            return SP_FAIL(err, PATH_NOT_FOUND, "path", sp_error_format(err, "file:%s", path));
    }
    *out = k.files;
    *count = k.count;
    return SP_OK;
}
