/* agg_percentile.c -- percentile, median, percentile_cont, percentile_disc and mode: exact answers over how often each
 * value came.
 *
 * A group's state is a bag of different values with their counts; an answer sorts them. mode takes, among the most
 * frequent, the first in the order of Spark's OpenHashMap (slots by murmur3 of the hash code, probed 1, 2, 3 ...
 * further, 64 slots doubled at seven tenths), unless asked for the smallest or greatest.
 * Buffer: {buf binary}: per value its UnsafeRow (value, count) behind the row's size; -1 ends.
 * Behaviour: percentiles.scala, Mode.scala. */
#include "function/agg_int.h"

#include <math.h>

typedef enum counted_what { PERCENTILE, DISCRETE, MODE } counted_what;
typedef struct counted_info {
    counted_what what;
    const sp_type *type;                /* of the values */
    const sp_type *row;                 /* struct of value and count */
    double *percents; int percent_count;
    bool array, reverse, smallest, greatest;
    int frequency;                      /* the argument that says how often; 0: once */
} counted_info;

/* ---- counting ---- */

static sp_status times_of(sp_agg_call *c, const counted_info *f, const sp_vec *times, uint32_t row, int64_t *out,
                          sp_error *err)
{
    *out = 1;
    if (!times) return SP_OK;
    *out = times->type->kind == SP_VOID || sp_vec_is_null(times, row) ? 0 : sp_vec_int_at(times, row);
    if (*out >= 0) return SP_OK;
    const char *n = sp_arena_printf(c->arena, NULL, "%lldL", (long long)*out);
    return SP_FAIL(err, NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION, "frequencyExpression",
                   sp_expr_sql_quoted(c->arena, c->call->args[f->frequency]), "negativeValue", n ? n : "");
}

static sp_status counted_update(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups,
                                const sp_vec *const *args, const uint32_t *sel, uint32_t count, sp_error *err)
{
    const counted_info *f = c->call->state;
    int value = f->frequency ? 0 : c->call->arg_count - 1;
    const sp_vec *v, *times = NULL;
    sp_buf b = { 0 };
    sp_status status = SP_OK;
    SP_TRY(sp_vec_plain(args[value], c->arena, &v, err));
    if (f->frequency) SP_TRY(sp_vec_plain(args[f->frequency], c->arena, &times, err));
    if (v->type->kind == SP_VOID) return SP_OK;
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        uint32_t row = sel ? sel[n] : n;
        int64_t often;
        if (sp_vec_is_null(v, row)) continue;
        if ((status = times_of(c, f, times, row, &often, err)) == SP_FAILED || !often) continue;
        sp_buf_clear(&b);
        sp_pack(&b, v, row);
        status = sp_buf_check(&b, err);
        if (status != SP_FAILED) status = sp_bag_note(AGG_STATE(sp_bag, groups[n]), c->heap, (sp_str){ b.data, b.len },
            often, err);
    }
    sp_buf_done(&b);
    return status;
}

static sp_status counted_merge(sp_agg_call *c, void *states, size_t stride, const uint32_t *to, const void *other,
                               size_t other_stride, const uint32_t *from, uint32_t count, sp_error *err)
{
    for (uint32_t n = 0; n < count; n++) {
        const sp_bag *o = AGG_OTHER(sp_bag, from[n]);
        for (uint32_t i = 0; i < o->count; i++)
            SP_TRY(sp_bag_note(AGG_STATE(sp_bag, to[n]), c->heap, sp_bag_at(o, i), o->times[i], err));
    }
    return SP_OK;
}

static void counted_drop(sp_heap *h, void *state) { sp_bag_drop(state, h); }

/* ---- percentiles ---- */

typedef struct ranked { double value; int64_t upto; } ranked;      /* upto: values at or before this one */

static double value_of(const sp_vec *v, uint32_t i)
{
    if (v->type->kind == SP_DECIMAL) return sp_dec_to_f64(((const sp_dec *)v->data)[i], v->type->scale);
    return sp_kind_is_numeric(v->type->kind) ? sp_vec_f64_at(v, i) : (double)sp_vec_int_at(v, i);
}

