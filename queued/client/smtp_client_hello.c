/* From the greeting to UP: RFC 5321 3.1, 3.2, 4.1.1.1; STARTTLS, RFC 3207. */
#include "queued/client/smtp_client_state.h"

/* RFC 1870 4: "SIZE [n]", 0 or nothing: no limit is said. */
static void take_size(struct smtp_client_caps *caps, struct view arguments)
{
	caps->size = true;
	if (!view_u64(view_trim(arguments), &caps->max_size))
		caps->max_size = 0;
}

static void take_auth(struct smtp_client_caps *caps, struct view arguments)
{
	while (arguments.n) {
		struct view name;
		view_cut(&arguments, ' ', &name);
		caps->auth_scram_plus |=
		    view_ieq(name, V("SCRAM-SHA-256-PLUS"));
		caps->auth_scram |= view_ieq(name, V("SCRAM-SHA-256"));
		caps->auth_plain |= view_ieq(name, V("PLAIN"));
		caps->auth_login |= view_ieq(name, V("LOGIN"));
	}
}

/* RFC 9422 4: what is malformed or not known is ignored. */
static void take_limits(struct smtp_client_caps *caps, struct view arguments)
{
	while (arguments.n) {
		struct view name, value;
		uint32_t n;
		view_cut(&arguments, ' ', &value);
		if (!view_cut(&value, '=', &name) || !view_u32(value, &n))
			continue;
		if (view_ieq(name, V("RCPTMAX")))
			caps->rcpt_max = n;
		else if (view_ieq(name, V("MAILMAX")))
			caps->mail_max = n;
		else if (view_ieq(name, V("RCPTDOMAINMAX")))
			caps->rcpt_domain_max = n;
	}
}

#define FLAG(field) offsetof(struct smtp_client_caps, field)

static const struct keyword {
	struct view name;
	size_t flag; /* place of a bool; unless take */
	void (*take)(struct smtp_client_caps *caps, struct view arguments);
} keywords[] = {
	{ V_INIT("PIPELINING"), FLAG(pipelining), NULL },
	{ V_INIT("8BITMIME"), FLAG(eightbitmime), NULL },
	{ V_INIT("SMTPUTF8"), FLAG(smtputf8), NULL },
	{ V_INIT("DSN"), FLAG(dsn), NULL },
	{ V_INIT("CHUNKING"), FLAG(chunking), NULL },
	{ V_INIT("REQUIRETLS"), FLAG(requiretls), NULL },
	{ V_INIT("STARTTLS"), FLAG(starttls), NULL },
	{ V_INIT("ENHANCEDSTATUSCODES"), FLAG(enhanced), NULL },
	{ V_INIT("SIZE"), 0, take_size },
	{ V_INIT("AUTH"), 0, take_auth },
	{ V_INIT("LIMITS"), 0, take_limits },
};

/* Servers of old times say "AUTH=LOGIN PLAIN". */
static size_t keyword_size(struct view line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '=')
		n++;
	return n;
}

void smtp_client_hello_line(struct smtp_client *c, struct view line)
{
	struct view name = view_head(line, keyword_size(line));
	struct view arguments = view_skip(line, name.n + 1);
	if (c->reader.n_lines == 1 || c->reader.code / 100 != 2)
		return; /* the greeting */
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
		const struct keyword *k = &keywords[i];
		if (!view_ieq(name, k->name))
			continue;
		if (k->take)
			k->take(&c->caps, arguments);
		else
			*(bool *)((char *)&c->caps + k->flag) = true;
	}
}

/* All that was learned before is forgotten. */
void smtp_client_hello(struct smtp_client *c)
{
	c->caps = (struct smtp_client_caps){ .is_esmtp = !c->said_helo };
	buf_put(&c->out, c->options.is_lmtp ? V("LHLO ")
			 : c->said_helo     ? V("HELO ")
					    : V("EHLO "));
	smtp_client_command(c, SMTP_STAGE_HELLO, c->options.name);
}

void smtp_client_on_banner(struct smtp_client *c, size_t index)
{
	(void)index;
	if (smtp_client_is_ok(c))
		smtp_client_hello(c);
	else if (c->state != SMTP_CLIENT_OVER)
		smtp_client_fail(c);
}

static void greeted(struct smtp_client *c)
{
	if (c->options.auth_user.n) {
		smtp_client_auth(c);
		return;
	}
	c->state = SMTP_CLIENT_READY;
	smtp_client_notify(c, SMTP_EVENT_UP);
}

static bool wants_tls(const struct smtp_client *c)
{
	return !c->has_tls && c->options.tls != SMTP_TLS_NEVER;
}

void smtp_client_on_hello(struct smtp_client *c, size_t index)
{
	bool is_first = !c->said_helo && !c->options.is_lmtp;
	(void)index;
	if (!smtp_client_is_ok(c)) {
		c->said_helo = true;
		if (c->state == SMTP_CLIENT_OVER)
			return;
		/* RFC 5321 3.2: "fall back to HELO". */
		if (is_first && c->result.code >= 500)
			smtp_client_hello(c);
		else
			smtp_client_fail(c);
	} else if (wants_tls(c) && c->caps.starttls) {
		smtp_client_command(c, SMTP_STAGE_STARTTLS, V("STARTTLS"));
	} else if (wants_tls(c) && c->options.tls == SMTP_TLS_REQUIRED) {
		/* Somebody in between may have taken it out: not for ever. */
		smtp_client_say(c, SMTP_STAGE_STARTTLS,
		    &REPLY(451, 4, 7, 10, "the host does not offer TLS"));
		smtp_client_fail(c);
	} else {
		greeted(c);
	}
}

static void refused(struct smtp_client *c)
{
	if (c->options.tls != SMTP_TLS_REQUIRED) {
		greeted(c);
		return;
	}
	if (c->result.code >= 500) { /* RFC 5248: "Encryption Needed" */
		c->result.enhanced[1] = 7;
		c->result.enhanced[2] = 10;
	}
	smtp_client_fail(c);
}

void smtp_client_on_starttls(struct smtp_client *c, size_t index)
{
	(void)index;
	if (smtp_client_is_ok(c)) {
		c->state = SMTP_CLIENT_TLS;
		smtp_client_notify(c, SMTP_EVENT_START_TLS);
	} else if (c->state != SMTP_CLIENT_OVER) {
		refused(c);
	}
}
