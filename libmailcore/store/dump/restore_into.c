/* One message of the dump, into each mailbox that it was in. */
#include "store/dump/restore_state.h"
#include "store/mailbox/mailbox_name.h"
#include "text/message/header.h"
#include <stdlib.h>

enum {
	HEADER_MAX = 256 * 1024,
	FIELD_MAX = 8 * 1024,
	PIECE_BYTES = 4096,
	GROWTH = 256,
	PENDING_BYTES = 4 << 20,
};

struct header_texts {
	struct buf header, message_id, subject;
};

static void texts_init(struct header_texts *h)
{
	buf_init(&h->header, HEADER_MAX);
	buf_init(&h->message_id, FIELD_MAX);
	buf_init(&h->subject, FIELD_MAX);
}

static void texts_deinit(struct header_texts *h)
{
	buf_deinit(&h->header);
	buf_deinit(&h->message_id);
	buf_deinit(&h->subject);
}

static int texts_read(struct header_texts *h, const struct source *s)
{
	struct header_field f;
	uint64_t size = source_size(s);
	size_t n = size < HEADER_MAX ? (size_t)size : HEADER_MAX;
	char *p = n ? buf_reserve(&h->header, n) : NULL;
	int error = p ? source_read(s, 0, p, n) : n ? MC_E_TEMP : 0;
	if (error || !p)
		return error;
	buf_commit(&h->header, n);
	if (header_find(buf_view(&h->header), V("Message-ID"), &f))
		header_unfold(f.value, &h->message_id);
	if (header_find(buf_view(&h->header), V("Subject"), &f))
		header_decode(f.value, &h->subject);
	return 0;
}

/* What is in the mailbox where it goes. */

static int by_size(const void *a, const void *b)
{
	const struct restore_there *x = a, *y = b;
	if (x->size_bytes != y->size_bytes)
		return x->size_bytes < y->size_bytes ? -1 : 1;
	return (x->date_s > y->date_s) - (x->date_s < y->date_s);
}

static int add_there(void *ctx, const struct message *m)
{
	struct restore_box *b = ctx;
	if (b->n_there == b->cap_there) {
		size_t cap = b->cap_there ? 2 * b->cap_there : GROWTH;
		void *p = realloc(b->there, cap * sizeof *b->there);
		if (!p)
			return MC_E_TEMP;
		b->there = p;
		b->cap_there = cap;
	}
	b->there[b->n_there++] = (struct restore_there){
		.size_bytes = m->size_bytes,
		.msgid = m->msgid,
		.date_s = m->internaldate.unix_s,
	};
	return 0;
}

static int look_into(struct restore *r, struct restore_box *b, struct view name)
{
	struct store_txn t;
	struct mailbox m;
	int error = store_read(r->store, &t);
	if (error)
		return error;
	error = mailbox_find(&t, name, &m);
	if (!error && (m.flags & MAILBOX_NOSELECT))
		error = MC_E_NOENT;
	b->target = error ? 0 : m.id;
	if (!error)
		error = message_each(&t, m.id, 1, UINT32_MAX, add_there, b);
	store_end(&t);
	if (b->n_there)
		qsort(b->there, b->n_there, sizeof *b->there, by_size);
	b->known = true;
	return error == MC_E_NOENT ? 0 : error;
}

static int equals(
    struct store_txn *t, uint64_t msgid, const struct source *s, bool *same)
{
	char a[PIECE_BYTES], b[PIECE_BYTES];
	uint64_t size = source_size(s);
	int error = 0;
	*same = true;
	for (uint64_t at = 0; at < size && *same && !error; at += sizeof a) {
		size_t n =
		    size - at < sizeof a ? (size_t)(size - at) : sizeof a;
		error = message_read(t, msgid, at, a, n);
		if (!error)
			error = source_read(s, at, b, n);
		*same = !error && memcmp(a, b, n) == 0;
	}
	return error;
}

