/* groups.c -- the hash table of groups.h: hashing, probing, growing, removal.
 *
 *   find, per chunk of rows: hash all; make room for as many groups as there are rows; per row: walk the slots
 *   from hash & mask to the group with equal hash and equal leaves, or to an empty slot (a new group); the slot of a
 *   row further on is being fetched meanwhile.
 *
 * One string leaf, one 8-byte leaf and everything else are three copies of the same loop, made by inlining. Removal
 * shifts later slots of the cluster back, so there are no tombstones. Hashes fold 64x64->128 bit products (as wyhash
 * does); they never leave the process. */
#include "operator/groups.h"

enum { CHUNK = 1024, AHEAD = 12, MIN_SLOTS = 256, MIN_GROUPS = 128, PREFETCH_SLOTS = 16384 };

#define K0 0xa0761d6478bd642full
#define K1 0xe7037ed1a0b428dbull
#define K_NULL 0x8ebc6af09c88c6e3ull

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t view_hash(const sp_view *v)
{
    uint64_t w[2];
    memcpy(w, v, 16);
    if (__builtin_expect(v->len > SP_VIEW_INLINE, 0))
        return fold(sp_hash_bytes(v->ptr, v->len) ^ K0, v->len ^ K1);
    return fold(w[0] ^ K0, w[1] ^ K1);
}

static inline uint64_t fixed_load(const char *p, uint32_t width)
{
    uint64_t a = 0, b;
    switch (width) {
    case 1: return (uint8_t)*p;
    case 2: { uint16_t v; memcpy(&v, p, 2); return v; }
    case 4: { uint32_t v; memcpy(&v, p, 4); return v; }
    case 8: memcpy(&a, p, 8); return a;
    default: memcpy(&a, p, 8); memcpy(&b, p + 8, 8); return fold(a ^ K0, b ^ K1);
    }
}

static inline uint64_t leaf_hash(const sp_leaf *l, const sp_leaf_in *in, uint32_t row)
{
    if (in->valid && !sp_bit_get(in->valid, row))
        return K_NULL;
    const char *p = (const char *)in->data + (size_t)row * l->width;
    if (l->kind == SP_LEAF_VIEW)
        return view_hash((const sp_view *)(const void *)p);
    return fold(fixed_load(p, l->width) ^ K0, K1);
}

#define ROW(i) (sel ? sel[i] : (uint32_t)(i))

static void hash_rows(const sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count, uint32_t *out)
{
    if (g->leaf_count == 1 && g->leaves[0].kind == SP_LEAF_VIEW && !in->valid) {
        const sp_view *v = in->data;
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint32_t)view_hash(&v[ROW(i)]);
        return;
    }
    if (g->leaf_count == 1) {
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint32_t)leaf_hash(&g->leaves[0], in, ROW(i));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t h = K0;
        for (int l = 0; l < g->leaf_count; l++)
            h = fold(h ^ leaf_hash(&g->leaves[l], &in[l], ROW(i)), K1);
        out[i] = (uint32_t)h;
    }
}

/* ---- comparing a row with a group ---- */

static bool leaf_equal(const sp_leaf *l, uint32_t id, const sp_leaf_in *in, uint32_t row)
{
    bool a = !l->valid || sp_bit_get(l->valid, id), b = !in->valid || sp_bit_get(in->valid, row);
    if (!a || !b)
        return a == b;
    const char *p = l->data + (size_t)id * l->width, *q = (const char *)in->data + (size_t)row * l->width;
    if (l->kind == SP_LEAF_VIEW)
        return sp_view_eq((const sp_view *)(const void *)p, (const sp_view *)(const void *)q);
    switch (l->width) {
    case 1: return *p == *q;
    case 2: return memcmp(p, q, 2) == 0;
    case 4: return memcmp(p, q, 4) == 0;
    case 8: return memcmp(p, q, 8) == 0;
    default: return memcmp(p, q, 16) == 0;
    }
}

typedef enum probe { PROBE_VIEW, PROBE_WORD, PROBE_ANY } probe;

static inline __attribute__((always_inline)) bool row_equal(const sp_groups *g, uint32_t id, const sp_leaf_in *in,
                                                            uint32_t row, probe mode)
{
    if (mode == PROBE_VIEW)
        return sp_view_eq((const sp_view *)(const void *)g->leaves[0].data + id, (const sp_view *)in->data + row);
    if (mode == PROBE_WORD)
        return ((const uint64_t *)(const void *)g->leaves[0].data)[id] == ((const uint64_t *)in->data)[row];
    for (int l = 0; l < g->leaf_count; l++)
        if (!leaf_equal(&g->leaves[l], id, &in[l], row))
            return false;
    return true;
}

