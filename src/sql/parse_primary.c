/* parse_primary.c -- primaryExpression: literals, names, calls, brackets, lambdas, and what may follow them ([i],
 * .field, ::type, COLLATE). */
#include "sql/sql_int.h"

#include <stdio.h>

/* ---- parameters ---- */

sp_expr *sp_sql_marker(sp_sql_parser *p)
{
    int first = p->i, index = -1;
    sp_str name = { 0 };
    if (take(p, T_QUESTION)) index = p->question_count++;
    else {
        TRY_NULL(sp_sql_want(p, T_COLON));
        TRY_NULL(sp_sql_plain_name(p, &name));
    }
    if (!p->params) {
        sp_expr *e = sp_expr_new(p->arena, SP_E_PARAMETER, p->err);
        if (!e) return NULL;
        e->name = name;
        e->ordinal = index;
        sp_sql_origin(p, &e->origin, first);
        return e;
    }
    if (index >= 0 && index < p->params->positional_count) return p->params->positional[index];
    for (int i = 0; index < 0 && i < p->params->named_count; i++)
        if (sp_str_eq(p->params->names[i], name)) return p->params->named[i];
    char shown[16];
    snprintf(shown, sizeof shown, "_%d", (int)p->tokens[first].first);
    FAIL_IN(p, first, p->i - 1, UNBOUND_SQL_PARAMETER, "name", index < 0 ? sp_sql_cstr(p, name) : shown);
    return NULL;
}

/* ---- calls ---- */

static bool starts_over(const sp_sql_parser *p)
{
    return kind_now(p) == K_OVER && (kind_at(p, 1) == T_LPAREN || sp_sql_is_name(p, 1));
}

