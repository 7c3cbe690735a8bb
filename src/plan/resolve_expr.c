/* resolve_expr.c -- an expression as a door made it, bottom-up, to one with types: names, calls, casts, fields,
 * windows.
 *
 * One pass: children first, then the node itself; function calls are bound by function/ (sp_expr_bind), what they put
 * in their place is resolved again. Names come from the scope: lambda variables, DataFrame columns by plan id, the
 * plan's attributes, functions without parentheses, aliases to the left in the same list, the query around (Spark:
 * ColumnResolutionHelper, ResolveFunctions, ResolveAliases, LiteralFunctionResolution). */
#include "plan/plan_int.h"

static sp_status resolve_args(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c = sp_expr_copy(s->z->arena, e, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < c->arg_count; i++)
        SP_TRY(sp_resolve_expr(s, e->args[i], false, &c->args[i], err));
    *out = c;
    return SP_OK;
}

/* ---- names ---- */

static sp_status lambda_variable(sp_scope *s, const sp_expr *e, sp_expr **out, sp_error *err)
{
    for (const sp_lambda_vars *f = s->lambdas; f; f = f->next)
        for (int i = 0; i < f->count; i++) {
            if (!sp_str_eq_nocase(f->vars[i]->name, e->parts[0]))
                continue;
            sp_expr *v = f->vars[i];
            for (int k = 1; k < e->part_count; k++) {
                sp_value name = sp_value_str(e->parts[k]);
                sp_expr *key = sp_expr_literal(s->z->arena, &name, err);
                if (!key)
                    return SP_FAILED;
                SP_TRY(sp_extract_value(s, v, key, &v, err));
            }
            *out = v;
            return SP_OK;
        }
    return SP_OK;
}

/* Functions that SQL calls without parentheses. */
static sp_status literal_function(sp_scope *s, const sp_expr *e, bool top, sp_expr **out, sp_error *err)
{
    static const char *const names[] = { "current_date", "current_timestamp", "current_time",  "current_user",
                                         "user",         "session_user",      "localtimestamp" };
    if (e->part_count != 1)
        return SP_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!sp_str_eq_nocase(e->parts[0], sp_str_of(names[i])) || !sp_function_find(sp_str_of(names[i])))
            continue;
        sp_expr *call;
        SP_TRY(sp_ana_call(s->z, names[i], NULL, 0, &call, err));
        return top ? sp_name_expr(s->z, NULL, call, out, err) : (*out = call, SP_OK);
    }
    return SP_OK;
}

static sp_status lateral_alias(sp_scope *s, const sp_expr *e, bool top, sp_expr **out, sp_error *err)
{
    if (!s->aliases)
        return SP_OK;
    sp_attrs l = { 0 };
    int count = 0;
    for (int i = 0; i < s->aliases->n; i++) {
        sp_expr *a = s->aliases->v[i];
        if (a->kind != SP_E_ALIAS || !sp_str_eq_nocase(a->name, e->parts[0]))
            continue;
        sp_attr at = sp_expr_attr_of(a);
        SP_TRY(sp_attrs_add(s->z->arena, &l, &at, err));
        count++;
    }
    if (count > 1) {
        char n[16];
        int len = 0;
        for (int v = count; v; v /= 10)
            n[len++] = (char)('0' + v % 10);
        n[len] = '\0';
        for (int i = 0, j = len - 1; i < j; i++, j--) {
            char c = n[i];
            n[i] = n[j];
            n[j] = c;
        }
        return SP_FAIL(err, AMBIGUOUS_LATERAL_COLUMN_ALIAS, "name",
                       sp_quote_parts(s->z->arena, e->parts, e->part_count), "n", n);
    }
    return count ? sp_resolve_parts(s, e->parts, e->part_count, l.v, l.n, top, &e->origin, out, err) : SP_OK;
}

/* A name of the query around this subquery. The reference is noted, so that the subquery's rewriting finds it. */
static sp_status outer_name(sp_scope *s, const sp_expr *e, sp_expr **out, sp_error *err)
{
    for (sp_scope *o = s->z->outer; o && !*out; o = o->outer) {
        SP_TRY(sp_resolve_parts(o, e->parts, e->part_count, o->attrs, o->attr_count, false, &e->origin, out, err));
        o->used_outer |= *out != NULL;
    }
    return SP_OK;
}