static probe probe_mode(const sp_groups *g, const sp_leaf_in *in)
{
    if (g->leaf_count != 1 || in->valid || g->leaves[0].valid)
        return PROBE_ANY;
    if (g->leaves[0].kind == SP_LEAF_VIEW)
        return PROBE_VIEW;
    return g->leaves[0].width == 8 ? PROBE_WORD : PROBE_ANY;
}

/* ---- room ---- */

static sp_status grow_slots(sp_groups *g, uint32_t wanted, sp_error *err)
{
    uint32_t n = g->slot_count ? g->slot_count : MIN_SLOTS;
    while (n / 2 < wanted && n < 1u << 31)
        n *= 2;
    if (n == g->slot_count)
        return SP_OK;
    sp_slot *slots = NULL;
    SP_TRY(sp_grow(g->x, &slots, 0, sizeof *slots * n, err));
    memset(slots, 0, sizeof *slots * n);
    for (uint32_t i = 0; i < g->slot_count; i++) {
        sp_slot s = g->slots[i];
        if (!s.id1)
            continue;
        uint32_t at = s.hash & (n - 1);
        while (slots[at].id1)
            at = (at + 1) & (n - 1);
        slots[at] = s;
    }
    sp_grow_free(g->x, g->slots, sizeof *slots * g->slot_count);
    g->slots = slots;
    g->slot_count = n;
    return SP_OK;
}

static size_t words_of(uint32_t cap) { return (size_t)cap / 64 * 8; }   /* caps are multiples of 64 */

static sp_status grow_groups(sp_groups *g, uint32_t wanted, sp_error *err)
{
    uint32_t cap = g->cap ? g->cap : MIN_GROUPS;
    while (cap < wanted)
        cap *= 2;
    if (cap == g->cap)
        return SP_OK;
    for (int i = 0; i < g->leaf_count; i++) {
        sp_leaf *l = &g->leaves[i];
        /* one that grew before another failed stays bigger than cap says: it is counted a little off when freed */
        char *data = l->data;
        SP_TRY(sp_grow(g->x, &data, (size_t)g->cap * l->width, (size_t)cap * l->width, err));
        l->data = data;
        if (l->valid) {
            SP_TRY(sp_grow(g->x, &l->valid, words_of(g->cap), words_of(cap), err));
            memset((char *)l->valid + words_of(g->cap), 0xff, words_of(cap) - words_of(g->cap));
        }
    }
    SP_TRY(sp_grow(g->x, &g->hashes, sizeof *g->hashes * g->cap, sizeof *g->hashes * cap, err));
    g->cap = cap;
    return SP_OK;
}

/* Room for `more` new groups. */
static sp_status make_room(sp_groups *g, uint32_t more, sp_error *err)
{
    if ((uint64_t)g->count + more >= 1u << 31)
        return sp_error_memory(err, "a table of more than two thousand million groups");
    if (g->live + more > g->slot_count / 2)
        SP_TRY(grow_slots(g, g->live + more, err));
    if (g->count + more > g->cap)
        SP_TRY(grow_groups(g, g->count + more, err));
    return SP_OK;
}

static sp_status need_valid(sp_groups *g, sp_leaf *l, sp_error *err)
{
    if (l->valid)
        return SP_OK;
    SP_TRY(sp_grow(g->x, &l->valid, 0, words_of(g->cap), err));
    memset(l->valid, 0xff, words_of(g->cap));
    return SP_OK;
}

/* ---- new groups ---- */

static sp_status keep_leaf(sp_groups *g, sp_leaf *l, uint32_t id, const sp_leaf_in *in, uint32_t row, sp_error *err)
{
    bool valid = !in->valid || sp_bit_get(in->valid, row);
    if (!valid || l->valid) {
        SP_TRY(need_valid(g, l, err));
        if (valid)
            sp_bit_set(l->valid, id);
        else
            sp_bit_clear(l->valid, id);
    }
    char *to = l->data + (size_t)id * l->width;
    if (!valid) {
        memset(to, 0, l->width);
        return SP_OK;
    }
    memcpy(to, (const char *)in->data + (size_t)row * l->width, l->width);
    if (l->kind == SP_LEAF_VIEW) {
        sp_view *v = (sp_view *)(void *)to;
        if (v->len > SP_VIEW_INLINE) {
            char *p = sp_heap_alloc(g->heap, v->len, err);
            if (!p) {
                v->len = 0;
                return SP_FAILED;
            }
            memcpy(p, v->ptr, v->len);
            v->ptr = p;
        }
    }
    return SP_OK;
}

