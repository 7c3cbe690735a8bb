/* The operators but aggregation: each over small text inputs of several tasks, run twice (what is kept between runs
 * must not show). */
#include "operator/stream.h"

static sp_expr *order(sp_expr *e, bool ascending, bool nulls_first)
{
    sp_expr *s = sp_expr_new(c.a, SP_E_SORT, &c.err);
    s->args = sp_arena_alloc(c.a, sizeof *s->args, &c.err);
    s->args[0] = e;
    s->arg_count = 1;
    s->type = e->type;
    s->ascending = ascending;
    s->nulls_first = nulls_first;
    return s;
}

static sp_plan *sorted(sp_plan *child, int n, ...)
{
    sp_plan *p = node(&c, SP_P_SORT, child);
    va_list ap;
    p->global = true;
    p->exprs = sp_arena_calloc(c.a, sizeof *p->exprs * 8, &c.err);
    p->expr_count = n;
    va_start(ap, n);
    for (int i = 0; i < n; i++)
        p->exprs[i] = va_arg(ap, sp_expr *);
    va_end(ap);
    return p;
}

static sp_plan *counted(sp_plan_kind kind, sp_plan *child, int64_t n)
{
    sp_plan *p = node(&c, kind, child);
    p->count = n;
    return p;
}

static sp_plan *filter(sp_plan *child, sp_expr *condition)
{
    sp_plan *p = node(&c, SP_P_FILTER, child);
    p->condition = condition;
    return p;
}

TEST(project_and_filter)
{
    begin();
    sp_plan *s = scan_of(&c, "a INT, b STRING", false);
    sp_plan *p = filter(s, call(&c, ">", 2, col(&c, s, 0), lit_int(&c, 1)));
    p = project(&c, p, 3, col(&c, s, 1), named(&c, call(&c, "+", 2, col(&c, s, 0), lit_int(&c, 10)), "x"),
                col(&c, s, 0));
    CHECK_STR(rows_of(&c, p, true, "1 a\n2 b\n- c\n3 d\n--\n7 e\n"), "b 12 2 | d 13 3 | e 17 7");
}

TEST(explode_forms)
{
    begin();
    sp_plan *s = scan_of(&c, "k INT, l ARRAY<STRING>", false);
    const char *text = "1 a,b\n2 -\n3 []\n4 c\n--\n5 d,e,f\n";
    sp_expr *l = col(&c, s, 1);
    CHECK_STR(rows_of(&c, explode(&c, s, generator(&c, "explode", l), 0, NULL), true, text), "a | b | c | d | e | f");
    CHECK_STR(rows_of(&c, explode(&c, s, generator(&c, "explode", l), 1, (int[]){ 0 }), true, text),
              "1 a | 1 b | 4 c | 5 d | 5 e | 5 f");
    sp_plan *p = explode(&c, s, generator(&c, "explode_outer", l), 1, (int[]){ 0 });
    CHECK_STR(rows_of(&c, p, true, text), "1 a | 1 b | 2 NULL | 3 NULL | 4 c | 5 d | 5 e | 5 f");
    /* after a filter the lists no longer lie one after the other */
    p = filter(s, call(&c, ">", 2, call(&c, "%", 2, col(&c, s, 0), lit_int(&c, 5)), lit_int(&c, 1)));
    p = explode(&c, p, generator(&c, "explode", l), 0, NULL);
    CHECK_STR(rows_of(&c, p, true, text), "c");
}

