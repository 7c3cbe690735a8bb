/* planner_relation.c -- Connect's relations to unresolved plans (SparkConnectPlanner.transformRelation, Spark 4.3): the table of all kinds and the
 * relational ones. Shorthands are in planner_sugar.c, statistics and missing values in planner_stat.c, rows that come with the plan in
 * planner_local.c, the catalog's in planner_catalog.c. */
#include "connect/planner_int.h"

enum { RELATION_DEPTH_MAX = 1024 };

sp_status sp_planner_unary(sp_planner *p, sp_plan_kind kind, const pb_relation *input, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    SP_TRY(sp_planner_relation(p, input, &child, err));
    *out = sp_plan_new(p->arena, kind, &child, 1, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status binary(sp_planner *p, sp_plan_kind kind, const pb_relation *left, const pb_relation *right, sp_plan **out, sp_error *err)
{
    sp_plan *children[2];
    SP_TRY(sp_planner_relation(p, left, &children[0], err));
    SP_TRY(sp_planner_relation(p, right, &children[1], err));
    *out = sp_plan_new(p->arena, kind, children, 2, err);
    return *out ? SP_OK : SP_FAILED;
}

/* ---- sources ---- */

static void end_options(void *options) { sp_props_done(options); }

sp_status sp_planner_options(sp_arena *a, size_t n, const sp_planner_pair *pairs, sp_props **out, sp_error *err)
{
    *out = NULL;
    if (n == 0)
        return SP_OK;
    SP_NEW(*out, a, sizeof **out, err);
    (*out)->map.fold_case = true;
    SP_TRY(sp_arena_defer(a, end_options, *out, err));
    for (size_t i = 0; i < n; i++)
        SP_TRY(sp_props_put(*out, pb_str(pairs[i].key), pb_str(pairs[i].value), err));
    return SP_OK;
}

static sp_status read_table(sp_planner *p, const Spark__Connect__Read *m, sp_plan **out, sp_error *err)
{
    sp_plan *r = *out = sp_plan_new(p->arena, SP_P_TABLE, NULL, 0, err);
    if (!r)
        return SP_FAILED;
    r->read_streaming = m->is_streaming;
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, pb_str(m->named_table->unparsed_identifier), &r->parts, &r->part_count, err));
    return SP_PLANNER_OPTIONS(p->arena, m->named_table->n_options, m->named_table->options, &r->options, err);
}

static sp_status read_source(sp_planner *p, const Spark__Connect__Read *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Read__DataSource *d = m->data_source;
    sp_plan *r = *out = sp_plan_new(p->arena, SP_P_READ, NULL, 0, err);
    if (!r)
        return SP_FAILED;
    r->name = pb_str(d->format);
    r->schema_text = pb_has(d->schema) ? sp_str_of(d->schema) : (sp_str){ 0 };
    r->read_streaming = m->is_streaming;
    if (d->n_predicates)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__PREDICATES_NOT_SUPPORTED_FOR_DATA_SOURCE, "format", d->format ? d->format : "");
    if (m->is_streaming && d->n_paths > 1)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__MULTIPLE_PATHS_NOT_SUPPORTED_FOR_STREAMING_SOURCE);
    SP_TRY(sp_planner_strings(p, d->n_paths, d->paths, &r->parts, &r->part_count, err));
    SP_TRY(SP_PLANNER_OPTIONS(p->arena, d->n_options, d->options, &r->options, err));
    if (r->schema_text.p)   /* a schema's own errors come before the source's */
        SP_TRY(sp_type_parse(p->arena, r->schema_text, &r->schema, err));
    if (r->schema && r->schema->kind != SP_STRUCT)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_SCHEMA_NON_STRUCT_TYPE, "inputSchema", d->schema, "dataType",
                       sp_type_sql_quoted(p->arena, r->schema));
    return SP_OK;
}

static sp_status read(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    switch ((int)m->read->read_type_case) {
    case SPARK__CONNECT__READ__READ_TYPE_NAMED_TABLE: return read_table(p, m->read, out, err);
    case SPARK__CONNECT__READ__READ_TYPE_DATA_SOURCE: return read_source(p, m->read, out, err);
    default: return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Read", "name", "read_type");
    }
}

