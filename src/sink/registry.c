/* registry.c -- the sinks there are: one line each. */
#include "sink/sink_int.h"

static const sp_sink_class *const sinks[] = {
    &sp_sink_console, &sp_sink_memory, &sp_sink_noop, &sp_sink_json, &sp_sink_csv, &sp_sink_text,
};

const sp_sink_class *sp_sink_find(sp_str name)
{
    for (size_t i = 0; i < sizeof sinks / sizeof sinks[0]; i++)
        if (sp_str_eq_nocase(name, sp_str_of(sinks[i]->name)))
            return sinks[i];
    return NULL;
}
