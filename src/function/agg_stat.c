/* agg_stat.c -- moments: stddev, variance, skewness, kurtosis, corr, covar, regr.
 * (taken; being written) */
