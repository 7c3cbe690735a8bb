/* analyze.c -- the analyzer's driver: a table of what to do with each kind of node, children first.
 *
 * Spark runs batches of rules to a fixed point (Analyzer.scala); here every node is resolved once, bottom-up: a rule
 * sees resolved children and replaces its own node by core kinds. Where a clause reaches below its child (ORDER BY and
 * HAVING over an aggregate, columns that the select list dropped) its rule rewrites the resolved child (resolve_sort.c,
 * resolve_aggregate.c). SubqueryAlias nodes stay in the tree while it is being resolved, since DataFrame columns are
 * found by the plan ids that nodes carry, and are taken out at the end. */
#include "plan/plan_int.h"

typedef sp_status (*rule)(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err);

static const rule rules[SP_P_KIND_COUNT] = {
    [SP_P_SOURCE] = sp_ana_source,
    [SP_P_LOCAL] = sp_ana_local,
    [SP_P_ONE_ROW] = sp_ana_local,
    [SP_P_RANGE] = sp_ana_range,
    [SP_P_PROJECT] = sp_ana_project,
    [SP_P_FILTER] = sp_ana_filter,
    [SP_P_AGGREGATE] = sp_ana_aggregate,
    [SP_P_SORT] = sp_ana_sort,
    [SP_P_LIMIT] = sp_ana_unary,
    [SP_P_OFFSET] = sp_ana_unary,
    [SP_P_TAIL] = sp_ana_unary,
    [SP_P_JOIN] = sp_ana_join,
    [SP_P_UNION] = sp_ana_set_operation,
    [SP_P_INTERSECT] = sp_ana_set_operation,
    [SP_P_EXCEPT] = sp_ana_set_operation,
    [SP_P_DEDUPLICATE] = sp_ana_deduplicate,
    [SP_P_WATERMARK] = sp_ana_watermark,
    [SP_P_SAMPLE] = sp_ana_unary,
    [SP_P_REPARTITION] = sp_ana_unary,
    [SP_P_COLLECT_METRICS] = sp_ana_unary,
    [SP_P_READ] = sp_ana_read,
    [SP_P_TABLE] = sp_ana_table,
    [SP_P_TABLE_FUNCTION] = sp_ana_table_function,
    [SP_P_ALIAS] = sp_ana_alias,
    [SP_P_WITH] = sp_ana_with,
    [SP_P_WITH_COLUMNS] = sp_ana_with_columns,
    [SP_P_RENAME_COLUMNS] = sp_ana_rename,
    [SP_P_DROP] = sp_ana_drop,
    [SP_P_TO_DF] = sp_ana_to_df,
    [SP_P_TO_SCHEMA] = sp_ana_to_schema,
    [SP_P_NA_FILL] = sp_ana_na_fill,
    [SP_P_NA_DROP] = sp_ana_na_drop,
    [SP_P_NA_REPLACE] = sp_ana_na_replace,
    [SP_P_LATERAL_VIEW] = sp_ana_lateral_view,
    [SP_P_PIVOT] = sp_ana_pivot,
    [SP_P_UNPIVOT] = sp_ana_unpivot,
    [SP_P_GROUPING_SETS] = sp_ana_grouping_sets,
    [SP_P_HAVING] = sp_ana_having,
    [SP_P_UNION_BY_NAME] = sp_ana_union_by_name,
    [SP_P_SQL] = sp_ana_sql,
    [SP_P_HINT] = sp_ana_hint,
    [SP_P_SHOW_STRING] = sp_ana_show,
    [SP_P_HTML_STRING] = sp_ana_show,
    [SP_P_STAT] = sp_ana_stat,
    [SP_P_CACHED_REMOTE] = sp_ana_table,
    [SP_P_JOIN_USING] = sp_ana_join_using,
};

/* ---- errors ---- */

