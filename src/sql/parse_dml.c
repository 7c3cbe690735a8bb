/* parse_dml.c -- INSERT in its forms, FROM ... INSERT, DELETE, UPDATE, MERGE (rule dmlStatementNoWith). */
#include "sql/sql_int.h"

static sp_status directory(sp_sql_parser *p, sp_command *c)
{
    c->kind = SP_C_INSERT_DIRECTORY;
    c->local = take(p, K_LOCAL);
    SP_TRY(sp_sql_want(p, K_DIRECTORY));
    if (sp_sql_is_string(p, 0)) SP_TRY(sp_sql_string(p, &c->location));
    if (take(p, K_USING)) {
        int first = p->i, count;
        sp_str *parts;
        SP_TRY(sp_sql_parts(p, &parts, &count));
        c->provider = sp_sql_slice(p, first, p->i - 1);
        if (take(p, K_OPTIONS)) SP_TRY(sp_sql_options(p, &c->options, &c->option_count));
    } else if (sp_sql_take_words(p, (int[]){ K_STORED, K_AS }, 2)) SP_TRY(sp_sql_plain_name(p, &c->word));
    return SP_OK;
}

static sp_status into_table(sp_sql_parser *p, sp_command *c)
{
    if (kind_now(p) == K_TABLE && sp_sql_is_name(p, 1)) skip(p);
    SP_TRY(sp_sql_reference(p, &c->name, &c->name_count));
    if (kind_now(p) == K_WITH && kind_at(p, 1) == T_LPAREN) {
        skip(p);
        SP_TRY(sp_sql_options(p, &c->options, &c->option_count));
    }
    if (!c->overwrite && kind_now(p) == K_REPLACE && kind_at(p, 1) == K_WHERE) {
        p->i += 2;
        c->expr = sp_sql_expr(p);
        return c->expr ? SP_OK : SP_FAILED;
    }
    if (kind_now(p) == K_PARTITION) SP_TRY(sp_sql_partition(p, &c->partition, &c->partition_count));
    SP_TRY(sp_sql_if_not_exists(p, &c->if_not_exists));
    if (sp_sql_take_words(p, (int[]){ K_BY, K_NAME }, 2)) { c->by_name = true; return SP_OK; }
    if (kind_now(p) == T_LPAREN && !sp_sql_starts_query(p, 1) && kind_at(p, 1) != T_LPAREN)
        return sp_sql_name_list(p, &c->insert_columns, &c->insert_column_count);
    return SP_OK;
}

/* INSERT INTO | OVERWRITE ..., without the query. */
static sp_command *insert_into(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_INSERT);
    if (!c) return NULL;
    TRY_NULL(sp_sql_want(p, K_INSERT));
    c->overwrite = take(p, K_OVERWRITE);
    if (!c->overwrite) TRY_NULL(sp_sql_want(p, K_INTO));
    bool to_directory = c->overwrite &&
        (kind_now(p) == K_DIRECTORY || (kind_now(p) == K_LOCAL && kind_at(p, 1) == K_DIRECTORY));
    return (to_directory ? directory(p, c) : into_table(p, c)) == SP_OK ? c : NULL;
}

sp_command *sp_sql_insert(sp_sql_parser *p)
{
    int first = p->i;
    sp_command *c = insert_into(p);
    if (!c || !(c->query = sp_sql_query(p))) return NULL;
    sp_sql_origin(p, &c->origin, first);
    return c;
}

sp_plan *sp_sql_multi_insert(sp_sql_parser *p, sp_plan *from, int first)
{
    sp_sql_list list = { 0 };
    while (kind_now(p) == K_INSERT) {
        sp_command *c = insert_into(p);
        if (!c) return NULL;
        if (kind_now(p) != K_SELECT) { sp_sql_unexpected(p); return NULL; }
        if (!(c->query = sp_sql_query_body(p, from, first))) return NULL;
        TRY_NULL(sp_sql_push(p, &list, c));
    }
    if (list.count == 1) return sp_sql_command_plan(p, list.items[0], first);
    sp_command *all = sp_sql_command_new(p, SP_C_MULTI);
    if (!all) return NULL;
    all->commands = (sp_command **)list.items;
    all->command_count = list.count;
    return sp_sql_command_plan(p, all, first);
}

/* [AS] alias, before SET, WHERE, USING or WHEN */
static sp_status alias(sp_sql_parser *p, sp_str *out)
{
    bool as = take(p, K_AS);
    if (!as && (!sp_sql_is_name(p, 0) || sp_sql_is_strict(kind_now(p)) || sp_sql_starts_clause(p))) return SP_OK;
    return sp_sql_plain_name(p, out);
}

static sp_status where(sp_sql_parser *p, sp_command *c)
{
    if (!take(p, K_WHERE)) return SP_OK;
    c->expr = sp_sql_expr(p);
    return c->expr ? SP_OK : SP_FAILED;
}

