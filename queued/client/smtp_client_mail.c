/* Transactions: RFC 5321 3.3; parameters of RFC 1870, 3461, 6152, 6531, 8689;
 * in groups as RFC 2920 3.1 has them. */
#include "base/panic.h"
#include "queued/client/smtp_client_state.h"
#include "text/path.h"
#include "text/scan.h"
#include "wire/msg.h"

/* It cannot end its line, nor its parameter. */
static bool may_stand(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return false;
	return true;
}

static bool may_stand_in_parameter(struct view v)
{
	return may_stand(v) && !view_has_byte(v, ' ');
}

static bool needs_utf8(const struct smtp_client_mail *m)
{
	bool needs = m->is_utf8 || scan_has_eightbit(m->sender);
	for (size_t i = 0; i < m->n_rcpts && !needs; i++)
		needs = scan_has_eightbit(m->rcpts[i].address);
	return needs;
}

static bool is_session_over(const struct smtp_client *c)
{
	return c->state == SMTP_CLIENT_OVER;
}

static bool is_too_large(const struct smtp_client *c)
{
	return c->caps.max_size && c->tx.mail->size > c->caps.max_size;
}

static bool lacks_8bit(const struct smtp_client *c)
{
	return c->tx.mail->is_8bit && c->options.refuse_8bit &&
	       !c->caps.eightbitmime;
}

static bool lacks_utf8(const struct smtp_client *c)
{
	return !c->caps.smtputf8 && needs_utf8(c->tx.mail);
}

static bool is_safe(const struct smtp_client *c)
{
	return c->has_tls && c->is_verified && c->caps.requiretls;
}

/* RFC 8689 4.2.1; 5: no reason to discard a notification. */
static bool lacks_safety(const struct smtp_client *c)
{
	const struct smtp_client_mail *m = c->tx.mail;
	return m->requires_tls && m->sender.n && !is_safe(c);
}

static bool has_bad_sender(const struct smtp_client *c)
{
	return !may_stand(c->tx.mail->sender);
}

/* Why a message is not even begun here. */
static const struct obstacle {
	bool (*is_there)(const struct smtp_client *c);
	struct reply reply;
} obstacles[] = {
	{ is_session_over,
	    { 421, { 4, 4, 2 }, V_INIT("the session is over") } },
	{ has_bad_sender, { 553, { 5, 1, 7 },
			      V_INIT("the sender's address cannot be sent") } },
	{ is_too_large,
	    { 552, { 5, 3, 4 },
		V_INIT("the message is larger than the host takes") } },
	{ lacks_8bit, { 554, { 5, 6, 3 },
			  V_INIT("the host does not take 8-bit messages") } },
	{ lacks_utf8,
	    { 553, { 5, 6, 7 },
		V_INIT("the host does not take internationalized mail") } },
	{ lacks_safety,
	    { 550, { 5, 7, 30 },
		V_INIT("REQUIRETLS is asked for, the host does not have "
		       "it") } },
};

static bool meets_obstacle(struct smtp_client *c)
{
	for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++)
		if (obstacles[i].is_there(c)) {
			smtp_client_say(
			    c, SMTP_STAGE_MAIL, &obstacles[i].reply);
			return true;
		}
	return false;
}

static struct view domain_of(struct view address)
{
	return view_skip(address, view_rfind_byte(address, '@'));
}

static bool is_new_domain(const struct smtp_transaction *tx, size_t index)
{
	struct view domain = domain_of(tx->mail->rcpts[index].address);
	for (size_t i = 0; i < index; i++)
		if (tx->rcpts[i] == SMTP_RCPT_UNSENT &&
		    view_ieq(domain_of(tx->mail->rcpts[i].address), domain))
			return false;
	return true;
}

