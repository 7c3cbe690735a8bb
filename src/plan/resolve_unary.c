/* resolve_unary.c -- nodes whose output is their child's: limits, deduplication, watermark, sample, repartition,
 * metrics, hints, show. Watermark: EventTimeWatermark and ResolveWatermark; delays as Dataset.withWatermark and
 * AstBuilder parse them. */
#include "plan/plan_int.h"

/* ---- limits ---- */

static sp_status limit_count(sp_ana *z, const sp_plan *p, sp_plan *c, sp_error *err)
{
    const char *name = p->kind == SP_P_OFFSET ? "offset" : p->kind == SP_P_TAIL ? "tail" : "limit";
    sp_expr *e = NULL;
    if (p->condition) {
        sp_scope s;
        sp_scope_init(&s, z, NULL, 0, err);
        SP_TRY(sp_resolve_expr(&s, p->condition, false, &e, err));
        const char *text = sp_expr_sql_quoted(z->arena, e);
        if (!e->foldable)
            return SP_FAIL(err, INVALID_LIMIT_LIKE_EXPRESSION__IS_UNFOLDABLE, "name", name, "expr", text);
        if (e->type->kind != SP_INT && e->type->kind != SP_BYTE && e->type->kind != SP_SHORT)
            return SP_FAIL(err, INVALID_LIMIT_LIKE_EXPRESSION__DATA_TYPE, "name", name, "expr", text, "dataType",
                           sp_type_sql_quoted(z->arena, e->type));
        sp_value v;
        SP_TRY(sp_expr_fold(z->arena, z->conf, e, &v, err));
        if (v.is_null)
            return SP_FAIL(err, INVALID_LIMIT_LIKE_EXPRESSION__IS_NULL, "name", name, "expr", text);
        c->count = v.i64;
        c->condition = NULL;
    }
    if (c->count < 0) {
        const char *n = sp_error_format(err, "%lld", (long long)c->count);
        const char *text = e ? sp_expr_sql_quoted(z->arena, e)
                             : sp_arena_printf(z->arena, err, "\"%lld\"", (long long)c->count);
        return SP_FAIL(err, INVALID_LIMIT_LIKE_EXPRESSION__IS_NEGATIVE, "name", name, "expr", text ? text : "", "v", n);
    }
    return SP_OK;
}

static sp_status resolve_own_exprs(sp_ana *z, const sp_plan *p, sp_plan **child, sp_plan *c, sp_error *err)
{
    if (!p->expr_count)
        return SP_OK;
    sp_scope s;
    sp_exprs l = { 0 };
    sp_scope_init(&s, z, child, 1, err);
    SP_TRY(sp_resolve_list(&s, p->exprs, p->expr_count, &l, err));
    if (p->kind == SP_P_REPARTITION)
        for (int i = 0; i < l.n; i++)
            l.v[i] = sp_expr_strip_alias(l.v[i]);
    c->exprs = l.v;
    c->expr_count = l.n;
    return SP_OK;
}

sp_status sp_ana_unary(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child, *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    c->children[0] = child;
    c->plan_id = -1;
    if (p->kind == SP_P_LIMIT || p->kind == SP_P_OFFSET || p->kind == SP_P_TAIL)
        SP_TRY(limit_count(z, p, c, err));
    else
        SP_TRY(resolve_own_exprs(z, p, &child, c, err));
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

/* ---- deduplicate ---- */

static sp_status all_columns(sp_ana *z, const sp_plan *child, sp_exprs *l, sp_error *err)
{
    for (int i = 0; i < child->output_count; i++) {
        sp_expr *col = sp_attr_column(z->arena, &child->output[i], err);
        if (!col)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(z->arena, l, col, err));
    }
    return SP_OK;
}

/* Dataset.dropDuplicates: every column of a given name is a key. */
static sp_status key_columns(sp_ana *z, const sp_plan *p, sp_plan *child, sp_exprs *l, sp_error *err)
{
    for (int i = 0; i < p->expr_count; i++) {
        const sp_expr *e = p->exprs[i];
        sp_str name = e->part_count == 1 ? e->parts[0] : e->name;
        int before = l->n;
        for (int k = 0; k < child->output_count; k++) {
            const sp_attr *at = &child->output[k];
            if (!(z->conf->case_sensitive ? sp_str_eq(at->name, name) : sp_str_eq_nocase(at->name, name)))
                continue;
            sp_expr *col = sp_attr_column(z->arena, at, err);
            if (!col)
                return SP_FAILED;
            SP_TRY(sp_exprs_add(z->arena, l, col, err));
        }
        if (l->n > before)
            continue;
        sp_buf b = { 0 };
        for (int k = 0; k < child->output_count; k++)
            sp_buf_printf(&b, "%s%.*s", k ? ", " : "", (int)child->output[k].name.n, child->output[k].name.p);
        SP_FAIL(err, UNRESOLVED_COLUMN_AMONG_FIELD_NAMES, "colName", sp_cstr(z->arena, name), "fieldNames",
                sp_buf_cstr(&b));
        sp_buf_done(&b);
        return SP_FAILED;
    }
    return SP_OK;
}

