/* fn_logic.c -- three-valued logic and conditionals: and, or, not, if, case, coalesce and its kin, null tests,
 * greatest, least.
 *
 * and/or/if/case/coalesce/nullif are lazy forms: an argument is evaluated only for the rows that need it (Spark's
 * short-circuit evaluation), then the branches are merged. Types: IfCoercion, CaseWhenCoercion,
 * FunctionArgumentConversion. */
#include "function/function_int.h"

/* ---- and, or ---- */

static const sp_vec *bool_vec(sp_eval_context *c, sp_vec *v, sp_error *err)
{
    const sp_vec *p;
    return sp_vec_plain(v, c->arena, &p, err) == SP_FAILED ? NULL : p;
}

/* 0 false, 1 true, 2 null */
static inline int truth(const sp_vec *v, uint32_t row)
{
    if (v->type->kind == SP_VOID || sp_vec_is_null(v, row)) return 2;
    return ((const uint8_t *)v->data)[SP_AT(v, row)] ? 1 : 0;
}

/* decided: the left value that needs no right side (0 for and, 1 for or). */
static sp_status eval_and_or(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel,
    uint32_t count, int decided,
                             sp_vec **out, sp_error *err)
{
    sp_vec *v;
    const sp_vec *l, *r = NULL;
    SP_TRY(sp_eval_sel(c, e->args[0], in, sel, count, &v, err));
    if (!(l = bool_vec(c, v, err))) return SP_FAILED;
    uint32_t *rest, n = 0;
    SP_NEW_ARRAY(rest, c->arena, count + 1, err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        rest[n] = row;
        n += truth(l, row) != decided;
    }
    if (n) {
        SP_TRY(sp_eval_sel(c, e->args[1], in, rest, n, &v, err));
        if (!(r = bool_vec(c, v, err))) return SP_FAILED;
    }
    if (!(*out = sp_vec_new(c->arena, e->type, in->rows, err))) return SP_FAILED;
    uint8_t *o = (*out)->data;
    for (uint32_t i = 0; i < count; i++) o[sel ? sel[i] : i] = (uint8_t)decided;
    for (uint32_t i = 0; i < n; i++) {
        int a = truth(l, rest[i]), b = truth(r, rest[i]);
        int x = b == decided ? decided : a == 2 || b == 2 ? 2 : !decided;
        if (x == 2) {
            if (!(*out)->valid) SP_TRY(sp_vec_need_valid(*out, c->arena, err));
            sp_bit_clear((*out)->valid, rest[i]);
        } else o[rest[i]] = (uint8_t)x;
    }
    return SP_OK;
}

static sp_status eval_and(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel,
    uint32_t count, sp_vec **out, sp_error *err)
{
    return eval_and_or(c, e, in, sel, count, 0, out, err);
}

static sp_status eval_or(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel, uint32_t count,
    sp_vec **out, sp_error *err)
{
    return eval_and_or(c, e, in, sel, count, 1, out, err);
}

/* BinaryOperator's check: both operands the same type, and a Boolean one. */
static sp_status bind_and_or(sp_bind *b, const sp_lazy *lazy, sp_error *err)
{
    static const sp_type *boolean;
    boolean = sp_type_of(SP_BOOLEAN);
    for (int i = 0; i < 2; i++) {
        const sp_type *t = sp_bind_type(b, i), *o = sp_bind_type(b, 1 - i);
        if (t->kind == SP_BOOLEAN) continue;
        bool promoted = t->kind == SP_VOID || (t->kind == SP_STRING && b->conf->ansi && o->kind == SP_BOOLEAN);
        if (promoted) { b->want[i] = boolean; continue; }
        if (t->kind != o->kind && o->kind != SP_VOID)
            return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "left",
                sp_bind_arg_type(b, 0), "right",
                           sp_bind_arg_type(b, 1));
        return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_OP_WRONG_TYPE, "sqlExpr", sp_bind_sql(b), "inputType",
            "\"BOOLEAN\"", "actualDataType",
                       sp_bind_arg_type(b, i));
    }
    b->type = boolean;
    b->state = (void *)(uintptr_t)lazy;
    return SP_OK;
}

