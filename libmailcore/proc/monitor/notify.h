#ifndef PROC_MONITOR_NOTIFY_H
#define PROC_MONITOR_NOTIFY_H
/* How a daemon and what started it talk: the service manager's sockets and
 * readiness protocol, the pid file, going to the background. */
#include "base/err.h"
#include "base/view.h"

/* sd_notify(3) by hand: "READY=1" and the like; nothing without a manager. */
void notify_manager(const char *state);

/* Makes and locks path; MC_E_BUSY when another holds it (then *owner is its
 * pid, if known). The pid is written by notify_pid_ready. */
int notify_pid_lock(const char *path, int *fd, long *owner) MUST_CHECK;
/* The file now says who we are: the daemon answers from here on. */
void notify_pid_ready(int fd);

/* Goes to the background; the caller's process waits until *ready is written
 * to (one octet: the exit code) or closed. -errno. */
int notify_daemonize(int *ready) MUST_CHECK;
void notify_daemon_ready(int *ready);

/* Sockets of the service manager (LISTEN_FDS); they are close-on-exec after
 * this, and the environment forgets them. Returns their number. */
struct notify_socket {
	int fd;
	char name[64];
};

size_t notify_sockets(struct notify_socket *out, size_t max);
#endif
