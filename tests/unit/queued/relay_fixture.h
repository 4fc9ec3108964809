#ifndef TESTS_RELAY_FIXTURE_H
#define TESTS_RELAY_FIXTURE_H
/* The relay role without its process: what it says to the queue and the monitor
 * is recorded, the loop and the network are real. Servers run in threads. */
#include "net/loop.h"
#include "net/tls_client.h"
#include "pem.h"
#include "proc/role.h"
#include "queued/roles.h"
#include "queued/route.h"
#include "sasl/sasl.h"
#include "suite.h"
#include "text/codec.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SENT_MAX = 2000
};

struct peer {
	enum role_id role;
};

struct proc {
	struct loop *loop;
	struct conf *conf;
	void *state;
	struct peer monitor, queue;
	bool has_queue, has_exited;
	const char *ca, *secret;

	struct sent {
		struct msg m; /* views into bytes */
		char *bytes;
	} sent[SENT_MAX];

	unsigned n_sent, n_seen;
};

static struct proc fake;

/* In place of those of the library. */

struct loop *proc_loop(struct proc *p)
{
	return p->loop;
}

const struct conf *proc_conf(struct proc *p)
{
	return p->conf;
}

struct peer *proc_monitor(struct proc *p)
{
	return &p->monitor;
}

struct peer *proc_peer(struct proc *p, enum role_id id)
{
	return id == ROLE_QUEUE && p->has_queue ? &p->queue : NULL;
}

void proc_set_state(struct proc *p, void *state)
{
	p->state = state;
}

void *proc_state(struct proc *p)
{
	return p->state;
}

void proc_stats(struct proc *p, uint32_t sessions, uint64_t total)
{
	(void)p;
	(void)sessions;
	(void)total;
}

void proc_exit(struct proc *p)
{
	p->has_exited = true;
	loop_stop(p->loop);
}

bool proc_file(struct proc *p, enum file_kind kind, uint32_t index,
    struct view *name, struct view *text)
{
	(void)name;
	const char *found = kind == FILE_CA ? p->ca : p->secret;
	if (index || !found)
		return false;
	*text = view_of(found);
	return true;
}

enum role_id peer_role(const struct peer *p)
{
	return p->role;
}

void peer_send(struct peer *p, const struct msg *m, int fd)
{
	size_t n;
	struct sent *s = &fake.sent[fake.n_sent++];
	(void)p;
	ck_assert_int_eq(fd, -1);
	ck_assert_uint_le(fake.n_sent, SENT_MAX);
	s->bytes = malloc(MSG_BYTES_MAX);
	ck_assert_int_eq(msg_encode(m, s->bytes, MSG_BYTES_MAX, &n), 0);
	ck_assert_int_eq(msg_decode((struct view){ s->bytes, n }, &s->m), 0);
	loop_stop(fake.loop);
}

/* Time */

static void fixture_stop(void *ctx)
{
	(void)ctx;
	loop_stop(fake.loop);
}

static inline void run_ms(uint64_t ms)
{
	struct timer *t = timer_new(fake.loop, fixture_stop, NULL);
	timer_start(t, ms, 0);
	loop_run(fake.loop);
	timer_free(&t);
}

/* What the role says next. */
static inline const struct msg *next_sent(void)
{
	for (int i = 0; i < 3000 && fake.n_seen == fake.n_sent; i++)
		run_ms(10);
	ck_assert_msg(fake.n_seen < fake.n_sent, "nothing was sent");
	return &fake.sent[fake.n_seen++].m;
}

static inline const struct msg *expect(enum msg_type type)
{
	const struct msg *m = next_sent();
	ck_assert_msg(m->type == type, "%s instead of %s: %.*s",
	    msg_rules[m->type].name, msg_rules[type].name,
	    m->type == MSG_RELAY_DOWN ? (int)m->relay_down.text.n : 0,
	    m->type == MSG_RELAY_DOWN ? m->relay_down.text.p : "");
	return m;
}

/* The queue speaks. */
static inline void say(struct msg m, int fd)
{
	char *bytes = malloc(MSG_BYTES_MAX);
	struct msg copy;
	size_t n;
	ck_assert_int_eq(msg_encode(&m, bytes, MSG_BYTES_MAX, &n), 0);
	ck_assert_int_eq(msg_decode((struct view){ bytes, n }, &copy), 0);
	ck_assert(relay_ops.on[m.type] != NULL);
	relay_ops.on[m.type](&fake, &fake.queue, &copy, fd);
	free(bytes);
}

