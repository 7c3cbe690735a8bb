/* command_sql.c -- spark.sql(text): a command runs at once and its rows go back inside the answer, a query is checked and its text goes back, to be
 * run when the DataFrame is (SparkConnectPlanner.handleSqlCommand, Spark 4.3). */
#include "connect/connect_int.h"
#include "connect/planner_int.h"

/* SqlCommand's own fields, which older clients fill, as the relation that newer ones send. */
static void old_form(const Spark__Connect__SqlCommand *m, Spark__Connect__SQL *sql)
{
    sql->query = m->sql;
    sql->n_pos_args = m->n_pos_args;
    sql->pos_args = m->pos_args;
    sql->n_pos_arguments = m->n_pos_arguments;
    sql->pos_arguments = m->pos_arguments;
}

static sp_status old_named(sp_arena *a, const Spark__Connect__SqlCommand *m, Spark__Connect__SQL *sql, sp_error *err)
{
    sql->n_args = m->n_args;
    SP_NEW_ARRAY(sql->args, a, m->n_args + 1, err);
    for (size_t i = 0; i < m->n_args; i++) {
        SP_NEW(sql->args[i], a, sizeof *sql->args[i], err);
        spark__connect__sql__args_entry__init(sql->args[i]);
        sql->args[i]->key = m->args[i]->key;
        sql->args[i]->value = m->args[i]->value;
    }
    sql->n_named_arguments = m->n_named_arguments;
    SP_NEW_ARRAY(sql->named_arguments, a, m->n_named_arguments + 1, err);
    for (size_t i = 0; i < m->n_named_arguments; i++) {
        SP_NEW(sql->named_arguments[i], a, sizeof *sql->named_arguments[i], err);
        spark__connect__sql__named_arguments_entry__init(sql->named_arguments[i]);
        sql->named_arguments[i]->key = m->named_arguments[i]->key;
        sql->named_arguments[i]->value = m->named_arguments[i]->value;
    }
    return SP_OK;
}

/* Rows as one IPC stream; without rows a batch of none. */
static sp_status rows_as_ipc(sp_operation *op, const sp_type *schema, sp_batch *batches, int count, sp_buf *out, sp_error *err)
{
    const sp_batch **list, none = { .column_count = schema->field_count };
    sp_batch empty = none;
    SP_NEW_ARRAY(list, op->arena, count + 1, err);
    for (int i = 0; i < count; i++)
        list[i] = &batches[i];
    if (count == 0) {
        SP_NEW_ARRAY(empty.columns, op->arena, schema->field_count + 1, err);
        for (int i = 0; i < schema->field_count; i++)
            if (!(empty.columns[i] = sp_vec_new(op->arena, schema->fields[i].type, 0, err)))
                return SP_FAILED;
        list[count++] = &empty;
    }
    const char *zone = sp_session_conf(op->client->session, "spark.sql.session.timeZone", op->arena);
    return sp_ipc_write(schema, list, count, zone ? zone : "UTC", true, out, err);
}

static sp_status answer(sp_operation *op, Spark__Connect__Relation *relation, sp_error *err)
{
    Spark__Connect__ExecutePlanResponse m = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__INIT;
    Spark__Connect__ExecutePlanResponse__SqlCommandResult r = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__SQL_COMMAND_RESULT__INIT;
    r.relation = relation;
    m.response_type_case = SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_SQL_COMMAND_RESULT;
    m.sql_command_result = &r;
    return sp_operation_send(op, &m, NULL, 0, NULL, err);
}

static sp_status run_command(sp_operation *op, const sp_plan *plan, sp_error *err)
{
    const sp_type *schema = NULL;
    sp_batch *batches;
    int count;
    sp_buf ipc = { 0 };
    Spark__Connect__Relation relation = SPARK__CONNECT__RELATION__INIT;
    Spark__Connect__LocalRelation local = SPARK__CONNECT__LOCAL_RELATION__INIT;
    SP_TRY(sp_execute_collect(op->client->session, op->arena, plan, &op->cancelled, &schema, &batches, &count, err));
    if (!schema && !(schema = sp_type_struct(op->arena, NULL, 0, err)))
        return SP_FAILED;
    sp_status status = rows_as_ipc(op, schema, batches, count, &ipc, err);
    if (status == SP_OK) {
        local.has_data = true;
        local.data = (ProtobufCBinaryData){ ipc.len, (uint8_t *)ipc.data };
        relation.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_LOCAL_RELATION;
        relation.local_relation = &local;
        status = answer(op, &relation, err);
    }
    sp_buf_done(&ipc);
    return status;
}

sp_status sp_command_sql(sp_operation *op, const Spark__Connect__SqlCommand *m, sp_error *err)
{
    Spark__Connect__Relation old = SPARK__CONNECT__RELATION__INIT, *relation = m->input;
    Spark__Connect__SQL sql = SPARK__CONNECT__SQL__INIT;
    if (!relation) {
        old_form(m, &sql);
        SP_TRY(old_named(op->arena, m, &sql, err));
        old.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SQL;
        old.sql = &sql;
        relation = &old;
    }
    if (relation->rel_type_case != SPARK__CONNECT__RELATION__REL_TYPE_SQL && relation->rel_type_case != SPARK__CONNECT__RELATION__REL_TYPE_WITH_RELATIONS)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__SQL_COMMAND_EXPECTS_SQL_OR_WITH_RELATIONS, "other", "another relation");
    sp_plan *plan, *analyzed;
    SP_TRY(sp_operation_plan(op, op->arena, relation, &plan, err));
    SP_TRY(sp_session_analyze(op->client->session, op->arena, plan, &analyzed, err));
    return analyzed->kind == SP_P_COMMAND ? run_command(op, plan, err) : answer(op, relation, err);
}
