/* window.c -- Window: functions over the rows around each row.
 *
 *   all rows are gathered and put in the order of (partition keys, order keys); per partition, per function:
 *     ranking functions       counted off along the partition and its peers (rows of equal order keys)
 *     lag, lead, nth_value    picked by position
 *     aggregates              one state that takes rows in as the frame's end moves on; made anew when its beginning
 *                             moves; a frame equal to the last row's gives the last result again
 * Frames: ROWS by position; RANGE by peers, or by the one order key plus a number or interval. The output is in sorted
 * order.
 * Behaviour: WindowExec, WindowFunctionFrame, windowExpressions.scala. */
#include "operator/sort.h"

#include <math.h>

typedef enum kind { AGG, ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST, NTILE, LAG, LEAD, NTH_VALUE } kind;
static const char *const names[] = { "",          "row_number", "rank", "dense_rank", "percent_rank",
                                     "cume_dist", "ntile",      "lag",  "lead",       "nth_value" };

typedef struct fn {
    kind kind;
    const sp_expr *call;                /* bound */
    const sp_window_spec *spec;         /* bound */
    sp_value lower, upper;              /* of kind 2 bounds */
    int64_t number;                     /* ntile, lag, lead, nth_value */
    bool skip_nulls;                    /* lag, lead, nth_value: IGNORE NULLS */
} fn;

typedef struct window {
    fn *fns; int fn_count;
    sp_sort_order order;                /* partition keys, then order keys */
    int partition_count;
    sp_gather gather;
    sp_batch out;                       /* child's columns and results, in order */
    sp_sort_key *keys;                  /* over sorted rows */
} window;
typedef struct window_op { sp_operator base; sp_kept *kept; } window_op;

/* ---- making ---- */

static sp_status constant(sp_exec *x, const sp_expr *e, sp_value *out, sp_error *err)
{
    if (!e)
        return SP_OK;
    if (e->kind == SP_E_LITERAL) {
        *out = e->literal;
        return SP_OK;
    }
    return sp_expr_fold(x->arena, x->spec.conf, e, out, err);
}

static sp_status lay_fn(sp_exec *x, const sp_plan *child, const sp_expr *e, fn *f, sp_error *err)
{
    sp_expr *w;
    e = sp_unalias(e);
    SP_TRY(sp_bind_expr(x, e, child->output, child->output_count, &w, err));
    f->spec = w->window;
    f->call = w->args[0];
    SP_TRY(constant(x, w->window->lower, &f->lower, err));
    SP_TRY(constant(x, w->window->upper, &f->upper, err));
    f->number = 1;
    if (f->call->kind == SP_E_AGG)
        return f->call->agg ? SP_OK : sp_error_internal(err, "a window aggregate without a kernel");
    const char *name = f->call->function->name;
    for (kind k = ROW_NUMBER; k <= NTH_VALUE; k++)
        if (strcmp(names[k], name) == 0)
            f->kind = k;
    if (f->kind == AGG)
        return sp_error_internal(err, "No plan for the window function %s", name);
    f->skip_nulls = f->call->ordinal == 1;
    int at = f->kind == NTILE ? 0 : 1;
    if (f->kind >= NTILE && f->call->arg_count > at) {
        sp_value v = { 0 };
        SP_TRY(constant(x, f->call->args[at], &v, err));
        f->number = v.i64;
    }
    return SP_OK;
}

sp_status sp_node_window(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_window, p, sizeof(window), err);
    if (!n)
        return SP_FAILED;
    window *s = n->shared;
    const sp_plan *child = p->children[0];
    const sp_window_spec *spec = sp_unalias(p->exprs[0])->window;
    SP_NEW_ARRAY(s->fns, x->arena, p->expr_count + 1, err);
    s->fn_count = p->expr_count;
    for (int i = 0; i < p->expr_count; i++)
        SP_TRY(lay_fn(x, child, p->exprs[i], &s->fns[i], err));
    sp_expr **all;
    int count = spec->partition_count + spec->order_count;
    SP_NEW_ARRAY(all, x->arena, count + 1, err);
    for (int i = 0; i < count; i++)
        all[i] = i < spec->partition_count ? spec->partition[i] : spec->order[i - spec->partition_count];
    s->partition_count = spec->partition_count;
    SP_TRY(sp_sort_bind(x, all, count, child, &s->order, err));
    return sp_gather_init(&s->gather, x, err);
}

