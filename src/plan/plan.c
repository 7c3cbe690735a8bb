/* plan.c -- plan nodes: making, copying, rewriting, their output attributes, and the ids of attributes.
 *
 * A resolved node's output follows from its kind, its expressions and its children (sp_plan_complete), as each
 * LogicalPlan class of Spark defines `output`. Attributes are told apart by id alone (exprId), so a tree that is used
 * twice gets new ids (sp_plan_fresh), as Spark's DeduplicateRelations gives to one side of a self-join. */
#include "plan/plan_int.h"

#include <stdatomic.h>
#include <stdio.h>

static const char *const kind_names[SP_P_KIND_COUNT] = {
    [SP_P_SOURCE] = "Relation",
    [SP_P_LOCAL] = "LocalRelation",
    [SP_P_ONE_ROW] = "OneRowRelation",
    [SP_P_RANGE] = "Range",
    [SP_P_PROJECT] = "Project",
    [SP_P_FILTER] = "Filter",
    [SP_P_GENERATE] = "Generate",
    [SP_P_AGGREGATE] = "Aggregate",
    [SP_P_SORT] = "Sort",
    [SP_P_LIMIT] = "GlobalLimit",
    [SP_P_OFFSET] = "Offset",
    [SP_P_TAIL] = "Tail",
    [SP_P_JOIN] = "Join",
    [SP_P_UNION] = "Union",
    [SP_P_INTERSECT] = "Intersect",
    [SP_P_EXCEPT] = "Except",
    [SP_P_DEDUPLICATE] = "Deduplicate",
    [SP_P_WATERMARK] = "EventTimeWatermark",
    [SP_P_WINDOW] = "Window",
    [SP_P_EXPAND] = "Expand",
    [SP_P_SAMPLE] = "Sample",
    [SP_P_REPARTITION] = "Repartition",
    [SP_P_COLLECT_METRICS] = "CollectMetrics",
    [SP_P_SESSION_WINDOW] = "SessionWindow",
    [SP_P_COMMAND] = "Command",
    [SP_P_READ] = "UnresolvedDataSource",
    [SP_P_TABLE] = "UnresolvedRelation",
    [SP_P_TABLE_FUNCTION] = "UnresolvedTableValuedFunction",
    [SP_P_ALIAS] = "SubqueryAlias",
    [SP_P_WITH] = "UnresolvedWith",
    [SP_P_WITH_COLUMNS] = "Project",
    [SP_P_RENAME_COLUMNS] = "Project",
    [SP_P_DROP] = "DataFrameDropColumns",
    [SP_P_TO_DF] = "Project",
    [SP_P_TO_SCHEMA] = "Project",
    [SP_P_NA_FILL] = "Project",
    [SP_P_NA_DROP] = "Filter",
    [SP_P_NA_REPLACE] = "Project",
    [SP_P_LATERAL_VIEW] = "Generate",
    [SP_P_PIVOT] = "Pivot",
    [SP_P_UNPIVOT] = "Unpivot",
    [SP_P_TRANSPOSE] = "UnresolvedTranspose",
    [SP_P_GROUPING_SETS] = "Aggregate",
    [SP_P_HAVING] = "UnresolvedHaving",
    [SP_P_UNION_BY_NAME] = "Union",
    [SP_P_SQL] = "Sql",
    [SP_P_HINT] = "UnresolvedHint",
    [SP_P_SHOW_STRING] = "ShowString",
    [SP_P_HTML_STRING] = "HtmlString",
    [SP_P_STAT] = "Stat",
    [SP_P_CACHED_REMOTE] = "CachedRemoteRelation",
    [SP_P_JOIN_USING] = "Join",
};

const char *sp_plan_kind_name(sp_plan_kind kind)
{
    return kind >= 0 && kind < SP_P_KIND_COUNT && kind_names[kind] ? kind_names[kind] : "Unknown";
}

int64_t sp_plan_new_id(void)
{
    static _Atomic int64_t next;
    return atomic_fetch_add(&next, 1);
}

