/* Plays tests/transcripts/pop3: the login engine, then the session engine on a
 * fresh store with the three messages below. The password is "secret"; a
 * SCRAM-like mechanism TWOSTEP asks one challenge. @loopback, @tls: what the
 * connection is (plain and distant without); @busy: another session has the
 * maildrop; @expunge N: another session removes that UID; @empty: no
 * messages; @bare: a fourth one, appended with bare line ends;
 * @messages N: so many are in INBOX; @timeout, @stop: what the shell says. */
#include "base/panic.h"
#include "pop3d/pop3.h"
#include "replay.h"
#include "store/mailbox/message.h"
#include "store/maildrop.h"
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum waiting {
	WAIT_NONE,
	WAIT_RESULT,
	WAIT_CHALLENGE,
	WAIT_TLS
};

struct play {
	struct buf *out;
	struct login_session login;
	struct agent_session agent;
	struct log_ctx log;
	struct conf conf;
	void *before, *after; /* engines */
	enum waiting waiting;
	enum auth_status status;
	bool closed, empty, bare, started;
	int busy_lock;
	struct store *store;
	char dir[32];
};

static const char *const messages[] = {
	"Subject: one\r\n\r\nFirst line\r\n.dot line\r\n..two dots\r\nlast\r\n",
	"Subject: two\r\nTo: anna@example.org\r\n\r\n",
	"Subject: three\r\n\r\nno line end",
	"Subject: bare\n\n.a\nb\r\nc\rd\n\n..\nend\r",
};

enum {
	N_MESSAGES = sizeof messages / sizeof *messages
};

static void on_auth_start(void *ctx, struct view mechanism, struct view initial)
{
	struct play *p = ctx;
	p->waiting = WAIT_RESULT;
	if (view_ieq(mechanism, V("TWOSTEP")))
		p->waiting = WAIT_CHALLENGE;
	else if (!view_ieq(mechanism, V("PLAIN")))
		p->status = AUTH_STATUS_UNKNOWN_MECHANISM;
	else if (!initial.p)
		p->waiting = WAIT_CHALLENGE;
	else
		p->status = view_eq(initial, V("\0anna\0secret"))
				? AUTH_STATUS_OK
				: AUTH_STATUS_FAILED;
}

static void on_auth_next(void *ctx, struct view response)
{
	struct play *p = ctx;
	p->waiting = WAIT_RESULT;
	p->status = view_eq(response, V("\0anna\0secret")) ? AUTH_STATUS_OK
							   : AUTH_STATUS_FAILED;
}

static void on_auth_cancel(void *ctx)
{
	struct play *p = ctx;
	p->waiting = WAIT_NONE;
}

static void on_start_tls(void *ctx)
{
	struct play *p = ctx;
	p->waiting = WAIT_TLS;
}

static void on_close(void *ctx)
{
	struct play *p = ctx;
	p->closed = true;
}

static const struct login_ops ops = { on_auth_start, on_auth_next,
	on_auth_cancel, on_start_tls, on_close };

/* What the agent's shell offers to engines; shell points to the play. */
void agent_session_finish(struct agent_session *s)
{
	struct play *p = s->shell;
	p->closed = true;
}

static void fill(struct play *p)
{
	struct append items[N_MESSAGES];
	struct append_result results[N_MESSAGES];
	size_t n = p->bare ? N_MESSAGES : N_MESSAGES - 1;
	struct mailbox inbox;
	struct store_txn t;
	mc_assert(store_read(p->store, &t) == 0);
	mc_assert(mailbox_find(&t, V("INBOX"), &inbox) == 0);
	store_end(&t);
	memset(items, 0, sizeof items);
	for (size_t i = 0; i < n; i++) {
		items[i].mailbox = inbox.id;
		items[i].source.mem = view_of(messages[i]);
		items[i].source.fd = -1;
	}
	mc_assert(message_append(p->store, items, n, results) == 0);
}

static int64_t fixed_now(void)
{
	return 1700000000;
}

static void *play_open(struct buf *out)
{
	struct play *p = MUST_NEW(struct play);
	p->out = out;
	p->busy_lock = -1;
	log_init("replay", STDERR_FILENO, LOG_LEVEL_ERROR);
	p->conf.login_failures_max = 3;
	memcpy(p->dir, "/tmp/mailcore-pop3-XXXXXX", 26);
	mc_assert(mkdtemp(p->dir) && chdir(p->dir) == 0);
	p->login = (struct login_session){ .conf = &p->conf,
		.ops = &ops,
		.ctx = p,
		.out = out,
		.log = &p->log,
		.tls_available = true };
	return p;
}