static sp_status resolve_attr(sp_scope *s, sp_expr *e, bool top, sp_expr **out, sp_error *err)
{
    *out = NULL;
    SP_TRY(lambda_variable(s, e, out, err));
    if (!*out && e->plan_id >= 0 && s->input_count)
        SP_TRY(sp_resolve_by_plan_id(s, e, top, out, err));
    if (!*out && s->first)
        SP_TRY(s->first(s, e, out, err));
    if (!*out)
        SP_TRY(sp_resolve_parts(s, e->parts, e->part_count, s->attrs, s->attr_count, top, &e->origin, out, err));
    if (!*out)
        SP_TRY(literal_function(s, e, top, out, err));
    if (!*out)
        SP_TRY(lateral_alias(s, e, top, out, err));
    if (!*out)
        SP_TRY(outer_name(s, e, out, err));
    return *out ? SP_OK : sp_fail_unresolved(s, e->parts, e->part_count, &e->origin, err);
}

/* ---- calls ---- */

sp_status sp_resolve_call(sp_scope *s, sp_expr *call, sp_expr **out, sp_error *err)
{
    sp_ana *z = s->z;
    sp_expr *bound = NULL;
    if (!sp_function_find(call->name) && !sp_aggregate_find(call->name)) {
        sp_buf path = { 0 };
        sp_buf_printf(&path, "[`system`.`builtin`, `system`.`session`, `%s`.`%s`]",
                      z->conf->catalog ? z->conf->catalog : "spark_catalog",
                      z->conf->database ? z->conf->database : "default");
        SP_FAIL(err, UNRESOLVED_ROUTINE, "routineName",
                call->part_count ? sp_quote_parts(z->arena, call->parts, call->part_count)
                                 : sp_quote_id(z->arena, call->name),
                "searchPath", sp_buf_cstr(&path));
        sp_buf_done(&path);
        sp_error_at(err, &call->origin, z->arena);
        return SP_FAILED;
    }
    if (sp_expr_bind(z->arena, z->conf, call, &bound, err) == SP_FAILED) {
        sp_error_at(err, &call->origin, z->arena);
        return SP_FAILED;
    }
    if (sp_expr_is_resolved(bound)) {
        *out = bound;
        return SP_OK;
    }
    return sp_resolve_expr(s, bound, false, out, err);
}

static bool keeps_names(const sp_expr *e)
{
    return sp_str_eq_nocase(e->name, SP_LIT("struct"));
}

/* count(*) counts rows; elsewhere stars are columns. */
static sp_status expand_args(sp_scope *s, sp_expr **call, sp_error *err)
{
    sp_expr *e = *call;
    bool star = false;
    for (int i = 0; i < e->arg_count; i++)
        star |= e->args[i]->kind == SP_E_STAR;
    if (!star)
        return SP_OK;
    if (s->no_star)
        return SP_FAIL(err, INVALID_USAGE_OF_STAR_OR_REGEX, "elem", "'*'", "prettyName", s->no_star);
    sp_expr *c = sp_expr_copy(s->z->arena, e, err);
    if (!c)
        return SP_FAILED;
    sp_exprs args = { 0 };
    bool count_rows = sp_str_eq_nocase(e->name, SP_LIT("count")) && !e->distinct && e->arg_count == 1 &&
                      e->args[0]->part_count == 0 && e->args[0]->arg_count == 0;
    if (count_rows) {
        sp_expr *one = sp_ana_int(s->z, SP_INT, 1, err);
        if (!one)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(s->z->arena, &args, one, err));
    }
    for (int i = 0; i < e->arg_count && !count_rows; i++)
        if (e->args[i]->kind == SP_E_STAR)
            SP_TRY(sp_expand_star(s, e->args[i], &args, err));
        else
            SP_TRY(sp_exprs_add(s->z->arena, &args, e->args[i], err));
    c->args = args.v;
    c->arg_count = args.n;
    *call = c;
    return SP_OK;
}

