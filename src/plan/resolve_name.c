/* resolve_name.c -- from a name to an attribute or a field inside one.
 *
 * A name of several parts is matched with qualifiers first, longest first (catalog.schema.table.column down to
 * table.column), then as a bare column; parts left over are fields (AttributeSeq.resolve in Spark's
 * expressions/package.scala, ExtractValue.apply in complexTypeExtractors.scala). A DataFrame column (an attribute with
 * a plan_id) is looked up in the output of the plan node with that id, if every node above lets it through
 * (ColumnResolutionHelper.resolveDataFrameColumnRecursively). Suggestions are ordered as
 * StringUtils.orderSuggestedIdentifiersBySimilarity does. */
#include "plan/plan_int.h"

#include <stdio.h>
#include <stdlib.h>

static bool name_eq(const sp_scope *s, sp_str a, sp_str b)
{
    return s->z->conf->case_sensitive ? sp_str_eq(a, b) : sp_str_eq_nocase(a, b);
}

/* Do the last `count` parts of the attribute's qualifier equal quals? */
static bool qualifier_matches(const sp_scope *s, const sp_attr *at, const sp_str *quals, int count)
{
    if (at->qualifier_count < count)
        return false;
    for (int i = 0; i < count; i++)
        if (!name_eq(s, at->qualifier[at->qualifier_count - count + i], quals[i]))
            return false;
    return true;
}

typedef struct { const sp_attr *first; int count; sp_attrs all; } matches;

static sp_status collect(sp_scope *s, const sp_attr *attrs, int n, const sp_str *parts, int quals, matches *m,
                         sp_error *err)
{
    m->count = 0;
    m->all.n = 0;
    for (int i = 0; i < n; i++) {
        if (!name_eq(s, attrs[i].name, parts[quals]) || !qualifier_matches(s, &attrs[i], parts, quals))
            continue;
        if (sp_attrs_has(m->all.v, m->all.n, attrs[i].id))
            continue;
        SP_TRY(sp_attrs_add(s->z->arena, &m->all, &attrs[i], err));
    }
    m->count = m->all.n;
    m->first = m->all.v;
    return SP_OK;
}

static sp_status fail_ambiguous(sp_scope *s, const sp_str *parts, int count, const matches *m, const sp_origin *origin,
                                sp_error *err)
{
    sp_arena *a = s->z->arena;
    sp_buf b = { 0 };
    sp_buf_putc(&b, '[');
    for (int i = 0; i < m->count; i++) {
        const sp_attr *at = &m->all.v[i];
        sp_str *full;
        SP_NEW_ARRAY(full, a, at->qualifier_count + 1, err);
        if (at->qualifier_count)
            memcpy(full, at->qualifier, sizeof *full * (size_t)at->qualifier_count);
        full[at->qualifier_count] = at->name;
        sp_buf_puts(&b, i ? ", " : "");
        sp_buf_puts(&b, sp_quote_parts(a, full, at->qualifier_count + 1));
    }
    sp_buf_putc(&b, ']');
    SP_FAIL(err, AMBIGUOUS_REFERENCE, "name", sp_quote_parts(a, parts, count), "referenceNames", sp_buf_cstr(&b));
    sp_buf_done(&b);
    sp_error_at(err, origin, a);
    return SP_FAILED;
}

/* ---- fields ---- */

static sp_status fail_field_not_found(sp_scope *s, sp_str name, const sp_type *t, sp_error *err)
{
    sp_buf b = { 0 };
    for (int i = 0; i < t->field_count; i++) {
        sp_buf_puts(&b, i ? ", " : "");
        sp_buf_puts(&b, sp_quote_id(s->z->arena, t->fields[i].name));
    }
    SP_FAIL(err, FIELD_NOT_FOUND, "fieldName", sp_quote_id(s->z->arena, name), "fields", sp_buf_cstr(&b));
    sp_buf_done(&b);
    return SP_FAILED;
}

