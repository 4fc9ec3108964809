#ifndef CONF_SERVERS_H
#define CONF_SERVERS_H
/* Which name servers are asked: the option resolver, or the administrator's
 * resolv.conf. Pure. */
#include "base/err.h"
#include "base/view.h"

enum {
	CONF_SERVERS_MAX = 8,
	CONF_SERVER_TEXT = 72, /* "ADDRESS@PORT" and a NUL */
};

struct conf_servers {
	size_t n; /* 0: none: from the root on */
	char text[CONF_SERVERS_MAX][CONF_SERVER_TEXT];
};

/* "192.0.2.1, 2001:db8::1@5353", or "recursive". MC_E_BAD. */
int conf_servers_of_option(
    struct view option, struct conf_servers *out) MUST_CHECK;
/* resolv.conf(5): its nameserver lines; others and broken ones are passed over.
 * Without any: this host's, as libc does. */
void conf_servers_of_file(struct view text, struct conf_servers *out);
#endif
