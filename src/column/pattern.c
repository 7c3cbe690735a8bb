/* pattern.c -- datetime patterns compiled.
 *
 * Behaviour: Spark 4.x DateTimeFormatterHelper.convertIncompatiblePattern (what is refused, y read as u unless there
 * is an era), createBuilderWithVarLengthSecondFraction (S while parsing),
 * java.time.format.DateTimeFormatterBuilder.appendPattern of JDK 17 (letters, counts, errors, adjacent value
 * parsing). A pattern that is refused though java.text.SimpleDateFormat would have taken it is answered with
 * DATETIME_PATTERN_RECOGNITION, as DateTimeFormatterHelper.checkLegacyFormatter does.
 *
 * Adjacent values ("yyyyMMdd"): the first number of a run remembers how many digits the fixed-width ones after it
 * need. */
#include "column/pattern_int.h"

typedef struct builder {
    pattern_node nodes[PATTERN_NODES_MAX];
    int count;
    int open[PATTERN_NODES_MAX];   /* the optional sections not yet closed */
    int depth;
    int active;                    /* the number that adjacent ones report to, or -1 */
} builder;

/* ---- building ---- */

/* All of these return false for what DateTimeFormatterBuilder throws IllegalArgumentException for. */
static bool append(builder *b, pattern_node node)
{
    if (b->count == PATTERN_NODES_MAX)
        return false;
    b->nodes[b->count++] = node;
    b->active = -1;
    return true;
}

static bool append_literal(builder *b, sp_str text)
{
    return text.n == 0 || append(b, (pattern_node){ .kind = N_LITERAL, .text = text });
}

/* A number or a fraction of fixed width: joins the run it stands in. */
static bool append_value(builder *b, pattern_node node)
{
    int active = b->active;
    bool fixed = node.min == node.max && node.sign == SIGN_NOT_NEGATIVE;
    /* a number of open width ends the run: the first takes what it can, the ones between are lost to it */
    if (active >= 0)
        b->nodes[active].subsequent = fixed ? b->nodes[active].subsequent + node.max : 0;
    if (!append(b, node))
        return false;
    b->active = active >= 0 && fixed ? active : b->count - 1;
    return true;
}

static bool append_number(builder *b, pattern_field field, int min, int max, pattern_sign sign)
{
    return append_value(b, (pattern_node){ .kind = N_NUMBER, .field = field, .min = (int8_t)min, .max = (int8_t)max,
                                           .sign = sign });
}

static bool append_fraction(builder *b, int min, int max)
{
    if (min > 9 || max > 9)
        return false;
    pattern_node node = { .kind = N_FRACTION, .field = F_NANO, .min = (int8_t)min, .max = (int8_t)max,
                          .sign = SIGN_NOT_NEGATIVE };
    return min == max ? append_value(b, node) : append(b, node);
}

static bool append_text(builder *b, pattern_field field, pattern_style style)
{
    return append(b, (pattern_node){ .kind = N_TEXT, .field = field, .style = style });
}

static bool append_offset(builder *b, int type, const char *zero)
{
    return append(b, (pattern_node){ .kind = N_OFFSET, .type = (uint8_t)type, .text = sp_str_of(zero) });
}

static bool open_optional(builder *b)
{
    if (!append(b, (pattern_node){ .kind = N_OPTIONAL }))
        return false;
    b->open[b->depth++] = b->count - 1;
    return true;
}

static void close_optional(builder *b)
{
    int at = b->open[--b->depth];
    if (at == b->count - 1)
        b->count--;   /* nothing in it */
    else
        b->nodes[at].end = b->count;
    b->active = -1;
}

/* ---- letters ---- */

/* One letter or two: as it comes, or two digits. */
static bool short_number(builder *b, int count, pattern_field field)
{
    if (count > 2)
        return false;
    return count == 1 ? append_number(b, field, 1, 19, SIGN_NORMAL) : append_number(b, field, 2, 2, SIGN_NOT_NEGATIVE);
}

static bool year(builder *b, int count, pattern_field field)
{
    if (count == 2)
        return append_value(b, (pattern_node){ .kind = N_NUMBER, .field = field, .min = 2, .max = 2,
                                               .sign = SIGN_NOT_NEGATIVE,
                                               .reduced = true });
    if (count > 19)
        return false;
    return append_number(b, field, count, 19, count < 4 ? SIGN_NORMAL : SIGN_EXCEEDS_PAD);
}

