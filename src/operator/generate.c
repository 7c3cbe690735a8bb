/* generate.c -- Generate: one row in, as many out as the generator's list has elements.
 *
 *   explode    the elements (of a map: key, value)       posexplode   their position as well
 *   inline     the fields of the elements (also for any other generator whose call gives an array of structs)
 *   stack(n, ...)  n rows of ceil(args / n) columns
 *   outer: a row whose list is null or empty comes out once, with nulls
 *
 * Nothing is copied: when the lists of a batch lie one after the other the element vector itself is handed on (word
 * count's hot path), else it is indexed; columns of the child that are kept are indexed by the row they are repeated
 * for.
 * Behaviour: GenerateExec, generators.scala. */
#include "operator/operator_int.h"

typedef enum kind { EXPLODE, INLINE, STACK } kind;
typedef struct generate {
    kind kind;
    bool position, outer;
    sp_expr **kept; int kept_count;
    sp_expr **args; int arg_count;      /* STACK: all; else one: the list */
    int made;                           /* generated columns */
    int stack_rows;
} generate;

/* One batch being generated: out row i comes from row source[i]; its element is element[i], or first + i when element
 * is NULL. */
typedef struct rows {
    uint32_t count;
    uint32_t *source, *element;
    uint32_t first;
    uint64_t *valid;                    /* outer: cleared where there is no element; NULL: all have one */
    int32_t *position;
} rows;

static bool ends_with_outer(const char *name)
{
    size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, "_outer") == 0;
}

static sp_status classify(generate *g, const sp_expr *call, sp_error *err)
{
    if (call->kind != SP_E_CALL || !call->function)
        return sp_error_internal(err, "Generate over what is no call");
    const char *name = call->function->name;
    g->outer |= ends_with_outer(name);
    g->args = call->args;
    g->arg_count = 1;
    g->position = strncmp(name, "posexplode", 10) == 0;
    g->kind = EXPLODE;
    if (g->position || strncmp(name, "explode", 7) == 0)
        return SP_OK;
    g->kind = INLINE;
    if (strncmp(name, "inline", 6) == 0)
        return SP_OK;
    if (strcmp(name, "stack") == 0) {
        g->kind = STACK;
        g->stack_rows = (int)call->args[0]->literal.i64;
        g->args = call->args + 1;
        g->arg_count = call->arg_count - 1;
        return g->stack_rows > 0 ? SP_OK : sp_error_internal(err, "stack of %d rows", g->stack_rows);
    }
    if (call->type->kind == SP_ARRAY && call->type->fields[0].type->kind == SP_STRUCT)
        return SP_OK;       /* the list is what the call gives */
    return sp_error_internal(err, "No plan for the generator %s", name);
}

sp_status sp_node_generate(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err)
{
    sp_node *n = *out = sp_node_new(x, &sp_op_generate, p, sizeof(generate), err);
    if (!n)
        return SP_FAILED;
    generate *g = n->shared;
    const sp_plan *child = p->children[0];
    if (!p->condition)
        return sp_error_internal(err, "Generate without a generator");
    sp_expr *call;
    SP_TRY(sp_bind_expr(x, p->condition, child->output, child->output_count, &call, err));
    SP_TRY(sp_bind_exprs(x, p->exprs, p->expr_count, child->output, child->output_count, &g->kept, err));
    g->kept_count = p->expr_count;
    g->outer = p->outer;
    g->made = p->generator_output_count;
    sp_expr *whole = call;
    SP_TRY(classify(g, call, err));
    if (g->kind == INLINE && strncmp(call->function->name, "inline", 6) != 0) {
        SP_NEW_ARRAY(g->args, x->arena, 1, err);
        g->args[0] = whole;
    }
    return SP_OK;
}

/* ---- which rows ---- */

/* Whether the live rows' lists are one stretch of elements; *total is their length together, *any_empty tells of rows
 * without one. */
static bool measure(const sp_vec *list, const sp_batch *in, uint64_t *total, bool *any_empty, uint32_t *first)
{
    const sp_list *l = list->data;
    uint32_t live = sp_live(in);
    bool one = true, started = false;
    uint64_t next = 0;
    *total = 0;
    *any_empty = false;
    *first = 0;
    for (uint32_t i = 0; i < live; i++) {
        uint32_t row = SP_BATCH_ROW(in, i);
        const sp_list *at = &l[SP_AT(list, row)];
        if (at->length == 0 || sp_vec_is_null(list, row)) {
            *any_empty = true;
            continue;
        }
        if (!started) {
            *first = at->offset;
            started = true;
        } else
            one &= at->offset == next;
        next = (uint64_t)at->offset + at->length;
        *total += at->length;
    }
    return one;
}

