/* heap.c -- size-class allocator over an arena: what long-lived tables keep their strings in.
 *
 * Classes are multiples of 16 up to 512 bytes, then powers of two. A freed piece goes to its class's list and is handed out
 * again; nothing goes back to the arena before the arena ends, so the peak of each class is what the table costs. */
#include "base/base.h"

enum { SMALL_MAX = 512, SMALL_STEP = 16, SMALL_CLASSES = SMALL_MAX / SMALL_STEP, CLASSES = SMALL_CLASSES + 40 };

typedef struct piece { struct piece *next; } piece;
struct sp_heap {
    sp_arena *arena;
    size_t used;
    piece *free_list[CLASSES];
};

static int class_of(size_t n, size_t *bytes)
{
    if (n == 0)
        n = 1;
    if (n <= SMALL_MAX) {
        int c = (int)((n - 1) / SMALL_STEP);
        *bytes = (size_t)(c + 1) * SMALL_STEP;
        return c;
    }
    int log2 = 64 - __builtin_clzll((unsigned long long)n - 1);
    *bytes = (size_t)1 << log2;
    return SMALL_CLASSES + log2 - 10;
}

sp_heap *sp_heap_new(sp_arena *a, sp_error *err)
{
    sp_heap *h = sp_arena_calloc(a, sizeof *h, err);
    if (h)
        h->arena = a;
    return h;
}

void *sp_heap_alloc(sp_heap *h, size_t n, sp_error *err)
{
    size_t bytes;
    int c = class_of(n, &bytes);
    piece *p = h->free_list[c];
    if (p)
        h->free_list[c] = p->next;
    else if (!(p = sp_arena_alloc(h->arena, bytes, err)))
        return NULL;
    h->used += bytes;
    return p;
}

void sp_heap_free(sp_heap *h, void *p, size_t n)
{
    if (!p)
        return;
    size_t bytes;
    int c = class_of(n, &bytes);
    ((piece *)p)->next = h->free_list[c];
    h->free_list[c] = p;
    h->used -= bytes;
}

size_t sp_heap_used(const sp_heap *h) { return h->used; }
