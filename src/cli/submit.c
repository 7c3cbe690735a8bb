/* submit.c -- `spate submit`: runs a program written for classic PySpark on a private server.
 *
 *   read the options, as spark-submit takes them
 *   start the server (this binary, `server --port 0`, a random token in its environment) and, at the same time, Python with
 *   python/spate_submit.py, whose text is part of this binary; it waits for the address only when the program wants a session
 *   pass signals on to the program; when it ends, SIGTERM lets the server drain; the exit code is the program's
 *
 * The server writes its console sink to our standard output itself, so that its text and the program's keep their order. It has a process group of
 * its own, so that Ctrl-C reaches the program alone; both children get a SIGTERM when this process dies, whatever it dies of.
 * Options: org.apache.spark.deploy.SparkSubmitArguments (Spark 4.3). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

enum { DRAIN_MS = 30000, KILL_MS = 3000, EXIT_USAGE = 2 };

static const char launcher[] = {
#include "spate_submit.inc"
};

typedef struct submit {
    sp_world *world;
    const char **server_args, **python_args;   /* with room for all of argv and ours */
    int server_arg_count, python_arg_count;
    const char *app, *remote;                  /* remote: a server of somebody else; NULL: our own */
    const char *name;
    sp_buf unused;                             /* options without effect, as given */
    char token[65];
    pid_t server, python;
    int server_status, python_status;
    int ready, address;                        /* pipes: the server's first line comes in, the address goes out to Python */
    char line[256];
    size_t line_len;
    bool ended;                                /* Python is over: the server is draining */
} submit;

/* ---- options ---- */

typedef enum { MASTER, NAME, PAIR, PROPERTIES, TO_LAUNCHER, QUIET, UNUSED } option_kind;
#define NONE "without effect here"
static const sp_cli_option options[] = {
    { "--master", "URL", "local, local[N], local[*]: N workers; sc://host:port: a Spark Connect server" },
    { "--name", "NAME", "the application's name (spark.app.name)" },
    { "--conf", "KEY=VALUE", "a setting; may be said often" },
    { "-c", "KEY=VALUE", "the same" },
    { "--properties-file", "FILE", "settings, one a line" },
    { "--py-files", "FILES", "modules, .zip and .egg files for the program to import, commas between" },
    { "--files", "FILES", "files that SparkFiles.get finds, commas between" },
    { "--verbose", NULL, "accepted" },
    { "--help", NULL, "this text" },
    { "--packages", "LIST", NONE }, { "--jars", "LIST", NONE }, { "--driver-memory", "MEM", NONE },
    { "--executor-memory", "MEM", NONE }, { "--archives", "LIST", NONE }, { "--deploy-mode", "MODE", NONE },
    { "--class", "NAME", NONE }, { "--repositories", "LIST", NONE }, { "--exclude-packages", "LIST", NONE },
    { "--driver-java-options", "TEXT", NONE }, { "--driver-library-path", "PATH", NONE },
    { "--driver-class-path", "PATH", NONE }, { "--driver-cores", "N", NONE }, { "--executor-cores", "N", NONE },
    { "--num-executors", "N", NONE }, { "--total-executor-cores", "N", NONE }, { "--queue", "NAME", NONE },
    { "--proxy-user", "NAME", NONE }, { "--principal", "NAME", NONE }, { "--keytab", "FILE", NONE },
    { "--supervise", NULL, NONE },
    { 0 },
};
enum { O_VERBOSE = 7, O_HELP = 8, O_UNUSED = 9 };
static const option_kind kinds[O_UNUSED] = { MASTER, NAME, PAIR, PAIR, PROPERTIES, TO_LAUNCHER, TO_LAUNCHER, QUIET, QUIET };

static void print_usage(void)
{
    printf("usage: spate submit [option...] APP.py [argument...]\n\n"
           "Runs a program written for PySpark, as it stands, on a private server.\n"
           "The Python is PYSPARK_PYTHON, else VIRTUAL_ENV's, else python3.\n\n");
    sp_cli_print_options(options);
}

static int no_memory(void)
{
    sp_cli_say("out of memory");
    return 1;
}

/* A setting goes to the server, as a default of its sessions, and to SparkConf in the program. */
static void add_conf(submit *s, const char *pair)
{
    s->server_args[s->server_arg_count++] = "--conf";
    s->server_args[s->server_arg_count++] = pair;
    s->python_args[s->python_arg_count++] = "--conf";
    s->python_args[s->python_arg_count++] = pair;
}

