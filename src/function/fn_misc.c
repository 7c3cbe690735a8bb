/* fn_misc.c -- typeof, version, current_user ..., raise_error, assert_true, rand, randn, uuid, partition and row ids.
 *
 * rand(seed) is Spark's XORShiftRandom with seed + partition index, so that a seeded query gives Spark's numbers for
 * the same partitioning. Behaviour: misc.scala, randomExpressions.scala, XORShiftRandom.scala. */
#include "function/function_int.h"
#include "world/world.h"
#include <math.h>
#include <stdatomic.h>

/* ---- what is asked of the session ---- */

static sp_status bind_text(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_STRING); b->nullable = false;
return SP_OK; }

static sp_status fill(sp_kernel *k, const char *text, sp_error *err)
{
    for (SP_ROWS(k, i)) sp_put_view(k, i, sp_str_of(text ? text : ""));
    return SP_OK;
}

static sp_status kernel_user(sp_kernel *k, sp_error *err) { return fill(k, k->conf->user, err); }
static sp_status kernel_catalog(sp_kernel *k, sp_error *err) { return fill(k, k->conf->catalog, err); }
static sp_status kernel_database(sp_kernel *k, sp_error *err) { return fill(k, k->conf->database, err); }
static sp_status kernel_version(sp_kernel *k, sp_error *err) { return fill(k, "4.3.0", err); }
static sp_status kernel_input_file(sp_kernel *k, sp_error *err) { return fill(k, k->eval->input_file, err); }

static sp_status kernel_typeof(sp_kernel *k, sp_error *err) { return fill(k, k->call->state, err); }

/* The type is known when bound: the argument is not looked at. */
static sp_status bind_typeof(sp_bind *b, sp_error *err)
{
    sp_buf t = { 0 };
    sp_type_simple(&t, sp_bind_type(b, 0));
    b->state = sp_arena_strdup(b->arena, sp_buf_cstr(&t), err);
    sp_buf_done(&t);
    b->type = sp_type_of(SP_STRING);
    b->nullable = false;
    b->foldable = true;
    return b->state ? SP_OK : SP_FAILED;
}

static sp_status kernel_collation(sp_kernel *k, sp_error *err) { return fill(k, "SYSTEM.BUILTIN.UTF8_BINARY", err); }

/* ---- failing on purpose ---- */

static sp_status bind_raise_error(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count && i < 1; i++) SP_TRY(sp_bind_want(b, i, sp_type_of(SP_STRING), err));
    b->type = sp_type_of(SP_VOID);
    b->nullable = true;
    b->foldable = false;
    return SP_OK;
}

static sp_status kernel_raise_error(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        sp_str s = sp_arg_null(k, 0, i) ? SP_LIT("null") : sp_arg_str(k, 0, i);
        const char *text = sp_arena_strndup(err && err->arena ? err->arena : k->arena, s.p, s.n, NULL);
        return SP_FAIL(err, USER_RAISED_EXCEPTION, "errorMessage", text ? text : "");
    }
    return SP_OK;
}

/* assert_true(cond[, message]) = if(cond, null, raise_error(message)) */
static sp_status bind_assert_true(sp_bind *b, sp_error *err)
{
    sp_expr *message = b->arg_count > 1 ? b->call->args[1] : NULL;
    if (!message) {
        sp_buf t = { 0 };
        sp_buf_putc(&t, '\'');
        sp_expr_sql(&t, b->call->args[0], true);
        sp_buf_puts(&t, "' is not true!");
        sp_value v = sp_value_str((sp_str){ t.data, t.len });
        message = sp_expr_literal(b->arena, &v, err);
        sp_buf_done(&t);
    }
    sp_value null = sp_value_null(sp_type_of(SP_VOID));
    sp_expr *args[3] = { b->call->args[0], sp_expr_literal(b->arena, &null, err), message
        ? sp_expr_call2(b->arena, "raise_error", message, NULL, err) : NULL };
    b->replacement = args[1] && args[2] ? sp_expr_function(b->arena, "if", args, 3, err) : NULL;
    return b->replacement ? SP_OK : SP_FAILED;
}

