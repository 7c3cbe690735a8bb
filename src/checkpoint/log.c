/* log.c -- a folder of numbered files, each written once and whole: what every log of a checkpoint is.
 *
 * Source: HDFSMetadataLog (Spark 4.3): batch n is file "n", made under a temporary name and renamed; a file that is there already
 * means that another query works in the same checkpoint. */
#include "checkpoint/checkpoint_int.h"

/* "12" and "9.compact" are numbers; ".12.crc", "12.tmp", "x" are not. */
static bool number_of(const char *name, int64_t *n)
{
    sp_str s = sp_str_of(name);
    if (sp_str_ends(s, ".compact"))
        s.n -= strlen(".compact");
    return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && sp_str_to_i64(s, n);
}

sp_status sp_log_latest(sp_world *w, const char *dir, int64_t *out, sp_error *err)
{
    *out = -1;
    sp_stat st;
    bool exists;
    SP_TRY(sp_file_stat(w, dir, &st, &exists, err));
    if (!exists)
        return SP_OK;
    sp_arena *a = sp_arena_new("log names", 0);
    if (!a)
        return sp_error_memory(err, "a folder listing");
    sp_dir_entry *entries;
    size_t count;
    sp_status status = sp_dir_list(w, dir, false, a, &entries, &count, err);
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        int64_t n;
        if (number_of(entries[i].name, &n) && n > *out)
            *out = n;
    }
    sp_arena_free(a);
    return status;
}

sp_status sp_log_path(sp_buf *path, const char *dir, int64_t n, const char *suffix, sp_error *err)
{
    sp_buf_clear(path);
    sp_buf_printf(path, "%s/%lld%s", dir, (long long)n, suffix);
    sp_buf_cstr(path);
    return sp_buf_check(path, err);
}

sp_status sp_log_read(sp_world *w, const char *dir, int64_t n, sp_arena *a, sp_str *out, bool *exists, sp_error *err)
{
    sp_buf path = { 0 };
    sp_status status = sp_log_path(&path, dir, n, "", err);
    if (status == SP_OK)
        status = sp_file_read_all(w, path.data, a, out, exists, err);
    sp_buf_done(&path);
    return status;
}

sp_status sp_log_put(sp_world *w, const char *dir, int64_t n, const char *suffix, sp_str text, sp_durability d, sp_error *err)
{
    sp_buf path = { 0 };
    bool existed = false, folder = true;
    sp_stat st;
    sp_status status = sp_log_path(&path, dir, n, suffix, err);
    if (status == SP_FAILED)
        goto done;
    status = sp_file_write_atomic(w, path.data, text, false, d, &existed, err);
    if (status == SP_OK || existed || sp_file_stat(w, dir, &st, &folder, NULL) == SP_FAILED || folder)
        goto done;
    /* The first entry makes the folder. */
    sp_error_reset(err);
    SP_TRY_DONE(sp_dir_make(w, dir, err));
    status = sp_file_write_atomic(w, path.data, text, false, d, &existed, err);
done:
    sp_buf_done(&path);
    if (existed) {
        sp_error_reset(err);
        return SP_FAIL(err, CONCURRENT_STREAM_LOG_UPDATE, "batchId", sp_error_format(err, "%lld", (long long)n));
    }
    return status;
}

sp_status sp_log_add(sp_world *w, const char *dir, int64_t n, sp_str text, sp_durability d, sp_error *err)
{
    return sp_log_put(w, dir, n, "", text, d, err);
}

/* Downwards until nothing is left: a purge in every batch finds one file, the first after a restart as many as there are. */
sp_status sp_log_purge(sp_world *w, const char *dir, int64_t before, sp_error *err)
{
    sp_buf path = { 0 };
    sp_status status = SP_OK;
    int missing = 0;
    for (int64_t n = before - 1; n >= 0 && missing < 2 && status == SP_OK; n--) {
        sp_stat st;
        bool exists = false;
        status = sp_log_path(&path, dir, n, "", err);
        if (status == SP_OK)
            status = sp_file_stat(w, path.data, &st, &exists, err);
        if (status == SP_OK && exists)
            status = sp_file_remove(w, path.data, err);
        missing = exists ? 0 : missing + 1;
    }
    sp_buf_done(&path);
    return status;
}

/* ---- metadata ---- */

sp_status sp_checkpoint_id(sp_world *w, const char *root, sp_durability d, char id[37], sp_error *err)
{
    sp_arena *a = sp_arena_new("checkpoint metadata", 1 << 20);
    sp_buf text = { 0 };
    sp_status status = SP_OK;
    char *path = a ? sp_arena_printf(a, err, "%s/metadata", root) : NULL;
    if (!path) {
        status = sp_error_memory(err, "a path");
        goto done;
    }
    sp_str found;
    bool exists;
    SP_TRY_DONE(sp_file_read_all(w, path, a, &found, &exists, err));
    if (exists) {
        sp_json *j = NULL;
        sp_error ignored = { 0 };
        sp_str value = sp_json_parse(a, found, &j, &ignored) == SP_OK ? sp_json_text(sp_json_get(j, "id")) : (sp_str){ 0 };
        if (value.n == 0 || value.n > 36) {
            status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The checkpoint's metadata file %s cannot be read: it should hold "
                                    "{\"id\":\"<uuid>\"}. Restore it, or start with another checkpointLocation.", path);
            goto done;
        }
        memcpy(id, value.p, value.n);
        id[value.n] = '\0';
        goto done;
    }
    sp_uuid(w, id);
    sp_buf_printf(&text, "{\"id\":\"%s\"}", id);
    SP_TRY_DONE(sp_buf_check(&text, err));
    status = sp_file_write_atomic(w, path, (sp_str){ text.data, text.len }, false, d, NULL, err);
done:
    sp_buf_done(&text);
    sp_arena_free(a);
    return status;
}
