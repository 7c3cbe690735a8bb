/* json_filter.c -- pushed predicates, evaluated while a record is read.
 *
 * A predicate is looked at once, as soon as the record has given values to all its columns; when it is not true the
 * rest of the record is not read at all: not checked, not counted as an input row. A predicate one of whose columns
 * the record never names is not looked at; the filter above the scan decides then. Behaviour:
 * JacksonParser.convertObject, JsonFilters; which expressions can be predicates: DataSourceStrategy.translateFilter. */
#include "format/json_int.h"

typedef enum term_kind {
    TERM_AND, TERM_OR, TERM_NOT, TERM_IS_NULL, TERM_IS_NOT_NULL, TERM_COMPARE, TERM_NULL_SAFE_EQ, TERM_IN, TERM_STARTS,
    TERM_ENDS, TERM_CONTAINS
} term_kind;
enum { LESS = 1, EQUAL = 2, GREATER = 4 };

typedef struct term {
    term_kind kind;
    int column;
    uint8_t wanted;             /* COMPARE: which orders are true */
    const sp_value *values; int value_count;
    bool has_null;              /* IN: a null among the values */
    struct term *left, *right;
} term;

typedef struct predicate {
    term *root;
    int column_count;           /* distinct columns it needs */
    int missing;                /* of the record under way */
} predicate;

struct json_filter {
    predicate *predicates;
    int count, column_count;
    uint8_t *uses;              /* predicate x column */
    bool *any;                  /* column is in some predicate */
};

/* ---- expressions to terms ---- */

typedef struct builder {
    sp_arena *arena;
    const json_column *columns;
    int column_count, hidden;
    uint8_t *uses;
    bool failed;
    sp_error *err;
} builder;

static bool is_call(const sp_expr *e, const char *name)
{
    return e->kind == SP_E_CALL && e->function && strcmp(e->function->name, name) == 0;
}

static bool comparable(sp_kind k)
{
    return k == SP_BOOLEAN || sp_kind_is_integral(k) || sp_kind_is_fractional(k) || k == SP_STRING || k == SP_DATE ||
           k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ;
}

static int column_of(builder *b, const sp_expr *e)
{
    if (e->kind != SP_E_COLUMN || e->ordinal < 0 || e->ordinal >= b->column_count || e->ordinal == b->hidden)
        return -1;
    if (e->type && e->type->kind == SP_STRING && e->type->collation.n)
        return -1;
    b->uses[e->ordinal] = 1;
    return e->ordinal;
}

static term *new_term(builder *b, term_kind kind, int column)
{
    term *t = column < 0 ? NULL : sp_arena_calloc(b->arena, sizeof *t, b->err);
    b->failed |= column >= 0 && !t;
    if (t) {
        t->kind = kind;
        t->column = column;
    }
    return t;
}

static bool fits(const builder *b, int column, const sp_expr *literal)
{
    const sp_type *t = column < 0 ? NULL : b->columns[column].node->type, *l = literal->literal.type;
    if (!t || literal->kind != SP_E_LITERAL || !comparable(t->kind) || !l)
        return false;
    return l->kind == SP_VOID || (l->kind == t->kind && (t->kind != SP_DECIMAL || l->scale == t->scale));
}

static term *compare(builder *b, const sp_expr *e, term_kind kind, uint8_t wanted)
{
    bool flipped = e->args[0]->kind == SP_E_LITERAL;
    int column = column_of(b, e->args[flipped]);
    const sp_expr *literal = e->args[!flipped];
    if (!fits(b, column, literal))
        return NULL;
    term *t = new_term(b, kind, column);
    if (!t)
        return NULL;
    if (flipped)
        wanted = (uint8_t)((wanted & EQUAL) | (wanted & LESS ? GREATER : 0) | (wanted & GREATER ? LESS : 0));
    t->wanted = wanted;
    t->values = &literal->literal;
    t->value_count = 1;
    return t;
}

static term *in_list(builder *b, const sp_expr *e)
{
    int column = column_of(b, e->args[0]);
    sp_value *values = sp_arena_calloc(b->arena, sizeof *values * (size_t)e->arg_count, b->err);
    b->failed |= !values;
    term *t = values ? new_term(b, TERM_IN, column) : NULL;
    if (!t)
        return NULL;
    t->values = values;
    for (int i = 1; i < e->arg_count; i++) {
        if (!fits(b, column, e->args[i]))
            return NULL;
        if (e->args[i]->literal.is_null) t->has_null = true;
        else values[t->value_count++] = e->args[i]->literal;
    }
    return t;
}

