/* Aggregates: each case over five rows in one group, four ways that must agree: at once; in two states that are
 * merged; through Spark's buffers; with another group beside that must not be touched. Columns: x bigint
 * 1,2,null,3,7; d double 1.5,null,2.5,-1,0; s string b,a,b,null,c; m decimal(5,2). */
#include "cases.inc"

enum { ROWS = 5 };
static const char *const names[] = { "x", "d", "s", "m" };

typedef struct fixture { sp_arena *a; sp_heap *heap; const sp_type *types[4]; sp_vec *columns[4]; sp_batch batch;
} fixture;

static void set_up(fixture *f)
{
    static const char *const s[ROWS] = { "b", "a", "b", NULL, "c" };
    static const int64_t x[ROWS] = { 1, 2, -1, 3, 7 };
    static const double d[ROWS] = { 1.5, 99, 2.5, -1, 0 };
    sp_error err = { 0 };
    f->a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, f->a);
    f->heap = sp_heap_new(f->a, &err);
    f->types[0] = sp_type_of(SP_LONG);
    f->types[1] = sp_type_of(SP_DOUBLE);
    f->types[2] = sp_type_of(SP_STRING);
    f->types[3] = sp_type_decimal(f->a, 5, 2, &err);
    for (int c = 0; c < 4; c++) {
        sp_builder *b = sp_builder_new(f->a, f->types[c], false, &err);
        for (int i = 0; i < ROWS; i++) {
            bool null = c == 0 ? i == 2 : c == 1 ? i == 1 : c == 2 ? !s[i] : false;
            if (null) sp_build_null(b, &err);
            else if (c == 0) sp_build_i64(b, x[i], &err);
            else if (c == 1) sp_build_f64(b, d[i], &err);
            else if (c == 2) sp_build_str(b, sp_str_of(s[i]), &err);
            else sp_build_decimal(b, 100 * i + 25, &err);
        }
        sp_builder_take(b, &f->columns[c], &err);
    }
    f->batch = (sp_batch){ .rows = ROWS, .sel_count = ROWS, .column_count = 4, .columns = f->columns };
}

