/* fuzz_state.c -- any bytes as a row of state, as a compressed stream, and as the plain content of a delta or snapshot.
 *
 * LINK: state
 * The first byte says which: 0 a row of the type list below, 1 an lz4 stream, 2 a zstd stream, 3 a delta's content, 4 a snapshot's. */
#include "state/state_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char DDL[] = "a INT, b STRING, c DECIMAL(38,2), d DECIMAL(10,2), e ARRAY<STRUCT<x: INT, y: STRING>>, f MAP<STRING, ARRAY<DOUBLE>>, "
                          "g STRUCT<p: INTERVAL, q: BOOLEAN, r: ARRAY<DECIMAL(20,0)>>, h VARIANT, i VOID, j TIMESTAMP, k BINARY, l SMALLINT, m FLOAT";

static sp_status row(void *context, sp_str key, sp_str value, sp_error *err)
{
    uint64_t *sum = context;
    *sum += sp_hash_bytes(key.p, key.n);
    if (value.p)
        *sum += sp_hash_bytes(value.p, value.n);
    return SP_OK;
}

static void decode(sp_arena *a, sp_str bytes)
{
    static const sp_type *type;
    static sp_arena *types;
    sp_error err = { 0 };
    sp_builder *b[20];
    const sp_vec *v[20];
    if (!types) {
        types = sp_arena_new("types", 0);
        sp_type_schema_from_ddl(types, sp_str_of(DDL), &type, &err);
    }
    for (int i = 0; i < type->field_count; i++)
        b[i] = sp_builder_new(a, type->fields[i].type, true, &err);
    if (sp_unsafe_decode(bytes, type, b, &err) != SP_OK)
        return;
    sp_buf again = { 0 }, text = { 0 };
    for (int i = 0; i < type->field_count; i++) {
        sp_vec *out;
        sp_builder_take(b[i], &out, &err);
        v[i] = out;
        if (type->fields[i].type->kind != SP_VARIANT)
            sp_vec_text(&text, out, 0, true, sp_zone_utc(), &err);
    }
    sp_unsafe_encode(&again, v, type->field_count, 0, &err);
    sp_buf_done(&again);
    sp_buf_done(&text);
}

static void replay(sp_arena *a, sp_str plain, bool snapshot)
{
    sp_world *w = sp_world_sim_new(1);
    sp_error err = { 0 };
    sp_buf packed = { 0 };
    sp_state_store *s;
    uint64_t sum = 0;
    sp_state_spec spec = { .world = w, .arena = a, .dir = "/s", .name = "default", .codec = "lz4", .min_versions_to_retain = 1, .min_deltas_for_snapshot = 1 };
    if (sp_state_pack("lz4", plain, &packed, &err) == SP_OK && sp_dir_make(w, "/s", &err) == SP_OK && sp_state_hdfs.open(&spec, &s, &err) == SP_OK) {
        sp_file_write_atomic(w, snapshot ? "/s/2.snapshot" : "/s/1.delta", (sp_str){ packed.data, packed.len }, true, SP_DURABLE_RENAME, NULL, &err);
        sp_state_hdfs.load(s, snapshot ? 2 : 1, row, &sum, &err);
        sp_state_hdfs.close(s);
    }
    sp_buf_done(&packed);
    sp_world_sim_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    sp_arena *a = sp_arena_new("fuzz", 256 << 20);
    sp_error err = { 0 };
    sp_str out, bytes = { (const char *)data + 1, n - 1 };
    switch (data[0] % 5) {
    case 0: decode(a, bytes); break;
    case 1: sp_state_unpack("lz4", bytes, "f", a, &out, &err); break;
    case 2: sp_state_unpack("zstd", bytes, "f", a, &out, &err); break;
    case 3: replay(a, bytes, false); break;
    default: replay(a, bytes, true); break;
    }
    sp_arena_free(a);
    return 0;
}