static const sp_lazy lazy_and = { eval_and }, lazy_or = { eval_or };
static sp_status bind_and(sp_bind *b, sp_error *err) { return bind_and_or(b, &lazy_and, err); }
static sp_status bind_or(sp_bind *b, sp_error *err) { return bind_and_or(b, &lazy_or, err); }

SP_SIG(bind_not, "b", SP_BOOLEAN)

static sp_status kernel_not(sp_kernel *k, sp_error *err)
{
    const sp_vec *v = k->args[0];
    const uint8_t *x = v->data;
    uint8_t *o = k->out->data;
    for (uint32_t i = 0; i < k->rows; i++) o[i] = x[SP_AT(v, i)] ^ 1;
    return SP_OK;
}

/* ---- null tests ---- */

static sp_status bind_test(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_BOOLEAN);
    b->nullable = false;
    return SP_OK;
}

static sp_status kernel_isnull(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = sp_arg_null(k, 0, i) || k->args[0]->type->kind == SP_VOID;
    return SP_OK;
}

static sp_status kernel_isnotnull(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, uint8_t)[i] = !sp_arg_null(k, 0, i) && k->args[0]->type->kind != SP_VOID;
    return SP_OK;
}

static sp_status bind_isnan(sp_bind *b, sp_error *err)
{
    b->nullable = false;
    b->type = sp_type_of(SP_BOOLEAN);
    if (sp_bind_type(b, 0)->kind == SP_FLOAT || sp_bind_type(b, 0)->kind == SP_DOUBLE) return SP_OK;
    if (!sp_can_implicit_cast(sp_bind_type(b, 0), sp_type_of(SP_DOUBLE), b->conf))
        return sp_bind_fail_type(b, 0, "(\"DOUBLE\" or \"FLOAT\")", err);
    b->want[0] = sp_type_of(SP_DOUBLE);
    return SP_OK;
}

static sp_status kernel_isnan(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        double d = sp_arg_null(k, 0, i) ? 0 : sp_arg_f64(k, 0, i);
        SP_OUT(k, uint8_t)[i] = d != d;
    }
    return SP_OK;
}

/* ---- if, case, coalesce ---- */

/* The rows of sel where a condition holds, and those where it does not. */
static sp_status split(sp_eval_context *c, const sp_expr *cond, const sp_batch *in, const uint32_t *sel,
    uint32_t count, uint32_t *yes,
                       uint32_t *yes_count, uint32_t *no, uint32_t *no_count, sp_error *err)
{
    sp_vec *v;
    const sp_vec *p;
    SP_TRY(sp_eval_sel(c, cond, in, sel, count, &v, err));
    if (!(p = bool_vec(c, v, err))) return SP_FAILED;
    uint32_t y = 0, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        if (truth(p, row) == 1) yes[y++] = row;
        else no[n++] = row;
    }
    *yes_count = y;
    *no_count = n;
    return SP_OK;
}

/* args: condition, value, condition, value ... [else] */
static sp_status eval_case(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel,
    uint32_t count, sp_vec **out, sp_error *err)
{
    int branches = e->arg_count / 2, parts_max = branches + 1;
    if (parts_max > 254) return sp_error_internal(err, "CASE with more than 253 branches");
    sp_vec **parts;
    uint8_t *pick;
    uint32_t *yes, *no, n = count, y;
    SP_NEW_ARRAY(parts, c->arena, parts_max, err);
    SP_NEW_ARRAY(pick, c->arena, in->rows + 1, err);
    SP_NEW_ARRAY(yes, c->arena, count + 1, err);
    SP_NEW_ARRAY(no, c->arena, count + 1, err);
    memset(pick, 255, in->rows);
    const uint32_t *rest = sel;
    for (int i = 0; i < branches && n; i++) {
        SP_TRY(split(c, e->args[2 * i], in, rest, n, yes, &y, no, &n, err));
        rest = no;
        if (!y) continue;
        SP_TRY(sp_eval_sel(c, e->args[2 * i + 1], in, yes, y, &parts[i], err));
        if (y == count) { *out = parts[i]; return SP_OK; }
        for (uint32_t r = 0; r < y; r++) pick[yes[r]] = (uint8_t)i;
    }
    if (n && (e->arg_count & 1)) {
        SP_TRY(sp_eval_sel(c, e->args[e->arg_count - 1], in, rest, n, &parts[branches], err));
        if (n == count) { *out = parts[branches]; return SP_OK; }
        for (uint32_t r = 0; r < n; r++) pick[rest ? rest[r] : r] = (uint8_t)branches;
    }
    return sp_vec_merge(parts, parts_max, pick, e->type, sel, count, in->rows, c->arena, out, err);
}

