/* sort.c -- Sort: whole-result order (rows gathered, one task), or within each task (sortWithinPartitions); with a
 * limit above, only so many rows come out.
 *
 * Rows stay where they are: an array of (prefix, row) is merge-sorted, stably in the order of tasks. The prefix is 64
 * order-preserving bits of the first key with its null order on top; only equal prefixes look at the columns.
 * Behaviour: SortExec, SortOrder, UnsafeExternalSorter's prefixes. */
#include "operator/sort.h"

typedef struct entry { uint64_t prefix; uint32_t row; } entry;

/* ---- prefixes ---- */

static uint64_t order_f64(double d)
{
    uint64_t u;
    if (d != d)
        return UINT64_MAX;
    if (d == 0)
        d = 0;
    memcpy(&u, &d, 8);
    return u >> 63 ? ~u : u | 1ull << 63;
}

static uint64_t order_view(const sp_view *v)
{
    uint64_t u = 0;
    memcpy(&u, sp_view_data(v), v->len < 8 ? v->len : 8);
    return __builtin_bswap64(u);
}

static uint64_t order_bits(const sp_vec *v, uint32_t i)
{
    const uint64_t sign = 1ull << 63;
    switch (v->type->kind) {
    case SP_BOOLEAN: return ((const uint8_t *)v->data)[i];
    case SP_BYTE: return (uint64_t)(int64_t)((const int8_t *)v->data)[i] ^ sign;
    case SP_SHORT: return (uint64_t)(int64_t)((const int16_t *)v->data)[i] ^ sign;
    case SP_INT: case SP_DATE: case SP_YEAR_MONTH: return (uint64_t)(int64_t)((const int32_t *)v->data)[i] ^ sign;
    case SP_LONG:
    case SP_TIMESTAMP:
    case SP_TIMESTAMP_NTZ:
    case SP_TIME:
    case SP_DAY_TIME: return ((const uint64_t *)v->data)[i] ^ sign;
    case SP_FLOAT: return order_f64(((const float *)v->data)[i]);
    case SP_DOUBLE: return order_f64(((const double *)v->data)[i]);
    case SP_DECIMAL: return (uint64_t)(int64_t)(((const __int128 *)v->data)[i] >> 64) ^ sign;
    case SP_STRING: case SP_BINARY: return order_view((const sp_view *)v->data + i);
    default: return 0;
    }
}

static void fill_prefixes(entry *e, uint32_t rows, const sp_sort_key *k)
{
    for (uint32_t i = 0; i < rows; i++) {
        const sp_vec *v = k->column;
        e[i].row = i;
        if (sp_vec_is_null(v, i))
            e[i].prefix = k->nulls_first ? 0 : 1ull << 63;
        else {
            uint64_t bits = order_bits(v, SP_AT(v, i));
            e[i].prefix = (k->descending ? ~bits : bits) >> 1 | (k->nulls_first ? 1ull << 63 : 0);
        }
    }
}

/* ---- order ---- */

int sp_sort_compare(const sp_sort_key *keys, int count, uint32_t a, uint32_t b)
{
    for (int i = 0; i < count; i++) {
        const sp_sort_key *k = &keys[i];
        bool an = sp_vec_null_at(k->column, a), bn = sp_vec_null_at(k->column, b);
        if (an && bn)
            continue;
        if (an || bn)
            return an == k->nulls_first ? -1 : 1;
        int c = sp_vec_rows_cmp(k->column, a, k->column, b);
        if (c)
            return k->descending ? -c : c;
    }
    return 0;
}

static bool after(const sp_sort_key *keys, int count, const entry *a, const entry *b)
{
    if (a->prefix != b->prefix)
        return a->prefix > b->prefix;
    return sp_sort_compare(keys, count, a->row, b->row) > 0;
}

static void merge(const sp_sort_key *keys, int count, const entry *from, uint32_t lo, uint32_t mid, uint32_t hi,
                  entry *to)
{
    uint32_t a = lo, b = mid, out = lo;
    while (a < mid && b < hi)
        to[out++] = after(keys, count, &from[a], &from[b]) ? from[b++] : from[a++];
    while (a < mid)
        to[out++] = from[a++];
    while (b < hi)
        to[out++] = from[b++];
}

