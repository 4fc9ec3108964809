#include "store/check/check.h"
#include "store_sample.h"
#include <inttypes.h>
#include <stdlib.h>

/* Live entries of chg: what STORE, EXPUNGE and MOVE make of runs. */

static uint32_t elsewhere; /* the other mailbox */

static void setup_boxes(void)
{
	setup();
	elsewhere = box_create(V("Elsewhere"));
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	ck_abort_msg("%s: UID %u: %s", v->invariant, v->uid, v->detail);
}

static void expect_clean(void)
{
	const struct check_options o = { .on_violation = on_violation };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
}

/* In one transaction. */
static void append(uint32_t mailbox, unsigned n)
{
	struct append items[8];
	struct append_result results[8];
	ck_assert_uint_le(n, 8);
	for (unsigned i = 0; i < n; i++)
		items[i] = (struct append){ .mailbox = mailbox,
			.source = { .mem = V("x"), .fd = -1 } };
	ck_assert_int_eq(message_append(store, items, n, results), 0);
}

static void flag(uint32_t mailbox, const struct uidset *uids, enum flag_op op,
    uint16_t flags)
{
	const struct flag_change c = { .op = op, .flags = flags };
	ck_assert_int_eq(message_store_flags(store, mailbox, uids, &c,
			     UINT64_MAX, NULL, NULL, NULL),
	    0);
}

static void expunge(uint32_t mailbox, const struct uidset *uids)
{
	struct uidset gone;
	uidset_init(&gone);
	ck_assert_int_eq(
	    message_expunge(store, mailbox, uids, false, &gone), 0);
	uidset_deinit(&gone);
}

static void move(uint32_t from, const struct uidset *uids, uint32_t to)
{
	struct uidset a, b;
	uidset_init(&a);
	uidset_init(&b);
	ck_assert_int_eq(message_move(store, from, uids, to, &a, &b), 0);
	uidset_deinit(&a);
	uidset_deinit(&b);
}

/* Entries of a mailbox in order: "1:3 5 -7:9". */
static const char *entries_of(uint32_t mailbox)
{
	static char text[400];
	struct kv_txn t;
	struct kv_cursor c;
	struct key first = key_chg(mailbox, 0, 0);
	uint32_t owner, uid;
	uint64_t modseq;
	size_t n = 0;
	text[0] = '\0';
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	ck_assert_int_eq(kv_cursor_open(&c, &t, TABLE_CHG), 0);
	int error = kv_cursor_seek(&c, key_view(&first));
	while (!error) {
		struct change_run r;
		ck_assert_int_eq(
		    key_chg_split(c.key, &owner, &modseq, &uid), 0);
		if (owner != mailbox)
			break;
		ck_assert_int_eq(change_decode(uid, c.value, &r), 0);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%u",
		    n ? " " : "", r.vanished ? "-" : "", r.first);
		if (r.last != r.first)
			n += (size_t)snprintf(
			    text + n, sizeof text - n, ":%u", r.last);
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return text;
}

static struct uidset uids_of(struct view list)
{
	struct uidset s;
	uidset_init(&s);
	while (list.n) {
		struct view one = view_head(list, view_find_byte(list, ','));
		size_t colon = view_find_byte(one, ':');
		uint32_t first, last;
		ck_assert(view_u32(view_head(one, colon), &first));
		ck_assert(view_u32(
		    colon < one.n ? view_skip(one, colon + 1) : one, &last));
		ck_assert_int_eq(uidset_add(&s, first, last), 0);
		list = view_skip(list, one.n + 1);
	}
	return s;
}

/* a: so many are added at once; f: STORE +FLAGS \Flagged; s: \Seen; x: they are
 * expunged; m: moved to the other mailbox. */