static const sp_lazy lazy_case = { eval_case };

static sp_status common_of(sp_bind *b, const int *which, int n, const char *what, const sp_type **out, sp_error *err)
{
    sp_expr *args[512] = { NULL };
    for (int i = 0; i < n; i++) args[i] = b->call->args[which[i]];
    const sp_type *t = sp_widest_of(b->arena, args, n, b->conf, err);
    if (!t) {
        sp_buf list = { 0 };
        for (int i = 0; i < n; i++) sp_buf_printf(&list, "%s%s", i ? ", " : "", sp_bind_arg_type(b, which[i]));
        const char *types = sp_arena_printf(b->arena, NULL, "[%s]", sp_buf_cstr(&list));
        sp_buf_done(&list);
        return SP_FAIL(err, DATATYPE_MISMATCH__DATA_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName", what,
            "dataType", types ? types : "");
    }
    b->nullable = false;
    for (int i = 0; i < n; i++) {
        if (!sp_type_eq(sp_bind_type(b, which[i]), t)) b->want[which[i]] = t;
        b->nullable |= b->call->args[which[i]]->nullable;
    }
    *out = t;
    return SP_OK;
}

static sp_status bind_if(sp_bind *b, sp_error *err)
{
    static const int values[2] = { 1, 2 };
    SP_TRY(common_of(b, values, 2, "`if`", &b->type, err));
    if (sp_bind_type(b, 0)->kind == SP_VOID) b->want[0] = sp_type_of(SP_BOOLEAN);
    else if (sp_bind_type(b, 0)->kind != SP_BOOLEAN) {
        if (sp_bind_type(b, 0)->kind != SP_STRING || !b->conf->ansi) return sp_bind_fail_type(b, 0, "\"BOOLEAN\"", err);
        return sp_bind_fail_type(b, 0, "\"BOOLEAN\"", err);
    }
    b->state = (void *)(uintptr_t)&lazy_case;
    return SP_OK;
}

static sp_status bind_case(sp_bind *b, sp_error *err)
{
    int which[512], n = 0;
    if (b->arg_count > 500) return sp_error_internal(err, "CASE with too many branches");
    for (int i = 1; i < b->arg_count; i += 2) which[n++] = i;
    if (b->arg_count & 1) which[n++] = b->arg_count - 1;
    SP_TRY(common_of(b, which, n, "`casewhen`", &b->type, err));
    for (int i = 0; i + 1 < b->arg_count; i += 2)
        if (sp_bind_type(b, i)->kind != SP_BOOLEAN) {
            const char *index = sp_arena_printf(b->arena, NULL, "%s", sp_ordinal_word(b->arena, i / 2));
            return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_bind_sql(b), "paramIndex",
                index ? index : "",
                           "requiredType", "\"BOOLEAN\"", "inputSql", sp_bind_arg_sql(b, i), "inputType",
                               sp_bind_arg_type(b, i));
        }
    if (!(b->arg_count & 1)) b->nullable = true;
    b->state = (void *)(uintptr_t)&lazy_case;
    return SP_OK;
}

