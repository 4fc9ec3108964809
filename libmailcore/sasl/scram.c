/* SCRAM-SHA-256 and -PLUS: RFC 5802, RFC 7677; binding: RFC 9266. Names of
 * variables are those of RFC 5802 7. */
#include "sasl/scram.h"
#include "base/chars.h"
#include "base/rand.h"
#include "base/secret.h"
#include "sasl/sasl.h"
#include "text/codec.h"
#include <string.h>

enum scram_step {
	SCRAM_FIRST,
	SCRAM_FINAL,
	SCRAM_ACK, /* the client says nothing to our proof */
	SCRAM_DONE
};

enum {
	NONCE_BYTES = 18
};

bool scram_attribute(struct view *in, char letter, struct view *value)
{
	struct view rest = *in, item;
	view_cut(&rest, ',', &item);
	if (item.n < 2 || item.p[0] != letter || item.p[1] != '=')
		return false;
	*value = view_skip(item, 2);
	*in = rest;
	return true;
}

/* saslname: "=2C" is a comma and "=3D" an equal sign; no other "=". */
static bool decode_name(struct view v, struct buf *out)
{
	while (v.n) {
		size_t n = view_find_byte(v, '=');
		buf_put(out, view_head(v, n));
		v = view_skip(v, n);
		if (!v.n)
			break;
		if (view_starts(v, V("=2C")))
			buf_put_char(out, ',');
		else if (view_starts(v, V("=3D")))
			buf_put_char(out, '=');
		else
			return false;
		v = view_skip(v, 3);
	}
	return buf_error(out) == 0;
}

/* gs2-cbind-flag, RFC 5802 6. */
static enum sasl_status check_flag(const struct sasl *s, struct view flag)
{
	bool plus = s->mechanism->needs_binding;
	if (view_eq(flag, V("n")))
		return plus ? SASL_BAD : SASL_OK;
	/* "y": the client can bind and thinks that we cannot. If we do, then
	 * somebody took -PLUS out of our list. */
	if (view_eq(flag, V("y")))
		return plus ? SASL_BAD : s->n_binding ? SASL_FAILED : SASL_OK;
	if (!plus || !view_eq(flag, V("p=tls-exporter")))
		return SASL_BAD;
	return SASL_OK;
}

/* "flag,[a=authzid],": kept with the binding behind, as c= will repeat it. */
static enum sasl_status take_header(
    struct sasl *s, struct view *in, struct view *authzid)
{
	struct view all = *in, flag, zone;
	if (!view_cut(in, ',', &flag) || !view_cut(in, ',', &zone))
		return SASL_BAD;
	*authzid = V("");
	if (zone.n && (!view_starts(zone, V("a=")) || zone.n == 2))
		return SASL_BAD;
	if (zone.n)
		*authzid = view_skip(zone, 2);
	buf_put(&s->scram.header, view_head(all, all.n - in->n));
	if (s->mechanism->needs_binding)
		buf_put(&s->scram.header,
		    (struct view){ s->binding, s->n_binding });
	return check_flag(s, flag);
}

static enum sasl_status take_name(
    struct sasl *s, struct view name, struct view authzid)
{
	struct buf plain;
	buf_init(&plain, SASL_NAME_MAX);
	enum sasl_status status = decode_name(name, &plain)
				      ? sasl_set_name(s, buf_view(&plain))
				      : SASL_BAD;
	buf_deinit(&plain);
	/* Acting as somebody else is granted to nobody. */
	if (status == SASL_OK && authzid.n && !view_eq(authzid, name))
		return SASL_FAILED;
	return status;
}

static bool nonce_is_valid(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_PRINT) || v.p[i] == ' ')
			return false;
	return v.n > 0 && v.n <= 256;
}

static void put_first(struct sasl *s, struct view nonce)
{
	struct buf *out = &s->scram.first;
	char bytes[NONCE_BYTES];
	buf_put(out, V("r="));
	buf_put(out, nonce);
	rand_bytes(bytes, sizeof bytes);
	if (s->test_nonce)
		buf_put_cstr(out, s->test_nonce);
	else
		base64_encode((struct view){ bytes, sizeof bytes }, out);
	buf_put(out, V(",s="));
	base64_encode((struct view){ (const char *)s->scram.keys.salt,
			  s->scram.keys.n_salt },
	    out);
	buf_put(out, V(",i="));
	buf_put_u64(out, s->scram.keys.iterations);
}

/* client-first-message: gs2-header "n=" name ",r=" nonce [extensions] */
static enum sasl_status first(
    struct sasl *s, struct view message, struct buf *out)
{
	struct view authzid, name, nonce;
	enum sasl_status status = take_header(s, &message, &authzid);
	if (status != SASL_OK)
		return status;
	buf_put(&s->scram.bare, message);
	/* "m=" is an extension that we would have to know: not taken here. */
	if (!scram_attribute(&message, 'n', &name) ||
	    !scram_attribute(&message, 'r', &nonce) || !nonce_is_valid(nonce))
		return SASL_BAD;
	status = take_name(s, name, authzid);
	if (status != SASL_OK)
		return status;
	if (s->ops->keys(s->ctx, sasl_name(s), &s->scram.keys) != 0)
		return SASL_TEMP;
	put_first(s, nonce);
	if (buf_error(&s->scram.first) || buf_error(&s->scram.bare) ||
	    buf_error(&s->scram.header))
		return SASL_BAD;
	buf_put(out, buf_view(&s->scram.first));
	s->step = SCRAM_FINAL;
	return SASL_CHALLENGE;
}

