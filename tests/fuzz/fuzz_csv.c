/* fuzz_csv.c -- any bytes as CSV under any options: rows or an error; inference and writing too.
 *
 * LINK: format
 * Two bytes choose the options; what is read is written and read again with the same options, which must not fail. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char DDL[] = "a INT, b STRING, c DOUBLE, d DECIMAL(10,2), e DATE, f TIMESTAMP, g BOOLEAN, h BINARY, _corrupt_record STRING";

static void choose(sp_props *o, unsigned bits)
{
    static const char *const on[][2] = {
        { "header", "true" }, { "multiLine", "true" }, { "escape", "\"" }, { "quote", "'" }, { "sep", "ab" }, { "comment", "#" },
        { "ignoreLeadingWhiteSpace", "true" }, { "ignoreTrailingWhiteSpace", "true" }, { "nullValue", "x" }, { "emptyValue", "y" },
        { "quoteAll", "true" }, { "lineSep", ";" }, { "quote", "" }, { "escape", "" }, { "inferSchema", "true" }, { "mode", "DROPMALFORMED" },
    };
    sp_error err = { 0 };
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        if (bits >> i & 1)
            sp_props_put(o, sp_str_of(on[i][0]), sp_str_of(on[i][1]), &err);
}

static void decode(sp_arena *a, const sp_type *t, const sp_props *o, sp_str text, sp_encoder *e, sp_buf *out)
{
    const sp_format *csv = sp_format_find(SP_LIT("csv"));
    static const sp_expr_conf conf = { .ansi = true };
    sp_error err = { 0 };
    sp_decoder *d;
    sp_batch b;
    sp_decode_spec spec = { .arena = a, .schema = t, .options = o, .conf = &conf };
    if (csv->open(&spec, &d, &err) == SP_FAILED)
        return;
    char *padded = sp_malloc(text.n + 64);
    memcpy(padded, text.p, text.n);
    memset(padded + text.n, 0, 64);
    sp_status status = csv->feed(d, padded, text.n, true, &err);
    while (status == SP_OK || status == SP_MORE) {
        status = csv->next(d, a, &b, &err);
        if (status == SP_MORE && e)
            csv->encode(e, &b, a, out, &err);
    }
    csv->close(d);
    if (e)
        csv->finish(e, out, &err);
    sp_free(padded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    const sp_format *csv = sp_format_find(SP_LIT("csv"));
    static const sp_expr_conf conf = { .ansi = true };
    sp_arena *a = sp_arena_new("fuzz", 512 << 20);
    sp_props o = { .map.fold_case = true };
    sp_error err = { 0 };
    const sp_type *t, *inferred;
    sp_encoder *e = NULL;
    sp_buf written = { 0 };
    sp_str text = { (const char *)data + 2, n - 2 };
    choose(&o, data[0] | (unsigned)data[1] << 8);
    sp_type_schema_from_ddl(a, sp_str_of(DDL), &t, &err);
    if (csv->open_encoder(a, t, &o, &conf, &e, &err) == SP_FAILED)
        e = NULL;
    decode(a, t, &o, text, e, &written);
    if (e)
        decode(a, t, &o, (sp_str){ written.data ? written.data : "", written.len }, NULL, NULL);
    sp_error_reset(&err);
    char *padded = sp_malloc(text.n + 64);
    memcpy(padded, text.p, text.n);
    memset(padded + text.n, 0, 64);
    csv->infer(a, &(sp_str){ padded, text.n }, 1, &o, &conf, &inferred, &err);
    sp_free(padded);
    sp_buf_done(&written);
    sp_props_done(&o);
    sp_arena_free(a);
    return 0;
}
