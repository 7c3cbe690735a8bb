/* bind.c -- from an unresolved call to a bound one: which function, how many arguments, which types, which casts.
 *
 * sp_expr_bind looks the name up, counts the arguments, lets the function's bind say what it takes and gives, puts
 * the casts in and makes an SP_E_CALL or SP_E_AGG. A bind that answers with a replacement (Spark's
 * RuntimeReplaceable) has that tree bound in its place, under a "$replaced" node that keeps the call's own text for
 * column names. Messages: DATATYPE_MISMATCH.* and WRONG_NUM_ARGS as ExpectsInputTypes and QueryCompilationErrors
 * word them. */
#include "function/function_int.h"
#include <ctype.h>

/* ---- texts for messages ---- */

const char *sp_ordinal_word(sp_arena *a, int i)
{
    static const char *const words[] = { "first", "second", "third" };
    if (i < 3) return words[i];
    const char *s = sp_arena_printf(a, NULL, "%dth", i + 1);
    return s ? s : "";
}

const char *sp_bind_sql(sp_bind *b) { return sp_expr_sql_quoted(b->arena, b->call); }
const char *sp_bind_arg_sql(sp_bind *b, int i) { return sp_expr_sql_quoted(b->arena, b->call->args[i]); }
const char *sp_bind_arg_type(sp_bind *b, int i) { return sp_type_sql_quoted(b->arena, sp_bind_type(b, i)); }

const char *sp_bind_function_id(sp_bind *b)
{
    const char *name = b->call->function ? b->call->function->name : b->call->aggregate->name;
    const char *s = sp_arena_printf(b->arena, NULL, "`%s`", name);
    return s ? s : "";
}

sp_status sp_bind_fail_type(sp_bind *b, int i, const char *required_sql, sp_error *err)
{
    return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_bind_sql(b), "paramIndex",
        sp_ordinal_word(b->arena, i),
                   "requiredType", required_sql, "inputSql", sp_bind_arg_sql(b, i), "inputType",
                       sp_bind_arg_type(b, i));
}

sp_status sp_bind_want(sp_bind *b, int i, const sp_type *t, sp_error *err)
{
    const sp_type *have = sp_bind_type(b, i);
    if (sp_type_same(have, t) || (have->kind == SP_STRING && t->kind == SP_STRING)) return SP_OK;
    if (!sp_can_implicit_cast(have, t, b->conf)) return sp_bind_fail_type(b, i, sp_type_sql_quoted(b->arena, t), err);
    b->want[i] = t;
    return SP_OK;
}

/* ---- signatures ---- */

typedef struct letter { char letter; const char *required; sp_kind to; } letter;

static const letter letters[] = {
    { 's', "\"STRING\"", SP_STRING }, { 'i', "\"INT\"", SP_INT }, { 'l', "\"BIGINT\"", SP_LONG },
        { 'd', "\"DOUBLE\"", SP_DOUBLE },
    { 'f', "\"FLOAT\"", SP_FLOAT }, { 'b', "\"BOOLEAN\"", SP_BOOLEAN }, { 'D', "\"DATE\"", SP_DATE },
        { 'T', "\"TIMESTAMP\"", SP_TIMESTAMP },
    { 'N', "\"TIMESTAMP_NTZ\"", SP_TIMESTAMP_NTZ }, { 'B', "\"BINARY\"", SP_BINARY },
        { 'y', "\"INTERVAL YEAR TO MONTH\"", SP_YEAR_MONTH },
    { 'Y', "\"INTERVAL DAY TO SECOND\"", SP_DAY_TIME }, { 'n', "\"NUMERIC\"", SP_DOUBLE },
        { 'm', "\"DECIMAL\"", SP_DECIMAL },
    { 'I', "\"INTEGRAL\"", SP_LONG }, { 'x', "(\"STRING\" or \"BINARY\")", SP_STRING },
        { 'g', "(\"INT\" or \"BIGINT\")", SP_INT },
    { 't', "(\"TIMESTAMP\" or \"TIMESTAMP WITHOUT TIME ZONE\")", SP_TIMESTAMP }, { 'A', "\"ARRAY\"", SP_ARRAY },
        { 'M', "\"MAP\"", SP_MAP },
    { 'S', "\"STRUCT\"", SP_STRUCT }, { 0, NULL, SP_VOID }
};

static bool accepts(char c, sp_kind k, const letter *l)
{
    switch (c) {
    case 'n': return sp_kind_is_numeric(k);
    case 'I': return sp_kind_is_integral(k);
    case 'x': return k == SP_STRING || k == SP_BINARY;
    case 't': return k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ;
    case 'g': return k == SP_INT || k == SP_LONG;
    default: return k == l->to;
    }
}

