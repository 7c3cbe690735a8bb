/* bench_json.c -- how fast JSON lines are decoded; not a test. The lines of workload W2: seven string fields, 241
 * bytes, of which three are wanted, one a timestamp, under the predicate event_type = 'view' (a third passes).
 *
 *   bench_json [records] [rounds]      prints for each width of registers, and without layouts: ns a record, GB/s,
 * rows */
#include "format/json_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state = 42;
static uint32_t next_random(uint32_t n)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % n);
}

static void put_uuid(sp_buf *b)
{
    for (int i = 0; i < 36; i++)
        sp_buf_putc(b, i == 8 || i == 13 || i == 18 || i == 23 ? '-' : "0123456789abcdef"[next_random(16)]);
}

static void make_lines(sp_buf *b, int records)
{
    static const char *const types[] = { "banner", "modal", "sponsored-search", "mail", "mobile" };
    static const char *const events[] = { "view", "click", "purchase" };
    for (int i = 0; i < records; i++) {
        sp_buf_puts(b, "{\"user_id\":\"");
        put_uuid(b);
        sp_buf_puts(b, "\",\"page_id\":\"");
        put_uuid(b);
        sp_buf_puts(b, "\",\"ad_id\":\"");
        put_uuid(b);
        sp_buf_printf(b, "\",\"ad_type\":\"%s\",\"event_type\":\"%s\","
        "\"event_time\":\"2024-01-01T%02d:%02d:%02d.%03dZ\",\"ip_address\":\"1.2.3.4\"}\n",
                      types[next_random(5)], events[next_random(3)], i / 3600000 % 24, i / 60000 % 60, i / 1000 % 60,
                          i % 1000);
    }
}

static sp_expr *make_call(sp_arena *a, const sp_function *f, const sp_type *t, int ordinal, const sp_value *v)
{
    sp_expr *e = sp_expr_new(a, SP_E_CALL, NULL), *c = sp_expr_new(a, SP_E_COLUMN, NULL);
    c->ordinal = ordinal;
    c->type = t;
    e->function = f;
    e->args = sp_arena_calloc(a, 2 * sizeof *e->args, NULL);
    e->args[0] = c;
    e->arg_count = 1;
    if (v) e->args[e->arg_count++] = sp_expr_literal(a, v, NULL);
    return e;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run(const char *what, const sp_decode_spec *base, int width, const sp_buf *text, int records, int rounds)
{
    sp_json_fast_width = width;
    double best = 1e9;
    int64_t rows = 0;
    for (int i = 0; i < rounds; i++) {
        sp_error err = { 0 };
        sp_arena *a = sp_arena_new("bench", 0), *batch = sp_arena_new("batch", 0);
        sp_decode_spec spec = *base;
        sp_decoder *d;
        sp_batch b;
        spec.arena = a;
        if (sp_format_json.open(&spec, &d, &err) != SP_OK) exit(1);
        double start = now();
        rows = 0;
        size_t block = 1 << 20;
        for (size_t at = 0; at < text->len;) { /* blocks as the reader cuts them */
            size_t n = text->len - at < block ? text->len - at : block;
            while (n < text->len - at && text->data[at + n - 1] != '\n') n--;
            sp_format_json.feed(d, text->data + at, n, at == 0, &err);
            while (sp_format_json.next(d, batch, &b, &err) == SP_MORE) {
                rows += b.sel_count;
                sp_arena_reset(batch);
            }
            at += n;
        }
        double took = now() - start;
        best = took < best ? took : best;
        sp_format_json.close(d);
        sp_arena_free(batch);
        sp_arena_free(a);
    }
    printf("%-28s width %3d: %6.1f ns a record, %5.2f GB/s, %lld rows\n", what, width, best / records * 1e9,
           (double)text->len / best * 1e-9, (long long)rows);
}

int main(int argc, char **argv)
{
    int records = argc > 1 ? atoi(argv[1]) : 200000, rounds = argc > 2 ? atoi(argv[2]) : 7;
    static const sp_function eq = { .name = "=" }, not_null = { .name = "isnotnull" };
    sp_arena *a = sp_arena_new("bench", 0);
    sp_error err = { 0 };
    sp_buf text = { 0 };
    make_lines(&text, records);
    sp_buf_reserve(&text, 64);
    const sp_type *times, *strings;
    if (sp_type_schema_from_ddl(a,
                                SP_LIT("user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type "
                                "STRING, event_time TIMESTAMP, ip_address STRING"), &times, &err) ||
        sp_type_schema_from_ddl(a,
                                SP_LIT("user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type "
                                "STRING, event_time STRING, ip_address STRING"), &strings, &err))
        return 1;
    int wanted[] = { 2, 4, 5 };
    sp_value view = sp_value_str(SP_LIT("view"));
    sp_expr *pushed[] = { make_call(a, &not_null, sp_type_of(SP_STRING), 1, NULL),
        make_call(a, &eq, sp_type_of(SP_STRING), 1, &view), make_call(a, &not_null, sp_type_of(SP_STRING), 0, NULL) };
    sp_expr_conf conf = { .ansi = true, .zone = sp_zone_utc() };
    sp_decode_spec spec = { .schema = times, .columns = wanted, .column_count = 3, .conf = &conf, .pushed = pushed,
        .pushed_count = 3 };
    printf("%.1f bytes a record\n", (double)text.len / records);
    static const int widths[] = { 512, 256, 128, 0 };
    for (int i = 0; i < 4; i++) run("3 of 7, view, timestamp", &spec, widths[i], &text, records, rounds);
    spec.schema = strings;
    run("3 of 7, view, strings", &spec, 512, &text, records, rounds);
    spec.pushed_count = 0;
    run("3 of 7, all, strings", &spec, 512, &text, records, rounds);
    spec.schema = times;
    run("3 of 7, all, timestamp", &spec, 512, &text, records, rounds);
    spec.columns = NULL;
    run("7 of 7, all, timestamp", &spec, 512, &text, records, rounds);
    run("7 of 7, all, timestamp", &spec, 0, &text, records, rounds);
    sp_buf_done(&text);
    sp_arena_free(a);
    return 0;
}
