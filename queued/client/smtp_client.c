#include "queued/client/smtp_client.h"
#include "base/panic.h"
#include "queued/client/smtp_client_state.h"
#include <string.h>

static void on_quit(struct smtp_client *c, size_t index)
{
	(void)index;
	smtp_client_end(c);
}

#define WAIT(field) offsetof(struct smtp_client_timeouts, field)

/* The only dispatcher of replies. */
static const struct stage {
	struct view doing; /* "timed out ..." */
	size_t timeout;    /* place in struct smtp_client_timeouts */
	void (*on_reply)(struct smtp_client *c, size_t index);
} stages[SMTP_STAGE_COUNT] = {
	[SMTP_STAGE_CONNECT] = { .doing = V_INIT("while connecting") },
	[SMTP_STAGE_BANNER] = { V_INIT("while waiting for the greeting"),
	    WAIT(banner_ms), smtp_client_on_banner },
	[SMTP_STAGE_HELLO] = { V_INIT("while waiting for the reply to EHLO"),
	    WAIT(hello_ms), smtp_client_on_hello },
	[SMTP_STAGE_STARTTLS] = { V_INIT("while waiting for the reply to "
					 "STARTTLS"),
	    WAIT(tls_ms), smtp_client_on_starttls },
	[SMTP_STAGE_TLS] = { V_INIT("in the TLS handshake"), WAIT(tls_ms),
	    NULL },
	[SMTP_STAGE_AUTH] = { V_INIT("while logging in"), WAIT(auth_ms),
	    smtp_client_on_auth },
	[SMTP_STAGE_IDLE] = { .doing = V_INIT("between messages") },
	[SMTP_STAGE_MAIL] = { V_INIT("while waiting for the reply to MAIL"),
	    WAIT(mail_ms), smtp_client_on_mail },
	[SMTP_STAGE_RCPT] = { V_INIT("while waiting for the reply to RCPT"),
	    WAIT(rcpt_ms), smtp_client_on_rcpt },
	[SMTP_STAGE_DATA] = { V_INIT("while waiting for the reply to DATA"),
	    WAIT(data_ms), smtp_client_on_data },
	[SMTP_STAGE_BODY] = { V_INIT("while sending the message"), WAIT(end_ms),
	    smtp_client_on_chunk },
	[SMTP_STAGE_END] = { V_INIT("while waiting for the reply to the "
				    "message"),
	    WAIT(end_ms), smtp_client_on_end },
	[SMTP_STAGE_RSET] = { V_INIT("while waiting for the reply to RSET"),
	    WAIT(rset_ms), smtp_client_on_rset },
	[SMTP_STAGE_QUIT] = { V_INIT("while waiting for the reply to QUIT"),
	    WAIT(quit_ms), on_quit },
};

_Static_assert((int)SMTP_CLIENT_LINE_MAX >= (int)REPLY_READER_LINE_MAX &&
		   (int)SMTP_RESULT_TEXT_MAX >= (int)REPLY_READER_TEXT_MAX,
    "what is promised to the owner");

struct smtp_client *smtp_client_new(const struct smtp_client_options *o)
{
	struct smtp_client *c = MUST_NEW(struct smtp_client);
	c->options = *o;
	buf_init(&c->out, SMTP_OUT_MAX);
	if (o->auth_user.n)
		buf_keep_secret(&c->out);
	if (o->tls == SMTP_TLS_IMPLICIT) {
		c->state = SMTP_CLIENT_TLS;
		smtp_client_notify(c, SMTP_EVENT_START_TLS);
	} else {
		smtp_client_sent(c, SMTP_STAGE_BANNER);
	}
	return c;
}

void smtp_client_free(struct smtp_client **cp)
{
	struct smtp_client *c = *cp;
	*cp = NULL;
	if (!c)
		return;
	buf_deinit(&c->out);
	scram_client_deinit(&c->scram);
	free(c);
}

struct buf *smtp_client_out(struct smtp_client *c)
{
	return &c->out;
}

