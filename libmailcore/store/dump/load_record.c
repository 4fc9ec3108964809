/* Records into keys. */
#include "store/dump/load_state.h"
#include "store/txn/runs.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* Of one transaction. */
	WEIGHT_MAX = 4 << 20,
	WEIGHT_RECORD = 512,
	GROWTH = 256,
};

void load_init(struct load *l)
{
	l->body.fd = -1;
	buf_init(&l->body.mem, 4 << 20);
}

void load_deinit(struct load *l)
{
	if (l->editing)
		edit_abort(&l->edit);
	l->editing = false;
	load_body_end(l);
	buf_deinit(&l->body.mem);
	free(l->boxes);
	free(l->objects);
	l->boxes = NULL;
	l->objects = NULL;
}

int load_complain(struct load *l, int error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(l->result->why, sizeof l->result->why, format, args);
	va_end(args);
	return error;
}

int load_edit(struct load *l)
{
	if (l->editing)
		return 0;
	int error = edit_begin(l->store, &l->edit);
	l->edit.quiet = true;
	l->editing = !error;
	l->weight = 0;
	return error;
}

int load_commit(struct load *l)
{
	if (!l->editing)
		return 0;
	l->editing = false;
	return edit_commit(&l->edit);
}

static void put(
    struct load *l, enum store_table table, struct key k, struct view v)
{
	kv_put(&l->edit.kv, table, key_view(&k), v);
}

/* Room for one more. */
static int grow(void **p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return 0;
	size_t want = *cap ? 2 * *cap : GROWTH;
	void *q = realloc(*p, want * size);
	if (!q)
		return MC_E_TEMP;
	*p = q;
	*cap = want;
	return 0;
}

struct box *load_box(struct load *l, uint32_t id)
{
	size_t low = 0, high = l->n_boxes;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->boxes[mid].m.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n_boxes && l->boxes[low].m.id == id ? &l->boxes[low]
							    : NULL;
}

/* Later streams bring the messages of the first one's account. */
static int on_header(struct load *l, const struct dump_record *r)
{
	if (!l->has_account ||
	    memcmp(r->guid, l->account.guid, sizeof r->guid) == 0)
		return 0;
	return load_complain(l, MC_E_BAD, "messages of another account");
}

static int on_account(struct load *l, const struct dump_record *r)
{
	if (l->has_account)
		return load_complain(l, MC_E_BAD, "a second account");
	if (r->account.schema == 0 || r->account.schema > STORE_SCHEMA)
		return load_complain(
		    l, MC_E_VERSION, "schema %u", (unsigned)r->account.schema);
	l->account = r->account;
	l->has_account = true;
	return 0;
}

static int on_keyword(struct load *l, const struct dump_record *r)
{
	if (r->slot >= KEYWORDS_MAX || r->name.n > KEYWORD_OCTETS_MAX)
		return load_complain(l, MC_E_BAD, "keyword %u", r->slot);
	put(l, TABLE_ATT, key_keyword((uint8_t)r->slot), r->name);
	return 0;
}

static int on_subscription(struct load *l, const struct dump_record *r)
{
	put(l, TABLE_ATT, key_subscription(r->name), r->name);
	return 0;
}

/* Keys of tags that have records of their own come in no other way. */
static int on_raw(struct load *l, const struct dump_record *r)
{
	bool index = r->type == DUMP_INDEX;
	if (r->key.n == 0 || r->key.n > KV_KEY_MAX ||
	    view_has_byte(index ? V("DLPX") : V("KS"), r->key.p[0]))
		return load_complain(
		    l, MC_E_BAD, "a key of %zu octets", r->key.n);
	kv_put(&l->edit.kv, index ? TABLE_IDX : TABLE_ATT, r->key, r->value);
	return 0;
}

static int on_mailbox(struct load *l, const struct dump_record *r)
{
	void *boxes = l->boxes;
	struct box b = r->box;
	uint32_t id = b.m.id;
	if (r->name.n == 0 || r->name.n > COMPONENT_MAX || id == 0 ||
	    l->n_boxes == LOAD_MAILBOXES_MAX ||
	    (l->n_boxes && id <= l->boxes[l->n_boxes - 1].m.id))
		return load_complain(
		    l, MC_E_BAD, "mailbox %u: its id or name", id);
	int error = grow(&boxes, l->n_boxes, &l->cap_boxes, sizeof b);
	l->boxes = boxes;
	if (error)
		return error;
	b.n_name = (uint8_t)r->name.n;
	memcpy(b.name, r->name.p, r->name.n);
	l->boxes[l->n_boxes++] = b;
	return 0;
}

static void count(struct box *b, const struct message *m)
{
	b->m.messages++;
	b->m.size_bytes += m->size_bytes;
	b->m.unseen += !(m->flags & MESSAGE_SEEN);
	if (m->flags & MESSAGE_DELETED) {
		b->m.deleted++;
		b->deleted_bytes += m->size_bytes;
	}
}

