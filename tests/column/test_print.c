/* Doubles and floats as text, against JDK 17 (golden/print.txt). */
#include "column/decimal.h"
#include "column/golden/table.h"
#include "test.h"

TEST(as_jdk_17)
{
    static table_row row;
    FILE *f = fopen("tests/column/golden/print.txt", "r");
    REQUIRE(f != NULL);
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    int rows = 0;
    for (; table_next(f, &row); rows++) {
        uint64_t bits = strtoull(row.field[1].p, NULL, 16);
        sp_buf_clear(&out);
        if (row.field[0].p[0] == 'D') {
            double d;
            memcpy(&d, &bits, 8);
            sp_print_f64(&out, d);
        } else {
            float x;
            memcpy(&x, &(uint32_t){ (uint32_t)bits }, 4);
            sp_print_f32(&out, x);
        }
        CHECK_STR(sp_buf_cstr(&out), row.field[2].p);
    }
    fclose(f);
    CHECK(rows > 900);
}

TEST(names_and_zeros)
{
    sp_buf out = { 0 };
    DEFER(sp_buf_done, &out);
    const double values[] = { 0.0, -0.0, __builtin_nan(""), __builtin_inf(), -__builtin_inf(), 2.0E-3, 1.0E7,
                              2.2250738585072014E-308 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        sp_print_f64(&out, values[i]);
        sp_buf_putc(&out, ' ');
    }
    sp_print_f32(&out, 1.0E10f);
    sp_buf_putc(&out, ' ');
    sp_print_f32(&out, -0.0f);
    CHECK_STR(sp_buf_cstr(&out), "0.0 -0.0 NaN Infinity -Infinity 0.002 1.0E7 2.2250738585072014E-308 1.0E10 -0.0");
}
