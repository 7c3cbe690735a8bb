/* planner_catalog.c -- spark.catalog: relations that ask the session's catalog or change it when they are planned, as in Spark, and hold the answer
 * as local rows (SparkConnectPlanner.transformCatalog and CatalogImpl, Spark 4.3).
 *
 * What SQL can say is asked in SQL (SHOW TABLES, USE ...); names of columns and types are those of org.apache.spark.sql.catalog. */
#include "connect/connect_int.h"
#include "connect/planner_int.h"

/* ---- answers ---- */

/* A column of an answer: its name and kind; 's' string, 'b' boolean, 'a' array of strings. Lower case: not null. */
typedef struct { const char *name; char kind; } column;
typedef struct { sp_planner *p; const column *columns; int count; sp_builder *builders[8]; const sp_type *schema; } table;

static sp_status begin(table *t, sp_planner *p, const column *columns, int count, sp_error *err)
{
    sp_field fields[8] = { 0 };
    *t = (table){ .p = p, .columns = columns, .count = count };
    const sp_type *strings = sp_type_array(p->arena, sp_type_of(SP_STRING), true, err);
    if (!strings)
        return SP_FAILED;
    for (int i = 0; i < count; i++) {
        char kind = columns[i].kind;
        fields[i].name = sp_str_of(columns[i].name);
        fields[i].type = kind == 'b' ? sp_type_of(SP_BOOLEAN) : kind == 'A' ? strings : sp_type_of(SP_STRING);
        fields[i].nullable = kind != 'b' && kind != 's';
        if (!(t->builders[i] = sp_builder_new(p->arena, fields[i].type, false, err)))
            return SP_FAILED;
    }
    t->schema = sp_type_struct(p->arena, fields, count, err);
    return t->schema ? SP_OK : SP_FAILED;
}

/* Cells of one row as texts; NULL: null; 'b': "true" or not; 'A': one element. */
static sp_status add_row(table *t, const char *const *cells, sp_error *err)
{
    for (int i = 0; i < t->count; i++) {
        sp_builder *b = t->builders[i];
        if (!cells[i]) {
            SP_TRY(sp_build_null(b, err));
        } else if (t->columns[i].kind == 'b') {
            SP_TRY(sp_build_bool(b, strcmp(cells[i], "true") == 0, err));
        } else if (t->columns[i].kind == 'A') {
            SP_TRY(sp_build_open(b, err));
            SP_TRY(sp_build_str(sp_builder_child(b, 0), sp_str_of(cells[i]), err));
            SP_TRY(sp_build_close(b, err));
        } else {
            SP_TRY(sp_build_str(b, sp_str_of(cells[i]), err));
        }
    }
    return SP_OK;
}

static sp_status finish(table *t, sp_plan **out, sp_error *err)
{
    sp_arena *a = t->p->arena;
    sp_plan *plan = sp_plan_new(a, SP_P_LOCAL, NULL, 0, err);
    if (!plan)
        return SP_FAILED;
    SP_NEW_ARRAY(plan->batches, a, 1, err);
    SP_NEW_ARRAY(plan->batches[0].columns, a, t->count, err);
    plan->schema = t->schema;
    plan->batch_count = 1;
    plan->batches[0].column_count = t->count;
    plan->batches[0].rows = plan->batches[0].sel_count = sp_builder_rows(t->builders[0]);
    for (int i = 0; i < t->count; i++)
        SP_TRY(sp_builder_take(t->builders[i], &plan->batches[0].columns[i], err));
    *out = plan;
    return SP_OK;
}

static sp_status one_cell(sp_planner *p, char kind, const char *value, sp_plan **out, sp_error *err)
{
    column c = { "value", kind };
    table t;
    SP_TRY(begin(&t, p, &c, 1, err));
    SP_TRY(add_row(&t, &value, err));
    return finish(&t, out, err);
}

static sp_status boolean(sp_planner *p, bool value, sp_plan **out, sp_error *err)
{
    return one_cell(p, 'b', value ? "true" : "false", out, err);
}

/* What commands answer: no row of a column "value". */
static sp_status nothing(sp_planner *p, sp_plan **out, sp_error *err)
{
    column c = { "value", 's' };
    table t;
    SP_TRY(begin(&t, p, &c, 1, err));
    return finish(&t, out, err);
}

/* ---- asking ---- */

typedef struct { const sp_type *schema; sp_batch *batches; int count; } rows;