static sp_status fill_rows(const generate *g, const sp_vec *list, const sp_batch *in, bool need_element,
                           bool need_source, sp_arena *a, rows *r, sp_error *err)
{
    const sp_list *l = list->data;
    uint32_t live = sp_live(in), n = 0;
    if (need_source && !(r->source = sp_arena_alloc(a, sizeof(uint32_t) * ((size_t)r->count + 1), err)))
        return SP_FAILED;
    if (need_element && !(r->element = sp_arena_alloc(a, sizeof(uint32_t) * ((size_t)r->count + 1), err)))
        return SP_FAILED;
    if (g->position && !(r->position = sp_arena_alloc(a, sizeof(int32_t) * ((size_t)r->count + 1), err)))
        return SP_FAILED;
    for (uint32_t i = 0; i < live; i++) {
        uint32_t row = SP_BATCH_ROW(in, i);
        sp_list at = sp_vec_is_null(list, row) ? (sp_list){ 0, 0 } : l[SP_AT(list, row)];
        bool empty = at.length == 0;
        if (empty && !g->outer)
            continue;
        uint32_t len = empty ? 1 : at.length;
        for (uint32_t j = 0; j < len; j++) {
            if (r->source)
                r->source[n + j] = row;
            if (r->element)
                r->element[n + j] = empty ? 0 : at.offset + j;
            if (r->position)
                r->position[n + j] = (int32_t)j;
        }
        if (empty)
            sp_bit_clear(r->valid, n);
        n += len;
    }
    return SP_OK;
}

static sp_status find_rows(const generate *g, const sp_vec *list, const sp_batch *in, sp_arena *a, rows *r,
                           sp_error *err)
{
    uint64_t total;
    bool any_empty, one = measure(list, in, &total, &any_empty, &r->first);
    bool nulls = g->outer && any_empty;
    if (nulls) {
        uint32_t live = sp_live(in);
        for (uint32_t i = 0; i < live; i++) {
            uint32_t row = SP_BATCH_ROW(in, i);
            total += sp_vec_is_null(list, row) || ((const sp_list *)list->data)[SP_AT(list, row)].length == 0;
        }
    }
    if (total > UINT32_MAX / 2)
        return sp_error_internal(err, "a batch explodes to %llu rows", (unsigned long long)total);
    r->count = (uint32_t)total;
    if (nulls) {
        size_t bytes = sp_bit_words(r->count + 1) * sizeof(uint64_t);
        if (!(r->valid = sp_arena_alloc(a, bytes, err)))
            return SP_FAILED;
        memset(r->valid, 0xff, bytes);
    }
    bool need_element = nulls || !one || r->first % 64;
    if (!need_element && !g->kept_count && !g->position)
        return SP_OK;
    return fill_rows(g, list, in, need_element, g->kept_count > 0, a, r, err);
}

/* ---- what is in them ---- */

/* Rows [at, at + n) of the generated rows out of the element vector. */
static sp_status element_column(const rows *r, const sp_vec *elements, uint32_t at, uint32_t n, sp_arena *a,
                                sp_vec **out, sp_error *err)
{
    if (!r->element)
        *out = sp_vec_slice(elements, r->first + at, n, a, err);
    else if ((*out = sp_vec_index(elements, r->element + at, n, a, err)) && r->valid) {
        if ((*out)->form == SP_CONST && !(*out = sp_vec_flatten(*out, a, false, err)))
            return SP_FAILED;
        if ((*out)->form == SP_DICT)
            (*out)->valid = r->valid + at / 64;
        else {
            SP_TRY(sp_vec_need_valid(*out, a, err));
            for (size_t w = 0; w < sp_bit_words(n); w++)
                (*out)->valid[w] &= r->valid[at / 64 + w];
        }
    }
    return *out ? SP_OK : SP_FAILED;
}

/* A field of the elements, null where the struct is. */
static sp_status field_of(const sp_vec *elements, int i, sp_arena *a, const sp_vec **out, sp_error *err)
{
    const sp_vec *f = elements->child[i];
    *out = f;
    if (!elements->valid || elements->form != SP_FLAT)
        return SP_OK;
    if (f->form != SP_FLAT && !(f = sp_vec_flatten(f, a, false, err)))
        return SP_FAILED;
    sp_vec *v;
    SP_NEW(v, a, sizeof *v, err);
    *v = *f;
    v->valid = NULL;
    SP_TRY(sp_vec_need_valid(v, a, err));
    for (size_t w = 0; w < sp_bit_words(v->rows); w++)
        v->valid[w] = elements->valid[w] & (f->valid ? f->valid[w] : ~0ull);
    *out = v;
    return SP_OK;
}

static sp_status position_column(const rows *r, uint32_t at, uint32_t n, sp_arena *a, sp_vec **out, sp_error *err)
{
    SP_NEW(*out, a, sizeof **out, err);
    **out = (sp_vec){ .type = sp_type_of(SP_INT), .rows = n, .form = SP_FLAT, .data = r->position + at };
    if (r->valid)
        (*out)->valid = r->valid + at / 64;
    return SP_OK;
}

