/* parse_relation.c -- what stands behind FROM: tables, streams, functions, subqueries, joins, lateral views, samples,
 * watermarks (rules fromClause, relation, relationPrimary; AstBuilder.withRelationExtensions, visitTableName ...). */
#include "sql/sql_int.h"

sp_plan *sp_sql_alias(sp_sql_parser *p, sp_plan *child, sp_str name, int first)
{
    sp_plan *plan = sp_sql_plan(p, SP_P_ALIAS, child, NULL, first);
    if (plan) plan->name = name;
    return plan;
}

/* [[AS] name [(columns)]] */
sp_status sp_sql_table_alias(sp_sql_parser *p, sp_plan **plan, int first)
{
    bool as = take(p, K_AS);
    if (!as && (!sp_sql_is_name(p, 0) || sp_sql_is_strict(kind_now(p)) || sp_sql_starts_clause(p))) return SP_OK;
    if (sp_sql_is_strict(kind_now(p))) return sp_sql_unexpected(p);
    sp_str name;
    SP_TRY(sp_sql_plain_name(p, &name));
    sp_plan *alias = sp_sql_alias(p, *plan, name, first);
    if (!alias) return SP_FAILED;
    if (kind_now(p) == T_LPAREN) SP_TRY(sp_sql_name_list(p, &alias->new_names, &alias->new_name_count));
    *plan = alias;
    return SP_OK;
}

/* ---- options ---- */

static sp_status property_key(sp_sql_parser *p, sp_str *out)
{
    if (sp_sql_is_string(p, 0)) {
        SP_TRY(sp_sql_string_token(p, p->i, out));
        skip(p);
        return SP_OK;
    }
    int count;
    sp_str *parts;
    SP_TRY(sp_sql_parts(p, &parts, &count));
    if (count == 1) { *out = parts[0]; return SP_OK; }
    sp_buf text = { 0 };
    for (int i = 0; i < count; i++) {
        if (i) sp_buf_putc(&text, '.');
        sp_buf_add(&text, parts[i].p, parts[i].n);
    }
    sp_status status = sp_buf_check(&text, p->err);
    if (status == SP_OK && !(*out = sp_str_copy(p->arena, (sp_str){ text.data, text.len }, p->err)).p)
        status = SP_FAILED;
    sp_buf_done(&text);
    return status;
}

static sp_status property_value(sp_sql_parser *p, sp_sql_property *out)
{
    int kind = kind_now(p), next = kind_at(p, 1);
    out->has_value = true;
    bool alone = next == T_COMMA || next == T_RPAREN;
    if (sp_sql_is_string(p, 0) && (alone || sp_sql_is_string(p, 1))) return sp_sql_string(p, &out->value);
    if (!alone) kind = T_EOF;
    if (kind == T_INTEGER || kind == T_DECIMAL || kind == K_TRUE || kind == K_FALSE) {
        out->value = sp_sql_token_text(p, p->i);
        if (kind == K_TRUE) out->value = SP_LIT("true");
        if (kind == K_FALSE) out->value = SP_LIT("false");
        skip(p);
        return SP_OK;
    }
    int first = p->i;   /* OPTIONS of CREATE TABLE take any constant expression */
    if (!(out->expr = sp_sql_expr(p))) return SP_FAILED;
    out->value = sp_sql_slice(p, first, p->i - 1);
    return SP_OK;
}

sp_status sp_sql_options(sp_sql_parser *p, sp_sql_property **items, int *count)
{
    sp_sql_property *list = NULL;
    int n = 0, cap = 0, first = p->i;
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        if (n == cap) {
            sp_sql_property *more;
            cap = cap ? cap * 2 : 4;
            SP_NEW_ARRAY(more, p->arena, cap, p->err);
            if (n) memcpy(more, list, sizeof *list * (size_t)n);
            list = more;
        }
        sp_sql_property *item = &list[n++];
        SP_TRY(property_key(p, &item->key));
        if (take(p, T_EQ) || (kind_now(p) != T_COMMA && kind_now(p) != T_RPAREN)) SP_TRY(property_value(p, item));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    for (int i = 0; i < n && n < 1000; i++)
        for (int j = 0; j < i; j++)
            if (sp_str_eq(list[i].key, list[j].key))
                return FAIL_IN(p, first, p->i - 1, DUPLICATE_KEY, "keyColumn", sp_sql_quoted(p, &list[i].key, 1));
    *items = list;
    *count = n;
    return SP_OK;
}