static sp_status ask(sp_planner *p, const char *sql, rows *out, sp_error *err)
{
    sp_plan *plan = sp_plan_new(p->arena, SP_P_SQL, NULL, 0, err);
    if (!plan)
        return SP_FAILED;
    plan->name = sp_str_of(sql);
    return sp_execute_collect(p->session, p->arena, plan, NULL, &out->schema, &out->batches, &out->count, err);
}

/* A cell as text; NULL: null, or no such column. */
static sp_status cell(sp_planner *p, const rows *r, const sp_batch *b, uint32_t row, const char *name, const char **out, sp_error *err)
{
    int i = sp_type_find(r->schema, sp_str_of(name), false);
    sp_buf text = { 0 };
    *out = NULL;
    if (i < 0 || sp_vec_null_at(b->columns[i], row))
        return SP_OK;
    sp_status status = sp_vec_text(&text, b->columns[i], row, false, p->conf->zone, err);
    if (status == SP_OK && !(*out = sp_arena_strdup(p->arena, sp_buf_cstr(&text), err)))
        status = SP_FAILED;
    sp_buf_done(&text);
    return status;
}

/* name in back-quotes, or '...' for a pattern. */
static const char *quoted(sp_planner *p, const char *s, char quote, sp_error *err)
{
    sp_buf b = { 0 };
    sp_buf_putc(&b, quote);
    for (; s && *s; s++) {
        if (*s == quote)
            sp_buf_putc(&b, quote == '`' ? '`' : '\\');
        sp_buf_putc(&b, *s);
    }
    sp_buf_putc(&b, quote);
    const char *out = sp_arena_strdup(p->arena, sp_buf_cstr(&b), err);
    sp_buf_done(&b);
    return out;
}

/* "a.b" as written -> "`a`.`b`". */
static sp_status quoted_name(sp_planner *p, const char *db, const char *name, const char **out, sp_error *err)
{
    sp_str *parts;
    int count;
    sp_buf b = { 0 };
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, pb_str(name), &parts, &count, err));
    sp_status status = SP_OK;
    if (pb_has(db)) {
        const char *q = quoted(p, db, '`', err);
        status = q ? SP_OK : SP_FAILED;
        sp_buf_printf(&b, "%s.", q ? q : "");
    }
    for (int i = 0; i < count && status == SP_OK; i++) {
        const char *part = sp_arena_strndup(p->arena, parts[i].p, parts[i].n, err), *q = part ? quoted(p, part, '`', err) : NULL;
        status = q ? SP_OK : SP_FAILED;
        sp_buf_printf(&b, "%s%s", i ? "." : "", q ? q : "");
    }
    if (status == SP_OK && !(*out = sp_arena_strdup(p->arena, sp_buf_cstr(&b), err)))
        status = SP_FAILED;
    sp_buf_done(&b);
    return status;
}

static sp_status command(sp_planner *p, const char *sql, sp_plan **out, sp_error *err)
{
    rows r;
    if (!sql)
        return SP_FAILED;
    SP_TRY(ask(p, sql, &r, err));
    return nothing(p, out, err);
}

/* ---- tables ---- */

static const column table_columns[] = {
    { "name", 'S' }, { "catalog", 'S' }, { "namespace", 'A' }, { "description", 'S' }, { "tableType", 'S' }, { "isTemporary", 'b' },
};

static sp_status add_tables(sp_planner *p, table *t, const rows *r, const char *only, sp_error *err)
{
    for (int i = 0; i < r->count; i++)
        for (uint32_t k = 0; k < r->batches[i].sel_count; k++) {
            const char *space, *name, *temporary;
            uint32_t row = SP_BATCH_ROW(&r->batches[i], k);
            SP_TRY(cell(p, r, &r->batches[i], row, "namespace", &space, err));
            SP_TRY(cell(p, r, &r->batches[i], row, "tableName", &name, err));
            SP_TRY(cell(p, r, &r->batches[i], row, "isTemporary", &temporary, err));
            if (only && (!name || strcmp(name, only) != 0))
                continue;
            bool temp = temporary && strcmp(temporary, "true") == 0;
            const char *cells[] = { name, temp ? NULL : "spark_catalog", temp || !space || !*space ? NULL : space, NULL, temp ? "TEMPORARY" : "MANAGED",
                                    temp ? "true" : "false" };
            SP_TRY(add_row(t, cells, err));
        }
    return SP_OK;
}

