#include "sasl/hash.h"
#include "base/secret.h"
#include <crypt.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <unistd.h>

int hash_sha2(size_t bytes, struct view a, struct view b, unsigned char *out)
{
	const EVP_MD *md =
	    bytes == HASH_SHA512_BYTES ? EVP_sha512() : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx)
		return MC_E_INTERNAL;
	bool ok = EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
		  EVP_DigestUpdate(ctx, a.p, a.n) == 1 &&
		  EVP_DigestUpdate(ctx, b.p, b.n) == 1 &&
		  EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : MC_E_INTERNAL;
}

static int feed_file(EVP_MD_CTX *ctx, int fd, uint64_t n)
{
	char piece[8192];
	for (uint64_t at = 0; at < n;) {
		size_t want =
		    n - at < sizeof piece ? (size_t)(n - at) : sizeof piece;
		ssize_t got = pread(fd, piece, want, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : MC_E_BAD;
		if (EVP_DigestUpdate(ctx, piece, (size_t)got) != 1)
			return MC_E_INTERNAL;
		at += (uint64_t)got;
	}
	return 0;
}

int hash_file(int fd, uint64_t n, unsigned char out[HASH_SHA256_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx)
		return MC_E_INTERNAL;
	int error = EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1
			? feed_file(ctx, fd, n)
			: MC_E_INTERNAL;
	if (!error && EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		error = MC_E_INTERNAL;
	EVP_MD_CTX_free(ctx);
	return error;
}

static const unsigned char *octets(struct view v)
{
	return (const unsigned char *)(v.p ? v.p : "");
}

int hash_hmac(
    struct view key, struct view data, unsigned char out[HASH_SHA256_BYTES])
{
	unsigned n = HASH_SHA256_BYTES;
	if (key.n > SECRET_MAX || !HMAC(EVP_sha256(), octets(key), (int)key.n,
				      octets(data), data.n, out, &n))
		return MC_E_INTERNAL;
	return 0;
}

int hash_pbkdf2(struct view password, struct view salt, uint32_t iterations,
    unsigned char out[HASH_SHA256_BYTES])
{
	if (password.n > SECRET_MAX || salt.n > SECRET_MAX || !iterations ||
	    iterations > INT32_MAX)
		return MC_E_INTERNAL;
	return PKCS5_PBKDF2_HMAC((const char *)octets(password),
		   (int)password.n, octets(salt), (int)salt.n, (int)iterations,
		   EVP_sha256(), HASH_SHA256_BYTES, out) == 1
		   ? 0
		   : MC_E_INTERNAL;
}

struct crypt_work {
	struct crypt_data data;
	char setting[HASH_CRYPT_MAX + 1];
	char phrase[CRYPT_MAX_PASSPHRASE_SIZE];
};

int hash_crypt_check(struct view hash, struct view password)
{
	struct crypt_work *w = calloc(1, sizeof *w);
	if (!w)
		return MC_E_INTERNAL;
	int error = view_to_cstr(hash, w->setting, sizeof w->setting);
	/* A password with a NUL, or too long for crypt(3), is just wrong. */
	if (!error && view_to_cstr(password, w->phrase, sizeof w->phrase) != 0)
		error = MC_E_AUTH;
	if (!error) {
		const char *got = crypt_r(w->phrase, w->setting, &w->data);
		if (!got || *got == '*')
			error = MC_E_BAD;
		else if (!secret_eq(view_of(got), hash))
			error = MC_E_AUTH;
	}
	secret_wipe(w, sizeof *w);
	free(w);
	return error;
}
