/* sim_disk.c -- the simulated world's disk: what the process sees, and what would be left after the power went.
 *
 * A file has its content now and, while it is dirty, the content at its last sync. A folder's entry has a node now and a node
 * on disk. Each change of folders (make, remove, rename -- a rename is one change) is queued until a folder sync makes it
 * durable, along with whatever brought the folder itself to its place, and with earlier changes it depends on; as ext4 and
 * xfs do it, at the least. A file's sync does not make its name durable.
 *
 * Power loss, by seed: of the queued changes none, all, a prefix or any subset is on disk; of a dirty file the old content,
 * the new one, a beginning of it, or the new one with its end zeroed. kill -9: all stays as it was seen. */
#include "world/sim_int.h"

#include <errno.h>
#include <stdlib.h>

enum { NOW, ON_DISK, VIEWS };
enum { QUEUE_MAX = 512 };   /* older changes have reached the disk by themselves */

typedef struct sim_node sim_node;
typedef struct sim_entry {
    struct sim_entry *next;
    sim_node *node[VIEWS];      /* NULL: not there */
    char name[];
} sim_entry;

struct sim_node {
    uint64_t id;
    int refs;                   /* entries, changes, handles */
    bool is_dir;
    int64_t mtime_us;
    sim_node *parent;           /* folders: where it is now */
    sim_entry *entries;
    sp_buf now, synced;
    bool dirty;                 /* now is not on disk; synced is */
};

typedef struct sim_change {
    struct sim_change *next;
    sim_node *node;
    sim_node *put_dir, *drop_dir;       /* make: put; remove: drop; rename: both */
    const char *put_name, *drop_name;
    sim_entry *spare[VIEWS];            /* so that applying it never needs memory */
    bool selected;
    char names[];
} sim_change;

typedef struct sim_file {
    sp_file base;
    sim_node *node;
    int epoch;
} sim_file;

/* ---- nodes ---- */

static sim_node *node_new(sim_world *w, bool is_dir)
{
    sim_node *n = sp_calloc(sizeof *n);
    if (n) {
        n->id = ++w->node_count;
        n->refs = 1;
        n->is_dir = is_dir;
        n->mtime_us = sp_sim_time_us(w);
        n->dirty = !is_dir;
    }
    return n;
}

static sim_node *node_ref(sim_node *n)
{
    if (n)
        n->refs++;
    return n;
}

static void node_unref(sim_node *n)
{
    if (!n || --n->refs > 0)
        return;
    for (sim_entry *e = n->entries; e;) {
        sim_entry *next = e->next;
        for (int view = 0; view < VIEWS; view++)
            node_unref(e->node[view]);
        sp_free(e);
        e = next;
    }
    sp_buf_done(&n->now);
    sp_buf_done(&n->synced);
    sp_free(n);
}

static sim_entry *find_entry(const sim_node *dir, sp_str name)
{
    sim_entry *e = dir->entries;
    while (e && !sp_str_is(name, e->name))
        e = e->next;
    return e;
}

static void set_entry(sim_entry *e, int view, sim_node *n)
{
    sim_node *old = e->node[view];
    e->node[view] = node_ref(n);
    node_unref(old);
}

static void prune_entries(sim_node *dir)
{
    for (sim_entry **at = &dir->entries; *at;) {
        sim_entry *e = *at;
        if (e->node[NOW] || e->node[ON_DISK]) {
            at = &e->next;
        } else {
            *at = e->next;
            sp_free(e);
        }
    }
}

/* ---- paths ---- */

/* The next name of a path; {NULL, 0} at its end. */
static sp_str next_name(const char **path)
{
    const char *p = *path;
    while (*p == '/' || (*p == '.' && (p[1] == '/' || p[1] == 0)))
        p++;
    const char *start = p;
    while (*p && *p != '/')
        p++;
    *path = p;
    return (sp_str){ p > start ? start : NULL, (size_t)(p - start) };
}

