/* sql.h -- SQL text to unresolved plans and expressions, by Spark's grammar (SqlBaseLexer.g4, SqlBaseParser.g4 and
 * AstBuilder, 4.x; ANSI mode, spark.sql.ansi.enforceReservedKeywords off).
 *
 * Ownership: what comes out lives in the arena, and its texts borrow `text` where they can: the text must live as
 * long as the arena (copy it there first). The conf is read during the call only. Threads: calls share nothing.
 * Linear time and a bounded stack: nesting past SP_SQL_DEPTH_MAX is FAILED_TO_PARSE_TOO_COMPLEX, as Spark answers
 * when its stack runs out. Errors are ParseExceptions with Spark's conditions. A syntax error has err->line and
 * err->position; one with a query context (Spark throws it while building the tree) has err->context instead.
 * err->context.summary is the block that ends the message.
 *
 * What the trees hold beyond plan.h and expr.h:
 *   operators            SP_E_FUNCTION by symbol: + - * / % div = <=> < <= > >= & | ^ ~ << >> >>> || and or not in
 *                        like ilike rlike; IS NULL is isnull, IS
 *                        NOT NULL isnotnull; a <> b, NOT IN ... are not(...); BETWEEN is between(x, low, high); CASE
 *                        is when(c1, v1, ..., else)
 *   SP_E_FUNCTION        name as written (last part), parts = all parts when qualified; window = WITHIN GROUP (ORDER
 *                        BY ...) (only `order` is set);
 *                        ordinal 1: IGNORE NULLS, 2: RESPECT NULLS; named arguments are SP_E_ALIAS
 *                        with is_internal
 *   SP_E_WINDOW          a bound `n PRECEDING` is -(n) as UnaryMinus in Spark
 *   SP_E_ATTR            current_date, current_timestamp, current_time, current_user, user, session_user without
 *                        parentheses stay attributes, as in
 *                        Spark: a column of that name comes first, else the analyzer takes the function
 *   SP_E_SUBQUERY        subquery_kind 3: TABLE argument of a table function
 *   SP_E_PARAMETER       name for :name, or {NULL,0} and ordinal = 0, 1... for ?
 *   SP_E_DEFAULT         DEFAULT in INSERT ... VALUES and SET is an attribute named DEFAULT, as in Spark; this kind
 *                        is not made
 *   JOIN of the list FROM a, b    SP_JOIN_INNER without condition */
#ifndef SP_SQL_H
#define SP_SQL_H

#include "plan/plan.h"
#include "sql/command.h"

enum { SP_SQL_DEPTH_MAX = 400, SP_SQL_CHAIN_MAX = 3000 };

/* Values for :name and ?, put in place of the markers while parsing (as Spark 4.1 substitutes them), so that they
 * also serve where the grammar wants a constant: LIMIT :n, IDENTIFIER(:t). A marker without value is
 * UNBOUND_SQL_PARAMETER. */
typedef struct sp_sql_params {
    const sp_str *names; sp_expr *const *named; int named_count;
    sp_expr *const *positional; int positional_count;
} sp_sql_params;

/* One statement, `;` at its end allowed: a query's plan, or SP_P_COMMAND with command set. PARSE_EMPTY_STATEMENT when
 * there is nothing. */
sp_status sp_sql_parse_statement(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_plan **out, sp_error *err);
/* The same with parameters; NULL params leaves the markers in the tree. */
sp_status sp_sql_parse_with(sp_arena *a, const sp_expr_conf *conf, sp_str text, const sp_sql_params *params,
    sp_plan **out, sp_error *err);
/* One expression, an alias allowed ("a + 1 AS b"): expr(), selectExpr(), filter strings. */
sp_status sp_sql_parse_expression(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_expr **out, sp_error *err);
/* "a.b.`c d`" -> its parts, without back-quotes. */
sp_status sp_sql_parse_identifier(sp_arena *a, const sp_expr_conf *conf, sp_str text, sp_str **parts, int *part_count,
    sp_error *err);

/* Spark's SQLQueryContext.summary of an origin with kind 1 ("== SQL (line 1, position 8) ==\nSELECT ...\n ^^^\n"),
 * for any error with a context. */
void sp_sql_context_summary(sp_buf *out, const sp_origin *origin);
/* Texts of trees for tests: compact s-expressions. */
void sp_sql_dump_expr(sp_buf *out, const sp_expr *e);
void sp_sql_dump_plan(sp_buf *out, const sp_plan *p);

#endif
