/* mem.h -- memory: the one malloc, arenas that die together, growable and ref-counted buffers.
 *
 * Every arena has a byte limit and a name (what ends it: "query", "batch", "call"). Allocation past the limit or out of
 * memory returns NULL with err filled. Alignment is 16. sp_alloc_fail_at makes the n-th allocation fail, for tests. */
#ifndef SP_BASE_MEM_H
#define SP_BASE_MEM_H

#include "base/status.h"

extern _Atomic long sp_alloc_fail_at;    /* counts down; the allocation that reaches 0 fails; -1 = off */
extern _Atomic long sp_alloc_count;      /* allocations made so far (tests) */

void *sp_malloc(size_t n);       /* NULL when out of memory */
void *sp_calloc(size_t n);
void *sp_realloc(void *p, size_t n);
void  sp_free(void *p);

typedef struct sp_arena sp_arena;
/* limit_bytes 0 = none but memory itself. NULL when out of memory. */
sp_arena *sp_arena_new(const char *name, size_t limit_bytes);
void  sp_arena_free(sp_arena *a);                       /* NULL is fine */
/* Forgets all; keeps the blocks up to a bound for reuse; poisons in debug builds. */
void  sp_arena_reset(sp_arena *a);
void *sp_arena_alloc(sp_arena *a, size_t n, sp_error *err);     /* not cleared */
void *sp_arena_calloc(sp_arena *a, size_t n, sp_error *err);    /* zeroed */
char *sp_arena_strdup(sp_arena *a, const char *s, sp_error *err);
char *sp_arena_strndup(sp_arena *a, const char *s, size_t n, sp_error *err);  /* adds the NUL */
char *sp_arena_printf(sp_arena *a, sp_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t sp_arena_used(const sp_arena *a);                /* bytes handed out since the last reset */
/* run(context) when the arena is next reset or freed, before its memory goes; last come, first run. For what an arena's objects hold outside it. */
sp_status sp_arena_defer(sp_arena *a, void (*run)(void *context), void *context, sp_error *err);

/* p = arena memory of n bytes (zeroed), or return SP_FAILED. */
#define SP_NEW(p, arena, n, err) do { if (!((p) = sp_arena_calloc((arena), (n), (err)))) return SP_FAILED; } while (0)
#define SP_NEW_ARRAY(p, arena, count, err) SP_NEW(p, arena, sizeof(*(p)) * (size_t)(count), err)

/* Memory that is given back piece by piece (evicted groups, replaced strings): size classes over an arena's blocks, own free lists.
 * Not thread-safe. Freed with its arena; sp_heap_free takes the size that was asked for. */
typedef struct sp_heap sp_heap;
sp_heap *sp_heap_new(sp_arena *a, sp_error *err);
void *sp_heap_alloc(sp_heap *h, size_t n, sp_error *err);     /* not cleared; 8-aligned */
void  sp_heap_free(sp_heap *h, void *p, size_t n);
size_t sp_heap_used(const sp_heap *h);                        /* bytes handed out and not given back */

/* A growable byte buffer. After a failed append `failed` stays set and later appends are ignored: check once at the end. */
typedef struct sp_buf {
    char *data;      /* NUL-terminated after sp_buf_cstr only */
    size_t len, cap;
    bool failed;
} sp_buf;
void  sp_buf_done(sp_buf *b);
static inline void sp_buf_clear(sp_buf *b) { b->len = 0; b->failed = false; }
bool  sp_buf_reserve(sp_buf *b, size_t more);           /* false: out of memory */
void  sp_buf_add(sp_buf *b, const void *p, size_t n);
void  sp_buf_puts(sp_buf *b, const char *s);
void  sp_buf_putc(sp_buf *b, char c);
void  sp_buf_printf(sp_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sp_buf_cstr(sp_buf *b);                     /* "" when failed or empty */
sp_status sp_buf_check(const sp_buf *b, sp_error *err); /* SP_FAILED when an append failed */

/* A ref-counted block: what sources read into, and what long-lived columns stand on. Thread-safe count. */
typedef struct sp_buffer {
    _Atomic int refs;
    size_t size;                      /* bytes usable at data; 64 readable bytes follow for SIMD over-reads */
    char *data;
    void (*release)(struct sp_buffer *b, void *context);   /* NULL: data is freed with the struct */
    void *context;
} sp_buffer;
sp_buffer *sp_buffer_new(size_t size, sp_error *err);
sp_buffer *sp_buffer_ref(sp_buffer *b);
/* Stands on memory of somebody else, with 64 readable bytes behind it; release ends that memory, the struct is ours. */
sp_buffer *sp_buffer_wrap(char *data, size_t size, void (*release)(sp_buffer *b, void *context), void *context, sp_error *err);
void  sp_buffer_unref(sp_buffer *b);                    /* NULL is fine */
extern _Atomic long sp_buffer_live;                     /* how many exist: zero source buffers after a commit is tested */

#endif
