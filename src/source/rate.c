/* rate.c -- rows by the clock ("rate") and so many rows a batch ("rate-micro-batch"), for trying and measuring.
 *
 * rate: value v of second s comes at creation + s; offsets are whole seconds since the creation time, which sources/S/0 keeps.
 * rate-micro-batch: every batch has rowsPerBatch rows stamped startTimestamp + batch * advanceMillisPerBatch.
 * Sources: RateStreamMicroBatchStream, RateStreamProvider.valueAtSecond, RatePerMicroBatchStream (Spark 4.3). */
#include "source/source_int.h"

/* ---- the input: values [first, first + count), cut into splits; each row's time by a line through two points ---- */

typedef struct span { int64_t first, count, base_us; double us_per_value; int splits; } span;
struct sp_reader { const span *span; const sp_decode_spec *spec; int64_t at, end, step, rows; };

static sp_status open_reader(const sp_input *in, const sp_decode_spec *spec, sp_reader **out, sp_error *err)
{
    SP_NEW(*out, spec->arena, sizeof **out, err);
    (*out)->span = in->data;
    (*out)->spec = spec;
    return SP_OK;
}

/* Split k has the values k, k + splits, k + 2 * splits ... as Spark deals them. */
static sp_status start(sp_reader *r, int split, sp_error *err)
{
    r->at = split;
    r->step = r->span->splits;
    r->end = r->span->count;
    return SP_OK;
}

static sp_status next(sp_reader *r, sp_arena *a, sp_batch *out, sp_error *err)
{
    if (r->at >= r->end)
        return SP_DONE;
    int64_t left = (r->end - r->at + r->step - 1) / r->step;
    uint32_t rows = left < SP_BATCH_ROWS ? (uint32_t)left : SP_BATCH_ROWS;
    sp_vec *time = sp_vec_new(a, sp_type_of(SP_TIMESTAMP), rows, err);
    sp_vec *value = time ? sp_vec_new(a, sp_type_of(SP_LONG), rows, err) : NULL;
    if (!value)
        return SP_FAILED;
    int64_t *t = time->data, *v = value->data;
    for (uint32_t i = 0; i < rows; i++, r->at += r->step) {
        int64_t us = (int64_t)((double)r->at * r->span->us_per_value + 0.5);
        t[i] = r->span->base_us + us / 1000 * 1000;
        v[i] = r->span->first + r->at;
    }
    r->rows += rows;
    int count = r->spec->columns ? r->spec->column_count : 2;
    *out = (sp_batch){ .rows = rows, .sel_count = rows, .column_count = count };
    SP_NEW_ARRAY(out->columns, a, count + 1, err);
    for (int i = 0; i < count; i++)
        out->columns[i] = (r->spec->columns ? r->spec->columns[i] : i) == 0 ? time : value;
    return SP_MORE;
}

static int64_t rows_read(const sp_reader *r) { return r->rows; }
static void close_reader(sp_reader *r) {}
static const sp_input_class span_class = { "rate", open_reader, start, next, rows_read, close_reader };

static sp_status span_input(sp_arena *a, const span *s, sp_input **out, sp_error *err)
{
    span *copy;
    SP_NEW(copy, a, sizeof *copy, err);
    SP_NEW(*out, a, sizeof **out, err);
    *copy = *s;
    **out = (sp_input){ &span_class, s->count > 0 ? s->splits : 0, copy };
    return SP_OK;
}

/* RateStreamProvider's and RatePerMicroBatchProvider's check of a number; a text that is none is Java's NumberFormatException. */
static sp_status number_option(const sp_props *options, const char *key, int64_t fallback, int64_t min, int64_t *out, sp_error *err)
{
    const char *text = options ? sp_props_get(options, key) : NULL;
    *out = fallback;
    if (text && !sp_str_to_i64(sp_str_of(text), out))
        return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "For input string: \"%s\"", text);
    if (*out < min)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid value '%lld'. The option '%s' must %s", (long long)*out, key,
                              min > 0 ? "be positive" : "not be negative");
    return SP_OK;
}

