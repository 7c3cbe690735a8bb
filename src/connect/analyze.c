/* analyze.c -- AnalyzePlan: questions about a plan that run nothing (SparkConnectAnalyzeHandler, Spark 4.3).
 *
 * Two plans mean the same when their analyzed trees are printed alike once expression ids are numbered by first appearance. */
#include "connect/connect_int.h"

typedef Spark__Connect__AnalyzePlanRequest request;
typedef Spark__Connect__AnalyzePlanResponse response;

/* ---- plans ---- */

static sp_status relation_plan(sp_request *r, const pb_relation *relation, sp_plan **unresolved, sp_error *err)
{
    const sp_expr_conf *conf;
    sp_planner p;
    SP_TRY(sp_session_expr_conf(r->client->session, r->arena, &conf, err));
    sp_planner_for(&p, r->client, r->arena, conf);
    return sp_planner_relation(&p, relation, unresolved, err);
}

static sp_status analyzed_relation(sp_request *r, const pb_relation *relation, sp_plan **out, sp_error *err)
{
    sp_plan *plan;
    SP_TRY(relation_plan(r, relation, &plan, err));
    return sp_session_analyze(r->client->session, r->arena, plan, out, err);
}

static sp_status root_of(sp_request *r, Spark__Connect__Plan *plan, const pb_relation **out, sp_error *err)
{
    SP_TRY(sp_plain_plan(r->arena, plan, err));
    *out = plan && plan->op_type_case == SPARK__CONNECT__PLAN__OP_TYPE_ROOT ? plan->root : NULL;
    return *out ? SP_OK : SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Plan", "name", "op_type");
}

static sp_status analyzed_plan(sp_request *r, Spark__Connect__Plan *plan, sp_plan **out, sp_error *err)
{
    const pb_relation *root;
    SP_TRY(root_of(r, plan, &root, err));
    return analyzed_relation(r, root, out, err);
}

/* The analyzed tree's text with ids #0, #1 ... by first appearance; NUL-terminated in the arena. */
static sp_status semantic_text(sp_request *r, const sp_plan *analyzed, const char **out, sp_error *err)
{
    sp_buf text = { 0 }, norm = { 0 };
    sp_strmap ids = { 0 };
    sp_status status = SP_OK;
    sp_plan_string(&text, analyzed);
    const char *p = sp_buf_cstr(&text), *end = p + text.len;
    while (p < end && status == SP_OK) {
        const char *q = p + 1;
        while (*p == '#' && q < end && *q >= '0' && *q <= '9')
            q++;
        if (q == p + 1) {
            sp_buf_putc(&norm, *p++);
            continue;
        }
        sp_str id = { p, (size_t)(q - p) };
        uintptr_t known = (uintptr_t)sp_strmap_get(&ids, id);
        if (!known) {
            known = sp_strmap_size(&ids) + 1;
            status = sp_strmap_put(&ids, id, (void *)known, err);
        }
        sp_buf_printf(&norm, "#%zu", (size_t)known - 1);
        p = q;
    }
    if (status == SP_OK && !(*out = sp_arena_strdup(r->arena, sp_buf_cstr(&norm), err)))
        status = SP_FAILED;
    sp_buf_done(&text);
    sp_buf_done(&norm);
    sp_strmap_done(&ids);
    return status;
}

/* ---- one function a question ---- */

#define ANSWER(out, member, UPPER, init) \
    do { \
        SP_NEW((out)->member, r->arena, sizeof *(out)->member, err); \
        init((out)->member); \
        (out)->result_case = SPARK__CONNECT__ANALYZE_PLAN_RESPONSE__RESULT_##UPPER; \
    } while (0)

static sp_status schema(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    SP_TRY(analyzed_plan(r, m->schema->plan, &plan, err));
    const sp_type *t = sp_plan_schema(r->arena, plan, err);
    ANSWER(out, schema, SCHEMA, spark__connect__analyze_plan_response__schema__init);
    return t && (out->schema->schema = sp_type_to_proto(r->arena, t, err)) ? SP_OK : SP_FAILED;
}

