/* setop.c -- Intersect and Except, with and without ALL: rows of both sides counted by row.
 *
 *   left rows are gathered and grouped by all columns; right rows are counted by group
 *   INTERSECT      the first of each group with a right row      INTERSECT ALL  as many of it as both sides have
 *   EXCEPT         the first of each group without a right row   EXCEPT ALL     as many of it as the left has more
 * Null equals null. The right side goes into a face of its own (sp_op_set_right). Behaviour: Spark rewrites these to
 * semi and anti joins over <=> and, for ALL, to counting aggregates; the rows are the same. */
#include "operator/groups.h"

typedef struct setop {
    sp_gather left, right;
    sp_batch rows;
    sp_groups groups; sp_arena *heap_arena;
    uint32_t *out; uint32_t out_count;
} setop;
typedef struct set_op { sp_operator base; sp_kept *kept; } set_op;

sp_status sp_node_set(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_set, p, sizeof(setop), err);
    if (!n)
        return SP_FAILED;
    setop *s = n->shared;
    const sp_type **types;
    int count = p->children[0]->output_count;
    SP_NEW_ARRAY(types, x->arena, count + 1, err);
    for (int i = 0; i < count; i++)
        types[i] = p->children[0]->output[i].type;
    SP_TRY(sp_gather_init(&s->left, x, err));
    SP_TRY(sp_gather_init(&s->right, x, err));
    if (!(s->heap_arena = sp_exec_arena(x, "set keys", err)))
        return SP_FAILED;
    return sp_groups_init(&s->groups, x, NULL, types, NULL, count, x->arena, err);
}

static sp_status set_begin_run(sp_node *n, sp_error *err)
{
    setop *s = n->shared;
    sp_gather_reset(&s->left);
    sp_gather_reset(&s->right);
    sp_arena_reset(s->heap_arena);
    sp_heap *heap = sp_heap_new(s->heap_arena, err);
    if (!heap)
        return SP_FAILED;
    sp_groups_clear(&s->groups, heap);
    return SP_OK;
}

static sp_status left_begin(sp_operator *op, sp_error *err)
{
    return sp_gather_begin(&((setop *)op->node->shared)->left, op->chain, &((set_op *)op)->kept, err);
}

static sp_status right_begin(sp_operator *op, sp_error *err)
{
    return sp_gather_begin(&((setop *)op->node->shared)->right, op->chain, &((set_op *)op)->kept, err);
}

static sp_status set_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    return sp_keep(((set_op *)op)->kept, in, err);
}

static sp_status ids_of(setop *s, const sp_batch *b, sp_arena *a, bool make, uint32_t **ids, sp_error *err)
{
    sp_leaf_in *in;
    SP_NEW_ARRAY(*ids, a, b->rows + 1, err);
    SP_TRY(sp_groups_leaves(&s->groups, (const sp_vec *const *)b->columns, NULL, b->rows, a, &in, err));
    if (make)
        return sp_groups_find(&s->groups, in, NULL, b->rows, NULL, *ids, err);
    sp_groups_look(&s->groups, in, NULL, b->rows, NULL, *ids);
    return SP_OK;
}

static sp_status set_gathered(sp_node *n, sp_error *err)
{
    setop *s = n->shared;
    const sp_plan *p = n->plan, *l = p->children[0];
    sp_arena *a = s->left.arena;
    sp_batch right;
    uint32_t *left_ids, *right_ids, *lefts, *rights, *given;
    SP_TRY(sp_gather_join(&s->left, l->output, l->output_count, &s->rows, err));
    SP_TRY(sp_gather_join(&s->right, l->output, l->output_count, &right, err));
    SP_TRY(ids_of(s, &s->rows, a, true, &left_ids, err));
    SP_TRY(ids_of(s, &right, a, false, &right_ids, err));
    SP_NEW_ARRAY(lefts, a, s->groups.count + 1, err);
    SP_NEW_ARRAY(rights, a, s->groups.count + 1, err);
    SP_NEW_ARRAY(given, a, s->groups.count + 1, err);
    SP_NEW_ARRAY(s->out, a, s->rows.rows + 1, err);
    for (uint32_t i = 0; i < s->rows.rows; i++)
        lefts[left_ids[i]]++;
    for (uint32_t i = 0; i < right.rows; i++)
        if (right_ids[i] != SP_NO_GROUP)
            rights[right_ids[i]]++;
    s->out_count = 0;
    for (uint32_t i = 0; i < s->rows.rows; i++) {
        uint32_t id = left_ids[i], here = lefts[id], there = rights[id];
        bool both = p->kind == SP_P_INTERSECT;
        uint32_t wanted = both ? (here < there ? here : there) : here > there ? here - there : 0;
        if (!p->all)
            wanted = both == (there > 0);
        if (given[id] < wanted) {
            given[id]++;
            s->out[s->out_count++] = i;
        }
    }
    return SP_OK;
}

static int set_tasks(sp_node *n) { return 1; }

static sp_status set_feed(sp_node *n, sp_chain *c, int task, sp_error *err)
{
    setop *s = n->shared;
    return sp_push_pieces(c, &s->rows, s->out, s->out_count, err);
}

static void set_end(sp_node *n)
{
    setop *s = n->shared;
    sp_gather_done(&s->left);
    sp_gather_done(&s->right);
    sp_groups_done(&s->groups);
    sp_arena_free(s->heap_arena);
}

const sp_operator_class sp_op_set = {
    .name = "SetOperation",
    .size = sizeof(set_op),
    .begin_run = set_begin_run,
    .begin = left_begin,
    .push = set_push,
    .gathered = set_gathered,
    .feed_tasks = set_tasks,
    .feed = set_feed,
    .end = set_end,
};
const sp_operator_class sp_op_set_right = {
    .name = "SetOperation", .size = sizeof(set_op), .begin = right_begin, .push = set_push
};
