/* IMAP before login: RFC 3501 6.1, 6.2, RFC 4959. Runs in the front, which
 * everybody can reach: little memory, few commands, no store. */
#include "base/panic.h"
#include "base/secret.h"
#include "imapd/imap.h"
#include "imapd/imap_command.h"
#include "text/codec.h"
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 6 * 1024, /* both together: 8 KiB for a stranger */
	LITERALS_MAX = 2 * 1024,
	ARENA_BYTES_MAX = 16 * 1024,
	BAD_MAX = 10
};

struct login {
	struct login_session *s;
	struct imap_reader reader;
	struct arena arena;
	struct imap_args args;
	struct view tag;
	char tag_bytes[64]; /* while an answer is awaited */

	enum {
		LOGIN_COMMAND,
		LOGIN_ASKED, /* the outside: input waits */
		LOGIN_RESPONSE,
		LOGIN_TLS,
		LOGIN_OVER
	} state;

	unsigned n_bad, n_failed;
};

struct login_command {
	struct view name;
	bool has_args;
	void (*run)(struct login *l);
};

static void reply(struct login *l, struct view status, const char *text)
{
	buf_put(l->s->out, l->tag);
	buf_put(l->s->out, status);
	buf_put(l->s->out, view_of(text));
	buf_put(l->s->out, V("\r\n"));
}

static void ok(struct login *l, const char *text)
{
	l->n_bad = 0;
	reply(l, V(" OK "), text);
}

static void no(struct login *l, const char *text)
{
	reply(l, V(" NO "), text);
}

static void hang_up(struct login *l, const char *why)
{
	if (l->state == LOGIN_OVER)
		return;
	buf_printf(l->s->out, "* BYE %s\r\n", why);
	l->state = LOGIN_OVER;
	l->s->ops->close(l->s->ctx);
}

static void bad(struct login *l, const char *text)
{
	reply(l, V(" BAD "), text ? text : "Bad command");
	if (++l->n_bad >= BAD_MAX)
		hang_up(l, "Too many bad commands");
}

/* Passwords travel in the clear only where nobody else listens. */
static bool may_authenticate(const struct login *l)
{
	return l->s->has_tls || l->s->is_loopback;
}

static void put_capabilities(struct login *l)
{
	struct buf *out = l->s->out;
	buf_put(out, V("CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE"));
	if (l->s->tls_available && !l->s->has_tls)
		buf_put(out, V(" STARTTLS"));
	if (!may_authenticate(l)) {
		buf_put(out, V(" LOGINDISABLED"));
		return;
	}
	buf_put(out, V(" AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256"));
	if (l->s->has_tls)
		buf_put(out, V(" AUTH=SCRAM-SHA-256-PLUS"));
}

static void cmd_capability(struct login *l)
{
	buf_put(l->s->out, V("* "));
	put_capabilities(l);
	buf_put(l->s->out, V("\r\n"));
	ok(l, "Capabilities listed");
}

static void cmd_noop(struct login *l)
{
	ok(l, "Done");
}

static void cmd_logout(struct login *l)
{
	buf_put(l->s->out, V("* BYE Logging out\r\n"));
	ok(l, "Good bye");
	l->state = LOGIN_OVER;
	l->s->ops->close(l->s->ctx);
}

static void cmd_id(struct login *l)
{
	struct view name = V("");
	if (!imap_space(&l->args) || !imap_id(&l->args, &name) ||
	    !imap_end(&l->args)) {
		bad(l, l->args.why);
		return;
	}
	if (name.n)
		LOG(l->s->log, INFO, "imap.client", KV_VIEW("name", name));
	buf_put(l->s->out, V("* ID (\"name\" \"Mailcore\")\r\n"));
	ok(l, "Pleased to meet you");
}

