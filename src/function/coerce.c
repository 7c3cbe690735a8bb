/* coerce.c -- which types may stand in for which: tightest and widest common types, implicit casts, decimal precision.
 *
 * ANSI rules (the default) and the legacy ones, as Spark 4's AnsiTypeCoercion, TypeCoercion,
 * DecimalPrecisionTypeCoercion and Cast.canANSIStoreAssign have them. Strings go the other way round in the two:
 * ANSI promotes the string to the other side's type. */
#include "function/function_int.h"

int sp_numeric_rank(sp_kind k)
{
    switch (k) {
    case SP_BYTE: return 0;
    case SP_SHORT: return 1;
    case SP_INT: return 2;
    case SP_LONG: return 3;
    case SP_FLOAT: return 4;
    case SP_DOUBLE: return 5;
    default: return -1;
    }
}

static bool is_datetime(sp_kind k) { return k == SP_DATE || k == SP_TIMESTAMP || k == SP_TIMESTAMP_NTZ; }
static bool is_ansi_interval(sp_kind k) { return k == SP_YEAR_MONTH || k == SP_DAY_TIME; }
static bool is_atomic(sp_kind k) { return !sp_kind_is_nested(k) && k != SP_VOID && k != SP_CALENDAR && k != SP_VARIANT;
}

const sp_type *sp_decimal_for(const sp_type *t)
{
    static const sp_type byte_ = { .kind = SP_DECIMAL, .precision = 3 },
        short_ = { .kind = SP_DECIMAL, .precision = 5 },
                         int_ = { .kind = SP_DECIMAL, .precision = 10 },
                             long_ = { .kind = SP_DECIMAL, .precision = 20 },
                         float_ = { .kind = SP_DECIMAL, .precision = 14, .scale = 7 },
                         double_ = { .kind = SP_DECIMAL, .precision = 30, .scale = 15 };
    switch (t->kind) {
    case SP_BYTE: return &byte_;
    case SP_SHORT: return &short_;
    case SP_INT: return &int_;
    case SP_LONG: return &long_;
    case SP_FLOAT: return &float_;
    case SP_DOUBLE: return &double_;
    case SP_DECIMAL: return t;
    default: return NULL;
    }
}

const sp_type *sp_decimal_adjusted(sp_arena *a, int precision, int scale, sp_error *err)
{
    if (precision > SP_DECIMAL_MAX && scale >= 0) {
        int digits = precision - scale, least = scale < 6 ? scale : 6;
        scale = SP_DECIMAL_MAX - digits > least ? SP_DECIMAL_MAX - digits : least;
        precision = SP_DECIMAL_MAX;
    }
    return sp_type_decimal(a, precision, scale, err);
}

/* DecimalType.bounded of the wider one. */
const sp_type *sp_decimal_wider(sp_arena *a, const sp_type *x, const sp_type *y, sp_error *err)
{
    int scale = x->scale > y->scale ? x->scale : y->scale;
    int dx = x->precision - x->scale, dy = y->precision - y->scale;
    int range = dx > dy ? dx : dy;
    int precision = range + scale;
    if (precision > SP_DECIMAL_MAX) {   /* boundedPreferIntegralDigits */
        scale = scale - (precision - SP_DECIMAL_MAX) > 0 ? scale - (precision - SP_DECIMAL_MAX) : 0;
        precision = SP_DECIMAL_MAX;
    }
    return sp_type_decimal(a, precision, scale, err);
}

static bool decimal_holds(const sp_type *decimal, const sp_type *integral)
{
    const sp_type *d = sp_decimal_for(integral);
    return d && decimal->scale >= d->scale && decimal->precision - decimal->scale >= d->precision - d->scale;
}

typedef struct widen { sp_arena *a; const sp_expr_conf *conf; sp_error *err; bool tightest; } widen;
static const sp_type *wider(widen *w, const sp_type *x, const sp_type *y);

static const sp_type *wider_struct(widen *w, const sp_type *x, const sp_type *y)
{
    if (x->field_count != y->field_count) return NULL;
    sp_field *f = sp_arena_calloc(w->a, sizeof *f * ((size_t)x->field_count + 1), w->err);
    if (!f) return NULL;
    for (int i = 0; i < x->field_count; i++) {
        bool same = w->conf && w->conf->case_sensitive ? sp_str_eq(x->fields[i].name, y->fields[i].name)
                                                       : sp_str_eq_nocase(x->fields[i].name, y->fields[i].name);
        if (!same) return NULL;
        f[i].name = x->fields[i].name;
        f[i].nullable = x->fields[i].nullable || y->fields[i].nullable;
        if (!(f[i].type = wider(w, x->fields[i].type, y->fields[i].type))) return NULL;
    }
    return sp_type_struct(w->a, f, x->field_count, w->err);
}

