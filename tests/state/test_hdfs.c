/* test_hdfs.c -- deltas and snapshots: Spark's bytes, replay, maintenance beside the files, what is missing or damaged. */
#include "state/state_int.h"
#include "test.h"
#include <stdio.h>

typedef struct fixture { sp_world *w; sp_arena *a; sp_state_spec spec; const sp_state_provider *p; sp_state_store *s; } fixture;

static void close_store(fixture *f)
{
    if (f->s)
        f->p->close(f->s);
    f->s = NULL;
}

static void reopen(fixture *f)
{
    sp_error err = { 0 };
    close_store(f);
    REQUIRE(f->p->open(&f->spec, &f->s, &err) == SP_OK);
}

static fixture *begin(const char *name)
{
    static fixture f;
    f = (fixture){ .w = sp_world_sim_new(3), .p = sp_state_provider_find("org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider") };
    REQUIRE(f.w);
    DEFER(sp_world_sim_free, f.w);
    f.a = sp_arena_new("test", 0);
    REQUIRE(f.a && f.p);
    DEFER(sp_arena_free, f.a);
    f.spec = (sp_state_spec){ .world = f.w, .arena = f.a, .dir = "/ck/state/0/1", .name = name, .partition = 1, .codec = "lz4",
                              .durability = SP_DURABLE_RENAME, .min_versions_to_retain = 2, .min_deltas_for_snapshot = 3 };
    DEFER(close_store, &f);
    reopen(&f);
    return &f;
}

static bool there(fixture *f, const char *name)
{
    sp_stat st;
    bool exists = false;
    sp_error err = { 0 };
    char path[200];
    snprintf(path, sizeof path, "/ck/state/0/1/%s", name);
    REQUIRE(sp_file_stat(f->w, path, &st, &exists, &err) == SP_OK);
    return exists;
}

static sp_status take(void *context, sp_str key, sp_str value, sp_error *err)
{
    sp_strmap *m = context;
    if (!value.p) {
        sp_strmap_remove(m, key);
        return SP_OK;
    }
    return sp_strmap_put(m, key, (void *)(uintptr_t)(1 + (unsigned char)(value.n ? value.p[0] : 0)), err);
}

/* The version's rows as "k=v k=v", keys in the order 0..9; values are one byte. */
static const char *rows(fixture *f, int64_t version)
{
    static char text[400];
    sp_strmap m = { 0 };
    sp_error err = { 0 };
    sp_status status = f->p->load(f->s, version, take, &m, &err);
    text[0] = 0;
    for (char k = '0'; k <= '9'; k++) {
        void *v = sp_strmap_get(&m, (sp_str){ &k, 1 });
        if (v)
            sprintf(text + strlen(text), "%c=%c ", k, (char)((uintptr_t)v - 1));
    }
    sp_strmap_done(&m);
    REQUIRE(status == SP_OK);
    return text;
}

static void change(fixture *f, int64_t version, const char *what)     /* "1a2b-3": puts 1=a, 2=b, removes 3 */
{
    sp_error err = { 0 };
    for (const char *p = what; *p; p += 2) {
        if (*p == '-')
            REQUIRE(f->p->remove(f->s, (sp_str){ p + 1, 1 }, &err) == SP_OK);
        else
            REQUIRE(f->p->put(f->s, (sp_str){ p, 1 }, (sp_str){ p + 1, 1 }, &err) == SP_OK);
    }
    REQUIRE(f->p->commit(f->s, version, &err) == SP_OK);
}

static sp_str plain_of(fixture *f, const char *path)
{
    sp_str packed, plain;
    sp_error err = { 0 };
    REQUIRE(sp_file_read_all(f->w, path, f->a, &packed, NULL, &err) == SP_OK);
    REQUIRE(sp_state_unpack(f->spec.codec, packed, path, f->a, &plain, &err) == SP_OK);
    return plain;
}

TEST(delta_bytes)
{
    fixture *f = begin("default");
    change(f, 1, "");
    change(f, 2, "1a-2");
    sp_str plain = plain_of(f, "/ck/state/0/1/1.delta");
    CHECK_MEM(plain.p, plain.n, "\xff\xff\xff\xff", 4);
    plain = plain_of(f, "/ck/state/0/1/2.delta");
    CHECK_MEM(plain.p, plain.n, "\0\0\0\1" "1" "\0\0\0\1" "a" "\0\0\0\1" "2" "\xff\xff\xff\xff" "\xff\xff\xff\xff", 23);
}

TEST(named_stores_have_a_folder)
{
    fixture *f = begin("left-keyToNumValues");
    change(f, 1, "1a");
    CHECK(there(f, "left-keyToNumValues/1.delta"));
    CHECK_STR(rows(f, 1), "1=a ");
}

TEST_ALLOC(replay)
{
    fixture *f = begin("default");
    change(f, 1, "1a2b");
    change(f, 2, "1c-23d");
    change(f, 3, "");
    change(f, 4, "4e4f-44g");     /* the last change of a key wins */
    reopen(f);
    CHECK_STR(rows(f, 0), "");
    CHECK_STR(rows(f, 1), "1=a 2=b ");
    CHECK_STR(rows(f, 2), "1=c 3=d ");
    CHECK_STR(rows(f, 4), "1=c 3=d 4=g ");
}