/* Row numbers in ascending order; stable. */
static sp_status sort_values(const sp_vec *v, uint32_t count, sp_arena *a, uint32_t **out, sp_error *err)
{
    uint32_t *from, *to;
    SP_NEW_ARRAY(from, a, count + 1, err);
    SP_NEW_ARRAY(to, a, count + 1, err);
    for (uint32_t i = 0; i < count; i++) from[i] = i;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t lo = 0; lo < count; lo += 2 * width) {
            uint64_t mid = lo + width < count ? lo + width : count, hi = lo + 2 * width < count ? lo + 2 * width
                : count;
            for (uint64_t x = lo, y = mid, n = lo; n < hi; n++)
                to[n] = y >= hi || (x < mid && sp_vec_rows_cmp(v, from[x], v, from[y]) <= 0) ? from[x++] : from[y++];
        }
        uint32_t *t = from;
        from = to;
        to = t;
    }
    *out = from;
    return SP_OK;
}

static sp_status rank_values(sp_agg_call *c, const sp_bag *b, ranked **out, sp_error *err)
{
    const counted_info *f = c->call->state;
    sp_vec *v;
    uint32_t *order;
    SP_TRY(sp_bag_vec(b, f->type, c->arena, &v, err));
    SP_TRY(sort_values(v, b->count, c->arena, &order, err));
    SP_NEW_ARRAY(*out, c->arena, b->count + 1, err);
    for (uint32_t i = 0; i < b->count; i++) {
        uint32_t row = order[f->reverse ? b->count - 1 - i : i];
        (*out)[i] = (ranked){ value_of(v, row), (i ? (*out)[i - 1].upto : 0) + b->times[row] };
    }
    return SP_OK;
}

static double value_at_rank(const ranked *r, uint32_t count, int64_t rank)
{
    uint32_t lo = 0, hi = count - 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (r[mid].upto < rank) lo = mid + 1;
        else hi = mid;
    }
    return r[lo].value;
}

static double percentile_of(const counted_info *f, const ranked *r, uint32_t count, double percent)
{
    int64_t total = r[count - 1].upto;
    if (f->what == DISCRETE) {
        uint32_t i = 0;
        while (i + 1 < count && (double)r[i].upto / (double)total < percent) i++;
        return r[i].value;
    }
    double position = (double)(total - 1) * percent, lower = floor(position), higher = ceil(position);
    double x = value_at_rank(r, count, (int64_t)lower + 1), y = value_at_rank(r, count, (int64_t)higher + 1);
    if (lower == higher || x == y) return x;
    return (higher - position) * x + (position - lower) * y;
}

static sp_status build_number(sp_builder *b, const sp_type *t, double d, sp_error *err)
{
    return t->kind == SP_DOUBLE ? sp_build_f64(b, d, err) : sp_build_i64(b, (int64_t)d, err);
}

static sp_status percentile_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups,
                                   uint32_t count, sp_vec *out, sp_error *err)
{
    const counted_info *f = c->call->state;
    sp_builder *b = sp_builder_new(c->arena, out->type, false, err);
    sp_vec *v;
    if (!b) return SP_FAILED;
    const sp_type *item = f->array ? out->type->fields[0].type : out->type;
    for (uint32_t n = 0; n < count; n++) {
        const sp_bag *s = AGG_CONST(sp_bag, groups[n]);
        ranked *r;
        if (!s->count || !f->percent_count) { SP_TRY(sp_build_null(b, err)); continue; }
        SP_TRY(rank_values(c, s, &r, err));
        if (f->array) SP_TRY(sp_build_open(b, err));
        for (int i = 0; i < f->percent_count; i++)
            SP_TRY(build_number(f->array ? sp_builder_child(b, 0) : b, item, percentile_of(f, r, s->count,
                f->percents[i]), err));
        if (f->array) SP_TRY(sp_build_close(b, err));
    }
    SP_TRY(sp_builder_take(b, &v, err));
    *out = *v;
    return SP_OK;
}

