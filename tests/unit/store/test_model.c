/* Random operations on a store and on a plain model of it in memory, compared
 * after each step. MODEL_SEED and MODEL_STEPS in the environment choose other
 * runs than the default one. A new operation is one more row of ops; what it
 * changes goes into struct box_model and into one of the compare functions.
 * (What a kill leaves is compared in tests/crash/kills.c.) */
#include "store/check/check.h"
#include "store_fixture.h"
#include <inttypes.h>
#include <unistd.h>

enum {
	BOXES = 5,
	ROWS_MAX = 400,
	OBJECTS_MAX = 20000,
	WORDS = 3
};

struct row {
	uint32_t uid;
	uint16_t flags;
	unsigned words; /* bit: keyword */
	unsigned object;
	unsigned uidl;   /* number of the one it was imported with; 0: none */
	uint64_t modseq; /* when it was compared last; 0: it is new */
	bool changed;    /* since then */
};

struct box_model {
	bool exists, subscribed;
	uint16_t special_use;
	uint32_t id, uidvalidity, uidnext, recent;
	size_t n;
	struct row rows[ROWS_MAX];
	/* A session that looks now and then. */
	struct uidset seen;
	uint64_t seen_modseq;
	uint32_t seen_uidvalidity;
};

static struct box_model boxes[BOXES];
static const struct view box_names[BOXES] = { V_INIT("INBOX"), V_INIT("a"),
	V_INIT("a/b"), V_INIT("c"), V_INIT("INBOX/d") };
static const struct view words[WORDS] = { V_INIT("$Junk"), V_INIT("blue"),
	V_INIT("x]y") };
static unsigned n_objects;
static uint64_t random_state;

static uint32_t pick(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16) % n;
}

/* The message of an object: any size from nothing to some chunks. */
static struct view text_of(unsigned object)
{
	static char text[20000];
	size_t n =
	    object % 7 ? object * 7919U % 3000 : object * 104729U % 19000;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + (i * 31 + object) % 26);
	return (struct view){ text, n };
}

static struct box_model *pick_box(void)
{
	struct box_model *b = &boxes[pick(BOXES)];
	return b->exists ? b : &boxes[0];
}

static void model_add(struct box_model *b, struct row r)
{
	ck_assert_uint_lt(b->n, ROWS_MAX);
	r.uid = b->uidnext++;
	r.modseq = 0;
	r.changed = false;
	b->rows[b->n++] = r;
}

static void model_remove(struct box_model *b, const struct uidset *uids)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->n; i++)
		if (!uidset_has(uids, b->rows[i].uid))
			b->rows[kept++] = b->rows[i];
	b->n = kept;
}

static size_t words_of(unsigned bits, struct view out[WORDS])
{
	size_t n = 0;
	for (unsigned i = 0; i < WORDS; i++)
		if (bits & 1U << i)
			out[n++] = words[i];
	return n;
}

static void op_append(void)
{
	struct box_model *b = pick_box();
	struct view names[WORDS];
	struct row r = { .flags = (uint16_t)pick(32),
		.words = pick(1 << WORDS),
		.object = n_objects++ };
	char id[DELIVERY_ID_OCTETS] = { 0 };
	struct append_result result;
	if (b->n > ROWS_MAX / 2)
		return;
	ck_assert_uint_lt(n_objects, OBJECTS_MAX);
	memcpy(id, &r.object, sizeof r.object);
	const struct append item = {
		.mailbox = b->id,
		.source = { .prefix = V_NONE,
		    .mem = text_of(r.object),
		    .fd = -1 },
		.flags = r.flags,
		.keywords = names,
		.n_keywords = words_of(r.words, names),
		.internaldate = { 1600000000 - r.object, 60 },
		.delivery_id = { id, sizeof id },
	};
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	ck_assert_int_eq(result.error, 0);
	ck_assert_uint_eq(result.uid, b->uidnext);
	ck_assert_uint_eq(result.uidvalidity, b->uidvalidity);
	model_add(b, r);
	if (pick(4))
		return;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	ck_assert(result.duplicate);
	ck_assert_uint_eq(result.uid, b->uidnext - 1);
}

static struct view uidl_of(unsigned number)
{
	static char text[UIDL_OCTETS_MAX];
	int n = snprintf(text, sizeof text, "%08x.mbx", number);
	return (struct view){ text, number ? (size_t)n : 0 };
}

