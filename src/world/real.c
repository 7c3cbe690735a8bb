/* real.c -- the process's own world: clocks, random, files, by POSIX and Linux. (Waiting and sockets: real_net.c.) */
#include "world/world_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef struct real_file {
    sp_file base;
    int fd;
    char *path;     /* for error texts */
} real_file;

/* ---- clock and random ---- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t real_now_us(sp_world *w) { return clock_ns(CLOCK_REALTIME) / 1000; }
static int64_t real_mono_ns(sp_world *w) { return clock_ns(CLOCK_MONOTONIC); }

static void real_sleep_us(sp_world *w, int64_t us)
{
    if (us <= 0)
        return;
    int64_t until = clock_ns(CLOCK_MONOTONIC) + us * 1000;
    struct timespec t = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

static void real_random_bytes(sp_world *w, void *out, size_t n)
{
    char *to = out;
    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0) {
            SP_ASSERT(errno == EINTR);
            continue;
        }
        to += got;
        n -= (size_t)got;
    }
}

/* ---- folders ---- */

static void fill_stat(const struct stat *from, sp_stat *to)
{
    to->is_dir = S_ISDIR(from->st_mode);
    to->size = from->st_size;
    to->mtime_us = (int64_t)from->st_mtim.tv_sec * 1000000 + from->st_mtim.tv_nsec / 1000;
    to->inode = from->st_ino;
}

static sp_status real_stat(sp_world *w, const char *path, sp_stat *out, bool *exists, sp_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR ? SP_OK : sp_error_os(err, errno, "Cannot look at", path);
    fill_stat(&st, out);
    *exists = true;
    return SP_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const sp_dir_entry *)a)->name, ((const sp_dir_entry *)b)->name);
}

/* False: the entry is gone meanwhile, or a link to nothing. */
static bool stat_entry(int dir_fd, const struct dirent *d, bool with_stat, sp_stat *out)
{
    struct stat st;
    *out = (sp_stat){ 0 };
    if (!with_stat && d->d_type != DT_UNKNOWN && d->d_type != DT_LNK) {
        out->is_dir = d->d_type == DT_DIR;
        return true;
    }
    if (fstatat(dir_fd, d->d_name, &st, 0) != 0)
        return !with_stat;
    fill_stat(&st, out);
    return true;
}

static sp_status list_entries(DIR *dir, const char *path, bool with_stat, sp_arena *a, sp_buf *list, sp_error *err)
{
    for (;;) {
        errno = 0;
        struct dirent *d = readdir(dir);
        if (!d)
            return errno ? sp_error_os(err, errno, "Cannot list", path) : SP_OK;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        sp_dir_entry e;
        if (!stat_entry(dirfd(dir), d, with_stat, &e.st))
            continue;
        if (!(e.name = sp_arena_strdup(a, d->d_name, err)))
            return SP_FAILED;
        sp_buf_add(list, &e, sizeof e);
        SP_TRY(sp_buf_check(list, err));
    }
}

static sp_status real_dir_list(sp_world *w, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count,
                               sp_error *err)
{
    sp_status status = SP_OK;
    sp_buf list = { 0 };
    DIR *dir = opendir(path);   /* glibc opens it O_CLOEXEC */
    if (!dir)
        return sp_error_os(err, errno, "Cannot list", path);
    SP_TRY_DONE(list_entries(dir, path, with_stat, a, &list, err));
    if (!(*out = sp_arena_alloc(a, list.len, err))) {
        status = SP_FAILED;
        goto done;
    }
    *count = list.len / sizeof **out;
    if (*count > 0) {
        memcpy(*out, list.data, list.len);
        qsort(*out, *count, sizeof **out, by_name);
    }
done:
    closedir(dir);
    sp_buf_done(&list);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static sp_status real_dir_make(sp_world *w, const char *path, sp_error *err)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path)))
        return SP_OK;
    if (errno != ENOENT)
        return sp_error_os(err, errno, "Cannot make the folder", path);
    const char *end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    while (end > path && end[-1] != '/')
        end--;
    while (end > path && end[-1] == '/')
        end--;
    if (end == path)
        return sp_error_os(err, ENOENT, "Cannot make the folder", path);
    sp_buf parent = { 0 };
    sp_buf_add(&parent, path, (size_t)(end - path));
    const char *parent_path = sp_buf_cstr(&parent);
    sp_status status = parent.failed ? sp_error_memory(err, "a path") : real_dir_make(w, parent_path, err);
    sp_buf_done(&parent);
    SP_TRY(status);
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path)))
        return SP_OK;
    return sp_error_os(err, errno, "Cannot make the folder", path);
}

static sp_status real_remove(sp_world *w, const char *path, sp_removal *how, sp_error *err)
{
    *how = SP_REMOVAL_DONE;
    if (unlink(path) == 0)
        return SP_OK;
    if ((errno == EISDIR || errno == EPERM) && rmdir(path) == 0)
        return SP_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        *how = SP_REMOVAL_ABSENT;
    else if (errno == ENOTEMPTY || errno == EEXIST)
        *how = SP_REMOVAL_NOT_EMPTY;
    else
        return sp_error_os(err, errno, "Cannot remove", path);
    return SP_OK;
}

