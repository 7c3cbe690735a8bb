/* build.h -- plans by hand, inputs from text, results as sorted text: what the operators' tests share. */
#ifndef SPATE_TESTS_OPERATOR_BUILD_H
#define SPATE_TESTS_OPERATOR_BUILD_H

#include "operator/operator.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct bench_ctx { sp_arena *a; sp_expr_conf conf; sp_error err; } ctx;

static inline void must(bool ok, const ctx *c, const char *what)
{
    if (ok)
        return;
    sp_buf b = { 0 };
    sp_error_message(&c->err, &b);
    fprintf(stderr, "%s: %s\n", what, sp_buf_cstr(&b));
    abort();
}

static inline void ctx_init(ctx *c)
{
    memset(c, 0, sizeof *c);
    c->a = sp_arena_new("test", 0);
    c->conf.ansi = true;
    c->conf.zone = sp_zone_utc();
}

/* A streaming or batch scan with the DDL's columns. */
static inline sp_plan *scan_of(ctx *c, const char *ddl, bool streaming)
{
    const sp_type *t = NULL;
    must(sp_type_schema_from_ddl(c->a, sp_str_of(ddl), &t, &c->err) == SP_OK, c, "ddl");
    sp_plan *p = sp_plan_new(c->a, SP_P_SOURCE, NULL, 0, &c->err);
    p->scan = sp_arena_calloc(c->a, sizeof *p->scan, &c->err);
    p->scan->format = "memory";
    p->scan->schema = t;
    p->scan->is_streaming = p->is_streaming = streaming;
    p->output_count = t->field_count;
    p->output = sp_arena_calloc(c->a, sizeof *p->output * (size_t)(t->field_count + 1), &c->err);
    for (int i = 0; i < t->field_count; i++)
        p->output[i] = (sp_attr){ .id = sp_plan_new_id(),
                                  .name = t->fields[i].name,
                                  .type = t->fields[i].type,
                                  .nullable = t->fields[i].nullable,
                                  .watermark_delay_us = -1 };
    return p;
}

static inline sp_expr *col(ctx *c, const sp_plan *p, int i)
{
    sp_expr *e = sp_expr_new(c->a, SP_E_COLUMN, &c->err);
    const sp_attr *at = &p->output[i];
    e->id = at->id;
    e->name = at->name;
    e->type = at->type;
    e->nullable = at->nullable;
    e->watermark_delay_us = at->watermark_delay_us;
    return e;
}

static inline sp_expr *lit_str(ctx *c, const char *s)
{
    sp_value v = sp_value_str(sp_str_of(s));
    return sp_expr_literal(c->a, &v, &c->err);
}

static inline sp_expr *lit_int(ctx *c, int64_t i)
{
    sp_value v = sp_value_i64(SP_INT, i);
    return sp_expr_literal(c->a, &v, &c->err);
}

static inline sp_expr *call(ctx *c, const char *name, int n, ...)
{
    sp_expr *args[8], *e, *out = NULL;
    va_list ap;
    va_start(ap, n);
    for (int i = 0; i < n; i++)
        args[i] = va_arg(ap, sp_expr *);
    va_end(ap);
    e = sp_expr_function(c->a, name, args, n, &c->err);
    must(sp_expr_bind(c->a, &c->conf, e, &out, &c->err) == SP_OK, c, name);
    return out;
}

/* A bound generator: only its name and arguments matter to the operator. */
static inline sp_expr *generator(ctx *c, const char *name, sp_expr *arg)
{
    sp_function *f = sp_arena_calloc(c->a, sizeof *f, &c->err);
    f->name = name;
    f->flags = SP_FN_GENERATOR;
    sp_expr *e = sp_expr_new(c->a, SP_E_CALL, &c->err);
    e->function = f;
    e->type = arg->type;
    e->args = sp_arena_alloc(c->a, sizeof *e->args, &c->err);
    e->args[0] = arg;
    e->arg_count = 1;
    return e;
}

static inline sp_expr *named(ctx *c, sp_expr *e, const char *name)
{
    return sp_expr_alias(c->a, e, sp_str_of(name), sp_plan_new_id(), &c->err);
}

static inline sp_attr attr_of(const sp_expr *e)
{
    return (sp_attr){ .id = e->id,
                      .name = e->name,
                      .type = e->kind == SP_E_ALIAS ? e->args[0]->type : e->type,
                      .nullable = e->kind == SP_E_ALIAS ? e->args[0]->nullable : e->nullable,
                      .watermark_delay_us = e->watermark_delay_us };
}

static inline sp_plan *node(ctx *c, sp_plan_kind kind, sp_plan *child)
{
    sp_plan *p = sp_plan_new(c->a, kind, &child, 1, &c->err);
    p->is_streaming = child->is_streaming;
    p->output = child->output;
    p->output_count = child->output_count;
    return p;
}