static int set_master(submit *s, sp_arena *a, const char *value)
{
    sp_error err;
    if (strncmp(value, "sc://", 5) == 0) {
        s->remote = value;
        return 0;
    }
    if (strncmp(value, "local", 5) != 0)
        sp_buf_printf(&s->unused, " --master %s", value);
    const char *pair = sp_arena_printf(a, &err, "spark.master=%s", value);
    if (!pair)
        return no_memory();
    add_conf(s, pair);
    return 0;
}

/* Lines "key value" or "key=value"; # opens a comment (java.util.Properties as Spark's own files use it). */
static int read_properties(submit *s, sp_arena *a, const char *path)
{
    sp_error err;
    char line[4096];
    FILE *f = fopen(path, "re"); /* world */
    if (!f) {
        sp_cli_say("cannot read %s: %s", path, strerror(errno));
        return 1;
    }
    for (int room = 200; room > 0 && fgets(line, sizeof line, f);) {
        char *key = line + strspn(line, " \t");
        size_t n = strcspn(key, "= \t\r\n"), end = strlen(key);
        if (n == 0 || *key == '#' || *key == '!')
            continue;
        while (end > n && strchr(" \t\r\n", key[end - 1]))
            key[--end] = '\0';
        char *value = key + n + strspn(key + n, "= \t");
        const char *pair = sp_arena_printf(a, &err, "%.*s=%s", (int)n, key, value);
        if (pair)
            add_conf(s, pair);
        room--;
    }
    fclose(f);
    return 0;
}

/* 0 or an exit code. */
static int apply(submit *s, sp_arena *a, int option, const char *value)
{
    switch (option >= O_UNUSED ? UNUSED : kinds[option]) {
    case MASTER: return set_master(s, a, value);
    case NAME: s->name = value; return 0;
    case PAIR:
        if (!strchr(value, '=') || *value == '=') {
            sp_cli_say("--conf takes KEY=VALUE, not %s", value);
            return EXIT_USAGE;
        }
        add_conf(s, value);
        return 0;
    case PROPERTIES: return read_properties(s, a, value);
    case TO_LAUNCHER:
        s->python_args[s->python_arg_count++] = options[option].name;
        s->python_args[s->python_arg_count++] = value;
        return 0;
    case UNUSED:
        if (!strstr(sp_buf_cstr(&s->unused), options[option].name))
            sp_buf_printf(&s->unused, " %s", options[option].name);
        return 0;
    case QUIET: return 0;
    }
    return 0;
}

/* Reads the options up to the program, whose index *at becomes. 0 or an exit code; -1: help was asked for. */
static int read_options(submit *s, sp_arena *a, int argc, char **argv, int *at)
{
    int option, code;
    const char *value;
    for (*at = 1; *at < argc && argv[*at][0] == '-' && argv[*at][1];) {
        if (strcmp(argv[*at], "--") == 0) {
            ++*at;
            return 0;
        }
        if ((code = sp_cli_next("submit", options, argc, argv, at, &option, &value)) != 1)
            return code;
        if (option == O_HELP)
            return -1;
        if ((code = apply(s, a, option, value)))
            return code;
    }
    return 0;
}

static int check_program(submit *s)
{
    if (strncmp(s->app, "file:", 5) == 0)
        s->app += strncmp(s->app, "file://", 7) == 0 ? 7 : 5;
    if (sp_str_ends(sp_str_of(s->app), ".jar")) {
        sp_cli_say("%s is a program for the JVM; Spate runs Python programs", s->app);
        return EXIT_USAGE;
    }
    if (access(s->app, R_OK) == 0)
        return 0;
    sp_cli_say("cannot read %s: %s", s->app, strerror(errno));
    return EXIT_USAGE;
}

/* ---- children ---- */

/* In the child: signals as a program expects them; a SIGTERM when the parent is gone, also when it went just now. */
static void settle_child(pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
}

static void exec_server(submit *s, pid_t parent, int ready)
{
    char number[16];
    settle_child(parent);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        dup2(null, 0);
    fcntl(ready, F_SETFD, 0);
    snprintf(number, sizeof number, "%d", ready);
    setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", s->token, 1);
    s->server_args[s->server_arg_count++] = "--ready-fd";
    s->server_args[s->server_arg_count++] = number;
    s->server_args[s->server_arg_count] = NULL;
    execv("/proc/self/exe", (char **)s->server_args);
    sp_cli_say("cannot start the server: %s", strerror(errno));
    _exit(127);
}

/* The launcher's text as a file that Python can open: python /dev/fd/N. A high number, which no traceback mistakes for
 * another file of the program. */
