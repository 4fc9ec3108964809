/* An OpenSSL provider (provider(7)) for private keys that another process
 * holds: key management that knows the public half and a number, and a
 * signature that makes the digest here and has it signed there. */
#include "base/panic.h"
#include "net/tls_server.h"
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

#define FN(id, fn)                                                             \
	{                                                                      \
		(id), (void (*)(void))(fn)                                     \
	}
#define FN_END                                                                 \
	{                                                                      \
		0, NULL                                                        \
	}
/* The one parameter of ours: a struct origin. */
#define PARAM_ORIGIN "mailcore-origin"

enum {
	SIGNATURE_MAX_BYTES = 1024
};

struct origin {
	EVP_PKEY *public_key;
	struct tls_signer signer;
	uint32_t key;
};

struct remote_key {
	OSSL_LIB_CTX *lib;
	const char *type; /* "RSA", "EC" */
	struct origin origin;
};

/* Key management */

static struct remote_key *key_new(void *lib, const char *type)
{
	struct remote_key *k = OPENSSL_zalloc(sizeof *k);
	if (k) {
		k->lib = lib;
		k->type = type;
	}
	return k;
}

static void *key_new_rsa(void *lib)
{
	return key_new(lib, "RSA");
}

static void *key_new_ec(void *lib)
{
	return key_new(lib, "EC");
}

static void key_free(void *key)
{
	struct remote_key *k = key;
	if (k)
		EVP_PKEY_free(k->origin.public_key);
	OPENSSL_free(k);
}

static int key_has(const void *key, int selection)
{
	const struct remote_key *k = key;
	if (!k || !k->origin.public_key)
		return 0;
	return !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
	       k->origin.signer.sign;
}

static int key_match(const void *a, const void *b, int selection)
{
	const struct remote_key *x = a, *y = b;
	(void)selection;
	return EVP_PKEY_eq(x->origin.public_key, y->origin.public_key) == 1;
}

/* The public half of a certificate, when OpenSSL compares it with ours. */
static int import_public(struct remote_key *k, const OSSL_PARAM params[])
{
	EVP_PKEY_CTX *c =
	    EVP_PKEY_CTX_new_from_name(k->lib, k->type, "provider=default");
	OSSL_PARAM *copy = OSSL_PARAM_dup(params);
	int ok = c && copy && EVP_PKEY_fromdata_init(c) == 1 &&
		 EVP_PKEY_fromdata(
		     c, &k->origin.public_key, EVP_PKEY_PUBLIC_KEY, copy) == 1;
	OSSL_PARAM_free(copy);
	EVP_PKEY_CTX_free(c);
	return ok;
}

static int key_import(void *key, int selection, const OSSL_PARAM params[])
{
	struct remote_key *k = key;
	(void)selection;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_ORIGIN);
	if (!p)
		return import_public(k, params);
	if (p->data_size != sizeof k->origin)
		return 0;
	memcpy(&k->origin, p->data, sizeof k->origin);
	return EVP_PKEY_up_ref(k->origin.public_key);
}

static const OSSL_PARAM *key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(PARAM_ORIGIN, NULL, 0), OSSL_PARAM_END
	};
	(void)selection;
	return types;
}

static int key_get_params(void *key, OSSL_PARAM params[])
{
	struct remote_key *k = key;
	return EVP_PKEY_get_params(k->origin.public_key, params);
}

static const OSSL_PARAM *key_gettable_params(void *lib)
{
	static const OSSL_PARAM params[] = { OSSL_PARAM_int(
						 OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(
		    OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_END };
	(void)lib;
	return params;
}

static const char *key_operation_rsa(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static const char *key_operation_ec(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#define KEY_FUNCTIONS                                                          \
	FN(OSSL_FUNC_KEYMGMT_FREE, key_free),                                  \
	    FN(OSSL_FUNC_KEYMGMT_HAS, key_has),                                \
	    FN(OSSL_FUNC_KEYMGMT_MATCH, key_match),                            \
	    FN(OSSL_FUNC_KEYMGMT_IMPORT, key_import),                          \
	    FN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),              \
	    FN(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),                  \
	    FN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params)

static const OSSL_DISPATCH rsa_key_functions[] = {
	FN(OSSL_FUNC_KEYMGMT_NEW, key_new_rsa),
	FN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation_rsa),
	KEY_FUNCTIONS,
	FN_END,
};

static const OSSL_DISPATCH ec_key_functions[] = {
	FN(OSSL_FUNC_KEYMGMT_NEW, key_new_ec),
	FN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation_ec),
	KEY_FUNCTIONS,
	FN_END,
};