static void cmd_starttls(struct login *l)
{
	if (l->s->has_tls) {
		bad(l, "TLS is active already");
		return;
	}
	if (!l->s->tls_available) {
		no(l, "[UNAVAILABLE] TLS is not available");
		return;
	}
	ok(l, "Begin TLS negotiation");
	l->state = LOGIN_TLS;
	l->s->ops->start_tls(l->s->ctx);
}

/* The tag must outlive the command's memory. */
static void keep_tag(struct login *l)
{
	memcpy(l->tag_bytes, l->tag.p, l->tag.n);
	l->tag.p = l->tag_bytes;
}

static bool refused(struct login *l)
{
	if (may_authenticate(l))
		return false;
	no(l, "[PRIVACYREQUIRED] Use TLS first");
	return true;
}

/* LOGIN is mechanism PLAIN in other clothes. */
static void start_plain(struct login *l, struct view user, struct view password)
{
	struct secret plain;
	struct buf message;
	buf_init(&message, SECRET_MAX);
	buf_put_char(&message, '\0');
	buf_put(&message, user);
	buf_put_char(&message, '\0');
	buf_put(&message, password);
	int error = buf_error(&message);
	if (!error)
		error = secret_set(&plain, buf_view(&message));
	if (message.p)
		secret_wipe(message.p, message.cap);
	buf_deinit(&message);
	if (error) {
		no(l, "[AUTHENTICATIONFAILED] Authentication failed");
		return;
	}
	keep_tag(l);
	l->state = LOGIN_ASKED;
	l->s->ops->auth_start(l->s->ctx, V("PLAIN"), secret_view(&plain));
	secret_deinit(&plain);
}

static void cmd_login(struct login *l)
{
	struct view user, password;
	if (!imap_space(&l->args) || !imap_astring(&l->args, &user) ||
	    !imap_space(&l->args) || !imap_astring(&l->args, &password) ||
	    !imap_end(&l->args))
		bad(l, l->args.why);
	else if (!refused(l))
		start_plain(l, user, password);
}

static const struct {
	struct view name;
	bool needs_tls;
} mechanisms[] = {
	{ V_INIT("PLAIN"), false },
	{ V_INIT("LOGIN"), false },
	{ V_INIT("SCRAM-SHA-256"), false },
	{ V_INIT("SCRAM-SHA-256-PLUS"), true },
};

static const struct view *mechanism_find(
    const struct login *l, struct view name)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
		if (view_ieq(name, mechanisms[i].name) &&
		    (l->s->has_tls || !mechanisms[i].needs_tls))
			return &mechanisms[i].name;
	return NULL;
}

static void wipe(struct buf *b)
{
	if (b->p)
		secret_wipe(b->p, b->cap);
	buf_deinit(b);
}

/* base64 to the outside; "=" is an empty initial response (RFC 4959 3). */
static void start_sasl(
    struct login *l, struct view mechanism, struct view initial)
{
	struct buf decoded;
	buf_init(&decoded, TEXT_MAX);
	if (initial.n && !view_eq(initial, V("=")) &&
	    base64_decode(initial, &decoded) != 0) {
		bad(l, "Initial response is not base64");
	} else {
		keep_tag(l);
		l->state = LOGIN_ASKED;
		struct view sent = buf_view(&decoded);
		if (!initial.n)
			sent = V_NONE;
		else if (!sent.p)
			sent = V("");
		l->s->ops->auth_start(l->s->ctx, mechanism, sent);
	}
	wipe(&decoded);
}

static bool until_space(struct imap_args *a, struct view *out)
{
	if (!imap_space(a))
		return false;
	*out = view_head(a->in, view_find_byte(a->in, ' '));
	a->in = view_skip(a->in, out->n);
	return out->n || imap_bad(a, "Missing argument");
}

static void cmd_authenticate(struct login *l)
{
	struct view name, initial = V_NONE;
	if (!until_space(&l->args, &name) ||
	    (!imap_is_end(&l->args) && !until_space(&l->args, &initial)) ||
	    !imap_end(&l->args)) {
		bad(l, l->args.why);
		return;
	}
	const struct view *mechanism = mechanism_find(l, name);
	if (!mechanism)
		no(l, "[CANNOT] Unknown mechanism");
	else if (!refused(l))
		start_sasl(l, *mechanism, initial);
}