const struct smtp_client_caps *smtp_client_caps(const struct smtp_client *c)
{
	return &c->caps;
}

void smtp_client_enter(struct smtp_client *c)
{
	c->n_gone += c->n_held - buf_len(&c->out);
	c->n_held = buf_len(&c->out);
}

void smtp_client_leave(struct smtp_client *c)
{
	if (buf_error(&c->out) && c->state != SMTP_CLIENT_OVER) {
		smtp_client_say(c, SMTP_STAGE_IDLE,
		    &REPLY(451, 4, 3, 0, "no memory for the session"));
		smtp_client_end(c);
	}
	c->n_held = buf_len(&c->out);
}

uint64_t smtp_client_out_end(const struct smtp_client *c)
{
	return c->n_gone + buf_len(&c->out);
}

void smtp_client_sent(struct smtp_client *c, enum smtp_stage stage)
{
	mc_assert(c->n_flight < SMTP_IN_FLIGHT_MAX);
	c->flight[c->n_flight++] = (struct smtp_flight){ .stage = stage,
		.end = smtp_client_out_end(c) };
}

void smtp_client_command(
    struct smtp_client *c, enum smtp_stage stage, struct view line)
{
	buf_put(&c->out, line);
	buf_put(&c->out, V("\r\n"));
	smtp_client_sent(c, stage);
}

bool smtp_client_may_pipeline(const struct smtp_client *c)
{
	if (c->n_flight == 0)
		return true;
	return c->caps.pipelining && c->n_flight < SMTP_IN_FLIGHT_MAX &&
	       buf_len(&c->out) < SMTP_OUT_COMMANDS;
}

void smtp_client_notify(struct smtp_client *c, enum smtp_client_event_kind kind)
{
	c->pending |= 1u << kind;
}

void smtp_client_say(
    struct smtp_client *c, enum smtp_stage stage, const struct reply *r)
{
	struct view text = view_head(r->text, sizeof c->note - 16);
	int n = snprintf(c->note, sizeof c->note, "%u %u.%u.%u %.*s", r->code,
	    r->enhanced[0], r->enhanced[1], r->enhanced[2], (int)text.n,
	    text.n ? text.p : "");
	c->result = (struct smtp_result){
		.code = r->code,
		.enhanced = { r->enhanced[0], r->enhanced[1], r->enhanced[2] },
		.text = { c->note, (size_t)n },
		.stage = stage,
		.is_ours = true,
	};
}

void smtp_client_end(struct smtp_client *c)
{
	if (c->state == SMTP_CLIENT_OVER)
		return;
	c->pending &= ~(1u << SMTP_EVENT_START_TLS | 1u << SMTP_EVENT_UP |
			1u << SMTP_EVENT_BODY);
	if (c->tx.mail) {
		smtp_client_tell_rest(c);
		smtp_client_notify(c, SMTP_EVENT_MAIL_DONE);
		c->may_go_on = false;
	} else if (!c->is_quitting) {
		smtp_client_notify(c, SMTP_EVENT_FAILED);
	}
	smtp_client_notify(c, SMTP_EVENT_CLOSE);
	c->n_flight = 0;
	c->state = SMTP_CLIENT_OVER;
}

void smtp_client_put_quit(struct smtp_client *c)
{
	c->is_quitting = true;
	c->state = SMTP_CLIENT_BUSY;
	smtp_client_command(c, SMTP_STAGE_QUIT, V("QUIT"));
}

void smtp_client_fail(struct smtp_client *c)
{
	smtp_client_notify(c, SMTP_EVENT_FAILED);
	smtp_client_put_quit(c);
}

void smtp_client_quit(struct smtp_client *c)
{
	if (c->state != SMTP_CLIENT_READY)
		return;
	smtp_client_enter(c);
	smtp_client_put_quit(c);
	smtp_client_leave(c);
}

