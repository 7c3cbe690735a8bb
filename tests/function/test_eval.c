/* Evaluation of whole batches.
 *
 * Goal: a vector gives what its rows give one at a time. Method: the same expression over a batch of columns with
 * nulls, under every form (flat, dictionary, constant) and several selections, against one-row batches; an error in
 * a row must be the error of the batch, and rows that are not selected, or not reached by a conditional, must not
 * fail. */
#include "cases.inc"

enum { ROWS = 203, COLUMNS = 7 };
static const char *const names[COLUMNS] = { "i", "l", "d", "s", "b", "a", "t" };

typedef struct fixture { sp_arena *a; const sp_type *types[COLUMNS]; sp_vec *columns[COLUMNS]; } fixture;

static const char *sample_text(uint32_t i, char *out)
{
    static const char *const words[] = { "", "a", "streaming data never ends, it only pauses for breath", "x y z",
        "one,two,,three", "Straße", "  padded  ", "12", "-7.5", "true" };
    snprintf(out, 100, "%s%s", words[i % 10], i % 3 ? "" : " and a tail that is longer than a view");
    return out;
}

static void set_up(fixture *f)
{
    sp_error err = { 0 };
    char text[100];
    f->a = sp_arena_new("test", 0);
    DEFER(sp_arena_free, f->a);
    const sp_type *types[COLUMNS] = { sp_type_of(SP_INT), sp_type_of(SP_LONG), sp_type_of(SP_DOUBLE),
        sp_type_of(SP_STRING), sp_type_of(SP_BOOLEAN),
                                      sp_type_array(f->a, sp_type_of(SP_INT), true, &err), sp_type_of(SP_TIMESTAMP) };
    memcpy(f->types, types, sizeof types);
    for (int c = 0; c < COLUMNS; c++) {
        sp_builder *b = sp_builder_new(f->a, types[c], false, &err);
        for (uint32_t i = 0; i < ROWS; i++) {
            if ((i * 7 + (uint32_t)c) % 11 == 3) { sp_build_null(b, &err); continue; }
            switch (c) {
            case 0: sp_build_i64(b, (int64_t)i - 100, &err); break;
            case 1: sp_build_i64(b, (int64_t)i * 1000003 % 97, &err); break;
            case 2: sp_build_f64(b, i % 17 == 5 ? __builtin_nan("") : ((double)i - 90) / 4, &err); break;
            case 3: sp_build_str(b, sp_str_of(sample_text(i, text)), &err); break;
            case 4: sp_build_bool(b, i % 3 == 0, &err); break;
            case 5:
                sp_build_open(b, &err);
                for (uint32_t e = 0; e < i % 5; e++)
                    if (e == 3) sp_build_null(sp_builder_child(b, 0), &err);
                    else sp_build_i64(sp_builder_child(b, 0), (int64_t)(i + e) % 9, &err);
                sp_build_close(b, &err);
                break;
            default: sp_build_i64(b, (int64_t)i * 86400000000ll * 37 + 12345678901ll, &err);
            }
        }
        sp_builder_take(b, &f->columns[c], &err);
    }
}

static const char *row_text(fixture *f, const sp_vec *v, uint32_t row, const sp_error *err)
{
    sp_buf b = { 0 };
    if (!v) sp_buf_printf(&b, "!%s", err->condition ? sp_condition_info(err->condition)->name : err->plain);
    else if (sp_vec_null_at(v, row)) sp_buf_puts(&b, "NULL");
    else sp_vec_text(&b, v, row, false, sp_zone_utc(), NULL);
    const char *s = sp_arena_strdup(f->a, sp_buf_cstr(&b), NULL);
    sp_buf_done(&b);
    return s;
}

/* The batch's rows by a dictionary: reversed and back, so that the values are the same. */
static sp_vec *as_dict(fixture *f, const sp_vec *v)
{
    sp_error err = { 0 };
    uint32_t *reverse = sp_arena_alloc(f->a, sizeof *reverse * ROWS, &err);
    for (uint32_t i = 0; i < ROWS; i++) reverse[i] = ROWS - 1 - i;
    sp_vec *d = sp_arena_calloc(f->a, sizeof *d, &err);
    *d = (sp_vec){ .type = v->type, .rows = ROWS, .form = SP_DICT, .index = reverse, .child_count = 1 };
    d->child = sp_arena_calloc(f->a, sizeof *d->child, &err);
    d->child[0] = sp_vec_gather(v, reverse, ROWS, f->a, &err);
    return d;
}

