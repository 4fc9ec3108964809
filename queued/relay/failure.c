#include "queued/relay/relay.h"
#include <stdio.h>
#include <string.h>

static enum relay_stage stage_of(enum smtp_stage stage)
{
	switch (stage) {
	case SMTP_STAGE_CONNECT:
		return RELAY_STAGE_CONNECT;
	case SMTP_STAGE_BANNER:
		return RELAY_STAGE_GREETING;
	case SMTP_STAGE_HELLO:
		return RELAY_STAGE_HELLO;
	case SMTP_STAGE_STARTTLS:
	case SMTP_STAGE_TLS:
		return RELAY_STAGE_TLS;
	case SMTP_STAGE_AUTH:
		return RELAY_STAGE_AUTH;
	case SMTP_STAGE_IDLE:
	case SMTP_STAGE_MAIL:
	case SMTP_STAGE_RCPT:
	case SMTP_STAGE_DATA:
	case SMTP_STAGE_BODY:
	case SMTP_STAGE_END:
	case SMTP_STAGE_RSET:
	case SMTP_STAGE_QUIT:
	case SMTP_STAGE_COUNT:
		break;
	}
	return RELAY_STAGE_READY;
}

/* One host that may take the mail later counts more than others that never
 * will; of those, who said more; of those, the one that came first. */
static unsigned weight(enum relay_stage stage, uint16_t code)
{
	return (code / 100 == 5 ? 0 : RELAY_STAGE_COUNT) + (unsigned)stage;
}

static void copy(char *out, size_t cap, struct view v)
{
	v = view_head(v, cap - 1);
	if (v.n)
		memcpy(out, v.p, v.n);
	out[v.n] = '\0';
}

static void note(struct relay_session *s, enum relay_stage stage, uint16_t code,
    struct view text)
{
	struct relay_failure *f = &s->failure;
	struct log_ctx log = relay_log(s);
	LOG(&log, DEBUG, "relay.failed", KV_VIEW("host", s->host.name),
	    KV_STR("address", s->them.text), KV_VIEW("reason", text));
	if (f->is_any && weight(stage, code) <= weight(f->stage, f->code))
		return;
	f->is_any = true;
	f->stage = stage;
	f->code = code;
	copy(f->host, sizeof f->host, s->host.name);
	copy(f->text, sizeof f->text, text);
}

void relay_failure_note(
    struct relay_session *s, enum relay_stage stage, struct view text)
{
	/* RFC 3463 3.5, 3.8 */
	static const char *const codes[RELAY_STAGE_COUNT] = {
		[RELAY_STAGE_CONNECT] = "4.4.1",
		[RELAY_STAGE_TLS] = "4.7.5",
		[RELAY_STAGE_AUTH] = "4.7.0",
	};
	char full[400];
	int n = snprintf(full, sizeof full, "%s %.*s",
	    codes[stage] ? codes[stage] : "4.4.2", (int)view_head(text, 380).n,
	    text.p);
	note(s, stage, 0, (struct view){ full, (size_t)n });
}

void relay_failure_note_result(
    struct relay_session *s, const struct smtp_result *r)
{
	note(s, stage_of(r->stage), r->is_ours ? 0 : r->code, r->text);
}