static sp_status two_columns(sp_arena *a, const sp_type **out, sp_error *err)
{
    sp_field fields[2] = {
        { SP_LIT("timestamp"), sp_type_of(SP_TIMESTAMP), true, { 0 } },
        { SP_LIT("value"), sp_type_of(SP_LONG), true, { 0 } },
    };
    *out = sp_type_struct(a, fields, 2, err);
    return *out ? SP_OK : SP_FAILED;
}

static sp_status splits_option(const sp_source_spec *spec, int *out, sp_error *err)
{
    int64_t n;
    SP_TRY(number_option(spec->options, "numPartitions", spec->parallelism, 1, &n, err));
    *out = (int)(n < 10000 ? n : 10000);
    return SP_OK;
}

/* getTable checks the options before anybody asks for rows. */
static sp_status rate_schema(sp_arena *a, const sp_props *options, const sp_type *user, const sp_type **out, sp_error *err)
{
    int64_t n;
    SP_TRY(number_option(options, "rowsPerSecond", 1, 1, &n, err));
    SP_TRY(number_option(options, "numPartitions", 1, 1, &n, err));
    return two_columns(a, out, err);
}

static sp_status micro_schema(sp_arena *a, const sp_props *options, const sp_type *user, const sp_type **out, sp_error *err)
{
    int64_t n;
    SP_TRY(number_option(options, "rowsPerBatch", 0, 1, &n, err));
    SP_TRY(number_option(options, "numPartitions", 1, 1, &n, err));
    SP_TRY(number_option(options, "startTimestamp", 0, 0, &n, err));
    SP_TRY(number_option(options, "advanceMillisPerBatch", 1000, 0, &n, err));
    return two_columns(a, out, err);
}

/* ---- rate ---- */

typedef struct rate_source {
    sp_source base;
    int64_t rows_per_second, ramp_up_s, created_ms, frozen_at;
    int splits;
} rate_source;

/* RateStreamProvider.valueAtSecond: rows given up to second s, the speed rising linearly during the ramp. */
static int64_t value_at(const rate_source *s, int64_t second)
{
    int64_t ramp = s->ramp_up_s;
    if (ramp == 0)
        return second * s->rows_per_second;
    int64_t delta = s->rows_per_second / (ramp + 1);
    if (second <= ramp) {
        int64_t n = second;
        return delta == 0 ? 0 : n % 2 == 1 ? (n + 1) / 2 * delta * n : n / 2 * delta * (n + 1);
    }
    int64_t at_ramp = ramp % 2 == 1 ? (ramp + 1) / 2 * delta * ramp : ramp / 2 * delta * (ramp + 1);
    return at_ramp + (second - ramp) * s->rows_per_second;
}

/* sources/S/0: "v1" newline creation time in ms. */
static sp_status creation_time(rate_source *s, sp_error *err)
{
    const sp_source_spec *spec = &s->base.spec;
    sp_arena *a = sp_arena_new("rate", 1 << 16);
    sp_buf text = { 0 };
    sp_str found;
    bool exists;
    sp_status status;
    if (!a)
        return sp_error_memory(err, "a rate source");
    SP_TRY_DONE(sp_log_read(spec->world, spec->checkpoint_dir, 0, a, &found, &exists, err));
    if (exists) {
        const char *nl = memchr(found.p, '\n', found.n);
        sp_str number = nl ? (sp_str){ nl + 1, found.n - (size_t)(nl + 1 - found.p) } : found;
        if (!sp_str_to_i64(sp_str_trim(number), &s->created_ms))
            status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "Incorrect log version/creation time in %s/0", spec->checkpoint_dir);
        goto done;
    }
    s->created_ms = sp_now_us(spec->world) / 1000;
    sp_buf_printf(&text, "v1\n%lld", (long long)s->created_ms);
    SP_TRY_DONE(sp_buf_check(&text, err));
    status = sp_log_add(spec->world, spec->checkpoint_dir, 0, (sp_str){ text.data, text.len }, spec->durability, err);
