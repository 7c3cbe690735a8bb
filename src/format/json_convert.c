/* json_convert.c -- tokens to values of a wanted type.
 *
 * Every conversion takes the value at the reader's token (or behind a name) and gives a value, a value some of whose
 * parts failed, or a failure; what is done with a failure depends on where it happens: an object's field becomes null
 * and the object goes on ("partial"), an array or a map with a failed element fails as a whole and its remaining
 * tokens are passed by the object around it, which knows no names for them. Behaviour: JacksonParser.makeConverter,
 * convertObject, convertArray, convertMap (Spark 4.3, spark.sql.json.enablePartialResults and
 * enableExactStringParsing at their defaults). */
#include "format/json_int.h"

/* ---- names ---- */

static uint32_t hash_name(sp_str s) { return (uint32_t)sp_hash_bytes(s.p, s.n); }

sp_status sp_json_names_init(sp_arena *a, json_names *n, const sp_str *names, const int *fields, int count,
                             sp_error *err)
{
    uint32_t size = 8;
    while (size < (uint32_t)count * 2)
        size *= 2;
    *n = (json_names){ count, names, fields, NULL, size - 1 };
    if (count > UINT16_MAX - 1)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "a struct of more than 65534 fields");
    SP_NEW_ARRAY(n->slots, a, size, err);
    for (int i = 0; i < count; i++) {
        uint32_t slot = hash_name(names[i]) & n->mask;
        while (n->slots[slot] && !sp_str_eq(names[n->slots[slot] - 1], names[i]))
            slot = (slot + 1) & n->mask;
        n->slots[slot] = (uint16_t)(i + 1);     /* of two fields with one name the last counts */
    }
    return SP_OK;
}

int sp_json_names_find(const json_names *n, sp_str name, int hint)
{
    if (hint < n->count && sp_str_eq(n->name[hint], name))
        return hint;
    for (uint32_t slot = hash_name(name) & n->mask; n->slots[slot]; slot = (slot + 1) & n->mask)
        if (sp_str_eq(n->name[n->slots[slot] - 1], name))
            return n->slots[slot] - 1;
    return -1;
}

sp_status sp_json_node_new(sp_arena *a, const sp_type *t, int hidden, json_node **out, sp_error *err)
{
    json_node *n;
    SP_NEW(n, a, sizeof *n, err);
    n->type = t;
    *out = n;
    if (!sp_kind_is_nested(t->kind))
        return SP_OK;
    n->child_count = t->field_count;
    SP_NEW_ARRAY(n->child, a, t->field_count + 1, err);
    for (int i = 0; i < t->field_count; i++)
        SP_TRY(sp_json_node_new(a, t->fields[i].type, -1, &n->child[i], err));
    if (t->kind != SP_STRUCT)
        return SP_OK;
    sp_str *names;
    int *fields, count = 0;
    SP_NEW_ARRAY(names, a, t->field_count + 1, err);
    SP_NEW_ARRAY(fields, a, t->field_count + 1, err);
    for (int i = 0; i < t->field_count; i++)
        if (i != hidden) {
            names[count] = t->fields[i].name;
            fields[count++] = i;
        }
    return sp_json_names_init(a, &n->names, names, fields, count, err);
}

sp_status sp_json_converter_init(json_converter *c, sp_arena *a, const json_options *o, sp_error *err)
{
    memset(c, 0, sizeof *c);
    c->o = o;
    return sp_json_reader_init(&c->r, a, o->features, o->max_depth, o->max_number, err);
}

/* ---- failures ---- */

json_result sp_json_note_failure(json_converter *c, json_cause cause, const json_node *n)
{
    if (c->r.no_memory) {
        sp_error_memory(c->err, "the text of a JSON record");
        return JSON_FATAL;
    }
    if (c->failed_before)
        return JSON_FAIL;
    c->failed_before = true;
    c->cause = cause;
    if (cause == JSON_CAUSE_STRING_AS_TYPE) {
        c->cause_name = sp_json_current_name(&c->r);
        c->cause_value = c->r.text;
        c->cause_type = n->type;
    }
    return JSON_FAIL;
}

static json_result fail(json_converter *c) { return sp_json_note_failure(c, JSON_CAUSE_OTHER, NULL); }

/* Memory that lives as long as the values; without any the next failure is a fatal one. */
static char *room(json_converter *c, size_t n)
{
    char *p = sp_arena_alloc(c->r.arena, n + 16, NULL);      /* 16: views are made of 16 bytes at once */
    c->r.no_memory |= !p;
    return p;
}