/* What is at path now. *dir and *name, unless NULL: its folder (NULL when that is missing) and its name there. */
static sim_node *resolve(const sim_world *w, const char *path, sim_node **dir, sp_str *name)
{
    sim_node *at = w->root, *above = NULL;
    sp_str last = { NULL, 0 };
    for (sp_str part; (part = next_name(&path)).p;) {
        above = at && at->is_dir ? at : NULL;
        last = part;
        if (above && sp_str_is(part, "..")) {
            at = above->parent ? above->parent : above;
            continue;
        }
        sim_entry *e = above ? find_entry(above, part) : NULL;
        at = e ? e->node[NOW] : NULL;
    }
    if (dir)
        *dir = above;
    if (name)
        *name = last;
    return at;
}

/* ---- changes of folders ---- */

static sim_entry *entry_new(const char *name)
{
    size_t n = strlen(name) + 1;
    sim_entry *e = sp_calloc(sizeof *e + n);
    if (e)
        memcpy(e->name, name, n);
    return e;
}

static void change_free(sim_change *c)
{
    if (!c)
        return;
    node_unref(c->node);
    node_unref(c->put_dir);
    node_unref(c->drop_dir);
    for (int view = 0; view < VIEWS; view++)
        sp_free(c->spare[view]);
    sp_free(c);
}

static sim_change *change_new(sim_node *node, sim_node *put_dir, sp_str put_name, sim_node *drop_dir, sp_str drop_name)
{
    sim_change *c = sp_calloc(sizeof *c + put_name.n + drop_name.n + 2);
    if (!c)
        return NULL;
    if (put_name.n)
        memcpy(c->names, put_name.p, put_name.n);
    if (drop_name.n)
        memcpy(c->names + put_name.n + 1, drop_name.p, drop_name.n);
    c->put_name = c->names;
    c->drop_name = c->names + put_name.n + 1;
    c->node = node_ref(node);
    c->put_dir = node_ref(put_dir);
    c->drop_dir = node_ref(drop_dir);
    for (int view = 0; put_dir && view < VIEWS; view++)
        if (!(c->spare[view] = entry_new(c->put_name))) {
            change_free(c);
            return NULL;
        }
    return c;
}

static void change_apply(sim_change *c, int view)
{
    if (c->drop_dir) {
        sim_entry *e = find_entry(c->drop_dir, sp_str_of(c->drop_name));
        if (e && e->node[view] == c->node)
            set_entry(e, view, NULL);
        prune_entries(c->drop_dir);
    }
    if (c->put_dir) {
        sim_entry *e = find_entry(c->put_dir, sp_str_of(c->put_name));
        if (!e) {
            e = c->spare[view];
            c->spare[view] = NULL;
            e->next = c->put_dir->entries;
            c->put_dir->entries = e;
        }
        set_entry(e, view, c->node);
        if (view == NOW)
            c->node->parent = c->put_dir;
    }
}

static void pop_change(sim_world *w, bool apply)
{
    sim_change *c = w->first_change;
    w->first_change = c->next;
    if (!w->first_change)
        w->last_change = NULL;
    w->change_count--;
    if (apply)
        change_apply(c, ON_DISK);
    change_free(c);
}

/* Takes c; NULL: there was no memory for it. */
static sp_status change_do(sim_world *w, sim_change *c, sp_error *err)
{
    if (!c)
        return sp_error_memory(err, "the simulated disk");
    change_apply(c, NOW);
    if (w->last_change)
        w->last_change->next = c;
    else
        w->first_change = c;
    w->last_change = c;
    if (++w->change_count > QUEUE_MAX)
        pop_change(w, true);
    return SP_OK;
}

static bool same_slot(const sim_node *a_dir, const char *a, const sim_node *b_dir, const char *b)
{
    return a_dir && a_dir == b_dir && strcmp(a, b) == 0;
}

