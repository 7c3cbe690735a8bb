/* agg_hll.c -- approx_count_distinct by HyperLogLog++.
 * (taken; being written) */
