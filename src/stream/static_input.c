/* static_input.c -- the rows of a scan that is no stream: a table's or files', as they are now. For batch plans and for what a stream joins with. */
#include "stream/stream_int.h"

sp_status sp_scan_input(sp_world *w, int parallelism, const sp_scan *scan, const sp_expr_conf *conf, sp_arena *a, sp_input **out, sp_error *err)
{
    if (scan->table) {
        sp_batch *batches;
        int count;
        SP_TRY(scan->table_class->snapshot(scan->table, a, &batches, &count, err));
        return sp_input_of_batches(a, batches, count, 1, out, err);
    }
    sp_file_listing files;
    SP_TRY(sp_file_list(w, a, scan->paths, scan->path_count, scan->options, scan->schema, conf, &files, err));
    sp_file_input_spec spec = { 0 };
    spec.world = w;
    spec.format = scan->file_format;
    spec.files = files.files;
    spec.file_count = files.file_count;
    spec.partition_column_count = scan->partition_count;
    spec.parallelism = parallelism;
    spec.whole_files = sp_files_are_whole(scan->options);
    sp_file_input_settings(&spec, conf);
    return sp_input_of_files(a, &spec, out, err);
}
