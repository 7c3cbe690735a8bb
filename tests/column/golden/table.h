/* table.h -- golden tables: a row a line, fields parted by tabs, %XX for a byte that does not show. */
#ifndef SPATE_TESTS_COLUMN_GOLDEN_TABLE_H
#define SPATE_TESTS_COLUMN_GOLDEN_TABLE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

enum { TABLE_FIELDS = 12, TABLE_LINE = 8192 };
typedef struct table_row { int count; sp_str field[TABLE_FIELDS]; char line[TABLE_LINE]; } table_row;

static inline sp_str table_unescape(char *s)
{
    char *to = s;
    for (const char *from = s; *from; from++) {
        unsigned byte;
        if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    return (sp_str){ s, (size_t)(to - s) };
}

/* The next row that is not a comment; every field's text is followed by a NUL. */
static inline bool table_next(FILE *f, table_row *row)
{
    do
        if (!fgets(row->line, sizeof row->line, f))
            return false;
    while (row->line[0] == '#' || row->line[0] == '\n');
    row->line[strcspn(row->line, "\n")] = '\0';
    row->count = 0;
    for (char *p = row->line; p && row->count < TABLE_FIELDS;) {
        char *tab = strchr(p, '\t');
        if (tab)
            *tab = '\0';
        sp_str text = table_unescape(p);
        ((char *)text.p)[text.n] = '\0';
        row->field[row->count++] = text;
        p = tab ? tab + 1 : NULL;
    }
    return true;
}

#endif