static const char *text_of(fixture *f, const sp_expr *e, void *states, size_t stride, uint32_t group, sp_error *err)
{
    sp_agg_call c = { .call = e, .heap = f->heap, .conf = &test_conf, .arena = f->a };
    sp_vec *out = sp_vec_new(f->a, e->type, 1, err);
    if (!out || e->agg->finish(&c, states, stride, &group, 1, out,
        err) == SP_FAILED) return sp_condition_info(err->condition)->name;
    if (sp_vec_null_at(out, 0)) return "NULL";
    sp_buf b = { 0 };
    sp_vec_text(&b, out, 0, false, sp_zone_utc(), err);
    const char *s = sp_arena_strdup(f->a, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s;
}

static void check(fixture *f, const char *text, const char *want)
{
    sp_error err = { .arena = f->a };
    sp_expr *e = bind_text(f->a, text, &test_conf, names, f->types, 4, &err);
    if (!e) { test_check_str(err.condition ? sp_condition_info(err.condition)->name : err.plain, want, text, __FILE__,
        __LINE__); return; }
    REQUIRE(e->kind == SP_E_AGG);
    size_t stride = ((size_t)e->agg->size + 15) & ~(size_t)15;
    void *states = sp_arena_calloc(f->a, stride * 6, &err), *other = sp_arena_calloc(f->a, stride * 2, &err);
    e->agg->init(e, states, stride, 0, 6);
    e->agg->init(e, other, stride, 0, 2);
    sp_agg_call c = { .call = e, .heap = f->heap, .conf = &test_conf, .arena = f->a };
    sp_eval_context ec = { .arena = f->a, .conf = &test_conf };
    const sp_vec *args[8] = { 0 };
    for (int i = 0; i < e->arg_count; i++) {
        sp_vec *v;
        REQUIRE(sp_eval(&ec, e->args[i], &f->batch, &v, &err) != SP_FAILED);
        args[i] = v;
    }
    static const uint32_t whole[ROWS] = { 1, 1, 1, 1, 1 }, first[2] = { 2, 2 }, rest[3] = { 0, 0, 0 },
        sel[3] = { 2, 3, 4 };
    REQUIRE(e->agg->update(&c, states, stride, whole, args, NULL, ROWS, &err) != SP_FAILED);
    test_check_str(text_of(f, e, states, stride, 1, &err), want, text, __FILE__, __LINE__);
    REQUIRE(e->agg->update(&c, states, stride, first, args, NULL, 2, &err) != SP_FAILED);
    REQUIRE(e->agg->update(&c, other, stride, rest, args, sel, 3, &err) != SP_FAILED);
    REQUIRE(e->agg->merge(&c, states, stride, (uint32_t[]){ 2 }, other, stride, (uint32_t[]){ 0 }, 1,
        &err) != SP_FAILED);
    test_check_str(text_of(f, e, states, stride, 2, &err), want, text, __FILE__, __LINE__);
    sp_vec **buffers = sp_arena_calloc(f->a, sizeof *buffers * (size_t)e->agg->buffer_count, &err);
    for (int i = 0; i < e->agg->buffer_count; i++) {
        bool nullable;
        buffers[i] = sp_vec_new(f->a, e->agg->buffer_type(e, i, &nullable), 1, &err);
        CHECK(e->agg->buffer_name(e, i) != NULL);
    }
    REQUIRE(e->agg->save(&c, states, stride, (uint32_t[]){ 1 }, 1, buffers, &err) != SP_FAILED);
    REQUIRE(e->agg->load(&c, states, stride, (uint32_t[]){ 3 }, 1, (const sp_vec *const *)buffers, &err) != SP_FAILED);
    test_check_str(text_of(f, e, states, stride, 3, &err), want, text, __FILE__, __LINE__);
    if (e->agg->drop)
        for (int g = 0; g < 6; g++) e->agg->drop(f->heap, (char *)states + stride * (size_t)g);
    if (e->agg->drop) e->agg->drop(f->heap, other);
}

TEST(aggregates)
{
    static const expr_case cases[] = {
        { "count(1)", "5" }, { "count(x)", "4" }, { "count(x, d)", "3" }, { "sum(x)", "13" }, { "sum(d)", "3.0" },
        { "avg(x)", "3.25" }, { "sum(m)", "11.25" },
        { "avg(m)", "2.250000" }, { "min(x)", "1" }, { "max(x)", "7" }, { "min(s)", "a" }, { "max(s)", "c" },
        { "max(m)", "4.25" }, { "min(d)", "-1.0" },
        { "first(x)", "1" }, { "last(x)", "7" }, { "last(s)", "c" }, { "any_value(s)", "b" },
        { "bool_and(>(x, 0))", "true" }, { "bool_or(>(x, 6))", "true" },
        { "count_if(>(x, 2))", "2" }, { "min_by(s, x)", "b" }, { "max_by(s, x)", "c" }, { "max_by(s, d)", "b" },
        { "var_pop(x)", "5.1875" }, { "approx_count_distinct(s)", "3" }, { "bit_or(x)", "7" },
        { "bit_and(x)", "0" }, { "max(map(1, 2))", "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE" },
        { NULL, NULL }
    };
    fixture f;
    set_up(&f);
    for (const expr_case *c = cases; c->expression; c++)
        check(&f, c->expression, c->want);
}

/* An aggregate over nothing */
TEST(empty)
{
    static const expr_case cases[] = { { "count(x)", "0" }, { "sum(x)", "NULL" }, { "avg(d)", "NULL" },
        { "max(s)", "NULL" }, { "collect_list(x)", "[]" },
                                       { "stddev(d)", "NULL" }, { "approx_count_distinct(s)", "0" },
                                       { "first(x)", "NULL" }, { NULL, NULL } };
    fixture f;
    set_up(&f);
    for (const expr_case *c = cases; c->expression; c++) {
        sp_error err = { .arena = f.a };
        sp_expr *e = bind_text(f.a, c->expression, &test_conf, names, f.types, 4, &err);
        REQUIRE(e != NULL);
        size_t stride = e->agg->size;
        void *state = sp_arena_calloc(f.a, stride, &err);
        e->agg->init(e, state, stride, 0, 1);
        test_check_str(text_of(&f, e, state, stride, 0, &err), c->want, c->expression, __FILE__, __LINE__);
    }
}
