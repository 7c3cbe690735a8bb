/* eval.c -- evaluates a bound tree over a batch, node by node, vectors at a time.
 *
 * Each node is evaluated for a selection of rows and gives a vector with the batch's row count; rows outside the
 * selection are unspecified. A null-intolerant call sees only rows where no argument is null, and, as in Spark, its
 * later arguments are not evaluated where an earlier one is null. Calls whose arguments are all constant run once,
 * on one row. Special forms (fn_logic.c) evaluate their arguments for sub-selections, so that an error is raised
 * only for rows Spark would have evaluated. */
#include "function/function_int.h"

typedef struct rows { const uint32_t *sel; uint32_t count; } rows;

/* ---- access helpers ---- */

int64_t sp_vec_int_at(const sp_vec *v, uint32_t row)
{
    row = SP_AT(v, row);
    switch (sp_kind_width(v->type->kind)) {
    case 1: return v->type->kind == SP_BOOLEAN ? ((const uint8_t *)v->data)[row] : ((const int8_t *)v->data)[row];
    case 2: return ((const int16_t *)v->data)[row];
    case 4: return ((const int32_t *)v->data)[row];
    default: return ((const int64_t *)v->data)[row];
    }
}

double sp_vec_f64_at(const sp_vec *v, uint32_t row)
{
    row = SP_AT(v, row);
    switch (v->type->kind) {
    case SP_DOUBLE: return ((const double *)v->data)[row];
    case SP_FLOAT: return (double)((const float *)v->data)[row];
    case SP_DECIMAL: return sp_dec_to_f64(((const sp_dec *)v->data)[row], v->type->scale);
    default: return (double)sp_vec_int_at(v, row);
    }
}

void sp_vec_put_int(sp_vec *v, uint32_t row, int64_t x)
{
    switch (sp_kind_width(v->type->kind)) {
    case 1: ((int8_t *)v->data)[row] = (int8_t)x; break;
    case 2: ((int16_t *)v->data)[row] = (int16_t)x; break;
    case 4: ((int32_t *)v->data)[row] = (int32_t)x; break;
    default: ((int64_t *)v->data)[row] = x; break;
    }
}

sp_status sp_put_copy(sp_kernel *k, uint32_t row, const char *p, size_t n, sp_error *err)
{
    if (n <= SP_VIEW_INLINE) { SP_OUT(k, sp_view)[row] = sp_view_make(p, n); return SP_OK; }
    char *copy = sp_arena_alloc(k->arena, n, err);
    if (!copy) return SP_FAILED;
    memcpy(copy, p, n);
    SP_OUT(k, sp_view)[row] = sp_view_make(copy, n);
    return SP_OK;
}

sp_status sp_put_buf(sp_kernel *k, uint32_t row, sp_buf *b, sp_error *err)
{
    sp_status s = sp_buf_check(b, err);
    if (s != SP_FAILED) s = sp_put_copy(k, row, b->data ? b->data : "", b->len, err);
    sp_buf_clear(b);
    return s;
}

void sp_kernel_null(sp_kernel *k, uint32_t row)
{
    if (!k->out->valid && sp_vec_need_valid(k->out, k->arena, NULL) == SP_FAILED) { k->failed = true; return; }
    sp_bit_clear(k->out->valid, row);
}

sp_vec *sp_vec_const_copy(const sp_vec *one, uint32_t count, sp_arena *a, sp_error *err)
{
    sp_vec *v = sp_arena_alloc(a, sizeof *v, err);
    if (!v) return NULL;
    *v = *one;
    v->form = SP_CONST;
    v->rows = count;
    return v;
}

const char *sp_vec_sql_at(const sp_vec *v, uint32_t row, const sp_expr_conf *conf, sp_arena *a)
{
    sp_value x;
    sp_buf b = { 0 };
    if (sp_value_at(v, row, a, &x, NULL) == SP_FAILED) return "";
    sp_value_sql(&b, &x, conf && conf->zone ? conf->zone : sp_zone_utc());
    const char *s = b.failed ? NULL : sp_arena_strndup(a, b.data ? b.data : "", b.len, NULL);
    sp_buf_done(&b);
    return s ? s : "";
}

/* ---- calls ---- */

static bool any_null(const sp_vec *v, rows r, uint32_t total)
{
    if (!v->valid) return false;
    if (v->form == SP_CONST) return !sp_bit_get(v->valid, 0);
    if (r.sel) {
        for (uint32_t n = 0; n < r.count; n++)
            if (!sp_bit_get(v->valid, r.sel[n])) return true;
        return false;
    }
    for (uint32_t w = 0; w < total / 64; w++)
        if (~v->valid[w]) return true;
    return (total & 63) && (~v->valid[total / 64] & ((1ull << (total & 63)) - 1));
}

