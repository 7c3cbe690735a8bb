/* collect_metrics.c -- observe.
 * (taken; being written) */
