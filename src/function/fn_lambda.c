/* fn_lambda.c -- higher-order functions: transform, filter, exists, forall, aggregate, zip_with, map_filter,
 * transform_keys/values, map_zip_with, array_sort with a comparator.
 *
 * The lambda's body is evaluated over a batch whose rows are the elements of all lists, one after the other: the
 * variables are the element vectors, the columns around it are indexed by the row each element belongs to (DICT,
 * nothing is copied). aggregate goes one element of every row at a time. Behaviour: higherOrderFunctions.scala;
 * three-valued exists (spark.sql.legacy.followThreeValuedLogicInArrayExists). */
#include "function/array_int.h"
#include <stdlib.h>

/* The elements of the live rows, laid one after the other. */
typedef struct expansion {
    uint32_t count;             /* elements */
    uint32_t *parent;           /* row of the batch each belongs to */
    uint32_t *element;          /* where it stands in the element vectors */
    sp_list *lists;             /* per batch row: its stretch */
    sp_batch batch;             /* the columns around, by element */
    const sp_vec **vars;        /* for the lambda */
} expansion;

static sp_vec *by_index(const sp_vec *v, uint32_t *index, uint32_t count, sp_arena *a, sp_error *err)
{
    sp_vec *d = sp_arena_calloc(a, sizeof *d, err);
    if (!d || !(d->child = sp_arena_calloc(a, sizeof *d->child, err))) return NULL;
    if (v->form == SP_CONST) { *d = *v; d->rows = count; return d; }
    d->type = v->type;
    d->rows = count;
    d->form = SP_DICT;
    d->index = index;
    d->child[0] = (sp_vec *)(uintptr_t)v;
    d->child_count = 1;
    return d;
}

/* The highest variable index anywhere, + 1. */
static bool highest(void *context, const sp_expr *e)
{
    int *n = context;
    if (e->kind == SP_E_LAMBDA_VAR && e->ordinal >= *n) *n = e->ordinal + 1;
    return true;
}

/* Batch and variables for evaluating `lambda` by element: outer variables are indexed by parent like the columns. */
static sp_status carry_context(sp_kernel *k, expansion *x, const sp_expr *lambda, sp_error *err)
{
    const sp_batch *in = k->batch;
    x->batch = (sp_batch){ .rows = x->count, .sel_count = x->count, .column_count = in->column_count };
    SP_NEW_ARRAY(x->batch.columns, k->arena, in->column_count + 1, err);
    for (int c = 0; c < in->column_count; c++)
        if (in->columns[c] && !(x->batch.columns[c] = by_index(in->columns[c], x->parent, x->count, k->arena,
            err))) return SP_FAILED;
    int n = 0;
    sp_expr_walk(lambda, highest, &n);
    SP_NEW_ARRAY(x->vars, k->arena, n + 4, err);
    int own = lambda->args[1] ? lambda->args[1]->ordinal : 0;
    for (int v = 0; v < own && k->eval->lambda_args; v++)
        if (k->eval->lambda_args[v] && !(x->vars[v] = by_index(k->eval->lambda_args[v], x->parent, x->count, k->arena,
            err))) return SP_FAILED;
    return SP_OK;
}

static sp_status expand(sp_kernel *k, const sp_expr *lambda, expansion *x, sp_error *err)
{
    uint64_t total = 0;
    for (SP_ROWS(k, i)) total += sp_arg_list(k, 0, i).length;
    if (total > UINT32_MAX / 2) return sp_error_memory(err, "higher-order function");
    *x = (expansion){ .count = (uint32_t)total };
    SP_NEW_ARRAY(x->parent, k->arena, total + 1, err);
    SP_NEW_ARRAY(x->element, k->arena, total + 1, err);
    SP_NEW_ARRAY(x->lists, k->arena, k->rows + 1, err);
    uint32_t n = 0;
    for (SP_ROWS(k, j)) {
        sp_list l = sp_arg_list(k, 0, j);
        x->lists[j] = (sp_list){ n, l.length };
        for (uint32_t e = 0; e < l.length; e++, n++) {
            x->parent[n] = j;
            x->element[n] = l.offset + e;
        }
    }
    return carry_context(k, x, lambda, err);
}