static sp_status find_field(sp_scope *s, const sp_type *t, sp_str name, int *index, sp_error *err)
{
    *index = sp_type_find(t, name, s->z->conf->case_sensitive);
    if (*index == -1)
        return fail_field_not_found(s, name, t, err);
    if (*index == -2) {
        int n = 0;
        for (int i = 0; i < t->field_count; i++)
            n += name_eq(s, t->fields[i].name, name);
        char count[16];
        snprintf(count, sizeof count, "%d", n);
        return SP_FAIL(err, AMBIGUOUS_REFERENCE_TO_FIELDS, "field", sp_quote_id(s->z->arena, name), "count", count);
    }
    return SP_OK;
}

static sp_status struct_field(sp_scope *s, sp_expr *base, sp_str name, sp_expr **out, sp_error *err)
{
    int i;
    SP_TRY(find_field(s, base->type, name, &i, err));
    const sp_field *f = &base->type->fields[i];
    sp_expr *e = sp_expr_new(s->z->arena, SP_E_FIELD, err);
    if (!e)
        return SP_FAILED;
    SP_NEW_ARRAY(e->args, s->z->arena, 1, err);
    e->args[0] = base;
    e->arg_count = 1;
    e->name = name;
    e->ordinal = i;
    e->type = f->type;
    e->nullable = base->nullable || f->nullable;
    e->foldable = base->foldable;
    e->metadata = f->metadata;
    e->origin = base->origin;
    *out = e;
    return SP_OK;
}

static sp_status array_fields(sp_scope *s, sp_expr *base, sp_expr *key, sp_expr **out, sp_error *err)
{
    int i;
    SP_TRY(find_field(s, base->type->fields[0].type, key->literal.str, &i, err));
    return sp_ana_call(s->z, "getarraystructfields", (sp_expr *[]){ base, key }, 2, out, err);
}

static bool literal_name(const sp_expr *key)
{
    return key->kind == SP_E_LITERAL && key->literal.type && key->literal.type->kind == SP_STRING &&
           !key->literal.is_null;
}

sp_status sp_extract_value(sp_scope *s, sp_expr *base, sp_expr *key, sp_expr **out, sp_error *err)
{
    sp_arena *a = s->z->arena;
    const sp_type *t = base->type;
    if (t->kind == SP_STRUCT) {
        if (!literal_name(key))
            return SP_FAIL(err, INVALID_EXTRACT_FIELD_TYPE, "extraction", sp_expr_sql_quoted(a, key));
        return struct_field(s, base, key->literal.str, out, err);
    }
    if (t->kind == SP_ARRAY && t->fields[0].type->kind == SP_STRUCT && literal_name(key))
        return array_fields(s, base, key, out, err);
    if (t->kind == SP_ARRAY)
        return sp_ana_call(s->z, "getarrayitem", (sp_expr *[]){ base, key }, 2, out, err);
    if (t->kind == SP_MAP)
        return sp_ana_call(s->z, "getmapvalue", (sp_expr *[]){ base, key }, 2, out, err);
    return SP_FAIL(err, INVALID_EXTRACT_BASE_FIELD_TYPE, "base", sp_expr_sql_quoted(a, base), "other",
                   sp_type_sql_quoted(a, t));
}

static sp_status nested(sp_scope *s, const sp_attr *at, const sp_str *parts, int count, int used, bool top,
                        const sp_origin *origin, sp_expr **out, sp_error *err)
{
    sp_arena *a = s->z->arena;
    sp_expr *e = sp_attr_column(a, at, err);
    if (!e)
        return SP_FAILED;
    e->name = parts[used - 1];                   /* as written: Attribute.withName */
    if (origin)
        e->origin = *origin;
    for (int i = used; i < count; i++) {
        sp_value v = sp_value_str(parts[i]);
        sp_expr *key = sp_expr_literal(a, &v, err), *next;
        if (!key)
            return SP_FAILED;
        if (sp_extract_value(s, e, key, &next, err) == SP_FAILED) {
            sp_error_at(err, origin, a);
            return SP_FAILED;
        }
        e = next;
    }
    if (top && count > used) {
        sp_expr *alias = sp_expr_alias(a, e, parts[count - 1], sp_plan_new_id(), err);
        if (!alias)
            return SP_FAILED;
        alias->metadata = e->metadata;
        e = alias;
    }
    *out = e;
    return SP_OK;
}

