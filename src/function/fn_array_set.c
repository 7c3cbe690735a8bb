/* fn_array_set.c -- arrays as sets: distinct, union, intersect, except, overlap; arrays_zip; shuffle.
 *
 * Membership is by row hash into an open-addressing table per row; nulls count once, NaNs are equal
 * (collectionOperations.scala). */
#include "function/array_int.h"

/* Positions of elements, found by value. Elements of two vectors may be in one set: where says which. */
typedef struct value_set {
    const sp_vec *vec[2];
    uint64_t *hash[2];
    uint32_t *slot, mask;       /* slot: 1 + position * 2 + which */
    uint8_t null_seen;
} value_set;

static sp_status hash_elements(sp_kernel *k, const sp_vec *e, uint64_t **out, sp_error *err)
{
    SP_NEW_ARRAY(*out, k->arena, e->rows + 1, err);
    if (e->rows && e->type->kind != SP_VOID) sp_rows_hash(&e, 1, NULL, e->rows, *out);
    return SP_OK;
}

static sp_status set_reset(sp_kernel *k, value_set *s, uint32_t n, sp_error *err)
{
    uint32_t cap = 8;
    while (cap < n * 2) cap *= 2;
    if (!s->slot || s->mask + 1 < cap) {
        SP_NEW_ARRAY(s->slot, k->arena, cap, err);
        s->mask = cap - 1;
    } else memset(s->slot, 0, sizeof *s->slot * (s->mask + 1));
    s->null_seen = 0;
    return SP_OK;
}

/* Whether the value was there; puts it when add. */
static bool set_has(value_set *s, int which, uint32_t at, bool add)
{
    const sp_vec *v = s->vec[which];
    if (v->type->kind == SP_VOID || sp_vec_null_at(v, at)) {
        bool was = s->null_seen;
        if (add) s->null_seen = 1;
        return was;
    }
    uint32_t i = (uint32_t)s->hash[which][SP_AT(v, at)] & s->mask;
    for (; s->slot[i]; i = (i + 1) & s->mask) {
        uint32_t x = (s->slot[i] - 1) / 2, w = (s->slot[i] - 1) % 2;
        if (sp_vec_rows_eq(s->vec[w], x, v, at)) return true;
    }
    if (add) s->slot[i] = 1 + at * 2 + (uint32_t)which;
    return false;
}

typedef enum { DISTINCT, UNION, INTERSECT, EXCEPT } set_op;