/* Signatures */

enum padding {
	PADDING_PKCS1,
	PADDING_PSS,
	PADDING_ECDSA,
	PADDING_COUNT
};

/* RFC 8446 4.2.3 */
static const struct scheme {
	const char *digest;
	uint16_t id[PADDING_COUNT];
} schemes[] = {
	{ "SHA256", { 0x0401, 0x0804, 0x0403 } },
	{ "SHA384", { 0x0501, 0x0805, 0x0503 } },
	{ "SHA512", { 0x0601, 0x0806, 0 } },
};

struct signature {
	OSSL_LIB_CTX *lib;
	const struct remote_key *key; /* OpenSSL keeps it alive */
	const struct scheme *scheme;
	EVP_MD *digest;
	enum padding padding;
};

static struct signature *signature_new(void *lib, enum padding padding)
{
	struct signature *s = OPENSSL_zalloc(sizeof *s);
	if (s) {
		s->lib = lib;
		s->padding = padding;
	}
	return s;
}

static void *signature_new_rsa(void *lib, const char *properties)
{
	(void)properties;
	return signature_new(lib, PADDING_PKCS1);
}

static void *signature_new_ec(void *lib, const char *properties)
{
	(void)properties;
	return signature_new(lib, PADDING_ECDSA);
}

static void signature_free(void *signature)
{
	struct signature *s = signature;
	if (s)
		EVP_MD_free(s->digest);
	OPENSSL_free(s);
}

static const struct scheme *scheme_of(const EVP_MD *digest)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (EVP_MD_is_a(digest, schemes[i].digest))
			return &schemes[i];
	}
	return NULL;
}

static int set_padding(struct signature *s, const OSSL_PARAM *p)
{
	int mode = 0;
	const char *name = NULL;
	if (s->padding == PADDING_ECDSA)
		return 0;
	if (OSSL_PARAM_get_utf8_string_ptr(p, &name))
		mode =
		    view_eq(view_of(name), V(OSSL_PKEY_RSA_PAD_MODE_PSS))
			? RSA_PKCS1_PSS_PADDING
		    : view_eq(view_of(name), V(OSSL_PKEY_RSA_PAD_MODE_PKCSV15))
			? RSA_PKCS1_PADDING
			: 0;
	else if (!OSSL_PARAM_get_int(p, &mode))
		return 0;
	s->padding =
	    mode == RSA_PKCS1_PSS_PADDING ? PADDING_PSS : PADDING_PKCS1;
	return mode == RSA_PKCS1_PSS_PADDING || mode == RSA_PKCS1_PADDING;
}

/* TLS knows one length of salt: that of the digest (RFC 8446 4.2.3). */
static int check_salt(const OSSL_PARAM *p)
{
	int length = 0;
	const char *name = NULL;
	if (OSSL_PARAM_get_utf8_string_ptr(p, &name))
		return view_eq(
		    view_of(name), V(OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST));
	return OSSL_PARAM_get_int(p, &length) &&
	       length == RSA_PSS_SALTLEN_DIGEST;
}

static int signature_set_params(void *signature, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p;
	if (!params)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p && !set_padding(signature, p))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	return !p || check_salt(p);
}

static const OSSL_PARAM *signature_settable(void *signature, void *lib)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_END
	};
	(void)signature;
	(void)lib;
	return params;
}

static int signature_init(
    void *signature, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signature *s = signature;
	EVP_MD_free(s->digest);
	s->digest = digest ? EVP_MD_fetch(s->lib, digest, NULL) : NULL;
	s->scheme = s->digest ? scheme_of(s->digest) : NULL;
	if (key)
		s->key = key;
	return s->scheme && s->key && s->key->origin.signer.sign &&
	       signature_set_params(s, params);
}

static int ask(
    const struct signature *s, struct view digest, char *out, size_t *n)
{
	const struct origin *o = &s->key->origin;
	uint16_t scheme = s->scheme->id[s->padding];
	if (!scheme)
		return 0;
	return o->signer.sign(o->signer.ctx, o->key, scheme, digest, out, n) ==
		   0 &&
	       *n <= SIGNATURE_MAX_BYTES;
}

