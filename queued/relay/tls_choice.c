#include "queued/relay/tls_choice.h"

enum {
	DANE_TA = 2, /* RFC 7671 2.1 */
	DANE_EE = 3,
};

enum relay_tls tls_choice_of_route(const struct conf_route *c)
{
	static const enum relay_tls kinds[] = {
		[ROUTE_TLS_OPPORTUNISTIC] = RELAY_TLS_OPPORTUNISTIC,
		[ROUTE_TLS_NONE] = RELAY_TLS_NONE,
		[ROUTE_TLS_REQUIRED] = RELAY_TLS_REQUIRED,
		[ROUTE_TLS_VERIFIED] = RELAY_TLS_VERIFIED,
		[ROUTE_TLS_DANE] = RELAY_TLS_DANE,
		[ROUTE_TLS_IMPLICIT] = RELAY_TLS_VERIFIED,
	};

	return c ? kinds[c->tls] : RELAY_TLS_OPPORTUNISTIC;
}

static bool name_fits(struct view pattern, struct view host)
{
	if (!view_starts(pattern, V("*.")))
		return pattern.n && view_ieq(pattern, host);
	size_t dot = view_find_byte(host, '.');
	return dot > 0 && dot < host.n && pattern.n > 2 &&
	       view_ieq(view_skip(pattern, 1), view_skip(host, dot));
}

bool tls_choice_policy_fits(struct view policy, struct view host)
{
	struct view name;
	while (policy.n) {
		view_cut(&policy, ' ', &name);
		if (name_fits(name, host))
			return true;
	}
	return false;
}

/* RFC 7672 3.1.3: PKIX-TA and PKIX-EE are not for SMTP. */
static bool record_is_usable(const struct route_tlsa *t)
{
	static const size_t sizes[] = { 0, 32, 64 }; /* 0: any */
	if ((t->usage != DANE_TA && t->usage != DANE_EE) || t->selector > 1 ||
	    t->matching > 2)
		return false;
	return t->matching ? t->data.n == sizes[t->matching] : t->data.n > 0;
}

static bool dane_is_usable(const struct route_host *h)
{
	for (size_t i = 0; i < h->n_tlsa; i++)
		if (record_is_usable(&h->tlsa[i]))
			return h->dane == DANE_OK;
	return false;
}

static void refuse(struct tls_choice *out, enum tls_policy policy,
    enum tls_result result, struct view text)
{
	*out = (struct tls_choice){ .policy = policy,
		.result = result,
		.text = text,
		.tls = SMTP_TLS_NEVER };
}

static void use(struct tls_choice *out, enum tls_policy policy,
    enum smtp_client_tls tls, enum tls_verify verify)
{
	*out = (struct tls_choice){ .is_usable = true,
		.tls = tls,
		.verify = verify,
		.policy = policy };
}

static void choose_opportunistic(
    const struct route_host *h, struct tls_choice *out)
{
	if (h->dane == DANE_TEMP)
		refuse(out, TLS_POLICY_TLSA, TLS_RESULT_DNSSEC_INVALID,
		    V("its TLSA records cannot be had"));
	else if (dane_is_usable(h))
		use(out, TLS_POLICY_TLSA, SMTP_TLS_REQUIRED, TLS_VERIFY_DANE);
	else if (h->dane == DANE_OK) /* RFC 7672 2.2 */
		use(out, TLS_POLICY_TLSA, SMTP_TLS_REQUIRED, TLS_VERIFY_NONE);
	else
		use(out, TLS_POLICY_NONE, SMTP_TLS_OPPORTUNISTIC,
		    TLS_VERIFY_NONE);
	out->may_fall_back = out->tls == SMTP_TLS_OPPORTUNISTIC;
}

static void choose_dane(const struct route_host *h, struct tls_choice *out)
{
	choose_opportunistic(h, out);
	if (out->is_usable && out->verify != TLS_VERIFY_DANE)
		refuse(out, TLS_POLICY_TLSA, TLS_RESULT_DANE_REQUIRED,
		    V("it has no TLSA record that can be used"));
	out->must_verify = true;
}

/* RFC 8461 2: MTA-STS does not override DANE that fails. */
static void choose_policy(
    struct view policy, const struct route_host *h, struct tls_choice *out)
{
	if (!tls_choice_policy_fits(policy, h->name))
		refuse(out, TLS_POLICY_STS, TLS_RESULT_VALIDATION_FAILURE,
		    V("the domain's MTA-STS policy does not name it"));
	else if (h->dane == DANE_TEMP || dane_is_usable(h))
		choose_opportunistic(h, out);
	else
		use(out, TLS_POLICY_STS, SMTP_TLS_REQUIRED, TLS_VERIFY_NAME);
	out->must_verify = true;
}

static void try_policy(
    struct view policy, const struct route_host *h, struct tls_choice *out)
{
	if (!policy.n || out->policy != TLS_POLICY_NONE)
		return;
	out->policy = TLS_POLICY_STS;
	out->is_trial = true;
	out->is_named = tls_choice_policy_fits(policy, h->name);
}

void tls_choice_make(enum relay_tls tls, struct view policy,
    const struct route_host *host, struct tls_choice *out)
{
	switch (tls) {
	case RELAY_TLS_NONE:
		use(out, TLS_POLICY_NONE, SMTP_TLS_NEVER, TLS_VERIFY_NONE);
		return;
	case RELAY_TLS_OPPORTUNISTIC:
		choose_opportunistic(host, out);
		try_policy(policy, host, out);
		return;
	case RELAY_TLS_REQUIRED:
		use(out, TLS_POLICY_NONE, SMTP_TLS_REQUIRED, TLS_VERIFY_NONE);
		return;
	case RELAY_TLS_VERIFIED:
		if (policy.n) {
			choose_policy(policy, host, out);
			return;
		}
		use(out, TLS_POLICY_NONE, SMTP_TLS_REQUIRED, TLS_VERIFY_NAME);
		return;
	case RELAY_TLS_DANE:
		choose_dane(host, out);
		return;
	case RELAY_TLS_OPTIONAL: /* RFC 8689 4.2.2 */
		use(out, TLS_POLICY_NONE, SMTP_TLS_OPPORTUNISTIC,
		    TLS_VERIFY_NONE);
		out->may_fall_back = true;
		return;
	case RELAY_TLS_COUNT:
		break;
	}
	refuse(out, TLS_POLICY_NONE, TLS_RESULT_VALIDATION_FAILURE,
	    V("an unknown kind of TLS is asked for"));
}
