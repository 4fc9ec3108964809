#include "store/search/extract_rows.h"
#include "store/txn/edit.h"

enum {
	UNKNOWN_MAX = 4096
};

int extract_rows_open(struct extract_rows *r, struct store_txn *t,
    uint32_t mailbox, uint64_t max, struct uidset *out)
{
	*r =
	    (struct extract_rows){ .mailbox = mailbox, .max = max, .out = out };
	return kv_cursor_open(&r->links, &t->kv, TABLE_IDX);
}

void extract_rows_close(struct extract_rows *r)
{
	kv_cursor_close(&r->links);
}

int extract_rows_add(struct extract_rows *r, uint64_t msgid)
{
	uint32_t mailbox = r->mailbox, uid;
	struct key k = key_link(msgid, mailbox, 0);
	uint64_t object;
	int error = kv_cursor_seek(&r->links, key_view(&k));
	while (!error &&
	       key_link_split(r->links.key, &object, &mailbox, &uid) == 0 &&
	       object == msgid && mailbox == r->mailbox) {
		error = uidset_add(r->out, uid, uid);
		if (!error)
			error = kv_cursor_next(&r->links);
	}
	if (r->out->count > r->max)
		return MC_E_LIMIT;
	return error == MC_E_NOENT ? 0 : error;
}

int extract_rows_add_unknown(struct extract_rows *r, uint64_t done_msgid)
{
	uint32_t mailbox, uid;
	struct key k = key_link(done_msgid + 1, 0, 0);
	uint64_t object;
	int error = kv_cursor_seek(&r->links, key_view(&k));
	for (unsigned n = 0; !error; n++) {
		if (key_link_split(r->links.key, &object, &mailbox, &uid) != 0)
			break;
		if (n >= UNKNOWN_MAX)
			return MC_E_LIMIT;
		if (mailbox == r->mailbox)
			error = uidset_add(r->out, uid, uid);
		if (!error)
			error = kv_cursor_next(&r->links);
	}
	return error == MC_E_NOENT ? 0 : error;
}