static bool depends(const sim_change *a, const sim_change *b)
{
    return a->node == b->node || same_slot(a->put_dir, a->put_name, b->put_dir, b->put_name) ||
           same_slot(a->put_dir, a->put_name, b->drop_dir, b->drop_name) ||
           same_slot(a->drop_dir, a->drop_name, b->put_dir, b->put_name) ||
           same_slot(a->drop_dir, a->drop_name, b->drop_dir, b->drop_name);
}

static bool is_at_or_above(const sim_node *n, const sim_node *dir)
{
    for (; dir; dir = dir->parent)
        if (n == dir)
            return true;
    return false;
}

static void select_for_sync(sim_world *w, const sim_node *dir)
{
    for (sim_change *c = w->first_change; c; c = c->next)
        c->selected = c->put_dir == dir || c->drop_dir == dir || (c->node->is_dir && is_at_or_above(c->node, dir));
    for (bool more = true; more;) {
        more = false;
        for (sim_change *late = w->first_change; late; late = late->next)
            for (sim_change *early = w->first_change; late->selected && early != late; early = early->next)
                if (!early->selected && depends(early, late))
                    early->selected = more = true;
    }
}

/* Applies the selected changes to the disk and takes them out of the queue. */
static void apply_selected(sim_world *w)
{
    sim_change *c = w->first_change;
    w->first_change = w->last_change = NULL;
    w->change_count = 0;
    while (c) {
        sim_change *next = c->next;
        c->next = NULL;
        if (c->selected) {
            change_apply(c, ON_DISK);
            change_free(c);
        } else {
            if (w->last_change)
                w->last_change->next = c;
            else
                w->first_change = c;
            w->last_change = c;
            w->change_count++;
        }
        c = next;
    }
}

/* ---- the class's rows: folders ---- */

sp_status sp_sim_stat(sp_world *base, const char *path, sp_stat *out, bool *exists, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    if (sp_sim_tick(w) != SIM_ALIVE)
        return sp_sim_dead(err);
    const sim_node *n = resolve(w, path, NULL, NULL);
    if (n) {
        *exists = true;
        *out = (sp_stat){ .is_dir = n->is_dir, .size = (int64_t)n->now.len, .mtime_us = n->mtime_us, .inode = n->id };
    }
    return SP_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const sp_dir_entry *)a)->name, ((const sp_dir_entry *)b)->name);
}

sp_status sp_sim_dir_list(sp_world *base, const char *path, bool with_stat, sp_arena *a, sp_dir_entry **out, size_t *count,
                          sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    if (sp_sim_tick(w) != SIM_ALIVE)
        return sp_sim_dead(err);
    const sim_node *dir = resolve(w, path, NULL, NULL);
    if (!dir || !dir->is_dir)
        return sp_error_os(err, dir ? ENOTDIR : ENOENT, "Cannot list", path);
    size_t n = 0;
    for (const sim_entry *e = dir->entries; e; e = e->next)
        n += e->node[NOW] != NULL;
    sp_dir_entry *list;
    SP_NEW_ARRAY(list, a, n, err);
    n = 0;
    for (const sim_entry *e = dir->entries; e; e = e->next) {
        const sim_node *node = e->node[NOW];
        if (!node)
            continue;
        list[n].st.is_dir = node->is_dir;
        if (with_stat)
            list[n].st = (sp_stat){ .is_dir = node->is_dir, .size = (int64_t)node->now.len, .mtime_us = node->mtime_us, .inode = node->id };
        if (!(list[n++].name = sp_arena_strdup(a, e->name, err)))
            return SP_FAILED;
    }
    qsort(list, n, sizeof *list, by_name);
    *out = list;
    *count = n;
    return SP_OK;
}

static sp_status make_node(sim_world *w, sim_node *dir, sp_str name, bool is_dir, sim_node **out, sp_error *err)
{
    sim_node *n = node_new(w, is_dir);
    sp_status status = change_do(w, n ? change_new(n, dir, name, NULL, (sp_str){ 0 }) : NULL, err);
    node_unref(n);   /* its folder's entry holds it now */
    *out = n;
    return status;
}

