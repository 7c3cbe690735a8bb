/* expr_text.c -- what an expression looks like: column names (toPrettySQL), error parameters (toSQLExpr),
 * Expression.sql and toString.
 *
 * Spark derives all three from the same tree; pretty names drop qualifiers, quotes and implicit casts. A function
 * shows under the name it was called by when Spark registers it with setAlias, else under its class's prettyName:
 * the exceptions are in pretty_names. Source: catalyst/util/package.scala (usePrettyExpression), each expression's
 * sql and toString. */
#include "function/function_int.h"
#include <ctype.h>

typedef enum { PRETTY, SQL, STRING } text_mode;

static void write_expr(sp_buf *out, const sp_expr *e, text_mode m);

/* name as called -> name as shown, where the class has one name of its own and no alias tag. */
static const struct { const char *called, *shown; } pretty_names[] = {
    { "power", "POWER" }, { "ln", "ln" }, { "isnull", "isnull" }, { "chr", "chr" }, { "lcase", "lcase" },
    { "ucase", "ucase" },
    { "count_distinct", "count" }, { "approx_count_distinct", "approx_count_distinct" }, { "now", "now" },
    { "log", "LOG" },
    { "startswith", "startswith" }, { "endswith", "endswith" }, { "curdate", "current_date" }, { "log10", "LOG10" },
    { "acos", "ACOS" }, { "acosh", "ACOSH" }, { "asin", "ASIN" }, { "asinh", "ASINH" }, { "atan", "ATAN" },
    { "atanh", "ATANH" },
    { "atan2", "ATAN2" }, { "cbrt", "CBRT" }, { "ceil", "CEIL" }, { "cos", "COS" }, { "cosh", "COSH" },
    { "cot", "COT" },
    { "csc", "CSC" }, { "sec", "SEC" }, { "degrees", "DEGREES" }, { "e", "E" }, { "exp", "EXP" }, { "expm1", "EXPM1" },
    { "floor", "FLOOR" }, { "hypot", "HYPOT" }, { "log1p", "LOG1P" }, { "log2", "LOG2" }, { "pi", "PI" },
    { "radians", "RADIANS" },
    { "sin", "SIN" }, { "sinh", "SINH" }, { "sqrt", "SQRT" }, { "tan", "TAN" }, { "tanh", "TANH" },
    { "regr_count", "regr_count" }, { NULL, NULL }
};

static void put(sp_buf *out, sp_str s) { sp_buf_add(out, s.p, s.n); }


static void put_upper(sp_buf *out, sp_str s)
{
    for (size_t i = 0; i < s.n; i++) sp_buf_putc(out, (char)toupper((unsigned char)s.p[i]));
}

/* quoteIfNeeded */
static void put_name(sp_buf *out, sp_str s, bool quote)
{
    bool plain = s.n > 0 && !isdigit((unsigned char)s.p[0]);
    for (size_t i = 0; i < s.n; i++) plain = plain && (isalnum((unsigned char)s.p[i]) || s.p[i] == '_');
    if (!quote || plain) { put(out, s); return; }
    sp_buf_putc(out, '`');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '`') sp_buf_putc(out, '`');
        sp_buf_putc(out, s.p[i]);
    }
    sp_buf_putc(out, '`');
}

static void put_list(sp_buf *out, sp_expr *const *list, int count, text_mode m)
{
    for (int i = 0; i < count; i++) {
        if (i) sp_buf_puts(out, ", ");
        write_expr(out, list[i], m);
    }
}

static const char *shown_name(const sp_expr *e)
{
    const char *registered = e->function ? e->function->name : e->aggregate ? e->aggregate->name : NULL;
    if (!registered) return NULL;
    if (e->aggregate) return registered;
    for (int i = 0; pretty_names[i].called; i++)
        if (strcmp(pretty_names[i].called, registered) == 0) return pretty_names[i].shown;
    return registered;
}

