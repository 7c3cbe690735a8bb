/* join.c -- hash join: one side is gathered and hashed by the equal keys, the other streams past it.
 *
 *   build:  rows of the build side are gathered; key -> group id -> chain of rows (a null in a plain "=" key
 *           never enters)
 *   probe:  per batch: key -> group id; every pair (probe row, build row) of equal keys; pairs that also pass the
 *           rest of the condition are joined
 *           unmatched probe rows: with nulls (outer), or as they are (anti); matched once (semi)
 *   after:  full and build-outer joins: a pipe of the build rows that nobody matched
 *
 * Without equal keys every build row is a candidate (nested loop). The right side is built but for right outer joins
 * and joins whose left side alone is static. A static side beside a stream is built in the first batch and kept.
 * Vectors of pairs are indexed, not copied.
 * Behaviour: BroadcastHashJoinExec, HashJoin, ExtractEquiJoinKeys, BroadcastNestedLoopJoinExec. */
#include "operator/groups.h"

enum { PAIRS = 8192 };

typedef struct join {
    int build;                          /* which child is built */
    sp_join_type type;
    bool probe_outer, build_outer, swap;
    sp_expr **probe_keys, **build_keys; bool *null_safe; int key_count;
    sp_expr *rest;                      /* over [left, right]; NULL none */
    sp_gather gather;
    sp_batch rows;                      /* the build side */
    sp_groups groups; sp_arena *heap_arena; bool has_groups;
    uint32_t *head1, *next1;            /* by group; by row: row + 1 */
    _Atomic uint8_t *matched;           /* build_outer: by build row */
    const sp_attr *attrs[2]; int attr_count[2];     /* left, right */
    bool kept;                          /* the build side is static and built once */
} join;

typedef struct join_op {
    sp_operator base;
    uint32_t *probe, *build;
    uint32_t *ids;
    uint32_t ids_cap;
    uint8_t *hit;
} join_op;

/* ---- the condition ---- */

typedef struct refs { const sp_attr *attrs; int count; bool all_in, any_in; } refs;

static bool look_at(void *context, const sp_expr *e)
{
    refs *s = context;
    if (e->kind == SP_E_COLUMN) {
        bool in = sp_attr_index(s->attrs, s->count, e->id) >= 0;
        s->all_in &= in;
        s->any_in |= in;
    }
    return true;
}

static bool within(const sp_expr *e, const sp_attr *attrs, int count)
{
    refs s = { attrs, count, true, false };
    sp_expr_walk(e, look_at, &s);
    return s.all_in && s.any_in;
}

static sp_expr *and_of(sp_exec *x, const sp_expr *like, sp_expr *a, sp_expr *b, sp_error *err)
{
    if (!a)
        return b;
    sp_expr *e = sp_expr_copy(x->arena, like, err);
    if (!e)
        return NULL;
    e->args[0] = a;
    e->args[1] = b;
    return e;
}

static sp_status add_key(sp_exec *x, join *s, const sp_plan *p, const sp_expr *probe, const sp_expr *build,
                         bool null_safe, sp_error *err)
{
    const sp_plan *pc = p->children[!s->build], *bc = p->children[s->build];
    SP_TRY(sp_bind_expr(x, probe, pc->output, pc->output_count, &s->probe_keys[s->key_count], err));
    SP_TRY(sp_bind_expr(x, build, bc->output, bc->output_count, &s->build_keys[s->key_count], err));
    s->null_safe[s->key_count++] = null_safe;
    return SP_OK;
}

/* Takes the condition apart: equalities between the sides become keys, the others stay in *rest. */
static sp_status split(sp_exec *x, join *s, const sp_plan *p, sp_expr *e, const sp_expr *last_and, sp_expr **rest,
                       sp_error *err)
{
    const char *f = e->kind == SP_E_CALL && e->function ? e->function->name : "";
    if (strcmp(f, "and") == 0) {
        SP_TRY(split(x, s, p, e->args[0], e, rest, err));
        return split(x, s, p, e->args[1], e, rest, err);
    }
    bool safe = strcmp(f, "<=>") == 0, plain = strcmp(f, "=") == 0 || strcmp(f, "==") == 0;
    const sp_plan *pc = p->children[!s->build], *bc = p->children[s->build];
    for (int i = 0; (safe || plain) && s->key_count < 64 && i < 2; i++)
        if (within(e->args[i], pc->output, pc->output_count) && within(e->args[1 - i], bc->output, bc->output_count) &&
            sp_type_same(e->args[0]->type, e->args[1]->type))
            return add_key(x, s, p, e->args[i], e->args[1 - i], safe, err);
    if (*rest && !last_and)
        return sp_error_internal(err, "a join condition without a conjunction");
    return (*rest = and_of(x, last_and, *rest, e, err)) ? SP_OK : SP_FAILED;
}