sp_plan *sp_plan_new(sp_arena *a, sp_plan_kind kind, sp_plan *const *children, int child_count, sp_error *err)
{
    sp_plan *p = sp_arena_calloc(a, sizeof *p, err);
    if (!p)
        return NULL;
    p->kind = kind;
    p->plan_id = -1;
    if (child_count) {
        p->children = sp_arena_alloc(a, sizeof *children * (size_t)child_count, err);
        if (!p->children)
            return NULL;
        memcpy(p->children, children, sizeof *children * (size_t)child_count);
        p->child_count = child_count;
    }
    return p;
}

sp_plan *sp_plan_copy(sp_arena *a, const sp_plan *p, sp_error *err)
{
    sp_plan *c = sp_arena_alloc(a, sizeof *c, err);
    if (!c)
        return NULL;
    *c = *p;
    if (p->child_count) {
        c->children = sp_arena_alloc(a, sizeof *c->children * (size_t)p->child_count, err);
        if (!c->children)
            return NULL;
        memcpy(c->children, p->children, sizeof *c->children * (size_t)p->child_count);
    }
    return c;
}

sp_plan *sp_plan_transform(sp_arena *a, sp_plan *p, sp_plan *(*f)(void *context, sp_plan *p, sp_error *err),
                           void *context, sp_error *err)
{
    sp_plan *here = p;
    for (int i = 0; i < p->child_count; i++) {
        sp_plan *child = sp_plan_transform(a, p->children[i], f, context, err);
        if (!child)
            return NULL;
        if (child == p->children[i])
            continue;
        if (here == p && !(here = sp_plan_copy(a, p, err)))
            return NULL;
        here->children[i] = child;
    }
    return f(context, here, err);
}

/* ---- growable arrays ---- */

#define DEFINE_ADD(name, list, item)                                                             \
    sp_status name(sp_arena *a, list *l, item e, sp_error *err)                                  \
    {                                                                                            \
        if (l->n == l->cap) {                                                                    \
            int cap = l->cap ? l->cap * 2 : 8;                                                   \
            void *v = sp_arena_alloc(a, sizeof *l->v * (size_t)cap, err);                        \
            if (!v)                                                                              \
                return SP_FAILED;                                                                \
            if (l->n)                                                                            \
                memcpy(v, l->v, sizeof *l->v * (size_t)l->n);                                    \
            l->v = v;                                                                            \
            l->cap = cap;                                                                        \
        }                                                                                        \
        l->v[l->n++] = DEREF e;                                                                  \
        return SP_OK;                                                                            \
    }
#define DEREF
DEFINE_ADD(sp_exprs_add, sp_exprs, sp_expr *)
#undef DEREF
#define DEREF *
DEFINE_ADD(sp_attrs_add, sp_attrs, const sp_attr *)
#undef DEREF

/* ---- texts ---- */

const char *sp_cstr(sp_arena *a, sp_str s)
{
    sp_error ignored = { 0 };
    const char *c = sp_arena_strndup(a, s.p ? s.p : "", s.p ? s.n : 0, &ignored);
    return c ? c : "";
}

static void quote_into(sp_buf *b, sp_str s)
{
    sp_buf_putc(b, '`');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '`')
            sp_buf_putc(b, '`');
        sp_buf_putc(b, s.p[i]);
    }
    sp_buf_putc(b, '`');
}

const char *sp_quote_parts(sp_arena *a, const sp_str *parts, int count)
{
    sp_buf b = { 0 };
    for (int i = 0; i < count; i++) {
        if (i)
            sp_buf_putc(&b, '.');
        quote_into(&b, parts[i]);
    }
    const char *out = sp_cstr(a, (sp_str){ b.data, b.len });
    sp_buf_done(&b);
    return out;
}

const char *sp_quote_id(sp_arena *a, sp_str name)
{
    return sp_quote_parts(a, &name, 1);
}

