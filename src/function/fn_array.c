/* fn_array.c -- arrays: size, search, order, parts, making (collectionOperations.scala). Set operations are in
 * fn_array_set.c. */
#include "function/array_int.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- size ---- */

static sp_status bind_size(sp_bind *b, sp_error *err)
{
    sp_kind t = sp_bind_type(b, 0)->kind;
    if (t == SP_VOID) b->want[0] = sp_type_array(b->arena, sp_type_of(SP_VOID), true, err);
    else if (t != SP_ARRAY && t != SP_MAP) return sp_bind_fail_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
    b->type = sp_type_of(SP_INT);
    return SP_OK;
}

/* ANSI: size(null) is null; legacy (spark.sql.legacy.sizeOfNull): -1 */
static sp_status kernel_size(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        bool null = sp_arg_null(k, 0, i);
        SP_OUT(k, int32_t)[i] = null ? -1 : (int32_t)sp_arg_list(k, 0, i).length;
        if (null && k->conf->ansi) sp_kernel_null(k, i);
    }
    return SP_OK;
}

static sp_status bind_array_size(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    b->type = sp_type_of(SP_INT);
    return SP_OK;
}

static sp_status kernel_array_size(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)sp_arg_list(k, 0, i).length;
    return SP_OK;
}

/* ---- search ---- */

static sp_status bind_contains(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array_value(b, 1, &t, err));
    SP_TRY(sp_bind_orderable(b, t, err));
    b->type = sp_type_of(SP_BOOLEAN);
    return SP_OK;
}

static sp_status kernel_contains(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        bool found = false, null = false;
        for (uint32_t x = l.offset; x < l.offset + l.length && !found; x++) {
            if (sp_vec_null_at(e, x)) null = true;
            else found = sp_vec_rows_eq(e, x, k->args[1], SP_AT(k->args[1], i));
        }
        SP_OUT(k, uint8_t)[i] = found;
        if (!found && null) sp_kernel_null(k, i);
    }
    return SP_OK;
}

static sp_status bind_position(sp_bind *b, sp_error *err)
{
    SP_TRY(bind_contains(b, err));
    b->type = sp_type_of(SP_LONG);
    return SP_OK;
}

static sp_status kernel_position(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        SP_OUT(k, int64_t)[i] = 0;
        for (uint32_t x = 0; x < l.length; x++)
            if (!sp_vec_null_at(e, l.offset + x) && sp_vec_rows_eq(e, l.offset + x, k->args[1], SP_AT(k->args[1], i))) {
                SP_OUT(k, int64_t)[i] = x + 1;
                break;
            }
    }
    return SP_OK;
}

/* ---- smallest, greatest ---- */

static sp_status bind_extreme(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_array(b, 0, &b->type, err));
    b->nullable = true;
    return sp_bind_orderable(b, b->type, err);
}

static sp_status extreme(sp_kernel *k, int sign, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_builder_new(k->arena, k->out->type, true, err);
    if (!b) return SP_FAILED;
    uint32_t at = 0;
    for (SP_ROWS(k, i)) {
        for (; at < i; at++) SP_TRY(sp_build_null(b, err));
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t best = UINT32_MAX;
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) {
            if (sp_vec_null_at(e, x)) continue;
            if (best == UINT32_MAX || sp_vec_rows_cmp(e, x, e, best) * sign > 0) best = x;
        }
        if (best == UINT32_MAX) SP_TRY(sp_build_null(b, err));
        else SP_TRY(sp_build_row(b, e, best, err));
        at = i + 1;
    }
    for (; at < k->rows; at++) SP_TRY(sp_build_null(b, err));
    sp_vec *v;
    SP_TRY(sp_builder_take(b, &v, err));
    *k->out = *v;
    return SP_OK;
}

static sp_status kernel_max(sp_kernel *k, sp_error *err) { return extreme(k, 1, err); }
static sp_status kernel_min(sp_kernel *k, sp_error *err) { return extreme(k, -1, err); }