static sp_expr *argument(sp_sql_parser *p)
{
    int first = p->i;
    if (!sp_sql_is_name(p, 0) || kind_at(p, 1) != T_FAT_ARROW) return sp_sql_expr(p);
    sp_str name;
    TRY_NULL(sp_sql_plain_name(p, &name));
    skip(p);
    sp_expr *value = sp_sql_expr(p);
    sp_expr *e = value ? sp_expr_alias(p->arena, value, name, -1, p->err) : NULL;
    if (!e) return NULL;
    e->is_internal = true;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_status arguments(sp_sql_parser *p, sp_expr *call)
{
    SP_TRY(sp_sql_want(p, T_LPAREN));
    int next = kind_at(p, 1);
    bool only_name = next == T_RPAREN || next == T_COMMA || next == T_DOT || next == T_FAT_ARROW || next == T_ARROW;
    if (kind_now(p) == K_DISTINCT && !only_name) { skip(p); call->distinct = true; }
    else if (kind_now(p) == K_ALL && !only_name) skip(p);
    if (take(p, T_RPAREN)) return SP_OK;
    SP_TRY(sp_sql_expr_seq(p, argument, &call->args, &call->arg_count));
    return sp_sql_want(p, T_RPAREN);
}

static sp_status within_group(sp_sql_parser *p, sp_expr *call)
{
    if (kind_now(p) != K_WITHIN || kind_at(p, 1) != K_GROUP) return SP_OK;
    p->i += 2;
    SP_TRY(sp_sql_want(p, T_LPAREN));
    SP_TRY(sp_sql_want(p, K_ORDER));
    SP_TRY(sp_sql_want(p, K_BY));
    SP_NEW(call->window, p->arena, sizeof *call->window, p->err);
    SP_TRY(sp_sql_expr_seq(p, sp_sql_sort_item, &call->window->order, &call->window->order_count));
    return sp_sql_want(p, T_RPAREN);
}

static sp_status filter_clause(sp_sql_parser *p, sp_expr *call)
{
    if (kind_now(p) != K_FILTER || kind_at(p, 1) != T_LPAREN || kind_at(p, 2) != K_WHERE) return SP_OK;
    p->i += 3;
    if (!(call->filter = sp_sql_expr(p))) return SP_FAILED;
    return sp_sql_want(p, T_RPAREN);
}

/* first(x) IGNORE NULLS is first(x, true), for those functions that have such an argument. */
static sp_status ignore_nulls(sp_sql_parser *p, sp_expr *call)
{
    static const char *const names[] = { "first", "first_value", "last", "last_value", "any_value", "nth_value" };
    bool takes_flag = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        takes_flag |= sp_str_eq_nocase(call->name, sp_str_of(names[i])) && call->arg_count == (i == 5 ? 2 : 1);
    if (call->ordinal != 1 || !takes_flag) return SP_OK;
    sp_value yes = sp_value_bool(true);
    sp_sql_list list = { 0 };
    for (int i = 0; i < call->arg_count; i++) SP_TRY(sp_sql_push(p, &list, call->args[i]));
    sp_expr *flag = sp_sql_literal(p, &yes, p->i - 1);
    if (!flag) return SP_FAILED;
    SP_TRY(sp_sql_push(p, &list, flag));
    call->args = (sp_expr **)list.items;
    call->arg_count = list.count;
    return SP_OK;
}

/* [WITHIN GROUP (...)] [FILTER (...)] [IGNORE | RESPECT NULLS] [OVER ...] behind the arguments. */
static sp_expr *call_tail(sp_sql_parser *p, sp_expr *call, int first)
{
    TRY_NULL(within_group(p, call));
    TRY_NULL(filter_clause(p, call));
    if ((kind_now(p) == K_IGNORE || kind_now(p) == K_RESPECT) && kind_at(p, 1) == K_NULLS) {
        call->ordinal = kind_now(p) == K_IGNORE ? 1 : 2;
        p->i += 2;
    }
    TRY_NULL(ignore_nulls(p, call));
    sp_sql_origin(p, &call->origin, first);
    if (!starts_over(p)) return call;
    skip(p);
    sp_expr *w = sp_expr_new(p->arena, SP_E_WINDOW, p->err);
    if (!w || !(w->args = sp_arena_alloc(p->arena, sizeof *w->args, p->err))) return NULL;
    w->args[0] = call;
    w->arg_count = 1;
    TRY_NULL(sp_sql_over(p, w));
    sp_sql_origin(p, &w->origin, first);
    return w;
}

sp_expr *sp_sql_function_rest(sp_sql_parser *p, sp_str *parts, int part_count, int first)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_FUNCTION, p->err);
    if (!e) return NULL;
    e->name = parts[part_count - 1];
    if (part_count > 1) {
        e->parts = parts;
        e->part_count = part_count;
    }
    TRY_NULL(arguments(p, e));
    bool is_count = part_count == 1 && sp_str_eq_nocase(e->name, SP_LIT("count"));
    if (is_count && !e->distinct && e->arg_count == 1 && e->args[0]->kind == SP_E_STAR && e->args[0]->part_count == 0 &&
        e->args[0]->arg_count == 0) {
        sp_expr *one = sp_sql_literal_int(p, 1, first);   /* count(*) is count(1) */
        if (!one) return NULL;
        e->args[0] = one;
    }
    return call_tail(p, e, first);
}

/* ---- names ---- */

static sp_expr *star(sp_sql_parser *p, sp_str *parts, int part_count, int first)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_STAR, p->err);
    if (!e) return NULL;
    e->parts = parts;
    e->part_count = part_count;
    e->plan_id = -1;
    if (kind_now(p) == K_EXCEPT && kind_at(p, 1) == T_LPAREN && !sp_sql_starts_query(p, 2) &&
        kind_at(p, 2) != T_LPAREN) {
        p->i += 2;
        sp_sql_list list = { 0 };
        do {
            int at = p->i, count;
            sp_str *names;
            TRY_NULL(sp_sql_parts(p, &names, &count));
            sp_expr *column = sp_sql_attr(p, names, count, at);
            if (!column) return NULL;
            TRY_NULL(sp_sql_push(p, &list, column));
        } while (take(p, T_COMMA));
        TRY_NULL(sp_sql_want(p, T_RPAREN));
        e->args = (sp_expr **)list.items;
        e->arg_count = list.count;
    }
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *lambda_variable(sp_sql_parser *p)
{
    int first = p->i;
    sp_expr *e = sp_expr_new(p->arena, SP_E_LAMBDA_VAR, p->err);
    if (!e) return NULL;
    TRY_NULL(sp_sql_plain_name(p, &e->name));
    sp_sql_origin(p, &e->origin, first);
    return e;
}

