/* query.c -- a streaming query as others see it: start, ask, wait, stop; and the thread that runs its driver.
 *
 * The thread sleeps on descriptors (its waker, the sources', a folder watch) and never polls but for what can change unseen. A request of
 * process_all is answered by the first trigger begun after it that found nothing to do.
 * Source: StreamExecution, TriggerExecutor, StreamingQueryException (Spark 4.3). */
#include "stream/stream_int.h"

enum { RESCAN_US = 1000000, FDS_MAX = 258 };

char *sp_text_dup(const char *p, size_t n)
{
    char *copy = p ? sp_malloc(n + 1) : NULL;
    if (copy) {
        memcpy(copy, p, n);
        copy[n] = '\0';
    }
    return copy;
}

void sp_query_set_status(sp_query *q, const char *message, int data_available, int trigger_active)
{
    char *copy = message ? sp_text_dup(message, strlen(message)) : NULL;
    sp_mutex_lock(&q->lock);
    if (copy) {
        sp_free(q->message);
        q->message = copy;
    }
    if (data_available >= 0)
        q->data_available = data_available != 0;
    if (trigger_active >= 0)
        q->trigger_active = trigger_active != 0;
    sp_mutex_unlock(&q->lock);
}

/* ---- ending ---- */

/* Keeps the error a query fails with as STREAM_FAILED around the cause. */
static void keep_error(sp_query *q, const sp_error *cause)
{
    sp_error *e = sp_arena_calloc(q->error_arena, sizeof *e, NULL);
    sp_buf text = { 0 };
    sp_error_message(cause, &text);
    if (!e) {
        sp_buf_done(&text);
        return;
    }
    e->arena = q->error_arena;
    const char *message = sp_arena_strdup(q->error_arena, sp_buf_cstr(&text), NULL);
    sp_error_set(e, SP_COND_STREAM_FAILED, "id", q->id, "runId", q->run_id, "message", message ? message : "", (char *)NULL);
    e->exc = SP_EXC_STREAMING_QUERY;
    const sp_condition_row *row = cause->condition ? sp_condition_info(cause->condition) : NULL;
    e->cause_condition = row ? row->name : NULL;
    sp_buf status = { 0 };
    sp_buf_printf(&status, "Terminated with exception: %s", sp_buf_cstr(&text));
    sp_query_set_status(q, sp_buf_cstr(&status), 0, 0);
    sp_buf_done(&status);
    sp_buf_done(&text);
    q->error = e;
}

/* An ended query is remembered for a while (manager.c): it keeps what can be asked, not its descriptors and buffers. */
static void slim_down(sp_query *q)
{
    sp_arena_free(q->batch_arena);
    q->batch_arena = NULL;
    sp_waker_free(q->waker);
    q->waker = NULL;
}

static void wake(sp_query *q)
{
    sp_mutex_lock(&q->lock);
    if (q->waker)
        sp_waker_wake(q->waker);
    sp_mutex_unlock(&q->lock);
}

/* The thread of a query that is over: its stack is given back as soon as somebody has waited for it. */
static void join_thread(sp_query *q)
{
    sp_mutex_lock(&q->lock);
    sp_thread *t = q->active ? NULL : q->thread;
    if (t)
        q->thread = NULL;
    sp_mutex_unlock(&q->lock);
    if (t)
        sp_thread_join(t);
}

static void ended(sp_query *q, sp_status status, const sp_error *err)
{
    if (status == SP_FAILED && !q->stop) {
        keep_error(q, err);
        sp_buf text = { 0 };
        sp_error_message(err, &text);
        sp_log(SP_LOG_ERROR, "Query %s [id = %s, runId = %s] terminated with error: %s", q->spec.name ? q->spec.name : "", q->id,
               q->run_id, sp_buf_cstr(&text));
        sp_buf_done(&text);
    } else {
        sp_query_set_status(q, "Stopped", 0, 0);
    }
    sp_driver_close(q);
    if (q->checkpoint_is_temporary && (!q->error || q->spec.temporary_checkpoint_forced))
        sp_tree_remove(q->spec.world, q->checkpoint, NULL);
    sp_progress_event(q, SP_EVENT_TERMINATED, NULL);
    if (q->spec.manager)
        sp_manager_ended(q->spec.manager, q);
    sp_mutex_lock(&q->lock);
    q->active = false;
    q->data_available = q->trigger_active = false;
    slim_down(q);
    sp_cond_broadcast(&q->changed);
    sp_mutex_unlock(&q->lock);
}