static void check_batch(fixture *f, const char *text, const sp_expr *e, const char **want, sp_vec **columns,
    const uint32_t *sel, uint32_t count)
{
    sp_error err = { .arena = f->a };
    sp_eval_context c = { .arena = f->a, .conf = &test_conf };
    sp_batch in = { .rows = ROWS, .sel = sel, .sel_count = count, .column_count = COLUMNS, .columns = columns };
    sp_vec *v = NULL;
    bool failed = sp_eval(&c, e, &in, &v, &err) == SP_FAILED, should = false;
    for (uint32_t i = 0; i < count; i++) should |= want[sel ? sel[i] : i][0] == '!';
    if (!test_check(failed == should, false, text, __FILE__, __LINE__) || failed) return;
    if (v->rows != ROWS) { test_check_int(v->rows, ROWS, text, __FILE__, __LINE__); return; }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = sel ? sel[i] : i;
        if (!test_check_str(row_text(f, v, row, &err), want[row], text, __FILE__, __LINE__)) return;
    }
    /* and what operators do with results: flatten, copy, concatenate all rows */
    const sp_vec *parts[2] = { v, v };
    CHECK(sp_vec_flatten(v, f->a, false, &err) != NULL);
    CHECK(sp_vec_copy(v, sel, count, f->a, &err) != NULL);
    CHECK(sp_vec_concat(parts, 2, v->type, f->a, &err) != NULL);
}

static void check(fixture *f, const char *text)
{
    sp_error err = { .arena = f->a };
    sp_expr *e = bind_text(f->a, text, &test_conf, names, f->types, COLUMNS, &err);
    if (!e) { test_check_str(err.condition ? sp_condition_info(err.condition)->name : err.plain, "(bound)", text,
        __FILE__, __LINE__); return; }
    const char **want = sp_arena_calloc(f->a, sizeof *want * ROWS, &err);
    for (uint32_t i = 0; i < ROWS; i++) {
        sp_error e1 = { .arena = f->a };
        sp_vec *one[COLUMNS], *v = NULL;
        for (int c = 0; c < COLUMNS; c++) one[c] = sp_vec_gather(f->columns[c], &i, 1, f->a, &err);
        sp_eval_context c = { .arena = f->a, .conf = &test_conf };
        sp_batch in = { .rows = 1, .sel_count = 1, .column_count = COLUMNS, .columns = one };
        if (sp_eval(&c, e, &in, &v, &e1) == SP_FAILED) v = NULL;
        want[i] = row_text(f, v, 0, &e1);
    }
    uint32_t sel[ROWS], n = 0, fine[ROWS], fine_count = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        if (i % 3 == 1) sel[n++] = i;
        if (want[i][0] != '!') fine[fine_count++] = i;
    }
    sp_vec *dicts[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) dicts[c] = as_dict(f, f->columns[c]);
    check_batch(f, text, e, want, f->columns, NULL, ROWS);
    check_batch(f, text, e, want, f->columns, sel, n);
    check_batch(f, text, e, want, f->columns, fine, fine_count);
    check_batch(f, text, e, want, dicts, fine, fine_count);
    check_batch(f, text, e, want, f->columns, sel, 0);
}

