/* check_streaming.c -- what a streaming query may not do: Spark's UnsupportedOperationChecker, message for message.
 *
 * Order matters, since the first refusal is the one that is shown: output mode against aggregations, then every node
 * bottom-up, then chained stateful operators. Stream-stream outer joins need a watermark in their keys or a range
 * condition that bounds the state (StreamingJoinHelper). Most refusals are _LEGACY_ERROR_TEMP_3102, told apart by
 * message alone. */
#include "plan/plan_int.h"

#include <stdlib.h>

static const char *const mode_names[] = { "Append", "Update", "Complete" };
static const char *const mode_lower[] = { "append", "update", "complete" };
static const char *const join_names[] = { "Inner",    "LeftOuter", "RightOuter", "FullOuter",
                                          "LeftSemi", "LeftAnti",  "Cross" };

static sp_status refuse(const sp_plan *p, const char *message, sp_error *err)
{
    SP_FAIL(err, _LEGACY_ERROR_TEMP_3102, "msg", message);
    if (!err)
        return SP_FAILED;
    err->plan = "";
    if (err->arena) {
        sp_buf b = { 0 };
        sp_plan_string(&b, p);
        err->plan = sp_cstr(err->arena, (sp_str){ b.data, b.len });
        sp_buf_done(&b);
        sp_error_at(err, &p->origin, err->arena);
    }
    return SP_FAILED;
}

/* ---- aggregations and output modes ---- */

static const sp_plan *first_aggregate(const sp_plan *p)
{
    if (p->kind == SP_P_AGGREGATE && p->is_streaming)
        return p;
    for (int i = 0; i < p->child_count; i++) {
        const sp_plan *found = first_aggregate(p->children[i]);
        if (found)
            return found;
    }
    return NULL;
}

static bool groups_by(const sp_plan *aggregate, bool (*test)(const sp_expr *e))
{
    for (int i = 0; i < aggregate->grouping_count; i++)
        if (aggregate->grouping[i]->kind == SP_E_COLUMN && test(aggregate->grouping[i]))
            return true;
    return false;
}

static bool has_watermark(const sp_expr *e)
{
    return e->watermark_delay_us >= 0;
}

static bool is_session(const sp_expr *e)
{
    if (!e->metadata.n)
        return false;
    static const char key[] = "\"spark.sessionWindow\":true";
    return memmem(e->metadata.p, e->metadata.n, key, sizeof key - 1) != NULL;
}

static sp_status fail_mode(sp_output_mode mode, const char *operation, sp_error *err)
{
    return SP_FAIL(err, STREAMING_OUTPUT_MODE__UNSUPPORTED_OPERATION, "outputMode", mode_lower[mode], "operation",
                   operation);
}

static sp_status check_mode(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    const sp_plan *a = first_aggregate(p);
    if (mode == SP_APPEND && a && !groups_by(a, has_watermark))
        return fail_mode(mode, "streaming aggregations without watermark", err);
    if (mode == SP_UPDATE && a && groups_by(a, is_session))
        return fail_mode(mode, "session window streaming aggregations", err);
    if (mode == SP_COMPLETE && !a)
        return fail_mode(mode, "no streaming aggregations", err);
    return SP_OK;
}

/* ---- joins ---- */

static bool only_refs(const sp_expr *e, const sp_plan *side)
{
    return sp_expr_refs_any(e, side->output, side->output_count) &&
           sp_expr_refs_within(e, side->output, side->output_count);
}

/* Conjuncts one after the other; visit returns true to stop. */
static bool any_conjunct(const sp_expr *e, bool (*visit)(const sp_plan *join, const sp_expr *e), const sp_plan *join)
{
    if (!e)
        return false;
    if (sp_is_call(e, "and"))
        return any_conjunct(e->args[0], visit, join) || any_conjunct(e->args[1], visit, join);
    return visit(join, e);
}