static inline void outputs(ctx *c, sp_plan *p, int n, va_list ap)
{
    p->exprs = sp_arena_calloc(c->a, sizeof *p->exprs * (size_t)(n + 1), &c->err);
    p->output = sp_arena_calloc(c->a, sizeof *p->output * (size_t)(n + 1), &c->err);
    p->expr_count = p->output_count = n;
    for (int i = 0; i < n; i++) {
        p->exprs[i] = va_arg(ap, sp_expr *);
        p->output[i] = attr_of(p->exprs[i]);
    }
}

static inline sp_plan *project(ctx *c, sp_plan *child, int n, ...)
{
    sp_plan *p = node(c, SP_P_PROJECT, child);
    va_list ap;
    va_start(ap, n);
    outputs(c, p, n, ap);
    va_end(ap);
    return p;
}

/* keys (columns of child), then n aggregate calls; the output is the keys and the calls. */
static inline sp_plan *group(ctx *c, sp_plan *child, int keys, const int *key, int n, ...)
{
    sp_plan *p = node(c, SP_P_AGGREGATE, child);
    va_list ap;
    va_start(ap, n);
    p->grouping = sp_arena_calloc(c->a, sizeof *p->grouping * (size_t)(keys + 1), &c->err);
    p->exprs = sp_arena_calloc(c->a, sizeof *p->exprs * (size_t)(keys + n + 1), &c->err);
    p->output = sp_arena_calloc(c->a, sizeof *p->output * (size_t)(keys + n + 1), &c->err);
    p->grouping_count = keys;
    p->expr_count = p->output_count = keys + n;
    for (int i = 0; i < keys; i++)
        p->grouping[i] = p->exprs[i] = col(c, child, key[i]);
    for (int i = 0; i < n; i++)
        p->exprs[keys + i] = named(c, va_arg(ap, sp_expr *), "a");
    va_end(ap);
    for (int i = 0; i < keys + n; i++)
        p->output[i] = attr_of(p->exprs[i]);
    return p;
}

/* explode(list), nothing of the child kept but the named columns. */
static inline sp_plan *explode(ctx *c, sp_plan *child, sp_expr *generator, int keep, const int *kept)
{
    sp_plan *p = node(c, SP_P_GENERATE, child);
    p->condition = generator;
    p->exprs = sp_arena_calloc(c->a, sizeof *p->exprs * (size_t)(keep + 1), &c->err);
    p->expr_count = keep;
    p->output = sp_arena_calloc(c->a, sizeof *p->output * (size_t)(keep + 1), &c->err);
    p->generator_output = sp_arena_calloc(c->a, sizeof *p->output, &c->err);
    p->generator_output_count = 1;
    p->output_count = keep + 1;
    for (int i = 0; i < keep; i++) {
        p->exprs[i] = col(c, child, kept[i]);
        p->output[i] = child->output[kept[i]];
    }
    p->generator_output[0] = p->output[keep] = (sp_attr){ .id = sp_plan_new_id(),
                                                          .name = SP_LIT("col"),
                                                          .watermark_delay_us = -1,
                                                          .nullable = true,
                                                          .type = generator->args[0]->type->fields[0].type };
    return p;
}

/* ---- input and output as text ---- */

/* One batch from text: rows by '\n', fields by ' ', "-" is null. Kinds: integers, BOOLEAN, DOUBLE, STRING, TIMESTAMP
 * (seconds), ARRAY<STRING> ("a,b"). */
static inline void put_field(ctx *c, sp_builder *b, const sp_type *t, sp_str s)
{
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
    if (strcmp(text, "-") == 0) {
        sp_build_null(b, &c->err);
        return;
    }
    switch (t->kind) {
    case SP_STRING: sp_build_str(b, s, &c->err); break;
    case SP_DOUBLE: sp_build_f64(b, atof(text), &c->err); break;
    case SP_BOOLEAN: sp_build_bool(b, text[0] == 't', &c->err); break;
    case SP_TIMESTAMP: sp_build_i64(b, atoll(text) * 1000000, &c->err); break;
    case SP_ARRAY:
        sp_build_open(b, &c->err);
        for (size_t at = 0; at < s.n && strcmp(text, "[]") != 0;) {
            size_t n = 0;
            while (at + n < s.n && s.p[at + n] != ',')
                n++;
            put_field(c, sp_builder_child(b, 0), t->fields[0].type, (sp_str){ s.p + at, n });
            at += n + 1;
        }
        sp_build_close(b, &c->err);
        break;
    default: sp_build_i64(b, atoll(text), &c->err);
    }
}

