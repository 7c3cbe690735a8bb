/* pattern_zone.c -- the names of time zones that pattern letters z and v print and read, and region ids in a text.
 *
 * Behaviour: ZoneTextPrinterParser and ZoneIdPrinterParser of JDK 17 in Locale.US; the tables are
 * pattern_zone_names.inc. A text is read as the longest id or name it starts with, whatever its case. */
#include "column/pattern_int.h"

typedef struct names { const char *name[6]; } names;
#define NAMES(a, b, c, d, e, f) { { a, b, c, d, e, f } },
static const names name_rows[] = {
#include "column/pattern_zone_names.inc"
};

typedef struct region { const char *id; int names; } region;
#define ID(id, names) { id, names },
static const region regions[] = {
#include "column/pattern_zone_names.inc"
};

typedef struct zone_text { const char *text, *of_short, *of_full; } zone_text;
#define TEXT(text, of_short, of_full) { text, of_short, of_full },
static const zone_text zone_texts[] = {
#include "column/pattern_zone_names.inc"
};

enum { TEXT_MAX = 64 };

static int fold(char c) { return c >= 'A' && c <= 'Z' ? c | 32 : (unsigned char)c; }

static int compare(sp_str a, const char *b)
{
    size_t i = 0;
    for (; i < a.n && b[i]; i++)
        if (fold(a.p[i]) != fold(b[i]))
            return fold(a.p[i]) - fold(b[i]);
    return i < a.n ? 1 : b[i] ? -1 : 0;
}

/* The row whose first member is this text, in a table of rows of `width` bytes. */
static const void *find(sp_str text, const void *table, size_t count, size_t width)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *const *row = (const void *)((const char *)table + middle * width);
        int order = compare(text, *row);
        if (order == 0)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

#define FIND(text, table) find(text, table, sizeof table / sizeof *table, sizeof *table)

sp_str sp_pattern_zone_name(const char *zone_id, pattern_style style, bool generic, bool daylight)
{
    const region *r = FIND(sp_str_of(zone_id), regions);
    if (!r || strcmp(r->id, zone_id) != 0)
        return (sp_str){ NULL, 0 };
    const char *const *of_style = name_rows[r->names].name + (style == STYLE_FULL ? 3 : 0);
    const char *name = of_style[generic ? 2 : daylight && of_style[1] ? 1 : 0];
    return name && *name ? sp_str_of(name) : (sp_str){ NULL, 0 };
}

size_t sp_pattern_match_zone(sp_str text, bool with_names, pattern_style style, sp_str *zone_id)
{
    for (size_t n = text.n < TEXT_MAX ? text.n : TEXT_MAX; n > 0; n--) {
        sp_str start = { text.p, n };
        const zone_text *t = with_names ? FIND(start, zone_texts) : NULL;
        const char *id = !t ? NULL : style == STYLE_FULL ? t->of_full : t->of_short;
        const region *r = id ? NULL : FIND(start, regions);
        if (id || r) {
            *zone_id = sp_str_of(id ? id : r->id);
            return n;
        }
    }
    return 0;
}