static int signature_sign(void *signature, unsigned char *out, size_t *n,
    size_t cap, const unsigned char *bytes, size_t bytes_n)
{
	const struct signature *s = signature;
	char made[SIGNATURE_MAX_BYTES];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_n = 0;
	size_t made_n = 0;
	if (!out) {
		int size = EVP_PKEY_get_size(s->key->origin.public_key);
		*n = size > 0 ? (size_t)size : 0;
		return size > 0;
	}
	if (!EVP_Digest(bytes, bytes_n, digest, &digest_n, s->digest, NULL))
		return 0;
	struct view v = { (const char *)digest, digest_n };
	if (!ask(s, v, made, &made_n) || made_n > cap) {
		ERR_raise(ERR_LIB_PROV, ERR_R_OPERATION_FAIL);
		return 0;
	}
	memcpy(out, made, made_n);
	*n = made_n;
	return 1;
}

#define SIGNATURE_FUNCTIONS                                                    \
	FN(OSSL_FUNC_SIGNATURE_FREECTX, signature_free),                       \
	    FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signature_init),          \
	    FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signature_sign),               \
	    FN(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_params),      \
	    FN(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable)

static const OSSL_DISPATCH rsa_signature_functions[] = {
	FN(OSSL_FUNC_SIGNATURE_NEWCTX, signature_new_rsa),
	SIGNATURE_FUNCTIONS,
	FN_END,
};

static const OSSL_DISPATCH ec_signature_functions[] = {
	FN(OSSL_FUNC_SIGNATURE_NEWCTX, signature_new_ec),
	SIGNATURE_FUNCTIONS,
	FN_END,
};

/* The provider. Its names are those of the default provider's algorithms. */

#define RSA_NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC_NAMES "EC:id-ecPublicKey:1.2.840.10045.2.1"

static const OSSL_ALGORITHM key_algorithms[] = {
	{ RSA_NAMES, "provider=mailcore", rsa_key_functions, NULL },
	{ EC_NAMES, "provider=mailcore", ec_key_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM signature_algorithms[] = {
	{ RSA_NAMES, "provider=mailcore", rsa_signature_functions, NULL },
	{ "ECDSA", "provider=mailcore", ec_signature_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *query(void *lib, int operation, int *no_cache)
{
	(void)lib;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return key_algorithms;
	return operation == OSSL_OP_SIGNATURE ? signature_algorithms : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
	FN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
	FN_END,
};

/* A built-in provider may use the context it was loaded into. */
static int provider_init(const OSSL_CORE_HANDLE *handle,
    const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx)
{
	OSSL_FUNC_core_get_libctx_fn *get_lib = NULL;
	for (; in->function_id; in++) {
		if (in->function_id == OSSL_FUNC_CORE_GET_LIBCTX)
			get_lib = OSSL_FUNC_core_get_libctx(in);
	}
	if (!get_lib)
		return 0;
	*ctx = get_lib(handle);
	*out = provider_functions;
	return 1;
}

OSSL_PROVIDER *tls_key_load(OSSL_LIB_CTX *lib)
{
	if (!OSSL_PROVIDER_add_builtin(lib, "mailcore", provider_init))
		return NULL;
	return OSSL_PROVIDER_load(lib, "mailcore");
}

static const char *type_of(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return "RSA";
	return EVP_PKEY_is_a(key, "EC") ? "EC" : NULL;
}

EVP_PKEY *tls_key_new(OSSL_LIB_CTX *lib, EVP_PKEY *public_key, uint32_t key,
    const struct tls_signer *signer)
{
	const char *type = public_key ? type_of(public_key) : NULL;
	if (!type)
		return NULL;
	EVP_PKEY *made = NULL;
	struct origin origin = { public_key, *signer, key };
	OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(
				    PARAM_ORIGIN, &origin, sizeof origin),
		OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX *c =
	    EVP_PKEY_CTX_new_from_name(lib, type, "provider=mailcore");
	if (c && EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &made, EVP_PKEY_KEYPAIR, params) != 1)
		made = NULL;
	EVP_PKEY_CTX_free(c);
	return made;
}
