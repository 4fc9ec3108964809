/* From a client's connection to its account's agent and back, with small
 * protocols: the login engine knows LOGIN, the agent's knows what is below. */
#include "fake.h"
#include "proc/agent/agent.h"
#include "proc/front/login.h"
#include "store/mailbox/mailbox.h"
#include <sys/un.h>

/* The daemon. Lines end with "\n". */

static bool take_line(struct view *in, struct view *line)
{
	return view_has_byte(*in, '\n') && view_cut(in, '\n', line);
}

static void *login_open(struct login_session *s)
{
	buf_put(s->out, V("hello\n"));
	return s;
}

static size_t login_input(void *engine, struct view in)
{
	struct login_session *s = engine;
	struct view rest = in, line;
	if (!take_line(&rest, &line))
		return 0;
	if (view_starts(line, V("LOGIN ")))
		s->ops->auth_start(s->ctx, V("PLAIN"), view_skip(line, 6));
	else
		buf_put(s->out, V("what?\n"));
	return in.n - rest.n;
}

static void login_challenge(void *engine, struct view challenge)
{
	struct login_session *s = engine;
	(void)challenge;
	s->ops->auth_next(s->ctx, V("answer"));
}

static void login_result(void *engine, enum auth_status status)
{
	struct login_session *s = engine;
	buf_put(s->out, status == AUTH_STATUS_OK     ? V("ok\n")
			: status == AUTH_STATUS_TEMP ? V("later\n")
						     : V("no\n"));
}

static void login_tls_up(void *engine)
{
	(void)engine;
}

static void login_bye(void *engine, const char *why)
{
	struct login_session *s = engine;
	buf_printf(s->out, "bye %s\n", why);
}

static void login_close(void *engine)
{
	(void)engine;
}

static void login_unavailable(struct buf *out)
{
	buf_put(out, V("no agent\n"));
}

static const struct login_protocol login = { login_open, login_input,
	login_challenge, login_result, login_tls_up, login_bye, login_close,
	login_unavailable };

static void auth_on_start(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct view name, password = m->auth_start.initial;
	char account[64], directory[64];
	struct msg out = { .type = MSG_AUTH_RESULT,
		.auth_result = {
		    m->auth_start.id, AUTH_STATUS_FAILED, V_NONE } };
	(void)fd;
	view_cut(&password, ' ', &name);
	out.auth_result.account = name;
	if (view_eq(password, V("never")))
		return;
	if (view_eq(password, V("secret"))) {
		int n = (int)name.n;
		snprintf(account, sizeof account, "%.*s@a.org", n, name.p);
		snprintf(directory, sizeof directory, "%s/%.*s",
		    view_eq(name, V("homeless")) ? ".." : "a.org", n, name.p);
		struct msg grant = { .type = MSG_GRANT,
			.grant = { .session = m->auth_start.session,
			    .account = view_of(account),
			    .directory = view_of(directory) } };
		peer_send(proc_monitor(p), &grant, -1);
		out.auth_result.status = AUTH_STATUS_OK;
	}
	peer_send(from, &out, -1);
}

static void auth_on_cancel(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)p;
	(void)from;
	(void)m;
	(void)fd;
}

enum {
	LARGE = 3 << 20
};

struct talk {
	struct agent_session *s;
	size_t left; /* of a large answer */
};

static void *talk_open(struct agent_session *s)
{
	if (!s->store) {
		buf_put(s->out, V("no store\n"));
		return NULL;
	}
	struct talk *t = calloc(1, sizeof *t);
	t->s = s;
	buf_printf(s->out, "welcome %.*s from %.*s\n", (int)s->account.n,
	    s->account.p, (int)s->remote.n, s->remote.p);
	return t;
}

static void talk_more(void *engine)
{
	static const char piece[4096] = "";
	struct talk *t = engine;
	while (t->left && buf_len(t->s->out) < t->s->out_mark) {
		buf_put(t->s->out, (struct view){ piece, sizeof piece });
		t->left -= sizeof piece;
	}
}

static void commit(struct talk *t)
{
	static unsigned n;
	char name[32];
	snprintf(name, sizeof name, "box%u", n++);
	struct mailbox box;
	int error = mailbox_create(t->s->store, view_of(name), 0, &box);
	buf_printf(t->s->out, "committed %s\n", error ? err_text(error) : "");
}

static size_t talk_input(void *engine, struct view in)
{
	struct talk *t = engine;
	struct view rest = in, line;
	if (t->left || !take_line(&rest, &line))
		return 0;
	if (view_eq(line, V("commit")))
		commit(t);
	else if (view_eq(line, V("large")))
		t->left = LARGE;
	else if (view_eq(line, V("quit")))
		agent_session_finish(t->s);
	else if (view_eq(line, V("hurry")))
		agent_session_set_timeout(t->s, 1);
	buf_put(t->s->out, V("done\n"));
	talk_more(t);
	return in.n - rest.n;
}

