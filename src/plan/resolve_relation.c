/* resolve_relation.c -- the leaves: data sources, tables and views, CTEs, local rows, ranges, table functions, SQL
 * text; and aliases. From Spark's ResolveRelations, CTESubstitution, ResolveInlineTables, ResolveTableValuedFunctions.
 * Each reference to a view or CTE is analyzed anew, so that its attributes have ids of their own (which Spark's
 * DeduplicateRelations does afterwards). */
#include "plan/plan_int.h"

#include <stdio.h>

/* ---- sources ---- */

static sp_status source_of(sp_ana *z, sp_scan *scan, sp_plan **out, sp_error *err)
{
    sp_plan *p = sp_plan_new(z->arena, SP_P_SOURCE, NULL, 0, err);
    sp_scan *mine;
    if (!p)
        return SP_FAILED;
    SP_NEW(mine, z->arena, sizeof *mine, err);
    *mine = *scan;
    int n = scan->schema->field_count;
    SP_NEW_ARRAY(mine->column_ids, z->arena, n + 1, err);
    SP_NEW_ARRAY(p->output, z->arena, n + 1, err);
    for (int i = 0; i < n; i++) {
        const sp_field *f = &scan->schema->fields[i];
        mine->column_ids[i] = sp_plan_new_id();
        p->output[i] = (sp_attr){ .id = mine->column_ids[i],
                                  .name = f->name,
                                  .type = f->type,
                                  .nullable = f->nullable,
                                  .metadata = f->metadata,
                                  .watermark_delay_us = -1 };
    }
    p->output_count = n;
    p->scan = mine;
    SP_TRY(sp_plan_complete(z->arena, p, err));
    *out = p;
    return SP_OK;
}

sp_status sp_ana_source(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    return source_of(z, p->scan, out, err);
}

sp_status sp_ana_read(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_scan *scan = NULL;
    SP_TRY(z->catalog->resolve_read(z->catalog->session, z->arena, p, &scan, err));
    return source_of(z, scan, out, err);
}

/* Puts qualifier parts on every attribute. */
static sp_status qualify(sp_ana *z, sp_plan *child, const sp_str *parts, int count, sp_plan **out, sp_error *err)
{
    sp_plan *w = sp_plan_new(z->arena, SP_P_ALIAS, &child, 1, err);
    if (!w)
        return SP_FAILED;
    SP_NEW_ARRAY(w->output, z->arena, child->output_count + 1, err);
    w->output_count = child->output_count;
    sp_str *q;
    SP_NEW_ARRAY(q, z->arena, count + 1, err);
    memcpy(q, parts, sizeof *q * (size_t)count);
    for (int i = 0; i < child->output_count; i++) {
        w->output[i] = child->output[i];
        w->output[i].qualifier = q;
        w->output[i].qualifier_count = count;
    }
    w->name = parts[count - 1];
    w->parts = q;
    w->part_count = count - 1;
    SP_TRY(sp_plan_complete(z->arena, w, err));
    *out = w;
    return SP_OK;
}

static sp_status cte_reference(sp_ana *z, const sp_plan *p, const sp_cte *cte, sp_plan **out, sp_error *err)
{
    const sp_cte *was = z->ctes;
    z->ctes = cte->scope;
    sp_plan *body = NULL;
    sp_status status = sp_ana_plan(z, cte->plan, &body, err);
    z->ctes = was;
    SP_TRY(status);
    return qualify(z, body, p->parts, 1, out, err);
}

sp_status sp_ana_table(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    if (p->part_count == 1)
        for (const sp_cte *c = z->ctes; c; c = c->next)
            if (sp_str_eq_nocase(c->name, p->parts[0]))
                return cte_reference(z, p, c, out, err);
    sp_plan *found = NULL, *body;
    const sp_str *parts = p->part_count ? p->parts : &p->name;
    int count = p->part_count ? p->part_count : 1;
    if (z->catalog && z->catalog->lookup)
        SP_TRY(z->catalog->lookup(z->catalog->session, z->arena, parts, count, p->read_streaming, &found, err));
    if (!found)
        return SP_FAIL(err, TABLE_OR_VIEW_NOT_FOUND, "relationName", sp_quote_parts(z->arena, parts, count));
    /* a view's text sees no CTEs of the query that uses it */
    const sp_cte *was = z->ctes;
    z->ctes = NULL;
    sp_status status = sp_ana_plan(z, found, &body, err);
    z->ctes = was;
    SP_TRY(status);
    if (found->kind == SP_P_ALIAS || p->kind == SP_P_CACHED_REMOTE) {
        *out = body;
        return SP_OK;
    }
    return qualify(z, body, parts, count, out, err);
}

