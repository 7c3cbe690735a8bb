/* json_fast.c -- records that look like those before them: a learned layout, checked instead of parsed.
 *
 * Producers write the same keys in the same order with the same blanks. A layout is what stands between the values of
 * one record: {"user_id":" then ","page_id":" and so on. Reading a record means comparing these pieces, a few vector
 * instructions each, and finding the end of each value: for a string the first quote, backslash, control character or
 * byte past ASCII among 64 bytes, and as its length is mostly that of the last one, a guess confirmed by those 64
 * bits keeps the processor from waiting for them. Values nobody wants are checked, not kept; pushed predicates are
 * looked at as soon as their column is there, and a refused record is left at once. Fields may be missing; anything
 * else unforeseen (another key, an error, a value its column cannot take) leaves the whole record to the scanner,
 * which decides. The body is json_fast.inc, compiled for AVX-512BW, AVX2 and the baseline; which one runs is chosen
 * when a decoder is opened. */
#include "format/json_int.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { PIECE_MAX = 64, FIELDS_MAX = 256, PATIENCE_MIN = 4, PATIENCE_MAX = 1024 };

/* What to do with a value. */
typedef enum action { PASS, KEEP_TEXT, KEEP_TIMESTAMP, KEEP_INTEGER, CONVERT } action;
typedef enum test { NO_TEST, TEST_TEXT, TEST_ALL } test;

typedef struct field {
    char piece[PIECE_MAX];          /* what stands before the value, its opening quote included */
    uint32_t piece_length;
    uint32_t length;                /* of the last string here: the guess */
    bool is_string;
    uint8_t action, test;
    int column;                     /* -1: not wanted */
    sp_view text;                   /* TEST_TEXT: what it must be */
} field;

typedef sp_status (*run_function)(json_fast *f, json_rows *x, json_converter *c, sp_lines *lines, int64_t *counted);

struct json_fast {
    const json_options *o;
    run_function run;
    int count;                      /* fields; 0: no layout yet */
    bool complete;                  /* every column is among them */
    bool has_tests;                 /* some predicate needs the general evaluation */
    char tail[PIECE_MAX];           /* behind the last value */
    uint32_t tail_length;
    int score, patience;            /* misses less hits; how many make us learn anew */
    uint64_t hits;                  /* with this layout */
    field fields[FIELDS_MAX];
};

/* ---- one field's value ---- */

typedef enum outcome { TAKEN, MISSED, REFUSED, BROKEN } outcome;

static inline bool same_piece(const char *p, const char *piece, uint32_t n)
{
#if defined(__SSE2__)
    for (uint32_t i = 0;; i += 16) {
        uint32_t m = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + i)),
                                                                _mm_loadu_si128((const __m128i *)(piece + i))));
        if (n - i <= 16)
            return ((m ^ 0xffffu) & (0xffffu >> (16 - (n - i)))) == 0;
        if (m != 0xffff)
            return false;
    }
#else
    return memcmp(p, piece, n) == 0;
#endif
}

/* A predicate that takes more than one comparison of texts. */
static outcome judge(json_rows *x, const field *q)
{
    return sp_json_filter_skips(x->filter, q->column, x->columns, x->row) ? REFUSED : TAKEN;
}

/* A string of n plain bytes at s, wanted and not simply kept. */
static __attribute__((noinline)) outcome keep_string(json_rows *x, json_converter *c, const field *q, const char *s,
                                                     size_t n)
{
    json_column *col = &x->columns[q->column];
    if (q->action == KEEP_TIMESTAMP) {
        if (n == 0 || !sp_parse_timestamp((sp_str){ s, n }, c->o->zone, (int64_t *)col->data + x->row))
            return MISSED;
        sp_json_column_good(x, col);
    } else {
        json_reader *r = &c->r;
        r->token = JT_STRING;
        r->unfinished = false;
        r->start = s - 1;
        r->p = s + n + 1;
        r->text = (sp_str){ s, n };
        json_result res = sp_json_column_convert(x, col, c);
        if (res != JSON_OK)
            return res == JSON_FATAL ? BROKEN : MISSED;
    }
    return q->test == TEST_ALL ? judge(x, q) : TAKEN;
}

/* Up to 18 digits at *s that nothing but an end of the value follows. */
static bool read_integer(const char **s, int64_t *out)
{
    const char *p = *s;
    bool negative = *p == '-';
    p += negative;
    const char *digits = p;
    uint64_t v = 0;
    while (*p >= '0' && *p <= '9' && p - digits < 19)
        v = v * 10 + (uint64_t)(*p++ - '0');
    if (p == digits || p - digits > 18 || (*digits == '0' && p - digits > 1) || *p == '.' || (*p | 32) == 'e')
        return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    *s = p;
    return true;
}