/* With a UID of its own: taken when it is not below UIDNEXT. */
static void op_import(void)
{
	struct box_model *b = pick_box();
	struct row r = { .object = n_objects, .uidl = 1 + n_objects };
	struct append_result result;
	if (b->n > ROWS_MAX / 2)
		return;
	ck_assert_uint_lt(++n_objects, OBJECTS_MAX);
	const struct append item = {
		.mailbox = b->id,
		.source = { .mem = text_of(r.object), .fd = -1 },
		.internaldate = { 1600000000 - r.object, 60 },
		.uid = 1 + pick(b->uidnext + 5),
		.uidl = uidl_of(r.uidl),
	};
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	if (item.uid > b->uidnext)
		b->uidnext = item.uid;
	ck_assert_uint_eq(result.uid, b->uidnext);
	model_add(b, r);
}

/* Some UIDs, also ones that do not exist. */
static void pick_uids(const struct box_model *b, struct uidset *out)
{
	uidset_init(out);
	for (unsigned n = pick(4); n > 0 || !out->n_ranges; n -= n > 0) {
		uint32_t first = 1 + pick(b->uidnext);
		ck_assert_int_eq(uidset_add(out, first, first + pick(12)), 0);
	}
	if (pick(10) == 0)
		ck_assert_int_eq(uidset_add(out, 1, UINT32_MAX), 0);
}

static void apply(struct row *r, const struct flag_change *c, unsigned bits)
{
	switch (c->op) {
	case FLAGS_SET:
		r->flags = c->flags;
		r->words = bits;
		break;
	case FLAGS_ADD:
		r->flags |= c->flags;
		r->words |= bits;
		break;
	case FLAGS_REMOVE:
		r->flags &= (uint16_t)~c->flags;
		r->words &= ~bits;
		break;
	}
}

static void op_flags(void)
{
	struct box_model *b = pick_box();
	struct uidset uids, modified;
	struct view names[WORDS];
	unsigned bits = pick(1 << WORDS);
	struct flag_change c = { .op = (enum flag_op)pick(3),
		.flags = (uint16_t)pick(32),
		.keywords = names,
		.n_keywords = words_of(bits, names) };
	uint64_t since = UINT64_MAX;
	if (b->n && pick(3) == 0)
		since = b->rows[pick((uint32_t)b->n)].modseq;
	uidset_init(&modified);
	pick_uids(b, &uids);
	ck_assert_int_eq(message_store_flags(store, b->id, &uids, &c, since,
			     &modified, NULL, NULL),
	    0);
	for (size_t i = 0; i < b->n; i++) {
		struct row *r = &b->rows[i];
		bool late = uidset_has(&uids, r->uid) && r->modseq > since;
		ck_assert_int_eq(uidset_has(&modified, r->uid), late);
		struct row before = *r;
		if (uidset_has(&uids, r->uid) && !late)
			apply(r, &c, bits);
		r->changed |=
		    r->flags != before.flags || r->words != before.words;
	}
	uidset_deinit(&modified);
	uidset_deinit(&uids);
}

static void op_expunge(void)
{
	struct box_model *b = pick_box();
	struct uidset uids, gone, want;
	bool all = pick(3) == 0, deleted_only = pick(4) != 0;
	uidset_init(&gone);
	uidset_init(&want);
	pick_uids(b, &uids);
	for (size_t i = 0; i < b->n; i++)
		if ((all || uidset_has(&uids, b->rows[i].uid)) &&
		    (!deleted_only || (b->rows[i].flags & MESSAGE_DELETED)))
			ck_assert_int_eq(
			    uidset_add(&want, b->rows[i].uid, b->rows[i].uid),
			    0);
	ck_assert_int_eq(message_expunge(store, b->id, all ? NULL : &uids,
			     deleted_only, &gone),
	    0);
	ck_assert_uint_eq(gone.count, want.count);
	model_remove(b, &want);
	uidset_deinit(&gone);
	uidset_deinit(&want);
	uidset_deinit(&uids);
}

static void op_transfer(void)
{
	struct box_model *from = pick_box(), *to = pick_box();
	struct uidset uids, a, b;
	bool move = pick(2);
	size_t n = from->n;
	if (to->n + from->n > ROWS_MAX / 2)
		return;
	uidset_init(&a);
	uidset_init(&b);
	pick_uids(from, &uids);
	ck_assert_int_eq((move ? message_move : message_copy)(
			     store, from->id, &uids, to->id, &a, &b),
	    0);
	for (size_t i = 0; i < n; i++) {
		if (!uidset_has(&uids, from->rows[i].uid))
			continue;
		ck_assert(uidset_has(&a, from->rows[i].uid));
		ck_assert(uidset_has(&b, to->uidnext));
		struct row copy = from->rows[i];
		copy.uidl = 0;
		model_add(to, copy);
	}
	ck_assert_uint_eq(a.count, b.count);
	if (move)
		model_remove(from, &a);
	uidset_deinit(&a);
	uidset_deinit(&b);
	uidset_deinit(&uids);
}