/* ---- aliases and CTEs ---- */

static sp_status rename_all(sp_ana *z, sp_plan *child, const sp_str *names, int count, const char *alias, sp_plan **out,
                            sp_error *err)
{
    if (count != child->output_count) {
        char have[16], want[16];
        snprintf(want, sizeof want, "%d", count);
        snprintf(have, sizeof have, "%d", child->output_count);
        return SP_FAIL(err, ASSIGNMENT_ARITY_MISMATCH, "numTarget", want, "numExpr", have);
    }
    sp_exprs l = { 0 };
    for (int i = 0; i < count; i++) {
        sp_expr *col = sp_attr_column(z->arena, &child->output[i], err), *as;
        if (!col || !(as = sp_expr_alias(z->arena, col, names[i], sp_plan_new_id(), err)))
            return SP_FAILED;
        as->metadata = col->metadata;
        as->watermark_delay_us = col->watermark_delay_us;
        as->is_time_window = col->is_time_window;
        SP_TRY(sp_exprs_add(z->arena, &l, as, err));
    }
    *out = sp_plan_project(z->arena, l.v, l.n, child, err);
    return *out ? SP_OK : SP_FAILED;
}

sp_status sp_ana_alias(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *child;
    SP_TRY(sp_ana_child(z, p, 0, &child, err));
    if (p->new_name_count)
        SP_TRY(rename_all(z, child, p->new_names, p->new_name_count, "", &child, err));
    if (!p->name.n) {
        *out = child;
        return SP_OK;
    }
    sp_str *parts;
    SP_NEW_ARRAY(parts, z->arena, p->part_count + 1, err);
    if (p->part_count)
        memcpy(parts, p->parts, sizeof *parts * (size_t)p->part_count);
    parts[p->part_count] = p->name;
    return qualify(z, child, parts, p->part_count + 1, out, err);
}

sp_status sp_ana_with(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    const sp_cte *was = z->ctes;
    for (int i = 1; i < p->child_count; i++) {
        sp_cte *c;
        SP_NEW(c, z->arena, sizeof *c, err);
        *c = (sp_cte){ .name = p->new_names[i - 1], .plan = p->children[i], .scope = z->ctes, .next = z->ctes };
        if (p->all && sp_is_recursive(c->name, p->children[i])) {
            sp_plan *rows = NULL;
            SP_TRY(sp_ana_recursive(z, c->name, p->children[i], &rows, err));
            c->plan = rows;
        }
        z->ctes = c;
    }
    sp_status status = sp_ana_plan(z, p->children[0], out, err);
    z->ctes = was;
    return status;
}

/* ---- rows in the plan ---- */

static sp_status local_output(sp_ana *z, sp_plan *c, sp_error *err)
{
    int n = c->schema ? c->schema->field_count : 0;
    SP_NEW_ARRAY(c->output, z->arena, n + 1, err);
    c->output_count = n;
    for (int i = 0; i < n; i++) {
        const sp_field *f = &c->schema->fields[i];
        c->output[i] = (sp_attr){ .id = sp_plan_new_id(),
                                  .name = f->name,
                                  .type = f->type,
                                  .nullable = f->nullable,
                                  .metadata = f->metadata,
                                  .watermark_delay_us = -1 };
    }
    return SP_OK;
}

