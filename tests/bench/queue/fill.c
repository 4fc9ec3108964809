/* queuefill: puts messages for other hosts into a queue, without a daemon.
 *
 * usage: queuefill SPOOL MESSAGES DOMAINS SIZE GROUP [HOST]
 * Message i is of sender i % 100 to a recipient in d0.example, d1.example, ...
 * GROUP messages share a transaction: as many as clients send at a time, for a
 * file as the queue would have written it.
 * They are due now, or parked until an hour from now at the site that route "*"
 * of a configuration leads to when its host is HOST, "[192.0.2.1]". */
#include "base/panic.h"
#include "queued/remote/site_name.h"
#include "queued/route.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SIZE_MAX_OCTETS = QUEUE_BODY_MAX,
};

struct fill {
	struct queue_db *db;
	struct queue_txn t;
	uint64_t now_s;
	uint32_t domains, group;
	struct view body, site;
	char site_bytes[QUEUE_SITE_MAX + 1];
};

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "queuefill: %s: %s\n", what, err_text(error));
	exit(1);
}

/* As queued calls it. */
static struct view site_of(struct view host, char out[QUEUE_SITE_MAX + 1])
{
	const struct route_host only = { .name = host };
	unsigned char digest[HASH_SHA256_BYTES];
	char hosts[ROUTE_NAME_MAX * 2];
	size_t n = 0;
	must(route_put_host(&only, hosts, sizeof hosts, &n), "host");
	site_hosts_digest((struct view){ hosts, n }, digest);
	const struct site_parts parts = { .group = host,
		.hosts_digest = digest,
		.tls = RELAY_TLS_OPPORTUNISTIC,
		.route = V("*") };
	return site_name_put(&parts, out);
}

static void add(struct fill *f, uint32_t i)
{
	char sender[64], to[64];
	snprintf(sender, sizeof sender, "s%u@sender.example", i % 100);
	snprintf(to, sizeof to, "r%u@d%u.example", i, i / 100 % f->domains);
	struct queue_envelope e = { .id = queue_db_new_id(f->db, f->now_s),
		.received_s = f->now_s,
		.size_bytes = f->body.n,
		.n_recipients = 1,
		.sender = view_of(sender),
		.account = V("s"),
		.remote = V("192.0.2.1"),
		.helo = V("sender.example") };
	struct queue_rcpt r = { .next_s = f->now_s + (f->site.n ? 3600 : 0),
		.address = view_of(to),
		.site = f->site,
		.sender = (uint32_t)view_hash(e.sender) };
	queue_add(&f->t, &e, f->body);
	queue_add_rcpt(&f->t, e.id, &r);
}

static void fill(struct fill *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i % f->group == 0)
			must(queue_begin_write(f->db, &f->t), "begin");
		add(f, i);
		if ((i + 1) % f->group == 0 || i + 1 == n)
			must(queue_commit(&f->t), "commit");
	}
}

int main(int argc, char **argv)
{
	uint32_t n, size;
	struct fill f = { .now_s = (uint64_t)time(NULL) };
	if (argc < 6 || argc > 7 || !view_u32(view_of(argv[2]), &n) ||
	    !view_u32(view_of(argv[3]), &f.domains) || !f.domains ||
	    !view_u32(view_of(argv[4]), &size) || size > SIZE_MAX_OCTETS ||
	    !view_u32(view_of(argv[5]), &f.group) || !f.group) {
		fputs("usage: queuefill SPOOL MESSAGES DOMAINS SIZE GROUP "
		      "[HOST]\n",
		    stderr);
		return 2;
	}
	char *body = must_alloc(size + 1);
	memset(body, 'x', size);
	f.body = (struct view){ body, size };
	if (argc == 7)
		f.site = site_of(view_of(argv[6]), f.site_bytes);
	must(queue_db_open(argv[1], false, &f.db), argv[1]);
	fill(&f, n);
	queue_db_close(&f.db);
	free(body);
	return 0;
}