static void model_new_box(size_t i)
{
	struct mailbox m = box_named(box_names[i]);
	struct box_model *b = &boxes[i];
	if (b->uidvalidity)
		ck_assert_uint_gt(m.uidvalidity, b->uidvalidity);
	b->exists = true;
	b->special_use = 0;
	b->id = m.id;
	b->uidvalidity = m.uidvalidity;
	b->uidnext = b->recent = 1;
	b->n = 0;
}

static void op_mailbox(void)
{
	size_t i = 1 + pick(BOXES - 1);
	struct mailbox m;
	if (!boxes[i].exists) {
		ck_assert_int_eq(mailbox_create(store, box_names[i], 0, &m), 0);
		model_new_box(i);
		/* "a" comes with "a/b", unless it is there as a mere level. */
		if (i == 2 && !boxes[1].exists &&
		    !(box_named(V("a")).flags & MAILBOX_NOSELECT))
			model_new_box(1);
		return;
	}
	if (pick(3) == 0) {
		ck_assert_int_eq(mailbox_delete(store, box_names[i]), 0);
		boxes[i].exists = false;
		boxes[i].n = 0;
	}
}

/* What delivery and clients create by themselves. */
static void op_provide(void)
{
	size_t i = 3 + pick(2);
	const struct mailbox_wish wish = { box_names[i], SPECIAL_JUNK };
	ck_assert_int_eq(mailbox_provide(store, &wish, 1), 0);
	boxes[i].subscribed = true;
	if (boxes[i].exists)
		return;
	model_new_box(i);
	/* It has been taken from the other one. */
	boxes[7 - i].special_use = 0;
	boxes[i].special_use = SPECIAL_JUNK;
}

static void op_subscribe(void)
{
	size_t i = pick(BOXES);
	boxes[i].subscribed = pick(2);
	ck_assert_int_eq(
	    mailbox_subscribe(store, box_names[i], boxes[i].subscribed), 0);
}

/* The UIDVALIDITY of another server is only taken by an empty mailbox. */
static void op_adopt(void)
{
	struct box_model *b = pick_box();
	const struct mailbox_origin o = { pick(2) ? b->uidvalidity + 1 + pick(5)
						  : 0,
		b->uidnext / 2 + pick(20), b->recent + pick(3) };
	int error = mailbox_adopt(store, b->id, &o);
	if (o.uidvalidity && b->n) {
		ck_assert_int_eq(error, MC_E_EXISTS);
		return;
	}
	ck_assert_int_eq(error, 0);
	if (o.uidvalidity) {
		b->uidvalidity = o.uidvalidity;
		b->uidnext = b->recent = 1;
	}
	if (o.uidnext > b->uidnext)
		b->uidnext = o.uidnext;
	if (o.recent_uid > b->recent)
		b->recent = o.recent_uid;
	if (b->recent > b->uidnext)
		b->recent = b->uidnext;
}

static void op_rename(void)
{
	struct box_model *c = &boxes[3];
	if (!c->exists || pick(2))
		return;
	ck_assert_int_eq(mailbox_rename(store, V("c"), V("e/f")), 0);
	ck_assert_int_eq(mailbox_rename(store, V("e/f"), V("c")), 0);
	ck_assert_int_eq(mailbox_delete(store, V("e")), 0);
}

static void op_rename_inbox(void)
{
	struct box_model *c = &boxes[3];
	if (c->exists)
		return;
	ck_assert_int_eq(mailbox_rename(store, V("INBOX"), V("c")), 0);
	model_new_box(3);
	for (size_t i = 0; i < boxes[0].n; i++)
		boxes[0].rows[i].uidl = 0;
	for (size_t i = 0; i < boxes[0].n; i++)
		model_add(c, boxes[0].rows[i]);
	boxes[0].n = 0;
}

static void op_recent(void)
{
	struct box_model *b = pick_box();
	uint32_t first;
	ck_assert_int_eq(mailbox_claim_recent(store, b->id, &first), 0);
	ck_assert_uint_eq(first, b->recent);
	b->recent = b->uidnext;
}

