/* fuzz_checkpoint.c -- any bytes as a checkpoint's files: read or refused, never more.
 *
 * LINK: checkpoint state
 * The first byte says which file: offsets, commits, the logs of a file source and of a file sink, metadata, a URI, a state schema. */
#include "checkpoint/checkpoint.h"
#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void as_file(sp_world *w, const char *path, sp_str text)
{
    sp_error err = { 0 };
    sp_file_write_atomic(w, path, text, true, SP_DURABLE_RENAME, NULL, &err);
}

static void logs(sp_world *w, sp_arena *a, sp_str text, bool compact)
{
    sp_error err = { 0 };
    sp_file_entry *entries;
    sp_sink_file *files;
    int count;
    sp_dir_make(w, "/l", &err);
    as_file(w, compact ? "/l/0.compact" : "/l/0", text);
    sp_file_log_all(w, "/l", a, &entries, &count, &err);
    sp_error_reset(&err);
    sp_file_log_range(w, "/l", -1, 0, a, &entries, &count, &err);
    sp_error_reset(&err);
    sp_sink_log_all(w, "/l", a, &files, &count, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    sp_str text = { (const char *)data + 1, n - 1 };
    sp_arena *a = sp_arena_new("fuzz", 0);
    sp_world *w = sp_world_sim_new(1);
    sp_error err = { 0 };
    sp_offset_entry e = { 0 };
    int64_t ms;
    char id[37];
    sp_str path;
    switch (data[0] % 7) {
    case 0:
        if (sp_offset_entry_read(a, text, "offsets/0", &e, &err) == SP_OK) {
            sp_buf again = { 0 };
            sp_offset_entry_write(&again, &e);
            sp_buf_done(&again);
        }
        sp_props_done(&e.conf);
        break;
    case 1:
        sp_commit_entry_read(a, text, "commits/0", &ms, &err);
        break;
    case 2: case 3:
        logs(w, a, text, data[0] % 7 == 3);
        break;
    case 4:
        sp_dir_make(w, "/ck", &err);
        as_file(w, "/ck/metadata", text);
        sp_checkpoint_id(w, "/ck", SP_DURABLE_RENAME, id, &err);
        break;
    case 5:
        sp_path_from_uri(a, text, &path, &err);
        break;
    default: {
        const sp_type *row = sp_type_struct(a, &(sp_field){ SP_LIT("k"), sp_type_of(SP_STRING), true, { 0 } }, 1, &err);
        sp_state_spec spec = { .world = w, .arena = a, .dir = "/s", .name = "default", .key_schema = row, .value_schema = row };
        sp_dir_make(w, "/s/_metadata", &err);
        as_file(w, "/s/_metadata/schema", text);
        sp_state_schema_guard(&spec, &err);
    }
    }
    sp_arena_free(a);
    sp_world_sim_free(w);
    return 0;
}
