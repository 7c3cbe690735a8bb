/* test_planner.c -- relations and expressions as clients send them, in protobuf's text format, against the plans that the parser's dump prints; and
 * every kind of message with nothing in it, which must be answered with an error and never with a crash. LINK: connect proto */
#include "connect/planner.h"
#include "pb_text.h"
#include "test.h"

static const sp_expr_conf conf = { .ansi = true };

static sp_arena *arena(void)
{
    sp_arena *a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, a);
    return a;
}

static void end_buf(sp_buf *b) { sp_buf_done(b); }

/* An error as "!CONDITION", or its message when it has none. */
static void failure(const sp_error *err, sp_buf *out)
{
    if (err->condition != SP_COND_NONE)
        sp_buf_printf(out, "!%s", sp_condition_info(err->condition)->name);
    else
        sp_error_message(err, out);
}

/* ---- any plan as text: Kind, then what is not zero, then the children ---- */

static void list_of(sp_buf *out, const char *what, sp_expr *const *e, int n)
{
    for (int i = 0; i < n; i++) {
        sp_buf_printf(out, "%s", i ? ", " : what);
        sp_sql_dump_expr(out, e[i]);
    }
    sp_buf_puts(out, n ? "]" : "");
}

static void names_of(sp_buf *out, const char *what, const sp_str *s, int n)
{
    for (int i = 0; i < n; i++)
        sp_buf_printf(out, "%s%.*s", i ? ", " : what, (int)s[i].n, s[i].p);
    sp_buf_puts(out, n ? "]" : "");
}

static void text_of(sp_buf *out, const char *what, sp_str s)
{
    if (s.n)
        sp_buf_printf(out, " %s=%.*s", what, (int)s.n, s.p);
}

static void number_of(sp_buf *out, const char *what, int64_t n)
{
    if (n)
        sp_buf_printf(out, " %s=%lld", what, (long long)n);
}

static void dump(sp_buf *out, const sp_plan *p)
{
    static const char *const joins[] = { "", " left", " right", " full", " semi", " anti", " cross" };
    sp_buf_printf(out, "%s%s", sp_plan_kind_name(p->kind), joins[p->join_type]);
    text_of(out, "name", p->name);
    text_of(out, "text", p->text2);
    text_of(out, "schema", p->schema_text);
    names_of(out, " parts[", p->parts, p->part_count);
    names_of(out, " new[", p->new_names, p->new_name_count);
    list_of(out, " by[", p->grouping, p->grouping_count);
    list_of(out, " [", p->exprs, p->expr_count);
    list_of(out, " if[", &p->condition, p->condition != NULL);
    for (int i = 0; i < p->list_count; i++)
        list_of(out, " list[", p->lists[i], p->list_counts[i]);
    number_of(out, "count", p->count);
    number_of(out, "count2", p->count2);
    number_of(out, "end", p->range_end);
    if (p->options)
        sp_buf_printf(out, " x=%s", sp_props_get(p->options, "X"));
    static const char *const flags[] = { "outer", "global", "all", "within", "by-name", "missing", "shuffle", "rollup", "cube", "streaming" };
    const bool set[] = { p->outer, p->global, p->all, p->within_watermark, p->by_name, p->allow_missing, p->shuffle, p->is_rollup, p->is_cube,
                         p->read_streaming };
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (set[i])
            sp_buf_printf(out, " %s", flags[i]);
    for (int i = 0; i < p->child_count; i++) {
        sp_buf_puts(out, i ? ", " : " (");
        dump(out, p->children[i]);
    }
    sp_buf_puts(out, p->child_count ? ")" : "");
}

/* The plan, or the error's message. */
static const char *planned(const char *text)
{
    static sp_buf out;
    sp_arena *a = arena();
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_plan *plan;
    sp_buf_clear(&out);
    DEFER(end_buf, &out);
    if (sp_planner_relation(&p, pb_text(&spark__connect__relation__descriptor, text, a), &plan, &err) == SP_OK)
        dump(&out, plan);
    else
        failure(&err, &out);
    return sp_buf_cstr(&out);
}

