/* options.c -- reading a source's options and offsets, with Spark's messages when they are wrong. */
#include "source/source_int.h"

sp_status sp_source_option_i64(const sp_props *options, const char *key, int64_t fallback, int64_t min, int64_t *out, sp_error *err)
{
    const char *text = options ? sp_props_get(options, key) : NULL;
    *out = fallback;
    if (!text)
        return SP_OK;
    if (!sp_str_to_i64(sp_str_trim(sp_str_of(text)), out) || *out < min)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid value '%s' for option '%s', must be a %s integer", text, key,
                              min > 0 ? "positive" : "non-negative");
    return SP_OK;
}

sp_status sp_source_option_bool(const sp_props *options, const char *key, bool fallback, bool *out, sp_error *err)
{
    const char *text = options ? sp_props_get(options, key) : NULL;
    *out = fallback;
    if (text && !sp_str_to_bool(sp_str_of(text), out))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid value '%s' for option '%s', must be 'true' or 'false'", text, key);
    return SP_OK;
}

bool sp_source_time_us(sp_str text, int64_t unit_us, int64_t *out)
{
    static const struct { const char *suffix; int64_t us; } units[] = {
        { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 }, { "min", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 },
    };
    sp_str s = sp_str_trim(text);
    size_t digits = s.n && s.p[0] == '-';
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    sp_str suffix = { s.p + digits, s.n - digits };
    bool known = suffix.n == 0;
    for (size_t i = 0; !known && i < sizeof units / sizeof units[0]; i++)
        if (sp_str_eq_nocase(suffix, sp_str_of(units[i].suffix))) {
            unit_us = units[i].us;
            known = true;
        }
    return known && sp_str_to_i64((sp_str){ s.p, digits }, out) && !__builtin_mul_overflow(*out, unit_us, out);
}

sp_status sp_offset_number(sp_str json, const char *key, int64_t *out, sp_error *err)
{
    *out = -1;
    if (!json.p || sp_str_to_i64(sp_str_trim(json), out))
        return SP_OK;
    sp_arena *a = sp_arena_new("offset", 1 << 16);
    sp_json *j;
    sp_error inner = { 0 };
    bool good = a && sp_json_parse(a, json, &j, &inner) == SP_OK && sp_json_i64(sp_json_get(j, key), out);
    sp_arena_free(a);
    return good ? SP_OK : sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "the offset '%.*s' in the checkpoint is not one of this source",
                                         (int)(json.n > 200 ? 200 : json.n), json.p);
}