static bool watermark_key(const sp_plan *join, const sp_expr *e)
{
    const sp_plan *l = join->children[0], *r = join->children[1];
    if (!sp_is_call(e, "=") && !sp_is_call(e, "<=>"))
        return false;
    const sp_expr *x = e->args[0], *y = e->args[1];
    if (!(only_refs(x, l) && only_refs(y, r)) && !(only_refs(x, r) && only_refs(y, l)))
        return false;
    return (x->kind == SP_E_COLUMN && has_watermark(x)) || (y->kind == SP_E_COLUMN && has_watermark(y));
}

typedef struct {
    const sp_plan *state, *event;
    int state_sign, state_count, event_count;
    bool odd, event_marked;
} terms;

/* Adds up e's terms with their signs: only sums, differences, casts and a time plus an interval can be turned around.
 */
static void collect_terms(terms *t, const sp_expr *e, int sign)
{
    if (e->kind == SP_E_COLUMN) {
        if (sp_attrs_has(t->state->output, t->state->output_count, e->id)) {
            t->state_sign = sign;
            t->state_count++;
        } else if (sp_attrs_has(t->event->output, t->event->output_count, e->id)) {
            t->event_count++;
            t->event_marked |= has_watermark(e);
        }
        return;
    }
    bool sum = sp_is_call(e, "+"), difference = sp_is_call(e, "-");
    if (e->kind == SP_E_CAST || e->kind == SP_E_ALIAS || ((sum || difference) && e->arg_count == 2)) {
        for (int i = 0; i < e->arg_count; i++)
            collect_terms(t, e->args[i], difference && i == 1 ? -sign : sign);
        return;
    }
    if (sp_is_call(e, "negative") || (difference && e->arg_count == 1)) {
        collect_terms(t, e->args[0], -sign);
        return;
    }
    t->odd |= sp_expr_refs_any(e, t->state->output, t->state->output_count) ||
              sp_expr_refs_any(e, t->event->output, t->event->output_count);
}

/* Does the conjunct say that state's time is above something that only knows event's watermark? */
static bool bounds_state(const sp_plan *state, const sp_plan *event, const sp_expr *e)
{
    bool less = sp_is_call(e, "<") || sp_is_call(e, "<="), more = sp_is_call(e, ">") || sp_is_call(e, ">=");
    if (!less && !more)
        return false;
    terms t = { .state = state, .event = event };
    collect_terms(&t, e->args[less ? 0 : 1], 1);       /* small - large < 0 */
    collect_terms(&t, e->args[less ? 1 : 0], -1);
    return !t.odd && t.state_count == 1 && t.event_count == 1 && t.event_marked && t.state_sign < 0;
}

static bool bounds_left(const sp_plan *join, const sp_expr *e)
{
    return bounds_state(join->children[0], join->children[1], e);
}

static bool bounds_right(const sp_plan *join, const sp_expr *e)
{
    return bounds_state(join->children[1], join->children[0], e);
}

static sp_status check_join_watermark(const sp_plan *join, sp_error *err)
{
    bool left = any_conjunct(join->condition, bounds_left, join),
         right = any_conjunct(join->condition, bounds_right, join);
    bool range = join->join_type == SP_JOIN_RIGHT ? right : join->join_type == SP_JOIN_FULL ? left || right : left;
    if (range || any_conjunct(join->condition, watermark_key, join))
        return SP_OK;
    char text[256];
    sp_buf b = { 0 };
    sp_buf_printf(&b,
                  "Stream-stream %s join between two streaming DataFrame/Datasets is not supported without a watermark "
                  "in the join keys, or a "
                  "watermark on the nullable side and an appropriate range condition",
                  join_names[join->join_type]);
    size_t n = b.len < sizeof text - 1 ? b.len : sizeof text - 1;
    memcpy(text, b.data ? b.data : "", b.data ? n : 0);
    text[b.data ? n : 0] = '\0';
    sp_buf_done(&b);
    return refuse(join, text, err);
}

