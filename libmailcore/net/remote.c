#include "net/remote.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static void of_in(struct remote *r, struct in_addr a)
{
	inet_ntop(AF_INET, &a, r->text, sizeof r->text);
	r->is_loopback = ntohl(a.s_addr) >> 24 == 127;
}

/* A socket for both families shows IPv4 clients as mapped addresses. */
static void of_in6(struct remote *r, const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		struct in_addr mapped;
		memcpy(&mapped, &a->s6_addr[12], sizeof mapped);
		of_in(r, mapped);
		return;
	}
	inet_ntop(AF_INET6, a, r->text, sizeof r->text);
	r->is_loopback = IN6_IS_ADDR_LOOPBACK(a);
}

static void of_address(struct remote *r, const union address *a)
{
	if (a->any.sa_family == AF_INET) {
		of_in(r, a->in.sin_addr);
	} else if (a->any.sa_family == AF_INET6) {
		of_in6(r, &a->in6.sin6_addr);
	} else if (a->any.sa_family == AF_UNIX) {
		snprintf(r->text, sizeof r->text, "local");
		r->is_loopback = true;
	}
}

void remote_of(struct remote *r, int fd)
{
	union address a;
	socklen_t n = sizeof a;
	*r = (struct remote){ .text = "unknown" };
	if (getpeername(fd, &a.any, &n) == 0)
		of_address(r, &a);
}

void remote_of_us(struct remote *r, int fd)
{
	union address a;
	socklen_t n = sizeof a;
	*r = (struct remote){ .text = "unknown" };
	if (getsockname(fd, &a.any, &n) == 0)
		of_address(r, &a);
}
