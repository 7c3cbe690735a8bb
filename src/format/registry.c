/* registry.c -- all file formats by name; a new one is its file and its line here. */
#include "format/format_int.h"

static const sp_format *const formats[] = {
    &sp_format_csv,
    &sp_format_json,
    &sp_format_text,
};

const sp_format *sp_format_find(sp_str name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (sp_str_eq_nocase(name, sp_str_of(formats[i]->name)))
            return formats[i];
    return NULL;
}

const sp_format *const *sp_format_all(int *count)
{
    *count = (int)(sizeof formats / sizeof *formats);
    return formats;
}
