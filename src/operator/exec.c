/* exec.c -- opening, running and ending a physical plan: pipes one after the other, their tasks on the pool.
 *
 *   run(x):
 *     if the tables hold a batch that was never committed: reload them (aggregate_state.c)
 *     begin_run of every node; per step: all tasks of a pipe, or "gathered" of a node
 *   task(pipe, worker):
 *     chain of this worker (made at its first task): begin of each operator; source.feed; finish of each
 *     operator, first to last
 *
 * A step below the static side of a streaming join runs in the first batch that succeeds and keeps its rows
 * (operator_int.h, once). */
#include "operator/operator_int.h"

/* ---- memory ---- */

sp_arena *sp_exec_arena(sp_exec *x, const char *name, sp_error *err)
{
    sp_arena *a = sp_arena_new(name, x->spec.memory_limit);
    if (!a)
        sp_error_memory(err, name);
    return a;
}

sp_status sp_grow(sp_exec *x, void *p, size_t old_bytes, size_t new_bytes, sp_error *err)
{
    void **slot = p;
    size_t total = atomic_fetch_add(&x->memory, new_bytes - old_bytes) + new_bytes - old_bytes;
    if (!x->spec.memory_limit || total <= x->spec.memory_limit) {
        void *q = sp_realloc(*slot, new_bytes);
        if (q) {
            *slot = q;
            return SP_OK;
        }
        atomic_fetch_sub(&x->memory, new_bytes - old_bytes);
        return sp_error_memory(err, "a table of groups");
    }
    atomic_fetch_sub(&x->memory, new_bytes - old_bytes);
    return SP_FAIL(err, UNABLE_TO_ACQUIRE_MEMORY, "requestedBytes", sp_error_format(err, "%zu", new_bytes - old_bytes),
                   "receivedBytes", "0");
}

void sp_grow_free(sp_exec *x, void *p, size_t bytes)
{
    if (p)
        atomic_fetch_sub(&x->memory, bytes);
    sp_free(p);
}

/* ---- chains ---- */

sp_status sp_emit(sp_operator *op, const sp_batch *out, sp_error *err)
{
    sp_operator *next = op->next;
    if (!next || next->done || sp_live(out) == 0)
        return SP_OK;
    SP_TRY(next->cls->push(next, out, err));
    if (next->done && !op->cls->sees_all)
        op->done = true;
    return SP_OK;
}

bool sp_exec_stopped(sp_exec *x)
{
    const sp_run *r = x->run;
    return r && r->consumer.stop && atomic_load_explicit(r->consumer.stop, memory_order_relaxed);
}

void sp_chain_fresh(sp_chain *c) { sp_arena_reset(c->batch_arena); }

sp_status sp_chain_push(sp_chain *c, const sp_batch *b, sp_error *err)
{
    sp_operator *first = c->ops[0];
    if (first->done || sp_exec_stopped(c->x))
        return SP_DONE;
    if (sp_live(b))
        SP_TRY(first->cls->push(first, b, err));
    return first->done ? SP_DONE : SP_OK;
}

static void free_chain(sp_chain *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->op_count && c->ops; i++)
        if (c->ops[i] && c->ops[i]->cls->close)
            c->ops[i]->cls->close(c->ops[i]);
    sp_arena_free(c->batch_arena);
    sp_arena_free(c->arena);
}

static sp_status fill_chain(sp_chain *c, sp_pipe *p, sp_error *err)
{
    c->batch_arena = sp_arena_new("batch", p->source->x->spec.memory_limit);
    if (!c->batch_arena)
        return sp_error_memory(err, "a batch arena");
    c->eval = (sp_eval_context){ .arena = c->batch_arena, .conf = c->x->spec.conf, .row_counter = &c->row_counter };
    SP_NEW_ARRAY(c->ops, c->arena, p->link_count, err);
    const sp_link *l = p->links;
    for (int i = 0; i < p->link_count; i++, l = l->next) {
        sp_operator *op = sp_arena_calloc(c->arena, l->cls->size, err);
        if (!op)
            return SP_FAILED;
        op->cls = l->cls;
        op->node = l->node;
        op->chain = c;
        if (l->cls->open)
            SP_TRY(l->cls->open(op, err));
        c->ops[c->op_count++] = op;
        if (i)
            c->ops[i - 1]->next = op;
    }
    return SP_OK;
}

static sp_status make_chain(sp_pipe *p, int worker, sp_error *err)
{
    sp_arena *a = sp_exec_arena(p->source->x, "operators", err);
    sp_chain *c = a ? sp_arena_calloc(a, sizeof *c, err) : NULL;
    if (!c) {
        sp_arena_free(a);
        return SP_FAILED;
    }
    c->arena = a;
    c->pipe = p;
    c->x = p->source->x;
    c->worker = worker;
    if (fill_chain(c, p, err) == SP_FAILED) {
        free_chain(c);
        return SP_FAILED;
    }
    p->chains[worker] = c;
    return SP_OK;
}

