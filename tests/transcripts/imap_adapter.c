/* IMAP transcripts against imapd's engines, with a store of its own each time.
 *
 * Before the start:
 *   @login tls|starttls|plain|loopback   the login engine, on such a connection
 *   @autocreate                          what a first login makes
 *   @mark N  @append-max N  @quota N  @quota-messages N  @quota-mailboxes N
 *                                        limits
 *   @message MAILBOX FLAGS SUBJECT       FLAGS as \Seen,\Flagged or -
 * At any place:
 *   @message ...        somebody else delivers
 *   @other COMMAND      another session of the same user, tag included
 *   @wake  @timeout     what the agent's shell tells the session
 *   @tls                TLS came up
 *
 * Logins: user with the password secret; temp, gone and off are what they say.
 */
#include "base/panic.h"
#include "imapd/imap.h"
#include "imapd/imap_autocreate.h"
#include "imapd/imap_session.h"
#include "replay.h"
#include "store/quota.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NOW = 1793613600 /* Mon, 02 Nov 2026 10:00:00 UTC */
};

struct peer_session {
	struct imap_session *session;
	struct buf out;
	bool closed;
};

struct world {
	char dir[64];
	struct store *store;
	struct store_limits limits;
	struct buf *out;
	struct log_ctx log;
	struct imap_options options;
	struct peer_session main, other;
	unsigned n_messages;
	bool started;

	/* The login engine. */
	void *login;
	struct login_session login_session;
	struct conf conf;
	bool login_closed;

	enum asked {
		ASKED_NOTHING,
		ASKED_START,
		ASKED_NEXT
	} asked;

	char mechanism[32];
	struct buf response;
	bool has_response;
	unsigned round;
};

static int64_t now(void)
{
	return NOW;
}

static void on_finish(void *ctx)
{
	struct peer_session *p = ctx;
	p->closed = true;
}

static void on_timeout(void *ctx, uint32_t seconds)
{
	(void)ctx;
	(void)seconds;
}

static void on_again(void *ctx)
{
	(void)ctx; /* world_step goes on */
}

static const struct imap_ops ops = { on_finish, on_timeout, on_again };

static void make_dir(struct world *w)
{
	struct stat st;
	bool shm = stat("/dev/shm", &st) == 0 && access("/dev/shm", W_OK) == 0;
	snprintf(w->dir, sizeof w->dir, "%s/mailcore-imap.XXXXXX",
	    shm ? "/dev/shm" : "/tmp");
	if (!mkdtemp(w->dir))
		fatal("no temporary directory");
}

static void remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	while (dir && (e = readdir(dir))) {
		char child[512];
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(child, sizeof child, "%s/%s", path, e->d_name);
		if (unlink(child) != 0)
			remove_dir(child);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void *world_open(struct buf *out)
{
	struct world *w = MUST_NEW(struct world);
	struct store_options options = { .create = true, .now_s = now };
	make_dir(w);
	if (store_open(w->dir, &options, &w->store) != 0)
		fatal("cannot make a store");
	w->out = out;
	buf_init(&w->response, 8192);
	w->options = (struct imap_options){ .store = w->store,
		.out_mark = 256 * 1024,
		.command_max = 8192,
		.append_max = 1 << 20,
		.timeout_s = 1800,
		.now_s = now,
		.log = &w->log,
		.ops = &ops };
	return w;
}

static void session_open(struct world *w, struct peer_session *p)
{
	struct imap_options options = w->options;
	buf_init(&p->out, w->options.out_mark + IMAP_OUT_ROOM);
	options.out = &p->out;
	options.ctx = p;
	p->session = imap_session_new(&options);
}

static void drain(struct world *w)
{
	buf_put(w->out, buf_view(&w->main.out));
	buf_reset(&w->main.out);
}

static void world_start(void *engine)
{
	struct world *w = engine;
	w->started = true;
	if (w->login_session.ops)
		w->login = imap_login_protocol.open(&w->login_session);
	else
		session_open(w, &w->main);
}

static void on_auth_start(void *ctx, struct view mechanism, struct view initial)
{
	struct world *w = ctx;
	mc_assert(w->asked == ASKED_NOTHING);
	if (view_to_cstr(mechanism, w->mechanism, sizeof w->mechanism) != 0)
		fatal("mechanism too long");
	w->asked = ASKED_START;
	w->has_response = initial.p != NULL;
	w->round = 0;
	buf_reset(&w->response);
	buf_put(&w->response, initial);
}

static void on_auth_next(void *ctx, struct view response)
{
	struct world *w = ctx;
	mc_assert(w->asked == ASKED_NOTHING);
	w->asked = ASKED_NEXT;
	w->has_response = true;
	w->round++;
	buf_reset(&w->response);
	buf_put(&w->response, response);
}

static void on_auth_cancel(void *ctx)
{
	struct world *w = ctx;
	mc_assert(w->asked == ASKED_NOTHING);
}

static void on_start_tls(void *ctx)
{
	(void)ctx;
}

static void on_close(void *ctx)
{
	struct world *w = ctx;
	w->login_closed = true;
}

static const struct login_ops login_ops = { on_auth_start, on_auth_next,
	on_auth_cancel, on_start_tls, on_close };

static const struct {
	struct view message; /* of PLAIN */
	enum auth_status status;
} known[] = {
	{ V_INIT("\0user\0secret"), AUTH_STATUS_OK },
	{ V_INIT("\0a\"b\\c\0secret"), AUTH_STATUS_OK },
	{ V_INIT("\0temp\0secret"), AUTH_STATUS_TEMP },
	{ V_INIT("\0off\0secret"), AUTH_STATUS_DISABLED },
	{ V_INIT(""), AUTH_STATUS_BAD },
};

static enum auth_status judge(struct view message)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (view_eq(message, known[i].message))
			return known[i].status;
	return AUTH_STATUS_FAILED;
}