/* ---- mode ---- */

static uint32_t rehash(int32_t h) { return sp_murmur3_int(h, 0); }

/* Rows in the order in which OpenHashMap's iterator meets them. */
static sp_status map_order(const sp_vec *v, uint32_t count, sp_arena *a, uint32_t **out, sp_error *err)
{
    uint32_t cap = 64, used = 0, *slots, *old;
    int32_t h;
    SP_NEW_ARRAY(slots, a, cap, err);
    SP_NEW_ARRAY(*out, a, count + 1, err);
    for (uint32_t i = 0; i < count; i++) {
        (*out)[i] = i;
        if (!sp_jvm_hash(v, i, false, &h)) used = UINT32_MAX;
    }
    if (used) return SP_OK;     /* no hash codes: as they came */
    for (uint32_t i = 0; i < count; i++) {
        if (++used > cap / 10 * 7 + cap % 10 * 7 / 10) {
            old = slots;
            SP_NEW_ARRAY(slots, a, cap * 2, err);
            for (uint32_t k = 0; k < cap; k++) {
                if (!old[k]) continue;
                sp_jvm_hash(v, old[k] - 1, false, &h);
                uint32_t at = rehash(h) & (cap * 2 - 1);
                for (uint32_t step = 1; slots[at]; step++) at = (at + step) & (cap * 2 - 1);
                slots[at] = old[k];
            }
            cap *= 2;
        }
        sp_jvm_hash(v, i, false, &h);
        uint32_t at = rehash(h) & (cap - 1);
        for (uint32_t step = 1; slots[at]; step++) at = (at + step) & (cap - 1);
        slots[at] = i + 1;
    }
    for (uint32_t k = 0, n = 0; k < cap; k++)
        if (slots[k]) (*out)[n++] = slots[k] - 1;
    return SP_OK;
}

static sp_status most_frequent(sp_agg_call *c, const sp_bag *s, uint32_t *out, sp_error *err)
{
    const counted_info *f = c->call->state;
    sp_vec *v;
    uint32_t *order, best = UINT32_MAX;
    SP_TRY(sp_bag_vec(s, f->type, c->arena, &v, err));
    SP_TRY(map_order(v, s->count, c->arena, &order, err));
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t k = order[i];
        bool wins = best == UINT32_MAX || s->times[k] > s->times[best];
        if (!wins && s->times[k] == s->times[best] && (f->smallest || f->greatest)) {
            int cmp = sp_vec_rows_cmp(v, k, v, best);
            wins = f->smallest ? cmp < 0 : cmp > 0;
        }
        if (wins) best = k;
    }
    *out = best;
    return SP_OK;
}

static sp_status mode_finish(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                             sp_vec *out, sp_error *err)
{
    sp_builder *b = sp_builder_new(c->arena, out->type, false, err);
    sp_vec *v;
    if (!b) return SP_FAILED;
    for (uint32_t n = 0; n < count; n++) {
        const sp_bag *s = AGG_CONST(sp_bag, groups[n]);
        uint32_t best;
        if (!s->count) { SP_TRY(sp_build_null(b, err)); continue; }
        SP_TRY(most_frequent(c, s, &best, err));
        sp_str packed = sp_bag_at(s, best);
        const char *at = packed.p;
        SP_TRY(sp_unpack(b, out->type, &at, packed.p + packed.n, err));
    }
    SP_TRY(sp_builder_take(b, &v, err));
    *out = *v;
    return SP_OK;
}

/* ---- Spark's buffer ---- */

static sp_status save_one(sp_agg_call *c, const sp_bag *s, sp_buf *row, sp_buf *out, sp_error *err)
{
    const counted_info *f = c->call->state;
    sp_vec *v, *times = sp_vec_new(c->arena, sp_type_of(SP_LONG), s->count + 1, err);
    if (!times) return SP_FAILED;
    if (s->count) memcpy(times->data, s->times, sizeof *s->times * s->count);
    SP_TRY(sp_bag_vec(s, f->type, c->arena, &v, err));
    const sp_vec *columns[2] = { v, times };
    for (uint32_t i = 0; i < s->count; i++) {
        sp_buf_clear(row);
        SP_TRY(c->rows->encode(row, columns, 2, i, err));
        sp_put_be(out, row->len, 4);
        sp_buf_add(out, row->data, row->len);
    }
    sp_put_be(out, 0xffffffffu, 4);
    return SP_OK;
}

