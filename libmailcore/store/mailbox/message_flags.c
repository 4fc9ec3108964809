#include "store/mailbox/keyword.h"
#include "store/txn/rows.h"

enum {
	SYSTEM_FLAGS = MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED |
		       MESSAGE_DELETED | MESSAGE_DRAFT
};

struct change {
	struct edit *e;
	struct box *b;
	const struct flag_change *what;
	struct keywords keywords;
	uint64_t unchanged_since;
	struct uidset *modified;
	void (*fn)(void *ctx, const struct message *m);
	void *ctx;
};

static void apply(const struct change *c, struct message *m)
{
	uint16_t flags = c->what->flags & SYSTEM_FLAGS;
	const uint8_t *bits = c->keywords.bits;
	switch (c->what->op) {
	case FLAGS_SET:
		m->flags = flags;
		memcpy(m->keywords, bits, sizeof m->keywords);
		break;
	case FLAGS_ADD:
		m->flags |= flags;
		for (size_t i = 0; i < sizeof m->keywords; i++)
			m->keywords[i] |= bits[i];
		break;
	case FLAGS_REMOVE:
		m->flags &= (uint16_t)~flags;
		for (size_t i = 0; i < sizeof m->keywords; i++)
			m->keywords[i] &= (uint8_t)~bits[i];
		break;
	}
}

static bool differs(const struct message *a, const struct message *b)
{
	return a->flags != b->flags ||
	       memcmp(a->keywords, b->keywords, sizeof a->keywords) != 0;
}

static int leave_row(struct change *c, const struct message *m)
{
	row_stays(c->e);
	return c->modified ? uidset_add(c->modified, m->uid, m->uid) : 0;
}

static int change_row(struct change *c, struct kv_cursor *at, struct message m)
{
	char row[MESSAGE_OCTETS];
	struct message before = m;
	if (m.modseq > c->unchanged_since)
		return leave_row(c, &m);
	apply(c, &m);
	if (differs(&before, &m)) {
		m.modseq = edit_modseq(c->e);
		message_encode(&m, row);
		kv_cursor_replace(at, (struct view){ row, sizeof row });
		row_changed(c->e, c->b, &before, &m);
	} else {
		row_stays(c->e);
	}
	if (c->fn)
		c->fn(c->ctx, &m);
	return c->e->kv.error;
}

static int change_rows(struct change *c, const struct uidset *uids)
{
	struct kv_cursor at;
	struct message m;
	bool skipped;
	int error = kv_cursor_open(&at, &c->e->kv, TABLE_MSG);
	if (!error)
		error = row_seek(&at, c->b->m.id, 1, uids, &m);
	while (!error) {
		error = change_row(c, &at, m);
		if (!error)
			error = row_next(&at, c->b->m.id, uids, &m, &skipped);
		if (!error && skipped)
			row_stays(c->e);
	}
	kv_cursor_close(&at);
	return error == MC_E_NOENT ? 0 : error;
}

static int change_all(
    struct change *c, uint32_t mailbox, const struct uidset *uids)
{
	const struct flag_change *what = c->what;
	int error = edit_box_open(c->e, mailbox, &c->b);
	if (!error)
		error = keywords_resolve(c->e, what->keywords, what->n_keywords,
		    what->op != FLAGS_REMOVE, &c->keywords);
	return error ? error : change_rows(c, uids);
}

int message_store_flags(struct store *s, uint32_t mailbox,
    const struct uidset *uids, const struct flag_change *change,
    uint64_t unchanged_since, struct uidset *modified,
    void (*fn)(void *ctx, const struct message *m), void *ctx)
{
	struct edit e;
	struct change c = { .e = &e,
		.what = change,
		.unchanged_since = unchanged_since,
		.modified = modified,
		.fn = fn,
		.ctx = ctx };
	if (modified)
		uidset_clear(modified);
	int error = edit_begin(s, &e);
	if (error)
		return error;
	error = change_all(&c, mailbox, uids);
	if (!error && (e.modseq || c.keywords.added))
		return edit_commit(&e);
	edit_abort(&e);
	return error;
}
