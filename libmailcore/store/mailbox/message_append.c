#include "base/chars.h"
#include "log/log.h"
#include "store/mailbox/keyword.h"
#include "store/record/message_prepare.h"
#include "store/txn/body.h"
#include "store/txn/object.h"
#include "store/txn/quota_edit.h"
#include "store/txn/rows.h"
#include "store/txn/thread.h"
#include <stdlib.h>

enum {
	SYSTEM_FLAGS = MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED |
		       MESSAGE_DELETED | MESSAGE_DRAFT,
	ROOM_PER_ITEM = 64 * 1024,
	DELIVERY_OCTETS = 12,
	WARNING_MAX = 8192,
};

/* Straight from the source into the pages. */
static int put_body(struct edit *e, uint64_t msgid, const struct source *s)
{
	const struct body body = { .stored_bytes = source_size(s),
		.has_pieces = true };
	uint64_t offset;
	size_t n;
	for (uint32_t i = 0; (n = body_chunk(&body, i, &offset)) != 0; i++) {
		struct key k = key_blb(msgid, i);
		char *p =
		    kv_reserve(&e->kv, TABLE_BLB, key_view(&k), n + 4, true);
		if (!p)
			return e->kv.error;
		int error = source_read(s, offset, p, n);
		if (error)
			return error;
		chunk_seal(&k, (struct view){ p, n }, p + n);
	}
	return 0;
}

static int known_delivery(
    struct edit *e, struct view id, struct append_result *r)
{
	struct delivery d;
	struct view v;
	struct box b;
	if (id.n == 0)
		return MC_E_NOENT;
	if (id.n != DELIVERY_ID_OCTETS)
		return MC_E_BAD;
	struct key k = key_delivery(id);
	int error = kv_get(&e->kv, TABLE_IDX, key_view(&k), &v);
	if (!error)
		error = delivery_decode(v, &d);
	if (error)
		return error;
	r->duplicate = true;
	r->uid = d.uid;
	error = box_get(&e->kv, d.mailbox, &b);
	r->uidvalidity = error ? 0 : b.m.uidvalidity;
	return error == MC_E_NOENT ? 0 : error;
}

static void put_delivery(
    struct edit *e, struct view id, uint32_t mailbox, const struct message *m)
{
	char value[DELIVERY_OCTETS];
	const struct delivery d = { e->now_s, mailbox, m->uid };
	struct key k = key_delivery(id);
	if (id.n)
		kv_put(&e->kv, TABLE_IDX, key_view(&k),
		    delivery_encode(&d, value));
}

static bool uidl_ok(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_PRINT) || v.p[i] == ' ')
			return false;
	return v.n <= UIDL_OCTETS_MAX;
}

static void put_uidl(struct edit *e, const struct append *a, uint32_t uid)
{
	struct key k = key_uidl(a->mailbox, uid);
	if (a->uidl.n)
		kv_put(&e->kv, TABLE_IDX, key_view(&k), a->uidl);
}

void object_add(struct edit *e, uint64_t msgid, const struct prepared *p,
    const struct source *source)
{
	object_put(e, msgid, 'E', buf_view(&p->envelope));
	object_put(e, msgid, 'M', buf_view(&p->structure));
	const struct source body = prepared_body(p, source);
	if (buf_len(&p->packed.frames))
		e->account.features |= STORE_HAS_ZSTD;
	int error = put_body(e, msgid, &body);
	if (error)
		edit_fail(e, error);
}

static void put_object(struct edit *e, const struct append *a,
    struct prepared *p, const struct message *m)
{
	char *envelope = p->envelope.p + p->envelope.start;
	envelope_place(envelope, a->mailbox, m->uid);
	if (thread_is_known(&e->account, m->msgid))
		envelope_thread(
		    envelope, thread_join(e, m->msgid, &p->references));
	object_add(e, m->msgid, p, &a->source);
	e->account.bytes += m->size_bytes;
	e->account.messages++;
}

/* Errors of the item alone: nothing of it was written. */
static int add(struct edit *e, const struct append *a, struct prepared *p,
    struct append_result *r)
{
	struct box *b;
	struct keywords keywords;
	int error = known_delivery(e, a->delivery_id, r);
	if (error != MC_E_NOENT)
		return error;
	error = edit_box_open(e, a->mailbox, &b);
	if (!error &&
	    !quota_has_room(e, source_size(&a->source), a->delivery_id.n != 0))
		error = MC_E_OVERQUOTA;
	if (!error)
		error = keywords_resolve(
		    e, a->keywords, a->n_keywords, true, &keywords);
	if (!error && !uidl_ok(a->uidl))
		error = MC_E_BAD;
	if (error)
		return error;
	if (a->uid > b->m.uidnext)
		b->m.uidnext = a->uid;
	struct message m = {
		.msgid = e->account.next_msgid++,
		.flags = a->flags & SYSTEM_FLAGS,
		.internal = p->internal | (a->uidl.n ? MESSAGE_HAS_UIDL : 0),
		.size_bytes = source_size(&a->source),
		.internaldate = a->internaldate,
		.savedate_s = e->now_s,
	};
	memcpy(m.keywords, keywords.bits, sizeof m.keywords);
	row_insert(e, b, &m);
	put_object(e, a, p, &m);
	put_delivery(e, a->delivery_id, a->mailbox, &m);
	put_uidl(e, a, m.uid);
	r->uid = m.uid;
	r->uidvalidity = b->m.uidvalidity;
	return 0;
}