static sp_status counted_save(sp_agg_call *c, const void *states, size_t stride, const uint32_t *groups, uint32_t count,
                              sp_vec *const *out, sp_error *err)
{
    sp_buf b = { 0 }, row = { 0 };
    sp_status status = c->rows ? SP_OK : sp_error_internal(err, "no row format to save by");
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        status = save_one(c, AGG_CONST(sp_bag, groups[n]), &row, &b, err);
        if (status != SP_FAILED) status = sp_agg_put_buf(c, out[0], n, &b, err);
    }
    sp_buf_done(&b);
    sp_buf_done(&row);
    return status;
}

static sp_status load_one(sp_agg_call *c, sp_bag *to, sp_str bytes, sp_buf *scratch, sp_error *err)
{
    const counted_info *f = c->call->state;
    uint64_t size;
    sp_builder *fields[2] = { sp_builder_new(c->arena, f->type, true, err), sp_builder_new(c->arena,
        sp_type_of(SP_LONG), true, err) };
    sp_vec *v, *times;
    if (!fields[0] || !fields[1]) return SP_FAILED;
    while (sp_take_be(&bytes, 4, &size) && size != 0xffffffffu) {
        if (size > bytes.n) return sp_agg_bad_buf(c, err);
        SP_TRY(c->rows->decode((sp_str){ bytes.p, size }, f->row, fields, err));
        bytes = (sp_str){ bytes.p + size, bytes.n - size };
    }
    SP_TRY(sp_builder_take(fields[0], &v, err));
    SP_TRY(sp_builder_take(fields[1], &times, err));
    for (uint32_t i = 0; i < v->rows; i++) {
        sp_buf_clear(scratch);
        sp_pack(scratch, v, i);
        SP_TRY(sp_buf_check(scratch, err));
        SP_TRY(sp_bag_note(to, c->heap, (sp_str){ scratch->data, scratch->len }, ((const int64_t *)times->data)[i],
            err));
    }
    return SP_OK;
}

static sp_status counted_load(sp_agg_call *c, void *states, size_t stride, const uint32_t *groups, uint32_t count,
                              const sp_vec *const *in, sp_error *err)
{
    const sp_vec *v = NULL;
    sp_buf b = { 0 };
    sp_status status = c->rows ? sp_vec_plain(in[0], c->arena, &v, err) : sp_error_internal(err,
        "no row format to load by");
    for (uint32_t n = 0; n < count && status != SP_FAILED; n++) {
        sp_bag *s = AGG_STATE(sp_bag, groups[n]);
        sp_bag_drop(s, c->heap);
        if (!sp_vec_is_null(v, n)) status = load_one(c, s, sp_view_str(&((const sp_view *)v->data)[SP_AT(v, n)]), &b,
            err);
    }
    sp_buf_done(&b);
    return status;
}

static const sp_agg_kernel percentile_kernel = { sizeof(sp_bag), sp_agg_init_zero, counted_update, counted_merge,
                                                 percentile_finish, 1, sp_agg_buf_type, sp_agg_buf_name, counted_save,
                                                 counted_load, counted_drop };
static const sp_agg_kernel mode_kernel = { sizeof(sp_bag), sp_agg_init_zero, counted_update, counted_merge, mode_finish,
                                           1, sp_agg_buf_type, sp_agg_buf_name, counted_save, counted_load,
                                           counted_drop };

/* ---- binding ---- */

