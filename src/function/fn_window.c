/* fn_window.c -- window-only functions.
 * (taken; being written) */