/* The rows of r where v is not null. */
static sp_status without_nulls(const sp_vec *v, rows r, uint32_t total, sp_arena *a, rows *out, sp_error *err)
{
    *out = r;
    if (!any_null(v, r, total)) return SP_OK;
    uint32_t *sel = sp_arena_alloc(a, sizeof *sel * ((size_t)r.count + 1), err), n = 0;
    if (!sel) return SP_FAILED;
    if (v->form != SP_CONST)
        for (uint32_t i = 0; i < r.count; i++) {
            uint32_t row = r.sel ? r.sel[i] : i;
            if (sp_bit_get(v->valid, row)) sel[n++] = row;
        }
    *out = (rows){ sel, n };
    return SP_OK;
}

/* out->valid = AND of the arguments' bitmaps (a constant null was dealt with before). */
static sp_status combine_valid(sp_kernel *k, sp_error *err)
{
    size_t words = sp_bit_words(k->rows);
    for (int i = 0; i < k->arg_count; i++) {
        const sp_vec *v = k->args[i];
        if (!v || !v->valid || v->form == SP_CONST) continue;
        if (!k->out->valid) {
            if (!(k->out->valid = sp_arena_alloc(k->arena, words * 8 + 8, err))) return SP_FAILED;
            memcpy(k->out->valid, v->valid, words * 8);
        } else for (size_t w = 0; w < words; w++) k->out->valid[w] &= v->valid[w];
    }
    return SP_OK;
}

static sp_status eval_node(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, sp_vec **out,
    sp_error *err);

/* Evaluates the arguments; *live comes back as the rows a null-intolerant kernel sees; *constant: every argument is
 * CONST. */
static sp_status eval_args(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, const sp_vec **args,
    rows *live, bool *constant,
                           bool *null, sp_error *err)
{
    bool tolerant = e->function->flags & SP_FN_NULLS;
    *live = r;
    *constant = true;
    *null = false;
    for (int i = 0; i < e->arg_count; i++) {
        if (e->args[i]->kind == SP_E_LAMBDA) { args[i] = NULL; *constant = false; continue; }
        sp_vec *v;
        SP_TRY(eval_node(c, e->args[i], in, *live, &v, err));
        SP_TRY(sp_vec_plain(v, c->arena, &args[i], err));
        if (args[i]->form != SP_CONST) *constant = false;
        if (tolerant) continue;
        if (args[i]->type->kind == SP_VOID || (args[i]->form == SP_CONST &&
            sp_vec_is_null(args[i], 0))) { *null = true; return SP_OK; }
        SP_TRY(without_nulls(args[i], *live, in->rows, c->arena, live, err));
    }
    return SP_OK;
}

static sp_status run_kernel(sp_kernel *k, const sp_expr *e, sp_error *err)
{
    sp_status s = e->kernel(k, err);
    if (s != SP_FAILED && k->failed) s = sp_error_memory(err, "null bitmap");
    if (s == SP_FAILED) sp_error_locate(err, e);
    return s;
}

static sp_status eval_call(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, sp_vec **out,
    sp_error *err)
{
    uint32_t flags = e->function->flags;
    if (flags & SP_FN_LAZY) return ((const sp_lazy *)e->state)->eval(c, e, in, r.sel, r.count, out, err);
    const sp_vec *small[8], **args = small;
    if (e->arg_count > 8) SP_NEW_ARRAY(args, c->arena, e->arg_count, err);
    rows live;
    bool constant, null;
    SP_TRY(eval_args(c, e, in, r, args, &live, &constant, &null, err));
    bool nothing = live.count == 0 && !(flags & SP_FN_NULLS);
    if (null || r.count == 0 || nothing) return (*out = sp_vec_new_null(c->arena, e->type, in->rows, err)) ? SP_OK
        : SP_FAILED;
    bool once = constant && !(flags & (SP_FN_NONDETERMINISTIC | SP_FN_CONSTANT_PER_QUERY));
    sp_kernel k = { .call = e, .args = args, .arg_count = e->arg_count, .rows = once ? 1 : in->rows, .sel = live.sel,
        .count = live.count,
                    .arena = c->arena, .conf = c->conf, .eval = c, .batch = in };
    if (once) { k.sel = NULL; k.count = 1; }
    if ((flags & SP_FN_DENSE) && !once) { k.sel = NULL; k.count = in->rows; }
    if (!(k.out = sp_vec_new(c->arena, e->type, k.rows, err))) return SP_FAILED;
    if (!(flags & SP_FN_NULLS)) SP_TRY(combine_valid(&k, err));
    SP_TRY(run_kernel(&k, e, err));
    if (once) k.out->form = SP_CONST;
    k.out->rows = in->rows;
    *out = k.out;
    return SP_OK;
}

/* ---- other nodes ---- */

