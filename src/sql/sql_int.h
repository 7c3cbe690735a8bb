/* sql_int.h -- what the files of sql/ share: tokens, the parser's state, how it fails, and one function per grammar
 * rule that another file needs.
 *
 * Rules return a node, or NULL with p->err filled; those without a result return sp_status. */
#ifndef SP_SQL_INT_H
#define SP_SQL_INT_H

#include "sql/sql.h"

typedef enum sp_sql_kind {
    T_EOF, T_SEMICOLON, T_LPAREN, T_RPAREN, T_COMMA, T_DOT, T_LBRACKET, T_RBRACKET, T_BANG,
    T_EQ, T_NSEQ, T_NEQ, T_NEQJ, T_LT, T_LTE, T_GT, T_GTE, T_SHL, T_SHR, T_USHR,
    T_PLUS, T_MINUS, T_STAR, T_SLASH, T_PERCENT, T_TILDE, T_AMP, T_PIPE, T_CONCAT, T_OP_PIPE, T_HAT, T_COLON,
        T_DCOLON, T_ARROW, T_FAT_ARROW,
    T_HINT_START, T_HINT_END, T_QUESTION,
    T_STRING, T_DQ_STRING,
    T_BIGINT, T_SMALLINT, T_TINYINT, T_INTEGER, T_EXPONENT, T_DECIMAL, T_FLOAT, T_DOUBLE, T_BIGDECIMAL,
    T_IDENT, T_QUOTED_IDENT, T_UNKNOWN,
    K_FIRST_KEYWORD,
#define KEYWORD(token, text) K_##token,
#define KEYWORD_ALIAS(token, text)
#include "sql/keywords.def"
#undef KEYWORD
#undef KEYWORD_ALIAS
    T_KIND_COUNT
} sp_sql_kind;

typedef struct sp_sql_token {
    uint16_t kind;
    uint32_t start, end;            /* bytes, end exclusive */
    uint32_t first, last;           /* characters, last inclusive */
    uint32_t line, column;          /* 1-based line, 0-based column in characters */
} sp_sql_token;

/* OVER w, waiting for the WINDOW clause that names w. */
typedef struct sp_sql_window_ref {
    struct sp_sql_window_ref *next;
    sp_expr *window;                /* SP_E_WINDOW whose spec is to come */
    sp_str name;
    int token;
} sp_sql_window_ref;

typedef struct sp_sql_parser {
    sp_arena *arena;
    const sp_expr_conf *conf;
    sp_error *err;
    sp_str text;
    const sp_sql_token *tokens;     /* the last one is T_EOF */
    int count, i;
    int depth;
    int question_count;             /* ? seen so far */
    bool comment_open;              /* an unclosed bracketed comment: its token position in comment_* */
    sp_sql_token comment;
    const sp_sql_params *params;
    sp_sql_window_ref *windows;     /* unresolved references, newest first */
} sp_sql_parser;

#define TRY_NULL(call) do { if ((call) == SP_FAILED) return NULL; } while (0)

/* ---- lexer.c ---- */
sp_status sp_sql_lex(sp_sql_parser *p);
const char *sp_sql_kind_text(int kind);                     /* as ANTLR's vocabulary shows it: "')'", "IDENTIFIER" */