static term *build(builder *b, const sp_expr *e);

static term *pair(builder *b, const sp_expr *e, term_kind kind)
{
    term *l = build(b, e->args[0]), *r = l ? build(b, e->args[1]) : NULL;
    term *t = r ? new_term(b, kind, 0) : NULL;
    if (t) {
        t->left = l;
        t->right = r;
    }
    return t;
}

static term *text_test(builder *b, const sp_expr *e, term_kind kind)
{
    term *t = e->args[0]->kind == SP_E_COLUMN ? compare(b, e, kind, 0) : NULL;
    return t && b->columns[t->column].kind == SP_STRING && !t->values->is_null ? t : NULL;
}

/* NULL: no predicate of a source. */
static term *build(builder *b, const sp_expr *e)
{
    static const struct { const char *name; uint8_t wanted; } orders[] = {
        { "=", EQUAL }, { "==", EQUAL }, { "<", LESS }, { "<=", LESS | EQUAL },
        { ">", GREATER }, { ">=", GREATER | EQUAL },
    };
    if (e->kind != SP_E_CALL || !e->function)
        return NULL;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (is_call(e, orders[i].name))
            return compare(b, e, TERM_COMPARE, orders[i].wanted);
    if (is_call(e, "<=>")) return compare(b, e, TERM_NULL_SAFE_EQ, EQUAL);
    if (is_call(e, "and")) return pair(b, e, TERM_AND);
    if (is_call(e, "or")) return pair(b, e, TERM_OR);
    if (is_call(e, "isnull")) return new_term(b, TERM_IS_NULL, column_of(b, e->args[0]));
    if (is_call(e, "isnotnull")) return new_term(b, TERM_IS_NOT_NULL, column_of(b, e->args[0]));
    if (is_call(e, "in")) return in_list(b, e);
    if (is_call(e, "startswith")) return text_test(b, e, TERM_STARTS);
    if (is_call(e, "endswith")) return text_test(b, e, TERM_ENDS);
    if (is_call(e, "contains")) return text_test(b, e, TERM_CONTAINS);
    if (is_call(e, "not") || is_call(e, "!")) {
        term *l = build(b, e->args[0]), *t = l ? new_term(b, TERM_NOT, 0) : NULL;
        if (t)
            t->left = l;
        return t;
    }
    return NULL;
}

sp_status sp_json_filter_new(sp_arena *a, struct sp_expr *const *pushed, int count, const json_column *columns,
                             int column_count, int hidden, json_filter **out, sp_error *err)
{
    *out = NULL;
    if (count == 0 || column_count == 0)
        return SP_OK;
    json_filter *f;
    SP_NEW(f, a, sizeof *f, err);
    SP_NEW_ARRAY(f->predicates, a, count, err);
    SP_NEW_ARRAY(f->uses, a, (size_t)count * (size_t)column_count, err);
    SP_NEW_ARRAY(f->any, a, column_count, err);
    f->column_count = column_count;
    for (int i = 0; i < count; i++) {
        builder b = { a, columns, column_count, hidden, f->uses + f->count * column_count, false, err };
        memset(b.uses, 0, (size_t)column_count);
        term *root = build(&b, pushed[i]);
        if (b.failed)
            return SP_FAILED;
        if (!root)
            continue;
        predicate *p = &f->predicates[f->count++];
        p->root = root;
        for (int c = 0; c < column_count; c++) {
            p->column_count += b.uses[c];
            f->any[c] |= b.uses[c];
        }
    }
    *out = f->count ? f : NULL;
    return SP_OK;
}

bool sp_json_filter_simple(const json_filter *f, int column, bool *has_text, sp_str *text)
{
    *has_text = false;
    for (int i = 0; f && i < f->count; i++) {
        const term *t = f->predicates[i].root;
        if (!f->uses[i * f->column_count + column])
            continue;
        if (f->predicates[i].column_count > 1)
            return false;
        if (t->kind == TERM_IS_NOT_NULL)
            continue;
        bool equal = t->kind == TERM_COMPARE && t->wanted == EQUAL && !t->values->is_null &&
                     t->values->type->kind == SP_STRING;
        if (!equal || *has_text)
            return false;
        *has_text = true;
        *text = t->values->str;
    }
    return true;
}

