#ifndef MAILCTL_MONITOR_CHANNEL_H
#define MAILCTL_MONITOR_CHANNEL_H
/* The way to a running daemon: its monitor's socket run_dir/NAME.ctl. */
#include "mailctl/command.h"
#include "wire/chan.h"
#include <errno.h>

/* Sending and receiving on it end with -EAGAIN after 30 s. -ENOENT and
 * -ECONNREFUSED: it does not run. */
int monitor_connect(
    const struct mailctl *m, const char *daemon, struct chan *out) MUST_CHECK;
/* Complains of what connecting or asking gave; the exit code. */
int monitor_complain(const char *daemon, int error);

static inline bool monitor_is_down(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED;
}
#endif
