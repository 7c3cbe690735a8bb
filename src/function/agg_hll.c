/* agg_hll.c -- approx_count_distinct: HyperLogLog++ (Heule, Nunkesser, Hall, 2013) with Spark's registers, ten of six
 * bits in a word, and Spark's hash (xxHash64, seed 42), so that buffers MS[0], MS[1] ... and answers are Spark's
 * (HyperLogLogPlusPlusHelper). The bias at a raw estimate is the mean of the biases at its six nearest measured ones
 * (agg_hll_bias.inc). */
#include "function/agg_int.h"
#include <math.h>

#include "function/agg_hll_bias.inc"

enum { REGISTER_BITS = 6, PER_WORD = 10, NEIGHBOURS = 6, P_MAX = 22 };

typedef struct points { const double *raw, *bias; int count; } points;
#define POINTS(p) { raw_##p, bias_##p, (int)(sizeof raw_##p / sizeof *raw_##p) }
static const points measured[] = { POINTS(4),  POINTS(5),  POINTS(6),  POINTS(7),  POINTS(8),  POINTS(9),  POINTS(10),
                                   POINTS(11), POINTS(12), POINTS(13), POINTS(14), POINTS(15), POINTS(16), POINTS(17),
                                   POINTS(18) };
static const double thresholds[] = { 10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 15500, 20000, 50000, 120000,
    350000 };   /* p = 4 .. 18 */

/* the kernel's state size and buffer count depend on p */
typedef struct hll { int p, words; sp_agg_kernel kernel; } hll;

static int words_of(const sp_expr *call) { return ((const hll *)call->state)->words; }

static void note(uint64_t *words, int p, uint64_t x)
{
    uint32_t idx = (uint32_t)(x >> (64 - p));
    uint64_t rank = (uint64_t)__builtin_clzll(x << p | 1ull << (p - 1)) + 1;
    uint64_t *word = &words[idx / PER_WORD];
    int shift = REGISTER_BITS * (int)(idx % PER_WORD);
    if (rank > (*word >> shift & 63)) *word = (*word & ~(63ull << shift)) | rank << shift;
}

static sp_status update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, const sp_vec *const *args,
                        const uint32_t *sel, uint32_t count, sp_error *err)
{
    const hll *h = c->call->state;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t row = sel ? sel[n] : n;
        if (args[0]->type->kind == SP_VOID || sp_vec_null_at(args[0], row)) continue;
        note(AGG_STATE(uint64_t, groups[n]), h->p, sp_spark_xxhash64(args[0], row, 42));
    }
    return SP_OK;
}

static sp_status merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                       size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    int words = words_of(c->call);
    for (uint32_t n = 0; n < count; n++) {
        uint64_t *a = AGG_STATE(uint64_t, to[n]);
        const uint64_t *b = AGG_OTHER(uint64_t, from[n]);
        for (int w = 0; w < words; w++) {
            uint64_t x = 0;
            for (int r = 0; r < PER_WORD; r++) {
                uint64_t mask = 63ull << (REGISTER_BITS * r), l = a[w] & mask, g = b[w] & mask;
                x |= l > g ? l : g;
            }
            a[w] = x;
        }
    }
    return SP_OK;
}

static double bias_at(const points *m, double e)
{
    int at = 0;
    while (at < m->count && m->raw[at] < e) at++;
    int low = at - NEIGHBOURS + 1 > 0 ? at - NEIGHBOURS + 1 : 0, high = low + NEIGHBOURS < m->count ? low + NEIGHBOURS
        : m->count;
    while (high < m->count && fabs(e - m->raw[high]) < fabs(e - m->raw[low])) { low++; high++; }
    double sum = 0;
    for (int i = low; i < high; i++) sum += m->bias[i];
    return sum / (high - low);
}

static int64_t estimate(const uint64_t *words, int p)
{
    int m = 1 << p;
    double inverse = 0, zeros = 0;
    for (int i = 0; i < m; i++) {
        uint64_t r = words[i / PER_WORD] >> (REGISTER_BITS * (i % PER_WORD)) & 63;
        inverse += 1.0 / (double)(1ull << r);
        zeros += r == 0;
    }
    double alpha = p == 4 ? 0.673 : p == 5 ? 0.697 : p == 6 ? 0.709 : 0.7213 / (1.0 + 1.079 / m);
    double e = alpha * m * m / inverse, corrected = p < 19 && e < 5.0 * m ? e - bias_at(&measured[p - 4], e) : e;
    if (zeros > 0) {
        double h = m * log(m / zeros);
        if ((p < 19 && h <= thresholds[p - 4]) || e <= 2.5 * m) corrected = h;
    }
    return (int64_t)floor(corrected + 0.5);
}

