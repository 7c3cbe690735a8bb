/* parse_show.c -- SHOW, DESCRIBE, SET, RESET and DECLARE. */
#include "sql/sql_int.h"

/* ---- SHOW ---- */

static sp_status from_name(sp_sql_parser *p, sp_command *c)
{
    if (!take(p, K_FROM) && !take(p, K_IN)) return SP_OK;
    return sp_sql_reference(p, &c->name, &c->name_count);
}

/* [LIKE] 'pattern' */
static sp_status pattern(sp_sql_parser *p, sp_command *c)
{
    bool like = take(p, K_LIKE);
    if (!like && !sp_sql_is_string(p, 0)) return SP_OK;
    c->has_pattern = true;
    return sp_sql_string(p, &c->pattern);
}

static sp_command *listing(sp_sql_parser *p, sp_command_kind kind)
{
    sp_command *c = sp_sql_command_new(p, kind);
    if (!c) return NULL;
    skip(p);
    TRY_NULL(from_name(p, c));
    return pattern(p, c) == SP_OK ? c : NULL;
}

static sp_command *show_functions(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SHOW_FUNCTIONS);
    if (!c) return NULL;
    int first = p->i;
    if (kind_now(p) != K_FUNCTIONS) {
        TRY_NULL(sp_sql_plain_name(p, &c->word));
        if (!sp_str_eq_nocase(c->word, SP_LIT("all")) && !sp_str_eq_nocase(c->word, SP_LIT("system")) &&
            !sp_str_eq_nocase(c->word, SP_LIT("user"))) {
            FAIL_IN(p, first, first, INVALID_SQL_SYNTAX__SHOW_FUNCTIONS_INVALID_SCOPE, "scope",
                sp_sql_quoted(p, &c->word, 1));
            return NULL;
        }
    }
    skip(p);
    TRY_NULL(from_name(p, c));
    bool like = take(p, K_LIKE);
    if (sp_sql_is_string(p, 0)) {
        c->has_pattern = true;
        TRY_NULL(sp_sql_string(p, &c->pattern));
    } else if (like || sp_sql_is_name(p, 0)) {   /* the old form: a function's name */
        TRY_NULL(sp_sql_parts(p, &c->target, &c->target_count));
        c->has_pattern = true;
        c->pattern = c->target[c->target_count - 1];
    }
    return c;
}

static sp_command *show_table_extended(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SHOW_TABLE_EXTENDED);
    if (!c) return NULL;
    p->i += 2;
    TRY_NULL(from_name(p, c));
    TRY_NULL(sp_sql_want(p, K_LIKE));
    c->has_pattern = true;
    TRY_NULL(sp_sql_string(p, &c->pattern));
    if (kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    return c;
}

static sp_command *show_columns(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SHOW_COLUMNS);
    if (!c) return NULL;
    skip(p);
    if (kind_now(p) != K_FROM && kind_now(p) != K_IN) { sp_sql_unexpected(p); return NULL; }
    TRY_NULL(from_name(p, c));
    if (take(p, K_FROM) || take(p, K_IN)) TRY_NULL(sp_sql_parts(p, &c->target, &c->target_count));
    return c;
}

static sp_command *named(sp_sql_parser *p, sp_command_kind kind, int words)
{
    sp_command *c = sp_sql_command_new(p, kind);
    if (!c) return NULL;
    p->i += words;
    return sp_sql_reference(p, &c->name, &c->name_count) == SP_OK ? c : NULL;
}

static sp_command *show_tblproperties(sp_sql_parser *p)
{
    sp_command *c = named(p, SP_C_SHOW_TBLPROPERTIES, 1);
    if (!c || !take(p, T_LPAREN)) return c;
    c->has_key = true;
    int first = p->i, count;
    sp_str *parts;
    if (sp_sql_is_string(p, 0)) TRY_NULL(sp_sql_string(p, &c->key));
    else {
        TRY_NULL(sp_sql_parts(p, &parts, &count));
        c->key = count == 1 ? parts[0] : sp_sql_slice(p, first, p->i - 1);
    }
    return sp_sql_want(p, T_RPAREN) == SP_OK ? c : NULL;
}

