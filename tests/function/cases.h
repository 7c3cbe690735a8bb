/* cases.h -- function tests as text: an expression in call syntax and what it gives.
 *
 *   { "+(1, 2)", "3" }                     the value as cast-to-string prints it; NULL for null
 *   { "/(1, 0)", "!DIVIDE_BY_ZERO" }       the error's condition
 *   { "typeof(+(1, 2L))", "bigint" }
 *
 * Literals: 1 1L 1Y 1S 1.5 (decimal) 1.5D 1.5F 1e3 'text' X'00ff' null true false date'..' ts'..' ntz'..'
 * interval'..' (calendar) dt'..' ym'..'; cast(e, 'type'), try_cast(e, 'type'); a[b] is getarrayitem/getmapvalue; x
 * -> e and (x, y) -> e are lambdas. Names are columns of the batch given. */
#ifndef SPATE_TESTS_FUNCTION_CASES_H
#define SPATE_TESTS_FUNCTION_CASES_H

#include "function/function.h"

typedef struct expr_case { const char *expression, *want; } expr_case;
/* ended by { NULL, NULL }; conf NULL: ANSI, UTC */
void check_cases(const expr_case *cases, const sp_expr_conf *conf);
/* One expression, evaluated over a batch of columns (or one row without columns); text of row 0. */
const char *eval_text(sp_arena *a, const char *expression, const sp_expr_conf *conf);
/* Binds an expression over named columns (names: comma-separated). NULL: err is filled. */
sp_expr *bind_text(sp_arena *a, const char *expression, const sp_expr_conf *conf, const char *const *names,
    const sp_type *const *types,
                   int count, sp_error *err);
extern const sp_expr_conf test_conf, test_conf_legacy;

#endif
