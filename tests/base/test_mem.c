/* test_mem.c -- arenas and their limits, growable and counted buffers. */
#include "base/base.h"
#include "test.h"

#include <stdlib.h>

TEST_ALLOC(arena_hands_out_aligned_memory)
{
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("call", 0);
    REQUIRE(a != NULL);
    DEFER(sp_arena_free, a);
    char *last = NULL;
    for (size_t n = 0; n < 3000; n += 7) {
        char *p = sp_arena_alloc(a, n, &err);
        REQUIRE(p != NULL);
        CHECK(p != last);
        CHECK_INT((uintptr_t)p % 16, 0);
        memset(p, 1, n);
        last = p;
    }
    char *big = sp_arena_calloc(a, 5000000, &err);
    REQUIRE(big != NULL);
    CHECK_INT(big[4999999], 0);
    CHECK(sp_arena_used(a) > 5000000);
    CHECK_STR(sp_arena_printf(a, &err, "%s-%d", "x", 12), "x-12");
    CHECK_STR(sp_arena_strndup(a, "hello", 4, &err), "hell");
    sp_arena_reset(a);
    CHECK_INT(sp_arena_used(a), 0);
}

TEST(arena_limit)
{
    sp_error err = { 0 };
    sp_arena *a = sp_arena_new("batch", 100000);
    DEFER(sp_arena_free, a);
    for (int round = 0; round < 3; round++) {
        size_t got = 0;
        sp_error_reset(&err);
        while (sp_arena_alloc(a, 48, &err))
            got += 48;
        CHECK_INT(got, 100000 / 48 * 48);
        CHECK_INT(err.condition, SP_COND_UNABLE_TO_ACQUIRE_MEMORY);
        CHECK_STR(err.param_values[0], "48");
        CHECK(sp_arena_alloc(a, 10, NULL) != NULL);   /* what fits still fits */
        CHECK(sp_arena_alloc(a, 100000, NULL) == NULL);
        sp_arena_reset(a);
    }
    /* large pieces count too, also against the block that was begun before */
    CHECK(sp_arena_alloc(a, 16, NULL) != NULL);
    CHECK(sp_arena_alloc(a, 99000, NULL) != NULL);
    size_t got = 0;
    while (sp_arena_alloc(a, 16, NULL))
        got += 16;
    CHECK(got <= 1000);
    CHECK(sp_arena_used(a) <= 100000);
    CHECK(sp_arena_alloc(a, SIZE_MAX, &err) == NULL);
    CHECK(sp_arena_alloc(a, SIZE_MAX - 8, &err) == NULL);
    CHECK(sp_arena_strndup(a, "", SIZE_MAX, &err) == NULL);
}

TEST(a_busy_arena_asks_malloc_for_nothing)
{
    sp_arena *a = sp_arena_new("batch", 0);
    DEFER(sp_arena_free, a);
    long before = 0;
    for (int round = 0; round < 20; round++) {
        if (round == 12)
            before = sp_alloc_count;
        for (int i = 0; i < 50; i++)
            CHECK(sp_arena_alloc(a, 65536, NULL) != NULL);
        sp_arena_reset(a);
    }
    CHECK_INT(sp_alloc_count, before);
}

TEST(random_sizes_do_not_overlap)
{
    enum { PIECES = 400 };
    static struct { unsigned char *p; size_t n; } pieces[PIECES];
    sp_arena *a = sp_arena_new("call", 0);
    DEFER(sp_arena_free, a);
    srand(7);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < PIECES; i++) {
            pieces[i].n = (size_t)(rand() % (i % 20 == 0 ? 200000 : 900));
            pieces[i].p = sp_arena_alloc(a, pieces[i].n, NULL);
            memset(pieces[i].p, i & 255, pieces[i].n);
        }
        for (int i = 0; i < PIECES; i++)
            for (size_t k = 0; k < pieces[i].n; k++)
                if (pieces[i].p[k] != (i & 255)) {
                    CHECK(!"overlap");
                    return;
                }
        sp_arena_reset(a);
    }
}

TEST_ALLOC(buf_grows)
{
    sp_error err = { 0 };
    sp_buf b = { 0 };
    DEFER(sp_buf_done, &b);
    CHECK_STR(sp_buf_cstr(&b), "");
    for (int i = 0; i < 1000; i++)
        sp_buf_printf(&b, "%d,", i);
    sp_buf_putc(&b, 'x');
    sp_buf_puts(&b, "yz");
    sp_buf_add(&b, NULL, 0);
    REQUIRE(sp_buf_check(&b, &err) == SP_OK);
    CHECK_INT(b.len, 3893);
    const char *text = sp_buf_cstr(&b);
    REQUIRE(!b.failed);
    CHECK_STR(text + 3890, "xyz");
    sp_buf_clear(&b);
    CHECK_INT(b.len, 0);
}

TEST(failed_buf_stays_failed)
{
    sp_error err = { 0 };
    sp_buf b = { 0 };
    sp_buf_puts(&b, "abc");
    CHECK(!sp_buf_reserve(&b, SIZE_MAX - 1));
    sp_buf_puts(&b, "d");
    CHECK_INT(b.len, 3);
    CHECK_INT(sp_buf_check(&b, &err), SP_FAILED);
    CHECK_STR(sp_buf_cstr(&b), "");
    sp_buf_done(&b);
}

static void release_note(sp_buffer *b, void *context)
{
    *(int *)context += 1;
}

TEST_ALLOC(counted_buffers)
{
    sp_error err = { 0 };
    long live = sp_buffer_live;
    sp_buffer *b = sp_buffer_new(100, &err);
    REQUIRE(b != NULL);
    CHECK_INT(sp_buffer_live, live + 1);
    CHECK_INT(b->data[100 + 63], 0);
    memset(b->data, 7, 100);
    sp_buffer *again = sp_buffer_ref(b);
    sp_buffer_unref(b);
    CHECK_INT(again->data[99], 7);
    sp_buffer_unref(again);
    sp_buffer_unref(NULL);
    CHECK_INT(sp_buffer_live, live);

    static char foreign[80];
    int released = 0;
    sp_buffer *w = sp_buffer_wrap(foreign, 16, release_note, &released, &err);
    REQUIRE(w != NULL);
    sp_buffer_ref(w);
    sp_buffer_unref(w);
    CHECK_INT(released, 0);
    sp_buffer_unref(w);
    CHECK_INT(released, 1);
    CHECK_INT(sp_buffer_live, live);
}
