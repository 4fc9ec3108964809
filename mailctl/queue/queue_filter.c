#include "mailctl/queue/queue_filter.h"
#include "conf/schema.h"
#include <string.h>

static bool take_state(struct queue_filter *f, struct view value)
{
	for (int s = 0; s < RCPT_STATE_COUNT; s++)
		if (view_eq(
			value, view_of(rcpt_state_name((enum rcpt_state)s))))
			f->state = s;
	return f->state >= 0;
}

static bool take_sender(struct queue_filter *f, struct view value)
{
	f->sender = value;
	return value.n > 0;
}

static bool take_recipient(struct queue_filter *f, struct view value)
{
	f->recipient = value;
	return value.n > 0;
}

static bool take_domain(struct queue_filter *f, struct view value)
{
	f->domain = value;
	return value.n > 0;
}

static bool take_reason(struct queue_filter *f, struct view value)
{
	f->reason = value;
	return value.n > 0;
}

static bool take_seconds(struct view value, uint64_t *out)
{
	return conf_number(CONF_SECONDS, value, UINT32_MAX, out) && *out;
}

static bool take_older(struct queue_filter *f, struct view value)
{
	return take_seconds(value, &f->older_s);
}

static bool take_younger(struct queue_filter *f, struct view value)
{
	return take_seconds(value, &f->younger_s);
}

static bool take_bytes(struct view value, uint64_t *out)
{
	return conf_number(CONF_BYTES, value, UINT64_MAX >> 1, out) && *out;
}

static bool take_larger(struct queue_filter *f, struct view value)
{
	return take_bytes(value, &f->larger_bytes);
}

static bool take_smaller(struct queue_filter *f, struct view value)
{
	return take_bytes(value, &f->smaller_bytes);
}

static const struct option {
	const char *name;
	bool (*take)(struct queue_filter *f, struct view value);
} options[] = {
	{ "--sender", take_sender },
	{ "--recipient", take_recipient },
	{ "--domain", take_domain },
	{ "--reason", take_reason },
	{ "--state", take_state },
	{ "--older", take_older },
	{ "--younger", take_younger },
	{ "--larger", take_larger },
	{ "--smaller", take_smaller },
};

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static bool take_word(struct queue_filter *f, const char *word)
{
	if (strcmp(word, "--all") == 0)
		return f->all = true;
	if (strcmp(word, "--dry-run") == 0)
		return f->dry_run = true;
	return f->n_ids < QUEUE_FILTER_IDS_MAX &&
	       queue_id_parse(view_of(word), &f->ids[f->n_ids]) && ++f->n_ids;
}

bool queue_filter_parse(
    struct queue_filter *f, char **args, int n_args, const char **wrong)
{
	*f = (struct queue_filter){ .state = -1 };
	for (int i = 0; i < n_args; i++) {
		const struct option *o = find(args[i]);
		*wrong = args[i];
		if (!o && !take_word(f, args[i]))
			return false;
		if (!o)
			continue;
		if (i + 1 == n_args)
			return false;
		*wrong = args[++i];
		if (!o->take(f, view_of(args[i])))
			return false;
	}
	return true;
}

bool queue_filter_is_empty(const struct queue_filter *f)
{
	return !f->n_ids && !f->all && !f->sender.n && !f->recipient.n &&
	       !f->domain.n && !f->reason.n && f->state < 0 && !f->older_s &&
	       !f->younger_s && !f->larger_bytes && !f->smaller_bytes;
}

static bool has_id(const struct queue_filter *f, uint64_t id)
{
	size_t i = 0;
	while (i < f->n_ids && f->ids[i] != id)
		i++;
	return !f->n_ids || i < f->n_ids;
}

/* "<>" is how a message without a sender is written. */
static bool is_from(const struct queue_filter *f, struct view sender)
{
	return !f->sender.n || view_ieq(f->sender, sender) ||
	       (!sender.n && view_eq(f->sender, V("<>")));
}

bool queue_filter_takes_mail(const struct queue_filter *f,
    const struct queue_envelope *e, uint64_t now_s)
{
	uint64_t age_s = now_s > e->received_s ? now_s - e->received_s : 0;
	return has_id(f, e->id) && is_from(f, e->sender) &&
	       (!f->older_s || age_s >= f->older_s) &&
	       (!f->younger_s || age_s < f->younger_s) &&
	       (!f->larger_bytes || e->size_bytes > f->larger_bytes) &&
	       (!f->smaller_bytes || e->size_bytes < f->smaller_bytes);
}

static struct view domain_of(struct view address)
{
	size_t at = view_rfind_byte(address, '@');
	return view_skip(address, at == address.n ? at : at + 1);
}

bool queue_filter_takes_rcpt(
    const struct queue_filter *f, const struct queue_rcpt *r)
{
	return (f->state < 0 || f->state == (int)r->state) &&
	       !(f->not_held && r->state == RCPT_HELD) &&
	       (!f->recipient.n || view_ieq(f->recipient, r->address)) &&
	       (!f->domain.n || view_ieq(f->domain, domain_of(r->address))) &&
	       (!f->reason.n || view_find(r->reply, f->reason) < r->reply.n);
}
