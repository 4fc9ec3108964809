#ifndef PROC_MONITOR_SINK_H
#define PROC_MONITOR_SINK_H
/* Where log lines end up, as the option log says: standard error, a file that
 * only the monitor can open, or syslog(3) through a pipe to the monitor (roles
 * in an empty root directory cannot reach /dev/log). */
#include "log/log.h"
#include "net/loop.h"

struct sink;

/* spec: "stderr", "syslog" or "file:PATH". name is the daemon's, kept by
 * syslog(3). MC_E_BAD for another spec; -errno. */
int sink_open(struct loop *l, const char *spec, const char *name,
    struct sink **out) MUST_CHECK;
/* A new descriptor to write lines to; -errno. */
int sink_dup(const struct sink *s) MUST_CHECK;
void sink_close(struct sink **s);
#endif