static sp_status list_tables(sp_planner *p, const char *db, const char *pattern, sp_plan **out, sp_error *err)
{
    table t;
    rows r;
    const char *in = pb_has(db) ? quoted(p, db, '`', err) : "", *like = pb_has(pattern) ? quoted(p, pattern, '\'', err) : "";
    const char *sql = in && like ? sp_arena_printf(p->arena, err, "SHOW TABLES%s%s%s%s", *in ? " IN " : "", in, *like ? " LIKE " : "", like) : NULL;
    if (!sql)
        return SP_FAILED;
    SP_TRY(ask(p, sql, &r, err));
    SP_TRY(begin(&t, p, table_columns, 6, err));
    SP_TRY(add_tables(p, &t, &r, NULL, err));
    return finish(&t, out, err);
}

static sp_status analyze_table(sp_planner *p, const char *db, const char *name, sp_plan **out, sp_error *err)
{
    const char *full;
    sp_plan *plan = sp_plan_new(p->arena, SP_P_TABLE, NULL, 0, err);
    if (!plan)
        return SP_FAILED;
    SP_TRY(quoted_name(p, db, name, &full, err));
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, sp_str_of(full), &plan->parts, &plan->part_count, err));
    return sp_session_analyze(p->session, p->arena, plan, out, err);
}

static sp_status table_exists(sp_planner *p, const char *db, const char *name, bool *exists, sp_error *err)
{
    sp_plan *plan;
    *exists = analyze_table(p, db, name, &plan, err) == SP_OK;
    if (!*exists && err->condition != SP_COND_TABLE_OR_VIEW_NOT_FOUND)
        return SP_FAILED;
    sp_error_reset(err);
    return SP_OK;
}

static sp_status get_table(sp_planner *p, const char *db, const char *name, sp_plan **out, sp_error *err)
{
    sp_plan *plan;
    table t;
    rows r;
    sp_str *parts;
    int count;
    SP_TRY(analyze_table(p, db, name, &plan, err));   /* TABLE_OR_VIEW_NOT_FOUND */
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, pb_str(name), &parts, &count, err));
    const char *last = sp_arena_strndup(p->arena, parts[count - 1].p, parts[count - 1].n, err);
    if (!last)
        return SP_FAILED;
    SP_TRY(ask(p, "SHOW TABLES", &r, err));
    SP_TRY(begin(&t, p, table_columns, 6, err));
    SP_TRY(add_tables(p, &t, &r, last, err));
    return finish(&t, out, err);
}

static sp_status list_columns(sp_planner *p, const char *db, const char *name, sp_plan **out, sp_error *err)
{
    static const column columns[] = { { "name", 'S' }, { "description", 'S' }, { "dataType", 'S' }, { "nullable", 'b' }, { "isPartition", 'b' },
                                      { "isBucket", 'b' }, { "isCluster", 'b' } };
    sp_plan *plan;
    table t;
    SP_TRY(analyze_table(p, db, name, &plan, err));
    const sp_type *schema = sp_plan_schema(p->arena, plan, err);
    if (!schema)
        return SP_FAILED;
    SP_TRY(begin(&t, p, columns, 7, err));
    for (int i = 0; i < schema->field_count; i++) {
        const sp_field *f = &schema->fields[i];
        sp_buf type = { 0 };
        sp_type_simple(&type, f->type);
        const char *column_name = sp_arena_strndup(p->arena, f->name.p, f->name.n, err);
        const char *cells[] = { column_name, NULL, sp_buf_cstr(&type), f->nullable ? "true" : "false", "false", "false", "false" };
        sp_status status = column_name ? add_row(&t, cells, err) : SP_FAILED;
        sp_buf_done(&type);
        SP_TRY(status);
    }
    return finish(&t, out, err);
}

/* ---- databases, catalogs, functions ---- */

static const column database_columns[] = { { "name", 'S' }, { "catalog", 'S' }, { "description", 'S' }, { "locationUri", 'S' } };