static void talk_wake(void *engine)
{
	struct talk *t = engine;
	buf_put(t->s->out, V("woken\n"));
}

static void talk_timeout(void *engine)
{
	struct talk *t = engine;
	buf_put(t->s->out, V("too slow\n"));
}

static void talk_bye(void *engine)
{
	struct talk *t = engine;
	buf_put(t->s->out, V("bye\n"));
}

static const struct agent_protocol talk = { talk_open, talk_input, talk_more,
	talk_wake, talk_timeout, talk_bye, free, V_INIT("damaged\n"), NULL };

static int front_start(struct proc *p)
{
	return login_start(p, &login);
}

static int agent_start_here(struct proc *p)
{
	return agent_start(p, &talk);
}

static const struct role_ops front_ops = LOGIN_ROLE_OPS(front_start);
static const struct role_ops agent_ops = AGENT_ROLE_OPS(agent_start_here);
static const struct role_ops auth_ops = {
	.on = { [MSG_AUTH_START] = auth_on_start,
	    [MSG_AUTH_CANCEL] = auth_on_cancel },
};

static const struct role roles[] = {
	{ ROLE_FRONT, USER_NET, ROOT_EMPTY, SANDBOX_NET, PEER(AUTH),
	    HOLDS_LISTENERS, COUNT_FRONTS, &front_ops },
	{ ROLE_AUTH, USER_AUTH, ROOT_ACCOUNTS, SANDBOX_FILES, PEER(FRONT), 0,
	    COUNT_ONE, &auth_ops },
	{ ROLE_AGENT, USER_STORE, ROOT_USER, SANDBOX_FILES, 0, 0,
	    COUNT_ON_DEMAND, &agent_ops },
};

static const enum service services[] = { SERVICE_IMAP };
static const struct daemon fake = { "faked", roles, 3, services, 1,
	NULL };

/* The test. */

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s/it", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void put(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
}

/* The next octets are exactly these. */
static void want(int fd, const char *text)
{
	char got[256] = "";
	size_t n = 0;
	struct pollfd ready = { fd, POLLIN, 0 };
	while (n < strlen(text) && poll(&ready, 1, 8000) == 1) {
		ssize_t more = read(fd, got + n, strlen(text) - n);
		if (more <= 0)
			break;
		n += (size_t)more;
	}
	got[n] = '\0';
	ck_assert_str_eq(got, text);
}

static void want_end(int fd)
{
	char c;
	struct pollfd ready = { fd, POLLIN, 0 };
	ck_assert_int_eq(poll(&ready, 1, 8000), 1);
	ck_assert_int_le(read(fd, &c, 1), 0);
	close(fd);
}

static void want_quiet(int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	ck_assert_int_eq(poll(&ready, 1, 100), 0);
}

static int log_in(void)
{
	int fd = dial();
	want(fd, "hello\n");
	put(fd, "LOGIN anna secret\n");
	want(fd, "ok\nwelcome anna@a.org from local\n");
	return fd;
}

static bool log_has(const char *text)
{
	static char bytes[1 << 18];
	char path[96];
	snprintf(path, sizeof path, "%s/log", dir);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof bytes - 1);
	close(fd);
	bytes[n > 0 ? n : 0] = '\0';
	return strstr(bytes, text) != NULL;
}

static void setup(void)
{
	fake_setup("login_failure_delay = 0s\nlogin_failures_max = 2\n"
		   "login_sessions_per_client = 3\nlogin_timeout = 2s\n");
}

START_TEST(a_session_gets_its_agent)
{
	int fd = log_in();
	put(fd, "anything\n");
	want(fd, "done\n");
	put(fd, "quit\n");
	want(fd, "done\n");
	want_end(fd);
	ck_assert(log_has("login.ok"));
	stop_cleanly();
}

END_TEST

START_TEST(what_was_sent_early_is_not_lost)
{
	int fd = dial();
	put(fd, "LOGIN anna secret\ncommit\nqu");
	want(fd, "hello\nok\nwelcome anna@a.org from local\n");
	want(fd, "committed \ndone\n");
	put(fd, "it\n");
	want(fd, "done\n");
	want_end(fd);
	stop_cleanly();
}

END_TEST

START_TEST(wrong_passwords_are_few_and_logged)
{
	int fd = dial();
	want(fd, "hello\n");
	put(fd, "LOGIN anna guess\n");
	want(fd, "no\n");
	put(fd, "LOGIN anna guess\n");
	want(fd, "no\nbye too many failed logins\n");
	want_end(fd);
	ck_assert(log_has("remote=local service=imap"));
	ck_assert(log_has("account=anna"));
	ck_assert(log_has("info auth.fail"));
	stop_cleanly();
}

