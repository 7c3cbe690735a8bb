/* Aggregates that gather and approximate, and moments. Every case four ways that must agree: all rows at once; in two
 * states that are merged; through Spark's buffers; with another group beside that must not be touched.
 * LINK: state */
#include "cases.inc"

#include "state/state.h"

#include <math.h>

static const sp_row_codec codec = { sp_unsafe_encode, sp_unsafe_decode };
static const char *const names[] = { "x", "d", "s", "m", "y" };
enum { ROWS = 6, COLUMNS = 5 };

typedef struct fixture { sp_arena *a; sp_heap *heap; const sp_type *types[COLUMNS]; sp_vec *columns[COLUMNS];
    sp_batch batch; } fixture;

/* x bigint 1,2,null,3,7,2; d double 1.5,null,2.5,-1,0,2.5; s string b,a,b,null,c,a long text; m decimal(5,2)
 * 0.25..5.25; y double 2,2,3,4,null,1 */
static bool set_up(fixture *f)
{
    static const char *const s[ROWS] = { "b", "a", "b", NULL, "c", "a text of more than twelve bytes" };
    static const int64_t x[ROWS] = { 1, 2, -1, 3, 7, 2 };
    static const double d[ROWS] = { 1.5, 99, 2.5, -1, 0, 2.5 }, y[ROWS] = { 2, 2, 3, 4, 0, 1 };
    sp_error err = { 0 };
    *f = (fixture){ 0 };
    if (!(f->a = sp_arena_new("test", 0))) return false;
    DEFER(sp_arena_free, f->a);
    f->types[0] = sp_type_of(SP_LONG);
    f->types[1] = f->types[4] = sp_type_of(SP_DOUBLE);
    f->types[2] = sp_type_of(SP_STRING);
    f->types[3] = sp_type_decimal(f->a, 5, 2, &err);
    if (!f->types[3] || !(f->heap = sp_heap_new(f->a, &err))) return false;
    for (int c = 0; c < COLUMNS; c++) {
        sp_builder *b = sp_builder_new(f->a, f->types[c], false, &err);
        sp_status st = b ? SP_OK : SP_FAILED;
        for (int i = 0; i < ROWS && st == SP_OK; i++) {
            bool null = c == 0 ? i == 2 : c == 1 ? i == 1 : c == 2 ? !s[i] : c == 4 ? i == 4 : false;
            st = null ? sp_build_null(b, &err) : c == 0 ? sp_build_i64(b, x[i], &err) : c == 1 ? sp_build_f64(b, d[i],
                &err)
               : c == 2 ? sp_build_str(b, sp_str_of(s[i]), &err) : c == 3 ? sp_build_decimal(b, 100 * i + 25, &err)
                                                                          : sp_build_f64(b, y[i], &err);
        }
        if (st == SP_FAILED || sp_builder_take(b, &f->columns[c], &err) == SP_FAILED) return false;
    }
    f->batch = (sp_batch){ .rows = ROWS, .sel_count = ROWS, .column_count = COLUMNS, .columns = f->columns };
    return true;
}

static const char *error_text(const sp_error *err) { return err->condition ? sp_condition_info(err->condition)->name
    : err->plain; }

