/* agg_percentile.c -- percentile, median, mode, percentile_approx, histogram_numeric.
 * (taken; being written) */