static void run(struct view op)
{
	struct view argument = view_skip(op, 1);
	struct uidset uids = uids_of(argument);
	switch (op.p[0]) {
	case 'a':
		append(inbox_id, uidset_max(&uids));
		break;
	case 'f':
		flag(inbox_id, &uids, FLAGS_ADD, MESSAGE_FLAGGED);
		break;
	case 's':
		flag(inbox_id, &uids, FLAGS_ADD, MESSAGE_SEEN);
		break;
	case 'x':
		expunge(inbox_id, &uids);
		break;
	case 'm':
		move(inbox_id, &uids, elsewhere);
		break;
	default:
		ck_abort_msg("%c", op.p[0]);
	}
	uidset_deinit(&uids);
	expect_clean();
}

static const struct {
	const char *ops, *entries;
	const char *moved; /* those of the other mailbox */
} cases[] = {
	{ "a1 a1 a1", "1 2 3", "" },
	{ "a5", "1:5", "" },
	{ "a5 a2 a1", "1:5 6:7 8", "" },
	/* STORE. */
	{ "a5 f1:5", "1:5", "" },
	{ "a1 a1 a1 f1:3", "1:3", "" },
	{ "a2 a1 a2 f2:4", "1 5 2:4", "" },
	{ "a5 f1", "2:5 1", "" },
	{ "a5 f3", "1:2 4:5 3", "" },
	{ "a5 f5", "1:4 5", "" },
	{ "a5 f2 f4", "1 3 5 2 4", "" },
	{ "a5 f1,3,5", "2 4 1 3 5", "" },
	{ "a5 f1:2,5", "3:4 1:2 5", "" },
	{ "a5 f3 f1:5", "3 1:2 4:5", "" }, /* 3 was as it is */
	{ "a5 f3 s1:5", "1:5", "" },
	{ "a5 f3 s1:5 s1:5", "1:5", "" },
	{ "a5 s2:4 f2,4 f1:5", "2 4 1 3 5", "" },
	/* EXPUNGE: a run needs its first row, and no other one. */
	{ "a5 x1", "2:5 -1", "" },
	{ "a5 x3", "1:5 -3", "" },
	{ "a5 x5", "1:5 -5", "" },
	{ "a5 x2:4", "1:5 -2:4", "" },
	{ "a5 x1:4", "5 -1:4", "" },
	{ "a5 x1:5", "-1:5", "" },
	{ "a5 x2 x1", "3:5 -2 -1", "" },
	{ "a5 x1,3", "2:5 -1 -3", "" },
	{ "a3 a2 x2:4", "1:3 5 -2:4", "" },
	/* Holes do not divide what follows each other. */
	{ "a5 x3 f1:5", "-3 1:5", "" },
	{ "a5 x3 f1:2,4:5", "-3 1:5", "" },
	{ "a5 x2 f1:3", "4:5 -2 1:3", "" },
	{ "a5 x3 f4", "1:3 5 -3 4", "" },
	{ "a5 x3 f2", "1 4:5 -3 2", "" },
	{ "a5 x4 f1:3", "5 -4 1:3", "" },
	{ "a5 x4 x1:3,5", "-4 -1:5", "" },
	/* Runs of one modseq that became neighbours. */
	{ "a5 f3 x3 s1:5", "-3 1:5", "" },
	{ "a5 f3 x3 s1:4", "5 -3 1:4", "" },
	{ "a5 f3 x3 x2:4", "1:2 5 -3 -2:4", "" },
	{ "a7 f2 f4 x2,4 s3:5", "1 6:7 -2 -4 3:5", "" },
	/* MOVE. */
	{ "a5 m2:3", "1:5 -2:3", "1:2" },
	{ "a5 m1,3,5", "2:5 -1 -3 -5", "1:3" },
	{ "a5 f3 m1:5", "-1:5", "1:5" },
	{ "a1 a1 a1 m2 m1,3", "-2 -1:3", "1 2:3" },
};

START_TEST(runs_are_cut_where_a_row_changes)
{
	struct view ops = view_of(cases[_i].ops);
	while (ops.n) {
		size_t n = view_find_byte(ops, ' ');
		run(view_head(ops, n));
		ops = view_skip(ops, n + 1);
	}
	ck_assert_str_eq(entries_of(inbox_id), cases[_i].entries);
	ck_assert_str_eq(entries_of(elsewhere), cases[_i].moved);
}

