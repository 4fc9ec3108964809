/* What takes more than one option to see, and what follows from what was not
 * said: default listeners, usual ports, paths below the prefix. */
#include "base/chars.h"
#include "base/features.h"
#include "conf/draft.h"
#include "conf/servers.h"
#include "text/path.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a service usually is. */
struct usual {
	uint16_t port;
	enum conf_tls tls;
};

static const struct usual usual[SERVICE_COUNT] = {
	[SERVICE_SMTP] = { 25, CONF_TLS_STARTTLS },
	[SERVICE_SUBMISSION] = { 587, CONF_TLS_STARTTLS },
	[SERVICE_SUBMISSIONS] = { 465, CONF_TLS_IMPLICIT },
	[SERVICE_IMAP] = { 143, CONF_TLS_STARTTLS },
	[SERVICE_IMAPS] = { 993, CONF_TLS_IMPLICIT },
	[SERVICE_POP3] = { 110, CONF_TLS_STARTTLS },
	[SERVICE_POP3S] = { 995, CONF_TLS_IMPLICIT },
};

/* 0: it has its default. */
static unsigned given_in(struct conf_draft *d, const char *member)
{
	const struct conf_option_table *t = &conf_tables[CONF_TABLE_TOP];
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].name, member) == 0)
			return d->top_lines[i];
	return 0;
}

static unsigned line_of(struct conf_draft *d, const char *member)
{
	unsigned line = given_in(d, member);
	return line ? line : 1;
}

bool conf_is_domain(struct view v)
{
	struct view rest = v, label;
	if (!v.n || v.n > 253)
		return false;
	for (bool more = true; more;) {
		more = view_cut(&rest, '.', &label);
		if (!label.n || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!char_is(label.p[i], CHAR_LDH))
				return false;
	}
	return true;
}

const char *conf_canonical(struct conf_draft *d, const char *s)
{
	char name[PATH_DOMAIN_MAX + 1];
	bool is_domain = domain_canonical(view_of(s), name) == 0;
	const char *copy =
	    arena_cstr(&d->c->memory->arena, view_of(is_domain ? name : s));
	if (!copy)
		conf_complainf(d, 1, "configuration", "too large");
	return copy ? copy : "";
}

const char *conf_joined(
    struct conf_draft *d, const char *a, const char *b, const char *c)
{
	size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
	char *s = arena_alloc(&d->c->memory->arena, n);
	if (!s) {
		conf_complainf(d, 1, "configuration", "too large");
		return "";
	}
	snprintf(s, n, "%s%s%s", a, b, c);
	return s;
}

/* The folder that the file is in, with its slash; "" is the current one. */
static const char *folder(struct conf_draft *d)
{
	struct view file = view_of(d->file);
	size_t slash = view_rfind_byte(file, '/');
	const char *s = slash < file.n ? arena_cstr(&d->c->memory->arena,
					     view_head(file, slash + 1))
				       : "";
	return s ? s : "";
}

static const char *below(struct conf_draft *d, const char *path, bool given)
{
	const char *prefix = d->c->memory->prefix;
	if (!*path || (given && *path == '/'))
		return path;
	if (*path == '/')
		return *prefix ? conf_joined(d, prefix, path, "") : path;
	if (*prefix)
		return conf_joined(d, prefix, "/", path);
	return conf_joined(d, folder(d), path, "");
}

const char *conf_below(struct conf_draft *d, const char *path)
{
	return below(d, path, true);
}

static void place_paths(struct conf_draft *d)
{
	const struct conf_option_table *t = &conf_tables[CONF_TABLE_TOP];
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].kind != CONF_PATH)
			continue;
		const char **path = conf_member_str(&t->rows[i], d->c);
		*path = below(d, *path, d->top_lines[i] != 0);
	}
	if (view_starts(view_of(d->c->log), V("file:")))
		d->c->log =
		    conf_joined(d, "file:", conf_below(d, d->c->log + 5), "");
}

/* Files of the system: where they are does not depend on the prefix. */
static void place_system_files(struct conf_draft *d)
{
	struct conf *c = d->c;
	c->resolver_conf = conf_below(d, c->resolver_conf);
	c->resolver_trust_anchor = conf_below(d, c->resolver_trust_anchor);
	c->tls_ca_file = conf_below(d, c->tls_ca_file);
}