done:
    sp_buf_done(&text);
    sp_arena_free(a);
    return status;
}

static sp_status rate_open(const sp_source_spec *spec, sp_source **out, sp_error *err)
{
    rate_source *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_source){ &sp_source_rate, *spec };
    s->frozen_at = -1;
    SP_TRY(number_option(spec->options, "rowsPerSecond", 1, 1, &s->rows_per_second, err));
    const char *ramp = spec->options ? sp_props_get(spec->options, "rampUpTime") : NULL;
    if (ramp) {
        int64_t us;
        if (!sp_source_time_us(sp_str_of(ramp), SP_US_PER_SECOND, &us))
            return sp_error_plain(err, SP_EXC_NUMBER_FORMAT, "Failed to parse time string: %s", ramp);
        s->ramp_up_s = us / SP_US_PER_SECOND;
        if (s->ramp_up_s < 0)
            return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Invalid value '%s'. The option 'rampUpTime' must not be negative", ramp);
    }
    SP_TRY(splits_option(spec, &s->splits, err));
    SP_TRY(creation_time(s, err));
    *out = &s->base;
    return SP_OK;
}

static int64_t seconds_now(const rate_source *s)
{
    int64_t n = (sp_now_us(s->base.spec.world) / 1000 - s->created_ms) / 1000;
    return n < 0 ? 0 : n;
}

static sp_status rate_latest(sp_source *source, sp_str start, sp_arena *a, sp_str *out, sp_error *err)
{
    rate_source *s = (rate_source *)source;
    int64_t from, now = s->frozen_at >= 0 ? s->frozen_at : seconds_now(s);
    SP_TRY(sp_offset_number(start, "", &from, err));
    char *text = sp_arena_printf(a, err, "%lld", (long long)(now > from ? now : from));
    *out = sp_str_of(text);
    return text ? SP_OK : SP_FAILED;
}

static sp_status rate_available_now(sp_source *source, bool once, sp_error *err)
{
    rate_source *s = (rate_source *)source;
    s->frozen_at = seconds_now(s);
    return SP_OK;
}

static sp_status rate_get_batch(sp_source *source, sp_str start, sp_str end, sp_arena *a, sp_input **out, sp_error *err)
{
    rate_source *s = (rate_source *)source;
    int64_t from, to;
    SP_TRY(sp_offset_number(start, "", &from, err));
    SP_TRY(sp_offset_number(end, "", &to, err));
    if (from < 0)
        from = 0;
    int64_t first = value_at(s, from), last = value_at(s, to);
    span sp = { first, last - first, (s->created_ms + from * 1000) * 1000,
                last > first ? (double)(to - from) * 1e6 / (double)(last - first) : 0, s->splits };
    return span_input(a, &sp, out, err);
}

static sp_status no_commit(sp_source *source, sp_str end, sp_error *err) { return SP_OK; }

/* The next whole second. */
static int64_t rate_next_data(sp_source *source)
{
    rate_source *s = (rate_source *)source;
    return (s->created_ms + (seconds_now(s) + 1) * 1000) * 1000;
}

static void rate_describe(const sp_source *source, sp_buf *out)
{
    const rate_source *s = (const rate_source *)source;
    const char *n = source->spec.options ? sp_props_get(source->spec.options, "numPartitions") : NULL;
    sp_buf_printf(out, "RateStreamV2[rowsPerSecond=%lld, rampUpTimeSeconds=%lld, numPartitions=%s", (long long)s->rows_per_second,
                  (long long)s->ramp_up_s, n ? n : "default");
}

static sp_str rate_reported(sp_source *source, sp_arena *a)
{
    char *text = sp_arena_printf(a, NULL, "%lld", (long long)seconds_now((rate_source *)source));
    return sp_str_of(text);
}

static void rate_close(sp_source *source) {}

