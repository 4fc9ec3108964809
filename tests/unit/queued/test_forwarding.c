/* What forward files make of recipients in the queue. */
#include "queue_fixture.h"

static void forward_setup(void)
{
	setup();
	fake.has_resolver = false;
}

static const char *const to_anna[] = { "anna@b.example", NULL };

static uint64_t accepted_for_user(const char *account)
{
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
			    .address_is = { .id = m->address_ask.id,
				.kind = ADDRESS_LOCAL,
				.forwards = 1,
				.account = view_of(account) } });
	fake_round();
	return id;
}

/* Mail for an account with a Unix user. */
static uint64_t submit_to_user(const char *account)
{
	submit(1, to_anna);
	fake_round();
	return accepted_for_user(account);
}

/* The channel to the process of the account's Unix user. */
static struct peer *grant_user(const char *account)
{
	const struct msg *m = &fake.sent[fake.n_seen].m;
	ck_assert_uint_lt(fake.n_seen, fake.n_sent);
	ck_assert_int_eq(m->type, MSG_DELIVERY_ASK);
	ck_assert_uint_eq(m->delivery_ask.role, ROLE_FORWARD);
	return grant(account);
}

static void hear(struct peer *user, struct msg m)
{
	user->events->on_message(user->ctx, user, &m, -1);
}

static void target(
    struct peer *user, uint64_t id, enum leaf_kind kind, const char *text)
{
	hear(user, (struct msg){ .type = MSG_FORWARD_TARGET,
		       .forward_target = { id, (uint8_t)kind, *text == '\\',
			   view_of(text + (*text == '\\')) } });
}

static void finished(struct peer *user, uint64_t id, enum forward_status status)
{
	hear(user,
	    (struct msg){ .type = MSG_FORWARD_READ,
		.forward_read = { id, (uint8_t)status, V("4.2.0 because") } });
	fake_round();
}

/* A user's process is asked for the file, which says that, one target a line.
 */
static void tell_file(const char *account, const char *text)
{
	struct peer *user = grant_user(account);
	uint64_t id = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	struct view rest = view_of(text), line;
	while (rest.n) {
		char one[200];
		view_cut(&rest, '\n', &line);
		ck_assert_int_eq(view_to_cstr(line, one, sizeof one), 0);
		if (*one == '|')
			target(user, id, LEAF_COMMAND, one + 1);
		else
			target(user, id, *one == '/' ? LEAF_FILE : LEAF_ADDRESS,
			    one);
	}
	finished(user, id, *text ? FORWARD_OK : FORWARD_NONE);
}

struct leaf_row {
	enum leaf_kind kind;
	const char *address;
};

/* Auth is asked about that address, and leads it there. */
static void expand(
    const char *address, enum expand_how how, const struct leaf_row *leaves)
{
	const struct msg *m = fake_expect(MSG_EXPAND_ASK);
	uint64_t id = m->expand_ask.id;
	ck_assert_view_eq(m->expand_ask.address, view_of(address));
	ck_assert_uint_eq(m->expand_ask.how, how);
	ck_assert_view_eq(m->expand_ask.sender, V("s@a.example"));
	for (; leaves->address; leaves++)
		say(&fake.auth,
		    (struct msg){ .type = MSG_LEAF_IS,
			.leaf_is = { id, (uint8_t)leaves->kind,
			    view_of(leaves->address), V(""), V(""), V("") } });
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { id, ADDRESS_ALIAS } });
	fake_round();
}

static void expand_to(const char *address, enum leaf_kind kind, const char *to)
{
	const struct leaf_row rows[] = { { kind, to }, { LEAF_FAILED, NULL } };
	expand(address, EXPAND_MEMBER, rows);
}

static int append_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct buf *out = ctx;
	buf_printf(out, "%s%s %.*s%s%.*s\n",
	    r->state == RCPT_FAILED ? "failed " : "", leaf_kind_name(r->kind),
	    (int)r->address.n, r->address.p, r->text.n ? " " : "",
	    (int)r->text.n, r->text.n ? r->text.p : "");
	return 0;
}

