/* input_batches.c -- an input over rows that are in memory already: memory tables, socket and rate batches, local data. */
#include "format/input.h"

typedef struct batches_data { const sp_batch *batches; int count, split_count; } batches_data;
struct sp_reader {
    const batches_data *data;
    const sp_decode_spec *spec;
    int next, end;
    int64_t rows;
};

static sp_status open_reader(const sp_input *in, const sp_decode_spec *spec, sp_reader **out, sp_error *err)
{
    SP_NEW(*out, spec->arena, sizeof **out, err);
    (*out)->data = in->data;
    (*out)->spec = spec;
    return SP_OK;
}

/* Split s has the batches [s * count / splits, (s + 1) * count / splits). */
static sp_status start(sp_reader *r, int split, sp_error *err)
{
    r->next = (int)((int64_t)split * r->data->count / r->data->split_count);
    r->end = (int)((int64_t)(split + 1) * r->data->count / r->data->split_count);
    return SP_OK;
}

static sp_status next(sp_reader *r, sp_arena *batch_arena, sp_batch *out, sp_error *err)
{
    if (r->next >= r->end)
        return SP_DONE;
    const sp_batch *b = &r->data->batches[r->next++];
    *out = *b;
    r->rows += b->sel_count;
    if (!r->spec->columns)
        return SP_MORE;
    out->column_count = r->spec->column_count;
    SP_NEW_ARRAY(out->columns, batch_arena, r->spec->column_count + 1, err);
    for (int i = 0; i < r->spec->column_count; i++)
        out->columns[i] = b->columns[r->spec->columns[i]];
    return SP_MORE;
}

static int64_t rows_read(const sp_reader *r) { return r->rows; }
static void close_reader(sp_reader *r) {}

static const sp_input_class batches_class = { "batches", open_reader, start, next, rows_read, close_reader };

sp_status sp_input_of_batches(sp_arena *a, const sp_batch *batches, int count, int split_count, sp_input **out, sp_error *err)
{
    batches_data *d;
    SP_NEW(d, a, sizeof *d, err);
    SP_NEW(*out, a, sizeof **out, err);
    d->batches = batches;
    d->count = count;
    d->split_count = split_count < 1 ? 1 : split_count;
    **out = (sp_input){ &batches_class, count ? d->split_count : 0, d };
    return SP_OK;
}