static inline sp_batch batch_of(ctx *c, const sp_type *t, const char *text)
{
    sp_builder *b[16];
    sp_batch out = { .column_count = t->field_count };
    out.columns = sp_arena_calloc(c->a, sizeof *out.columns * 16, &c->err);
    for (int i = 0; i < t->field_count; i++)
        b[i] = sp_builder_new(c->a, t->fields[i].type, false, &c->err);
    while (*text) {
        for (int i = 0; i < t->field_count; i++) {
            size_t n = strcspn(text, " \n");
            put_field(c, b[i], t->fields[i].type, (sp_str){ text, n });
            text += n + (text[n] == ' ');
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
        out.rows++;
    }
    out.sel_count = out.rows;
    for (int i = 0; i < t->field_count; i++)
        sp_builder_take(b[i], &out.columns[i], &c->err);
    return out;
}

typedef struct line_of { char *text; int task, at; } line_of;
typedef struct lines { sp_mutex lock; line_of v[4096]; int count; } lines;

static inline sp_status take_lines(void *context, int task, const sp_batch *b, sp_error *err)
{
    lines *l = context;
    sp_mutex_lock(&l->lock);
    for (uint32_t i = 0; i < (b->sel ? b->sel_count : b->rows) && l->count < 4096; i++) {
        sp_buf t = { 0 };
        for (int col_ = 0; col_ < b->column_count; col_++) {
            if (col_)
                sp_buf_putc(&t, ' ');
            sp_vec_text(&t, b->columns[col_], SP_BATCH_ROW(b, i), true, sp_zone_utc(), err);
        }
        l->v[l->count] = (line_of){ strdup(sp_buf_cstr(&t)), task, l->count };
        l->count++;
        sp_buf_done(&t);
    }
    sp_mutex_unlock(&l->lock);
    return SP_OK;
}

static inline int by_text(const void *a, const void *b)
{
    return strcmp(((const line_of *)a)->text, ((const line_of *)b)->text);
}

/* Tasks in order are the partitions in order. */
static inline int by_task(const void *a, const void *b)
{
    const line_of *x = a, *y = b;
    return x->task != y->task ? x->task - y->task : x->at - y->at;
}

/* All lines joined by " | ", sorted unless in_order; forgets them. */
static inline const char *joined(ctx *c, lines *l, bool in_order)
{
    sp_buf t = { 0 };
    qsort(l->v, (size_t)l->count, sizeof *l->v, in_order ? by_task : by_text);
    for (int i = 0; i < l->count; i++) {
        sp_buf_puts(&t, i ? " | " : "");
        sp_buf_puts(&t, l->v[i].text);
        free(l->v[i].text);
    }
    l->count = 0;
    const char *s = sp_arena_strndup(c->a, t.data ? t.data : "", t.len, &c->err);
    sp_buf_done(&t);
    return s;
}

/* Opens, runs once over text inputs (one per scan; each split at lines of "--"), gives the rows. */
static inline sp_exec *open_exec(ctx *c, sp_exec_spec *spec, const sp_plan *plan)
{
    static sp_pool *pool;
    sp_exec *x = NULL;
    if (!pool)
        must(sp_pool_new(sp_world_real(), 2, &pool, &c->err) == SP_OK, c, "pool");
    spec->world = sp_world_real();
    spec->pool = pool;
    spec->arena = c->a;
    spec->conf = &c->conf;
    spec->plan = plan;
    if (!spec->shuffle_partitions)
        spec->shuffle_partitions = 2;
    must(sp_exec_open(spec, &x, &c->err) == SP_OK, c, "open");
    return x;
}

static inline sp_input *input_of(ctx *c, const sp_type *t, const char *text)
{
    sp_batch *b = sp_arena_calloc(c->a, sizeof *b * 16, &c->err);
    int n = 0;
    for (const char *end; text && n < 16; text = end ? end + 3 : NULL) {
        end = strstr(text, "--\n");
        char *piece = sp_arena_strndup(c->a, text, end ? (size_t)(end - text) : strlen(text), &c->err);
        b[n++] = batch_of(c, t, piece);
    }
    sp_input *in = NULL;
    must(sp_input_of_batches(c->a, b, n, n, &in, &c->err) == SP_OK, c, "input");
    return in;
}

static inline sp_status run_text(ctx *c, sp_exec *x, sp_run *run, const char *const *texts, lines *out)
{
    const sp_input *inputs[8] = { 0 };
    static int64_t rows[8];
    for (int i = 0; i < sp_exec_scan_count(x); i++)
        if (texts[i])
            inputs[i] = input_of(c, sp_exec_scan(x, i)->schema, texts[i]);
    run->inputs = inputs;
    run->scan_rows = rows;
    run->consumer.context = out;
    run->consumer.consume = take_lines;
    return sp_exec_run(x, run, &c->err);
}

static inline const char *rows_of(ctx *c, const sp_plan *plan, bool in_order, const char *text)
{
    sp_exec_spec spec = { 0 };
    sp_exec *x = open_exec(c, &spec, plan);
    sp_run run = { 0 };
    static lines l;
    sp_mutex_init(&l.lock);
    const char *texts[8] = { text, text, text, text };
    must(run_text(c, x, &run, texts, &l) == SP_OK, c, "run");
    const char *s = joined(c, &l, in_order);
    must(run_text(c, x, &run, texts, &l) == SP_OK, c, "second run");
    const char *again = joined(c, &l, in_order);
    if (strcmp(s, again) != 0)
        s = sp_arena_printf(c->a, &c->err, "the second run differs: %s / %s", s, again);
    sp_exec_close(x);
    return s;
}

#endif
