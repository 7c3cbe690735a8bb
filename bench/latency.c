/* latency.c -- W7: an open-loop source of events on a socket, and the measure of when each is committed.
 *
 *   latency map|count RATE WARMUP_S SECONDS KEYS COMMITS_FOLDER < the console sink's text
 *
 * Prints "port N", waits for one connection, then sends RATE lines "<sequence> k<key>" a second, each at its own moment whatever the other side
 * does; the moment before it is sent is its stamp. An event is done when both have happened:
 *   the batch that holds it is at the sink: its rows were read from the console sink's text (numRows large, not truncated)
 *   the batch is committed: COMMITS_FOLDER/<batch> was renamed into place, seen by inotify
 * map's rows are | sequence | key |; count's are | key | count |, update mode: the count says which events of the key are in. Prints one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_MAX = 1 << 20, KEY_MAX = 4096 };

static int counting, keys;
static long rate, events;
static double warmup_s, seconds;
static int64_t *stamp;                 /* when event i was sent, ns */
static int64_t *key_events[KEY_MAX];   /* the events of a key, in order */
static long key_sent[KEY_MAX], key_seen[KEY_MAX];
static int32_t *batch_of;              /* -1: not at the sink yet */
static int64_t shown[BATCH_MAX], committed[BATCH_MAX];
static _Atomic long done, late;
static const char *folder;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *watch_commits(void *unused)
{
    (void)unused;
    static char buffer[65536] __attribute__((aligned(16)));
    int fd = inotify_init1(IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, folder, IN_MOVED_TO) < 0)
        die(folder);
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        int64_t t = now();
        for (char *p = buffer; p < buffer + n;) {
            struct inotify_event *e = (struct inotify_event *)(void *)p;
            char *end;
            long batch = strtol(e->len ? e->name : "", &end, 10);
            if (e->len && e->name[0] != '.' && *end == '\0' && batch >= 0 && batch < BATCH_MAX)
                committed[batch] = t;
            p += sizeof *e + e->len;
        }
    }
    return NULL;
}

/* One row of a table: two cells. */
static void take_row(char *line, int batch)
{
    char *save, *first = strtok_r(line + 1, "|", &save), *second = strtok_r(NULL, "|", &save);
    if (!first || !second)
        return;
    if (!counting) {
        char *end;
        long i = strtol(first, &end, 10);
        if (end == first || i < 0 || i >= events || batch_of[i] >= 0)
            return;
        batch_of[i] = batch;
        done++;
        return;
    }
    long count = strtol(second, NULL, 10);
    first += strspn(first, " ");
    if (*first != 'k' || count <= 0)
        return;
    int key = atoi(first + 1);
    if (key < 0 || key >= keys)
        return;
    for (; key_seen[key] < count && key_seen[key] < key_sent[key]; key_seen[key]++, done++)
        batch_of[key_events[key][key_seen[key]]] = batch;
}

static void *read_console(void *unused)
{
    (void)unused;
    char *line = NULL;
    size_t cap = 0;
    int batch = -1;
    while (getline(&line, &cap, stdin) > 0) {
        int b;
        if (sscanf(line, "Batch: %d", &b) == 1)
            batch = b;
        if (batch < 0 || batch >= BATCH_MAX)
            continue;
        if (line[0] == '|')
            take_row(line, batch);
        shown[batch] = now();
    }
    return NULL;
}

static void send_all(int fd)
{
    char text[64];
    int64_t start = now(), interval = 1000000000 / rate;
    for (long i = 0; i < events; i++) {
        int64_t due = start + i * interval, t;
        struct timespec at = { due / 1000000000, due % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        int key = (int)((uint64_t)i * 2654435761u % (uint64_t)keys);
        int n = snprintf(text, sizeof text, "%ld k%d\n", i, key);
        stamp[i] = t = now();
        if (t - due > 5000000)
            late++;
        key_events[key][key_sent[key]] = i;
        __atomic_store_n(&key_sent[key], key_sent[key] + 1, __ATOMIC_RELEASE);
        if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
            die("the reader went away");
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(void)
{
    double *ms = malloc(sizeof *ms * (size_t)events);
    long n = 0, missing = 0, batches = 0, first = (long)(warmup_s * (double)rate);
    for (int b = 0; b < BATCH_MAX; b++)
        batches += committed[b] != 0;
    for (long i = first; i < events; i++) {
        int b = batch_of[i];
        if (b < 0 || !committed[b]) {
            missing++;
            continue;
        }
        int64_t end = shown[b] > committed[b] ? shown[b] : committed[b];
        ms[n++] = (double)(end - stamp[i]) / 1e6;
    }
    qsort(ms, (size_t)n, sizeof *ms, by_value);
#define P(q) (n ? ms[(long)((double)(n - 1) * (q))] : -1.0)
    printf("{\"samples\":%ld,\"missing\":%ld,\"sent_late\":%ld,\"batches\":%ld,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f}\n", n, missing, (long)late, batches, P(.5), P(.9), P(.99), P(.999), P(1));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return fputs("usage: latency map|count RATE WARMUP_S SECONDS KEYS COMMITS_FOLDER\n", stderr), 2;
    counting = strcmp(argv[1], "count") == 0;
    rate = atol(argv[2]);
    warmup_s = atof(argv[3]);
    seconds = atof(argv[4]);
    keys = atoi(argv[5]);
    folder = argv[6];
    events = (long)((warmup_s + seconds) * (double)rate);
    if (rate <= 0 || keys <= 0 || keys > KEY_MAX || events <= 0)
        return 2;
    stamp = calloc((size_t)events, sizeof *stamp);
    batch_of = malloc((size_t)events * sizeof *batch_of);
    memset(batch_of, 0xff, (size_t)events * sizeof *batch_of);
    for (int k = 0; k < keys; k++)
        key_events[k] = malloc(sizeof(int64_t) * (size_t)events);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, len) || listen(listener, 4) ||
        getsockname(listener, (struct sockaddr *)&a, &len))
        die("socket");
    printf("port %d\n", ntohs(a.sin_port));
    fflush(stdout);
    pthread_t watcher, reader;
    pthread_create(&watcher, NULL, watch_commits, NULL);
    pthread_create(&reader, NULL, read_console, NULL);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        die("accept");
    send_all(fd);
    for (int i = 0; i < 3000 && done < events; i++)      /* 30 s for what is still on its way */
        usleep(10000);
    usleep(500000);
    report();
    return 0;
}