/* PLAIN without an initial response gets an empty challenge; LOGIN asks twice;
 * SCRAM is played with made-up messages. */
static void auth_answer(struct world *w)
{
	const struct login_protocol *p = &imap_login_protocol;
	struct view message = buf_view(&w->response);
	bool two_rounds = w->mechanism[0] != 'P';
	w->asked = ASKED_NOTHING;
	if (w->mechanism[0] == 'L') {
		if (w->round == 0 && !w->has_response)
			p->auth_challenge(w->login, V("Username:"));
		else if (w->round < (w->has_response ? 2u : 1u))
			p->auth_challenge(w->login, V("Password:"));
		else
			p->auth_result(w->login, AUTH_STATUS_OK);
		return;
	}
	if (!w->has_response)
		p->auth_challenge(w->login, V(""));
	else if (two_rounds && w->round < 2)
		p->auth_challenge(w->login, V("r=nonce"));
	else
		p->auth_result(
		    w->login, two_rounds ? AUTH_STATUS_OK : judge(message));
}

static size_t world_input(void *engine, struct view in)
{
	struct world *w = engine;
	if (w->login)
		return imap_login_protocol.input(w->login, in);
	size_t used = imap_session_input(w->main.session, in);
	drain(w);
	return used;
}

static bool world_step(void *engine)
{
	struct world *w = engine;
	if (w->login) {
		if (w->asked == ASKED_NOTHING)
			return false;
		auth_answer(w);
		return true;
	}
	if (!w->main.session || !w->main.session->step)
		return false;
	(void)imap_session_more(w->main.session);
	drain(w);
	return true;
}

static bool world_is_closed(const void *engine)
{
	const struct world *w = engine;
	return w->login ? w->login_closed : w->main.closed;
}

static void world_close(void *engine)
{
	struct world *w = engine;
	if (w->login)
		imap_login_protocol.close(w->login);
	imap_session_free(&w->main.session);
	imap_session_free(&w->other.session);
	buf_deinit(&w->main.out);
	buf_deinit(&w->other.out);
	buf_deinit(&w->response);
	store_close(&w->store);
	remove_dir(w->dir);
	free(w);
}

static uint16_t parse_flags(struct view v)
{
	static const struct view names[] = { V_INIT("\\Seen"),
		V_INIT("\\Answered"), V_INIT("\\Flagged"), V_INIT("\\Deleted"),
		V_INIT("\\Draft") };
	struct view word;
	uint16_t flags = 0;
	bool more = !view_eq(v, V("-"));
	while (more) {
		more = view_cut(&v, ',', &word);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (view_eq(word, names[i]))
				flags |= (uint16_t)(1u << i);
	}
	return flags;
}

