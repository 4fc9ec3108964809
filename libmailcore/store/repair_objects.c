/* Message objects: their descriptions and their bytes. */
#include "store/le.h"
#include "store/message_prepare.h"
#include "store/object.h"
#include "store/repair_state.h"
#include "store/spill.h"
#include <stdlib.h>

/* What is there of a body. */
struct bytes {
	uint32_t chunks, good; /* behind size none counts */
	uint32_t extra;
	uint64_t end; /* of the last one */
};

static bool is_good(struct view key, struct view value)
{
	const size_t n = value.n - 4;
	struct key k = { .n = key.n };
	if (key.n != 12 || value.n < 5 || n > CHUNK_OCTETS)
		return false;
	memcpy(k.p, key.p, key.n);
	return chunk_check(&k, view_head(value, n), value.p + n);
}

static void look_at_chunk(
    struct bytes *b, const struct kv_cursor *k, uint64_t size, char *into)
{
	uint64_t at = (uint64_t)get_be32(k->key.p + 8) * CHUNK_OCTETS;
	size_t n = k->value.n > 4 ? k->value.n - 4 : 0;
	bool fits = at < size &&
		    n == (size - at < CHUNK_OCTETS ? size - at : CHUNK_OCTETS);
	if (at >= size) {
		b->extra++;
		return;
	}
	b->chunks++;
	b->good += is_good(k->key, k->value) && (fits || size == UINT64_MAX);
	if (at + n > b->end)
		b->end = at + n;
	if (into && fits)
		memcpy(into + at, k->value.p, n);
}

/* size: of the message, UINT64_MAX when it is not known. into: NULL or size
 * octets. */
static struct bytes look_at_bytes(
    struct repair *r, uint64_t msgid, uint64_t size, char *into)
{
	struct kv_cursor k;
	struct bytes b = { 0 };
	struct key first = key_blb(msgid, 0);
	struct view id = view_head(key_view(&first), 8);
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_BLB);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	while (!error && view_starts(k.key, id)) {
		if (k.key.n == 12)
			look_at_chunk(&b, &k, size, into);
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	return b;
}

bool repair_has_bytes(struct repair *r, uint64_t msgid)
{
	return look_at_bytes(r, msgid, UINT64_MAX, NULL).good != 0;
}

