/* bench_wordcount.c -- split, explode, groupBy(word).count() over lines in memory: nanoseconds a word and worker. Not a
 * test.
 *
 *   bench_wordcount [lines] [workers] [runs]
 * Lines have 8 to 16 words of a Zipf(1) vocabulary of 50,000, as workload W1 has them; seed fixed. */
#include "operator/build.h"

enum { VOCABULARY = 50000, LINES_A_BATCH = 4096 };

static uint64_t seed = 12345;
static uint32_t random32(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 32);
}

static char words[VOCABULARY][20];
static double cumulative[VOCABULARY];

static void make_words(void)
{
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) {
        int n = 2 + (int)(random32() % 9);
        for (int j = 0; j < n; j++)
            words[i][j] = (char)('a' + random32() % 26);
        snprintf(words[i] + n, sizeof words[i] - (size_t)n, "%d", i % 100);
        cumulative[i] = sum += 1.0 / (i + 1);
    }
    for (int i = 0; i < VOCABULARY; i++)
        cumulative[i] /= sum;
}

static int pick(void)
{
    double u = random32() / 4294967296.0;
    int lo = 0, hi = VOCABULARY - 1;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (cumulative[mid] < u)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static sp_batch *make_batches(ctx *c, int lines, int64_t *word_count, int *batch_count)
{
    int n = (lines + LINES_A_BATCH - 1) / LINES_A_BATCH;
    sp_batch *b = sp_arena_calloc(c->a, sizeof *b * (size_t)n, &c->err);
    for (int i = 0; i < n; i++) {
        uint32_t rows = (uint32_t)(lines < LINES_A_BATCH ? lines : LINES_A_BATCH);
        lines -= (int)rows;
        b[i] = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = 1 };
        b[i].columns = sp_arena_calloc(c->a, sizeof *b[i].columns, &c->err);
        b[i].columns[0] = sp_vec_new(c->a, sp_type_of(SP_STRING), rows, &c->err);
        char *text = sp_arena_alloc(c->a, rows * 360u + 64, &c->err);
        for (uint32_t r = 0; r < rows; r++) {
            char *start = text;
            int count = 8 + (int)(random32() % 9);
            for (int w = 0; w < count; w++) {
                const char *word = words[pick()];
                size_t len = strlen(word);
                if (w)
                    *text++ = ' ';
                memcpy(text, word, len);
                text += len;
            }
            *word_count += count;
            ((sp_view *)b[i].columns[0]->data)[r] = sp_view_make(start, (size_t)(text - start));
        }
    }
    *batch_count = n;
    return b;
}

static _Atomic int64_t groups_out;
static sp_status count_out(void *context, int task, const sp_batch *b, sp_error *err)
{
    groups_out += b->sel ? b->sel_count : b->rows;
    return SP_OK;
}

int main(int argc, char **argv)
{
    int lines = argc > 1 ? atoi(argv[1]) : 400000, workers = argc > 2 ? atoi(argv[2]) : 1,
        runs = argc > 3 ? atoi(argv[3]) : 5;
    ctx c;
    ctx_init(&c);
    make_words();
    int64_t word_count = 0;
    int batch_count;
    sp_batch *batches = make_batches(&c, lines, &word_count, &batch_count);
    sp_plan *scan = scan_of(&c, "value STRING", false);
    sp_expr *list = call(&c, "split", 2, col(&c, scan, 0), lit_str(&c, " "));
    sp_plan *plan = explode(&c, scan, generator(&c, "explode", list), 0, NULL);
    plan = group(&c, plan, 1, (int[]){ 0 }, 1, call(&c, "count", 1, lit_int(&c, 1)));
    sp_pool *pool;
    must(sp_pool_new(sp_world_real(), workers, &pool, &c.err) == SP_OK, &c, "pool");
    sp_exec_spec spec = { .world = sp_world_real(),
                          .pool = pool,
                          .arena = c.a,
                          .conf = &c.conf,
                          .plan = plan,
                          .shuffle_partitions = workers };
    sp_exec *x;
    must(sp_exec_open(&spec, &x, &c.err) == SP_OK, &c, "open");
    sp_buf text = { 0 };
    sp_exec_explain(&text, x);
    printf("%s", sp_buf_cstr(&text));
    sp_buf_done(&text);
    sp_input *in;
    must(sp_input_of_batches(c.a, batches, batch_count, workers * 4, &in, &c.err) == SP_OK, &c, "input");
    for (int i = 0; i < runs; i++) {
        int64_t rows = 0, t = sp_mono_ns(sp_world_real());
        const sp_input *inputs[] = { in };
        sp_run run = { .inputs = inputs, .scan_rows = &rows, .consumer = { .consume = count_out } };
        groups_out = 0;
        must(sp_exec_run(x, &run, &c.err) == SP_OK, &c, "run");
        t = sp_mono_ns(sp_world_real()) - t;
        printf("%lld lines, %lld words, %lld groups: %.2f ns a word a worker, %.2f M lines/s\n", (long long)rows,
               (long long)word_count, (long long)groups_out, (double)t * workers / (double)word_count,
               (double)lines * 1e3 / (double)t);
    }
    sp_exec_close(x);
    sp_pool_free(pool);
    sp_arena_free(c.a);
    return 0;
}