static sp_status run(sp_kernel *k, const sp_expr *lambda, expansion *x, const sp_vec **out, sp_error *err)
{
    sp_eval_context c = *k->eval;
    sp_vec *v;
    c.lambda_args = x->vars;
    SP_TRY(sp_eval(&c, lambda->args[0], &x->batch, &v, err));
    return sp_vec_plain(v, k->arena, out, err);
}

static sp_status set_var(sp_kernel *k, expansion *x, const sp_expr *lambda, int i, const sp_vec *elements,
    sp_error *err)
{
    if (lambda->arg_count <= 1 + i) return SP_OK;
    const sp_vec *v = elements->rows || x->count == 0 ? by_index(elements, x->element, x->count, k->arena, err)
                                                       : sp_vec_new_null(k->arena, elements->type, x->count, err);
    x->vars[lambda->args[1 + i]->ordinal] = v;
    return v ? SP_OK : SP_FAILED;
}

/* The position in its list, as the optional second variable of transform and filter. */
static sp_status set_index(sp_kernel *k, expansion *x, const sp_expr *lambda, sp_error *err)
{
    if (lambda->arg_count <= 2) return SP_OK;
    sp_vec *v = sp_vec_new(k->arena, sp_type_of(SP_INT), x->count, err);
    if (!v) return SP_FAILED;
    for (uint32_t n = 0; n < x->count; n++) ((int32_t *)v->data)[n] = (int32_t)(n - x->lists[x->parent[n]].offset);
    x->vars[lambda->args[2]->ordinal] = v;
    return SP_OK;
}

static sp_status over_array(sp_kernel *k, expansion *x, const sp_vec **elements, const sp_vec **result, sp_error *err)
{
    const sp_expr *lambda = k->call->args[1];
    SP_TRY(sp_arg_elements(k, 0, 0, elements, err));
    SP_TRY(expand(k, lambda, x, err));
    SP_TRY(set_var(k, x, lambda, 0, *elements, err));
    SP_TRY(set_index(k, x, lambda, err));
    return run(k, lambda, x, result, err);
}

static bool truth(const sp_vec *v, uint32_t i) { return v->type->kind != SP_VOID && !sp_vec_is_null(v, i) &&
    ((const uint8_t *)v->data)[SP_AT(v, i)]; }

/* ---- transform, filter, exists, forall ---- */

static sp_status fail_not_lambda(sp_bind *b, int i, sp_error *err)
{
    return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_bind_sql(b), "paramIndex",
        sp_ordinal_word(b->arena, i), "requiredType",
                   "\"LAMBDA\"", "inputSql", sp_bind_arg_sql(b, i), "inputType", sp_bind_arg_type(b, i));
}

static sp_status bind_lambda(sp_bind *b, int i, sp_kind list, bool predicate, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (t->kind != list) return sp_bind_fail_type(b, 0, list == SP_MAP ? "\"MAP\"" : "\"ARRAY\"", err);
    const sp_expr *l = b->call->args[i];
    if (l->kind != SP_E_LAMBDA) return fail_not_lambda(b, i, err);
    if (predicate && l->type->kind != SP_BOOLEAN && l->type->kind != SP_VOID) return sp_bind_fail_type(b, i,
        "\"BOOLEAN\"", err);
    b->foldable = false;
    for (int a = 0; a < b->arg_count; a++)
        if (b->call->args[a]->kind != SP_E_LAMBDA) b->nullable |= b->call->args[a]->nullable;
    return SP_OK;
}

static sp_status bind_transform(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_ARRAY, false, err));
    const sp_expr *l = b->call->args[1];
    return (b->type = sp_type_array(b->arena, l->type, l->nullable, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_transform(sp_kernel *k, sp_error *err)
{
    expansion x;
    const sp_vec *e, *v;
    SP_TRY(over_array(k, &x, &e, &v, err));
    for (SP_ROWS(k, i)) SP_OUT(k, sp_list)[i] = x.lists[i];
    sp_vec *flat = sp_vec_flatten(v, k->arena, false, err);
    k->out->child[0] = flat;
    return flat ? SP_OK : SP_FAILED;
}

static sp_status bind_filter(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_ARRAY, true, err));
    b->type = sp_bind_type(b, 0);
    return SP_OK;
}