static sp_status range(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Range *r = m->range;
    sp_plan *n = *out = sp_plan_new(p->arena, SP_P_RANGE, NULL, 0, err);
    if (!n)
        return SP_FAILED;
    n->range_start = r->start;
    n->range_end = r->end;
    n->range_step = r->step;
    n->count = r->has_num_partitions ? r->num_partitions : 0;
    if (r->step == 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: step (0) cannot be 0");
    return SP_OK;
}

static sp_status table_function(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    sp_plan *n = *out = sp_plan_new(p->arena, SP_P_TABLE_FUNCTION, NULL, 0, err);
    if (!n)
        return SP_FAILED;
    n->name = pb_str(m->unresolved_table_valued_function->function_name);
    return sp_planner_exprs(p, m->unresolved_table_valued_function->n_arguments, m->unresolved_table_valued_function->arguments, &n->exprs,
                            &n->expr_count, err);
}

/* ---- one input ---- */

static sp_status project(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Project *j = m->project;
    if (j->input) {
        SP_TRY(sp_planner_unary(p, SP_P_PROJECT, j->input, out, err));
    } else {
        sp_plan *one = sp_plan_new(p->arena, SP_P_ONE_ROW, NULL, 0, err);
        if (!one || !(*out = sp_plan_new(p->arena, SP_P_PROJECT, &one, 1, err)))
            return SP_FAILED;
    }
    return sp_planner_exprs(p, j->n_expressions, j->expressions, &(*out)->exprs, &(*out)->expr_count, err);
}

static sp_status filter(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_FILTER, m->filter->input, out, err));
    return sp_planner_expression(p, m->filter->condition, &(*out)->condition, err);
}

static sp_status sort(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Sort *s = m->sort;
    SP_TRY(sp_planner_unary(p, SP_P_SORT, s->input, out, err));
    sp_plan *n = *out;
    n->global = s->has_is_global && s->is_global;
    SP_NEW_ARRAY(n->exprs, p->arena, s->n_order + 1, err);
    n->expr_count = (int)s->n_order;
    for (size_t i = 0; i < s->n_order; i++)
        SP_TRY(sp_planner_sort_order(p, s->order[i], &n->exprs[i], err));
    return SP_OK;
}

static sp_status counted(sp_planner *p, sp_plan_kind kind, const pb_relation *input, int32_t count, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, kind, input, out, err));
    (*out)->count = count;
    return SP_OK;
}

static sp_status limit(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    return counted(p, SP_P_LIMIT, m->limit->input, m->limit->limit, out, err);
}

static sp_status offset(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    return counted(p, SP_P_OFFSET, m->offset->input, m->offset->offset, out, err);
}

static sp_status tail(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    return counted(p, SP_P_TAIL, m->tail->input, m->tail->limit, out, err);
}

static sp_status subquery_alias(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_ALIAS, m->subquery_alias->input, out, err));
    (*out)->name = pb_str(m->subquery_alias->alias);
    return sp_planner_strings(p, m->subquery_alias->n_qualifier, m->subquery_alias->qualifier, &(*out)->parts, &(*out)->part_count, err);
}