static sp_status make_folders(sim_world *w, const char *path, sp_error *err)
{
    const char *rest = path;
    sim_node *at = w->root;
    for (sp_str part; (part = next_name(&rest)).p;) {
        if (sp_str_is(part, "..")) {
            at = at->parent ? at->parent : at;
            continue;
        }
        sim_entry *e = find_entry(at, part);
        sim_node *next = e ? e->node[NOW] : NULL;
        if (!next)
            SP_TRY(make_node(w, at, part, true, &next, err));
        if (!next->is_dir)
            return sp_error_os(err, ENOTDIR, "Cannot make the folder", path);
        at = next;
    }
    return SP_OK;
}

static bool is_folder(const sim_world *w, const char *path)
{
    const sim_node *n = resolve(w, path, NULL, NULL);
    return n && n->is_dir;
}

sp_status sp_sim_dir_make(sp_world *base, const char *path, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_fate fate = sp_sim_tick(w);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    if (!is_folder(w, path)) {
        if (w->write_errno)
            return sp_error_os(err, w->write_errno, "Cannot make the folder", path);
        SP_TRY(make_folders(w, path, err));
        sp_sim_changed(w, path);
    }
    return fate == SIM_ALIVE ? SP_OK : sp_sim_dead(err);
}

static bool is_empty(const sim_node *dir)
{
    for (const sim_entry *e = dir->entries; e; e = e->next)
        if (e->node[NOW])
            return false;
    return true;
}

sp_status sp_sim_remove(sp_world *base, const char *path, sp_removal *how, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_node *dir;
    sp_str name;
    sim_fate fate = sp_sim_tick(w);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    sim_node *n = resolve(w, path, &dir, &name);
    if (!n) {
        *how = SP_REMOVAL_ABSENT;
    } else if (n->is_dir && (!is_empty(n) || n == w->root)) {
        *how = SP_REMOVAL_NOT_EMPTY;
    } else {
        *how = SP_REMOVAL_DONE;
        SP_TRY(change_do(w, change_new(n, NULL, (sp_str){ 0 }, dir, name), err));
        sp_sim_changed(w, path);
    }
    return fate == SIM_ALIVE ? SP_OK : sp_sim_dead(err);
}

/* 0 or errno, as rename(2). */
static int check_rename(const sim_world *w, const sim_node *from, const sim_node *to, const sim_node *to_dir)
{
    if (!from || !to_dir)
        return ENOENT;
    if (from == w->root || (from->is_dir && is_at_or_above(from, to_dir)))
        return EINVAL;
    if (to && to->is_dir && !from->is_dir)
        return EISDIR;
    if (to && !to->is_dir && from->is_dir)
        return ENOTDIR;
    return to && to->is_dir && !is_empty(to) ? ENOTEMPTY : 0;
}

sp_status sp_sim_rename(sp_world *base, const char *from, const char *to, bool overwrite, bool *existed, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_node *from_dir, *to_dir;
    sp_str from_name, to_name;
    sim_fate fate = sp_sim_tick(w);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    sim_node *n = resolve(w, from, &from_dir, &from_name), *old = resolve(w, to, &to_dir, &to_name);
    if (n && old && !overwrite) {
        *existed = true;
        return sp_error_os(err, EEXIST, "Cannot rename to", to);
    }
    int code = n != old || !n ? check_rename(w, n, old, to_dir) : 0;
    if (code)
        return sp_error_os(err, code, "Cannot rename to", code == ENOENT ? from : to);
    if (n != old) {
        SP_TRY(change_do(w, change_new(n, to_dir, to_name, from_dir, from_name), err));
        sp_sim_changed(w, from);
        sp_sim_changed(w, to);
    }
    return fate == SIM_ALIVE ? SP_OK : sp_sim_dead(err);
}

