/* mem.c -- the one malloc, arenas, growable and ref-counted buffers.
 *
 * An arena is a chain of blocks, each twice the size of the one before (4 KB .. 1 MB). Allocation moves a pointer; when the block
 * is full the next comes from the spare ones, then from malloc. What would take more than half a block gets a block of its own.
 * Reset moves the blocks to the spare list, largest first, and gives back what passes the bound. The byte limit is looked
 * at per block, not per allocation: `end` never lies further than the limit allows. */
#include "base/base.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define HIDE(p, n) ((void)0)
#define SHOW(p, n) ((void)0)
#endif

/* ---- malloc, and its failing on demand ---- */

_Atomic long sp_alloc_fail_at = -1;
_Atomic long sp_alloc_count = 0;

static bool must_fail(void)
{
    /* load and store, not fetch_add: the count serves single-threaded tests, and a shared locked line would cost every thread */
    long count = atomic_load_explicit(&sp_alloc_count, memory_order_relaxed);
    atomic_store_explicit(&sp_alloc_count, count + 1, memory_order_relaxed);
    if (__builtin_expect(atomic_load_explicit(&sp_alloc_fail_at, memory_order_relaxed) <= 0, 1))
        return false;
    return atomic_fetch_sub_explicit(&sp_alloc_fail_at, 1, memory_order_relaxed) == 1;
}

void *sp_malloc(size_t n)
{
    return must_fail() ? NULL : malloc(n ? n : 1);
}

void *sp_calloc(size_t n)
{
    return must_fail() ? NULL : calloc(1, n ? n : 1);
}

void *sp_realloc(void *p, size_t n)
{
    return must_fail() ? NULL : realloc(p, n ? n : 1);
}

void sp_free(void *p)
{
    free(p);
}

/* ---- arenas ---- */

enum {
    ALIGN = 16,
    FIRST_BLOCK_BYTES = 4 << 10,
    LAST_BLOCK_BYTES = 1 << 20,
    KEEP_BYTES = 1 << 20,          /* a reset arena keeps this much, or ... */
    KEEP_BUSY_BYTES = 8 << 20,     /* ... what its last round used, up to this: a busy batch arena asks malloc for nothing */
    POISON = 0xDB
};

typedef struct block {
    struct block *next;
    size_t size;                   /* bytes after this header */
    char data[];
} block;
_Static_assert(sizeof(block) % ALIGN == 0, "data would be misaligned");

typedef struct deferred { void (*run)(void *context); void *context; struct deferred *next; } deferred;

struct sp_arena {
    char *cursor, *end;            /* the free part of the current block */
    block *used;                   /* blocks in use, the current one first */
    block *own;                    /* blocks of single large allocations */
    block *spare;                  /* blocks kept by reset, largest first */
    const char *name;
    size_t limit_bytes;            /* SIZE_MAX: none */
    size_t used_before;            /* bytes handed out, but for the current block */
    size_t block_bytes;            /* size of the next block */
    deferred *deferred;            /* in the arena's own memory */
};

sp_arena *sp_arena_new(const char *name, size_t limit_bytes)
{
    sp_arena *a = sp_calloc(sizeof *a);
    if (!a)
        return NULL;
    a->name = name;
    a->limit_bytes = limit_bytes ? limit_bytes : SIZE_MAX;
    a->block_bytes = FIRST_BLOCK_BYTES;
    return a;
}

static void free_blocks(block *b)
{
    while (b) {
        block *next = b->next;
        SHOW(b->data, b->size);
        sp_free(b);
        b = next;
    }
}

static void run_deferred(sp_arena *a)
{
    while (a->deferred) {
        deferred *d = a->deferred;
        a->deferred = d->next;
        d->run(d->context);
    }
}

sp_status sp_arena_defer(sp_arena *a, void (*run)(void *context), void *context, sp_error *err)
{
    deferred *d = sp_arena_alloc(a, sizeof *d, err);
    if (!d)
        return SP_FAILED;
    *d = (deferred){ run, context, a->deferred };
    a->deferred = d;
    return SP_OK;
}

void sp_arena_free(sp_arena *a)
{
    if (!a)
        return;
    run_deferred(a);
    free_blocks(a->used);
    free_blocks(a->own);
    free_blocks(a->spare);
    sp_free(a);
}

static size_t current_used(const sp_arena *a)
{
    return a->used ? (size_t)(a->cursor - a->used->data) : 0;
}

size_t sp_arena_used(const sp_arena *a)
{
    return a->used_before + current_used(a);
}