static sp_status kernel_filter(sp_kernel *k, sp_error *err)
{
    expansion x;
    const sp_vec *e, *v;
    SP_TRY(over_array(k, &x, &e, &v, err));
    uint32_t *keep, n = 0;
    SP_NEW_ARRAY(keep, k->arena, x.count + 1, err);
    for (SP_ROWS(k, i)) {
        uint32_t first = n;
        for (uint32_t at = x.lists[i].offset; at < x.lists[i].offset + x.lists[i].length; at++)
            if (truth(v, at)) keep[n++] = x.element[at];
        sp_put_list(k, i, first, n);
    }
    k->out->child[0] = n ? sp_vec_gather(e, keep, n, k->arena, err) : sp_vec_new(k->arena, e->type, 0, err);
    return k->out->child[0] ? SP_OK : SP_FAILED;
}

static sp_status bind_exists(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_ARRAY, true, err));
    b->nullable |= b->call->args[1]->nullable;
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

/* decided: what one element can settle (exists: true, forall: false) */
static sp_status quantifier(sp_kernel *k, bool decided, sp_error *err)
{
    expansion x;
    const sp_vec *e, *v;
    SP_TRY(over_array(k, &x, &e, &v, err));
    for (SP_ROWS(k, i)) {
        bool found = false, null = false;
        for (uint32_t at = x.lists[i].offset; at < x.lists[i].offset + x.lists[i].length; at++) {
            if (v->type->kind == SP_VOID || sp_vec_is_null(v, at)) null = true;
            else found |= truth(v, at) == decided;
        }
        SP_OUT(k, uint8_t)[i] = found ? decided : !decided;
        if (!found && null) sp_kernel_null(k, i);
    }
    return SP_OK;
}

static sp_status kernel_exists(sp_kernel *k, sp_error *err) { return quantifier(k, true, err); }
static sp_status kernel_forall(sp_kernel *k, sp_error *err) { return quantifier(k, false, err); }

/* ---- aggregate ---- */

static sp_status bind_aggregate(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 2, SP_ARRAY, false, err));
    sp_expr *merge = b->call->args[2];
    const sp_type *acc = sp_bind_type(b, 1);
    if (!sp_type_same(merge->type, acc)) {
        if (merge->type->kind != SP_VOID)
            return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_INPUT_TYPE, "sqlExpr", sp_bind_sql(b), "paramIndex",
                "third", "requiredType",
                           sp_type_sql_quoted(b->arena, acc), "inputSql", sp_bind_arg_sql(b, 2), "inputType",
                               sp_type_sql_quoted(b->arena, merge->type));
    }
    b->nullable = true;
    b->type = b->arg_count > 3 ? sp_bind_type(b, 3) : acc;
    if (b->arg_count > 3 && b->call->args[3]->kind != SP_E_LAMBDA) return fail_not_lambda(b, 3, err);
    return SP_OK;
}

/* Rows that still have an element number `step`, as a batch of their own. */
static sp_status step_rows(sp_kernel *k, uint32_t step, uint32_t *sel, uint32_t *n)
{
    *n = 0;
    for (SP_ROWS(k, i))
        if (sp_arg_list(k, 0, i).length > step) sel[(*n)++] = i;
    return SP_OK;
}

