/* Every operation of the store that changes something. */
#include "store/compact.h"
#include "store/mailbox/annotation.h"
#include "store/mailbox/retained.h"
#include "store/search/extract.h"
#include "store/txn/edit.h"
#include "tests/crash/store_subject.h"
#include <string.h>

static const struct view names[] = { V_INIT("INBOX"), V_INIT("a"),
	V_INIT("a/b"), V_INIT("a/b/c"), V_INIT("d"), V_INIT("INBOX/e") };
static const struct view words[] = { V_INIT("$Junk"), V_INIT("blue"),
	V_INIT("x]y"), V_INIT("$Forwarded") };

enum {
	NAMES = sizeof names / sizeof names[0],
	WORDS = sizeof words / sizeof words[0],
	ROWS_MAX = 60, /* of a mailbox: then it grows no more */
};

struct target {
	uint32_t id, uidnext, messages;
	struct uidset uids;
};

/* A mailbox by chance, INBOX when it is not there, and some of its UIDs. */
static int aim(struct target *t)
{
	struct store_txn txn;
	struct mailbox m;
	*t = (struct target){ 0 };
	uidset_init(&t->uids);
	int error = store_read(crash_store, &txn);
	if (error)
		return error;
	error = mailbox_find(&txn, names[chance(NAMES)], &m);
	if (error == MC_E_NOENT || (!error && (m.flags & MAILBOX_NOSELECT)))
		error = mailbox_find(&txn, names[0], &m);
	store_end(&txn);
	if (error)
		return error;
	t->id = m.id;
	t->uidnext = m.uidnext;
	t->messages = m.messages;
	for (unsigned n = 1 + chance(3); n > 0 && !error; n--) {
		uint32_t first = 1 + chance(m.uidnext);
		error = uidset_add(&t->uids, first, first + chance(12));
	}
	return error;
}

static size_t some_words(struct view out[WORDS])
{
	size_t n = 0;
	for (unsigned i = 0; i < WORDS; i++)
		if (chance(4) == 0)
			out[n++] = words[i];
	return n;
}

void store_delivery_id(unsigned object, char out[DELIVERY_ID_OCTETS])
{
	memset(out, 0, DELIVERY_ID_OCTETS);
	memcpy(out, &object, sizeof object);
	out[DELIVERY_ID_OCTETS - 1] = (char)(object * 37);
}

enum {
	BATCH_MAX = 4
};

struct batch {
	struct append items[BATCH_MAX];
	struct append_result results[BATCH_MAX];
	struct view keywords[BATCH_MAX][WORDS];
	char ids[BATCH_MAX][DELIVERY_ID_OCTETS];
	char text[BATCH_MAX][SUBJECT_TEXT_MAX];
};

static struct batch batch;

static void add_item(size_t i, uint32_t mailbox)
{
	unsigned object = subject_objects++;
	struct view text = subject_text(object);
	memcpy(batch.text[i], text.p, text.n);
	store_delivery_id(object, batch.ids[i]);
	batch.items[i] = (struct append){
		.mailbox = mailbox,
		.source = { .mem = { batch.text[i], text.n }, .fd = -1 },
		.flags = (uint16_t)chance(32),
		.keywords = batch.keywords[i],
		.n_keywords = some_words(batch.keywords[i]),
		.internaldate = { 1600000000 - object, 60 },
		.delivery_id = { batch.ids[i], DELIVERY_ID_OCTETS },
	};
}

/* The first error of the whole or of an item. */
static int append_batch(size_t n)
{
	int error = message_append(crash_store, batch.items, n, batch.results);
	for (size_t i = 0; i < n && !error; i++)
		error = batch.results[i].error;
	return error;
}

static int op_append(void)
{
	struct target t;
	int error = aim(&t);
	if (!error && t.messages < ROWS_MAX) {
		add_item(0, t.id);
		error = append_batch(1);
	}
	uidset_deinit(&t.uids);
	return error;
}

/* As a delivery to several mailboxes, one of them a second time. */
static int op_append_many(void)
{
	struct target t = { 0 };
	int error = 0;
	size_t n = 0;
	while (n < BATCH_MAX - 1 && !error) {
		error = aim(&t);
		uidset_deinit(&t.uids);
		if (!error && t.messages >= ROWS_MAX)
			return 0;
		if (!error)
			add_item(n++, t.id);
	}
	batch.items[n] = batch.items[0];
	return error ? error : append_batch(n + 1);
}

static int op_import(void)
{
	struct target t;
	int error = aim(&t);
	if (!error && t.messages < ROWS_MAX) {
		add_item(0, t.id);
		batch.items[0].uid = t.uidnext + chance(3);
		batch.items[0].uidl = V("00000017deadbeef");
		batch.items[0].delivery_id = V_NONE;
		error = append_batch(1);
	}
	uidset_deinit(&t.uids);
	return error;
}

static int op_flags(void)
{
	struct view some[WORDS];
	struct target t;
	int error = aim(&t);
	const struct flag_change c = { .op = (enum flag_op)chance(3),
		.flags = (uint16_t)chance(32),
		.keywords = some,
		.n_keywords = some_words(some) };
	if (!error)
		error = message_store_flags(crash_store, t.id, &t.uids, &c,
		    UINT64_MAX, NULL, NULL, NULL);
	uidset_deinit(&t.uids);
	return error;
}

