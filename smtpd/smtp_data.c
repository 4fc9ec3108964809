/* The message itself, RFC 5321 4.1.1.4: from 354 to the final reply. What is
 * wrong with it is told at its end only; until then the client's bytes are
 * read and dropped, so that none of them is ever taken for a command. */
#include "base/panic.h"
#include "smtpd/smtp_command.h"
#include <errno.h>
#include <string.h>

enum {
	PIECE_MAX = 16384, /* input taken at once */
	/* A piece can grow by half (bare newlines repaired), and the fields
	 * that a submission lacks may come on top. */
	BODY_CAP = SMTP_BODY_MAX + 2 * PIECE_MAX + 4096,
	/* What a client may send on top of the limit before we hang up. */
	DRAIN_MAX = 64 << 20,
};

#define REPLY_FULL REPLY(452, 4, 3, 1, "Insufficient system storage")
#define REPLY_TEMP REPLY(451, 4, 3, 0, "Temporary failure, try again later")

void smtp_data_init(struct smtp_session *s)
{
	buf_init(&s->data.body, BODY_CAP);
}

void smtp_data_reset(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	struct buf body = d->body;
	if (d->has_spool)
		s->env.ops->abort(s->env.ctx);
	buf_reset(&body);
	buf_trim(&body);
	*d = (struct smtp_data){ .body = body };
}

void smtp_data_begin(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	s->mode = SMTP_MODE_DATA;
	s->n_messages++;
	dot_reader_init(&d->reader, s->env.limits->bare_newline);
	smtp_trace_put(s, &d->body);
	d->judged = buf_len(&d->body);
}

static void finish(struct smtp_session *s)
{
	smtp_reset(s);
	s->mode = SMTP_MODE_COMMAND;
	smtp_stop_if_asked(s);
}

static void log_refused(struct smtp_session *s, const struct reply *r)
{
	LOG(s->env.log, INFO, "message.reject",
	    KV_VIEW("remote", s->env.remote), KV_INT("code", r->code),
	    KV_VIEW("reason", r->text), KV_VIEW("from", s->sender),
	    KV_INT("nrcpt", s->n_rcpts), KV_INT("size", s->data.octets));
}

/* From now on the data is only read to its end. */
static void refuse(struct smtp_session *s, const struct reply *r)
{
	struct smtp_data *d = &s->data;
	if (d->refuse.code)
		return;
	d->refuse = *r;
	if (d->has_spool)
		s->env.ops->abort(s->env.ctx);
	d->has_spool = false;
	buf_reset(&d->body);
	buf_trim(&d->body);
	d->judged = 0;
}

static void end_refused(struct smtp_session *s)
{
	struct reply r = s->data.refuse;
	log_refused(s, &r);
	if (r.code / 100 == 5)
		smtp_refuse(s, &r);
	else
		smtp_reply(s, &r);
	if (s->mode == SMTP_MODE_DATA)
		finish(s);
}

static uint32_t flags_of(const struct smtp_session *s)
{
	uint32_t flags = s->flags;
	/* RFC 8689 4.1: the parameter makes the field void. */
	if (header_watch_tls_optional(&s->data.header) &&
	    !(flags & SUBMIT_FLAG_REQUIRETLS))
		flags |= SUBMIT_FLAG_TLS_OPTIONAL;
	if (s->data.header.is_8bit && flags & SUBMIT_FLAG_SMTPUTF8)
		flags |= SUBMIT_FLAG_UTF8_HEADER;
	return flags;
}

static struct smtp_message message_of(const struct smtp_session *s)
{
	const struct smtp_data *d = &s->data;
	return (struct smtp_message){
		.sender = s->sender,
		.account = smtp_account(s),
		.helo = smtp_helo(s),
		.envid = s->envid,
		.rcpts = s->rcpts,
		.n_rcpts = s->n_rcpts,
		.flags = flags_of(s),
		.spooled = d->has_spool,
		.body = d->has_spool ? V_NONE : buf_view(&d->body),
		.size = d->spooled + buf_len(&d->body),
	};
}

static void ask_spool(struct smtp_session *s)
{
	struct smtp_message m = message_of(s);
	uint64_t token = smtp_wait(s, SMTP_WAIT_SPOOL);
	s->data.has_spool = true;
	s->env.ops->spool(s->env.ctx, token, &m);
}

/* What the header watch has not passed yet stays: fields may have to be put in
 * front of it. */
static void write_out(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	struct view piece = view_head(buf_view(&d->body), d->judged);
	if (piece.n == 0)
		return;
	int r = s->env.ops->write(s->env.ctx, piece);
	if (r == -ENOSPC || r == -EDQUOT || r == MC_E_FULL)
		refuse(s, &REPLY_FULL);
	else if (r)
		refuse(s, &REPLY_TEMP);
	if (r)
		return;
	d->spooled += piece.n;
	d->judged = 0;
	buf_consume(&d->body, piece.n);
}

static void commit(struct smtp_session *s)
{
	if (s->data.has_spool)
		write_out(s);
	if (s->data.refuse.code) {
		end_refused(s);
		return;
	}
	struct smtp_message m = message_of(s);
	uint64_t token = smtp_wait(s, SMTP_WAIT_COMMIT);
	s->data.has_spool = false;
	s->env.ops->commit(s->env.ctx, token, &m);
}

