/* The snapshot of the index, and then the messages. */
#include "store/dump/dump.h"
#include "base/panic.h"
#include "store/dump/dump_record.h"
#include "store/dump/dump_stream.h"
#include "store/nameless.h"
#include "store/txn/edit.h"
#include "store/txn/object.h"
#include "store/txn/spill.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SLICE_BYTES = 256 * 1024, /* of messages in one transaction */
	COPY_BYTES = 64 * 1024,
};

struct object {
	uint64_t msgid, size_bytes;
};

struct dump {
	struct store *store;
	struct store_txn t;
	const struct dump_options *options;
	struct dump_result result;
	struct dump_writer w;
	int spool; /* unnamed file with the index */
	struct object *objects;
	size_t n_objects, cap_objects;
	struct view key, value; /* where the walk stands */
	/* Messages. */
	size_t at;
	uint64_t offset;
};

static int flush_spool(struct dump *d)
{
	int error = nameless_write(d->spool, buf_view(&d->w.out));
	if (!error)
		buf_reset(&d->w.out);
	return error;
}

static int put(struct dump *d, const struct dump_record *r)
{
	dump_write(&d->w, r);
	if (buf_error(&d->w.out))
		return MC_E_LIMIT;
	return buf_len(&d->w.out) < COPY_BYTES ? 0 : flush_spool(d);
}

static int put_header(struct dump *d, unsigned parts)
{
	struct dump_record r = {
		.type = DUMP_HEADER,
		.format = DUMP_FORMAT,
		.parts = parts,
		.producer = V("Mailcore " MAILCORE_VERSION),
	};
	if (parts & DUMP_HAS_BODIES)
		r.first_msgid = d->options->first_msgid;
	memcpy(r.guid, d->result.guid, sizeof r.guid);
	return put(d, &r);
}

static int put_account(struct dump *d)
{
	struct dump_record r = { .type = DUMP_ACCOUNT };
	int error = account_get(&d->t.kv, &r.account);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	d->result.next_msgid = r.account.next_msgid;
	d->result.modseq = r.account.modseq;
	memcpy(d->result.guid, r.account.guid, sizeof r.account.guid);
	unsigned both = DUMP_HAS_INDEX | DUMP_HAS_BODIES;
	error = put_header(d, d->options->split ? DUMP_HAS_INDEX : both);
	return error ? error : put(d, &r);
}

static int at_attribute(struct dump *d)
{
	struct dump_record r = {
		.type = DUMP_ATTRIBUTE, .key = d->key, .value = d->value
	};
	if (d->key.p[0] == 'K' && d->key.n == 2)
		r = (struct dump_record){ .type = DUMP_KEYWORD,
			.slot = (unsigned char)d->key.p[1],
			.name = d->value };
	else if (d->key.p[0] == 'S')
		r = (struct dump_record){ .type = DUMP_SUBSCRIPTION,
			.name = d->value };
	return put(d, &r);
}

static int at_mailbox(struct dump *d)
{
	struct dump_record r = { .type = DUMP_MAILBOX };
	uint32_t id = d->key.n == 4 ? key_box_id(d->key) : 0;
	if (d->key.n == 4 && id == 0)
		return 0; /* the account */
	int error = box_decode(id, d->value, &r.box);
	if (error)
		return error;
	r.name = (struct view){ r.box.name, r.box.n_name };
	d->result.mailboxes++;
	return put(d, &r);
}

static int at_row(struct dump *d)
{
	struct dump_record r = { .type = DUMP_ROW };
	uint32_t uid;
	int error = key_msg_split(d->key, &r.mailbox, &uid);
	if (!error)
		error = message_decode(uid, d->value, &r.row);
	if (!error && (r.row.internal & MESSAGE_HAS_UIDL))
		error = message_uidl(&d->t, r.mailbox, &r.row, &r.value);
	d->result.rows++;
	return error ? error : put(d, &r);
}

static int at_change(struct dump *d)
{
	struct dump_record r = { .type = DUMP_VANISHED };
	struct change_run run;
	int error =
	    key_chg_split(d->key, &r.mailbox, &r.row.modseq, &r.row.uid);
	if (!error)
		error = change_decode(r.row.uid, d->value, &run);
	if (error || !run.vanished)
		return error;
	r.last_uid = run.last;
	return put(d, &r);
}

/* The index. */

