/* options.c -- what the commands share: options by a table, suggestions for misspelled ones, one-line errors.
 *
 * A table instead of getopt_long: the same rows print the help and find the nearest name. */
#include "cli/cli.h"
#include <stdio.h>

void sp_cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("spate: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void sp_cli_error(const sp_error *err)
{
    sp_buf b = { 0 };
    sp_error_message(err, &b);
    sp_cli_say("%s", sp_buf_cstr(&b));
    sp_buf_done(&b);
}

/* ---- names that are nearly right ---- */

static int smaller(int a, int b) { return a < b ? a : b; }

/* Levenshtein's distance, words of up to 63 characters. */
static int distance(const char *a, const char *b)
{
    int row[64], n = (int)strlen(b);
    if (n > 63 || strlen(a) > 63)
        return 64;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 0; a[i]; i++) {
        int corner = row[0];
        row[0] = i + 1;
        for (int j = 1; j <= n; j++) {
            int above = row[j];
            row[j] = smaller(smaller(above, row[j - 1]) + 1, corner + (a[i] != b[j - 1]));
            corner = above;
        }
    }
    return row[n];
}

const char *sp_cli_nearest(const char *word, const char *const *names, int count)
{
    const char *best = NULL;
    int least = 1 + (int)strlen(word) / 3;
    for (int i = 0; i < count; i++) {
        int d = distance(word, names[i]);
        if (d <= least && (!best || d < least)) {
            best = names[i];
            least = d;
        }
    }
    return best;
}

/* ---- options ---- */

static int unknown(const char *command, const sp_cli_option *table, const char *word)
{
    const char *names[32];
    int count = 0;
    for (; table[count].name && count < 32; count++)
        names[count] = table[count].name;
    const char *near = sp_cli_nearest(word, names, count);
    if (near)
        sp_cli_say("%s has no option %s; did you mean %s?", command, word, near);
    else
        sp_cli_say("%s has no option %s; try: spate %s --help", command, word, command);
    return 2;
}

int sp_cli_next(const char *command, const sp_cli_option *table, int argc, char **argv, int *at, int *index, const char **value)
{
    if (*at >= argc)
        return 0;
    char *word = argv[(*at)++];
    *index = -1;
    *value = word;
    if (word[0] != '-' || !word[1])
        return 1;
    char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    for (int i = 0; table[i].name; i++) {
        if (strlen(table[i].name) != n || memcmp(table[i].name, word, n) != 0)
            continue;
        *index = i;
        *value = NULL;
        if (!table[i].value && equals) {
            sp_cli_say("%s takes no value", table[i].name);
            return 2;
        }
        if (!table[i].value)
            return 1;
        *value = equals ? equals + 1 : *at < argc ? argv[(*at)++] : NULL;
        if (*value)
            return 1;
        sp_cli_say("%s needs a value: %s %s", table[i].name, table[i].name, table[i].value);
        return 2;
    }
    if (equals)
        *equals = '\0';
    return unknown(command, table, word);
}

void sp_cli_print_options(const sp_cli_option *table)
{
    for (; table->name; table++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", table->name, table->value ? " " : "", table->value ? table->value : "");
        printf("  %-26s %s\n", left, table->help);
    }
}

bool sp_cli_conf(sp_props *props, const char *text)
{
    sp_error err = { 0 };
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        sp_cli_say("--conf takes KEY=VALUE, not %s", text);
        return false;
    }
    if (sp_props_put(props, (sp_str){ text, (size_t)(equals - text) }, sp_str_of(equals + 1), &err) == SP_OK)
        return true;
    sp_cli_error(&err);
    return false;
}