static void poison(char *p, size_t n)
{
#ifndef NDEBUG
    SHOW(p, n);
    memset(p, POISON, n);
#endif
    HIDE(p, n);
}

static void add_spare(sp_arena *a, block *b)
{
    block **at = &a->spare;
    while (*at && (*at)->size > b->size)
        at = &(*at)->next;
    b->next = *at;
    *at = b;
}

static void trim_spares(sp_arena *a, size_t keep_bytes)
{
    size_t kept = 0;
    for (block **at = &a->spare; *at;) {
        if (kept + (*at)->size <= keep_bytes) {
            kept += (*at)->size;
            at = &(*at)->next;
        } else {
            block *b = *at;
            *at = b->next;
            b->next = NULL;
            free_blocks(b);
        }
    }
}

void sp_arena_reset(sp_arena *a)
{
    run_deferred(a);
    size_t keep_bytes = sp_arena_used(a);
    if (keep_bytes > KEEP_BUSY_BYTES)
        keep_bytes = KEEP_BUSY_BYTES;
    if (keep_bytes < KEEP_BYTES)
        keep_bytes = KEEP_BYTES;
    keep_bytes += LAST_BLOCK_BYTES;   /* the last block is rarely full */
    free_blocks(a->own);
    a->own = NULL;
    for (block *b = a->used; b;) {
        block *next = b->next;
        poison(b->data, b == a->used ? current_used(a) : b->size);
        add_spare(a, b);
        b = next;
    }
    a->used = NULL;
    a->cursor = a->end = NULL;
    a->used_before = 0;
    trim_spares(a, keep_bytes);
}

static block *new_block(size_t n)
{
    block *b = n <= SIZE_MAX - sizeof(block) ? sp_malloc(sizeof(block) + n) : NULL;
    if (b) {
        b->size = n;
        HIDE(b->data, n);
    }
    return b;
}

static void grow_block_bytes(sp_arena *a)
{
    if (a->block_bytes < LAST_BLOCK_BYTES)
        a->block_bytes *= 2;
}

/* Naming the arena, since "batch" and "query" are ended by different people. */
static void *out_of_memory(const sp_arena *a, size_t n, sp_error *err)
{
    char what[128];
    snprintf(what, sizeof what, "%zu bytes for the %s arena", n, a->name ? a->name : "unnamed");
    sp_error_memory(err, what);
    return NULL;
}

static void *past_limit(const sp_arena *a, size_t n, size_t left, sp_error *err)
{
    char wanted[24], got[24];
    snprintf(wanted, sizeof wanted, "%zu", n);
    snprintf(got, sizeof got, "%zu", left);
    SP_FAIL(err, UNABLE_TO_ACQUIRE_MEMORY, "requestedBytes", wanted, "receivedBytes", got);
    return NULL;
}

/* The current block can not hold n (a multiple of ALIGN) bytes. */
static __attribute__((noinline)) void *alloc_slow(sp_arena *a, size_t n, sp_error *err)
{
    size_t used = sp_arena_used(a);
    size_t left = a->limit_bytes > used ? a->limit_bytes - used : 0;
    if (n > left)
        return past_limit(a, n, left, err);
    if (n > a->block_bytes / 2 && !(a->spare && n <= a->spare->size / 2)) {
        block *b = new_block(n);
        if (!b)
            return out_of_memory(a, n, err);
        b->next = a->own;
        a->own = b;
        a->used_before += n;
        /* the current block may now reach past the limit */
        if (a->used && (size_t)(a->end - a->cursor) > left - n)
            a->end = a->cursor + (left - n) / ALIGN * ALIGN;
        grow_block_bytes(a);
        SHOW(b->data, n);
        return b->data;
    }
    block *b = a->spare;
    if (b && b->size >= n) {
        a->spare = b->next;
    } else {
        if (!(b = new_block(a->block_bytes)))
            return out_of_memory(a, n, err);
        grow_block_bytes(a);
    }
    a->used_before = used;
    b->next = a->used;
    a->used = b;
    a->cursor = b->data + n;
    a->end = b->data + (b->size < left ? b->size : left / ALIGN * ALIGN);
    SHOW(b->data, n);
    return b->data;
}