static sp_status pipe_task(void *context, int task, int worker, sp_error *err)
{
    sp_pipe *p = context;
    if (sp_exec_stopped(p->source->x))
        return SP_OK;
    if (!p->chains[worker])
        SP_TRY(make_chain(p, worker, err));
    sp_chain *c = p->chains[worker];
    c->task = task;
    c->eval.partition_index = task;
    c->eval.input_file = NULL;
    c->eval.random[0] = c->eval.random[1] = 0;
    c->row_counter = 0;
    for (int i = 0; i < c->op_count; i++)
        c->ops[i]->done = false;
    for (int i = 0; i < c->op_count; i++)
        if (c->ops[i]->cls->begin)
            SP_TRY(c->ops[i]->cls->begin(c->ops[i], err));
    sp_status status = p->source->cls->feed(p->source, c, task, err);
    for (int i = 0; i < c->op_count && status != SP_FAILED; i++)
        if (c->ops[i]->cls->finish)
            status = c->ops[i]->cls->finish(c->ops[i], err);
    sp_chain_fresh(c);
    return status == SP_FAILED ? SP_FAILED : SP_OK;
}

sp_status sp_exec_each(sp_exec *x, int count, bool small, sp_task_fn run, void *context, sp_error *err)
{
    if (!small && count > 1 && x->workers > 1)
        return sp_pool_run(x->spec.pool, count, run, context, err);
    for (int i = 0; i < count; i++)
        SP_TRY(run(context, i, 0, err));
    return SP_OK;
}

static sp_status run_pipe(sp_exec *x, sp_pipe *p, sp_error *err)
{
    int tasks = p->source->cls->feed_tasks(p->source);
    if (p->is_result) {
        p->first_task = x->result_tasks;
        x->result_tasks += tasks;
    }
    sp_status status = SP_OK;
    if (tasks)
        status = sp_exec_each(x, tasks, p->source->small, pipe_task, p, err);
    if (p->source->cls->fed)
        p->source->cls->fed(p->source);
    return status;
}

/* ---- the end of the chain that nobody gathers ---- */

static sp_status result_push(sp_operator *op, const sp_batch *in, sp_error *err)
{
    const sp_run *r = op->node->x->run;
    if (!r->consumer.consume)
        return SP_OK;
    return r->consumer.consume(r->consumer.context, op->chain->pipe->first_task + op->chain->task, in, err);
}

const sp_operator_class sp_op_result = { .name = "Result", .size = sizeof(sp_operator), .push = result_push };

/* ---- running ---- */

static sp_status run_steps(sp_exec *x, sp_error *err)
{
    for (int i = 0; i < x->node_count; i++) {
        sp_node *n = x->nodes[i];
        if (n->cls->begin_run && !(n->once && x->once_done))
            SP_TRY(n->cls->begin_run(n, err));
    }
    for (int i = 0; i < x->step_count; i++) {
        const sp_step *s = &x->steps[i];
        if ((s->once && x->once_done) || sp_exec_stopped(x))
            continue;
        if (s->pipe)
            SP_TRY(run_pipe(x, s->pipe, err));
        else if (s->gathered->cls->gathered)
            SP_TRY(s->gathered->cls->gathered(s->gathered, err));
    }
    return SP_OK;
}

sp_status sp_exec_run(sp_exec *x, sp_run *run, sp_error *err)
{
    if (x->dirty)
        sp_exec_abort(x);
    x->run = run;
    x->result_tasks = 0;
    for (int i = 0; i < x->scan_count && run->scan_rows; i++)
        run->scan_rows[i] = 0;
    for (int i = 0; i < x->watermark_count; i++) {
        int64_t delay = x->watermark_stats[i].delay_us;
        x->watermark_stats[i] = (sp_watermark_stats){ .delay_us = delay };
    }
    sp_bind_set_run(x, run->timestamp_us);
    x->dirty = x->state_op_count > 0;
    sp_status status = run_steps(x, err);
    for (int i = 0; i < x->metrics_count && status != SP_FAILED; i++)
        status = sp_metrics_finish(x->metrics[i], &x->observed[i], err);
    if (status != SP_FAILED && !sp_exec_stopped(x))
        x->once_done = true;
    run->result_task_count = x->result_tasks;
    x->run = NULL;
    return status;
}

