/* pattern_int.h -- compiled patterns: java.time's printer-parsers as one array of nodes. */
#ifndef SP_COLUMN_PATTERN_INT_H
#define SP_COLUMN_PATTERN_INT_H

#include "column/zone_int.h"

/* ChronoField, as far as pattern letters reach; MODIFIED_JULIAN_DAY is JulianFields'. */
typedef enum pattern_field {
    F_ERA, F_YEAR_OF_ERA, F_YEAR, F_MONTH, F_DAY_OF_MONTH, F_DAY_OF_YEAR, F_QUARTER, F_DAY_OF_WEEK,
    F_ALIGNED_DAY_OF_WEEK_IN_MONTH,
    F_MODIFIED_JULIAN_DAY, F_AMPM, F_HOUR, F_CLOCK_HOUR, F_HOUR_OF_AMPM, F_CLOCK_HOUR_OF_AMPM, F_MINUTE, F_SECOND,
    F_NANO,
    F_OFFSET, F_COUNT
} pattern_field;

typedef enum pattern_kind {
    N_LITERAL,            /* text */
    N_NUMBER,             /* field, min, max, sign, subsequent, reduced */
    N_FRACTION,           /* nanos as min to max digits */
    N_TEXT,               /* field in style */
    N_OFFSET,             /* type (an index of OffsetIdPrinterParser.PATTERNS), text for zero */
    N_LOCALIZED_OFFSET,   /* "GMT+8", "GMT+08:00" */
    N_ZONE_ID,
    N_ZONE_TEXT,          /* style, generic */
    N_OPTIONAL            /* the nodes up to end may all be missing */
} pattern_kind;

typedef enum pattern_style { STYLE_SHORT, STYLE_FULL, STYLE_NARROW } pattern_style;
/* java.time.format.SignStyle; ALWAYS and NEVER have no letter. */
typedef enum pattern_sign { SIGN_NORMAL, SIGN_NOT_NEGATIVE, SIGN_EXCEEDS_PAD } pattern_sign;

typedef struct pattern_node {
    uint8_t kind, field, style, sign, type;
    bool reduced, generic;
    int8_t min, max;
    int subsequent;       /* digits that the numbers right after this one will take */
    int end;              /* OPTIONAL: index after its last node */
    sp_str text;
} pattern_node;

struct sp_pattern {
    int node_count;
    const pattern_node *nodes;
};

enum { PATTERN_NODES_MAX = 400 };

/* Text of a field's value in Locale.US; {NULL, 0} when it has none. */
sp_str sp_pattern_text(pattern_field field, pattern_style style, int64_t value);
/* How many values, from *first on, have texts. */
int sp_pattern_text_range(pattern_field field, int *first);
/* The name that z (generic: v) prints for a zone, or {NULL, 0}: its id is printed then. */
sp_str sp_pattern_zone_name(const char *zone_id, pattern_style style, bool generic, bool daylight);
/* The longest region id (names false) or id and name (names true) that text starts with, whatever its case: its
 * length, or 0. */
size_t sp_pattern_match_zone(sp_str text, bool names, pattern_style style, sp_str *zone_id);

#endif