bool sp_json_filter_has(const json_filter *f, int column) { return f && f->any[column]; }

void sp_json_filter_reset(json_filter *f)
{
    for (int i = 0; i < f->count; i++)
        f->predicates[i].missing = f->predicates[i].column_count;
}

/* ---- evaluation ---- */

static int order(double a, double b)      /* Spark's: NaN is the largest, and equal to itself */
{
    if (a < b) return LESS;
    if (a > b) return GREATER;
    if (a == b) return EQUAL;
    return a != a ? (b != b ? EQUAL : GREATER) : LESS;
}

static int order_of(const json_column *c, uint32_t row, const sp_value *v)
{
    switch (c->kind) {
    case SP_STRING: {
        const sp_view *x = (const sp_view *)c->data + row;
        int d = sp_str_cmp(sp_view_str(x), v->str);
        return d < 0 ? LESS : d > 0 ? GREATER : EQUAL;
    }
    case SP_FLOAT: return order(((const float *)c->data)[row], v->f64);
    case SP_DOUBLE: return order(((const double *)c->data)[row], v->f64);
    case SP_DECIMAL: {
        __int128 x = ((const __int128 *)c->data)[row];
        return x < v->decimal ? LESS : x > v->decimal ? GREATER : EQUAL;
    }
    default: break;
    }
    int64_t x, y = c->kind == SP_BOOLEAN ? v->boolean : v->i64;
    switch (c->width) {
    case 1: x = c->kind == SP_BOOLEAN ? ((const uint8_t *)c->data)[row] : ((const int8_t *)c->data)[row]; break;
    case 2: x = ((const int16_t *)c->data)[row]; break;
    case 4: x = ((const int32_t *)c->data)[row]; break;
    default: x = ((const int64_t *)c->data)[row]; break;
    }
    return x < y ? LESS : x > y ? GREATER : EQUAL;
}

static bool text_matches(const term *t, sp_str s)
{
    sp_str v = t->values->str;
    if (v.n == 0)
        return true;
    if (s.n < v.n)
        return false;
    if (t->kind == TERM_CONTAINS)
        return memmem(s.p, s.n, v.p, v.n) != NULL;
    return memcmp(t->kind == TERM_STARTS ? s.p : s.p + s.n - v.n, v.p, v.n) == 0;
}

/* 0 false, 1 true, 2 null */
static int eval(const term *t, const json_column *columns, uint32_t row)
{
    const json_column *c = &columns[t->column];
    int l, r;
    switch (t->kind) {
    case TERM_AND:
        if ((l = eval(t->left, columns, row)) == 0 || (r = eval(t->right, columns, row)) == 0) return 0;
        return l == 2 || r == 2 ? 2 : 1;
    case TERM_OR:
        if ((l = eval(t->left, columns, row)) == 1 || (r = eval(t->right, columns, row)) == 1) return 1;
        return l == 2 || r == 2 ? 2 : 0;
    case TERM_NOT:
        l = eval(t->left, columns, row);
        return l == 2 ? 2 : !l;
    case TERM_IS_NULL: return c->is_null;
    case TERM_IS_NOT_NULL: return !c->is_null;
    case TERM_NULL_SAFE_EQ:
        if (c->is_null || t->values->is_null) return c->is_null && t->values->is_null;
        return order_of(c, row, t->values) == EQUAL;
    case TERM_COMPARE:
        return c->is_null || t->values->is_null ? 2 : (order_of(c, row, t->values) & t->wanted) != 0;
    case TERM_IN:
        for (int i = 0; i < t->value_count && !c->is_null; i++)
            if (order_of(c, row, &t->values[i]) == EQUAL) return 1;
        return c->is_null || t->has_null ? 2 : 0;
    default:
        return c->is_null ? 2 : text_matches(t, sp_view_str((const sp_view *)c->data + row));
    }
}

bool sp_json_filter_skips(json_filter *f, int column, const json_column *columns, uint32_t row)
{
    for (int i = 0; i < f->count; i++) {
        predicate *p = &f->predicates[i];
        if (f->uses[i * f->column_count + column] && --p->missing == 0 && eval(p->root, columns, row) != 1)
            return true;
    }
    return false;
}
