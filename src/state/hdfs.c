/* hdfs.c -- the default provider: a delta file a batch, snapshots made of them in the background (HDFSBackedStateStoreProvider, Spark 4.3).
 *
 * DIR/V.delta, DIR/V.snapshot (or DIR/NAME/...): a compressed stream of [int32 BE key length][key][int32 BE value length][value]; a removal has value length -1
 * and no value; key length -1 ends it. load: the newest snapshot at or below the version, then the deltas after it.
 * maintain works from the files alone, so that it runs beside the query without a lock: it reads snapshot and deltas into a table of bytes and writes
 * the snapshot of the newest committed version, then removes files that no version to be kept needs. */
#include "state/state_int.h"
#include <stdio.h>

#define CLAZZ "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"

typedef sp_status (*row_fn)(void *context, sp_str key, sp_str value, sp_error *err);

struct sp_state_store {
    const sp_state_provider *provider;
    sp_state_spec spec;
    char *dir;
    const char *codec;
    sp_buf delta;               /* plain content of the version being made */
    sp_buf packed;
    bool dir_made;
    _Atomic int64_t last_snapshot;      /* version; -1 none */
    sp_state_metrics metrics;
};

static sp_status hdfs_open(const sp_state_spec *spec, sp_state_store **out, sp_error *err)
{
    sp_state_store *s;
    if (!sp_state_codec_known(spec->codec))
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "state files compressed with '%s' are not supported: "
                              "spark.sql.streaming.stateStore.compression.codec takes lz4 or zstd", spec->codec);
    SP_NEW(s, spec->arena, sizeof *s, err);
    bool named = spec->name && strcmp(spec->name, "default") != 0;
    s->provider = &sp_state_hdfs;
    s->spec = *spec;
    s->codec = sp_arena_strdup(spec->arena, spec->codec, err);
    s->dir = sp_arena_printf(spec->arena, err, "%s%s%s", spec->dir, named ? "/" : "", named ? spec->name : "");
    s->last_snapshot = -1;
    *out = s;
    return s->dir && s->codec ? SP_OK : SP_FAILED;
}

/* ---- reading ---- */

static int32_t get32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (int32_t)((uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3]);
}

static sp_status bad_size(bool snapshot, const char *path, const char *what, int32_t size, sp_error *err)
{
    const char *text = sp_error_format(err, "%d", size);
    if (snapshot && what[0] == 'v')
        return SP_FAIL(err, CANNOT_LOAD_STATE_STORE__CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE, "fileToRead", path, "clazz", CLAZZ, "valueSize", text);
    if (snapshot)
        return SP_FAIL(err, CANNOT_LOAD_STATE_STORE__CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE, "fileToRead", path, "clazz", CLAZZ, "keySize", text);
    return SP_FAIL(err, CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_KEY_SIZE, "fileToRead", path, "clazz", CLAZZ, "keySize", text);
}

static sp_status replay(sp_str plain, bool snapshot, const char *path, row_fn row, void *context, sp_error *err)
{
    while (plain.n >= 4) {
        int32_t key_size = get32(plain.p), value_size;
        plain = (sp_str){ plain.p + 4, plain.n - 4 };
        if (key_size == -1)
            return SP_OK;
        if (key_size < 0 || (size_t)key_size + 4 > plain.n)
            return bad_size(snapshot, path, "key", key_size, err);
        sp_str key = { plain.p, (size_t)key_size }, value = { NULL, 0 };
        value_size = get32(plain.p + key_size);
        plain = (sp_str){ plain.p + key_size + 4, plain.n - (size_t)key_size - 4 };
        if (value_size < -1 || (snapshot && value_size < 0) || (value_size > 0 && (size_t)value_size > plain.n))
            return bad_size(snapshot, path, "value", value_size, err);
        if (value_size >= 0) {
            value = (sp_str){ plain.p, (size_t)value_size };
            plain = (sp_str){ plain.p + value_size, plain.n - (size_t)value_size };
        }
        SP_TRY(row(context, key, value, err));
    }
    return sp_error_plain(err, SP_EXC_SPARK, "Error reading state file %s: it ends before its end marker. Restore it from a copy of the checkpoint.", path);
}

