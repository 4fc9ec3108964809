/* The walk through the tables; what is looked at lies in check_*.c. */
#include "base/panic.h"
#include "store/check/check_state.h"
#include "store/txn/object.h"
#include "store/txn/spill.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* Of one transaction while bodies are read. */
	SLICE_OBJECTS = 64,
	SLICE_BYTES = 4 << 20,
};

bool check_note(struct check *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->detail, sizeof c->detail, format, args);
	va_end(args);
	return false;
}

bool check_differs(
    struct check *c, const char *what, uint64_t recorded, uint64_t found)
{
	return check_note(c, "%s: recorded %llu, found %llu", what,
	    (unsigned long long)recorded, (unsigned long long)found);
}

bool check_has(struct check *c, unsigned table, const struct key *k)
{
	struct view v;
	return kv_get(&c->t.kv, table, key_view(k), &v) == 0;
}

bool check_object_size(struct check *c, uint64_t msgid, uint64_t *size)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct view v;
	return kv_get(&c->t.kv, TABLE_OBJ, key_view(&k), &v) == 0 &&
	       envelope_decode_size(v, size) == 0;
}

static void report(struct check *c, size_t rule)
{
	const struct check_rule *r = &check_rules[rule];
	struct violation v = { .invariant = r->name,
		.text = r->text,
		.mailbox = c->mailbox,
		.uid = c->uid,
		.msgid = c->msgid };
	c->result.violations++;
	if (c->broken[rule]++ >= CHECK_REPORTS_MAX)
		return;
	memcpy(v.detail, c->detail, sizeof v.detail);
	if (c->options->on_violation)
		c->options->on_violation(c->options->ctx, &v);
}

/* All rules of a scan at the item where the walk stands. */
static void test(struct check *c, enum check_scan scan)
{
	for (size_t i = 0; i < check_n_rules; i++) {
		if (check_rules[i].scan != scan)
			continue;
		c->detail[0] = '\0';
		bool holds = check_rules[i].holds(c);
		/* A table that cannot be read says so itself. */
		if (c->t.kv.error)
			return;
		if (holds)
			continue;
		report(c, i);
		if (check_rules[i].is_gate)
			return;
	}
}

static void stand(struct check *c, uint32_t mailbox, uint32_t uid, uint64_t id)
{
	c->mailbox = mailbox;
	c->uid = uid;
	c->msgid = id;
}

bool check_table(struct check *c)
{
	return c->error ? check_note(c, "%s: %s", c->table, err_text(c->error))
			: true;
}

/* Damage inside of LMDB ends the reading of one table, not of the others. */
static void after_table(struct check *c)
{
	int error = c->t.kv.error;
	if (error == 0 || c->error)
		return;
	c->error = error;
	c->t.kv.error = 0;
	stand(c, 0, 0, 0);
	test(c, SCAN_TABLE);
	c->error = 0;
	c->cut = true;
	store_end(&c->t);
	c->error = store_read(c->store, &c->t);
}

static void start_table(struct check *c, const char *name)
{
	c->table = name;
	if (c->options->on_phase)
		c->options->on_phase(c->options->ctx, name);
}