sp_status sp_ana_deduplicate(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    sp_exprs keys = { 0 };
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    bool all = p->all || p->distinct || !p->expr_count;
    SP_TRY(all ? all_columns(z, child, &keys, err) : key_columns(z, p, child, &keys, err));
    sp_plan *c = sp_plan_new(z->arena, p->distinct ? SP_P_AGGREGATE : SP_P_DEDUPLICATE, &child, 1, err);
    if (!c)
        return SP_FAILED;
    c->exprs = keys.v;
    c->expr_count = keys.n;
    c->distinct = p->distinct;
    c->within_watermark = p->within_watermark;
    if (p->distinct) {
        c->grouping = keys.v;
        c->grouping_count = keys.n;
    }
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

/* ---- watermark ---- */

static sp_status watermark_delay(sp_ana *z, const sp_plan *p, sp_plan *c, sp_error *err)
{
    sp_calendar d = { .us = p->delay_us, .months = p->delay_months };
    if (p->text2.p) {
        sp_error inner = { 0 };
        if (sp_parse_interval(p->text2, &d, &inner) == SP_FAILED) {
            const char *text = sp_arena_printf(z->arena, err, "'%.*s'", (int)p->text2.n, p->text2.p);
            return SP_FAIL(err, CANNOT_PARSE_INTERVAL, "intervalString", text ? text : "");
        }
    }
    if (d.months < 0 || d.days < 0 || d.us < 0) {
        /* IntervalUtils.isNegative: the duration as a whole, a month taken as 31 days */
        int64_t total = ((int64_t)d.months * 31 + d.days) * SP_US_PER_DAY + d.us;
        if (total < 0)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                                  "requirement failed: delay threshold (%.*s) should not be negative.", (int)p->text2.n,
                                  p->text2.p ? p->text2.p : "");
    }
    c->delay_us = d.us + (int64_t)d.days * SP_US_PER_DAY;
    c->delay_months = d.months;
    return SP_OK;
}

sp_status sp_ana_watermark(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child, *c = sp_plan_copy(z->arena, p, err);
    sp_scope s;
    sp_expr *e;
    if (!c)
        return SP_FAILED;
    SP_TRY(watermark_delay(z, p, c, err));
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    if (!child->is_streaming && p->exprs[0]->kind != SP_E_ALIAS) {     /* EliminateEventTimeWatermark */
        *out = child;
        return SP_OK;
    }
    sp_scope_init(&s, z, &child, 1, err);
    SP_TRY(sp_resolve_expr(&s, p->exprs[0], true, &e, err));
    if (e->kind == SP_E_ALIAS && p->exprs[0]->kind != SP_E_ALIAS)
        return SP_FAIL(err, EVENT_TIME_MUST_BE_TOP_LEVEL_COLUMN, "eventExpr",
                       sp_quote_parts(z->arena, p->exprs[0]->parts, p->exprs[0]->part_count));
    if (e->kind == SP_E_ALIAS) {               /* WATERMARK expr AS name: a column of its own */
        sp_exprs l = { 0 };
        SP_TRY(all_columns(z, child, &l, err));
        SP_TRY(sp_exprs_add(z->arena, &l, e, err));
        if (!(child = sp_plan_project(z->arena, l.v, l.n, child, err)) ||
            !(e = sp_attr_column(z->arena, &child->output[l.n - 1], err)))
            return SP_FAILED;
    }
    bool window = e->type->kind == SP_STRUCT && e->type->field_count == 2 &&
                  e->type->fields[1].type->kind == SP_TIMESTAMP && sp_str_is(e->type->fields[1].name, "end");
    if (e->type->kind != SP_TIMESTAMP && !window)
        return SP_FAIL(err, EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE, "eventName", sp_quote_id(z->arena, e->name),
                       "eventType", sp_type_sql_quoted(z->arena, e->type));
    SP_NEW_ARRAY(c->exprs, z->arena, 1, err);
    c->exprs[0] = e;
    c->children[0] = child;
    c->plan_id = -1;
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

/* ---- hints, show ---- */

static bool hint_count(const sp_plan *p, int64_t *count)
{
    for (int i = 0; i < p->expr_count; i++)
        if (p->exprs[i]->kind == SP_E_LITERAL && p->exprs[i]->literal.type &&
            sp_kind_is_integral(p->exprs[i]->literal.type->kind)) {
            *count = p->exprs[i]->literal.i64;
            return true;
        }
    return false;
}

/* coalesce, repartition and their like become nodes; join strategies and unknown names change nothing here. */
sp_status sp_ana_hint(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    bool coalesce = sp_str_eq_nocase(p->name, SP_LIT("coalesce"));
    bool range = sp_str_eq_nocase(p->name, SP_LIT("repartition_by_range"));
    if (!coalesce && !range && !sp_str_eq_nocase(p->name, SP_LIT("repartition")))
        return sp_ana_child(z, p, 0, out, err);
    sp_plan r = { .kind = SP_P_REPARTITION,
                  .plan_id = -1,
                  .children = p->children,
                  .child_count = p->child_count,
                  .shuffle = !coalesce,
                  .by_name = range };
    hint_count(p, &r.count);
    SP_NEW_ARRAY(r.exprs, z->arena, p->expr_count + 1, err);
    for (int i = 0; i < p->expr_count; i++)
        if (p->exprs[i]->kind != SP_E_LITERAL)
            r.exprs[r.expr_count++] = p->exprs[i];
    return sp_ana_unary(z, &r, out, err);
}

sp_status sp_ana_show(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    SP_TRY(sp_ana_child(z, p, 0, &c->children[0], err));
    c->plan_id = -1;
    c->output = NULL;
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}
