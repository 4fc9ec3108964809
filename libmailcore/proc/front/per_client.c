#include "proc/front/per_client.h"
#include "base/panic.h"
#include "base/rand.h"
#include <arpa/inet.h>
#include <string.h>

enum {
	BUCKETS = 1024,
	ADDRESS_MAX = 64
};

struct per_client_entry {
	struct per_client_entry *next;
	uint32_t count;
	size_t n;
	char address[ADDRESS_MAX];
};

void per_client_init(struct per_client *t)
{
	t->buckets = must_alloc(BUCKETS * sizeof *t->buckets);
	t->seed = rand_u64();
}

void per_client_deinit(struct per_client *t)
{
	for (size_t i = 0; t->buckets && i < BUCKETS; i++)
		while (t->buckets[i]) {
			struct per_client_entry *e = t->buckets[i];
			t->buckets[i] = e->next;
			free(e);
		}
	free(t->buckets);
	t->buckets = NULL;
}

/* One client of IPv6 has a network of 2^64 addresses (RFC 6177 2): counted is
 * the network. */
static struct view client_of(struct view address, char out[ADDRESS_MAX])
{
	struct in6_addr a;
	char text[ADDRESS_MAX];
	if (view_to_cstr(address, text, sizeof text) != 0 ||
	    inet_pton(AF_INET6, text, &a) != 1)
		return view_head(address, ADDRESS_MAX);
	memset(&a.s6_addr[8], 0, 8);
	if (!inet_ntop(AF_INET6, &a, out, ADDRESS_MAX))
		return view_head(address, ADDRESS_MAX);
	return view_of(out);
}

/* Where the client is, or would be. */
static struct per_client_entry **find(
    const struct per_client *t, struct view address)
{
	char key[sizeof t->seed + ADDRESS_MAX];
	memcpy(key, &t->seed, sizeof t->seed);
	if (address.n)
		memcpy(key + sizeof t->seed, address.p, address.n);
	uint64_t hash =
	    view_hash((struct view){ key, sizeof t->seed + address.n });
	struct per_client_entry **at = &t->buckets[hash % BUCKETS];
	while (
	    *at && !view_eq(address, (struct view){ (*at)->address, (*at)->n }))
		at = &(*at)->next;
	return at;
}

bool per_client_add(struct per_client *t, struct view address, uint32_t max)
{
	char network[ADDRESS_MAX];
	address = client_of(address, network);
	struct per_client_entry **at = find(t, address);
	if (*at && (*at)->count >= max)
		return false;
	if (!*at) {
		*at = MUST_NEW(struct per_client_entry);
		(*at)->n = address.n;
		memcpy((*at)->address, address.p ? address.p : "", (*at)->n);
	}
	(*at)->count++;
	return true;
}

void per_client_remove(struct per_client *t, struct view address)
{
	char network[ADDRESS_MAX];
	address = client_of(address, network);
	struct per_client_entry **at = find(t, address), *e = *at;
	if (!e || --e->count)
		return;
	*at = e->next;
	free(e);
}
