/* parse_special.c -- primary expressions with a syntax of their own: CASE, CAST, STRUCT, FIRST/LAST, POSITION,
 * EXTRACT, SUBSTRING, TRIM, OVERLAY, TIMESTAMPADD and TIMESTAMPDIFF; and where a type's text ends.
 *
 * Each word is also an ordinary function or column name: a rule applies only when what follows is of its form. Where
 * both read the same text (substring(a, 2)), the ordinary call wins, as it comes first in Spark's grammar. */
#include "sql/sql_int.h"

/* ---- types: column/'s DDL parser reads them, out of the text between two tokens ---- */

static void skip_brackets(sp_sql_parser *p, int open, int close)
{
    int level = 0;
    do {
        int kind = kind_now(p);
        if (kind == T_EOF) return;
        if (kind == open) level++;
        if (kind == close) level--;
        skip(p);
    } while (level > 0);
}

/* INTERVAL [YEAR [TO MONTH]] and the like. */
static void skip_interval_fields(sp_sql_parser *p)
{
    switch (kind_now(p)) {
    case K_YEAR: case K_MONTH: case K_DAY: case K_HOUR: case K_MINUTE: case K_SECOND: break;
    default: return;
    }
    skip(p);
    if (kind_now(p) == K_TO) p->i += 2;
}

static void skip_type(sp_sql_parser *p)
{
    int kind = kind_now(p);
    skip(p);
    if ((kind == K_ARRAY || kind == K_MAP || kind == K_STRUCT) && kind_now(p) == T_LT) skip_brackets(p, T_LT, T_GT);
    else if (kind == K_STRUCT && kind_now(p) == T_NEQ) skip(p);
    else if (kind == K_INTERVAL) skip_interval_fields(p);
    else if (kind_now(p) == T_LPAREN) skip_brackets(p, T_LPAREN, T_RPAREN);
    if (kind == K_STRING && kind_now(p) == K_COLLATE) {
        p->i += 2;
        while (kind_now(p) == T_DOT) p->i += 2;
    }
    if ((kind == K_TIMESTAMP || kind == K_TIME) && kind_now(p) == K_WITHOUT && kind_at(p, 1) == K_TIME) p->i += 3;
    if (p->i >= p->count) p->i = p->count - 1;
}

/* Errors of the DDL parser count from the type's first character: moved to where the type stands. */
static sp_status shift_error(sp_sql_parser *p, int first)
{
    const sp_sql_token *t = &p->tokens[first];
    sp_sql_token place = *t;
    if (!p->err || p->err->condition == SP_COND_NONE) return SP_FAILED;
    if (p->err->line > 0) {
        place.line = t->line + (uint32_t)p->err->line - 1;
        place.column = (uint32_t)p->err->position + (p->err->line == 1 ? t->column : 0);
        for (int i = first; i < p->count; i++)
            if (p->tokens[i].line == place.line && p->tokens[i].column >= place.column) return sp_sql_at_token(p, i);
        return sp_sql_at_token(p, first);
    }
    return sp_sql_in_context(p, first, p->i - 1);
}

sp_status sp_sql_type(sp_sql_parser *p, const sp_type **out)
{
    int first = p->i;
    if (!sp_sql_is_name(p, 0)) return sp_sql_unexpected(p);
    skip_type(p);
    sp_str text = sp_sql_slice(p, first, p->i - 1);
    if (sp_type_from_ddl(p->arena, text, out, p->err) == SP_OK) return SP_OK;
    return shift_error(p, first);
}

/* ---- CASE ---- */

static bool is_case(const sp_sql_parser *p)
{
    int next = kind_at(p, 1);
    return next == K_WHEN ||
        !(next == T_EOF || next == T_COMMA || next == T_RPAREN || next == T_DOT || next == K_FROM ||
                               (next >= T_EQ && next <= T_HAT && next != T_MINUS && next != T_PLUS && next != T_TILDE));
}

static sp_expr *case_expr(sp_sql_parser *p)
{
    int first = p->i;
    skip(p);
    sp_expr *value = NULL;
    if (kind_now(p) != K_WHEN && !(value = sp_sql_expr(p))) return NULL;
    sp_sql_list list = { 0 };
    do {
        int at = p->i;
        TRY_NULL(sp_sql_want(p, K_WHEN));
        sp_expr *condition = sp_sql_expr(p);
        if (condition && value) condition = sp_sql_call2(p, "=", value, condition, at);
        if (!condition) return NULL;
        TRY_NULL(sp_sql_push(p, &list, condition));
        TRY_NULL(sp_sql_want(p, K_THEN));
        sp_expr *result = sp_sql_expr(p);
        if (!result) return NULL;
        TRY_NULL(sp_sql_push(p, &list, result));
    } while (kind_now(p) == K_WHEN);
    if (take(p, K_ELSE)) {
        sp_expr *otherwise = sp_sql_expr(p);
        if (!otherwise) return NULL;
        TRY_NULL(sp_sql_push(p, &list, otherwise));
    }
    TRY_NULL(sp_sql_want(p, K_END));
    return sp_sql_call(p, "when", (sp_expr **)list.items, list.count, first);
}