/* What the queue has of the message now, on disk. */
static void expect_stored(uint64_t id, const char *want)
{
	struct queue *q = fake.state;
	struct queue_txn t;
	struct buf out;
	buf_init(&out, 1 << 16);
	fake_pass(100);
	ck_assert_int_eq(queue_begin_read(q->db, &t), 0);
	ck_assert_int_eq(queue_each_rcpt(&t, id, append_rcpt, &out), 0);
	queue_abort(&t);
	ck_assert_view_eq(buf_view(&out), view_of(want));
	buf_deinit(&out);
}

static void expect_mailbox(const char *account)
{
	const struct msg *m = &fake.sent[fake.n_seen].m;
	ck_assert_uint_lt(fake.n_seen, fake.n_sent);
	ck_assert_uint_eq(m->delivery_ask.role, ROLE_AGENT);
	grant(account);
	fake_expect(MSG_DELIVER);
}

START_TEST(without_a_file_it_is_the_mailbox)
{
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "");
	expect_mailbox("anna@b.example");
	expect_stored(id, "address anna@b.example\n");
}

END_TEST

START_TEST(what_it_names_takes_its_place)
{
	const struct leaf_row mailbox[] = { { LEAF_ACCOUNT, "dora@b.example" },
		{ LEAF_FAILED, NULL } };
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example",
	    "\\anna\nx@far.example\n|/bin/x y\n/box\n\\dora\n");
	expand_to("x@far.example", LEAF_REMOTE, "x@far.example");
	expect_stored(id, "address anna@b.example\n");
	fake.n_seen = fake.n_sent - 1;
	expand("dora@b.example", EXPAND_FINAL, mailbox);
	expect_stored(id,
	    "mailbox anna@b.example\nremote x@far.example anna@b.example\n"
	    "user-command anna@b.example /bin/x y\n"
	    "user-file anna@b.example /box\nmailbox dora@b.example\n");
}

END_TEST

START_TEST(ones_own_addresses_mean_the_mailbox)
{
	submit_to_user("anna@b.example");
	tell_file("anna@b.example", "ANNA\nroot\n");
	expand_to("root@b.example", LEAF_FORWARD, "anna@b.example");
	expect_mailbox("anna@b.example");
}

END_TEST

START_TEST(a_circle_ends_in_the_mailbox)
{
	submit_to_user("anna@b.example");
	tell_file("anna@b.example", "bert");
	expand_to("bert@b.example", LEAF_FORWARD, "bert@b.example");
	tell_file("bert@b.example", "anna");
	expand_to("anna@b.example", LEAF_FORWARD, "anna@b.example");
	expect_mailbox("anna@b.example");
}

END_TEST

/* Two ways to one account, which is in a circle with another. */
START_TEST(everybody_gets_it_once)
{
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "bert\ncarl\nx@far.example\n");
	expand_to("bert@b.example", LEAF_FORWARD, "bert@b.example");
	tell_file("bert@b.example", "carl\nx@far.example\n");
	expand_to("carl@b.example", LEAF_FORWARD, "carl@b.example");
	tell_file("carl@b.example", "bert\n");
	expand_to("bert@b.example", LEAF_FORWARD, "bert@b.example");
	expand_to("x@far.example", LEAF_REMOTE, "x@far.example");
	expand_to("carl@b.example", LEAF_FORWARD, "carl@b.example");
	expand_to("x@far.example", LEAF_REMOTE, "x@far.example");
	expect_stored(id,
	    "mailbox bert@b.example\nremote x@far.example bert@b.example\n");
}

END_TEST

START_TEST(a_file_that_does_not_count_is_the_mailbox)
{
	submit_to_user("anna@b.example");
	struct peer *user = grant_user("anna@b.example");
	uint64_t id = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	target(user, id, LEAF_COMMAND, "/bin/x");
	finished(user, id, FORWARD_BAD);
	expect_mailbox("anna@b.example");
}

