/* command.c -- SQL statements that are not queries: one row of the table a kind (Spark's RunnableCommands, 4.3).
 *
 * Statements on permanent tables and databases need a catalog that keeps them, which is not here: they are refused by name. */
#include "session/session_int.h"

typedef sp_status (*run_fn)(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err);

static sp_status nothing(sp_arena *a, const sp_result_sink *sink, sp_error *err)
{
    const sp_type *schema = sp_type_struct(a, NULL, 0, err);
    return schema ? sink->schema(sink->context, schema, err) : SP_FAILED;
}

/* ---- settings ---- */

static sp_status set(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "key!", "value!", NULL };
    sp_rows rows;
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    if (!c->has_key) {
        sp_props all = { 0 };
        sp_status status = sp_session_conf_all(s, NULL, &all, err);
        sp_str key;
        void *value;
        for (size_t i = 0; status == SP_OK && sp_strmap_next(&all.map, &i, &key, &value);) {
            sp_str cells[2] = { key, sp_str_of(value) };
            status = sp_rows_add(&rows, cells, err);
        }
        sp_props_done(&all);
        SP_TRY(status);
        return sp_rows_send(&rows, sink, err);
    }
    sp_str cells[2] = { c->key, c->value };
    if (c->has_value) {
        SP_TRY(sp_session_conf_set(s, c->key, c->value, err));
    } else {
        char *key = sp_arena_strndup(a, c->key.p, c->key.n, err);
        const char *v = key ? sp_session_conf(s, key, a) : NULL;
        cells[1] = v ? sp_str_of(v) : SP_LIT("<undefined>");
    }
    SP_TRY(sp_rows_add(&rows, cells, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status set_zone(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "key!", "value!", NULL };
    sp_str key = SP_LIT("spark.sql.session.timeZone"), value = c->value;
    sp_rows rows;
    if (c->local)
        value = sp_str_of(s->runtime->zone_id);
    if (!value.n)
        return SP_FAIL_AS(err, SP_EXC_PARSE, INVALID_SET_SYNTAX);
    SP_TRY(sp_session_conf_set(s, key, value, err));
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    sp_str cells[2] = { key, value };
    SP_TRY(sp_rows_add(&rows, cells, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status reset(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    if (c->has_key) {
        SP_TRY(sp_session_conf_unset(s, c->key, err));
    } else {
        sp_mutex_lock(&s->lock);
        sp_props_done(&s->conf);
        memset(&s->conf, 0, sizeof s->conf);
        sp_mutex_unlock(&s->lock);
    }
    return nothing(a, sink, err);
}

/* ---- views ---- */

/* The definition lives on in an arena of its own: the statement's text is parsed again there. */
static sp_status define_view(sp_session *s, const sp_command *c, sp_str query_text, sp_error *err)
{
    sp_arena *owned = sp_arena_new("view", 0);
    if (!owned)
        return sp_error_memory(err, "a view");
    const sp_expr_conf *conf;
    sp_plan *plan = NULL, *analyzed;
    sp_str text = sp_str_copy(owned, query_text, err);
    sp_status status = text.p ? sp_session_expr_conf(s, owned, &conf, err) : SP_FAILED;
    if (status == SP_OK)
        status = sp_sql_parse_statement(owned, conf, text, &plan, err);
    if (status == SP_OK && c->column_count) {
        sp_plan *alias = sp_plan_new(owned, SP_P_ALIAS, &plan, 1, err);
        status = alias ? SP_OK : SP_FAILED;
        if (alias) {
            alias->new_names = sp_arena_calloc(owned, sizeof(sp_str) * (size_t)c->column_count, err);
            alias->new_name_count = c->column_count;
            for (int i = 0; alias->new_names && i < c->column_count; i++)
                alias->new_names[i] = sp_str_copy(owned, c->columns[i].parts[0], err);
            plan = alias;
        }
    }
    if (status == SP_OK)
        status = sp_session_analyze(s, owned, plan, &analyzed, err);
    sp_str name = c->name[c->name_count - 1];
    if (status == SP_OK)
        status = sp_session_create_view(s, owned, plan, name, c->global, c->replace, err);
    if (status == SP_FAILED)
        sp_arena_free(owned);
    return status;
}

static sp_status refuse(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    sp_buf name = { 0 };
    for (int i = 0; i < c->name_count; i++)
        sp_buf_printf(&name, "%s`%.*s`", i ? "." : "", (int)c->name[i].n, c->name[i].p);
    const char *text = sp_arena_strndup(a, sp_buf_cstr(&name), name.len, err);
    sp_buf_done(&name);
    return SP_FAIL_AS(err, SP_EXC_UNSUPPORTED_OPERATION, UNSUPPORTED_FEATURE__TABLE_OPERATION, "tableName", text ? text : "", "operation",
                      sp_command_kind_name(c->kind));
}

static sp_status create_view(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    if (!c->temporary && !c->global)
        return refuse(s, a, c, sink, err);
    SP_TRY(define_view(s, c, c->text, err));
    return nothing(a, sink, err);
}

static void end_props(void *context) { sp_props_done(context); }

static sp_status create_view_using(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    sp_arena *owned = sp_arena_new("view", 0);
    sp_plan *p = owned ? sp_plan_new(owned, SP_P_READ, NULL, 0, err) : NULL, *analyzed;
    sp_status status = p ? SP_OK : sp_error_memory(err, "a view");
    if (status == SP_OK) {
        p->name = sp_str_copy(owned, c->provider, err);
        p->options = sp_arena_calloc(owned, sizeof *p->options, err);
        status = p->name.p && p->options ? SP_OK : SP_FAILED;
    }
    if (status == SP_OK) {
        p->options->map.fold_case = true;
        status = sp_arena_defer(owned, end_props, p->options, err);
    }
    for (int i = 0; status == SP_OK && i < c->property_count; i++)
        status = sp_props_put(p->options, c->properties[i].key, c->properties[i].value, err);
    if (status == SP_OK && c->schema)
        status = (p->schema = sp_type_copy(owned, c->schema, err)) ? SP_OK : SP_FAILED;
    if (status == SP_OK)
        status = sp_session_analyze(s, owned, p, &analyzed, err);
    if (status == SP_OK)
        status = sp_session_create_view(s, owned, p, c->name[c->name_count - 1], c->global, c->replace, err);
    if (status == SP_FAILED) {
        sp_arena_free(owned);
        return SP_FAILED;
    }
    return nothing(a, sink, err);
}

static sp_status drop_view(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    bool existed = false, global = c->name_count == 2 && sp_str_eq_nocase(c->name[0], SP_LIT("global_temp"));
    SP_TRY(sp_session_drop_view(s, c->name[c->name_count - 1], global, &existed, err));
    if (!existed && !c->if_exists)
        return SP_FAIL(err, TABLE_OR_VIEW_NOT_FOUND, "relationName",
                       sp_error_format(err, "`%.*s`", (int)c->name[c->name_count - 1].n, c->name[c->name_count - 1].p));
    return nothing(a, sink, err);
}

/* ---- looking ---- */

/* SHOW ... LIKE: * and | of Spark's filterPattern, without case. */
static bool like(sp_str pattern, sp_str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.n && ((pattern.p[p] | 32) == (name.p[n] | 32))) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool matches(const sp_command *c, sp_str name)
{
    sp_str rest = c->pattern;
    if (!c->has_pattern)
        return true;
    while (rest.n) {
        const char *bar = memchr(rest.p, '|', rest.n);
        size_t n = bar ? (size_t)(bar - rest.p) : rest.n;
        if (like(sp_str_trim((sp_str){ rest.p, n }), name))
            return true;
        rest = bar ? (sp_str){ bar + 1, rest.n - n - 1 } : (sp_str){ NULL, 0 };
    }
    return false;
}

static sp_status show_tables(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const tables[] = { "namespace!", "tableName!", "isTemporary:boolean!", NULL };
    static const char *const views[] = { "namespace!", "viewName!", "isTemporary:boolean!", NULL };
    sp_rows rows;
    sp_str *names;
    int count;
    SP_TRY(sp_rows_new(a, c->kind == SP_C_SHOW_VIEWS ? views : tables, &rows, err));
    SP_TRY(sp_views_names(s, a, &names, &count, err));
    for (int i = 0; i < count; i++) {
        bool global = sp_str_starts(names[i], "global_temp.");
        sp_str name = global ? (sp_str){ names[i].p + 12, names[i].n - 12 } : names[i];
        bool asked = c->name_count && sp_str_eq_nocase(c->name[0], SP_LIT("global_temp"));
        sp_str cells[3] = { global ? SP_LIT("global_temp") : SP_LIT(""), name, SP_LIT("true") };
        if (global == asked && matches(c, name))
            SP_TRY(sp_rows_add(&rows, cells, err));
    }
    return sp_rows_send(&rows, sink, err);
}

static sp_status show_databases(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "namespace!", NULL };
    sp_rows rows;
    sp_str name = SP_LIT("default");
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    if (matches(c, name))
        SP_TRY(sp_rows_add(&rows, &name, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status show_current(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "catalog!", "namespace!", NULL };
    sp_rows rows;
    sp_str cells[2] = { SP_LIT("spark_catalog"), SP_LIT("default") };
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    SP_TRY(sp_rows_add(&rows, cells, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status show_catalogs(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "catalog!", NULL };
    sp_rows rows;
    sp_str name = SP_LIT("spark_catalog");
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    if (matches(c, name))
        SP_TRY(sp_rows_add(&rows, &name, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status show_functions(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "function!", NULL };
    sp_rows rows;
    int count;
    const char *const *names = sp_function_names(&count);
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    for (int i = 0; i < count; i++) {
        sp_str name = sp_str_of(names[i]);
        if (matches(c, name) && !sp_str_eq_nocase(c->word, SP_LIT("USER")))
            SP_TRY(sp_rows_add(&rows, &name, err));
    }
    return sp_rows_send(&rows, sink, err);
}

/* The columns of a table, view or query. */
static sp_status columns_of(sp_session *s, sp_arena *a, const sp_command *c, const sp_type **out, sp_error *err)
{
    sp_plan *p = c->query, *analyzed;
    if (!p) {
        p = sp_plan_new(a, SP_P_TABLE, NULL, 0, err);
        if (!p)
            return SP_FAILED;
        p->parts = c->name;
        p->part_count = c->name_count;
        p->origin = c->origin;
    }
    SP_TRY(sp_session_analyze(s, a, p, &analyzed, err));
    *out = sp_plan_schema(a, analyzed, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status describe(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "col_name!", "data_type!", "comment", NULL };
    sp_rows rows;
    const sp_type *schema;
    SP_TRY(columns_of(s, a, c, &schema, err));
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    for (int i = 0; i < schema->field_count; i++) {
        sp_buf type = { 0 };
        sp_type_simple(&type, schema->fields[i].type);
        sp_str cells[3] = { schema->fields[i].name, sp_str_copy(a, (sp_str){ sp_buf_cstr(&type), type.len }, err), { NULL, 0 } };
        sp_buf_done(&type);
        SP_TRY(sp_rows_add(&rows, cells, err));
    }
    return sp_rows_send(&rows, sink, err);
}

static sp_status show_columns(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "col_name!", NULL };
    sp_rows rows;
    const sp_type *schema;
    SP_TRY(columns_of(s, a, c, &schema, err));
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    for (int i = 0; i < schema->field_count; i++)
        SP_TRY(sp_rows_add(&rows, &schema->fields[i].name, err));
    return sp_rows_send(&rows, sink, err);
}

static sp_status explain(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    static const char *const columns[] = { "plan!", NULL };
    static const char *const modes[] = { "simple", "extended", "codegen", "cost", "formatted" };
    sp_rows rows;
    sp_buf text = { 0 };
    SP_TRY(sp_rows_new(a, columns, &rows, err));
    sp_status status = sp_session_explain(s, a, c->query, modes[c->explain], &text, err);
    sp_str cell = { text.data, text.len };
    if (status == SP_OK)
        status = sp_rows_add(&rows, &cell, err);
    sp_buf_done(&text);
    return status == SP_OK ? sp_rows_send(&rows, sink, err) : status;
}

static sp_status use(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    sp_str last = c->name[c->name_count - 1];
    if (!sp_str_eq_nocase(last, SP_LIT("default")) && !sp_str_eq_nocase(last, SP_LIT("spark_catalog")))
        return SP_FAIL(err, SCHEMA_NOT_FOUND, "schemaName", sp_error_format(err, "`spark_catalog`.`%.*s`", (int)last.n, last.p));
    return nothing(a, sink, err);
}

/* Statements that only concern speed: the rows are the same without. */
static sp_status accept(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    if (c->kind == SP_C_CACHE_TABLE && c->query) {
        sp_command view = *c;
        view.replace = false;
        SP_TRY(define_view(s, &view, c->text, err));
    }
    return nothing(a, sink, err);
}

static const struct { sp_command_kind kind; run_fn run; } table[] = {
    { SP_C_SET, set }, { SP_C_SET_TIME_ZONE, set_zone }, { SP_C_RESET, reset },
    { SP_C_CREATE_VIEW, create_view }, { SP_C_CREATE_VIEW_USING, create_view_using }, { SP_C_DROP_VIEW, drop_view }, { SP_C_DROP_TABLE, drop_view },
    { SP_C_SHOW_TABLES, show_tables }, { SP_C_SHOW_VIEWS, show_tables }, { SP_C_SHOW_DATABASES, show_databases },
    { SP_C_SHOW_CURRENT_DATABASE, show_current }, { SP_C_SHOW_CATALOGS, show_catalogs }, { SP_C_SHOW_FUNCTIONS, show_functions },
    { SP_C_SHOW_COLUMNS, show_columns }, { SP_C_DESCRIBE_TABLE, describe }, { SP_C_DESCRIBE_QUERY, describe }, { SP_C_EXPLAIN, explain },
    { SP_C_USE, use }, { SP_C_CACHE_TABLE, accept }, { SP_C_UNCACHE_TABLE, accept }, { SP_C_CLEAR_CACHE, accept }, { SP_C_REFRESH_TABLE, accept },
    { SP_C_REFRESH_RESOURCE, accept },
};

sp_status sp_session_command(sp_session *s, sp_arena *a, const sp_command *c, const sp_result_sink *sink, sp_error *err)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].kind == c->kind)
            return table[i].run(s, a, c, sink, err);
    return refuse(s, a, c, sink, err);
}
