/* parse_ddl.c -- CREATE and DROP, and the pieces that other statements share: column lists, partitions, assignments. */
#include "sql/sql_int.h"

/* ---- columns ---- */

/* The text of an expression beside its tree: what the catalog keeps. */
static sp_expr *expr_and_text(sp_sql_parser *p, sp_str *text)
{
    int first = p->i;
    sp_expr *e = sp_sql_expr(p);
    if (e) *text = sp_sql_slice(p, first, p->i - 1);
    return e;
}

static sp_status generated(sp_sql_parser *p, sp_sql_column *c)
{
    skip(p);
    if (!take(p, K_ALWAYS)) {
        SP_TRY(sp_sql_want(p, K_BY));
        SP_TRY(sp_sql_want(p, K_DEFAULT));
    }
    SP_TRY(sp_sql_want(p, K_AS));
    int first = p->i;
    if (take(p, K_IDENTITY)) {
        if (kind_now(p) == T_LPAREN)
            while (kind_now(p) != T_RPAREN && kind_now(p) != T_EOF) skip(p);
        take(p, T_RPAREN);
        c->generated_text = sp_sql_slice(p, first, p->i - 1);
        return SP_OK;
    }
    SP_TRY(sp_sql_want(p, T_LPAREN));
    if (!(c->generated = expr_and_text(p, &c->generated_text))) return SP_FAILED;
    return sp_sql_want(p, T_RPAREN);
}

/* One of NOT NULL, DEFAULT e, COMMENT 'x', GENERATED ..., FIRST, AFTER c, CHECK (...), PRIMARY KEY, UNIQUE; false:
 * none is here. */
static sp_status column_option(sp_sql_parser *p, sp_sql_column *c, bool *any)
{
    *any = true;
    switch (kind_now(p)) {
    case K_NOT:
        skip(p);
        c->nullable = false;
        return sp_sql_want(p, K_NULL);
    case K_DEFAULT:
        skip(p);
        c->default_value = expr_and_text(p, &c->default_text);
        return c->default_value ? SP_OK : SP_FAILED;
    case K_COMMENT: skip(p); return sp_sql_string(p, &c->comment);
    case K_GENERATED: return generated(p, c);
    case K_FIRST: skip(p); c->first = true; return SP_OK;
    case K_AFTER: skip(p); return sp_sql_name(p, &c->after);
    case K_CHECK: {
        skip(p);
        SP_TRY(sp_sql_want(p, T_LPAREN));
        if (!sp_sql_expr(p)) return SP_FAILED;
        return sp_sql_want(p, T_RPAREN);
    }
    case K_PRIMARY: skip(p); return sp_sql_want(p, K_KEY);
    case K_UNIQUE: skip(p); return SP_OK;
    default: *any = false; return SP_OK;
    }
}

/* A table constraint among the columns: read over, none is enforced by our tables. */
static bool is_constraint(const sp_sql_parser *p)
{
    int kind = kind_now(p), next = kind_at(p, 1);
    return (kind == K_CONSTRAINT && sp_sql_is_name(p, 1) &&
        (kind_at(p, 2) == K_CHECK || kind_at(p, 2) == K_PRIMARY || kind_at(p, 2) == K_UNIQUE ||
            kind_at(p, 2) == K_FOREIGN)) || (kind == K_CHECK && next == T_LPAREN) ||
                (kind == K_PRIMARY && next == K_KEY) ||
           (kind == K_UNIQUE && next == T_LPAREN) || (kind == K_FOREIGN && next == K_KEY);
}

static void skip_constraint(sp_sql_parser *p)
{
    int level = 0;
    for (; kind_now(p) != T_EOF; skip(p)) {
        int kind = kind_now(p);
        if (level == 0 && (kind == T_COMMA || kind == T_RPAREN)) return;
        level += (kind == T_LPAREN) - (kind == T_RPAREN);
    }
}

static sp_status column(sp_sql_parser *p, sp_sql_column *c)
{
    c->nullable = true;
    SP_TRY(sp_sql_parts(p, &c->parts, &c->part_count));
    SP_TRY(sp_sql_type(p, &c->type));
    bool more = true;
    while (more) SP_TRY(column_option(p, c, &more));
    return SP_OK;
}

