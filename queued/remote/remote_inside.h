#ifndef QUEUED_REMOTE_REMOTE_INSIDE_H
#define QUEUED_REMOTE_REMOTE_INSIDE_H
/* What the files of this folder share. */
#include "queued/policy/sts.h"
#include "queued/queue_role.h"
#include "queued/remote/site_name.h"

enum {
	REMOTE_HOST_MAX = 255,
	REMOTE_FULL_WAIT_S = 60, /* where memory has no room now */
};

/* What RESOLVER said of a domain, or will say. */
struct route {
	struct hash_node node;
	struct list link;    /* known, unasked or asked */
	struct list waiting; /* struct rcpt, by work */
	uint64_t ask;        /* 0: not asked */
	uint64_t asked_ms;
	bool is_known;
	bool awaits_policy; /* its hosts are, but not its MTA-STS policy */
	uint64_t until_ms;  /* is_known */
	enum route_status status;
	struct view group, sts_id, text, hosts; /* in bytes */
	unsigned char hosts_digest[HASH_SHA256_BYTES];
	enum sts_mode sts_mode;
	struct view sts_names; /* in sts_bytes */
	char *sts_bytes;
	char *bytes;
	size_t n_bytes;
	bool is_host;
	uint16_t port;
	size_t domain_n;
	char domain[];
};

/* The user of a site: how its sessions are opened. */
struct remote_site {
	struct view domain, hosts, policy; /* in bytes */
	char *bytes;                       /* NULL: no session can be opened */
	size_t n_bytes;
	uint32_t route; /* index in the configuration plus one, 0: none */
	enum relay_tls tls;
	uint16_t port;
	char reply[QUEUE_REPLY_MAX], host[REMOTE_HOST_MAX]; /* of its trouble */
	size_t reply_n, host_n;
	uint32_t next_sender; /* whose turn it is on disk */
};

/* remote_routes.c: the route, now or by remote_routed later. */
void remote_ask_route(struct queue *q, struct rcpt *r, struct view domain,
    bool is_host, uint16_t port);
struct route *remote_find_route(
    struct queue *q, struct view domain, bool is_host, uint16_t port);
void remote_pump_routes(struct queue *q);
void remote_resolver_down(struct queue *q);

/* remote.c: how its sessions are opened is not needed until more mail comes. */
void remote_forget_hosts(struct queue *q, struct site *site);
/* Its route is known. */
void remote_routed(struct queue *q, struct rcpt *r, const struct route *route);
/* The site's trouble, or empty. */
void remote_park(struct queue *q, struct rcpt *r, struct site *site);

/* remote_sessions.c */
void remote_open(
    struct queue *q, struct site *site, struct site_session *session);
void remote_send(struct queue *q, struct site_session *session);
void remote_close(struct queue *q, struct site_session *session);
void remote_relay_down(struct queue *q);

/* remote_parked.c */
void remote_take(struct queue *q, struct site *site, unsigned n);
/* A few more of the sites that have something parked, after a start. */
void remote_scan(struct queue *q);
#endif
