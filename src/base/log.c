/* log.c -- one line per event to the callback; nothing is written when there is none. */
#include "base/base.h"

#include <stdatomic.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 8192 };   /* a Python traceback fits; longer lines are cut */

static sp_log_writer current_writer;
static void *current_context;
static _Atomic int current_level = SP_LOG_WARN;

void sp_log_set(sp_log_writer writer, void *context)
{
    current_context = context;
    current_writer = writer;
}

void sp_log_set_level(sp_log_level level)
{
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

sp_log_level sp_log_get_level(void)
{
    return (sp_log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

void sp_log(sp_log_level level, const char *format, ...)
{
    if ((int)level > (int)sp_log_get_level() || !current_writer)
        return;
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    current_writer(current_context, level, line);
}
