/* The role "auth", asked by a front over real channels. */
#include "accounts/account.h"
#include "fake.h"
#include "proc/auth/auth.h"
#include "sasl/password.h"

/* The daemon: a client sends one line, "AUTH user password" or "ASK address",
 * and gets what auth said. */

static void answer(struct proc *p, const char *text, struct view account)
{
	int *client = proc_state(p);
	char line[400];
	int n = snprintf(line, sizeof line, "%s %.*s\n", text, (int)account.n,
	    account.n ? account.p : "");
	if (write(*client, line, (size_t)n) != n)
		_exit(3);
	close(*client);
}

static void on_result(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	static const char *const texts[] = { "ok", "failed", "temp", "disabled",
		"bad", "mechanism" };
	(void)from;
	(void)fd;
	answer(p, texts[m->auth_result.status], m->auth_result.account);
}

static void on_address(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	static const char *const texts[] = { "local", "unknown", "remote",
		"temp" };
	(void)from;
	(void)fd;
	answer(p, texts[m->address_is.kind], m->address_is.account);
}

static void send_auth(struct proc *p, struct view user, struct view password)
{
	static uint64_t id;
	struct buf initial;
	buf_init(&initial, 1000);
	buf_put_char(&initial, '\0');
	buf_put(&initial, user);
	buf_put_char(&initial, '\0');
	buf_put(&initial, password);
	id++;
	struct msg m = { .type = MSG_AUTH_START,
		.auth_start = { id, id, SERVICE_IMAP, SESSION_FLAG_TLS,
		    V("PLAIN"), 1, buf_view(&initial), V(""), V("local") } };
	peer_send(proc_peer(p, ROLE_AUTH), &m, -1);
	buf_deinit(&initial);
}

static void on_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	static int client;
	char bytes[400];
	struct pollfd ready = { fd, POLLIN, 0 };
	(void)service;
	(void)tls;
	client = fd;
	proc_set_state(p, &client);
	if (poll(&ready, 1, 5000) != 1)
		_exit(2);
	ssize_t n = read(fd, bytes, sizeof bytes);
	struct view rest = { bytes, n > 0 ? (size_t)n - 1 : 0 }, word, user;
	view_cut(&rest, ' ', &word);
	if (view_eq(word, V("AUTH"))) {
		view_cut(&rest, ' ', &user);
		send_auth(p, user, rest);
		return;
	}
	struct msg m = { .type = MSG_ADDRESS_ASK, .address_ask = { 1, rest } };
	peer_send(proc_peer(p, ROLE_AUTH), &m, -1);
}

static int start(struct proc *p)
{
	(void)p;
	return 0;
}

static const struct role_ops front_ops = {
	.start = start,
	.accept = on_accept,
	.on = { [MSG_AUTH_RESULT] = on_result, [MSG_ADDRESS_IS] = on_address },
};

static const struct role roles[] = {
	{ ROLE_FRONT, USER_NET, ROOT_EMPTY, SANDBOX_NET, PEER(AUTH),
	    HOLDS_LISTENERS, COUNT_FRONTS, &front_ops },
	{ ROLE_AUTH, USER_AUTH, ROOT_ACCOUNTS, SANDBOX_FILES, PEER(FRONT), 0,
	    COUNT_ONE, &auth_ops },
};

static const enum service services[] = { SERVICE_IMAP };
static const struct daemon fake = { "faked", roles, 2, services, 1,
	NULL };

/* The test. */

static void expect(const char *line, const char *want)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char got[400] = "";
	size_t n = 0;
	snprintf(a.sun_path, sizeof a.sun_path, "%s/it", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(write(fd, line, strlen(line)), (int)strlen(line));
	for (ssize_t more; n < sizeof got - 1 &&
			   (more = read(fd, got + n, sizeof got - 1 - n)) > 0;)
		n += (size_t)more;
	close(fd);
	ck_assert_str_eq(got, want);
}

/* As mailctl does, while the daemon runs. */
static void add_anna(void)
{
	char path[96];
	struct account_db *db = NULL;
	struct account a = { .address = "anna@a.example" };
	struct buf stored;
	buf_init(&stored, 512);
	ck_assert_int_eq(password_store(V("pencil"), 1000, &stored), 0);
	memcpy(a.credential, buf_view(&stored).p, buf_len(&stored));
	snprintf(path, sizeof path, "%s/state/accounts", dir);
	ck_assert_int_eq(account_db_open(path, true, -1, &db), 0);
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	account_db_close(&db);
	buf_deinit(&stored);
}

static void setup(void)
{
	fake_setup("domain \"a.example\" {}\n");
}

START_TEST(answers_from_the_database_when_it_comes)
{
	expect("ASK anna@a.example\n", "unknown \n");
	expect("AUTH anna@a.example pencil\n", "failed anna@a.example\n");
	add_anna();
	pause_ms(1100);
	expect("ASK Anna+x@A.example\n", "local anna@a.example\n");
	expect("ASK nobody@a.example\n", "unknown \n");
	expect("ASK anna@elsewhere.example\n", "remote \n");
	expect("AUTH anna@a.example pencil\n", "ok anna@a.example\n");
	expect("AUTH anna pencil\n", "ok anna@a.example\n");
	expect("AUTH anna wrong\n", "failed anna\n");
	stop_cleanly();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/auth");
	TCase *t = tcase_create("auth");
	tcase_add_checked_fixture(t, setup, fake_teardown);
	tcase_add_test(t, answers_from_the_database_when_it_comes);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(fake, build)