static void write_literal(sp_buf *out, const sp_expr *e, text_mode m)
{
    const sp_value *v = &e->literal;
    sp_kind k = v->type->kind;
    if (v->is_null) {
        if (m == SQL && k != SP_VOID) {
            sp_buf_puts(out, "CAST(NULL AS ");
            sp_type_sql(out, v->type);
            sp_buf_putc(out, ')');
        } else sp_buf_puts(out, m == STRING ? "null" : "NULL");
    } else if (m == STRING || (m == PRETTY && (k == SP_STRING || sp_kind_is_numeric(k)))) {
        sp_value_text(out, v, sp_zone_utc());
    } else sp_value_sql(out, v, sp_zone_utc());
}

/* The name shown of a call whose operator stands between (or before) its operands; NULL: an ordinary function. */
static const char *infix_of(const sp_expr *e, const char *name)
{
    static const char *const words[] = { "and", "AND", "or", "OR", "mod", "%", "==", "=", NULL };
    if (!e->function || !(e->function->flags & SP_FN_OPERATOR)) return NULL;
    for (int i = 0; words[i]; i += 2)
        if (strcmp(words[i], name) == 0) return words[i + 1];
    return name;
}

static void write_case(sp_buf *out, const sp_expr *e, text_mode m)
{
    sp_buf_puts(out, "CASE");
    for (int i = 0; i + 1 < e->arg_count; i += 2) {
        sp_buf_puts(out, " WHEN ");
        write_expr(out, e->args[i], m);
        sp_buf_puts(out, " THEN ");
        write_expr(out, e->args[i + 1], m);
    }
    if (e->arg_count & 1) {
        sp_buf_puts(out, " ELSE ");
        write_expr(out, e->args[e->arg_count - 1], m);
    }
    sp_buf_puts(out, " END");
}

/* Calls that have a text of their own; false: print it as name(args). */
static bool write_special(sp_buf *out, const sp_expr *e, const char *name, text_mode m)
{
    sp_expr *const *a = e->args;
    const char *op = infix_of(e, name);
    if (op && e->arg_count == 2) {
        if (strcmp(op, "!=") == 0 || strcmp(op, "<>") == 0) {
            sp_buf_puts(out, "(NOT (");
            write_expr(out, a[0], m);
            sp_buf_puts(out, " = ");
            write_expr(out, a[1], m);
            sp_buf_puts(out, "))");
            return true;
        }
        sp_buf_putc(out, '(');
        write_expr(out, a[0], m);
        sp_buf_printf(out, " %s ", op);
        write_expr(out, a[1], m);
        sp_buf_putc(out, ')');
        return true;
    }
    if (e->arg_count == 1 && (!strcmp(name, "-") || !strcmp(name, "+"))) {
        sp_buf_printf(out, "(%s ", name);
        write_expr(out, a[0], m);
        sp_buf_putc(out, ')');
        return true;
    }
    if (e->arg_count == 1 && !strcmp(name, "~")) {
        sp_buf_puts(out, "~");
        write_expr(out, a[0], m);
        return true;
    }
    if (e->arg_count == 1 && (!strcmp(name, "not") || !strcmp(name, "!"))) {
        sp_buf_puts(out, "(NOT ");
        write_expr(out, a[0], m);
        sp_buf_putc(out, ')');
        return true;
    }
    if (e->arg_count == 1 && (!strcmp(name, "isnull") || !strcmp(name, "isnotnull"))) {
        sp_buf_putc(out, '(');
        write_expr(out, a[0], m);
        sp_buf_puts(out, name[2] == 'n' && name[3] == 'u' ? " IS NULL)" : " IS NOT NULL)");
        return true;
    }
    if (!strcmp(name, "in")) {
        sp_buf_putc(out, '(');
        write_expr(out, a[0], m);
        sp_buf_puts(out, " IN (");
        put_list(out, a + 1, e->arg_count - 1, m);
        sp_buf_puts(out, "))");
        return true;
    }
    if (!strcmp(name, "if") && e->arg_count == 3) {
        sp_buf_puts(out, "(IF(");
        put_list(out, a, 3, m);
        sp_buf_puts(out, "))");
        return true;
    }
    if (!strcmp(name, "when") || !strcmp(name, "case")) { write_case(out, e, m); return true; }
    if (!strcmp(name, "like") && e->arg_count >= 2) {
        write_expr(out, a[0], m);
        sp_buf_puts(out, " LIKE ");
        write_expr(out, a[1], m);
        if (e->arg_count == 3 && a[2]->kind == SP_E_LITERAL && !sp_str_is(a[2]->literal.str, "\\")) {
            sp_buf_puts(out, " ESCAPE '");
            put(out, a[2]->literal.str);
            sp_buf_putc(out, '\'');
        }
        return true;
    }
    if (!strcmp(name, "getarrayitem") || !strcmp(name, "getmapvalue")) {
        write_expr(out, a[0], m);
        sp_buf_putc(out, '[');
        write_expr(out, a[1], m);
        sp_buf_putc(out, ']');
        return true;
    }
    if (!strcmp(name, "getarraystructfields")) {
        write_expr(out, a[0], m);
        sp_buf_putc(out, '.');
        put(out, a[1]->literal.str);
        return true;
    }
    if (e->arg_count == 2 && (!strcmp(name, "trim") || !strcmp(name, "ltrim") || !strcmp(name, "rtrim"))) {
        sp_buf_puts(out, name[0] == 't' ? "TRIM(BOTH " : name[0] == 'l' ? "TRIM(LEADING " : "TRIM(TRAILING ");
        write_expr(out, a[0], m);
        sp_buf_puts(out, " FROM ");
        write_expr(out, a[1], m);
        sp_buf_putc(out, ')');
        return true;
    }
    if (!strcmp(name, "||")) {
        sp_buf_puts(out, "concat(");
        put_list(out, a, e->arg_count, m);
        sp_buf_putc(out, ')');
        return true;
    }
    return false;
}