static sp_status copy_entries(sp_sql_parser *p, const sp_props *from, sp_props *to)
{
    *to = *from;
    sp_strmap *m = &to->map;
    SP_NEW_ARRAY(m->entries, p->arena, m->cap, p->err);
    SP_NEW_ARRAY(m->slots, p->arena, m->slot_count, p->err);
    memcpy(m->entries, from->map.entries, sizeof *m->entries * m->count);
    memcpy(m->slots, from->map.slots, sizeof *m->slots * m->slot_count);
    for (size_t i = 0; i < m->count; i++) {
        m->entries[i].key = sp_str_copy(p->arena, m->entries[i].key, p->err);
        m->entries[i].value = sp_arena_strdup(p->arena, m->entries[i].value, p->err);
        if (!m->entries[i].key.p || !m->entries[i].value) return SP_FAILED;
    }
    return SP_OK;
}

/* Properties that die with the arena: read them, never change or end them. */
sp_status sp_sql_props(sp_sql_parser *p, const sp_sql_property *items, int count, sp_props **out)
{
    sp_props made = { .map.fold_case = true };
    sp_status status = SP_OK;
    for (int i = 0; i < count && status == SP_OK; i++)
        status = sp_props_put(&made, items[i].key, items[i].has_value ? items[i].value : SP_LIT(""), p->err);
    if (status == SP_OK) {
        *out = sp_arena_calloc(p->arena, sizeof **out, p->err);
        status = *out ? copy_entries(p, &made, *out) : SP_FAILED;
    }
    sp_props_done(&made);
    return status;
}

static sp_status with_options(sp_sql_parser *p, sp_plan *plan)
{
    if (kind_now(p) != K_WITH || kind_at(p, 1) != T_LPAREN) return SP_OK;
    sp_sql_property *items;
    int count;
    skip(p);
    SP_TRY(sp_sql_options(p, &items, &count));
    return sp_sql_props(p, items, count, &plan->options);
}

/* ---- watermarks ---- */

static sp_plan *watermark(sp_sql_parser *p, sp_plan *child, int first)
{
    if (kind_now(p) != K_WATERMARK || !sp_sql_starts_clause(p)) return child;
    skip(p);
    /* the column is a named expression; DELAY OF is no alias of it */
    sp_expr *column = sp_sql_expr(p);
    if (!column) return NULL;
    if (take(p, K_AS) || (sp_sql_is_name(p, 0) && !(kind_now(p) == K_DELAY && kind_at(p, 1) == K_OF))) {
        sp_str name;
        TRY_NULL(sp_sql_name(p, &name));
        if (!(column = sp_expr_alias(p->arena, column, name, -1, p->err))) return NULL;
    }
    TRY_NULL(sp_sql_want(p, K_DELAY));
    TRY_NULL(sp_sql_want(p, K_OF));
    int at = p->i;
    if (kind_now(p) != K_INTERVAL) { sp_sql_unexpected(p); return NULL; }
    sp_expr *delay = sp_sql_is_interval(p) ? sp_sql_interval(p) : sp_sql_is_string(p, 1) ? sp_sql_typed_literal(p)
        : NULL;
    if (!delay) {
        if (!sp_error_is_set(p->err)) sp_sql_unexpected(p);
        return NULL;
    }
    sp_plan *plan = sp_sql_plan(p, SP_P_WATERMARK, child, NULL, first);
    if (!plan || !(plan->exprs = sp_arena_alloc(p->arena, sizeof *plan->exprs, p->err))) return NULL;
    plan->exprs[0] = column;
    plan->expr_count = 1;
    plan->text2 = sp_sql_slice(p, at, p->i - 1);
    sp_kind kind = delay->type->kind;
    if (kind == SP_YEAR_MONTH) plan->delay_months = (int32_t)delay->literal.i64;
    else if (kind == SP_DAY_TIME) plan->delay_us = delay->literal.i64;
    else {
        plan->delay_months = delay->literal.calendar.months;
        plan->delay_us = delay->literal.calendar.days * SP_US_PER_DAY + delay->literal.calendar.us;
    }
    return plan;
}

