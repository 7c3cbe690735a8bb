/* times.c -- which groups a watermark evicts, without looking at the others.
 *
 * Groups of equal time are chained; a hash map leads from a time to its chain, a binary heap holds the times, least
 * first. Eviction pops the heap while its top is at or below the watermark: it costs what it evicts. */
#include "operator/aggregate.h"

static uint32_t home(const sp_times *t, int64_t time)
{
    return (uint32_t)sp_hash_mix((uint64_t)time) & (t->slot_count - 1);
}

/* The slot of the time, or the empty one where it belongs. */
static struct sp_time_slot *slot_of(const sp_times *t, int64_t time)
{
    uint32_t at = home(t, time);
    while (t->slots[at].head1 && t->slots[at].time != time)
        at = (at + 1) & (t->slot_count - 1);
    return &t->slots[at];
}

static sp_status grow_map(sp_times *t, sp_exec *x, sp_error *err)
{
    if (t->used < t->slot_count / 2)
        return SP_OK;
    sp_times n = *t;
    n.slot_count = t->slot_count ? t->slot_count * 2 : 64;
    n.slots = NULL;
    SP_TRY(sp_grow(x, &n.slots, 0, sizeof *n.slots * n.slot_count, err));
    memset(n.slots, 0, sizeof *n.slots * n.slot_count);
    for (uint32_t i = 0; i < t->slot_count; i++)
        if (t->slots[i].head1)
            *slot_of(&n, t->slots[i].time) = t->slots[i];
    sp_grow_free(x, t->slots, sizeof *t->slots * t->slot_count);
    *t = n;
    return SP_OK;
}

static sp_status heap_push(sp_times *t, sp_exec *x, int64_t time, sp_error *err)
{
    if (t->heap_count == t->heap_cap) {
        uint32_t cap = t->heap_cap ? t->heap_cap * 2 : 64;
        SP_TRY(sp_grow(x, &t->heap, sizeof *t->heap * t->heap_cap, sizeof *t->heap * cap, err));
        t->heap_cap = cap;
    }
    uint32_t i = t->heap_count++;
    for (; i && t->heap[(i - 1) / 2] > time; i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = time;
    return SP_OK;
}

static void heap_pop(sp_times *t)
{
    int64_t last = t->heap[--t->heap_count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= t->heap_count)
            break;
        if (child + 1 < t->heap_count && t->heap[child + 1] < t->heap[child])
            child++;
        if (t->heap[child] >= last)
            break;
        t->heap[i] = t->heap[child];
        i = child;
    }
    if (t->heap_count)
        t->heap[i] = last;
}

sp_status sp_times_add(sp_times *t, sp_exec *x, int64_t time, uint32_t id, sp_error *err)
{
    if (id >= t->next_cap) {
        uint32_t cap = t->next_cap ? t->next_cap : 256;
        while (cap <= id)
            cap *= 2;
        SP_TRY(sp_grow(x, &t->next1, sizeof *t->next1 * t->next_cap, sizeof *t->next1 * cap, err));
        t->next_cap = cap;
    }
    SP_TRY(grow_map(t, x, err));
    struct sp_time_slot *s = slot_of(t, time);
    if (!s->head1) {
        SP_TRY(heap_push(t, x, time, err));
        s->time = time;
        t->used++;
    }
    t->next1[id] = s->head1;
    s->head1 = id + 1;
    return SP_OK;
}

/* Takes the slot out, shifting its cluster back. */
static void remove_slot(sp_times *t, struct sp_time_slot *s)
{
    uint32_t mask = t->slot_count - 1, at = (uint32_t)(s - t->slots);
    for (uint32_t next = (at + 1) & mask; t->slots[next].head1; next = (next + 1) & mask)
        if (((next - home(t, t->slots[next].time)) & mask) >= ((next - at) & mask)) {
            t->slots[at] = t->slots[next];
            at = next;
        }
    t->slots[at].head1 = 0;
    t->used--;
}

sp_status sp_times_pop(sp_times *t, int64_t upto, sp_status (*take)(void *context, uint32_t id, sp_error *err),
                       void *context, sp_error *err)
{
    while (t->heap_count && t->heap[0] <= upto) {
        struct sp_time_slot *s = slot_of(t, t->heap[0]);
        uint32_t id1 = s->head1;
        remove_slot(t, s);
        heap_pop(t);
        for (; id1; id1 = t->next1[id1 - 1])
            SP_TRY(take(context, id1 - 1, err));
    }
    return SP_OK;
}

void sp_times_clear(sp_times *t)
{
    if (t->slots)
        memset(t->slots, 0, sizeof *t->slots * t->slot_count);
    t->used = t->heap_count = 0;
}

void sp_times_done(sp_times *t, sp_exec *x)
{
    sp_grow_free(x, t->slots, sizeof *t->slots * t->slot_count);
    sp_grow_free(x, t->heap, sizeof *t->heap * t->heap_cap);
    sp_grow_free(x, t->next1, sizeof *t->next1 * t->next_cap);
    *t = (sp_times){ 0 };
}
