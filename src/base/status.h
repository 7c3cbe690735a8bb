/* status.h -- how a function says that it failed: sp_status is returned, sp_error (caller-owned, last argument) says why.
 *
 * Conditions are Spark's (error-conditions.json): name, SQLSTATE, message template with <parameters>; one row each in
 * conditions.def. Filling an error never allocates unless err->arena is set and the text outgrows the inline space. */
#ifndef SP_BASE_STATUS_H
#define SP_BASE_STATUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sp_status {
    SP_OK = 0,      /* went well */
    SP_FAILED = 1,  /* err is filled */
    SP_MORE = 2,    /* pull-like calls: a batch came, ask again */
    SP_DONE = 3     /* pull-like calls: nothing left */
} sp_status;

/* Exception classes a Spark client tells apart; each is a chain of Java class names on the wire (connect/errors.c). */
typedef enum sp_exc {
    SP_EXC_ANALYSIS, SP_EXC_PARSE, SP_EXC_ILLEGAL_ARGUMENT, SP_EXC_ARITHMETIC, SP_EXC_NUMBER_FORMAT, SP_EXC_DATETIME,
    SP_EXC_ARRAY_INDEX, SP_EXC_UNSUPPORTED_OPERATION, SP_EXC_RUNTIME, SP_EXC_SPARK, SP_EXC_STREAMING_QUERY,
    SP_EXC_FILE_NOT_FOUND, SP_EXC_ILLEGAL_STATE, SP_EXC_NO_SUCH_ELEMENT, SP_EXC_SECURITY, SP_EXC_UNKNOWN
} sp_exc;

typedef enum sp_condition {
    SP_COND_NONE = 0,
#define CONDITION(ident, name, exc, sqlstate, text) SP_COND_##ident,
#include "base/conditions.def"
#undef CONDITION
    SP_COND_COUNT
} sp_condition;

typedef struct sp_condition_row {
    const char *name;      /* "UNRESOLVED_COLUMN.WITH_SUGGESTION" */
    sp_exc exc;            /* the class Spark throws it under most often */
    const char *sqlstate;  /* five characters, or "" */
    const char *text;      /* template with <parameters> */
} sp_condition_row;

enum { SP_ERROR_PARAMS_MAX = 8, SP_ERROR_TEXT_BYTES = 3072 };

struct sp_arena;

/* Where in the user's program the error sits: Spark's QueryContext. kind 0 = none, 1 = SQL text, 2 = DataFrame call. */
typedef struct sp_query_context {
    int kind;
    const char *object_type, *object_name;
    int start_index, stop_index;  /* SQL: zero-based characters, inclusive */
    const char *fragment;         /* SQL: the piece of text; DataFrame: the method's name */
    const char *call_site;        /* DataFrame: "file:line" */
    const char *summary;          /* the block Spark appends to the message, or NULL */
} sp_query_context;

typedef struct sp_error {
    sp_condition condition;   /* SP_COND_NONE: no error (or a plain message, see plain) */
    sp_exc exc;
    int param_count;
    const char *param_keys[SP_ERROR_PARAMS_MAX];    /* static text */
    const char *param_values[SP_ERROR_PARAMS_MAX];  /* in text[] or in arena */
    const char *plain;        /* a message with no condition of its own ("requirement failed: ..."); in text[] or arena */
    int line, position;       /* 1-based line, 0-based column; line 0 = none. "(line 1, pos 0)" in parse errors, "; line 1 pos 0" in others */
    sp_query_context context; /* pointers live in arena or longer */
    const char *plan;         /* analysis errors: the plan's tree, printed after ";\n"; lives as context's texts do; NULL: none */
    const char *cause_condition; /* STREAM_FAILED: the inner condition's name, or NULL */
    struct sp_arena *arena;   /* long texts go here when set; else they are cut */
    uint32_t text_used;
    char text[SP_ERROR_TEXT_BYTES];
} sp_error;

/* Clears err; keeps its arena. An sp_error on the stack is declared `sp_error err = {0};` */
void sp_error_reset(sp_error *err);

/* Fills err and returns SP_FAILED. Varargs: key, value pairs of const char *, then NULL. err may be NULL. */
sp_status sp_error_set(sp_error *err, sp_condition condition, ...);
/* A message without condition under the given class (Spark's `require`, legacy exceptions). printf form. */
sp_status sp_error_plain(sp_error *err, sp_exc exc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* INTERNAL_ERROR with a printf message: a state that should not be. */
sp_status sp_error_internal(sp_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Out of memory or past a limit: what was being made. Never allocates. */
sp_status sp_error_memory(sp_error *err, const char *what);
/* An operating-system call failed: Spark-like "FAILED_..."-free text "<what> <path>: <strerror>". */
sp_status sp_error_os(sp_error *err, int os_errno, const char *what, const char *path);
/* printf into the error's own text space. Never NULL. Before sp_error_set: only for parameter values (setting moves the texts);
 * for context, plan and cause_condition: after it. */
const char *sp_error_format(sp_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Copies from into to (texts too); to's arena is kept. */
void sp_error_copy(sp_error *to, const sp_error *from);

const sp_condition_row *sp_condition_info(sp_condition condition);
static inline bool sp_error_is_set(const sp_error *err) { return err->condition != SP_COND_NONE || err->plain != NULL; }

struct sp_buf;
/* Appends the message as Spark's getMessage: "[NAME] text SQLSTATE: xxxxx" (+ " (line l, pos p)" for parse errors, +
 * "\n" + context summary); legacy conditions ("_LEGACY...") and plain ones have neither prefix nor SQLSTATE. */
void sp_error_message(const sp_error *err, struct sp_buf *out);

#define SP_FAIL(err, ident, ...) sp_error_set((err), SP_COND_##ident, ##__VA_ARGS__, (char *)NULL)
/* The same under another exception class than the row's. */
#define SP_FAIL_AS(err, exception, ident, ...) \
    (sp_error_set((err), SP_COND_##ident, ##__VA_ARGS__, (char *)NULL), sp_error_set_exc((err), (exception)))
static inline sp_status sp_error_set_exc(sp_error *err, sp_exc exc) { if (err) err->exc = exc; return SP_FAILED; }

#define SP_TRY(call) do { if ((call) == SP_FAILED) return SP_FAILED; } while (0)
/* For functions with a done: label and a local `sp_status status`. */
#define SP_TRY_DONE(call) do { if ((status = (call)) == SP_FAILED) goto done; } while (0)

/* Programmer errors; kept in release builds. */
#define SP_ASSERT(cond) ((cond) ? (void)0 : sp_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void sp_assert_failed(const char *cond, const char *file, int line);

#endif