/* The same of an expression. */
static const char *expression(const char *text)
{
    static sp_buf out;
    sp_arena *a = arena();
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_expr *e;
    sp_buf_clear(&out);
    DEFER(end_buf, &out);
    if (sp_planner_expression(&p, pb_text(&spark__connect__expression__descriptor, text, a), &e, &err) == SP_OK)
        sp_sql_dump_expr(&out, e);
    else
        failure(&err, &out);
    return sp_buf_cstr(&out);
}

/* A literal's SQL text. */
static const char *literal(const char *text)
{
    static sp_buf out;
    sp_arena *a = arena();
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_value v;
    sp_buf_clear(&out);
    DEFER(end_buf, &out);
    if (sp_planner_literal(&p, pb_text(&spark__connect__expression__literal__descriptor, text, a), &v, &err) == SP_OK)
        sp_value_sql(&out, &v, sp_zone_utc());
    else
        failure(&err, &out);
    return sp_buf_cstr(&out);
}

#define TABLE_T "read { named_table { unparsed_identifier: 't' } }"
#define A_OF(name) "unresolved_attribute { unparsed_identifier: '" name "' }"

TEST(sources)
{
    CHECK_STR(planned(TABLE_T), "UnresolvedRelation parts[t]");
    CHECK_STR(planned("read { named_table { unparsed_identifier: 'a.`b c`' } is_streaming: true }"),
              "UnresolvedRelation parts[a, b c] streaming");
    CHECK_STR(planned("read { data_source { format: 'json' schema: 'a INT' options { key: 'x' value: '1' } paths: '/p' } is_streaming: true }"),
              "UnresolvedDataSource name=json schema=a INT parts[/p] x=1 streaming");
    CHECK_STR(planned("read { data_source { format: 'csv' paths: '/p' paths: '/q' } is_streaming: true }"),
              "!CONNECT_INVALID_PLAN.MULTIPLE_PATHS_NOT_SUPPORTED_FOR_STREAMING_SOURCE");
    CHECK_STR(planned("read { data_source { format: 'json' schema: 'a INTT' } }"), "!UNSUPPORTED_DATATYPE");
    CHECK_STR(planned("range { end: 5 step: 1 num_partitions: 2 }"), "Range count=2 end=5");
    CHECK_STR(planned("local_relation { schema: 'a INT, b STRING' }"), "LocalRelation");
    CHECK_STR(planned("local_relation { }"), "!CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION");
    CHECK_STR(planned("cached_local_relation { hash: 'abc' }"), "!CONNECT_INVALID_PLAN.NOT_FOUND_CACHED_LOCAL_RELATION");
    CHECK_STR(planned("sql { query: 'select 1' }"), "Sql name=select 1");
}

