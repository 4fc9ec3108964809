/* SMTP transcripts against queued's client engine. P lines are what the server
 * says; E lines are what the client sends, and its events, in brackets:
 *
 *   [tls] [up KEYWORDS] [body] [done] [done last] [close]
 *   [rcpt N OUTCOME BLAME STAGE X.Y.Z "text"], "relayed" behind it without DSN
 *   [failed OUTCOME BLAME STAGE X.Y.Z "text"]
 *
 * Directives before the start: @lmtp, @policy never|opportunistic|required|
 * implicit, @auth USER SECRET, @nonce of SCRAM, @auth-in-clear, @refuse-8bit.
 * At any time:
 *
 *   @message text     the body of the mails to come; each | is CRLF
 *   @octets N         the same, N octets in lines
 *   @pieces N         so many octets of it at a time
 *   @mail FROM WORDS  a transaction, as soon as one may be sent. A word is a
 *                     recipient, of which ;notify=N and ;orcpt=X are cut off,
 *                     or one of 8bit utf8 requiretls ret=full ret=hdrs envid=X
 *   @tls [verified|plus]  the handshake is done; plus: with a binding
 *   @stuck, @unstuck  what the client puts does not leave
 *   @closed-by WHY, @timeout, @quit, @lost WHY
 *   @wait             shows the time-out */
#include "base/arena.h"
#include "base/panic.h"
#include "queued/client/smtp_client.h"
#include "replay.h"
#include <inttypes.h>

enum {
	MAILS_MAX = 20,
	RCPTS_MAX = 1200,
};

struct letter {
	struct smtp_client_mail mail;
	struct smtp_client_rcpt rcpts[RCPTS_MAX];
	struct view body;
};

struct world {
	struct smtp_client_options options;
	struct smtp_client *client;
	struct buf *to_peer;
	struct arena arena;
	struct letter *mails[MAILS_MAX];
	size_t n_mails, next_mail, n_told;
	struct view message, body; /* body: left to be sent */
	size_t pieces;
	char nonce[64];
	bool is_ready, wants_body, is_stuck, is_over;
};

static void *world_open(struct buf *out)
{
	struct world *w = MUST_NEW(struct world);
	w->to_peer = out;
	w->pieces = SIZE_MAX;
	w->message = V("Subject: x\r\n\r\nhi\r\n");
	arena_init(&w->arena, 64 << 20);
	w->options = (struct smtp_client_options){
		.name = V("mx.example.org"),
		.timeouts = {
			.banner_ms = 1001,
			.hello_ms = 1002,
			.tls_ms = 1003,
			.auth_ms = 1004,
			.mail_ms = 1005,
			.rcpt_ms = 1006,
			.data_ms = 1007,
			.block_ms = 1008,
			.end_ms = 1009,
			.rset_ms = 1010,
			.quit_ms = 1011,
		},
	};
	return w;
}

static void world_start(void *engine)
{
	struct world *w = engine;
	w->client = smtp_client_new(&w->options);
}

static size_t world_input(void *engine, struct view in)
{
	struct world *w = engine;
	return smtp_client_input(w->client, in);
}

static void put_caps(struct world *w)
{
	const struct smtp_client_caps *caps = smtp_client_caps(w->client);

	const struct {
		const char *name;
		bool is_there;
	} flags[] = {
		{ "pipelining", caps->pipelining },
		{ "size", caps->size },
		{ "8bitmime", caps->eightbitmime },
		{ "smtputf8", caps->smtputf8 },
		{ "dsn", caps->dsn },
		{ "chunking", caps->chunking },
		{ "requiretls", caps->requiretls },
		{ "enhanced", caps->enhanced },
		{ "helo", !caps->is_esmtp },
	};

	const struct {
		const char *name;
		uint64_t n;
	} limits[] = {
		{ "max", caps->max_size },
		{ "rcptmax", caps->rcpt_max },
		{ "mailmax", caps->mail_max },
		{ "rcptdomainmax", caps->rcpt_domain_max },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flags[i].is_there)
			buf_printf(w->to_peer, " %s", flags[i].name);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (limits[i].n)
			buf_printf(w->to_peer, " %s=%" PRIu64, limits[i].name,
			    limits[i].n);
}