static sp_status insert_values(sp_sql_parser *p, sp_sql_merge_clause *m)
{
    sp_sql_list columns = { 0 };
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        sp_sql_assignment *a;
        SP_NEW(a, p->arena, sizeof *a, p->err);
        SP_TRY(sp_sql_parts(p, &a->parts, &a->part_count));
        SP_TRY(sp_sql_push(p, &columns, a));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    SP_TRY(sp_sql_want(p, K_VALUES));
    SP_TRY(sp_sql_want(p, T_LPAREN));
    sp_expr **values;
    int count;
    int first = p->i;
    SP_TRY(sp_sql_expr_seq(p, sp_sql_expr, &values, &count));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    if (count != columns.count)
        return FAIL_IN(p, first, p->i - 2, _LEGACY_ERROR_TEMP_0062, "msg",
            "The number of inserted values cannot match the fields");
    SP_NEW_ARRAY(m->assignments, p->arena, count, p->err);
    m->assignment_count = count;
    for (int i = 0; i < count; i++) {
        m->assignments[i] = *(sp_sql_assignment *)columns.items[i];
        m->assignments[i].expr = values[i];
    }
    return SP_OK;
}

static sp_status merge_action(sp_sql_parser *p, sp_sql_merge_clause *m)
{
    if (m->when != 1 && take(p, K_DELETE)) { m->action = 0; return SP_OK; }
    if (m->when != 1) {
        SP_TRY(sp_sql_want(p, K_UPDATE));
        SP_TRY(sp_sql_want(p, K_SET));
        m->action = 1;
        if (m->when == 0 && take(p, T_STAR)) { m->action = 2; return SP_OK; }
        return sp_sql_assignments(p, &m->assignments, &m->assignment_count);
    }
    SP_TRY(sp_sql_want(p, K_INSERT));
    m->action = 3;
    if (take(p, T_STAR)) { m->action = 4; return SP_OK; }
    return insert_values(p, m);
}

static sp_status merge_clause(sp_sql_parser *p, sp_sql_merge_clause *m)
{
    skip(p);   /* WHEN */
    if (take(p, K_NOT)) m->when = 1;
    SP_TRY(sp_sql_want(p, K_MATCHED));
    if (m->when && take(p, K_BY)) {
        if (take(p, K_SOURCE)) m->when = 2;
        else SP_TRY(sp_sql_want(p, K_TARGET));
    }
    if (take(p, K_AND) && !(m->condition = sp_sql_expr(p))) return SP_FAILED;
    SP_TRY(sp_sql_want(p, K_THEN));
    return merge_action(p, m);
}

static sp_status merge(sp_sql_parser *p, sp_command *c)
{
    if (kind_now(p) == K_WITH && kind_at(p, 1) == K_SCHEMA) {
        p->i += 2;
        SP_TRY(sp_sql_want(p, K_EVOLUTION));
        c->extended = true;
    }
    SP_TRY(sp_sql_want(p, K_INTO));
    SP_TRY(sp_sql_reference(p, &c->name, &c->name_count));
    SP_TRY(alias(p, &c->alias));
    SP_TRY(sp_sql_want(p, K_USING));
    int first = p->i;
    if (take(p, T_LPAREN)) {
        if (!(c->query = sp_sql_query(p))) return SP_FAILED;
        SP_TRY(sp_sql_want(p, T_RPAREN));
    } else {
        if (!(c->query = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, first))) return SP_FAILED;
        SP_TRY(sp_sql_reference(p, &c->query->parts, &c->query->part_count));
    }
    SP_TRY(sp_sql_table_alias(p, &c->query, first));
    SP_TRY(sp_sql_want(p, K_ON));
    if (!(c->expr = sp_sql_expr(p))) return SP_FAILED;
    sp_sql_list list = { 0 };
    while (kind_now(p) == K_WHEN) {
        sp_sql_merge_clause *m;
        SP_NEW(m, p->arena, sizeof *m, p->err);
        SP_TRY(merge_clause(p, m));
        SP_TRY(sp_sql_push(p, &list, m));
    }
    SP_NEW_ARRAY(c->merges, p->arena, list.count + 1, p->err);
    for (int i = 0; i < list.count; i++) c->merges[i] = *(sp_sql_merge_clause *)list.items[i];
    c->merge_count = list.count;
    return SP_OK;
}

sp_command *sp_sql_dml(sp_sql_parser *p)
{
    int kind = kind_now(p);
    sp_command *c = sp_sql_command_new(p, kind == K_DELETE ? SP_C_DELETE : kind == K_UPDATE ? SP_C_UPDATE : SP_C_MERGE);
    if (!c) return NULL;
    skip(p);
    if (kind == K_MERGE) return merge(p, c) == SP_OK ? c : NULL;
    if (kind == K_DELETE) TRY_NULL(sp_sql_want(p, K_FROM));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    TRY_NULL(alias(p, &c->alias));
    if (kind == K_UPDATE) {
        TRY_NULL(sp_sql_want(p, K_SET));
        TRY_NULL(sp_sql_assignments(p, &c->assignments, &c->assignment_count));
    }
    return where(p, c) == SP_OK ? c : NULL;
}