static sp_status bind_rest(sp_exec *x, join *s, sp_expr *rest, sp_error *err)
{
    if (!rest)
        return SP_OK;
    int n = s->attr_count[0] + s->attr_count[1];
    sp_attr *both;
    SP_NEW_ARRAY(both, x->arena, n + 1, err);
    for (int i = 0, k = 0; k < 2; k++)
        for (int j = 0; j < s->attr_count[k]; j++)
            both[i++] = s->attrs[k][j];
    return sp_bind_expr(x, rest, both, n, &s->rest, err);
}

int sp_join_build_side(const sp_exec *x, const sp_plan *p)
{
    bool left = p->children[0]->is_streaming, right = p->children[1]->is_streaming;
    if (x->spec.streaming && left != right)
        return left ? 1 : 0;
    return p->join_type == SP_JOIN_RIGHT ? 0 : 1;
}

static sp_status check_sides(const sp_exec *x, const join *s, const sp_plan *p, sp_error *err)
{
    if (x->spec.streaming && p->children[0]->is_streaming && p->children[1]->is_streaming)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION,
                              "Joins between two streams are not supported by Spate yet");
    if (s->build == 0 && (p->join_type == SP_JOIN_SEMI || p->join_type == SP_JOIN_ANTI))
        return sp_error_internal(err, "a semi or anti join whose left side is static beside a stream");
    if (x->spec.streaming && p->children[!s->build]->is_streaming && s->build_outer)
        return sp_error_internal(err, "an outer join that keeps the static side of a stream");
    return SP_OK;
}

static sp_status open_groups(sp_exec *x, join *s, sp_error *err)
{
    const sp_type **types;
    SP_NEW_ARRAY(types, x->arena, s->key_count + 1, err);
    for (int i = 0; i < s->key_count; i++)
        types[i] = s->build_keys[i]->type;
    if (!(s->heap_arena = sp_exec_arena(x, "join keys", err)))
        return SP_FAILED;
    sp_heap *heap = sp_heap_new(s->heap_arena, err);
    if (!heap)
        return SP_FAILED;
    s->has_groups = true;
    return sp_groups_init(&s->groups, x, heap, types, NULL, s->key_count, x->arena, err);
}

sp_status sp_node_join(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_join, p, sizeof(join), err);
    if (!n)
        return SP_FAILED;
    join *s = n->shared;
    s->type = p->join_type;
    s->build = sp_join_build_side(x, p);
    bool left_outer = s->type == SP_JOIN_LEFT || s->type == SP_JOIN_FULL,
         right_outer = s->type == SP_JOIN_RIGHT || s->type == SP_JOIN_FULL;
    s->probe_outer = s->build == 1 ? left_outer : right_outer;
    s->build_outer = s->build == 1 ? right_outer : left_outer;
    s->kept = x->spec.streaming && !p->children[s->build]->is_streaming;
    SP_TRY(check_sides(x, s, p, err));
    for (int i = 0; i < 2; i++) {
        s->attrs[i] = p->children[i]->output;
        s->attr_count[i] = p->children[i]->output_count;
    }
    SP_NEW_ARRAY(s->probe_keys, x->arena, 64, err);
    SP_NEW_ARRAY(s->build_keys, x->arena, 64, err);
    SP_NEW_ARRAY(s->null_safe, x->arena, 64, err);
    sp_expr *rest = NULL;
    if (p->condition)
        SP_TRY(split(x, s, p, p->condition, NULL, &rest, err));
    SP_TRY(bind_rest(x, s, rest, err));
    if (s->key_count)
        SP_TRY(open_groups(x, s, err));
    return sp_gather_init(&s->gather, x, err);
}

bool sp_join_has_rest_pipe(const sp_node *n) { return ((const join *)n->shared)->build_outer; }

/* ---- build ---- */

