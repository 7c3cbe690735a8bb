/* pb_text.h -- protobuf's text format for tests, by descriptors: pb_text(&spark__connect__relation__descriptor, "range { end: 5 step: 1 }", arena).
 *
 * Fields by name, `name { ... }` or `name: value`; numbers, 'strings' or "strings" (no escapes), true, false, enum names; a field said again repeats.
 * A mistake in the text aborts the test program: it is the test's own. */
#ifndef SPATE_TESTS_PB_TEXT_H
#define SPATE_TESTS_PB_TEXT_H

#include <ctype.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/base.h"

typedef struct pb_text_parser { const char *p; sp_arena *a; } pb_text_parser;

static void pb_text_wrong(const pb_text_parser *t, const char *what)
{
    fprintf(stderr, "pb_text: %s at \"%.30s\"\n", what, t->p);
    abort();
}

static void *pb_text_alloc(pb_text_parser *t, size_t n)
{
    void *p = sp_arena_calloc(t->a, n + 1, NULL);
    if (!p)
        pb_text_wrong(t, "no memory");
    return p;
}

static void pb_text_skip(pb_text_parser *t)
{
    while (isspace((unsigned char)*t->p) || *t->p == ',')
        t->p++;
}

static char *pb_text_word(pb_text_parser *t)
{
    pb_text_skip(t);
    const char *from = t->p;
    while (isalnum((unsigned char)*t->p) || *t->p == '_' || *t->p == '.' || *t->p == '-' || *t->p == '+')
        t->p++;
    if (t->p == from)
        pb_text_wrong(t, "a word is missing");
    return sp_arena_strndup(t->a, from, (size_t)(t->p - from), NULL);
}

static char *pb_text_string(pb_text_parser *t)
{
    char quote = *t->p++;
    const char *from = t->p;
    while (*t->p && *t->p != quote)
        t->p++;
    char *s = sp_arena_strndup(t->a, from, (size_t)(t->p - from), NULL);
    t->p++;
    return s;
}

static ProtobufCMessage *pb_text_message(pb_text_parser *t, const ProtobufCMessageDescriptor *d);

static size_t pb_text_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64: case PROTOBUF_C_TYPE_SINT64: case PROTOBUF_C_TYPE_UINT64: case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    default: return 4;
    }
}

static void pb_text_value(pb_text_parser *t, const ProtobufCFieldDescriptor *f, void *at)
{
    pb_text_skip(t);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        *(ProtobufCMessage **)at = pb_text_message(t, f->descriptor);
        return;
    }
    if (*t->p == '\'' || *t->p == '"') {
        char *s = pb_text_string(t);
        if (f->type == PROTOBUF_C_TYPE_BYTES)
            *(ProtobufCBinaryData *)at = (ProtobufCBinaryData){ strlen(s), (uint8_t *)s };
        else
            *(char **)at = s;
        return;
    }
    char *word = pb_text_word(t);
    const ProtobufCEnumValue *e;
    switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)at = strcmp(word, "true") == 0; break;
    case PROTOBUF_C_TYPE_DOUBLE: *(double *)at = atof(word); break;
    case PROTOBUF_C_TYPE_FLOAT: *(float *)at = (float)atof(word); break;
    case PROTOBUF_C_TYPE_ENUM:
        if (!(e = protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, word)))
            pb_text_wrong(t, word);
        *(int32_t *)at = e->value;
        break;
    case PROTOBUF_C_TYPE_INT64: case PROTOBUF_C_TYPE_SINT64: case PROTOBUF_C_TYPE_UINT64: *(int64_t *)at = atoll(word); break;
    default: *(int32_t *)at = atoi(word);
    }
}

static void pb_text_field(pb_text_parser *t, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    char *at = (char *)m + f->offset, *quantifier = (char *)m + f->quantifier_offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t *n = (size_t *)quantifier, size = pb_text_size(f->type);
        char *more = pb_text_alloc(t, size * (*n + 1));
        if (*n)
            memcpy(more, *(char **)at, size * *n);
        pb_text_value(t, f, more + size * (*n)++);
        *(char **)at = more;
        return;
    }
    pb_text_value(t, f, at);
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)quantifier = f->id;
    else if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)quantifier = 1;
}

/* The fields up to '}' or the end. */
static ProtobufCMessage *pb_text_fields(pb_text_parser *t, const ProtobufCMessageDescriptor *d)
{
    ProtobufCMessage *m = pb_text_alloc(t, d->sizeof_message);
    protobuf_c_message_init(d, m);
    for (pb_text_skip(t); *t->p && *t->p != '}'; pb_text_skip(t)) {
        char *name = pb_text_word(t);
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);
        if (!f)
            pb_text_wrong(t, name);
        pb_text_skip(t);
        if (*t->p == ':')
            t->p++;
        pb_text_field(t, m, f);
    }
    return m;
}

static ProtobufCMessage *pb_text_message(pb_text_parser *t, const ProtobufCMessageDescriptor *d)
{
    pb_text_skip(t);
    if (*t->p++ != '{')
        pb_text_wrong(t, "a { is missing");
    ProtobufCMessage *m = pb_text_fields(t, d);
    if (*t->p++ != '}')
        pb_text_wrong(t, "a } is missing");
    return m;
}

static inline void *pb_text(const ProtobufCMessageDescriptor *d, const char *text, sp_arena *a)
{
    pb_text_parser t = { text, a };
    return pb_text_fields(&t, d);
}

#endif