static const sp_type *wider_nested(widen *w, const sp_type *x, const sp_type *y)
{
    if (x->kind != y->kind) return NULL;
    if (x->kind == SP_ARRAY) {
        const sp_type *e = wider(w, x->fields[0].type, y->fields[0].type);
        return e ? sp_type_array(w->a, e, x->fields[0].nullable || y->fields[0].nullable, w->err) : NULL;
    }
    if (x->kind == SP_MAP) {
        const sp_type *k = wider(w, x->fields[0].type, y->fields[0].type),
            *v = wider(w, x->fields[1].type, y->fields[1].type);
        return k && v ? sp_type_map(w->a, k, v, x->fields[1].nullable || y->fields[1].nullable, w->err) : NULL;
    }
    return x->kind == SP_STRUCT ? wider_struct(w, x, y) : NULL;
}

static const sp_type *wider_numeric(widen *w, const sp_type *x, const sp_type *y)
{
    bool dx = x->kind == SP_DECIMAL, dy = y->kind == SP_DECIMAL;
    if (!dx && !dy) {
        int rx = sp_numeric_rank(x->kind), ry = sp_numeric_rank(y->kind);
        const sp_type *t = rx > ry ? x : y;
        bool ansi = !w->conf || w->conf->ansi;
        return t->kind == SP_FLOAT && ansi && rx != ry ? sp_type_of(SP_DOUBLE) : t;
    }
    const sp_type *d = dx ? x : y, *o = dx ? y : x;
    if (sp_kind_is_integral(o->kind)) {
        if (decimal_holds(d, o)) return d;
        return w->tightest ? NULL : sp_decimal_wider(w->a, d, sp_decimal_for(o), w->err);
    }
    if (w->tightest) return NULL;
    if (o->kind == SP_FLOAT || o->kind == SP_DOUBLE) return sp_type_of(SP_DOUBLE);
    return sp_decimal_wider(w->a, x, y, w->err);
}

static const sp_type *wider_datetime(const sp_type *x, const sp_type *y)
{
    if (x->kind == SP_TIMESTAMP || y->kind == SP_TIMESTAMP) return sp_type_of(SP_TIMESTAMP);
    return sp_type_of(SP_TIMESTAMP_NTZ);
}

static const sp_type *wider_string(widen *w, const sp_type *x, const sp_type *y)
{
    const sp_type *s = x->kind == SP_STRING ? x : y, *o = x->kind == SP_STRING ? y : x;
    if (w->tightest) return NULL;
    if (!w->conf || w->conf->ansi) {
        if (sp_kind_is_integral(o->kind)) return sp_type_of(SP_LONG);
        if (sp_kind_is_fractional(o->kind)) return sp_type_of(SP_DOUBLE);
        if (is_ansi_interval(o->kind)) return NULL;
        return is_atomic(o->kind) ? o : NULL;
    }
    return is_atomic(o->kind) && o->kind != SP_BINARY && o->kind != SP_BOOLEAN ? s : NULL;
}

/* findTightestCommonType, then findWiderTypeForDecimal, findWiderTypeForString, findTypeForComplex. */
static const sp_type *wider(widen *w, const sp_type *x, const sp_type *y)
{
    if (x == y || sp_type_eq(x, y)) return x;
    if (x->kind == SP_VOID) return y;
    if (y->kind == SP_VOID) return x;
    if (sp_kind_is_numeric(x->kind) && sp_kind_is_numeric(y->kind)) return wider_numeric(w, x, y);
    if (is_datetime(x->kind) && is_datetime(y->kind)) return wider_datetime(x, y);
    if (x->kind == y->kind && is_ansi_interval(x->kind)) {
        int start = x->start_field < y->start_field ? x->start_field : y->start_field;
        int end = x->end_field > y->end_field ? x->end_field : y->end_field;
        return sp_type_interval(w->a, x->kind, start, end, w->err);
    }
    if (x->kind == SP_STRING && y->kind == SP_STRING)
        return sp_str_eq(x->collation, y->collation) ? sp_type_of(SP_STRING) : NULL;
    if (x->kind == SP_STRING || y->kind == SP_STRING) return wider_string(w, x, y);
    if (x->kind == SP_TIME && y->kind == SP_TIME) return x->precision > y->precision ? x : y;
    return wider_nested(w, x, y);
}

const sp_type *sp_widest_type(sp_arena *a, const sp_type *x, const sp_type *y, const sp_expr_conf *conf, sp_error *err)
{
    widen w = { a, conf, err, false };
    return wider(&w, x, y);
}

