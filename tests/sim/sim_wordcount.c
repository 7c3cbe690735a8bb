/* sim_wordcount.c -- exactly-once through any single or double crash.
 *
 * Goal: whatever call a process dies at, its successor on the same disk ends where an undisturbed run ends: no line lost, none doubled.
 * Method: a simulated world that stops at its k-th call. Two programs over the same text files, one file a batch, more batches than
 * a log compaction and a state snapshot need:
 *   count   words counted into a memory table in complete mode: the state must be right, or a last file's counts are not
 *   copy    lines mapped into a file sink: the lines its log makes visible are the result
 * each with two ways to die: power (durability "power"; what was not synced is dropped, torn or kept by seed) and kill (durability
 * "rename"; what was done stays). First every single k (or as many as --samples allows, spread evenly), then random pairs (k, k2),
 * k2 counted from the restart; last a disk that is full from some batch on.
 *
 * LINK: session
 * sim_wordcount [--seed S] [--samples N] [--program count|copy] [--way power|kill] [--k K [--k2 K2]]: the last three repeat one run. */
#include "session/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES = 13, LINES = 6, STEPS_MAX = 200 };
enum { COUNT, COPY };
enum { POWER, KILL };
static const char *const program_names[] = { "count", "copy" };
static const char *const way_names[] = { "power", "kill" };

typedef struct machine {
    sp_world *w;
    int program, way;
    sp_runtime *runtime;
    sp_session *session;
    sp_query *query;
    sp_error err;
} machine;

static int passed, failed;

/* ---- what the programs read ---- */

static void line_text(char *to, int file, int line)
{
    sprintf(to, "file%d line%d w%d w%d", file, line, (file * 7 + line) % 5, line % 3);
}

static sp_status write_input(sp_world *w, int file, sp_error *err)
{
    char path[64], text[LINES * 64] = "", line[64];
    for (int i = 0; i < LINES; i++) {
        line_text(line, file, i);
        strcat(strcat(text, line), "\n");
    }
    sprintf(path, "/in/f%03d.txt", file);
    sp_world_sim_advance_us(w, 10000);      /* so that their times differ */
    return sp_file_write_atomic(w, path, sp_str_of(text), true, SP_DURABLE_POWER, NULL, err);
}

/* ---- a process ---- */

static void die(machine *m)
{
    if (m->query) {
        sp_query_stop(m->query, NULL);
        sp_query_unref(m->query);
    }
    sp_session_free(m->session);
    sp_runtime_free(m->runtime);
    m->query = NULL;
    m->session = NULL;
    m->runtime = NULL;
}

static sp_status set(machine *m, const char *key, const char *value)
{
    return sp_session_conf_set(m->session, sp_str_of(key), sp_str_of(value), &m->err);
}

static sp_status define_lines(machine *m)
{
    sp_arena *a = sp_arena_new("view", 0);
    static sp_str path = { "/in", 3 };
    sp_plan *read = sp_plan_new(a, SP_P_READ, NULL, 0, &m->err);
    read->name = SP_LIT("text");
    read->parts = &path;
    read->part_count = 1;
    read->read_streaming = true;
    read->options = sp_arena_calloc(a, sizeof *read->options, &m->err);
    read->options->map.fold_case = true;
    SP_TRY(sp_arena_defer(a, (void (*)(void *))sp_props_done, read->options, &m->err));
    SP_TRY(sp_props_put(read->options, SP_LIT("maxFilesPerTrigger"), SP_LIT("1"), &m->err));
    return sp_session_create_view(m->session, a, read, SP_LIT("lines"), false, true, &m->err);
}

static sp_status start_query(machine *m)
{
    static const char *const texts[] = {
        "SELECT word, count(*) AS n FROM (SELECT explode(split(value, ' ')) AS word FROM lines) GROUP BY word",
        "SELECT upper(value) AS v, length(value) AS n FROM lines WHERE value IS NOT NULL",
    };
    sp_arena *a = sp_arena_new("query", 0);
    const sp_expr_conf *conf;
    sp_plan *plan;
    sp_props *options = sp_arena_calloc(a, sizeof *options, &m->err);
    sp_stream_spec s = { 0 };
    options->map.fold_case = true;
    sp_status status = sp_arena_defer(a, (void (*)(void *))sp_props_done, options, &m->err);
    if (status == SP_OK)
        status = sp_session_expr_conf(m->session, a, &conf, &m->err);
    if (status == SP_OK)
        status = sp_sql_parse_statement(a, conf, sp_str_of(texts[m->program]), &plan, &m->err);
    if (status == SP_OK)
        status = sp_props_put(options, SP_LIT("checkpointLocation"), SP_LIT("/ck"), &m->err);
    s.input = plan;
    s.options = options;
    s.format = m->program == COUNT ? SP_LIT("memory") : SP_LIT("json");
    s.output_mode = m->program == COUNT ? SP_LIT("complete") : SP_LIT("append");
    s.path = m->program == COUNT ? (sp_str){ 0 } : SP_LIT("/out");
    s.query_name = SP_LIT("result");
    if (status == SP_OK)
        status = sp_session_start_stream(m->session, a, &s, &m->query, &m->err);
    if (status == SP_FAILED)
        sp_arena_free(a);
    return status;
}

