/* test_rate.c -- the sources that make rows by the clock. */
#include "source/source_int.h"
#include "test.h"
#include <stdio.h>

typedef struct fixture { sp_world *w; sp_arena *a; sp_props options; sp_source_spec spec; sp_source *s; } fixture;
static fixture f;

static void end(fixture *x)
{
    if (x->s)
        x->s->cls->close(x->s);
    sp_props_done(&x->options);
    sp_arena_free(x->a);
    sp_world_sim_free(x->w);
}

static void begin(const char *name, const char *k1, const char *v1, const char *k2, const char *v2)
{
    f = (fixture){ .w = sp_world_sim_new(9), .a = sp_arena_new("test", 0) };
    DEFER(end, &f);
    sp_error err = { 0 };
    f.options.map.fold_case = true;
    if (k1)
        REQUIRE(sp_props_put(&f.options, sp_str_of(k1), sp_str_of(v1), &err) == SP_OK);
    if (k2)
        REQUIRE(sp_props_put(&f.options, sp_str_of(k2), sp_str_of(v2), &err) == SP_OK);
    f.spec = (sp_source_spec){ .world = f.w, .arena = f.a, .options = &f.options, .checkpoint_dir = "/ck/sources/0", .parallelism = 2 };
    REQUIRE(sp_source_find(sp_str_of(name))->open(&f.spec, &f.s, &err) == SP_OK);
}

static const char *latest(const char *start)
{
    sp_str out;
    sp_error err = { 0 };
    REQUIRE(f.s->cls->latest(f.s, start ? sp_str_of(start) : (sp_str){ 0 }, f.a, &out, &err) == SP_OK);
    return sp_arena_strndup(f.a, out.p, out.n, NULL);
}

/* The values as a set "first..last/count", and whether the times rise with them. */
static const char *span(const char *from, const char *to, int64_t *first_us, int64_t *last_us)
{
    static char text[100];
    sp_input *in;
    sp_reader *r;
    sp_error err = { 0 };
    int64_t low = INT64_MAX, high = -1, count = 0;
    REQUIRE(f.s->cls->get_batch(f.s, from ? sp_str_of(from) : (sp_str){ 0 }, sp_str_of(to), f.a, &in, &err) == SP_OK);
    sp_decode_spec spec = { .arena = f.a };
    REQUIRE(in->cls->open(in, &spec, &r, &err) == SP_OK);
    for (int i = 0; i < in->split_count; i++) {
        sp_batch b;
        REQUIRE(in->cls->start(r, i, &err) == SP_OK);
        while (in->cls->next(r, f.a, &b, &err) == SP_MORE)
            for (uint32_t k = 0; k < b.rows; k++, count++) {
                int64_t us = ((int64_t *)b.columns[0]->data)[k], v = ((int64_t *)b.columns[1]->data)[k];
                if (v < low)
                    low = v, *first_us = us;
                if (v > high)
                    high = v, *last_us = us;
            }
    }
    in->cls->close(r);
    snprintf(text, sizeof text, count ? "%lld..%lld/%lld" : "none", (long long)low, (long long)high, (long long)count);
    return text;
}

TEST(rate)
{
    begin("rate", "rowsPerSecond", "10", NULL, NULL);
    int64_t first, last;
    const char *zero = latest(NULL);
    CHECK_STR(zero, "0");
    CHECK_STR(span(NULL, "0", &first, &last), "none");
    sp_world_sim_advance_us(f.w, 2500000);
    CHECK_STR(latest("0"), "2");
    CHECK_STR(span("0", "2", &first, &last), "0..19/20");
    CHECK_INT(last - first, 1900000);
    CHECK_STR(span("1", "2", &first, &last), "10..19/10");
    CHECK_INT(last - first, 900000);
    /* the creation time is in the checkpoint: a restart goes on counting from it */
    sp_error err = { 0 };
    f.s->cls->close(f.s);
    f.s = NULL;
    REQUIRE(sp_source_find(SP_LIT("rate"))->open(&f.spec, &f.s, &err) == SP_OK);
    sp_world_sim_advance_us(f.w, 1000000);
    CHECK_STR(latest("2"), "3");
    REQUIRE(f.s->cls->prepare_available_now(f.s, false, &err) == SP_OK);
    sp_world_sim_advance_us(f.w, 5000000);
    CHECK_STR(latest("3"), "3");
}

TEST(ramp_up)
{
    begin("rate", "rowsPerSecond", "10", "rampUpTime", "4s");
    int64_t first, last;
    latest(NULL);
    /* RateStreamProvider.valueAtSecond: 10 / 5 = 2 more each second */
    CHECK_STR(span("0", "1", &first, &last), "0..1/2");
    CHECK_STR(span("1", "2", &first, &last), "2..5/4");
    CHECK_STR(span("0", "4", &first, &last), "0..19/20");
    CHECK_STR(span("4", "5", &first, &last), "20..29/10");
}

TEST(micro_batches)
{
    begin("rate-micro-batch", "rowsPerBatch", "5", "startTimestamp", "1000");
    int64_t first, last;
    const char *one = latest(NULL);
    CHECK_STR(one, "{\"offset\":5,\"timestamp\":2000}");
    CHECK_STR(span(NULL, one, &first, &last), "0..4/5");
    CHECK_INT(first, 1000000);
    const char *two = latest(one);
    CHECK_STR(two, "{\"offset\":10,\"timestamp\":3000}");
    CHECK_STR(span(one, two, &first, &last), "5..9/5");
    CHECK_INT(first, 2000000);
    CHECK_INT(last, 2000000);
}

TEST(bad_options)
{
    static const char *const bad[][3] = { { "rate", "rowsPerSecond", "0" }, { "rate", "rowsPerSecond", "x" }, { "rate", "numPartitions", "0" },
                                          { "rate-micro-batch", "rowsPerBatch", "-1" }, { "rate-micro-batch", "startTimestamp", "-5" },
                                          { "rate-micro-batch", "numPartitions", "2" } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_world *w = sp_world_sim_new(1);
        sp_arena *a = sp_arena_new("test", 0);
        sp_props o = { 0 };
        sp_source *s = NULL;
        sp_error err = { 0 };
        sp_props_put(&o, sp_str_of(bad[i][1]), sp_str_of(bad[i][2]), &err);
        sp_source_spec spec = { .world = w, .arena = a, .options = &o, .checkpoint_dir = "/ck", .parallelism = 1 };
        if (!CHECK(sp_source_find(sp_str_of(bad[i][0]))->open(&spec, &s, &err) == SP_FAILED && sp_error_is_set(&err)))
            CHECK_STR(bad[i][1], bad[i][2]);
        sp_props_done(&o);
        sp_arena_free(a);
        sp_world_sim_free(w);
    }
}