static sp_status explain(sp_request *r, const request *m, response *out, sp_error *err)
{
    static const char *const modes[] = { "simple", "simple", "extended", "codegen", "cost", "formatted" };
    const pb_relation *root;
    sp_plan *plan;
    sp_buf text = { 0 };
    SP_TRY(root_of(r, m->explain->plan, &root, err));
    SP_TRY(relation_plan(r, root, &plan, err));
    const char *mode = (unsigned)m->explain->explain_mode < 6 ? modes[m->explain->explain_mode] : "simple";
    ANSWER(out, explain, EXPLAIN, spark__connect__analyze_plan_response__explain__init);
    sp_status status = sp_session_explain(r->client->session, r->arena, plan, mode, &text, err);
    if (status == SP_OK && !(out->explain->explain_string = sp_arena_strdup(r->arena, sp_buf_cstr(&text), err)))
        status = SP_FAILED;
    sp_buf_done(&text);
    return status;
}

static sp_status tree_string(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    sp_buf text = { 0 };
    SP_TRY(analyzed_plan(r, m->tree_string->plan, &plan, err));
    const sp_type *t = sp_plan_schema(r->arena, plan, err);
    if (!t)
        return SP_FAILED;
    sp_type_tree(&text, t, m->tree_string->has_level ? m->tree_string->level : 0);
    ANSWER(out, tree_string, TREE_STRING, spark__connect__analyze_plan_response__tree_string__init);
    out->tree_string->tree_string = sp_arena_strdup(r->arena, sp_buf_cstr(&text), err);
    sp_buf_done(&text);
    return out->tree_string->tree_string ? SP_OK : SP_FAILED;
}

static sp_status is_local(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    SP_TRY(analyzed_plan(r, m->is_local->plan, &plan, err));
    ANSWER(out, is_local, IS_LOCAL, spark__connect__analyze_plan_response__is_local__init);
    out->is_local->is_local = plan->kind == SP_P_LOCAL || plan->kind == SP_P_COMMAND;
    return SP_OK;
}

static sp_status is_streaming(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    SP_TRY(analyzed_plan(r, m->is_streaming->plan, &plan, err));
    ANSWER(out, is_streaming, IS_STREAMING, spark__connect__analyze_plan_response__is_streaming__init);
    out->is_streaming->is_streaming = plan->is_streaming;
    return SP_OK;
}

/* ---- files ---- */

typedef struct { sp_request *r; char **names; size_t n, cap; } file_list;

static sp_status add_file(file_list *l, const char *path, sp_error *err)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        char **more;
        SP_NEW_ARRAY(more, l->r->arena, cap, err);
        if (l->n)
            memcpy(more, l->names, sizeof *more * l->n);
        l->names = more;
        l->cap = cap;
    }
    return (l->names[l->n++] = sp_arena_printf(l->r->arena, err, "file://%s", path)) ? SP_OK : SP_FAILED;
}

