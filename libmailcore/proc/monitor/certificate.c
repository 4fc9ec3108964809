/* The certificate and its key: opened here, read only by those who may. When a
 * file changes both are handed out again under another number, so that no
 * front asks for a signature by a key that does not fit its certificate. */
#include "base/panic.h"
#include "proc/monitor/monitor.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHECK_MS = 60000,
	KEYS_FIRST_MS = 250,
};

struct certificate {
	struct timer *fronts;   /* get the chain when keys has the key */
	struct stat chain, key; /* as they were handed out */
	uint64_t checked_ms;
	uint32_t number; /* 0 and 1 in turn */
};

static void look(const struct conf *conf, struct stat *chain, struct stat *key)
{
	*chain = *key = (struct stat){ 0 };
	if (stat(conf->tls_certificate, chain) != 0)
		chain->st_ino = 0;
	if (stat(conf->tls_key, key) != 0)
		key->st_ino = 0;
}

static bool differs(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static void give(struct child *c, const char *path, const struct msg *out)
{
	/* A description of its own each time: offsets are not shared. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		LOG(NULL, ERROR, "tls.unreadable", KV_STR("file", path),
		    KV_ERR("error", -errno));
	else
		peer_send(c->peer, out, fd);
}

static void give_chain(struct child *c)
{
	const struct monitor *m = c->monitor;
	struct msg out = { .type = MSG_CERTIFICATE,
		.certificate = { m->certificate->number, V_NONE } };
	if (c->peer && c->role->holds & HOLDS_LISTENERS)
		give(c, m->conf->tls_certificate, &out);
}

static void give_key(struct child *c)
{
	const struct monitor *m = c->monitor;
	struct msg out = { .type = MSG_PRIVATE_KEY,
		.private_key = { m->certificate->number } };
	if (c->peer && c->role->holds & HOLDS_KEYS)
		give(c, m->conf->tls_key, &out);
}

void certificate_hand_out(struct child *c)
{
	if (!c->monitor->conf->tls_certificate[0])
		return;
	give_key(c);
	give_chain(c);
}

static void on_fronts(void *ctx)
{
	struct monitor *m = ctx;
	for (struct child *c = m->children; c; c = c->next)
		if (c->state != CHILD_STOPPING)
			give_chain(c);
}

void certificate_open(struct monitor *m)
{
	m->certificate = MUST_NEW(struct certificate);
	m->certificate->fronts = timer_new(m->loop, on_fronts, m);
	m->certificate->checked_ms = loop_now_ms(m->loop);
	look(m->conf, &m->certificate->chain, &m->certificate->key);
}

void certificate_close(struct monitor *m)
{
	if (!m->certificate)
		return;
	timer_free(&m->certificate->fronts);
	free(m->certificate);
	m->certificate = NULL;
}

void certificate_check(struct monitor *m)
{
	struct certificate *cert = m->certificate;
	struct stat chain, key;
	uint64_t now = loop_now_ms(m->loop);
	if (!m->conf->tls_certificate[0] || now < cert->checked_ms + CHECK_MS)
		return;
	cert->checked_ms = now;
	look(m->conf, &chain, &key);
	if (!differs(&chain, &cert->chain) && !differs(&key, &cert->key))
		return;
	if (!chain.st_ino || !key.st_ino)
		return; /* being replaced: look again */
	cert->chain = chain;
	cert->key = key;
	cert->number = !cert->number;
	LOG(NULL, INFO, "tls.reload",
	    KV_STR("certificate", m->conf->tls_certificate));
	for (struct child *c = m->children; c; c = c->next)
		if (c->state != CHILD_STOPPING)
			give_key(c);
	timer_start(cert->fronts, KEYS_FIRST_MS, 0);
}
