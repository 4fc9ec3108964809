#include "store/migrate.h"
#include "log/log.h"
#include "store/txn/object.h"
#include "store/txn/spill.h"
#include "store/txn/thread.h"
#include <stdlib.h>

enum {
	SLICE = 200,
	SLICE_ROOM = 1 << 20,
	HEADER_MAX = 256 * 1024, /* of which threads are made */
	LOG_EVERY = 20000,
};

struct slice {
	struct store *store;
	uint16_t from;
	uint64_t at; /* msgid where it begins, then where the next one does */
	bool done;
};

struct step {
	uint16_t from, to;
	int (*run)(struct slice *l);
};

static int thread_slice(struct slice *l);

/* Never changed once released: add a line, and a store to tests/vectors. */
static const struct step steps[] = {
	{ 1, SCHEMA_THREADS, thread_slice },
};

/* MC_E_AGAIN: somebody else was here since the slice was prepared. */
static int slice_begin(const struct slice *l, struct edit *e)
{
	int error = edit_begin(l->store, e);
	if (error)
		return error;
	const struct account *a = &e->account;
	uint16_t from = a->migrating_from ? a->migrating_from : a->schema;
	e->quiet = true;
	if (from == l->from && a->migrated_msgid == l->at)
		return 0;
	edit_abort(e);
	return MC_E_AGAIN;
}

static int slice_commit(
    const struct slice *l, struct edit *e, uint64_t next, uint16_t to)
{
	struct account *a = &e->account;
	a->schema = to;
	a->migrating_from = l->done ? 0 : l->from;
	a->migrated_msgid = l->done ? 0 : next;
	e->account_dirty = true;
	return edit_commit(e);
}

/* 1 to 2: threads. */

struct object {
	uint64_t msgid;
	struct references references;
	struct view envelope; /* the record as it will be */
};

struct objects {
	struct object all[SLICE];
	unsigned n;
	struct buf bytes; /* of the records */
	size_t ends[SLICE];
	uint64_t next_msgid; /* of the account */
};

static void read_references(
    struct store_txn *t, uint64_t msgid, struct envelope_record *r)
{
	size_t n = r->header_size < HEADER_MAX ? r->header_size : HEADER_MAX;
	char *header = malloc(n + 1);
	/* Damage is what check is for: here it stands alone. */
	if (header && message_read(t, msgid, 0, header, n) == 0)
		references_of((struct view){ header, n }, &r->references);
	free(header);
}

static int prepare_object(
    struct store_txn *t, uint64_t msgid, struct objects *o)
{
	struct view v;
	struct envelope_record r;
	int error = object_get(t, msgid, 'E', &v);
	if (error == MC_E_NOENT || (!error && envelope_decode(v, &r) != 0))
		return 0;
	if (error)
		return error == MC_E_CORRUPT ? 0 : error;
	read_references(t, msgid, &r);
	envelope_encode(&r, &o->bytes);
	o->all[o->n].msgid = msgid;
	o->all[o->n].references = r.references;
	o->ends[o->n++] = buf_len(&o->bytes);
	return buf_error(&o->bytes);
}

/* Objects from l->at on; *next is the first that is not among them. */
static int prepare_some(
    struct slice *l, struct store_txn *t, struct objects *o, uint64_t *next)
{
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &t->kv, TABLE_OBJ);
	*next = l->at;
	for (unsigned n = 0; !error && n < SLICE; n++) {
		struct key k = key_obj(*next, 0, 0);
		error = kv_cursor_seek(&c, key_view(&k));
		/* A key that is too short has no id. */
		while (!error && key_obj_id(c.key) < *next)
			error = kv_cursor_next(&c);
		if (error)
			break;
		uint64_t msgid = key_obj_id(c.key);
		if (buf_len(&o->bytes) > SLICE_ROOM)
			break;
		error = prepare_object(t, msgid, o);
		spill_free(&t->spill);
		*next = msgid + 1;
	}
	kv_cursor_close(&c);
	l->done = error == MC_E_NOENT;
	return l->done ? 0 : error;
}

