/* generate.c -- the input of W1 and W2, the same bytes for the same seed.
 *
 *   generate words  SEED LINES FILES FOLDER    text lines of 8-16 words, Zipf(1) over 50,000 words, about 81 bytes a line
 *   generate events SEED LINES FILES FOLDER    JSON events of the Yahoo streaming benchmark, 241 bytes a line; FOLDER/../ads.csv: 1,000 ads of 100 campaigns
 *
 * Random numbers: splitmix64. Zipf: a table of the cumulative weights 1/rank, searched by bisection.
 * Events: 100,000 a second of event time, up to 3 s out of order, so that a watermark of 10 s drops none. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 50000, ADS = 1000, CAMPAIGNS = 100, EVENTS_A_SECOND = 100000, JITTER_MS = 3000 };

static uint64_t state;

static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t n) { return (uint64_t)(((unsigned __int128)next() * n) >> 64); }

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- W1 ---- */

static char words[VOCABULARY][16];
static uint8_t word_len[VOCABULARY];
static double cumulative[VOCABULARY];
static uint16_t guide[65537];          /* where the search for the upper 16 bits starts */

static void make_vocabulary(void)
{
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) {
        unsigned unique = (unsigned)i * 7919u % (26 * 26 * 26 * 26);     /* the first four letters tell the words apart */
        int n = 4 + (int)below(4) + (below(4) == 0);
        for (int j = 0; j < n; j++, unique /= 26)
            words[i][j] = (char)('a' + (j < 4 ? unique % 26 : below(26)));
        word_len[i] = (uint8_t)n;
        cumulative[i] = sum += 1.0 / (i + 1);
    }
    for (int i = 0; i < VOCABULARY; i++)
        cumulative[i] /= sum;
    for (int g = 0, i = 0; g <= 65536; g++) {
        while (i < VOCABULARY - 1 && cumulative[i] * 65536.0 < g)
            i++;
        guide[g] = (uint16_t)i;
    }
}

static int zipf(void)
{
    double u = (double)(next() >> 11) * 0x1p-53;
    int g = (int)(u * 65536.0), low = guide[g], high = guide[g + 1];
    while (low < high) {
        int middle = (low + high) / 2;
        if (cumulative[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t put_words(char *p)
{
    char *start = p;
    int n = 8 + (int)below(9);
    for (int i = 0; i < n; i++) {
        int w = zipf();
        if (i)
            *p++ = ' ';
        memcpy(p, words[w], word_len[w]);
        p += word_len[w];
    }
    *p++ = '\n';
    return (size_t)(p - start);
}

/* ---- W2 ---- */

static char ads[ADS][37];

static char *put_uuid(char *p)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t a = next(), b = next();
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *p++ = '-';
        *p++ = hex[(i < 16 ? a >> (4 * i) : b >> (4 * (i - 16))) & 15];
    }
    return p;
}

static void make_ads(const char *folder)
{
    char path[4096], campaigns[CAMPAIGNS][37];
    snprintf(path, sizeof path, "%s/../ads.csv", folder);
    FILE *f = fopen(path, "w");
    if (!f)
        die(path);
    for (int i = 0; i < CAMPAIGNS; i++)
        *put_uuid(campaigns[i]) = '\0';
    for (int i = 0; i < ADS; i++) {
        *put_uuid(ads[i]) = '\0';
        fprintf(f, "%s,%s\n", ads[i], campaigns[i % CAMPAIGNS]);
    }
    if (fclose(f))
        die(path);
}

static char *put(char *p, const char *s)
{
    size_t n = strlen(s);
    memcpy(p, s, n);
    return p + n;
}

static size_t put_event(char *p, long index)
{
    static const char *const types[] = { "view", "click", "purchase" };
    static const char *const kinds[] = { "banner", "modal", "sponsored-search", "mail", "mobile" };
    char *start = p;
    int64_t ms = 1714564800000 + (int64_t)index * 1000 / EVENTS_A_SECOND - (int64_t)below(JITTER_MS);
    p = put(put_uuid(put(p, "{\"user_id\":\"")), "\",\"page_id\":\"");
    p = put(put(put(put_uuid(p), "\",\"ad_id\":\""), ads[below(ADS)]), "\",\"ad_type\":\"");
    p = put(put(put(p, kinds[below(5)]), "\",\"event_type\":\""), types[below(3)]);
    p += sprintf(p, "\",\"event_time\":\"%lld\",\"ip_address\":\"1.2.3.4\"}\n", (long long)ms);
    return (size_t)(p - start);
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    if (argc != 6) {
        fputs("usage: generate words|events SEED LINES FILES FOLDER\n", stderr);
        return 2;
    }
    int is_words = strcmp(argv[1], "words") == 0;
    state = strtoull(argv[2], NULL, 10);
    long lines = atol(argv[3]), files = atol(argv[4]), written = 0;
    if (is_words)
        make_vocabulary();
    else
        make_ads(argv[5]);
    for (long i = 0; i < files; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/part-%04ld.%s", argv[5], i, is_words ? "txt" : "json");
        FILE *f = fopen(path, "w");
        if (!f)
            die(path);
        size_t used = 0;
        for (long end = lines * (i + 1) / files; written < end; written++) {
            used += is_words ? put_words(buffer + used) : put_event(buffer + used, written);
            if (used > sizeof buffer - 4096) {
                if (fwrite(buffer, 1, used, f) != used)
                    die(path);
                used = 0;
            }
        }
        if (fwrite(buffer, 1, used, f) != used || fclose(f))
            die(path);
    }
    return 0;
}