/* Bytes of the first `chars` characters. */
static size_t bytes_of_chars(sp_str s, int chars)
{
    size_t i = 0;
    for (int n = 0; i < s.n && n < chars; n++) {
        i++;
        while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

void sp_error_at(sp_error *err, const sp_origin *o, sp_arena *a)
{
    if (!err || !o || !o->kind || err->exc == SP_EXC_PARSE)
        return;
    sp_arena *home = err->arena ? err->arena : a;
    if (!err->context.kind) {
        err->context.kind = o->kind;
        err->context.object_type = err->context.object_name = "";
        if (o->kind == 1) {
            size_t from = bytes_of_chars(o->sql, o->start), to = bytes_of_chars(o->sql, o->stop + 1);
            err->context.start_index = o->start;
            err->context.stop_index = o->stop;
            err->context.fragment = sp_cstr(home, (sp_str){ o->sql.p + from, to - from });
        } else {
            err->context.fragment = sp_cstr(home, o->fragment);
            err->context.call_site = sp_cstr(home, o->call_site);
        }
    }
    if (!err->line && o->kind == 1 && o->line > 0) {
        err->line = o->line;
        err->position = o->column;
    }
}

/* Errors that Spark's CheckAnalysis and its like raise carry the plan (ExtendedAnalysisException); those of name and
 * function lookup do not. */
static bool carries_plan(const sp_error *err)
{
    static const char *const with[] = { "UNRESOLVED_COLUMN.",
                                        "DATATYPE_MISMATCH.",
                                        "MISSING_",
                                        "NUM_COLUMNS_MISMATCH",
                                        "INCOMPATIBLE_COLUMN_TYPE",
                                        "EVENT_TIME_",
                                        "TABLE_OR_VIEW_NOT_FOUND",
                                        "NESTED_AGGREGATE_FUNCTION",
                                        "INVALID_WHERE_CONDITION",
                                        "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
                                        "UNSUPPORTED_GENERATOR",
                                        "GROUP_BY_AGGREGATE",
                                        "INVALID_LIMIT_LIKE_EXPRESSION",
                                        "UNSUPPORTED_EXPR_FOR_OPERATOR",
                                        "UNSUPPORTED_GROUPING_",
                                        "UNSUPPORTED_SUBQUERY",
                                        "INVALID_SUBQUERY",
                                        "_LEGACY_ERROR_TEMP_3101",
                                        "INVALID_USAGE_OF_STAR",
                                        "UNBOUND_SQL_PARAMETER" };
    const char *name = sp_condition_info(err->condition)->name;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if (strncmp(name, with[i], strlen(with[i])) == 0)
            return err->exc == SP_EXC_ANALYSIS;
    return false;
}

static void attach_plan(sp_ana *z, const sp_plan *p, sp_error *err)
{
    if (!err || err->plan || err->condition == SP_COND_NONE || !carries_plan(err))
        return;
    sp_buf b = { 0 };
    sp_plan_string(&b, p);
    err->plan = err->arena ? sp_cstr(err->arena, (sp_str){ b.data, b.len }) : "";
    sp_buf_done(&b);
}

/* ---- the walk ---- */

static bool is_resolved(const sp_plan *p)
{
    return p->kind <= SP_P_LAST_CORE && p->output;
}

/* The node that stands for p carries p's plan id; when it has one of its own already, a nameless SubqueryAlias is put
 * around it. */
static sp_status mark(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    if (!(*out)->origin.kind)
        (*out)->origin = p->origin;
    if (p->plan_id < 0 || (*out)->plan_id == p->plan_id)
        return SP_OK;
    if ((*out)->plan_id >= 0) {
        sp_plan *w = sp_plan_new(z->arena, SP_P_ALIAS, out, 1, err);
        if (!w)
            return SP_FAILED;
        w->output = (*out)->output;
        w->output_count = (*out)->output_count;
        SP_TRY(sp_plan_complete(z->arena, w, err));
        *out = w;
    }
    (*out)->plan_id = p->plan_id;
    return SP_OK;
}

sp_status sp_ana_plan(sp_ana *z, const sp_plan *p, sp_plan **out, sp_error *err)
{
    if (is_resolved(p)) {
        *out = sp_plan_fresh(z->arena, (sp_plan *)p, err);
        return *out ? SP_OK : SP_FAILED;
    }
    if (p->kind == SP_P_COMMAND) {
        *out = (sp_plan *)p;
        return SP_OK;
    }
    rule f = rules[p->kind];
    if (!f)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "%s is not supported", sp_plan_kind_name(p->kind));
    if (++z->plan_depth > SP_PLAN_DEPTH_MAX)
        return sp_error_plain(err, SP_EXC_ANALYSIS, "The plan is nested more than %d levels deep", SP_PLAN_DEPTH_MAX);
    sp_status status = f(z, p, out, err);
    z->plan_depth--;
    if (status == SP_FAILED) {
        sp_error_at(err, &p->origin, z->arena);
        attach_plan(z, p, err);
        return SP_FAILED;
    }
    return mark(z, p, out, err);
}

sp_status sp_ana_child(sp_ana *z, const sp_plan *p, int i, sp_plan **out, sp_error *err)
{
    if (i >= p->child_count)
        return sp_error_internal(err, "%s has no child %d", sp_plan_kind_name(p->kind), i);
    return sp_ana_plan(z, p->children[i], out, err);
}

void sp_scope_init(sp_scope *s, sp_ana *z, sp_plan *const *inputs, int input_count, sp_error *err)
{
    memset(s, 0, sizeof *s);
    s->z = z;
    s->inputs = inputs;
    s->input_count = input_count;
    if (input_count == 1) {
        s->attrs = inputs[0]->output;
        s->attr_count = inputs[0]->output_count;
        return;
    }
    sp_attrs all = { 0 };
    for (int i = 0; i < input_count; i++)
        for (int k = 0; k < inputs[i]->output_count; k++)
            if (sp_attrs_add(z->arena, &all, &inputs[i]->output[k], err) != SP_OK)
                return;
    s->attrs = all.v;
    s->attr_count = all.n;
}

static sp_plan *drop_alias(void *context, sp_plan *p, sp_error *err)
{
    return p->kind == SP_P_ALIAS && p->child_count == 1 ? p->children[0] : p;
}

sp_status sp_plan_analyze(sp_analyzer *analyzer, const sp_plan *unresolved, sp_plan **out, sp_error *err)
{
    sp_ana z = { .arena = analyzer->arena, .conf = analyzer->conf, .catalog = analyzer->catalog };
    sp_plan *p;
    SP_TRY(sp_ana_plan(&z, unresolved, &p, err));
    sp_plan *bare = sp_plan_transform(z.arena, p, drop_alias, NULL, err);
    if (!bare)
        return SP_FAILED;
    if (bare != p && p->kind == SP_P_ALIAS && p->output_count && bare->kind != SP_P_COMMAND) {
        /* the top node keeps its child's output: same ids, no qualifiers */
        bare->origin = bare->origin.kind ? bare->origin : p->origin;
    }
    if (sp_check_plan(&z, bare, err) == SP_FAILED) {
        attach_plan(&z, bare, err);
        return SP_FAILED;
    }
    *out = bare;
    return SP_OK;
}
