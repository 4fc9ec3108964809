/* Role keys of all daemons.
 * runs as:  mailkeys in an empty directory
 * can see:  the private keys, digests of handshakes
 * accepts:  PRIVATE_KEY from the monitor, SIGN from fronts
 * sends:    SIGNED to the front that asked
 * dies:     with its monitor */
#include "base/panic.h"
#include "base/secret.h"
#include "proc/keys/keys.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int start(struct proc *p)
{
	proc_set_state(p, keys_new());
	return 0;
}

/* From the start, wherever who had the descriptor before left it. */
static int read_file(int fd, char *out, size_t cap, size_t *n)
{
	*n = 0;
	for (;;) {
		ssize_t got = pread(fd, out + *n, cap - *n, (off_t)*n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		*n += (size_t)got;
		if (*n == cap)
			return MC_E_LIMIT;
	}
}

static int load(struct keys *k, uint32_t number, int fd, const char **why)
{
	char *pem = must_alloc(KEYS_PEM_MAX + 1);
	size_t n = 0;
	*why = "cannot be read";
	int error = read_file(fd, pem, KEYS_PEM_MAX + 1, &n);
	if (!error)
		error = keys_load(k, number, (struct view){ pem, n }, why);
	secret_wipe(pem, KEYS_PEM_MAX + 1);
	free(pem);
	return error;
}

static void on_private_key(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	const char *why = "the role stops";
	(void)from;
	int error = MC_E_CLOSED;
	if (proc_state(p))
		error = load(proc_state(p), m->private_key.key, fd, &why);
	close(fd);
	if (error)
		LOG(NULL, ERROR, "key.refused",
		    KV_INT("key", m->private_key.key), KV_STR("reason", why),
		    KV_ERR("error", error));
}

static void on_sign(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	const struct msg_sign *s = &m->sign;
	char signature[KEYS_SIGNATURE_MAX];
	size_t n = 0;
	(void)fd;
	if (!proc_state(p))
		return; /* stopped in this round */
	int error = keys_sign(
	    proc_state(p), s->key, s->scheme, s->digest, signature, &n);
	if (error)
		LOG(NULL, WARN, "sign.refused", KV_INT("key", s->key),
		    KV_HEX("scheme", s->scheme), KV_ERR("error", error));
	struct msg back = { .type = MSG_SIGNED,
		.signed_ = { s->id, !error, { signature, error ? 0 : n } } };
	peer_send(from, &back, -1);
}

static void stop(struct proc *p, uint32_t grace_s)
{
	struct keys *keys = proc_state(p);
	(void)grace_s;
	keys_free(&keys);
	proc_set_state(p, NULL);
	proc_exit(p);
}

const struct role_ops keys_ops = {
	.start = start,
	.stop = stop,
	.on = {
		[MSG_PRIVATE_KEY] = on_private_key,
		[MSG_SIGN] = on_sign,
	},
};
