/* planner_local.c -- rows that come with the plan: LocalRelation (Arrow IPC and a schema), whole or cached as artifacts by their hash.
 *
 * As SparkConnectPlanner.transformLocalRelation: the Arrow schema says the types; a schema sent beside it renames the columns (toDF) and casts
 * them (Dataset.to). A cached relation is a serialized LocalRelation under its hash; a chunked one is IPC streams and a schema, each under its own. */
#include "connect/planner_int.h"
#include "connect/protodepth.h"

static sp_status with_schema(sp_planner *p, sp_plan *local, const sp_type *schema, sp_plan **out, sp_error *err)
{
    if (schema->field_count != local->schema->field_count)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                              "requirement failed: The number of columns doesn't match.\nOld column names (%d)\nNew column names (%d)",
                              local->schema->field_count, schema->field_count);
    sp_plan *named = sp_plan_new(p->arena, SP_P_TO_DF, &local, 1, err);
    if (!named)
        return SP_FAILED;
    SP_NEW_ARRAY(named->new_names, p->arena, schema->field_count + 1, err);
    named->new_name_count = schema->field_count;
    for (int i = 0; i < schema->field_count; i++)
        named->new_names[i] = schema->fields[i].name;
    *out = sp_plan_new(p->arena, SP_P_TO_SCHEMA, &named, 1, err);
    if (!*out)
        return SP_FAILED;
    (*out)->schema = schema;
    return SP_OK;
}

static sp_status parse_schema(sp_planner *p, sp_str text, const sp_type **out, sp_error *err)
{
    *out = NULL;
    if (!text.n)
        return SP_OK;
    SP_TRY(sp_type_parse(p->arena, text, out, err));
    if ((*out)->kind == SP_STRUCT)
        return SP_OK;
    const char *written = sp_arena_strndup(p->arena, text.p, text.n, err);
    return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_SCHEMA_NON_STRUCT_TYPE, "inputSchema", written ? written : "", "dataType",
                   sp_type_sql_quoted(p->arena, *out));
}

/* chunks: whole IPC streams of one schema. */
static sp_status local(sp_planner *p, const sp_str *chunks, size_t n, sp_str schema_text, sp_plan **out, sp_error *err)
{
    const sp_type *schema;
    sp_plan *l = sp_plan_new(p->arena, SP_P_LOCAL, NULL, 0, err);
    if (!l)
        return SP_FAILED;
    *out = l;
    SP_TRY(parse_schema(p, schema_text, &schema, err));
    if (n == 0) {
        if (!schema)
            return SP_FAIL(err, CONNECT_INVALID_PLAN__SCHEMA_REQUIRED_FOR_LOCAL_RELATION);
        l->schema = schema;
        return SP_OK;
    }
    sp_batch **lists;
    int *counts, total = 0;
    SP_NEW_ARRAY(lists, p->arena, n, err);
    SP_NEW_ARRAY(counts, p->arena, n, err);
    for (size_t i = 0; i < n; i++) {
        const sp_type *own;
        SP_TRY(sp_ipc_read(chunks[i], p->arena, &own, &lists[i], &counts[i], err));
        if (!l->schema)
            l->schema = own;
        else if (!sp_type_same(l->schema, own))
            return SP_FAIL(err, CONNECT_INVALID_PLAN__ASSERTION_FAILURE, "message", "The chunks of a cached local relation differ in their schema");
        total += counts[i];
    }
    SP_NEW_ARRAY(l->batches, p->arena, total + 1, err);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < counts[i]; k++)
            l->batches[l->batch_count++] = lists[i][k];
    return schema ? with_schema(p, l, schema, out, err) : SP_OK;
}

static sp_status plain(sp_planner *p, const Spark__Connect__LocalRelation *m, sp_plan **out, sp_error *err)
{
    sp_str data = { (const char *)m->data.data, m->data.len };
    return local(p, &data, data.n ? 1 : 0, pb_str(m->schema), out, err);
}

static sp_status artifact(sp_planner *p, const char *hash, bool chunk, sp_str *out, sp_error *err)
{
    sp_error_reset(err);
    if (p->artifact && p->artifact(p->context, hash ? hash : "", p->arena, out, err))
        return SP_OK;
    if (err && sp_error_is_set(err))
        return SP_FAILED;
    if (chunk)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__NOT_FOUND_CHUNKED_CACHED_LOCAL_RELATION, "hash", hash ? hash : "", "sessionUUID", "");
    return SP_FAIL(err, CONNECT_INVALID_PLAN__NOT_FOUND_CACHED_LOCAL_RELATION, "hash", hash ? hash : "", "sessionUUID", "");
}

static sp_status cached(sp_planner *p, const Spark__Connect__CachedLocalRelation *m, sp_plan **out, sp_error *err)
{
    sp_str bytes;
    ProtobufCMessage *relation;
    SP_TRY(artifact(p, m->hash, false, &bytes, err));
    SP_TRY(sp_proto_unpack(&spark__connect__local_relation__descriptor, (const uint8_t *)bytes.p, bytes.n, NULL, p->arena, &relation, err));
    return plain(p, (const Spark__Connect__LocalRelation *)relation, out, err);
}

static sp_status chunked(sp_planner *p, const Spark__Connect__ChunkedCachedLocalRelation *m, sp_plan **out, sp_error *err)
{
    sp_str *chunks, schema = { 0 };
    if (!m->n_datahashes)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__CHUNKED_CACHED_LOCAL_RELATION_WITHOUT_DATA);
    SP_NEW_ARRAY(chunks, p->arena, m->n_datahashes, err);
    for (size_t i = 0; i < m->n_datahashes; i++)
        SP_TRY(artifact(p, m->datahashes[i], true, &chunks[i], err));
    if (pb_has(m->schemahash))
        SP_TRY(artifact(p, m->schemahash, true, &schema, err));
    return local(p, chunks, m->n_datahashes, schema, out, err);
}

sp_status sp_planner_local(sp_planner *p, const pb_relation *m, sp_plan **out, sp_error *err)
{
    switch ((int)m->rel_type_case) {
    case SPARK__CONNECT__RELATION__REL_TYPE_LOCAL_RELATION: return plain(p, m->local_relation, out, err);
    case SPARK__CONNECT__RELATION__REL_TYPE_CACHED_LOCAL_RELATION: return cached(p, m->cached_local_relation, out, err);
    default: return chunked(p, m->chunked_cached_local_relation, out, err);
    }
}
