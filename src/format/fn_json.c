/* fn_json.c -- from_json, to_json, schema_of_json, and the family's table (paths and keys: fn_json_path.c).
 *
 * A bound call carries its schema and options made ready, read-only; what changes while records are read is made anew
 * for every batch. from_json of something that is no such JSON is a struct of nulls for a struct, null for an array
 * or a map; blank text is null. Behaviour: JsonToStructs, StructsToJson, SchemaOfJson, JsonExpressionEvalUtils,
 * FailureSafeParser. */
#include "format/json_int.h"
#include "format/fn_json_int.h"

/* ---- from_json ---- */

typedef struct from_json {
    json_options o;
    json_node *node;
    int corrupt;                /* the struct's field for bad records, or -1 */
} from_json;

static sp_status check_schema(sp_bind *b, const sp_type *t, sp_error *err)
{
    if (!sp_kind_is_nested(t->kind))
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_JSON_SCHEMA, "sqlExpr", sp_expr_sql_quoted(b->arena, b->call),
                       "schema", sp_type_sql_quoted(b->arena, t));
    if (t->kind == SP_MAP && t->fields[0].type->kind != SP_STRING)
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_JSON_MAP_KEY_TYPE, "sqlExpr",
                       sp_expr_sql_quoted(b->arena, b->call), "schema", sp_type_sql_quoted(b->arena, t));
    return SP_OK;
}

static sp_status read_mode(const json_options *o, const sp_type *t, sp_bind *b, int *corrupt, sp_error *err)
{
    if (o->mode == JSON_DROP_MALFORMED)
        return SP_FAIL(err, PARSE_MODE_UNSUPPORTED, "funcName", "`from_json`", "mode", "DROPMALFORMED");
    *corrupt = t->kind == SP_STRUCT ? sp_type_find(t, o->corrupt_name, true) : -1;
    if (*corrupt >= 0 && t->fields[*corrupt].type->kind != SP_STRING)
        return SP_FAIL(err, INVALID_CORRUPT_RECORD_TYPE, "columnName",
                       sp_arena_printf(b->arena, NULL, "`%.*s`", (int)o->corrupt_name.n, o->corrupt_name.p),
                       "actualType", sp_type_sql_quoted(b->arena, t->fields[*corrupt].type));
    return SP_OK;
}

static sp_status bind_from_json(sp_bind *b, sp_error *err)
{
    from_json *f;
    sp_props options;
    SP_NEW(f, b->arena, sizeof *f, err);
    SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_STRING), err));
    SP_TRY(sp_bind_schema(b, 1, &b->type, err));
    SP_TRY(check_schema(b, b->type, err));
    sp_status status = sp_bind_options(b, 2, &options, err);
    if (status == SP_OK)
        status = sp_json_options_read(b->arena, &options, b->conf, &f->o, err);
    sp_props_done(&options);
    SP_TRY(status);
    SP_TRY(sp_json_options_patterns(b->arena, &f->o, b->type, err));
    SP_TRY(read_mode(&f->o, b->type, b, &f->corrupt, err));
    SP_TRY(sp_json_node_new(b->arena, b->type, f->corrupt, &f->node, err));
    b->nullable = true;
    b->state = f;
    return SP_OK;
}

/* The value of a record that gives one: what of it could be read, or nothing at all. */
static sp_status bad_struct(const from_json *f, sp_builder *b, bool partial, sp_str text, sp_error *err)
{
    if (!partial)
        SP_TRY(sp_build_open(b, err));
    if (f->corrupt >= 0) {
        sp_builder *child = sp_builder_child(b, f->corrupt);
        sp_builder_truncate(child, sp_builder_rows(b));
        SP_TRY(sp_build_str(child, text, err));
    }
    return sp_build_close(b, err);
}