/* ---- order ---- */

typedef struct sort_key { const sp_vec *e; uint32_t at; bool descending, nulls_last; } sort_key;

/* Nulls first when ascending, last when descending (sort_array); array_sort puts them last. */
static int by_value(const void *a, const void *b)
{
    const sort_key *x = a, *y = b;
    bool nx = sp_vec_null_at(x->e, x->at), ny = sp_vec_null_at(y->e, y->at);
    int c = nx || ny ? (x->nulls_last ? nx - ny : ny - nx)
        : sp_vec_rows_cmp(x->e, x->at, y->e, y->at) * (x->descending ? -1 : 1);
    return c ? c : x->at < y->at ? -1 : x->at > y->at;
}

static sp_status sorted(sp_kernel *k, bool array_sort, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        bool descending = !array_sort && k->arg_count > 1 && !sp_arg_int(k, 1, i);
        sort_key *keys = sp_arena_alloc(k->arena, sizeof *keys * ((size_t)l.length + 1), err);
        if (!keys) return SP_FAILED;
        for (uint32_t x = 0; x < l.length; x++) keys[x] = (sort_key){ e, l.offset + x, descending, array_sort ||
            descending };
        qsort(keys, l.length, sizeof *keys, by_value);
        uint32_t first = sp_builder_rows(b);
        for (uint32_t x = 0; x < l.length; x++) SP_TRY(sp_build_row(b, e, keys[x].at, err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status kernel_sort_array(sp_kernel *k, sp_error *err) { return sorted(k, false, err); }

static sp_status bind_sort_array(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    SP_TRY(sp_bind_orderable(b, t, err));
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    if (b->arg_count > 1) SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_BOOLEAN), err));
    return SP_OK;
}

/* ---- parts ---- */

static sp_status bind_slice(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    SP_TRY(sp_bind_want(b, 2, sp_type_of(SP_INT), err));
    b->type = sp_bind_type(b, 0);
    return SP_OK;
}

/* Elements stay where they are: only the lists are new. */
static sp_status share_elements(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    k->out->child[0] = sp_vec_flatten(e, k->arena, false, err);
    return k->out->child[0] ? SP_OK : SP_FAILED;
}

static sp_status kernel_slice(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        int64_t start = sp_arg_int(k, 1, i), n = sp_arg_int(k, 2, i);
        if (start == 0) return SP_FAIL(err, INVALID_PARAMETER_VALUE__START, "parameter", "`start`", "functionName",
            "`slice`");
        if (n < 0) {
            char text[24];
            snprintf(text, sizeof text, "%lld", (long long)n);
            return SP_FAIL(err, INVALID_PARAMETER_VALUE__LENGTH, "parameter", "`length`", "length", text,
                "functionName", "`slice`");
        }
        int64_t from = start > 0 ? start - 1 : (int64_t)l.length + start;
        if (from < 0 || from >= (int64_t)l.length) { SP_OUT(k, sp_list)[i] = (sp_list){ l.offset, 0 }; continue; }
        int64_t left = (int64_t)l.length - from;
        SP_OUT(k, sp_list)[i] = (sp_list){ l.offset + (uint32_t)from, (uint32_t)(n < left ? n : left) };
    }
    return share_elements(k, err);
}

static sp_status bind_flatten(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    if (t->kind != SP_ARRAY) return sp_bind_fail_type(b, 0, "\"ARRAY\" of \"ARRAY\"", err);
    b->type = t;
    b->nullable |= sp_bind_type(b, 0)->fields[0].nullable;
    return SP_OK;
}

