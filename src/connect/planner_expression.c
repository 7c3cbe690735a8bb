/* planner_expression.c -- Connect's expressions to unresolved ones (SparkConnectPlanner.transformExpression, Spark 4.3): a table of what to do with
 * each case of the message. */
#include "connect/planner_int.h"

enum { EXPRESSION_DEPTH_MAX = 1024 };   /* the protobuf check's own limit, said again where the recursion is */

sp_status sp_planner_not_supported(sp_error *err, const char *full_name, const char *name, int number)
{
    sp_buf b = { 0 };
    sp_buf_printf(&b, "%d", number);
    SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SUPPORTED, "fullName", full_name, "name", name, "number", sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

sp_status sp_planner_python(sp_error *err, const char *what, const char *name)
{
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "%s cannot run here: this Spate has no Python workers (function `%s`)", what,
                          name && *name ? name : "lambda");
}

void sp_planner_origin(const Spark__Connect__Origin *from, sp_origin *out)
{
    if (!from || from->function_case != SPARK__CONNECT__ORIGIN__FUNCTION_PYTHON_ORIGIN)
        return;
    out->kind = 2;
    out->fragment = pb_str(from->python_origin->fragment);
    out->call_site = pb_str(from->python_origin->call_site);
}

/* ---- lists ---- */

sp_status sp_planner_exprs(sp_planner *p, size_t n, pb_expr *const *from, sp_expr ***out, int *count, sp_error *err)
{
    sp_expr **list;
    SP_NEW_ARRAY(list, p->arena, n + 1, err);
    for (size_t i = 0; i < n; i++)
        SP_TRY(sp_planner_expression(p, from[i], &list[i], err));
    *out = list;
    *count = (int)n;
    return SP_OK;
}

sp_status sp_planner_strings(sp_planner *p, size_t n, char *const *from, sp_str **out, int *count, sp_error *err)
{
    sp_str *list;
    SP_NEW_ARRAY(list, p->arena, n + 1, err);
    for (size_t i = 0; i < n; i++)
        list[i] = pb_str(from[i]);
    *out = list;
    *count = (int)n;
    return SP_OK;
}

static sp_expr *with_args(sp_planner *p, sp_expr_kind kind, int count, sp_error *err)
{
    sp_expr *e = sp_expr_new(p->arena, kind, err);
    if (e && !(e->args = sp_arena_calloc(p->arena, sizeof *e->args * (size_t)(count + 1), err)))
        return NULL;
    if (e)
        e->arg_count = count;
    return e;
}

/* ---- names ---- */

static sp_status bad_attribute(sp_arena *a, sp_str name, sp_error *err)
{
    const char *s = sp_arena_strndup(a, name.p, name.n, err);
    return s ? SP_FAIL(err, INVALID_ATTRIBUTE_NAME_SYNTAX, "name", s) : SP_FAILED;
}

sp_status sp_planner_attribute_parts(sp_arena *a, sp_str name, sp_str **out, int *count, sp_error *err)
{
    sp_str *parts;
    size_t dots = 1;
    for (size_t i = 0; i < name.n; i++)
        dots += name.p[i] == '.';
    char *text = sp_arena_alloc(a, name.n + 1, err);   /* all parts, one after the other */
    if (!text)
        return SP_FAILED;
    SP_NEW_ARRAY(parts, a, dots, err);
    int n = 0;
    size_t used = 0, from = 0, i = 0;
    bool quoted = false;
    for (; i < name.n; i++) {
        char c = name.p[i];
        bool last = i + 1 == name.n;
        if (quoted && c == '`' && !last && name.p[i + 1] == '`') {
            text[used++] = '`';
            i++;
        } else if (quoted && c == '`') {
            quoted = false;
            if (!last && name.p[i + 1] != '.')
                return bad_attribute(a, name, err);
        } else if (quoted) {
            text[used++] = c;
        } else if (c == '`') {
            if (used != from)
                return bad_attribute(a, name, err);
            quoted = true;
        } else if (c == '.') {
            if (last || name.p[i + 1] == '.' || i == 0)
                return bad_attribute(a, name, err);
            parts[n++] = (sp_str){ text + from, used - from };
            from = used;
        } else {
            text[used++] = c;
        }
    }
    if (quoted)
        return bad_attribute(a, name, err);
    parts[n++] = (sp_str){ text + from, used - from };
    *out = parts;
    *count = n;
    return SP_OK;
}

sp_expr *sp_planner_column(sp_planner *p, sp_str name, sp_error *err)
{
    return sp_expr_attr(p->arena, name, err);
}

