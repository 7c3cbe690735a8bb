/* explain.c -- the physical plan as Spark words it: what EXPLAIN and DataFrame.explain print below "== Physical Plan
 * ==".
 *
 * Lines are made from the plan with the operators Spark would have there (an aggregate is partial, exchange, final; a
 * streaming one has its store's steps between). "*(n) " marks operators of one code-generation stage; stages count from
 * the leaves. */
#include "operator/operator_int.h"

typedef struct line {
    const char *text;
    bool generated;           /* has a stage */
    int stage;
    struct line *child[16]; int child_count;
} line;

typedef struct printer { const sp_exec *x; sp_arena *a; int exchanges, state_ops; } printer;

static line *new_line(printer *z, sp_buf *text, bool generated, line *child)
{
    line *l = sp_arena_calloc(z->a, sizeof *l, NULL);
    const char *s = l ? sp_arena_strndup(z->a, text->data ? text->data : "", text->len, NULL) : NULL;
    sp_buf_done(text);
    if (!s)
        return NULL;
    l->text = s;
    l->generated = generated;
    if (child)
        l->child[l->child_count++] = child;
    return l;
}

static void put_exprs(sp_buf *b, sp_expr *const *e, int n)
{
    sp_buf_putc(b, '[');
    for (int i = 0; i < n; i++) {
        if (i)
            sp_buf_puts(b, ", ");
        sp_expr_string(b, e[i]);
    }
    sp_buf_putc(b, ']');
}

static void put_attrs(sp_buf *b, const sp_attr *at, int n)
{
    sp_buf_putc(b, '[');
    for (int i = 0; i < n; i++) {
        sp_buf_puts(b, i ? ", " : "");
        sp_buf_add(b, at[i].name.p, at[i].name.n);
        sp_buf_printf(b, "#%lld%s", (long long)at[i].id, at[i].type->kind == SP_LONG ? "L" : "");
    }
    sp_buf_putc(b, ']');
}

/* ---- aggregates ---- */

typedef struct calls { sp_buf *b; const char *prefix; const sp_expr *seen[64]; int count; } calls;

static bool put_call(void *context, const sp_expr *e)
{
    calls *c = context;
    if (e->kind != SP_E_AGG)
        return true;
    for (int i = 0; i < c->count; i++)
        if (sp_expr_eq(c->seen[i], e))
            return false;
    if (c->count == 64)
        return false;
    sp_buf_puts(c->b, c->count ? ", " : "");
    sp_buf_puts(c->b, c->prefix);
    sp_expr_string(c->b, e);
    c->seen[c->count++] = e;
    return false;
}

static line *aggregate_line(printer *z, const sp_plan *p, const char *prefix, line *child)
{
    sp_buf b = { 0 };
    sp_buf_puts(&b, "HashAggregate(keys=");
    put_exprs(&b, p->grouping, p->grouping_count);
    sp_buf_puts(&b, ", functions=[");
    calls c = { &b, prefix, { 0 }, 0 };
    for (int i = 0; i < p->expr_count; i++)
        sp_expr_walk(p->exprs[i], put_call, &c);
    sp_buf_puts(&b, "])");
    return new_line(z, &b, true, child);
}

static line *exchange_line(printer *z, sp_expr *const *keys, int n, const char *kind, line *child)
{
    sp_buf b = { 0 };
    sp_buf_puts(&b, "Exchange ");
    if (n == 0 && strcmp(kind, "hashpartitioning") == 0)
        sp_buf_puts(&b, "SinglePartition");
    else {
        sp_buf_printf(&b, "%s(", kind);
        for (int i = 0; i < n; i++) {
            sp_expr_string(&b, keys[i]);
            sp_buf_puts(&b, ", ");
        }
        sp_buf_printf(&b, "%d)", z->x->spec.shuffle_partitions);
    }
    sp_buf_printf(&b, ", ENSURE_REQUIREMENTS, [plan_id=%d]", ++z->exchanges);
    return new_line(z, &b, false, child);
}

static const char *mode_name(const sp_exec *x)
{
    return x->spec.mode == SP_APPEND ? "Append" : x->spec.mode == SP_UPDATE ? "Update" : "Complete";
}

