/* test_protodepth.c -- what sp_proto_check lets through and what it stops, on Spark's own messages.
 * LINK: proto */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "test.h"
#include "connect/protodepth.h"
#include "spark/connect/base.pb-c.h"

static const ProtobufCMessageDescriptor *const EXPRESSION = &spark__connect__expression__descriptor;

/* Wraps what `b` holds as field `number` of a message around it, from the back: the bytes are built end to start. */
typedef struct reversed { uint8_t *bytes; size_t start, end; } reversed;

static void put_varint(reversed *r, uint64_t v)
{
    uint8_t out[10];
    int n = 0;
    do {
        out[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
    } while (v >>= 7);
    r->start -= (size_t)n;
    memcpy(r->bytes + r->start, out, (size_t)n);
}

static void wrap(reversed *r, unsigned number)
{
    put_varint(r, r->end - r->start);
    put_varint(r, number << 3 | 2);
}

/* Expression.alias(6).expr(1) = Expression: two levels a round; depth messages in all. */
static reversed nested(int depth)
{
    reversed r = { malloc(1 << 20), 1 << 20, 1 << 20 };
    for (int level = depth; level > 1; level--)
        wrap(&r, level % 2 == 0 ? 6 : 1);
    return r;
}

static sp_status check(const reversed *r, const sp_proto_limits *limits, sp_error *err)
{
    sp_error_reset(err);
    return sp_proto_check(EXPRESSION, r->bytes + r->start, r->end - r->start, limits, err);
}

TEST(depth)
{
    sp_error err = { 0 };
    for (int depth = 1; depth < 30; depth++) {
        reversed r = nested(depth);
        CHECK_INT(check(&r, &(sp_proto_limits){ .max_depth = depth }, &err), SP_OK);
        if (depth > 1)
            CHECK_INT(check(&r, &(sp_proto_limits){ .max_depth = depth - 1 }, &err), SP_FAILED);
        free(r.bytes);
    }
    reversed r = nested(20000);
    CHECK_INT(check(&r, NULL, &err), SP_FAILED);
    CHECK(err.plain && strstr(err.plain, "too many levels of nesting"));
    free(r.bytes);
}

static int expression_depth(const Spark__Connect__Expression *e)
{
    int depth = 0;
    for (; e; e = e->alias ? e->alias->expr : NULL)
        depth += e->alias ? 2 : 1;
    return depth;
}

static void *unpack_deepest(void *depth)
{
    sp_error err = { 0 };
    reversed r = nested(SP_PROTO_DEPTH);
    sp_arena *arena = sp_arena_new("call", 0);
    ProtobufCMessage *message;
    if (sp_proto_unpack(EXPRESSION, r.bytes + r.start, r.end - r.start, NULL, arena, &message, &err) == SP_OK)
        *(int *)depth = expression_depth((Spark__Connect__Expression *)message);
    sp_arena_free(arena);
    free(r.bytes);
    return NULL;
}

/* The deepest message let through is unpacked in a quarter of a thread's stack, with a sanitizer's frames, too. */
TEST(deepest_unpacks)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int depth = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 2 << 20);
    REQUIRE(pthread_create(&thread, &attributes, unpack_deepest, &depth) == 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    CHECK_INT(depth, SP_PROTO_DEPTH);
}

TEST(malformed)
{
    static const struct { const char *bytes; size_t n; const char *why; } bad[] = {
        { "\x32", 1, "ended unexpectedly" },                  /* a tag and no length */
        { "\x32\x05\x0a", 3, "ended unexpectedly" },          /* shorter than it says */
        { "\x32\x03\x0a\x05x", 5, "ended unexpectedly" },     /* the inner one reaches beyond the outer */
        { "\x00\x00", 2, "invalid tag" },
        { "\x33", 1, "invalid wire type" },                   /* a group */
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "malformed varint" },
        { "\x09\x01\x02", 3, "ended unexpectedly" },
        { "\x22\x04\x0a\x02\xc3\x28", 6, "invalid UTF-8" },   /* expression_string.expression */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_error err = { 0 };
        CHECK_INT(sp_proto_check(EXPRESSION, (const uint8_t *)bad[i].bytes, bad[i].n, NULL, &err), SP_FAILED);
        if (!CHECK(err.plain && strstr(err.plain, bad[i].why)))
            printf("  %zu: %s\n", i, err.plain ? err.plain : "");
    }
    sp_error err = { 0 };
    CHECK_INT(sp_proto_check(EXPRESSION, NULL, 0, NULL, &err), SP_OK);
}

TEST(limits)
{
    sp_error err = { 0 };
    uint8_t many[2000];
    for (size_t i = 0; i < sizeof many; i += 2) {
        many[i] = 0x32;           /* alias, empty, again and again: protobuf-c would merge each into the last */
        many[i + 1] = 0;
    }
    CHECK_INT(sp_proto_check(EXPRESSION, many, 2 * SP_PROTO_MERGES, NULL, &err), SP_OK);
    CHECK_INT(sp_proto_check(EXPRESSION, many, sizeof many, NULL, &err), SP_FAILED);
    CHECK(err.plain && strstr(err.plain, "repeats a singular field"));
    for (size_t i = 0; i < sizeof many; i += 2)
        many[i] = 0x38;           /* varints of an unknown kind are fields, too */
    sp_error_reset(&err);
    CHECK_INT(sp_proto_check(EXPRESSION, many, sizeof many, &(sp_proto_limits){ .max_fields = 999 }, &err), SP_FAILED);
    sp_error_reset(&err);
    CHECK_INT(sp_proto_check(EXPRESSION, many, sizeof many, &(sp_proto_limits){ .max_fields = 1000 }, &err), SP_OK);
}

TEST_ALLOC(unpack_without_memory)
{
    sp_error err = { 0 };
    reversed r = nested(20);
    sp_arena *arena = sp_arena_new("call", 0);
    ProtobufCMessage *message;
    DEFER(free, r.bytes);
    if (!arena)
        return;
    DEFER(sp_arena_free, arena);
    sp_status status = sp_proto_unpack(EXPRESSION, r.bytes + r.start, r.end - r.start, NULL, arena, &message, &err);
    CHECK(status == SP_OK ? message != NULL : sp_error_is_set(&err));
}
