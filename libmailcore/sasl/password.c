#include "sasl/password.h"
#include "base/chars.h"
#include "base/rand.h"
#include "base/secret.h"
#include "text/codec.h"
#include <string.h>

enum {
	SALT_BYTES = 16,
	SECRET_CAP = 4096,
};

/* RFC 5802 2.2 wants SASLprep, which is NFKC and some mappings; what remains
 * of it in RFC 8265 is NFC. Both leave ASCII alone. Passwords that are not
 * UTF-8 are taken as they are: other systems' files have them. */
static void prepare(struct view password, struct buf *out)
{
	buf_init(out, SECRET_CAP);
	if (utf8_normalize(password, out) != 0) {
		buf_reset(out);
		buf_put(out, password);
	}
}

static void wipe(struct buf *b)
{
	if (b->p)
		secret_wipe(b->p, b->cap);
	buf_deinit(b);
}

static int decode_exactly(struct view text, unsigned char *out, size_t n)
{
	struct buf b;
	buf_init(&b, 256);
	int error = base64_decode(text, &b);
	if (!error && buf_len(&b) != n)
		error = MC_E_BAD;
	if (!error)
		memcpy(out, buf_view(&b).p, n);
	wipe(&b);
	return error;
}

int password_set_salt(struct scram_keys *k, struct view text)
{
	struct buf b;
	buf_init(&b, PASSWORD_SALT_MAX);
	int error = base64_decode(text, &b);
	if (!error && (!buf_len(&b) || buf_len(&b) > PASSWORD_SALT_MAX))
		error = MC_E_BAD;
	if (!error) {
		k->n_salt = buf_len(&b);
		memcpy(k->salt, buf_view(&b).p, k->n_salt);
	}
	buf_deinit(&b);
	return error ? MC_E_BAD : 0;
}

/* "iterations,salt,StoredKey,ServerKey" */
static int parse_scram(struct view v, struct scram_keys *k)
{
	struct view iterations, salt, stored;
	if (!view_cut(&v, ',', &iterations) || !view_cut(&v, ',', &salt) ||
	    !view_cut(&v, ',', &stored))
		return MC_E_BAD;
	if (!view_u32(iterations, &k->iterations) || !k->iterations ||
	    k->iterations > PASSWORD_ITERATIONS_MAX)
		return MC_E_BAD;
	if (password_set_salt(k, salt) != 0 ||
	    decode_exactly(stored, k->stored_key, HASH_SHA256_BYTES) != 0 ||
	    decode_exactly(v, k->server_key, HASH_SHA256_BYTES) != 0)
		return MC_E_BAD;
	k->is_real = true;
	return 0;
}

int password_client_key(struct view password, struct scram_keys *k,
    unsigned char client[HASH_SHA256_BYTES])
{
	unsigned char salted[HASH_SHA256_BYTES];
	struct buf prepared;
	struct view salt = { (const char *)k->salt, k->n_salt };
	prepare(password, &prepared);
	int error =
	    hash_pbkdf2(buf_view(&prepared), salt, k->iterations, salted);
	if (!error)
		error = hash_hmac(hash_view(salted), V("Client Key"), client);
	if (!error)
		error = hash_hmac(
		    hash_view(salted), V("Server Key"), k->server_key);
	if (!error)
		error = hash_sha2(
		    HASH_SHA256_BYTES, hash_view(client), V(""), k->stored_key);
	wipe(&prepared);
	secret_wipe(salted, sizeof salted);
	return error;
}

/* Who checks needs no ClientKey. */
static int derive(struct view password, struct scram_keys *k)
{
	unsigned char client[HASH_SHA256_BYTES];
	int error = password_client_key(password, k, client);
	secret_wipe(client, sizeof client);
	return error;
}

static int check_scram(struct view stored, struct view password, size_t unused)
{
	struct scram_keys want, got;
	(void)unused;
	int error = parse_scram(stored, &want);
	if (error)
		return error;
	got = want;
	error = derive(password, &got);
	if (!error &&
	    !secret_eq(hash_view(got.stored_key), hash_view(want.stored_key)))
		error = MC_E_AUTH;
	secret_wipe(&got, sizeof got);
	secret_wipe(&want, sizeof want);
	return error;
}

static int check_plain(struct view stored, struct view password, size_t unused)
{
	(void)unused;
	return secret_eq(stored, password) ? 0 : MC_E_AUTH;
}

static int check_crypt(struct view stored, struct view password, size_t unused)
{
	(void)unused;
	return hash_crypt_check(stored, password);
}

static int decode_hex(struct view v, struct buf *out)
{
	for (size_t i = 0; i + 1 < v.n; i += 2) {
		int high = char_hex(v.p[i]), low = char_hex(v.p[i + 1]);
		if (high < 0 || low < 0)
			return MC_E_BAD;
		buf_put_char(out, (char)(high << 4 | low));
	}
	return buf_error(out);
}

/* The hash and then, for the salted ones, the salt; in base64, or in
 * hexadecimal when it is as long as only that can be. */
