/* parse_expr.c -- expressions: OR, AND, NOT, predicates, and binary operators by precedence climbing
 * (booleanExpression, predicate, valueExpression of the grammar; AstBuilder's visit methods for what they become).
 *
 * From loose to tight: OR; AND; NOT; predicates (BETWEEN, IN, LIKE, IS, one at most); = <> < <= > >= <=>; |; ^; &; <<
 * >> >>>; + - ||; * / % DIV; unary + - ~; what primary takes. Chains of AND and OR become balanced trees, as Spark
 * makes them, so that long ones stay shallow. */
#include "sql/sql_int.h"

/* ---- making nodes ---- */

sp_expr *sp_sql_call(sp_sql_parser *p, const char *name, sp_expr *const *args, int count, int first)
{
    sp_expr *e = sp_expr_function(p->arena, name, args, count, p->err);
    if (!e) return NULL;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

sp_expr *sp_sql_call1(sp_sql_parser *p, const char *name, sp_expr *a, int first)
{
    return a ? sp_sql_call(p, name, &a, 1, first) : NULL;
}

sp_expr *sp_sql_call2(sp_sql_parser *p, const char *name, sp_expr *a, sp_expr *b, int first)
{
    sp_expr *args[2] = { a, b };
    return a && b ? sp_sql_call(p, name, args, 2, first) : NULL;
}

sp_expr *sp_sql_attr(sp_sql_parser *p, sp_str *parts, int count, int first)
{
    sp_expr *e = sp_expr_new(p->arena, SP_E_ATTR, p->err);
    if (!e) return NULL;
    e->parts = parts;
    e->part_count = count;
    e->name = parts[count - 1];
    e->plan_id = -1;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

sp_status sp_sql_expr_seq(sp_sql_parser *p, sp_expr *(*rule)(sp_sql_parser *), sp_expr ***out, int *count)
{
    sp_sql_list list = { 0 };
    do {
        sp_expr *e = rule(p);
        if (!e) return SP_FAILED;
        SP_TRY(sp_sql_push(p, &list, e));
    } while (take(p, T_COMMA));
    *out = (sp_expr **)list.items;
    *count = list.count;
    return SP_OK;
}

/* ---- value expressions ---- */

typedef struct operator_row { uint8_t precedence; const char *name; bool negated; } operator_row;
enum { COMPARISON = 1, BIT_OR, BIT_XOR, BIT_AND, SHIFT, ADDITIVE, MULTIPLICATIVE };

static operator_row operator_of(int kind)
{
    switch (kind) {
    case T_EQ: return (operator_row){ COMPARISON, "=", false };
    case T_NSEQ: return (operator_row){ COMPARISON, "<=>", false };
    case T_NEQ: case T_NEQJ: return (operator_row){ COMPARISON, "=", true };
    case T_LT: return (operator_row){ COMPARISON, "<", false };
    case T_LTE: return (operator_row){ COMPARISON, "<=", false };
    case T_GT: return (operator_row){ COMPARISON, ">", false };
    case T_GTE: return (operator_row){ COMPARISON, ">=", false };
    case T_PIPE: return (operator_row){ BIT_OR, "|", false };
    case T_HAT: return (operator_row){ BIT_XOR, "^", false };
    case T_AMP: return (operator_row){ BIT_AND, "&", false };
    case T_SHL: return (operator_row){ SHIFT, "<<", false };
    case T_SHR: return (operator_row){ SHIFT, ">>", false };
    case T_USHR: return (operator_row){ SHIFT, ">>>", false };
    case T_PLUS: return (operator_row){ ADDITIVE, "+", false };
    case T_MINUS: return (operator_row){ ADDITIVE, "-", false };
    case T_CONCAT: return (operator_row){ ADDITIVE, "||", false };
    case T_STAR: return (operator_row){ MULTIPLICATIVE, "*", false };
    case T_SLASH: return (operator_row){ MULTIPLICATIVE, "/", false };
    case T_PERCENT: return (operator_row){ MULTIPLICATIVE, "%", false };
    case K_DIV: return (operator_row){ MULTIPLICATIVE, "div", false };
    default: return (operator_row){ 0, NULL, false };
    }
}

/* DIV as an alias ("SELECT 1 div") rather than the operator. */
static bool is_operator(const sp_sql_parser *p, operator_row o)
{
    if (!o.precedence) return false;
    if (kind_now(p) != K_DIV) return true;
    int next = kind_at(p, 1);
    return next != T_EOF && next != T_COMMA && next != T_RPAREN && next != K_FROM;
}

static sp_expr *unary(sp_sql_parser *p)
{
    int first = p->i, kind = kind_now(p);
    if (kind != T_MINUS && kind != T_PLUS && kind != T_TILDE) return sp_sql_primary(p);
    if (kind == T_MINUS && sp_sql_is_number(kind_at(p, 1))) return sp_sql_primary(p);   /* a negative literal */
    TRY_NULL(sp_sql_enter(p));
    skip(p);
    sp_expr *operand = unary(p);
    sp_sql_leave(p);
    return sp_sql_call1(p, kind == T_MINUS ? "-" : kind == T_PLUS ? "+" : "~", operand, first);
}

static sp_expr *binary(sp_sql_parser *p, int at_least)
{
    int first = p->i, length = 0;
    sp_expr *left = unary(p);
    while (left) {
        operator_row o = operator_of(kind_now(p));
        if (!is_operator(p, o) || o.precedence < at_least) return left;
        if (++length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        skip(p);
        sp_expr *right = o.precedence == MULTIPLICATIVE ? unary(p) : binary(p, o.precedence + 1);
        left = sp_sql_call2(p, o.name, left, right, first);
        if (left && o.negated) left = sp_sql_call1(p, "not", left, first);
    }
    return NULL;
}

sp_expr *sp_sql_value_expr(sp_sql_parser *p)
{
    TRY_NULL(sp_sql_enter(p));
    sp_expr *e = binary(p, COMPARISON);
    sp_sql_leave(p);
    return e;
}

/* ---- predicates ---- */

static sp_expr *invert(sp_sql_parser *p, bool negated, sp_expr *e, int first)
{
    return e && negated ? sp_sql_call1(p, "not", e, first) : e;
}

static sp_expr *between(sp_sql_parser *p, sp_expr *e, int first)
{
    sp_expr *args[3] = { e };
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, K_AND));
    if (!(args[2] = sp_sql_value_expr(p))) return NULL;
    return sp_sql_call(p, "between", args, 3, first);
}

static sp_expr *in_subquery(sp_sql_parser *p, sp_expr *e, int first)
{
    sp_plan *query = sp_sql_query(p);
    if (!query) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_expr *s = sp_expr_new(p->arena, SP_E_SUBQUERY, p->err);
    if (!s) return NULL;
    s->subquery_kind = 2;
    s->plan = query;
    /* (a, b) IN (SELECT ...) */
    bool row = sp_sql_is_row(e);
    s->arg_count = row ? e->arg_count : 1;
    if (row) s->args = e->args;
    else {
        if (!(s->args = sp_arena_alloc(p->arena, sizeof *s->args, p->err))) return NULL;
        s->args[0] = e;
    }
    sp_sql_origin(p, &s->origin, first);
    return s;
}

static sp_expr *in_list(sp_sql_parser *p, sp_expr *e, int first)
{
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    if (sp_sql_starts_query(p, 0)) return in_subquery(p, e, first);
    if (kind_now(p) == T_RPAREN) {
        FAIL_IN(p, first, p->i, INVALID_SQL_SYNTAX__EMPTY_IN_PREDICATE);
        return NULL;
    }
    sp_sql_list list = { 0 };
    TRY_NULL(sp_sql_push(p, &list, e));
    do {
        sp_expr *item = sp_sql_expr(p);
        if (!item) return NULL;
        TRY_NULL(sp_sql_push(p, &list, item));
    } while (take(p, T_COMMA));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return sp_sql_call(p, "in", (sp_expr **)list.items, list.count, first);
}

/* LIKE ANY/SOME/ALL (p1, p2): the likes joined by OR or AND, each of them inverted under NOT. */
static sp_expr *quantified_like(sp_sql_parser *p, const char *name, sp_expr *e, bool negated, int first)
{
    bool all = kind_now(p) == K_ALL;
    skip(p);
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    if (kind_now(p) == T_RPAREN) {
        FAIL_IN(p, first, p->i, INVALID_SQL_SYNTAX__EMPTY_QUANTIFIED_PATTERN);
        return NULL;
    }
    sp_expr *result = NULL;
    int length = 0;
    do {
        sp_expr *pattern = sp_sql_expr(p);
        sp_expr *like = invert(p, negated, sp_sql_call2(p, name, e, pattern, first), first);
        if (!like) return NULL;
        if (++length > SP_SQL_CHAIN_MAX) { sp_sql_too_complex(p); return NULL; }
        result = result ? sp_sql_call2(p, all ? "and" : "or", result, like, first) : like;
        if (!result) return NULL;
    } while (take(p, T_COMMA));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return result;
}

static sp_expr *like(sp_sql_parser *p, const char *name, sp_expr *e, bool negated, int first)
{
    int next = kind_now(p);
    if ((next == K_ANY || next == K_SOME || next == K_ALL) && kind_at(p, 1) == T_LPAREN)
        return quantified_like(p, name, e, negated, first);
    sp_expr *args[3] = { e };
    int count = 2;
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    if (take(p, K_ESCAPE)) {
        int at = p->i;
        sp_str escape;
        TRY_NULL(sp_sql_string(p, &escape));
        if (sp_utf8_len(escape) != 1) {
            FAIL_IN(p, first, p->i - 1, INVALID_ESC, "invalidEscape",
                sp_arena_printf(p->arena, NULL, "\"%.*s\"", (int)escape.n, escape.p));
            return NULL;
        }
        if (!(args[2] = sp_sql_literal_str(p, escape, at))) return NULL;
        count = 3;
    }
    return invert(p, negated, sp_sql_call(p, name, args, count, first), first);
}

static sp_expr *truth(sp_sql_parser *p, sp_expr *e, bool value, int first)
{
    sp_value v = sp_value_bool(value);
    return sp_sql_call2(p, "<=>", e, sp_sql_literal(p, &v, p->i - 1), first);
}

static sp_expr *is_something(sp_sql_parser *p, sp_expr *e, bool negated, int first)
{
    int kind = kind_now(p);
    skip(p);
    switch (kind) {
    case K_NULL: return sp_sql_call1(p, negated ? "isnotnull" : "isnull", e, first);
    case K_UNKNOWN: {
        /* IsUnknown takes a boolean */
        sp_expr *known = sp_sql_call1(p, "isnull", e, first);
        return invert(p, negated, known, first);
    }
    case K_TRUE: return invert(p, negated, truth(p, e, true, first), first);
    case K_FALSE: return invert(p, negated, truth(p, e, false, first), first);
    case K_DISTINCT: {
        TRY_NULL(sp_sql_want(p, K_FROM));
        sp_expr *right = sp_sql_value_expr(p);
        return invert(p, !negated, sp_sql_call2(p, "<=>", e, right, first), first);
    }
    default:
        p->i--;
        sp_sql_unexpected(p);
        return NULL;
    }
}

static bool starts_predicate(int kind)
{
    return kind == K_BETWEEN || kind == K_IN || kind == K_LIKE || kind == K_ILIKE || kind == K_RLIKE;
}

/* A predicate's word can also be the alias of what stands before it: SELECT a in, b. */
static bool only_a_name(const sp_sql_parser *p)
{
    int next = kind_at(p, 1);
    return next == T_EOF || next == T_COMMA || next == T_RPAREN || next == T_SEMICOLON;
}

static sp_expr *bang_is_not_not(sp_sql_parser *p, int first)
{
    FAIL_IN(p, first, p->i, SYNTAX_DISCONTINUED__BANG_EQUALS_NOT, "clause", "!");
    return NULL;
}

static sp_expr *predicate(sp_sql_parser *p, sp_expr *e, int first)
{
    int kind = kind_now(p);
    bool negated = (kind == K_NOT || kind == T_BANG) && starts_predicate(kind_at(p, 1));
    if (negated && kind == T_BANG) return bang_is_not_not(p, first);
    if (negated) skip(p);
    if (!negated && only_a_name(p)) return e;
    switch (kind_now(p)) {
    case K_BETWEEN: skip(p); return invert(p, negated, between(p, e, first), first);
    case K_IN:
        if (kind_at(p, 1) != T_LPAREN && !negated) return e;
        skip(p);
        return invert(p, negated, in_list(p, e, first), first);
    case K_RLIKE: {
        skip(p);
        sp_expr *pattern = sp_sql_value_expr(p);
        return invert(p, negated, sp_sql_call2(p, "rlike", e, pattern, first), first);
    }
    case K_LIKE: skip(p); return like(p, "like", e, negated, first);
    case K_ILIKE: skip(p); return like(p, "ilike", e, negated, first);
    case K_IS:
        skip(p);
        if (kind_now(p) == T_BANG) return bang_is_not_not(p, first);
        negated = take(p, K_NOT);
        return is_something(p, e, negated, first);
    default: return e;
    }
}

/* ---- NOT, AND, OR ---- */

static sp_expr *exists(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    sp_plan *query = sp_sql_query(p);
    if (!query) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_expr *e = sp_expr_new(p->arena, SP_E_SUBQUERY, p->err);
    if (!e) return NULL;
    e->subquery_kind = 1;
    e->plan = query;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

static bool is_negation(const sp_sql_parser *p)
{
    if (kind_now(p) == T_BANG) return true;
    int next = kind_at(p, 1);
    return kind_now(p) == K_NOT && !only_a_name(p) && next != T_DOT && !(next >= T_EQ && next <= T_USHR);
}

static sp_expr *negation(sp_sql_parser *p)
{
    int first = p->i;
    if (is_negation(p)) {
        TRY_NULL(sp_sql_enter(p));
        skip(p);
        sp_expr *e = negation(p);
        sp_sql_leave(p);
        return sp_sql_call1(p, "not", e, first);
    }
    if (kind_now(p) == K_EXISTS && kind_at(p, 1) == T_LPAREN && sp_sql_starts_query(p, 2)) return exists(p);
    sp_expr *e = binary(p, COMPARISON);
    return e ? predicate(p, e, first) : NULL;
}

static sp_expr *balanced(sp_sql_parser *p, const char *name, sp_expr **items, int low, int high, int first)
{
    if (low == high) return items[low];
    int middle = low + (high - low) / 2;
    sp_expr *left = balanced(p, name, items, low, middle, first),
        *right = balanced(p, name, items, middle + 1, high, first);
    return sp_sql_call2(p, name, left, right, first);
}

/* a AND b AND ...: the word is an alias when nothing comes behind it. */
static sp_expr *chain(sp_sql_parser *p, int kind, const char *name, sp_expr *(*operand)(sp_sql_parser *))
{
    int first = p->i;
    sp_expr *e = operand(p);
    if (!e || kind_now(p) != kind || only_a_name(p)) return e;
    sp_sql_list list = { 0 };
    TRY_NULL(sp_sql_push(p, &list, e));
    while (kind_now(p) == kind && !only_a_name(p)) {
        skip(p);
        if (!(e = operand(p))) return NULL;
        TRY_NULL(sp_sql_push(p, &list, e));
    }
    return balanced(p, name, (sp_expr **)list.items, 0, list.count - 1, first);
}

static sp_expr *conjunction(sp_sql_parser *p) { return chain(p, K_AND, "and", negation); }

sp_expr *sp_sql_expr(sp_sql_parser *p)
{
    TRY_NULL(sp_sql_enter(p));
    sp_expr *e = chain(p, K_OR, "or", conjunction);
    sp_sql_leave(p);
    return e;
}

/* ---- with names and orders ---- */

sp_expr *sp_sql_named_expr(sp_sql_parser *p)
{
    int first = p->i;
    sp_expr *e = sp_sql_expr(p);
    if (!e) return NULL;
    bool as = take(p, K_AS);
    if (kind_now(p) == T_LPAREN) {
        sp_expr *multi = sp_expr_new(p->arena, SP_E_MULTI_ALIAS, p->err);
        if (!multi) return NULL;
        TRY_NULL(sp_sql_name_list(p, &multi->parts, &multi->part_count));
        if (!(multi->args = sp_arena_alloc(p->arena, sizeof *multi->args, p->err))) return NULL;
        multi->args[0] = e;
        multi->arg_count = 1;
        sp_sql_origin(p, &multi->origin, first);
        return multi;
    }
    if (!as && (!sp_sql_is_name(p, 0) || sp_sql_starts_clause(p))) return e;
    sp_str name;
    TRY_NULL(sp_sql_name(p, &name));
    sp_expr *alias = sp_expr_alias(p->arena, e, name, -1, p->err);
    if (alias) sp_sql_origin(p, &alias->origin, first);
    return alias;
}

sp_expr *sp_sql_sort_item(sp_sql_parser *p)
{
    int first = p->i;
    sp_expr *child = sp_sql_expr(p);
    sp_expr *e = child ? sp_expr_new(p->arena, SP_E_SORT, p->err) : NULL;
    if (!e || !(e->args = sp_arena_alloc(p->arena, sizeof *e->args, p->err))) return NULL;
    e->args[0] = child;
    e->arg_count = 1;
    e->ascending = true;
    if (take(p, K_DESC)) e->ascending = false;
    else take(p, K_ASC);
    e->nulls_first = e->ascending;
    if (take(p, K_NULLS)) {
        if (take(p, K_FIRST)) e->nulls_first = true;
        else if (take(p, K_LAST)) e->nulls_first = false;
        else { sp_sql_unexpected(p); return NULL; }
    }
    sp_sql_origin(p, &e->origin, first);
    return e;
}
