/* csv_infer.c -- the schema of CSV files that come without one (CSVInferSchema, CSVUtils.makeSafeHeader, Spark 4.3).
 *
 * Names: the header's, empty ones _c<i>, repeated ones with their position behind; without header _c0, _c1 ... Types: all strings unless inferSchema, else per
 * column the narrowest of int, bigint, decimal, double, date, timestamp, boolean, string that takes every value. files: their bytes. */
#include "format/csv_int.h"

typedef struct guess { sp_kind kind; int precision, scale; } guess;

static guess of_value(const csv_options *o, sp_str s)
{
    int64_t i;
    double d;
    int32_t days;
    bool flag;
    sp_dec dec;
    int scale;
    if (sp_str_to_i64(s, &i))
        return (guess){ i >= INT32_MIN && i <= INT32_MAX ? SP_INT : SP_LONG, 0, 0 };
    if (sp_dec_parse(s, &dec, &scale) && scale <= 0 && sp_dec_digits(dec) - scale <= SP_DECIMAL_MAX)
        return (guess){ SP_DECIMAL, sp_dec_digits(dec) - scale, 0 };
    if (sp_str_eq(s, o->nan) || sp_str_eq(s, o->positive_inf) || sp_str_eq(s, o->negative_inf) || sp_parse_f64(s, &d))
        return (guess){ SP_DOUBLE, 0, 0 };
    if (o->prefer_date && (o->date ? sp_pattern_parse_date(o->date, s, &days) : s.n == 10 && sp_parse_date(s, &days)))
        return (guess){ SP_DATE, 0, 0 };
    if (o->timestamp ? sp_pattern_parse_timestamp(o->timestamp, s, o->zone, &i) : s.n >= 8 && sp_parse_timestamp(s, o->zone, &i))
        return (guess){ SP_TIMESTAMP, 0, 0 };
    if (sp_str_to_bool(s, &flag))
        return (guess){ SP_BOOLEAN, 0, 0 };
    return (guess){ SP_STRING, 0, 0 };
}

static guess merge(guess a, guess b)
{
    if (a.kind == SP_VOID)
        return b;
    if (b.kind == SP_VOID || (a.kind == b.kind && a.kind != SP_DECIMAL))
        return a;
    bool numbers = sp_kind_is_numeric(a.kind) && sp_kind_is_numeric(b.kind);
    if (numbers && (a.kind == SP_DOUBLE || b.kind == SP_DOUBLE))
        return (guess){ SP_DOUBLE, 0, 0 };
    if (numbers && (a.kind == SP_DECIMAL || b.kind == SP_DECIMAL)) {
        int pa = a.kind == SP_DECIMAL ? a.precision : a.kind == SP_LONG ? 20 : 10;
        int pb = b.kind == SP_DECIMAL ? b.precision : b.kind == SP_LONG ? 20 : 10;
        return (guess){ SP_DECIMAL, pa > pb ? pa : pb, 0 };
    }
    if (numbers)
        return (guess){ SP_LONG, 0, 0 };
    if ((a.kind == SP_DATE && b.kind == SP_TIMESTAMP) || (a.kind == SP_TIMESTAMP && b.kind == SP_DATE))
        return (guess){ SP_TIMESTAMP, 0, 0 };
    return (guess){ SP_STRING, 0, 0 };
}

static sp_status name_columns(sp_arena *a, const csv_options *o, const csv_tokens *first, sp_field *fields, sp_error *err)
{
    for (int i = 0; i < first->count; i++) {
        sp_str v = first->values[i];
        char *made = NULL;
        if (!o->header || !v.p || sp_str_eq(v, o->null_value) || v.n == 0)
            made = sp_arena_printf(a, err, "_c%d", i);
        bool repeated = false;
        for (int k = 0; !made && k < first->count; k++)
            repeated |= k != i && first->values[k].p && sp_str_eq_nocase(first->values[k], v);
        if (!made)
            made = repeated ? sp_arena_printf(a, err, "%.*s%d", (int)v.n, v.p, i) : sp_arena_strndup(a, v.p, v.n, err);
        if (!made)
            return SP_FAILED;
        fields[i] = (sp_field){ sp_str_of(made), sp_type_of(SP_STRING), true, { 0 } };
    }
    return SP_OK;
}

static sp_status scan_file(csv_reader *r, const csv_options *o, sp_str file, csv_tokens *first, guess *guesses, sp_error *err)
{
    csv_tokens t = { 0 };
    bool failed, header = o->header;
    r->p = file.p;
    r->end = file.p + file.n;
    while (sp_csv_next(r, &t, &failed, err)) {
        if (header) {
            header = false;
            continue;
        }
        if (!o->infer)
            return SP_OK;
        for (int i = 0; i < t.count && i < first->count; i++)
            if (t.values[i].p && !sp_str_eq(t.values[i], o->null_value) && guesses[i].kind != SP_STRING)
                guesses[i] = merge(guesses[i], of_value(o, t.values[i]));
    }
    return failed ? SP_FAILED : SP_OK;
}

sp_status sp_csv_infer(sp_arena *a, const sp_str *files, int file_count, const sp_props *options, const sp_expr_conf *conf, const sp_type **out, sp_error *err)
{
    csv_options o;
    csv_tokens first = { 0 };
    bool failed = false, any = false;
    SP_TRY(sp_csv_options_read(a, options, conf, false, &o, err));
    csv_reader r = { .o = &o, .arena = a };
    for (int i = 0; i < file_count && !any && !failed; i++) {
        r.p = files[i].p;
        r.end = files[i].p + files[i].n;
        any = sp_csv_next(&r, &first, &failed, err);
    }
    sp_status status = failed ? SP_FAILED : SP_OK;
    sp_field *fields = sp_arena_calloc(a, sizeof *fields * (size_t)(first.count + 1), err);
    guess *guesses = fields ? sp_arena_calloc(a, sizeof *guesses * (size_t)(first.count + 1), err) : NULL;
    if (!guesses)
        status = SP_FAILED;
    if (status == SP_OK)
        status = name_columns(a, &o, &first, fields, err);
    for (int i = 0; i < file_count && status == SP_OK; i++)
        status = scan_file(&r, &o, files[i], &first, guesses, err);
    for (int i = 0; i < first.count && status == SP_OK && o.infer; i++) {
        if (guesses[i].kind == SP_DECIMAL)
            fields[i].type = sp_type_decimal(a, guesses[i].precision, 0, err);
        else
            fields[i].type = sp_type_of(guesses[i].kind == SP_VOID ? SP_STRING : guesses[i].kind);
        if (!fields[i].type)
            status = SP_FAILED;
    }
    sp_buf_done(&r.scratch);
    if (status == SP_FAILED)
        return SP_FAILED;
    *out = sp_type_struct(a, fields, first.count, err);
    return *out ? SP_OK : SP_FAILED;
}