/* Databases of a name (NULL: like the pattern); *found tells whether there were any. */
static sp_status databases(sp_planner *p, const char *name, const char *pattern, bool *found, sp_plan **out, sp_error *err)
{
    table t;
    rows r;
    const char *like = pb_has(pattern) ? quoted(p, pattern, '\'', err) : "";
    const char *sql = like ? sp_arena_printf(p->arena, err, "SHOW DATABASES%s%s", *like ? " LIKE " : "", like) : NULL;
    if (!sql)
        return SP_FAILED;
    SP_TRY(ask(p, sql, &r, err));
    SP_TRY(begin(&t, p, database_columns, 4, err));
    *found = false;
    for (int i = 0; i < r.count; i++)
        for (uint32_t k = 0; k < r.batches[i].sel_count; k++) {
            const char *space;
            SP_TRY(cell(p, &r, &r.batches[i], SP_BATCH_ROW(&r.batches[i], k), "namespace", &space, err));
            if (!space || (name && strcmp(name, space) != 0))
                continue;
            *found = true;
            SP_TRY(add_row(&t, (const char *[]){ space, "spark_catalog", strcmp(space, "default") == 0 ? "default database" : "", "" }, err));
        }
    return finish(&t, out, err);
}

static sp_status get_database(sp_planner *p, const char *name, sp_plan **out, sp_error *err)
{
    bool found;
    SP_TRY(databases(p, name ? name : "", NULL, &found, out, err));
    return found ? SP_OK : SP_FAIL(err, SCHEMA_NOT_FOUND, "schemaName", sp_error_format(err, "`spark_catalog`.`%s`", name ? name : ""));
}

static sp_status list_functions(sp_planner *p, const char *only, sp_plan **out, sp_error *err)
{
    static const column columns[] = {
        { "name", 'S' }, { "catalog", 'S' }, { "namespace", 'A' }, { "description", 'S' }, { "className", 'S' }, { "isTemporary", 'b' },
    };
    table t;
    int count;
    bool found = false;
    const char *const *names = sp_function_names(&count);
    SP_TRY(begin(&t, p, columns, 6, err));
    for (int i = 0; i < count; i++) {
        if (only && !sp_str_eq_nocase(sp_str_of(names[i]), sp_str_of(only)))
            continue;
        const sp_function *f = sp_function_find(sp_str_of(names[i]));
        const sp_aggregate *a = f ? NULL : sp_aggregate_find(sp_str_of(names[i]));
        found = true;
        SP_TRY(add_row(&t, (const char *[]){ names[i], NULL, NULL, f ? f->doc : a ? a->doc : NULL, "", "true" }, err));
    }
    if (only && !found)
        return SP_FAIL(err, UNRESOLVED_ROUTINE, "routineName", sp_error_format(err, "`%s`", only), "searchPath",
                       "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]");
    return finish(&t, out, err);
}

static sp_status list_catalogs(sp_planner *p, sp_plan **out, sp_error *err)
{
    static const column columns[] = { { "name", 'S' }, { "description", 'S' } };
    table t;
    SP_TRY(begin(&t, p, columns, 2, err));
    SP_TRY(add_row(&t, (const char *[]){ "spark_catalog", NULL }, err));
    return finish(&t, out, err);
}

/* ---- views and tables that change ---- */

static sp_status drop_temp_view(sp_planner *p, const char *name, bool global, sp_plan **out, sp_error *err)
{
    bool existed;
    SP_TRY(sp_session_drop_view(p->session, pb_str(name), global, &existed, err));
    return boolean(p, existed, out, err);
}

static sp_status drop(sp_planner *p, const char *what, const char *name, bool if_exists, bool purge, sp_plan **out, sp_error *err)
{
    const char *full;
    SP_TRY(quoted_name(p, NULL, name, &full, err));
    return command(p, sp_arena_printf(p->arena, err, "DROP %s %s%s%s", what, if_exists ? "IF EXISTS " : "", full, purge ? " PURGE" : ""), out, err);
}

/* A statement about one table: `format` with its quoted name. */
static sp_status on_table(sp_planner *p, const char *before, const char *name, const char *after, sp_plan **out, sp_error *err)
{
    const char *full;
    SP_TRY(quoted_name(p, NULL, name, &full, err));
    return command(p, sp_arena_printf(p->arena, err, "%s%s%s", before, full, after), out, err);
}

