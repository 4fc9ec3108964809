/* Threads: of each object, where its record and its keys lead to. */
#include "store/check/repair_state.h"
#include "store/txn/thread.h"

/* Of the object c->msgid, whose first piece is *e. */
static bool thread_of(struct repair *r, struct view *e, uint64_t *threadid,
    struct references *references)
{
	struct key k = key_obj(r->c.msgid, 'E', 0);
	return kv_get(&r->c.t.kv, TABLE_OBJ, key_view(&k), e) == 0 &&
	       envelope_decode_thread(*e, threadid, references) == 0;
}

static void set_thread(struct repair *r, struct view e, uint64_t threadid)
{
	char copy[PIECE_OCTETS];
	struct key k = key_obj(r->c.msgid, 'E', 0);
	struct view v = { copy, e.n < sizeof copy ? e.n : sizeof copy };
	memcpy(copy, e.p, v.n);
	envelope_thread(copy, threadid);
	repair_put(r, TABLE_OBJ, &k, v);
}

static bool is_thread(uint64_t threadid)
{
	return threadid && threadid < repair_id_max;
}

/* What a key of the index says of the object c->msgid. */
static bool thread_of_key(struct repair *r, uint64_t *threadid)
{
	struct check *c = &r->c;
	uint64_t hash;
	if (key_thread_member_split(c->key, threadid, &c->msgid) == 0)
		return is_thread(*threadid);
	return key_thread_id_split(c->key, &hash, &c->msgid) == 0 &&
	       threadid_decode(c->value, threadid) == 0 && is_thread(*threadid);
}

/* A record that was made again has lost its thread: its keys know it. */
static void at_key(struct repair *r)
{
	struct references references;
	struct view e;
	uint64_t threadid, now;
	if (!thread_of_key(r, &threadid) ||
	    !thread_is_known(&r->c.account, r->c.msgid) ||
	    !thread_of(r, &e, &now, &references) || is_thread(now))
		return;
	set_thread(r, e, threadid);
	repair_note(r, "object-thread", false, "none");
}

/* Clients know the thread of the record: it stays, when there is one. */
static void mend_thread(struct repair *r)
{
	struct references references;
	struct view record;
	uint64_t old, threadid;
	const uint64_t msgid = r->c.msgid;
	if (!thread_of(r, &record, &old, &references))
		return;
	struct edit e = repair_edit(r);
	threadid = old;
	if (is_thread(old)) {
		thread_keep(&e, msgid, old, &references);
	} else {
		/* It must not find itself. */
		thread_leave(&e, msgid, old, &references);
		threadid = thread_join(&e, msgid, &references);
	}
	repair_edit_end(r, &e);
	/* The record may have moved. */
	if (threadid != old && thread_of(r, &record, &old, &references))
		set_thread(r, record, threadid);
}

static bool has_thread(struct repair *r)
{
	struct references references;
	struct view e;
	uint64_t threadid;
	if (!check_object_thread(&r->c))
		return false;
	return !thread_is_known(&r->c.account, r->c.msgid) ||
	       !thread_of(r, &e, &threadid, &references) || is_thread(threadid);
}

static void at_record(struct repair *r)
{
	struct check *c = &r->c;
	char detail[sizeof c->detail];
	if (key_obj_split(c->key, &c->msgid) != 0 || c->key.p[8] != 'E' ||
	    c->key.p[9] != 0)
		return;
	c->detail[0] = '\0';
	if (has_thread(r))
		return;
	memcpy(detail, c->detail, sizeof detail);
	mend_thread(r);
	repair_note(r, "object-thread", false, detail);
}

void repair_threads(struct repair *r)
{
	repair_walk(r, TABLE_IDX, at_key);
	repair_walk(r, TABLE_OBJ, at_record);
}

void repair_thread_leave(struct repair *r, uint64_t msgid)
{
	struct references references;
	struct view record;
	uint64_t threadid;
	r->c.msgid = msgid;
	if (!thread_of(r, &record, &threadid, &references))
		return;
	struct edit e = repair_edit(r);
	thread_leave(&e, msgid, threadid, &references);
	repair_edit_end(r, &e);
}
