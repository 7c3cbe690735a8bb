/* test.c -- the unit-test harness; see test.h. */
#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TESTS_MAX = 2000, DEFERS_MAX = 256, ALLOC_RUNS_MAX = 500 };

/* base/mem.c's hook: counts down, and the allocation that reaches 0 fails; -1 is off. Weak, for tests without base/. */
extern _Atomic long sp_alloc_fail_at __attribute__((weak));

#if defined(__SANITIZE_ADDRESS__)
void __lsan_disable(void);
void __lsan_enable(void);
static void leaks_off(void) { __lsan_disable(); }
static void leaks_on(void) { __lsan_enable(); }
#else
static void leaks_off(void) {}
static void leaks_on(void) {}
#endif

static struct { const char *name; test_function run; bool failing; } tests[TESTS_MAX];
static int test_count;
static struct { test_cleanup cleanup; void *pointer; } defers[DEFERS_MAX];
static int defer_count;
static jmp_buf leave_test;
static int failures;         /* of the test that runs */
static long fail_at;         /* 0: this run makes no allocation fail */
static char folder[256];

void test_register(const char *name, test_function run, bool with_failing_allocations)
{
    if (test_count == TESTS_MAX) {
        fprintf(stderr, "more than %d tests in a file\n", TESTS_MAX);
        exit(2);
    }
    tests[test_count].name = name;
    tests[test_count].run = run;
    tests[test_count++].failing = with_failing_allocations;
}

bool test_allocations_fail(void) { return fail_at > 0; }
bool test_allocation_failed(void) { return fail_at > 0 && sp_alloc_fail_at <= 0; }

static void note_failure(const char *file, int line)
{
    failures++;
    printf("FAIL %s:%d: ", file, line);
}

/* True when the failed check is the injected failure showing: leaves the test then. */
static void leave_if_injected(void)
{
    if (test_allocation_failed()) longjmp(leave_test, 1);
}

bool test_check(bool held, bool leave, const char *what, const char *file, int line)
{
    if (held) return true;
    leave_if_injected();
    note_failure(file, line);
    printf("%s\n", what);
    if (leave) longjmp(leave_test, 1);
    return false;
}

bool test_check_int(int64_t got, int64_t want, const char *what, const char *file, int line)
{
    if (got == want) return true;
    leave_if_injected();
    note_failure(file, line);
    printf("%s: want %lld got %lld\n", what, (long long)want, (long long)got);
    return false;
}

bool test_check_double(double got, double want, const char *what, const char *file, int line)
{
    if (memcmp(&got, &want, sizeof got) == 0 || (isnan(got) && isnan(want))) return true;
    leave_if_injected();
    note_failure(file, line);
    printf("%s: want %.17g got %.17g\n", what, want, got);
    return false;
}

static void print_text(const char *s, size_t n)
{
    putchar('"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\n') fputs("\\n", stdout);
        else if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < 32 || c == 127) printf("\\x%02x", c);
        else putchar(c);
    }
    putchar('"');
}

static void print_difference(const char *what, const char *got, size_t got_bytes, const char *want, size_t want_bytes)
{
    printf("%s:\n  want ", what);
    if (want) print_text(want, want_bytes); else fputs("NULL", stdout);
    fputs("\n  got  ", stdout);
    if (got) print_text(got, got_bytes); else fputs("NULL", stdout);
    putchar('\n');
}

bool test_check_str(const char *got, const char *want, const char *what, const char *file, int line)
{
    if (got == want || (got && want && strcmp(got, want) == 0)) return true;
    leave_if_injected();
    note_failure(file, line);
    print_difference(what, got, got ? strlen(got) : 0, want, want ? strlen(want) : 0);
    return false;
}

bool test_check_mem(const void *got, size_t got_bytes, const void *want, size_t want_bytes, const char *what,
                    const char *file, int line) {
    if (got_bytes == want_bytes && (got_bytes == 0 || memcmp(got, want, got_bytes) == 0)) return true;
    leave_if_injected();
    note_failure(file, line);
    print_difference(what, got, got_bytes, want, want_bytes);
    return false;
}