/* ---- parser.c: tokens ---- */
static inline int kind_at(const sp_sql_parser *p, int n)
{
    int k = p->i + n;
    return p->tokens[k < p->count ? k : p->count - 1].kind;
}
static inline int kind_now(const sp_sql_parser *p) { return p->tokens[p->i].kind; }
static inline void skip(sp_sql_parser *p) { if (p->i < p->count - 1) p->i++; }
static inline bool take(sp_sql_parser *p, int kind) { if (kind_now(p) != kind) return false; skip(p); return true; }
sp_str sp_sql_token_text(const sp_sql_parser *p, int index);
/* The text from token `first` to `last`, both in. */
sp_str sp_sql_slice(const sp_sql_parser *p, int first, int last);
sp_status sp_sql_want(sp_sql_parser *p, int kind);          /* takes the token, or PARSE_SYNTAX_ERROR */
sp_status sp_sql_enter(sp_sql_parser *p);                   /* one level deeper; FAILED_TO_PARSE_TOO_COMPLEX */
static inline void sp_sql_leave(sp_sql_parser *p) { p->depth--; }
/* Fails at the present token: Syntax error at or near. */
sp_status sp_sql_unexpected(sp_sql_parser *p);
sp_status sp_sql_syntax(sp_sql_parser *p, int token, const char *hint);
sp_status sp_sql_too_complex(sp_sql_parser *p);
/* Puts a query context (tokens first..last) on the error that was just set; gives SP_FAILED. */
sp_status sp_sql_in_context(sp_sql_parser *p, int first, int last);
/* Puts line and position of a token, and the block with the whole text, on the error that was just set. */
sp_status sp_sql_at_token(sp_sql_parser *p, int token);
#define FAIL_IN(p, first, last, ...) (SP_FAIL((p)->err, __VA_ARGS__), sp_sql_in_context((p), (first), (last)))
const char *sp_sql_cstr(sp_sql_parser *p, sp_str s);        /* NUL-ended copy; "" when out of memory */
void sp_sql_origin(const sp_sql_parser *p, sp_origin *o, int first);   /* from token `first` to the last one taken */

/* ---- names (parser.c) ---- */
bool sp_sql_is_name(const sp_sql_parser *p, int n);          /* can the token be an identifier? */
bool sp_sql_is_strict(int kind);                            /* strictNonReserved: never a table alias */
bool sp_sql_is_string(const sp_sql_parser *p, int n);        /* a string literal (double quotes: by configuration) */
/* a keyword that starts a clause here, rather than an alias */
bool sp_sql_starts_clause(const sp_sql_parser *p);
bool sp_sql_starts_query(const sp_sql_parser *p, int n);
sp_status sp_sql_name(sp_sql_parser *p, sp_str *out);        /* errorCapturingIdentifier: INVALID_IDENTIFIER for a-b */
sp_status sp_sql_plain_name(sp_sql_parser *p, sp_str *out);  /* identifier */
typedef struct sp_sql_list { void **items; int count, cap; } sp_sql_list;   /* growing list in the arena */
sp_status sp_sql_push(sp_sql_parser *p, sp_sql_list *list, void *item);
typedef struct sp_sql_names { sp_str *items; int count, cap; } sp_sql_names;
sp_status sp_sql_push_name(sp_sql_parser *p, sp_sql_names *list, sp_str name);
sp_status sp_sql_parts(sp_sql_parser *p, sp_str **parts, int *count);        /* multipartIdentifier */
/* identifierReference: IDENTIFIER(...) too */
sp_status sp_sql_reference(sp_sql_parser *p, sp_str **parts, int *count);
sp_status sp_sql_name_list(sp_sql_parser *p, sp_str **names, int *count);    /* ( a, b ) */
sp_status sp_sql_names_seq(sp_sql_parser *p, sp_str **names, int *count);    /* a, b */
const char *sp_sql_quoted(sp_sql_parser *p, const sp_str *parts, int count); /* `a`.`b` */

/* ---- literals (parse_literal.c, parse_interval.c) ---- */
sp_status sp_sql_string(sp_sql_parser *p, sp_str *out);      /* adjacent literals are joined */
sp_status sp_sql_string_token(sp_sql_parser *p, int token, sp_str *out);
sp_expr *sp_sql_number(sp_sql_parser *p);                    /* [-] number */
bool sp_sql_is_number(int kind);
sp_expr *sp_sql_typed_literal(sp_sql_parser *p);             /* DATE '...' */
sp_expr *sp_sql_literal(sp_sql_parser *p, const sp_value *v, int first);
sp_expr *sp_sql_literal_str(sp_sql_parser *p, sp_str s, int first);
sp_expr *sp_sql_literal_int(sp_sql_parser *p, int32_t v, int first);
bool sp_sql_is_interval(const sp_sql_parser *p);             /* INTERVAL that starts a literal, not a column */
sp_expr *sp_sql_interval(sp_sql_parser *p);
/* INTERVAL 'text' by its units: a year-month or day-time literal. */
sp_expr *sp_sql_interval_literal(sp_sql_parser *p, const sp_calendar *c, sp_str units, int first);
sp_status sp_sql_integer(sp_sql_parser *p, int64_t *out);    /* INTEGER_VALUE, or a parameter with an integer */

