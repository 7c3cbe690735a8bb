/* state_int.h -- shared by the files of this folder. */
#ifndef SP_STATE_INT_H
#define SP_STATE_INT_H

#include "state/state.h"

size_t sp_unsafe_element_size(const sp_type *t);
bool sp_unsafe_is_variable(const sp_type *t);       /* its word is offset << 32 | size */

/* ---- block.c: the compressed stream around a state file ---- */
/* Appends `plain` as one whole stream of the codec: "lz4" (lz4-java blocks of 32 KB) or "zstd". */
sp_status sp_state_pack(const char *codec, sp_str plain, sp_buf *out, sp_error *err);
/* The plain bytes in a; path names the file in errors. */
sp_status sp_state_unpack(const char *codec, sp_str packed, const char *path, sp_arena *a, sp_str *out, sp_error *err);
bool sp_state_codec_known(const char *codec);

extern const sp_state_provider sp_state_hdfs;

#endif