sp_status sp_eval_field(const sp_vec *s, int ordinal, const sp_type *t, sp_arena *a, sp_vec **out, sp_error *err)
{
    const sp_vec *plain, *f = NULL;
    SP_TRY(sp_vec_plain(s, a, &plain, err));
    if (plain->child_count > ordinal) f = plain->child[ordinal];
    if (!f) return (*out = sp_vec_new_null(a, t, s->rows, err)) ? SP_OK : SP_FAILED;
    if (plain->form == SP_CONST) {
        if (sp_vec_is_null(plain, 0)) return (*out = sp_vec_new_null(a, t, s->rows, err)) ? SP_OK : SP_FAILED;
        SP_TRY(sp_vec_plain(f, a, &f, err));
        return (*out = sp_vec_const_copy(f, s->rows, a, err)) ? SP_OK : SP_FAILED;
    }
    if (!plain->valid) { *out = (sp_vec *)(uintptr_t)f; return SP_OK; }
    sp_vec *flat = sp_vec_flatten(f, a, false, err), *n;
    if (!flat || !(n = sp_arena_alloc(a, sizeof *n, err))) return SP_FAILED;
    *n = *flat;
    size_t words = sp_bit_words(s->rows);
    if (!(n->valid = sp_arena_alloc(a, words * 8 + 8, err))) return SP_FAILED;
    for (size_t w = 0; w < words; w++) n->valid[w] = plain->valid[w] & (flat->valid ? flat->valid[w] : ~0ull);
    *out = n;
    return SP_OK;
}

