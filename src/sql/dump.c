/* dump.c -- unresolved trees as compact s-expressions, for tests: (+ a 1), (project (a b) (table t)). Texts are
 * 'quoted', numbers bare with a letter for their type (1L 1S 1Y 1.5BD 1.0D 1.0F), attributes bare with dots, flags
 * behind a colon. */
#include "sql/sql_int.h"

static void put(sp_buf *out, sp_str s) { sp_buf_add(out, s.p, s.n); }

static void put_parts(sp_buf *out, const sp_str *parts, int count, char separator)
{
    for (int i = 0; i < count; i++) {
        if (i) sp_buf_putc(out, separator);
        put(out, parts[i]);
    }
}

static void put_exprs(sp_buf *out, sp_expr *const *items, int count)
{
    for (int i = 0; i < count; i++) {
        if (i) sp_buf_putc(out, ' ');
        sp_sql_dump_expr(out, items[i]);
    }
}

static void put_args(sp_buf *out, sp_expr *const *items, int count)
{
    for (int i = 0; i < count; i++) {
        sp_buf_putc(out, ' ');
        sp_sql_dump_expr(out, items[i]);
    }
}

static void literal(sp_buf *out, const sp_value *v)
{
    if (v->is_null) { sp_buf_puts(out, "null"); return; }
    switch (v->type->kind) {
    case SP_BOOLEAN: sp_buf_puts(out, v->boolean ? "true" : "false"); break;
    case SP_BYTE: sp_buf_printf(out, "%lldY", (long long)v->i64); break;
    case SP_SHORT: sp_buf_printf(out, "%lldS", (long long)v->i64); break;
    case SP_INT: sp_buf_printf(out, "%lld", (long long)v->i64); break;
    case SP_LONG: sp_buf_printf(out, "%lldL", (long long)v->i64); break;
    case SP_FLOAT: sp_buf_printf(out, "%.9gF", v->f64); break;
    case SP_DOUBLE: sp_buf_printf(out, "%.17gD", v->f64); break;
    case SP_DECIMAL:
        sp_dec_print(out, v->decimal, v->type->scale);
        sp_buf_printf(out, "BD(%d,%d)", v->type->precision, v->type->scale);
        break;
    case SP_STRING: sp_buf_putc(out, '\''); put(out, v->str); sp_buf_putc(out, '\''); break;
    case SP_BINARY:
        sp_buf_puts(out, "X'");
        for (size_t i = 0; i < v->str.n; i++) sp_buf_printf(out, "%02X", (unsigned char)v->str.p[i]);
        sp_buf_putc(out, '\'');
        break;
    case SP_DATE: sp_buf_puts(out, "date:"); sp_print_date(out, (int32_t)v->i64); break;
    case SP_TIMESTAMP_NTZ: sp_buf_puts(out, "ntz:"); sp_print_timestamp_ntz(out, v->i64); break;
    case SP_CALENDAR:
        sp_buf_printf(out, "calendar:%d:%d:%lld", v->calendar.months, v->calendar.days, (long long)v->calendar.us);
        break;
    case SP_YEAR_MONTH: case SP_DAY_TIME:
        sp_buf_printf(out, "%s:%lld:%d-%d", v->type->kind == SP_DAY_TIME ? "dt" : "ym", (long long)v->i64,
            v->type->start_field,
                      v->type->end_field);
        break;
    default: sp_buf_printf(out, "%d:%lld", v->type->kind, (long long)v->i64);
    }
}

static void bound(sp_buf *out, int kind, const sp_expr *value)
{
    if (kind == 0) sp_buf_puts(out, "unbounded");
    else if (kind == 1) sp_buf_puts(out, "current");
    else sp_sql_dump_expr(out, value);
}

static void window(sp_buf *out, const sp_window_spec *w)
{
    if (!w) { sp_buf_puts(out, "(?)"); return; }
    sp_buf_puts(out, "(by (");
    put_exprs(out, w->partition, w->partition_count);
    sp_buf_puts(out, ") order (");
    put_exprs(out, w->order, w->order_count);
    sp_buf_putc(out, ')');
    if (w->frame) {
        sp_buf_puts(out, w->frame == 1 ? " rows " : " range ");
        bound(out, w->lower_kind, w->lower);
        sp_buf_putc(out, ' ');
        bound(out, w->upper_kind, w->upper);
    }
    sp_buf_putc(out, ')');
}

