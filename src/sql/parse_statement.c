/* parse_statement.c -- one statement: a query, or a command by its first word (rules statement, setResetStatement;
 * SparkSqlAstBuilder).
 *
 * Here: the dispatch, and the small commands on tables and the cache. */
#include "sql/sql_int.h"

sp_command *sp_sql_command_new(sp_sql_parser *p, sp_command_kind kind)
{
    sp_command *c = sp_arena_calloc(p->arena, sizeof *c, p->err);
    if (c) c->kind = kind;
    return c;
}

sp_plan *sp_sql_command_plan(sp_sql_parser *p, sp_command *c, int first)
{
    sp_plan *plan = c ? sp_sql_plan(p, SP_P_COMMAND, NULL, NULL, first) : NULL;
    if (!plan) return NULL;
    plan->command = c;
    c->origin = plan->origin;
    return plan;
}

bool sp_sql_take_words(sp_sql_parser *p, const int *kinds, int n)
{
    for (int i = 0; i < n; i++)
        if (kind_at(p, i) != kinds[i]) return false;
    p->i += n;
    return true;
}

sp_status sp_sql_if_exists(sp_sql_parser *p, bool *out)
{
    *out = sp_sql_take_words(p, (int[]){ K_IF, K_EXISTS }, 2);
    return SP_OK;
}

sp_status sp_sql_if_not_exists(sp_sql_parser *p, bool *out)
{
    if (kind_now(p) == K_IF && kind_at(p, 1) == T_BANG && kind_at(p, 2) == K_EXISTS)
        return FAIL_IN(p, p->i, p->i + 2, SYNTAX_DISCONTINUED__BANG_EQUALS_NOT, "clause", "!");
    *out = sp_sql_take_words(p, (int[]){ K_IF, K_NOT, K_EXISTS }, 3);
    return SP_OK;
}

/* word TABLE [IF EXISTS] name */
static sp_command *on_table(sp_sql_parser *p, sp_command_kind kind)
{
    sp_command *c = sp_sql_command_new(p, kind);
    if (!c) return NULL;
    TRY_NULL(sp_sql_want(p, K_TABLE));
    TRY_NULL(sp_sql_if_exists(p, &c->if_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    return c;
}

static sp_command *explain(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_EXPLAIN);
    if (!c) return NULL;
    skip(p);
    switch (kind_now(p)) {
    case K_EXTENDED: skip(p); c->explain = SP_EXPLAIN_EXTENDED; break;
    case K_FORMATTED: skip(p); c->explain = SP_EXPLAIN_FORMATTED; break;
    case K_CODEGEN: skip(p); c->explain = SP_EXPLAIN_CODEGEN; break;
    case K_COST: skip(p); c->explain = SP_EXPLAIN_COST; break;
    case K_LOGICAL:
        FAIL_IN(p, p->i - 1, p->i, _LEGACY_ERROR_TEMP_0035, "message", "EXPLAIN LOGICAL");
        return NULL;
    default: break;
    }
    TRY_NULL(sp_sql_enter(p));
    c->query = sp_sql_statement(p);
    sp_sql_leave(p);
    return c->query ? c : NULL;
}

static sp_command *cache(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_CACHE_TABLE);
    if (!c) return NULL;
    skip(p);
    c->lazy = take(p, K_LAZY);
    TRY_NULL(sp_sql_want(p, K_TABLE));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (take(p, K_OPTIONS)) TRY_NULL(sp_sql_options(p, &c->options, &c->option_count));
    bool as = take(p, K_AS);
    if (!as && !sp_sql_starts_query(p, 0) && kind_now(p) != T_LPAREN) return c;
    int at = p->i;
    if (!(c->query = sp_sql_query(p))) return NULL;
    c->text = sp_sql_slice(p, at, p->i - 1);
    return c;
}

/* Everything up to the end of the statement, as written. */
static sp_str rest(sp_sql_parser *p)
{
    int first = p->i;
    while (kind_now(p) != T_EOF && kind_now(p) != T_SEMICOLON) skip(p);
    return sp_sql_slice(p, first, p->i - 1);
}

