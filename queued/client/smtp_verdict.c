#include "queued/client/smtp_verdict.h"

static const struct view stage_names[SMTP_STAGE_COUNT] = {
	[SMTP_STAGE_CONNECT] = V_INIT("connect"),
	[SMTP_STAGE_BANNER] = V_INIT("greeting"),
	[SMTP_STAGE_HELLO] = V_INIT("hello"),
	[SMTP_STAGE_STARTTLS] = V_INIT("starttls"),
	[SMTP_STAGE_TLS] = V_INIT("tls"),
	[SMTP_STAGE_AUTH] = V_INIT("auth"),
	[SMTP_STAGE_IDLE] = V_INIT("idle"),
	[SMTP_STAGE_MAIL] = V_INIT("mail"),
	[SMTP_STAGE_RCPT] = V_INIT("rcpt"),
	[SMTP_STAGE_DATA] = V_INIT("data"),
	[SMTP_STAGE_BODY] = V_INIT("message"),
	[SMTP_STAGE_END] = V_INIT("end"),
	[SMTP_STAGE_RSET] = V_INIT("rset"),
	[SMTP_STAGE_QUIT] = V_INIT("quit"),
};

struct view smtp_stage_name(enum smtp_stage stage)
{
	return stage_names[stage];
}

static bool has_status(
    const struct smtp_result *r, unsigned a, unsigned b, unsigned c)
{
	return r->enhanced[0] == a && r->enhanced[1] == b &&
	       r->enhanced[2] == c;
}

enum smtp_outcome smtp_verdict_outcome(const struct smtp_result *r)
{
	if (r->code == 0)
		return SMTP_OUTCOME_NOT_TRIED;
	if (r->code < 400)
		return SMTP_OUTCOME_OK;
	if (r->code < 500)
		return SMTP_OUTCOME_TEMP;
	/* A password that is wrong, or expired, is the administrator's to mend:
	 * no reason to send everybody's mail back. */
	if (r->stage == SMTP_STAGE_AUTH)
		return SMTP_OUTCOME_TEMP;
	/* RFC 5321 4.5.3.1.10: 552 for too many recipients "SHOULD" be taken
	 * "as a temporary, rather than permanent, failure". */
	if (r->stage == SMTP_STAGE_RCPT && r->code == 552 &&
	    has_status(r, 5, 5, 3))
		return SMTP_OUTCOME_TEMP;
	return SMTP_OUTCOME_PERM;
}

enum smtp_blame smtp_verdict_blame(const struct smtp_result *r)
{
	/* Nobody knows whether the peer has the message: asking another host
	 * at once would be the surest way to deliver it twice. */
	if (r->stage == SMTP_STAGE_END && r->is_ours)
		return SMTP_BLAME_MESSAGE;
	/* The whole session; 421 says that it is over, and so do we when the
	 * connection was lost. */
	if (r->stage < SMTP_STAGE_MAIL || r->stage > SMTP_STAGE_END ||
	    r->code == 421)
		return SMTP_BLAME_HOST;
	/* The peer broke the protocol; or it cannot keep a message that
	 * requires TLS safe, where others perhaps can (RFC 8689 4.2.1). */
	if (r->is_ours && (has_status(r, 4, 5, 0) || has_status(r, 5, 7, 30)))
		return SMTP_BLAME_HOST;
	return SMTP_BLAME_MESSAGE;
}
