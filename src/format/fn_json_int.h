/* fn_json_int.h -- what the files of the JSON functions share. */
#ifndef SP_FORMAT_FN_JSON_INT_H
#define SP_FORMAT_FN_JSON_INT_H

#include "format/json_int.h"

static inline sp_str sp_json_arg(const sp_kernel *k, int i, uint32_t row)
{
    return sp_view_str((const sp_view *)k->args[i]->data + SP_AT(k->args[i], row));
}
/* The text as the row's result, copied into the batch arena; clears text. */
sp_status sp_json_put_text(sp_kernel *k, uint32_t row, sp_buf *text, sp_error *err);

sp_status sp_json_bind_path(sp_bind *b, sp_error *err);
sp_status sp_json_kernel_path(sp_kernel *k, sp_error *err);
sp_status sp_json_bind_tuple(sp_bind *b, sp_error *err);
sp_status sp_json_kernel_tuple(sp_kernel *k, sp_error *err);
sp_status sp_json_bind_length(sp_bind *b, sp_error *err);
sp_status sp_json_kernel_length(sp_kernel *k, sp_error *err);
sp_status sp_json_bind_keys(sp_bind *b, sp_error *err);
sp_status sp_json_kernel_keys(sp_kernel *k, sp_error *err);

#endif