static void put_result(struct world *w, const struct smtp_result *r)
{
	static const char *const outcomes[] = { [SMTP_OUTCOME_OK] = "ok",
		[SMTP_OUTCOME_TEMP] = "temp",
		[SMTP_OUTCOME_PERM] = "perm",
		[SMTP_OUTCOME_NOT_TRIED] = "not-tried" };
	enum smtp_outcome outcome = smtp_verdict_outcome(r);
	struct view stage = smtp_stage_name(r->stage);
	buf_printf(w->to_peer, " %s", outcomes[outcome]);
	if (outcome == SMTP_OUTCOME_NOT_TRIED)
		return;
	if (outcome != SMTP_OUTCOME_OK)
		buf_put(w->to_peer, smtp_verdict_blame(r) == SMTP_BLAME_HOST
					? V(" host")
					: V(" message"));
	buf_printf(w->to_peer, " %.*s %u.%u.%u%s \"", (int)stage.n, stage.p,
	    r->enhanced[0], r->enhanced[1], r->enhanced[2],
	    r->is_ours ? " ours" : "");
	mc_assert(r->text.n <= SMTP_RESULT_TEXT_MAX && r->text.n >= 3);
	buf_put(w->to_peer, r->text);
	buf_put(w->to_peer, V("\""));
}

static void put_rcpt(struct world *w, const struct smtp_client_event *e)
{
	buf_printf(w->to_peer, " %zu", e->index);
	put_result(w, &e->result);
	if (smtp_verdict_outcome(&e->result) == SMTP_OUTCOME_OK && !e->has_dsn)
		buf_put(w->to_peer, V(" relayed"));
	w->n_told++;
}

static void on_done(struct world *w, const struct smtp_client_event *e)
{
	/* Each of them once. */
	mc_assert(w->n_told == w->mails[w->next_mail - 1]->mail.n_rcpts);
	w->wants_body = false;
	w->is_ready = e->may_go_on;
	if (!e->may_go_on)
		buf_put(w->to_peer, V(" last"));
}

static void show_event(struct world *w, const struct smtp_client_event *e)
{
	static const char *const names[] = { [SMTP_EVENT_START_TLS] = "tls",
		[SMTP_EVENT_UP] = "up",
		[SMTP_EVENT_RCPT] = "rcpt",
		[SMTP_EVENT_BODY] = "body",
		[SMTP_EVENT_MAIL_DONE] = "done",
		[SMTP_EVENT_FAILED] = "failed",
		[SMTP_EVENT_CLOSE] = "close" };
	buf_printf(w->to_peer, "[%s", names[e->kind]);
	switch (e->kind) {
	case SMTP_EVENT_UP:
		w->is_ready = true;
		put_caps(w);
		break;
	case SMTP_EVENT_RCPT:
		put_rcpt(w, e);
		break;
	case SMTP_EVENT_BODY:
		w->wants_body = true;
		break;
	case SMTP_EVENT_MAIL_DONE:
		on_done(w, e);
		break;
	case SMTP_EVENT_FAILED:
		w->is_ready = false;
		put_result(w, &e->result);
		break;
	case SMTP_EVENT_CLOSE:
		w->is_over = true;
		break;
	case SMTP_EVENT_START_TLS:
	case SMTP_EVENT_COUNT:
		break;
	}
	buf_put(w->to_peer, V("]\r\n"));
}

static bool send_piece(struct world *w)
{
	struct view piece = view_head(w->body, w->pieces);
	size_t n = smtp_client_body(w->client, piece, piece.n == w->body.n);
	mc_assert(n <= piece.n);
	w->body = view_skip(w->body, n);
	if (!w->body.n)
		w->wants_body = false;
	return n > 0 || !w->body.n;
}

static void begin_mail(struct world *w)
{
	struct letter *l = w->mails[w->next_mail++];
	w->is_ready = false;
	w->n_told = 0;
	w->body = l->body;
	smtp_client_mail(w->client, &l->mail);
}