typedef struct build_op { sp_operator base; sp_kept *kept; } build_op;

static sp_status build_begin(sp_operator *op, sp_error *err)
{
    join *s = op->node->shared;
    return sp_gather_begin(&s->gather, op->chain, &((build_op *)op)->kept, err);
}

static sp_status build_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    return sp_keep(((build_op *)op)->kept, in, err);
}

static sp_status join_begin_run(sp_node *n, sp_error *err)
{
    join *s = n->shared;
    if (!s->kept || !n->x->once_done) {
        sp_gather_reset(&s->gather);
        s->rows = (sp_batch){ 0 };
        if (s->has_groups) {
            sp_arena_reset(s->heap_arena);
            sp_heap *heap = sp_heap_new(s->heap_arena, err);
            if (!heap)
                return SP_FAILED;
            sp_groups_clear(&s->groups, heap);
        }
    }
    return SP_OK;
}

/* Rows whose plain keys are all there. */
static sp_status keyed_rows(const join *s, const sp_vec *const *keys, const sp_batch *b, sp_arena *a, uint32_t **out,
                            uint32_t *count, sp_error *err)
{
    *count = 0;
    SP_NEW_ARRAY(*out, a, b->rows + 1, err);
    for (uint32_t i = 0; i < sp_live(b); i++) {
        uint32_t row = SP_BATCH_ROW(b, i);
        bool there = true;
        for (int k = 0; k < s->key_count && there; k++)
            there = s->null_safe[k] || !sp_vec_is_null(keys[k], row);
        if (there)
            (*out)[(*count)++] = row;
    }
    return SP_OK;
}

static sp_status eval_keys(sp_eval_context *eval, sp_expr *const *exprs, int count, const sp_batch *b, sp_arena *a,
                           const sp_vec ***out, sp_error *err)
{
    SP_NEW_ARRAY(*out, a, count + 1, err);
    for (int i = 0; i < count; i++) {
        sp_vec *v;
        SP_TRY(sp_eval(eval, exprs[i], b, &v, err));
        SP_TRY(sp_plain(v, a, &(*out)[i], err));
    }
    return SP_OK;
}

static sp_status hash_build(sp_node *n, sp_error *err)
{
    join *s = n->shared;
    sp_arena *a = s->gather.arena;
    sp_eval_context eval = { .arena = a, .conf = n->x->spec.conf };
    const sp_vec **keys;
    sp_leaf_in *in;
    uint32_t *rows, count, *ids;
    SP_TRY(eval_keys(&eval, s->build_keys, s->key_count, &s->rows, a, &keys, err));
    SP_TRY(keyed_rows(s, keys, &s->rows, a, &rows, &count, err));
    SP_NEW_ARRAY(ids, a, count + 1, err);
    SP_TRY(sp_groups_leaves(&s->groups, keys, rows, count, a, &in, err));
    SP_TRY(sp_groups_find(&s->groups, in, rows, count, NULL, ids, err));
    SP_NEW_ARRAY(s->head1, a, s->groups.count + 1, err);
    SP_NEW_ARRAY(s->next1, a, s->rows.rows + 1, err);
    for (uint32_t i = count; i-- > 0;) {        /* backwards, so that chains are in row order */
        s->next1[rows[i]] = s->head1[ids[i]];
        s->head1[ids[i]] = rows[i] + 1;
    }
    return SP_OK;
}

static sp_status join_gathered(sp_node *n, sp_error *err)
{
    join *s = n->shared;
    SP_TRY(sp_gather_join(&s->gather, s->attrs[s->build], s->attr_count[s->build], &s->rows, err));
    if (s->key_count)
        SP_TRY(hash_build(n, err));
    if (s->build_outer)
        SP_NEW_ARRAY(s->matched, s->gather.arena, s->rows.rows + 1, err);
    return SP_OK;
}

/* ---- probe ---- */

static sp_status join_open(sp_operator *base, sp_error *err)
{
    join_op *op = (join_op *)base;
    SP_NEW_ARRAY(op->probe, base->chain->arena, PAIRS, err);
    SP_NEW_ARRAY(op->build, base->chain->arena, PAIRS, err);
    return SP_OK;
}