TEST(sort_orders)
{
    begin();
    sp_plan *s = scan_of(&c, "a INT, b STRING", false);
    const char *text = "3 x\n1 y\n- z\n--\n1 longer_than_twelve_b\n1 longer_than_twelve_a\n2 -\n";
    CHECK_STR(rows_of(&c, sorted(s, 1, order(col(&c, s, 0), true, true)), true, text),
              "NULL z | 1 y | 1 longer_than_twelve_b | 1 longer_than_twelve_a | 2 NULL | 3 x");
    CHECK_STR(
        rows_of(&c, sorted(s, 2, order(col(&c, s, 0), false, false), order(col(&c, s, 1), true, true)), true, text),
        "3 x | 2 NULL | 1 longer_than_twelve_a | 1 longer_than_twelve_b | 1 y | NULL z");
    CHECK_STR(rows_of(&c, sorted(s, 1, order(col(&c, s, 1), false, true)), true, text),
              "2 NULL | NULL z | 1 y | 3 x | 1 longer_than_twelve_b | 1 longer_than_twelve_a");
    sp_plan *top = counted(SP_P_LIMIT, sorted(s, 1, order(col(&c, s, 0), true, false)), 2);
    CHECK_STR(rows_of(&c, top, true, text), "1 y | 1 longer_than_twelve_b");
    CHECK_STR(rows_of(&c, counted(SP_P_LIMIT, counted(SP_P_OFFSET, top->children[0], 2), 2), true, text),
              "1 longer_than_twelve_a | 2 NULL");
}

TEST(sort_against_qsort)
{
    begin();
    enum { ROWS = 3000 };
    sp_plan *s = scan_of(&c, "a INT", false);
    sp_buf in = { 0 }, want = { 0 };
    static int v[ROWS];
    srand(3);
    for (int i = 0; i < ROWS; i++)
        sp_buf_printf(&in, "%d\n", v[i] = rand() % 5000 - 2500);
    for (int i = 1; i < ROWS; i++)
        for (int j = i, x = v[i]; j >= 0; j--) {
            if (j == 0 || v[j - 1] <= x) {
                v[j] = x;
                break;
            }
            v[j] = v[j - 1];
        }
    for (int i = 0; i < ROWS; i++)
        sp_buf_printf(&want, "%s%d", i ? " | " : "", v[i]);
    CHECK_STR(rows_of(&c, sorted(s, 1, order(col(&c, s, 0), true, true)), true, sp_buf_cstr(&in)), sp_buf_cstr(&want));
    sp_buf_done(&in);
    sp_buf_done(&want);
}

TEST(limits)
{
    begin();
    sp_plan *s = scan_of(&c, "a INT", false);
    const char *text = "1\n2\n3\n--\n4\n5\n--\n6\n";
    CHECK_STR(rows_of(&c, counted(SP_P_LIMIT, s, 4), true, text), "1 | 2 | 3 | 4");
    CHECK_STR(rows_of(&c, counted(SP_P_LIMIT, s, 0), true, text), "");
    CHECK_STR(rows_of(&c, counted(SP_P_LIMIT, s, 100), true, text), "1 | 2 | 3 | 4 | 5 | 6");
    CHECK_STR(rows_of(&c, counted(SP_P_OFFSET, s, 4), true, text), "5 | 6");
    CHECK_STR(rows_of(&c, counted(SP_P_TAIL, s, 2), true, text), "5 | 6");
    sp_plan *r = counted(SP_P_REPARTITION, s, 3);
    r->shuffle = true;
    CHECK_STR(rows_of(&c, r, false, text), "1 | 2 | 3 | 4 | 5 | 6");
    r->exprs = (sp_expr *[]){ col(&c, s, 0) };
    r->expr_count = 1;
    CHECK_STR(rows_of(&c, r, false, text), "1 | 2 | 3 | 4 | 5 | 6");
    r->by_name = true;
    CHECK_STR(rows_of(&c, r, false, text), "1 | 2 | 3 | 4 | 5 | 6");
}

static sp_plan *two(sp_plan_kind kind, sp_plan *l, sp_plan *r)
{
    sp_plan *children[] = { l, r }, *p = sp_plan_new(c.a, kind, children, 2, &c.err);
    p->is_streaming = l->is_streaming || r->is_streaming;
    p->output = l->output;
    p->output_count = l->output_count;
    return p;
}

