/* strmap.h -- text to pointer, insertion-ordered when walked. Keys are copied. fold_case: ASCII case-insensitive keys
 * (Spark's CaseInsensitiveMap: data source options), the last spelling is kept. */
#ifndef SP_BASE_STRMAP_H
#define SP_BASE_STRMAP_H

#include "base/str.h"

typedef struct sp_strmap_entry { sp_str key; void *value; uint64_t hash; bool used; } sp_strmap_entry;
typedef struct sp_strmap {
    sp_strmap_entry *entries; size_t count, cap;   /* in order of insertion; used = false: removed */
    uint32_t *slots; size_t slot_count;
    bool fold_case;
} sp_strmap;
void  sp_strmap_done(sp_strmap *m);
void *sp_strmap_get(const sp_strmap *m, sp_str key);            /* NULL when absent */
bool  sp_strmap_has(const sp_strmap *m, sp_str key);
sp_status sp_strmap_put(sp_strmap *m, sp_str key, void *value, sp_error *err);  /* replaces */
void *sp_strmap_remove(sp_strmap *m, sp_str key);
size_t sp_strmap_size(const sp_strmap *m);
/* for (size_t i = 0; sp_strmap_next(m, &i, &key, &value); ) */
bool  sp_strmap_next(const sp_strmap *m, size_t *i, sp_str *key, void **value);

/* Text to text with its own copies: options and configuration. */
typedef struct sp_props { sp_strmap map; } sp_props;
void sp_props_done(sp_props *p);
const char *sp_props_get(const sp_props *p, const char *key);   /* NULL when absent */
sp_status sp_props_put(sp_props *p, sp_str key, sp_str value, sp_error *err);
void sp_props_remove(sp_props *p, sp_str key);
sp_status sp_props_copy(sp_props *to, const sp_props *from, sp_error *err);

#endif