static sp_status set_operation(sp_kernel *k, set_op op, sp_error *err)
{
    value_set s = { 0 }, other = { 0 };
    for (int a = 0; a < k->arg_count; a++) {
        SP_TRY(sp_arg_elements(k, a, 0, &s.vec[a], err));
        SP_TRY(hash_elements(k, s.vec[a], &s.hash[a], err));
        other.vec[a] = s.vec[a];
        other.hash[a] = s.hash[a];
    }
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        sp_list x = sp_arg_list(k, 0, i), y = k->arg_count > 1 ? sp_arg_list(k, 1, i) : (sp_list){ 0, 0 };
        uint32_t first = sp_builder_rows(b);
        SP_TRY(set_reset(k, &s, x.length + y.length, err));
        if (op == INTERSECT || op == EXCEPT) {
            SP_TRY(set_reset(k, &other, y.length, err));
            for (uint32_t e = y.offset; e < y.offset + y.length; e++) set_has(&other, 1, e, true);
        }
        for (uint32_t e = x.offset; e < x.offset + x.length; e++) {
            if ((op == INTERSECT || op == EXCEPT) && set_has(&other, 0, e, false) != (op == INTERSECT)) continue;
            if (!set_has(&s, 0, e, true)) SP_TRY(sp_build_row(b, s.vec[0], e, err));
        }
        for (uint32_t e = y.offset; op == UNION && e < y.offset + y.length; e++)
            if (!set_has(&s, 1, e, true)) SP_TRY(sp_build_row(b, s.vec[1], e, err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status kernel_distinct(sp_kernel *k, sp_error *err) { return set_operation(k, DISTINCT, err); }
static sp_status kernel_union(sp_kernel *k, sp_error *err) { return set_operation(k, UNION, err); }
static sp_status kernel_intersect(sp_kernel *k, sp_error *err) { return set_operation(k, INTERSECT, err); }
static sp_status kernel_except(sp_kernel *k, sp_error *err) { return set_operation(k, EXCEPT, err); }

static sp_status bind_distinct(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    return SP_OK;
}

static sp_status bind_two(sp_bind *b, sp_error *err)
{
    const sp_type *x, *y, *t;
    SP_TRY(sp_bind_array(b, 0, &x, err));
    SP_TRY(sp_bind_array(b, 1, &y, err));
    const sp_type *l = b->want[0] ? b->want[0] : sp_bind_type(b, 0), *r = b->want[1] ? b->want[1] : sp_bind_type(b, 1);
    t = sp_widest_type(b->arena, l, r, b->conf, err);
    if (!t)
        return SP_FAIL(err, DATATYPE_MISMATCH__BINARY_ARRAY_DIFF_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            sp_bind_function_id(b), "arrayType",
                       "\"ARRAY\"", "leftType", sp_bind_arg_type(b, 0), "rightType", sp_bind_arg_type(b, 1));
    b->want[0] = b->want[1] = b->type = t;
    return SP_OK;
}

/* true if a value other than null is in both; null if not but one has a null and neither is empty */
static sp_status kernel_overlap(sp_kernel *k, sp_error *err)
{
    value_set s = { 0 };
    for (int a = 0; a < 2; a++) {
        SP_TRY(sp_arg_elements(k, a, 0, &s.vec[a], err));
        SP_TRY(hash_elements(k, s.vec[a], &s.hash[a], err));
    }
    for (SP_ROWS(k, i)) {
        sp_list x = sp_arg_list(k, 0, i), y = sp_arg_list(k, 1, i);
        bool found = false, null = false;
        SP_TRY(set_reset(k, &s, x.length, err));
        for (uint32_t e = x.offset; e < x.offset + x.length; e++) {
            if (sp_vec_null_at(s.vec[0], e)) null = true;
            else set_has(&s, 0, e, true);
        }
        for (uint32_t e = y.offset; e < y.offset + y.length && !found; e++) {
            if (sp_vec_null_at(s.vec[1], e)) null = true;
            else found = set_has(&s, 1, e, false);
        }
        SP_OUT(k, uint8_t)[i] = found;
        if (!found && null && x.length && y.length) sp_kernel_null(k, i);
    }
    return SP_OK;
}

static sp_status bind_overlap(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_two(b, err));
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

/* ---- arrays_zip ---- */

static sp_status bind_zip(sp_bind *b, sp_error *err)
{
    sp_field *f;
    SP_NEW_ARRAY(f, b->arena, b->arg_count + 1, err);
    for (int i = 0; i < b->arg_count; i++) {
        const sp_type *t;
        const sp_expr *e = b->call->args[i];
        SP_TRY(sp_bind_array(b, i, &t, err));
        bool named = e->kind == SP_E_COLUMN || e->kind == SP_E_ALIAS || e->kind == SP_E_FIELD;
        char *number = named ? NULL : sp_arena_printf(b->arena, err, "%d", i);
        f[i] = (sp_field){ named ? e->name : sp_str_of(number), t, true, { 0 } };
    }
    const sp_type *row = sp_type_struct(b->arena, f, b->arg_count, err);
    return row && (b->type = sp_type_array(b->arena, row, false, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_zip(sp_kernel *k, sp_error *err)
{
    sp_builder *b = sp_child_builder(k, 0, err);
    const sp_vec **e;
    SP_NEW_ARRAY(e, k->arena, k->arg_count + 1, err);
    if (!b) return SP_FAILED;
    for (int a = 0; a < k->arg_count; a++) SP_TRY(sp_arg_elements(k, a, 0, &e[a], err));
    for (SP_ROWS(k, i)) {
        uint32_t longest = 0, first = sp_builder_rows(b);
        for (int a = 0; a < k->arg_count; a++)
            if (sp_arg_list(k, a, i).length > longest) longest = sp_arg_list(k, a, i).length;
        for (uint32_t x = 0; x < longest; x++) {
            SP_TRY(sp_build_open(b, err));
            for (int a = 0; a < k->arg_count; a++) {
                sp_list l = sp_arg_list(k, a, i);
                sp_builder *c = sp_builder_child(b, a);
                if (x < l.length) SP_TRY(sp_build_row(c, e[a], l.offset + x, err));
                else SP_TRY(sp_build_null(c, err));
            }
            SP_TRY(sp_build_close(b, err));
        }
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

extern const sp_function sp_family_array_set[];
const sp_function sp_family_array_set[] = {
    { "array_distinct", 1, 1, 0, bind_distinct, kernel_distinct, "2.4.0", "array_distinct(a): every value once" },
    { "array_union", 2, 2, 0, bind_two, kernel_union, "2.4.0", "array_union(a, b): values of either, once" },
    { "array_intersect", 2, 2, 0, bind_two, kernel_intersect, "2.4.0", "array_intersect(a, b): values of both, once" },
    { "array_except", 2, 2, 0, bind_two, kernel_except, "2.4.0",
        "array_except(a, b): values of a that are not in b, once" },
    { "arrays_overlap", 2, 2, SP_FN_MAY_BE_NULL, bind_overlap, kernel_overlap, "2.4.0",
        "arrays_overlap(a, b): true if a value is in both" },
    { "arrays_zip", 0, -1, 0, bind_zip, kernel_zip, "2.4.0", "arrays_zip(a, ...): structs of the n-th elements" },
    { 0 }
};
