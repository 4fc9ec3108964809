/* A whole small daemon: this program is its binary too. Its front passes one
 * octet of each client on: 'a' asks auth, 'v' says to auth what auth does not
 * understand, 's' hands the session over to the account's agent. */
#include "fake.h"
#include "proc/agent/agent.h"
#include <sys/un.h>

/* The daemon. */

enum {
	CLIENTS_MAX = 8
};

static int clients[CLIENTS_MAX];

static void say(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));
	(void)n;
	close(fd);
}

static void hand_off(struct proc *p, int fd)
{
	struct msg out = { .type = MSG_HANDOFF,
		.handoff = { 42, SERVICE_IMAP, 0, V("here"), V("pending") } };
	peer_send(proc_monitor(p), &out, fd);
}

static void ask(struct proc *p, int fd, char what)
{
	uint64_t id = 0;
	struct peer *auth = proc_peer(p, ROLE_AUTH);
	while (id < CLIENTS_MAX - 1 && clients[id] > 0)
		id++;
	struct msg out = { .type = MSG_ADDRESS_ASK,
		.address_ask = { id, V("anna") } };
	if (!auth) {
		say(fd, "none");
		return;
	}
	if (what == 's')
		out.address_ask.address = V("grant");
	if (what == 'v')
		out = (struct msg){ .type = MSG_AUTH_CANCEL };
	clients[id] = fd;
	peer_send(auth, &out, -1);
}

static void front_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	char what = 'a';
	struct pollfd ready = { fd, POLLIN, 0 };
	(void)service;
	(void)tls;
	poll(&ready, 1, 1000);
	if (read(fd, &what, 1) == 1)
		ask(p, fd, what);
	else
		close(fd);
}

static void front_on_address(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	int client = clients[m->address_is.id % CLIENTS_MAX];
	(void)from;
	(void)fd;
	clients[m->address_is.id % CLIENTS_MAX] = 0;
	if (view_eq(m->address_is.account, V("granted")))
		hand_off(p, client);
	else
		say(client, "yes");
}

static void front_down(struct proc *p, struct peer *peer)
{
	(void)p;
	(void)peer;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (clients[i] > 0)
			say(clients[i], "lost");
		clients[i] = 0;
	}
}

static void front_refused(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)p;
	(void)from;
	(void)m;
	close(fd);
}

static void auth_on_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	bool grants = view_eq(m->address_ask.address, V("grant"));
	struct msg grant = { .type = MSG_GRANT,
		.grant = { .session = 42,
		    .account = V("anna@example.org"),
		    .directory = V("example.org/anna") } };
	struct msg out = { .type = MSG_ADDRESS_IS,
		.address_is = { .id = m->address_ask.id,
		    .kind = ADDRESS_LOCAL,
		    .account = grants ? V("granted") : V("anna") } };
	(void)fd;
	if (grants)
		peer_send(proc_monitor(p), &grant, -1);
	peer_send(from, &out, -1);
}

static void agent_on_session_here(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	char cwd[256], text[512];
	struct view account = proc_account(p);
	(void)from;
	agent_hold(p);
	if (!getcwd(cwd, sizeof cwd))
		cwd[0] = '\0';
	snprintf(text, sizeof text, "%.*s %.*s %s", (int)account.n, account.p,
	    (int)m->session.pending.n, m->session.pending.p, cwd);
	say(fd, text);
	agent_release(p);
}

static const struct role_ops front_ops = {
	.accept = front_accept,
	.peer_down = front_down,
	.on = { [MSG_ADDRESS_IS] = front_on_address,
	    [MSG_HANDOFF_REFUSED] = front_refused },
};
static const struct role_ops auth_ops = {
	.on = { [MSG_ADDRESS_ASK] = auth_on_ask },
};
static const struct role_ops agent_ops = {
	.on = { [MSG_SESSION] = agent_on_session_here },
};