static sp_status eval_literal(sp_eval_context *c, const sp_expr *e, uint32_t count, sp_vec **out, sp_error *err)
{
    *out = e->state ? sp_vec_const_copy(e->state, count, c->arena, err)
        : sp_value_vec(&e->literal, count, c->arena, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status eval_cast(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, sp_vec **out,
    sp_error *err)
{
    sp_vec *v;
    SP_TRY(eval_node(c, e->args[0], in, r, &v, err));
    return sp_cast_vec(c, v, r.sel, r.count, e->type, e->cast_mode, e, out, err);
}

static sp_status eval_node(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, sp_vec **out,
    sp_error *err)
{
    sp_vec *v;
    switch (e->kind) {
    case SP_E_LITERAL: return eval_literal(c, e, in->rows, out, err);
    case SP_E_COLUMN:
        if (e->ordinal < 0 || e->ordinal >= in->column_count)
            return sp_error_internal(err, "column %.*s is not bound", (int)e->name.n, e->name.p);
        *out = in->columns[e->ordinal];
        return SP_OK;
    case SP_E_CALL: return eval_call(c, e, in, r, out, err);
    case SP_E_CAST: return eval_cast(c, e, in, r, out, err);
    case SP_E_ALIAS: case SP_E_SORT: return eval_node(c, e->args[0], in, r, out, err);
    case SP_E_FIELD:
        SP_TRY(eval_node(c, e->args[0], in, r, &v, err));
        return sp_eval_field(v, e->ordinal, e->type, c->arena, out, err);
    case SP_E_LAMBDA_VAR:
        *out = (sp_vec *)(uintptr_t)c->lambda_args[e->ordinal];
        return SP_OK;
    default: return sp_error_internal(err, "an expression of kind %d cannot be evaluated", (int)e->kind);
    }
}

sp_status sp_eval_sel(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel, uint32_t count,
    sp_vec **out, sp_error *err)
{
    return eval_node(c, e, in, (rows){ sel, count }, out, err);
}

sp_status sp_eval(sp_eval_context *c, const sp_expr *e, const sp_batch *in, sp_vec **out, sp_error *err)
{
    return eval_node(c, e, in, (rows){ in->sel, in->sel ? in->sel_count : in->rows }, out, err);
}

/* ---- filters ---- */

static bool is_and(const sp_expr *e) { return e->kind == SP_E_CALL && strcmp(e->function->name, "and") == 0; }

static sp_status filter(sp_eval_context *c, const sp_expr *e, const sp_batch *in, rows r, uint32_t *out_sel,
    uint32_t *out_count, sp_error *err)
{
    if (is_and(e)) {    /* conjuncts one after the other: rows that an earlier one drops are not looked at again */
        uint32_t n;
        SP_TRY(filter(c, e->args[0], in, r, out_sel, &n, err));
        if (!(*out_count = n)) return SP_OK;
        return filter(c, e->args[1], in, (rows){ out_sel, n }, out_sel, out_count, err);
    }
    sp_vec *v;
    const sp_vec *p;
    SP_TRY(eval_node(c, e, in, r, &v, err));
    SP_TRY(sp_vec_plain(v, c->arena, &p, err));
    uint32_t n = 0;
    const uint8_t *data = p->data;
    if (p->type->kind == SP_VOID) { *out_count = 0; return SP_OK; }
    if (p->form == SP_CONST) {
        bool all = !sp_vec_is_null(p, 0) && data[0];
        for (uint32_t i = 0; all && i < r.count; i++) out_sel[n++] = r.sel ? r.sel[i] : i;
    } else if (!p->valid) {
        for (uint32_t i = 0; i < r.count; i++) {
            uint32_t row = r.sel ? r.sel[i] : i;
            out_sel[n] = row;
            n += data[row];
        }
    } else {
        for (uint32_t i = 0; i < r.count; i++) {
            uint32_t row = r.sel ? r.sel[i] : i;
            out_sel[n] = row;
            n += data[row] & (uint8_t)sp_bit_get(p->valid, row);
        }
    }
    *out_count = n;
    return SP_OK;
}

sp_status sp_eval_filter(sp_eval_context *c, const sp_expr *e, const sp_batch *in, uint32_t *out_sel,
    uint32_t *out_count, sp_error *err)
{
    return filter(c, e, in, (rows){ in->sel, in->sel ? in->sel_count : in->rows }, out_sel, out_count, err);
}

/* ---- merging the branches of a conditional ---- */

static sp_status merge_flat(sp_vec *const *parts, int part_count, const uint8_t *pick, rows r, sp_vec *out,
    sp_arena *a, sp_error *err)
{
    size_t w = sp_kind_width(out->type->kind);
    const sp_vec *p[256];
    for (int i = 0; i < part_count; i++)
        if (parts[i]) SP_TRY(sp_vec_plain(parts[i], a, &p[i], err));
    SP_TRY(sp_vec_need_valid(out, a, err));
    for (uint32_t n = 0; n < r.count; n++) {
        uint32_t row = r.sel ? r.sel[n] : n;
        const sp_vec *v = pick[row] == 255 ? NULL : p[pick[row]];
        if (!v || sp_vec_is_null(v, row) || v->type->kind == SP_VOID) { sp_bit_clear(out->valid, row); continue; }
        uint32_t at = SP_AT(v, row);
        switch (w) {
        case 1: ((uint8_t *)out->data)[row] = ((const uint8_t *)v->data)[at]; break;
        case 4: ((uint32_t *)out->data)[row] = ((const uint32_t *)v->data)[at]; break;
        case 8: ((uint64_t *)out->data)[row] = ((const uint64_t *)v->data)[at]; break;
        default: memcpy((char *)out->data + w * row, (const char *)v->data + w * at, w);
        }
    }
    return SP_OK;
}

/* Nested values: the wanted rows of each part, one after the other, behind an index. */
static sp_status merge_nested(sp_vec *const *parts, int part_count, const uint8_t *pick, const sp_type *t, rows r,
    uint32_t total, sp_arena *a,
                              sp_vec **out, sp_error *err)
{
    const sp_vec **pieces;
    uint32_t *index, *sel, at = 0;
    SP_NEW_ARRAY(pieces, a, part_count + 1, err);
    SP_NEW_ARRAY(index, a, total + 1, err);
    SP_NEW_ARRAY(sel, a, r.count + 1, err);
    int piece_count = 0;
    sp_vec *null_row = sp_vec_new_null(a, t, 1, err);
    if (!null_row || !(pieces[piece_count++] = sp_vec_gather(null_row, NULL, 1, a, err))) return SP_FAILED;
    at = 1;     /* row 0 of the whole is null: where nothing was picked, and outside the selection */
    for (int p = 0; p < part_count; p++) {
        uint32_t n = 0;
        if (!parts[p]) continue;
        for (uint32_t i = 0; i < r.count; i++) {
            uint32_t row = r.sel ? r.sel[i] : i;
            if (pick[row] == p) { index[row] = at++; sel[n++] = row; }
        }
        if (!n) continue;
        if (!(pieces[piece_count++] = sp_vec_gather(parts[p], sel, n, a, err))) return SP_FAILED;
    }
    sp_vec *whole = sp_vec_concat(pieces, piece_count, t, a, err);
    if (!whole) return SP_FAILED;
    return (*out = sp_vec_gather(whole, index, total, a, err)) ? SP_OK : SP_FAILED;
}

sp_status sp_vec_merge(sp_vec *const *parts, int part_count, const uint8_t *pick, const sp_type *t,
    const uint32_t *sel, uint32_t count,
                       uint32_t total, sp_arena *a, sp_vec **out, sp_error *err)
{
    rows r = { sel, count };
    if (sp_kind_is_nested(t->kind) || t->kind == SP_VARIANT) return merge_nested(parts, part_count, pick, t, r, total,
        a, out, err);
    if (t->kind == SP_VOID) return (*out = sp_vec_new_null(a, t, total, err)) ? SP_OK : SP_FAILED;
    if (!(*out = sp_vec_new(a, t, total, err))) return SP_FAILED;
    return merge_flat(parts, part_count, pick, r, *out, a, err);
}