/* Every key of a table. */
static void walk(struct check *c, enum store_table table,
    void (*at)(struct check *c, const struct kv_cursor *k))
{
	struct kv_cursor k;
	char first = 0;
	if (c->error)
		return;
	start_table(c, store_tables[table]);
	int error = kv_cursor_open(&k, &c->t.kv, table);
	if (!error)
		error = kv_cursor_seek(&k, (struct view){ &first, 1 });
	while (!error && !c->error) {
		c->key = k.key;
		c->value = k.value;
		stand(c, 0, 0, 0);
		at(c, &k);
		spill_free(&c->t.spill);
		error = c->t.kv.error ? c->t.kv.error : kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	after_table(c);
}

/* Mailboxes. */

struct check_box *check_box_of(const struct check *c, uint32_t id)
{
	size_t low = 0, high = c->n_boxes;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->boxes[mid].b.m.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n_boxes && c->boxes[low].b.m.id == id ? &c->boxes[low]
							      : NULL;
}

static bool grow(void **p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t want = *cap ? 2 * *cap : 64;
	void *q = realloc(*p, want * size);
	if (!q)
		return false;
	*p = q;
	*cap = want;
	return true;
}

static void at_mailbox(struct check *c, const struct kv_cursor *k)
{
	struct check_box x = { .has_name = false };
	void *boxes = c->boxes;
	if (k->key.n == 4 && view_eq(k->key, (struct view){ "\0\0\0\0", 4 }))
		return;
	if (k->key.n == 4)
		c->mailbox = key_box_id(k->key);
	c->box = &x;
	test(c, SCAN_MAILBOX);
	c->box = NULL;
	if (!x.b.m.id)
		return;
	if (!grow(&boxes, c->n_boxes, &c->cap_boxes, sizeof x)) {
		c->error = MC_E_TEMP;
		return;
	}
	c->boxes = boxes;
	c->boxes[c->n_boxes++] = x;
	c->result.mailboxes++;
	if (!(x.b.m.flags & BOX_DELETING))
		c->named++;
}

static void at_name(struct check *c, const struct kv_cursor *k)
{
	(void)k;
	test(c, SCAN_NAME);
}

static void at_attribute(struct check *c, const struct kv_cursor *k)
{
	(void)k;
	test(c, SCAN_ATTRIBUTE);
}

static void each_box(struct check *c, enum check_scan scan)
{
	for (size_t i = 0; i < c->n_boxes && !c->error; i++) {
		c->box = &c->boxes[i];
		stand(c, c->box->b.m.id, 0, 0);
		test(c, scan);
	}
	after_table(c);
}

/* Retained messages, by msgid: the index has them by time. */

const struct check_waiting *check_waiting_of(
    const struct check *c, uint64_t msgid)
{
	size_t low = 0, high = c->n_waiting;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->waiting[mid].msgid < msgid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n_waiting && c->waiting[low].msgid == msgid
		   ? &c->waiting[low]
		   : NULL;
}

static int by_msgid(const void *a, const void *b)
{
	const struct check_waiting *x = a, *y = b;
	return (x->msgid > y->msgid) - (x->msgid < y->msgid);
}

static void at_waiting(struct check *c, const struct kv_cursor *k)
{
	uint32_t purge_s;
	struct check_waiting w;
	void *waiting = c->waiting;
	if (k->key.p[0] != 'X' ||
	    key_purge_split(k->key, &purge_s, &w.msgid) != 0 ||
	    retained_decode(k->value, &w.r) != 0)
		return;
	if (!grow(&waiting, c->n_waiting, &c->cap_waiting, sizeof w)) {
		c->error = MC_E_TEMP;
		return;
	}
	c->waiting = waiting;
	c->waiting[c->n_waiting++] = w;
	c->retained_bytes += w.r.size_bytes;
	c->result.retained++;
}

static void at_index(struct check *c, const struct kv_cursor *k)
{
	(void)k;
	test(c, SCAN_INDEX);
}

/* Rows and changes. */

static void at_row(struct check *c, const struct kv_cursor *k)
{
	if (key_msg_split(k->key, &c->mailbox, &c->uid) != 0)
		stand(c, 0, 0, 0);
	c->box = check_box_of(c, c->mailbox);
	c->result.rows++;
	test(c, SCAN_ROW);
}

static void at_change(struct check *c, const struct kv_cursor *k)
{
	(void)k;
	test(c, SCAN_CHANGE);
}

/* Objects: once for each msgid, at its first key. */
static void at_object(struct check *c, const struct kv_cursor *k)
{
	uint64_t msgid = key_obj_id(k->key);
	uint64_t broken = c->result.violations;
	c->msgid = msgid;
	test(c, SCAN_PIECE);
	if (c->result.violations != broken ||
	    (c->has_object && msgid == c->modseq))
		return;
	c->has_object = true;
	c->modseq = msgid; /* the last one */
	stand(c, 0, 0, msgid);
	c->result.objects++;
	test(c, SCAN_OBJECT);
}

/* Bodies. */

/* The first object from c->msgid on; false: there is none. */
static bool next_object(struct check *c, struct kv_cursor *k)
{
	struct key first = key_obj(c->msgid, 0, 0);
	uint64_t from = c->msgid;
	int error = kv_cursor_seek(k, key_view(&first));
	/* A key that is too short has no id. */
	while (!error && (c->msgid = key_obj_id(k->key)) < from)
		error = kv_cursor_next(k);
	return error == 0;
}

static void check_body(struct check *c)
{
	struct kv_cursor k;
	uint32_t count;
	uint64_t broken = c->result.violations;
	struct key first = key_blb(c->msgid, 0);
	struct view id = view_head(key_view(&first), 8);
	c->n_chunks = 0;
	c->has_object = body_get(&c->t, c->msgid, &c->body) == 0;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_BLB);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	for (count = 0; !error && view_starts(k.key, id); count++) {
		c->key = k.key;
		c->value = k.value;
		c->chunk = count;
		test(c, SCAN_CHUNK);
		c->n_chunks++;
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	c->result.chunks += c->n_chunks;
	test(c, SCAN_BODY);
	if (c->has_object && c->body.frames.n && c->result.violations == broken)
		test(c, SCAN_FRAMES);
}

/* Orphans between two objects have no body to be found by. */
static void check_strays(struct check *c, uint64_t from, uint64_t behind)
{
	struct kv_cursor k;
	struct key first = key_blb(from, 0);
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_BLB);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	c->has_object = false;
	while (!error && (behind == 0 || key_obj_id(k.key) < behind)) {
		c->key = k.key;
		c->value = k.value;
		stand(c, 0, 0, key_obj_id(k.key));
		test(c, SCAN_CHUNK);
		/* A key that is too short has no id. */
		first = key_blb(c->msgid + 1, 0);
		error = c->msgid < from ? kv_cursor_next(&k)
					: kv_cursor_seek(&k, key_view(&first));
	}
	kv_cursor_close(&k);
}