static void function(sp_buf *out, const sp_expr *e)
{
    sp_buf_putc(out, '(');
    if (e->part_count) put_parts(out, e->parts, e->part_count, '.');
    else put(out, e->name);
    if (e->distinct) sp_buf_puts(out, ":distinct");
    if (e->ordinal == 1) sp_buf_puts(out, ":ignore");
    if (e->ordinal == 2) sp_buf_puts(out, ":respect");
    put_args(out, e->args, e->arg_count);
    if (e->window) { sp_buf_puts(out, " within "); window(out, e->window); }
    if (e->filter) { sp_buf_puts(out, " filter "); sp_sql_dump_expr(out, e->filter); }
    sp_buf_putc(out, ')');
}

static void cast(sp_buf *out, const sp_expr *e)
{
    sp_buf_puts(out, e->cast_mode == SP_CAST_TRY ? "(try_cast " : "(cast ");
    sp_sql_dump_expr(out, e->args[0]);
    sp_buf_putc(out, ' ');
    sp_type_simple(out, e->type);
    sp_buf_putc(out, ')');
}

static void subquery(sp_buf *out, const sp_expr *e)
{
    static const char *const names[] = { "(scalar", "(exists", "(in", "(table-argument" };
    sp_buf_puts(out, names[e->subquery_kind & 3]);
    put_args(out, e->args, e->arg_count);
    sp_buf_putc(out, ' ');
    sp_sql_dump_plan(out, e->plan);
    if (e->subquery_kind == 3 && (e->window->partition_count || e->window->order_count)) {
        sp_buf_putc(out, ' ');
        window(out, e->window);
    }
    sp_buf_putc(out, ')');
}

void sp_sql_dump_expr(sp_buf *out, const sp_expr *e)
{
    if (!e) { sp_buf_puts(out, "<none>"); return; }
    switch (e->kind) {
    case SP_E_LITERAL: literal(out, &e->literal); break;
    case SP_E_ATTR: put_parts(out, e->parts, e->part_count, '.'); break;
    case SP_E_FUNCTION: function(out, e); break;
    case SP_E_CAST: cast(out, e); break;
    case SP_E_SUBQUERY: subquery(out, e); break;
    case SP_E_ALIAS:
        sp_buf_puts(out, e->is_internal ? "(named " : "(as ");
        sp_sql_dump_expr(out, e->args[0]);
        sp_buf_putc(out, ' ');
        put(out, e->name);
        sp_buf_putc(out, ')');
        break;
    case SP_E_MULTI_ALIAS:
        sp_buf_puts(out, "(as ");
        sp_sql_dump_expr(out, e->args[0]);
        sp_buf_puts(out, " (");
        put_parts(out, e->parts, e->part_count, ' ');
        sp_buf_puts(out, "))");
        break;
    case SP_E_STAR:
        if (e->part_count) { put_parts(out, e->parts, e->part_count, '.'); sp_buf_putc(out, '.'); }
        sp_buf_putc(out, '*');
        if (e->arg_count) {
            sp_buf_puts(out, ":except(");
            put_exprs(out, e->args, e->arg_count);
            sp_buf_putc(out, ')');
        }
        break;
    case SP_E_EXTRACT: sp_buf_puts(out, "(get"); put_args(out, e->args, e->arg_count); sp_buf_putc(out, ')'); break;
    case SP_E_SORT:
        sp_sql_dump_expr(out, e->args[0]);
        if (!e->ascending) sp_buf_puts(out, ":desc");
        if (e->nulls_first != e->ascending) sp_buf_puts(out, e->nulls_first ? ":first" : ":last");
        break;
    case SP_E_LAMBDA:
        sp_buf_puts(out, "(lambda (");
        put_exprs(out, e->args + 1, e->arg_count - 1);
        sp_buf_puts(out, ") ");
        sp_sql_dump_expr(out, e->args[0]); sp_buf_putc(out, ')'); break;
    case SP_E_LAMBDA_VAR: put(out, e->name); break;
    case SP_E_WINDOW:
        sp_buf_puts(out, "(over ");
        sp_sql_dump_expr(out, e->args[0]);
        sp_buf_putc(out, ' ');
        window(out, e->window);
        sp_buf_putc(out, ')');
        break;
    case SP_E_PARAMETER:
        if (e->name.p) { sp_buf_putc(out, ':'); put(out, e->name); }
        else sp_buf_printf(out, "?%d", e->ordinal);
        break;
    default: sp_buf_printf(out, "<kind %d>", e->kind);
    }
}

