/* expr.c -- making, copying, comparing, walking and rewriting expression trees (Spark's TreeNode and Expression). */
#include "function/function_int.h"

sp_expr *sp_expr_new(sp_arena *a, sp_expr_kind kind, sp_error *err)
{
    sp_expr *e = sp_arena_calloc(a, sizeof *e, err);
    if (!e) return NULL;
    e->kind = kind;
    e->plan_id = e->id = e->watermark_delay_us = -1;
    e->ordinal = -1;
    return e;
}

/* The CONST vector of a literal is made once, here: evaluation only re-labels it. */
sp_expr *sp_expr_literal(sp_arena *a, const sp_value *v, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_LITERAL, err);
    if (!e) return NULL;
    e->type = v->type;
    e->nullable = v->is_null;
    e->foldable = true;
    if (sp_value_copy(v, a, &e->literal, err) == SP_FAILED) return NULL;
    if (!(e->state = sp_value_vec(&e->literal, 1, a, err))) return NULL;
    return e;
}

sp_expr *sp_expr_attr(sp_arena *a, sp_str name, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_ATTR, err);
    if (!e || !(e->parts = sp_arena_calloc(a, sizeof *e->parts, err))) return NULL;
    e->parts[0] = e->name = sp_str_copy(a, name, err);
    e->part_count = 1;
    return e->name.p ? e : NULL;
}

sp_expr *sp_expr_function(sp_arena *a, const char *name, sp_expr *const *args, int count, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_FUNCTION, err);
    if (!e) return NULL;
    e->name = sp_str_copy(a, sp_str_of(name), err);
    if (!e->name.p || !(e->args = sp_arena_calloc(a, sizeof *e->args * ((size_t)count + 1), err))) return NULL;
    if (count) memcpy(e->args, args, sizeof *e->args * (size_t)count);
    e->arg_count = count;
    return e;
}

sp_expr *sp_expr_call2(sp_arena *a, const char *name, sp_expr *x, sp_expr *y, sp_error *err)
{
    if (!x || (!y && strcmp(name, "=") == 0)) return NULL;
    sp_expr *args[2] = { x, y };
    return sp_expr_function(a, name, args, y ? 2 : 1, err);
}

sp_expr *sp_expr_alias(sp_arena *a, sp_expr *child, sp_str name, int64_t id, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_ALIAS, err);
    if (!e || !child || !(e->args = sp_arena_calloc(a, sizeof *e->args, err))) return NULL;
    e->args[0] = child;
    e->arg_count = 1;
    e->name = sp_str_copy(a, name, err);
    if (!e->name.p) return NULL;
    e->id = id;
    e->type = child->type;
    e->nullable = child->nullable;
    e->foldable = child->foldable;
    if (child->kind == SP_E_COLUMN) {
        e->metadata = child->metadata;
        e->watermark_delay_us = child->watermark_delay_us;
        e->is_time_window = child->is_time_window;
    }
    return e;
}

sp_expr *sp_expr_copy(sp_arena *a, const sp_expr *e, sp_error *err)
{
    sp_expr *n = sp_arena_alloc(a, sizeof *n, err);
    if (!n) return NULL;
    *n = *e;
    n->args = sp_arena_calloc(a, sizeof *n->args * ((size_t)e->arg_count + 1), err);
    if (!n->args) return NULL;
    if (e->arg_count) memcpy(n->args, e->args, sizeof *n->args * (size_t)e->arg_count);
    return n;
}

/* ---- questions ---- */

static bool window_eq(const sp_window_spec *a, const sp_window_spec *b)
{
    if (!a || !b) return a == b;
    if (a->partition_count != b->partition_count || a->order_count != b->order_count || a->frame != b->frame ||
        a->lower_kind != b->lower_kind || a->upper_kind != b->upper_kind)
        return false;
    for (int i = 0; i < a->partition_count; i++)
        if (!sp_expr_eq(a->partition[i], b->partition[i])) return false;
    for (int i = 0; i < a->order_count; i++)
        if (!sp_expr_eq(a->order[i], b->order[i])) return false;
    return sp_expr_eq(a->lower, b->lower) && sp_expr_eq(a->upper, b->upper);
}

static bool same_args(const sp_expr *a, const sp_expr *b)
{
    if (a->arg_count != b->arg_count) return false;
    for (int i = 0; i < a->arg_count; i++)
        if (!sp_expr_eq(a->args[i], b->args[i])) return false;
    return true;
}