static sp_plan *joined_by(sp_plan *l, sp_plan *r, sp_join_type type, sp_expr *condition)
{
    sp_plan *p = two(SP_P_JOIN, l, r);
    p->join_type = type;
    p->condition = condition;
    if (type == SP_JOIN_SEMI || type == SP_JOIN_ANTI)
        return p;
    p->output_count = l->output_count + r->output_count;
    p->output = sp_arena_calloc(c.a, sizeof *p->output * (size_t)p->output_count, &c.err);
    memcpy(p->output, l->output, sizeof *p->output * (size_t)l->output_count);
    memcpy(p->output + l->output_count, r->output, sizeof *p->output * (size_t)r->output_count);
    return p;
}

TEST(joins)
{
    begin();
    sp_plan *l = scan_of(&c, "k STRING, v INT", false), *r = scan_of(&c, "q STRING, w INT", false);
    const char *text = "a 1\nb 2\n- 3\n--\na 4\nlonger_than_twelve 5\n";     /* both sides read it */
    sp_plan *left = filter(l, call(&c, ">", 2, col(&c, l, 1), lit_int(&c, 1)));      /* b - a l */
    sp_plan *right = filter(r, call(&c, "<", 2, col(&c, r, 1), lit_int(&c, 5)));     /* a b - a */
    sp_expr *eq = call(&c, "=", 2, col(&c, l, 0), col(&c, r, 0));
    sp_expr *less = call(&c, "<", 2, col(&c, r, 1), col(&c, l, 1)), *both = call(&c, "and", 2, less, eq);
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_INNER, eq), false, text), "a 4 a 1 | a 4 a 4 | b 2 b 2");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_INNER, both), false, text), "a 4 a 1");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_LEFT, both), false, text),
              "NULL 3 NULL NULL | a 4 a 1 | b 2 NULL NULL | longer_than_twelve 5 NULL NULL");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_RIGHT, both), false, text),
              "NULL NULL NULL 3 | NULL NULL a 4 | NULL NULL b 2 | a 4 a 1");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_FULL, eq), false, text),
              "NULL 3 NULL NULL | NULL NULL NULL 3 | a 4 a 1 | a 4 a 4 | b 2 b 2 | longer_than_twelve 5 NULL NULL");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_SEMI, eq), false, text), "a 4 | b 2");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_ANTI, eq), false, text), "NULL 3 | longer_than_twelve 5");
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_SEMI, both), false, text), "a 4");
    sp_expr *safe = call(&c, "<=>", 2, col(&c, l, 0), col(&c, r, 0));
    CHECK_STR(rows_of(&c, joined_by(left, right, SP_JOIN_INNER, safe), false, text),
              "NULL 3 NULL 3 | a 4 a 1 | a 4 a 4 | b 2 b 2");
    CHECK_STR(
        rows_of(&c, joined_by(left, right, SP_JOIN_LEFT, call(&c, ">", 2, col(&c, r, 1), col(&c, l, 1))), false, text),
        "NULL 3 a 4 | a 4 NULL NULL | b 2 NULL 3 | b 2 a 4 | longer_than_twelve 5 NULL NULL");
    sp_plan *cross = counted(SP_P_LIMIT, joined_by(left, right, SP_JOIN_CROSS, NULL), 5);
    CHECK_STR(rows_of(&c, cross, true, text), "b 2 a 1 | b 2 b 2 | b 2 NULL 3 | b 2 a 4 | NULL 3 a 1");
}

TEST(set_operations)
{
    begin();
    sp_plan *l = scan_of(&c, "a INT", false), *r = scan_of(&c, "b INT", false);
    sp_plan *right = filter(r, call(&c, ">", 2, col(&c, r, 0), lit_int(&c, 1)));
    const char *text = "1\n2\n2\n--\n1\n3\n-\n";
    sp_plan *some = two(SP_P_UNION, right, filter(r, call(&c, "=", 2, col(&c, r, 0), lit_int(&c, 3))));   /* 2 2 3 3 */
    CHECK_STR(rows_of(&c, some, false, text), "2 | 2 | 3 | 3");
    CHECK_STR(rows_of(&c, two(SP_P_INTERSECT, l, some), false, text), "2 | 3");
    CHECK_STR(rows_of(&c, two(SP_P_EXCEPT, l, some), false, text), "1 | NULL");
    sp_plan *all = two(SP_P_INTERSECT, l, some);
    all->all = true;
    CHECK_STR(rows_of(&c, all, false, text), "2 | 2 | 3");
    all = two(SP_P_EXCEPT, l, filter(r, call(&c, "=", 2, col(&c, r, 0), lit_int(&c, 3))));
    all->all = true;
    CHECK_STR(rows_of(&c, all, false, text), "1 | 1 | 2 | 2 | NULL");
}