sp_status sp_resolve_parts(sp_scope *s, const sp_str *parts, int count, const sp_attr *attrs, int attr_count, bool top,
                           const sp_origin *origin, sp_expr **out, sp_error *err)
{
    *out = NULL;
    matches m = { 0 };
    int quals = count - 1 < 3 ? count - 1 : 3;
    for (; quals >= 0; quals--) {
        SP_TRY(collect(s, attrs, attr_count, parts, quals, &m, err));
        if (m.count)
            break;
    }
    if (!m.count)
        return SP_OK;
    if (m.count > 1)
        return fail_ambiguous(s, parts, count, &m, origin, err);
    return nested(s, m.first, parts, count, quals + 1, top, origin, out, err);
}

/* ---- DataFrame columns ---- */

sp_plan *sp_find_plan_id(sp_plan *p, int64_t id)
{
    if (p->plan_id == id)
        return p;
    for (int i = 0; i < p->child_count; i++) {
        sp_plan *found = sp_find_plan_id(p->children[i], id);
        if (found)
            return found;
    }
    return NULL;
}

static sp_status by_plan_id(sp_scope *s, const sp_expr *attr, bool top, sp_plan *p, bool *matched, sp_expr **out,
                            sp_error *err)
{
    *out = NULL;
    if (p->plan_id == attr->plan_id) {
        *matched = true;
        sp_error ignored = { 0 };
        if (sp_resolve_parts(s, attr->parts, attr->part_count, p->output, p->output_count, top, &attr->origin, out,
                             &ignored) != SP_OK)
            *out = NULL;
    } else {
        for (int i = 0; i < p->child_count; i++) {
            sp_expr *one;
            SP_TRY(by_plan_id(s, attr, top, p->children[i], matched, &one, err));
            if (one && *out)
                return SP_FAIL(err, AMBIGUOUS_COLUMN_REFERENCE, "name",
                               sp_quote_parts(s->z->arena, attr->parts, attr->part_count));
            if (one)
                *out = one;
        }
    }
    if (*out && !sp_expr_refs_within(*out, p->output, p->output_count))
        *out = NULL;
    return SP_OK;
}

sp_status sp_resolve_by_plan_id(sp_scope *s, const sp_expr *attr, bool top, sp_expr **out, sp_error *err)
{
    bool matched = false;
    *out = NULL;
    for (int i = 0; i < s->input_count; i++) {
        sp_expr *one;
        SP_TRY(by_plan_id(s, attr, top, s->inputs[i], &matched, &one, err));
        if (one && *out)
            return SP_FAIL(err, AMBIGUOUS_COLUMN_REFERENCE, "name",
                           sp_quote_parts(s->z->arena, attr->parts, attr->part_count));
        if (one)
            *out = one;
    }
    if (!matched)
        return SP_FAIL(err, CANNOT_RESOLVE_DATAFRAME_COLUMN, "name",
                       sp_quote_parts(s->z->arena, attr->parts, attr->part_count));
    return SP_OK;
}

/* ---- suggestions ---- */

typedef struct { const char *text; int distance; int order; const sp_attr *attr; } proposal;

static int edit_distance(sp_arena *a, const char *x, const char *y, sp_error *err)
{
    size_t n = strlen(x), m = strlen(y);
    int *row = sp_arena_alloc(a, sizeof *row * (m + 1), err);
    if (!row)
        return 0;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int cost = diagonal + (x[i - 1] != y[j - 1]);
            diagonal = row[j];
            int step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = cost < step ? cost : step;
        }
    }
    return row[m];
}

static int by_name(const void *x, const void *y)
{
    const proposal *p = x, *q = y;
    int c = sp_str_cmp(p->attr->name, q->attr->name);
    return c ? c : (p->attr->id > q->attr->id) - (p->attr->id < q->attr->id);
}

