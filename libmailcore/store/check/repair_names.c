/* The tree of mailboxes, their names, and what else att holds. */
#include "store/check/repair_state.h"
#include "store/mailbox/mailbox_name.h"
#include <stdio.h>

static struct view box_name(const struct box *b)
{
	return (struct view){ b->name, b->n_name };
}

static void set_name(struct box *b, struct view name)
{
	b->n_name = (uint8_t)name.n;
	memcpy(b->name, name.p, name.n);
}

static void stand(struct repair *r, struct check_box *x)
{
	r->c.box = x;
	r->c.mailbox = x->b.m.id;
	r->c.uid = 0;
	r->c.msgid = 0;
	r->c.detail[0] = '\0';
}

static void repair_inbox(struct repair *r)
{
	struct check_box *x = check_box_of(&r->c, inbox_id);
	if (check_inbox(&r->c))
		return;
	if (!x)
		x = repair_box_add(r, inbox_id, 0, V("INBOX"));
	if (!x)
		return;
	x->b.m.flags &= (uint16_t) ~(BOX_DELETING | MAILBOX_NOSELECT);
	x->b.m.parent = 0;
	set_name(&x->b, V("INBOX"));
	stand(r, x);
	repair_note(r, "inbox", false, "");
}

static void repair_parent(struct repair *r, struct check_box *x)
{
	const char *broken = NULL;
	stand(r, x);
	if (!check_tree_parent(&r->c))
		broken = "mailbox-parent";
	else if (!check_tree_cycle(&r->c))
		broken = "mailbox-cycle";
	if (!broken)
		return;
	x->b.m.parent = 0;
	repair_note(r, broken, false, r->c.detail);
}

static unsigned depth_of(const struct repair *r, const struct check_box *x)
{
	unsigned n = 0;
	while (x && x->b.m.parent && n < MAILBOX_LEVELS_MAX) {
		x = check_box_of(&r->c, x->b.m.parent);
		n++;
	}
	return n;
}

/* has_name: the name is settled already. */
static bool is_taken(const struct repair *r, const struct check_box *x)
{
	for (size_t i = 0; i < r->c.n_boxes; i++) {
		const struct check_box *o = &r->c.boxes[i];
		if (o != x && o->has_name && o->b.m.parent == x->b.m.parent &&
		    view_eq(box_name(&o->b), box_name(&x->b)))
			return true;
	}
	return false;
}

/* Those above have good names. */
static void repair_name(struct repair *r, struct check_box *x)
{
	char text[32];
	stand(r, x);
	bool valid = check_tree_valid(&r->c), taken = is_taken(r, x);
	if (!valid || taken) {
		set_name(&x->b, repair_box_rescue_name(x->b.m.id, text));
		repair_note(r, taken ? "mailbox-name" : "mailbox-name-valid",
		    false, r->c.detail);
	}
	/* Too deep, or too long in all. */
	if (!check_tree_valid(&r->c))
		x->b.m.parent = 0;
	x->has_name = true;
}

static void repair_tree(struct repair *r)
{
	for (size_t i = 0; i < r->c.n_boxes; i++) {
		r->c.boxes[i].has_name = false;
		repair_parent(r, &r->c.boxes[i]);
	}
	for (unsigned depth = 0; depth <= MAILBOX_LEVELS_MAX; depth++)
		for (size_t i = 0; i < r->c.n_boxes; i++) {
			struct check_box *x = &r->c.boxes[i];
			if (!x->has_name && !(x->b.m.flags & BOX_DELETING) &&
			    depth_of(r, x) <= depth)
				repair_name(r, x);
		}
}

static void at_name(struct repair *r)
{
	(void)repair_rules(r, SCAN_NAME);
}

void repair_names(struct repair *r)
{
	char id[4];
	repair_inbox(r);
	repair_tree(r);
	for (size_t i = 0; i < r->c.n_boxes; i++)
		r->c.boxes[i].has_name = false;
	repair_walk(r, TABLE_NAM, at_name);
	for (size_t i = 0; i < r->c.n_boxes; i++) {
		struct check_box *x = &r->c.boxes[i];
		stand(r, x);
		if (check_tree_name(&r->c))
			continue;
		struct key k = key_name(x->b.m.parent, box_name(&x->b));
		repair_put(r, TABLE_NAM, &k, mailbox_id_encode(x->b.m.id, id));
		repair_note(r, "mailbox-name", false, r->c.detail);
	}
}

static void at_attribute(struct repair *r)
{
	(void)repair_rules(r, SCAN_ATTRIBUTE);
}

void repair_attributes(struct repair *r)
{
	repair_walk(r, TABLE_ATT, at_attribute);
}
