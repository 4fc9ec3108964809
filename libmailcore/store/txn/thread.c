#include "store/txn/thread.h"
#include "store/mailbox/message.h"

enum {
	HOLDERS = 2, /* so many messages keep an id known */
};

uint64_t thread_hash(const struct references *r, uint64_t id)
{
	uint64_t h = id ^ (r->subject * 0x9e3779b97f4a7c15U);
	h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9U;
	return h ^ (h >> 32);
}

/* The thread that somebody else's key of this hash names; 0: none. *holders
 * is at most HOLDERS. */
static uint64_t look_up(struct edit *e, uint64_t hash, unsigned *holders)
{
	struct kv_cursor c;
	struct key first = key_thread_id(hash, 0);
	uint64_t threadid = 0, id;
	*holders = 0;
	int error = kv_cursor_open(&c, &e->kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	/* 'I' and the hash. */
	while (!error && *holders < HOLDERS &&
	       view_starts(c.key, view_head(key_view(&first), 9))) {
		if (threadid_decode(c.value, &id) == 0 && !threadid)
			threadid = id;
		++*holders;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return threadid;
}

/* The newest reference tells most. */
static uint64_t find(struct edit *e, const struct references *r)
{
	unsigned holders;
	uint64_t threadid = 0;
	for (unsigned i = r->n; i > 0 && !threadid; i--)
		threadid = look_up(e, thread_hash(r, r->refs[i - 1]), &holders);
	if (!threadid && r->id)
		threadid = look_up(e, thread_hash(r, r->id), &holders);
	return threadid;
}

static void put_id(
    struct edit *e, uint64_t hash, uint64_t msgid, uint64_t threadid)
{
	char value[8];
	struct key k = key_thread_id(hash, msgid);
	kv_put(
	    &e->kv, TABLE_IDX, key_view(&k), threadid_encode(threadid, value));
}

static void put_reference(struct edit *e, uint64_t msgid, uint64_t threadid,
    const struct references *r, unsigned i)
{
	unsigned holders;
	uint64_t hash = thread_hash(r, r->refs[i]);
	(void)look_up(e, hash, &holders);
	if (holders < HOLDERS)
		put_id(e, hash, msgid, threadid);
}

void thread_keep(struct edit *e, uint64_t msgid, uint64_t threadid,
    const struct references *r)
{
	if (threadid != msgid) {
		struct key k = key_thread_member(threadid, msgid);
		kv_put(&e->kv, TABLE_IDX, key_view(&k), V(""));
	}
	if (r->id)
		put_id(e, thread_hash(r, r->id), msgid, threadid);
	if (r->n)
		put_reference(e, msgid, threadid, r, 0);
	for (unsigned i = 1; i < r->n && i < THREAD_KEYS_MAX; i++)
		put_reference(e, msgid, threadid, r, r->n - i);
}

uint64_t thread_join(struct edit *e, uint64_t msgid, const struct references *r)
{
	uint64_t threadid = find(e, r);
	if (!threadid)
		threadid = msgid;
	thread_keep(e, msgid, threadid, r);
	return threadid;
}

void thread_leave(struct edit *e, uint64_t msgid, uint64_t threadid,
    const struct references *r)
{
	struct key k = key_thread_member(threadid, msgid);
	(void)kv_delete(&e->kv, TABLE_IDX, key_view(&k));
	k = key_thread_id(thread_hash(r, r->id), msgid);
	if (r->id)
		(void)kv_delete(&e->kv, TABLE_IDX, key_view(&k));
	for (unsigned i = 0; i < r->n; i++) {
		k = key_thread_id(thread_hash(r, r->refs[i]), msgid);
		(void)kv_delete(&e->kv, TABLE_IDX, key_view(&k));
	}
}

bool thread_is_known(const struct account *a, uint64_t msgid)
{
	if (a->schema < SCHEMA_THREADS)
		return false;
	return a->migrating_from == 0 || a->migrating_from >= SCHEMA_THREADS ||
	       msgid < a->migrated_msgid;
}

/* The first message has no key of its own. */
static int first_member(struct store_txn *t, uint64_t threadid, bool *there)
{
	struct key k = key_obj(threadid, 'E', 0);
	struct references references;
	struct view v;
	uint64_t id;
	*there = false;
	int error = kv_get(&t->kv, TABLE_OBJ, key_view(&k), &v);
	if (error)
		return error == MC_E_NOENT ? 0 : error;
	error = envelope_decode_thread(v, &id, &references);
	*there = !error && id == threadid;
	return error;
}

/* What fn returned, or an error; 0 when it has seen them all. */
static int later_members(struct kv_cursor *c, uint64_t threadid,
    int (*fn)(void *ctx, uint64_t msgid), void *ctx)
{
	uint64_t owner, msgid;
	struct key first = key_thread_member(threadid, 0);
	int error = kv_cursor_seek(c, key_view(&first));
	while (!error && c->key.p[0] == 'H') {
		error = key_thread_member_split(c->key, &owner, &msgid);
		if (error || owner != threadid)
			return error;
		int stop = fn(ctx, msgid);
		if (stop)
			return stop;
		error = kv_cursor_next(c);
	}
	return error == MC_E_NOENT ? 0 : error;
}

int message_thread(struct store_txn *t, uint64_t threadid,
    int (*fn)(void *ctx, uint64_t msgid), void *ctx)
{
	struct kv_cursor c;
	bool there;
	int error = first_member(t, threadid, &there);
	if (!error && there)
		error = fn(ctx, threadid);
	if (!error)
		error = kv_cursor_open(&c, &t->kv, TABLE_IDX);
	if (error)
		return error;
	error = later_members(&c, threadid, fn, ctx);
	kv_cursor_close(&c);
	return error;
}