/* findWiderCommonType. Legacy rules put strings first, so that the fold does not depend on the order. */
const sp_type *sp_widest_of(sp_arena *a, struct sp_expr *const *args, int count, const sp_expr_conf *conf,
    sp_error *err)
{
    const sp_type *t = sp_type_of(SP_VOID);
    bool legacy = conf && !conf->ansi;
    for (int pass = legacy ? 0 : 1; pass < 2 && t; pass++)
        for (int i = 0; i < count && t; i++) {
            bool text = args[i]->type->kind == SP_STRING;
            if (!legacy || text == (pass == 0)) t = sp_widest_type(a, t, args[i]->type, conf, err);
        }
    return t;
}

/* Cast.canANSIStoreAssign */
static bool can_store_assign(const sp_type *from, const sp_type *to)
{
    if (from->kind == SP_VOID || sp_type_eq(from, to)) return true;
    sp_kind f = from->kind, t = to->kind;
    if (sp_kind_is_numeric(f) && sp_kind_is_numeric(t)) return true;
    if (t == SP_STRING && (is_atomic(f) || f == SP_CALENDAR)) return true;
    if (is_datetime(f) && is_datetime(t)) return true;
    if (f != t) return false;
    if (f == SP_ARRAY || f == SP_MAP) {
        int last = f == SP_MAP ? 1 : 0;
        if (from->fields[last].nullable && !to->fields[last].nullable) return false;
        return can_store_assign(from->fields[0].type, to->fields[0].type) &&
               (f == SP_ARRAY || can_store_assign(from->fields[1].type, to->fields[1].type));
    }
    if (f == SP_STRUCT) {
        if (from->field_count != to->field_count) return false;
        for (int i = 0; i < from->field_count; i++)
            if ((from->fields[i].nullable && !to->fields[i].nullable) ||
                !can_store_assign(from->fields[i].type, to->fields[i].type))
                return false;
        return true;
    }
    return f == SP_STRING || f == SP_TIME || is_ansi_interval(f);
}

bool sp_can_implicit_cast(const sp_type *from, const sp_type *to, const sp_expr_conf *conf)
{
    if (from->kind == SP_VOID || sp_type_same(from, to)) return true;
    sp_kind f = from->kind, t = to->kind;
    bool ansi = !conf || conf->ansi;
    if (f == SP_STRING && t == SP_STRING) return true;
    if (ansi) {
        if (f == SP_STRING && is_atomic(t)) return true;
        if (f == SP_ARRAY && t == SP_ARRAY) return sp_can_implicit_cast(from->fields[0].type, to->fields[0].type, conf);
        return can_store_assign(from, to);
    }
    if (sp_kind_is_numeric(f) && sp_kind_is_numeric(t)) return true;
    if (is_datetime(f) && is_datetime(t)) return true;
    if (f == SP_STRING) return sp_kind_is_numeric(t) || is_datetime(t) || t == SP_BINARY || t == SP_TIME;
    if (t == SP_STRING) return is_atomic(f);
    if (f == SP_ARRAY && t == SP_ARRAY) return sp_can_implicit_cast(from->fields[0].type, to->fields[0].type, conf);
    if (f == SP_MAP && t == SP_MAP)
        return sp_can_implicit_cast(from->fields[0].type, to->fields[0].type, conf) &&
               sp_can_implicit_cast(from->fields[1].type, to->fields[1].type, conf);
    return false;
}

/* ---- explicit casts: Cast.canAnsiCast and canCast ---- */

static bool can_cast_nested(const sp_type *from, const sp_type *to, bool ansi)
{
    if (from->kind == SP_STRUCT) {
        if (from->field_count != to->field_count) return false;
        for (int i = 0; i < from->field_count; i++)
            if (!sp_can_cast(from->fields[i].type, to->fields[i].type, ansi) ||
                (from->fields[i].nullable && !to->fields[i].nullable))
                return false;
        return true;
    }
    if (!sp_can_cast(from->fields[0].type, to->fields[0].type, ansi)) return false;
    int last = from->kind == SP_MAP ? 1 : 0;
    if (last && !sp_can_cast(from->fields[1].type, to->fields[1].type, ansi)) return false;
    return !from->fields[last].nullable || to->fields[last].nullable;
}

static bool is_exact_numeric(sp_kind k) { return sp_kind_is_integral(k) || k == SP_DECIMAL; }

static bool can_cast_interval(const sp_type *from, const sp_type *to)
{
    sp_kind f = from->kind, t = to->kind;
    const sp_type *interval = is_ansi_interval(f) ? from : to;
    sp_kind other = is_ansi_interval(f) ? t : f;
    if (f == t) return true;
    if (other == SP_STRING) return true;
    return is_exact_numeric(other) && interval->start_field == interval->end_field;
}