static bool number_or_text(builder *b, char letter, int count, pattern_field field)
{
    if (count > 5)
        return false;
    if (count <= 2 && letter != 'E')
        return short_number(b, count, field);
    return append_text(b, field, count == 4 ? STYLE_FULL : count == 5 ? STYLE_NARROW : STYLE_SHORT);
}

static bool era(builder *b, int count)
{
    if (count > 5)
        return false;
    return append_text(b, F_ERA, count == 4 ? STYLE_FULL : count == 5 ? STYLE_NARROW : STYLE_SHORT);
}

static bool day_of_year(builder *b, int count)
{
    if (count > 3)
        return false;
    if (count == 1)
        return append_number(b, F_DAY_OF_YEAR, 1, 19, SIGN_NORMAL);
    return append_number(b, F_DAY_OF_YEAR, count, 3, SIGN_NOT_NEGATIVE);
}

static bool offset(builder *b, char letter, int count)
{
    if (letter == 'Z') {
        if (count == 4)
            return append(b, (pattern_node){ .kind = N_LOCALIZED_OFFSET, .style = STYLE_FULL });
        if (count > 5)
            return false;
        return count < 4 ? append_offset(b, 3, "+0000") : append_offset(b, 6, "Z");
    }
    if (letter == 'O') {
        if (count != 1 && count != 4)
            return false;
        return append(b, (pattern_node){ .kind = N_LOCALIZED_OFFSET, .style = count == 1 ? STYLE_SHORT : STYLE_FULL });
    }
    if (count > 5)
        return false;
    int type = count + (count > 1);
    if (letter == 'X')
        return append_offset(b, type, "Z");
    return append_offset(b, type, count == 1 ? "+00" : count % 2 == 0 ? "+0000" : "+00:00");
}

static bool zone(builder *b, char letter, int count)
{
    if (letter == 'V') {
        if (count != 2)
            return false;
        return append(b, (pattern_node){ .kind = N_ZONE_ID });
    }
    if (letter == 'z' && count > 4)
        return false;
    if (letter == 'v' && count != 1 && count != 4)
        return false;
    return append(b, (pattern_node){ .kind = N_ZONE_TEXT, .style = count == 4 ? STYLE_FULL : STYLE_SHORT,
                                     .generic = letter == 'v' });
}

static bool letters(builder *b, char letter, int count)
{
    switch (letter) {
    case 'G': return era(b, count);
    case 'u': return year(b, count, F_YEAR);
    case 'y': return year(b, count, F_YEAR_OF_ERA);
    case 'M':
    case 'L': return number_or_text(b, letter, count, F_MONTH);
    case 'Q':
    case 'q': return number_or_text(b, letter, count, F_QUARTER);
    case 'E': return number_or_text(b, letter, count, F_DAY_OF_WEEK);
    case 'd': return short_number(b, count, F_DAY_OF_MONTH);
    case 'H': return short_number(b, count, F_HOUR);
    case 'h': return short_number(b, count, F_CLOCK_HOUR_OF_AMPM);
    case 'K': return short_number(b, count, F_HOUR_OF_AMPM);
    case 'k': return short_number(b, count, F_CLOCK_HOUR);
    case 'm': return short_number(b, count, F_MINUTE);
    case 's': return short_number(b, count, F_SECOND);
    case 'D': return day_of_year(b, count);
    case 'F': return count == 1 && append_number(b, F_ALIGNED_DAY_OF_WEEK_IN_MONTH, 1, 19, SIGN_NORMAL);
    case 'g': return append_number(b, F_MODIFIED_JULIAN_DAY, count > 19 ? 19 : count, 19, SIGN_NORMAL);
    case 'S': return append_fraction(b, count, count);
    case 'a': return count == 1 && append_text(b, F_AMPM, STYLE_SHORT);
    case 'X':
    case 'x':
    case 'Z':
    case 'O': return offset(b, letter, count);
    case 'z':
    case 'v':
    case 'V': return zone(b, letter, count);
    default: return false;
    }
}