static sp_status repartition(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(counted(p, SP_P_REPARTITION, m->repartition->input, m->repartition->num_partitions, out, err));
    (*out)->shuffle = m->repartition->has_shuffle && m->repartition->shuffle;
    if (m->repartition->num_partitions <= 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: Number of partitions (%d) must be positive.", m->repartition->num_partitions);
    return SP_OK;
}

static sp_status repartition_by(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__RepartitionByExpression *r = m->repartition_by_expression;
    SP_TRY(counted(p, SP_P_REPARTITION, r->input, r->has_num_partitions ? r->num_partitions : 0, out, err));
    sp_plan *n = *out;
    n->shuffle = true;
    SP_TRY(sp_planner_exprs(p, r->n_partition_exprs, r->partition_exprs, &n->exprs, &n->expr_count, err));
    for (int i = 0; i < n->expr_count; i++)
        n->by_name |= n->exprs[i]->kind == SP_E_SORT;
    return SP_OK;
}

static sp_status sample(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Sample *s = m->sample;
    SP_TRY(sp_planner_unary(p, SP_P_SAMPLE, s->input, out, err));
    sp_plan *n = *out;
    n->lower = s->lower_bound;
    n->upper = s->upper_bound;
    n->all = s->has_with_replacement && s->with_replacement;
    if (s->has_seed)
        n->seed = s->seed;
    else
        sp_random_bytes(sp_world_real(), &n->seed, sizeof n->seed);
    return SP_OK;
}

static sp_status watermark(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_WATERMARK, m->with_watermark->input, out, err));
    sp_plan *n = *out;
    sp_expr *column = sp_expr_new(p->arena, SP_E_ATTR, err);
    if (!column)
        return SP_FAILED;
    SP_TRY(sp_planner_attribute_parts(p->arena, pb_str(m->with_watermark->event_time), &column->parts, &column->part_count, err));
    SP_NEW_ARRAY(n->exprs, p->arena, 1, err);
    n->exprs[0] = column;
    n->expr_count = 1;
    n->text2 = pb_str(m->with_watermark->delay_threshold);
    return SP_OK;
}

static sp_status collect_metrics(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    SP_TRY(sp_planner_unary(p, SP_P_COLLECT_METRICS, m->collect_metrics->input, out, err));
    (*out)->name = pb_str(m->collect_metrics->name);
    return sp_planner_exprs(p, m->collect_metrics->n_metrics, m->collect_metrics->metrics, &(*out)->exprs, &(*out)->expr_count, err);
}

static sp_status deduplicate(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Deduplicate *d = m->deduplicate;
    bool all = d->has_all_columns_as_keys && d->all_columns_as_keys;
    if (!d->input)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__DEDUPLICATE_NEEDS_INPUT);
    if (all && d->n_column_names)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__DEDUPLICATE_ALL_COLUMNS_AND_SUBSET);
    if (!all && !d->n_column_names)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL);
    SP_TRY(sp_planner_unary(p, SP_P_DEDUPLICATE, d->input, out, err));
    sp_plan *n = *out;
    n->all = all;
    n->within_watermark = d->has_within_watermark && d->within_watermark;
    SP_NEW_ARRAY(n->exprs, p->arena, d->n_column_names + 1, err);
    n->expr_count = (int)d->n_column_names;
    for (size_t i = 0; i < d->n_column_names; i++)
        if (!(n->exprs[i] = sp_planner_column(p, pb_str(d->column_names[i]), err)))
            return SP_FAILED;
    return SP_OK;
}

/* ---- aggregation ---- */

static sp_status pivot(sp_planner *p, const Spark__Connect__Aggregate *m, sp_plan *n, sp_error *err)
{
    if (!m->pivot)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__AGGREGATE_WITH_PIVOT_REQUIRES_PIVOT);
    SP_TRY(sp_planner_expression(p, m->pivot->col, &n->condition, err));
    SP_TRY(sp_planner_exprs(p, m->n_aggregate_expressions, m->aggregate_expressions, &n->exprs, &n->expr_count, err));
    if (!m->pivot->n_values)
        return SP_OK;
    SP_NEW_ARRAY(n->lists, p->arena, 1, err);
    SP_NEW_ARRAY(n->list_counts, p->arena, 1, err);
    SP_NEW_ARRAY(n->lists[0], p->arena, m->pivot->n_values, err);
    n->list_count = 1;
    n->list_counts[0] = (int)m->pivot->n_values;
    for (size_t i = 0; i < m->pivot->n_values; i++)
        SP_TRY(sp_planner_literal_expr(p, m->pivot->values[i], &n->lists[0][i], err));
    return SP_OK;
}

