/* parse_alter.c -- ALTER TABLE, VIEW and DATABASE. */
#include "sql/sql_int.h"

static sp_status multiparts(sp_sql_parser *p, sp_command *c)
{
    sp_sql_list list = { 0 };
    do {
        sp_sql_multipart *m;
        SP_NEW(m, p->arena, sizeof *m, p->err);
        SP_TRY(sp_sql_parts(p, &m->parts, &m->part_count));
        SP_TRY(sp_sql_push(p, &list, m));
    } while (take(p, T_COMMA));
    SP_NEW_ARRAY(c->targets, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->targets[i] = *(sp_sql_multipart *)list.items[i];
    c->targets_count = list.count;
    return SP_OK;
}

static sp_status partitions(sp_sql_parser *p, sp_command *c)
{
    sp_sql_list list = { 0 };
    do {
        sp_sql_partition_spec *s;
        SP_NEW(s, p->arena, sizeof *s, p->err);
        SP_TRY(sp_sql_partition(p, &s->items, &s->count));
        if (take(p, K_LOCATION)) SP_TRY(sp_sql_string(p, &s->location));
        SP_TRY(sp_sql_push(p, &list, s));
        take(p, T_COMMA);
    } while (kind_now(p) == K_PARTITION);
    SP_NEW_ARRAY(c->partitions, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->partitions[i] = *(sp_sql_partition_spec *)list.items[i];
    c->partitions_count = list.count;
    return SP_OK;
}

/* ADD CONSTRAINT ..., up to the end */
static sp_status constraint(sp_sql_parser *p, sp_command *c, const char *word)
{
    int first = p->i;
    c->kind = SP_C_ALTER_CONSTRAINT;
    c->word = sp_str_of(word);
    while (kind_now(p) != T_EOF && kind_now(p) != T_SEMICOLON) skip(p);
    c->text = sp_sql_slice(p, first, p->i - 1);
    return SP_OK;
}

static sp_status add(sp_sql_parser *p, sp_command *c)
{
    int kind = kind_now(p);
    if (kind == K_CONSTRAINT || kind == K_CHECK || kind == K_PRIMARY || kind == K_UNIQUE || kind == K_FOREIGN)
        return constraint(p, c, "ADD");
    if (take(p, K_COLUMN) || take(p, K_COLUMNS)) {
        c->kind = SP_C_ALTER_ADD_COLUMNS;
        if (kind_now(p) == T_LPAREN) return sp_sql_columns(p, &c->columns, &c->column_count);
        return sp_sql_column_seq(p, &c->columns, &c->column_count);
    }
    c->kind = SP_C_ALTER_ADD_PARTITION;
    SP_TRY(sp_sql_if_not_exists(p, &c->if_exists));
    return partitions(p, c);
}

static sp_status drop(sp_sql_parser *p, sp_command *c)
{
    if (kind_now(p) == K_CONSTRAINT) return constraint(p, c, "DROP");
    if (take(p, K_COLUMN) || take(p, K_COLUMNS)) {
        c->kind = SP_C_ALTER_DROP_COLUMNS;
        SP_TRY(sp_sql_if_exists(p, &c->if_exists));
        bool brackets = take(p, T_LPAREN);
        SP_TRY(multiparts(p, c));
        return brackets ? sp_sql_want(p, T_RPAREN) : SP_OK;
    }
    c->kind = SP_C_ALTER_DROP_PARTITION;
    SP_TRY(sp_sql_if_exists(p, &c->if_exists));
    SP_TRY(partitions(p, c));
    c->purge = take(p, K_PURGE);
    return SP_OK;
}

static sp_status rename_to(sp_sql_parser *p, sp_command *c)
{
    if (take(p, K_COLUMN)) {
        c->kind = SP_C_ALTER_RENAME_COLUMN;
        SP_TRY(sp_sql_parts(p, &c->target, &c->target_count));
        SP_TRY(sp_sql_want(p, K_TO));
        return sp_sql_name(p, &c->value);
    }
    SP_TRY(sp_sql_want(p, K_TO));
    if (c->partition_count) {
        c->kind = SP_C_ALTER_RENAME_PARTITION;
        SP_NEW_ARRAY(c->partitions, p->arena, 2, p->err);
        c->partitions[0] = (sp_sql_partition_spec){ c->partition, c->partition_count, { 0 } };
        c->partitions_count = 2;
        c->partition_count = 0;
        return sp_sql_partition(p, &c->partitions[1].items, &c->partitions[1].count);
    }
    c->kind = SP_C_ALTER_RENAME;
    return sp_sql_parts(p, &c->target, &c->target_count);
}

static sp_status properties(sp_sql_parser *p, sp_command *c, bool set)
{
    c->kind = set ? SP_C_ALTER_SET_PROPERTIES : SP_C_ALTER_UNSET_PROPERTIES;
    int kind = kind_now(p);
    bool good = c->database ? kind == K_DBPROPERTIES || kind == K_PROPERTIES : kind == K_TBLPROPERTIES;
    if (!good) return sp_sql_unexpected(p);
    skip(p);
    if (!set) SP_TRY(sp_sql_if_exists(p, &c->if_exists));
    return sp_sql_options(p, &c->properties, &c->property_count);
}

static sp_status set(sp_sql_parser *p, sp_command *c)
{
    if (take(p, K_LOCATION)) {
        c->kind = SP_C_ALTER_SET_LOCATION;
        return sp_sql_string(p, &c->location);
    }
    if (take(p, K_SERDE)) {
        c->kind = SP_C_ALTER_SERDE;
        SP_TRY(sp_sql_string(p, &c->value));
        if (sp_sql_take_words(p, (int[]){ K_WITH, K_SERDEPROPERTIES }, 2))
            return sp_sql_options(p, &c->properties, &c->property_count);
        return SP_OK;
    }
    if (take(p, K_SERDEPROPERTIES)) {
        c->kind = SP_C_ALTER_SERDE;
        return sp_sql_options(p, &c->properties, &c->property_count);
    }
    return properties(p, c, true);
}

/* What ALTER COLUMN c does; nothing is an error of the session's. */
static sp_status column_action(sp_sql_parser *p, sp_sql_column *k)
{
    k->nullable = true;
    if (take(p, K_TYPE)) { k->change = SP_CHANGE_TYPE; return sp_sql_type(p, &k->type); }
    if (take(p, K_COMMENT)) { k->change = SP_CHANGE_COMMENT; return sp_sql_string(p, &k->comment); }
    if (take(p, K_FIRST)) { k->change = SP_CHANGE_POSITION; k->first = true; return SP_OK; }
    if (take(p, K_AFTER)) { k->change = SP_CHANGE_POSITION; return sp_sql_name(p, &k->after); }
    bool is_set = kind_now(p) == K_SET;
    if (!is_set && kind_now(p) != K_DROP) return SP_OK;
    skip(p);
    if (sp_sql_take_words(p, (int[]){ K_NOT, K_NULL }, 2)) {
        k->change = is_set ? SP_CHANGE_SET_NOT_NULL : SP_CHANGE_DROP_NOT_NULL;
        return SP_OK;
    }
    SP_TRY(sp_sql_want(p, K_DEFAULT));
    k->change = is_set ? SP_CHANGE_SET_DEFAULT : SP_CHANGE_DROP_DEFAULT;
    if (!is_set) return SP_OK;
    int first = p->i;
    if (!(k->default_value = sp_sql_expr(p))) return SP_FAILED;
    k->default_text = sp_sql_slice(p, first, p->i - 1);
    return SP_OK;
}

/* Hive's CHANGE c c type ...: the name twice, then a type. */
static bool is_hive_change(const sp_sql_parser *p)
{
    return sp_sql_is_name(p, 0) && sp_sql_is_name(p, 1) && sp_sql_is_name(p, 2) && kind_at(p, 1) != K_TYPE &&
        kind_at(p, 1) != K_SET &&
           kind_at(p, 1) != K_DROP && kind_at(p, 1) != K_AFTER && kind_at(p, 1) != K_COMMENT;
}

static sp_status alter_column(sp_sql_parser *p, sp_command *c)
{
    c->kind = SP_C_ALTER_COLUMN;
    take(p, K_COLUMN);
    if (is_hive_change(p)) {
        sp_str old;
        SP_TRY(sp_sql_name(p, &old));
        SP_TRY(sp_sql_column_seq(p, &c->columns, &c->column_count));
        c->columns[0].change = SP_CHANGE_TYPE | (c->columns[0].comment.p ? SP_CHANGE_COMMENT : 0);
        if (!sp_str_eq_nocase(old, c->columns[0].parts[0]))
            return FAIL_IN(p, p->i - 1, p->i - 1, _LEGACY_ERROR_TEMP_0035, "message",
                           "Renaming column is not supported in Hive-style ALTER COLUMN");
        return SP_OK;
    }
    sp_sql_list list = { 0 };
    do {
        sp_sql_column *k;
        SP_NEW(k, p->arena, sizeof *k, p->err);
        SP_TRY(sp_sql_parts(p, &k->parts, &k->part_count));
        SP_TRY(column_action(p, k));
        SP_TRY(sp_sql_push(p, &list, k));
    } while (take(p, T_COMMA));
    SP_NEW_ARRAY(c->columns, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->columns[i] = *(sp_sql_column *)list.items[i];
    c->column_count = list.count;
    return SP_OK;
}

static sp_status table_action(sp_sql_parser *p, sp_command *c)
{
    int first = p->i;
    switch (kind_now(p)) {
    case K_ADD: skip(p); return add(p, c);
    case K_DROP: skip(p); return drop(p, c);
    case K_RENAME: skip(p); return rename_to(p, c);
    case K_SET: skip(p); return set(p, c);
    case K_UNSET: skip(p); return properties(p, c, false);
    case K_ALTER: case K_CHANGE: skip(p); return alter_column(p, c);
    case K_REPLACE:
        skip(p);
        c->kind = SP_C_ALTER_REPLACE_COLUMNS;
        SP_TRY(sp_sql_want(p, K_COLUMNS));
        return sp_sql_columns(p, &c->columns, &c->column_count);
    case K_RECOVER:
        skip(p);
        c->kind = SP_C_ALTER_RECOVER_PARTITIONS;
        return sp_sql_want(p, K_PARTITIONS);
    case K_CLUSTER:
        skip(p);
        c->kind = SP_C_ALTER_CLUSTER_BY;
        SP_TRY(sp_sql_want(p, K_BY));
        if (take(p, K_NONE)) return SP_OK;
        SP_TRY(sp_sql_want(p, T_LPAREN));
        SP_TRY(multiparts(p, c));
        return sp_sql_want(p, T_RPAREN);
    case K_NOT: case K_CLUSTERED: case K_SKEWED: case K_EXCHANGE: case K_ARCHIVE: case K_UNARCHIVE: case K_TOUCH:
    case K_COMPACT: case K_CONCATENATE: {
        sp_str word = sp_sql_token_text(p, p->i);
        while (kind_now(p) != T_EOF && kind_now(p) != T_SEMICOLON) skip(p);
        return FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0035, "message",
            sp_arena_printf(p->arena, NULL, "ALTER TABLE %.*s", (int)word.n, word.p));
    }
    default: return sp_sql_unexpected(p);
    }
}

static sp_status view_action(sp_sql_parser *p, sp_command *c)
{
    if (kind_now(p) == K_WITH && kind_at(p, 1) == K_SCHEMA) {
        int first = p->i += 2;
        c->kind = SP_C_ALTER_VIEW_BINDING;
        while (kind_now(p) == K_TYPE || kind_now(p) == K_EVOLUTION || kind_now(p) == K_BINDING ||
            kind_now(p) == K_COMPENSATION) skip(p);
        c->word = sp_sql_slice(p, first, p->i - 1);
        return SP_OK;
    }
    if (kind_now(p) == K_RENAME || kind_now(p) == K_SET || kind_now(p) == K_UNSET || kind_now(p) == K_ADD ||
        kind_now(p) == K_DROP)
        return table_action(p, c);
    take(p, K_AS);
    int first = p->i;
    c->kind = SP_C_ALTER_VIEW_AS;
    if (!(c->query = sp_sql_query(p))) return SP_FAILED;
    c->text = sp_sql_slice(p, first, p->i - 1);
    return SP_OK;
}

sp_command *sp_sql_alter(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_NONE);
    if (!c) return NULL;
    skip(p);
    c->view = kind_now(p) == K_VIEW;
    c->database = kind_now(p) == K_DATABASE || kind_now(p) == K_SCHEMA || kind_now(p) == K_NAMESPACE;
    if (!c->view && !c->database && kind_now(p) != K_TABLE) { sp_sql_unexpected(p); return NULL; }
    skip(p);
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (c->view) return view_action(p, c) == SP_OK ? c : NULL;
    if (kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    if (c->database && kind_now(p) != K_SET && kind_now(p) != K_UNSET) { sp_sql_unexpected(p); return NULL; }
    return table_action(p, c) == SP_OK ? c : NULL;
}
