#ifndef NET_REMOTE_H
#define NET_REMOTE_H
/* Who is at an end of a socket, as text for logs and trace headers. */
#include <stdbool.h>

struct remote {
	char text[47]; /* NUL-terminated, INET6_ADDRSTRLEN is 46 */
	bool is_loopback;
};

/* "unknown", and not this machine, when the socket cannot tell. */
void remote_of(struct remote *r, int fd);
/* Our own end. */
void remote_of_us(struct remote *r, int fd);
#endif