/* What is being done now. */
static enum smtp_stage stage_of(const struct smtp_client *c)
{
	if (c->state == SMTP_CLIENT_TLS)
		return SMTP_STAGE_TLS;
	if (c->state == SMTP_CLIENT_BODY)
		return SMTP_STAGE_BODY;
	if (c->n_flight == 0)
		return SMTP_STAGE_IDLE;
	/* While the final dot is in out, the message surely is not taken. */
	if (c->flight[0].stage == SMTP_STAGE_END &&
	    c->flight[0].end > c->n_gone)
		return SMTP_STAGE_BODY;
	return c->flight[0].stage;
}

/* "text while ...[: why]" */
static void end_by(struct smtp_client *c, enum smtp_stage stage,
    const struct reply *r, struct view why)
{
	char text[SMTP_RESULT_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%.*s %.*s%s%.*s", (int)r->text.n,
	    r->text.p, (int)stages[stage].doing.n, stages[stage].doing.p,
	    why.n ? ": " : "", (int)why.n, why.n ? why.p : "");
	struct reply whole = *r;
	whole.text =
	    view_head((struct view){ text, (size_t)n }, sizeof text - 1);
	smtp_client_say(c, stage, &whole);
	smtp_client_end(c);
}

void smtp_client_broken(struct smtp_client *c, const char *why)
{
	end_by(c, c->result.stage, &REPLY(451, 4, 5, 0, "protocol error"),
	    view_of(why));
}

void smtp_client_closed(struct smtp_client *c, struct view why)
{
	if (c->state == SMTP_CLIENT_OVER)
		return;
	smtp_client_enter(c);
	end_by(c, stage_of(c), &REPLY(421, 4, 4, 2, "the connection was lost"),
	    why);
}

void smtp_client_timed_out(struct smtp_client *c)
{
	if (c->state == SMTP_CLIENT_OVER)
		return;
	smtp_client_enter(c);
	end_by(c, stage_of(c), &REPLY(421, 4, 4, 2, "timed out"), V_NONE);
}

void smtp_client_body_lost(struct smtp_client *c, struct view why)
{
	if (!c->tx.mail || c->state == SMTP_CLIENT_OVER)
		return;
	smtp_client_enter(c);
	end_by(c, stage_of(c),
	    &REPLY(451, 4, 3, 0, "its rest could not be read"), why);
}

uint32_t smtp_client_timeout_ms(const struct smtp_client *c)
{
	enum smtp_stage stage = stage_of(c);
	const char *all = (const char *)&c->options.timeouts;
	uint32_t ms;
	if (c->state == SMTP_CLIENT_OVER || stage == SMTP_STAGE_IDLE)
		return 0;
	if (stage == SMTP_STAGE_BODY && buf_len(&c->out))
		return c->options.timeouts.block_ms;
	/* The owner has the next move. */
	if (c->state == SMTP_CLIENT_BODY && c->n_flight == 0)
		return 0;
	memcpy(&ms, all + stages[stage].timeout, sizeof ms);
	return ms;
}

bool smtp_client_is_ok(struct smtp_client *c)
{
	if (c->result.code / 100 == 3)
		smtp_client_broken(c, "a reply that this command never has");
	return c->result.code / 100 == 2;
}

/* A reply to nothing, or to what has not left yet. Nobody can be asked what it
 * meant. */
static void take_untimely(struct smtp_client *c)
{
	bool is_refusal = c->result.code >= 400;
	c->result.stage = stage_of(c);
	/* A server may go at any time, and a message may be refused before it
	 * is complete; but with it half sent there is no way back. */
	if (c->result.code == 421 ||
	    (is_refusal && c->result.stage == SMTP_STAGE_BODY))
		smtp_client_end(c);
	else
		smtp_client_broken(c, "a reply came before its command");
}

static void set_result(struct smtp_client *c)
{
	const struct reply_reader *r = &c->reader;
	c->result = (struct smtp_result){
		.code = r->code,
		.enhanced = { (uint8_t)(r->code / 100), 0, 0 },
		.text = { r->text, r->n_text },
	};
	if (r->enhanced[0])
		memcpy(c->result.enhanced, r->enhanced, sizeof r->enhanced);
}

