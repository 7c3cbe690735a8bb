/* show.c -- rows as text in a box: Dataset.showString (Spark 4.3), which show() and the console sink print.
 *
 * Cells are ToPrettyString's texts with control characters escaped, cut to `truncate` characters ("..." when it is 4 or more), padded to the widest
 * cell by half-width columns (East Asian characters count two); right-aligned when truncating, else left-aligned. */
#include "sink/sink_int.h"

typedef struct grid { sp_str *cells; int columns, rows; int *widths; } grid;   /* row 0: names */

static const char *escape_of(char c)
{
    switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\f': return "\\f";
    case '\b': return "\\b";
    case '\v': return "\\v";
    case '\a': return "\\a";
    default: return NULL;
    }
}

static void escape(sp_buf *out, sp_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char *e = escape_of(s.p[i]);
        if (e)
            sp_buf_puts(out, e);
        else
            sp_buf_putc(out, s.p[i]);
    }
}

/* The first `chars` characters of s. */
static sp_str head(sp_str s, int chars)
{
    const char *p = s.p, *end = s.p + s.n;
    for (int i = 0; i < chars && p < end; i++) {
        uint32_t cp;
        int used = sp_utf8_decode(p, end, &cp);
        p += used > 0 ? used : 1;
    }
    return (sp_str){ s.p, (size_t)(p - s.p) };
}

static sp_status set_cell(grid *g, int row, int column, sp_buf *text, int truncate, sp_arena *a, sp_error *err)
{
    sp_str s = { sp_buf_cstr(text), text->len };
    sp_buf cut = { 0 };
    if (row > 0 && truncate > 0 && sp_utf8_len(s) > (size_t)truncate) {
        sp_str kept = head(s, truncate < 4 ? truncate : truncate - 3);
        sp_buf_add(&cut, kept.p, kept.n);
        if (truncate >= 4)
            sp_buf_puts(&cut, "...");
        s = (sp_str){ sp_buf_cstr(&cut), cut.len };
    }
    sp_str kept = sp_str_copy(a, s, err);
    sp_buf_done(&cut);
    if (!kept.p)
        return SP_FAILED;
    g->cells[row * g->columns + column] = kept;
    int width = sp_utf8_half_width(kept);
    if (width > g->widths[column])
        g->widths[column] = width;
    return SP_OK;
}

static sp_status fill(grid *g, const sp_type *schema, const sp_batch *batches, int count, int num_rows, int truncate, const sp_zone *zone,
                      sp_arena *a, sp_error *err)
{
    sp_buf raw = { 0 }, text = { 0 };
    sp_status status = SP_OK;
    for (int c = 0; c < g->columns; c++) {
        g->widths[c] = 3;
        sp_buf_clear(&text);
        escape(&text, schema->fields[c].name);
        SP_TRY_DONE(set_cell(g, 0, c, &text, 0, a, err));
    }
    int row = 1;
    for (int b = 0; b < count; b++) {
        for (uint32_t i = 0; i < batches[b].sel_count && row <= num_rows; i++, row++) {
            for (int c = 0; c < g->columns; c++) {
                sp_buf_clear(&raw);
                sp_buf_clear(&text);
                SP_TRY_DONE(sp_vec_text(&raw, batches[b].columns[c], SP_BATCH_ROW(&batches[b], i), true, zone, err));
                escape(&text, (sp_str){ sp_buf_cstr(&raw), raw.len });
                SP_TRY_DONE(sp_buf_check(&text, err));
                SP_TRY_DONE(set_cell(g, row, c, &text, truncate, a, err));
            }
        }
    }
done:
    sp_buf_done(&raw);
    sp_buf_done(&text);
    return status;
}

static void spaces(sp_buf *out, int n, char c)
{
    while (n-- > 0)
        sp_buf_putc(out, c);
}

static void pad(sp_buf *out, sp_str s, int width, bool right)
{
    int blanks = width - sp_utf8_half_width(s);
    if (right)
        spaces(out, blanks, ' ');
    sp_buf_add(out, s.p, s.n);
    if (!right)
        spaces(out, blanks, ' ');
}

static void box(sp_buf *out, const grid *g, bool right)
{
    sp_buf line = { 0 };
    sp_buf_putc(&line, '+');
    for (int c = 0; c < g->columns; c++) {
        spaces(&line, g->widths[c], '-');
        sp_buf_putc(&line, '+');
    }
    if (g->columns == 0)
        sp_buf_putc(&line, '+');
    sp_buf_putc(&line, '\n');
    sp_buf_add(out, line.data, line.len);
    for (int r = 0; r < g->rows; r++) {
        sp_buf_putc(out, '|');
        for (int c = 0; c < g->columns; c++) {
            pad(out, g->cells[r * g->columns + c], g->widths[c], right);
            sp_buf_putc(out, '|');
        }
        if (g->columns == 0)
            sp_buf_putc(out, '|');
        sp_buf_putc(out, '\n');
        if (r == 0)
            sp_buf_add(out, line.data, line.len);
    }
    sp_buf_add(out, line.data, line.len);
    out->failed |= line.failed;
    sp_buf_done(&line);
}

static void records(sp_buf *out, const grid *g)
{
    int names = 3, data = 3;
    for (int c = 0; c < g->columns; c++) {
        int w = sp_utf8_half_width(g->cells[c]);
        names = w > names ? w : names;
        for (int r = 1; r < g->rows; r++) {
            w = sp_utf8_half_width(g->cells[r * g->columns + c]);
            data = w > data ? w : data;
        }
    }
    for (int r = 1; r < g->rows; r++) {
        size_t before = out->len;
        sp_buf_printf(out, "-RECORD %d", r - 1);
        spaces(out, names + data + 5 - (int)(out->len - before), '-');
        sp_buf_putc(out, '\n');
        for (int c = 0; c < g->columns; c++) {
            sp_buf_putc(out, ' ');
            pad(out, g->cells[c], names, false);
            sp_buf_puts(out, " | ");
            pad(out, g->cells[r * g->columns + c], data, false);
            sp_buf_puts(out, " \n");
        }
    }
}

sp_status sp_show_rows(sp_buf *out, const sp_type *schema, const sp_batch *batches, int count, int num_rows, int truncate, bool vertical,
                       const sp_zone *zone, sp_error *err)
{
    int64_t total = 0;
    for (int b = 0; b < count; b++)
        total += batches[b].sel_count;
    int shown = total < num_rows ? (int)total : num_rows;
    grid g = { NULL, schema->field_count, shown + 1, NULL };
    sp_arena *a = sp_arena_new("show", 0);
    sp_status status = a ? SP_OK : sp_error_memory(err, "a table");
    if (status == SP_OK) {
        g.cells = sp_arena_calloc(a, sizeof *g.cells * (size_t)(g.rows * g.columns + 1), err);
        g.widths = g.cells ? sp_arena_calloc(a, sizeof *g.widths * (size_t)(g.columns + 1), err) : NULL;
        status = g.widths ? fill(&g, schema, batches, count, num_rows, truncate, zone, a, err) : SP_FAILED;
    }
    if (status == SP_OK) {
        if (vertical)
            records(out, &g);
        else
            box(out, &g, truncate > 0);
        if (vertical && shown == 0)
            sp_buf_puts(out, "(0 rows)\n");
        else if (total > num_rows)
            sp_buf_printf(out, "only showing top %d %s\n", num_rows, num_rows == 1 ? "row" : "rows");
        status = sp_buf_check(out, err);
    }
    sp_arena_free(a);
    return status;
}