/* Puts what a submission lacks where its header ends: d->judged. */
static void complete_header(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	char fields[1024];
	struct buf *body = &d->body;
	size_t held = buf_len(body);
	smtp_missing_put(s, body);
	size_t n = buf_len(body) - held;
	if (n == 0 || buf_error(body))
		return;
	mc_assert(n <= sizeof fields);
	char *at = body->p + body->start + d->judged;
	memcpy(fields, body->p + body->start + held, n);
	memmove(at + n, at, held - d->judged);
	memcpy(at, fields, n);
	d->judged += n;
}

static void judge_header(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	struct header_watch *h = &d->header;
	struct view v = view_skip(buf_view(&d->body), d->judged);
	d->judged += header_watch_feed(h, v, d->ended);
	if (h->octets > s->env.limits->header_bytes)
		refuse(s, &REPLY(552, 5, 3, 4, "Message header too large"));
	/* RFC 5321 6.3: the sign of a loop. */
	else if (h->hops > s->env.limits->hops)
		refuse(s, &REPLY(554, 5, 4, 6, "Too many hops"));
	else if (h->is_over && smtp_is_submission(s))
		complete_header(s);
}

static void judge(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	if (d->octets > s->env.limits->message_bytes)
		refuse(s, &REPLY(552, 5, 3, 4, "Message too large"));
	if (d->ended && d->reader.nul_seen)
		refuse(s, &REPLY(550, 5, 6, 0, "NUL in the message"));
	if (d->ended && d->reader.bare_seen &&
	    d->reader.policy == BARE_NEWLINE_REFUSE)
		refuse(s, &REPLY(550, 5, 6, 0, "Bare CR or LF in the message"));
	if (!d->refuse.code && !d->header.is_over)
		judge_header(s);
	if (!d->refuse.code && d->header.is_over)
		d->judged = buf_len(&d->body);
	if (buf_error(&d->body)) /* no memory */
		refuse(s, &REPLY_TEMP);
}

/* The body as it now stands is judged: where does it go? */
static void go_on(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	bool is_large = buf_len(&d->body) > SMTP_BODY_MAX;
	if (d->refuse.code && d->ended)
		end_refused(s);
	else if (!d->refuse.code && is_large && !d->has_spool)
		ask_spool(s);
	else if (d->ended)
		commit(s);
	else if (is_large)
		write_out(s);
}

static void drained_enough(struct smtp_session *s)
{
	struct smtp_data *d = &s->data;
	if (d->octets < s->env.limits->message_bytes + DRAIN_MAX)
		return;
	log_refused(s, &d->refuse);
	smtp_reply(s, &d->refuse);
	smtp_close(s);
}

bool smtp_data_read(struct smtp_session *s, struct view *in)
{
	struct smtp_data *d = &s->data;
	struct view piece = view_head(*in, PIECE_MAX);
	size_t held = buf_len(&d->body), n = piece.n;
	d->ended = dot_reader_feed(&d->reader, &piece, &d->body) == PARSE_OK;
	*in = view_skip(*in, n - piece.n);
	d->octets += buf_len(&d->body) - held;
	if (d->refuse.code)
		buf_reset(&d->body);
	judge(s);
	go_on(s);
	if (s->mode == SMTP_MODE_DATA && d->refuse.code)
		drained_enough(s);
	return piece.n < n;
}

void smtp_session_spool_is(
    struct smtp_session *s, uint64_t token, enum submit_status status)
{
	struct smtp_data *d = &s->data;
	if (!smtp_answers(s, SMTP_WAIT_SPOOL, token))
		return;
	if (status != SUBMIT_STATUS_OK) {
		d->has_spool = false; /* nothing to give up */
		refuse(s,
		    status == SUBMIT_STATUS_FULL ? &REPLY_FULL : &REPLY_TEMP);
	} else {
		write_out(s);
	}
	if (d->ended)
		d->refuse.code ? end_refused(s) : commit(s);
}

static void put_accepted(struct smtp_session *s, uint64_t queue_id)
{
	char text[64];
	int n = snprintf(
	    text, sizeof text, "Queued as %llx", (unsigned long long)queue_id);
	s->n_accepted++;
	s->n_errors = 0;
	LOG(s->env.log, INFO, "message.accepted", KV_HEX("queue", queue_id),
	    KV_VIEW("remote", s->env.remote), KV_VIEW("from", s->sender),
	    KV_INT("nrcpt", s->n_rcpts),
	    KV_INT("size", s->data.spooled + buf_len(&s->data.body)),
	    KV_VIEW("tls", s->has_tls ? s->tls.version : V("none")),
	    KV_VIEW("auth", s->is_authed ? smtp_account(s) : V("none")));
	smtp_reply(s, &(struct reply){ 250, { 2, 0, 0 }, { text, (size_t)n } });
}

void smtp_session_committed(struct smtp_session *s, uint64_t token,
    enum submit_status status, uint64_t queue_id)
{
	if (!smtp_answers(s, SMTP_WAIT_COMMIT, token))
		return;
	switch (status) {
	case SUBMIT_STATUS_OK:
		put_accepted(s, queue_id);
		finish(s);
		return;
	case SUBMIT_STATUS_TEMP:
		s->data.refuse = REPLY_TEMP;
		break;
	case SUBMIT_STATUS_FULL:
		s->data.refuse = REPLY_FULL;
		break;
	case SUBMIT_STATUS_LIMIT:
		s->data.refuse =
		    REPLY(452, 4, 3, 2, "Too much at once, try again later");
		break;
	}
	end_refused(s);
}