/* ---- plans ---- */

static void list(sp_buf *out, sp_expr *const *items, int count)
{
    sp_buf_puts(out, " (");
    put_exprs(out, items, count);
    sp_buf_putc(out, ')');
}

static void lists(sp_buf *out, const sp_plan *p)
{
    for (int i = 0; i < p->list_count; i++) list(out, p->lists[i], p->list_counts[i]);
}

static void names(sp_buf *out, const sp_str *items, int count)
{
    if (!count) return;
    sp_buf_puts(out, " (");
    put_parts(out, items, count, ' ');
    sp_buf_putc(out, ')');
}

static const char *kind_name(const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_LOCAL: return "values";
    case SP_P_ONE_ROW: return "one-row";
    case SP_P_PROJECT: return "project";
    case SP_P_FILTER: return "filter";
    case SP_P_AGGREGATE: return p->all ? "aggregate-all" : "aggregate";
    case SP_P_GROUPING_SETS: return p->is_rollup ? "rollup" : p->is_cube ? "cube" : "grouping-sets";
    case SP_P_SORT: return p->global ? p->all ? "order-all" : "order" : "sort";
    case SP_P_LIMIT: return "limit";
    case SP_P_OFFSET: return "offset";
    case SP_P_JOIN: case SP_P_JOIN_USING: {
        static const char *const joins[] = { "join", "left", "right", "full", "semi", "anti", "cross" };
        return joins[p->join_type];
    }
    case SP_P_UNION: return p->all ? "union-all" : "union";
    case SP_P_INTERSECT: return p->all ? "intersect-all" : "intersect";
    case SP_P_EXCEPT: return p->all ? "except-all" : "except";
    case SP_P_DEDUPLICATE: return "distinct";
    case SP_P_WATERMARK: return "watermark";
    case SP_P_SAMPLE: return "sample";
    case SP_P_REPARTITION: return "distribute";
    case SP_P_COMMAND: return "command";
    case SP_P_TABLE: return p->read_streaming ? "stream" : "table";
    case SP_P_TABLE_FUNCTION: return "function";
    case SP_P_ALIAS: return "alias";
    case SP_P_WITH: return p->all ? "with-recursive" : "with";
    case SP_P_WITH_COLUMNS: return "with-columns";
    case SP_P_LATERAL_VIEW: return p->outer ? "lateral-view-outer" : "lateral-view";
    case SP_P_PIVOT: return "pivot";
    case SP_P_UNPIVOT: return p->outer ? "unpivot-nulls" : "unpivot";
    case SP_P_HAVING: return "having";
    case SP_P_HINT: return "hint";
    default: return "?";
    }
}

static void options(sp_buf *out, const sp_props *o)
{
    sp_str key;
    void *value;
    if (!o) return;
    sp_buf_puts(out, " {");
    for (size_t i = 0; sp_strmap_next(&o->map, &i, &key, &value);)
        sp_buf_printf(out, "%.*s=%s;", (int)key.n, key.p, (char *)value);
    sp_buf_putc(out, '}');
}