static bool deliver(struct world *w, struct view rest)
{
	struct view mailbox, flags;
	struct store_txn t;
	struct mailbox m;
	struct buf text;
	struct append_result result;
	view_cut(&rest, ' ', &mailbox);
	view_cut(&rest, ' ', &flags);
	if (store_read(w->store, &t) != 0)
		return false;
	int error = mailbox_find(&t, mailbox, &m);
	store_end(&t);
	if (error)
		return false;
	unsigned n = ++w->n_messages;
	buf_init(&text, 4096);
	buf_printf(&text,
	    "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\n"
	    "Subject: %.*s\r\nDate: Mon, %u Nov 2026 10:00:00 +0100\r\n"
	    "Message-ID: <%u@example.org>\r\n\r\nHello %.*s\r\n",
	    (int)rest.n, rest.p, n + 1, n, (int)rest.n, rest.p);
	struct append item = { .mailbox = m.id,
		.source = { .mem = buf_view(&text), .fd = -1 },
		.flags = parse_flags(flags),
		.internaldate = { NOW + 86400 * (int64_t)n, 60 } };
	error = message_append(w->store, &item, 1, &result);
	buf_deinit(&text);
	return error == 0 && result.error == 0;
}

static bool other(struct world *w, struct view line)
{
	struct peer_session *p = &w->other;
	if (!p->session)
		session_open(w, p);
	imap_session_input(p->session, line);
	imap_session_input(p->session, V("\r\n"));
	while (imap_session_more(p->session) == false && !p->closed)
		buf_reset(&p->out);
	buf_reset(&p->out);
	return true;
}

static bool set_login(struct world *w, struct view kind)
{
	w->conf.hostname = "mx.example.org";
	w->conf.login_failures_max = 3;
	w->login_session = (struct login_session){ .conf = &w->conf,
		.ops = &login_ops,
		.ctx = w,
		.out = w->out,
		.log = &w->log,
		.service = SERVICE_IMAP,
		.remote = V("192.0.2.1"),
		.tls_available = !view_eq(kind, V("plain")),
		.has_tls = view_eq(kind, V("tls")),
		.is_loopback = view_eq(kind, V("loopback")) };
	return true;
}

static bool set_limit(struct world *w, struct view word, struct view rest)
{
	uint64_t n;
	if (!view_u64(rest, &n))
		return false;
	if (view_eq(word, V("mark")))
		w->options.out_mark = n;
	else if (view_eq(word, V("append-max")))
		w->options.append_max = n;
	else if (view_eq(word, V("quota")))
		w->limits.bytes = n;
	else if (view_eq(word, V("quota-messages")))
		w->limits.messages = n;
	else if (view_eq(word, V("quota-mailboxes")))
		w->limits.mailboxes = (uint32_t)n;
	else
		return false;
	store_set_limits(w->store, &w->limits);
	return true;
}

static void tell(struct world *w, struct view word)
{
	if (view_eq(word, V("wake")))
		imap_session_wake(w->main.session);
	else if (w->login)
		imap_login_protocol.bye(w->login, "Too slow");
	else
		imap_session_bye(w->main.session, "Idle for too long");
	if (!w->login)
		drain(w);
}

static bool world_directive(void *engine, struct view word, struct view rest)
{
	struct world *w = engine;
	if (view_eq(word, V("message")))
		return deliver(w, rest);
	if (view_eq(word, V("other")))
		return other(w, rest);
	if (view_eq(word, V("login")))
		return set_login(w, rest);
	if (view_eq(word, V("autocreate"))) {
		imap_autocreate(w->store, &w->log);
		return true;
	}
	if (view_eq(word, V("tls"))) {
		w->login_session.has_tls = true;
		imap_login_protocol.tls_up(w->login);
		return true;
	}
	if (view_eq(word, V("wake")) || view_eq(word, V("timeout"))) {
		tell(w, word);
		return true;
	}
	return set_limit(w, word, rest);
}

static const struct replay_adapter adapter = {
	.open = world_open,
	.start = world_start,
	.input = world_input,
	.step = world_step,
	.directive = world_directive,
	.is_closed = world_is_closed,
	.close = world_close,
	.splits_max = 40,
};

int main(int argc, char **argv)
{
	log_init("imapd", STDERR_FILENO, LOG_ERROR_);
	return replay_main(&adapter, argc, argv);
}