/* The pairs as a batch of [left, right]. */
static sp_status pair_batch(join_op *op, const sp_batch *in, uint32_t count, sp_batch *out, sp_error *err)
{
    const join *s = op->base.node->shared;
    sp_arena *a = op->base.chain->batch_arena;
    uint32_t *pi, *bi;      /* their own copies: the batch may be looked at lazily after the buffers are used again */
    SP_NEW_ARRAY(pi, a, count + 1, err);
    SP_NEW_ARRAY(bi, a, count + 1, err);
    memcpy(pi, op->probe, sizeof *pi * count);
    memcpy(bi, op->build, sizeof *bi * count);
    SP_TRY(sp_batch_columns(out, s->attr_count[0] + s->attr_count[1], count, a, err));
    for (int side = 0, c = 0; side < 2; side++)
        for (int i = 0; i < s->attr_count[side]; i++, c++) {
            bool from_build = side == s->build;
            const sp_vec *v = from_build ? s->rows.columns[i] : in->columns[i];
            if (!(out->columns[c] = sp_vec_index(v, from_build ? bi : pi, count, a, err)))
                return SP_FAILED;
        }
    return SP_OK;
}

static sp_status flush_pairs(join_op *op, const sp_batch *in, uint32_t *count, sp_error *err)
{
    join *s = op->base.node->shared;
    sp_batch b;
    uint32_t n = *count, *sel = NULL;
    *count = 0;
    if (!n)
        return SP_OK;
    bool emits = s->type != SP_JOIN_SEMI && s->type != SP_JOIN_ANTI;
    if (emits || s->rest)
        SP_TRY(pair_batch(op, in, n, &b, err));
    uint32_t passed = n;
    if (s->rest) {
        SP_NEW_ARRAY(sel, op->base.chain->batch_arena, n + 1, err);
        SP_TRY(sp_eval_filter(&op->base.chain->eval, s->rest, &b, sel, &passed, err));
        b.sel = sel;
        b.sel_count = passed;
    }
    for (uint32_t i = 0; i < passed; i++) {
        uint32_t at = sel ? sel[i] : i;
        op->hit[op->probe[at]] = 1;
        if (s->build_outer)
            atomic_store_explicit(&s->matched[op->build[at]], 1, memory_order_relaxed);
    }
    return emits && passed ? sp_emit(&op->base, &b, err) : SP_OK;
}

static sp_status add_pair(join_op *op, const sp_batch *in, uint32_t probe, uint32_t build, uint32_t *count,
                          sp_error *err)
{
    op->probe[*count] = probe;
    op->build[(*count)++] = build;
    return *count == PAIRS ? flush_pairs(op, in, count, err) : SP_OK;
}

static sp_status probe_keys(join_op *op, const sp_batch *in, uint32_t *count, sp_error *err)
{
    join *s = op->base.node->shared;
    sp_arena *a = op->base.chain->batch_arena;
    const sp_vec **keys;
    sp_leaf_in *leaves;
    uint32_t *rows, *ids, n;
    SP_TRY(eval_keys(&op->base.chain->eval, s->probe_keys, s->key_count, in, a, &keys, err));
    SP_TRY(keyed_rows(s, keys, in, a, &rows, &n, err));
    SP_NEW_ARRAY(ids, a, n + 1, err);
    SP_TRY(sp_groups_leaves(&s->groups, keys, rows, n, a, &leaves, err));
    sp_groups_look(&s->groups, leaves, rows, n, NULL, ids);
    bool existence = !s->rest && (s->type == SP_JOIN_SEMI || s->type == SP_JOIN_ANTI);
    for (uint32_t i = 0; i < n; i++) {
        if (ids[i] == SP_NO_GROUP)
            continue;
        if (existence) {
            op->hit[rows[i]] = 1;
            continue;
        }
        for (uint32_t b = s->head1[ids[i]]; b; b = s->next1[b - 1])
            SP_TRY(add_pair(op, in, rows[i], b - 1, count, err));
    }
    return SP_OK;
}

static sp_status probe_all(join_op *op, const sp_batch *in, uint32_t *count, sp_error *err)
{
    join *s = op->base.node->shared;
    for (uint32_t i = 0; i < sp_live(in) && !op->base.done && !sp_exec_stopped(op->base.node->x); i++)
        for (uint32_t b = 0; b < s->rows.rows; b++)
            SP_TRY(add_pair(op, in, SP_BATCH_ROW(in, i), b, count, err));
    return SP_OK;
}

