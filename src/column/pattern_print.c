/* pattern_print.c -- timestamps printed by a compiled pattern.
 *
 * Behaviour: java.time.format.DateTimeFormatter.format of JDK 17 with Locale.US (CLDR's texts). Without a zone the
 * value is a LocalDateTime: zone letters then fail, or leave out the optional section they stand in. */
#include <stdio.h>
#include <stdlib.h>

#include "column/pattern_int.h"

typedef struct printing {
    sp_buf *out;
    const sp_zone *zone;
    int64_t utc_s;
    int32_t offset;
    int64_t value[F_COUNT];
    int optional;          /* how many optional sections are open */
    sp_error *err;
} printing;

typedef enum outcome { PRINTED, LEFT_OUT, IMPOSSIBLE } outcome;

/* ---- texts ---- */

static const char *const months[2][12] = {
    { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" },
    { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December" },
};
static const char *const weekdays[2][7] = {
    { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" },
    { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" },
};
static const char *const quarters[2][4] = {
    { "Q1", "Q2", "Q3", "Q4" }, { "1st quarter", "2nd quarter", "3rd quarter", "4th quarter" },
};
static const char *const eras[2][2] = { { "BC", "AD" }, { "Before Christ", "Anno Domini" } };
static const char *const halves[2] = { "AM", "PM" };

int sp_pattern_text_range(pattern_field field, int *first)
{
    *first = field != F_ERA && field != F_AMPM;
    switch (field) {
    case F_MONTH: return 12;
    case F_DAY_OF_WEEK: return 7;
    case F_QUARTER: return 4;
    case F_ERA:
    case F_AMPM: return 2;
    default: return 0;
    }
}

sp_str sp_pattern_text(pattern_field field, pattern_style style, int64_t value)
{
    int first, count = sp_pattern_text_range(field, &first), full = style == STYLE_FULL;
    if (value < first || value >= first + count)
        return (sp_str){ NULL, 0 };
    switch (field) {
    case F_MONTH: return sp_str_of(months[full][value - 1]);
    case F_DAY_OF_WEEK: return sp_str_of(weekdays[full][value - 1]);
    case F_QUARTER: return sp_str_of(quarters[full][value - 1]);
    case F_ERA: return sp_str_of(eras[full][value]);
    default: return sp_str_of(halves[value]);
    }
}

/* ---- nodes ---- */

static void print_number(printing *p, const pattern_node *node)
{
    static const int64_t exceeds[] = { 0, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
    int64_t value = p->value[node->field];
    if (node->reduced)
        value = (value < 0 ? -value : value) % 100;
    if (value < 0)
        sp_buf_putc(p->out, '-');
    else if (node->sign == SIGN_EXCEEDS_PAD && node->min < 8 && value >= exceeds[node->min])
        sp_buf_putc(p->out, '+');
    char digits[24];
    int n = 0;
    for (uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value; v || n < node->min || n == 0; v /= 10)
        digits[n++] = (char)('0' + v % 10);
    while (n)
        sp_buf_putc(p->out, digits[--n]);
}

static void print_fraction(printing *p, const pattern_node *node)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%09d", (int)p->value[F_NANO]);
    int n = 9;
    while (n > node->min && digits[n - 1] == '0')
        n--;
    sp_buf_add(p->out, digits, (size_t)(n < node->max ? n : node->max));
}

static void two(sp_buf *out, bool colon, int v) { sp_buf_printf(out, colon ? ":%02d" : "%02d", v); }

/* Types 1 and 2 print minutes when there are any, 3 and 4 always, 5 and 6 seconds, too, when there are any. */
static void print_offset(printing *p, const pattern_node *node)
{
    int total = abs(p->offset), hours = total / 3600, minutes = total / 60 % 60, seconds = total % 60,
        type = node->type;
    bool with_minutes = type >= 3 || (type >= 1 && minutes > 0), with_seconds = type >= 5 && seconds > 0;
    bool colon = type > 0 && type % 2 == 0;
    if (hours == 0 && !(with_minutes && minutes) && !with_seconds) {
        sp_buf_add(p->out, node->text.p, node->text.n);
        return;
    }
    sp_buf_putc(p->out, p->offset < 0 ? '-' : '+');
    two(p->out, false, hours);
    if (with_minutes)
        two(p->out, colon, minutes);
    if (with_seconds)
        two(p->out, colon, seconds);
}

static void print_localized_offset(printing *p, const pattern_node *node)
{
    int total = abs(p->offset), minutes = total / 60 % 60, seconds = total % 60;
    bool full = node->style == STYLE_FULL;
    sp_buf_puts(p->out, "GMT");
    if (total == 0)
        return;
    sp_buf_printf(p->out, full ? "%c%02d" : "%c%d", p->offset < 0 ? '-' : '+', total / 3600);
    if (full || minutes || seconds)
        two(p->out, true, minutes);
    if (seconds)
        two(p->out, true, seconds);
}

static void print_zone_text(printing *p, const pattern_node *node)
{
    sp_str name = sp_pattern_zone_name(p->zone->id, node->style, node->generic,
                                       sp_zone_is_daylight_s(p->zone, p->utc_s));
    if (name.p)
        sp_buf_add(p->out, name.p, name.n);
    else
        sp_buf_puts(p->out, p->zone->id);
}

static outcome no_zone(printing *p, bool offset)
{
    if (p->optional)
        return LEFT_OUT;
    sp_error_plain(p->err, SP_EXC_DATETIME, "%s",
                   offset ? "Unsupported field: OffsetSeconds" : "Unable to extract ZoneId from temporal");
    return IMPOSSIBLE;
}

static outcome print_node(printing *p, const pattern_node *node)
{
    sp_str text;
    if (!p->zone && node->kind >= N_OFFSET && node->kind <= N_ZONE_TEXT)
        return no_zone(p, node->kind <= N_LOCALIZED_OFFSET);
    switch (node->kind) {
    case N_LITERAL: sp_buf_add(p->out, node->text.p, node->text.n); break;
    case N_NUMBER: print_number(p, node); break;
    case N_FRACTION: print_fraction(p, node); break;
    case N_TEXT:
        text = sp_pattern_text(node->field, node->style, p->value[node->field]);
        sp_buf_add(p->out, text.p, text.n);
        break;
    case N_OFFSET: print_offset(p, node); break;
    case N_LOCALIZED_OFFSET: print_localized_offset(p, node); break;
    case N_ZONE_ID: sp_buf_puts(p->out, p->zone->id); break;
    default: print_zone_text(p, node); break;
    }
    return PRINTED;
}

static outcome print_nodes(printing *p, const pattern_node *nodes, int from, int to)
{
    for (int i = from; i < to;) {
        if (nodes[i].kind != N_OPTIONAL) {
            outcome o = print_node(p, &nodes[i]);
            if (o != PRINTED)
                return o;
            i++;
            continue;
        }
        size_t length = p->out->len;
        p->optional++;
        outcome o = print_nodes(p, nodes, i + 1, nodes[i].end);
        p->optional--;
        if (o == IMPOSSIBLE)
            return o;
        if (o == LEFT_OUT)
            p->out->len = length;
        i = nodes[i].end;
    }
    return PRINTED;
}

/* ---- values ---- */

static void set_values(printing *p, int64_t local_s, int32_t nano)
{
    int64_t days = sp_floor_div(local_s, 86400), year, *v = p->value;
    int month, day, second = (int)(local_s - days * 86400);
    sp_civil_from_days(days, &year, &month, &day);
    v[F_ERA] = year > 0;
    v[F_YEAR_OF_ERA] = year > 0 ? year : 1 - year;
    v[F_YEAR] = year;
    v[F_MONTH] = month;
    v[F_DAY_OF_MONTH] = day;
    v[F_DAY_OF_YEAR] = days - sp_days_from_civil(year, 1, 1) + 1;
    v[F_QUARTER] = (month + 2) / 3;
    v[F_DAY_OF_WEEK] = sp_floor_mod(days + 3, 7) + 1;
    v[F_ALIGNED_DAY_OF_WEEK_IN_MONTH] = (day - 1) % 7 + 1;
    v[F_MODIFIED_JULIAN_DAY] = days + 40587;
    int hour = second / 3600;
    v[F_AMPM] = hour / 12;
    v[F_HOUR] = hour;
    v[F_CLOCK_HOUR] = hour ? hour : 24;
    v[F_HOUR_OF_AMPM] = hour % 12;
    v[F_CLOCK_HOUR_OF_AMPM] = hour % 12 ? hour % 12 : 12;
    v[F_MINUTE] = second / 60 % 60;
    v[F_SECOND] = second % 60;
    v[F_NANO] = nano;
}

sp_status sp_pattern_print(const sp_pattern *pattern, sp_buf *out, int64_t us, const sp_zone *zone, sp_error *err)
{
    printing p = { .out = out, .zone = zone, .err = err };
    size_t length = out->len;
    p.utc_s = sp_floor_div(us, SP_US_PER_SECOND);
    p.offset = zone ? sp_zone_offset_at_utc_s(zone, p.utc_s) : 0;
    set_values(&p, p.utc_s + p.offset, (int32_t)sp_floor_mod(us, SP_US_PER_SECOND) * 1000);
    if (print_nodes(&p, pattern->nodes, 0, pattern->node_count) == PRINTED)
        return SP_OK;
    out->len = length;
    return SP_FAILED;
}
