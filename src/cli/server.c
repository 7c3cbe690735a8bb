/* server.c -- `spate server`: opens the door for clients, says where, and waits for a signal.
 *
 * SIGTERM and SIGINT are blocked in every thread and taken here, so that nothing is ever interrupted half-way: the first drains (streams are stopped,
 * running calls get a moment), the second ends the process at once. */
#include "cli/cli.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DRAIN_US = 2 * 1000 * 1000 };

enum { O_HOST, O_PORT, O_CONF, O_TOKEN, O_INSECURE, O_CERT, O_KEY, O_LOG, O_READY, O_HELP };
static const sp_cli_option options[] = {
    [O_HOST] = { "--host", "ADDRESS", "address to listen on (127.0.0.1); another one needs a token or --insecure" },
    [O_PORT] = { "--port", "N", "port (15002); 0: any free one, printed when the server accepts" },
    [O_CONF] = { "--conf", "KEY=VALUE", "a setting every session starts with; may be said often" },
    [O_TOKEN] = { "--token", "TEXT", "what clients must bring: sc://HOST:PORT/;token=TEXT (SPARK_CONNECT_AUTHENTICATE_TOKEN)" },
    [O_INSECURE] = { "--insecure", NULL, "listen on an address of the network without a token: anybody may run code as you" },
    [O_CERT] = { "--tls-cert", "FILE", "certificate chain (PEM); clients then use ;use_ssl=true" },
    [O_KEY] = { "--tls-key", "FILE", "its private key (PEM)" },
    [O_LOG] = { "--log", "LEVEL", "error, warn (the default), info, debug or off; lines go to stderr" },
    [O_READY] = { "--ready-fd", "N", "a descriptor for the line that says where the server listens, in place of stdout" },
    [O_HELP] = { "--help", NULL, "this text" },
    { 0 },
};

typedef struct { sp_cli_listen listen; sp_props conf; int ready_fd; bool help; } settings;

static bool parse_port(const char *text, int *out)
{
    int64_t n;
    if (!sp_str_to_i64(sp_str_of(text), &n) || n < 0 || n > 65535) {
        sp_cli_say("--port takes a number between 0 and 65535, not %s", text);
        return false;
    }
    *out = (int)n;
    return true;
}

static bool parse_level(const char *text)
{
    static const struct { const char *name; sp_log_level level; } levels[] = {
        { "error", SP_LOG_ERROR }, { "warn", SP_LOG_WARN }, { "info", SP_LOG_INFO }, { "debug", SP_LOG_DEBUG }, { "off", SP_LOG_OFF },
    };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (sp_str_eq_nocase(sp_str_of(text), sp_str_of(levels[i].name))) {
            sp_log_set_level(levels[i].level);
            return true;
        }
    sp_cli_say("--log takes error, warn, info, debug or off, not %s", text);
    return false;
}

static bool parse_descriptor(const char *text, int *out)
{
    int64_t n;
    if (!sp_str_to_i64(sp_str_of(text), &n) || n < 0 || n > 65535 || fcntl((int)n, F_SETFD, FD_CLOEXEC) != 0) {
        sp_cli_say("--ready-fd takes the number of an open descriptor, not %s", text);
        return false;
    }
    *out = (int)n;
    return true;
}

static bool set_option(settings *s, int option, const char *value)
{
    switch (option) {
    case O_HOST: s->listen.host = value; return true;
    case O_PORT: return parse_port(value, &s->listen.port);
    case O_CONF: return sp_cli_conf(&s->conf, value);
    case O_TOKEN: s->listen.token = value; return true;
    case O_INSECURE: return s->listen.insecure = true;
    case O_CERT: s->listen.tls_cert = value; return true;
    case O_KEY: s->listen.tls_key = value; return true;
    case O_LOG: return parse_level(value);
    case O_READY: return parse_descriptor(value, &s->ready_fd);
    case O_HELP: return s->help = true;
    default: sp_cli_say("server takes no argument %s; try: spate server --help", value); return false;
    }
}

/* 0, or 2 after a line on stderr. */
static int parse(settings *s, int argc, char **argv)
{
    int at = 1, option, more;
    const char *value;
    s->listen.port = 15002;
    s->ready_fd = STDOUT_FILENO;
    s->listen.token = getenv("SPARK_CONNECT_AUTHENTICATE_TOKEN");
    while ((more = sp_cli_next("server", options, argc, argv, &at, &option, &value)) == 1)
        if (!set_option(s, option, value))
            return 2;
    if (more == 0 && !s->listen.tls_cert != !s->listen.tls_key) {
        sp_cli_say("--tls-cert and --tls-key go together");
        return 2;
    }
    return more;
}

static void print(void *context, const char *text, size_t n)
{
    fwrite(text, 1, n, stdout);
    fflush(stdout);
}

static void write_log(void *context, sp_log_level level, const char *line) { fprintf(stderr, "spate: %s\n", line); }

static void end_at_once(int signal_number) { _exit(128 + signal_number); }

/* Waits for the first signal; from then on a second one ends the process. */
static void wait_for_signal(const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number) != 0)
        continue;
    struct sigaction now = { .sa_handler = end_at_once };
    sigaction(SIGTERM, &now, NULL);
    sigaction(SIGINT, &now, NULL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

static void say_where(int ready_fd, const char *address)
{
    dprintf(ready_fd, "spate: listening on sc://%s\n", address);
    if (ready_fd != STDOUT_FILENO)
        close(ready_fd);
}

static int serve(const sp_cli_door *door, const settings *s, const sigset_t *signals)
{
    sp_error err = { 0 };
    sp_runtime *runtime = NULL;
    void *open = NULL;
    sp_runtime_options o = { .world = sp_world_real(), .conf = &s->conf, .print = print };
    sp_status status = sp_runtime_new(&o, &runtime, &err);
    if (status == SP_OK)
        status = door->open(runtime, &s->listen, &open, &err);
    if (status == SP_OK) {
        say_where(s->ready_fd, door->address(open));
        wait_for_signal(signals);
        door->drain(open, DRAIN_US);
        door->close(open);
    } else {
        sp_cli_error(&err);
    }
    sp_runtime_free(runtime);
    return status == SP_OK ? 0 : 1;
}

int sp_cli_server(const sp_cli_door *door, int argc, char **argv)
{
    settings s = { 0 };
    sigset_t signals;
    int code = parse(&s, argc, argv);
    if (code == 0 && s.help) {
        printf("usage: spate server [option...]\n\nServes Spark Connect: SparkSession.builder.remote(\"sc://HOST:PORT\").\n\n");
        sp_cli_print_options(options);
    } else if (code == 0) {
        sp_log_set(write_log, NULL);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN);       /* a file too large is an error of the write, as a full disk is */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        code = serve(door, &s, &signals);
    }
    sp_props_done(&s.conf);
    return code;
}

int sp_cli_version(const sp_cli_door *door, int argc, char **argv)
{
    printf("spate %s (answers as Apache Spark %s)\n", SPATE_VERSION, SP_SPARK_VERSION);
    return 0;
}