/* Probe rows with the wanted hit, as they are or with nulls for the build side. */
static sp_status emit_rows(join_op *op, const sp_batch *in, uint8_t hit, bool with_nulls, sp_error *err)
{
    const join *s = op->base.node->shared;
    sp_arena *a = op->base.chain->batch_arena;
    sp_batch out = *in;
    uint32_t *sel, n = 0;
    SP_NEW_ARRAY(sel, a, in->rows + 1, err);
    for (uint32_t i = 0; i < sp_live(in); i++)
        if (op->hit[SP_BATCH_ROW(in, i)] == hit)
            sel[n++] = SP_BATCH_ROW(in, i);
    out.sel = sel;
    out.sel_count = n;
    if (!n)
        return SP_OK;
    if (!with_nulls)
        return sp_emit(&op->base, &out, err);
    out.column_count = s->attr_count[0] + s->attr_count[1];
    SP_NEW_ARRAY(out.columns, a, out.column_count + 1, err);
    for (int side = 0, c = 0; side < 2; side++)
        for (int i = 0; i < s->attr_count[side]; i++, c++) {
            out.columns[c] =
                side == s->build ? sp_vec_new_null(a, s->attrs[side][i].type, in->rows, err) : in->columns[i];
            if (!out.columns[c])
                return SP_FAILED;
        }
    return sp_emit(&op->base, &out, err);
}

static sp_status join_push(sp_operator *base, const sp_batch *in, sp_error *err)
{
    join_op *op = (join_op *)base;
    join *s = base->node->shared;
    uint32_t count = 0;
    SP_NEW_ARRAY(op->hit, base->chain->batch_arena, in->rows + 1, err);
    SP_TRY(s->key_count ? probe_keys(op, in, &count, err) : probe_all(op, in, &count, err));
    SP_TRY(flush_pairs(op, in, &count, err));
    if (s->type == SP_JOIN_SEMI)
        return emit_rows(op, in, 1, false, err);
    if (s->type == SP_JOIN_ANTI)
        return emit_rows(op, in, 0, false, err);
    return s->probe_outer ? emit_rows(op, in, 0, true, err) : SP_OK;
}

/* ---- build rows nobody matched ---- */

static int rest_tasks(sp_node *n) { return 1; }

static sp_status rest_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    join *s = n->shared;
    sp_status status = SP_OK;
    for (uint32_t at = 0; at < s->rows.rows && status == SP_OK; at += SP_BATCH_ROWS) {
        uint32_t *sel, k = 0, n_rows = s->rows.rows - at < SP_BATCH_ROWS ? s->rows.rows - at : SP_BATCH_ROWS;
        sp_batch out;
        sp_chain_fresh(c);
        SP_NEW_ARRAY(sel, c->batch_arena, n_rows + 1, err);
        for (uint32_t i = 0; i < n_rows; i++)
            if (!atomic_load_explicit(&s->matched[at + i], memory_order_relaxed))
                sel[k++] = i;
        SP_TRY(sp_batch_columns(&out, s->attr_count[0] + s->attr_count[1], n_rows, c->batch_arena, err));
        for (int side = 0, col = 0; side < 2; side++)
            for (int i = 0; i < s->attr_count[side]; i++, col++) {
                out.columns[col] = side == s->build
                    ? sp_vec_slice(s->rows.columns[i], at, n_rows, c->batch_arena, err)
                    : sp_vec_new_null(c->batch_arena, s->attrs[side][i].type, n_rows, err);
                if (!out.columns[col])
                    return SP_FAILED;
            }
        out.sel = sel;
        out.sel_count = k;
        status = sp_chain_push(c, &out, err);
    }
    return status;
}

static void join_end(sp_node *n)
{
    join *s = n->shared;
    sp_gather_done(&s->gather);
    sp_groups_done(&s->groups);
    sp_arena_free(s->heap_arena);
}

const sp_operator_class sp_op_join = {
    .name = "BroadcastHashJoin",
    .size = sizeof(join_op),
    .open = join_open,
    .push = join_push,
    .begin_run = join_begin_run,
    .gathered = join_gathered,
    .feed_tasks = rest_tasks,
    .feed = rest_feed,
    .end = join_end,
};
const sp_operator_class sp_op_join_build = {
    .name = "BroadcastExchange", .size = sizeof(build_op), .begin = build_begin, .push = build_push
};