bool repair_first_row(struct repair *r, uint64_t msgid, struct message *out)
{
	struct kv_cursor k;
	struct check *c = &r->c;
	struct key first = key_link(msgid, 0, 0);
	uint64_t id;
	uint32_t mailbox, uid;
	bool has = false;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	while (!error && !has &&
	       key_link_split(k.key, &id, &mailbox, &uid) == 0 && id == msgid) {
		has = message_get(&c->t, mailbox, uid, out) == 0 &&
		      out->msgid == msgid;
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	return has;
}

/* Descriptions. */

/* Those of this type, and behind. */
static void drop_records(struct repair *r, uint64_t msgid, char type)
{
	unsigned n;
	struct key first = key_obj(msgid, type, 0),
		   last = key_obj(msgid + 1, 0, 0);
	r->wrote = true;
	kv_drop_range(&r->c.t.kv, TABLE_OBJ, key_view(&first), key_view(&last),
	    UINT32_MAX, &n);
}

void repair_drop_object(struct repair *r, uint64_t msgid)
{
	drop_records(r, msgid, 0);
}

static void drop_bytes(struct repair *r, uint64_t msgid, uint32_t from)
{
	unsigned n;
	struct key first = key_blb(msgid, from), last = key_blb(msgid + 1, 0);
	r->wrote = true;
	kv_drop_range(&r->c.t.kv, TABLE_BLB, key_view(&first), key_view(&last),
	    UINT32_MAX, &n);
}

static int prepare(struct repair *r, uint64_t msgid, uint64_t size,
    struct date date, struct prepared *out)
{
	char *p = malloc(size ? (size_t)size : 1);
	if (!p)
		return MC_E_TEMP;
	/* An empty header, as far as there is none. */
	memset(p, ' ', (size_t)size);
	memcpy(p, "\r\n", size < 2 ? (size_t)size : 2);
	(void)look_at_bytes(r, msgid, size, p);
	const struct append a = { .source = { .mem = { p, (size_t)size },
				      .fd = -1 },
		.internaldate = date };
	int error = message_prepare(&a, NULL, out);
	free(p);
	return error;
}

void repair_describe(struct repair *r, uint64_t msgid, uint64_t size,
    bool has_envelope, const struct message *row)
{
	struct prepared p;
	struct date date = row ? row->internaldate : (struct date){ r->now_s, 0 };
	prepared_init(&p);
	int error = prepare(r, msgid, size, date, &p);
	if (!error) {
		drop_records(r, msgid, has_envelope ? 'M' : 0);
		struct edit e = repair_edit(r);
		if (!has_envelope)
			object_put(&e, msgid, 'E', buf_view(&p.envelope));
		object_put(&e, msgid, 'M', buf_view(&p.structure));
		repair_edit_end(r, &e);
	}
	prepared_deinit(&p);
	if (error)
		repair_fail(r, error);
}

/* Size as the description says, or else the row, or else the chunks. */
static uint64_t size_of(struct repair *r, uint64_t msgid,
    const struct envelope_record *e, const struct message *row)
{
	uint64_t end;
	if (e)
		return e->size_bytes;
	end = look_at_bytes(r, msgid, UINT64_MAX, NULL).end;
	return row && row->size_bytes > end &&
		       row->size_bytes - end < UINT32_MAX / 2
		   ? row->size_bytes
		   : end;
}

static void mend_description(struct repair *r, uint64_t msgid)
{
	struct check *c = &r->c;
	struct envelope_record e;
	struct message row;
	struct view v;
	bool has_row = repair_first_row(r, msgid, &row);
	c->detail[0] = '\0';
	bool good_e = check_object_envelope(c);
	bool good_m = good_e && check_object_structure(c);
	if (good_m)
		return;
	bool has_e = object_get(&c->t, msgid, 'E', &v) == 0 &&
		     envelope_decode(v, &e) == 0 && good_e;
	uint64_t size =
	    size_of(r, msgid, has_e ? &e : NULL, has_row ? &row : NULL);
	bool any = has_e || has_row || repair_has_bytes(r, msgid);
	if (size >= UINT32_MAX || !any) {
		repair_drop_object(r, msgid);
		drop_bytes(r, msgid, 0);
		r->is_loss = true;
	} else {
		repair_describe(
		    r, msgid, size, has_e, has_row ? &row : NULL);
	}
	repair_note(r, good_e ? "object-structure" : "object-envelope",
	    r->is_loss, c->detail);
	r->is_loss = false;
}

/* Bodies. */

static void damage(struct repair *r, uint64_t msgid, uint32_t bad, uint32_t all)
{
	void *damaged = r->damaged;
	if (!repair_grow(r, &damaged, r->n_damaged, &r->cap_damaged,
		sizeof r->damaged[0]))
		return;
	r->damaged = damaged;
	r->damaged[r->n_damaged++] = (struct repair_damaged){ msgid, bad, all };
}

static void mend_bytes(struct repair *r, uint64_t msgid)
{
	uint64_t size;
	if (!check_object_size(&r->c, msgid, &size) || size >= UINT32_MAX)
		return;
	uint32_t all = (uint32_t)((size + CHUNK_OCTETS - 1) / CHUNK_OCTETS);
	struct bytes b = look_at_bytes(r, msgid, size, NULL);
	if (b.extra) {
		drop_bytes(r, msgid, all);
		repair_note(r, "body-complete", false, "bytes behind its end");
	}
	if (b.good < all)
		damage(r, msgid, all - b.good, all);
}

static bool is_purged(struct repair *r, uint64_t msgid)
{
	struct key k = key_obj(msgid, 'E', 0);
	return check_waiting_of(&r->c, msgid) &&
	       !check_has(&r->c, TABLE_OBJ, &k);
}

static void mend_object(struct repair *r, uint64_t msgid)
{
	struct check *c = &r->c;
	c->mailbox = c->uid = 0;
	c->msgid = msgid;
	if (is_purged(r, msgid))
		return;
	if (msgid == 0 || msgid >= repair_id_max) {
		repair_drop_object(r, msgid);
		drop_bytes(r, msgid, 0);
		repair_note(r, "object-allocated", true, "no id of a message");
		return;
	}
	if (msgid >= c->account.next_msgid) {
		c->account.next_msgid = msgid + 1;
		repair_note(r, "object-allocated", false, "");
	}
	mend_description(r, msgid);
	mend_bytes(r, msgid);
}

/* Keys that no object can have; the rest of the rules comes with objects. */

static void at_piece(struct repair *r)
{
	struct check *c = &r->c;
	if (check_object_key(c))
		return;
	if (key_obj_split(c->key, &c->msgid) != 0)
		c->msgid = 0;
	repair_drop(r, TABLE_OBJ, c->key);
	repair_note(r, "object-key", true, "");
}

static void drop_odd_chunks(struct repair *r)
{
	struct kv_cursor k;
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_BLB);
	if (!error)
		error = kv_cursor_seek(&k, V("\0"));
	while (!error) {
		if (k.key.n != 12) {
			kv_cursor_delete(&k);
			r->c.msgid = 0;
			repair_note(r, "body-owner", true, "no key of a body");
		}
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
}

/* The first msgid from *at on that has a key in the table. */
static bool find_msgid(
    struct repair *r, enum store_table table, uint64_t from, uint64_t *out)
{
	struct kv_cursor k;
	struct key first = key_obj(from, 0, 0);
	int error = kv_cursor_open(&k, &r->c.t.kv, table);
	if (!error)
		error = kv_cursor_seek(&k, view_head(key_view(&first), 8));
	if (!error)
		*out = key_obj_id(k.key);
	kv_cursor_close(&k);
	return !error;
}

void repair_objects(struct repair *r)
{
	uint64_t at = 0, obj, blb;
	repair_walk(r, TABLE_OBJ, at_piece);
	drop_odd_chunks(r);
	while (!r->c.t.kv.error) {
		bool has_obj = find_msgid(r, TABLE_OBJ, at, &obj);
		bool has_blb = find_msgid(r, TABLE_BLB, at, &blb);
		if (!has_obj && !has_blb)
			return;
		at = has_obj && (!has_blb || obj < blb) ? obj : blb;
		mend_object(r, at);
		spill_free(&r->c.t.spill);
		if (at == UINT64_MAX)
			return;
		at++;
	}
}