static sp_status kernel_flatten(sp_kernel *k, sp_error *err)
{
    const sp_vec *lists, *e = NULL;
    SP_TRY(sp_arg_elements(k, 0, 0, &lists, err));
    if (lists->child_count && lists->child[0]) SP_TRY(sp_vec_plain(lists->child[0], k->arena, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t first = sp_builder_rows(b);
        bool null = false;
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) null |= sp_vec_null_at(lists, x);
        if (null) { sp_kernel_null(k, i); SP_OUT(k, sp_list)[i] = (sp_list){ 0, 0 }; continue; }
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) {
            sp_list inner = ((const sp_list *)lists->data)[SP_AT(lists, x)];
            for (uint32_t y = inner.offset; y < inner.offset + inner.length; y++) SP_TRY(sp_build_row(b, e, y, err));
        }
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status kernel_reverse_array(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t first = sp_builder_rows(b);
        for (uint32_t x = l.length; x > 0; x--) SP_TRY(sp_build_row(b, e, l.offset + x - 1, err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

sp_status sp_bind_reverse_array(sp_bind *b, sp_error *err);
sp_status sp_bind_reverse_array(sp_bind *b, sp_error *err)
{
    b->type = sp_bind_type(b, 0);
    b->kernel = kernel_reverse_array;
    return SP_OK;
}

/* ---- append, prepend, insert, remove, compact ---- */

static sp_status bind_append(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array_value(b, 1, &t, err));
    const sp_type *a = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    b->nullable = b->call->args[0]->nullable;
    return (b->type = sp_type_array(b->arena, t, a->fields[0].nullable || b->call->args[1]->nullable, err)) ? SP_OK
        : SP_FAILED;
}

static sp_status with_value(sp_kernel *k, bool before, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i)) { sp_kernel_null(k, i); SP_OUT(k, sp_list)[i] = (sp_list){ 0, 0 }; continue; }
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t first = sp_builder_rows(b);
        if (before) SP_TRY(sp_build_row(b, k->args[1], SP_AT(k->args[1], i), err));
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) SP_TRY(sp_build_row(b, e, x, err));
        if (!before) SP_TRY(sp_build_row(b, k->args[1], SP_AT(k->args[1], i), err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status kernel_append(sp_kernel *k, sp_error *err) { return with_value(k, false, err); }
static sp_status kernel_prepend(sp_kernel *k, sp_error *err) { return with_value(k, true, err); }

static sp_status bind_insert(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array_value(b, 2, &t, err));
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    b->nullable = b->call->args[0]->nullable || b->call->args[1]->nullable;
    return (b->type = sp_type_array(b->arena, t, true, err)) ? SP_OK : SP_FAILED;
}

/* Past an end the gap is filled with nulls; -1 is the place behind the last. */
static sp_status kernel_insert(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 0, i) || sp_arg_null(k, 1, i)) { sp_kernel_null(k, i); SP_OUT(k, sp_list)[i] = (sp_list){ 0, 0 }; continue; }
        sp_list l = sp_arg_list(k, 0, i);
        int64_t pos = sp_arg_int(k, 1, i), n = l.length;
        if (pos == 0) return SP_FAIL(err, INVALID_INDEX_OF_ZERO);
        int64_t at = pos > 0 ? pos - 1 : n + pos + 1, lead = 0;
        if (at < 0) { lead = -at; at = 0; }
        if (n + lead + 1 > SP_ARRAY_MAX || at > SP_ARRAY_MAX) return sp_fail_array_size(k, at > n ? at : n + lead + 1,
            err);
        uint32_t first = sp_builder_rows(b);
        const sp_vec *v = k->args[2];
        for (int64_t x = 0; x < (at > n ? at : n); x++) {
            if (x == at && !lead) SP_TRY(sp_build_row(b, v, SP_AT(v, i), err));
            if (lead && x == 0) {
                SP_TRY(sp_build_row(b, v, SP_AT(v, i), err));
                for (int64_t g = 0; g < lead; g++) SP_TRY(sp_build_null(b, err));
            }
            if (x < n) SP_TRY(sp_build_row(b, e, l.offset + (uint32_t)x, err));
            else SP_TRY(sp_build_null(b, err));
        }
        if (at >= n && !lead) SP_TRY(sp_build_row(b, v, SP_AT(v, i), err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status bind_remove(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array_value(b, 1, &t, err));
    b->type = b->want[0] ? b->want[0] : sp_bind_type(b, 0);
    return SP_OK;
}

static sp_status kernel_remove(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    bool compact = k->arg_count == 1;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        uint32_t first = sp_builder_rows(b);
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) {
            bool null = sp_vec_null_at(e, x);
            bool drop = compact ? null : !null && sp_vec_rows_eq(e, x, k->args[1], SP_AT(k->args[1], i));
            if (!drop) SP_TRY(sp_build_row(b, e, x, err));
        }
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status bind_compact(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    return (b->type = sp_type_array(b->arena, t, false, err)) ? SP_OK : SP_FAILED;
}

/* ---- making ---- */

static sp_status bind_repeat(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_want(b, 1, sp_type_of(SP_INT), err));
    b->nullable = b->call->args[1]->nullable;
    return (b->type = sp_type_array(b->arena, sp_bind_type(b, 0), b->call->args[0]->nullable, err)) ? SP_OK : SP_FAILED;
}

static sp_status kernel_repeat(sp_kernel *k, sp_error *err)
{
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        if (sp_arg_null(k, 1, i)) { sp_kernel_null(k, i); SP_OUT(k, sp_list)[i] = (sp_list){ 0, 0 }; continue; }
        int64_t n = sp_arg_int(k, 1, i);
        if (n > SP_ARRAY_MAX) return sp_fail_array_size(k, n, err);
        uint32_t first = sp_builder_rows(b);
        for (int64_t x = 0; x < n; x++) SP_TRY(sp_build_row(b, k->args[0], SP_AT(k->args[0], i), err));
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

static sp_status bind_join(sp_bind *b, sp_error *err)
{
    const sp_type *t;
    SP_TRY(sp_bind_array(b, 0, &t, err));
    if (t->kind != SP_STRING) {
        if (!sp_can_implicit_cast(t, sp_type_of(SP_STRING), b->conf)) return sp_bind_fail_type(b, 0,
            "\"ARRAY<STRING>\"", err);
        if (!(b->want[0] = sp_type_array(b->arena, sp_type_of(SP_STRING), true, err))) return SP_FAILED;
    }
    for (int i = 1; i < b->arg_count; i++) SP_TRY(sp_bind_want(b, i, sp_type_of(SP_STRING), err));
    b->type = sp_type_of(SP_STRING);
    return SP_OK;
}

static sp_status kernel_join(sp_kernel *k, sp_error *err)
{
    const sp_vec *e;
    SP_TRY(sp_arg_elements(k, 0, 0, &e, err));
    sp_buf out = { 0 };
    sp_status s = SP_OK;
    for (SP_ROWS(k, i)) {
        sp_list l = sp_arg_list(k, 0, i);
        sp_str by = sp_arg_str(k, 1, i);
        bool first = true;
        for (uint32_t x = l.offset; x < l.offset + l.length; x++) {
            bool null = sp_vec_null_at(e, x);
            if (null && k->arg_count < 3) continue;
            sp_str t = null ? sp_arg_str(k, 2, i) : sp_view_str(&((const sp_view *)e->data)[SP_AT(e, x)]);
            if (!first) sp_buf_add(&out, by.p, by.n);
            sp_buf_add(&out, t.p, t.n);
            first = false;
        }
        if ((s = sp_put_buf(k, i, &out, err)) == SP_FAILED) break;
    }
    sp_buf_done(&out);
    return s;
}

/* sequence(start, stop[, step]) over integers, dates and timestamps */
typedef struct sequence { sp_kind kind, step; } sequence;

static sp_status bind_sequence(sp_bind *b, sp_error *err)
{
    sequence *q;
    SP_NEW(q, b->arena, sizeof *q, err);
    const sp_type *t;
    SP_TRY(sp_bind_common(b, 0, 2, &t, err));
    bool dates = t->kind == SP_DATE || t->kind == SP_TIMESTAMP || t->kind == SP_TIMESTAMP_NTZ;
    sp_kind step = b->arg_count > 2 ? sp_bind_type(b, 2)->kind : SP_VOID;
    bool fits = sp_kind_is_integral(t->kind) ? b->arg_count < 3 || sp_kind_is_integral(step) || step == SP_STRING
                                             : dates && (b->arg_count < 3 || step == SP_CALENDAR ||
                                                 step == SP_DAY_TIME || step == SP_YEAR_MONTH);
    if (!fits)
        return SP_FAIL(err, DATATYPE_MISMATCH__SEQUENCE_WRONG_INPUT_TYPES, "sqlExpr", sp_bind_sql(b), "functionName",
            "`sequence`", "startType",
                       "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")", "stepType",
                           "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")",
                       "otherStartType", "\"INTEGRAL\"");
    if (sp_kind_is_integral(t->kind) && b->arg_count > 2) SP_TRY(sp_bind_common(b, 0, 3, &t, err));
    *q = (sequence){ t->kind, dates ? step : SP_VOID };
    b->state = q;
    return (b->type = sp_type_array(b->arena, t, false, err)) ? SP_OK : SP_FAILED;
}