/* semanticEquals: resolved columns by id, aliases looked through, nondeterministic calls never equal. */
bool sp_expr_eq(const sp_expr *a, const sp_expr *b)
{
    if (!a || !b) return a == b;
    while (a->kind == SP_E_ALIAS) a = a->args[0];
    while (b->kind == SP_E_ALIAS) b = b->args[0];
    if (a == b) return sp_expr_is_deterministic(a);
    if (a->kind != b->kind) return false;
    if (a->kind <= SP_E_LAST_RESOLVED && a->type && b->type && !sp_type_same(a->type, b->type)) return false;
    switch (a->kind) {
    case SP_E_LITERAL: return sp_value_eq(&a->literal, &b->literal);
    case SP_E_COLUMN: return a->id == b->id && (a->id >= 0 || a->ordinal == b->ordinal);
    case SP_E_CALL:
        if (a->function != b->function || (a->function->flags & SP_FN_NONDETERMINISTIC)) return false;
        if ((a->function->flags & SP_FN_WINDOW) && a->ordinal != b->ordinal) return false;
        return same_args(a, b);
    case SP_E_AGG:
        return a->aggregate == b->aggregate && a->distinct == b->distinct && a->ordinal == b->ordinal &&
               sp_str_eq(a->sql_name, b->sql_name) && sp_expr_eq(a->filter, b->filter) && same_args(a, b);
    case SP_E_CAST: return a->cast_mode == b->cast_mode && same_args(a, b);
    case SP_E_FIELD: return a->ordinal == b->ordinal && same_args(a, b);
    case SP_E_SORT: return a->ascending == b->ascending && a->nulls_first == b->nulls_first && same_args(a, b);
    case SP_E_LAMBDA_VAR: return a->ordinal == b->ordinal;
    case SP_E_WINDOW: return window_eq(a->window, b->window) && same_args(a, b);
    case SP_E_SUBQUERY: return false;
    case SP_E_ATTR:
        if (a->part_count != b->part_count || a->plan_id != b->plan_id) return false;
        for (int i = 0; i < a->part_count; i++)
            if (!sp_str_eq_nocase(a->parts[i], b->parts[i])) return false;
        return true;
    case SP_E_FUNCTION: return sp_str_eq_nocase(a->name, b->name) && a->distinct == b->distinct && same_args(a, b);
    default: return sp_str_eq(a->name, b->name) && same_args(a, b);
    }
}

typedef struct find { sp_expr_kind above; bool agg, nondeterministic, found; } find;

static bool find_visit(void *context, const sp_expr *e)
{
    find *f = context;
    if (f->agg) f->found |= e->kind == SP_E_AGG;
    else if (f->nondeterministic) f->found |= e->kind == SP_E_CALL && e->function &&
        (e->function->flags & SP_FN_NONDETERMINISTIC);
    else f->found |= e->kind > SP_E_LAST_RESOLVED || (e->kind == SP_E_LAMBDA_VAR && !e->type);
    /* an aggregate used as a window function is no aggregate of the query */
    return !f->found && !(f->agg && e->kind == SP_E_WINDOW);
}

bool sp_expr_is_resolved(const sp_expr *e)
{
    find f = { 0 };
    sp_expr_walk(e, find_visit, &f);
    return !f.found;
}

bool sp_expr_is_deterministic(const sp_expr *e)
{
    find f = { .nondeterministic = true };
    sp_expr_walk(e, find_visit, &f);
    return !f.found;
}

bool sp_expr_has_agg(const sp_expr *e)
{
    find f = { .agg = true };
    sp_expr_walk(e, find_visit, &f);
    return f.found;
}

void sp_expr_walk(const sp_expr *e, bool (*visit)(void *context, const sp_expr *e), void *context)
{
    if (!e || !visit(context, e)) return;
    for (int i = 0; i < e->arg_count; i++) sp_expr_walk(e->args[i], visit, context);
    sp_expr_walk(e->filter, visit, context);
    if (!e->window) return;
    for (int i = 0; i < e->window->partition_count; i++) sp_expr_walk(e->window->partition[i], visit, context);
    for (int i = 0; i < e->window->order_count; i++) sp_expr_walk(e->window->order[i], visit, context);
    sp_expr_walk(e->window->lower, visit, context);
    sp_expr_walk(e->window->upper, visit, context);
}

/* ---- rewriting ---- */

typedef sp_expr *(*rewrite)(void *context, sp_expr *e, sp_error *err);

static bool transform_list(sp_arena *a, sp_expr **list, int count, rewrite f, void *context, sp_error *err)
{
    for (int i = 0; i < count; i++)
        if (list[i] && !(list[i] = sp_expr_transform(a, list[i], f, context, err))) return false;
    return true;
}

static sp_window_spec *transform_window(sp_arena *a, const sp_window_spec *w, rewrite f, void *context, sp_error *err)
{
    sp_window_spec *n = sp_arena_alloc(a, sizeof *n, err);
    if (!n) return NULL;
    *n = *w;
    n->partition = sp_arena_calloc(a, sizeof *n->partition * ((size_t)w->partition_count + 1), err);
    n->order = sp_arena_calloc(a, sizeof *n->order * ((size_t)w->order_count + 1), err);
    if (!n->partition || !n->order) return NULL;
    for (int i = 0; i < w->partition_count; i++) n->partition[i] = w->partition[i];
    for (int i = 0; i < w->order_count; i++) n->order[i] = w->order[i];
    if (!transform_list(a, n->partition, n->partition_count, f, context, err) ||
        !transform_list(a, n->order, n->order_count, f, context, err) ||
        !transform_list(a, &n->lower, 1, f, context, err) || !transform_list(a, &n->upper, 1, f, context, err))
        return NULL;
    return n;
}

sp_expr *sp_expr_transform(sp_arena *a, sp_expr *e, rewrite f, void *context, sp_error *err)
{
    if (e->arg_count || e->filter || e->window) {
        sp_expr *n = sp_expr_copy(a, e, err);
        if (!n || !transform_list(a, n->args, n->arg_count, f, context, err) ||
            !transform_list(a, &n->filter, 1, f, context, err))
            return NULL;
        if (n->window && !(n->window = transform_window(a, e->window, f, context, err))) return NULL;
        bool same = n->filter == e->filter && !e->window;
        for (int i = 0; same && i < e->arg_count; i++) same = n->args[i] == e->args[i];
        if (!same) e = n;
    }
    return f(context, e, err);
}