END_TEST

START_TEST(what_cannot_be_read_now_is_asked_again)
{
	struct queue_rcpt r;
	uint64_t id = submit_to_user("anna@b.example");
	struct peer *user = grant_user("anna@b.example");
	finished(
	    user, fake_expect(MSG_FORWARD_ASK)->forward_ask.id, FORWARD_TEMP);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
	ck_assert_view_eq(r.reply, V("4.2.0 because"));
	ck_assert_uint_eq(r.attempts, 1);
}

END_TEST

/* And nobody else's mail waits for it. */
START_TEST(another_s_file_is_asked_again_by_itself)
{
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "\\anna\nbert\n");
	expand_to("bert@b.example", LEAF_FORWARD, "bert@b.example");
	struct peer *user = grant_user("bert@b.example");
	finished(
	    user, fake_expect(MSG_FORWARD_ASK)->forward_ask.id, FORWARD_TEMP);
	expect_stored(id, "mailbox anna@b.example\nforward bert@b.example\n");
	const struct msg *m = fake_expect(MSG_DELIVERY_ASK);
	ck_assert_view_eq(m->delivery_ask.account, V("bert@b.example"));
	m = fake_expect(MSG_DELIVERY_ASK);
	ck_assert_uint_eq(m->delivery_ask.role, ROLE_AGENT);
	ck_assert_view_eq(m->delivery_ask.account, V("anna@b.example"));
}

END_TEST

START_TEST(a_process_that_dies_tells_all_again)
{
	uint64_t id = submit_to_user("anna@b.example");
	struct peer *user = grant_user("anna@b.example");
	target(user, fake_expect(MSG_FORWARD_ASK)->forward_ask.id, LEAF_ADDRESS,
	    "x@far.example");
	user->events->on_closed(user->ctx, user, MC_E_CLOSED);
	fake_round();
	fake_pass(2000);
	tell_file("anna@b.example", "|/bin/x\n");
	expect_stored(id, "user-command anna@b.example /bin/x\n");
}

END_TEST

/* One that was captured: it speaks for its own account, and of nothing but
 * addresses and its own commands and files. */
START_TEST(a_process_names_only_what_it_may)
{
	static const char *const to_bert[] = { "bert@b.example", NULL };
	uint64_t id = submit_to_user("anna@b.example");
	struct peer *anna = grant_user("anna@b.example");
	uint64_t of_anna = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	submit(2, to_bert);
	fake_round();
	expect_result(2, SUBMIT_STATUS_OK);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
			    .address_is = { .id = m->address_ask.id,
				.kind = ADDRESS_LOCAL,
				.forwards = 1,
				.account = V("bert@b.example") } });
	fake_round();
	struct peer *bert = grant_user("bert@b.example");
	fake_expect(MSG_FORWARD_ASK);
	target(bert, of_anna, LEAF_COMMAND, "/bin/evil");
	finished(bert, of_anna, FORWARD_OK);
	ck_assert_ptr_null(fake_next());
	target(anna, of_anna, LEAF_USER_COMMAND, "/bin/evil");
	target(anna, of_anna, LEAF_COMMAND, "/bin/good");
	finished(anna, of_anna, FORWARD_OK);
	expect_mailbox("anna@b.example");
	expect_stored(id, "address anna@b.example\n");
}

END_TEST

START_TEST(a_file_can_name_so_much)
{
	submit_to_user("anna@b.example");
	struct peer *user = grant_user("anna@b.example");
	uint64_t id = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	for (unsigned i = 0; i < 1001; i++)
		target(user, id, LEAF_COMMAND, "/bin/x");
	finished(user, id, FORWARD_OK);
	expect_mailbox("anna@b.example");
}

END_TEST