sp_command *sp_sql_show(sp_sql_parser *p)
{
    sp_command *c;
    skip(p);
    int kind = kind_now(p), next = kind_at(p, 1);
    if (kind == K_FUNCTIONS || (next == K_FUNCTIONS && sp_sql_is_name(p, 0))) return show_functions(p);
    switch (kind) {
    case K_TABLES: return listing(p, SP_C_SHOW_TABLES);
    case K_VIEWS: return listing(p, SP_C_SHOW_VIEWS);
    case K_DATABASES: case K_SCHEMAS: case K_NAMESPACES: return listing(p, SP_C_SHOW_DATABASES);
    case K_CATALOGS: return listing(p, SP_C_SHOW_CATALOGS);
    case K_COLUMNS: return show_columns(p);
    case K_TBLPROPERTIES: return show_tblproperties(p);
    case K_TABLE: if (next == K_EXTENDED) return show_table_extended(p); break;
    case K_CREATE:
        if (next != K_TABLE) break;
        if ((c = named(p, SP_C_SHOW_CREATE_TABLE, 2))) c->extended = sp_sql_take_words(p, (int[]){ K_AS, K_SERDE }, 2);
        return c;
    case K_PARTITIONS:
        c = named(p, SP_C_SHOW_PARTITIONS, 1);
        if (c && kind_now(p) == K_PARTITION) TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
        return c;
    case K_CURRENT:
        if (next != K_DATABASE && next != K_SCHEMA && next != K_NAMESPACE) break;
        p->i += 2;
        return sp_sql_command_new(p, SP_C_SHOW_CURRENT_DATABASE);
    default: break;
    }
    if (kind == K_CREATE || kind == K_TABLE || kind == K_CURRENT) skip(p);
    sp_sql_unexpected(p);
    return NULL;
}

/* ---- DESCRIBE ---- */

static sp_command *describe_function(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_DESCRIBE_FUNCTION);
    if (!c) return NULL;
    skip(p);
    c->extended = take(p, K_EXTENDED);
    int kind = kind_now(p);
    bool word = kind == K_OR || kind == K_AND || kind == K_IN || kind == K_NOT || kind == K_DIV;
    if (sp_sql_is_name(p, 0) && !word) return sp_sql_reference(p, &c->name, &c->name_count) == SP_OK ? c : NULL;
    if (!(c->name = sp_arena_alloc(p->arena, sizeof *c->name, p->err))) return NULL;
    c->name_count = 1;
    if (sp_sql_is_string(p, 0)) return sp_sql_string(p, c->name) == SP_OK ? c : NULL;
    bool symbol = (kind >= T_EQ && kind <= T_HAT) || kind == T_BANG;
    if (!symbol && !word) { sp_sql_unexpected(p); return NULL; }
    c->name[0] = sp_sql_token_text(p, p->i);
    skip(p);
    return c;
}

static sp_command *describe_query(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_DESCRIBE_QUERY);
    if (!c) return NULL;
    int first = p->i;
    if (!(c->query = sp_sql_query(p))) return NULL;
    c->text = sp_sql_slice(p, first, p->i - 1);
    return c;
}

static sp_command *describe_table(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_DESCRIBE_TABLE);
    if (!c) return NULL;
    if (kind_now(p) == K_TABLE && sp_sql_is_name(p, 1)) skip(p);
    if ((kind_now(p) == K_EXTENDED || kind_now(p) == K_FORMATTED) && sp_sql_is_name(p, 1)) {
        c->extended = true;
        skip(p);
    }
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (kind_now(p) == K_PARTITION && kind_at(p, 1) == T_LPAREN)
        TRY_NULL(sp_sql_partition(p, &c->partition, &c->partition_count));
    if (sp_sql_is_name(p, 0) && !(kind_now(p) == K_AS && kind_at(p, 1) == K_JSON))
        TRY_NULL(sp_sql_parts(p, &c->target, &c->target_count));
    c->json = sp_sql_take_words(p, (int[]){ K_AS, K_JSON }, 2);
    return c;
}

sp_command *sp_sql_describe(sp_sql_parser *p)
{
    skip(p);
    int kind = kind_now(p), next = kind_at(p, 1);
    if (kind == K_FUNCTION && next != T_EOF) return describe_function(p);
    if ((kind == K_DATABASE || kind == K_SCHEMA || kind == K_NAMESPACE) && sp_sql_is_name(p, 1)) {
        skip(p);
        bool extended = kind_now(p) == K_EXTENDED && sp_sql_is_name(p, 1);
        sp_command *c = named(p, SP_C_DESCRIBE_DATABASE, extended);
        if (c) c->extended = extended;
        return c;
    }
    if (kind == K_QUERY && (sp_sql_starts_query(p, 1) || next == T_LPAREN)) { skip(p); return describe_query(p); }
    bool table_name = kind == K_TABLE;   /* DESCRIBE TABLE t is no TABLE query */
    if (!table_name && (sp_sql_starts_query(p, 0) || kind == T_LPAREN)) return describe_query(p);
    return describe_table(p);
}

/* ---- SET, RESET ---- */

static int end_of_statement(const sp_sql_parser *p)
{
    return p->tokens[p->count - 1].start;
}

/* configKeyDef of SparkSqlAstBuilder */
static bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.:\\", c) != NULL;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_plain_key(sp_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_key_character(s.p[i])) return false;
    return s.n > 0;
}