/* A line that answers a challenge: RFC 3501 6.2.2. */
static void on_response(struct login *l, struct view line)
{
	struct buf decoded;
	l->reader.raw_line = false;
	l->state = LOGIN_COMMAND;
	if (view_eq(line, V("*"))) {
		l->s->ops->auth_cancel(l->s->ctx);
		bad(l, "Authentication cancelled");
		return;
	}
	buf_init(&decoded, TEXT_MAX);
	if (line.n && base64_decode(line, &decoded) != 0) {
		l->s->ops->auth_cancel(l->s->ctx);
		bad(l, "Response is not base64");
	} else {
		l->state = LOGIN_ASKED;
		l->s->ops->auth_next(l->s->ctx, buf_view(&decoded));
	}
	wipe(&decoded);
}

static const struct login_command commands[] = {
	{ V_INIT("LOGIN"), true, cmd_login },
	{ V_INIT("AUTHENTICATE"), true, cmd_authenticate },
	{ V_INIT("CAPABILITY"), false, cmd_capability },
	{ V_INIT("STARTTLS"), false, cmd_starttls },
	{ V_INIT("ID"), true, cmd_id },
	{ V_INIT("NOOP"), false, cmd_noop },
	{ V_INIT("LOGOUT"), false, cmd_logout },
};