static void play_start(void *engine)
{
	struct play *p = engine;
	p->before = pop3_login_protocol.open(&p->login);
}

static void hand_over(struct play *p)
{
	const struct store_options options = { .create = true,
		.now_s = fixed_now };
	mc_assert(store_open(".", &options, &p->store) == 0);
	if (!p->empty)
		fill(p);
	p->agent = (struct agent_session){ .store = p->store,
		.out = p->out,
		.out_mark = 64,
		.log = &p->log,
		.shell = p };
	pop3_login_protocol.close(p->before);
	p->before = NULL;
	p->after = pop3_agent_protocol.open(&p->agent);
	p->closed |= !p->after;
}

static size_t play_input(void *engine, struct view in)
{
	struct play *p = engine;
	if (p->closed)
		return in.n;
	return p->after ? pop3_agent_protocol.input(p->after, in)
			: pop3_login_protocol.input(p->before, in);
}

static bool answer(struct play *p)
{
	enum waiting was = p->waiting;
	p->waiting = WAIT_NONE;
	switch (was) {
	case WAIT_NONE:
		return false;
	case WAIT_CHALLENGE:
		pop3_login_protocol.auth_challenge(p->before, V(""));
		return true;
	case WAIT_TLS:
		pop3_login_protocol.tls_up(p->before);
		return true;
	case WAIT_RESULT:
		pop3_login_protocol.auth_result(p->before, p->status);
		if (p->status == AUTH_STATUS_OK)
			hand_over(p);
		return true;
	}
	return false;
}

/* The output buffer is emptied between turns only, so the mark moves along. */
static bool play_step(void *engine)
{
	struct play *p = engine;
	if (p->before && answer(p))
		return true;
	if (!p->after)
		return false;
	size_t had = buf_len(p->out);
	p->agent.out_mark = had + 64;
	pop3_agent_protocol.more(p->after);
	return buf_len(p->out) != had;
}

static void expunge(struct play *p, uint32_t uid)
{
	struct uidset uids, gone;
	struct mailbox inbox;
	struct store_txn t;
	uidset_init(&uids);
	uidset_init(&gone);
	mc_assert(store_read(p->store, &t) == 0);
	mc_assert(mailbox_find(&t, V("INBOX"), &inbox) == 0);
	store_end(&t);
	mc_assert(uidset_add(&uids, uid, uid) == 0);
	mc_assert(
	    message_expunge(p->store, inbox.id, &uids, false, &gone) == 0);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

static uint32_t count(struct play *p)
{
	struct mailbox inbox;
	struct store_txn t;
	mc_assert(store_read(p->store, &t) == 0);
	mc_assert(mailbox_find(&t, V("INBOX"), &inbox) == 0);
	store_end(&t);
	return inbox.messages;
}

static bool play_directive(void *engine, struct view word, struct view rest)
{
	struct play *p = engine;
	uint32_t uid;
	if (view_eq(word, V("loopback")))
		p->login.is_loopback = true;
	else if (view_eq(word, V("tls")))
		p->login.has_tls = true;
	else if (view_eq(word, V("no-tls")))
		p->login.tls_available = false;
	else if (view_eq(word, V("empty")))
		p->empty = true;
	else if (view_eq(word, V("bare")))
		p->bare = true;
	else if (view_eq(word, V("busy")))
		return maildrop_lock(".", &p->busy_lock) == 0;
	else if (view_eq(word, V("expunge")) && view_u32(rest, &uid))
		expunge(p, uid);
	else if (view_eq(word, V("messages")) && view_u32(rest, &uid))
		return count(p) == uid;
	else if (view_eq(word, V("stop")))
		pop3_agent_protocol.bye(p->after);
	else if (view_eq(word, V("timeout")))
		pop3_agent_protocol.timeout(p->after);
	else
		return false;
	return true;
}

static bool play_is_closed(const void *engine)
{
	return ((const struct play *)engine)->closed;
}

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void play_close(void *engine)
{
	struct play *p = engine;
	if (p->before)
		pop3_login_protocol.close(p->before);
	if (p->after)
		pop3_agent_protocol.close(p->after);
	store_close(&p->store);
	if (p->busy_lock >= 0)
		close(p->busy_lock);
	mc_assert(chdir("/") == 0);
	nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
}

static const struct replay_adapter adapter = {
	.open = play_open,
	.start = play_start,
	.input = play_input,
	.step = play_step,
	.directive = play_directive,
	.is_closed = play_is_closed,
	.close = play_close,
};

REPLAY_MAIN(&adapter)
