/* pack.c -- our messages to bytes.
 *
 * The generated code is proto2's (tools/descriptors.py), where a number is sent when its has_ flag is set. Our messages follow proto3: a number that
 * is not zero is there. So the flags are set first, from the descriptors; a zero that must be sent (proto3 `optional`) has its flag set by hand. */
#include "connect/connect_int.h"

static bool is_zero(const void *value, size_t n)
{
    static const uint8_t zero[sizeof(ProtobufCBinaryData)];
    return memcmp(value, zero, n) == 0;
}

/* Bytes of a number or of a bytes field's length; 0 for strings and messages, which are there when their pointer is. */
static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64: case PROTOBUF_C_TYPE_SINT64: case PROTOBUF_C_TYPE_SFIXED64: case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(size_t);   /* ProtobufCBinaryData begins with its length */
    case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_MESSAGE: return 0;
    default: return 4;
    }
}

static void set_flags(ProtobufCMessage *m)
{
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        char *at = (char *)m + f->offset;
        bool one_of = f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
        if (one_of && *(const uint32_t *)((const char *)m + f->quantifier_offset) != f->id)
            continue;
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t n = *(const size_t *)((const char *)m + f->quantifier_offset);
            for (size_t k = 0; k < n; k++)
                set_flags((*(ProtobufCMessage ***)at)[k]);
        } else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (*(ProtobufCMessage **)at)
                set_flags(*(ProtobufCMessage **)at);
        } else if (f->label == PROTOBUF_C_LABEL_OPTIONAL && !one_of && value_size(f->type) && !is_zero(at, value_size(f->type))) {
            *(protobuf_c_boolean *)((char *)m + f->quantifier_offset) = 1;
        }
    }
}

char *sp_connect_pack(ProtobufCMessage *m, size_t more, size_t *n, sp_error *err)
{
    set_flags(m);
    *n = protobuf_c_message_get_packed_size(m);
    char *bytes = sp_malloc(*n + more + 1);
    if (!bytes) {
        sp_error_memory(err, "a message");
        return NULL;
    }
    protobuf_c_message_pack(m, (uint8_t *)bytes);
    return bytes;
}