static void put_arguments(sp_buf *out, const sp_expr *e, text_mode m)
{
    sp_buf_putc(out, '(');
    if (e->distinct) sp_buf_puts(out, "DISTINCT ");
    bool first_only = e->function && (e->function->flags & SP_FN_FIRST_SHOWN) && e->arg_count > 1;
    put_list(out, e->args, first_only ? 1 : e->arg_count, m);
    sp_buf_putc(out, ')');
}

static void write_call(sp_buf *out, const sp_expr *e, text_mode m)
{
    if (e->function && (e->function->flags & SP_FN_FIRST_SHOWN) && e->type && e->type->kind == SP_MAP) {
        sp_buf_puts(out, "entries");     /* JsonToStructs.sql */
        return;
    }
    const char *shown = shown_name(e);
    char name[80];
    sp_str raw = e->sql_name.p ? e->sql_name : shown ? sp_str_of(shown) : e->name;
    if (e->function == &sp_fn_replaced && e->sql_name.p) { put(out, e->sql_name); return; }
    bool whole = e->kind == SP_E_AGG && e->sql_name.p;      /* with WITHIN GROUP, or in the words of what it replaced */
    const char *registered = e->function ? e->function->name : NULL;
    if (!registered && e->kind == SP_E_FUNCTION) {  /* not bound yet: as the parser left it */
        size_t n = raw.n < sizeof name - 1 ? raw.n : sizeof name - 1;
        for (size_t i = 0; i < n; i++) name[i] = (char)tolower((unsigned char)raw.p[i]);
        name[n] = 0;
        const sp_function *f = sp_function_find(raw);
        sp_expr as_call = *e;
        as_call.function = f;
        if (f && write_special(out, &as_call, name, m)) return;
    } else if (registered && write_special(out, e, registered, m)) return;
    if (!strcmp(registered ? registered : "", "rlike")) put_upper(out, raw);
    else put(out, raw);
    if (!whole) put_arguments(out, e, m);
    if (e->filter) {
        sp_buf_puts(out, " FILTER (WHERE ");
        write_expr(out, e->filter, m);
        sp_buf_putc(out, ')');
    }
}

