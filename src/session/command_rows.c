/* command_rows.c -- results of commands: small tables of strings and booleans. */
#include "session/session_int.h"

sp_status sp_rows_new(sp_arena *a, const char *const *columns, sp_rows *out, sp_error *err)
{
    sp_field fields[16];
    int n = 0;
    for (; columns[n]; n++) {
        SP_ASSERT(n < 16);
        const char *end = columns[n] + strcspn(columns[n], ":!");
        const sp_type *type = sp_type_of(strstr(end, ":boolean") ? SP_BOOLEAN : SP_STRING);
        fields[n] = (sp_field){ { columns[n], (size_t)(end - columns[n]) }, type, !strchr(end, '!'), { 0 } };
    }
    *out = (sp_rows){ a, sp_type_struct(a, fields, n, err), NULL, 0 };
    if (!out->schema)
        return SP_FAILED;
    SP_NEW_ARRAY(out->columns, a, n + 1, err);
    for (int i = 0; i < n; i++)
        if (!(out->columns[i] = sp_builder_new(a, out->schema->fields[i].type, false, err)))
            return SP_FAILED;
    return SP_OK;
}

sp_status sp_rows_add(sp_rows *r, const sp_str *cells, sp_error *err)
{
    for (int i = 0; i < r->schema->field_count; i++) {
        if (!cells[i].p)
            SP_TRY(sp_build_null(r->columns[i], err));
        else if (r->schema->fields[i].type->kind == SP_BOOLEAN)
            SP_TRY(sp_build_bool(r->columns[i], sp_str_is(cells[i], "true"), err));
        else
            SP_TRY(sp_build_str(r->columns[i], cells[i], err));
    }
    r->count++;
    return SP_OK;
}

sp_status sp_rows_send(sp_rows *r, const sp_result_sink *sink, sp_error *err)
{
    sp_batch b = { .rows = r->count, .sel_count = r->count, .column_count = r->schema->field_count };
    SP_NEW_ARRAY(b.columns, r->arena, b.column_count + 1, err);
    for (int i = 0; i < b.column_count; i++)
        SP_TRY(sp_builder_take(r->columns[i], &b.columns[i], err));
    SP_TRY(sink->schema(sink->context, r->schema, err));
    return r->count ? sink->batch(sink->context, &b, err) : SP_OK;
}
