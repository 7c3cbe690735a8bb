/* cast_int.h -- what cast.c and its siblings share: one cast of one vector. */
#ifndef SP_FUNCTION_CAST_INT_H
#define SP_FUNCTION_CAST_INT_H

#include "function/function_int.h"

typedef struct cast_job {
    sp_eval_context *c;
    const sp_vec *in;               /* FLAT, or CONST seen as one row */
    const uint32_t *sel;            /* rows that are not null */
    uint32_t count;
    sp_vec *out;                    /* FLAT; valid is in's, or to be cleared by sp_cast_refuse */
    const sp_type *from, *to;
    sp_cast_mode mode;
    const sp_expr *origin;
    const sp_zone *zone;
    bool failed_alloc;
} cast_job;
#define CAST_ROWS(j, i) uint32_t n_##i = 0, i; n_##i < (j)->count && ((i = (j)->sel ? (j)->sel[n_##i] : n_##i), true); n_##i++

/* Row `row` cannot be cast: null it (legacy, try) or fail with CAST_INVALID_INPUT / CAST_OVERFLOW (ANSI). */
sp_status sp_cast_refuse(cast_job *j, uint32_t row, bool overflow, sp_exc exc, sp_error *err);
/* A decimal that does not fit: NUMERIC_VALUE_OUT_OF_RANGE. */
sp_status sp_cast_refuse_decimal(cast_job *j, uint32_t row, const char *value, sp_error *err);
void sp_cast_null(cast_job *j, uint32_t row);
sp_status sp_cast_to_string(cast_job *j, sp_error *err);        /* cast_text.c */
sp_status sp_cast_from_string(cast_job *j, sp_error *err);
sp_status sp_cast_interval(cast_job *j, sp_error *err);         /* cast_interval.c: to and from ANSI intervals */

#endif
