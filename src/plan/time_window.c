/* time_window.c -- window(), session_window() and window_time(): event time into windows.
 *
 * A call is first resolved to a marker; the node that holds it then gets a child which computes the column (Spark's
 * TimeWindowing, SessionWindowing, ResolveWindowTime and TimeWindowResolution): tumbling   Project [window, child.*]
 * over Filter(time is not null) sliding    Filter over Expand: list i gives the i-th window back from the latest one,
 * ceil(window / slide) lists; the filter keeps the windows that hold the time (only time is not null when slide divides
 * window) session    Filter(time is not null) over Project [session_window: [time, time + gap), child.*] window start =
 * time - pmod(time - start, slide) - index * slide. The column carries the time column's metadata (its watermark) and
 * spark.timeWindow (spark.sessionWindow). Spark spells the arithmetic as expressions; here it is one kernel. */
#include "plan/plan_int.h"

#include <stdio.h>

typedef struct marker {
    int kind;                     /* 0 window, 1 session_window, 2 window_time */
    sp_time_window w;
} marker;

static sp_status window_kernel(sp_kernel *k, sp_error *err)
{
    const sp_time_window *w = &((const marker *)k->call->state)->w;
    sp_vec *start = sp_vec_new(k->arena, k->out->type->fields[0].type, k->rows, err);
    sp_vec *end = start ? sp_vec_new(k->arena, k->out->type->fields[1].type, k->rows, err) : NULL;
    if (!end)
        return SP_FAILED;
    if (!k->out->child)
        SP_NEW_ARRAY(k->out->child, k->arena, 2, err);
    k->out->child_count = 2;
    k->out->child[0] = start;
    k->out->child[1] = end;
    const int64_t *t = k->args[0]->data;
    int64_t *s = start->data, *e = end->data, back = (int64_t)w->index * w->slide_us;
    for (SP_ROWS(k, i)) {
        int64_t at = t[SP_AT(k->args[0], i)];
        if (w->gap_us >= 0) {
            s[i] = at;
            e[i] = at + w->gap_us;
            continue;
        }
        int64_t r = (at - w->start_us) % w->slide_us;
        s[i] = at - (r < 0 ? r + w->slide_us : r) - back;
        e[i] = s[i] + w->window_us;
    }
    return SP_OK;
}

static sp_status window_time_kernel(sp_kernel *k, sp_error *err)
{
    const int64_t *t = k->args[0]->data;
    int64_t *out = k->out->data;
    for (SP_ROWS(k, i))
        out[i] = t[SP_AT(k->args[0], i)] - 1;
    return SP_OK;
}

static const sp_function functions[] = {
    { "window", 1, 1, SP_FN_PURE, NULL, window_kernel, "2.0.0",
      "window(time, duration[, slide[, start]]): the time window of an event" },
    { "session_window", 1, 1, SP_FN_PURE, NULL, window_kernel, "3.2.0",
      "session_window(time, gap): the session that an event begins" },
    { "window_time", 1, 1, SP_FN_PURE, NULL, window_time_kernel, "3.4.0",
      "window_time(window): the event time of a window's rows" },
};

bool sp_is_time_window_name(sp_str name)
{
    for (int i = 0; i < 3; i++)
        if (sp_str_eq_nocase(name, sp_str_of(functions[i].name)))
            return true;
    return false;
}

static bool is_ours(const sp_expr *e)
{
    return e->kind == SP_E_CALL && e->function >= functions && e->function < functions + 3;
}

/* A marker has its index at -1; computed calls have theirs from 0. */
bool sp_is_window_marker(const sp_expr *e)
{
    return is_ours(e) && ((const marker *)e->state)->w.index < 0;
}

const sp_time_window *sp_plan_time_window(const sp_expr *e)
{
    while (e->kind == SP_E_ALIAS)
        e = e->args[0];
    return is_ours(e) && e->function != &functions[2] ? &((const marker *)e->state)->w : NULL;
}

/* ---- arguments ---- */