sp_status sp_sim_dir_sync(sp_world *base, const char *path, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_fate fate = sp_sim_tick(w);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    if (!is_folder(w, path))
        return sp_error_os(err, ENOENT, "Cannot sync the folder", path);
    select_for_sync(w, resolve(w, path, NULL, NULL));
    apply_selected(w);
    return fate == SIM_ALIVE ? SP_OK : sp_sim_dead(err);
}

/* ---- the class's rows: files ---- */

static sp_status file_new(sim_world *w, sim_node *n, sp_file **out, sp_error *err)
{
    sim_file *f = sp_malloc(sizeof *f);
    if (!f)
        return sp_error_memory(err, "a file handle");
    *f = (sim_file){ .base.world = &w->base, .node = node_ref(n), .epoch = w->epoch };
    *out = &f->base;
    return SP_OK;
}

sp_status sp_sim_open_read(sp_world *base, const char *path, sp_file **out, bool *exists, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    if (sp_sim_tick(w) != SIM_ALIVE)
        return sp_sim_dead(err);
    sim_node *n = resolve(w, path, NULL, NULL);
    if (!n && exists) {
        *exists = false;
        return SP_OK;
    }
    if (!n || n->is_dir)
        return sp_error_os(err, n ? EISDIR : ENOENT, "Cannot open", path);
    return file_new(w, n, out, err);
}

static void truncate_node(sim_node *n)
{
    if (n->dirty) {
        sp_buf_clear(&n->now);
    } else {
        n->synced = n->now;
        n->now = (sp_buf){ 0 };
        n->dirty = true;
    }
}

sp_status sp_sim_create(sp_world *base, const char *path, sp_file **out, sp_error *err)
{
    sim_world *w = sp_sim_of(base);
    sim_node *dir;
    sp_str name;
    sim_fate fate = sp_sim_tick(w);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    sim_node *n = resolve(w, path, &dir, &name);
    if (w->write_errno || !dir || (n && n->is_dir))
        return sp_error_os(err, w->write_errno ? w->write_errno : !dir ? ENOENT : EISDIR, "Cannot create", path);
    if (n)
        truncate_node(n);
    else
        SP_TRY(make_node(w, dir, name, false, &n, err));
    n->mtime_us = sp_sim_time_us(w);
    sp_sim_changed(w, path);
    return fate == SIM_ALIVE ? file_new(w, n, out, err) : sp_sim_dead(err);
}

/* The handle's node, when the process that opened it still runs. */
static sim_fate tick_file(sp_file *base, sim_node **n)
{
    sim_file *f = (sim_file *)base;
    sim_world *w = sp_sim_of(base->world);
    *n = f->node;
    return f->epoch == w->epoch ? sp_sim_tick(w) : SIM_DEAD;
}

sp_status sp_sim_pread(sp_file *f, void *to, size_t n, int64_t offset, size_t *got, sp_error *err)
{
    sim_node *node;
    if (tick_file(f, &node) != SIM_ALIVE)
        return sp_sim_dead(err);
    if (offset < 0)
        return sp_error_os(err, EINVAL, "Cannot read", "a file");
    size_t left = (size_t)offset < node->now.len ? node->now.len - (size_t)offset : 0;
    *got = n < left ? n : left;
    if (*got)
        memcpy(to, node->now.data + offset, *got);
    return SP_OK;
}

static sp_status append(sim_node *n, const void *from, size_t bytes, sp_error *err)
{
    if (!n->dirty) {
        sp_buf_add(&n->synced, n->now.data, n->now.len);
        if (n->synced.failed) {
            sp_buf_done(&n->synced);
            return sp_error_memory(err, "the simulated disk");
        }
        n->dirty = true;
    }
    sp_buf_add(&n->now, from, bytes);
    if (n->now.failed) {
        n->now.failed = false;
        return sp_error_memory(err, "the simulated disk");
    }
    return SP_OK;
}