/* ---- gathering ---- */

static sp_status window_begin_run(sp_node *n, sp_error *err)
{
    sp_gather_reset(&((window *)n->shared)->gather);
    return SP_OK;
}

static sp_status window_begin(sp_operator *op, sp_error *err)
{
    return sp_gather_begin(&((window *)op->node->shared)->gather, op->chain, &((window_op *)op)->kept, err);
}

static sp_status window_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    return sp_keep(((window_op *)op)->kept, in, err);
}

/* All rows in order, and the keys over them. */
static sp_status put_in_order(sp_node *n, sp_error *err)
{
    window *s = n->shared;
    const sp_plan *child = n->plan->children[0];
    sp_arena *a = s->gather.arena;
    sp_batch all;
    uint32_t *index;
    SP_TRY(sp_gather_join(&s->gather, child->output, child->output_count, &all, err));
    SP_TRY(sp_sort_batch(&s->order, &all, n->x->spec.conf, a, &index, err));
    SP_TRY(sp_batch_columns(&s->out, all.column_count + s->fn_count, all.rows, a, err));
    for (int i = 0; i < all.column_count; i++)
        if (!(s->out.columns[i] = sp_vec_gather(all.columns[i], index, all.rows, a, err)))
            return SP_FAILED;
    s->out.column_count = all.column_count;
    sp_eval_context eval = { .arena = a, .conf = n->x->spec.conf };
    SP_NEW_ARRAY(s->keys, a, s->order.count + 1, err);
    for (int i = 0; i < s->order.count; i++) {
        sp_vec *v;
        s->keys[i] = s->order.keys[i];
        SP_TRY(sp_eval(&eval, s->order.exprs[i], &s->out, &v, err));
        if (!(s->keys[i].column = sp_vec_flatten(v, a, false, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

/* ---- one function over one partition ---- */

typedef struct job {
    sp_node *n;
    window *s;
    const fn *f;
    sp_vec **args;                      /* over all sorted rows, FLAT or CONST */
    sp_builder *out;
    sp_arena *scratch;
    uint32_t from, to;                  /* the partition */
    void *state; sp_heap *heap;
    uint64_t *pass;                     /* FILTER: rows that count; NULL all */
} job;

static bool peers(const window *s, uint32_t a, uint32_t b)
{
    return sp_sort_compare(s->keys + s->partition_count, s->order.count - s->partition_count, a, b) == 0;
}

static uint32_t peers_end(const job *j, uint32_t row)
{
    uint32_t end = row + 1;
    while (end < j->to && peers(j->s, row, end))
        end++;
    return end;
}

static sp_status rank_partition(job *j, sp_error *err)
{
    uint32_t size = j->to - j->from, dense = 0;
    for (uint32_t row = j->from; row < j->to;) {
        uint32_t end = j->f->kind == ROW_NUMBER || j->f->kind == NTILE ? row + 1 : peers_end(j, row),
                 rank = row - j->from;
        dense++;
        for (; row < end; row++) {
            uint32_t at = row - j->from, buckets = (uint32_t)j->f->number;
            switch (j->f->kind) {
            case ROW_NUMBER: SP_TRY(sp_build_i64(j->out, at + 1, err)); break;
            case RANK: SP_TRY(sp_build_i64(j->out, rank + 1, err)); break;
            case DENSE_RANK: SP_TRY(sp_build_i64(j->out, dense, err)); break;
            case PERCENT_RANK: SP_TRY(sp_build_f64(j->out, size > 1 ? (double)rank / (size - 1) : 0, err)); break;
            case CUME_DIST: SP_TRY(sp_build_f64(j->out, (double)(end - j->from) / size, err)); break;
            default: {          /* ntile: the first size % buckets buckets have one row more */
                uint32_t small = size / buckets, big = size % buckets, edge = big * (small + 1);
                SP_TRY(sp_build_i64(j->out, at < edge ? at / (small + 1) + 1 : big + (at - edge) / small + 1, err));
            }
            }
        }
    }
    return SP_OK;
}

static sp_status put_row(job *j, const sp_vec *v, uint32_t row, sp_error *err)
{
    return sp_vec_null_at(v, row) ? sp_build_null(j->out, err) : sp_build_row(j->out, v, row, err);
}

/* Where the argument is not null: places[i] is the i-th such row of the partition, before[row - from] how many of them
 * stand before the row. */
typedef struct set_rows { uint32_t *places, *before, count; } set_rows;

static sp_status find_set_rows(job *j, set_rows *out, sp_error *err)
{
    uint32_t size = j->to - j->from;
    sp_arena_reset(j->scratch);
    out->count = 0;
    SP_NEW_ARRAY(out->places, j->scratch, size + 1, err);
    SP_NEW_ARRAY(out->before, j->scratch, size + 1, err);
    for (uint32_t row = j->from; row < j->to; row++) {
        out->before[row - j->from] = out->count;
        if (!sp_vec_null_at(j->args[0], row))
            out->places[out->count++] = row;
    }
    out->before[size] = out->count;
    return SP_OK;
}

/* The row `by` rows after this one, or, of those that are set, the by-th after it (before it: by < 0); -1: none. */
static int64_t shifted(const job *j, const set_rows *set, uint32_t row, int64_t by)
{
    if (!j->f->skip_nulls || by == 0) {
        int64_t at = (int64_t)row + by;
        return at >= j->from && at < j->to ? at : -1;
    }
    int64_t i = by < 0 ? set->before[row - j->from] + by : (int64_t)set->before[row + 1 - j->from] + by - 1;
    return i >= 0 && i < set->count ? (int64_t)set->places[i] : -1;
}

static sp_status shift_partition(job *j, sp_error *err)
{
    int64_t by = j->f->kind == LAG ? -j->f->number : j->f->number;
    set_rows set = { 0 };
    if (j->f->skip_nulls)
        SP_TRY(find_set_rows(j, &set, err));
    for (uint32_t row = j->from; row < j->to; row++) {
        int64_t at = shifted(j, &set, row, by);
        if (at >= 0)
            SP_TRY(put_row(j, j->args[0], (uint32_t)at, err));
        else if (j->f->call->arg_count > 2)
            SP_TRY(put_row(j, j->args[2], row, err));
        else
            SP_TRY(sp_build_null(j->out, err));
    }
    return SP_OK;
}

/* ---- frames ---- */

/* A key or a bound: days, microseconds, unscaled decimals or integers exactly; or floating. */
typedef struct point { bool null; double d; __int128 exact; } point;

static point point_at(const sp_vec *v, uint32_t row)
{
    sp_value x;
    if (sp_value_at(v, row, NULL, &x, NULL) == SP_FAILED || x.is_null)
        return (point){ .null = true };
    if (v->type->kind == SP_FLOAT || v->type->kind == SP_DOUBLE)
        return (point){ .d = x.f64 };
    return (point){ .exact = v->type->kind == SP_DECIMAL ? x.decimal : x.i64 };
}

/* Dates and timestamps move by the calendar, timestamps in the session's zone. */
static point move_time(const job *j, const sp_type *key, point p, const sp_value *by, int sign)
{
    sp_calendar c = { 0 };
    switch (by->type->kind) {
    case SP_CALENDAR: c = by->calendar; break;
    case SP_YEAR_MONTH: c.months = (int32_t)by->i64; break;
    case SP_DAY_TIME: c = (sp_calendar){ 0, (int32_t)(by->i64 / SP_US_PER_DAY), by->i64 % SP_US_PER_DAY }; break;
    default: c.days = (int32_t)by->i64;
    }
    c = (sp_calendar){ sign * c.months, sign * c.days, sign * c.us };
    if (key->kind == SP_DATE)
        return (point){ .exact = (__int128)sp_date_add_months((int32_t)p.exact, c.months) + c.days };
    const sp_zone *zone = j->n->x->spec.conf->zone;
    if (!zone || key->kind == SP_TIMESTAMP_NTZ)
        zone = sp_zone_utc();
    return (point){ .exact = sp_timestamp_add((int64_t)p.exact, c.months, c.days, c.us, zone) };
}

static sp_status move_point(const job *j, const sp_type *key, point p, const sp_value *by, int sign, point *out,
                            sp_error *err)
{
    *out = p;
    switch (key->kind) {
    case SP_DATE: case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ:
        *out = move_time(j, key, p, by, sign);
        return SP_OK;
    case SP_FLOAT: case SP_DOUBLE: {
        bool floating = by->type->kind == SP_FLOAT || by->type->kind == SP_DOUBLE;
        if (floating)
            out->d += sign * by->f64;
        else
            out->d += sign * (by->type->kind == SP_DECIMAL ? sp_dec_to_f64(by->decimal, by->type->scale) : (double)by->i64);
        return SP_OK;
    }
    case SP_DECIMAL: {
        sp_dec scaled = 0;
        bool is_dec = by->type->kind == SP_DECIMAL;
        if (!sp_dec_rescale(is_dec ? by->decimal : by->i64, is_dec ? by->type->scale : 0, SP_DECIMAL_MAX, key->scale,
                            &scaled))
            return sp_error_internal(err, "a frame bound past the key's precision");
        out->exact += sign * scaled;
        return SP_OK;
    }
    default:
        out->exact += sign * (__int128)by->i64;
        return SP_OK;
    }
}

static int compare_points(const point *a, const point *b)
{
    if (a->exact != b->exact)
        return a->exact < b->exact ? -1 : 1;
    if (a->d != a->d || b->d != b->d)
        return (a->d != a->d) - (b->d != b->d);
    return a->d < b->d ? -1 : a->d > b->d;
}

/* Whether row `other` comes before the bound key(row) + offset, in the order of the key; or, for the end of a frame,
 * not past it. */
static sp_status before_bound(const job *j, uint32_t other, uint32_t row, const sp_value *offset, bool inclusive,
                              bool *out, sp_error *err)
{
    const sp_sort_key *k = &j->s->keys[j->s->partition_count];
    const sp_vec *v = k->column;
    point at = point_at(v, row), other_at = point_at(v, other), bound;
    if (at.null || other_at.null) {     /* nulls are peers of nulls alone */
        *out = at.null && other_at.null ? inclusive : at.null ? !k->nulls_first : k->nulls_first;
        return SP_OK;
    }
    SP_TRY(move_point(j, v->type, at, offset, k->descending ? -1 : 1, &bound, err));
    int c = compare_points(&other_at, &bound);
    if (k->descending)
        c = -c;
    *out = c < 0 || (inclusive && c == 0);
    return SP_OK;
}

/* The frame [*lo, *hi) of the row; both only ever move on within a partition. */
static sp_status frame_of(const job *j, uint32_t row, uint32_t *lo, uint32_t *hi, sp_error *err)
{
    const sp_window_spec *w = j->f->spec;
    int lower = w->frame ? w->lower_kind : 0, upper = w->frame ? w->upper_kind : w->order_count ? 1 : 0;
    bool rows = w->frame == 1 || !w->order_count;
    bool in = true;
    if (lower == 0)
        *lo = j->from;
    else if (rows) {
        int64_t at = (int64_t)row + (lower == 2 ? j->f->lower.i64 : 0);
        *lo = at < j->from ? j->from : at > j->to ? j->to : (uint32_t)at;
    } else if (lower == 1)
        while (*lo < row && !peers(j->s, *lo, row))
            ++*lo;
    else
        while (*lo < j->to && in) {
            SP_TRY(before_bound(j, *lo, row, &j->f->lower, false, &in, err));
            *lo += in;
        }
    if (upper == 0)
        *hi = j->to;
    else if (rows) {
        int64_t at = (int64_t)row + 1 + (upper == 2 ? j->f->upper.i64 : 0);
        *hi = at < j->from ? j->from : at > j->to ? j->to : (uint32_t)at;
    } else if (upper == 1) {
        if (*hi <= row)
            *hi = peers_end(j, row);
    } else
        for (in = true; *hi < j->to && in;) {
            SP_TRY(before_bound(j, *hi, row, &j->f->upper, true, &in, err));
            *hi += in;
        }
    return SP_OK;
}

static sp_status nth_partition(job *j, sp_error *err)
{
    uint32_t lo = j->from, hi = j->from;
    set_rows set = { 0 };
    if (j->f->skip_nulls)
        SP_TRY(find_set_rows(j, &set, err));
    for (uint32_t row = j->from; row < j->to; row++) {
        SP_TRY(frame_of(j, row, &lo, &hi, err));
        int64_t at = (int64_t)lo + j->f->number - 1;
        if (j->f->skip_nulls) {
            int64_t i = set.before[lo - j->from] + j->f->number - 1;
            at = i < set.count ? (int64_t)set.places[i] : INT64_MAX;
        }
        SP_TRY(at < hi ? put_row(j, j->args[0], (uint32_t)at, err) : sp_build_null(j->out, err));
    }
    return SP_OK;
}

/* ---- aggregates ---- */

static sp_agg_call call_of(job *j)
{
    return (sp_agg_call){ .call = j->f->call, .heap = j->heap, .conf = j->n->x->spec.conf, .arena = j->scratch };
}

static void new_state(job *j)
{
    const sp_agg_kernel *k = j->f->call->agg;
    if (k->drop)
        k->drop(j->heap, j->state);
    k->init(j->f->call, j->state, k->size, 0, 1);
}

static sp_status take_rows(job *j, uint32_t from, uint32_t to, sp_error *err)
{
    const sp_agg_kernel *k = j->f->call->agg;
    uint32_t sel[SP_BATCH_ROWS];
    static const uint32_t zeros[SP_BATCH_ROWS];
    while (from < to) {
        uint32_t n = 0;
        for (; from < to && n < SP_BATCH_ROWS; from++)
            if (!j->pass || sp_bit_get(j->pass, from))
                sel[n++] = from;
        sp_agg_call c = call_of(j);
        SP_TRY(k->update(&c, j->state, k->size, zeros, (const sp_vec *const *)j->args, sel, n, err));
    }
    return SP_OK;
}

static sp_status give(job *j, sp_vec **last, sp_error *err)
{
    uint32_t zero = 0;
    sp_arena_reset(j->scratch);
    sp_agg_call c = call_of(j);
    if (!(*last = sp_vec_new(j->scratch, j->f->call->type, 1, err)))
        return SP_FAILED;
    return j->f->call->agg->finish(&c, j->state, j->f->call->agg->size, &zero, 1, *last, err);
}

static sp_status aggregate_partition(job *j, sp_error *err)
{
    uint32_t lo = j->from, hi = j->from, had_lo = j->from, had_hi = j->from;
    sp_vec *last = NULL;
    new_state(j);
    for (uint32_t row = j->from; row < j->to; row++) {
        SP_TRY(frame_of(j, row, &lo, &hi, err));
        uint32_t end = hi < lo ? lo : hi;
        if (lo != had_lo) {
            new_state(j);
            had_lo = had_hi = lo;
            last = NULL;
        }
        if (end > had_hi || !last) {
            SP_TRY(take_rows(j, had_hi, end, err));
            had_hi = end;
            SP_TRY(give(j, &last, err));
        }
        SP_TRY(put_row(j, last, 0, err));
    }
    return SP_OK;
}

/* ---- all of it ---- */

static sp_status run_partition(job *j, sp_error *err)
{
    switch (j->f->kind) {
    case AGG: return aggregate_partition(j, err);
    case LAG: case LEAD: return shift_partition(j, err);
    case NTH_VALUE: return nth_partition(j, err);
    default: return rank_partition(j, err);
    }
}

static sp_status eval_args(job *j, sp_error *err)
{
    sp_arena *a = j->s->gather.arena;
    sp_eval_context eval = { .arena = a, .conf = j->n->x->spec.conf };
    const sp_expr *call = j->f->call;
    SP_NEW_ARRAY(j->args, a, call->arg_count + 1, err);
    for (int i = 0; i < call->arg_count; i++) {
        SP_TRY(sp_eval(&eval, call->args[i], &j->s->out, &j->args[i], err));
        if (!(j->args[i] = sp_vec_flatten(j->args[i], a, true, err)))
            return SP_FAILED;
    }
    if (!call->filter)
        return SP_OK;
    uint32_t *sel, n;
    SP_NEW_ARRAY(sel, a, j->s->out.rows + 1, err);
    SP_NEW_ARRAY(j->pass, a, sp_bit_words(j->s->out.rows + 1), err);
    SP_TRY(sp_eval_filter(&eval, call->filter, &j->s->out, sel, &n, err));
    while (n--)
        sp_bit_set(j->pass, sel[n]);
    return SP_OK;
}

static sp_status run_fn(sp_node *n, const fn *f, sp_arena *scratch, sp_vec **out, sp_error *err)
{
    window *s = n->shared;
    sp_arena *a = s->gather.arena;
    job j = { .n = n, .s = s, .f = f, .scratch = scratch };
    SP_TRY(eval_args(&j, err));
    if (!(j.out = sp_builder_new(a, f->call->type, false, err)) || !(j.heap = sp_heap_new(a, err)))
        return SP_FAILED;
    if (f->kind == AGG) {
        SP_NEW(j.state, a, f->call->agg->size + 8, err);
        f->call->agg->init(f->call, j.state, f->call->agg->size, 0, 1);
    }
    for (j.from = 0; j.from < s->out.rows; j.from = j.to) {
        for (j.to = j.from + 1; j.to < s->out.rows && sp_sort_compare(s->keys, s->partition_count, j.from, j.to) == 0;)
            j.to++;
        SP_TRY(run_partition(&j, err));
    }
    return sp_builder_take(j.out, out, err);
}

static sp_status window_gathered(sp_node *n, sp_error *err)
{
    window *s = n->shared;
    SP_TRY(put_in_order(n, err));
    sp_arena *scratch = sp_exec_arena(n->x, "window", err);
    sp_status status = scratch ? SP_OK : SP_FAILED;
    int columns = s->out.column_count;
    for (int i = 0; i < s->fn_count && status != SP_FAILED; i++)
        status = run_fn(n, &s->fns[i], scratch, &s->out.columns[columns + i], err);
    s->out.column_count = columns + s->fn_count;
    sp_arena_free(scratch);
    return status;
}

static int window_tasks(sp_node *n) { return 1; }

static sp_status window_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    window *s = n->shared;
    return sp_push_pieces(c, &s->out, NULL, s->out.rows, err);
}

static void window_end(sp_node *n) { sp_gather_done(&((window *)n->shared)->gather); }

const sp_operator_class sp_op_window = {
    .name = "Window",
    .size = sizeof(window_op),
    .begin_run = window_begin_run,
    .begin = window_begin,
    .push = window_push,
    .gathered = window_gathered,
    .feed_tasks = window_tasks,
    .feed = window_feed,
    .end = window_end,
};