/* A captured auth has nothing run as a user. */
START_TEST(auth_names_no_user_s_command)
{
	const struct leaf_row rows[] = { { LEAF_USER_COMMAND,
					     "bert@b.example" },
		{ LEAF_ACCOUNT, "dora@b.example" }, { LEAF_FAILED, NULL } };
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "dora");
	expand("dora@b.example", EXPAND_MEMBER, rows);
	expect_stored(id, "mailbox dora@b.example\n");
}

END_TEST

static void grant_any(const struct msg_delivery_ask *m)
{
	say(&fake.auth, (struct msg){ .type = MSG_DELIVERY_GRANTED,
			    .delivery_granted = { m->id, AUTH_STATUS_OK } });
	fake_round();
}

static void expand_any(const struct msg_expand_ask *m)
{
	say(&fake.auth, (struct msg){ .type = MSG_LEAF_IS,
			    .leaf_is = { m->id, LEAF_REMOTE, V("x@far.example"),
				V(""), V(""), V("") } });
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { m->id, ADDRESS_ALIAS } });
	fake_round();
}

/* Then the file is gone. */
static unsigned asks_left;

/* The next message is answered, as by those that it is for. */
static void answer_one(void)
{
	const struct sent *s = &fake.sent[fake.n_seen++];
	const struct msg *m = &s->m;
	if (m->type == MSG_ADDRESS_ASK) {
		say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
				    .address_is = { .id = m->address_ask.id,
					.kind = ADDRESS_LOCAL,
					.forwards = 1,
					.account = V("anna@b.example") } });
		fake_round();
	} else if (m->type == MSG_DELIVERY_ASK) {
		grant_any(&m->delivery_ask);
	} else if (m->type == MSG_EXPAND_ASK) {
		expand_any(&m->expand_ask);
	} else if (m->type == MSG_FORWARD_ASK) {
		target(s->to, m->forward_ask.id, LEAF_ADDRESS, "x");
		finished(s->to, m->forward_ask.id,
		    asks_left ? FORWARD_OK : FORWARD_NONE);
		asks_left -= asks_left > 0;
	}
}

/* Up to its command. */
static struct peer *send_to_command(uint64_t *id)
{
	*id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "|/bin/x y\n");
	fake_pass(100);
	return grant_user("anna@b.example");
}

static void ran(struct peer *user, uint64_t id, enum deliver_status status)
{
	hear(user, (struct msg){ .type = MSG_RAN,
		       .ran = { id, (uint8_t)status, V("4.3.0 so") } });
	fake_round();
	fake_pass(100);
}

START_TEST(commands_get_their_mail)
{
	uint64_t id;
	struct peer *user = send_to_command(&id);
	const struct msg *m = fake_expect(MSG_RUN_MAIL);
	ck_assert_uint_eq(m->run_mail.kind, LEAF_USER_COMMAND);
	ck_assert_view_eq(m->run_mail.target, V("/bin/x y"));
	ck_assert_view_eq(m->run_mail.recipient, V("anna@b.example"));
	finished(user, m->run_mail.id, FORWARD_NONE);
	ran(user, m->run_mail.id + 1, DELIVER_STATUS_OK);
	expect_stored(id, "user-command anna@b.example /bin/x y\n");
	ran(user, m->run_mail.id, DELIVER_STATUS_OK);
	ck_assert_uint_eq(((struct queue *)fake.state)->mails.n, 0);
}

END_TEST

START_TEST(a_command_s_mail_whose_file_is_lost_fails)
{
	submit_large(to_anna);
	uint64_t id = accepted_for_user("anna@b.example");
	tell_file("anna@b.example", "|/bin/x y\n");
	fake_pass(100);
	lose_file(id);
	grant_user("anna@b.example");
	fake_pass(100);
	expect_stored(id, "failed user-command anna@b.example /bin/x y\n");
}

END_TEST

