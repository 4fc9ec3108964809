#include "store/txn/quota_edit.h"

enum {
	/* Who comes and goes around a threshold is not told each time. */
	FALL_PERCENT = 5
};

bool quota_has_room(const struct edit *e, uint64_t size_bytes, bool is_delivery)
{
	const struct store_limits *l = &e->store->limits;
	return size_bytes <= quota_bytes_left(l, &e->account, is_delivery) &&
	       quota_messages_left(l, &e->account) > 0;
}

bool quota_has_mailboxes(const struct edit *e, uint32_t n)
{
	const uint32_t limit = e->store->limits.mailboxes;
	return !limit || (e->account.mailboxes < limit &&
			     n <= limit - e->account.mailboxes);
}

/* So many percent, rounded up, without overflow. */
static bool has_reached(uint64_t used, uint64_t limit, unsigned percent)
{
	return limit && used >= limit / 100 * percent +
				    (limit % 100 * percent + 99) / 100;
}

static bool is_at(
    const struct edit *e, unsigned percent, struct quota_warning *out)
{
	const struct store_limits *l = &e->store->limits;
	const struct account *a = &e->account;
	if (has_reached(a->bytes, l->bytes, percent))
		*out = (struct quota_warning){ percent, "STORAGE", a->bytes,
			l->bytes };
	else if (has_reached(a->messages, l->messages, percent))
		*out = (struct quota_warning){ percent, "MESSAGE", a->messages,
			l->messages };
	else
		return false;
	return true;
}

bool quota_passed(struct edit *e, struct quota_warning *out)
{
	const uint8_t *warn = e->store->limits.warn;
	bool has_passed = false;
	for (unsigned i = 0; i < QUOTA_WARN_MAX && warn[i]; i++) {
		if (warn[i] <= e->account.warned_percent ||
		    !is_at(e, warn[i], out))
			continue;
		e->account.warned_percent = warn[i];
		e->account_dirty = has_passed = true;
	}
	return has_passed;
}

/* The threshold below; 0: there is none. */
static uint8_t next_lower(const uint8_t *warn, uint8_t percent)
{
	uint8_t lower = 0;
	for (unsigned i = 0; i < QUOTA_WARN_MAX && warn[i]; i++)
		if (warn[i] < percent)
			lower = warn[i];
	return lower;
}

static bool has_fallen_below(const struct edit *e, unsigned percent)
{
	struct quota_warning w;
	return !is_at(
	    e, percent > FALL_PERCENT ? percent - FALL_PERCENT : 1, &w);
}

void quota_settle(struct edit *e)
{
	const struct store_limits *l = &e->store->limits;
	uint8_t *warned = &e->account.warned_percent;
	if (!l->warn[0] || (!l->bytes && !l->messages))
		return;
	while (*warned && has_fallen_below(e, *warned))
		*warned = next_lower(l->warn, *warned);
}