/* Servers: one connection after the other, until they are told to stop. What
 * the client says is answered from the table, by its first word. */

enum server_tls {
	OFFERS_NONE,
	OFFERS_TLS,
	BREAKS_TLS, /* noise instead of a handshake */
	DROPS_TLS,  /* ends instead of it */
	IMPLICIT_TLS,
};

struct server {
	const char *greeting, *ehlo, *helo, *mail, *rcpt, *data, *end, *auth,
	    *rset;          /* NULL: the usual */
	const char *offers; /* more lines: "250-PIPELINING\r\n" */
	enum server_tls tls;
	EVP_PKEY *key; /* taken */
	X509 *certificate;
	bool bad_second_rcpt;
	unsigned mails_max;  /* then 421 at MAIL; 0: none */
	const char *drop_at; /* ends where this command comes */
	bool is_lmtp;
	bool only_one; /* connection; others are refused */
	const char
	    *password; /* by SCRAM-SHA-256-PLUS; NULL: any AUTH will do */

	int fd;
	uint16_t port;
	pthread_t thread;
	unsigned n_connections, n_mails, n_quit;
	char log[65536]; /* commands, separated by \n */
	char *body;
	size_t body_n, body_cap;
};

struct talk {
	struct server *s;
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	char in[65536];
	size_t start, end;
	unsigned n_rcpts, n_accepted, n_mails;
	bool is_over;
};

static void talk_put(struct talk *t, const char *text)
{
	size_t n = strlen(text);
	if (t->ssl)
		SSL_write(t->ssl, text, (int)n);
	else
		send(t->fd, text, n, MSG_NOSIGNAL);
}

static bool talk_fill(struct talk *t)
{
	memmove(t->in, t->in + t->start, t->end - t->start);
	t->end -= t->start;
	t->start = 0;
	size_t room = sizeof t->in - t->end;
	ssize_t n = t->ssl ? SSL_read(t->ssl, t->in + t->end, (int)room)
			   : recv(t->fd, t->in + t->end, room, 0);
	if (n <= 0)
		return false;
	t->end += (size_t)n;
	return true;
}

static bool talk_line(struct talk *t, struct view *line)
{
	for (;;) {
		struct view v = { t->in + t->start, t->end - t->start };
		size_t i = view_find(v, V("\r\n"));
		if (i < v.n) {
			*line = view_head(v, i);
			t->start += i + 2;
			return true;
		}
		if (!talk_fill(t))
			return false;
	}
}

static void note_body(struct server *s, struct view v)
{
	if (s->body_n + v.n > s->body_cap) {
		s->body_cap = 2 * (s->body_n + v.n);
		s->body = realloc(s->body, s->body_cap);
	}
	memcpy(s->body + s->body_n, v.p, v.n);
	s->body_n += v.n;
}

static void talk_end_of_mail(struct talk *t)
{
	struct server *s = t->s;
	s->n_mails++;
	t->n_mails++;
	for (unsigned i = 0; i < (s->is_lmtp ? t->n_accepted : 1); i++)
		talk_put(t, s->end ? s->end : "250 2.0.0 queued\r\n");
}

static bool talk_body(struct talk *t)
{
	struct view line;
	t->s->body_n = 0;
	while (talk_line(t, &line)) {
		if (view_eq(line, V("."))) {
			talk_end_of_mail(t);
			return true;
		}
		note_body(t->s, view_skip(line, line.n && line.p[0] == '.'));
		note_body(t->s, V("\r\n"));
	}
	return false;
}

static bool talk_chunk(struct talk *t, struct view line)
{
	uint64_t n = 0;
	struct view rest = view_skip(line, 5), number;
	bool is_last = view_cut(&rest, ' ', &number);
	ck_assert(view_u64(number, &n));
	while (n) {
		if (t->start == t->end && !talk_fill(t))
			return false;
		struct view v = view_head(
		    (struct view){ t->in + t->start, t->end - t->start },
		    (size_t)n);
		note_body(t->s, v);
		t->start += v.n;
		n -= v.n;
	}
	if (is_last)
		talk_end_of_mail(t);
	else
		talk_put(t, "250 2.0.0 more\r\n");
	return true;
}

