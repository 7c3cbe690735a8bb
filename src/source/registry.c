/* registry.c -- the streaming sources there are: one line each. */
#include "source/source_int.h"

static const sp_source_class *const sources[] = {
    &sp_source_socket, &sp_source_rate, &sp_source_rate_micro_batch, &sp_source_text, &sp_source_csv, &sp_source_json,
};

const sp_source_class *sp_source_find(sp_str name)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (sp_str_eq_nocase(name, sp_str_of(sources[i]->name)))
            return sources[i];
    return NULL;
}