static sp_status star(sp_planner *p, const char *target, int64_t plan_id, sp_expr **out, sp_error *err)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_STAR, err);
    if (!e)
        return SP_FAILED;
    e->plan_id = plan_id;
    *out = e;
    if (!target)
        return SP_OK;
    sp_str t = sp_str_of(target);
    if (plan_id >= 0)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__UNRESOLVED_STAR_WITH_BOTH_TARGET_AND_PLAN_ID);
    if (!sp_str_ends(t, ".*"))
        return SP_FAIL(err, CONNECT_INVALID_PLAN__UNRESOLVED_STAR_TARGET_INVALID, "target", target);
    return sp_planner_attribute_parts(p->arena, (sp_str){ t.p, t.n - 2 }, &e->parts, &e->part_count, err);
}

static sp_status attribute(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UnresolvedAttribute *u = m->unresolved_attribute;
    sp_str name = pb_str(u->unparsed_identifier);
    int64_t plan_id = u->has_plan_id ? u->plan_id : -1;
    if (sp_str_is(name, "*"))
        return star(p, NULL, plan_id, out, err);
    if (sp_str_ends(name, ".*") && plan_id < 0)
        return star(p, u->unparsed_identifier, -1, out, err);
    sp_expr *e = sp_expr_new(p->arena, SP_E_ATTR, err);
    if (!e)
        return SP_FAILED;
    e->plan_id = plan_id;
    e->metadata_column = u->has_is_metadata_column && u->is_metadata_column;
    *out = e;
    return sp_planner_attribute_parts(p->arena, name, &e->parts, &e->part_count, err);
}

static sp_status unresolved_star(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UnresolvedStar *s = m->unresolved_star;
    return star(p, s->unparsed_target, s->has_plan_id ? s->plan_id : -1, out, err);
}

/* df.colRegex: a name in back-quotes is a pattern, else an attribute. */
static sp_status regex(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UnresolvedRegex *r = m->unresolved_regex;
    sp_str name = pb_str(r->col_name);
    bool pattern = name.n >= 2 && name.p[0] == '`' && name.p[name.n - 1] == '`';
    sp_expr *e = sp_expr_new(p->arena, pattern ? SP_E_REGEX : SP_E_ATTR, err);
    if (!e)
        return SP_FAILED;
    e->plan_id = r->has_plan_id ? r->plan_id : -1;
    *out = e;
    if (!pattern)
        return sp_planner_attribute_parts(p->arena, name, &e->parts, &e->part_count, err);
    e->name = (sp_str){ name.p + 1, name.n - 2 };
    return SP_OK;
}

/* ---- calls ---- */

static sp_status call(sp_planner *p, const char *name, size_t n, pb_expr *const *arguments, sp_expr **out, sp_error *err)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_FUNCTION, err);
    if (!e)
        return SP_FAILED;
    e->name = pb_str(name);
    *out = e;
    return sp_planner_exprs(p, n, arguments, &e->args, &e->arg_count, err);
}

static sp_status function(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UnresolvedFunction *f = m->unresolved_function;
    SP_TRY(call(p, f->function_name, f->n_arguments, f->arguments, out, err));
    sp_expr *e = *out;
    e->distinct = f->is_distinct;
    e->is_internal = f->has_is_internal && f->is_internal;
    if (f->is_user_defined_function) {
        SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, e->name, &e->parts, &e->part_count, err));
        e->name = e->parts[e->part_count - 1];
        if (e->part_count == 1)
            e->part_count = 0;
    }
    return SP_OK;
}

static sp_status call_function(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__CallFunction *f = m->call_function;
    SP_TRY(call(p, f->function_name, f->n_arguments, f->arguments, out, err));
    sp_expr *e = *out;
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, e->name, &e->parts, &e->part_count, err));
    e->name = e->parts[e->part_count - 1];
    if (e->part_count == 1)
        e->part_count = 0;
    return SP_OK;
}

static sp_status user_function(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__CommonInlineUserDefinedFunction *f = m->common_inline_user_defined_function;
    if (f->function_case == SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_PYTHON_UDF)
        return sp_planner_python(err, "A Python function", f->function_name);
    return sp_planner_not_supported(err, "spark.connect.CommonInlineUserDefinedFunction.function", "SCALAR_SCALA_UDF", (int)f->function_case);
}

static sp_status named_argument(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    sp_expr *value;
    SP_TRY(sp_planner_expression(p, m->named_argument_expression->value, &value, err));
    *out = sp_expr_alias(p->arena, value, pb_str(m->named_argument_expression->key), -1, err);
    if (!*out)
        return SP_FAILED;
    (*out)->is_internal = true;
    return SP_OK;
}