static sp_status fail_fast(const from_json *f, json_converter *c, sp_builder *b, json_result res, sp_str text,
                           sp_error *err)
{
    sp_buf row = { 0 };
    if (c->cause == JSON_CAUSE_ARRAY_AS_STRUCT) {
        sp_buf_add(&row, text.p, text.n);
        SP_FAIL(err, MALFORMED_RECORD_IN_PARSING__CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS, "badRecord", sp_buf_cstr(&row),
                "failFastMode", "FAILFAST");
    } else {
        uint32_t at = sp_builder_rows(b);
        bool is_struct = f->node->type->kind == SP_STRUCT, value = is_struct || res == JSON_PARTIAL;
        sp_vec *v = NULL;
        if (is_struct) SP_TRY(bad_struct(f, b, res == JSON_PARTIAL, text, err));
        else if (value) at--;       /* an array or map that is there already */
        if (value) SP_TRY(sp_builder_take(b, &v, err));
        if (!is_struct) sp_buf_putc(&row, '[');
        sp_json_value_text(v, at, &row);
        if (!is_struct) sp_buf_putc(&row, ']');
        SP_FAIL(err, MALFORMED_RECORD_IN_PARSING__WITHOUT_SUGGESTION, "badRecord", sp_buf_cstr(&row), "failFastMode",
                "FAILFAST");
    }
    sp_buf_done(&row);
    return SP_FAILED;
}

static json_result read_struct(const from_json *f, json_converter *c, json_token t, sp_builder *b)
{
    if (t != JT_OBJECT)
        return sp_json_note_failure(c, t == JT_ARRAY ? JSON_CAUSE_ARRAY_AS_STRUCT : JSON_CAUSE_OTHER, NULL);
    if (sp_build_open(b, c->err) == SP_FAILED)
        return JSON_FATAL;
    return sp_json_build_fields(c, f->node, b);
}

/* An object where an array of objects is wanted is an array of one. */
static json_result read_list(const from_json *f, json_converter *c, json_token t, sp_builder *b)
{
    const json_node *n = f->node;
    if (t == JT_ERROR || t == JT_NULL)
        return sp_json_note_failure(c, JSON_CAUSE_OTHER, NULL);
    if (n->type->kind != SP_ARRAY || t != JT_OBJECT || n->child[0]->type->kind != SP_STRUCT)
        return sp_json_build(c, n, b);
    uint32_t row = sp_builder_rows(b);
    if (sp_build_open(b, c->err) == SP_FAILED)
        return JSON_FATAL;
    json_result res = sp_json_build(c, n->child[0], sp_builder_child(b, 0));
    if (res == JSON_OK || res == JSON_PARTIAL)
        return sp_build_close(b, c->err) == SP_FAILED ? JSON_FATAL : res;
    sp_builder_truncate(b, row);
    return res;
}

static sp_status read_one(const from_json *f, json_converter *c, sp_str text, sp_arena *arena, sp_builder *b,
                          sp_error *err)
{
    bool is_struct = f->node->type->kind == SP_STRUCT;
    uint32_t row = sp_builder_rows(b);
    c->failed_before = false;
    c->cause = JSON_CAUSE_OTHER;
    sp_json_reader_start(&c->r, text, arena);
    json_token t = sp_json_next(&c->r);
    if (t == JT_END)
        return sp_build_null(b, err);
    sp_builder_truncate(b, row);
    json_result res = is_struct ? read_struct(f, c, t, b) : read_list(f, c, t, b);
    if (res == JSON_FATAL)
        return SP_FAILED;
    if (res == JSON_OK)
        return is_struct ? sp_build_close(b, err) : SP_OK;
    if (res == JSON_FAIL)
        sp_builder_truncate(b, row);
    if (f->o.mode == JSON_FAIL_FAST)
        return fail_fast(f, c, b, res, text, err);
    if (is_struct)
        return bad_struct(f, b, res == JSON_PARTIAL, text, err);
    return res == JSON_PARTIAL ? SP_OK : sp_build_null(b, err);
}

