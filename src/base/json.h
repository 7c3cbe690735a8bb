/* json.h -- small documents: checkpoint lines, schemas, progress. (Rows of data are decoded by format/, not here.)
 *
 * Reading gives a tree in an arena; strings are unescaped copies. Depth is limited (SP_JSON_DEPTH_MAX). Writing appends
 * compact JSON, as Jackson prints it without indentation. */
#ifndef SP_BASE_JSON_H
#define SP_BASE_JSON_H

#include "base/str.h"

enum { SP_JSON_DEPTH_MAX = 200 };
typedef enum { SP_JSON_NULL, SP_JSON_BOOL, SP_JSON_NUMBER, SP_JSON_STRING, SP_JSON_ARRAY, SP_JSON_OBJECT } sp_json_kind;
typedef struct sp_json {
    sp_json_kind kind;
    bool boolean;
    sp_str text;              /* STRING: the value; NUMBER: as written */
    sp_str key;               /* when this is a member of an object */
    struct sp_json *child;    /* first element or member */
    struct sp_json *next;     /* next sibling */
    size_t count;             /* children */
} sp_json;

/* The whole text is one value (blanks around are fine). Fails with a plain message naming the offset. */
sp_status sp_json_parse(sp_arena *a, sp_str text, sp_json **out, sp_error *err);
const sp_json *sp_json_get(const sp_json *object, const char *key);   /* NULL when absent or not an object */
bool sp_json_i64(const sp_json *j, int64_t *out);                     /* false when not an integral number */
sp_str sp_json_text(const sp_json *j);                                /* STRING or NUMBER text, else {NULL,0} */

void sp_json_quote(sp_buf *out, sp_str s);    /* "..." with Jackson's escapes (non-ASCII as it is) */
void sp_json_write(sp_buf *out, const sp_json *j);   /* compact */

#endif