static sp_status add_path(file_list *l, const char *path, int depth, sp_error *err)
{
    sp_world *w = l->r->service->world;
    sp_stat st;
    bool exists;
    sp_dir_entry *entries;
    size_t count;
    SP_TRY(sp_file_stat(w, path, &st, &exists, err));
    if (!exists || depth > 32)
        return SP_OK;
    if (!st.is_dir)
        return add_file(l, path, err);
    SP_TRY(sp_dir_list(w, path, false, l->r->arena, &entries, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (entries[i].name[0] == '.' || entries[i].name[0] == '_')
            continue;
        const char *inner = sp_arena_printf(l->r->arena, err, "%s/%s", path, entries[i].name);
        if (!inner)
            return SP_FAILED;
        SP_TRY(add_path(l, inner, depth + 1, err));
    }
    return SP_OK;
}

static sp_status add_scans(file_list *l, const sp_plan *p, sp_error *err)
{
    for (int i = 0; p->kind == SP_P_SOURCE && p->scan && p->scan->file_format && i < p->scan->path_count; i++) {
        const char *path = sp_arena_strndup(l->r->arena, p->scan->paths[i].p, p->scan->paths[i].n, err);
        if (!path)
            return SP_FAILED;
        SP_TRY(add_path(l, path, 0, err));
    }
    for (int i = 0; i < p->child_count; i++)
        SP_TRY(add_scans(l, p->children[i], err));
    return SP_OK;
}

static sp_status input_files(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    file_list l = { .r = r };
    SP_TRY(analyzed_plan(r, m->input_files->plan, &plan, err));
    SP_TRY(add_scans(&l, plan, err));
    ANSWER(out, input_files, INPUT_FILES, spark__connect__analyze_plan_response__input_files__init);
    out->input_files->files = l.names;
    out->input_files->n_files = l.n;
    return SP_OK;
}

/* ---- versions, types ---- */

static sp_status spark_version(sp_request *r, const request *m, response *out, sp_error *err)
{
    ANSWER(out, spark_version, SPARK_VERSION, spark__connect__analyze_plan_response__spark_version__init);
    out->spark_version->version = SP_SPARK_VERSION;
    return SP_OK;
}

static sp_status ddl_parse(sp_request *r, const request *m, response *out, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_type_parse(r->arena, sp_str_of(m->ddl_parse->ddl_string ? m->ddl_parse->ddl_string : ""), &t, err));
    ANSWER(out, ddl_parse, DDL_PARSE, spark__connect__analyze_plan_response__ddlparse__init);
    return (out->ddl_parse->parsed = sp_type_to_proto(r->arena, t, err)) ? SP_OK : SP_FAILED;
}

static sp_status json_to_ddl(sp_request *r, const request *m, response *out, sp_error *err)
{
    const sp_type *t;
    sp_buf text = { 0 };
    const char *json = m->json_to_ddl->json_string ? m->json_to_ddl->json_string : "";
    SP_TRY(sp_type_from_json(r->arena, sp_str_of(json), &t, err));
    if (t->kind != SP_STRUCT)
        return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_SCHEMA_NON_STRUCT_TYPE, "inputSchema", json, "dataType", sp_type_sql_quoted(r->arena, t));
    sp_type_ddl(&text, t);
    ANSWER(out, json_to_ddl, JSON_TO_DDL, spark__connect__analyze_plan_response__json_to_ddl__init);
    out->json_to_ddl->ddl_string = sp_arena_strdup(r->arena, sp_buf_cstr(&text), err);
    sp_buf_done(&text);
    return out->json_to_ddl->ddl_string ? SP_OK : SP_FAILED;
}

/* ---- sameness ---- */

static sp_status same_semantics(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *a, *b;
    const char *ta, *tb;
    SP_TRY(analyzed_plan(r, m->same_semantics->target_plan, &a, err));
    SP_TRY(analyzed_plan(r, m->same_semantics->other_plan, &b, err));
    SP_TRY(semantic_text(r, a, &ta, err));
    SP_TRY(semantic_text(r, b, &tb, err));
    ANSWER(out, same_semantics, SAME_SEMANTICS, spark__connect__analyze_plan_response__same_semantics__init);
    out->same_semantics->result = strcmp(ta, tb) == 0;
    return SP_OK;
}

static sp_status semantic_hash(sp_request *r, const request *m, response *out, sp_error *err)
{
    sp_plan *plan;
    const char *text;
    SP_TRY(analyzed_plan(r, m->semantic_hash->plan, &plan, err));
    SP_TRY(semantic_text(r, plan, &text, err));
    ANSWER(out, semantic_hash, SEMANTIC_HASH, spark__connect__analyze_plan_response__semantic_hash__init);
    out->semantic_hash->result = (int32_t)sp_murmur3_bytes(text, strlen(text), 42);
    return SP_OK;
}

/* ---- storage levels: nothing is cached, but what was asked for is remembered ---- */

typedef struct { bool disk, memory, off_heap, deserialized; int32_t replication; } level;

