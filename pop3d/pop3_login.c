/* POP3 before login: the AUTHORIZATION state of RFC 1939 4, STLS (RFC 2595),
 * AUTH (RFC 5034), CAPA (RFC 2449). Sans-I/O; runs in the front. After a
 * successful login the agent says +OK, because only it knows whether the
 * maildrop could be locked. */
#include "base/panic.h"
#include "base/secret.h"
#include "pop3d/pop3.h"
#include "pop3d/pop3_line.h"
#include "text/codec.h"
#include <stdlib.h>
#include <string.h>

enum {
	NAME_MAX_OCTETS = 320,
	SASL_LINE_MAX = 16384, /* base64 of what AUTH takes */
	FAULTS_MAX = 10,
};

enum login_state {
	LOGIN_COMMAND,
	LOGIN_SASL,     /* the next line is a SASL response */
	LOGIN_WAITING,  /* for AUTH: input is not consumed */
	LOGIN_TLS,      /* what comes before it could be anybody's */
	LOGIN_SKIPPING, /* the rest of an overlong line */
	LOGIN_DONE,
};

struct pop3_login {
	struct login_session *s;
	enum login_state state;
	unsigned faults, failures;
	char name[NAME_MAX_OCTETS]; /* of USER */
	size_t name_n;
};

struct login_command {
	struct view keyword;
	unsigned min, max;  /* arguments */
	bool needs_privacy; /* TLS, or this machine */
	void (*run)(struct pop3_login *l, const struct pop3_words *w);
};

static bool is_private(const struct pop3_login *l)
{
	return l->s->has_tls || l->s->is_loopback;
}

static void close_with(struct pop3_login *l, const char *text)
{
	pop3_err(l->s->out, text);
	l->state = LOGIN_DONE;
	l->s->ops->close(l->s->ctx);
}

static void fault(struct pop3_login *l, const char *text)
{
	if (++l->faults >= FAULTS_MAX)
		close_with(l, "too many bad commands");
	else
		pop3_err(l->s->out, text);
}

static void run_capa(struct pop3_login *l, const struct pop3_words *w)
{
	struct buf *out = l->s->out;
	(void)w;
	pop3_ok(out, "capabilities");
	pop3_capabilities(out);
	if (l->s->tls_available && !l->s->has_tls)
		buf_put(out, V("STLS\r\n"));
	if (is_private(l)) {
		buf_put(out, V("USER\r\nSASL PLAIN LOGIN SCRAM-SHA-256"));
		if (l->s->has_tls)
			buf_put(out, V(" SCRAM-SHA-256-PLUS"));
		buf_put(out, V("\r\n"));
	}
	buf_put(out, V(".\r\n"));
}

static void run_quit(struct pop3_login *l, const struct pop3_words *w)
{
	(void)w;
	pop3_ok(l->s->out, "bye");
	l->state = LOGIN_DONE;
	l->s->ops->close(l->s->ctx);
}

static void run_stls(struct pop3_login *l, const struct pop3_words *w)
{
	(void)w;
	if (l->s->has_tls || !l->s->tls_available) {
		fault(l, l->s->has_tls ? "TLS is on already" : "no TLS here");
		return;
	}
	pop3_ok(l->s->out, "begin TLS");
	l->name_n = 0;
	l->state = LOGIN_TLS;
	l->s->ops->start_tls(l->s->ctx);
}

/* The name is the rest of the line: it may hold spaces. */
static void run_user(struct pop3_login *l, const struct pop3_words *w)
{
	if (w->rest.n > sizeof l->name) {
		fault(l, "name too long");
		return;
	}
	memcpy(l->name, w->rest.p, w->rest.n);
	l->name_n = w->rest.n;
	pop3_ok(l->s->out, "send PASS");
}

/* USER and PASS become the one mechanism PLAIN (RFC 4616). */
static void run_pass(struct pop3_login *l, const struct pop3_words *w)
{
	char plain[NAME_MAX_OCTETS + POP3_LINE_MAX + 2];
	size_t n = 0;
	if (l->name_n == 0) {
		fault(l, "USER first");
		return;
	}
	plain[n++] = '\0';
	memcpy(plain + n, l->name, l->name_n);
	n += l->name_n;
	plain[n++] = '\0';
	if (w->rest.n)
		memcpy(plain + n, w->rest.p, w->rest.n);
	n += w->rest.n;
	l->name_n = 0;
	l->state = LOGIN_WAITING;
	l->s->ops->auth_start(l->s->ctx, V("PLAIN"), (struct view){ plain, n });
	secret_wipe(plain, sizeof plain);
}

static int decoded(struct view text, struct buf *out)
{
	buf_init(out, SASL_LINE_MAX);
	return text.n ? base64_decode(text, out) : 0;
}

static void wiped(struct buf *b)
{
	if (b->p)
		secret_wipe(b->p, b->cap);
	buf_deinit(b);
}

/* "=" is an empty initial response (RFC 5034 4). */
static void run_auth(struct pop3_login *l, const struct pop3_words *w)
{
	struct buf initial;
	bool given = w->n_arguments > 1;
	struct view text = given ? w->arguments[1] : V_NONE;
	if (view_eq(text, V("=")))
		text = V_NONE;
	if (decoded(text, &initial) != 0) {
		wiped(&initial);
		fault(l, "bad base64");
		return;
	}
	struct view view = buf_view(&initial);
	if (given && !view.p)
		view = V("");
	l->state = LOGIN_WAITING;
	l->s->ops->auth_start(l->s->ctx, w->arguments[0], view);
	wiped(&initial);
}