/* [TABLESAMPLE (...)] [WATERMARK ...] [alias] */
static sp_plan *relation_tail(sp_sql_parser *p, sp_plan *plan, int first)
{
    if (kind_now(p) == K_TABLESAMPLE && kind_at(p, 1) == T_LPAREN && !(plan = sp_sql_sample(p, plan, first)))
        return NULL;
    if (!(plan = watermark(p, plan, first))) return NULL;
    TRY_NULL(sp_sql_table_alias(p, &plan, first));
    return plan;
}

/* ---- primaries ---- */

/* a, or ( a, b ) */
static sp_status one_or_list(sp_sql_parser *p, sp_expr *(*rule)(sp_sql_parser *), sp_expr ***out, int *count)
{
    if (take(p, T_LPAREN)) {
        SP_TRY(sp_sql_expr_seq(p, rule, out, count));
        return sp_sql_want(p, T_RPAREN);
    }
    SP_NEW(*out, p->arena, sizeof **out, p->err);
    *count = 1;
    (*out)[0] = rule(p);
    return (*out)[0] ? SP_OK : SP_FAILED;
}

static sp_expr *table_argument(sp_sql_parser *p, int first)
{
    skip(p);   /* TABLE */
    bool brackets = take(p, T_LPAREN);
    sp_plan *plan;
    if (brackets && sp_sql_starts_query(p, 0)) plan = sp_sql_query(p);
    else {
        sp_str *parts;
        int count;
        TRY_NULL(sp_sql_reference(p, &parts, &count));
        plan = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, first);
        if (plan) { plan->parts = parts; plan->part_count = count; }
    }
    if (!plan) return NULL;
    if (brackets) TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_expr *e = sp_expr_new(p->arena, SP_E_SUBQUERY, p->err);
    if (!e) return NULL;
    e->subquery_kind = 3;
    e->plan = plan;
    if (!(e->window = sp_arena_calloc(p->arena, sizeof *e->window, p->err))) return NULL;
    if (kind_now(p) == K_WITH && kind_at(p, 1) == K_SINGLE) {
        p->i += 2;
        TRY_NULL(sp_sql_want(p, K_PARTITION));
        e->distinct = true;   /* one partition */
    } else if ((kind_now(p) == K_PARTITION || kind_now(p) == K_DISTRIBUTE) && kind_at(p, 1) == K_BY) {
        p->i += 2;
        TRY_NULL(one_or_list(p, sp_sql_expr, &e->window->partition, &e->window->partition_count));
    }
    if ((kind_now(p) == K_ORDER || kind_now(p) == K_SORT) && kind_at(p, 1) == K_BY) {
        p->i += 2;
        TRY_NULL(one_or_list(p, sp_sql_sort_item, &e->window->order, &e->window->order_count));
    }
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *function_argument(sp_sql_parser *p)
{
    int first = p->i;
    sp_str name = { 0 };
    bool named = sp_sql_is_name(p, 0) && kind_at(p, 1) == T_FAT_ARROW;
    if (named) {
        TRY_NULL(sp_sql_plain_name(p, &name));
        skip(p);
    }
    bool is_table = kind_now(p) == K_TABLE && (sp_sql_is_name(p, 1) || kind_at(p, 1) == T_LPAREN);
    sp_expr *e = is_table ? table_argument(p, first) : sp_sql_expr(p);
    if (!e || !named) return e;
    if ((e = sp_expr_alias(p->arena, e, name, -1, p->err))) {
        e->is_internal = true;
        sp_sql_origin(p, &e->origin, first);
    }
    return e;
}

static sp_plan *table_function(sp_sql_parser *p, sp_str *parts, int part_count, int first)
{
    sp_expr **args = NULL;
    int count = 0;
    skip(p);
    if (kind_now(p) != T_RPAREN) TRY_NULL(sp_sql_expr_seq(p, function_argument, &args, &count));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_plan *plan = sp_sql_plan(p, SP_P_TABLE_FUNCTION, NULL, NULL, first);
    if (!plan) return NULL;
    plan->name = parts[part_count - 1];
    plan->parts = parts;
    plan->part_count = part_count;
    plan->exprs = args;
    plan->expr_count = count;
    if (!(plan = watermark(p, plan, first))) return NULL;
    TRY_NULL(sp_sql_table_alias(p, &plan, first));
    return plan;
}

