/* grpc_tls.c -- TLS 1.2 and later by OpenSSL, ALPN "h2" required: what gRPC clients speak. Non-blocking, on the
 * socket itself. Writes go through our own BIO, because OpenSSL's socket BIO raises SIGPIPE when the peer is gone. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include "connect/grpc_loop.h"

struct grpc_tls { SSL_CTX *context; BIO_METHOD *method; };
struct grpc_tls_link { SSL *ssl; };

static int bio_write(BIO *bio, const char *from, int n)
{
    ssize_t sent = send((int)(intptr_t)BIO_get_data(bio), from, (size_t)n, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)sent;
}

static int bio_read(BIO *bio, char *to, int n)
{
    ssize_t got = recv((int)(intptr_t)BIO_get_data(bio), to, (size_t)n, 0);
    BIO_clear_retry_flags(bio);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return (int)got;
}

static long bio_ctrl(BIO *bio, int command, long n, void *p) { return command == BIO_CTRL_FLUSH; }

static BIO_METHOD *bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "spate socket");
    if (m) {
        BIO_meth_set_write(m, bio_write);
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_ctrl(m, bio_ctrl);
    }
    return m;
}

static int select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned in_n,
                     void *user)
{
    static const unsigned char h2[] = "\x02h2";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_n, h2, 3, in, in_n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL would ask a terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *to, int n, int writing, void *user) { return 0; }

static sp_status tls_failed(grpc_tls *t, const char *what, const char *path, sp_error *err)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "cannot use the TLS %s %s: %s", what, path,
                   reason ? reason : "not usable");
    ERR_clear_error();
    grpc_tls_free(t);
    return SP_FAILED;
}

sp_status grpc_tls_new(const char *cert_path, const char *key_path, grpc_tls **out, sp_error *err)
{
    grpc_tls *t = sp_calloc(sizeof *t);
    if (!t || !(t->context = SSL_CTX_new(TLS_server_method())) || !(t->method = bio_method())) {
        grpc_tls_free(t);
        return sp_error_memory(err, "TLS");
    }
    SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
    SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(t->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(t->context, select_h2, NULL);
    SSL_CTX_set_default_passwd_cb(t->context, no_passphrase);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(t->context, cert_path) != 1)
        return tls_failed(t, "certificate", cert_path, err);
    if (SSL_CTX_use_PrivateKey_file(t->context, key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(t->context) != 1)
        return tls_failed(t, "key", key_path, err);
    *out = t;
    return SP_OK;
}

void grpc_tls_free(grpc_tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->context);
    BIO_meth_free(t->method);
    sp_free(t);
}

grpc_tls_link *grpc_tls_accept(grpc_tls *t, int fd)
{
    grpc_tls_link *l = sp_calloc(sizeof *l);
    BIO *bio = l ? BIO_new(t->method) : NULL;
    l = l && (l->ssl = SSL_new(t->context)) && bio ? l : (grpc_tls_link_free(l), NULL);
    if (!l) {
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(l->ssl, bio, bio);
    SSL_set_accept_state(l->ssl);
    return l;
}

void grpc_tls_link_free(grpc_tls_link *l)
{
    if (!l)
        return;
    SSL_free(l->ssl);
    sp_free(l);
}

/* SSL_read and SSL_write shake hands on their own; both report what the socket must become. */
static ssize_t moved(grpc_tls_link *l, int rc, bool *want_write)
{
    if (rc > 0)
        return rc;
    switch (SSL_get_error(l->ssl, rc)) {
    case SSL_ERROR_WANT_WRITE:
        if (want_write)
            *want_write = true;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_WANT_READ:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        errno = EPROTO;
        return -1;
    }
}

ssize_t grpc_tls_read(grpc_tls_link *l, void *to, size_t n, bool *want_write)
{
    ERR_clear_error();
    return moved(l, SSL_read(l->ssl, to, (int)n), want_write);
}

bool grpc_tls_pending(const grpc_tls_link *l) { return SSL_pending(l->ssl) > 0; }

ssize_t grpc_tls_write(grpc_tls_link *l, const void *from, size_t n)
{
    ERR_clear_error();
    return moved(l, SSL_write(l->ssl, from, (int)n), NULL);
}