/* RFC 9422: what is beyond the peer's limits is not tried. */
static void choose_rcpts(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	size_t max = SMTP_CLIENT_RCPTS_MAX;
	uint32_t n_domains = 0, domains_max = c->caps.rcpt_domain_max;
	if (c->caps.rcpt_max && c->caps.rcpt_max < max)
		max = c->caps.rcpt_max;
	if (tx->n_taken > max)
		tx->n_taken = max;
	for (size_t i = 0; i < tx->n_taken; i++) {
		if (!may_stand(tx->mail->rcpts[i].address))
			tx->rcpts[i] = SMTP_RCPT_BAD;
		else if (domains_max && is_new_domain(tx, i) &&
			 ++n_domains > domains_max)
			tx->rcpts[i] = SMTP_RCPT_NOT_TRIED;
	}
}

static void put_parameter(struct buf *out, struct view name, struct view value)
{
	if (!value.n || !may_stand_in_parameter(value))
		return;
	buf_put(out, name);
	buf_put(out, value);
}

static void put_mail(struct smtp_client *c)
{
	static const struct view rets[] = { [SMTP_RET_NONE] = V_INIT(""),
		[SMTP_RET_FULL] = V_INIT("FULL"),
		[SMTP_RET_HDRS] = V_INIT("HDRS") };
	const struct smtp_client_mail *m = c->tx.mail;
	struct buf *out = &c->out;
	buf_put(out, V("MAIL FROM:<"));
	buf_put(out, m->sender);
	buf_put(out, V(">"));
	if (c->caps.size)
		buf_printf(out, " SIZE=%llu", (unsigned long long)m->size);
	if (c->caps.eightbitmime && m->is_8bit)
		buf_put(out, V(" BODY=8BITMIME"));
	if (c->caps.smtputf8 && needs_utf8(m))
		buf_put(out, V(" SMTPUTF8"));
	if (m->requires_tls && is_safe(c))
		buf_put(out, V(" REQUIRETLS"));
	if (c->caps.dsn) {
		put_parameter(out, V(" RET="), rets[m->ret]);
		put_parameter(out, V(" ENVID="), m->envid);
	}
	smtp_client_command(c, SMTP_STAGE_MAIL, V_NONE);
}

static const struct {
	uint8_t bit;
	struct view name;
} conditions[] = {
	{ NOTIFY_NEVER, V_INIT("NEVER") },
	{ NOTIFY_SUCCESS, V_INIT("SUCCESS") },
	{ NOTIFY_FAILURE, V_INIT("FAILURE") },
	{ NOTIFY_DELAY, V_INIT("DELAY") },
};

static void put_notify(struct buf *out, uint8_t notify)
{
	struct view before = V(" NOTIFY=");
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		if (!(notify & conditions[i].bit))
			continue;
		buf_put(out, before);
		buf_put(out, conditions[i].name);
		before = V(",");
	}
}

static void put_rcpt(struct smtp_client *c, size_t index)
{
	const struct smtp_client_rcpt *r = &c->tx.mail->rcpts[index];
	struct buf *out = &c->out;
	buf_put(out, V("RCPT TO:<"));
	buf_put(out, r->address);
	buf_put(out, V(">"));
	if (c->caps.dsn) {
		put_notify(out, r->notify);
		put_parameter(out, V(" ORCPT="), r->orcpt);
	}
	smtp_client_command(c, SMTP_STAGE_RCPT, V_NONE);
	c->flight[c->n_flight - 1].index = index;
	c->tx.rcpts[index] = SMTP_RCPT_SENT;
}

static void put_rcpts(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	while (tx->next < tx->n_taken && smtp_client_may_pipeline(c)) {
		if (tx->rcpts[tx->next] == SMTP_RCPT_UNSENT)
			put_rcpt(c, tx->next);
		tx->next++;
	}
}

/* DATA goes with the recipients (RFC 2920 3.1) when one of them may still be
 * accepted. */
static void put_data(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	if (c->caps.chunking || tx->data_sent || tx->next < tx->n_taken ||
	    !smtp_client_may_pipeline(c) || (!c->n_flight && !tx->n_accepted))
		return;
	smtp_client_command(c, SMTP_STAGE_DATA, V("DATA"));
	tx->data_sent = true;
}

