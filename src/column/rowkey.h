/* rowkey.h -- hashing rows: Spark's Murmur3Hash (partitioning) and our own table hash, column at a time. */
#ifndef SP_COLUMN_ROWKEY_H
#define SP_COLUMN_ROWKEY_H

#include "column/vec.h"

/* hashes[i] (for i over sel, or all rows when sel is NULL, written at position i of the selection: 0..count) =
 * Murmur3Hash of the columns with seed 42, nulls skipped, nested kinds included: partition = sp_pmod((int32_t)hash,
 * n). */
void sp_rows_murmur3(const sp_vec *const *columns, int column_count, const uint32_t *sel, uint32_t count,
                     uint32_t *hashes);
/* In-process table hash. -0.0 and NaNs are normalised. Any form of vector. */
void sp_rows_hash(const sp_vec *const *columns, int column_count, const uint32_t *sel, uint32_t count,
                  uint64_t *hashes);

#endif