static sp_status fail_interval(sp_ana *z, sp_str text, sp_error *err)
{
    const char *quoted = sp_arena_printf(z->arena, err, "'%.*s'", (int)text.n, text.p ? text.p : "");
    return SP_FAIL(err, CANNOT_PARSE_INTERVAL, "intervalString", quoted ? quoted : "");
}

/* A duration argument in microseconds: a foldable string, or a number of microseconds (TimeWindow.parseExpression). */
static sp_status duration(sp_ana *z, sp_expr *e, const char *name, int64_t *us, sp_error *err)
{
    sp_value v;
    bool text = e->type->kind == SP_STRING;
    if (!e->foldable ||
        !(text || sp_kind_is_integral(e->type->kind) || e->type->kind == SP_DAY_TIME || e->type->kind == SP_CALENDAR))
        return sp_error_plain(err, SP_EXC_ANALYSIS,
                              "The duration and time inputs to window must be an integer, long or string literal.");
    SP_TRY(sp_expr_fold(z->arena, z->conf, e, &v, err));
    if (v.is_null)
        return fail_interval(z, SP_LIT("null"), err);
    if (!text && e->type->kind != SP_CALENDAR) {
        *us = v.i64;
        return SP_OK;
    }
    sp_calendar c = { 0 };
    if (text) {
        sp_error inner = { 0 };
        if (sp_parse_interval(v.str, &c, &inner) == SP_FAILED)
            return fail_interval(z, v.str, err);
    } else {
        c = v.calendar;
    }
    if (c.months)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Intervals greater than a month is not supported (%.*s).",
                              (int)v.str.n, text ? v.str.p : "");
    *us = (int64_t)c.days * SP_US_PER_DAY + c.us;
    return SP_OK;
}

static sp_status positive(sp_ana *z, const sp_expr *call, const char *name, int64_t v, sp_error *err)
{
    if (v > 0)
        return SP_OK;
    const char *value = sp_arena_printf(z->arena, err, "%lldL", (long long)v);
    return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_expr_sql_quoted(z->arena, call),
                   "exprName", name, "valueRange", "(0, 9223372036854775807]", "currentValue", value ? value : "");
}

static sp_status constrain(sp_ana *z, const sp_expr *call, const char *l, int64_t lv, const char *what, const char *r,
                           int64_t rv, sp_error *err)
{
    const char *a = sp_arena_printf(z->arena, err, "%lldL", (long long)lv),
               *b = sp_arena_printf(z->arena, err, "%lldL", (long long)rv);
    return SP_FAIL(err, DATATYPE_MISMATCH__PARAMETER_CONSTRAINT_VIOLATION, "sqlExpr",
                   sp_expr_sql_quoted(z->arena, call), "leftExprName", l, "leftExprValue", a ? a : "", "constraint",
                   what, "rightExprName", r, "rightExprValue", b ? b : "");
}

static sp_status window_arguments(sp_ana *z, const sp_expr *call, sp_time_window *w, sp_error *err)
{
    if (call->arg_count < 2 || call->arg_count > 4)
        return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", "`window`", "expectedNum", "[2, 3, 4]",
                       "actualNum", sp_error_format(err, "%d", call->arg_count), "docroot",
                       "https://spark.apache.org/docs/latest");
    SP_TRY(duration(z, call->args[1], "window_duration", &w->window_us, err));
    w->slide_us = w->window_us;
    w->gap_us = -1;
    if (call->arg_count > 2)
        SP_TRY(duration(z, call->args[2], "slide_duration", &w->slide_us, err));
    if (call->arg_count > 3)
        SP_TRY(duration(z, call->args[3], "start_time", &w->start_us, err));
    SP_TRY(positive(z, call, "`window_duration`", w->window_us, err));
    SP_TRY(positive(z, call, "`slide_duration`", w->slide_us, err));
    if (w->slide_us > w->window_us)
        return constrain(z, call, "`slide_duration`", w->slide_us, "less than or equal to", "`window_duration`",
                         w->window_us, err);
    int64_t abs = w->start_us < 0 ? -w->start_us : w->start_us;
    if (abs >= w->slide_us)
        return constrain(z, call, "`abs(start_time)`", abs, "less than", "`slide_duration`", w->slide_us, err);
    return SP_OK;
}