/* ---- the thread ---- */

static uint64_t requests(sp_query *q)
{
    sp_mutex_lock(&q->lock);
    uint64_t n = q->asked;
    sp_mutex_unlock(&q->lock);
    return n;
}

static void answer(sp_query *q, uint64_t n)
{
    sp_mutex_lock(&q->lock);
    if (n > q->answered) {
        q->answered = n;
        sp_cond_broadcast(&q->changed);
    }
    sp_mutex_unlock(&q->lock);
}

/* Sleeps until something may have changed, at most until `until_us` (wall clock; -1: no bound of its own). */
static sp_status sleep_until_event(sp_query *q, int64_t until_us, bool on_sources, sp_error *err)
{
    int fds[FDS_MAX];
    bool ready[FDS_MAX];
    int count = 0;
    int64_t now = sp_now_us(q->spec.world);
    int64_t wait = on_sources ? RESCAN_US : -1;
    if (until_us >= 0)
        wait = until_us > now ? until_us - now : 0;
    fds[count++] = sp_waker_fd(q->waker);
    for (int i = 0; on_sources && i < q->slot_count && count < FDS_MAX; i++) {
        sp_source *s = q->slots[i].source;
        int fd = s->cls->wait_fd ? s->cls->wait_fd(s) : -1;
        int64_t at = s->cls->next_data_us ? s->cls->next_data_us(s) : -1;
        if (fd >= 0)
            fds[count++] = fd;
        if (at >= 0 && (wait < 0 || at - now < wait))
            wait = at > now ? at - now : 0;
    }
    SP_TRY(sp_wait_readable(q->spec.world, fds, count, wait, ready, err));
    sp_waker_drain(q->waker);
    return SP_OK;
}

/* Under load the sink's smallest gap between batches keeps transactions and files few (D4). */
static sp_status keep_gap(sp_query *q, sp_error *err)
{
    int64_t gap = q->sink->cls->min_batch_gap_us;
    const char *set = sp_query_conf(q, "spate.streaming.minBatchGapMs", NULL);
    int64_t ms;
    if (set && sp_str_to_i64(sp_str_of(set), &ms))
        gap = ms * 1000;
    if (gap <= 0 || q->spec.trigger.kind != SP_TRIGGER_DEFAULT)
        return SP_OK;
    for (;;) {
        int64_t left = q->last_batch_end_us + gap - sp_mono_ns(q->spec.world) / 1000;
        sp_mutex_lock(&q->lock);
        bool waited_for = q->asked > q->answered;      /* somebody waits in process_all: no reason to hold back */
        sp_mutex_unlock(&q->lock);
        if (left <= 0 || q->stop || waited_for)
            return SP_OK;
        SP_TRY(sleep_until_event(q, sp_now_us(q->spec.world) + left, false, err));
    }
}

/* The first batch of a query takes what its program made ready around start(), not what a race leaves (sp_source_class.settle_us). */
static sp_status settle(sp_query *q, sp_error *err)
{
    int64_t us = 0;
    for (int i = 0; i < q->slot_count; i++)
        if (q->slots[i].source->cls->settle_us > us)
            us = q->slots[i].source->cls->settle_us;
    int64_t until = sp_now_us(q->spec.world) + us;
    while (us > 0 && !q->stop && requests(q) == 0 && sp_now_us(q->spec.world) < until)
        SP_TRY(sleep_until_event(q, until, false, err));
    return SP_OK;
}

static sp_status run_default(sp_query *q, sp_error *err)
{
    while (!q->stop) {
        uint64_t asked = requests(q);
        bool ran;
        SP_TRY(sp_driver_trigger(q, &ran, err));
        if (ran) {
            SP_TRY(keep_gap(q, err));
            continue;
        }
        answer(q, asked);
        if (q->stop || requests(q) > asked)
            continue;
        SP_TRY(sleep_until_event(q, -1, true, err));
    }
    return SP_OK;
}

