/* Special uses: RFC 6154. */
#include "store/mailbox/mailbox_name.h"
#include "store/txn/edit.h"

static void change(struct edit *e, struct box *b, uint16_t uses)
{
	if (b->m.special_use == uses)
		return;
	b->m.special_use = uses;
	b->attrmodseq = edit_modseq(e);
	edit_box_dirty(e, b);
}

/* The first mailbox from *id on that has one of uses; MC_E_NOENT. The cursor
 * is not kept, as what is changed is written to its table. */
static int find_holder(struct edit *e, uint16_t uses, uint32_t *id)
{
	struct kv_cursor c;
	struct box b;
	struct key first = key_box(*id);
	int error = kv_cursor_open(&c, &e->kv, TABLE_MBX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	while (!error) {
		*id = key_box_id(c.key);
		error =
		    c.key.n == 4 ? box_decode(*id, c.value, &b) : MC_E_CORRUPT;
		if (error || (b.m.special_use & uses))
			break;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error;
}

static int take_from_others(struct edit *e, uint32_t owner, uint16_t uses)
{
	uint32_t id = 1;
	struct box *b;
	for (;;) {
		int error = find_holder(e, uses, &id);
		if (!error)
			error = edit_box_get(e, id, &b);
		if (error)
			return error == MC_E_NOENT ? 0 : error;
		if (id != owner)
			change(e, b, b->m.special_use & (uint16_t)~uses);
		id++;
	}
}

int mailbox_take_uses(struct edit *e, uint32_t id, uint16_t uses)
{
	struct box *b;
	int error = uses ? take_from_others(e, id, uses) : 0;
	if (!error)
		error = edit_box_open(e, id, &b);
	if (!error)
		change(e, b, uses);
	return error;
}

int mailbox_set_special_use(struct store *s, uint32_t id, uint16_t uses)
{
	struct edit e;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	error = mailbox_take_uses(&e, id, uses);
	if (!error && e.modseq)
		return edit_commit(&e);
	edit_abort(&e);
	return error;
}