/* ---- patterns ---- */

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* 'text', with '' in it for a quote; *i is at the first quote and ends at the last. */
static bool quoted(builder *b, sp_str s, size_t *i)
{
    size_t from = *i + 1, at = from;
    bool any = false;
    for (;; at++) {
        if (at >= s.n)
            return false;
        if (s.p[at] != '\'')
            continue;
        bool doubled = at + 1 < s.n && s.p[at + 1] == '\'';
        /* Text up to a doubled quote, that quote included, is one literal. */
        if (!append_literal(b, (sp_str){ s.p + from, at - from + doubled }))
            return false;
        any |= at + doubled > from;
        if (!doubled)
            break;
        from = ++at + 1;
    }
    *i = at;
    return any || append_literal(b, SP_LIT("'"));
}

/* appendPattern; y stands for the year (u) unless there is an era. */
static bool append_pattern(builder *b, sp_str s, bool has_era)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool well = true;
        if (is_letter(c)) {
            size_t from = i;
            while (i + 1 < s.n && s.p[i + 1] == c)
                i++;
            well = letters(b, c == 'y' && !has_era ? 'u' : c, (int)(i - from > 1000 ? 1000 : i - from + 1));
        } else if (c == '\'') {
            well = quoted(b, s, &i);
        } else if (c == '[') {
            well = open_optional(b);
        } else if (c == ']') {
            if (b->depth == 0)
                return false;
            close_optional(b);
        } else if (c == '{' || c == '}' || c == '#') {
            return false;
        } else {
            well = append_literal(b, (sp_str){ s.p + i, 1 });
        }
        if (!well)
            return false;
    }
    return true;
}

/* The next piece between quotes, as String.split("'") cuts; false after the last. Empty pieces at the end are none. */
static bool next_piece(sp_str s, size_t *at, sp_str *piece)
{
    size_t end = s.n;
    while (end > 0 && s.p[end - 1] == '\'')
        end--;
    if (*at > end)
        return false;
    size_t stop = *at;
    while (stop < end && s.p[stop] != '\'')
        stop++;
    *piece = (sp_str){ s.p + *at, stop - *at };
    *at = stop + 1;
    return true;
}

static sp_str leading(sp_str s, bool of_s)
{
    size_t n = 0;
    while (n < s.n && (s.p[n] == 'S') == of_s)
        n++;
    return (sp_str){ s.p, n };
}

/* S while parsing takes one digit up to as many as there are letters. */
static bool append_with_fractions(builder *b, sp_str s, bool has_era)
{
    sp_str piece;
    size_t at = 0;
    for (int index = 0; next_piece(s, &at, &piece); index++) {
        if (piece.n == 0 && index != 0) {
            if (!append_literal(b, SP_LIT("'")))
                return false;
        } else if (index % 2 != 0) {
            if (!append_literal(b, piece))
                return false;
        } else {
            while (piece.n) {
                sp_str before = leading(piece, false), rest = { piece.p + before.n, piece.n - before.n };
                sp_str fraction = leading(rest, true);
                int digits = (int)(fraction.n > 99 ? 99 : fraction.n);
                if (!append_pattern(b, before, has_era) || (digits && !append_fraction(b, 1, digits)))
                    return false;
                piece = (sp_str){ rest.p + fraction.n, rest.n - fraction.n };
            }
        }
    }
    return true;
}

/* ---- Spark's refusals ---- */

/* Whether java.text.SimpleDateFormat takes the pattern. */
static bool legacy_takes(sp_str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') {
            if (i + 1 < s.n && s.p[i + 1] == '\'')
                i++;
            else
                quote = !quote;
        } else if (!quote && is_letter(s.p[i])) {
            if (!strchr("GyMdkHmsSEDFwWahKzZYuXL", s.p[i]))
                return false;
            if (s.p[i] == 'X' && s.n - i >= 4 && memcmp(s.p + i, "XXXX", 4) == 0)
                return false;
        }
    }
    return !quote;
}

/* A refused pattern, quoted as a SQL literal: under the upgrade's condition when SimpleDateFormat would have taken
 * it. */