/* [FOR] VERSION | TIMESTAMP AS OF ...: none of our tables has a past. */
static sp_status no_time_travel(sp_sql_parser *p, const sp_str *parts, int count, int first)
{
    int n = kind_now(p) == K_FOR, kind = kind_at(p, n);
    bool versions = kind == K_VERSION || kind == K_SYSTEM_VERSION || kind == K_TIMESTAMP || kind == K_SYSTEM_TIME;
    if (!versions || kind_at(p, n + 1) != K_AS || kind_at(p, n + 2) != K_OF) return SP_OK;
    return FAIL_IN(p, first, p->i + n + 2, UNSUPPORTED_FEATURE__TIME_TRAVEL, "relationId",
        sp_sql_quoted(p, parts, count));
}

static sp_plan *named_table(sp_sql_parser *p)
{
    int first = p->i, count;
    sp_str *parts;
    TRY_NULL(sp_sql_reference(p, &parts, &count));
    if (kind_now(p) == T_LPAREN) return table_function(p, parts, count, first);
    sp_plan *plan = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, first);
    if (!plan) return NULL;
    plan->parts = parts;
    plan->part_count = count;
    TRY_NULL(no_time_travel(p, parts, count, first));
    TRY_NULL(with_options(p, plan));
    return relation_tail(p, plan, first);
}

/* STREAM t, STREAM(t): but a table called stream stays one. */
static bool is_stream(sp_sql_parser *p)
{
    if (kind_now(p) != K_STREAM) return false;
    if (kind_at(p, 1) == T_LPAREN) {
        int n = 2;
        while (sp_sql_is_name(p, n) && kind_at(p, n + 1) == T_DOT) n += 2;
        return sp_sql_is_name(p, n) && kind_at(p, n + 1) == T_RPAREN;
    }
    if (!sp_sql_is_name(p, 1) || sp_sql_is_strict(kind_at(p, 1)) || kind_at(p, 1) == K_AS) return false;
    p->i++;
    bool clause = sp_sql_starts_clause(p);
    p->i--;
    return !clause;
}

static sp_plan *stream(sp_sql_parser *p)
{
    int first = p->i, count;
    sp_str *parts;
    skip(p);
    bool brackets = take(p, T_LPAREN);
    TRY_NULL(sp_sql_parts(p, &parts, &count));
    if (brackets) TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_plan *plan = sp_sql_plan(p, SP_P_TABLE, NULL, NULL, first);
    if (!plan) return NULL;
    plan->parts = parts;
    plan->part_count = count;
    plan->read_streaming = true;
    TRY_NULL(with_options(p, plan));
    if (!(plan = watermark(p, plan, first))) return NULL;
    TRY_NULL(sp_sql_table_alias(p, &plan, first));
    return plan;
}

/* A query in brackets without a name gets one that nobody writes. */
static sp_plan *query_tail(sp_sql_parser *p, sp_plan *query, int first)
{
    sp_plan *plan = relation_tail(p, query, first);
    if (!plan || plan->kind == SP_P_ALIAS) return plan;
    return sp_sql_alias(p, plan, SP_LIT("__auto_generated_subquery_name"), first);
}

static sp_plan *relation_primary(sp_sql_parser *p, bool *is_query);

/* ( query ) or ( relation ); which, the first word tells, but for ((SELECT ...) UNION ...). */
static sp_plan *brackets(sp_sql_parser *p, bool *is_query)
{
    int first = p->i;
    skip(p);
    int inside = p->i;
    bool query = sp_sql_starts_query(p, 0);
    sp_plan *plan;
    if (query) plan = sp_sql_query(p);
    else {
        bool nested = kind_now(p) == T_LPAREN, inner_query = false, more = true;
        take(p, K_LATERAL);
        plan = relation_primary(p, &inner_query);
        if (plan && nested && inner_query && sp_sql_continues_query(p)) {
            query = true;
            plan = sp_sql_query_from(p, plan->kind == SP_P_ALIAS ? plan->children[0] : plan, inside);
        }
        while (plan && more && !query) plan = sp_sql_join_rest(p, plan, inside, &more);
    }
    if (!plan) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    bool bare = sp_sql_continues_query(p) && query;
    *is_query = bare;
    return query ? query_tail(p, plan, first) : relation_tail(p, plan, first);
}