static int open_launcher(void)
{
    int low = memfd_create("spate_submit.py", MFD_CLOEXEC);
    if (low < 0 || write(low, launcher, sizeof launcher) != (ssize_t)sizeof launcher)
        return -1;
    int high = fcntl(low, F_DUPFD, 200);
    close(low);
    return high;
}

static void exec_python(submit *s, pid_t parent, int address)
{
    char number[16], script[32];
    const char *python = getenv("PYSPARK_PYTHON"), *venv = getenv("VIRTUAL_ENV");
    char in_venv[4096];
    settle_child(parent);
    if ((!python || !*python) && venv && *venv &&
        snprintf(in_venv, sizeof in_venv, "%s/bin/python", venv) < (int)sizeof in_venv && access(in_venv, X_OK) == 0)
        python = in_venv;
    if (!python || !*python)
        python = "python3";
    int file = open_launcher();
    if (file < 0) {
        sp_cli_say("cannot keep the launcher in memory: %s", strerror(errno));
        _exit(127);
    }
    snprintf(script, sizeof script, "/dev/fd/%d", file);
    s->python_args[0] = python;
    s->python_args[1] = script;
    unsetenv("SPATE_SUBMIT_FD");
    if (s->remote) {
        setenv("SPARK_REMOTE", s->remote, 1);
    } else {
        fcntl(address, F_SETFD, 0);
        snprintf(number, sizeof number, "%d", address);
        setenv("SPATE_SUBMIT_FD", number, 1);
        unsetenv("SPARK_CONNECT_AUTHENTICATE_TOKEN");
    }
    execvp(python, (char **)s->python_args);
    sp_cli_say("cannot run %s: %s", python, strerror(errno));
    _exit(127);
}

static void make_token(submit *s)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[32];
    sp_random_bytes(s->world, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        s->token[2 * i] = hex[bytes[i] >> 4];
        s->token[2 * i + 1] = hex[bytes[i] & 15];
    }
}

static bool start(submit *s)
{
    pid_t parent = getpid();
    int ready[2] = { -1, -1 }, address[2] = { -1, -1 };
    if (!s->remote) {
        if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(address, O_CLOEXEC) != 0)
            return false;
        s->server = fork();
        if (s->server == 0)
            exec_server(s, parent, ready[1]);
        if (s->server < 0)
            return false;
        close(ready[1]);
        s->ready = ready[0];
        s->address = address[1];
    }
    s->python = fork();
    if (s->python == 0)
        exec_python(s, parent, address[0]);
    if (address[0] >= 0)
        close(address[0]);
    return s->python > 0;
}

/* ---- while they run ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The server's line has come, in whole or in part: "spate: listening on sc://HOST:PORT". The client speaks plain text with a token only to "localhost". */
static void read_ready(submit *s)
{
    ssize_t n = read(s->ready, s->line + s->line_len, sizeof s->line - 1 - s->line_len);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        close_fd(&s->ready);
        close_fd(&s->address);
        return;
    }
    s->line_len += (size_t)n;
    s->line[s->line_len] = '\0';
    char *end = strchr(s->line, '\n'), *port;
    if (!end && s->line_len < sizeof s->line - 1)
        return;
    if (end)
        *end = '\0';
    if ((port = strrchr(s->line, ':'))) {
        char url[160];
        int len = snprintf(url, sizeof url, "sc://localhost:%.8s/;token=%s\n", port + 1, s->token);
        if (write(s->address, url, (size_t)len) < 0 && errno != EPIPE)
            sp_cli_say("the server's address: %s", strerror(errno));
    }
    close_fd(&s->ready);
    close_fd(&s->address);
}

/* "exit code 1", "signal 11" */
static const char *status_text(int status, char text[40])
{
    if (WIFSIGNALED(status))
        snprintf(text, 40, "signal %d", WTERMSIG(status));
    else
        snprintf(text, 40, "exit code %d", WEXITSTATUS(status));
    return text;
}

static void reap(submit *s, int *timeout_ms)
{
    char text[40];
    int status;
    if (s->python > 0 && waitpid(s->python, &status, WNOHANG) == s->python) {
        s->python = 0;
        s->python_status = status;
        s->ended = true;
        if (s->server > 0)
            kill(s->server, SIGTERM);
        *timeout_ms = DRAIN_MS;
    }
    if (s->server > 0 && waitpid(s->server, &status, WNOHANG) == s->server) {
        bool started = s->line_len > 0;
        s->server = 0;
        if (s->ended && (status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)))
            return;                      /* by SIGTERM itself: asked to end before it had begun */
        s->server_status = status ? status : 1 << 8;
        sp_cli_say("the server %s (%s)", s->ended ? "did not end well" : started ?
                "ended while the program was running" : "did not start", status_text(status, text));
        if (s->python > 0 && started) {
            kill(s->python, SIGTERM);
            *timeout_ms = KILL_MS;
        }
    }
}