/* Of one account; the others have to wait, and nobody else has. */
START_TEST(few_commands_run_at_once)
{
	struct queue *q = fake.state;
	unsigned n = 0;
	for (uint64_t i = 0; i < 10; i++)
		submit(100 + i, to_anna);
	fake_round();
	while (fake.n_seen < fake.n_sent) {
		const struct sent *s = &fake.sent[fake.n_seen];
		n += s->m.type == MSG_RUN_MAIL;
		if (s->m.type == MSG_FORWARD_ASK) {
			fake.n_seen++;
			target(s->to, s->m.forward_ask.id, LEAF_COMMAND, "/x");
			finished(s->to, s->m.forward_ask.id, FORWARD_OK);
		} else {
			answer_one();
		}
		if (fake.n_seen == fake.n_sent)
			fake_pass(100);
	}
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(q->rcpts.n, 10);
}

END_TEST

START_TEST(a_command_that_is_named_no_more_is_the_mailbox)
{
	uint64_t id;
	struct peer *user = send_to_command(&id);
	ran(user, fake_expect(MSG_RUN_MAIL)->run_mail.id,
	    DELIVER_STATUS_UNNAMED);
	expect_mailbox("anna@b.example");
}

END_TEST

/* Also after a crash; and when the account has no Unix user any more. */
START_TEST(without_a_unix_user_it_is_the_mailbox)
{
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "|/bin/x\n");
	fake_pass(100);
	die();
	start();
	fake_pass(6000);
	const struct msg *m = fake_expect(MSG_DELIVERY_ASK);
	ck_assert_uint_eq(m->delivery_ask.role, ROLE_FORWARD);
	say(&fake.auth, (struct msg){ .type = MSG_DELIVERY_GRANTED,
			    .delivery_granted = {
				m->delivery_ask.id, AUTH_STATUS_FAILED } });
	fake_round();
	expect_mailbox("anna@b.example");
	expect_stored(id, "user-command anna@b.example /bin/x\n");
}

END_TEST

START_TEST(auth_that_cannot_tell_puts_it_off)
{
	struct queue_rcpt r;
	uint64_t id = submit_to_user("anna@b.example");
	tell_file("anna@b.example", "dora");
	fake_expect(MSG_EXPAND_ASK);
	queue_ops.peer_down(&fake, &fake.auth);
	queue_ops.peer_up(&fake, &fake.auth);
	fake_round();
	uint64_t question = fake_expect(MSG_EXPAND_ASK)->expand_ask.id;
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { question, ADDRESS_TEMP } });
	fake_round();
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
	ck_assert_uint_eq(r.attempts, 1);
}

END_TEST

/* Mail that says that it was here is not sent round again. */
START_TEST(mail_that_comes_back_is_the_mailbox)
{
	static const char text[] =
	    "Delivered-To: anna@b.example\r\nSubject: x\r\n\r\nbody\r\n";
	open_mail(1, to_anna);
	send_body(1, view_of(text));
	commit(1, strlen(text), false);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
			    .address_is = { .id = m->address_ask.id,
				.kind = ADDRESS_LOCAL,
				.forwards = 1,
				.account = V("anna@b.example") } });
	fake_round();
	tell_file("anna@b.example", "x@far.example");
	expect_mailbox("anna@b.example");
}

END_TEST

static void expect_relayed(
    uint64_t session, const char *to, const char *delivered_to)
{
	const struct msg *m = fake_expect(MSG_RELAY_MAIL);
	ck_assert_view_eq(m->relay_mail.delivered_to, view_of(delivered_to));
	m = fake_expect(MSG_RELAY_RCPT);
	ck_assert_view_eq(m->relay_rcpt.address, view_of(to));
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_RESULT,
			     .relay_result = { session, m->relay_rcpt.index,
				 RELAY_OK, 0, V("250 2.0.0 taken") } });
	fake_expect(MSG_RELAY_BODY);
	say(&fake.relay,
	    (struct msg){ .type = MSG_RELAY_DONE, .relay_done = { session } });
	fake_round();
}

