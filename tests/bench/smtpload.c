/* smtpload: sends messages over parallel SMTP sessions, as fast as the server
 * answers, without pipelining, to accounts in turn. One process, epoll.
 *
 * usage: smtpload PORT SESSIONS MESSAGES SIZE ACCOUNTS DOMAIN [LOGIN]
 * Recipients are u001@DOMAIN, u002@DOMAIN, ... LOGIN: the argument of AUTH
 * PLAIN, for servers that take mail for DOMAIN from users only. Prints one line
 * of JSON: messages accepted, seconds, CPU seconds of this process. Gives up
 * after ten minutes or at the first refusal. Loopback only. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum step {
	GREETING,
	HELO,
	AUTH,
	MAIL,
	RCPT,
	DATA,
	BODY,
	QUIT,
	CLOSED
};

struct session {
	int fd;
	enum step step;
	unsigned recipient;
	char in[2048];
	size_t n_in;
};

struct load {
	int epoll, port;
	unsigned sessions, messages, size, accounts;
	const char *domain, *login;
	unsigned begun, done, open;
	char *body;
	size_t n_body;
};

static void die(const char *what)
{
	fprintf(stderr, "smtpload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Answers are small and the body is at most some KiB: a blocking write of it
 * costs nothing that a queue would save. */
static void say(struct session *s, const char *p, size_t n)
{
	while (n) {
		ssize_t wrote = write(s->fd, p, n);
		if (wrote < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (wrote < 0)
			die("write");
		p += wrote;
		n -= (size_t)wrote;
	}
}

static void command(struct load *l, struct session *s)
{
	char line[256];
	int n = 0;
	switch (s->step) {
	case HELO:
		n = snprintf(line, sizeof line, "EHLO bench.test\r\n");
		break;
	case AUTH:
		n = snprintf(line, sizeof line, "AUTH PLAIN %s\r\n", l->login);
		break;
	case MAIL:
		if (l->begun == l->messages) {
			s->step = QUIT;
			n = snprintf(line, sizeof line, "QUIT\r\n");
			break;
		}
		s->recipient = l->begun++ % l->accounts + 1;
		n = snprintf(line, sizeof line, "MAIL FROM:<b@bench.test>\r\n");
		break;
	case RCPT:
		n = snprintf(line, sizeof line, "RCPT TO:<u%03u@%s>\r\n",
		    s->recipient, l->domain);
		break;
	case DATA:
		n = snprintf(line, sizeof line, "DATA\r\n");
		break;
	case BODY:
		say(s, l->body, l->n_body);
		return;
	case GREETING:
	case QUIT:
	case CLOSED:
		return;
	}
	say(s, line, (size_t)n);
}

static void answered(struct load *l, struct session *s, const char *line)
{
	int code = (int)(line[0] - '0');
	if (code != 2 && code != 3) {
		fprintf(stderr, "smtpload: refused: %s\n", line);
		exit(1);
	}
	if (s->step == QUIT) {
		close(s->fd);
		s->step = CLOSED;
		l->open--;
		return;
	}
	if (s->step == BODY) {
		l->done++;
		s->step = MAIL;
	} else {
		s->step++;
		if (s->step == AUTH && !l->login)
			s->step++;
	}
	command(l, s);
}

static void readable(struct load *l, struct session *s)
{
	ssize_t n = read(s->fd, s->in + s->n_in, sizeof s->in - 1 - s->n_in);
	if (n <= 0)
		die("the server closed");
	s->n_in += (size_t)n;
	s->in[s->n_in] = '\0';
	char *start = s->in, *end;
	while (s->step != CLOSED && (end = strstr(start, "\r\n"))) {
		*end = '\0';
		if (start[3] != '-')
			answered(l, s, start);
		start = end + 2;
	}
	s->n_in = s->step == CLOSED ? 0 : (size_t)(s->in + s->n_in - start);
	memmove(s->in, start, s->n_in);
}

static void dial(struct load *l, struct session *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)l->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int one = 1;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) != 0)
		die("epoll");
	l->open++;
}

static void make_body(struct load *l)
{
	l->body = malloc(l->size + 512);
	if (!l->body)
		die("memory");
	int n =
	    sprintf(l->body, "From: <b@bench.test>\r\nTo: <u@bench.test>\r\n"
			     "Subject: a message of the benchmark\r\n"
			     "Message-ID: <1@bench.test>\r\n\r\n");
	l->n_body = (size_t)n;
	while (l->n_body + 80 < l->size) {
		memset(l->body + l->n_body, 'a' + (int)(l->n_body % 26), 76);
		memcpy(l->body + l->n_body + 76, "\r\n", 2);
		l->n_body += 78;
	}
	memcpy(l->body + l->n_body, ".\r\n", 3);
	l->n_body += 3;
}

int main(int argc, char **argv)
{
	struct load l = { 0 };
	if (argc != 7 && argc != 8) {
		fprintf(stderr, "usage: smtpload PORT SESSIONS MESSAGES SIZE "
				"ACCOUNTS DOMAIN [LOGIN]\n");
		return 64;
	}
	l.port = (int)strtoul(argv[1], NULL, 10);
	l.sessions = (unsigned)strtoul(argv[2], NULL, 10);
	l.messages = (unsigned)strtoul(argv[3], NULL, 10);
	l.size = (unsigned)strtoul(argv[4], NULL, 10);
	l.accounts = (unsigned)strtoul(argv[5], NULL, 10);
	l.domain = argv[6];
	l.login = argc == 8 ? argv[7] : NULL;
	l.epoll = epoll_create1(0);
	make_body(&l);
	struct session *all = calloc(l.sessions, sizeof *all);
	if (!all)
		die("memory");
	double start = now();
	for (unsigned i = 0; i < l.sessions; i++)
		dial(&l, &all[i]);
	while (l.open && now() - start < 600) {
		struct epoll_event events[64];
		int n = epoll_wait(l.epoll, events, 64, 1000);
		for (int i = 0; i < n; i++)
			readable(&l, events[i].data.ptr);
	}
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	printf("{\"messages\": %u, \"seconds\": %.3f, \"cpu\": %.3f}\n", l.done,
	    now() - start,
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	return l.done == l.messages ? 0 : 1;
}