static sp_status level_key(sp_request *r, const pb_relation *relation, const char **out, sp_error *err)
{
    sp_plan *plan;
    SP_TRY(analyzed_relation(r, relation, &plan, err));
    SP_TRY(sp_plan_check_batch(plan, err));
    return semantic_text(r, plan, out, err);
}

static sp_status persist(sp_request *r, const request *m, response *out, sp_error *err)
{
    const Spark__Connect__StorageLevel *s = m->persist->storage_level;
    const char *key;
    SP_TRY(level_key(r, m->persist->relation, &key, err));
    level *l = sp_malloc(sizeof *l);
    if (!l)
        return sp_error_memory(err, "a storage level");
    *l = s ? (level){ s->use_disk, s->use_memory, s->use_off_heap, s->deserialized, s->replication } : (level){ true, true, false, true, 1 };
    sp_mutex_lock(&r->client->lock);
    void *old = sp_strmap_get(&r->client->levels, sp_str_of(key));
    sp_status status = old ? SP_OK : sp_strmap_put(&r->client->levels, sp_str_of(key), l, err);   /* as Spark: the first one stays */
    sp_mutex_unlock(&r->client->lock);
    if (old || status == SP_FAILED)
        sp_free(l);
    ANSWER(out, persist, PERSIST, spark__connect__analyze_plan_response__persist__init);
    return status;
}

static sp_status unpersist(sp_request *r, const request *m, response *out, sp_error *err)
{
    const char *key;
    SP_TRY(level_key(r, m->unpersist->relation, &key, err));
    sp_mutex_lock(&r->client->lock);
    sp_free(sp_strmap_remove(&r->client->levels, sp_str_of(key)));
    sp_mutex_unlock(&r->client->lock);
    ANSWER(out, unpersist, UNPERSIST, spark__connect__analyze_plan_response__unpersist__init);
    return SP_OK;
}

static sp_status get_storage_level(sp_request *r, const request *m, response *out, sp_error *err)
{
    const char *key;
    level l = { .replication = 1 };
    SP_TRY(level_key(r, m->get_storage_level->relation, &key, err));
    sp_mutex_lock(&r->client->lock);
    const level *known = sp_strmap_get(&r->client->levels, sp_str_of(key));
    if (known)
        l = *known;
    sp_mutex_unlock(&r->client->lock);
    ANSWER(out, get_storage_level, GET_STORAGE_LEVEL, spark__connect__analyze_plan_response__get_storage_level__init);
    Spark__Connect__StorageLevel *s;
    SP_NEW(s, r->arena, sizeof *s, err);
    spark__connect__storage_level__init(s);
    s->use_disk = l.disk;
    s->use_memory = l.memory;
    s->use_off_heap = l.off_heap;
    s->deserialized = l.deserialized;
    s->replication = l.replication;
    out->get_storage_level->storage_level = s;
    return SP_OK;
}

/* ---- the table ---- */

static const struct { int number; sp_status (*run)(sp_request *r, const request *m, response *out, sp_error *err); } questions[] = {
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SCHEMA, schema },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_EXPLAIN, explain },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_TREE_STRING, tree_string },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_IS_LOCAL, is_local },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_IS_STREAMING, is_streaming },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_INPUT_FILES, input_files },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SPARK_VERSION, spark_version },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_DDL_PARSE, ddl_parse },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SAME_SEMANTICS, same_semantics },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SEMANTIC_HASH, semantic_hash },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_PERSIST, persist },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_UNPERSIST, unpersist },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_GET_STORAGE_LEVEL, get_storage_level },
    { SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_JSON_TO_DDL, json_to_ddl },
};

sp_status sp_handle_analyze(sp_request *r, sp_error *err)
{
    const request *m = (const void *)r->message;
    response *out;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, true,
                         &r->client, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__analyze_plan_response__init(out);
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (questions[i].number == (int)m->analyze_case) {
            SP_TRY(questions[i].run(r, m, out, err));
            r->response = &out->base;
            return SP_OK;
        }
    return SP_FAIL(err, CONNECT_INVALID_PLAN__UNKNOWN_ANALYZE_METHOD, "other", "ANALYZE_NOT_SET");
}