/* JSON object text with one member set (or taken out). Members keep their order; a new one comes last. */
sp_str sp_metadata_set(sp_arena *a, sp_str metadata, const char *key, const char *value, sp_error *err)
{
    sp_json *old = NULL;
    if (metadata.n && sp_json_parse(a, metadata, &old, err) == SP_FAILED)
        return (sp_str){ 0 };
    sp_buf b = { 0 };
    bool put = false, any = false;
    sp_buf_putc(&b, '{');
    for (const sp_json *m = old ? old->child : NULL; m; m = m->next) {
        bool same = sp_str_is(m->key, key);
        if (same && !value)
            continue;
        if (any)
            sp_buf_putc(&b, ',');
        sp_json_quote(&b, m->key);
        sp_buf_putc(&b, ':');
        if (same)
            sp_buf_puts(&b, value);
        else
            sp_json_write(&b, m);
        put |= same;
        any = true;
    }
    if (value && !put) {
        if (any)
            sp_buf_putc(&b, ',');
        sp_json_quote(&b, sp_str_of(key));
        sp_buf_putc(&b, ':');
        sp_buf_puts(&b, value);
        any = true;
    }
    sp_buf_putc(&b, '}');
    sp_str out = { 0 };
    if (any && sp_buf_check(&b, err) == SP_OK)
        out = sp_str_copy(a, (sp_str){ b.data, b.len }, err);
    sp_buf_done(&b);
    return out;
}

/* ---- attributes and expressions ---- */

sp_expr *sp_attr_column(sp_arena *a, const sp_attr *at, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_COLUMN, err);
    if (!e)
        return NULL;
    e->id = at->id;
    e->name = at->name;
    e->type = at->type;
    e->nullable = at->nullable;
    e->metadata = at->metadata;
    e->watermark_delay_us = at->watermark_delay_us;
    e->is_time_window = at->is_time_window;
    e->parts = at->qualifier;
    e->part_count = at->qualifier_count;
    return e;
}

sp_attr sp_expr_attr_of(const sp_expr *e)
{
    sp_attr at = { .id = e->id, .name = e->name, .type = e->type, .nullable = e->nullable, .metadata = e->metadata,
                   .watermark_delay_us = e->watermark_delay_us, .is_time_window = e->is_time_window };
    if (e->kind == SP_E_COLUMN) {
        at.qualifier = e->parts;
        at.qualifier_count = e->part_count;
    }
    return at;
}

sp_expr *sp_expr_strip_alias(sp_expr *e)
{
    while (e->kind == SP_E_ALIAS)
        e = e->args[0];
    return e;
}

const sp_attr *sp_attrs_find(const sp_attr *attrs, int count, int64_t id)
{
    for (int i = 0; i < count; i++)
        if (attrs[i].id == id)
            return &attrs[i];
    return NULL;
}

bool sp_attrs_has(const sp_attr *attrs, int count, int64_t id)
{
    return sp_attrs_find(attrs, count, id) != NULL;
}

typedef struct { const sp_attr *attrs; int count; bool within, any; sp_expr_kind kind; bool found; } refs;

static bool visit_refs(void *context, const sp_expr *e)
{
    refs *r = context;
    if (e->kind == r->kind)
        r->found = true;
    if (e->kind == SP_E_COLUMN) {
        if (sp_attrs_has(r->attrs, r->count, e->id))
            r->any = true;
        else
            r->within = false;
    }
    return true;
}

bool sp_expr_refs_within(const sp_expr *e, const sp_attr *attrs, int count)
{
    refs r = { attrs, count, true, false, SP_E_DEFAULT, false };
    sp_expr_walk(e, visit_refs, &r);
    return r.within;
}

bool sp_expr_refs_any(const sp_expr *e, const sp_attr *attrs, int count)
{
    refs r = { attrs, count, true, false, SP_E_DEFAULT, false };
    sp_expr_walk(e, visit_refs, &r);
    return r.any;
}

bool sp_expr_has_kind(const sp_expr *e, sp_expr_kind kind)
{
    refs r = { NULL, 0, true, false, kind, false };
    sp_expr_walk(e, visit_refs, &r);
    return r.found;
}