static sp_status grouping_sets(sp_planner *p, const Spark__Connect__Aggregate *m, sp_plan *n, sp_error *err)
{
    n->list_count = (int)m->n_grouping_sets;
    SP_NEW_ARRAY(n->lists, p->arena, m->n_grouping_sets + 1, err);
    SP_NEW_ARRAY(n->list_counts, p->arena, m->n_grouping_sets + 1, err);
    for (size_t i = 0; i < m->n_grouping_sets; i++)
        SP_TRY(sp_planner_exprs(p, m->grouping_sets[i]->n_grouping_set, m->grouping_sets[i]->grouping_set, &n->lists[i], &n->list_counts[i], err));
    return SP_OK;
}

/* Output list: the grouping expressions, then the aggregates (relationalGroupedDataset keeps grouping columns). */
static sp_status aggregate_output(sp_planner *p, const Spark__Connect__Aggregate *m, sp_plan *n, sp_error *err)
{
    sp_expr **aggregates;
    int count;
    SP_TRY(sp_planner_exprs(p, m->n_aggregate_expressions, m->aggregate_expressions, &aggregates, &count, err));
    SP_NEW_ARRAY(n->exprs, p->arena, n->grouping_count + count + 1, err);
    for (int i = 0; i < n->grouping_count; i++)
        n->exprs[i] = n->grouping[i];
    for (int i = 0; i < count; i++)
        n->exprs[n->grouping_count + i] = aggregates[i];
    n->expr_count = n->grouping_count + count;
    return SP_OK;
}

static sp_status aggregate(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Aggregate *m = r->aggregate;
    sp_plan_kind kind = SP_P_GROUPING_SETS;
    if (!m->input)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__AGGREGATE_NEEDS_PLAN_INPUT);
    switch ((int)m->group_type) {
    case SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_GROUPBY: kind = SP_P_AGGREGATE; break;
    case SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_PIVOT: kind = SP_P_PIVOT; break;
    case SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_ROLLUP:
    case SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_CUBE:
    case SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_GROUPING_SETS: break;
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ENUM, "fullName", "spark.connect.Aggregate.GroupType", "name", "GROUP_TYPE_UNSPECIFIED",
                       "number", "0");
    }
    SP_TRY(sp_planner_unary(p, kind, m->input, out, err));
    sp_plan *n = *out;
    SP_TRY(sp_planner_exprs(p, m->n_grouping_expressions, m->grouping_expressions, &n->grouping, &n->grouping_count, err));
    if (kind == SP_P_PIVOT)
        return pivot(p, m, n, err);
    SP_TRY(aggregate_output(p, m, n, err));
    n->is_rollup = m->group_type == SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_ROLLUP;
    n->is_cube = m->group_type == SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_CUBE;
    if (kind == SP_P_GROUPING_SETS && !n->is_rollup && !n->is_cube)
        return grouping_sets(p, m, n, err);
    return SP_OK;
}

/* ---- two inputs ---- */

static sp_status join_type(int type, sp_join_type *out, sp_error *err)
{
    static const sp_join_type types[] = { SP_JOIN_INNER, SP_JOIN_INNER, SP_JOIN_FULL, SP_JOIN_LEFT, SP_JOIN_RIGHT, SP_JOIN_ANTI, SP_JOIN_SEMI, SP_JOIN_CROSS };
    if (type < 1 || type > 7)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ENUM, "fullName", "spark.connect.Join.JoinType", "name", "JOIN_TYPE_UNSPECIFIED", "number", "0");
    *out = types[type];
    return SP_OK;
}

static sp_status join(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__Join *j = m->join;
    if (j->n_using_columns && j->join_condition)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__USING_COLUMNS_OR_JOIN_CONDITION_SET_IN_JOIN);
    sp_join_type type;
    SP_TRY(join_type((int)j->join_type, &type, err));
    SP_TRY(binary(p, j->n_using_columns ? SP_P_JOIN_USING : SP_P_JOIN, j->left, j->right, out, err));
    (*out)->join_type = type;
    if (j->n_using_columns)
        return sp_planner_strings(p, j->n_using_columns, j->using_columns, &(*out)->parts, &(*out)->part_count, err);
    return j->join_condition ? sp_planner_expression(p, j->join_condition, &(*out)->condition, err) : SP_OK;
}