/* ---- expressions ---- */
/* ( a, b ) is struct(a, b), marked in ordinal for those who take it apart: IN, GROUPING SETS. */
enum { SP_SQL_ROW = -2 };
static inline bool sp_sql_is_row(const sp_expr *e) { return e->kind == SP_E_FUNCTION && e->ordinal == SP_SQL_ROW; }
sp_expr *sp_sql_expr(sp_sql_parser *p);
sp_expr *sp_sql_value_expr(sp_sql_parser *p);                /* valueExpression: no AND, OR, predicates */
sp_expr *sp_sql_primary(sp_sql_parser *p);
sp_expr *sp_sql_function_rest(sp_sql_parser *p, sp_str *parts, int part_count, int first);   /* at '(' */
sp_expr *sp_sql_named_expr(sp_sql_parser *p);                /* with alias */
sp_expr *sp_sql_sort_item(sp_sql_parser *p);
sp_expr *sp_sql_call(sp_sql_parser *p, const char *name, sp_expr *const *args, int count, int first);
sp_expr *sp_sql_call1(sp_sql_parser *p, const char *name, sp_expr *a, int first);
sp_expr *sp_sql_call2(sp_sql_parser *p, const char *name, sp_expr *a, sp_expr *b, int first);
sp_expr *sp_sql_attr(sp_sql_parser *p, sp_str *parts, int count, int first);
/* rule, rule ... */
sp_status sp_sql_expr_seq(sp_sql_parser *p, sp_expr *(*rule)(sp_sql_parser *), sp_expr ***out, int *count);
sp_status sp_sql_type(sp_sql_parser *p, const sp_type **out);
sp_expr *sp_sql_marker(sp_sql_parser *p);                    /* ? or :name */
/* CASE, CAST, EXTRACT, TRIM...: false when it is none of them; else *out, NULL when it failed. */
bool sp_sql_special(sp_sql_parser *p, sp_expr **out);
sp_status sp_sql_window_spec(sp_sql_parser *p, sp_window_spec **out);        /* ( ... ) */
sp_status sp_sql_over(sp_sql_parser *p, sp_expr *window);
/* WINDOW w AS (...), ...; settles references newer than until */
sp_status sp_sql_window_clause(sp_sql_parser *p, sp_sql_window_ref *until);
sp_status sp_sql_windows_settled(sp_sql_parser *p);