static void take_reply(struct smtp_client *c)
{
	set_result(c);
	if (c->n_flight == 0 || c->flight[0].end > c->n_gone) {
		take_untimely(c);
		return;
	}
	struct smtp_flight answered = c->flight[0];
	c->result.stage = answered.stage;
	if (c->result.code == 421) {
		smtp_client_end(c);
		return;
	}
	memmove(c->flight, c->flight + 1, --c->n_flight * sizeof c->flight[0]);
	stages[answered.stage].on_reply(c, answered.index);
}

static bool take_line(struct smtp_client *c, struct view *in)
{
	struct view line;
	const char *why;
	enum parse r = reply_reader_take(&c->reader, in, &line, &why);
	if (r == PARSE_BAD) {
		c->result.stage = stage_of(c);
		smtp_client_broken(c, why);
	}
	if (r != PARSE_OK)
		return false;
	if (c->n_flight && c->flight[0].stage == SMTP_STAGE_HELLO)
		smtp_client_hello_line(c, line);
	if (c->reader.is_whole)
		take_reply(c);
	return true;
}

/* What comes behind the reply to STARTTLS is not protected by TLS, whatever it
 * looks like: it is dropped. */
static bool listens(const struct smtp_client *c)
{
	return c->state != SMTP_CLIENT_TLS && c->state != SMTP_CLIENT_OVER;
}

size_t smtp_client_input(struct smtp_client *c, struct view in)
{
	struct view rest = in;
	smtp_client_enter(c);
	while (rest.n && !c->pending && !c->telling_rest && listens(c) &&
	       take_line(c, &rest))
		continue;
	if (!listens(c))
		rest = V_NONE;
	smtp_client_leave(c);
	return in.n - rest.n;
}

void smtp_client_tls_up(
    struct smtp_client *c, bool is_verified, struct view binding)
{
	if (c->state != SMTP_CLIENT_TLS)
		return;
	binding = view_head(binding, sizeof c->binding);
	c->n_binding = binding.n;
	if (binding.n)
		memcpy(c->binding, binding.p, binding.n);
	smtp_client_enter(c);
	c->has_tls = true;
	c->is_verified = is_verified;
	c->reader = (struct reply_reader){ 0 };
	c->state = SMTP_CLIENT_BUSY;
	if (c->options.tls == SMTP_TLS_IMPLICIT)
		smtp_client_sent(c, SMTP_STAGE_BANNER);
	else
		smtp_client_hello(c);
	smtp_client_leave(c);
}

/* About recipients: the one that result is about, then the rest. */
static bool next_rcpt(struct smtp_client *c, struct smtp_client_event *e)
{
	if (c->pending & 1u << SMTP_EVENT_RCPT) {
		c->pending &= ~(1u << SMTP_EVENT_RCPT);
		*e = (struct smtp_client_event){ .kind = SMTP_EVENT_RCPT,
			.index = c->told_rcpt,
			.result = c->result };
	} else if (c->telling_rest) {
		smtp_client_next_rest(c, e);
	} else {
		return false;
	}
	e->has_dsn = c->caps.dsn;
	return true;
}

bool smtp_client_next(struct smtp_client *c, struct smtp_client_event *e)
{
	if (next_rcpt(c, e))
		return true;
	for (unsigned kind = 0; kind < SMTP_EVENT_COUNT; kind++) {
		if (!(c->pending & 1u << kind))
			continue;
		c->pending &= ~(1u << kind);
		*e = (struct smtp_client_event){
			.kind = (enum smtp_client_event_kind)kind,
			.result = c->result,
			.may_go_on = c->may_go_on,
		};
		if (kind == SMTP_EVENT_MAIL_DONE)
			c->tx.mail = NULL;
		return true;
	}
	return false;
}