static sp_status fail_time(sp_ana *z, const sp_expr *call, const sp_expr *e, const char *required, sp_error *err)
{
    return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_expr_sql_quoted(z->arena, call),
                   "paramIndex", "first", "requiredType", required, "inputSql", sp_expr_sql_quoted(z->arena, e),
                   "inputType", sp_type_sql_quoted(z->arena, e->type));
}

/* The time as TIMESTAMP or TIMESTAMP_NTZ; a window stands for its last microsecond. */
static sp_status time_argument(sp_ana *z, const sp_expr *call, sp_expr *e, sp_expr **out, sp_error *err)
{
    const sp_type *t = e->type;
    *out = e;
    if (t->kind == SP_TIMESTAMP || t->kind == SP_TIMESTAMP_NTZ)
        return SP_OK;
    if (t->kind == SP_STRUCT && t->field_count == 2)
        return SP_OK;
    if (t->kind == SP_DATE || (t->kind == SP_STRING && (e->foldable || !z->conf->ansi)))
        return sp_ana_cast(z, e, sp_type_of(SP_TIMESTAMP), out, err);
    return fail_time(z, call, e,
                     "(\"TIMESTAMP\" or \"STRUCT<start: TIMESTAMP, end: TIMESTAMP>\" or \"STRUCT<start: TIMESTAMP_NTZ, "
                     "end: TIMESTAMP_NTZ>\")",
                     err);
}

static const sp_type *window_type(sp_ana *z, const sp_type *time, sp_error *err)
{
    sp_field f[2] = { { SP_LIT("start"), time, true, { 0 } }, { SP_LIT("end"), time, true, { 0 } } };
    return sp_type_struct(z->arena, f, 2, err);
}

static sp_expr *make_call(sp_ana *z, const sp_function *f, sp_expr *arg, const marker *m, const sp_type *type,
                          bool nullable, sp_error *err)
{
    sp_expr *e = sp_expr_new(z->arena, SP_E_CALL, err);
    marker *state = e ? sp_arena_alloc(z->arena, sizeof *state, err) : NULL;
    if (!state || !(e->args = sp_arena_alloc(z->arena, sizeof *e->args, err)))
        return NULL;
    *state = *m;
    e->args[0] = arg;
    e->arg_count = 1;
    e->name = sp_str_of(f->name);
    e->function = f;
    e->kernel = f->kernel;
    e->state = state;
    e->type = type;
    e->nullable = nullable;
    e->origin = arg->origin;
    return e;
}

sp_status sp_resolve_time_window(sp_scope *s, sp_expr *call, sp_expr **out, sp_error *err)
{
    sp_ana *z = s->z;
    marker m = { 0 };
    sp_expr *time = NULL;
    while (m.kind < 2 && !sp_str_eq_nocase(call->name, sp_str_of(functions[m.kind].name)))
        m.kind++;
    if (m.kind == 0) {
        SP_TRY(window_arguments(z, call, &m.w, err));
        SP_TRY(time_argument(z, call, call->args[0], &time, err));
    } else if (m.kind == 1) {
        if (call->arg_count != 2)
            return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", "`session_window`", "expectedNum",
                           "2", "actualNum", sp_error_format(err, "%d", call->arg_count), "docroot",
                           "https://spark.apache.org/docs/latest");
        SP_TRY(time_argument(z, call, call->args[0], &time, err));
        if (!call->args[1]->foldable)
            return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION,
                                  "session_window with a gap duration that differs by row is not supported");
        SP_TRY(duration(z, call->args[1], "gap_duration", &m.w.gap_us, err));
    } else {
        if (call->arg_count != 1)
            return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", "`window_time`", "expectedNum", "1",
                           "actualNum", sp_error_format(err, "%d", call->arg_count), "docroot",
                           "https://spark.apache.org/docs/latest");
        time = call->args[0];
        if (time->type->kind != SP_STRUCT || time->type->field_count != 2)
            return fail_time(z, call, time, "\"STRUCT<start: TIMESTAMP, end: TIMESTAMP>\"", err);
    }
    m.w.index = -1;
    const sp_type *base = time->type->kind == SP_STRUCT ? time->type->fields[1].type : time->type;
    const sp_type *t = m.kind == 2 ? base : window_type(z, base, err);
    *out = t ? make_call(z, &functions[m.kind], time, &m, t, true, err) : NULL;
    return *out ? SP_OK : SP_FAILED;
}