static const char *text_of(sp_agg_call *c, void *states, size_t stride, uint32_t group, sp_error *err)
{
    sp_vec *out = sp_vec_new(c->arena, c->call->type, 1, err);
    if (!out || c->call->agg->finish(c, states, stride, &group, 1, out, err) == SP_FAILED) return error_text(err);
    if (sp_vec_null_at(out, 0)) return "NULL";
    sp_buf b = { 0 };
    sp_vec_text(&b, out, 0, false, sp_zone_utc(), err);
    const char *s = sp_arena_strdup(c->arena, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s;
}

typedef struct running { sp_agg_call c; void *states, *other; size_t stride; const sp_vec *args[8]; } running;

static bool start(fixture *f, const char *text, running *r, sp_error *err)
{
    sp_expr *e = bind_text(f->a, text, &test_conf, names, f->types, COLUMNS, err);
    if (!e || e->kind != SP_E_AGG) return false;
    r->stride = ((size_t)e->agg->size + 15) & ~(size_t)15;
    r->states = sp_arena_calloc(f->a, r->stride * 6, err);
    r->other = sp_arena_calloc(f->a, r->stride * 2, err);
    if (!r->states || !r->other) return false;
    e->agg->init(e, r->states, r->stride, 0, 6);
    e->agg->init(e, r->other, r->stride, 0, 2);
    r->c = (sp_agg_call){ .call = e, .rows = &codec, .heap = f->heap, .conf = &test_conf, .arena = f->a };
    sp_eval_context ec = { .arena = f->a, .conf = &test_conf };
    for (int i = 0; i < e->arg_count; i++) {
        sp_vec *v;
        if (sp_eval(&ec, e->args[i], &f->batch, &v, err) == SP_FAILED) return false;
        r->args[i] = v;
    }
    return true;
}

/* Group 1 at once; group 2 merged; group 3 through the buffers. */
static bool run(fixture *f, running *r, sp_error *err)
{
    static const uint32_t whole[ROWS] = { 1, 1, 1, 1, 1, 1 }, first[2] = { 2, 2 }, rest[4] = { 0, 0, 0, 0 }, sel[4] =
        { 2, 3, 4, 5 };
    static const uint32_t zero[1] = { 0 }, one[1] = { 1 }, two[1] = { 2 }, three[1] = { 3 };
    const sp_agg_kernel *k = r->c.call->agg;
    sp_vec **buffers = sp_arena_calloc(f->a, sizeof *buffers * (size_t)k->buffer_count, err);
    for (int i = 0; buffers && i < k->buffer_count; i++) {
        bool nullable;
        if (!(buffers[i] = sp_vec_new(f->a, k->buffer_type(r->c.call, i, &nullable), 1, err))) return false;
        CHECK(k->buffer_name(r->c.call, i) != NULL);
    }
    return buffers && k->update(&r->c, r->states, r->stride, whole, r->args, NULL, ROWS, err) != SP_FAILED &&
           k->update(&r->c, r->states, r->stride, first, r->args, NULL, 2, err) != SP_FAILED &&
           k->update(&r->c, r->other, r->stride, rest, r->args, sel, 4, err) != SP_FAILED &&
           k->merge(&r->c, r->states, r->stride, two, r->other, r->stride, zero, 1, err) != SP_FAILED &&
           k->save(&r->c, r->states, r->stride, one, 1, buffers, err) != SP_FAILED &&
           k->load(&r->c, r->states, r->stride, three, 1, (const sp_vec *const *)buffers, err) != SP_FAILED;
}

static void check(fixture *f, const char *text, const char *want)
{
    sp_error err = { .arena = f->a };
    running r = { 0 };
    size_t used = sp_heap_used(f->heap);
    if (!start(f, text, &r, &err) || !run(f, &r, &err)) {
        if (!test_allocations_fail()) test_check_str(error_text(&err), want, text, __FILE__, __LINE__);
        return;
    }
    for (uint32_t g = 1; g <= 3 && !test_allocations_fail(); g++)
        test_check_str(text_of(&r.c, r.states, r.stride, g, &err), want, text, __FILE__, __LINE__);
    const sp_agg_kernel *k = r.c.call->agg;
    if (!k->drop) return;
    for (int g = 0; g < 6; g++) k->drop(f->heap, (char *)r.states + r.stride * (size_t)g);
    k->drop(f->heap, r.other);
    CHECK_INT(sp_heap_used(f->heap), used);
}

static void check_all(const expr_case *cases)
{
    fixture f;
    if (!set_up(&f)) return;
    for (const expr_case *c = cases; c->expression; c++) check(&f, c->expression, c->want);
}

TEST(collected)
{
    static const expr_case cases[] = {
        { "collect_list(x)", "[1, 2, 3, 7, 2]" }, { "collect_list(s)",
            "[b, a, b, c, a text of more than twelve bytes]" },
        { "array_agg(d)", "[1.5, 2.5, -1.0, 0.0, 2.5]" }, { "collect_set(x)", "[1, 2, 3, 7]" },
        { "collect_set(+(x, 15L))", "[16, 17, 18, 22]" }, { "collect_set(m)", "[0.25, 1.25, 2.25, 3.25, 4.25, 5.25]" },
        { "collect_list(struct(x, s))",
            "[{1, b}, {2, a}, {null, b}, {3, null}, {7, c}, {2, a text of more than twelve bytes}]" },
        { "collect_set(struct(d))", "[{1.5}, {null}, {2.5}, {-1.0}, {0.0}]" }, { "collect_list(null)", "[]" },
        { "collect_set(cast(s, 'binary'))", "[a, b, c, a text of more than twelve bytes]" },
        { "collect_set(map(1, x))", "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE" },
        { "listagg(s)", "babca text of more than twelve bytes" }, { "string_agg(s, ', ')",
            "b, a, b, c, a text of more than twelve bytes" },
        { "listagg(x, ',')", "1,2,3,7,2" }, { "listagg(s, s)", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT" },
        { "listagg(cast(s, 'binary'), ',')", "DATATYPE_MISMATCH.DATA_DIFF_TYPES" }, { NULL, NULL }
    };
    check_all(cases);
}

TEST(percentiles)
{
    static const expr_case cases[] = {
        { "percentile(x, 0.5)", "2.0" }, { "percentile(x, array(0.0, 0.3, 1.0))", "[1.0, 2.0, 7.0]" },
            { "percentile(m, 0.5)", "2.75" },
        { "percentile(x, 0.5, x)", "3.0" }, { "percentile(x, 1.5)", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE" },
        { "percentile(x, d)", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT" }, { "percentile(x, null)",
            "DATATYPE_MISMATCH.UNEXPECTED_NULL" },
        { "percentile(d, 0.5, cast(d, 'bigint'))", "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION" },
        { "median(d)", "1.5" }, { "median(s)", "CAST_INVALID_INPUT" }, { "median(map(1, 2))",
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
        { "mode(s)", "b" }, { "mode(x)", "2" }, { "mode(m, true)", "0.25" }, { "percentile_approx(x, 0.5)", "2" },
        { "percentile_approx(d, array(0.0, 0.5, 1.0), 100)", "[-1.0, 1.5, 2.5]" }, { "approx_percentile(m, 0.5)",
            "2.25" },
        { "percentile_approx(x, 0.5, 0)", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE" },
        { "histogram_numeric(y, 9)", "[{1.0, 1.0}, {2.0, 2.0}, {3.0, 1.0}, {4.0, 1.0}]" },
        { "histogram_numeric(d, 1)", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE" }, { NULL, NULL }
    };
    check_all(cases);
}

TEST(moments)
{
    static const expr_case cases[] = {
        { "var_pop(x)", "4.4" }, { "stddev_samp(x)", "2.345207879911715" }, { "std(m)", "1.8708286933869707" },
        { "bit_or(x)", "7" }, { "bit_xor(x)", "5" }, { "product(x)", "84.0" }, { "bit_and(d)",
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
        { "regr_count(d, y)", "4" }, { "covar_pop(x, y)", "0.5" }, { "regr_sxy(y, x)", "2.0" },
            { "approx_count_distinct(s)", "4" },
        { "approx_count_distinct(s, 0.01)", "4" }, { "approx_count_distinct(s, 's')", "_LEGACY_ERROR_TEMP_1104" },
            { NULL, NULL }
    };
    check_all(cases);
}

/* Over nothing at all, and over one value: where a divisor is zero. */
TEST(few_values)
{
    static const struct { const char *text, *none, *one; } cases[] = {
        { "collect_list(x)", "[]", "[1]" }, { "listagg(s)", "NULL", "b" }, { "stddev(d)", "NULL", "NULL" },
            { "var_pop(d)", "NULL", "0.0" },
        { "skewness(d)", "NULL", "NULL" }, { "kurtosis(d)", "NULL", "NULL" }, { "corr(x, d)", "NULL", "NULL" },
        { "covar_samp(x, d)", "NULL", "NULL" }, { "covar_pop(x, d)", "NULL", "0.0" }, { "regr_slope(y, x)", "NULL",
            "NULL" },
        { "regr_r2(y, x)", "NULL", "NULL" }, { "median(x)", "NULL", "1.0" }, { "mode(x)", "NULL", "1" },
            { "percentile_approx(x, 0.9)", "NULL", "1" },
        { "histogram_numeric(x, 2)", "NULL", "[{1, 1.0}]" }, { "bit_and(x)", "NULL", "1" }, { "product(x)", "NULL",
            "1.0" },
        { "approx_count_distinct(s)", "0", "1" }
    };
    fixture f;
    set_up(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sp_error err = { .arena = f.a };
        running r = { 0 };
        REQUIRE(start(&f, cases[i].text, &r, &err));
        test_check_str(text_of(&r.c, r.states, r.stride, 0, &err), cases[i].none, cases[i].text, __FILE__, __LINE__);
        REQUIRE(r.c.call->agg->update(&r.c, r.states, r.stride, (uint32_t[]){ 0 }, r.args, NULL, 1, &err) != SP_FAILED);
        test_check_str(text_of(&r.c, r.states, r.stride, 0, &err), cases[i].one, cases[i].text, __FILE__, __LINE__);
    }
}

/* The bytes of Collect.serialize: an UnsafeRow of one array; and of PercentileDigest's: big-endian. */
TEST(stored_bytes)
{
    static const unsigned char list[] = { 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
                                          0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0 };
    static const unsigned char digest[] = { 0, 0, 0x27, 0x10, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0, 0, 0,
        0, 0, 0, 0, 2, 0, 0, 0, 2,
                                            0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                                                0,
                                            0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
    static const struct { const char *text; const void *bytes; size_t n; } cases[] = {
        { "collect_list(x)", list, sizeof list }, { "percentile_approx(x, 0.5, 10)", digest, sizeof digest }
    };
    fixture f;
    set_up(&f);
    for (size_t i = 0; i < 2; i++) {
        sp_error err = { .arena = f.a };
        running r = { 0 };
        REQUIRE(start(&f, cases[i].text, &r, &err));
        const sp_agg_kernel *k = r.c.call->agg;
        sp_vec *out = sp_vec_new(f.a, sp_type_of(SP_BINARY), 1, &err);
        REQUIRE(k->update(&r.c, r.states, r.stride, (uint32_t[]){ 0, 0 }, r.args, NULL, 2, &err) != SP_FAILED);
        REQUIRE(k->save(&r.c, r.states, r.stride, (uint32_t[]){ 0 }, 1, &out, &err) != SP_FAILED);
        sp_str s = sp_view_str((const sp_view *)out->data);
        if (i == 0) CHECK_INT(s.n, 48);
        if (i == 1) CHECK_MEM(s.p, s.n, cases[i].bytes, cases[i].n);
        if (i == 0) CHECK_MEM(s.p + 16, s.n - 16, list + 16, sizeof list - 16);
        /* cut short, it is refused and nothing crashes */
        for (size_t cut = 0; cut < s.n; cut++) {
            sp_error e = { .arena = f.a };
            ((sp_view *)out->data)[0] = sp_view_make(s.p, cut);
            k->load(&r.c, r.states, r.stride, (uint32_t[]){ 1 }, 1, (const sp_vec *const *)&out, &e);
        }
    }
}

/* A hundred thousand values in disorder: within the promised error, merged or not. */
TEST(many_values)
{
    enum { N = 100000, STEP = 4000 };
    fixture f;
    set_up(&f);
    static const char *const texts[] = { "percentile_approx(x, 0.25, 1000)", "approx_count_distinct(x)",
        "percentile(x, 0.25)", "histogram_numeric(x, 10)" };
    for (size_t t = 0; t < 4; t++) {
        sp_error err = { .arena = f.a };
        running r = { 0 };
        REQUIRE(start(&f, texts[t], &r, &err));
        const sp_agg_kernel *k = r.c.call->agg;
        uint32_t *groups = sp_arena_calloc(f.a, sizeof *groups * STEP, &err);
        sp_vec *v = sp_vec_new(f.a, sp_type_of(SP_LONG), STEP, &err);
        for (int64_t at = 0; at < N; at += STEP) {
            for (int64_t i = 0; i < STEP; i++) {
                ((int64_t *)v->data)[i] = (at + i) * 7919 % N;
                groups[i] = at < N / 2;
            }
            r.args[0] = v;
            if (t == 2) {       /* the frequency is a column there */
                sp_vec *ones = sp_vec_new(f.a, sp_type_of(SP_LONG), STEP, &err);
                for (int64_t i = 0; i < STEP; i++) ((int64_t *)ones->data)[i] = 1;
                r.args[2] = ones;
            }
            REQUIRE(k->update(&r.c, r.states, r.stride, groups, r.args, NULL, STEP, &err) != SP_FAILED);
        }
        REQUIRE(k->merge(&r.c, r.states, r.stride, (uint32_t[]){ 0 }, r.states, r.stride, (uint32_t[]){ 1 }, 1,
            &err) != SP_FAILED);
        const char *s = text_of(&r.c, r.states, r.stride, 0, &err);
        double got = atof(s);
        if (t == 0) CHECK(fabs(got - 25000) <= 2 * N / 1000.0);
        if (t == 1) CHECK(fabs(got - N) <= N * 0.1);
        if (t == 2) CHECK_STR(s, "24999.75");
        if (t == 3) CHECK(strlen(s) > 20);
    }
}

TEST_ALLOC(without_memory)
{
    static const expr_case cases[] = { { "collect_set(s)", "[a text of more than twelve bytes, a, c, b]" },
        { "percentile(x, 0.5)", "2.0" },
                                       { "percentile_approx(x, 0.5)", "2" }, { "mode(s)", "b" }, { "listagg(s, '-')",
                                           "b-a-b-c-a text of more than twelve bytes" },
                                       { NULL, NULL } };
    check_all(cases);
}
