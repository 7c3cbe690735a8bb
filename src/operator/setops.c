/* setops.c -- INTERSECT and EXCEPT.
 * (taken; being written) */