static sp_status fail_sequence(sp_kernel *k, uint32_t i, sp_error *err)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
        "requirement failed: Illegal sequence boundaries: %s to %s by %s",
            sp_vec_sql_at(k->args[0], i, k->conf, k->arena),
                          sp_vec_sql_at(k->args[1], i, k->conf, k->arena), k->arg_count > 2
                              ? sp_vec_sql_at(k->args[2], i, k->conf, k->arena) : "1");
}

static sp_calendar step_of(sp_kernel *k, const sequence *q, uint32_t i, bool down)
{
    sp_calendar c = { 0, down ? -1 : 1, 0 };
    if (k->arg_count < 3) return c;
    c = (sp_calendar){ 0 };
    if (q->step == SP_CALENDAR) c = SP_GET(k, sp_calendar, 2, i);
    else if (q->step == SP_YEAR_MONTH) c.months = (int32_t)sp_arg_int(k, 2, i);
    else {
        int64_t us = sp_arg_int(k, 2, i);
        c.days = (int32_t)(us / SP_US_PER_DAY);
        c.us = us % SP_US_PER_DAY;
    }
    return c;
}

static sp_status sequence_dates(sp_kernel *k, const sequence *q, uint32_t i, sp_builder *b, sp_error *err)
{
    const sp_zone *z = q->kind == SP_TIMESTAMP_NTZ || q->kind == SP_DATE || !k->conf->zone ? sp_zone_utc()
        : k->conf->zone;
    int64_t scale = q->kind == SP_DATE ? SP_US_PER_DAY : 1, start = sp_arg_int(k, 0, i) * scale,
        stop = sp_arg_int(k, 1, i) * scale;
    sp_calendar c = step_of(k, q, i, start > stop);
    bool up = c.months > 0 || c.days > 0 || c.us > 0, none = !c.months && !c.days && !c.us;
    if (none ? start != stop : up ? start > stop : start < stop) return fail_sequence(k, i, err);
    for (int64_t n = 0;; n++) {
        if (n > SP_ARRAY_MAX) return sp_fail_array_size(k, n, err);
        int64_t v = sp_timestamp_add(start, (int32_t)(c.months * n), (int32_t)(c.days * n), c.us * n, z);
        if (up ? v > stop : v < stop) break;
        SP_TRY(sp_build_i64(b, q->kind == SP_DATE ? sp_floor_div(v, SP_US_PER_DAY) : v, err));
        if (none) break;
    }
    return SP_OK;
}