static line *state_line(printer *z, const sp_plan *p, const char *name, int op_id, bool save, line *child)
{
    sp_buf b = { 0 };
    sp_buf_printf(&b, "%s ", name);
    put_exprs(&b, p->grouping, p->grouping_count);
    sp_buf_printf(&b, ", state info [ checkpoint = %s, opId = %d, numPartitions = %d]",
                  z->x->spec.state && z->x->spec.state->state_dir ? z->x->spec.state->state_dir : "<unknown>", op_id,
                  z->x->spec.shuffle_partitions);
    if (save)
        sp_buf_printf(&b, ", %s", mode_name(z->x));
    sp_buf_puts(&b, ", 2");
    return new_line(z, &b, false, child);
}

static line *aggregate(printer *z, const sp_plan *p, line *child)
{
    line *l = aggregate_line(z, p, "partial_", child);
    l = l ? exchange_line(z, p->grouping, p->grouping_count, "hashpartitioning", l) : NULL;
    if (l && z->x->spec.streaming && p->is_streaming) {
        int id = z->state_ops++;
        l = aggregate_line(z, p, "merge_", l);
        l = l ? state_line(z, p, "StateStoreRestore", id, false, l) : NULL;
        l = l ? aggregate_line(z, p, "merge_", l) : NULL;
        l = l ? state_line(z, p, "StateStoreSave", id, true, l) : NULL;
    }
    return l ? aggregate_line(z, p, "", l) : NULL;
}

/* ---- everything else ---- */

static void put_scan(sp_buf *b, const sp_plan *p)
{
    const sp_scan *s = p->scan;
    if (s->file_format) {
        sp_buf_printf(b, "%sScan %s ", s->is_streaming ? "" : "File", s->format);
        put_attrs(b, p->output, p->output_count);
        sp_buf_puts(b, " Batched: false, DataFilters: ");
        put_exprs(b, s->pushed, s->pushed_count);
        sp_buf_printf(b, ", Format: %s, Location: [", s->file_format->display);
        for (int i = 0; i < s->path_count; i++) {
            sp_buf_puts(b, i ? ", file:" : "file:");
            sp_buf_add(b, s->paths[i].p, s->paths[i].n);
        }
        sp_buf_puts(b, "]");
    } else {
        sp_buf_printf(b, "%s %s ", s->is_streaming ? "MicroBatchScan" : "Scan", s->format ? s->format : "ExistingRDD");
        put_attrs(b, p->output, p->output_count);
    }
}

static const char *join_name(sp_join_type t)
{
    static const char *const names[] = { "Inner",    "LeftOuter", "RightOuter", "FullOuter",
                                         "LeftSemi", "LeftAnti",  "Cross" };
    return names[t];
}