void *sp_arena_alloc(sp_arena *a, size_t n, sp_error *err)
{
    if (__builtin_expect(n > SIZE_MAX / 2, 0))
        return out_of_memory(a, n, err);
    size_t whole = n ? (n + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (__builtin_expect(whole > (size_t)(a->end - a->cursor), 0))
        return alloc_slow(a, whole, err);
    char *p = a->cursor;
    a->cursor += whole;
    SHOW(p, n);
    return p;
}

void *sp_arena_calloc(sp_arena *a, size_t n, sp_error *err)
{
    void *p = sp_arena_alloc(a, n, err);
    return p ? memset(p, 0, n) : NULL;
}

char *sp_arena_strndup(sp_arena *a, const char *s, size_t n, sp_error *err)
{
    char *p = n < SIZE_MAX ? sp_arena_alloc(a, n + 1, err) : out_of_memory(a, n, err);
    if (!p)
        return NULL;
    if (n)
        memcpy(p, s, n);
    p[n] = 0;
    return p;
}

char *sp_arena_strdup(sp_arena *a, const char *s, sp_error *err)
{
    return sp_arena_strndup(a, s, strlen(s), err);
}

char *sp_arena_printf(sp_arena *a, sp_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = sp_arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1, err);
    if (!p)
        return NULL;
    p[0] = 0;
    va_start(args, format);
    vsnprintf(p, (size_t)(n < 0 ? 0 : n) + 1, format, args);
    va_end(args);
    return p;
}

/* ---- growable buffers ---- */

void sp_buf_done(sp_buf *b)
{
    sp_free(b->data);
    *b = (sp_buf){ 0 };
}

bool sp_buf_reserve(sp_buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more <= b->cap - b->len)
        return true;
    size_t need, cap = b->cap ? b->cap : 64;
    if (__builtin_add_overflow(b->len, more, &need) || need > SIZE_MAX / 2)
        goto fail;
    while (cap < need)
        cap *= 2;
    char *data = sp_realloc(b->data, cap);
    if (!data)
        goto fail;
    b->data = data;
    b->cap = cap;
    return true;
fail:
    b->failed = true;
    return false;
}

void sp_buf_add(sp_buf *b, const void *p, size_t n)
{
    if (n == 0 || !sp_buf_reserve(b, n))
        return;
    memcpy(b->data + b->len, p, n);
    b->len += n;
}

void sp_buf_puts(sp_buf *b, const char *s)
{
    sp_buf_add(b, s, strlen(s));
}

void sp_buf_putc(sp_buf *b, char c)
{
    if (sp_buf_reserve(b, 1))
        b->data[b->len++] = c;
}

void sp_buf_printf(sp_buf *b, const char *format, ...)
{
    if (!sp_buf_reserve(b, 1))
        return;
    for (;;) {
        size_t room = b->cap - b->len;
        va_list args;
        va_start(args, format);
        int n = vsnprintf(b->data + b->len, room, format, args);
        va_end(args);
        if (n < 0 || (size_t)n < room) {
            b->len += n < 0 ? 0 : (size_t)n;
            return;
        }
        if (!sp_buf_reserve(b, (size_t)n + 1))
            return;
    }
}

const char *sp_buf_cstr(sp_buf *b)
{
    if (b->len == 0 || !sp_buf_reserve(b, 1))
        return "";
    b->data[b->len] = 0;
    return b->data;
}

sp_status sp_buf_check(const sp_buf *b, sp_error *err)
{
    return b->failed ? sp_error_memory(err, "a text buffer") : SP_OK;
}

/* ---- ref-counted buffers ---- */

enum { OVERREAD_BYTES = 64 };

_Atomic long sp_buffer_live = 0;

sp_buffer *sp_buffer_new(size_t size, sp_error *err)
{
    size_t head = (sizeof(sp_buffer) + ALIGN - 1) / ALIGN * ALIGN;
    sp_buffer *b = size <= SIZE_MAX / 2 ? sp_malloc(head + size + OVERREAD_BYTES) : NULL;
    if (!b) {
        sp_error_memory(err, "a buffer");
        return NULL;
    }
    *b = (sp_buffer){ .refs = 1, .size = size, .data = (char *)b + head };
    memset(b->data + size, 0, OVERREAD_BYTES);
    sp_buffer_live++;
    return b;
}

sp_buffer *sp_buffer_wrap(char *data, size_t size, void (*release)(sp_buffer *b, void *context), void *context, sp_error *err)
{
    sp_buffer *b = sp_malloc(sizeof *b);
    if (!b) {
        sp_error_memory(err, "a buffer");
        return NULL;
    }
    *b = (sp_buffer){ .refs = 1, .size = size, .data = data, .release = release, .context = context };
    sp_buffer_live++;
    return b;
}

sp_buffer *sp_buffer_ref(sp_buffer *b)
{
    if (b)
        atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void sp_buffer_unref(sp_buffer *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (b->release)
        b->release(b, b->context);
    sp_free(b);
    sp_buffer_live--;
}
