/* What goes wrong: out of memory at every allocation, past the query's limit, stopped from outside, tasks that fail. */
#include "operator/stream.h"

static ctx kept;                    /* plans outlive a test: only running them has failing allocations */
static sp_plan *plan;
static sp_input *inputs_of[3];
static sp_pool *pool;

static sp_expr *ascending(sp_expr *e)
{
    sp_expr *s = sp_expr_new(kept.a, SP_E_SORT, &kept.err);
    s->args = sp_arena_alloc(kept.a, sizeof *s->args, &kept.err);
    s->args[0] = e;
    s->arg_count = 1;
    s->type = e->type;
    s->ascending = s->nulls_first = true;
    return s;
}

/* sort(aggregate(explode(left join right))) over two scans. */
static void make_plan(void)
{
    if (plan)
        return;
    ctx_init(&kept);
    sp_plan *l = scan_of(&kept, "k STRING, l ARRAY<STRING>", false), *r = scan_of(&kept, "q STRING, w INT", false);
    sp_plan *children[] = { l, r }, *j = sp_plan_new(kept.a, SP_P_JOIN, children, 2, &kept.err);
    j->join_type = SP_JOIN_LEFT;
    j->condition = call(&kept, "=", 2, col(&kept, l, 0), col(&kept, r, 0));
    j->output_count = 4;
    j->output = sp_arena_calloc(kept.a, sizeof *j->output * 4, &kept.err);
    memcpy(j->output, l->output, sizeof *j->output * 2);
    memcpy(j->output + 2, r->output, sizeof *j->output * 2);
    sp_plan *e = explode(&kept, j, generator(&kept, "explode", col(&kept, j, 1)), 2, (int[]){ 0, 3 });
    sp_plan *g = group(&kept, e, 2, (int[]){ 0, 2 }, 2, call(&kept, "max", 1, col(&kept, e, 2)),
                       call(&kept, "sum", 1, col(&kept, e, 1)));
    plan = node(&kept, SP_P_SORT, g);
    plan->global = true;
    plan->exprs = sp_arena_calloc(kept.a, sizeof *plan->exprs * 2, &kept.err);
    plan->exprs[0] = ascending(col(&kept, g, 0));
    plan->exprs[1] = ascending(col(&kept, g, 1));
    plan->expr_count = 2;
    inputs_of[0] = input_of(&kept, l->scan->schema, "a x,y\nlonger_than_twelve x,longer_than_thirteen\n--\na x\nb -\n");
    inputs_of[1] = input_of(&kept, r->scan->schema, "a 1\nlonger_than_twelve 5\n");
    must(sp_pool_new(sp_world_real(), 1, &pool, &kept.err) == SP_OK, &kept, "pool");
}

static _Atomic int64_t rows_seen;
static sp_status count_rows(void *context, int task, const sp_batch *b, sp_error *err)
{
    rows_seen += b->sel ? b->sel_count : b->rows;
    return SP_OK;
}

TEST_ALLOC(memory_runs_out_anywhere)
{
    make_plan();
    sp_error err = { 0 };
    sp_exec *x = NULL;
    sp_exec_spec spec = { .world = sp_world_real(),
                          .pool = pool,
                          .arena = kept.a,
                          .conf = &kept.conf,
                          .plan = plan,
                          .shuffle_partitions = 2 };
    sp_status opened = sp_exec_open(&spec, &x, &err);
    CHECK(opened == SP_OK || (x == NULL && sp_error_is_set(&err)));
    REQUIRE(opened == SP_OK);
    DEFER(sp_exec_close, x);
    const sp_input *inputs[] = { inputs_of[0], inputs_of[1] };
    for (int i = 0; i < 2; i++) {
        int64_t scan_rows[2];
        sp_run run = { .inputs = inputs, .scan_rows = scan_rows, .consumer = { .consume = count_rows } };
        rows_seen = 0;
        sp_status ran = sp_exec_run(x, &run, &err);
        CHECK(ran == SP_OK || sp_error_is_set(&err));
        REQUIRE(ran == SP_OK);
        CHECK_INT(rows_seen, 4);
        CHECK_INT(scan_rows[0], 4);
        CHECK_INT(scan_rows[1], 2);
    }
}

TEST(memory_limit_is_an_error)
{
    begin();
    sp_plan *s = scan_of(&c, "k BIGINT", false),
            *p = group(&c, s, 1, (int[]){ 0 }, 1, call(&c, "count", 1, lit_int(&c, 1)));
    sp_exec_spec spec = { .memory_limit = 256 << 10 };
    sp_exec *x = open_exec(&c, &spec, p);
    sp_buf text = { 0 };
    for (int i = 0; i < 50000; i++)
        sp_buf_printf(&text, "%d\n", i);
    sp_run run = { 0 };
    static lines out;
    sp_mutex_init(&out.lock);
    const char *texts[] = { sp_buf_cstr(&text) };
    CHECK(run_text(&c, x, &run, texts, &out) == SP_FAILED);
    CHECK(c.err.condition == SP_COND_UNABLE_TO_ACQUIRE_MEMORY);
    sp_error_reset(&c.err);
    const char *few[] = { "1\n2\n1\n" };
    CHECK(run_text(&c, x, &run, few, &out) == SP_OK);
    CHECK_STR(joined(&c, &out, false), "1 2 | 2 1");
    sp_exec_close(x);
    sp_buf_done(&text);
}

static _Atomic bool stop;
static sp_status stop_at_once(void *context, int task, const sp_batch *b, sp_error *err)
{
    rows_seen += b->sel ? b->sel_count : b->rows;
    stop = true;
    return SP_OK;
}

TEST(stopped_from_outside)
{
    begin();
    sp_plan *p = sp_plan_new(c.a, SP_P_RANGE, NULL, 0, &c.err);
    sp_attr id = {
        .id = sp_plan_new_id(), .name = SP_LIT("id"), .type = sp_type_of(SP_LONG), .watermark_delay_us = -1
    };
    p->output = &id;
    p->output_count = 1;
    p->range_end = INT64_MAX;
    p->range_step = 1;
    p->count = 1;
    sp_exec_spec spec = { 0 };
    sp_exec *x = open_exec(&c, &spec, p);
    sp_run run = { .consumer = { .consume = stop_at_once, .stop = &stop } };
    rows_seen = 0;
    CHECK(sp_exec_run(x, &run, &c.err) == SP_OK);
    CHECK_INT(rows_seen, SP_BATCH_ROWS);
    sp_exec_close(x);
}

static sp_status fail(void *context, int task, const sp_batch *b, sp_error *err)
{
    return SP_FAIL(err, DIVIDE_BY_ZERO, "config", "x");
}

TEST(a_task_fails)
{
    begin();
    sp_plan *s = scan_of(&c, "k BIGINT", false);
    sp_exec_spec spec = { 0 };
    sp_exec *x = open_exec(&c, &spec, s);
    const sp_input *inputs[] = { input_of(&c, s->scan->schema, "1\n--\n2\n--\n3\n") };
    sp_run run = { .inputs = inputs, .consumer = { .consume = fail } };
    CHECK(sp_exec_run(x, &run, &c.err) == SP_FAILED);
    CHECK(c.err.condition == SP_COND_DIVIDE_BY_ZERO);
    rows_seen = 0;
    run.consumer.consume = count_rows;
    CHECK(sp_exec_run(x, &run, &c.err) == SP_OK);
    CHECK_INT(rows_seen, 3);
    sp_exec_close(x);
}