static bool world_step(void *engine)
{
	struct world *w = engine;
	struct smtp_client_event e;
	struct buf *out = w->client ? smtp_client_out(w->client) : NULL;
	if (!out)
		return false;
	if (buf_len(out) && !w->is_stuck) {
		buf_put(w->to_peer, buf_view(out));
		buf_consume(out, buf_len(out));
		return true;
	}
	if (w->wants_body && send_piece(w))
		return true;
	if (smtp_client_next(w->client, &e)) {
		mc_assert(!w->is_over);
		show_event(w, &e);
		return true;
	}
	if (!w->is_ready || w->next_mail == w->n_mails)
		return false;
	begin_mail(w);
	return true;
}

static struct view keep(struct world *w, struct view v)
{
	bool ok = true;
	v = arena_copy(&w->arena, v, &ok);
	mc_assert(ok);
	return v;
}

/* Each | is CRLF. */
static void set_message(struct world *w, struct view text)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < text.n; i++)
		buf_put(&b, text.p[i] == '|'   ? V("\r\n")
			    : text.p[i] == '^' ? V("\r")
			    : text.p[i] == '_' ? V("\n")
					       : view_slice(text, i, i + 1));
	w->message = keep(w, buf_view(&b));
	buf_deinit(&b);
}

static void set_octets(struct world *w, struct view number)
{
	uint32_t n;
	struct buf b;
	if (!view_u32(number, &n))
		fatal("@octets N");
	buf_init(&b, 8 << 20);
	while (buf_len(&b) + 66 < n)
		buf_put(&b, V("0123456789abcdef0123456789abcdef"
			      "0123456789abcdef0123456789abcdef\r\n"));
	while (buf_len(&b) + 2 < n)
		buf_put_char(&b, 'x');
	buf_put(&b, V("\r\n"));
	w->message = keep(w, buf_view(&b));
	buf_deinit(&b);
}

static void add_rcpt(struct letter *l, struct view word)
{
	struct smtp_client_rcpt *r = &l->rcpts[l->mail.n_rcpts++];
	struct view part;
	mc_assert(l->mail.n_rcpts <= RCPTS_MAX);
	view_cut(&word, ';', &r->address);
	while (word.n) {
		view_cut(&word, ',', &part);
		if (view_starts(part, V("orcpt=")))
			r->orcpt = view_skip(part, 6);
		else if (view_starts(part, V("notify=")))
			r->notify = (uint8_t)(part.p[7] - '0');
	}
}

/* "rcpts=N": that many. */
static void add_rcpts(struct world *w, struct letter *l, struct view number)
{
	uint32_t n;
	char address[32];
	if (!view_u32(number, &n))
		fatal("rcpts=N");
	for (uint32_t i = 0; i < n; i++) {
		int size =
		    snprintf(address, sizeof address, "r%u@b.example", i);
		add_rcpt(l, keep(w, (struct view){ address, (size_t)size }));
	}
}

static void add_word(struct world *w, struct letter *l, struct view word)
{
	struct smtp_client_mail *m = &l->mail;
	if (view_eq(word, V("8bit")))
		m->is_8bit = true;
	else if (view_eq(word, V("utf8")))
		m->is_utf8 = true;
	else if (view_eq(word, V("requiretls")))
		m->requires_tls = true;
	else if (view_eq(word, V("ret=full")))
		m->ret = SMTP_RET_FULL;
	else if (view_eq(word, V("ret=hdrs")))
		m->ret = SMTP_RET_HDRS;
	else if (view_starts(word, V("envid=")))
		m->envid = view_skip(word, 6);
	else if (view_starts(word, V("size=")))
		mc_assert(view_u64(view_skip(word, 5), &m->size));
	else if (view_starts(word, V("rcpts=")))
		add_rcpts(w, l, view_skip(word, 6));
	else
		add_rcpt(l, word);
}