static sp_status want_letter(sp_bind *b, int i, char c, sp_error *err)
{
    const letter *l = letters;
    while (l->letter && l->letter != c) l++;
    if (c == 'a' || !l->letter) return SP_OK;
    const sp_type *have = sp_bind_type(b, i);
    if (accepts(c, have->kind, l)) return SP_OK;
    bool nested = sp_kind_is_nested(l->to);
    bool null_nested = nested && have->kind == SP_VOID;
    if (null_nested) {
        const sp_type *v = sp_type_of(SP_VOID);
        b->want[i] = l->to == SP_ARRAY ? sp_type_array(b->arena, v, true, err) : l->to == SP_MAP
            ? sp_type_map(b->arena, v, v, true, err)
                                                                                                 : sp_type_struct(b->arena,
                                                                                                     NULL, 0, err);
        return b->want[i] ? SP_OK : SP_FAILED;
    }
    bool fraction_for_integral = c == 'I' && sp_kind_is_fractional(have->kind);
    if (nested || fraction_for_integral || !sp_can_implicit_cast(have, sp_type_of(l->to), b->conf))
        return sp_bind_fail_type(b, i, l->required, err);
    b->want[i] = c == 'm' && sp_decimal_for(have) ? sp_decimal_for(have) : sp_type_of(l->to);
    return SP_OK;
}

sp_status sp_bind_sig(sp_bind *b, const char *signature, sp_kind result, sp_error *err)
{
    const char *s = signature;
    for (int i = 0; i < b->arg_count; i++) {
        if (!*s) break;
        SP_TRY(want_letter(b, i, *s, err));
        if (s[1] != '*') s++;
    }
    b->type = sp_type_of(result);
    return SP_OK;
}

bool sp_bind_is_constant(const sp_bind *b, int i) { return b->call->args[i]->foldable; }

sp_status sp_bind_constant(sp_bind *b, int i, const char *input_name, sp_value *out, sp_error *err)
{
    sp_expr *e = b->call->args[i];
    if (!e->foldable)
        return SP_FAIL(err, DATATYPE_MISMATCH__NON_FOLDABLE_INPUT, "sqlExpr", sp_bind_sql(b), "inputName",
                       sp_arena_printf(b->arena, NULL, "`%s`", input_name), "inputType", sp_bind_arg_type(b, i),
                           "inputExpr", sp_bind_arg_sql(b, i));
    if (b->want[i] && !sp_type_same(b->want[i], e->type))
        SP_TRY(sp_expr_cast(b->arena, b->conf, e, b->want[i], b->conf->ansi ? SP_CAST_ANSI : SP_CAST_LEGACY, &e, err));
    return sp_expr_fold(b->arena, b->conf, e, out, err);
}

sp_status sp_bind_common(sp_bind *b, int from, int to, const sp_type **out, sp_error *err)
{
    const sp_type *t = sp_widest_of(b->arena, b->call->args + from, to - from, b->conf, err);
    if (!t) {
        sp_buf list = { 0 };
        for (int i = from; i < to; i++) sp_buf_printf(&list, "%s%s", i > from ? " or " : "", sp_bind_arg_type(b, i));
        const char *types = sp_arena_printf(b->arena, NULL, "(%s)", sp_buf_cstr(&list));
        sp_buf_done(&list);
        return SP_FAIL(err, DATATYPE_MISMATCH__DATA_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b),
                       "dataType", types ? types : "");
    }
    for (int i = from; i < to; i++)
        if (!sp_type_eq(sp_bind_type(b, i), t)) b->want[i] = t;
    *out = t;
    return SP_OK;
}

/* ---- casts ---- */

