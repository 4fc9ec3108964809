#ifndef MAILCTL_EXPLAIN_EXPLAIN_TLS_H
#define MAILCTL_EXPLAIN_EXPLAIN_TLS_H
/* What TLS mail to a domain must have: the same rules that queue and relay
 * follow, from the configuration, the policies in the queue and the DNS. */
#include "conf/conf.h"
#include "queued/policy/policy_db.h"
#include "queued/route.h"
#include <jansson.h>

struct tls_rule {
	enum relay_tls tls;
	struct view names; /* in sts */
	struct sts_record sts;
};

/* Adds "policy", in words, to out; domain in lower case. */
void tls_rule_find(const struct conf *c, const struct conf_route *route,
    struct view domain, struct tls_rule *rule, json_t *out);
/* Adds "tls", in words, to host. */
void tls_rule_add_host(
    const struct tls_rule *rule, json_t *host, const struct route_host *h);
#endif
