/* Mailboxes, their tree and their names. */
#include "base/rand.h"
#include "store/check/repair_state.h"
#include "store/mailbox/mailbox_name.h"
#include <stdio.h>

void repair_box_renew(struct repair *r, struct box *b)
{
	struct account *a = &r->c.account;
	if (a->next_uidvalidity < r->now_s)
		a->next_uidvalidity = r->now_s;
	b->m.uidvalidity = a->next_uidvalidity++;
	b->m.highestmodseq = b->m.vanish_floor = repair_modseq(r);
}

static void make_box(struct repair *r, uint32_t id, uint32_t parent,
    struct view name, struct box *b)
{
	*b = (struct box){ .m.id = id, .m.parent = parent };
	b->m.uidnext = b->m.recent_uid = 1;
	b->n_name = (uint8_t)name.n;
	memcpy(b->name, name.p, name.n);
	rand_bytes(b->m.guid, sizeof b->m.guid);
	repair_box_renew(r, b);
	b->m.createmodseq = b->m.highestmodseq;
}

/* In its place by id. */
static struct check_box *insert(struct repair *r, const struct check_box *x)
{
	struct check *c = &r->c;
	void *boxes = c->boxes;
	size_t at = c->n_boxes;
	if (!repair_grow(r, &boxes, c->n_boxes, &c->cap_boxes, sizeof *x))
		return NULL;
	c->boxes = boxes;
	while (at > 0 && c->boxes[at - 1].b.m.id > x->b.m.id)
		at--;
	memmove(
	    &c->boxes[at + 1], &c->boxes[at], (c->n_boxes - at) * sizeof *x);
	c->n_boxes++;
	c->boxes[at] = *x;
	return &c->boxes[at];
}

struct check_box *repair_box_add(
    struct repair *r, uint32_t id, uint32_t parent, struct view name)
{
	struct check_box x = { .has_name = false };
	make_box(r, id, parent, name, &x.b);
	if (id <= r->c.account.next_mailbox)
		r->c.account.next_mailbox = id - 1;
	return insert(r, &x);
}

static struct view box_name(const struct box *b)
{
	return (struct view){ b->name, b->n_name };
}

struct check_box *repair_box_recovered(struct repair *r)
{
	char id[4];
	struct check *c = &r->c;
	if (r->recovered)
		return check_box_of(c, r->recovered);
	for (size_t i = 0; i < c->n_boxes; i++) {
		struct box *b = &c->boxes[i].b;
		if (b->m.flags & BOX_DELETING || b->m.parent ||
		    !view_eq(box_name(b), V("Recovered")))
			continue;
		b->m.flags &= (uint16_t)~MAILBOX_NOSELECT;
		r->recovered = b->m.id;
		return &c->boxes[i];
	}
	struct check_box *x =
	    repair_box_add(r, c->account.next_mailbox, 0, V("Recovered"));
	if (!x)
		return NULL;
	struct key k = key_name(0, V("Recovered"));
	r->recovered = x->b.m.id;
	repair_put(r, TABLE_NAM, &k, mailbox_id_encode(r->recovered, id));
	return x;
}

/* Records. */

/* What a name says of a mailbox without a record. */
static bool find_name(struct repair *r, uint32_t id, struct box *out)
{
	struct kv_cursor k;
	uint32_t found;
	struct view name;
	bool has = false;
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_NAM);
	if (!error)
		error = kv_cursor_seek(&k, V("\0"));
	while (!error && !has) {
		has = key_name_split(k.key, &out->m.parent, &name) == 0 &&
		      mailbox_id_decode(k.value, &found) == 0 && found == id;
		if (has) {
			out->n_name = (uint8_t)name.n;
			memcpy(out->name, name.p, name.n);
		}
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	return has;
}

struct view repair_box_rescue_name(uint32_t id, char out[32])
{
	int n = snprintf(out, 32, "Recovered-%u", (unsigned)id);
	return (struct view){ out, (size_t)n };
}

/* The mailbox id of a record that is lost. */
void repair_restore_box(struct repair *r, uint32_t id, struct box *out)
{
	char text[32];
	struct box named;
	bool has = find_name(r, id, &named);
	make_box(r, id, has ? named.m.parent : 0,
	    has ? box_name(&named) : repair_box_rescue_name(id, text), out);
	r->is_loss = true;
}

bool repair_may_exist(const struct repair *r, uint32_t id)
{
	return id > r->c.account.next_mailbox ||
	       (r->account_lost && id > repair_mailbox_min);
}