bool sp_expr_is_generator(const sp_expr *e)
{
    return e->kind == SP_E_CALL && e->function && (e->function->flags & SP_FN_GENERATOR);
}

typedef struct { sp_arena *arena; const int64_t *ids; sp_expr *const *to; int count; } substitution;

static sp_expr *substitute_one(void *context, sp_expr *e, sp_error *err)
{
    substitution *s = context;
    if (e->kind == SP_E_COLUMN)
        for (int i = 0; i < s->count; i++)
            if (s->ids[i] == e->id)
                return sp_expr_strip_alias(s->to[i]);
    return e;
}

sp_expr *sp_expr_substitute(sp_arena *a, sp_expr *e, const int64_t *ids, sp_expr *const *to, int count, sp_error *err)
{
    substitution s = { a, ids, to, count };
    return sp_expr_transform(a, e, substitute_one, &s, err);
}

/* ---- a node's expressions ---- */

static sp_status map_list(sp_arena *a, sp_expr ***list, int count, sp_expr_map f, void *context, sp_error *err)
{
    if (!count)
        return SP_OK;
    sp_expr **v;
    SP_NEW_ARRAY(v, a, count, err);
    for (int i = 0; i < count; i++)
        if (!(v[i] = f(context, (*list)[i], err)))
            return SP_FAILED;
    *list = v;
    return SP_OK;
}

sp_status sp_plan_map_exprs(sp_arena *a, const sp_plan *p, sp_expr_map f, void *context, sp_plan **out, sp_error *err)
{
    sp_plan *c = sp_plan_copy(a, p, err);
    if (!c)
        return SP_FAILED;
    SP_TRY(map_list(a, &c->exprs, c->expr_count, f, context, err));
    SP_TRY(map_list(a, &c->grouping, c->grouping_count, f, context, err));
    if (c->condition && !(c->condition = f(context, c->condition, err)))
        return SP_FAILED;
    if (c->list_count) {
        sp_expr ***lists;
        SP_NEW_ARRAY(lists, a, c->list_count, err);
        memcpy(lists, c->lists, sizeof *lists * (size_t)c->list_count);
        for (int i = 0; i < c->list_count; i++)
            SP_TRY(map_list(a, &lists[i], c->list_counts[i], f, context, err));
        c->lists = lists;
    }
    *out = c;
    return SP_OK;
}

void sp_plan_each_expr(const sp_plan *p, void (*visit)(void *context, const sp_expr *e), void *context)
{
    for (int i = 0; i < p->grouping_count; i++)
        visit(context, p->grouping[i]);
    for (int i = 0; i < p->expr_count; i++)
        visit(context, p->exprs[i]);
    if (p->condition)
        visit(context, p->condition);
    for (int i = 0; i < p->list_count; i++)
        for (int j = 0; j < p->list_counts[i]; j++)
            visit(context, p->lists[i][j]);
}

/* ---- output ---- */

static sp_status output_of_exprs(sp_arena *a, sp_plan *p, sp_error *err)
{
    SP_NEW_ARRAY(p->output, a, p->expr_count + 1, err);
    p->output_count = p->expr_count;
    for (int i = 0; i < p->expr_count; i++)
        p->output[i] = sp_expr_attr_of(p->exprs[i]);
    return SP_OK;
}

static sp_status concat_output(sp_arena *a, sp_plan *p, const sp_attr *l, int nl, bool l_null, const sp_attr *r, int nr,
                               bool r_null, sp_error *err)
{
    sp_attr *v;
    SP_NEW_ARRAY(v, a, nl + nr + 1, err);
    if (nl)
        memcpy(v, l, sizeof *v * (size_t)nl);
    if (nr)
        memcpy(v + nl, r, sizeof *v * (size_t)nr);
    for (int i = 0; i < nl && l_null; i++)
        v[i].nullable = true;
    for (int i = nl; i < nl + nr && r_null; i++)
        v[i].nullable = true;
    p->output = v;
    p->output_count = nl + nr;
    return SP_OK;
}