enum { RUN = 16 };

static entry *sort_entries(const sp_sort_key *keys, int count, entry *e, entry *other, uint32_t rows)
{
    for (uint32_t lo = 0; lo < rows; lo += RUN) {
        uint32_t hi = lo + RUN < rows ? lo + RUN : rows;
        for (uint32_t i = lo + 1; i < hi; i++) {
            entry x = e[i];
            uint32_t j = i;
            for (; j > lo && after(keys, count, &e[j - 1], &x); j--)
                e[j] = e[j - 1];
            e[j] = x;
        }
    }
    for (uint64_t width = RUN; width < rows; width *= 2) {
        for (uint64_t lo = 0; lo < rows; lo += 2 * width) {
            uint64_t mid = lo + width < rows ? lo + width : rows, hi = lo + 2 * width < rows ? lo + 2 * width : rows;
            merge(keys, count, e, (uint32_t)lo, (uint32_t)mid, (uint32_t)hi, other);
        }
        entry *t = e;
        e = other;
        other = t;
    }
    return e;
}

sp_status sp_sort_rows(const sp_sort_key *keys, int count, uint32_t rows, sp_arena *a, uint32_t **out, sp_error *err)
{
    entry *e, *other;
    SP_NEW_ARRAY(e, a, rows + 1, err);
    SP_NEW_ARRAY(other, a, rows + 1, err);
    SP_NEW_ARRAY(*out, a, rows + 1, err);
    if (count)
        fill_prefixes(e, rows, &keys[0]);
    else
        for (uint32_t i = 0; i < rows; i++)
            e[i] = (entry){ 0, i };
    e = sort_entries(keys, count, e, other, rows);
    for (uint32_t i = 0; i < rows; i++)
        (*out)[i] = e[i].row;
    return SP_OK;
}

sp_status sp_sort_bind(sp_exec *x, sp_expr *const *exprs, int count, const sp_plan *child, sp_sort_order *out,
                       sp_error *err)
{
    out->count = count;
    SP_NEW_ARRAY(out->exprs, x->arena, count + 1, err);
    SP_NEW_ARRAY(out->keys, x->arena, count + 1, err);
    for (int i = 0; i < count; i++) {
        const sp_expr *e = exprs[i];
        out->keys[i] = (sp_sort_key){ .nulls_first = true };
        if (e->kind == SP_E_SORT) {
            out->keys[i].descending = !e->ascending;
            out->keys[i].nulls_first = e->nulls_first;
            e = e->args[0];
        }
        SP_TRY(sp_bind_expr(x, e, child->output, child->output_count, &out->exprs[i], err));
    }
    return SP_OK;
}

sp_status sp_sort_batch(const sp_sort_order *o, const sp_batch *b, const sp_expr_conf *conf, sp_arena *a,
                        uint32_t **out, sp_error *err)
{
    sp_eval_context eval = { .arena = a, .conf = conf };
    sp_sort_key *keys;
    SP_NEW_ARRAY(keys, a, o->count + 1, err);
    for (int i = 0; i < o->count; i++) {
        sp_vec *v;
        keys[i] = o->keys[i];
        SP_TRY(sp_eval(&eval, o->exprs[i], b, &v, err));
        if (!(keys[i].column = sp_vec_flatten(v, a, true, err)))
            return SP_FAILED;
    }
    return sp_sort_rows(keys, o->count, b->rows, a, out, err);
}

/* ---- the operators ---- */

typedef struct sort {
    sp_sort_order order;
    sp_gather gather;
    sp_batch all;
    uint32_t *index;
    int64_t limit;              /* rows that anybody wants */
} sort;
typedef struct sort_op { sp_operator base; sp_kept *kept; sp_kept own; sp_arena *arena; } sort_op;

sp_status sp_node_sort(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, p->global ? &sp_op_sort : &sp_op_task_sort, p, sizeof(sort), err);
    if (!n)
        return SP_FAILED;
    sort *s = n->shared;
    s->limit = INT64_MAX;
    SP_TRY(sp_sort_bind(x, p->exprs, p->expr_count, p->children[0], &s->order, err));
    return p->global ? sp_gather_init(&s->gather, x, err) : SP_OK;
}