static sp_status kernel_from_json(sp_kernel *k, sp_error *err)
{
    const from_json *f = k->call->state;
    json_converter c;
    SP_TRY(sp_json_converter_init(&c, k->arena, &f->o, err));
    c.err = err;
    sp_builder *b = sp_builder_new(k->arena, k->call->type, true, err);
    if (!b)
        return SP_FAILED;
    for (uint32_t i = 0, n = 0; i < k->rows; i++) {
        bool live = n < k->count && (k->sel ? k->sel[n] : n) == i;
        n += live;
        if (live)
            SP_TRY(read_one(f, &c, sp_json_arg(k, 0, i), k->arena, b, err));
        else
            SP_TRY(sp_build_null(b, err));
    }
    sp_vec *v;
    SP_TRY(sp_builder_take(b, &v, err));
    *k->out = *v;
    return SP_OK;
}

/* ---- to_json ---- */

static sp_status bind_to_json(sp_bind *b, sp_error *err)
{
    const sp_type *t = sp_bind_type(b, 0);
    if (!sp_kind_is_nested(t->kind) && t->kind != SP_VARIANT)
        return SP_FAIL(err, DATATYPE_MISMATCH__INVALID_JSON_SCHEMA, "sqlExpr", sp_expr_sql_quoted(b->arena, b->call),
                       "schema", sp_type_sql_quoted(b->arena, t));
    sp_props options;
    json_writer *w = NULL;
    sp_status status = sp_bind_options(b, 1, &options, err);
    if (status == SP_OK)
        status = sp_json_writer_new(b->arena, &options, b->conf, &w, err);
    sp_props_done(&options);
    b->state = w;
    b->type = sp_type_of(SP_STRING);
    b->nullable = true;
    return status;
}

sp_status sp_json_put_text(sp_kernel *k, uint32_t row, sp_buf *text, sp_error *err)
{
    SP_TRY(sp_buf_check(text, err));
    char *p = NULL;
    if (text->len > SP_VIEW_INLINE) {
        if (!(p = sp_arena_alloc(k->arena, text->len, err)))
            return SP_FAILED;
        memcpy(p, text->data, text->len);
    }
    ((sp_view *)k->out->data)[row] = sp_view_make(p ? p : text->data, text->len);
    sp_buf_clear(text);
    return SP_OK;
}

static sp_status kernel_to_json(sp_kernel *k, sp_error *err)
{
    const json_writer *w = k->call->state;
    sp_buf text = { 0 };
    sp_status status = SP_OK;
    for (SP_ROWS(k, i)) {
        status = sp_json_write_value(w, k->args[0], SP_AT(k->args[0], i), &text, err);
        if (status == SP_OK)
            status = sp_json_put_text(k, i, &text, err);
        if (status != SP_OK)
            break;
    }
    sp_buf_done(&text);
    return status;
}

/* ---- schema_of_json ---- */

static const sp_type *canonical(sp_arena *a, const sp_type *t, const json_options *o, sp_error *err)
{
    bool vanished;
    const sp_type *r;
    if (t->kind == SP_ARRAY && t->fields[0].type->kind == SP_STRUCT) {
        r = sp_json_canonical_type(a, t->fields[0].type, o, &vanished, err);
        if (!r && vanished)
            r = sp_type_struct(a, NULL, 0, err);
        return r ? sp_type_array(a, r, t->fields[0].nullable, err) : NULL;
    }
    r = sp_json_canonical_type(a, t, o, &vanished, err);
    if (!r && vanished)
        r = t->kind == SP_STRUCT ? sp_type_struct(a, NULL, 0, err) : sp_type_of(SP_STRING);
    return r;
}