static const struct role roles[] = {
	{ ROLE_FRONT, USER_NET, ROOT_EMPTY, SANDBOX_NONE, PEER(AUTH),
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

/* What the daemon answers to one octet; "" when it is not there. */
static const char *request_at(const char *name, const char *what)
{
	static char answer[512];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", dir, name);
	answer[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd ready = { fd, POLLIN, 0 };
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
	    write(fd, what, 1) == 1 && poll(&ready, 1, 5000) == 1) {
		ssize_t n = read(fd, answer, sizeof answer - 1);
		answer[n > 0 ? n : 0] = '\0';
	}
	close(fd);
	return answer;
}

static const char *request(const char *what)
{
	return request_at("it", what);
}

/* Until it answers so, for some seconds. */
static void expect(const char *what, const char *answer)
{
	const char *got = "";
	for (int i = 0; i < 100; i++) {
		got = request(what);
		if (strcmp(got, answer) == 0)
			return;
		pause_ms(50);
	}
	ck_abort_msg("asked %s, got \"%s\", want \"%s\"", what, got, answer);
}

static void setup(void)
{
	fake_setup("");
}

START_TEST(starts_answers_and_stops)
{
	ck_assert_str_eq(request("a"), "yes");
	pid_t front = row_of("front").pid, auth = row_of("auth").pid;
	ck_assert_int_gt(front, 0);
	ck_assert_int_gt(auth, 0);
	stop_cleanly();
	ck_assert_int_eq(kill(front, 0), -1);
	ck_assert_int_eq(kill(auth, 0), -1);
}

END_TEST

START_TEST(what_dies_is_replaced_and_connected)
{
	static const char *const names[] = { "auth", "front" };
	struct row before = row_of(names[_i]);
	expect("a", "yes");
	kill(before.pid, SIGKILL);
	expect("a", "yes");
	struct row after = row_of(names[_i]);
	ck_assert_int_ne(before.pid, after.pid);
	ck_assert_uint_eq(after.restarts, before.restarts + 1);
	stop_cleanly();
}

END_TEST

START_TEST(a_violation_costs_the_channel_only)
{
	pid_t front = row_of("front").pid, auth = row_of("auth").pid;
	ck_assert_str_eq(request("v"), "lost");
	expect("a", "yes");
	ck_assert_int_eq(row_of("front").pid, front);
	ck_assert_int_eq(row_of("auth").pid, auth);
	stop_cleanly();
}

END_TEST

START_TEST(a_bad_configuration_is_refused)
{
	struct row rows[32];
	size_t n;
	pid_t front = row_of("front").pid;
	write_conf("no_such_option = 1");
	ck_assert(!control((struct msg){ .type = MSG_CTL_RELOAD }, rows, &n));
	kill(daemon_pid, SIGHUP);
	pause_ms(100);
	ck_assert_int_eq(row_of("front").pid, front);
	ck_assert_str_eq(request("a"), "yes");
	stop_cleanly();
}

END_TEST

START_TEST(a_reload_replaces_the_roles)
{
	struct row rows[32];
	size_t n;
	pid_t front = row_of("front").pid, auth = row_of("auth").pid;
	write_conf("fronts = 2");
	ck_assert(control((struct msg){ .type = MSG_CTL_RELOAD }, rows, &n));
	expect("a", "yes");
	for (int i = 0; i < 200; i++) {
		control((struct msg){ .type = MSG_CTL_STATUS }, rows, &n);
		if (n == 4) /* monitor, two fronts, auth */
			break;
		pause_ms(20);
	}
	ck_assert_uint_eq(n, 4);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_ne(rows[i].pid, front);
		ck_assert_int_ne(rows[i].pid, auth);
	}
	for (int i = 0; i < 20; i++)
		ck_assert_str_eq(request("a"), "yes");
	stop_cleanly();
}

END_TEST

START_TEST(a_reload_moves_listeners)
{
	char more[160];
	struct row rows[32];
	size_t n;
	snprintf(more, sizeof more,
	    "listen \"other\" { service = \"imap\" address = "
	    "\"unix:%s/other\"\ntls = none }\n",
	    dir);
	ck_assert_str_eq(request_at("other", "a"), "");
	write_conf(more);
	ck_assert(control((struct msg){ .type = MSG_CTL_RELOAD }, rows, &n));
	ck_assert_str_eq(request_at("other", "a"), "yes");
	/* Whom the old front accepted last, it may leave without an answer. */
	expect("a", "yes");
	write_conf("");
	ck_assert(control((struct msg){ .type = MSG_CTL_RELOAD }, rows, &n));
	expect("a", "yes");
	for (int i = 0; i < 200 && request_at("other", "a")[0]; i++)
		pause_ms(10);
	ck_assert_str_eq(request_at("other", "a"), "");
	stop_cleanly();
}

END_TEST

/* As a service manager does: sd_listen_fds(3). */
static _Noreturn void become_activated(void)
{
	char pid[16];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s/given", dir);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (const struct sockaddr *)&a, sizeof a) || listen(fd, 16) ||
	    dup2(fd, 3) != 3)
		_exit(98);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "it", 1);
	execl("/proc/self/exe", "faked", "-c", file, "-p", dir, "-f", NULL);
	_exit(99);
}

