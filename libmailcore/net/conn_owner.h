#ifndef NET_CONN_OWNER_H
#define NET_CONN_OWNER_H
/* What splice.c needs of conn.c. */
#include "net/conn.h"

struct conn_owner {
	const struct conn_events *events;
	void *ctx;
};

/* Returns who had it before. */
struct conn_owner conn_set_owner(struct conn *c, struct conn_owner owner);
struct loop *conn_loop(struct conn *c);
#endif