static sp_command *refresh(sp_sql_parser *p)
{
    int first = p->i;
    skip(p);
    sp_command *c = sp_sql_command_new(p, SP_C_REFRESH_RESOURCE);
    if (!c) return NULL;
    if ((kind_now(p) == K_TABLE || kind_now(p) == K_FUNCTION) && kind_at(p, 1) != T_EOF) {
        c->kind = kind_now(p) == K_TABLE ? SP_C_REFRESH_TABLE : SP_C_REFRESH_FUNCTION;
        skip(p);
        TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
        return c;
    }
    if (sp_sql_is_string(p, 0)) TRY_NULL(sp_sql_string(p, &c->value));
    else c->value = rest(p);
    if (!c->value.n) { FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__EMPTY_REFRESH_RESOURCE_PATH); return NULL; }
    for (size_t i = 0; i < c->value.n; i++)
        if (strchr(" \n\r\t", c->value.p[i])) {
            FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__INVALID_REFRESH_RESOURCE_PATH);
            return NULL;
        }
    return c;
}

static sp_command *truncate_table(sp_sql_parser *p)
{
    skip(p);
    sp_command *c = on_table(p, SP_C_TRUNCATE_TABLE);
    if (!c) return NULL;
    if (kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    return c;
}

static sp_command *repair(sp_sql_parser *p)
{
    take(p, K_MSCK);
    TRY_NULL(sp_sql_want(p, K_REPAIR));
    sp_command *c = on_table(p, SP_C_REPAIR_TABLE);
    if (!c) return NULL;
    int kind = kind_now(p);
    if (kind == K_ADD || kind == K_DROP || kind == K_SYNC) {
        c->word = sp_sql_token_text(p, p->i);
        skip(p);
        TRY_NULL(sp_sql_want(p, K_PARTITIONS));
    }
    return c;
}

static sp_command *analyze(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_ANALYZE_TABLE);
    if (!c) return NULL;
    skip(p);
    if (take(p, K_TABLES)) {
        c->kind = SP_C_ANALYZE_TABLES;
        if (take(p, K_FROM) || take(p, K_IN)) TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    } else {
        TRY_NULL(sp_sql_want(p, K_TABLE));
        TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
        if (kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    }
    TRY_NULL(sp_sql_want(p, K_COMPUTE));
    TRY_NULL(sp_sql_want(p, K_STATISTICS));
    if (take(p, K_FOR)) {
        if (sp_sql_take_words(p, (int[]){ K_ALL, K_COLUMNS }, 2)) { c->word = SP_LIT("ALL COLUMNS"); return c; }
        TRY_NULL(sp_sql_want(p, K_COLUMNS));
        TRY_NULL(sp_sql_names_seq(p, &c->insert_columns, &c->insert_column_count));
    } else if (sp_sql_is_name(p, 0)) {
        int at = p->i;
        TRY_NULL(sp_sql_plain_name(p, &c->word));
        if (!sp_str_eq_nocase(c->word, SP_LIT("noscan"))) {
            FAIL_IN(p, at, at, INVALID_SQL_SYNTAX__ANALYZE_TABLE_UNEXPECTED_NOSCAN, "ctx",
                sp_sql_quoted(p, &c->word, 1));
            return NULL;
        }
    }
    return c;
}

static sp_command *load_data(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_LOAD_DATA);
    if (!c) return NULL;
    p->i++;
    TRY_NULL(sp_sql_want(p, K_DATA));
    c->local = take(p, K_LOCAL);
    TRY_NULL(sp_sql_want(p, K_INPATH));
    TRY_NULL(sp_sql_string(p, &c->location));
    c->overwrite = take(p, K_OVERWRITE);
    TRY_NULL(sp_sql_want(p, K_INTO));
    TRY_NULL(sp_sql_want(p, K_TABLE));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    return c;
}

/* ADD JAR path, LIST FILES ... */
static sp_command *resource(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, kind_now(p) == K_ADD ? SP_C_ADD_RESOURCE : SP_C_LIST_RESOURCE);
    if (!c) return NULL;
    skip(p);
    TRY_NULL(sp_sql_plain_name(p, &c->word));
    c->value = rest(p);
    if (c->kind == SP_C_ADD_RESOURCE && !c->value.n) { sp_sql_unexpected(p); return NULL; }
    return c;
}

static sp_command *comment_on(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_COMMENT);
    if (!c) return NULL;
    skip(p);
    TRY_NULL(sp_sql_want(p, K_ON));
    c->database = take(p, K_DATABASE) || take(p, K_SCHEMA) || take(p, K_NAMESPACE);
    if (!c->database) TRY_NULL(sp_sql_want(p, K_TABLE));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    TRY_NULL(sp_sql_want(p, K_IS));
    if (take(p, K_NULL)) return c;
    c->has_comment = true;
    return sp_sql_string(p, &c->comment) == SP_OK ? c : NULL;
}

