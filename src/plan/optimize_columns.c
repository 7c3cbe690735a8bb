/* optimize_columns.c -- only the columns that are needed: pruning down to scans, merging Projects, limits,
 * deduplication as an aggregate. From Spark's ColumnPruning, CollapseProject, RemoveNoopOperators, LimitPushDown,
 * ReplaceDeduplicateWithAggregate.
 *
 * Pruning walks top-down with the set of attribute ids that are needed above; nodes between may give more than was
 * asked for (a filter's own columns), which only matters where columns count by position: under UNION a Project puts
 * them right. */
#include "plan/plan_int.h"

/* ---- id sets ---- */

typedef struct { sp_arena *arena; int64_t *v; int n, cap; sp_error *err; bool failed; } ids;

static bool ids_has(const ids *s, int64_t id)
{
    for (int i = 0; i < s->n; i++)
        if (s->v[i] == id)
            return true;
    return false;
}

static void ids_add(ids *s, int64_t id)
{
    if (ids_has(s, id))
        return;
    if (s->n == s->cap) {
        int cap = s->cap ? 2 * s->cap : 16;
        int64_t *v = sp_arena_alloc(s->arena, sizeof *v * (size_t)cap, s->err);
        if (!v) {
            s->failed = true;
            return;
        }
        if (s->n)
            memcpy(v, s->v, sizeof *v * (size_t)s->n);
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = id;
}

static bool visit_ref(void *context, const sp_expr *e)
{
    if (e->kind == SP_E_COLUMN)
        ids_add(context, e->id);
    return true;
}

static void add_refs(void *context, const sp_expr *e)
{
    sp_expr_walk(e, visit_ref, context);
}

static void add_output(ids *s, const sp_plan *p)
{
    for (int i = 0; i < p->output_count; i++)
        ids_add(s, p->output[i].id);
}

static ids copy_ids(const ids *s)
{
    ids c = { .arena = s->arena, .err = s->err };
    for (int i = 0; i < s->n; i++)
        ids_add(&c, s->v[i]);
    c.failed |= s->failed;
    return c;
}

/* ---- pruning ---- */

static sp_plan *prune(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err);

static sp_plan *prune_source(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err)
{
    sp_plan *c = sp_plan_copy(o->arena, p, err);
    sp_scan *scan = sp_arena_alloc(o->arena, sizeof *scan, err);
    if (!c || !scan)
        return NULL;
    *scan = *p->scan;
    int n = scan->schema->field_count, kept = 0;
    int *columns = sp_arena_alloc(o->arena, sizeof *columns * (size_t)(n + 1), err);
    sp_attr *output = sp_arena_alloc(o->arena, sizeof *output * (size_t)(n + 1), err);
    if (!columns || !output)
        return NULL;
    for (int i = 0; i < p->output_count; i++) {
        if (!ids_has(need, p->output[i].id))
            continue;
        columns[kept] = p->scan->columns ? p->scan->columns[i] : i;
        output[kept++] = p->output[i];
    }
    if (kept == p->output_count)
        return p;
    scan->columns = columns;
    scan->column_count = kept;
    c->scan = scan;
    c->output = output;
    c->output_count = kept;
    return c;
}

/* Keeps the items of a list whose attribute is needed. */
static sp_status keep_needed(sp_optimizer *o, sp_expr ***list, int *count, const ids *need, sp_error *err)
{
    sp_expr **v;
    int n = 0;
    SP_NEW_ARRAY(v, o->arena, *count + 1, err);
    for (int i = 0; i < *count; i++)
        if (ids_has(need, (*list)[i]->id))
            v[n++] = (*list)[i];
    *list = v;
    *count = n;
    return SP_OK;
}

static sp_status prune_expand(sp_optimizer *o, sp_plan *c, const ids *need, sp_error *err)
{
    sp_attr *out;
    SP_NEW_ARRAY(out, o->arena, c->generator_output_count + 1, err);
    sp_expr ***lists;
    int *counts, n = 0;
    SP_NEW_ARRAY(lists, o->arena, c->list_count, err);
    SP_NEW_ARRAY(counts, o->arena, c->list_count, err);
    for (int i = 0; i < c->list_count; i++)
        SP_NEW_ARRAY(lists[i], o->arena, c->generator_output_count + 1, err);
    for (int k = 0; k < c->generator_output_count; k++) {
        if (!ids_has(need, c->generator_output[k].id))
            continue;
        for (int i = 0; i < c->list_count; i++)
            lists[i][n] = c->lists[i][k];
        out[n++] = c->generator_output[k];
    }
    for (int i = 0; i < c->list_count; i++)
        counts[i] = n;
    c->lists = lists;
    c->list_counts = counts;
    c->generator_output = out;
    c->generator_output_count = n;
    return SP_OK;
}

/* Children of a union give exactly the kept positions, in order. */
static sp_plan *prune_union(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err)
{
    sp_plan *c = sp_plan_copy(o->arena, p, err);
    if (!c)
        return NULL;
    for (int k = 0; k < p->child_count; k++) {
        ids mine = { .arena = o->arena, .err = err };
        sp_attrs want = { 0 };
        for (int i = 0; i < p->output_count; i++) {
            if (!ids_has(need, p->output[i].id))
                continue;
            ids_add(&mine, p->children[k]->output[i].id);
            if (sp_attrs_add(o->arena, &want, &p->children[k]->output[i], err) != SP_OK)
                return NULL;
        }
        sp_plan *child = prune(o, p->children[k], &mine, err);
        if (!child)
            return NULL;
        bool exact = child->output_count == want.n;
        for (int i = 0; exact && i < want.n; i++)
            exact = child->output[i].id == want.v[i].id;
        if (!exact && !(child = sp_plan_project_attrs(o->arena, want.v, want.n, child, err)))
            return NULL;
        c->children[k] = child;
    }
    return sp_plan_complete(o->arena, c, err) == SP_OK ? c : NULL;
}

static bool needs_all(const sp_plan *p)
{
    return p->kind == SP_P_INTERSECT || p->kind == SP_P_EXCEPT || p->kind == SP_P_SHOW_STRING ||
           p->kind == SP_P_HTML_STRING || (p->kind == SP_P_AGGREGATE && p->distinct);
}

static sp_status trim_own_list(sp_optimizer *o, sp_plan *c, const ids *need, sp_error *err)
{
    switch (c->kind) {
    case SP_P_PROJECT:
    case SP_P_WINDOW:
    case SP_P_GENERATE: return keep_needed(o, &c->exprs, &c->expr_count, need, err);
    case SP_P_AGGREGATE: return c->distinct ? SP_OK : keep_needed(o, &c->exprs, &c->expr_count, need, err);
    case SP_P_EXPAND: return prune_expand(o, c, need, err);
    default: return SP_OK;
    }
}

/* Does the node hand its child's columns on? */
static bool passes_through(const sp_plan *p)
{
    return p->kind != SP_P_PROJECT && p->kind != SP_P_AGGREGATE && p->kind != SP_P_GENERATE && p->kind != SP_P_EXPAND;
}

/* Where rows are kept (join state, sorts), a child gives nothing that is not needed. */
static bool keeps_rows(const sp_plan *p)
{
    return p->kind == SP_P_JOIN || p->kind == SP_P_SORT || p->kind == SP_P_WINDOW || p->kind == SP_P_DEDUPLICATE ||
           p->kind == SP_P_REPARTITION;
}

static sp_plan *exactly(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err)
{
    sp_attrs want = { 0 };
    for (int i = 0; i < p->output_count; i++)
        if (ids_has(need, p->output[i].id) && sp_attrs_add(o->arena, &want, &p->output[i], err) != SP_OK)
            return NULL;
    return want.n == p->output_count ? p : sp_plan_project_attrs(o->arena, want.v, want.n, p, err);
}

static sp_plan *prune_empty(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err)
{
    sp_plan *wide = sp_plan_copy(o->arena, p, err);
    sp_attrs want = { 0 };
    for (int i = 0; wide && i < p->output_count; i++)
        if (ids_has(need, p->output[i].id) && sp_attrs_add(o->arena, &want, &p->output[i], err) != SP_OK)
            return NULL;
    if (!wide || want.n == p->output_count)
        return wide ? p : NULL;
    wide->output = want.v;
    wide->output_count = want.n;
    wide->schema = sp_plan_schema(o->arena, wide, err);
    return wide->schema ? wide : NULL;
}

static sp_plan *prune(sp_optimizer *o, sp_plan *p, const ids *need, sp_error *err)
{
    if (p->kind == SP_P_SOURCE)
        return prune_source(o, p, need, err);
    if (p->kind == SP_P_LOCAL && !p->batch_count)
        return prune_empty(o, p, need, err);
    if (p->kind == SP_P_UNION)
        return prune_union(o, p, need, err);
    if (!p->child_count)
        return p;
    sp_plan *c = sp_plan_copy(o->arena, p, err);
    if (!c || trim_own_list(o, c, need, err) != SP_OK)
        return NULL;
    ids below = passes_through(p) ? copy_ids(need) : (ids){ .arena = o->arena, .err = err };
    sp_plan_each_expr(c, add_refs, &below);
    for (int i = 0; needs_all(p) && i < p->child_count; i++)
        add_output(&below, p->children[i]);
    if (below.failed)
        return NULL;
    bool same = c->expr_count == p->expr_count && c->generator_output_count == p->generator_output_count;
    for (int i = 0; i < p->child_count; i++) {
        if (!(c->children[i] = prune(o, p->children[i], &below, err)))
            return NULL;
        if (keeps_rows(p) && !(c->children[i] = exactly(o, c->children[i], &below, err)))
            return NULL;
        same &= c->children[i] == p->children[i];
    }
    if (same)
        return p;
    return sp_plan_complete(o->arena, c, err) == SP_OK ? c : NULL;
}

sp_plan *sp_rule_prune_columns(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    ids need = { .arena = o->arena, .err = err };
    add_output(&need, p);
    return need.failed ? NULL : prune(o, p, &need, err);
}

/* ---- projects ---- */

static bool same_columns(const sp_plan *p)
{
    const sp_plan *c = p->children[0];
    if (p->expr_count != c->output_count)
        return false;
    for (int i = 0; i < p->expr_count; i++)
        if (p->exprs[i]->kind != SP_E_COLUMN || p->exprs[i]->id != c->output[i].id ||
            !sp_str_eq(p->exprs[i]->name, c->output[i].name))
            return false;
    return true;
}

typedef struct { int64_t id; int count; } usage;

static bool visit_usage(void *context, const sp_expr *e)
{
    usage *u = context;
    u->count += e->kind == SP_E_COLUMN && e->id == u->id;
    return true;
}

static bool is_cheap(const sp_expr *e)
{
    e = e->kind == SP_E_ALIAS ? e->args[0] : e;
    while (e->kind == SP_E_FIELD)
        e = e->args[0];
    return e->kind == SP_E_COLUMN || e->kind == SP_E_LITERAL;
}

/* The lower list may be put into the upper one: nothing is computed twice, nothing nondeterministic moves. */
static bool mergeable(const sp_plan *upper, const sp_plan *lower)
{
    for (int i = 0; i < lower->expr_count; i++) {
        const sp_expr *e = lower->exprs[i];
        if (!sp_expr_is_deterministic(e))
            return false;
        if (is_cheap(e))
            continue;
        usage u = { e->id, 0 };
        for (int k = 0; k < upper->expr_count; k++)
            sp_expr_walk(upper->exprs[k], visit_usage, &u);
        if (u.count > 1)
            return false;
    }
    return true;
}

/* A bare column of the upper list becomes the lower list's item under its id; its name is the upper one's. */
static sp_expr *merged_item(sp_optimizer *o, sp_expr *e, const sp_plan *lower, const int64_t *from, sp_expr *const *to,
                            int n, sp_error *err)
{
    if (e->kind != SP_E_COLUMN)
        return sp_expr_substitute(o->arena, e, from, to, n, err);
    for (int i = 0; i < lower->expr_count; i++) {
        sp_expr *l = lower->exprs[i];
        if (l->kind != SP_E_ALIAS || l->id != e->id)
            continue;
        sp_expr *c = sp_expr_copy(o->arena, l, err);
        if (c)
            c->name = e->name;
        return c;
    }
    return e;
}

static sp_plan *merge(sp_optimizer *o, sp_plan *upper, sp_plan *lower, sp_error *err)
{
    int n = 0;
    int64_t *from = sp_arena_alloc(o->arena, sizeof *from * (size_t)(lower->expr_count + 1), err);
    sp_expr **to = sp_arena_alloc(o->arena, sizeof *to * (size_t)(lower->expr_count + 1), err);
    if (!from || !to)
        return NULL;
    for (int i = 0; i < lower->expr_count; i++) {
        if (lower->exprs[i]->kind != SP_E_ALIAS)
            continue;
        from[n] = lower->exprs[i]->id;
        to[n++] = lower->exprs[i]->args[0];
    }
    sp_exprs l = { 0 };
    for (int i = 0; i < upper->expr_count; i++) {
        sp_expr *e = merged_item(o, upper->exprs[i], lower, from, to, n, err);
        if (!e || sp_exprs_add(o->arena, &l, e, err) != SP_OK)
            return NULL;
    }
    sp_plan *p = sp_plan_project(o->arena, l.v, l.n, lower->children[0], err);
    if (p) {
        p->output = upper->output;
        p->origin = upper->origin;
    }
    return p;
}

static sp_plan *collapse(void *context, sp_plan *p, sp_error *err)
{
    sp_optimizer *o = context;
    if (p->kind != SP_P_PROJECT)
        return p;
    if (same_columns(p))
        return p->children[0];
    if (p->children[0]->kind == SP_P_PROJECT && mergeable(p, p->children[0]))
        return merge(o, p, p->children[0], err);
    return p;
}

sp_plan *sp_rule_collapse_projects(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, collapse, o, err);
}

