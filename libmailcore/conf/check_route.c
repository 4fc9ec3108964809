/* The sections that say where mail goes that leaves this host. */
#include "conf/draft.h"
#include <arpa/inet.h>
#include <string.h>

#define COMPLAIN(d, line, r, ...)                                              \
	CONF_COMPLAIN(d, line, "route", r, __VA_ARGS__)

static bool is_socket(const struct conf_route *r)
{
	return view_starts(view_of(r->host), V("unix:"));
}

/* "[192.0.2.1]", "[2001:db8::1]"; out is what is inside. */
static bool take_literal(struct view host, char *out, size_t cap)
{
	struct in6_addr address;
	if (host.n < 2 || host.p[0] != '[' || host.p[host.n - 1] != ']' ||
	    view_to_cstr(view_head(view_skip(host, 1), host.n - 2), out, cap) !=
		0)
		return false;
	return inet_pton(AF_INET, out, &address) == 1 ||
	       inet_pton(AF_INET6, out, &address) == 1;
}

static bool is_here(const struct conf_route *r)
{
	char text[64];
	if (is_socket(r))
		return true;
	return take_literal(view_of(r->host), text, sizeof text) &&
	       (view_starts(view_of(text), V("127.")) ||
		   view_eq(view_of(text), V("::1")));
}

static bool is_name(struct view name)
{
	if (view_eq(name, V("*")))
		return true;
	return conf_is_domain(
	    name.n && name.p[0] == '.' ? view_skip(name, 1) : name);
}

static void check_host(
    struct conf_draft *d, struct conf_route *r, unsigned line)
{
	char text[64];
	bool is_literal = take_literal(view_of(r->host), text, sizeof text);
	if (is_socket(r)) {
		if (!r->is_lmtp)
			COMPLAIN(
			    d, line, r, "host: a socket needs protocol = lmtp");
		if (!r->host[5])
			COMPLAIN(d, line, r, "host: a socket without a path");
		r->host =
		    conf_joined(d, "unix:", conf_below(d, r->host + 5), "");
		return;
	}
	r->host = conf_canonical(d, r->host);
	if (*r->host && !is_literal && !conf_is_domain(view_of(r->host)))
		COMPLAIN(d, line, r,
		    "host: \"%s\" is not a host name, an [address] or "
		    "unix:PATH",
		    r->host);
	if (!*r->host && r->is_lmtp)
		COMPLAIN(d, line, r, "host: required with protocol = lmtp");
	if (!*r->host && r->tls == ROUTE_TLS_IMPLICIT)
		COMPLAIN(d, line, r, "host: required with tls = implicit");
	if (is_literal && r->tls == ROUTE_TLS_DANE)
		COMPLAIN(d, line, r, "tls: dane needs a host with a name");
}

static void check_port(
    struct conf_draft *d, struct conf_route *r, unsigned line)
{
	if (is_socket(r)) {
		if (r->port)
			COMPLAIN(d, line, r, "port: not with a socket");
		if (r->tls != ROUTE_TLS_OPPORTUNISTIC &&
		    r->tls != ROUTE_TLS_NONE)
			COMPLAIN(d, line, r, "tls: not with a socket");
	} else if (!r->port) {
		if (r->tls == ROUTE_TLS_IMPLICIT)
			r->port = 465;
		else
			r->port = r->is_lmtp ? 24 : 25;
	}
}

static void check_user(
    struct conf_draft *d, struct conf_route *r, unsigned line)
{
	if (!*r->user && !*r->password_file)
		return;
	if (!*r->user || !*r->password_file)
		COMPLAIN(d, line, r, "%s: required with %s",
		    *r->user ? "password_file" : "user",
		    *r->user ? "user" : "password_file");
	if (!*r->host)
		COMPLAIN(d, line, r, "host: required with user");
	if (r->tls <= ROUTE_TLS_NONE && !is_here(r))
		COMPLAIN(d, line, r,
		    "tls: required, verified, dane or implicit with user, so "
		    "that no password is sent in plain text");
	r->password_file = conf_below(d, r->password_file);
}

enum {
	USERS_MAX = 1000 /* each one's secret is a descriptor on its way */
};

void conf_check_routes(struct conf_draft *d)
{
	struct conf *c = d->c;
	unsigned n_users = 0;
	for (size_t i = 0; i < c->n_routes; i++)
		c->routes[i].name = conf_canonical(d, c->routes[i].name);
	conf_sort_sections(
	    d, c->routes, c->n_routes, sizeof *c->routes, d->route_origins);
	for (size_t i = 0; i < c->n_routes; i++) {
		struct conf_route *r = &c->routes[i];
		unsigned line = d->route_origins[i].line;
		if (i && strcmp(r->name, c->routes[i - 1].name) == 0)
			COMPLAIN(d, line, r, "the route is there twice");
		if (!is_name(view_of(r->name)))
			COMPLAIN(d, line, r, "not a domain, .domain or *");
		if (conf_domain_find(c, view_of(r->name)))
			COMPLAIN(d, line, r, "that domain is delivered here");
		check_host(d, r, line);
		check_port(d, r, line);
		check_user(d, r, line);
		n_users += *r->user != 0;
		if (n_users == USERS_MAX + 1)
			COMPLAIN(d, line, r,
			    "user: more than %d routes have one", USERS_MAX);
	}
}
