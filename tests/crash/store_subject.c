/* The store as a subject: what a user can see of it, and its own check. */
#include "tests/crash/store_subject.h"
#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store/mailbox/annotation.h"
#include "store/mailbox/retained.h"
#include <inttypes.h>
#include <stdio.h>

struct store *crash_store;

enum {
	DELIVERIES = 600, /* ids that a digest asks for */
};

static int64_t fake_clock(void)
{
	return subject_now_s;
}

static int open_store(const char *dir, bool create)
{
	const struct store_options o = { .create = create,
		.now_s = fake_clock };
	int error = store_open(dir, &o, &crash_store);
	/* Rows of deleted mailboxes count until they are removed: no state in
	 * between shall be seen. */
	return error ? error : housekeeping_drain(crash_store);
}

static void close_store(void)
{
	store_close(&crash_store);
}

static struct store_txn held;

static int hold(void)
{
	return store_read(crash_store, &held);
}

static void release(void)
{
	store_end(&held);
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	printf("%s: mailbox %" PRIx32 " uid %" PRIu32 " msgid %" PRIu64
	       ": %s\n",
	    v->invariant, v->mailbox, v->uid, v->msgid, v->detail);
}

static int check(void)
{
	const struct check_options o = { .bodies = true,
		.on_violation = on_violation };
	struct check_result r;
	int error = store_check(crash_store, &o, &r);
	return error ? error : r.violations ? MC_E_CORRUPT : 0;
}

struct look {
	struct store_txn t;
	uint64_t digest;
	int error;
	uint32_t mailbox;
};

static void add_body(struct look *l, const struct message *m)
{
	static char body[SUBJECT_TEXT_MAX];
	struct message_info info;
	int error = message_info(&l->t, m->msgid, &info);
	if (!error && info.size_bytes > sizeof body)
		error = MC_E_LIMIT;
	if (!error)
		error = message_read(
		    &l->t, m->msgid, 0, body, (size_t)info.size_bytes);
	if (error) {
		l->error = error;
		return;
	}
	digest_view(&l->digest, info.envelope);
	digest_view(&l->digest, info.bodystructure);
	digest_view(&l->digest, (struct view){ body, info.size_bytes });
}

static void add_keywords(struct look *l, const struct message *m)
{
	for (unsigned slot = 0; slot < KEYWORDS_MAX; slot++) {
		struct view name;
		if (!(m->keywords[slot / 8] >> slot % 8 & 1))
			continue;
		int error = keyword_name(&l->t, slot, &name);
		if (error)
			l->error = error;
		else
			digest_view(&l->digest, name);
	}
}

static int add_row(void *ctx, const struct message *m)
{
	struct look *l = ctx;
	struct view uidl = V_NONE;
	const uint64_t fields[] = { m->uid, m->flags, m->internal, m->msgid,
		m->modseq, m->createmodseq, m->size_bytes,
		(uint64_t)m->internaldate.unix_s, m->savedate_s };
	digest_add(&l->digest, fields, sizeof fields);
	int error = message_uidl(&l->t, l->mailbox, m, &uidl);
	if (error && error != MC_E_NOENT)
		l->error = error;
	digest_view(&l->digest, uidl);
	add_keywords(l, m);
	add_body(l, m);
	return l->error;
}

static int add_change(void *ctx, const struct message *m)
{
	struct look *l = ctx;
	digest_number(&l->digest, m->uid);
	return 0;
}

static int add_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct look *l = ctx;
	digest_number(&l->digest, (uint64_t)first << 32 | last);
	return 0;
}

static int add_annotation(void *ctx, const struct annotation *a)
{
	struct look *l = ctx;
	digest_view(&l->digest, a->entry);
	digest_view(&l->digest, a->value);
	return 0;
}

static int add_about(struct look *l, uint32_t mailbox)
{
	uint32_t retention_s = 0;
	int error = mailbox_retention(&l->t, mailbox, &retention_s);
	digest_number(&l->digest, retention_s);
	return error ? error
		     : annotation_each(&l->t, mailbox, add_annotation, l);
}

static int add_mailbox(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct look *l = ctx;
	const struct changes_sink sink = { add_change, add_vanished, l };
	digest_view(&l->digest, name);
	const uint64_t fields[] = { m->id, m->flags, m->special_use,
		has_children };
	digest_add(&l->digest, fields, sizeof fields);
	/* What only is a level may still lose the rows it had. */
	if (m->flags & MAILBOX_NOSELECT)
		return l->error;
	const uint64_t more[] = { m->uidvalidity, m->uidnext, m->highestmodseq,
		m->createmodseq, m->vanish_floor, m->messages, m->unseen,
		m->deleted, m->recent_uid, m->size_bytes };
	digest_add(&l->digest, more, sizeof more);
	l->mailbox = m->id;
	int error = message_each(&l->t, m->id, 1, UINT32_MAX, add_row, l);
	if (!error)
		error = add_about(l, m->id);
	if (!error)
		error = message_changes(&l->t, m->id, m->vanish_floor, &sink);
	return error;
}

static int add_subscription(void *ctx, struct view name)
{
	struct look *l = ctx;
	digest_view(&l->digest, name);
	return 0;
}

static int add_deliveries(struct look *l)
{
	int error = 0;
	for (unsigned i = 0; i < DELIVERIES; i++) {
		char id[DELIVERY_ID_OCTETS];
		uint32_t mailbox = 0, uid = 0;
		store_delivery_id(i, id);
		error = message_find_delivery(
		    &l->t, (struct view){ id, sizeof id }, &mailbox, &uid);
		if (error && error != MC_E_NOENT)
			return error;
		digest_number(&l->digest, (uint64_t)mailbox << 32 | uid);
	}
	return 0;
}

static int look(struct look *l)
{
	struct store_totals totals;
	int error = mailbox_each(&l->t, add_mailbox, l);
	if (!error)
		error = mailbox_subscriptions(&l->t, add_subscription, l);
	if (!error)
		error = add_deliveries(l);
	if (!error)
		error = add_about(l, 0);
	if (!error)
		error = store_totals(&l->t, &totals);
	if (error)
		return error;
	digest_number(&l->digest, totals.bytes);
	digest_number(&l->digest, totals.messages);
	digest_number(&l->digest, totals.mailboxes);
	return l->error;
}

static int digest(uint64_t *out)
{
	struct look l = { .digest = 0 };
	int error = store_read(crash_store, &l.t);
	if (error)
		return error;
	error = look(&l);
	store_end(&l.t);
	*out = l.digest;
	return error;
}

const struct subject subject_store = { "store", open_store, close_store, hold,
	release, check, digest, store_ops, STORE_OPS };