/* ---- deduplication ---- */

/* The other columns of a batch deduplication: first(column), under the column's own id. */
static sp_expr *first_of(sp_optimizer *o, const sp_attr *at, sp_error *err)
{
    sp_expr *col = sp_attr_column(o->arena, at, err);
    sp_expr *call = col ? sp_expr_function(o->arena, "first", &col, 1, err) : NULL, *bound;
    if (!call || sp_expr_bind(o->arena, o->conf, call, &bound, err) == SP_FAILED)
        return NULL;
    sp_expr *alias = sp_expr_alias(o->arena, bound, at->name, at->id, err);
    if (alias)
        alias->metadata = at->metadata;
    return alias;
}

static sp_plan *rewrite_set(void *context, sp_plan *p, sp_error *err)
{
    sp_optimizer *o = context;
    if (p->kind != SP_P_DEDUPLICATE || p->is_streaming)
        return p;
    sp_plan *a = sp_plan_new(o->arena, SP_P_AGGREGATE, p->children, 1, err);
    sp_exprs l = { 0 };
    if (!a)
        return NULL;
    for (int i = 0; i < p->output_count; i++) {
        bool key = false;
        for (int k = 0; k < p->expr_count && !key; k++)
            key = p->exprs[k]->id == p->output[i].id;
        sp_expr *e = key ? sp_attr_column(o->arena, &p->output[i], err) : first_of(o, &p->output[i], err);
        if (!e || sp_exprs_add(o->arena, &l, e, err) != SP_OK)
            return NULL;
    }
    a->grouping = p->exprs;
    a->grouping_count = p->expr_count;
    a->exprs = l.v;
    a->expr_count = l.n;
    return sp_plan_complete(o->arena, a, err) == SP_OK ? a : NULL;
}

