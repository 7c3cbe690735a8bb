/* LINK: column
 * fuzz_ipc.c -- Arrow IPC from outside: whatever is read can be printed, hashed, copied and written again. */
#include "column/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(sp_arena *a, const sp_type *schema, const sp_batch *b)
{
    sp_buf text = { 0 };
    uint32_t rows = b->rows < 200 ? b->rows : 200;
    static uint64_t hashes[200];
    static uint32_t murmur[200];
    for (int c = 0; c < b->column_count; c++) {
        for (uint32_t r = 0; r < rows; r++) {
            sp_vec_text(&text, b->columns[c], r, true, NULL, NULL);
            sp_buf_clear(&text);
        }
        sp_vec_copy(b->columns[c], NULL, rows, a, NULL);
    }
    sp_rows_hash((const sp_vec *const *)b->columns, b->column_count, NULL, rows, hashes);
    sp_rows_murmur3((const sp_vec *const *)b->columns, b->column_count, NULL, rows, murmur);
    sp_ipc_write(schema, &b, 1, "UTC", true, &text, NULL);
    sp_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_arena *a = sp_arena_new("fuzz", 256u << 20);
    const sp_type *schema;
    sp_batch *batches;
    int count;
    if (sp_ipc_read((sp_str){ (const char *)data, size }, a, &schema, &batches, &count, NULL) == SP_OK)
        for (int i = 0; i < count && i < 4; i++) use(a, schema, &batches[i]);
    sp_arena_free(a);
    return 0;
}