static sp_status kernel_sequence(sp_kernel *k, sp_error *err)
{
    const sequence *q = k->call->state;
    sp_builder *b = sp_child_builder(k, 0, err);
    if (!b) return SP_FAILED;
    for (SP_ROWS(k, i)) {
        uint32_t first = sp_builder_rows(b);
        if (!sp_kind_is_integral(q->kind)) SP_TRY(sequence_dates(k, q, i, b, err));
        else {
            int64_t start = sp_arg_int(k, 0, i), stop = sp_arg_int(k, 1, i);
            int64_t step = k->arg_count > 2 ? sp_arg_int(k, 2, i) : start <= stop ? 1 : -1;
            if (!((step > 0 && start <= stop) || (step < 0 && start >= stop) ||
                (step == 0 && start == stop))) return fail_sequence(k, i, err);
            __int128 n = step ? ((__int128)stop - start) / step + 1 : 1;
            if (n > SP_ARRAY_MAX) return sp_fail_array_size(k, (int64_t)n, err);
            for (__int128 x = 0; x < n; x++) SP_TRY(sp_build_i64(b, (int64_t)(start + x * step), err));
        }
        sp_put_list(k, i, first, sp_builder_rows(b));
    }
    return sp_child_done(k, b, 0, err);
}

extern const sp_function sp_family_array[];
const sp_function sp_family_array[] = {
    { "size", 1, 1, SP_FN_NULLS, bind_size, kernel_size, "1.5.0", "size(a): how many elements or entries" },
    { "cardinality", 1, 1, SP_FN_NULLS, bind_size, kernel_size, "2.4.0",
        "cardinality(a): how many elements or entries" },
    { "array_size", 1, 1, 0, bind_array_size, kernel_array_size, "3.3.0", "array_size(a): how many elements" },
    { "array_contains", 2, 2, SP_FN_MAY_BE_NULL, bind_contains, kernel_contains, "1.5.0",
        "array_contains(a, v): true if v is an element" },
    { "array_position", 2, 2, 0, bind_position, kernel_position, "2.4.0",
        "array_position(a, v): the first place of v from 1, 0 if none" },
    { "array_max", 1, 1, SP_FN_MAY_BE_NULL, bind_extreme, kernel_max, "2.4.0", "array_max(a): the greatest element" },
    { "array_min", 1, 1, SP_FN_MAY_BE_NULL, bind_extreme, kernel_min, "2.4.0", "array_min(a): the smallest element" },
    { "sort_array", 1, 2, 0, bind_sort_array, kernel_sort_array, "1.5.0",
        "sort_array(a[, ascending]): in order, nulls first (last if descending)" },
    { "slice", 3, 3, 0, bind_slice, kernel_slice, "2.4.0", "slice(a, start, length)" },
    { "flatten", 1, 1, SP_FN_MAY_BE_NULL, bind_flatten, kernel_flatten, "2.4.0",
        "flatten(a): the arrays of an array in one" },
    { "array_append", 2, 2, SP_FN_NULLS, bind_append, kernel_append, "3.4.0",
        "array_append(a, v): v behind the last element" },
    { "array_prepend", 2, 2, SP_FN_NULLS, bind_append, kernel_prepend, "3.5.0",
        "array_prepend(a, v): v before the first element" },
    { "array_insert", 3, 3, SP_FN_NULLS, bind_insert, kernel_insert, "3.4.0", "array_insert(a, pos, v)" },
    { "array_remove", 2, 2, 0, bind_remove, kernel_remove, "2.4.0",
        "array_remove(a, v): without the elements equal to v" },
    { "array_compact", 1, 1, 0, bind_compact, kernel_remove, "3.4.0", "array_compact(a): without nulls" },
    { "array_repeat", 2, 2, SP_FN_NULLS, bind_repeat, kernel_repeat, "2.4.0", "array_repeat(v, n): n times v" },
    { "array_join", 2, 3, 0, bind_join, kernel_join, "2.4.0", "array_join(a, by[, null text])" },
    { "sequence", 2, 3, 0, bind_sequence, kernel_sequence, "2.4.0", "sequence(start, stop[, step])" },
    { 0 }
};
