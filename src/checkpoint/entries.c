/* entries.c -- the text of offsets/N and commits/N.
 *
 * offsets/N: "v1", a JSON line with watermark, timestamp and pinned settings, a line per source ("-" for none). commits/N: "v1", a JSON line.
 * No newline at the end. Sources: OffsetSeqLog, OffsetSeqMetadata, CommitLog (Spark 4.3). */
#include "checkpoint/checkpoint_int.h"

bool sp_log_line(sp_str *rest, sp_str *line)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    line->p = rest->p;
    line->n = end ? (size_t)(end - rest->p) : rest->n;
    size_t used = end ? line->n + 1 : line->n;
    rest->p += used;
    rest->n -= used;
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* MetadataVersionUtil.validateVersion. */
sp_status sp_log_version(sp_str text, const char *path, int max_version, sp_str *rest, sp_error *err)
{
    sp_str line = { "", 0 };
    *rest = text;
    if (!sp_log_line(rest, &line))
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "Incomplete log file: %s is empty", path);
    int64_t version;
    sp_str digits = { line.p + 1, line.n - 1 };
    if (line.n < 2 || line.p[0] != 'v' || !sp_str_to_i64(digits, &version) || version <= 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "Log file %s was malformed: failed to read correct log version from %.*s.",
                              path, (int)(line.n > 64 ? 64 : line.n), line.p);
    if (version > max_version)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "UnsupportedLogVersion: maximum supported log version is v%d, but encountered "
                              "v%lld in %s. The log file was produced by a newer version of Spark and cannot be read by this version. "
                              "Please upgrade.", max_version, (long long)version, path);
    return SP_OK;
}

void sp_offset_entry_write(sp_buf *out, const sp_offset_entry *e)
{
    sp_buf_printf(out, "v1\n{\"batchWatermarkMs\":%lld,\"batchTimestampMs\":%lld,\"conf\":{", (long long)e->watermark_ms,
                  (long long)e->timestamp_ms);
    sp_str key;
    void *value;
    bool first = true;
    for (size_t i = 0; sp_strmap_next(&e->conf.map, &i, &key, &value); first = false) {
        if (!first)
            sp_buf_putc(out, ',');
        sp_json_quote(out, key);
        sp_buf_putc(out, ':');
        sp_json_quote(out, sp_str_of(value));
    }
    sp_buf_puts(out, "}}");
    for (int i = 0; i < e->offset_count; i++) {
        sp_buf_putc(out, '\n');
        if (e->offsets[i].p)
            sp_buf_add(out, e->offsets[i].p, e->offsets[i].n);
        else
            sp_buf_putc(out, '-');
    }
}

static sp_status malformed(sp_error *err, const char *path, const char *what)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The offset log file %s cannot be read: %s. Restore the file, or delete it (and "
                          "any later ones) to have that batch planned again.", path, what);
}

sp_status sp_offset_entry_read(sp_arena *a, sp_str text, const char *path, sp_offset_entry *out, sp_error *err)
{
    memset(out, 0, sizeof *out);
    sp_str rest, line;
    SP_TRY(sp_log_version(text, path, 1, &rest, err));
    if (!sp_log_line(&rest, &line))
        return malformed(err, path, "the line after the version is missing");
    sp_json *j;
    sp_error inner = { 0 };
    if (sp_json_parse(a, line, &j, &inner) == SP_FAILED || j->kind != SP_JSON_OBJECT)
        return malformed(err, path, "its second line is not a JSON object");
    sp_json_i64(sp_json_get(j, "batchWatermarkMs"), &out->watermark_ms);
    sp_json_i64(sp_json_get(j, "batchTimestampMs"), &out->timestamp_ms);
    const sp_json *conf = sp_json_get(j, "conf");
    /* The settings live in the arena's document; props keeps its own copies, which the caller ends with sp_props_done. */
    for (const sp_json *m = conf ? conf->child : NULL; m; m = m->next)
        SP_TRY(sp_props_put(&out->conf, m->key, sp_json_text(m), err));
    int lines = 0;
    for (size_t i = 0; i < rest.n; i++)
        lines += rest.p[i] == '\n';
    SP_NEW_ARRAY(out->offsets, a, lines + 1, err);
    while (sp_log_line(&rest, &line)) {
        if (line.n == 1 && line.p[0] == '-')
            line = (sp_str){ NULL, 0 };
        else if (!(line = sp_str_copy(a, line, err)).p)
            return SP_FAILED;
        out->offsets[out->offset_count++] = line;
    }
    if (out->offset_count == 0)
        return malformed(err, path, "it names no source's offset");
    return SP_OK;
}

void sp_commit_entry_write(sp_buf *out, int64_t next_watermark_ms)
{
    sp_buf_printf(out, "v1\n{\"nextBatchWatermarkMs\":%lld}", (long long)next_watermark_ms);
}

sp_status sp_commit_entry_read(sp_arena *a, sp_str text, const char *path, int64_t *next_watermark_ms, sp_error *err)
{
    sp_str rest, line;
    *next_watermark_ms = 0;
    SP_TRY(sp_log_version(text, path, 1, &rest, err));
    if (!sp_log_line(&rest, &line))
        return SP_OK;       /* a commit of Spark 2.2 had no metadata */
    sp_json *j;
    sp_error inner = { 0 };
    if (sp_json_parse(a, line, &j, &inner) == SP_FAILED || j->kind != SP_JSON_OBJECT)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The commit log file %s cannot be read: its second line is not a JSON object. "
                              "Delete it to have that batch run again.", path);
    sp_json_i64(sp_json_get(j, "nextBatchWatermarkMs"), next_watermark_ms);
    return SP_OK;
}
