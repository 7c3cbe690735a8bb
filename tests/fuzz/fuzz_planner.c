/* fuzz_planner.c -- what a client can ask: bytes as a Relation, an Expression or a DataType, through the protobuf check into the planner, with a
 * small arena. Nothing is run. The first byte says which. LINK: connect proto */
#include "connect/planner.h"
#include "connect/protodepth.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const sp_expr_conf conf = { .ansi = true };

static void plan(int what, const ProtobufCMessage *m, sp_arena *a, sp_error *err)
{
    sp_planner p = { .arena = a, .conf = &conf };
    sp_plan *plan_out = NULL;
    sp_expr *expression = NULL;
    const sp_type *type = NULL;
    if (what == 0) {
        (void)sp_planner_relation(&p, (const pb_relation *)m, &plan_out, err);
    } else if (what == 1) {
        (void)sp_planner_expression(&p, (const pb_expr *)m, &expression, err);
    } else if (sp_proto_to_type(a, (const pb_type *)m, &type, err) == SP_OK) {
        (void)sp_type_to_proto(a, type, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &spark__connect__relation__descriptor, &spark__connect__expression__descriptor, &spark__connect__data_type__descriptor,
    };
    if (n == 0)
        return 0;
    sp_arena *a = sp_arena_new("fuzz", 16 << 20), *texts = sp_arena_new("texts", 1 << 20);
    sp_error err = { .arena = texts };
    ProtobufCMessage *m;
    int what = bytes[0] % 3;
    if (sp_proto_unpack(types[what], bytes + 1, n - 1, NULL, a, &m, &err) == SP_OK)
        plan(what, m, a, &err);
    sp_buf message = { 0 };
    sp_error_message(&err, &message);
    sp_buf_done(&message);
    sp_arena_free(a);
    sp_arena_free(texts);
    return 0;
}