static sp_command *use(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_USE);
    if (!c) return NULL;
    skip(p);
    int kind = kind_now(p);
    c->database = (kind == K_DATABASE || kind == K_SCHEMA || kind == K_NAMESPACE) && sp_sql_is_name(p, 1);
    if (c->database) skip(p);
    return sp_sql_reference(p, &c->name, &c->name_count) == SP_OK ? c : NULL;
}

static sp_command *execute_immediate(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_EXECUTE_IMMEDIATE);
    if (!c) return NULL;
    p->i += 2;
    if (!(c->expr = sp_sql_expr(p))) return NULL;
    if (take(p, K_INTO)) {
        sp_sql_list list = { 0 };
        do {
            sp_sql_multipart *m = sp_arena_calloc(p->arena, sizeof *m, p->err);
            if (!m) return NULL;
            TRY_NULL(sp_sql_parts(p, &m->parts, &m->part_count));
            TRY_NULL(sp_sql_push(p, &list, m));
        } while (take(p, T_COMMA));
        if (!(c->targets = sp_arena_alloc(p->arena, sizeof *c->targets * (size_t)list.count, p->err))) return NULL;
        for (int i = 0; i < list.count; i++) c->targets[i] = *(sp_sql_multipart *)list.items[i];
        c->targets_count = list.count;
    }
    if (take(p, K_USING)) {
        bool brackets = take(p, T_LPAREN);
        TRY_NULL(sp_sql_expr_seq(p, sp_sql_named_expr, &c->args, &c->arg_count));
        if (brackets) TRY_NULL(sp_sql_want(p, T_RPAREN));
    }
    return c;
}

static sp_command *call(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_CALL);
    if (!c) return NULL;
    skip(p);
    int first = p->i;
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (kind_now(p) != T_LPAREN) { sp_sql_unexpected(p); return NULL; }
    sp_expr *e = sp_sql_function_rest(p, c->name, c->name_count, first);
    if (!e) return NULL;
    c->args = e->args;
    c->arg_count = e->arg_count;
    return c;
}

/* What Hive had and Spark refuses by name. */
static sp_status unsupported(sp_sql_parser *p)
{
    static const struct { int16_t words[3]; } rows[] = {
        { { K_GRANT, K_ROLE } }, { { K_GRANT } }, { { K_REVOKE, K_ROLE } }, { { K_REVOKE } },
            { { K_CREATE, K_ROLE } }, { { K_DROP, K_ROLE } },
        { { K_SHOW, K_GRANT } }, { { K_SHOW, K_ROLE, K_GRANT } }, { { K_SHOW, K_ROLE } },
            { { K_SHOW, K_PRINCIPALS } }, { { K_SHOW, K_ROLES } },
        { { K_SHOW, K_CURRENT, K_ROLES } }, { { K_EXPORT, K_TABLE } }, { { K_IMPORT, K_TABLE } },
            { { K_SHOW, K_COMPACTIONS } },
        { { K_SHOW, K_TRANSACTIONS } }, { { K_SHOW, K_INDEXES } }, { { K_SHOW, K_LOCKS } }, { { K_ALTER, K_INDEX } },
            { { K_LOCK, K_TABLE } },
        { { K_LOCK, K_DATABASE } }, { { K_UNLOCK, K_TABLE } }, { { K_UNLOCK, K_DATABASE } },
            { { K_CREATE, K_TEMPORARY, K_MACRO } },
        { { K_DROP, K_TEMPORARY, K_MACRO } }, { { K_START, K_TRANSACTION } }, { { K_COMMIT } }, { { K_ROLLBACK } },
            { { K_DFS } },
        { { K_SET, K_ROLE } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int n = 0;
        while (n < 3 && rows[i].words[n] && kind_at(p, n) == rows[i].words[n]) n++;
        if (n < 3 && rows[i].words[n]) continue;
        sp_buf words = { 0 };
        for (int k = 0; k < n; k++) sp_buf_printf(&words, "%s%s", k ? " " : "", sp_sql_kind_text(rows[i].words[k]));
        int first = p->i;
        rest(p);
        SP_FAIL(p->err, _LEGACY_ERROR_TEMP_0035, "message", sp_buf_cstr(&words));
        sp_buf_done(&words);
        return sp_sql_in_context(p, first, p->i - 1);
    }
    return SP_OK;
}

static sp_command *clear_cache(sp_sql_parser *p)
{
    skip(p);
    TRY_NULL(sp_sql_want(p, K_CACHE));
    return sp_sql_command_new(p, SP_C_CLEAR_CACHE);
}

static sp_command *uncache(sp_sql_parser *p)
{
    skip(p);
    return on_table(p, SP_C_UNCACHE_TABLE);
}

/* A command by its first word, or NULL in *rule: it is a query. */
static void find_rule(const sp_sql_parser *p, sp_command *(**rule)(sp_sql_parser *))
{
    static const struct { int kind; sp_command *(*rule)(sp_sql_parser *); } rules[] = {
        { K_EXPLAIN, explain }, { K_CACHE, cache }, { K_UNCACHE, uncache }, { K_CLEAR, clear_cache },
            { K_REFRESH, refresh },
        { K_TRUNCATE, truncate_table }, { K_MSCK, repair }, { K_REPAIR, repair }, { K_ANALYZE, analyze },
            { K_LOAD, load_data },
        { K_ADD, resource }, { K_LIST, resource }, { K_COMMENT, comment_on }, { K_USE, use }, { K_CALL, call },
        { K_CREATE, sp_sql_create }, { K_REPLACE, sp_sql_create }, { K_DROP, sp_sql_drop }, { K_ALTER, sp_sql_alter },
            { K_SHOW, sp_sql_show },
        { K_DESC, sp_sql_describe }, { K_DESCRIBE, sp_sql_describe }, { K_SET, sp_sql_set }, { K_RESET, sp_sql_reset },
        { K_DECLARE, sp_sql_declare }, { K_INSERT, sp_sql_insert }, { K_DELETE, sp_sql_dml },
            { K_UPDATE, sp_sql_dml }, { K_MERGE, sp_sql_dml },
    };
    *rule = NULL;
    if (kind_now(p) == K_EXECUTE && kind_at(p, 1) == K_IMMEDIATE) { *rule = execute_immediate; return; }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].kind == kind_now(p)) *rule = rules[i].rule;
}

