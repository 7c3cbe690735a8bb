/* resolve_star.c -- lists of output expressions: *, table.*, struct.*, columns by regular expression, generators'
 * aliases, and names. From Spark's UnresolvedStar.expand, UnresolvedRegex and Dataset.colRegex. */
#include "plan/plan_int.h"

#include <regex.h>
#include <stdlib.h>

static sp_status add_attrs(sp_scope *s, const sp_attr *attrs, int n, sp_exprs *out, sp_error *err)
{
    for (int i = 0; i < n; i++) {
        sp_expr *c = sp_attr_column(s->z->arena, &attrs[i], err);
        if (!c)
            return SP_FAILED;
        SP_TRY(sp_exprs_add(s->z->arena, out, c, err));
    }
    return SP_OK;
}

static bool qualified_by(const sp_scope *s, const sp_attr *at, const sp_str *parts, int n)
{
    if (at->qualifier_count < n)
        return false;
    for (int i = 0; i < n; i++) {
        sp_str q = at->qualifier[at->qualifier_count - n + i];
        if (!(s->z->conf->case_sensitive ? sp_str_eq(q, parts[i]) : sp_str_eq_nocase(q, parts[i])))
            return false;
    }
    return true;
}

/* struct.*: one column per field. */
static sp_status expand_struct(sp_scope *s, const sp_expr *star, sp_exprs *out, sp_error *err)
{
    sp_expr *base = NULL;
    SP_TRY(
        sp_resolve_parts(s, star->parts, star->part_count, s->attrs, s->attr_count, false, &star->origin, &base, err));
    if (!base) {
        sp_buf b = { 0 };
        for (int i = 0; i < s->attr_count; i++)
            sp_buf_printf(&b, "%s%s", i ? ", " : "", sp_quote_id(s->z->arena, s->attrs[i].name));
        SP_FAIL(err, CANNOT_RESOLVE_STAR_EXPAND, "targetString",
                sp_quote_parts(s->z->arena, star->parts, star->part_count), "columns", sp_buf_cstr(&b));
        sp_buf_done(&b);
        return SP_FAILED;
    }
    if (base->type->kind != SP_STRUCT)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1050, "attributes",
                       sp_quote_parts(s->z->arena, star->parts, star->part_count));
    for (int i = 0; i < base->type->field_count; i++) {
        sp_value name = sp_value_str(base->type->fields[i].name);
        sp_expr *key = sp_expr_literal(s->z->arena, &name, err), *field, *alias;
        if (!key)
            return SP_FAILED;
        SP_TRY(sp_extract_value(s, base, key, &field, err));
        if (!(alias = sp_expr_alias(s->z->arena, field, base->type->fields[i].name, sp_plan_new_id(), err)))
            return SP_FAILED;
        alias->metadata = field->metadata;
        SP_TRY(sp_exprs_add(s->z->arena, out, alias, err));
    }
    return SP_OK;
}

static sp_status expand_all(sp_scope *s, const sp_expr *star, sp_exprs *out, sp_error *err)
{
    if (star->plan_id >= 0)
        for (int i = 0; i < s->input_count; i++) {
            sp_plan *p = sp_find_plan_id(s->inputs[i], star->plan_id);
            if (p)
                return add_attrs(s, p->output, p->output_count, out, err);
        }
    if (!star->part_count)
        return add_attrs(s, s->attrs, s->attr_count, out, err);
    int before = out->n;
    for (int i = 0; i < s->attr_count; i++)
        if (qualified_by(s, &s->attrs[i], star->parts, star->part_count))
            SP_TRY(add_attrs(s, &s->attrs[i], 1, out, err));
    return out->n > before ? SP_OK : expand_struct(s, star, out, err);
}

/* * EXCEPT (a, b): top-level columns. */
static sp_status drop_excepted(sp_scope *s, const sp_expr *star, sp_exprs *out, int from, sp_error *err)
{
    for (int i = 0; i < star->arg_count; i++) {
        const sp_expr *x = star->args[i];
        int w = from;
        bool hit = false;
        for (int k = from; k < out->n; k++) {
            bool same = x->part_count &&
                        (s->z->conf->case_sensitive ? sp_str_eq(out->v[k]->name, x->parts[x->part_count - 1])
                                                    : sp_str_eq_nocase(out->v[k]->name, x->parts[x->part_count - 1]));
            hit |= same;
            if (!same)
                out->v[w++] = out->v[k];
        }
        out->n = w;
        if (!hit)
            return sp_fail_unresolved(s, x->parts, x->part_count, &x->origin, err);
    }
    return SP_OK;
}

sp_status sp_expand_star(sp_scope *s, const sp_expr *star, sp_exprs *out, sp_error *err)
{
    int from = out->n;
    SP_TRY(expand_all(s, star, out, err));
    return drop_excepted(s, star, out, from, err);
}

static sp_status expand_regex(sp_scope *s, const sp_expr *e, sp_exprs *out, sp_error *err)
{
    sp_str pattern = e->name;
    if (pattern.n >= 2 && pattern.p[0] == '`' && pattern.p[pattern.n - 1] == '`')
        pattern = (sp_str){ pattern.p + 1, pattern.n - 2 };
    char *anchored = sp_arena_printf(s->z->arena, err, "^(%.*s)$", (int)pattern.n, pattern.p);
    if (!anchored)
        return SP_FAILED;
    regex_t re;
    int flags = REG_EXTENDED | REG_NOSUB | (s->z->conf->case_sensitive ? 0 : REG_ICASE);
    if (regcomp(&re, anchored, flags))
        return sp_error_plain(err, SP_EXC_ANALYSIS, "Invalid column pattern %s", anchored);
    sp_status status = SP_OK;
    for (int i = 0; i < s->attr_count && status == SP_OK; i++)
        if (regexec(&re, sp_cstr(s->z->arena, s->attrs[i].name), 0, NULL, 0) == 0)
            status = add_attrs(s, &s->attrs[i], 1, out, err);
    regfree(&re);
    return status;
}

sp_status sp_resolve_list(sp_scope *s, sp_expr *const *exprs, int count, sp_exprs *out, sp_error *err)
{
    for (int i = 0; i < count; i++) {
        sp_expr *e = exprs[i], *resolved;
        while (e->kind == SP_E_EXPR_STRING) {
            sp_expr *parsed = NULL;
            SP_TRY(s->z->catalog->parse_expr(s->z->catalog->session, s->z->arena, e->name, &parsed, err));
            e = parsed;
        }
        if (e->kind == SP_E_STAR) {
            SP_TRY(sp_expand_star(s, e, out, err));
            continue;
        }
        if (e->kind == SP_E_REGEX) {
            SP_TRY(expand_regex(s, e, out, err));
            continue;
        }
        SP_TRY(sp_resolve_expr(s, e, true, &resolved, err));
        if (resolved->kind != SP_E_MULTI_ALIAS && !sp_expr_is_generator(resolved))
            SP_TRY(sp_name_expr(s->z, e, resolved, &resolved, err));
        if (s->aliases && resolved->kind == SP_E_ALIAS && s->aliases != out)
            SP_TRY(sp_exprs_add(s->z->arena, s->aliases, resolved, err));
        SP_TRY(sp_exprs_add(s->z->arena, out, resolved, err));
    }
    return SP_OK;
}
