/* collect.c -- a batch's rows, copied out of their batch arenas and kept by task, so that they can be shown or stored in order. */
#include "sink/sink_int.h"

typedef struct task_rows { sp_arena *arena; sp_batch *batches; int count, cap; int64_t kept; } task_rows;

struct sp_collect {
    sp_mutex lock;
    task_rows **tasks; int task_count, task_cap;    /* by task index; NULL: nothing came */
    int64_t max_rows;
    _Atomic int64_t rows;
};

sp_status sp_collect_new(int64_t max_rows_per_task, sp_collect **out, sp_error *err)
{
    sp_collect *c = sp_calloc(sizeof *c);
    if (!c)
        return sp_error_memory(err, "a row collector");
    c->max_rows = max_rows_per_task;
    sp_mutex_init(&c->lock);
    *out = c;
    return SP_OK;
}

void sp_collect_reset(sp_collect *c)
{
    for (int i = 0; i < c->task_count; i++) {
        if (!c->tasks[i])
            continue;
        sp_arena_free(c->tasks[i]->arena);
        sp_free(c->tasks[i]);
        c->tasks[i] = NULL;
    }
    c->task_count = 0;
    c->rows = 0;
}

void sp_collect_free(sp_collect *c)
{
    if (!c)
        return;
    sp_collect_reset(c);
    sp_free(c->tasks);
    sp_mutex_done(&c->lock);
    sp_free(c);
}

static task_rows *task_of(sp_collect *c, int task, sp_error *err)
{
    task_rows *t = NULL;
    sp_mutex_lock(&c->lock);
    if (task >= c->task_cap) {
        int cap = task + 16;
        task_rows **more = sp_realloc(c->tasks, sizeof *more * (size_t)cap);
        if (more) {
            c->tasks = more;
            c->task_cap = cap;
        }
    }
    if (task < c->task_cap) {
        while (c->task_count <= task)
            c->tasks[c->task_count++] = NULL;
        t = c->tasks[task];
        if (!t && (t = sp_calloc(sizeof *t)) != NULL) {
            t->arena = sp_arena_new("collected rows", 0);
            c->tasks[task] = t;
        }
    }
    sp_mutex_unlock(&c->lock);
    if (!t || !t->arena)
        sp_error_memory(err, "collected rows");
    return t && t->arena ? t : NULL;
}

sp_status sp_collect_add(sp_collect *c, int task, const sp_batch *b, sp_error *err)
{
    c->rows += b->sel_count;
    task_rows *t = task_of(c, task, err);
    if (!t)
        return SP_FAILED;
    uint32_t take = b->sel_count;
    if (c->max_rows > 0 && t->kept + take > c->max_rows)
        take = (uint32_t)(c->max_rows - t->kept);
    if (take == 0)
        return SP_OK;
    if (t->count == t->cap) {
        int cap = t->cap ? t->cap * 2 : 4;
        sp_batch *more = sp_arena_alloc(t->arena, sizeof *more * (size_t)cap, err);
        if (!more)
            return SP_FAILED;
        if (t->count)
            memcpy(more, t->batches, sizeof *more * (size_t)t->count);
        t->batches = more;
        t->cap = cap;
    }
    sp_batch *out = &t->batches[t->count];
    *out = (sp_batch){ .rows = take, .sel_count = take, .column_count = b->column_count };
    SP_NEW_ARRAY(out->columns, t->arena, b->column_count + 1, err);
    for (int i = 0; i < b->column_count; i++)
        if (!(out->columns[i] = sp_vec_copy(b->columns[i], b->sel, take, t->arena, err)))
            return SP_FAILED;
    t->count++;
    t->kept += take;
    return SP_OK;
}

int64_t sp_collect_rows(const sp_collect *c) { return c->rows; }

sp_status sp_collect_batches(sp_collect *c, sp_arena *a, sp_batch **out, int *count, sp_error *err)
{
    int n = 0;
    for (int i = 0; i < c->task_count; i++)
        n += c->tasks[i] ? c->tasks[i]->count : 0;
    SP_NEW_ARRAY(*out, a, n + 1, err);
    *count = 0;
    for (int i = 0; i < c->task_count; i++)
        for (int k = 0; c->tasks[i] && k < c->tasks[i]->count; k++)
            (*out)[(*count)++] = c->tasks[i]->batches[k];
    return SP_OK;
}