/* ProcessingTimeExecutor: a trigger at each multiple of the interval; late ones are skipped, the next multiple is taken. */
static sp_status run_interval(sp_query *q, sp_error *err)
{
    int64_t step = q->spec.trigger.interval_us;
    while (!q->stop) {
        uint64_t asked = requests(q);
        int64_t began = sp_now_us(q->spec.world);
        bool ran;
        SP_TRY(sp_driver_trigger(q, &ran, err));
        if (!ran)
            answer(q, asked);
        int64_t next = (began / step + 1) * step;
        int64_t now = sp_now_us(q->spec.world);
        if (now > next)
            next = (now / step + 1) * step;
        if (ran)
            sp_query_set_status(q, "Waiting for next trigger", -1, 0);
        while (!q->stop && sp_now_us(q->spec.world) < next)
            SP_TRY(sleep_until_event(q, next, false, err));
    }
    return SP_OK;
}

static sp_status run_bounded(sp_query *q, sp_error *err)
{
    bool once = q->spec.trigger.kind == SP_TRIGGER_ONCE;
    bool ran = true;
    while (!q->stop && ran) {
        SP_TRY(sp_driver_trigger(q, &ran, err));
        if (once)
            break;
    }
    return SP_OK;
}

static void maintain(void *context)
{
    sp_query *q = context;
    sp_error err = { 0 };
    int fd = sp_waker_fd(q->maintainer_wake);
    while (!q->maintainer_stop) {
        bool ready = false;
        if (sp_wait_readable(q->spec.world, &fd, 1, -1, &ready, &err) == SP_FAILED)
            break;
        sp_waker_drain(q->maintainer_wake);
        if (!q->maintainer_stop && sp_exec_maintain(q->exec, &err) == SP_FAILED) {
            sp_buf text = { 0 };
            sp_error_message(&err, &text);
            sp_log(SP_LOG_WARN, "state store maintenance of query %s failed: %s", q->id, sp_buf_cstr(&text));
            sp_buf_done(&text);
        }
        sp_error_reset(&err);
    }
}

static sp_status start_maintainer(sp_query *q, sp_error *err)
{
    const sp_state_op_stats *ops;
    if (sp_exec_state_ops(q->exec, &ops) == 0)
        return SP_OK;
    if (!(q->maintainer_wake = sp_waker_new(q->spec.world, err)))
        return SP_FAILED;
    return sp_thread_start(q->spec.world, "state-maintenance", maintain, q, &q->maintainer, err);
}

static void stop_maintainer(sp_query *q)
{
    if (q->maintainer) {
        q->maintainer_stop = true;
        sp_waker_wake(q->maintainer_wake);
        sp_thread_join(q->maintainer);
    }
    q->maintainer = NULL;
    sp_waker_free(q->maintainer_wake);
    q->maintainer_wake = NULL;
}

static void run_thread(void *context)
{
    sp_query *q = context;
    sp_error err = { 0 };
    err.arena = q->error_arena;
    sp_status status = sp_driver_init(q, &err);
    if (status == SP_OK)
        status = start_maintainer(q, &err);
    if (status == SP_OK) {
        switch (q->spec.trigger.kind) {
        case SP_TRIGGER_INTERVAL: status = settle(q, &err) == SP_OK ? run_interval(q, &err) : SP_FAILED; break;
        case SP_TRIGGER_ONCE: case SP_TRIGGER_AVAILABLE_NOW: status = run_bounded(q, &err); break;
        case SP_TRIGGER_DEFAULT: status = settle(q, &err) == SP_OK ? run_default(q, &err) : SP_FAILED; break;
        }
    }
    stop_maintainer(q);
    ended(q, status, &err);     /* the last reference is let go by another thread, which joins this one first */
}

/* ---- start ---- */

