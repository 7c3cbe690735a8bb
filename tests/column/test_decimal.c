/* Decimals against Spark 4.3.0's Decimal (golden/decimal.txt). */
#include "column/decimal.h"
#include "column/golden/table.h"
#include "test.h"

static sp_dec read_unscaled(sp_str s)
{
    sp_dec v = 0;
    size_t sign = s.p[0] == '-';
    for (size_t i = sign; i < s.n; i++)
        v = v * 10 + (s.p[i] - '0');
    return sign ? -v : v;
}

static void check(bool ok, sp_dec got, sp_str want, const char *what)
{
    sp_buf out = { 0 };
    if (ok)
        sp_dec_print(&out, got, 0);
    else
        sp_buf_putc(&out, '-');
    if (!CHECK_STR(sp_buf_cstr(&out), want.p))
        printf("    for %s\n", what);
    sp_buf_done(&out);
}

static void check_operation(const sp_str *f)
{
    sp_dec x = read_unscaled(f[2]), y = read_unscaled(f[4]), out = 0;
    int sx = atoi(f[3].p), sy = atoi(f[5].p), precision = atoi(f[6].p), scale = atoi(f[7].p);
    bool ok = true;
    switch (f[1].p[0]) {
    case '+': ok = sp_dec_add(x, y, sx, sy, precision, scale, &out); break;
    case '*': ok = sp_dec_mul(x, y, sx, sy, precision, scale, &out); break;
    case '/': ok = sp_dec_div(x, y, sx, sy, precision, scale, &out); break;
    case '%': ok = sp_dec_rem(x, y, sx, sy, precision, scale, &out); break;
    case 'c': out = sp_dec_cmp(x, sx, y, sy); break;
    default: ok = sp_dec_rescale(x, sx, precision, scale, &out); break;
    }
    check(ok, out, f[8], f[2].p);
}

static void check_row(const sp_str *f)
{
    sp_dec out = 0;
    sp_buf text = { 0 };
    double d;
    uint64_t bits;
    switch (f[0].p[0]) {
    case 'O':
        check_operation(f);
        break;
    case 'P':
        sp_dec_print(&text, read_unscaled(f[1]), atoi(f[2].p));
        CHECK_STR(sp_buf_cstr(&text), f[3].p);
        d = sp_dec_to_f64(read_unscaled(f[1]), atoi(f[2].p));
        memcpy(&bits, &d, 8);
        CHECK_INT(bits, strtoull(f[4].p, NULL, 16));
        CHECK_INT(sp_dec_digits(read_unscaled(f[1])), f[1].n - (f[1].p[0] == '-'));
        break;
    case 'T': {
        bool ok = sp_dec_parse_to(f[1], atoi(f[2].p), atoi(f[3].p), &out);
        check(ok, out, f[4], f[1].p);
        break;
    }
    default: {
        bits = strtoull(f[1].p, NULL, 16);
        memcpy(&d, &bits, 8);
        bool ok = sp_dec_from_f64(d, atoi(f[2].p), atoi(f[3].p), &out);
        check(ok, out, f[4], f[1].p);
    }
    }
    sp_buf_done(&text);
}

TEST(as_spark)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/decimal.txt", "r");
    REQUIRE(f != NULL);
    int rows = 0;
    for (; table_next(f, &row); rows++)
        check_row(row.field);
    fclose(f);
    CHECK(rows > 1500);
}

TEST(exact_text)
{
    sp_dec v;
    int scale;
    CHECK(sp_dec_parse(SP_LIT("-0.50"), &v, &scale));
    CHECK_INT(v, -50);
    CHECK_INT(scale, 2);
    CHECK(sp_dec_parse(SP_LIT(" 12e3 "), &v, &scale));
    CHECK_INT(v, 12);
    CHECK_INT(scale, -3);
    CHECK(!sp_dec_parse(SP_LIT(""), &v, &scale));
    CHECK(!sp_dec_parse(SP_LIT("1.2.3"), &v, &scale));
    CHECK(!sp_dec_parse(SP_LIT("1e"), &v, &scale));
    CHECK(!sp_dec_from_f64(__builtin_nan(""), 10, 2, &v));
}

TEST(edges)
{
    sp_dec big = sp_pow10_table[38] - 1, v;
    CHECK(!sp_dec_add(big, big, 0, 0, 38, 0, &v));
    CHECK(!sp_dec_mul(big, big, 0, 0, 38, 0, &v));
    CHECK(sp_dec_mul(big, big, 38, 38, 38, 38, &v) && v == big - 1);
    CHECK(sp_dec_div(1, 3, 0, 0, 38, 38, &v) && sp_dec_digits(v) == 38);
    CHECK(sp_dec_cmp(big, 0, 1, 38) > 0);
    CHECK(sp_dec_cmp(-big, 0, -1, 38) < 0);
    CHECK(sp_dec_cmp(0, 0, 0, 38) == 0);
    CHECK(sp_dec_cmp(1, 38, big, 0) < 0);
    CHECK_INT(sp_dec_digits(0), 1);
    CHECK_INT(sp_dec_digits(big), 38);
}