/* A second copy of what is there once counts as there. */
static int find_there(struct restore *r, struct restore_box *b,
    const struct restore_row *row, const struct source *s, bool *present)
{
	struct store_txn t;
	const struct restore_there want = { .size_bytes = row->m.size_bytes,
		.date_s = row->m.internaldate.unix_s };
	size_t low = 0, high = b->n_there;
	*present = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (by_size(&b->there[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == b->n_there || by_size(&b->there[low], &want) != 0)
		return 0;
	int error = store_read(r->store, &t);
	if (error)
		return error;
	for (; low < b->n_there && by_size(&b->there[low], &want) == 0 &&
	       !*present && !error;
	     low++)
		error = equals(&t, b->there[low].msgid, s, present);
	store_end(&t);
	/* Expunged meanwhile. */
	return error == MC_E_NOENT ? 0 : error;
}

static int make_target(
    struct restore *r, struct restore_box *b, struct view name)
{
	struct mailbox m;
	int error = mailbox_create(r->store, name, b->m.special_use, &m);
	if (error)
		return error;
	b->target = m.id;
	r->result->mailboxes++;
	return 0;
}

/* Several at once: each transaction waits for the disk. */

static void told(struct restore *r, const struct restore_item *item)
{
	r->result->found++;
	r->result->present += item->present;
	r->result->restored += item->new_uid != 0;
	if (r->options->on_item)
		r->options->on_item(r->options->ctx, item);
}

static int fill(
    struct restore *r, const struct restore_pending *p, struct append *a)
{
	const struct restore_row *row = p->row;
	struct view *names =
	    arena_alloc(&r->arena, KEYWORDS_MAX * sizeof *names);
	if (!names)
		return MC_E_TEMP;
	*a = (struct append){
		.mailbox = p->target,
		.source = p->source,
		.flags = row->m.flags,
		.keywords = names,
		.internaldate = row->m.internaldate,
		.uidl = { row->uidl, row->n_uidl },
	};
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if ((row->m.keywords[i / 8] >> i % 8 & 1) && r->keywords[i][0])
			names[a->n_keywords++] = view_of(r->keywords[i]);
	return 0;
}

static int append_pending(struct restore *r)
{
	size_t n = r->n_pending;
	struct append *items = arena_alloc(&r->arena, n * sizeof *items);
	struct append_result *results =
	    arena_alloc(&r->arena, n * sizeof *results);
	int error = items && results ? 0 : MC_E_TEMP;
	for (size_t i = 0; i < n && !error; i++)
		error = fill(r, &r->pending[i], &items[i]);
	if (!error)
		error = message_append(r->store, items, n, results);
	if (error)
		return error;
	for (size_t i = 0; i < n; i++) {
		struct restore_item *item = &r->pending[i].item;
		item->new_uid = results[i].error ? 0 : results[i].uid;
		error = error ? error : results[i].error;
		told(r, item);
	}
	return error;
}

int restore_flush(struct restore *r)
{
	int error = r->n_pending ? append_pending(r) : 0;
	r->n_pending = 0;
	r->pending_bytes = 0;
	arena_reset(&r->arena);
	return error;
}

/* A large one is in a file that goes with its record. */
static int queue(struct restore *r, uint32_t target,
    const struct restore_row *row, const struct source *s,
    const struct restore_item *item)
{
	uint64_t bytes = s->fd >= 0 ? 0 : source_size(s);
	bool ok = true;
	int error = 0;
	if (r->n_pending == RESTORE_PENDING_MAX ||
	    r->pending_bytes + bytes > PENDING_BYTES)
		error = restore_flush(r);
	if (error)
		return error;
	struct restore_pending *p = &r->pending[r->n_pending++];
	*p = (struct restore_pending){ row, target, *item, *s };
	p->item.mailbox = arena_copy(&r->arena, item->mailbox, &ok);
	p->item.message_id = arena_copy(&r->arena, item->message_id, &ok);
	p->item.subject = arena_copy(&r->arena, item->subject, &ok);
	if (s->fd < 0)
		p->source.mem = arena_copy(&r->arena, s->mem, &ok);
	r->pending_bytes += bytes;
	if (!ok)
		return MC_E_TEMP;
	return s->fd >= 0 ? restore_flush(r) : 0;
}

static int put_row(struct restore *r, const struct restore_row *row,
    const struct source *s, struct restore_item *item)
{
	struct restore_box *b = restore_box(r, row->mailbox);
	struct view into =
	    r->options->into.n ? r->options->into : item->mailbox;
	int error = 0;
	if (r->store && !b->known)
		error = look_into(r, b, into);
	if (!error && r->store)
		error = find_there(r, b, row, s, &item->present);
	if (error)
		return error;
	if (!r->store || r->options->dry_run ||
	    (item->present && !r->options->force_copy)) {
		told(r, item);
		return 0;
	}
	if (!b->target)
		error = make_target(r, b, into);
	return error ? error : queue(r, b->target, row, s, item);
}

static int each_row(struct restore *r, const struct source *s,
    const struct header_texts *h, struct buf *name)
{
	const struct restore_row *row = restore_rows(r, r->msgid);
	const struct restore_row *end = r->rows + r->n_rows;
	int error = 0;
	for (; row && row < end && row->msgid == r->msgid && !error; row++) {
		struct restore_item item = {
			.uid = row->m.uid,
			.flags = row->m.flags,
			.size_bytes = row->m.size_bytes,
			.date_s = row->m.internaldate.unix_s,
			.message_id = buf_view(&h->message_id),
			.subject = buf_view(&h->subject),
		};
		error = restore_box_name(r, restore_box(r, row->mailbox), name);
		item.mailbox = buf_view(name);
		if (!error)
			error = put_row(r, row, s, &item);
	}
	return error;
}

int restore_message(struct restore *r, const struct source *source)
{
	struct header_texts h;
	struct buf name;
	texts_init(&h);
	buf_init(&name, MAILBOX_NAME_MAX);
	int error = texts_read(&h, source);
	struct view want = r->options->message_id;
	if (!error && (!want.n || view_eq(buf_view(&h.message_id), want)))
		error = each_row(r, source, &h, &name);
	buf_deinit(&name);
	texts_deinit(&h);
	return error;
}