static sp_status lateral_join(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const Spark__Connect__LateralJoin *j = m->lateral_join;
    sp_join_type type;
    SP_TRY(join_type((int)j->join_type, &type, err));
    SP_TRY(binary(p, SP_P_JOIN, j->left, j->right, out, err));
    (*out)->join_type = type;
    (*out)->outer = true;
    return j->join_condition ? sp_planner_expression(p, j->join_condition, &(*out)->condition, err) : SP_OK;
}

static sp_status set_operation(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__SetOperation *m = r->set_op;
    bool by_name = m->has_by_name && m->by_name, allow_missing = m->has_allow_missing_columns && m->allow_missing_columns;
    sp_plan_kind kind;
    if (!m->left_input || !m->right_input)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__SET_OPERATION_MUST_HAVE_TWO_INPUTS);
    switch ((int)m->set_op_type) {
    case SPARK__CONNECT__SET_OPERATION__SET_OP_TYPE__SET_OP_TYPE_EXCEPT:
        if (by_name)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__EXCEPT_DOES_NOT_SUPPORT_UNION_BY_NAME);
        kind = SP_P_EXCEPT;
        break;
    case SPARK__CONNECT__SET_OPERATION__SET_OP_TYPE__SET_OP_TYPE_INTERSECT:
        if (by_name)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__INTERSECT_DOES_NOT_SUPPORT_UNION_BY_NAME);
        kind = SP_P_INTERSECT;
        break;
    case SPARK__CONNECT__SET_OPERATION__SET_OP_TYPE__SET_OP_TYPE_UNION:
        if (allow_missing && !by_name)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__UNION_BY_NAME_ALLOW_MISSING_COL_REQUIRES_BY_NAME);
        kind = by_name ? SP_P_UNION_BY_NAME : SP_P_UNION;
        break;
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ENUM, "fullName", "spark.connect.SetOperation.SetOpType", "name",
                       "SET_OP_TYPE_UNSPECIFIED", "number", "0");
    }
    SP_TRY(binary(p, kind, m->left_input, m->right_input, out, err));
    (*out)->all = m->has_is_all && m->is_all;
    (*out)->allow_missing = allow_missing;
    return SP_OK;
}

/* ---- SQL text, references ---- */

static sp_status positional(sp_planner *p, const Spark__Connect__SQL *m, sp_expr ***out, int *count, sp_error *err)
{
    if (m->n_pos_arguments)
        return sp_planner_exprs(p, m->n_pos_arguments, m->pos_arguments, out, count, err);
    SP_NEW_ARRAY(*out, p->arena, m->n_pos_args + 1, err);
    *count = (int)m->n_pos_args;
    for (size_t i = 0; i < m->n_pos_args; i++)
        SP_TRY(sp_planner_literal_expr(p, m->pos_args[i], &(*out)[i], err));
    return SP_OK;
}

static sp_status named(sp_planner *p, const Spark__Connect__SQL *m, sp_str **names, sp_expr ***out, int *count, sp_error *err)
{
    size_t n = m->n_named_arguments ? m->n_named_arguments : m->n_args;
    SP_NEW_ARRAY(*names, p->arena, n + 1, err);
    SP_NEW_ARRAY(*out, p->arena, n + 1, err);
    *count = (int)n;
    for (size_t i = 0; i < n; i++) {
        (*names)[i] = pb_str(m->n_named_arguments ? m->named_arguments[i]->key : m->args[i]->key);
        if (m->n_named_arguments)
            SP_TRY(sp_planner_expression(p, m->named_arguments[i]->value, &(*out)[i], err));
        else
            SP_TRY(sp_planner_literal_expr(p, m->args[i]->value, &(*out)[i], err));
    }
    return SP_OK;
}