static int prepare(struct slice *l, struct objects *o, uint64_t *next)
{
	struct store_txn t;
	struct account a = { 0 };
	int error = store_read(l->store, &t);
	if (error)
		return error;
	error = account_get(&t.kv, &a);
	o->next_msgid = a.next_msgid;
	if (!error)
		error = prepare_some(l, &t, o, next);
	store_end(&t);
	struct view all = buf_view(&o->bytes);
	for (unsigned i = 0; i < o->n; i++)
		o->all[i].envelope =
		    view_slice(all, i ? o->ends[i - 1] : 0, o->ends[i]);
	return error;
}

/* It may have been purged since. */
static void put_thread(struct edit *e, const struct object *o, char *record)
{
	struct key k = key_obj(o->msgid, 'E', 0);
	struct view v;
	if (kv_get(&e->kv, TABLE_OBJ, key_view(&k), &v) != 0)
		return;
	envelope_thread(record, thread_join(e, o->msgid, &o->references));
	object_put(e, o->msgid, 'E', (struct view){ record, o->envelope.n });
}

static int write_threads(
    struct slice *l, const struct objects *o, uint64_t next)
{
	struct edit e;
	size_t at = 0;
	int error = slice_begin(l, &e);
	if (error)
		return error;
	/* Some may have come behind the last. */
	l->done &= e.account.next_msgid == o->next_msgid;
	for (unsigned i = 0; i < o->n && !e.kv.error; i++) {
		put_thread(&e, &o->all[i], o->bytes.p + o->bytes.start + at);
		at = o->ends[i];
	}
	return slice_commit(l, &e, next, SCHEMA_THREADS);
}

static int thread_slice(struct slice *l)
{
	uint64_t next = l->at;
	struct objects *o = calloc(1, sizeof *o);
	if (!o)
		return MC_E_TEMP;
	buf_init(&o->bytes, 64 * SLICE_ROOM);
	int error = prepare(l, o, &next);
	if (!error)
		error = write_threads(l, o, next);
	if (!error)
		l->at = next;
	buf_deinit(&o->bytes);
	free(o);
	return error;
}

/* All of them. */

static int read_account(struct store *s, struct account *out)
{
	struct kv_txn t;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = account_get(&t, out);
	kv_abort(&t);
	return error;
}

static const struct step *next_step(const struct account *a)
{
	uint16_t from = a->migrating_from ? a->migrating_from : a->schema;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i].from == from)
			return &steps[i];
	return NULL;
}

static void log_progress(const struct slice *l, const struct account *a)
{
	LOG(NULL, INFO, "store.migrate", KV_INT("from", l->from),
	    KV_INT("to", STORE_SCHEMA), KV_INT("at", l->at),
	    KV_INT("objects", a->next_msgid - 1),
	    KV_STR("state", l->done ? "done" : "running"));
}

static int run_step(
    struct store *s, const struct step *step, const struct account *a)
{
	struct slice l = {
		.store = s, .from = step->from, .at = a->migrated_msgid
	};
	uint64_t said = l.at;
	int error = 0;
	while (!error && !l.done) {
		error = kv_check_room(s->kv, SLICE_ROOM);
		if (!error)
			error = step->run(&l);
		if (!error && (l.done || l.at - said >= LOG_EVERY)) {
			log_progress(&l, a);
			said = l.at;
		}
	}
	return error == MC_E_AGAIN ? 0 : error;
}

int store_migrate(struct store *s)
{
	for (;;) {
		struct account a;
		int error = read_account(s, &a);
		if (error || (a.schema == STORE_SCHEMA && !a.migrating_from))
			return error;
		const struct step *step = next_step(&a);
		if (!step)
			return MC_E_CORRUPT;
		error = run_step(s, step, &a);
		if (error)
			return error;
	}
}
