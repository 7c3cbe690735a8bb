/* batches.c -- batches that are cut, indexed and kept: what the operators share.
 *
 * A gathering operator keeps copies of the rows pushed to it, a part for each task that pushed, so that tasks never
 * wait for one another; read in the order of pipes and tasks the parts are the rows in Spark's order of partitions. */
#include "operator/operator_int.h"

sp_vec *sp_vec_index(const sp_vec *v, const uint32_t *index, uint32_t rows, sp_arena *a, sp_error *err)
{
    sp_vec *out = sp_arena_calloc(a, sizeof *out, err);
    if (!out)
        return NULL;
    if (v->form == SP_CONST) {
        *out = *v;
        out->rows = rows;
        return out;
    }
    if (!(out->child = sp_arena_alloc(a, sizeof *out->child, err)))
        return NULL;
    out->type = v->type;
    out->rows = rows;
    out->form = SP_DICT;
    out->index = index;
    out->child_count = 1;
    out->child[0] = (sp_vec *)v;
    return out;
}

sp_vec *sp_vec_slice(const sp_vec *v, uint32_t from, uint32_t count, sp_arena *a, sp_error *err)
{
    sp_vec *out = sp_arena_alloc(a, sizeof *out, err);
    if (!out)
        return NULL;
    *out = *v;
    out->rows = count;
    if (v->form == SP_CONST || from == 0)
        return out;
    if (v->form == SP_DICT) {
        out->index = v->index + from;
        out->valid = v->valid ? v->valid + from / 64 : NULL;
        return out;
    }
    out->valid = v->valid ? v->valid + from / 64 : NULL;
    size_t width = sp_kind_width(v->type->kind);
    if (width)
        out->data = (char *)v->data + width * from;
    if (v->type->kind != SP_STRUCT && v->type->kind != SP_VARIANT)
        return out;
    if (!(out->child = sp_arena_alloc(a, sizeof *out->child * (size_t)(v->child_count + 1), err)))
        return NULL;
    for (int i = 0; i < v->child_count; i++)
        if (!(out->child[i] = sp_vec_slice(v->child[i], from, count, a, err)))
            return NULL;
    return out;
}

sp_status sp_batch_columns(sp_batch *b, int column_count, uint32_t rows, sp_arena *a, sp_error *err)
{
    *b = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = column_count };
    SP_NEW_ARRAY(b->columns, a, column_count + 1, err);
    return SP_OK;
}

/* ---- kept rows ---- */

sp_status sp_keep(sp_kept *k, const sp_batch *b, sp_error *err)
{
    if (k->count == k->cap) {
        int cap = k->cap ? k->cap * 2 : 4;
        sp_batch *more = sp_arena_alloc(k->arena, sizeof *more * (size_t)cap, err);
        if (!more)
            return SP_FAILED;
        if (k->count)
            memcpy(more, k->batches, sizeof *more * (size_t)k->count);
        k->batches = more;
        k->cap = cap;
    }
    sp_batch *to = &k->batches[k->count];
    SP_TRY(sp_batch_columns(to, b->column_count, sp_live(b), k->arena, err));
    for (int i = 0; i < b->column_count; i++)
        if (!(to->columns[i] = sp_vec_copy(b->columns[i], b->sel, sp_live(b), k->arena, err)))
            return SP_FAILED;
    k->count++;
    k->rows += to->rows;
    return SP_OK;
}

sp_status sp_gather_init(sp_gather *g, sp_exec *x, sp_error *err)
{
    g->x = x;
    sp_mutex_init(&g->lock);
    SP_NEW_ARRAY(g->arenas, x->arena, x->workers, err);
    for (int i = 0; i < x->workers; i++)
        if (!(g->arenas[i] = sp_exec_arena(x, "gathered rows", err)))
            return SP_FAILED;
    return (g->arena = sp_exec_arena(x, "gathered rows", err)) ? SP_OK : SP_FAILED;
}

void sp_gather_done(sp_gather *g)
{
    if (!g->x)
        return;
    for (int i = 0; i < g->x->workers && g->arenas; i++)
        sp_arena_free(g->arenas[i]);
    sp_arena_free(g->arena);
    sp_free(g->parts);
    sp_mutex_done(&g->lock);
    g->x = NULL;
}