sp_status sp_expr_cast(sp_arena *a, const sp_expr_conf *conf, sp_expr *e, const sp_type *to, sp_cast_mode mode,
    sp_expr **out, sp_error *err)
{
    if (sp_type_eq(e->type, to) || (sp_type_same(e->type, to) && !sp_kind_is_nested(to->kind))) { *out = e; return SP_OK; }
    if (!sp_can_cast(e->type, to, mode != SP_CAST_LEGACY)) {
        bool legacy_could = mode != SP_CAST_LEGACY && sp_can_cast(e->type, to, false);
        sp_expr shown = { .kind = SP_E_CAST, .type = to, .args = &e, .arg_count = 1, .cast_mode = mode };
        const char *sql = sp_expr_sql_quoted(a, &shown), *src = sp_type_sql_quoted(a, e->type),
            *target = sp_type_sql_quoted(a, to);
        if (legacy_could && mode == SP_CAST_ANSI)
            return SP_FAIL(err, DATATYPE_MISMATCH__CAST_WITH_CONF_SUGGESTION, "sqlExpr", sql, "srcType", src,
                "targetType", target, "config",
                           "\"spark.sql.ansi.enabled\"", "configVal", "'false'");
        return SP_FAIL(err, DATATYPE_MISMATCH__CAST_WITHOUT_SUGGESTION, "sqlExpr", sql, "srcType", src, "targetType",
            target);
    }
    sp_expr *c = sp_expr_new(a, SP_E_CAST, err);
    if (!c) return SP_FAILED;
    SP_NEW_ARRAY(c->args, a, 1, err);
    c->args[0] = e;
    c->arg_count = 1;
    c->type = to;
    c->cast_mode = mode;
    c->cast_is_implicit = true;     /* a written CAST clears it */
    c->foldable = e->foldable;
    c->origin = e->origin;
    bool can_null = mode != SP_CAST_ANSI && !(sp_kind_is_numeric(e->type->kind) && sp_kind_is_fractional(to->kind) &&
        to->kind != SP_DECIMAL) &&
                    to->kind != SP_STRING && !(sp_kind_is_integral(e->type->kind) && sp_kind_is_integral(to->kind) &&
                                               e->type->kind <= to->kind);
    c->nullable = e->nullable || can_null || e->type->kind == SP_VOID;
    *out = c;
    return SP_OK;
}

/* ---- binding a call ---- */

static sp_status fail_arg_count(sp_arena *a, const sp_expr *call, int min, int max, sp_error *err)
{
    const char *expected, *name = sp_arena_printf(a, NULL, "`%.*s`", (int)call->name.n, call->name.p);
    if (max < 0) expected = sp_arena_printf(a, NULL, "> %d", min - 1);
    else if (min == max) expected = sp_arena_printf(a, NULL, "%d", min);
    else {
        sp_buf list = { 0 };
        sp_buf_putc(&list, '[');
        for (int i = min; i <= max; i++) sp_buf_printf(&list, "%s%d", i > min ? ", " : "", i);
        sp_buf_putc(&list, ']');
        expected = sp_arena_strdup(a, sp_buf_cstr(&list), NULL);
        sp_buf_done(&list);
    }
    const char *actual = sp_arena_printf(a, NULL, "%d", call->arg_count);
    if (!expected || !actual || !name) return sp_error_memory(err, "message");
    return SP_FAIL(err, WRONG_NUM_ARGS__WITHOUT_SUGGESTION, "functionName", name, "expectedNum", expected, "actualNum",
        actual, "docroot",
                   "https://spark.apache.org/docs/latest");
}

static bool count_fits(int n, int min, int max) { return n >= min && (max < 0 || n <= max); }

static sp_status cast_args(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++)
        if (b->want[i]) {
            sp_expr *arg = b->call->args[i];
            SP_TRY(sp_expr_cast(b->arena, b->conf, arg, b->want[i], b->conf->ansi ? SP_CAST_ANSI : SP_CAST_LEGACY,
                &arg, err));
            b->call->args[i] = arg;
        }
    return SP_OK;
}

/* Replacement trees are written with unresolved calls over resolved arguments. */
static sp_status bind_tree(sp_arena *a, const sp_expr_conf *conf, sp_expr *e, const sp_origin *origin, sp_expr **out,
    sp_error *err)
{
    if (e->kind != SP_E_FUNCTION) { *out = e; return SP_OK; }
    if (!(e = sp_expr_copy(a, e, err))) return SP_FAILED;
    e->origin = *origin;
    for (int i = 0; i < e->arg_count; i++) SP_TRY(bind_tree(a, conf, e->args[i], origin, &e->args[i], err));
    return sp_expr_bind(a, conf, e, out, err);
}