static sp_status unrecognized(sp_str pattern, bool refused_by_spark, sp_error *err)
{
    static const char docs[] = "https://spark.apache.org/docs/latest";
    char shown[600] = "'";
    size_t n = 1;
    bool legacy = legacy_takes(pattern);
    if (!legacy && refused_by_spark)
        return SP_FAILED;   /* err says why */
    for (size_t i = 0; i < pattern.n && n < sizeof shown - 4; i++) {
        if (pattern.p[i] == '\'' || pattern.p[i] == '\\')
            shown[n++] = '\\';
        shown[n++] = pattern.p[i];
    }
    shown[n] = '\'';
    if (legacy)
        return SP_FAIL(err, INCONSISTENT_BEHAVIOR_CROSS_VERSION__DATETIME_PATTERN_RECOGNITION, "pattern", shown,
                       "config",
                       "\"spark.sql.legacy.timeParserPolicy\"", "docroot", docs);
    return SP_FAIL_AS(err, SP_EXC_RUNTIME, INVALID_DATETIME_PATTERN__WITH_SUGGESTION, "pattern", shown, "docroot",
                      docs);
}

static bool contains(sp_str s, const char *what)
{
    return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static sp_status check_piece(sp_str piece, sp_str pattern, bool for_parsing, sp_error *err)
{
    static const char *const too_long[] = { "GGGGG", "MMMMM", "LLLLL", "EEEEE", "QQQQQ", "qqqqq", "yyyyyyy" };
    char letter[2] = { 0 };
    for (size_t i = 0; i < piece.n; i++)
        if (piece.p[i] && strchr("YWwuec", piece.p[i])) {
            letter[0] = piece.p[i];
            return SP_FAIL(err, INCONSISTENT_BEHAVIOR_CROSS_VERSION__DATETIME_WEEK_BASED_PATTERN, "c", letter);
        }
    for (size_t i = 0; i < piece.n; i++)
        if (piece.p[i] && (strchr("ABnNp", piece.p[i]) || (for_parsing && strchr("EFqQ", piece.p[i])))) {
            letter[0] = piece.p[i];
            return SP_FAIL(err, INVALID_DATETIME_PATTERN__ILLEGAL_CHARACTER, "c", letter, "pattern",
                           err ? sp_error_format(err, "%.*s", (int)(pattern.n > 512 ? 512 : pattern.n),
                                                 pattern.p) : "");
        }
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++)
        if (contains(piece, too_long[i]))
            return SP_FAIL(err, INVALID_DATETIME_PATTERN__LENGTH, "pattern", too_long[i]);
    return SP_OK;
}

static sp_status check_letters(sp_str pattern, bool for_parsing, bool *has_era, sp_error *err)
{
    sp_str piece;
    size_t at = 0;
    *has_era = false;
    for (int index = 0; next_piece(pattern, &at, &piece); index++)
        *has_era |= index % 2 == 0 && contains(piece, "G");
    at = 0;
    for (int index = 0; next_piece(pattern, &at, &piece); index++)
        if (index % 2 == 0)
            SP_TRY(check_piece(piece, pattern, for_parsing, err));
    return SP_OK;
}

static sp_status keep(sp_arena *a, const builder *b, const sp_pattern **out, sp_error *err)
{
    sp_pattern *p;
    pattern_node *nodes;
    SP_NEW(p, a, sizeof *p, err);
    SP_NEW_ARRAY(nodes, a, b->count + 1, err);
    memcpy(nodes, b->nodes, sizeof *nodes * (size_t)b->count);
    p->nodes = nodes;
    p->node_count = b->count;
    *out = p;
    return SP_OK;
}

sp_status sp_pattern_compile(sp_arena *a, sp_str pattern, bool for_parsing, const sp_pattern **out, sp_error *err)
{
    bool has_era;
    sp_str copy = { "", 0 };
    if (pattern.n && !(copy = sp_str_copy(a, pattern, err)).p)   /* literals point into it */
        return SP_FAILED;
    if (check_letters(copy, for_parsing, &has_era, err) == SP_FAILED)
        return unrecognized(copy, true, err);
    builder b;   /* some 20 KB, of which nodes[0..count) and open[0..depth) are set */
    b.count = b.depth = 0;
    b.active = -1;
    bool fractions = for_parsing && contains(copy, "S");
    if (!(fractions ? append_with_fractions(&b, copy, has_era) : append_pattern(&b, copy, has_era)))
        return unrecognized(copy, false, err);
    while (b.depth > 0)
        close_optional(&b);
    return keep(a, &b, out, err);
}