static bool put_simple(sp_buf *b, const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_SOURCE: put_scan(b, p); return false;
    case SP_P_LOCAL: sp_buf_puts(b, "LocalTableScan "); put_attrs(b, p->output, p->output_count); return false;
    case SP_P_ONE_ROW: sp_buf_puts(b, "Scan OneRowRelation[]"); return true;
    case SP_P_RANGE:
        sp_buf_printf(b, "Range (%lld, %lld, step=%lld, splits=%lld)", (long long)p->range_start,
                      (long long)p->range_end, (long long)p->range_step, (long long)p->count);
        return true;
    case SP_P_PROJECT: sp_buf_puts(b, "Project "); put_exprs(b, p->exprs, p->expr_count); return true;
    case SP_P_FILTER: sp_buf_puts(b, "Filter "); sp_expr_string(b, p->condition); return true;
    case SP_P_GENERATE:
        sp_buf_puts(b, "Generate ");
        if (p->condition)
            sp_expr_string(b, p->condition);
        sp_buf_puts(b, ", ");
        put_exprs(b, p->exprs, p->expr_count);
        sp_buf_printf(b, ", %s, ", p->outer ? "true" : "false");
        put_attrs(b, p->generator_output, p->generator_output_count);
        return true;
    case SP_P_SORT:
        sp_buf_puts(b, "Sort ");
        put_exprs(b, p->exprs, p->expr_count);
        sp_buf_printf(b, ", %s, 0", p->global ? "true" : "false");
        return true;
    case SP_P_LIMIT: sp_buf_printf(b, "GlobalLimit %lld", (long long)p->count); return true;
    case SP_P_OFFSET: sp_buf_printf(b, "GlobalLimit -1, %lld", (long long)p->count); return true;
    case SP_P_TAIL: sp_buf_printf(b, "CollectTail %lld", (long long)p->count); return false;
    case SP_P_WATERMARK:
        sp_buf_puts(b, "EventTimeWatermark ");
        sp_expr_string(b, p->exprs[0]);
        sp_buf_puts(b, ", ");
        sp_buf_add(b, p->text2.p, p->text2.n);
        return false;
    case SP_P_EXPAND: sp_buf_puts(b, "Expand "); put_attrs(b, p->output, p->output_count); return true;
    case SP_P_WINDOW: sp_buf_puts(b, "Window "); put_exprs(b, p->exprs, p->expr_count); return false;
    case SP_P_JOIN:
        sp_buf_printf(b, "BroadcastHashJoin %s", join_name(p->join_type));
        if (p->condition) {
            sp_buf_puts(b, ", ");
            sp_expr_string(b, p->condition);
        }
        return true;
    case SP_P_DEDUPLICATE: sp_buf_puts(b, "StreamingDeduplicate "); put_exprs(b, p->exprs, p->expr_count); return false;
    case SP_P_SAMPLE:
        sp_buf_printf(b, "Sample %g, %g, %s, %lld", p->lower, p->upper, p->all ? "true" : "false", (long long)p->seed);
        return true;
    case SP_P_COLLECT_METRICS:
        sp_buf_puts(b, "CollectMetrics ");
        sp_buf_add(b, p->name.p, p->name.n);
        sp_buf_puts(b, ", ");
        put_exprs(b, p->exprs, p->expr_count);
        return false;
    default: sp_buf_puts(b, sp_plan_kind_name(p->kind)); return false;
    }
}

static line *lines_of(printer *z, const sp_plan *p)
{
    line *first = p->child_count ? lines_of(z, p->children[0]) : NULL;
    if (p->child_count && !first)
        return NULL;
    if (p->kind == SP_P_AGGREGATE)
        return aggregate(z, p, first);
    if (p->kind == SP_P_ALIAS)
        return first;
    if (p->kind == SP_P_SORT && p->global &&
        !(first = exchange_line(z, p->exprs, p->expr_count, "rangepartitioning", first)))
        return NULL;
    if (p->kind == SP_P_REPARTITION)
        return exchange_line(z, p->exprs, p->expr_count, p->expr_count ? "hashpartitioning" : "RoundRobinPartitioning",
                             first);
    sp_buf b = { 0 };
    bool generated = put_simple(&b, p);
    line *l = new_line(z, &b, generated, first);
    for (int i = 1; l && i < p->child_count && l->child_count < 16; i++)
        if ((l->child[l->child_count] = lines_of(z, p->children[i])))
            l->child_count++;
    return l;
}

/* Stages: a generated operator over a generated one shares its stage. */
static void number(line *l, int *next)
{
    for (int i = 0; i < l->child_count; i++)
        number(l->child[i], next);
    if (!l->generated)
        return;
    l->stage = l->child_count && l->child[0]->generated ? l->child[0]->stage : ++*next;
}

static void print(sp_buf *out, const line *l, sp_buf *prefix, const char *mark)
{
    sp_buf_add(out, prefix->data ? prefix->data : "", prefix->len);
    sp_buf_puts(out, mark);
    if (l->generated)
        sp_buf_printf(out, "*(%d) ", l->stage);
    sp_buf_puts(out, l->text);
    sp_buf_putc(out, '\n');
    size_t at = prefix->len;
    if (*mark)
        sp_buf_puts(prefix, *mark == ':' ? ":  " : "   ");
    for (int i = 0; i < l->child_count; i++)
        print(out, l->child[i], prefix, i + 1 < l->child_count ? ":- " : "+- ");
    prefix->len = at;
}

void sp_exec_explain(sp_buf *out, const sp_exec *x)
{
    sp_arena *a = sp_arena_new("explain", 0);
    if (!a)
        return;
    printer z = { x, a, 0, 0 };
    line *l = lines_of(&z, x->spec.plan);
    int stages = 0;
    if (l) {
        sp_buf prefix = { 0 };
        number(l, &stages);
        print(out, l, &prefix, "");
        sp_buf_done(&prefix);
    }
    sp_arena_free(a);
}
