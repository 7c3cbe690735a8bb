/* world.c -- calls go to the world's class; and what is written once over any world: whole files, trees, UUIDs.
 *
 * The atomic write follows Spark's CheckpointFileManager.RenameBasedFSDataOutputStream: a hidden ".<name>.<uuid>.tmp" beside the
 * file, renamed when complete. */
#include "world/world_int.h"

#include <errno.h>

enum { TREE_DEPTH_MAX = 256 };   /* folders in folders; deeper than any partitioned table */

/* ---- clock and random ---- */

int64_t sp_now_us(sp_world *w) { return w->cls->now_us(w); }
int64_t sp_mono_ns(sp_world *w) { return w->cls->mono_ns(w); }
void sp_sleep_us(sp_world *w, int64_t us) { w->cls->sleep_us(w, us); }
void sp_random_bytes(sp_world *w, void *out, size_t n) { w->cls->random_bytes(w, out, n); }

void sp_uuid(sp_world *w, char out[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    sp_random_bytes(w, bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = 0;
}

/* ---- files ---- */

sp_status sp_file_stat(sp_world *w, const char *path, sp_stat *out, bool *exists, sp_error *err)
{
    *out = (sp_stat){ 0 };
    *exists = false;
    return w->cls->stat(w, path, out, exists, err);
}

sp_status sp_dir_list(sp_world *w, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count, sp_error *err)
{
    *out = NULL;
    *count = 0;
    return w->cls->dir_list(w, path, with_stat, a, out, count, err);
}

sp_status sp_dir_make(sp_world *w, const char *path, sp_error *err) { return w->cls->dir_make(w, path, err); }

sp_status sp_file_remove(sp_world *w, const char *path, sp_error *err)
{
    sp_removal how;
    SP_TRY(w->cls->remove(w, path, &how, err));
    return how == SP_REMOVAL_NOT_EMPTY ? sp_error_os(err, ENOTEMPTY, "Cannot remove", path) : SP_OK;
}

sp_status sp_file_rename(sp_world *w, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err)
{
    bool ignored;
    if (!existed)
        existed = &ignored;
    *existed = false;
    return w->cls->rename(w, from, to, overwrite, existed, err);
}

sp_status sp_dir_sync(sp_world *w, const char *path, sp_error *err) { return w->cls->dir_sync(w, path, err); }

sp_status sp_file_open_read(sp_world *w, const char *path, sp_file **out, sp_error *err)
{
    *out = NULL;
    return w->cls->open_read(w, path, out, NULL, err);
}

sp_status sp_file_create(sp_world *w, const char *path, sp_file **out, sp_error *err)
{
    *out = NULL;
    return w->cls->create(w, path, out, err);
}

sp_status sp_file_pread(sp_file *f, void *to, size_t n, int64_t offset, size_t *got, sp_error *err)
{
    *got = 0;
    return f->world->cls->pread(f, to, n, offset, got, err);
}

sp_status sp_file_write(sp_file *f, const void *from, size_t n, sp_error *err) { return f->world->cls->write(f, from, n, err); }
sp_status sp_file_sync(sp_file *f, sp_error *err) { return f->world->cls->sync(f, err); }
int64_t sp_file_size(sp_file *f) { return f->world->cls->size(f); }
sp_status sp_file_close(sp_file *f, sp_error *err) { return f ? f->world->cls->close(f, err) : SP_OK; }

sp_status sp_file_read_all(sp_world *w, const char *path, sp_arena *a, sp_str *out, bool *exists, sp_error *err)
{
    sp_status status = SP_OK;
    sp_file *f = NULL;
    *out = (sp_str){ "", 0 };
    if (exists)
        *exists = true;
    SP_TRY(w->cls->open_read(w, path, &f, exists, err));
    if (!f)
        return SP_OK;
    int64_t size = sp_file_size(f);
    size_t n = size > 0 ? (size_t)size : 0;
    char *text = sp_arena_alloc(a, n + 1, err);
    if (!text) {
        status = SP_FAILED;
        goto done;
    }
    size_t got;
    SP_TRY_DONE(sp_file_pread(f, text, n, 0, &got, err));
    text[got] = 0;
    *out = (sp_str){ text, got };
done:
    sp_file_close(f, NULL);
    return status;
}

/* ---- trees ---- */

/* Removing is tried before looking inside, so that a link to a folder is never entered. */
static sp_status remove_tree(sp_world *w, const char *path, sp_arena *a, int depth, sp_error *err)
{
    sp_removal how;
    SP_TRY(w->cls->remove(w, path, &how, err));
    if (how != SP_REMOVAL_NOT_EMPTY)
        return SP_OK;
    if (depth == TREE_DEPTH_MAX)
        return sp_error_os(err, ELOOP, "Cannot remove", path);
    sp_dir_entry *entries;
    size_t count;
    SP_TRY(sp_dir_list(w, path, false, a, &entries, &count, err));
    for (size_t i = 0; i < count; i++) {
        char *below = sp_arena_printf(a, err, "%s/%s", path, entries[i].name);
        if (!below)
            return SP_FAILED;
        SP_TRY(remove_tree(w, below, a, depth + 1, err));
    }
    return sp_file_remove(w, path, err);
}

sp_status sp_tree_remove(sp_world *w, const char *path, sp_error *err)
{
    sp_arena *a = sp_arena_new("call", 0);
    if (!a)
        return sp_error_memory(err, "a list of files");
    sp_status status = remove_tree(w, path, a, 0, err);
    sp_arena_free(a);
    return status;
}

/* ---- the atomic write ---- */

static sp_status write_whole(sp_world *w, const char *path, sp_str data, bool sync, sp_error *err)
{
    sp_file *f;
    SP_TRY(sp_file_create(w, path, &f, err));
    sp_status status = data.n ? sp_file_write(f, data.p, data.n, err) : SP_OK;
    if (status == SP_OK && sync)
        status = sp_file_sync(f, err);
    if (status == SP_FAILED) {
        sp_file_close(f, NULL);
        return SP_FAILED;
    }
    return sp_file_close(f, err);
}

/* Goes before the rename: Spark would refuse the new content with the old checksum beside it. */
static sp_status remove_stale_crc(sp_world *w, const char *crc, const char *dir, sp_durability d, sp_error *err)
{
    sp_removal how;
    SP_TRY(w->cls->remove(w, crc, &how, err));
    return how == SP_REMOVAL_DONE && d == SP_DURABLE_POWER ? sp_dir_sync(w, dir, err) : SP_OK;
}

sp_status sp_file_write_atomic(sp_world *w, const char *path, sp_str data, bool overwrite, sp_durability d, bool *existed, sp_error *err)
{
    sp_status status = SP_OK;
    bool written = false;
    sp_buf dir = { 0 }, temporary = { 0 }, crc = { 0 };
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int prefix = (int)(name - path);
    char uuid[37];
    if (existed)
        *existed = false;
    sp_uuid(w, uuid);
    sp_buf_printf(&dir, "%.*s", slash ? (slash > path ? prefix - 1 : 1) : 1, slash ? path : ".");
    sp_buf_printf(&temporary, "%.*s.%s.%s.tmp", prefix, path, name, uuid);
    sp_buf_printf(&crc, "%.*s.%s.crc", prefix, path, name);
    const char *dir_path = sp_buf_cstr(&dir), *temporary_path = sp_buf_cstr(&temporary), *crc_path = sp_buf_cstr(&crc);
    if (dir.failed || temporary.failed || crc.failed) {
        status = sp_error_memory(err, "a path");
        goto done;
    }
    written = true;
    SP_TRY_DONE(write_whole(w, temporary_path, data, d == SP_DURABLE_POWER, err));
    SP_TRY_DONE(remove_stale_crc(w, crc_path, dir_path, d, err));
    SP_TRY_DONE(sp_file_rename(w, temporary_path, path, overwrite, existed, err));
    written = false;
    if (d == SP_DURABLE_POWER)
        SP_TRY_DONE(sp_dir_sync(w, dir_path, err));
done:
    if (status == SP_FAILED && written)
        sp_file_remove(w, temporary_path, NULL);
    sp_buf_done(&dir);
    sp_buf_done(&temporary);
    sp_buf_done(&crc);
    return status;
}

/* ---- waiting ---- */

sp_status sp_wait_readable(sp_world *w, const int *fds, int count, int64_t timeout_us, bool *ready, sp_error *err)
{
    for (int i = 0; i < count; i++)
        ready[i] = false;
    return w->cls->wait_readable(w, fds, count, timeout_us, ready, err);
}

sp_waker *sp_waker_new(sp_world *w, sp_error *err) { return w->cls->waker_new(w, err); }
int sp_waker_fd(const sp_waker *k) { return k->fd; }
void sp_waker_wake(sp_waker *k) { k->world->cls->waker_wake(k); }
void sp_waker_drain(sp_waker *k) { k->world->cls->waker_drain(k); }

void sp_waker_free(sp_waker *k)
{
    if (k)
        k->world->cls->waker_free(k);
}

sp_watch *sp_watch_new(sp_world *w, sp_error *err) { return w->cls->watch_new(w, err); }
int sp_watch_fd(const sp_watch *k) { return k->fd; }
void sp_watch_add(sp_watch *k, const char *dir) { k->world->cls->watch_add(k, dir); }
bool sp_watch_drain(sp_watch *k) { return k->world->cls->watch_drain(k); }

bool sp_watch_events(sp_watch *k, void (*event)(void *context, const char *dir, const char *name), void *context, bool *lost)
{
    if (k->world->cls->watch_events)
        return k->world->cls->watch_events(k, event, context, lost);
    bool any = sp_watch_drain(k);
    *lost = any;
    return any;
}

void sp_watch_free(sp_watch *k)
{
    if (k)
        k->world->cls->watch_free(k);
}

/* ---- sockets ---- */

sp_status sp_socket_connect(sp_world *w, const char *host, int port, sp_socket **out, sp_error *err)
{
    *out = NULL;
    return w->cls->connect(w, host, port, out, err);
}

int sp_socket_fd(const sp_socket *s) { return s->fd; }

sp_status sp_socket_recv(sp_socket *s, void *to, size_t n, size_t *got, bool *closed, sp_error *err)
{
    *got = 0;
    *closed = false;
    return s->world->cls->recv(s, to, n, got, closed, err);
}

void sp_socket_close(sp_socket *s)
{
    if (s)
        s->world->cls->socket_close(s);
}