static sp_status lay_out(sp_bind *b, counted_info *f, const sp_type *type, sp_error *err)
{
    sp_field fields[2] = { { .name = SP_LIT("value"), .type = type, .nullable = true }, { .name = SP_LIT("count"),
        .type = sp_type_of(SP_LONG) } };
    f->type = type;
    b->state = f;
    return (f->row = sp_type_struct(b->arena, fields, 2, err)) ? SP_OK : SP_FAILED;
}

sp_status sp_agg_percentages(sp_bind *b, int i, double **out, int *count, bool *array, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, i), *wanted = sp_type_of(SP_DOUBLE);
    sp_value v;
    *array = t->kind == SP_ARRAY;
    if (*array && !(wanted = sp_type_array(b->arena, wanted, false, err))) return SP_FAILED;
    if (!sp_type_same(t, wanted)) SP_TRY(sp_bind_want(b, i, wanted, err));
    SP_TRY(sp_bind_constant(b, i, "percentage", &v, err));
    if (v.is_null) return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b), "exprName",
        "percentage(s)");
    sp_list l = { 0, 1 };
    if (*array) l = ((const sp_list *)v.vec->data)[0];
    SP_NEW_ARRAY(*out, b->arena, l.length + 1, err);
    *count = (int)l.length;
    for (uint32_t k = 0; k < l.length; k++) {
        double p = (*out)[k] = *array ? ((const double *)v.vec->child[0]->data)[l.offset + k] : v.f64;
        if (p >= 0 && p <= 1) continue;
        sp_buf text = { 0 };
        sp_print_f64(&text, p);
        const char *now = sp_arena_printf(b->arena, NULL, "%sD", sp_buf_cstr(&text));
        sp_buf_done(&text);
        return SP_FAIL(err, DATATYPE_MISMATCH__VALUE_OUT_OF_RANGE, "sqlExpr", sp_bind_sql(b), "exprName", "percentage",
            "valueRange", "[0.0, 1.0]",
                       "currentValue", now ? now : "");
    }
    return SP_OK;
}

/* What percentile takes at argument i, and gives: itself of an interval, else DOUBLE. */
static sp_status percentile_types(sp_bind *b, int i, const sp_type **value, const sp_type **result, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, i);
    if (t->kind == SP_STRING || t->kind == SP_VOID) b->want[i] = t = sp_type_of(SP_DOUBLE);
    bool interval = t->kind == SP_YEAR_MONTH || t->kind == SP_DAY_TIME;
    if (!interval && !sp_kind_is_numeric(t->kind))
        return sp_bind_fail_type(b, i, "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")",
            err);
    *value = t;
    *result = interval ? t : sp_type_of(SP_DOUBLE);
    return SP_OK;
}

static sp_status bind_counted(sp_bind *b, counted_info *f, int value, int percent, sp_error *err)
{
    const sp_type *type = NULL, *result = NULL;
    SP_TRY(percentile_types(b, value, &type, &result, err));
    SP_TRY(sp_agg_percentages(b, percent, &f->percents, &f->percent_count, &f->array, err));
    SP_TRY(lay_out(b, f, type, err));
    b->type = f->array ? sp_type_array(b->arena, result, false, err) : result;
    return b->type ? SP_OK : SP_FAILED;
}

/* percentile(a, p[, frequency]) shows its frequency, 1 unless given. */
static sp_status bind_percentile(sp_bind *b, sp_error *err)
{
    counted_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    f->what = PERCENTILE;
    f->frequency = 2;
    if (b->arg_count < 3) {
        sp_value one = sp_value_i64(SP_LONG, 1);
        sp_expr *often = sp_expr_literal(b->arena, &one, err);
        if (!often) return SP_FAILED;
        SP_TRY(sp_agg_set_args(b, (sp_expr *[]){ b->call->args[0], b->call->args[1], often }, 3, err));
    }
    if (!sp_kind_is_integral(sp_bind_type(b, 2)->kind)) SP_TRY(sp_bind_want(b, 2, sp_type_of(SP_LONG), err));
    return bind_counted(b, f, 0, 1, err);
}