static int add_object(struct dump *d, uint64_t msgid)
{
	if (d->n_objects && d->objects[d->n_objects - 1].msgid == msgid)
		return 0;
	if (d->n_objects == d->cap_objects) {
		size_t cap = d->cap_objects ? 2 * d->cap_objects : 256;
		void *p = realloc(d->objects, cap * sizeof *d->objects);
		if (!p)
			return MC_E_TEMP;
		d->objects = p;
		d->cap_objects = cap;
	}
	d->objects[d->n_objects++] = (struct object){ .msgid = msgid };
	return 0;
}

static int on_link(struct dump *d)
{
	uint64_t msgid;
	uint32_t mailbox, uid;
	int error = key_link_split(d->key, &msgid, &mailbox, &uid);
	return error ? error : add_object(d, msgid);
}

static int on_delivery(struct dump *d)
{
	struct dump_record r = { .type = DUMP_DELIVERY,
		.key = view_skip(d->key, 1) };
	struct delivery v;
	int error = delivery_decode(d->value, &v);
	r.time_s = v.time_s;
	r.mailbox = v.mailbox;
	r.row.uid = v.uid;
	return error ? error : put(d, &r);
}

/* Without a description it is being purged, and not worth to be kept. */
static int on_retained(struct dump *d)
{
	struct dump_record r = { .type = DUMP_RETAINED };
	struct retained v;
	struct view description;
	int error = key_purge_split(d->key, &r.time_s, &r.row.msgid);
	if (!error)
		error = retained_decode(d->value, &v);
	if (error)
		return error;
	struct key k = key_obj(r.row.msgid, 'E', 0);
	error = kv_get(&d->t.kv, TABLE_OBJ, key_view(&k), &description);
	if (error)
		return error == MC_E_NOENT ? 0 : error;
	r.mailbox = v.mailbox;
	r.row.uid = v.uid;
	r.row.flags = v.flags;
	r.row.size_bytes = v.size_bytes;
	r.expunged_s = v.expunged_s;
	memcpy(r.row.keywords, v.keywords, sizeof v.keywords);
	error = add_object(d, r.row.msgid);
	return error ? error : put(d, &r);
}

static int at_index(struct dump *d)
{
	const struct dump_record r = {
		.type = DUMP_INDEX, .key = d->key, .value = d->value
	};
	switch (d->key.p[0]) {
	case 'D':
		return on_delivery(d);
	case 'L':
		return on_link(d);
	case 'P': /* with its row */
		return 0;
	case 'X':
		return on_retained(d);
	default:
		return put(d, &r);
	}
}

static int by_msgid(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	return (x->msgid > y->msgid) - (x->msgid < y->msgid);
}

static int put_object(struct dump *d, struct object *o)
{
	struct dump_record r = { .type = DUMP_OBJECT, .row.msgid = o->msgid };
	struct envelope_record e;
	struct view v;
	int error = object_get(&d->t, o->msgid, 'E', &v);
	if (!error)
		error = envelope_decode(v, &e);
	if (error) {
		d->result.damaged_msgid = o->msgid;
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	}
	o->size_bytes = e.size_bytes;
	d->result.bytes += e.size_bytes;
	r.row.size_bytes = e.size_bytes;
	r.row.internaldate = e.internaldate;
	r.row.uid = e.uid;
	r.mailbox = e.mailbox;
	r.threadid = e.threadid;
	return put(d, &r);
}

static int put_objects(struct dump *d)
{
	int error = 0;
	if (d->n_objects)
		qsort(d->objects, d->n_objects, sizeof *d->objects, by_msgid);
	d->result.messages = d->n_objects;
	for (size_t i = 0; i < d->n_objects && !error; i++) {
		error = put_object(d, &d->objects[i]);
		spill_free(&d->t.spill);
	}
	return error;
}

static int walk(
    struct dump *d, enum store_table table, int (*at)(struct dump *d))
{
	struct kv_cursor c;
	char first = 0;
	int error = kv_cursor_open(&c, &d->t.kv, table);
	if (!error)
		error = kv_cursor_seek(&c, (struct view){ &first, 1 });
	while (!error) {
		d->key = c.key;
		d->value = c.value;
		error = at(d);
		if (!error)
			error = kv_cursor_next(&c);
		else if (error == MC_E_NOENT)
			error = MC_E_CORRUPT; /* what a key promises */
	}
	kv_cursor_close(&c);
	if (error == MC_E_CORRUPT)
		d->result.damaged = store_tables[table];
	return error == MC_E_NOENT ? 0 : error;
}