/* The default one is below the prefix: a jail and a test have their own. */
static void place_aliases(struct conf_draft *d)
{
	bool is_given = given_in(d, "aliases") != 0;
	struct view rest = view_of(d->c->aliases), one;
	const char *all = "";
	while (rest.n) {
		view_cut(&rest, ',', &one);
		const char *path =
		    arena_cstr(&d->c->memory->arena, view_trim(one));
		if (path && *path)
			all = conf_joined(
			    d, all, *all ? "," : "", below(d, path, is_given));
	}
	d->c->aliases = all;
}

static void check_srs(struct conf_draft *d)
{
	struct view domain = view_of(d->c->srs_domain);
	if (domain.n && !view_ieq(domain, V("none")) && !conf_is_domain(domain))
		conf_complainf(d, line_of(d, "srs_domain"), "srs_domain",
		    "\"%s\" is no domain, nor none", d->c->srs_domain);
}

static void check_log(struct conf_draft *d)
{
	struct view log = view_of(d->c->log);
	if (view_eq(log, V("stderr")) || view_eq(log, V("syslog")))
		return;
	if (!view_starts(log, V("file:")) || log.n == 5)
		conf_complainf(d, line_of(d, "log"), "log",
		    "\"%s\" is not stderr, syslog or file:PATH", d->c->log);
}

static void check_hostname(struct conf_draft *d)
{
	if (!*d->c->hostname)
		conf_complainf(d, line_of(d, "hostname"), "hostname",
		    "required and missing");
	else if (!conf_is_domain(view_of(d->c->hostname)))
		conf_complainf(d, line_of(d, "hostname"), "hostname",
		    "\"%s\" is not a host name", d->c->hostname);
}

int conf_quota_warn(const char *text, uint8_t out[CONF_QUOTA_WARN_MAX])
{
	struct view rest = view_of(text), one;
	uint32_t percent, last = 0;
	memset(out, 0, CONF_QUOTA_WARN_MAX);
	for (size_t i = 0; view_trim(rest).n; i++) {
		view_cut(&rest, ',', &one);
		if (i == CONF_QUOTA_WARN_MAX ||
		    !view_u32(view_trim(one), &percent) || percent <= last ||
		    percent > 100)
			return MC_E_BAD;
		out[i] = (uint8_t)percent;
		last = percent;
	}
	return 0;
}

static void check_quota_warn(struct conf_draft *d)
{
	uint8_t percents[CONF_QUOTA_WARN_MAX];
	if (conf_quota_warn(d->c->quota_warn, percents) != 0)
		conf_complainf(d, line_of(d, "quota_warn"), "quota_warn",
		    "\"%s\" is not a list of rising percents as in \"80,95\"",
		    d->c->quota_warn);
}

static void check_resolver(struct conf_draft *d)
{
	struct conf_servers servers;
	if (*d->c->resolver &&
	    conf_servers_of_option(view_of(d->c->resolver), &servers) != 0)
		conf_complainf(d, line_of(d, "resolver"), "resolver",
		    "\"%s\" is not recursive, nor at most %d addresses as in "
		    "\"192.0.2.1, 2001:db8::1@5353\"",
		    d->c->resolver, CONF_SERVERS_MAX);
}

static void check_source(
    struct conf_draft *d, const char *option, int family, const char *address)
{
	unsigned char bytes[16];
	if (*address && inet_pton(family, address, bytes) != 1)
		conf_complainf(d, line_of(d, option), option,
		    "\"%s\" is not an address", address);
}

static void check_relay(struct conf_draft *d)
{
	const struct conf *c = d->c;
	check_source(d, "relay_source_ipv4", AF_INET, c->relay_source_ipv4);
	check_source(d, "relay_source_ipv6", AF_INET6, c->relay_source_ipv6);
	if (*c->relay_helo && !conf_is_domain(view_of(c->relay_helo)))
		conf_complainf(d, line_of(d, "relay_helo"), "relay_helo",
		    "\"%s\" is not a host name", c->relay_helo);
}

