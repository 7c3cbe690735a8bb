/* test_socket.c -- the socket source against a real listener on the loopback. */
#include "source/source_int.h"
#include "test.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct fixture { int listener, peer; char port[8]; sp_arena *a; sp_props options; sp_source_spec spec; sp_source *s; } fixture;
static fixture f;

static void end(fixture *x)
{
    if (x->s)
        x->s->cls->close(x->s);
    sp_props_done(&x->options);
    sp_arena_free(x->a);
    if (x->peer > 0)
        close(x->peer);
    if (x->listener > 0)
        close(x->listener);
}

static void begin(bool timestamps)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof address;
    sp_error err = { 0 };
    f = (fixture){ .a = sp_arena_new("test", 0), .listener = socket(AF_INET, SOCK_STREAM, 0) };
    DEFER(end, &f);
    REQUIRE(f.a && bind(f.listener, (struct sockaddr *)&address, n) == 0 && listen(f.listener, 1) == 0);
    REQUIRE(getsockname(f.listener, (struct sockaddr *)&address, &n) == 0);
    snprintf(f.port, sizeof f.port, "%d", ntohs(address.sin_port));
    f.options.map.fold_case = true;
    REQUIRE(sp_props_put(&f.options, SP_LIT("host"), SP_LIT("127.0.0.1"), &err) == SP_OK);
    REQUIRE(sp_props_put(&f.options, SP_LIT("port"), sp_str_of(f.port), &err) == SP_OK);
    if (timestamps)
        REQUIRE(sp_props_put(&f.options, SP_LIT("includeTimestamp"), SP_LIT("true"), &err) == SP_OK);
    f.spec = (sp_source_spec){ .world = sp_world_real(), .arena = f.a, .options = &f.options, .parallelism = 2 };
    REQUIRE(sp_source_find(SP_LIT("socket"))->open(&f.spec, &f.s, &err) == SP_OK);
    f.peer = accept(f.listener, NULL, NULL);
    REQUIRE(f.peer > 0);
}

static void say(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t sent = write(f.peer, text, n);
        REQUIRE(sent > 0);
        text += sent;
        n -= (size_t)sent;
    }
}

/* Waits until the source has read `rows` lines more than -1; its offset. */
static const char *until(const char *start, const char *want)
{
    sp_str out = { 0 };
    sp_error err = { 0 };
    for (int i = 0; i < 2000; i++) {
        REQUIRE(f.s->cls->latest(f.s, start ? sp_str_of(start) : (sp_str){ 0 }, f.a, &out, &err) == SP_OK);
        if (sp_str_is(out, want))
            break;
        usleep(1000);
    }
    return sp_arena_strndup(f.a, out.p, out.n, NULL);
}

static int count_of(const char *from, const char *to, char *text)
{
    sp_input *in;
    sp_reader *r;
    sp_error err = { 0 };
    int rows = 0;
    REQUIRE(f.s->cls->get_batch(f.s, from ? sp_str_of(from) : (sp_str){ 0 }, sp_str_of(to), f.a, &in, &err) == SP_OK);
    sp_decode_spec spec = { .arena = f.a };
    REQUIRE(in->cls->open(in, &spec, &r, &err) == SP_OK);
    for (int i = 0; i < in->split_count; i++) {
        sp_batch b;
        REQUIRE(in->cls->start(r, i, &err) == SP_OK);
        while (in->cls->next(r, f.a, &b, &err) == SP_MORE) {
            CHECK(b.rows <= SP_BATCH_ROWS_MAX);
            for (uint32_t k = 0; text && k < b.rows; k++) {
                sp_buf cell = { 0 };
                sp_vec_text(&cell, b.columns[0], k, true, sp_zone_utc(), &err);
                sprintf(text + strlen(text), "[%s]", sp_buf_cstr(&cell));
                sp_buf_done(&cell);
            }
            rows += (int)b.sel_count;
        }
    }
    in->cls->close(r);
    return rows;
}

static const char *rows(const char *from, const char *to)
{
    static char text[1000];
    text[0] = 0;
    count_of(from, to, text);
    return text;
}

