/* batch_writer.c -- DataFrameWriter.save for files: save modes, part files, _SUCCESS (InsertIntoHadoopFsRelationCommand, Spark 4.3). */
#include "sink/sink_int.h"

struct sp_batch_writer { sp_sink_spec spec; sp_file_writer *files; bool replace; };

enum { MODE_APPEND, MODE_OVERWRITE, MODE_ERROR, MODE_IGNORE };

static sp_status is_occupied(const sp_sink_spec *spec, bool *occupied, sp_error *err)
{
    sp_stat st;
    return sp_file_stat(spec->world, spec->path, &st, occupied, err);
}

/* Everything in the folder but the folder itself. */
static sp_status empty_folder(const sp_sink_spec *spec, sp_error *err)
{
    SP_TRY(sp_tree_remove(spec->world, spec->path, err));
    return sp_dir_make(spec->world, spec->path, err);
}

sp_status sp_batch_writer_open(const sp_sink_spec *spec, int mode, bool *skip, sp_batch_writer **out, sp_error *err)
{
    bool occupied;
    *skip = false;
    if (!spec->path)
        return SP_FAIL_AS(err, SP_EXC_ILLEGAL_ARGUMENT, _LEGACY_ERROR_TEMP_2047);
    SP_TRY(is_occupied(spec, &occupied, err));
    if (occupied && mode == MODE_ERROR)
        return SP_FAIL(err, PATH_ALREADY_EXISTS, "outputPath", sp_error_format(err, "file:%s", spec->path));
    if (occupied && mode == MODE_IGNORE) {
        *skip = true;
        return SP_OK;
    }
    sp_batch_writer *w;
    SP_NEW(w, spec->arena, sizeof *w, err);
    w->spec = *spec;
    SP_TRY(sp_file_writer_new(spec, false, &w->files, err));
    if (occupied && mode == MODE_OVERWRITE)
        SP_TRY(empty_folder(spec, err));
    SP_TRY(sp_dir_make(spec->world, spec->path, err));
    *out = w;
    return sp_file_writer_begin(w->files, err);
}

sp_status sp_batch_writer_consume(sp_batch_writer *w, int task, const sp_batch *b, sp_error *err)
{
    return sp_file_writer_add(w->files, task, b, err);
}

sp_status sp_batch_writer_close(sp_batch_writer *w, bool success, int task_count, sp_error *err)
{
    sp_status status = SP_OK;
    const sp_written *files;
    int count;
    if (success)
        status = sp_file_writer_finish(w->files, &files, &count, err);
    if (success && status == SP_OK) {
        char *path = sp_arena_printf(w->spec.arena, err, "%s/_SUCCESS", w->spec.path);
        sp_file *f;
        status = path ? sp_file_create(w->spec.world, path, &f, err) : SP_FAILED;
        if (status == SP_OK)
            status = sp_file_close(f, err);
    }
    sp_file_writer_free(w->files);      /* removes what is not finished */
    return status;
}