static bool mend_record(struct repair *r)
{
	struct check *c = &r->c;
	r->is_loss = true;
	if (c->key.n != 4 || !repair_may_exist(r, c->mailbox)) {
		repair_drop(r, TABLE_MBX, c->key);
		return false;
	}
	repair_restore_box(r, c->mailbox, &c->box->b);
	return true;
}

static bool mend_allocated(struct repair *r)
{
	struct check *c = &r->c;
	if (c->mailbox > repair_mailbox_min) {
		c->account.next_mailbox = c->mailbox - 1;
		return true;
	}
	r->is_loss = true;
	repair_drop(r, TABLE_MBX, c->key);
	return false;
}

static bool mend_modseq(struct repair *r)
{
	struct mailbox *m = &r->c.box->b.m;
	uint64_t *last = &r->c.account.modseq;
	if (m->highestmodseq >= repair_id_max)
		m->highestmodseq = *last;
	else if (m->highestmodseq > *last)
		*last = m->highestmodseq;
	if (m->vanish_floor > *last)
		m->vanish_floor = *last;
	if (r->c.box->b.attrmodseq > *last)
		r->c.box->b.attrmodseq = *last;
	if (m->createmodseq > m->highestmodseq)
		m->createmodseq = m->highestmodseq;
	return true;
}

static bool mend_uidvalidity(struct repair *r)
{
	struct box *b = &r->c.box->b;
	/* Room for later ones. */
	if (b->m.uidvalidity < 0xF0000000)
		r->c.account.next_uidvalidity = b->m.uidvalidity + 1;
	else
		repair_box_renew(r, b);
	return true;
}

static bool mend_identity(struct repair *r)
{
	struct mailbox *m = &r->c.box->b.m;
	rand_bytes(m->guid, sizeof m->guid);
	return true;
}

static bool mend_recent(struct repair *r)
{
	r->c.box->b.m.recent_uid = r->c.box->b.m.uidnext;
	return true;
}

static bool mend_account(struct repair *r)
{
	static const uint8_t none[16];
	struct account *a = &r->c.account;
	if (memcmp(a->guid, none, sizeof none) == 0)
		rand_bytes(a->guid, sizeof a->guid);
	if (!a->next_mailbox)
		a->next_mailbox = inbox_id - 1;
	a->next_msgid += !a->next_msgid;
	a->next_uidvalidity += !a->next_uidvalidity;
	return true;
}

static const struct mender menders[] = {
	{ "account-record", mend_account },
	{ "mailbox-record", mend_record },
	{ "mailbox-allocated", mend_allocated },
	{ "mailbox-modseq", mend_modseq },
	{ "mailbox-uidvalidity", mend_uidvalidity },
	{ "mailbox-identity", mend_identity },
	{ "mailbox-recent", mend_recent },
};

const struct mender_list repair_mailbox_menders = { menders,
	sizeof menders / sizeof menders[0] };

static void at_box(struct repair *r)
{
	struct check_box x = { .has_name = false };
	struct check *c = &r->c;
	static const char account[4];
	if (view_eq(c->key, (struct view){ account, 4 }))
		return;
	if (c->key.n == 4)
		c->mailbox = key_box_id(c->key);
	c->box = &x;
	if (repair_rules(r, SCAN_MAILBOX) && !insert(r, &x))
		repair_fail(r, MC_E_TEMP);
	c->box = NULL;
}

/* A mailbox that is spoken of, and has no record. */
static void miss(struct repair *r, uint32_t id)
{
	struct check_box x = { .has_name = false };
	if (id == 0 || check_box_of(&r->c, id) || !repair_may_exist(r, id))
		return;
	repair_restore_box(r, id, &x.b);
	if (id <= r->c.account.next_mailbox)
		r->c.account.next_mailbox = id - 1;
	r->c.mailbox = id;
	r->c.uid = 0;
	repair_note(r, "mailbox-record", true, "it is not there");
	(void)insert(r, &x);
}

static void miss_of_rows(struct repair *r)
{
	struct kv_cursor k;
	uint32_t mailbox, uid;
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&k, V("\0"));
	while (!error) {
		bool whole = key_msg_split(k.key, &mailbox, &uid) == 0;
		struct key next = key_msg(mailbox + 1, 0);
		if (whole)
			miss(r, mailbox);
		error = whole && mailbox != UINT32_MAX
			    ? kv_cursor_seek(&k, key_view(&next))
			    : kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
}

static void miss_of_name(struct repair *r)
{
	uint32_t id;
	if (mailbox_id_decode(r->c.value, &id) == 0)
		miss(r, id);
}

void repair_mailboxes(struct repair *r)
{
	repair_walk(r, TABLE_MBX, at_box);
	miss_of_rows(r);
	repair_walk(r, TABLE_NAM, miss_of_name);
}
