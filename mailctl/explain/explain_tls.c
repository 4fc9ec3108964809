#include "mailctl/explain/explain_tls.h"
#include "base/clock.h"
#include "queued/relay/tls_choice.h"

static const char *const route_words[] = {
	[ROUTE_TLS_OPPORTUNISTIC] = "used if offered",
	[ROUTE_TLS_NONE] = "never used, by the route",
	[ROUTE_TLS_REQUIRED] =
	    "required, certificate not checked, by the route",
	[ROUTE_TLS_VERIFIED] = "required and verified, by the route",
	[ROUTE_TLS_DANE] = "required and verified by DANE, by the route",
	[ROUTE_TLS_IMPLICIT] = "from the first byte and verified, by the route",
};

/* Policies are kept in the queue, which may not be there yet. */
static bool read_policy(
    const struct conf *c, struct view domain, struct sts_record *out)
{
	struct queue_db *db;
	struct queue_txn t;
	if (queue_db_open(c->spool_dir, true, &db))
		return false;
	int error = queue_begin_read(db, &t);
	if (!error) {
		error = policy_db_get(&t, domain, out);
		queue_abort(&t);
	}
	queue_db_close(&db);
	return !error && !sts_is_expired(out, (uint64_t)clock_wall_s());
}

static void use_policy(struct tls_rule *rule, json_t *out)
{
	char text[STS_NAMES_MAX + 64];
	rule->names =
	    (struct view){ rule->sts.policy.names, rule->sts.policy.n_names };
	if (rule->sts.policy.mode == STS_ENFORCE)
		rule->tls = RELAY_TLS_VERIFIED;
	snprintf(text, sizeof text, "by MTA-STS, mode %s: %.*s",
	    sts_mode_name(rule->sts.policy.mode), (int)rule->names.n,
	    rule->names.p);
	json_object_set_new(out, "policy", json_string(text));
}

void tls_rule_find(const struct conf *c, const struct conf_route *route,
    struct view domain, struct tls_rule *rule, json_t *out)
{
	enum conf_route_tls tls = route ? route->tls : ROUTE_TLS_OPPORTUNISTIC;
	rule->tls = tls_choice_of_route(route);
	rule->names = V("");
	json_object_set_new(out, "policy", json_string(route_words[tls]));
	if (tls == ROUTE_TLS_OPPORTUNISTIC && !(route && *route->host) &&
	    read_policy(c, domain, &rule->sts) &&
	    rule->sts.policy.mode != STS_NONE)
		use_policy(rule, out);
}

static const char *words_of(const struct tls_choice *c)
{
	if (c->tls == SMTP_TLS_NEVER)
		return "none";
	if (c->verify == TLS_VERIFY_DANE)
		return "required, certificate by its TLSA records";
	if (c->verify == TLS_VERIFY_NAME)
		return "required, certificate for its name";
	return c->tls == SMTP_TLS_REQUIRED ? "required, any certificate"
					   : "if offered, any certificate";
}

void tls_rule_add_host(
    const struct tls_rule *rule, json_t *host, const struct route_host *h)
{
	struct tls_choice choice;
	tls_choice_make(rule->tls, rule->names, h, &choice);
	json_object_set_new(host, "tls",
	    choice.is_usable ? json_string(words_of(&choice))
			     : json_sprintf("not used: %.*s",
				   (int)choice.text.n, choice.text.p));
}