/* Text with arguments is parsed here, which puts them in place of their markers; other text when it is analyzed. */
sp_status sp_planner_sql(sp_planner *p, const Spark__Connect__SQL *m, sp_plan **out, sp_error *err)
{
    sp_str *names;
    sp_expr **by_name, **by_position;
    sp_sql_params params = { 0 };
    SP_TRY(named(p, m, &names, &by_name, &params.named_count, err));
    SP_TRY(positional(p, m, &by_position, &params.positional_count, err));
    params.names = names;
    params.named = by_name;
    params.positional = by_position;
    if (params.named_count || params.positional_count)
        return sp_sql_parse_with(p->arena, p->conf, pb_str(m->query), &params, out, err);
    if (!(*out = sp_plan_new(p->arena, SP_P_SQL, NULL, 0, err)))
        return SP_FAILED;
    (*out)->name = pb_str(m->query);
    return SP_OK;
}

static sp_status sql(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    return sp_planner_sql(p, m->sql, out, err);
}

/* SQL text over DataFrames (spark.sql("... {df}", df=df)): the references are the text's CTEs. */
static sp_status sql_with_references(sp_planner *p, const Spark__Connect__WithRelations *m, sp_plan **out, sp_error *err)
{
    sp_plan **children;
    sp_str *names;
    SP_NEW_ARRAY(children, p->arena, m->n_references + 1, err);
    SP_NEW_ARRAY(names, p->arena, m->n_references + 1, err);
    SP_TRY(sp_planner_relation(p, m->root, &children[0], err));
    for (size_t i = 0; i < m->n_references; i++) {
        const pb_relation *r = m->references[i];
        if (r->rel_type_case != SPARK__CONNECT__RELATION__REL_TYPE_SUBQUERY_ALIAS)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_SQL_WITH_REFERENCES, "query", m->root->sql->query ? m->root->sql->query : "");
        SP_TRY(sp_planner_relation(p, r->subquery_alias->input, &children[i + 1], err));
        names[i] = pb_str(r->subquery_alias->alias);
    }
    sp_plan *n = *out = sp_plan_new(p->arena, SP_P_WITH, children, (int)m->n_references + 1, err);
    if (!n)
        return SP_FAILED;
    n->new_names = names;
    n->new_name_count = (int)m->n_references;
    return SP_OK;
}

static sp_status with_relations(sp_planner *p, const pb_relation *r, sp_plan **out, sp_error *err)
{
    const Spark__Connect__WithRelations *m = r->with_relations;
    if (m->root && m->root->rel_type_case == SPARK__CONNECT__RELATION__REL_TYPE_SQL && m->n_references)
        return sql_with_references(p, m, out, err);
    sp_planner_refs refs = { m->references, m->n_references, p->refs };
    p->refs = &refs;
    sp_status status = sp_planner_relation(p, m->root, out, err);
    p->refs = refs.outer;
    return status;
}

static sp_status cached_remote(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    const char *id = m->cached_remote_relation->relation_id ? m->cached_remote_relation->relation_id : "";
    *out = NULL;
    if (p->cached)
        SP_TRY(p->cached(p->context, id, p->arena, out, err));
    return *out ? SP_OK : SP_FAIL(err, CONNECT_INVALID_PLAN__DATAFRAME_NOT_FOUND, "dfId", id, "sessionId", "");
}

static sp_status catalog(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    return sp_planner_catalog(p, m->catalog, out, err);
}

/* ---- the table ---- */