static sp_status join_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    const sp_plan *l = p->children[0], *r = p->children[1];
    if (p->join_type == SP_JOIN_SEMI || p->join_type == SP_JOIN_ANTI)
        return concat_output(a, p, l->output, l->output_count, false, NULL, 0, false, err);
    bool full = p->join_type == SP_JOIN_FULL;
    return concat_output(a, p, l->output, l->output_count, full || p->join_type == SP_JOIN_RIGHT, r->output,
                         r->output_count, full || p->join_type == SP_JOIN_LEFT, err);
}

/* The first child's attributes; nullable where any child is (Union, Except takes the left's, Intersect what both are).
 */
static sp_status set_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    const sp_plan *first = p->children[0];
    SP_TRY(concat_output(a, p, first->output, first->output_count, false, NULL, 0, false, err));
    for (int c = 1; c < p->child_count && p->kind != SP_P_EXCEPT; c++)
        for (int i = 0; i < p->output_count && i < p->children[c]->output_count; i++) {
            bool other = p->children[c]->output[i].nullable;
            p->output[i].nullable = p->kind == SP_P_UNION ? p->output[i].nullable || other
                                                          : p->output[i].nullable && other;
        }
    return SP_OK;
}

/* EventTimeWatermark.output: the column gets the delay, every other one loses its own. */
static sp_status watermark_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    const sp_plan *c = p->children[0];
    SP_TRY(concat_output(a, p, c->output, c->output_count, false, NULL, 0, false, err));
    char ms[32];
    snprintf(ms, sizeof ms, "%lld", (long long)(p->delay_us / 1000 + (int64_t)p->delay_months * 31 * 86400000));
    for (int i = 0; i < p->output_count; i++) {
        sp_attr *at = &p->output[i];
        bool is_it = at->id == p->exprs[0]->id;
        if (!is_it && at->watermark_delay_us < 0)
            continue;
        at->watermark_delay_us = is_it ? p->delay_us + (int64_t)p->delay_months * 31 * SP_US_PER_DAY : -1;
        at->metadata = sp_metadata_set(a, at->metadata, "spark.watermarkDelayMs", is_it ? ms : NULL, err);
        if (is_it && !at->metadata.p)
            return SP_FAILED;
    }
    return SP_OK;
}

/* DataType.asNullable. */
static sp_status nullable_type(sp_arena *a, const sp_type *t, const sp_type **out, sp_error *err)
{
    sp_type *copy;
    sp_field *fields;
    *out = t;
    if (!sp_kind_is_nested(t->kind))
        return SP_OK;
    SP_NEW(copy, a, sizeof *copy, err);
    SP_NEW_ARRAY(fields, a, t->field_count + 1, err);
    *copy = *t;
    for (int i = 0; i < t->field_count; i++) {
        fields[i] = t->fields[i];
        fields[i].nullable = !(t->kind == SP_MAP && i == 0);
        SP_TRY(nullable_type(a, t->fields[i].type, &fields[i].type, err));
    }
    copy->fields = fields;
    *out = copy;
    return SP_OK;
}

/* Rows that come out of state promise nothing (spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled). */
static sp_status stateful_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    for (int i = 0; i < p->output_count; i++) {
        p->output[i].nullable = true;
        SP_TRY(nullable_type(a, p->output[i].type, &p->output[i].type, err));
    }
    return SP_OK;
}

static sp_status generate_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    SP_TRY(output_of_exprs(a, p, err));
    sp_attr *kept = p->output;
    return concat_output(a, p, kept, p->expr_count, false, p->generator_output, p->generator_output_count, p->outer,
                         err);
}

static sp_status window_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    const sp_plan *c = p->children[0];
    SP_TRY(output_of_exprs(a, p, err));
    sp_attr *made = p->output;
    return concat_output(a, p, c->output, c->output_count, false, made, p->expr_count, false, err);
}

