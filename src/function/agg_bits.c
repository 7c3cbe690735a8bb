/* agg_bits.c -- bit_and, bit_or, bit_xor over integers, and product.
 *
 * Buffers: {bit_and} {bit_or} {bit_xor} of the argument's type, {product} double; null until a value came.
 * Behaviour: bitwiseAggregates.scala, Product.scala. */
#include "function/agg_int.h"

typedef enum bits_what { BIT_AND, BIT_OR, BIT_XOR, PRODUCT } bits_what;
typedef struct bits_info { bits_what what; const sp_type *type; } bits_info;
typedef struct bits_state { union { int64_t i; double f; }; int64_t set; } bits_state;

static void absorb(bits_what what, bits_state *s, const bits_state *x)
{
    if (!x->set) return;
    if (!s->set) { *s = *x; return; }
    switch (what) {
    case BIT_AND: s->i &= x->i; break;
    case BIT_OR: s->i |= x->i; break;
    case BIT_XOR: s->i ^= x->i; break;
    default: s->f *= x->f;
    }
}

static bits_state value_at(const sp_vec *v, uint32_t row)
{
    bits_state x = { .set = !sp_vec_is_null(v, row) };
    if (!x.set) return x;
    if (v->type->kind == SP_DOUBLE) x.f = ((const double *)v->data)[SP_AT(v, row)];
    else x.i = sp_vec_int_at(v, row);
    return x;
}

static sp_status bits_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                             const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const bits_info *f = c->call->state;
    const sp_vec *v;
    SP_TRY(sp_vec_plain(args[0], c->arena, &v, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count; n++) {
        bits_state x = value_at(v, sel ? sel[n] : n);
        absorb(f->what, AGG_STATE(bits_state, groups[n]), &x);
    }
    return SP_OK;
}

static sp_status bits_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                            size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    const bits_info *f = c->call->state;
    for (uint32_t n = 0; n < count; n++) absorb(f->what, AGG_STATE(bits_state, to[n]), AGG_OTHER(bits_state, from[n]));
    return SP_OK;
}

static sp_status bits_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             sp_vec *out, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) {
        const bits_state *s = AGG_CONST(bits_state, groups[n]);
        if (!s->set) SP_TRY(sp_agg_null(c, out, n, err));
        else if (out->type->kind == SP_DOUBLE) ((double *)out->data)[n] = s->f;
        else sp_vec_put_int(out, n, s->i);
    }
    return SP_OK;
}

static const sp_type *bits_buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return ((const bits_info *)call->state)->type;
}

static const char *bits_buffer_name(const sp_expr *call, int i)
{
    static const char *const names[] = { "bit_and", "bit_or", "bit_xor", "product" };
    return names[((const bits_info *)call->state)->what];
}

static sp_status bits_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           sp_vec *const *out, sp_error *err)
{
    return bits_finish(c, states, stride, groups, count, out[0], err);
}

static sp_status bits_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                           const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v;
    SP_TRY(sp_vec_plain(in[0], c->arena, &v, err));
    for (uint32_t n = 0; n < count; n++) *AGG_STATE(bits_state, groups[n]) = value_at(v, n);
    return SP_OK;
}

static const sp_agg_kernel bits_kernel = { sizeof(bits_state), sp_agg_init_zero, bits_update, bits_merge, bits_finish,
                                           1, bits_buffer_type, bits_buffer_name, bits_save, bits_load, NULL };

static sp_status bind_bits(sp_bind *b, bits_what what, sp_error *err)
{
    bits_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    SP_TRY(sp_bind_sig(b, what == PRODUCT ? "d" : "I", SP_DOUBLE, err));
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    *f = (bits_info){ what, b->type };
    b->state = f;
    return SP_OK;
}

static sp_status bind_and(sp_bind *b, sp_error *err) { return bind_bits(b, BIT_AND, err); }
static sp_status bind_or(sp_bind *b, sp_error *err) { return bind_bits(b, BIT_OR, err); }
static sp_status bind_xor(sp_bind *b, sp_error *err) { return bind_bits(b, BIT_XOR, err); }
static sp_status bind_product(sp_bind *b, sp_error *err) { return bind_bits(b, PRODUCT, err); }

extern const sp_aggregate sp_aggregates_bits[];
const sp_aggregate sp_aggregates_bits[] = {
    { "bit_and", 1, 1, 0, bind_and, &bits_kernel, "3.0.0", "bit_and(a): bitwise and of all values" },
    { "bit_or", 1, 1, 0, bind_or, &bits_kernel, "3.0.0", "bit_or(a): bitwise or of all values" },
    { "bit_xor", 1, 1, 0, bind_xor, &bits_kernel, "3.0.0", "bit_xor(a): bitwise exclusive or of all values" },
    { "product", 1, 1, 0, bind_product, &bits_kernel, "3.2.0", "product(a): all values multiplied" },
    { 0 }
};