static void write_bound(sp_buf *out, int kind, const sp_expr *value, bool lower, text_mode m)
{
    if (kind == 0) sp_buf_puts(out, lower ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING");
    else if (kind == 1) sp_buf_puts(out, "CURRENT ROW");
    else {      /* a negated one goes before; a negative literal (rowsBetween(-1, 0)) is that much after */
        bool negated = (value->kind == SP_E_CALL || value->kind == SP_E_FUNCTION) && value->arg_count == 1 &&
                       (sp_str_is(value->name, "-") || sp_str_is(value->name, "negative"));
        write_expr(out, negated ? value->args[0] : value, m);
        sp_buf_puts(out, negated ? " PRECEDING" : " FOLLOWING");
    }
}

static void write_window(sp_buf *out, const sp_expr *e, text_mode m)
{
    const sp_window_spec *w = e->window;
    write_expr(out, e->args[0], m);
    sp_buf_puts(out, " OVER (");
    if (w->partition_count) {
        sp_buf_puts(out, "PARTITION BY ");
        put_list(out, w->partition, w->partition_count, m);
    }
    if (w->order_count) {
        sp_buf_puts(out, w->partition_count ? " ORDER BY " : "ORDER BY ");
        put_list(out, w->order, w->order_count, m);
    }
    if (w->partition_count || w->order_count) sp_buf_putc(out, ' ');
    sp_buf_puts(out, w->frame == 2 || (w->frame == 0 && w->order_count) ? "RANGE BETWEEN " : "ROWS BETWEEN ");
    if (w->frame == 0) {
        sp_buf_puts(out, w->order_count ? "UNBOUNDED PRECEDING AND CURRENT ROW"
            : "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
    } else {
        write_bound(out, w->lower_kind, w->lower, true, m);
        sp_buf_puts(out, " AND ");
        write_bound(out, w->upper_kind, w->upper, false, m);
    }
    sp_buf_putc(out, ')');
}

static void write_cast(sp_buf *out, const sp_expr *e, text_mode m)
{
    if (m == PRETTY && e->cast_is_implicit) { write_expr(out, e->args[0], m); return; }
    if (m == STRING) {
        sp_buf_puts(out, e->cast_mode == SP_CAST_TRY ? "try_cast(" : "cast(");
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, " as ");
        sp_type_simple(out, e->type);
    } else {
        sp_buf_puts(out, e->cast_mode == SP_CAST_TRY ? "TRY_CAST(" : "CAST(");
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, " AS ");
        sp_type_sql(out, e->type);
    }
    sp_buf_putc(out, ')');
}

static void write_lambda(sp_buf *out, const sp_expr *e, text_mode m)
{
    sp_buf_puts(out, "lambdafunction(");
    put_list(out, e->args, e->arg_count, m);
    sp_buf_putc(out, ')');
}

static void write_lambda_var(sp_buf *out, const sp_expr *e, text_mode m)
{
    if (m == STRING) sp_buf_puts(out, "lambda ");
    if (m == PRETTY || m == SQL) sp_buf_puts(out, "namedlambdavariable()");
    else {
        put(out, e->name);
        sp_buf_printf(out, "#%lld", (long long)(e->id >= 0 ? e->id : e->ordinal));
    }
}

static void write_parts(sp_buf *out, const sp_expr *e, text_mode m)
{
    for (int i = 0; i < e->part_count; i++) {
        if (i) sp_buf_putc(out, '.');
        put_name(out, e->parts[i], m == SQL);
    }
}