static const struct login_command commands[] = {
	{ V_INIT("CAPA"), 0, 0, false, run_capa },
	{ V_INIT("QUIT"), 0, 0, false, run_quit },
	{ V_INIT("STLS"), 0, 0, false, run_stls },
	{ V_INIT("USER"), 1, 2, true, run_user },
	{ V_INIT("PASS"), 0, 2, true, run_pass },
	{ V_INIT("AUTH"), 1, 2, true, run_auth },
};

static const struct login_command *find(struct view keyword)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (view_ieq(commands[i].keyword, keyword))
			return &commands[i];
	return NULL;
}

static void dispatch(struct pop3_login *l, struct view line)
{
	struct pop3_words w;
	pop3_split(line, &w);
	const struct login_command *c = find(w.keyword);
	bool any_words = c && c->run == run_pass; /* spaces in a password */
	if (!c)
		fault(l, "unknown command, or log in first");
	else if (c->needs_privacy && !is_private(l))
		fault(l, "[SYS/PERM] use STLS first");
	else if (w.n_arguments < c->min || w.n_arguments > c->max ||
		 (w.too_many && !any_words))
		fault(l, "wrong number of arguments");
	else
		c->run(l, &w);
}

static void sasl_end(struct pop3_login *l, const char *text)
{
	l->state = LOGIN_COMMAND;
	l->s->ops->auth_cancel(l->s->ctx);
	fault(l, text);
}

static void sasl_response(struct pop3_login *l, struct view line)
{
	struct buf response;
	if (view_eq(line, V("*"))) { /* RFC 5034 4 */
		sasl_end(l, "cancelled");
		return;
	}
	if (decoded(line, &response) != 0) {
		sasl_end(l, "bad base64");
	} else {
		l->state = LOGIN_WAITING;
		l->s->ops->auth_next(l->s->ctx, buf_view(&response));
	}
	wiped(&response);
}

static bool take_line(struct pop3_login *l, struct view *in)
{
	enum line_fault why = LINE_FAULT_NONE;
	struct view line;
	struct view before = *in;
	bool sasl = l->state == LOGIN_SASL;
	/* AUTH with an initial response may be as long as a response. */
	bool is_long = sasl || view_istarts(*in, V("AUTH "));
	switch (line_take(
	    in, is_long ? SASL_LINE_MAX : POP3_LINE_MAX, &line, &why)) {
	case PARSE_MORE:
		return false;
	case PARSE_BAD:
		/* Or the next command would be taken for a response. */
		if (sasl)
			sasl_end(l, pop3_line_fault(why));
		else
			fault(l, pop3_line_fault(why));
		if (l->state != LOGIN_DONE && pop3_line_goes_on(before, *in))
			l->state = LOGIN_SKIPPING;
		return true;
	case PARSE_OK:
		break;
	}
	if (sasl)
		sasl_response(l, line);
	else
		dispatch(l, line);
	return true;
}

static size_t login_input(void *engine, struct view in)
{
	struct pop3_login *l = engine;
	struct view rest = in;
	for (;;) {
		if (l->state == LOGIN_DONE || l->state == LOGIN_TLS)
			return in.n;
		if (l->state == LOGIN_WAITING)
			break;
		if (l->state == LOGIN_SKIPPING) {
			if (!line_skip(&rest))
				break;
			l->state = LOGIN_COMMAND;
		}
		if (!take_line(l, &rest))
			break;
	}
	return in.n - rest.n;
}

static void *login_open(struct login_session *s)
{
	struct pop3_login *l = MUST_NEW(struct pop3_login);
	l->s = s;
	pop3_ok(s->out, "Mailcore POP3 ready");
	return l;
}

static void auth_challenge(void *engine, struct view challenge)
{
	struct pop3_login *l = engine;
	buf_put(l->s->out, V("+ "));
	base64_encode(challenge, l->s->out);
	buf_put(l->s->out, V("\r\n"));
	l->state = LOGIN_SASL;
}

static const char *const refusals[] = {
	[AUTH_STATUS_OK] = "",
	[AUTH_STATUS_FAILED] = "[AUTH] wrong name or password",
	[AUTH_STATUS_TEMP] = "[SYS/TEMP] try again later",
	[AUTH_STATUS_DISABLED] = "[SYS/PERM] this account may not use POP3",
	[AUTH_STATUS_BAD] = "malformed authentication exchange",
	[AUTH_STATUS_UNKNOWN_MECHANISM] = "unknown mechanism",
};

static void auth_result(void *engine, enum auth_status status)
{
	struct pop3_login *l = engine;
	if (status == AUTH_STATUS_OK) {
		l->state = LOGIN_DONE;
		return;
	}
	l->state = LOGIN_COMMAND;
	if (status == AUTH_STATUS_FAILED &&
	    ++l->failures >= (unsigned)l->s->conf->login_failures_max)
		close_with(l, "[AUTH] too many failures");
	else
		pop3_err(l->s->out, refusals[status]);
}

static void tls_up(void *engine)
{
	struct pop3_login *l = engine;
	l->s->has_tls = true;
	l->state = LOGIN_COMMAND;
}

static void login_bye(void *engine, const char *why)
{
	struct pop3_login *l = engine;
	pop3_err(l->s->out, why);
	l->state = LOGIN_DONE;
}

static void login_close(void *engine)
{
	free(engine);
}

/* RFC 3206 4: the answer to PASS or AUTH, which is still owed. */
static void unavailable(struct buf *out)
{
	pop3_err(out, "[SYS/TEMP] the maildrop cannot be opened now");
}

const struct login_protocol pop3_login_protocol = {
	.open = login_open,
	.input = login_input,
	.auth_challenge = auth_challenge,
	.auth_result = auth_result,
	.tls_up = tls_up,
	.bye = login_bye,
	.close = login_close,
	.unavailable = unavailable,
};