static sp_status check_filter(sp_scope *s, const sp_expr *call, sp_error *err)
{
    const sp_expr *f = call->filter;
    const char *text = sp_expr_sql_quoted(s->z->arena, f);
    if (f->type->kind != SP_BOOLEAN && f->type->kind != SP_VOID)
        return SP_FAIL(err, INVALID_AGGREGATE_FILTER__NOT_BOOLEAN, "filterExpr", text);
    if (!sp_expr_is_deterministic(f))
        return SP_FAIL(err, INVALID_AGGREGATE_FILTER__NON_DETERMINISTIC, "filterExpr", text);
    return SP_OK;
}

/* f(...) WITHIN GROUP (ORDER BY ...) */
static sp_status resolve_within_group(sp_scope *s, sp_expr *c, sp_error *err)
{
    sp_window_spec *w;
    SP_NEW(w, s->z->arena, sizeof *w, err);
    *w = *c->window;
    SP_NEW_ARRAY(w->order, s->z->arena, w->order_count + 1, err);
    for (int i = 0; i < w->order_count; i++)
        SP_TRY(sp_resolve_expr(s, c->window->order[i], false, &w->order[i], err));
    c->window = w;
    return SP_OK;
}

static sp_status resolve_function(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    SP_TRY(expand_args(s, &e, err));
    if (sp_is_higher_order(e))
        return sp_resolve_higher_order(s, e, out, err);
    bool was = s->in_aggregate_function;
    bool aggregate = sp_aggregate_find(e->name) != NULL;
    s->in_aggregate_function = was || aggregate;
    sp_expr *c = NULL;
    sp_status status = resolve_args(s, e, &c, err);
    if (status == SP_OK && e->filter) {
        status = sp_resolve_expr(s, e->filter, false, &c->filter, err);
        if (status == SP_OK)
            status = check_filter(s, c, err);
    }
    if (status == SP_OK && e->window)
        status = resolve_within_group(s, c, err);
    s->in_aggregate_function = was;
    SP_TRY(status);
    if (!keeps_names(c))
        for (int i = 0; i < c->arg_count; i++)
            c->args[i] = sp_expr_strip_alias(c->args[i]);
    for (int i = 0; i < c->arg_count; i++)
        if (sp_expr_is_generator(c->args[i]))
            return SP_FAIL(err, UNSUPPORTED_GENERATOR__NESTED_IN_EXPRESSIONS, "expression",
                           sp_expr_sql_quoted(s->z->arena, c));
    if (sp_is_time_window_name(c->name))
        return sp_resolve_time_window(s, c, out, err);
    if (sp_str_eq_nocase(c->name, SP_LIT("grouping")) || sp_str_eq_nocase(c->name, SP_LIT("grouping_id")))
        return s->groups ? sp_resolve_grouping_call(s, c, out, err) : SP_FAIL(err, UNSUPPORTED_GROUPING_EXPRESSION);
    return sp_resolve_call(s, c, out, err);
}

sp_status sp_ana_call(sp_ana *z, const char *name, sp_expr *const *args, int count, sp_expr **out, sp_error *err)
{
    sp_expr *call = sp_expr_function(z->arena, name, args, count, err);
    if (!call)
        return SP_FAILED;
    if (count)
        call->origin = args[0]->origin;
    sp_scope s;
    sp_scope_init(&s, z, NULL, 0, err);
    return sp_resolve_call(&s, call, out, err);
}

sp_status sp_ana_cast(sp_ana *z, sp_expr *e, const sp_type *to, sp_expr **out, sp_error *err)
{
    *out = e;
    if (sp_type_same(e->type, to))
        return SP_OK;
    SP_TRY(sp_expr_cast(z->arena, z->conf, e, to, z->conf->ansi ? SP_CAST_ANSI : SP_CAST_LEGACY, out, err));
    if (*out != e)
        (*out)->cast_is_implicit = true;
    return SP_OK;
}

