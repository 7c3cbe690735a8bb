/* plan_text.c -- Spark's treeString of a plan, for explain and error messages: one line a node, "+- " and ":- " before
 * children, as TreeNode.generateTreeString draws them; the words of a node as each LogicalPlan's simpleString has them.
 */
#include "plan/plan_int.h"

static void put_str(sp_buf *b, sp_str s)
{
    if (s.n)
        sp_buf_add(b, s.p, s.n);
}

static void put_attr(sp_buf *b, const sp_attr *at)
{
    put_str(b, at->name);
    sp_buf_printf(b, "#%lld%s", (long long)at->id, at->type->kind == SP_LONG ? "L" : "");
    if (at->watermark_delay_us >= 0)
        sp_buf_printf(b, "-T%lldms", (long long)(at->watermark_delay_us / 1000));
}

static void put_attrs(sp_buf *b, const sp_attr *v, int n)
{
    sp_buf_putc(b, '[');
    for (int i = 0; i < n; i++) {
        sp_buf_puts(b, i ? ", " : "");
        put_attr(b, &v[i]);
    }
    sp_buf_putc(b, ']');
}

static void put_exprs(sp_buf *b, sp_expr *const *v, int n)
{
    sp_buf_putc(b, '[');
    for (int i = 0; i < n; i++) {
        sp_buf_puts(b, i ? ", " : "");
        sp_expr_string(b, v[i]);
    }
    sp_buf_putc(b, ']');
}

static const char *join_name(sp_join_type t)
{
    static const char *const names[] = { "Inner",    "LeftOuter", "RightOuter", "FullOuter",
                                         "LeftSemi", "LeftAnti",  "Cross" };
    return names[t];
}

static void put_parts(sp_buf *b, const sp_str *parts, int n)
{
    for (int i = 0; i < n; i++) {
        sp_buf_puts(b, i ? "." : "");
        put_str(b, parts[i]);
    }
}

static bool is_unresolved(const sp_plan *p)
{
    return p->kind > SP_P_LAST_CORE ? p->kind != SP_P_ALIAS || !p->output : !p->output && p->kind != SP_P_COMMAND;
}

static void put_scan(sp_buf *b, const sp_plan *p)
{
    const sp_scan *s = p->scan;
    sp_buf_puts(b, s->is_streaming ? "StreamingRelationV2 " : "Relation ");
    if (s->is_streaming)
        sp_buf_printf(b, "%s, ", s->format);
    put_attrs(b, p->output, p->output_count);
    if (!s->is_streaming)
        sp_buf_printf(b, " %s", s->format);
    for (int i = 0; i < s->pushed_count; i++) {
        sp_buf_puts(b, i ? ", " : ", PushedFilters: [");
        sp_expr_string(b, s->pushed[i]);
    }
    if (s->pushed_count)
        sp_buf_putc(b, ']');
}

static void put_expand(sp_buf *b, const sp_plan *p)
{
    sp_buf_puts(b, " [");
    for (int i = 0; i < p->list_count; i++) {
        sp_buf_puts(b, i ? ", " : "");
        put_exprs(b, p->lists[i], p->list_counts[i]);
    }
    sp_buf_puts(b, "], ");
    put_attrs(b, p->generator_output, p->generator_output_count);
}

/* window(...) windowspecdefinition(...) AS r#1, [partition], [order] */
static void put_window(sp_buf *b, const sp_plan *p)
{
    sp_buf_putc(b, ' ');
    put_exprs(b, p->exprs, p->expr_count);
    const sp_expr *w = p->expr_count ? sp_expr_strip_alias(p->exprs[0]) : NULL;
    if (!w || !w->window)
        return;
    sp_buf_puts(b, ", ");
    put_exprs(b, w->window->partition, w->window->partition_count);
    sp_buf_puts(b, ", ");
    put_exprs(b, w->window->order, w->window->order_count);
}

static void put_generate(sp_buf *b, const sp_plan *p)
{
    sp_buf_putc(b, ' ');
    sp_expr_string(b, p->condition ? p->condition : p->exprs[0]);
    sp_buf_printf(b, ", %s, ", p->outer ? "true" : "false");
    put_attrs(b, p->generator_output, p->generator_output_count);
}

static void put_watermark(sp_buf *b, const sp_plan *p)
{
    sp_buf_putc(b, ' ');
    if (p->expr_count)
        sp_expr_string(b, p->exprs[0]);
    sp_buf_puts(b, ", ");
    if (p->text2.n)
        put_str(b, p->text2);
    else
        sp_print_calendar(b, p->delay_months, 0, p->delay_us);
}