TEST(rows_and_batches_agree)
{
    static const char *const expressions[] = {
        "+(i, l)", "*(i, i)", "/(d, i)", "%(l, i)", "div(l, 7)", "-(i)", "+(i, 2147483600)", "try_add(i, 2147483600)",
            "abs(d)", "=(d, d)", "<(i, l)", ">=(s, 'm')",
        "<=>(i, l)", "in(i, 1, 2, 3, null)", "in(s, 'a', 'x y z')", "and(b, >(i, 0))", "or(b, >(l, 50))", "not(b)",
            "and(!=(i, 0), >(/(l, i), 1))", "isnull(s)",
        "if(b, i, -1)", "if(>(i, 0), /(l, i), 0.5)", "when(>(i, 50), 'high', <(i, 0), s, 'mid')",
            "coalesce(s, cast(i, 'string'), 'none')", "nullif(i, 5)",
        "greatest(i, l, 3)", "least(d, cast(i, 'double'))", "cast(i, 'string')", "cast(d, 'string')",
            "cast(d, 'decimal(10,2)')", "cast(i, 'tinyint')", "try_cast(s, 'int')",
        "cast(s, 'int')", "cast(t, 'date')", "cast(t, 'string')", "cast(a, 'array<string>')", "try_cast(s, 'boolean')",
            "split(s, ',')", "split(s, ' ')", "split(s, 'a')",
        "split(s, 'an')", "split(s, '[, ]')", "split(s, '')", "split(s, ' ', 2)", "upper(s)", "lower(s)", "length(s)",
            "trim(s)", "substring(s, 2, 5)", "substring(s, -3)",
        "concat(s, '-', i)", "concat_ws(',', s, cast(a, 'array<string>'))", "instr(s, 'a')", "like(s, '%data%')",
            "rlike(s, '^[a-z]')", "regexp_replace(s, '[aeiou]', '*')",
        "regexp_extract(s, '(\\\\w+),', 1)", "replace(s, ' ', '_')", "lpad(s, 12, '*')", "md5(cast(s, 'binary'))",
            "hash(i, s, a)", "array(i, l)", "struct(i, s)", "a[0]",
        "get(a, 2)", "size(a)", "array_contains(a, 3)", "sort_array(a)", "array_distinct(a)",
            "transform(a, x -> +(x, i))", "filter(a, x -> >(x, 3))", "exists(a, x -> =(x, 4))",
        "aggregate(a, 0, (acc, x) -> +(acc, coalesce(x, 0)))", "if(b, a, array(9))", "coalesce(a, array(i))",
            "map(i, s)", "if(b, named_struct('x', i), named_struct('x', cast(l, 'int')))", "year(t)", "hour(t)",
        "date_trunc('month', t)", "date_format(t, 'yyyy-MM-dd')", "+(t, interval'1 month 2 hours')", "round(d, 1)",
            "floor(d)", "sqrt(d)", "ln(d)", "pow(d, 2)", "conv(s, 10, 16)",
        "format_string('%d %s', i, s)", "flatten(array(a, a))", "sequence(0, %(abs(i), 4))", "nvl2(s, l, 0)",
            "between(i, -5, 5)", "&(i, 7)", "make_date(2024, %(abs(i), 14), 3)", NULL
    };
    fixture f;
    set_up(&f);
    for (int i = 0; expressions[i]; i++) check(&f, expressions[i]);
}

TEST(filters)
{
    fixture f;
    set_up(&f);
    sp_error err = { .arena = f.a };
    sp_expr *e = bind_text(f.a, "and(!=(i, 0), >(/(l, i), 1.0D))", &test_conf, names, f.types, COLUMNS, &err);
    REQUIRE(e != NULL);
    sp_eval_context c = { .arena = f.a, .conf = &test_conf };
    sp_batch in = { .rows = ROWS, .sel_count = ROWS, .column_count = COLUMNS, .columns = f.columns };
    uint32_t sel[ROWS], n = 0;
    REQUIRE(sp_eval_filter(&c, e, &in, sel, &n, &err) != SP_FAILED);
    sp_vec *v;
    REQUIRE(sp_eval(&c, e, &in, &v, &err) != SP_FAILED);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        if (!sp_vec_null_at(v, i) && ((const uint8_t *)v->data)[i]) { CHECK_INT(sel[expected], i); expected++; }
    CHECK_INT(n, expected);
}

/* Errors name the place in the program's text. */
TEST(error_context)
{
    fixture f;
    set_up(&f);
    sp_error err = { .arena = f.a };
    sp_expr *e = bind_text(f.a, "/(1, 0)", &test_conf, NULL, NULL, 0, &err);
    REQUIRE(e != NULL);
    e->origin = (sp_origin){ .kind = 1, .sql = SP_LIT("select 1/0 as x"), .start = 7, .stop = 9, .line = 1,
        .column = 7 };
    sp_eval_context c = { .arena = f.a, .conf = &test_conf };
    sp_batch in = { .rows = 1, .sel_count = 1 };
    sp_vec *v;
    CHECK(sp_eval(&c, e, &in, &v, &err) == SP_FAILED);
    CHECK_STR(err.context.fragment, "1/0");
    CHECK_STR(err.context.summary, "== SQL (line 1, position 8) ==\nselect 1/0 as x\n       ^^^\n");
}
