/* registry.c -- all functions and aggregates by name.
 *
 * One array a family, listed here. The index is an open-addressing table in static memory, made by whoever comes first; a thread that
 * comes while it is being made looks through the arrays instead. Names are ASCII and compared without case. */
#include "function/function_int.h"
#include <stdatomic.h>
#include <stdlib.h>

#define FUNCTION_FAMILIES(X) X(logic) X(compare) X(arith) X(string) X(regex) X(interval) X(array) X(array_set) X(map) X(struct) X(generate) X(lambda) \
    X(date) X(date_text) X(make_date) X(math) X(bits) X(hash) X(misc) X(text) X(encode) X(window) X(format_text)
#define AGGREGATE_FAMILIES(X) X(basic) X(extreme) X(stat) X(bits) X(hll) X(collect) X(percentile) X(approx)

#define DECLARE_F(name) extern const sp_function sp_family_##name[];
#define DECLARE_A(name) extern const sp_aggregate sp_aggregates_##name[];
FUNCTION_FAMILIES(DECLARE_F)
AGGREGATE_FAMILIES(DECLARE_A)

#define LIST_F(name) sp_family_##name,
#define LIST_A(name) sp_aggregates_##name,
static const sp_function *const families[] = { FUNCTION_FAMILIES(LIST_F) NULL };
static const sp_aggregate *const aggregate_families[] = { AGGREGATE_FAMILIES(LIST_A) NULL };

enum { SLOTS = 4096, NAMES_MAX = SLOTS / 2 };
typedef struct slot { const char *name; const sp_function *function; const sp_aggregate *aggregate; } slot;
static slot slots[SLOTS];
static const char *names[NAMES_MAX];
static int name_count;
static _Atomic int state;       /* 0 none, 1 being made, 2 ready */

static char fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static uint32_t hash_name(sp_str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)fold(s.p[i])) * 16777619u;
    return h;
}

static slot *slot_of(sp_str name)
{
    uint32_t at = hash_name(name) % SLOTS;
    while (slots[at].name && !sp_str_eq_nocase(sp_str_of(slots[at].name), name)) at = (at + 1) % SLOTS;
    return &slots[at];
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void note_name(const char *name)
{
    SP_ASSERT(name_count < NAMES_MAX);
    names[name_count++] = name;
}

static bool ready(void)
{
    if (atomic_load_explicit(&state, memory_order_acquire) == 2) return true;
    int none = 0;
    if (!atomic_compare_exchange_strong(&state, &none, 1)) return false;
    for (int f = 0; families[f]; f++)
        for (const sp_function *x = families[f]; x->name; x++) {
            slot *s = slot_of(sp_str_of(x->name));
            if (!s->name) note_name(x->name);
            s->name = x->name;
            s->function = x;
        }
    for (int f = 0; aggregate_families[f]; f++)
        for (const sp_aggregate *x = aggregate_families[f]; x->name; x++) {
            slot *s = slot_of(sp_str_of(x->name));
            if (!s->name) note_name(x->name);
            s->name = x->name;
            s->aggregate = x;
        }
    qsort(names, (size_t)name_count, sizeof *names, by_name);
    atomic_store_explicit(&state, 2, memory_order_release);
    return true;
}

void sp_function_register_family(const sp_function *family)
{
    while (!ready()) {}
    for (const sp_function *x = family; x->name; x++) {
        slot *s = slot_of(sp_str_of(x->name));
        if (!s->name) note_name(x->name);
        s->name = x->name;
        s->function = x;
    }
    qsort(names, (size_t)name_count, sizeof *names, by_name);
}

const sp_function *sp_function_find(sp_str name)
{
    if (ready()) return slot_of(name)->function;
    for (int f = 0; families[f]; f++)
        for (const sp_function *x = families[f]; x->name; x++)
            if (sp_str_eq_nocase(sp_str_of(x->name), name)) return x;
    return NULL;
}

const sp_aggregate *sp_aggregate_find(sp_str name)
{
    if (ready()) return slot_of(name)->aggregate;
    for (int f = 0; aggregate_families[f]; f++)
        for (const sp_aggregate *x = aggregate_families[f]; x->name; x++)
            if (sp_str_eq_nocase(sp_str_of(x->name), name)) return x;
    return NULL;
}

const char *const *sp_function_names(int *count)
{
    while (!ready()) {} /* another thread is at it: some microseconds */
    *count = name_count;
    return names;
}
