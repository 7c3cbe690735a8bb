/* command.c -- commands of ExecutePlan: a table of their kinds; views, writers, checkpoints here, SQL in command_sql.c, streams in
 * command_stream.c and listener.c (SparkConnectPlanner.process, Spark 4.3). */
#include "connect/connect_int.h"
#include "connect/planner_int.h"

/* ---- views ---- */

static sp_status view_name(sp_operation *op, const char *name, sp_str *out, sp_error *err)
{
    const sp_expr_conf *conf;
    sp_str *parts;
    int count;
    SP_TRY(sp_session_expr_conf(op->client->session, op->arena, &conf, err));
    SP_TRY(sp_sql_parse_identifier(op->arena, conf, pb_str(name), &parts, &count, err));
    if (count > 1)
        return SP_FAIL(err, TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS, "actualName", sp_error_format(err, "`%s`", name));
    *out = parts[0];
    return SP_OK;
}

/* The analyzed plan becomes the view; its arena, which holds the request too, goes with it. */
static sp_status create_view(sp_operation *op, const Spark__Connect__Command *c, sp_error *err)
{
    const Spark__Connect__CreateDataFrameViewCommand *v = c->create_dataframe_view;
    sp_plan *plan, *analyzed;
    sp_str name;
    SP_TRY(sp_operation_plan(op, op->arena, v->input, &plan, err));
    SP_TRY(sp_session_analyze(op->client->session, op->arena, plan, &analyzed, err));
    SP_TRY(view_name(op, v->name, &name, err));
    SP_TRY(sp_session_create_view(op->client->session, op->arena, analyzed, name, v->is_global, v->replace, err));
    op->arena = NULL;
    op->request = NULL;
    return SP_OK;
}

/* ---- writers ---- */

static sp_status write(sp_operation *op, const Spark__Connect__Command *c, sp_error *err)
{
    static const int modes[] = { 2, 0, 1, 2, 3 };   /* SaveMode -> sp_write_spec.mode; unspecified is error-if-exists */
    const Spark__Connect__WriteOperation *m = c->write_operation;
    sp_planner p = { .arena = op->arena };
    sp_plan *plan;
    sp_write_spec w = { .format = pb_str(m->source), .mode = (unsigned)m->mode < 5 ? modes[m->mode] : 2 };
    if (m->bucket_by || m->n_sort_column_names || m->n_clustering_columns)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "bucketBy, sortBy and clusterBy are not supported by Spate's writers");
    SP_TRY(sp_operation_plan(op, op->arena, m->input, &plan, err));
    w.input = plan;
    sp_str *columns;
    SP_TRY(sp_planner_strings(&p, m->n_partitioning_columns, m->partitioning_columns, &columns, &w.partition_column_count, err));
    w.partition_columns = columns;
    SP_TRY(SP_PLANNER_OPTIONS(op->arena, m->n_options, m->options, &w.options, err));
    if (m->save_type_case == SPARK__CONNECT__WRITE_OPERATION__SAVE_TYPE_PATH)
        w.path = pb_str(m->path);
    else if (m->save_type_case == SPARK__CONNECT__WRITE_OPERATION__SAVE_TYPE_TABLE)
        w.table = pb_str(m->table->table_name);
    return sp_session_write(op->client->session, op->arena, &w, &op->cancelled, err);
}

static sp_status run_quietly(sp_operation *op, sp_command *command, sp_error *err)
{
    const sp_type *schema;
    sp_batch *batches;
    int count;
    sp_plan *plan = sp_plan_new(op->arena, SP_P_COMMAND, NULL, 0, err);
    if (!plan)
        return SP_FAILED;
    plan->command = command;
    return sp_execute_collect(op->client->session, op->arena, plan, &op->cancelled, &schema, &batches, &count, err);
}

static sp_status properties(sp_operation *op, size_t n, const sp_planner_pair *pairs, sp_sql_property **out, int *count, sp_error *err)
{
    SP_NEW_ARRAY(*out, op->arena, n + 1, err);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = (sp_sql_property){ .key = pb_str(pairs[i].key), .value = pb_str(pairs[i].value), .has_value = true };
    *count = (int)n;
    return SP_OK;
}