sp_expr *sp_ana_int(sp_ana *z, sp_kind kind, int64_t v, sp_error *err)
{
    sp_value value = sp_value_i64(kind, v);
    return sp_expr_literal(z->arena, &value, err);
}

sp_expr *sp_ana_string(sp_ana *z, const char *v, sp_error *err)
{
    sp_value value = sp_value_str(sp_str_of(v));
    return sp_expr_literal(z->arena, &value, err);
}

/* ---- the other kinds ---- */

static sp_status resolve_cast(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c, *cast;
    SP_TRY(resolve_args(s, e, &c, err));
    sp_expr *arg = sp_expr_strip_alias(c->args[0]);
    if (arg->type->kind == e->type->kind && sp_type_eq(arg->type, e->type)) {
        cast = c;
        cast->args[0] = arg;
        cast->nullable = arg->nullable;
        cast->foldable = arg->foldable;
    } else {
        if (sp_expr_cast(s->z->arena, s->z->conf, arg, e->type, e->cast_mode, &cast, err) == SP_FAILED) {
            sp_error_at(err, &e->origin, s->z->arena);
            return SP_FAILED;
        }
        cast->origin = e->origin;
    }
    cast->cast_is_implicit = e->cast_is_implicit;
    *out = cast;
    return SP_OK;
}

static sp_status resolve_alias(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c;
    SP_TRY(resolve_args(s, e, &c, err));
    sp_expr *arg = sp_expr_strip_alias(c->args[0]);
    if (e->args[0]->kind == SP_E_ALIAS && c->args[0]->kind == SP_E_ALIAS && c->metadata.p == NULL)
        c->metadata = c->args[0]->metadata;
    c->args[0] = arg;
    c->id = e->id >= 0 ? e->id : sp_plan_new_id();
    c->type = arg->type;
    c->nullable = arg->nullable;
    c->foldable = arg->foldable;
    bool named = arg->kind == SP_E_COLUMN || arg->kind == SP_E_FIELD;
    if (named && !c->metadata.p)
        c->metadata = arg->metadata;
    if (arg->kind == SP_E_COLUMN) {
        c->watermark_delay_us = e->metadata.p ? -1 : arg->watermark_delay_us;
        c->is_time_window = !e->metadata.p && arg->is_time_window;
    }
    *out = c;
    return SP_OK;
}

static sp_status resolve_sort(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    SP_TRY(resolve_args(s, e, out, err));
    (*out)->args[0] = sp_expr_strip_alias((*out)->args[0]);
    (*out)->type = (*out)->args[0]->type;
    (*out)->nullable = (*out)->args[0]->nullable;
    return SP_OK;
}

static sp_status resolve_extract(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c;
    SP_TRY(resolve_args(s, e, &c, err));
    if (sp_extract_value(s, sp_expr_strip_alias(c->args[0]), sp_expr_strip_alias(c->args[1]), out, err) == SP_FAILED) {
        sp_error_at(err, &e->origin, s->z->arena);
        return SP_FAILED;
    }
    return SP_OK;
}

static sp_status resolve_exprs(sp_scope *s, sp_expr ***list, int count, sp_error *err)
{
    sp_expr **v;
    SP_NEW_ARRAY(v, s->z->arena, count + 1, err);
    for (int i = 0; i < count; i++) {
        SP_TRY(sp_resolve_expr(s, (*list)[i], false, &v[i], err));
        v[i] = sp_expr_strip_alias(v[i]);
    }
    *list = v;
    return SP_OK;
}

static sp_status resolve_window(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c;
    sp_window_spec *w;
    SP_TRY(resolve_args(s, e, &c, err));
    SP_NEW(w, s->z->arena, sizeof *w, err);
    *w = *e->window;
    SP_TRY(resolve_exprs(s, &w->partition, w->partition_count, err));
    SP_TRY(resolve_exprs(s, &w->order, w->order_count, err));
    if (w->lower)
        SP_TRY(sp_resolve_expr(s, w->lower, false, &w->lower, err));
    if (w->upper)
        SP_TRY(sp_resolve_expr(s, w->upper, false, &w->upper, err));
    c->args[0] = sp_expr_strip_alias(c->args[0]);
    c->window = w;
    c->type = c->args[0]->type;
    c->nullable = c->args[0]->nullable;
    SP_TRY(sp_resolve_window_frame(s->z, c, err));
    *out = c;
    return SP_OK;
}