static sp_status push_id(sp_exec *x, uint32_t **list, uint32_t *count, uint32_t *cap, uint32_t id, sp_error *err)
{
    if (*count == *cap) {
        uint32_t more = *cap ? *cap * 2 : 64;
        SP_TRY(sp_grow(x, list, sizeof **list * *cap, sizeof **list * more, err));
        *cap = more;
    }
    (*list)[(*count)++] = id;
    return SP_OK;
}

static __attribute__((noinline)) sp_status new_group(sp_groups *g, const sp_leaf_in *in, uint32_t row, uint32_t hash,
                                                     sp_slot *slot, uint32_t *out, sp_error *err)
{
    uint32_t id = g->count;
    if (g->free_count) {
        id = g->free_ids[g->free_count - 1];
        SP_TRY(push_id(g->x, &g->reused, &g->reused_count, &g->reused_cap, id, err));
        g->free_count--;
    } else
        g->count++;
    for (int l = 0; l < g->leaf_count; l++)
        SP_TRY(keep_leaf(g, &g->leaves[l], id, &in[l], row, err));
    g->hashes[id] = hash;
    g->live++;
    *slot = (sp_slot){ hash, id + 1 };
    *out = id;
    return SP_OK;
}

/* ---- finding ---- */

static inline __attribute__((always_inline)) sp_status find_chunk(sp_groups *g, const sp_leaf_in *in,
                                                                  const uint32_t *sel, uint32_t count,
                                                                  const uint32_t *hashes, uint32_t *ids, probe mode,
                                                                  bool make, sp_error *err)
{
    sp_slot *slots = g->slots;
    uint32_t mask = g->slot_count - 1;
    bool fetch = g->slot_count >= PREFETCH_SLOTS;
    for (uint32_t i = 0; i < count; i++) {
        if (fetch && i + AHEAD < count) {
            __builtin_prefetch(&slots[hashes[i + AHEAD] & mask]);
            if (mode != PROBE_ANY) {
                uint32_t near = slots[hashes[i + AHEAD / 2] & mask].id1;
                __builtin_prefetch(g->leaves[0].data + (size_t)near * g->leaves[0].width);
            }
        }
        uint32_t row = ROW(i), h = hashes[i], at = h & mask;
        for (;; at = (at + 1) & mask) {
            sp_slot s = slots[at];
            if (!s.id1) {
                ids[i] = SP_NO_GROUP;
                if (make)
                    SP_TRY(new_group(g, in, row, h, &slots[at], &ids[i], err));
                break;
            }
            if (s.hash == h && row_equal(g, s.id1 - 1, in, row, mode)) {
                ids[i] = s.id1 - 1;
                break;
            }
        }
    }
    return SP_OK;
}

static sp_status find_by(sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                         const uint32_t *hashes, uint32_t *ids, bool make, sp_error *err)
{
    switch (probe_mode(g, in)) {
    case PROBE_VIEW: return find_chunk(g, in, sel, count, hashes, ids, PROBE_VIEW, make, err);
    case PROBE_WORD: return find_chunk(g, in, sel, count, hashes, ids, PROBE_WORD, make, err);
    default: return find_chunk(g, in, sel, count, hashes, ids, PROBE_ANY, make, err);
    }
}

static void chunk_hashes(const sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t n,
                         const uint32_t *given, uint32_t *out)
{
    if (!given)
        hash_rows(g, in, sel, n, out);
    else
        for (uint32_t i = 0; i < n; i++)
            out[i] = given[ROW(i)];
}

/* in, moved so that its row 0 is row `by`: chunks without a selection count from their own beginning. by is a multiple
 * of 64. */
static void shift(const sp_groups *g, const sp_leaf_in *in, uint32_t by, sp_leaf_in *out)
{
    for (int l = 0; l < g->leaf_count; l++) {
        out[l].data = (const char *)in[l].data + (size_t)by * g->leaves[l].width;
        out[l].valid = in[l].valid ? in[l].valid + by / 64 : NULL;
    }
}

enum { LEAVES_MAX = 256 };