static sp_status kernel_aggregate(sp_kernel *k, sp_error *err)
{
    const sp_expr *merge = k->call->args[2];
    const sp_vec *e, *acc = k->args[1];
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    int n_vars = 0;
    sp_expr_walk(k->call, highest, &n_vars);
    sp_eval_context c = *k->eval;
    const sp_vec **vars;
    SP_NEW_ARRAY(vars, k->arena, n_vars + 4, err);
    for (int v = 0; v < merge->args[1]->ordinal && c.lambda_args; v++) vars[v] = c.lambda_args[v];
    c.lambda_args = vars;
    uint32_t *sel, n;
    SP_NEW_ARRAY(sel, k->arena, k->count + 1, err);
    sp_batch in = *k->batch;
    in.rows = k->rows;
    uint8_t *pick;
    SP_NEW_ARRAY(pick, k->arena, k->rows + 1, err);
    for (uint32_t step = 0;; step++) {
        step_rows(k, step, sel, &n);
        if (!n) break;
        uint32_t *index;
        SP_NEW_ARRAY(index, k->arena, k->rows + 1, err);
        for (uint32_t i = 0; i < n; i++) index[sel[i]] = sp_arg_list(k, 0, sel[i]).offset + step;
        vars[merge->args[1]->ordinal] = acc;
        if (merge->arg_count > 2 && !(vars[merge->args[2]->ordinal] = by_index(e, index, k->rows, k->arena,
            err))) return SP_FAILED;
        sp_vec *next, *parts[2];
        SP_TRY(sp_eval_sel(&c, merge->args[0], &in, sel, n, &next, err));
        if (n == k->count) { acc = next; continue; }
        memset(pick, 0, k->rows);
        for (uint32_t i = 0; i < n; i++) pick[sel[i]] = 1;
        parts[0] = (sp_vec *)(uintptr_t)acc;
        parts[1] = next;
        SP_TRY(sp_vec_merge(parts, 2, pick, k->args[1]->type, k->sel, k->count, k->rows, k->arena, &next, err));
        acc = next;
    }
    sp_vec *result = (sp_vec *)(uintptr_t)acc;
    if (k->arg_count > 3) {
        const sp_expr *finish = k->call->args[3];
        vars[finish->args[1]->ordinal] = acc;
        SP_TRY(sp_eval_sel(&c, finish->args[0], &in, k->sel, k->count, &result, err));
    }
    /* rows without an array: null */
    memset(pick, 255, k->rows);
    for (SP_ROWS(k, j)) pick[j] = sp_arg_null(k, 0, j) ? 255 : 0;
    sp_vec *whole;
    SP_TRY(sp_vec_merge(&result, 1, pick, k->call->type, k->sel, k->count, k->rows, k->arena, &whole, err));
    *k->out = *whole;
    return SP_OK;
}

/* ---- zip_with ---- */

static sp_status bind_zip_with(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 2, SP_ARRAY, false, err));
    if (sp_bind_type(b, 1)->kind != SP_ARRAY) return sp_bind_fail_type(b, 1, "\"ARRAY\"", err);
    const sp_expr *l = b->call->args[2];
    return (b->type = sp_type_array(b->arena, l->type, l->nullable, err)) ? SP_OK : SP_FAILED;
}

/* Elements by index, null where the index is UINT32_MAX. */
static sp_status padded(sp_kernel *k, const sp_vec *e, uint32_t *index, uint32_t count, const sp_vec **out,
    sp_error *err)
{
    sp_builder *b = sp_builder_new(k->arena, e->type, true, err);
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) SP_TRY(index[n] == UINT32_MAX ? sp_build_null(b, err)
        : sp_build_row(b, e, index[n], err));
    sp_vec *v;
    SP_TRY(sp_builder_take(b, &v, err));
    *out = v;
    return SP_OK;
}

static sp_status kernel_zip_with(sp_kernel *k, sp_error *err)
{
    const sp_expr *lambda = k->call->args[2];
    const sp_vec *e[2], *v;
    uint64_t total = 0;
    for (int s = 0; s < 2; s++) SP_TRY(sp_arg_elements(k, s, 0, &e[s], err));
    for (SP_ROWS(k, i)) {
        uint32_t a = sp_arg_list(k, 0, i).length, b = sp_arg_list(k, 1, i).length;
        total += a > b ? a : b;
    }
    expansion x = { .count = (uint32_t)total };
    uint32_t *index[2], n = 0;
    SP_NEW_ARRAY(x.parent, k->arena, total + 1, err);
    for (int s = 0; s < 2; s++) SP_NEW_ARRAY(index[s], k->arena, total + 1, err);
    for (SP_ROWS(k, j)) {
        sp_list l[2] = { sp_arg_list(k, 0, j), sp_arg_list(k, 1, j) };
        uint32_t longest = l[0].length > l[1].length ? l[0].length : l[1].length;
        sp_put_list(k, j, n, n + longest);
        for (uint32_t at = 0; at < longest; at++, n++) {
            x.parent[n] = j;
            for (int s = 0; s < 2; s++) index[s][n] = at < l[s].length ? l[s].offset + at : UINT32_MAX;
        }
    }
    SP_TRY(carry_context(k, &x, lambda, err));
    for (int s = 0; s < 2 && lambda->arg_count > 1 + s;
         s++) SP_TRY(padded(k, e[s], index[s], n, &x.vars[lambda->args[1 + s]->ordinal], err));
    SP_TRY(run(k, lambda, &x, &v, err));
    return (k->out->child[0] = sp_vec_flatten(v, k->arena, false, err)) ? SP_OK : SP_FAILED;
}