/* ---- aliases, casts, orders ---- */

sp_status sp_planner_alias(sp_planner *p, const Spark__Connect__Expression__Alias *m, sp_expr **out, sp_error *err)
{
    sp_expr *child;
    SP_TRY(sp_planner_expression(p, m->expr, &child, err));
    if (m->n_name == 1) {
        *out = sp_expr_alias(p->arena, child, pb_str(m->name[0]), -1, err);
        if (*out && pb_has(m->metadata))
            (*out)->metadata = sp_str_of(m->metadata);
        return *out ? SP_OK : SP_FAILED;
    }
    if (pb_has(m->metadata))
        return SP_FAIL(err, CONNECT_INVALID_PLAN__ALIAS_WITH_MULTIPLE_IDENTIFIERS_AND_METADATA);
    sp_expr *e = with_args(p, SP_E_MULTI_ALIAS, 1, err);
    if (!e)
        return SP_FAILED;
    e->args[0] = child;
    *out = e;
    return sp_planner_strings(p, m->n_name, m->name, &e->parts, &e->part_count, err);
}

static sp_status alias(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    return sp_planner_alias(p, m->alias, out, err);
}

static sp_status cast(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__Cast *c = m->cast;
    sp_expr *e = with_args(p, SP_E_CAST, 1, err);
    if (!e)
        return SP_FAILED;
    SP_TRY(sp_planner_expression(p, c->expr, &e->args[0], err));
    if (c->cast_to_type_case == SPARK__CONNECT__EXPRESSION__CAST__CAST_TO_TYPE_TYPE)
        SP_TRY(sp_proto_to_type(p->arena, c->type, &e->type, err));
    else
        SP_TRY(sp_type_from_ddl(p->arena, pb_str(c->type_str), &e->type, err));
    switch ((int)c->eval_mode) {
    case SPARK__CONNECT__EXPRESSION__CAST__EVAL_MODE__EVAL_MODE_LEGACY: e->cast_mode = SP_CAST_LEGACY; break;
    case SPARK__CONNECT__EXPRESSION__CAST__EVAL_MODE__EVAL_MODE_ANSI: e->cast_mode = SP_CAST_ANSI; break;
    case SPARK__CONNECT__EXPRESSION__CAST__EVAL_MODE__EVAL_MODE_TRY: e->cast_mode = SP_CAST_TRY; break;
    default: e->cast_mode = p->conf->ansi ? SP_CAST_ANSI : SP_CAST_LEGACY;
    }
    *out = e;
    return SP_OK;
}

sp_status sp_planner_sort_order(sp_planner *p, const Spark__Connect__Expression__SortOrder *s, sp_expr **out, sp_error *err)
{
    sp_expr *e = with_args(p, SP_E_SORT, 1, err);
    if (!e)
        return SP_FAILED;
    SP_TRY(sp_planner_expression(p, s->child, &e->args[0], err));
    e->ascending = s->direction != SPARK__CONNECT__EXPRESSION__SORT_ORDER__SORT_DIRECTION__SORT_DIRECTION_DESCENDING;
    e->nulls_first = e->ascending;
    if (s->null_ordering == SPARK__CONNECT__EXPRESSION__SORT_ORDER__NULL_ORDERING__SORT_NULLS_FIRST)
        e->nulls_first = true;
    else if (s->null_ordering == SPARK__CONNECT__EXPRESSION__SORT_ORDER__NULL_ORDERING__SORT_NULLS_LAST)
        e->nulls_first = false;
    *out = e;
    return SP_OK;
}

static sp_status sort_order(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    return sp_planner_sort_order(p, m->sort_order, out, err);
}

/* ---- lambdas ---- */

/* The client's names are unique ("x_3"), so a variable is a name like another to the analyzer. */
static sp_status lambda_variable(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UnresolvedNamedLambdaVariable *v = m->unresolved_named_lambda_variable;
    if (v->n_name_parts == 0)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__UNRESOLVED_NAMED_LAMBDA_VARIABLE_REQUIRES_NAME_PART);
    sp_expr *e = sp_expr_new(p->arena, SP_E_ATTR, err);
    if (!e)
        return SP_FAILED;
    *out = e;
    return sp_planner_strings(p, v->n_name_parts, v->name_parts, &e->parts, &e->part_count, err);
}

