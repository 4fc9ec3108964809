#ifndef PROC_MONITOR_LISTENERS_H
#define PROC_MONITOR_LISTENERS_H
/* The listening sockets of a daemon: bound by its monitor or given by the
 * service manager, kept over a reload when address and port stay. */
#include "conf/conf.h"
#include "proc/monitor/notify.h"

struct daemon;

struct listening {
	char name[64], address[256];
	enum service service;
	enum conf_tls tls;
	uint16_t port;
	bool is_given; /* by the service manager: never closed */
	int fd;
};

enum {
	LISTENING_MAX = 2 * CONF_LISTENERS_MAX
};

struct listeners {
	struct listening open[LISTENING_MAX];
	size_t n;
	struct notify_socket given[CONF_LISTENERS_MAX];
	size_t n_given;
};

/* Takes the service manager's sockets; once, at the start. */
void listeners_init(struct listeners *l);
/* Binds what conf wants of the daemon's services and is not bound yet, into
 * next, which shares the sockets that stay; on an error next is closed again
 * and nothing changed. Reasons go to errors. */
int listeners_prepare(const struct listeners *now, const struct daemon *d,
    const struct conf *conf, struct listeners *next,
    struct buf *errors) MUST_CHECK;
/* next is what counts from here on. */
void listeners_replace(struct listeners *now, const struct listeners *next);
void listeners_close(struct listeners *l);
#endif