static sp_status find_all(sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                          const uint32_t *hashes, uint32_t *ids, bool make, sp_error *err)
{
    uint32_t h[CHUNK];
    sp_leaf_in moved[LEAVES_MAX];
    for (uint32_t at = 0; at < count; at += CHUNK) {
        uint32_t n = count - at < CHUNK ? count - at : CHUNK;
        const sp_leaf_in *from = in;
        if (!sel && at) {
            shift(g, in, at, moved);
            from = moved;
        }
        chunk_hashes(g, from, sel ? sel + at : NULL, n, hashes ? hashes + (sel ? 0 : at) : NULL, h);
        if (make)
            SP_TRY(make_room(g, n, err));
        SP_TRY(find_by(g, from, sel ? sel + at : NULL, n, h, ids + at, make, err));
    }
    return SP_OK;
}

sp_status sp_groups_find(sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                         const uint32_t *hashes, uint32_t *ids, sp_error *err)
{
    return find_all(g, in, sel, count, hashes, ids, true, err);
}

void sp_groups_look(const sp_groups *g, const sp_leaf_in *in, const uint32_t *sel, uint32_t count,
                    const uint32_t *hashes, uint32_t *ids)
{
    if (g->live)
        find_all((sp_groups *)g, in, sel, count, hashes, ids, false, NULL);
    else
        memset(ids, 0xff, sizeof *ids * count);
}

void sp_groups_as_input(const sp_groups *g, sp_leaf_in *out)
{
    for (int l = 0; l < g->leaf_count; l++)
        out[l] = (sp_leaf_in){ g->leaves[l].data, g->leaves[l].valid };
}

/* ---- removal ---- */

void sp_groups_remove(sp_groups *g, uint32_t id)
{
    uint32_t mask = g->slot_count - 1, at = g->hashes[id] & mask;
    while (g->slots[at].id1 != id + 1)
        at = (at + 1) & mask;
    for (uint32_t next = (at + 1) & mask;; next = (next + 1) & mask) {
        sp_slot s = g->slots[next];
        if (!s.id1)
            break;
        uint32_t home = s.hash & mask;
        if (((next - home) & mask) >= ((next - at) & mask)) {    /* its home is at or before the hole */
            g->slots[at] = s;
            at = next;
        }
    }
    g->slots[at] = (sp_slot){ 0, 0 };
    for (int l = 0; l < g->leaf_count; l++) {
        if (g->leaves[l].kind != SP_LEAF_VIEW)
            continue;
        sp_view *v = (sp_view *)(void *)g->leaves[l].data + id;
        if (v->len > SP_VIEW_INLINE)
            sp_heap_free(g->heap, (void *)v->ptr, v->len);
        memset(v, 0, sizeof *v);
    }
    g->live--;
    if (push_id(g->x, &g->free_ids, &g->free_count, &g->free_cap, id, NULL) == SP_FAILED)
        g->free_count += 0;     /* no memory to remember it: the id is not used again */
}

/* ---- life ---- */

void sp_groups_clear(sp_groups *g, sp_heap *heap)
{
    if (!g->slot_count)
        ;
    else if (g->live > g->slot_count / 16)
        memset(g->slots, 0, sizeof *g->slots * g->slot_count);
    else
        for (uint32_t i = 0; i < g->count; i++)      /* freed ids lead to slots of others or to none: all go */
            for (uint32_t at = g->hashes[i] & (g->slot_count - 1); g->slots[at].id1;
                 at = (at + 1) & (g->slot_count - 1))
                g->slots[at] = (sp_slot){ 0, 0 };
    for (int l = 0; l < g->leaf_count; l++)
        if (g->leaves[l].valid) {
            sp_grow_free(g->x, g->leaves[l].valid, words_of(g->cap));
            g->leaves[l].valid = NULL;
        }
    g->count = g->live = g->free_count = g->reused_count = 0;
    g->heap = heap;
}

void sp_groups_done(sp_groups *g)
{
    if (!g->x)
        return;
    for (int l = 0; l < g->leaf_count; l++) {
        sp_grow_free(g->x, g->leaves[l].data, (size_t)g->cap * g->leaves[l].width);
        sp_grow_free(g->x, g->leaves[l].valid, words_of(g->cap));
    }
    sp_grow_free(g->x, g->slots, sizeof *g->slots * g->slot_count);
    sp_grow_free(g->x, g->hashes, sizeof *g->hashes * g->cap);
    sp_grow_free(g->x, g->free_ids, sizeof *g->free_ids * g->free_cap);
    sp_grow_free(g->x, g->reused, sizeof *g->reused * g->reused_cap);
    g->x = NULL;
}

size_t sp_groups_bytes(const sp_groups *g)
{
    size_t n = sizeof *g->slots * g->slot_count + sizeof *g->hashes * g->cap;
    for (int l = 0; l < g->leaf_count; l++)
        n += (size_t)g->cap * g->leaves[l].width;
    return n;
}