sp_status sp_sql_column_seq(sp_sql_parser *p, sp_sql_column **out, int *count)
{
    sp_sql_list list = { 0 };
    do {
        if (is_constraint(p)) { skip_constraint(p); continue; }
        sp_sql_column *c;
        SP_NEW(c, p->arena, sizeof *c, p->err);
        SP_TRY(column(p, c));
        SP_TRY(sp_sql_push(p, &list, c));
    } while (take(p, T_COMMA));
    SP_NEW_ARRAY(*out, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) (*out)[i] = *(sp_sql_column *)list.items[i];
    *count = list.count;
    return SP_OK;
}

sp_status sp_sql_columns(sp_sql_parser *p, sp_sql_column **out, int *count)
{
    SP_TRY(sp_sql_want(p, T_LPAREN));
    SP_TRY(sp_sql_column_seq(p, out, count));
    return sp_sql_want(p, T_RPAREN);
}

/* The columns as a struct type, comments in the metadata as Spark keeps them. */
static sp_status as_schema(sp_sql_parser *p, sp_command *c)
{
    sp_field *fields;
    SP_NEW_ARRAY(fields, p->arena, c->column_count + 1, p->err);
    for (int i = 0; i < c->column_count; i++) {
        const sp_sql_column *k = &c->columns[i];
        if (!k->type || k->part_count != 1) return SP_OK;
        fields[i] = (sp_field){ .name = k->parts[0], .type = k->type, .nullable = k->nullable };
        if (!k->comment.p) continue;
        sp_buf text = { 0 };
        sp_buf_puts(&text, "{\"comment\":");
        sp_json_quote(&text, k->comment);
        sp_buf_putc(&text, '}');
        sp_status status = sp_buf_check(&text, p->err);
        if (status == SP_OK) fields[i].metadata = sp_str_copy(p->arena, (sp_str){ text.data, text.len }, p->err);
        sp_buf_done(&text);
        if (!fields[i].metadata.p) return SP_FAILED;
    }
    c->schema = sp_type_struct(p->arena, fields, c->column_count, p->err);
    return c->schema ? SP_OK : SP_FAILED;
}

/* ---- shared lists ---- */

static sp_status copy_assignments(sp_sql_parser *p, const sp_sql_list *list, sp_sql_assignment **out, int *count)
{
    SP_NEW_ARRAY(*out, p->arena, list->count, p->err);
    for (int i = 0; i < list->count; i++) (*out)[i] = *(sp_sql_assignment *)list->items[i];
    *count = list->count;
    return SP_OK;
}

sp_status sp_sql_partition(sp_sql_parser *p, sp_sql_assignment **out, int *count)
{
    sp_sql_list list = { 0 };
    SP_TRY(sp_sql_want(p, K_PARTITION));
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        sp_sql_assignment *a;
        SP_NEW(a, p->arena, sizeof *a, p->err);
        SP_NEW(a->parts, p->arena, sizeof *a->parts, p->err);
        a->part_count = 1;
        SP_TRY(sp_sql_plain_name(p, a->parts));
        if (take(p, T_EQ) && !(a->expr = sp_sql_value_expr(p))) return SP_FAILED;
        SP_TRY(sp_sql_push(p, &list, a));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    return copy_assignments(p, &list, out, count);
}

sp_status sp_sql_assignments(sp_sql_parser *p, sp_sql_assignment **out, int *count)
{
    sp_sql_list list = { 0 };
    do {
        sp_sql_assignment *a;
        SP_NEW(a, p->arena, sizeof *a, p->err);
        SP_TRY(sp_sql_parts(p, &a->parts, &a->part_count));
        SP_TRY(sp_sql_want(p, T_EQ));
        if (!(a->expr = sp_sql_expr(p))) return SP_FAILED;
        SP_TRY(sp_sql_push(p, &list, a));
    } while (take(p, T_COMMA));
    return copy_assignments(p, &list, out, count);
}

/* ---- CREATE ---- */

static sp_status set_query(sp_sql_parser *p, sp_command *c)
{
    int at = p->i;
    if (!(c->query = sp_sql_query(p))) return SP_FAILED;
    c->text = sp_sql_slice(p, at, p->i - 1);
    return SP_OK;
}

