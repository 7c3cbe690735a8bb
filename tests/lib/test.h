/* test.h -- the unit-test harness: a file of tests is one executable, main included.
 *
 *   TEST(name) { CHECK(x > 0); CHECK_INT(sp_add(1, 2), 3); CHECK_STR(text, "abc"); }
 *   TEST_ALLOC(name) { ... }    the same, and after it has passed run again with the 1st, 2nd, ... n-th allocation
 *                               failing, until none fails: no crash, no hang, no wrong answer taken for right
 *
 * CHECK... notes a failure and goes on; REQUIRE leaves the test. Once an allocation was made to fail, one that does not
 * hold just leaves the test: what is owned must be given to DEFER(free_function, pointer), which runs at
 * the test's end however it ends, last one first. Arguments: names (or parts of names) of the tests to run; -l lists.
 * One thread: only the thread that runs the test may CHECK. */
#ifndef SPATE_TESTS_LIB_TEST_H
#define SPATE_TESTS_LIB_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*test_function)(void);
typedef void (*test_cleanup)(void *);

void test_register(const char *name, test_function run, bool with_failing_allocations);

#define TEST_DEFINE(name, failing)                                                                                     \
    static void test_body_##name(void);                                                                                \
    __attribute__((constructor)) static void test_register_##name(void) {                                              \
        test_register(#name, test_body_##name, failing);                                                               \
    }                                                                                                                  \
    static void test_body_##name(void)
#define TEST(name) TEST_DEFINE(name, false)
#define TEST_ALLOC(name) TEST_DEFINE(name, true)

/* Each returns whether it held. */
bool test_check(bool held, bool leave, const char *what, const char *file, int line);
bool test_check_int(int64_t got, int64_t want, const char *what, const char *file, int line);
bool test_check_double(double got, double want, const char *what, const char *file, int line);
bool test_check_str(const char *got, const char *want, const char *what, const char *file, int line);
bool test_check_mem(const void *got, size_t got_bytes, const void *want, size_t want_bytes, const char *what,
                    const char *file, int line);

#define CHECK(cond) test_check((cond), false, #cond, __FILE__, __LINE__)
#define REQUIRE(cond) test_check((cond), true, #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want) test_check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
/* The same bits, or both NaN. */
#define CHECK_DBL(got, want) test_check_double((got), (want), #got, __FILE__, __LINE__)
/* NULL equals NULL only. */
#define CHECK_STR(got, want) test_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, got_bytes, want, want_bytes)                                                                    \
    test_check_mem((got), (size_t)(got_bytes), (want), (size_t)(want_bytes), #got, __FILE__, __LINE__)

/* Runs cleanup(pointer) when the test ends. The macro takes any `void f(T *)`. */
void test_defer(test_cleanup cleanup, void *pointer);
#define DEFER(cleanup, pointer) test_defer((test_cleanup)(void (*)(void))(cleanup), (pointer))

/* A folder of this test's own, removed when the test ends; valid until then. */
const char *test_folder(void);
/* Whether this run makes an allocation fail (then what should work may not), and whether it has by now. */
bool test_allocations_fail(void);
bool test_allocation_failed(void);

#endif
