/* strmap.c -- text to pointer: entries in order of insertion, and a table of slots (index + 1, 0 = empty) probed in line.
 *
 * A removed entry stays as a gap until the entries are full; then they are packed and the slots built anew. */
#include "base/base.h"

enum { FIRST_ENTRIES = 8 };

static inline unsigned char lower(unsigned char c) { return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c; }

static uint64_t hash_key(const sp_strmap *m, sp_str key)
{
    if (!m->fold_case)
        return sp_hash_bytes(key.p, key.n);
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ lower((unsigned char)key.p[i])) * 0x100000001b3ull;
    return sp_hash_mix(h);
}

static bool same_key(const sp_strmap *m, sp_str a, sp_str b)
{
    return m->fold_case ? sp_str_eq_nocase(a, b) : sp_str_eq(a, b);
}

static sp_strmap_entry *find(const sp_strmap *m, sp_str key, uint64_t hash)
{
    if (m->slot_count == 0)
        return NULL;
    size_t mask = m->slot_count - 1;
    for (size_t i = hash & mask; m->slots[i]; i = (i + 1) & mask) {
        sp_strmap_entry *e = &m->entries[m->slots[i] - 1];
        if (e->used && e->hash == hash && same_key(m, e->key, key))
            return e;
    }
    return NULL;
}

static void fill_slot(sp_strmap *m, size_t index)
{
    size_t mask = m->slot_count - 1, i = m->entries[index].hash & mask;
    while (m->slots[i])
        i = (i + 1) & mask;
    m->slots[i] = (uint32_t)index + 1;
}

/* Packs the entries; doubles the room when more than half of it is in use. Nothing changes when memory is out. */
static sp_status make_room(sp_strmap *m, sp_error *err)
{
    size_t live = sp_strmap_size(m);
    size_t cap = m->cap ? m->cap : FIRST_ENTRIES;
    if (live * 2 > cap)
        cap *= 2;
    SP_ASSERT(cap < UINT32_MAX / 2);
    uint32_t *slots = sp_calloc(cap * 2 * sizeof *slots);
    sp_strmap_entry *entries = sp_malloc(cap * sizeof *entries);
    if (!slots || !entries) {
        sp_free(slots);
        sp_free(entries);
        return sp_error_memory(err, "a map");
    }
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].used)
            entries[count++] = m->entries[i];
    sp_free(m->slots);
    sp_free(m->entries);
    m->slots = slots;
    m->slot_count = cap * 2;
    m->entries = entries;
    m->cap = cap;
    m->count = count;
    for (size_t i = 0; i < count; i++)
        fill_slot(m, i);
    return SP_OK;
}

void sp_strmap_done(sp_strmap *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].used)
            sp_free((char *)m->entries[i].key.p);
    sp_free(m->entries);
    sp_free(m->slots);
    *m = (sp_strmap){ .fold_case = m->fold_case };
}

void *sp_strmap_get(const sp_strmap *m, sp_str key)
{
    const sp_strmap_entry *e = find(m, key, hash_key(m, key));
    return e ? e->value : NULL;
}

bool sp_strmap_has(const sp_strmap *m, sp_str key)
{
    return find(m, key, hash_key(m, key)) != NULL;
}

sp_status sp_strmap_put(sp_strmap *m, sp_str key, void *value, sp_error *err)
{
    uint64_t hash = hash_key(m, key);
    sp_strmap_entry *e = find(m, key, hash);
    if (e) {
        e->value = value;
        if (m->fold_case && key.n)
            memmove((char *)e->key.p, key.p, key.n);   /* the last spelling is kept */
        return SP_OK;
    }
    char *copy = sp_malloc(key.n + 1);
    if (!copy)
        return sp_error_memory(err, "a map's key");
    if (key.n)
        memcpy(copy, key.p, key.n);
    copy[key.n] = 0;
    if (m->count == m->cap && make_room(m, err) == SP_FAILED) {
        sp_free(copy);
        return SP_FAILED;
    }
    m->entries[m->count] = (sp_strmap_entry){ .key = { copy, key.n }, .value = value, .hash = hash, .used = true };
    fill_slot(m, m->count++);
    return SP_OK;
}

void *sp_strmap_remove(sp_strmap *m, sp_str key)
{
    sp_strmap_entry *e = find(m, key, hash_key(m, key));
    if (!e)
        return NULL;
    void *value = e->value;
    sp_free((char *)e->key.p);
    *e = (sp_strmap_entry){ 0 };
    return value;
}

size_t sp_strmap_size(const sp_strmap *m)
{
    size_t size = 0;
    for (size_t i = 0; i < m->count; i++)
        size += m->entries[i].used;
    return size;
}

bool sp_strmap_next(const sp_strmap *m, size_t *i, sp_str *key, void **value)
{
    while (*i < m->count) {
        const sp_strmap_entry *e = &m->entries[(*i)++];
        if (!e->used)
            continue;
        if (key)
            *key = e->key;
        if (value)
            *value = e->value;
        return true;
    }
    return false;
}

/* ---- text to text ---- */

void sp_props_done(sp_props *p)
{
    void *value;
    for (size_t i = 0; sp_strmap_next(&p->map, &i, NULL, &value);)
        sp_free(value);
    sp_strmap_done(&p->map);
}

const char *sp_props_get(const sp_props *p, const char *key)
{
    return sp_strmap_get(&p->map, sp_str_of(key));
}

sp_status sp_props_put(sp_props *p, sp_str key, sp_str value, sp_error *err)
{
    char *copy = sp_malloc(value.n + 1);
    if (!copy)
        return sp_error_memory(err, "a setting");
    if (value.n)
        memcpy(copy, value.p, value.n);
    copy[value.n] = 0;
    char *old = sp_strmap_get(&p->map, key);
    if (sp_strmap_put(&p->map, key, copy, err) == SP_FAILED) {
        sp_free(copy);
        return SP_FAILED;
    }
    sp_free(old);
    return SP_OK;
}

void sp_props_remove(sp_props *p, sp_str key)
{
    sp_free(sp_strmap_remove(&p->map, key));
}

sp_status sp_props_copy(sp_props *to, const sp_props *from, sp_error *err)
{
    if (to->map.count == 0)
        to->map.fold_case = from->map.fold_case;
    sp_str key;
    void *value;
    for (size_t i = 0; sp_strmap_next(&from->map, &i, &key, &value);)
        SP_TRY(sp_props_put(to, key, sp_str_of(value), err));
    return SP_OK;
}