/* Each copy says by whom it was sent on: a transaction has one of them. */
START_TEST(forwards_do_not_mix)
{
	fake.has_resolver = true;
	submit_to_user("anna@b.example");
	tell_file("anna@b.example", "x@far.example\nbert");
	expand_to("x@far.example", LEAF_REMOTE, "x@far.example");
	expand_to("bert@b.example", LEAF_FORWARD, "bert@b.example");
	tell_file("bert@b.example", "y@far.example");
	expand_to("y@far.example", LEAF_REMOTE, "y@far.example");
	fake_pass(100);
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	say(&fake.resolver, (struct msg){ .type = MSG_ROUTE_IS,
				.route_is = { m->route_ask.id, ROUTE_OK, 300,
				    V("far.example"), V(""), V(""), V("") } });
	fake_round();
	uint64_t session = fake_expect(MSG_RELAY_OPEN)->relay_open.id;
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_UP,
			     .relay_up = { session, V("mx"), V("192.0.2.9"),
				 V(""), 0, 1000 } });
	fake_round();
	expect_relayed(session, "x@far.example", "anna@b.example");
	while (fake.n_seen < fake.n_sent &&
	       fake.sent[fake.n_seen].m.type == MSG_RELAY_OPEN)
		fake.n_seen++;
	expect_relayed(session, "y@far.example", "bert@b.example");
}

END_TEST

static void delete_it(uint64_t id, enum queue_change want)
{
	char item[QUEUE_ITEM_OCTETS];
	struct wr w = wr_into(item, sizeof item);
	wr_u64(&w, id);
	wr_u32(&w, 0);
	say(&fake.monitor,
	    (struct msg){ .type = MSG_QUEUE_CHANGE,
		.queue_change = { 7, QUEUE_ACTION_DELETE, wr_view(&w) } });
	fake_round();
	const struct msg *m = fake_expect(MSG_QUEUE_CHANGED);
	ck_assert_int_eq(*m->queue_changed.statuses.p, (char)want);
}

START_TEST(it_can_be_deleted_on_the_way)
{
	uint64_t id = submit_to_user("anna@b.example");
	fake_expect(MSG_DELIVERY_ASK);
	delete_it(id, QUEUE_CHANGE_DONE);
	ck_assert_uint_eq(((struct queue *)fake.state)->mails.n, 0);
}

END_TEST

START_TEST(it_can_be_deleted_while_its_process_is_not_to_be_had)
{
	struct queue *q = fake.state;
	uint64_t id = submit_to_user("anna@b.example");
	fake_expect(MSG_DELIVERY_ASK);
	queue_ops.peer_down(&fake, &fake.auth);
	fake_round();
	ck_assert_uint_eq(q->users.lanes.n, 1);
	delete_it(id, QUEUE_CHANGE_DONE);
	ck_assert_uint_eq(q->users.lanes.n, 0);
	ck_assert_uint_eq(q->mails.n, 0);
}

END_TEST

START_TEST(it_cannot_be_deleted_while_it_is_read)
{
	uint64_t id = submit_to_user("anna@b.example");
	struct peer *user = grant_user("anna@b.example");
	uint64_t ask = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	delete_it(id, QUEUE_CHANGE_BUSY);
	target(user, ask, LEAF_ADDRESS, "dora");
	finished(user, ask, FORWARD_OK);
	fake_expect(MSG_EXPAND_ASK);
	delete_it(id, QUEUE_CHANGE_DONE); /* auth is asked */
	ck_assert_uint_eq(((struct queue *)fake.state)->mails.n, 0);
}

END_TEST

enum {
	WALKS = 50
};

static void submit_many(void)
{
	for (uint64_t i = 0; i < WALKS; i++)
		submit(100 + i, to_anna);
	fake_round();
}

