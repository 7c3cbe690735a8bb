/* digest_int.h -- message digests of whole texts. */
#ifndef SP_FUNCTION_DIGEST_INT_H
#define SP_FUNCTION_DIGEST_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sp_md5(const void *p, size_t n, uint8_t out[16]);
void sp_sha1(const void *p, size_t n, uint8_t out[20]);
size_t sp_sha2(const void *p, size_t n, int bits, uint8_t out[64]);     /* bits 224, 256, 384, 512; bytes written */
uint32_t sp_crc32(const void *p, size_t n);

#endif
