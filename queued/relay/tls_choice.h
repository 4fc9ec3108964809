#ifndef QUEUED_RELAY_TLS_CHOICE_H
#define QUEUED_RELAY_TLS_CHOICE_H
/* What TLS one host must have, by what the session is asked for, by its TLSA
 * records (RFC 7672) and by an MTA-STS policy (RFC 8461). Pure. */
#include "conf/conf.h"
#include "net/tls_client.h"
#include "queued/client/smtp_client.h"
#include "queued/route.h"

struct tls_choice {
	/* The host may be used. False: result and text say why not. */
	bool is_usable;
	enum smtp_client_tls tls;
	enum tls_verify verify;
	/* A connection that is not verified is not good enough, even when
	 * the handshake went well. */
	bool must_verify;
	/* A handshake that fails is no reason not to deliver: once more
	 * without TLS. */
	bool may_fall_back;
	/* An MTA-STS policy is on trial: reports say whether it would have
	 * been kept (RFC 8461 5, RFC 8460), mail goes all the same. */
	bool is_trial, is_named;
	enum tls_policy policy; /* of reports */
	enum tls_result result;
	struct view text; /* static */
};

/* What the configuration asks for; NULL: it says nothing. */
enum relay_tls tls_choice_of_route(const struct conf_route *c);

/* policy: as in RELAY_OPEN; on trial when tls is opportunistic. */
void tls_choice_make(enum relay_tls tls, struct view policy,
    const struct route_host *host, struct tls_choice *out);

/* RFC 8461 4.1: whether one of the names fits; "*." stands for one label. */
bool tls_choice_policy_fits(struct view policy, struct view host);
#endif
