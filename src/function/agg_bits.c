/* agg_bits.c -- bit_and, bit_or, bit_xor, product.
 * (taken; being written) */