/* ---- random ---- */

/* XORShiftRandom.hashSeed: MurmurHash3 (Scala's, not Spark's) of the seed's eight bytes, low then high word. */
static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

static uint32_t scala_murmur3(const uint8_t *p, size_t n, uint32_t h)
{
    for (size_t i = 0; i + 4 <= n; i += 4) {
        uint32_t k = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;
        k *= 0xcc9e2d51u;
        k = rotl(k, 15);
        k *= 0x1b873593u;
        h ^= k;
        h = rotl(h, 13);
        h = h * 5 + 0xe6546b64u;
    }
    h ^= (uint32_t)n;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ h >> 16;
}

static uint64_t hash_seed(int64_t seed)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++) b[i] = (uint8_t)((uint64_t)seed >> (8 * (7 - i)));     /* ByteBuffer.putLong */
    uint32_t low = scala_murmur3(b, 8, 0x3c074a61u), high = scala_murmur3(b, 8, low);
    return (uint64_t)high << 32 | low;
}

static uint32_t next_bits(uint64_t *s, int bits)
{
    uint64_t x = *s;
    x ^= x << 21;
    x ^= x >> 35;
    x ^= x << 4;
    *s = x;
    return (uint32_t)(x & ((1ull << bits) - 1));
}

static double next_double(uint64_t *s)
{
    uint64_t hi = (uint64_t)next_bits(s, 26) << 27;
    return (double)(hi + next_bits(s, 27)) * 0x1.0p-53;
}

/* One generator a call and partition; its state lives in the expression's state, which belongs to the query. An
 * evaluation context begins with random[0] = 0 for each partition of each batch; it is given a number here, and a
 * generator that has seen another number starts anew. */
typedef struct random_state { int64_t seed; uint64_t s[64], run[64]; double saved[64]; bool has_saved[64];
} random_state;
static _Atomic uint64_t run_count;

static sp_status bind_rand(sp_bind *b, sp_error *err)
{
    random_state *r;
    SP_NEW(r, b->arena, sizeof *r, err);
    b->state = r;
    b->type = sp_type_of(SP_DOUBLE);
    b->nullable = false;
    if (!b->arg_count) { sp_random_bytes(sp_world_real(), &r->seed, sizeof r->seed); return SP_OK; }
    sp_value v;
    SP_TRY(sp_bind_want(b, 0, sp_type_of(SP_LONG), err));
    SP_TRY(sp_bind_constant(b, 0, "seed", &v, err));
    r->seed = v.is_null ? 0 : v.i64;
    return SP_OK;
}

static uint64_t *generator(sp_kernel *k, int *at)
{
    random_state *r = k->call->state;
    *at = (int)(k->eval->partition_index & 63);
    if (!k->eval->random[0]) k->eval->random[0] = atomic_fetch_add(&run_count, 1) + 1;
    if (r->run[*at] != k->eval->random[0]) {
        r->s[*at] = hash_seed(r->seed + k->eval->partition_index);
        r->run[*at] = k->eval->random[0];
        r->has_saved[*at] = false;
    }
    return &r->s[*at];
}

static sp_status kernel_rand(sp_kernel *k, sp_error *err)
{
    int at;
    uint64_t *s = generator(k, &at);
    for (SP_ROWS(k, i)) SP_OUT(k, double)[i] = next_double(s);
    return SP_OK;
}

/* java.util.Random.nextGaussian: polar method, two values at a time */
static sp_status kernel_randn(sp_kernel *k, sp_error *err)
{
    int at;
    uint64_t *s = generator(k, &at);
    random_state *r = k->call->state;
    for (SP_ROWS(k, i)) {
        if (r->has_saved[at]) { SP_OUT(k, double)[i] = r->saved[at]; r->has_saved[at] = false; continue; }
        double x, y, q;
        do {
            x = 2 * next_double(s) - 1;
            y = 2 * next_double(s) - 1;
            q = x * x + y * y;
        } while (q >= 1 || q == 0);
        double m = sqrt(-2 * log(q) / q);
        r->saved[at] = y * m;
        r->has_saved[at] = true;
        SP_OUT(k, double)[i] = x * m;
    }
    return SP_OK;
}