static enum smtp_rcpt_state state_of(
    const struct smtp_transaction *tx, size_t index)
{
	if (index >= SMTP_CLIENT_RCPTS_MAX)
		return SMTP_RCPT_NOT_TRIED;
	if (index >= tx->n_taken && tx->rcpts[index] == SMTP_RCPT_UNSENT)
		return SMTP_RCPT_NOT_TRIED;
	return (enum smtp_rcpt_state)tx->rcpts[index];
}

static void find_rest(struct smtp_client *c, size_t from)
{
	size_t n = c->tx.mail->n_rcpts;
	while (from < n && state_of(&c->tx, from) == SMTP_RCPT_TOLD)
		from++;
	c->rest = from;
	c->telling_rest = from < n;
}

void smtp_client_tell_rest(struct smtp_client *c)
{
	if (c->tx.is_over)
		return;
	c->tx.is_over = true;
	find_rest(c, 0);
}

void smtp_client_next_rest(struct smtp_client *c, struct smtp_client_event *e)
{
	static const struct smtp_result bad = { 553, { 5, 1, 3 },
		V_INIT("553 5.1.3 the recipient's address cannot be sent"),
		SMTP_STAGE_RCPT, true };
	static const struct smtp_result not_tried = { .stage = SMTP_STAGE_RCPT,
		.is_ours = true };
	enum smtp_rcpt_state state = state_of(&c->tx, c->rest);
	*e = (struct smtp_client_event){
		.kind = SMTP_EVENT_RCPT,
		.index = c->rest,
		.result = state == SMTP_RCPT_BAD         ? bad
			  : state == SMTP_RCPT_NOT_TRIED ? not_tried
							 : c->result,
	};
	find_rest(c, c->rest + 1);
}

static void tell(struct smtp_client *c, size_t index)
{
	c->tx.rcpts[index] = SMTP_RCPT_TOLD;
	c->told_rcpt = index;
	smtp_client_notify(c, SMTP_EVENT_RCPT);
}

static void finish(struct smtp_client *c, bool is_healthy)
{
	uint32_t max = c->caps.mail_max;
	c->may_go_on = is_healthy && (max == 0 || c->n_mails < max);
	smtp_client_notify(c, SMTP_EVENT_MAIL_DONE);
	c->state = SMTP_CLIENT_READY;
	if (!c->may_go_on)
		smtp_client_put_quit(c);
}

void smtp_client_go_on(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	if (!tx->is_over) {
		put_rcpts(c);
		put_data(c);
	}
	if (c->n_flight)
		return;
	if (!tx->is_over && tx->n_accepted) {
		smtp_client_begin_body(c);
		return;
	}
	smtp_client_tell_rest(c); /* who was not tried */
	if (tx->is_held)
		smtp_client_command(c, SMTP_STAGE_RSET, V("RSET"));
	else
		finish(c, true);
}

void smtp_client_mail(struct smtp_client *c, const struct smtp_client_mail *m)
{
	mc_assert(c->state == SMTP_CLIENT_READY || is_session_over(c));
	mc_assert(!c->tx.mail);
	smtp_client_enter(c);
	c->tx = (struct smtp_transaction){
		.mail = m,
		.n_taken = m->n_rcpts,
		.left = m->size,
	};
	if (meets_obstacle(c)) {
		smtp_client_tell_rest(c);
		c->may_go_on = !is_session_over(c);
		smtp_client_notify(c, SMTP_EVENT_MAIL_DONE);
	} else {
		choose_rcpts(c);
		c->n_mails++;
		c->state = SMTP_CLIENT_BUSY;
		put_mail(c);
		smtp_client_go_on(c);
	}
	smtp_client_leave(c);
}