/* A signal from the terminal has reached the program too; one sent to us alone has not. */
static void pass_on(submit *s, const struct signalfd_siginfo *signal_info)
{
    int number = (int)signal_info->ssi_signo;
    if (s->python > 0) {
        if (signal_info->ssi_code != SI_KERNEL)
            kill(s->python, number);
    } else if (s->server > 0) {
        kill(s->server, SIGKILL);        /* asked a second time, while draining */
    }
}

static void late(submit *s)
{
    if (s->python > 0) {
        kill(s->python, SIGKILL);
    } else if (s->server > 0) {
        sp_cli_say("the server has not drained in %d s", DRAIN_MS / 1000);
        kill(s->server, SIGKILL);
    }
}

static void supervise(submit *s, int signals)
{
    struct signalfd_siginfo signal_info;
    int timeout_ms = -1;
    while (s->python > 0 || s->server > 0) {
        struct pollfd fds[2] = { { signals, POLLIN, 0 }, { s->ready, POLLIN, 0 } };
        int n = poll(fds, 2, timeout_ms);
        if (n == 0) {
            late(s);
            timeout_ms = -1;
        }
        if (n > 0 && fds[1].revents)
            read_ready(s);
        if (n > 0 && fds[0].revents && read(signals, &signal_info, sizeof signal_info) == (ssize_t)sizeof signal_info) {
            if (signal_info.ssi_signo == SIGCHLD)
                reap(s, &timeout_ms);
            else
                pass_on(s, &signal_info);
        }
    }
}

static int exit_code(const submit *s)
{
    int code = WIFSIGNALED(s->python_status) ? 128 + WTERMSIG(s->python_status) : WEXITSTATUS(s->python_status);
    return s->server_status && (code == 0 || code == 128 + SIGTERM) ? 1 : code;
}

static int run(submit *s)
{
    sigset_t set;
    sigemptyset(&set);
    static const int blocked[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
    for (size_t i = 0; i < sizeof blocked / sizeof blocked[0]; i++)
        sigaddset(&set, blocked[i]);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (signals < 0 || !start(s)) {
        sp_cli_say("cannot start: %s", strerror(errno));
        if (s->server > 0)
            kill(s->server, SIGKILL);
        return 1;
    }
    supervise(s, signals);
    close(signals);
    return exit_code(s);
}

static int prepare_and_run(submit *s, sp_arena *a, int argc, char **argv)
{
    sp_error err;
    int next = 0;
    size_t room = sizeof(char *) * (2 * (size_t)argc + 512);
    s->server_args = sp_arena_calloc(a, room, &err);
    s->python_args = sp_arena_calloc(a, room, &err);
    if (!s->server_args || !s->python_args)
        return no_memory();
    static const char *const server_start[] = { "spate", "server", "--port", "0" };
    for (int i = 0; i < 4; i++)
        s->server_args[s->server_arg_count++] = server_start[i];
    s->python_arg_count = 2;
    int code = read_options(s, a, argc, argv, &next);
    if (code == -1)
        print_usage();
    if (code)
        return code == -1 ? 0 : code;
    if (next >= argc) {
        sp_cli_say("submit needs a program: spate submit APP.py; try: spate submit --help");
        return EXIT_USAGE;
    }
    s->app = argv[next];
    if ((code = check_program(s)))
        return code;
    const char *slash = strrchr(s->app, '/'), *remote = getenv("SPARK_REMOTE");
    const char *name = sp_arena_printf(a, &err, "spark.app.name=%s", s->name ? s->name : slash ? slash + 1 : s->app);
    if (!name)
        return no_memory();
    add_conf(s, name);
    if (!s->remote && remote && *remote)
        s->remote = remote;
    s->python_args[s->python_arg_count++] = "--";
    s->python_args[s->python_arg_count++] = s->app;
    for (int i = next + 1; i < argc; i++)
        s->python_args[s->python_arg_count++] = argv[i];
    if (s->unused.len)
        sp_cli_say("without effect here:%s", sp_buf_cstr(&s->unused));
    make_token(s);
    return run(s);
}

int sp_cli_submit(const sp_cli_door *door, int argc, char **argv)
{
    submit s = { .world = sp_world_real(), .ready = -1, .address = -1 };
    sp_arena *a = sp_arena_new("submit", 0);
    if (!a)
        return no_memory();
    int code = prepare_and_run(&s, a, argc, argv);
    sp_buf_done(&s.unused);
    sp_arena_free(a);
    return code;
}
