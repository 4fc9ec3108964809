/* queued's role "fetch".
 *   runs as  mailnet in an empty directory
 *   can see  web servers that hold MTA-STS policies or take reports of TLS
 *   accepts  FETCH_ASK from queue, with addresses: it asks no DNS
 *   sends    FETCH_IS to queue
 *   dies     when the monitor goes */
#include "base/panic.h"
#include "queued/fetch/https.h"
#include "queued/roles.h"
#include <stdlib.h>

static void answer(struct proc *p, const struct https_answer *a)
{
	struct peer *queue = proc_peer(p, ROLE_QUEUE);
	struct msg m = { .type = MSG_FETCH_IS,
		.fetch_is = { a->id, (uint8_t)a->status, (uint16_t)a->code,
		    view_head(a->text, 200), a->body } };
	if (queue)
		peer_send(queue, &m, -1);
}

static void on_done(void *ctx, const struct https_answer *a)
{
	answer(ctx, a);
}

static void set_ca(struct proc *p)
{
	struct view pem = V("");
	proc_file(p, FILE_CA, 0, NULL, &pem);
	https_set_ca(proc_state(p), pem);
}

static int start(struct proc *p)
{
	struct https *h = https_new(proc_loop(p), on_done, p);
	if (!h)
		return MC_E_INTERNAL;
	proc_set_state(p, h);
	set_ca(p);
	return 0;
}

static void file_changed(struct proc *p, enum file_kind kind, uint32_t index)
{
	(void)index;
	if (kind == FILE_CA && proc_state(p))
		set_ca(p);
}

/* All addresses that url's host was found to have. */
static size_t addresses_of(
    struct view hosts, struct route_address out[HTTPS_ADDRESSES_MAX])
{
	struct route_host *host = MUST_NEW(struct route_host);
	size_t n = 0;
	while (n < HTTPS_ADDRESSES_MAX && route_take_host(&hosts, host) == 0)
		for (size_t i = 0;
		     i < host->n_addresses && n < HTTPS_ADDRESSES_MAX; i++)
			out[n++] = host->addresses[i];
	free(host);
	return n;
}

static void on_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	const struct msg_fetch_ask *o = &m->fetch_ask;
	struct route_address addresses[HTTPS_ADDRESSES_MAX];
	struct https_ask ask = { .id = o->id,
		.url = o->url,
		.addresses = addresses,
		.type = o->type,
		.post = o->post };
	(void)from;
	(void)fd;
	if (!proc_state(p))
		return; /* stopped in this round */
	ask.n_addresses = addresses_of(o->hosts, addresses);
	int error = https_start(proc_state(p), &ask);
	struct https_answer refused = { .id = o->id,
		.status = FETCH_UNREACHABLE,
		.text = error == MC_E_LIMIT
			    ? V("too many at once")
			    : V("not an https url, or no address") };
	if (error)
		answer(p, &refused);
}

static void stop(struct proc *p, uint32_t grace_s)
{
	struct https *h = proc_state(p);
	(void)grace_s;
	https_free(&h);
	proc_set_state(p, NULL);
	proc_exit(p);
}

const struct role_ops fetch_ops = {
	.start = start,
	.file_changed = file_changed,
	.stop = stop,
	.on = {
		[MSG_FETCH_ASK] = on_ask,
	},
};