static sp_status bind_replacement(sp_bind *b, sp_expr **result, sp_error *err)
{
    sp_expr *tree, *call = b->call;
    SP_TRY(bind_tree(b->arena, b->conf, b->replacement, &call->origin, &tree, err));
    sp_buf text = { 0 };
    sp_expr shown = *call;
    if (tree->kind == SP_E_AGG) shown.filter = NULL;
    sp_expr_sql(&text, &shown, true);
    call->sql_name.p = text.failed ? NULL : sp_arena_strndup(b->arena, text.data, text.len, err);
    call->sql_name.n = text.len;
    sp_buf_done(&text);
    if (!call->sql_name.p) return SP_FAILED;
    if (tree->kind == SP_E_AGG) {
        tree->sql_name = call->sql_name;
        tree->distinct = call->distinct;
        tree->filter = call->filter;
        *result = tree;
        return SP_OK;
    }
    call->function = &sp_fn_replaced;
    call->kind = SP_E_CALL;
    call->args[0] = tree;
    call->arg_count = 1;
    call->type = tree->type;
    call->nullable = tree->nullable;
    call->foldable = tree->foldable;
    SP_TRY(sp_fn_replaced.bind(b, err));
    call->state = b->state;
    *result = call;
    return SP_OK;
}

static void preset(sp_bind *b)
{
    b->foldable = true;
    for (int i = 0; i < b->arg_count; i++) {
        const sp_expr *arg = b->call->args[i];
        if (arg->kind == SP_E_LAMBDA) continue;
        b->nullable |= arg->nullable;
        b->foldable &= arg->foldable;
    }
}

static sp_status bind_function(sp_bind *b, const sp_function *f, sp_expr **result, sp_error *err)
{
    sp_expr *call = b->call;
    call->function = f;
    b->kernel = f->kernel;
    if (f->flags & SP_FN_MAY_BE_NULL) b->nullable = true;
    if (f->flags & (SP_FN_NONDETERMINISTIC | SP_FN_CONSTANT_PER_QUERY | SP_FN_GENERATOR)) b->foldable = false;
    if (f->bind) SP_TRY(f->bind(b, err));
    else if (b->arg_count) b->type = sp_bind_type(b, 0);
    if (b->replacement) return bind_replacement(b, result, err);
    SP_TRY(cast_args(b, err));
    if (!b->type) return sp_error_internal(err, "function %s has no type", f->name);
    call->kind = SP_E_CALL;
    call->type = b->type;
    call->nullable = b->nullable;
    call->foldable = b->foldable;
    call->kernel = b->kernel;
    call->state = b->state;
    *result = call;
    return SP_OK;
}

static sp_status bind_aggregate(sp_bind *b, const sp_aggregate *f, sp_expr **result, sp_error *err)
{
    sp_expr *call = b->call;
    call->aggregate = f;
    call->function = NULL;
    b->agg = f->kernel;
    b->foldable = false;
    b->nullable = true;
    if (f->bind) SP_TRY(f->bind(b, err));
    else if (b->arg_count) b->type = sp_bind_type(b, 0);
    if (b->replacement) return bind_replacement(b, result, err);
    SP_TRY(cast_args(b, err));
    call->kind = SP_E_AGG;
    call->type = b->type;
    call->nullable = b->nullable;
    call->agg = b->agg;
    call->state = b->state;
    *result = call;
    return SP_OK;
}

sp_status sp_expr_bind(sp_arena *a, const sp_expr_conf *conf, sp_expr *unbound, sp_expr **result, sp_error *err)
{
    const sp_function *f = sp_function_find(unbound->name);
    const sp_aggregate *g = f ? NULL : sp_aggregate_find(unbound->name);
    if (!f && !g) return sp_error_internal(err, "no function named %.*s", (int)unbound->name.n, unbound->name.p);
    int min = f ? f->min_args : g->min_args, max = f ? f->max_args : g->max_args;
    if (!count_fits(unbound->arg_count, min, max)) {
        sp_status s = fail_arg_count(a, unbound, min, max, err);
        sp_error_locate(err, unbound);
        return s;
    }
    sp_expr *call = sp_expr_copy(a, unbound, err);
    if (!call) return SP_FAILED;
    sp_bind b = { .arena = a, .conf = conf, .call = call, .arg_count = call->arg_count };
    SP_NEW_ARRAY(b.want, a, call->arg_count + 1, err);
    preset(&b);
    sp_status s = f ? bind_function(&b, f, result, err) : bind_aggregate(&b, g, result, err);
    if (s == SP_FAILED) sp_error_locate(err, unbound);
    return s;
}

sp_status sp_expr_fold(sp_arena *a, const sp_expr_conf *conf, const sp_expr *e, sp_value *out, sp_error *err)
{
    if (e->kind == SP_E_LITERAL) { *out = e->literal; return SP_OK; }
    sp_eval_context c = { .arena = a, .conf = conf };
    sp_batch one = { .rows = 1, .sel_count = 1 };
    sp_vec *v;
    SP_TRY(sp_eval(&c, e, &one, &v, err));
    return sp_value_at(v, 0, a, out, err);
}