/* Goes on at *from; false: done. */
static bool body_slice(struct check *c, uint64_t *from)
{
	struct kv_cursor k;
	uint64_t bytes = 0;
	bool more = true;
	if (kv_cursor_open(&k, &c->t.kv, TABLE_OBJ) != 0)
		return false;
	for (unsigned n = 0; n < SLICE_OBJECTS && bytes < SLICE_BYTES; n++) {
		uint64_t id;
		stand(c, 0, 0, *from);
		more = next_object(c, &k);
		id = more ? c->msgid : 0;
		check_strays(c, *from, id);
		if (!more || c->t.kv.error)
			break;
		stand(c, 0, 0, id);
		check_body(c);
		bytes += c->n_chunks * CHUNK_OCTETS;
		*from = id + 1;
	}
	kv_cursor_close(&k);
	return more && !c->t.kv.error;
}

static void check_bodies(struct check *c)
{
	uint64_t from = 0;
	bool more = true;
	start_table(c, store_tables[TABLE_BLB]);
	while (more && !c->error) {
		store_end(&c->t);
		c->error = store_read(c->store, &c->t);
		if (!c->error)
			more = body_slice(c, &from);
	}
	after_table(c);
}

static void check_snapshot(struct check *c)
{
	c->error = account_get(&c->t.kv, &c->account);
	if (c->error)
		return;
	test(c, SCAN_ACCOUNT);
	walk(c, TABLE_MBX, at_mailbox);
	walk(c, TABLE_NAM, at_name);
	each_box(c, SCAN_TREE);
	walk(c, TABLE_ATT, at_attribute);
	walk(c, TABLE_IDX, at_waiting);
	if (c->n_waiting)
		qsort(c->waiting, c->n_waiting, sizeof *c->waiting, by_msgid);
	walk(c, TABLE_IDX, at_index);
	walk(c, TABLE_MSG, at_row);
	walk(c, TABLE_CHG, at_change);
	walk(c, TABLE_OBJ, at_object);
	/* Sums of a part would accuse what is right. */
	if (c->error || c->cut)
		return;
	each_box(c, SCAN_COUNTS);
	stand(c, 0, 0, 0);
	test(c, SCAN_TOTALS);
}

int store_check(struct store *s, const struct check_options *options,
    struct check_result *out)
{
	struct check *c = MUST_NEW(struct check);
	c->store = s;
	c->options = options;
	c->error = store_read(s, &c->t);
	if (!c->error)
		check_snapshot(c);
	if (!c->error && options->bodies)
		check_bodies(c);
	store_end(&c->t);
	int error = c->error;
	*out = c->result;
	free(c->boxes);
	free(c->waiting);
	free(c);
	return error;
}