END_TEST

/* A random life of two mailboxes, and a plain model of it. */

enum {
	UIDS_MAX = 600,
	LIVE_MAX = 60,
};

static struct model {
	uint32_t id, uidnext;
	unsigned live;
	uint64_t highestmodseq;

	struct {
		uint64_t modseq; /* 0: there is no such row */
		uint64_t gone;   /* when it vanished; 0: never was */
		uint16_t flags;
	} rows[UIDS_MAX];
} models[2];

static uint64_t random_state;

static uint32_t pick(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16) % n;
}

static uint64_t modseq_of(struct model *m)
{
	struct mailbox now =
	    box_named(m->id == inbox_id ? V("INBOX") : V("Elsewhere"));
	ck_assert_uint_ge(now.highestmodseq, m->highestmodseq);
	ck_assert_uint_eq(now.uidnext, m->uidnext);
	ck_assert_uint_eq(now.messages, m->live);
	return m->highestmodseq = now.highestmodseq;
}

static void add_row(struct model *m, uint16_t flags)
{
	ck_assert_uint_lt(m->uidnext, UIDS_MAX);
	m->rows[m->uidnext].flags = flags;
	m->rows[m->uidnext].modseq = UINT64_MAX; /* that of this step */
	m->uidnext++;
	m->live++;
}

static void remove_row(struct model *m, uint32_t uid)
{
	m->rows[uid].modseq = 0;
	m->rows[uid].gone = UINT64_MAX;
	m->live--;
}

static void settle(struct model *m)
{
	uint64_t before = m->highestmodseq, now = modseq_of(m);
	bool changed = false;
	for (uint32_t u = 1; u < m->uidnext; u++) {
		if (m->rows[u].modseq == UINT64_MAX) {
			m->rows[u].modseq = now;
			changed = true;
		}
		if (m->rows[u].gone == UINT64_MAX) {
			m->rows[u].gone = now;
			changed = true;
		}
	}
	ck_assert_int_eq(now > before, changed);
}

/* A range, single ones, some of a range, or all. */
static struct uidset pick_uids(const struct model *m)
{
	struct uidset s;
	uint32_t first = 1 + pick(m->uidnext), last = first + pick(20);
	uint32_t one_of = 1 + pick(3);
	uidset_init(&s);
	if (pick(8) == 0)
		ck_assert_int_eq(uidset_add(&s, 1, UINT32_MAX), 0);
	else if (pick(3) == 0)
		ck_assert_int_eq(uidset_add(&s, first, first), 0);
	else
		for (uint32_t u = first; u <= last; u++)
			if (pick(one_of) == 0)
				ck_assert_int_eq(uidset_add(&s, u, u), 0);
	return s;
}

static bool is_in(const struct model *m, const struct uidset *uids, uint32_t u)
{
	return m->rows[u].modseq && uidset_has(uids, u);
}

static void step_append(struct model *m)
{
	unsigned n = 1 + pick(8);
	if (m->live + n > LIVE_MAX || m->uidnext + n > UIDS_MAX)
		return;
	append(m->id, n);
	while (n--)
		add_row(m, 0);
}

static void step_store(struct model *m)
{
	struct uidset uids = pick_uids(m);
	enum flag_op op = (enum flag_op)pick(3);
	uint16_t flags = (uint16_t)(1U << pick(3));
	flag(m->id, &uids, op, flags);
	for (uint32_t u = 1; u < m->uidnext; u++) {
		uint16_t was = m->rows[u].flags, now = flags;
		if (op != FLAGS_SET)
			now = op == FLAGS_ADD ? was | flags
					      : was & (uint16_t)~flags;
		if (!is_in(m, &uids, u) || now == was)
			continue;
		m->rows[u].flags = now;
		m->rows[u].modseq = UINT64_MAX;
	}
	uidset_deinit(&uids);
}