static const struct login_command *command_find(struct view name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (view_ieq(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static void on_command(struct login *l)
{
	struct view name;
	l->args = (struct imap_args){ imap_reader_command(&l->reader),
		&l->arena, NULL };
	l->tag = V("*");
	struct imap_args *a = &l->args;
	if (!imap_tag(a, &l->tag) || !imap_space(a) || !imap_atom(a, &name)) {
		bad(l, a->why);
		return;
	}
	const struct login_command *c = command_find(name);
	if (!c)
		bad(l, "Unknown command, or not before login");
	else if (!c->has_args && !imap_end(a))
		bad(l, a->why);
	else
		c->run(l);
}

static void on_literal(struct login *l)
{
	l->tag = imap_reader_tag(&l->reader);
	if (!imap_reader_literal(&l->reader, IMAP_LITERAL_KEEP))
		bad(l, "[TOOBIG] Literal too large");
	else if (!l->reader.literal_plus)
		buf_put(l->s->out, V("+ OK\r\n"));
}

/* Passwords do not stay in memory longer than the command. */
static void end_command(struct login *l)
{
	if (l->reader.command.p)
		secret_wipe(l->reader.command.p, l->reader.command.cap);
	imap_reader_reset(&l->reader);
	arena_wipe(&l->arena);
	arena_deinit(&l->arena);
}

static void on_fault(struct login *l)
{
	if (l->reader.why) {
		if (l->state == LOGIN_RESPONSE) {
			l->reader.raw_line = false;
			l->state = LOGIN_COMMAND;
			l->s->ops->auth_cancel(l->s->ctx);
		} else {
			l->tag = imap_reader_tag(&l->reader);
		}
		bad(l, l->reader.why);
	}
	end_command(l);
}

static void on_read(struct login *l, enum imap_read got)
{
	switch (got) {
	case IMAP_READ_LITERAL:
		on_literal(l);
		if (l->reader.state == READER_DONE)
			end_command(l);
		return;
	case IMAP_READ_COMMAND:
		if (l->state == LOGIN_RESPONSE)
			on_response(l, imap_reader_command(&l->reader));
		else
			on_command(l);
		end_command(l);
		return;
	case IMAP_READ_FAULT:
		on_fault(l);
		return;
	case IMAP_READ_MORE:
	case IMAP_READ_DATA:
		return;
	}
}

static bool wants_input(const struct login *l)
{
	return l->state == LOGIN_COMMAND || l->state == LOGIN_RESPONSE;
}

static size_t input(void *engine, struct view in)
{
	struct login *l = engine;
	struct view rest = in;
	while (wants_input(l) && rest.n)
		on_read(l, imap_reader_next(&l->reader, &rest));
	/* What came before TLS could be anybody's (RFC 3501 11.1). */
	if (l->state == LOGIN_TLS || l->state == LOGIN_OVER)
		return in.n;
	return in.n - rest.n;
}

static void auth_challenge(void *engine, struct view challenge)
{
	struct login *l = engine;
	if (l->state != LOGIN_ASKED)
		return;
	buf_put(l->s->out, V("+ "));
	base64_encode(challenge, l->s->out);
	buf_put(l->s->out, V("\r\n"));
	l->state = LOGIN_RESPONSE;
	l->reader.raw_line = true;
}

static void logged_in(struct login *l)
{
	struct buf *out = l->s->out;
	buf_put(out, l->tag);
	buf_put(out, V(" OK [CAPABILITY "));
	buf_put(out, imap_capabilities());
	buf_put(out, V("] Logged in\r\n"));
	/* The front hands the connection over: nothing more is said here. */
	l->state = LOGIN_ASKED;
}

static void failed(struct login *l)
{
	no(l, "[AUTHENTICATIONFAILED] Authentication failed");
	if (++l->n_failed >= (uint64_t)l->s->conf->login_failures_max)
		hang_up(l, "Too many failed logins");
}

static void auth_result(void *engine, enum auth_status status)
{
	struct login *l = engine;
	if (l->state != LOGIN_ASKED)
		return;
	l->state = LOGIN_COMMAND;
	switch (status) {
	case AUTH_STATUS_OK:
		logged_in(l);
		return;
	case AUTH_STATUS_FAILED:
		failed(l);
		return;
	case AUTH_STATUS_TEMP:
		no(l, "[UNAVAILABLE] Temporary authentication failure");
		return;
	case AUTH_STATUS_DISABLED:
		no(l, "[AUTHORIZATIONFAILED] Account may not use IMAP");
		return;
	case AUTH_STATUS_BAD:
		bad(l, "Malformed response");
		return;
	case AUTH_STATUS_UNKNOWN_MECHANISM:
		no(l, "[CANNOT] Unknown mechanism");
		return;
	}
}

static void tls_up(void *engine)
{
	struct login *l = engine;
	if (l->state == LOGIN_TLS)
		l->state = LOGIN_COMMAND;
	end_command(l);
}

static void bye(void *engine, const char *why)
{
	struct login *l = engine;
	if (l->state == LOGIN_OVER)
		return;
	buf_printf(l->s->out, "* BYE %s\r\n", why);
	l->state = LOGIN_OVER;
}

static void *open_login(struct login_session *s)
{
	struct imap_limits limits = { TEXT_MAX, LITERALS_MAX };
	struct login *l = MUST_NEW(struct login);
	l->s = s;
	imap_reader_init(&l->reader, &limits);
	arena_init(&l->arena, ARENA_BYTES_MAX);
	buf_put(s->out, V("* OK ["));
	put_capabilities(l);
	buf_printf(s->out, "] %s Mailcore ready\r\n", s->conf->hostname);
	return l;
}

static void close_login(void *engine)
{
	struct login *l = engine;
	end_command(l);
	imap_reader_deinit(&l->reader);
	arena_deinit(&l->arena);
	free(l);
}

/* RFC 5530 3: "Temporary failure because a subsystem is down." */
static void unavailable(struct buf *out)
{
	buf_put(
	    out, V("* BYE [UNAVAILABLE] Mailboxes cannot be opened now\r\n"));
}

const struct login_protocol imap_login_protocol = {
	.open = open_login,
	.input = input,
	.auth_challenge = auth_challenge,
	.auth_result = auth_result,
	.tls_up = tls_up,
	.bye = bye,
	.close = close_login,
	.unavailable = unavailable,
};