static sp_status show_output(sp_arena *a, sp_plan *p, sp_error *err)
{
    SP_NEW_ARRAY(p->output, a, 1, err);
    p->output_count = 1;
    p->output[0] = (sp_attr){ .id = sp_plan_new_id(),
                              .name = p->kind == SP_P_SHOW_STRING ? SP_LIT("show_string") : SP_LIT("html_string"),
                              .type = sp_type_of(SP_STRING),
                              .watermark_delay_us = -1 };
    return SP_OK;
}

sp_status sp_plan_complete(sp_arena *a, sp_plan *p, sp_error *err)
{
    p->is_streaming = p->kind == SP_P_SOURCE && p->scan && p->scan->is_streaming;
    for (int i = 0; i < p->child_count; i++)
        p->is_streaming |= p->children[i]->is_streaming;
    switch (p->kind) {
    case SP_P_SOURCE: case SP_P_LOCAL: case SP_P_RANGE: case SP_P_COMMAND: case SP_P_ALIAS: case SP_P_ONE_ROW:
        return SP_OK;                                  /* set by whoever made them */
    case SP_P_PROJECT: return output_of_exprs(a, p, err);
    case SP_P_AGGREGATE:
        SP_TRY(output_of_exprs(a, p, err));
        return p->child_count && p->children[0]->is_streaming ? stateful_output(a, p, err) : SP_OK;
    case SP_P_JOIN: return join_output(a, p, err);
    case SP_P_UNION: case SP_P_INTERSECT: case SP_P_EXCEPT: return set_output(a, p, err);
    case SP_P_WATERMARK: return watermark_output(a, p, err);
    case SP_P_GENERATE: return generate_output(a, p, err);
    case SP_P_WINDOW: return window_output(a, p, err);
    case SP_P_EXPAND:
        p->output = p->generator_output;
        p->output_count = p->generator_output_count;
        return SP_OK;
    case SP_P_SHOW_STRING: case SP_P_HTML_STRING:
        return p->output ? SP_OK : show_output(a, p, err);
    default:
        p->output = p->children[0]->output;
        p->output_count = p->children[0]->output_count;
        return SP_OK;
    }
}

sp_plan *sp_plan_project(sp_arena *a, sp_expr *const *exprs, int count, sp_plan *child, sp_error *err)
{
    sp_plan *p = sp_plan_new(a, SP_P_PROJECT, &child, 1, err);
    if (!p)
        return NULL;
    p->exprs = sp_arena_alloc(a, sizeof *exprs * (size_t)(count + 1), err);
    if (!p->exprs)
        return NULL;
    if (count)
        memcpy(p->exprs, exprs, sizeof *exprs * (size_t)count);
    p->expr_count = count;
    return sp_plan_complete(a, p, err) == SP_OK ? p : NULL;
}

sp_plan *sp_plan_project_attrs(sp_arena *a, const sp_attr *attrs, int count, sp_plan *child, sp_error *err)
{
    sp_exprs l = { 0 };
    for (int i = 0; i < count; i++) {
        sp_expr *e = sp_attr_column(a, &attrs[i], err);
        if (!e || sp_exprs_add(a, &l, e, err) != SP_OK)
            return NULL;
    }
    return sp_plan_project(a, l.v, l.n, child, err);
}

sp_plan *sp_plan_filter(sp_arena *a, sp_expr *condition, sp_plan *child, sp_error *err)
{
    sp_plan *p = sp_plan_new(a, SP_P_FILTER, &child, 1, err);
    if (!p)
        return NULL;
    p->condition = condition;
    return sp_plan_complete(a, p, err) == SP_OK ? p : NULL;
}

const sp_type *sp_plan_schema(sp_arena *a, const sp_plan *p, sp_error *err)
{
    sp_field *f = sp_arena_calloc(a, sizeof *f * (size_t)(p->output_count + 1), err);
    if (!f)
        return NULL;
    for (int i = 0; i < p->output_count; i++)
        f[i] = (sp_field){ p->output[i].name, p->output[i].type, p->output[i].nullable, p->output[i].metadata };
    return sp_type_struct(a, f, p->output_count, err);
}

