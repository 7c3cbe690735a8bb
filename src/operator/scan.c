/* scan.c -- where pipes start: inputs of sources, local relations, ranges, the one empty row.
 *
 * A scan's task is one split of the input that the run brought; each worker opens one reader a run and starts it anew
 * for every split. The reader is told the wanted columns and the predicates it may use early; it counts the rows that
 * Spark would count as input rows.
 * Behaviour: FileSourceScanExec, LocalTableScanExec, RangeExec (partitions of equal length, the last takes what is
 * left). */
#include "operator/operator_int.h"

typedef struct scan {
    sp_decode_spec spec;
    sp_reader **readers;       /* by worker */
    sp_arena **arenas;         /* by worker: what a reader needs in this run */
    const sp_input *input;
    _Atomic int64_t rows;
} scan;

sp_status sp_node_scan(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_scan, p, sizeof(scan), err);
    if (!n)
        return SP_FAILED;
    scan *s = n->shared;
    const sp_scan *from = p->scan;
    s->spec.schema = from->schema;
    s->spec.columns = from->columns;
    s->spec.column_count = from->columns ? from->column_count : from->schema->field_count;
    s->spec.options = from->options;
    s->spec.conf = x->spec.conf;
    s->spec.pushed_count = from->pushed_count;
    sp_expr **pushed;
    SP_TRY(sp_bind_exprs(x, from->pushed, from->pushed_count, p->output, p->output_count, &pushed, err));
    s->spec.pushed = pushed;
    SP_NEW_ARRAY(s->readers, x->arena, x->workers, err);
    SP_NEW_ARRAY(s->arenas, x->arena, x->workers, err);
    return SP_OK;
}

static int scan_tasks(sp_node *n)
{
    scan *s = n->shared;
    s->input = n->x->run->inputs ? n->x->run->inputs[n->index] : NULL;
    atomic_store(&s->rows, 0);
    return s->input ? s->input->split_count : 0;
}

static sp_status open_reader(scan *s, sp_exec *x, int worker, sp_error *err)
{
    if (!s->arenas[worker] && !(s->arenas[worker] = sp_exec_arena(x, "reader", err)))
        return SP_FAILED;
    sp_arena_reset(s->arenas[worker]);
    sp_decode_spec *spec;                /* lives as long as the reader */
    SP_NEW(spec, s->arenas[worker], sizeof *spec, err);
    *spec = s->spec;
    spec->arena = s->arenas[worker];
    return s->input->cls->open(s->input, spec, &s->readers[worker], err);
}

static sp_status scan_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    scan *s = n->shared;
    const sp_input_class *cls = s->input->cls;
    if (!s->readers[c->worker])
        SP_TRY(open_reader(s, n->x, c->worker, err));
    sp_reader *r = s->readers[c->worker];
    int64_t before = cls->rows_read(r);
    SP_TRY(cls->start(r, task, err));
    sp_status status = SP_OK;
    while (status == SP_OK) {
        sp_batch b = { 0 };
        sp_chain_fresh(c);
        status = cls->next(r, c->batch_arena, &b, err);
        if (status == SP_MORE || status == SP_OK)
            status = sp_chain_push(c, &b, err);
    }
    atomic_fetch_add(&s->rows, cls->rows_read(r) - before);
    return status;
}

static void close_readers(sp_node *n)
{
    scan *s = n->shared;
    for (int i = 0; i < n->x->workers && s->readers; i++) {
        if (s->readers[i])
            s->input->cls->close(s->readers[i]);
        s->readers[i] = NULL;
    }
}

static void scan_fed(sp_node *n)
{
    scan *s = n->shared;
    close_readers(n);
    if (n->x->run->scan_rows)
        n->x->run->scan_rows[n->index] = atomic_load(&s->rows);
    s->input = NULL;
}

static void scan_end(sp_node *n)
{
    scan *s = n->shared;
    for (int i = 0; i < n->x->workers && s->arenas; i++)
        sp_arena_free(s->arenas[i]);
}

/* ---- local relation ---- */

sp_status sp_node_local(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    return (*out = sp_node_new(x, &sp_op_local, p, 0, err)) ? SP_OK : SP_FAILED;
}

static int local_tasks(sp_node *n) { return n->plan->batch_count > 0; }

static sp_status local_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    sp_status status = SP_OK;
    for (int i = 0; i < n->plan->batch_count && status == SP_OK; i++) {
        sp_chain_fresh(c);
        status = sp_chain_push(c, &n->plan->batches[i], err);
    }
    return status;
}

/* ---- range ---- */

typedef struct range { int tasks; unsigned __int128 count; } range;

sp_status sp_node_range(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_range, p, sizeof(range), err);
    if (!n)
        return SP_FAILED;
    range *r = n->shared;
    __int128 span = (__int128)p->range_end - p->range_start, step = p->range_step;
    if (step != 0 && span != 0 && (span > 0) == (step > 0))
        r->count = (unsigned __int128)((span + step + (step > 0 ? -1 : 1)) / step);
    r->tasks = p->count > 0 ? (int)p->count : x->workers;
    return SP_OK;
}

static int range_tasks(sp_node *n) { return ((range *)n->shared)->tasks; }

static sp_status range_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    range *r = n->shared;
    unsigned __int128 from = r->count * (unsigned)task / (unsigned)r->tasks,
                      to = r->count * (unsigned)(task + 1) / (unsigned)r->tasks;
    sp_status status = SP_OK;
    while (from < to && status == SP_OK) {
        uint32_t rows = to - from < SP_BATCH_ROWS ? (uint32_t)(to - from) : SP_BATCH_ROWS;
        sp_batch b;
        sp_chain_fresh(c);
        SP_TRY(sp_batch_columns(&b, 1, rows, c->batch_arena, err));
        if (!(b.columns[0] = sp_vec_new(c->batch_arena, sp_type_of(SP_LONG), rows, err)))
            return SP_FAILED;
        int64_t *v = b.columns[0]->data;
        uint64_t at = (uint64_t)n->plan->range_start + (uint64_t)from * (uint64_t)n->plan->range_step;
        for (uint32_t i = 0; i < rows; i++, at += (uint64_t)n->plan->range_step)
            v[i] = (int64_t)at;
        from += rows;
        status = sp_chain_push(c, &b, err);
    }
    return status;
}

/* ---- one row without columns ---- */

sp_status sp_node_one_row(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    return (*out = sp_node_new(x, &sp_op_one_row, p, 0, err)) ? SP_OK : SP_FAILED;
}

static int one_task(sp_node *n) { return 1; }

static sp_status one_row_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    return sp_chain_push(c, &(sp_batch){ .rows = 1, .sel_count = 1 }, err);
}

const sp_operator_class sp_op_scan = {
    .name = "Scan", .feed_tasks = scan_tasks, .feed = scan_feed, .fed = scan_fed, .end = scan_end
};
const sp_operator_class sp_op_local = { .name = "LocalTableScan", .feed_tasks = local_tasks, .feed = local_feed };
const sp_operator_class sp_op_range = { .name = "Range", .feed_tasks = range_tasks, .feed = range_feed };
const sp_operator_class sp_op_one_row = { .name = "Scan OneRowRelation", .feed_tasks = one_task, .feed = one_row_feed };