/* ---- CAST ---- */

static sp_expr *cast(sp_sql_parser *p)
{
    int first = p->i;
    bool is_try = kind_now(p) == K_TRY_CAST;
    p->i += 2;
    sp_expr *value = sp_sql_expr(p);
    if (!value) return NULL;
    TRY_NULL(sp_sql_want(p, K_AS));
    const sp_type *type;
    TRY_NULL(sp_sql_type(p, &type));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_expr *e = sp_expr_new(p->arena, SP_E_CAST, p->err);
    if (!e || !(e->args = sp_arena_alloc(p->arena, sizeof *e->args, p->err))) return NULL;
    e->args[0] = value;
    e->arg_count = 1;
    e->type = type;
    e->cast_mode = is_try ? SP_CAST_TRY : p->conf && !p->conf->ansi ? SP_CAST_LEGACY : SP_CAST_ANSI;
    sp_sql_origin(p, &e->origin, first);
    return e;
}

/* ---- the others ---- */

static sp_expr *struct_expr(sp_sql_parser *p)
{
    int first = p->i, count = 0;
    sp_expr **args = NULL;
    p->i += 2;
    if (kind_now(p) != T_RPAREN) TRY_NULL(sp_sql_expr_seq(p, sp_sql_named_expr, &args, &count));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return sp_sql_call(p, "struct", args, count, first);
}

/* FIRST(e IGNORE NULLS): the flag is the second argument. */
static sp_expr *first_ignoring(sp_sql_parser *p, const char *name)
{
    int first = p->i;
    p->i += 2;
    sp_expr *args[2] = { sp_sql_expr(p) };
    if (!args[0]) return NULL;
    TRY_NULL(sp_sql_want(p, K_IGNORE));
    TRY_NULL(sp_sql_want(p, K_NULLS));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    sp_value yes = sp_value_bool(true);
    if (!(args[1] = sp_sql_literal(p, &yes, first))) return NULL;
    return sp_sql_call(p, name, args, 2, first);
}

/* POSITION(a IN b) is locate(a, b, 1). */
static sp_expr *position(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    sp_expr *args[3] = { sp_sql_value_expr(p) };
    if (!args[0]) return NULL;
    TRY_NULL(sp_sql_want(p, K_IN));
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    if (!(args[2] = sp_sql_literal_int(p, 1, first))) return NULL;
    return sp_sql_call(p, "locate", args, 3, first);
}

static sp_expr *extract_field(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    int at = p->i;
    sp_str name;
    TRY_NULL(sp_sql_plain_name(p, &name));
    sp_expr *field = sp_sql_literal_str(p, name, at);
    TRY_NULL(sp_sql_want(p, K_FROM));
    sp_expr *source = sp_sql_value_expr(p);
    if (!source) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return sp_sql_call2(p, "extract", field, source, first);
}

static sp_expr *substring_from(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    sp_expr *args[3] = { sp_sql_value_expr(p) };
    if (!args[0]) return NULL;
    if (!take(p, T_COMMA)) TRY_NULL(sp_sql_want(p, K_FROM));
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    bool length = take(p, K_FOR) || take(p, T_COMMA);
    if (!(args[2] = length ? sp_sql_value_expr(p) : sp_sql_literal_int(p, INT32_MAX, first))) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return sp_sql_call(p, "substring", args, 3, first);
}

static sp_expr *trim(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    const char *name = "trim";
    if (take(p, K_LEADING)) name = "ltrim";
    else if (take(p, K_TRAILING)) name = "rtrim";
    else take(p, K_BOTH);
    sp_expr *characters = NULL;
    if (kind_now(p) != K_FROM && !(characters = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, K_FROM));
    sp_expr *source = sp_sql_value_expr(p);
    if (!source) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return characters ? sp_sql_call2(p, name, characters, source, first) : sp_sql_call1(p, name, source, first);
}

static sp_expr *overlay(sp_sql_parser *p)
{
    int first = p->i;
    p->i += 2;
    sp_expr *args[4] = { sp_sql_value_expr(p) };
    if (!args[0]) return NULL;
    TRY_NULL(sp_sql_want(p, K_PLACING));
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, K_FROM));
    if (!(args[2] = sp_sql_value_expr(p))) return NULL;
    if (!(args[3] = take(p, K_FOR) ? sp_sql_value_expr(p) : sp_sql_literal_int(p, -1, first))) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return sp_sql_call(p, "overlay", args, 4, first);
}