typedef sp_status (*rule)(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err);
static const struct { int number; const char *name; rule run; } rules[] = {
    { 2, "READ", read }, { 3, "PROJECT", project }, { 4, "FILTER", filter }, { 5, "JOIN", join }, { 6, "SET_OP", set_operation },
    { 7, "SORT", sort }, { 8, "LIMIT", limit }, { 9, "AGGREGATE", aggregate }, { 10, "SQL", sql }, { 11, "LOCAL_RELATION", sp_planner_local },
    { 12, "SAMPLE", sample }, { 13, "OFFSET", offset }, { 14, "DEDUPLICATE", deduplicate }, { 15, "RANGE", range },
    { 16, "SUBQUERY_ALIAS", subquery_alias }, { 17, "REPARTITION", repartition }, { 18, "TO_DF", sp_planner_sugar },
    { 19, "WITH_COLUMNS_RENAMED", sp_planner_sugar }, { 20, "SHOW_STRING", sp_planner_sugar }, { 21, "DROP", sp_planner_sugar }, { 22, "TAIL", tail },
    { 23, "WITH_COLUMNS", sp_planner_sugar }, { 24, "HINT", sp_planner_sugar }, { 25, "UNPIVOT", sp_planner_sugar },
    { 26, "TO_SCHEMA", sp_planner_sugar }, { 27, "REPARTITION_BY_EXPRESSION", repartition_by }, { 28, "MAP_PARTITIONS", sp_planner_sugar },
    { 29, "COLLECT_METRICS", collect_metrics }, { 30, "PARSE", NULL }, { 31, "GROUP_MAP", sp_planner_sugar }, { 32, "CO_GROUP_MAP", sp_planner_sugar },
    { 33, "WITH_WATERMARK", watermark }, { 34, "APPLY_IN_PANDAS_WITH_STATE", sp_planner_sugar }, { 35, "HTML_STRING", sp_planner_sugar },
    { 36, "CACHED_LOCAL_RELATION", sp_planner_local }, { 37, "CACHED_REMOTE_RELATION", cached_remote },
    { 38, "COMMON_INLINE_USER_DEFINED_TABLE_FUNCTION", sp_planner_sugar }, { 39, "AS_OF_JOIN", NULL },
    { 40, "COMMON_INLINE_USER_DEFINED_DATA_SOURCE", sp_planner_sugar }, { 41, "WITH_RELATIONS", with_relations }, { 42, "TRANSPOSE", sp_planner_sugar },
    { 43, "UNRESOLVED_TABLE_VALUED_FUNCTION", table_function }, { 44, "LATERAL_JOIN", lateral_join },
    { 45, "CHUNKED_CACHED_LOCAL_RELATION", sp_planner_local }, { 46, "RELATION_CHANGES", NULL }, { 47, "NEAREST_BY_JOIN", NULL },
    { 90, "FILL_NA", sp_planner_stat }, { 91, "DROP_NA", sp_planner_stat }, { 92, "REPLACE", sp_planner_stat }, { 100, "SUMMARY", sp_planner_stat },
    { 101, "CROSSTAB", sp_planner_stat }, { 102, "DESCRIBE", sp_planner_stat }, { 103, "COV", sp_planner_stat }, { 104, "CORR", sp_planner_stat },
    { 105, "APPROX_QUANTILE", sp_planner_stat }, { 106, "FREQ_ITEMS", sp_planner_stat }, { 107, "SAMPLE_BY", sp_planner_stat }, { 200, "CATALOG", catalog },
    { 300, "ML_RELATION", NULL }, { 999, "UNKNOWN", NULL },
};

static sp_status run_rule(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].number == (int)m->rel_type_case)
            return rules[i].run ? rules[i].run(p, m, out, err)
                                : sp_planner_not_supported(err, "spark.connect.Relation.rel_type", rules[i].name, rules[i].number);
    if (m->rel_type_case == SPARK__CONNECT__RELATION__REL_TYPE_EXTENSION)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NO_HANDLER_FOR_EXTENSION, "extensionTypeUrl", m->extension->type_url ? m->extension->type_url : "");
    return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Relation", "name", "rel_type");
}

sp_status sp_planner_relation(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    if (!m)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Relation", "name", "rel_type");
    if (p->depth >= RELATION_DEPTH_MAX)
        return sp_error_plain(err, SP_EXC_ANALYSIS, "The plan is nested more than %d levels deep", RELATION_DEPTH_MAX);
    p->depth++;
    sp_status status = run_rule(p, m, out, err);
    p->depth--;
    if (status == SP_OK && m->common) {
        if (m->common->has_plan_id)
            (*out)->plan_id = m->common->plan_id;
        sp_planner_origin(m->common->origin, &(*out)->origin);
    }
    return status;
}