void sp_gather_reset(sp_gather *g)
{
    for (int i = 0; i < g->x->workers; i++)
        sp_arena_reset(g->arenas[i]);
    sp_arena_reset(g->arena);
    g->count = 0;
}

sp_status sp_gather_begin(sp_gather *g, sp_chain *c, sp_kept **out, sp_error *err)
{
    sp_gather_part *p;
    SP_NEW(p, g->arenas[c->worker], sizeof *p, err);
    p->kept.arena = g->arenas[c->worker];
    p->pipe = c->pipe->order;
    p->task = c->task;
    *out = &p->kept;
    sp_status status = SP_OK;
    sp_mutex_lock(&g->lock);
    if (g->count == g->cap) {
        int cap = g->cap ? g->cap * 2 : 16;
        sp_gather_part **more = sp_realloc(g->parts, sizeof *more * (size_t)cap);
        if (more) {
            g->parts = more;
            g->cap = cap;
        } else
            status = sp_error_memory(err, "a list of tasks");
    }
    if (status == SP_OK)
        g->parts[g->count++] = p;
    sp_mutex_unlock(&g->lock);
    return status;
}

static bool part_before(const sp_gather_part *a, const sp_gather_part *b)
{
    return a->pipe != b->pipe ? a->pipe < b->pipe : a->task < b->task;
}

/* Insertion sort: parts come nearly in order. */
void sp_gather_sort(sp_gather *g)
{
    for (int i = 1; i < g->count; i++) {
        sp_gather_part *p = g->parts[i];
        int j = i;
        for (; j > 0 && part_before(p, g->parts[j - 1]); j--)
            g->parts[j] = g->parts[j - 1];
        g->parts[j] = p;
    }
}

int64_t sp_gather_rows(const sp_gather *g)
{
    int64_t n = 0;
    for (int i = 0; i < g->count; i++)
        n += g->parts[i]->kept.rows;
    return n;
}

sp_status sp_gather_join(sp_gather *g, const sp_attr *attrs, int column_count, sp_batch *out, sp_error *err)
{
    sp_gather_sort(g);
    int total = 0, n = 0;
    int64_t rows = sp_gather_rows(g);
    if (rows > UINT32_MAX)
        return sp_error_internal(err, "%lld rows gathered in one place", (long long)rows);
    for (int i = 0; i < g->count; i++)
        total += g->parts[i]->kept.count;
    SP_TRY(sp_batch_columns(out, column_count, (uint32_t)rows, g->arena, err));
    const sp_vec **pieces;
    SP_NEW_ARRAY(pieces, g->arena, total + 1, err);
    for (int col = 0; col < column_count; col++) {
        n = 0;
        for (int i = 0; i < g->count; i++)
            for (int j = 0; j < g->parts[i]->kept.count; j++)
                pieces[n++] = g->parts[i]->kept.batches[j].columns[col];
        out->columns[col] = n == 1 ? (sp_vec *)pieces[0] : sp_vec_concat(pieces, n, attrs[col].type, g->arena, err);
        if (!out->columns[col] || !(out->columns[col] = sp_vec_flatten(out->columns[col], g->arena, false, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

sp_status sp_push_pieces(sp_chain *c, const sp_batch *b, const uint32_t *index, uint32_t count, sp_error *err)
{
    for (uint32_t at = 0; at < count; at += SP_BATCH_ROWS) {
        uint32_t n = count - at < SP_BATCH_ROWS ? count - at : SP_BATCH_ROWS;
        sp_batch piece;
        sp_chain_fresh(c);
        SP_TRY(sp_batch_columns(&piece, b->column_count, n, c->batch_arena, err));
        for (int i = 0; i < b->column_count; i++) {
            piece.columns[i] = index ? sp_vec_gather(b->columns[i], index + at, n, c->batch_arena, err)
                                     : sp_vec_slice(b->columns[i], at, n, c->batch_arena, err);
            if (!piece.columns[i])
                return SP_FAILED;
        }
        sp_status status = sp_chain_push(c, &piece, err);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}