void smtp_client_on_mail(struct smtp_client *c, size_t index)
{
	(void)index;
	if (smtp_client_is_ok(c))
		c->tx.is_held = true;
	else if (!is_session_over(c))
		smtp_client_tell_rest(c);
	if (!is_session_over(c))
		smtp_client_go_on(c);
}

/* RFC 5321 4.5.3.1.10: 452, and 552 of servers of old, for too many recipients;
 * the status of a mailbox (X.2.X) or of the whole host (X.3.X) is another
 * matter. */
static bool is_too_many(const struct smtp_client *c)
{
	const struct smtp_result *r = &c->result;
	bool says_so = r->enhanced[1] == 5 && r->enhanced[2] == 3;
	bool says_nothing = r->enhanced[1] == 0 && r->enhanced[2] == 0;
	return c->tx.n_accepted > 0 &&
	       ((r->code == 452 && (says_so || says_nothing)) ||
		   (r->code == 552 && says_so));
}

void smtp_client_on_rcpt(struct smtp_client *c, size_t index)
{
	struct smtp_transaction *tx = &c->tx;
	bool is_ok = smtp_client_is_ok(c);
	if (is_session_over(c))
		return;
	if (tx->is_over) {
		/* refused as a whole: all are told */
	} else if (is_ok) {
		tx->rcpts[index] = SMTP_RCPT_ACCEPTED;
		tx->n_accepted++;
	} else if (is_too_many(c)) {
		tx->rcpts[index] = SMTP_RCPT_NOT_TRIED;
		tx->n_taken = tx->next;
	} else {
		tell(c, index);
	}
	smtp_client_go_on(c);
}

/* 354 with nobody to send to: pipelined DATA that should have been refused. The
 * empty message ends it (RFC 2920 3.1). LMTP has no reply to a message for
 * nobody (RFC 2033 4.2), so that nothing could be waited for. */
static void put_nothing(struct smtp_client *c)
{
	smtp_client_tell_rest(c);
	if (c->options.is_lmtp) {
		smtp_client_broken(c, "DATA is accepted without a recipient");
		return;
	}
	smtp_client_command(c, SMTP_STAGE_END, V("."));
}

void smtp_client_on_data(struct smtp_client *c, size_t index)
{
	struct smtp_transaction *tx = &c->tx;
	(void)index;
	if (c->result.code == 354) {
		if (tx->is_over || tx->n_accepted == 0)
			put_nothing(c);
		else
			smtp_client_begin_body(c);
		return;
	}
	if (c->result.code < 400) {
		smtp_client_broken(c, "a reply that DATA never has");
		return;
	}
	if (tx->n_accepted)
		smtp_client_tell_rest(c);
	smtp_client_go_on(c);
}

/* LMTP: one reply for each recipient that was accepted, in their order
 * (RFC 2033 4.2). */
static void end_of_one(struct smtp_client *c)
{
	struct smtp_transaction *tx = &c->tx;
	size_t index = tx->n_ended;
	while (tx->rcpts[index] != SMTP_RCPT_ACCEPTED)
		index++;
	tx->n_ended = index + 1;
	tell(c, index);
	if (--tx->n_accepted)
		smtp_client_sent(c, SMTP_STAGE_END);
}

void smtp_client_on_end(struct smtp_client *c, size_t index)
{
	struct smtp_transaction *tx = &c->tx;
	bool is_ok = smtp_client_is_ok(c);
	(void)index;
	if (is_session_over(c))
		return;
	/* RFC 3030 2: after a chunk that failed, RSET. */
	tx->is_held = c->caps.chunking && !is_ok;
	if (tx->is_over) {
		/* the end of nothing, or of chunks that failed before */
	} else if (c->options.is_lmtp) {
		end_of_one(c);
	} else {
		tx->n_accepted = 0;
		smtp_client_tell_rest(c);
	}
	smtp_client_go_on(c);
}

void smtp_client_on_rset(struct smtp_client *c, size_t index)
{
	(void)index;
	bool is_ok = smtp_client_is_ok(c);
	if (!is_session_over(c))
		finish(c, is_ok);
}
