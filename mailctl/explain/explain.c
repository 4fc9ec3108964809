/* mailctl explain: asks the daemons what they would do, and says each step. */
#include "mailctl/command.h"
#include "mailctl/explain/explain_tls.h"
#include "mailctl/monitor_channel.h"
#include "queued/route.h"
#include "text/path.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_S = 5 /* above the resolver's */
};

struct explaining {
	struct mailctl *m;
	const char *domain;
	const struct conf_route *route; /* NULL: none */
	bool wants_tls;
	struct tls_rule rule; /* wants_tls */
	json_t *out;
	struct chan chan;
	char *buffer;
	int code;
};

static const char *const statuses[ROUTE_STATUS_COUNT] = { "ok", "no domain",
	"takes no mail", "loop", "temporary failure" };

static const char *const danes[DANE_COUNT] = { "none", "ok",
	"temporary failure" };

static void add_addresses(json_t *host, const struct route_host *h)
{
	char text[ROUTE_ADDRESS_TEXT];
	json_t *all = json_array();
	for (size_t i = 0; i < h->n_addresses; i++) {
		route_address_format(&h->addresses[i], text);
		json_array_append_new(all, json_string(text));
	}
	json_object_set_new(host, "addresses", all);
}

static void add_tlsa(json_t *host, const struct route_host *h)
{
	char text[2 * ROUTE_TLSA_DATA_MAX + 16];
	json_t *all = json_array();
	for (size_t i = 0; i < h->n_tlsa; i++) {
		const struct route_tlsa *t = &h->tlsa[i];
		int n = snprintf(text, sizeof text, "%u %u %u ", t->usage,
		    t->selector, t->matching);
		for (size_t k = 0; k < t->data.n; k++)
			n += snprintf(text + n, sizeof text - (size_t)n, "%02x",
			    (unsigned char)t->data.p[k]);
		json_array_append_new(all, json_string(text));
	}
	json_object_set_new(host, "tlsa", all);
}

static int add_hosts(const struct explaining *e, struct view rest)
{
	struct route_host h;
	json_t *hosts = json_array();
	int error;
	json_object_set_new(e->out, "hosts", hosts);
	while ((error = route_take_host(&rest, &h)) == 0) {
		json_t *host = json_pack("{s:o, s:i, s:b, s:s}", "name",
		    json_of_view(h.name), "preference", (int)h.preference,
		    "secure", h.is_secure, "dane", danes[h.dane]);
		add_addresses(host, &h);
		add_tlsa(host, &h);
		if (e->wants_tls)
			tls_rule_add_host(&e->rule, host, &h);
		json_array_append_new(hosts, host);
	}
	return error == MC_E_NOENT ? 0 : error;
}

static int take_route(struct explaining *e, const struct msg_ctl_route_is *r)
{
	if (r->status >= ROUTE_STATUS_COUNT)
		return MC_E_PROTO;
	json_object_set_new(e->out, "status", json_string(statuses[r->status]));
	json_object_set_new(e->out, "text", json_of_view(r->text));
	json_object_set_new(e->out, "ttl", json_integer(r->ttl_s));
	json_object_set_new(e->out, "group", json_of_view(r->group));
	json_object_set_new(e->out, "mta_sts", json_of_view(r->sts_id));
	if (r->status != ROUTE_OK)
		e->code = r->status == ROUTE_TEMP ? EX_TEMPFAIL : EX_NOHOST;
	return add_hosts(e, r->hosts);
}

static int take_answer(struct explaining *e)
{
	struct msg m;
	char text[4001];
	int fd = -1;
	int error = chan_recv(&e->chan, e->buffer, &m, &fd);
	if (fd >= 0)
		close(fd);
	if (!error && m.type == MSG_CTL_ROUTE_IS)
		return take_route(e, &m.ctl_route_is);
	if (error || m.type != MSG_CTL_DONE)
		return error ? error : MC_E_PROTO;
	error = view_to_cstr(m.ctl_done.text, text, sizeof text);
	if (!error)
		e->code = complain(EX_UNAVAILABLE, "queued: %s", text);
	return error;
}

static int ask(struct explaining *e, const struct msg *question)
{
	struct timeval limit = {
		.tv_sec = (time_t)e->m->conf->resolver_timeout + PATIENCE_S
	};
	e->buffer = malloc(MSG_BYTES_MAX);
	if (!e->buffer)
		return -ENOMEM;
	int error = monitor_connect(e->m, "queued", &e->chan);
	if (!error && setsockopt(e->chan.fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
			  sizeof limit) != 0)
		error = -errno;
	if (!error)
		error = chan_send(&e->chan, question, -1);
	if (!error)
		error = take_answer(e);
	chan_close(&e->chan);
	free(e->buffer);
	return error;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s ? s : "";
}