void test_defer(test_cleanup cleanup, void *pointer)
{
    if (defer_count == DEFERS_MAX) {
        fprintf(stderr, "more than %d DEFERs in a test\n", DEFERS_MAX);
        abort();
    }
    defers[defer_count].cleanup = cleanup;
    defers[defer_count++].pointer = pointer;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st; (void)type; (void)ftw;
    return remove(path);
}

static void remove_folder(void *unused)
{
    (void)unused;
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = 0;
}

const char *test_folder(void)
{
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/spate_test_XXXXXX", base && *base ? base : "/tmp");
        if (!mkdtemp(folder)) {
            fprintf(stderr, "cannot make %s: %s\n", folder, strerror(errno));
            exit(2);
        }
        test_defer(remove_folder, NULL);
    }
    return folder;
}

/* What a test gives to DEFER are mostly its own locals. Its frame is gone when the cleanups run (it returned, or was left by
 * longjmp), but its memory holds as long as no other frame is laid over it: the test runs a little further down the stack
 * than the harness's own calls, the cleanups run below all that it used. */
enum { ROOM_ABOVE = 4096, ROOM_BELOW = 1 << 20 };
/* Nothing may be called between the test's return and the cleanups but over the room above: no sanitizer's hook either. */
#define BARE __attribute__((noinline, no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))

static BARE void run_body(test_function run)
{
    volatile char *room = __builtin_alloca(ROOM_ABOVE);
    __asm__ volatile("" : : "r"(room) : "memory");
    run();
}

static BARE void run_cleanups(void)
{
    volatile char *room = __builtin_alloca(ROOM_BELOW);
    __asm__ volatile("" : : "r"(room) : "memory");
    while (defer_count > 0) {
        defer_count--;
        defers[defer_count].cleanup(defers[defer_count].pointer);
    }
}

/* One pass over a test; fail_at_allocation 0: none is made to fail. */
static void run_once(test_function run, long fail_at_allocation)
{
    fail_at = fail_at_allocation;
    if (fail_at > 0) sp_alloc_fail_at = fail_at;
    if (setjmp(leave_test) == 0) run_body(run);
    bool reached = test_allocation_failed();
    if (fail_at > 0) sp_alloc_fail_at = -1;
    run_cleanups();
    fail_at = reached ? fail_at : 0;
}

/* The passes with the 1st, 2nd, ... allocation failing; stops after the first pass in which none did. */
static long run_failing(test_function run)
{
    long n = 1;
    leaks_off();    /* a test that was left early may leave something behind that it did not DEFER */
    for (; n <= ALLOC_RUNS_MAX && failures == 0; n++) {
        run_once(run, n);
        if (fail_at == 0) break;
        if (failures) printf("  (allocation %ld failed)\n", n);
    }
    leaks_on();
    fail_at = 0;
    return n - 1;
}

static bool chosen(const char *name, char **words, int count)
{
    for (int i = 0; i < count; i++)
        if (strstr(name, words[i])) return true;
    return count == 0;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < test_count; i++) {
        long failing_runs = 0;
        if (list) puts(tests[i].name);
        if (list || !chosen(tests[i].name, argv + 1, argc - 1)) continue;
        double start = now_ms();
        failures = 0;
        run_once(tests[i].run, 0);
        if (failures == 0 && tests[i].failing && &sp_alloc_fail_at) failing_runs = run_failing(tests[i].run);
        if (failures) failed++; else passed++;
        printf("%s %s (%.1f ms", failures ? "FAIL" : "ok", tests[i].name, now_ms() - start);
        if (failing_runs) printf(", %ld failing allocations", failing_runs);
        puts(")");
    }
    if (!list) printf("%d passed, %d failed\n", passed, failed);
    return failed || (!list && passed == 0);
}
