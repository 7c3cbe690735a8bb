/* resolve_window.c -- OVER (...): which frame a window function has, and what may not stand in one.
 *
 *   no frame written   the function's own; else RANGE UNBOUNDED PRECEDING .. CURRENT ROW with an order, all rows of the
 *                      partition without
 *   a frame written    ranking functions want theirs, lag and lead none; bounds are constants, INT for ROWS, of the
 *                      key's type (or an interval that it can be moved by) for RANGE, the lower one not past the upper
 * Behaviour: Analyzer.ResolveWindowFrame and ResolveWindowOrder, WindowFrameTypeCoercion, WindowSpecDefinition,
 * SpecifiedWindowFrame, CheckAnalysis. */
#include "plan/plan_int.h"

enum { ROWS = 1, RANGE = 2, UNBOUNDED = 0, CURRENT = 1, VALUE = 2 };

static bool is_named(const sp_expr *call, const char *name) { return strcmp(call->function->name, name) == 0; }
static bool is_shift(const sp_expr *call) { return is_named(call, "lag") || is_named(call, "lead"); }

static const char *text_of(sp_ana *z, const sp_expr *e)
{
    sp_buf b = { 0 };
    sp_expr_sql(&b, e, true);
    const char *s = sp_arena_strdup(z->arena, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s ? s : "";
}

/* The frame without which the function has no meaning: lag's is a place; none for nth_value. */
static sp_status own_frame(sp_ana *z, const sp_expr *call, sp_window_spec *out, sp_error *err)
{
    *out = (sp_window_spec){ .frame = is_named(call, "cume_dist") ? RANGE : ROWS, .lower_kind = UNBOUNDED,
        .upper_kind = CURRENT };
    if (is_named(call, "nth_value"))
        out->frame = 0;
    if (!is_shift(call))
        return SP_OK;
    sp_value by;
    SP_TRY(sp_expr_fold(z->arena, z->conf, call->args[1], &by, err));
    sp_expr *place = sp_ana_int(z, SP_INT, is_named(call, "lag") ? -by.i64 : by.i64, err);
    if (!place)
        return SP_FAILED;
    out->lower_kind = out->upper_kind = VALUE;
    out->lower = out->upper = place;
    return SP_OK;
}

static bool same_frame(const sp_window_spec *a, const sp_window_spec *b)
{
    return a->frame == b->frame && a->lower_kind == b->lower_kind && a->upper_kind == b->upper_kind
        && !a->lower == !b->lower &&
           !a->upper == !b->upper;
}

static void put_bound(sp_buf *b, int kind, const sp_expr *value, bool lower)
{
    if (kind != VALUE) {
        sp_buf_puts(b, kind == CURRENT ? "CURRENT ROW" : lower ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING");
        return;
    }
    bool negated = value->kind == SP_E_CALL && value->arg_count == 1 && sp_str_is(value->name, "-");
    sp_expr_sql(b, negated ? value->args[0] : value, true);
    sp_buf_puts(b, negated ? " PRECEDING" : " FOLLOWING");
}

static const char *frame_text(sp_ana *z, const sp_window_spec *w)
{
    sp_buf b = { 0 };
    sp_buf_puts(&b, w->frame == ROWS ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    put_bound(&b, w->lower_kind, w->lower, true);
    sp_buf_puts(&b, " AND ");
    put_bound(&b, w->upper_kind, w->upper, false);
    const char *s = sp_arena_strdup(z->arena, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s ? s : "";
}

static sp_status fit_function(sp_ana *z, sp_expr *w, sp_error *err)
{
    const sp_expr *call = w->args[0];
    sp_window_spec own, *spec = w->window;
    if (!spec->order_count)
        return SP_FAIL(err, WINDOW_FUNCTION_FRAME_NOT_ORDERED, "wf_name", call->function->name, "wf_expr", text_of(z,
            call));
    SP_TRY(own_frame(z, call, &own, err));
    if (!own.frame)
        return SP_OK;
    if (spec->frame && is_shift(call))
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1035, "prettyName", call->function->name);
    if (spec->frame && !same_frame(spec, &own))
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1036, "wf", frame_text(z, spec), "required", frame_text(z, &own));
    spec->frame = own.frame;
    spec->lower_kind = own.lower_kind;
    spec->upper_kind = own.upper_kind;
    spec->lower = own.lower;
    spec->upper = own.upper;
    return SP_OK;
}

/* ---- written bounds ---- */

static bool is_interval(sp_kind k) { return k == SP_CALENDAR || k == SP_DAY_TIME || k == SP_YEAR_MONTH; }
static bool is_time(sp_kind k) { return k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ; }

/* RANGE: to the type of the one order key, but of dates and timestamps, which move by intervals and days. */
static sp_status cast_bound(sp_ana *z, const sp_window_spec *spec, sp_expr **bound, sp_error *err)
{
    sp_expr *e = *bound;
    const sp_type *key = spec->order_count == 1 ? spec->order[0]->type : NULL;
    if (!e || spec->frame != RANGE || !key || key->kind == SP_DATE || is_time(key->kind)
        || is_interval(e->type->kind) ||
        sp_type_same(e->type, key) || !sp_can_cast(e->type, key, z->conf->ansi))
        return SP_OK;
    return sp_ana_cast(z, e, key, bound, err);
}

static sp_status check_bound(sp_ana *z, const sp_window_spec *spec, const sp_expr *e, const char *location,
                             sp_error *err)
{
    if (!e)
        return SP_OK;
    const char *whole = frame_text(z, spec), *sql = sp_arena_printf(z->arena, NULL, "\"%s\"", whole);
    if (!e->foldable)
        return SP_FAIL(err, DATATYPE_MISMATCH__SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE, "sqlExpr", sql ? sql : "",
            "location", location, "expression",
                       sp_expr_sql_quoted(z->arena, e));
    bool fits = spec->frame == ROWS ? e->type->kind == SP_INT : sp_kind_is_numeric(e->type->kind)
        || is_interval(e->type->kind);
    if (fits)
        return SP_OK;
    return SP_FAIL(err, DATATYPE_MISMATCH__SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE, "sqlExpr", sql ? sql : "",
        "location", location, "exprType",
                   sp_type_sql_quoted(z->arena, e->type), "expectedType",
                   spec->frame == ROWS ? "\"INT\""
                       : "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")");
}

static bool moves_key(const sp_type *key, const sp_type *by)
{
    if (key->kind == SP_DATE && (by->kind == SP_INT || by->kind == SP_YEAR_MONTH))
        return true;
    if (key->kind == SP_DATE && by->kind == SP_DAY_TIME && by->end_field == 0)
        return true;
    if (is_time(key->kind) && is_interval(by->kind))
        return true;
    return sp_type_same(key, by);
}

static const char *orders_text(sp_ana *z, const sp_window_spec *spec)
{
    sp_buf b = { 0 };
    for (int i = 0; i < spec->order_count; i++) {
        sp_buf_puts(&b, i ? "," : "");
        sp_expr_string(&b, spec->order[i]);
    }
    const char *s = sp_arena_strdup(z->arena, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s ? s : "";
}

static sp_status check_range(sp_ana *z, const sp_expr *w, sp_error *err)
{
    const sp_window_spec *spec = w->window;
    const sp_expr *value = spec->lower ? spec->lower : spec->upper;
    const char *sql = sp_expr_sql_quoted(z->arena, w);
    if (spec->frame != RANGE || (spec->lower_kind == UNBOUNDED && spec->upper_kind == UNBOUNDED))
        return SP_OK;
    if (!spec->order_count)
        return SP_FAIL(err, DATATYPE_MISMATCH__RANGE_FRAME_WITHOUT_ORDER, "sqlExpr", sql);
    if (!value)
        return SP_OK;
    if (spec->order_count > 1)
        return SP_FAIL(err, DATATYPE_MISMATCH__RANGE_FRAME_MULTI_ORDER, "sqlExpr", sql, "orderSpec", orders_text(z,
            spec));
    if (moves_key(spec->order[0]->type, value->type))
        return SP_OK;
    return SP_FAIL(err, DATATYPE_MISMATCH__RANGE_FRAME_INVALID_TYPE, "sqlExpr", sql, "orderSpecType",
                   sp_type_sql_quoted(z->arena, spec->order[0]->type), "valueBoundaryType",
                       sp_type_sql_quoted(z->arena, value->type));
}

/* The bound as a number to compare by: CURRENT ROW is 0. Months compare with months only. */
static sp_status bound_value(sp_ana *z, int kind, const sp_expr *e, double *out, sp_error *err)
{
    *out = 0;
    if (kind != VALUE)
        return SP_OK;
    sp_value v;
    SP_TRY(sp_expr_fold(z->arena, z->conf, e, &v, err));
    switch (v.is_null ? SP_VOID : v.type->kind) {
    case SP_VOID: return SP_OK;
    case SP_FLOAT: case SP_DOUBLE: *out = v.f64; return SP_OK;
    case SP_DECIMAL: *out = sp_dec_to_f64(v.decimal, v.type->scale); return SP_OK;
    case SP_CALENDAR: *out =
        ((double)v.calendar.months * 31 + v.calendar.days) * (double)SP_US_PER_DAY + (double)v.calendar.us;
        return SP_OK;
    default: *out = (double)v.i64; return SP_OK;
    }
}

static sp_status compare_bounds(sp_ana *z, const sp_expr *w, sp_error *err)
{
    const sp_window_spec *spec = w->window;
    double lower, upper;
    if (spec->lower_kind == UNBOUNDED || spec->upper_kind == UNBOUNDED)
        return SP_OK;
    if (spec->lower && spec->upper && !sp_type_same(spec->lower->type, spec->upper->type))
        return SP_FAIL(err, DATATYPE_MISMATCH__SPECIFIED_WINDOW_FRAME_DIFF_TYPES, "sqlExpr",
            sp_expr_sql_quoted(z->arena, w), "lower",
                       sp_expr_sql_quoted(z->arena, spec->lower), "upper", sp_expr_sql_quoted(z->arena, spec->upper),
                           "lowerType",
                       sp_type_sql_quoted(z->arena, spec->lower->type), "upperType", sp_type_sql_quoted(z->arena,
                           spec->upper->type));
    SP_TRY(bound_value(z, spec->lower_kind, spec->lower, &lower, err));
    SP_TRY(bound_value(z, spec->upper_kind, spec->upper, &upper, err));
    if (lower <= upper)
        return SP_OK;
    return SP_FAIL(err, DATATYPE_MISMATCH__SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON, "sqlExpr",
        sp_expr_sql_quoted(z->arena, w), "comparison",
                   "less than or equal");
}

sp_status sp_resolve_window_frame(sp_ana *z, sp_expr *w, sp_error *err)
{
    const sp_expr *call = w->args[0];
    bool only_here = call->kind == SP_E_CALL && call->function && (call->function->flags & SP_FN_WINDOW);
    if (call->kind != SP_E_AGG && !only_here)
        return SP_FAIL(err, UNSUPPORTED_EXPR_FOR_WINDOW, "sqlExpr", sp_expr_sql_quoted(z->arena, call));
    if (call->kind == SP_E_AGG && call->distinct)
        return SP_FAIL(err, DISTINCT_WINDOW_FUNCTION_UNSUPPORTED, "windowExpr", sp_expr_sql_quoted(z->arena, w));
    if (only_here)
        SP_TRY(fit_function(z, w, err));
    sp_window_spec *spec = w->window;
    if (!spec->frame)
        return SP_OK;
    SP_TRY(cast_bound(z, spec, &spec->lower, err));
    SP_TRY(cast_bound(z, spec, &spec->upper, err));
    SP_TRY(check_bound(z, spec, spec->lower, "lower", err));
    SP_TRY(check_bound(z, spec, spec->upper, "upper", err));
    SP_TRY(check_range(z, w, err));
    return compare_bounds(z, w, err);
}
