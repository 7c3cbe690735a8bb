/* bind.c -- resolved expressions to bound ones: columns get their places in the child's output, once a query.
 *
 * Calls that are constant within a query or micro-batch (current_timestamp() and its like) become literals that the
 * run's beginning sets: bound trees are read-only while tasks run, and these are written between runs by the query's
 * thread alone.
 * Behaviour: BindReferences; ComputeCurrentTime and IncrementalExecution (batch timestamp). */
#include "operator/operator_int.h"

typedef struct binding { sp_exec *x; const sp_attr *attrs; int count; } binding;

int sp_attr_index(const sp_attr *attrs, int count, int64_t id)
{
    for (int i = 0; i < count; i++)
        if (attrs[i].id == id)
            return i;
    return -1;
}

static sp_expr *run_constant(sp_exec *x, const sp_expr *call, sp_error *err)
{
    sp_expr *l = sp_expr_new(x->arena, SP_E_LITERAL, err);
    sp_run_constant *k = l ? sp_arena_calloc(x->arena, sizeof *k, err) : NULL;
    if (!k)
        return NULL;
    l->type = call->type;
    l->foldable = true;
    l->literal = (sp_value){ .type = call->type };
    k->literal = l;
    k->next = x->constants;
    x->constants = k;
    return l;
}

static bool is_clock(const sp_expr *e)
{
    if (e->kind != SP_E_CALL || !e->function || !(e->function->flags & SP_FN_CONSTANT_PER_QUERY) || !e->type)
        return false;
    sp_kind k = e->type->kind;
    return k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ || k == SP_DATE || k == SP_TIME;
}

static sp_expr *bind_one(void *context, sp_expr *e, sp_error *err)
{
    binding *b = context;
    if (is_clock(e))
        return run_constant(b->x, e, err);
    if (e->kind != SP_E_COLUMN)
        return e;
    int i = sp_attr_index(b->attrs, b->count, e->id);
    if (i < 0) {
        sp_error_internal(err, "Couldn't find %.*s#%lld in the operator's input", (int)e->name.n, e->name.p,
                          (long long)e->id);
        return NULL;
    }
    sp_expr *n = sp_expr_copy(b->x->arena, e, err);
    if (n)
        n->ordinal = i;
    return n;
}

sp_status sp_bind_expr(sp_exec *x, const sp_expr *e, const sp_attr *attrs, int count, sp_expr **out, sp_error *err)
{
    binding b = { x, attrs, count };
    sp_expr *copy = sp_expr_copy(x->arena, e, err);
    *out = copy ? sp_expr_transform(x->arena, copy, bind_one, &b, err) : NULL;
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_bind_exprs(sp_exec *x, sp_expr *const *e, int n, const sp_attr *attrs, int count, sp_expr ***out,
                        sp_error *err)
{
    SP_NEW_ARRAY(*out, x->arena, n + 1, err);
    for (int i = 0; i < n; i++)
        SP_TRY(sp_bind_expr(x, e[i], attrs, count, &(*out)[i], err));
    return SP_OK;
}

sp_expr *sp_bind_column(sp_arena *a, int ordinal, const sp_type *type, bool nullable, sp_str name, sp_error *err)
{
    sp_expr *e = sp_expr_new(a, SP_E_COLUMN, err);
    if (!e)
        return NULL;
    e->ordinal = ordinal;
    e->type = type;
    e->nullable = nullable;
    e->name = name;
    return e;
}

static int64_t clock_value(sp_kind kind, int64_t utc_us, int64_t local_us)
{
    int64_t day = local_us / SP_US_PER_DAY - (local_us % SP_US_PER_DAY < 0);
    switch (kind) {
    case SP_DATE: return day;
    case SP_TIMESTAMP_NTZ: return local_us;
    case SP_TIME: return (local_us - day * SP_US_PER_DAY) * 1000;
    default: return utc_us;
    }
}

void sp_bind_set_run(sp_exec *x, int64_t timestamp_us)
{
    if (!x->constants)
        return;
    const sp_zone *zone = x->spec.conf->zone;
    int64_t local = zone ? sp_zone_utc_to_local(zone, timestamp_us) : timestamp_us;
    for (sp_run_constant *k = x->constants; k; k = k->next)
        k->literal->literal.i64 = clock_value(k->literal->type->kind, timestamp_us, local);
}
