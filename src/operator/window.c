/* window.c -- window functions.
 * (taken; being written) */