static const char *const rate_options[] = { "rowsPerSecond", "rampUpTime", "numPartitions", NULL };
const sp_source_class sp_source_rate = {
    .name = "rate", .options = rate_options, .schema = rate_schema, .open = rate_open, .latest = rate_latest,
    .prepare_available_now = rate_available_now, .get_batch = rate_get_batch, .commit = no_commit, .next_data_us = rate_next_data,
    .describe = rate_describe, .reported_latest = rate_reported, .close = rate_close,
};

/* ---- rate-micro-batch ---- */

typedef struct micro_source {
    sp_source base;
    int64_t rows, advance_ms, start_ms;
    bool bounded, gave_one;
    int splits;
} micro_source;

static sp_status micro_open(const sp_source_spec *spec, sp_source **out, sp_error *err)
{
    micro_source *s;
    SP_NEW(s, spec->arena, sizeof *s, err);
    s->base = (sp_source){ &sp_source_rate_micro_batch, *spec };
    SP_TRY(number_option(spec->options, "rowsPerBatch", 0, 1, &s->rows, err));
    SP_TRY(number_option(spec->options, "startTimestamp", 0, 0, &s->start_ms, err));
    SP_TRY(number_option(spec->options, "advanceMillisPerBatch", 1000, 0, &s->advance_ms, err));
    SP_TRY(splits_option(spec, &s->splits, err));
    *out = &s->base;
    return SP_OK;
}

static sp_status micro_read(const micro_source *s, sp_str json, int64_t *rows, int64_t *ms, sp_error *err)
{
    *rows = 0;
    *ms = s->start_ms;
    if (!json.p)
        return SP_OK;
    SP_TRY(sp_offset_number(json, "offset", rows, err));
    return sp_offset_number(json, "timestamp", ms, err);
}

static sp_status micro_latest(sp_source *source, sp_str start, sp_arena *a, sp_str *out, sp_error *err)
{
    micro_source *s = (micro_source *)source;
    int64_t rows, ms;
    if (s->bounded && s->gave_one) {
        *out = start;
        return SP_OK;
    }
    s->gave_one = true;
    SP_TRY(micro_read(s, start, &rows, &ms, err));
    char *text = sp_arena_printf(a, err, "{\"offset\":%lld,\"timestamp\":%lld}", (long long)(rows + s->rows), (long long)(ms + s->advance_ms));
    *out = sp_str_of(text);
    return text ? SP_OK : SP_FAILED;
}

static sp_status micro_available_now(sp_source *source, bool once, sp_error *err)
{
    ((micro_source *)source)->bounded = true;
    return SP_OK;
}

static sp_status micro_get_batch(sp_source *source, sp_str start, sp_str end, sp_arena *a, sp_input **out, sp_error *err)
{
    micro_source *s = (micro_source *)source;
    int64_t from, to, ms, end_ms;
    SP_TRY(micro_read(s, start, &from, &ms, err));
    SP_TRY(micro_read(s, end, &to, &end_ms, err));
    span sp = { from, to - from, ms * 1000, 0, s->splits };
    return span_input(a, &sp, out, err);
}

static int64_t micro_next_data(sp_source *source) { return ((micro_source *)source)->bounded ? -1 : 0; }

static void micro_describe(const sp_source *source, sp_buf *out)
{
    const micro_source *s = (const micro_source *)source;
    sp_buf_printf(out, "RatePerMicroBatchStream[rowsPerBatch=%lld, numPartitions=%d, startTimestamp=%lld, advanceMsPerBatch=%lld]", (long long)s->rows,
                  s->splits, (long long)s->start_ms, (long long)s->advance_ms);
}

static const char *const micro_options[] = { "rowsPerBatch", "numPartitions", "startTimestamp", "advanceMillisPerBatch", NULL };
const sp_source_class sp_source_rate_micro_batch = {
    .name = "rate-micro-batch", .options = micro_options, .schema = micro_schema, .open = micro_open, .latest = micro_latest,
    .prepare_available_now = micro_available_now, .get_batch = micro_get_batch, .commit = no_commit, .next_data_us = micro_next_data,
    .describe = micro_describe, .close = rate_close,
};
