/* function_int.h -- what the files of function/ share: access to arguments and results in kernels, signatures for
 * binds, the lazy forms. Nothing here is for other folders. */
#ifndef SP_FUNCTION_INT_H
#define SP_FUNCTION_INT_H

#include "function/function.h"

/* ---- arguments of a kernel, row by row (hot kernels take typed pointers instead) ---- */
#define SP_ARG(k, T, i) ((const T *)(k)->args[i]->data)
#define SP_GET(k, T, i, row) (((const T *)(k)->args[i]->data)[SP_AT((k)->args[i], row)])
#define SP_OUT(k, T) ((T *)(k)->out->data)
static inline sp_str sp_arg_str(const sp_kernel *k, int i, uint32_t row)
{
    return sp_view_str(&SP_ARG(k, sp_view, i)[SP_AT(k->args[i], row)]);
}
static inline bool sp_arg_null(const sp_kernel *k, int i, uint32_t row) { return sp_vec_is_null(k->args[i], row); }
/* The integer-like value of a FLAT or CONST vector's row (BOOLEAN, BYTE..LONG, DATE, TIMESTAMP, TIME, intervals). */
int64_t sp_vec_int_at(const sp_vec *v, uint32_t row);
double  sp_vec_f64_at(const sp_vec *v, uint32_t row);       /* FLOAT, DOUBLE, integers */
static inline int64_t sp_arg_int(const sp_kernel *k, int i, uint32_t row) { return sp_vec_int_at(k->args[i], row); }
static inline double sp_arg_f64(const sp_kernel *k, int i, uint32_t row) { return sp_vec_f64_at(k->args[i], row); }

/* ---- results ---- */
/* Puts borrowed text (of an argument, or arena memory) into out's row. */
static inline void sp_put_view(sp_kernel *k, uint32_t row,
    sp_str s) { SP_OUT(k, sp_view)[row] = sp_view_make(s.p, s.n); }
/* copies into the batch arena */
sp_status sp_put_copy(sp_kernel *k, uint32_t row, const char *p, size_t n, sp_error *err);
sp_status sp_put_buf(sp_kernel *k, uint32_t row, sp_buf *b, sp_error *err);                  /* the same; clears b */
/* Stores an integer by the vector's kind (BYTE..LONG, DATE ...). */
void sp_vec_put_int(sp_vec *v, uint32_t row, int64_t value);

/* ---- vectors ---- */
/* FLAT or CONST view of any vector. */
static inline sp_status sp_vec_plain(const sp_vec *v, sp_arena *a, const sp_vec **out, sp_error *err)
{
    if (v->form != SP_DICT) { *out = v; return SP_OK; }
    *out = sp_vec_flatten(v, a, true, err);
    return *out ? SP_OK : SP_FAILED;
}
/* the first row of FLAT/CONST as CONST of rows */
sp_vec *sp_vec_const_copy(const sp_vec *one, uint32_t rows, sp_arena *a, sp_error *err);
/* The field of a STRUCT vector, with the struct's own nulls on it. */
sp_status sp_eval_field(const sp_vec *s, int ordinal, const sp_type *t, sp_arena *a, sp_vec **out, sp_error *err);

/* ---- lazy forms: bind leaves one of these in state ---- */
typedef struct sp_lazy {
    sp_status (*eval)(sp_eval_context *c, const sp_expr *e, const sp_batch *in, const uint32_t *sel, uint32_t count,
        sp_vec **out, sp_error *err);
} sp_lazy;
/* One vector out of several: row i of the result is row i of parts[pick[i]], for the rows of the selection; 255: null.
 * */
sp_status sp_vec_merge(sp_vec *const *parts, int part_count, const uint8_t *pick, const sp_type *t,
    const uint32_t *sel, uint32_t count,
                       uint32_t rows, sp_arena *a, sp_vec **out, sp_error *err);

/* ---- binds ---- */
/* Wants arguments by a signature, one letter each; '*' after a letter: any number more of it:
 *   s STRING  i INT  l BIGINT  d DOUBLE  f FLOAT b BOOLEAN  D DATE  T TIMESTAMP  N TIMESTAMP_NTZ  B BINARY  a anything
 *  n NUMERIC  I integral
 *   x STRING or BINARY  t TIMESTAMP or TIMESTAMP_NTZ  A ARRAY  M MAP  S STRUCT  y year-month  Y day-time  m decimal  g
 * INT or BIGINT(as it is)
 * and answers the result's kind. */