sp_status sp_sim_write(sp_file *f, const void *from, size_t n, sp_error *err)
{
    sim_world *w = sp_sim_of(f->world);
    sim_node *node;
    sim_fate fate = tick_file(f, &node);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    bool broken = fate != SIM_ALIVE || w->write_errno;
    size_t done = broken ? (size_t)(sp_sim_random(w) % (n + 1)) : n;   /* a beginning of it was written */
    SP_TRY(append(node, from, done, err));
    node->mtime_us = sp_sim_time_us(w);
    if (!broken)
        return SP_OK;
    return fate != SIM_ALIVE ? sp_sim_dead(err) : sp_error_os(err, w->write_errno, "Cannot write", "a file");
}

sp_status sp_sim_sync(sp_file *f, sp_error *err)
{
    sim_world *w = sp_sim_of(f->world);
    sim_node *n;
    sim_fate fate = tick_file(f, &n);
    if (fate == SIM_DEAD)
        return sp_sim_dead(err);
    if (w->write_errno)
        return sp_error_os(err, w->write_errno, "Cannot sync", "a file");
    n->dirty = false;
    sp_buf_done(&n->synced);
    return fate == SIM_ALIVE ? SP_OK : sp_sim_dead(err);
}

int64_t sp_sim_size(sp_file *f)
{
    return (int64_t)((sim_file *)f)->node->now.len;
}

sp_status sp_sim_close(sp_file *base, sp_error *err)
{
    sim_file *f = (sim_file *)base;
    sim_world *w = sp_sim_of(base->world);
    bool dead = w->crashed || f->epoch != w->epoch;
    node_unref(f->node);
    sp_free(f);
    return dead ? sp_sim_dead(err) : SP_OK;
}

/* ---- the restart ---- */

/* What of the queued changes reached the disk before the power went. */
static void settle_changes(sim_world *w)
{
    enum { NONE, ALL, PREFIX, SUBSET, KINDS };
    uint64_t kind = sp_sim_random(w) % KINDS;
    size_t prefix = kind == ALL ? w->change_count : kind == PREFIX ? (size_t)(sp_sim_random(w) % (w->change_count + 1)) : 0;
    for (size_t i = 0; w->first_change; i++) {
        const sim_change *c = w->first_change;
        bool folder_moved = c->node->is_dir && c->drop_dir && c->put_dir;   /* leaving some of these out could make a ring */
        pop_change(w, kind == SUBSET ? folder_moved || (sp_sim_random(w) & 1) : i < prefix);
    }
}

static void settle_content(sim_world *w, sim_node *n)
{
    enum { OLD, NEW, CUT, ZEROED, KINDS };
    if (!n->dirty)
        return;
    size_t point = (size_t)(sp_sim_random(w) % (n->now.len + 1));
    switch (sp_sim_random(w) % KINDS) {
    case OLD: {
        sp_buf content = n->synced;
        n->synced = n->now;
        n->now = content;
        break;
    }
    case NEW:
        break;
    case CUT:
        n->now.len = point;
        break;
    case ZEROED:
        if (n->now.len > point)
            memset(n->now.data + point, 0, n->now.len - point);
        break;
    }
    sp_buf_done(&n->synced);
    n->dirty = false;
}

/* What is on disk is what is seen from now on. */
static void settle_node(sim_world *w, sim_node *n)
{
    settle_content(w, n);
    for (sim_entry *e = n->entries; e; e = e->next) {
        set_entry(e, NOW, e->node[ON_DISK]);
        if (!e->node[NOW])
            continue;
        e->node[NOW]->parent = n;
        settle_node(w, e->node[NOW]);
    }
    prune_entries(n);
}

void sp_sim_disk_restart(sim_world *w, bool keep_unsynced)
{
    if (keep_unsynced)
        return;
    settle_changes(w);
    settle_node(w, w->root);
}

bool sp_sim_disk_init(sim_world *w)
{
    w->root = node_new(w, true);
    return w->root != NULL;
}

void sp_sim_disk_done(sim_world *w)
{
    while (w->first_change)
        pop_change(w, false);
    node_unref(w->root);
}
