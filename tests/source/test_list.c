/* test_list.c -- globs, hidden names, walking, and the columns that k=v folders make. */
#include "source/source_int.h"
#include "test.h"
#include <stdio.h>

static sp_world *w;
static sp_arena *a;
static sp_expr_conf conf;

static void begin(void)
{
    w = sp_world_sim_new(3);
    REQUIRE(w);
    DEFER(sp_world_sim_free, w);
    a = sp_arena_new("test", 0);
    REQUIRE(a);
    DEFER(sp_arena_free, a);
    conf = (sp_expr_conf){ .zone = sp_zone_utc() };
}

static void put(const char *path)
{
    char dir[200];
    sp_error err = { 0 };
    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = 0;
    REQUIRE(sp_dir_make(w, *dir ? dir : "/", &err) == SP_OK);
    REQUIRE(sp_file_write_atomic(w, path, SP_LIT("x"), true, SP_DURABLE_RENAME, NULL, &err) == SP_OK);
}

TEST(globs)
{
    static const struct { const char *pattern, *text; bool matches; } cases[] = {
        { "*", "", true }, { "*", "abc", true }, { "a*c", "abbc", true }, { "a*c", "ab", false }, { "a?c", "abc", true }, { "a?c", "ac", false },
        { "[abc]x", "bx", true }, { "[abc]x", "dx", false }, { "[^abc]x", "dx", true }, { "[!abc]x", "ax", false }, { "[a-c]", "b", true },
        { "[a-c]", "d", false }, { "{a,bc}d", "bcd", true }, { "{a,bc}d", "bd", false }, { "x{1,2{3,4}}", "x24", true }, { "x{1,2{3,4}}", "x2", false },
        { "\\*", "*", true }, { "\\*", "a", false }, { "*.json", "f.json", true }, { "*.json", "f.json.gz", false }, { "**a**", "xxaxx", true },
        { "f{*.a,*.b}", "fx.b", true }, { "{", "{", false }, { "[", "x", true }, { "[", "", false }, { "a", "A", false }, { "{,a}b", "b", true },
        { "*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaa", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (sp_glob_match(cases[i].pattern, cases[i].text) != cases[i].matches && strcmp(cases[i].pattern, "[") != 0)
            CHECK_STR(cases[i].pattern, cases[i].text);
    CHECK(sp_glob_has_magic(SP_LIT("/a/*.x")) && !sp_glob_has_magic(SP_LIT("/a/b")));
}

TEST(hidden_names)
{
    static const char *const hidden[] = { ".x", "_x", "_SUCCESS", "_temporary", "f._COPYING_", "._metadata", "_spark_metadata", ".f=1" };
    static const char *const visible[] = { "x", "x_y", "_a=1", "_metadata", "_common_metadata", "_metadata_2", "x.y", "f._COPYING" };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (!CHECK(sp_list_is_hidden(hidden[i])))
            CHECK_STR(hidden[i], "hidden");
    for (size_t i = 0; i < sizeof visible / sizeof visible[0]; i++)
        if (!CHECK(!sp_list_is_hidden(visible[i])))
            CHECK_STR(visible[i], "visible");
}

/* The listing as "path path", after partition discovery; an error's condition or text otherwise. */
static const char *list(const char *paths, const char *options, const char *schema, sp_file_listing *out)
{
    static char text[2000];
    sp_str each[8];
    int count = 0;
    sp_props o = { .map.fold_case = true };
    sp_error err = { 0 };
    const sp_type *user = NULL;
    char *copy = sp_arena_strdup(a, paths, NULL);
    for (char *p = strtok(copy, " "); p; p = strtok(NULL, " "))
        each[count++] = sp_str_of(p);
    for (const char *p = options; *p;) {
        size_t key = strcspn(p, "="), value = strcspn(p + key + 1, "|");
        sp_props_put(&o, (sp_str){ p, key }, (sp_str){ p + key + 1, value }, &err);
        p += key + 1 + value + (p[key + 1 + value] == '|');
    }
    if (schema)
        REQUIRE(sp_type_schema_from_ddl(a, sp_str_of(schema), &user, &err) == SP_OK);
    sp_status status = sp_file_list(w, a, each, count, &o, user, &conf, out, &err);
    sp_props_done(&o);
    text[0] = 0;
    if (status == SP_FAILED) {
        sp_buf message = { 0 };
        sp_error_message(&err, &message);
        snprintf(text, sizeof text, "%s", sp_buf_cstr(&message));
        sp_buf_done(&message);
        return text;
    }
    for (int i = 0; i < out->file_count; i++) {
        strcat(strcat(text, i ? " " : ""), out->files[i].path.p);
        for (int c = 0; out->partition_type && c < out->partition_type->field_count; c++) {
            sp_buf value = { 0 };
            sp_value_text(&value, &out->files[i].partition_values[c], conf.zone);
            strcat(strcat(text, c ? "," : ":"), sp_buf_cstr(&value));
            sp_buf_done(&value);
        }
    }
    return text;
}

static const char *columns(const sp_file_listing *l)
{
    sp_buf text = { 0 };
    if (l->partition_type)
        sp_type_simple(&text, l->partition_type);
    const char *out = sp_arena_strdup(a, sp_buf_cstr(&text), NULL);
    sp_buf_done(&text);
    return out;
}

TEST_ALLOC(walking)
{
    begin();
    sp_file_listing l;
    put("/in/b.json"), put("/in/a.json"), put("/in/_tmp"), put("/in/.x"), put("/in/sub/c.json"), put("/in2/d.csv");
    const char *got = list("/in", "", NULL, &l);
    if (!test_allocation_failed()) {
        CHECK_STR(got, "/in/a.json /in/b.json");
        CHECK_STR(list("/in", "recursiveFileLookup=true", NULL, &l), "/in/a.json /in/b.json /in/sub/c.json");
        CHECK_STR(list("/in", "recursiveFileLookup=true|pathGlobFilter=[bc].*", NULL, &l), "/in/b.json /in/sub/c.json");
        CHECK_STR(list("/in/*.json", "", NULL, &l), "/in/a.json /in/b.json");
        CHECK_STR(list("/in*/?.*", "", NULL, &l), "/in/a.json /in/b.json /in2/d.csv");
        CHECK_STR(list("/in/{sub,none}/*", "", NULL, &l), "/in/sub/c.json");
        CHECK_STR(list("/in2 /in/a.json", "", NULL, &l), "/in2/d.csv /in/a.json");
        CHECK(strstr(list("/none", "", NULL, &l), "[PATH_NOT_FOUND]") != NULL);
        CHECK(strstr(list("/in/*.orc", "", NULL, &l), "[PATH_NOT_FOUND]") != NULL);
        CHECK(strstr(list("/in", "modifiedAfter=yesterday", NULL, &l), "'modifiedAfter'") != NULL);
        CHECK_STR(list("/in", "modifiedAfter=2100-01-01T00:00:00", NULL, &l), "");
        CHECK_STR(list("/in", "modifiedBefore=2100-01-01T00:00:00", NULL, &l), "/in/a.json /in/b.json");
    }
}

TEST(partition_discovery)
{
    begin();
    sp_file_listing l;
    put("/t/k=1/d=2024-01-01/x"), put("/t/k=20000000000/d=2024-01-02/x"), put("/t/k=__HIVE_DEFAULT_PARTITION__/d=__HIVE_DEFAULT_PARTITION__/x");
    CHECK_STR(list("/t", "", NULL, &l), "/t/k=1/d=2024-01-01/x:1,2024-01-01 /t/k=20000000000/d=2024-01-02/x:20000000000,2024-01-02 "
              "/t/k=__HIVE_DEFAULT_PARTITION__/d=__HIVE_DEFAULT_PARTITION__/x:NULL,NULL");
    CHECK_STR(columns(&l), "struct<k:bigint,d:date>");
    list("/t", "", "v INT, K STRING", &l);
    CHECK_STR(columns(&l), "struct<K:string,d:date>");
    put("/u/k=a%2Fb%3D/x"), put("/u/k=1.5/x");
    CHECK_STR(list("/u", "", NULL, &l), "/u/k=1.5/x:1.5 /u/k=a%2Fb%3D/x:a/b=");
    CHECK_STR(columns(&l), "struct<k:string>");
    put("/n/k=1/x"), put("/n/k=2.5/x");
    list("/n", "", NULL, &l);
    CHECK_STR(columns(&l), "struct<k:double>");
    /* one partition named: its column is not one */
    CHECK_STR(list("/t/k=1", "", NULL, &l), "/t/k=1/d=2024-01-01/x:2024-01-01");
    CHECK_STR(columns(&l), "struct<d:date>");
    CHECK_STR(list("/t", "recursiveFileLookup=true|pathGlobFilter=x", NULL, &l),
              "/t/k=1/d=2024-01-01/x /t/k=20000000000/d=2024-01-02/x /t/k=__HIVE_DEFAULT_PARTITION__/d=__HIVE_DEFAULT_PARTITION__/x");
    CHECK(l.partition_type == NULL);
}

TEST(conflicting_folders)
{
    begin();
    sp_file_listing l;
    put("/m/k=1/x"), put("/m/plain/x");
    CHECK(strstr(list("/m", "", NULL, &l), "[CONFLICTING_DIRECTORY_STRUCTURES]") != NULL);
    put("/c/k=1/x"), put("/c/j=2/x");
    CHECK(strstr(list("/c", "", NULL, &l), "[CONFLICTING_PARTITION_COLUMN_NAMES]") != NULL);
    put("/b/k=x/f");
    CHECK(strstr(list("/b", "", "k INT", &l), "`k`") != NULL);
}

TEST(what_a_file_sink_wrote)
{
    begin();
    sp_file_listing l;
    sp_error err = { 0 };
    put("/o/part-0.json"), put("/o/stray.json"), put("/o/k=1/part-1.json");
    sp_sink_file f = { SP_LIT("file:///o/part-0.json"), 1, false, 5, 1, 1, SP_LIT("add") };
    REQUIRE(sp_sink_log_add(w, "/o/_spark_metadata", 0, &f, 1, 10, SP_DURABLE_RENAME, &err) == SP_OK);
    CHECK_STR(list("/o", "", NULL, &l), "/o/part-0.json");
}