/* x -> body and (x, y) -> body: args[0] body, then the variables. */
static sp_expr *lambda(sp_sql_parser *p)
{
    int first = p->i;
    sp_sql_list list = { 0 };
    TRY_NULL(sp_sql_push(p, &list, NULL));
    bool brackets = take(p, T_LPAREN);
    do {
        sp_expr *variable = lambda_variable(p);
        if (!variable) return NULL;
        variable->ordinal = list.count - 1;
        TRY_NULL(sp_sql_push(p, &list, variable));
    } while (brackets && take(p, T_COMMA));
    if (brackets) TRY_NULL(sp_sql_want(p, T_RPAREN));
    TRY_NULL(sp_sql_want(p, T_ARROW));
    if (!(list.items[0] = sp_sql_expr(p))) return NULL;
    sp_expr *e = sp_expr_new(p->arena, SP_E_LAMBDA, p->err);
    if (!e) return NULL;
    e->args = (sp_expr **)list.items;
    e->arg_count = list.count;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static bool is_lambda(const sp_sql_parser *p)
{
    if (sp_sql_is_name(p, 0)) return kind_at(p, 1) == T_ARROW;
    int n = 1;
    while (sp_sql_is_name(p, n) && kind_at(p, n + 1) == T_COMMA) n += 2;
    return n > 1 && sp_sql_is_name(p, n) && kind_at(p, n + 1) == T_RPAREN && kind_at(p, n + 2) == T_ARROW;
}

static sp_expr *name_or_call(sp_sql_parser *p)
{
    int first = p->i;
    if (kind_now(p) == K_IDENTIFIER_KW && kind_at(p, 1) == T_LPAREN) {   /* IDENTIFIER(...): a column or a function */
        sp_str *parts;
        int count;
        TRY_NULL(sp_sql_reference(p, &parts, &count));
        return kind_now(p) == T_LPAREN ? sp_sql_function_rest(p, parts, count, first)
            : sp_sql_attr(p, parts, count, first);
    }
    sp_sql_names names = { 0 };
    sp_str part;
    do {
        TRY_NULL(sp_sql_plain_name(p, &part));
        TRY_NULL(sp_sql_push_name(p, &names, part));
        if (names.count > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        if (kind_now(p) == T_DOT && kind_at(p, 1) == T_STAR) {
            p->i += 2;
            return star(p, names.items, names.count, first);
        }
    } while (take(p, T_DOT));
    return kind_now(p) == T_LPAREN ? sp_sql_function_rest(p, names.items, names.count, first)
                                   : sp_sql_attr(p, names.items, names.count, first);
}

/* ---- brackets ---- */

static sp_expr *scalar_subquery(sp_sql_parser *p, sp_plan *query, int first)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_SUBQUERY, p->err);
    if (!e) return NULL;
    e->plan = query;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *row(sp_sql_parser *p, sp_expr *head, int first)
{
    sp_sql_list list = { 0 };
    TRY_NULL(sp_sql_push(p, &list, head));
    while (take(p, T_COMMA)) {
        sp_expr *e = sp_sql_named_expr(p);
        if (!e) return NULL;
        TRY_NULL(sp_sql_push(p, &list, e));
    }
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_expr *e = sp_sql_call(p, "struct", (sp_expr **)list.items, list.count, first);
    if (e) e->ordinal = SP_SQL_ROW;
    return e;
}

/* ( expression ), ( row ), ( query ); ((SELECT 1) UNION ...) turns out to be a query only behind its first bracket. */
static sp_expr *brackets(sp_sql_parser *p)
{
    int first = p->i;
    skip(p);
    if (sp_sql_starts_query(p, 0)) {
        sp_plan *query = sp_sql_query(p);
        if (!query) return NULL;
        TRY_NULL(sp_sql_want(p, T_RPAREN));
        return scalar_subquery(p, query, first);
    }
    bool nested = kind_now(p) == T_LPAREN;
    int inside = p->i;
    sp_expr *e = sp_sql_named_expr(p);
    if (!e) return NULL;
    if (nested && e->kind == SP_E_SUBQUERY && e->subquery_kind == 0 && sp_sql_continues_query(p)) {
        sp_plan *query = sp_sql_query_from(p, e->plan, inside);
        if (!query) return NULL;
        TRY_NULL(sp_sql_want(p, T_RPAREN));
        return scalar_subquery(p, query, first);
    }
    if (kind_now(p) == T_COMMA) return row(p, e, first);
    if (e->kind == SP_E_ALIAS || e->kind == SP_E_MULTI_ALIAS || !take(p, T_RPAREN)) {
        sp_sql_unexpected(p);
        return NULL;
    }
    return e;
}

/* ---- postfix ---- */

static sp_expr *extract(sp_sql_parser *p, sp_expr *base, sp_expr *key, int first)
{
    sp_expr *e = key ? sp_expr_new(p->arena, SP_E_EXTRACT, p->err) : NULL;
    if (!e || !(e->args = sp_arena_alloc(p->arena, sizeof *e->args * 2, p->err))) return NULL;
    e->args[0] = base;
    e->args[1] = key;
    e->arg_count = 2;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *field(sp_sql_parser *p, sp_expr *base, int first)
{
    int at = p->i;
    sp_str name;
    TRY_NULL(sp_sql_plain_name(p, &name));
    if (base->kind != SP_E_ATTR) return extract(p, base, sp_sql_literal_str(p, name, at), first);
    sp_sql_names parts = { 0 };   /* (a).b is a.b */
    for (int i = 0; i < base->part_count; i++) TRY_NULL(sp_sql_push_name(p, &parts, base->parts[i]));
    TRY_NULL(sp_sql_push_name(p, &parts, name));
    return sp_sql_attr(p, parts.items, parts.count, first);
}

static sp_expr *cast_by_colon(sp_sql_parser *p, sp_expr *base, int first)
{
    const sp_type *type;
    TRY_NULL(sp_sql_type(p, &type));
    sp_expr *e = sp_expr_new(p->arena, SP_E_CAST, p->err);
    if (!e || !(e->args = sp_arena_alloc(p->arena, sizeof *e->args, p->err))) return NULL;
    e->args[0] = base;
    e->arg_count = 1;
    e->type = type;
    e->cast_mode = p->conf && !p->conf->ansi ? SP_CAST_LEGACY : SP_CAST_ANSI;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static sp_expr *collate(sp_sql_parser *p, sp_expr *base, int first)
{
    int at = p->i, count;
    sp_str *parts;
    TRY_NULL(sp_sql_parts(p, &parts, &count));
    return sp_sql_call2(p, "collate", base, sp_sql_literal_str(p, parts[count - 1], at), first);
}

/* col:path.to[0]['x'] -- a variant's element: variant_get(col, '$.path.to[0]["x"]'). */
static sp_expr *semi_structured(sp_sql_parser *p, sp_expr *base, int first)
{
    int at = p->i;
    sp_buf path = { 0 };
    sp_str part;
    sp_expr *e = NULL;
    sp_buf_putc(&path, '$');
    do {
        if (take(p, T_LBRACKET)) {
            if (sp_sql_is_string(p, 0)) {
                if (sp_sql_string(p, &part) == SP_FAILED) goto done;
                sp_buf_printf(&path, "[\"%.*s\"]", (int)part.n, part.p);
            } else {
                part = sp_sql_token_text(p, p->i);
                if (kind_now(p) != T_INTEGER && !sp_sql_is_name(p, 0)) { sp_sql_unexpected(p); goto done; }
                skip(p);
                sp_buf_printf(&path, "[%.*s]", (int)part.n, part.p);
            }
            if (sp_sql_want(p, T_RBRACKET) == SP_FAILED) goto done;
        } else {
            if (sp_sql_plain_name(p, &part) == SP_FAILED) goto done;
            sp_buf_printf(&path, ".%.*s", (int)part.n, part.p);
        }
    } while (kind_now(p) == T_LBRACKET || take(p, T_DOT));
    if (sp_buf_check(&path, p->err) == SP_FAILED) goto done;
    sp_str copy = sp_str_copy(p->arena, (sp_str){ path.data, path.len }, p->err);
    if (copy.p) e = sp_sql_call2(p, "variant_get", base, sp_sql_literal_str(p, copy, at), first);
done:
    sp_buf_done(&path);
    return e;
}

static sp_expr *postfix(sp_sql_parser *p, sp_expr *e, int first)
{
    for (int length = 0; e; length++) {
        if (length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        if (take(p, T_LBRACKET)) {
            sp_expr *index = sp_sql_value_expr(p);
            if (!index) return NULL;
            TRY_NULL(sp_sql_want(p, T_RBRACKET));
            e = extract(p, e, index, first);
        } else if (kind_now(p) == T_DOT && sp_sql_is_name(p, 1)) {
            skip(p);
            e = field(p, e, first);
        } else if (take(p, T_DCOLON)) e = cast_by_colon(p, e, first);
        else if (kind_now(p) == K_COLLATE && sp_sql_is_name(p, 1)) {
            skip(p);
            e = collate(p, e, first);
        } else if (kind_now(p) == T_COLON && (sp_sql_is_name(p, 1) || kind_at(p, 1) == T_LBRACKET)) {
            skip(p);
            e = semi_structured(p, e, first);
        } else return e;
    }
    return NULL;
}

static sp_expr *bare(sp_sql_parser *p)
{
    int first = p->i;
    int kind = kind_now(p);
    sp_value v;
    sp_str s;
    switch (kind) {
    case T_STAR: skip(p); return star(p, NULL, 0, first);
    case T_LPAREN: return is_lambda(p) ? lambda(p) : brackets(p);
    case T_QUESTION: case T_COLON: return sp_sql_marker(p);
    case T_MINUS: return sp_sql_number(p);
    default: break;
    }
    if (sp_sql_is_number(kind)) return sp_sql_number(p);
    if (sp_sql_is_string(p, 0)) {
        TRY_NULL(sp_sql_string(p, &s));
        return sp_sql_literal_str(p, s, first);
    }
    if (!sp_sql_is_name(p, 0)) { sp_sql_unexpected(p); return NULL; }
    if (is_lambda(p)) return lambda(p);
    if (sp_sql_is_interval(p)) return sp_sql_interval(p);
    bool qualified = kind_at(p, 1) == T_DOT || kind_at(p, 1) == T_LPAREN;
    if (!qualified && kind != T_QUOTED_IDENT && sp_sql_is_string(p, 1)) return sp_sql_typed_literal(p);
    if (!qualified) switch (kind) {
    case K_NULL: skip(p); v = sp_value_null(sp_type_of(SP_VOID)); return sp_sql_literal(p, &v, first);
    case K_TRUE: skip(p); v = sp_value_bool(true); return sp_sql_literal(p, &v, first);
    case K_FALSE: skip(p); v = sp_value_bool(false); return sp_sql_literal(p, &v, first);
        default: break;
        }
    sp_expr *special;
    return sp_sql_special(p, &special) ? special : name_or_call(p);
}

sp_expr *sp_sql_primary(sp_sql_parser *p)
{
    int first = p->i;
    return postfix(p, bare(p), first);
}
