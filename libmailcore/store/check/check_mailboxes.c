/* Invariants of the account, the mailboxes, their names and attributes. */
#include "store/check/check_state.h"
#include "store/mailbox/annotation.h"
#include "store/mailbox/annotations.h"
#include "store/mailbox/keyword.h"
#include "store/mailbox/mailbox_name.h"
#include <stdio.h>

bool check_account_record(struct check *c)
{
	static const uint8_t none[16];
	const struct account *a = &c->account;
	if (memcmp(a->guid, none, sizeof none) == 0)
		return check_note(c, "no identity");
	return a->next_msgid && a->next_mailbox && a->next_uidvalidity;
}

bool check_mailbox_record(struct check *c)
{
	if (c->key.n != 4)
		return check_note(c, "key of %zu octets", c->key.n);
	struct box b;
	if (box_decode(c->mailbox, c->value, &b) != 0)
		return false;
	c->box->b = b;
	return true;
}

bool check_mailbox_allocated(struct check *c)
{
	return c->mailbox > c->account.next_mailbox ||
	       check_note(c, "ids from %u down are free",
		   (unsigned)c->account.next_mailbox);
}

bool check_mailbox_modseq(struct check *c)
{
	const struct box *b = &c->box->b;
	uint64_t last = c->account.modseq;
	if (b->m.highestmodseq > last)
		return check_differs(
		    c, "HIGHESTMODSEQ", b->m.highestmodseq, last);
	if (b->m.vanish_floor > last)
		return check_differs(c, "floor", b->m.vanish_floor, last);
	if (b->attrmodseq > last)
		return check_differs(c, "attributes", b->attrmodseq, last);
	return b->m.createmodseq <= b->m.highestmodseq ||
	       check_differs(
		   c, "created", b->m.createmodseq, b->m.highestmodseq);
}

bool check_mailbox_uidvalidity(struct check *c)
{
	return c->box->b.m.uidvalidity < c->account.next_uidvalidity ||
	       check_differs(c, "UIDVALIDITY", c->box->b.m.uidvalidity,
		   c->account.next_uidvalidity);
}

bool check_mailbox_identity(struct check *c)
{
	const uint8_t *guid = c->box->b.m.guid;
	for (size_t i = 0; i < c->n_boxes; i++)
		if (memcmp(c->boxes[i].b.m.guid, guid, 16) == 0)
			return check_note(
			    c, "as mailbox %u", (unsigned)c->boxes[i].b.m.id);
	return true;
}

bool check_mailbox_recent(struct check *c)
{
	const struct box *b = &c->box->b;
	return b->m.recent_uid <= b->m.uidnext ||
	       check_differs(c, "recent", b->m.recent_uid, b->m.uidnext);
}

/* Names. */

bool check_name_key(struct check *c)
{
	uint32_t parent;
	struct view component;
	return key_name_split(c->key, &parent, &component) == 0 &&
	       mailbox_id_decode(c->value, &c->mailbox) == 0;
}

bool check_name_target(struct check *c)
{
	uint32_t parent;
	struct view component;
	struct check_box *x = check_box_of(c, c->mailbox);
	if (!x || key_name_split(c->key, &parent, &component) != 0)
		return check_note(c, "no such mailbox");
	const struct box *b = &x->b;
	if (b->m.flags & BOX_DELETING)
		return check_note(c, "it is deleted");
	if (b->m.parent != parent ||
	    !view_eq(component, (struct view){ b->name, b->n_name }))
		return check_note(c, "it is \"%.*s\" below %u", b->n_name,
		    b->name, (unsigned)b->m.parent);
	x->has_name = true;
	return true;
}

static bool has_no_name(const struct check_box *x)
{
	return x->b.m.flags & BOX_DELETING;
}

bool check_tree_name(struct check *c)
{
	return has_no_name(c->box) || c->box->has_name ||
	       check_note(c, "\"%.*s\"", c->box->b.n_name, c->box->b.name);
}

bool check_tree_parent(struct check *c)
{
	uint32_t id = c->box->b.m.parent;
	if (id == 0 || has_no_name(c->box))
		return true;
	const struct check_box *parent = check_box_of(c, id);
	return (parent && !has_no_name(parent)) ||
	       check_note(c, "mailbox %u", (unsigned)id);
}

bool check_tree_cycle(struct check *c)
{
	const struct check_box *x = c->box;
	for (unsigned n = 0; n < MAILBOX_LEVELS_MAX; n++) {
		if (!x || x->b.m.parent == 0 || has_no_name(x))
			return true;
		x = check_box_of(c, x->b.m.parent);
	}
	return false;
}

/* Its full name, put together from the end. */
static bool full_name(const struct check *c, struct mailbox_name *out)
{
	char text[MAILBOX_NAME_MAX];
	size_t at = sizeof text;
	const struct check_box *x = c->box;
	while (x) {
		if (at < x->b.n_name + (at < sizeof text ? 1U : 0U))
			return false;
		if (at < sizeof text)
			text[--at] = '/';
		at -= x->b.n_name;
		memcpy(text + at, x->b.name, x->b.n_name);
		x = x->b.m.parent ? check_box_of(c, x->b.m.parent) : NULL;
	}
	out->n = sizeof text - at;
	memcpy(out->p, text + at, out->n);
	return true;
}