static sp_plan *relation_primary(sp_sql_parser *p, bool *is_query)
{
    *is_query = false;
    TRY_NULL(sp_sql_enter(p));
    sp_plan *plan;
    if (kind_now(p) == T_LPAREN) plan = brackets(p, is_query);
    else if (kind_now(p) == K_VALUES && sp_sql_starts_query(p, 0)) plan = sp_sql_inline_table(p);
    else if (is_stream(p)) plan = stream(p);
    else if (sp_sql_is_name(p, 0)) plan = named_table(p);
    else { sp_sql_unexpected(p); plan = NULL; }
    sp_sql_leave(p);
    return plan;
}

/* ---- joins ---- */

static sp_join_type join_type(sp_sql_parser *p)
{
    switch (kind_now(p)) {
    case K_CROSS: skip(p); return SP_JOIN_CROSS;
    case K_LEFT:
        skip(p);
        if (take(p, K_SEMI)) return SP_JOIN_SEMI;
        if (take(p, K_ANTI)) return SP_JOIN_ANTI;
        take(p, K_OUTER);
        return SP_JOIN_LEFT;
    case K_SEMI: skip(p); return SP_JOIN_SEMI;
    case K_ANTI: skip(p); return SP_JOIN_ANTI;
    case K_RIGHT: skip(p); take(p, K_OUTER); return SP_JOIN_RIGHT;
    case K_FULL: skip(p); take(p, K_OUTER); return SP_JOIN_FULL;
    case K_INNER: skip(p); return SP_JOIN_INNER;
    default: return SP_JOIN_INNER;
    }
}

static bool starts_join(int kind)
{
    switch (kind) {
    case K_JOIN: case K_INNER: case K_CROSS: case K_LEFT: case K_RIGHT: case K_FULL: case K_SEMI: case K_ANTI:
    case K_NATURAL:
        return true;
    default: return false;
    }
}

static sp_status join_criteria(sp_sql_parser *p, sp_plan *join, bool natural, bool lateral, int at)
{
    if (natural) {
        join->kind = SP_P_JOIN_USING;
        join->natural = true;
        return SP_OK;
    }
    if (take(p, K_ON)) {
        join->condition = sp_sql_expr(p);
        return join->condition ? SP_OK : SP_FAILED;
    }
    if (kind_now(p) != K_USING || kind_at(p, 1) != T_LPAREN) return SP_OK;
    skip(p);
    SP_TRY(sp_sql_name_list(p, &join->parts, &join->part_count));
    if (lateral) return FAIL_IN(p, at, p->i - 1, UNSUPPORTED_FEATURE__LATERAL_JOIN_USING);
    join->kind = SP_P_JOIN_USING;
    return SP_OK;
}

/* LATERAL needs something that can look to its left: a subquery or a function. */
static sp_status check_lateral(sp_sql_parser *p, sp_plan *right, int at)
{
    sp_plan *inner = right;
    while (inner->kind == SP_P_ALIAS || inner->kind == SP_P_WATERMARK) inner = inner->children[0];
    if (inner->kind == SP_P_TABLE || inner->kind == SP_P_JOIN ||
        (inner->kind == SP_P_LOCAL && kind_at(p, at - p->i) == K_VALUES))
        return FAIL_IN(p, at, p->i - 1, INVALID_SQL_SYNTAX__LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC);
    if (inner->kind == SP_P_TABLE_FUNCTION) inner->outer = true;
    return SP_OK;
}