/* struct.withField(path, value) and dropFields(path): the struct is made anew, level by level (Spark's UpdateFields).
 */
static sp_status update_struct(sp_scope *s, sp_expr *base, sp_str path, sp_expr *value, sp_expr **out, sp_error *err)
{
    sp_ana *z = s->z;
    if (base->type->kind != SP_STRUCT)
        return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_expr_sql_quoted(z->arena, base),
                       "paramIndex", "first", "requiredType", "\"STRUCT\"", "inputSql",
                       sp_expr_sql_quoted(z->arena, base), "inputType", sp_type_sql_quoted(z->arena, base->type));
    const char *dot = memchr(path.p, '.', path.n);
    sp_str head = { path.p, dot ? (size_t)(dot - path.p) : path.n };
    sp_str rest = { dot ? dot + 1 : NULL, dot ? path.n - head.n - 1 : 0 };
    sp_exprs args = { 0 };
    bool found = false;
    int kept = 0;
    for (int i = 0; i <= base->type->field_count; i++) {
        bool extra = i == base->type->field_count;
        if (extra && (found || !value || rest.n))
            break;
        sp_str name = extra ? head : base->type->fields[i].name;
        bool hit = extra || (z->conf->case_sensitive ? sp_str_eq(name, head) : sp_str_eq_nocase(name, head));
        found |= hit;
        sp_value text = sp_value_str(hit && value && !rest.n ? head : name);
        sp_expr *key = sp_expr_literal(z->arena, &text, err), *field = value;
        if (!key)
            return SP_FAILED;
        if (!hit || rest.n)
            SP_TRY(sp_extract_value(s, base, key, &field, err));
        if (hit && rest.n)
            SP_TRY(update_struct(s, field, rest, value, &field, err));
        if (!field)
            continue;
        kept++;
        SP_TRY(sp_exprs_add(z->arena, &args, key, err));
        SP_TRY(sp_exprs_add(z->arena, &args, field, err));
    }
    if (!kept)
        return SP_FAIL(err, DATATYPE_MISMATCH__CANNOT_DROP_ALL_FIELDS, "sqlExpr", sp_expr_sql_quoted(z->arena, base));
    sp_expr *made;
    SP_TRY(sp_ana_call(z, "named_struct", args.v, args.n, &made, err));
    if (base->nullable) {
        sp_value none = sp_value_null(made->type);
        sp_expr *null = sp_expr_literal(z->arena, &none, err), *is_null;
        if (!null)
            return SP_FAILED;
        SP_TRY(sp_ana_call(z, "isnull", &base, 1, &is_null, err));
        SP_TRY(sp_ana_call(z, "if", (sp_expr *[]){ is_null, null, made }, 3, &made, err));
    }
    *out = made;
    return SP_OK;
}

static sp_status resolve_update(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    sp_expr *c;
    SP_TRY(resolve_args(s, e, &c, err));
    return update_struct(s, sp_expr_strip_alias(c->args[0]), e->name,
                         e->arg_count > 1 ? sp_expr_strip_alias(c->args[1]) : NULL, out, err);
}

static sp_status fail_star(sp_scope *s, const sp_expr *e, sp_error *err)
{
    SP_FAIL(err, INVALID_USAGE_OF_STAR_OR_REGEX, "elem", e->kind == SP_E_STAR ? "'*'" : "regular expression",
            "prettyName", "expression");
    sp_error_at(err, &e->origin, s->z->arena);
    return SP_FAILED;
}