TEST(range_and_expand)
{
    begin();
    sp_plan *p = sp_plan_new(c.a, SP_P_RANGE, NULL, 0, &c.err);
    sp_attr id = {
        .id = sp_plan_new_id(), .name = SP_LIT("id"), .type = sp_type_of(SP_LONG), .watermark_delay_us = -1
    };
    p->output = &id;
    p->output_count = 1;
    p->range_start = 5;
    p->range_end = -4;
    p->range_step = -3;
    p->count = 2;
    CHECK_STR(rows_of(&c, p, true, NULL), "5 | 2 | -1");
    sp_plan *e = node(&c, SP_P_EXPAND, p);
    sp_expr *one[] = { col(&c, p, 0) }, *other[] = { call(&c, "+", 2, col(&c, p, 0), col(&c, p, 0)) };
    sp_expr **lists[] = { one, other };
    e->lists = lists;
    e->list_counts = (int[]){ 1, 1 };
    e->list_count = 2;
    CHECK_STR(rows_of(&c, e, false, NULL), "-1 | -2 | 10 | 2 | 4 | 5");
}

/* function OVER (PARTITION BY column 0 ORDER BY column 1 frame) behind the child's columns. */
static sp_plan *windowed(sp_plan *child, sp_expr *function, int frame, int lower_kind, int64_t lower, int upper_kind,
                         int64_t upper)
{
    sp_plan *p = node(&c, SP_P_WINDOW, child);
    sp_expr *e = sp_expr_new(c.a, SP_E_WINDOW, &c.err);
    sp_window_spec *w = sp_arena_calloc(c.a, sizeof *w, &c.err);
    sp_expr **lists = sp_arena_calloc(c.a, sizeof *lists * 4, &c.err);
    lists[0] = col(&c, child, 0);
    lists[1] = order(col(&c, child, 1), true, true);
    lists[2] = function;
    *w = (sp_window_spec){ .partition = lists,
                           .partition_count = 1,
                           .order = lists + 1,
                           .order_count = 1,
                           .frame = frame,
                           .lower_kind = lower_kind,
                           .upper_kind = upper_kind,
                           .lower = lit_int(&c, lower),
                           .upper = lit_int(&c, upper) };
    e->window = w;
    e->type = function->type;
    e->args = lists + 2;
    e->arg_count = 1;
    lists[3] = named(&c, e, "w");
    p->exprs = lists + 3;
    p->expr_count = 1;
    return p;
}

static sp_expr *ranking(const char *name, sp_kind type, sp_expr *arg, sp_expr *second)
{
    sp_expr *e = generator(&c, name, arg ? arg : lit_int(&c, 0));
    e->type = arg && strcmp(name, "ntile") != 0 ? arg->type : sp_type_of(type);
    if (second) {
        sp_expr **args = sp_arena_calloc(c.a, sizeof *args * 2, &c.err);
        args[0] = arg;
        args[1] = second;
        e->args = args;
        e->arg_count = 2;
    }
    return e;
}