static sp_status boot(machine *m)
{
    sp_runtime_options o = { .world = m->w, .workers = 2 };
    sp_error_reset(&m->err);
    SP_TRY(sp_runtime_new(&o, &m->runtime, &m->err));
    SP_TRY(sp_session_new(m->runtime, "sim", &m->session, &m->err));
    SP_TRY(set(m, "spark.sql.shuffle.partitions", "2"));
    SP_TRY(set(m, "spark.sql.streaming.minBatchesToRetain", "3"));
    SP_TRY(set(m, "spark.sql.streaming.stateStore.minDeltasForSnapshot", "2"));
    SP_TRY(set(m, "spate.checkpoint.durability", m->way == POWER ? "power" : "rename"));
    SP_TRY(define_lines(m));
    return start_query(m);
}

static sp_status run_to_end(machine *m)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        sp_status status = sp_query_step(m->query, &m->err);
        if (status != SP_MORE)
            return status == SP_DONE ? SP_OK : status;
    }
    return sp_error_internal(&m->err, "the query does not come to an end");
}

/* ---- what is left ---- */

static int by_text(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

/* Sorted lines, one text. */
static char *joined(char **lines, int count)
{
    sp_buf all = { 0 };
    qsort(lines, (size_t)count, sizeof *lines, by_text);
    for (int i = 0; i < count; i++)
        sp_buf_printf(&all, "%s\n", lines[i]);
    char *out = strdup(sp_buf_cstr(&all));
    sp_buf_done(&all);
    return out;
}

typedef struct rows { sp_arena *a; char *lines[4000]; int count; } rows;

static sp_status no_schema(void *context, const sp_type *schema, sp_error *err) { return SP_OK; }

static sp_status take_rows(void *context, const sp_batch *b, sp_error *err)
{
    rows *r = context;
    for (uint32_t i = 0; i < b->sel_count && r->count < 4000; i++) {
        sp_buf text = { 0 };
        for (int c = 0; c < b->column_count; c++) {
            sp_vec_text(&text, b->columns[c], SP_BATCH_ROW(b, i), true, sp_zone_utc(), err);
            sp_buf_putc(&text, ' ');
        }
        r->lines[r->count++] = sp_arena_strdup(r->a, sp_buf_cstr(&text), err);
        sp_buf_done(&text);
    }
    return SP_OK;
}

/* The memory table of the process that is still there. */
static char *table_rows(machine *m)
{
    sp_arena *a = sp_arena_new("rows", 0);
    rows *r = sp_arena_calloc(a, sizeof *r, NULL);
    const sp_expr_conf *conf;
    sp_plan *plan;
    r->a = a;
    sp_result_sink sink = { .context = r, .schema = no_schema, .batch = take_rows };
    sp_status status = sp_session_expr_conf(m->session, a, &conf, &m->err);
    if (status == SP_OK)
        status = sp_sql_parse_statement(a, conf, SP_LIT("SELECT word, n FROM result"), &plan, &m->err);
    if (status == SP_OK)
        status = sp_session_execute(m->session, a, plan, &sink, &m->err);
    char *out = status == SP_FAILED ? NULL : joined(r->lines, r->count);
    sp_arena_free(a);
    return out;
}

/* The lines of the files that the sink's log lists. */
static char *file_rows(machine *m)
{
    sp_arena *a = sp_arena_new("rows", 0);
    rows *r = sp_arena_calloc(a, sizeof *r, NULL);
    sp_sink_file *files;
    int count;
    char *out = NULL;
    sp_status status = sp_sink_log_all(m->w, "/out/_spark_metadata", a, &files, &count, &m->err);
    for (int i = 0; i < count && status == SP_OK; i++) {
        sp_str path, text;
        status = sp_path_from_uri(a, files[i].path, &path, &m->err);
        if (status == SP_OK)
            status = sp_file_read_all(m->w, path.p, a, &text, NULL, &m->err);
        if (status == SP_OK && (int64_t)text.n != files[i].size)
            status = sp_error_internal(&m->err, "%s has %zu bytes, its log says %lld", path.p, text.n, (long long)files[i].size);
        if (status == SP_FAILED)
            break;
        for (char *p = (char *)(uintptr_t)text.p, *nl; (nl = strchr(p, '\n')) && r->count < 4000; p = nl + 1) {
            *nl = '\0';
            r->lines[r->count++] = p;
        }
    }
    if (status == SP_OK)
        out = joined(r->lines, r->count);
    sp_arena_free(a);
    return out;
}

static char *expected(int program, int files)
{
    static char lines[FILES * LINES * 4][128];
    char *at[FILES * LINES * 4];
    int counts[1000] = { 0 }, n = 0;
    char words[1000][32];
    for (int f = 0; f < files; f++)
        for (int i = 0; i < LINES; i++) {
            char line[64];
            line_text(line, f, i);
            if (program == COPY) {
                for (char *p = line; *p; p++)
                    *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
                sprintf(lines[n], "{\"v\":\"%s\",\"n\":%zu}", line, strlen(line));
                at[n] = lines[n];
                n++;
                continue;
            }
            for (char *p = strtok(line, " "); p; p = strtok(NULL, " ")) {
                int k = 0;
                while (k < n && strcmp(words[k], p) != 0)
                    k++;
                if (k == n)
                    strcpy(words[n++], p);
                counts[k]++;
            }
        }
    for (int k = 0; program == COUNT && k < n; k++) {
        sprintf(lines[k], "%s %d ", words[k], counts[k]);
        at[k] = lines[k];
    }
    return joined(at, n);
}

/* ---- one schedule ---- */

static bool crashed(machine *m) { return sp_world_crashed(m->w); }

static machine *new_machine(uint64_t seed, int program, int way)
{
    machine *m = calloc(1, sizeof *m);
    m->w = sp_world_sim_new(seed);
    m->program = program;
    m->way = way;
    sp_dir_make(m->w, "/in", &m->err);
    for (int f = 0; f < FILES; f++)
        write_input(m->w, f, &m->err);
    sp_dir_sync(m->w, "/in", &m->err);
    return m;
}

static void free_machine(machine *m)
{
    die(m);
    sp_world_sim_free(m->w);
    free(m);
}

/* Brings the programs to their end, one last file included, and compares. NULL: as it should be. */
static char *finish(machine *m)
{
    sp_buf why = { 0 };
    char *got = NULL, *want = NULL;
    if ((m->query || boot(m) == SP_OK) && run_to_end(m) == SP_OK && write_input(m->w, FILES, &m->err) == SP_OK && run_to_end(m) == SP_OK) {
        got = m->program == COUNT ? table_rows(m) : file_rows(m);
        want = expected(m->program, FILES + 1);
    }
    if (!got) {
        sp_error_message(&m->err, &why);
    } else if (strcmp(got, want) != 0) {
        size_t at = 0;
        while (got[at] && got[at] == want[at])
            at++;
        while (at > 0 && got[at - 1] != '\n')
            at--;
        sp_buf_printf(&why, "another result, from here on: got \"%.100s\" want \"%.100s\"", got + at, want + at);
    }
    free(got);
    free(want);
    char *out = why.len ? strdup(sp_buf_cstr(&why)) : NULL;
    sp_buf_done(&why);
    return out;
}

/* Runs until the crash; true when it came. */
static bool run_into(machine *m, int64_t k, char **why)
{
    sp_world_sim_crash_at(m->w, k);
    sp_status status = boot(m);
    if (status == SP_OK)
        status = run_to_end(m);
    *why = NULL;
    if (crashed(m)) {
        die(m);
        sp_world_sim_restart(m->w, m->way == KILL);
        return true;
    }
    sp_world_sim_crash_at(m->w, -1);
    if (status == SP_FAILED) {
        sp_buf text = { 0 };
        sp_error_message(&m->err, &text);
        *why = strdup(sp_buf_cstr(&text));
        sp_buf_done(&text);
    }
    return false;
}

/* k2 0: one crash only. */
static bool schedule(uint64_t seed, int program, int way, int64_t k, int64_t k2)
{
    machine *m = new_machine(seed, program, way);
    char *why = NULL;
    bool died = run_into(m, k, &why);
    if (!why && died && k2 > 0)
        run_into(m, k2, &why);
    if (!why)
        why = finish(m);
    if (why)
        printf("FAIL --seed %llu --program %s --way %s --k %lld --k2 %lld: %s\n", (unsigned long long)seed, program_names[program],
               way_names[way], (long long)k, (long long)k2, why);
    bool good = !why;
    free(why);
    free_machine(m);
    return good;
}

static int64_t undisturbed_calls(uint64_t seed, int program, int way)
{
    machine *m = new_machine(seed, program, way);
    int64_t before = sp_world_sim_calls(m->w), calls = -1;
    char *why = NULL;
    if (boot(m) == SP_OK && run_to_end(m) == SP_OK) {
        calls = sp_world_sim_calls(m->w) - before;
        why = finish(m);
    } else {
        sp_buf text = { 0 };
        sp_error_message(&m->err, &text);
        why = strdup(sp_buf_cstr(&text));
        sp_buf_done(&text);
    }
    if (why)
        printf("FAIL %s %s without a crash: %s\n", program_names[program], way_names[way], why);
    calls = why ? -1 : calls;
    free(why);
    free_machine(m);
    return calls;
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void tell(const char *what, int program, int way, int runs, int bad)
{
    printf("%s %s, %s: %d runs, %d failed\n", program_names[program], way_names[way], what, runs, bad);
    if (bad)
        failed++;
    else
        passed++;
}

/* The disk is full while the j-th batch runs: the query fails, and goes on where it stood once there is room. */
static void full_disk(uint64_t seed, int program, int way)
{
    int bad = 0, runs = 0;
    for (int j = 0; j < FILES; j++, runs++) {
        machine *m = new_machine(seed + (uint64_t)j, program, way);
        sp_status status = boot(m);
        for (int i = 0; i < j && status != SP_FAILED; i++)
            status = sp_query_step(m->query, &m->err);
        sp_world_sim_fail_writes(m->w, ENOSPC);
        bool failed_then = status != SP_FAILED && sp_query_step(m->query, &m->err) == SP_FAILED;
        sp_world_sim_fail_writes(m->w, 0);
        die(m);
        char *why = failed_then ? finish(m) : strdup("no error on a full disk");
        if (why)
            printf("FAIL %s %s, disk full in batch %d: %s\n", program_names[program], way_names[way], j, why);
        bad += why != NULL;
        free(why);
        free_machine(m);
    }
    tell("disk full", program, way, runs, bad);
}

static void sweep(uint64_t seed, int program, int way, int64_t samples)
{
    int64_t calls = undisturbed_calls(seed, program, way);
    if (calls < 0) {
        failed++;
        return;
    }
    passed++;
    int bad = 0, runs = 0;
    uint64_t x = seed * 2654435761u + 88172645463325252ull + (uint64_t)(program * 2 + way);
    int64_t step = samples > 0 && calls > samples ? (calls + samples - 1) / samples : 1;
    for (int64_t k = 1 + (step > 1 ? (int64_t)(next_random(&x) % (uint64_t)step) : 0); k <= calls && bad < 10; k += step, runs++)
        bad += !schedule(seed + (uint64_t)k, program, way, k, 0);
    tell("single crashes", program, way, runs, bad);
    int64_t pairs = samples > 0 ? samples : 100;
    bad = runs = 0;
    for (; runs < pairs && bad < 10; runs++) {
        int64_t k = 1 + (int64_t)(next_random(&x) % (uint64_t)calls);
        /* half of the second crashes while the restart still makes up for the first */
        int64_t k2 = 1 + (int64_t)(next_random(&x) % (uint64_t)(runs % 2 ? calls : 150));
        bad += !schedule(seed ^ next_random(&x) % 1000000, program, way, k, k2);
    }
    tell("pairs of crashes", program, way, runs, bad);
    full_disk(seed, program, way);
}

static int name_index(const char *const *names, const char *text)
{
    for (int i = 0; i < 2; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return -1;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    int64_t samples = 0, k = 0, k2 = 0;
    int program = -1, way = -1;
    sp_log_set_level(SP_LOG_OFF);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--samples") == 0) samples = atoll(argv[i + 1]);
        else if (strcmp(argv[i], "--program") == 0) program = name_index(program_names, argv[i + 1]);
        else if (strcmp(argv[i], "--way") == 0) way = name_index(way_names, argv[i + 1]);
        else if (strcmp(argv[i], "--k") == 0) k = atoll(argv[i + 1]);
        else if (strcmp(argv[i], "--k2") == 0) k2 = atoll(argv[i + 1]);
    }
    printf("seed %llu\n", (unsigned long long)seed);
    if (k > 0)
        return !schedule(seed, program < 0 ? COUNT : program, way < 0 ? POWER : way, k, k2);
    /* the samples are shared out: four sweeps, each of singles and pairs */
    int64_t share = samples > 0 ? (samples + 7) / 8 : 0;
    for (int p = 0; p < 2; p++)
        for (int y = 0; y < 2; y++)
            if ((program < 0 || program == p) && (way < 0 || way == y))
                sweep(seed, p, y, share);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
