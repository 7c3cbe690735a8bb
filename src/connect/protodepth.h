/* protodepth.h -- looks a protobuf message over before protobuf-c unpacks it, and unpacks it into an arena.
 *
 * protobuf-c 1.4.1 recurses without a limit, and merges repeated occurrences of one singular message in quadratic
 * time. The check walks the bytes with the message's descriptor, iteratively and without allocating; what it lets
 * through, unpacking and our recursive handlers survive. Thread-safe; nothing is kept. */
#ifndef SP_CONNECT_PROTODEPTH_H
#define SP_CONNECT_PROTODEPTH_H

#include <protobuf-c/protobuf-c.h>
#include "base/base.h"

typedef struct sp_proto_limits {
    int max_depth;         /* messages inside each other, the outermost is 1; 0: SP_PROTO_DEPTH, the most there is */
    size_t max_fields;     /* fields in all; 0: SP_PROTO_FIELDS */
} sp_proto_limits;

enum {
    /* Spark's spark.connect.grpc.marshallerRecursionLimit. Unpacking takes less than 1 KB of stack a level (measured),
     * which leaves 7 KB a level to handlers on a stack of 8 MB. */
    SP_PROTO_DEPTH = 1024,
    /* An isin() of a million literals has four million fields. Unpacked, a field takes 100 bytes or so: the arena's
     * limit holds too. */
    SP_PROTO_FIELDS = 16 * 1024 * 1024,
    /* A writer never repeats a singular message field; the format allows it. */
    SP_PROTO_MERGES = 64
};

/* SP_FAILED with a plain message, worded as protobuf-java does where it has the same: truncated, invalid tag or wire
 * type, nested too deeply, invalid UTF-8 in a string, or more fields than the limit. limits NULL: all defaults. */
sp_status sp_proto_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t n,
                         const sp_proto_limits *limits, sp_error *err);

/* Allocates from the arena, frees nothing. The arena outlives the message; *_free_unpacked need not be called. */
ProtobufCAllocator sp_proto_allocator(sp_arena *arena);

/* sp_proto_check, then protobuf_c_message_unpack into the arena. */
sp_status sp_proto_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t n,
                          const sp_proto_limits *limits, sp_arena *arena, ProtobufCMessage **out, sp_error *err);

#endif