static sp_status kernel_uuid(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) {
        char text[37];
        sp_uuid(sp_world_real(), text);
        SP_TRY(sp_put_copy(k, i, text, 36, err));
    }
    return SP_OK;
}

/* ---- ids ---- */

static sp_status bind_row_id(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_LONG); b->nullable = false;
return SP_OK; }
static sp_status bind_partition_id(sp_bind *b, sp_error *err) { b->type = sp_type_of(SP_INT); b->nullable = false;
return SP_OK; }

static sp_status kernel_row_id(sp_kernel *k, sp_error *err)
{
    int64_t none = 0, *counter = k->eval->row_counter ? k->eval->row_counter : &none;
    for (SP_ROWS(k, i)) SP_OUT(k, int64_t)[i] = (k->eval->partition_index << 33) + (*counter)++;
    return SP_OK;
}

static sp_status kernel_partition_id(sp_kernel *k, sp_error *err)
{
    for (SP_ROWS(k, i)) SP_OUT(k, int32_t)[i] = (int32_t)k->eval->partition_index;
    return SP_OK;
}

enum { VOLATILE = SP_FN_NONDETERMINISTIC | SP_FN_NULLS };

extern const sp_function sp_family_misc[];
const sp_function sp_family_misc[] = {
    { "typeof", 1, 1, SP_FN_NULLS, bind_typeof, kernel_typeof, "3.0.0", "typeof(a): the name of its type" },
    { "collation", 1, 1, SP_FN_NULLS, bind_text, kernel_collation, "4.0.0",
        "collation(str): the name of its collation" },
    { "version", 0, 0, SP_FN_NULLS, bind_text, kernel_version, "3.0.0", "version()" },
    { "current_user", 0, 0, SP_FN_NULLS, bind_text, kernel_user, "3.2.0", "current_user()" },
    { "user", 0, 0, SP_FN_NULLS, bind_text, kernel_user, "3.4.0", "user()" },
    { "session_user", 0, 0, SP_FN_NULLS, bind_text, kernel_user, "4.0.0", "session_user()" },
    { "current_catalog", 0, 0, SP_FN_NULLS, bind_text, kernel_catalog, "3.1.0", "current_catalog()" },
    { "current_database", 0, 0, SP_FN_NULLS, bind_text, kernel_database, "1.6.0", "current_database()" },
    { "current_schema", 0, 0, SP_FN_NULLS, bind_text, kernel_database, "3.4.0", "current_schema()" },
    { "input_file_name", 0, 0, VOLATILE, bind_text, kernel_input_file, "1.5.0",
        "input_file_name(): of the row, or empty" },
    { "raise_error", 1, 2, VOLATILE, bind_raise_error, kernel_raise_error, "3.1.0", "raise_error(message)" },
    { "assert_true", 1, 2, 0, bind_assert_true, NULL, "2.0.0", "assert_true(condition[, message])" },
    { "rand", 0, 1, VOLATILE, bind_rand, kernel_rand, "1.5.0", "rand([seed]): uniform in [0, 1)" },
    { "random", 0, 1, VOLATILE, bind_rand, kernel_rand, "3.0.0", "random([seed]): uniform in [0, 1)" },
    { "randn", 0, 1, VOLATILE, bind_rand, kernel_randn, "1.5.0", "randn([seed]): normal" },
    { "uuid", 0, 0, VOLATILE, bind_text, kernel_uuid, "2.3.0", "uuid(): random" },
    { "monotonically_increasing_id", 0, 0, VOLATILE, bind_row_id, kernel_row_id, "1.4.0",
        "monotonically_increasing_id()" },
    { "spark_partition_id", 0, 0, VOLATILE, bind_partition_id, kernel_partition_id, "1.4.0", "spark_partition_id()" },
    { 0 }
};