static void print_list(const json_t *host, const char *key, const char *title)
{
	const json_t *all = json_object_get(host, key);
	for (size_t i = 0; i < json_array_size(all); i++)
		printf("             %s%s\n", title,
		    json_string_value(json_array_get(all, i)));
}

static void print_host(const json_t *host)
{
	const char *dane = text_of(host, "dane");
	printf("  host       %s, preference %d%s\n", text_of(host, "name"),
	    (int)json_integer_value(json_object_get(host, "preference")),
	    json_is_true(json_object_get(host, "secure")) ? ", signed" : "");
	print_list(host, "addresses", "");
	if (strcmp(dane, "none") != 0)
		printf("             DANE: %s\n", dane);
	print_list(host, "tlsa", "TLSA ");
	if (*text_of(host, "tls"))
		printf("             TLS: %s\n", text_of(host, "tls"));
}

static void print(const struct explaining *e)
{
	const json_t *hosts = json_object_get(e->out, "hosts");
	const char *text = text_of(e->out, "text");
	printf("domain       %s\n", e->domain);
	if (e->route)
		printf("  route      \"%s\" in the configuration%s%s\n",
		    e->route->name, *e->route->host ? ": " : "",
		    e->route->host);
	else
		puts("  route      its mail exchangers");
	for (size_t i = 0; i < json_array_size(hosts); i++)
		print_host(json_array_get(hosts, i));
	if (*text_of(e->out, "group"))
		printf("  group      %s\n", text_of(e->out, "group"));
	if (*text_of(e->out, "mta_sts"))
		printf("  MTA-STS    policy %s\n", text_of(e->out, "mta_sts"));
	if (*text_of(e->out, "policy"))
		printf("  TLS        %s\n", text_of(e->out, "policy"));
	if (*text_of(e->out, "status"))
		printf("  result     %s%s%s\n", text_of(e->out, "status"),
		    *text ? ": " : "", text);
}

static json_t *json_of_route(const struct conf_route *r)
{
	if (!r)
		return json_null();
	return json_pack("{s:o, s:o, s:i, s:s}", "name", json_of_text(r->name),
	    "host", json_of_text(r->host), "port", (int)r->port, "protocol",
	    r->is_lmtp ? "lmtp" : "smtp");
}

static int show(struct explaining *e)
{
	if (!e->m->json) {
		print(e);
		return 0;
	}
	int error = json_dumpf(e->out, stdout, JSON_INDENT(2));
	putchar('\n');
	return error ? complain(EX_SOFTWARE, "cannot write JSON") : 0;
}

/* "anna@example.net", "example.net". */
static const char *domain_in(const char *arg)
{
	const char *at = strrchr(arg, '@');
	return at ? at + 1 : arg;
}

static int ask_resolver(struct explaining *e)
{
	const struct conf_route *r = e->route;
	bool is_host = r && *r->host;
	struct msg question = { .type = MSG_CTL_ROUTE,
		.ctl_route = { view_of(is_host ? r->host : e->domain), is_host,
		    r ? r->port : 25 } };
	int error = ask(e, &question);
	return error ? monitor_complain("queued", error) : e->code;
}

static int explain(struct mailctl *m, bool wants_tls)
{
	char name[PATH_DOMAIN_MAX + 1];
	struct explaining e = {
		.m = m, .domain = name, .wants_tls = wants_tls
	};
	if (domain_canonical(view_of(domain_in(m->args[0])), name) != 0)
		return complain(
		    EX_USAGE, "\"%s\": no domain is so", m->args[0]);
	struct view domain = view_of(name);
	if (conf_domain_find(m->conf, domain))
		return complain(EX_USAGE,
		    "%s is delivered here: mailctl resolve", e.domain);
	e.route = conf_route_find(m->conf, domain);
	e.out = json_pack("{s:o, s:o}", "domain", json_of_text(e.domain),
	    "route", json_of_route(e.route));
	if (wants_tls)
		tls_rule_find(m->conf, e.route, domain, &e.rule, e.out);
	bool is_socket = e.route && strncmp(e.route->host, "unix:", 5) == 0;
	int code = is_socket ? 0 : ask_resolver(&e);
	int shown = 0;
	if (is_socket || json_object_get(e.out, "status"))
		shown = show(&e);
	json_decref(e.out);
	return code ? code : shown;
}

int cmd_explain_route(struct mailctl *m)
{
	return explain(m, false);
}

int cmd_explain_tls(struct mailctl *m)
{
	return explain(m, true);
}