static sp_status finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                        sp_vec *out, sp_error *err)
{
    const hll *h = c->call->state;
    for (uint32_t n = 0; n < count; n++) ((int64_t *)out->data)[n] = estimate(AGG_CONST(uint64_t, groups[n]), h->p);
    return SP_OK;
}

static const sp_type *buffer_type(const sp_expr *call, int i, bool *nullable)
{
    *nullable = true;
    return sp_type_of(SP_LONG);
}

/* "MS[0]" ...; made once a call, kept behind the kernel */
static const char *buffer_name(const sp_expr *call, int i)
{
    return ((const char *const *)((const hll *)call->state + 1))[i];
}

static sp_status save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                      sp_vec *const *out, sp_error *err)
{
    for (int w = 0; w < words_of(c->call); w++)
        for (uint32_t n = 0; n < count; n++) ((int64_t *)out[w]->data)[n] = (int64_t)AGG_CONST(uint64_t, groups[n])[w];
    return SP_OK;
}

static sp_status load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                      const sp_vec *const *in, sp_error *err)
{
    for (int w = 0; w < words_of(c->call); w++) {
        const sp_vec *v;
        SP_TRY(sp_vec_plain(in[w], c->arena, &v, err));
        for (uint32_t n = 0; n < count; n++) AGG_STATE(uint64_t, groups[n])[w] = (uint64_t)sp_vec_int_at(v, n);
    }
    return SP_OK;
}

static const sp_agg_kernel pattern = { 0, sp_agg_init_zero, update, merge, finish, 0, buffer_type, buffer_name, save,
                                       load, NULL };

/* The second argument, which does not show. */
static sp_status deviation(sp_bind *b, double *out, sp_error *err)
{
    if (b->arg_count < 2) return SP_OK;
    const sp_expr *e = b->call->args[1];
    sp_value v;
    while (e->kind == SP_E_CAST && e->cast_is_implicit) e = e->args[0];
    if (!e->foldable || (e->type->kind != SP_DOUBLE && e->type->kind != SP_DECIMAL)) return SP_FAIL(err,
        _LEGACY_ERROR_TEMP_1104);
    SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
    if (v.is_null) return SP_FAIL(err, _LEGACY_ERROR_TEMP_1104);
    *out = v.type->kind == SP_DOUBLE ? v.f64 : sp_dec_to_f64(v.decimal, v.type->scale);
    b->call->arg_count = b->arg_count = 1;
    return SP_OK;
}

static sp_status bind(sp_bind *b, sp_error *err)
{
    double rsd = 0.05;
    SP_TRY(deviation(b, &rsd, err));
    int p = (int)ceil(2.0 * log(1.106 / rsd) / log(2.0));
    if (!(rsd > 0) || p < 4)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
            "requirement failed: HLL++ requires at least 4 bits for addressing. Use a lower "
                              "error, at most 39%%.");
    if (p > P_MAX)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
            "approx_count_distinct to within %g would keep %d registers a group", rsd, 1 << 23);
    b->call->ordinal = p;
    int words = (1 << p) / PER_WORD + 1;
    hll *h;
    SP_NEW(h, b->arena, sizeof *h + sizeof(char *) * (size_t)words, err);
    *h = (hll){ p, words, pattern };
    h->kernel.size = (uint32_t)words * 8;
    h->kernel.buffer_count = words;
    for (int w = 0; w < words; w++)
        if (!(((const char **)(h + 1))[w] = sp_arena_printf(b->arena, err, "MS[%d]", w))) return SP_FAILED;
    b->state = h;
    b->agg = &h->kernel;
    b->type = sp_type_of(SP_LONG);
    b->nullable = false;
    return SP_OK;
}

extern const sp_aggregate sp_aggregates_hll[];
const sp_aggregate sp_aggregates_hll[] = {
    { "approx_count_distinct", 1, 2, 0, bind, &pattern, "1.6.0", "approx_count_distinct(a[, relative error])" },
    { 0 }
};
