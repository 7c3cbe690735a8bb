/* resolve_lambda.c -- higher-order functions: what the variables of a lambda are, then its body in a scope that has
 * them.
 *
 * The variables' types follow from the arguments that are no lambdas (each HigherOrderFunction's bind in Spark's
 * higherOrderFunctions.scala; ResolveLambdaVariables). Variable indexes grow with nesting, so that an inner lambda sees
 * the outer ones. */
#include "plan/plan_int.h"

typedef enum { V_NONE, V_ELEMENT, V_ELEMENT_2, V_INDEX, V_ACCUMULATOR, V_KEY, V_VALUE, V_VALUE_2, V_SORT } variable;

typedef struct { const char *name; variable first[3]; variable second[1]; } shape;

static const shape shapes[] = {
    { "transform", { V_ELEMENT, V_INDEX }, { V_NONE } },
    { "filter", { V_ELEMENT, V_INDEX }, { V_NONE } },
    { "exists", { V_ELEMENT }, { V_NONE } },
    { "any", { V_ELEMENT }, { V_NONE } },
    { "forall", { V_ELEMENT }, { V_NONE } },
    { "array_sort", { V_SORT, V_SORT }, { V_NONE } },
    { "aggregate", { V_ACCUMULATOR, V_ELEMENT }, { V_ACCUMULATOR } },
    { "reduce", { V_ACCUMULATOR, V_ELEMENT }, { V_ACCUMULATOR } },
    { "zip_with", { V_ELEMENT, V_ELEMENT_2 }, { V_NONE } },
    { "map_filter", { V_KEY, V_VALUE }, { V_NONE } },
    { "transform_keys", { V_KEY, V_VALUE }, { V_NONE } },
    { "transform_values", { V_KEY, V_VALUE }, { V_NONE } },
    { "map_zip_with", { V_KEY, V_VALUE, V_VALUE_2 }, { V_NONE } },
};

static const shape *find_shape(const sp_expr *call)
{
    bool lambda = false;
    for (int i = 0; i < call->arg_count; i++)
        lambda |= call->args[i]->kind == SP_E_LAMBDA;
    for (size_t i = 0; lambda && i < sizeof shapes / sizeof *shapes; i++)
        if (sp_str_eq_nocase(call->name, sp_str_of(shapes[i].name)))
            return &shapes[i];
    return NULL;
}

bool sp_is_higher_order(const sp_expr *function)
{
    return find_shape(function) != NULL;
}

/* Type and nullability of one variable, from the call's resolved arguments; false when the argument is of the wrong
 * kind. */
static bool variable_type(variable v, const sp_expr *call, const sp_type **type, bool *nullable)
{
    const sp_type *a = call->args[0]->type,
                  *b = call->arg_count > 1 && call->args[1]->kind != SP_E_LAMBDA ? call->args[1]->type : NULL;
    const sp_field *f = NULL;
    switch (v) {
    case V_ELEMENT: f = a->kind == SP_ARRAY ? &a->fields[0] : NULL; break;
    case V_SORT: f = a->kind == SP_ARRAY ? &a->fields[0] : NULL; break;
    case V_ELEMENT_2: f = b && b->kind == SP_ARRAY ? &b->fields[0] : NULL; break;
    case V_KEY: f = a->kind == SP_MAP ? &a->fields[0] : NULL; break;
    case V_VALUE: f = a->kind == SP_MAP ? &a->fields[1] : NULL; break;
    case V_VALUE_2: f = b && b->kind == SP_MAP ? &b->fields[1] : NULL; break;
    case V_INDEX: *type = sp_type_of(SP_INT); *nullable = false; return true;
    case V_ACCUMULATOR: *type = b; *nullable = true; return b != NULL;
    case V_NONE: return false;
    }
    if (!f)
        return false;
    *type = f->type;
    /* zip_with and map_zip_with hand out nulls for what the shorter side lacks */
    *nullable = v == V_KEY
                    ? false
                    : f->nullable || v == V_ELEMENT_2 || v == V_VALUE_2 || (b && v != V_SORT && call->arg_count == 3);
    return true;
}

static int variables_above(const sp_lambda_vars *f)
{
    int n = 0;
    for (; f; f = f->next)
        n += f->count;
    return n;
}

static sp_status resolve_lambda(sp_scope *s, const sp_expr *call, const variable *kinds, int max, sp_expr *lambda,
                                sp_expr **out, sp_error *err)
{
    sp_arena *a = s->z->arena;
    sp_expr *c = sp_expr_copy(a, lambda, err);
    if (!c)
        return SP_FAILED;
    int n = lambda->arg_count - 1;
    if (n > max) {
        char expected[8] = { (char)('0' + max), 0 }, actual[8] = { (char)('0' + n % 10), 0 };
        return SP_FAIL(err, INVALID_LAMBDA_FUNCTION_CALL__NUM_ARGS_MISMATCH, "expectedNumArgs", expected,
                       "actualNumArgs", actual);
    }
    int base = variables_above(s->lambdas);
    for (int i = 0; i < n; i++) {
        sp_expr *v = sp_expr_copy(a, lambda->args[i + 1], err);
        if (!v)
            return SP_FAILED;
        v->kind = SP_E_LAMBDA_VAR;
        if (!v->name.p && v->part_count)
            v->name = v->parts[0];
        v->ordinal = base + i;
        if (!variable_type(kinds[i], call, &v->type, &v->nullable))
            return SP_FAIL(
                err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_expr_sql_quoted(a, call), "paramIndex",
                "first", "requiredType", kinds[i] == V_KEY || kinds[i] == V_VALUE ? "\"MAP\"" : "\"ARRAY\"", "inputSql",
                sp_expr_sql_quoted(a, call->args[0]), "inputType", sp_type_sql_quoted(a, call->args[0]->type));
        c->args[i + 1] = v;
    }
    sp_lambda_vars frame = { c->args + 1, n, s->lambdas };
    s->lambdas = &frame;
    sp_status status = sp_resolve_expr(s, lambda->args[0], false, &c->args[0], err);
    s->lambdas = frame.next;
    SP_TRY(status);
    c->args[0] = sp_expr_strip_alias(c->args[0]);
    c->type = c->args[0]->type;
    c->nullable = c->args[0]->nullable;
    *out = c;
    return SP_OK;
}

sp_status sp_resolve_higher_order(sp_scope *s, sp_expr *call, sp_expr **out, sp_error *err)
{
    const shape *sh = find_shape(call);
    sp_expr *c = sp_expr_copy(s->z->arena, call, err);
    if (!c)
        return SP_FAILED;
    for (int i = 0; i < c->arg_count; i++) {
        if (call->args[i]->kind == SP_E_LAMBDA)
            continue;
        SP_TRY(sp_resolve_expr(s, call->args[i], false, &c->args[i], err));
        c->args[i] = sp_expr_strip_alias(c->args[i]);
    }
    bool second = false;
    for (int i = 0; i < c->arg_count; i++) {
        if (call->args[i]->kind != SP_E_LAMBDA)
            continue;
        const variable *kinds = second ? sh->second : sh->first;
        int max = second ? 1 : 3;
        while (max > 0 && kinds[max - 1] == V_NONE)
            max--;
        SP_TRY(resolve_lambda(s, c, kinds, max, call->args[i], &c->args[i], err));
        second = true;
    }
    return sp_resolve_call(s, c, out, err);
}