static int on_row(struct load *l, const struct dump_record *r)
{
	char row[MESSAGE_OCTETS];
	struct message m = r->row;
	struct box *b = load_box(l, r->mailbox);
	bool in_order = r->mailbox > l->mailbox ||
			(r->mailbox == l->mailbox && m.uid > l->uid);
	if (!b || !in_order || r->value.n > UIDL_OCTETS_MAX)
		return load_complain(
		    l, MC_E_BAD, "mailbox %u, UID %u", r->mailbox, m.uid);
	l->mailbox = r->mailbox;
	l->uid = m.uid;
	m.internal = r->value.n ? MESSAGE_HAS_UIDL : 0;
	message_encode(&m, row);
	struct key k = key_msg(r->mailbox, m.uid);
	kv_append(&l->edit.kv, TABLE_MSG, key_view(&k),
	    (struct view){ row, sizeof row });
	runs_join(&l->edit, r->mailbox, &m);
	put(l, TABLE_IDX, key_link(m.msgid, r->mailbox, m.uid), V(""));
	if (r->value.n)
		put(l, TABLE_IDX, key_uidl(r->mailbox, m.uid), r->value);
	count(b, &m);
	l->result->rows++;
	return 0;
}

static int on_vanished(struct load *l, const struct dump_record *r)
{
	char value[CHANGE_OCTETS];
	const struct change_run run = { r->row.uid, r->last_uid, true };
	struct box *b = load_box(l, r->mailbox);
	if (!b)
		return load_complain(l, MC_E_BAD, "mailbox %u", r->mailbox);
	b->vanished_runs++;
	put(l, TABLE_CHG, key_chg(r->mailbox, r->row.modseq, r->row.uid),
	    change_encode(&run, value));
	return 0;
}

static int on_delivery(struct load *l, const struct dump_record *r)
{
	char value[12];
	const struct delivery d = { r->time_s, r->mailbox, r->row.uid };
	if (r->key.n != DELIVERY_ID_OCTETS)
		return load_complain(l, MC_E_BAD, "a delivery id");
	put(l, TABLE_IDX, key_delivery(r->key), delivery_encode(&d, value));
	return 0;
}

static int on_retained(struct load *l, const struct dump_record *r)
{
	char value[RETAINED_OCTETS];
	struct retained v = { .mailbox = r->mailbox,
		.uid = r->row.uid,
		.flags = r->row.flags,
		.size_bytes = r->row.size_bytes,
		.expunged_s = r->expunged_s };
	memcpy(v.keywords, r->row.keywords, sizeof v.keywords);
	put(l, TABLE_IDX, key_purge(r->time_s, r->row.msgid),
	    retained_encode(&v, value));
	l->account.retained_bytes += r->row.size_bytes;
	return 0;
}

static int on_object(struct load *l, const struct dump_record *r)
{
	void *objects = l->objects;
	uint64_t msgid = r->row.msgid;
	const struct load_object o = {
		.msgid = msgid,
		.size_bytes = r->row.size_bytes,
		.threadid = r->threadid,
		.internaldate = r->row.internaldate,
		.mailbox = r->mailbox,
		.uid = r->row.uid,
	};
	if (msgid == 0 ||
	    (l->n_objects && msgid <= l->objects[l->n_objects - 1].msgid))
		return load_complain(l, MC_E_BAD, "message %llu: its id",
		    (unsigned long long)msgid);
	int error = grow(&objects, l->n_objects, &l->cap_objects, sizeof o);
	l->objects = objects;
	if (!error)
		l->objects[l->n_objects++] = o;
	return error;
}

static int on_nothing(struct load *l, const struct dump_record *r)
{
	(void)l;
	(void)r;
	return 0;
}

/* Ranks only grow, within a stream and over all of them but for headers. */
static const struct {
	enum dump_type type;
	int rank;
	int (*fn)(struct load *l, const struct dump_record *r);
} handlers[] = {
	{ DUMP_HEADER, 0, on_header },
	{ DUMP_ACCOUNT, 1, on_account },
	{ DUMP_KEYWORD, 2, on_keyword },
	{ DUMP_SUBSCRIPTION, 2, on_subscription },
	{ DUMP_ATTRIBUTE, 2, on_raw },
	{ DUMP_MAILBOX, 3, on_mailbox },
	{ DUMP_ROW, 4, on_row },
	{ DUMP_VANISHED, 5, on_vanished },
	{ DUMP_DELIVERY, 6, on_delivery },
	{ DUMP_RETAINED, 6, on_retained },
	{ DUMP_INDEX, 6, on_raw },
	{ DUMP_OBJECT, 7, on_object },
	{ DUMP_BODY, 8, load_body_begin },
	{ DUMP_PIECE, 8, load_body_piece },
	{ DUMP_GONE, 8, load_body_gone },
	{ DUMP_END, 0, on_nothing },
};

int load_record(struct load *l, const struct dump_record *r)
{
	size_t i = 0, n = sizeof handlers / sizeof handlers[0];
	while (i < n && handlers[i].type != r->type)
		i++;
	if (i == n || (handlers[i].rank && handlers[i].rank < l->rank) ||
	    (handlers[i].rank > 1 && !l->has_account))
		return load_complain(
		    l, MC_E_BAD, "a record that does not belong here");
	if (l->body.active && r->type != DUMP_PIECE && r->type != DUMP_GONE)
		return load_complain(l, MC_E_BAD, "a message that is cut off");
	if (handlers[i].rank)
		l->rank = handlers[i].rank;
	int error = load_edit(l);
	if (!error)
		error = handlers[i].fn(l, r);
	if (!error)
		error = l->edit.kv.error;
	l->weight += WEIGHT_RECORD + r->value.n + r->octets.n;
	return !error && l->weight > WEIGHT_MAX ? load_commit(l) : error;
}