TEST(windows)
{
    begin();
    sp_plan *s = scan_of(&c, "k STRING, v INT", false);
    const char *text = "a 3\nb 1\na 1\n--\na 3\na 7\n";
    CHECK_STR(rows_of(&c, windowed(s, ranking("row_number", SP_INT, NULL, NULL), 0, 0, 0, 0, 0), true, text),
              "a 1 1 | a 3 2 | a 3 3 | a 7 4 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, ranking("rank", SP_INT, NULL, NULL), 0, 0, 0, 0, 0), true, text),
              "a 1 1 | a 3 2 | a 3 2 | a 7 4 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, ranking("dense_rank", SP_INT, NULL, NULL), 0, 0, 0, 0, 0), true, text),
              "a 1 1 | a 3 2 | a 3 2 | a 7 3 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, ranking("cume_dist", SP_DOUBLE, NULL, NULL), 0, 0, 0, 0, 0), true, text),
              "a 1 0.25 | a 3 0.75 | a 3 0.75 | a 7 1.0 | b 1 1.0");
    CHECK_STR(rows_of(&c, windowed(s, ranking("ntile", SP_INT, lit_int(&c, 3), NULL), 0, 0, 0, 0, 0), true, text),
              "a 1 1 | a 3 1 | a 3 2 | a 7 3 | b 1 1");
    CHECK_STR(
        rows_of(&c, windowed(s, ranking("lag", SP_INT, col(&c, s, 1), lit_int(&c, 2)), 0, 0, 0, 0, 0), true, text),
        "a 1 NULL | a 3 NULL | a 3 1 | a 7 3 | b 1 NULL");
    sp_expr *sum = call(&c, "sum", 1, col(&c, s, 1));
    CHECK_STR(rows_of(&c, windowed(s, sum, 0, 0, 0, 0, 0), true, text), "a 1 1 | a 3 7 | a 3 7 | a 7 14 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, sum, 1, 0, 0, 1, 0), true, text), "a 1 1 | a 3 4 | a 3 7 | a 7 14 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, sum, 1, 2, -1, 2, 1), true, text), "a 1 4 | a 3 7 | a 3 13 | a 7 10 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, sum, 1, 2, 1, 0, 0), true, text),
              "a 1 13 | a 3 10 | a 3 7 | a 7 NULL | b 1 NULL");
    CHECK_STR(rows_of(&c, windowed(s, sum, 2, 2, -2, 1, 0), true, text), "a 1 1 | a 3 7 | a 3 7 | a 7 7 | b 1 1");
    CHECK_STR(rows_of(&c, windowed(s, sum, 2, 1, 0, 2, 4), true, text), "a 1 7 | a 3 13 | a 3 13 | a 7 7 | b 1 1");
}

TEST(observed)
{
    begin();
    sp_plan *s = scan_of(&c, "a INT", false), *p = node(&c, SP_P_COLLECT_METRICS, s);
    sp_expr *e[] = { named(&c, call(&c, "count", 1, lit_int(&c, 1)), "n"),
                     named(&c, call(&c, "max", 1, col(&c, s, 0)), "m") };
    p->name = SP_LIT("event");
    p->exprs = e;
    p->expr_count = 2;
    sp_exec_spec spec = { 0 };
    sp_exec *x = open_exec(&c, &spec, counted(SP_P_LIMIT, p, 1));
    sp_run run = { 0 };
    lines l = { 0 };
    sp_mutex_init(&l.lock);
    const char *texts[] = { "4\n9\n--\n2\n" };
    REQUIRE(run_text(&c, x, &run, texts, &l) == SP_OK);
    CHECK_STR(joined(&c, &l, true), "4");
    const sp_observed *o;
    REQUIRE(sp_exec_observed(x, &o) == 1);
    CHECK(o->values[0].i64 >= 2);
    CHECK(o->values[1].i64 >= 2);
    sp_exec_close(x);
}

/* ---- streams ---- */

TEST(watermark_statistics)
{
    begin();
    sp_plan *s = scan_of(&c, "t TIMESTAMP", true), *p = node(&c, SP_P_WATERMARK, s);
    p->exprs = (sp_expr *[]){ col(&c, s, 0) };
    p->expr_count = 1;
    p->delay_us = 5000000;
    open_stream(p, SP_APPEND);
    CHECK_STR(batch("20\n10\n--\n30\n", 0, true), "1970-01-01 00:00:10 | 1970-01-01 00:00:20 | 1970-01-01 00:00:30");
    const sp_watermark_stats *w;
    REQUIRE(sp_exec_watermarks(st.x, &w) == 1);
    CHECK_INT(w->count, 3);
    CHECK_INT(w->min_us, 10000000);
    CHECK_INT(w->max_us, 30000000);
    CHECK_DBL(w->avg_us, 20000000.0);
    CHECK_INT(w->delay_us, 5000000);
    CHECK(!sp_exec_wants_no_data_batch(st.x, 2, 1));
    sp_exec_close(st.x);
}