bool sp_can_cast(const sp_type *from, const sp_type *to, bool ansi)
{
    sp_kind f = from->kind, t = to->kind;
    if (f == SP_VOID || sp_type_same(from, to)) return true;
    if (is_ansi_interval(f) || is_ansi_interval(t)) return can_cast_interval(from, to);
    if (t == SP_STRING) return true;
    if (sp_kind_is_nested(f) || sp_kind_is_nested(t)) return f == t && can_cast_nested(from, to, ansi);
    switch (t) {
    case SP_BINARY: return f == SP_STRING || (!ansi && sp_kind_is_integral(f));
    case SP_BOOLEAN: return f == SP_STRING || sp_kind_is_numeric(f) || (!ansi && (f == SP_DATE || f == SP_TIMESTAMP));
    case SP_TIMESTAMP: return f == SP_STRING || f == SP_BOOLEAN || is_datetime(f) || sp_kind_is_numeric(f);
    case SP_TIMESTAMP_NTZ: return f == SP_STRING || is_datetime(f);
    case SP_DATE: return f == SP_STRING || is_datetime(f);
    case SP_TIME: return f == SP_STRING || f == SP_TIME;
    case SP_CALENDAR: return f == SP_STRING;
    default: break;
    }
    if (sp_kind_is_numeric(t)) {
        if (f == SP_STRING || f == SP_BOOLEAN || sp_kind_is_numeric(f) || f == SP_TIMESTAMP) return true;
        return !ansi && f == SP_DATE;
    }
    return false;
}

/* ---- the operands of a binary operator ---- */

static const sp_type *literal_decimal(sp_bind *b, int i, sp_error *err)
{
    const sp_expr *e = b->call->args[i];
    if (e->kind != SP_E_LITERAL || e->literal.is_null || !sp_kind_is_integral(e->type->kind)) return NULL;
    return sp_type_decimal(b->arena, sp_dec_digits((sp_dec)e->literal.i64), 0, err);
}

static sp_status decimal_operands(sp_bind *b, bool keep, const sp_type *x, const sp_type *y, const sp_type **out,
    sp_error *err)
{
    const sp_type *t[2] = { x, y };
    for (int i = 0; i < 2; i++) {
        if (t[i]->kind == SP_DECIMAL) continue;
        if (t[i]->kind == SP_FLOAT || t[i]->kind == SP_DOUBLE) {
            *out = b->want[0] = b->want[1] = sp_type_of(SP_DOUBLE);
            return SP_OK;
        }
        const sp_type *d = literal_decimal(b, i, err);
        b->want[i] = t[i] = d ? d : sp_decimal_for(t[i]);
    }
    if (keep) { *out = NULL; return SP_OK; }
    if (!(*out = sp_decimal_wider(b->arena, t[0], t[1], err))) return SP_FAILED;
    b->want[0] = b->want[1] = *out;
    return SP_OK;
}

/* The order of Spark's rules: PromoteStrings, DecimalPrecision, then ImplicitTypeCasts' tightest common type. */
sp_status sp_bind_operands(sp_bind *b, bool keep_decimals, bool is_comparison, const sp_type **out, sp_error *err)
{
    const sp_type *x = sp_bind_type(b, 0), *y = sp_bind_type(b, 1);
    *out = NULL;
    bool string = (x->kind == SP_STRING) != (y->kind == SP_STRING);
    if (string && x->kind != SP_VOID && y->kind != SP_VOID) {
        const sp_type *o = x->kind == SP_STRING ? y : x;
        if (b->conf->ansi) {
            widen w = { b->arena, b->conf, err, false };
            *out = wider_string(&w, x, y);
        } else if (is_comparison) {
            if (sp_kind_is_numeric(o->kind) && (o->kind == SP_DECIMAL ||
                o->kind == SP_FLOAT)) *out = sp_type_of(SP_DOUBLE);
            else if (is_atomic(o->kind) && o->kind != SP_BINARY) *out = o;
        } else if (sp_kind_is_numeric(o->kind)) *out = sp_type_of(SP_DOUBLE);
        if (*out) { b->want[0] = b->want[1] = *out; return SP_OK; }
        if (is_comparison && o->kind == SP_BINARY) { *out = b->want[0] = b->want[1] = sp_type_of(SP_BINARY); }
        return SP_OK;
    }
    bool dx = x->kind == SP_DECIMAL, dy = y->kind == SP_DECIMAL;
    if ((dx || dy) && sp_kind_is_numeric(x->kind) && sp_kind_is_numeric(y->kind)) {
        if (dx && dy && sp_type_same(x, y)) { *out = keep_decimals ? NULL : x; return SP_OK; }
        return decimal_operands(b, keep_decimals, x, y, out, err);
    }
    widen w = { b->arena, b->conf, err, true };
    const sp_type *t = wider(&w, x, y);
    if (!t) { /* nested types may still widen inside */
        w.tightest = false;
        t = sp_kind_is_nested(x->kind) ? wider(&w, x, y) : NULL;
    }
    if (t) b->want[0] = b->want[1] = *out = t;
    return SP_OK;
}