/* c= repeats the header, and binds to the TLS connection. */
static bool binding_agrees(struct sasl *s, struct view encoded)
{
	struct buf got;
	buf_init(&got, SASL_SCRAM_MAX);
	bool same = base64_decode(encoded, &got) == 0 &&
		    secret_eq(buf_view(&got), buf_view(&s->scram.header));
	buf_deinit(&got);
	return same;
}

static bool nonce_agrees(const struct sasl *s, struct view nonce)
{
	struct view ours = buf_view(&s->scram.first), want;
	return scram_attribute(&ours, 'r', &want) && view_eq(want, nonce);
}

static void put_auth_message(
    struct sasl *s, struct view without_proof, struct buf *out)
{
	buf_put(out, buf_view(&s->scram.bare));
	buf_put_char(out, ',');
	buf_put(out, buf_view(&s->scram.first));
	buf_put_char(out, ',');
	buf_put(out, without_proof);
}

/* StoredKey = H(ClientKey), ClientKey = ClientProof XOR ClientSignature. */
static int check_proof(
    struct sasl *s, struct view auth_message, const unsigned char *proof)
{
	unsigned char key[HASH_SHA256_BYTES], hashed[HASH_SHA256_BYTES];
	struct view stored = hash_view(s->scram.keys.stored_key);
	int error = hash_hmac(stored, auth_message, key);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= proof[i];
	if (!error)
		error =
		    hash_sha2(HASH_SHA256_BYTES, hash_view(key), V(""), hashed);
	secret_wipe(key, sizeof key);
	if (error)
		return error;
	bool right = secret_eq(hash_view(hashed), stored);
	return right && s->scram.keys.is_real ? 0 : MC_E_AUTH;
}

static int put_verifier(
    struct sasl *s, struct view auth_message, struct buf *out)
{
	unsigned char signature[HASH_SHA256_BYTES];
	int error = hash_hmac(
	    hash_view(s->scram.keys.server_key), auth_message, signature);
	if (error)
		return error;
	buf_put(out, V("v="));
	base64_encode(hash_view(signature), out);
	return buf_error(out);
}

static bool decode_proof(struct view text, unsigned char *proof)
{
	struct buf b;
	buf_init(&b, HASH_SHA256_BYTES);
	bool ok =
	    base64_decode(text, &b) == 0 && buf_len(&b) == HASH_SHA256_BYTES;
	if (ok)
		memcpy(proof, buf_view(&b).p, HASH_SHA256_BYTES);
	buf_deinit(&b);
	return ok;
}

/* The proof is the last attribute: the extensions before it are signed. */
static bool cut_proof(struct view *message, unsigned char *proof)
{
	size_t comma = view_rfind_byte(*message, ',');
	struct view last = view_skip(*message, comma), text;
	if (!last.n)
		return false;
	last = view_skip(last, 1);
	if (!scram_attribute(&last, 'p', &text) || !decode_proof(text, proof))
		return false;
	*message = view_head(*message, comma);
	return true;
}

/* client-final-message: "c=" binding ",r=" nonce [extensions] ",p=" proof */
static enum sasl_status final(
    struct sasl *s, struct view message, struct buf *out)
{
	unsigned char proof[HASH_SHA256_BYTES];
	struct view binding, nonce, rest;
	struct buf auth;
	if (message.n > SASL_SCRAM_MAX || !cut_proof(&message, proof))
		return SASL_BAD;
	rest = message;
	if (!scram_attribute(&rest, 'c', &binding) ||
	    !scram_attribute(&rest, 'r', &nonce))
		return SASL_BAD;
	if (!nonce_agrees(s, nonce) || !binding_agrees(s, binding))
		return SASL_FAILED;
	buf_init(&auth, 4 * SASL_SCRAM_MAX);
	put_auth_message(s, message, &auth);
	int error = buf_error(&auth);
	if (!error)
		error = check_proof(s, buf_view(&auth), proof);
	if (!error)
		error = put_verifier(s, buf_view(&auth), out);
	buf_deinit(&auth);
	s->step = error ? SCRAM_DONE : SCRAM_ACK;
	if (error == MC_E_AUTH)
		return SASL_FAILED;
	return error ? SASL_TEMP : SASL_CHALLENGE;
}

enum sasl_status sasl_step_scram(
    struct sasl *s, struct view message, struct buf *out)
{
	unsigned step = s->step;
	s->step = SCRAM_DONE;
	if (message.n > SASL_SCRAM_MAX)
		return SASL_BAD;
	if (step == SCRAM_FIRST)
		return first(s, message, out);
	if (step == SCRAM_FINAL)
		return final(s, message, out);
	return step == SCRAM_ACK && !message.n ? SASL_OK : SASL_BAD;
}