/* ---- taking the markers away ---- */

static bool same_marker(const sp_expr *x, const sp_expr *y)
{
    const marker *a = x->state, *b = y->state;
    return a->kind == b->kind && a->w.window_us == b->w.window_us && a->w.slide_us == b->w.slide_us &&
           a->w.start_us == b->w.start_us && a->w.gap_us == b->w.gap_us && sp_expr_eq(x->args[0], y->args[0]);
}

typedef struct { sp_arena *arena; sp_exprs found; const sp_expr *target; sp_expr *to; } taking;

static bool visit_marker(void *context, const sp_expr *e)
{
    taking *t = context;
    if (!sp_is_window_marker(e))
        return true;
    for (int i = 0; i < t->found.n; i++)
        if (same_marker(t->found.v[i], e))
            return true;
    sp_error ignored = { 0 };
    sp_exprs_add(t->arena, &t->found, (sp_expr *)e, &ignored);
    return true;
}

static sp_expr *replace_marker(void *context, sp_expr *e, sp_error *err)
{
    taking *t = context;
    if (sp_is_window_marker(e))
        return same_marker(t->target, e) ? t->to : e;
    if (e->kind == SP_E_ALIAS && e->args[0] == t->to && !e->metadata.p) {
        sp_expr *c = sp_expr_copy(t->arena, e, err);
        if (!c)
            return NULL;
        c->metadata = t->to->metadata;
        c->watermark_delay_us = t->to->watermark_delay_us;
        c->is_time_window = t->to->is_time_window;
        c->nullable = t->to->nullable;
        return c;
    }
    return e;
}

static sp_status is_not_null(sp_ana *z, sp_expr *time, sp_plan **child, sp_error *err)
{
    sp_expr *c;
    SP_TRY(sp_ana_call(z, "isnotnull", &time, 1, &c, err));
    *child = sp_plan_filter(z->arena, c, *child, err);
    return *child ? SP_OK : SP_FAILED;
}

static sp_status child_columns(sp_ana *z, const sp_plan *child, sp_expr *first, sp_exprs *l, sp_error *err)
{
    SP_TRY(sp_exprs_add(z->arena, l, first, err));
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *c = sp_attr_column(z->arena, &child->output[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, l, c, err));
    }
    return SP_OK;
}

/* Attribute of the new column: the time column's watermark, and the mark of a window. */
static sp_status window_attribute(sp_ana *z, const marker *m, const sp_expr *time, const sp_type *type, bool nullable,
                                  sp_attr *at, sp_error *err)
{
    *at = (sp_attr){ .id = sp_plan_new_id(),
                     .name = sp_str_of(functions[m->kind].name),
                     .type = type,
                     .nullable = nullable,
                     .watermark_delay_us = time->kind == SP_E_COLUMN ? time->watermark_delay_us : -1,
                     .is_time_window = m->kind < 2 };
    at->metadata = time->kind == SP_E_COLUMN ? time->metadata : (sp_str){ 0 };
    at->metadata = sp_metadata_set(z->arena, at->metadata, m->kind == 1 ? "spark.sessionWindow" : "spark.timeWindow",
                                   m->kind == 2 ? NULL : "true", err);
    return m->kind == 2 || at->metadata.p ? SP_OK : SP_FAILED;
}