static void talk_hello(struct talk *t)
{
	struct server *s = t->s;
	if (s->ehlo) {
		talk_put(t, s->ehlo);
		return;
	}
	talk_put(t, "250-server greets\r\n");
	if (s->offers)
		talk_put(t, s->offers);
	if (!t->ssl && s->tls != OFFERS_NONE)
		talk_put(t, "250-STARTTLS\r\n");
	talk_put(t, "250 ENHANCEDSTATUSCODES\r\n");
}

static void talk_handshake(struct talk *t)
{
	t->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_cert_and_key(t->ctx, t->s->certificate, t->s->key, NULL, 1);
	SSL *ssl = SSL_new(t->ctx);
	SSL_set_fd(ssl, t->fd);
	t->start = t->end = 0;
	if (SSL_accept(ssl) == 1) {
		t->ssl = ssl;
		return;
	}
	SSL_free(ssl);
	t->is_over = true;
}

static void talk_starttls(struct talk *t)
{
	talk_put(t, "220 2.0.0 go\r\n");
	if (t->s->tls == BREAKS_TLS)
		talk_put(t, "this is no handshake at all\r\n");
	if (t->s->tls == OFFERS_TLS)
		talk_handshake(t);
	else
		t->is_over = true;
}

static int talk_keys(void *ctx, struct view name, struct scram_keys *out)
{
	const struct server *s = ctx;
	struct buf stored;
	(void)name;
	buf_init(&stored, PASSWORD_STORED_MAX);
	int error = password_store(view_of(s->password), 4096, &stored);
	if (!error)
		error = password_scram_keys(buf_view(&stored), out);
	buf_deinit(&stored);
	return error;
}

/* What is to be said to a line, at first the last word of one. */
static enum sasl_status talk_sasl_step(
    struct sasl *s, struct view line, bool is_first, struct buf *text)
{
	struct buf in, out;
	buf_init(&in, 4096);
	buf_init(&out, 4096);
	enum sasl_status status = SASL_BAD;
	if (is_first)
		line = view_skip(line, view_rfind_byte(line, ' ') + 1);
	if (base64_decode(line, &in) == 0)
		status = is_first ? sasl_start(s, buf_view(&in), &out)
				  : sasl_next(s, buf_view(&in), &out);
	base64_encode(buf_view(&out), text);
	buf_deinit(&in);
	buf_deinit(&out);
	return status;
}

static void talk_scram(struct talk *t, struct view line)
{
	static const struct sasl_ops ops = { .keys = talk_keys };
	static const char label[] = "EXPORTER-Channel-Binding";
	char binding[32];
	struct sasl s;
	struct buf text;
	enum sasl_status status;
	bool is_first = true;
	if (SSL_export_keying_material(t->ssl, (unsigned char *)binding, 32,
		label, sizeof label - 1, NULL, 0, 0) != 1 ||
	    sasl_init(&s, sasl_find(V("SCRAM-SHA-256-PLUS")),
		(struct view){ binding, 32 }, &ops, t->s) != 0)
		return;
	buf_init(&text, 4096);
	do {
		buf_put(&text, V("334 "));
		status = talk_sasl_step(&s, line, is_first, &text);
		is_first = false;
		buf_put(&text, V("\r\n"));
		buf_put_char(&text, '\0');
		if (status == SASL_CHALLENGE)
			talk_put(t, buf_view(&text).p);
		buf_reset(&text);
	} while (status == SASL_CHALLENGE && talk_line(t, &line));
	talk_put(t,
	    status == SASL_OK ? "235 2.7.0 welcome\r\n" : "535 5.7.8 no\r\n");
	buf_deinit(&text);
	sasl_deinit(&s);
}

static void talk_mail(struct talk *t)
{
	struct server *s = t->s;
	t->n_rcpts = t->n_accepted = 0;
	s->body_n = 0;
	if (s->mails_max && t->n_mails == s->mails_max) {
		talk_put(t, "421 4.7.0 enough for today\r\n");
		t->is_over = true;
	} else {
		talk_put(t, s->mail ? s->mail : "250 2.1.0 ok\r\n");
	}
}