/* ---- maps ---- */

static sp_status over_map(sp_kernel *k, expansion *x, const sp_vec **keys, const sp_vec **values,
    const sp_vec **result, sp_error *err)
{
    const sp_expr *lambda = k->call->args[1];
    SP_TRY(sp_arg_elements(k, 0, 0, keys, err));
    SP_TRY(sp_arg_elements(k, 0, 1, values, err));
    SP_TRY(expand(k, lambda, x, err));
    SP_TRY(set_var(k, x, lambda, 0, *keys, err));
    SP_TRY(set_var(k, x, lambda, 1, *values, err));
    return run(k, lambda, x, result, err);
}

static sp_status bind_map_filter(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_MAP, true, err));
    b->type = sp_bind_type(b, 0);
    return SP_OK;
}

static sp_status kernel_map_filter(sp_kernel *k, sp_error *err)
{
    expansion x;
    const sp_vec *keys, *values, *v;
    SP_TRY(over_map(k, &x, &keys, &values, &v, err));
    uint32_t *keep, n = 0;
    SP_NEW_ARRAY(keep, k->arena, x.count + 1, err);
    for (SP_ROWS(k, i)) {
        uint32_t first = n;
        for (uint32_t at = x.lists[i].offset; at < x.lists[i].offset + x.lists[i].length; at++)
            if (truth(v, at)) keep[n++] = x.element[at];
        sp_put_list(k, i, first, n);
    }
    k->out->child[0] = n ? sp_vec_gather(keys, keep, n, k->arena, err) : sp_vec_new(k->arena, keys->type, 0, err);
    k->out->child[1] = n ? sp_vec_gather(values, keep, n, k->arena, err) : sp_vec_new(k->arena, values->type, 0, err);
    return k->out->child[0] && k->out->child[1] ? SP_OK : SP_FAILED;
}

static sp_status bind_transform_values(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_MAP, false, err));
    const sp_expr *l = b->call->args[1];
    return (b->type = sp_type_map(b->arena, sp_bind_type(b, 0)->fields[0].type, l->type, l->nullable, err)) ? SP_OK
        : SP_FAILED;
}

static sp_status bind_transform_keys(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 1, SP_MAP, false, err));
    const sp_field *v = &sp_bind_type(b, 0)->fields[1];
    return (b->type = sp_type_map(b->arena, b->call->args[1]->type, v->type, v->nullable, err)) ? SP_OK : SP_FAILED;
}

static sp_status transform_map(sp_kernel *k, int changed, sp_error *err)
{
    expansion x;
    const sp_vec *side[2], *v;
    SP_TRY(over_map(k, &x, &side[0], &side[1], &v, err));
    if (changed == 0)
        for (SP_ROWS(k, i))
            for (uint32_t at = x.lists[i].offset; at < x.lists[i].offset + x.lists[i].length; at++) {
                if (v->type->kind == SP_VOID || sp_vec_is_null(v, at)) return SP_FAIL(err, NULL_MAP_KEY);
                for (uint32_t y = x.lists[i].offset; y < at; y++)
                    if (sp_vec_rows_eq(v, SP_AT(v, y), v, SP_AT(v, at))) return sp_fail_duplicate_key(k, v, at, err);
            }
    for (SP_ROWS(k, j)) SP_OUT(k, sp_list)[j] = x.lists[j];
    int kept = 1 - changed;
    k->out->child[changed] = sp_vec_flatten(v, k->arena, false, err);
    k->out->child[kept] = x.count ? sp_vec_gather(side[kept], x.element, x.count, k->arena, err)
        : sp_vec_new(k->arena, side[kept]->type, 0, err);
    return k->out->child[0] && k->out->child[1] ? SP_OK : SP_FAILED;
}

static sp_status kernel_transform_values(sp_kernel *k, sp_error *err) { return transform_map(k, 1, err); }
static sp_status kernel_transform_keys(sp_kernel *k, sp_error *err) { return transform_map(k, 0, err); }