TEST(abort_forgets_and_a_version_may_be_written_again)
{
    fixture *f = begin("default");
    sp_error err = { 0 };
    change(f, 1, "1a");
    REQUIRE(f->p->put(f->s, SP_LIT("9"), SP_LIT("z"), &err) == SP_OK);
    f->p->abort(f->s);
    change(f, 2, "2b");
    CHECK_STR(rows(f, 2), "1=a 2=b ");
    change(f, 2, "3c");
    CHECK_STR(rows(f, 2), "1=a 3=c ");
}

TEST(rows_without_bytes)
{
    fixture *f = begin("default");
    sp_error err = { 0 };
    sp_strmap m = { 0 };
    REQUIRE(f->p->put(f->s, (sp_str){ NULL, 0 }, (sp_str){ NULL, 0 }, &err) == SP_OK);
    REQUIRE(f->p->commit(f->s, 1, &err) == SP_OK);
    REQUIRE(f->p->load(f->s, 1, take, &m, &err) == SP_OK);
    CHECK(sp_strmap_has(&m, SP_LIT("")));
    sp_strmap_done(&m);
}

TEST(maintenance)
{
    fixture *f = begin("default");
    sp_error err = { 0 };
    char what[3] = "0a";
    for (int v = 1; v <= 12; v++) {
        what[0] = (char)('0' + v % 10);
        what[1] = (char)('a' + v);
        change(f, v, what);
        REQUIRE(f->p->maintain(f->s, v, &err) == SP_OK);
    }
    sp_state_metrics metrics;
    f->p->metrics(f->s, &metrics);
    CHECK_INT(metrics.snapshot_last_uploaded, 12);
    CHECK(there(f, "12.snapshot") && there(f, "8.snapshot") && there(f, "12.delta") && there(f, "9.delta"));
    CHECK(!there(f, "7.delta") && !there(f, "4.snapshot") && !there(f, "1.delta"));
    const char *last = "0=k 1=l 2=m 3=d 4=e 5=f 6=g 7=h 8=i 9=j ";
    CHECK_STR(rows(f, 12), last);
    reopen(f);
    CHECK_STR(rows(f, 12), last);
    CHECK_STR(rows(f, 11), "0=k 1=l 2=c 3=d 4=e 5=f 6=g 7=h 8=i 9=j ");
    CHECK_STR(rows(f, 10), "0=k 1=b 2=c 3=d 4=e 5=f 6=g 7=h 8=i 9=j ");
    /* Snapshots go on from where the loaded one stands. */
    CHECK_STR(rows(f, 12), last);
    change(f, 13, "0z");
    REQUIRE(f->p->maintain(f->s, 13, &err) == SP_OK);
    CHECK(!there(f, "13.snapshot"));
}

static sp_status refuse(void *context, sp_str key, sp_str value, sp_error *err) { return SP_OK; }

static const sp_error *load_fails(fixture *f, int64_t version)
{
    static sp_error err;
    err = (sp_error){ 0 };
    CHECK(f->p->load(f->s, version, refuse, NULL, &err) == SP_FAILED);
    return &err;
}

static void replace(fixture *f, const char *path, sp_str plain)
{
    sp_buf packed = { 0 };
    sp_error err = { 0 };
    REQUIRE(sp_state_pack("lz4", plain, &packed, &err) == SP_OK);
    REQUIRE(sp_file_write_atomic(f->w, path, (sp_str){ packed.data, packed.len }, true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
    sp_buf_done(&packed);
}

TEST(missing_and_damaged_files_name_themselves)
{
    fixture *f = begin("default");
    sp_error err = { 0 };
    change(f, 1, "1a");
    change(f, 2, "2b");
    change(f, 3, "3c");
    REQUIRE(sp_file_remove(f->w, "/ck/state/0/1/2.delta", &err) == SP_OK);
    CHECK_INT(load_fails(f, 3)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_NOT_EXISTS);
    CHECK_INT(load_fails(f, 4)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_NOT_EXISTS);
    replace(f, "/ck/state/0/1/2.delta", SP_LIT("\xff\xff\xff\xfe"));
    CHECK_INT(load_fails(f, 2)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_KEY_SIZE);
    replace(f, "/ck/state/0/1/2.delta", SP_LIT("\x7f\xff\xff\xff" "1\0\0\0\1a"));
    CHECK_INT(load_fails(f, 2)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_DELTA_FILE_KEY_SIZE);
    replace(f, "/ck/state/0/1/2.delta", SP_LIT("\0\0\0\1" "1\0\0\1\0a"));
    load_fails(f, 2);
    replace(f, "/ck/state/0/1/2.delta", SP_LIT("\0\0\0\1" "1\0\0\0\1a"));
    CHECK(strstr(load_fails(f, 2)->plain, "/ck/state/0/1/2.delta"));
    replace(f, "/ck/state/0/1/2.delta", SP_LIT(""));
    load_fails(f, 2);
    replace(f, "/ck/state/0/1/2.snapshot", SP_LIT("\0\0\0\1" "1\xff\xff\xff\xff"));
    CHECK_INT(load_fails(f, 2)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE);
    replace(f, "/ck/state/0/1/2.snapshot", SP_LIT("\xff\xff\x00\x00"));
    CHECK_INT(load_fails(f, 2)->condition, SP_COND_CANNOT_LOAD_STATE_STORE__CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE);
    CHECK_STR(rows(f, 1), "1=a ");
}

TEST(providers)
{
    CHECK(sp_state_provider_find("org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider") == NULL);
    fixture *f = begin("default");
    sp_error err = { 0 };
    sp_state_spec spec = f->spec;
    sp_state_store *s;
    spec.codec = "snappy";
    CHECK(f->p->open(&spec, &s, &err) == SP_FAILED);
}