static void step_expunge(struct model *m)
{
	struct uidset uids = pick_uids(m);
	expunge(m->id, &uids);
	for (uint32_t u = 1; u < m->uidnext; u++)
		if (is_in(m, &uids, u))
			remove_row(m, u);
	uidset_deinit(&uids);
}

static void step_move(struct model *m)
{
	struct model *to = &models[pick(2)];
	struct uidset uids = pick_uids(m);
	uint32_t end = m->uidnext;
	if (to->uidnext + LIVE_MAX < UIDS_MAX &&
	    (to == m || to->live + m->live <= LIVE_MAX)) {
		move(m->id, &uids, to->id);
		for (uint32_t u = 1; u < end; u++)
			if (is_in(m, &uids, u)) {
				add_row(to, m->rows[u].flags);
				remove_row(m, u);
			}
	}
	uidset_deinit(&uids);
}

/* (An assertion of check is a system call: here they would be millions.) */
struct since {
	const struct model *m;
	uint64_t since, modseq; /* modseq: of the last row */
	uint32_t uid;
	unsigned n;
	struct uidset gone;
};

static int on_message(void *ctx, const struct message *m)
{
	struct since *s = ctx;
	if (m->uid >= s->m->uidnext || m->modseq <= s->since ||
	    m->modseq != s->m->rows[m->uid].modseq ||
	    m->flags != s->m->rows[m->uid].flags)
		ck_abort_msg("UID %u, modseq %" PRIu64, m->uid, m->modseq);
	if (m->modseq < s->modseq ||
	    (m->modseq == s->modseq && m->uid <= s->uid))
		ck_abort_msg("UID %u behind UID %u", m->uid, s->uid);
	s->modseq = m->modseq;
	s->uid = m->uid;
	s->n++;
	return 0;
}

static int on_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct since *s = ctx;
	return uidset_add(&s->gone, first, last);
}

static void compare_since(const struct model *m, uint64_t since)
{
	struct since s = { .m = m, .since = since };
	const struct changes_sink sink = { on_message, on_vanished, &s };
	struct store_txn t;
	unsigned n = 0;
	uidset_init(&s.gone);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_changes(&t, m->id, since, &sink), 0);
	store_end(&t);
	for (uint32_t u = 1; u < m->uidnext; u++) {
		bool gone = uidset_has(&s.gone, u);
		n += m->rows[u].modseq > since;
		if (gone ? m->rows[u].modseq != 0 : m->rows[u].gone > since)
			ck_abort_msg("UID %u since %" PRIu64, u, since);
	}
	ck_assert_uint_eq(s.n, n);
	uidset_deinit(&s.gone);
}

static void step(void)
{
	static void (*const steps[])(struct model * m) = { step_append,
		step_append, step_store, step_store, step_store, step_expunge,
		step_move };
	steps[pick(sizeof steps / sizeof steps[0])](&models[pick(2)]);
	settle(&models[0]);
	settle(&models[1]);
}

START_TEST(changes_agree_with_a_plain_model)
{
	random_state = 20261124 + (uint64_t)_i;
	models[0].id = inbox_id;
	models[1].id = elsewhere;
	for (unsigned i = 0; i < 2; i++) {
		models[i].uidnext = 1;
		(void)modseq_of(&models[i]);
	}
	for (unsigned i = 0; i < 240; i++) {
		step();
		expect_clean();
		const struct model *m = &models[i % 2];
		for (uint64_t since = 0; since <= m->highestmodseq; since++)
			compare_since(m, since);
	}
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/runs");
	TCase *tc = tcase_create("runs");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_boxes, teardown);
	tcase_add_loop_test(tc, runs_are_cut_where_a_row_changes, 0,
	    sizeof cases / sizeof cases[0]);
	tcase_add_loop_test(tc, changes_agree_with_a_plain_model, 0, 6);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
