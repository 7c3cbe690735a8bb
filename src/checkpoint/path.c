/* path.c -- local paths and the URIs that logs and progress show for them (Hadoop's Path over java.net.URI's quoting). */
#include "checkpoint/checkpoint_int.h"

/* What java.net.URI leaves as it is in a path; everything else below 0x80 is percent-encoded, other characters stay. */
static bool stays(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c && strchr("-_.!~*'():@&=+$,/;", c));
}

void sp_path_to_uri(sp_buf *out, sp_str path, bool three_slashes)
{
    sp_buf_puts(out, three_slashes ? "file://" : "file:");
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (stays(c))
            sp_buf_putc(out, (char)c);
        else
            sp_buf_printf(out, "%%%02X", c);
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

sp_status sp_path_from_uri(sp_arena *a, sp_str uri, sp_str *path, sp_error *err)
{
    bool escaped = sp_str_starts(uri, "file:");
    sp_str rest = uri;
    if (escaped) {
        rest = (sp_str){ uri.p + 5, uri.n - 5 };
        if (sp_str_starts(rest, "//")) {
            rest = (sp_str){ rest.p + 2, rest.n - 2 };
            const char *slash = memchr(rest.p, '/', rest.n);       /* an authority such as localhost is passed over */
            size_t skip = slash ? (size_t)(slash - rest.p) : rest.n;
            rest = (sp_str){ rest.p + skip, rest.n - skip };
        }
    } else {
        const char *colon = memchr(uri.p, ':', uri.n);
        const char *slash = memchr(uri.p, '/', uri.n);
        if (colon && colon > uri.p && (!slash || colon < slash) && colon + 1 < uri.p + uri.n && colon[1] == '/')
            return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "No FileSystem for scheme \"%.*s\"", (int)(colon - uri.p), uri.p);
    }
    char *copy = sp_arena_alloc(a, rest.n + 1, err);
    if (!copy)
        return SP_FAILED;
    size_t n = 0;
    for (size_t i = 0; i < rest.n; i++) {
        int hi = escaped && rest.p[i] == '%' && i + 2 < rest.n ? hex(rest.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex(rest.p[i + 2]) : -1;
        if (lo >= 0)
            i += 2;
        copy[n++] = lo >= 0 ? (char)(hi * 16 + lo) : rest.p[i];
    }
    while (n > 1 && copy[n - 1] == '/')
        n--;
    copy[n] = '\0';
    *path = (sp_str){ copy, n };
    return SP_OK;
}