/* One file through row(); *exists false when there is none. */
static sp_status read_file(const sp_state_store *s, int64_t version, bool snapshot, bool *exists, row_fn row, void *context, sp_error *err)
{
    sp_arena *a = sp_arena_new("state file", 0);
    if (!a)
        return sp_error_memory(err, "a state file");
    sp_str packed, plain;
    char *path = sp_arena_printf(a, err, "%s/%lld.%s", s->dir, (long long)version, snapshot ? "snapshot" : "delta");
    sp_status status = path ? sp_file_read_all(s->spec.world, path, a, &packed, exists, err) : SP_FAILED;
    if (status == SP_OK && *exists) {
        status = sp_state_unpack(s->codec, packed, path, a, &plain, err);
        if (status == SP_OK)
            status = replay(plain, snapshot, path, row, context, err);
    }
    sp_arena_free(a);
    return status;
}

/* The newest snapshot at or below version; -1 none. */
static sp_status find_snapshot(const sp_state_store *s, int64_t version, int64_t *out, int64_t *oldest, sp_error *err)
{
    sp_arena *a = sp_arena_new("state files", 0);
    sp_dir_entry *entries;
    size_t count = 0;
    sp_stat st;
    bool exists;
    sp_status status = a ? sp_file_stat(s->spec.world, s->dir, &st, &exists, err) : sp_error_memory(err, "a folder listing");
    *out = -1;
    *oldest = INT64_MAX;
    if (status == SP_OK && exists)
        status = sp_dir_list(s->spec.world, s->dir, false, a, &entries, &count, err);
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        const char *dot = strchr(entries[i].name, '.');
        int64_t v;
        if (!dot || dot == entries[i].name || !sp_str_to_i64((sp_str){ entries[i].name, (size_t)(dot - entries[i].name) }, &v))
            continue;
        if (strcmp(dot, ".snapshot") == 0 && v <= version && v > *out)
            *out = v;
        if (v < *oldest)
            *oldest = v;
    }
    sp_arena_free(a);
    return status;
}

static sp_status replay_to(sp_state_store *s, int64_t version, row_fn row, void *context, sp_error *err)
{
    int64_t snapshot, oldest;
    bool exists;
    SP_TRY(find_snapshot(s, version, &snapshot, &oldest, err));
    if (snapshot >= 0) {
        SP_TRY(read_file(s, snapshot, true, &exists, row, context, err));
        s->last_snapshot = snapshot;
    }
    for (int64_t v = (snapshot < 0 ? 0 : snapshot) + 1; v <= version; v++) {
        SP_TRY(read_file(s, v, false, &exists, row, context, err));
        if (!exists) {
            const char *path = sp_error_format(err, "%s/%lld.delta", s->dir, (long long)v);
            return SP_FAIL(err, CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_NOT_EXISTS, "fileToRead", path, "clazz", CLAZZ);
        }
    }
    return SP_OK;
}

static sp_status hdfs_load(sp_state_store *s, int64_t version, row_fn row, void *context, sp_error *err)
{
    s->metrics.cache_misses += version > 0;
    return version > 0 ? replay_to(s, version, row, context, err) : SP_OK;
}

/* ---- writing ---- */

static void put32(sp_buf *out, int32_t v)
{
    char b[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };
    sp_buf_add(out, b, 4);
}

static void put_pair(sp_buf *out, sp_str key, sp_str value)
{
    put32(out, (int32_t)key.n);
    sp_buf_add(out, key.p, key.n);
    put32(out, value.p ? (int32_t)value.n : -1);
    if (value.p)
        sp_buf_add(out, value.p, value.n);
}

static sp_status hdfs_put(sp_state_store *s, sp_str key, sp_str value, sp_error *err)
{
    put_pair(&s->delta, key, value.p ? value : SP_LIT(""));      /* a value without fields has no bytes */
    return s->delta.failed ? sp_error_memory(err, "a state delta") : SP_OK;
}

static sp_status hdfs_remove(sp_state_store *s, sp_str key, sp_error *err)
{
    put_pair(&s->delta, key, (sp_str){ NULL, 0 });
    return s->delta.failed ? sp_error_memory(err, "a state delta") : SP_OK;
}

static void hdfs_abort(sp_state_store *s) { sp_buf_clear(&s->delta); }

static sp_status write_file(sp_state_store *s, sp_str plain, sp_buf *packed, int64_t version, const char *kind, sp_error *err)
{
    char path[4096];
    sp_buf_clear(packed);
    SP_TRY(sp_state_pack(s->codec, plain, packed, err));
    if ((size_t)snprintf(path, sizeof path, "%s/%lld.%s", s->dir, (long long)version, kind) >= sizeof path)
        return sp_error_plain(err, SP_EXC_SPARK, "the path of a state file is too long: %s", s->dir);
    return sp_file_write_atomic(s->spec.world, path, (sp_str){ packed->data, packed->len }, true, s->spec.durability, NULL, err);
}

