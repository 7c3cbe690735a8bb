/* type_ddl_int.h -- the tokens of DDL text. Tokens borrow the text. */
#ifndef SP_COLUMN_TYPE_DDL_INT_H
#define SP_COLUMN_TYPE_DDL_INT_H

#include "column/type.h"

typedef enum sp_ddl_kind {
    SP_DDL_EOF, SP_DDL_WORD, SP_DDL_QUOTED /* with its backquotes */, SP_DDL_INTEGER,
    SP_DDL_STRING /* with its quotes */,
    SP_DDL_NEQ /* <> */, SP_DDL_CHAR, SP_DDL_OTHER
} sp_ddl_kind;
typedef struct sp_ddl_token { sp_ddl_kind kind; sp_str text; int line, column; } sp_ddl_token;  /* 1-based, 0-based */
typedef struct sp_ddl_lexer { sp_str text; size_t at; int line, column; } sp_ddl_lexer;

sp_ddl_token sp_ddl_lex(sp_ddl_lexer *l);
/* The value of a string token, appended: SparkParserUtils.unescapeSQLString. */
void sp_ddl_unquote(sp_buf *out, sp_str token);

static inline bool sp_ddl_is_char(const sp_ddl_token *t, char c) { return t->kind == SP_DDL_CHAR && t->text.p[0] == c; }
static inline bool sp_ddl_is_word(const sp_ddl_token *t, const char *w)
{
    return t->kind == SP_DDL_WORD && sp_str_eq_nocase(t->text, sp_str_of(w));
}

#endif
