/* build.h -- batches for the sink tests: rows written as text, "a|1" with NULL for null, ";" between rows. */
#ifndef SPATE_TESTS_SINK_BUILD_H
#define SPATE_TESTS_SINK_BUILD_H

#include "sink/sink_int.h"
#include "test.h"

static inline const sp_type *build_schema(sp_arena *a, const char *ddl)
{
    const sp_type *t;
    sp_error err = { 0 };
    REQUIRE(sp_type_schema_from_ddl(a, sp_str_of(ddl), &t, &err) == SP_OK);
    return t;
}

static inline sp_batch build_batch(sp_arena *a, const sp_type *schema, const char *rows)
{
    sp_builder *b[20];
    sp_error err = { 0 };
    sp_batch out = { .column_count = schema->field_count, .columns = sp_arena_calloc(a, sizeof(sp_vec *) * 20, NULL) };
    REQUIRE(out.columns);
    for (int c = 0; c < schema->field_count; c++)
        REQUIRE((b[c] = sp_builder_new(a, schema->fields[c].type, false, &err)) != NULL);
    for (const char *p = rows; *p; out.rows++) {
        for (int c = 0; c < schema->field_count; c++) {
            size_t n = strcspn(p, "|;");
            sp_value v;
            if (n == 4 && memcmp(p, "NULL", 4) == 0) {
                REQUIRE(sp_build_null(b[c], &err) == SP_OK);
            } else if (schema->fields[c].type->kind == SP_STRING) {
                REQUIRE(sp_build_str(b[c], (sp_str){ p, n }, &err) == SP_OK);
            } else {
                REQUIRE(sp_parse_value((sp_str){ p, n }, schema->fields[c].type, sp_zone_utc(), a, &v));
                sp_vec *one = sp_value_vec(&v, 1, a, &err);
                REQUIRE(one && sp_build_row(b[c], one, 0, &err) == SP_OK);
            }
            p += n + (p[n] != '\0');
        }
    }
    out.sel_count = out.rows;
    for (int c = 0; c < schema->field_count; c++)
        REQUIRE(sp_builder_take(b[c], &out.columns[c], &err) == SP_OK);
    return out;
}

#endif