/* What the node itself says, between its kind and its children. */
static void own(sp_buf *out, const sp_plan *p)
{
    switch (p->kind) {
    case SP_P_TABLE:
        sp_buf_putc(out, ' ');
        put_parts(out, p->parts, p->part_count, '.');
        options(out, p->options);
        break;
    case SP_P_ALIAS: case SP_P_LATERAL_VIEW: case SP_P_HINT: case SP_P_TABLE_FUNCTION:
        sp_buf_putc(out, ' ');
        put(out, p->name);
        names(out, p->new_names, p->new_name_count);
        if (p->kind != SP_P_ALIAS) list(out, p->exprs, p->expr_count);
        break;
    case SP_P_AGGREGATE: case SP_P_GROUPING_SETS:
        list(out, p->grouping, p->grouping_count);
        list(out, p->exprs, p->expr_count);
        if (p->list_count) { sp_buf_puts(out, " sets"); lists(out, p); }
        break;
    case SP_P_PROJECT: case SP_P_SORT: case SP_P_REPARTITION: case SP_P_WITH_COLUMNS:
        list(out, p->exprs, p->expr_count);
        break;
    case SP_P_LIMIT: case SP_P_OFFSET:
        sp_buf_putc(out, ' ');
        if (p->condition) sp_sql_dump_expr(out, p->condition);
        else sp_buf_printf(out, "%lld", (long long)p->count);
        break;
    case SP_P_LOCAL: lists(out, p); names(out, p->new_names, p->new_name_count); break;
    case SP_P_WATERMARK:
        list(out, p->exprs, p->expr_count);
        sp_buf_printf(out, " %d:%lld", p->delay_months, (long long)p->delay_us);
        break;
    case SP_P_SAMPLE: sp_buf_printf(out, " %g %g", p->lower, p->upper); break;
    case SP_P_PIVOT:
        list(out, p->exprs, p->expr_count);
        sp_buf_putc(out, ' ');
        sp_sql_dump_expr(out, p->condition);
        lists(out, p);
        break;
    case SP_P_UNPIVOT: names(out, p->new_names, p->new_name_count); lists(out, p); break;
    case SP_P_JOIN_USING:
        if (p->natural) sp_buf_puts(out, ":natural");
        else { sp_buf_puts(out, " using"); names(out, p->parts, p->part_count); } break;
    case SP_P_WITH: names(out, p->new_names, p->new_name_count); break;
    case SP_P_FILTER: case SP_P_HAVING: sp_buf_putc(out, ' '); sp_sql_dump_expr(out, p->condition); break;
    case SP_P_JOIN:
        if (p->outer) sp_buf_puts(out, ":lateral");
        if (p->condition) { sp_buf_puts(out, " on "); sp_sql_dump_expr(out, p->condition); }
        break;
    default: break;
    }
}

static void dump_columns(sp_buf *out, const sp_command *c)
{
    for (int i = 0; i < c->column_count; i++) {
        const sp_sql_column *k = &c->columns[i];
        sp_buf_puts(out, i ? ", " : " [");
        put_parts(out, k->parts, k->part_count, '.');
        if (k->type) { sp_buf_putc(out, ' '); sp_type_simple(out, k->type); }
        if (!k->nullable) sp_buf_puts(out, " not-null");
        if (k->comment.p) { sp_buf_puts(out, " comment '"); put(out, k->comment); sp_buf_putc(out, '\''); }
        if (k->default_value) { sp_buf_puts(out, " default "); sp_sql_dump_expr(out, k->default_value); }
        if (k->generated) { sp_buf_puts(out, " generated "); sp_sql_dump_expr(out, k->generated); }
        if (k->first) sp_buf_puts(out, " first");
        if (k->after.p) { sp_buf_puts(out, " after "); put(out, k->after); }
        if (k->change) sp_buf_printf(out, " change %d", k->change);
    }
    if (c->column_count) sp_buf_putc(out, ']');
}

static void dump_properties(sp_buf *out, const char *what, const sp_sql_property *items, int count)
{
    if (!count) return;
    sp_buf_printf(out, " %s{", what);
    for (int i = 0; i < count; i++) {
        put(out, items[i].key);
        if (items[i].has_value) { sp_buf_putc(out, '='); put(out, items[i].value); }
        sp_buf_putc(out, ';');
    }
    sp_buf_putc(out, '}');
}

static void dump_assignments(sp_buf *out, const char *what, const sp_sql_assignment *items, int count)
{
    if (!count) return;
    sp_buf_printf(out, " %s{", what);
    for (int i = 0; i < count; i++) {
        put_parts(out, items[i].parts, items[i].part_count, '.');
        if (items[i].expr) { sp_buf_putc(out, '='); sp_sql_dump_expr(out, items[i].expr); }
        sp_buf_putc(out, ';');
    }
    sp_buf_putc(out, '}');
}