static sp_status hdfs_commit(sp_state_store *s, int64_t version, sp_error *err)
{
    if (!s->dir_made) {
        SP_TRY(sp_dir_make(s->spec.world, s->dir, err));
        s->dir_made = true;
    }
    put32(&s->delta, -1);
    sp_status status = sp_buf_check(&s->delta, err);
    if (status == SP_OK)
        status = write_file(s, (sp_str){ s->delta.data, s->delta.len }, &s->packed, version, "delta", err);
    if (status == SP_OK)
        s->metrics.cache_hits++;
    sp_buf_clear(&s->delta);
    return status;
}

/* ---- maintenance ---- */

typedef struct merged { sp_strmap rows; sp_arena *arena; } merged;

static sp_status merge(void *context, sp_str key, sp_str value, sp_error *err)
{
    merged *m = context;
    if (!value.p) {
        sp_strmap_remove(&m->rows, key);
        return SP_OK;
    }
    sp_str *copy = sp_arena_alloc(m->arena, sizeof *copy + value.n, err);
    if (!copy)
        return SP_FAILED;
    *copy = (sp_str){ (char *)(copy + 1), value.n };
    memcpy(copy + 1, value.p, value.n);
    return sp_strmap_put(&m->rows, key, copy, err);
}

static sp_status make_snapshot(sp_state_store *s, int64_t version, sp_error *err)
{
    merged m = { { 0 }, sp_arena_new("snapshot", 0) };
    sp_buf plain = { 0 }, packed = { 0 };
    sp_status status = m.arena ? replay_to(s, version, merge, &m, err) : sp_error_memory(err, "a snapshot");
    sp_str key;
    void *value;
    for (size_t i = 0; status == SP_OK && sp_strmap_next(&m.rows, &i, &key, &value);)
        put_pair(&plain, key, *(sp_str *)value);
    put32(&plain, -1);
    sp_strmap_done(&m.rows);
    sp_arena_free(m.arena);
    if (status == SP_OK)
        status = sp_buf_check(&plain, err);
    if (status == SP_OK)
        status = write_file(s, (sp_str){ plain.data, plain.len }, &packed, version, "snapshot", err);
    if (status == SP_OK)
        s->last_snapshot = version;
    sp_buf_done(&plain);
    sp_buf_done(&packed);
    return status;
}

/* Files below the newest snapshot that the oldest version to keep can start from. */
static sp_status clean_up(sp_state_store *s, int64_t committed, sp_error *err)
{
    int64_t keep = committed - s->spec.min_versions_to_retain, base, oldest;
    if (keep <= 0)
        return SP_OK;
    SP_TRY(find_snapshot(s, keep, &base, &oldest, err));
    for (int64_t v = oldest; base >= 0 && v < base; v++) {
        static const char *const kinds[] = { "delta", "snapshot" };
        for (int k = 0; k < 2; k++) {
            sp_buf path = { 0 };
            sp_buf_printf(&path, "%s/%lld.%s", s->dir, (long long)v, kinds[k]);
            sp_status status = sp_file_remove(s->spec.world, sp_buf_cstr(&path), err);
            sp_buf_done(&path);
            SP_TRY(status);
        }
    }
    /* The snapshot's own delta goes with those before it once no version below it is kept. */
    return SP_OK;
}

static sp_status hdfs_maintain(sp_state_store *s, int64_t committed, sp_error *err)
{
    int64_t last = s->last_snapshot < 0 ? 0 : s->last_snapshot;
    if (committed - last > s->spec.min_deltas_for_snapshot)
        SP_TRY(make_snapshot(s, committed, err));
    return clean_up(s, committed, err);
}

static void hdfs_metrics(const sp_state_store *s, sp_state_metrics *out)
{
    *out = s->metrics;
    out->snapshot_last_uploaded = s->last_snapshot;
}

static void hdfs_close(sp_state_store *s)
{
    sp_buf_done(&s->delta);
    sp_buf_done(&s->packed);
}

const sp_state_provider sp_state_hdfs = {
    CLAZZ, hdfs_open, hdfs_load, hdfs_put, hdfs_remove, hdfs_commit, hdfs_abort, hdfs_maintain, hdfs_metrics, hdfs_close,
};

/* ---- the providers there are ---- */

static const sp_state_provider *const providers[] = { &sp_state_hdfs };

const sp_state_provider *sp_state_provider_find(const char *class_name)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
        if (strcmp(providers[i]->class_name, class_name) == 0)
            return providers[i];
    return NULL;
}