static bool store_integer(json_rows *x, json_column *c, int64_t v)
{
    if (c->kind == SP_LONG) {
        ((int64_t *)c->data)[x->row] = v;
    } else {
        if (v != (int32_t)v)
            return false;
        ((int32_t *)c->data)[x->row] = (int32_t)v;
    }
    sp_json_column_good(x, c);
    return true;
}

/* Any value at *s, by the scanner. */
static __attribute__((noinline)) outcome other_value(json_rows *x, json_converter *c, const field *q,
                                                     const sp_lines *lines, const char **s)
{
    json_reader *r = &c->r;
    int64_t v;
    if (q->action == PASS || q->action == KEEP_INTEGER) {
        const char *p = *s;
        if (read_integer(&p, &v) && (q->action == PASS || store_integer(x, &x->columns[q->column], v))) {
            *s = p;
            return q->test == TEST_ALL ? judge(x, q) : TAKEN;
        }
    }
    const char *end = lines->end, *behind;
    if (**s == '{' || **s == '[')
        end = sp_line_end(lines, *s, &behind);      /* blanks inside may not be line ends */
    if (sp_json_value_at(r, *s, end) == JT_ERROR)
        return MISSED;
    if (q->column < 0) {
        if (!sp_json_pass_value(r))
            return MISSED;
        *s = r->p;
        return TAKEN;
    }
    json_column *col = &x->columns[q->column];
    json_result res = sp_json_column_convert(x, col, c);
    if (res != JSON_OK)
        return res == JSON_FATAL ? BROKEN : MISSED;
    *s = r->p;
    if (q->test == TEST_TEXT)
        return col->is_null || !sp_view_eq((const sp_view *)col->data + x->row, &q->text) ? REFUSED : TAKEN;
    return q->test == TEST_ALL ? judge(x, q) : TAKEN;
}

static sp_status finish_row(json_rows *x, const json_fast *f, bool all)
{
    if (all && f->complete && x->corrupt < 0)
        return SP_OK;
    return sp_json_rows_finish(x, NULL);
}

/* ---- the body, by width ---- */

#if defined(__x86_64__)
#define SPECIAL16(p, o) ((uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(                              \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('"')),                                 \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('\\'))),                               \
    _mm_cmplt_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8(0x20)))) << (o))
#define LINE16(p, o) ((uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(                                              \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('\n')),                                \
    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)((p) + (o))), _mm_set1_epi8('\r')))) << (o))
#define SPECIAL64(p) (SPECIAL16(p, 0) | SPECIAL16(p, 16) | SPECIAL16(p, 32) | SPECIAL16(p, 48))
#define LINE64(p) (LINE16(p, 0) | LINE16(p, 16) | LINE16(p, 32) | LINE16(p, 48))
#define RUN run_sse
#define TARGET
#include "format/json_fast.inc"

#define SPECIAL32(p, o) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(                     \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('"')),                        \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('\\'))),                      \
    _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), _mm256_loadu_si256((const __m256i *)((p) + (o)))))) << (o))
#define LINE32(p, o) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_or_si256(                                        \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('\n')),                       \
    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)((p) + (o))), _mm256_set1_epi8('\r')))) << (o))
#define SPECIAL64(p) (SPECIAL32(p, 0) | SPECIAL32(p, 32))
#define LINE64(p) (LINE32(p, 0) | LINE32(p, 32))
#define RUN run_avx2
#define TARGET __attribute__((target("avx2,bmi")))
#include "format/json_fast.inc"

#define SPECIAL64(p)                                                                                                   \
    (_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('"')) |                                            \
     _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('\\')) |                                           \
     _mm512_cmplt_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(0x20)))
#define LINE64(p)                                                                                                      \
    (_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('\n')) |                                           \
     _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('\r')))
#define RUN run_avx512
#define TARGET __attribute__((target("avx512bw,avx2,bmi")))
#include "format/json_fast.inc"
#else
static uint64_t special64(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++)
        m |= (uint64_t)(p[i] == '"' || p[i] == '\\' || (uint8_t)p[i] < 0x20 || (uint8_t)p[i] > 0x7f) << i;
    return m;
}
static uint64_t line64(const char *p)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++)
        m |= (uint64_t)(p[i] == '\n' || p[i] == '\r') << i;
    return m;
}
#define SPECIAL64(p) special64(p)
#define LINE64(p) line64(p)
#define RUN run_plain
#define TARGET
#include "format/json_fast.inc"
#endif

int sp_json_fast_width = 512;