sp_plan *sp_rule_rewrite_sets(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, rewrite_set, o, err);
}

/* ---- limits ---- */

static sp_plan *limited(sp_optimizer *o, const sp_plan *limit, sp_plan *child, sp_error *err)
{
    sp_plan *l = sp_plan_copy(o->arena, limit, err);
    if (!l)
        return NULL;
    l->children[0] = child;
    return sp_plan_complete(o->arena, l, err) == SP_OK ? l : NULL;
}

static sp_plan *push_limit(void *context, sp_plan *p, sp_error *err)
{
    sp_optimizer *o = context;
    if (p->kind != SP_P_LIMIT || p->is_streaming)
        return p;
    sp_plan *c = p->children[0];
    if (c->kind == SP_P_LIMIT) {
        sp_plan *l = limited(o, p, c->children[0], err);
        if (l)
            l->count = p->count < c->count ? p->count : c->count;
        return l;
    }
    if (c->kind != SP_P_PROJECT)
        return p;
    sp_plan *l = limited(o, p, c->children[0], err), *up = l ? sp_plan_copy(o->arena, c, err) : NULL;
    if (!up || !(up->children[0] = push_limit(o, l, err)))
        return NULL;
    return up;
}

sp_plan *sp_rule_push_limits(sp_optimizer *o, sp_plan *p, sp_error *err)
{
    return sp_plan_transform(o->arena, p, push_limit, o, err);
}