static sp_status pairs_of_v2(sp_operation *op, const Spark__Connect__WriteOperationV2 *m, sp_command *k, sp_error *err)
{
    sp_planner_pair *list;
    SP_NEW_ARRAY(list, op->arena, m->n_options + m->n_table_properties + 1, err);
    for (size_t i = 0; i < m->n_options; i++)
        list[i] = (sp_planner_pair){ m->options[i]->key, m->options[i]->value };
    SP_TRY(properties(op, m->n_options, list, &k->options, &k->option_count, err));
    for (size_t i = 0; i < m->n_table_properties; i++)
        list[i] = (sp_planner_pair){ m->table_properties[i]->key, m->table_properties[i]->value };
    return properties(op, m->n_table_properties, list, &k->properties, &k->property_count, err);
}

/* DataFrameWriterV2: the SQL statements CREATE TABLE AS SELECT and INSERT, without their text. */
static sp_status write_v2(sp_operation *op, const Spark__Connect__Command *c, sp_error *err)
{
    const Spark__Connect__WriteOperationV2 *m = c->write_operation_v2;
    const sp_expr_conf *conf;
    sp_planner p;
    sp_command *k;
    SP_NEW(k, op->arena, sizeof *k, err);
    SP_TRY(sp_session_expr_conf(op->client->session, op->arena, &conf, err));
    sp_planner_for(&p, op->client, op->arena, conf);
    SP_TRY(sp_planner_relation(&p, m->input, &k->query, err));
    SP_TRY(sp_sql_parse_identifier(op->arena, conf, pb_str(m->table_name), &k->name, &k->name_count, err));
    SP_TRY(pairs_of_v2(op, m, k, err));
    k->provider = m->provider ? sp_str_of(m->provider) : (sp_str){ 0 };
    k->kind = SP_C_CREATE_TABLE;
    switch ((int)m->mode) {
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_CREATE: break;
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_REPLACE:
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_CREATE_OR_REPLACE: k->replace = true; break;
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_APPEND:
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_OVERWRITE:
    case SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_OVERWRITE_PARTITIONS:
        k->kind = SP_C_INSERT;
        k->by_name = true;
        k->overwrite = m->mode != SPARK__CONNECT__WRITE_OPERATION_V2__MODE__MODE_APPEND;
        if (m->overwrite_condition)
            SP_TRY(sp_planner_expression(&p, m->overwrite_condition, &k->expr, err));
        break;
    default:
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ENUM, "fullName", "spark.connect.WriteOperationV2.Mode", "name", "MODE_UNSPECIFIED", "number", "0");
    }
    return run_quietly(op, k, err);
}

/* ---- relations kept on the server ---- */

static sp_status keep_relation(sp_client *c, sp_arena *a, const sp_plan *plan, char id[37], sp_error *err)
{
    sp_kept_relation *r = sp_malloc(sizeof *r);
    if (!r)
        return sp_error_memory(err, "a checkpoint");
    *r = (sp_kept_relation){ a, plan };
    sp_uuid(c->service->world, id);
    sp_mutex_lock(&c->lock);
    sp_status status = c->closed ? SP_FAIL(err, INVALID_HANDLE__SESSION_CLOSED, "handle", c->id) : sp_strmap_put(&c->relations, sp_str_of(id), r, err);
    sp_mutex_unlock(&c->lock);
    if (status == SP_FAILED)
        sp_free(r);
    return status;
}

/* checkpoint() and localCheckpoint(), eager or not: the rows are computed now and kept in memory until the client lets go of them. */
sp_status sp_command_checkpoint(sp_operation *op, const Spark__Connect__CheckpointCommand *k, sp_error *err)
{
    char id[37];
    sp_plan *plan, *local = NULL;
    sp_arena *a = sp_arena_new("checkpoint", 0);
    sp_status status = a ? sp_operation_plan(op, a, k->relation, &plan, err) : sp_error_memory(err, "a checkpoint");
    if (status == SP_OK && !(local = sp_plan_new(a, SP_P_LOCAL, NULL, 0, err)))
        status = SP_FAILED;
    if (status == SP_OK)
        status = sp_execute_collect(op->client->session, a, plan, &op->cancelled, &local->schema, &local->batches, &local->batch_count, err);
    if (status == SP_OK)
        status = keep_relation(op->client, a, local, id, err);
    if (status == SP_FAILED) {
        sp_arena_free(a);
        return SP_FAILED;
    }
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__CheckpointCommandResult r = SPARK__CONNECT__CHECKPOINT_COMMAND_RESULT__INIT;
    Spark__Connect__CachedRemoteRelation remote = SPARK__CONNECT__CACHED_REMOTE_RELATION__INIT;
    remote.relation_id = id;
    r.relation = &remote;
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_CHECKPOINT_COMMAND_RESULT;
    m.checkpoint_command_result = &r;
    return sp_operation_send(op, &m, NULL, 0, NULL, err);
}

