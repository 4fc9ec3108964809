/* Messages: put together, described, stored. */
#include "store/dump/load_state.h"
#include "store/nameless.h"
#include "store/txn/object.h"
#include "store/txn/rows.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MEMORY_MAX = 1 << 20,
};

static struct load_object *find(struct load *l, uint64_t msgid)
{
	size_t low = 0, high = l->n_objects;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->objects[mid].msgid < msgid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n_objects && l->objects[low].msgid == msgid
		   ? &l->objects[low]
		   : NULL;
}

void load_body_end(struct load *l)
{
	if (l->body.fd >= 0)
		close(l->body.fd);
	buf_reset(&l->body.mem);
	l->body.fd = -1;
	l->body.object = NULL;
	l->body.active = false;
}

/* The rows were written before this was known of their message. */
static int describe_row(struct load *l, const struct load_object *o,
    const struct key *k, uint16_t internal)
{
	char row[MESSAGE_OCTETS];
	struct view v;
	struct message m;
	int error = kv_get(&l->edit.kv, TABLE_MSG, key_view(k), &v);
	if (!error)
		error = message_decode(1, v, &m);
	if (error || m.size_bytes != o->size_bytes)
		return load_complain(l, MC_E_BAD, "message %llu: a row of it",
		    (unsigned long long)o->msgid);
	if (!internal)
		return 0;
	m.internal |= internal;
	message_encode(&m, row);
	kv_put(&l->edit.kv, TABLE_MSG, key_view(k),
	    (struct view){ row, sizeof row });
	return 0;
}

static int describe_rows(
    struct load *l, const struct load_object *o, uint16_t internal, bool *any)
{
	struct kv_cursor c;
	struct key first = key_link(o->msgid, 0, 0);
	uint64_t msgid;
	uint32_t mailbox, uid;
	int error = kv_cursor_open(&c, &l->edit.kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	/* 'L' and msgid. */
	while (!error && view_starts(c.key, view_head(key_view(&first), 9))) {
		error = key_link_split(c.key, &msgid, &mailbox, &uid);
		struct key k = key_msg(mailbox, uid);
		if (!error)
			error = describe_row(l, o, &k, internal);
		*any = true;
		if (!error)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int store_object(
    struct load *l, struct load_object *o, const struct source *source)
{
	const struct append a = { .source = *source,
		.internaldate = o->internaldate };
	struct prepared p;
	bool is_live = false;
	prepared_init(&p);
	int error = message_prepare(&a, NULL, &p);
	if (!error) {
		char *encoded = p.envelope.p + p.envelope.start;
		envelope_place(encoded, o->mailbox, o->uid);
		envelope_thread(encoded, o->threadid);
		object_add(&l->edit, o->msgid, &p, source);
		error = describe_rows(l, o, p.internal, &is_live);
	}
	prepared_deinit(&p);
	if (error)
		return error;
	o->state = LOAD_DONE;
	l->n_done++;
	l->result->messages++;
	l->result->bytes += o->size_bytes;
	l->account.messages += is_live;
	l->account.bytes += is_live ? o->size_bytes : 0;
	if (l->options->on_progress)
		l->options->on_progress(
		    l->options->ctx, l->n_done, l->n_objects);
	return 0;
}

static int finish(struct load *l)
{
	struct source source = { .mem = buf_view(&l->body.mem), .fd = -1 };
	int error = 0;
	if (l->body.fd >= 0)
		source = (struct source){ .fd = l->body.fd,
			.fd_size = l->body.size };
	if (l->body.object)
		error = store_object(l, l->body.object, &source);
	load_body_end(l);
	return error;
}

/* One that is not in the index is not wanted: others wanted it. */
int load_body_begin(struct load *l, const struct dump_record *r)
{
	struct load_object *o = find(l, r->row.msgid);
	if (o && o->size_bytes != r->row.size_bytes)
		return load_complain(l, MC_E_BAD, "message %llu: its size",
		    (unsigned long long)r->row.msgid);
	if (o && o->state == LOAD_DONE)
		o = NULL;
	l->body.object = o;
	l->body.active = true;
	l->body.size = r->row.size_bytes;
	l->body.got = 0;
	int error = 0;
	if (o && l->body.size > MEMORY_MAX)
		error = nameless_file(l->dir, &l->body.fd);
	if (!error && l->body.size == 0)
		error = finish(l);
	return error;
}

int load_body_piece(struct load *l, const struct dump_record *r)
{
	struct load_body *b = &l->body;
	int error = 0;
	if (!b->active || r->octets.n > b->size - b->got)
		return load_complain(
		    l, MC_E_BAD, "octets that belong to no message");
	b->got += r->octets.n;
	if (b->object && b->fd >= 0)
		error = nameless_write(b->fd, r->octets);
	else if (b->object)
		buf_put(&b->mem, r->octets);
	if (!error && buf_error(&b->mem))
		error = MC_E_TEMP;
	return !error && b->got == b->size ? finish(l) : error;
}

int load_body_gone(struct load *l, const struct dump_record *r)
{
	struct load_object *o = find(l, r->row.msgid);
	if (l->body.active && l->body.object != o)
		return load_complain(l, MC_E_BAD, "a message that is cut off");
	load_body_end(l);
	if (o && o->state == LOAD_MISSING)
		o->state = LOAD_GONE;
	return 0;
}
