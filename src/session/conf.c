/* conf.c -- a session's settings: what was set, over what the process was started with, over the table of defaults (conf.def). */
#include "session/session_int.h"

static const sp_conf_key keys[] = {
#define CONF(key, type, def, is_static, pinned, since, doc) { key, type, def, since, doc, is_static, pinned },
#include "session/conf.def"
#undef CONF
};

const sp_conf_key *sp_conf_find(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].key, key) == 0)
            return &keys[i];
    return NULL;
}

/* Under the lock. */
static const char *value_of(sp_session *s, const char *key)
{
    const char *v = sp_props_get(&s->conf, key);
    if (!v)
        v = sp_props_get(&s->runtime->conf, key);
    if (!v && strcmp(key, "spark.sql.session.timeZone") == 0)
        v = s->runtime->zone_id;
    if (!v) {
        const sp_conf_key *row = sp_conf_find(key);
        v = row ? row->default_value : NULL;
    }
    return v;
}

const char *sp_session_conf(sp_session *s, const char *key, sp_arena *a)
{
    sp_mutex_lock(&s->lock);
    const char *v = value_of(s, key);
    if (v)
        v = sp_arena_strdup(a, v, NULL);
    sp_mutex_unlock(&s->lock);
    return v;
}

bool sp_session_conf_is_set(sp_session *s, const char *key)
{
    sp_mutex_lock(&s->lock);
    bool set = sp_props_get(&s->conf, key) || sp_props_get(&s->runtime->conf, key);
    sp_mutex_unlock(&s->lock);
    return set;
}

static sp_status check_value(const sp_conf_key *row, sp_str value, sp_error *err)
{
    int64_t n;
    bool b;
    sp_str v = sp_str_trim(value);
    if (strcmp(row->type, "bool") == 0 && !sp_str_to_bool(v, &b))
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_CONF_VALUE__TYPE_MISMATCH, "confName", row->key, "confValue",
                          sp_error_format(err, "%.*s", (int)value.n, value.p), "confType", "boolean");
    bool is_int = strcmp(row->type, "int") == 0;
    if ((is_int || strcmp(row->type, "long") == 0) && (!sp_str_to_i64(v, &n) || (is_int && (n < INT32_MIN || n > INT32_MAX))))
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_CONF_VALUE__TYPE_MISMATCH, "confName", row->key, "confValue",
                          sp_error_format(err, "%.*s", (int)value.n, value.p), "confType", row->type);
    if (strcmp(row->key, "spark.sql.session.timeZone") == 0 && !sp_zone_get(value, err)) {
        sp_error_reset(err);
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_CONF_VALUE__TIME_ZONE, "confName", row->key, "confValue",
                          sp_error_format(err, "%.*s", (int)value.n, value.p));
    }
    if (strcmp(row->key, "spark.sql.shuffle.partitions") == 0 && n < 1)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, INVALID_CONF_VALUE__REQUIREMENT, "confName", row->key, "confValue",
                          sp_error_format(err, "%.*s", (int)value.n, value.p), "confRequirement",
                          "The value of spark.sql.shuffle.partitions must be positive");
    return SP_OK;
}

sp_status sp_session_conf_set(sp_session *s, sp_str key, sp_str value, sp_error *err)
{
    char name[256];
    if (key.n >= sizeof name)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "the name of a setting is longer than %zu bytes", sizeof name - 1);
    memcpy(name, key.p, key.n);
    name[key.n] = '\0';
    const sp_conf_key *row = sp_conf_find(name);
    if (row && row->is_static)
        return SP_FAIL(err, CANNOT_MODIFY_STATIC_CONFIG, "key", sp_error_format(err, "\"%s\"", name));
    if (row)
        SP_TRY(check_value(row, value, err));
    sp_mutex_lock(&s->lock);
    sp_status status = sp_props_put(&s->conf, key, value, err);
    sp_mutex_unlock(&s->lock);
    return status;
}

sp_status sp_session_conf_unset(sp_session *s, sp_str key, sp_error *err)
{
    sp_mutex_lock(&s->lock);
    sp_props_remove(&s->conf, key);
    sp_mutex_unlock(&s->lock);
    return SP_OK;
}

static sp_status add_all(sp_props *out, const sp_props *from, const char *prefix, sp_error *err)
{
    sp_str key;
    void *value;
    for (size_t i = 0; sp_strmap_next(&from->map, &i, &key, &value);)
        if (!prefix || sp_str_starts(key, prefix))
            SP_TRY(sp_props_put(out, key, sp_str_of(value), err));
    return SP_OK;
}

sp_status sp_session_conf_all(sp_session *s, const char *prefix, sp_props *out, sp_error *err)
{
    sp_mutex_lock(&s->lock);
    sp_status status = add_all(out, &s->runtime->conf, prefix, err);
    if (status == SP_OK)
        status = add_all(out, &s->conf, prefix, err);
    sp_mutex_unlock(&s->lock);
    return status;
}

static const char *conf_of(const void *session, const char *key)
{
    /* The snapshot's own copy of everything that was set, else the table's default. */
    const char *v = sp_props_get(session, key);
    if (v)
        return v;
    const sp_conf_key *row = sp_conf_find(key);
    return row ? row->default_value : NULL;
}

static void end_props(void *context) { sp_props_done(context); }

sp_status sp_session_expr_conf(sp_session *s, sp_arena *a, const sp_expr_conf **out, sp_error *err)
{
    sp_expr_conf *c;
    sp_props *all;
    SP_NEW(c, a, sizeof *c, err);
    SP_NEW(all, a, sizeof *all, err);
    SP_TRY(sp_arena_defer(a, end_props, all, err));
    SP_TRY(sp_session_conf_all(s, NULL, all, err));
    const char *zone = sp_session_conf(s, "spark.sql.session.timeZone", a);
    const char *ansi = sp_session_conf(s, "spark.sql.ansi.enabled", a);
    const char *cased = sp_session_conf(s, "spark.sql.caseSensitive", a);
    SP_TRY(sp_props_put(all, SP_LIT("spark.sql.session.timeZone"), sp_str_of(zone ? zone : "UTC"), err));
    c->zone = sp_zone_get(sp_str_of(zone ? zone : "UTC"), err);
    if (!c->zone)
        return SP_FAILED;
    c->ansi = !ansi || strcmp(ansi, "false") != 0;
    c->case_sensitive = cased && strcmp(cased, "true") == 0;
    c->user = sp_arena_strdup(a, s->user, err);
    c->catalog = "spark_catalog";
    sp_mutex_lock(&s->lock);
    c->database = sp_arena_strdup(a, s->database, err);
    sp_mutex_unlock(&s->lock);
    c->conf_get = conf_of;
    c->session = all;
    *out = c;
    return c->user && c->database ? SP_OK : SP_FAILED;
}