/* ---- scalars ---- */

bool sp_json_text_i64(sp_str s, int64_t *out)
{
    const char *p = s.p, *end = s.p + s.n;
    bool negative = *p == '-';
    p += negative;
    uint64_t v = 0;
    if (end - p > 18) {
        while (p < end - 1 && *p == '0')
            p++;
        if (end - p > 19)
            return false;
    }
    for (; p < end; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static json_result to_integer(json_converter *c, json_token t, int64_t low, int64_t high, json_scalar *out)
{
    if (t != JT_INT || !sp_json_text_i64(c->r.text, &out->i64) || out->i64 < low || out->i64 > high)
        return fail(c);
    return JSON_OK;
}

static json_result to_float(json_converter *c, json_token t, const json_node *n, json_scalar *out)
{
    sp_str s = c->r.text;
    if (t == JT_STRING) {
        if (s.n == 0)
            return fail(c);
        static const struct { const char *text; double value; } words[] = {
            { "NaN", __builtin_nan("") }, { "Infinity", __builtin_inf() }, { "+Infinity", __builtin_inf() },
            { "+INF", __builtin_inf() }, { "-INF", -__builtin_inf() }, { "-Infinity", -__builtin_inf() },
        };
        for (size_t i = 0; i < sizeof words / sizeof *words && (c->o->features & JF_NOT_A_NUMBER); i++)
            if (sp_str_is(s, words[i].text)) {
                out->f64 = words[i].value;
                return JSON_OK;
            }
        return sp_json_note_failure(c, JSON_CAUSE_STRING_AS_TYPE, n);
    }
    if (t != JT_INT && t != JT_FLOAT)
        return fail(c);
    char last = s.p[s.n - 1];
    if (last == 'N' || last == 'F' || last == 'y') {        /* NaN, INF, Infinity with a sign or not */
        out->f64 = last == 'N' ? __builtin_nan("") : *s.p == '-' ? -__builtin_inf() : __builtin_inf();
        return JSON_OK;
    }
    if (n->type->kind == SP_FLOAT) {
        float f;
        if (!sp_parse_f32(s, &f))
            return fail(c);
        out->f64 = f;
        return JSON_OK;
    }
    return sp_parse_f64(s, &out->f64) ? JSON_OK : fail(c);
}

/* A string's commas are left out (the en-US parser of ExprUtils.getDecimalParser); blanks are not. */
static json_result to_decimal(json_converter *c, json_token t, const json_node *n, json_scalar *out)
{
    sp_str s = c->r.text;
    if (t == JT_STRING) {
        char *own = s.n ? room(c, s.n) : NULL;
        if (!own)
            return fail(c);
        size_t k = 0;
        for (size_t i = 0; i < s.n; i++) {
            if ((uint8_t)s.p[i] <= ' ')
                return fail(c);
            if (s.p[i] != ',')
                own[k++] = s.p[i];
        }
        s = (sp_str){ own, k };
    } else if (t != JT_INT && t != JT_FLOAT) {
        return fail(c);
    }
    return sp_dec_parse_to(s, n->type->precision, n->type->scale, &out->decimal) ? JSON_OK : fail(c);
}

/* DateTimeUtils.cleanLegacyTimestampStr: "2000-01-01T00:00GMT+01:00" loses its GMT. */
static sp_str without_gmt(json_converter *c, sp_str s)
{
    const char *gmt = memmem(s.p, s.n, "GMT", 3);
    char *own = gmt ? room(c, s.n) : NULL;
    if (!own)
        return s;
    size_t before = (size_t)(gmt - s.p);
    memcpy(own, s.p, before);
    memcpy(own + before, gmt + 3, s.n - before - 3);
    return (sp_str){ own, s.n - 3 };
}

static json_result to_timestamp(json_converter *c, json_token t, json_scalar *out)
{
    const json_options *o = c->o;
    sp_str s = c->r.text;
    if (t == JT_INT) {
        int64_t v;
        if (!sp_json_text_i64(s, &v))
            return fail(c);
        out->i64 = (int64_t)((uint64_t)v * SP_US_PER_SECOND);
        return JSON_OK;
    }
    if (t != JT_STRING || s.n == 0)
        return fail(c);
    if (o->timestamp ? sp_pattern_parse_timestamp(o->timestamp, s, o->zone, &out->i64)
                     : sp_parse_timestamp(s, o->zone, &out->i64))
        return JSON_OK;
    return o->timestamp_fallback && sp_parse_timestamp(without_gmt(c, s), o->zone, &out->i64) ? JSON_OK : fail(c);
}

static json_result to_timestamp_ntz(json_converter *c, json_token t, json_scalar *out)
{
    const json_options *o = c->o;
    sp_str s = c->r.text;
    if (t != JT_STRING || s.n == 0)
        return fail(c);
    bool good = o->timestamp_ntz ? sp_pattern_parse_timestamp_ntz(o->timestamp_ntz, s, &out->i64)
                                 : sp_parse_timestamp_ntz(s, false, &out->i64);
    return good ? JSON_OK : fail(c);
}

/* RebaseDateTime.rebaseJulianToGregorianDays: the same year, month and day in the other calendar, before 1582-10-15. */
static int64_t julian_to_gregorian(int64_t days)
{
    if (days >= -141427)
        return days;
    int64_t c = days + 2440588 + 32082, d = sp_floor_div(4 * c + 3, 1461);
    int64_t e = c - sp_floor_div(1461 * d, 4), m = (5 * e + 2) / 153;
    return sp_days_from_civil(d - 4800 + m / 10, (int)(m + 3 - 12 * (m / 10)), (int)(e - (153 * m + 2) / 5 + 1));
}

static json_result to_date(json_converter *c, json_token t, json_scalar *out)
{
    const json_options *o = c->o;
    sp_str s = c->r.text;
    int32_t days;
    if (t != JT_STRING || s.n == 0)
        return fail(c);
    if (o->date ? sp_pattern_parse_date(o->date, s, &days) : sp_parse_date(s, &days)) {
        out->i64 = days;
        return JSON_OK;
    }
    if (!o->date_fallback)
        return fail(c);
    if (sp_parse_date(without_gmt(c, s), &days)) {
        out->i64 = days;
        return JSON_OK;
    }
    if (!sp_str_to_i64(s, &out->i64) || out->i64 != (int32_t)out->i64)
        return fail(c);
    out->i64 = julian_to_gregorian(out->i64);
    return JSON_OK;
}

static json_result to_interval(json_converter *c, json_token t, const json_node *n, json_scalar *out)
{
    if (t != JT_STRING || (c->r.text.n == 0 && n->type->kind != SP_CALENDAR))
        return fail(c);
    sp_error ignored = { 0 };
    int32_t months;
    switch (n->type->kind) {
    case SP_CALENDAR:       /* safeStringToInterval: null, not a failure */
        out->is_null = sp_parse_interval(c->r.text, &out->calendar, &ignored) != SP_OK;
        return JSON_OK;
    case SP_YEAR_MONTH:
        if (sp_parse_year_month(c->r.text, n->type, &months, &ignored) != SP_OK)
            return fail(c);
        out->i64 = months;
        return JSON_OK;
    default:
        return sp_parse_day_time(c->r.text, n->type, &out->i64, &ignored) == SP_OK ? JSON_OK : fail(c);
    }
}

/* Jackson's Base64Variants.MIME_NO_LINEFEEDS: blanks are passed over, padding must be there. */
static json_result to_binary(json_converter *c, json_token t, json_scalar *out)
{
    if (t != JT_STRING)
        return fail(c);
    sp_str s = c->r.text;
    char *own = room(c, s.n);
    if (!own)
        return fail(c);
    uint32_t bits = 0;
    int held = 0, pads = 0;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int ch = (uint8_t)s.p[i], v;
        if (ch <= ' ' && held == 0)
            continue;
        if (ch == '=' && held >= 2) {
            pads++;
            v = 0;
        } else {
            v = ch >= 'A' && ch <= 'Z'   ? ch - 'A'
                : ch >= 'a' && ch <= 'z' ? ch - 'a' + 26
                : ch >= '0' && ch <= '9' ? ch - '0' + 52
                : ch == '+'              ? 62
                : ch == '/'              ? 63
                                         : -1;
            if (v < 0 || pads)
                return fail(c);
        }
        bits = bits << 6 | (uint32_t)v;
        if (++held == 4) {
            own[n++] = (char)(bits >> 16);
            if (pads < 2) own[n++] = (char)(bits >> 8);
            if (pads < 1) own[n++] = (uint8_t)bits;
            held = 0;
            bits = 0;
            pads = 0;
        }
    }
    if (held)
        return fail(c);
    out->str = (sp_str){ own, n };
    return JSON_OK;
}

/* Whatever is no string keeps its own text: numbers as written, objects and arrays with their blanks. */
static json_result to_string(json_converter *c, json_token t, json_scalar *out)
{
    json_reader *r = &c->r;
    if (t == JT_STRING) {
        if (!sp_json_finish_string(r))
            return fail(c);
        out->str = r->text;
        return JSON_OK;
    }
    const char *start = r->start;
    if (!sp_json_skip_children(r))
        return fail(c);
    out->str = (sp_str){ start, (size_t)(r->p - start) };
    return JSON_OK;
}

/* Steps behind a name. JT_ERROR: the step failed; JT_NULL also for the end of the text. */
static json_token value_token(json_reader *r)
{
    json_token t = r->token;
    while (t == JT_NAME)
        t = sp_json_next(r);
    return t == JT_END ? JT_NULL : t;
}

json_result sp_json_scalar(json_converter *c, const json_node *n, json_scalar *out)
{
    json_token t = value_token(&c->r);
    out->is_null = t == JT_NULL;
    if (out->is_null)
        return JSON_OK;
    if (t == JT_ERROR)
        return fail(c);
    sp_kind kind = n->type->kind;
    if (kind == SP_STRING)
        return to_string(c, t, out);
    if (t == JT_STRING && !sp_json_finish_string(&c->r))
        return fail(c);
    switch (kind) {
    case SP_VOID:
        out->is_null = true;
        return sp_json_skip_children(&c->r) ? JSON_OK : fail(c);
    case SP_BOOLEAN:
        out->i64 = t == JT_TRUE;
        return t == JT_TRUE || t == JT_FALSE ? JSON_OK : fail(c);
    case SP_BYTE: {     /* getByteValue takes 255 and gives -1 */
        json_result res = to_integer(c, t, -128, 255, out);
        if (res == JSON_OK)
            out->i64 = (int8_t)out->i64;
        return res;
    }
    case SP_SHORT: return to_integer(c, t, INT16_MIN, INT16_MAX, out);
    case SP_INT: return to_integer(c, t, INT32_MIN, INT32_MAX, out);
    case SP_LONG: return to_integer(c, t, INT64_MIN, INT64_MAX, out);
    case SP_FLOAT: case SP_DOUBLE: return to_float(c, t, n, out);
    case SP_DECIMAL: return to_decimal(c, t, n, out);
    case SP_BINARY: return to_binary(c, t, out);
    case SP_DATE: return to_date(c, t, out);
    case SP_TIMESTAMP: return to_timestamp(c, t, out);
    case SP_TIMESTAMP_NTZ: return to_timestamp_ntz(c, t, out);
    case SP_TIME: return t == JT_STRING && sp_parse_time(c->r.text, &out->i64) ? JSON_OK : fail(c);
    case SP_CALENDAR: case SP_YEAR_MONTH: case SP_DAY_TIME: return to_interval(c, t, n, out);
    default: return fail(c);
    }
}

/* ---- builders ---- */

static json_result built(sp_status status, json_result res) { return status == SP_FAILED ? JSON_FATAL : res; }

static json_result append_scalar(json_converter *c, const json_node *n, const json_scalar *v, sp_builder *b)
{
    sp_error *err = c->err;
    if (v->is_null)
        return built(sp_build_null(b, err), JSON_OK);
    switch (n->type->kind) {
    case SP_BOOLEAN: return built(sp_build_bool(b, v->i64 != 0, err), JSON_OK);
    case SP_FLOAT: case SP_DOUBLE: return built(sp_build_f64(b, v->f64, err), JSON_OK);
    case SP_DECIMAL: return built(sp_build_decimal(b, v->decimal, err), JSON_OK);
    case SP_STRING: case SP_BINARY: return built(sp_build_str(b, v->str, err), JSON_OK);
    case SP_CALENDAR: return built(sp_build_calendar(b, v->calendar, err), JSON_OK);
    default: return built(sp_build_i64(b, v->i64, err), JSON_OK);
    }
}

json_result sp_json_build_fields(json_converter *c, const json_node *n, sp_builder *b)
{
    json_reader *r = &c->r;
    uint32_t row = sp_builder_rows(b);
    bool bad = false;
    int hint = 0;
    for (;;) {
        json_token t = sp_json_next(r);
        if (t == JT_ERROR)
            return fail(c);
        if (t == JT_OBJECT_END || t == JT_END)
            return bad ? JSON_PARTIAL : JSON_OK;
        sp_str name = sp_json_current_name(r);
        int at = name.p ? sp_json_names_find(&n->names, name, hint) : -1;
        if (at < 0) {
            if (!sp_json_skip_children(r))
                return fail(c);
            continue;
        }
        hint = at + 1;
        int field = n->names.field[at];
        sp_builder *child = sp_builder_child(b, field);
        sp_builder_truncate(child, row);        /* of a name that comes twice the last value counts */
        json_result res = sp_json_build(c, n->child[field], child);
        if (res == JSON_FATAL || (res == JSON_FAIL && !c->o->partial_results))
            return res;
        if (res == JSON_FAIL && !sp_json_skip_children(r))
            return fail(c);
        bad |= res != JSON_OK;
    }
}

static json_result build_struct(json_converter *c, const json_node *n, sp_builder *b)
{
    uint32_t row = sp_builder_rows(b);
    sp_builder_truncate(b, row);                /* what an abandoned row left in the children */
    if (sp_build_open(b, c->err) == SP_FAILED)
        return JSON_FATAL;
    json_result res = sp_json_build_fields(c, n, b);
    if (res == JSON_OK || res == JSON_PARTIAL)
        return built(sp_build_close(b, c->err), res);
    sp_builder_truncate(b, row);
    return res;
}

static json_result build_array(json_converter *c, const json_node *n, sp_builder *b)
{
    uint32_t row = sp_builder_rows(b);
    sp_builder_truncate(b, row);
    if (sp_build_open(b, c->err) == SP_FAILED)
        return JSON_FATAL;
    json_result all = JSON_OK;
    for (;;) {
        json_token t = sp_json_next(&c->r);
        if (t == JT_ARRAY_END || t == JT_END)
            return built(sp_build_close(b, c->err), all);
        json_result res = t == JT_ERROR ? fail(c) : sp_json_build(c, n->child[0], sp_builder_child(b, 0));
        if (res == JSON_FAIL || res == JSON_FATAL || (res == JSON_PARTIAL && !c->o->partial_results)) {
            sp_builder_truncate(b, row);
            return res == JSON_PARTIAL ? JSON_FAIL : res;
        }
        all = res == JSON_PARTIAL ? res : all;
    }
}

/* A failed value does not stop the reading, but then there is no map. */
static json_result build_map(json_converter *c, const json_node *n, sp_builder *b)
{
    uint32_t row = sp_builder_rows(b);
    sp_builder_truncate(b, row);
    if (sp_build_open(b, c->err) == SP_FAILED)
        return JSON_FATAL;
    json_result all = JSON_OK;
    for (;;) {
        json_token t = sp_json_next(&c->r);
        if (t == JT_OBJECT_END || t == JT_END)
            break;
        if (t == JT_ERROR) {
            all = fail(c);
            break;
        }
        sp_str name = sp_json_current_name(&c->r);
        json_result res = sp_json_build(c, n->child[1], sp_builder_child(b, 1));
        if (res == JSON_FAIL && c->o->partial_results) {
            if (!sp_json_skip_children(&c->r)) {
                all = fail(c);
                break;
            }
            all = JSON_FAIL;
            res = built(sp_build_null(sp_builder_child(b, 1), c->err), JSON_PARTIAL);
        }
        if (res != JSON_FATAL && res != JSON_FAIL && sp_build_str(sp_builder_child(b, 0), name, c->err) == SP_FAILED)
            res = JSON_FATAL;
        if (res == JSON_FATAL || res == JSON_FAIL) {
            all = res;
            break;
        }
        all = all == JSON_OK ? res : all;
    }
    if (all == JSON_OK || all == JSON_PARTIAL)
        return built(sp_build_close(b, c->err), all);
    sp_builder_truncate(b, row);
    return all;
}

json_result sp_json_build(json_converter *c, const json_node *n, sp_builder *b)
{
    sp_kind kind = n->type->kind;
    if (!sp_kind_is_nested(kind)) {
        json_scalar v;
        json_result res = sp_json_scalar(c, n, &v);
        return res == JSON_OK ? append_scalar(c, n, &v, b) : res;
    }
    json_token t = value_token(&c->r);
    if (t == JT_NULL)
        return built(sp_build_null(b, c->err), JSON_OK);
    if (t == JT_STRING && !sp_json_finish_string(&c->r))
        return fail(c);
    if (kind == SP_ARRAY && t == JT_ARRAY)
        return build_array(c, n, b);
    if (kind == SP_STRUCT && t == JT_OBJECT)
        return build_struct(c, n, b);
    if (kind == SP_MAP && t == JT_OBJECT)
        return build_map(c, n, b);
    return fail(c);
}
