/* dedupe.c -- streaming dropDuplicates.
 * (taken; being written) */