static sp_status resolve_kind(sp_scope *s, sp_expr *e, bool top, sp_expr **out, sp_error *err)
{
    switch (e->kind) {
    case SP_E_ATTR: return resolve_attr(s, e, top, out, err);
    case SP_E_FUNCTION: return resolve_function(s, e, out, err);
    case SP_E_CAST: return resolve_cast(s, e, out, err);
    case SP_E_ALIAS: return resolve_alias(s, e, out, err);
    case SP_E_SORT: return resolve_sort(s, e, out, err);
    case SP_E_EXTRACT: return resolve_extract(s, e, out, err);
    case SP_E_WINDOW: return resolve_window(s, e, out, err);
    case SP_E_UPDATE_FIELDS: return resolve_update(s, e, out, err);
    case SP_E_SUBQUERY: return sp_resolve_subquery(s, e, out, err);
    case SP_E_STAR: case SP_E_REGEX: return fail_star(s, e, err);
    case SP_E_EXPR_STRING: {
        sp_expr *parsed = NULL;
        SP_TRY(s->z->catalog->parse_expr(s->z->catalog->session, s->z->arena, e->name, &parsed, err));
        return sp_resolve_expr(s, parsed, top, out, err);
    }
    case SP_E_PARAMETER:
        return SP_FAIL(err, UNBOUND_SQL_PARAMETER, "name", sp_cstr(s->z->arena, e->name.n ? e->name : SP_LIT("_")));
    case SP_E_DEFAULT:
        return SP_FAIL(err, UNRESOLVED_COLUMN__WITHOUT_SUGGESTION, "objectName", "`DEFAULT`");
    case SP_E_FIELD: case SP_E_CALL: case SP_E_AGG: case SP_E_MULTI_ALIAS:
        return resolve_args(s, e, out, err);
    default:
        *out = e;
        return SP_OK;
    }
}

sp_status sp_resolve_expr(sp_scope *s, sp_expr *e, bool top, sp_expr **out, sp_error *err)
{
    bool leaf = e->kind == SP_E_COLUMN || e->kind == SP_E_LITERAL || e->kind == SP_E_LAMBDA_VAR;
    if (leaf || (e->type && e->kind <= SP_E_LAST_RESOLVED && sp_expr_is_resolved(e) && e->kind != SP_E_WINDOW &&
                 (e->kind != SP_E_CAST || e->cast_is_implicit) && (e->kind != SP_E_ALIAS || e->id >= 0))) {
        *out = e;
        return SP_OK;
    }
    if (++s->z->expr_depth > SP_EXPR_DEPTH_MAX)
        return sp_error_plain(err, SP_EXC_ANALYSIS, "Expression is nested more than %d levels deep", SP_EXPR_DEPTH_MAX);
    sp_status status = resolve_kind(s, e, top, out, err);
    s->z->expr_depth--;
    if (status == SP_FAILED)
        sp_error_at(err, &e->origin, s->z->arena);
    return status;
}

/* ---- names of results ---- */

static sp_str pretty_name(sp_ana *z, const sp_expr *e, sp_error *err)
{
    sp_buf b = { 0 };
    sp_expr_sql(&b, e, true);
    sp_str out = { 0 };
    if (sp_buf_check(&b, err) == SP_OK)
        out = sp_str_copy(z->arena, (sp_str){ b.data ? b.data : "", b.len }, err);
    sp_buf_done(&b);
    return out;
}

sp_status sp_name_expr(sp_ana *z, const sp_expr *unresolved, sp_expr *e, sp_expr **out, sp_error *err)
{
    *out = e;
    if (e->kind == SP_E_COLUMN || e->kind == SP_E_ALIAS || sp_is_window_marker(e))
        return SP_OK;
    sp_str name;
    bool cast_of_name = e->kind == SP_E_CAST && !e->cast_is_implicit && unresolved && unresolved->kind == SP_E_CAST &&
                        unresolved->args[0]->kind == SP_E_ATTR &&
                        (e->args[0]->kind == SP_E_COLUMN || e->args[0]->kind == SP_E_FIELD);
    if (cast_of_name)
        name = e->args[0]->name;
    else
        name = pretty_name(z, e, err);
    if (!name.p)
        return SP_FAILED;
    *out = sp_expr_alias(z->arena, e, name, sp_plan_new_id(), err);
    if (!*out)
        return SP_FAILED;
    if (e->kind == SP_E_FIELD)
        (*out)->metadata = e->metadata;
    return SP_OK;
}