static sp_status open_checkpoint(sp_query *q, sp_error *err)
{
    sp_arena *a = q->spec.arena;
    const char *root = q->spec.checkpoint;
    if (!root) {
        char id[37];
        sp_uuid(q->spec.world, id);
        root = sp_arena_printf(a, err, "/tmp/temporary-%s", id);
        q->checkpoint_is_temporary = true;
        if (!root)
            return SP_FAILED;
    }
    q->checkpoint = root;
    SP_TRY(sp_dir_make(q->spec.world, root, err));
    SP_TRY(sp_checkpoint_id(q->spec.world, root, q->durability, q->id, err));
    q->offsets_dir = sp_arena_printf(a, err, "%s/offsets", root);
    q->commits_dir = q->offsets_dir ? sp_arena_printf(a, err, "%s/commits", root) : NULL;
    return q->commits_dir ? SP_OK : SP_FAILED;
}

static sp_status open_sink(sp_query *q, sp_error *err)
{
    static const char *const names[] = { "append", "update", "complete" };
    static const sp_sink_mode modes[] = { SP_SINK_APPEND, SP_SINK_UPDATE, SP_SINK_COMPLETE };
    sp_sink_mode mode = modes[q->spec.mode];
    const sp_sink_class *cls = q->spec.sink;
    if (!(cls->modes & 1u << mode))
        return SP_FAIL(err, STREAMING_OUTPUT_MODE__UNSUPPORTED_DATASOURCE, "className", cls->name, "outputMode", names[q->spec.mode]);
    sp_sink_spec *s = &q->spec.sink_spec;
    s->world = q->spec.world;
    s->arena = q->spec.arena;
    s->conf = &q->conf;
    s->mode = mode;
    s->durability = q->durability;
    s->query_name = q->spec.name;
    if (!(s->schema = sp_plan_schema(q->spec.arena, q->spec.plan, err)))
        return SP_FAILED;
    return cls->open(s, &q->sink, err);
}

static sp_status prepare(sp_query *q, sp_error *err)
{
    const char *durable = sp_props_get(q->spec.session_conf, "spate.checkpoint.durability");
    q->durability = durable && strcmp(durable, "power") == 0 ? SP_DURABLE_POWER : SP_DURABLE_RENAME;
    q->conf = *q->spec.conf;
    int64_t keep = 100;
    const char *recent = sp_props_get(q->spec.session_conf, "spark.sql.streaming.numRecentProgressUpdates");
    if (recent)
        sp_str_to_i64(sp_str_of(recent), &keep);
    q->ring.cap = keep > 0 && keep <= 1000000 ? (int)keep : 100;
    SP_NEW_ARRAY(q->ring.texts, q->spec.arena, q->ring.cap, err);
    sp_uuid(q->spec.world, q->run_id);
    SP_TRY(open_sink(q, err));
    if (!q->spec.checkpoint && q->spec.sink->needs_checkpoint)
        return SP_FAIL(err, _LEGACY_ERROR_TEMP_1298, "config", "spark.sql.streaming.checkpointLocation");
    SP_TRY(sp_plan_check_streaming(q->spec.plan, q->spec.mode, err));
    SP_TRY(open_checkpoint(q, err));
    sp_buf text = { 0 };
    sp_plan_string(&text, q->spec.plan);
    q->parsed_text = sp_text_dup(sp_buf_cstr(&text), text.len);
    sp_buf_done(&text);
    sp_query_set_status(q, "Initializing sources", 0, 0);
    return SP_OK;
}

/* arena_too: the query took the plan's arena over. A start that fails leaves it to the caller. */
static void destroy(sp_query *q, bool arena_too)
{
    if (q->thread)
        sp_thread_join(q->thread);
    sp_driver_close(q);
    for (int i = 0; i < q->ring.count; i++)
        sp_free(q->ring.texts[(q->ring.first + i) % q->ring.cap]);
    sp_free(q->message);
    sp_free(q->parsed_text);
    sp_free(q->optimized_text);
    sp_free(q->physical_text);
    sp_waker_free(q->waker);
    sp_arena_free(q->batch_arena);
    sp_arena_free(q->error_arena);
    sp_cond_done(&q->changed);
    sp_mutex_done(&q->lock);
    if (arena_too)
        sp_arena_free(q->spec.arena);
    sp_free(q);
}