sp_status sp_bind_sig(sp_bind *b, const char *signature, sp_kind result, sp_error *err);
#define SP_SIG(fn, signature, result) \
    static sp_status fn(sp_bind *b, sp_error *err) { return sp_bind_sig(b, signature, result, err); }
/* Value of foldable argument i; DATATYPE_MISMATCH.NON_FOLDABLE_INPUT when it is not (name: the parameter's). */
sp_status sp_bind_constant(sp_bind *b, int i, const char *input_name, sp_value *out, sp_error *err);
bool sp_bind_is_constant(const sp_bind *b, int i);
/* Wants all arguments as their common type (left in *out); DATATYPE_MISMATCH.DATA_DIFF_TYPES when there is none.
 * from: first argument of them. */
sp_status sp_bind_common(sp_bind *b, int from, int to, const sp_type **out, sp_error *err);
const char *sp_ordinal_word(sp_arena *a, int i);    /* "first", "second", "third", "4th" */
const char *sp_bind_sql(sp_bind *b);                /* the call's text, quoted */
const char *sp_bind_arg_sql(sp_bind *b, int i);
const char *sp_bind_arg_type(sp_bind *b, int i);
const char *sp_bind_function_id(sp_bind *b);        /* "`name`" */
/* Types in the decimal arithmetic: adjustPrecisionScale. */
const sp_type *sp_decimal_adjusted(sp_arena *a, int precision, int scale, sp_error *err);
const sp_type *sp_decimal_for(const sp_type *integral);    /* DecimalType.forType; NULL for others */
const sp_type *sp_decimal_wider(sp_arena *a, const sp_type *x, const sp_type *y, sp_error *err);
int sp_numeric_rank(sp_kind k);                     /* kinds' order, -1 for others */
/* Coerces the two operands of an operator by PromoteStrings, decimal precision and tightest common type; answers the
 * common type in *out, which is NULL when decimals may keep their own precision (keep_decimals) or nothing fits. */
sp_status sp_bind_operands(sp_bind *b, bool keep_decimals, bool is_comparison, const sp_type **out, sp_error *err);
sp_expr *sp_expr_call2(sp_arena *a, const char *name, sp_expr *x, sp_expr *y, sp_error *err);
/* Fills err's query context from the expression's origin unless there is one. */
void sp_error_locate(sp_error *err, const sp_expr *e);

/* a RuntimeReplaceable: args[0] is the replacement, sql_name the text of the whole call */
extern const sp_function sp_fn_replaced;

/* Failing inside a kernel needs the texts of a value. */
/* Literal.sql of the row */
const char *sp_vec_sql_at(const sp_vec *v, uint32_t row, const sp_expr_conf *conf, sp_arena *a);

/* ANSI overflow: ARITHMETIC_OVERFLOW with "integer overflow" and the try_ suggestion. */
sp_status sp_fail_overflow(sp_error *err, const char *message, const char *try_function);

/* ---- hashing of values, as Spark's Murmur3Hash / XxHash64 expressions (fn_misc.c) ---- */
uint32_t sp_spark_murmur3(const sp_vec *v, uint32_t row, uint32_t seed);
uint64_t sp_spark_xxhash64(const sp_vec *v, uint32_t row, uint64_t seed);

/* ---- regular expressions in java.util.regex's dialect over PCRE2 (regex.c) ---- */
typedef struct sp_regex sp_regex;
sp_status sp_regex_compile(sp_arena *a, sp_str pattern, const char *function, const sp_regex **out, sp_error *err);
/* Matches at or after start; ovector pairs of byte offsets; returns the number of groups + 1, or 0. The scratch
 * belongs to the caller. */
typedef struct sp_regex_match { size_t start[64], end[64]; int count; void *data; } sp_regex_match;
bool sp_regex_find(const sp_regex *r, sp_str subject, size_t from, sp_regex_match *m);
void sp_regex_match_done(sp_regex_match *m);
int  sp_regex_groups(const sp_regex *r);
int  sp_regex_named(const sp_regex *r, sp_str name);   /* group number, -1 */
/* Literal text that the pattern stands for (unescaped), or {NULL,0}. */
sp_str sp_regex_literal(sp_arena *a, sp_str pattern, sp_error *err);

#endif