sp_status sp_exec_commit(sp_exec *x, int64_t batch_id, sp_error *err)
{
    for (int i = 0; i < x->node_count; i++)
        if (x->nodes[i]->cls->commit)
            SP_TRY(x->nodes[i]->cls->commit(x->nodes[i], batch_id, err));
    x->dirty = false;
    return SP_OK;
}

void sp_exec_abort(sp_exec *x)
{
    for (int i = 0; i < x->node_count; i++)
        if (x->nodes[i]->cls->abort)
            x->nodes[i]->cls->abort(x->nodes[i]);
    x->dirty = false;
}

sp_status sp_exec_maintain(sp_exec *x, sp_error *err)
{
    for (int i = 0; i < x->node_count; i++)
        if (x->nodes[i]->cls->maintain)
            SP_TRY(x->nodes[i]->cls->maintain(x->nodes[i], err));
    return SP_OK;
}

/* ---- opening and closing ---- */

static sp_status order_state_stats(sp_exec *x, sp_error *err)
{
    SP_NEW_ARRAY(x->state_stats, x->arena, x->state_op_count + 1, err);
    for (int i = 0; i < x->state_op_count; i++) {
        sp_state_op_stats *s = &x->state_stats[x->state_op_count - 1 - i];
        *s = *x->state_nodes[i]->stats;
        x->state_nodes[i]->stats = s;
    }
    return SP_OK;
}

static sp_status open_all(sp_exec *x, sp_error *err)
{
    SP_TRY(sp_exec_plan(x, err));
    SP_TRY(order_state_stats(x, err));
    SP_NEW_ARRAY(x->watermark_stats, x->arena, x->watermark_count + 1, err);
    for (int i = 0; i < x->watermark_count; i++) {
        const sp_plan *p = x->watermarks[i]->plan;
        x->watermark_stats[i].delay_us = p->delay_us + (int64_t)p->delay_months * 31 * SP_US_PER_DAY;
    }
    SP_NEW_ARRAY(x->observed, x->arena, x->metrics_count + 1, err);
    return SP_OK;
}

sp_status sp_exec_open(const sp_exec_spec *spec, sp_exec **out, sp_error *err)
{
    *out = NULL;
    sp_arena *a = sp_arena_new("exec", 0);
    sp_exec *x = a ? sp_arena_calloc(a, sizeof *x, err) : NULL;
    if (!x) {
        sp_arena_free(a);
        return sp_error_memory(err, "a physical plan");
    }
    x->arena = a;
    x->spec = *spec;
    x->workers = spec->pool ? sp_pool_size(spec->pool) : 1;
    if (x->spec.shuffle_partitions < 1)
        x->spec.shuffle_partitions = 1;
    if (open_all(x, err) == SP_FAILED) {
        sp_exec_close(x);
        return SP_FAILED;
    }
    *out = x;
    return SP_OK;
}

void sp_exec_close(sp_exec *x)
{
    if (!x)
        return;
    for (int i = 0; i < x->step_count; i++) {
        sp_pipe *p = x->steps[i].pipe;
        for (int w = 0; p && p->chains && w < x->workers; w++)
            free_chain(p->chains[w]);
    }
    for (int i = 0; i < x->node_count; i++)
        if (x->nodes[i]->cls->end)
            x->nodes[i]->cls->end(x->nodes[i]);
    sp_arena_free(x->arena);
}

/* ---- what the caller asks ---- */

int sp_exec_scan_count(const sp_exec *x) { return x->scan_count; }
const sp_scan *sp_exec_scan(const sp_exec *x, int i) { return x->scans[i]->plan->scan; }

int sp_exec_watermarks(const sp_exec *x, const sp_watermark_stats **out)
{
    *out = x->watermark_stats;
    return x->watermark_count;
}

int sp_exec_state_ops(const sp_exec *x, const sp_state_op_stats **out)
{
    *out = x->state_stats;
    return x->state_op_count;
}

int sp_exec_observed(const sp_exec *x, const sp_observed **out)
{
    *out = x->observed;
    return x->metrics_count;
}

/* StateStoreSaveExec.shouldRunAnotherBatch: append and update modes, whenever the watermark moved; the others of
 * today's
 * stateful operators answer alike (deduplication in any mode) or never (global limit). */
bool sp_exec_wants_no_data_batch(const sp_exec *x, int64_t new_watermark_us, int64_t last_watermark_us)
{
    if (new_watermark_us <= last_watermark_us)
        return false;
    for (int i = 0; i < x->state_op_count; i++) {
        const sp_operator_class *cls = x->state_nodes[i]->cls;
        if (cls->no_data_always || (cls->no_data_batches && x->spec.mode != SP_COMPLETE))
            return true;
    }
    return false;
}