sp_status sp_query_start(const sp_query_spec *spec, sp_query **out, sp_error *err)
{
    sp_query *q = sp_calloc(sizeof *q);
    if (!q)
        return sp_error_memory(err, "a streaming query");
    q->spec = *spec;
    q->refs = 1;
    sp_mutex_init(&q->lock);
    sp_cond_init(&q->changed);
    q->batch_arena = sp_arena_new("batch", 0);
    q->error_arena = sp_arena_new("error", 1 << 20);
    q->waker = sp_waker_new(spec->world, err);
    sp_status status = q->batch_arena && q->error_arena ? SP_OK : sp_error_memory(err, "a streaming query");
    if (!q->waker)
        status = SP_FAILED;
    if (status == SP_OK)
        status = prepare(q, err);
    if (status == SP_OK && spec->manager)
        status = sp_manager_add(spec->manager, q, err);
    if (status == SP_FAILED) {
        destroy(q, false);
        return SP_FAILED;
    }
    q->active = true;
    sp_progress_event(q, SP_EVENT_STARTED, NULL);
    sp_thread *thread = NULL;
    if (!sp_world_is_simulated(spec->world)
        && sp_thread_start(spec->world, "stream-execution", run_thread, q, &thread, err) == SP_FAILED) {
        ended(q, SP_FAILED, err);
        q->spec.arena = NULL;       /* stays the caller's */
        sp_query_unref(q);
        return SP_FAILED;
    }
    sp_mutex_lock(&q->lock);
    q->thread = thread;
    sp_mutex_unlock(&q->lock);
    *out = q;
    return SP_OK;
}

/* What the maintainer's thread does elsewhere, where there are no threads. */
static void inline_maintenance(sp_query *q)
{
    sp_error ignored = { 0 };
    int64_t every = q->state.min_deltas_for_snapshot > 0 ? q->state.min_deltas_for_snapshot : 1;
    if (q->batch_id % every == 0)
        sp_exec_maintain(q->exec, &ignored);
}

sp_status sp_query_step(sp_query *q, sp_error *err)
{
    if (!q->active)
        return SP_DONE;
    bool ran = false;
    sp_status status = q->initialized ? SP_OK : sp_driver_init(q, err);
    if (status == SP_OK)
        status = sp_driver_trigger(q, &ran, err);
    if (status == SP_FAILED) {
        ended(q, status, err);
        return SP_FAILED;
    }
    if (ran)
        inline_maintenance(q);
    return ran ? SP_MORE : SP_DONE;
}

/* ---- asking and waiting ---- */

sp_query *sp_query_ref(sp_query *q)
{
    q->refs++;
    return q;
}

void sp_query_unref(sp_query *q)
{
    if (q && --q->refs == 0)
        destroy(q, true);
}

const char *sp_query_id(const sp_query *q) { return q->id; }
const char *sp_query_run_id(const sp_query *q) { return q->run_id; }
const char *sp_query_name(const sp_query *q) { return q->spec.name; }

bool sp_query_is_active(sp_query *q)
{
    sp_mutex_lock(&q->lock);
    bool active = q->active;
    sp_mutex_unlock(&q->lock);
    return active;
}

sp_status sp_query_get_status(sp_query *q, sp_arena *a, sp_query_status *out, sp_error *err)
{
    sp_mutex_lock(&q->lock);
    out->message = sp_arena_strdup(a, q->message ? q->message : "", err);
    out->data_available = q->data_available;
    out->trigger_active = q->trigger_active;
    out->active = q->active;
    sp_mutex_unlock(&q->lock);
    return out->message ? SP_OK : SP_FAILED;
}

sp_status sp_query_recent_progress(sp_query *q, sp_arena *a, sp_str **out, int *count, sp_error *err)
{
    sp_status status = SP_OK;
    sp_mutex_lock(&q->lock);
    *count = q->ring.count;
    *out = sp_arena_alloc(a, sizeof **out * (size_t)(q->ring.count + 1), err);
    for (int i = 0; *out && i < q->ring.count && status == SP_OK; i++) {
        (*out)[i] = sp_str_copy(a, sp_str_of(q->ring.texts[(q->ring.first + i) % q->ring.cap]), err);
        if (!(*out)[i].p)
            status = SP_FAILED;
    }
    sp_mutex_unlock(&q->lock);
    return *out ? status : SP_FAILED;
}