static sp_status create_table(sp_planner *p, const char *name, const char *path, const char *source, const char *comment, const pb_type *schema,
                              size_t n, const sp_planner_pair *options, sp_plan **out, sp_error *err)
{
    sp_command *k;
    rows r;
    SP_NEW(k, p->arena, sizeof *k, err);
    k->kind = SP_C_CREATE_TABLE;
    SP_TRY(sp_sql_parse_identifier(p->arena, p->conf, pb_str(name), &k->name, &k->name_count, err));
    k->provider = pb_has(source) ? sp_str_of(source) : (sp_str){ 0 };
    k->location = pb_has(path) ? sp_str_of(path) : (sp_str){ 0 };
    k->comment = pb_has(comment) ? sp_str_of(comment) : (sp_str){ 0 };
    k->has_comment = pb_has(comment);
    if (schema)
        SP_TRY(sp_proto_to_type(p->arena, schema, &k->schema, err));
    k->column_count = k->schema ? k->schema->field_count : 0;
    SP_NEW_ARRAY(k->columns, p->arena, k->column_count + 1, err);
    for (int i = 0; i < k->column_count; i++) {
        k->columns[i] = (sp_sql_column){ .part_count = 1, .type = k->schema->fields[i].type, .nullable = k->schema->fields[i].nullable };
        SP_NEW_ARRAY(k->columns[i].parts, p->arena, 1, err);
        k->columns[i].parts[0] = k->schema->fields[i].name;
    }
    SP_NEW_ARRAY(k->options, p->arena, n + 1, err);
    for (size_t i = 0; i < n; i++)
        k->options[k->option_count++] = (sp_sql_property){ .key = pb_str(options[i].key), .value = pb_str(options[i].value), .has_value = true };
    sp_plan *plan = sp_plan_new(p->arena, SP_P_COMMAND, NULL, 0, err);
    if (!plan)
        return SP_FAILED;
    plan->command = k;
    SP_TRY(sp_execute_collect(p->session, p->arena, plan, NULL, &r.schema, &r.batches, &r.count, err));
    return analyze_table(p, NULL, name, out, err);
}

static sp_status create(sp_planner *p, const Spark__Connect__Catalog *c, sp_plan **out, sp_error *err)
{
    sp_planner_pair *pairs;
    if (c->cat_type_case == SPARK__CONNECT__CATALOG__CAT_TYPE_CREATE_TABLE) {
        const Spark__Connect__CreateTable *m = c->create_table;
        SP_NEW_ARRAY(pairs, p->arena, m->n_options + 1, err);
        for (size_t i = 0; i < m->n_options; i++)
            pairs[i] = (sp_planner_pair){ m->options[i]->key, m->options[i]->value };
        return create_table(p, m->table_name, m->path, m->source, m->description, m->schema, m->n_options, pairs, out, err);
    }
    const Spark__Connect__CreateExternalTable *m = c->create_external_table;
    SP_NEW_ARRAY(pairs, p->arena, m->n_options + 1, err);
    for (size_t i = 0; i < m->n_options; i++)
        pairs[i] = (sp_planner_pair){ m->options[i]->key, m->options[i]->value };
    return create_table(p, m->table_name, m->path, m->source, NULL, m->schema, m->n_options, pairs, out, err);
}

/* Nothing is cached: a table must be there, no more. */
static sp_status must_exist(sp_planner *p, const char *name, sp_error *err)
{
    sp_plan *plan;
    return analyze_table(p, NULL, name, &plan, err);
}

static sp_status set_database(sp_planner *p, const char *name, sp_plan **out, sp_error *err)
{
    const char *q = quoted(p, name, '`', err);
    return q ? command(p, sp_arena_printf(p->arena, err, "USE DATABASE %s", q), out, err) : SP_FAILED;
}