static void put_details(sp_buf *b, const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_PROJECT: sp_buf_putc(b, ' '); put_exprs(b, p->exprs, p->expr_count); break;
    case SP_P_FILTER: case SP_P_HAVING:
        sp_buf_putc(b, ' ');
        if (p->condition)
            sp_expr_string(b, p->condition);
        break;
    case SP_P_AGGREGATE: case SP_P_GROUPING_SETS:
        sp_buf_putc(b, ' ');
        put_exprs(b, p->grouping, p->grouping_count);
        sp_buf_puts(b, ", ");
        put_exprs(b, p->exprs, p->expr_count);
        break;
    case SP_P_SORT:
        sp_buf_putc(b, ' ');
        put_exprs(b, p->exprs, p->expr_count);
        sp_buf_printf(b, ", %s", p->global ? "true" : "false");
        break;
    case SP_P_LIMIT: case SP_P_OFFSET: case SP_P_TAIL: sp_buf_printf(b, " %lld", (long long)p->count); break;
    case SP_P_JOIN: case SP_P_JOIN_USING:
        sp_buf_printf(b, " %s", join_name(p->join_type));
        if (p->condition) {
            sp_buf_puts(b, ", ");
            sp_expr_string(b, p->condition);
        }
        break;
    case SP_P_UNION: case SP_P_UNION_BY_NAME: sp_buf_puts(b, " false, false"); break;
    case SP_P_INTERSECT: case SP_P_EXCEPT: sp_buf_puts(b, p->all ? " All true" : " false"); break;
    case SP_P_DEDUPLICATE: sp_buf_putc(b, ' '); put_exprs(b, p->exprs, p->expr_count); break;
    case SP_P_WATERMARK: put_watermark(b, p); break;
    case SP_P_WINDOW: put_window(b, p); break;
    case SP_P_EXPAND: put_expand(b, p); break;
    case SP_P_GENERATE: case SP_P_LATERAL_VIEW: put_generate(b, p); break;
    case SP_P_REPARTITION: sp_buf_printf(b, " %lld, %s", (long long)p->count, p->shuffle ? "true" : "false"); break;
    case SP_P_RANGE:
        sp_buf_printf(b, " (%lld, %lld, step=%lld)", (long long)p->range_start, (long long)p->range_end,
                      (long long)p->range_step);
        break;
    case SP_P_LOCAL:
        sp_buf_puts(b, p->batch_count ? " " : " <empty>, ");
        if (p->output)
            put_attrs(b, p->output, p->output_count);
        break;
    case SP_P_ALIAS: sp_buf_putc(b, ' '); put_str(b, p->name); break;
    case SP_P_TABLE: sp_buf_puts(b, " ["); put_parts(b, p->parts, p->part_count); sp_buf_puts(b, "], [], false"); break;
    case SP_P_READ: sp_buf_putc(b, ' '); put_str(b, p->name); break;
    case SP_P_COLLECT_METRICS:
        sp_buf_putc(b, ' ');
        put_str(b, p->name);
        sp_buf_puts(b, ", ");
        put_exprs(b, p->exprs, p->expr_count);
        break;
    case SP_P_SAMPLE:
        sp_buf_printf(b, " %g, %g, %s, %lld", p->lower, p->upper, p->all ? "true" : "false", (long long)p->seed);
        break;
    default: break;
    }
}

static void put_node(sp_buf *b, const sp_plan *p)
{
    if (p->kind == SP_P_SOURCE && p->scan && p->output) {
        put_scan(b, p);
        return;
    }
    if (is_unresolved(p))
        sp_buf_putc(b, '\'');
    sp_buf_puts(b, p->kind == SP_P_DEDUPLICATE && p->within_watermark ? "DeduplicateWithinWatermark"
                                                                      : sp_plan_kind_name(p->kind));
    put_details(b, p);
}

/* bars: for each level above, whether more siblings follow. */
static void put_tree(sp_buf *b, const sp_plan *p, uint64_t bars, int depth, bool last)
{
    for (int i = 0; i + 1 < depth; i++)
        sp_buf_puts(b, i < 64 && (bars >> i & 1) ? ":  " : "   ");
    if (depth)
        sp_buf_puts(b, last ? "+- " : ":- ");
    put_node(b, p);
    sp_buf_putc(b, '\n');
    if (depth && depth <= 64 && !last)
        bars |= 1ull << (depth - 1);
    if (p->kind == SP_P_LIMIT && p->output && p->child_count) {       /* Spark's pair */
        for (int i = 0; i < depth; i++)
            sp_buf_puts(b, i < 64 && (bars >> i & 1) ? ":  " : "   ");
        sp_buf_printf(b, "+- LocalLimit %lld\n", (long long)p->count);
        put_tree(b, p->children[0], bars, depth + 2, true);
        return;
    }
    for (int i = 0; i < p->child_count; i++)
        put_tree(b, p->children[i], bars, depth + 1, i + 1 == p->child_count);
}

void sp_plan_string(sp_buf *out, const sp_plan *p)
{
    put_tree(out, p, 0, 0, true);
}
