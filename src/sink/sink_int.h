/* sink_int.h -- shared by the sinks: rows kept by task, and files written by task. */
#ifndef SP_SINK_INT_H
#define SP_SINK_INT_H

#include "sink/sink.h"

/* ---- file_writer.c: part files of one batch or job ---- */
typedef struct sp_file_writer sp_file_writer;
typedef struct sp_written { char *path; int64_t size, mtime_ms; } sp_written;   /* path absolute */
/* dots: the "part-N-UUID.c000.ext" spelling of streaming partitioned writes. */
sp_status sp_file_writer_new(const sp_sink_spec *spec, bool streaming, sp_file_writer **out, sp_error *err);
sp_status sp_file_writer_begin(sp_file_writer *w, sp_error *err);
sp_status sp_file_writer_add(sp_file_writer *w, int task, const sp_batch *b, sp_error *err);
/* Closes all files; when nothing was written and the write is not partitioned, task 0 leaves one empty file as Spark does. */
sp_status sp_file_writer_finish(sp_file_writer *w, const sp_written **files, int *count, sp_error *err);
void sp_file_writer_abort(sp_file_writer *w);      /* removes what this batch wrote */
void sp_file_writer_free(sp_file_writer *w);

extern const sp_sink_class sp_sink_memory, sp_sink_console, sp_sink_noop, sp_sink_json, sp_sink_csv, sp_sink_text;

#define SP_MODE_BIT(m) (1u << (m))
#define SP_MODES_ALL (SP_MODE_BIT(SP_SINK_APPEND) | SP_MODE_BIT(SP_SINK_UPDATE) | SP_MODE_BIT(SP_SINK_COMPLETE))

#endif