static sp_status lambda(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__LambdaFunction *l = m->lambda_function;
    if (l->n_arguments < 1 || l->n_arguments > 3) {
        sp_buf b = { 0 };
        sp_buf_printf(&b, "%zu", l->n_arguments);
        SP_FAIL(err, CONNECT_INVALID_PLAN__LAMBDA_FUNCTION_ARGUMENT_COUNT_INVALID, "got", sp_buf_cstr(&b));
        sp_buf_done(&b);
        return SP_FAILED;
    }
    sp_expr *e = with_args(p, SP_E_LAMBDA, 1 + (int)l->n_arguments, err);
    if (!e)
        return SP_FAILED;
    SP_TRY(sp_planner_expression(p, l->function, &e->args[0], err));
    for (size_t i = 0; i < l->n_arguments; i++) {
        sp_expr *v = sp_expr_new(p->arena, SP_E_LAMBDA_VAR, err);
        if (!v)
            return SP_FAILED;
        if (l->arguments[i]->n_name_parts == 0)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__UNRESOLVED_NAMED_LAMBDA_VARIABLE_REQUIRES_NAME_PART);
        v->name = pb_str(l->arguments[i]->name_parts[0]);
        v->ordinal = (int)i;
        e->args[i + 1] = v;
    }
    *out = e;
    return SP_OK;
}

/* ---- windows ---- */

typedef Spark__Connect__Expression__Window__WindowFrame__FrameBoundary pb_boundary;

static sp_status boundary(sp_planner *p, const pb_boundary *b, bool upper, int *kind, sp_expr **value, sp_error *err)
{
    int c = b ? (int)b->boundary_case : SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_BOUNDARY__BOUNDARY__NOT_SET;
    switch (c) {
    case SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_BOUNDARY__BOUNDARY_UNBOUNDED: *kind = 0; return SP_OK;
    case SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_BOUNDARY__BOUNDARY_CURRENT_ROW: *kind = 1; return SP_OK;
    case SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_BOUNDARY__BOUNDARY_VALUE:
        *kind = 2;
        return sp_planner_expression(p, b->value, value, err);
    default:
        return upper ? SP_FAIL(err, CONNECT_INVALID_PLAN__UPPER_BOUND_REQUIRED_IN_WINDOW_FRAME)
                     : SP_FAIL(err, CONNECT_INVALID_PLAN__LOWER_BOUND_REQUIRED_IN_WINDOW_FRAME);
    }
}

static sp_status window(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__Window *w = m->window;
    if (!w->window_function)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__WINDOW_FUNCTION_REQUIRED);
    sp_expr *e = with_args(p, SP_E_WINDOW, 1, err);
    sp_window_spec *spec;
    if (!e)
        return SP_FAILED;
    SP_NEW(spec, p->arena, sizeof *spec, err);
    SP_TRY(sp_planner_expression(p, w->window_function, &e->args[0], err));
    SP_TRY(sp_planner_exprs(p, w->n_partition_spec, w->partition_spec, &spec->partition, &spec->partition_count, err));
    SP_NEW_ARRAY(spec->order, p->arena, w->n_order_spec + 1, err);
    spec->order_count = (int)w->n_order_spec;
    for (size_t i = 0; i < w->n_order_spec; i++)
        SP_TRY(sp_planner_sort_order(p, w->order_spec[i], &spec->order[i], err));
    if (w->frame_spec) {
        const Spark__Connect__Expression__Window__WindowFrame *f = w->frame_spec;
        bool rows = f->frame_type == SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_TYPE__FRAME_TYPE_ROW;
        spec->frame = rows ? 1 : 2;
        SP_TRY(boundary(p, f->lower, false, &spec->lower_kind, &spec->lower, err));
        SP_TRY(boundary(p, f->upper, true, &spec->upper_kind, &spec->upper, err));
    }
    e->window = spec;
    *out = e;
    return SP_OK;
}

/* ---- the rest ---- */

static sp_status literal(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    return sp_planner_literal_expr(p, m->literal, out, err);
}

static sp_status expression_string(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    return sp_sql_parse_expression(p->arena, p->conf, pb_str(m->expression_string->expression), out, err);
}

static sp_status extract(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    sp_expr *e = with_args(p, SP_E_EXTRACT, 2, err);
    if (!e)
        return SP_FAILED;
    SP_TRY(sp_planner_expression(p, m->unresolved_extract_value->child, &e->args[0], err));
    SP_TRY(sp_planner_expression(p, m->unresolved_extract_value->extraction, &e->args[1], err));
    *out = e;
    return SP_OK;
}