static void op_time(void)
{
	test_now_s += pick(1000);
	store_housekeeping(store);
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	printf("%s: %s\n", v->invariant, v->detail);
}

static void op_check(void)
{
	const struct check_options o = { .bodies = true,
		.on_violation = on_violation };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
}

static const struct {
	unsigned weight;
	void (*run)(void);
} ops[] = { { 30, op_append }, { 25, op_flags }, { 12, op_expunge },
	{ 14, op_transfer }, { 6, op_mailbox }, { 2, op_rename },
	{ 1, op_rename_inbox }, { 4, op_recent }, { 4, op_time }, { 2, reopen },
	{ 5, op_import }, { 3, op_provide }, { 4, op_subscribe },
	{ 3, op_adopt }, { 1, op_check } };

struct compare {
	struct store_txn t;
	struct box_model *b;
	size_t at;
};

static void compare_words(struct compare *c, const struct message *m)
{
	for (unsigned i = 0; i < WORDS; i++) {
		int slot = keyword_find(&c->t, words[i]);
		bool has = slot >= 0 && (m->keywords[slot / 8] >> slot % 8 & 1);
		ck_assert_int_eq(has, (c->b->rows[c->at].words >> i & 1) != 0);
	}
}

/* A modseq moves exactly when the row is another one. */
static void compare_modseq(struct row *r, uint64_t modseq)
{
	if (r->modseq && !r->changed)
		ck_assert_uint_eq(modseq, r->modseq);
	else
		ck_assert_uint_gt(modseq, r->modseq);
	r->modseq = modseq;
	r->changed = false;
}

static void compare_uidl(struct compare *c, const struct message *m)
{
	struct view got = V_NONE;
	const struct row *r = &c->b->rows[c->at];
	int error = message_uidl(&c->t, c->b->id, m, &got);
	ck_assert_int_eq(error, r->uidl ? 0 : MC_E_NOENT);
	ck_assert_view_eq(got, uidl_of(r->uidl));
}

static int compare_row(void *ctx, const struct message *m)
{
	struct compare *c = ctx;
	ck_assert_uint_lt(c->at, c->b->n);
	struct row *r = &c->b->rows[c->at];
	ck_assert_uint_eq(m->uid, r->uid);
	ck_assert_uint_eq(m->flags, r->flags);
	ck_assert_uint_eq(m->size_bytes, text_of(r->object).n);
	ck_assert_int_eq(m->internaldate.unix_s, 1600000000 - r->object);
	ck_assert_int_eq(m->internaldate.zone_min, 60);
	compare_words(c, m);
	compare_uidl(c, m);
	compare_modseq(r, m->modseq);
	c->at++;
	return 0;
}

static void compare_body(struct compare *c)
{
	static char got[20000];
	struct message m;
	struct message_info info;
	const struct row *r = &c->b->rows[pick((uint32_t)c->b->n)];
	struct view want = text_of(r->object);
	size_t from = pick((uint32_t)want.n + 1);
	size_t n = pick((uint32_t)(want.n - from) + 1);
	ck_assert_int_eq(message_get(&c->t, c->b->id, r->uid, &m), 0);
	ck_assert_int_eq(message_info(&c->t, m.msgid, &info), 0);
	ck_assert_uint_eq(info.size_bytes, want.n);
	ck_assert_int_eq(message_read(&c->t, m.msgid, from, got, n), 0);
	ck_assert_mem_eq(got, want.p + from, n);
}

static void compare_counts(const struct box_model *b, const struct mailbox *m)
{
	uint32_t unseen = 0, deleted = 0;
	uint64_t size = 0;
	for (size_t i = 0; i < b->n; i++) {
		unseen += !(b->rows[i].flags & MESSAGE_SEEN);
		deleted += (b->rows[i].flags & MESSAGE_DELETED) != 0;
		size += text_of(b->rows[i].object).n;
	}
	ck_assert_uint_eq(m->id, b->id);
	ck_assert_uint_eq(m->uidvalidity, b->uidvalidity);
	ck_assert_uint_eq(m->uidnext, b->uidnext);
	ck_assert_uint_eq(m->messages, b->n);
	ck_assert_uint_eq(m->unseen, unseen);
	ck_assert_uint_eq(m->deleted, deleted);
	ck_assert_uint_eq(m->size_bytes, size);
	ck_assert_uint_eq(m->recent_uid, b->recent);
	ck_assert_uint_eq(m->special_use, b->special_use);
}

static int seen_message(void *ctx, const struct message *m)
{
	struct box_model *b = ctx;
	ck_assert_uint_gt(m->modseq, b->seen_modseq);
	return uidset_add(&b->seen, m->uid, m->uid);
}

