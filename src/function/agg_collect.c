/* agg_collect.c -- aggregates that gather values.
 * (taken; being written) */