static sp_status update_fields(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    const Spark__Connect__Expression__UpdateFields *u = m->update_fields;
    sp_expr *e = with_args(p, SP_E_UPDATE_FIELDS, u->value_expression ? 2 : 1, err);
    if (!e)
        return SP_FAILED;
    SP_TRY(sp_planner_expression(p, u->struct_expression, &e->args[0], err));
    if (u->value_expression)
        SP_TRY(sp_planner_expression(p, u->value_expression, &e->args[1], err));
    e->name = pb_str(u->field_name);
    *out = e;
    return SP_OK;
}

static const pb_relation *find_reference(const sp_planner *p, int64_t plan_id)
{
    for (const sp_planner_refs *r = p->refs; r; r = r->outer)
        for (size_t i = 0; i < r->count; i++)
            if (r->refs[i]->common && r->refs[i]->common->has_plan_id && r->refs[i]->common->plan_id == plan_id)
                return r->refs[i];
    return NULL;
}

static sp_status subquery(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    static const uint8_t kinds[] = { 0, 0, 1, 3, 2 };   /* by SubqueryType */
    const Spark__Connect__SubqueryExpression *s = m->subquery_expression;
    const pb_relation *r = find_reference(p, s->plan_id);
    if (!r)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_WITH_RELATION_REFERENCE);
    sp_expr *e = sp_expr_new(p->arena, SP_E_SUBQUERY, err);
    if (!e)
        return SP_FAILED;
    e->subquery_kind = (unsigned)s->subquery_type < sizeof kinds ? kinds[s->subquery_type] : 0;
    SP_TRY(sp_planner_exprs(p, s->n_in_subquery_values, s->in_subquery_values, &e->args, &e->arg_count, err));
    SP_TRY(sp_planner_relation(p, r, &e->plan, err));
    *out = e;
    return SP_OK;
}

typedef sp_status (*rule)(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err);
static const struct { int number; rule run; } rules[] = {
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_LITERAL, literal },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_ATTRIBUTE, attribute },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_FUNCTION, function },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_EXPRESSION_STRING, expression_string },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_STAR, unresolved_star },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_ALIAS, alias },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_CAST, cast },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_REGEX, regex },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_SORT_ORDER, sort_order },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_LAMBDA_FUNCTION, lambda },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_WINDOW, window },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_EXTRACT_VALUE, extract },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UPDATE_FIELDS, update_fields },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_NAMED_LAMBDA_VARIABLE, lambda_variable },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_COMMON_INLINE_USER_DEFINED_FUNCTION, user_function },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_CALL_FUNCTION, call_function },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_NAMED_ARGUMENT_EXPRESSION, named_argument },
    { SPARK__CONNECT__EXPRESSION__EXPR_TYPE_SUBQUERY_EXPRESSION, subquery },
};

static sp_status refuse(const pb_expr *m, sp_error *err)
{
    switch ((int)m->expr_type_case) {
    case SPARK__CONNECT__EXPRESSION__EXPR_TYPE_MERGE_ACTION: return sp_planner_not_supported(err, "spark.connect.Expression.expr_type", "MERGE_ACTION", 19);
    case SPARK__CONNECT__EXPRESSION__EXPR_TYPE_TYPED_AGGREGATE_EXPRESSION:
        return sp_planner_not_supported(err, "spark.connect.Expression.expr_type", "TYPED_AGGREGATE_EXPRESSION", 20);
    case SPARK__CONNECT__EXPRESSION__EXPR_TYPE_DIRECT_SHUFFLE_PARTITION_ID:
        return sp_planner_not_supported(err, "spark.connect.Expression.expr_type", "DIRECT_SHUFFLE_PARTITION_ID", 22);
    case SPARK__CONNECT__EXPRESSION__EXPR_TYPE_EXTENSION:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NO_HANDLER_FOR_EXTENSION, "extensionTypeUrl", m->extension->type_url ? m->extension->type_url : "");
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Expression", "name", "expr_type");
    }
}

sp_status sp_planner_expression(sp_planner *p, const pb_expr *m, sp_expr **out, sp_error *err)
{
    if (!m)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Expression", "name", "expr_type");
    if (p->depth >= EXPRESSION_DEPTH_MAX)
        return sp_error_plain(err, SP_EXC_ANALYSIS, "The plan is nested more than %d levels deep", EXPRESSION_DEPTH_MAX);
    rule run = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !run; i++)
        if (rules[i].number == (int)m->expr_type_case)
            run = rules[i].run;
    if (!run)
        return refuse(m, err);
    p->depth++;
    sp_status status = run(p, m, out, err);
    p->depth--;
    if (status == SP_OK && m->common && !(*out)->origin.kind)
        sp_planner_origin(m->common->origin, &(*out)->origin);
    return status;
}
