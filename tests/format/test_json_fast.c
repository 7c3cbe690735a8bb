/* test_json_fast.c -- the learned layout against the scanner.
 * Method: records of one shape, some of them broken at a random place by a random byte, decoded both ways under
 * several schemas and predicates. */
#include "differ.h"
#include <stdio.h>

#ifndef ROUNDS
#define ROUNDS 500
#endif

static uint64_t state = 7;
static uint32_t pick(uint32_t n)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % n);
}

static const char *const strings[] = { "", "view", "click", "x", "exactly twelve",
    "thirty-six characters of text as in a UUID", "\\u00e4\\n", "\xC3\xA4\xE2\x82\xAC", "2024-01-01T00:00:00Z",
        "a string that is longer than the sixty-four bytes which one step looks at, so there are two", "\\ud83d", "12",
        "null", "\\\"}" };
static const char *const others[] = { "1", "-12", "0", "12345678901234567890", "1.5", "1e3", "true", "null", "[1,2]",
    "{\"x\":1,\"y\":\"z\"}", "[]", "{}", "NaN", "-0" };

static void put_value(sp_buf *b, bool text)
{
    if (text) sp_buf_printf(b, "\"%s\"", strings[pick(sizeof strings / sizeof *strings)]);
    else sp_buf_puts(b, others[pick(sizeof others / sizeof *others)]);
}

static void put_record(sp_buf *b, int shape)
{
    static const char *const names[] = { "a", "b", "t", "c", "s", "zz", "m" };
    const char *colon = shape & 1 ? ": " : ":", *comma = shape & 1 ? ", " : ",";
    bool first = true;
    sp_buf_putc(b, '{');
    for (int i = 0; i < 7; i++) {
        if ((shape >> (2 + i)) % 2 == 0 || pick(40) == 0)
            continue;
        sp_buf_printf(b, "%s\"%s\"%s", first ? "" : comma, names[pick(60) == 0 ? (int)pick(7) : i], colon);
        put_value(b, pick(12) == 0 ? pick(2) == 0 : (shape >> (9 + i)) % 2 != 0);
        first = false;
    }
    sp_buf_putc(b, '}');
}

static void put_text(sp_buf *b)
{
    static const char noise[] = "\"\\{}[]:,'/\n\r\t x1-+.e0\xFF\xC3\x80nt";
    int shape = (int)pick(1 << 16), lines = 3 + (int)pick(12);
    for (int i = 0; i < lines; i++) {
        size_t at = b->len;
        if (pick(10) == 0) sp_buf_putc(b, '[');
        put_record(b, pick(8) == 0 ? (int)pick(1 << 16) : shape);
        if (pick(20) == 0) sp_buf_puts(b, pick(2) ? "]" : " trailing");
        if (pick(5) == 0) b->data[at + pick((uint32_t)(b->len - at))] = noise[pick(sizeof noise - 1)];
        if (pick(30) == 0) b->len -= pick((uint32_t)(b->len - at));
        if (i + 1 < lines || pick(3)) sp_buf_puts(b, pick(15) ? "\n" : pick(2) ? "\r\n" : "\r");
    }
}

TEST(layouts_and_the_scanner_agree)
{
    sp_buf text = { 0 };
    for (int i = 0; i < ROUNDS; i++) {
        sp_buf_clear(&text);
        put_text(&text);
        int differs = differ_check(text.data, text.len);
        if (!test_check(differs == 0, false, "the same rows", __FILE__, __LINE__)) {
            fprintf(stderr, "round %d, setup %d:\n%.*s\n", i, differs - 1, (int)text.len, text.data);
            break;
        }
    }
    sp_buf_done(&text);
}

TEST(a_layout_is_used)
{
    sp_buf text = { 0 }, want = { 0 };
    for (int i = 0; i < 20000; i++) {
        sp_buf_printf(&text, "{\"a\": %d, \"b\": \"text number %d\"%s}\n", i, i, i % 5 ? ""
                      : ", \"more\": [1, 2, {\"x\": null}]");
        sp_buf_printf(&want, "%d|text number %d\n", i, i);
    }
    rows_case k = { .format = "json", .schema = "a INT, b STRING" };
    ROWS(k, sp_buf_cstr(&text), sp_buf_cstr(&want));
    sp_buf_done(&text);
    sp_buf_done(&want);
}
