/* parse_window.c -- OVER (...), OVER w and WINDOW w AS (...) (AstBuilder.visitWindowDef, withWindowClause).
 *
 * A reference waits in p->windows until the WINDOW clause of a query around it names it; what is left at the end has
 * no window. */
#include "sql/sql_int.h"

/* Spark wants a foldable bound; without columns and calls it is one. */
static bool is_constant(const sp_expr *e)
{
    if (e->kind == SP_E_LITERAL || e->kind == SP_E_PARAMETER) return true;
    if (e->kind != SP_E_FUNCTION && e->kind != SP_E_CAST) return false;
    for (int i = 0; i < e->arg_count; i++)
        if (!is_constant(e->args[i])) return false;
    return true;
}

static sp_status frame_bound(sp_sql_parser *p, int *kind, sp_expr **value, bool *following)
{
    int first = p->i;
    int next = kind_at(p, 1);
    *value = NULL;
    *following = false;
    if (kind_now(p) == K_UNBOUNDED && (next == K_PRECEDING || next == K_FOLLOWING)) {
        *kind = 0;
        *following = next == K_FOLLOWING;
        p->i += 2;
        return SP_OK;
    }
    if (kind_now(p) == K_CURRENT && next == K_ROW) {
        *kind = 1;
        p->i += 2;
        return SP_OK;
    }
    *kind = 2;
    if (!(*value = sp_sql_expr(p))) return SP_FAILED;
    if (!is_constant(*value)) return FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__INVALID_WINDOW_FRAME_BOUND);
    *following = kind_now(p) == K_FOLLOWING;
    if (*following) { skip(p); return SP_OK; }
    SP_TRY(sp_sql_want(p, K_PRECEDING));
    *value = sp_sql_call1(p, "-", *value, first);
    return *value ? SP_OK : SP_FAILED;
}

static sp_status frame(sp_sql_parser *p, sp_window_spec *w)
{
    int kind = kind_now(p);
    if (kind != K_ROWS && kind != K_RANGE) return SP_OK;
    skip(p);
    w->frame = kind == K_ROWS ? 1 : 2;
    bool between = take(p, K_BETWEEN), following;
    SP_TRY(frame_bound(p, &w->lower_kind, &w->lower, &following));
    w->upper_kind = 1;
    if (!between) return SP_OK;
    SP_TRY(sp_sql_want(p, K_AND));
    return frame_bound(p, &w->upper_kind, &w->upper, &following);
}

sp_status sp_sql_window_spec(sp_sql_parser *p, sp_window_spec **out)
{
    sp_window_spec *w;
    SP_NEW(w, p->arena, sizeof *w, p->err);
    *out = w;
    SP_TRY(sp_sql_want(p, T_LPAREN));
    int kind = kind_now(p);
    bool by = kind_at(p, 1) == K_BY;
    if (by && (kind == K_PARTITION || kind == K_DISTRIBUTE || kind == K_CLUSTER)) {
        p->i += 2;
        SP_TRY(sp_sql_expr_seq(p, sp_sql_expr, &w->partition, &w->partition_count));
    }
    kind = kind_now(p);
    if (kind_at(p, 1) == K_BY && (kind == K_ORDER || kind == K_SORT)) {
        p->i += 2;
        SP_TRY(sp_sql_expr_seq(p, sp_sql_sort_item, &w->order, &w->order_count));
    }
    SP_TRY(frame(p, w));
    return sp_sql_want(p, T_RPAREN);
}

/* w or (w) */
static bool is_reference(const sp_sql_parser *p)
{
    if (kind_now(p) != T_LPAREN) return true;
    return sp_sql_is_name(p, 1) && kind_at(p, 2) == T_RPAREN;
}

static sp_status reference(sp_sql_parser *p, sp_str *name)
{
    bool brackets = take(p, T_LPAREN);
    SP_TRY(sp_sql_name(p, name));
    return brackets ? sp_sql_want(p, T_RPAREN) : SP_OK;
}

sp_status sp_sql_over(sp_sql_parser *p, sp_expr *window)
{
    if (!is_reference(p)) return sp_sql_window_spec(p, &window->window);
    sp_sql_window_ref *r;
    SP_NEW(r, p->arena, sizeof *r, p->err);
    r->window = window;
    r->token = p->i;
    SP_TRY(reference(p, &r->name));
    r->next = p->windows;
    p->windows = r;
    return SP_OK;
}

typedef struct named_window { sp_str name, reference; sp_window_spec *spec; } named_window;

static named_window *find(const sp_sql_list *list, sp_str name)
{
    for (int i = 0; i < list->count; i++) {
        named_window *w = list->items[i];
        if (sp_str_eq_nocase(w->name, name)) return w;
    }
    return NULL;
}

static sp_status definitions(sp_sql_parser *p, sp_sql_list *list)
{
    int first = p->i;
    skip(p);   /* WINDOW */
    do {
        named_window *w;
        SP_NEW(w, p->arena, sizeof *w, p->err);
        SP_TRY(sp_sql_name(p, &w->name));
        SP_TRY(sp_sql_want(p, K_AS));
        if (is_reference(p)) SP_TRY(reference(p, &w->reference));
        else SP_TRY(sp_sql_window_spec(p, &w->spec));
        if (find(list, w->name))
            return FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__REPETITIVE_WINDOW_DEFINITION, "windowName",
                sp_sql_quoted(p, &w->name, 1));
        SP_TRY(sp_sql_push(p, list, w));
        if (list->count > SP_SQL_CHAIN_MAX) return sp_sql_too_complex(p);
    } while (take(p, T_COMMA));
    for (int i = 0; i < list->count; i++) {   /* WINDOW a AS b: b must be a specification itself */
        named_window *w = list->items[i], *to;
        if (w->spec) continue;
        if (!(to = find(list, w->reference)))
            return FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__UNRESOLVED_WINDOW_REFERENCE, "windowName",
                sp_sql_quoted(p, &w->reference, 1));
        if (!to->spec || to->reference.p)
            return FAIL_IN(p, first, p->i - 1, INVALID_SQL_SYNTAX__INVALID_WINDOW_REFERENCE, "windowName",
                sp_sql_quoted(p, &w->reference, 1));
        w->spec = to->spec;
    }
    return SP_OK;
}

sp_status sp_sql_window_clause(sp_sql_parser *p, sp_sql_window_ref *until)
{
    if (kind_now(p) != K_WINDOW || !sp_sql_starts_clause(p)) return SP_OK;
    sp_sql_list list = { 0 };
    SP_TRY(definitions(p, &list));
    sp_sql_window_ref **link = &p->windows;
    while (*link && *link != until) {
        sp_sql_window_ref *r = *link;
        named_window *w = find(&list, r->name);
        if (w) {
            r->window->window = w->spec;
            *link = r->next;
        } else link = &r->next;
    }
    return SP_OK;
}

sp_status sp_sql_windows_settled(sp_sql_parser *p)
{
    sp_sql_window_ref *r = p->windows;
    if (!r) return SP_OK;
    while (r->next) r = r->next;
    SP_FAIL(p->err, MISSING_WINDOW_SPECIFICATION, "windowName", sp_sql_quoted(p, &r->name, 1), "docroot",
        "https://spark.apache.org/docs/latest");
    sp_status failed = sp_sql_in_context(p, r->token, r->token);
    if (p->err) p->err->exc = SP_EXC_ANALYSIS;
    return failed;
}