static sp_status bind_map_zip(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_lambda(b, 2, SP_MAP, false, err));
    if (sp_bind_type(b, 1)->kind != SP_MAP) return sp_bind_fail_type(b, 1, "\"MAP\"", err);
    const sp_expr *l = b->call->args[2];
    return (b->type = sp_type_map(b->arena, sp_bind_type(b, 0)->fields[0].type, l->type, l->nullable, err)) ? SP_OK
        : SP_FAILED;
}

static sp_status kernel_map_zip(sp_kernel *k, sp_error *err)
{
    const sp_expr *lambda = k->call->args[2];
    const sp_vec *keys[2], *values[2], *v;
    uint64_t total = 0;
    for (int s = 0; s < 2; s++) {
        SP_TRY(sp_arg_elements(k, s, 0, &keys[s], err));
        SP_TRY(sp_arg_elements(k, s, 1, &values[s], err));
    }
    for (SP_ROWS(k, i)) total += sp_arg_list(k, 0, i).length + sp_arg_list(k, 1, i).length;
    expansion x = { 0 };
    uint32_t *index[2], n = 0;
    SP_NEW_ARRAY(x.parent, k->arena, total + 1, err);
    for (int s = 0; s < 2; s++) SP_NEW_ARRAY(index[s], k->arena, total + 1, err);
    sp_builder *kb = sp_child_builder(k, 0, err);
    if (!kb) return SP_FAILED;
    for (SP_ROWS(k, j)) {
        sp_list l[2] = { sp_arg_list(k, 0, j), sp_arg_list(k, 1, j) };
        uint32_t first = n;
        for (int s = 0; s < 2; s++)
            for (uint32_t at = l[s].offset; at < l[s].offset + l[s].length; at++) {
                uint32_t other = UINT32_MAX;
                for (uint32_t y = l[1 - s].offset; y < l[1 - s].offset + l[1 - s].length && other == UINT32_MAX; y++)
                    if (sp_vec_rows_eq(keys[s], at, keys[1 - s], y)) other = y;
                if (s == 1 && other != UINT32_MAX) continue;    /* came with the first map */
                x.parent[n] = j;
                index[s][n] = at;
                index[1 - s][n] = other;
                SP_TRY(sp_build_row(kb, keys[s], at, err));
                n++;
            }
        sp_put_list(k, j, first, n);
    }
    x.count = n;
    SP_TRY(carry_context(k, &x, lambda, err));
    SP_TRY(sp_child_done(k, kb, 0, err));
    x.vars[lambda->args[1]->ordinal] = k->out->child[0];
    for (int s = 0; s < 2 && lambda->arg_count > 2 + s;
         s++) SP_TRY(padded(k, values[s], index[s], n, &x.vars[lambda->args[2 + s]->ordinal], err));
    SP_TRY(run(k, lambda, &x, &v, err));
    return (k->out->child[1] = sp_vec_flatten(v, k->arena, false, err)) ? SP_OK : SP_FAILED;
}

/* ---- array_sort ---- */

static sp_status bind_array_sort(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    if (b->arg_count == 1) return sp_bind_orderable(b, t, err);
    b->foldable = false;
    if (b->call->args[1]->kind != SP_E_LAMBDA) return fail_not_lambda(b, 1, err);
    return b->call->args[1]->type->kind == SP_INT ? SP_OK : sp_bind_fail_type(b, 1, "\"INT\"", err);
}

/* Comparing two elements of row `row` by the lambda, one evaluation a comparison. */
typedef struct comparing { sp_kernel *k; const sp_expr *lambda; const sp_vec *e; uint32_t row; sp_status status;
sp_error *err; sp_arena *scratch; } comparing;