static sp_status check_join(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    bool l = p->children[0]->is_streaming, r = p->children[1]->is_streaming;
    if (l && r && mode != SP_APPEND)
        return refuse(
            p,
            sp_error_format(
                err,
                "Join between two streaming DataFrames/Datasets is not supported in %s output mode, only in Append "
                "output mode",
                mode_names[mode]),
            err);
    switch (p->join_type) {
    case SP_JOIN_FULL:
        if (l != r)
            return refuse(p,
                          l ? "FullOuter joins with streaming DataFrames/Datasets on the left and a static "
                              "DataFrame/Dataset on the right is not "
                              "supported"
                            : "FullOuter joins with streaming DataFrames/Datasets on the right and a static "
                              "DataFrame/Dataset on the left is not "
                              "supported",
                          err);
        return l ? check_join_watermark(p, err) : SP_OK;
    case SP_JOIN_ANTI:
        return r ? refuse(p, "LeftAnti joins with a streaming DataFrame/Dataset on the right are not supported", err)
                 : SP_OK;
    case SP_JOIN_LEFT: case SP_JOIN_SEMI:
        if (!l && r)
            return refuse(p,
                          sp_error_format(err,
                                          "%s join with a streaming DataFrame/Dataset on the right and a static "
                                          "DataFrame/Dataset on the left "
                                          "is not supported",
                                          join_names[p->join_type]),
                          err);
        return l && r ? check_join_watermark(p, err) : SP_OK;
    case SP_JOIN_RIGHT:
        if (l && !r)
            return refuse(p,
                          "RightOuter join with a streaming DataFrame/Dataset on the left and a static "
                          "DataFrame/DataSet on the right not supported",
                          err);
        return l && r ? check_join_watermark(p, err) : SP_OK;
    default:
        return SP_OK;
    }
}

/* ---- the other nodes ---- */

static bool visit_distinct(void *context, const sp_expr *e)
{
    *(bool *)context |= e->kind == SP_E_AGG && e->distinct;
    return true;
}

static bool has_distinct(const sp_plan *p)
{
    bool found = false;
    for (int i = 0; i < p->expr_count; i++)
        sp_expr_walk(p->exprs[i], visit_distinct, &found);
    return found;
}

static void put_upper(sp_buf *b, const char *s)
{
    for (; *s; s++)
        sp_buf_putc(b, *s >= 'a' && *s <= 'z' ? (char)(*s - 32) : *s);
}