static sp_status infer_text(sp_bind *b, const sp_props *options, sp_str json, sp_str *out, sp_error *err)
{
    json_options o;
    json_reader r;
    const sp_type *t;
    bool bad;
    sp_expr_conf conf = *b->conf;
    conf.zone = sp_zone_utc();
    SP_TRY(sp_json_options_read(b->arena, options, &conf, &o, err));
    SP_TRY(sp_json_options_all_patterns(b->arena, &o, false, err));
    SP_TRY(sp_json_reader_init(&r, b->arena, o.features, o.max_depth, o.max_number, err));
    sp_json_reader_start(&r, json, b->arena);
    SP_TRY(sp_json_infer_record(b->arena, &o, &r, &t, &bad, err));
    if (bad)
        return sp_error_plain(err, SP_EXC_UNKNOWN, "Malformed JSON: %.*s", (int)(json.n < 200 ? json.n : 200), json.p);
    if (!(t = canonical(b->arena, t, &o, err)))
        return SP_FAILED;
    sp_buf sql = { 0 };
    sp_type_sql(&sql, t);
    *out = sp_str_copy(b->arena, (sp_str){ sql.data, sql.len }, err);
    sp_buf_done(&sql);
    return out->p ? SP_OK : SP_FAILED;
}

static sp_status bind_schema_of_json(sp_bind *b, sp_error *err)
{
    SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_STRING), err));
    sp_expr *e = b->call->args[0];
    if (!e->foldable || e->type->kind != SP_STRING)
        return SP_FAIL(err, DATATYPE_MISMATCH__NON_FOLDABLE_INPUT, "sqlExpr", sp_expr_sql_quoted(b->arena, b->call),
                       "inputName", "`json`", "inputType", "\"STRING\"", "inputExpr", sp_expr_sql_quoted(b->arena, e));
    sp_value v;
    SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
    if (v.is_null)
        return SP_FAIL(err, DATATYPE_MISMATCH__UNEXPECTED_NULL, "sqlExpr", sp_expr_sql_quoted(b->arena, b->call),
                       "exprName", "`json`");
    sp_props options;
    sp_str *text;
    SP_NEW(text, b->arena, sizeof *text, err);
    sp_status status = sp_bind_options(b, 1, &options, err);
    if (status == SP_OK)
        status = infer_text(b, &options, v.str, text, err);
    sp_props_done(&options);
    b->state = text;
    b->type = sp_type_of(SP_STRING);
    b->nullable = false;
    return status;
}

static sp_status kernel_schema_of_json(sp_kernel *k, sp_error *err)
{
    const sp_str *text = k->call->state;
    for (SP_ROWS(k, i))
        ((sp_view *)k->out->data)[i] = sp_view_make(text->p, text->n);
    return SP_OK;
}

const sp_function sp_family_json[] = {
    { "from_json", 2, 3, SP_FN_MAY_BE_NULL | SP_FN_FIRST_SHOWN, bind_from_json, kernel_from_json, "2.2.0",
      "from_json(json, schema[, options]): the value that the text holds, of the given type" },
    { "to_json", 1, 2, SP_FN_FIRST_SHOWN, bind_to_json, kernel_to_json, "2.2.0",
      "to_json(value[, options]): the JSON of a struct, array or map" },
    { "schema_of_json", 1, 2, SP_FN_FIRST_SHOWN, bind_schema_of_json, kernel_schema_of_json, "2.4.0",
      "schema_of_json(json[, options]): the type of a JSON text, as DDL" },
    { "get_json_object", 2, 2, SP_FN_MAY_BE_NULL, sp_json_bind_path, sp_json_kernel_path, "1.5.0",
      "get_json_object(json, path): what stands at the path, as text" },
    { "json_tuple", 2, -1, SP_FN_GENERATOR | SP_FN_NULLS, sp_json_bind_tuple, sp_json_kernel_tuple, "1.6.0",
      "json_tuple(json, name, ...): the fields of those names, as columns of text" },
    { "json_array_length", 1, 1, SP_FN_MAY_BE_NULL, sp_json_bind_length, sp_json_kernel_length, "3.1.0",
      "json_array_length(json): elements of the outermost array" },
    { "json_object_keys", 1, 1, SP_FN_MAY_BE_NULL, sp_json_bind_keys, sp_json_kernel_keys, "3.1.0",
      "json_object_keys(json): names in the outermost object" },
    { 0 }
};