TEST(lines)
{
    begin(false);
    sp_error err = { 0 };
    CHECK_STR(until(NULL, "-1"), "-1");
    CHECK_STR(rows(NULL, "-1"), "");
    say("one\ntwo\r\nthr", 12);
    CHECK_STR(until("-1", "1"), "1");
    CHECK_STR(rows("-1", "1"), "[one][two]");
    CHECK_STR(rows("-1", "1"), "[one][two]");       /* as often as asked, until the commit */
    say("ee\n\n a\rb\n", 9);
    CHECK_STR(until("1", "5"), "5");
    CHECK_STR(rows("1", "5"), "[three][][ a][b]");
    CHECK(f.s->cls->commit(f.s, SP_LIT("1"), &err) == SP_OK);
    CHECK_STR(rows("1", "5"), "[three][][ a][b]");
    say("last", 4);
    shutdown(f.peer, SHUT_WR);
    CHECK_STR(until("5", "6"), "6");                /* a line without end, when the server closes */
    CHECK_STR(rows("5", "6"), "[last]");
    CHECK_STR(until("6", "6"), "6");
    sp_buf text = { 0 };
    f.s->cls->describe(f.s, &text);
    CHECK(strncmp(sp_buf_cstr(&text), "TextSocketV2[host: 127.0.0.1, port: ", 36) == 0);
    sp_buf_done(&text);
}

TEST(a_great_many_lines)
{
    begin(true);
    enum { LINES = 300000 };
    char *text = malloc(LINES * 2);
    for (int i = 0; i < LINES; i++)
        memcpy(text + 2 * i, i % 7 ? "x\n" : "\n\n", 2);
    int lines = 0;
    for (int i = 0; i < LINES * 2; i++)
        lines += text[i] == '\n';
    pid_t child = fork();
    if (child == 0) {
        for (size_t at = 0; at < LINES * 2;) {
            ssize_t n = write(f.peer, text + at, LINES * 2 - at);
            if (n <= 0)
                _exit(1);
            at += (size_t)n;
        }
        _exit(0);
    }
    free(text);
    char want[20];
    snprintf(want, sizeof want, "%d", lines - 1);
    CHECK_STR(until("-1", want), want);
    CHECK_INT(count_of("-1", want, NULL), lines);
}

TEST(restart_counts_on)
{
    begin(false);
    say("a\nb\n", 4);
    CHECK_STR(until("41", "43"), "43");
    CHECK_STR(rows("41", "43"), "[a][b]");
    CHECK_STR(rows("40", "41"), "");        /* what was lost cannot be read again */
}

TEST(available_now)
{
    begin(false);
    sp_error err = { 0 };
    say("a\n", 2);
    usleep(50000);
    REQUIRE(f.s->cls->prepare_available_now(f.s, false, &err) == SP_OK);
    say("b\n", 2);
    usleep(20000);
    CHECK_STR(until("-1", "0"), "0");
    CHECK_STR(rows("-1", "0"), "[a]");
}

TEST(options)
{
    sp_arena *a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, a);
    const sp_source_class *cls = sp_source_find(SP_LIT("Socket"));
    const sp_type *t;
    sp_error err = { 0 };
    sp_props o = { .map.fold_case = true };
    CHECK(cls->schema(a, &o, NULL, &t, &err) == SP_FAILED && err.condition == SP_COND__LEGACY_ERROR_TEMP_1295);
    sp_props_put(&o, SP_LIT("HOST"), SP_LIT("x"), &err);
    sp_error_reset(&err);
    CHECK(cls->schema(a, &o, NULL, &t, &err) == SP_FAILED && err.condition == SP_COND__LEGACY_ERROR_TEMP_1296);
    sp_props_put(&o, SP_LIT("port"), SP_LIT("1"), &err);
    sp_error_reset(&err);
    CHECK(cls->schema(a, &o, NULL, &t, &err) == SP_OK && t->field_count == 1);
    sp_props_put(&o, SP_LIT("includeTimestamp"), SP_LIT("true"), &err);
    CHECK(cls->schema(a, &o, NULL, &t, &err) == SP_OK && t->field_count == 2 && t->fields[1].type->kind == SP_TIMESTAMP);
    sp_props_put(&o, SP_LIT("includeTimestamp"), SP_LIT("yes"), &err);
    CHECK(cls->schema(a, &o, NULL, &t, &err) == SP_FAILED && err.condition == SP_COND__LEGACY_ERROR_TEMP_1297);
    sp_props_done(&o);
}
