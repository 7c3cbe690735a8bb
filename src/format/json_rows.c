/* json_rows.c -- the rows of a batch being decoded: values go straight into the columns' arrays, nested ones through
 * builders.
 *
 * A row is written in place and counts only when it is finished, so that a record which turns out bad, or which a
 * predicate refuses, leaves nothing behind. Behaviour: JacksonParser.convertObject for the root object (isRoot),
 * FailureSafeParser.toResultRow. */
#include "format/json_int.h"

sp_status sp_json_rows_init(sp_arena *a, const sp_decode_spec *spec, const json_options *o, json_rows *x, sp_error *err)
{
    memset(x, 0, sizeof *x);
    x->corrupt = -1;
    x->column_count = spec->columns ? spec->column_count : spec->schema->field_count;
    sp_str *names;
    int *fields, count = 0;
    SP_NEW_ARRAY(x->columns, a, x->column_count + 1, err);
    SP_NEW_ARRAY(names, a, x->column_count + 1, err);
    SP_NEW_ARRAY(fields, a, x->column_count + 1, err);
    for (int i = 0; i < x->column_count; i++) {
        const sp_field *f = &spec->schema->fields[spec->columns ? spec->columns[i] : i];
        json_column *c = &x->columns[i];
        json_node *node;
        SP_TRY(sp_json_node_new(a, f->type, -1, &node, err));
        *c = (json_column){ .node = node, .kind = f->type->kind, .width = (uint8_t)sp_kind_width(f->type->kind) };
        if (sp_str_eq(f->name, o->corrupt_name)) {
            x->corrupt = i;
            continue;
        }
        names[count] = f->name;
        fields[count++] = i;
    }
    SP_TRY(sp_json_names_init(a, &x->names, names, fields, count, err));
    return sp_json_filter_new(a, spec->pushed, spec->pushed_count, x->columns, x->column_count, x->corrupt, &x->filter,
                              err);
}

sp_status sp_json_rows_begin(json_rows *x, sp_arena *batch_arena, sp_error *err)
{
    x->row = 0;
    x->serial++;
    x->arena = batch_arena;
    x->err = err;
    for (int i = 0; i < x->column_count; i++) {
        json_column *c = &x->columns[i];
        c->vec = NULL;
        c->builder = NULL;
        if (sp_kind_is_nested(c->kind)) {
            if (!(c->builder = sp_builder_new(batch_arena, c->node->type, true, err)))
                return SP_FAILED;
            continue;
        }
        if (!(c->vec = sp_vec_new(batch_arena, c->node->type, SP_BATCH_ROWS, err)))
            return SP_FAILED;
        c->data = c->vec->data;
    }
    return SP_OK;
}

sp_status sp_json_rows_end(json_rows *x, sp_batch *out, sp_error *err)
{
    *out = (sp_batch){ .rows = x->row, .sel_count = x->row, .column_count = x->column_count };
    SP_NEW_ARRAY(out->columns, x->arena, x->column_count + 1, err);
    for (int i = 0; i < x->column_count; i++) {
        json_column *c = &x->columns[i];
        if (c->builder) {
            sp_builder_truncate(c->builder, x->row);
            SP_TRY(sp_builder_take(c->builder, &c->vec, err));
        }
        c->vec->rows = x->row;
        out->columns[i] = c->vec;
    }
    return SP_OK;
}

sp_status sp_json_column_null(json_rows *x, json_column *c)
{
    c->is_null = true;
    c->filled = x->serial;
    if (c->builder) {
        sp_builder_truncate(c->builder, x->row);
        return sp_build_null(c->builder, x->err);
    }
    if (!c->vec->valid)
        SP_TRY(sp_vec_need_valid(c->vec, x->arena, x->err));
    sp_bit_clear(c->vec->valid, x->row);
    if (c->width)
        memset((char *)c->data + (size_t)c->width * x->row, 0, c->width);
    return SP_OK;
}

static void store(json_column *c, uint32_t row, const json_scalar *v)
{
    switch (c->kind) {
    case SP_STRING: case SP_BINARY: sp_view_put((sp_view *)c->data + row, v->str.p, v->str.n); break;
    case SP_FLOAT: ((float *)c->data)[row] = (float)v->f64; break;
    case SP_DOUBLE: ((double *)c->data)[row] = v->f64; break;
    case SP_DECIMAL: ((__int128 *)c->data)[row] = v->decimal; break;
    case SP_CALENDAR: ((sp_calendar *)c->data)[row] = v->calendar; break;
    default:
        switch (c->width) {
        case 1: ((int8_t *)c->data)[row] = (int8_t)v->i64; break;
        case 2: ((int16_t *)c->data)[row] = (int16_t)v->i64; break;
        case 4: ((int32_t *)c->data)[row] = (int32_t)v->i64; break;
        case 8: ((int64_t *)c->data)[row] = v->i64; break;
        }
    }
}

static json_result convert_nested(json_rows *x, json_column *c, json_converter *cv)
{
    sp_builder_truncate(c->builder, x->row);
    c->filled = 0;
    json_result res = sp_json_build(cv, c->node, c->builder);
    if (res != JSON_OK && res != JSON_PARTIAL)
        return res;
    c->filled = x->serial;
    c->is_null = false;
    if (sp_json_filter_has(x->filter, (int)(c - x->columns)))
        c->is_null = cv->r.token == JT_NULL;
    return res;
}