START_TEST(sockets_may_be_given)
{
	stop_cleanly();
	daemon_pid = fork();
	if (daemon_pid == 0)
		become_activated();
	wait_ready();
	ck_assert_str_eq(request_at("given", "a"), "yes");
	ck_assert_str_eq(request("a"), "");
	kill(daemon_pid, SIGHUP);
	pause_ms(200);
	ck_assert_str_eq(request_at("given", "a"), "yes");
	stop_cleanly();
}

END_TEST

START_TEST(a_session_reaches_its_account)
{
	char want[256];
	snprintf(want, sizeof want,
	    "anna@example.org pending %s/state/mail/example.org/anna", dir);
	ck_assert_str_eq(request("s"), want);
	pid_t agent = row_of("agent").pid;
	ck_assert_int_gt(agent, 0);
	ck_assert_str_eq(request("s"), want);
	ck_assert_int_eq(row_of("agent").pid, agent);
	for (int i = 0; i < 100 && row_of("agent").pid; i++)
		pause_ms(50); /* it lingers for a second */
	ck_assert_int_eq(row_of("agent").pid, 0);
	stop_cleanly();
}

END_TEST

START_TEST(there_is_one_of_it)
{
	ck_assert_int_eq(exit_code(run_daemon("-f")), EXIT_FAILURE);
	ck_assert_str_eq(request("a"), "yes");
	stop_cleanly();
}

END_TEST

START_TEST(checks_its_configuration)
{
	ck_assert_int_eq(exit_code(run_daemon("-n")), EXIT_SUCCESS);
	write_conf("no_such_option = 1");
	ck_assert_int_eq(exit_code(run_daemon("-n")), MONITOR_EXIT_CONFIG);
	stop_cleanly();
}

END_TEST

START_TEST(roles_end_when_the_monitor_is_gone)
{
	pid_t front = row_of("front").pid;
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	for (int i = 0; i < 500 && kill(front, 0) == 0; i++)
		pause_ms(10);
	ck_assert_int_eq(kill(front, 0), -1);
	daemon_pid = run_daemon("-f"); /* and nothing stands in its way */
	wait_ready();
	stop_cleanly();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/monitor");
	TCase *t = tcase_create("monitor");
	tcase_add_checked_fixture(t, setup, fake_teardown);
	tcase_add_test(t, starts_answers_and_stops);
	tcase_add_loop_test(t, what_dies_is_replaced_and_connected, 0, 2);
	tcase_add_test(t, a_violation_costs_the_channel_only);
	tcase_add_test(t, a_bad_configuration_is_refused);
	tcase_add_test(t, a_reload_replaces_the_roles);
	tcase_add_test(t, a_reload_moves_listeners);
	tcase_add_test(t, sockets_may_be_given);
	tcase_add_test(t, a_session_reaches_its_account);
	tcase_add_test(t, there_is_one_of_it);
	tcase_add_test(t, checks_its_configuration);
	tcase_add_test(t, roles_end_when_the_monitor_is_gone);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(fake, build)
