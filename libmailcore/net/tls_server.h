#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H
/* What tls.c, tls_client.c, tls_session.c and tls_key.c share: OpenSSL with its
 * types. */
#include "net/tls.h"
#include "net/tls_client.h"
#include <openssl/provider.h>
#include <openssl/ssl.h>

/* tls_server_free drops a reference. */
void tls_server_ref(struct tls_server *s);
SSL *tls_server_ssl(struct tls_server *s); /* NULL: no certificate, no memory */
const BIO_METHOD *tls_server_bio(const struct tls_server *s);

void tls_client_ref(struct tls_client *c);
/* *can_verify: the verification's result says something. NULL: no memory, or
 * what has to be verified cannot be. */
SSL *tls_client_ssl(const struct tls_client_params *p, bool *can_verify);
const BIO_METHOD *tls_client_bio(const struct tls_client *c);

/* The BIO of sessions; fatal when there is no memory. */
BIO_METHOD *tls_session_bio(void);

/* Makes the provider of remote keys known to lib, as "mailcore". */
OSSL_PROVIDER *tls_key_load(OSSL_LIB_CTX *lib);
/* A private key that is elsewhere: public_key (of a certificate in lib) and
 * signatures by signer, under the number key. NULL: not a kind that we know. */
EVP_PKEY *tls_key_new(OSSL_LIB_CTX *lib, EVP_PKEY *public_key, uint32_t key,
    const struct tls_signer *signer);
#endif
