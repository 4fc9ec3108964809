/* smtpd's fronts and queued's queue find each other again whatever restarts.
 * Two daemons: "faked" has a front that asks the queue; "fakeq" has the queue.
 */
#include "fake.h"
#include "proc/role.h"
#include <sys/un.h>

static int clients[16];

static void say(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));
	(void)n;
	close(fd);
}

enum {
	HOARDS = 77 /* smtp_errors_max: the front keeps what it was given */
};

/* What a captured front can do: it says that its channel is gone, and keeps a
 * copy. */
static void hoard(struct proc *p)
{
	struct msg lost = { .type = MSG_PEER_LOST,
		.peer_lost = { ROLE_QUEUE, 0 } };
	int highest = dup(0), copy = 0;
	for (int fd = 3; fd < highest && copy >= 0; fd++)
		copy = dup(fd);
	peer_send(proc_monitor(p), &lost, -1);
}

static void front_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	struct peer *queue = proc_peer(p, ROLE_QUEUE);
	uint64_t id = 0;
	(void)service;
	(void)tls;
	while (id < 15 && clients[id] > 0)
		id++;
	struct msg out = { .type = MSG_SPOOL_ASK, .spool_ask = { id } };
	if (!queue) {
		say(fd, "none");
		return;
	}
	if (proc_conf(p)->smtp_errors_max == HOARDS) {
		hoard(p);
		say(fd, "hoarded");
		return;
	}
	clients[id] = fd;
	peer_send(queue, &out, -1);
}

static void front_answer(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	char text[16];
	int client = clients[m->spool_none.id % 16];
	(void)p;
	(void)from;
	(void)fd;
	clients[m->spool_none.id % 16] = 0;
	snprintf(text, sizeof text, "status %d", m->spool_none.status);
	say(client, text);
}

static void front_down(struct proc *p, struct peer *peer)
{
	(void)p;
	(void)peer;
	for (int i = 0; i < 16; i++) {
		if (clients[i] > 0)
			say(clients[i], "lost");
		clients[i] = 0;
	}
}

static void queue_answer(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct msg out = { .type = MSG_SPOOL_NONE,
		.spool_none = { m->spool_ask.id, SUBMIT_STATUS_FULL } };
	(void)p;
	(void)fd;
	peer_send(from, &out, -1);
}

static const struct role_ops front_ops = {
	.accept = front_accept,
	.peer_down = front_down,
	.on = { [MSG_SPOOL_NONE] = front_answer },
};
static const struct role_ops queue_ops = {
	.on = { [MSG_SPOOL_ASK] = queue_answer },
};
static const struct role front_roles[] = {
	{ ROLE_FRONT, USER_NET, ROOT_EMPTY, SANDBOX_NET, 0,
	    HOLDS_LISTENERS | HOLDS_QUEUE, COUNT_FRONTS, &front_ops },
};
static const struct role queue_roles[] = {
	{ ROLE_QUEUE, USER_QUEUE, ROOT_SPOOL, SANDBOX_FILES, 0,
	    HOLDS_QUEUE_LISTENER, COUNT_ONE, &queue_ops },
};

static const enum service services[] = { SERVICE_IMAP };
static const struct daemon faked = { "faked", front_roles, 1, services, 1,
	NULL };
static const struct daemon fakeq = { "fakeq", queue_roles, 1, NULL, 0, NULL };

/* The test. */

static pid_t queued_pid;

static void start_queue(void)
{
	queued_pid = fork();
	if (queued_pid == 0) {
		execl("/proc/self/exe", "fakeq", "-c", file, "-p", dir, "-f",
		    NULL);
		_exit(99);
	}
}

static void stop_queue(void)
{
	kill(queued_pid, SIGTERM);
	ck_assert_int_eq(exit_code(queued_pid), 0);
}

/* The queue's process, by its monitor's children. */
static pid_t queue_role_pid(void)
{
	char path[64], text[32] = "";
	uint32_t pid = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children",
	    (int)queued_pid, (int)queued_pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	struct view v = { text, n > 0 ? (size_t)n : 0 }, first;
	view_cut(&v, ' ', &first);
	return view_u32(first, &pid) ? (pid_t)pid : 0;
}

static unsigned descriptors_of(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
		n += faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return n;
}

static void expect(const char *want)
{
	char got[32] = "";
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s/it", dir);
	for (int i = 0; i < 200; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(
		    connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
		ssize_t n = read(fd, got, sizeof got - 1);
		got[n > 0 ? n : 0] = '\0';
		close(fd);
		if (strcmp(got, want) == 0)
			return;
		pause_ms(20);
	}
	ck_abort_msg("got \"%s\", want \"%s\"", got, want);
}

static void setup(void)
{
	fake_setup("fronts = 2\n");
	start_queue();
}

static void teardown(void)
{
	kill(queued_pid, SIGKILL);
	fake_teardown();
}

START_TEST(fronts_reach_a_queue_that_starts_later)
{
	for (int i = 0; i < 8; i++)
		expect("status 2");
	stop_queue();
	stop_cleanly();
}

END_TEST

START_TEST(fronts_reach_a_new_queue)
{
	expect("status 2");
	pid_t before = queue_role_pid();
	ck_assert_int_gt(before, 0);
	kill(before, SIGKILL);
	expect("status 2");
	ck_assert_int_ne(queue_role_pid(), before);
	stop_queue();
	stop_cleanly();
}

END_TEST

START_TEST(fronts_reach_a_new_queued)
{
	expect("status 2");
	stop_queue();
	expect("none");
	start_queue();
	expect("status 2");
	stop_queue();
	stop_cleanly();
}

END_TEST

START_TEST(a_reload_leaves_one_queue)
{
	expect("status 2");
	pid_t before = queue_role_pid();
	kill(queued_pid, SIGHUP);
	for (int i = 0; i < 200 && queue_role_pid() == before; i++)
		pause_ms(20);
	ck_assert_int_eq(kill(before, 0), -1);
	expect("status 2");
	stop_queue();
	stop_cleanly();
}

END_TEST

/* However often a front asks for another channel, the queue has one of it. */
START_TEST(a_front_has_one_channel)
{
	expect("status 2"); /* a channel waits in the backlog of a queue that
			       is still starting, and has few descriptors */
	write_conf("smtp_errors_max = 77\n");
	kill(daemon_pid, SIGHUP);
	expect("hoarded");
	unsigned before = descriptors_of(queue_role_pid());
	ck_assert_uint_gt(before, 3);
	for (int i = 0; i < 4; i++) {
		pause_ms(1300);
		expect("hoarded");
	}
	for (int i = 0; i < 250; i++) { /* the last ones are being closed */
		pause_ms(20);
		if (descriptors_of(queue_role_pid()) <= before + 1)
			break;
	}
	ck_assert_uint_le(descriptors_of(queue_role_pid()), before + 1);
	stop_queue();
	stop_cleanly();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/queue_door");
	TCase *t = tcase_create("queue_door");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, fronts_reach_a_queue_that_starts_later);
	tcase_add_test(t, fronts_reach_a_new_queue);
	tcase_add_test(t, fronts_reach_a_new_queued);
	tcase_add_test(t, a_reload_leaves_one_queue);
	tcase_add_test(t, a_front_has_one_channel);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(*(strcmp(argv[0], "fakeq") ? &faked : &fakeq), build)