/* Below the home directory, whatever that is. */
static void check_forward(struct conf_draft *d)
{
	struct view rest = view_of(d->c->forward_file), part;
	bool is_bad = view_starts(rest, V("/"));
	while (rest.n && !is_bad) {
		view_cut(&rest, '/', &part);
		is_bad = !part.n || view_eq(part, V(".."));
	}
	if (is_bad)
		conf_complainf(d, line_of(d, "forward_file"), "forward_file",
		    "\"%s\" is no path below a home directory",
		    d->c->forward_file);
}

static void check_top(struct conf_draft *d)
{
	const struct conf *c = d->c;
	check_hostname(d);
	check_log(d);
	check_srs(d);
	check_forward(d);
	check_quota_warn(d);
	check_resolver(d);
	check_relay(d);
	if (*c->tls_certificate && !*c->tls_key)
		conf_complainf(d, line_of(d, "tls_certificate"), "tls.key",
		    "required with tls.certificate");
	if (!*c->tls_certificate && *c->tls_key)
		conf_complainf(d, line_of(d, "tls_key"), "tls.certificate",
		    "required with tls.key");
	if (c->queue_retry_min > c->queue_retry_max)
		conf_complainf(d, line_of(d, "queue_retry_min"),
		    "queue_retry_min", "above queue_retry_max");
	if (strlen(c->recipient_delimiter) > 1)
		conf_complainf(d, line_of(d, "recipient_delimiter"),
		    "recipient_delimiter", "more than one character");
	if (strcmp(c->compress, "none") != 0 && !feature_is_in(c->compress))
		conf_complainf(d, line_of(d, "compress"), "compress",
		    "%s was not built in", c->compress);
	if (*c->postmaster && !strchr(c->postmaster, '@'))
		conf_complainf(d, line_of(d, "postmaster"), "postmaster",
		    "\"%s\" is not user@domain", c->postmaster);
}

static bool same_place(const struct conf_listen *a, const struct conf_listen *b)
{
	bool any = strcmp(a->address, "*") == 0 || strcmp(b->address, "*") == 0;
	if (a->port != b->port)
		return false;
	return strcmp(a->address, b->address) == 0 || (any && a->port);
}

static void check_listener(struct conf_draft *d, size_t i)
{
	struct conf_listen *l = &d->c->listeners[i];
	const struct conf_origin *o = &d->listen_origins[i];
	bool has_tls = *d->c->tls_certificate != 0;
	if (!o->has_service)
		CONF_COMPLAIN(d, o->line, "listen", l, "service: required");
	if (!o->has_tls)
		l->tls = has_tls || usual[l->service].tls == CONF_TLS_IMPLICIT
			     ? usual[l->service].tls
			     : CONF_TLS_NONE;
	if (l->tls != CONF_TLS_NONE && !has_tls)
		CONF_COMPLAIN(d, o->line, "listen", l,
		    "tls: needs tls.certificate and tls.key");
	if (!*l->address)
		CONF_COMPLAIN(d, o->line, "listen", l, "address: empty");
	if (view_starts(view_of(l->address), V("unix:")))
		l->address =
		    conf_joined(d, "unix:", conf_below(d, l->address + 5), "");
	else if (!l->port)
		l->port = usual[l->service].port;
	for (size_t j = 0; j < i; j++)
		if (same_place(l, &d->c->listeners[j]))
			CONF_COMPLAIN(d, o->line, "listen", l,
			    "same address and port as listen \"%s\"",
			    d->c->listeners[j].name);
}

static void default_listeners(struct conf_draft *d)
{
	struct conf *c = d->c;
	bool has_tls = *c->tls_certificate != 0;
	c->listeners = arena_alloc(
	    &c->memory->arena, SERVICE_COUNT * sizeof *c->listeners);
	if (!c->listeners) {
		conf_complainf(d, 1, "configuration", "too large");
		return;
	}
	for (unsigned s = 0; s < SERVICE_COUNT; s++) {
		if (!usual[s].port ||
		    (usual[s].tls == CONF_TLS_IMPLICIT && !has_tls))
			continue;
		c->listeners[c->n_listeners++] = (struct conf_listen){
			.name = service_name((enum service)s),
			.address = "*",
			.service = (enum service)s,
			.port = usual[s].port,
			.tls = has_tls ? usual[s].tls : CONF_TLS_NONE,
		};
	}
}

