#include "proc/body/signer.h"

enum {
	TIMEOUT_MS = 3000,
	SIGNATURE_MAX = 1024,
};

struct asked {
	uint64_t id;
	bool ok;
	char *signature;
	size_t n;
};

static bool is_answer(void *ctx, const struct msg *m)
{
	struct asked *a = ctx;
	const struct msg_signed_ *s = &m->signed_;
	if (s->id != a->id)
		return false;
	a->ok = s->ok && s->signature.n && s->signature.n <= SIGNATURE_MAX;
	if (a->ok) {
		memcpy(a->signature, s->signature.p, s->signature.n);
		a->n = s->signature.n;
	}
	return true;
}

static int sign(void *ctx, uint32_t key, uint16_t scheme, struct view digest,
    char *signature, size_t *n)
{
	static uint64_t last_id; /* answers that come too late have others */
	struct peer *keys = proc_peer(ctx, ROLE_KEYS);
	struct asked a = { .id = ++last_id, .signature = signature };
	struct msg ask = { .type = MSG_SIGN,
		.sign = { a.id, key, scheme, digest } };
	if (!keys)
		return MC_E_TEMP;
	int error =
	    peer_call(keys, &ask, MSG_SIGNED, is_answer, &a, TIMEOUT_MS);
	if (error || !a.ok) {
		LOG(NULL, ERROR, "tls.no-signature",
		    KV_ERR("error", error ? error : MC_E_DENIED));
		return error ? error : MC_E_DENIED;
	}
	*n = a.n;
	return 0;
}

struct tls_signer signer_of(struct proc *p)
{
	return (struct tls_signer){ sign, p };
}
