/* Invariants of threads. */
#include "store/check/check_state.h"
#include "store/txn/thread.h"

/* The object's own record of its thread. False: it cannot be read, which is
 * reported elsewhere. */
static bool thread_of(struct check *c, uint64_t *threadid, struct references *r)
{
	struct key k = key_obj(c->msgid, 'E', 0);
	struct view v;
	return kv_get(&c->t.kv, TABLE_OBJ, key_view(&k), &v) == 0 &&
	       envelope_decode_thread(v, threadid, r) == 0;
}

bool check_object_thread(struct check *c)
{
	struct references r;
	struct view v;
	uint64_t threadid, leads_to;
	if (!thread_is_known(&c->account, c->msgid) ||
	    !thread_of(c, &threadid, &r))
		return true;
	if (threadid == 0)
		return check_note(c, "none");
	struct key k = key_thread_member(threadid, c->msgid);
	if (threadid != c->msgid && !check_has(c, TABLE_IDX, &k))
		return check_note(
		    c, "not in thread %llu", (unsigned long long)threadid);
	k = key_thread_id(thread_hash(&r, r.id), c->msgid);
	if (!r.id)
		return true;
	if (kv_get(&c->t.kv, TABLE_IDX, key_view(&k), &v) != 0)
		return check_note(c, "not found by its Message-ID");
	return threadid_decode(v, &leads_to) != 0 || leads_to == threadid ||
	       check_differs(c, "thread", threadid, leads_to);
}

bool check_thread_member(struct check *c)
{
	struct references r;
	uint64_t threadid;
	if (c->key.p[0] != 'H')
		return true;
	if (!thread_of(c, &threadid, &r))
		return check_note(c, "no message");
	if (threadid == c->msgid)
		return check_note(c, "the first needs no key");
	return threadid == c->thread ||
	       check_differs(c, "thread", c->thread, threadid);
}

static bool has_id(const struct references *r, uint64_t hash)
{
	if (r->id && thread_hash(r, r->id) == hash)
		return true;
	for (unsigned i = 0; i < r->n; i++)
		if (thread_hash(r, r->refs[i]) == hash)
			return true;
	return false;
}

bool check_thread_id(struct check *c)
{
	struct references r;
	uint64_t threadid, leads_to;
	if (c->key.p[0] != 'I')
		return true;
	if (threadid_decode(c->value, &leads_to) != 0)
		return check_note(c, "value of %zu octets", c->value.n);
	if (!thread_of(c, &threadid, &r))
		return check_note(c, "no message");
	if (leads_to != threadid)
		return check_differs(c, "thread", leads_to, threadid);
	return has_id(&r, c->thread);
}