/* Relative to the accounts directory, and not out of it. */
static void check_passwd_file(
    struct conf_draft *d, struct conf_domain *o, unsigned line)
{
	struct view file = view_of(o->passwd_file);
	const char *dir = conf_joined(d, d->c->state_dir, "/accounts/", "");
	if (o->accounts != ACCOUNTS_PASSWD_FILE)
		return;
	if (!file.n)
		CONF_COMPLAIN(d, line, "domain", o,
		    "passwd_file: required with accounts = passwd-file");
	if (view_starts(file, view_of(dir)))
		o->passwd_file += strlen(dir);
	file = view_of(o->passwd_file);
	if (view_starts(file, V("/")) || view_find(file, V("..")) < file.n)
		CONF_COMPLAIN(d, line, "domain", o,
		    "passwd_file: must be in %s, where the auth role is", dir);
}

static void check_alias(
    struct conf_draft *d, struct conf_domain *o, unsigned line)
{
	if (!*o->alias_of)
		return;
	o->alias_of = conf_canonical(d, o->alias_of);
	const struct conf_domain *to =
	    conf_domain_find(d->c, view_of(o->alias_of));
	if (!to)
		CONF_COMPLAIN(d, line, "domain", o,
		    "alias_of: there is no domain \"%s\"", o->alias_of);
	else if (to == o || *to->alias_of)
		CONF_COMPLAIN(d, line, "domain", o,
		    "alias_of: \"%s\" is itself an alias", o->alias_of);
	if (*o->catch_all)
		CONF_COMPLAIN(d, line, "domain", o,
		    "catch_all: not in a domain with alias_of");
}

static void check_domain(
    struct conf_draft *d, struct conf_domain *o, unsigned line)
{
	if (!conf_is_domain(view_of(o->name)))
		CONF_COMPLAIN(d, line, "domain", o, "not a domain name");
	if (o->accounts == ACCOUNTS_SYSTEM)
		CONF_COMPLAIN(d, line, "domain", o,
		    "accounts: system is not built yet, use database or "
		    "passwd-file");
	check_passwd_file(d, o, line);
	check_alias(d, o, line);
}

struct placed {
	const char *name;
	unsigned line;
	size_t index;
};

static int by_name(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

void conf_sort_sections(struct conf_draft *d, void *sections, size_t n,
    size_t size, struct conf_origin *origins)
{
	struct placed *order = calloc(n + 1, sizeof *order);
	char *copy = malloc(n * size + 1);
	for (size_t i = 0; order && i < n; i++) {
		const void *at = (const char *)sections + i * size;
		order[i] = (struct placed){ *(const char *const *)at,
			origins[i].line, i };
	}
	if (order && copy) {
		qsort(order, n, sizeof *order, by_name);
		memcpy(copy, sections, n * size);
	} else {
		conf_complainf(d, 1, "configuration", "out of memory");
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		memcpy((char *)sections + i * size,
		    copy + order[i].index * size, size);
		origins[i].line = order[i].line;
	}
	free(order);
	free(copy);
}

static void check_domains(struct conf_draft *d)
{
	struct conf *c = d->c;
	for (size_t i = 0; i < c->n_domains; i++)
		c->domains[i].name = conf_canonical(d, c->domains[i].name);
	conf_sort_sections(
	    d, c->domains, c->n_domains, sizeof *c->domains, d->domain_origins);
	for (size_t i = 0; i < c->n_domains; i++) {
		unsigned line = d->domain_origins[i].line;
		if (i &&
		    strcmp(c->domains[i].name, c->domains[i - 1].name) == 0)
			CONF_COMPLAIN(d, line, "domain", &c->domains[i],
			    "the domain is there twice");
		check_domain(d, &c->domains[i], line);
	}
}

void conf_check(struct conf_draft *d)
{
	place_paths(d);
	place_system_files(d);
	place_aliases(d);
	check_top(d);
	for (size_t i = 0; i < d->c->n_listeners; i++)
		check_listener(d, i);
	if (!d->c->n_listeners)
		default_listeners(d);
	check_domains(d);
	conf_check_routes(d);
}