static sp_status caching(sp_planner *p, const Spark__Connect__Catalog *c, sp_plan **out, sp_error *err)
{
    switch ((int)c->cat_type_case) {
    case SPARK__CONNECT__CATALOG__CAT_TYPE_IS_CACHED:
        SP_TRY(must_exist(p, c->is_cached->table_name, err));
        return boolean(p, false, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CACHE_TABLE: SP_TRY(must_exist(p, c->cache_table->table_name, err)); break;
    case SPARK__CONNECT__CATALOG__CAT_TYPE_UNCACHE_TABLE: SP_TRY(must_exist(p, c->uncache_table->table_name, err)); break;
    case SPARK__CONNECT__CATALOG__CAT_TYPE_REFRESH_TABLE: SP_TRY(must_exist(p, c->refresh_table->table_name, err)); break;
    default: break;   /* ClearCache, RefreshByPath */
    }
    return nothing(p, out, err);
}

static sp_status exists(sp_planner *p, const Spark__Connect__Catalog *c, sp_plan **out, sp_error *err)
{
    bool found = false;
    if (c->cat_type_case == SPARK__CONNECT__CATALOG__CAT_TYPE_TABLE_EXISTS) {
        SP_TRY(table_exists(p, c->table_exists->db_name, c->table_exists->table_name, &found, err));
    } else if (c->cat_type_case == SPARK__CONNECT__CATALOG__CAT_TYPE_DATABASE_EXISTS) {
        SP_TRY(databases(p, c->database_exists->db_name ? c->database_exists->db_name : "", NULL, &found, out, err));
    } else {
        sp_str name = pb_str(c->function_exists->function_name);
        found = sp_function_find(name) || sp_aggregate_find(name);
    }
    return boolean(p, found, out, err);
}

static sp_status refuse(const Spark__Connect__Catalog *c, sp_error *err)
{
    static const struct { int number; const char *name; } names[] = {
        { 29, "CREATE_DATABASE" }, { 30, "DROP_DATABASE" }, { 31, "LIST_PARTITIONS" }, { 32, "LIST_VIEWS" }, { 33, "GET_TABLE_PROPERTIES" },
        { 34, "GET_CREATE_TABLE_STRING" }, { 36, "ANALYZE_TABLE" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == (int)c->cat_type_case)
            return sp_planner_not_supported(err, "spark.connect.Catalog.cat_type", names[i].name, names[i].number);
    return SP_FAIL(err, CONNECT_INVALID_PLAN__INVALID_ONE_OF_FIELD_NOT_SET, "fullName", "spark.connect.Catalog", "name", "cat_type");
}

sp_status sp_planner_catalog(sp_planner *p, const Spark__Connect__Catalog *c, sp_plan **out, sp_error *err)
{
    bool found;
    if (!p->session)
        return sp_planner_not_supported(err, "spark.connect.Relation.rel_type", "CATALOG", 200);
    switch ((int)c->cat_type_case) {
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CURRENT_DATABASE: return one_cell(p, 's', p->conf->database ? p->conf->database : "default", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_SET_CURRENT_DATABASE: return set_database(p, c->set_current_database->db_name, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_LIST_DATABASES: return databases(p, NULL, c->list_databases->pattern, &found, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_LIST_TABLES: return list_tables(p, c->list_tables->db_name, c->list_tables->pattern, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_LIST_FUNCTIONS: return list_functions(p, NULL, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_LIST_COLUMNS: return list_columns(p, c->list_columns->db_name, c->list_columns->table_name, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_GET_DATABASE: return get_database(p, c->get_database->db_name, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_GET_TABLE: return get_table(p, c->get_table->db_name, c->get_table->table_name, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_GET_FUNCTION:
        return list_functions(p, c->get_function->function_name ? c->get_function->function_name : "", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_DATABASE_EXISTS:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_TABLE_EXISTS:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_FUNCTION_EXISTS: return exists(p, c, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CREATE_EXTERNAL_TABLE:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CREATE_TABLE: return create(p, c, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_DROP_TEMP_VIEW: return drop_temp_view(p, c->drop_temp_view->view_name, false, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_DROP_GLOBAL_TEMP_VIEW: return drop_temp_view(p, c->drop_global_temp_view->view_name, true, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_RECOVER_PARTITIONS: return on_table(p, "MSCK REPAIR TABLE ", c->recover_partitions->table_name, "", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_TRUNCATE_TABLE: return on_table(p, "TRUNCATE TABLE ", c->truncate_table->table_name, "", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_DROP_TABLE:
        return drop(p, "TABLE", c->drop_table->table_name, c->drop_table->if_exists, c->drop_table->purge, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_DROP_VIEW: return drop(p, "VIEW", c->drop_view->view_name, c->drop_view->if_exists, false, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_IS_CACHED:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CACHE_TABLE:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_UNCACHE_TABLE:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CLEAR_CACHE:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_REFRESH_TABLE:
    case SPARK__CONNECT__CATALOG__CAT_TYPE_REFRESH_BY_PATH: return caching(p, c, out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_CURRENT_CATALOG: return one_cell(p, 's', p->conf->catalog ? p->conf->catalog : "spark_catalog", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_SET_CURRENT_CATALOG: return on_table(p, "SET CATALOG ", c->set_current_catalog->catalog_name, "", out, err);
    case SPARK__CONNECT__CATALOG__CAT_TYPE_LIST_CATALOGS: return list_catalogs(p, out, err);
    default: return refuse(c, err);
    }
}