static sp_status bind_median(sp_bind *b, sp_error *err)
{
    sp_value half = sp_value_f64(0.5);
    sp_expr *p = sp_expr_literal(b->arena, &half, err);
    b->replacement = p ? sp_expr_function(b->arena, "percentile", (sp_expr *[]){ b->call->args[0], p }, 2, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

static sp_status bind_ordered(sp_bind *b, counted_what what, sp_error *err)
{
    counted_info *f;
    const sp_expr *order;
    SP_NEW(f, b->arena, sizeof *f, err);
    SP_TRY(sp_agg_one_order(b, &order, err));
    f->what = what;
    f->reverse = order->kind == SP_E_SORT && !order->ascending;
    SP_TRY(sp_agg_show_order(b, false, f->reverse, err));
    SP_TRY(sp_agg_set_args(b, (sp_expr *[]){ b->call->args[0], order->kind == SP_E_SORT ? order->args[0]
        : (sp_expr *)order }, 2, err));
    return bind_counted(b, f, 1, 0, err);
}

static sp_status bind_cont(sp_bind *b, sp_error *err) { return bind_ordered(b, PERCENTILE, err); }
static sp_status bind_disc(sp_bind *b, sp_error *err) { return bind_ordered(b, DISCRETE, err); }

/* mode(a[, deterministic]) or mode() WITHIN GROUP (ORDER BY a): smallest first is what Spark shows as DESC. */
static sp_status bind_mode(sp_bind *b, sp_error *err)
{
    counted_info *f;
    SP_NEW(f, b->arena, sizeof *f, err);
    f->what = MODE;
    if (b->arg_count == 0) {
        const sp_expr *order;
        SP_TRY(sp_agg_one_order(b, &order, err));
        bool sort = order->kind == SP_E_SORT;
        f->smallest = !sort || order->ascending;
        f->greatest = !f->smallest;
        SP_TRY(sp_agg_show_order(b, false, f->smallest, err));
        SP_TRY(sp_agg_set_args(b, (sp_expr *[]){ sort ? order->args[0] : (sp_expr *)order }, 1, err));
    } else if (b->arg_count == 2) {
        sp_value v;
        if (sp_bind_type(b, 1)->kind != SP_BOOLEAN) return sp_bind_fail_type(b, 1, "\"BOOLEAN\"", err);
        SP_TRY(sp_bind_constant(b, 1, "deterministic", &v, err));
        if (v.is_null) return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_bind_sql(b), "exprName",
            "deterministic");
        f->smallest = v.boolean;
        SP_TRY(sp_agg_set_args(b, b->call->args, 1, err));
        if (f->smallest) {
            sp_expr sort = { .kind = SP_E_SORT, .args = b->call->args, .arg_count = 1, .ascending = false },
                *orders[1] = { &sort };
            sp_window_spec w = { .order = orders, .order_count = 1 };
            b->call->window = &w;
            b->call->arg_count = 0;
            sp_status shown = sp_agg_show_order(b, false, true, err);
            b->call->arg_count = 1;
            b->call->window = NULL;
            SP_TRY(shown);
        }
    }
    b->type = sp_bind_type(b, 0);
    return lay_out(b, f, b->type, err);
}

extern const sp_aggregate sp_aggregates_percentile[];
const sp_aggregate sp_aggregates_percentile[] = {
    { "percentile", 2, 3, 0, bind_percentile, &percentile_kernel, "2.1.0",
        "percentile(a, p[, frequency]): the exact percentile, interpolated" },
    { "median", 1, 1, 0, bind_median, &percentile_kernel, "3.4.0", "median(a): percentile(a, 0.5)" },
    { "percentile_cont", 1, 1, 0, bind_cont, &percentile_kernel, "4.0.0",
        "percentile_cont(p) WITHIN GROUP (ORDER BY a): interpolated" },
    { "percentile_disc", 1, 1, 0, bind_disc, &percentile_kernel, "4.0.0",
        "percentile_disc(p) WITHIN GROUP (ORDER BY a): one of the values" },
    { "mode", 0, 2, 0, bind_mode, &mode_kernel, "3.4.0", "mode(a[, deterministic]): the value that came most often" },
    { 0 }
};