/* Those that have something in memory are few; all come to their end. */
START_TEST(walks_take_turns)
{
	struct queue *q = fake.state;
	unsigned most = 0;
	asks_left = 10 * WALKS;
	submit_many();
	while (fake.n_seen < fake.n_sent) {
		answer_one();
		if (q->walks.n > most)
			most = q->walks.n;
	}
	ck_assert_uint_eq(most, 20);
	ck_assert_uint_eq(q->walks.n, 0);
	ck_assert_uint_eq(q->users.lanes.n, 0);
	fake_pass(100);
	ck_assert_uint_eq(q->mails.n, WALKS);
	ck_assert_uint_eq(q->rcpts.n, WALKS);
	struct hash_node *any = hash_any(&q->rcpts);
	ck_assert_int_eq(
	    CONTAINER(any, struct rcpt, node)->r.kind, LEAF_REMOTE);
}

END_TEST

static unsigned count_waiting(const struct queue *q)
{
	const struct list *all = &q->walks.waiting;
	unsigned n = 0;
	for (const struct list *i = all->next; i != all; i = i->next)
		n++;
	return n;
}

/* Also when those that waited have nothing to walk, or are deleted. */
START_TEST(turns_are_given_on)
{
	struct queue *q = fake.state;
	const struct msg *question = NULL;
	asks_left = WALKS;
	submit_many();
	while (fake.n_seen < fake.n_sent) {
		if (fake.sent[fake.n_seen].m.type == MSG_EXPAND_ASK)
			question = &fake.sent[fake.n_seen++].m;
		else
			answer_one();
	}
	ck_assert_uint_eq(count_waiting(q), WALKS - 20);
	struct list *first = q->walks.waiting.next;
	delete_it(
	    CONTAINER(first, struct rcpt, work)->mail->e.id, QUEUE_CHANGE_DONE);
	ck_assert_uint_eq(count_waiting(q), WALKS - 21);
	expand_any(&question->expand_ask);
	while (fake.n_seen < fake.n_sent)
		answer_one();
	ck_assert_uint_eq(count_waiting(q), 0);
	ck_assert_uint_eq(q->walks.n, 0);
	ck_assert_uint_eq(q->users.lanes.n, 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/forwarding");
	TCase *t = tcase_create("forwarding");
	tcase_add_checked_fixture(t, forward_setup, teardown);
	tcase_add_test(t, without_a_file_it_is_the_mailbox);
	tcase_add_test(t, what_it_names_takes_its_place);
	tcase_add_test(t, ones_own_addresses_mean_the_mailbox);
	tcase_add_test(t, a_circle_ends_in_the_mailbox);
	tcase_add_test(t, everybody_gets_it_once);
	tcase_add_test(t, a_file_that_does_not_count_is_the_mailbox);
	tcase_add_test(t, what_cannot_be_read_now_is_asked_again);
	tcase_add_test(t, another_s_file_is_asked_again_by_itself);
	tcase_add_test(t, a_process_that_dies_tells_all_again);
	tcase_add_test(t, a_process_names_only_what_it_may);
	tcase_add_test(t, a_file_can_name_so_much);
	tcase_add_test(t, auth_names_no_user_s_command);
	tcase_add_test(t, commands_get_their_mail);
	tcase_add_test(t, a_command_s_mail_whose_file_is_lost_fails);
	tcase_add_test(t, few_commands_run_at_once);
	tcase_add_test(t, a_command_that_is_named_no_more_is_the_mailbox);
	tcase_add_test(t, without_a_unix_user_it_is_the_mailbox);
	tcase_add_test(t, auth_that_cannot_tell_puts_it_off);
	tcase_add_test(t, mail_that_comes_back_is_the_mailbox);
	tcase_add_test(t, forwards_do_not_mix);
	tcase_add_test(t, it_can_be_deleted_on_the_way);
	tcase_add_test(t, it_can_be_deleted_while_its_process_is_not_to_be_had);
	tcase_add_test(t, it_cannot_be_deleted_while_it_is_read);
	tcase_add_test(t, walks_take_turns);
	tcase_add_test(t, turns_are_given_on);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