static sp_status eval_coalesce(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel,
    uint32_t count, sp_vec **out,
                               sp_error *err)
{
    sp_vec **parts;
    uint8_t *pick;
    uint32_t *rest, n = count;
    int count_max = e->arg_count > 254 ? 254 : e->arg_count;
    SP_NEW_ARRAY(parts, c->arena, e->arg_count, err);
    SP_NEW_ARRAY(pick, c->arena, in->rows + 1, err);
    SP_NEW_ARRAY(rest, c->arena, count + 1, err);
    memset(pick, 255, in->rows);
    const uint32_t *from = sel;
    for (int i = 0; i < count_max && n; i++) {
        SP_TRY(sp_eval_sel(c, e->args[i], in, from, n, &parts[i], err));
        uint32_t left = 0;
        for (uint32_t r = 0; r < n; r++) {
            uint32_t row = from ? from[r] : r;
            if (sp_vec_null_at(parts[i], row)) rest[left++] = row;
            else pick[row] = (uint8_t)i;
        }
        if (i == 0 && !left) { *out = parts[0]; return SP_OK; }
        from = rest;
        n = left;
    }
    return sp_vec_merge(parts, count_max, pick, e->type, sel, count, in->rows, c->arena, out, err);
}

static const sp_lazy lazy_coalesce = { eval_coalesce };

static sp_status bind_coalesce(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_common(b, 0, b->arg_count, &b->type, err));
    b->nullable = true;
    for (int i = 0; i < b->arg_count; i++) b->nullable &= b->call->args[i]->nullable;
    b->state = (void *)(uintptr_t)&lazy_coalesce;
    return SP_OK;
}

/* nvl2(a, b, c) = if(isnotnull(a), b, c) */
static sp_status bind_nvl2(sp_bind *b, sp_error *err)
{
    sp_expr *args[3] = { sp_expr_call2(b->arena, "isnotnull", b->call->args[0], NULL, err), b->call->args[1],
        b->call->args[2] };
    b->replacement = args[0] ? sp_expr_function(b->arena, "if", args, 3, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

/* nullif(a, b) = if(a = b, null, a) */
static sp_status bind_nullif(sp_bind *b, sp_error *err)
{
    sp_value null = sp_value_null(b->call->args[0]->type);
    sp_expr *args[3] = { sp_expr_call2(b->arena, "=", b->call->args[0], b->call->args[1], err),
        sp_expr_literal(b->arena, &null, err),
                         b->call->args[0] };
    b->replacement = args[0] && args[1] ? sp_expr_function(b->arena, "if", args, 3, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

static sp_status bind_nanvl(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_sig(b, "dd", SP_DOUBLE, err));
    return SP_OK;
}

static sp_status kernel_nanvl(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        double d = sp_vec_is_null(k->args[0], i) ? 0 : sp_arg_f64(k, 0, i);
        const sp_vec *from = k->args[d != d];   /* a null beside a number that is no NaN changes nothing */
        if (sp_vec_is_null(from, i))
            sp_kernel_null(k, i);
        else
            SP_OUT(k, double)[i] = d != d ? sp_arg_f64(k, 1, i) : d;
    }
    return SP_OK;
}

/* ---- greatest, least: nulls are skipped ---- */

static sp_status bind_extreme(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_common(b, 0, b->arg_count, &b->type, err));
    if (!sp_type_is_orderable(b->type))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_ORDERING_TYPE, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "dataType",
                       sp_type_sql_quoted(b->arena, b->type));
    b->nullable = true;
    for (int i = 0; i < b->arg_count; i++) b->nullable &= b->call->args[i]->nullable;
    return SP_OK;
}

static sp_status extreme(sp_kernel *k, int sign, sp_error *err)
{
    uint8_t *pick;
    if (k->arg_count > 254) return sp_error_internal(err, "too many arguments");
    SP_NEW_ARRAY(pick, k->arena, k->rows + 1, err);
    for (SP_ROWS(k, i)) {
        int best = 255;
        for (int a = 0; a < k->arg_count; a++) {
            if (sp_arg_null(k, a, i)) continue;
            if (best == 255 || sp_vec_rows_cmp(k->args[a], i, k->args[best], i) * sign > 0) best = a;
        }
        pick[i] = (uint8_t)best;
    }
    sp_vec *out;
    SP_TRY(sp_vec_merge((sp_vec *const *)(uintptr_t)k->args, k->arg_count, pick, k->call->type, k->sel, k->count,
        k->rows, k->arena, &out, err));
    *k->out = *out;
    return SP_OK;
}

