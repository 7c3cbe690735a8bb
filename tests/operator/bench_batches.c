/* bench_batches.c -- what a tiny micro-batch costs: ten words counted in update mode, state committed to files. Not a
 * test.
 *
 *   bench_batches folder [batches] [keys in the state]       microseconds a run and a commit; bytes of state files are
 *   the provider's affair */
#include "operator/build.h"

static sp_status drop_rows(void *context, int task, const sp_batch *b, sp_error *err) { return SP_OK; }

int main(int argc, char **argv)
{
    int batches = argc > 2 ? atoi(argv[2]) : 200, keys = argc > 3 ? atoi(argv[3]) : 0;
    ctx c;
    ctx_init(&c);
    sp_plan *scan = scan_of(&c, "word STRING", true);
    sp_plan *plan = group(&c, scan, 1, (int[]){ 0 }, 1, call(&c, "count", 1, lit_int(&c, 1)));
    sp_state_host host = { .state_dir = argc > 1 ? argv[1] : NULL,
                           .codec = "lz4",
                           .min_versions_to_retain = 100,
                           .min_deltas_for_snapshot = 10 };
    host.provider = argc > 1 && argv[1][0]
        ? sp_state_provider_find("org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider")
        : NULL;
    sp_exec_spec spec = { .streaming = true, .mode = SP_UPDATE, .state = &host, .shuffle_partitions = 2 };
    sp_exec *x = open_exec(&c, &spec, plan);
    sp_buf text = { 0 };
    for (int i = 0; i < keys; i++)
        sp_buf_printf(&text, "key%d\n", i);
    sp_input *many = input_of(&c, scan->scan->schema, sp_buf_cstr(&text));
    sp_input *few = input_of(&c, scan->scan->schema, "a\nb\nc\nd\na\nb\nx\ny\nz\na\n");
    int64_t run_ns = 0, commit_ns = 0, rows;
    for (int i = 0; i < batches; i++) {
        const sp_input *inputs[] = { i || !keys ? few : many };
        sp_run run = { .inputs = inputs, .scan_rows = &rows, .batch_id = i, .consumer = { .consume = drop_rows } };
        int64_t t = sp_mono_ns(sp_world_real());
        must(sp_exec_run(x, &run, &c.err) == SP_OK, &c, "run");
        int64_t u = sp_mono_ns(sp_world_real());
        must(sp_exec_commit(x, i, &c.err) == SP_OK, &c, "commit");
        if (i) {
            run_ns += u - t;
            commit_ns += sp_mono_ns(sp_world_real()) - u;
        } else
            printf("first: run %.1f us, commit %.1f us\n", (double)(u - t) / 1e3,
                   (double)(sp_mono_ns(sp_world_real()) - u) / 1e3);
    }
    printf("run %.1f us, commit %.1f us a batch\n", (double)run_ns / 1e3 / (batches - 1),
           (double)commit_ns / 1e3 / (batches - 1));
    sp_exec_close(x);
    sp_buf_done(&text);
    sp_arena_free(c.a);
    return 0;
}
