/* static_input.c -- the rows of a table or of files that a streaming plan joins with: read anew for each batch. */
#include "stream/stream_int.h"

sp_status sp_stream_static_input(sp_query *q, const sp_scan *scan, sp_arena *a, sp_input **out, sp_error *err)
{
    if (scan->table) {
        sp_batch *batches;
        int count;
        SP_TRY(scan->table_class->snapshot(scan->table, a, &batches, &count, err));
        return sp_input_of_batches(a, batches, count, 1, out, err);
    }
    sp_file_listing files;
    SP_TRY(sp_file_list(q->spec.world, a, scan->paths, scan->path_count, scan->options, scan->schema, &q->conf, &files, err));
    sp_file_input_spec spec = { 0 };
    spec.world = q->spec.world;
    spec.format = scan->file_format;
    spec.files = files.files;
    spec.file_count = files.file_count;
    spec.partition_column_count = scan->partition_count;
    spec.parallelism = q->parallelism;
    spec.whole_files = sp_files_are_whole(scan->options);
    sp_file_input_settings(&spec, &q->conf);
    return sp_input_of_files(a, &spec, out, err);
}