static void write_expr(sp_buf *out, const sp_expr *e, text_mode m)
{
    if (!e) return;
    switch (e->kind) {
    case SP_E_LITERAL: write_literal(out, e, m); break;
    case SP_E_COLUMN:
        if (m == SQL)
            for (int i = 0; i < e->part_count; i++) { put_name(out, e->parts[i], true); sp_buf_putc(out, '.'); }
        put_name(out, e->name, m == SQL);
        if (m == STRING) sp_buf_printf(out, "#%lld", (long long)e->id);
        if (m == STRING && e->watermark_delay_us >= 0) sp_buf_printf(out, "-T%lldms",
            (long long)(e->watermark_delay_us / 1000));
        if (m == STRING && e->type && e->type->kind == SP_LONG) sp_buf_putc(out, 'L');
        break;
    case SP_E_CALL: case SP_E_AGG: case SP_E_FUNCTION: write_call(out, e, m); break;
    case SP_E_CAST: write_cast(out, e, m); break;
    case SP_E_ALIAS:
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, " AS ");
        put_name(out, e->name, m != STRING);
        if (m == STRING) sp_buf_printf(out, "#%lld%s", (long long)e->id, e->type && e->type->kind == SP_LONG ? "L"
            : "");
        break;
    case SP_E_FIELD:
        write_expr(out, e->args[0], m);
        sp_buf_putc(out, '.');
        put_name(out, e->name, m == SQL);
        break;
    case SP_E_SORT:
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, e->ascending ? " ASC NULLS " : " DESC NULLS ");
        sp_buf_puts(out, e->nulls_first ? "FIRST" : "LAST");
        break;
    case SP_E_LAMBDA: write_lambda(out, e, m); break;
    case SP_E_LAMBDA_VAR: write_lambda_var(out, e, m); break;
    case SP_E_WINDOW: write_window(out, e, m); break;
    case SP_E_ATTR:
        if (m == STRING) sp_buf_putc(out, '\'');
        write_parts(out, e, m == STRING ? SQL : m);
        break;
    case SP_E_STAR:
        write_parts(out, e, m);
        sp_buf_puts(out, e->part_count ? ".*" : "*");
        break;
    case SP_E_EXTRACT:
        write_expr(out, e->args[0], m);
        if (e->args[1]->kind == SP_E_LITERAL && e->args[1]->literal.type->kind == SP_STRING &&
            !e->args[1]->literal.is_null) {
            sp_buf_putc(out, m == PRETTY ? '[' : '[');
            put(out, e->args[1]->literal.str);
            sp_buf_putc(out, ']');
        } else {
            sp_buf_putc(out, '[');
            write_expr(out, e->args[1], m);
            sp_buf_putc(out, ']');
        }
        break;
    case SP_E_UPDATE_FIELDS:
        sp_buf_puts(out, "update_fields(");
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, e->arg_count > 1 ? ", WithField(" : ", dropfield(");
        if (e->arg_count > 1) write_expr(out, e->args[1], m);
        sp_buf_puts(out, "))");
        break;
    case SP_E_SUBQUERY:
        sp_buf_puts(out, e->subquery_kind == 1 ? "exists(" : e->subquery_kind == 2 ? "(" : "scalarsubquery(");
        put_list(out, e->args, e->arg_count, m);
        sp_buf_puts(out, e->subquery_kind == 2 ? " IN (listquery()))" : ")");
        break;
    case SP_E_MULTI_ALIAS:
        write_expr(out, e->args[0], m);
        sp_buf_puts(out, " AS (");
        for (int i = 0; i < e->part_count; i++) {
            if (i) sp_buf_puts(out, ", ");
            put(out, e->parts[i]);
        }
        sp_buf_putc(out, ')');
        break;
    default: put(out, e->name); break;
    }
}

void sp_expr_sql(sp_buf *out, const sp_expr *e, bool pretty) { write_expr(out, e, pretty ? PRETTY : SQL); }

void sp_expr_string(sp_buf *out, const sp_expr *e)
{
    write_expr(out, e, STRING);
}

const char *sp_expr_sql_quoted(sp_arena *a, const sp_expr *e)
{
    sp_buf b = { 0 };
    sp_buf_putc(&b, '"');
    write_expr(&b, e, PRETTY);
    sp_buf_putc(&b, '"');
    const char *s = b.failed ? NULL : sp_arena_strndup(a, b.data, b.len, NULL);
    sp_buf_done(&b);
    return s ? s : "";
}