void sp_sort_set_limit(sp_node *n, int64_t limit)
{
    sort *s = n->shared;
    if (limit < s->limit)
        s->limit = limit;
}

static sp_status sort_begin_run(sp_node *n, sp_error *err)
{
    sort *s = n->shared;
    sp_gather_reset(&s->gather);
    return SP_OK;
}

static sp_status sort_begin(sp_operator *op, sp_error *err)
{
    sort *s = op->node->shared;
    return sp_gather_begin(&s->gather, op->chain, &((sort_op *)op)->kept, err);
}

static sp_status sort_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    return sp_keep(((sort_op *)op)->kept, in, err);
}

static sp_status sort_gathered(sp_node *n, sp_error *err)
{
    sort *s = n->shared;
    SP_TRY(sp_gather_join(&s->gather, n->plan->children[0]->output, n->plan->children[0]->output_count, &s->all, err));
    return sp_sort_batch(&s->order, &s->all, n->x->spec.conf, s->gather.arena, &s->index, err);
}

static int sort_tasks(sp_node *n) { return 1; }

static sp_status sort_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    sort *s = n->shared;
    uint32_t count = s->limit < s->all.rows ? (uint32_t)s->limit : s->all.rows;
    return sp_push_pieces(c, &s->all, s->index, count, err);
}

static void sort_end(sp_node *n)
{
    sort *s = n->shared;
    sp_gather_done(&s->gather);
}

/* ---- within a task ---- */

static sp_status task_open(sp_operator *base, sp_error *err)
{
    return (((sort_op *)base)->arena = sp_exec_arena(base->node->x, "sort", err)) ? SP_OK : SP_FAILED;
}

static sp_status task_begin(sp_operator *base, sp_error *err)
{
    sort_op *op = (sort_op *)base;
    sp_arena_reset(op->arena);
    op->own = (sp_kept){ .arena = op->arena };
    op->kept = &op->own;
    return SP_OK;
}

static sp_status task_finish(sp_operator *base, sp_error *err)
{
    sort_op *op = (sort_op *)base;
    sort *s = base->node->shared;
    const sp_plan *child = base->node->plan->children[0];
    sp_gather_part part = { .kept = op->own }, *parts[] = { &part };
    sp_gather g = { .x = base->node->x, .parts = parts, .count = 1, .arena = op->arena };
    sp_batch all;
    uint32_t *index;
    SP_TRY(sp_gather_join(&g, child->output, child->output_count, &all, err));
    SP_TRY(sp_sort_batch(&s->order, &all, base->node->x->spec.conf, op->arena, &index, err));
    for (uint32_t at = 0; at < all.rows; at += SP_BATCH_ROWS) {
        uint32_t n = all.rows - at < SP_BATCH_ROWS ? all.rows - at : SP_BATCH_ROWS;
        sp_batch out;
        SP_TRY(sp_batch_columns(&out, all.column_count, n, base->chain->batch_arena, err));
        for (int i = 0; i < all.column_count; i++)
            if (!(out.columns[i] = sp_vec_gather(all.columns[i], index + at, n, base->chain->batch_arena, err)))
                return SP_FAILED;
        SP_TRY(sp_emit(base, &out, err));
    }
    return SP_OK;
}

static void task_close(sp_operator *base) { sp_arena_free(((sort_op *)base)->arena); }

const sp_operator_class sp_op_sort = {
    .name = "Sort",
    .size = sizeof(sort_op),
    .begin_run = sort_begin_run,
    .begin = sort_begin,
    .push = sort_push,
    .gathered = sort_gathered,
    .feed_tasks = sort_tasks,
    .feed = sort_feed,
    .end = sort_end,
};
const sp_operator_class sp_op_task_sort = {
    .name = "Sort",
    .size = sizeof(sort_op),
    .open = task_open,
    .begin = task_begin,
    .push = sort_push,
    .finish = task_finish,
    .close = task_close,
};
