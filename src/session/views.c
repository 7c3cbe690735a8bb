/* views.c -- temp views and memory tables by name. A plan that uses a view holds a reference until its arena ends. */
#include "session/session_int.h"
#include <stdlib.h>

sp_view_entry *sp_view_new(sp_str name, sp_error *err)
{
    sp_view_entry *v = sp_calloc(sizeof *v);
    if (v && (v->name = sp_malloc(name.n + 1)) != NULL) {
        memcpy(v->name, name.p, name.n);
        v->name[name.n] = '\0';
        v->refs = 1;
        return v;
    }
    sp_free(v);
    sp_error_memory(err, "a view");
    return NULL;
}

void sp_view_unref(sp_view_entry *v)
{
    if (!v || --v->refs > 0)
        return;
    sp_memory_table_unref(v->table);
    sp_arena_free(v->arena);
    sp_free(v->name);
    sp_free(v);
}

/* Names are compared without case. */
static sp_status fold(sp_arena *a, sp_str name, sp_str *out, sp_error *err)
{
    char *p = sp_arena_strndup(a, name.p, name.n, err);
    if (!p)
        return SP_FAILED;
    for (size_t i = 0; i < name.n; i++)
        p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
    *out = (sp_str){ p, name.n };
    return SP_OK;
}

/* Takes over v's reference when it succeeds. */
sp_status sp_views_put(sp_session *s, sp_view_entry *v, bool replace, sp_error *err)
{
    sp_arena *a = sp_arena_new("view name", 1 << 16);
    sp_str key;
    sp_status status = a ? fold(a, sp_str_of(v->name), &key, err) : sp_error_memory(err, "a view");
    sp_view_entry *old = NULL;
    if (status == SP_OK) {
        sp_mutex_lock(&s->lock);
        old = sp_strmap_get(&s->views, key);
        if (old && !replace)
            status = SP_FAIL(err, TEMP_TABLE_OR_VIEW_ALREADY_EXISTS, "relationName", sp_error_format(err, "`%s`", v->name));
        else
            status = sp_strmap_put(&s->views, key, v, err);
        sp_mutex_unlock(&s->lock);
    }
    if (status == SP_OK)
        sp_view_unref(old);
    sp_arena_free(a);
    return status;
}

sp_status sp_session_create_view(sp_session *s, sp_arena *owned, const sp_plan *plan, sp_str name, bool global, bool replace, sp_error *err)
{
    char full[512];
    if (global) {
        if (name.n + 13 >= sizeof full)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "the name of a view is longer than %zu bytes", sizeof full - 14);
        memcpy(full, "global_temp.", 12);
        memcpy(full + 12, name.p, name.n);
        name = (sp_str){ full, name.n + 12 };
    }
    sp_view_entry *v = sp_view_new(name, err);
    if (!v)
        return SP_FAILED;
    v->plan = plan;
    sp_status status = sp_views_put(s, v, replace, err);
    if (status == SP_OK)
        v->arena = owned;
    else
        sp_view_unref(v);
    return status;
}

sp_status sp_session_drop_view(sp_session *s, sp_str name, bool global, bool *existed, sp_error *err)
{
    sp_arena *a = sp_arena_new("view name", 1 << 16);
    sp_str key;
    char *full = a ? sp_arena_printf(a, err, "%s%.*s", global ? "global_temp." : "", (int)name.n, name.p) : NULL;
    sp_status status = full ? fold(a, sp_str_of(full), &key, err) : sp_error_memory(err, "a view's name");
    if (status == SP_OK) {
        sp_mutex_lock(&s->lock);
        sp_view_entry *v = sp_strmap_remove(&s->views, key);
        sp_mutex_unlock(&s->lock);
        *existed = v != NULL;
        sp_view_unref(v);
    }
    sp_arena_free(a);
    return status;
}

/* ---- memory tables as scans ---- */

static sp_status snapshot(void *table, sp_arena *a, sp_batch **batches, int *count, sp_error *err)
{
    return sp_memory_table_snapshot(table, a, batches, count, err);
}

static const sp_table_class memory_class = { "memory", snapshot };

static sp_status table_plan(sp_arena *a, sp_view_entry *v, sp_plan **out, sp_error *err)
{
    sp_plan *p = sp_plan_new(a, SP_P_SOURCE, NULL, 0, err);
    if (!p)
        return SP_FAILED;
    SP_NEW(p->scan, a, sizeof *p->scan, err);
    p->scan->format = "memory";
    p->scan->schema = sp_memory_table_schema(v->table);
    p->scan->table = v->table;
    p->scan->table_class = &memory_class;
    SP_NEW(p->scan->options, a, sizeof *p->scan->options, err);
    *out = p;
    return SP_OK;
}

/* SELECT ... FROM json.`/path` (ResolveSQLOnFile). */
static sp_status file_plan(sp_arena *a, const sp_str *parts, sp_plan **out, sp_error *err)
{
    sp_plan *p = sp_plan_new(a, SP_P_READ, NULL, 0, err);
    if (!p)
        return SP_FAILED;
    p->name = parts[0];
    SP_NEW_ARRAY(p->parts, a, 1, err);
    p->parts[0] = parts[1];
    p->part_count = 1;
    *out = p;
    return SP_OK;
}

static void let_go(void *context) { sp_view_unref(context); }

sp_status sp_views_lookup(void *session, sp_arena *a, const sp_str *parts, int part_count, bool streaming, sp_plan **out, sp_error *err)
{
    sp_session *s = session;
    *out = NULL;
    bool global = part_count == 2 && sp_str_eq_nocase(parts[0], SP_LIT("global_temp"));
    if (part_count == 2 && !global && !streaming && sp_format_find(parts[0]))
        return file_plan(a, parts, out, err);
    if (part_count != 1 && !global)
        return SP_OK;
    sp_str last = parts[part_count - 1], key;
    char *full = sp_arena_printf(a, err, "%s%.*s", global ? "global_temp." : "", (int)last.n, last.p);
    if (!full)
        return SP_FAILED;
    SP_TRY(fold(a, sp_str_of(full), &key, err));
    sp_mutex_lock(&s->lock);
    sp_view_entry *v = sp_strmap_get(&s->views, key);
    if (v)
        v->refs++;
    sp_mutex_unlock(&s->lock);
    if (!v)
        return SP_OK;
    if (sp_arena_defer(a, let_go, v, err) == SP_FAILED) {
        sp_view_unref(v);
        return SP_FAILED;
    }
    if (v->table)
        return table_plan(a, v, out, err);
    *out = sp_plan_copy(a, v->plan, err);
    return *out ? SP_OK : SP_FAILED;
}

static int by_name(const void *x, const void *y) { return sp_str_cmp(*(const sp_str *)x, *(const sp_str *)y); }

sp_status sp_views_names(sp_session *s, sp_arena *a, sp_str **out, int *count, sp_error *err)
{
    sp_str key;
    void *value;
    sp_status status = SP_OK;
    sp_mutex_lock(&s->lock);
    *count = 0;
    *out = sp_arena_calloc(a, sizeof **out * (sp_strmap_size(&s->views) + 1), err);
    for (size_t i = 0; *out && status == SP_OK && sp_strmap_next(&s->views, &i, &key, &value);) {
        (*out)[*count] = sp_str_copy(a, key, err);
        status = (*out)[(*count)++].p ? SP_OK : SP_FAILED;
    }
    sp_mutex_unlock(&s->lock);
    if (!*out || status == SP_FAILED)
        return SP_FAILED;
    qsort(*out, (size_t)*count, sizeof **out, by_name);
    return SP_OK;
}