json_result sp_json_column_convert(json_rows *x, json_column *c, json_converter *cv)
{
    if (c->builder)
        return convert_nested(x, c, cv);
    json_scalar v;
    json_result res = sp_json_scalar(cv, c->node, &v);
    if (res != JSON_OK)
        return res;
    if (v.is_null)
        return sp_json_column_null(x, c) == SP_FAILED ? JSON_FATAL : JSON_OK;
    store(c, x->row, &v);
    sp_json_column_good(x, c);
    return JSON_OK;
}

json_result sp_json_rows_object(json_rows *x, json_converter *c)
{
    json_reader *r = &c->r;
    bool bad = false;
    int hint = 0;
    if (x->filter)
        sp_json_filter_reset(x->filter);
    for (;;) {
        json_token t = sp_json_next(r);
        if (t == JT_ERROR)
            return sp_json_note_failure(c, JSON_CAUSE_OTHER, NULL);
        if (t == JT_OBJECT_END || t == JT_END)
            return bad ? JSON_PARTIAL : JSON_OK;
        sp_str name = sp_json_current_name(r);
        int at = name.p ? sp_json_names_find(&x->names, name, hint) : -1;
        if (at < 0) {
            if (!sp_json_skip_children(r))
                return sp_json_note_failure(c, JSON_CAUSE_OTHER, NULL);
            continue;
        }
        hint = at + 1;
        int i = x->names.field[at];
        json_result res = sp_json_column_convert(x, &x->columns[i], c);
        if (res == JSON_FATAL)
            return res;
        bad |= res != JSON_OK;
        if (res == JSON_FAIL) {
            if (!sp_json_skip_children(r))
                return sp_json_note_failure(c, JSON_CAUSE_OTHER, NULL);
        } else if (x->filter && sp_json_filter_skips(x->filter, i, x->columns, x->row)) {
            return JSON_SKIPPED;
        }
    }
}

sp_status sp_json_rows_finish(json_rows *x, const sp_str *corrupt_text)
{
    if (x->corrupt >= 0) {
        json_column *c = &x->columns[x->corrupt];
        if (corrupt_text) {
            *((sp_view *)c->data + x->row) = sp_view_make(corrupt_text->p, corrupt_text->n);
            sp_json_column_good(x, c);
        } else {
            SP_TRY(sp_json_column_null(x, c));
        }
    }
    for (int i = 0; i < x->column_count; i++)
        if (x->columns[i].filled != x->serial)
            SP_TRY(sp_json_column_null(x, &x->columns[i]));
    return SP_OK;
}

/* Values as InternalRow holds them: dates and timestamps are numbers, strings stand without quotes. */
void sp_json_value_text(const sp_vec *v, uint32_t row, sp_buf *out)
{
    if (!v || sp_vec_null_at(v, row)) {
        sp_buf_puts(out, "null");
        return;
    }
    sp_list list = { 0, 0 };
    int64_t n;
    switch (v->type->kind) {
    case SP_DATE: case SP_YEAR_MONTH:
        sp_buf_printf(out, "%d", ((const int32_t *)v->data)[row]);
        return;
    case SP_TIMESTAMP: case SP_TIMESTAMP_NTZ: case SP_TIME: case SP_DAY_TIME:
        memcpy(&n, (const int64_t *)v->data + row, sizeof n);
        sp_buf_printf(out, "%lld", (long long)n);
        return;
    case SP_ARRAY: case SP_MAP:
        list = ((const sp_list *)v->data)[row];
        for (int c = 0; c < v->child_count; c++) {
            if (v->type->kind == SP_MAP)
                sp_buf_puts(out, c ? ", values: " : "keys: ");
            sp_buf_putc(out, '[');
            for (uint32_t i = 0; i < list.length; i++) {
                if (i) sp_buf_putc(out, ',');
                sp_json_value_text(v->child[c], list.offset + i, out);
            }
            sp_buf_putc(out, ']');
        }
        return;
    case SP_STRUCT:
        sp_buf_putc(out, '[');
        for (int c = 0; c < v->child_count; c++) {
            if (c) sp_buf_putc(out, ',');
            sp_json_value_text(v->child[c], row, out);
        }
        sp_buf_putc(out, ']');
        return;
    default:
        sp_vec_text(out, v, row, false, sp_zone_utc(), NULL);
    }
}

void sp_json_rows_text(const json_rows *x, sp_buf *out)
{
    sp_buf_putc(out, '[');
    for (int i = 0; i < x->column_count; i++) {
        const json_column *c = &x->columns[i];
        sp_vec *v = c->vec;
        if (i)
            sp_buf_putc(out, ',');
        bool filled = c->filled == x->serial && !c->is_null;
        if (filled && c->builder && sp_builder_take(c->builder, &v, x->err) == SP_FAILED)
            filled = false;
        if (filled && c->vec && c->vec->valid)
            sp_bit_set(c->vec->valid, x->row);
        sp_json_value_text(filled ? v : NULL, x->row, out);
    }
    sp_buf_putc(out, ']');
}
