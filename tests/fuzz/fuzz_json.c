/* fuzz_json.c -- bytes as JSON lines: the learned layout and the scanner must give the same rows; neither may read
 * what is not there. The input is decoded as it is and three times over, so that a layout learned from it meets it
 * again. LINK: format */
#define SPATE_FUZZING
#include "../format/differ.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    sp_buf text = { 0 };
    for (int i = 0; i < 3; i++) {
        sp_buf_add(&text, data, size);
        sp_buf_putc(&text, '\n');
    }
    if (differ_check(text.data, text.len) != 0 || differ_check(text.data, size) != 0)
        abort();
    sp_buf_done(&text);
    return 0;
}
