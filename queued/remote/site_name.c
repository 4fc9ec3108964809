#include "queued/remote/site_name.h"
#include "base/panic.h"
#include "queued/route.h"
#include "wire/wr.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	GROUP_MAX = 150,
	DIGEST_SHOWN = 16, /* bytes: as many as nobody can search through */
	NAMES_MAX_BYTES = 32000,
	PARTS_MAX_BYTES = 8192,
};

static void digest(struct view v, unsigned char out[HASH_SHA256_BYTES])
{
	if (hash_sha2(HASH_SHA256_BYTES, v, V(""), out))
		fatal("no SHA-256");
}

static int compare(const void *a, const void *b)
{
	return view_cmp(*(const struct view *)a, *(const struct view *)b);
}

/* What is behind the last host that can be read counts as it is. */
static size_t names_of(struct view *hosts, struct view names[ROUTE_HOSTS_MAX])
{
	struct route_host host;
	size_t n = 0;
	while (n < ROUTE_HOSTS_MAX && route_take_host(hosts, &host) == 0)
		names[n++] = host.name;
	return n;
}

void site_hosts_digest(struct view hosts, unsigned char out[HASH_SHA256_BYTES])
{
	struct view names[ROUTE_HOSTS_MAX];
	size_t n = names_of(&hosts, names);
	char *bytes = must_alloc(NAMES_MAX_BYTES);
	struct wr w = wr_into(bytes, NAMES_MAX_BYTES);
	qsort(names, n, sizeof *names, compare);
	for (size_t i = 0; i < n; i++)
		wr_bytes(&w, names[i], names[i].n);
	wr_raw(&w, hosts);
	digest(w.failed ? hosts : wr_view(&w), out);
	free(bytes);
}

static void parts_digest(
    const struct site_parts *p, unsigned char out[HASH_SHA256_BYTES])
{
	char bytes[PARTS_MAX_BYTES];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_raw(&w, hash_view(p->hosts_digest));
	wr_u8(&w, (uint8_t)p->tls);
	wr_bytes(&w, p->route, p->route.n);
	wr_bytes(&w, p->sts_names, p->sts_names.n);
	mc_assert(!w.failed); /* all have their bounds */
	digest(wr_view(&w), out);
}

struct view site_name_put(
    const struct site_parts *p, char out[QUEUE_SITE_MAX + 1])
{
	static const char *const tls[RELAY_TLS_COUNT] = { "/plain", "",
		"/encrypted", "/verified", "/dane", "/optional" };
	unsigned char bytes[HASH_SHA256_BYTES];
	struct view group = view_head(p->group, GROUP_MAX);
	char hex[2 * DIGEST_SHOWN + 1];
	parts_digest(p, bytes);
	for (size_t i = 0; i < DIGEST_SHOWN; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	snprintf(out, QUEUE_SITE_MAX + 1, "%.*s#%s%s", (int)group.n, group.p,
	    hex, tls[p->tls]);
	for (char *i = out; *i; i++)
		if ((unsigned char)*i <= ' ')
			*i = '?';
	return view_of(out);
}