static sp_status kernel_greatest(sp_kernel *k, sp_error *err) { return extreme(k, 1, err); }
static sp_status kernel_least(sp_kernel *k, sp_error *err) { return extreme(k, -1, err); }

/* ---- a replaced call ---- */

static sp_status eval_replaced(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel,
    uint32_t count, sp_vec **out,
                               sp_error *err)
{
    return sp_eval_sel(c, e->args[0], in, sel, count, out, err);
}

static const sp_lazy lazy_replaced = { eval_replaced };

static sp_status bind_replaced(sp_bind *b, sp_error *err)
{
    b->state = (void *)(uintptr_t)&lazy_replaced;
    b->type = b->call->args[0]->type;
    return SP_OK;
}

const sp_function sp_fn_replaced = { "$replaced", 1, 1, SP_FN_LAZY, bind_replaced, NULL, "",
    "a call rewritten to other calls" };

extern const sp_function sp_family_logic[];
const sp_function sp_family_logic[] = {
    { "and", 2, 2, SP_FN_LAZY | SP_FN_OPERATOR, bind_and, NULL, "1.0.0", "a and b: logical AND" },
    { "or", 2, 2, SP_FN_LAZY | SP_FN_OPERATOR, bind_or, NULL, "1.0.0", "a or b: logical OR" },
    { "not", 1, 1, SP_FN_DENSE, bind_not, kernel_not, "1.0.0", "not a: logical NOT" },
    { "!", 1, 1, SP_FN_DENSE, bind_not, kernel_not, "1.0.0", "! a: logical NOT" },
    { "isnull", 1, 1, SP_FN_NULLS, bind_test, kernel_isnull, "1.0.0", "isnull(a): true if a is null" },
    { "isnotnull", 1, 1, SP_FN_NULLS, bind_test, kernel_isnotnull, "1.0.0", "isnotnull(a): true if a is not null" },
    { "isnan", 1, 1, SP_FN_NULLS, bind_isnan, kernel_isnan, "1.5.0", "isnan(a): true if a is NaN" },
    { "if", 3, 3, SP_FN_LAZY, bind_if, NULL, "1.0.0", "if(a, b, c): b where a is true, else c" },
    { "when", 2, -1, SP_FN_LAZY, bind_case, NULL, "1.0.1", "CASE WHEN a THEN b [WHEN c THEN d]* [ELSE e] END" },
    { "case", 2, -1, SP_FN_LAZY, bind_case, NULL, "1.0.1", "CASE WHEN a THEN b [WHEN c THEN d]* [ELSE e] END" },
    { "coalesce", 1, -1, SP_FN_LAZY, bind_coalesce, NULL, "1.0.0",
        "coalesce(a, b, ...): the first value that is not null" },
    { "nvl", 2, 2, SP_FN_LAZY, bind_coalesce, NULL, "2.0.0", "nvl(a, b): b where a is null, else a" },
    { "ifnull", 2, 2, SP_FN_LAZY, bind_coalesce, NULL, "2.0.0", "ifnull(a, b): b where a is null, else a" },
    { "nvl2", 3, 3, 0, bind_nvl2, NULL, "2.0.0", "nvl2(a, b, c): b where a is not null, else c" },
    { "nullif", 2, 2, 0, bind_nullif, NULL, "2.0.0", "nullif(a, b): null where a = b, else a" },
    { "nanvl", 2, 2, SP_FN_NULLS, bind_nanvl, kernel_nanvl, "1.5.0", "nanvl(a, b): b where a is NaN, else a" },
    { "greatest", 2, -1, SP_FN_NULLS, bind_extreme, kernel_greatest, "1.5.0",
        "greatest(a, b, ...): the greatest value, nulls skipped" },
    { "least", 2, -1, SP_FN_NULLS, bind_extreme, kernel_least, "1.5.0",
        "least(a, b, ...): the least value, nulls skipped" },
    { 0 }
};
