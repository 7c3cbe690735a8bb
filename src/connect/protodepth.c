/* protodepth.c -- the iterative walk over a message's wire format, and protobuf-c's allocator over an arena.
 *
 * One frame a nesting level: the type, where it ends, and which singular message fields were seen. Only the
 * descriptor tells a message from a string. What protobuf-c would refuse (groups, a wrong wire type is left to it) is
 * refused here too. Messages are protobuf-java's, InvalidProtocolBufferException. */
#include "connect/protodepth.h"

enum { SEEN_FIELDS = 128 };   /* Spark's widest message has about a hundred; fields beyond share the last bit */

typedef struct frame {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
    uint64_t seen[SEEN_FIELDS / 64];
} frame;

static sp_status invalid(sp_error *err, const char *what)
{
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "%s", what);
}

static sp_status truncated(sp_error *err)
{
    return invalid(err, "While parsing a protocol message, the input ended unexpectedly in the middle of a field. This "
                        "could mean either that the input has been truncated or that an embedded message misreported "
                        "its own length.");
}

/* False when it is longer than ten bytes or runs past end. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    const uint8_t *p = *at;
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && p < end; shift += 7) {
        uint8_t b = *p++;
        value |= shift < 64 ? (uint64_t)(b & 0x7f) << shift : 0;
        if (!(b & 0x80)) {
            *at = p;
            *out = value;
            return true;
        }
    }
    return false;
}

/* The field of that number, by protobuf-c's ranges of consecutive numbers; NULL when the type does not have it. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, uint32_t number)
{
    unsigned low = 0, count = type->n_field_ranges;
    const ProtobufCIntRange *ranges = type->field_ranges;
    if (number > INT32_MAX)
        return NULL;
    while (count > 0) {
        unsigned middle = low + count / 2;
        unsigned size = ranges[middle + 1].orig_index - ranges[middle].orig_index;
        int64_t offset = (int64_t)number - ranges[middle].start_value;
        if (offset < 0) {
            count = middle - low;
        } else if (offset >= (int64_t)size) {
            count -= middle + 1 - low;
            low = middle + 1;
        } else {
            return &type->fields[ranges[middle].orig_index + (unsigned)offset];
        }
    }
    return NULL;
}

/* True when this singular message field was there before in the same message. */
static bool seen_before(frame *f, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    size_t index = (size_t)(field - f->type->fields);
    if (index >= SEEN_FIELDS)
        index = SEEN_FIELDS - 1;
    uint64_t bit = 1ull << (index % 64), *word = &f->seen[index / 64];
    bool before = (*word & bit) != 0;
    *word |= bit;
    return before;
}

/* Moves over a value that is no length-delimited one. */
static sp_status skip_scalar(unsigned wire, const uint8_t **at, const uint8_t *end, sp_error *err)
{
    uint64_t ignored;
    size_t n = 0;
    switch (wire) {
    case 0:
        return read_varint(at, end, &ignored) ? SP_OK
             : end - *at < 10 ? truncated(err) : invalid(err, "CodedInputStream encountered a malformed varint.");
    case 1: n = 8; break;
    case 5: n = 4; break;
    default: return invalid(err, "Protocol message tag had invalid wire type.");
    }
    if ((size_t)(end - *at) < n)
        return truncated(err);
    *at += n;
    return SP_OK;
}

sp_status sp_proto_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t n,
                         const sp_proto_limits *limits, sp_error *err)
{
    frame stack[SP_PROTO_DEPTH];
    int max_depth =
        limits && limits->max_depth > 0 && limits->max_depth < SP_PROTO_DEPTH ? limits->max_depth : SP_PROTO_DEPTH;
    size_t max_fields = limits && limits->max_fields ? limits->max_fields : SP_PROTO_FIELDS, fields_left = max_fields;
    int depth = 1, merges_left = SP_PROTO_MERGES;
    const uint8_t *at = bytes;
    if (n == 0)
        return SP_OK;   /* bytes may be NULL then */
    stack[0] = (frame){ .type = type, .end = bytes + n };
    for (;;) {
        frame *f = &stack[depth - 1];
        if (at == f->end) {
            if (--depth == 0)
                return SP_OK;
            continue;
        }
        uint64_t tag, length;
        if (!read_varint(&at, f->end, &tag))
            return truncated(err);
        if (tag > UINT32_MAX || tag >> 3 == 0)
            return invalid(err, "Protocol message contained an invalid tag (zero).");
        if (fields_left-- == 0)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                                  "Protocol message had more fields than the limit of %zu.",
                                  max_fields);
        if ((tag & 7) != 2) {
            SP_TRY(skip_scalar((unsigned)(tag & 7), &at, f->end, err));
            continue;
        }
        if (!read_varint(&at, f->end, &length) || length > (uint64_t)(f->end - at))
            return truncated(err);
        const ProtobufCFieldDescriptor *field = find_field(f->type, (uint32_t)(tag >> 3));
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (depth == max_depth)
                return invalid(err, "Protocol message had too many levels of nesting.  May be malicious.  Use "
                                    "setRecursionLimit() to increase the recursion depth limit.");
            if (seen_before(f, field) && merges_left-- == 0)
                return invalid(err, "Protocol message repeats a singular field too often.");
            stack[depth++] = (frame){ .type = field->descriptor, .end = at + length };
            continue;
        }
        if (field && field->type == PROTOBUF_C_TYPE_STRING &&
            !sp_utf8_valid((sp_str){ (const char *)at, (size_t)length }))
            return invalid(err, "Protocol message had invalid UTF-8.");
        at += length;
    }
}

static void *arena_alloc(void *arena, size_t n) { return sp_arena_alloc(arena, n, NULL); }
static void arena_free(void *arena, void *p) { (void)arena; (void)p; }

ProtobufCAllocator sp_proto_allocator(sp_arena *arena)
{
    return (ProtobufCAllocator){ .alloc = arena_alloc, .free = arena_free, .allocator_data = arena };
}

sp_status sp_proto_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t n,
                          const sp_proto_limits *limits, sp_arena *arena, ProtobufCMessage **out, sp_error *err)
{
    ProtobufCAllocator allocator = sp_proto_allocator(arena);
    SP_TRY(sp_proto_check(type, bytes, n, limits, err));
    *out = protobuf_c_message_unpack(type, &allocator, n, bytes);
    if (*out)
        return SP_OK;
    /* protobuf-c does not say whether the arena's limit or the bytes were to blame; the bytes were walked already. */
    return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT,
                          "The %s message cannot be unpacked: a field has the wrong wire type, or it needs more than "
                          "the memory given to one request.", type->short_name);
}