static void talk_rcpt(struct talk *t)
{
	struct server *s = t->s;
	if (s->bad_second_rcpt && t->n_rcpts++ == 1) {
		talk_put(t, "550 5.1.1 nobody of that name\r\n");
		return;
	}
	t->n_accepted++;
	talk_put(t, s->rcpt ? s->rcpt : "250 2.1.5 ok\r\n");
}

static bool begins(struct view line, const char *word)
{
	return view_istarts(line, view_of(word));
}

static void talk_command(struct talk *t, struct view line)
{
	struct server *s = t->s;
	if (s->drop_at && begins(line, s->drop_at)) {
		t->is_over = true;
	} else if (begins(line, "EHLO") || begins(line, "LHLO")) {
		talk_hello(t);
	} else if (begins(line, "HELO")) {
		talk_put(t, s->helo ? s->helo : "250 server\r\n");
	} else if (begins(line, "STARTTLS")) {
		talk_starttls(t);
	} else if (begins(line, "AUTH SCRAM-SHA-256-PLUS") && s->password) {
		talk_scram(t, line);
	} else if (begins(line, "AUTH")) {
		talk_put(t, s->auth ? s->auth : "235 2.7.0 welcome\r\n");
	} else if (begins(line, "MAIL")) {
		talk_mail(t);
	} else if (begins(line, "RCPT")) {
		talk_rcpt(t);
	} else if (begins(line, "DATA") && s->data) {
		talk_put(t, s->data);
	} else if (begins(line, "DATA")) {
		talk_put(t, "354 go\r\n");
		t->is_over = !talk_body(t);
	} else if (begins(line, "BDAT")) {
		t->is_over = !talk_chunk(t, line);
	} else if (begins(line, "QUIT")) {
		s->n_quit++;
		talk_put(t, "221 2.0.0 bye\r\n");
		t->is_over = true;
	} else {
		talk_put(t, s->rset ? s->rset : "250 2.0.0 ok\r\n");
	}
}

static void talk_log(struct server *s, struct view line)
{
	size_t n = strlen(s->log);
	if (n + line.n + 2 < sizeof s->log) {
		memcpy(s->log + n, line.p, line.n);
		memcpy(s->log + n + line.n, "\n", 2);
	}
}

static void talk_run(struct server *s, int fd)
{
	static _Thread_local struct talk t;
	struct view line;
	t = (struct talk){ .s = s, .fd = fd };
	if (s->tls == IMPLICIT_TLS)
		talk_handshake(&t);
	if (!t.is_over)
		talk_put(&t, s->greeting ? s->greeting : "220 server\r\n");
	while (!t.is_over && talk_line(&t, &line)) {
		talk_log(s, line);
		talk_command(&t, line);
	}
	SSL_free(t.ssl);
	SSL_CTX_free(t.ctx);
	ERR_clear_error();
	close(fd);
}

static void *server_main(void *ctx)
{
	struct server *s = ctx;
	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		s->n_connections++;
		if (s->only_one)
			shutdown(s->fd, SHUT_RDWR);
		talk_run(s, fd);
	}
}

/* The one connection that s->fd is. */
static inline void *server_once(void *ctx)
{
	struct server *s = ctx;
	talk_run(s, s->fd);
	return NULL;
}

/* On that address and port; port 0: any, which is put in. */
static inline void server_start(
    struct server *s, const char *address, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(address) };
	socklen_t n = sizeof a;
	const int on = 1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(s->fd, 64), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
	s->port = ntohs(a.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, server_main, s), 0);
}

static inline void server_stop(struct server *s)
{
	if (!s->thread)
		return;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	free(s->body);
	EVP_PKEY_free(s->key);
	X509_free(s->certificate);
}

static inline void server_certify(
    struct server *s, const char *name, X509 *by, EVP_PKEY *by_key)
{
	char names[128];
	snprintf(names, sizeof names, "DNS:%s", name);
	s->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	s->certificate = pem_certify(s->key, name);
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	X509_add_ext(s->certificate, e, -1);
	X509_EXTENSION_free(e);
	X509_set_issuer_name(s->certificate, X509_get_subject_name(by));
	ck_assert_int_gt(X509_sign(s->certificate, by_key, EVP_sha256()), 0);
}
#endif