static sp_status named(sp_ana *z, sp_expr *e, const sp_attr *at, sp_expr **out, sp_error *err)
{
    sp_expr *alias = sp_expr_alias(z->arena, e, at->name, at->id, err);
    if (!alias)
        return SP_FAILED;
    alias->metadata = at->metadata;
    alias->watermark_delay_us = at->watermark_delay_us;
    alias->is_time_window = at->is_time_window;
    *out = alias;
    return SP_OK;
}

static sp_status project_first(sp_ana *z, sp_expr *e, const sp_attr *at, sp_plan **child, sp_error *err)
{
    sp_exprs l = { 0 };
    sp_expr *alias;
    SP_TRY(named(z, e, at, &alias, err));
    SP_TRY(child_columns(z, *child, alias, &l, err));
    *child = sp_plan_project(z->arena, l.v, l.n, *child, err);
    return *child ? SP_OK : SP_FAILED;
}

/* time >= window.start AND time < window.end */
static sp_status holds_time(sp_ana *z, sp_expr *time, const sp_attr *at, sp_expr **out, sp_error *err)
{
    sp_scope s;
    sp_scope_init(&s, z, NULL, 0, err);
    sp_expr *w = sp_attr_column(z->arena, at, err), *start, *end, *ge, *lt;
    if (!w)
        return SP_FAILED;
    SP_TRY(sp_extract_value(&s, w, sp_ana_string(z, "start", err), &start, err));
    SP_TRY(sp_extract_value(&s, w, sp_ana_string(z, "end", err), &end, err));
    SP_TRY(sp_ana_call(z, ">=", (sp_expr *[]){ time, start }, 2, &ge, err));
    SP_TRY(sp_ana_call(z, "<", (sp_expr *[]){ time, end }, 2, &lt, err));
    return sp_ana_call(z, "and", (sp_expr *[]){ ge, lt }, 2, out, err);
}

static sp_status expand_windows(sp_ana *z, sp_expr *time, const marker *m, const sp_attr *at, sp_plan **child,
                                sp_error *err)
{
    int n = (int)((m->w.window_us + m->w.slide_us - 1) / m->w.slide_us);
    sp_plan *x = sp_plan_new(z->arena, SP_P_EXPAND, child, 1, err);
    if (!x)
        return SP_FAILED;
    SP_NEW_ARRAY(x->lists, z->arena, n, err);
    SP_NEW_ARRAY(x->list_counts, z->arena, n, err);
    x->list_count = n;
    for (int i = 0; i < n; i++) {
        marker each = *m;
        sp_exprs l = { 0 };
        each.w.index = i;
        sp_expr *call = make_call(z, &functions[0], time, &each, at->type, time->nullable, err);
        if (!call)
            return SP_FAILED;
        SP_TRY(child_columns(z, *child, call, &l, err));
        x->lists[i] = l.v;
        x->list_counts[i] = l.n;
    }
    sp_attrs out = { 0 };
    SP_TRY(sp_attrs_add(z->arena, &out, at, err));
    for (int i = 0; i < (*child)->output_count; i++)
        SP_TRY(sp_attrs_add(z->arena, &out, &(*child)->output[i], err));
    x->generator_output = out.v;
    x->generator_output_count = out.n;
    SP_TRY(sp_plan_complete(z->arena, x, err));
    *child = x;
    if (m->w.window_us % m->w.slide_us == 0)
        return is_not_null(z, time, child, err);
    sp_expr *keep;
    SP_TRY(holds_time(z, time, at, &keep, err));
    *child = sp_plan_filter(z->arena, keep, x, err);
    return *child ? SP_OK : SP_FAILED;
}

