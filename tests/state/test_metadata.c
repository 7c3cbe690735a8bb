/* test_metadata.c -- the schema file of partition 0 and the operator's description. */
#include "state/state_int.h"
#include "test.h"

#define KEY_JSON "{\"type\":\"struct\",\"fields\":[{\"name\":\"value\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}"
#define VALUE_JSON "{\"type\":\"struct\",\"fields\":[{\"name\":\"count\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}"
_Static_assert(sizeof KEY_JSON - 1 == 0x5b && sizeof VALUE_JSON - 1 == 0x59, "the lengths below");

static sp_world *w;
static sp_arena *a;

static void begin(void)
{
    w = sp_world_sim_new(3);
    REQUIRE(w);
    DEFER(sp_world_sim_free, w);
    a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
}

static sp_state_spec spec_of(const char *key, const char *value)
{
    sp_state_spec s = { .world = w, .arena = a, .dir = "/ck/state/0/0", .name = "default" };
    sp_error err = { 0 };
    REQUIRE(sp_type_schema_from_ddl(a, sp_str_of(key), &s.key_schema, &err) == SP_OK);
    REQUIRE(sp_type_schema_from_ddl(a, sp_str_of(value), &s.value_schema, &err) == SP_OK);
    return s;
}

static void put(const char *path, sp_str text)
{
    sp_error err = { 0 };
    REQUIRE(sp_file_write_atomic(w, path, text, true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
}

TEST_ALLOC(schema_file)
{
    begin();
    sp_state_spec s = spec_of("value STRING", "count BIGINT");
    sp_error err = { 0 };
    sp_str text;
    REQUIRE(sp_state_schema_guard(&s, &err) == SP_OK);
    REQUIRE(sp_file_read_all(w, "/ck/state/0/0/_metadata/schema", a, &text, NULL, &err) == SP_OK);
    static const char want[] = "\0\2v2\0\0\0\1\0\x5b" KEY_JSON "\0\0\0\1\0\x59" VALUE_JSON;
    CHECK_MEM(text.p, text.n, want, sizeof want - 1);
    REQUIRE(sp_state_schema_guard(&s, &err) == SP_OK);
    sp_state_spec renamed = spec_of("word STRING", "n BIGINT");
    CHECK(sp_state_schema_guard(&renamed, &err) == SP_OK);
}

TEST(incompatible)
{
    begin();
    sp_state_spec s = spec_of("value STRING", "count BIGINT, d DECIMAL(10,2), m MAP<STRING,ARRAY<INT>>");
    sp_error err = { 0 };
    sp_buf text = { 0 };
    REQUIRE(sp_state_schema_guard(&s, &err) == SP_OK);
    sp_state_spec other = spec_of("value INT", "count BIGINT, d DECIMAL(10,2), m MAP<STRING,ARRAY<INT>>");
    CHECK(sp_state_schema_guard(&other, &err) == SP_FAILED);
    CHECK_INT(err.condition, SP_COND_STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE);
    sp_error_message(&err, &text);
    CHECK(strstr(sp_buf_cstr(&text), "Existing key_schema=StructType(StructField(value,StringType,true)) and new "
                 "key_schema=StructType(StructField(value,IntegerType,true)).") != NULL);
    sp_buf_done(&text);
    static const char *const values[] = { "count BIGINT", "count BIGINT, d DECIMAL(10,3), m MAP<STRING,ARRAY<INT>>",
                                          "count INT, d DECIMAL(10,2), m MAP<STRING,ARRAY<INT>>",
                                          "count BIGINT, d DECIMAL(10,2), m MAP<STRING,ARRAY<BIGINT>>" };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sp_error_reset(&err);
        other = spec_of("value STRING", values[i]);
        CHECK(sp_state_schema_guard(&other, &err) == SP_FAILED);
        CHECK_INT(err.condition, SP_COND_STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE);
        CHECK(strstr(err.param_values[0], "StructField(d,DecimalType(10,2),true),StructField(m,MapType(StringType,ArrayType(IntegerType,true),true),true))"));
    }
}

TEST(older_and_damaged_files)
{
    begin();
    sp_state_spec s = spec_of("value STRING", "count BIGINT");
    sp_error err = { 0 };
    REQUIRE(sp_dir_make(w, "/ck/state/0/0/_metadata", &err) == SP_OK);
    put("/ck/state/0/0/_metadata/schema", SP_LIT("\0\2v1\0\x5b" KEY_JSON "\0\x59" VALUE_JSON));
    CHECK(sp_state_schema_guard(&s, &err) == SP_OK);
    static const char good[] = "\0\2v2\0\0\0\1\0\x5b" KEY_JSON "\0\0\0\1\0\x59" VALUE_JSON;
    for (size_t cut = 0; cut < sizeof good - 1; cut++) {
        sp_error_reset(&err);
        put("/ck/state/0/0/_metadata/schema", (sp_str){ good, cut });
        CHECK(sp_state_schema_guard(&s, &err) == SP_FAILED);
        CHECK(err.plain && strstr(err.plain, "/ck/state/0/0/_metadata/schema"));
    }
    sp_error_reset(&err);
    put("/ck/state/0/0/_metadata/schema", SP_LIT("\0\2v2\xff\xff\xff\xff"));
    CHECK(sp_state_schema_guard(&s, &err) == SP_FAILED);
    sp_error_reset(&err);
    put("/ck/state/0/0/_metadata/schema", SP_LIT("\0\2v3{}"));
    CHECK(sp_state_schema_guard(&s, &err) == SP_FAILED);
}

/* A schema that needs several chunks. */
TEST(long_schema)
{
    begin();
    sp_buf ddl = { 0 };
    for (int i = 0; i < 2000; i++)
        sp_buf_printf(&ddl, "%scolumn_number_%d BIGINT", i ? ", " : "", i);
    sp_state_spec s = spec_of("value STRING", sp_buf_cstr(&ddl));
    sp_buf_done(&ddl);
    sp_error err = { 0 };
    REQUIRE(sp_state_schema_guard(&s, &err) == SP_OK);
    CHECK(sp_state_schema_guard(&s, &err) == SP_OK);
}

TEST_ALLOC(operator_description)
{
    begin();
    sp_error err = { 0 };
    sp_str text;
    sp_state_store_info info[2] = { { "default", 0, 2 }, { "x", 1, 3 } };
    REQUIRE(sp_state_operator_metadata_write(w, "/ck/state/0", 0, "stateStoreSave", info, 1, SP_DURABLE_RENAME, &err) == SP_OK);
    REQUIRE(sp_file_read_all(w, "/ck/state/0/_metadata/metadata", a, &text, NULL, &err) == SP_OK);
    CHECK_STR(text.p, "v1\n{\"operatorInfo\":{\"operatorId\":0,\"operatorName\":\"stateStoreSave\"},\"stateStoreInfo\":"
              "[{\"storeName\":\"default\",\"numColsPrefixKey\":0,\"numPartitions\":2}]}");
    /* What is there stays. */
    REQUIRE(sp_state_operator_metadata_write(w, "/ck/state/0", 0, "stateStoreSave", info, 2, SP_DURABLE_RENAME, &err) == SP_OK);
    sp_str again;
    REQUIRE(sp_file_read_all(w, "/ck/state/0/_metadata/metadata", a, &again, NULL, &err) == SP_OK);
    CHECK_STR(again.p, text.p);
}