static int op_expunge(void)
{
	struct target t;
	struct uidset gone;
	int error = aim(&t);
	uidset_init(&gone);
	if (!error)
		error = message_expunge(crash_store, t.id,
		    chance(3) ? &t.uids : NULL, chance(4) != 0, &gone);
	uidset_deinit(&gone);
	uidset_deinit(&t.uids);
	return error;
}

static int transfer(bool move)
{
	struct target from, to;
	struct uidset a, b;
	uidset_init(&a);
	uidset_init(&b);
	int error = aim(&from);
	if (!error)
		error = aim(&to);
	else
		uidset_init(&to.uids);
	if (!error && to.messages < ROWS_MAX)
		error = (move ? message_move : message_copy)(
		    crash_store, from.id, &from.uids, to.id, &a, &b);
	uidset_deinit(&a);
	uidset_deinit(&b);
	uidset_deinit(&from.uids);
	uidset_deinit(&to.uids);
	return error;
}

static int op_copy(void)
{
	return transfer(false);
}

static int op_move(void)
{
	return transfer(true);
}

static int op_create(void)
{
	struct mailbox m;
	return mailbox_create(crash_store, names[chance(NAMES)], 0, &m);
}

static int op_provide(void)
{
	const struct mailbox_wish wishes[] = {
		{ names[chance(NAMES)], SPECIAL_TRASH },
		{ names[chance(NAMES)], SPECIAL_SENT },
	};
	return mailbox_provide(crash_store, wishes, 2);
}

static int op_delete(void)
{
	return mailbox_delete(crash_store, names[1 + chance(NAMES - 1)]);
}

static int op_rename(void)
{
	return mailbox_rename(
	    crash_store, names[chance(NAMES)], names[1 + chance(NAMES - 1)]);
}

static int op_subscribe(void)
{
	return mailbox_subscribe(
	    crash_store, names[chance(NAMES)], chance(3) != 0);
}

static int op_recent(void)
{
	struct target t;
	uint32_t first;
	int error = aim(&t);
	if (!error)
		error = mailbox_claim_recent(crash_store, t.id, &first);
	uidset_deinit(&t.uids);
	return error;
}

static int op_adopt(void)
{
	struct target t;
	int error = aim(&t);
	const struct mailbox_origin o = { chance(2) ? 1900000000 + chance(1000)
						    : 0,
		t.uidnext + chance(4), t.uidnext };
	if (!error)
		error = mailbox_adopt(crash_store, t.id, &o);
	uidset_deinit(&t.uids);
	return error;
}

/* Expunged objects get past their retention, delivery ids do not. */
static int op_housekeeping(void)
{
	subject_now_s += chance(700);
	store_housekeeping(crash_store);
	return 0;
}

static int op_extract(void)
{
	bool more;
	extract_build(crash_store, 20, &more);
	return 0;
}

static int op_annotate(void)
{
	struct target t;
	struct view text = subject_text(chance(20));
	const struct annotation a = { V("/private/comment"),
		chance(3) ? text : V_NONE };
	int error = aim(&t);
	if (!error)
		error =
		    annotation_set(crash_store, chance(4) ? t.id : 0, &a, 1);
	uidset_deinit(&t.uids);
	return error;
}

static int op_undelete(void)
{
	struct target t;
	uint64_t restored;
	int error = aim(&t);
	const struct undelete u = { .mailbox = t.id };
	if (!error && t.messages < ROWS_MAX)
		error = message_undelete(crash_store, &u, &restored);
	uidset_deinit(&t.uids);
	return error;
}

static int op_retention(void)
{
	struct target t;
	int error = aim(&t);
	if (!error)
		error = mailbox_set_retention(
		    crash_store, chance(2) ? t.id : 0, chance(2000));
	uidset_deinit(&t.uids);
	return error;
}

static int op_compact(void)
{
	struct store_compaction out;
	return store_compact(crash_store, NULL, NULL, &out);
}

const struct op store_ops[STORE_OPS] = {
	{ "append", 24, op_append, false },
	{ "append_many", 8, op_append_many, true },
	{ "import", 4, op_import, false },
	{ "flags", 18, op_flags, false },
	{ "expunge", 8, op_expunge, false },
	{ "copy", 6, op_copy, false },
	{ "move", 6, op_move, false },
	{ "create", 5, op_create, false },
	{ "provide", 2, op_provide, false },
	{ "delete", 3, op_delete, true },
	{ "rename", 4, op_rename, false },
	{ "subscribe", 3, op_subscribe, false },
	{ "recent", 3, op_recent, false },
	{ "adopt", 3, op_adopt, false },
	{ "housekeeping", 4, op_housekeeping, false },
	{ "extract", 2, op_extract, false },
	{ "compact", 4, op_compact, false },
	{ "annotate", 4, op_annotate, false },
	{ "undelete", 3, op_undelete, false },
	{ "retention", 2, op_retention, false },
};