/* Moves to the end, leaving a semicolon that ends the statement for the caller only when nothing follows it. */
static void skip_all(sp_sql_parser *p)
{
    p->i = p->count - 1;
}

/* The text behind SET or RESET: what the tokens mean does not matter. */
static sp_str raw_rest(const sp_sql_parser *p, int from)
{
    size_t start = p->tokens[from].start, end = (size_t)end_of_statement(p);
    sp_str s = { p->text.p + start, end > start ? end - start : 0 };
    s = sp_str_trim(s);
    while (s.n && (s.p[s.n - 1] == ';' || is_blank(s.p[s.n - 1]))) s.n--;
    return s;
}

static sp_status set_failed(sp_sql_parser *p, int first)
{
    SP_FAIL(p->err, INVALID_SET_SYNTAX);
    return sp_sql_in_context(p, first, p->count > 1 ? p->count - 2 : 0);
}

static const char *double_quoted(sp_sql_parser *p, sp_str s)
{
    const char *text = sp_arena_printf(p->arena, NULL, "\"%.*s\"", (int)s.n, s.p);
    return text ? text : "";
}

/* SET key=value with the key as a bare word, SET key, SET `key`=`value` and their mixtures (visitSetConfiguration,
 * visitSetQuotedConfiguration). */
static sp_command *set_configuration(sp_sql_parser *p, int first)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SET);
    if (!c) return NULL;
    sp_str s = raw_rest(p, p->i);
    if (!s.n) { skip_all(p); return c; }
    if (sp_str_is(s, "-v")) { c->extended = true; skip_all(p); return c; }
    c->has_key = true;
    if (kind_now(p) == T_QUOTED_IDENT &&
        (kind_at(p, 1) == T_EQ || kind_at(p, 1) == T_EOF || kind_at(p, 1) == T_SEMICOLON)) {
        TRY_NULL(sp_sql_plain_name(p, &c->key));
        if (!take(p, T_EQ)) return c;
        c->has_value = true;
        if (kind_now(p) == T_QUOTED_IDENT && (kind_at(p, 1) == T_EOF || kind_at(p, 1) == T_SEMICOLON))
            return sp_sql_plain_name(p, &c->value) == SP_OK ? c : NULL;
        c->value = raw_rest(p, p->i);
        if (memchr(c->value.p, ';', c->value.n)) {
            SP_FAIL(p->err, INVALID_PROPERTY_VALUE, "value", double_quoted(p, c->value), "key",
                double_quoted(p, c->key));
            sp_sql_in_context(p, first, p->count - 2);
            return NULL;
        }
        skip_all(p);
        return c;
    }
    const char *equals = memchr(s.p, '=', s.n);
    sp_str key = sp_str_trim((sp_str){ s.p, equals ? (size_t)(equals - s.p) : s.n });
    if (!is_plain_key(key)) {   /* with a quoted value, it is the key that Spark complains of */
        sp_str value = equals ? sp_str_trim((sp_str){ equals + 1, s.n - (size_t)(equals + 1 - s.p) }) : SP_LIT("");
        if (value.n < 2 || value.p[0] != '`' || value.p[value.n - 1] != '`') { set_failed(p, first); return NULL; }
        SP_FAIL(p->err, INVALID_PROPERTY_KEY, "key", double_quoted(p, key), "value",
                double_quoted(p, (sp_str){ value.p + 1, value.n - 2 }));
        sp_sql_in_context(p, first, p->count > 1 ? p->count - 2 : 0);
        return NULL;
    }
    c->key = key;
    if (equals) {
        c->has_value = true;
        c->value = sp_str_trim((sp_str){ equals + 1, s.n - (size_t)(equals + 1 - s.p) });
        if (c->value.n > 1 && c->value.p[0] == '`' && c->value.p[c->value.n - 1] == '`') {
            c->value.p++;
            c->value.n -= 2;
        }
        else if (memchr(c->value.p, ';', c->value.n)) { set_failed(p, first); return NULL; }
    }
    skip_all(p);
    return c;
}

static sp_command *set_time_zone(sp_sql_parser *p, int first)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SET_TIME_ZONE);
    if (!c) return NULL;
    p->i += 2;
    if (take(p, K_LOCAL)) { c->local = true; c->value = SP_LIT("LOCAL"); return c; }
    if (sp_sql_is_string(p, 0)) return sp_sql_string(p, &c->value) == SP_OK ? c : NULL;
    if (sp_sql_is_interval(p)) {
        if (!(c->expr = sp_sql_interval(p))) return NULL;
        int64_t us = c->expr->type->kind == SP_DAY_TIME ? c->expr->literal.i64 : INT64_MAX, second = SP_US_PER_SECOND;
        if (us > 18 * 3600 * second || us < -18 * 3600 * second || us % second) {
            FAIL_IN(p, first + 3, p->i - 1, INVALID_INTERVAL_FORMAT__TIMEZONE_INTERVAL_OUT_OF_RANGE, "input",
                    sp_sql_cstr(p, sp_sql_slice(p, first + 3, p->i - 1)));
            return NULL;
        }
        return c;
    }
    while (kind_now(p) != T_EOF && kind_now(p) != T_SEMICOLON) skip(p);
    FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0045);
    return NULL;
}

