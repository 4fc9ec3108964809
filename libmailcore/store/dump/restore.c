/* The records of the dump: which rows are wanted, and their messages. */
#include "base/panic.h"
#include "store/dump/restore_state.h"
#include "store/mailbox/mailbox_name.h"
#include "store/nameless.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MEMORY_MAX = 1 << 20,
	BOXES_MAX = 100000,
	ARENA_MAX = 16 << 20,
	GROWTH = 64,
};

struct restore_box *restore_box(struct restore *r, uint32_t id)
{
	size_t low = 0, high = r->n_boxes;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (r->boxes[mid].m.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n_boxes && r->boxes[low].m.id == id ? &r->boxes[low]
							    : NULL;
}

static int prepend_names(struct restore *r, const struct restore_box *b,
    unsigned level, struct buf *out)
{
	const struct restore_box *parent = restore_box(r, b->m.parent);
	if (level >= MAILBOX_LEVELS_MAX || (b->m.parent && !parent))
		return MC_E_BAD;
	int error = parent ? prepend_names(r, parent, level + 1, out) : 0;
	if (!error && parent)
		buf_put_char(out, '/');
	buf_put(out, (struct view){ b->name, b->n_name });
	return error;
}

int restore_box_name(
    struct restore *r, const struct restore_box *b, struct buf *out)
{
	buf_reset(out);
	int error = prepend_names(r, b, 0, out);
	return !error && buf_error(out) ? MC_E_BAD : error;
}

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

static int on_keyword(struct restore *r, const struct dump_record *d)
{
	if (d->slot >= KEYWORDS_MAX || d->name.n > KEYWORD_OCTETS_MAX)
		return MC_E_BAD;
	return view_to_cstr(
	    d->name, r->keywords[d->slot], sizeof r->keywords[0]);
}

static int on_mailbox(struct restore *r, const struct dump_record *d)
{
	void *boxes = r->boxes;
	struct restore_box b = { .m = d->box.m };
	if (d->name.n == 0 || d->name.n > COMPONENT_MAX ||
	    r->n_boxes == BOXES_MAX ||
	    (r->n_boxes && b.m.id <= r->boxes[r->n_boxes - 1].m.id))
		return MC_E_BAD;
	int error = grow(&boxes, r->n_boxes, &r->cap_boxes, sizeof b);
	r->boxes = boxes;
	if (error)
		return error;
	b.n_name = (uint8_t)d->name.n;
	memcpy(b.name, d->name.p, d->name.n);
	r->boxes[r->n_boxes++] = b;
	return 0;
}

/* When all names are known. */
static int choose_boxes(struct restore *r)
{
	struct mailbox_name want = { .n = 0 };
	struct buf name;
	bool any = false;
	int error = 0;
	if (r->options->mailbox.n)
		error = mailbox_name_normalize(r->options->mailbox, &want);
	buf_init(&name, MAILBOX_NAME_MAX);
	for (size_t i = 0; i < r->n_boxes && !error; i++) {
		struct restore_box *b = &r->boxes[i];
		if (b->m.flags & BOX_DELETING)
			continue;
		error = restore_box_name(r, b, &name);
		b->wanted = !want.n ||
			    view_eq(buf_view(&name), mailbox_name_view(&want));
		any |= b->wanted;
	}
	buf_deinit(&name);
	return !error && !any ? MC_E_NOENT : error;
}

static int on_row(struct restore *r, const struct dump_record *d)
{
	void *rows = r->rows;
	struct restore_row row = {
		.msgid = d->row.msgid, .mailbox = d->mailbox, .m = d->row
	};
	int error = r->sorted || d->value.n > sizeof row.uidl ? MC_E_BAD : 0;
	if (!error && r->n_rows == 0 && r->cap_rows == 0)
		error = choose_boxes(r);
	struct restore_box *b = restore_box(r, d->mailbox);
	if (error || !b)
		return error ? error : MC_E_BAD;
	if (!error)
		error = grow(&rows, r->n_rows, &r->cap_rows, sizeof row);
	r->rows = rows;
	if (error || !b->wanted ||
	    (r->options->uid && d->row.uid != r->options->uid))
		return error;
	row.n_uidl = (uint8_t)d->value.n;
	if (d->value.n)
		memcpy(row.uidl, d->value.p, d->value.n);
	r->rows[r->n_rows++] = row;
	return 0;
}

static int by_msgid(const void *a, const void *b)
{
	const struct restore_row *x = a, *y = b;
	if (x->msgid != y->msgid)
		return x->msgid < y->msgid ? -1 : 1;
	if (x->mailbox != y->mailbox)
		return x->mailbox < y->mailbox ? -1 : 1;
	return (x->m.uid > y->m.uid) - (x->m.uid < y->m.uid);
}

struct restore_row *restore_rows(struct restore *r, uint64_t msgid)
{
	size_t low = 0, high = r->n_rows;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (r->rows[mid].msgid < msgid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n_rows && r->rows[low].msgid == msgid ? &r->rows[low]
							      : NULL;
}

/* Messages. */

static void message_end(struct restore *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->active = false;
	buf_reset(&r->mem);
}

static int message_finish(struct restore *r)
{
	struct source source = { .mem = buf_view(&r->mem), .fd = -1 };
	if (r->fd >= 0)
		source = (struct source){ .fd = r->fd, .fd_size = r->size };
	int error = r->wanted ? restore_message(r, &source) : 0;
	message_end(r);
	return error;
}

static int on_body(struct restore *r, const struct dump_record *d)
{
	if (!r->sorted && r->n_rows)
		qsort(r->rows, r->n_rows, sizeof *r->rows, by_msgid);
	r->sorted = true;
	r->msgid = d->row.msgid;
	r->size = d->row.size_bytes;
	r->got = 0;
	r->active = true;
	struct restore_row *row = restore_rows(r, r->msgid);
	r->wanted = row != NULL;
	int error = row && row->m.size_bytes != r->size ? MC_E_BAD : 0;
	if (!error && r->wanted && r->size > MEMORY_MAX)
		error = nameless_file(".", &r->fd);
	return !error && r->size == 0 ? message_finish(r) : error;
}

static int on_piece(struct restore *r, const struct dump_record *d)
{
	int error = 0;
	if (!r->active || d->octets.n > r->size - r->got)
		return MC_E_BAD;
	r->got += d->octets.n;
	if (r->wanted && r->fd >= 0)
		error = nameless_write(r->fd, d->octets);
	else if (r->wanted)
		buf_put(&r->mem, d->octets);
	if (!error && buf_error(&r->mem))
		error = MC_E_TEMP;
	return !error && r->got == r->size ? message_finish(r) : error;
}

static int on_gone(struct restore *r, const struct dump_record *d)
{
	(void)d;
	message_end(r);
	return 0;
}

static const struct {
	enum dump_type type;
	int (*fn)(struct restore *r, const struct dump_record *d);
} handlers[] = {
	{ DUMP_KEYWORD, on_keyword },
	{ DUMP_MAILBOX, on_mailbox },
	{ DUMP_ROW, on_row },
	{ DUMP_BODY, on_body },
	{ DUMP_PIECE, on_piece },
	{ DUMP_GONE, on_gone },
};

static int on_record(struct restore *r, const struct dump_record *d)
{
	if (r->active && d->type != DUMP_PIECE && d->type != DUMP_GONE)
		return MC_E_BAD;
	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
		if (handlers[i].type == d->type)
			return handlers[i].fn(r, d);
	return 0;
}

static int take_records(struct restore *r, struct dump_reader *reader)
{
	struct dump_record *d = MUST_NEW(struct dump_record);
	bool any = false;
	int error = 0;
	while (!error) {
		error = dump_read(reader, d);
		if (error == MC_E_NOENT)
			break;
		any = true;
		if (!error)
			error = on_record(r, d);
	}
	free(d);
	if (error != MC_E_NOENT && (error == MC_E_CORRUPT || error == MC_E_BAD))
		snprintf(r->result->why, sizeof r->result->why, "record %llu",
		    (unsigned long long)reader->n);
	if (error == MC_E_NOENT && reader->inside)
		return MC_E_NOENT; /* no such mailbox */
	if (error != MC_E_NOENT)
		return error;
	/* No row at all: the name was not looked for. */
	error = any && r->cap_rows == 0 ? choose_boxes(r) : 0;
	return any ? error : MC_E_BAD;
}

static void free_all(struct restore *r)
{
	message_end(r);
	buf_deinit(&r->mem);
	arena_deinit(&r->arena);
	for (size_t i = 0; i < r->n_boxes; i++)
		free(r->boxes[i].there);
	free(r->boxes);
	free(r->rows);
	free(r);
}

int store_restore(struct store *store, struct dump_reader *reader,
    const struct restore_options *options, struct restore_result *out)
{
	struct restore *r = MUST_NEW(struct restore);
	*out = (struct restore_result){ .found = 0 };
	r->store = store;
	r->options = options;
	r->result = out;
	r->fd = -1;
	buf_init(&r->mem, 4 << 20);
	arena_init(&r->arena, ARENA_MAX);
	int error = take_records(r, reader);
	if (!error)
		error = restore_flush(r);
	free_all(r);
	return error;
}