static int by_distance(const void *x, const void *y)
{
    const proposal *p = x, *q = y;
    return p->distance != q->distance ? p->distance - q->distance : p->order - q->order;
}

/* How many leading qualifier parts every candidate shares, when stripping them leaves `keep` parts. */
static bool same_prefix(const proposal *v, int n, int keep)
{
    for (int i = 1; i < n; i++) {
        const sp_attr *x = v[0].attr, *y = v[i].attr;
        int nx = x->qualifier_count + 1 - keep, ny = y->qualifier_count + 1 - keep;
        nx = nx < 0 ? 0 : nx;
        ny = ny < 0 ? 0 : ny;
        if (nx != ny)
            return false;
        for (int k = 0; k < nx; k++)
            if (!sp_str_eq(x->qualifier[k], y->qualifier[k]))
                return false;
    }
    return true;
}

static const char *candidate_text(sp_arena *a, const sp_attr *at, int keep, sp_error *err)
{
    int total = at->qualifier_count + 1, n = keep && keep < total ? keep : total;
    sp_str *parts = sp_arena_alloc(a, sizeof *parts * (size_t)n, err);
    if (!parts)
        return "";
    for (int i = 0; i < n; i++)
        parts[i] = total - n + i < at->qualifier_count ? at->qualifier[total - n + i] : at->name;
    return sp_quote_parts(a, parts, n);
}

static bool needs_quotes(sp_str s)
{
    bool digits = s.n > 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return true;
        digits = digits && c >= '0' && c <= '9';
    }
    return digits || s.n == 0;
}

/* UnresolvedAttribute.sql: parts quoted only where they must be. */
static const char *bare_sql(sp_arena *a, const sp_str *parts, int count)
{
    sp_buf b = { 0 };
    for (int i = 0; i < count; i++) {
        sp_buf_puts(&b, i ? "." : "");
        if (needs_quotes(parts[i]))
            sp_buf_puts(&b, sp_quote_id(a, parts[i]));
        else
            sp_buf_add(&b, parts[i].p, parts[i].n);
    }
    const char *out = sp_cstr(a, (sp_str){ b.data, b.len });
    sp_buf_done(&b);
    return out;
}

sp_status sp_fail_unresolved(sp_scope *s, const sp_str *parts, int count, const sp_origin *origin, sp_error *err)
{
    sp_arena *a = s->z->arena;
    int n = 0;
    proposal *v;
    SP_NEW_ARRAY(v, a, s->attr_count + 1, err);
    for (int i = 0; i < s->attr_count; i++) {
        bool seen = false;
        for (int k = 0; k < n && !seen; k++)
            seen = v[k].attr->id == s->attrs[i].id;
        if (!seen)
            v[n++].attr = &s->attrs[i];
    }
    qsort(v, (size_t)n, sizeof *v, by_name);          /* AttributeSet.toSeq */
    int keep = count == 1 && same_prefix(v, n, 1) ? 1 : count <= 2 && same_prefix(v, n, 2) ? 2 : 0;
    const char *base = bare_sql(a, parts, count);
    for (int i = 0; i < n; i++) {
        v[i].text = candidate_text(a, v[i].attr, keep, err);
        v[i].distance = edit_distance(a, v[i].text, base, err);
        v[i].order = i;
    }
    qsort(v, (size_t)n, sizeof *v, by_distance);
    sp_buf b = { 0 };
    for (int i = 0; i < n && i < 5; i++)
        sp_buf_printf(&b, "%s%s", i ? ", " : "", v[i].text);
    const char *name = sp_quote_parts(a, parts, count);
    if (n)
        SP_FAIL(err, UNRESOLVED_COLUMN__WITH_SUGGESTION, "objectName", name, "proposal", sp_buf_cstr(&b));
    else
        SP_FAIL(err, UNRESOLVED_COLUMN__WITHOUT_SUGGESTION, "objectName", name);
    sp_buf_done(&b);
    sp_error_at(err, origin, a);
    return SP_FAILED;
}