static sp_plan *join(sp_sql_parser *p, sp_plan *left, int first)
{
    int at = p->i;
    bool natural = take(p, K_NATURAL), is_query;
    sp_join_type type = join_type(p);
    TRY_NULL(sp_sql_want(p, K_JOIN));
    bool lateral = take(p, K_LATERAL);
    int right_at = p->i;
    sp_plan *right = relation_primary(p, &is_query);
    if (!right) return NULL;
    if (lateral) TRY_NULL(check_lateral(p, right, right_at));
    if (natural && type == SP_JOIN_CROSS) {
        FAIL_IN(p, at, p->i - 1, INCOMPATIBLE_JOIN_TYPES, "joinType1", "NATURAL", "joinType2", "CROSS");
        return NULL;
    }
    sp_plan *plan = sp_sql_plan(p, SP_P_JOIN, left, right, first);
    if (!plan) return NULL;
    plan->join_type = type;
    plan->outer = lateral;
    TRY_NULL(join_criteria(p, plan, natural, lateral, at));
    sp_sql_origin(p, &plan->origin, first);
    return plan;
}

sp_plan *sp_sql_join_rest(sp_sql_parser *p, sp_plan *left, int first, bool *any)
{
    *any = true;
    if (starts_join(kind_now(p))) return join(p, left, first);
    if (kind_now(p) == K_PIVOT && kind_at(p, 1) == T_LPAREN) return sp_sql_pivot(p, left, first);
    if (kind_now(p) == K_UNPIVOT && sp_sql_starts_clause(p)) return sp_sql_unpivot(p, left, first);
    *any = false;
    return left;
}

sp_plan *sp_sql_relation(sp_sql_parser *p)
{
    int first = p->i, length = 0;
    bool more = true, is_query;
    sp_plan *plan = relation_primary(p, &is_query);
    while (plan && more) {
        if (++length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        plan = sp_sql_join_rest(p, plan, first, &more);
    }
    return plan;
}

sp_plan *sp_sql_lateral_views(sp_sql_parser *p, sp_plan *plan)
{
    for (int length = 0; plan && kind_now(p) == K_LATERAL && kind_at(p, 1) == K_VIEW; length++) {
        int first = p->i, at, count;
        if (length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        p->i += 2;
        bool outer = take(p, K_OUTER);
        sp_str *parts;
        at = p->i;
        TRY_NULL(sp_sql_parts(p, &parts, &count));
        if (kind_now(p) != T_LPAREN) { sp_sql_unexpected(p); return NULL; }
        sp_expr *generator = sp_sql_function_rest(p, parts, count, at);
        if (!generator) return NULL;
        if (!(plan = sp_sql_plan(p, SP_P_LATERAL_VIEW, plan, NULL, first))) return NULL;
        if (!(plan->exprs = sp_arena_alloc(p->arena, sizeof *plan->exprs, p->err))) return NULL;
        plan->exprs[0] = generator;
        plan->expr_count = 1;
        plan->outer = outer;
        TRY_NULL(sp_sql_plain_name(p, &plan->name));
        bool as = take(p, K_AS);
        if (as || (sp_sql_is_name(p, 0) && !sp_sql_is_strict(kind_now(p)) && !sp_sql_starts_clause(p)))
            TRY_NULL(sp_sql_names_seq(p, &plan->new_names, &plan->new_name_count));
        sp_sql_origin(p, &plan->origin, first);
    }
    return plan;
}

/* FROM a, b: an inner join without condition; a LATERAL one may look at what stands before it. */
sp_plan *sp_sql_from(sp_sql_parser *p)
{
    int first = p->i + 1, length = 0;
    TRY_NULL(sp_sql_want(p, K_FROM));
    sp_plan *plan = NULL;
    do {
        if (++length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        bool lateral = take(p, K_LATERAL);
        int at = p->i;
        sp_plan *next = sp_sql_relation(p);
        if (!next) return NULL;
        if (lateral) TRY_NULL(check_lateral(p, next, at));
        if (!plan) { plan = next; continue; }
        if (!(plan = sp_sql_plan(p, SP_P_JOIN, plan, next, first))) return NULL;
        plan->outer = lateral;
    } while (take(p, T_COMMA));
    if (!(plan = sp_sql_lateral_views(p, plan))) return NULL;
    bool more = true;
    while (plan && more && (kind_now(p) == K_PIVOT || kind_now(p) == K_UNPIVOT))
        plan = sp_sql_join_rest(p, plan, first, &more);
    return plan;
}