/* 0 or errno. Where the file system knows neither RENAME_NOREPLACE nor hard links, what is left is to look first. */
static int rename_new(const char *from, const char *to)
{
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (link(from, to) == 0)
        return unlink(from) == 0 ? 0 : errno;
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != EMLINK)
        return errno;
    struct stat st;
    if (lstat(to, &st) == 0)
        return EEXIST;
    return rename(from, to) == 0 ? 0 : errno;
}

static sp_status real_rename(sp_world *w, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err)
{
    int code = overwrite ? (rename(from, to) == 0 ? 0 : errno) : rename_new(from, to);
    if (code == 0)
        return SP_OK;
    *existed = !overwrite && code == EEXIST;
    return sp_error_os(err, code, "Cannot rename to", code == ENOENT ? from : to);
}

static int open_retrying(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static sp_status real_dir_sync(sp_world *w, const char *path, sp_error *err)
{
    int fd = open_retrying(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return sp_error_os(err, errno, "Cannot sync the folder", path);
    int code = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    /* some network file systems answer EINVAL: they have nothing to sync */
    return code == 0 || code == EINVAL ? SP_OK : sp_error_os(err, code, "Cannot sync the folder", path);
}

/* ---- files ---- */

static sp_status make_file(sp_world *w, int fd, const char *path, sp_file **out, sp_error *err)
{
    size_t n = strlen(path) + 1;
    real_file *f = sp_malloc(sizeof *f + n);
    if (!f) {
        close(fd);
        return sp_error_memory(err, "a file handle");
    }
    *f = (real_file){ .base.world = w, .fd = fd, .path = (char *)(f + 1) };
    memcpy(f->path, path, n);
    *out = &f->base;
    return SP_OK;
}

static sp_status real_open_read(sp_world *w, const char *path, sp_file **out, bool *exists, sp_error *err)
{
    int fd = open_retrying(path, O_RDONLY, 0);
    if (fd < 0 && exists && (errno == ENOENT || errno == ENOTDIR)) {
        *exists = false;
        return SP_OK;
    }
    if (fd < 0)
        return sp_error_os(err, errno, "Cannot open", path);
    return make_file(w, fd, path, out, err);
}

static sp_status real_create(sp_world *w, const char *path, sp_file **out, sp_error *err)
{
    int fd = open_retrying(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    return fd < 0 ? sp_error_os(err, errno, "Cannot create", path) : make_file(w, fd, path, out, err);
}

static sp_status real_pread(sp_file *base, void *to, size_t n, int64_t offset, size_t *got, sp_error *err)
{
    real_file *f = (real_file *)base;
    while (*got < n) {
        ssize_t part = pread(f->fd, (char *)to + *got, n - *got, offset + (int64_t)*got);
        if (part == 0)
            break;
        if (part > 0)
            *got += (size_t)part;
        else if (errno != EINTR)
            return sp_error_os(err, errno, "Cannot read", f->path);
    }
    return SP_OK;
}

static sp_status real_write(sp_file *base, const void *from, size_t n, sp_error *err)
{
    real_file *f = (real_file *)base;
    const char *p = from;
    while (n > 0) {
        ssize_t part = write(f->fd, p, n);
        if (part < 0) {
            if (errno == EINTR)
                continue;
            return sp_error_os(err, errno, "Cannot write", f->path);
        }
        p += part;
        n -= (size_t)part;
    }
    return SP_OK;
}

static sp_status real_sync(sp_file *base, sp_error *err)
{
    real_file *f = (real_file *)base;
    return fdatasync(f->fd) == 0 ? SP_OK : sp_error_os(err, errno, "Cannot sync", f->path);
}

static int64_t real_size(sp_file *base)
{
    struct stat st;
    return fstat(((real_file *)base)->fd, &st) == 0 ? st.st_size : 0;
}

static sp_status real_close(sp_file *base, sp_error *err)
{
    real_file *f = (real_file *)base;
    sp_status status = SP_OK;
    if (close(f->fd) != 0 && errno != EINTR)   /* Linux has closed it even so */
        status = sp_error_os(err, errno, "Cannot close", f->path);
    sp_free(f);
    return status;
}

/* ---- the class ---- */

static const sp_world_class real_class = {
    .now_us = real_now_us,
    .mono_ns = real_mono_ns,
    .sleep_us = real_sleep_us,
    .random_bytes = real_random_bytes,
    .stat = real_stat,
    .dir_list = real_dir_list,
    .dir_make = real_dir_make,
    .remove = real_remove,
    .rename = real_rename,
    .dir_sync = real_dir_sync,
    .open_read = real_open_read,
    .create = real_create,
    .pread = real_pread,
    .write = real_write,
    .sync = real_sync,
    .size = real_size,
    .close = real_close,
    .wait_readable = sp_real_wait_readable,
    .waker_new = sp_real_waker_new,
    .waker_wake = sp_real_waker_wake,
    .waker_drain = sp_real_waker_drain,
    .waker_free = sp_real_waker_free,
    .watch_new = sp_real_watch_new,
    .watch_add = sp_real_watch_add,
    .watch_drain = sp_real_watch_drain,
    .watch_events = sp_real_watch_events,
    .watch_free = sp_real_watch_free,
    .connect = sp_real_connect,
    .recv = sp_real_recv,
    .socket_close = sp_real_socket_close,
};

static sp_world real_world = { &real_class };

sp_world *sp_world_real(void)
{
    return &real_world;
}