static sp_status provider(sp_sql_parser *p, sp_command *c)
{
    int first = p->i, count;
    sp_str *parts;
    SP_TRY(sp_sql_parts(p, &parts, &count));
    c->provider = count == 1 ? parts[0] : sp_sql_slice(p, first, p->i - 1);
    return SP_OK;
}

/* name [COMMENT 'x'], ... */
static sp_status view_columns(sp_sql_parser *p, sp_command *c)
{
    sp_sql_list list = { 0 };
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        sp_sql_column *k;
        SP_NEW(k, p->arena, sizeof *k, p->err);
        SP_NEW(k->parts, p->arena, sizeof *k->parts, p->err);
        k->part_count = 1;
        k->nullable = true;
        SP_TRY(sp_sql_plain_name(p, k->parts));
        if (take(p, K_COMMENT)) SP_TRY(sp_sql_string(p, &k->comment));
        SP_TRY(sp_sql_push(p, &list, k));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    SP_NEW_ARRAY(c->columns, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->columns[i] = *(sp_sql_column *)list.items[i];
    c->column_count = list.count;
    return SP_OK;
}

static sp_command *view_using(sp_sql_parser *p, sp_command *c)
{
    c->kind = SP_C_CREATE_VIEW_USING;
    if (kind_now(p) == T_LPAREN) {
        TRY_NULL(sp_sql_columns(p, &c->columns, &c->column_count));
        TRY_NULL(as_schema(p, c));
    }
    TRY_NULL(sp_sql_want(p, K_USING));
    TRY_NULL(provider(p, c));
    if (take(p, K_OPTIONS)) TRY_NULL(sp_sql_options(p, &c->properties, &c->property_count));
    return c;
}

static sp_status view_clauses(sp_sql_parser *p, sp_command *c)
{
    for (;;) {
        int at = p->i;
        if (take(p, K_COMMENT)) {
            if (c->has_comment) return FAIL_IN(p, at, at, DUPLICATE_CLAUSES, "clauseName", "COMMENT");
            c->has_comment = true;
            SP_TRY(sp_sql_string(p, &c->comment));
        } else if (take(p, K_TBLPROPERTIES)) SP_TRY(sp_sql_options(p, &c->properties, &c->property_count));
        else if (sp_sql_take_words(p, (int[]){ K_PARTITIONED, K_ON }, 2))
            SP_TRY(sp_sql_name_list(p, &c->insert_columns, &c->insert_column_count));
        else if (sp_sql_take_words(p, (int[]){ K_DEFAULT, K_COLLATION }, 2)) SP_TRY(sp_sql_plain_name(p, &c->word));
        else if (kind_now(p) == K_WITH && kind_at(p, 1) == K_SCHEMA) {
            p->i += 2;
            while (kind_now(p) == K_TYPE || kind_now(p) == K_EVOLUTION || kind_now(p) == K_BINDING ||
                kind_now(p) == K_COMPENSATION) skip(p);
            c->word = sp_sql_slice(p, at + 2, p->i - 1);
        } else return SP_OK;
    }
}

/* Is this the USING form: name [(name type, ...)] USING? Columns with types tell it from a view's. */
static bool is_using(const sp_sql_parser *p)
{
    if (kind_now(p) == K_USING) return true;
    return kind_now(p) == T_LPAREN && sp_sql_is_name(p, 1) && sp_sql_is_name(p, 2) && kind_at(p, 2) != K_COMMENT;
}

static sp_command *view(sp_sql_parser *p, sp_command *c, int first)
{
    skip(p);
    c->kind = SP_C_CREATE_VIEW;
    TRY_NULL(sp_sql_if_not_exists(p, &c->if_not_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (c->temporary && is_using(p)) return view_using(p, c);
    if (kind_now(p) == T_LPAREN) TRY_NULL(view_columns(p, c));
    TRY_NULL(view_clauses(p, c));
    TRY_NULL(sp_sql_want(p, K_AS));
    TRY_NULL(set_query(p, c));
    if (c->temporary && c->if_not_exists) { FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0053); return NULL; }
    return c;
}

static sp_status transform(sp_sql_parser *p, sp_sql_transform *t)
{
    int first = p->i, count;
    sp_str *parts;
    SP_TRY(sp_sql_parts(p, &parts, &count));
    if (kind_now(p) == T_LPAREN) {
        t->transform = parts[count - 1];
        skip(p);
        SP_TRY(sp_sql_expr_seq(p, sp_sql_primary, &t->args, &t->arg_count));
        return sp_sql_want(p, T_RPAREN);
    }
    SP_NEW(t->args, p->arena, sizeof *t->args, p->err);
    t->arg_count = 1;
    t->args[0] = sp_sql_attr(p, parts, count, first);
    return t->args[0] ? SP_OK : SP_FAILED;
}

/* PARTITIONED BY (a, bucket(4, b)); with a type (Hive's form) the column joins the table's. */
static sp_status partitioned_by(sp_sql_parser *p, sp_command *c)
{
    sp_sql_list list = { 0 }, columns = { 0 };
    SP_TRY(sp_sql_want(p, T_LPAREN));
    do {
        sp_sql_transform *t;
        SP_NEW(t, p->arena, sizeof *t, p->err);
        if (sp_sql_is_name(p, 1)) {
            sp_sql_column *k;
            SP_NEW(k, p->arena, sizeof *k, p->err);
            int first = p->i;
            SP_TRY(column(p, k));
            SP_TRY(sp_sql_push(p, &columns, k));
            SP_NEW(t->args, p->arena, sizeof *t->args, p->err);
            t->arg_count = 1;
            if (!(t->args[0] = sp_sql_attr(p, k->parts, k->part_count, first))) return SP_FAILED;
        } else SP_TRY(transform(p, t));
        SP_TRY(sp_sql_push(p, &list, t));
    } while (take(p, T_COMMA));
    SP_TRY(sp_sql_want(p, T_RPAREN));
    SP_NEW_ARRAY(c->partitioning, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->partitioning[i] = *(sp_sql_transform *)list.items[i];
    c->partitioning_count = list.count;
    if (!columns.count) return SP_OK;
    sp_sql_column *all;
    SP_NEW_ARRAY(all, p->arena, c->column_count + columns.count, p->err);
    for (int i = 0; i < c->column_count; i++) all[i] = c->columns[i];
    for (int i = 0; i < columns.count; i++) all[c->column_count + i] = *(sp_sql_column *)columns.items[i];
    c->columns = all;
    c->column_count += columns.count;
    return SP_OK;
}

static sp_status clustered_by(sp_sql_parser *p, sp_command *c)
{
    SP_TRY(sp_sql_name_list(p, &c->target, &c->target_count));
    if (sp_sql_take_words(p, (int[]){ K_SORTED, K_BY }, 2)) {
        SP_TRY(sp_sql_want(p, T_LPAREN));
        do {
            sp_str name;
            SP_TRY(sp_sql_name(p, &name));
            if (!take(p, K_ASC)) take(p, K_DESC);
        } while (take(p, T_COMMA));
        SP_TRY(sp_sql_want(p, T_RPAREN));
    }
    SP_TRY(sp_sql_want(p, K_INTO));
    SP_TRY(sp_sql_integer(p, &c->count));
    return sp_sql_want(p, K_BUCKETS);
}

/* ROW FORMAT ..., STORED AS ...: the format's name is kept, Hive's details are read over. */
static sp_status stored_as(sp_sql_parser *p, sp_command *c)
{
    if (take(p, K_ROW)) {
        SP_TRY(sp_sql_want(p, K_FORMAT));
        if (take(p, K_SERDE)) {
            SP_TRY(sp_sql_string(p, &c->value));
            if (sp_sql_take_words(p, (int[]){ K_WITH, K_SERDEPROPERTIES }, 2))
                return sp_sql_options(p, &c->options, &c->option_count);
            return SP_OK;
        }
        SP_TRY(sp_sql_want(p, K_DELIMITED));
        while (kind_now(p) == K_FIELDS || kind_now(p) == K_COLLECTION || kind_now(p) == K_MAP ||
            kind_now(p) == K_LINES || kind_now(p) == K_NULL ||
               kind_now(p) == K_ESCAPED) {
            while (!sp_sql_is_string(p, 0) && kind_now(p) != T_EOF) skip(p);
            sp_str ignored;
            SP_TRY(sp_sql_string(p, &ignored));
        }
        return SP_OK;
    }
    skip(p);   /* STORED */
    if (take(p, K_BY)) return sp_sql_string(p, &c->value);
    SP_TRY(sp_sql_want(p, K_AS));
    if (!take(p, K_INPUTFORMAT)) return sp_sql_plain_name(p, &c->word);
    SP_TRY(sp_sql_string(p, &c->value));
    SP_TRY(sp_sql_want(p, K_OUTPUTFORMAT));
    return sp_sql_string(p, &c->value);
}

static sp_status once(sp_sql_parser *p, unsigned *seen, int bit, const char *clause)
{
    if (*seen >> bit & 1) return FAIL_IN(p, p->i, p->i, DUPLICATE_CLAUSES, "clauseName", clause);
    *seen |= 1u << bit;
    return SP_OK;
}

static sp_status table_clauses(sp_sql_parser *p, sp_command *c)
{
    unsigned seen = 0;
    for (;;) {
        int kind = kind_now(p), next = kind_at(p, 1);
        if (kind == K_OPTIONS) {
            SP_TRY(once(p, &seen, 0, "OPTIONS"));
            skip(p);
            SP_TRY(sp_sql_options(p, &c->options, &c->option_count));
        } else if (kind == K_PARTITIONED && next == K_BY) {
            SP_TRY(once(p, &seen, 1, "PARTITIONED BY"));
            p->i += 2;
            SP_TRY(partitioned_by(p, c));
        } else if (kind == K_CLUSTERED && next == K_BY) {
            SP_TRY(once(p, &seen, 2, "CLUSTERED BY"));
            p->i += 2;
            SP_TRY(clustered_by(p, c));
        } else if (kind == K_CLUSTER && next == K_BY) {
            SP_TRY(once(p, &seen, 3, "CLUSTER BY"));
            p->i += 2;
            SP_TRY(sp_sql_name_list(p, &c->target, &c->target_count));
        } else if (kind == K_LOCATION) {
            SP_TRY(once(p, &seen, 4, "LOCATION"));
            skip(p);
            SP_TRY(sp_sql_string(p, &c->location));
        } else if (kind == K_COMMENT) {
            SP_TRY(once(p, &seen, 5, "COMMENT"));
            skip(p);
            c->has_comment = true;
            SP_TRY(sp_sql_string(p, &c->comment));
        } else if (kind == K_TBLPROPERTIES) {
            SP_TRY(once(p, &seen, 6, "TBLPROPERTIES"));
            skip(p);
            SP_TRY(sp_sql_options(p, &c->properties, &c->property_count));
        } else if ((kind == K_ROW && next == K_FORMAT) || (kind == K_STORED && (next == K_AS || next == K_BY)))
            SP_TRY(stored_as(p, c));
        else if (kind == K_USING) {
            skip(p);
            SP_TRY(provider(p, c));
        } else if (kind == K_DEFAULT && next == K_COLLATION) {
            sp_str ignored;
            p->i += 2;
            SP_TRY(sp_sql_plain_name(p, &ignored));
        } else return SP_OK;
    }
}

static sp_command *table(sp_sql_parser *p, sp_command *c, int first)
{
    skip(p);
    if (!c->kind) c->kind = SP_C_CREATE_TABLE;
    TRY_NULL(sp_sql_if_not_exists(p, &c->if_not_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (kind_now(p) == K_LIKE && sp_sql_is_name(p, 1)) {
        skip(p);
        c->kind = SP_C_CREATE_TABLE_LIKE;
        TRY_NULL(sp_sql_reference(p, &c->target, &c->target_count));
        return table_clauses(p, c) == SP_OK ? c : NULL;
    }
    if (kind_now(p) == T_LPAREN && !sp_sql_starts_query(p, 1)) {
        if (kind_at(p, 1) == T_RPAREN) p->i += 2;
        else TRY_NULL(sp_sql_columns(p, &c->columns, &c->column_count));
    }
    TRY_NULL(table_clauses(p, c));
    if (c->column_count) TRY_NULL(as_schema(p, c));
    bool as = take(p, K_AS);
    if (as || sp_sql_starts_query(p, 0) || kind_now(p) == T_LPAREN) TRY_NULL(set_query(p, c));
    if (c->temporary && !c->provider.p) { FAIL_IN(p, first, p->i - 1, _LEGACY_ERROR_TEMP_0046); return NULL; }
    if (c->temporary) {
        FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__CREATE_TEMP_TABLE_USING_PROVIDER);
        return NULL;
    }
    return c;
}

static sp_command *database(sp_sql_parser *p, sp_command *c)
{
    skip(p);
    c->kind = SP_C_CREATE_DATABASE;
    TRY_NULL(sp_sql_if_not_exists(p, &c->if_not_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    for (;;) {
        if (take(p, K_COMMENT)) {
            c->has_comment = true;
            TRY_NULL(sp_sql_string(p, &c->comment));
        } else if (take(p, K_LOCATION)) TRY_NULL(sp_sql_string(p, &c->location));
        else if (kind_now(p) == K_WITH && (kind_at(p, 1) == K_DBPROPERTIES || kind_at(p, 1) == K_PROPERTIES)) {
            p->i += 2;
            TRY_NULL(sp_sql_options(p, &c->properties, &c->property_count));
        } else return c;
    }
}

static sp_status resources(sp_sql_parser *p, sp_command *c)
{
    sp_sql_list list = { 0 };
    do {
        sp_sql_property *r;
        SP_NEW(r, p->arena, sizeof *r, p->err);
        SP_TRY(sp_sql_plain_name(p, &r->key));
        SP_TRY(sp_sql_string(p, &r->value));
        r->has_value = true;
        SP_TRY(sp_sql_push(p, &list, r));
    } while (take(p, T_COMMA));
    SP_NEW_ARRAY(c->properties, p->arena, list.count, p->err);
    for (int i = 0; i < list.count; i++) c->properties[i] = *(sp_sql_property *)list.items[i];
    c->property_count = list.count;
    return SP_OK;
}

/* LANGUAGE SQL, DETERMINISTIC, ... up to RETURN: said, and not needed by us. */
static sp_status routine_characteristics(sp_sql_parser *p, sp_command *c)
{
    while (kind_now(p) != K_RETURN && kind_now(p) != T_EOF) {
        if (take(p, K_COMMENT)) { SP_TRY(sp_sql_string(p, &c->comment)); c->has_comment = true; }
        else if (sp_sql_is_name(p, 0)) skip(p);
        else return sp_sql_unexpected(p);
    }
    return sp_sql_want(p, K_RETURN);
}

static sp_command *function(sp_sql_parser *p, sp_command *c)
{
    skip(p);
    c->kind = SP_C_CREATE_FUNCTION;
    TRY_NULL(sp_sql_if_not_exists(p, &c->if_not_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (take(p, K_AS)) {
        TRY_NULL(sp_sql_string(p, &c->value));
        if (take(p, K_USING)) TRY_NULL(resources(p, c));
        return c;
    }
    TRY_NULL(sp_sql_want(p, T_LPAREN));
    if (kind_now(p) != T_RPAREN) TRY_NULL(sp_sql_column_seq(p, &c->columns, &c->column_count));
    TRY_NULL(sp_sql_want(p, T_RPAREN));
    if (kind_now(p) == K_RETURNS && kind_at(p, 1) != K_NULL) {
        skip(p);
        if (kind_now(p) == K_TABLE && kind_at(p, 1) == T_LPAREN) {
            skip(p);
            sp_sql_column *ignored;
            int count;
            TRY_NULL(sp_sql_columns(p, &ignored, &count));
        } else TRY_NULL(sp_sql_type(p, &c->type));
    }
    TRY_NULL(routine_characteristics(p, c));
    int at = p->i;
    if (sp_sql_starts_query(p, 0)) c->query = sp_sql_query(p);
    else c->expr = sp_sql_expr(p);
    if (!c->query && !c->expr) return NULL;
    c->text = sp_sql_slice(p, at, p->i - 1);
    return c;
}

static sp_command *create_index(sp_sql_parser *p, sp_command *c)
{
    int first = p->i++;
    c->kind = SP_C_CREATE_INDEX;
    TRY_NULL(sp_sql_if_not_exists(p, &c->if_not_exists));
    TRY_NULL(sp_sql_parts(p, &c->name, &c->name_count));
    TRY_NULL(sp_sql_want(p, K_ON));
    if (kind_now(p) == K_TABLE) skip(p);
    TRY_NULL(sp_sql_reference(p, &c->target, &c->target_count));
    if (take(p, K_USING)) TRY_NULL(sp_sql_plain_name(p, &c->provider));
    TRY_NULL(sp_sql_name_list(p, &c->insert_columns, &c->insert_column_count));
    if (take(p, K_OPTIONS)) TRY_NULL(sp_sql_options(p, &c->options, &c->option_count));
    c->text = sp_sql_slice(p, first, p->i - 1);
    return c;
}

static sp_command *flow(sp_sql_parser *p, sp_command *c)
{
    skip(p);
    c->kind = SP_C_CREATE_FLOW;
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (take(p, K_COMMENT)) { c->has_comment = true; TRY_NULL(sp_sql_string(p, &c->comment)); }
    TRY_NULL(sp_sql_want(p, K_AS));
    int at = p->i;
    c->query = sp_sql_command_plan(p, sp_sql_insert(p), at);
    return c->query ? c : NULL;
}

sp_command *sp_sql_create(sp_sql_parser *p)
{
    int first = p->i;
    sp_command *c = sp_sql_command_new(p, SP_C_NONE);
    if (!c) return NULL;
    if (take(p, K_CREATE) && sp_sql_take_words(p, (int[]){ K_OR, K_REPLACE }, 2)) c->replace = true;
    if (take(p, K_REPLACE)) c->replace = true;
    c->global = take(p, K_GLOBAL);
    c->temporary = take(p, K_TEMPORARY);
    c->external = take(p, K_EXTERNAL);
    switch (kind_now(p)) {
    case K_VIEW: return view(p, c, first);
    case K_TABLE: return table(p, c, first);
    case K_DATABASE: case K_SCHEMA: case K_NAMESPACE: return database(p, c);
    case K_FUNCTION: return function(p, c);
    case K_INDEX: return create_index(p, c);
    case K_FLOW: return flow(p, c);
    case K_MATERIALIZED: case K_STREAMING:
        c->kind = SP_C_CREATE_PIPELINE_DATASET;
        c->word = sp_sql_slice(p, p->i, p->i + (p->i + 1 < p->count));
        if (kind_at(p, 1) == (kind_now(p) == K_MATERIALIZED ? K_VIEW : K_TABLE)) { skip(p); return table(p, c, first); }
        skip(p);
        break;
    default: break;
    }
    sp_sql_unexpected(p);
    return NULL;
}

/* ---- DROP ---- */

sp_command *sp_sql_drop(sp_sql_parser *p)
{
    sp_command *c = sp_sql_command_new(p, SP_C_NONE);
    if (!c) return NULL;
    skip(p);
    c->temporary = take(p, K_TEMPORARY);
    switch (kind_now(p)) {
    case K_TABLE: c->kind = SP_C_DROP_TABLE; break;
    case K_VIEW: c->kind = SP_C_DROP_VIEW; break;
    case K_DATABASE: case K_SCHEMA: case K_NAMESPACE: c->kind = SP_C_DROP_DATABASE; break;
    case K_FUNCTION: c->kind = SP_C_DROP_FUNCTION; break;
    case K_VARIABLE: case K_VAR: c->kind = SP_C_DROP_VARIABLE; break;
    case K_INDEX: c->kind = SP_C_DROP_INDEX; break;
    default: sp_sql_unexpected(p); return NULL;
    }
    bool may_be_temporary = c->kind == SP_C_DROP_FUNCTION || c->kind == SP_C_DROP_VARIABLE;
    if (c->temporary != may_be_temporary && (c->temporary || c->kind == SP_C_DROP_VARIABLE)) {
        sp_sql_unexpected(p);
        return NULL;
    }
    skip(p);
    TRY_NULL(sp_sql_if_exists(p, &c->if_exists));
    TRY_NULL(sp_sql_reference(p, &c->name, &c->name_count));
    if (c->kind == SP_C_DROP_TABLE) c->purge = take(p, K_PURGE);
    if (c->kind == SP_C_DROP_DATABASE && !(c->cascade = take(p, K_CASCADE))) take(p, K_RESTRICT);
    if (c->kind == SP_C_DROP_INDEX) {
        TRY_NULL(sp_sql_want(p, K_ON));
        take(p, K_TABLE);
        TRY_NULL(sp_sql_reference(p, &c->target, &c->target_count));
    }
    return c;
}