static sp_status window_time(sp_ana *z, sp_expr *window, const marker *m, sp_plan **child, sp_attr *at, sp_error *err)
{
    if (window->kind != SP_E_COLUMN || !window->is_time_window) {
        const char *text = sp_expr_sql_quoted(z->arena, window);
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_3101, "windowTime", text);
    }
    sp_scope s;
    sp_expr *end;
    sp_scope_init(&s, z, NULL, 0, err);
    SP_TRY(sp_extract_value(&s, window, sp_ana_string(z, "end", err), &end, err));
    SP_TRY(window_attribute(z, m, window, window->type->fields[1].type, true, at, err));
    at->metadata = sp_metadata_set(z->arena, at->metadata, "spark.sessionWindow", NULL, err);
    const char *name = sp_arena_printf(z->arena, err, "window_time(%.*s)", (int)window->name.n, window->name.p);
    if (!name)
        return SP_FAILED;
    at->name = sp_str_of(name);
    marker each = *m;
    each.w.index = 0;
    sp_expr *call = make_call(z, &functions[2], end, &each, at->type, true, err);
    return call ? project_first(z, call, at, child, err) : SP_FAILED;
}

static sp_status take_one(sp_ana *z, const sp_expr *e, sp_plan **child, sp_attr *at, sp_error *err)
{
    marker m = *(const marker *)e->state;
    sp_expr *time = e->args[0];
    m.w.index = 0;
    if (m.kind == 2)
        return window_time(z, time, &m, child, at, err);
    if (time->type->kind == SP_STRUCT) {          /* a window of windows: over window_time of the inner one */
        marker inner = { .kind = 2 };
        sp_attr t;
        SP_TRY(window_time(z, time, &inner, child, &t, err));
        if (!(time = sp_attr_column(z->arena, &t, err)))
            return SP_FAILED;
    }
    bool sliding = m.kind == 0 && m.w.window_us != m.w.slide_us;
    SP_TRY(window_attribute(z, &m, time, e->type, sliding, at, err));
    if (sliding)
        return expand_windows(z, time, &m, at, child, err);
    SP_TRY(is_not_null(z, time, child, err));
    sp_expr *call = make_call(z, &functions[m.kind], time, &m, at->type, false, err);
    return call ? project_first(z, call, at, child, err) : SP_FAILED;
}

static sp_status put_column(sp_ana *z, taking *t, sp_exprs *const *lists, int list_count, sp_error *err)
{
    for (int i = 0; i < list_count; i++)
        for (int k = 0; k < lists[i]->n; k++)
            if (!(lists[i]->v[k] = sp_expr_transform(z->arena, lists[i]->v[k], replace_marker, t, err)))
                return SP_FAILED;
    return SP_OK;
}

sp_status sp_reuse_time_windows(sp_ana *z, const sp_exprs *taken, sp_exprs *list, sp_error *err)
{
    taking t = { .arena = z->arena };
    for (int i = 0; i + 1 < taken->n; i += 2) {
        t.target = taken->v[i];
        t.to = taken->v[i + 1];
        SP_TRY(put_column(z, &t, &list, 1, err));
    }
    return SP_OK;
}

sp_status sp_take_time_windows(sp_ana *z, sp_exprs *const *lists, int list_count, sp_plan **child, sp_exprs *taken,
                               sp_error *err)
{
    taking t = { .arena = z->arena };
    int windows = 0;
    for (int i = 0; i < list_count; i++)
        for (int k = 0; k < lists[i]->n; k++)
            sp_expr_walk(lists[i]->v[k], visit_marker, &t);
    for (int i = 0; i < t.found.n; i++)
        windows += ((const marker *)t.found.v[i]->state)->kind < 2;
    if (windows > 1)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1039);
    for (int f = 0; f < t.found.n; f++) {
        sp_attr at;
        t.target = t.found.v[f];
        SP_TRY(take_one(z, t.target, child, &at, err));
        if (!(t.to = sp_attr_column(z->arena, &at, err)))
            return SP_FAILED;
        SP_TRY(put_column(z, &t, lists, list_count, err));
        if (taken) {
            SP_TRY(sp_exprs_add(z->arena, taken, t.found.v[f], err));
            SP_TRY(sp_exprs_add(z->arena, taken, t.to, err));
        }
    }
    return SP_OK;
}