bool check_tree_valid(struct check *c)
{
	struct mailbox_name name, normal;
	if (has_no_name(c->box))
		return true;
	if (!full_name(c, &name))
		return check_note(c, "too long");
	return (mailbox_name_normalize(mailbox_name_view(&name), &normal) ==
		       0 &&
		   view_eq(
		       mailbox_name_view(&name), mailbox_name_view(&normal))) ||
	       check_note(c, "\"%.*s\"", (int)name.n, name.p);
}

bool check_inbox(struct check *c)
{
	const struct check_box *x = check_box_of(c, inbox_id);
	if (!x || has_no_name(x))
		return false;
	return x->b.m.parent == 0 &&
	       view_eq((struct view){ x->b.name, x->b.n_name }, V("INBOX"));
}

/* Attributes. */

bool check_attribute_key(struct check *c)
{
	if (!view_has_byte(V("ABCFJKNRSVv"), c->key.p[0]))
		return check_note(c, "tag %d", (unsigned char)c->key.p[0]);
	if (c->key.p[0] != 'K')
		return true;
	if (c->key.n != 2 || (unsigned char)c->key.p[1] >= KEYWORDS_MAX)
		return check_note(c, "keyword");
	unsigned slot = (unsigned char)c->key.p[1];
	c->keywords[slot / 8] |= (uint8_t)(1U << slot % 8);
	return true;
}

bool check_keyword_name(struct check *c)
{
	if (c->key.p[0] != 'K')
		return true;
	if (!keyword_is_valid(c->value))
		return check_note(
		    c, "\"%.*s\"", (int)view_head(c->value, 100).n, c->value.p);
	int slot = keyword_find(&c->t, c->value);
	return slot == (unsigned char)c->key.p[1] ||
	       check_note(c, "\"%.*s\" is keyword %d, too", (int)c->value.n,
		   c->value.p, slot);
}

bool check_subscription(struct check *c)
{
	struct mailbox_name normal;
	if (c->key.p[0] != 'S')
		return true;
	struct key k = key_subscription(c->value);
	return view_eq(key_view(&k), c->key) &&
	       mailbox_name_normalize(c->value, &normal) == 0 &&
	       view_eq(c->value, mailbox_name_view(&normal));
}

bool check_annotation(struct check *c)
{
	struct view entry, before;
	unsigned piece;
	if (c->key.p[0] != 'A')
		return true;
	if (key_annotation_split(c->key, &c->mailbox, &entry, &piece) != 0 ||
	    !annotation_entry_ok(entry))
		return check_note(c, "its name");
	if (c->value.n > PIECE_OCTETS ||
	    piece > ANNOTATION_VALUE_MAX / PIECE_OCTETS)
		return check_note(c, "its size");
	if (piece == 0)
		return true;
	struct key k = key_annotation(c->mailbox, entry, piece - 1);
	return (kv_get(&c->t.kv, TABLE_ATT, key_view(&k), &before) == 0 &&
		   before.n == PIECE_OCTETS) ||
	       check_note(c, "piece %u", piece - 1);
}

bool check_annotation_mailbox(struct check *c)
{
	struct view entry;
	unsigned piece;
	if (c->key.p[0] != 'A' ||
	    key_annotation_split(c->key, &c->mailbox, &entry, &piece) != 0 ||
	    c->mailbox == 0)
		return true;
	const struct check_box *x = check_box_of(c, c->mailbox);
	return x && !has_no_name(x);
}

/* When all rows are known. */

static bool is_drained(const struct check_box *x)
{
	return (x->b.m.flags & (BOX_DELETING | MAILBOX_NOSELECT)) != 0;
}

bool check_counts(struct check *c)
{
	const struct check_box *x = c->box;
	const struct box *b = &x->b;
	if (b->m.messages != x->messages)
		return check_differs(c, "messages", b->m.messages, x->messages);
	if (b->m.unseen != x->unseen)
		return check_differs(c, "unseen", b->m.unseen, x->unseen);
	if (b->m.deleted != x->deleted)
		return check_differs(c, "deleted", b->m.deleted, x->deleted);
	if (b->m.size_bytes != x->bytes)
		return check_differs(c, "bytes", b->m.size_bytes, x->bytes);
	return b->deleted_bytes == x->deleted_bytes ||
	       check_differs(
		   c, "bytes of deleted", b->deleted_bytes, x->deleted_bytes);
}

/* The history of what is being removed goes before it is counted. */
bool check_counts_runs(struct check *c)
{
	const struct check_box *x = c->box;
	return is_drained(x) || x->b.vanished_runs == x->runs ||
	       check_differs(c, "runs", x->b.vanished_runs, x->runs);
}

bool check_totals(struct check *c)
{
	const struct account *a = &c->account;
	if (a->messages != c->live_messages)
		return check_differs(
		    c, "messages", a->messages, c->live_messages);
	return a->bytes == c->live_bytes ||
	       check_differs(c, "bytes", a->bytes, c->live_bytes);
}

bool check_totals_retained(struct check *c)
{
	return c->account.retained_bytes == c->retained_bytes ||
	       check_differs(
		   c, "bytes", c->account.retained_bytes, c->retained_bytes);
}

bool check_totals_mailboxes(struct check *c)
{
	return c->account.mailboxes == c->named ||
	       check_differs(c, "mailboxes", c->account.mailboxes, c->named);
}
