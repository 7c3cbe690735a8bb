/* sort.h -- ordering rows of a batch: for Sort, Window and range partitioning. */
#ifndef SP_OPERATOR_SORT_H
#define SP_OPERATOR_SORT_H

#include "operator/operator_int.h"

typedef struct sp_sort_key { const sp_vec *column; bool descending, nulls_first; } sp_sort_key;   /* FLAT or CONST */
/* bound; columns unset */
typedef struct sp_sort_order { sp_expr **exprs; sp_sort_key *keys; int count; } sp_sort_order;
/* Row numbers 0..rows-1 in order; stable. */
sp_status sp_sort_rows(const sp_sort_key *keys, int count, uint32_t rows, sp_arena *a, uint32_t **out, sp_error *err);
int sp_sort_compare(const sp_sort_key *keys, int count, uint32_t a, uint32_t b);
/* SP_E_SORT (or bare, ascending) expressions over the child's output. */
sp_status sp_sort_bind(sp_exec *x, sp_expr *const *exprs, int count, const sp_plan *child, sp_sort_order *out,
                       sp_error *err);
/* The order of a batch without selection. */
sp_status sp_sort_batch(const sp_sort_order *o, const sp_batch *b, const sp_expr_conf *conf, sp_arena *a,
                        uint32_t **out, sp_error *err);
sp_status sp_node_sort(sp_exec *x, const sp_plan *p, sp_node **out, sp_error *err);
void sp_sort_set_limit(sp_node *n, int64_t limit);      /* no more rows than this are wanted */

#endif
