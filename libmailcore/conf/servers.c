#include "conf/servers.h"
#include "base/panic.h"
#include <arpa/inet.h>
#include <stdio.h>

/* A zone, as in fe80::1%eth0, stays in the text. */
static bool is_address(struct view v)
{
	char text[CONF_SERVER_TEXT];
	struct in6_addr address;
	struct view rest = v, plain;
	if (view_has_byte(v, ':'))
		view_cut(&rest, '%', &plain);
	else
		plain = v;
	if (view_to_cstr(plain, text, sizeof text) != 0)
		return false;
	return inet_pton(AF_INET, text, &address) == 1 ||
	       inet_pton(AF_INET6, text, &address) == 1;
}

static int add(struct conf_servers *s, struct view server)
{
	struct view rest = server, address;
	uint32_t port = 53;
	bool has_port = view_cut(&rest, '@', &address);
	if (has_port && (!view_u32(rest, &port) || !port || port > 65535))
		return MC_E_BAD;
	if (!is_address(address))
		return MC_E_BAD;
	if (s->n == CONF_SERVERS_MAX)
		return MC_E_LIMIT;
	int n = snprintf(s->text[s->n], CONF_SERVER_TEXT, "%.*s@%u",
	    (int)address.n, address.p, port);
	if (n < 0 || n >= CONF_SERVER_TEXT)
		return MC_E_BAD;
	s->n++;
	return 0;
}

int conf_servers_of_option(struct view option, struct conf_servers *out)
{
	struct view rest = option, one;
	int error = 0;
	*out = (struct conf_servers){ 0 };
	if (view_eq(view_trim(option), V("recursive")))
		return 0;
	while (rest.n && !error) {
		view_cut(&rest, ',', &one);
		error = add(out, view_trim(one));
	}
	return error || !out->n ? MC_E_BAD : 0;
}

static struct view first_word(struct view *rest)
{
	size_t n = 0;
	*rest = view_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t' &&
	       rest->p[n] != '\r')
		n++;
	struct view word = view_head(*rest, n);
	*rest = view_skip(*rest, n);
	return word;
}

void conf_servers_of_file(struct view text, struct conf_servers *out)
{
	struct view line;
	int error;
	*out = (struct conf_servers){ 0 };
	while (text.n) {
		view_cut(&text, '\n', &line);
		if (!view_eq(first_word(&line), V("nameserver")))
			continue;
		error = add(out, first_word(&line));
		if (error == MC_E_LIMIT)
			return;
	}
	error = out->n ? 0 : add(out, V("127.0.0.1"));
	mc_assert(!error);
}