/* The user is told by a message that comes with the one that passed the
 * threshold, unless it does not fit any more. */
static void add_warning(struct edit *e, const struct quota_warning *w)
{
	const struct store_limits *l = &e->store->limits;
	struct append_result r = { .error = 0 };
	struct prepared p;
	struct buf text;
	if (!l->put_warning)
		return;
	prepared_init(&p);
	buf_init(&text, WARNING_MAX);
	l->put_warning(l->ctx, w, &text);
	const struct append a = { .mailbox = inbox_id,
		.source = { .mem = buf_view(&text), .fd = -1 },
		.internaldate = { e->now_s, 0 } };
	int error = buf_error(&text);
	if (!error)
		error = message_prepare(&a, NULL, &p);
	if (!error)
		error = add(e, &a, &p, &r);
	if (error)
		LOG(NULL, INFO, "quota.no-message", KV_ERR("error", error));
	prepared_deinit(&p);
	buf_deinit(&text);
}

static int commit(struct edit *e)
{
	const struct store_limits *l = &e->store->limits;
	struct quota_warning w;
	bool has_passed = quota_passed(e, &w);
	if (has_passed)
		add_warning(e, &w);
	int error = edit_commit(e);
	if (!error && has_passed && l->on_warning)
		l->on_warning(l->ctx, &w);
	return error;
}

/* Items without an error so far go into one transaction. */
static int add_all(struct store *s, const struct append *items,
    struct prepared *prepared, size_t n, struct append_result *results)
{
	struct edit e;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	for (size_t i = 0; i < n && !e.kv.error; i++)
		if (!results[i].error)
			results[i].error =
			    add(&e, &items[i], &prepared[i], &results[i]);
	if (!e.kv.error && !e.modseq) {
		edit_abort(&e);
		return 0;
	}
	return commit(&e);
}

static void fail(struct append_result *r, int error)
{
	*r = (struct append_result){ .error = error };
}

/* One bad item must not keep the others out. */
static int add_singly(struct store *s, const struct append *items,
    struct prepared *prepared, size_t n, struct append_result *results)
{
	int last_error = 0;
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		if (results[i].error)
			continue;
		int error = add_all(s, items + i, prepared + i, 1, results + i);
		if (error) {
			fail(&results[i], error);
			last_error = error;
		} else {
			any |= !results[i].error;
		}
	}
	return any ? 0 : last_error;
}

static int prepare_all(struct store *s, const struct append *items,
    struct prepared *prepared, size_t n, struct append_result *results)
{
	size_t good = 0;
	uint64_t room = 0;
	struct packer *packer = s->compress ? packer_new(s->dir) : NULL;
	for (size_t i = 0; i < n; i++) {
		fail(&results[i],
		    message_prepare(&items[i], packer, &prepared[i]));
		if (results[i].error)
			continue;
		const struct source body =
		    prepared_body(&prepared[i], &items[i].source);
		room += source_size(&body) + ROOM_PER_ITEM;
		good++;
	}
	packer_free(&packer);
	return good ? kv_check_room(s->kv, room) : results[0].error;
}

static int append_prepared(struct store *s, const struct append *items,
    struct prepared *prepared, size_t n, struct append_result *results)
{
	int error = prepare_all(s, items, prepared, n, results);
	if (error)
		return error;
	/* A failed transaction leaves marks in results: keep only those of
	 * the preparation. */
	int *kept = calloc(n, sizeof *kept);
	if (!kept)
		return MC_E_TEMP;
	for (size_t i = 0; i < n; i++)
		kept[i] = results[i].error;
	error = add_all(s, items, prepared, n, results);
	if (error && n > 1) {
		for (size_t i = 0; i < n; i++)
			fail(&results[i], kept[i]);
		error = add_singly(s, items, prepared, n, results);
	}
	free(kept);
	return error;
}

int message_append(struct store *s, const struct append *items, size_t n,
    struct append_result *results)
{
	if (n == 0)
		return 0;
	struct prepared *prepared = calloc(n, sizeof *prepared);
	if (!prepared)
		return MC_E_TEMP;
	for (size_t i = 0; i < n; i++)
		prepared_init(&prepared[i]);
	int error = append_prepared(s, items, prepared, n, results);
	for (size_t i = 0; i < n; i++) {
		prepared_deinit(&prepared[i]);
		if (error)
			fail(&results[i],
			    results[i].error ? results[i].error : error);
	}
	free(prepared);
	return error;
}