static run_function choose(void)
{
#if defined(__x86_64__)
    if (sp_json_fast_width >= 512 && __builtin_cpu_supports("avx512bw")) return run_avx512;
    return sp_json_fast_width >= 256 && __builtin_cpu_supports("avx2") ? run_avx2 : run_sse;
#else
    return run_plain;
#endif
}

sp_status sp_json_fast_new(sp_arena *a, const json_options *o, const json_rows *x, json_fast **out, sp_error *err)
{
    *out = NULL;
    if (sp_json_fast_width == 0 || o->multi_line || o->line_sep.n || (o->features & JF_CONTROLS))
        return SP_OK;       /* a control character must end a string, and a line end the record */
    SP_NEW(*out, a, sizeof **out, err);
    (*out)->o = o;
    (*out)->run = choose();
    (*out)->patience = 1;
    return SP_OK;
}

sp_status sp_json_fast_run(json_fast *f, json_rows *x, json_converter *c, sp_lines *lines, int64_t *counted)
{
    return f->count ? f->run(f, x, c, lines, counted) : SP_OK;
}

/* ---- learning ---- */

static bool learn_piece(char *to, uint32_t *length, const char *from, const char *until)
{
    size_t n = (size_t)(until - from);
    if (n == 0 || n > PIECE_MAX)
        return false;
    memcpy(to, from, n);
    *length = (uint32_t)n;
    return true;
}

static void plan_value(const json_fast *f, const json_rows *x, field *q)
{
    q->action = PASS;
    q->test = NO_TEST;
    if (q->column < 0)
        return;
    const json_column *c = &x->columns[q->column];
    q->action = c->kind == SP_STRING && q->is_string ? KEEP_TEXT
                : c->kind == SP_TIMESTAMP && q->is_string && !f->o->timestamp_text.p ? KEEP_TIMESTAMP
                : (c->kind == SP_INT || c->kind == SP_LONG) && !q->is_string ? KEEP_INTEGER : CONVERT;
    if (!sp_json_filter_has(x->filter, q->column))
        return;
    bool has_text;
    sp_str text;
    q->test = TEST_ALL;
    if (c->kind == SP_STRING && sp_json_filter_simple(x->filter, q->column, &has_text, &text)) {
        q->test = has_text ? TEST_TEXT : q->is_string ? NO_TEST : TEST_ALL;      /* a string is not null */
        if (has_text)
            q->text = sp_view_make(text.p, text.n);
    }
}

static bool learn_fields(json_fast *f, const json_rows *x, json_reader *r, const char *p)
{
    if (sp_json_next(r) != JT_OBJECT)
        return false;
    for (;;) {
        json_token t = sp_json_next(r);
        if (t == JT_OBJECT_END)
            return f->count > 0 && learn_piece(f->tail, &f->tail_length, p, r->p);
        if (t != JT_NAME || f->count == FIELDS_MAX)
            return false;
        field *q = &f->fields[f->count++];
        *q = (field){ .column = -1, .is_string = r->pending == JT_STRING && *r->start == '"' };
        sp_str name = sp_json_current_name(r);
        int at = sp_json_names_find(&x->names, name, f->count - 1);
        q->column = at < 0 ? -1 : x->names.field[at];
        for (int i = 0; i < f->count - 1 && q->column >= 0; i++)
            if (f->fields[i].column == q->column)
                return false;
        if (!learn_piece(q->piece, &q->piece_length, p, r->start + q->is_string))
            return false;
        plan_value(f, x, q);
        f->has_tests |= q->test == TEST_ALL;
        if (!sp_json_pass_value(r))
            return false;
        r->token = JT_STRING;       /* any token that is over: the value was passed from outside */
        p = r->p;
    }
}

static void learn(json_fast *f, const json_rows *x, json_reader *r, sp_str record)
{
    f->count = 0;
    f->has_tests = false;
    f->hits = 0;
    sp_json_reader_start(r, record, r->arena);
    bool good = record.n > 0 && *r->p == *record.p && learn_fields(f, x, r, record.p);
    int wanted = 0;
    for (int i = 0; i < f->count; i++)
        wanted += f->fields[i].column >= 0;
    f->complete = wanted == x->column_count - (x->corrupt >= 0);
    if (!good)
        f->count = 0;
}

void sp_json_fast_missed(json_fast *f, const json_rows *x, json_reader *r, sp_str record)
{
    if (record.n == 0 || *record.p != '{' || ++f->score < f->patience)
        return;
    int patience = f->hits ? PATIENCE_MIN : f->patience < PATIENCE_MIN ? PATIENCE_MIN : f->patience * 2;
    f->patience = patience < PATIENCE_MAX ? patience : PATIENCE_MAX;
    f->score = 0;
    learn(f, x, r, record);
}