static sp_status kept_columns(const generate *g, const rows *r, const sp_batch *in, uint32_t at, sp_batch *out,
                              sp_arena *a, sp_error *err)
{
    for (int i = 0; i < g->kept_count; i++) {
        const sp_vec *v = in->columns[g->kept[i]->ordinal];
        if (!(out->columns[i] = sp_vec_index(v, r->source + at, out->rows, a, err)))
            return SP_FAILED;
    }
    return SP_OK;
}

static sp_status emit_rows(sp_operator *op, const rows *r, const sp_batch *in, const sp_vec *const *elements,
                           int element_count, sp_error *err)
{
    const generate *g = op->node->shared;
    sp_arena *a = op->chain->batch_arena;
    for (uint32_t at = 0; at < r->count && !op->done; at += SP_BATCH_ROWS_MAX) {
        uint32_t n = r->count - at < SP_BATCH_ROWS_MAX ? r->count - at : SP_BATCH_ROWS_MAX;
        sp_batch out;
        SP_TRY(sp_batch_columns(&out, g->kept_count + g->made, n, a, err));
        SP_TRY(kept_columns(g, r, in, at, &out, a, err));
        int c = g->kept_count;
        if (g->position)
            SP_TRY(position_column(r, at, n, a, &out.columns[c++], err));
        for (int i = 0; i < element_count; i++)
            SP_TRY(element_column(r, elements[i], at, n, a, &out.columns[c++], err));
        SP_TRY(sp_emit(op, &out, err));
    }
    return SP_OK;
}

static sp_status push_stack(sp_operator *op, const sp_batch *in, sp_error *err)
{
    const generate *g = op->node->shared;
    sp_arena *a = op->chain->batch_arena;
    uint32_t live = sp_live(in), n = (uint32_t)g->stack_rows;
    rows r = { .count = live * n };
    const sp_vec **made, **parts;
    SP_NEW_ARRAY(r.source, a, r.count + 1, err);
    SP_NEW_ARRAY(r.element, a, r.count + 1, err);
    SP_NEW_ARRAY(made, a, g->made + 1, err);
    SP_NEW_ARRAY(parts, a, n, err);
    for (uint32_t i = 0, k = 0; i < live; i++)
        for (uint32_t j = 0; j < n; j++, k++) {
            r.source[k] = SP_BATCH_ROW(in, i);
            r.element[k] = j * in->rows + SP_BATCH_ROW(in, i);
        }
    for (int c = 0; c < g->made; c++) {
        const sp_type *t = op->node->plan->generator_output[c].type;
        for (uint32_t j = 0; j < n; j++) {
            int arg = (int)j * g->made + c;
            sp_vec *v = NULL;
            if (arg < g->arg_count)
                SP_TRY(sp_eval(&op->chain->eval, g->args[arg], in, &v, err));
            else
                v = sp_vec_new_null(a, t, in->rows, err);
            if (!v || !(parts[j] = sp_vec_flatten(v, a, false, err)))
                return SP_FAILED;
        }
        if (!(made[c] = sp_vec_concat(parts, (int)n, t, a, err)))
            return SP_FAILED;
    }
    return emit_rows(op, &r, in, made, g->made, err);
}

static sp_status generate_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    const generate *g = op->node->shared;
    sp_arena *a = op->chain->batch_arena;
    if (g->kind == STACK)
        return push_stack(op, in, err);
    sp_vec *v;
    const sp_vec *list, **elements;
    SP_TRY(sp_eval(&op->chain->eval, g->args[0], in, &v, err));
    SP_TRY(sp_plain(v, a, &list, err));
    if (list->type->kind == SP_VOID && !(list = sp_vec_new_null(a, g->args[0]->type, in->rows, err)))
        return SP_FAILED;
    rows r = { 0 };
    int count = g->made - g->position;
    SP_NEW_ARRAY(elements, a, count + 1, err);
    SP_TRY(find_rows(g, list, in, a, &r, err));
    if (r.count == 0)
        return SP_OK;
    const sp_vec *structs = list->child[0];
    if (g->kind == INLINE && structs->form != SP_FLAT && !(structs = sp_vec_flatten(structs, a, false, err)))
        return SP_FAILED;
    for (int i = 0; i < count; i++) {
        elements[i] = g->kind == EXPLODE ? list->child[i] : NULL;
        if (g->kind == INLINE)
            SP_TRY(field_of(structs, i, a, &elements[i], err));
    }
    return emit_rows(op, &r, in, elements, count, err);
}

const sp_operator_class sp_op_generate = { .name = "Generate", .size = sizeof(sp_operator), .push = generate_push };