static bool is_datetime_unit(int kind)
{
    switch (kind) {
    case K_YEAR: case K_QUARTER: case K_MONTH: case K_WEEK: case K_DAY: case K_DAYOFYEAR: case K_HOUR: case K_MINUTE:
    case K_SECOND: case K_MILLISECOND: case K_MICROSECOND:
        return true;
    default:
        return false;
    }
}

/* TIMESTAMPADD(unit, n, ts), TIMESTAMPDIFF(unit, a, b): the unit becomes a text. */
static sp_expr *with_unit(sp_sql_parser *p, const char *name)
{
    int first = p->i;
    p->i += 2;
    sp_str unit = sp_sql_token_text(p, p->i);
    if (sp_sql_is_string(p, 0)) {
        const char *shown = sp_sql_cstr(p, sp_sql_token_text(p, first));
        FAIL_IN(p, first, p->i, INVALID_PARAMETER_VALUE__DATETIME_UNIT, "functionName",
            sp_arena_printf(p->arena, NULL, "`%s`", shown),
                "parameter", "`unit`", "invalidValue", sp_sql_cstr(p, unit));
        return NULL;
    }
    sp_expr *args[3] = { sp_sql_literal_str(p, unit, p->i) };
    skip(p);
    TRY_NULL(sp_sql_want(p, T_COMMA));
    if (!(args[1] = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, T_COMMA));
    if (!(args[2] = sp_sql_value_expr(p))) return NULL;
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    return args[0] ? sp_sql_call(p, name, args, 3, first) : NULL;
}

/* Is there a token of the kind in this bracket, outside brackets within? Looked for once per call form, so bounded by
 * its text. */
static bool bracket_has(const sp_sql_parser *p, int kind)
{
    int level = 0;
    for (int i = p->i + 1; i < p->count; i++) {
        int k = p->tokens[i].kind;
        if (k == T_LPAREN || k == T_LBRACKET) level++;
        else if ((k == T_RPAREN || k == T_RBRACKET) && --level == 0) return false;
        else if (k == kind && level == 1) return true;
    }
    return false;
}

/* IGNORE NULLS ) as the end of this bracket. */
static bool ends_ignoring(const sp_sql_parser *p)
{
    int level = 0;
    for (int i = p->i + 1; i < p->count; i++) {
        int k = p->tokens[i].kind;
        if (k == T_LPAREN) level++;
        else if (k == T_RPAREN && --level == 0)
            return i >= p->i + 4 && p->tokens[i - 1].kind == K_NULLS && p->tokens[i - 2].kind == K_IGNORE;
    }
    return false;
}

static bool unit_follows(const sp_sql_parser *p)
{
    return (is_datetime_unit(kind_at(p, 2)) || sp_sql_is_string(p, 2)) && kind_at(p, 3) == T_COMMA;
}

static bool call_form(sp_sql_parser *p, sp_expr **out)
{
    switch (kind_now(p)) {
    case K_CAST: case K_TRY_CAST: *out = cast(p); return true;
    case K_STRUCT: *out = struct_expr(p); return true;
    case K_FIRST: if (!ends_ignoring(p)) return false; *out = first_ignoring(p, "first"); return true;
    case K_LAST: if (!ends_ignoring(p)) return false; *out = first_ignoring(p, "last"); return true;
    case K_ANY_VALUE: if (!ends_ignoring(p)) return false; *out = first_ignoring(p, "any_value"); return true;
    case K_POSITION:
        if (bracket_has(p, T_COMMA) || !bracket_has(p, K_IN)) return false;
        *out = position(p);
        return true;
    case K_EXTRACT: if (kind_at(p, 3) != K_FROM) return false; *out = extract_field(p); return true;
    case K_SUBSTR: case K_SUBSTRING:
        if (!bracket_has(p, K_FROM) && !bracket_has(p, K_FOR)) return false;
        *out = substring_from(p);
        return true;
    case K_TRIM: if (!bracket_has(p, K_FROM)) return false; *out = trim(p); return true;
    case K_OVERLAY: if (!bracket_has(p, K_PLACING)) return false; *out = overlay(p); return true;
    case K_TIMESTAMPADD: case K_DATEADD: case K_DATE_ADD:
        if (!unit_follows(p)) return false;
        *out = with_unit(p, "timestampadd");
        return true;
    case K_TIMESTAMPDIFF: case K_DATEDIFF: case K_DATE_DIFF: case K_TIMEDIFF:
        if (!unit_follows(p)) return false;
        *out = with_unit(p, "timestampdiff");
        return true;
    default: return false;
    }
}

bool sp_sql_special(sp_sql_parser *p, sp_expr **out)
{
    if (kind_now(p) == K_CASE && is_case(p)) { *out = case_expr(p); return true; }
    return kind_at(p, 1) == T_LPAREN && call_form(p, out);
}
