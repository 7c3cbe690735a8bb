/* subquery.c -- subquery expressions. */
#include "plan/plan_int.h"

sp_status sp_resolve_subquery(sp_scope *s, sp_expr *e, sp_expr **out, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Subquery expressions are not supported");
}

sp_status sp_decorrelate_lateral(sp_ana *z, sp_plan *join, sp_plan **out, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "LATERAL joins that use columns of their left side are not supported");
}
