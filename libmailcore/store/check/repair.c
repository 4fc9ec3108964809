/* The course of a repair. */
#include "base/panic.h"
#include "base/rand.h"
#include "store/check/repair_state.h"
#include "store/txn/spill.h"
#include <stdlib.h>

enum {
	UIDVALIDITY_AHEAD = 86400
};

void repair_fail(struct repair *r, int error)
{
	if (!r->c.t.kv.error)
		r->c.t.kv.error = error;
}

static size_t rule_named(const char *invariant)
{
	size_t i = 0;
	while (strcmp(check_rules[i].name, invariant) != 0)
		i++;
	return i;
}

void repair_note(
    struct repair *r, const char *invariant, bool is_loss, const char *detail)
{
	const struct repair_note n = { is_loss, invariant, detail, r->c.mailbox,
		r->c.uid, r->c.msgid };
	++*(is_loss ? &r->result.lost : &r->result.repaired);
	if (r->reports[rule_named(invariant)]++ < CHECK_REPORTS_MAX &&
	    r->options->on_note)
		r->options->on_note(r->options->ctx, &n);
}

static const struct mender *mender_of(const char *invariant)
{
	static const struct mender_list *const lists[] = {
		&repair_mailbox_menders,
		&repair_row_menders,
		&repair_total_menders,
	};
	for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			if (strcmp(lists[k]->all[i].invariant, invariant) == 0)
				return &lists[k]->all[i];
	return NULL;
}

bool repair_rules(struct repair *r, enum check_scan scan)
{
	char detail[sizeof r->c.detail];
	for (size_t i = 0; i < check_n_rules; i++) {
		const struct check_rule *rule = &check_rules[i];
		if (rule->scan != scan)
			continue;
		r->c.detail[0] = '\0';
		bool holds = rule->holds(&r->c);
		const struct mender *m = holds ? NULL : mender_of(rule->name);
		if (r->c.t.kv.error)
			return false;
		if (!m)
			continue;
		memcpy(detail, r->c.detail, sizeof detail);
		r->is_loss = false;
		bool stays = m->mend(r);
		repair_note(r, rule->name, r->is_loss, detail);
		if (!stays)
			return false;
	}
	return true;
}

void repair_put(struct repair *r, enum store_table table, const struct key *k,
    struct view value)
{
	r->wrote = true;
	kv_put(&r->c.t.kv, table, key_view(k), value);
}

void repair_drop(struct repair *r, enum store_table table, struct view key)
{
	r->wrote = true;
	/* Not there is as good; all else sticks. */
	(void)kv_delete(&r->c.t.kv, table, key);
}

struct edit repair_edit(struct repair *r)
{
	return (struct edit){ .store = r->c.store, .kv = r->c.t.kv };
}

void repair_edit_end(struct repair *r, const struct edit *e)
{
	r->wrote = true;
	r->c.t.kv = e->kv;
}