static int compare(comparing *c, uint32_t a, uint32_t b)
{
    sp_kernel *k = c->k;
    if (c->status == SP_FAILED) return 0;
    if (!c->lambda) {
        bool na = sp_vec_null_at(c->e, a), nb = sp_vec_null_at(c->e, b);
        return na || nb ? na - nb : sp_vec_rows_cmp(c->e, a, c->e, b);
    }
    expansion x = { .count = 1 };
    uint32_t parent = c->row, at[2] = { a, b };
    const sp_vec *v;
    x.parent = &parent;
    c->status = carry_context(k, &x, c->lambda, c->err);
    for (int s = 0; s < 2 && c->status != SP_FAILED; s++)
        if (!(x.vars[c->lambda->args[1 + s]->ordinal] = by_index(c->e, &at[s], 1, k->arena, c->err))) c->status =
            SP_FAILED;
    if (c->status != SP_FAILED) c->status = run(k, c->lambda, &x, &v, c->err);
    if (c->status == SP_FAILED) return 0;
    if (sp_vec_is_null(v, 0)) {
        c->status = SP_FAIL(c->err, COMPARATOR_RETURNS_NULL, "firstValue", sp_vec_sql_at(c->e, a, k->conf, k->arena),
            "secondValue",
                            sp_vec_sql_at(c->e, b, k->conf, k->arena));
        return 0;
    }
    return (int)sp_vec_int_at(v, 0);
}

/* Merge sort: stable, as java.util.Arrays.sort on objects. */
static void merge_sort(comparing *c, uint32_t *v, uint32_t *tmp, uint32_t n)
{
    if (n < 2) return;
    uint32_t half = n / 2, i = 0, j = half, o = 0;
    merge_sort(c, v, tmp, half);
    merge_sort(c, v + half, tmp, n - half);
    while (i < half && j < n) tmp[o++] = compare(c, v[j], v[i]) < 0 ? v[j++] : v[i++];
    while (i < half) tmp[o++] = v[i++];
    while (j < n) tmp[o++] = v[j++];
    memcpy(v, tmp, n * sizeof *v);
}

static sp_status kernel_array_sort(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t *v, *tmp, first = sp_builder_rows(b);
        SP_NEW_ARRAY(v, k->arena, l.length + 1, err);
        SP_NEW_ARRAY(tmp, k->arena, l.length + 1, err);
        for (uint32_t x = 0; x < l.length; x++) v[x] = l.offset + x;
        comparing c = { k, k->arg_count > 1 ? k->call->args[1] : NULL, e, i, SP_OK, err, k->arena };
        merge_sort(&c, v, tmp, l.length);
        if (c.status == SP_FAILED) return SP_FAILED;
        for (uint32_t x = 0; x < l.length; x++) SP_TRY(sp_build_row(b, e, v[x], err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

extern const sp_function sp_family_lambda[];
const sp_function sp_family_lambda[] = {
    { "transform", 2, 2, 0, bind_transform, kernel_transform, "2.4.0",
        "transform(a, x -> e) or (x, i) -> e: every element changed" },
    { "filter", 2, 2, 0, bind_filter, kernel_filter, "2.4.0", "filter(a, x -> e): the elements that hold" },
    { "exists", 2, 2, SP_FN_MAY_BE_NULL, bind_exists, kernel_exists, "2.4.0",
        "exists(a, x -> e): true if one element holds" },
    { "forall", 2, 2, SP_FN_MAY_BE_NULL, bind_exists, kernel_forall, "3.0.0",
        "forall(a, x -> e): true if all elements hold" },
    { "aggregate", 3, 4, SP_FN_NULLS, bind_aggregate, kernel_aggregate, "2.4.0",
        "aggregate(a, start, (acc, x) -> e[, acc -> e])" },
    { "reduce", 3, 4, SP_FN_NULLS, bind_aggregate, kernel_aggregate, "3.4.0",
        "reduce(a, start, (acc, x) -> e[, acc -> e])" },
    { "zip_with", 3, 3, 0, bind_zip_with, kernel_zip_with, "2.4.0", "zip_with(a, b, (x, y) -> e)" },
    { "map_filter", 2, 2, 0, bind_map_filter, kernel_map_filter, "3.0.0", "map_filter(m, (k, v) -> e)" },
    { "transform_values", 2, 2, 0, bind_transform_values, kernel_transform_values, "3.0.0",
        "transform_values(m, (k, v) -> e)" },
    { "transform_keys", 2, 2, 0, bind_transform_keys, kernel_transform_keys, "3.0.0",
        "transform_keys(m, (k, v) -> e)" },
    { "map_zip_with", 3, 3, 0, bind_map_zip, kernel_map_zip, "3.0.0", "map_zip_with(m, n, (k, v, w) -> e)" },
    { "array_sort", 1, 2, 0, bind_array_sort, kernel_array_sort, "2.4.0",
        "array_sort(a[, (x, y) -> e]): in order, nulls last" },
    { 0 }
};