/* WITH ... INSERT: the names are the inserted query's. */
static sp_plan *query_or_insert(sp_sql_parser *p)
{
    if (kind_now(p) != K_INSERT) {
        int first = p->i;
        sp_plan *plan = kind_now(p) == K_FROM ? sp_sql_from_or_multi_insert(p) : sp_sql_query_primary(p);
        if (plan && plan->kind == SP_P_COMMAND) return plan;
        return plan ? sp_sql_query_from(p, plan, first) : NULL;
    }
    int first = p->i;
    return sp_sql_command_plan(p, sp_sql_insert(p), first);
}

/* The WITH of a command moves into its query. */
static sp_plan *push_with_down(sp_sql_parser *p, sp_plan *plan)
{
    if (plan->kind != SP_P_WITH || plan->children[0]->kind != SP_P_COMMAND) return plan;
    sp_plan *command = plan->children[0];
    sp_command *c = command->command;
    for (int i = 0; i < (c->command_count ? c->command_count : 1); i++) {
        sp_command *one = c->command_count ? c->commands[i] : c;
        sp_plan *with = sp_plan_copy(p->arena, plan, p->err);
        if (!with) return NULL;
        with->children[0] = one->query;
        one->query = with;
    }
    return command;
}

sp_plan *sp_sql_statement(sp_sql_parser *p)
{
    int first = p->i;
    TRY_NULL(unsupported(p));
    sp_command *(*rule)(sp_sql_parser *);
    find_rule(p, &rule);
    if (rule) return sp_sql_command_plan(p, rule(p), first);
    TRY_NULL(sp_sql_enter(p));
    sp_plan *plan = sp_sql_with(p, query_or_insert);
    sp_sql_leave(p);
    return plan ? push_with_down(p, plan) : NULL;
}