static sp_status remove_relation(sp_operation *op, const Spark__Connect__RemoveCachedRemoteRelationCommand *k)
{
    sp_client *c = op->client;
    sp_mutex_lock(&c->lock);
    sp_kept_relation *r = k->relation ? sp_strmap_remove(&c->relations, pb_str(k->relation->relation_id)) : NULL;
    sp_mutex_unlock(&c->lock);
    if (r)
        sp_arena_free(r->arena);
    sp_free(r);
    return SP_OK;
}

/* ---- small ones ---- */

static sp_status resources(sp_operation *op, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__GetResourcesCommandResult r = SPARK__CONNECT__GET_RESOURCES_COMMAND_RESULT__INIT;
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_GET_RESOURCES_COMMAND_RESULT;
    m.get_resources_command_result = &r;
    return sp_operation_send(op, &m, NULL, 0, NULL, err);
}

/* There are no models, so that emptying their cache, which every client does as it leaves, is done. */
static sp_status ml(sp_operation *op, const Spark__Connect__MlCommand *m, sp_error *err)
{
    op->linger = m->command_case == SPARK__CONNECT__ML_COMMAND__COMMAND_CLEAN_CACHE;
    if (op->linger || m->command_case == SPARK__CONNECT__ML_COMMAND__COMMAND_DELETE)
        return SP_OK;
    return sp_planner_not_supported(err, "spark.connect.Command.command_type", "ML_COMMAND", 17);
}

static sp_status register_function(const Spark__Connect__CommonInlineUserDefinedFunction *f, sp_error *err)
{
    if (f->function_case == SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_PYTHON_UDF)
        return sp_planner_python(err, "A Python function", f->function_name);
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Functions of the Java virtual machine cannot run in Spate (function `%s`)",
                          f->function_name ? f->function_name : "");
}

static sp_status refuse(const Spark__Connect__Command *c, sp_error *err)
{
    static const struct { int number; const char *name; } names[] = {
        { 13, "CREATE_RESOURCE_PROFILE_COMMAND" }, { 16, "MERGE_INTO_TABLE_COMMAND" }, { 18, "EXECUTE_EXTERNAL_COMMAND" }, { 19, "PIPELINE_COMMAND" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == (int)c->command_type_case)
            return sp_planner_not_supported(err, "spark.connect.Command.command_type", names[i].name, names[i].number);
    if (c->command_type_case == SPARK__CONNECT__COMMAND__COMMAND_TYPE_EXTENSION)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NO_HANDLER_FOR_EXTENSION, "extensionTypeUrl", c->extension->type_url ? c->extension->type_url : "");
    return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Command", "name", "command_type");
}

sp_status sp_execute_command(sp_operation *op, const Spark__Connect__Command *c, bool *goes_on, sp_error *err)
{
    switch ((int)c->command_type_case) {
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_CREATE_DATAFRAME_VIEW: return create_view(op, c, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_WRITE_OPERATION: return write(op, c, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_WRITE_OPERATION_V2: return write_v2(op, c, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_SQL_COMMAND: return sp_command_sql(op, c->sql_command, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_WRITE_STREAM_OPERATION_START: return sp_command_write_stream(op, c->write_stream_operation_start, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_STREAMING_QUERY_COMMAND: return sp_command_query(op, c->streaming_query_command, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_STREAMING_QUERY_MANAGER_COMMAND: return sp_command_manager(op, c->streaming_query_manager_command, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_STREAMING_QUERY_LISTENER_BUS_COMMAND:
        return sp_command_bus(op, c->streaming_query_listener_bus_command, goes_on, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_CHECKPOINT_COMMAND: return sp_command_checkpoint(op, c->checkpoint_command, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_REMOVE_CACHED_REMOTE_RELATION_COMMAND:
        return remove_relation(op, c->remove_cached_remote_relation_command);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_GET_RESOURCES_COMMAND: return resources(op, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_ML_COMMAND: return ml(op, c->ml_command, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_REGISTER_FUNCTION: return register_function(c->register_function, err);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_REGISTER_TABLE_FUNCTION:
        return sp_planner_python(err, "A Python table function", c->register_table_function->function_name);
    case SPARK__CONNECT__COMMAND__COMMAND_TYPE_REGISTER_DATA_SOURCE: return sp_planner_python(err, "A Python data source", c->register_data_source->name);
    default: return refuse(c, err);
    }
}
