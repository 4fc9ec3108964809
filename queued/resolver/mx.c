#include "queued/resolver/mx.h"

static void swap(struct mx *a, struct mx *b)
{
	struct mx saved = *a;
	*a = *b;
	*b = saved;
}

static void shuffle(
    struct mx *all, size_t n, uint32_t (*random_below)(uint32_t n))
{
	for (size_t i = n; i > 1; i--)
		swap(&all[i - 1], &all[random_below((uint32_t)i)]);
}

/* Keeps the order of equal ones. */
static void sort(struct mx *all, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i;
		     j && all[j].preference < all[j - 1].preference; j--)
			swap(&all[j], &all[j - 1]);
}

static size_t without_null(struct mx *all, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].name[0])
			all[kept++] = all[i];
	return kept;
}

/* "all MX records with preference equal to or larger than that host's own are
 * to be removed": RFC 5321 5.1. */
static size_t nearer_than_own(const struct mx *all, size_t n, struct view own)
{
	size_t kept = n;
	for (size_t i = 0; i < n; i++)
		if (view_ieq(view_of(all[i].name), own))
			kept = i < kept ? i : kept;
	while (kept && kept < n &&
	       all[kept - 1].preference == all[kept].preference)
		kept--;
	return kept;
}

enum route_status mx_select(struct mx *all, size_t *n, struct view own,
    uint32_t (*random_below)(uint32_t n))
{
	*n = without_null(all, *n);
	if (!*n)
		return ROUTE_NULL_MX;
	shuffle(all, *n, random_below);
	sort(all, *n);
	*n = nearer_than_own(all, *n, own);
	if (!*n)
		return ROUTE_LOOP;
	if (*n > ROUTE_HOSTS_MAX)
		*n = ROUTE_HOSTS_MAX;
	return ROUTE_OK;
}