static void put_bound(sp_buf *b, int kind, const sp_expr *value, bool lower)
{
    if (kind == 0)
        sp_buf_puts(b, lower ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING");
    else if (kind == 1 || !value)
        sp_buf_puts(b, "CURRENT ROW");
    else {
        sp_expr_sql(b, value, false);
        sp_buf_puts(b, " FOLLOWING");
    }
}

/* WindowSpecDefinition.sql */
static void put_spec(sp_buf *b, const sp_window_spec *w, bool ranking)
{
    sp_buf_putc(b, '(');
    for (int i = 0; i < w->partition_count; i++) {
        sp_buf_puts(b, i ? ", " : "PARTITION BY ");
        sp_expr_sql(b, w->partition[i], false);
    }
    for (int i = 0; i < w->order_count; i++) {
        sp_buf_puts(b, i ? ", " : w->partition_count ? " ORDER BY " : "ORDER BY ");
        sp_expr_sql(b, w->order[i], false);
    }
    if (w->partition_count || w->order_count)
        sp_buf_putc(b, ' ');
    bool rows = w->frame == 1 || (w->frame == 0 && (ranking || !w->order_count));
    sp_buf_puts(b, rows ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    put_bound(b, w->frame ? w->lower_kind : 0, w->lower, true);
    sp_buf_puts(b, " AND ");
    put_bound(b, w->frame ? w->upper_kind : ranking || w->order_count ? 1 : 0, w->upper, false);
    sp_buf_putc(b, ')');
}

static sp_status refuse_window(const sp_plan *p, sp_error *err)
{
    sp_buf f = { 0 }, c = { 0 }, s = { 0 }, one = { 0 };
    for (int i = 0; i < p->expr_count; i++) {
        const sp_expr *w = sp_expr_strip_alias(p->exprs[i]);
        sp_buf_clear(&one);
        sp_expr_sql(&one, w->args[0], true);
        sp_buf_puts(&f, i ? "," : "");
        put_upper(&f, sp_buf_cstr(&one));
        sp_buf_printf(&c, "%s`%.*s`", i ? "," : "", (int)p->exprs[i]->name.n, p->exprs[i]->name.p);
        sp_buf_puts(&s, i ? "," : "");
        if (w->window)
            put_spec(&s, w->window, w->args[0]->kind != SP_E_AGG || w->args[0]->arg_count == 0);
    }
    SP_FAIL(err, NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING, "windowFunc", sp_buf_cstr(&f), "columnName",
            sp_buf_cstr(&c), "windowSpec", sp_buf_cstr(&s));
    sp_buf_done(&f);
    sp_buf_done(&c);
    sp_buf_done(&s);
    sp_buf_done(&one);
    return SP_FAILED;
}

static bool mixes_streams(const sp_plan *p)
{
    for (int i = 1; i < p->child_count; i++)
        if (p->children[i]->is_streaming != p->children[0]->is_streaming)
            return true;
    return false;
}

static bool output_has_watermark(const sp_plan *p)
{
    for (int i = 0; i < p->output_count; i++)
        if (p->output[i].watermark_delay_us >= 0)
            return true;
    return false;
}

static sp_status check_unary(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    const sp_plan *child = p->children[0];
    bool streaming = child->is_streaming;
    switch (p->kind) {
    case SP_P_AGGREGATE:
        if (streaming && has_distinct(p))
            return refuse(p,
                          "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
                          "approx_count_distinct() instead.",
                          err);
        return SP_OK;
    case SP_P_DEDUPLICATE:
        if (p->within_watermark && p->is_streaming && !output_has_watermark(child))
            return refuse(
                p, "dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets without watermark",
                err);
        return SP_OK;
    case SP_P_LIMIT:
        return streaming && mode == SP_UPDATE
                   ? refuse(p, "Limits are not supported on streaming DataFrames/Datasets in Update output mode", err)
                   : SP_OK;
    case SP_P_OFFSET: return refuse(p, "Offset is not supported on streaming DataFrames/Datasets", err);
    case SP_P_SORT:
        if (p->is_streaming && !(mode == SP_COMPLETE && first_aggregate(p)))
            return refuse(p,
                          "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
                          "DataFrame/Dataset in Complete output "
                          "mode",
                          err);
        return SP_OK;
    case SP_P_SAMPLE:
        return streaming ? refuse(p, "Sampling is not supported on streaming DataFrames/Datasets", err) : SP_OK;
    case SP_P_WINDOW: return streaming ? refuse_window(p, err) : SP_OK;
    default: return SP_OK;
    }
}

static sp_status check_node(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    switch (p->kind) {
    case SP_P_COMMAND:
        return refuse(
            p, "Commands like CreateTable*, AlterTable*, Show* are not supported with streaming DataFrames/Datasets",
            err);
    case SP_P_JOIN: return check_join(p, mode, err);
    case SP_P_UNION:
        return mixes_streams(p)
                   ? refuse(p, "Union between streaming and batch DataFrames/Datasets is not supported", err)
                   : SP_OK;
    case SP_P_EXCEPT:
        return p->children[1]->is_streaming
                   ? refuse(p, "Except on a streaming DataFrame/Dataset on the right is not supported", err)
                   : SP_OK;
    case SP_P_INTERSECT:
        return p->is_streaming ? refuse(p, "Intersect of streaming DataFrames/Datasets is not supported", err) : SP_OK;
    default: return p->child_count ? check_unary(p, mode, err) : SP_OK;
    }
}

/* ---- expressions ---- */

static bool visit_id(void *context, const sp_expr *e)
{
    if (e->kind == SP_E_CALL && e->function && strcmp(e->function->name, "monotonically_increasing_id") == 0)
        *(bool *)context = true;
    return true;
}

static void look_for_id(void *context, const sp_expr *e)
{
    sp_expr_walk(e, visit_id, context);
}

static sp_status check_expressions(const sp_plan *p, sp_error *err)
{
    bool found = false;
    sp_plan_each_expr(p, look_for_id, &found);
    return found
               ? refuse(
                     p,
                     "Expression(s): monotonically_increasing_id() is not supported with streaming DataFrames/Datasets",
                     err)
               : SP_OK;
}

static sp_status walk(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(walk(p->children[i], mode, err));
    SP_TRY(check_node(p, mode, err));
    return check_expressions(p, err);
}

/* ---- chained stateful operators ---- */

static bool is_stateful(const sp_plan *p)
{
    if (!p->is_streaming)
        return false;
    switch (p->kind) {
    case SP_P_AGGREGATE: return true;
    case SP_P_JOIN: return p->children[0]->is_streaming && p->children[1]->is_streaming;
    case SP_P_DEDUPLICATE:
        for (int i = 0; i < p->expr_count; i++)
            if (has_watermark(p->exprs[i]))
                return true;
        return p->within_watermark;
    default: return false;
    }
}

static bool has_late_emitter(const sp_plan *p, sp_output_mode mode)
{
    for (int i = 0; i < p->child_count; i++) {
        const sp_plan *c = p->children[i];
        if ((c->kind == SP_P_AGGREGATE && c->is_streaming && mode != SP_APPEND) || has_late_emitter(c, mode))
            return true;
    }
    return false;
}

static bool has_bad_chain(const sp_plan *p, sp_output_mode mode)
{
    if (is_stateful(p) && has_late_emitter(p, mode))
        return true;
    for (int i = 0; i < p->child_count; i++)
        if (has_bad_chain(p->children[i], mode))
            return true;
    return false;
}

sp_status sp_plan_check_streaming(const sp_plan *p, sp_output_mode mode, sp_error *err)
{
    if (!p->is_streaming)
        return refuse(p, "Queries without streaming sources cannot be executed with writeStream.start()", err);
    SP_TRY(check_mode(p, mode, err));
    SP_TRY(walk(p, mode, err));
    if (has_bad_chain(p, mode))
        return refuse(p,
                      "Detected pattern of possible 'correctness' issue due to global watermark. The query contains "
                      "stateful operation which can emit "
                      "rows older than the current watermark plus allowed late record delay, which are \"late rows\" "
                      "in downstream stateful "
                      "operations and these rows can be discarded. Please refer the programming guide doc for more "
                      "details. If you understand the "
                      "possible risk of correctness issue and still need to run the query, you can disable this check "
                      "by setting the config "
                      "`spark.sql.streaming.statefulOperator.checkCorrectness.enabled` to false.",
                      err);
    return SP_OK;
}

static const sp_plan *lowest_streaming(const sp_plan *p)
{
    while (p->child_count) {
        const sp_plan *next = NULL;
        for (int i = 0; i < p->child_count && !next; i++)
            if (p->children[i]->is_streaming)
                next = p->children[i];
        if (!next)
            return p;
        p = next;
    }
    return p;
}

static const sp_plan *within_watermark(const sp_plan *p)
{
    if (p->kind == SP_P_DEDUPLICATE && p->within_watermark)
        return p;
    for (int i = 0; i < p->child_count; i++) {
        const sp_plan *found = within_watermark(p->children[i]);
        if (found)
            return found;
    }
    return NULL;
}

sp_status sp_plan_check_batch(const sp_plan *p, sp_error *err)
{
    if (p->is_streaming)
        return refuse(lowest_streaming(p),
                      "Queries with streaming sources must be executed with writeStream.start(), or from a streaming "
                      "table or flow "
                      "definition within a Spark Declarative Pipeline.",
                      err);
    const sp_plan *d = within_watermark(p);
    return d ? refuse(d, "dropDuplicatesWithinWatermark is not supported with batch DataFrames/DataSets", err) : SP_OK;
}