TEST(one_input)
{
    CHECK_STR(planned("project { input { " TABLE_T " } expressions { " A_OF("a.b") " } expressions { " A_OF("*") " } }"),
              "Project [a.b, *] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("project { expressions { literal { integer: 1 } } }"), "Project [1] (OneRowRelation)");
    CHECK_STR(planned("filter { input { " TABLE_T " } condition { expression_string { expression: 'a > 1 and b' } } }"),
              "Filter if[(and (> a 1) b)] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("sort { input { " TABLE_T " } order { child { " A_OF("a") " } direction: SORT_DIRECTION_DESCENDING } is_global: true }"),
              "Sort [a:desc] global (UnresolvedRelation parts[t])");
    CHECK_STR(planned("limit { input { offset { input { tail { input { " TABLE_T " } limit: 3 } } offset: 2 } } limit: 1 }"),
              "GlobalLimit count=1 (Offset count=2 (Tail count=3 (UnresolvedRelation parts[t])))");
    CHECK_STR(planned("deduplicate { input { " TABLE_T " } column_names: 'a.b' within_watermark: true }"),
              "Deduplicate [a.b] within (UnresolvedRelation parts[t])");
    CHECK_STR(planned("deduplicate { input { " TABLE_T " } }"), "!CONNECT_INVALID_PLAN.DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL");
    CHECK_STR(planned("with_watermark { input { " TABLE_T " } event_time: 'ts' delay_threshold: '10 seconds' }"),
              "EventTimeWatermark text=10 seconds [ts] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("with_columns { input { " TABLE_T " } aliases { expr { literal { long: 2 } } name: 'c' } }"),
              "Project [(as 2L c)] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("with_columns { input { " TABLE_T " } aliases { expr { literal { long: 2 } } name: 'c' name: 'd' } }"),
              "!CONNECT_INVALID_PLAN.WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART");
    CHECK_STR(planned("with_columns_renamed { input { " TABLE_T " } renames { col_name: 'a' new_col_name: 'b' } }"),
              "Project parts[a] new[b] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("drop { input { " TABLE_T " } columns { " A_OF("a") " } column_names: 'x.y' }"),
              "DataFrameDropColumns parts[x.y] [a] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("to_df { input { " TABLE_T " } column_names: 'x' column_names: 'y' }"),
              "Project new[x, y] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("show_string { input { " TABLE_T " } num_rows: 20 truncate: 20 }"),
              "ShowString count=20 count2=20 (UnresolvedRelation parts[t])");
    CHECK_STR(planned("subquery_alias { input { " TABLE_T " } alias: 'u' }"),
              "SubqueryAlias name=u (UnresolvedRelation parts[t])");
    CHECK_STR(planned("repartition { input { " TABLE_T " } num_partitions: 3 }"),
              "Repartition count=3 (UnresolvedRelation parts[t])");
    CHECK_STR(planned("repartition { input { " TABLE_T " } }"),
              "requirement failed: Number of partitions (0) must be positive.");
    CHECK_STR(planned("hint { input { " TABLE_T " } name: 'broadcast' }"),
              "UnresolvedHint name=broadcast (UnresolvedRelation parts[t])");
}

TEST(aggregation)
{
    CHECK_STR(planned("aggregate { input { " TABLE_T " } group_type: GROUP_TYPE_GROUPBY grouping_expressions { " A_OF("k") " } aggregate_expressions { "
                      "unresolved_function { function_name: 'sum' arguments { " A_OF("v") " } is_distinct: true } } }"),
              "Aggregate by[k] [k, (sum:distinct v)] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("aggregate { input { " TABLE_T " } group_type: GROUP_TYPE_ROLLUP grouping_expressions { " A_OF("k") " } }"),
              "Aggregate by[k] [k] rollup (UnresolvedRelation parts[t])");
    CHECK_STR(planned("aggregate { input { " TABLE_T " } group_type: GROUP_TYPE_PIVOT grouping_expressions { " A_OF("k") " } pivot { col { " A_OF("p") " } "
                      "values { string: 'x' } } aggregate_expressions { unresolved_function { function_name: 'count' arguments { " A_OF("v") " } } } }"),
              "Pivot by[k] [(count v)] if[p] list['x'] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("aggregate { input { " TABLE_T " } group_type: GROUP_TYPE_PIVOT }"), "!CONNECT_INVALID_PLAN.AGGREGATE_WITH_PIVOT_REQUIRES_PIVOT");
    CHECK_STR(planned("aggregate { input { " TABLE_T " } }"), "!CONNECT_INVALID_PLAN.INVALID_ENUM");
}

TEST(two_inputs)
{
    CHECK_STR(planned("join { left { " TABLE_T " } right { " TABLE_T " } join_type: JOIN_TYPE_LEFT_OUTER using_columns: 'k' }"),
              "Join left parts[k] (UnresolvedRelation parts[t], UnresolvedRelation parts[t])");
    CHECK_STR(planned("join { left { " TABLE_T " } right { " TABLE_T " } join_type: JOIN_TYPE_INNER join_condition { " A_OF("c") " } }"),
              "Join if[c] (UnresolvedRelation parts[t], UnresolvedRelation parts[t])");
    CHECK_STR(planned("join { left { " TABLE_T " } right { " TABLE_T " } using_columns: 'k' join_condition { " A_OF("c") " } join_type: JOIN_TYPE_INNER }"),
              "!CONNECT_INVALID_PLAN.USING_COLUMNS_OR_JOIN_CONDITION_SET_IN_JOIN");
    CHECK_STR(planned("set_op { left_input { " TABLE_T " } right_input { " TABLE_T " } set_op_type: SET_OP_TYPE_UNION is_all: true }"),
              "Union all (UnresolvedRelation parts[t], UnresolvedRelation parts[t])");
    CHECK_STR(planned("set_op { left_input { " TABLE_T " } right_input { " TABLE_T " } set_op_type: SET_OP_TYPE_EXCEPT by_name: true }"),
              "!CONNECT_INVALID_PLAN.EXCEPT_DOES_NOT_SUPPORT_UNION_BY_NAME");
}

TEST(subqueries_find_their_relation)
{
    CHECK_STR(planned("with_relations { root { project { input { " TABLE_T " } expressions { subquery_expression { plan_id: 7 subquery_type: "
                      "SUBQUERY_TYPE_EXISTS } } } } references { common { plan_id: 7 } range { end: 1 step: 1 } } }"),
              "Project [(exists (?))] (UnresolvedRelation parts[t])");
    CHECK_STR(planned("project { input { " TABLE_T " } expressions { subquery_expression { plan_id: 8 subquery_type: SUBQUERY_TYPE_SCALAR } } }"),
              "!CONNECT_INVALID_PLAN.INVALID_WITH_RELATION_REFERENCE");
    CHECK_STR(planned("with_relations { root { sql { query: 'select * from x' } } references { subquery_alias { alias: 'x' input { " TABLE_T " } } } }"),
              "UnresolvedWith new[x] (Sql name=select * from x, UnresolvedRelation parts[t])");
}

TEST(expressions)
{
    CHECK_STR(expression(A_OF("a.`b.c`.d")), "a.b.c.d");
    CHECK_STR(expression(A_OF("a.`b")), "!INVALID_ATTRIBUTE_NAME_SYNTAX");
    CHECK_STR(expression(A_OF("a..b")), "!INVALID_ATTRIBUTE_NAME_SYNTAX");
    CHECK_STR(expression(A_OF("s.*")), "s.*");
    CHECK_STR(expression("unresolved_star { }"), "*");
    CHECK_STR(expression("unresolved_star { unparsed_target: 'x' }"), "!CONNECT_INVALID_PLAN.UNRESOLVED_STAR_TARGET_INVALID");
    CHECK_STR(expression("unresolved_regex { col_name: '`a.*`' }"), "<kind 14>");
    CHECK_STR(expression("alias { expr { literal { integer: 1 } } name: 'x' }"), "(as 1 x)");
    CHECK_STR(expression("alias { expr { literal { integer: 1 } } name: 'x' name: 'y' }"), "(as 1 (x y))");
    CHECK_STR(expression("alias { expr { literal { integer: 1 } } name: 'x' name: 'y' metadata: '{}' }"),
              "!CONNECT_INVALID_PLAN.ALIAS_WITH_MULTIPLE_IDENTIFIERS_AND_METADATA");
    CHECK_STR(expression("cast { expr { " A_OF("a") " } type { integer { } } }"), "(cast a int)");
    CHECK_STR(expression("cast { expr { " A_OF("a") " } type_str: 'array<int>' eval_mode: EVAL_MODE_TRY }"),
              "(try_cast a array<int>)");
    CHECK_STR(expression("unresolved_extract_value { child { " A_OF("a") " } extraction { literal { integer: 0 } } }"),
              "(get a 0)");
    CHECK_STR(expression("lambda_function { function { unresolved_named_lambda_variable { name_parts: 'x_1' } } arguments { name_parts: 'x_1' } }"),
              "(lambda (x_1) x_1)");
    CHECK_STR(expression("lambda_function { function { literal { integer: 1 } } }"), "!CONNECT_INVALID_PLAN.LAMBDA_FUNCTION_ARGUMENT_COUNT_INVALID");
    CHECK_STR(expression("window { window_function { unresolved_function { function_name: 'rank' } } partition_spec { " A_OF("p") " } order_spec { child { "
                         A_OF("o") " } } frame_spec { frame_type: FRAME_TYPE_ROW lower { unbounded: true } upper { current_row: true } } }"),
              "(over (rank) (by (p) order (o) rows unbounded current))");
    CHECK_STR(expression("window { window_function { unresolved_function { function_name: 'rank' } } frame_spec { frame_type: FRAME_TYPE_ROW } }"),
              "!CONNECT_INVALID_PLAN.LOWER_BOUND_REQUIRED_IN_WINDOW_FRAME");
    CHECK_STR(expression("common_inline_user_defined_function { function_name: 'f' python_udf { } }"),
              "A Python function cannot run here: this Spate has no Python workers (function `f`)");
    CHECK_STR(expression("merge_action { }"), "!CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SUPPORTED");
}

TEST(literals)
{
    CHECK_STR(literal("null { string { } }"), "NULL");
    CHECK_STR(literal("decimal { value: '12.50' precision: 5 scale: 2 }"), "12.50BD");
    CHECK_STR(literal("decimal { value: '12.50' }"), "12.50BD");
    CHECK_STR(literal("decimal { value: '1.10' precision: 10 scale: 0 }"), "1.10BD");
    CHECK_STR(literal("decimal { value: 'x' }"), "Character array is missing \"exponent\" mark 'e' or 'E': x");
    CHECK_STR(literal("date: 19737"), "DATE '2024-01-15'");
    CHECK_STR(literal("array { element_type { integer { } } elements { integer: 1 } elements { null { integer { } } } }"),
              "ARRAY(1, CAST(NULL AS INT))");
    CHECK_STR(literal("array { element_type { integer { } } elements { string: 'x' } }"), "!CONNECT_INVALID_PLAN.INCOMPATIBLE_LITERAL_DATA_TYPE");
    CHECK_STR(literal("array { }"), "!CONNECT_INVALID_PLAN.ARRAY_LITERAL_MISSING_DATA_TYPE");
    CHECK_STR(literal("map { key_type { string { } } value_type { long { } } keys { string: 'k' } values { long: 7 } }"),
              "MAP('k', 7L)");
    CHECK_STR(literal("specialized_array { doubles { values: 1.5 values: 2 } }"), "ARRAY(1.5D, 2.0D)");
    CHECK_STR(literal("struct { struct_type { struct { fields { name: 'a' data_type { integer { } } nullable: true } } } elements { integer: 3 } }"),
              "NAMED_STRUCT('a', 3)");
    CHECK_STR(literal("struct { struct_type { struct { } } elements { integer: 3 } }"), "!CONNECT_INVALID_PLAN.INCOMPATIBLE_LITERAL_DATA_TYPE");
}

/* Types go there and back. */
TEST(types)
{
    static const char *const ddl[] = {
        "a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(10,2), h STRING, i BINARY, j BOOLEAN",
        "a DATE, b TIMESTAMP, c TIMESTAMP_NTZ, d INTERVAL YEAR TO MONTH, e INTERVAL DAY TO SECOND, f INTERVAL HOUR TO MINUTE, g INTERVAL",
        "a ARRAY<INT>, b MAP<STRING, ARRAY<BIGINT>>, c STRUCT<x: INT, y: STRUCT<z: VARIANT>>, d CHAR(3), e VARCHAR(4), f VOID, g TIME(3)",
        "a INT NOT NULL COMMENT 'x'",
    };
    for (size_t i = 0; i < sizeof ddl / sizeof *ddl; i++) {
        sp_arena *a = arena();
        sp_error err = { 0 };
        const sp_type *t, *back;
        sp_buf x = { 0 }, y = { 0 };
        REQUIRE(sp_type_parse(a, sp_str_of(ddl[i]), &t, &err) == SP_OK);
        pb_type *m = sp_type_to_proto(a, t, &err);
        REQUIRE(m && sp_proto_to_type(a, m, &back, &err) == SP_OK);
        CHECK(sp_type_eq(t, back));
        sp_type_json(&x, t);
        sp_type_json(&y, back);
        CHECK_STR(sp_buf_cstr(&y), sp_buf_cstr(&x));
        sp_buf_done(&x);
        sp_buf_done(&y);
    }
}

/* Every case of a message's oneof, set and empty. */
static void each_case(const ProtobufCMessageDescriptor *d, void (*visit)(ProtobufCMessage *m, sp_arena *a))
{
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
            continue;
        sp_arena *a = sp_arena_new("case", 0);
        char text[128];
        bool message = f->type == PROTOBUF_C_TYPE_MESSAGE, string = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES;
        snprintf(text, sizeof text, message ? "%s { }" : string ? "%s: ''" : "%s: 0", f->name);
        visit(pb_text(d, text, a), a);
        sp_arena_free(a);
    }
}

static void visit_relation(ProtobufCMessage *m, sp_arena *a)
{
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_plan *plan = NULL;
    CHECK(sp_planner_relation(&p, (pb_relation *)m, &plan, &err) == SP_OK ? plan != NULL : sp_error_is_set(&err));
}

static void visit_expression(ProtobufCMessage *m, sp_arena *a)
{
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_expr *e = NULL;
    CHECK(sp_planner_expression(&p, (pb_expr *)m, &e, &err) == SP_OK ? e != NULL : sp_error_is_set(&err));
}

static void visit_literal(ProtobufCMessage *m, sp_arena *a)
{
    sp_error err = { .arena = a };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_value v;
    CHECK(sp_planner_literal(&p, (pb_literal *)m, &v, &err) == SP_OK || sp_error_is_set(&err));
}

static void visit_type(ProtobufCMessage *m, sp_arena *a)
{
    sp_error err = { .arena = a };
    const sp_type *t;
    CHECK(sp_proto_to_type(a, (pb_type *)m, &t, &err) == SP_OK || sp_error_is_set(&err));
}

TEST(empty_messages)
{
    each_case(&spark__connect__relation__descriptor, visit_relation);
    each_case(&spark__connect__expression__descriptor, visit_expression);
    each_case(&spark__connect__expression__literal__descriptor, visit_literal);
    each_case(&spark__connect__data_type__descriptor, visit_type);
}

TEST_ALLOC(a_plan_without_memory)
{
    sp_arena *a = sp_arena_new("test", 0);
    if (!a)
        return;
    DEFER(sp_arena_free, a);
    sp_error err = { 0 };
    sp_planner p = { .arena = a, .conf = &conf };
    sp_plan *plan;
    Spark__Connect__Relation r = SPARK__CONNECT__RELATION__INIT, t = SPARK__CONNECT__RELATION__INIT;
    Spark__Connect__Read read = SPARK__CONNECT__READ__INIT;
    Spark__Connect__Read__NamedTable named = SPARK__CONNECT__READ__NAMED_TABLE__INIT;
    Spark__Connect__Sample sample = SPARK__CONNECT__SAMPLE__INIT;
    named.unparsed_identifier = "t";
    read.read_type_case = SPARK__CONNECT__READ__READ_TYPE_NAMED_TABLE;
    read.named_table = &named;
    t.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_READ;
    t.read = &read;
    sample.input = &t;
    r.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SAMPLE;
    r.sample = &sample;
    sp_status status = sp_planner_relation(&p, &r, &plan, &err);
    CHECK(status == SP_OK || test_allocation_failed());
}
