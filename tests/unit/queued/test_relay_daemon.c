/* The relay role as a process, locked in, with a queue that sends one message
 * to each route of its configuration and notes what it hears. */
#include "base/panic.h"
#include "proc/fake.h"
#include "queued/roles.h"
#include "queued/route.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

static const char message[] = "Subject: x\r\n\r\ny\r\n";

/* The queue; it may write its directory. */

static void note(const char *format, ...) PRINTF_LIKE(1, 2);

static void note(const char *format, ...)
{
	va_list args;
	char line[600];
	va_start(args, format);
	int n = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	line[n] = '\n';
	int fd = open("notes", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n + 1) != n + 1)
		panic("no note");
	close(fd);
}

static void queue_peer_up(struct proc *p, struct peer *relay)
{
	const struct conf *c = proc_conf(p);
	char bytes[400];
	for (uint32_t i = 0; i < c->n_routes; i++) {
		struct route_host h = { .name = V("[127.0.0.1]"),
			.n_addresses = 1,
			.addresses = { { { 127, 0, 0, 1 }, false } } };
		size_t n = 0;
		if (route_put_host(&h, bytes, sizeof bytes, &n))
			panic("no host");
		struct msg m = { .type = MSG_RELAY_OPEN,
			.relay_open = { i + 1, view_of(c->routes[i].name),
			    i + 1, RELAY_TLS_OPPORTUNISTIC, c->routes[i].port,
			    V_NONE, { bytes, n } } };
		peer_send(relay, &m, -1);
	}
}

static void on_up(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	uint64_t id = m->relay_up.id;
	struct msg mail = { .type = MSG_RELAY_MAIL,
		.relay_mail = { id, 1, V("a@example.org"), 0, V(""),
		    sizeof message - 1, V("") } };
	struct msg rcpt = { .type = MSG_RELAY_RCPT,
		.relay_rcpt = { id, 0, V("b@example.net"), V(""), 0 } };
	struct msg body = { .type = MSG_RELAY_BODY,
		.relay_body = { id, view_of(message) } };
	(void)p;
	(void)fd;
	peer_send(from, &mail, -1);
	peer_send(from, &rcpt, -1);
	peer_send(from, &body, -1);
}

static void on_result(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)p;
	(void)from;
	(void)fd;
	note("%d result %d %.*s", (int)m->relay_result.id,
	    m->relay_result.status, (int)m->relay_result.text.n,
	    m->relay_result.text.p);
}

static void on_done(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct msg close = { .type = MSG_RELAY_CLOSE,
		.relay_close = { m->relay_done.id } };
	(void)p;
	(void)fd;
	peer_send(from, &close, -1);
}

static void on_down(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)p;
	(void)from;
	(void)fd;
	note("%d down %d %.*s", (int)m->relay_down.id, m->relay_down.stage,
	    (int)m->relay_down.text.n, m->relay_down.text.p);
}

static void on_tls(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)p;
	(void)from;
	(void)m;
	(void)fd;
}

static const struct role_ops fake_queue_ops = {
	.peer_up = queue_peer_up,
	.on = {
		[MSG_RELAY_UP] = on_up,
		[MSG_RELAY_RESULT] = on_result,
		[MSG_RELAY_DONE] = on_done,
		[MSG_RELAY_DOWN] = on_down,
		[MSG_RELAY_TLS] = on_tls,
	},
};

static const struct role roles[] = {
	{ ROLE_MONITOR, USER_ROOT, ROOT_SLASH, SANDBOX_NONE,
	    PEER(QUEUE) | PEER(RELAY), 0, COUNT_ONE, NULL },
	{ ROLE_QUEUE, USER_QUEUE, ROOT_SPOOL, SANDBOX_FILES, PEER(RELAY), 0,
	    COUNT_ONE, &fake_queue_ops },
	{ ROLE_RELAY, USER_NET, ROOT_EMPTY, SANDBOX_CONNECT, PEER(QUEUE),
	    HOLDS_CA | HOLDS_ROUTE_SECRETS, COUNT_ONE, &relay_ops },
};

static const struct daemon faked = {
	.name = "faked",
	.roles = roles,
	.n_roles = sizeof roles / sizeof roles[0],
};

/* A server that agrees to everything, on a TCP or a Unix socket. */

struct server {
	int fd;
	pthread_t thread;
	bool is_lmtp;
};

static struct server tcp, lmtp;

static void answer(const struct server *s, FILE *f, const char *line)
{
	if (strncasecmp(line, "DATA", 4) == 0) {
		char text[1000];
		fputs("354 go\r\n", f);
		while (fgets(text, sizeof text, f) && strcmp(text, ".\r\n"))
			;
		fputs("250 2.0.0 taken\r\n", f);
	} else if (strncasecmp(line, s->is_lmtp ? "EHLO" : "LHLO", 4) == 0) {
		fputs("500 5.5.1 another protocol\r\n", f);
	} else {
		fputs("250 2.0.0 ok\r\n", f);
	}
}

static void *serve(void *ctx)
{
	struct server *s = ctx;
	char line[1000];
	int fd;
	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		FILE *f = fdopen(fd, "r+");
		setvbuf(f, NULL, _IONBF, 0);
		fputs("220 server\r\n", f);
		while (fgets(line, sizeof line, f))
			answer(s, f, line);
		fclose(f);
	}
	return NULL;
}

static uint16_t start_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	tcp.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(tcp.fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(tcp.fd, 8), 0);
	ck_assert_int_eq(getsockname(tcp.fd, (struct sockaddr *)&a, &n), 0);
	pthread_create(&tcp.thread, NULL, serve, &tcp);
	return ntohs(a.sin_port);
}

static void start_lmtp(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	memcpy(a.sun_path, path, strlen(path));
	unlink(path);
	lmtp.is_lmtp = true;
	lmtp.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(lmtp.fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(lmtp.fd, 8), 0);
	pthread_create(&lmtp.thread, NULL, serve, &lmtp);
}

static bool has_note(const char *wanted)
{
	char path[96], text[4096] = "";
	snprintf(path, sizeof path, "%s/spool/notes", dir);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 && strstr(text, wanted);
}

static void expect_note(const char *wanted)
{
	for (int i = 0; i < 2000 && !has_note(wanted); i++)
		pause_ms(10);
	ck_assert_msg(has_note(wanted), "no \"%s\"", wanted);
}

/* Routes are in order of their names. */
START_TEST(mail_by_each_kind_of_route)
{
	char more[600], path[64];
	snprintf(path, sizeof path, "/tmp/mailcore-lmtp-%d", (int)getpid());
	start_lmtp(path);
	snprintf(more, sizeof more,
	    "tls { ca_file = \"/dev/null\" }\n"
	    "route \"a.example\" { host = \"[127.0.0.1]\" port = %u }\n"
	    "route \"b.example\" { host = \"unix:%s\" protocol = lmtp }\n"
	    "route \"c.example\" { host = \"unix:/nowhere/socket\" "
	    "protocol = lmtp }\n",
	    start_tcp(), path);
	fake_setup(more);
	expect_note("1 result 0 250 2.0.0 taken\n");
	expect_note("2 result 0 250 2.0.0 taken\n");
	expect_note("3 down 0 4.4.1 No such file or directory\n");
	expect_note("1 down 6 \n");
	expect_note("2 down 6 \n");
	stop_cleanly();
	unlink(path);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("relay_daemon");
	TCase *t = tcase_create("relay_daemon");
	tcase_add_checked_fixture(t, NULL, fake_teardown);
	tcase_add_test(t, mail_by_each_kind_of_route);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(faked, build)