static void add_mail(struct world *w, struct view rest)
{
	struct letter *l = ARENA_NEW(&w->arena, struct letter);
	struct view word;
	mc_assert(l && w->n_mails < MAILS_MAX);
	rest = keep(w, rest);
	view_cut(&rest, ' ', &word);
	if (!view_eq(word, V("<>")))
		l->mail.sender = word;
	l->mail.rcpts = l->rcpts;
	l->mail.size = w->message.n;
	l->body = w->message;
	while (rest.n) {
		view_cut(&rest, ' ', &word);
		add_word(w, l, word);
	}
	w->mails[w->n_mails++] = l;
}

static void set_policy(struct world *w, struct view name)
{
	static const char *const names[] = { [SMTP_TLS_NEVER] = "never",
		[SMTP_TLS_OPPORTUNISTIC] = "opportunistic",
		[SMTP_TLS_REQUIRED] = "required",
		[SMTP_TLS_IMPLICIT] = "implicit" };
	unsigned i = 0;
	while (!view_eq(view_of(names[i]), name))
		i++;
	w->options.tls = (enum smtp_client_tls)i;
}

static bool option(struct world *w, struct view word, struct view rest)
{
	struct smtp_client_options *o = &w->options;
	if (view_eq(word, V("lmtp"))) {
		o->is_lmtp = true;
	} else if (view_eq(word, V("policy"))) {
		set_policy(w, rest);
	} else if (view_eq(word, V("auth"))) {
		rest = keep(w, rest);
		view_cut(&rest, ' ', &o->auth_user);
		o->auth_secret = rest;
	} else if (view_eq(word, V("nonce"))) {
		if (view_to_cstr(rest, w->nonce, sizeof w->nonce) != 0)
			fatal("@nonce NONCE");
		o->test_nonce = w->nonce;
	} else if (view_eq(word, V("auth-in-clear"))) {
		o->auth_without_tls = true;
	} else if (view_eq(word, V("refuse-8bit"))) {
		o->refuse_8bit = true;
	} else {
		return false;
	}
	return true;
}

static void set_pieces(struct world *w, struct view number)
{
	uint32_t n;
	if (!view_u32(number, &n) || n == 0)
		fatal("@pieces N");
	w->pieces = n;
}

static bool happening(struct world *w, struct view word, struct view rest)
{
	if (view_eq(word, V("tls")))
		smtp_client_tls_up(w->client, view_eq(rest, V("verified")),
		    view_eq(rest, V("plus")) ? V("binding") : V(""));
	else if (view_eq(word, V("closed-by")))
		smtp_client_closed(w->client, rest);
	else if (view_eq(word, V("timeout")))
		smtp_client_timed_out(w->client);
	else if (view_eq(word, V("lost")))
		smtp_client_body_lost(w->client, rest);
	else if (view_eq(word, V("quit")))
		smtp_client_quit(w->client);
	else if (view_eq(word, V("wait")))
		buf_printf(w->to_peer, "%u\r\n",
		    (unsigned)smtp_client_timeout_ms(w->client));
	else
		return false;
	return true;
}

static bool world_directive(void *engine, struct view word, struct view rest)
{
	struct world *w = engine;
	if (view_eq(word, V("message")))
		set_message(w, rest);
	else if (view_eq(word, V("octets")))
		set_octets(w, rest);
	else if (view_eq(word, V("pieces")))
		set_pieces(w, rest);
	else if (view_eq(word, V("mail")))
		add_mail(w, rest);
	else if (view_eq(word, V("stuck")))
		w->is_stuck = true;
	else if (view_eq(word, V("unstuck")))
		w->is_stuck = false;
	else
		return w->client ? happening(w, word, rest)
				 : option(w, word, rest);
	return true;
}

static bool world_is_closed(const void *engine)
{
	const struct world *w = engine;
	return w->is_over;
}

static void world_close(void *engine)
{
	struct world *w = engine;
	smtp_client_free(&w->client);
	arena_deinit(&w->arena);
	free(w);
}

static const struct replay_adapter adapter = {
	.open = world_open,
	.start = world_start,
	.input = world_input,
	.step = world_step,
	.directive = world_directive,
	.is_closed = world_is_closed,
	.close = world_close,
};

#ifndef SMTP_CLIENT_WORLD_ONLY
REPLAY_MAIN(&adapter)
#endif