TEST(stream_dedup)
{
    begin();
    sp_plan *s = scan_of(&c, "t TIMESTAMP, k STRING", true), *p = node(&c, SP_P_DEDUPLICATE, s);
    s->output[0].watermark_delay_us = 0;
    p->exprs = (sp_expr *[]){ col(&c, s, 1), col(&c, s, 0) };
    p->expr_count = 2;
    open_stream(p, SP_APPEND);
    CHECK_STR(batch("10 a\n10 a\n--\n10 a\n20 b\n- b\n", 0, true),
              "1970-01-01 00:00:10 a | 1970-01-01 00:00:20 b | NULL b");
    check_stats(3, 3, 0, 0);
    CHECK_STR(batch("10 a\n20 b\n30 c\n", 15, true), "1970-01-01 00:00:30 c");
    check_stats(3, 1, 1, 0);
    restart();
    CHECK_STR(batch("12 z\n12 z\n20 b\n30 c\n- b\n", 15, true), "");
    check_stats(3, 0, 0, 2);
    sp_exec_close(st.x);
}

TEST(stream_dedup_within_watermark)
{
    begin();
    sp_plan *s = scan_of(&c, "t TIMESTAMP, k STRING", true), *p = node(&c, SP_P_DEDUPLICATE, s);
    s->output[0].watermark_delay_us = 5000000;
    p->within_watermark = true;
    p->exprs = (sp_expr *[]){ col(&c, s, 1) };
    p->expr_count = 1;
    open_stream(p, SP_APPEND);
    CHECK_STR(batch("10 a\n12 a\n", 0, true), "1970-01-01 00:00:10 a");
    CHECK_STR(batch("13 a\n14 b\n", 14, true), "1970-01-01 00:00:14 b");
    restart();
    CHECK_STR(batch("16 a\n", 15, true), "");
    check_stats(1, 0, 1, 0);
    CHECK_STR(batch("16 a\n", 15, true), "1970-01-01 00:00:16 a");
    sp_exec_close(st.x);
}

TEST(stream_limit)
{
    begin();
    sp_plan *s = scan_of(&c, "a INT", true);
    open_stream(counted(SP_P_LIMIT, s, 3), SP_APPEND);
    CHECK_STR(batch("1\n2\n", 0, true), "1 | 2");
    check_stats(1, 1, 0, 0);
    restart();
    CHECK_STR(batch("3\n4\n", 0, false), "3");
    CHECK_STR(batch("3\n4\n", 0, true), "3");
    CHECK_STR(batch("5\n", 0, true), "");
    check_stats(1, 0, 0, 0);
    sp_exec_close(st.x);
}

TEST(stream_static_join)
{
    begin();
    sp_plan *l = scan_of(&c, "k STRING, v INT", true), *r = scan_of(&c, "q STRING, w INT", false);
    sp_plan *p = joined_by(l, r, SP_JOIN_LEFT, call(&c, "=", 2, col(&c, l, 0), col(&c, r, 0)));
    sp_exec_spec spec = { .streaming = true };
    sp_exec *x = open_exec(&c, &spec, p);
    REQUIRE(sp_exec_scan_count(x) == 2);
    CHECK(sp_exec_scan(x, 0)->is_streaming);
    lines out = { 0 };
    sp_mutex_init(&out.lock);
    sp_run run = { 0 };
    REQUIRE(run_text(&c, x, &run, (const char *[]){ "a 1\nb 2\n", "a 10\n" }, &out) == SP_OK);
    CHECK_STR(joined(&c, &out, false), "a 1 a 10 | b 2 NULL NULL");
    REQUIRE(run_text(&c, x, &run, (const char *[]){ "a 3\n", NULL }, &out) == SP_OK);
    CHECK_STR(joined(&c, &out, false), "a 3 a 10");
    sp_exec_close(x);
}