/* ---- new ids ---- */

typedef struct { sp_arena *arena; int64_t *from, *to; int n, cap; } renewal;

static sp_status renew(renewal *r, int64_t *id, sp_error *err)
{
    if (r->n == r->cap) {
        int cap = r->cap ? 2 * r->cap : 32;
        int64_t *from, *to;
        SP_NEW_ARRAY(from, r->arena, cap, err);
        SP_NEW_ARRAY(to, r->arena, cap, err);
        if (r->n) {
            memcpy(from, r->from, sizeof *from * (size_t)r->n);
            memcpy(to, r->to, sizeof *to * (size_t)r->n);
        }
        r->from = from;
        r->to = to;
        r->cap = cap;
    }
    r->from[r->n] = *id;
    *id = r->to[r->n++] = sp_plan_new_id();
    return SP_OK;
}

static int64_t renewed(const renewal *r, int64_t id)
{
    for (int i = r->n - 1; i >= 0; i--)
        if (r->from[i] == id)
            return r->to[i];
    return id;
}

static sp_expr *renew_expr(void *context, sp_expr *e, sp_error *err)
{
    renewal *r = context;
    if (e->kind != SP_E_COLUMN && e->kind != SP_E_ALIAS)
        return e;
    sp_expr *c = sp_expr_copy(r->arena, e, err);
    if (!c)
        return NULL;
    if (e->kind == SP_E_COLUMN)
        c->id = renewed(r, e->id);
    else if (renew(r, &c->id, err) != SP_OK)
        return NULL;
    return c;
}

static sp_expr *renew_tree(void *context, sp_expr *e, sp_error *err)
{
    return sp_expr_transform(((renewal *)context)->arena, e, renew_expr, context, err);
}

static sp_status renew_attrs(renewal *r, sp_attr **attrs, int count, bool made_here, sp_error *err)
{
    if (!count)
        return SP_OK;
    sp_attr *v;
    SP_NEW_ARRAY(v, r->arena, count, err);
    memcpy(v, *attrs, sizeof *v * (size_t)count);
    for (int i = 0; i < count; i++)
        if (made_here)
            SP_TRY(renew(r, &v[i].id, err));
        else
            v[i].id = renewed(r, v[i].id);
    *attrs = v;
    return SP_OK;
}

static sp_plan *renew_plan(void *context, sp_plan *p, sp_error *err)
{
    renewal *r = context;
    sp_plan *c;
    if (sp_plan_map_exprs(r->arena, p, renew_tree, r, &c, err) != SP_OK)
        return NULL;
    if (renew_attrs(r, &c->generator_output, c->generator_output_count, true, err) != SP_OK)
        return NULL;
    if (c->kind == SP_P_EXPAND) {
        c->output = c->generator_output;
        return c;
    }
    bool leaf = c->child_count == 0 || c->kind == SP_P_SHOW_STRING || c->kind == SP_P_HTML_STRING;
    if (renew_attrs(r, &c->output, c->output_count, leaf, err) != SP_OK)
        return NULL;
    if (c->kind == SP_P_SOURCE && c->scan) {
        sp_scan *s = sp_arena_alloc(r->arena, sizeof *s, err);
        if (!s)
            return NULL;
        *s = *c->scan;
        if (s->column_ids) {
            int n = s->schema->field_count;
            s->column_ids = sp_arena_alloc(r->arena, sizeof *s->column_ids * (size_t)(n + 1), err);
            if (!s->column_ids)
                return NULL;
            for (int i = 0; i < n; i++)
                s->column_ids[i] = renewed(r, c->scan->column_ids[i]);
        }
        c->scan = s;
    }
    return c;
}

sp_plan *sp_plan_fresh(sp_arena *a, sp_plan *p, sp_error *err)
{
    renewal r = { .arena = a };
    return sp_plan_transform(a, p, renew_plan, &r, err);
}
