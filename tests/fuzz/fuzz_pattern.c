/* Any pattern on any text: the first line is the pattern, the rest is read with it and with the default readers.
 * LINK: column */
#include "column/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const sp_pattern *p, sp_str text, const sp_zone *zone)
{
    int64_t us;
    int32_t days;
    sp_buf out = { 0 };
    (void)sp_pattern_infer_timestamp(p, text, zone, &us);
    (void)sp_pattern_parse_date(p, text, &days);
    if (sp_pattern_parse_timestamp(p, text, zone, &us))
        (void)sp_pattern_print(p, &out, us, zone, NULL);
    (void)sp_pattern_print(p, &out, INT64_MIN, zone, NULL);
    (void)sp_pattern_print(p, &out, INT64_MAX, NULL, NULL);
    sp_buf_done(&out);
}

static void read_default(sp_str text, const sp_zone *zone)
{
    int64_t us;
    int32_t days;
    double d;
    sp_dec v;
    sp_calendar c;
    sp_error err = { 0 };
    (void)sp_parse_timestamp(text, zone, &us);
    (void)sp_parse_timestamp_ntz(text, true, &us);
    (void)sp_parse_time(text, &us);
    (void)sp_parse_date(text, &days);
    (void)sp_parse_f64(text, &d);
    (void)sp_parse_integral(text, true, INT64_MIN, INT64_MAX, &us);
    (void)sp_dec_parse_to(text, 38, 18, &v);
    (void)sp_parse_interval(text, &c, &err);
    (void)sp_zone_get(text.n < 7 ? text : (sp_str){ text.p, 7 }, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t n = line ? (size_t)(line - data) : size;
    sp_str pattern = { (const char *)data, n };
    sp_str text = { (const char *)data + n + (line != NULL), size - n - (line != NULL) };
    const sp_zone *zone = sp_zone_get(SP_LIT("Europe/Berlin"), NULL);
    sp_arena *a = sp_arena_new("fuzz", 0);
    if (!a || !zone)
        return 0;
    for (int parsing = 0; parsing < 2; parsing++) {
        sp_error err = { 0 };
        const sp_pattern *p;
        if (sp_pattern_compile(a, pattern, parsing, &p, &err) == SP_OK)
            read_all(p, text, zone);
    }
    read_default(text, zone);
    sp_arena_free(a);
    return 0;
}
