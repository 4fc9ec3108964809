/* Names of variables are those of RFC 5802 7. */
#include "sasl/scram_client.h"
#include "base/rand.h"
#include "base/secret.h"
#include "sasl/password.h"
#include "sasl/scram.h"
#include "text/codec.h"
#include <string.h>

enum {
	NONCE_BYTES = 18,
	MESSAGE_MAX = 2048,
};

static struct view flag_of(enum scram_client_bind bind)
{
	switch (bind) {
	case SCRAM_BIND_NOT_OFFERED:
		return V("y,,");
	case SCRAM_BIND_EXPORTER:
		return V("p=tls-exporter,,");
	case SCRAM_BIND_NONE:
		break;
	}
	return V("n,,");
}

/* saslname */
static void put_name(struct buf *out, struct view user)
{
	for (size_t i = 0; i < user.n; i++)
		if (user.p[i] == ',')
			buf_put(out, V("=2C"));
		else if (user.p[i] == '=')
			buf_put(out, V("=3D"));
		else
			buf_put_char(out, user.p[i]);
}

static void put_nonce(const struct scram_client *c, struct buf *out)
{
	char bytes[NONCE_BYTES];
	rand_bytes(bytes, sizeof bytes);
	if (c->test_nonce)
		buf_put_cstr(out, c->test_nonce);
	else
		base64_encode((struct view){ bytes, sizeof bytes }, out);
}

int scram_client_first(struct scram_client *c, enum scram_client_bind bind,
    struct view binding, struct view user, struct buf *out)
{
	buf_init(&c->header, MESSAGE_MAX);
	buf_init(&c->bare, MESSAGE_MAX);
	buf_put(&c->header, flag_of(bind));
	buf_put(out, buf_view(&c->header));
	if (bind == SCRAM_BIND_EXPORTER)
		buf_put(&c->header, binding);
	buf_put(&c->bare, V("n="));
	put_name(&c->bare, user);
	buf_put(&c->bare, V(",r="));
	put_nonce(c, &c->bare);
	buf_put(out, buf_view(&c->bare));
	if (buf_error(&c->header) || buf_error(&c->bare))
		return MC_E_LIMIT;
	return buf_error(out);
}

/* server-first-message: the nonce begins with ours, and goes on. */
static int take_first(const struct scram_client *c, struct view message,
    struct view *nonce, struct scram_keys *k)
{
	struct view ours = buf_view(&c->bare), salt, count;
	ours = view_skip(ours, view_rfind_byte(ours, ',') + sizeof ",r");
	if (!scram_attribute(&message, 'r', nonce) ||
	    !view_starts(*nonce, ours) || nonce->n == ours.n ||
	    !scram_attribute(&message, 's', &salt) ||
	    !scram_attribute(&message, 'i', &count) ||
	    password_set_salt(k, salt) != 0 ||
	    !view_u32(count, &k->iterations) ||
	    k->iterations < SCRAM_CLIENT_ITERATIONS_MIN ||
	    k->iterations > PASSWORD_ITERATIONS_MAX)
		return MC_E_BAD;
	return 0;
}

/* ClientProof = ClientKey XOR HMAC(StoredKey, AuthMessage). */
static int put_proof(const struct scram_keys *k, const unsigned char *client,
    struct view auth_message, struct buf *out)
{
	unsigned char proof[HASH_SHA256_BYTES];
	int error = hash_hmac(hash_view(k->stored_key), auth_message, proof);
	for (size_t i = 0; i < sizeof proof; i++)
		proof[i] ^= client[i];
	buf_put(out, V(",p="));
	base64_encode(hash_view(proof), out);
	return error ? error : buf_error(out);
}

/* k: salt and iterations. */
static int prove(struct scram_client *c, struct scram_keys *k,
    struct view password, struct view auth_message, struct buf *out)
{
	unsigned char client[HASH_SHA256_BYTES];
	int error = password_client_key(password, k, client);
	if (!error)
		error = put_proof(k, client, auth_message, out);
	if (!error)
		error = hash_hmac(
		    hash_view(k->server_key), auth_message, c->signature);
	secret_wipe(client, sizeof client);
	return error;
}

static void put_auth_message(const struct scram_client *c, struct view first,
    struct view without_proof, struct buf *out)
{
	buf_put(out, buf_view(&c->bare));
	buf_put_char(out, ',');
	buf_put(out, first);
	buf_put_char(out, ',');
	buf_put(out, without_proof);
}

int scram_client_final(struct scram_client *c, struct view password,
    struct view message, struct buf *out)
{
	struct scram_keys k = { 0 };
	struct view nonce;
	struct buf auth;
	size_t at = buf_len(out);
	int error = message.n > MESSAGE_MAX
			? MC_E_BAD
			: take_first(c, message, &nonce, &k);
	if (error)
		return error;
	buf_put(out, V("c="));
	base64_encode(buf_view(&c->header), out);
	buf_put(out, V(",r="));
	buf_put(out, nonce);
	buf_init(&auth, 4 * MESSAGE_MAX);
	put_auth_message(c, message, view_skip(buf_view(out), at), &auth);
	error = buf_error(out) ? buf_error(out) : buf_error(&auth);
	if (!error)
		error = prove(c, &k, password, buf_view(&auth), out);
	buf_deinit(&auth);
	secret_wipe(&k, sizeof k);
	return error;
}

int scram_client_verify(const struct scram_client *c, struct view message)
{
	struct view text;
	struct buf got;
	if (!scram_attribute(&message, 'v', &text))
		return MC_E_AUTH;
	buf_init(&got, HASH_SHA256_BYTES);
	bool same = base64_decode(text, &got) == 0 &&
		    secret_eq(buf_view(&got), hash_view(c->signature));
	buf_deinit(&got);
	return same ? 0 : MC_E_AUTH;
}

void scram_client_deinit(struct scram_client *c)
{
	buf_deinit(&c->header);
	buf_deinit(&c->bare);
	secret_wipe(c, sizeof *c);
}