void repair_walk(
    struct repair *r, enum store_table table, void (*at)(struct repair *r))
{
	struct kv_cursor k;
	struct check *c = &r->c;
	char key[KV_KEY_MAX] = { 0 };
	int error = kv_cursor_open(&k, &c->t.kv, table);
	if (!error)
		error = kv_cursor_seek(&k, (struct view){ key, 1 });
	while (!error) {
		size_t n = k.key.n;
		memcpy(key, k.key.p, n);
		c->key = (struct view){ key, n };
		c->value = k.value;
		c->mailbox = c->uid = 0;
		c->msgid = 0;
		r->wrote = false;
		at(r);
		spill_free(&c->t.spill);
		/* Where it stood may have moved. */
		error = c->t.kv.error;
		if (!error && r->wrote)
			error = kv_cursor_seek(&k, c->key);
		if (!error && (!r->wrote || view_eq(k.key, c->key)))
			error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
}

/* The same again and again, until a mailbox is met that has seen more. */
uint64_t repair_modseq(struct repair *r)
{
	if (!r->modseq || r->modseq < r->c.account.modseq)
		r->modseq = ++r->c.account.modseq;
	return r->modseq;
}

void repair_touch(struct repair *r, struct check_box *x)
{
	x->b.m.highestmodseq = repair_modseq(r);
}

void repair_cut(struct repair *r, struct check_box *x)
{
	repair_touch(r, x);
	x->b.m.vanish_floor = repair_modseq(r);
}

bool repair_grow(struct repair *r, void **p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t want = *cap ? 2 * *cap : 64;
	void *q = realloc(*p, want * size);
	if (!q) {
		repair_fail(r, MC_E_TEMP);
		return false;
	}
	*p = q;
	*cap = want;
	return true;
}

/* The account. */

static void note_modseq(struct repair *r)
{
	struct message m;
	uint32_t mailbox, uid;
	if (key_msg_split(r->c.key, &mailbox, &uid) == 0 &&
	    message_decode(uid, r->c.value, &m) == 0 &&
	    m.modseq < repair_id_max && m.modseq > r->c.account.modseq)
		r->c.account.modseq = m.modseq;
}

static void repair_account(struct repair *r)
{
	struct account *a = &r->c.account;
	int error = account_get(&r->c.t.kv, a);
	r->account_lost = error == MC_E_NOENT || error == MC_E_CORRUPT;
	if (error && !r->account_lost) {
		repair_fail(r, error);
		return;
	}
	if (r->account_lost) {
		*a = (struct account){ .schema = STORE_SCHEMA,
			.engine = kv_engine_version(),
			.next_mailbox = inbox_id - 1,
			.next_msgid = 1,
			/* Some may have been given out ahead of the clock. */
			.next_uidvalidity = r->now_s + UIDVALIDITY_AHEAD };
		repair_walk(r, TABLE_MSG, note_modseq);
		rand_bytes(a->guid, sizeof a->guid);
		r->c.msgid = r->c.mailbox = r->c.uid = 0;
		repair_note(r, "account-record", true,
		    "limits and identity of the account");
	}
	(void)repair_rules(r, SCAN_ACCOUNT);
}

/* What waits for its purge, by msgid. */

static void at_waiting(struct repair *r)
{
	struct check *c = &r->c;
	struct check_waiting w;
	uint32_t purge_s;
	void *waiting = c->waiting;
	if (c->key.p[0] != 'X' ||
	    key_purge_split(c->key, &purge_s, &w.msgid) != 0)
		return;
	if (retained_decode(c->value, &w.r) != 0)
		w.r = (struct retained){ 0 };
	if (!repair_grow(r, &waiting, c->n_waiting, &c->cap_waiting, sizeof w))
		return;
	c->waiting = waiting;
	c->waiting[c->n_waiting++] = w;
	c->retained_bytes += w.r.size_bytes;
}

static int by_msgid(const void *a, const void *b)
{
	const struct check_waiting *x = a, *y = b;
	return (x->msgid > y->msgid) - (x->msgid < y->msgid);
}

static void read_waiting(struct repair *r)
{
	struct check *c = &r->c;
	c->n_waiting = 0;
	c->retained_bytes = 0;
	repair_walk(r, TABLE_IDX, at_waiting);
	if (c->n_waiting)
		qsort(c->waiting, c->n_waiting, sizeof *c->waiting, by_msgid);
}

void repair_unwait(struct repair *r, uint64_t msgid)
{
	struct check *c = &r->c;
	for (size_t i = 0; i < c->n_waiting; i++) {
		if (c->waiting[i].msgid != msgid)
			continue;
		memmove(&c->waiting[i], &c->waiting[i + 1],
		    (--c->n_waiting - i) * sizeof c->waiting[0]);
		return;
	}
}

/* Counters, when all else is right. */

static void count_row(struct repair *r)
{
	if (key_msg_split(r->c.key, &r->c.mailbox, &r->c.uid) != 0)
		return;
	r->c.box = check_box_of(&r->c, r->c.mailbox);
	(void)check_row_record(&r->c);
}

static void count_run(struct repair *r)
{
	if (check_change_key(&r->c))
		(void)check_change_mailbox(&r->c);
}

static void count_object(struct repair *r)
{
	uint64_t before = r->c.modseq;
	if (key_obj_split(r->c.key, &r->c.msgid) != 0 || r->c.msgid == before)
		return;
	r->c.modseq = r->c.msgid;
	(void)check_object_owner(&r->c);
}

static void count_all(struct repair *r)
{
	struct check *c = &r->c;
	for (size_t i = 0; i < c->n_boxes; i++) {
		struct check_box *x = &c->boxes[i];
		x->messages = x->unseen = x->deleted = x->runs = 0;
		x->bytes = x->deleted_bytes = 0;
		c->named += !(x->b.m.flags & BOX_DELETING);
	}
	c->modseq = 0;
	repair_walk(r, TABLE_MSG, count_row);
	repair_walk(r, TABLE_CHG, count_run);
	repair_walk(r, TABLE_OBJ, count_object);
	read_waiting(r);
}

static void settle_counts(struct repair *r)
{
	struct check *c = &r->c;
	count_all(r);
	for (size_t i = 0; i < c->n_boxes && !c->t.kv.error; i++) {
		c->box = &c->boxes[i];
		c->mailbox = c->box->b.m.id;
		c->uid = 0;
		c->msgid = 0;
		(void)repair_rules(r, SCAN_COUNTS);
	}
	c->mailbox = 0;
	(void)repair_rules(r, SCAN_TOTALS);
}

static void write_records(struct repair *r)
{
	char value[BOX_OCTETS + COMPONENT_MAX], account[ACCOUNT_OCTETS];
	struct check *c = &r->c;
	struct view old;
	for (size_t i = 0; i < c->n_boxes; i++) {
		struct key k = key_box(c->boxes[i].b.m.id);
		struct view v = { value, box_encode(&c->boxes[i].b, value) };
		if (kv_get(&c->t.kv, TABLE_MBX, key_view(&k), &old) != 0 ||
		    !view_eq(old, v))
			repair_put(r, TABLE_MBX, &k, v);
	}
	struct key k = key_box(0);
	account_encode(&c->account, account);
	struct view v = { account, sizeof account };
	if (kv_get(&c->t.kv, TABLE_MBX, key_view(&k), &old) != 0 ||
	    !view_eq(old, v))
		repair_put(r, TABLE_MBX, &k, v);
}

/* Rows may have gone, or be older than what clients saw; and a record that was
 * found may be older than the UIDs that were given out after it. */
static void distrust(struct repair *r)
{
	for (size_t i = 0; r->options->lost_tables && i < r->c.n_boxes; i++) {
		struct check_box *x = &r->c.boxes[i];
		repair_cut(r, x);
		if (!(r->options->lost_tables & 1u << TABLE_MBX))
			continue;
		repair_box_renew(r, &x->b);
		r->c.mailbox = x->b.m.id;
		repair_note(r, "mailbox-uidvalidity", false,
		    "raised: its record may be an old one");
	}
}

static int run(struct repair *r)
{
	struct check *c = &r->c;
	repair_account(r);
	repair_mailboxes(r);
	distrust(r);
	repair_names(r);
	repair_attributes(r);
	read_waiting(r);
	repair_objects(r);
	repair_rows(r);
	settle_counts(r);
	write_records(r);
	if (c->t.kv.error || !r->options->dry_run)
		return kv_commit(&c->t.kv);
	kv_abort(&c->t.kv);
	return 0;
}

int store_repair(struct store *s, const struct repair_options *options,
    struct repair_result *out)
{
	struct repair *r = MUST_NEW(struct repair);
	r->options = options;
	r->c.store = s;
	r->c.t = (struct store_txn){ .store = s };
	r->now_s = (uint32_t)s->now_s();
	unpacker_clear(&s->unpacker);
	int error = kv_write(s->kv, &r->c.t.kv);
	if (!error)
		error = run(r);
	kv_abort(&r->c.t.kv);
	spill_free(&r->c.t.spill);
	*out = r->result;
	free(r->c.boxes);
	free(r->c.waiting);
	free(r->damaged);
	free(r);
	return error;
}