const char *sp_command_kind_name(sp_command_kind kind)
{
    static const char *const names[SP_C_KIND_COUNT] = {
        [SP_C_CREATE_VIEW] = "CreateView", [SP_C_CREATE_VIEW_USING] = "CreateTempViewUsing",
            [SP_C_CREATE_TABLE] = "CreateTable",
        [SP_C_CREATE_TABLE_LIKE] = "CreateTableLike", [SP_C_CREATE_DATABASE] = "CreateNamespace",
            [SP_C_CREATE_FUNCTION] = "CreateFunction",
        [SP_C_DROP_TABLE] = "DropTable", [SP_C_DROP_VIEW] = "DropView", [SP_C_DROP_DATABASE] = "DropNamespace",
        [SP_C_DROP_FUNCTION] = "DropFunction", [SP_C_DROP_VARIABLE] = "DropVariable", [SP_C_SHOW_TABLES] = "ShowTables",
        [SP_C_SHOW_VIEWS] = "ShowViews", [SP_C_SHOW_DATABASES] = "ShowNamespaces",
            [SP_C_SHOW_TABLE_EXTENDED] = "ShowTableExtended",
        [SP_C_SHOW_COLUMNS] = "ShowColumns", [SP_C_SHOW_FUNCTIONS] = "ShowFunctions",
            [SP_C_SHOW_CREATE_TABLE] = "ShowCreateTable",
        [SP_C_SHOW_TBLPROPERTIES] = "ShowTableProperties", [SP_C_SHOW_PARTITIONS] = "ShowPartitions",
        [SP_C_SHOW_CURRENT_DATABASE] = "ShowCurrentNamespace", [SP_C_SHOW_CATALOGS] = "ShowCatalogs",
        [SP_C_DESCRIBE_TABLE] = "DescribeRelation", [SP_C_DESCRIBE_QUERY] = "DescribeQuery",
            [SP_C_DESCRIBE_FUNCTION] = "DescribeFunction",
        [SP_C_DESCRIBE_DATABASE] = "DescribeNamespace", [SP_C_SET] = "Set", [SP_C_SET_TIME_ZONE] = "SetTimeZone",
        [SP_C_SET_CATALOG] = "SetCatalog", [SP_C_SET_VARIABLE] = "SetVariable", [SP_C_RESET] = "Reset",
        [SP_C_DECLARE_VARIABLE] = "CreateVariable", [SP_C_USE] = "Use", [SP_C_INSERT] = "InsertIntoStatement",
        [SP_C_INSERT_DIRECTORY] = "InsertIntoDir", [SP_C_MULTI] = "MultiInsert", [SP_C_DELETE] = "DeleteFromTable",
        [SP_C_UPDATE] = "UpdateTable", [SP_C_MERGE] = "MergeIntoTable", [SP_C_EXPLAIN] = "Explain",
            [SP_C_CACHE_TABLE] = "CacheTable",
        [SP_C_UNCACHE_TABLE] = "UncacheTable", [SP_C_CLEAR_CACHE] = "ClearCache", [SP_C_REFRESH_TABLE] = "RefreshTable",
        [SP_C_REFRESH_FUNCTION] = "RefreshFunction", [SP_C_REFRESH_RESOURCE] = "RefreshResource",
            [SP_C_TRUNCATE_TABLE] = "TruncateTable",
        [SP_C_REPAIR_TABLE] = "RepairTable", [SP_C_ANALYZE_TABLE] = "AnalyzeTable",
            [SP_C_ANALYZE_TABLES] = "AnalyzeTables",
        [SP_C_LOAD_DATA] = "LoadData", [SP_C_ADD_RESOURCE] = "AddResource", [SP_C_LIST_RESOURCE] = "ListResource",
            [SP_C_COMMENT] = "CommentOn",
        [SP_C_ALTER_RENAME] = "RenameTable", [SP_C_ALTER_SET_PROPERTIES] = "SetProperties",
            [SP_C_ALTER_UNSET_PROPERTIES] = "UnsetProperties",
        [SP_C_ALTER_SET_LOCATION] = "SetLocation", [SP_C_ALTER_ADD_COLUMNS] = "AddColumns",
            [SP_C_ALTER_REPLACE_COLUMNS] = "ReplaceColumns",
        [SP_C_ALTER_DROP_COLUMNS] = "DropColumns", [SP_C_ALTER_RENAME_COLUMN] = "RenameColumn",
            [SP_C_ALTER_COLUMN] = "AlterColumn",
        [SP_C_ALTER_ADD_PARTITION] = "AddPartitions", [SP_C_ALTER_DROP_PARTITION] = "DropPartitions",
        [SP_C_ALTER_RENAME_PARTITION] = "RenamePartition", [SP_C_ALTER_RECOVER_PARTITIONS] = "RecoverPartitions",
        [SP_C_ALTER_SERDE] = "SetTableSerDe", [SP_C_ALTER_CLUSTER_BY] = "AlterTableClusterBy",
            [SP_C_ALTER_CONSTRAINT] = "AlterConstraint",
        [SP_C_ALTER_VIEW_AS] = "AlterViewAs", [SP_C_ALTER_VIEW_BINDING] = "AlterViewSchemaBinding",
        [SP_C_EXECUTE_IMMEDIATE] = "ExecuteImmediate", [SP_C_CALL] = "Call", [SP_C_CREATE_INDEX] = "CreateIndex",
            [SP_C_DROP_INDEX] = "DropIndex",
        [SP_C_CREATE_PIPELINE_DATASET] = "CreatePipelineDataset", [SP_C_CREATE_FLOW] = "CreateFlow",
    };
    return (unsigned)kind < SP_C_KIND_COUNT && names[kind] ? names[kind] : "Command";
}
