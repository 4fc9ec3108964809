#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H
/* OpenSSL and crypt(3), and libidn2, are in a library of their own, which a
 * process maps when it needs it. Agents, of which there is one per user, do
 * not: half of their memory and of the time to start them would be OpenSSL's.
 */
#include "net/tls_session.h"
#include "proc/keys/keys.h"
#include "sasl/hash.h"
#include "text/idn.h"

#define CRYPTO_LIBRARY "libmailcore-crypto.so.0"

/* crypto_calls of that library; what crypto/calls.def lists is declared in the
 * headers above, and in the main library calls this. */
struct crypto_calls {
#define GIVES(type, name, parameters, arguments) type(*name) parameters;
#define DOES(name, parameters, arguments) void(*name) parameters;
#include "crypto/calls.def"
#undef GIVES
#undef DOES
};

extern const struct crypto_calls crypto_calls;

/* Maps it now: later the process may open no files. Otherwise it is mapped at
 * the first call. That it cannot be mapped is fatal. */
void crypto_load(void);
#endif
