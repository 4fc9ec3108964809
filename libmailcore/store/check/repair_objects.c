/* Message objects: their descriptions and their bytes. */
#include "store/check/repair_state.h"
#include "store/record/message_prepare.h"
#include "store/txn/object.h"
#include "store/txn/spill.h"
#include <stdlib.h>

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

static int prepare(struct repair *r, const struct body *b, struct date date,
    struct prepared *out)
{
	const size_t n = (size_t)b->size_bytes;
	char *p = malloc(n ? n : 1);
	if (!p)
		return MC_E_TEMP;
	/* An empty header, as far as there is none. */
	memset(p, ' ', n);
	memcpy(p, "\r\n", n < 2 ? n : 2);
	repair_body_read(r, b, p);
	const struct append a = { .source = { .mem = { p, n }, .fd = -1 },
		.internaldate = date };
	buf_put(&out->packed.frames, b->frames);
	int error = message_prepare(&a, NULL, out);
	free(p);
	return error;
}

/* Bodies are stored in pieces, as long as there is no older one. */
static int set_layout(const struct body *b, struct prepared *p)
{
	struct envelope_record e;
	struct buf whole = p->envelope;
	if (b->has_pieces)
		return 0;
	int error = envelope_decode(buf_view(&whole), &e);
	if (error)
		return error;
	e.has_pieces = false;
	buf_init(&p->envelope, buf_len(&whole) + 1);
	envelope_encode(&e, &p->envelope);
	error = buf_error(&p->envelope);
	buf_deinit(&whole);
	return error;
}

void repair_describe(struct repair *r, const struct body *b, bool has_envelope,
    const struct message *row)
{
	struct prepared p;
	const uint64_t msgid = b->msgid;
	struct date date =
	    row ? row->internaldate : (struct date){ r->now_s, 0 };
	prepared_init(&p);
	int error = prepare(r, b, date, &p);
	if (!error)
		error = set_layout(b, &p);
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

/* From what there is; false: nothing. */
static bool describe(struct repair *r, uint64_t msgid, bool has_envelope)
{
	struct message row = { .size_bytes = 0 };
	struct body b;
	struct buf frames;
	bool has_row = repair_first_row(r, msgid, &row);
	bool is_whole = true;
	bool any = has_envelope || has_row || repair_has_bytes(r, msgid);
	buf_init(&frames, (size_t)BODY_FRAMES_MAX * FRAME_ENTRY_OCTETS);
	if (!has_envelope || body_get(&r->c.t, msgid, &b) != 0)
		is_whole =
		    repair_body_find(r, msgid, row.size_bytes, &b, &frames);
	any &= b.size_bytes < UINT32_MAX &&
	       (is_whole || (has_row && b.size_bytes <= BODY_PACKED_MAX));
	/* What is packed is of no use without its frames. */
	if (!any || !is_whole) {
		drop_bytes(r, msgid, 0);
		r->is_loss = true;
	}
	if (any)
		repair_describe(r, &b, has_envelope, has_row ? &row : NULL);
	else
		repair_drop_object(r, msgid);
	buf_deinit(&frames);
	return any;
}

static void mend_description(struct repair *r, uint64_t msgid)
{
	struct check *c = &r->c;
	struct envelope_record e;
	struct view v;
	char detail[sizeof c->detail];
	c->detail[0] = '\0';
	bool good_e = check_object_envelope(c);
	bool good_m = good_e && check_object_structure(c);
	if (good_m)
		return;
	memcpy(detail, c->detail, sizeof detail);
	bool has_e = object_get(&c->t, msgid, 'E', &v) == 0 &&
		     envelope_decode(v, &e) == 0 && good_e;
	describe(r, msgid, has_e);
	repair_note(r, good_e ? "object-structure" : "object-envelope",
	    r->is_loss, detail);
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
	struct check *c = &r->c;
	if (body_get(&c->t, msgid, &c->body) != 0 ||
	    c->body.size_bytes >= UINT32_MAX)
		return;
	if (c->body.frames.n)
		c->account.features |= STORE_HAS_ZSTD;
	uint32_t all = (uint32_t)body_chunks(&c->body);
	struct repair_bytes b = repair_body_look(r, &c->body);
	if (b.good < all)
		damage(r, msgid, all - b.good, all);
	else if (c->body.frames.n && !check_body_frames(c))
		damage(r, msgid, 0, all);
	if (b.extra) {
		drop_bytes(r, msgid, all);
		repair_note(r, "body-complete", false, "bytes behind its end");
	}
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