/* SET VAR a = 1, b = 2, or SET VAR (a, b) = (SELECT ...). */
static sp_command *set_variable(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_SET_VARIABLE);
    if (!c) return NULL;
    skip(p);
    if (kind_now(p) != T_LPAREN)
        return sp_sql_assignments(p, &c->assignments, &c->assignment_count) == SP_OK ? c : NULL;
    skip(p);
    sp_sql_list list = { 0 };
    do {
        sp_sql_assignment *a = sp_arena_calloc(p->arena, sizeof *a, p->err);
        if (!a) return NULL;
        TRY_NULL(sp_sql_parts(p, &a->parts, &a->part_count));
        TRY_NULL(sp_sql_push(p, &list, a));
    } while (take(p, T_COMMA));
    if (!(c->assignments = sp_arena_alloc(p->arena, sizeof *c->assignments * (size_t)list.count, p->err))) return NULL;
    for (int i = 0; i < list.count; i++) c->assignments[i] = *(sp_sql_assignment *)list.items[i];
    c->assignment_count = list.count;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    TRY_NULL(sp_sql_want(p, T_EQ));
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    if (!(c->query = sp_sql_query(p))) return NULL;
    return sp_sql_want(p, T_RPAREN) == SP_OK ? c : NULL;
}

sp_command *sp_sql_set(sp_sql_parser *p)
{
    int first = p->i, kind = kind_at(p, 1), next = kind_at(p, 2);
    skip(p);
    if (kind == K_TIME && next == K_ZONE) return set_time_zone(p, first);
    if ((kind == K_VARIABLE || kind == K_VAR) && (sp_sql_is_name(p, 1) || next == T_LPAREN)) return set_variable(p);
    if (kind == K_CATALOG && (sp_sql_is_name(p, 1) || sp_sql_is_string(p, 1))) {
        sp_command *c = sp_sql_command_new(p, SP_C_SET_CATALOG);
        if (!c) return NULL;
        skip(p);
        if (!sp_sql_is_string(p, 0)) return sp_sql_reference(p, &c->name, &c->name_count) == SP_OK ? c : NULL;
        if (!(c->name = sp_arena_alloc(p->arena, sizeof *c->name, p->err))) return NULL;
        c->name_count = 1;
        return sp_sql_string(p, c->name) == SP_OK ? c : NULL;
    }
    return set_configuration(p, first);
}

sp_command *sp_sql_reset(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_RESET);
    if (!c) return NULL;
    int first = p->i;
    skip(p);
    if (kind_now(p) == T_QUOTED_IDENT && (kind_at(p, 1) == T_EOF || kind_at(p, 1) == T_SEMICOLON)) {
        c->has_key = true;
        return sp_sql_plain_name(p, &c->key) == SP_OK ? c : NULL;
    }
    sp_str s = raw_rest(p, p->i);
    if (s.n) {
        c->has_key = true;
        c->key = s;
        if (!is_plain_key(s)) {
            FAIL_IN(p, first, p->count > 1 ? p->count - 2 : 0, INVALID_RESET_COMMAND_FORMAT);
            return NULL;
        }
    }
    skip_all(p);
    return c;
}

/* DECLARE [OR REPLACE] [VARIABLE] name [type] [DEFAULT | = e] */
sp_command *sp_sql_declare(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_DECLARE_VARIABLE);
    if (!c) return NULL;
    int first = p->i;
    skip(p);
    c->replace = sp_sql_take_words(p, (int[]){ K_OR, K_REPLACE }, 2);
    if ((kind_now(p) == K_VARIABLE || kind_now(p) == K_VAR) && sp_sql_is_name(p, 1)) skip(p);
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (sp_sql_is_name(p, 0) && kind_now(p) != K_DEFAULT) TRY_NULL(sp_sql_type(p, &c->type));
    if (take(p, K_DEFAULT) || take(p, T_EQ)) {
        int at = p->i;
        if (!(c->expr = sp_sql_expr(p))) return NULL;
        c->text = sp_sql_slice(p, at, p->i - 1);
    }
    if (!c->type && !c->expr) {
        FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__VARIABLE_TYPE_OR_DEFAULT_REQUIRED);
        return NULL;
    }
    return c;
}