sp_status sp_query_last_progress(sp_query *q, sp_arena *a, sp_str *out, sp_error *err)
{
    *out = (sp_str){ 0 };
    sp_mutex_lock(&q->lock);
    int n = q->ring.count;
    if (n)
        *out = sp_str_copy(a, sp_str_of(q->ring.texts[(q->ring.first + n - 1) % q->ring.cap]), err);
    sp_mutex_unlock(&q->lock);
    return n && !out->p ? SP_FAILED : SP_OK;
}

sp_status sp_query_stop(sp_query *q, sp_error *err)
{
    q->stop = true;
    wake(q);
    if (sp_world_is_simulated(q->spec.world)) {
        if (q->active)
            ended(q, SP_OK, NULL);
        return SP_OK;
    }
    sp_mutex_lock(&q->lock);
    while (q->active)
        sp_cond_wait(&q->changed, &q->lock);
    sp_mutex_unlock(&q->lock);
    join_thread(q);
    return SP_OK;
}

static sp_status failure(sp_query *q, sp_error *err)
{
    if (!q->error)
        return SP_OK;
    if (err)
        sp_error_copy(err, q->error);
    return SP_FAILED;
}

/* How long a waiter sleeps before it looks whether its caller has gone away. */
enum { CANCEL_CHECK_US = 100000 };

sp_status sp_query_process_all(sp_query *q, const _Atomic bool *cancelled, sp_error *err)
{
    sp_mutex_lock(&q->lock);
    uint64_t mine = ++q->asked;
    sp_mutex_unlock(&q->lock);
    wake(q);
    sp_mutex_lock(&q->lock);
    while (q->active && q->answered < mine && !(cancelled && *cancelled))
        sp_cond_wait_us(&q->changed, &q->lock, CANCEL_CHECK_US);
    sp_status status = q->active ? SP_OK : failure(q, err);
    sp_mutex_unlock(&q->lock);
    return status;
}

sp_status sp_query_await(sp_query *q, int64_t timeout_ms, const _Atomic bool *cancelled, bool *terminated, sp_error *err)
{
    int64_t end = timeout_ms < 0 ? INT64_MAX : sp_mono_ns(q->spec.world) / 1000 + timeout_ms * 1000;
    sp_mutex_lock(&q->lock);
    while (q->active && !(cancelled && *cancelled)) {
        int64_t left = end - sp_mono_ns(q->spec.world) / 1000;
        if (left <= 0)
            break;
        sp_cond_wait_us(&q->changed, &q->lock, left < CANCEL_CHECK_US ? left : CANCEL_CHECK_US);
    }
    *terminated = !q->active;
    sp_status status = *terminated ? failure(q, err) : SP_OK;
    sp_mutex_unlock(&q->lock);
    if (*terminated)
        join_thread(q);
    return status;
}

bool sp_query_exception(sp_query *q, sp_arena *a, sp_error *out)
{
    sp_mutex_lock(&q->lock);
    bool failed = !q->active && q->error;
    if (failed) {
        out->arena = a;
        sp_error_copy(out, q->error);
    }
    sp_mutex_unlock(&q->lock);
    return failed;
}

sp_status sp_query_explain(sp_query *q, bool extended, sp_buf *out, sp_error *err)
{
    sp_mutex_lock(&q->lock);
    const char *parsed = q->parsed_text ? q->parsed_text : "";
    if (!q->physical_text) {
        sp_buf_puts(out, "No physical plan. Waiting for data.");
    } else if (extended) {
        sp_buf_printf(out, "== Parsed Logical Plan ==\n%s\n\n== Analyzed Logical Plan ==\n%s\n\n== Optimized Logical Plan ==\n%s\n\n"
                      "== Physical Plan ==\n%s", parsed, parsed, q->optimized_text ? q->optimized_text : "", q->physical_text);
    } else {
        sp_buf_printf(out, "== Physical Plan ==\n%s", q->physical_text);
    }
    sp_mutex_unlock(&q->lock);
    return sp_buf_check(out, err);
}