static int check_digest(struct view stored, struct view password, size_t bytes)
{
	unsigned char got[HASH_SHA512_BYTES];
	struct buf raw;
	buf_init(&raw, PASSWORD_STORED_MAX);
	int error = stored.n == 2 * bytes ? decode_hex(stored, &raw)
					  : base64_decode(stored, &raw);
	struct view all = buf_view(&raw);
	if (error || all.n < bytes)
		error = MC_E_BAD;
	if (!error)
		error = hash_sha2(bytes, password, view_skip(all, bytes), got);
	if (!error && !secret_eq((struct view){ (const char *)got, bytes },
			  view_head(all, bytes)))
		error = MC_E_AUTH;
	buf_deinit(&raw);
	return error;
}

struct scheme {
	struct view name;
	int (*check)(struct view stored, struct view password, size_t bytes);
	size_t bytes;
};

static const struct scheme schemes[] = {
	{ V_INIT("SCRAM-SHA-256"), check_scram, 0 },
	{ V_INIT("CRYPT"), check_crypt, 0 },
	{ V_INIT("BLF-CRYPT"), check_crypt, 0 },
	{ V_INIT("SHA256-CRYPT"), check_crypt, 0 },
	{ V_INIT("SHA512-CRYPT"), check_crypt, 0 },
	{ V_INIT("SHA256"), check_digest, HASH_SHA256_BYTES },
	{ V_INIT("SSHA256"), check_digest, HASH_SHA256_BYTES },
	{ V_INIT("SHA512"), check_digest, HASH_SHA512_BYTES },
	{ V_INIT("SSHA512"), check_digest, HASH_SHA512_BYTES },
	{ V_INIT("PLAIN"), check_plain, 0 },
	{ V_INIT("CLEARTEXT"), check_plain, 0 },
};

/* Cuts {SCHEME} off; CRYPT when there is none. */
static struct view cut_scheme(struct view *stored)
{
	struct view rest = *stored, name;
	if (!view_starts(rest, V("{")))
		return V("CRYPT");
	rest = view_skip(rest, 1);
	if (!view_cut(&rest, '}', &name))
		return V("");
	*stored = rest;
	return name;
}

int password_check(struct view stored, struct view password)
{
	struct view name = cut_scheme(&stored);
	if (stored.n > PASSWORD_STORED_MAX || !stored.n)
		return MC_E_BAD;
	/* HMAC pads its key with NULs: "x" and "x\0" would be the same. */
	if (view_has_byte(password, '\0'))
		return MC_E_AUTH;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (view_ieq(schemes[i].name, name))
			return schemes[i].check(
			    stored, password, schemes[i].bytes);
	return MC_E_BAD;
}

static void put_scram(const struct scram_keys *k, struct buf *out)
{
	buf_put_cstr(out, "{SCRAM-SHA-256}");
	buf_put_u64(out, k->iterations);
	buf_put_char(out, ',');
	base64_encode((struct view){ (const char *)k->salt, k->n_salt }, out);
	buf_put_char(out, ',');
	base64_encode(hash_view(k->stored_key), out);
	buf_put_char(out, ',');
	base64_encode(hash_view(k->server_key), out);
}

static int check_new(struct view password)
{
	if (password.n > SECRET_MAX)
		return MC_E_LIMIT;
	if (!password.n || !utf8_is_valid(password))
		return MC_E_BAD;
	for (size_t i = 0; i < password.n; i++)
		if (char_is(password.p[i], CHAR_CTL))
			return MC_E_BAD;
	return 0;
}

int password_store(struct view password, uint32_t iterations, struct buf *out)
{
	struct scram_keys k = { .iterations = iterations,
		.n_salt = SALT_BYTES };
	int error = check_new(password);
	if (error)
		return error;
	rand_bytes(k.salt, SALT_BYTES);
	error = derive(password, &k);
	if (!error)
		put_scram(&k, out);
	secret_wipe(&k, sizeof k);
	return error ? error : buf_error(out);
}

int password_scram_keys(struct view stored, struct scram_keys *out)
{
	if (!view_ieq(cut_scheme(&stored), V("SCRAM-SHA-256")))
		return MC_E_UNSUPPORTED;
	return parse_scram(stored, out);
}

int password_decoy_keys(
    struct view secret, struct view name, struct scram_keys *out)
{
	unsigned char seed[HASH_SHA256_BYTES];
	*out = (struct scram_keys){ .iterations = PASSWORD_ITERATIONS,
		.n_salt = SALT_BYTES };
	int error = hash_hmac(secret, name, seed);
	if (error)
		return error;
	memcpy(out->salt, seed, SALT_BYTES);
	rand_bytes(out->stored_key, sizeof out->stored_key);
	rand_bytes(out->server_key, sizeof out->server_key);
	return 0;
}

int password_decoy(struct view secret, struct view name, struct buf *out)
{
	struct scram_keys k;
	int error = password_decoy_keys(secret, name, &k);
	if (!error)
		put_scram(&k, out);
	return error ? error : buf_error(out);
}
