/* checkpoint.h -- the folder a query lives in, in Spark's own bytes: metadata, offset log, commit log, file-source log, file-sink log.
 *
 * All functions are plain calls over the world; nothing is cached but where said. Texts and entries come in the caller's arena. What is written and
 * in which order is stream/'s affair (D6). Sources: MetadataLog/HDFSMetadataLog, OffsetSeqLog, CommitLog, FileStreamSourceLog, FileStreamSinkLog,
 * CompactibleFileStreamLog. */
#ifndef SP_CHECKPOINT_H
#define SP_CHECKPOINT_H

#include "base/base.h"
#include "world/world.h"

/* CK/metadata: {"id":"<uuid>"}. Reads it, or makes it (new random id) when absent. */
sp_status sp_checkpoint_id(sp_world *w, const char *root, sp_durability d, char id[37], sp_error *err);

/* ---- a log of numbered files (offsets, commits, sources/S, _spark_metadata) ---- */
/* Highest number present (plain numbers; N.compact too), -1 when none or no folder. Temporary, hidden and foreign names are passed over. */
sp_status sp_log_latest(sp_world *w, const char *dir, int64_t *out, sp_error *err);
/* File N as text; *exists false when absent. */
sp_status sp_log_read(sp_world *w, const char *dir, int64_t n, sp_arena *a, sp_str *out, bool *exists, sp_error *err);
/* Atomic; fails with CONCURRENT_STREAM_LOG_UPDATE when N is already there (another query works in this checkpoint). */
sp_status sp_log_add(sp_world *w, const char *dir, int64_t n, sp_str text, sp_durability d, sp_error *err);
/* Removes files with numbers below `before`. */
sp_status sp_log_purge(sp_world *w, const char *dir, int64_t before, sp_error *err);

/* ---- offsets/N ---- */
typedef struct sp_offset_entry {
    int64_t watermark_ms, timestamp_ms;
    sp_props conf;                       /* pinned settings; in the order written */
    sp_str *offsets; int offset_count;   /* JSON text per source in plan order; {NULL,0} for "-" */
} sp_offset_entry;
void sp_offset_entry_write(sp_buf *out, const sp_offset_entry *e);
/* Version checks and malformed text: Spark's conditions/messages naming the file. */
sp_status sp_offset_entry_read(sp_arena *a, sp_str text, const char *path, sp_offset_entry *out, sp_error *err);
/* ---- commits/N ---- */
void sp_commit_entry_write(sp_buf *out, int64_t next_watermark_ms);
sp_status sp_commit_entry_read(sp_arena *a, sp_str text, const char *path, int64_t *next_watermark_ms, sp_error *err);

/* ---- sources/S/N: what a file source has taken ---- */
typedef struct sp_file_entry { sp_str path; int64_t timestamp_ms; int64_t batch_id; } sp_file_entry;   /* path as written: file:///dir/x, URI-escaped */
/* Adds batch n (entries of this batch). Every compact_interval-th (10) is N.compact with all earlier ones. */
sp_status sp_file_log_add(sp_world *w, const char *dir, int64_t n, const sp_file_entry *entries, int count, int compact_interval,
                          sp_durability d, sp_error *err);
/* All entries from the beginning, last compaction first. */
sp_status sp_file_log_all(sp_world *w, const char *dir, sp_arena *a, sp_file_entry **out, int *count, sp_error *err);
/* Entries of batches (after, upto]. */
sp_status sp_file_log_range(sp_world *w, const char *dir, int64_t after, int64_t upto, sp_arena *a, sp_file_entry **out, int *count, sp_error *err);

/* ---- OUT/_spark_metadata/N: what a file sink has made visible ---- */
typedef struct sp_sink_file { sp_str path; int64_t size; bool is_dir; int64_t mtime_ms; int64_t block_replication, block_size; sp_str action; } sp_sink_file;
sp_status sp_sink_log_add(sp_world *w, const char *dir, int64_t n, const sp_sink_file *files, int count, int compact_interval, sp_durability d, sp_error *err);
sp_status sp_sink_log_all(sp_world *w, const char *dir, sp_arena *a, sp_sink_file **out, int *count, sp_error *err);

/* Local path <-> URI as Hadoop's Path.toUri prints it in logs ("file:///a%20b"). */
void sp_path_to_uri(sp_buf *out, sp_str path, bool three_slashes);
/* "file:/x", "file:///x", "/x", "x"; another scheme: UNSUPPORTED... error */
sp_status sp_path_from_uri(sp_arena *a, sp_str uri, sp_str *path, sp_error *err);

#endif