END_TEST

START_TEST(others_hear_of_a_commit)
{
	int one = log_in(), two = log_in();
	put(one, "commit\n");
	want(one, "committed \ndone\n");
	want(two, "woken\n");
	want_quiet(one);
	put(two, "commit\n");
	want(two, "committed \ndone\n");
	want(one, "woken\n");
	want_quiet(two);
	close(one);
	close(two);
	stop_cleanly();
}

END_TEST

START_TEST(large_answers_come_whole)
{
	char bytes[8192];
	size_t n = 0;
	int fd = log_in();
	put(fd, "large\nquit\n");
	want(fd, "done\n");
	shutdown(fd, SHUT_WR);
	for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;)
		n += (size_t)got;
	ck_assert_uint_eq(n, LARGE + 5);
	close(fd);
	stop_cleanly();
}

END_TEST

START_TEST(one_address_gets_so_many)
{
	int fds[3];
	for (int i = 0; i < 3; i++) {
		fds[i] = dial();
		want(fds[i], "hello\n");
	}
	want_end(dial());
	close(fds[0]);
	for (int i = 0; i < 50 && !log_has("connection.end"); i++)
		pause_ms(20);
	pause_ms(50);
	int fd = dial();
	want(fd, "hello\n");
	stop_cleanly();
}

END_TEST

START_TEST(login_takes_so_long)
{
	int fd = dial();
	want(fd, "hello\n");
	want(fd, "bye login takes too long\n");
	want_end(fd);
	stop_cleanly();
}

END_TEST

START_TEST(a_lost_auth_is_temporary)
{
	int fd = dial();
	want(fd, "hello\n");
	put(fd, "LOGIN anna never\n");
	want_quiet(fd);
	kill(fake_child("auth"), SIGKILL);
	want(fd, "later\n");
	pause_ms(500);
	put(fd, "LOGIN anna secret\n");
	want(fd, "ok\nwelcome");
	close(fd);
	stop_cleanly();
}

END_TEST

START_TEST(a_dead_agent_is_replaced)
{
	int fd = log_in();
	pid_t agent = fake_child("agent");
	kill(agent, SIGKILL);
	want_end(fd);
	/* A session that reaches a dying agent dies with it: wait until the
	 * monitor has buried this one. */
	for (int i = 0; i < 800 && kill(agent, 0) == 0; i++)
		usleep(10000);
	fd = log_in();
	close(fd);
	stop_cleanly();
}

END_TEST

START_TEST(without_an_agent_there_is_a_last_word)
{
	int fd = dial();
	want(fd, "hello\n");
	put(fd, "LOGIN homeless secret\n");
	want(fd, "ok\nno agent\n");
	want_end(fd);
	stop_cleanly();
}

END_TEST

START_TEST(idle_sessions_end)
{
	int fd = log_in();
	put(fd, "hurry\n");
	want(fd, "done\n");
	want(fd, "too slow\n");
	want_end(fd);
	stop_cleanly();
}

END_TEST

START_TEST(stopping_says_bye)
{
	int before = dial();
	want(before, "hello\n");
	int fd = log_in();
	kill(daemon_pid, SIGTERM);
	want(before, "bye shutting down\n");
	want_end(before);
	want(fd, "bye\n");
	want_end(fd);
	ck_assert_int_eq(exit_code(daemon_pid), 0);
	daemon_pid = 0;
}

END_TEST

START_TEST(sessions_outlive_a_reload)
{
	int fd = log_in();
	kill(daemon_pid, SIGHUP);
	pause_ms(300);
	put(fd, "anything\n");
	want(fd, "done\n");
	int other = log_in();
	close(other);
	close(fd);
	stop_cleanly();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/session");
	TCase *t = tcase_create("session");
	tcase_add_checked_fixture(t, setup, fake_teardown);
	tcase_add_test(t, a_session_gets_its_agent);
	tcase_add_test(t, what_was_sent_early_is_not_lost);
	tcase_add_test(t, wrong_passwords_are_few_and_logged);
	tcase_add_test(t, others_hear_of_a_commit);
	tcase_add_test(t, large_answers_come_whole);
	tcase_add_test(t, one_address_gets_so_many);
	tcase_add_test(t, login_takes_so_long);
	tcase_add_test(t, a_lost_auth_is_temporary);
	tcase_add_test(t, a_dead_agent_is_replaced);
	tcase_add_test(t, without_an_agent_there_is_a_last_word);
	tcase_add_test(t, idle_sessions_end);
	tcase_add_test(t, stopping_says_bye);
	tcase_add_test(t, sessions_outlive_a_reload);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(fake, build)