static int snapshot(struct dump *d)
{
	static const struct {
		enum store_table table;
		int (*at)(struct dump *d);
	} walks[] = {
		{ TABLE_ATT, at_attribute },
		{ TABLE_MBX, at_mailbox },
		{ TABLE_MSG, at_row },
		{ TABLE_CHG, at_change },
		{ TABLE_IDX, at_index },
	};

	int error = store_read(d->store, &d->t);
	if (error)
		return error;
	error = put_account(d);
	for (size_t i = 0; i < sizeof walks / sizeof walks[0] && !error; i++)
		error = walk(d, walks[i].table, walks[i].at);
	if (!error)
		error = put_objects(d);
	store_end(&d->t);
	if (!error && d->options->split)
		dump_write_end(&d->w);
	if (!error && buf_error(&d->w.out))
		error = MC_E_LIMIT;
	return error ? error : flush_spool(d);
}

/* The user's directory, or where the system keeps such files when it cannot
 * be written to. */
static int open_spool(const char *dir, int *fd)
{
	return nameless_file(dir, fd) == 0 ? 0 : nameless_file("/tmp", fd);
}

static int copy_spool(struct dump *d)
{
	char piece[8192];
	off_t at = 0;
	for (;;) {
		ssize_t n = pread(d->spool, piece, sizeof piece, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		int error = d->options->write(d->options->ctx, DUMP_HAS_INDEX,
		    (struct view){ piece, (size_t)n });
		if (error)
			return error;
		at += n;
	}
}

/* The messages. */

static void next_object(struct dump *d)
{
	d->at++;
	d->offset = 0;
}

static void put_gone(struct dump *d, uint64_t msgid)
{
	const struct dump_record r = { .type = DUMP_GONE, .row.msgid = msgid };
	dump_write(&d->w, &r);
	d->result.gone++;
	next_object(d);
}

/* One record of the object where it stands. */
static int put_some(struct dump *d)
{
	char piece[8192];
	const struct object *o = &d->objects[d->at];
	uint64_t left = o->size_bytes - d->offset;
	size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
	int error = message_read(&d->t, o->msgid, d->offset, piece, n);
	if (error == MC_E_NOENT) {
		put_gone(d, o->msgid);
		return 0;
	}
	if (error) {
		d->result.damaged_msgid = o->msgid;
		return error == MC_E_BAD ? MC_E_CORRUPT : error;
	}
	struct dump_record r = { .type = DUMP_BODY,
		.row = { .msgid = o->msgid, .size_bytes = o->size_bytes } };
	if (d->offset == 0)
		dump_write(&d->w, &r);
	r = (struct dump_record){ .type = DUMP_PIECE, .octets = { piece, n } };
	if (n)
		dump_write(&d->w, &r);
	d->offset += n;
	d->result.written_bytes += n;
	if (n == left) {
		next_object(d);
		d->result.written++;
	}
	return 0;
}

static int write_out(struct dump *d)
{
	if (buf_error(&d->w.out))
		return MC_E_LIMIT;
	int error = d->options->write(
	    d->options->ctx, DUMP_HAS_BODIES, buf_view(&d->w.out));
	buf_reset(&d->w.out);
	return error;
}

static int slice(struct dump *d)
{
	int error = store_read(d->store, &d->t);
	if (error)
		return error;
	while (
	    !error && d->at < d->n_objects && buf_len(&d->w.out) < SLICE_BYTES)
		error = put_some(d);
	store_end(&d->t);
	if (!error)
		error = write_out(d);
	if (!error && d->options->on_progress)
		d->options->on_progress(d->options->ctx, d->at, d->n_objects);
	return error;
}

static int put_bodies(struct dump *d)
{
	int error = 0;
	if (d->options->split) {
		d->w.n = 0;
		error = put_header(d, DUMP_HAS_BODIES);
	}
	while (d->at < d->n_objects &&
	       d->objects[d->at].msgid < d->options->first_msgid)
		d->at++;
	while (!error && d->at < d->n_objects)
		error = slice(d);
	dump_write_end(&d->w);
	return error ? error : write_out(d);
}

int store_dump(struct store *s, const struct dump_options *options,
    struct dump_result *out)
{
	struct dump *d = MUST_NEW(struct dump);
	d->store = s;
	d->options = options;
	d->spool = -1;
	dump_writer_init(&d->w);
	int error = open_spool(s->dir, &d->spool);
	if (!error)
		error = snapshot(d);
	if (!error)
		error = copy_spool(d);
	if (!error)
		error = put_bodies(d);
	*out = d->result;
	if (d->spool >= 0)
		close(d->spool);
	dump_writer_deinit(&d->w);
	free(d->objects);
	free(d);
	return error;
}