/* ---- queries ---- */
sp_plan *sp_sql_plan(sp_sql_parser *p, sp_plan_kind kind, sp_plan *a, sp_plan *b, int first);
sp_plan *sp_sql_query(sp_sql_parser *p);
/* the rest of a query whose first primary is parsed */
sp_plan *sp_sql_query_from(sp_sql_parser *p, sp_plan *left, int first);
/* SELECT ... after FROM-first, with ORDER BY ... */
sp_plan *sp_sql_query_body(sp_sql_parser *p, sp_plan *from, int first);
sp_plan *sp_sql_select(sp_sql_parser *p, sp_plan *from);
sp_plan *sp_sql_organization(sp_sql_parser *p, sp_plan *plan, int first);    /* ORDER BY ... LIMIT ... */
sp_plan *sp_sql_with(sp_sql_parser *p, sp_plan *(*rule)(sp_sql_parser *));   /* ctes? rule */
/* UNION, ORDER BY, LIMIT, |> ... after a primary */
bool sp_sql_continues_query(const sp_sql_parser *p);
sp_plan *sp_sql_from(sp_sql_parser *p);                                      /* FROM relation, ... */
sp_plan *sp_sql_relation(sp_sql_parser *p);
sp_plan *sp_sql_join_rest(sp_sql_parser *p, sp_plan *left, int first, bool *any);   /* one JOIN, PIVOT or UNPIVOT */
sp_plan *sp_sql_lateral_views(sp_sql_parser *p, sp_plan *plan);
sp_plan *sp_sql_inline_table(sp_sql_parser *p);                              /* VALUES ... [alias] */
sp_plan *sp_sql_pivot(sp_sql_parser *p, sp_plan *child, int first);
sp_plan *sp_sql_unpivot(sp_sql_parser *p, sp_plan *child, int first);
sp_plan *sp_sql_sample(sp_sql_parser *p, sp_plan *child, int first);
sp_plan *sp_sql_hints(sp_sql_parser *p, sp_plan *plan, int first_hint, int last_hint);
/* GROUP BY ...: AGGREGATE or GROUPING_SETS */
sp_plan *sp_sql_group_by(sp_sql_parser *p, sp_plan *child, sp_expr **exprs, int count);
sp_plan *sp_sql_pipe(sp_sql_parser *p, sp_plan *left, int first);            /* after |> */
sp_status sp_sql_table_alias(sp_sql_parser *p, sp_plan **plan, int first);
sp_plan *sp_sql_alias(sp_sql_parser *p, sp_plan *child, sp_str name, int first);
sp_status sp_sql_options(sp_sql_parser *p, sp_sql_property **items, int *count);   /* ( key = value, ... ) */
sp_status sp_sql_props(sp_sql_parser *p, const sp_sql_property *items, int count, sp_props **out);   /* in the arena */

/* ---- statements ---- */
sp_plan *sp_sql_statement(sp_sql_parser *p);
sp_command *sp_sql_command_new(sp_sql_parser *p, sp_command_kind kind);
sp_plan *sp_sql_command_plan(sp_sql_parser *p, sp_command *c, int first);
sp_command *sp_sql_create(sp_sql_parser *p);
sp_command *sp_sql_alter(sp_sql_parser *p);
sp_command *sp_sql_drop(sp_sql_parser *p);
sp_command *sp_sql_show(sp_sql_parser *p);
sp_command *sp_sql_describe(sp_sql_parser *p);
sp_command *sp_sql_set(sp_sql_parser *p);
sp_command *sp_sql_reset(sp_sql_parser *p);
sp_command *sp_sql_insert(sp_sql_parser *p);
sp_command *sp_sql_declare(sp_sql_parser *p);
sp_plan *sp_sql_multi_insert(sp_sql_parser *p, sp_plan *from, int first);     /* at INSERT, after FROM ... */
sp_plan *sp_sql_from_or_multi_insert(sp_sql_parser *p);
sp_plan *sp_sql_query_primary(sp_sql_parser *p);
sp_status sp_sql_column_seq(sp_sql_parser *p, sp_sql_column **out, int *count);
sp_command *sp_sql_dml(sp_sql_parser *p);                    /* DELETE, UPDATE, MERGE */
sp_status sp_sql_columns(sp_sql_parser *p, sp_sql_column **out, int *count);   /* ( name type ..., ... ) */
sp_status sp_sql_partition(sp_sql_parser *p, sp_sql_assignment **out, int *count);   /* PARTITION ( k = v, ... ) */
sp_status sp_sql_assignments(sp_sql_parser *p, sp_sql_assignment **out, int *count);
bool sp_sql_take_words(sp_sql_parser *p, const int *kinds, int n);            /* all of them, or none */
sp_status sp_sql_if_exists(sp_sql_parser *p, bool *out);
sp_status sp_sql_if_not_exists(sp_sql_parser *p, bool *out);

#endif