/* VALUES (...), (...): each column takes the widest type; the cells are folded into one batch. */
static sp_status values_cells(sp_ana *z, const sp_plan *p, int columns, sp_expr ***cells, sp_error *err)
{
    sp_scope s;
    sp_scope_init(&s, z, NULL, 0, err);
    for (int r = 0; r < p->list_count; r++) {
        if (p->list_counts[r] != columns) {
            char want[16], have[16], row[16];
            snprintf(want, sizeof want, "%d", columns);
            snprintf(have, sizeof have, "%d", p->list_counts[r]);
            snprintf(row, sizeof row, "%d", r);
            return SP_FAIL(err, INVALID_INLINE_TABLE__NUM_COLUMNS_MISMATCH, "expectedNumCols", want, "actualNumCols",
                           have, "rowIndex", row);
        }
        for (int c = 0; c < columns; c++) {
            SP_TRY(sp_resolve_expr(&s, p->lists[r][c], false, &cells[c][r], err));
            cells[c][r] = sp_expr_strip_alias(cells[c][r]);
            if (!cells[c][r]->foldable && sp_expr_is_deterministic(cells[c][r]))
                return SP_FAIL(err, INVALID_INLINE_TABLE__CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE, "expr",
                               sp_expr_sql_quoted(z->arena, cells[c][r]));
        }
    }
    return SP_OK;
}