static void text_field(sp_buf *out, const char *what, sp_str s)
{
    if (s.p) sp_buf_printf(out, " %s='%.*s'", what, (int)s.n, s.p);
}

static void dump_command(sp_buf *out, const sp_command *c)
{
    static const char *const flags[] = { "temporary", "global", "replace", "if-exists", "if-not-exists", "external",
        "purge", "cascade", "extended",
                                         "json", "overwrite", "lazy", "local", "by-name", "view", "database" };
    const bool *flag = &c->temporary;
    sp_buf_printf(out, " %s", sp_command_kind_name(c->kind));
    if (c->name_count) { sp_buf_putc(out, ' '); put_parts(out, c->name, c->name_count, '.'); }
    if (c->target_count) { sp_buf_puts(out, " -> "); put_parts(out, c->target, c->target_count, '.'); }
    for (int i = 0; i < c->targets_count; i++) {
        sp_buf_puts(out, " -> ");
        put_parts(out, c->targets[i].parts, c->targets[i].part_count, '.');
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flag[i]) sp_buf_printf(out, " :%s", flags[i]);
    if (c->kind == SP_C_EXPLAIN) sp_buf_printf(out, " mode %d", c->explain);
    if (c->has_key) text_field(out, "key", c->key);
    if (c->has_value || c->value.p) text_field(out, "value", c->value);
    text_field(out, "word", c->word);
    text_field(out, "pattern", c->pattern);
    text_field(out, "comment", c->comment);
    text_field(out, "location", c->location);
    text_field(out, "provider", c->provider);
    text_field(out, "alias", c->alias);
    text_field(out, "text", c->text);
    if (c->type) { sp_buf_puts(out, " type "); sp_type_simple(out, c->type); }
    dump_columns(out, c);
    names(out, c->insert_columns, c->insert_column_count);
    dump_properties(out, "properties", c->properties, c->property_count);
    dump_properties(out, "options", c->options, c->option_count);
    dump_assignments(out, "partition", c->partition, c->partition_count);
    for (int i = 0; i < c->partitions_count; i++) {
        dump_assignments(out, "partition", c->partitions[i].items, c->partitions[i].count);
        text_field(out, "at", c->partitions[i].location);
    }
    for (int i = 0; i < c->partitioning_count; i++) {
        sp_buf_puts(out, i ? ", " : " by ");
        put(out, c->partitioning[i].transform);
        sp_buf_putc(out, '(');
        put_exprs(out, c->partitioning[i].args, c->partitioning[i].arg_count);
        sp_buf_putc(out, ')');
    }
    dump_assignments(out, "set", c->assignments, c->assignment_count);
    for (int i = 0; i < c->merge_count; i++) {
        const sp_sql_merge_clause *m = &c->merges[i];
        sp_buf_printf(out, " (when %d then %d", m->when, m->action);
        if (m->condition) { sp_buf_puts(out, " if "); sp_sql_dump_expr(out, m->condition); }
        dump_assignments(out, "set", m->assignments, m->assignment_count);
        sp_buf_putc(out, ')');
    }
    if (c->count) sp_buf_printf(out, " count %lld", (long long)c->count);
    if (c->arg_count) list(out, c->args, c->arg_count);
    if (c->expr) { sp_buf_putc(out, ' '); sp_sql_dump_expr(out, c->expr); }
    if (c->query) { sp_buf_putc(out, ' '); sp_sql_dump_plan(out, c->query); }
    for (int i = 0; i < c->command_count; i++) {
        sp_buf_puts(out, " (");
        dump_command(out, c->commands[i]);
        sp_buf_putc(out, ')');
    }
}

void sp_sql_dump_plan(sp_buf *out, const sp_plan *p)
{
    if (!p) { sp_buf_puts(out, "<none>"); return; }
    sp_buf_printf(out, "(%s", kind_name(p));
    if (p->kind == SP_P_COMMAND) dump_command(out, p->command);
    else own(out, p);
    for (int i = 0; i < p->child_count; i++) {
        sp_buf_putc(out, ' ');
        sp_sql_dump_plan(out, p->children[i]);
    }
    sp_buf_putc(out, ')');
}
