/* str.h -- a borrowed piece of text, and the small questions asked of text everywhere. */
#ifndef SP_BASE_STR_H
#define SP_BASE_STR_H

#include "base/mem.h"
#include <string.h>

typedef struct sp_str { const char *p; size_t n; } sp_str;

#define SP_LIT(s) ((sp_str){ (s), sizeof(s) - 1 })
static inline sp_str sp_str_of(const char *s) { return (sp_str){ s, s ? strlen(s) : 0 }; }
static inline bool sp_str_eq(sp_str a, sp_str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
static inline bool sp_str_is(sp_str a, const char *s) { return sp_str_eq(a, sp_str_of(s)); }
bool sp_str_eq_nocase(sp_str a, sp_str b);              /* ASCII case */
int  sp_str_cmp(sp_str a, sp_str b);                    /* unsigned bytes, as UTF8String.binaryCompare */
sp_str sp_str_trim(sp_str s);                           /* bytes <= ' ' at both ends, as Java's String.trim */
bool sp_str_starts(sp_str s, const char *prefix);
bool sp_str_ends(sp_str s, const char *suffix);
sp_str sp_str_copy(sp_arena *a, sp_str s, sp_error *err);  /* p NULL when it failed */
/* Whole text as a number; false when it is not one (blanks, overflow, anything left over). */
bool sp_str_to_i64(sp_str s, int64_t *out);
bool sp_str_to_bool(sp_str s, bool *out);               /* "true"/"false", any case */

/* UTF-8 */
size_t sp_utf8_len(sp_str s);                           /* code points, counting as UTF8String.numChars (by lead bytes) */
int    sp_utf8_decode(const char *p, const char *end, uint32_t *code_point);  /* bytes used; 0 at a malformed sequence */
int    sp_utf8_encode(uint32_t code_point, char out[4]);
bool   sp_utf8_valid(sp_str s);
/* Terminal cells as Spark's SparkStringUtils.stringHalfWidth counts them (East Asian wide = 2). */
int    sp_utf8_half_width(sp_str s);

#endif