static sp_status values_column(sp_ana *z, sp_expr **cells, int rows, sp_str name, sp_field *field, sp_vec **out,
                               sp_error *err)
{
    sp_error ignored = { 0 };
    const sp_type *t = rows == 1 ? cells[0]->type : sp_widest_of(z->arena, cells, rows, z->conf, &ignored);
    if (!t)
        return SP_FAIL(err, INVALID_INLINE_TABLE__INCOMPATIBLE_TYPES_IN_INLINE_TABLE, "colName",
                       sp_quote_id(z->arena, name));
    sp_vec **parts;
    SP_NEW_ARRAY(parts, z->arena, rows + 1, err);
    bool nullable = false;
    for (int r = 0; r < rows; r++) {
        sp_expr *e;
        sp_value v;
        nullable |= cells[r]->nullable;
        SP_TRY(sp_ana_cast(z, cells[r], t, &e, err));
        SP_TRY(sp_expr_fold(z->arena, z->conf, e, &v, err));
        v.type = t;
        sp_vec *one = sp_value_vec(&v, 1, z->arena, err);
        if (!one || !(parts[r] = sp_vec_flatten(one, z->arena, false, err)))
            return SP_FAILED;
    }
    *field = (sp_field){ .name = name, .type = t, .nullable = nullable };
    *out = sp_vec_concat((const sp_vec *const *)parts, rows, t, z->arena, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status values(sp_ana *z, const sp_plan *p, sp_plan *c, sp_error *err)
{
    int columns = p->list_counts[0], rows = p->list_count;
    if (p->new_name_count && p->new_name_count != columns) {
        char want[16], have[16];
        snprintf(want, sizeof want, "%d", columns);
        snprintf(have, sizeof have, "%d", p->new_name_count);
        return SP_FAIL(err, INVALID_INLINE_TABLE__NUM_COLUMNS_MISMATCH, "expectedNumCols", have, "actualNumCols", want,
                       "rowIndex", "0");
    }
    sp_expr ***cells;
    sp_field *fields;
    SP_NEW_ARRAY(cells, z->arena, columns + 1, err);
    SP_NEW_ARRAY(fields, z->arena, columns + 1, err);
    for (int i = 0; i < columns; i++)
        SP_NEW_ARRAY(cells[i], z->arena, rows, err);
    SP_TRY(values_cells(z, p, columns, cells, err));
    SP_NEW_ARRAY(c->batches, z->arena, 1, err);
    c->batch_count = 1;
    sp_batch *b = &c->batches[0];
    b->rows = b->sel_count = (uint32_t)rows;
    b->column_count = columns;
    SP_NEW_ARRAY(b->columns, z->arena, columns + 1, err);
    for (int i = 0; i < columns; i++) {
        char *made = sp_arena_printf(z->arena, err, "col%d", i + 1);
        if (!made)
            return SP_FAILED;
        SP_TRY(values_column(z, cells[i], rows, p->new_name_count ? p->new_names[i] : sp_str_of(made), &fields[i],
                             &b->columns[i], err));
    }
    c->schema = sp_type_struct(z->arena, fields, columns, err);
    return c->schema ? SP_OK : SP_FAILED;
}

sp_status sp_ana_local(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    c->plan_id = -1;
    if (p->list_count) {
        SP_TRY(values(z, p, c, err));
        c->lists = NULL;
        c->list_counts = NULL;
        c->list_count = 0;
    } else if (p->schema_text.p && !p->schema) {
        SP_TRY(sp_type_parse(z->arena, p->schema_text, &c->schema, err));
    }
    SP_TRY(local_output(z, c, err));
    SP_TRY(sp_plan_complete(z->arena, c, err));
    *out = c;
    return SP_OK;
}

static sp_status range_output(sp_ana *z, sp_plan *c, sp_error *err)
{
    SP_NEW_ARRAY(c->output, z->arena, 1, err);
    c->output[0] = (sp_attr){
        .id = sp_plan_new_id(), .name = SP_LIT("id"), .type = sp_type_of(SP_LONG), .watermark_delay_us = -1
    };
    c->output_count = 1;
    return sp_plan_complete(z->arena, c, err);
}

sp_status sp_ana_range(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    if (p->range_step == 0)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "requirement failed: step (0) cannot be 0");
    sp_plan *c = sp_plan_copy(z->arena, p, err);
    if (!c)
        return SP_FAILED;
    c->plan_id = -1;
    *out = c;
    return range_output(z, c, err);
}

/* ---- table functions and SQL text ---- */

static sp_status range_function(sp_ana *z, sp_exprs *args, sp_plan **out, sp_error *err)
{
    int64_t v[4] = { 0, 0, 1, 0 };
    if (args->n < 1 || args->n > 4)
        return SP_FAIL(err, UNRESOLVABLE_TABLE_VALUED_FUNCTION, "name", "`range`");
    for (int i = 0; i < args->n; i++) {
        sp_expr *e;
        sp_value x;
        SP_TRY(sp_ana_cast(z, args->v[i], sp_type_of(SP_LONG), &e, err));
        SP_TRY(sp_expr_fold(z->arena, z->conf, e, &x, err));
        v[i] = x.i64;
    }
    sp_plan r = { .kind = SP_P_RANGE,
                  .plan_id = -1,
                  .range_start = args->n == 1 ? 0 : v[0],
                  .range_end = args->n == 1 ? v[0] : v[1],
                  .range_step = args->n >= 3 ? v[2] : 1,
                  .count = args->n == 4 ? v[3] : 0 };
    return sp_ana_range(z, &r, out, err);
}

sp_status sp_ana_table_function(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_scope s;
    sp_exprs args = { 0 };
    sp_scope_init(&s, z, NULL, 0, err);
    for (int i = 0; i < p->expr_count; i++) {
        sp_expr *e;
        SP_TRY(sp_resolve_expr(&s, p->exprs[i], false, &e, err));
        SP_TRY(sp_exprs_add(z->arena, &args, sp_expr_strip_alias(e), err));
    }
    if (sp_str_eq_nocase(p->name, SP_LIT("range")))
        return range_function(z, &args, out, err);
    const sp_function *f = sp_function_find(p->name);
    if (!f || !(f->flags & SP_FN_GENERATOR))
        return SP_FAIL(err, UNRESOLVABLE_TABLE_VALUED_FUNCTION, "name", sp_quote_id(z->arena, p->name));
    sp_plan *one = sp_plan_new(z->arena, SP_P_ONE_ROW, NULL, 0, err);
    sp_expr *call;
    if (!one)
        return SP_FAILED;
    SP_NEW_ARRAY(one->output, z->arena, 1, err);
    SP_TRY(sp_ana_call(z, f->name, args.v, args.n, &call, err));
    return sp_make_generate(z, call, NULL, 0, (sp_str){ 0 }, false, one, out, err);
}

sp_status sp_ana_sql(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    sp_plan *parsed = NULL;
    SP_TRY(z->catalog->parse_sql(z->catalog->session, z->arena, p->name, &parsed, err));
    return sp_ana_plan(z, parsed, out, err);
}
