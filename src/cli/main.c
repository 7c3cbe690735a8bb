/* main.c -- the executable: the table of commands, and the only place where the doors meet. */
#include "cli/cli.h"
#include "connect/connect.h"
#include <stdio.h>

/* ---- Spark Connect as a door ---- */

static sp_status connect_open(sp_runtime *r, const sp_cli_listen *o, void **out, sp_error *err)
{
    sp_connect_options c = {
        .runtime = r, .host = o->host, .port = o->port, .token = o->token, .tls_cert = o->tls_cert, .tls_key = o->tls_key, .insecure = o->insecure,
    };
    sp_connect *door;
    SP_TRY(sp_connect_open(&c, &door, err));
    *out = door;
    return SP_OK;
}

static const char *connect_address(void *door) { return sp_connect_address(door); }
static void connect_drain(void *door, int64_t timeout_us) { sp_connect_drain(door, timeout_us); }
static void connect_close(void *door) { sp_connect_close(door); }

static const sp_cli_door connect_door = { connect_open, connect_address, connect_drain, connect_close };

/* ---- commands ---- */

static int help(const sp_cli_door *door, int argc, char **argv);

static const sp_cli_command commands[] = {
    { "server", "[--host ADDRESS] [--port N] [--conf KEY=VALUE]...", "serve Spark's clients", sp_cli_server },
    { "submit", "[option...] PROGRAM.py [argument...]", "run a program written for PySpark, as it stands", sp_cli_submit },
    { "version", "", "print the version", sp_cli_version },
    { "help", "", "print this text", help },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int help(const sp_cli_door *door, int argc, char **argv)
{
    printf("usage: spate COMMAND [option...]\n\nApache Spark's streaming system as one native process.\n\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %-52s %s\n", commands[i].name, commands[i].usage, commands[i].help);
    printf("\n`spate COMMAND --help` tells more.\n");
    return 0;
}

static int unknown(const char *word)
{
    const char *names[COMMANDS];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = sp_cli_nearest(word, names, COMMANDS);
    if (near)
        sp_cli_say("there is no command %s; did you mean %s?", word, near);
    else
        sp_cli_say("there is no command %s; try: spate --help", word);
    return 2;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (argc < 2) {
        sp_cli_say("what to do? try: spate --help");
        return 2;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, word) == 0)
            return commands[i].run(&connect_door, argc - 1, argv + 1);
    return unknown(word);
}
