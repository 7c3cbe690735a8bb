/* cli.h -- the command line: its commands, and what main.c hands them.
 *
 * Only main.c knows the doors (connect/, web/ ...); a command that opens one gets it as a struct of functions. A command takes the arguments after
 * its name (argv[0] is the name) and gives the process's exit code: 0 fine, 1 it failed (one line said why), 2 it was called wrongly. */
#ifndef SP_CLI_H
#define SP_CLI_H

#include "session/session.h"

#define SPATE_VERSION "0.1.0"

/* A door that serves clients. */
typedef struct sp_cli_listen {
    const char *host;                  /* NULL: 127.0.0.1 */
    int port;
    const char *token, *tls_cert, *tls_key;   /* NULL: none */
    bool insecure;
} sp_cli_listen;
typedef struct sp_cli_door {
    sp_status (*open)(sp_runtime *r, const sp_cli_listen *o, void **out, sp_error *err);
    const char *(*address)(void *door);                  /* "HOST:PORT" */
    void (*drain)(void *door, int64_t timeout_us);
    void (*close)(void *door);
} sp_cli_door;

typedef struct sp_cli_command {
    const char *name, *usage, *help;   /* usage: what comes after the name */
    int (*run)(const sp_cli_door *door, int argc, char **argv);
} sp_cli_command;

int sp_cli_server(const sp_cli_door *door, int argc, char **argv);
int sp_cli_submit(const sp_cli_door *door, int argc, char **argv);
int sp_cli_version(const sp_cli_door *door, int argc, char **argv);

/* ---- what commands share (options.c) ---- */

typedef struct sp_cli_option {
    const char *name;                  /* "--port" */
    const char *value;                 /* what its argument is called, NULL: a flag */
    const char *help;
} sp_cli_option;
/* Options of a command in argv order. The next one: *index into the table and *value (NULL for a flag), or -1 and the plain argument in *value; 0 when
 * there are no more; 2 when it is wrong, after one line with a suggestion on stderr. State is in *at, which begins at 1. "--a=b" and "--a b" are
 * the same. */
int sp_cli_next(const char *command, const sp_cli_option *table, int argc, char **argv, int *at, int *index, const char **value);
/* The nearest of the names, NULL when none is near. */
const char *sp_cli_nearest(const char *word, const char *const *names, int count);
void sp_cli_print_options(const sp_cli_option *table);
/* "spate: <message>" on stderr. */
void sp_cli_error(const sp_error *err);
void sp_cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* k=v into props; false after a line on stderr. */
bool sp_cli_conf(sp_props *props, const char *text);

#endif