static int seen_vanish(void *ctx, uint32_t first, uint32_t last)
{
	struct box_model *b = ctx;
	return uidset_remove(&b->seen, first, last);
}

/* What a session knew, and what happened since, is what there is. */
static void compare_history(struct compare *c, const struct mailbox *m)
{
	struct box_model *b = c->b;
	const struct changes_sink sink = { seen_message, seen_vanish, b };
	struct uidset now;
	if (pick(3))
		return;
	uidset_init(&now);
	ck_assert_int_eq(message_uids(&c->t, b->id, &now), 0);
	if (b->seen_uidvalidity != b->uidvalidity) {
		uidset_clear(&b->seen);
		b->seen_modseq = 0;
		b->seen_uidvalidity = b->uidvalidity;
	}
	ck_assert_int_eq(
	    message_changes(&c->t, b->id, b->seen_modseq, &sink), 0);
	b->seen_modseq = m->highestmodseq;
	ck_assert_uint_eq(now.count, b->n);
	ck_assert_uint_eq(b->seen.n_ranges, now.n_ranges);
	for (size_t i = 0; i < now.n_ranges; i++) {
		ck_assert_uint_eq(b->seen.ranges[i].first, now.ranges[i].first);
		ck_assert_uint_eq(b->seen.ranges[i].last, now.ranges[i].last);
	}
	uidset_deinit(&now);
}

static void compare_box(struct compare *c, size_t i)
{
	struct mailbox m;
	c->b = &boxes[i];
	c->at = 0;
	ck_assert_int_eq(
	    mailbox_is_subscribed(&c->t, box_names[i]), c->b->subscribed);
	int error = mailbox_find(&c->t, box_names[i], &m);
	if (!c->b->exists) {
		ck_assert(error == MC_E_NOENT || (m.flags & MAILBOX_NOSELECT));
		return;
	}
	ck_assert_int_eq(error, 0);
	compare_counts(c->b, &m);
	ck_assert_int_eq(
	    message_each(&c->t, c->b->id, 1, UINT32_MAX, compare_row, c), 0);
	ck_assert_uint_eq(c->at, c->b->n);
	if (c->b->n)
		compare_body(c);
	compare_history(c, &m);
}

static void compare_totals(struct compare *c)
{
	static bool used[OBJECTS_MAX];
	struct store_totals totals;
	uint64_t bytes = 0, n = 0;
	memset(used, 0, sizeof used);
	for (size_t i = 0; i < BOXES; i++)
		for (size_t k = 0; k < boxes[i].n; k++)
			used[boxes[i].rows[k].object] = true;
	for (unsigned i = 0; i < n_objects; i++)
		if (used[i]) {
			n++;
			bytes += text_of(i).n;
		}
	ck_assert_int_eq(store_totals(&c->t, &totals), 0);
	ck_assert_uint_eq(totals.messages, n);
	ck_assert_uint_eq(totals.bytes, bytes);
}

static void compare(void)
{
	struct compare c;
	ck_assert_int_eq(store_read(store, &c.t), 0);
	for (size_t i = 0; i < BOXES; i++)
		compare_box(&c, i);
	compare_totals(&c);
	store_end(&c.t);
}

static void step(void)
{
	unsigned total = 0, at;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		total += ops[i].weight;
	at = pick(total);
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (at < ops[i].weight) {
			ops[i].run();
			return;
		}
		at -= ops[i].weight;
	}
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	uint64_t n;
	return view_u64(view_of(getenv(name)), &n) && n ? n : otherwise;
}

START_TEST(store_agrees_with_the_model)
{
	uint64_t steps = setting("MODEL_STEPS", 2000);
	/* Without a fork the run before has left its own. */
	memset(boxes, 0, sizeof boxes);
	n_objects = 0;
	if (_i) { /* compressed: what is read, above all */
		test_compress = true;
		reopen();
		steps /= 4;
	}
	random_state = setting("MODEL_SEED", 20261122);
	printf("model: seed %" PRIu64 "\n", random_state);
	model_new_box(0);
	for (uint64_t i = 0; i < steps; i++) {
		step();
		compare();
	}
	for (size_t i = 0; i < BOXES; i++)
		uidset_deinit(&boxes[i].seen);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/model");
	TCase *tc = tcase_create("model");
	tcase_set_timeout(tc, getenv("MODEL_STEPS") ? 1800 : 110);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, store_agrees_with_the_model, 0, 2);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
